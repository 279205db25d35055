/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The rules within a session: their options from the command line, when they look, and what they
 * ask of the source; and what the model's panics ask, also where no rules look (cfg->ask).
 */
#ifndef GOLIN_CMD_RULES_LOOP_H
#define GOLIN_CMD_RULES_LOOP_H

#include "golin/findings.h"
#include "session.h"

/* The options of the rules; the words in them are borrowed from cfg. -EINVAL with the text. */
int rules_options(const struct cmd_config *cfg, struct golin_rules_opts *ret,
		  struct golin_err *err);
/* The limits that --limit knows, with their defaults, one a line. */
struct strbuf;
void rules_limits_help(struct strbuf *out);

/* Of a recording, before `rec` is applied: time has gone on up to it. */
int rules_before(struct session *s, const struct golin_rec *rec);
/*
 * Of a live source, after a batch of records and while it is quiet. seen_until: monotonic ns up to
 * which all records have come; 0: more are waiting.
 */
int rules_batch(struct session *s, uint64_t seen_until);
/* A live source's last questions are answered while its target can still be read. */
int rules_last_questions(struct session *s, struct golin_err *err);
/* The last look. Once. */
int rules_finish(struct session *s);

#endif

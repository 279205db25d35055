/* SPDX-License-Identifier: BSD-2-Clause */
/* What the printing commands share: export options from the configuration, writing of a strbuf. */
#ifndef GOLIN_CMD_VIEW_H
#define GOLIN_CMD_VIEW_H

#include "cmd.h"
#include "export/export.h"
#include "session.h"

void view_options(const struct session *s, struct golin_export_opts *ret);
/* Writes and clears what is in b. */
int view_flush(struct strbuf *b, struct golin_err *err);

/* A view that is printed when the session is over. */
struct view {
	bool (*json)(const struct golin_model *m, const struct golin_export_opts *o, uint64_t *pos,
		     struct strbuf *out);
	/* The last line; NULL: golin_export_summary(). */
	void (*summary)(const struct golin_model *m, const struct golin_source_stats *st,
			struct strbuf *out);
	void *(*text_new)(const struct golin_model *m, const struct golin_export_opts *o);
	bool (*text_next)(void *t, struct strbuf *out);
	void (*text_free)(void *t);
};

/* A whole command that shows it. Returns the exit code. */
int view_command(struct cmd_config *cfg, const struct view *v);

#endif

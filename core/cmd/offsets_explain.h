/* SPDX-License-Identifier: BSD-2-Clause */
/* golin offsets --explain: why the values are what they are, and whether they are right. */
#ifndef GOLIN_CMD_OFFSETS_EXPLAIN_H
#define GOLIN_CMD_OFFSETS_EXPLAIN_H

#include "offsets_input.h"

struct offsets_explained {
	char why[768];
	struct golin_fit fits[GOLIN_FIT_MAX];
	char table_text[256];
	struct golin_verified checks[GOLIN_FIT_MAX + 1];
	struct golin_explain explain; /* for the renderer */
};

int offsets_explain(const struct cmd_config *cfg, const struct offsets_input *in,
		    struct offsets_explained *ret, struct golin_err *err);
/* 0, or -EBADMSG when a check failed. */
int offsets_explain_verdict(const struct offsets_explained *x, const struct offsets_input *in,
			    struct golin_err *err);

#endif

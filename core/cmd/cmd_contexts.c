/* SPDX-License-Identifier: BSD-2-Clause */
/* golin contexts SOURCE: the trees of contexts, printed when the session is over. */
#include "golin/record.h"
#include "view.h"

static void *text_new(const struct golin_model *m, const struct golin_export_opts *o)
{
	return golin_contexts_text_new(m, o);
}

static bool text_next(void *t, struct strbuf *out)
{
	return golin_contexts_text_next(t, out);
}

static void text_free(void *t)
{
	golin_contexts_text_free(t);
}

static const struct view contexts = {
	.json = golin_export_contexts_json,
	.text_new = text_new,
	.text_next = text_next,
	.text_free = text_free,
};

int cmd_contexts(struct cmd_config *cfg)
{
	cfg->groups |= GOLIN_GROUP_CONTEXTS;
	return view_command(cfg, &contexts);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* golin lineage SOURCE: who started whom, printed when the session is over. */
#include "view.h"

static void *text_new(const struct golin_model *m, const struct golin_export_opts *o)
{
	return golin_lineage_text_new(m, o);
}

static bool text_next(void *t, struct strbuf *out)
{
	return golin_lineage_text_next(t, out);
}

static void text_free(void *t)
{
	golin_lineage_text_free(t);
}

static const struct view lineage = {
	.json = golin_export_lineage_json,
	.text_new = text_new,
	.text_next = text_next,
	.text_free = text_free,
};

int cmd_lineage(struct cmd_config *cfg)
{
	/* With memory alone there is nothing to wait for: the source ends by itself. */
	return view_command(cfg, &lineage);
}

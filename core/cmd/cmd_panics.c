/* SPDX-License-Identifier: BSD-2-Clause */
/* golin panics SOURCE: how panics travelled, printed when the session is over. */
#include "golin/record.h"
#include "view.h"

static void *text_new(const struct golin_model *m, const struct golin_export_opts *o)
{
	return golin_panics_text_new(m, o);
}

static bool text_next(void *t, struct strbuf *out)
{
	return golin_panics_text_next(t, out);
}

static void text_free(void *t)
{
	golin_panics_text_free(t);
}

static const struct view panics = {
	.json = golin_export_panics_json,
	.summary = golin_export_panics_summary,
	.text_new = text_new,
	.text_next = text_next,
	.text_free = text_free,
};

static void *sites_new(const struct golin_model *m, const struct golin_export_opts *o)
{
	return golin_panic_sites_new(m, o);
}

static bool sites_next(void *t, struct strbuf *out)
{
	return golin_panic_sites_next(t, out);
}

static void sites_free(void *t)
{
	golin_panic_sites_free(t);
}

static const struct view sites = {
	.json = golin_export_panic_sites_json,
	.summary = golin_export_panics_summary,
	.text_new = sites_new,
	.text_next = sites_next,
	.text_free = sites_free,
};

int cmd_panics(struct cmd_config *cfg)
{
	cfg->groups |= GOLIN_GROUP_PANICS;
	cfg->ask = true;
	return view_command(cfg, cfg->count ? &sites : &panics);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* For people. */
#include <inttypes.h>
#include <stdio.h>
#include "base/strbuf.h"
#include "layout.h"
#include "render_impl.h"

static const char *type_of(const struct golin_field *f)
{
	return *f->type ? f->type : "-";
}

static const char *or_dash(const char *s)
{
	return s && *s ? s : "-";
}

/* ---- layouts ---- */

/* With --explain there is one column more: the rows of the table that say so. */
static int layout_cells(const struct golin_render *r)
{
	return r->explain ? 7 : 6;
}

static void struct_rows(const struct golin_render *r, struct columns *c, enum golin_struct_id s)
{
	const struct golin_struct *st = &r->layout->structs[s];
	const char *name = golin_struct_name(s), *source = golin_value_source_name(st->source);
	enum golin_field_id f, end;
	char size[16], offset[16], from[64] = "";

	if (st->source == GOLIN_FROM_NONE) {
		const char *why = render_known_absent(r, s) ? "absent" : "unknown";

		if (r->explain)
			render_from(r, s, GOLIN_F_MAX, from, sizeof(from));
		columns_row(c, (const char *[]){name, "-", why, "-", "-", "-", or_dash(from)},
			    layout_cells(r));
		return;
	}
	snprintf(size, sizeof(size), "%" PRIu32, st->size);
	if (r->explain)
		render_from(r, s, GOLIN_F_MAX, from, sizeof(from));
	columns_row(c, (const char *[]){name, "-", "-", size, "struct", source, or_dash(from)},
		    layout_cells(r));
	for (f = golin_struct_fields(s, &end); f < end; f++) {
		const struct golin_field *v = &r->layout->fields[f];

		if (r->explain)
			render_from(r, s, f, from, sizeof(from));
		snprintf(offset, sizeof(offset), "%" PRIu32, v->offset);
		snprintf(size, sizeof(size), "%" PRIu32, v->size);
		if (v->source == GOLIN_FROM_NONE)
			columns_row(c,
				    (const char *[]){name, golin_field_name(f),
						     layout_is_unknown(v) ? "unknown" : "absent",
						     "-", "-", "-", or_dash(from)},
				    layout_cells(r));
		else
			columns_row(c,
				    (const char *[]){name, golin_field_name(f), offset, size,
						     type_of(v), golin_value_source_name(v->source),
						     or_dash(from)},
				    layout_cells(r));
	}
}

static void layout_rows(const struct golin_render *r, struct columns *c)
{
	static const char *const head[] = {"STRUCT", "FIELD",  "OFFSET", "SIZE",
					   "TYPE",   "SOURCE", "FROM"};

	columns_row(c, head, layout_cells(r));
	for (int s = 0; s < GOLIN_S_MAX; s++)
		if (render_shows(r, s))
			struct_rows(r, c, s);
}

/* ---- hook points ---- */

static void hook_rows(const struct golin_render *r, struct columns *c)
{
	static const char *const head[] = {"HOOK",	  "FUNCTION", "OFFSET",
					   "INSTRUCTION", "WHERE",    "WHY"};

	columns_row(c, head, 6);
	for (size_t i = 0; i < r->nhooks; i++) {
		const struct golin_hook *h = &r->hooks[i];
		char offset[24];

		snprintf(offset, sizeof(offset), "0x%" PRIx64, h->offset);
		columns_row(c,
			    (const char *[]){h->event, h->func, h->found ? offset : "missing",
					     h->found ? or_dash(h->instruction) : "-",
					     h->found ? or_dash(h->where) : "-", or_dash(h->why)},
			    6);
	}
}

static void missing_hooks(const struct golin_render *r, struct strbuf *out)
{
	bool any = false;

	for (size_t i = 0; i < r->nhooks; i++) {
		const struct golin_hook *h = &r->hooks[i];

		if (h->found)
			continue;
		if (!any)
			strbuf_adds(out, "\nNot seen, for want of a hook point:\n");
		any = true;
		strbuf_addf(out, "  %s (%s in %s: %s)%s\n",
			    h->lost && *h->lost ? h->lost : "what this event tells", h->event,
			    h->func, or_dash(h->why),
			    h->required ? "; golin refuses to watch without it" : "");
	}
}

/* ---- why ---- */

static void symbol(struct strbuf *out, const char *name, uint64_t addr)
{
	if (addr)
		strbuf_addf(out, "  %-12s 0x%" PRIx64 "\n", name, addr);
	else
		strbuf_addf(out, "  %-12s not found\n", name);
}

static void explanation(const struct golin_render *r, struct strbuf *out)
{
	const struct golin_explain *e = r->explain;
	const struct golin_image_info *info = r->info;

	strbuf_addf(out, "\nWhy: %s\n", e->why);
	if (r->label) {
		strbuf_adds(out, "\nAddresses in the file, as linked:\n");
		symbol(out, "text", info->text);
		symbol(out, "etext", info->etext);
		symbol(out, "pclntab", info->pclntab);
		symbol(out, "moduledata", info->moduledata);
		symbol(out, "allgs", info->allgs);
		if (info->tls_g)
			strbuf_addf(out, "  %-12s %" PRId64 " (from the thread pointer)\n", "tls_g",
				    info->tls_g);
		else
			strbuf_addf(out, "  %-12s not known\n", "tls_g");
	}
	if (!e->nchecks)
		return;
	strbuf_adds(out, "\nChecks:\n");
	for (size_t i = 0; i < e->nchecks; i++) {
		const struct golin_verified *v = &e->checks[i];

		strbuf_addf(out, "  %-8s  %-12s  %s%s%s\n", render_verdict(v->verdict), v->name,
			    v->what, v->text && *v->text ? ": " : "", v->text ? v->text : "");
	}
}

void golin_render_table(const struct golin_render *r, struct strbuf *out)
{
	struct columns layout = {.right = 1u << 2 | 1u << 3};
	struct columns hooks = {.right = 1u << 2};

	render_head(r, out);
	strbuf_adds(out, "\n\n");
	layout_rows(r, &layout);
	layout.out = out;
	layout_rows(r, &layout);
	if (r->nhooks) {
		strbuf_adds(out, "\n");
		hook_rows(r, &hooks);
		hooks.out = out;
		hook_rows(r, &hooks);
		missing_hooks(r, out);
	}
	if (r->explain)
		explanation(r, out);
}

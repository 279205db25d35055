/* SPDX-License-Identifier: BSD-2-Clause */
/* For programs: JSON. */
#include <stdio.h>
#include "base/jsonw.h"
#include "base/strbuf.h"
#include "layout.h"
#include "render_impl.h"

static void json_struct(const struct golin_render *r, struct jsonw *w, enum golin_struct_id s)
{
	const struct golin_struct *st = &r->layout->structs[s];
	enum golin_field_id i, end;
	char from[64];

	if (st->source == GOLIN_FROM_NONE) {
		jsonw_null(w, golin_struct_name(s));
		return;
	}
	jsonw_begin(w, golin_struct_name(s), '{');
	jsonw_u64(w, "size", st->size);
	jsonw_str(w, "source", golin_value_source_name(st->source));
	if (r->explain)
		jsonw_str(w, "from", render_from(r, s, GOLIN_F_MAX, from, sizeof(from)));
	jsonw_begin(w, "fields", '{');
	for (i = golin_struct_fields(s, &end); i < end; i++) {
		const struct golin_field *f = &r->layout->fields[i];

		if (f->source == GOLIN_FROM_NONE) {
			jsonw_null(w, golin_field_name(i));
			continue;
		}
		jsonw_begin(w, golin_field_name(i), '{');
		jsonw_u64(w, "offset", f->offset);
		jsonw_u64(w, "size", f->size);
		jsonw_str(w, "type", *f->type ? f->type : NULL);
		jsonw_str(w, "source", golin_value_source_name(f->source));
		if (r->explain)
			jsonw_str(w, "from", render_from(r, s, i, from, sizeof(from)));
		jsonw_end(w, '}');
	}
	jsonw_end(w, '}');
	jsonw_end(w, '}');
}

/* null alone does not tell whether this Go version has no such struct or the program tells none. */
static void json_unknown(const struct golin_render *r, struct jsonw *w)
{
	jsonw_begin(w, "unknown", '[');
	for (int s = 0; s < GOLIN_S_MAX; s++) {
		enum golin_field_id end, f = golin_struct_fields(s, &end);
		char name[128];

		if (!render_shows(r, s))
			continue;
		if (r->layout->structs[s].source == GOLIN_FROM_NONE) {
			if (!render_known_absent(r, s))
				jsonw_str(w, NULL, golin_struct_name(s));
			continue;
		}
		for (; f < end; f++) {
			if (!layout_is_unknown(&r->layout->fields[f]))
				continue;
			snprintf(name, sizeof(name), "%s.%s", golin_struct_name(s),
				 golin_field_name(f));
			jsonw_str(w, NULL, name);
		}
	}
	jsonw_end(w, ']');
}

static void json_hook(struct jsonw *w, const struct golin_hook *h)
{
	jsonw_begin(w, NULL, '{');
	jsonw_str(w, "event", h->event);
	jsonw_str(w, "func", h->func);
	if (h->found)
		jsonw_u64(w, "offset", h->offset);
	else
		jsonw_null(w, "offset");
	jsonw_str(w, "instruction", h->found ? h->instruction : NULL);
	jsonw_str(w, "why", h->why);
	jsonw_str(w, "where", h->found && h->where && *h->where ? h->where : NULL);
	jsonw_bool(w, "missing", !h->found);
	jsonw_str(w, "lost", h->found ? NULL : h->lost);
	jsonw_bool(w, "required", h->required);
	jsonw_end(w, '}');
}

static void symbol(struct jsonw *w, const char *name, uint64_t addr)
{
	if (addr)
		jsonw_hex(w, name, addr);
	else
		jsonw_null(w, name);
}

/* Addresses as linked; what was not found is null. */
static void json_symbols(struct jsonw *w, const struct golin_image_info *info)
{
	jsonw_begin(w, "symbols", '{');
	symbol(w, "text", info->text);
	symbol(w, "etext", info->etext);
	symbol(w, "pclntab", info->pclntab);
	symbol(w, "moduledata", info->moduledata);
	symbol(w, "allgs", info->allgs);
	/* From the thread pointer; g never lies at 0. */
	if (info->tls_g)
		jsonw_i64(w, "tls_g", info->tls_g);
	else
		jsonw_null(w, "tls_g");
	jsonw_end(w, '}');
}

static void json_explain(struct jsonw *w, const struct golin_explain *e)
{
	jsonw_begin(w, "explain", '{');
	jsonw_str(w, "why", e->why);
	jsonw_begin(w, "checks", '[');
	for (size_t i = 0; i < e->nchecks; i++) {
		const struct golin_verified *v = &e->checks[i];

		jsonw_begin(w, NULL, '{');
		jsonw_str(w, "check", v->name);
		jsonw_str(w, "what", v->what);
		if (v->verdict == GOLIN_VERDICT_NOT_DONE)
			jsonw_null(w, "ok");
		else
			jsonw_bool(w, "ok", v->verdict == GOLIN_VERDICT_OK);
		jsonw_str(w, "text", v->text && *v->text ? v->text : NULL);
		jsonw_end(w, '}');
	}
	jsonw_end(w, ']');
	jsonw_end(w, '}');
}

void golin_render_json(const struct golin_render *r, struct strbuf *out)
{
	const struct golin_image_info *info = r->info;
	struct jsonw w;

	jsonw_init(&w, out);
	jsonw_begin(&w, NULL, '{');
	jsonw_str(&w, "go", info->go.text);
	jsonw_str(&w, "arch", info->arch);
	jsonw_str(&w, "source", golin_value_source_name(r->layout->source));
	if (info->dwarf_version)
		jsonw_u64(&w, "dwarf_version", info->dwarf_version);
	else
		jsonw_null(&w, "dwarf_version");
	jsonw_str(&w, "debug_file", r->debug_file);
	jsonw_str(&w, "build_id", *info->build_id ? info->build_id : NULL);
	json_symbols(&w, info);
	jsonw_begin(&w, "structs", '{');
	for (int s = 0; s < GOLIN_S_MAX; s++)
		if (render_shows(r, s))
			json_struct(r, &w, s);
	jsonw_end(&w, '}');
	json_unknown(r, &w);
	jsonw_begin(&w, "hooks", '[');
	for (size_t i = 0; i < r->nhooks; i++)
		json_hook(&w, &r->hooks[i]);
	jsonw_end(&w, ']');
	if (r->explain)
		json_explain(&w, r->explain);
	jsonw_end(&w, '}');
	jsonw_newline(&w);
}

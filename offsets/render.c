/* SPDX-License-Identifier: BSD-2-Clause */
#include "render.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "base/jsonw.h"
#include "base/strbuf.h"
#include "base/text.h"

const char *golin_value_source_name(enum golin_value_source source)
{
	switch (source) {
	case GOLIN_FROM_DWARF:
		return "dwarf";
	case GOLIN_FROM_TABLE:
		return "table";
	case GOLIN_FROM_NONE:
		break;
	}
	return "absent";
}

static bool is_shown(const struct golin_render *r, int structure)
{
	return !r->only_struct || !strcmp(r->only_struct, golin_struct_name(structure));
}

static const char *type_of(const struct golin_field *f)
{
	return *f->type ? f->type : "-";
}

/* ---- for people ---- */

enum { MAX_COLUMNS = 6 };

/* Two passes over the same rows: the first measures the columns, the second writes. */
struct columns {
	struct strbuf *out; /* NULL while measuring */
	int width[MAX_COLUMNS];
	unsigned int right; /* bit i: column i is aligned to the right */
};

static void pad(struct strbuf *out, int n)
{
	while (n-- > 0)
		strbuf_add(out, " ", 1);
}

static void row(struct columns *c, const char *const *cells, int n)
{
	for (int i = 0; i < n; i++) {
		int width = golin_text_width(cells[i]);

		if (!c->out) {
			c->width[i] = width > c->width[i] ? width : c->width[i];
			continue;
		}
		if (c->right & (1u << i))
			pad(c->out, c->width[i] - width);
		strbuf_adds(c->out, cells[i]);
		if (i + 1 == n)
			break;
		if (!(c->right & (1u << i)))
			pad(c->out, c->width[i] - width);
		pad(c->out, 2);
	}
	if (c->out)
		strbuf_add(c->out, "\n", 1);
}

static void field_row(struct columns *c, const char *structure, const char *name,
		      const struct golin_field *f)
{
	const char *source = golin_value_source_name(f->source);
	char offset[16], size[16];
	const char *absent[] = {structure, name, "absent", "-", "-", "-"};
	const char *cells[] = {structure, name, offset, size, type_of(f), source};

	snprintf(offset, sizeof(offset), "%" PRIu32, f->offset);
	snprintf(size, sizeof(size), "%" PRIu32, f->size);
	row(c, f->source == GOLIN_FROM_NONE ? absent : cells, 6);
}

static void layout_rows(const struct golin_render *r, struct columns *c)
{
	static const char *const head[] = {"STRUCT", "FIELD", "OFFSET", "SIZE", "TYPE", "SOURCE"};

	row(c, head, 6);
	for (int s = 0; s < GOLIN_S_MAX; s++) {
		const struct golin_struct *st = &r->layout->structs[s];
		const char *name = golin_struct_name(s);
		const char *source = golin_value_source_name(st->source);
		char size[16];
		const char *absent[] = {name, "-", "absent", "-", "-", "-"};
		const char *cells[] = {name, "-", "-", size, "struct", source};

		if (!is_shown(r, s))
			continue;
		snprintf(size, sizeof(size), "%" PRIu32, st->size);
		row(c, st->source == GOLIN_FROM_NONE ? absent : cells, 6);
		if (st->source == GOLIN_FROM_NONE)
			continue;
		for (int f = 0; f < GOLIN_F_MAX; f++)
			if ((int)golin_field_struct(f) == s)
				field_row(c, name, golin_field_name(f), &r->layout->fields[f]);
	}
}

static void hook_rows(const struct golin_render *r, struct columns *c)
{
	static const char *const head[] = {"HOOK", "FUNCTION", "OFFSET", "INSTRUCTION", "WHY"};

	row(c, head, 5);
	for (size_t i = 0; i < r->nhooks; i++) {
		const struct golin_hook *h = &r->hooks[i];
		char offset[24];
		const char *cells[] = {h->event, h->func, h->found ? offset : "-",
				       h->found && h->instruction ? h->instruction : "-",
				       h->why ? h->why : "-"};

		snprintf(offset, sizeof(offset), "0x%" PRIx64, h->offset);
		row(c, cells, 5);
	}
}

static void head_line(const struct golin_render *r, struct strbuf *out)
{
	static const struct {
		uint32_t flag;
		const char *name;
	} flags[] = {
		{GOLIN_IMAGE_PIE, "pie"},
		{GOLIN_IMAGE_CGO, "cgo"},
		{GOLIN_IMAGE_RACE, "race"},
		{GOLIN_IMAGE_STRIPPED, "stripped"},
	};
	const struct golin_image_info *info = r->info;

	strbuf_addf(out, "%s %s", info->go.text, info->arch);
	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
		if (info->flags & flags[i].flag)
			strbuf_addf(out, " %s", flags[i].name);
	strbuf_addf(out, ", layout from %s", golin_value_source_name(r->layout->source));
	if (r->layout->source == GOLIN_FROM_DWARF && info->dwarf_version)
		strbuf_addf(out, " (DWARF %" PRIu32 ")", info->dwarf_version);
	if (*info->build_id)
		strbuf_addf(out, ", build id %s", info->build_id);
	strbuf_adds(out, "\n\n");
}

void golin_render_table(const struct golin_render *r, struct strbuf *out)
{
	struct columns layout = {.right = 1u << 2 | 1u << 3};
	struct columns hooks = {.right = 1u << 2};

	head_line(r, out);
	layout_rows(r, &layout);
	layout.out = out;
	layout_rows(r, &layout);
	if (!r->nhooks)
		return;
	strbuf_adds(out, "\n");
	hook_rows(r, &hooks);
	hooks.out = out;
	hook_rows(r, &hooks);
}

/* ---- for programs ---- */

static void json_struct(const struct golin_render *r, struct jsonw *w, int s)
{
	const struct golin_struct *st = &r->layout->structs[s];

	if (st->source == GOLIN_FROM_NONE) {
		jsonw_null(w, golin_struct_name(s));
		return;
	}
	jsonw_begin(w, golin_struct_name(s), '{');
	jsonw_u64(w, "size", st->size);
	jsonw_begin(w, "fields", '{');
	for (int i = 0; i < GOLIN_F_MAX; i++) {
		const struct golin_field *f = &r->layout->fields[i];

		if ((int)golin_field_struct(i) != s)
			continue;
		if (f->source == GOLIN_FROM_NONE) {
			jsonw_null(w, golin_field_name(i));
			continue;
		}
		jsonw_begin(w, golin_field_name(i), '{');
		jsonw_u64(w, "offset", f->offset);
		jsonw_u64(w, "size", f->size);
		jsonw_str(w, "type", *f->type ? f->type : NULL);
		jsonw_str(w, "source", golin_value_source_name(f->source));
		jsonw_end(w, '}');
	}
	jsonw_end(w, '}');
	jsonw_end(w, '}');
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
	jsonw_end(w, '}');
}

/* Where the runtime's data lies, as linked; what was not found is null. */
static void json_addresses(const struct golin_image_info *info, struct jsonw *w)
{
	const struct {
		const char *name;
		uint64_t v;
	} all[] = {
		{"text", info->text},		{"etext", info->etext},
		{"pclntab", info->pclntab},	{"moduledata", info->moduledata},
		{"runtime.allgs", info->allgs},
	};

	jsonw_begin(w, "addresses", '{');
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (all[i].v)
			jsonw_hex(w, all[i].name, all[i].v);
		else
			jsonw_null(w, all[i].name);
	jsonw_end(w, '}');
	/* From the thread pointer; a slot of g is never at 0. */
	if (info->tls_g)
		jsonw_i64(w, "tls_g", info->tls_g);
	else
		jsonw_null(w, "tls_g");
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
	jsonw_str(&w, "build_id", *info->build_id ? info->build_id : NULL);
	json_addresses(info, &w);
	jsonw_begin(&w, "structs", '{');
	for (int s = 0; s < GOLIN_S_MAX; s++)
		if (is_shown(r, s))
			json_struct(r, &w, s);
	jsonw_end(&w, '}');
	jsonw_begin(&w, "hooks", '[');
	for (size_t i = 0; i < r->nhooks; i++)
		json_hook(&w, &r->hooks[i]);
	jsonw_end(&w, ']');
	jsonw_end(&w, '}');
	jsonw_newline(&w);
}

void golin_render_tsv(const struct golin_render *r, struct strbuf *out)
{
	const struct golin_image_info *info = r->info;
	char head[96];

	snprintf(head, sizeof(head), "1.%u.%u\t%s", info->go.minor, info->go.patch, info->arch);
	for (int s = 0; s < GOLIN_S_MAX; s++) {
		const struct golin_struct *st = &r->layout->structs[s];

		if (!is_shown(r, s))
			continue;
		if (st->source == GOLIN_FROM_NONE)
			strbuf_addf(out, "%s\t%s\t-\tabsent\t-\t-\n", head, golin_struct_name(s));
		else
			strbuf_addf(out, "%s\t%s\t-\t-\t%" PRIu32 "\t-\n", head,
				    golin_struct_name(s), st->size);
		for (int i = 0; i < GOLIN_F_MAX; i++) {
			const struct golin_field *f = &r->layout->fields[i];

			if ((int)golin_field_struct(i) != s)
				continue;
			strbuf_addf(out, "%s\t%s\t%s\t", head, golin_struct_name(s),
				    golin_field_name(i));
			if (f->source == GOLIN_FROM_NONE)
				strbuf_adds(out, "absent\t-\t-\n");
			else
				strbuf_addf(out, "%" PRIu32 "\t%" PRIu32 "\t%s\n", f->offset,
					    f->size, type_of(f));
		}
	}
}

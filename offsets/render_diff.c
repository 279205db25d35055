/* SPDX-License-Identifier: BSD-2-Clause */
/* How two layouts differ. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "base/jsonw.h"
#include "base/strbuf.h"
#include "layout.h"
#include "render_impl.h"

/* What is known of a struct, or of a member of one. */
enum state { UNKNOWN, ABSENT, PRESENT };

enum change {
	SAME = 0,
	MOVED = 1 << 0,
	RESIZED = 1 << 1,
	RETYPED = 1 << 2,
	APPEARED = 1 << 3,
	GONE = 1 << 4,
};

static const struct {
	unsigned int bit;
	const char *text;
} changes[] = {
	{MOVED, "moved"},	{RESIZED, "resized"}, {RETYPED, "type"},
	{APPEARED, "appeared"}, {GONE, "gone"},
};

static enum state struct_state(const struct golin_render *r, enum golin_struct_id s)
{
	if (r->layout->structs[s].source != GOLIN_FROM_NONE)
		return PRESENT;
	return render_known_absent(r, s) ? ABSENT : UNKNOWN;
}

static unsigned int from_states(enum state a, enum state b)
{
	if (a == ABSENT && b == PRESENT)
		return APPEARED;
	return a == PRESENT && b == ABSENT ? GONE : SAME;
}

static enum state field_state(const struct golin_field *f)
{
	if (f->source != GOLIN_FROM_NONE)
		return PRESENT;
	return layout_is_unknown(f) ? UNKNOWN : ABSENT;
}

/* Of a member of a struct that both sides have. */
static unsigned int field_change(const struct golin_diff *d, enum golin_field_id f)
{
	const struct golin_field *a = &d->a->layout->fields[f], *b = &d->b->layout->fields[f];
	unsigned int c = 0;

	if (a->source == GOLIN_FROM_NONE || b->source == GOLIN_FROM_NONE)
		return from_states(field_state(a), field_state(b));
	if (a->offset != b->offset)
		c |= MOVED;
	if (a->size != b->size)
		c |= RESIZED;
	if (*a->type && *b->type && strcmp(a->type, b->type))
		c |= RETYPED;
	return c;
}

static bool both_have(const struct golin_diff *d, enum golin_struct_id s)
{
	return struct_state(d->a, s) == PRESENT && struct_state(d->b, s) == PRESENT;
}

/* Of the struct and, with RESIZED or MOVED for want of better, of its members. */
static unsigned int struct_change(const struct golin_diff *d, enum golin_struct_id s)
{
	enum golin_field_id f, end;
	unsigned int c = from_states(struct_state(d->a, s), struct_state(d->b, s));

	if (!both_have(d, s))
		return c;
	if (d->a->layout->structs[s].size != d->b->layout->structs[s].size)
		c |= RESIZED;
	for (f = golin_struct_fields(s, &end); f < end; f++)
		if (field_change(d, f))
			c |= MOVED;
	return c;
}

static bool is_unknown(const struct golin_diff *d, enum golin_struct_id s)
{
	enum state a = struct_state(d->a, s), b = struct_state(d->b, s);

	return a == UNKNOWN || b == UNKNOWN;
}

/* ---- text ---- */

static const char *plus(char *dst, size_t cap, uint32_t a, uint32_t b)
{
	snprintf(dst, cap, "%+" PRId64, (int64_t)b - (int64_t)a);
	return dst;
}

/* What a member was and is: "152 -> 160 (+8)", "8 bytes -> 16", "error -> sync/atomic.Value". */
static void field_text(const struct golin_field *a, const struct golin_field *b, unsigned int c,
		       struct strbuf *out)
{
	const struct golin_field *one = c & APPEARED ? b : a;
	const char *sep = "";
	char by[32];

	if (c & (APPEARED | GONE)) {
		strbuf_addf(out, "%s %" PRIu32 ", %" PRIu32 " bytes%s%s",
			    c & APPEARED ? "appeared at" : "gone from", one->offset, one->size,
			    *one->type ? ", " : "", one->type);
		return;
	}
	if (c & MOVED) {
		strbuf_addf(out, "moved %" PRIu32 " -> %" PRIu32 " (%s)", a->offset, b->offset,
			    plus(by, sizeof(by), a->offset, b->offset));
		sep = "; ";
	}
	if (c & RESIZED) {
		strbuf_addf(out, "%sresized %" PRIu32 " -> %" PRIu32 " bytes", sep, a->size,
			    b->size);
		sep = "; ";
	}
	if (c & RETYPED)
		strbuf_addf(out, "%stype %s -> %s", sep, a->type, b->type);
}

static void field_rows(const struct golin_diff *d, enum golin_struct_id s, struct columns *c)
{
	enum golin_field_id f, end;

	for (f = golin_struct_fields(s, &end); f < end; f++) {
		unsigned int change = field_change(d, f);
		struct strbuf text = {0};

		if (!change)
			continue;
		field_text(&d->a->layout->fields[f], &d->b->layout->fields[f], change, &text);
		columns_row(c, (const char *[]){" ", golin_field_name(f), strbuf_cstr(&text)}, 3);
		strbuf_done(&text);
	}
}

static void struct_text(const struct golin_diff *d, enum golin_struct_id s, unsigned int change,
			struct strbuf *out)
{
	uint32_t a = d->a->layout->structs[s].size, b = d->b->layout->structs[s].size;
	struct columns c = {0};
	char by[32];

	if (change & APPEARED) {
		strbuf_addf(out, "\n%s  appeared, %" PRIu32 " bytes\n", golin_struct_name(s), b);
		return;
	}
	if (change & GONE) {
		strbuf_addf(out, "\n%s  gone, was %" PRIu32 " bytes\n", golin_struct_name(s), a);
		return;
	}
	if (a == b)
		strbuf_addf(out, "\n%s  %" PRIu32 " bytes\n", golin_struct_name(s), a);
	else
		strbuf_addf(out, "\n%s  resized %" PRIu32 " -> %" PRIu32 " bytes (%s)\n",
			    golin_struct_name(s), a, b, plus(by, sizeof(by), a, b));
	field_rows(d, s, &c);
	c.out = out;
	field_rows(d, s, &c);
}

static void unknown_text(const struct golin_diff *d, const struct golin_render *r, const char *name,
			 struct strbuf *out)
{
	size_t n = 0;

	for (int s = 0; s < GOLIN_S_MAX; s++) {
		if (!render_shows(d->a, s) || struct_state(r, s) != UNKNOWN)
			continue;
		if (!n++)
			strbuf_addf(out, "\nNot told by %s, hence not compared:\n", name);
		strbuf_addf(out, "  %s\n", golin_struct_name(s));
	}
}

static void side_text(const char *mark, const char *name, const struct golin_render *r,
		      struct strbuf *out)
{
	strbuf_addf(out, "%s %s: ", mark, name);
	render_head(r, out);
	strbuf_adds(out, "\n");
}

bool golin_render_diff_text(const struct golin_diff *d, struct strbuf *out)
{
	unsigned int ndiffer = 0, nequal = 0, nunknown = 0;

	side_text("---", d->a_name, d->a, out);
	side_text("+++", d->b_name, d->b, out);
	for (int s = 0; s < GOLIN_S_MAX; s++) {
		unsigned int change;

		if (!render_shows(d->a, s))
			continue;
		change = struct_change(d, s);
		if (change) {
			ndiffer++;
			struct_text(d, s, change, out);
		} else if (is_unknown(d, s)) {
			nunknown++;
		} else {
			nequal++;
		}
	}
	unknown_text(d, d->a, d->a_name, out);
	unknown_text(d, d->b, d->b_name, out);
	strbuf_addf(out, "\n%u differ, %u equal, %u not compared\n", ndiffer, nequal, nunknown);
	return ndiffer;
}

/* ---- JSON ---- */

static void json_changes(struct jsonw *w, unsigned int c)
{
	jsonw_begin(w, "changes", '[');
	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++)
		if (c & changes[i].bit)
			jsonw_str(w, NULL, changes[i].text);
	jsonw_end(w, ']');
}

static void json_field(struct jsonw *w, const char *key, const struct golin_field *f)
{
	if (f->source == GOLIN_FROM_NONE) {
		jsonw_null(w, key);
		return;
	}
	jsonw_begin(w, key, '{');
	jsonw_u64(w, "offset", f->offset);
	jsonw_u64(w, "size", f->size);
	jsonw_str(w, "type", *f->type ? f->type : NULL);
	jsonw_end(w, '}');
}

static void json_size(struct jsonw *w, const char *key, const struct golin_struct *s)
{
	if (s->source == GOLIN_FROM_NONE)
		jsonw_null(w, key);
	else
		jsonw_u64(w, key, s->size);
}

static void json_struct(const struct golin_diff *d, enum golin_struct_id s, unsigned int change,
			struct jsonw *w)
{
	const struct golin_layout *a = d->a->layout, *b = d->b->layout;
	enum golin_field_id f, end;

	jsonw_begin(w, golin_struct_name(s), '{');
	/* That a member moved is said of the member. */
	json_changes(w, change & ~(unsigned int)MOVED);
	jsonw_begin(w, "size", '{');
	json_size(w, "a", &a->structs[s]);
	json_size(w, "b", &b->structs[s]);
	jsonw_end(w, '}');
	jsonw_begin(w, "fields", '{');
	for (f = golin_struct_fields(s, &end); f < end && both_have(d, s); f++) {
		unsigned int c = field_change(d, f);

		if (!c)
			continue;
		jsonw_begin(w, golin_field_name(f), '{');
		json_changes(w, c);
		json_field(w, "a", &a->fields[f]);
		json_field(w, "b", &b->fields[f]);
		jsonw_end(w, '}');
	}
	jsonw_end(w, '}');
	jsonw_end(w, '}');
}

static void json_side(const struct golin_diff *d, const struct golin_render *r, const char *key,
		      const char *name, struct jsonw *w)
{
	jsonw_begin(w, key, '{');
	jsonw_str(w, "name", name);
	jsonw_str(w, "go", r->info->go.text);
	jsonw_str(w, "arch", r->info->arch);
	jsonw_str(w, "source", golin_value_source_name(r->layout->source));
	jsonw_str(w, "build_id", *r->info->build_id ? r->info->build_id : NULL);
	jsonw_begin(w, "unknown", '[');
	for (int s = 0; s < GOLIN_S_MAX; s++)
		if (render_shows(d->a, s) && struct_state(r, s) == UNKNOWN)
			jsonw_str(w, NULL, golin_struct_name(s));
	jsonw_end(w, ']');
	jsonw_end(w, '}');
}

bool golin_render_diff_json(const struct golin_diff *d, struct strbuf *out)
{
	bool differ = false;
	struct jsonw w;

	jsonw_init(&w, out);
	jsonw_begin(&w, NULL, '{');
	json_side(d, d->a, "a", d->a_name, &w);
	json_side(d, d->b, "b", d->b_name, &w);
	jsonw_begin(&w, "structs", '{');
	for (int s = 0; s < GOLIN_S_MAX; s++) {
		unsigned int change = render_shows(d->a, s) ? struct_change(d, s) : SAME;

		if (!change)
			continue;
		differ = true;
		json_struct(d, s, change, &w);
	}
	jsonw_end(&w, '}');
	jsonw_bool(&w, "equal", !differ);
	jsonw_end(&w, '}');
	jsonw_newline(&w);
	return differ;
}

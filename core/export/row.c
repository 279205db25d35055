/* SPDX-License-Identifier: BSD-2-Clause */
#include "row.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "base/text.h"

enum {
	GUIDES_MAX = 32, /* levels drawn; deeper ones are told by their number */
	GUIDES_TAIL = 2, /* of a deep row: the last levels */
};

static const char *const style_on[] = {"",	   "\033[1m",  "\033[2m",
				       "\033[31m", "\033[32m", "\033[33m"};

struct glyphs {
	const char *more, *last, *line, *blank, *cut, *deep;
};

static const struct glyphs *glyphs_of(const struct row *r)
{
	static const struct glyphs utf8 = {"├─", "└─", "│ ", "  ", "…", "⋯"};
	static const struct glyphs ascii = {"+-", "`-", "| ", "  ", "~", "..."};

	return r->o->ascii ? &ascii : &utf8;
}

void row_begin(struct row *r, const struct golin_export_opts *o, struct strbuf *out)
{
	*r = (struct row){.o = o, .out = out, .left = o->width > 0 ? o->width : -1};
}

static void put_styled(struct row *r, enum style style, const char *s, size_t len)
{
	bool on = r->o->color && style != PLAIN;

	if (on)
		strbuf_adds(r->out, style_on[style]);
	strbuf_add(r->out, s, len);
	if (on)
		strbuf_adds(r->out, "\033[0m");
}

void row_add(struct row *r, enum style style, const char *s)
{
	int width;
	size_t fit;

	if (r->cut || !*s)
		return;
	if (r->left < 0) {
		put_styled(r, style, s, strlen(s));
		return;
	}
	width = golin_text_width(s);
	if (width <= r->left) {
		put_styled(r, style, s, strlen(s));
		r->left -= width;
		return;
	}
	fit = r->left > 1 ? golin_text_fit(s, r->left - 1, &width) : 0;
	put_styled(r, style, s, fit);
	if (r->left > 0)
		strbuf_adds(r->out, glyphs_of(r)->cut);
	r->cut = true;
}

/* A column: two blanks before all but the first. */
void row_column(struct row *r, enum style style, const char *s)
{
	if (!*s)
		return;
	if (r->any)
		row_add(r, PLAIN, "  ");
	row_add(r, style, s);
	r->any = true;
}

void row_columnf(struct row *r, enum style style, const char *fmt, ...)
{
	char buf[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(buf, sizeof(buf), fmt, ap);
	va_end(ap);
	row_column(r, style, buf);
}

void row_guides(struct row *r, const uint32_t *later, size_t len)
{
	const struct glyphs *g = glyphs_of(r);
	size_t depth = len - 1, from = 1;
	size_t max = r->o->width > 0 && r->o->width / 4 < GUIDES_MAX ? (size_t)r->o->width / 4
								     : GUIDES_MAX;
	char buf[48];

	if (max < GUIDES_TAIL)
		max = GUIDES_TAIL;
	if (depth > max) {
		from = depth - GUIDES_TAIL + 1;
		snprintf(buf, sizeof(buf), "%s%zu%s", g->deep, depth, g->deep);
		row_add(r, DIM, buf);
	}
	for (size_t k = from; k < depth; k++)
		row_add(r, DIM, later[k] == UINT32_MAX ? g->blank : g->line);
	if (depth)
		row_add(r, DIM, later[depth] == UINT32_MAX ? g->last : g->more);
}

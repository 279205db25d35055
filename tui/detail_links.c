// SPDX-License-Identifier: BSD-2-Clause
/* Lines of the detail pane that lead somewhere, and the cursor on them. */
#include "detail_impl.h"

void detail_link(struct detail *d, enum detail_link_kind kind, uint32_t item, uint64_t id)
{
	struct detail_line *line = d->lines.len ? &d->lines.v[d->lines.len - 1] : NULL;

	if (!line)
		return;
	line->link = (uint8_t)kind;
	line->item = item;
	line->id = id;
}

void detail_link_goroutine(struct detail *d, const struct golin_model *m, golin_gidx i)
{
	const struct golin_goroutine *g = golin_model_goroutine(m, i);

	if (g)
		detail_link(d, DETAIL_GOROUTINE, i, g->goid);
}

void detail_link_context(struct detail *d, const struct golin_model *m, golin_cidx i)
{
	const struct golin_context *c = golin_model_context(m, i);

	if (c)
		detail_link(d, DETAIL_CONTEXT, i, ctxview_tag(i, c));
}

void detail_link_panic(struct detail *d, const struct golin_model *m, golin_pidx i)
{
	const struct golin_panic *p = golin_model_panic(m, i);

	if (p)
		detail_link(d, DETAIL_PANIC, i, p->number);
}

static bool is_cursor(const struct detail *d, uint32_t n)
{
	const struct detail_line *line = n < d->lines.len ? &d->lines.v[n] : NULL;

	return line && line->link && line->link == d->cursor_link && line->id == d->cursor_id;
}

/* Lines come and go: the cursor stays with what it was on. */
const struct detail_line *detail_cursor(struct detail *d)
{
	if (!d->cursor_link)
		return NULL;
	for (uint32_t n = 0; n < d->lines.len && !is_cursor(d, d->cursor); n++)
		if (is_cursor(d, n))
			d->cursor = n;
	return is_cursor(d, d->cursor) ? &d->lines.v[d->cursor] : NULL;
}

void detail_point(struct detail *d, uint32_t n)
{
	if (n >= d->lines.len || !d->lines.v[n].link)
		return;
	d->cursor = n;
	d->cursor_link = d->lines.v[n].link;
	d->cursor_id = d->lines.v[n].id;
}

static bool on_screen(const struct detail *d, int64_t n)
{
	return n >= d->top && n < (int64_t)d->top + d->height && n < (int64_t)d->lines.len;
}

void detail_step(struct detail *d, int by)
{
	int64_t n;

	if (detail_cursor(d) && on_screen(d, d->cursor))
		n = (int64_t)d->cursor + by;
	else
		n = by > 0 ? d->top : (int64_t)d->top + d->height - 1;
	for (; n >= 0 && n < (int64_t)d->lines.len && on_screen(d, n); n += by) {
		if (d->lines.v[n].link) {
			detail_point(d, (uint32_t)n);
			return;
		}
	}
	detail_scroll(d, by);
}

void detail_draw_cursor(struct detail *d, struct canvas *c, int y, int x, int w)
{
	if (detail_cursor(d) && on_screen(d, d->cursor))
		canvas_flag(c, y + (int)(d->cursor - d->top), x + 1, w - 1, CELL_SELECTED);
}

// SPDX-License-Identifier: BSD-2-Clause
#include "treeview.h"

void treeview_done(struct treeview *t)
{
	array_free(&t->rows);
	array_free(&t->scratch);
	array_free(&t->spare);
	array_free(&t->stack);
	map64_done(&t->state);
	memset(t, 0, sizeof(*t));
}

static bool is_open(const struct treeview *t, const struct tree_node *n)
{
	uint32_t state;

	if (!n->expandable)
		return false;
	if (t->state.len && map64_get(&t->state, n->tag, &state))
		return state;
	if (t->def != TREE_AS_NODE)
		return t->def == TREE_ALL_OPEN;
	return n->open;
}

static bool push(struct treeview *t, const struct tree_source *src, const struct tree_node *parent,
		 uint32_t row)
{
	size_t begin = t->scratch.len;
	struct tree_node node;
	struct tree_frame *f;

	if (parent) { /* it lies in scratch, which may move */
		node = *parent;
		parent = &node;
	}
	if (!src->children(src->arg, parent, &t->scratch) || t->scratch.len >= TREE_NO_ROW)
		return false;
	f = array_add(&t->stack);
	if (!f)
		return false;
	f->begin = f->pos = (uint32_t)begin;
	f->end = (uint32_t)t->scratch.len;
	f->row = row;
	return true;
}

/*
 * Adds the rows below `parent` (NULL: all) to `out`. Row numbers in `parent` fields start at
 * `base`, the number that out's first row will have.
 */
static bool lay_out(struct treeview *t, const struct tree_source *src,
		    const struct tree_node *parent, uint32_t parent_row, uint32_t depth0,
		    struct tree_rows *out, uint32_t base, uint32_t *ret_depth)
{
	t->scratch.len = 0;
	t->stack.len = 0;
	if (!push(t, src, parent, parent_row))
		return false;
	while (t->stack.len) {
		struct tree_frame *f = &t->stack.v[t->stack.len - 1];
		struct tree_row *row;
		struct tree_node *n;
		uint32_t depth = depth0 + (uint32_t)t->stack.len - 1;

		if (f->pos == f->end) {
			t->scratch.len = f->begin;
			t->stack.len--;
			continue;
		}
		n = &t->scratch.v[f->pos++];
		row = array_add(out);
		if (!row || out->len + base >= TREE_NO_ROW)
			return false;
		row->tag = n->tag;
		row->item = n->item;
		row->kind = n->kind;
		row->parent = f->row;
		row->depth = depth;
		row->flags = (uint8_t)((f->pos == f->end ? TREE_LAST : 0) |
				       (n->expandable ? TREE_EXPANDABLE : 0));
		if (depth > *ret_depth)
			*ret_depth = depth;
		if (is_open(t, n)) {
			row->flags |= TREE_OPEN;
			if (!push(t, src, n, base + (uint32_t)out->len - 1))
				return false;
		}
	}
	return true;
}

uint32_t treeview_find(const struct treeview *t, uint64_t tag)
{
	if (!tag)
		return TREE_NO_ROW;
	for (size_t i = 0; i < t->rows.len; i++)
		if (t->rows.v[i].tag == tag)
			return (uint32_t)i;
	return TREE_NO_ROW;
}

static uint32_t n_rows(const struct treeview *t)
{
	return (uint32_t)t->rows.len;
}

static void clamp(struct treeview *t)
{
	uint32_t n = n_rows(t);

	if (!n) {
		t->sel = t->top = 0;
		return;
	}
	if (t->sel >= n)
		t->sel = n - 1;
	/* no empty screen below the last row */
	if (t->top + t->height > n)
		t->top = n > t->height ? n - t->height : 0;
}

static void remember(struct treeview *t)
{
	t->sel_tag = n_rows(t) ? t->rows.v[t->sel].tag : 0;
	t->top_tag = n_rows(t) ? t->rows.v[t->top].tag : 0;
}

static void reveal(struct treeview *t)
{
	if (t->sel < t->top)
		t->top = t->sel;
	else if (t->height && t->sel >= t->top + t->height)
		t->top = t->sel - t->height + 1;
}

bool treeview_rebuild(struct treeview *t, const struct tree_source *src, bool *ret_ok)
{
	uint32_t depth = 0, on_screen = t->sel - t->top, sel, top;
	bool visible = t->sel >= t->top && t->sel < t->top + t->height;
	bool at_top = t->newest_first && !t->top && visible;
	struct tree_rows old;

	t->spare.len = 0;
	*ret_ok = lay_out(t, src, NULL, TREE_NO_ROW, 0, &t->spare, 0, &depth);
	if (!*ret_ok)
		return true;
	old = t->rows;
	t->rows = t->spare;
	t->spare = old;
	t->depth = depth;

	/* Most of the time they are where they were. */
	sel = t->sel < n_rows(t) && t->rows.v[t->sel].tag == t->sel_tag
		      ? t->sel
		      : treeview_find(t, t->sel_tag);
	top = t->top < n_rows(t) && t->rows.v[t->top].tag == t->top_tag
		      ? t->top
		      : treeview_find(t, t->top_tag);
	if (sel != TREE_NO_ROW)
		t->sel = sel;
	if (t->follow && sel != TREE_NO_ROW && visible)
		t->top = t->sel > on_screen ? t->sel - on_screen : 0;
	else if (top != TREE_NO_ROW && !at_top)
		t->top = top;
	clamp(t);
	if (t->follow || at_top)
		reveal(t);
	remember(t);
	return sel != TREE_NO_ROW;
}

/* Rows that lie below `row`: [row + 1, result). */
static uint32_t end_of(const struct treeview *t, uint32_t row)
{
	uint32_t i = row + 1, depth = t->rows.v[row].depth;

	while (i < n_rows(t) && t->rows.v[i].depth > depth)
		i++;
	return i;
}

/* Rows behind a splice have moved: so have the parents that they name. */
static void shift_parents(struct treeview *t, uint32_t from, uint32_t old_from, uint32_t by)
{
	for (uint32_t i = from; i < n_rows(t); i++) {
		struct tree_row *r = &t->rows.v[i];

		if (r->parent != TREE_NO_ROW && r->parent >= old_from)
			r->parent += by; /* modulo 2^32: also back */
	}
}

void treeview_set_open(struct treeview *t, uint64_t tag, bool open)
{
	map64_put(&t->state, tag, open);
}

void treeview_set_all(struct treeview *t, enum tree_default def)
{
	map64_done(&t->state);
	memset(&t->state, 0, sizeof(t->state));
	t->def = def;
}

bool treeview_open(struct treeview *t, const struct tree_source *src, uint32_t row)
{
	struct tree_node n;
	struct tree_row *r;
	uint32_t added, depth = t->depth;

	if (row >= n_rows(t))
		return false;
	r = &t->rows.v[row];
	if (!(r->flags & TREE_EXPANDABLE) || (r->flags & TREE_OPEN))
		return false;
	n = (struct tree_node){.tag = r->tag, .item = r->item, .kind = r->kind, .expandable = true};
	t->spare.len = 0;
	if (!lay_out(t, src, &n, row, r->depth + 1, &t->spare, row + 1, &depth) ||
	    !array_reserve(&t->rows, t->rows.len + t->spare.len))
		return false;
	treeview_set_open(t, n.tag, true);
	added = (uint32_t)t->spare.len;
	memmove(&t->rows.v[row + 1 + added], &t->rows.v[row + 1],
		(t->rows.len - row - 1) * sizeof(*t->rows.v));
	if (added)
		memcpy(&t->rows.v[row + 1], t->spare.v, added * sizeof(*t->rows.v));
	t->rows.len += added;
	t->rows.v[row].flags |= TREE_OPEN;
	shift_parents(t, row + 1 + added, row + 1, added);
	t->depth = depth;
	if (t->sel > row)
		t->sel += added;
	if (t->top > row)
		t->top += added;
	clamp(t);
	remember(t);
	return true;
}

bool treeview_close(struct treeview *t, uint32_t row)
{
	uint32_t end, gone;

	if (row >= n_rows(t) || !(t->rows.v[row].flags & TREE_OPEN))
		return false;
	treeview_set_open(t, t->rows.v[row].tag, false);
	end = end_of(t, row);
	gone = end - row - 1;
	memmove(&t->rows.v[row + 1], &t->rows.v[end], (t->rows.len - end) * sizeof(*t->rows.v));
	t->rows.len -= gone;
	t->rows.v[row].flags &= (uint8_t)~TREE_OPEN;
	shift_parents(t, row + 1, row + 1, -gone);
	t->sel = t->sel >= end ? t->sel - gone : t->sel > row ? row : t->sel;
	t->top = t->top >= end ? t->top - gone : t->top > row ? row : t->top;
	clamp(t);
	reveal(t);
	remember(t);
	return true;
}

bool treeview_open_below(struct treeview *t, const struct tree_source *src, uint32_t row)
{
	struct tree_node n;
	struct tree_row *r;

	if (row >= n_rows(t))
		return false;
	r = &t->rows.v[row];
	n = (struct tree_node){.tag = r->tag,
			       .item = r->item,
			       .kind = r->kind,
			       .expandable = r->flags & TREE_EXPANDABLE};
	t->scratch.len = 0;
	t->stack.len = 0;
	for (;;) {
		if (n.expandable) {
			if (!map64_put(&t->state, n.tag, 1) || !push(t, src, &n, 0))
				return false;
		}
		while (t->stack.len) {
			struct tree_frame *f = &t->stack.v[t->stack.len - 1];

			if (f->pos < f->end)
				break;
			t->scratch.len = f->begin;
			t->stack.len--;
		}
		if (!t->stack.len)
			return true;
		n = t->scratch.v[t->stack.v[t->stack.len - 1].pos++];
	}
}

void treeview_select(struct treeview *t, uint32_t row)
{
	t->sel = row;
	clamp(t);
	reveal(t);
	remember(t);
}

void treeview_move(struct treeview *t, int64_t by)
{
	int64_t to = (int64_t)t->sel + by;

	if (!n_rows(t))
		return;
	if (to < 0)
		to = 0;
	if (to >= (int64_t)n_rows(t))
		to = (int64_t)n_rows(t) - 1;
	treeview_select(t, (uint32_t)to);
}

void treeview_scroll(struct treeview *t, int64_t by)
{
	int64_t top = (int64_t)t->top + by;

	t->top = top < 0 ? 0 : top > (int64_t)n_rows(t) ? n_rows(t) : (uint32_t)top;
	clamp(t);
	remember(t);
}

void treeview_set_height(struct treeview *t, uint32_t height)
{
	bool visible = t->sel >= t->top && t->sel < t->top + t->height;

	t->height = height;
	clamp(t);
	if (visible)
		reveal(t);
	remember(t);
}

const struct tree_row *treeview_selected(const struct treeview *t)
{
	return n_rows(t) ? &t->rows.v[t->sel] : NULL;
}

uint32_t treeview_guides(const struct treeview *t, uint32_t row, uint32_t max, uint64_t *bits,
			 bool *ret_cut)
{
	const struct tree_row *r = &t->rows.v[row];
	uint32_t levels = r->depth < max ? r->depth : max;

	memset(bits, 0, (levels + 63) / 64 * sizeof(*bits));
	*ret_cut = levels < r->depth;
	for (uint32_t level = levels; level-- > 0;) {
		if (r->flags & TREE_LAST)
			bits[level / 64] |= 1ull << (level % 64);
		if (r->parent == TREE_NO_ROW)
			break;
		r = &t->rows.v[r->parent];
	}
	return levels;
}

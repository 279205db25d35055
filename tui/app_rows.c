// SPDX-License-Identifier: BSD-2-Clause
/* The lines of the view that is shown: laid out, held on to, selected. */
#include <stdio.h>
#include <time.h>
#include "app_impl.h"

static uint64_t mono_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

struct treeview *app_tree(struct app *a)
{
	return a->shown == SHOW_LINEAGE	   ? &a->tree
	       : a->shown == SHOW_CONTEXTS ? &a->ctx_tree
	       : a->shown == SHOW_PANICS   ? &a->panic_tree
					   : &a->find_tree;
}

const struct treeview *app_lines(const struct app *a)
{
	return a->shown == SHOW_LINEAGE	   ? &a->tree
	       : a->shown == SHOW_CONTEXTS ? &a->ctx_tree
	       : a->shown == SHOW_PANICS   ? &a->panic_tree
					   : &a->find_tree;
}

struct tree_source app_source(struct app *a)
{
	return a->shown == SHOW_LINEAGE	   ? lineage_source(&a->lineage)
	       : a->shown == SHOW_CONTEXTS ? ctxview_source(&a->contexts)
	       : a->shown == SHOW_PANICS   ? panview_source(&a->panics)
					   : findings_source(&a->findings);
}

golin_gidx app_selected_gidx(const struct app *a)
{
	const struct tree_row *row = treeview_selected(&a->tree);

	if (!row)
		return GOLIN_GIDX_NONE;
	if (row->kind == LINEAGE_GOROUTINE)
		return row->item;
	return row->item < a->lineage.groups.len ? a->lineage.groups.v[row->item].first
						 : GOLIN_GIDX_NONE;
}

golin_cidx app_selected_cidx(const struct app *a)
{
	return ctxview_context_of(&a->contexts, &a->ctx_tree, a->ctx_tree.sel);
}

static bool prepare(struct app *a)
{
	switch (a->shown) {
	case SHOW_CONTEXTS:
		return ctxview_prepare(&a->contexts);
	case SHOW_PANICS:
		return panview_prepare(&a->panics);
	case SHOW_FINDINGS:
		return findings_prepare(&a->findings);
	default:
		return panic_marks_update(&a->marks, a->model, a->lineage.asof) &&
		       lineage_prepare(&a->lineage);
	}
}

static bool lay_out(struct app *a)
{
	struct tree_source src = app_source(a);
	bool ok = prepare(a), found;

	if (!ok)
		return true;
	found = treeview_rebuild(app_tree(a), &src, &ok);
	if (!ok)
		snprintf(a->message, sizeof(a->message), "out of memory: the tree is not current");
	return found;
}

/* What the selection was, in the model's terms: its row may be gone. */
struct anchor {
	uint64_t tag;
	uint32_t item; /* gidx or cidx */
	bool whole;    /* the row is that one itself, not a line that stands for it */
};

static struct anchor anchor_of(const struct app *a)
{
	const struct treeview *t = app_lines(a);
	struct anchor an = {.tag = t->sel_tag, .item = UINT32_MAX};
	const struct golin_goroutine *g;
	const struct golin_context *c;

	switch (a->shown) {
	case SHOW_LINEAGE:
		an.item = app_selected_gidx(a);
		g = golin_model_goroutine(a->model, an.item);
		an.whole = g && lineage_tag(g) == an.tag;
		break;
	case SHOW_CONTEXTS:
		an.item = app_selected_cidx(a);
		c = golin_model_context(a->model, an.item);
		an.whole = c && ctxview_tag(an.item, c) == an.tag;
		break;
	default:
		break;
	}
	return an;
}

static bool tag_and_up(const struct app *a, uint32_t i, uint64_t *ret_tag, uint32_t *ret_up)
{
	const struct golin_goroutine *g;
	const struct golin_context *c;

	if (a->shown == SHOW_CONTEXTS) {
		c = golin_model_context(a->model, i);
		if (!c)
			return false;
		*ret_tag = ctxview_tag(i, c);
		*ret_up = c->up;
		return true;
	}
	g = golin_model_goroutine(a->model, i);
	if (!g)
		return false;
	*ret_tag = lineage_tag(g);
	*ret_up = g->up;
	return true;
}

/* Selects the nearest ancestor that has a row. */
static void select_ancestor(struct app *a, uint32_t i)
{
	struct treeview *t = app_tree(a);
	struct map64 up = {0};
	uint32_t best = UINT32_MAX, best_row = TREE_NO_ROW, dist = 0, at;
	uint64_t tag;

	for (; dist < LINEAGE_DEPTH_MAX && tag_and_up(a, i, &tag, &i);)
		map64_put(&up, tag, dist++);
	for (size_t r = 0; up.len && r < t->rows.len; r++) {
		if (map64_get(&up, t->rows.v[r].tag, &at) && at < best) {
			best = at;
			best_row = (uint32_t)r;
		}
	}
	map64_done(&up);
	if (best_row != TREE_NO_ROW)
		treeview_select(t, best_row);
}

static uint64_t *pin_of(struct app *a)
{
	return a->shown == SHOW_CONTEXTS ? &a->contexts.pin : &a->lineage.pin;
}

void app_rebuild(struct app *a)
{
	struct treeview *t = app_tree(a);
	uint64_t start = mono_now();
	uint32_t sel = t->sel;
	struct anchor was = anchor_of(a);
	bool tree = a->shown == SHOW_LINEAGE || a->shown == SHOW_CONTEXTS;
	uint64_t *pin = pin_of(a);

	if (tree && *pin != was.tag)
		*pin = 0;
	if (!lay_out(a) && was.tag && tree) {
		if (was.whole && !a->chosen) {
			/* Time alone must not take away what the user looks at. */
			*pin = was.tag;
			t->sel_tag = was.tag;
			t->sel = sel;
			lay_out(a);
		} else if (was.item != UINT32_MAX) {
			select_ancestor(a, was.item);
		}
	}
	a->stale = a->chosen = false;
	a->dirty = true;
	a->built_generation = golin_model_generation(a->model);
	a->built_at = a->now;
	a->build_cost = mono_now() - start;
}

/* ---- showing one thing ---- */

/* Selects what has that tag, laid out anew with it when it has no row. */
static void reveal(struct app *a, uint64_t tag, uint32_t up)
{
	struct treeview *t = app_tree(a);
	uint32_t row = treeview_find(t, tag);

	if (row == TREE_NO_ROW) {
		uint64_t above;

		for (int n = 0; n < LINEAGE_DEPTH_MAX && tag_and_up(a, up, &above, &up); n++)
			treeview_set_open(t, above, true);
		*pin_of(a) = tag;
		t->sel_tag = tag;
		app_rebuild(a);
		row = treeview_find(t, tag);
	}
	if (row != TREE_NO_ROW)
		treeview_select(t, row);
	a->detail.top = 0;
	a->dirty = true;
}

void app_go_to(struct app *a, golin_gidx i)
{
	const struct golin_goroutine *g = golin_model_goroutine(a->model, i);

	if (!g)
		return;
	app_show(a, SHOW_LINEAGE);
	reveal(a, lineage_tag(g), g->up);
}

void app_go_to_context(struct app *a, golin_cidx i)
{
	const struct golin_context *c = golin_model_context(a->model, i);

	if (!c)
		return;
	app_show(a, SHOW_CONTEXTS);
	reveal(a, ctxview_tag(i, c), c->up);
}

void app_go_to_finding(struct app *a, uint32_t i)
{
	uint32_t row;

	app_show(a, SHOW_FINDINGS);
	row = treeview_find(&a->find_tree, findings_tag(i));
	if (row != TREE_NO_ROW)
		treeview_select(&a->find_tree, row);
	a->detail.top = 0;
	a->dirty = true;
}

/* ---- whose states are worth asking for ---- */

static void ask(uint64_t *goids, int max, int *n, const struct golin_goroutine *g)
{
	if (*n < max && (g->flags & GOLIN_GF_ALIVE) && !(g->flags & GOLIN_GF_GHOST))
		goids[(*n)++] = g->goid;
}

/* What the detail pane counts by state: the members of a group, or the children. */
static void ask_below(const struct app *a, uint64_t *goids, int max, int *n)
{
	const struct tree_row *row = treeview_selected(&a->tree);
	const struct lineage_group *grp = row ? lineage_group(&a->lineage, row) : NULL;
	const struct golin_goroutine *g = row ? lineage_goroutine(&a->lineage, row) : NULL;
	golin_gidx i = grp ? grp->first : g ? g->first : GOLIN_GIDX_NONE;

	for (int k = 0; k < max && *n < max && (g = golin_model_goroutine(a->model, i)); k++) {
		ask(goids, max, n, g);
		if (grp)
			i = i < a->lineage.nmark ? a->lineage.like[i] : GOLIN_GIDX_NONE;
		else
			i = g->next;
	}
}

int app_visible(const struct app *a, uint64_t *goids, int max)
{
	const struct treeview *t = app_lines(a);
	int n = 0;

	if (a->shown == SHOW_PANICS)
		return app_visible_panics(a, goids, max);
	if (a->lineage.asof || a->log_open || a->mode == APP_HELP || app_popup(a) ||
	    a->shown == SHOW_FINDINGS)
		return 0;
	for (uint32_t i = t->top; i < t->top + t->height && i < t->rows.len; i++) {
		const struct tree_row *row = &t->rows.v[i];
		const struct golin_goroutine *g =
			a->shown == SHOW_LINEAGE
				? lineage_goroutine(&a->lineage, row)
				: golin_model_goroutine(a->model,
							ctxview_goroutine(&a->contexts, row));

		if (g)
			ask(goids, max, &n, g);
	}
	if (a->detail_open && a->shown == SHOW_LINEAGE)
		ask_below(a, goids, max, &n);
	return n;
}

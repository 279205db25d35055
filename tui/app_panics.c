// SPDX-License-Identifier: BSD-2-Clause
/* The panics among the views: showing one, and the ways from and to them. */
#include "app_impl.h"
#include <inttypes.h>

golin_pidx app_selected_pidx(const struct app *a)
{
	const struct tree_row *row = treeview_selected(&a->panic_tree);

	return row ? panview_panic(&a->panics, row) : GOLIN_PIDX_NONE;
}

static const struct golin_panic *selected(const struct app *a)
{
	return golin_model_panic(a->model, app_selected_pidx(a));
}

static golin_gidx goroutine_of(const struct app *a, const struct golin_panic *p)
{
	return golin_model_find_key(a->model, p->target, p->epoch, p->goid);
}

/* ---- showing one ---- */

/* So that it has a line: what it stands below is open. */
static void open_above(struct app *a, golin_pidx i)
{
	struct treeview *t = &a->panic_tree;
	const struct golin_panic *p = golin_model_panic(a->model, i);
	uint32_t max = golin_model_panic_max(a->model);

	if (a->panics.fold) {
		treeview_set_open(t, panview_site_tag(&a->panics, i), true);
		return;
	}
	for (uint32_t n = 0; n < max; n++) {
		p = golin_model_panic(a->model, p->up);
		if (!p)
			return;
		treeview_set_open(t, panview_node_tag(p), true);
	}
}

void app_go_to_panic(struct app *a, golin_pidx i)
{
	const struct golin_panic *p = golin_model_panic(a->model, i);
	struct treeview *t = &a->panic_tree;
	uint32_t row;

	if (!p)
		return;
	app_show(a, SHOW_PANICS);
	row = treeview_find(t, panview_tag(&a->panics, p));
	if (row == TREE_NO_ROW) {
		/* The filter may hide it; what began later than the moment shown does not.
		 */
		a->panics.pin = p->number;
		open_above(a, i);
		app_choose(a);
		row = treeview_find(t, panview_tag(&a->panics, p));
	}
	if (row != TREE_NO_ROW)
		treeview_select(t, row);
	a->detail.top = 0;
	a->dirty = true;
}

/* ---- from one to another ---- */

static void jump(struct app *a, golin_pidx i, const char *what)
{
	const struct golin_panic *p = golin_model_panic(a->model, i);

	app_remember(a);
	app_go_to_panic(a, i);
	app_say(a, "panic #%" PRIu64 " %s", p->number, what);
}

void app_panic_before(struct app *a)
{
	const struct tree_row *row = treeview_selected(&a->panic_tree);
	const struct golin_panic *p = selected(a);

	if (!row || row->kind == PANVIEW_SITE || !p) {
		app_say(a, "choose a panic: a site has many");
		return;
	}
	if (golin_model_panic(a->model, p->repanic_of))
		jump(a, p->repanic_of, "is repeated by this one");
	else if (golin_model_panic(a->model, p->nested_in))
		jump(a, p->nested_in, "ran the deferred call in which this one began");
	else if (golin_model_panic(a->model, p->up))
		jump(a, p->up, "began the trace of this one");
	else
		app_say(a, "a failure began with this panic, as far as known");
}

void app_panic_after(struct app *a)
{
	const struct golin_panic *p = selected(a);

	if (!p)
		return;
	if (golin_model_panic(a->model, p->replaced_by))
		jump(a, p->replaced_by, "replaced this one");
	else if (golin_model_panic(a->model, p->first))
		jump(a, p->first, "came of this one");
	else
		app_say(a, "no panic came of this one, as far as known");
}

/* ---- panics and goroutines ---- */

static void to_goroutine(struct app *a)
{
	const struct golin_panic *p = selected(a);
	golin_gidx g;

	if (!p)
		return;
	g = goroutine_of(a, p);
	if (!golin_model_goroutine(a->model, g)) {
		if (p->goid)
			app_say(a, "goroutine %" PRIu64 " has left the model", p->goid);
		else
			app_say(a, "it was no goroutine's");
		return;
	}
	app_remember(a);
	app_go_to(a, g);
}

/* The goroutine of the selected line of another view. */
static golin_gidx selected_goroutine(const struct app *a)
{
	const struct tree_row *row = treeview_selected(app_lines(a));
	const struct finding *f;
	const struct golin_context *c;
	golin_gidx g;

	if (!row)
		return GOLIN_GIDX_NONE;
	if (a->shown == SHOW_LINEAGE)
		return app_selected_gidx(a);
	if (a->shown == SHOW_FINDINGS) {
		f = findings_row(&a->findings, row);
		return f && f->f.goid ? golin_model_find(a->model, f->f.goid) : GOLIN_GIDX_NONE;
	}
	g = ctxview_goroutine(&a->contexts, row);
	c = golin_model_context(a->model, app_selected_cidx(a));
	if (g == GOLIN_GIDX_NONE && c)
		g = golin_model_find_key(a->model, c->target, c->epoch, c->goid);
	return g;
}

/* The panic that a finding is about; NONE: it is about none, or that has left the model. */
static golin_pidx panic_of_finding(const struct app *a)
{
	const struct finding *f =
		a->shown == SHOW_FINDINGS
			? findings_row(&a->findings, treeview_selected(&a->find_tree))
			: NULL;
	uint32_t max = golin_model_panic_max(a->model);
	char id[GOLIN_PANIC_ID_MAX];
	const char *want = NULL;

	for (uint32_t k = 0; f && k < f->f.nevidence && k < GOLIN_EVIDENCE_MAX; k++)
		if (f->f.evidence[k].name && !strcmp(f->f.evidence[k].name, "panic"))
			want = f->f.evidence[k].text;
	for (golin_pidx i = 0; want && i < max; i++) {
		const struct golin_panic *p = golin_model_panic(a->model, i);

		if (p && p->goid == f->f.goid && !strcmp(golin_panic_id(a->model, i, id), want))
			return i;
	}
	return GOLIN_PIDX_NONE;
}

bool app_visit_panic(struct app *a)
{
	golin_pidx i = panic_of_finding(a);

	if (i == GOLIN_PIDX_NONE)
		return false;
	jump(a, i, "is the first that was found so");
	return true;
}

void app_cross_panic(struct app *a)
{
	const struct golin_goroutine *g;
	golin_pidx i;

	if (a->shown == SHOW_PANICS) {
		to_goroutine(a);
		return;
	}
	if (app_visit_panic(a))
		return;
	g = golin_model_goroutine(a->model, selected_goroutine(a));
	if (!g) {
		app_say(a, "no goroutine is known here");
		return;
	}
	i = panview_of_goroutine(a->model, g, a->panics.asof);
	if (i == GOLIN_PIDX_NONE)
		app_say(a, "no panic is known of goroutine %" PRIu64 "%s", g->goid,
			a->groups & GOLIN_GROUP_PANICS ? "" : ": panics are not watched");
	else
		jump(a, i, "is the newest of that goroutine");
}

/* ---- other ways ---- */

void app_panic_contexts(struct app *a)
{
	const struct golin_panic *p = selected(a);
	golin_cidx c;

	if (!p)
		return;
	if (!golin_panic_contexts(a->model, app_selected_pidx(a), &c, 1) ||
	    !golin_model_context(a->model, c)) {
		app_say(a, "no context is known of goroutine %" PRIu64 "%s", p->goid,
			a->groups & GOLIN_GROUP_CONTEXTS ? "" : ": contexts are not watched");
		return;
	}
	app_remember(a);
	a->cross_goid = p->goid;
	a->cross_at = 0;
	app_go_to_context(a, c);
	app_say(a, "a context of goroutine %" PRIu64, p->goid);
}

bool app_follow_link(struct app *a)
{
	const struct detail_line *at = detail_cursor(&a->detail);
	const struct golin_goroutine *g;
	const struct golin_context *c;
	const struct golin_panic *p;

	if (!at)
		return false;
	g = golin_model_goroutine(a->model, at->item);
	c = golin_model_context(a->model, at->item);
	p = golin_model_panic(a->model, at->item);
	/* Its index may serve another since the line was made. */
	if (at->link == DETAIL_GOROUTINE && g && g->goid == at->id) {
		app_remember(a);
		app_go_to(a, at->item);
	} else if (at->link == DETAIL_CONTEXT && c && ctxview_tag(at->item, c) == at->id) {
		app_remember(a);
		app_go_to_context(a, at->item);
	} else if (at->link == DETAIL_PANIC && p && p->number == at->id) {
		app_remember(a);
		app_go_to_panic(a, at->item);
	} else {
		app_say(a, "it has left the model");
	}
	return true;
}

/* ---- whose states are worth asking for ---- */

static void ask(const struct app *a, uint64_t *goids, int max, int *n, golin_gidx i)
{
	const struct golin_goroutine *g = golin_model_goroutine(a->model, i);

	if (*n == max || !g || !(g->flags & GOLIN_GF_ALIVE) || g->flags & GOLIN_GF_GHOST)
		return;
	for (int k = 0; k < *n; k++)
		if (goids[k] == g->goid)
			return;
	goids[(*n)++] = g->goid;
}

int app_visible_panics(const struct app *a, uint64_t *goids, int max)
{
	const struct treeview *t = &a->panic_tree;
	const struct golin_panic *p = selected(a);
	golin_gidx i = p ? goroutine_of(a, p) : GOLIN_GIDX_NONE;
	const struct golin_goroutine *g;
	int n = 0;

	if (a->lineage.asof || a->log_open || a->mode == APP_HELP || app_popup(a))
		return 0;
	/* What the detail pane says of: the goroutine itself, and where those above
	 * it stand. */
	for (int k = 0; a->detail_open && k < GOLIN_POINTS_MAX; k++) {
		ask(a, goids, max, &n, i);
		g = golin_model_goroutine(a->model, i);
		i = g ? g->up : GOLIN_GIDX_NONE;
	}
	for (uint32_t k = t->top; k < t->top + t->height && k < t->rows.len; k++) {
		p = golin_model_panic(a->model, panview_panic(&a->panics, &t->rows.v[k]));
		if (p)
			ask(a, goids, max, &n, goroutine_of(a, p));
	}
	return n;
}

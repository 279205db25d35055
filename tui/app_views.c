// SPDX-License-Identifier: BSD-2-Clause
/* From one view to another: by number, along what belongs together, and back. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include "app_impl.h"

enum { CROSS_MAX = 256 };

void app_say(struct app *a, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(a->message, sizeof(a->message), fmt, ap);
	va_end(ap);
}

void app_show(struct app *a, enum app_shown what)
{
	a->log_open = false;
	if (a->shown == what)
		return;
	a->shown = what;
	a->detail_focus = false;
	a->detail.top = 0;
	app_arrange(a);
	app_rebuild(a);
}

/* ---- history ---- */

static uint32_t selected_item(const struct app *a)
{
	return a->shown == SHOW_LINEAGE	   ? app_selected_gidx(a)
	       : a->shown == SHOW_CONTEXTS ? app_selected_cidx(a)
	       : a->shown == SHOW_PANICS   ? app_selected_pidx(a)
					   : UINT32_MAX;
}

void app_remember(struct app *a)
{
	struct app_place *p;

	if (a->nhistory == APP_HISTORY) {
		memmove(a->history, a->history + 1, (APP_HISTORY - 1) * sizeof(*a->history));
		a->nhistory--;
	}
	p = &a->history[a->nhistory++];
	p->shown = a->shown;
	p->item = selected_item(a);
	p->tag = app_lines(a)->sel_tag;
}

void app_back(struct app *a)
{
	struct app_place p;
	uint32_t row;

	if (!a->nhistory) {
		app_say(a, "no jump to take back");
		return;
	}
	p = a->history[--a->nhistory];
	app_show(a, p.shown);
	row = treeview_find(app_lines(a), p.tag);
	if (row != TREE_NO_ROW)
		treeview_select(app_tree(a), row);
	else if (p.shown == SHOW_LINEAGE)
		app_go_to(a, p.item);
	else if (p.shown == SHOW_CONTEXTS)
		app_go_to_context(a, p.item);
	else if (p.shown == SHOW_PANICS)
		app_go_to_panic(a, p.item);
	a->detail.top = 0;
}

/* ---- from a goroutine to its contexts ---- */

static bool watches_contexts(const struct app *a)
{
	return a->groups & GOLIN_GROUP_CONTEXTS;
}

static const struct golin_goroutine *cross_goroutine(const struct app *a, golin_gidx *ret)
{
	*ret = golin_model_find(a->model, a->cross_goid);
	return golin_model_goroutine(a->model, *ret);
}

static void show_cross(struct app *a, const golin_cidx *list, uint32_t n)
{
	char key[16];

	app_go_to_context(a, list[a->cross_at]);
	if (n > 1)
		app_say(a, "context %u of %u of goroutine %" PRIu64 " (%s: the next of them)",
			a->cross_at + 1, n, a->cross_goid,
			keymap_key(KM_CONTEXTS, ACT_CROSS_NEXT, key, sizeof(key)));
	else
		app_say(a, "the context of goroutine %" PRIu64, a->cross_goid);
}

static uint32_t contexts_of(const struct app *a, golin_gidx g, golin_cidx *list)
{
	uint32_t n = golin_goroutine_contexts(a->model, g, list, CROSS_MAX);

	return n < CROSS_MAX ? n : CROSS_MAX;
}

static void to_contexts(struct app *a, golin_gidx gi)
{
	const struct golin_goroutine *g = golin_model_goroutine(a->model, gi);
	golin_cidx list[CROSS_MAX];
	uint32_t n;

	if (!g)
		return;
	n = contexts_of(a, gi, list);
	if (!n) {
		app_say(a, "no context is known of goroutine %" PRIu64 "%s", g->goid,
			watches_contexts(a) ? "" : ": contexts are not watched");
		return;
	}
	app_remember(a);
	a->cross_goid = g->goid;
	a->cross_at = 0;
	/* The newest that still matters. */
	for (uint32_t k = 0; k < n; k++) {
		if (!ctxview_ended(&a->contexts, list[k])) {
			a->cross_at = k;
			break;
		}
	}
	show_cross(a, list, n);
}

void app_cross_next(struct app *a)
{
	golin_cidx list[CROSS_MAX];
	golin_gidx gi = GOLIN_GIDX_NONE;
	uint32_t n = a->cross_goid && cross_goroutine(a, &gi) ? contexts_of(a, gi, list) : 0;

	if (!n) {
		app_say(a,
			"no goroutine's contexts to go through: go to them from the lineage first");
		return;
	}
	a->cross_at = (a->cross_at + 1) % n;
	show_cross(a, list, n);
}

/* ---- from a context to its goroutine ---- */

static golin_gidx worker_of(const struct app *a, golin_cidx i)
{
	struct golin_holder h;

	if (!golin_context_holders(a->model, i, &h, 1))
		return GOLIN_GIDX_NONE;
	return h.g;
}

static void to_goroutine(struct app *a)
{
	const struct tree_row *row = treeview_selected(&a->ctx_tree);
	const struct ctxview_group *grp = row ? ctxview_group(&a->contexts, row) : NULL;
	golin_gidx g = row ? ctxview_goroutine(&a->contexts, row) : GOLIN_GIDX_NONE;
	golin_cidx i = app_selected_cidx(a);
	const struct golin_context *c = golin_model_context(a->model, i);
	const char *what = "";

	if (grp && row->kind == CTXVIEW_HOLDERS)
		g = grp->g;
	if (g == GOLIN_GIDX_NONE && c) {
		what = "created this context";
		g = golin_model_find_key(a->model, c->target, c->epoch, c->goid);
		if (!golin_model_goroutine(a->model, g)) {
			what = "works under this context";
			g = worker_of(a, i);
		}
	}
	if (!golin_model_goroutine(a->model, g)) {
		if (c && c->goid)
			app_say(a, "goroutine %" PRIu64 ", which created it, has left the model",
				c->goid);
		else
			app_say(a, "no goroutine is known of this context");
		return;
	}
	app_remember(a);
	app_go_to(a, g);
	if (*what)
		app_say(a, "goroutine %" PRIu64 " %s", golin_model_goroutine(a->model, g)->goid,
			what);
}

/* ---- from a finding ---- */

static const struct finding *selected_finding(const struct app *a)
{
	return findings_row(&a->findings, treeview_selected(&a->find_tree));
}

static void finding_to_goroutine(struct app *a, const struct finding *f)
{
	golin_gidx g = f->f.goid ? golin_model_find(a->model, f->f.goid) : GOLIN_GIDX_NONE;

	if (!golin_model_goroutine(a->model, g)) {
		app_say(a, f->f.goid ? "its goroutine has left the model"
				     : "it is about no goroutine in particular");
		return;
	}
	app_remember(a);
	app_go_to(a, g);
}

void app_visit(struct app *a)
{
	const struct finding *f = selected_finding(a);
	golin_cidx i;

	if (!f || app_visit_panic(a))
		return;
	i = findings_context(&a->findings, f);
	if (i == GOLIN_CIDX_NONE) {
		finding_to_goroutine(a, f);
		return;
	}
	app_remember(a);
	if (f->f.goid && a->contexts.goroutines)
		treeview_set_open(&a->ctx_tree, ctxview_tag(i, golin_model_context(a->model, i)),
				  true);
	app_go_to_context(a, i);
	app_choose(a);
}

void app_cross(struct app *a)
{
	if (a->shown == SHOW_LINEAGE)
		to_contexts(a, app_selected_gidx(a));
	else if (a->shown == SHOW_CONTEXTS)
		to_goroutine(a);
	else if (a->shown == SHOW_PANICS)
		app_panic_contexts(a);
	else if (selected_finding(a))
		finding_to_goroutine(a, selected_finding(a));
}

/* ---- who cancelled this? ---- */

/* Of a goroutine's contexts: the newest that is cancelled, else the newest. */
static golin_cidx context_of_goroutine(const struct app *a, golin_gidx g)
{
	golin_cidx list[CROSS_MAX];
	uint32_t n = contexts_of(a, g, list);

	for (uint32_t k = 0; k < n; k++)
		if (ctxview_state(&a->contexts, list[k]).state == GOLIN_CS_CANCELLED)
			return list[k];
	return n ? list[0] : GOLIN_CIDX_NONE;
}

void app_ask_who(struct app *a)
{
	const struct finding *f = a->shown == SHOW_FINDINGS ? selected_finding(a) : NULL;
	golin_cidx i = f ? findings_context(&a->findings, f) : GOLIN_CIDX_NONE;

	if (a->shown == SHOW_CONTEXTS)
		i = app_selected_cidx(a);
	else if (a->shown == SHOW_LINEAGE)
		i = context_of_goroutine(a, app_selected_gidx(a));
	if (!golin_model_context(a->model, i)) {
		app_say(a, watches_contexts(a)
				   ? "no context is known here"
				   : "no context is known here: contexts are not watched");
		return;
	}
	a->who_of = i;
	a->who_tag = ctxview_tag(i, golin_model_context(a->model, i));
	a->who.top = 0;
	a->mode = APP_WHO;
}

/* The context that is asked about, if it still is that one. */
static golin_cidx who_of(const struct app *a)
{
	const struct golin_context *c = golin_model_context(a->model, a->who_of);

	return c && ctxview_tag(a->who_of, c) == a->who_tag ? a->who_of : GOLIN_CIDX_NONE;
}

void app_who_build(struct app *a)
{
	detail_build_who(&a->who, &a->contexts, who_of(a));
}

static const struct golin_context *who_origin(struct app *a, golin_cidx *ret)
{
	*ret = detail_who_origin(&a->contexts, who_of(a));
	if (*ret == GOLIN_CIDX_NONE)
		app_say(a, "nobody cancelled it, as far as known");
	return golin_model_context(a->model, *ret);
}

void app_who_origin(struct app *a)
{
	golin_cidx i;

	if (!who_origin(a, &i))
		return;
	a->mode = APP_NORMAL;
	app_remember(a);
	app_go_to_context(a, i);
}

void app_who_goroutine(struct app *a)
{
	golin_cidx i;
	const struct golin_context *o = who_origin(a, &i);
	golin_gidx g;

	if (!o)
		return;
	g = golin_model_find_key(a->model, o->target, o->epoch, o->cancel_goid);
	if (!o->cancel_goid || !golin_model_goroutine(a->model, g)) {
		app_say(a, o->cancel_goid ? "the goroutine that cancelled it has left the model"
					  : "no goroutine called cancel");
		return;
	}
	a->mode = APP_NORMAL;
	app_remember(a);
	app_go_to(a, g);
}

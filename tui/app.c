// SPDX-License-Identifier: BSD-2-Clause
#include "app.h"
#include <stdio.h>
#include <time.h>
#include "app_impl.h"
#include "model/filter.h"

enum { NS_PER_S = 1000000000 };

int app_init(struct app *a, const struct golin_model *model, const struct app_opts *opts,
	     struct golin_err *err)
{
	memset(a, 0, sizeof(*a));
	a->model = model;
	snprintf(a->title, sizeof(a->title), "%s", opts->title ? opts->title : "");
	a->live = opts->live;
	a->has_log = opts->has_log;
	a->mouse = opts->mouse;
	a->loading = !opts->live;
	a->lineage.model = model;
	a->lineage.fold = true;
	a->lineage.ended = opts->live ? ENDED_RECENT : ENDED_ALL;
	a->lineage.recent_ns = (uint64_t)APP_RECENT_S * NS_PER_S;
	a->stale = a->dirty = true;
	if (!logview_init(&a->log))
		return golin_err_set(err, -ENOMEM, "out of memory");
	if (opts->filter && opts->filter[0]) {
		int ret = golin_filter_parse(opts->filter, &a->filter, err);

		if (ret)
			return ret;
		snprintf(a->filter_text, sizeof(a->filter_text), "%s", opts->filter);
		a->lineage.filter = a->filter;
	}
	return 0;
}

void app_done(struct app *a)
{
	golin_filter_free(a->filter);
	lineage_done(&a->lineage);
	treeview_done(&a->tree);
	detail_done(&a->detail);
	logview_done(&a->log);
	search_done(&a->search);
}

void app_layout(const struct app *a, struct app_layout *ret)
{
	struct app_layout l = {.small = a->w < APP_MIN_W || a->h < APP_MIN_H};

	l.body_y = 2;
	l.body_h = a->h - 4;
	l.tree_w = a->w;
	l.tree_h = l.body_h - 1;
	if (a->detail_open && a->w >= APP_WIDE) {
		l.beside = true;
		l.detail_w = a->w * 2 / 5;
		l.detail_x = a->w - l.detail_w;
		l.detail_y = l.body_y;
		l.detail_h = l.body_h;
		l.tree_w = l.detail_x - 1;
	} else if (a->detail_open) {
		l.detail_w = a->w;
		l.detail_h = l.body_h / 2 > 18 ? 18 : l.body_h / 2;
		l.detail_y = l.body_y + l.body_h - l.detail_h;
		l.tree_h = l.body_h - l.detail_h - 1;
	}
	if (l.tree_h < 0)
		l.tree_h = 0;
	*ret = l;
}

void app_arrange(struct app *a)
{
	struct app_layout l;

	app_layout(a, &l);
	treeview_set_height(&a->tree, (uint32_t)l.tree_h);
	a->detail.height = l.detail_h > 1 ? (uint32_t)l.detail_h - 1 : 0;
	a->log.height = l.body_h > 0 ? (uint32_t)l.body_h : 0;
	logview_scroll(&a->log, 0);
	a->dirty = true;
}

void app_resize(struct app *a, int w, int h)
{
	a->w = w;
	a->h = h;
	app_arrange(a);
}

enum keymap_view app_view(const struct app *a)
{
	if (a->mode == APP_HELP)
		return KM_HELP;
	if (a->log_open)
		return KM_LOG;
	return a->detail_open && a->detail_focus ? KM_DETAIL : KM_LINEAGE;
}

const char *app_state(const struct app *a)
{
	if (a->lineage.asof)
		return "PAUSED";
	if (!a->live)
		return "REPLAY";
	return a->source_ended ? "ENDED" : "LIVE";
}

/* ---- rows ---- */

static uint64_t mono_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * NS_PER_S + (uint64_t)ts.tv_nsec;
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

static bool lay_out(struct app *a)
{
	struct tree_source src = lineage_source(&a->lineage);
	bool ok = lineage_prepare(&a->lineage), found;

	if (!ok)
		return true;
	found = treeview_rebuild(&a->tree, &src, &ok);
	if (!ok)
		snprintf(a->message, sizeof(a->message), "out of memory: the tree is not current");
	return found;
}

/* Selects the nearest ancestor that has a row. */
static void select_ancestor(struct app *a, golin_gidx i)
{
	struct map64 up = {0};
	uint32_t best = UINT32_MAX, best_row = TREE_NO_ROW, dist = 0, at;
	const struct golin_goroutine *g;

	for (; dist < LINEAGE_DEPTH_MAX && (g = golin_model_goroutine(a->model, i)); i = g->up)
		map64_put(&up, lineage_tag(g), dist++);
	for (size_t r = 0; up.len && r < a->tree.rows.len; r++) {
		if (map64_get(&up, a->tree.rows.v[r].tag, &at) && at < best) {
			best = at;
			best_row = (uint32_t)r;
		}
	}
	map64_done(&up);
	if (best_row != TREE_NO_ROW)
		treeview_select(&a->tree, best_row);
}

void app_rebuild(struct app *a)
{
	struct treeview *t = &a->tree;
	uint64_t tag = t->sel_tag, start = mono_now();
	uint32_t sel = t->sel;
	golin_gidx was = app_selected_gidx(a);
	const struct golin_goroutine *g = golin_model_goroutine(a->model, was);

	if (g && lineage_tag(g) != tag)
		g = NULL; /* a group, or one that has left the model */
	if (a->lineage.pin != tag)
		a->lineage.pin = 0;
	if (!lay_out(a) && tag) {
		if (g && !a->chosen) {
			/* Time alone must not take away what the user looks at. */
			a->lineage.pin = tag;
			t->sel_tag = tag;
			t->sel = sel;
			lay_out(a);
		} else if (was != GOLIN_GIDX_NONE) {
			select_ancestor(a, was);
		}
	}
	a->stale = a->chosen = false;
	a->dirty = true;
	a->built_generation = golin_model_generation(a->model);
	a->built_at = a->now;
	a->build_cost = mono_now() - start;
}

/* The user changed what is shown. */
void app_choose(struct app *a)
{
	a->stale = a->chosen = true;
	app_rebuild(a);
}

bool app_update(struct app *a)
{
	uint64_t wait = (uint64_t)APP_FRAME_MS * 1000000;
	bool due;

	/* A layout of very many rows may take a tenth of the time at most. */
	if (a->build_cost * 10 > wait)
		wait = a->build_cost * 10;
	due = !a->lineage.asof && a->now >= a->built_at + wait &&
	      (golin_model_generation(a->model) != a->built_generation ||
	       (a->lineage.next_expiry && a->lineage.next_expiry <= a->lineage.now));
	if (a->stale || due)
		app_rebuild(a);
	return a->dirty;
}

/* Shows a goroutine, wherever it is folded away, and selects it. */
void app_go_to(struct app *a, golin_gidx i)
{
	const struct golin_goroutine *g = golin_model_goroutine(a->model, i), *up;
	uint64_t tag;
	uint32_t row;

	if (!g)
		return;
	tag = lineage_tag(g);
	row = treeview_find(&a->tree, tag);
	if (row == TREE_NO_ROW) {
		golin_gidx p = g->up;

		for (int n = 0; n < LINEAGE_DEPTH_MAX && (up = golin_model_goroutine(a->model, p));
		     n++, p = up->up)
			treeview_set_open(&a->tree, lineage_tag(up), true);
		a->lineage.pin = tag;
		a->tree.sel_tag = tag;
		app_rebuild(a);
		row = treeview_find(&a->tree, tag);
	}
	if (row != TREE_NO_ROW)
		treeview_select(&a->tree, row);
	a->detail.top = 0;
}

/* ---- time ---- */

uint64_t app_present(const struct app *a)
{
	uint64_t newest = golin_model_now(a->model);

	/* A recording's clock stands at its end, and so does that of a target that has ended. */
	if (!a->live || a->source_ended)
		return newest;
	return a->now > newest ? a->now : newest;
}

static uint64_t events(const struct app *a)
{
	struct golin_model_counts c;

	golin_model_counts(a->model, &c);
	return c.events;
}

void app_hold(struct app *a, uint64_t at)
{
	if (!a->lineage.asof)
		a->held_events = events(a);
	a->lineage.asof = at;
	app_choose(a);
}

void app_release(struct app *a)
{
	a->lineage.asof = 0;
	a->lineage.now = app_present(a);
	app_choose(a);
}

void app_step_event(struct app *a, bool back)
{
	uint64_t at = lineage_moment(&a->lineage), to;

	if (!back && !a->lineage.asof)
		return;
	/* What a moment shows includes what happened in it: back means just before it. */
	to = lineage_event_time(&a->lineage, back ? at + 1 : at, back);
	if (back && to)
		app_hold(a, to - 1 ? to - 1 : 1);
	else if (to)
		app_hold(a, to);
	else
		snprintf(a->message, sizeof(a->message),
			 back ? "no event before that" : "no event after that");
}

void app_step_second(struct app *a, bool back)
{
	uint64_t at = lineage_moment(&a->lineage);

	if (back)
		app_hold(a, at > NS_PER_S ? at - NS_PER_S : 1);
	else if (a->lineage.asof && at + NS_PER_S >= app_present(a))
		app_release(a);
	else if (a->lineage.asof)
		app_hold(a, at + NS_PER_S);
}

static void update_rates(struct app *a, const struct golin_source_stats *st)
{
	uint64_t n = events(a), dt = a->now - a->rate_at;

	if (!a->rate_at) {
		a->rate_at = a->now;
		a->rate_events = n;
		a->rate_cost = st->cost_ns;
		return;
	}
	if (dt < NS_PER_S)
		return;
	a->rate = (double)(n - a->rate_events) * 1e9 / (double)dt;
	a->cost = (double)(st->cost_ns - a->rate_cost) / (double)dt;
	a->rate_at = a->now;
	a->rate_events = n;
	a->rate_cost = st->cost_ns;
	a->dirty = true; /* ages and rates, once a second */
}

void app_tick(struct app *a, uint64_t now, const struct golin_source_stats *st, bool source_ended)
{
	a->now = now;
	if (source_ended && !a->source_ended) {
		a->loading = false;
		a->stale = true;
	}
	a->source_ended = source_ended;
	a->stats = *st;
	a->lineage.now = app_present(a);
	/* An ended source changes no more, and a held view shows no ages that go on. */
	if (!source_ended || a->rate > 0)
		update_rates(a, st);
}

void app_log(struct app *a, const char *data, size_t len)
{
	if (len)
		logview_feed(&a->log, data, len);
	else
		logview_close(&a->log);
	if (a->log_open)
		a->dirty = true;
}

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
	const struct treeview *t = &a->tree;
	int n = 0;

	if (a->lineage.asof || a->log_open || a->mode == APP_HELP)
		return 0;
	for (uint32_t i = t->top; i < t->top + t->height && i < t->rows.len; i++) {
		const struct golin_goroutine *g = lineage_goroutine(&a->lineage, &t->rows.v[i]);

		if (g)
			ask(goids, max, &n, g);
	}
	if (a->detail_open)
		ask_below(a, goids, max, &n);
	return n;
}

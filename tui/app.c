// SPDX-License-Identifier: BSD-2-Clause
#include "app.h"
#include <stdio.h>
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
	a->contexts.model = a->findings.model = a->panics.model = model;
	a->lineage.panics = &a->marks;
	a->panics.fold = a->panic_tree.newest_first = true;
	a->contexts.findings = &a->findings;
	a->contexts.fold = a->contexts.goroutines = true;
	a->contexts.ended = a->lineage.ended;
	a->contexts.recent_ns = a->lineage.recent_ns;
	a->finding_open = true;
	a->who_of = GOLIN_CIDX_NONE;
	a->stale = a->dirty = true;
	if (!logview_init(&a->log))
		return golin_err_set(err, -ENOMEM, "out of memory");
	if (opts->filter && opts->filter[0]) {
		int ret = golin_filter_parse(opts->filter, &a->filter, err);

		if (ret)
			return ret;
		snprintf(a->filter_text, sizeof(a->filter_text), "%s", opts->filter);
		app_set_filter(a, a->filter);
	}
	return 0;
}

void app_done(struct app *a)
{
	golin_filter_free(a->filter);
	lineage_done(&a->lineage);
	treeview_done(&a->tree);
	ctxview_done(&a->contexts);
	treeview_done(&a->ctx_tree);
	panview_done(&a->panics);
	treeview_done(&a->panic_tree);
	panic_marks_done(&a->marks);
	findings_done(&a->findings);
	treeview_done(&a->find_tree);
	detail_done(&a->detail);
	detail_done(&a->who);
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
	if (app_pane_open(a) && a->w >= APP_WIDE) {
		l.beside = true;
		l.detail_w = a->w * 2 / 5;
		l.detail_x = a->w - l.detail_w;
		l.detail_y = l.body_y;
		l.detail_h = l.body_h;
		l.tree_w = l.detail_x - 1;
	} else if (app_pane_open(a)) {
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
	treeview_set_height(&a->ctx_tree, (uint32_t)l.tree_h);
	treeview_set_height(&a->panic_tree, (uint32_t)l.tree_h);
	treeview_set_height(&a->find_tree, (uint32_t)l.tree_h);
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
	static const enum keymap_view views[SHOW_MAX] = {
		[SHOW_LINEAGE] = KM_LINEAGE,
		[SHOW_CONTEXTS] = KM_CONTEXTS,
		[SHOW_PANICS] = KM_PANICS,
		[SHOW_FINDINGS] = KM_FINDINGS,
	};

	if (a->mode == APP_HELP)
		return KM_HELP;
	if (a->mode == APP_WHO)
		return KM_WHO;
	if (a->mode == APP_CODE)
		return KM_CODE;
	if (a->log_open)
		return KM_LOG;
	return app_pane_open(a) && a->detail_focus ? KM_DETAIL : views[a->shown];
}

bool app_pane_open(const struct app *a)
{
	return a->shown == SHOW_FINDINGS ? a->finding_open : a->detail_open;
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

/* The user changed what is shown. */
void app_choose(struct app *a)
{
	a->stale = a->chosen = true;
	app_rebuild(a);
}

static uint64_t next_expiry(const struct app *a)
{
	return a->shown == SHOW_LINEAGE	   ? a->lineage.next_expiry
	       : a->shown == SHOW_CONTEXTS ? a->contexts.next_expiry
					   : 0;
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
	       (next_expiry(a) && next_expiry(a) <= a->lineage.now));
	if (a->stale || due)
		app_rebuild(a);
	return a->dirty;
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
	a->lineage.asof = a->contexts.asof = a->panics.asof = a->findings.asof = at;
	app_choose(a);
}

void app_release(struct app *a)
{
	a->lineage.asof = a->contexts.asof = a->panics.asof = a->findings.asof = 0;
	a->lineage.now = a->contexts.now = a->panics.now = app_present(a);
	app_choose(a);
}

void app_step_event(struct app *a, bool back)
{
	uint64_t at = lineage_moment(&a->lineage), to;

	if (!back && !a->lineage.asof)
		return;
	/* What a moment shows includes what happened in it: back means just before it. */
	if (a->shown == SHOW_CONTEXTS)
		to = ctxview_event_time(&a->contexts, back ? at + 1 : at, back);
	else if (a->shown == SHOW_PANICS)
		to = panview_event_time(&a->panics, back ? at + 1 : at, back);
	else
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
	a->lineage.now = a->contexts.now = a->panics.now = app_present(a);
	if (a->rules && findings_load(&a->findings, a->rules)) {
		a->dirty = true; /* how many there are stands in the title */
		if (a->shown != SHOW_LINEAGE && !a->lineage.asof)
			a->stale = true;
	}
	/* An ended source changes no more, and a held view shows no ages that go on. */
	if (!source_ended || a->rate > 0)
		update_rates(a, st);
}

void app_record(struct app *a, const struct golin_rec *rec)
{
	if (!a->since && rec->ts)
		a->since = rec->ts;
	if (rec->type == GOLIN_REC_SETTINGS)
		a->groups |= ((const struct golin_rec_settings *)rec)->groups;
}

void app_set_filter(struct app *a, struct golin_filter *f)
{
	a->filter = f;
	a->lineage.filter = a->contexts.filter = a->panics.filter = a->findings.filter = f;
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

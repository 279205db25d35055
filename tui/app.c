// SPDX-License-Identifier: BSD-2-Clause
#include "app.h"
#include <stdio.h>
#include <time.h>
#include "model/filter.h"

enum { NS_PER_S = 1000000000, WHEEL_LINES = 3 };

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

static void arrange(struct app *a)
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
	arrange(a);
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

static golin_gidx selected_gidx(const struct app *a)
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

static void rebuild(struct app *a)
{
	struct treeview *t = &a->tree;
	uint64_t tag = t->sel_tag, start = mono_now();
	uint32_t sel = t->sel;
	golin_gidx was = selected_gidx(a);
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
static void choose(struct app *a)
{
	a->stale = a->chosen = true;
	rebuild(a);
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
		rebuild(a);
	return a->dirty;
}

/* Shows a goroutine, wherever it is folded away, and selects it. */
static void go_to(struct app *a, golin_gidx i)
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
		rebuild(a);
		row = treeview_find(&a->tree, tag);
	}
	if (row != TREE_NO_ROW)
		treeview_select(&a->tree, row);
	a->detail.top = 0;
}

/* ---- time ---- */

static uint64_t present(const struct app *a)
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

static void hold(struct app *a, uint64_t at)
{
	if (!a->lineage.asof)
		a->held_events = events(a);
	a->lineage.asof = at;
	choose(a);
}

static void release(struct app *a)
{
	a->lineage.asof = 0;
	a->lineage.now = present(a);
	choose(a);
}

static void step_event(struct app *a, bool back)
{
	uint64_t at = lineage_moment(&a->lineage), to;

	if (!back && !a->lineage.asof)
		return;
	/* What a moment shows includes what happened in it: back means just before it. */
	to = lineage_event_time(&a->lineage, back ? at + 1 : at, back);
	if (back && to)
		hold(a, to - 1 ? to - 1 : 1);
	else if (to)
		hold(a, to);
	else
		snprintf(a->message, sizeof(a->message),
			 back ? "no event before that" : "no event after that");
}

static void step_second(struct app *a, bool back)
{
	uint64_t at = lineage_moment(&a->lineage);

	if (back)
		hold(a, at > NS_PER_S ? at - NS_PER_S : 1);
	else if (a->lineage.asof && at + NS_PER_S >= present(a))
		release(a);
	else if (a->lineage.asof)
		hold(a, at + NS_PER_S);
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
	a->lineage.now = present(a);
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

/* ---- prompts ---- */

static void search_again(struct app *a, bool backwards, bool with_selected)
{
	golin_gidx found;

	if (!search_active(&a->search)) {
		snprintf(a->message, sizeof(a->message), "nothing to search for: type / first");
		return;
	}
	found = lineage_search(&a->lineage, &a->search, selected_gidx(a), backwards, with_selected);
	if (found == GOLIN_GIDX_NONE)
		snprintf(a->message, sizeof(a->message), "not found: %s", a->search.needle);
	else
		go_to(a, found);
}

static void search_log(struct app *a, bool backwards)
{
	uint32_t n = logview_count(&a->log), i = a->log.top;
	char buf[LOG_LINE_BYTES];

	for (uint32_t k = 0; search_active(&a->search) && k < n; k++) {
		i = backwards ? (i + n - 1) % n : (i + 1) % n;
		if (search_in(&a->search, logview_line(&a->log, i, buf, sizeof(buf)))) {
			logview_scroll(&a->log, (int64_t)i - a->log.top);
			return;
		}
	}
	snprintf(a->message, sizeof(a->message), "not found: %s", a->search.needle);
}

static void select_tag(struct app *a, uint64_t tag)
{
	uint32_t row = treeview_find(&a->tree, tag);

	if (row != TREE_NO_ROW)
		treeview_select(&a->tree, row);
}

static void search_key(struct app *a, int key)
{
	if (key == UI_KEY_ESC || key == UI_CTRL('c')) {
		search_set(&a->search, "");
		a->mode = APP_NORMAL;
		if (!a->log_open)
			select_tag(a, a->search_from);
		return;
	}
	if (key == UI_KEY_ENTER) {
		a->mode = APP_NORMAL;
		if (a->log_open)
			search_log(a, false);
		return;
	}
	if (!edit_key(&a->edit, key))
		return;
	search_set(&a->search, a->edit.text);
	if (a->log_open)
		return;
	select_tag(a, a->search_from);
	if (search_active(&a->search))
		search_again(a, false, true);
}

static void filter_key(struct app *a, int key)
{
	struct golin_filter *f = NULL;
	struct golin_err err = {0};

	if (key == UI_KEY_ESC || key == UI_CTRL('c')) {
		a->mode = APP_NORMAL;
		return;
	}
	if (key != UI_KEY_ENTER) {
		/* While it is typed an unfinished expression is no error to show. */
		if (edit_key(&a->edit, key))
			memset(&a->filter_err, 0, sizeof(a->filter_err));
		return;
	}
	if (a->edit.text[strspn(a->edit.text, " ")] && golin_filter_parse(a->edit.text, &f, &err)) {
		a->filter_err = err;
		return;
	}
	golin_filter_free(a->filter);
	a->filter = f;
	a->lineage.filter = f;
	snprintf(a->filter_text, sizeof(a->filter_text), "%s", f ? a->edit.text : "");
	a->mode = APP_NORMAL;
	choose(a);
}

static void prompt(struct app *a, enum app_mode mode)
{
	a->mode = mode;
	memset(&a->filter_err, 0, sizeof(a->filter_err));
	edit_set(&a->edit, mode == APP_FILTER ? a->filter_text : "");
	if (mode == APP_SEARCH)
		a->search_from = a->tree.sel_tag;
}

/* ---- actions ---- */

static void move(struct app *a, int64_t by)
{
	switch (app_view(a)) {
	case KM_HELP:
		a->help_top = (int64_t)a->help_top + by < 0 ? 0 : (uint32_t)(a->help_top + by);
		return; /* drawing bounds it */
	case KM_LOG:
		logview_scroll(&a->log, by);
		return;
	case KM_DETAIL:
		detail_scroll(&a->detail, by);
		return;
	default:
		treeview_move(&a->tree, by);
		a->detail.top = 0;
	}
}

static int64_t page(const struct app *a)
{
	struct app_layout l;

	app_layout(a, &l);
	switch (app_view(a)) {
	case KM_HELP:
	case KM_LOG:
		return l.body_h > 1 ? l.body_h - 1 : 1;
	case KM_DETAIL:
		return l.detail_h > 2 ? l.detail_h - 2 : 1;
	default:
		return l.tree_h > 1 ? l.tree_h - 1 : 1;
	}
}

static void open_row(struct app *a, bool step_in)
{
	struct tree_source src = lineage_source(&a->lineage);
	const struct tree_row *row = treeview_selected(&a->tree);

	if (!row || !(row->flags & TREE_EXPANDABLE))
		return;
	if (!(row->flags & TREE_OPEN))
		treeview_open(&a->tree, &src, a->tree.sel);
	else if (step_in)
		treeview_move(&a->tree, 1);
}

static void close_row(struct app *a, bool step_out)
{
	const struct tree_row *row = treeview_selected(&a->tree);

	if (!row)
		return;
	if (row->flags & TREE_OPEN)
		treeview_close(&a->tree, a->tree.sel);
	else if (step_out && row->parent != TREE_NO_ROW)
		treeview_select(&a->tree, row->parent);
}

static void to_parent(struct app *a)
{
	const struct tree_row *row = treeview_selected(&a->tree);
	const struct golin_goroutine *g = row ? lineage_goroutine(&a->lineage, row) : NULL;

	if (!row)
		return;
	if (g && golin_model_goroutine(a->model, g->up))
		go_to(a, g->up);
	else if (row->parent != TREE_NO_ROW)
		treeview_select(&a->tree, row->parent);
	else
		snprintf(a->message, sizeof(a->message),
			 "nothing started this one, as far as known");
}

static void open_below(struct app *a)
{
	struct tree_source src = lineage_source(&a->lineage);

	if (!treeview_open_below(&a->tree, &src, a->tree.sel))
		snprintf(a->message, sizeof(a->message), "out of memory");
	a->stale = true;
	rebuild(a);
}

static void cycle_ended(struct app *a)
{
	static const char *const said[ENDED_MAX] = {
		[ENDED_RECENT] = "ended goroutines: those of the last 10 seconds",
		[ENDED_ALL] = "ended goroutines: all that are still known",
		[ENDED_NONE] = "ended goroutines: hidden",
	};

	a->lineage.ended = (a->lineage.ended + 1) % ENDED_MAX;
	snprintf(a->message, sizeof(a->message), "%s", said[a->lineage.ended]);
	choose(a);
}

/* Closes what lies on top; false when there is nothing to close. */
static bool close_top(struct app *a)
{
	if (a->mode != APP_NORMAL)
		a->mode = APP_NORMAL;
	else if (a->log_open)
		a->log_open = false;
	else if (a->detail_open)
		a->detail_open = a->detail_focus = false;
	else
		return false;
	arrange(a);
	return true;
}

static void act(struct app *a, enum action action)
{
	switch (action) {
	case ACT_UP:
		move(a, -1);
		break;
	case ACT_DOWN:
		move(a, 1);
		break;
	case ACT_PAGE_UP:
		move(a, -page(a));
		break;
	case ACT_PAGE_DOWN:
		move(a, page(a));
		break;
	case ACT_FIRST:
		move(a, -(1ll << 32));
		break;
	case ACT_LAST:
		move(a, app_view(a) == KM_HELP ? 1000 : 1ll << 32);
		break;
	case ACT_PARENT:
		to_parent(a);
		break;
	case ACT_FOLLOW:
		if (a->log_open) {
			a->log.tail = !a->log.tail;
			logview_scroll(&a->log, 0);
		} else {
			a->tree.follow = !a->tree.follow;
			if (a->tree.follow)
				treeview_select(&a->tree, a->tree.sel);
		}
		break;
	case ACT_EXPAND:
		open_row(a, true);
		break;
	case ACT_COLLAPSE:
		close_row(a, true);
		break;
	case ACT_TOGGLE:
		if (treeview_selected(&a->tree) && (treeview_selected(&a->tree)->flags & TREE_OPEN))
			close_row(a, false);
		else
			open_row(a, false);
		break;
	case ACT_EXPAND_SUBTREE:
		open_below(a);
		break;
	case ACT_COLLAPSE_ALL:
	case ACT_EXPAND_ALL:
		treeview_set_all(&a->tree,
				 action == ACT_EXPAND_ALL ? TREE_ALL_OPEN : TREE_ALL_CLOSED);
		choose(a);
		break;
	case ACT_FOLD:
		a->lineage.fold = !a->lineage.fold;
		choose(a);
		break;
	case ACT_DETAIL:
		a->detail_open = !a->detail_open;
		a->detail_focus = false;
		a->detail.top = 0;
		arrange(a);
		break;
	case ACT_FOCUS:
		if (a->detail_open)
			a->detail_focus = !a->detail_focus;
		break;
	case ACT_SYSTEM:
		a->lineage.system = !a->lineage.system;
		choose(a);
		break;
	case ACT_ENDED:
		cycle_ended(a);
		break;
	case ACT_LOG:
		if (a->has_log)
			a->log_open = !a->log_open;
		else
			snprintf(a->message, sizeof(a->message),
				 "no output to show: golin did not start this program");
		break;
	case ACT_SEARCH:
		prompt(a, APP_SEARCH);
		break;
	case ACT_FILTER:
		prompt(a, APP_FILTER);
		break;
	case ACT_NEXT:
	case ACT_PREV:
		if (a->log_open)
			search_log(a, action == ACT_PREV);
		else
			search_again(a, action == ACT_PREV, false);
		break;
	case ACT_ESCAPE:
		if (!close_top(a))
			search_set(&a->search, "");
		break;
	case ACT_PAUSE:
		if (a->lineage.asof)
			release(a);
		else
			hold(a, present(a));
		break;
	case ACT_EVENT_BACK:
	case ACT_EVENT_FORWARD:
		step_event(a, action == ACT_EVENT_BACK);
		break;
	case ACT_SECOND_BACK:
	case ACT_SECOND_FORWARD:
		step_second(a, action == ACT_SECOND_BACK);
		break;
	case ACT_NOW:
		if (a->lineage.asof)
			release(a);
		break;
	case ACT_HELP:
		a->mode = a->mode == APP_HELP ? APP_NORMAL : APP_HELP;
		a->help_top = 0;
		break;
	case ACT_MOUSE:
		a->mouse = !a->mouse;
		snprintf(a->message, sizeof(a->message), "mouse %s", a->mouse ? "on" : "off");
		break;
	case ACT_REDRAW:
		a->redraw = true;
		break;
	case ACT_SUSPEND:
		a->suspend = true;
		break;
	case ACT_QUIT:
		if (!close_top(a))
			a->quit = true;
		break;
	case ACT_QUIT_NOW:
		a->quit = true;
		break;
	case ACT_NONE:
	case ACT_MAX:
		break;
	}
}

void app_key(struct app *a, int key)
{
	a->message[0] = 0;
	a->dirty = true;
	/* What works in every mode, also while something is typed. */
	if (key == UI_CTRL('l') || key == UI_CTRL('z'))
		act(a, keymap_lookup(KM_COMMON, key));
	else if (a->mode == APP_SEARCH)
		search_key(a, key);
	else if (a->mode == APP_FILTER)
		filter_key(a, key);
	else
		act(a, keymap_lookup(app_view(a), key));
}

void app_mouse(struct app *a, enum app_mouse what, int y, int x)
{
	int by = what == APP_WHEEL_UP ? -WHEEL_LINES : WHEEL_LINES;
	struct app_layout l;
	uint32_t row;

	app_layout(a, &l);
	if (l.small || !a->mouse || a->mode == APP_SEARCH || a->mode == APP_FILTER)
		return;
	a->dirty = true;
	if (a->mode == APP_HELP || a->log_open) {
		if (what != APP_CLICK)
			move(a, by);
		return;
	}
	if (l.detail_h && y >= l.detail_y && y < l.detail_y + l.detail_h && x >= l.detail_x) {
		a->detail_focus = true;
		if (what != APP_CLICK)
			detail_scroll(&a->detail, by);
		return;
	}
	if (what != APP_CLICK) {
		treeview_scroll(&a->tree, by);
		return;
	}
	row = a->tree.top + (uint32_t)(y - l.body_y - 1);
	if (y <= l.body_y || y > l.body_y + l.tree_h || row >= a->tree.rows.len)
		return;
	a->detail_focus = false;
	if (row == a->tree.sel)
		act(a, ACT_TOGGLE);
	else
		treeview_select(&a->tree, row);
	a->detail.top = 0;
}

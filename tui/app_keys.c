// SPDX-License-Identifier: BSD-2-Clause
/* What each action does, and which keys and clicks lead to it. */
#include <stdio.h>
#include "app_impl.h"

enum { WHEEL_LINES = 3 };

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
		if (by == 1 || by == -1)
			detail_step(&a->detail, (int)by);
		else
			detail_scroll(&a->detail, by);
		return;
	case KM_WHO:
	case KM_CODE:
		detail_scroll(&a->who, by);
		return;
	default:
		treeview_move(app_tree(a), by);
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
	case KM_WHO:
	case KM_CODE:
		return l.body_h > 1 ? l.body_h - 1 : 1;
	case KM_DETAIL:
		return l.detail_h > 2 ? l.detail_h - 2 : 1;
	default:
		return l.tree_h > 1 ? l.tree_h - 1 : 1;
	}
}

static void open_row(struct app *a, bool step_in)
{
	struct tree_source src = app_source(a);
	struct treeview *t = app_tree(a);
	const struct tree_row *row = treeview_selected(t);

	if (!row || !(row->flags & TREE_EXPANDABLE))
		return;
	if (!(row->flags & TREE_OPEN))
		treeview_open(t, &src, t->sel);
	else if (step_in)
		treeview_move(t, 1);
}

static void close_row(struct app *a, bool step_out)
{
	struct treeview *t = app_tree(a);
	const struct tree_row *row = treeview_selected(t);

	if (!row)
		return;
	if (row->flags & TREE_OPEN)
		treeview_close(t, t->sel);
	else if (step_out && row->parent != TREE_NO_ROW)
		treeview_select(t, row->parent);
}

static void toggle_row(struct app *a)
{
	const struct tree_row *row = treeview_selected(app_tree(a));

	if (row && (row->flags & TREE_OPEN))
		close_row(a, false);
	else
		open_row(a, false);
}

static void to_context_above(struct app *a)
{
	const struct tree_row *row = treeview_selected(&a->ctx_tree);
	const struct golin_context *c;

	if (!row)
		return;
	c = golin_model_context(a->model, ctxview_context(&a->contexts, row));
	if (c && golin_model_context(a->model, c->up))
		app_go_to_context(a, c->up);
	else if (row->parent != TREE_NO_ROW)
		treeview_select(&a->ctx_tree, row->parent);
	else
		snprintf(a->message, sizeof(a->message),
			 "nothing is above this one, as far as known");
}

static void to_parent(struct app *a)
{
	const struct tree_row *row = treeview_selected(&a->tree);
	const struct golin_goroutine *g = row ? lineage_goroutine(&a->lineage, row) : NULL;

	if (!row)
		return;
	if (g && golin_model_goroutine(a->model, g->up))
		app_go_to(a, g->up);
	else if (row->parent != TREE_NO_ROW)
		treeview_select(&a->tree, row->parent);
	else
		snprintf(a->message, sizeof(a->message),
			 "nothing started this one, as far as known");
}

static void open_below(struct app *a)
{
	struct tree_source src = app_source(a);
	struct treeview *t = app_tree(a);

	if (!treeview_open_below(t, &src, t->sel))
		snprintf(a->message, sizeof(a->message), "out of memory");
	a->stale = true;
	app_rebuild(a);
}

static void cycle_ended(struct app *a)
{
	static const char *const said[ENDED_MAX] = {
		[ENDED_RECENT] = "those of the last 10 seconds",
		[ENDED_ALL] = "all that are still known",
		[ENDED_NONE] = "hidden",
	};

	if (a->shown == SHOW_PANICS) {
		app_say(a, "panics stay until the model is full; f filters them");
		return;
	}
	a->lineage.ended = (a->lineage.ended + 1) % ENDED_MAX;
	a->contexts.ended = a->lineage.ended;
	snprintf(a->message, sizeof(a->message), "ended %s: %s",
		 a->shown == SHOW_CONTEXTS ? "contexts" : "goroutines", said[a->lineage.ended]);
	app_choose(a);
}

static void set_all(struct app *a, enum tree_default def)
{
	treeview_set_all(app_tree(a), def);
	app_choose(a);
}

static void next_view(struct app *a)
{
	app_show(a, (a->shown + 1) % SHOW_MAX);
}

static void toggle_pane(struct app *a)
{
	bool *open = a->shown == SHOW_FINDINGS ? &a->finding_open : &a->detail_open;

	*open = !*open;
	a->detail_focus = false;
	a->detail.top = 0;
	app_arrange(a);
}

/* Closes what lies on top; false when there is nothing to close. */
static bool close_top(struct app *a)
{
	if (a->mode != APP_NORMAL)
		a->mode = APP_NORMAL;
	else if (a->log_open)
		a->log_open = false;
	else if (a->detail_open && a->shown != SHOW_FINDINGS)
		a->detail_open = a->detail_focus = false;
	else if (a->shown == SHOW_FINDINGS && a->detail_focus)
		a->detail_focus = false;
	else
		return false;
	app_arrange(a);
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
		if (a->shown == SHOW_CONTEXTS)
			to_context_above(a);
		else if (a->shown == SHOW_PANICS)
			app_panic_before(a);
		else if (a->shown == SHOW_LINEAGE)
			to_parent(a);
		break;
	case ACT_FOLLOW:
		if (a->log_open) {
			a->log.tail = !a->log.tail;
			logview_scroll(&a->log, 0);
		} else {
			struct treeview *t = app_tree(a);

			t->follow = !t->follow;
			if (t->follow)
				treeview_select(t, t->sel);
		}
		break;
	case ACT_EXPAND:
		open_row(a, true);
		break;
	case ACT_COLLAPSE:
		close_row(a, true);
		break;
	case ACT_TOGGLE:
		toggle_row(a);
		break;
	case ACT_EXPAND_SUBTREE:
		open_below(a);
		break;
	case ACT_COLLAPSE_ALL:
	case ACT_EXPAND_ALL:
		set_all(a, action == ACT_EXPAND_ALL ? TREE_ALL_OPEN : TREE_ALL_CLOSED);
		break;
	case ACT_FOLD:
		a->lineage.fold = a->contexts.fold = a->panics.fold = !a->lineage.fold;
		app_choose(a);
		break;
	case ACT_DETAIL:
		toggle_pane(a);
		break;
	case ACT_FOCUS:
		/* The findings' pane is there by itself: Tab goes on from them. */
		if (a->detail_open && a->shown != SHOW_FINDINGS)
			a->detail_focus = !a->detail_focus;
		else
			next_view(a);
		break;
	case ACT_LINEAGE:
		app_show(a, SHOW_LINEAGE);
		break;
	case ACT_CONTEXTS:
		app_show(a, SHOW_CONTEXTS);
		break;
	case ACT_PANICS:
		app_show(a, SHOW_PANICS);
		break;
	case ACT_FINDINGS:
		app_show(a, SHOW_FINDINGS);
		break;
	case ACT_CROSS:
		app_cross(a);
		break;
	case ACT_CROSS_PANIC:
		app_cross_panic(a);
		break;
	case ACT_PANIC_AFTER:
		app_panic_after(a);
		break;
	case ACT_LINK:
		if (!app_follow_link(a))
			toggle_pane(a);
		break;
	case ACT_CROSS_NEXT:
		app_cross_next(a);
		break;
	case ACT_VISIT:
		app_visit(a);
		break;
	case ACT_BACK:
		app_back(a);
		break;
	case ACT_WHO:
		if (a->mode == APP_WHO)
			a->mode = APP_NORMAL;
		else
			app_ask_who(a);
		break;
	case ACT_CODE:
		app_show_code(a);
		break;
	case ACT_WHO_ORIGIN:
		app_who_origin(a);
		break;
	case ACT_WHO_GOROUTINE:
		app_who_goroutine(a);
		break;
	case ACT_GOROUTINES:
		a->contexts.goroutines = !a->contexts.goroutines;
		app_choose(a);
		break;
	case ACT_SYSTEM:
		a->lineage.system = !a->lineage.system;
		app_choose(a);
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
		app_prompt(a, APP_SEARCH);
		break;
	case ACT_FILTER:
		app_prompt(a, APP_FILTER);
		break;
	case ACT_NEXT:
	case ACT_PREV:
		if (a->log_open)
			app_search_log(a, action == ACT_PREV);
		else
			app_search_again(a, action == ACT_PREV, false);
		break;
	case ACT_ESCAPE:
		if (!close_top(a))
			search_set(&a->search, "");
		break;
	case ACT_PAUSE:
		if (a->lineage.asof)
			app_release(a);
		else
			app_hold(a, app_present(a));
		break;
	case ACT_EVENT_BACK:
	case ACT_EVENT_FORWARD:
		app_step_event(a, action == ACT_EVENT_BACK);
		break;
	case ACT_SECOND_BACK:
	case ACT_SECOND_FORWARD:
		app_step_second(a, action == ACT_SECOND_BACK);
		break;
	case ACT_NOW:
		if (a->lineage.asof)
			app_release(a);
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
		app_search_key(a, key);
	else if (a->mode == APP_FILTER)
		app_filter_key(a, key);
	else
		act(a, keymap_lookup(app_view(a), key));
}

/* A click chooses a link, another one follows it. */
static void click_detail(struct app *a, int line)
{
	const struct detail_line *was = detail_cursor(&a->detail), *now;

	if (line < 0)
		return;
	detail_point(&a->detail, a->detail.top + (uint32_t)line);
	now = detail_cursor(&a->detail);
	if (now && now == was)
		app_follow_link(a);
}

void app_mouse(struct app *a, enum app_mouse what, int y, int x)
{
	int by = what == APP_WHEEL_UP ? -WHEEL_LINES : WHEEL_LINES;
	struct treeview *t = app_tree(a);
	struct app_layout l;
	uint32_t row;

	app_layout(a, &l);
	if (l.small || !a->mouse || a->mode == APP_SEARCH || a->mode == APP_FILTER)
		return;
	a->dirty = true;
	if (a->mode == APP_HELP || app_popup(a) || a->log_open) {
		if (what != APP_CLICK)
			move(a, by);
		return;
	}
	if (l.detail_h && y >= l.detail_y && y < l.detail_y + l.detail_h && x >= l.detail_x) {
		a->detail_focus = true;
		if (what == APP_CLICK)
			click_detail(a, y - l.detail_y - 1);
		else
			detail_scroll(&a->detail, by);
		return;
	}
	if (what != APP_CLICK) {
		treeview_scroll(t, by);
		return;
	}
	row = t->top + (uint32_t)(y - l.body_y - 1);
	if (y <= l.body_y || y > l.body_y + l.tree_h || row >= t->rows.len)
		return;
	a->detail_focus = false;
	if (row != t->sel)
		treeview_select(t, row);
	else
		act(a, a->shown == SHOW_FINDINGS ? ACT_VISIT : ACT_TOGGLE);
	a->detail.top = 0;
}

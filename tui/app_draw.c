// SPDX-License-Identifier: BSD-2-Clause
#include <stdio.h>
#include "app_impl.h"
#include "base/text.h"
#include "draw.h"
#include "names.h"

static void draw_small(const struct app *a, struct canvas *c)
{
	canvas_putf(c, 0, 0, c->w, ROLE_WARN, "golin needs %dx%d, has %dx%d", APP_MIN_W, APP_MIN_H,
		    a->w, a->h);
}

static enum role state_role(const struct app *a)
{
	if (a->lineage.asof)
		return ROLE_HOLD;
	return a->live && !a->source_ended ? ROLE_LIVE : ROLE_END;
}

/* What is looked at: the target as the records tell, a recording with the name of its file. */
static void target_title(const struct app *a, char *buf, size_t cap)
{
	struct golin_target_info t;
	char target[192];

	if (!golin_model_target(a->model, &t)) {
		snprintf(buf, cap, "%s", a->title);
		return;
	}
	snprintf(target, sizeof(target), "%.100s pid %u %.40s", t.comm, t.pid, t.go);
	if (a->live || !a->title[0])
		snprintf(buf, cap, "%s", target);
	else
		snprintf(buf, cap, "%s: %s", a->title, target);
}

/* What the view that is shown is full of. */
static void title_counts(const struct app *a, char *buf, size_t cap)
{
	struct golin_model_counts n;
	struct golin_context_counts ctx;
	struct golin_panic_counts pn;
	char live[32], ended[32];

	golin_model_counts(a->model, &n);
	golin_context_counts(a->model, &ctx);
	golin_model_panic_counts(a->model, &pn);
	if (a->shown == SHOW_PANICS)
		snprintf(buf, cap, "panics %s  fatal %s ",
			 name_count(pn.panics, live, sizeof(live)),
			 name_count(pn.fatal + pn.throws, ended, sizeof(ended)));
	else if (a->shown == SHOW_CONTEXTS)
		snprintf(buf, cap, "live %s  cancelled %s ",
			 name_count(ctx.live, live, sizeof(live)),
			 name_count(ctx.cancelled, ended, sizeof(ended)));
	else
		snprintf(
			buf, cap, "live %s  ended %s ",
			name_count(n.live - (a->lineage.system ? 0 : n.system), live, sizeof(live)),
			name_count(n.ended, ended, sizeof(ended)));
}

static void draw_title(const struct app *a, struct canvas *c)
{
	char counts[96], title[384];
	int x, w;

	target_title(a, title, sizeof(title));
	title_counts(a, counts, sizeof(counts));
	canvas_blank(c, 0, 0, c->w, ROLE_TITLE);
	w = golin_text_width(counts);
	canvas_put(c, 0, c->w - w, w, ROLE_TITLE, counts);
	x = canvas_put(c, 0, 1, 8, ROLE_TITLE, "golin  ") + 1;
	x += canvas_put(c, 0, x, c->w - w - x - 10, ROLE_TITLE, title);
	canvas_put(c, 0, x + 2, 8, state_role(a), app_state(a));
}

/* "ended: exit code 0" */
static void ending(const struct app *a, char *buf, size_t cap)
{
	struct golin_rec_exit e;

	if (!golin_model_exit(a->model, &e))
		snprintf(buf, cap, a->live ? "the source has ended" : "");
	else if (!e.known)
		snprintf(buf, cap, "ended");
	else if (e.signal)
		snprintf(buf, cap, "ended: killed by signal %d", e.signal);
	else
		snprintf(buf, cap, "ended: exit code %d", e.code);
}

static void banner(const struct app *a, char *buf, size_t cap)
{
	struct golin_model_counts n;
	char clock[32], num[32], back[16];
	uint64_t newest = golin_model_now(a->model), asof = a->lineage.asof;

	golin_model_counts(a->model, &n);
	buf[0] = 0;
	if (asof) {
		name_clock(golin_model_unix(a->model, asof), clock, sizeof(clock));
		golin_text_duration(back, sizeof(back), newest > asof ? newest - asof : 0);
		if (a->live)
			snprintf(buf, cap, "PAUSED +%s at %s",
				 name_count(n.events - a->held_events, num, sizeof(num)), clock);
		else
			snprintf(buf, cap, "PAUSED at %s, %s before the end", clock, back);
	} else if (a->loading) {
		snprintf(buf, cap, "reading: %s events", name_count(n.events, num, sizeof(num)));
	} else if (a->source_ended) {
		ending(a, buf, cap);
	}
}

/* How many there are, and of how many the program ended; returns the columns used. */
static int tab_panics(const struct app *a, struct canvas *c, int x, int w, enum role role)
{
	struct golin_panic_counts n;
	int from = x;
	char num[32];

	golin_model_panic_counts(a->model, &n);
	if (n.panics + n.throws)
		x += canvas_putf(c, 1, x, w - x, role, " %s",
				 name_count(n.panics + n.throws, num, sizeof(num)));
	if (n.active)
		x += canvas_putf(c, 1, x, w - x, ROLE_ALERT, " active %s",
				 name_count(n.active, num, sizeof(num)));
	if (n.fatal + n.throws)
		x += canvas_put(c, 1, x, w - x, ROLE_BREAK, " fatal");
	return x - from;
}

/* The views with their keys; in a narrow terminal the names of those not shown are left out. */
static int draw_tabs(const struct app *a, struct canvas *c, int x, int w)
{
	static const struct {
		enum action act;
		const char *name;
	} tabs[SHOW_MAX] = {
		[SHOW_LINEAGE] = {ACT_LINEAGE, "Lineage"},
		[SHOW_CONTEXTS] = {ACT_CONTEXTS, "Contexts"},
		[SHOW_PANICS] = {ACT_PANICS, "Panics"},
		[SHOW_FINDINGS] = {ACT_FINDINGS, "Findings"},
	};
	const uint32_t *found = a->findings.count;
	char key[16];

	for (int i = 0; i < SHOW_MAX; i++) {
		bool here = !a->log_open && (int)a->shown == i;
		enum role role = here ? ROLE_LABEL : ROLE_DIM;

		keymap_key(KM_LINES, tabs[i].act, key, sizeof(key));
		x += canvas_put(c, 1, x, w - x, role, key);
		if (here || c->w >= 80)
			x += canvas_putf(c, 1, x, w - x, role, " %s", tabs[i].name);
		if (i == SHOW_PANICS)
			x += tab_panics(a, c, x, w, role);
		if (i == SHOW_FINDINGS && a->findings.v.len)
			x += canvas_putf(c, 1, x, w - x,
					 found[GOLIN_SEV_ERROR]	    ? ROLE_BREAK
					 : found[GOLIN_SEV_WARNING] ? ROLE_ALERT
								    : ROLE_DIM,
					 " %u", (unsigned)a->findings.v.len);
		x += 2;
	}
	if (a->has_log)
		x += canvas_put(c, 1, x, w - x, a->log_open ? ROLE_LABEL : ROLE_DIM, "Log") + 2;
	return x;
}

static void draw_info(const struct app *a, struct canvas *c)
{
	static const char *const ended[ENDED_MAX] = {"", "all ended", "no ended"};
	char text[96];
	int x = 1, w;

	banner(a, text, sizeof(text));
	w = golin_text_width(text);
	canvas_put(c, 1, c->w - w - 1, w, state_role(a), text);
	w = c->w - w - 2;
	x = draw_tabs(a, c, x, w);
	if (a->lineage.system && a->shown == SHOW_LINEAGE)
		x += canvas_put(c, 1, x, w - x, ROLE_NORMAL, "+system") + 2;
	if (!a->contexts.goroutines && a->shown == SHOW_CONTEXTS)
		x += canvas_put(c, 1, x, w - x, ROLE_NORMAL, "no goroutines") + 2;
	if (!a->lineage.fold && a->shown != SHOW_FINDINGS)
		x += canvas_put(c, 1, x, w - x, ROLE_NORMAL, "unfolded") + 2;
	if (app_lines(a)->follow)
		x += canvas_put(c, 1, x, w - x, ROLE_NORMAL, "follow") + 2;
	if (a->lineage.ended != ENDED_RECENT && a->shown != SHOW_FINDINGS &&
	    a->shown != SHOW_PANICS)
		x += canvas_put(c, 1, x, w - x, ROLE_NORMAL, ended[a->lineage.ended]) + 2;
	if (search_active(&a->search) && a->mode != APP_SEARCH)
		x += canvas_putf(c, 1, x, w - x, ROLE_MATCH, "/%s", a->search.needle) + 2;
	if (a->filter)
		canvas_putf(c, 1, x, w - x, ROLE_HOLD, "filter: %s", a->filter_text);
}

static void draw_status(const struct app *a, struct canvas *c, int y)
{
	const struct golin_source_stats *st = &a->stats;
	const struct treeview *t = app_lines(a);
	struct golin_model_counts n;
	char one[32], two[32];
	uint64_t lost;
	int x = 1, w = c->w;

	golin_model_counts(a->model, &n);
	lost = n.lost_ring + n.lost_missed;
	if (st->lost_ring + st->missed > lost)
		lost = st->lost_ring + st->missed;
	if (a->live)
		x += canvas_putf(c, y, x, w - x, ROLE_STATUS, "%s ev/s",
				 name_rate(a->rate, one, sizeof(one))) +
		     2;
	else
		x += canvas_putf(c, y, x, w - x, ROLE_STATUS, "%s events",
				 name_count(n.events, one, sizeof(one))) +
		     2;
	x += canvas_putf(c, y, x, w - x, lost ? ROLE_WARN : ROLE_STATUS, "lost %s",
			 name_count(lost, one, sizeof(one))) +
	     2;
	if (n.lost_cut)
		x += canvas_putf(c, y, x, w - x, ROLE_WARN, "cut: %s bytes unread",
				 name_count(n.lost_cut, one, sizeof(one))) +
		     2;
	if (st->ring_size)
		x += canvas_putf(c, y, x, w - x, ROLE_STATUS, "ring %u%%",
				 (unsigned)(st->ring_used * 100 / st->ring_size)) +
		     2;
	if (a->live && st->probes)
		x += canvas_putf(c, y, x, w - x, ROLE_STATUS, "cost %.1f%%", a->cost * 100) + 2;
	if (a->live && !st->probes && !a->source_ended)
		x += canvas_put(c, y, x, w - x, ROLE_STATUS, "no probes") + 2;
	if (n.gaps)
		x += canvas_putf(c, y, x, w - x, ROLE_WARN, "gaps %s",
				 name_count(n.gaps, one, sizeof(one))) +
		     2;
	if (n.unread)
		x += canvas_putf(c, y, x, w - x, ROLE_WARN, "unread %s",
				 name_count(n.unread, one, sizeof(one))) +
		     2;
	if (n.evicted)
		x += canvas_putf(c, y, x, w - x, ROLE_STATUS, "evicted %s",
				 name_count(n.evicted, two, sizeof(two))) +
		     2;
	if (a->source_error[0])
		canvas_put(c, y, x, w - x, ROLE_WARN, a->source_error);
	else if (n.live + n.ended)
		canvas_putf(c, y, x, w - x, ROLE_STATUS, "line %s/%s",
			    name_count(t->rows.len ? t->sel + 1 : 0, one, sizeof(one)),
			    name_count(t->rows.len, two, sizeof(two)));
}

/* The most wanted actions of a view, with the first key of each. */
static void draw_hints(const struct app *a, struct canvas *c, int y)
{
	static const enum action tree[] = {ACT_HELP,   ACT_QUIT,   ACT_DETAIL, ACT_SEARCH,
					   ACT_FILTER, ACT_PAUSE,  ACT_CROSS,  ACT_FOLD,
					   ACT_ENDED,  ACT_SYSTEM, ACT_FOLLOW, ACT_NONE};
	static const enum action contexts[] = {
		ACT_HELP,   ACT_QUIT,  ACT_WHO,	 ACT_CROSS,	 ACT_DETAIL, ACT_ENDED, ACT_SEARCH,
		ACT_FILTER, ACT_PAUSE, ACT_FOLD, ACT_GOROUTINES, ACT_BACK,   ACT_NONE};
	static const enum action panics[] = {
		ACT_HELP, ACT_QUIT,   ACT_CROSS_PANIC, ACT_DETAIL, ACT_PARENT, ACT_PANIC_AFTER,
		ACT_FOLD, ACT_SEARCH, ACT_FILTER,      ACT_BACK,   ACT_PAUSE,  ACT_NONE};
	static const enum action findings[] = {ACT_HELP,   ACT_QUIT,   ACT_VISIT,
					       ACT_WHO,	   ACT_BACK,   ACT_DETAIL,
					       ACT_SEARCH, ACT_FILTER, ACT_NONE};
	static const enum action who[] = {ACT_QUIT, ACT_WHO_ORIGIN, ACT_WHO_GOROUTINE,
					  ACT_UP,   ACT_DOWN,	    ACT_NONE};
	static const enum action code[] = {ACT_QUIT, ACT_CODE, ACT_UP, ACT_DOWN, ACT_NONE};
	static const enum action held[] = {ACT_HELP,	      ACT_NOW,	       ACT_EVENT_BACK,
					   ACT_EVENT_FORWARD, ACT_SECOND_BACK, ACT_SECOND_FORWARD,
					   ACT_NONE};
	static const enum action pane[] = {ACT_HELP, ACT_QUIT, ACT_FOCUS,  ACT_UP,
					   ACT_DOWN, ACT_LINK, ACT_PARENT, ACT_NONE};
	static const enum action log[] = {ACT_HELP,   ACT_LOG,	ACT_SEARCH,
					  ACT_FOLLOW, ACT_LAST, ACT_NONE};
	static const enum action help[] = {ACT_QUIT, ACT_UP, ACT_DOWN, ACT_PAGE_DOWN, ACT_NONE};
	enum keymap_view view = app_view(a);
	const enum action *list = view == KM_HELP	? help
				  : view == KM_WHO	? who
				  : view == KM_CODE	? code
				  : view == KM_LOG	? log
				  : view == KM_DETAIL	? pane
				  : a->lineage.asof	? held
				  : view == KM_CONTEXTS ? contexts
				  : view == KM_PANICS	? panics
				  : view == KM_FINDINGS ? findings
							: tree;
	char key[16];
	int x = 1;

	for (; *list != ACT_NONE; list++) {
		const char *name = action_name(*list);

		keymap_key(view, *list, key, sizeof(key));
		/* a hint that does not fit is left out whole */
		if (x + golin_text_width(key) + golin_text_width(name) + 1 >= c->w)
			break;
		x += canvas_put(c, y, x, c->w - x, ROLE_KEY, key) + 1;
		x += canvas_put(c, y, x, c->w - x, ROLE_STATUS, name) + 2;
	}
}

/* Text with the cursor in view. */
static void draw_edit(const struct app *a, struct canvas *c, int y, const char *label)
{
	int x = 1 + canvas_put(c, y, 1, 20, ROLE_KEY, label), w = c->w - x - 1, at;
	const char *text = a->edit.text;
	char head[256];

	snprintf(head, sizeof(head), "%.*s", (int)a->edit.at, a->edit.text);
	at = golin_text_width(head);
	while (at >= w && *text) { /* scroll by characters */
		int width;
		size_t n = 1;

		while (((unsigned char)text[n] & 0xc0) == 0x80)
			n++;
		snprintf(head, sizeof(head), "%.*s", (int)n, text);
		width = golin_text_width(head);
		at -= width;
		text += n;
	}
	canvas_put(c, y, x, w, ROLE_NORMAL, text);
	canvas_flag(c, y, x + at, 1, CELL_SELECTED);
}

/* The column that an error message names ("column 7"), from 1; 0 when it names none. */
static int error_column(const char *msg)
{
	const char *at = strstr(msg, "column ");
	int col = 0;

	if (at)
		sscanf(at + 7, "%d", &col);
	return col > 0 && col < 256 ? col : 0;
}

static void draw_filter_error(const struct app *a, struct canvas *c, int y)
{
	int col = error_column(a->filter_err.msg), x = 1 + (int)strlen("filter: ");

	canvas_blank(c, y - 1, 0, c->w, ROLE_NORMAL);
	canvas_blank(c, y, 0, c->w, ROLE_NORMAL);
	canvas_put(c, y - 1, 1, c->w - 2, ROLE_WARN, a->filter_err.msg);
	if (a->filter_err.hint[0] && !col)
		canvas_put(c, y, 1, c->w - 2, ROLE_DIM, a->filter_err.hint);
	if (col) {
		x += col - 1;
		canvas_fill(c, y, x, 1, ROLE_WARN, GLYPH_CARET);
		canvas_put(c, y, x + 2, c->w - x - 3, ROLE_DIM, a->filter_err.hint);
	}
}

static void draw_bottom(const struct app *a, struct canvas *c)
{
	int y = c->h - 1;

	draw_status(a, c, y - 1);
	if (a->mode == APP_SEARCH) {
		draw_edit(a, c, y, "/");
		if (a->message[0])
			canvas_put_right(c, y, c->w / 2, c->w / 2 - 1, ROLE_WARN, a->message);
	} else if (a->mode == APP_FILTER) {
		draw_edit(a, c, y, "filter: ");
		if (a->filter_err.code)
			draw_filter_error(a, c, y - 1);
	} else if (a->message[0]) {
		canvas_put(c, y, 1, c->w - 2, ROLE_WARN, a->message);
	} else {
		draw_hints(a, c, y);
	}
}

static void draw_log(const struct app *a, struct canvas *c, int y, int h)
{
	uint32_t n = logview_count(&a->log);
	char buf[LOG_LINE_BYTES];

	for (int i = 0; i < h && a->log.top + (uint32_t)i < n; i++) {
		const char *line =
			logview_line(&a->log, a->log.top + (uint32_t)i, buf, sizeof(buf));

		canvas_put(c, y + i, 1, c->w - 2, ROLE_NORMAL, line);
		draw_match(c, y + i, 1, c->w - 2, line, &a->search);
	}
	if (!n)
		canvas_put(c, y, 1, c->w - 2, ROLE_DIM,
			   a->log.closed ? "the program has written nothing"
					 : "the program has written nothing yet");
}

/* One entry of the help screen; false behind the last. Heads have an empty key text. */
static bool help_line(uint32_t i, char *keys, size_t cap, const char **ret_text, bool *ret_head)
{
	const char *section = "";
	uint32_t n = 0;

	for (int k = ACT_NONE + 1; k < ACT_MAX; k++) {
		enum action act = (enum action)k;
		enum keymap_view view = KM_LINEAGE;

		if (strcmp(section, action_section(act))) {
			section = action_section(act);
			if (n++ == i) {
				keys[0] = 0;
				*ret_text = section;
				*ret_head = true;
				return true;
			}
		}
		if (n++ != i)
			continue;
		for (keymap_keys(view, act, keys, cap); !keys[0] && view < KM_HELP;)
			keymap_keys(++view, act, keys, cap);
		*ret_text = action_help(act);
		*ret_head = false;
		return true;
	}
	return false;
}

static void draw_help(struct app *a, struct canvas *c, int y, int h)
{
	enum { KEY_COLS = 14 };
	char keys[64];
	const char *text;
	uint32_t n = 0, end;
	bool head;

	while (help_line(n, keys, sizeof(keys), &text, &head))
		n++;
	end = n > (uint32_t)h ? n - (uint32_t)h : 0;
	if (a->help_top > end)
		a->help_top = end;
	for (int i = 0;
	     i < h && help_line(a->help_top + (uint32_t)i, keys, sizeof(keys), &text, &head); i++) {
		if (head) {
			canvas_put(c, y + i, 1, c->w - 2, ROLE_HEADER, text);
			continue;
		}
		canvas_put(c, y + i, 3, KEY_COLS, ROLE_KEY, keys);
		canvas_put(c, y + i, 4 + KEY_COLS, c->w - KEY_COLS - 5, ROLE_NORMAL, text);
	}
	if (a->help_top > 0)
		canvas_put(c, y, c->w - 1, 1, ROLE_DIM, "^");
	if (a->help_top < end)
		canvas_put(c, y + h - 1, c->w - 1, 1, ROLE_DIM, "v");
}

static void draw_detail(struct app *a, struct canvas *c, const struct app_layout *l)
{
	const char *head = a->detail_focus ? " Detail (Tab: back) " : " Detail ";

	if (l->beside)
		for (int y = l->body_y; y < l->body_y + l->body_h; y++)
			canvas_fill(c, y, l->detail_x - 1, 1, ROLE_GUIDE, GLYPH_BAR);
	canvas_fill(c, l->detail_y, l->detail_x, l->detail_w, ROLE_GUIDE, GLYPH_RULE);
	canvas_put(c, l->detail_y, l->detail_x + 2, l->detail_w - 4,
		   a->detail_focus ? ROLE_KEY : ROLE_LABEL, head);
	a->detail.width = l->detail_w;
	if (a->shown == SHOW_CONTEXTS)
		detail_build_context(&a->detail, &a->contexts, &a->ctx_tree, &a->lineage, a->since);
	else if (a->shown == SHOW_PANICS)
		detail_build_panic(&a->detail, &a->panics, treeview_selected(&a->panic_tree));
	else if (a->shown == SHOW_FINDINGS)
		detail_build_finding(&a->detail, &a->findings, treeview_selected(&a->find_tree),
				     lineage_moment(&a->lineage));
	else
		detail_build(&a->detail, &a->lineage, treeview_selected(&a->tree), a->since);
	detail_draw(&a->detail, c, l->detail_y + 1, l->detail_x, l->detail_h - 1, l->detail_w);
	if (a->detail_focus)
		detail_draw_cursor(&a->detail, c, l->detail_y + 1, l->detail_x, l->detail_w);
}

/* A pop-up over the tree: the lines at the left and right stay. */
static void draw_popup(struct app *a, struct canvas *c, const struct app_layout *l)
{
	int margin = c->w >= 100 ? 4 : 0, x = margin, w = c->w - 2 * margin;
	char title[sizeof(a->code_title) + 2];

	for (int y = l->body_y; y < l->body_y + l->body_h; y++)
		canvas_blank(c, y, x, w, ROLE_NORMAL);
	canvas_fill(c, l->body_y, x, w, ROLE_GUIDE, GLYPH_RULE);
	snprintf(title, sizeof(title), " %s ",
		 a->mode == APP_CODE ? a->code_title : "Who cancelled this?");
	canvas_put(c, l->body_y, x + 2, w - 4, ROLE_KEY, title);
	canvas_fill(c, l->body_y + l->body_h - 1, x, w, ROLE_GUIDE, GLYPH_RULE);
	a->who.width = w;
	if (a->mode == APP_WHO)
		app_who_build(a);
	detail_draw(&a->who, c, l->body_y + 1, x, l->body_h - 2, w);
}

static const char *no_contexts(const struct app *a)
{
	if (a->filter)
		return "no context fits the filter (f, then Ctrl-U and Enter, shows all)";
	if (a->groups & GOLIN_GROUP_CONTEXTS)
		return "no contexts yet";
	return a->live ? "contexts are not watched: --probes goroutines,timers,contexts "
			 "does"
		       : "this recording has no contexts: it was made without --probes contexts";
}

static const char *no_panics(const struct app *a)
{
	if (a->filter && golin_model_panic_max(a->model))
		return "no panic fits the filter (f, then Ctrl-U and Enter, shows all)";
	if (a->groups & GOLIN_GROUP_PANICS)
		return "no panic so far";
	return a->live ? "panics are not watched: --probes goroutines,panics does"
		       : "this recording has no panics: it was made without --probes panics";
}

static const char *no_findings(const struct app *a)
{
	if (a->filter && a->findings.v.len)
		return "no finding fits the filter (f, then Ctrl-U and Enter, shows all)";
	if (!(a->groups & GOLIN_GROUP_CONTEXTS))
		return "nothing found; without --probes contexts most rules see nothing";
	return "nothing found so far";
}

static void draw_lines(struct app *a, struct canvas *c, const struct app_layout *l)
{
	if (a->shown == SHOW_CONTEXTS)
		draw_contexts(c, &a->contexts, &a->ctx_tree, &a->search, a->since, no_contexts(a),
			      l->body_y, l->tree_w, l->tree_h + 1);
	else if (a->shown == SHOW_PANICS)
		draw_panics(c, &a->panics, &a->panic_tree, &a->search, no_panics(a), l->body_y,
			    l->tree_w, l->tree_h + 1);
	else if (a->shown == SHOW_FINDINGS)
		draw_findings(c, &a->findings, &a->find_tree, &a->search,
			      lineage_moment(&a->lineage), no_findings(a), l->body_y, l->tree_w,
			      l->tree_h + 1);
	else
		draw_lineage(c, &a->lineage, &a->tree, &a->search, a->since, l->body_y, l->tree_w,
			     l->tree_h + 1);
}

void app_draw(struct app *a, struct canvas *c)
{
	struct app_layout l;

	canvas_clear(c);
	a->dirty = false;
	app_layout(a, &l);
	if (l.small || c->w < APP_MIN_W || c->h < APP_MIN_H) {
		draw_small(a, c);
		return;
	}
	draw_title(a, c);
	draw_info(a, c);
	if (a->mode == APP_HELP) {
		draw_help(a, c, l.body_y, l.body_h);
	} else if (a->log_open) {
		draw_log(a, c, l.body_y, l.body_h);
	} else {
		draw_lines(a, c, &l);
		if (l.detail_h)
			draw_detail(a, c, &l);
		if (app_popup(a))
			draw_popup(a, c, &l);
	}
	draw_bottom(a, c);
}

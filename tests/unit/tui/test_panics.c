// SPDX-License-Identifier: BSD-2-Clause
/* The panics view: sites, trees of failures, jumps, time. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "app_impl.h"
#include "fixture.h"

#define OK(call) assert_int_equal((call), 0)

/* The numbers of the panics of fixture_panics(). */
enum { REQ_1 = 1, REQ_2, REQ_3, BOUNDS, PATH, CLOSED, WRAPPED, GOEXIT, ACTIVE };

static const struct golin_panic *panic(const struct fixture *f, uint64_t number)
{
	const struct golin_panic *p =
		golin_model_panic(f->model, golin_model_panic_find(f->model, number));

	assert_non_null(p);
	return p;
}

static void select_panic(struct fixture *f, uint64_t number)
{
	app_go_to_panic(&f->app, golin_model_panic_find(f->model, number));
	assert_int_equal(fixture_selected_panic(f), number);
}

static void select_goid(struct fixture *f, uint64_t goid)
{
	golin_gidx i = golin_model_find(f->model, goid);

	app_go_to(&f->app, i);
	assert_int_equal(fixture_selected(f), goid);
}

static void the_fixture_is_what_it_says(void **state)
{
	struct fixture f;

	fixture_panics(&f, true, 100, 40);
	assert_int_equal(panic(&f, REQ_1)->outcome, GOLIN_PO_RECOVERED);
	assert_int_equal(panic(&f, BOUNDS)->goid, 9120);
	assert_int_equal(panic(&f, BOUNDS)->ndefers, 2);
	assert_int_equal(panic(&f, PATH)->outcome, GOLIN_PO_REPLACED);
	assert_int_equal(panic(&f, CLOSED)->outcome, GOLIN_PO_RECOVERED);
	assert_int_equal(panic(&f, WRAPPED)->outcome, GOLIN_PO_RECOVERED);
	assert_int_equal(panic(&f, WRAPPED)->relation, GOLIN_PR_WRAPPED);
	assert_int_equal(panic(&f, GOEXIT)->kind, GOLIN_PANIC_GOEXIT);
	assert_int_equal(panic(&f, ACTIVE)->outcome, GOLIN_PO_ACTIVE);
	fixture_done(&f);
}

/* The file that the program names is not on this machine: said, and nothing opens. */
static void source_that_is_not_here(void **state)
{
	struct fixture f;

	fixture_panics(&f, true, 100, 40);
	app_key(&f.app, '3');
	select_panic(&f, BOUNDS);
	app_key(&f.app, 'e');
	assert_int_equal(f.app.mode, APP_NORMAL);
	assert_non_null(strstr(f.app.message, ".go"));
	fixture_done(&f);
}

static void sites_the_newest_on_top(void **state)
{
	struct fixture f;
	const struct tree_rows *rows = &f.app.panic_tree.rows;

	fixture_panics(&f, true, 120, 40);
	fixture_keys(&f, "3");
	assert_int_equal(f.app.shown, SHOW_PANICS);
	for (size_t i = 0; i + 1 < rows->len; i++) {
		const struct panview_site *a = panview_site(&f.app.panics, &rows->v[i]);
		const struct panview_site *b = panview_site(&f.app.panics, &rows->v[i + 1]);

		assert_non_null(a);
		assert_non_null(b);
		assert_true(a->number > b->number);
	}
	/* what each is, and of how many */
	assert_non_null(strstr(fixture_line(&f, "boundsError"), "recovered "));
	assert_non_null(strstr(fixture_line(&f, "boundsError"), " 1 "));
	fixture_keys(&f, "G");
	assert_non_null(strstr(fixture_line(&f, "›"), " 3 "));
	assert_int_equal(panview_site(&f.app.panics, treeview_selected(&f.app.panic_tree))->count,
			 3);
	fixture_done(&f);
}

static void a_site_opens_to_its_panics(void **state)
{
	struct fixture f;

	fixture_panics(&f, true, 120, 40);
	fixture_keys(&f, "3 /");
	fixture_type(&f, "no such order");
	fixture_keys(&f, "Enter");
	/* the newest of them, then the older ones */
	assert_int_equal(fixture_selected_panic(&f), REQ_3);
	fixture_keys(&f, "Down");
	assert_int_equal(fixture_selected_panic(&f), REQ_2);
	fixture_keys(&f, "n");
	assert_int_equal(fixture_selected_panic(&f), REQ_1);
	fixture_keys(&f, "n");
	assert_int_equal(fixture_selected_panic(&f), REQ_3);
	fixture_keys(&f, "N");
	assert_int_equal(fixture_selected_panic(&f), REQ_1);
	fixture_done(&f);
}

static void unfolded_there_are_trees_of_failures(void **state)
{
	struct fixture f;
	const struct tree_row *row;

	fixture_panics(&f, true, 120, 40);
	fixture_keys(&f, "3 z =");
	assert_int_equal(f.app.panic_tree.rows.len, ACTIVE);
	select_panic(&f, CLOSED);
	row = treeview_selected(&f.app.panic_tree);
	assert_int_equal(f.app.panic_tree.rows.v[row->parent].tag,
			 panview_node_tag(panic(&f, PATH)));
	select_panic(&f, WRAPPED);
	row = treeview_selected(&f.app.panic_tree);
	assert_int_equal(f.app.panic_tree.rows.v[row->parent].tag,
			 panview_node_tag(panic(&f, CLOSED)));
	assert_non_null(fixture_line(&f, "repeats #6: *fmt.wrapError"));
	assert_non_null(fixture_line(&f, "during #5: *errors.errorString"));
	fixture_done(&f);
}

static void below_a_failure_stands_what_came_of_it(void **state)
{
	struct fixture f;
	uint32_t row;

	fixture_panics(&f, true, 120, 40);
	fixture_keys(&f, "3");
	/* PATH shares the trace of BOUNDS, which was on its parent */
	select_panic(&f, BOUNDS);
	row = f.app.panic_tree.sel;
	assert_int_equal(f.app.panic_tree.rows.v[row].kind, PANVIEW_MEMBER);
	assert_int_equal(f.app.panic_tree.rows.v[row + 1].tag, panview_node_tag(panic(&f, PATH)));
	assert_int_equal(f.app.panic_tree.rows.v[row + 2].tag, panview_node_tag(panic(&f, CLOSED)));
	assert_int_equal(f.app.panic_tree.rows.v[row + 3].tag,
			 panview_node_tag(panic(&f, WRAPPED)));
	/* at its own site it has no tree */
	select_panic(&f, CLOSED);
	row = f.app.panic_tree.sel;
	assert_false(f.app.panic_tree.rows.v[row].flags & TREE_EXPANDABLE);
	fixture_done(&f);
}

static void steps_along_the_links(void **state)
{
	struct fixture f;

	fixture_panics(&f, true, 120, 40);
	fixture_keys(&f, "3");
	select_panic(&f, WRAPPED);
	fixture_keys(&f, "u");
	assert_int_equal(fixture_selected_panic(&f), CLOSED);
	assert_non_null(strstr(f.app.message, "is repeated by this one"));
	fixture_keys(&f, "u");
	assert_int_equal(fixture_selected_panic(&f), PATH);
	fixture_keys(&f, "u");
	assert_int_equal(fixture_selected_panic(&f), BOUNDS);
	fixture_keys(&f, "u");
	assert_int_equal(fixture_selected_panic(&f), BOUNDS);
	assert_non_null(strstr(f.app.message, "began with this panic"));
	fixture_keys(&f, "U");
	assert_int_equal(fixture_selected_panic(&f), PATH);
	fixture_keys(&f, "U");
	assert_non_null(strstr(f.app.message, "replaced this one"));
	assert_int_equal(fixture_selected_panic(&f), WRAPPED);
	fixture_keys(&f, "b b b b");
	assert_int_equal(fixture_selected_panic(&f), CLOSED);
	fixture_keys(&f, "b");
	assert_int_equal(fixture_selected_panic(&f), WRAPPED);
	fixture_done(&f);
}

static void from_a_goroutine_and_back(void **state)
{
	struct fixture f;

	fixture_panics(&f, true, 120, 40);
	select_goid(&f, 9121);
	fixture_keys(&f, "P");
	assert_int_equal(fixture_selected_panic(&f), WRAPPED);
	fixture_keys(&f, "P");
	assert_int_equal(f.app.shown, SHOW_LINEAGE);
	assert_int_equal(fixture_selected(&f), 9121);
	fixture_keys(&f, "b");
	assert_int_equal(f.app.shown, SHOW_PANICS);
	assert_int_equal(fixture_selected_panic(&f), WRAPPED);
	fixture_keys(&f, "b");
	assert_int_equal(f.app.shown, SHOW_LINEAGE);
	assert_int_equal(fixture_selected(&f), 9121);
	select_goid(&f, 44);
	fixture_keys(&f, "P");
	assert_int_equal(f.app.shown, SHOW_LINEAGE);
	assert_non_null(strstr(f.app.message, "no panic is known of goroutine 44"));
	fixture_done(&f);
}

static void to_a_context(void **state)
{
	struct fixture f;

	fixture_panics(&f, true, 120, 40);
	fixture_keys(&f, "3");
	select_panic(&f, BOUNDS);
	fixture_keys(&f, "c");
	assert_int_equal(f.app.shown, SHOW_CONTEXTS);
	assert_int_not_equal(fixture_selected_ctx(&f), 0);
	fixture_keys(&f, "b");
	assert_int_equal(fixture_selected_panic(&f), BOUNDS);
	fixture_done(&f);
}

/* Lines of the detail pane lead where they say. */
static void links_in_the_detail_pane(void **state)
{
	struct fixture f;

	fixture_panics(&f, true, 200, 60);
	fixture_keys(&f, "3");
	select_panic(&f, WRAPPED);
	fixture_keys(&f, "Enter Tab");
	free(fixture_screen(&f));
	assert_true(f.app.detail_focus);
	fixture_keys(&f, "Down");
	assert_int_equal(detail_cursor(&f.app.detail)->link, DETAIL_GOROUTINE);
	fixture_keys(&f, "Enter");
	assert_int_equal(f.app.shown, SHOW_LINEAGE);
	assert_int_equal(fixture_selected(&f), 9121);
	fixture_keys(&f, "b Tab");
	free(fixture_screen(&f));
	for (int i = 0; i < 50; i++) {
		const struct detail_line *at;

		fixture_keys(&f, "Down");
		at = detail_cursor(&f.app.detail);
		if (at && at->link == DETAIL_PANIC && at->id == CLOSED)
			break;
	}
	fixture_keys(&f, "Enter");
	assert_int_equal(fixture_selected_panic(&f), CLOSED);
	fixture_done(&f);
}

static void goroutines_that_panic_are_marked(void **state)
{
	struct fixture f;

	fixture_panics(&f, true, 120, 40);
	assert_non_null(strstr(fixture_line(&f, " 9300 "), "!panic"));
	assert_non_null(strstr(fixture_line(&f, " 9121 "), "~recovered"));
	assert_null(strstr(fixture_line(&f, " 44 "), "~"));
	/* of those that a line stands for, how many */
	assert_non_null(strstr(fixture_line(&f, "[10 like this]"), "~3 panicked"));
	/* it fades; what is active does not */
	fixture_tick(&f, T0 + 30 * SEC, false);
	f.app.stale = true;
	assert_null(strstr(fixture_line(&f, " 9121 "), "~"));
	assert_non_null(strstr(fixture_line(&f, " 9300 "), "!panic"));
	/* as of a moment before it, nothing */
	fixture_keys(&f, "{ { { { { { { { { { { { { { { { { { { { { { { { { { {");
	assert_null(strstr(fixture_line(&f, " 9300 "), "!panic"));
	fixture_done(&f);
}

static void a_fatal_one_stays_marked(void **state)
{
	struct fixture f;

	fixture_panics(&f, true, 120, 40);
	fixture_fatal(&f);
	fixture_keys(&f, "3");
	assert_non_null(strstr(fixture_line(&f, "3 Panics"), "fatal"));
	select_panic(&f, ACTIVE);
	assert_non_null(strstr(fixture_line(&f, "#9 go 9300"), "fatal"));
	fixture_keys(&f, "P");
	assert_non_null(strstr(fixture_line(&f, " 9300 "), "!fatal"));
	fixture_done(&f);
}

/* New ones come on top; what is selected stays what it is. */
static void the_selection_stays_while_panics_come(void **state)
{
	struct feed_value v = {.type = 0x1200, .data = 1, .text = "another"};
	struct golin_rec_panic_start s = {.h.goid = 100, .depth = 0x1000};
	struct fixture f;

	fixture_panics(&f, true, 120, 40);
	fixture_keys(&f, "3");
	select_panic(&f, REQ_2);
	for (uint64_t i = 0; i < 50; i++) {
		f.feed.ts = T0 + 6 * SEC + i * 1000;
		s.h.goid = 100 + i % 4;
		s.stack = i;
		OK(feed_panic(&f.feed, &s, &v, 1));
		f.feed.ts += 100;
		OK(feed_recover(&f.feed, s.h.goid, PC_LOOP, 0x400));
		fixture_tick(&f, T0 + 6 * SEC + i * SEC / 5, false);
		assert_int_equal(fixture_selected_panic(&f), REQ_2);
		assert_non_null(fixture_line(&f, "›"));
	}
	/* at the top one sees them come */
	fixture_keys(&f, "g");
	s.stack = 0x77777;
	f.feed.ts = T0 + 40 * SEC;
	OK(feed_panic(&f.feed, &s, &v, 1));
	fixture_tick(&f, T0 + 40 * SEC, false);
	assert_int_equal(f.app.panic_tree.top, 0);
	fixture_done(&f);
}

static void as_of_a_moment(void **state)
{
	struct fixture f;

	fixture_panics(&f, true, 120, 40);
	fixture_keys(&f, "3");
	/* [ steps to what began, ran or ended: back to before the last panic */
	fixture_keys(&f, "[ [");
	assert_true(f.app.panics.asof < T0 + 4 * SEC + SEC / 2);
	assert_null(fixture_line(&f, "▸string"));
	assert_int_equal(f.app.panics.shown, ACTIVE - 1);
	assert_int_equal(panview_outcome(&f.app.panics, panic(&f, GOEXIT)), GOLIN_PO_GOEXIT);
	/* between the beginning and the end of a Goexit */
	fixture_keys(&f, "[");
	assert_int_equal(panview_outcome(&f.app.panics, panic(&f, GOEXIT)), GOLIN_PO_ACTIVE);
	assert_non_null(strstr(fixture_line(&f, "▸Goexit"), "active"));
	fixture_keys(&f, "0");
	assert_int_equal(f.app.panics.shown, ACTIVE);
	fixture_done(&f);
}

static void asks_for_those_on_the_screen(void **state)
{
	uint64_t goids[APP_READS_MAX];
	struct fixture f;
	int n;

	fixture_panics(&f, true, 120, 40);
	fixture_keys(&f, "3");
	select_panic(&f, BOUNDS);
	n = app_visible(&f.app, goids, APP_READS_MAX);
	assert_true(n > 0);
	for (int i = 0; i < n; i++)
		for (int k = 0; k < i; k++)
			assert_int_not_equal(goids[i], goids[k]);
	/* with the pane open: the panic's goroutine, then those above it */
	fixture_keys(&f, "Enter");
	n = app_visible(&f.app, goids, APP_READS_MAX);
	assert_int_equal(goids[0], 9120);
	assert_int_equal(goids[1], 18);
	assert_int_equal(goids[2], 1);
	assert_int_equal(app_visible(&f.app, goids, 2), 2);
	fixture_keys(&f, "p");
	assert_int_equal(app_visible(&f.app, goids, APP_READS_MAX), 0);
	fixture_done(&f);
}

static void filters_and_searches(void **state)
{
	struct fixture f;

	fixture_panics(&f, true, 120, 40);
	fixture_keys(&f, "3 f");
	fixture_type(&f, "boundsError");
	fixture_keys(&f, "Enter");
	assert_int_equal(f.app.panics.shown, 1);
	assert_int_equal(f.app.panic_tree.rows.len, 1);
	/* a jump to one that the filter hides shows it all the same */
	select_panic(&f, CLOSED);
	fixture_keys(&f, "f Ctrl-U Enter");
	assert_int_equal(f.app.panics.shown, ACTIVE);
	fixture_keys(&f, "/");
	fixture_type(&f, "#4");
	fixture_keys(&f, "Enter");
	assert_int_equal(fixture_selected_panic(&f), BOUNDS);
	fixture_keys(&f, "/");
	fixture_type(&f, "9300");
	fixture_keys(&f, "Enter");
	assert_int_equal(fixture_selected_panic(&f), ACTIVE);
	fixture_keys(&f, "/");
	fixture_type(&f, "nothing has this");
	fixture_keys(&f, "Enter");
	assert_int_equal(fixture_selected_panic(&f), ACTIVE);
	fixture_done(&f);
}

static void none_says_why(void **state)
{
	struct fixture f;

	fixture_server(&f, true, 100, 30);
	fixture_keys(&f, "3");
	assert_non_null(fixture_line(&f, "panics are not watched"));
	fixture_keys(&f, "P c u U Enter Tab Down Enter z x - = Right n [ ]");
	f.app.groups |= GOLIN_GROUP_PANICS;
	assert_non_null(fixture_line(&f, "no panic so far"));
	fixture_done(&f);
	fixture_server(&f, false, 100, 30);
	fixture_keys(&f, "3");
	assert_non_null(fixture_line(&f, "this recording has no panics"));
	fixture_done(&f);
}

/* What values may be, each in a panic of its own; the detail pane says it. */
static void detail_of(struct fixture *f, struct feed_value v, const char *line)
{
	struct golin_rec_panic_start s = {.h.goid = 44, .depth = 0x100};
	struct golin_panic_counts n;

	f->feed.ts += 1000;
	OK(feed_panic(&f->feed, &s, &v, 1));
	OK(feed_recover(&f->feed, 44, PC_LOOP, 0x80));
	fixture_tick(f, f->feed.ts + SEC, false);
	golin_model_panic_counts(f->model, &n);
	select_panic(f, n.panics + n.goexits + n.throws);
	assert_non_null(fixture_line(f, line));
}

static void values_of_all_kinds(void **state)
{
	struct fixture f;

	fixture_panics(&f, true, 120, 40);
	fixture_keys(&f, "3 Enter");
	detail_of(&f, (struct feed_value){.type = 0}, "value     nil");
	detail_of(&f, (struct feed_value){.type = 0x1200, .flags = GOLIN_VALUE_HIDDEN},
		  "[hidden: --hide-values]");
	detail_of(&f, (struct feed_value){.type = 0x1200, .data = 7}, "what it says is not known");
	detail_of(
		&f,
		(struct feed_value){
			.type = 0x1400, .text = "long", .flags = GOLIN_VALUE_CUT, .size = 1048576},
		"cut: it has 1,048,576 bytes");
	detail_of(&f,
		  (struct feed_value){.type = 0x1400, .text = "a", .flags = GOLIN_VALUE_PARTIAL},
		  "a part of it could not be read");
	detail_of(&f, (struct feed_value){.type = 0x9999, .text = "odd"}, "value     ?");
	/* nothing unsafe reaches the screen: the records' strings are clean */
	detail_of(&f, (struct feed_value){.type = 0x1400, .text = "a\033]52;c;!\a\r\nb"}, "52;c;!");
	assert_null(strchr(fixture_line(&f, "52;c;!"), 033));
	fixture_done(&f);
}

static void a_throw_ends_it(void **state)
{
	struct fixture f;
	uint64_t number;

	fixture_panics(&f, true, 120, 40);
	f.feed.ts = T0 + 6 * SEC;
	OK(feed_throw(&f.feed, 0, 0, "all goroutines are asleep - deadlock!",
		      GOLIN_PANIC_FATAL_ERROR));
	OK(feed_throw(&f.feed, 44, 0, "found bad pointer in Go heap", 0));
	fixture_tick(&f, T0 + 7 * SEC, false);
	fixture_keys(&f, "3 Enter /");
	fixture_type(&f, "deadlock");
	fixture_keys(&f, "Enter");
	number = fixture_selected_panic(&f);
	assert_int_equal(panic(&f, number)->kind, GOLIN_PANIC_THROW);
	assert_non_null(fixture_line(&f, "value     fatal error: the program"));
	assert_non_null(fixture_line(&f, "printed   all goroutines are asleep"));
	assert_non_null(fixture_line(&f, "goroutine none"));
	fixture_keys(&f, "P");
	assert_int_equal(fixture_selected_panic(&f), number);
	assert_non_null(strstr(f.app.message, "no goroutine's"));
	fixture_keys(&f, "/");
	fixture_type(&f, "bad pointer");
	fixture_keys(&f, "Enter P");
	assert_int_equal(fixture_selected(&f), 44);
	assert_non_null(strstr(fixture_line(&f, "›"), "!fatal"));
	assert_non_null(strstr(fixture_line(&f, "3 Panics"), "fatal"));
	fixture_done(&f);
}

static void pauses_stand_beside_deferred_calls(void **state)
{
	struct fixture f;

	fixture_panics(&f, true, 200, 60);
	fixture_keys(&f, "3 Enter");
	select_panic(&f, BOUNDS);
	assert_non_null(fixture_line(&f, "ran 2ms, 600us of it paused, open-coded"));
	fixture_done(&f);
}

static void findings_lead_to_their_panics(void **state)
{
	static char id[GOLIN_PANIC_ID_MAX];
	struct finding v = {.rule = "panic-swallowed",
			    .f = {.severity = GOLIN_SEV_NOTE,
				  .c = GOLIN_CIDX_NONE,
				  .goid = 9121,
				  .count = 1,
				  .func = "main.fetch",
				  .file = "/f.go",
				  .message = "m",
				  .nevidence = 1}};
	struct fixture f;

	fixture_panics(&f, true, 120, 40);
	golin_panic_id(f.model, golin_model_panic_find(f.model, CLOSED), id);
	v.f.evidence[0] = (struct golin_evidence){.name = "panic", .text = id};
	assert_true(findings_set(&f.app.findings, &v, 1));
	fixture_keys(&f, "4 Enter");
	assert_int_equal(fixture_selected_panic(&f), CLOSED);
	fixture_keys(&f, "b");
	assert_int_equal(f.app.shown, SHOW_FINDINGS);
	fixture_keys(&f, "P");
	assert_int_equal(fixture_selected_panic(&f), CLOSED);
	/* it has left the model: its goroutine then, and the newest panic of that */
	v.f.evidence[0].text = "pn-0-t9121";
	assert_true(findings_set(&f.app.findings, &v, 1));
	fixture_keys(&f, "4 Enter");
	assert_int_equal(f.app.shown, SHOW_LINEAGE);
	assert_int_equal(fixture_selected(&f), 9121);
	fixture_keys(&f, "4 P");
	assert_int_equal(fixture_selected_panic(&f), WRAPPED);
	fixture_done(&f);
}

static void from_a_context(void **state)
{
	struct fixture f;

	fixture_panics(&f, true, 120, 40);
	fixture_keys(&f, "2");
	app_go_to_context(&f.app, golin_model_context_at(f.model, CTX_NEAR));
	assert_int_equal(fixture_selected_ctx(&f), CTX_NEAR);
	fixture_keys(&f, "P"); /* 9120 made it */
	assert_int_equal(fixture_selected_panic(&f), BOUNDS);
	fixture_done(&f);
}

static void clicks_follow_links(void **state)
{
	struct fixture f;
	const struct detail_line *at;
	struct app_layout l;
	int y;

	fixture_panics(&f, true, 200, 60);
	fixture_keys(&f, "3 Enter");
	select_panic(&f, CLOSED);
	free(fixture_screen(&f));
	app_layout(&f.app, &l);
	for (y = 0; y < (int)f.app.detail.lines.len; y++)
		if (f.app.detail.lines.v[y].link == DETAIL_PANIC)
			break;
	y += l.detail_y + 1;
	app_mouse(&f.app, APP_CLICK, y, l.detail_x + 5);
	at = detail_cursor(&f.app.detail);
	assert_non_null(at);
	assert_int_equal(at->id, PATH);
	assert_int_equal(fixture_selected_panic(&f), CLOSED);
	app_mouse(&f.app, APP_CLICK, y, l.detail_x + 5);
	assert_int_equal(fixture_selected_panic(&f), PATH);
	fixture_done(&f);
}

/* The pane's first link of that kind, from a line of that view. */
static const struct detail_line *step_to(struct fixture *f, uint8_t link)
{
	const struct detail_line *at = NULL;

	free(fixture_screen(f));
	for (int i = 0; i < 100 && (!at || at->link != link); i++) {
		fixture_keys(f, "Down");
		at = detail_cursor(&f->app.detail);
	}
	assert_non_null(at);
	assert_int_equal(at->link, link);
	return at;
}

static void every_pane_has_links(void **state)
{
	struct fixture f;
	uint64_t goid;

	fixture_panics(&f, true, 200, 60);
	fixture_findings(&f);
	/* a goroutine: to the one that started it, to its panic */
	select_goid(&f, 9120);
	fixture_keys(&f, "Enter Tab");
	assert_int_equal(step_to(&f, DETAIL_PANIC)->id, BOUNDS);
	assert_int_equal(step_to(&f, DETAIL_GOROUTINE)->id, 18);
	fixture_keys(&f, "Enter");
	assert_int_equal(fixture_selected(&f), 18);
	/* a context: to its goroutines, to the one above */
	fixture_keys(&f, "2");
	app_go_to_context(&f.app, golin_model_context_at(f.model, CTX_OFF_1));
	fixture_keys(&f, "Tab");
	step_to(&f, DETAIL_CONTEXT);
	fixture_keys(&f, "Enter");
	assert_int_equal(fixture_selected_ctx(&f), CTX_OFF);
	fixture_keys(&f, "b");
	assert_int_equal(fixture_selected_ctx(&f), CTX_OFF_1);
	goid = step_to(&f, DETAIL_GOROUTINE)->id;
	fixture_keys(&f, "Enter");
	assert_int_equal(fixture_selected(&f), goid);
	fixture_done(&f);
}

/* As many as the model was made for: each has a line, in its site and unfolded. */
static void very_many(void **state)
{
	enum { MANY = 65536 };
	struct feed_value v = {.type = 0x1200, .data = 1, .text = "again"};
	struct golin_rec_panic_start s = {.depth = 0x1000};
	struct fixture f;

	fixture_bare(&f, true, 120, 40);
	for (uint64_t goid = 1; goid <= 100; goid++)
		OK(feed_seen(&f.feed, goid, goid > 1, PC_MAIN, 0, "select", 0));
	for (uint64_t i = 0; i < MANY; i++) {
		f.feed.ts = T0 + i;
		s.h.goid = i % 100 + 1;
		OK(feed_panic(&f.feed, &s, &v, 1));
		OK(feed_recover(&f.feed, s.h.goid, PC_LOOP, 0x400));
	}
	fixture_tick(&f, T0 + SEC, false);
	fixture_keys(&f, "3");
	assert_int_equal(f.app.panics.shown, MANY);
	assert_int_equal(f.app.panic_tree.rows.len, 1);
	assert_non_null(fixture_line(&f, "3 Panics 65,536"));
	fixture_keys(&f, "Right Down");
	/* twice at most: below its site, and below the one whose trace it shares */
	assert_true(f.app.panic_tree.rows.len > MANY);
	assert_true(f.app.panic_tree.rows.len <= 2 * MANY + 1);
	fixture_keys(&f, "z");
	assert_int_equal(f.app.panic_tree.rows.len, MANY);
	fixture_done(&f);
}

/* The keys in a fixed mixed-up order while panics come and end: rows and selection agree. */
static void random_keys_keep_it_in_order(void **state)
{
	struct feed_value v = {.type = 0x1200, .data = 1, .text = "again"};
	const struct treeview *t;
	struct fixture f;
	uint32_t x = 4711;
	enum keymap_view view;
	enum action a;
	size_t n = 0;
	int key;

	while (keymap_entry(n, &view, &key, &a))
		n++;
	fixture_panics(&f, true, 100, 30);
	t = &f.app.panic_tree;
	fixture_keys(&f, "3");
	for (uint32_t i = 0; i < 8000; i++) {
		struct golin_rec_panic_start s = {
			.h.goid = 100 + i % 10, .depth = 0x100 + i % 3 * 0x100, .stack = i % 50};

		x = x * 1664525 + 1013904223;
		keymap_entry((x >> 8) % n, &view, &key, &a);
		app_key(&f.app, i % 64 ? key : '3');
		f.app.quit = f.app.suspend = false;
		if (i % 5 == 0) {
			f.feed.ts = f.app.now;
			OK(feed_panic(&f.feed, &s, &v, 1));
			OK(feed_panic_defer(&f.feed, s.h.goid, PC_CLEANUP, 0));
			if (i % 2)
				OK(feed_recover(&f.feed, s.h.goid, PC_LOOP, 0x80));
		}
		fixture_tick(&f, f.app.now + SEC / 30, false);
		if (t->rows.len && f.app.shown == SHOW_PANICS) {
			assert_true(t->sel < t->rows.len);
			assert_int_equal(t->rows.v[t->sel].tag, t->sel_tag);
		}
		if (i % 20 == 0)
			app_draw(&f.app, &f.canvas);
	}
	fixture_done(&f);
}

/* A chain of nested panics as deep as memory is: no recursion, a line for each. */
static void a_deep_tree_of_failures(void **state)
{
	enum { DEEP = 5000 };
	struct feed_value v = {.type = 0x1200, .data = 1, .text = "again"};
	struct golin_rec_panic_start s = {.h.goid = 1};
	struct fixture f;

	fixture_bare(&f, true, 80, 24);
	OK(feed_seen(&f.feed, 1, 0, PC_MAIN, 0, "select", 0));
	for (uint64_t i = 0; i < DEEP; i++) {
		f.feed.ts = T0 + i;
		s.depth = 0x100 + i * 0x100;
		s.flags = i ? GOLIN_PANIC_NESTED : 0;
		OK(feed_panic(&f.feed, &s, &v, 1));
		OK(feed_panic_defer(&f.feed, 1, PC_CLEANUP, 0));
	}
	fixture_tick(&f, T0 + SEC, false);
	fixture_keys(&f, "3 =");
	assert_true(f.app.panic_tree.rows.len <= 2 * DEEP + 1);
	fixture_keys(&f, "G g z = G");
	assert_int_equal(f.app.panic_tree.rows.len, DEEP);
	assert_int_equal(fixture_selected_panic(&f), DEEP);
	fixture_keys(&f, "Enter");
	free(fixture_screen(&f));
	fixture_done(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_fixture_is_what_it_says),
		cmocka_unit_test(source_that_is_not_here),
		cmocka_unit_test(sites_the_newest_on_top),
		cmocka_unit_test(a_site_opens_to_its_panics),
		cmocka_unit_test(unfolded_there_are_trees_of_failures),
		cmocka_unit_test(below_a_failure_stands_what_came_of_it),
		cmocka_unit_test(steps_along_the_links),
		cmocka_unit_test(from_a_goroutine_and_back),
		cmocka_unit_test(to_a_context),
		cmocka_unit_test(links_in_the_detail_pane),
		cmocka_unit_test(goroutines_that_panic_are_marked),
		cmocka_unit_test(a_fatal_one_stays_marked),
		cmocka_unit_test(the_selection_stays_while_panics_come),
		cmocka_unit_test(as_of_a_moment),
		cmocka_unit_test(asks_for_those_on_the_screen),
		cmocka_unit_test(filters_and_searches),
		cmocka_unit_test(none_says_why),
		cmocka_unit_test(a_deep_tree_of_failures),
		cmocka_unit_test(values_of_all_kinds),
		cmocka_unit_test(a_throw_ends_it),
		cmocka_unit_test(pauses_stand_beside_deferred_calls),
		cmocka_unit_test(findings_lead_to_their_panics),
		cmocka_unit_test(from_a_context),
		cmocka_unit_test(clicks_follow_links),
		cmocka_unit_test(every_pane_has_links),
		cmocka_unit_test(very_many),
		cmocka_unit_test(random_keys_keep_it_in_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

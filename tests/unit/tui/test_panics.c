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
	fixture_type(&f, "goid:9120");
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
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: BSD-2-Clause
/* What keys, clicks and records do to the application's state. */
#include <stdlib.h>
#include <string.h>
#include "fixture.h"

#define OK(call) assert_int_equal((call), 0)

static void select_goid(struct fixture *f, uint64_t goid)
{
	const struct golin_goroutine *g =
		golin_model_goroutine(f->model, golin_model_find(f->model, goid));
	uint32_t row = treeview_find(&f->app.tree, lineage_tag(g));

	assert_int_not_equal(row, TREE_NO_ROW);
	treeview_select(&f->app.tree, row);
}

static void keys_move_the_selection(void **state)
{
	struct fixture f;

	fixture_server(&f, true, 80, 24);
	assert_int_equal(fixture_selected(&f), 1);
	fixture_keys(&f, "j");
	assert_int_equal(fixture_selected(&f), 18);
	fixture_keys(&f, "Down");
	assert_int_equal(fixture_selected(&f), 0); /* the group */
	fixture_keys(&f, "G");
	assert_int_equal(fixture_selected(&f), 9200);
	fixture_keys(&f, "k k k");
	assert_int_equal(fixture_selected(&f), 44);
	fixture_keys(&f, "g");
	assert_int_equal(fixture_selected(&f), 1);
	fixture_keys(&f, "k PgUp");
	assert_int_equal(fixture_selected(&f), 1);
	fixture_keys(&f, "PgDn");
	assert_int_equal(fixture_selected(&f), 9200);
	fixture_done(&f);
}

static void left_and_right_walk_the_tree(void **state)
{
	struct fixture f;

	fixture_server(&f, true, 80, 24);
	fixture_keys(&f, "Right"); /* open already: to the first child */
	assert_int_equal(fixture_selected(&f), 18);
	fixture_keys(&f, "h");
	assert_int_equal(f.app.tree.rows.len, 6); /* closed */
	assert_int_equal(fixture_selected(&f), 18);
	fixture_keys(&f, "h");
	assert_int_equal(fixture_selected(&f), 1);
	fixture_keys(&f, "Down Space");
	assert_int_equal(f.app.tree.rows.len, 10);
	fixture_keys(&f, "Space");
	assert_int_equal(f.app.tree.rows.len, 6);
	fixture_keys(&f, "*");
	assert_int_equal(f.app.tree.rows.len, 21); /* the group's eleven too */
	fixture_keys(&f, "-");
	assert_int_equal(f.app.tree.rows.len, 3);
	assert_int_equal(fixture_selected(&f), 1); /* 18 is hidden: its nearest ancestor */
	fixture_keys(&f, "=");
	assert_int_equal(f.app.tree.rows.len, 21);
	fixture_done(&f);
}

static void the_selection_survives_new_rows_above(void **state)
{
	struct fixture f;

	fixture_server(&f, true, 80, 24);
	select_goid(&f, 9121);
	for (uint64_t goid = 50; goid < 53; goid++)
		OK(feed_create(&f.feed, goid, 18, PC_TICK + goid, PC_MAIN, 0));
	fixture_tick(&f, T0 + 6 * SEC, false);
	assert_int_equal(fixture_selected(&f), 9121);
	fixture_done(&f);
}

static void the_selection_survives_the_goroutines_end(void **state)
{
	struct fixture f;

	fixture_server(&f, true, 80, 24);
	select_goid(&f, 9121);
	f.feed.ts = T0 + 6 * SEC;
	OK(feed_exit(&f.feed, 9121));
	fixture_tick(&f, T0 + 6 * SEC, false);
	assert_int_equal(fixture_selected(&f), 9121);
	assert_non_null(strstr(fixture_line(&f, "9121"), "exited"));
	/* long after, when all others that ended are gone from the screen */
	fixture_tick(&f, T0 + 300 * SEC, false);
	assert_int_equal(fixture_selected(&f), 9121);
	assert_null(fixture_line(&f, "9122"));
	/* until the user goes on */
	fixture_keys(&f, "Up");
	assert_int_equal(fixture_selected(&f), 9120);
	OK(feed_create(&f.feed, 500, 1, PC_TICK, PC_MAIN, 0));
	fixture_tick(&f, T0 + 301 * SEC, false);
	assert_null(fixture_line(&f, "9121"));
	fixture_done(&f);
}

static void the_selection_survives_being_folded_by_newcomers(void **state)
{
	struct fixture f;

	fixture_bare(&f, true, 80, 24);
	OK(feed_seen(&f.feed, 1, 0, PC_MAIN, 0, "select", 0));
	OK(feed_create(&f.feed, 2, 1, PC_FETCH, PC_MAIN, 0));
	fixture_tick(&f, T0 + SEC, false);
	select_goid(&f, 2);
	for (uint64_t goid = 3; goid < 20; goid++)
		OK(feed_create(&f.feed, goid, 1, PC_FETCH, PC_MAIN, 0));
	fixture_tick(&f, T0 + 2 * SEC, false);
	assert_int_equal(fixture_selected(&f), 2);
	assert_non_null(fixture_line(&f, "[17 like this]"));
	fixture_done(&f);
}

static void without_follow_the_screen_holds_still(void **state)
{
	struct fixture f;
	uint64_t top;

	fixture_bare(&f, true, 80, 15);
	OK(feed_seen(&f.feed, 1, 0, PC_MAIN, 0, "select", 0));
	OK(feed_create(&f.feed, 5, 1, PC_JOB, PC_MAIN, 0));
	for (uint64_t goid = 100; goid < 130; goid++)
		OK(feed_create(&f.feed, goid, 1, PC_FETCH, 0x100000 + goid, 0));
	fixture_tick(&f, T0 + SEC, false);
	fixture_keys(&f, "G Up Up");
	top = f.app.tree.top_tag;
	for (uint64_t goid = 200; goid < 220; goid++)
		OK(feed_create(&f.feed, goid, 5, PC_FETCH, 0x200000 + goid, 0));
	fixture_tick(&f, T0 + 2 * SEC, false);
	assert_int_equal(f.app.tree.top_tag, top);
	assert_int_equal(fixture_selected(&f), 127);
	/* now the user scrolls away: follow brings it back and keeps it */
	fixture_keys(&f, "F");
	treeview_scroll(&f.app.tree, -100);
	OK(feed_create(&f.feed, 300, 5, PC_FETCH, 0x300000, 0));
	fixture_tick(&f, T0 + 3 * SEC, false);
	assert_true(f.app.tree.sel >= f.app.tree.top &&
		    f.app.tree.sel < f.app.tree.top + f.app.tree.height);
	fixture_done(&f);
}

static void data_is_laid_out_ten_times_a_second_at_most(void **state)
{
	struct fixture f;

	fixture_server(&f, true, 80, 24);
	OK(feed_create(&f.feed, 500, 1, PC_TICK, PC_MAIN, 0));
	fixture_tick(&f, T0 + 5 * SEC + SEC / 20, false);
	assert_null(fixture_line(&f, " 500 "));
	fixture_tick(&f, T0 + 5 * SEC + SEC / 10, false);
	assert_non_null(fixture_line(&f, " 500 "));
	/* and nothing is to be drawn when nothing changed */
	free(fixture_screen(&f));
	fixture_tick(&f, T0 + 5 * SEC + SEC / 3, false);
	assert_false(f.app.dirty);
	fixture_done(&f);
}

static void search_is_incremental(void **state)
{
	struct fixture f;

	fixture_server(&f, true, 80, 24);
	fixture_keys(&f, "/");
	assert_int_equal(f.app.mode, APP_SEARCH);
	fixture_type(&f, "f");
	assert_int_equal(fixture_selected(&f), 9121);
	fixture_type(&f, "etch");
	assert_int_equal(fixture_selected(&f), 9121);
	fixture_type(&f, "q"); /* q is text here */
	assert_non_null(fixture_line(&f, "not found: fetchq"));
	assert_int_equal(fixture_selected(&f), 1);
	fixture_keys(&f, "Backspace Enter");
	assert_int_equal(f.app.mode, APP_NORMAL);
	assert_int_equal(fixture_selected(&f), 9121);
	fixture_keys(&f, "n");
	assert_int_equal(fixture_selected(&f), 9122);
	fixture_keys(&f, "n n");
	assert_int_equal(fixture_selected(&f), 9121);
	fixture_keys(&f, "N");
	assert_int_equal(fixture_selected(&f), 9300);
	fixture_keys(&f, "/");
	fixture_type(&f, "main.main");
	assert_int_equal(fixture_selected(&f), 1);
	fixture_keys(&f, "Esc"); /* back to where it began */
	assert_int_equal(fixture_selected(&f), 9300);
	assert_false(search_active(&f.app.search));
	fixture_keys(&f, "n");
	assert_non_null(fixture_line(&f, "nothing to search for"));
	fixture_done(&f);
}

static void search_finds_what_is_folded_and_closed(void **state)
{
	struct fixture f;

	fixture_server(&f, true, 80, 24);
	fixture_keys(&f, "- /");
	fixture_type(&f, "105");
	fixture_keys(&f, "Enter");
	assert_int_equal(fixture_selected(&f), 105);
	assert_non_null(fixture_line(&f, "[10 like this]"));
	fixture_done(&f);
}

static void a_bad_filter_is_told_and_changes_nothing(void **state)
{
	struct fixture f;

	fixture_server(&f, true, 80, 24);
	fixture_keys(&f, "f");
	fixture_type(&f, "age>nonsense");
	fixture_keys(&f, "Enter");
	assert_int_equal(f.app.mode, APP_FILTER);
	assert_int_equal(f.app.filter_err.code, -EINVAL);
	assert_null(f.app.filter);
	fixture_type(&f, "x");
	assert_int_equal(f.app.filter_err.code, 0); /* gone with the next key */
	fixture_keys(&f, "Esc");
	assert_int_equal(f.app.mode, APP_NORMAL);
	assert_int_equal(f.app.tree.rows.len, 10);
	fixture_done(&f);
}

static void a_filter_hides_the_selection_and_gives_it_up(void **state)
{
	struct fixture f;

	fixture_server(&f, true, 80, 24);
	select_goid(&f, 9121);
	fixture_keys(&f, "f");
	fixture_type(&f, "fn:ticker");
	fixture_keys(&f, "Enter");
	assert_int_equal(fixture_selected(&f), 1); /* the nearest that is left */
	assert_string_equal(f.app.filter_text, "fn:ticker");
	/* the prompt comes up with it; emptied, all is shown again */
	fixture_keys(&f, "f");
	assert_string_equal(f.app.edit.text, "fn:ticker");
	fixture_keys(&f, "Ctrl-U Enter");
	assert_null(f.app.filter);
	assert_int_equal(f.app.tree.rows.len, 10);
	fixture_done(&f);
}

static void an_invalid_filter_option_is_an_error(void **state)
{
	struct app_opts opts = {.title = "", .filter = "age>nonsense", .live = true};
	struct golin_model *m;
	struct golin_err err = {0};
	struct app a;

	OK(golin_model_new(NULL, &m));
	assert_int_equal(app_init(&a, m, &opts, &err), -EINVAL);
	assert_non_null(strstr(err.msg, "column 5"));
	app_done(&a);
	golin_model_free(m);
}

static void a_pause_holds_everything(void **state)
{
	struct fixture f;
	char *before, *after, *end;

	fixture_server(&f, true, 80, 24);
	fixture_keys(&f, "p");
	assert_string_equal(app_state(&f.app), "PAUSED");
	assert_non_null(fixture_line(&f, "PAUSED +0 at 06:11:12.120"));
	before = fixture_screen(&f);
	f.feed.ts = T0 + 7 * SEC;
	for (uint64_t goid = 500; goid < 510; goid++)
		OK(feed_create(&f.feed, goid, 1, PC_TICK, PC_MAIN, 0));
	fixture_tick(&f, T0 + 8 * SEC, false);
	assert_non_null(fixture_line(&f, "PAUSED +10 at 06:11:12.120"));
	after = fixture_screen(&f);
	/* the tree is the same: from its heads to the status line */
	end = strstr(before, " ev/s");
	assert_non_null(end);
	assert_memory_equal(strstr(before, " GOID"), strstr(after, " GOID"),
			    (size_t)(end - strstr(before, " GOID")) - 2);
	free(before);
	free(after);
	/* one that ends now was alive then; what it did then is not kept */
	OK(feed_exit(&f.feed, 9121));
	fixture_tick(&f, T0 + 9 * SEC, false);
	assert_non_null(strstr(fixture_line(&f, "9121"), "alive "));
	fixture_keys(&f, "p");
	assert_string_equal(app_state(&f.app), "LIVE");
	assert_non_null(fixture_line(&f, "[11 like this]"));
	assert_non_null(strstr(fixture_line(&f, "9121"), "exited"));
	fixture_done(&f);
}

static void time_steps_by_events_and_seconds(void **state)
{
	struct fixture f;

	fixture_server(&f, true, 80, 24);
	fixture_keys(&f, "["); /* before 9200 came */
	assert_null(fixture_line(&f, " 9200 "));
	assert_non_null(fixture_line(&f, "9122"));
	fixture_keys(&f, "["); /* before 9122 ended */
	assert_non_null(strstr(fixture_line(&f, "9122"), "alive"));
	fixture_keys(&f, "["); /* before 9120 and its children came */
	assert_null(fixture_line(&f, "9120"));
	fixture_keys(&f, "[");
	assert_non_null(fixture_line(&f, "no event before that"));
	fixture_keys(&f, "]");
	assert_non_null(fixture_line(&f, "9120"));
	fixture_keys(&f, "] ]");
	assert_non_null(fixture_line(&f, " 9200 "));
	fixture_keys(&f, "]");
	assert_non_null(fixture_line(&f, "no event after that"));
	fixture_keys(&f, "0");
	assert_string_equal(app_state(&f.app), "LIVE");
	fixture_keys(&f, "{ {");
	assert_int_equal(f.app.lineage.asof, T0 + 3 * SEC);
	fixture_keys(&f, "} } }");
	assert_int_equal(f.app.lineage.asof, 0);
	fixture_done(&f);
}

static void closing_goes_from_the_top(void **state)
{
	struct fixture f;

	fixture_server(&f, true, 80, 24);
	fixture_keys(&f, "Enter ?");
	assert_int_equal(f.app.mode, APP_HELP);
	fixture_keys(&f, "q");
	assert_int_equal(f.app.mode, APP_NORMAL);
	assert_true(f.app.detail_open);
	fixture_keys(&f, "L Esc");
	assert_false(f.app.log_open);
	assert_true(f.app.detail_open);
	fixture_keys(&f, "q");
	assert_false(f.app.detail_open);
	assert_false(f.app.quit);
	fixture_keys(&f, "Esc Esc");
	assert_false(f.app.quit);
	fixture_keys(&f, "q");
	assert_true(f.app.quit);
	fixture_done(&f);

	fixture_server(&f, true, 80, 24);
	fixture_keys(&f, "Enter ? Ctrl-C");
	assert_true(f.app.quit);
	fixture_done(&f);
}

static void the_detail_pane_scrolls_when_it_has_the_focus(void **state)
{
	struct fixture f;

	fixture_server(&f, true, 80, 24);
	select_goid(&f, 9121);
	fixture_keys(&f, "Enter");
	free(fixture_screen(&f));
	/* to the line that leads somewhere, then on */
	fixture_keys(&f, "Tab Down");
	assert_int_equal(fixture_selected(&f), 9121);
	assert_int_equal(detail_cursor(&f.app.detail)->id, 9120);
	assert_int_equal(f.app.detail.top, 0);
	fixture_keys(&f, "Down");
	assert_int_equal(f.app.detail.top, 1);
	fixture_keys(&f, "G");
	assert_non_null(fixture_line(&f, "main.go:41"));
	assert_null(fixture_line(&f, "goroutine "));
	fixture_keys(&f, "Tab Down");
	assert_int_equal(fixture_selected(&f), 9122);
	assert_int_equal(f.app.detail.top, 0);
	fixture_done(&f);
}

static void u_goes_to_the_one_that_started_it(void **state)
{
	struct fixture f;

	fixture_server(&f, true, 80, 24);
	select_goid(&f, 9121);
	fixture_keys(&f, "u");
	assert_int_equal(fixture_selected(&f), 9120);
	fixture_keys(&f, "u u");
	assert_int_equal(fixture_selected(&f), 1);
	fixture_keys(&f, "u");
	assert_non_null(fixture_line(&f, "nothing started this one"));
	fixture_done(&f);
}

static void clicks_select_then_open(void **state)
{
	struct fixture f;
	uint32_t rows;

	fixture_server(&f, true, 80, 24);
	rows = (uint32_t)f.app.tree.rows.len;
	app_mouse(&f.app, APP_CLICK, 3 + 2, 10); /* the third row: the group */
	assert_int_equal(f.app.tree.sel, 2);
	app_mouse(&f.app, APP_CLICK, 3 + 2, 10);
	assert_int_equal(f.app.tree.rows.len, rows + 11);
	app_mouse(&f.app, APP_CLICK, 3 + 2, 10);
	assert_int_equal(f.app.tree.rows.len, rows);
	app_mouse(&f.app, APP_CLICK, 2, 10); /* the heads */
	app_mouse(&f.app, APP_CLICK, 23, 10);
	app_mouse(&f.app, APP_CLICK, 20, 10); /* below the last row */
	assert_int_equal(f.app.tree.sel, 2);
	fixture_keys(&f, "m");
	app_mouse(&f.app, APP_CLICK, 3, 10);
	assert_int_equal(f.app.tree.sel, 2);
	fixture_done(&f);
}

static void the_wheel_scrolls_what_it_is_over(void **state)
{
	struct fixture f;

	fixture_server(&f, true, 80, 15);
	fixture_keys(&f, "=");
	app_mouse(&f.app, APP_WHEEL_DOWN, 5, 5);
	assert_int_equal(f.app.tree.top, 3);
	assert_int_equal(f.app.tree.sel, 0);
	app_mouse(&f.app, APP_WHEEL_UP, 5, 5);
	assert_int_equal(f.app.tree.top, 0);
	fixture_keys(&f, "Enter");
	free(fixture_screen(&f));
	app_mouse(&f.app, APP_WHEEL_DOWN, 11, 5);
	assert_int_equal(f.app.tree.top, 0);
	assert_int_equal(f.app.detail.top, 3);
	fixture_done(&f);
}

static void the_states_on_the_screen_can_be_asked_for(void **state)
{
	struct fixture f;
	uint64_t goids[64];

	fixture_server(&f, true, 80, 24);
	/* not the group, not the ended one, not the one that was never seen */
	assert_int_equal(app_visible(&f.app, goids, 64), 7);
	assert_int_equal(goids[0], 1);
	assert_int_equal(goids[2], 9120);
	assert_int_equal(goids[5], 9300);
	assert_int_equal(app_visible(&f.app, goids, 3), 3);
	/* with the detail pane of a group also its members; of a goroutine, its children. The pane
	 * leaves the tree one row less. */
	fixture_keys(&f, "Down Down Enter");
	assert_int_equal(app_visible(&f.app, goids, 64), 6 + 11);
	assert_int_equal(goids[6], 100);
	fixture_keys(&f, "Down");
	assert_int_equal(app_visible(&f.app, goids, 64), 6 + 1);
	fixture_keys(&f, "p");
	assert_int_equal(app_visible(&f.app, goids, 64), 0);
	fixture_done(&f);
}

static void an_exec_keeps_old_and_new_apart(void **state)
{
	struct fixture f;

	fixture_server(&f, true, 80, 24);
	select_goid(&f, 1);
	f.feed.epoch = 1;
	f.feed.ts = T0 + 6 * SEC;
	OK(feed_target(&f.feed, "/srv/other", "go1.26.8"));
	OK(feed_name(&f.feed, PC_MAIN, "other.main", "/src/other.go", 3));
	OK(feed_seen(&f.feed, 1, 0, PC_MAIN, 0, "select", 0));
	fixture_tick(&f, T0 + 7 * SEC, false);
	assert_int_equal(fixture_selected(&f), 1);
	assert_non_null(fixture_line(&f, "main.main"));
	/* the old one's tag, not the new one's */
	assert_int_equal(f.app.tree.sel_tag,
			 lineage_tag(golin_model_goroutine(
				 f.model, golin_model_find_key(f.model, 1, 0, 1))));
	fixture_done(&f);
}

static void any_size_will_do(void **state)
{
	static const char *const keys[] = {"", "Enter", "?", "L", "p", "/", "f"};

	for (size_t k = 0; k < sizeof(keys) / sizeof(keys[0]); k++) {
		struct fixture f;

		fixture_server(&f, true, 80, 24);
		fixture_keys(&f, keys[k]);
		for (int w = 1; w < 500; w += w < 70 ? 3 : 57) {
			for (int h = 1; h < 200; h += h < 20 ? 2 : 43) {
				assert_true(canvas_resize(&f.canvas, w, h));
				app_resize(&f.app, w, h);
				app_draw(&f.app, &f.canvas);
			}
		}
		fixture_done(&f);
	}
}

/* The same keys in a fixed mixed-up order: whatever comes, rows and selection agree. */
static void random_keys_keep_it_in_order(void **state)
{
	struct fixture f;
	uint32_t x = 12345;
	enum keymap_view v;
	enum action a;
	size_t n = 0;
	int key;

	while (keymap_entry(n, &v, &key, &a))
		n++;
	fixture_server(&f, true, 80, 24);
	for (int i = 0; i < 20000; i++) {
		x = x * 1664525 + 1013904223;
		keymap_entry((x >> 8) % n, &v, &key, &a);
		app_key(&f.app, key);
		f.app.quit = f.app.suspend = false;
		if (i % 7 == 0) {
			uint64_t goid = 10000 + (uint64_t)i;

			f.feed.ts = f.app.now;
			OK(feed_create(&f.feed, goid, goid % 3 ? 18 : 9120, PC_CONN, PC_SERVE, 0));
			if (i > 700)
				OK(feed_exit(&f.feed, goid - 700));
		}
		fixture_tick(&f, f.app.now + SEC / 30, false);
		if (f.app.tree.rows.len) {
			assert_true(f.app.tree.sel < f.app.tree.rows.len);
			assert_int_equal(f.app.tree.rows.v[f.app.tree.sel].tag, f.app.tree.sel_tag);
			assert_true(f.app.tree.top <= f.app.tree.sel || f.app.tree.top > 0);
		}
		if (i % 50 == 0)
			app_draw(&f.app, &f.canvas);
	}
	fixture_done(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_move_the_selection),
		cmocka_unit_test(left_and_right_walk_the_tree),
		cmocka_unit_test(the_selection_survives_new_rows_above),
		cmocka_unit_test(the_selection_survives_the_goroutines_end),
		cmocka_unit_test(the_selection_survives_being_folded_by_newcomers),
		cmocka_unit_test(without_follow_the_screen_holds_still),
		cmocka_unit_test(data_is_laid_out_ten_times_a_second_at_most),
		cmocka_unit_test(search_is_incremental),
		cmocka_unit_test(search_finds_what_is_folded_and_closed),
		cmocka_unit_test(a_bad_filter_is_told_and_changes_nothing),
		cmocka_unit_test(a_filter_hides_the_selection_and_gives_it_up),
		cmocka_unit_test(an_invalid_filter_option_is_an_error),
		cmocka_unit_test(a_pause_holds_everything),
		cmocka_unit_test(time_steps_by_events_and_seconds),
		cmocka_unit_test(closing_goes_from_the_top),
		cmocka_unit_test(the_detail_pane_scrolls_when_it_has_the_focus),
		cmocka_unit_test(u_goes_to_the_one_that_started_it),
		cmocka_unit_test(clicks_select_then_open),
		cmocka_unit_test(the_wheel_scrolls_what_it_is_over),
		cmocka_unit_test(the_states_on_the_screen_can_be_asked_for),
		cmocka_unit_test(an_exec_keeps_old_and_new_apart),
		cmocka_unit_test(any_size_will_do),
		cmocka_unit_test(random_keys_keep_it_in_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

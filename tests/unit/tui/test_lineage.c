// SPDX-License-Identifier: BSD-2-Clause
/* Which goroutines become rows, and how like siblings fold. */
#include <stdio.h>
#include <string.h>
#include "fixture.h"
#include "model/filter.h"

/* "1 .18 ..[11] ..9120": goids and group sizes; static memory. */
static const char *shape(struct fixture *f)
{
	static char buf[1024];
	struct treeview *t = &f->app.tree;
	size_t len = 0;

	app_update(&f->app);
	buf[0] = 0;
	for (size_t i = 0; i < t->rows.len && len < sizeof(buf); i++) {
		const struct tree_row *r = &t->rows.v[i];
		const struct golin_goroutine *g = lineage_goroutine(&f->app.lineage, r);
		const struct lineage_group *grp = lineage_group(&f->app.lineage, r);

		len += (size_t)snprintf(buf + len, sizeof(buf) - len, "%s%.*s", i ? " " : "",
					(int)r->depth, "..........");
		if (g)
			len += (size_t)snprintf(buf + len, sizeof(buf) - len, "%llu",
						(unsigned long long)g->goid);
		else if (grp)
			len += (size_t)snprintf(buf + len, sizeof(buf) - len, "[%u%s]", grp->count,
						grp->ended ? " ended" : "");
	}
	return buf;
}

#define OK(call) assert_int_equal((call), 0)

static void like_siblings_fold(void **state)
{
	struct fixture f;

	fixture_server(&f, true, 80, 24);
	assert_string_equal(shape(&f), "1 .18 ..[11] ..9120 ...9121 ...9122 .44 9299 .9300 9200");
	fixture_keys(&f, "z");
	assert_string_equal(shape(&f),
			    "1 .18 ..100 ..101 ..102 ..103 ..104 ..105 ..106 ..107 ..108 ..109 "
			    "..110 ..9120 ...9121 ...9122 .44 9299 .9300 9200");
	fixture_done(&f);
}

static void three_alike_do_not_fold(void **state)
{
	struct fixture f;

	fixture_bare(&f, true, 80, 24);
	OK(feed_seen(&f.feed, 1, 0, PC_MAIN, 0, "select", 0));
	for (uint64_t goid = 2; goid < 5; goid++)
		OK(feed_create(&f.feed, goid, 1, PC_FETCH, PC_MAIN, 0));
	fixture_tick(&f, T0 + SEC, false);
	assert_string_equal(shape(&f), "1 .2 .3 .4");
	OK(feed_create(&f.feed, 5, 1, PC_FETCH, PC_MAIN, 0));
	OK(feed_create(&f.feed, 6, 1, PC_FETCH, PC_JOB, 0)); /* another go statement */
	fixture_tick(&f, T0 + 2 * SEC, false);
	assert_string_equal(shape(&f), "1 .[4] .6");
	fixture_done(&f);
}

static void ended_and_living_do_not_share_a_group(void **state)
{
	struct fixture f;

	fixture_bare(&f, true, 80, 24);
	OK(feed_seen(&f.feed, 1, 0, PC_MAIN, 0, "select", 0));
	for (uint64_t goid = 10; goid < 22; goid++)
		OK(feed_create(&f.feed, goid, 1, PC_FETCH, PC_MAIN, 0));
	f.feed.ts = T0 + SEC;
	for (uint64_t goid = 10; goid < 15; goid++)
		OK(feed_exit(&f.feed, goid));
	fixture_tick(&f, T0 + 2 * SEC, false);
	assert_string_equal(shape(&f), "1 .[5 ended] .[7]");
	/* after ten seconds the ended ones go, without any new record */
	fixture_tick(&f, T0 + 12 * SEC, false);
	assert_string_equal(shape(&f), "1 .[7]");
	fixture_keys(&f, "x");
	assert_string_equal(shape(&f), "1 .[5 ended] .[7]");
	fixture_keys(&f, "x");
	assert_string_equal(shape(&f), "1 .[7]");
	fixture_done(&f);
}

static void an_ended_parent_of_living_ones_stays(void **state)
{
	struct fixture f;

	fixture_bare(&f, true, 80, 24);
	OK(feed_seen(&f.feed, 1, 0, PC_MAIN, 0, "select", 0));
	OK(feed_create(&f.feed, 2, 1, PC_JOB, PC_MAIN, 0));
	OK(feed_create(&f.feed, 3, 2, PC_FETCH, PC_JOB, 0));
	OK(feed_exit(&f.feed, 2));
	fixture_tick(&f, T0 + 60 * SEC, false);
	assert_string_equal(shape(&f), "1 .2 ..3");
	fixture_keys(&f, "x x");
	assert_string_equal(shape(&f), "1 .2 ..3");
	OK(feed_exit(&f.feed, 3));
	fixture_tick(&f, T0 + 61 * SEC, false);
	assert_string_equal(shape(&f), "1");
	fixture_done(&f);
}

static void the_runtimes_own_are_hidden(void **state)
{
	struct fixture f;

	fixture_server(&f, true, 80, 24);
	assert_null(strstr(shape(&f), " .2 "));
	fixture_keys(&f, "s");
	assert_non_null(strstr(shape(&f), "1 .2 .18 "));
	fixture_done(&f);
}

static void a_group_opens_to_its_members(void **state)
{
	struct fixture f;

	fixture_server(&f, true, 80, 24);
	fixture_keys(&f, "Down Down Right");
	assert_string_equal(shape(&f),
			    "1 .18 ..[11] ...100 ...101 ...102 ...103 ...104 ...105 ...106 ...107 "
			    "...108 ...109 ...110 ..9120 ...9121 ...9122 .44 9299 .9300 9200");
	/* and stays open when records come */
	OK(feed_create(&f.feed, 111, 18, PC_CONN, PC_SERVE, 0));
	fixture_tick(&f, T0 + 6 * SEC, false);
	assert_non_null(strstr(shape(&f), "..[12] ...100 "));
	assert_non_null(strstr(shape(&f), "...110 ...111 ..9120"));
	fixture_keys(&f, "Left");
	assert_non_null(strstr(shape(&f), "..[12] ..9120"));
	fixture_done(&f);
}

static void a_filter_keeps_the_way_to_what_fits(void **state)
{
	struct fixture f;

	fixture_server(&f, true, 80, 24);
	fixture_keys(&f, "f");
	fixture_type(&f, "goid:9121");
	fixture_keys(&f, "Enter");
	assert_string_equal(shape(&f), "1 .18 ..9120 ...9121");
	assert_int_equal(f.app.lineage.shown, 1);
	fixture_done(&f);
}

static void a_moment_in_the_past(void **state)
{
	struct fixture f;

	fixture_server(&f, true, 80, 24);
	f.app.lineage.ended = ENDED_NONE;
	f.app.lineage.asof = T0 + SEC + SEC / 2;
	f.app.stale = true;
	/* 9122 was still alive; 9200 did not exist */
	assert_string_equal(shape(&f), "1 .18 ..[11] ..9120 ...9121 ...9122 .44 9299 .9300");
	f.app.lineage.asof = T0 + SEC / 2;
	f.app.stale = true;
	assert_string_equal(shape(&f), "1 .18 ..[11] .44 9299 .9300");
	f.app.lineage.asof = 0;
	f.app.stale = true;
	assert_string_equal(shape(&f), "1 .18 ..[11] ..9120 ...9121 .44 9299 .9300 9200");
	fixture_done(&f);
}

static void events_are_found_in_time(void **state)
{
	struct fixture f;

	fixture_server(&f, true, 80, 24);
	assert_int_equal(lineage_event_time(&f.app.lineage, T0 + 5 * SEC, true), T0 + 3 * SEC);
	assert_int_equal(lineage_event_time(&f.app.lineage, T0 + 3 * SEC, true), T0 + 2 * SEC);
	assert_int_equal(lineage_event_time(&f.app.lineage, T0 + SEC, true), 0);
	assert_int_equal(lineage_event_time(&f.app.lineage, T0, false), T0 + SEC);
	assert_int_equal(lineage_event_time(&f.app.lineage, T0 + 3 * SEC, false), 0);
	fixture_done(&f);
}

static uint64_t found(struct fixture *f, struct search *s, uint64_t from, bool back, bool with)
{
	golin_gidx i = lineage_search(&f->app.lineage, s,
				      from ? golin_model_find(f->model, from) : GOLIN_GIDX_NONE,
				      back, with);
	const struct golin_goroutine *g = golin_model_goroutine(f->model, i);

	return g ? g->goid : 0;
}

static void search_goes_round_in_the_order_of_the_tree(void **state)
{
	struct fixture f;
	struct search s = {0};

	fixture_server(&f, true, 80, 24);
	search_set(&s, "fetch");
	assert_int_equal(found(&f, &s, 1, false, false), 9121);
	assert_int_equal(found(&f, &s, 9121, false, false), 9122);
	assert_int_equal(found(&f, &s, 9121, false, true), 9121);
	assert_int_equal(found(&f, &s, 9122, false, false), 9300);
	assert_int_equal(found(&f, &s, 9300, false, false), 9121);
	assert_int_equal(found(&f, &s, 9121, true, false), 9300);
	assert_int_equal(found(&f, &s, 9300, true, false), 9122);
	assert_int_equal(found(&f, &s, 0, true, false), 9300);
	search_set(&s, "FETCH"); /* a capital: exact */
	assert_int_equal(found(&f, &s, 1, false, false), 0);
	search_set(&s, "chan SEND");
	assert_int_equal(found(&f, &s, 1, false, false), 0);
	search_set(&s, "chan send");
	assert_int_equal(found(&f, &s, 1, false, false), 9121);
	search_set(&s, "912");
	assert_int_equal(found(&f, &s, 1, false, false), 9120);
	search_set(&s, "job.go:88");
	assert_int_equal(found(&f, &s, 1, false, false), 9121);
	search_set(&s, "gcBgMarkWorker"); /* hidden */
	assert_int_equal(found(&f, &s, 1, false, false), 0);
	search_done(&s);
	fixture_done(&f);
}

static void tags_tell_epochs_apart(void **state)
{
	struct golin_goroutine a = {.goid = 7, .target = 1}, b = a;

	b.epoch = 1;
	assert_int_not_equal(lineage_tag(&a), lineage_tag(&b));
	b = a;
	b.goid = 8;
	assert_int_not_equal(lineage_tag(&a), lineage_tag(&b));
	assert_int_not_equal(lineage_tag(&a), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(like_siblings_fold),
		cmocka_unit_test(three_alike_do_not_fold),
		cmocka_unit_test(ended_and_living_do_not_share_a_group),
		cmocka_unit_test(an_ended_parent_of_living_ones_stays),
		cmocka_unit_test(the_runtimes_own_are_hidden),
		cmocka_unit_test(a_group_opens_to_its_members),
		cmocka_unit_test(a_filter_keeps_the_way_to_what_fits),
		cmocka_unit_test(a_moment_in_the_past),
		cmocka_unit_test(events_are_found_in_time),
		cmocka_unit_test(search_goes_round_in_the_order_of_the_tree),
		cmocka_unit_test(tags_tell_epochs_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

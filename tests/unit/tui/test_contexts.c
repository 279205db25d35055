// SPDX-License-Identifier: BSD-2-Clause
/* The contexts and findings views: what is shown, what keys do, from one view to another. */
#include <stdlib.h>
#include <string.h>
#include "fixture.h"

#define OK(call) assert_int_equal((call), 0)

static void select_ctx(struct fixture *f, uint64_t ctx)
{
	golin_cidx i = golin_model_context_at(f->model, ctx);
	uint32_t row;

	assert_int_not_equal(i, GOLIN_CIDX_NONE);
	row = treeview_find(&f->app.ctx_tree, ctxview_tag(i, golin_model_context(f->model, i)));
	assert_int_not_equal(row, TREE_NO_ROW);
	treeview_select(&f->app.ctx_tree, row);
}

static void views_go_round(void **state)
{
	struct fixture f;

	fixture_contexts(&f, true, 80, 24);
	fixture_keys(&f, "2");
	assert_int_equal(f.app.shown, SHOW_CONTEXTS);
	fixture_keys(&f, "Tab");
	assert_int_equal(f.app.shown, SHOW_PANICS);
	fixture_keys(&f, "Tab");
	assert_int_equal(f.app.shown, SHOW_FINDINGS);
	fixture_keys(&f, "Tab");
	assert_int_equal(f.app.shown, SHOW_LINEAGE);
	fixture_keys(&f, "4 1");
	assert_int_equal(f.app.shown, SHOW_LINEAGE);
	/* with a pane open Tab is for the pane */
	fixture_keys(&f, "Enter Tab");
	assert_int_equal(f.app.shown, SHOW_LINEAGE);
	assert_true(f.app.detail_focus);
	fixture_keys(&f, "2");
	assert_int_equal(f.app.shown, SHOW_CONTEXTS);
	assert_false(f.app.detail_focus);
	fixture_done(&f);
}

static void what_is_cancelled_fades_and_goes(void **state)
{
	struct fixture f;

	fixture_contexts(&f, true, 100, 30);
	fixture_keys(&f, "2");
	assert_non_null(fixture_line(&f, "cancelled 2s ago"));
	/* ten seconds later only what lives is there */
	fixture_tick(&f, T0 + 14 * SEC, false);
	assert_null(fixture_line(&f, "cancelled 1"));
	assert_null(fixture_line(&f, "parent 1"));
	assert_non_null(fixture_line(&f, "main.ticker"));
	fixture_keys(&f, "x");
	assert_non_null(fixture_line(&f, "cancelled 11s ago"));
	fixture_keys(&f, "x");
	assert_null(fixture_line(&f, "cancelled 1"));
	fixture_done(&f);
}

static void what_has_a_finding_stays(void **state)
{
	struct fixture f;

	fixture_contexts(&f, true, 100, 30);
	fixture_findings(&f);
	fixture_keys(&f, "2");
	fixture_tick(&f, T0 + 60 * SEC, false);
	assert_non_null(strstr(fixture_line(&f, "!ignored-cancel"), "╌"));
	fixture_keys(&f, "x x");
	assert_non_null(fixture_line(&f, "!ignored-cancel"));
	fixture_done(&f);
}

static void a_deadline_counts_down(void **state)
{
	struct fixture f;

	fixture_contexts(&f, true, 100, 30);
	fixture_keys(&f, "2");
	assert_non_null(strstr(fixture_line(&f, "4s left"), "http.(*conn).serve"));
	fixture_tick(&f, T0 + 7 * SEC, false);
	assert_non_null(strstr(fixture_line(&f, "2s left"), "http.(*conn).serve"));
	assert_non_null(strstr(fixture_line(&f, "over 1.5s"), "main.(*Job).run"));
	fixture_done(&f);
}

static void a_group_opens_to_its_members(void **state)
{
	struct fixture f;
	uint32_t n;

	fixture_contexts(&f, true, 100, 50);
	fixture_keys(&f, "2 o");
	n = (uint32_t)f.app.ctx_tree.rows.len;
	assert_non_null(fixture_line(&f, "[6] WithTimeout"));
	fixture_keys(&f, "z");
	assert_int_equal(f.app.ctx_tree.rows.len, n + 5);
	assert_null(fixture_line(&f, "[6]"));
	fixture_keys(&f, "z /");
	fixture_type(&f, "readRequest");
	fixture_keys(&f, "Enter"); /* the first of them, on a line of its own */
	assert_int_equal(fixture_selected_ctx(&f), CTX_LIKE);
	assert_non_null(fixture_line(&f, "[5] WithTimeout"));
	fixture_done(&f);
}

static void the_selection_survives_its_end(void **state)
{
	struct golin_rec_context_cancel c = {
		.h.goid = 18, .ctx = CTX_NEAR, .reason = GOLIN_CANCEL_DEADLINE};
	struct fixture f;

	fixture_contexts(&f, true, 100, 30);
	fixture_keys(&f, "2");
	select_ctx(&f, CTX_NEAR);
	f.feed.ts = T0 + 6 * SEC;
	OK(feed_cancel(&f.feed, &c, "context deadline exceeded", ""));
	fixture_tick(&f, T0 + 6 * SEC, false);
	assert_int_equal(fixture_selected_ctx(&f), CTX_NEAR);
	assert_non_null(fixture_line(&f, "deadline "));
	fixture_tick(&f, T0 + 100 * SEC, false);
	assert_int_equal(fixture_selected_ctx(&f), CTX_NEAR);
	/* another one that was cancelled has gone */
	assert_null(fixture_line(&f, "cancelled 1m"));
	fixture_done(&f);
}

/* Its address is used again: the old one's line is not the new one's. */
static void an_address_that_is_used_again_is_another(void **state)
{
	struct golin_rec_context_create c = {.h.goid = 1,
					     .ctx = CTX_TODO,
					     .kind = GOLIN_CTX_CANCEL,
					     .parent_kind = GOLIN_CTX_BACKGROUND,
					     .flags = GOLIN_CTX_PARENT_KNOWN};
	struct fixture f;
	uint64_t tag;

	fixture_contexts(&f, true, 100, 30);
	fixture_keys(&f, "2");
	select_ctx(&f, CTX_TODO);
	tag = f.app.ctx_tree.sel_tag;
	f.feed.ts = T0 + 6 * SEC;
	OK(feed_context(&f.feed, &c, "", ""));
	fixture_tick(&f, T0 + 6 * SEC, false);
	assert_int_equal(f.app.ctx_tree.sel_tag, tag);
	assert_int_not_equal(ctxview_tag(golin_model_context_at(f.model, CTX_TODO),
					 golin_model_context(f.model, golin_model_context_at(
									      f.model, CTX_TODO))),
			     tag);
	fixture_done(&f);
}

static void jumps_and_back(void **state)
{
	struct fixture f;

	fixture_contexts(&f, true, 100, 30);
	fixture_keys(&f, "2");
	select_ctx(&f, CTX_TODO);
	fixture_keys(&f, "c");
	assert_int_equal(f.app.shown, SHOW_LINEAGE);
	assert_int_equal(fixture_selected(&f), 44);
	assert_non_null(strstr(f.app.message, "goroutine 44 created this context"));
	/* 44 waits on six and made one: the newest that is not done comes first */
	fixture_keys(&f, "c");
	assert_int_equal(fixture_selected_ctx(&f), CTX_TODO);
	assert_non_null(strstr(f.app.message, "context 1 of 7 of goroutine 44 (C: "));
	fixture_keys(&f, "C");
	assert_int_equal(fixture_selected_ctx(&f), CTX_LIKE + 5 * 0x100);
	fixture_keys(&f, "C C C C C C");
	assert_int_equal(fixture_selected_ctx(&f), CTX_TODO);
	fixture_keys(&f, "Backspace");
	assert_int_equal(f.app.shown, SHOW_LINEAGE);
	assert_int_equal(fixture_selected(&f), 44);
	fixture_keys(&f, "b");
	assert_int_equal(fixture_selected_ctx(&f), CTX_TODO);
	fixture_keys(&f, "b");
	assert_non_null(strstr(f.app.message, "no jump"));
	fixture_done(&f);
}

static void a_goroutine_under_a_context_leads_to_itself(void **state)
{
	struct fixture f;

	fixture_contexts(&f, true, 100, 30);
	fixture_keys(&f, "2");
	select_ctx(&f, CTX_ROOT);
	fixture_keys(&f, "Down c");
	assert_int_equal(f.app.shown, SHOW_LINEAGE);
	assert_int_equal(fixture_selected(&f), 1);
	fixture_keys(&f, "b u"); /* from the goroutine's line to its context */
	assert_int_equal(fixture_selected_ctx(&f), CTX_ROOT);
	fixture_done(&f);
}

static void goroutines_without_contexts_say_so(void **state)
{
	struct fixture f;

	fixture_server(&f, true, 100, 30);
	fixture_keys(&f, "c");
	assert_int_equal(f.app.shown, SHOW_LINEAGE);
	assert_non_null(strstr(f.app.message, "contexts are not watched"));
	fixture_keys(&f, "w");
	assert_int_equal(f.app.mode, APP_NORMAL);
	fixture_keys(&f, "2 w c C Enter Right x z - =");
	fixture_keys(&f, "4 Enter c w d");
	fixture_done(&f);
}

static void who_leads_to_the_origin_and_to_the_goroutine(void **state)
{
	struct fixture f;

	fixture_contexts(&f, true, 100, 30);
	fixture_keys(&f, "2");
	select_ctx(&f, CTX_OFF_1);
	fixture_keys(&f, "w");
	assert_int_equal(f.app.mode, APP_WHO);
	assert_non_null(fixture_line(&f, "main.fetch called cancel."));
	assert_non_null(fixture_line(&f, "+12us    parent    WithTimeout  main.fetch"));
	assert_non_null(fixture_line(&f, "began    explicit  WithCancel  main.(*Job).run"));
	assert_non_null(fixture_line(&f, "1 > 18 > 9120 > 9121"));
	fixture_keys(&f, "Enter");
	assert_int_equal(f.app.mode, APP_NORMAL);
	assert_int_equal(fixture_selected_ctx(&f), CTX_OFF);
	fixture_keys(&f, "b");
	assert_int_equal(fixture_selected_ctx(&f), CTX_OFF_1);
	fixture_keys(&f, "w c");
	assert_int_equal(f.app.shown, SHOW_LINEAGE);
	assert_int_equal(fixture_selected(&f), 9121);
	/* from a goroutine: its newest context that is cancelled */
	fixture_keys(&f, "w");
	assert_non_null(fixture_line(&f, "main.fetch called cancel."));
	fixture_keys(&f, "w");
	assert_int_equal(f.app.mode, APP_NORMAL);
	fixture_done(&f);
}

/* At a moment before it was cancelled nobody had cancelled it. */
static void who_is_as_of_the_moment(void **state)
{
	struct fixture f;

	fixture_contexts(&f, true, 100, 30);
	fixture_keys(&f, "2");
	select_ctx(&f, CTX_OFF_1);
	fixture_keys(&f, "[ [");
	assert_non_null(fixture_line(&f, "58s left"));
	fixture_keys(&f, "w");
	assert_non_null(fixture_line(&f, "Nobody: it is not cancelled."));
	fixture_keys(&f, "Esc 0 w");
	assert_non_null(fixture_line(&f, "called cancel"));
	fixture_done(&f);
}

/* Its parent is done and it is not: that is said. */
static void who_says_when_the_chain_is_broken(void **state)
{
	struct golin_rec_context_cancel c = {
		.h.goid = 1, .ctx = CTX_ROOT, .reason = GOLIN_CANCEL_EXPLICIT};
	struct fixture f;

	fixture_contexts(&f, true, 100, 30);
	f.feed.ts = T0 + 6 * SEC;
	OK(feed_cancel(&f.feed, &c, "context canceled", ""));
	fixture_tick(&f, T0 + 8 * SEC, false);
	fixture_keys(&f, "2");
	select_ctx(&f, CTX_NEAR);
	fixture_keys(&f, "w");
	assert_non_null(fixture_line(&f, "one above it is cancelled, since 2s"));
	fixture_keys(&f, "Enter");
	assert_int_equal(f.app.mode, APP_WHO);
	assert_non_null(strstr(f.app.message, "nobody cancelled it"));
	fixture_done(&f);
}

static void findings_stand_in_order_and_lead_to_their_place(void **state)
{
	struct fixture f;

	fixture_contexts(&f, true, 100, 30);
	fixture_findings(&f);
	fixture_keys(&f, "4");
	assert_int_equal(f.app.find_tree.rows.len, 3);
	assert_string_equal(findings_row(&f.app.findings, &f.app.find_tree.rows.v[0])->rule,
			    "ignored-cancel");
	assert_string_equal(findings_row(&f.app.findings, &f.app.find_tree.rows.v[2])->rule,
			    "masked-timeout");
	assert_non_null(fixture_line(&f, "still sends on a channel"));
	fixture_keys(&f, "Enter");
	assert_int_equal(f.app.shown, SHOW_CONTEXTS);
	assert_int_equal(fixture_selected_ctx(&f), CTX_OFF_1);
	assert_non_null(fixture_line(&f, "├╌ go 9120"));
	fixture_keys(&f, "b");
	assert_int_equal(f.app.shown, SHOW_FINDINGS);
	fixture_keys(&f, "c");
	assert_int_equal(f.app.shown, SHOW_LINEAGE);
	assert_int_equal(fixture_selected(&f), 9120);
	/* one that is about no context and no goroutine leads nowhere, and says so */
	fixture_keys(&f, "4 G Enter");
	assert_int_equal(f.app.shown, SHOW_FINDINGS);
	assert_true(f.app.message[0]);
	fixture_done(&f);
}

static void findings_of_what_has_left_lead_nowhere(void **state)
{
	struct finding v = {.rule = "lost-cancel",
			    .f = {.severity = GOLIN_SEV_WARNING,
				  .c = 0,
				  .lineage = "ln-1-00000000-t1",
				  .count = 1,
				  .func = "main.f",
				  .file = "/f.go",
				  .message = "m"}};
	struct fixture f;

	fixture_contexts(&f, true, 100, 30);
	assert_true(findings_set(&f.app.findings, &v, 1));
	fixture_keys(&f, "2");
	assert_null(fixture_line(&f, "!lost-cancel")); /* context 0 is another by now */
	fixture_keys(&f, "4");
	fixture_keys(&f, "Enter");
	assert_int_equal(f.app.shown, SHOW_FINDINGS);
	v.f.c = 4000000000;
	assert_true(findings_set(&f.app.findings, &v, 1));
	fixture_keys(&f, "Enter w 2 4");
	fixture_done(&f);
}

static void filters_and_searches(void **state)
{
	struct fixture f;

	fixture_contexts(&f, true, 100, 30);
	fixture_findings(&f);
	fixture_keys(&f, "2 o f");
	fixture_type(&f, "fn:ticker");
	fixture_keys(&f, "Enter");
	assert_int_equal(f.app.ctx_tree.rows.len, 1);
	fixture_keys(&f, "f Ctrl-U");
	fixture_type(&f, "rule:lost-cancel");
	fixture_keys(&f, "Enter 4");
	assert_int_equal(f.app.find_tree.rows.len, 1);
	fixture_keys(&f, "f Ctrl-U Enter");
	assert_int_equal(f.app.find_tree.rows.len, 3);
	fixture_keys(&f, "/");
	fixture_type(&f, "dial");
	fixture_keys(&f, "Enter");
	assert_int_equal(f.app.find_tree.sel, 2);
	fixture_keys(&f, "n");
	assert_int_equal(f.app.find_tree.sel, 2);
	fixture_keys(&f, "2 /");
	fixture_type(&f, "gave up");
	fixture_keys(&f, "Enter");
	assert_int_equal(fixture_selected_ctx(&f), CTX_OFF);
	fixture_keys(&f, "n");
	assert_int_equal(fixture_selected_ctx(&f), CTX_OFF_1);
	fixture_keys(&f, "n");
	assert_int_equal(fixture_selected_ctx(&f), CTX_OFF);
	fixture_keys(&f, "N");
	assert_int_equal(fixture_selected_ctx(&f), CTX_OFF_1);
	fixture_done(&f);
}

static void values_are_shown_when_they_may_be(void **state)
{
	struct golin_rec_context_create c = {.h.goid = 1,
					     .ctx = 0xc000009000,
					     .kind = GOLIN_CTX_VALUE,
					     .parent_kind = GOLIN_CTX_BACKGROUND,
					     .flags = GOLIN_CTX_PARENT_KNOWN | GOLIN_CTX_SHOWN};
	struct fixture f;

	fixture_contexts(&f, true, 200, 40);
	OK(feed_type(&f.feed, 0x777, "main.tenantKey"));
	OK(feed_type(&f.feed, 0x778, "string"));
	c.key_type = 0x777;
	c.value_type = 0x778;
	OK(feed_context(&f.feed, &c, "tenant", "acme & sons"));
	c.ctx += 0x100;
	c.flags = GOLIN_CTX_PARENT_KNOWN;
	OK(feed_context(&f.feed, &c, "", ""));
	fixture_tick(&f, T0 + 6 * SEC, false);
	fixture_keys(&f, "2");
	assert_non_null(fixture_line(&f, "main.tenantKey=acme & sons"));
	assert_non_null(fixture_line(&f, "main.tenantKey=string"));
	fixture_keys(&f, "G Enter");
	assert_non_null(fixture_line(&f, "[redacted: --show-values shows it]"));
	fixture_keys(&f, "Up");
	assert_null(fixture_line(&f, "redacted"));
	assert_non_null(fixture_line(&f, "string  acme & sons"));
	fixture_done(&f);
}

/* Values as deep as memory is: no recursion, and no time that grows with the square. */
static void a_deep_chain_of_values(void **state)
{
	enum { DEEP = 20000 };
	struct golin_rec_context_create c = {.h.goid = 1,
					     .kind = GOLIN_CTX_VALUE,
					     .parent_kind = GOLIN_CTX_BACKGROUND,
					     .flags = GOLIN_CTX_PARENT_KNOWN};
	struct fixture f;

	fixture_bare(&f, true, 80, 24);
	OK(feed_seen(&f.feed, 1, 0, PC_MAIN, 0, "select", 0));
	for (uint64_t i = 0; i < DEEP; i++) {
		c.parent = c.ctx;
		c.ctx = 0xc000000000 + i * 0x40;
		OK(feed_context(&f.feed, &c, "", ""));
		c.parent_kind = GOLIN_CTX_VALUE;
	}
	fixture_tick(&f, T0 + SEC, false);
	fixture_keys(&f, "2 o =");
	assert_int_equal(f.app.ctx_tree.rows.len, DEEP);
	fixture_keys(&f, "G");
	assert_int_equal(fixture_selected_ctx(&f), c.ctx);
	assert_non_null(fixture_line(&f, "WithValue"));
	fixture_keys(&f, "w Esc Enter");
	free(fixture_screen(&f));
	fixture_done(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(views_go_round),
		cmocka_unit_test(what_is_cancelled_fades_and_goes),
		cmocka_unit_test(what_has_a_finding_stays),
		cmocka_unit_test(a_deadline_counts_down),
		cmocka_unit_test(a_group_opens_to_its_members),
		cmocka_unit_test(the_selection_survives_its_end),
		cmocka_unit_test(an_address_that_is_used_again_is_another),
		cmocka_unit_test(jumps_and_back),
		cmocka_unit_test(a_goroutine_under_a_context_leads_to_itself),
		cmocka_unit_test(goroutines_without_contexts_say_so),
		cmocka_unit_test(who_leads_to_the_origin_and_to_the_goroutine),
		cmocka_unit_test(who_is_as_of_the_moment),
		cmocka_unit_test(who_says_when_the_chain_is_broken),
		cmocka_unit_test(findings_stand_in_order_and_lead_to_their_place),
		cmocka_unit_test(findings_of_what_has_left_lead_nowhere),
		cmocka_unit_test(filters_and_searches),
		cmocka_unit_test(values_are_shown_when_they_may_be),
		cmocka_unit_test(a_deep_chain_of_values),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

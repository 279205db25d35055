// SPDX-License-Identifier: BSD-2-Clause
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include "treeview.h"

/* A forest in an array: node i has tag i + 1; up[i] < i, or -1 for a root. */
struct forest {
	const int *up;
	uint32_t n;
	bool gone[64]; /* of the first nodes: left out */
	bool open;     /* the nodes' own default */
};

static bool has_children(const struct forest *f, uint32_t i)
{
	for (uint32_t k = i + 1; k < f->n; k++)
		if (f->up[k] == (int)i && !(k < 64 && f->gone[k]))
			return true;
	return false;
}

static bool forest_children(void *arg, const struct tree_node *parent, struct tree_nodes *out)
{
	const struct forest *f = arg;
	int up = parent ? (int)parent->item : -1;

	for (uint32_t i = 0; i < f->n; i++) {
		struct tree_node *n;

		if (f->up[i] != up || (i < 64 && f->gone[i]))
			continue;
		n = array_add(out);
		if (!n)
			return false;
		n->tag = i + 1;
		n->item = i;
		n->expandable = has_children(f, i);
		n->open = f->open;
	}
	return true;
}

static struct tree_source source(struct forest *f)
{
	return (struct tree_source){.children = forest_children, .arg = f};
}

/* "1 2.3 2.4": depth as dots before the tag, in order; static memory. */
static const char *shape(const struct treeview *t)
{
	static char buf[512];
	size_t len = 0;

	buf[0] = 0;
	for (size_t i = 0; i < t->rows.len; i++)
		len += (size_t)snprintf(buf + len, sizeof(buf) - len, "%s%.*s%llu", i ? " " : "",
					(int)t->rows.v[i].depth, "..........",
					(unsigned long long)t->rows.v[i].tag);
	return buf;
}

/* What a rebuild gives must be what splicing has given. */
static void assert_same_as_rebuilt(struct treeview *t, struct forest *f)
{
	struct tree_source src = source(f);
	char before[512];
	uint32_t parents[64], sel = t->sel;
	bool ok;

	snprintf(before, sizeof(before), "%s", shape(t));
	for (size_t i = 0; i < t->rows.len; i++)
		parents[i] = t->rows.v[i].parent;
	treeview_rebuild(t, &src, &ok);
	assert_true(ok);
	assert_string_equal(shape(t), before);
	for (size_t i = 0; i < t->rows.len; i++)
		assert_int_equal(t->rows.v[i].parent, parents[i]);
	assert_int_equal(t->sel, sel);
}

/* 1 > (2 > (3 > 4, 5), 6), 7 > 8 */
static const int small[] = {-1, 0, 1, 2, 1, 0, -1, 6};

static void setup(struct treeview *t, struct forest *f, bool open)
{
	struct tree_source src;
	bool ok;

	memset(t, 0, sizeof(*t));
	memset(f, 0, sizeof(*f));
	f->up = small;
	f->n = 8;
	f->open = open;
	src = source(f);
	treeview_set_height(t, 4);
	treeview_rebuild(t, &src, &ok);
	assert_true(ok);
}

static void an_empty_tree_has_no_rows(void **state)
{
	struct treeview t = {0};
	struct forest f = {.up = small, .n = 0};
	struct tree_source src = source(&f);
	bool ok;

	treeview_rebuild(&t, &src, &ok);
	assert_true(ok);
	assert_null(treeview_selected(&t));
	treeview_move(&t, 1);
	treeview_scroll(&t, -5);
	assert_false(treeview_open(&t, &src, 0));
	assert_false(treeview_close(&t, 0));
	assert_int_equal(treeview_find(&t, 1), TREE_NO_ROW);
	treeview_done(&t);
}

static void rows_stand_in_the_order_of_the_tree(void **state)
{
	struct treeview t;
	struct forest f;

	setup(&t, &f, true);
	assert_string_equal(shape(&t), "1 .2 ..3 ...4 ..5 .6 7 .8");
	assert_int_equal(t.depth, 3);
	assert_int_equal(t.rows.v[4].parent, 1);
	assert_true(t.rows.v[5].flags & TREE_LAST);
	assert_false(t.rows.v[2].flags & TREE_LAST);
	treeview_done(&t);
	setup(&t, &f, false);
	assert_string_equal(shape(&t), "1 7");
	assert_true(t.rows.v[0].flags & TREE_EXPANDABLE);
	treeview_done(&t);
}

static void opening_and_closing_splices(void **state)
{
	struct treeview t;
	struct forest f;
	struct tree_source src;

	setup(&t, &f, false);
	src = source(&f);
	assert_true(treeview_open(&t, &src, 1));
	assert_string_equal(shape(&t), "1 7 .8");
	assert_true(treeview_open(&t, &src, 0));
	assert_string_equal(shape(&t), "1 .2 .6 7 .8");
	assert_same_as_rebuilt(&t, &f);
	assert_true(treeview_open(&t, &src, 1));
	assert_string_equal(shape(&t), "1 .2 ..3 ..5 .6 7 .8");
	assert_same_as_rebuilt(&t, &f);
	assert_false(treeview_open(&t, &src, 4)); /* 6 has no children */
	assert_true(treeview_close(&t, 0));
	assert_string_equal(shape(&t), "1 7 .8");
	assert_same_as_rebuilt(&t, &f);
	/* what was open below a closed node is open again with it */
	assert_true(treeview_open(&t, &src, 0));
	assert_string_equal(shape(&t), "1 .2 ..3 ..5 .6 7 .8");
	treeview_done(&t);
}

static void the_selection_follows_its_node(void **state)
{
	struct treeview t;
	struct forest f;
	struct tree_source src;
	bool ok;

	setup(&t, &f, true);
	src = source(&f);
	treeview_select(&t, 6);
	assert_int_equal(t.sel_tag, 7);
	f.gone[4] = true;
	assert_true(treeview_rebuild(&t, &src, &ok));
	assert_int_equal(t.sel, 5);
	assert_int_equal(t.sel_tag, 7);
	treeview_close(&t, 0);
	assert_int_equal(t.sel, 1);
	assert_int_equal(t.sel_tag, 7);
	treeview_open(&t, &src, 0);
	assert_int_equal(t.sel_tag, 7);
	/* it goes away: what stands in its place is selected, and that is told */
	f.gone[6] = true;
	assert_false(treeview_rebuild(&t, &src, &ok));
	assert_int_equal(t.sel, t.rows.len - 1);
	assert_int_equal(t.sel_tag, t.rows.v[t.sel].tag);
	treeview_done(&t);
}

static void closing_over_the_selection_selects_the_closed_node(void **state)
{
	struct treeview t;
	struct forest f;

	setup(&t, &f, true);
	treeview_select(&t, 3);
	treeview_close(&t, 1);
	assert_int_equal(t.sel_tag, 2);
	treeview_done(&t);
}

static void without_follow_the_top_row_holds_still(void **state)
{
	struct treeview t;
	struct forest f;
	struct tree_source src;
	bool ok;

	setup(&t, &f, true);
	src = source(&f);
	f.gone[1] = f.gone[2] = f.gone[3] = f.gone[4] = true;
	treeview_rebuild(&t, &src, &ok);
	treeview_set_height(&t, 2);
	treeview_select(&t, 2); /* 7, below 6 */
	assert_int_equal(t.top_tag, 6);
	f.gone[1] = f.gone[2] = f.gone[3] = f.gone[4] = false;
	treeview_rebuild(&t, &src, &ok); /* four rows come above */
	assert_int_equal(t.top_tag, 6);
	assert_int_equal(t.top, 5);
	assert_int_equal(t.sel_tag, 7);
	treeview_done(&t);
}

static void with_follow_the_selection_holds_its_line(void **state)
{
	struct treeview t;
	struct forest f;
	struct tree_source src;
	bool ok;

	setup(&t, &f, true);
	src = source(&f);
	t.follow = true;
	treeview_set_height(&t, 3);
	treeview_select(&t, 5); /* 6 at the bottom line: top is 3 */
	assert_int_equal(t.top, 3);
	f.gone[3] = true; /* a row above goes */
	treeview_rebuild(&t, &src, &ok);
	assert_int_equal(t.sel, 4);
	assert_int_equal(t.sel - t.top, 2);
	treeview_done(&t);
}

static void scrolling_leaves_the_selection(void **state)
{
	struct treeview t;
	struct forest f;

	setup(&t, &f, true);
	treeview_scroll(&t, 100);
	assert_int_equal(t.top, 4);
	assert_int_equal(t.sel, 0);
	treeview_move(&t, 1); /* a move brings it back into view */
	assert_int_equal(t.sel, 1);
	assert_int_equal(t.top, 1);
	treeview_scroll(&t, -100);
	assert_int_equal(t.top, 0);
	treeview_done(&t);
}

static void everything_below_opens_at_once(void **state)
{
	struct treeview t;
	struct forest f;
	struct tree_source src;
	bool ok;

	setup(&t, &f, false);
	src = source(&f);
	assert_true(treeview_open_below(&t, &src, 0));
	treeview_rebuild(&t, &src, &ok);
	assert_string_equal(shape(&t), "1 .2 ..3 ...4 ..5 .6 7");
	treeview_set_all(&t, TREE_ALL_OPEN);
	treeview_rebuild(&t, &src, &ok);
	assert_string_equal(shape(&t), "1 .2 ..3 ...4 ..5 .6 7 .8");
	treeview_set_all(&t, TREE_ALL_CLOSED);
	treeview_rebuild(&t, &src, &ok);
	assert_string_equal(shape(&t), "1 7");
	treeview_done(&t);
}

static void guides_tell_which_ancestors_are_last(void **state)
{
	struct treeview t;
	struct forest f;
	uint64_t bits[1];
	bool cut;

	setup(&t, &f, true);
	/* 4 in 1 > 2 > 3 > 4: 2 is not last, 3 is not, 4 is */
	assert_int_equal(treeview_guides(&t, 3, 16, bits, &cut), 3);
	assert_false(cut);
	assert_int_equal(bits[0], 4);
	/* only the innermost two levels have room */
	assert_int_equal(treeview_guides(&t, 3, 2, bits, &cut), 2);
	assert_true(cut);
	assert_int_equal(bits[0], 2);
	assert_int_equal(treeview_guides(&t, 0, 16, bits, &cut), 0);
	treeview_done(&t);
}

static double ms_since(const struct timespec *from)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)(now.tv_sec - from->tv_sec) * 1e3 +
	       (double)(now.tv_nsec - from->tv_nsec) / 1e6;
}

/* A root with n children, or a chain n deep: without a search for children. */
struct big {
	uint32_t n;
	bool chain;
};

static bool big_children(void *arg, const struct tree_node *parent, struct tree_nodes *out)
{
	const struct big *b = arg;
	uint32_t from = parent ? parent->item + 1 : 0, to = from + 1;

	if (parent && !b->chain)
		to = b->n;
	for (uint32_t i = from; i < to && i < b->n; i++) {
		struct tree_node *n = array_add(out);

		if (!n)
			return false;
		*n = (struct tree_node){.tag = i + 1,
					.item = i,
					.open = true,
					.expandable = (b->chain || !i) && i + 1 < b->n};
	}
	return true;
}

static void time_big(const char *what, bool chain)
{
	struct big b = {.n = 200000, .chain = chain};
	struct tree_source src = {.children = big_children, .arg = &b};
	struct treeview t = {0};
	struct timespec start;
	uint64_t bits[1];
	bool ok, cut;

	treeview_set_height(&t, 50);
	clock_gettime(CLOCK_MONOTONIC, &start);
	treeview_rebuild(&t, &src, &ok);
	print_message("%s of %u: laid out in %.1f ms", what, b.n, ms_since(&start));
	assert_true(ok);
	assert_int_equal(t.rows.len, b.n);
	clock_gettime(CLOCK_MONOTONIC, &start);
	assert_true(treeview_close(&t, 0));
	assert_int_equal(t.rows.len, 1);
	assert_true(treeview_open(&t, &src, 0));
	print_message(", closed and opened in %.1f ms\n", ms_since(&start));
	assert_int_equal(t.rows.len, b.n);
	assert_int_equal(t.rows.v[b.n - 1].parent, chain ? b.n - 2 : 0);
	assert_int_equal(treeview_guides(&t, b.n - 1, 10, bits, &cut), chain ? 10 : 1);
	treeview_done(&t);
}

static void two_hundred_thousand_rows(void **state)
{
	time_big("a fan", false);
	time_big("a chain", true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_tree_has_no_rows),
		cmocka_unit_test(rows_stand_in_the_order_of_the_tree),
		cmocka_unit_test(opening_and_closing_splices),
		cmocka_unit_test(the_selection_follows_its_node),
		cmocka_unit_test(closing_over_the_selection_selects_the_closed_node),
		cmocka_unit_test(without_follow_the_top_row_holds_still),
		cmocka_unit_test(with_follow_the_selection_holds_its_line),
		cmocka_unit_test(scrolling_leaves_the_selection),
		cmocka_unit_test(everything_below_opens_at_once),
		cmocka_unit_test(guides_tell_which_ancestors_are_last),
		cmocka_unit_test(two_hundred_thousand_rows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

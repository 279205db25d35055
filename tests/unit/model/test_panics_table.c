/* SPDX-License-Identifier: BSD-2-Clause */
/* The table of panics: the tree, sites, news, caps, memory; dumps and resets. */
#include <stdio.h>

#include "panic_same.h"

enum {
	D1 = 0x1001, /* deferred functions */
	D2 = 0x1002,
	RESUMED = 0x2001,
	NESTED = GOLIN_PANIC_NESTED,
	UP_RECOVERED = GOLIN_PANIC_NESTED | GOLIN_PANIC_UP_RECOVERED,
	STACK_JOB = 70,
	STACK_OTHER = 71,
	HEAP = GOLIN_VALUE_HEAP,
};

static void scene(uint32_t max_panics)
{
	static const uint64_t job[] = {0x3001}, other[] = {0x3002};
	const struct golin_model_opts opts = {.max_panics = max_panics};

	ticks = 1000;
	test_epoch = 0;
	assert_int_equal(golin_model_new(&opts, &M), 0);
	target(7, "orders");
	clock_at(1, 1700000000000000000);
	create(1, 1, 7);
	name(0x3001, "main.job", "/src/job.go", 93);
	name(0x3002, "main.other", "/src/other.go", 12);
	name(D1, "main.guard", "/src/guard.go", 5);
	stack(STACK_JOB, job, 1);
	stack(STACK_OTHER, other, 1);
	type_name(TYPE_ERROR, "*errors.errorString");
	type_name(TYPE_STRING, "string");
}

static int setup(void **arg)
{
	(void)arg;
	scene(0);
	return 0;
}

static int setup_small(void **arg)
{
	(void)arg;
	scene(4);
	return 0;
}

static int teardown(void **arg)
{
	(void)arg;
	free_model();
	return 0;
}

static const struct test_value boom = {TYPE_ERROR, 0xc000010000, "boom", HEAP, 0};
static const struct test_value constant = {TYPE_STRING, 0x500000, "constant", 0, 0};

static void one(uint64_t goid, uint64_t stack_id, const struct test_value *v)
{
	start_at(goid, 0x100, 0, stack_id, v, 1);
	deferred(goid, D1, 0);
	recovered(goid, RESUMED, 0x80);
}

/* The numbers of the roots, or of those below one. */
static void order(uint64_t of, const char *want)
{
	golin_pidx i = of ? panic_no(of)->first : golin_model_panic_roots(M);
	char got[128] = "";

	for (; i != GOLIN_PIDX_NONE; i = golin_model_panic(M, i)->next)
		snprintf(got + strlen(got), sizeof(got) - strlen(got), "%s%lu", *got ? " " : "",
			 (unsigned long)golin_model_panic(M, i)->number);
	assert_string_equal(got, want);
}

static void test_tree(void **arg)
{
	(void)arg;
	start_at(7, 0x100, 0, STACK_JOB, &boom, 1);
	deferred(7, D1, 0);
	start_at(7, 0x200, NESTED, STACK_OTHER, &constant, 1);
	deferred(7, D2, 0);
	start_at(7, 0x300, UP_RECOVERED, STACK_JOB, &constant, 1);
	recovered(7, RESUMED, 0x80);
	one(8, STACK_JOB, &constant);
	start_at(7, 0x100, 0, STACK_OTHER, &boom, 1); /* repeats the first */
	order(0, "1 4");
	order(1, "2 5");
	order(2, "3");
}

static void test_eviction(void **arg)
{
	(void)arg;
	start_at(7, 0x100, 0, STACK_JOB, &boom, 1);
	deferred(7, D1, 0);
	start_at(7, 0x200, NESTED, STACK_OTHER, &boom, 1);
	deferred(7, D1, 0);
	start_at(7, 0x300, NESTED, STACK_JOB, &constant, 1);
	recovered(7, RESUMED, 0x80); /* 3, 2, 1 leave their stack */
	assert_int_equal(panic_no(2)->relation, GOLIN_PR_SAME);
	one(8, STACK_JOB, &constant);
	assert_int_equal(panic_counts().evicted, 0);
	one(8, STACK_JOB, &constant);
	/* The one that left first has gone, its index is used again, and no link means that. */
	assert_int_equal(panic_counts().evicted, 1);
	assert_int_equal(golin_model_panic_find(M, 3), GOLIN_PIDX_NONE);
	is_outcome(2, GOLIN_PO_REPLACED);
	assert_int_equal(panic_no(2)->replaced_by, GOLIN_PIDX_NONE);
	one(8, STACK_JOB, &constant);
	assert_int_equal(golin_model_panic_find(M, 2), GOLIN_PIDX_NONE);
	is_outcome(1, GOLIN_PO_REPLACED);
	assert_int_equal(panic_no(1)->first, GOLIN_PIDX_NONE);
	order(0, "1 4 5 6");
	assert_int_equal(panic_counts().panics, 6);
	assert_int_equal(panic_counts().recovered, 4);
	assert_true(golin_model_panic_max(M) <= 6);
	/* The site has counted it all the same. */
	assert_int_equal(
		golin_model_panic_site(M, golin_panic_site_of(M, golin_model_panic_find(M, 6)))
			->count,
		4);
}

/* What is active, or stands in a stack, never leaves; those below a gone one become roots. */
static void test_eviction_of_parents(void **arg)
{
	(void)arg;
	start_at(7, 0x100, 0, STACK_JOB, &boom, 1);
	deferred(7, D1, 0);
	start_at(7, 0x300, NESTED, STACK_JOB, &constant, 1);
	start_at(7, 0x400, NESTED, STACK_JOB, &constant, 1);
	recovered(7, RESUMED, 0x380);
	recovered(7, RESUMED, 0x200);
	for (int k = 0; k < 10; k++)
		one(8, STACK_JOB, &constant);
	assert_int_equal(golin_model_panic_find(M, 2), GOLIN_PIDX_NONE);
	assert_int_equal(golin_model_panic_find(M, 3), GOLIN_PIDX_NONE);
	is_outcome(1, GOLIN_PO_ACTIVE);
	assert_int_equal(panic_no(1)->first, GOLIN_PIDX_NONE);
	order(0, "1 10 11 12 13");
	/* A value that has left is no panic's. */
	start_at(7, 0x200, NESTED, STACK_OTHER, &boom, 1);
	recovered(7, RESUMED, 0x80);
	order(0, "1 12 13");
	order(1, "14");
	for (int k = 0; k < 3; k++)
		one(8, STACK_JOB, &constant);
	order(0, "1 15 16 17");
	one(8, STACK_JOB, &constant);
	order(0, "15 16 17 18");
	one(9, STACK_OTHER, &boom);
	assert_int_equal(panic_no(19)->relation, GOLIN_PR_NONE);
}

static void test_sites(void **arg)
{
	const struct golin_panic_site *s;

	(void)arg;
	one(7, STACK_JOB, &constant);
	one(7, STACK_JOB, &boom);
	one(8, STACK_JOB, &constant);
	start_at(8, 0x100, 0, STACK_JOB, &constant, 1);
	start_at(7, 0x100, 0, 0, NULL, 0);
	fatal(7, NULL, 0);
	goexit_(9, 0x100, 0);
	throw_(9, "deadlock", 0);
	assert_int_equal(golin_model_panic_sites(M), 3);
	s = golin_model_panic_site(M, 0);
	assert_string_equal(s->at.func, "main.job");
	assert_int_equal(s->at.line, 93);
	assert_string_equal(golin_model_string(M, s->type), "string");
	assert_int_equal(s->count, 3);
	assert_int_equal(s->recovered, 2);
	assert_int_equal(s->active, 1);
	assert_int_equal(s->by, D1);
	assert_int_equal(number_of(s->first), 1);
	assert_int_equal(number_of(s->newest), 4);
	assert_int_equal(s->first_at, panic_no(1)->started);
	assert_int_equal(s->last_at, panic_no(4)->started);
	s = golin_model_panic_site(M, 2); /* of nobody knows where */
	assert_string_equal(s->at.func, "");
	assert_int_equal(s->count, 2);
	assert_int_equal(s->fatal, 2);
	assert_int_equal(golin_panic_site_of(M, golin_model_panic_find(M, 4)), 0);
	assert_int_equal(golin_panic_site_of(M, golin_model_panic_find(M, 6)), UINT32_MAX);
	assert_int_equal(golin_panic_site_of(M, GOLIN_PIDX_NONE), UINT32_MAX);
}

static void test_news(void **arg)
{
	static const struct golin_panic_news want[] = {
		{1, GOLIN_PC_STARTED}, {1, GOLIN_PC_DEFER},    {2, GOLIN_PC_STARTED},
		{2, GOLIN_PC_DEFER},   {2, GOLIN_PC_RESOLVED}, {1, GOLIN_PC_RESOLVED}};
	struct golin_panic_news got[8];
	uint64_t cursor = 0, missed = 0;

	(void)arg;
	assert_int_equal(golin_model_panic_news(M, &cursor, &missed, got, 8), 0);
	start(7, 0x100, 0, "one");
	deferred(7, D1, 0);
	start(7, 0x200, NESTED, "two");
	deferred(7, D2, 0);
	recovered(7, RESUMED, 0x80);
	assert_int_equal(golin_model_panic_news(M, &cursor, &missed, got, 4), 4);
	assert_int_equal(golin_model_panic_news(M, &cursor, &missed, got + 4, 4), 2);
	for (int k = 0; k < 6; k++) {
		assert_int_equal(got[k].number, want[k].number);
		assert_int_equal(got[k].what, want[k].what);
	}
	assert_int_equal(missed, 0);
	for (int k = 0; k < 65536; k++)
		deferred(8, D1, 0);
	assert_int_equal(golin_model_panic_news(M, &cursor, &missed, got, 1), 1);
	assert_int_equal(missed, 1); /* the start of that one */
	/* What a model told that is gone is no news. */
	golin_model_reset(M);
	assert_int_equal(golin_model_panic_news(M, &cursor, &missed, got, 1), 0);
	assert_int_equal(missed, 1);
	target(7, "orders");
	start(7, 0x100, 0, "one");
	assert_int_equal(golin_model_panic_news(M, &cursor, &missed, got, 8), 1);
	assert_int_equal(got[0].number, 1);
}

static void test_many_defers(void **arg)
{
	const struct golin_panic_defer *d;

	(void)arg;
	start(7, 0x100, 0, "one");
	for (uint64_t k = 0; k < 5000; k++)
		deferred(7, 0x10000 + k, 0);
	recovered(7, RESUMED, 0x80);
	assert_int_equal(panic_no(1)->ndefers, 5000);
	is_recovered(1, 0x10000 + 4999);
	assert_int_equal(golin_panic_defers(M, golin_model_panic_find(M, 1), &d), 4096);
	assert_int_equal(d[4095].pc, 0x10000 + 4095);
	/* When the last kept one ended is known as well. */
	assert_int_equal(d[4095].end, d[4095].ts + 1);
}

static uint64_t bytes(void)
{
	struct golin_model_counts c;

	golin_model_counts(M, &c);
	return c.bytes;
}

/* Texts that are all different leave with their panics. */
static void test_memory(void **arg)
{
	const struct golin_panic_value *v;
	uint64_t full = 0;

	(void)arg;
	for (int k = 0; k < 20000; k++) {
		struct test_value said = boom;
		char text[512];

		memset(text, 'x', sizeof(text));
		snprintf(text, 32, "%d", k);
		text[strlen(text)] = 'x';
		text[sizeof(text) - 1] = 0;
		said.text = text;
		one(7, STACK_JOB, &said);
		if (k == 10000)
			full = bytes();
	}
	assert_int_equal(panic_counts().evicted, 19996);
	assert_true(bytes() <= full + 65536);
	assert_int_equal(golin_panic_values(M, golin_model_panic_find(M, 20000), &v), 1);
	assert_memory_equal(golin_model_string(M, v[0].text), "19999xxx", 8);
	assert_string_equal(golin_model_string(M, UINT32_MAX), "");
}

/* ---- dumps ---- */

static void test_dump(void **arg)
{
	static const struct test_kept chain[] = {{"one", 0}, {"two", 0}};
	static const struct golin_rec_panic_start signal = {
		.depth = 0x100,
		.flags = GOLIN_PANIC_SIGNAL | GOLIN_PANIC_LOCKED,
		.stack = STACK_OTHER,
		.fault_pc = 0x77,
		.fault_addr = 0x88,
		.trace = {1, 2},
		.trace_kind = GOLIN_TRACE_HLC,
	};
	struct golin_model *other;

	(void)arg;
	one(7, STACK_JOB, &boom);
	start_at(7, 0x100, 0, STACK_OTHER, &boom, 1);
	deferred(7, D1, 0);
	start_at(7, 0x200, UP_RECOVERED, STACK_JOB, &constant, 1);
	deferred(7, D2, GOLIN_PANIC_OPEN);
	start_full(8, &signal, &boom, 1);
	goexit_(8, 0x200, NESTED);
	start(9, 0x100, 0, "one");
	start(9, 0x200, NESTED, "two");
	fatal(9, chain, 2);
	throw_(0, "deadlock", GOLIN_PANIC_FATAL_ERROR);
	deferred(10, D1, 0);
	other = dumped(M, NULL);
	assert_int_equal(same_panics(M, other), 9);
	golin_model_free(M);
	M = other;
	/* And it goes on in the same way. */
	recovered(7, RESUMED, 0x80);
	is_recovered(3, D2);
	is_recovered(2, D1);
	ended_full(++ticks, 8, 1, 0, 0, GOLIN_HOW_GOEXIT);
	is_outcome(5, GOLIN_PO_GOEXIT);
	recovered(10, RESUMED, 0x80);
	is_recovered(9, D1);
	one(7, STACK_OTHER, &boom);
	assert_int_equal(panic_no(10)->relation, GOLIN_PR_SAME);
	assert_int_equal(number_of(panic_no(10)->repanic_of), 1);
	assert_int_equal(panic_counts().active, 0);
}

/* The order in which panics leave, and that of roots which were not roots, is kept. */
static void test_dump_evicted(void **arg)
{
	struct golin_model *other, *was = M;

	(void)arg;
	start_at(7, 0x100, 0, STACK_JOB, &boom, 1);
	deferred(7, D1, 0);
	for (int k = 0; k < 3; k++) {
		start_at(7, 0x300, NESTED, STACK_OTHER, &constant, 1);
		recovered(7, RESUMED, 0x200);
	}
	recovered(7, RESUMED, 0x80);
	one(8, STACK_JOB, &constant);
	for (int k = 0; k < 8; k++) {
		other = dumped(was, &(struct golin_model_opts){.max_panics = 4});
		same_panics(was, other);
		M = was;
		one(9, STACK_JOB, &constant);
		ticks -= 3;
		M = other;
		one(9, STACK_JOB, &constant);
		M = was;
		same_panics(was, other);
		golin_model_free(other);
	}
	assert_true(panic_counts().evicted > 6);
}

/* A keyframe behind a hole replaces what was known. */
static void test_dump_over_older(void **arg)
{
	struct golin_model *writer, *was = M;

	(void)arg;
	one(7, STACK_JOB, &boom);
	start(7, 0x100, 0, "active");
	writer = dumped(M, NULL);
	M = writer;
	recovered(7, RESUMED, 0x80);
	one(8, STACK_JOB, &constant);
	start(8, 0x100, 0, "active");
	M = was;
	one(9, STACK_OTHER, &constant); /* of a block that was cut off there */
	assert_int_equal(golin_model_dump(writer, &(struct golin_sink){apply_to, M}), 0);
	same_panics(writer, M);
	recovered(8, RESUMED, 0x80);
	is_outcome(4, GOLIN_PO_RECOVERED);
	golin_model_free(writer);
}

/* That records were lost since it began is kept, too. */
static void test_dump_unsure(void **arg)
{
	struct golin_model *was = M, *both[2];

	(void)arg;
	start(7, 0x100, 0, "one");
	deferred(7, D1, 0);
	start(8, 0x100, 0, "two");
	deferred(8, D1, 0);
	lost(GOLIN_LOST_RING, 1);
	both[0] = M;
	both[1] = dumped(M, NULL);
	for (int k = 0; k < 2; k++) {
		M = both[k];
		recovered(7, RESUMED, 0x200); /* of one that began deeper: the first had ended */
		is_outcome(1, GOLIN_PO_UNKNOWN);
		recovered(8, RESUMED, 0x80); /* by whom may be among what was lost */
		is_recovered(2, 0);
	}
	golin_model_free(both[1]);
	M = was;
}

struct cut {
	struct golin_model *to;
	uint32_t left;
};

static int apply_cut(void *arg, const struct golin_rec *rec)
{
	struct cut *c = arg;

	return c->left ? c->left--, golin_model_apply(c->to, rec) : 0;
}

/* Where a dump ends too early, what it told is there, and nothing stays behind for ever. */
static void test_dump_cut(void **arg)
{
	struct golin_model *was = M;

	(void)arg;
	one(7, STACK_JOB, &boom);
	start_at(7, 0x100, 0, STACK_OTHER, &boom, 1);
	deferred(7, D1, 0);
	for (int k = 0; k < 4; k++)
		one(8, STACK_JOB, &constant);
	for (uint32_t n = 0; n < 60; n++) {
		struct cut c = {.left = n};

		assert_int_equal(
			golin_model_new(&(struct golin_model_opts){.max_panics = 2}, &c.to), 0);
		assert_int_equal(golin_model_dump(was, &(struct golin_sink){apply_cut, &c}), 0);
		M = c.to;
		for (int k = 0; k < 3; k++)
			one(20, STACK_JOB, &constant);
		assert_int_equal(golin_model_panic_of(M, golin_model_find(M, 20)), GOLIN_PIDX_NONE);
		recovered(7, RESUMED, 0x80);
		assert_int_equal(panic_counts().active, 0);
		assert_true(golin_model_panic_max(M) <= 12);
		golin_model_free(M);
	}
	M = was;
}

/* Records as of a dump, without one, or made up. */
static void test_dump_made_up(void **arg)
{
	struct golin_rec_panic_defer d = {.h = HEADER(GOLIN_REC_PANIC_DEFER, d, 5, 7),
					  .flags = GOLIN_PANIC_DUMPED};
	struct golin_rec_panic_kept k = {
		.h = HEADER(GOLIN_REC_PANIC_KEPT, k, 0, 7), .number = 3, .kind = GOLIN_PANIC_PANIC};
	struct golin_rec_panic_counts c = {.h = HEADER(GOLIN_REC_PANIC_COUNTS, c, 0, 0),
					   .phase = GOLIN_SNAPSHOT_BEGIN};
	static const struct golin_rec_panic_start s = {.flags = GOLIN_PANIC_DUMPED};

	(void)arg;
	start_full(7, &s, NULL, 0);
	put(&d.h);
	put(&k.h);
	assert_int_equal(golin_model_panic_max(M), 0);
	put(&c.h);
	put(&d.h);
	put(&k.h);
	start_full(7, &s, &boom, 1);
	start_full(7, &s, &boom, 1); /* the one before is not ended */
	put(&k.h);
	is_outcome(3, GOLIN_PO_ACTIVE);
	start_full(7, &s, &boom, 1);
	put(&k.h); /* that number again */
	k.number = UINT64_MAX;
	start_full(7, &s, &boom, 1);
	put(&k.h);
	k.number = 4;
	k.kind = 9;
	start_full(7, &s, &boom, 1);
	put(&k.h);
	k.kind = GOLIN_PANIC_PANIC;
	k.h.goid = 8; /* another goroutine's */
	start_full(7, &s, &boom, 1);
	put(&k.h);
	k.order = 1; /* it is over, and active */
	start_full(8, &s, &boom, 1);
	put(&k.h);
	k.outcome = GOLIN_PO_RECOVERED;
	k.up = k.nested_in = k.repanic_of = k.trace_of = 4; /* itself */
	k.replaced_by = 77;
	start_full(8, &s, &boom, 1);
	put(&k.h);
	c.phase = GOLIN_SNAPSHOT_END;
	c.panics = 1; /* fewer than there are */
	put(&c.h);
	assert_int_equal(panic_no(4)->outcome, GOLIN_PO_RECOVERED);
	assert_int_equal(number_of(panic_no(4)->up), 0);
	assert_int_equal(panic_no(4)->replaced_by, GOLIN_PIDX_NONE);
	start(7, 0x100, 0, "new");
	is_outcome(5, GOLIN_PO_ACTIVE);
	is_outcome(3, GOLIN_PO_UNKNOWN);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
#define SMALL(name) cmocka_unit_test_setup_teardown(name, setup_small, teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(test_tree),
		SMALL(test_eviction),
		SMALL(test_eviction_of_parents),
		TEST(test_sites),
		TEST(test_news),
		TEST(test_many_defers),
		SMALL(test_memory),
		TEST(test_dump),
		SMALL(test_dump_evicted),
		TEST(test_dump_over_older),
		TEST(test_dump_unsure),
		TEST(test_dump_cut),
		TEST(test_dump_made_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

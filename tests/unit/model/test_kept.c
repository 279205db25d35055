/* SPDX-License-Identifier: BSD-2-Clause */
/* What was read of goroutines' panics and defers: how long it holds, and which panics it tells of.
 */
#include "panic_records.h"

enum {
	GOID = 7,
	RESUMED = 0x2001,
	RECOVERED = GOLIN_KEPT_RECOVERED,
	ABORTED = GOLIN_KEPT_ABORTED,
	GOEXIT = GOLIN_KEPT_GOEXIT,
};

struct told {
	const char *text; /* NULL: a Goexit */
	uint64_t depth;
	uint32_t flags;
};

/* The innermost first, as memory has them; and that many defers. */
static void told(const struct told *v, uint32_t n, uint32_t ndefers, uint32_t flags)
{
	struct golin_recbuf b = {0};
	struct golin_rec_goroutine_defers *r =
		golin_recbuf_begin(&b, GOLIN_REC_GOROUTINE_DEFERS,
				   sizeof(*r) + n * sizeof(struct golin_rec_kept_panic) +
					   ndefers * sizeof(struct golin_rec_kept_defer));
	struct golin_rec_kept_defer *d = (void *)&r->panics[n];

	r->h = header(GOLIN_REC_GOROUTINE_DEFERS, 0, ++ticks, GOID);
	r->flags = flags;
	r->thread = 4711;
	r->npanics = n;
	r->ndefers = ndefers;
	for (uint32_t k = 0; k < ndefers; k++)
		d[k] = (struct golin_rec_kept_defer){
			.pc = 0x1000 + k, .at = 0x3000 + k, .depth = 0x80, .flags = k};
	for (uint32_t k = 0; k < n; k++) {
		size_t at = sizeof(*r) + k * sizeof(struct golin_rec_kept_panic);
		struct golin_rec_kept_panic *p = (void *)((char *)b.mem + at);
		struct test_value value = {TYPE_STRING, 0x500000 + v[k].depth, v[k].text, 0, 0};

		p->addr = 0xc000000000 + k;
		p->depth = v[k].depth;
		p->flags = v[k].flags;
		if (v[k].text)
			fill_value(&b, at + offsetof(struct golin_rec_kept_panic, value), &value);
	}
	put(golin_recbuf_end(&b));
	golin_recbuf_done(&b);
}

#define TOLD(ndefers, flags, ...)                                                                  \
	do {                                                                                       \
		const struct told all[] = {__VA_ARGS__};                                           \
                                                                                                   \
		told(all, sizeof(all) / sizeof(all[0]), ndefers, flags);                           \
	} while (0)

static int setup(void **arg)
{
	ticks = 1000;
	make_model(0);
	target(7, "orders");
	type_name(TYPE_STRING, "string");
	create(1, 1, GOID);
	state(2, GOID, GOLIN_GS_WAITING, "chan receive");
	return 0;
}

static int teardown(void **arg)
{
	free_model();
	return 0;
}

static bool is_kept(struct golin_kept *ret)
{
	return golin_model_kept(M, golin_model_find(M, GOID), ret);
}

static uint64_t panics(void)
{
	struct golin_panic_counts c;

	golin_model_panic_counts(M, &c);
	return c.panics + c.goexits;
}

/* ---- how long it holds ---- */

static void whole(void)
{
	struct golin_kept k;

	assert_true(is_kept(&k));
	assert_int_equal(k.read, 1001);
	assert_int_equal(k.thread, 4711);
	assert_int_equal(k.flags, GOLIN_DEFERS_OPEN);
	assert_int_equal(k.npanics, 2);
	assert_int_equal(k.ndefers, 3);
	assert_string_equal(golin_model_string(M, k.panics[0].value.text), "inner");
	assert_string_equal(golin_model_string(M, k.panics[1].value.text), "outer");
	assert_string_equal(golin_model_string(M, k.panics[0].value.type), "string");
	assert_int_equal(k.panics[0].addr, 0xc000000000);
	assert_int_equal(k.panics[0].depth, 0x300);
	assert_int_equal(k.panics[1].flags, RECOVERED);
	assert_int_equal(k.defers[2].pc, 0x1002);
	assert_int_equal(k.defers[2].at, 0x3002);
	assert_int_equal(k.defers[1].flags, 1);
}

static void tell_two(void)
{
	ticks = 1000;
	TOLD(3, GOLIN_DEFERS_OPEN, {"inner", 0x300, 0}, {"outer", 0x100, RECOVERED});
}

static void test_told(void **arg)
{
	struct golin_kept k;

	assert_false(is_kept(&k));
	tell_two();
	whole();
	tell_two();
	whole();
	told(NULL, 0, 0, 0); /* nothing: that is known */
	assert_true(is_kept(&k));
	assert_int_equal(k.npanics + k.ndefers, 0);
	assert_false(golin_model_kept(M, golin_model_find(M, 1), &k));
	assert_false(golin_model_kept(M, GOLIN_GIDX_NONE, &k));
}

/* Whatever it does, it is not there any more. */
static void test_dropped(void **arg)
{
	struct golin_kept k;

	tell_two();
	create(ticks++, 1, 8); /* another one */
	seen(1, GOID);	       /* as it was */
	assert_true(is_kept(&k));
	create(ticks++, GOID, 9);
	assert_false(is_kept(&k));
	tell_two();
	state(ticks++, GOID, GOLIN_GS_WAITING, "chan receive");
	assert_false(is_kept(&k));
	tell_two();
	seen_full(1, GOID, 0x1000, 0x2000, GOLIN_GS_RUNNABLE, "", GOLIN_G_PARENT_KNOWN);
	assert_false(is_kept(&k));
	tell_two();
	deferred(GOID, 0x1001, 0);
	assert_false(is_kept(&k));
	tell_two();
	start(GOID, 0x400, GOLIN_PANIC_NESTED, "newest");
	assert_false(is_kept(&k));
	tell_two();
	told(NULL, 0, 0, GOLIN_DEFERS_MOVED);
	assert_false(is_kept(&k));
	tell_two();
	ended(ticks++, GOID);
	assert_false(is_kept(&k));
	tell_two(); /* it has ended */
	assert_false(is_kept(&k));
}

static int put_again(void *arg, const struct golin_rec *rec)
{
	assert_true(golin_record_check(rec, rec->size));
	return golin_model_apply(arg, rec);
}

static void test_dumped(void **arg)
{
	struct golin_model *again;

	tell_two();
	assert_int_equal(golin_model_new(NULL, &again), 0);
	assert_int_equal(golin_model_dump(M, &(struct golin_sink){put_again, again}), 0);
	golin_model_free(M);
	M = again;
	whole();
	assert_int_equal(panics(), 2);
	is_recovered(1, 0);
	is_outcome(2, GOLIN_PO_ACTIVE);
	/* A dump that is applied to a model that has something already. */
	assert_int_equal(golin_model_new(NULL, &again), 0);
	assert_int_equal(golin_model_dump(M, &(struct golin_sink){put_again, again}), 0);
	assert_int_equal(golin_model_dump(M, &(struct golin_sink){put_again, again}), 0);
	golin_model_free(M);
	M = again;
	whole();
}

/* ---- panics that had begun before ---- */

static void test_seen(void **arg)
{
	const struct golin_panic *p;

	TOLD(0, GOLIN_DEFERS_OPEN | GOLIN_DEFERS_LOCKED, {"inner", 0x300, 0}, {"outer", 0x100, 0});
	assert_int_equal(panics(), 2);
	is_outcome(1, GOLIN_PO_ACTIVE);
	is_outcome(2, GOLIN_PO_ACTIVE);
	p = panic_no(1);
	assert_int_equal(p->more, GOLIN_PF_LOST_START | GOLIN_PF_LOCKED);
	assert_int_equal(p->depth, 0x100);
	assert_int_equal(p->started, ticks);
	assert_int_equal(number_of(p->nested_in), 0);
	assert_int_equal(number_of(panic_no(2)->nested_in), 1);
	/* Again, that is no news. */
	TOLD(0, GOLIN_DEFERS_OPEN, {"inner", 0x300, 0}, {"outer", 0x100, 0});
	assert_int_equal(panics(), 2);
	/* What comes now fits: by their depths the one is recovered, the other replaced. */
	deferred(GOID, 0x1001, 0);
	recovered(GOID, RESUMED, 0x80);
	is_recovered(2, 0x1001);
	is_replaced(1, 2);
}

static void test_seen_goes_on(void **arg)
{
	/* More defers than were told, but no more panics. */
	TOLD(2, GOLIN_DEFERS_MORE, {"inner", 0x300, 0}, {"outer", 0x100, 0});
	recovered(GOID, RESUMED, 0x200); /* within the outer one's deferred call */
	is_recovered(2, 0);
	is_outcome(1, GOLIN_PO_ACTIVE);
	TOLD(0, 0, {"outer", 0x100, 0});
	assert_int_equal(panics(), 2);
	told(NULL, 0, 0, 0); /* it is over: nothing told how */
	is_outcome(1, GOLIN_PO_UNKNOWN);
}

static void test_seen_outcomes(void **arg)
{
	TOLD(0, 0, {"third", 0x300, 0}, {"second", 0x200, RECOVERED}, {"first", 0x100, ABORTED});
	is_replaced(1, 2);
	is_recovered(2, 0);
	is_outcome(3, GOLIN_PO_ACTIVE);
	told(NULL, 0, 0, 0);
	TOLD(0, 0, {NULL, 0x200, GOEXIT}, {"first", 0x100, 0});
	is_outcome(4, GOLIN_PO_GOEXIT);
	is_outcome(5, GOLIN_PO_ACTIVE);
	assert_int_equal(panic_no(5)->kind, GOLIN_PANIC_GOEXIT);
	assert_int_equal(panic_no(5)->nvalues, 0);
	told(NULL, 0, 0, 0);
	TOLD(0, 0, {"in it", 0x200, 0}, {NULL, 0x100, GOEXIT});
	is_outcome(6, GOLIN_PO_ACTIVE);
	is_outcome(7, GOLIN_PO_ACTIVE);
	assert_int_equal(panics(), 7);
}

/* Without events in between, it went on. */
static void test_seen_another(void **arg)
{
	TOLD(0, 0, {"first", 0x100, 0});
	TOLD(0, 0, {"inner", 0x200, 0}, {"first", 0x100, 0});
	is_outcome(1, GOLIN_PO_ACTIVE);
	is_outcome(2, GOLIN_PO_ACTIVE);
	assert_int_equal(number_of(panic_no(2)->nested_in), 1);
	TOLD(0, 0, {"other", 0x280, 0}, {"first", 0x100, 0});
	is_outcome(1, GOLIN_PO_ACTIVE);
	is_outcome(2, GOLIN_PO_UNKNOWN);
	is_outcome(3, GOLIN_PO_ACTIVE);
	TOLD(0, 0, {"else", 0x80, 0});
	is_outcome(1, GOLIN_PO_UNKNOWN);
	is_outcome(3, GOLIN_PO_UNKNOWN);
	is_outcome(4, GOLIN_PO_ACTIVE);
	TOLD(0, 0, {NULL, 0x80, GOEXIT});
	is_outcome(4, GOLIN_PO_UNKNOWN);
	assert_int_equal(panic_no(5)->kind, GOLIN_PANIC_GOEXIT);
	assert_int_equal(panics(), 5);
}

static void test_not_seen(void **arg)
{
	struct told most[GOLIN_KEPT_MAX];

	/* Not all of it could be read. */
	TOLD(0, GOLIN_DEFERS_PARTIAL, {"first", 0x100, 0});
	TOLD(0, GOLIN_DEFERS_MOVED, {"first", 0x100, 0});
	for (uint32_t k = 0; k < GOLIN_KEPT_MAX; k++)
		most[k] = (struct told){"one", 0x1000 - 8 * k, 0};
	told(most, GOLIN_KEPT_MAX, 0, GOLIN_DEFERS_MORE);
	/* It runs. */
	state(ticks++, GOID, GOLIN_GS_RUNNING, "");
	TOLD(0, 0, {"first", 0x100, 0});
	assert_int_equal(panics(), 0);
	/* What records have told is known better. */
	start(GOID, 0x100, 0, "first");
	told(NULL, 0, 0, 0); /* between the record and g._panic */
	is_outcome(1, GOLIN_PO_ACTIVE);
	state(ticks++, GOID, GOLIN_GS_WAITING, "sleep");
	TOLD(0, 0, {"other", 0x100, 0});
	assert_int_equal(panics(), 1);
	is_outcome(1, GOLIN_PO_ACTIVE);
}

/* Up to Go 1.13 memory knows nothing of a Goexit. */
static void test_old_goexit(void **arg)
{
	go_version("go1.13.15");
	goexit_(GOID, 0x100, 0);
	told(NULL, 0, 0, 0);
	is_outcome(1, GOLIN_PO_ACTIVE);
	TOLD(0, 0, {"in it", 0x200, 0});
	assert_int_equal(panics(), 2);
	told(NULL, 0, 0, 0);
	is_outcome(2, GOLIN_PO_UNKNOWN);
	is_outcome(1, GOLIN_PO_ACTIVE);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_told),	 TEST(test_dropped),	  TEST(test_dumped),
		TEST(test_seen),	 TEST(test_seen_goes_on), TEST(test_seen_outcomes),
		TEST(test_seen_another), TEST(test_not_seen),	  TEST(test_old_goexit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* --hide-values takes the texts out of every record that can have them, and nothing else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "hide_values.h"

static struct golin_recbuf buf, hidden;

static const char secret[] = "hunter2-hunter2";

static int teardown(void **s)
{
	golin_recbuf_done(&buf);
	golin_recbuf_done(&hidden);
	return 0;
}

static void fill(size_t at)
{
	struct golin_rec_value *v = (void *)((char *)buf.mem + at);

	v->type = 0x1000;
	v->data = 0xc000010000;
	v->size = 4711;
	v->flags = GOLIN_VALUE_TEXT | GOLIN_VALUE_CUT | GOLIN_VALUE_ERROR | GOLIN_VALUE_PRINTED;
	golin_recbuf_str(&buf, at + offsetof(struct golin_rec_value, text), secret, strlen(secret));
}

static const struct golin_rec *end(void)
{
	const struct golin_rec *r = golin_recbuf_end(&buf);

	assert_non_null(r);
	assert_true(golin_record_check(r, r->size));
	assert_non_null(memmem(r, r->size, secret, strlen(secret)));
	return r;
}

static const void *hide(const struct golin_rec *r)
{
	const struct golin_rec *h = hide_values(r, &hidden);

	assert_non_null(h);
	assert_ptr_not_equal(h, r);
	assert_true(golin_record_check(h, h->size));
	assert_null(memmem(h, h->size, secret, strlen(secret)));
	assert_int_equal(h->type, r->type);
	assert_int_equal(h->ts, 77);
	assert_int_equal(h->goid, 7);
	assert_int_equal(h->target, 1);
	return h;
}

static void *begin(uint16_t type, size_t fixed)
{
	struct golin_rec *r = golin_recbuf_begin(&buf, type, fixed);

	r->ts = 77;
	r->goid = 7;
	r->target = 1;
	return r;
}

static void check_value(const struct golin_rec_value *v)
{
	assert_int_equal(v->type, 0x1000);
	assert_int_equal(v->data, 0xc000010000);
	assert_int_equal(v->size, 0);
	assert_int_equal(v->text.len, 0);
	assert_int_equal(v->flags, GOLIN_VALUE_ERROR | GOLIN_VALUE_HIDDEN);
}

static void test_start(void **s)
{
	struct golin_rec_panic_start *r =
		begin(GOLIN_REC_PANIC_START, sizeof(*r) + 3 * sizeof(struct golin_rec_value));
	const struct golin_rec_panic_start *h;

	r->n = 3;
	r->depth = 512;
	r->trace[1] = 42;
	for (size_t k = 0; k < 2; k++) /* the third is nil */
		fill(sizeof(*r) + k * sizeof(struct golin_rec_value));
	h = hide(end());
	assert_int_equal(h->n, 3);
	assert_int_equal(h->depth, 512);
	assert_int_equal(h->trace[1], 42);
	check_value(&h->values[0]);
	check_value(&h->values[1]);
	assert_int_equal(h->values[2].flags, 0);
}

static void test_fatal(void **s)
{
	struct golin_rec_panic_fatal *r =
		begin(GOLIN_REC_PANIC_FATAL, sizeof(*r) + 2 * sizeof(struct golin_rec_kept_panic));
	const struct golin_rec_panic_fatal *h;

	r->n = 2;
	r->panics[1].flags = GOLIN_KEPT_RECOVERED;
	for (size_t k = 0; k < 2; k++)
		fill(offsetof(struct golin_rec_panic_fatal, panics) +
		     k * sizeof(struct golin_rec_kept_panic) +
		     offsetof(struct golin_rec_kept_panic, value));
	h = hide(end());
	assert_int_equal(h->n, 2);
	check_value(&h->panics[0].value);
	check_value(&h->panics[1].value);
	assert_int_equal(h->panics[1].flags, GOLIN_KEPT_RECOVERED);
}

static void test_defers(void **s)
{
	const size_t at = offsetof(struct golin_rec_goroutine_defers, panics);
	struct golin_rec_goroutine_defers *r =
		begin(GOLIN_REC_GOROUTINE_DEFERS, at + sizeof(struct golin_rec_kept_panic) +
							  2 * sizeof(struct golin_rec_kept_defer));
	const struct golin_rec_goroutine_defers *h;
	struct golin_rec_kept_defer *d;

	r->npanics = 1;
	r->ndefers = 2;
	d = (void *)((char *)r + at + sizeof(struct golin_rec_kept_panic));
	d[0].pc = 0x47e120;
	d[1].pc = 0x47e121;
	fill(at + offsetof(struct golin_rec_kept_panic, value));
	h = hide(end());
	check_value(&h->panics[0].value);
	assert_int_equal(golin_rec_kept_defers(h)[0].pc, 0x47e120);
	assert_int_equal(golin_rec_kept_defers(h)[1].pc, 0x47e121);
}

/* What the program printed is hidden; the trace's id is no value. */
static void test_kept(void **s)
{
	static const char trace[] = "0af7651916cd43dd8448eb211c80319c";
	struct golin_rec_panic_kept *r = begin(GOLIN_REC_PANIC_KEPT, sizeof(*r));
	const struct golin_rec_panic_kept *h;

	r->number = 9;
	golin_recbuf_str(&buf, offsetof(struct golin_rec_panic_kept, trace), trace, strlen(trace));
	golin_recbuf_str(&buf, offsetof(struct golin_rec_panic_kept, text), secret, strlen(secret));
	h = hide(end());
	assert_int_equal(h->number, 9);
	assert_int_equal(h->text.len, 0);
	assert_string_equal(golin_rec_text(&h->h, h->trace), trace);
}

/* The runtime's own words are no secret, and other records are left alone. */
static void test_others(void **s)
{
	const struct golin_rec *rec;

	begin(GOLIN_REC_PANIC_THROW, sizeof(struct golin_rec_panic_throw));
	golin_recbuf_str(&buf, offsetof(struct golin_rec_panic_throw, text), secret,
			 strlen(secret));
	rec = end();
	assert_ptr_equal(hide_values(rec, &hidden), rec);
}

#define TEST(name) cmocka_unit_test_teardown(name, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_start), TEST(test_fatal),  TEST(test_defers),
		TEST(test_kept),  TEST(test_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

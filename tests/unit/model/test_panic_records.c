/* SPDX-License-Identifier: BSD-2-Clause */
/* The check of the records of panics: arrays, the strings in them, what stands behind a stack. */
#include "panic_records.h"

static struct golin_recbuf B;

static size_t value_at(uint32_t k)
{
	return offsetof(struct golin_rec_panic_start, values) + k * sizeof(struct golin_rec_value);
}

static struct golin_rec_panic_start *sample_start(void)
{
	struct golin_rec_panic_start *r = golin_recbuf_begin(
		&B, GOLIN_REC_PANIC_START, sizeof(*r) + 2 * sizeof(struct golin_rec_value));

	r->n = 2;
	golin_recbuf_str(&B, value_at(0) + offsetof(struct golin_rec_value, text), "one", 3);
	golin_recbuf_str(&B, value_at(1) + offsetof(struct golin_rec_value, text), "two", 3);
	return (struct golin_rec_panic_start *)golin_recbuf_end(&B);
}

static void test_values(void **arg)
{
	struct golin_rec_panic_start *r = sample_start(), keep = *r;
	struct golin_rec_str *text = &r->values[1].text, was = *text;

	(void)arg;
	assert_true(golin_record_check(&r->h, r->h.size));
	assert_true(golin_record_is_clean(&r->h));
	assert_string_equal(golin_rec_text(&r->h, r->values[1].text), "two");
	r->n = GOLIN_VALUES_MAX + 1;
	assert_false(golin_record_check(&r->h, r->h.size));
	r->n = 3; /* the strings stand where its third would */
	assert_false(golin_record_check(&r->h, r->h.size));
	r->n = keep.n;
	text->off = sizeof(*r); /* within the values */
	assert_false(golin_record_check(&r->h, r->h.size));
	text->off = r->h.size;
	assert_false(golin_record_check(&r->h, r->h.size));
	*text = was;
	text->len = GOLIN_STR_MAX;
	assert_false(golin_record_check(&r->h, r->h.size));
	*text = was;
	((char *)r)[text->off] = '\033';
	assert_true(golin_record_check(&r->h, r->h.size));
	assert_false(golin_record_is_clean(&r->h));
}

static void test_values_cleaned(void **arg)
{
	struct golin_rec_panic_start *r = sample_start();
	const struct golin_rec_panic_start *clean;
	struct golin_recbuf to = {0};

	(void)arg;
	((char *)r)[r->values[0].text.off] = '\033';
	clean = (const struct golin_rec_panic_start *)golin_record_cleaned(&r->h, &to);
	assert_non_null(clean);
	assert_true(golin_record_check(&clean->h, clean->h.size));
	assert_true(golin_record_is_clean(&clean->h));
	assert_int_equal(clean->n, 2);
	assert_string_equal(golin_rec_text(&clean->h, clean->values[1].text), "two");
	golin_recbuf_done(&to);
}

static void test_fatal(void **arg)
{
	size_t fixed =
		sizeof(struct golin_rec_panic_fatal) + 2 * sizeof(struct golin_rec_kept_panic);
	struct golin_rec_panic_fatal *r = golin_recbuf_begin(&B, GOLIN_REC_PANIC_FATAL, fixed);

	(void)arg;
	r->n = 2;
	golin_recbuf_str(&B,
			 offsetof(struct golin_rec_panic_fatal, panics) +
				 sizeof(struct golin_rec_kept_panic) +
				 offsetof(struct golin_rec_kept_panic, value.text),
			 "boom", 4);
	r = (struct golin_rec_panic_fatal *)golin_recbuf_end(&B);
	assert_true(golin_record_check(&r->h, r->h.size));
	assert_string_equal(golin_rec_text(&r->h, r->panics[1].value.text), "boom");
	r->panics[1].value.text.len = 400;
	assert_false(golin_record_check(&r->h, r->h.size));
	r->panics[1].value.text.len = 4;
	r->n = GOLIN_KEPT_MAX + 1;
	assert_false(golin_record_check(&r->h, r->h.size));
}

/* Two arrays, one behind the other. */
static void test_defers(void **arg)
{
	size_t fixed = sizeof(struct golin_rec_goroutine_defers) +
		       sizeof(struct golin_rec_kept_panic) +
		       3 * sizeof(struct golin_rec_kept_defer);
	struct golin_rec_goroutine_defers *r =
		golin_recbuf_begin(&B, GOLIN_REC_GOROUTINE_DEFERS, fixed);

	(void)arg;
	r->npanics = 1;
	r->ndefers = 3;
	((struct golin_rec_kept_defer *)(r->panics + 1))[2].pc = 0x77;
	golin_recbuf_str(&B,
			 offsetof(struct golin_rec_goroutine_defers, panics) +
				 offsetof(struct golin_rec_kept_panic, value.text),
			 "boom", 4);
	r = (struct golin_rec_goroutine_defers *)golin_recbuf_end(&B);
	assert_true(golin_record_check(&r->h, r->h.size));
	assert_int_equal(golin_rec_kept_defers(r)[2].pc, 0x77);
	r->ndefers = 4; /* the string stands there */
	assert_false(golin_record_check(&r->h, r->h.size));
	r->ndefers = GOLIN_DEFERS_MAX + 1;
	assert_false(golin_record_check(&r->h, r->h.size));
	r->ndefers = 3;
	r->npanics = UINT32_MAX;
	assert_false(golin_record_check(&r->h, r->h.size));
	r->npanics = 2;
	assert_false(golin_record_check(&r->h, r->h.size));
}

static void test_words(void **arg)
{
	struct golin_rec_stack *r;

	(void)arg;
	for (uint32_t n = 0; n <= 5; n++) {
		r = golin_recbuf_begin(&B, GOLIN_REC_STACK, sizeof(*r) + n * sizeof(r->pcs[0]));
		r->n = n;
		r = (struct golin_rec_stack *)golin_recbuf_end(&B);
		assert_true(golin_record_check(&r->h, r->h.size));
		assert_null(golin_rec_stack_words(r));
		r = golin_recbuf_begin(&B, GOLIN_REC_STACK,
				       sizeof(*r) + n * (sizeof(r->pcs[0]) + sizeof(uint16_t)));
		r->n = n;
		r = (struct golin_rec_stack *)golin_recbuf_end(&B);
		assert_true(golin_record_check(&r->h, r->h.size));
		assert_int_equal(golin_rec_stack_words(r) != NULL, n > 0);
	}
}

/* Words that are there stay when a record's strings are cleaned, and in a dump. */
static int take_words(void *arg, const struct golin_rec *rec)
{
	const struct golin_rec_stack *r = (const struct golin_rec_stack *)rec;

	if (rec->type == GOLIN_REC_STACK)
		*(uint32_t *)arg += golin_rec_stack_words(r) ? golin_rec_stack_words(r)[1] : 1000;
	return 0;
}

static void test_words_are_kept(void **arg)
{
	static const uint64_t pcs[] = {1, 2, 3};
	static const uint16_t words[] = {4, 5, 6};
	uint32_t sum = 0;

	(void)arg;
	make_model(0);
	stack_with_words(70, pcs, words, 3);
	stack(71, pcs, 3);
	assert_int_equal(golin_model_dump(M, &(struct golin_sink){take_words, &sum}), 0);
	assert_int_equal(sum, 1005);
	free_model();
}

static void test_names(void **arg)
{
	static const uint16_t types[] = {
		GOLIN_REC_GOROUTINE_DEFERS, GOLIN_REC_PANIC_START,  GOLIN_REC_PANIC_DEFER,
		GOLIN_REC_PANIC_RECOVER,    GOLIN_REC_PANIC_GOEXIT, GOLIN_REC_PANIC_FATAL,
		GOLIN_REC_PANIC_THROW,	    GOLIN_REC_PANIC_KEPT,   GOLIN_REC_PANIC_COUNTS,
		GOLIN_REC_PANIC_SITE,	    GOLIN_REC_GC_PAUSE};

	(void)arg;
	for (size_t k = 0; k < sizeof(types) / sizeof(types[0]); k++)
		assert_non_null(golin_rec_type_name(types[k]));
	assert_string_equal(golin_rec_type_name(GOLIN_REC_PANIC_START), "panic.start");
	assert_string_equal(golin_panic_kind_name(GOLIN_PANIC_GOEXIT), "goexit");
	assert_string_equal(golin_panic_kind_name(9), "unknown");
	assert_string_equal(golin_panic_outcome_name(GOLIN_PO_REPLACED), "replaced");
	assert_string_equal(golin_panic_outcome_name(99), "unknown");
	assert_string_equal(golin_panic_relation_name(GOLIN_PR_WRAPPED), "wrapped");
	assert_string_equal(golin_panic_relation_name(0), "");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values), cmocka_unit_test(test_values_cleaned),
		cmocka_unit_test(test_fatal),  cmocka_unit_test(test_defers),
		cmocka_unit_test(test_words),  cmocka_unit_test(test_words_are_kept),
		cmocka_unit_test(test_names),
	};
	int rc = cmocka_run_group_tests(tests, NULL, NULL);

	golin_recbuf_done(&B);
	return rc;
}

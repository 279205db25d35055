/* SPDX-License-Identifier: BSD-2-Clause */
/* The check of records: what is right passes, each single thing that is wrong does not. */
#include "records.h"

#include "base/text.h"

static struct golin_recbuf B;

static struct golin_rec *sample_name(void)
{
	size_t fixed = sizeof(struct golin_rec_name) + 2 * sizeof(struct golin_rec_frame);
	size_t frames = offsetof(struct golin_rec_name, frames);
	struct golin_rec_name *r = golin_recbuf_begin(&B, GOLIN_REC_NAME, fixed);

	r->pc = 7;
	r->n = 2;
	golin_recbuf_str(&B, frames, "main.worker", 11);
	golin_recbuf_str(&B, frames + 8, "/src/x.go", 9);
	golin_recbuf_str(&B, frames + sizeof(struct golin_rec_frame), "main.f.gowrap1", 14);
	return (struct golin_rec *)golin_recbuf_end(&B);
}

static void test_built_record_passes(void **s)
{
	struct golin_rec *r = sample_name();
	const struct golin_rec_name *n = (const struct golin_rec_name *)r;

	assert_non_null(r);
	assert_int_equal(r->size % 8, 0);
	assert_true(golin_record_check(r, r->size));
	assert_true(golin_record_is_clean(r));
	assert_string_equal(golin_rec_text(r, n->frames[0].func), "main.worker");
	assert_string_equal(golin_rec_text(r, n->frames[0].file), "/src/x.go");
	assert_string_equal(golin_rec_text(r, n->frames[1].func), "main.f.gowrap1");
	assert_string_equal(golin_rec_text(r, n->frames[1].file), "");
}

static void test_header_is_checked(void **s)
{
	struct golin_rec *r = sample_name();
	struct golin_rec keep = *r;

	for (size_t avail = 0; avail < keep.size; avail++)
		assert_false(golin_record_check(r, avail));
	assert_true(golin_record_check(r, keep.size + 100));
	r->size = keep.size - 4; /* not a multiple of 8 */
	assert_false(golin_record_check(r, keep.size));
	r->size = 8; /* smaller than a header */
	assert_false(golin_record_check(r, keep.size));
	*r = keep;
	r->version = 2;
	assert_false(golin_record_check(r, keep.size));
	*r = keep;
	r->type = 0;
	assert_false(golin_record_check(r, keep.size));
	r->type = GOLIN_REC_TYPE_MAX;
	assert_false(golin_record_check(r, keep.size));
	r->type = 200; /* unknown: only the header matters */
	r->version = 9;
	assert_true(golin_record_check(r, keep.size));
	r->size = GOLIN_RECORD_MAX + 8;
	assert_false(golin_record_check(r, SIZE_MAX));
}

static void test_fixed_part_must_be_there(void **s)
{
	for (uint16_t type = 1; type < 64; type++) {
		uint64_t mem[64] = {0};
		struct golin_rec *r = (struct golin_rec *)mem;

		if (!golin_rec_type_name(type))
			continue;
		*r = header(type, sizeof(*r), 1, 1);
		/* Only a record without a body is whole with its header alone. */
		assert_int_equal(golin_record_check(r, sizeof(mem)),
				 type == GOLIN_REC_GOROUTINE_GONE);
		r->size = sizeof(mem);
		assert_true(golin_record_check(r, sizeof(mem)));
	}
}

static void test_strings_are_checked(void **s)
{
	struct golin_rec_name *n = (struct golin_rec_name *)sample_name();
	struct golin_rec_str good = n->frames[1].func;
	size_t fixed = sizeof(*n) + 2 * sizeof(n->frames[0]);
	static const struct golin_rec_str bad[] = {
		{0, 1},	     {16, 4},	   {UINT32_MAX, 1},	  {UINT32_MAX, UINT32_MAX},
		{200, 4096}, {1 << 20, 0}, {40, UINT32_MAX - 39},
	};

	for (size_t k = 0; k < sizeof(bad) / sizeof(bad[0]); k++) {
		n->frames[1].func = bad[k];
		assert_false(golin_record_check(&n->h, n->h.size));
	}
	n->frames[1].func = (struct golin_rec_str){(uint32_t)fixed - 1, 2}; /* in the fixed part */
	assert_false(golin_record_check(&n->h, n->h.size));
	n->frames[1].func = (struct golin_rec_str){good.off, good.len - 1}; /* no NUL there */
	assert_false(golin_record_check(&n->h, n->h.size));
	n->frames[1].func = (struct golin_rec_str){good.off - 2, good.len + 2}; /* a NUL within */
	assert_false(golin_record_check(&n->h, n->h.size));
	n->frames[1].func = (struct golin_rec_str){n->h.size - 1, 1}; /* its NUL is outside */
	assert_false(golin_record_check(&n->h, n->h.size));
	n->frames[1].func = good;
	assert_true(golin_record_check(&n->h, n->h.size));
}

/* The NUL that ends it stands behind the record: not its own. */
static void test_string_up_to_the_end(void **s)
{
	struct {
		struct golin_rec_exec r;
		char text[16];
	} e = {.r = {.h = HEADER(GOLIN_REC_EXEC, e.r, 1, 0)}};

	memset(e.text, 'x', 8);
	e.r.h.size += 8;
	e.r.exe = (struct golin_rec_str){sizeof(e.r), 8};
	assert_false(golin_record_check(&e.r.h, sizeof(e)));
	e.text[7] = 0;
	assert_false(golin_record_check(&e.r.h, sizeof(e)));
	e.r.exe.len = 7;
	assert_true(golin_record_check(&e.r.h, sizeof(e)));
}

static void test_counts_are_checked(void **s)
{
	struct golin_rec_name *n = (struct golin_rec_name *)sample_name();
	struct {
		struct golin_rec_stack r;
		uint64_t pcs[4];
	} st = {.r = {.h = HEADER(GOLIN_REC_STACK, st, 1, 0), .id = 5, .n = 4}};

	struct {
		struct golin_rec_stack r;
		uint64_t pcs[GOLIN_STACK_MAX + 1];
	} big = {.r = {.h = HEADER(GOLIN_REC_STACK, big, 1, 0), .id = 5}};

	n->n = GOLIN_FRAMES_MAX + 1;
	assert_false(golin_record_check(&n->h, n->h.size));
	n->n = 20; /* more than there is room for */
	assert_false(golin_record_check(&n->h, n->h.size));
	assert_true(golin_record_check(&st.r.h, sizeof(st)));
	st.r.n = 5;
	assert_false(golin_record_check(&st.r.h, sizeof(st)));
	st.r.n = UINT32_MAX;
	assert_false(golin_record_check(&st.r.h, sizeof(st)));
	big.r.n = GOLIN_STACK_MAX;
	assert_true(golin_record_check(&big.r.h, sizeof(big)));
	big.r.n++;
	assert_false(golin_record_check(&big.r.h, sizeof(big)));
}

static void test_strings_are_cleaned_and_capped(void **s)
{
	static const char dirty[] = "a\033[2Jb\0c";
	char *big = malloc(100000);
	struct golin_rec_exec *r = golin_recbuf_begin(&B, GOLIN_REC_EXEC, sizeof(*r));
	const struct golin_rec_exec *e;

	golin_recbuf_str(&B, offsetof(struct golin_rec_exec, exe), dirty, sizeof(dirty) - 1);
	e = (const struct golin_rec_exec *)golin_recbuf_end(&B);
	assert_true(golin_record_check(&e->h, e->h.size));
	assert_string_equal(golin_rec_text(&e->h, e->exe), "a\\x1b[2Jb\\x00c");
	memset(big, 'x', 100000);
	r = golin_recbuf_begin(&B, GOLIN_REC_EXEC, sizeof(*r));
	golin_recbuf_str(&B, offsetof(struct golin_rec_exec, exe), big, 100000);
	e = (const struct golin_rec_exec *)golin_recbuf_end(&B);
	assert_true(golin_record_check(&e->h, e->h.size));
	assert_true(e->exe.len < GOLIN_STR_MAX);
	assert_non_null(strstr(golin_rec_text(&e->h, e->exe), "...(+"));
	/* What a foreign record holds is another matter. */
	((char *)e)[e->exe.off] = '\033';
	assert_true(golin_record_check(&e->h, e->h.size));
	assert_false(golin_record_is_clean(&e->h));
	free(big);
}

static void test_too_large_fails(void **s)
{
	size_t fixed = sizeof(struct golin_rec_name) + 64 * sizeof(struct golin_rec_frame);

	assert_null(golin_recbuf_begin(&B, 200, GOLIN_RECORD_MAX + 8));
	assert_null(golin_recbuf_end(&B));
	golin_recbuf_begin(&B, GOLIN_REC_NAME, fixed);
	golin_recbuf_str(&B, fixed, "x", 1); /* the reference would lie outside */
	assert_null(golin_recbuf_end(&B));
	golin_recbuf_begin(&B, GOLIN_REC_EXEC, sizeof(struct golin_rec_exec));
	assert_non_null(golin_recbuf_end(&B)); /* a failure does not stay */
}

static void test_names_of_numbers(void **s)
{
	assert_string_equal(golin_rec_type_name(GOLIN_REC_GOROUTINE_CREATE), "goroutine.create");
	assert_string_equal(golin_rec_type_name(GOLIN_REC_GOROUTINE_SEEN), "goroutine.seen");
	assert_string_equal(golin_rec_type_name(GOLIN_REC_GOROUTINE_EXIT), "goroutine.exit");
	assert_null(golin_rec_type_name(0));
	assert_null(golin_rec_type_name(31));
	assert_null(golin_rec_type_name(UINT16_MAX));
	assert_string_equal(golin_gstate_name(GOLIN_GS_WAITING), "waiting");
	assert_string_equal(golin_gstate_name(7), "unknown");
	assert_string_equal(golin_via_name(GOLIN_VIA_COROUTINE), "coroutine");
	assert_string_equal(golin_how_name(GOLIN_HOW_GOEXIT), "goexit");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_built_record_passes),
		cmocka_unit_test(test_header_is_checked),
		cmocka_unit_test(test_fixed_part_must_be_there),
		cmocka_unit_test(test_strings_are_checked),
		cmocka_unit_test(test_string_up_to_the_end),
		cmocka_unit_test(test_counts_are_checked),
		cmocka_unit_test(test_strings_are_cleaned_and_capped),
		cmocka_unit_test(test_too_large_fails),
		cmocka_unit_test(test_names_of_numbers),
	};
	int rc = cmocka_run_group_tests_name("record", tests, NULL, NULL);

	golin_recbuf_done(&B);
	return rc;
}

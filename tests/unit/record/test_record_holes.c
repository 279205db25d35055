/* SPDX-License-Identifier: BSD-2-Clause */
/* What ended where the recording has a hole is told to be gone. */
#include "stream.h"

#include "craft.h"

static struct golin_rec_goroutine_create create(uint32_t epoch, uint64_t goid, uint64_t ts)
{
	return (struct golin_rec_goroutine_create){
		.h = {.type = GOLIN_REC_GOROUTINE_CREATE,
		      .version = 1,
		      .size = sizeof(struct golin_rec_goroutine_create),
		      .target = 1,
		      .epoch = epoch,
		      .ts = ts},
		.child = goid,
		.via = GOLIN_VIA_GO,
	};
}

/*
 * Goroutines 1 to 5 are created, 4 ends; a hole; a keyframe at 900, whose content `state` is; one
 * more creation.
 */
static void read_with_hole(const void *state, uint32_t count, size_t len, struct read_result *ret)
{
	struct golin_rec_goroutine_create five[5], last = create(0, 20, 901);
	const struct golin_rec_goroutine_exit exit4 = {
		.h = {.type = GOLIN_REC_GOROUTINE_EXIT,
		      .version = 1,
		      .size = sizeof(exit4),
		      .target = 1,
		      .ts = 50,
		      .goid = 4},
		.how = GOLIN_HOW_RETURN,
	};
	struct golin_err err = {0};
	struct craft c;

	for (uint64_t i = 0; i < 5; i++)
		five[i] = create(0, i + 1, 10 + i);
	craft_begin(&c);
	c.next.last_ts = 14;
	craft_block(&c, REC_BLOCK_RECORDS, 5, five, sizeof(five));
	c.next.last_ts = 50;
	craft_block(&c, REC_BLOCK_RECORDS, 1, &exit4, sizeof(exit4));
	c.next.seq++; /* the hole */
	craft_bytes(&c, "some bytes", 10);
	c.next.last_ts = 900;
	c.next.flags = REC_STATE_LAST;
	craft_block(&c, REC_BLOCK_STATE, count, state, len);
	c.next.flags = 0;
	craft_block(&c, REC_BLOCK_RECORDS, 1, &last, sizeof(last));
	assert_int_equal(read_recording_fd(memory_file(c.file.v, c.file.len), ret, &err), 0);
	assert_int_equal(ret->nlost, 1);
	assert_int_equal(ret->lost_at, 6);
	assert_int_equal(ret->lost_bytes, 10);
	craft_done(&c);
}

/* The goids that are said to be gone, in ascending order, as one number: 1 and 3 are 13. */
static uint64_t gone(const struct stream *s)
{
	uint64_t all = 0;

	for (uint64_t goid = 1; goid < 10; goid++)
		for (size_t i = 0; i < s->at.len; i++) {
			const struct golin_rec *rec = stream_get(s, i);

			if (rec->type != GOLIN_REC_GOROUTINE_GONE || rec->goid != goid)
				continue;
			assert_int_equal(rec->target, 1);
			assert_int_equal(rec->epoch, 0);
			assert_int_equal(rec->ts, 900);
			all = all * 10 + goid;
		}
	return all;
}

static void test_not_known_any_more(void **state)
{
	struct golin_rec_goroutine_create know[] = {create(0, 1, 10), create(0, 3, 12),
						    create(0, 9, 800)};
	struct read_result r;

	read_with_hole(know, 3, sizeof(know), &r);
	assert_int_equal(gone(&r.recs), 25);
	/* Behind the keyframe, before what follows it. */
	assert_int_equal(r.recs.at.len, 6 + 3 + 2 + 1);
	assert_int_equal(stream_get(&r.recs, 9)->type, GOLIN_REC_GOROUTINE_GONE);
	assert_int_equal(stream_get(&r.recs, 10)->type, GOLIN_REC_GOROUTINE_GONE);
	assert_int_equal(stream_get(&r.recs, 11)->type, GOLIN_REC_GOROUTINE_CREATE);
	read_result_done(&r);
}

static void test_ends_that_the_keyframe_knows(void **state)
{
	struct {
		struct golin_rec_goroutine_create one, two;
		struct golin_rec_goroutine_exit end;
	} know = {.one = create(0, 1, 10), .two = create(0, 2, 11)};
	struct read_result r;

	know.end = (struct golin_rec_goroutine_exit){
		.h = {.type = GOLIN_REC_GOROUTINE_EXIT,
		      .version = 1,
		      .size = sizeof(know.end),
		      .target = 1,
		      .ts = 700,
		      .goid = 2},
		.how = GOLIN_HOW_GOEXIT,
	};
	read_with_hole(&know, 3, sizeof(know), &r);
	/* 2 has its own end, and how it came. */
	assert_int_equal(gone(&r.recs), 35);
	read_result_done(&r);
}

static void test_an_exec_in_the_hole(void **state)
{
	struct {
		struct golin_rec_exec exec;
		struct golin_rec_goroutine_create one;
	} know = {.one = create(1, 1, 850)};
	struct read_result r;

	know.exec.h = (struct golin_rec){.type = GOLIN_REC_EXEC,
					 .version = 1,
					 .size = sizeof(know.exec),
					 .target = 1,
					 .epoch = 1,
					 .ts = 800};
	read_with_hole(&know, 2, sizeof(know), &r);
	/* The exec says it of all. */
	assert_int_equal(gone(&r.recs), 0);
	read_result_done(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_not_known_any_more),
		cmocka_unit_test(test_ends_that_the_keyframe_knows),
		cmocka_unit_test(test_an_exec_in_the_hole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

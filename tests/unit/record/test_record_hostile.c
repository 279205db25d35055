/* SPDX-License-Identifier: BSD-2-Clause */
/* Files with right checksums and wrong content. */
#include "stream.h"

#include <time.h>
#include <zstd.h>

#include "craft.h"

static void read_craft(struct craft *c, struct read_result *r)
{
	struct golin_err err = {0};

	assert_int_equal(read_recording_fd(memory_file(c->file.v, c->file.len), r, &err), 0);
	craft_done(c);
}

static const struct golin_rec gone = {
	.type = GOLIN_REC_GOROUTINE_GONE, .version = 1, .size = 32, .target = 1, .goid = 7};

/* One block of `raw`, that must be refused as a whole. */
static void check_refused(uint32_t count, const void *raw, size_t len)
{
	struct craft c;
	struct read_result r;

	craft_begin(&c);
	craft_block(&c, REC_BLOCK_RECORDS, 1, &gone, sizeof(gone));
	craft_block(&c, REC_BLOCK_RECORDS, count, raw, len);
	craft_block(&c, REC_BLOCK_RECORDS, 1, &gone, sizeof(gone));
	read_craft(&c, &r);
	/* What follows is of no use: its state is not known. */
	assert_int_equal(r.recs.at.len, 1);
	assert_int_equal(r.nlost, 1);
	assert_false(r.stats.complete);
	read_result_done(&r);
}

static void test_bad_records(void **state)
{
	static const uint32_t sizes[] = {0,  8,	 24,	  31,	   33,	      36,
					 48, 72, 1 << 20, 1 << 21, UINT32_MAX};
	struct golin_rec pair[2] = {gone, gone};

	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		pair[1].size = sizes[i];
		check_refused(2, pair, sizeof(pair));
	}
	pair[1] = gone;
	/* Fewer and more records than are there. */
	check_refused(1, pair, sizeof(pair));
	check_refused(3, pair, sizeof(pair));
	check_refused(0, pair, sizeof(pair));
	check_refused(2, pair, sizeof(pair) - 8);
	/* A known type that is too short for itself. */
	pair[1].type = GOLIN_REC_GOROUTINE_CREATE;
	check_refused(2, pair, sizeof(pair));
}

static void test_bad_counts_and_strings(void **state)
{
	struct {
		struct golin_rec_goroutine_seen s;
		char text[24];
	} seen = {.s.h = {.type = GOLIN_REC_GOROUTINE_SEEN, .version = 1, .size = sizeof(seen)}};
	struct golin_rec_stack stack = {
		.h = {.type = GOLIN_REC_STACK, .version = 1, .size = sizeof(stack)}, .n = 1};
	struct golin_rec_name name = {
		.h = {.type = GOLIN_REC_NAME, .version = 1, .size = sizeof(name)}, .n = UINT32_MAX};

	_Static_assert(sizeof(seen) % 8 == 0, "a record's size");
	check_refused(1, &stack, sizeof(stack));
	stack.n = UINT32_MAX;
	check_refused(1, &stack, sizeof(stack));
	check_refused(1, &name, sizeof(name));
	seen.s.wait = (struct golin_rec_str){sizeof(seen.s), 24}; /* no NUL fits */
	check_refused(1, &seen, sizeof(seen));
	seen.s.wait = (struct golin_rec_str){UINT32_MAX, 1};
	check_refused(1, &seen, sizeof(seen));
	seen.s.wait = (struct golin_rec_str){8, 4};
	check_refused(1, &seen, sizeof(seen));
}

static void test_what_is_skipped(void **state)
{
	struct golin_rec recs[6] = {gone, gone, gone, gone, gone, gone};
	struct golin_rec_stats stats = {
		.h = {.type = GOLIN_REC_STATS, .version = 1, .size = sizeof(stats)},
		.hits = 11,
		.lost_ring = 4};
	uint8_t raw[sizeof(recs) + sizeof(stats)];
	struct craft c;
	struct read_result r;

	recs[1].type = 200;    /* a type of the future */
	recs[2].version = 2;   /* a body of the future */
	recs[3].type = 0;      /* no type */
	recs[4].type = 0xffff; /* beyond all types */
	recs[5].goid = 8;
	memcpy(raw, recs, sizeof(recs));
	memcpy(raw + sizeof(recs), &stats, sizeof(stats));
	craft_begin(&c);
	craft_block(&c, REC_BLOCK_RECORDS, 7, raw, sizeof(raw));
	read_craft(&c, &r);
	assert_int_equal(r.recs.at.len, 2);
	assert_int_equal(stream_get(&r.recs, 0)->goid, 7);
	assert_int_equal(stream_get(&r.recs, 1)->goid, 8);
	assert_int_equal(r.stats.hits, 11);
	assert_int_equal(r.stats.lost_ring, 4);
	assert_int_equal(r.nlost, 0);
	read_result_done(&r);
}

static void test_strings_are_cleaned(void **state)
{
	static const char evil[] = "\033]0;pwned\a\xe2\x80\xae\xff";
	struct {
		struct golin_rec_target t;
		char text[sizeof(evil)];
		char pad[8];
	} target = {.t.h = {.type = GOLIN_REC_TARGET, .version = 1}};
	struct {
		struct golin_rec_name n;
		struct golin_rec_frame f[2];
		char text[sizeof(evil)];
		char pad[8];
	} name = {.n.h = {.type = GOLIN_REC_NAME, .version = 1}, .n.n = 2, .n.pc = 77};
	const struct golin_rec_target *t;
	const struct golin_rec_name *n;
	struct read_result r;
	struct craft c;

	target.t.h.size = sizeof(target) & ~7u;
	target.t.pid = 4;
	memcpy(target.text, evil, sizeof(evil));
	target.t.exe = (struct golin_rec_str){(uint32_t)((char *)target.text - (char *)&target),
					      sizeof(evil) - 1};
	target.t.comm = target.t.exe; /* two that share their bytes */
	name.n.h.size = sizeof(name) & ~7u;
	memcpy(name.text, evil, sizeof(evil));
	name.f[1].func = (struct golin_rec_str){(uint32_t)((char *)name.text - (char *)&name),
						sizeof(evil) - 1};
	name.f[1].line = 12;
	craft_begin(&c);
	craft_block(&c, REC_BLOCK_RECORDS, 1, &target, target.t.h.size);
	craft_block(&c, REC_BLOCK_RECORDS, 1, &name, name.n.h.size);
	read_craft(&c, &r);
	assert_int_equal(r.recs.at.len, 2);
	t = (const struct golin_rec_target *)stream_get(&r.recs, 0);
	assert_int_equal(t->pid, 4);
	assert_string_equal(golin_rec_text(&t->h, t->exe), "\\x1b]0;pwned\\x07\\u{202e}\\xff");
	assert_string_equal(golin_rec_text(&t->h, t->comm), "\\x1b]0;pwned\\x07\\u{202e}\\xff");
	n = (const struct golin_rec_name *)stream_get(&r.recs, 1);
	assert_int_equal(n->n, 2);
	assert_int_equal(n->pc, 77);
	assert_int_equal(n->frames[1].line, 12);
	assert_string_equal(golin_rec_text(&n->h, n->frames[1].func),
			    "\\x1b]0;pwned\\x07\\u{202e}\\xff");
	assert_string_equal(golin_rec_text(&n->h, n->frames[0].func), "");
	read_result_done(&r);
}

static void refuse_payload(uint32_t raw_size, const void *payload, size_t len)
{
	struct craft c;
	struct read_result r;

	craft_begin(&c);
	craft_payload(&c, REC_BLOCK_RECORDS, 1, raw_size, payload, len);
	read_craft(&c, &r);
	assert_int_equal(r.recs.at.len, 0);
	assert_false(r.stats.complete);
	assert_int_equal(r.lost_bytes, sizeof(struct rec_block_header) + len);
	read_result_done(&r);
}

static void test_bad_frames(void **state)
{
	uint8_t z[300];
	size_t n = ZSTD_compress(z, sizeof(z), &gone, sizeof(gone), 1);
	static const uint8_t skippable[] = {0x50, 0x2a, 0x4d, 0x18, 4, 0, 0, 0, 1, 2, 3, 4};
	ZSTD_CCtx *stream = ZSTD_createCCtx();
	ZSTD_inBuffer in = {&gone, sizeof(gone), 0};
	ZSTD_outBuffer out;

	refuse_payload(32, "no frame at all, only text", 27);
	refuse_payload(32, "", 0);
	refuse_payload(64, z, n);
	refuse_payload(16 << 20, z, n);
	refuse_payload((16 << 20) + 8, z, n);
	refuse_payload(UINT32_MAX, z, n);
	refuse_payload(32, z, n - 1);
	/* Two frames, one after another. */
	memcpy(z + n, z, n);
	refuse_payload(32, z, 2 * n);
	refuse_payload(64, z, 2 * n);
	memcpy(z + n, skippable, sizeof(skippable));
	refuse_payload(32, z, n + sizeof(skippable));
	refuse_payload(32, skippable, sizeof(skippable));
	/* One that does not say how much it is. */
	out = (ZSTD_outBuffer){z, sizeof(z), 0};
	ZSTD_CCtx_setParameter(stream, ZSTD_c_contentSizeFlag, 0);
	assert_int_equal(ZSTD_compressStream2(stream, &out, &in, ZSTD_e_end), 0);
	refuse_payload(32, z, out.pos);
	ZSTD_freeCCtx(stream);
}

/* The most that a block may claim, in a few hundred bytes. */
static void test_bomb(void **state)
{
	size_t len = 16 << 20;
	void *zeros = calloc(1, len);

	check_refused(1, zeros, len);
	check_refused(len / 32, zeros, len);
	free(zeros);
}

static double cpu_seconds(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

/* Every place looks like a block of 16 MiB: hashing each would take hours. */
static void test_headers_without_end(void **state)
{
	struct rec_block_header h = {.type = REC_BLOCK_RECORDS, .size = 16 << 20, .raw_size = 32};
	struct read_result r;
	struct craft c;
	double from;

	memcpy(h.magic, REC_BLOCK_MAGIC, sizeof(h.magic));
	craft_begin(&c);
	while (c.file.len < 40 << 20)
		craft_bytes(&c, &h, sizeof(h));
	from = cpu_seconds();
	read_craft(&c, &r);
	assert_int_equal(r.recs.at.len, 0);
	assert_true(cpu_seconds() - from < 20);
	read_result_done(&r);
}

/* --- lies about where things are --- */

static void seek_everywhere(struct craft *c, size_t at_least)
{
	struct stream got = {0};
	struct golin_sink sink = stream_sink(&got);
	struct golin_source *s;
	struct golin_err err = {0};
	uint64_t first, last;

	assert_int_equal(
		golin_recording_open_fd(memory_file(c->file.v, c->file.len), "x", &s, &err), 0);
	golin_recording_span(s, &first, &last);
	for (uint64_t ts = 0; ts < 50; ts += 7) {
		const struct golin_ctl seek = {.type = GOLIN_CTL_SEEK, .ns = ts};

		got.at.len = got.mem.len = 0;
		assert_int_equal(golin_source_control(s, &seek, &err), 0);
		assert_true(golin_source_service(s, &sink, 1, &err) >= 0);
		for (size_t i = 0; i < got.at.len; i++)
			assert_true(stream_get(&got, i)->ts <= ts);
		while (!s->ended)
			assert_true(golin_source_service(s, &sink, 10, &err) >= 0);
		assert_true(got.at.len >= at_least);
	}
	golin_source_close(s);
	stream_done(&got);
	craft_done(c);
}

static void craft_records(struct craft *c, uint64_t from)
{
	struct golin_rec recs[8];

	for (int i = 0; i < 8; i++) {
		recs[i] = gone;
		recs[i].ts = from + (uint64_t)i;
	}
	c->next.first_ts = from;
	c->next.last_ts = from + 7;
	craft_block(c, REC_BLOCK_RECORDS, 8, recs, sizeof(recs));
}

static void test_lying_index(void **state)
{
	static const uint64_t offsets[] = {0, 1, 31, 32, 33, 200, 1 << 20, UINT64_MAX, 1ULL << 63};

	for (size_t i = 0; i < sizeof(offsets) / sizeof(*offsets); i++) {
		struct rec_index_entry e[3] = {
			{offsets[i], 0, 0, REC_BLOCK_STATE, 0, 0},
			{offsets[i], 5, 5, REC_BLOCK_STATE, 0, 1},
			{offsets[i] + 1, 3, 3, REC_BLOCK_STATE, 0, 1},
		};
		struct craft c;
		size_t at;

		craft_begin(&c);
		craft_records(&c, 1);
		craft_records(&c, 21);
		at = craft_block(&c, REC_BLOCK_INDEX, 3, e, sizeof(e));
		craft_trailer(&c, at, 1, 28);
		seek_everywhere(&c, 16);
		/* The trailer points elsewhere; the index says it is longer than it is. */
		craft_begin(&c);
		craft_records(&c, 1);
		at = craft_block(&c, REC_BLOCK_INDEX, 2, e, sizeof(e));
		craft_trailer(&c, offsets[i], UINT64_MAX, 0);
		seek_everywhere(&c, 8);
	}
}

/* An index that gives a keyframe an earlier time than its own: what it knows is from later. */
static void test_lying_times(void **state)
{
	const struct golin_ctl seek = {.type = GOLIN_CTL_SEEK, .ns = 3};
	struct rec_index_entry e = {.type = REC_BLOCK_STATE, .seq = 1};
	struct stream got = {0};
	struct golin_sink sink = stream_sink(&got);
	struct golin_source *s;
	struct golin_err err = {0};
	struct craft c;
	size_t at;

	craft_begin(&c);
	craft_records(&c, 1);
	c.next.flags = REC_STATE_LAST;
	e.offset = craft_block(&c, REC_BLOCK_STATE, 1, &gone, sizeof(gone));
	c.next.flags = 0;
	craft_records(&c, 21);
	at = craft_block(&c, REC_BLOCK_INDEX, 1, &e, sizeof(e));
	craft_trailer(&c, at, 1, 28);
	assert_int_equal(golin_recording_open_fd(memory_file(c.file.v, c.file.len), "x", &s, &err),
			 0);
	assert_int_equal(golin_source_control(s, &seek, &err), 0);
	assert_int_equal(golin_source_service(s, &sink, 1, &err), 3);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(stream_get(&got, i)->ts, i + 1);
	golin_source_close(s);
	stream_done(&got);
	craft_done(&c);
}

/* A keyframe that never ends, one whose parts are out of order, one that starts in the middle. */
static void test_bad_keyframes(void **state)
{
	struct read_result r;
	struct craft c;

	for (int bad = 0; bad < 4; bad++) {
		craft_begin(&c);
		craft_records(&c, 1);
		c.next.part = bad == 1;
		craft_block(&c, REC_BLOCK_STATE, 1, &gone, sizeof(gone));
		c.next.part = bad == 2 ? 5 : 1;
		c.next.flags = bad ? REC_STATE_LAST : 0;
		craft_block(&c, REC_BLOCK_STATE, bad == 3 ? 0 : 1, &gone, sizeof(gone));
		c.next.part = c.next.flags = 0;
		craft_records(&c, 21);
		read_craft(&c, &r);
		/* Nobody needs them here. */
		assert_int_equal(r.recs.at.len, 16);
		assert_int_equal(r.nlost, 0);
		read_result_done(&r);

		/* As the start of a recording they are needed. */
		craft_begin(&c);
		c.next.part = bad == 1;
		craft_block(&c, REC_BLOCK_STATE, 1, &gone, sizeof(gone));
		c.next.part = bad == 2 ? 5 : 1;
		c.next.flags = bad ? REC_STATE_LAST : 0;
		craft_block(&c, REC_BLOCK_STATE, bad == 3 ? 0 : 1, &gone, sizeof(gone));
		c.next.part = c.next.flags = 0;
		craft_records(&c, 21);
		read_craft(&c, &r);
		assert_false(r.stats.complete);
		assert_int_equal(r.nlost, 1);
		read_result_done(&r);
	}
}

/* Bytes of a target that look like a block of ours, stored as they are: noise does not shrink. */
static void test_a_block_within_a_record(void **state)
{
	uint8_t raw[4096 + 64], *file;
	struct rec_block_header h = {.type = REC_BLOCK_RECORDS, .size = 40, .raw_size = 32};
	struct golin_rec_stack *rec = (struct golin_rec_stack *)raw;
	struct read_result r;
	struct golin_err err = {0};
	struct craft c;
	uint64_t rnd = 3;
	size_t at;

	for (size_t i = 0; i < sizeof(raw); i += 8) {
		rnd = rnd * 6364136223846793005ULL + 1442695040888963407ULL;
		memcpy(raw + i, &(uint64_t){rnd ^ rnd >> 29}, 8);
	}
	*rec = (struct golin_rec_stack){
		.h = {.type = GOLIN_REC_STACK, .version = 1, .size = sizeof(raw)}, .n = 1};
	memcpy(h.magic, REC_BLOCK_MAGIC, sizeof(h.magic));
	h.sum = rec_block_sum(&h, raw + 1000 + sizeof(h), 0); /* it cannot know the seed */
	memcpy(raw + 1000, &h, sizeof(h));
	craft_begin(&c);
	at = craft_block(&c, REC_BLOCK_RECORDS, 1, raw, sizeof(raw));
	file = c.file.v;
	assert_non_null(memmem(file + at + 4, c.file.len - at - 4, REC_BLOCK_MAGIC, 4));
	file[at + 5] ^= 1;
	assert_int_equal(read_recording_fd(memory_file(file, c.file.len), &r, &err), 0);
	assert_int_equal(r.recs.at.len, 0);
	assert_int_equal(r.lost_bytes, c.file.len - at);
	read_result_done(&r);
	craft_done(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bad_records),
		cmocka_unit_test(test_bad_counts_and_strings),
		cmocka_unit_test(test_what_is_skipped),
		cmocka_unit_test(test_strings_are_cleaned),
		cmocka_unit_test(test_bad_frames),
		cmocka_unit_test(test_bomb),
		cmocka_unit_test(test_headers_without_end),
		cmocka_unit_test(test_lying_index),
		cmocka_unit_test(test_lying_times),
		cmocka_unit_test(test_bad_keyframes),
		cmocka_unit_test(test_a_block_within_a_record),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

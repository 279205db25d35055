/* SPDX-License-Identifier: BSD-2-Clause */
/* A recording that is cut or damaged at any place gives all that is good, and nothing else. */
#include "stream.h"

#include "base/map64.h"

static struct stream truth;
static uint8_t *file;
static size_t len;
static blocks_t blocks;
static size_t *before; /* records of the stream in the blocks before each block, and at the end */

static int setup(void **state)
{
	size_t n = 0;

	if (temp_setup(state))
		return -1;
	stream_make(&truth, &(struct shape){6, 260, 20, 12, 6, 11});
	record_stream(
		temp_path("good"), &truth,
		&(struct record_opts){.block_raw = 1200, .keyframe_every = 1200, .max_ended = 5});
	read_file(temp_path("good"), &file, &len);
	list_blocks(file, len, &blocks);
	before = calloc(blocks.len + 1, sizeof(*before));
	for (size_t i = 0; i < blocks.len; i++) {
		before[i] = n;
		if (blocks.v[i].h.type == REC_BLOCK_RECORDS)
			n += blocks.v[i].h.count - 1; /* the last are the statistics */
	}
	before[blocks.len] = n;
	print_message("%zu bytes, %zu blocks, %zu records\n", len, blocks.len, truth.at.len);
	return n == truth.at.len && len < 40000 ? 0 : -1;
}

static int teardown(void **state)
{
	stream_done(&truth);
	array_free(&blocks);
	free(file);
	free(before);
	return temp_teardown(state);
}

static void assert_prefix(const struct read_result *r, size_t n)
{
	assert_true(r->recs.at.len >= n);
	for (size_t i = 0; i < n; i++)
		assert_true(stream_equal(&r->recs, i, &truth, i));
}

static void assert_suffix(const struct read_result *r, size_t n)
{
	assert_true(r->recs.at.len >= n);
	for (size_t i = 1; i <= n; i++)
		assert_true(stream_equal(&r->recs, r->recs.at.len - i, &truth, truth.at.len - i));
}

static size_t next_keyframe(size_t i)
{
	while (i < blocks.len && (blocks.v[i].h.type != REC_BLOCK_STATE || blocks.v[i].h.part))
		i++;
	return i;
}

static void test_keyframes_are_there(void **state)
{
	size_t first = next_keyframe(0), n = 0;

	for (size_t i = first; i < blocks.len; i = next_keyframe(i + 1))
		n++;
	print_message("%zu keyframes\n", n);
	assert_true(n >= 3);
	assert_true(first > 0);
}

static void test_cut_at_every_byte(void **state)
{
	struct golin_err err = {0};
	struct read_result r;
	size_t whole = 0; /* blocks that are whole in what is left */

	for (size_t cut = 0; cut < len; cut++) {
		int fd = memory_file(file, cut);
		int rc = read_recording_fd(fd, &r, &err);
		uint64_t good;

		while (whole < blocks.len && blocks.v[whole].end <= cut)
			whole++;
		if (cut < sizeof(struct rec_file_header)) {
			assert_int_equal(rc, cut < 8 ? -ENOEXEC : -EBADMSG);
			continue;
		}
		assert_int_equal(rc, 0);
		assert_int_equal(r.recs.at.len, before[whole]);
		assert_prefix(&r, before[whole]);
		assert_false(r.stats.complete);
		good = whole ? blocks.v[whole - 1].end : sizeof(struct rec_file_header);
		assert_int_equal(r.lost_bytes, cut - good);
		assert_int_equal(r.nlost, cut != good);
		/* The numbers of what was recorded, as far as it is there. */
		assert_int_equal(r.stats.delivered, before[whole]);
		read_result_done(&r);
	}
}

static uint64_t live_of(const struct stream *s)
{
	struct golin_model *m = model_of(s, s->at.len);
	uint64_t hash = 0;

	for (golin_gidx i = 0; i < golin_model_goroutine_max(m); i++) {
		const struct golin_goroutine *g = golin_model_goroutine(m, i);

		if (g && g->flags & GOLIN_GF_ALIVE)
			hash += map64_mix(g->goid * 1000003 + g->parent);
	}
	golin_model_free(m);
	return hash;
}

static size_t block_of(size_t at)
{
	size_t i = 0;

	while (i < blocks.len && blocks.v[i].end <= at)
		i++;
	return i;
}

/* What must come of it when block k alone is bad. */
static void check_bad_block(const struct read_result *r, size_t k, uint64_t want_live)
{
	size_t key;

	assert_false(r->stats.complete);
	assert_int_equal(r->nlost, 1);
	if (k == blocks.len || blocks.v[k].h.type != REC_BLOCK_RECORDS) {
		/* Nothing that is needed is lost. */
		assert_int_equal(r->recs.at.len, truth.at.len);
		assert_prefix(r, truth.at.len);
		return;
	}
	assert_prefix(r, before[k]);
	assert_int_equal(r->lost_at, before[k]);
	key = next_keyframe(k);
	if (key == blocks.len) {
		/* The end is still found. */
		assert_int_equal(r->recs.at.len, before[k]);
		assert_int_equal(r->lost_bytes, blocks.v[blocks.len - 1].off - blocks.v[k].off);
		return;
	}
	assert_int_equal(r->lost_bytes, blocks.v[key].off - blocks.v[k].off);
	assert_suffix(r, truth.at.len - before[key]);
	assert_int_equal(r->stats.delivered, truth.at.len);
	assert_true(live_of(&r->recs) == want_live);
}

static void test_every_bit(void **state)
{
	uint64_t want_live = live_of(&truth);
	struct golin_err err = {0};
	struct read_result r;

	for (size_t at = 0; at < len; at++) {
		uint8_t bit = (uint8_t)(1 << (at * 5 + at / 8) % 8);
		int fd, rc;

		file[at] ^= bit;
		fd = memory_file(file, len);
		rc = read_recording_fd(fd, &r, &err);
		file[at] ^= bit;
		if (at < sizeof(struct rec_file_header)) {
			assert_int_equal(rc, at < 4 ? -ENOEXEC : -EBADMSG);
			continue;
		}
		assert_int_equal(rc, 0);
		check_bad_block(&r, block_of(at), want_live);
		read_result_done(&r);
	}
}

static void test_a_block_left_out(void **state)
{
	uint64_t want_live = live_of(&truth);
	uint8_t *copy = malloc(len);

	for (size_t k = 0; k < blocks.len; k++) {
		size_t gone = blocks.v[k].end - blocks.v[k].off;
		struct golin_err err = {0};
		struct read_result r;
		size_t key = next_keyframe(k);

		memcpy(copy, file, blocks.v[k].off);
		memcpy(copy + blocks.v[k].off, file + blocks.v[k].end, len - blocks.v[k].end);
		assert_int_equal(read_recording_fd(memory_file(copy, len - gone), &r, &err), 0);
		assert_prefix(&r, before[k]);
		if (blocks.v[k].h.type == REC_BLOCK_STATE) {
			/* A keyframe that nobody needs: only the index still knows of it. */
			assert_int_equal(r.recs.at.len, truth.at.len);
		} else if (blocks.v[k].h.type == REC_BLOCK_RECORDS) {
			assert_false(r.stats.complete);
			if (key < blocks.len)
				assert_true(live_of(&r.recs) == want_live);
		} else {
			assert_false(r.stats.complete);
			assert_int_equal(r.recs.at.len, truth.at.len);
		}
		read_result_done(&r);
	}
	free(copy);
}

static void test_blocks_twice_or_junk_between(void **state)
{
	static const char junk[] = "\xb1grb and \xb1grb, but \xb1grb no block";
	uint8_t *copy = malloc(2 * len);

	for (size_t k = 0; k < blocks.len; k++) {
		struct golin_err err = {0};
		struct read_result r;
		size_t at = blocks.v[k].off, n = at, size = blocks.v[k].end - at;

		/* Junk before the block: nothing is missing, except where a keyframe began. */
		memcpy(copy, file, at);
		memcpy(copy + n, junk, sizeof(junk));
		n += sizeof(junk);
		memcpy(copy + n, file + at, len - at);
		n += len - at;
		assert_int_equal(read_recording_fd(memory_file(copy, n), &r, &err), 0);
		assert_false(r.stats.complete);
		if (k) {
			/* At the very start it could have been the state that was before. */
			assert_int_equal(r.recs.at.len, truth.at.len);
			assert_prefix(&r, truth.at.len);
			assert_int_equal(r.lost_at, before[k]);
		}
		read_result_done(&r);

		/* The block once more behind itself. */
		n = blocks.v[k].end;
		memcpy(copy, file, n);
		memcpy(copy + n, file + at, size);
		n += size;
		memcpy(copy + n, file + blocks.v[k].end, len - blocks.v[k].end);
		n += len - blocks.v[k].end;
		assert_int_equal(read_recording_fd(memory_file(copy, n), &r, &err), 0);
		assert_int_equal(r.recs.at.len, truth.at.len);
		assert_prefix(&r, truth.at.len);
		/* A keyframe twice is no harm; anything else is damage. */
		if (blocks.v[k].h.type != REC_BLOCK_STATE)
			assert_false(r.stats.complete);
		read_result_done(&r);
	}
	free(copy);
}

static void test_something_behind_the_end(void **state)
{
	uint8_t *copy = malloc(len + 100);
	struct golin_err err = {0};
	struct read_result r;

	memcpy(copy, file, len);
	memset(copy + len, 0, 100);
	assert_int_equal(read_recording_fd(memory_file(copy, len + 100), &r, &err), 0);
	assert_int_equal(r.recs.at.len, truth.at.len);
	assert_false(r.stats.complete);
	assert_int_equal(r.nlost, 1);
	read_result_done(&r);
	free(copy);
}

/* Anything may come out but a crash, a bad record or a claim to be complete. */
static void test_wild_damage(void **state)
{
	uint8_t *copy = malloc(2 * len);
	uint64_t rnd = 99;

	for (int round = 0; round < 3000; round++) {
		struct golin_err err = {0};
		struct read_result r;
		size_t n = len;

		memcpy(copy, file, len);
		for (int k = 0; k < 1 + round % 4; k++) {
			size_t a, b, m;

			rnd = rnd * 6364136223846793005ULL + 1442695040888963407ULL;
			a = 32 + (rnd >> 20) % (n - 32);
			b = 32 + (rnd >> 40) % (n - 32);
			m = 1 + (rnd >> 10) % 600;
			m = m > n - a ? n - a : m;
			m = m > n - b ? n - b : m;
			switch (rnd >> 61) {
			case 0:
				memset(copy + a, 0, m);
				break;
			case 1:
				memmove(copy + a, copy + b, m);
				break;
			case 2:
				memmove(copy + a, copy + a + m, n - a - m);
				n -= m;
				break;
			default:
				copy[a] = (uint8_t)(rnd >> 50);
			}
			if (n < 100)
				break;
		}
		if (read_recording_fd(memory_file(copy, n), &r, &err))
			continue;
		if (n != len || memcmp(copy, file, len))
			assert_false(r.stats.complete && r.recs.at.len != truth.at.len);
		assert_true(r.lost_bytes <= n);
		read_result_done(&r);
	}
	free(copy);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_keyframes_are_there),
		cmocka_unit_test(test_cut_at_every_byte),
		cmocka_unit_test(test_every_bit),
		cmocka_unit_test(test_a_block_left_out),
		cmocka_unit_test(test_blocks_twice_or_junk_between),
		cmocka_unit_test(test_something_behind_the_end),
		cmocka_unit_test(test_wild_damage),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}

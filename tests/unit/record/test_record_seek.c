/* SPDX-License-Identifier: BSD-2-Clause */
/* To seek is to arrive where reading from the start would have. */
#include "stream.h"

static struct stream truth;
static uint64_t first_ts, last_ts;

static int setup(void **state)
{
	if (temp_setup(state))
		return -1;
	stream_make(&truth, &(struct shape){30, 3000, 80, 40, 20, 21});
	for (size_t i = 0; i < truth.at.len; i++) {
		uint64_t ts = stream_get(&truth, i)->ts;

		if (ts && (!first_ts || ts < first_ts))
			first_ts = ts;
		if (ts > last_ts)
			last_ts = ts;
	}
	record_stream(temp_path("good"), &truth,
		      &(struct record_opts){.block_raw = 3000, .keyframe_every = 6000});
	record_stream(
		temp_path("no-end"), &truth,
		&(struct record_opts){.block_raw = 3000, .keyframe_every = 6000, .no_end = true});
	return 0;
}

static int teardown(void **state)
{
	stream_done(&truth);
	return temp_teardown(state);
}

/* Records before the first that is later than ts. */
static size_t until(uint64_t ts)
{
	size_t i = 0;

	while (i < truth.at.len && stream_get(&truth, i)->ts <= ts)
		i++;
	return i;
}

struct reader {
	struct golin_model *m;
	size_t n;
};

static int apply_put(void *arg, const struct golin_rec *rec)
{
	struct reader *r = arg;

	assert_true(golin_record_check(rec, rec->size));
	r->n++;
	return golin_model_apply(r->m, rec);
}

static void seek_and_compare(struct golin_source *s, struct reader *r, uint64_t ts, bool counts)
{
	const struct golin_ctl seek = {.type = GOLIN_CTL_SEEK, .ns = ts};
	const struct golin_sink sink = {apply_put, r};
	struct golin_model *want = model_of(&truth, until(ts));
	struct golin_err err = {0};

	assert_int_equal(golin_source_control(s, &seek, &err), 0);
	assert_false(s->ended);
	golin_model_reset(r->m);
	assert_true(golin_source_service(s, &sink, 1, &err) >= 0);
	assert_same_model(want, r->m, counts);
	golin_model_free(want);
}

static void check_seek(struct golin_source *s, struct reader *r, uint64_t ts)
{
	seek_and_compare(s, r, ts, true);
}

/* And from there on nothing is missing. */
static void check_rest(struct golin_source *s, struct reader *r, uint64_t ts, bool complete)
{
	const struct golin_sink sink = {apply_put, r};
	struct golin_model *want = model_of(&truth, truth.at.len);
	struct golin_source_stats stats;
	struct golin_err err = {0};

	r->n = 0;
	while (!s->ended)
		assert_true(golin_source_service(s, &sink, 100, &err) >= 0);
	assert_int_equal(r->n, truth.at.len - until(ts));
	assert_same_model(want, r->m, true);
	golin_source_stats(s, &stats);
	assert_int_equal(stats.complete, complete);
	assert_int_equal(stats.delivered, truth.at.len);
	golin_model_free(want);
}

static void check_file(const char *path, bool complete)
{
	struct golin_source *s;
	struct golin_err err = {0};
	struct reader r = {0};
	uint64_t first, last, rnd = 5;

	assert_int_equal(golin_model_new(NULL, &r.m), 0);
	assert_int_equal(golin_recording_open(path, &s, &err), 0);
	golin_recording_span(s, &first, &last);
	assert_int_equal(first, first_ts);
	assert_int_equal(last, last_ts);
	check_seek(s, &r, 0);
	check_seek(s, &r, first_ts - 1);
	check_seek(s, &r, last_ts);
	check_seek(s, &r, UINT64_MAX);
	for (int i = 0; i < 60; i++) {
		uint64_t ts;

		rnd = rnd * 6364136223846793005ULL + 1442695040888963407ULL;
		ts = first_ts + (rnd >> 20) % (last_ts - first_ts);
		check_seek(s, &r, ts);
		if (i % 4 == 0)
			check_rest(s, &r, ts, complete);
	}
	/* Exactly at a record's time: that record is in. */
	for (size_t i = 100; i < truth.at.len; i += 331)
		check_seek(s, &r, stream_get(&truth, i)->ts);
	golin_source_close(s);
	golin_model_free(r.m);
}

static void test_by_index(void **state)
{
	check_file(temp_path("good"), true);
}

static void test_by_scan(void **state)
{
	check_file(temp_path("no-end"), false);
}

/* It reads from the keyframe before, not from the start. */
static void test_seeking_is_short(void **state)
{
	const struct golin_ctl seek = {.type = GOLIN_CTL_SEEK, .ns = last_ts};
	struct golin_source *s;
	struct golin_err err = {0};
	struct reader r = {0};

	/* A state that is small against the stream. */
	record_stream(
		temp_path("short"), &truth,
		&(struct record_opts){.block_raw = 3000, .keyframe_every = 6000, .max_ended = 10});
	assert_int_equal(golin_model_new(NULL, &r.m), 0);
	assert_int_equal(golin_recording_open(temp_path("short"), &s, &err), 0);
	assert_int_equal(golin_source_control(s, &seek, &err), 0);
	assert_true(golin_source_service(s, &(struct golin_sink){apply_put, &r}, 1, &err) > 0);
	assert_true(r.n < truth.at.len / 4);
	golin_source_close(s);
	golin_model_free(r.m);
}

/* Where the nearest keyframe is damaged, the one before serves. */
static void test_damaged_keyframes(void **state)
{
	blocks_t b = {0};
	uint8_t *file;
	size_t len, hit = 0;

	read_file(temp_path("good"), &file, &len);
	list_blocks(file, len, &b);
	array_for_each (&b, it) {
		struct golin_source *s;
		struct golin_err err = {0};
		struct reader r = {0};

		if (it->h.type != REC_BLOCK_STATE)
			continue;
		hit++;
		assert_int_equal(golin_model_new(NULL, &r.m), 0);
		file[it->end - 1] ^= 4;
		assert_int_equal(golin_recording_open_fd(memory_file(file, len), "x", &s, &err), 0);
		file[it->end - 1] ^= 4;
		/* No record is missing, but the lost bytes are counted. */
		seek_and_compare(s, &r, it->h.last_ts, false);
		golin_source_close(s);
		golin_model_free(r.m);
	}
	assert_true(hit > 3);
	array_free(&b);
	free(file);
}

/* Reading on over a hole after a seek, and back to before it. */
static void test_seek_around_a_hole(void **state)
{
	struct golin_source *s;
	struct golin_err err = {0};
	struct reader r = {0};
	struct golin_sink sink = {apply_put, &r};
	struct golin_model_counts counts;
	blocks_t b = {0};
	uint8_t *file;
	size_t len, k = 0;

	read_file(temp_path("good"), &file, &len);
	list_blocks(file, len, &b);
	while (k < b.len / 2 || b.v[k].h.type != REC_BLOCK_RECORDS)
		k++;
	file[b.v[k].off + 60] ^= 1;
	assert_int_equal(golin_model_new(NULL, &r.m), 0);
	assert_int_equal(golin_recording_open_fd(memory_file(file, len), "x", &s, &err), 0);
	for (int i = 0; i < 2; i++) {
		check_seek(s, &r, b.v[k].h.first_ts - 5000);
		while (!s->ended)
			assert_true(golin_source_service(s, &sink, 100, &err) >= 0);
		golin_model_counts(r.m, &counts);
		assert_true(counts.lost_cut >= b.v[k].end - b.v[k].off);
	}
	golin_source_close(s);
	golin_model_free(r.m);
	array_free(&b);
	free(file);
}

static void test_other_controls(void **state)
{
	struct golin_source *s;
	struct golin_err err = {0};

	assert_int_equal(golin_recording_open(temp_path("good"), &s, &err), 0);
	assert_int_equal(
		golin_source_control(s, &(struct golin_ctl){.type = GOLIN_CTL_SNAPSHOT}, &err),
		-EOPNOTSUPP);
	assert_string_equal(err.msg, "a recording can only be read");
	golin_source_close(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_by_index),	   cmocka_unit_test(test_by_scan),
		cmocka_unit_test(test_seeking_is_short),   cmocka_unit_test(test_damaged_keyframes),
		cmocka_unit_test(test_seek_around_a_hole), cmocka_unit_test(test_other_controls),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}

/* SPDX-License-Identifier: BSD-2-Clause */
#include "stream.h"

#include <time.h>

static void check_round_trip(const struct shape *shape, const struct record_opts *opts)
{
	struct stream s = {0};
	struct read_result r;
	struct golin_err err = {0};

	stream_make(&s, shape);
	record_stream(temp_path("r.golin"), &s, opts);
	assert_int_equal(read_recording(temp_path("r.golin"), &r, &err), 0);
	assert_int_equal(r.recs.at.len, s.at.len);
	for (size_t i = 0; i < s.at.len; i++)
		assert_true(stream_equal(&s, i, &r.recs, i));
	assert_int_equal(r.nlost, 0);
	assert_true(r.stats.complete);
	assert_int_equal(r.stats.hits, s.at.len);
	assert_int_equal(r.stats.delivered, s.at.len);
	assert_int_equal(r.stats.probes, 3);
	assert_int_equal(r.stats.ring_size, 64 << 20);
	read_result_done(&r);
	stream_done(&s);
}

static void test_small(void **state)
{
	check_round_trip(&(struct shape){3, 20, 10, 20, 4, 1}, NULL);
	check_round_trip(&(struct shape){1, 0, 1, 2, 1, 2}, NULL);
}

static void test_many_blocks_and_keyframes(void **state)
{
	check_round_trip(&(struct shape){50, 5000, 200, 100, 40, 3},
			 &(struct record_opts){.block_raw = 1000, .keyframe_every = 1});
}

static void test_100k_goroutines(void **state)
{
	check_round_trip(&(struct shape){100000, 300000, 150000, 3000, 2000, 4}, NULL);
}

static void test_empty(void **state)
{
	struct golin_err err = {0};
	struct golin_writer *w;
	struct golin_model *m;
	struct read_result r;

	assert_int_equal(golin_model_new(NULL, &m), 0);
	assert_int_equal(golin_writer_open(temp_path("empty"), false, m, &w, &err), 0);
	assert_int_equal(golin_writer_close(w, &err), 0);
	assert_int_equal(read_recording(temp_path("empty"), &r, &err), 0);
	assert_int_equal(r.recs.at.len, 0);
	assert_true(r.stats.complete);
	read_result_done(&r);
	golin_model_free(m);
}

/* Keyframes take about a quarter of the file, whatever the state's size. */
static void keyframe_share(const struct shape *shape, uint32_t max_ended)
{
	uint64_t state_bytes = 0, all = 0;
	size_t keyframes = 0;
	struct stream s = {0};
	blocks_t b = {0};
	uint8_t *file;
	size_t len;

	stream_make(&s, shape);
	record_stream(temp_path("share"), &s, &(struct record_opts){.max_ended = max_ended});
	read_file(temp_path("share"), &file, &len);
	list_blocks(file, len, &b);
	array_for_each (&b, it) {
		all += it->end - it->off;
		if (it->h.type != REC_BLOCK_STATE)
			continue;
		state_bytes += it->end - it->off;
		keyframes += it->h.part == 0;
	}
	print_message("%u live: %zu keyframes take %.1f %% of %llu bytes for %zu records\n",
		      shape->live, keyframes, 100.0 * (double)state_bytes / (double)all,
		      (unsigned long long)all, s.at.len);
	assert_true(keyframes > 0);
	assert_in_range(100 * state_bytes / all, 1, 28);
	free(file);
	array_free(&b);
	stream_done(&s);
}

static void test_keyframes_cost_a_quarter(void **state)
{
	keyframe_share(&(struct shape){10, 400000, 30, 500, 100, 5}, 100);
	keyframe_share(&(struct shape){1000, 400000, 2000, 500, 100, 5}, 20000);
	keyframe_share(&(struct shape){50000, 400000, 60000, 2000, 800, 6}, 1);
}

static int count_put(void *arg, const struct golin_rec *rec)
{
	(*(size_t *)arg)++;
	return 0;
}

/* A recording that starts when much is known already begins with that. */
static void test_begin_in_the_middle(void **state)
{
	const size_t from = 700;
	struct golin_source *src;
	struct golin_err err = {0};
	struct golin_writer *w;
	struct golin_model *m, *replayed;
	struct stream s = {0}, all = {0};
	struct golin_sink sink = stream_sink(&all);
	size_t n = 0;

	stream_make(&s, &(struct shape){40, 1500, 100, 50, 20, 9});
	m = model_of(&s, from);
	assert_int_equal(golin_writer_open(temp_path("middle"), false, m, &w, &err), 0);
	for (size_t i = from; i < s.at.len; i++) {
		assert_int_equal(golin_model_apply(m, stream_get(&s, i)), 0);
		assert_int_equal(golin_writer_put(w, stream_get(&s, i), &err), 0);
	}
	assert_int_equal(golin_writer_close(w, &err), 0);

	assert_int_equal(golin_recording_open(temp_path("middle"), &src, &err), 0);
	while (!src->ended)
		assert_true(golin_source_service(src, &sink, 100, &err) >= 0);
	replayed = model_of(&all, all.at.len);
	assert_same_model(m, replayed, true);
	/* After a seek to the very start there is only what was known then. */
	golin_source_control(src, &(struct golin_ctl){.type = GOLIN_CTL_SEEK, .ns = 0}, &err);
	golin_model_reset(replayed);
	all.at.len = all.mem.len = 0;
	assert_true(golin_source_service(src, &sink, 1, &err) > 0);
	golin_model_free(replayed);
	golin_model_free(m);
	replayed = model_of(&all, all.at.len);
	m = model_of(&s, from);
	assert_same_model(m, replayed, true);
	sink = (struct golin_sink){count_put, &n};
	while (!src->ended)
		golin_source_service(src, &sink, 100, &err);
	assert_int_equal(n, s.at.len - from);
	golin_source_close(src);
	golin_model_free(replayed);
	golin_model_free(m);
	stream_done(&s);
	stream_done(&all);
}

static int stop_put(void *arg, const struct golin_rec *rec)
{
	return ++*(int *)arg == 3 ? -ECANCELED : 0;
}

static void test_the_sink_can_stop(void **state)
{
	struct golin_source *src;
	struct golin_err err = {0};
	struct stream s = {0};
	size_t rest = 0;
	int n = 0;

	stream_make(&s, &(struct shape){3, 20, 10, 20, 4, 1});
	record_stream(temp_path("stop"), &s, NULL);
	assert_int_equal(golin_recording_open(temp_path("stop"), &src, &err), 0);
	assert_int_equal(golin_source_service(src, &(struct golin_sink){stop_put, &n}, 10, &err),
			 -ECANCELED);
	assert_int_equal(n, 3);
	while (!src->ended)
		golin_source_service(src, &(struct golin_sink){count_put, &rest}, 10, &err);
	assert_int_equal(rest, s.at.len - 3);
	golin_source_close(src);
	stream_done(&s);
}

static void test_flush_after_a_second(void **state)
{
	const struct timespec pause = {1, 50000000};
	struct golin_err err = {0};
	struct golin_writer *w;
	struct golin_model *m;
	struct stream s = {0};
	struct read_result r;
	uint64_t before;

	stream_make(&s, &(struct shape){3, 20, 10, 20, 4, 1});
	m = model_of(&s, 0);
	assert_int_equal(golin_writer_open(temp_path("flush"), false, m, &w, &err), 0);
	golin_model_apply(m, stream_get(&s, 0));
	assert_int_equal(golin_writer_put(w, stream_get(&s, 0), &err), 0);
	before = golin_writer_bytes(w);
	assert_int_equal(golin_writer_flush(w, &err), 0);
	assert_int_equal(golin_writer_bytes(w), before);
	nanosleep(&pause, NULL);
	assert_int_equal(golin_writer_flush(w, &err), 0);
	assert_true(golin_writer_bytes(w) > before);
	/* And that is what another golin, or one after a crash, sees of it. */
	assert_int_equal(read_recording(temp_path("flush"), &r, &err), 0);
	assert_int_equal(r.recs.at.len, 1);
	assert_false(r.stats.complete);
	assert_int_equal(r.nlost, 0);
	read_result_done(&r);
	assert_int_equal(golin_writer_close(w, &err), 0);
	golin_model_free(m);
	stream_done(&s);
}

static void test_malformed_records_are_refused(void **state)
{
	struct golin_rec bad = {.type = GOLIN_REC_GOROUTINE_CREATE, .version = 1, .size = 40};
	struct golin_err err = {0};
	struct golin_writer *w;
	struct golin_model *m;

	assert_int_equal(golin_model_new(NULL, &m), 0);
	assert_int_equal(golin_writer_open(temp_path("bad"), false, m, &w, &err), 0);
	assert_int_equal(golin_writer_put(w, &bad, &err), -EBADMSG);
	assert_string_equal(err.msg, "cannot record a malformed record (type 32)");
	assert_int_equal(golin_writer_close(w, &err), 0);
	golin_model_free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_small),
		cmocka_unit_test(test_many_blocks_and_keyframes),
		cmocka_unit_test(test_100k_goroutines),
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_keyframes_cost_a_quarter),
		cmocka_unit_test(test_begin_in_the_middle),
		cmocka_unit_test(test_the_sink_can_stop),
		cmocka_unit_test(test_flush_after_a_second),
		cmocka_unit_test(test_malformed_records_are_refused),
	};

	return cmocka_run_group_tests(tests, temp_setup, temp_teardown);
}

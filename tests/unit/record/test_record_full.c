/* SPDX-License-Identifier: BSD-2-Clause */
/* The disk is full: what was written is a good recording, and it is said once and for all. */
#include "stream.h"

#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

/* Writes until it fails, then goes on trying. Returns how many records were put before. */
static size_t write_until_full(const char *path, const struct stream *s, char msg[512])
{
	struct golin_err err = {0};
	struct golin_writer *w;
	struct golin_model *m;
	uint64_t bytes = 0;
	size_t failed_at = 0;

	assert_int_equal(golin_model_new(NULL, &m), 0);
	assert_int_equal(golin_writer_open(path, false, m, &w, &err), 0);
	rec_writer_set_limits(w, 16 << 10, 20000);
	for (size_t i = 0; i < s->at.len; i++) {
		int rc;

		assert_int_equal(golin_model_apply(m, stream_get(s, i)), 0);
		rc = golin_writer_put(w, stream_get(s, i), &err);
		if (!failed_at && !rc)
			continue;
		assert_int_equal(rc, -EPIPE);
		assert_int_equal(err.code, -EPIPE);
		if (!failed_at) {
			failed_at = i + 1;
			bytes = golin_writer_bytes(w);
			snprintf(msg, 512, "%s", err.msg);
		}
		assert_string_equal(err.msg, msg);
		assert_int_equal(golin_writer_bytes(w), bytes);
		assert_int_equal(golin_writer_flush(w, &err), -EPIPE);
	}
	err = (struct golin_err){0};
	assert_int_equal(golin_writer_close(w, &err), -EPIPE);
	assert_string_equal(err.msg, msg);
	golin_model_free(m);
	return failed_at;
}

static void check_file(const char *path, const struct stream *s, uint64_t limit)
{
	struct golin_err err = {0};
	struct read_result r;
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	assert_in_range(st.st_size, limit / 2, limit);
	assert_int_equal(read_recording(path, &r, &err), 0);
	/* To its last byte it is whole blocks; only the end is missing. */
	assert_int_equal(r.nlost, 0);
	assert_false(r.stats.complete);
	assert_true(r.recs.at.len > 1000);
	assert_true(r.recs.at.len < s->at.len);
	for (size_t i = 0; i < r.recs.at.len; i++)
		assert_true(stream_equal(s, i, &r.recs, i));
	read_result_done(&r);
}

static void test_file_size_limit(void **state)
{
	struct rlimit old, lim;
	struct stream s = {0};
	char msg[512];

	stream_make(&s, &(struct shape){100, 60000, 400, 100, 40, 31});
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	for (rlim_t limit = 150000; limit < 154000; limit += 777) {
		char path[300];

		lim = old;
		lim.rlim_cur = limit;
		snprintf(path, sizeof(path), "%s-%d", temp_path("limit"), (int)limit);
		assert_int_equal(setrlimit(RLIMIT_FSIZE, &lim), 0);
		assert_true(write_until_full(path, &s, msg) > 1000);
		assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
		assert_memory_equal(msg, "recording stopped: EFBIG at 1", 29);
		assert_non_null(strstr(msg, " kB"));
		check_file(path, &s, limit);
	}
	stream_done(&s);
}

static void test_full_file_system(void **state)
{
	const char *dir = temp_path("tiny");
	char path[300], msg[512], want[400];
	struct stream s = {0};
	struct stat st;

	assert_int_equal(mkdir(dir, 0755), 0);
	if (mount("tmpfs", dir, "tmpfs", 0, "size=1m")) {
		print_message("skipped: no right to mount a small file system\n");
		skip();
	}
	stream_make(&s, &(struct shape){100, 150000, 400, 400, 400, 32});
	snprintf(path, sizeof(path), "%s/r", dir);
	write_until_full(path, &s, msg);
	check_file(path, &s, 1 << 20);
	assert_int_equal(stat(path, &st), 0);
	if (st.st_size < 1000000)
		snprintf(want, sizeof(want), "recording stopped: ENOSPC at %.1f kB",
			 (double)st.st_size / 1e3);
	else
		snprintf(want, sizeof(want), "recording stopped: ENOSPC at %.1f MB",
			 (double)st.st_size / 1e6);
	assert_string_equal(msg, want);
	/* So full that not even the header fits: nothing is left. */
	{
		struct golin_err err = {0};
		struct golin_writer *w;
		struct golin_model *m;
		char fill[300], none[300];
		FILE *f;

		snprintf(fill, sizeof(fill), "%s/fill", dir);
		snprintf(none, sizeof(none), "%s/none", dir);
		f = fopen(fill, "we");
		assert_non_null(f);
		for (int i = 0; i < 1 << 20; i++)
			if (fputc('x', f) == EOF)
				break;
		fclose(f);
		assert_int_equal(golin_model_new(NULL, &m), 0);
		assert_int_equal(golin_writer_open(none, false, m, &w, &err), -EPIPE);
		snprintf(want, sizeof(want), "'%s': recording stopped: ENOSPC at 0.0 kB", none);
		assert_string_equal(err.msg, want);
		assert_int_equal(access(none, F_OK), -1);
		golin_model_free(m);
	}
	assert_int_equal(umount(dir), 0);
	stream_done(&s);
}

/* Also when the test failed with it mounted. */
static int teardown(void **state)
{
	umount2(temp_path("tiny"), MNT_DETACH);
	return temp_teardown(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_file_size_limit),
		cmocka_unit_test(test_full_file_system),
	};

	return cmocka_run_group_tests(tests, temp_setup, teardown);
}

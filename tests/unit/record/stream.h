/* SPDX-License-Identifier: BSD-2-Clause */
/* Made-up streams of records, and what the tests of recordings do with them. */
#ifndef GOLIN_TEST_STREAM_H
#define GOLIN_TEST_STREAM_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/array.h"
#include "base/err.h"
#include "golin/dump.h"
#include "golin/model.h"
#include "golin/record.h"
#include "golin/source.h"
#include "record/format.h"
#include "record/recording.h"
#include "record/writer.h"

/* Records one after another. */
struct stream {
	ARRAY_OF(uint64_t) mem;
	ARRAY_OF(size_t) at; /* in mem */
};

void stream_done(struct stream *s);
void stream_add(struct stream *s, const struct golin_rec *rec);
const struct golin_rec *stream_get(const struct stream *s, size_t i);
bool stream_equal(const struct stream *a, size_t i, const struct stream *b, size_t j);
struct golin_sink stream_sink(struct stream *s);

struct shape {
	uint32_t seen;	 /* goroutines that were there before */
	uint32_t events; /* creations and ends thereafter */
	uint32_t live;	 /* how many live at most */
	uint32_t names, stacks;
	uint32_t seed;
};

/* A program's life, with all kinds of records; times go up by about 1000 ns a record. */
void stream_make(struct stream *s, const struct shape *shape);

struct record_opts {
	size_t block_raw; /* 0: as usual */
	uint64_t keyframe_every;
	uint32_t max_ended; /* of the model; 0: as usual */
	bool no_end;	    /* as after a crash: without index and trailer */
};

/* Writes a recording of the stream; fails the test on any error. */
void record_stream(const char *path, const struct stream *s, const struct record_opts *opts);

struct read_result {
	struct stream recs;  /* without LOST (cut) */
	uint64_t lost_bytes; /* what these said ... */
	size_t nlost;	     /* ... and how many there were */
	size_t lost_at;	     /* records before the first of them */
	struct golin_source_stats stats;
};

/* Reads all; checks each record. Negative errno when the file cannot be opened. */
int read_recording(const char *path, struct read_result *ret, struct golin_err *err);
int read_recording_fd(int fd, struct read_result *ret, struct golin_err *err);
void read_result_done(struct read_result *r);

struct golin_model *model_of(const struct stream *s, size_t n);
struct stream dump_of(const struct golin_model *m);
/* `counts`: also what they counted on the way. */
void assert_same_model(const struct golin_model *a, const struct golin_model *b, bool counts);

/* The blocks of a good recording. */
struct block {
	uint64_t off, end;
	struct rec_block_header h;
};
typedef ARRAY_OF(struct block) blocks_t;
void read_file(const char *path, uint8_t **ret, size_t *ret_len);
void write_file(const char *path, const void *data, size_t len);
void list_blocks(const uint8_t *file, size_t len, blocks_t *ret);
int memory_file(const void *data, size_t len);

/* A directory of its own for each test program. */
const char *temp_path(const char *name);
int temp_setup(void **state);
int temp_teardown(void **state);

#endif

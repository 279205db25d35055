/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Writes recordings. What is in the file is always a whole number of blocks: a write that fails is
 * taken back, and what a crash leaves behind is cut off by the checksum of the last block.
 */
#include "record/recording.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include <zstd.h>

#include "base/array.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "golin/dump.h"
#include "record/create.h"
#include "record/format.h"
#include "record/writer.h"

enum {
	BLOCK_RAW = 256 << 10, /* a block is written when it has grown to this ... */
	LEVEL = 1,	       /* of zstd: recording must keep up with a busy target */
	KEYFRAME_LEAST = 64 << 10,
	KEYFRAME_SHARE = 3,
};
#define BLOCK_AGE_NS 1000000000ULL /* ... or is as old as this */

struct golin_writer {
	int fd;
	const struct golin_model *model;
	uint64_t id;
	size_t block_raw;
	uint64_t keyframe_every; /* 0: as keyframe_due() says */

	/* The block that is being filled. */
	uint8_t *raw;
	size_t raw_len;
	uint32_t count;
	uint64_t first_ts, since;
	void *out;
	size_t out_cap;
	ZSTD_CCtx *zstd;

	/* The file so far. */
	uint64_t offset, records;
	uint64_t file_first, last_ts;
	uint32_t seq;
	ARRAY_OF(struct rec_index_entry) index;

	/* See keyframe_due(). */
	uint64_t data_since, keyframe_bytes, keyframe_model;
	uint32_t part; /* of the keyframe that is being written */

	struct golin_rec_stats stats; /* type 0: there are none */
	bool stats_new;

	int failed; /* errno */
	char why[80];
};

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000ULL + (uint64_t)ts.tv_nsec;
}

static int still_failed(const struct golin_writer *w, struct golin_err *err)
{
	return golin_err_set(err, -EPIPE, "%s", w->why);
}

static int fail(struct golin_writer *w, int e, struct golin_err *err)
{
	double n = (double)w->offset;

	w->failed = e;
	if (n < 1e6)
		snprintf(w->why, sizeof(w->why), "recording stopped: %s at %.1f kB",
			 golin_errno_name(e), n / 1e3);
	else
		snprintf(w->why, sizeof(w->why), "recording stopped: %s at %.1f %s",
			 golin_errno_name(e), n < 1e9 ? n / 1e6 : n / 1e9, n < 1e9 ? "MB" : "GB");
	return still_failed(w, err);
}

/* All or nothing: a part that was written is cut off again. */
static int put_bytes(struct golin_writer *w, const void *head, size_t head_len, const void *body,
		     size_t body_len, struct golin_err *err)
{
	const uint8_t *parts[] = {head, body};
	size_t lens[] = {head_len, body_len};
	uint64_t at = w->offset;

	for (int i = 0; i < 2; i++) {
		while (lens[i]) {
			ssize_t n = pwrite(w->fd, parts[i], lens[i], (off_t)at);

			if (n < 0 && errno == EINTR)
				continue;
			if (n <= 0) {
				int e = n ? errno : EIO;

				/* Should even that fail, the checksum tells. */
				if (ftruncate(w->fd, (off_t)w->offset))
					e = e ? e : errno;
				return fail(w, e, err);
			}
			parts[i] += n;
			lens[i] -= (size_t)n;
			at += (uint64_t)n;
		}
	}
	w->offset = at;
	return 0;
}

/* The index may leave blocks out: parts of keyframes and records first, then every other keyframe.
 */
static void index_thin(struct golin_writer *w)
{
	size_t to = 0;

	for (size_t i = 0; i < w->index.len; i++)
		if (w->index.v[i].type == REC_BLOCK_STATE && !w->index.v[i].part)
			w->index.v[to++] = w->index.v[i];
	w->index.len = to;
	if (to < REC_INDEX_MAX / 2)
		return;
	for (to = 0; to < w->index.len / 2; to++)
		w->index.v[to] = w->index.v[2 * to];
	w->index.len = to;
}

static void index_add(struct golin_writer *w, const struct rec_block_header *h)
{
	struct rec_index_entry *e;

	if (w->index.len >= REC_INDEX_MAX)
		index_thin(w);
	e = array_add(&w->index);
	if (!e)
		return; /* seeking will be slower */
	e->offset = w->offset;
	e->first_ts = h->first_ts;
	e->last_ts = h->last_ts;
	e->type = h->type;
	e->part = h->part < UINT16_MAX ? (uint16_t)h->part : UINT16_MAX;
	e->seq = h->seq;
}

static int put_block(struct golin_writer *w, struct rec_block_header *h, const void *raw,
		     size_t raw_len, struct golin_err *err)
{
	size_t bound = ZSTD_compressBound(raw_len), size;
	int rc;

	if (bound > w->out_cap) {
		void *out = realloc(w->out, bound);

		if (!out)
			return fail(w, ENOMEM, err);
		w->out = out;
		w->out_cap = bound;
	}
	size = ZSTD_compressCCtx(w->zstd, w->out, w->out_cap, raw, raw_len, LEVEL);
	if (ZSTD_isError(size))
		return fail(w, ENOMEM, err);
	memcpy(h->magic, REC_BLOCK_MAGIC, sizeof(h->magic));
	h->seq = w->seq;
	h->size = (uint32_t)size;
	h->raw_size = (uint32_t)raw_len;
	h->sum = rec_block_sum(h, w->out, w->id);
	if (h->type != REC_BLOCK_INDEX)
		index_add(w, h);
	rc = put_bytes(w, h, sizeof(*h), w->out, size, err);
	if (rc && h->type != REC_BLOCK_INDEX && w->index.len)
		w->index.len--;
	return rc;
}

static void buffer_add(struct golin_writer *w, const struct golin_rec *rec)
{
	if (!w->count)
		w->since = now_ns();
	memcpy(w->raw + w->raw_len, rec, rec->size);
	w->raw_len += rec->size;
	w->count++;
}

static void buffer_clear(struct golin_writer *w)
{
	w->raw_len = 0;
	w->count = 0;
	w->first_ts = 0;
}

/* --- keyframes --- */

static int put_state_block(struct golin_writer *w, bool last, struct golin_err *err)
{
	struct rec_block_header h = {
		.type = REC_BLOCK_STATE,
		.flags = last ? REC_STATE_LAST : 0,
		.part = w->part++,
		.count = w->count,
		.first_ts = w->last_ts,
		.last_ts = w->last_ts,
	};
	int rc = put_block(w, &h, w->raw, w->raw_len, err);

	buffer_clear(w);
	return rc;
}

struct dump_ctx {
	struct golin_writer *w;
	struct golin_err *err;
};

static int dump_put(void *arg, const struct golin_rec *rec)
{
	struct dump_ctx *c = arg;

	/* Before it, not behind: the last block is known only at the end. */
	if (c->w->raw_len >= c->w->block_raw) {
		int rc = put_state_block(c->w, false, c->err);

		if (rc)
			return rc;
	}
	buffer_add(c->w, rec);
	return 0;
}

/* The buffer is empty, and all that the model knows is in the file. */
static int put_keyframe(struct golin_writer *w, struct golin_err *err)
{
	struct dump_ctx c = {w, err};
	const struct golin_sink sink = {dump_put, &c};
	struct golin_model_counts counts;
	uint64_t from = w->offset;
	int rc;

	w->part = 0;
	if (w->stats.h.type)
		buffer_add(w, &w->stats.h);
	rc = golin_model_dump(w->model, &sink);
	if (w->failed)
		return -EPIPE;
	if (rc)
		return fail(w, -rc, err); /* without its last block it is no keyframe */
	rc = put_state_block(w, true, err);
	if (rc)
		return rc;
	golin_model_counts(w->model, &counts);
	w->keyframe_bytes = w->offset - from;
	w->keyframe_model = counts.bytes;
	w->data_since = 0;
	return 0;
}

/*
 * A keyframe costs as many bytes as the model is large, whatever happened since the last one. It
 * is due when the records since then took three times what it will take: so all keyframes together
 * take about a quarter of the file, and to seek is to read at most four times the state that is
 * wanted. A small state is not written more often than each 64 KiB, which are read in a
 * millisecond.
 */
static bool keyframe_due(const struct golin_writer *w)
{
	struct golin_model_counts counts;
	double expect;

	if (w->keyframe_every)
		return w->data_since >= w->keyframe_every;
	if (w->data_since < KEYFRAME_LEAST)
		return false;
	golin_model_counts(w->model, &counts);
	if (w->keyframe_model) {
		expect = (double)w->keyframe_bytes * (double)counts.bytes /
			 (double)w->keyframe_model;
	} else {
		/* One record for each that lives and two for each that ended. */
		expect = (double)(counts.live + 2 * counts.ended) * (double)w->offset /
			 (double)w->records;
	}
	return (double)w->data_since >= KEYFRAME_SHARE * expect;
}

/* --- blocks of records --- */

static int put_records(struct golin_writer *w, struct golin_err *err)
{
	struct rec_block_header h = {.type = REC_BLOCK_RECORDS};
	uint64_t from = w->offset;
	int rc;

	if (w->stats_new) {
		buffer_add(w, &w->stats.h);
		w->stats_new = false;
	}
	if (!w->count)
		return 0;
	h.count = w->count;
	h.first_ts = w->first_ts;
	h.last_ts = w->last_ts;
	rc = put_block(w, &h, w->raw, w->raw_len, err);
	if (!rc) {
		w->records += w->count;
		w->seq++;
		w->data_since += w->offset - from;
	}
	buffer_clear(w);
	if (!rc && keyframe_due(w))
		rc = put_keyframe(w, err);
	return rc;
}

int golin_writer_put(struct golin_writer *w, const struct golin_rec *rec, struct golin_err *err)
{
	if (w->failed)
		return still_failed(w, err);
	if (!golin_record_check(rec, rec->size))
		return golin_err_set(err, -EBADMSG, "cannot record a malformed record (type %u)",
				     rec->type);
	buffer_add(w, rec);
	if (rec->ts) {
		if (!w->first_ts || rec->ts < w->first_ts)
			w->first_ts = rec->ts;
		if (!w->file_first || rec->ts < w->file_first)
			w->file_first = rec->ts;
		if (rec->ts > w->last_ts)
			w->last_ts = rec->ts;
	}
	if (w->raw_len >= w->block_raw ||
	    (w->count % 64 == 0 && now_ns() - w->since >= BLOCK_AGE_NS))
		return put_records(w, err);
	return 0;
}

void golin_writer_stats(struct golin_writer *w, const struct golin_source_stats *s)
{
	const struct golin_rec_stats rec = {
		.h = {.type = GOLIN_REC_STATS, .version = 1, .size = sizeof(rec)},
		.hits = s->hits,
		.delivered = s->delivered,
		.lost_ring = s->lost_ring,
		.missed = s->missed,
		.unread = s->unread,
		.gaps = s->gaps,
		.ring_size = s->ring_size,
		.cost_ns = s->cost_ns,
		.probes = s->probes,
	};

	_Static_assert(sizeof(rec) % 8 == 0, "a record's size");
	if (!memcmp(&rec, &w->stats, sizeof(rec)))
		return;
	w->stats = rec;
	w->stats_new = true;
}

int golin_writer_flush(struct golin_writer *w, struct golin_err *err)
{
	if (w->failed)
		return still_failed(w, err);
	if (!w->count || now_ns() - w->since < BLOCK_AGE_NS)
		return 0;
	return put_records(w, err);
}

uint64_t golin_writer_bytes(const struct golin_writer *w)
{
	return w->offset;
}

/* --- begin and end --- */

void rec_writer_set_limits(struct golin_writer *w, size_t block_raw, uint64_t keyframe_every)
{
	w->block_raw = block_raw < BLOCK_RAW ? block_raw : BLOCK_RAW;
	w->keyframe_every = keyframe_every;
}

static int put_end(struct golin_writer *w, struct golin_err *err)
{
	struct rec_block_header h = {.type = REC_BLOCK_INDEX, .first_ts = w->file_first};
	struct rec_trailer t = {
		.index = w->offset,
		.first_ts = w->file_first,
		.last_ts = w->last_ts,
		.records = w->records,
	};
	int rc;

	h.last_ts = w->last_ts;
	h.count = (uint32_t)w->index.len;
	rc = put_block(w, &h, w->index.v, w->index.len * sizeof(*w->index.v), err);
	if (rc)
		return rc;
	memcpy(t.magic, REC_TRAILER_MAGIC, sizeof(t.magic));
	t.sum = rec_trailer_sum(&t, w->id);
	return put_bytes(w, &t, sizeof(t), NULL, 0, err);
}

static void writer_free(struct golin_writer *w)
{
	if (w->fd >= 0)
		close(w->fd);
	ZSTD_freeCCtx(w->zstd);
	array_free(&w->index);
	free(w->raw);
	free(w->out);
	free(w);
}

int golin_writer_close(struct golin_writer *w, struct golin_err *err)
{
	int rc;

	if (!w)
		return 0;
	if (w->failed) {
		rc = still_failed(w, err);
	} else {
		rc = put_records(w, err);
		if (!rc)
			rc = put_end(w, err);
	}
	/* Network file systems tell only now that the disk is full. */
	if (close(w->fd) && !rc)
		rc = fail(w, errno, err);
	w->fd = -1;
	writer_free(w);
	return rc;
}

static int put_begin(struct golin_writer *w, struct golin_err *err)
{
	struct rec_file_header h = {.version = REC_FORMAT_VERSION};
	int rc;

	if (getrandom(&w->id, sizeof(w->id), 0) != sizeof(w->id))
		return golin_err_set(err, -errno, "getrandom: %s", golin_errno_name(errno));
	memcpy(h.magic, REC_FILE_MAGIC, sizeof(h.magic));
	h.id = w->id;
	h.sum = rec_file_header_sum(&h);
	rc = put_bytes(w, &h, sizeof(h), NULL, 0, err);
	if (rc || !golin_model_generation(w->model))
		return rc;
	/* A recording that begins in the middle begins with what is known. */
	w->last_ts = w->file_first = golin_model_now(w->model);
	return put_keyframe(w, err);
}

int golin_writer_open(const char *path, bool force, const struct golin_model *model,
		      struct golin_writer **ret, struct golin_err *err)
{
	struct golin_writer *w = calloc(1, sizeof(*w));
	int rc;

	if (!w)
		return golin_err_set(err, -ENOMEM, "out of memory");
	w->fd = -1;
	w->model = model;
	rec_writer_set_limits(w, BLOCK_RAW, 0);
	w->raw = malloc(BLOCK_RAW + GOLIN_RECORD_MAX + sizeof(struct golin_rec_stats));
	w->zstd = ZSTD_createCCtx();
	if (!w->raw || !w->zstd) {
		writer_free(w);
		return golin_err_set(err, -ENOMEM, "out of memory");
	}
	w->fd = rec_create_file(path, force, err);
	rc = w->fd < 0 ? w->fd : put_begin(w, err);
	if (rc) {
		/* Nothing good is in it yet. */
		if (w->fd >= 0) {
			golin_err_ctx(err, "'%s'", path);
			unlink(path);
		}
		writer_free(w);
		return rc;
	}
	*ret = w;
	return 0;
}

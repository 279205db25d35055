/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A recording as a source. The file may be cut, damaged or made by an enemy: a block counts only
 * with the right checksum, a record only when it passes the check, and its strings are cleaned.
 *
 * Records follow each other without a hole as long as the blocks' numbers (seq) do. Behind a hole
 * the state is unknown, so reading goes on at the next keyframe, and what it does not know any more
 * is told to be gone. Where nothing is missing the
 * keyframes are passed over.
 */
#include "record/recording.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "record/blocks.h"
#include "record/live.h"
#include "record/seekpoints.h"

struct recording {
	struct golin_source base;
	struct rec_file file;
	struct rec_seekpoints seekpoints;

	/* Where we are. */
	uint64_t off;	 /* of the next block */
	uint32_t seq;	 /* of the next block of records */
	bool want_state; /* a keyframe that stands here is to be read */
	bool in_state;	 /* we are within one ... */
	uint32_t part;	 /* ... and this is its next part */
	bool damaged;	 /* something was missing, at any time */

	struct rec_content block; /* the block that is being yielded ... */
	size_t pos;		  /* ... and how far */
	bool block_is_state;
	uint64_t block_ts;
	const struct golin_rec *next; /* ready to be yielded */
	struct golin_recbuf cleaned;  /* may hold `next` */
	struct golin_rec_lost lost;   /* to be yielded first, unless its count is 0 */
	struct rec_live live;
	struct golin_rec_goroutine_gone gone; /* may be `next`: ended in a hole */

	bool seeking;
	uint64_t until;

	/* As of the last record. */
	uint32_t target, epoch;
	uint64_t ts;
	struct golin_rec_stats stats;
};

static struct recording *recording_of(const struct golin_source *s)
{
	return (struct recording *)s;
}

static void go_to_start(struct recording *r)
{
	r->off = sizeof(struct rec_file_header);
	r->seq = 0;
	r->want_state = true;
	r->in_state = false;
	r->pos = r->block.len = 0;
	r->block_is_state = false;
	r->next = NULL;
	r->lost.count = 0;
	rec_live_done(&r->live);
	r->seeking = false;
	r->target = r->epoch = 0;
	r->ts = 0;
	memset(&r->stats, 0, sizeof(r->stats));
	r->base.ended = false;
}

/* --- blocks --- */

static void lose(struct recording *r, uint64_t bytes)
{
	r->damaged = true;
	if (!bytes)
		return;
	if (!r->lost.count)
		r->lost = (struct golin_rec_lost){
			.h = {.type = GOLIN_REC_LOST,
			      .version = 1,
			      .size = sizeof(r->lost),
			      .target = r->target,
			      .epoch = r->epoch,
			      .ts = r->ts},
			.cause = GOLIN_LOST_CUT,
		};
	r->lost.count += bytes;
}

/*
 * The block at r->off is not the one that should follow. Goes to the next place where reading may
 * go on: without a hole at a block that follows in number, else at a keyframe. `hole` says that
 * something is missing already. False: there is no such place.
 */
static bool resync(struct recording *r, uint64_t from, bool hole)
{
	struct rec_block_header h;
	uint64_t at;

	/* The state with which a file starts, or that we were reading, cannot be done without. */
	hole = hole || r->in_state || r->want_state;
	r->in_state = r->want_state = false;
	while (rec_block_find(&r->file, from, &at, &h)) {
		bool keyframe = h.type == REC_BLOCK_STATE && !h.part && h.seq >= r->seq;
		struct rec_block_header first;

		if (!hole && h.type != REC_BLOCK_STATE && h.seq == r->seq)
			goto found;
		if (h.type == REC_BLOCK_INDEX && h.seq >= r->seq) {
			r->seq = h.seq; /* the end: no keyframe is left */
			goto found;
		}
		if (keyframe && (hole || h.seq > r->seq) && rec_keyframe_at(&r->file, at, &first)) {
			r->seq = h.seq;
			r->want_state = true;
			rec_live_compare(&r->live);
			goto found;
		}
		if (h.type == REC_BLOCK_RECORDS && h.seq > r->seq)
			hole = true;
		from = rec_block_end(at, &h);
	}
	lose(r, r->file.size - r->off);
	r->off = r->file.size;
	return false;
found:
	lose(r, at - r->off);
	r->off = at;
	return true;
}

/* The index was met in its place: nothing is missing but, perhaps, the very end. */
static void end_at_index(struct recording *r, uint64_t index_end)
{
	struct rec_trailer t;

	if (index_end + sizeof(t) == r->file.size && rec_trailer_read(&r->file, &t) &&
	    t.index == r->off) {
		r->off = r->file.size;
		return;
	}
	lose(r, r->file.size - index_end);
	r->damaged = true;
	r->off = r->file.size;
}

/* Whether this good block stands where it should. */
static bool is_in_place(const struct recording *r, const struct rec_block_header *h)
{
	if (h->seq != r->seq)
		return false;
	if (r->in_state)
		return h->type == REC_BLOCK_STATE && h->part == r->part;
	/* A file that starts within a keyframe lacks its beginning. */
	return !(r->want_state && h->type == REC_BLOCK_STATE && h->part);
}

/* Gets the next block that holds something to yield. False at the end. */
static bool next_block(struct recording *r)
{
	struct rec_block_header h;
	uint64_t end;
	bool wanted;

	while (r->off < r->file.size) {
		if (!rec_block_at(&r->file, r->off, &h)) {
			if (!resync(r, r->off + 1, false))
				return false;
			continue;
		}
		end = rec_block_end(r->off, &h);
		if (!is_in_place(r, &h)) {
			if (!resync(r, r->off, false))
				return false;
			continue;
		}
		if (h.type == REC_BLOCK_INDEX) {
			end_at_index(r, end);
			return false;
		}
		wanted = h.type == REC_BLOCK_RECORDS || r->in_state || (r->want_state && !h.part);
		if (wanted && !rec_content_load_records(&r->block, &r->file, r->off, &h)) {
			r->seq += h.type == REC_BLOCK_RECORDS;
			if (!resync(r, end, true))
				return false;
			continue;
		}
		r->off = end;
		r->want_state = false;
		if (h.type == REC_BLOCK_RECORDS)
			r->seq++;
		if (!wanted)
			continue;
		r->block_is_state = h.type == REC_BLOCK_STATE;
		r->block_ts = h.last_ts;
		r->in_state = r->block_is_state && !(h.flags & REC_STATE_LAST);
		r->part = h.part + 1;
		r->pos = 0;
		return true;
	}
	r->damaged = true; /* cut */
	return false;
}

/* --- records --- */

/* False when a record is to be passed over. */
static bool take(struct recording *r, const struct golin_rec *rec)
{
	if (rec->version != 1 || !golin_rec_type_name(rec->type))
		return false;
	if (rec->type == GOLIN_REC_STATS) {
		r->stats = *(const struct golin_rec_stats *)rec;
		return false;
	}
	r->next = golin_record_is_clean(rec) ? rec : golin_record_cleaned(rec, &r->cleaned);
	return r->next != NULL;
}

/* Makes r->next the next record. False at the end. */
static bool peek(struct recording *r)
{
	while (!r->next) {
		if (r->lost.count) {
			r->next = &r->lost.h;
		} else if (r->pos < r->block.len) {
			const uint8_t *at = (const uint8_t *)r->block.mem + r->pos;
			const struct golin_rec *rec = (const struct golin_rec *)at;

			r->pos += rec->size;
			take(r, rec);
		} else if (r->block_is_state && !r->in_state &&
			   rec_live_next_gone(&r->live, &r->gone)) {
			r->gone.h.ts = r->block_ts;
			r->next = &r->gone.h;
		} else if (!next_block(r) && !r->lost.count) {
			return false;
		}
	}
	return true;
}

static int recording_service(struct golin_source *s, const struct golin_sink *sink, int max,
			     struct golin_err *err)
{
	struct recording *r = recording_of(s);
	int n = 0;

	if (s->ended)
		return 0;
	while (n < max || r->seeking) {
		const struct golin_rec *rec;
		int rc;

		if (!peek(r)) {
			r->seeking = false;
			s->ended = true;
			break;
		}
		rec = r->next;
		if (r->seeking && !r->block_is_state && rec->ts > r->until) {
			r->seeking = false;
			break;
		}
		r->next = NULL;
		r->target = rec->target;
		r->epoch = rec->epoch;
		if (rec->ts > r->ts)
			r->ts = rec->ts;
		rc = sink->put(sink->arg, rec);
		if (rec == &r->lost.h)
			r->lost.count = 0;
		else if (rec != &r->gone.h)
			rec_live_note(&r->live, rec);
		if (rc)
			return rc;
		n++;
	}
	return n;
}

static int recording_control(struct golin_source *s, const struct golin_ctl *ctl,
			     struct golin_err *err)
{
	struct recording *r = recording_of(s);
	struct rec_block_header h;
	uint64_t off;

	if (ctl->type != GOLIN_CTL_SEEK)
		return golin_err_set(err, -EOPNOTSUPP, "a recording can only be read");
	rec_file_new_budget(&r->file);
	rec_seekpoints_load(&r->seekpoints, &r->file);
	go_to_start(r);
	if (rec_seekpoints_find(&r->seekpoints, &r->file, ctl->ns, &off, &h)) {
		r->off = off;
		r->seq = h.seq;
	}
	r->seeking = true;
	r->until = ctl->ns;
	return 0;
}

static void recording_stats(struct golin_source *s, struct golin_source_stats *ret)
{
	const struct recording *r = recording_of(s);

	*ret = (struct golin_source_stats){
		.hits = r->stats.hits,
		.delivered = r->stats.delivered,
		.lost_ring = r->stats.lost_ring,
		.missed = r->stats.missed,
		.unread = r->stats.unread,
		.gaps = r->stats.gaps,
		.ring_size = r->stats.ring_size,
		.cost_ns = r->stats.cost_ns,
		.probes = r->stats.probes,
		.complete = s->ended && !r->damaged,
	};
}

static void recording_close(struct golin_source *s)
{
	struct recording *r = recording_of(s);

	rec_file_done(&r->file);
	rec_content_done(&r->block);
	golin_recbuf_done(&r->cleaned);
	rec_live_done(&r->live);
	array_free(&r->seekpoints.at);
	free(r);
}

static const struct golin_source_ops recording_ops = {
	.service = recording_service,
	.control = recording_control,
	.stats = recording_stats,
	.close = recording_close,
};

void golin_recording_span(const struct golin_source *s, uint64_t *ret_first, uint64_t *ret_last)
{
	struct recording *r = recording_of(s);

	rec_seekpoints_load(&r->seekpoints, &r->file);
	*ret_first = r->seekpoints.first_ts;
	*ret_last = r->seekpoints.last_ts;
}

/* --- open --- */

bool golin_recording_probe(int fd)
{
	char magic[8];

	return pread(fd, magic, sizeof(magic), 0) == sizeof(magic) &&
	       !memcmp(magic, REC_FILE_MAGIC, sizeof(magic));
}

static int check_header(struct recording *r, const char *name, struct golin_err *err)
{
	const struct rec_file_header *h;
	const char *magic;

	if (!r->file.size)
		return golin_err_set(err, -ENOEXEC, "'%s' is no recording: it is empty", name);
	magic = rec_file_at(&r->file, 0, 8);
	if (!magic || memcmp(magic, REC_FILE_MAGIC, 4))
		return golin_err_set(err, -ENOEXEC, "'%s' is no recording of golin", name);
	if (memcmp(magic, REC_FILE_MAGIC, 8))
		return golin_err_set(err, -EBADMSG,
				     "'%s' was a recording, but is damaged: was it copied as text?",
				     name);
	h = rec_file_at(&r->file, 0, sizeof(*h));
	if (!h)
		return golin_err_set(err, -EBADMSG, "'%s' is cut within its header (%llu bytes)",
				     name, (unsigned long long)r->file.size);
	if (h->sum != rec_file_header_sum(h) || !h->version)
		return golin_err_set(err, -EBADMSG, "'%s': the header is damaged", name);
	if (h->version > REC_FORMAT_VERSION) {
		golin_err_set(err, -EOPNOTSUPP,
			      "'%s' is a recording of format %u; this golin reads format %d", name,
			      h->version, REC_FORMAT_VERSION);
		golin_err_hint(err, "read it with a newer golin");
		return -EOPNOTSUPP;
	}
	r->file.id = h->id;
	return 0;
}

int golin_recording_open_fd(int fd, const char *name, struct golin_source **ret,
			    struct golin_err *err)
{
	_cleanup_close_ int guard = fd;
	struct recording *r;
	struct stat st;
	int rc;

	if (fstat(fd, &st))
		return golin_err_set(err, -EBADF, "'%s': %s", name, golin_errno_name(errno));
	if (!S_ISREG(st.st_mode))
		return golin_err_set(err, -ENOEXEC, "'%s' is no recording: it is %s", name,
				     S_ISDIR(st.st_mode) ? "a directory" : "not a regular file");
	r = calloc(1, sizeof(*r));
	if (!r)
		return golin_err_set(err, -ENOMEM, "out of memory");
	r->base.ops = &recording_ops;
	r->file.fd = take_fd(&guard);
	r->file.size = (uint64_t)st.st_size;
	rec_file_new_budget(&r->file);
	rc = check_header(r, name, err);
	if (rc) {
		recording_close(&r->base);
		return rc;
	}
	go_to_start(r);
	*ret = &r->base;
	return 0;
}

int golin_recording_open(const char *path, struct golin_source **ret, struct golin_err *err)
{
	/* Not to hang on a pipe that nobody writes to. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
		return golin_err_set(err, -ENOENT, "cannot open '%s': there is no such file", path);
	if (fd < 0 && (errno == EACCES || errno == EPERM))
		return golin_err_set(err, -EPERM, "cannot open '%s': no permission to read it",
				     path);
	if (fd < 0)
		return golin_err_set(err, -EIO, "cannot open '%s': %s", path,
				     golin_errno_name(errno));
	return golin_recording_open_fd(fd, path, ret, err);
}

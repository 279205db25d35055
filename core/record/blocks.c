/* SPDX-License-Identifier: BSD-2-Clause */
#include "record/blocks.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <zstd.h>

#include "golin/record.h"

enum { WINDOW = 256 << 10 };

void rec_file_done(struct rec_file *f)
{
	if (f->fd >= 0)
		close(f->fd);
	free(f->win);
	ZSTD_freeDCtx(f->zstd);
	f->zstd = NULL;
	f->fd = -1;
	f->win = NULL;
}

void rec_file_new_budget(struct rec_file *f)
{
	f->budget = 2 * f->size + (64 << 20);
}

/* As much as there is; not a mapping: a file that is cut meanwhile must not kill us. */
static size_t read_at(int fd, void *buf, size_t len, uint64_t off)
{
	size_t got = 0;

	while (got < len) {
		ssize_t n = pread(fd, (uint8_t *)buf + got, len - got, (off_t)(off + got));

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break; /* what cannot be read is as good as cut */
		got += (size_t)n;
	}
	return got;
}

const void *rec_file_at(struct rec_file *f, uint64_t off, size_t len)
{
	size_t want = len;

	if (off > f->size || len > f->size - off)
		return NULL;
	if (off >= f->win_off && off - f->win_off <= f->win_len &&
	    len <= f->win_len - (off - f->win_off))
		return f->win + (off - f->win_off);
	if (want < WINDOW)
		want = f->size - off < WINDOW ? (size_t)(f->size - off) : WINDOW;
	if (want > f->win_cap) {
		uint8_t *win = realloc(f->win, want);

		if (!win)
			return NULL;
		f->win = win;
		f->win_cap = want;
	}
	f->win_off = off;
	f->win_len = read_at(f->fd, f->win, want, off);
	return len <= f->win_len ? f->win : NULL;
}

bool rec_block_at(struct rec_file *f, uint64_t off, struct rec_block_header *ret)
{
	const uint8_t *p = rec_file_at(f, off, sizeof(*ret));

	if (!p)
		return false;
	memcpy(ret, p, sizeof(*ret));
	if (!rec_block_header_plausible(ret, f->size - off))
		return false;
	p = rec_file_at(f, off, sizeof(*ret) + ret->size);
	if (!p)
		return false;
	if (rec_block_sum(ret, p + sizeof(*ret), f->id) == ret->sum)
		return true;
	f->budget -= f->budget < ret->size ? f->budget : ret->size;
	return false;
}

/*
 * A file can be made of nothing but headers that claim 16 MiB each, and every one of them would be
 * hashed. What is hashed in vain is limited to a small multiple of the file, which damage by
 * accident never reaches.
 */
bool rec_block_find(struct rec_file *f, uint64_t from, uint64_t *ret_off,
		    struct rec_block_header *ret)
{
	const size_t magic_len = sizeof(ret->magic);

	while (from < f->size && f->size - from >= sizeof(*ret) && f->budget) {
		size_t len = f->size - from < WINDOW ? (size_t)(f->size - from) : WINDOW;
		const uint8_t *p = rec_file_at(f, from, len), *hit;

		if (!p)
			return false;
		hit = memmem(p, len, REC_BLOCK_MAGIC, magic_len);
		if (!hit) {
			from += len - (magic_len - 1);
			continue;
		}
		from += (uint64_t)(hit - p);
		if (rec_block_at(f, from, ret)) {
			*ret_off = from;
			return true;
		}
		from++;
	}
	return false;
}

bool rec_keyframe_at(struct rec_file *f, uint64_t off, struct rec_block_header *ret)
{
	struct rec_block_header h;
	uint64_t from = off;
	uint32_t part = 0;

	do {
		if (!rec_block_at(f, off, &h) || h.type != REC_BLOCK_STATE || h.part != part ||
		    (part && h.seq != ret->seq)) {
			f->budget -= f->budget < off - from ? f->budget : off - from;
			return false;
		}
		if (!part)
			*ret = h;
		off = rec_block_end(off, &h);
		part++;
	} while (!(h.flags & REC_STATE_LAST));
	return true;
}

bool rec_trailer_read(struct rec_file *f, struct rec_trailer *ret)
{
	const void *p;

	if (f->size < sizeof(struct rec_file_header) + sizeof(*ret))
		return false;
	p = rec_file_at(f, f->size - sizeof(*ret), sizeof(*ret));
	if (!p)
		return false;
	memcpy(ret, p, sizeof(*ret));
	return !memcmp(ret->magic, REC_TRAILER_MAGIC, sizeof(ret->magic)) &&
	       ret->sum == rec_trailer_sum(ret, f->id);
}

bool rec_content_load(struct rec_content *c, struct rec_file *f, uint64_t off,
		      const struct rec_block_header *h)
{
	const uint8_t *p = rec_file_at(f, off + sizeof(*h), h->size);
	size_t n;

	c->len = 0;
	c->count = 0;
	/* Exactly one frame that says how long it is. */
	if (!p || h->raw_size > REC_RAW_MAX ||
	    ZSTD_getFrameContentSize(p, h->size) != h->raw_size ||
	    ZSTD_findFrameCompressedSize(p, h->size) != h->size)
		return false;
	if (h->raw_size > c->cap) {
		uint64_t *mem = realloc(c->mem, h->raw_size);

		if (!mem)
			return false;
		c->mem = mem;
		c->cap = h->raw_size;
	}
	if (!f->zstd)
		f->zstd = ZSTD_createDCtx();
	if (!f->zstd)
		return false;
	n = ZSTD_decompressDCtx(f->zstd, c->mem, c->cap, p, h->size);
	if (ZSTD_isError(n) || n != h->raw_size)
		return false;
	c->len = n;
	c->count = h->count;
	return true;
}

bool rec_content_load_records(struct rec_content *c, struct rec_file *f, uint64_t off,
			      const struct rec_block_header *h)
{
	size_t pos = 0;

	if (!rec_content_load(c, f, off, h))
		return false;
	for (uint32_t i = 0; i < c->count; i++) {
		const struct golin_rec *rec = (const struct golin_rec *)((uint8_t *)c->mem + pos);
		size_t left = c->len - pos;

		if (left < sizeof(*rec) || rec->size < sizeof(*rec) || rec->size > left ||
		    rec->size % 8)
			goto bad;
		/* Bodies of a later version are skipped, and so are types without a name. */
		if (rec->version == 1 && golin_rec_type_name(rec->type) &&
		    !golin_record_check(rec, left))
			goto bad;
		pos += rec->size;
	}
	if (pos == c->len)
		return true;
bad:
	c->len = 0;
	return false;
}

void rec_content_done(struct rec_content *c)
{
	free(c->mem);
	memset(c, 0, sizeof(*c));
}

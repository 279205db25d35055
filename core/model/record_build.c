/* SPDX-License-Identifier: BSD-2-Clause */
/* Builds records that have strings. What it gives passes golin_record_check() and is clean. */
#include "golin/record.h"

#include <stdlib.h>
#include <string.h>
#include "base/text.h"

static bool recbuf_reserve(struct golin_recbuf *b, size_t more)
{
	size_t cap = b->cap ? b->cap : 512;
	uint64_t *mem;

	if (b->failed)
		return false;
	if (more > GOLIN_RECORD_MAX - b->len) {
		b->failed = 1;
		return false;
	}
	while (cap < b->len + more)
		cap *= 2;
	if (cap == b->cap)
		return true;
	mem = realloc(b->mem, cap);
	if (!mem) {
		b->failed = 1;
		return false;
	}
	b->mem = mem;
	b->cap = cap;
	return true;
}

void *golin_recbuf_begin(struct golin_recbuf *b, uint16_t type, size_t fixed)
{
	struct golin_rec *rec;

	b->len = 0;
	b->failed = 0;
	if (fixed < sizeof(*rec))
		fixed = sizeof(*rec);
	if (!recbuf_reserve(b, fixed))
		return NULL;
	rec = (struct golin_rec *)b->mem;
	memset(rec, 0, fixed);
	rec->type = type;
	rec->version = 1;
	b->len = fixed;
	return rec;
}

void golin_recbuf_str(struct golin_recbuf *b, size_t off, const void *s, size_t len)
{
	struct golin_rec_str ref;
	size_t room;

	if (b->failed || !s || !len)
		return;
	if (off < sizeof(struct golin_rec) || off % sizeof(uint32_t) || off > b->len ||
	    b->len - off < sizeof(ref)) {
		b->failed = 1;
		return;
	}
	/* The longest escape, \u{10FFFF}, stands for at least 3 bytes; \xNN for one. */
	room = len < GOLIN_STR_MAX / 4 ? len * 4 + 1 : GOLIN_STR_MAX;
	if (!recbuf_reserve(b, room))
		return;
	ref.off = (uint32_t)b->len;
	ref.len = (uint32_t)golin_text_clean((char *)b->mem + b->len, room, s, len);
	b->len += ref.len + 1;
	memcpy((char *)b->mem + off, &ref, sizeof(ref));
}

const struct golin_rec *golin_recbuf_end(struct golin_recbuf *b)
{
	size_t pad = (8 - b->len % 8) % 8;
	struct golin_rec *rec;

	if (!b->len || !recbuf_reserve(b, pad))
		return NULL;
	memset((char *)b->mem + b->len, 0, pad);
	b->len += pad;
	rec = (struct golin_rec *)b->mem;
	rec->size = (uint32_t)b->len;
	return rec;
}

void golin_recbuf_done(struct golin_recbuf *b)
{
	free(b->mem);
	memset(b, 0, sizeof(*b));
}

// SPDX-License-Identifier: BSD-2-Clause
#include <string.h>
#include "feed.h"

static void put_value(struct feed *f, size_t at, const struct feed_value *v)
{
	struct golin_rec_value *to = (struct golin_rec_value *)(void *)((char *)f->buf.mem + at);

	*to = (struct golin_rec_value){
		.type = v->type, .data = v->data, .size = v->size, .flags = v->flags};
	if (v->text)
		to->flags |= GOLIN_VALUE_TEXT;
	golin_recbuf_str(&f->buf, at + offsetof(struct golin_rec_value, text),
			 v->text ? v->text : "", v->text ? strlen(v->text) : 0);
}

int feed_panic(struct feed *f, const struct golin_rec_panic_start *like,
	       const struct feed_value *values, uint32_t n)
{
	size_t fixed = sizeof(*like) + n * sizeof(struct golin_rec_value);
	struct golin_rec_panic_start *r = golin_recbuf_begin(&f->buf, GOLIN_REC_PANIC_START, fixed);
	struct golin_rec h = r->h;

	memcpy(r, like, sizeof(*like));
	h.goid = like->h.goid;
	r->h = h;
	r->n = n;
	for (uint32_t i = 0; i < n; i++)
		put_value(f, sizeof(*like) + i * sizeof(struct golin_rec_value), &values[i]);
	return feed_emit(f);
}

int feed_panic_defer(struct feed *f, uint64_t goid, uint64_t pc, uint32_t flags)
{
	struct golin_rec_panic_defer *r =
		golin_recbuf_begin(&f->buf, GOLIN_REC_PANIC_DEFER, sizeof(*r));

	r->h.goid = goid;
	r->pc = pc;
	r->flags = flags;
	return feed_emit(f);
}

int feed_recover(struct feed *f, uint64_t goid, uint64_t resumed_pc, uint64_t depth)
{
	struct golin_rec_panic_recover *r =
		golin_recbuf_begin(&f->buf, GOLIN_REC_PANIC_RECOVER, sizeof(*r));

	r->h.goid = goid;
	r->resumed_pc = resumed_pc;
	r->depth = depth;
	return feed_emit(f);
}

int feed_goexit(struct feed *f, uint64_t goid, uint64_t depth, uint64_t stack, uint32_t flags)
{
	struct golin_rec_panic_goexit *r =
		golin_recbuf_begin(&f->buf, GOLIN_REC_PANIC_GOEXIT, sizeof(*r));

	r->h.goid = goid;
	r->depth = depth;
	r->stack = stack;
	r->flags = flags;
	return feed_emit(f);
}

static size_t kept_at(size_t head, uint32_t i)
{
	return head + i * sizeof(struct golin_rec_kept_panic) +
	       offsetof(struct golin_rec_kept_panic, value);
}

int feed_fatal(struct feed *f, uint64_t goid, const struct feed_value *printed, uint32_t n)
{
	size_t head = sizeof(struct golin_rec_panic_fatal);
	struct golin_rec_panic_fatal *r = golin_recbuf_begin(
		&f->buf, GOLIN_REC_PANIC_FATAL, head + n * sizeof(struct golin_rec_kept_panic));

	r->h.goid = goid;
	r->n = n;
	for (uint32_t i = 0; i < n; i++)
		put_value(f, kept_at(head, i), &printed[i]);
	return feed_emit(f);
}

int feed_throw(struct feed *f, uint64_t goid, uint64_t stack, const char *text, uint32_t flags)
{
	struct golin_rec_panic_throw *r =
		golin_recbuf_begin(&f->buf, GOLIN_REC_PANIC_THROW, sizeof(*r));

	r->h.goid = goid;
	r->stack = stack;
	r->flags = flags;
	golin_recbuf_str(&f->buf, offsetof(struct golin_rec_panic_throw, text), text, strlen(text));
	return feed_emit(f);
}

int feed_defers(struct feed *f, const struct golin_rec_goroutine_defers *like,
		const struct feed_value *panics, const struct golin_rec_kept_defer *defers)
{
	size_t head = sizeof(*like), of_panics = like->npanics * sizeof(like->panics[0]);
	size_t of_defers = like->ndefers * sizeof(*defers);
	struct golin_rec_goroutine_defers *r = golin_recbuf_begin(
		&f->buf, GOLIN_REC_GOROUTINE_DEFERS, head + of_panics + of_defers);
	struct golin_rec h = r->h;

	memcpy(r, like, head);
	h.goid = like->h.goid;
	r->h = h;
	if (of_defers)
		memcpy((char *)r + head + of_panics, defers, of_defers);
	for (uint32_t i = 0; i < like->npanics; i++) {
		r = (struct golin_rec_goroutine_defers *)(void *)f->buf.mem;
		r->panics[i].addr = 0xc000100000 + i * 0x100;
		r->panics[i].flags = panics[i].size ? GOLIN_KEPT_RECOVERED : 0;
		put_value(f, kept_at(head, i), &panics[i]);
	}
	return feed_emit(f);
}

int feed_pause(struct feed *f, uint64_t duration_ns, const char *reason)
{
	struct golin_rec_gc_pause *r = golin_recbuf_begin(&f->buf, GOLIN_REC_GC_PAUSE, sizeof(*r));

	r->duration_ns = duration_ns;
	golin_recbuf_str(&f->buf, offsetof(struct golin_rec_gc_pause, reason), reason,
			 strlen(reason));
	return feed_emit(f);
}

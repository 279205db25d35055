/* SPDX-License-Identifier: BSD-2-Clause */
#include "hide_values.h"

#include <string.h>

/* The record without anything behind its first `fixed` bytes: its strings. */
static void *without_strings(const struct golin_rec *rec, size_t fixed, struct golin_recbuf *b)
{
	void *copy = golin_recbuf_begin(b, rec->type, fixed);

	if (copy)
		memcpy(copy, rec, fixed);
	return copy;
}

static void hide(struct golin_rec_value *v)
{
	v->text = (struct golin_rec_str){0};
	v->size = 0;
	v->flags &= ~(uint32_t)(GOLIN_VALUE_TEXT | GOLIN_VALUE_CUT | GOLIN_VALUE_PRINTED);
	if (v->type)
		v->flags |= GOLIN_VALUE_HIDDEN;
}

static const struct golin_rec *hide_start(const struct golin_rec *rec, struct golin_recbuf *b)
{
	const struct golin_rec_panic_start *from = (const void *)rec;
	struct golin_rec_panic_start *r =
		without_strings(rec, sizeof(*r) + from->n * sizeof(r->values[0]), b);

	for (uint32_t i = 0; r && i < r->n; i++)
		hide(&r->values[i]);
	return r ? golin_recbuf_end(b) : NULL;
}

static const struct golin_rec *hide_fatal(const struct golin_rec *rec, struct golin_recbuf *b)
{
	const struct golin_rec_panic_fatal *from = (const void *)rec;
	struct golin_rec_panic_fatal *r =
		without_strings(rec, sizeof(*r) + from->n * sizeof(r->panics[0]), b);

	for (uint32_t i = 0; r && i < r->n; i++)
		hide(&r->panics[i].value);
	return r ? golin_recbuf_end(b) : NULL;
}

static const struct golin_rec *hide_defers(const struct golin_rec *rec, struct golin_recbuf *b)
{
	const struct golin_rec_goroutine_defers *from = (const void *)rec;
	struct golin_rec_goroutine_defers *r =
		without_strings(rec,
				sizeof(*r) + from->npanics * sizeof(r->panics[0]) +
					from->ndefers * sizeof(struct golin_rec_kept_defer),
				b);

	for (uint32_t i = 0; r && i < r->npanics; i++)
		hide(&r->panics[i].value);
	return r ? golin_recbuf_end(b) : NULL;
}

/* Only what the program printed: the trace's id is no value. */
static const struct golin_rec *hide_kept(const struct golin_rec *rec, struct golin_recbuf *b)
{
	const struct golin_rec_panic_kept *from = (const void *)rec;
	struct golin_rec_panic_kept *r = without_strings(rec, sizeof(*r), b);

	if (!r)
		return NULL;
	r->text = r->trace = (struct golin_rec_str){0};
	golin_recbuf_str(b, offsetof(struct golin_rec_panic_kept, trace),
			 golin_rec_text(rec, from->trace), from->trace.len);
	return golin_recbuf_end(b);
}

const struct golin_rec *hide_values(const struct golin_rec *rec, struct golin_recbuf *b)
{
	switch (rec->type) {
	case GOLIN_REC_PANIC_START:
		return hide_start(rec, b);
	case GOLIN_REC_PANIC_FATAL:
		return hide_fatal(rec, b);
	case GOLIN_REC_PANIC_KEPT:
		return hide_kept(rec, b);
	case GOLIN_REC_GOROUTINE_DEFERS:
		return hide_defers(rec, b);
	default:
		return rec;
	}
}

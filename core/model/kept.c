/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The last answer about what a goroutine has deferred and panicked. It holds while the goroutine
 * stands where it stood: whatever it does drops it.
 */
#include "model_impl.h"

#include <errno.h>

static void release(struct golin_model *m, struct kept_answer *a)
{
	for (uint32_t i = 0; i < a->npanics; i++)
		texts_drop(&m->panics.texts, a->panics[i].value.text);
	m->kepts.n -= a->npanics + a->ndefers;
	free(a->panics);
	*a = (struct kept_answer){0};
}

void kepts_done(struct kepts *t)
{
	array_for_each (&t->v, a)
		free(a->panics);
	array_free(&t->v);
	map64_done(&t->by_goid);
	t->unused = 0;
	t->n = 0;
}

void kepts_clear(struct golin_model *m)
{
	array_for_each (&m->kepts.v, a)
		if (a->panics)
			release(m, a);
	kepts_done(&m->kepts);
}

size_t kepts_bytes(const struct kepts *t)
{
	return t->v.cap * sizeof(*t->v.v) +
	       t->by_goid.cap * (sizeof(*t->by_goid.keys) + sizeof(*t->by_goid.vals)) +
	       t->n * sizeof(struct golin_kept_panic);
}

void kept_drop(struct golin_model *m, uint32_t space, uint64_t goid)
{
	struct kepts *t = &m->kepts;
	uint32_t i;

	if (!t->by_goid.len || !key_fits(goid) || !map64_get(&t->by_goid, key_of(space, goid), &i))
		return;
	map64_del(&t->by_goid, key_of(space, goid));
	release(m, &t->v.v[i]);
	t->v.v[i].unused = t->unused;
	t->unused = i + 1;
}

void kept_event(struct golin_model *m, uint32_t space, const struct golin_rec *rec)
{
	switch (rec->type) {
	case GOLIN_REC_GOROUTINE_CREATE:
	case GOLIN_REC_CONTEXT_CREATE:
	case GOLIN_REC_CONTEXT_CANCEL:
	case GOLIN_REC_TIMER_START:
	case GOLIN_REC_TIMER_END:
	case GOLIN_REC_PANIC_START:
	case GOLIN_REC_PANIC_DEFER:
	case GOLIN_REC_PANIC_RECOVER:
	case GOLIN_REC_PANIC_GOEXIT:
	case GOLIN_REC_PANIC_FATAL:
	case GOLIN_REC_PANIC_THROW:
	/* A reading: when it has panics still, they are told behind it. */
	case GOLIN_REC_GOROUTINE_STATE:
		if (rec->goid)
			kept_drop(m, space, rec->goid);
		break;
	default:
		break;
	}
}

/* ---- an answer ---- */

static int fill_panic(struct golin_model *m, uint32_t space,
		      const struct golin_rec_goroutine_defers *r, uint32_t i,
		      struct golin_kept_panic *ret)
{
	const struct golin_rec_kept_panic *p = &r->panics[i];
	const struct golin_rec_value *v = &p->value;
	uint32_t text;
	int rc = texts_hold(&m->panics.texts, golin_rec_text(&r->h, v->text), v->text.len, &text);

	*ret = (struct golin_kept_panic){.addr = p->addr,
					 .flags = p->flags,
					 .depth = p->depth,
					 .stack = p->stack,
					 .value = {.type_addr = v->type,
						   .data = v->data,
						   .size = v->size,
						   .type = model_type_name(m, space, v->type),
						   .text = text,
						   .flags = v->flags,
						   .up = v->up}};
	if (rc == -ENOSPC) { /* the text alone is left out */
		ret->value.flags |= GOLIN_VALUE_PARTIAL;
		ret->value.flags &= ~(uint32_t)GOLIN_VALUE_TEXT;
		rc = 0;
	}
	return rc;
}

static int answer_fill(struct golin_model *m, uint32_t space,
		       const struct golin_rec_goroutine_defers *r, struct kept_answer *a)
{
	size_t panics = r->npanics * sizeof(*a->panics), defers = r->ndefers * sizeof(*a->defers);
	int rc = 0;

	/* Never of no bytes: it says that the answer is in use. */
	a->panics = malloc(panics + defers + 1);
	if (!a->panics)
		return -ENOMEM;
	a->defers = (struct golin_rec_kept_defer *)(a->panics + r->npanics);
	memcpy(a->defers, golin_rec_kept_defers(r), defers);
	for (; a->npanics < r->npanics && !rc; a->npanics++)
		rc = fill_panic(m, space, r, a->npanics, &a->panics[a->npanics]);
	a->ndefers = r->ndefers;
	a->read = model_time(m, r->h.ts);
	a->flags = r->flags;
	a->thread = r->thread;
	m->kepts.n += a->npanics + a->ndefers;
	return rc;
}

int model_apply_defers(struct golin_model *m, const struct golin_rec_goroutine_defers *r,
		       uint32_t space)
{
	golin_gidx g = goroutine_find(m, space, r->h.goid);
	struct kepts *t = &m->kepts;
	struct kept_answer a = {0};
	uint32_t i;
	int rc;

	kept_drop(m, space, r->h.goid);
	if (g == GOLIN_GIDX_NONE || !(node_at(m, g)->g.flags & GOLIN_GF_ALIVE) ||
	    r->flags & GOLIN_DEFERS_MOVED)
		return 0;
	rc = panics_seen(m, r, space);
	if (rc)
		return rc;
	if (t->n + r->npanics + r->ndefers > KEPT_ALL)
		return -ENOSPC;
	if (!t->unused) {
		if (!array_add(&t->v))
			return -ENOMEM;
		t->unused = (uint32_t)t->v.len;
	}
	i = t->unused - 1;
	rc = answer_fill(m, space, r, &a);
	if (!rc && !map64_put(&t->by_goid, key_of(space, r->h.goid), i))
		rc = -ENOMEM;
	if (rc) {
		if (a.panics)
			release(m, &a);
		return rc;
	}
	t->unused = t->v.v[i].unused;
	t->v.v[i] = a;
	return 0;
}

bool golin_model_kept(const struct golin_model *m, golin_gidx g, struct golin_kept *ret)
{
	const struct golin_goroutine *o = golin_model_goroutine(m, g);
	const struct kept_answer *a;
	uint32_t i;

	if (!o || !key_fits(o->goid) ||
	    !map64_get(&m->kepts.by_goid, key_of(space_of(m, o), o->goid), &i))
		return false;
	a = &m->kepts.v.v[i];
	*ret = (struct golin_kept){.read = a->read,
				   .flags = a->flags,
				   .thread = a->thread,
				   .npanics = a->npanics,
				   .ndefers = a->ndefers,
				   .panics = a->panics,
				   .defers = a->defers};
	return true;
}

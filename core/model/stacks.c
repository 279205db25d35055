/* SPDX-License-Identifier: BSD-2-Clause */
/* Creation stacks by the hash that the records name them with. */
#include "model_impl.h"

#include <errno.h>

void stacks_done(struct stacks *t)
{
	array_free(&t->v);
	array_free(&t->pcs);
	array_free(&t->words);
	map64_done(&t->ids);
}

/* An id is a hash of 64 bits; the entry says whether it is really the one. */
static uint64_t stack_key(uint32_t space, uint64_t id)
{
	return id ^ (uint64_t)space << 1;
}

const struct stack *stacks_find(const struct stacks *t, uint32_t space, uint64_t id)
{
	uint32_t i;

	if (!map64_get(&t->ids, stack_key(space, id), &i) || t->v.v[i].id != id ||
	    t->v.v[i].space != space)
		return NULL;
	return &t->v.v[i];
}

const uint16_t *stack_words(const struct stacks *t, const struct stack *s)
{
	return s->words ? t->words.v + s->words - 1 : NULL;
}

int model_apply_stack(struct golin_model *m, const struct golin_rec_stack *r, uint32_t space)
{
	const uint16_t *words = golin_rec_stack_words(r);
	struct stacks *t = &m->stacks;
	struct stack *s;

	if (!r->id || !r->n || stacks_find(t, space, r->id))
		return 0;
	if (t->v.len >= m->opts.max_stacks) {
		m->counts.dropped_stacks++;
		return 0;
	}
	if (!array_reserve(&t->pcs, t->pcs.len + r->n) || !array_reserve(&t->v, t->v.len + 1) ||
	    (words && !array_reserve(&t->words, t->words.len + r->n)) ||
	    !map64_put(&t->ids, stack_key(space, r->id), (uint32_t)t->v.len))
		return -ENOMEM;
	s = &t->v.v[t->v.len++];
	*s = (struct stack){.id = r->id,
			    .first = (uint32_t)t->pcs.len,
			    .n = (uint16_t)r->n,
			    .space = (uint16_t)space,
			    .truncated = r->truncated != 0};
	memcpy(t->pcs.v + t->pcs.len, r->pcs, r->n * sizeof(r->pcs[0]));
	t->pcs.len += r->n;
	if (words) {
		memcpy(t->words.v + t->words.len, words, r->n * sizeof(*words));
		s->words = (uint32_t)t->words.len + 1;
		t->words.len += r->n;
	}
	return 0;
}

int golin_model_stack(const struct golin_model *m, uint64_t id, const uint64_t **ret,
		      bool *ret_truncated)
{
	size_t space = m->spaces.len, end = space > NEWEST_SPACES ? space - NEWEST_SPACES : 0;
	const struct stack *s = NULL;

	/* The newest program first; a goroutine of an older one may still be looked at. */
	while (id && !s && space-- > end)
		s = stacks_find(&m->stacks, (uint32_t)space, id);
	if (!s)
		return 0;
	*ret = m->stacks.pcs.v + s->first;
	if (ret_truncated)
		*ret_truncated = s->truncated;
	return s->n;
}

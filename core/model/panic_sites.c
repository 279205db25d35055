/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Panics by the place that raised them and the type of their value. Sites stay when their panics
 * leave the model: a program that panics again and again has few of them.
 */
#include "model_impl.h"

#include <errno.h>

enum {
	SITES_MAX = 1 << 16,
	SITE_PROBES = 8, /* of the same hash */
};

/* What makes two panics one site's; the stack stands for a place without a name. */
struct where {
	const char *func, *file;
	uint64_t stack;
	uint32_t line, type, space;
};

/* Strings of the model stand once, at an address that stays. */
static bool is_at(const struct panic_site *s, const struct where *w)
{
	return s->s.at.func == w->func && s->s.at.file == w->file && s->s.at.line == w->line &&
	       s->s.type == w->type && s->space == w->space && (*w->func || s->stack == w->stack);
}

static uint64_t hash_of(const struct where *w)
{
	uint64_t h = map64_mix((uint64_t)(uintptr_t)w->func ^ (*w->func ? 0 : w->stack));

	h = map64_mix(h ^ (uint64_t)(uintptr_t)w->file);
	h = map64_mix(h ^ ((uint64_t)w->line << 32 | w->type));
	return map64_mix(h ^ w->space);
}

static int site_find(struct golin_model *m, const struct where *w, const struct golin_frame *at,
		     uint32_t *ret)
{
	struct panics *t = &m->panics;
	uint64_t hash = hash_of(w);
	struct panic_site *s;
	int k;

	for (k = 0; k < SITE_PROBES; k++) {
		if (!map64_get(&t->by_site, hash + (uint64_t)k, ret))
			break;
		if (is_at(&t->sites.v[*ret], w))
			return 0;
	}
	if (t->sites.len >= SITES_MAX || k == SITE_PROBES)
		return -ENOSPC;
	if (!array_reserve(&t->sites, t->sites.len + 1) ||
	    !map64_put(&t->by_site, hash + (uint64_t)k, (uint32_t)t->sites.len))
		return -ENOMEM;
	*ret = (uint32_t)t->sites.len;
	s = array_add(&t->sites);
	s->s.at = *at;
	s->s.type = w->type;
	s->s.first = s->s.newest = GOLIN_PIDX_NONE;
	s->stack = w->stack;
	s->space = w->space;
	return 0;
}

int panic_site_at(struct golin_model *m, uint32_t space, uint64_t stack, uint32_t type,
		  uint32_t *ret)
{
	uint64_t key = map64_mix(stack ^ map64_mix((uint64_t)space << 32 | type));
	struct where w = {.stack = stack, .type = type, .space = space};
	struct golin_frame at;
	int rc;

	if (map64_get(&m->panics.by_stack, key, ret))
		return 0;
	at = panic_stack_at(m, space, stack);
	w.func = at.func;
	w.file = at.file;
	w.line = at.line;
	rc = site_find(m, &w, &at, ret);
	/* A look-up that is saved: without memory for it, it is made again. */
	if (!rc && m->panics.by_stack.len < m->opts.max_stacks)
		(void)map64_put(&m->panics.by_stack, key, *ret);
	return rc;
}

int panic_site_join(struct golin_model *m, golin_pidx i)
{
	struct panic_node *n = panic_at(m, i);
	uint32_t site;
	int rc;

	if (n->p.kind == GOLIN_PANIC_GOEXIT)
		return 0;
	rc = panic_site_at(m, n->space, n->p.stack, n->p.nvalues ? n->values[0].type : 0, &site);
	if (rc)
		return rc;
	n->site = site;
	m->panics.sites.v[site].s.active += n->p.outcome == GOLIN_PO_ACTIVE;
	return 0;
}

int panic_site_enter(struct golin_model *m, golin_pidx i)
{
	const struct panic_node *n = panic_at(m, i);
	struct panic_site *s;
	int rc = panic_site_join(m, i);

	if (rc || n->site == SITE_NONE)
		return rc;
	s = &m->panics.sites.v[n->site];
	if (!s->s.count++) {
		s->s.first = i;
		s->first_number = n->p.number;
		s->s.first_at = n->p.started;
	}
	s->s.newest = i;
	s->newest_number = n->p.number;
	if (n->p.started > s->s.last_at)
		s->s.last_at = n->p.started;
	return 0;
}

void panic_site_resolved(struct golin_model *m, golin_pidx i, int by)
{
	const struct panic_node *n = panic_at(m, i);
	uint64_t one = (uint64_t)(int64_t)by;
	struct golin_panic_site *s;

	if (n->site == SITE_NONE)
		return;
	s = &m->panics.sites.v[n->site].s;
	s->active -= one;
	if (n->p.outcome == GOLIN_PO_RECOVERED)
		s->recovered += one;
	else if (n->p.outcome == GOLIN_PO_REPLACED)
		s->replaced += one;
	else if (n->p.outcome == GOLIN_PO_FATAL)
		s->fatal += one;
	if (n->p.outcome == GOLIN_PO_RECOVERED && n->p.recovered_by)
		s->by = n->p.recovered_by;
}

uint32_t golin_model_panic_sites(const struct golin_model *m)
{
	return (uint32_t)m->panics.sites.len;
}

const struct golin_panic_site *golin_model_panic_site(const struct golin_model *m, uint32_t i)
{
	struct panic_site *s;

	if (i >= m->panics.sites.len)
		return NULL;
	s = &m->panics.sites.v[i];
	s->s.first = golin_model_panic_find(m, s->first_number);
	s->s.newest = golin_model_panic_find(m, s->newest_number);
	return &s->s;
}

uint32_t golin_panic_site_of(const struct golin_model *m, golin_pidx i)
{
	return golin_model_panic(m, i) ? panic_at(m, i)->site : SITE_NONE;
}

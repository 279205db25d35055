/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which goroutines have a row of their own in the text tree: those that are wanted and, dim, what
 * stands above them; like siblings (the same function from the same go statement) may share one.
 */
#include "export_impl.h"

#include <stdlib.h>
#include <string.h>
#include "base/map64.h"

static const struct golin_goroutine *at(const struct lineage_shape *s, golin_gidx i)
{
	return golin_model_goroutine(s->m, i);
}

static bool is_visible(const struct lineage_shape *s, golin_gidx i)
{
	return s->visible[i / 64] >> i % 64 & 1;
}

static golin_gidx deepest_first(const struct lineage_shape *s, golin_gidx i)
{
	while (i != GOLIN_GIDX_NONE && at(s, i)->first != GOLIN_GIDX_NONE)
		i = at(s, i)->first;
	return i;
}

/* Children before their parent. */
static golin_gidx next_postorder(const struct lineage_shape *s, golin_gidx i)
{
	const struct golin_goroutine *g = at(s, i);

	return g->next == GOLIN_GIDX_NONE ? g->up : deepest_first(s, g->next);
}

static void find_visible(struct lineage_shape *s, const struct golin_export_opts *o)
{
	golin_gidx i = deepest_first(s, golin_model_roots(s->m));

	for (; i != GOLIN_GIDX_NONE; i = next_postorder(s, i)) {
		const struct golin_goroutine *g = at(s, i);
		bool wanted = export_wanted(s->m, o, g);

		s->wanted += wanted;
		if (!wanted && !s->kids[i])
			continue;
		s->visible[i / 64] |= 1ULL << i % 64;
		if (g->up != GOLIN_GIDX_NONE) {
			s->below[g->up] += s->below[i] + 1;
			s->kids[g->up]++;
		}
	}
}

static bool same_kind(const struct shape_group *q, const struct golin_goroutine *g)
{
	return q->up == g->up && q->startpc == g->startpc && q->gopc == g->gopc &&
	       q->target == g->target && q->epoch == g->epoch;
}

static struct shape_group *group_add(struct lineage_shape *s)
{
	if (s->ngroups == s->groups_cap) {
		size_t cap = s->groups_cap ? s->groups_cap * 2 : 256;
		struct shape_group *p = realloc(s->groups, cap * sizeof(*p));

		if (!p)
			return NULL;
		s->groups = p;
		s->groups_cap = cap;
	}
	return &s->groups[s->ngroups++];
}

static bool group_join(struct lineage_shape *s, struct map64 *by_kind, golin_gidx i)
{
	const struct golin_goroutine *g = at(s, i);
	uint64_t key = map64_mix(map64_mix(g->startpc ^ map64_mix(g->gopc)) ^
				 ((uint64_t)g->epoch << 32 | g->up));
	struct shape_group *q;
	uint32_t k;

	if (map64_get(by_kind, key, &k)) {
		q = &s->groups[k];
		if (!same_kind(q, g))
			return true; /* a collision: it keeps a row of its own */
		s->like[q->last] = i;
		q->last = i;
		q->count++;
		s->group[i] = k;
		return true;
	}
	k = (uint32_t)s->ngroups;
	q = group_add(s);
	if (!q || !map64_put(by_kind, key, k))
		return false;
	*q = (struct shape_group){.up = g->up,
				  .first = i,
				  .last = i,
				  .startpc = g->startpc,
				  .gopc = g->gopc,
				  .target = g->target,
				  .epoch = g->epoch,
				  .count = 1};
	s->group[i] = k;
	return true;
}

static bool find_groups(struct lineage_shape *s, const struct golin_export_opts *o)
{
	struct map64 by_kind = {0};
	golin_gidx i = deepest_first(s, golin_model_roots(s->m));
	bool ok = true;

	for (; ok && i != GOLIN_GIDX_NONE; i = next_postorder(s, i)) {
		const struct golin_goroutine *g = at(s, i);

		/* What only stands above others is shown for itself. */
		if (is_visible(s, i) && g->startpc && export_wanted(s->m, o, g))
			ok = group_join(s, &by_kind, i);
	}
	map64_done(&by_kind);
	return ok;
}

bool shape_init(struct lineage_shape *s, const struct golin_model *m,
		const struct golin_export_opts *o)
{
	size_t n = golin_model_goroutine_max(m);

	*s = (struct lineage_shape){.m = m};
	s->visible = calloc(n / 64 + 1, sizeof(*s->visible));
	s->below = calloc(n + 1, sizeof(*s->below));
	s->kids = calloc(n + 1, sizeof(*s->kids));
	if (!s->visible || !s->below || !s->kids)
		return false;
	find_visible(s, o);
	if (!o->fold)
		return true;
	s->group = malloc((n + 1) * sizeof(*s->group));
	s->like = malloc((n + 1) * sizeof(*s->like));
	if (!s->group || !s->like)
		return false;
	memset(s->group, 0xff, (n + 1) * sizeof(*s->group));
	memset(s->like, 0xff, (n + 1) * sizeof(*s->like));
	return find_groups(s, o);
}

void shape_done(struct lineage_shape *s)
{
	free(s->visible);
	free(s->below);
	free(s->kids);
	free(s->group);
	free(s->like);
	free(s->groups);
	memset(s, 0, sizeof(*s));
}

const struct shape_group *shape_fold(const struct lineage_shape *s, golin_gidx i)
{
	if (!s->group || s->group[i] == UINT32_MAX || s->groups[s->group[i]].count < FOLD_MIN)
		return NULL;
	return &s->groups[s->group[i]];
}

golin_gidx shape_row(const struct lineage_shape *s, golin_gidx i)
{
	for (; i != GOLIN_GIDX_NONE; i = at(s, i)->next) {
		const struct shape_group *q;

		if (!is_visible(s, i))
			continue;
		q = shape_fold(s, i);
		if (!q || q->first == i)
			return i;
	}
	return i;
}

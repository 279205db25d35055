// SPDX-License-Identifier: BSD-2-Clause
#include "panic_marks.h"
#include <stdio.h>
#include <string.h>
#include "lineage_view.h"

enum { NEWS = 256 };

void panic_marks_done(struct panic_marks *p)
{
	map64_done(&p->newest);
	memset(p, 0, sizeof(*p));
}

static uint64_t key_of(uint32_t target, uint32_t epoch, uint64_t goid)
{
	return map64_mix(goid) ^ map64_mix((uint64_t)target << 32 | epoch);
}

static bool is_marked(const struct golin_panic *p, uint64_t asof)
{
	return p->goid && p->kind != GOLIN_PANIC_GOEXIT && (!asof || p->started <= asof);
}

static bool take(struct panic_marks *pm, const struct golin_model *m, golin_pidx i)
{
	const struct golin_panic *p = golin_model_panic(m, i), *old;
	uint64_t key;
	uint32_t at;

	if (!p || !is_marked(p, pm->asof))
		return true;
	key = key_of(p->target, p->epoch, p->goid);
	if (map64_get(&pm->newest, key, &at)) {
		old = golin_model_panic(m, at);
		if (old && old->goid == p->goid && old->number > p->number)
			return true;
	}
	return map64_put(&pm->newest, key, i);
}

static bool build(struct panic_marks *pm, const struct golin_model *m, uint64_t asof)
{
	uint32_t max = golin_model_panic_max(m);

	map64_done(&pm->newest);
	memset(&pm->newest, 0, sizeof(pm->newest));
	pm->asof = asof;
	for (golin_pidx i = 0; i < max; i++)
		if (!take(pm, m, i))
			return false;
	pm->built = true;
	return true;
}

bool panic_marks_update(struct panic_marks *pm, const struct golin_model *m, uint64_t asof)
{
	struct golin_panic_news news[NEWS];
	uint64_t missed, all_missed = 0;
	bool whole = !pm->built || pm->asof != asof, ok = true;
	uint32_t n;

	/* What has come is taken even when all of them are looked at: the cursor goes on. */
	do {
		n = golin_model_panic_news(m, &pm->cursor, &missed, news, NEWS);
		all_missed += missed;
		for (uint32_t k = 0; k < n && ok && !whole; k++)
			if (news[k].what == GOLIN_PC_STARTED)
				ok = take(pm, m, golin_model_panic_find(m, news[k].number));
	} while (n == NEWS);
	/* Goroutines that are long gone must not pile up. */
	if (pm->newest.len / 2 > golin_model_panic_max(m))
		whole = true;
	if (whole || all_missed || !ok)
		return build(pm, m, asof);
	return true;
}

golin_pidx panic_marks_find(const struct panic_marks *pm, const struct golin_model *m,
			    const struct golin_goroutine *g)
{
	const struct golin_panic *p;
	uint32_t at;

	if (!pm->newest.len || !map64_get(&pm->newest, key_of(g->target, g->epoch, g->goid), &at))
		return GOLIN_PIDX_NONE;
	p = golin_model_panic(m, at);
	return p && p->goid == g->goid && p->epoch == g->epoch && is_marked(p, pm->asof)
		       ? at
		       : GOLIN_PIDX_NONE;
}

enum panic_mark panic_marks_of(const struct panic_marks *pm, const struct lineage *l,
			       const struct golin_goroutine *g)
{
	const struct golin_panic *p =
		golin_model_panic(l->model, panic_marks_find(pm, l->model, g));
	uint64_t moment = lineage_moment(l);

	if (!p)
		return PANIC_NO_MARK;
	if (!p->ended || p->ended > moment)
		return PANIC_ACTIVE;
	if (p->outcome == GOLIN_PO_FATAL)
		return PANIC_FATAL;
	return l->ended == ENDED_ALL ||
			       (l->ended == ENDED_RECENT && p->ended + l->recent_ns > moment)
		       ? PANIC_RECENT
		       : PANIC_NO_MARK;
}

const char *panic_marks_text(const struct panic_marks *pm, const struct lineage *l,
			     const struct golin_goroutine *g, char *buf, size_t cap)
{
	const struct golin_panic *p =
		golin_model_panic(l->model, panic_marks_find(pm, l->model, g));

	switch (panic_marks_of(pm, l, g)) {
	case PANIC_ACTIVE:
		snprintf(buf, cap, "!%s", golin_panic_kind_name(p->kind));
		return buf;
	case PANIC_FATAL:
		snprintf(buf, cap, "!fatal");
		return buf;
	case PANIC_RECENT:
		snprintf(buf, cap, "~%s", golin_panic_outcome_name(p->outcome));
		return buf;
	default:
		return NULL;
	}
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The panics view for people: a block for each, in the tree of failures the first cause on top and
 * below it what it became. Many that went the same way share a block.
 */
#include "panic_impl.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "base/array.h"
#include "base/map64.h"
#include "row.h"

enum { GOIDS_SHOWN = 8 };

/* Trees that look alike, below one panic or on top. */
struct group {
	golin_pidx first, last;
	uint32_t count;
	uint64_t goids[GOIDS_SHOWN]; /* of those that share the block of the first */
};

struct golin_panics_text {
	const struct golin_model *m;
	struct golin_export_opts o;
	struct strbuf *out;
	uint64_t *visible; /* bits: wanted, or above one that is */
	uint64_t *key;	   /* of the tree that begins there; 0: like no other */
	uint32_t *group;   /* index in groups; UINT32_MAX: none */
	ARRAY_OF(struct group) groups;
	struct map64 by_key;
	golin_pidx cur;
	uint32_t level;
	bool started, failed;
};

/* ---- the walk ---- */

/* The next one in the tree, below i only with `into`. Whose tree is over by that is told. */
static golin_pidx step(struct golin_panics_text *t, golin_pidx i, bool into,
		       void (*over)(struct golin_panics_text *t, golin_pidx i))
{
	const struct golin_panic *p = golin_model_panic(t->m, i);

	if (into && p->first != GOLIN_PIDX_NONE) {
		t->level++;
		return p->first;
	}
	if (into)
		over(t, i);
	while (p->next == GOLIN_PIDX_NONE && p->up != GOLIN_PIDX_NONE) {
		i = p->up;
		t->level--;
		over(t, i);
		p = golin_model_panic(t->m, i);
	}
	return p->next;
}

/* ---- which blocks there are ---- */

static bool is_visible(const struct golin_panics_text *t, golin_pidx i)
{
	return t->visible[i / 64] >> i % 64 & 1;
}

static void mark(struct golin_panics_text *t, golin_pidx i)
{
	for (; i != GOLIN_PIDX_NONE && !is_visible(t, i); i = golin_model_panic(t->m, i)->up)
		t->visible[i / 64] |= 1ull << i % 64;
}

/* Where it was raised, what became of it, and how it hangs on the one above. */
static uint64_t key_of(const struct golin_panics_text *t, golin_pidx i)
{
	const struct golin_panic *p = golin_model_panic(t->m, i);
	uint32_t site = golin_panic_site_of(t->m, i);
	/* A Goexit is of no site. */
	uint64_t place = site == UINT32_MAX ? p->stack : (uint64_t)site + 1;
	uint64_t how = (uint64_t)p->kind << 24 | (uint64_t)p->outcome << 16 |
		       (uint64_t)p->relation << 8 | (p->nested_in != GOLIN_PIDX_NONE);

	if (!place || p->outcome == GOLIN_PO_FATAL)
		return 0;
	return map64_mix(place ^
			 map64_mix(how ^ map64_mix(p->recovered_by ^ map64_mix(p->resumed_in)))) |
	       1;
}

/* Children first: their keys are a part of its own. */
static void join(struct golin_panics_text *t, golin_pidx i)
{
	const struct golin_panic *p = golin_model_panic(t->m, i);
	uint64_t key = is_visible(t, i) ? key_of(t, i) : 0;
	struct group *q;
	uint32_t at;

	for (golin_pidx k = p->first; k != GOLIN_PIDX_NONE && key;
	     k = golin_model_panic(t->m, k)->next)
		if (is_visible(t, k))
			key = t->key[k] ? map64_mix(key ^ t->key[k]) | 1 : 0;
	t->key[i] = key;
	if (!key || t->failed)
		return;
	key ^= map64_mix((uint64_t)p->up + 1);
	if (!map64_get(&t->by_key, key, &at)) {
		at = (uint32_t)t->groups.len;
		q = array_add(&t->groups);
		t->failed = !q || !map64_put(&t->by_key, key, at);
		if (t->failed)
			return;
		q->first = i;
	}
	q = &t->groups.v[at];
	if (q->count && q->count <= GOIDS_SHOWN)
		q->goids[q->count - 1] = p->goid;
	q->last = i;
	q->count++;
	t->group[i] = at;
}

static bool shape(struct golin_panics_text *t)
{
	uint32_t max = golin_model_panic_max(t->m);
	golin_pidx i = golin_model_panic_roots(t->m);

	t->visible = calloc(max / 64 + 1, sizeof(*t->visible));
	t->key = calloc(max + 1u, sizeof(*t->key));
	t->group = malloc((max + 1u) * sizeof(*t->group));
	if (!t->visible || !t->key || !t->group)
		return false;
	memset(t->group, 0xff, (max + 1u) * sizeof(*t->group));
	for (golin_pidx k = 0; k < max; k++)
		if (golin_model_panic(t->m, k) && export_panic_wanted(t->m, &t->o, k))
			mark(t, k);
	while (t->o.fold && i != GOLIN_PIDX_NONE && !t->failed)
		i = step(t, i, true, join);
	t->level = 0;
	map64_done(&t->by_key);
	return !t->failed;
}

static const struct group *fold_of(const struct golin_panics_text *t, golin_pidx i)
{
	const struct group *q = t->group[i] == UINT32_MAX ? NULL : &t->groups.v[t->group[i]];

	return q && q->count >= FOLD_MIN ? q : NULL;
}

/* ---- what stands there ---- */

static void column(struct row *r, enum style style, uint64_t n, const char *what)
{
	if (n)
		row_columnf(r, style, "%" PRIu64 " %s", n, what);
}

void export_panic_header(const struct golin_model *m, const struct golin_export_opts *o,
			 struct strbuf *out)
{
	struct golin_target_info info = {0};
	struct golin_panic_counts c;
	struct golin_model_counts all;
	struct row r;

	row_begin(&r, o, out);
	golin_model_panic_counts(m, &c);
	golin_model_counts(m, &all);
	if (golin_model_target(m, &info)) {
		row_column(&r, BOLD, *info.comm ? info.comm : info.exe);
		row_columnf(&r, PLAIN, "pid %" PRIu32, info.pid);
		row_column(&r, PLAIN, info.go);
	}
	row_columnf(&r, PLAIN, "%" PRIu64 " panic%s", c.panics, c.panics == 1 ? "" : "s");
	column(&r, PLAIN, c.recovered, "recovered");
	column(&r, PLAIN, c.replaced, "replaced");
	column(&r, RED, c.fatal, "fatal");
	column(&r, PLAIN, c.active, "active");
	column(&r, PLAIN, c.goexits, c.goexits == 1 ? "Goexit" : "Goexits");
	column(&r, RED, c.throws, c.throws == 1 ? "fatal error" : "fatal errors");
	column(&r, DIM, c.evicted, "evicted");
	if (all.lost_ring || all.lost_missed)
		row_columnf(&r, RED, "%" PRIu64 " events lost", all.lost_ring + all.lost_missed);
	strbuf_adds(out, "\n");
}

/* Behind a tree that stands for others. */
static void put_others(struct golin_panics_text *t, golin_pidx i)
{
	const struct group *q = fold_of(t, i);
	uint32_t others = q ? q->count - 1 : 0;
	char id[GOLIN_PANIC_ID_MAX];

	if (!q || q->first != i)
		return;
	strbuf_addf(t->out, "%*s  [%" PRIu32 " more like this]  goroutines",
		    (int)export_panic_indent(t->level), "", others);
	for (uint32_t k = 0; k < others && k < GOIDS_SHOWN; k++)
		strbuf_addf(t->out, " %" PRIu64, q->goids[k]);
	if (others > GOIDS_SHOWN)
		strbuf_addf(t->out, " and %" PRIu32 " more", others - GOIDS_SHOWN);
	strbuf_addf(t->out, ", the last %s\n", golin_panic_id(t->m, q->last, id));
}

struct golin_panics_text *golin_panics_text_new(const struct golin_model *m,
						const struct golin_export_opts *o)
{
	struct golin_panics_text *t = calloc(1, sizeof(*t));

	if (!t)
		return NULL;
	t->m = m;
	t->o = *o;
	t->cur = golin_model_panic_roots(m);
	if (!shape(t)) {
		map64_done(&t->by_key);
		golin_panics_text_free(t);
		return NULL;
	}
	return t;
}

bool golin_panics_text_next(struct golin_panics_text *t, struct strbuf *out)
{
	size_t start = out->len;

	if (!t->started)
		export_panic_header(t->m, &t->o, out);
	t->started = true;
	t->out = out;
	while (t->cur != GOLIN_PIDX_NONE && out->len - start < EXPORT_CHUNK && !out->oom) {
		const struct group *q = fold_of(t, t->cur);
		bool here = is_visible(t, t->cur) && (!q || q->first == t->cur);

		/* Trees stand apart. */
		if (here && !t->level)
			strbuf_adds(out, "\n");
		if (here)
			export_panic_block(t->m, &t->o, t->cur, t->level, out);
		t->cur = step(t, t->cur, here, put_others);
	}
	return t->cur != GOLIN_PIDX_NONE && !out->oom;
}

void golin_panics_text_free(struct golin_panics_text *t)
{
	if (!t)
		return;
	free(t->visible);
	free(t->key);
	free(t->group);
	array_free(&t->groups);
	free(t);
}

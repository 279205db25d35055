/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The panics view for people: a block for each, in the tree of failures the first cause on top and
 * below it what it became. Many of one place with one fate share a block.
 */
#include "panic_impl.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "base/array.h"
#include "base/map64.h"
#include "row.h"

enum { GOIDS_SHOWN = 8 };

struct group {
	golin_pidx first, last;
	uint32_t count;
	uint64_t goids[GOIDS_SHOWN]; /* of those that share the block of the first */
};

struct golin_panics_text {
	const struct golin_model *m;
	struct golin_export_opts o;
	uint64_t *visible; /* bits: wanted, or above one that is */
	uint32_t *group;   /* index in groups; UINT32_MAX: none */
	ARRAY_OF(struct group) groups;
	golin_pidx cur;
	uint32_t level;
	bool started;
};

/* ---- which blocks there are ---- */

/* The next one in the tree, whether it has a block or not. */
static golin_pidx step(struct golin_panics_text *t, golin_pidx i)
{
	const struct golin_panic *p = golin_model_panic(t->m, i);

	if (p->first != GOLIN_PIDX_NONE) {
		t->level++;
		return p->first;
	}
	while (p->next == GOLIN_PIDX_NONE && p->up != GOLIN_PIDX_NONE) {
		t->level--;
		p = golin_model_panic(t->m, p->up);
	}
	return p->next;
}

static bool is_visible(const struct golin_panics_text *t, golin_pidx i)
{
	return t->visible[i / 64] >> i % 64 & 1;
}

static void mark(struct golin_panics_text *t, golin_pidx i)
{
	for (; i != GOLIN_PIDX_NONE && !is_visible(t, i); i = golin_model_panic(t->m, i)->up)
		t->visible[i / 64] |= 1ull << i % 64;
}

/* Panics without causes or effects, raised at one place with one type, of one fate. */
static bool join_group(struct golin_panics_text *t, struct map64 *by_key, golin_pidx i)
{
	const struct golin_panic *p = golin_model_panic(t->m, i);
	uint32_t site = golin_panic_site_of(t->m, i), at;
	struct group *q;
	uint64_t key;

	if (p->repanic_of != GOLIN_PIDX_NONE || p->nested_in != GOLIN_PIDX_NONE ||
	    p->first != GOLIN_PIDX_NONE || p->outcome == GOLIN_PO_FATAL ||
	    (site == UINT32_MAX && !p->stack))
		return true;
	/* A Goexit is of no site. */
	key = map64_mix((uint64_t)site << 16 | (uint64_t)p->kind << 8 | p->outcome) ^
	      (site == UINT32_MAX ? p->stack : 0) ^
	      map64_mix(p->recovered_by ^ map64_mix(p->resumed_in ^ map64_mix(p->up)));
	if (!map64_get(by_key, key, &at)) {
		at = (uint32_t)t->groups.len;
		q = array_add(&t->groups);
		if (!q || !map64_put(by_key, key, at))
			return false;
		q->first = i;
	}
	q = &t->groups.v[at];
	if (q->count && q->count <= GOIDS_SHOWN)
		q->goids[q->count - 1] = p->goid;
	q->last = i;
	q->count++;
	t->group[i] = at;
	return true;
}

static bool shape(struct golin_panics_text *t)
{
	uint32_t max = golin_model_panic_max(t->m);
	struct map64 by_key = {0};
	bool ok = true;

	t->visible = calloc(max / 64 + 1, sizeof(*t->visible));
	t->group = malloc((max + 1) * sizeof(*t->group));
	if (!t->visible || !t->group)
		return false;
	memset(t->group, 0xff, (max + 1) * sizeof(*t->group));
	for (golin_pidx i = 0; i < max; i++)
		if (golin_model_panic(t->m, i) && export_panic_wanted(t->m, &t->o, i))
			mark(t, i);
	for (golin_pidx i = golin_model_panic_roots(t->m); i != GOLIN_PIDX_NONE && ok && t->o.fold;
	     i = step(t, i))
		if (is_visible(t, i))
			ok = join_group(t, &by_key, i);
	t->level = 0;
	map64_done(&by_key);
	return ok;
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

static void put_others(struct golin_panics_text *t, const struct group *q, struct strbuf *out)
{
	uint32_t others = q->count - 1;
	char id[GOLIN_PANIC_ID_MAX];

	strbuf_addf(out, "%*s  [%" PRIu32 " more like this]  goroutine%s",
		    (int)export_panic_indent(t->level), "", others, others == 1 ? "" : "s");
	for (uint32_t k = 0; k < others && k < GOIDS_SHOWN; k++)
		strbuf_addf(out, " %" PRIu64, q->goids[k]);
	if (others > GOIDS_SHOWN)
		strbuf_addf(out, " and %" PRIu32 " more", others - GOIDS_SHOWN);
	strbuf_addf(out, ", the last %s\n", golin_panic_id(t->m, q->last, id));
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
	while (t->cur != GOLIN_PIDX_NONE && out->len - start < EXPORT_CHUNK && !out->oom) {
		const struct group *q = fold_of(t, t->cur);

		if (is_visible(t, t->cur) && (!q || q->first == t->cur)) {
			/* Trees stand apart. */
			if (!t->level)
				strbuf_adds(out, "\n");
			export_panic_block(t->m, &t->o, t->cur, t->level, out);
			if (q)
				put_others(t, q, out);
		}
		t->cur = step(t, t->cur);
	}
	return t->cur != GOLIN_PIDX_NONE && !out->oom;
}

void golin_panics_text_free(struct golin_panics_text *t)
{
	if (!t)
		return;
	free(t->visible);
	free(t->group);
	array_free(&t->groups);
	free(t);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* The contexts view as trees for people. Any depth, no recursion, no line without a bound. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/array.h"
#include "base/map64.h"
#include "base/text.h"
#include "export_impl.h"
#include "row.h"

enum { HOLDERS_MAX = 4096, HOLDERS_SHOWN = 4 };

struct group {
	golin_cidx first;
	uint32_t count, holders;
};

struct golin_contexts_text {
	const struct golin_model *m;
	struct golin_export_opts o;
	uint64_t *visible; /* bits: wanted, or above one that is */
	uint32_t *group;   /* index in groups; UINT32_MAX: none */
	ARRAY_OF(struct group) groups;
	ARRAY_OF(golin_cidx) later; /* for each level of the current row: its next sibling's row */
	golin_cidx cur;
	uint64_t wanted;
	bool started, failed;
};

/* ---- which rows there are ---- */

static bool is_visible(const struct golin_contexts_text *t, golin_cidx i)
{
	return t->visible[i / 64] >> i % 64 & 1;
}

static void mark(struct golin_contexts_text *t, golin_cidx i)
{
	for (; i != GOLIN_CIDX_NONE && !is_visible(t, i); i = golin_model_context(t->m, i)->up)
		t->visible[i / 64] |= 1ull << i % 64;
}

/* Siblings of one kind, made at one place, in one state. */
static bool join_group(struct golin_contexts_text *t, struct map64 *by_key, golin_cidx i)
{
	const struct golin_context *c = golin_model_context(t->m, i);
	uint64_t key =
		map64_mix(c->stack ^ map64_mix((uint64_t)c->up << 32 | (uint64_t)c->kind << 8 |
					       golin_context_state(t->m, i)));
	struct group *q;
	uint32_t at;

	if (!map64_get(by_key, key, &at)) {
		at = (uint32_t)t->groups.len;
		q = array_add(&t->groups);
		if (!q || !map64_put(by_key, key, at))
			return false;
		q->first = i;
	}
	q = &t->groups.v[at];
	q->count++;
	q->holders += c->nholders;
	t->group[i] = at;
	return true;
}

static bool shape(struct golin_contexts_text *t)
{
	uint32_t max = golin_model_context_max(t->m);
	struct map64 by_key = {0};
	bool ok = true;

	t->visible = calloc(max / 64 + 1, sizeof(*t->visible));
	t->group = malloc((max + 1) * sizeof(*t->group));
	if (!t->visible || !t->group)
		return false;
	memset(t->group, 0xff, (max + 1) * sizeof(*t->group));
	for (golin_cidx i = 0; i < max; i++) {
		if (!golin_model_context(t->m, i) || !export_context_wanted(t->m, &t->o, i))
			continue;
		t->wanted++;
		mark(t, i);
	}
	/* What only stands above others is shown for itself. */
	for (golin_cidx i = 0; i < max && ok && t->o.fold; i++)
		if (golin_model_context(t->m, i) && is_visible(t, i) &&
		    export_context_wanted(t->m, &t->o, i))
			ok = join_group(t, &by_key, i);
	map64_done(&by_key);
	return ok;
}

static const struct group *fold_of(const struct golin_contexts_text *t, golin_cidx i)
{
	const struct group *q = t->group[i] == UINT32_MAX ? NULL : &t->groups.v[t->group[i]];

	return q && q->count >= FOLD_MIN ? q : NULL;
}

/* The first of i and its later siblings that has a row. */
static golin_cidx row_from(const struct golin_contexts_text *t, golin_cidx i)
{
	while (i != GOLIN_CIDX_NONE) {
		const struct group *q = fold_of(t, i);

		if (is_visible(t, i) && (!q || q->first == i))
			return i;
		i = golin_model_context(t->m, i)->next;
	}
	return GOLIN_CIDX_NONE;
}

/* ---- what stands in a row ---- */

static void add_site(struct row *r, const struct golin_frame *f)
{
	const char *base = strrchr(f->file, '/');
	char buf[GOLIN_STR_MAX + 16];

	if (!*f->func)
		return;
	row_column(r, PLAIN, f->func);
	if (!*f->file)
		return;
	snprintf(buf, sizeof(buf), "%s:%u", base ? base + 1 : f->file, f->line);
	row_column(r, DIM, buf);
}

static void add_deadline(struct row *r, const struct golin_model *m, const struct golin_context *c)
{
	int64_t now = (int64_t)golin_model_unix(m, golin_model_now(m));
	char buf[32];

	if (c->flags & GOLIN_CTX_HAS_TIMEOUT && c->timeout_ns >= 0)
		row_columnf(r, PLAIN, "timeout %s",
			    golin_text_duration(buf, sizeof(buf), (uint64_t)c->timeout_ns));
	if (!c->deadline_unix_ns || !now || c->state == GOLIN_CS_CANCELLED)
		return;
	if (c->deadline_unix_ns > now)
		row_columnf(r, PLAIN, "%s left",
			    golin_text_duration(buf, sizeof(buf),
						(uint64_t)(c->deadline_unix_ns - now)));
	else
		row_column(r, YELLOW, "deadline passed");
}

static void add_value(struct row *r, const struct golin_model *m, const struct golin_context *c)
{
	const char *key = golin_model_string(m, c->key_type);
	const char *value = golin_model_string(m, c->value_type);

	if (c->kind != GOLIN_CTX_VALUE)
		return;
	if (c->flags & GOLIN_CTX_SHOWN)
		row_columnf(r, PLAIN, "%s(%.100s)=%s(%.100s)", key, golin_model_string(m, c->key),
			    value, golin_model_string(m, c->value));
	else
		row_columnf(r, PLAIN, "%s=%s", *key ? key : "?", *value ? value : "nil");
}

static void add_cancel(struct row *r, const struct golin_model *m, golin_cidx i)
{
	const struct golin_context *c = golin_model_context(m, i);
	const struct golin_context *origin = golin_model_context(m, golin_context_origin(m, i));
	struct golin_frame site = golin_context_cancel_site(m, c);
	char buf[32];

	if (!c->cancelled) {
		row_column(r, DIM, "cancelled before the attach");
		return;
	}
	row_columnf(r, DIM, "cancelled%s%s by %s",
		    c->created && c->cancelled >= c->created ? " after " : "",
		    c->created && c->cancelled >= c->created
			    ? golin_text_duration(buf, sizeof(buf), c->cancelled - c->created)
			    : "",
		    c->cancel_reason == GOLIN_CANCEL_DEADLINE ? "its deadline"
		    : c->cancel_reason == GOLIN_CANCEL_PARENT ? "its parent"
							      : "a call");
	if (c->cancel_reason == GOLIN_CANCEL_PARENT && origin && origin != c)
		row_columnf(r, DIM, "from 0x%" PRIx64, origin->ctx);
	if (c->cancel_goid && c->cancel_reason == GOLIN_CANCEL_EXPLICIT)
		row_columnf(r, DIM, "in goroutine %" PRIu64, c->cancel_goid);
	if (*site.file && c->cancel_reason == GOLIN_CANCEL_EXPLICIT) {
		const char *base = strrchr(site.file, '/');

		row_columnf(r, DIM, "%s:%u", base ? base + 1 : site.file, site.line);
	}
	if (*golin_model_string(m, c->cause))
		row_columnf(r, DIM, "\"%.150s\"", golin_model_string(m, c->cause));
	else if (*golin_model_string(m, c->cause_type))
		row_column(r, DIM, golin_model_string(m, c->cause_type));
}

/* Those that are alive. */
static void add_holders(struct row *r, const struct golin_model *m, golin_cidx i)
{
	struct golin_holder h[HOLDERS_MAX];
	uint32_t n = golin_context_holders(m, i, h, HOLDERS_MAX), alive = 0;

	for (uint32_t k = 0; k < n && k < HOLDERS_MAX; k++) {
		const struct golin_goroutine *g = golin_model_goroutine(m, h[k].g);

		if (!(g->flags & GOLIN_GF_ALIVE))
			break; /* live ones come first */
		if (alive++ < HOLDERS_SHOWN)
			row_columnf(r, DIM, "%s%" PRIu64, alive > 1 ? "" : "under it: ", g->goid);
	}
	if (alive == HOLDERS_MAX)
		row_column(r, DIM, "and many more");
	else if (alive > HOLDERS_SHOWN)
		row_columnf(r, DIM, "and %" PRIu32 " more", alive - HOLDERS_SHOWN);
}

static void add_context(struct row *r, const struct golin_contexts_text *t, golin_cidx i)
{
	const struct golin_context *c = golin_model_context(t->m, i);
	bool done = golin_context_state(t->m, i) == GOLIN_CS_CANCELLED || c->retired;
	struct golin_frame site = golin_context_site(t->m, c);
	const char *type = golin_model_string(t->m, c->type);

	row_columnf(r, done ? DIM : BOLD, "%s", golin_context_kind_name(c->kind));
	if (c->kind == GOLIN_CTX_FOREIGN)
		row_column(r, PLAIN, type);
	row_columnf(r, DIM, "0x%" PRIx64, c->ctx);
	add_site(r, &site);
	add_value(r, t->m, c);
	add_deadline(r, t->m, c);
	if (c->state == GOLIN_CS_CANCELLED)
		add_cancel(r, t->m, i);
	else if (c->retired)
		row_column(r, DIM, "not used any more");
	add_holders(r, t->m, i);
	if (c->flags & GOLIN_CTX_PARENT_EVICTED)
		row_column(r, DIM, "parent evicted");
}

static void add_fold(struct row *r, const struct golin_contexts_text *t, const struct group *q)
{
	const struct golin_context *c = golin_model_context(t->m, q->first);
	struct golin_frame site = golin_context_site(t->m, c);

	row_columnf(r, YELLOW, "[%" PRIu32 " like this]", q->count);
	row_column(r, PLAIN, golin_context_kind_name(c->kind));
	add_site(r, &site);
	add_value(r, t->m, c);
	row_column(r, PLAIN,
		   c->retired ? "not used any more" : export_context_state(t->m, q->first));
}

static void put_header(struct golin_contexts_text *t, struct strbuf *out)
{
	struct golin_target_info info = {0};
	struct golin_context_counts c;
	struct golin_model_counts all;
	struct row r;

	row_begin(&r, &t->o, out);
	golin_context_counts(t->m, &c);
	golin_model_counts(t->m, &all);
	if (golin_model_target(t->m, &info)) {
		row_column(&r, BOLD, *info.comm ? info.comm : info.exe);
		row_columnf(&r, PLAIN, "pid %" PRIu32, info.pid);
		row_column(&r, PLAIN, info.go);
	}
	row_columnf(&r, PLAIN, "%" PRIu64 " contexts live", c.live);
	row_columnf(&r, PLAIN, "%" PRIu64 " created", c.created);
	row_columnf(&r, PLAIN, "%" PRIu64 " cancelled", c.cancelled);
	if (c.evicted)
		row_columnf(&r, DIM, "%" PRIu64 " evicted", c.evicted);
	if (all.lost_ring || all.lost_missed)
		row_columnf(&r, RED, "%" PRIu64 " events lost", all.lost_ring + all.lost_missed);
	strbuf_adds(out, "\n");
}

static void put_row(struct golin_contexts_text *t, struct strbuf *out)
{
	const struct group *q = fold_of(t, t->cur);
	struct row r;

	row_begin(&r, &t->o, out);
	row_guides(&r, t->later.v, t->later.len);
	if (q)
		add_fold(&r, t, q);
	else
		add_context(&r, t, t->cur);
	strbuf_adds(out, "\n");
}

/* ---- the walk ---- */

/* Opens a level at row i (NONE: there is none). */
static bool enter(struct golin_contexts_text *t, golin_cidx i)
{
	golin_cidx *later;

	if (i == GOLIN_CIDX_NONE)
		return false;
	later = array_add(&t->later);
	if (!later) {
		t->failed = true;
		return false;
	}
	*later = row_from(t, golin_model_context(t->m, i)->next);
	t->cur = i;
	return true;
}

static bool advance(struct golin_contexts_text *t)
{
	if (!fold_of(t, t->cur) &&
	    enter(t, row_from(t, golin_model_context(t->m, t->cur)->first_child)))
		return true;
	while (t->later.len && !t->failed) {
		golin_cidx i = t->later.v[--t->later.len];

		if (i != GOLIN_CIDX_NONE)
			return enter(t, i);
	}
	return false;
}

struct golin_contexts_text *golin_contexts_text_new(const struct golin_model *m,
						    const struct golin_export_opts *o)
{
	struct golin_contexts_text *t = calloc(1, sizeof(*t));

	if (!t)
		return NULL;
	t->m = m;
	t->o = *o;
	if (!shape(t)) {
		golin_contexts_text_free(t);
		return NULL;
	}
	return t;
}

bool golin_contexts_text_next(struct golin_contexts_text *t, struct strbuf *out)
{
	size_t start = out->len;
	bool more;

	if (!t->started) {
		t->started = true;
		put_header(t, out);
		more = enter(t, row_from(t, golin_model_context_roots(t->m)));
	} else {
		more = t->later.len > 0;
	}
	while (more && out->len - start < EXPORT_CHUNK && !out->oom) {
		put_row(t, out);
		more = advance(t);
	}
	if (t->failed)
		out->oom = true; /* the caller learns of it */
	return more && !out->oom;
}

void golin_contexts_text_free(struct golin_contexts_text *t)
{
	if (!t)
		return;
	free(t->visible);
	free(t->group);
	array_free(&t->groups);
	array_free(&t->later);
	free(t);
}

// SPDX-License-Identifier: BSD-2-Clause
#include "findings_view.h"
#include <stdlib.h>
#include "model/filter.h"
#include "names.h"

void findings_done(struct findings *v)
{
	array_free(&v->v);
	array_free(&v->order);
	map64_done(&v->by_ctx);
	memset(&v->by_ctx, 0, sizeof(v->by_ctx));
}

golin_cidx findings_context(const struct findings *v, const struct finding *f)
{
	const struct golin_context *c = golin_model_context(v->model, f->f.c);
	char lineage[GOLIN_LINEAGE_MAX];

	/* Its index may serve another by now. */
	if (!c || strcmp(golin_context_lineage(v->model, c, lineage), f->f.lineage))
		return GOLIN_CIDX_NONE;
	return f->f.c;
}

/* Worse before less bad, many before few; else as found. */
static bool comes_before(const struct finding *a, const struct finding *b)
{
	if (a->f.severity != b->f.severity)
		return a->f.severity > b->f.severity;
	if (a->f.count != b->f.count)
		return a->f.count > b->f.count;
	return a < b;
}

static int by_rank(const void *a, const void *b, void *arg)
{
	const struct finding *v = arg;
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	if (x == y)
		return 0;
	return comes_before(&v[x], &v[y]) ? -1 : 1;
}

/* After a change: what each context's worst one is, and how many there are. */
static bool index_all(struct findings *v)
{
	map64_done(&v->by_ctx);
	memset(&v->by_ctx, 0, sizeof(v->by_ctx));
	memset(v->count, 0, sizeof(v->count));
	for (size_t i = 0; i < v->v.len; i++) {
		const struct finding *f = &v->v.v[i];
		uint32_t at;

		if (f->f.severity <= GOLIN_SEV_ERROR)
			v->count[f->f.severity]++;
		if (f->f.c == GOLIN_CIDX_NONE ||
		    (map64_get(&v->by_ctx, f->f.c, &at) && !comes_before(f, &v->v.v[at])))
			continue;
		if (!map64_put(&v->by_ctx, f->f.c, (uint32_t)i))
			return false;
	}
	return true;
}

bool findings_set(struct findings *v, const struct finding *f, size_t n)
{
	v->v.len = 0;
	for (size_t i = 0; i < n; i++) {
		struct finding *to = array_add(&v->v);

		if (!to)
			return false;
		*to = f[i];
	}
	return index_all(v);
}

bool findings_load(struct findings *v, const struct golin_rules *r)
{
	uint64_t generation = golin_findings_generation(r);
	uint32_t n = golin_findings_count(r);

	if (v->loaded && v->generation == generation)
		return false;
	v->v.len = 0;
	for (uint32_t i = 0; i < n; i++) {
		const struct golin_finding *f = golin_findings_get(r, i);
		const struct golin_rule_info *rule = f ? golin_rule(f->rule) : NULL;
		struct finding *to = rule ? array_add(&v->v) : NULL;

		if (to)
			*to = (struct finding){.f = *f, .rule = rule->name};
	}
	index_all(v);
	v->generation = generation;
	v->loaded = true;
	return true;
}

static bool passes(const struct findings *v, const struct finding *f)
{
	const struct golin_filter_finding ff = {
		.rule = f->rule,
		.severity = golin_severity_name(f->f.severity),
		.func = f->f.func,
		.file = f->f.file,
		.message = f->f.message ? f->f.message : "",
		.lineage = f->f.lineage,
		.line = f->f.line,
		.c = findings_context(v, f),
		.goid = f->f.goid,
		.first = f->f.first,
	};

	return golin_filter_match_finding(v->filter, v->model, &ff);
}

bool findings_prepare(struct findings *v)
{
	v->order.len = 0;
	for (size_t i = 0; i < v->v.len; i++) {
		uint32_t *at;

		if ((v->asof && v->v.v[i].f.first > v->asof) || !passes(v, &v->v.v[i]))
			continue;
		at = array_add(&v->order);
		if (!at)
			return false;
		*at = (uint32_t)i;
	}
	if (v->order.len)
		qsort_r(v->order.v, v->order.len, sizeof(*v->order.v), by_rank, v->v.v);
	return true;
}

uint64_t findings_tag(uint32_t i)
{
	return 1ull << 63 | i;
}

static bool children(void *arg, const struct tree_node *parent, struct tree_nodes *out)
{
	const struct findings *v = arg;

	for (size_t k = 0; !parent && k < v->order.len; k++) {
		struct tree_node *n = array_add(out);

		if (!n)
			return false;
		*n = (struct tree_node){.tag = findings_tag(v->order.v[k]), .item = v->order.v[k]};
	}
	return true;
}

struct tree_source findings_source(struct findings *v)
{
	return (struct tree_source){.children = children, .arg = v};
}

const struct finding *findings_row(const struct findings *v, const struct tree_row *row)
{
	return row && row->item < v->v.len ? &v->v.v[row->item] : NULL;
}

const struct finding *findings_of_context(const struct findings *v, golin_cidx i)
{
	uint32_t at;

	if (!v->by_ctx.len || !map64_get(&v->by_ctx, i, &at))
		return NULL;
	return findings_context(v, &v->v.v[at]) == i ? &v->v.v[at] : NULL;
}

static bool fits(const struct search *s, const struct finding *f)
{
	const struct golin_frame at = {.func = f->f.func, .file = f->f.file, .line = f->f.line};
	char place[300];

	return search_in(s, f->rule) || search_in(s, f->f.func) ||
	       search_in(s, golin_severity_name(f->f.severity)) ||
	       search_in(s, name_place(&at, place, sizeof(place))) ||
	       (f->f.message && search_in(s, f->f.message));
}

uint32_t findings_search(const struct findings *v, const struct search *s,
			 const struct tree_row *from, bool backwards, bool with_from)
{
	size_t n = v->order.len, at = 0;

	for (size_t k = 0; from && k < n; k++)
		if (v->order.v[k] == from->item)
			at = k;
	for (size_t k = with_from ? 0 : 1; k <= n && n; k++) {
		size_t i = backwards ? (at + n * 2 - k) % n : (at + k) % n;

		if (fits(s, &v->v.v[v->order.v[i]]))
			return v->order.v[i];
	}
	return UINT32_MAX;
}

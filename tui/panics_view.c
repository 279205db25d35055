// SPDX-License-Identifier: BSD-2-Clause
#include "panics_view.h"
#include "model/filter.h"

void panview_done(struct panview *v)
{
	free(v->mark);
	free(v->like);
	array_free(&v->sites);
	array_free(&v->order);
	array_free(&v->listed);
	array_free(&v->seq);
	map64_done(&v->by_stack);
	map64_done(&v->by_place);
	v->mark = NULL;
	v->like = NULL;
	v->nmark = v->cap = 0;
}

/* ---- tags: 2 bits of kind, 62 of the panic's number, which is never used
 * again ---- */

static uint64_t tag_of(enum panview_kind kind, uint64_t number)
{
	return (uint64_t)kind << 62 | (number & ~0ull >> 2);
}

uint64_t panview_node_tag(const struct golin_panic *p)
{
	return tag_of(PANVIEW_NODE, p->number);
}

uint64_t panview_tag(const struct panview *v, const struct golin_panic *p)
{
	return tag_of(v->fold ? PANVIEW_MEMBER : PANVIEW_NODE, p->number);
}

golin_pidx panview_panic(const struct panview *v, const struct tree_row *row)
{
	const struct panview_site *s = panview_site(v, row);
	golin_pidx i = s ? s->newest : row->kind != PANVIEW_SITE ? row->item : GOLIN_PIDX_NONE;
	const struct golin_panic *p = golin_model_panic(v->model, i);

	if (!p)
		return GOLIN_PIDX_NONE;
	/* Its index may serve another by now. */
	if (s)
		return p->number == s->number ? i : GOLIN_PIDX_NONE;
	return tag_of(row->kind, p->number) == row->tag ? i : GOLIN_PIDX_NONE;
}

const struct panview_site *panview_site(const struct panview *v, const struct tree_row *row)
{
	return row->kind == PANVIEW_SITE && row->item < v->sites.len &&
			       v->sites.v[row->item].tag == row->tag
		       ? &v->sites.v[row->item]
		       : NULL;
}

/* ---- what is shown ---- */

bool panview_shows(const struct panview *v, golin_pidx i)
{
	const struct golin_panic *p = golin_model_panic(v->model, i);

	if (!p || (v->asof && p->started > v->asof))
		return false;
	return p->number == v->pin || golin_filter_match_panic(v->filter, v->model, i);
}

static bool make_room(struct panview *v, uint32_t n)
{
	uint32_t cap = v->cap ? v->cap : 256;

	if (n > v->cap) {
		while (cap < n)
			cap = cap > UINT32_MAX / 2 ? n : cap * 2;
		/* Nothing of them is kept from one layout to the next. */
		free(v->mark);
		free(v->like);
		v->mark = malloc(cap);
		v->like = malloc(cap * sizeof(*v->like));
		v->nmark = v->cap = 0;
		if (!v->mark || !v->like)
			return false;
		v->cap = cap;
	}
	v->nmark = n;
	if (n)
		memset(v->mark, 0, n);
	return true;
}

static void mark_path(struct panview *v, golin_pidx up)
{
	for (uint32_t n = 0; n < v->nmark && up < v->nmark; n++) {
		const struct golin_panic *p = golin_model_panic(v->model, up);

		if (!p || (v->mark[up] & MARK_PATH))
			break;
		v->mark[up] |= MARK_PATH;
		up = p->up;
	}
}

static int by_number(const void *a, const void *b)
{
	const struct panview_key *x = a, *y = b;

	return x->number < y->number ? -1 : x->number > y->number;
}

/* All that have a line into v->listed, the oldest first. */
static bool list_all(struct panview *v)
{
	bool sorted = true;

	v->listed.len = 0;
	for (golin_pidx i = 0; i < v->nmark; i++) {
		const struct golin_panic *p = golin_model_panic(v->model, i);
		struct panview_key *k;

		if (!v->mark[i] || !p)
			continue;
		k = array_add(&v->listed);
		if (!k)
			return false;
		*k = (struct panview_key){.number = p->number, .i = i};
		sorted = sorted && (k == v->listed.v || k[-1].number < p->number);
	}
	/* Until an index is used again they come in order. */
	if (!sorted)
		qsort(v->listed.v, v->listed.len, sizeof(*v->listed.v), by_number);
	return true;
}

/* ---- sites ---- */

static int by_newest(const void *a, const void *b, void *arg)
{
	const struct panview_site *sites = arg;
	uint64_t x = sites[*(const uint32_t *)a].number, y = sites[*(const uint32_t *)b].number;

	return x > y ? -1 : x < y;
}

static void forget(struct map64 *map)
{
	if (map->vals)
		memset(map->vals, 0, map->cap * sizeof(*map->vals));
	map->len = 0;
}

static uint64_t hash_of(const struct golin_frame *f, uint64_t stack)
{
	uint64_t h = *f->func ? f->line : map64_mix(stack);

	for (const char *s = f->func; *s; s++)
		h = map64_mix(h ^ (unsigned char)*s);
	return h;
}

/* The model has no sites of Goexits: the place alone makes them. */
static uint32_t own_site(struct panview *v, golin_pidx i)
{
	const struct golin_panic *p = golin_model_panic(v->model, i);
	struct panview_site *s;
	struct golin_frame at;
	uint64_t hash;
	uint32_t site;

	if (map64_get(&v->by_stack, p->stack, &site))
		return site;
	at = golin_panic_at(v->model, i);
	hash = hash_of(&at, p->stack);
	if (!map64_get(&v->by_place, hash, &site)) {
		site = (uint32_t)v->sites.len;
		s = array_add(&v->sites);
		if (!s || !map64_put(&v->by_place, hash, site))
			return UINT32_MAX;
		s->tag = tag_of(PANVIEW_SITE, 1ull << 61 | hash);
	}
	return map64_put(&v->by_stack, p->stack, site) ? site : UINT32_MAX;
}

/* UINT32_MAX: memory is out. */
static uint32_t site_of(struct panview *v, golin_pidx i)
{
	uint32_t site = golin_panic_site_of(v->model, i);

	return site < golin_model_panic_sites(v->model) && site < v->sites.len ? site
									       : own_site(v, i);
}

uint64_t panview_site_tag(const struct panview *v, golin_pidx i)
{
	uint32_t site = golin_panic_site_of(v->model, i);
	const struct golin_panic *p = golin_model_panic(v->model, i);
	struct golin_frame at;

	if (site < golin_model_panic_sites(v->model))
		return tag_of(PANVIEW_SITE, site);
	at = golin_panic_at(v->model, i);
	return p ? tag_of(PANVIEW_SITE, 1ull << 61 | hash_of(&at, p->stack)) : 0;
}

static bool fill_sites(struct panview *v)
{
	uint32_t n = golin_model_panic_sites(v->model);

	v->sites.len = v->order.len = 0;
	forget(&v->by_stack);
	forget(&v->by_place);
	if (!array_reserve(&v->sites, n))
		return false;
	for (uint32_t i = 0; i < n; i++) {
		struct panview_site *s = array_add(&v->sites);

		s->tag = tag_of(PANVIEW_SITE, i);
	}
	for (size_t k = 0; k < v->listed.len; k++) {
		golin_pidx i = v->listed.v[k].i;
		const struct golin_panic *p = golin_model_panic(v->model, i);
		uint32_t site = site_of(v, i);
		struct panview_site *s;

		if (site == UINT32_MAX)
			return false;
		if (!(v->mark[i] & MARK_SHOWN))
			continue;
		s = &v->sites.v[site];
		v->like[i] = s->count ? s->first : GOLIN_PIDX_NONE;
		s->first = s->newest = i;
		s->number = p->number;
		s->last_at = p->started;
		s->count++;
		s->by[panview_outcome(v, p)]++;
	}
	for (uint32_t i = 0; i < v->sites.len; i++) {
		uint32_t *at = v->sites.v[i].count ? array_add(&v->order) : NULL;

		if (at)
			*at = i;
		else if (v->sites.v[i].count)
			return false;
	}
	if (v->order.len)
		qsort_r(v->order.v, v->order.len, sizeof(*v->order.v), by_newest, v->sites.v);
	return true;
}

bool panview_prepare(struct panview *v)
{
	uint32_t n = golin_model_panic_max(v->model);

	if (!make_room(v, n))
		return false;
	v->shown = 0;
	for (golin_pidx i = 0; i < n; i++) {
		if (!panview_shows(v, i))
			continue;
		v->mark[i] |= MARK_SHOWN;
		v->shown++;
		mark_path(v, golin_model_panic(v->model, i)->up);
	}
	return list_all(v) && fill_sites(v);
}

/* ---- nodes ---- */

static bool add_node(struct tree_nodes *out, enum panview_kind kind, uint64_t tag, uint32_t item,
		     bool expandable, bool open)
{
	struct tree_node *n = array_add(out);

	if (!n)
		return false;
	*n = (struct tree_node){
		.tag = tag, .item = item, .kind = kind, .expandable = expandable, .open = open};
	return true;
}

static bool sites(const struct panview *v, struct tree_nodes *out)
{
	for (size_t k = 0; k < v->order.len; k++)
		if (!add_node(out, PANVIEW_SITE, v->sites.v[v->order.v[k]].tag, v->order.v[k], true,
			      false))
			return false;
	return true;
}

static bool is_root(const struct panview *v, const struct golin_panic *p)
{
	return !golin_model_panic(v->model, p->up);
}

static bool roots(const struct panview *v, struct tree_nodes *out)
{
	for (size_t k = v->listed.len; k-- > 0;) {
		golin_pidx i = v->listed.v[k].i;
		const struct golin_panic *p = golin_model_panic(v->model, i);
		bool path = v->mark[i] & MARK_PATH;

		if (p && is_root(v, p) &&
		    !add_node(out, PANVIEW_NODE, panview_node_tag(p), i, path, path))
			return false;
	}
	return true;
}

/*
 * The panics of a site. What came of one stands below it only where a failure
 * began: a line for each way to it would be too many of them.
 */
static bool members(const struct panview *v, const struct panview_site *s, struct tree_nodes *out)
{
	golin_pidx i = s->first;

	for (uint32_t n = 0; n < s->count && i < v->nmark; n++, i = v->like[i]) {
		const struct golin_panic *p = golin_model_panic(v->model, i);
		bool path = (v->mark[i] & MARK_PATH) && p && is_root(v, p);

		if (p && !add_node(out, PANVIEW_MEMBER, tag_of(PANVIEW_MEMBER, p->number), i, path,
				   path))
			return false;
	}
	return true;
}

/* In the order in which they came: a failure's story reads downwards. */
static bool below(const struct panview *v, const struct golin_panic *up, struct tree_nodes *out)
{
	golin_pidx i = up->first;
	const struct golin_panic *p;

	for (uint32_t n = 0; n < v->nmark && (p = golin_model_panic(v->model, i)); n++) {
		bool path = i < v->nmark && (v->mark[i] & MARK_PATH);

		if (i < v->nmark && v->mark[i] &&
		    !add_node(out, PANVIEW_NODE, panview_node_tag(p), i, path, path))
			return false;
		i = p->next;
	}
	return true;
}

static bool children(void *arg, const struct tree_node *parent, struct tree_nodes *out)
{
	const struct panview *v = arg;
	const struct golin_panic *p;

	if (!parent)
		return v->fold ? sites(v, out) : roots(v, out);
	if (parent->kind == PANVIEW_SITE)
		return parent->item >= v->sites.len || members(v, &v->sites.v[parent->item], out);
	p = golin_model_panic(v->model, parent->item);
	return !p || tag_of(parent->kind, p->number) != parent->tag || below(v, p, out);
}

struct tree_source panview_source(struct panview *v)
{
	return (struct tree_source){.children = children, .arg = v};
}

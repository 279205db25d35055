// SPDX-License-Identifier: BSD-2-Clause
#include "contexts_view.h"
#include "model/filter.h"

enum { ABOVE_UNKNOWN = UINT32_MAX - 1 };

void ctxview_done(struct ctxview *v)
{
	free(v->mark);
	free(v->above);
	free(v->like);
	free(v->member);
	array_free(&v->groups);
	array_free(&v->holders);
	map64_done(&v->by_key);
	v->mark = NULL;
	v->above = v->like = NULL;
	v->member = NULL;
	v->nmark = v->cap = 0;
	memset(&v->by_key, 0, sizeof(v->by_key));
}

/* ---- tags: 3 bits of kind, 61 of a hash ---- */

static uint64_t tag_of(enum ctxview_kind kind, uint64_t hash)
{
	return (uint64_t)kind << 61 | hash >> 3;
}

/* An index and an address are used again, a moment is not. */
uint64_t ctxview_tag(golin_cidx i, const struct golin_context *c)
{
	return tag_of(CTXVIEW_CONTEXT, map64_mix(map64_mix(c->ctx ^ (uint64_t)i << 48) ^ c->first));
}

static uint64_t goroutine_tag(uint64_t parent, const struct golin_goroutine *g)
{
	return tag_of(CTXVIEW_GOROUTINE, map64_mix(parent ^ map64_mix(lineage_tag(g))));
}

golin_cidx ctxview_context(const struct ctxview *v, const struct tree_row *row)
{
	const struct golin_context *c;

	if (row->kind != CTXVIEW_CONTEXT)
		return GOLIN_CIDX_NONE;
	c = golin_model_context(v->model, row->item);
	return c && ctxview_tag(row->item, c) == row->tag ? row->item : GOLIN_CIDX_NONE;
}

const struct ctxview_group *ctxview_group(const struct ctxview *v, const struct tree_row *row)
{
	if ((row->kind != CTXVIEW_GROUP && row->kind != CTXVIEW_HOLDERS) ||
	    row->item >= v->groups.len || v->groups.v[row->item].tag != row->tag)
		return NULL;
	return &v->groups.v[row->item];
}

golin_gidx ctxview_goroutine(const struct ctxview *v, const struct tree_row *row)
{
	if (row->kind != CTXVIEW_GOROUTINE || !golin_model_goroutine(v->model, row->item))
		return GOLIN_GIDX_NONE;
	return row->item;
}

golin_cidx ctxview_context_of(const struct ctxview *v, const struct treeview *t, uint32_t row)
{
	while (row < t->rows.len) {
		const struct tree_row *r = &t->rows.v[row];
		const struct ctxview_group *grp = ctxview_group(v, r);

		if (r->kind == CTXVIEW_CONTEXT)
			return ctxview_context(v, r);
		if (grp && r->kind == CTXVIEW_GROUP)
			return golin_model_context(v->model, grp->first) ? grp->first
									 : GOLIN_CIDX_NONE;
		row = r->parent;
	}
	return GOLIN_CIDX_NONE;
}

/* ---- what is shown ---- */

static bool has_finding(const struct ctxview *v, golin_cidx i)
{
	return v->findings && findings_of_context(v->findings, i);
}

static bool is_shown(struct ctxview *v, golin_cidx i, const struct golin_context *c)
{
	if (!ctxview_exists(v, c))
		return false;
	if (v->ended != ENDED_ALL && ctxview_ended(v, i) && !has_finding(v, i)) {
		struct ctxview_state s = ctxview_state(v, i);
		uint64_t until = s.cancelled + v->recent_ns;

		if (v->ended == ENDED_NONE || !s.cancelled || until <= ctxview_moment(v))
			return false;
		if (!v->next_expiry || until < v->next_expiry)
			v->next_expiry = until;
	}
	return golin_filter_match_context(v->filter, v->model, i);
}

static bool make_room(struct ctxview *v, uint32_t n)
{
	uint32_t cap = v->cap ? v->cap : 256;

	if (n > v->cap) {
		while (cap < n)
			cap = cap > UINT32_MAX / 2 ? n : cap * 2;
		/* Nothing of them is kept from one layout to the next. */
		free(v->mark);
		free(v->above);
		free(v->like);
		free(v->member);
		v->mark = malloc(cap);
		v->above = malloc(cap * sizeof(*v->above));
		v->like = malloc(cap * sizeof(*v->like));
		v->member = malloc(cap * sizeof(*v->member));
		v->nmark = v->cap = 0;
		if (!v->mark || !v->above || !v->like || !v->member)
			return false;
		v->cap = cap;
	}
	v->nmark = n;
	if (n)
		memset(v->mark, 0, n);
	return true;
}

/* Whose state is its state. Each chain of values is climbed once, however many hang on it. */
static void find_above(struct ctxview *v, golin_cidx i)
{
	golin_cidx j = i, found = GOLIN_CIDX_NONE;
	const struct golin_context *c;
	uint32_t steps = 0;

	for (; (c = golin_model_context(v->model, j)) && steps < v->nmark; j = c->up, steps++) {
		if (v->above[j] != ABOVE_UNKNOWN) {
			found = v->above[j];
			break;
		}
		if (c->kind != GOLIN_CTX_VALUE) {
			found = c->kind == GOLIN_CTX_WITHOUT_CANCEL ? GOLIN_CIDX_NONE : j;
			break;
		}
	}
	v->above[i] = found;
	for (j = i; steps && (c = golin_model_context(v->model, j)); steps--, j = c->up)
		v->above[j] = found;
}

static void mark_path(struct ctxview *v, golin_cidx up, uint8_t mark)
{
	for (uint32_t n = 0; n < v->nmark && up < v->nmark; n++) {
		const struct golin_context *c;

		if ((v->mark[up] & mark) == mark)
			break;
		v->mark[up] |= mark;
		c = golin_model_context(v->model, up);
		if (!c)
			break;
		up = c->up;
	}
}

bool ctxview_prepare(struct ctxview *v)
{
	uint32_t n = golin_model_context_max(v->model);

	if (!make_room(v, n))
		return false;
	v->shown = 0;
	v->next_expiry = 0;
	v->groups.len = 0;
	if (v->by_key.vals) {
		memset(v->by_key.vals, 0, v->by_key.cap * sizeof(*v->by_key.vals));
		v->by_key.len = 0;
	}
	for (golin_cidx i = 0; i < n; i++)
		v->above[i] = ABOVE_UNKNOWN;
	/* One pass: there may be so many that each costs the memory's time. */
	for (golin_cidx i = 0; i < n; i++) {
		const struct golin_context *c = golin_model_context(v->model, i);
		bool pinned;

		if (!c)
			continue;
		if (v->above[i] == ABOVE_UNKNOWN)
			find_above(v, i);
		pinned = v->pin && ctxview_tag(i, c) == v->pin && ctxview_exists(v, c);
		if (!pinned && !is_shown(v, i, c))
			continue;
		v->mark[i] |= MARK_SHOWN;
		v->shown++;
		mark_path(v, c->up, MARK_PATH);
		if (pinned || has_finding(v, i)) {
			v->mark[i] |= MARK_ALONE;
			mark_path(v, c->up, MARK_PATH | MARK_ALONE);
		}
	}
	return true;
}

/* ---- nodes ---- */

static bool add_node(struct tree_nodes *out, enum ctxview_kind kind, uint64_t tag, uint32_t item,
		     bool expandable, bool open)
{
	struct tree_node *n = array_add(out);

	if (!n)
		return false;
	*n = (struct tree_node){
		.tag = tag, .item = item, .kind = kind, .expandable = expandable, .open = open};
	return true;
}

static bool add_context(const struct ctxview *v, golin_cidx i, const struct golin_context *c,
			struct tree_nodes *out)
{
	bool path = v->mark[i] & MARK_PATH, held = false;

	if (v->goroutines && c->nholders)
		held = v->ended == ENDED_ALL || v->asof ||
		       golin_context_live_holders(v->model, i) > 0;
	return add_node(out, CTXVIEW_CONTEXT, ctxview_tag(i, c), i, path || held, path);
}

static bool listed(const struct ctxview *v, golin_cidx i)
{
	return i < v->nmark && (v->mark[i] & (MARK_SHOWN | MARK_PATH));
}

/* The group with that tag, new or left from another call: then it is emptied. */
static struct ctxview_group *group_for(struct ctxview *v, uint64_t tag)
{
	struct ctxview_group *grp;
	uint32_t at;

	if (map64_get(&v->by_key, tag, &at)) {
		grp = &v->groups.v[at];
		if (grp->call == v->call)
			return grp;
	} else {
		grp = array_add(&v->groups);
		if (!grp || !map64_put(&v->by_key, tag, (uint32_t)v->groups.len - 1))
			return NULL;
	}
	*grp = (struct ctxview_group){
		.tag = tag,
		.oldest = UINT64_MAX,
		.first = GOLIN_CIDX_NONE,
		.last = GOLIN_CIDX_NONE,
		.g = GOLIN_GIDX_NONE,
		.call = v->call,
	};
	return grp;
}

static void count_in(struct ctxview_group *grp, uint64_t created)
{
	grp->count++;
	if (created < grp->oldest)
		grp->oldest = created;
	if (created > grp->newest)
		grp->newest = created;
}

static uint64_t alike_tag(const struct ctxview *v, uint64_t parent, golin_cidx i,
			  const struct golin_context *c)
{
	uint64_t h = map64_mix(parent + 1);

	h = map64_mix(h ^ c->stack);
	h ^= (uint64_t)c->kind << 8 | (uint64_t)ctxview_ended(v, i) << 16 |
	     (uint64_t)ctxview_state(v, i).state << 24 | (uint64_t)c->key_type << 32;
	return tag_of(CTXVIEW_GROUP, map64_mix(h));
}

static bool fill_groups(struct ctxview *v, uint64_t parent, golin_cidx first)
{
	const struct golin_context *c;

	v->call++;
	for (golin_cidx i = first; (c = golin_model_context(v->model, i)); i = c->next) {
		struct ctxview_group *grp;

		if (!listed(v, i) || (v->mark[i] & MARK_ALONE))
			continue;
		grp = group_for(v, alike_tag(v, parent, i, c));
		if (!grp)
			return false;
		v->member[i] = (uint32_t)(grp - v->groups.v);
		v->like[i] = GOLIN_CIDX_NONE;
		if (grp->last == GOLIN_CIDX_NONE)
			grp->first = i;
		else
			v->like[grp->last] = i;
		grp->last = i;
		grp->goroutines += golin_context_live_holders(v->model, i);
		count_in(grp, c->created);
	}
	return true;
}

/* The contexts from `first` on, n of them at most: few need no look for those that are alike. */
static bool contexts(struct ctxview *v, uint64_t parent, golin_cidx first, uint32_t n,
		     struct tree_nodes *out)
{
	const struct golin_context *c;
	bool fold = v->fold && n >= LINEAGE_FOLD_MIN;

	if (fold && !fill_groups(v, parent, first))
		return false;
	for (golin_cidx i = first; (c = golin_model_context(v->model, i)); i = c->next) {
		const struct ctxview_group *grp = NULL;

		if (!listed(v, i))
			continue;
		if (fold && !(v->mark[i] & MARK_ALONE))
			grp = &v->groups.v[v->member[i]];
		if (!grp || grp->count < LINEAGE_FOLD_MIN) {
			if (!add_context(v, i, c, out))
				return false;
		} else if (grp->first == i &&
			   !add_node(out, CTXVIEW_GROUP, grp->tag, v->member[i], true, false)) {
			return false;
		}
	}
	return true;
}

/* ---- goroutines under a context ---- */

static bool worker_shown(struct ctxview *v, const struct golin_goroutine *g)
{
	if (!g || (v->asof && g->created > v->asof))
		return false;
	if (ctxview_works(v, g) || v->ended == ENDED_ALL)
		return true;
	if (v->ended == ENDED_NONE || !g->exited || g->exited + v->recent_ns <= ctxview_moment(v))
		return false;
	if (!v->next_expiry || g->exited + v->recent_ns < v->next_expiry)
		v->next_expiry = g->exited + v->recent_ns;
	return true;
}

static uint64_t holders_tag(const struct ctxview *v, uint64_t parent,
			    const struct golin_goroutine *g)
{
	uint64_t h = map64_mix(parent ^ g->startpc);

	return tag_of(CTXVIEW_HOLDERS,
		      map64_mix(h ^ g->gopc ^ (uint64_t)ctxview_works(v, g) << 63));
}

/* All that hold it into v->holders; false when memory is out. */
static bool get_holders(struct ctxview *v, golin_cidx i)
{
	uint32_t n = golin_model_context(v->model, i)->nholders;

	v->holders.len = 0;
	if (!array_reserve(&v->holders, n))
		return false;
	golin_context_holders(v->model, i, v->holders.v, n);
	v->holders.len = n;
	return true;
}

static bool goroutines(struct ctxview *v, uint64_t parent, golin_cidx i, struct tree_nodes *out)
{
	bool fold;

	if (!get_holders(v, i))
		return false;
	fold = v->fold && v->holders.len >= LINEAGE_FOLD_MIN;
	v->call++;
	for (size_t k = 0; k < v->holders.len && fold; k++) {
		const struct golin_goroutine *g =
			golin_model_goroutine(v->model, v->holders.v[k].g);
		struct ctxview_group *grp;

		if (!worker_shown(v, g))
			continue;
		grp = group_for(v, holders_tag(v, parent, g));
		if (!grp)
			return false;
		if (!grp->count) {
			grp->first = i;
			grp->g = v->holders.v[k].g;
		}
		count_in(grp, g->created);
	}
	for (size_t k = 0; k < v->holders.len; k++) {
		golin_gidx gi = v->holders.v[k].g;
		const struct golin_goroutine *g = golin_model_goroutine(v->model, gi);
		const struct ctxview_group *grp = NULL;

		if (!worker_shown(v, g))
			continue;
		if (fold)
			grp = group_for(v, holders_tag(v, parent, g));
		if (!grp || grp->count < LINEAGE_FOLD_MIN) {
			if (!add_node(out, CTXVIEW_GOROUTINE, goroutine_tag(parent, g), gi, false,
				      false))
				return false;
		} else if (grp->g == gi && !add_node(out, CTXVIEW_HOLDERS, grp->tag,
						     (uint32_t)(grp - v->groups.v), true, false)) {
			return false;
		}
	}
	return true;
}

static bool group_members(struct ctxview *v, const struct ctxview_group *grp,
			  struct tree_nodes *out)
{
	const struct golin_context *like = golin_model_context(v->model, grp->first);
	golin_cidx i = grp->first;

	for (uint32_t n = 0; like && n < grp->count && i < v->nmark; n++, i = v->like[i]) {
		const struct golin_context *c = golin_model_context(v->model, i);

		/* It may have left since, and its index serve another. */
		if (c && c->stack == like->stack && c->up == like->up && !add_context(v, i, c, out))
			return false;
	}
	return true;
}

static bool group_goroutines(struct ctxview *v, const struct ctxview_group *grp,
			     struct tree_nodes *out)
{
	const struct golin_context *c = golin_model_context(v->model, grp->first);
	uint64_t parent, tag = grp->tag;

	if (!c || !get_holders(v, grp->first))
		return !c;
	parent = ctxview_tag(grp->first, c);
	for (size_t k = 0; k < v->holders.len; k++) {
		const struct golin_goroutine *g =
			golin_model_goroutine(v->model, v->holders.v[k].g);

		if (worker_shown(v, g) && holders_tag(v, parent, g) == tag &&
		    !add_node(out, CTXVIEW_GOROUTINE, goroutine_tag(parent, g), v->holders.v[k].g,
			      false, false))
			return false;
	}
	return true;
}

static bool children(void *arg, const struct tree_node *parent, struct tree_nodes *out)
{
	struct ctxview *v = arg;
	const struct golin_context *c;

	if (!parent)
		return contexts(v, 0, golin_model_context_roots(v->model), UINT32_MAX, out);
	if (parent->kind == CTXVIEW_GROUP || parent->kind == CTXVIEW_HOLDERS) {
		const struct ctxview_group *grp;

		if (parent->item >= v->groups.len || v->groups.v[parent->item].tag != parent->tag)
			return true;
		grp = &v->groups.v[parent->item];
		return parent->kind == CTXVIEW_GROUP ? group_members(v, grp, out)
						     : group_goroutines(v, grp, out);
	}
	c = golin_model_context(v->model, parent->item);
	if (parent->kind != CTXVIEW_CONTEXT || !c || ctxview_tag(parent->item, c) != parent->tag)
		return true;
	if (v->goroutines && c->nholders && !goroutines(v, parent->tag, parent->item, out))
		return false;
	return contexts(v, parent->tag, c->first_child, c->nchild, out);
}

struct tree_source ctxview_source(struct ctxview *v)
{
	return (struct tree_source){.children = children, .arg = v};
}

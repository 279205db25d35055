// SPDX-License-Identifier: BSD-2-Clause
#include "lineage_view.h"
#include "model/filter.h"
#include "panic_marks.h"

void lineage_done(struct lineage *l)
{
	free(l->mark);
	free(l->like);
	array_free(&l->groups);
	map64_done(&l->by_key);
	l->mark = NULL;
	l->like = NULL;
	l->nmark = l->cap = 0;
	memset(&l->by_key, 0, sizeof(l->by_key));
}

/*
 * 2 bits of kind, 14 of (target, epoch), 48 of goid: exact within an epoch, as a program never
 * gets near 2^48 goroutines. Never 0, as no goroutine has goid 0.
 */
uint64_t lineage_tag(const struct golin_goroutine *g)
{
	uint64_t space = (uint64_t)g->target << 32 | g->epoch;

	return (map64_mix(space) & 0x3fff) << 48 | (g->goid & 0xffffffffffffull);
}

static uint64_t group_tag(uint64_t parent, uint64_t startpc, uint64_t gopc, bool ended)
{
	uint64_t h = map64_mix(parent + 1);

	h = map64_mix(h ^ startpc);
	h = map64_mix(h ^ gopc ^ (uint64_t)ended << 63);
	return h >> 2 | 1ull << 62;
}

const struct golin_goroutine *lineage_goroutine(const struct lineage *l, const struct tree_row *row)
{
	const struct golin_goroutine *g;

	if (row->kind != LINEAGE_GOROUTINE)
		return NULL;
	g = golin_model_goroutine(l->model, row->item);
	return g && lineage_tag(g) == row->tag ? g : NULL;
}

const struct lineage_group *lineage_group(const struct lineage *l, const struct tree_row *row)
{
	if (row->kind != LINEAGE_GROUP || row->item >= l->groups.len)
		return NULL;
	return &l->groups.v[row->item];
}

struct golin_goroutine lineage_group_like(const struct lineage_group *grp)
{
	return (struct golin_goroutine){
		.startpc = grp->startpc,
		.gopc = grp->gopc,
		.target = grp->target,
		.epoch = grp->epoch,
	};
}

bool lineage_alive(const struct lineage *l, const struct golin_goroutine *g)
{
	if (g->flags & GOLIN_GF_ALIVE)
		return true;
	return l->asof && g->exited > l->asof;
}

const char *lineage_state(const struct lineage *l, const struct golin_goroutine *g)
{
	/* It ended later than the moment that is shown; what it did then is not kept. */
	if (lineage_alive(l, g) && !(g->flags & GOLIN_GF_ALIVE))
		return "alive";
	return golin_goroutine_state_text(l->model, g);
}

static bool exists(const struct lineage *l, const struct golin_goroutine *g)
{
	return !l->asof || g->created <= l->asof;
}

static bool is_shown(struct lineage *l, const struct golin_goroutine *g)
{
	if (!exists(l, g) || (g->flags & GOLIN_GF_GHOST))
		return false;
	if ((g->flags & GOLIN_GF_SYSTEM) && !l->system)
		return false;
	if (!lineage_alive(l, g) && l->ended != ENDED_ALL) {
		uint64_t until = g->exited + l->recent_ns;

		if (l->ended == ENDED_NONE || !g->exited || until <= lineage_moment(l))
			return false;
		if (!l->next_expiry || until < l->next_expiry)
			l->next_expiry = until;
	}
	return golin_filter_match(l->filter, l->model, g);
}

static bool make_room(struct lineage *l, uint32_t n)
{
	uint32_t cap = l->cap ? l->cap : 256;
	uint32_t *like;
	uint8_t *mark;

	if (n > l->cap) {
		while (cap < n)
			cap = cap > UINT32_MAX / 2 ? n : cap * 2;
		mark = realloc(l->mark, cap);
		if (!mark)
			return false;
		l->mark = mark;
		like = realloc(l->like, cap * sizeof(*like));
		if (!like)
			return false;
		l->like = like;
		l->cap = cap;
	}
	l->nmark = n;
	if (n)
		memset(l->mark, 0, n);
	return true;
}

static void mark_path(struct lineage *l, golin_gidx up, uint8_t mark)
{
	for (int i = 0; i < LINEAGE_DEPTH_MAX && up < l->nmark; i++) {
		const struct golin_goroutine *g;

		if ((l->mark[up] & mark) == mark)
			break;
		l->mark[up] |= mark;
		g = golin_model_goroutine(l->model, up);
		if (!g)
			break;
		up = g->up;
	}
}

bool lineage_prepare(struct lineage *l)
{
	uint32_t n = golin_model_goroutine_max(l->model);

	if (!make_room(l, n))
		return false;
	l->shown = 0;
	l->next_expiry = 0;
	l->groups.len = 0;
	if (l->by_key.vals) {
		memset(l->by_key.vals, 0, l->by_key.cap * sizeof(*l->by_key.vals));
		l->by_key.len = 0;
	}
	for (golin_gidx i = 0; i < n; i++) {
		const struct golin_goroutine *g = golin_model_goroutine(l->model, i);
		bool pinned;

		if (!g)
			continue;
		pinned = l->pin && lineage_tag(g) == l->pin && exists(l, g);
		if (!pinned && !is_shown(l, g))
			continue;
		l->mark[i] |= MARK_SHOWN;
		l->shown++;
		mark_path(l, g->up, MARK_PATH);
		if (pinned) {
			l->mark[i] |= MARK_ALONE;
			mark_path(l, g->up, MARK_PATH | MARK_ALONE);
		}
	}
	return true;
}

static bool add_goroutine(const struct lineage *l, golin_gidx i, const struct golin_goroutine *g,
			  struct tree_nodes *out)
{
	struct tree_node *n = array_add(out);

	if (!n)
		return false;
	n->tag = lineage_tag(g);
	n->item = i;
	n->kind = LINEAGE_GOROUTINE;
	n->expandable = l->mark[i] & MARK_PATH;
	n->open = true;
	return true;
}

static bool listed(const struct lineage *l, golin_gidx i)
{
	return i < l->nmark && (l->mark[i] & (MARK_SHOWN | MARK_PATH));
}

/* The group that g would be in, made when it is the first of its like. */
static struct lineage_group *group_of(struct lineage *l, uint64_t parent,
				      const struct golin_goroutine *g)
{
	bool ended = !lineage_alive(l, g);
	uint64_t tag = group_tag(parent, g->startpc, g->gopc, ended);
	struct lineage_group *grp;
	uint32_t at;

	if (map64_get(&l->by_key, tag, &at)) {
		grp = &l->groups.v[at];
		if (grp->call == l->call)
			return grp;
	} else {
		grp = array_add(&l->groups);
		if (!grp || !map64_put(&l->by_key, tag, (uint32_t)l->groups.len - 1))
			return NULL;
	}
	*grp = (struct lineage_group){
		.tag = tag,
		.startpc = g->startpc,
		.gopc = g->gopc,
		.target = g->target,
		.epoch = g->epoch,
		.oldest = UINT64_MAX,
		.first = GOLIN_GIDX_NONE,
		.last = GOLIN_GIDX_NONE,
		.call = l->call,
		.ended = ended,
	};
	return grp;
}

static void count_panic(const struct lineage *l, struct lineage_group *grp,
			const struct golin_goroutine *g)
{
	enum panic_mark mark;

	if (!l->panics || !l->panics->newest.len)
		return;
	mark = panic_marks_of(l->panics, l, g);
	grp->panics += mark != PANIC_NO_MARK;
	grp->active += mark > PANIC_RECENT;
}

static bool fill_groups(struct lineage *l, uint64_t parent, golin_gidx first)
{
	const struct golin_goroutine *g;

	l->call++;
	for (golin_gidx i = first; (g = golin_model_goroutine(l->model, i)); i = g->next) {
		struct lineage_group *grp;

		if (!listed(l, i) || (l->mark[i] & MARK_ALONE))
			continue;
		grp = group_of(l, parent, g);
		if (!grp)
			return false;
		l->like[i] = GOLIN_GIDX_NONE;
		if (grp->last == GOLIN_GIDX_NONE)
			grp->first = i;
		else
			l->like[grp->last] = i;
		grp->last = i;
		grp->count++;
		grp->kids += g->nlive;
		count_panic(l, grp, g);
		grp->system |= (g->flags & GOLIN_GF_SYSTEM) != 0;
		if (g->created < grp->oldest)
			grp->oldest = g->created;
		if (g->created > grp->newest)
			grp->newest = g->created;
	}
	return true;
}

static bool siblings(struct lineage *l, uint64_t parent, golin_gidx first, struct tree_nodes *out)
{
	const struct golin_goroutine *g;

	if (l->fold && !fill_groups(l, parent, first))
		return false;
	for (golin_gidx i = first; (g = golin_model_goroutine(l->model, i)); i = g->next) {
		struct lineage_group *grp = NULL;
		struct tree_node *n;

		if (!listed(l, i))
			continue;
		if (l->fold && !(l->mark[i] & MARK_ALONE))
			grp = group_of(l, parent, g);
		if (!grp || grp->count < LINEAGE_FOLD_MIN) {
			if (!add_goroutine(l, i, g, out))
				return false;
			continue;
		}
		if (grp->first != i)
			continue;
		n = array_add(out);
		if (!n)
			return false;
		n->tag = grp->tag;
		n->item = (uint32_t)(grp - l->groups.v);
		n->kind = LINEAGE_GROUP;
		n->expandable = true;
	}
	return true;
}

static bool members(struct lineage *l, const struct lineage_group *grp, struct tree_nodes *out)
{
	golin_gidx i = grp->first;

	for (uint32_t n = 0; n < grp->count && i < l->nmark; n++, i = l->like[i]) {
		const struct golin_goroutine *g = golin_model_goroutine(l->model, i);

		/* It may have left since, and its index serve another. */
		if (g && g->startpc == grp->startpc && g->gopc == grp->gopc &&
		    !add_goroutine(l, i, g, out))
			return false;
	}
	return true;
}

static bool children(void *arg, const struct tree_node *parent, struct tree_nodes *out)
{
	struct lineage *l = arg;
	const struct golin_goroutine *g;

	if (!parent)
		return siblings(l, 0, golin_model_roots(l->model), out);
	if (parent->kind == LINEAGE_GROUP)
		return parent->item < l->groups.len ? members(l, &l->groups.v[parent->item], out)
						    : true;
	g = golin_model_goroutine(l->model, parent->item);
	if (!g || lineage_tag(g) != parent->tag)
		return true;
	return siblings(l, parent->tag, g->first, out);
}

struct tree_source lineage_source(struct lineage *l)
{
	return (struct tree_source){.children = children, .arg = l};
}

uint32_t lineage_kids(const struct lineage *l, const struct golin_goroutine *g)
{
	const struct golin_goroutine *c;
	uint32_t n = 0;

	if (!l->asof)
		return g->nlive;
	for (golin_gidx i = g->first; (c = golin_model_goroutine(l->model, i)); i = c->next)
		n += exists(l, c) && lineage_alive(l, c);
	return n;
}

static golin_gidx last_root(const struct golin_model *m)
{
	golin_gidx i = golin_model_roots(m), last = GOLIN_GIDX_NONE;
	const struct golin_goroutine *g;

	for (; (g = golin_model_goroutine(m, i)); i = g->next)
		last = i;
	return last;
}

/* The next in the order of the tree (a node before its children); NONE behind the last. */
static golin_gidx step(const struct lineage *l, golin_gidx i)
{
	const struct golin_goroutine *g = golin_model_goroutine(l->model, i);

	/* not into what is not shown: nothing below it is */
	if (g && g->first != GOLIN_GIDX_NONE && i < l->nmark && (l->mark[i] & MARK_PATH))
		return g->first;
	for (int n = 0; g && n < LINEAGE_DEPTH_MAX; n++) {
		if (g->next != GOLIN_GIDX_NONE)
			return g->next;
		g = golin_model_goroutine(l->model, g->up);
	}
	return GOLIN_GIDX_NONE;
}

static golin_gidx deepest(const struct lineage *l, golin_gidx i)
{
	for (int n = 0; n < LINEAGE_DEPTH_MAX; n++) {
		const struct golin_goroutine *g = golin_model_goroutine(l->model, i);

		if (!g || g->last == GOLIN_GIDX_NONE || i >= l->nmark || !(l->mark[i] & MARK_PATH))
			break;
		i = g->last;
	}
	return i;
}

static golin_gidx step_back(const struct lineage *l, golin_gidx i)
{
	const struct golin_goroutine *g = golin_model_goroutine(l->model, i);

	if (!g)
		return GOLIN_GIDX_NONE;
	return g->prev != GOLIN_GIDX_NONE ? deepest(l, g->prev) : g->up;
}

golin_gidx lineage_search(const struct lineage *l, struct search *s, golin_gidx from,
			  bool backwards, bool with_from)
{
	uint32_t max = golin_model_goroutine_max(l->model);
	golin_gidx i = from;

	if (!golin_model_goroutine(l->model, i)) {
		i = GOLIN_GIDX_NONE;
		with_from = false;
	}
	/* Twice round at most: every step meets another goroutine, or the end. */
	for (uint64_t n = 0; n <= 2ull * max + 2; n++) {
		const struct golin_goroutine *g;

		if (!with_from && i != GOLIN_GIDX_NONE)
			i = backwards ? step_back(l, i) : step(l, i);
		else if (!with_from)
			i = backwards ? deepest(l, last_root(l->model))
				      : golin_model_roots(l->model);
		with_from = false;
		g = golin_model_goroutine(l->model, i);
		if (g && i < l->nmark && (l->mark[i] & MARK_SHOWN) && search_match(s, l->model, g))
			return i;
		if (!g)
			i = GOLIN_GIDX_NONE;
	}
	return GOLIN_GIDX_NONE;
}

static void nearer(uint64_t t, uint64_t at, bool backwards, uint64_t *best)
{
	if (!t)
		return;
	if (backwards ? t < at && t > *best : t > at && (!*best || t < *best))
		*best = t;
}

uint64_t lineage_event_time(const struct lineage *l, uint64_t at, bool backwards)
{
	uint32_t max = golin_model_goroutine_max(l->model);
	uint64_t best = 0;

	for (golin_gidx i = 0; i < max; i++) {
		const struct golin_goroutine *g = golin_model_goroutine(l->model, i);

		if (!g || ((g->flags & GOLIN_GF_SYSTEM) && !l->system))
			continue;
		nearer(g->created, at, backwards, &best);
		nearer(g->exited, at, backwards, &best);
	}
	return best;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the records of panics do to the model: each is a fact, and what became of a panic follows
 * from them. A record that was lost leaves something unknown, and nothing wrong behind it: what the
 * next ones contradict is taken from the stack.
 */
#include "model_impl.h"

#include <errno.h>

static bool is_usable(struct golin_model *m, uint64_t goid)
{
	if (goid && key_fits(goid))
		return true;
	m->counts.unread++;
	return false;
}

static bool is_active(const struct golin_model *m, golin_pidx i)
{
	return panic_at(m, i)->p.outcome == GOLIN_PO_ACTIVE;
}

static bool is_goexit(const struct golin_model *m, golin_pidx i)
{
	return i != GOLIN_PIDX_NONE && panic_at(m, i)->p.kind == GOLIN_PANIC_GOEXIT;
}

uint32_t panic_go_minor(const struct golin_model *m, uint32_t space)
{
	const char *s = strstr(strings_get(&m->strings, m->spaces.v[space].go), "go1.");
	uint32_t minor = 0;

	for (s = s ? s + 4 : ""; *s >= '0' && *s <= '9' && minor < 1000; s++)
		minor = minor * 10 + (uint32_t)(*s - '0');
	return minor ? minor : UINT32_MAX;
}

bool panic_goexit_is_linked(const struct golin_model *m, uint32_t space)
{
	return panic_go_minor(m, space) >= 14;
}

/* ---- beginnings ---- */

int panic_enter(struct golin_model *m, golin_pidx i, golin_pidx up)
{
	int rc;

	panic_link(m, i, LINK_NESTED, up);
	rc = panic_site_enter(m, i);
	if (rc == -ENOSPC)
		m->counts.unread++;
	else if (rc)
		return rc;
	panic_find_repanic(m, i, up);
	rc = panic_values_learn(m, i);
	rc = rc ? rc : panic_trace_started(m, panic_at(m, i)->space, i);
	panic_place(m, i);
	return rc ? rc : panic_tell(m, i, GOLIN_PC_STARTED);
}

int panic_add_lost(struct golin_model *m, uint32_t space, const struct golin_rec *h, uint8_t kind,
		   golin_pidx *ret)
{
	golin_pidx top = panic_top(m, space, h->goid);
	int rc = panic_add(m, space, kind, h->goid, h->ts, ret);

	if (rc)
		return rc;
	panic_at(m, *ret)->p.more = GOLIN_PF_LOST_START;
	rc = panic_push(m, *ret);
	return rc ? rc : panic_enter(m, *ret, top);
}

void panic_lose(struct golin_model *m, golin_pidx i, uint64_t ts)
{
	panic_resolve(m, i, GOLIN_PO_UNKNOWN, ts);
	panic_pop(m, i);
}

void panic_set_recovered(struct golin_model *m, golin_pidx i, uint64_t ts)
{
	struct panic_node *n = panic_at(m, i);

	if (n->p.outcome == GOLIN_PO_ACTIVE)
		n->p.recovered_by = panic_last_defer(m, i);
	panic_resolve(m, i, GOLIN_PO_RECOVERED, ts);
}

void panic_end_by_goexit(struct golin_model *m, golin_pidx i, uint64_t ts)
{
	golin_pidx above = GOLIN_PIDX_NONE;

	for (; i != GOLIN_PIDX_NONE && !is_goexit(m, i); i = panic_at(m, i)->below) {
		if (!is_active(m, i))
			continue;
		panic_at(m, i)->by_goexit = true;
		if (above == GOLIN_PIDX_NONE)
			panic_resolve(m, i, GOLIN_PO_GOEXIT, ts);
		else
			panic_overtake(m, i, above, ts);
		above = i;
	}
}

/* Takes what is above the innermost Goexit from the stack: it goes on. False: there is none. */
static bool back_to_goexit(struct golin_model *m, uint32_t space, uint64_t goid, uint64_t ts)
{
	golin_pidx i = panic_top(m, space, goid);

	while (i != GOLIN_PIDX_NONE && !is_goexit(m, i))
		i = panic_at(m, i)->below;
	if (i == GOLIN_PIDX_NONE)
		return false;
	while (panic_top(m, space, goid) != i)
		panic_lose(m, panic_top(m, space, goid), ts);
	return true;
}

static int lost_goexit(struct golin_model *m, uint32_t space, const struct golin_rec *h,
		       golin_pidx *ret)
{
	panic_end_by_goexit(m, panic_top(m, space, h->goid), h->ts);
	return panic_add_lost(m, space, h, GOLIN_PANIC_GOEXIT, ret);
}

/* What is known of a panic or Goexit that begins. */
struct begin {
	const struct golin_rec *h;
	uint64_t depth, stack;
	uint32_t space, flags;
};

/* The runtime has one above it of which nothing came. */
static int lost_above(struct golin_model *m, const struct begin *b)
{
	bool goexit = b->flags & GOLIN_PANIC_UP_GOEXIT;
	struct panic_node *n, *below;
	golin_pidx i;
	int rc = goexit ? lost_goexit(m, b->space, b->h, &i)
			: panic_add_lost(m, b->space, b->h, GOLIN_PANIC_PANIC, &i);

	if (rc)
		return rc;
	n = panic_at(m, i);
	n->p.depth = panic_depth_of(m, b->space, b->stack, b->depth,
				    goexit ? "runtime.Goexit" : "runtime.gopanic");
	below = n->below == GOLIN_PIDX_NONE ? NULL : panic_at(m, n->below);
	if (below && below->depth_known && n->p.depth <= below->p.depth)
		n->p.depth = 0; /* the stack is that of another moment */
	n->depth_known = n->p.depth != 0;
	return 0;
}

/*
 * Brings the stack to what a panic or Goexit that begins now says of it; *ret is the one during
 * whose deferred call it does.
 */
static int find_above(struct golin_model *m, const struct begin *b, golin_pidx *ret)
{
	const struct golin_rec *h = b->h;
	uint32_t space = b->space, flags = b->flags;
	bool linked = panic_goexit_is_linked(m, space);
	golin_pidx top = panic_top(m, space, h->goid);
	int rc = 0;

	/* What lies as deep or deeper has been left. */
	while (top != GOLIN_PIDX_NONE && panic_at(m, top)->depth_known &&
	       panic_at(m, top)->p.depth >= b->depth) {
		panic_lose(m, top, h->ts);
		top = panic_top(m, space, h->goid);
	}
	if (!(flags & GOLIN_PANIC_NESTED)) {
		while (top != GOLIN_PIDX_NONE && (linked || !is_goexit(m, top))) {
			panic_lose(m, top, h->ts);
			top = panic_top(m, space, h->goid);
		}
	} else if (!linked && is_goexit(m, top)) {
		; /* the flags are of a panic that the Goexit has ended */
	} else if (flags & GOLIN_PANIC_UP_GOEXIT) {
		if (!back_to_goexit(m, space, h->goid, h->ts))
			rc = lost_above(m, b);
	} else if (top == GOLIN_PIDX_NONE || is_goexit(m, top)) {
		rc = lost_above(m, b);
	}
	*ret = panic_top(m, space, h->goid);
	if (rc || *ret == GOLIN_PIDX_NONE || is_goexit(m, *ret))
		return rc;
	if (flags & GOLIN_PANIC_UP_RECOVERED)
		panic_set_recovered(m, *ret, h->ts);
	return 0;
}

/* ---- values ---- */

static int value_fill(struct golin_model *m, uint32_t space, const struct golin_rec *h,
		      const struct golin_rec_value *from, struct golin_panic_value *to)
{
	int rc = texts_hold(&m->panics.texts, golin_rec_text(h, from->text), from->text.len,
			    &to->text);

	*to = (struct golin_panic_value){
		.type_addr = from->type,
		.data = from->data,
		.size = from->size,
		.type = model_type_name(m, space, from->type),
		.text = to->text,
		.flags = from->flags,
		.up = from->up,
	};
	if (rc != -ENOSPC)
		return rc;
	to->flags &= ~(uint32_t)GOLIN_VALUE_TEXT;
	to->flags |= GOLIN_VALUE_PARTIAL;
	m->counts.unread++;
	return 0;
}

int panic_set_values(struct golin_model *m, golin_pidx i, const struct golin_rec *h,
		     const struct golin_rec_value *from, uint32_t n)
{
	struct panic_node *node = panic_at(m, i);
	int rc = 0;

	if (!n)
		return 0;
	node->values = calloc(n, sizeof(*node->values));
	if (!node->values)
		return -ENOMEM;
	node->p.nvalues = n;
	m->panics.nvalues += n;
	for (uint32_t k = 0; k < n && !rc; k++) {
		rc = value_fill(m, node->space, h, &from[k], &node->values[k]);
		/* A value is held by one before it. */
		if (node->values[k].up >= k)
			node->values[k].up = 0;
	}
	return rc;
}

int panic_set_printed(struct golin_model *m, golin_pidx i, const struct golin_rec *h,
		      struct golin_rec_str s)
{
	struct golin_panic *p = &panic_at(m, i)->p;
	int rc;

	if (p->printed)
		return 0;
	rc = texts_hold(&m->panics.texts, golin_rec_text(h, s), s.len, &p->printed);
	if (rc != -ENOSPC)
		return rc;
	m->counts.unread++;
	return 0;
}

/* ---- records ---- */

static uint16_t more_of(uint32_t flags)
{
	return (flags & GOLIN_PANIC_LOCKED ? GOLIN_PF_LOCKED : 0) |
	       (flags & GOLIN_PANIC_SIGNAL ? GOLIN_PF_SIGNAL : 0) |
	       (flags & GOLIN_PANIC_PARTIAL ? GOLIN_PF_PARTIAL : 0) |
	       (flags & GOLIN_PANIC_FATAL_ERROR ? GOLIN_PF_USER_FATAL : 0);
}

int panic_fill_start(struct golin_model *m, golin_pidx i, const struct golin_rec_panic_start *r)
{
	struct panic_node *n = panic_at(m, i);

	n->p.depth = r->depth;
	n->depth_known = r->depth != 0;
	n->p.stack = r->stack;
	if (r->flags & GOLIN_PANIC_SIGNAL) {
		n->p.fault_pc = r->fault_pc;
		n->p.fault_addr = r->fault_addr;
	}
	n->p.trace_kind = r->trace_kind <= GOLIN_TRACE_UUID ? (uint8_t)r->trace_kind : 0;
	n->p.trace[0] = r->trace[0];
	n->p.trace[1] = r->trace[1];
	n->p.more |= more_of(r->flags);
	return panic_set_values(m, i, &r->h, r->values, r->n);
}

/* A new entry of that kind, and what was the innermost before it. Not pushed yet. */
static int begin_entry(struct golin_model *m, const struct begin *b, uint8_t kind, golin_pidx *ret,
		       golin_pidx *ret_up)
{
	golin_gidx g;
	int rc = goroutine_alive(m, b->space, b->h->goid, &g);

	rc = rc ? rc : find_above(m, b, ret_up);
	return rc ? rc : panic_add(m, b->space, kind, b->h->goid, b->h->ts, ret);
}

static int apply_start(struct golin_model *m, const struct golin_rec_panic_start *r, uint32_t space)
{
	const struct begin b = {&r->h, r->depth, r->stack, space, r->flags};
	golin_pidx i, up;
	int rc = begin_entry(m, &b, GOLIN_PANIC_PANIC, &i, &up);

	rc = rc ? rc : panic_fill_start(m, i, r);
	if (rc)
		return rc;
	rc = panic_push(m, i);
	return rc ? rc : panic_enter(m, i, up);
}

int panic_add_defer(struct golin_model *m, golin_pidx i, const struct golin_rec_panic_defer *r)
{
	struct panic_node *n = panic_at(m, i);
	struct panics *t = &m->panics;
	uint64_t ts = model_time(m, r->h.ts);
	uint32_t room = n->room_defers ? 2 * n->room_defers : 2;
	struct golin_panic_defer *v;

	panic_close_defer(m, i, ts);
	n->last_defer = r->pc;
	n->defer_losses = t->losses;
	n->p.ndefers++;
	if (n->kept_defers >= PANIC_DEFERS)
		return 0;
	if (n->kept_defers == n->room_defers) {
		if (t->ndefers + room - n->room_defers > PANIC_DEFERS_ALL)
			return -ENOSPC;
		v = realloc(n->defers, room * sizeof(*v));
		if (!v)
			return -ENOMEM;
		t->ndefers += room - n->room_defers;
		n->defers = v;
		n->room_defers = room;
	}
	n->defers[n->kept_defers++] =
		(struct golin_panic_defer){.pc = r->pc, .ts = ts, .flags = r->flags};
	return 0;
}

static int apply_defer(struct golin_model *m, const struct golin_rec_panic_defer *r, uint32_t space)
{
	bool of_goexit = r->flags & GOLIN_PANIC_OF_GOEXIT;
	golin_pidx i;
	int rc = 0;

	if (of_goexit && !back_to_goexit(m, space, r->h.goid, r->h.ts)) {
		m->panics.counts.unmatched++;
		rc = lost_goexit(m, space, &r->h, &i);
	}
	i = panic_top(m, space, r->h.goid);
	/* One that was recovered runs no more of them. */
	while (i != GOLIN_PIDX_NONE && !is_goexit(m, i) && !is_active(m, i)) {
		panic_pop(m, i);
		i = panic_top(m, space, r->h.goid);
	}
	if (!of_goexit && (i == GOLIN_PIDX_NONE || is_goexit(m, i))) {
		m->panics.counts.unmatched++;
		rc = panic_add_lost(m, space, &r->h, GOLIN_PANIC_PANIC, &i);
	}
	if (rc)
		return rc;
	rc = panic_add_defer(m, i, r);
	return rc ? rc : panic_tell(m, i, GOLIN_PC_DEFER);
}

static int apply_goexit(struct golin_model *m, const struct golin_rec_panic_goexit *r,
			uint32_t space)
{
	const struct begin b = {&r->h, r->depth, r->stack, space, r->flags};
	golin_pidx i, up;
	int rc = begin_entry(m, &b, GOLIN_PANIC_GOEXIT, &i, &up);

	if (rc)
		return rc;
	panic_at(m, i)->p.depth = r->depth;
	panic_at(m, i)->depth_known = r->depth != 0;
	panic_at(m, i)->p.stack = r->stack;
	panic_at(m, i)->p.more = more_of(r->flags);
	panic_end_by_goexit(m, up, r->h.ts);
	rc = panic_push(m, i);
	return rc ? rc : panic_enter(m, i, up);
}

static int apply_throw(struct golin_model *m, const struct golin_rec_panic_throw *r, uint32_t space)
{
	golin_pidx i, up = panic_top(m, space, r->h.goid);
	golin_gidx g;
	int rc;

	rc = goroutine_alive(m, space, r->h.goid, &g);
	rc = rc ? rc : panic_add(m, space, GOLIN_PANIC_THROW, r->h.goid, r->h.ts, &i);
	if (rc)
		return rc;
	panic_at(m, i)->p.stack = r->stack;
	panic_at(m, i)->p.more = more_of(r->flags);
	rc = panic_set_printed(m, i, &r->h, r->text);
	rc = rc ? rc : panic_enter(m, i, up);
	if (rc)
		return rc;
	panic_resolve(m, i, GOLIN_PO_FATAL, r->h.ts);
	panic_end(m, i);
	return 0;
}

/* The flags of a record of a panic: each type has some, at a place of its own. */
static uint32_t flags_of(const struct golin_rec *rec)
{
	switch (rec->type) {
	case GOLIN_REC_PANIC_START:
		return ((const struct golin_rec_panic_start *)rec)->flags;
	case GOLIN_REC_PANIC_DEFER:
		return ((const struct golin_rec_panic_defer *)rec)->flags;
	case GOLIN_REC_PANIC_RECOVER:
		return ((const struct golin_rec_panic_recover *)rec)->flags;
	case GOLIN_REC_PANIC_GOEXIT:
		return ((const struct golin_rec_panic_goexit *)rec)->flags;
	case GOLIN_REC_PANIC_FATAL:
		return ((const struct golin_rec_panic_fatal *)rec)->flags;
	default:
		return ((const struct golin_rec_panic_throw *)rec)->flags;
	}
}

static int apply(struct golin_model *m, const struct golin_rec *rec, uint32_t space)
{
	/* A throw may be no goroutine's. */
	if (rec->type != GOLIN_REC_PANIC_THROW && !is_usable(m, rec->goid))
		return 0;
	switch (rec->type) {
	case GOLIN_REC_PANIC_START:
		return apply_start(m, (const struct golin_rec_panic_start *)rec, space);
	case GOLIN_REC_PANIC_DEFER:
		return apply_defer(m, (const struct golin_rec_panic_defer *)rec, space);
	case GOLIN_REC_PANIC_RECOVER:
		return panic_apply_recover(m, (const struct golin_rec_panic_recover *)rec, space);
	case GOLIN_REC_PANIC_GOEXIT:
		return apply_goexit(m, (const struct golin_rec_panic_goexit *)rec, space);
	case GOLIN_REC_PANIC_FATAL:
		return panic_apply_fatal(m, (const struct golin_rec_panic_fatal *)rec, space);
	default:
		return apply_throw(m, (const struct golin_rec_panic_throw *)rec, space);
	}
}

int model_apply_panic(struct golin_model *m, const struct golin_rec *rec, uint32_t space)
{
	uint32_t flags = flags_of(rec);
	int rc;

	if (flags & GOLIN_PANIC_DUMPED)
		return panic_apply_dumped(m, rec, space);
	rc = panic_dump_over(m);
	if (rc)
		return rc;
	m->counts.unread += !!(flags & GOLIN_PANIC_PARTIAL);
	rc = apply(m, rec, space);
	panics_evict(m);
	return rc;
}

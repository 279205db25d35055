/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Timers by their address, and the sites that made them. An ended timer is kept for a while, since
 * it may be armed again: then it is its old site's. From Go 1.23 on a timer that nobody names is
 * collected without an event; that shows when its address is used again, or when a reading of what
 * the runtime holds does not name it.
 */
#include "golin/timers.h"

#include <errno.h>
#include "golin/waits.h"
#include "model_impl.h"

enum {
	TIMERS_MAX = 1 << 20, /* in the table; what comes beyond counts as unread */
	ENDED_MAX = 1 << 16,  /* of these, ended ones */
	SITES_MAX = 1 << 16,
	SITE_PROBES = 8, /* of the same hash */
};

#define FAKE_NS 946684800000000000

void timers_init(struct timers *t)
{
	t->unused = t->ended_head = t->ended_tail = TIMER_NONE;
}

void timers_done(struct timers *t)
{
	array_free(&t->v);
	array_free(&t->sites);
	map64_done(&t->by_addr);
	map64_done(&t->by_site);
	map64_done(&t->by_stack);
}

size_t timers_bytes(const struct timers *t)
{
	const size_t entry = sizeof(*t->by_addr.keys) + sizeof(*t->by_addr.vals);

	return t->v.cap * sizeof(*t->v.v) + t->sites.cap * sizeof(*t->sites.v) +
	       (t->by_addr.cap + t->by_site.cap + t->by_stack.cap) * entry;
}

/* ---- the table ---- */

static struct timer *find(const struct timers *t, uint32_t space, uint64_t addr)
{
	uint32_t i;

	if (!addr || !key_fits(addr) || !map64_get(&t->by_addr, key_of(space, addr), &i))
		return NULL;
	return &t->v.v[i];
}

static void ended_push(struct timers *t, uint32_t i)
{
	struct timer *x = &t->v.v[i];

	x->next = TIMER_NONE;
	x->prev = t->ended_tail;
	if (t->ended_tail == TIMER_NONE)
		t->ended_head = i;
	else
		t->v.v[t->ended_tail].next = i;
	t->ended_tail = i;
	t->nended++;
}

static void ended_unlink(struct timers *t, uint32_t i)
{
	struct timer *x = &t->v.v[i];

	if (x->prev == TIMER_NONE)
		t->ended_head = x->next;
	else
		t->v.v[x->prev].next = x->next;
	if (x->next == TIMER_NONE)
		t->ended_tail = x->prev;
	else
		t->v.v[x->next].prev = x->prev;
	t->nended--;
}

static struct golin_timer_site *site_of(struct timers *t, const struct timer *x)
{
	return &t->sites.v[x->site].s;
}

static void set_held(struct timers *t, struct timer *x, bool held)
{
	struct golin_timer_site *s = site_of(t, x);

	if (x->held == held)
		return;
	x->held = held;
	s->held += held ? 1 : -1ull;
	if (!s->held)
		s->oldest = 0;
}

/* It is pending no more: `state` says why; 0: its address is another's. */
static void end_timer(struct timers *t, uint32_t i, uint8_t state)
{
	struct timer *x = &t->v.v[i];
	struct golin_timer_site *s = site_of(t, x);

	set_held(t, x, false);
	if (!--s->pending)
		s->delay_max = 0;
	x->state = state;
}

static void remove_timer(struct timers *t, uint32_t i);

/* One that ended may be armed again; not all that ever did can be kept. */
static void keep_ended(struct timers *t, struct timer *x, uint64_t ts)
{
	x->ended = ts;
	ended_push(t, (uint32_t)(x - t->v.v));
	if (t->nended > ENDED_MAX)
		remove_timer(t, t->ended_head);
}

static void remove_timer(struct timers *t, uint32_t i)
{
	struct timer *x = &t->v.v[i];

	if (x->state == TIMER_PENDING)
		end_timer(t, i, 0);
	else
		ended_unlink(t, i);
	map64_del(&t->by_addr, key_of(x->space, x->addr));
	*x = (struct timer){.next = t->unused};
	t->unused = i;
}

static void set_pending(struct timers *t, struct timer *x, uint64_t ts, int64_t delay)
{
	struct golin_timer_site *s = site_of(t, x);

	if (x->state != TIMER_PENDING) {
		if (x->state)
			ended_unlink(t, (uint32_t)(x - t->v.v));
		s->pending++;
	}
	x->state = TIMER_PENDING;
	x->armed = ts;
	x->delay = delay;
	if (delay > s->delay_max)
		s->delay_max = delay;
}

/* A new one at that address, in place of what was there. */
static int add_timer(struct timers *t, uint32_t space, uint64_t addr, uint32_t site, uint32_t *ret)
{
	struct timer *x = find(t, space, addr);
	uint32_t i = t->unused;

	if (x)
		remove_timer(t, (uint32_t)(x - t->v.v));
	else if (t->v.len >= TIMERS_MAX && i == TIMER_NONE)
		return -ENOSPC;
	i = t->unused;
	if (i == TIMER_NONE && !array_reserve(&t->v, t->v.len + 1))
		return -ENOMEM;
	if (!map64_put(&t->by_addr, key_of(space, addr), i == TIMER_NONE ? (uint32_t)t->v.len : i))
		return -ENOMEM;
	if (i == TIMER_NONE)
		i = (uint32_t)t->v.len++;
	else
		t->unused = t->v.v[i].next;
	t->v.v[i] = (struct timer){.addr = addr, .space = (uint16_t)space, .site = site};
	*ret = i;
	return 0;
}

/* ---- sites ---- */

/* Where on a stack the user's code made the timer; with no name, the stack stands for itself. */
static struct place place_of(const struct golin_model *m, uint32_t space, uint64_t stack,
			     uint8_t kind)
{
	struct golin_frame f = golin_model_user_frame(m, stack, NULL);

	if (!f.func[0])
		return (struct place){.stack = stack, .space = space, .kind = kind};
	return (struct place){
		.func = f.func, .file = f.file, .line = f.line, .space = space, .kind = kind};
}

/* Strings of the model stand once, at an address that stays. */
static bool same_place(const struct place *a, const struct place *b)
{
	return a->func == b->func && a->file == b->file && a->stack == b->stack &&
	       a->line == b->line && a->space == b->space && a->kind == b->kind;
}

static uint64_t place_hash(const struct place *p)
{
	uint64_t h = map64_mix((uint64_t)(uintptr_t)p->func ^ p->stack);

	h = map64_mix(h ^ (uint64_t)(uintptr_t)p->file);
	return map64_mix(h ^ ((uint64_t)p->line << 32 | p->space << 8 | p->kind));
}

static int site_enter(struct golin_model *m, uint32_t space, uint64_t stack, uint8_t kind,
		      uint32_t *ret)
{
	uint64_t key = map64_mix(stack ^ map64_mix((uint64_t)space << 8 | kind)), hash;
	struct timers *t = &m->timers;
	struct timer_site *s;
	struct place p;
	int k;

	if (map64_get(&t->by_stack, key, ret))
		return 0;
	p = place_of(m, space, stack, kind);
	hash = place_hash(&p);
	for (k = 0; k < SITE_PROBES; k++) {
		if (!map64_get(&t->by_site, hash + (uint64_t)k, ret))
			break;
		if (same_place(&t->sites.v[*ret].place, &p))
			goto known;
	}
	if (t->sites.len >= SITES_MAX || k == SITE_PROBES)
		return -ENOSPC;
	if (!array_reserve(&t->sites, t->sites.len + 1) ||
	    !map64_put(&t->by_site, hash + (uint64_t)k, (uint32_t)t->sites.len))
		return -ENOMEM;
	*ret = (uint32_t)t->sites.len;
	s = array_add(&t->sites);
	s->place = p;
	s->s.stack = stack;
	s->s.kind = kind;
known:
	/* A look-up that is saved: without memory for it, it is made again. */
	if (t->by_stack.len < m->opts.max_stacks)
		(void)map64_put(&t->by_stack, key, *ret);
	return 0;
}

/* ---- records ---- */

static bool kind_ok(uint32_t kind)
{
	return kind >= GOLIN_TIMER_FUNC && kind <= GOLIN_TIMER_TICKER;
}

static int64_t delay_of(const struct golin_rec_timer_start *r)
{
	uint64_t when = (uint64_t)r->when_ns;

	if (r->when_ns == INT64_MAX)
		return INT64_MAX;
	/* In a bubble of testing/synctest clocks begin in the year 2000. */
	if (r->when_ns >= FAKE_NS)
		return 0;
	return r->when_ns > 0 && when > r->h.ts ? (int64_t)(when - r->h.ts) : 0;
}

static int start_dumped(struct golin_model *m, const struct golin_rec_timer_start *r,
			uint32_t space, uint32_t site)
{
	struct timers *t = &m->timers;
	uint32_t i;
	int rc = add_timer(t, space, r->timer, site, &i);

	if (rc)
		return rc;
	if (r->flags & (GOLIN_TIMER_WAS_STOPPED | GOLIN_TIMER_WAS_FIRED | GOLIN_TIMER_WAS_GONE)) {
		t->v.v[i].state = r->flags & GOLIN_TIMER_WAS_FIRED     ? TIMER_FIRED
				  : r->flags & GOLIN_TIMER_WAS_STOPPED ? TIMER_STOPPED
								       : TIMER_GONE;
		t->v.v[i].ended = r->h.ts;
		ended_push(t, i);
		return 0;
	}
	set_pending(t, &t->v.v[i], r->h.ts, delay_of(r));
	if (r->flags & GOLIN_TIMER_WAS_HELD)
		set_held(t, &t->v.v[i], true);
	return 0;
}

int model_apply_timer_start(struct golin_model *m, const struct golin_rec_timer_start *r,
			    uint32_t space)
{
	struct timers *t = &m->timers;
	struct timer *x = find(t, space, r->timer);
	struct golin_timer_site *s;
	uint32_t site, i;
	int rc;

	m->counts.unread += !!(r->flags & GOLIN_TIMER_PARTIAL);
	if (!r->timer || !key_fits(r->timer) || !kind_ok(r->kind))
		return 0;
	if (r->again) {
		/* One that was made before golin came is no site's. */
		if (x)
			set_pending(t, x, model_time(m, r->h.ts), delay_of(r));
		return 0;
	}
	rc = site_enter(m, space, r->stack, (uint8_t)r->kind, &site);
	if (rc)
		return rc;
	if (r->flags & GOLIN_TIMER_DUMPED)
		return start_dumped(m, r, space, site);
	s = &t->sites.v[site].s;
	s->made++;
	s->goid = r->h.goid;
	rc = add_timer(t, space, r->timer, site, &i);
	if (!rc)
		set_pending(t, &t->v.v[i], model_time(m, r->h.ts), delay_of(r));
	return rc;
}

int model_apply_timer_end(struct golin_model *m, const struct golin_rec_timer_end *r,
			  uint32_t space)
{
	struct timers *t = &m->timers;
	struct timer *x = find(t, space, r->timer);
	bool fired = r->how == GOLIN_TIMER_FIRED;
	struct golin_timer_site *s;

	m->counts.unread += !!(r->flags & GOLIN_TIMER_PARTIAL);
	if (!x || (!fired && r->how != GOLIN_TIMER_STOPPED))
		return 0;
	s = site_of(t, x);
	s->fired += fired;
	if (fired && x->state == TIMER_STOPPED) {
		/* It was firing when Stop was called, which did nothing then. */
		s->stopped--;
		x->state = TIMER_FIRED;
		return 0;
	}
	if (!fired && x->state == TIMER_GONE) { /* the reading was quicker */
		s->stopped++;
		x->state = TIMER_STOPPED;
	}
	if (x->state != TIMER_PENDING)
		return 0;
	/* None fires before its time: that was of the time for which it had been armed before. */
	if (fired && x->delay > 0 && r->h.ts - x->armed < (uint64_t)x->delay)
		return 0;
	end_timer(t, (uint32_t)(x - t->v.v), fired ? TIMER_FIRED : TIMER_STOPPED);
	s->stopped += !fired;
	keep_ended(t, x, model_time(m, r->h.ts));
	return 0;
}

/* ---- what the runtime holds ---- */

/* It is there, whatever its events said: it was armed again while it ended. */
static void revive(struct timers *t, struct timer *x)
{
	set_pending(t, x, x->ended, 0);
}

static void reading_over(struct timers *t, uint32_t space, uint64_t since)
{
	array_for_each (&t->sites, s) {
		if (s->place.space != space)
			continue;
		s->s.held_before = s->held_read;
		s->s.oldest = 0;
		s->s.delay_max = 0;
	}
	array_for_each (&t->v, x) {
		struct golin_timer_site *s;

		if (x->state != TIMER_PENDING || x->space != space)
			continue;
		s = site_of(t, x);
		if (x->reading != t->reading && x->armed < since) {
			end_timer(t, (uint32_t)(x - t->v.v), TIMER_GONE);
			keep_ended(t, x, since);
			continue;
		}
		set_held(t, x, x->reading == t->reading);
		if (x->delay > s->delay_max)
			s->delay_max = x->delay;
		if (x->held && (!s->oldest || x->armed < s->oldest))
			s->oldest = x->armed;
	}
	array_for_each (&t->sites, s) {
		if (s->place.space != space)
			continue;
		s->held_read = s->s.held;
		if (!s->was_read)
			s->s.held_first = s->s.held;
		s->was_read = true;
	}
}

void model_apply_timer_held(struct golin_model *m, const struct golin_rec_timer_held *r,
			    uint32_t space)
{
	struct timers *t = &m->timers;

	if (!t->reading_on || r->since != t->since) { /* its first part */
		t->since = r->since;
		t->reading_on = true;
		t->reading++;
		t->reading_cut = false;
	}
	t->reading_cut |= r->unread || r->cut;
	for (uint32_t i = 0; i < r->n; i++) {
		struct timer *x = find(t, space, r->timers[i]);

		if (!x)
			continue;
		if (x->state != TIMER_PENDING && x->ended < r->since)
			revive(t, x);
		if (x->state == TIMER_PENDING)
			x->reading = t->reading;
	}
	if (!r->last)
		return;
	if (t->reading_cut) {
		m->counts.unread++;
	} else {
		reading_over(t, space, r->since);
		t->read = model_time(m, r->since);
	}
	t->reading_on = false;
}

void timers_end_all(struct golin_model *m, uint32_t space)
{
	struct timers *t = &m->timers;

	for (uint32_t i = 0; i < t->v.len; i++)
		if (t->v.v[i].addr && t->v.v[i].space == space)
			remove_timer(t, i);
}

int model_apply_timer_site(struct golin_model *m, const struct golin_rec_timer_site *r,
			   uint32_t space)
{
	struct timer_site *s;
	uint32_t at;
	int rc;

	if (!r->kind) {
		m->timers.read = r->read;
		return 0;
	}
	if (!kind_ok(r->kind))
		return 0;
	rc = site_enter(m, space, r->stack, (uint8_t)r->kind, &at);
	if (rc)
		return rc;
	s = &m->timers.sites.v[at];
	s->was_read = r->was_read;
	s->s.goid = r->h.goid;
	s->s.made = r->made;
	s->s.stopped = r->stopped;
	s->s.fired = r->fired;
	s->held_read = r->held_read;
	s->s.held_before = r->held_before;
	s->s.held_first = r->held_first;
	s->s.oldest = r->oldest;
	s->s.delay_max = r->delay_max;
	return 0;
}

/* ---- what is told ---- */

uint32_t golin_model_timer_sites(const struct golin_model *m)
{
	return (uint32_t)m->timers.sites.len;
}

const struct golin_timer_site *golin_model_timer_site(const struct golin_model *m, uint32_t i)
{
	return i < m->timers.sites.len ? &m->timers.sites.v[i].s : NULL;
}

uint64_t golin_model_timers_read(const struct golin_model *m)
{
	return m->timers.read;
}

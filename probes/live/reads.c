/* SPDX-License-Identifier: BSD-2-Clause */
#include "live/reads.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/err.h"
#include "live/kept.h"
#include "live/source.h"
#include "memory/waits.h"

#define MS 1000000ull

enum {
	ALL_PAUSE_MS = 250, /* between looks through all goroutines */
	ANSWER_MS = 3000,   /* an answer is given then, with what is known */
	TIMER_CHAN_CAP = 1, /* of the channels that package time makes */
};

static void drop_answer(struct reads *r, size_t i)
{
	free(r->answers.v[i].w);
	free(r->answers.v[i].kept);
	memmove(&r->answers.v[i], &r->answers.v[i + 1],
		(--r->answers.len - i) * sizeof(r->answers.v[0]));
}

void reads_reset(struct reads *r)
{
	while (r->answers.len)
		drop_answer(r, r->answers.len - 1);
	array_free(&r->answers);
	array_free(&r->later);
	defer_cache_done(&r->defers);
	map64_done(&r->stacks);
	memset(r, 0, sizeof(*r));
}

static int ask(struct reads *r, struct read_question q)
{
	for (size_t i = 0; i < r->nasked; i++)
		if (r->asked[i].goid == q.goid)
			return 0;
	if (r->nasked + r->answers.len >= READS_MAX)
		return -EAGAIN;
	r->asked[r->nasked++] = q;
	return 0;
}

int reads_ask(struct reads *r, uint64_t goid)
{
	return ask(r, (struct read_question){.goid = goid});
}

void reads_ask_later(struct reads *r, const struct golin_mem_goroutine *g)
{
	struct read_question *q = array_add(&r->later);

	if (q) /* else nobody has asked */
		*q = (struct read_question){.goid = g->goid, .g = g->g};
}

/* Leaves room for others. */
static void ask_those(struct reads *r)
{
	while (r->later_next < r->later.len && r->nasked + r->answers.len < READS_MAX / 2)
		ask(r, r->later.v[r->later_next++]);
	if (r->later_next == r->later.len) {
		array_free(&r->later);
		r->later_next = 0;
	}
}

/* ---- whose channels ---- */

static bool may_be_done(const struct mem_wait *w)
{
	return w->how == GOLIN_WAIT_RECV && !w->elemsize;
}

/* True when it is known of each channel whose it is. */
static bool all_found(struct live *l, const struct read_answer *a)
{
	struct done_index *d = &l->contexts.done;
	bool all = true;

	for (uint32_t i = 0; a->w && i < a->w->n; i++)
		if (may_be_done(&a->w->v[i]) && !done_find(d, a->w->v[i].chan))
			all = false;
	return all;
}

/* ---- reading ---- */

static int keep_where(void *arg, const struct golin_mem_goroutine *g)
{
	whereis_put(arg, g->goid, g->g);
	return 0;
}

/* -EAGAIN: it must be looked for among all, and it is not yet time for that. */
static int where(struct live *l, const struct golin_memory *m, uint64_t goid, uint64_t *ret_g)
{
	uint64_t unread = 0, now = live_now();
	int e;

	if (l->where.on && whereis_get(&l->where, goid, ret_g))
		return 0;
	if (now < l->reads.next_all)
		return -EAGAIN;
	l->where.on = true;
	e = golin_memory_goroutines(m, keep_where, &l->where, &unread, NULL);
	l->reads.next_all = live_now() + ALL_PAUSE_MS * MS;
	if (e < 0)
		return e;
	if (whereis_get(&l->where, goid, ret_g))
		return 0;
	return unread ? -EIO : -ENOENT;
}

static int read_one(struct live *l, const struct golin_memory *m, struct read_question q,
		    bool looked, struct read_answer *a)
{
	uint64_t g = q.g;
	int e = g ? 0 : where(l, m, q.goid, &g);

	/* What the look of just now did not find was not there. */
	if (e == -EAGAIN && looked)
		e = -ENOENT;
	if (e == -EAGAIN)
		return e;
	a->w = NULL;
	if (!e) {
		a->w = malloc(sizeof(*a->w));
		if (!a->w)
			return -ENOMEM;
		e = mem_goroutine_waits(m, g, q.goid, &a->g, a->w, NULL);
	}
	a->goid = q.goid;
	a->error = e;
	a->ts = live_now();
	if (!e && live_kept_wanted(l, &a->g) && live_kept_read(l, &a->g, &a->kept))
		return -ENOMEM;
	if (!e && live_wants_contexts(l) && !all_found(l, a)) {
		a->nheld = live_stack_contexts_look(l, &a->g, a->held, READS_HELD);
		live_stack_contexts_mark(l, &a->g, a->w);
	}
	return 0;
}

int live_reads_begin(struct live *l)
{
	struct golin_memory m = live_memory(l);
	struct reads *r = &l->reads;
	uint64_t next_all = r->next_all;
	size_t left = 0;
	int e = 0;

	ask_those(r);
	if (!r->nasked)
		return 0;
	/* Types and layouts of contexts serve here too, whether they are watched or not. */
	contexts_ready(&l->contexts, NULL);
	for (size_t i = 0; i < r->nasked; i++) {
		struct read_answer a = {0};

		e = e == -ENOMEM ? e : read_one(l, &m, r->asked[i], r->next_all != next_all, &a);
		if (!e && !array_reserve(&r->answers, r->answers.len + 1))
			e = -ENOMEM;
		if (e) {
			free(a.w);
			free(a.kept);
			r->asked[left++] = r->asked[i];
			continue;
		}
		a.pos = l->probing ? ring_end(&l->ring) : 0;
		r->answers.v[r->answers.len++] = a;
	}
	r->nasked = left;
	return e == -ENOMEM ? e : 0;
}

/* *ret: whether it is known, or known not to be. Its stack may show contexts that were there
 * before: how many records. */
static int are_known(struct live *l, const struct golin_sink *sink, struct read_answer *a,
		     bool *ret)
{
	struct done_index *d = &l->contexts.done;
	int n = 0;

	*ret = all_found(l, a);
	if (*ret)
		return 0;
	if (!a->searched) {
		a->searched = true;
		n = live_stack_contexts_tell(l, sink, a->goid, a->held, a->nheld, a->ts);
		a->round = done_round(d);
	}
	*ret = a->round <= d->ended;
	return n;
}

static bool is_timer(struct live *l, const struct mem_wait *w)
{
	const struct go_type *type;

	if (w->timer)
		return true;
	/* Up to Go 1.22, and later with asynctimerchan: a channel like any other. */
	if (w->cap != TIMER_CHAN_CAP || !l->contexts.open)
		return false;
	type = types_get(&l->contexts.types, w->elemtype);
	return type && !strcmp(type->name, "time.Time");
}

/* ---- telling ---- */

static int put_state(struct live *l, const struct golin_sink *sink, const struct read_answer *a)
{
	struct golin_rec_goroutine_state *r =
		golin_recbuf_begin(&l->buf, GOLIN_REC_GOROUTINE_STATE, sizeof(*r));
	const struct golin_rec *rec;
	int e = a->error;

	if (!r)
		return -ENOMEM;
	decode_header(&l->dec, &r->h, GOLIN_REC_GOROUTINE_STATE, 0, a->ts, a->goid);
	/* Only what was looked for in vain is dead; what could not be read is unknown. */
	r->state = !e ? a->g.state : e == -ENOENT || e == -ESRCH ? GOLIN_GS_DEAD : GOLIN_GS_UNKNOWN;
	if (!e) {
		r->wait_since = a->g.wait_since;
		golin_recbuf_str(&l->buf, offsetof(struct golin_rec_goroutine_state, wait),
				 a->g.wait, strlen(a->g.wait));
	}
	rec = golin_recbuf_end(&l->buf);
	e = rec ? live_put(sink, rec) : -ENOMEM;
	return e < 0 ? e : 1;
}

int live_reads_put_stack(struct live *l, const struct golin_sink *sink, const struct read_stack *s,
			 uint64_t ts, uint64_t *ret_id)
{
	size_t len = s->n * sizeof(uint64_t), more = s->words ? s->n * sizeof(uint16_t) : 0;
	struct golin_rec_stack *r;
	const struct golin_rec *rec;
	uint64_t id = s->truncated;
	int n, e;

	for (uint32_t i = 0; i < s->n; i++)
		id = map64_mix(id ^ s->pcs[i]);
	for (uint32_t i = 0; s->words && i < s->n; i++)
		id = map64_mix(id ^ s->words[i]);
	id = id ? id : 1;
	*ret_id = id;
	if (map64_get(&l->reads.stacks, id, &(uint32_t){0}))
		return 0;
	if (l->reads.stacks.len >= READS_STACKS) {
		map64_done(&l->reads.stacks);
		memset(&l->reads.stacks, 0, sizeof(l->reads.stacks));
	}
	for (uint32_t i = 0; i < s->n; i++)
		live_names_want(&l->names, s->pcs[i]);
	n = live_names(l, sink);
	if (n < 0)
		return n;
	r = golin_recbuf_begin(&l->buf, GOLIN_REC_STACK, sizeof(*r) + len + more);
	if (!r)
		return -ENOMEM;
	decode_header(&l->dec, &r->h, GOLIN_REC_STACK, 0, ts, 0);
	r->id = id;
	r->n = s->n;
	r->truncated = s->truncated;
	memcpy(r->pcs, s->pcs, len);
	if (more)
		memcpy(r->pcs + s->n, s->words, more);
	rec = golin_recbuf_end(&l->buf);
	e = rec ? live_put(sink, rec) : -ENOMEM;
	if (e < 0)
		return e;
	map64_put(&l->reads.stacks, id, 0);
	return n + 1;
}

static int put_stack(struct live *l, const struct golin_sink *sink, const struct read_answer *a,
		     uint64_t *ret_id)
{
	const struct stack_pcs *s = &a->w->stack;
	uint64_t pcs[GOLIN_STACK_MAX];

	for (uint32_t i = 0; i < s->n; i++)
		pcs[i] = decode_ret(&l->dec, s->v[i]);
	return live_reads_put_stack(
		l, sink, &(struct read_stack){.pcs = pcs, .n = s->n, .truncated = s->truncated},
		a->ts, ret_id);
}

/* It waits on that context's Done: an edge, told once and then again after many others. */
static int put_edge(struct live *l, const struct golin_sink *sink, const struct read_answer *a,
		    const struct done_context *c)
{
	uint64_t key = map64_mix(a->goid ^ map64_mix(c->number));
	struct read_edge *e = &l->reads.edges[key % READS_EDGES];
	struct golin_rec_context_passed r = {
		.child = a->goid, .ctx = c->ctx, .how = GOLIN_PASSED_WAITS};
	int err;

	if (e->goid == a->goid && e->number == c->number)
		return 0;
	decode_header(&l->dec, &r.h, GOLIN_REC_CONTEXT_PASSED, sizeof(r), a->ts, 0);
	err = live_put(sink, &r.h);
	if (err < 0)
		return err;
	*e = (struct read_edge){a->goid, c->number};
	return 1;
}

static void fill(struct live *l, const struct read_answer *a, bool known,
		 struct golin_rec_goroutine_waits *r)
{
	r->flags = a->w->flags;
	r->n = a->w->n;
	for (uint32_t i = 0; i < r->n; i++) {
		const struct mem_wait *w = &a->w->v[i];
		const struct done_context *c =
			may_be_done(w) ? done_find(&l->contexts.done, w->chan) : NULL;

		r->waits[i] = (struct golin_rec_wait){
			.chan = w->chan,
			.ctx = c ? c->ctx : 0,
			.how = w->how,
			.flags = (c || w->done ? GOLIN_WAIT_DONE : 0) |
				 (!w->elemsize ? GOLIN_WAIT_EMPTY : 0) |
				 (is_timer(l, w) ? GOLIN_WAIT_TIMER : 0),
		};
		/* It may be a context's that could not be looked at: nothing is sure then. */
		if (may_be_done(w) && !c && !w->done && !known)
			r->flags &= ~(uint32_t)GOLIN_WAITS_CHANNELS;
	}
}

static int put_waits(struct live *l, const struct golin_sink *sink, const struct read_answer *a,
		     bool known)
{
	size_t fixed =
		sizeof(struct golin_rec_goroutine_waits) + a->w->n * sizeof(struct golin_rec_wait);
	struct golin_rec_goroutine_waits *r;
	const struct golin_rec *rec;
	uint64_t stack = 0;
	int n = 0, e;

	if (a->w->flags & GOLIN_WAITS_STACK)
		n = put_stack(l, sink, a, &stack);
	if (n < 0)
		return n;
	r = golin_recbuf_begin(&l->buf, GOLIN_REC_GOROUTINE_WAITS, fixed);
	if (!r)
		return -ENOMEM;
	decode_header(&l->dec, &r->h, GOLIN_REC_GOROUTINE_WAITS, 0, a->ts, a->goid);
	r->stack = stack;
	fill(l, a, known, r);
	rec = golin_recbuf_end(&l->buf);
	e = rec ? live_put(sink, rec) : -ENOMEM;
	if (e < 0)
		return e;
	n++;
	for (uint32_t i = 0; i < a->w->n; i++) {
		const struct mem_wait *w = &a->w->v[i];
		const struct done_context *c =
			may_be_done(w) ? done_find(&l->contexts.done, w->chan) : NULL;

		e = c ? put_edge(l, sink, a, c) : 0;
		if (e < 0)
			return e;
		n += e;
	}
	return n;
}

void reads_event(struct reads *r, const struct golin_rec *rec)
{
	array_for_each (&r->answers, a)
		if (a->kept && a->goid == rec->goid && rec->ts > a->kept->ts)
			live_kept_moved(a->kept);
}

static int put_answer(struct live *l, const struct golin_sink *sink, const struct read_answer *a,
		      bool known)
{
	int n = put_state(l, sink, a), e = 0;

	if (n > 0 && !a->error)
		e = put_waits(l, sink, a, known);
	if (n > 0 && e >= 0) {
		n += e;
		e = a->kept ? live_kept_put(l, sink, a->kept, a->goid) : 0;
	}
	return e < 0 ? e : n < 0 ? n : n + e;
}

bool live_reads_wait(const struct live *l)
{
	return !l->probing && !l->gone && !l->finish && reads_pending(&l->reads) &&
	       live_now() < l->seen_ts + ANSWER_MS * MS;
}

void live_reads_give_up(struct live *l)
{
	size_t left = l->reads.later.len - l->reads.later_next;

	if (!left || l->gone || l->finish)
		return;
	l->unread += left;
	array_free(&l->reads.later);
	l->reads.later_next = 0;
	live_say(l, "of %zu more goroutines there was no time to read their panics", left);
}

static int put_answers(struct live *l, const struct golin_sink *sink, int max, uint64_t *ret_want)
{
	struct reads *r = &l->reads;
	uint64_t now = live_now();
	uint64_t want = 0;
	bool late, known;
	int n = 0, e;

	for (size_t i = 0; i < r->answers.len && n < max;) {
		struct read_answer *a = &r->answers.v[i];

		late = now > a->ts + ANSWER_MS * MS || l->gone || l->finish;
		if (!late && l->probing && ring_start(&l->ring) < a->pos) {
			i++;
			continue;
		}
		e = are_known(l, sink, a, &known);
		if (e < 0)
			return e;
		n += e;
		if (!known && !late) {
			want = a->round > want ? a->round : want;
			i++;
			continue;
		}
		e = put_answer(l, sink, a, known && done_is_whole(&l->contexts.done));
		drop_answer(r, i);
		if (e < 0)
			return e;
		n += e;
	}
	*ret_want = want;
	return n;
}

int live_reads_end(struct live *l, const struct golin_sink *sink, int max)
{
	struct done_index *d = &l->contexts.done;
	uint64_t want;
	int n, e;

	if (!l->reads.answers.len)
		return 0;
	n = put_answers(l, sink, max, &want);
	if (n >= 0 && want) {
		done_step(d, want, live_now());
		e = put_answers(l, sink, max - n, &want);
		n = e < 0 ? e : n + e;
	}
	if (d->cut && !l->reads.cut_said) {
		l->reads.cut_said = true;
		live_say(l,
			 "more than %d contexts: on whose Done channel a goroutine waits is not "
			 "always known",
			 DONE_MAX);
	}
	return n;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Go's rules of panics, recover and Goexit, played by chance: a goroutine calls functions that
 * defer others, panic, recover, exit. It keeps the account of what befell its panics, and the
 * records that golin would have got.
 */
#ifndef GOLIN_TESTS_PANIC_SIM_H
#define GOLIN_TESTS_PANIC_SIM_H

#include "panic_records.h"

enum {
	SIM_FRAMES = 40,
	SIM_DEFERS = 4,	 /* of one frame */
	SIM_ACTIVE = 24, /* panics and Goexits at once */
	SIM_ENTRIES = 200,
	SIM_RECORDS = 2000,
	SIM_STACK = 100,

	SIM_RUNTIME_FRAME = 0x60, /* bytes of gopanic's, Goexit's */
	SIM_FUNCS = 5,
	PC_FUNC = 0x10000,    /* of the function k: PC_FUNC + 0x100 * k */
	PC_GOPANIC = 0x20000, /* where it calls deferred functions */
	PC_GOEXIT = 0x20100,
};

struct sim_entry {
	uint8_t kind, outcome;
	bool recovered; /* recover() has taken effect */
	uint64_t depth, by;
	uint32_t frames, ndefers;
	int nested_in, replaced_by; /* of entries; -1 none */
	uint32_t nstack;
	uint64_t stack_at[SIM_STACK]; /* depth of the return address to each */
};

struct sim_frame {
	uint64_t sp, ret; /* depths: of the stack pointer, of the return address */
	uint64_t pc;
	int entry; /* of the runtime's: whose; -1 */
	uint64_t defers[SIM_DEFERS];
	int ndefers;
};

enum sim_status { SIM_NORMAL, SIM_UNWIND, SIM_GONE };

struct sim {
	uint64_t goid, random;
	int minor;
	struct sim_frame frames[SIM_FRAMES];
	int nframes;
	struct sim_entry entries[SIM_ENTRIES];
	int nentries;
	int active[SIM_ACTIVE]; /* g._panic, and Goexits of 1.13; the innermost last */
	int nactive;
	int target; /* of SIM_UNWIND: a frame */
	int left;   /* actions */
	struct golin_rec *records[SIM_RECORDS];
	int nrecords;
};

static uint64_t sim_stacks;

UNUSED_FN uint32_t sim_below(struct sim *s, uint32_t n)
{
	s->random = s->random * 6364136223846793005ull + 1442695040888963407ull;
	return (uint32_t)(s->random >> 33) % n;
}

/* ---- records ---- */

UNUSED_FN void sim_put(struct sim *s, const struct golin_rec *rec)
{
	assert_true(s->nrecords < SIM_RECORDS);
	s->records[s->nrecords] = malloc(rec->size);
	assert_non_null(s->records[s->nrecords]);
	memcpy(s->records[s->nrecords++], rec, rec->size);
}

UNUSED_FN uint32_t sim_flags(const struct sim *s)
{
	for (int k = s->nactive - 1; k >= 0; k--) {
		const struct sim_entry *e = &s->entries[s->active[k]];

		if (e->kind == GOLIN_PANIC_GOEXIT && s->minor < 14)
			continue;
		return GOLIN_PANIC_NESTED | (e->recovered ? GOLIN_PANIC_UP_RECOVERED : 0) |
		       (e->kind == GOLIN_PANIC_GOEXIT ? GOLIN_PANIC_UP_GOEXIT : 0);
	}
	return 0;
}

/* The stack of one that begins, with what lies between its frames. */
UNUSED_FN uint64_t sim_stack(struct sim *s, struct sim_entry *e)
{
	uint64_t at = e->depth, pcs[SIM_FRAMES];
	uint16_t words[SIM_FRAMES];
	struct golin_recbuf b = {0};
	struct golin_rec_stack *r;
	uint32_t n = 0;

	for (int k = s->nframes - 1; k >= 0; k--, n++) {
		pcs[n] = s->frames[k].pc;
		e->stack_at[n] = at;
		words[n] = (uint16_t)((at - s->frames[k].ret) / 8);
		at = s->frames[k].ret;
	}
	e->nstack = n;
	r = golin_recbuf_begin(&b, GOLIN_REC_STACK, sizeof(*r) + n * 10);
	r->h = header(GOLIN_REC_STACK, 0, 0, 0);
	r->id = ++sim_stacks;
	r->n = n;
	memcpy(r->pcs, pcs, n * 8);
	memcpy((char *)r->pcs + n * 8, words, n * 2);
	sim_put(s, golin_recbuf_end(&b));
	golin_recbuf_done(&b);
	return sim_stacks;
}

/* ---- what happens ---- */

UNUSED_FN enum sim_status sim_call(struct sim *s, uint64_t pc, int by, bool first);

UNUSED_FN struct sim_frame *sim_push(struct sim *s, uint64_t pc, uint64_t size, int entry)
{
	struct sim_frame *f = &s->frames[s->nframes];
	uint64_t sp = s->nframes ? f[-1].sp : 0x40;

	*f = (struct sim_frame){.ret = sp + 8, .sp = sp + 16 + size, .pc = pc, .entry = entry};
	s->nframes++;
	return f;
}

UNUSED_FN int sim_begin(struct sim *s, uint8_t kind)
{
	int i = s->nentries++;
	struct sim_entry *e = &s->entries[i];

	*e = (struct sim_entry){.kind = kind,
				.frames = UINT32_MAX,
				.nested_in = s->nactive ? s->active[s->nactive - 1] : -1,
				.replaced_by = -1};
	e->depth = s->frames[s->nframes - 1].sp + 8;
	return i;
}

UNUSED_FN void sim_deferred(struct sim *s, int i, uint64_t pc)
{
	bool goexit = s->entries[i].kind == GOLIN_PANIC_GOEXIT;
	struct golin_rec_panic_defer r = {.h = HEADER(GOLIN_REC_PANIC_DEFER, r, 0, s->goid),
					  .pc = pc,
					  .flags = goexit ? GOLIN_PANIC_OF_GOEXIT : 0};

	s->entries[i].ndefers++;
	sim_put(s, &r.h);
}

/* The next deferred call, of the innermost frame that has one; -1: none is left. */
UNUSED_FN int sim_next(const struct sim *s)
{
	for (int k = s->nframes - 1; k >= 0; k--)
		if (s->frames[k].ndefers)
			return k;
	return -1;
}

UNUSED_FN uint64_t sim_take(struct sim *s, int frame)
{
	return s->frames[frame].defers[--s->frames[frame].ndefers];
}

UNUSED_FN uint32_t sim_frame_of(const struct sim_entry *e, uint64_t sp)
{
	for (uint32_t k = 0; k < e->nstack; k++)
		if (e->stack_at[k] == sp + 8)
			return k;
	return UINT32_MAX;
}

/* The frame of a Goexit that runs its deferred calls. */
UNUSED_FN int sim_goexit_frame(const struct sim *s, int entry)
{
	for (int k = s->nframes - 1; k >= 0; k--)
		if (s->frames[k].entry == entry)
			return k;
	fail();
	return -1;
}

/* A newer one goes past it. Uniform: the nearest above that was not recovered before. */
UNUSED_FN int sim_overtake(struct sim *s, int k, int above)
{
	struct sim_entry *e = &s->entries[k];

	if (e->outcome != GOLIN_PO_ACTIVE)
		return e->outcome == GOLIN_PO_RECOVERED ? above : k;
	if (e->kind == GOLIN_PANIC_PANIC && s->entries[above].kind == GOLIN_PANIC_GOEXIT) {
		e->outcome = GOLIN_PO_GOEXIT;
	} else {
		e->outcome = GOLIN_PO_REPLACED;
		e->replaced_by = above;
	}
	return k;
}

/* The innermost panic was recovered by a call that `frame` had deferred. */
UNUSED_FN enum sim_status sim_recovery(struct sim *s, int i, int frame)
{
	struct golin_rec_panic_recover r = {.h = HEADER(GOLIN_REC_PANIC_RECOVER, r, 0, s->goid),
					    .resumed_pc = s->frames[frame].pc,
					    .depth = s->frames[frame].sp};
	int above = i, resume = -1;

	assert_int_equal(s->active[s->nactive - 1], i);
	s->nactive--;
	if (s->minor >= 14 && s->minor < 22 && s->nactive &&
	    s->entries[s->active[s->nactive - 1]].kind == GOLIN_PANIC_GOEXIT &&
	    s->entries[s->active[s->nactive - 1]].depth > r.depth) {
		resume = sim_goexit_frame(s, s->active[s->nactive - 1]);
		r.depth = s->frames[resume].sp;
		r.resumed_pc = s->frames[resume].pc;
	}
	while (s->nactive && resume < 0) {
		int k = s->active[s->nactive - 1];
		const struct sim_entry *e = &s->entries[k];

		if (e->depth <= r.depth)
			break;
		if (e->kind == GOLIN_PANIC_GOEXIT && s->minor >= 22) {
			resume = sim_goexit_frame(s, k);
			break;
		}
		above = sim_overtake(s, k, above);
		s->nactive--;
	}
	s->target = resume >= 0 ? resume : frame;
	s->entries[i].frames = sim_frame_of(&s->entries[i], s->frames[s->target].sp);
	sim_put(s, &r.h);
	return SIM_UNWIND;
}

/* Nobody recovers; the program ends. */
UNUSED_FN enum sim_status sim_fatal(struct sim *s)
{
	struct golin_recbuf b = {0};
	uint32_t n = 0;
	int above;
	struct golin_rec_panic_fatal *r =
		golin_recbuf_begin(&b, GOLIN_REC_PANIC_FATAL,
				   sizeof(*r) + SIM_ACTIVE * sizeof(struct golin_rec_kept_panic));

	r->h = header(GOLIN_REC_PANIC_FATAL, 0, 0, s->goid);
	for (int k = 0; k < s->nactive; k++) {
		const struct sim_entry *e = &s->entries[s->active[k]];

		if (e->kind == GOLIN_PANIC_GOEXIT && s->minor < 14)
			continue;
		r->panics[n++].flags = (e->recovered ? GOLIN_KEPT_RECOVERED : 0) |
				       (e->kind == GOLIN_PANIC_GOEXIT ? GOLIN_KEPT_GOEXIT : 0);
	}
	r->n = n;
	sim_put(s, golin_recbuf_end(&b));
	golin_recbuf_done(&b);
	above = s->active[s->nactive - 1];
	s->entries[above].outcome = GOLIN_PO_FATAL;
	for (int k = s->nactive - 2; k >= 0; k--)
		above = sim_overtake(s, s->active[k], above);
	return SIM_GONE;
}

UNUSED_FN enum sim_status sim_panic(struct sim *s)
{
	struct golin_rec_panic_start r = {.h = HEADER(GOLIN_REC_PANIC_START, r, 0, s->goid),
					  .flags = sim_flags(s)};
	int i = sim_begin(s, GOLIN_PANIC_PANIC), frame;
	enum sim_status st;

	r.depth = s->entries[i].depth;
	r.stack = sim_stack(s, &s->entries[i]);
	sim_put(s, &r.h);
	s->active[s->nactive++] = i;
	sim_push(s, PC_GOPANIC, SIM_RUNTIME_FRAME, i);
	while ((frame = sim_next(s)) >= 0) {
		uint64_t pc = sim_take(s, frame);

		sim_deferred(s, i, pc);
		st = sim_call(s, pc, i, false);
		if (st != SIM_NORMAL)
			return st;
		if (s->entries[i].recovered)
			return sim_recovery(s, i, frame);
	}
	return sim_fatal(s);
}

UNUSED_FN void sim_exit(struct sim *s, uint32_t how)
{
	struct golin_rec_goroutine_exit r = {.h = HEADER(GOLIN_REC_GOROUTINE_EXIT, r, 0, s->goid),
					     .how = how};

	sim_put(s, &r.h);
}

UNUSED_FN enum sim_status sim_goexit(struct sim *s)
{
	struct golin_rec_panic_goexit r = {.h = HEADER(GOLIN_REC_PANIC_GOEXIT, r, 0, s->goid),
					   .flags = sim_flags(s)};
	int i = sim_begin(s, GOLIN_PANIC_GOEXIT), frame, above, own;
	enum sim_status st;

	r.depth = s->entries[i].depth;
	r.stack = sim_stack(s, &s->entries[i]);
	sim_put(s, &r.h);
	/* Since 1.22 nothing goes past it: those before it are over. */
	above = i;
	for (int k = s->nactive - 1; k >= 0 && s->minor >= 22; k--) {
		if (s->entries[s->active[k]].kind == GOLIN_PANIC_GOEXIT)
			break;
		above = sim_overtake(s, s->active[k], above);
	}
	s->active[s->nactive++] = i;
	own = s->nframes;
	sim_push(s, PC_GOEXIT, SIM_RUNTIME_FRAME, i);
	while ((frame = sim_next(s)) >= 0) {
		uint64_t pc = sim_take(s, frame);

		sim_deferred(s, i, pc);
		st = sim_call(s, pc, i, false);
		if (st == SIM_UNWIND && s->target == own)
			s->nframes = own + 1;
		else if (st != SIM_NORMAL)
			return st;
	}
	assert_int_equal(s->active[s->nactive - 1], i);
	s->entries[i].outcome = GOLIN_PO_GOEXIT;
	above = i;
	for (int k = s->nactive - 2; k >= 0; k--)
		above = sim_overtake(s, s->active[k], above);
	sim_exit(s, GOLIN_HOW_GOEXIT);
	return SIM_GONE;
}

UNUSED_FN uint64_t sim_func(struct sim *s)
{
	return PC_FUNC + 0x100 * sim_below(s, SIM_FUNCS);
}

/* recover(): effective when the innermost panic has called this function. */
UNUSED_FN void sim_recover(struct sim *s, int by, uint64_t pc)
{
	struct sim_entry *e;

	if (by < 0 || !s->nactive || s->active[s->nactive - 1] != by)
		return;
	e = &s->entries[by];
	if (e->kind != GOLIN_PANIC_PANIC || e->recovered)
		return;
	e->recovered = true;
	e->outcome = GOLIN_PO_RECOVERED;
	e->by = pc;
}

UNUSED_FN bool sim_may(struct sim *s)
{
	if (s->left <= 0 || s->nframes > SIM_FRAMES - 6 || s->nactive > SIM_ACTIVE - 3 ||
	    s->nentries > SIM_ENTRIES - 3)
		return false;
	s->left--;
	return true;
}

UNUSED_FN enum sim_status sim_act(struct sim *s, int by, uint64_t pc)
{
	if (!sim_may(s))
		return SIM_NORMAL;
	switch (sim_below(s, 12)) {
	case 0:
	case 1:
	case 2:
		return sim_panic(s);
	case 3:
		return sim_below(s, 4) ? SIM_NORMAL : sim_goexit(s);
	case 4:
	case 5:
	case 6:
		sim_recover(s, by, pc);
		return SIM_NORMAL;
	case 7:
	case 8:
	case 9:
		return sim_call(s, sim_func(s), -1, false);
	default:
		return SIM_NORMAL;
	}
}

/* A function: it defers others and acts; then what it deferred runs. by: who called it, or -1. */
UNUSED_FN enum sim_status sim_call(struct sim *s, uint64_t pc, int by, bool first)
{
	int own = s->nframes, actions = (int)sim_below(s, 4);
	enum sim_status st = SIM_NORMAL;

	sim_push(s, pc, 16 * sim_below(s, 8), -1);
	for (uint32_t k = sim_below(s, SIM_DEFERS); k && sim_may(s); k--)
		s->frames[own].defers[s->frames[own].ndefers++] = sim_func(s);
	for (int k = 0; k < actions + (first ? 20 : 0) && st == SIM_NORMAL; k++)
		st = sim_act(s, by, pc);
	if (st == SIM_UNWIND && s->target == own) {
		s->nframes = own + 1;
		st = SIM_NORMAL;
	}
	while (st == SIM_NORMAL && s->frames[own].ndefers) {
		st = sim_call(s, sim_take(s, own), -1, false);
		if (st == SIM_UNWIND && s->target == own) {
			s->nframes = own + 1;
			st = SIM_NORMAL;
		}
	}
	if (st == SIM_NORMAL)
		s->nframes = own;
	return st;
}

/* Plays one to its end; false: it panicked and nobody recovered. */
UNUSED_FN bool sim_play(struct sim *s, uint64_t goid, uint64_t seed, int minor, int actions)
{
	enum sim_status st;

	memset(s, 0, sizeof(*s));
	s->goid = goid;
	s->random = seed;
	s->minor = minor;
	s->left = actions;
	sim_below(s, 2);
	sim_push(s, PC_FUNC, 0, -1);
	st = sim_call(s, sim_func(s), -1, true);
	if (st != SIM_GONE)
		sim_exit(s, GOLIN_HOW_RETURN);
	return st != SIM_GONE || s->records[s->nrecords - 1]->type != GOLIN_REC_PANIC_FATAL;
}

UNUSED_FN void sim_done(struct sim *s)
{
	for (int k = 0; k < s->nrecords; k++)
		free(s->records[k]);
	s->nrecords = 0;
}

#endif

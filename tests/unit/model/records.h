/* SPDX-License-Identifier: BSD-2-Clause */
/* Records and a model for tests: each call applies one record to `M`. */
#ifndef GOLIN_TESTS_RECORDS_H
#define GOLIN_TESTS_RECORDS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "golin/model.h"

#define UNUSED_FN __attribute__((unused)) static

static struct golin_model *M;
static uint32_t test_epoch;

UNUSED_FN void put(const struct golin_rec *rec)
{
	assert_true(golin_record_check(rec, rec->size));
	assert_int_equal(golin_model_apply(M, rec), 0);
}

UNUSED_FN struct golin_rec header(uint16_t type, size_t size, uint64_t ts, uint64_t goid)
{
	return (struct golin_rec){.type = type,
				  .version = 1,
				  .size = (uint32_t)size,
				  .target = 1,
				  .epoch = test_epoch,
				  .ts = ts,
				  .goid = goid};
}

#define HEADER(TYPE, r, ts, goid) header(TYPE, sizeof(r), ts, goid)

UNUSED_FN void make_model(uint32_t max_ended)
{
	const struct golin_model_opts opts = {.max_ended = max_ended};

	test_epoch = 0;
	assert_int_equal(golin_model_new(&opts, &M), 0);
}

UNUSED_FN void free_model(void)
{
	golin_model_free(M);
	M = NULL;
}

UNUSED_FN void target(uint32_t pid, const char *comm)
{
	struct golin_recbuf b = {0};
	struct golin_rec_target *t = golin_recbuf_begin(&b, GOLIN_REC_TARGET, sizeof(*t));

	t->h.target = 1;
	t->h.epoch = test_epoch;
	t->h.ts = 1000;
	t->pid = pid;
	t->layout_source = GOLIN_LAYOUT_DWARF;
	golin_recbuf_str(&b, offsetof(struct golin_rec_target, exe), "/srv/bin/orders", 15);
	golin_recbuf_str(&b, offsetof(struct golin_rec_target, comm), comm, strlen(comm));
	golin_recbuf_str(&b, offsetof(struct golin_rec_target, go), "go1.26.8", 8);
	golin_recbuf_str(&b, offsetof(struct golin_rec_target, arch), "amd64", 5);
	put(golin_recbuf_end(&b));
	golin_recbuf_done(&b);
}

UNUSED_FN void clock_at(uint64_t mono, uint64_t unix_ns)
{
	struct golin_rec_clock r = {
		.h = HEADER(GOLIN_REC_CLOCK, r, mono, 0), .mono_ns = mono, .unix_ns = unix_ns};

	put(&r.h);
}

UNUSED_FN void create_full(uint64_t ts, uint64_t parent, uint64_t child, uint64_t startpc,
			   uint64_t gopc, uint64_t stack, uint32_t via, uint64_t armed_by)
{
	struct golin_rec_goroutine_create r = {
		.h = HEADER(GOLIN_REC_GOROUTINE_CREATE, r, ts, parent),
		.child = child,
		.startpc = startpc,
		.gopc = gopc,
		.stack = stack,
		.via = via,
		.armed_by = armed_by,
	};

	put(&r.h);
}

UNUSED_FN void create(uint64_t ts, uint64_t parent, uint64_t child)
{
	create_full(ts, parent, child, 0x1000, 0x2000, 0, GOLIN_VIA_GO, 0);
}

UNUSED_FN void seen_full(uint64_t parent, uint64_t child, uint64_t startpc, uint64_t gopc,
			 uint32_t state, const char *wait, uint32_t flags)
{
	struct golin_recbuf b = {0};
	struct golin_rec_goroutine_seen *r =
		golin_recbuf_begin(&b, GOLIN_REC_GOROUTINE_SEEN, sizeof(*r));

	r->h.target = 1;
	r->h.epoch = test_epoch;
	r->h.goid = parent;
	r->child = child;
	r->startpc = startpc;
	r->gopc = gopc;
	r->state = state;
	r->flags = flags;
	golin_recbuf_str(&b, offsetof(struct golin_rec_goroutine_seen, wait), wait, strlen(wait));
	put(golin_recbuf_end(&b));
	golin_recbuf_done(&b);
}

UNUSED_FN void seen(uint64_t parent, uint64_t child)
{
	seen_full(parent, child, 0x1000, 0x2000, GOLIN_GS_WAITING, "chan receive",
		  parent ? GOLIN_G_PARENT_KNOWN : 0);
}

UNUSED_FN void ended_full(uint64_t ts, uint64_t goid, uint64_t parent, uint64_t startpc,
			  uint64_t gopc, uint32_t how)
{
	struct golin_rec_goroutine_exit r = {
		.h = HEADER(GOLIN_REC_GOROUTINE_EXIT, r, ts, goid),
		.parent = parent,
		.startpc = startpc,
		.gopc = gopc,
		.how = how,
	};

	put(&r.h);
}

UNUSED_FN void ended(uint64_t ts, uint64_t goid)
{
	ended_full(ts, goid, 0, 0, 0, GOLIN_HOW_RETURN);
}

UNUSED_FN void gone(uint64_t ts, uint64_t goid)
{
	struct golin_rec_goroutine_gone r = {.h = HEADER(GOLIN_REC_GOROUTINE_GONE, r, ts, goid)};

	put(&r.h);
}

UNUSED_FN void state(uint64_t ts, uint64_t goid, uint32_t gstate, const char *wait)
{
	struct golin_recbuf b = {0};
	struct golin_rec_goroutine_state *r =
		golin_recbuf_begin(&b, GOLIN_REC_GOROUTINE_STATE, sizeof(*r));

	r->h.target = 1;
	r->h.epoch = test_epoch;
	r->h.ts = ts;
	r->h.goid = goid;
	r->state = gstate;
	golin_recbuf_str(&b, offsetof(struct golin_rec_goroutine_state, wait), wait, strlen(wait));
	put(golin_recbuf_end(&b));
	golin_recbuf_done(&b);
}

UNUSED_FN void waits(uint64_t ts, uint64_t goid, uint64_t stack_id, uint32_t flags,
		     const struct golin_rec_wait *v, uint32_t n)
{
	struct golin_recbuf b = {0};
	struct golin_rec_goroutine_waits *r =
		golin_recbuf_begin(&b, GOLIN_REC_GOROUTINE_WAITS, sizeof(*r) + n * sizeof(*v));

	r->h.target = 1;
	r->h.epoch = test_epoch;
	r->h.ts = ts;
	r->h.goid = goid;
	r->stack = stack_id;
	r->flags = flags;
	r->n = n;
	if (n)
		memcpy(r->waits, v, n * sizeof(*v));
	put(golin_recbuf_end(&b));
	golin_recbuf_done(&b);
}

UNUSED_FN void exec(uint64_t ts, uint32_t epoch)
{
	struct golin_recbuf b = {0};
	struct golin_rec_exec *r = golin_recbuf_begin(&b, GOLIN_REC_EXEC, sizeof(*r));

	test_epoch = epoch;
	r->h.target = 1;
	r->h.epoch = epoch;
	r->h.ts = ts;
	golin_recbuf_str(&b, offsetof(struct golin_rec_exec, exe), "/bin/next", 9);
	put(golin_recbuf_end(&b));
	golin_recbuf_done(&b);
}

UNUSED_FN void lost(uint32_t cause, uint64_t count)
{
	struct golin_rec_lost r = {
		.h = HEADER(GOLIN_REC_LOST, r, 0, 0), .cause = cause, .count = count};

	put(&r.h);
}

struct test_frame {
	const char *func, *file;
	uint32_t line, flags;
};

UNUSED_FN void name_frames(uint64_t pc, const struct test_frame *f, uint32_t n)
{
	struct golin_recbuf b = {0};
	struct golin_rec_name *r = golin_recbuf_begin(
		&b, GOLIN_REC_NAME, sizeof(*r) + n * sizeof(struct golin_rec_frame));

	r->h.target = 1;
	r->h.epoch = test_epoch;
	r->pc = pc;
	r->n = n;
	for (uint32_t k = 0; k < n; k++) {
		r->frames[k].line = f[k].line;
		r->frames[k].flags = f[k].flags;
	}
	for (uint32_t k = 0; k < n; k++) {
		size_t at = offsetof(struct golin_rec_name, frames) +
			    k * sizeof(struct golin_rec_frame);

		golin_recbuf_str(&b, at, f[k].func, strlen(f[k].func));
		golin_recbuf_str(&b, at + offsetof(struct golin_rec_frame, file), f[k].file,
				 strlen(f[k].file));
	}
	put(golin_recbuf_end(&b));
	golin_recbuf_done(&b);
}

UNUSED_FN void name(uint64_t pc, const char *func, const char *file, uint32_t line)
{
	const struct test_frame f = {func, file, line, 0};

	name_frames(pc, &f, 1);
}

UNUSED_FN void stack(uint64_t id, const uint64_t *pcs, uint32_t n)
{
	struct golin_recbuf b = {0};
	struct golin_rec_stack *r =
		golin_recbuf_begin(&b, GOLIN_REC_STACK, sizeof(*r) + n * sizeof(*pcs));

	r->h.target = 1;
	r->h.epoch = test_epoch;
	r->id = id;
	r->n = n;
	memcpy(r->pcs, pcs, n * sizeof(*pcs));
	put(golin_recbuf_end(&b));
	golin_recbuf_done(&b);
}

UNUSED_FN const struct golin_goroutine *find(uint64_t goid)
{
	return golin_model_goroutine(M, golin_model_find(M, goid));
}

/* The goid above it in the tree, 0 for a root. */
UNUSED_FN uint64_t above(uint64_t goid)
{
	const struct golin_goroutine *g = find(goid);

	assert_non_null(g);
	g = golin_model_goroutine(M, g->up);
	return g ? g->goid : 0;
}

UNUSED_FN struct golin_model_counts counts(void)
{
	struct golin_model_counts c;

	golin_model_counts(M, &c);
	return c;
}

/* Walks the tree and checks each link and each count against the others. */
UNUSED_FN void check_tree(void)
{
	uint32_t max = golin_model_goroutine_max(M), reached = 0, used = 0;
	golin_gidx i = golin_model_roots(M);
	uint64_t live = 0, gone_ones = 0, system = 0;

	for (uint32_t k = 0; k < max; k++)
		used += golin_model_goroutine(M, k) != NULL;
	while (i != GOLIN_GIDX_NONE) {
		const struct golin_goroutine *g = golin_model_goroutine(M, i), *c;
		uint32_t nlive = 0, nchild = 0;
		golin_gidx last = GOLIN_GIDX_NONE;

		assert_non_null(g);
		assert_true(++reached <= used);
		assert_int_equal(golin_model_find_key(M, g->target, g->epoch, g->goid), i);
		for (golin_gidx k = g->first; k != GOLIN_GIDX_NONE; k = c->next) {
			c = golin_model_goroutine(M, k);
			assert_non_null(c);
			assert_int_equal(c->up, i);
			assert_int_equal(c->prev, last);
			last = k;
			nchild++;
			nlive += !!(c->flags & GOLIN_GF_ALIVE);
		}
		assert_int_equal(g->last, last);
		assert_int_equal(g->nchild, nchild);
		assert_int_equal(g->nlive, nlive);
		/* One of: alive, ended, a ghost, which is never a leaf. */
		assert_int_equal(!!(g->flags & GOLIN_GF_ALIVE) + !!g->exited +
					 !!(g->flags & GOLIN_GF_GHOST),
				 1);
		if (g->flags & GOLIN_GF_GHOST)
			assert_int_not_equal(g->nchild, 0);
		if (g->up != GOLIN_GIDX_NONE)
			assert_int_equal(golin_model_goroutine(M, g->up)->goid, g->parent);
		live += !!(g->flags & GOLIN_GF_ALIVE);
		system += g->flags & GOLIN_GF_ALIVE && g->flags & GOLIN_GF_SYSTEM;
		gone_ones += !!g->exited;
		if (g->first != GOLIN_GIDX_NONE) {
			i = g->first;
			continue;
		}
		while (g->next == GOLIN_GIDX_NONE && g->up != GOLIN_GIDX_NONE)
			g = golin_model_goroutine(M, g->up);
		i = g->next;
	}
	assert_int_equal(reached, used);
	assert_int_equal(counts().live, live);
	assert_int_equal(counts().ended, gone_ones);
	assert_int_equal(counts().system, system);
}

#endif

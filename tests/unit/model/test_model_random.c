/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Random streams of records, sensible and not, against a model that is too simple to be wrong:
 * arrays by goid, everything found by looking at everything. And after each stream the dump,
 * applied to an empty model, must give the same again, to the byte.
 */
#include "records.h"

#include <stdio.h>
#include "base/strbuf.h"
#include "golin/dump.h"
#include "golin/waits.h"

enum { GOIDS = 24, EPOCHS = 3, PCS = 6, STEPS = 150, ROUNDS = 2500 };

enum ref_status { NONE, LIVE, ENDED, GONE_GHOST };

static struct ref {
	enum ref_status status;
	bool created, known;
	uint64_t parent, startpc, created_ts, exited_ts;
	uint32_t how;
} R[EPOCHS][GOIDS + 1];
static bool named[EPOCHS][PCS + 1];
static uint64_t seed;

static uint32_t rnd(uint32_t n)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (uint32_t)(seed >> 11) % n;
}

static bool ref_has_children(uint32_t e, uint64_t goid)
{
	for (uint64_t k = 1; k <= GOIDS; k++)
		if (R[e][k].status != NONE && R[e][k].parent == goid)
			return true;
	return false;
}

static void ref_drop_ghosts(uint32_t e)
{
	bool again = true;

	while (again) {
		again = false;
		for (uint64_t k = 1; k <= GOIDS; k++)
			if (R[e][k].status == GONE_GHOST && !ref_has_children(e, k)) {
				memset(&R[e][k], 0, sizeof(R[e][k]));
				again = true;
			}
	}
}

static bool ref_is_above(uint32_t e, uint64_t goid, uint64_t of)
{
	for (; of; of = R[e][of].status == NONE ? 0 : R[e][of].parent)
		if (of == goid)
			return true;
	return false;
}

static void ref_learn(uint32_t e, uint64_t goid, uint64_t parent, bool known, bool watched)
{
	struct ref *r = &R[e][goid];

	if (!watched && (r->parent || r->known))
		return;
	if (!parent) {
		if (known) {
			r->parent = 0;
			r->known = true;
		}
		return;
	}
	if (ref_is_above(e, goid, parent))
		return;
	r->parent = parent;
	r->known = true;
}

static void step_create(uint32_t e, uint64_t ts)
{
	uint64_t parent = rnd(GOIDS + 1), goid = 1 + rnd(GOIDS), pc = rnd(PCS + 1);
	uint32_t via = 1 + rnd(3);
	struct ref *r = &R[e][goid];

	if (via == GOLIN_VIA_TIMER)
		parent = 0;
	create_full(ts, parent, goid, pc, pc * 7, rnd(3), via, rnd(3));
	if (r->created)
		return;
	r->created = true;
	r->created_ts = ts;
	if (r->status != ENDED)
		r->status = LIVE;
	if (pc)
		r->startpc = pc;
	ref_learn(e, goid, parent, via == GOLIN_VIA_TIMER, true);
}

static void step_seen(uint32_t e)
{
	uint64_t parent = rnd(GOIDS + 1), goid = 1 + rnd(GOIDS), pc = rnd(PCS + 1);
	uint32_t gstate = rnd(8);
	bool known = rnd(2);
	struct ref *r = &R[e][goid];

	seen_full(parent, goid, pc, pc * 7, gstate, gstate == 4 ? "select" : "",
		  known ? GOLIN_G_PARENT_KNOWN : 0);
	if (gstate == GOLIN_GS_DEAD || r->status == ENDED)
		return;
	r->status = LIVE;
	if (!r->startpc)
		r->startpc = pc;
	ref_learn(e, goid, parent, known, false);
}

static void step_exit(uint32_t e, uint64_t ts)
{
	uint64_t parent = rnd(4) ? 0 : rnd(GOIDS + 1), goid = 1 + rnd(GOIDS), pc = rnd(PCS + 1);
	uint32_t how = 1 + rnd(2);
	struct ref *r = &R[e][goid];

	ended_full(ts, goid, parent, pc, pc * 7, how);
	if (r->status == ENDED && r->how)
		return;
	r->status = ENDED;
	r->how = how;
	r->exited_ts = ts;
	if (!r->startpc)
		r->startpc = pc;
	ref_learn(e, goid, parent, false, false);
}

static void step_gone(uint32_t e, uint64_t ts, bool by_state)
{
	uint64_t goid = 1 + rnd(GOIDS);
	struct ref *r = &R[e][goid];

	if (by_state)
		state(ts, goid, GOLIN_GS_DEAD, "");
	else
		gone(ts, goid);
	if (r->status != LIVE)
		return;
	if (by_state || r->created) {
		r->status = ENDED;
		r->exited_ts = ts;
	} else if (ref_has_children(e, goid)) {
		r->status = GONE_GHOST;
	} else {
		memset(r, 0, sizeof(*r));
	}
}

static void step_exec(uint64_t ts)
{
	if (test_epoch + 1 >= EPOCHS)
		return;
	exec(ts, test_epoch + 1);
	for (uint32_t e = 0; e < test_epoch; e++)
		for (uint64_t k = 1; k <= GOIDS; k++)
			if (R[e][k].status == LIVE) {
				R[e][k].status = ENDED;
				R[e][k].exited_ts = ts;
			}
}

static void step_name(uint32_t e)
{
	uint64_t pc = 1 + rnd(PCS);

	name(pc, pc % 2 ? "main.f" : "runtime.bg", "/x.go", (uint32_t)pc);
	named[e][pc] = true;
}

/* A reading of a goroutine, most often with what it waits on. */
static void step_read(uint64_t ts)
{
	uint64_t goid = 1 + rnd(GOIDS);

	state(ts, goid, GOLIN_GS_WAITING, rnd(4) ? "select" : "chan send");
	for (uint32_t k = rnd(3); k; k--) {
		const struct golin_rec_wait v[2] = {
			{0xc000 + rnd(2), 0, 1 + rnd(2), GOLIN_WAIT_EMPTY}, {0xc0ff, 0, 1, 0}};

		waits(ts, goid, rnd(2), GOLIN_WAITS_STACK | GOLIN_WAITS_CHANNELS, v, rnd(3));
		ts += rnd(2);
	}
}

static void step(uint64_t ts)
{
	uint32_t e = test_epoch, what = rnd(100);

	if (what < 40)
		step_create(e, ts);
	else if (what < 60)
		step_seen(e);
	else if (what < 80)
		step_exit(e, ts);
	else if (what < 88)
		step_gone(e, ts, false);
	else if (what < 91)
		step_gone(e, ts, true);
	else if (what < 98)
		step_name(e);
	else if (what < 99)
		step_read(ts);
	else
		step_exec(ts);
	ref_drop_ghosts(e);
}

static void compare_one(uint32_t e, uint64_t goid)
{
	const struct ref *r = &R[e][goid];
	const struct golin_goroutine *g = golin_model_goroutine(
					     M, golin_model_find_key(M, 1, e, goid)),
				     *up;

	if (r->status == NONE) {
		/* A ghost, if somebody says that it was its parent. */
		assert_int_equal(g != NULL, ref_has_children(e, goid));
		if (g)
			assert_true(g->flags & GOLIN_GF_GHOST);
		return;
	}
	assert_non_null(g);
	assert_int_equal(!!(g->flags & GOLIN_GF_ALIVE), r->status == LIVE);
	assert_int_equal(!!(g->flags & GOLIN_GF_GHOST), r->status == GONE_GHOST);
	assert_int_equal(!!(g->flags & GOLIN_GF_CREATED), r->created);
	assert_int_equal(g->exited, r->exited_ts);
	assert_int_equal(g->created, r->created_ts);
	assert_int_equal(g->how, r->how);
	assert_int_equal(g->startpc, r->startpc);
	assert_int_equal(!!(g->flags & GOLIN_GF_PARENT_KNOWN), r->known);
	assert_int_equal(g->parent, r->parent);
	up = golin_model_goroutine(M, g->up);
	assert_int_equal(up ? up->goid : 0, r->parent);
	assert_int_equal(!!(g->flags & GOLIN_GF_SYSTEM),
			 r->startpc && r->startpc % 2 == 0 && named[e][r->startpc]);
}

static void compare(void)
{
	for (uint32_t e = 0; e < EPOCHS; e++)
		for (uint64_t k = 1; k <= GOIDS; k++)
			compare_one(e, k);
	check_tree();
}

/* ---- dumps ---- */

struct dumped {
	struct golin_model *into;
	struct strbuf bytes;
};

static int take(void *arg, const struct golin_rec *rec)
{
	struct dumped *d = arg;

	assert_true(golin_record_check(rec, rec->size));
	strbuf_add(&d->bytes, rec, rec->size);
	return d->into ? golin_model_apply(d->into, rec) : 0;
}

static void compare_waits(const struct golin_model *a, golin_gidx i, const struct golin_model *b,
			  golin_gidx j)
{
	struct golin_waits v = {0}, w = {0};

	assert_int_equal(golin_model_waits(a, i, &v), golin_model_waits(b, j, &w));
	assert_int_equal(v.read, w.read);
	assert_int_equal(v.since, w.since);
	assert_int_equal(v.stack, w.stack);
	assert_int_equal(v.flags, w.flags);
	assert_int_equal(v.n, w.n);
	if (v.n)
		assert_memory_equal(v.v, w.v, v.n * sizeof(*v.v));
}

/* All that a view can see of each goroutine. */
static void compare_models(const struct golin_model *a, const struct golin_model *b)
{
	const struct golin_goroutine *g, *h;

	for (golin_gidx i = 0; i < golin_model_goroutine_max(a); i++) {
		g = golin_model_goroutine(a, i);
		if (!g)
			continue;
		h = golin_model_goroutine(b, golin_model_find_key(b, g->target, g->epoch, g->goid));
		assert_non_null(h);
		assert_int_equal(g->parent, h->parent);
		assert_int_equal(g->armed_by, h->armed_by);
		assert_int_equal(g->startpc, h->startpc);
		assert_int_equal(g->gopc, h->gopc);
		assert_int_equal(g->stack, h->stack);
		assert_int_equal(g->created, h->created);
		assert_int_equal(g->exited, h->exited);
		assert_int_equal(g->wait_since, h->wait_since);
		assert_int_equal(g->nlive, h->nlive);
		assert_int_equal(g->nchild, h->nchild);
		assert_int_equal(g->state, h->state);
		assert_int_equal(g->via, h->via);
		assert_int_equal(g->how, h->how);
		assert_int_equal(g->flags & 0x3f, h->flags & 0x3f);
		assert_string_equal(golin_goroutine_state_text(a, g),
				    golin_goroutine_state_text(b, h));
		assert_string_equal(golin_model_start_func(a, g).func,
				    golin_model_start_func(b, h).func);
		compare_waits(a, i, b, golin_model_find_key(b, g->target, g->epoch, g->goid));
		g = golin_model_goroutine(a, g->up);
		h = golin_model_goroutine(b, h->up);
		assert_int_equal(g ? g->goid : 0, h ? h->goid : 0);
	}
}

static void compare_dump(uint32_t max_ended, bool again)
{
	const struct golin_model_opts opts = {.max_ended = max_ended};
	struct dumped first = {0}, second = {0}, third = {0};
	struct golin_model_counts a, b;
	struct golin_model *other;

	assert_int_equal(golin_model_new(&opts, &other), 0);
	first.into = other;
	assert_int_equal(golin_model_dump(M, &(struct golin_sink){take, &first}), 0);
	assert_int_equal(golin_model_dump(other, &(struct golin_sink){take, &second}), 0);
	assert_int_equal(first.bytes.len, second.bytes.len);
	if (first.bytes.len)
		assert_memory_equal(first.bytes.s, second.bytes.s, first.bytes.len);
	compare_models(M, other);
	compare_models(other, M);
	golin_model_counts(M, &a);
	golin_model_counts(other, &b);
	a.bytes = b.bytes = 0;
	assert_memory_equal(&a, &b, sizeof(a));
	assert_int_equal(golin_model_now(M), golin_model_now(other));
	assert_int_equal(golin_model_first(M), golin_model_first(other));
	/* A keyframe met in the middle of a stream changes nothing. */
	if (again && a.ended < max_ended) {
		third.into = M;
		assert_int_equal(golin_model_dump(other, &(struct golin_sink){take, &third}), 0);
		strbuf_clear(&second.bytes);
		assert_int_equal(golin_model_dump(M, &(struct golin_sink){take, &second}), 0);
		assert_memory_equal(first.bytes.s, second.bytes.s, first.bytes.len);
	}
	strbuf_done(&first.bytes);
	strbuf_done(&second.bytes);
	strbuf_done(&third.bytes);
	golin_model_free(other);
}

static void test_against_the_simple_model(void **s)
{
	for (uint64_t round = 1; round <= ROUNDS; round++) {
		make_model(0);
		memset(R, 0, sizeof(R));
		memset(named, 0, sizeof(named));
		seed = round * 0x9e3779b97f4a7c15ull;
		for (uint64_t k = 1; k <= STEPS; k++) {
			step(k);
			if (round % 16 == 0)
				compare();
		}
		compare();
		compare_dump(1000, true);
		check_tree();
		free_model();
	}
}

/* Under a small cap everything stays whole, and so does the dump. */
static void test_evicting(void **s)
{
	for (uint64_t round = 1; round <= ROUNDS; round++) {
		uint32_t max_ended = 1 + round % 7;

		make_model(max_ended);
		memset(R, 0, sizeof(R));
		seed = round * 0x9e3779b97f4a7c15ull;
		for (uint64_t k = 1; k <= STEPS; k++) {
			step(k);
			assert_true(counts().ended <= max_ended);
		}
		check_tree();
		compare_dump(max_ended, true);
		free_model();
	}
}

/* ---- who is evicted ---- */

static struct {
	uint64_t parent;
	uint64_t end; /* order of its end, 0 alive */
	bool there, orphan;
} E[4096];

static void ref_evict(uint64_t n, uint64_t max_ended)
{
	for (;;) {
		uint64_t nended = 0, leaf = 0, oldest = 0;

		for (uint64_t k = 1; k <= n; k++) {
			bool has_child = false;

			if (!E[k].there || !E[k].end)
				continue;
			nended++;
			for (uint64_t c = 1; c <= n && !has_child; c++)
				has_child = E[c].there && E[c].parent == k && !E[c].orphan;
			if (!oldest || E[k].end < E[oldest].end)
				oldest = k;
			if (!has_child && (!leaf || E[k].end < E[leaf].end))
				leaf = k;
		}
		if (nended <= max_ended)
			return;
		if (!leaf) {
			leaf = oldest;
			for (uint64_t c = 1; c <= n; c++)
				E[c].orphan |= E[c].there && E[c].parent == leaf;
		}
		E[leaf].there = false;
	}
}

static void test_the_oldest_leaf_goes_first(void **s)
{
	for (uint64_t round = 1; round <= 60; round++) {
		uint32_t max_ended = 1 + (uint32_t)round % 10;
		uint64_t n = 0, ends = 0;

		make_model(max_ended);
		memset(E, 0, sizeof(E));
		seed = round * 0x9e3779b97f4a7c15ull;
		for (uint64_t k = 1; k <= 250; k++) {
			uint64_t pick = n ? 1 + rnd((uint32_t)n) : 0;
			bool alive = pick && E[pick].there && !E[pick].end;

			if (!n || rnd(100) < 52) {
				n++;
				E[n].there = true;
				E[n].parent = alive ? pick : 0;
				create_full(k, E[n].parent, n, 1, 1, 0, GOLIN_VIA_GO, 0);
			} else if (alive) {
				E[pick].end = ++ends;
				ended(k, pick);
				ref_evict(n, max_ended);
			}
			for (uint64_t g = 1; g <= n; g++) {
				assert_int_equal(find(g) != NULL, E[g].there);
				if (E[g].there)
					assert_int_equal(
						!!(find(g)->flags & GOLIN_GF_PARENT_EVICTED),
						E[g].orphan);
			}
		}
		check_tree();
		free_model();
	}
}

/* ---- records that no program would make ---- */

static uint64_t nasty(void)
{
	static const uint64_t values[] = {
		0,
		0,
		0,
		1,
		2,
		3,
		4,
		5,
		7,
		UINT64_MAX,
		UINT64_MAX - 1,
		1ull << 48,
		1ull << 47,
		1000,
		UINT32_MAX,
		1ull << 32,
		0x8000000000000000ull,
		(1ull << 48) - 1,
	};

	return values[rnd(sizeof(values) / sizeof(values[0]))];
}

/* True when it got past the check. */
static bool step_nasty(void)
{
	static const uint16_t types[] = {1,  2,	 3,  4,	 5,  6,	 7,  8,	 9,  10, 11, 32,
					 32, 32, 32, 33, 33, 33, 34, 34, 34, 35, 36, 36};
	uint64_t mem[40];
	struct golin_rec *r = (struct golin_rec *)mem;

	for (size_t k = 0; k < sizeof(mem) / sizeof(mem[0]); k++)
		mem[k] = nasty();
	r->type = types[rnd(sizeof(types) / sizeof(types[0]))];
	r->version = 1;
	r->size = (uint32_t)sizeof(mem) - 8 * rnd(20);
	r->target = 1 + rnd(2);
	r->epoch = rnd(8) ? rnd(2) : (uint32_t)nasty();
	if (!golin_record_check(r, sizeof(mem)))
		return false;
	assert_int_equal(golin_model_apply(M, r), 0);
	return true;
}

static void test_nasty_numbers(void **s)
{
	uint64_t applied = 0;

	for (uint64_t round = 1; round <= ROUNDS; round++) {
		uint32_t max_ended = 1 + round % 9;

		make_model(max_ended);
		seed = round * 0x9e3779b97f4a7c15ull;
		for (uint64_t k = 1; k <= STEPS; k++)
			applied += step_nasty();
		check_tree();
		assert_true(counts().ended <= max_ended);
		compare_dump(max_ended, false);
		free_model();
	}
	assert_true(applied > ROUNDS * STEPS / 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_against_the_simple_model),
		cmocka_unit_test(test_evicting),
		cmocka_unit_test(test_the_oldest_leaf_goes_first),
		cmocka_unit_test(test_nasty_numbers),
	};

	return cmocka_run_group_tests_name("random", tests, NULL, NULL);
}

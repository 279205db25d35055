/* SPDX-License-Identifier: BSD-2-Clause */
/* Contexts in the model: trees, addresses that are used again, cascades, holders, who leaves. */
#include "golin/context.h"
#include "golin/dump.h"
#include "records.h"

enum { A = 0xc000010000, B = 0xc000020000, C = 0xc000030000, D = 0xc000040000 };

static int setup(void **s)
{
	make_model(0);
	return 0;
}

static int teardown(void **s)
{
	free_model();
	return 0;
}

static void make(uint64_t ts, uint64_t goid, uint32_t kind, uint64_t ctx, uint64_t parent,
		 uint32_t parent_kind)
{
	struct golin_rec_context_create r = {
		.h = HEADER(GOLIN_REC_CONTEXT_CREATE, r, ts, goid),
		.ctx = ctx,
		.parent = parent,
		.kind = kind,
		.parent_kind = parent_kind,
		.flags = GOLIN_CTX_PARENT_KNOWN,
	};

	put(&r.h);
}

static void root(uint64_t ts, uint64_t goid, uint32_t kind, uint64_t ctx)
{
	make(ts, goid, kind, ctx, 0, GOLIN_CTX_BACKGROUND);
}

static void cancel(uint64_t ts, uint64_t goid, uint64_t ctx, uint32_t reason)
{
	struct golin_rec_context_cancel r = {
		.h = HEADER(GOLIN_REC_CONTEXT_CANCEL, r, ts, goid),
		.ctx = ctx,
		.reason = reason,
	};

	put(&r.h);
}

static void passed(uint64_t child, uint64_t ctx)
{
	struct golin_rec_context_passed r = {
		.h = HEADER(GOLIN_REC_CONTEXT_PASSED, r, 0, 0),
		.child = child,
		.ctx = ctx,
		.how = GOLIN_PASSED_CLOSURE,
	};

	put(&r.h);
}

static golin_cidx at(uint64_t ctx)
{
	golin_cidx i = golin_model_context_at(M, ctx);

	assert_int_not_equal(i, GOLIN_CIDX_NONE);
	return i;
}

static const struct golin_context *get(uint64_t ctx)
{
	return golin_model_context(M, at(ctx));
}

static struct golin_context_counts ctx_counts(void)
{
	struct golin_context_counts c;

	golin_context_counts(M, &c);
	return c;
}

static void test_tree(void **s)
{
	create(10, 0, 1);
	root(20, 1, GOLIN_CTX_CANCEL, A);
	make(30, 1, GOLIN_CTX_VALUE, B, A, GOLIN_CTX_CANCEL);
	make(40, 1, GOLIN_CTX_TIMER, C, B, GOLIN_CTX_VALUE);
	assert_int_equal(get(C)->up, at(B));
	assert_int_equal(get(B)->up, at(A));
	assert_int_equal(get(A)->up, GOLIN_CIDX_NONE);
	assert_int_equal(get(A)->parent_kind, GOLIN_CTX_BACKGROUND);
	assert_int_equal(golin_model_context_roots(M), at(A));
	assert_int_equal(get(A)->nchild, 1);
	assert_int_equal(get(A)->goid, 1);
	assert_int_equal(golin_context_cancellable(M, get(C)->up), at(A));
	assert_int_equal(golin_context_state(M, at(B)), GOLIN_CS_ACTIVE);
	assert_int_equal(ctx_counts().created, 3);
	assert_int_equal(ctx_counts().live, 3);
}

/* The cascade goes down with the parent's reason; its origin is the one that was cancelled. */
static void test_cascade(void **s)
{
	create(10, 0, 1);
	create(11, 1, 2);
	root(20, 1, GOLIN_CTX_CANCEL, A);
	make(30, 1, GOLIN_CTX_VALUE, B, A, GOLIN_CTX_CANCEL);
	make(40, 1, GOLIN_CTX_CANCEL, C, B, GOLIN_CTX_VALUE);
	make(50, 1, GOLIN_CTX_CANCEL, D, C, GOLIN_CTX_CANCEL);
	cancel(60, 2, A, GOLIN_CANCEL_EXPLICIT);
	cancel(61, 2, C, GOLIN_CANCEL_PARENT);
	cancel(62, 2, D, GOLIN_CANCEL_PARENT);
	assert_int_equal(get(D)->state, GOLIN_CS_CANCELLED);
	assert_int_equal(get(D)->cancel_reason, GOLIN_CANCEL_PARENT);
	assert_int_equal(golin_context_origin(M, at(D)), at(A));
	assert_int_equal(golin_context_origin(M, at(A)), at(A));
	assert_int_equal(golin_context_state(M, at(B)), GOLIN_CS_CANCELLED);
	assert_int_equal(get(A)->cancel_goid, 2);
	assert_int_equal(get(C)->cancelled, 61);
	cancel(70, 1, A, GOLIN_CANCEL_EXPLICIT); /* told twice */
	assert_int_equal(get(A)->cancelled, 60);
	assert_int_equal(ctx_counts().cancelled, 3);
	assert_int_equal(ctx_counts().orphans, 0);
}

/* The garbage collector gave the address to another: the old one is kept, under no address. */
static void test_address_used_again(void **s)
{
	golin_cidx old;

	create(10, 0, 1);
	root(20, 1, GOLIN_CTX_VALUE, A);
	old = at(A);
	root(30, 1, GOLIN_CTX_CANCEL, A);
	assert_int_not_equal(at(A), old);
	assert_true(golin_model_context(M, old)->retired);
	assert_int_equal(golin_model_context(M, old)->nholders, 0);
	assert_false(get(A)->retired);
	assert_int_equal(ctx_counts().live, 1);
	assert_int_equal(ctx_counts().retired, 1);
}

/* A parent that nobody saw the creation of, and one whose place was taken unseen. */
static void test_unknown_parent(void **s)
{
	golin_cidx old;

	create(10, 0, 1);
	make(20, 1, GOLIN_CTX_CANCEL, B, A, GOLIN_CTX_TIMER);
	assert_int_equal(get(A)->kind, GOLIN_CTX_TIMER);
	assert_int_equal(get(A)->state, GOLIN_CS_UNKNOWN);
	assert_int_equal(get(A)->created, 0);
	assert_int_equal(get(B)->up, at(A));
	old = at(A);
	make(30, 1, GOLIN_CTX_CANCEL, C, A, GOLIN_CTX_WITHOUT_CANCEL);
	assert_int_not_equal(at(A), old);
	assert_int_equal(get(B)->up, old);
	assert_int_equal(get(C)->up, at(A));
	assert_int_equal(ctx_counts().seen, 2);
	cancel(40, 1, D, GOLIN_CANCEL_EXPLICIT); /* of one that no record named */
	assert_int_equal(ctx_counts().orphans, 1);
	assert_int_equal(get(D)->state, GOLIN_CS_CANCELLED);
}

/* Go 1.20: one context, two objects. The inner one is cancelled, the outer one has children. */
static void test_two_objects(void **s)
{
	struct golin_rec_context_create r = {
		.h = HEADER(GOLIN_REC_CONTEXT_CREATE, r, 20, 1),
		.ctx = A,
		.inner = B,
		.kind = GOLIN_CTX_TIMER,
		.parent_kind = GOLIN_CTX_BACKGROUND,
	};

	create(10, 0, 1);
	put(&r.h);
	cancel(30, 1, B, GOLIN_CANCEL_DEADLINE);
	assert_int_equal(get(A)->state, GOLIN_CS_CANCELLED);
	assert_int_equal(at(A), at(B));
	root(40, 1, GOLIN_CTX_VALUE, B);
	assert_int_not_equal(at(B), golin_model_context_roots(M));
}

static void test_holders(void **s)
{
	struct golin_holder h[4];
	golin_cidx held[4];

	create(10, 0, 1);
	create(11, 1, 2);
	root(20, 1, GOLIN_CTX_CANCEL, A);
	passed(2, A);
	passed(2, A); /* once */
	assert_int_equal(golin_context_holders(M, at(A), h, 4), 2);
	assert_int_equal(h[0].g, golin_model_find(M, 2));
	assert_int_equal(h[0].how, GOLIN_HOLD_PASSED);
	assert_int_equal(h[1].how, GOLIN_HOLD_CREATED);
	ended(30, 2);
	assert_int_equal(golin_context_holders(M, at(A), h, 4), 2);
	assert_int_equal(h[0].g, golin_model_find(M, 1)); /* the living first */
	assert_int_equal(golin_goroutine_contexts(M, golin_model_find(M, 2), held, 4), 1);
	assert_int_equal(held[0], at(A));
	passed(99, A); /* of a goroutine that is not there */
	assert_int_equal(get(A)->nholders, 2);
}

/* However many others a goroutine works under, and how often it is said. */
static void test_held_once(void **s)
{
	enum { MANY = 1000 };
	struct golin_holder h[4];

	create(10, 0, 1);
	create(11, 1, 2);
	for (uint64_t i = 0; i < MANY; i++) {
		root(20 + i, 1, GOLIN_CTX_CANCEL, A + i * 0x100);
		passed(2, A + i * 0x100);
	}
	for (int again = 0; again < 2; again++) {
		for (uint64_t i = 0; i < MANY; i += 7) {
			passed(2, A + i * 0x100);
			passed(1, A + i * 0x100);
		}
	}
	for (uint64_t i = 0; i < MANY; i++) {
		assert_int_equal(golin_context_holders(M, at(A + i * 0x100), h, 4), 2);
		assert_int_equal(golin_context_live_holders(M, at(A + i * 0x100)), 2);
	}
	assert_int_equal(golin_goroutine_contexts(M, golin_model_find(M, 2), NULL, 0), MANY);
	assert_int_equal(golin_context_held(M, at(A), golin_model_find(M, 1)), GOLIN_HOLD_CREATED);
	assert_int_equal(golin_context_held(M, at(A), golin_model_find(M, 2)), GOLIN_HOLD_PASSED);
	ended(5000, 2);
	assert_int_equal(golin_context_live_holders(M, at(A)), 1);
	assert_int_equal(golin_context_holders(M, at(A), h, 4), 2);
	/* another at an address that was used is under nobody but its maker */
	root(6000, 1, GOLIN_CTX_CANCEL, A);
	assert_int_equal(golin_context_holders(M, at(A), h, 4), 1);
	assert_int_equal(golin_context_held(M, at(A), golin_model_find(M, 2)), 0);
	assert_int_equal(golin_context_held(M, GOLIN_CIDX_NONE, GOLIN_GIDX_NONE), 0);
	assert_int_equal(golin_context_live_holders(M, GOLIN_CIDX_NONE), 0);
}

/* A value ends with the last that can name it: its goroutine, its children, its holders. */
static void test_values_retire(void **s)
{
	create(10, 0, 1);
	create(11, 1, 2);
	root(20, 1, GOLIN_CTX_VALUE, A);
	make(30, 1, GOLIN_CTX_VALUE, B, A, GOLIN_CTX_VALUE);
	passed(2, B);
	ended(40, 1);
	assert_int_equal(ctx_counts().retired, 0);
	ended(50, 2);
	assert_int_equal(ctx_counts().retired, 2); /* both: the child, then its parent */
	assert_int_equal(ctx_counts().live, 0);
	assert_int_equal(golin_model_context_at(M, A), GOLIN_CIDX_NONE);
}

/* One in its parent's children stays, for it is in the program's memory; so does one with a timer.
 */
static void test_held_by_the_runtime(void **s)
{
	create(10, 0, 1);
	create(11, 1, 2);
	root(20, 1, GOLIN_CTX_CANCEL, A);
	make(30, 2, GOLIN_CTX_CANCEL, B, A, GOLIN_CTX_CANCEL);
	root(31, 2, GOLIN_CTX_CANCEL, C);
	root(32, 2, GOLIN_CTX_TIMER, D);
	ended(40, 2);
	assert_false(get(B)->retired);
	assert_false(get(D)->retired);
	assert_int_equal(golin_model_context_at(M, C),
			 GOLIN_CIDX_NONE); /* collected with its goroutine */
	cancel(50, 1, A, GOLIN_CANCEL_EXPLICIT);
	cancel(51, 1, B, GOLIN_CANCEL_PARENT);
	assert_int_equal(ctx_counts().live, 1);
}

static void test_exec_ends_all(void **s)
{
	create(10, 0, 1);
	root(20, 1, GOLIN_CTX_CANCEL, A);
	exec(35, 1);
	assert_int_equal(ctx_counts().live, 0);
	root(40, 1, GOLIN_CTX_VALUE, A);
	assert_int_equal(get(A)->epoch, 1);
}

static void test_lineage_id(void **s)
{
	char id[GOLIN_LINEAGE_MAX];
	struct golin_rec_context_create r = {
		.h = HEADER(GOLIN_REC_CONTEXT_CREATE, r, 1500, 1),
		.kind = GOLIN_CTX_CANCEL,
		.parent_kind = GOLIN_CTX_TODO,
	};

	clock_at(1000, 0x1000000);
	create(10, 0, 1);
	r.ctx = A;
	put(&r.h);
	r.ctx = B; /* the same nanosecond, place and goroutine */
	put(&r.h);
	assert_string_equal(golin_context_lineage(M, get(A), id), "ln-10001f4-00000000-t1");
	assert_int_equal(golin_model_context_find(M, id), at(A));
	assert_string_equal(golin_context_lineage(M, get(B), id), "ln-10001f4-00000000-t1-1");
	make(1600, 1, GOLIN_CTX_CANCEL, D, C, GOLIN_CTX_FOREIGN);
	assert_string_equal(golin_context_lineage(M, get(C), id), "ls-1000258-c000030000");
}

/* Without a goroutine's creation: what it does shows that it is there. */
static void test_creator_is_alive(void **s)
{
	root(20, 7, GOLIN_CTX_VALUE, A);
	assert_true(find(7)->flags & GOLIN_GF_ALIVE);
	assert_false(get(A)->retired);
	ended(30, 7);
	assert_int_equal(ctx_counts().retired, 1);
}

/*
 * Random events: whatever comes, sums agree with a count by hand, no list has a circle, and the cap
 * holds.
 */
static void check(uint32_t cap)
{
	struct golin_context_counts c = ctx_counts();
	uint64_t live = 0, ended = 0, in_tree = 0;

	for (golin_cidx i = 0; i < golin_model_context_max(M); i++) {
		const struct golin_context *x = golin_model_context(M, i);
		struct golin_holder h[64];
		uint32_t nchild = 0, nlive = 0;

		if (!x)
			continue;
		if (x->retired || x->state == GOLIN_CS_CANCELLED)
			ended++;
		else
			live++;
		for (golin_cidx k = x->first_child; k != GOLIN_CIDX_NONE;
		     k = golin_model_context(M, k)->next) {
			const struct golin_context *y = golin_model_context(M, k);

			assert_int_equal(y->up, i);
			nchild++;
			nlive += !y->retired && y->state != GOLIN_CS_CANCELLED;
			assert_true(nchild <= x->nchild);
		}
		assert_int_equal(nchild, x->nchild);
		assert_int_equal(nlive, x->nlive);
		in_tree += nchild;
		assert_int_equal(golin_context_holders(M, i, h, 64), x->nholders);
		if (!x->retired)
			assert_int_equal(golin_model_context_at(M, x->ctx), i);
	}
	for (golin_cidx i = golin_model_context_roots(M); i != GOLIN_CIDX_NONE;
	     i = golin_model_context(M, i)->next)
		in_tree++;
	assert_int_equal(c.live, live);
	assert_int_equal(in_tree, live + ended);
	assert_true(ended <= cap);
}

static uint64_t rnd_state = 1;

static uint32_t rnd(uint32_t n)
{
	rnd_state = rnd_state * 6364136223846793005ull + 1442695040888963407ull;
	return (uint32_t)(rnd_state >> 33) % n;
}

static void test_random(void **s)
{
	const struct golin_model_opts opts = {.max_contexts = 40, .max_ended = 10};

	free_model();
	assert_int_equal(golin_model_new(&opts, &M), 0);
	for (int step = 0; step < 30000; step++) {
		uint64_t ctx = A + 0x100 * rnd(60), up = A + 0x100 * rnd(60), g = 1 + rnd(20);

		switch (rnd(10)) {
		case 0:
			create(step + 1, 1 + rnd(20), 100 + step);
			break;
		case 1:
			ended(step + 1, g);
			break;
		case 2:
			cancel(step + 1, g, ctx, 1 + rnd(3));
			break;
		case 3:
			passed(g, ctx);
			break;
		case 4:
			root(step + 1, 1 + step / 100, 1 + rnd(5), ctx);
			break;
		default:
			if (ctx != up)
				make(step + 1, 1 + step / 100, 1 + rnd(4), ctx, up, 1 + rnd(8));
		}
		if (step % 50 == 0)
			check(40);
	}
	assert_true(ctx_counts().evicted > 1000);
}

/* ---- the dump ---- */

static int apply_to(void *arg, const struct golin_rec *rec)
{
	assert_true(golin_record_check(rec, rec->size));
	return golin_model_apply(arg, rec);
}

/* Two trees of contexts are the same; returns how many contexts that are. */
static size_t same_trees(struct golin_model *a, struct golin_model *b, golin_cidx i, golin_cidx k)
{
	size_t n = 0;

	for (; i != GOLIN_CIDX_NONE;
	     i = golin_model_context(a, i)->next, k = golin_model_context(b, k)->next) {
		const struct golin_context *x = golin_model_context(a, i),
					   *y = golin_model_context(b, k);
		char id[2][GOLIN_LINEAGE_MAX];

		assert_non_null(y);
		assert_string_equal(golin_context_lineage(a, x, id[0]),
				    golin_context_lineage(b, y, id[1]));
		assert_int_equal(x->kind, y->kind);
		assert_int_equal(x->ctx, y->ctx);
		assert_int_equal(x->state, y->state);
		assert_int_equal(x->retired, y->retired);
		assert_int_equal(x->cancelled, y->cancelled);
		assert_int_equal(x->cancel_reason, y->cancel_reason);
		assert_int_equal(x->nchild, y->nchild);
		assert_int_equal(x->nlive, y->nlive);
		assert_int_equal(x->nholders, y->nholders);
		n += 1 + same_trees(a, b, x->first_child, y->first_child);
	}
	assert_int_equal(k, GOLIN_CIDX_NONE);
	return n;
}

static size_t in_model(void)
{
	size_t n = 0;

	for (golin_cidx i = 0; i < golin_model_context_max(M); i++)
		n += golin_model_context(M, i) != NULL;
	return n;
}

static void check_dump(void)
{
	struct golin_context_counts a, b;
	struct golin_model *copy;
	struct golin_sink sink = {.put = apply_to};

	assert_int_equal(golin_model_new(NULL, &copy), 0);
	sink.arg = copy;
	assert_int_equal(golin_model_dump(M, &sink), 0);
	golin_context_counts(M, &a);
	golin_context_counts(copy, &b);
	assert_int_equal(
		same_trees(M, copy, golin_model_context_roots(M), golin_model_context_roots(copy)),
		in_model());
	assert_int_equal(a.live, b.live);
	assert_int_equal(a.created, b.created);
	assert_int_equal(a.cancelled, b.cancelled);
	assert_int_equal(a.retired, b.retired);
	golin_model_free(copy);
}

static void test_dump(void **s)
{
	create(10, 0, 1);
	create(11, 1, 2);
	root(20, 1, GOLIN_CTX_VALUE, A);
	root(21, 1, GOLIN_CTX_CANCEL, A); /* in its place */
	make(30, 1, GOLIN_CTX_VALUE, B, A, GOLIN_CTX_CANCEL);
	make(31, 2, GOLIN_CTX_TIMER, C, B, GOLIN_CTX_VALUE);
	passed(2, B);
	cancel(40, 2, C, GOLIN_CANCEL_EXPLICIT);
	make(50, 1, GOLIN_CTX_CANCEL, D, 0xc000099000, GOLIN_CTX_FOREIGN);
	check_dump();
}

static void test_dump_random(void **s)
{
	for (int step = 0; step < 3000; step++) {
		uint64_t ctx = A + 0x100 * rnd(60), up = A + 0x100 * rnd(60);

		/* What has children is not collected, nor cancelled without them. */
		if (golin_model_context_at(M, ctx) != GOLIN_CIDX_NONE && get(ctx)->nchild)
			continue;
		switch (rnd(8)) {
		case 0:
			create(step + 1, 0, 100 + step);
			break;
		case 1:
			/* One that makes no more contexts. */
			if (step >= 150)
				ended(step + 1, 1 + rnd(step / 150));
			break;
		case 2:
			if (golin_model_context_at(M, ctx) != GOLIN_CIDX_NONE)
				cancel(step + 1, 1, ctx, GOLIN_CANCEL_EXPLICIT);
			break;
		case 3:
			passed(1 + rnd(20), ctx);
			break;
		default:
			if (ctx != up && golin_model_context_at(M, up) != GOLIN_CIDX_NONE &&
			    get(up)->state == GOLIN_CS_ACTIVE)
				make(step + 1, 1 + step / 150, 1 + rnd(3), ctx, up, get(up)->kind);
			else
				root(step + 1, 1 + step / 150, 1 + rnd(3), ctx);
		}
		if (step % 100 == 99)
			check_dump();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		T(test_tree),		T(test_cascade),       T(test_address_used_again),
		T(test_unknown_parent), T(test_two_objects),   T(test_holders),
		T(test_held_once),	T(test_values_retire), T(test_held_by_the_runtime),
		T(test_exec_ends_all),	T(test_lineage_id),    T(test_creator_is_alive),
		T(test_random),		T(test_dump),	       T(test_dump_random),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Goroutines that panic by chance (panic_sim.h), their records mixed: the model says of each panic
 * what the goroutine's own account says. And where records are lost it stays sound, and is right
 * about what comes later.
 */
#include <stdio.h>

#include "panic_same.h"
#include "panic_sim.h"

enum { GOROUTINES = 8, ROUNDS = 400, ACTIONS = 120 };

static struct sim sims[GOROUTINES];
static const int minors[] = {13, 14, 17, 21, 22, 27};

static void scene(int minor)
{
	char version[16];

	ticks = 1000;
	sim_stacks = 0;
	make_model(0);
	snprintf(version, sizeof(version), "go1.%d.3", minor);
	go_version(version);
	for (uint64_t k = 0; k < SIM_FUNCS; k++) {
		char func[16];

		snprintf(func, sizeof(func), "main.f%d", (int)k);
		name(PC_FUNC + 0x100 * k, func, "/src/main.go", (uint32_t)k + 1);
	}
	name(PC_GOPANIC, "runtime.gopanic", "/go/panic.go", 1);
	name(PC_GOEXIT, "runtime.Goexit", "/go/panic.go", 2);
	seen(0, 1);
	for (uint64_t goid = 1; goid <= GOROUTINES; goid++)
		create(10 + goid, 1, 100 + goid);
}

static void feed(struct golin_rec *rec)
{
	if (rec->type != GOLIN_REC_STACK)
		rec->ts = ++ticks;
	put(rec);
}

/* All goroutines, each to its end; `lose` of a hundred records are lost. Which remain is mixed. */
static void play(uint64_t *random, int minor, uint32_t lose)
{
	struct sim *dice = &sims[0];
	int at[GOROUTINES] = {0}, left = 0;

	for (int k = 0; k < GOROUTINES; k++) {
		uint64_t seed = *random;

		*random = *random * 6364136223846793005ull + 12345;
		/* One that ends the program would end the others: that is a case of its own. */
		while (!sim_play(&sims[k], 101 + (uint64_t)k, seed++, minor, ACTIONS))
			sim_done(&sims[k]);
		left += sims[k].nrecords;
	}
	while (left) {
		uint32_t k = sim_below(dice, GOROUTINES);
		struct golin_rec *rec;

		if (at[k] == sims[k].nrecords)
			continue;
		rec = sims[k].records[at[k]++];
		left--;
		/* Stacks come again when they were lost. */
		if (rec->type == GOLIN_REC_STACK || sim_below(dice, 100) >= lose)
			feed(rec);
	}
}

static void done(void)
{
	for (int k = 0; k < GOROUTINES; k++)
		sim_done(&sims[k]);
}

/* The model's panics of a goroutine, in their order. */
static int numbers_of(uint64_t goid, uint64_t *ret)
{
	uint64_t last = panic_counts().panics + panic_counts().goexits;
	int n = 0;

	for (uint64_t number = 1; number <= last; number++)
		if (panic_no(number)->goid == goid)
			ret[n++] = number;
	return n;
}

static uint64_t linked(const uint64_t *numbers, int entry)
{
	return entry < 0 ? 0 : numbers[entry];
}

static void is_as_account(const struct sim *s)
{
	uint64_t numbers[SIM_ENTRIES];

	assert_int_equal(numbers_of(s->goid, numbers), s->nentries);
	for (int k = 0; k < s->nentries; k++) {
		const struct sim_entry *e = &s->entries[k];
		const struct golin_panic *p = panic_no(numbers[k]);

		assert_int_equal(p->kind, e->kind);
		is_outcome(numbers[k], e->outcome);
		assert_int_equal(p->depth, e->depth);
		assert_int_equal(p->ndefers, e->ndefers);
		assert_int_equal(p->recovered_by, e->by);
		assert_int_equal(p->frames, e->frames);
		assert_int_equal(number_of(p->nested_in), linked(numbers, e->nested_in));
		assert_int_equal(number_of(p->replaced_by), linked(numbers, e->replaced_by));
	}
}

static void test_right(void **arg)
{
	uint64_t random = 20261123, seen_all[GOLIN_PO_UNKNOWN + 1] = {0};

	(void)arg;
	for (int round = 0; round < ROUNDS; round++) {
		int minor = minors[round % 6];

		scene(minor);
		play(&random, minor, 0);
		for (int k = 0; k < GOROUTINES; k++) {
			is_as_account(&sims[k]);
			for (int i = 0; i < sims[k].nentries; i++)
				seen_all[sims[k].entries[i].outcome]++;
		}
		assert_int_equal(panic_counts().active, 0);
		assert_int_equal(panic_counts().unmatched, 0);
		if (round % 8 == 0) {
			struct golin_model *other = dumped(M, NULL);

			same_panics(M, other);
			golin_model_free(other);
		}
		done();
		free_model();
	}
	for (int k = GOLIN_PO_RECOVERED; k <= GOLIN_PO_GOEXIT; k++)
		assert_true(seen_all[k] > 1000);
}

static void test_fatal(void **arg)
{
	uint64_t random = 7, fatals = 0;
	struct sim *s = &sims[0];

	(void)arg;
	for (int round = 0; round < 4 * ROUNDS; round++) {
		int minor = minors[round % 6];
		bool lived;

		scene(minor);
		random = random * 6364136223846793005ull + 12345;
		lived = sim_play(s, 101, random, minor, ACTIONS);
		for (int k = 0; k < s->nrecords; k++)
			feed(s->records[k]);
		is_as_account(s);
		fatals += !lived;
		sim_done(s);
		free_model();
	}
	assert_true(fatals > ROUNDS);
}

/* What is counted is what there is. */
static void is_sound(void)
{
	struct golin_panic_counts c = panic_counts();
	uint64_t outcomes[GOLIN_PO_UNKNOWN + 1] = {0}, of_sites = 0, active = 0;

	for (uint64_t number = 1; number <= c.panics + c.goexits; number++) {
		const struct golin_panic *p = panic_no(number);

		active += p->outcome == GOLIN_PO_ACTIVE;
		assert_int_equal(!p->ended, p->outcome == GOLIN_PO_ACTIVE);
		assert_int_equal(p->outcome == GOLIN_PO_REPLACED, !!number_of(p->replaced_by));
		assert_true(number_of(p->nested_in) < number);
		if (p->kind == GOLIN_PANIC_PANIC)
			outcomes[p->outcome]++;
	}
	assert_int_equal(c.active, active);
	assert_int_equal(c.recovered, outcomes[GOLIN_PO_RECOVERED]);
	assert_int_equal(c.replaced, outcomes[GOLIN_PO_REPLACED]);
	for (uint32_t i = 0; i < golin_model_panic_sites(M); i++)
		of_sites += golin_model_panic_site(M, i)->count;
	assert_int_equal(of_sites, c.panics);
}

/* A panic of a goroutine's first function, all of whose records come. */
static void is_right_later(uint64_t goid)
{
	uint64_t number = panic_counts().panics + panic_counts().goexits + 1;

	start(goid, 0x50, 0, "later");
	deferred(goid, 0x9001, 0);
	start(goid, 0x60, GOLIN_PANIC_NESTED, "nested");
	deferred(goid, 0x9002, 0);
	recovered(goid, PC_FUNC, 0x58);
	deferred(goid, 0x9003, 0);
	recovered(goid, PC_FUNC, 0x48);
	assert_int_equal(number_of(panic_no(number)->nested_in), 0);
	is_recovered(number, 0x9003);
	assert_int_equal(panic_no(number)->ndefers, 2);
	assert_int_equal(number_of(panic_no(number + 1)->nested_in), number);
	is_recovered(number + 1, 0x9002);
}

static void test_lossy(void **arg)
{
	uint64_t random = 42;

	(void)arg;
	for (int round = 0; round < ROUNDS; round++) {
		int minor = minors[round % 6];
		struct golin_model *other;

		scene(minor);
		play(&random, minor, 1 + (uint32_t)round % 60);
		is_sound();
		other = dumped(M, NULL);
		same_panics(M, other);
		golin_model_free(other);
		/*
		 * Those whose end was lost, too. But nothing says in 1.13 that a Goexit of which
		 * only deferred calls came has been gone past.
		 */
		for (int k = 0; k < GOROUTINES && minor > 13; k++)
			is_right_later(101 + (uint64_t)k);
		is_sound();
		done();
		free_model();
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_right),
		cmocka_unit_test(test_fatal),
		cmocka_unit_test(test_lossy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

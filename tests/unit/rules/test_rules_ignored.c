/* SPDX-License-Identifier: BSD-2-Clause */
/* ignored-cancel: who is told of, who is not, and what is said. */
#include "scene.h"

enum { A = 0xc000010000, B = 0xc000020000, C = 0xc000030000 };

/* Goroutine 2 is handed A, which goroutine 1 cancels at 1 s. */
static void handed(void)
{
	spawn(1 * MS, 0, 1);
	MAKE(.ts = 2 * MS, .goid = 1, .ctx = A, .stack = ST_MAIN, .kind = GOLIN_CTX_CANCEL);
	spawn(3 * MS, 1, 2);
	passed(2, A);
	look(100 * MS, SEC);
	cancel(SEC, 1, A, GOLIN_CANCEL_EXPLICIT);
}

static void test_blocked_send(void **s)
{
	const struct stands at = {
		.goid = 2, .stack = AT_H, .wait = "chan send", .how = GOLIN_WAIT_SEND};
	const struct golin_finding *f;

	handed();
	look_until(SEC, 2 * SEC, &at, 1);
	assert_null(found("ignored-cancel", "main.h")); /* within the grace, or read once */
	look_until(2 * SEC, 3 * SEC, &at, 1);
	f = must("ignored-cancel", "main.h", GOLIN_SEV_WARNING);
	assert_int_equal(f->goid, 2);
	assert_int_equal(f->count, 1);
	assert_string_equal(f->file, "/src/app/h.go");
	assert_string_equal(text(f, "blocked_on"), "a channel send");
	assert_string_equal(text(f, "reason"), "explicit");
	assert_string_equal(text(f, "cancelled_at"), "main.main (main.go:5)");
	assert_int_equal(number(f, "cancelled_by"), 1);
	assert_true(number(f, "done_for_ms") >= 1500 && number(f, "done_for_ms") < 2000);
	assert_int_equal(f->c, golin_model_context_at(M, A));
	assert_true(f->lineage[0]);
	look_until(3 * SEC, 6 * SEC, &at, 1);
	assert_int_equal(must("ignored-cancel", "main.h", GOLIN_SEV_WARNING)->count, 1);
}

/* A lock that many want: that it stands there twice is no proof that it stood there all the time.
 */
static void test_lock(void **s)
{
	const struct stands at = {.goid = 2, .stack = AT_H, .wait = "sync.Mutex.Lock"};

	handed();
	look_until(SEC, 3 * SEC + 900 * MS, &at, 1);
	assert_int_equal(golin_findings_count(R), 0);
	look_until(3 * SEC + 900 * MS, 6 * SEC, &at, 1);
	assert_string_equal(text(must("ignored-cancel", "main.h", GOLIN_SEV_WARNING), "blocked_on"),
			    "a mutex");
}

/* It ends within the grace: nothing is even asked. */
static void test_ends(void **s)
{
	struct golin_ctl ctl;

	handed();
	ended(SEC + 900 * MS, 2);
	for (uint64_t t = SEC; t < 4 * SEC; t += 100 * MS) {
		golin_rules_check(R, t);
		assert_false(golin_rules_ask(R, &ctl));
	}
	assert_int_equal(golin_findings_count(R), 0);
}

/* It has heard, and listens to another context, which is live. */
static void test_listens_to_another(void **s)
{
	const struct stands at = {.goid = 2,
				  .stack = AT_H,
				  .wait = "select",
				  .how = GOLIN_WAIT_RECV,
				  .flags = GOLIN_WAIT_DONE,
				  .ctx = B};

	MAKE(.ts = 2 * MS, .goid = 1, .ctx = B, .stack = ST_MAIN, .kind = GOLIN_CTX_CANCEL);
	handed();
	look_until(SEC, 6 * SEC, &at, 1);
	assert_int_equal(golin_findings_count(R), 0);
}

/* Channels that may be contexts' Done are no proof. */
static void test_unsure_is_a_note(void **s)
{
	const struct stands at = {.goid = 2,
				  .stack = AT_H,
				  .wait = "select",
				  .how = GOLIN_WAIT_RECV,
				  .flags = GOLIN_WAIT_EMPTY,
				  .unsure = true};

	handed();
	look_until(SEC, 6 * SEC, &at, 1);
	must("ignored-cancel", "main.h", GOLIN_SEV_NOTE);
}

/* A goroutine that moves, each time that it is read, gets more time than one that stands still. */
static void move_until(uint64_t from, uint64_t to, struct stands *at)
{
	struct golin_waits w = {0};
	uint64_t read;

	for (uint64_t t = from; t < to; t += 100 * MS) {
		read = w.read;
		look_until(t, t, at, 1);
		if (golin_model_waits(M, golin_model_find(M, 2), &w) && w.read != read)
			at->stack = at->stack == AT_H ? AT_G : AT_H;
	}
}

static void test_moves(void **s)
{
	struct stands at = {
		.goid = 2, .stack = AT_H, .wait = "chan receive", .how = GOLIN_WAIT_RECV};

	handed();
	move_until(SEC, 3 * SEC + 400 * MS, &at);
	assert_int_equal(golin_findings_count(R), 0);
	move_until(3 * SEC + 400 * MS, 6 * SEC, &at);
	assert_int_equal(golin_findings_count(R), 1);
}

static void test_busy(void **s)
{
	const struct stands at = {.goid = 2, .gstate = GOLIN_GS_RUNNING};
	const struct golin_finding *f;

	handed();
	look_until(SEC, 3 * SEC, &at, 1);
	assert_int_equal(golin_findings_count(R), 0);
	look_until(3 * SEC, 6 * SEC, &at, 1);
	f = must("ignored-cancel", "main.run", GOLIN_SEV_WARNING); /* what it started in */
	assert_string_equal(text(f, "state"), "running");
}

/* Nobody answers: nothing is known, and nothing said. */
static void test_no_answer(void **s)
{
	handed();
	look(SEC, 20 * SEC);
	assert_int_equal(golin_findings_count(R), 0);
}

static void test_own_cancel(void **s)
{
	const struct stands at = {.goid = 2, .stack = AT_SLEEP, .wait = "sleep"};

	spawn(1 * MS, 0, 1);
	MAKE(.ts = 2 * MS, .goid = 1, .ctx = A, .stack = ST_MAIN, .kind = GOLIN_CTX_CANCEL);
	spawn(3 * MS, 1, 2);
	passed(2, A);
	cancel(SEC, 2, A, GOLIN_CANCEL_EXPLICIT);
	look_until(SEC, 6 * SEC, &at, 1);
	assert_int_equal(golin_findings_count(R), 0);
}

/* It was handed values over what is cancelled. */
static void test_through_values(void **s)
{
	const struct stands at = {.goid = 2, .stack = AT_SLEEP, .wait = "sleep"};
	const struct golin_finding *f;

	spawn(1 * MS, 0, 1);
	MAKE(.ts = 2 * MS, .goid = 1, .ctx = A, .stack = ST_MAIN, .kind = GOLIN_CTX_CANCEL);
	MAKE(.ts = 3 * MS, .goid = 1, .ctx = B, .parent = A, .parent_kind = GOLIN_CTX_CANCEL,
	     .stack = ST_VALUE_F, .kind = GOLIN_CTX_VALUE);
	MAKE(.ts = 4 * MS, .goid = 1, .ctx = C, .parent = B, .parent_kind = GOLIN_CTX_VALUE,
	     .stack = ST_VALUE_F, .kind = GOLIN_CTX_VALUE);
	spawn(5 * MS, 1, 2);
	passed(2, C);
	look(100 * MS, SEC);
	cancel(SEC, 1, A, GOLIN_CANCEL_EXPLICIT);
	look_until(SEC, 4 * SEC, &at, 1);
	f = must("ignored-cancel", "main.h", GOLIN_SEV_WARNING);
	assert_string_equal(text(f, "call"), "time.Sleep");
	assert_int_equal(f->c, golin_model_context_at(M, A));
}

/* Goroutine 2 made A itself, with a timeout, in main.f; `where` it is when that has passed. */
static void own_deadline(uint64_t where, bool again)
{
	const struct stands at = {
		.goid = 2, .stack = where, .wait = "chan receive", .how = GOLIN_WAIT_RECV};

	spawn(1 * MS, 0, 1);
	spawn(2 * MS, 1, 2);
	MAKE(.ts = 3 * MS, .goid = 2, .ctx = A, .stack = ST_TF, .kind = GOLIN_CTX_TIMER,
	     .timeout = SEC);
	look(100 * MS, SEC);
	cancel(SEC, 9, A, GOLIN_CANCEL_DEADLINE);
	if (again)
		MAKE(.ts = SEC + MS, .goid = 2, .ctx = B, .stack = ST_TF, .kind = GOLIN_CTX_TIMER,
		     .timeout = 20 * SEC);
	look_until(SEC, 5 * SEC, &at, 1);
}

/* main.f made it and has called main.h, which does not heed it. */
static void test_own_deadline_in_a_call(void **s)
{
	own_deadline(AT_H, false);
	must("ignored-cancel", "main.h", GOLIN_SEV_WARNING);
}

/* main.f itself is what waits: it made it and knows; or it has returned; or made the next. */
static void test_own_deadline_known(void **s)
{
	own_deadline(AT_F, false);
	assert_int_equal(golin_findings_count(R), 0);
}

static void test_own_deadline_returned(void **s)
{
	own_deadline(AT_G, false);
	assert_int_equal(golin_findings_count(R), 0);
}

static void test_own_deadline_next(void **s)
{
	own_deadline(AT_H, true);
	assert_int_equal(golin_findings_count(R), 0);
}

/* The same in the main goroutine: it is often in its next phase. */
static void test_own_deadline_main(void **s)
{
	const struct stands at = {
		.goid = 1, .stack = AT_H, .wait = "chan receive", .how = GOLIN_WAIT_RECV};

	spawn(1 * MS, 0, 1);
	MAKE(.ts = 3 * MS, .goid = 1, .ctx = A, .stack = ST_TF, .kind = GOLIN_CTX_TIMER,
	     .timeout = SEC);
	cancel(SEC, 9, A, GOLIN_CANCEL_DEADLINE);
	look_until(SEC, 5 * SEC, &at, 1);
	must("ignored-cancel", "main.h", GOLIN_SEV_NOTE);
}

/* It waits for goroutines that it started, and one of them has the context: that one is it. */
static void test_waits_for_child(void **s)
{
	const struct stands at[] = {
		{.goid = 2, .stack = AT_WG, .wait = "sync.WaitGroup.Wait"},
		{.goid = 3, .stack = AT_H, .wait = "chan send", .how = GOLIN_WAIT_SEND}};

	handed();
	spawn(SEC, 2, 3);
	passed(3, A);
	look_until(SEC, 6 * SEC, at, 2);
	assert_null(found("ignored-cancel", "main.f"));
}

/* Only the library's code is on its stack: a connection that is kept for the next request. */
static void test_library_goroutine(void **s)
{
	const struct stands at = {.goid = 2, .stack = AT_CONN, .wait = "IO wait"};

	handed();
	look_until(SEC, 6 * SEC, &at, 1);
	assert_int_equal(golin_findings_count(R), 0);
}

/* The client has gone while the handler runs in the connection's goroutine. */
static void request(uint64_t where)
{
	const struct stands at = {
		.goid = 2, .stack = where, .wait = "select", .how = GOLIN_WAIT_RECV};

	create_full(1 * MS, 0, 2, PC_CONN_SERVE, PC_SERVER_SERVE, 0, GOLIN_VIA_GO, 0);
	MAKE(.ts = 2 * MS, .goid = 2, .ctx = A, .stack = ST_CONN, .kind = GOLIN_CTX_CANCEL);
	spawn(3 * MS, 2, 3);
	cancel(SEC, 3, A, GOLIN_CANCEL_EXPLICIT);
	look_until(SEC, 4 * SEC, &at, 1);
}

static void test_gone_client(void **s)
{
	request(AT_HTTP);
	assert_int_equal(must("ignored-cancel", "main.h", GOLIN_SEV_WARNING)->goid, 2);
}

static void test_next_request(void **s)
{
	request(AT_CONN);
	assert_int_equal(golin_findings_count(R), 0);
}

/* Handed on when it was done already: a note. */
static void test_late(void **s)
{
	const struct stands at = {.goid = 3, .stack = AT_SLEEP, .wait = "sleep"};

	handed();
	ended(SEC + 10 * MS, 2);
	spawn(SEC + 20 * MS, 1, 3);
	passed(3, A);
	look_until(SEC, 6 * SEC, &at, 1);
	must("ignored-cancel", "main.h", GOLIN_SEV_NOTE);
}

/* A context that stood on its stack when golin came: `from` is when it was read first. */
static void on_stack(uint64_t from, uint32_t reason)
{
	const struct stands at = {
		.goid = 2, .stack = AT_H, .wait = "chan send", .how = GOLIN_WAIT_SEND};
	struct golin_rec_context_seen c = {.h = HEADER(GOLIN_REC_CONTEXT_SEEN, c, 0, 0),
					   .ctx = A,
					   .kind = GOLIN_CTX_CANCEL,
					   .parent_kind = GOLIN_CTX_BACKGROUND};
	struct golin_rec_context_passed p = {.h = HEADER(GOLIN_REC_CONTEXT_PASSED, p, 0, 0),
					     .child = 2,
					     .ctx = A,
					     .how = GOLIN_PASSED_STACK};

	seen(0, 1);
	seen(1, 2);
	put(&c.h);
	put(&p.h);
	look_until(100 * MS, SEC - MS, &at, from < SEC);
	cancel(SEC, 1, A, reason);
	look_until(SEC, 4 * SEC, &at, 1);
}

static void test_on_stack(void **s)
{
	on_stack(0, GOLIN_CANCEL_EXPLICIT);
	must("ignored-cancel", "main.h", GOLIN_SEV_WARNING);
}

/* It was not seen to stand there when that was cancelled. */
static void test_on_stack_later(void **s)
{
	on_stack(SEC, GOLIN_CANCEL_EXPLICIT);
	must("ignored-cancel", "main.h", GOLIN_SEV_NOTE);
}

/* It may have made that itself. */
static void test_on_stack_deadline(void **s)
{
	on_stack(0, GOLIN_CANCEL_DEADLINE);
	must("ignored-cancel", "main.h", GOLIN_SEV_NOTE);
}

/* The same place again and again: one finding, counted. */
static void test_count(void **s)
{
	struct stands at[20];

	spawn(1 * MS, 0, 1);
	MAKE(.ts = 2 * MS, .goid = 1, .ctx = A, .stack = ST_MAIN, .kind = GOLIN_CTX_CANCEL);
	for (uint64_t g = 0; g < 20; g++) {
		at[g] = (struct stands){.goid = 10 + g, .stack = AT_SLEEP, .wait = "sleep"};
		spawn(3 * MS, 1, 10 + g);
		passed(10 + g, A);
	}
	cancel(SEC, 1, A, GOLIN_CANCEL_EXPLICIT);
	look_until(SEC, 4 * SEC, at, 20);
	assert_int_equal(golin_findings_count(R), 1);
	assert_int_equal(must("ignored-cancel", "main.h", GOLIN_SEV_WARNING)->count, 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_blocked_send, setup, teardown),
		cmocka_unit_test_setup_teardown(test_lock, setup, teardown),
		cmocka_unit_test_setup_teardown(test_ends, setup, teardown),
		cmocka_unit_test_setup_teardown(test_listens_to_another, setup, teardown),
		cmocka_unit_test_setup_teardown(test_unsure_is_a_note, setup, teardown),
		cmocka_unit_test_setup_teardown(test_moves, setup, teardown),
		cmocka_unit_test_setup_teardown(test_busy, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_answer, setup, teardown),
		cmocka_unit_test_setup_teardown(test_own_cancel, setup, teardown),
		cmocka_unit_test_setup_teardown(test_through_values, setup, teardown),
		cmocka_unit_test_setup_teardown(test_own_deadline_in_a_call, setup, teardown),
		cmocka_unit_test_setup_teardown(test_own_deadline_known, setup, teardown),
		cmocka_unit_test_setup_teardown(test_own_deadline_returned, setup, teardown),
		cmocka_unit_test_setup_teardown(test_own_deadline_next, setup, teardown),
		cmocka_unit_test_setup_teardown(test_own_deadline_main, setup, teardown),
		cmocka_unit_test_setup_teardown(test_waits_for_child, setup, teardown),
		cmocka_unit_test_setup_teardown(test_library_goroutine, setup, teardown),
		cmocka_unit_test_setup_teardown(test_gone_client, setup, teardown),
		cmocka_unit_test_setup_teardown(test_next_request, setup, teardown),
		cmocka_unit_test_setup_teardown(test_late, setup, teardown),
		cmocka_unit_test_setup_teardown(test_on_stack, setup, teardown),
		cmocka_unit_test_setup_teardown(test_on_stack_later, setup, teardown),
		cmocka_unit_test_setup_teardown(test_on_stack_deadline, setup, teardown),
		cmocka_unit_test_setup_teardown(test_count, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

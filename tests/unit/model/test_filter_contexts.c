/* SPDX-License-Identifier: BSD-2-Clause */
/* The filter language on contexts, on findings, and on goroutines by their contexts. */
#include <stdio.h>

#include "base/err.h"
#include "context_scene.h"
#include "model/filter.h"

static int setup(void **s)
{
	context_scene();
	return 0;
}

static int teardown(void **s)
{
	free_model();
	return 0;
}

static struct golin_filter *parse(const char *expr)
{
	struct golin_filter *f = NULL;
	struct golin_err err = {0};

	if (golin_filter_parse(expr, &f, &err))
		fail_msg("%s: %s", expr, err.msg);
	return f;
}

/* The contexts that an expression lets through: "server request value shown". */
static void contexts(const char *expr, const char *want)
{
	static const struct {
		uint64_t ctx;
		const char *name;
	} all[] = {{CTX_SERVER, "server"},
		   {CTX_REQUEST, "request"},
		   {CTX_VALUE, "value"},
		   {CTX_SHOWN, "shown"}};
	struct golin_filter *f = parse(expr);
	char got[64] = "";

	for (size_t k = 0; k < 4; k++) {
		golin_cidx i = golin_model_context_at(M, all[k].ctx);

		assert_non_null(golin_model_context(M, i));
		if (golin_filter_match_context(f, M, i))
			snprintf(got + strlen(got), sizeof(got) - strlen(got), "%s%s",
				 *got ? " " : "", all[k].name);
	}
	golin_filter_free(f);
	if (strcmp(got, want))
		fail_msg("%s: \"%s\", not \"%s\"", expr, got, want);
}

static void test_contexts(void **s)
{
	contexts("", "server request value shown");
	contexts("kind:timer", "request");
	contexts("kind:VALUE", "");
	contexts("!kind:value", "server request");
	contexts("state:active", "server request value shown");
	contexts("fn:main.main", "server");
	contexts("fn:context.WithTimeout", "request");
	contexts("at:api.go:41", "request value shown");
	contexts("file:main.go", "server");
	contexts("goid:7", "request");
	contexts("goid:1 | goid:8", "server value shown");
	contexts("key:requestkey", "value shown");
	/* What is not shown is not found either. */
	contexts("key:tenant", "shown");
	contexts("lineage:0xc000020000", "request");
	contexts("lineage:-t8", "value shown");
	contexts("children>1", "request");
	contexts("children<1", "value shown");
	contexts("depth>1", "value shown");
	contexts("depth<1", "server");
	contexts("holders>1", "request");
	contexts("age>8s", "server request");
	contexts("age<7s", "shown");
	contexts("deadline<10s", "request");
	contexts("deadline>8s", "");
	contexts("reason:explicit", "");
	contexts("WithValue", "value shown");
	contexts("/kind|merged/", "");
	/* of the goroutine that made it */
	contexts("under:7", "request value shown");
	contexts("parent:7", "value shown");
	contexts("alive:yes", "server request value shown");
	contexts("wait:receive", "server");
	contexts("rule:lost-cancel", "");
	contexts("severity:error", "");
}

static void test_cancelled(void **s)
{
	context_end(13 * SEC, 1, CTX_SERVER, GOLIN_CANCEL_EXPLICIT);
	context_end(13 * SEC + 1, 1, CTX_REQUEST, GOLIN_CANCEL_PARENT);
	clock_at(100 * SEC, UNIX0 + 100 * SEC);
	contexts("state:cancelled", "server request value shown");
	contexts("state:active", "");
	contexts("reason:explicit", "server");
	contexts("reason:parent", "request");
	contexts("file:stop.go", "server request");
	/* The goroutine that cancelled it is of it too. */
	contexts("goid:1 kind:timer", "request");
	/* how long it lived */
	contexts("kind:cancel age>13s", "");
	contexts("kind:cancel age>11s", "server");
	/* what is left: nothing */
	contexts("deadline<1ns", "request");
}

/* Of one that was there before nobody knows how young it is, nor who made it. */
static void test_seen(void **s)
{
	struct golin_rec_context_seen r = {
		.h = HEADER(GOLIN_REC_CONTEXT_SEEN, r, 12 * SEC, 0),
		.ctx = CTX_OLD,
		.kind = GOLIN_CTX_FOREIGN,
		.type = TYPE_FOREIGN,
		.cancelled = 2,
	};
	struct golin_filter *f;
	static const struct {
		const char *expr;
		bool match;
	} all[] = {{"kind:foreign", true}, {"merged", true},	   {"state:unknown", true},
		   {"age<1h", false},	   {"goid:0", false},	   {"alive:yes", false},
		   {"!alive:yes", true},   {"deadline<1h", false}, {"holders<1", true},
		   {"lineage:ls-", true},  {"key:merged", false}};

	put(&r.h);
	for (size_t k = 0; k < sizeof(all) / sizeof(all[0]); k++) {
		f = parse(all[k].expr);
		if (golin_filter_match_context(f, M, golin_model_context_at(M, CTX_OLD)) !=
		    all[k].match)
			fail_msg("%s", all[k].expr);
		golin_filter_free(f);
	}
	/* One that is not there passes no filter but none. */
	f = parse("kind:foreign");
	assert_false(golin_filter_match_context(f, M, GOLIN_CIDX_NONE));
	assert_true(golin_filter_match_context(NULL, M, GOLIN_CIDX_NONE));
	golin_filter_free(f);
}

/* Goroutines by the contexts that they work under. */
static void test_goroutines(void **s)
{
	static const struct {
		const char *expr;
		bool one, seven, eight;
	} all[] = {
		{"kind:timer", false, true, true},   {"kind:cancel", true, false, false},
		{"key:tenant", false, false, true},  {"lineage:0xc000020000", false, true, true},
		{"deadline<10s", false, true, true}, {"reason:deadline", false, false, false},
		{"holders>1", false, true, true},    {"!kind:timer", true, false, false},
		{"rule:x", false, false, false},
	};

	for (size_t k = 0; k < sizeof(all) / sizeof(all[0]); k++) {
		struct golin_filter *f = parse(all[k].expr);

		if (golin_filter_match(f, M, find(1)) != all[k].one ||
		    golin_filter_match(f, M, find(7)) != all[k].seven ||
		    golin_filter_match(f, M, find(8)) != all[k].eight)
			fail_msg("%s", all[k].expr);
		golin_filter_free(f);
	}
}

static void finding(const struct golin_filter_finding *what, const char *expr, bool match)
{
	struct golin_filter *f = parse(expr);

	if (golin_filter_match_finding(f, M, what) != match)
		fail_msg("%s", expr);
	golin_filter_free(f);
}

static void test_findings(void **s)
{
	struct golin_filter_finding what = {
		.rule = "lost-cancel",
		.severity = "warning",
		.func = "main.(*API).handle",
		.file = "/src/app/api.go",
		.line = 41,
		.message = "17 contexts were never cancelled",
		.lineage = "ln-1-2-t7",
		.c = golin_model_context_at(M, CTX_REQUEST),
		.goid = 8,
		.first = 10 * SEC,
	};

	finding(&what, "", true);
	finding(&what, "rule:lost-cancel", true);
	finding(&what, "rule:lost", true);
	finding(&what, "rule:ignored", false);
	finding(&what, "severity:warning", true);
	finding(&what, "!severity:error", true);
	finding(&what, "never", true);
	finding(&what, "fn:handle at:api.go:41 file:api", true);
	finding(&what, "goid:8", true);
	finding(&what, "goid:7", false);
	finding(&what, "lineage:ln-1-2", true);
	finding(&what, "age>1s age<3s", true);
	/* of its context */
	finding(&what, "kind:timer state:active children>1 depth>0", true);
	finding(&what, "kind:cancel", false);
	/* of its goroutine */
	finding(&what, "under:7 parent:7 alive:yes", true);
	/* Neither is there any more. */
	what.c = 100000;
	what.goid = 99;
	finding(&what, "kind:timer", false);
	finding(&what, "alive:yes", false);
	finding(&what, "rule:lost | kind:timer", true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_contexts, setup, teardown),
		cmocka_unit_test_setup_teardown(test_cancelled, setup, teardown),
		cmocka_unit_test_setup_teardown(test_seen, setup, teardown),
		cmocka_unit_test_setup_teardown(test_goroutines, setup, teardown),
		cmocka_unit_test_setup_teardown(test_findings, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

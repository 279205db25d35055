/* SPDX-License-Identifier: BSD-2-Clause */
/* Findings as text and as JSON, their order and their counts; contexts beside goroutines. */
#include <jansson.h>
#include <stdio.h>

#include "base/err.h"
#include "context_scene.h"
#include "export/export.h"
#include "model/filter.h"

static int make(void **s)
{
	context_scene();
	return 0;
}

static int unmake(void **s)
{
	free_model();
	return 0;
}

static struct golin_finding lost_cancel(void)
{
	return (struct golin_finding){
		.rule = golin_rule_find("lost-cancel"),
		.severity = GOLIN_SEV_WARNING,
		.goid = 7,
		.c = golin_model_context_at(M, CTX_REQUEST),
		.lineage = "ln-b2d05e00-deadbeef-t7",
		.func = "main.(*API).handle",
		.file = "/src/app/api.go",
		.line = 41,
		.first = 4 * SEC,
		.last = 9 * SEC,
		.count = 17,
		.message = "17 contexts were \"lost\"",
		.hint = "Call cancel.",
		.evidence = {{.name = "live", .number = 17},
			     {.name = "call", .text = "context.WithTimeout"}},
		.nevidence = 2,
	};
}

static struct golin_finding bare(void)
{
	return (struct golin_finding){
		.rule = golin_rule_find("wide-context"),
		.severity = GOLIN_SEV_ERROR,
		.c = GOLIN_CIDX_NONE,
		.func = "",
		.file = "",
		.count = 1,
		.message = "wide",
		.hint = "",
	};
}

static void test_json(void **s)
{
	struct golin_finding f = lost_cancel();
	struct golin_finding_row row = {.f = &f};
	struct strbuf out = {0};

	golin_export_finding_json(M, &row, &out);
	assert_string_equal(
		out.s,
		"{\"type\":\"finding\",\"rule\":\"lost-cancel\",\"severity\":\"warning\",\"goid\":"
		"7,"
		"\"lineage\":\"ln-b2d05e00-deadbeef-t7\",\"func\":\"main.(*API).handle\",\"at\":{"
		"\"func\":\"main.(*API).handle\",\"file\":\"/src/app/api.go\",\"line\":41},"
		"\"message\":\"17 contexts were \\\"lost\\\"\",\"evidence\":{\"live\":17,"
		"\"call\":\"context.WithTimeout\"},\"hint\":\"Call cancel.\",\"count\":17,"
		"\"first\":\"1700000003999999000\",\"last\":\"1700000008999999000\","
		"\"known\":false}\n");
	strbuf_clear(&out);
	/* What is not known is null, not 0 and not "". */
	f = bare();
	row.known = true;
	golin_export_finding_json(M, &row, &out);
	assert_string_equal(
		out.s, "{\"type\":\"finding\",\"rule\":\"wide-context\",\"severity\":\"error\","
		       "\"goid\":null,\"lineage\":null,\"func\":null,\"at\":null,"
		       "\"message\":\"wide\",\"evidence\":{},\"hint\":\"\",\"count\":1,"
		       "\"first\":null,\"last\":null,\"known\":true}\n");
	strbuf_done(&out);
}

static void test_text(void **s)
{
	struct golin_export_opts o = {.width = 20};
	struct golin_finding f = lost_cancel();
	struct golin_finding_row row = {.f = &f};
	struct strbuf out = {0};

	golin_export_finding_text(&o, &row, &out);
	assert_string_equal(
		out.s, "warning: lost-cancel: main.(*API).handle (api.go:41): 17 contexts were "
		       "\"lost\"\n"
		       "    at /src/app/api.go:41, goroutine 7, context ln-b2d05e00-deadbeef-t7\n"
		       "    live=17, call=context.WithTimeout\n"
		       "    help: Call cancel.\n");
	strbuf_clear(&out);
	/* How often, where the message does not say so. */
	f = lost_cancel();
	f.message = "lost";
	f.nevidence = 0;
	golin_export_finding_text(&o, &row, &out);
	assert_string_equal(
		out.s, "warning: lost-cancel: main.(*API).handle (api.go:41): lost (17 times)\n"
		       "    at /src/app/api.go:41, goroutine 7, context ln-b2d05e00-deadbeef-t7\n"
		       "    help: Call cancel.\n");
	strbuf_clear(&out);
	f = bare();
	row.known = true;
	golin_export_finding_text(&o, &row, &out);
	assert_string_equal(out.s, "error: wide-context: wide [known]\n");
	strbuf_clear(&out);
	o.color = true;
	golin_export_finding_text(&o, &row, &out);
	assert_string_equal(out.s,
			    "\033[31merror\033[0m: \033[1mwide-context\033[0m: wide [known]\n");
	strbuf_done(&out);
}

static void test_tally(void **s)
{
	struct golin_finding f[4] = {lost_cancel(), lost_cancel(), bare(), lost_cancel()};
	struct golin_finding_row rows[4] = {
		{.f = &f[0]}, {.f = &f[1], .known = true}, {.f = &f[2]}, {.f = &f[3]}};
	struct golin_findings_tally t;
	struct strbuf out = {0};

	f[3].severity = GOLIN_SEV_NOTE;
	golin_export_findings_tally(rows, 4, &t);
	golin_export_findings_end(M, &t, 12 * SEC, &out);
	assert_string_equal(out.s, "3 findings (1 error, 1 warning, 1 note), 1 known from the "
				   "baseline: looked at 4 contexts and 3 goroutines in 12s\n");
	strbuf_clear(&out);
	golin_export_findings_summary(M, NULL, &t, &out);
	assert_string_equal(out.s,
			    "{\"type\":\"summary\",\"events\":7,\"lost\":{\"ring\":0,\"missed\":0},"
			    "\"unread\":0,\"evicted\":0,\"gaps\":0,\"complete\":true,"
			    "\"findings\":{\"error\":1,\"warning\":1,\"note\":1,\"known\":1}}\n");
	strbuf_clear(&out);
	golin_export_findings_tally(&rows[1], 1, &t);
	golin_export_findings_end(M, &t, SEC, &out);
	assert_string_equal(out.s, "no findings but 1 known from the baseline: looked at 4 "
				   "contexts and 3 goroutines in 1s\n");
	strbuf_clear(&out);
	golin_export_findings_tally(rows, 0, &t);
	golin_export_findings_end(M, &t, SEC, &out);
	assert_string_equal(out.s, "no findings: looked at 4 contexts and 3 goroutines in 1s\n");
	strbuf_done(&out);
}

/* Twenty timeouts that are masked and a chain that is too deep: real rules find them. */
static void test_order(void **s)
{
	struct golin_rules_opts opts = {.masked_count = 3, .width = 4};
	struct golin_finding_row *rows;
	struct golin_export_opts o = {0};
	struct golin_filter *f;
	struct golin_rules *r;
	size_t n = 0;

	assert_int_equal(golin_rules_new(&opts, M, &r, NULL), 0);
	for (uint64_t k = 0; k < 6; k++) {
		struct golin_rec_context_create c = {
			.h = HEADER(GOLIN_REC_CONTEXT_CREATE, c, 12 * SEC + 2000 + k, 7),
			.ctx = 0xc000100000 + k * 0x100,
			.parent = CTX_SERVER,
			.kind = GOLIN_CTX_CANCEL,
			.parent_kind = GOLIN_CTX_CANCEL,
			.stack = k % 2 ? STACK_REQUEST : STACK_SERVER,
			.flags = GOLIN_CTX_PARENT_KNOWN,
		};

		put(&c.h);
	}
	assert_int_equal(golin_rules_check(r, 13 * SEC), 0);
	assert_int_equal(golin_rules_finish(r, 14 * SEC), 0);
	assert_int_equal(golin_export_findings(M, r, &o, &rows, &n), 0);
	assert_int_not_equal(n, 0);
	for (size_t k = 1; k < n; k++) {
		const struct golin_finding *a = rows[k - 1].f, *b = rows[k].f;

		assert_true(a->severity > b->severity ||
			    (a->severity == b->severity && a->count >= b->count));
	}
	free(rows);
	assert_int_equal(golin_filter_parse("rule:wide-context", &f, NULL), 0);
	o.filter = f;
	assert_int_equal(golin_export_findings(M, r, &o, &rows, &n), 0);
	assert_int_equal(n, 1);
	assert_string_equal(golin_rule(rows[0].f->rule)->name, "wide-context");
	free(rows);
	golin_filter_free(f);
	assert_int_equal(golin_filter_parse("rule:nothing", &f, NULL), 0);
	o.filter = f;
	assert_int_equal(golin_export_findings(M, r, &o, &rows, &n), 0);
	assert_int_equal(n, 0);
	free(rows);
	golin_filter_free(f);
	golin_rules_free(r);
}

static void test_rules(void **s)
{
	struct strbuf out = {0};

	assert_int_not_equal(golin_rule_count(), 0);
	for (uint32_t i = 0; i < golin_rule_count(); i++) {
		json_t *v;

		strbuf_clear(&out);
		golin_export_rule_json(i, &out);
		v = json_loads(out.s, JSON_REJECT_DUPLICATES, NULL);
		assert_non_null(v);
		assert_int_equal(golin_rule_find(json_string_value(json_object_get(v, "rule"))), i);
		assert_non_null(json_string_value(json_object_get(v, "what")));
		assert_non_null(json_string_value(json_object_get(v, "hint")));
		json_decref(v);
		strbuf_clear(&out);
		golin_export_rule_text(i, &out);
		assert_non_null(strstr(out.s, "\n    help: "));
	}
	strbuf_done(&out);
}

/* ---- contexts ---- */

static char *all(bool (*next)(const struct golin_model *, const struct golin_export_opts *,
			      uint64_t *, struct strbuf *),
		 const char *filter)
{
	struct golin_filter *f = NULL;
	struct golin_export_opts o = {0};
	struct strbuf out = {0};
	uint64_t pos = 0;

	if (filter)
		assert_int_equal(golin_filter_parse(filter, &f, NULL), 0);
	o.filter = f;
	while (next(M, &o, &pos, &out))
		;
	golin_filter_free(f);
	return out.s ? out.s : strdup("");
}

static json_t *only(char *text)
{
	json_t *v = json_loads(text, JSON_REJECT_DUPLICATES | JSON_DISABLE_EOF_CHECK, NULL);

	assert_non_null(v);
	assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1);
	free(text);
	return v;
}

static void texts(const json_t *v, const char *key, const char *want)
{
	char got[256] = "";
	size_t i;
	json_t *e;

	json_array_foreach(json_object_get(v, key), i, e)
	{
		if (json_is_integer(e))
			snprintf(got + strlen(got), sizeof(got) - strlen(got), "%s%d",
				 *got ? " " : "", (int)json_integer_value(e));
		else
			snprintf(got + strlen(got), sizeof(got) - strlen(got), "%s%.3s%s",
				 *got ? " " : "", json_string_value(e),
				 strrchr(json_string_value(e), '-'));
	}
	assert_string_equal(got, want);
}

static void test_contexts(void **s)
{
	json_t *v = only(all(golin_export_contexts_json, "kind:timer"));

	assert_string_equal(json_string_value(json_object_get(v, "kind")), "timer");
	assert_string_equal(json_string_value(json_object_get(v, "state")), "active");
	texts(v, "holders", "8 7");
	texts(v, "handed_to", "8");
	json_decref(v);
	v = only(all(golin_export_contexts_json, "key:requestKey !key:tenant"));
	/* A value that was not asked for is not there. */
	assert_true(json_is_null(json_object_get(v, "value")));
	assert_true(json_is_null(json_object_get(v, "key")));
	assert_string_equal(json_string_value(json_object_get(v, "key_type")), "main.requestKey");
	json_decref(v);
	v = only(all(golin_export_contexts_json, "key:tenant"));
	assert_string_equal(json_string_value(json_object_get(v, "value")), "blue");
	json_decref(v);
}

/* What a filter lets through is not hidden by folding what stands above it. */
static void test_fold(void **s)
{
	struct golin_export_opts o = {.fold = true};
	struct golin_contexts_text *t;
	struct strbuf out = {0};
	struct golin_filter *f;

	for (uint64_t k = 0; k < 6; k++) {
		struct golin_rec_context_create c = {
			.h = HEADER(GOLIN_REC_CONTEXT_CREATE, c, 13 * SEC + k, 7),
			.ctx = 0xc000100000 + k * 0x100,
			.parent = CTX_SERVER,
			.kind = GOLIN_CTX_TIMER,
			.parent_kind = GOLIN_CTX_CANCEL,
			.stack = STACK_REQUEST,
			.flags = GOLIN_CTX_PARENT_KNOWN,
		};

		put(&c.h);
	}
	context_value(14 * SEC, 8, 0xc000200000, 0xc000100300, "tenant", "green");
	for (int filtered = 0; filtered <= 1; filtered++) {
		assert_int_equal(
			golin_filter_parse(filtered ? "key:tenant at:api.go" : "", &f, NULL), 0);
		o.filter = f;
		t = golin_contexts_text_new(M, &o);
		assert_non_null(t);
		while (golin_contexts_text_next(t, &out))
			;
		golin_contexts_text_free(t);
		golin_filter_free(f);
		assert_int_equal(strstr(out.s, "(tenant)=string(green)") != NULL, filtered);
		assert_int_equal(strstr(out.s, "[7 like this]") == NULL, filtered);
		strbuf_clear(&out);
	}
	strbuf_done(&out);
}

/* Under which contexts each goroutine works, and which the go statement handed to it. */
static void test_lineage(void **s)
{
	json_t *v = only(all(golin_export_lineage_json, "goid:8"));
	struct golin_export_opts o = {0};
	struct golin_lineage_text *t;
	struct strbuf out = {0};

	texts(v, "contexts", "ln--t8 ln--t8 ln--t7");
	texts(v, "handed", "ln--t7");
	json_decref(v);
	v = only(all(golin_export_lineage_json, "goid:1"));
	texts(v, "contexts", "ln--t1");
	texts(v, "handed", "");
	json_decref(v);
	t = golin_lineage_text_new(M, &o);
	assert_non_null(t);
	while (golin_lineage_text_next(t, &out))
		;
	golin_lineage_text_free(t);
	assert_non_null(strstr(out.s, "8 main.work  api.go:41  8s  under timer api.go:41\n"));
	strbuf_clear(&out);
	context_end(13 * SEC, 7, CTX_REQUEST, GOLIN_CANCEL_EXPLICIT);
	t = golin_lineage_text_new(M, &o);
	while (golin_lineage_text_next(t, &out))
		;
	golin_lineage_text_free(t);
	assert_non_null(strstr(out.s, "under cancelled timer api.go:41\n"));
	strbuf_done(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_json, make, unmake),
		cmocka_unit_test_setup_teardown(test_text, make, unmake),
		cmocka_unit_test_setup_teardown(test_tally, make, unmake),
		cmocka_unit_test_setup_teardown(test_order, make, unmake),
		cmocka_unit_test_setup_teardown(test_rules, make, unmake),
		cmocka_unit_test_setup_teardown(test_contexts, make, unmake),
		cmocka_unit_test_setup_teardown(test_fold, make, unmake),
		cmocka_unit_test_setup_teardown(test_lineage, make, unmake),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* The JSON lines: each parses, has exactly the contract's members, and says the right thing. */
#include "scene.h"

#include <jansson.h>
#include <stdio.h>
#include "export/export.h"
#include "model/filter.h"

static int make(void **s)
{
	scene();
	return 0;
}

static int unmake(void **s)
{
	free_model();
	return 0;
}

/* One line, parsed; its members must be these, in this order. */
static json_t *parse(const char *line, const char *members)
{
	json_error_t err;
	json_t *v = json_loads(line, JSON_REJECT_DUPLICATES, &err);
	char got[512] = "";
	const char *key;
	json_t *member;

	if (!v)
		fail_msg("%s: %s", err.text, line);
	json_object_foreach(v, key, member) snprintf(got + strlen(got), sizeof(got) - strlen(got),
						     "%s%s", *got ? " " : "", key);
	assert_string_equal(got, members);
	return v;
}

static char *lineage(const struct golin_export_opts *o)
{
	struct strbuf out = {0};
	uint64_t pos = 0;

	while (golin_export_lineage_json(M, o, &pos, &out))
		;
	assert_false(golin_export_lineage_json(M, o, &pos, &out));
	assert_false(out.oom);
	if (!out.s)
		return strdup("");
	return out.s;
}

#define GOROUTINE                                                                                  \
	"type goid parent func at state wait alive created exited contexts handed kept labels "    \
	"opid "                                                                                    \
	"system"

static void test_lineage(void **s)
{
	static const char *const want[] = {
		"{\"type\":\"goroutine\",\"goid\":1,\"parent\":null,\"func\":\"main.main\","
		"\"at\":null,\"state\":\"waiting\",\"wait\":\"chan receive\",\"alive\":true,"
		"\"created\":null,\"exited\":null,\"contexts\":[],\"handed\":[],\"kept\":null,"
		"\"labels\":null,"
		"\"opid\":null,"
		"\"system\":false}",
		"{\"type\":\"goroutine\",\"goid\":18,\"parent\":1,"
		"\"func\":\"net/http.(*Server).Serve\",\"at\":{\"func\":\"main.main\","
		"\"file\":\"/src/app/main.go\",\"line\":30},\"state\":\"waiting\","
		"\"wait\":\"IO wait\",\"alive\":true,\"created\":null,\"exited\":null,"
		"\"contexts\":[],\"handed\":[],\"kept\":null,\"labels\":null,\"opid\":null,"
		"\"system\":false}",
	};
	static const char *const last =
		"{\"type\":\"goroutine\",\"goid\":52,\"parent\":40,\"func\":\"0x777\","
		"\"at\":{\"func\":\"0x778\",\"file\":null,\"line\":null},\"state\":null,"
		"\"wait\":null,\"alive\":true,\"created\":\"1700000009999999000\","
		"\"exited\":null,\"contexts\":[],\"handed\":[],\"kept\":null,\"labels\":null,"
		"\"opid\":null,"
		"\"system\":false}";
	static const int goids[] = {1, 18, 30, 31, 32, 33, 34, 35, 40, 41, 52, 50, 51};
	char *got = lineage(&(struct golin_export_opts){0}), *save = NULL;
	size_t n = 0;

	for (char *l = strtok_r(got, "\n", &save); l; l = strtok_r(NULL, "\n", &save), n++) {
		json_t *v = parse(l, GOROUTINE);

		assert_true(n < sizeof(goids) / sizeof(goids[0]));
		assert_int_equal(json_integer_value(json_object_get(v, "goid")), goids[n]);
		if (n < 2)
			assert_string_equal(l, want[n]);
		if (goids[n] == 52)
			assert_string_equal(l, last);
		if (goids[n] == 33) {
			assert_string_equal(json_string_value(json_object_get(v, "state")),
					    "exited");
			assert_true(json_is_false(json_object_get(v, "alive")));
			assert_string_equal(json_string_value(json_object_get(v, "exited")),
					    "1700000001999999000");
		}
		if (goids[n] == 50) /* by a timer */
			assert_true(json_is_null(json_object_get(v, "parent")));
		if (goids[n] == 51) /* by one that had ended: its goid is known */
			assert_int_equal(json_integer_value(json_object_get(v, "parent")), 9);
		json_decref(v);
	}
	assert_int_equal(n, sizeof(goids) / sizeof(goids[0]));
	free(got);
}

static void expect_goids(const struct golin_export_opts *o, const char *want)
{
	char *all = lineage(o), *save = NULL, got[256] = "";

	for (char *l = strtok_r(all, "\n", &save); l; l = strtok_r(NULL, "\n", &save)) {
		json_t *v = parse(l, GOROUTINE);

		snprintf(got + strlen(got), sizeof(got) - strlen(got), "%s%d", *got ? " " : "",
			 (int)json_integer_value(json_object_get(v, "goid")));
		json_decref(v);
	}
	assert_string_equal(got, want);
	free(all);
}

static void test_lineage_options(void **s)
{
	struct golin_export_opts o = {.live_only = true, .system = true};
	struct golin_filter *f;

	expect_goids(&o, "1 2 18 30 31 32 34 35 40 52 50 51");
	assert_int_equal(golin_filter_parse("under:40", &f, NULL), 0);
	o = (struct golin_export_opts){.filter = f};
	expect_goids(&o, "40 41 52");
	golin_filter_free(f);
}

/* It comes in pieces, and no piece is big. */
static void test_lineage_in_pieces(void **s)
{
	struct golin_export_opts o = {0};
	struct strbuf out = {0};
	uint64_t pos = 0, lines = 0;
	bool more = true;

	make_model(0);
	seen(0, 1);
	for (uint64_t k = 2; k <= 200000; k++)
		create(k, k % 2 ? k - 1 : 1, k);
	while (more) {
		strbuf_clear(&out);
		more = golin_export_lineage_json(M, &o, &pos, &out);
		assert_true(out.len < 64 << 10);
		for (const char *p = strbuf_cstr(&out); *p; p++)
			lines += *p == '\n';
	}
	assert_int_equal(lines, 200000);
	strbuf_done(&out);
	free_model();
}

static void test_header_and_summary(void **s)
{
	struct golin_source_stats st = {.lost_ring = 7, .missed = 1, .unread = 4, .gaps = 2};
	struct strbuf out = {0};

	golin_export_header(M, &out);
	assert_string_equal(out.s, "{\"type\":\"header\",\"schema\":\"golin/1\",\"pid\":4213,"
				   "\"exe\":\"/srv/bin/orders\",\"go\":\"go1.26.8\","
				   "\"layout\":\"dwarf\"}\n");
	strbuf_clear(&out);
	assert_true(golin_export_complete(M, NULL));
	golin_export_summary(M, NULL, &out);
	assert_string_equal(out.s, "{\"type\":\"summary\",\"events\":16,"
				   "\"lost\":{\"ring\":0,\"missed\":0},\"unread\":0,"
				   "\"evicted\":0,\"gaps\":0,\"complete\":true}\n");
	strbuf_clear(&out);
	lost(GOLIN_LOST_RING, 5); /* the source has counted more by now */
	golin_export_summary(M, &st, &out);
	assert_string_equal(out.s, "{\"type\":\"summary\",\"events\":16,"
				   "\"lost\":{\"ring\":7,\"missed\":1},\"unread\":4,"
				   "\"evicted\":0,\"gaps\":2,\"complete\":false}\n");
	strbuf_done(&out);
}

static void test_what_makes_it_incomplete(void **s)
{
	struct golin_source_stats st = {.unread = 9, .gaps = 9, .complete = true};

	make_model(0);
	assert_true(golin_export_complete(M, NULL));
	assert_true(golin_export_complete(M, &st));
	st.missed = 1;
	assert_false(golin_export_complete(M, &st));
	st = (struct golin_source_stats){.complete = false}; /* cut between two blocks */
	assert_false(golin_export_complete(M, &st));
	lost(GOLIN_LOST_CUT, 5);
	assert_false(golin_export_complete(M, NULL));
	free_model();
}

static void test_header_without_a_target(void **s)
{
	struct strbuf out = {0};

	make_model(0);
	golin_export_header(M, &out);
	assert_string_equal(out.s, "{\"type\":\"header\",\"schema\":\"golin/1\",\"pid\":null,"
				   "\"exe\":null,\"go\":null,\"layout\":null}\n");
	strbuf_done(&out);
	free_model();
}

/* ---- events ---- */

static json_t *event(const struct golin_rec *r, const char *members)
{
	struct golin_export_opts o = {.system = true};
	struct strbuf out = {0};
	json_t *v;

	put(r);
	golin_export_event_json(M, &o, r, &out);
	assert_int_equal(out.s[out.len - 1], '\n');
	v = parse(out.s, members);
	strbuf_done(&out);
	return v;
}

#define CREATE "type ts goid child func at stack via armed_by system"

static void test_create(void **s)
{
	struct golin_rec_goroutine_create c = {
		.h = HEADER(GOLIN_REC_GOROUTINE_CREATE, c, 11 * SEC, 1),
		.child = 60,
		.startpc = PC_WORKER,
		.gopc = PC_SPAWN_SITE,
		.stack = 77,
		.via = GOLIN_VIA_GO,
	};
	struct golin_export_opts o = {0};
	struct strbuf out = {0};

	put(&c.h);
	golin_export_event_json(M, &o, &c.h, &out);
	/* runtime.newproc and runtime.main are no frames of the user's; 0x999 has no name. */
	assert_string_equal(
		out.s,
		"{\"type\":\"goroutine.create\",\"ts\":\"1700000010999999000\",\"goid\":1,"
		"\"child\":60,\"func\":\"main.worker\",\"at\":{\"func\":\"main.(*Pool).start\","
		"\"file\":\"/src/app/pool.go\",\"line\":12},\"stack\":["
		"{\"func\":\"main.(*Pool).start\",\"file\":\"/src/app/pool.go\",\"line\":12},"
		"{\"func\":\"main.spawn\",\"file\":\"/src/app/main.go\",\"line\":41},"
		"{\"func\":\"main.main\",\"file\":\"/src/app/main.go\",\"line\":30},"
		"{\"func\":\"0x999\",\"file\":null,\"line\":null}],"
		"\"via\":\"go\",\"armed_by\":null,\"system\":false}\n");
	strbuf_done(&out);
}

static void test_create_by_a_timer(void **s)
{
	struct golin_rec_goroutine_create c = {
		.h = HEADER(GOLIN_REC_GOROUTINE_CREATE, c, 11 * SEC, 0),
		.child = 60,
		.startpc = PC_SWEEP,
		.armed_by = 40,
		.via = GOLIN_VIA_TIMER,
	};
	json_t *v = event(&c.h, CREATE);

	assert_true(json_is_null(json_object_get(v, "goid")));
	assert_true(json_is_null(json_object_get(v, "at")));
	assert_int_equal(json_array_size(json_object_get(v, "stack")), 0);
	assert_string_equal(json_string_value(json_object_get(v, "via")), "timer");
	assert_int_equal(json_integer_value(json_object_get(v, "armed_by")), 40);
	assert_true(json_is_true(json_object_get(v, "system")));
	json_decref(v);
}

static void test_exit(void **s)
{
	struct golin_rec_goroutine_exit e = {.h = HEADER(GOLIN_REC_GOROUTINE_EXIT, e, 12 * SEC, 40),
					     .how = GOLIN_HOW_GOEXIT};
	json_t *v = event(&e.h, "type ts goid how");

	assert_string_equal(json_string_value(json_object_get(v, "type")), "goroutine.exit");
	assert_int_equal(json_integer_value(json_object_get(v, "goid")), 40);
	assert_string_equal(json_string_value(json_object_get(v, "how")), "goexit");
	json_decref(v);
}

static void test_seen(void **s)
{
	struct golin_recbuf b = {0};
	struct golin_rec_goroutine_seen *r =
		golin_recbuf_begin(&b, GOLIN_REC_GOROUTINE_SEEN, sizeof(*r));
	json_t *v;

	r->h.target = 1;
	r->h.goid = 1;
	r->child = 90;
	r->startpc = PC_TICK;
	r->gopc = PC_MAIN_SITE;
	r->state = GOLIN_GS_WAITING;
	golin_recbuf_str(&b, offsetof(struct golin_rec_goroutine_seen, wait), "sleep", 5);
	v = event(golin_recbuf_end(&b), "type ts goid child func at state wait system");
	assert_string_equal(json_string_value(json_object_get(v, "type")), "goroutine.seen");
	assert_true(json_is_null(json_object_get(v, "ts")));
	assert_int_equal(json_integer_value(json_object_get(v, "child")), 90);
	assert_string_equal(json_string_value(json_object_get(v, "state")), "waiting");
	assert_string_equal(json_string_value(json_object_get(v, "wait")), "sleep");
	json_decref(v);
	golin_recbuf_done(&b);
}

static void test_what_is_no_event(void **s)
{
	struct golin_rec_lost l = {.h = HEADER(GOLIN_REC_LOST, l, 1, 0), .cause = 1, .count = 1};
	struct golin_rec_goroutine_create c = {
		.h = HEADER(GOLIN_REC_GOROUTINE_CREATE, c, 11 * SEC, 1),
		.child = 60,
		.startpc = PC_SWEEP,
	};
	struct golin_export_opts o = {0};
	struct strbuf out = {0};

	put(&l.h);
	golin_export_event_json(M, &o, &l.h, &out);
	put(&c.h); /* the runtime's own, not asked for */
	golin_export_event_json(M, &o, &c.h, &out);
	assert_int_equal(out.len, 0);
}

/* Names from a hostile file: what reaches the model is clean, and JSON quotes the rest. */
static void test_hostile_names(void **s)
{
	struct golin_recbuf b = {0};
	struct golin_rec_goroutine_create c = {
		.h = HEADER(GOLIN_REC_GOROUTINE_CREATE, c, 11 * SEC, 1),
		.child = 60,
		.startpc = 0x900};
	json_t *v;

	name(0x900, "a\"b\\c\033]0;x\007\n\xe2\x80\xae\xff", "/x", 1);
	v = event(&c.h, CREATE);
	assert_string_equal(json_string_value(json_object_get(v, "func")),
			    "a\"b\\c\\x1b]0;x\\x07\\n\\u{202e}\\xff");
	json_decref(v);
	golin_recbuf_done(&b);
}

#define T(name) cmocka_unit_test_setup_teardown(name, make, unmake)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_lineage),
		T(test_lineage_options),
		cmocka_unit_test(test_lineage_in_pieces),
		T(test_header_and_summary),
		cmocka_unit_test(test_what_makes_it_incomplete),
		cmocka_unit_test(test_header_without_a_target),
		T(test_create),
		T(test_create_by_a_timer),
		T(test_exit),
		T(test_seen),
		T(test_what_is_no_event),
		T(test_hostile_names),
	};

	return cmocka_run_group_tests_name("json", tests, NULL, NULL);
}

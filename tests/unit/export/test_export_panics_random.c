/* SPDX-License-Identifier: BSD-2-Clause */
/* Records of panics in any order, as a damaged recording may have them: every output stays whole.
 */
#include "panic_scene.h"

#include <jansson.h>

#include "base/strbuf.h"
#include "base/text.h"
#include "export/export.h"

enum { RUNS = 60, RECORDS = 150 };

static uint64_t seed;

static uint32_t random_below(uint32_t n)
{
	seed = seed * 6364136223846793005ull + 1442695040888963407ull;
	return (uint32_t)(seed >> 33) % n;
}

static uint64_t any_pc(void)
{
	static const uint64_t pcs[] = {0,	   PC_RUN,   PC_STEP,	 PC_CLEANUP, PC_GUARD,
				       PC_RESUMED, PC_INDEX, PC_RECURSE, 0x999,	     UINT64_MAX};

	return pcs[random_below(sizeof(pcs) / sizeof(pcs[0]))];
}

static uint64_t any_stack(void)
{
	return (uint64_t[]){0, STACK_JOB, STACK_DEEP, STACK_CLEANUP, 12345}[random_below(5)];
}

static struct test_value any_value(uint32_t k)
{
	static const char *const texts[] = {NULL, "", "boom", "first",
					    "\"quoted\" \\ and \x1b[31m"};

	return (struct test_value){
		.type = random_below(5) ? TYPE_PATH + random_below(6) : 0,
		.data = random_below(3),
		.text = texts[random_below(5)],
		.flags = random_below(512),
		.up = random_below(k + 2),
		.size = random_below(2) ? UINT64_MAX : 5,
	};
}

static const struct golin_rec *any_start(struct golin_recbuf *b, uint64_t ts, uint64_t goid)
{
	struct test_value v[GOLIN_VALUES_MAX];
	uint32_t n = random_below(GOLIN_VALUES_MAX + 1);
	const struct golin_rec_panic_start like = {
		.h = {.ts = ts, .goid = goid},
		.depth = 64 * random_below(20),
		.stack = any_stack(),
		.fault_pc = any_pc(),
		.fault_addr = random_below(2) ? 0 : UINT64_MAX,
		.trace = {random_below(9), UINT64_MAX},
		.trace_kind = random_below(5),
		.flags = random_below(2048),
	};

	for (uint32_t k = 0; k < n; k++)
		v[k] = any_value(k);
	return panic_start(b, &like, v, n);
}

/* Which may be one that golin_record_check() refuses. */
static const struct golin_rec *any_record(struct golin_recbuf *b, uint64_t ts)
{
	static union {
		struct golin_rec_panic_defer defers;
		struct golin_rec_panic_recover recover;
		struct golin_rec_panic_goexit goexit;
		struct golin_rec_goroutine_exit ended;
		struct golin_rec_gc_pause pause;
	} r;
	struct test_value v[4];
	uint64_t goid = 38 + random_below(6);
	uint32_t n = random_below(5);

	switch (random_below(12)) {
	case 0:
	case 1:
	case 2:
		return any_start(b, ts, goid);
	case 3:
	case 4:
	case 5:
		r.defers = panic_defer(ts, goid, any_pc(), random_below(2048));
		return &r.defers.h;
	case 6:
	case 7:
		r.recover = panic_recover(ts, goid, any_pc(), 64 * random_below(20));
		return &r.recover.h;
	case 8:
		r.goexit = panic_goexit(ts, goid, 64 * random_below(20));
		r.goexit.flags = random_below(2048);
		return &r.goexit.h;
	case 9:
		for (uint32_t k = 0; k < n; k++)
			v[k] = any_value(k);
		return panic_fatal(b, ts, goid, v, n);
	case 10:
		return panic_throw(b, ts, random_below(2) ? goid : 0, "concurrent map writes");
	default:
		r.ended = (struct golin_rec_goroutine_exit){
			.h = header(GOLIN_REC_GOROUTINE_EXIT, sizeof(r.ended), ts, goid),
			.how = random_below(4)};
		return &r.ended.h;
	}
}

static void check_lines(const char *s, bool json)
{
	char line[65536];

	for (; *s; s = strchr(s, '\n') + 1) {
		size_t len = strcspn(s, "\n");

		assert_true(s[len] == '\n' && len < sizeof(line));
		memcpy(line, s, len);
		line[len] = '\0';
		assert_true(golin_text_is_clean(line, len));
		if (json) {
			json_t *o = json_loads(line, JSON_REJECT_DUPLICATES, NULL);

			assert_non_null(o);
			json_decref(o);
		}
	}
}

static void check_views(struct golin_export_opts *o, struct strbuf *out)
{
	struct golin_panics_text *t;
	struct golin_panic_sites *sites;
	uint64_t pos = 0;

	for (int fold = 0; fold < 2; fold++) {
		o->fold = fold;
		t = golin_panics_text_new(M, o);
		assert_non_null(t);
		while (golin_panics_text_next(t, out))
			;
		golin_panics_text_free(t);
	}
	sites = golin_panic_sites_new(M, o);
	assert_non_null(sites);
	while (golin_panic_sites_next(sites, out))
		;
	golin_panic_sites_free(sites);
	check_lines(strbuf_cstr(out), false);
	strbuf_clear(out);
	while (golin_export_panics_json(M, o, &pos, out))
		;
	pos = 0;
	while (golin_export_panic_sites_json(M, o, &pos, out))
		;
	golin_export_panics_summary(M, NULL, out);
	check_lines(strbuf_cstr(out), true);
	strbuf_clear(out);
}

static void test_any_order(void **s)
{
	struct golin_recbuf b = {0};
	struct strbuf text = {0}, json = {0};
	uint32_t used = 0;

	for (uint32_t k = 0; k < RUNS; k++) {
		uint64_t cursors[2] = {0, 0}, ts = 10 * SEC;
		struct golin_export_opts o = {0};
		struct golin_panic_counts c;

		seed = k + 1;
		panic_scene();
		for (uint32_t n = 0; n < RECORDS; n++) {
			const struct golin_rec *r = any_record(&b, ts += random_below(1000));

			if (!r || !golin_record_check(r, r->size))
				continue;
			put(r);
			o.news = &cursors[0];
			golin_export_event_text(M, &o, r, &text);
			o.news = &cursors[1];
			golin_export_event_json(M, &o, r, &json);
		}
		check_lines(strbuf_cstr(&text), false);
		check_lines(strbuf_cstr(&json), true);
		strbuf_clear(&text);
		strbuf_clear(&json);
		check_views(&o, &text);
		golin_model_panic_counts(M, &c);
		used += c.panics > 5 && c.recovered && c.goexits;
		free_model();
	}
	/* Most runs have something of everything. */
	assert_true(used > RUNS / 2);
	golin_recbuf_done(&b);
	strbuf_done(&text);
	strbuf_done(&json);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_any_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

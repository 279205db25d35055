// SPDX-License-Identifier: BSD-2-Clause
/*
 * Whole screens against tests/golden/tui/. GOLIN_UPDATE_GOLDEN=1 writes them anew: read the
 * difference before you commit it.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/text.h"
#include "fixture.h"

static char *read_all(const char *path)
{
	FILE *f = fopen(path, "r");
	struct strbuf b = {0};
	char buf[4096];
	size_t n;

	if (!f)
		fail_msg("%s: %s (GOLIN_UPDATE_GOLDEN=1 writes it)", path, strerror(errno));
	while ((n = fread(buf, 1, sizeof(buf), f)) > 0)
		strbuf_add(&b, buf, n);
	fclose(f);
	return b.s ? b.s : strdup("");
}

static void compare(const char *name, const char *text)
{
	char path[512];
	char *want;
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s.txt", GOLDEN_DIR, name);
	if (getenv("GOLIN_UPDATE_GOLDEN")) {
		f = fopen(path, "w");
		assert_non_null(f);
		fputs(text, f);
		assert_int_equal(fclose(f), 0);
		return;
	}
	want = read_all(path);
	if (strcmp(want, text))
		fail_msg("%s differs; the screen is:\n%s", path, text);
	free(want);
}

/* Nothing but clean text, in lines that are not longer than the screen is wide. */
static void assert_well_formed(const char *screen, int w, int h)
{
	int lines = 0;

	while (*screen) {
		char line[4096];
		size_t n = strcspn(screen, "\n");

		assert_true(n < sizeof(line));
		memcpy(line, screen, n);
		line[n] = 0;
		assert_true(golin_text_is_clean(line, n));
		assert_true(golin_text_width(line) <= w);
		screen += n + 1;
		lines++;
	}
	assert_int_equal(lines, h);
}

static void golden(struct fixture *f, const char *name)
{
	char *screen = fixture_screen(f);

	assert_well_formed(screen, f->canvas.w, f->canvas.h);
	compare(name, screen);
	free(screen);
}

static void sizes_and_glyphs(void **state)
{
	static const struct {
		const char *name;
		int w, h;
		bool ascii;
	} cases[] = {
		{"server-80x24", 80, 24, false},   {"server-80x24-ascii", 80, 24, true},
		{"server-60x15", 60, 15, false},   {"server-60x15-ascii", 60, 15, true},
		{"server-200x60", 200, 60, false}, {"server-200x60-ascii", 200, 60, true},
		{"small-59x15", 59, 15, false},	   {"small-1x1", 1, 1, false},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fixture f;

		fixture_server(&f, true, cases[i].w, cases[i].h);
		f.canvas.ascii = cases[i].ascii;
		golden(&f, cases[i].name);
		fixture_done(&f);
	}
}

/* What roles the cells have: all that colours and monochrome attributes are made of. */
static void roles(void **state)
{
	struct fixture f;
	struct strbuf b = {0};

	fixture_server(&f, true, 80, 24);
	app_draw(&f.app, &f.canvas);
	canvas_roles(&f.canvas, &b);
	compare("server-80x24-roles", strbuf_cstr(&b));
	strbuf_done(&b);
	fixture_done(&f);
}

static void after_keys(void **state)
{
	static const struct {
		const char *name, *keys;
		int w, h;
	} cases[] = {
		{"detail-below-80x24", "Down Down Down Enter", 80, 40},
		{"detail-beside-200x60", "Down Down Down Enter", 200, 60},
		{"detail-group-120x30", "Down Down Enter", 120, 30},
		{"detail-seen-100x30", "Enter", 100, 30},
		{"group-open-80x24", "Down Down Right", 80, 24},
		{"unfolded-80x24", "z", 80, 24},
		{"collapsed-80x24", "-", 80, 24},
		{"system-80x24", "s x", 80, 24},
		{"paused-80x24", "p", 80, 24},
		{"event-back-80x24", "[ [", 80, 24},
		{"help-80x24", "?", 80, 24},
		{"help-end-60x15", "? G", 60, 15},
		{"log-80x24", "L", 80, 24},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		static const char out[] =
			"listening on :8080\nGET /orders 200\nred \033[31malert\n";
		struct fixture f;

		fixture_server(&f, true, cases[i].w, cases[i].h);
		app_log(&f.app, out, sizeof(out) - 1);
		fixture_keys(&f, cases[i].keys);
		golden(&f, cases[i].name);
		fixture_done(&f);
	}
}

static void prompts(void **state)
{
	struct fixture f;

	fixture_server(&f, true, 80, 24);
	fixture_keys(&f, "/");
	fixture_type(&f, "fetch");
	golden(&f, "search-80x24");
	fixture_keys(&f, "Enter");
	golden(&f, "search-found-80x24");
	fixture_keys(&f, "Esc f");
	fixture_type(&f, "fn:fetch age>nonsense");
	fixture_keys(&f, "Enter");
	golden(&f, "filter-error-80x24");
	fixture_keys(&f, "Ctrl-U");
	fixture_type(&f, "fn:fetch");
	fixture_keys(&f, "Enter");
	golden(&f, "filter-80x24");
	fixture_done(&f);
}

static void replay_and_ends(void **state)
{
	struct fixture f;

	fixture_server(&f, false, 80, 24);
	golden(&f, "replay-80x24");
	fixture_keys(&f, "{");
	golden(&f, "replay-back-80x24");
	fixture_done(&f);

	fixture_server(&f, true, 80, 24);
	assert_int_equal(feed_lost(&f.feed, 1204), 0);
	assert_int_equal(feed_end(&f.feed, 0, 0), 0);
	fixture_tick(&f, T0 + 6 * SEC, true);
	golden(&f, "ended-80x24");
	fixture_done(&f);

	fixture_server(&f, true, 80, 24);
	assert_int_equal(feed_end(&f.feed, 0, 9), 0);
	fixture_tick(&f, T0 + 6 * SEC, true);
	golden(&f, "killed-80x24");
	fixture_done(&f);
}

static void wide_and_empty(void **state)
{
	struct fixture f;

	fixture_bare(&f, true, 60, 15);
	golden(&f, "empty-60x15");
	assert_int_equal(feed_seen(&f.feed, 7, 0, PC_ODD, PC_ODD, "漢字漢字漢字漢字", 0), 0);
	fixture_tick(&f, T0 + SEC, false);
	golden(&f, "wide-60x15");
	f.canvas.ascii = true;
	golden(&f, "wide-60x15-ascii");
	fixture_done(&f);
}

static void context_trees(void **state)
{
	static const struct {
		const char *name, *keys;
		int w, h;
		bool ascii, found;
	} cases[] = {
		{"contexts-80x24", "2", 80, 24, false, false},
		{"contexts-found-80x24", "2", 80, 24, false, true},
		{"contexts-found-80x24-ascii", "2", 80, 24, true, true},
		{"contexts-found-60x15", "2", 60, 15, false, true},
		{"contexts-found-200x60", "2 =", 200, 60, false, true},
		{"contexts-unfolded-100x30", "2 z =", 100, 30, false, false},
		{"contexts-hidden-80x24", "2 x x", 80, 24, false, true},
		{"contexts-no-goroutines-80x24", "2 o", 80, 24, false, false},
		{"contexts-paused-80x24", "2 [ [ [", 80, 24, false, false},
		{"context-detail-100x40", "2 / 0 x c 0 0 0 0 0 0 4 0 0 Enter Enter", 100, 40, false,
		 false},
		{"context-value-120x30", "2 Down Down Enter", 120, 30, false, true},
		{"who-80x40", "2 / 0 x c 0 0 0 0 0 0 7 0 0 Enter w", 80, 40, false, false},
		{"who-120x30", "2 / 0 x c 0 0 0 0 0 0 6 0 0 Enter w", 120, 30, false, false},
		{"who-nobody-80x24", "2 w", 80, 24, false, false},
		{"findings-80x24", "4", 80, 24, false, true},
		{"findings-120x30", "4 Down", 120, 30, false, true},
		{"findings-60x15-ascii", "4", 60, 15, true, true},
		{"findings-none-80x24", "4", 80, 24, false, false},
		{"lineage-findings-80x24", "", 80, 24, false, true},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fixture f;

		fixture_contexts(&f, true, cases[i].w, cases[i].h);
		f.canvas.ascii = cases[i].ascii;
		if (cases[i].found)
			fixture_findings(&f);
		fixture_keys(&f, cases[i].keys);
		golden(&f, cases[i].name);
		fixture_done(&f);
	}
}

static void context_roles(void **state)
{
	struct fixture f;
	struct strbuf b = {0};

	fixture_contexts(&f, true, 80, 24);
	fixture_findings(&f);
	fixture_keys(&f, "2");
	app_draw(&f.app, &f.canvas);
	canvas_roles(&f.canvas, &b);
	compare("contexts-found-80x24-roles", strbuf_cstr(&b));
	strbuf_done(&b);
	fixture_done(&f);
}

static void contexts_that_are_not_watched(void **state)
{
	struct fixture f;

	fixture_server(&f, true, 80, 24);
	fixture_keys(&f, "2");
	golden(&f, "contexts-unwatched-80x24");
	fixture_keys(&f, "4");
	golden(&f, "findings-unwatched-80x24");
	fixture_done(&f);
	fixture_server(&f, false, 80, 24);
	fixture_keys(&f, "2");
	golden(&f, "contexts-replay-none-80x24");
	fixture_done(&f);
}

static void panics(void **state)
{
	static const struct {
		const char *name, *keys;
		int w, h;
		bool ascii, fatal;
	} cases[] = {
		{"panics-80x24", "3", 80, 24, false, false},
		{"panics-80x24-ascii", "3 =", 80, 24, true, false},
		{"panics-60x15", "3 =", 60, 15, false, false},
		{"panics-60x15-ascii", "3 = Enter", 60, 15, true, true},
		{"panics-200x60", "3 = Down Down Down Down Down Enter", 200, 60, false, false},
		{"panics-unfolded-100x30", "3 z", 100, 30, false, false},
		{"panics-fatal-80x24", "3 Right Down Enter", 80, 24, false, true},
		{"panics-paused-80x24", "3 [ [ [", 80, 24, false, false},
		{"panics-site-120x40", "3 G Enter", 120, 40, false, false},
		{"panic-active-120x50", "3 Right Down Enter", 120, 50, false, false},
		{"panic-bounds-100x70", "3 / b o u n d s Enter Enter", 100, 70, false, false},
		{"panic-closed-100x70", "3 / # 6 Enter Enter", 100, 70, false, false},
		{"panic-goexit-100x60", "3 / G o e x i t Enter Enter", 100, 60, false, false},
		{"panic-link-120x40", "3 / # 7 Enter Enter Tab Down Down", 120, 40, false, false},
		{"lineage-panics-80x24", "", 80, 24, false, false},
		{"lineage-panic-detail-120x40", "/ 9 3 0 0 Enter Enter", 120, 40, false, false},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fixture f;

		fixture_panics(&f, true, cases[i].w, cases[i].h);
		f.canvas.ascii = cases[i].ascii;
		if (cases[i].fatal)
			fixture_fatal(&f);
		free(fixture_screen(&f));
		fixture_keys(&f, cases[i].keys);
		golden(&f, cases[i].name);
		fixture_done(&f);
	}
}

static void panic_roles(void **state)
{
	struct fixture f;
	struct strbuf b = {0};

	fixture_panics(&f, true, 80, 24);
	fixture_keys(&f, "3 z");
	app_draw(&f.app, &f.canvas);
	canvas_roles(&f.canvas, &b);
	compare("panics-unfolded-80x24-roles", strbuf_cstr(&b));
	strbuf_done(&b);
	fixture_done(&f);
}

static void panics_that_are_not_watched(void **state)
{
	struct fixture f;

	fixture_server(&f, true, 80, 24);
	fixture_keys(&f, "3");
	golden(&f, "panics-unwatched-80x24");
	fixture_done(&f);
	fixture_panics(&f, false, 80, 24);
	fixture_keys(&f, "3 =");
	golden(&f, "panics-replay-80x24");
	fixture_done(&f);
}

/* A chain deeper than any screen is wide. */
static void deep(void **state)
{
	struct fixture f;

	fixture_bare(&f, true, 80, 24);
	assert_int_equal(feed_seen(&f.feed, 1, 0, PC_MAIN, 0, "select", 0), 0);
	for (uint64_t goid = 2; goid <= 300; goid++)
		assert_int_equal(
			feed_seen(&f.feed, goid, goid - 1, PC_FETCH, PC_FETCH, "select", 0), 0);
	fixture_tick(&f, T0 + SEC, false);
	fixture_keys(&f, "G");
	golden(&f, "deep-80x24");
	fixture_done(&f);
}

/*
 * Records are clean when they come here; if a producer forgot, still no control character may
 * reach the screen.
 */
static void hostile_bytes_do_not_reach_the_screen(void **state)
{
	static const char odd[] = "a\033]52;c;!\a\r\n\b\t\x7f\xc2\x9b"
				  "b";
	struct canvas c = {0};
	struct strbuf b = {0};

	assert_true(canvas_resize(&c, 60, 2));
	canvas_put(&c, 0, 0, 60, ROLE_NORMAL, odd);
	canvas_text(&c, &b);
	for (const char *p = strbuf_cstr(&b); *p; p++)
		assert_true((unsigned char)*p >= 0x20 || *p == '\n');
	assert_null(strstr(strbuf_cstr(&b), "\xc2\x9b"));
	assert_null(strchr(strbuf_cstr(&b), 0x7f));
	strbuf_done(&b);
	canvas_done(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sizes_and_glyphs),
		cmocka_unit_test(roles),
		cmocka_unit_test(after_keys),
		cmocka_unit_test(prompts),
		cmocka_unit_test(replay_and_ends),
		cmocka_unit_test(wide_and_empty),
		cmocka_unit_test(context_trees),
		cmocka_unit_test(context_roles),
		cmocka_unit_test(contexts_that_are_not_watched),
		cmocka_unit_test(panics),
		cmocka_unit_test(panic_roles),
		cmocka_unit_test(panics_that_are_not_watched),
		cmocka_unit_test(deep),
		cmocka_unit_test(hostile_bytes_do_not_reach_the_screen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: BSD-2-Clause
/* The curses edge without a terminal: newterm() on /dev/null and on a pseudo-terminal. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "keymap.h"
#include "script.h"
#include "term.h"

/* curses keeps what it made for a terminal that it then did not know */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
	return "leak:new_prescr\n";
}

static int open_null(struct term *t, const char *type, struct golin_err *err)
{
	const struct golin_tui_opts opts = {.log_fd = -1};

	return term_open_files(t, type, fopen("/dev/null", "r"), fopen("/dev/null", "w"), &opts,
			       err);
}

static void paint(struct term *t, const char *text)
{
	struct canvas c = {0};

	assert_true(canvas_resize(&c, 40, 3));
	canvas_put(&c, 1, 2, 38, ROLE_FUNC, text);
	canvas_flag(&c, 1, 2, 3, CELL_SELECTED);
	term_paint(t, &c);
	canvas_done(&c);
}

static void it_paints_without_a_terminal(void **state)
{
	struct golin_err err = {0};
	struct term t;

	assert_int_equal(open_null(&t, "xterm-256color", &err), 0);
	term_resize(&t, 40, 3);
	paint(&t, "main.worker");
	assert_true(term_idle(&t));
	assert_int_equal(t.shown.w, 40);
	term_close(&t);
}

static void an_unknown_terminal_is_an_error(void **state)
{
	struct golin_err err = {0};
	struct term t;

	assert_int_equal(open_null(&t, "no-such-terminal", &err), -EINVAL);
	assert_string_equal(err.msg, "the terminal type 'no-such-terminal' is not known here");
	assert_string_equal(err.hint, "set TERM to what it is, as in TERM=xterm-256color");
	assert_int_equal(open_null(&t, "dumb", &err), -EINVAL);
	assert_string_equal(err.msg, "the terminal 'dumb' cannot place its cursor");
}

/* What is written to a slow terminal waits in memory; nothing blocks. */
static void a_stalled_terminal_blocks_nothing(void **state)
{
	struct output o;
	int p[2];
	char big[300000], got[4096];
	size_t total = 0;
	ssize_t n;

	assert_int_equal(pipe2(p, O_NONBLOCK), 0);
	assert_int_equal(output_init(&o, p[1]), 0);
	memset(big, 'x', sizeof(big));
	assert_int_equal(write(o.mem, big, sizeof(big)), sizeof(big));
	output_take(&o);
	assert_false(output_flush(&o));
	assert_false(output_drain(&o, 20));
	while (total < sizeof(big)) {
		n = read(p[0], got, sizeof(got));
		if (n > 0)
			total += (size_t)n;
		else
			output_flush(&o);
	}
	assert_true(output_flush(&o));
	assert_int_equal(total, sizeof(big));
	assert_int_equal(lseek(o.mem, 0, SEEK_CUR), 0);
	/* a terminal that is gone is told */
	close(p[0]);
	signal(SIGPIPE, SIG_IGN);
	assert_int_equal(write(o.mem, big, 10), 10);
	output_take(&o);
	output_flush(&o);
	assert_true(o.gone);
	output_done(&o);
	close(p[1]);
}

static void color_is_chosen(void **state)
{
	assert_true(theme_wants_color(GOLIN_TUI_COLOR_AUTO, NULL));
	assert_true(theme_wants_color(GOLIN_TUI_COLOR_AUTO, ""));
	assert_false(theme_wants_color(GOLIN_TUI_COLOR_AUTO, "1"));
	assert_true(theme_wants_color(GOLIN_TUI_COLOR_ALWAYS, "1"));
	assert_false(theme_wants_color(GOLIN_TUI_COLOR_NEVER, NULL));
}

/* A role looks different from plain text also without colour, where it has to. */
static void monochrome_tells_what_colour_tells(void **state)
{
	static const enum role marked[] = {ROLE_TITLE, ROLE_HEADER, ROLE_GROUP, ROLE_LIVE,
					   ROLE_HOLD,  ROLE_WARN,   ROLE_MATCH, ROLE_KEY};
	static const char *const types[] = {"vt100", "linux", "xterm-256color"};

	for (size_t k = 0; k < sizeof(types) / sizeof(types[0]); k++) {
		struct golin_err err = {0};
		struct theme mono, color;
		struct term t;

		assert_int_equal(open_null(&t, types[k], &err), 0);
		theme_init(&mono, false);
		theme_init(&color, true);
		for (size_t i = 0; i < sizeof(marked) / sizeof(marked[0]); i++)
			assert_int_not_equal(mono.attr[marked[i]], mono.attr[ROLE_NORMAL]);
		for (int i = 0; i < ROLE_MAX; i++)
			assert_int_equal(mono.pair[i], 0);
		/* vt100 has no colours to give */
		assert_int_equal(color.pair[ROLE_WARN] != 0, k > 0);
		term_close(&t);
	}
}

static void script_steps(void **state)
{
	char path[] = "/tmp/golin-script-XXXXXX", saved[] = "/tmp/golin-screen-XXXXXX";
	int fd = mkstemp(path), fd2 = mkstemp(saved), key;
	struct golin_err err = {0};
	struct script s;
	char buf[64] = "";
	FILE *f = fdopen(fd, "w");

	fprintf(f, "# comment\n\nkey Down\ntype ab\nwait 10\nwait-text ready\nsave %s\nkey No\n",
		saved);
	fclose(f);
	assert_int_equal(script_open(&s, path, &err), 0);
	assert_int_equal(script_step(&s, 0, "", &key, &err), 1);
	assert_int_equal(key, UI_KEY_DOWN);
	assert_int_equal(script_step(&s, 0, "", &key, &err), 1); /* type begins */
	assert_int_equal(script_step(&s, 0, "", &key, &err), 1);
	assert_int_equal(key, 'a');
	assert_int_equal(script_step(&s, 0, "", &key, &err), 1);
	assert_int_equal(key, 'b');
	assert_int_equal(script_step(&s, 0, "", &key, &err), 1); /* wait begins */
	assert_int_equal(script_step(&s, 9999999, "", &key, &err), 1);
	assert_int_equal(s.doing, SCRIPT_WAIT);
	assert_int_equal(script_step(&s, 10000000, "", &key, &err), 1);
	assert_int_equal(s.doing, SCRIPT_WAIT_TEXT);
	assert_int_equal(script_step(&s, 10000000, "not yet", &key, &err), 1);
	assert_int_equal(script_step(&s, 10000000, "is ready\n", &key, &err), 1); /* and saves */
	assert_int_equal(read(fd2, buf, sizeof(buf)), 9);
	assert_string_equal(buf, "is ready\n");
	assert_int_equal(script_step(&s, 0, "", &key, &err), -EINVAL);
	assert_string_equal(err.msg, "key script line 8: no key 'No'");
	assert_int_equal(script_step(&s, 0, "", &key, &err), 0);
	script_done(&s);
	close(fd2);
	unlink(path);
	unlink(saved);
	assert_int_equal(script_open(&s, path, &err), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_paints_without_a_terminal),
		cmocka_unit_test(an_unknown_terminal_is_an_error),
		cmocka_unit_test(a_stalled_terminal_blocks_nothing),
		cmocka_unit_test(color_is_chosen),
		cmocka_unit_test(monochrome_tells_what_colour_tells),
		cmocka_unit_test(script_steps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

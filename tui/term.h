/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The curses edge: a terminal that a canvas is painted on and that keys come from. It is restored
 * on every way out, a crash included.
 */
#ifndef GOLIN_TUI_TERM_H
#define GOLIN_TUI_TERM_H

#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <termios.h>
#include "base/err.h"
#include "canvas.h"
#include "golin/tui.h"
#include "output.h"
#include "theme.h"

struct term {
	int tty; /* our own open of it, O_NONBLOCK; -1 in tests without one */
	FILE *in, *out;
	void *screen, *input; /* SCREEN *, WINDOW * */
	struct output output;
	struct theme theme;
	struct termios shell, raw;
	bool has_termios, ascii, mouse, swapped;
	struct canvas shown; /* what is painted, to skip rows that have not changed */
	char *locale;
	int stderr_saved, stderr_mem; /* what libraries print while the screen is ours */
};

enum term_event_type { TERM_NONE, TERM_KEY, TERM_CLICK, TERM_WHEEL_UP, TERM_WHEEL_DOWN };

struct term_event {
	enum term_event_type type;
	int key, y, x;
};

/* Opens the terminal that standard output is. -EINVAL or -EPERM when there is none to use. */
int term_open(struct term *t, const struct golin_tui_opts *opts, struct golin_err *err);
/* For tests: any pair of files, and a terminal type. */
int term_open_files(struct term *t, const char *type, FILE *in, FILE *out,
		    const struct golin_tui_opts *opts, struct golin_err *err);
void term_close(struct term *t);

/* The window's size; false when it has none (80x24 then). */
bool term_size(const struct term *t, int *ret_w, int *ret_h);
void term_resize(struct term *t, int w, int h);
/* Paints; call it only when term_idle(). */
void term_paint(struct term *t, const struct canvas *c);
/* Forgets what is on the screen: the next paint draws everything. */
void term_redraw(struct term *t);
/* Writes on; true when all is out. */
bool term_flush(struct term *t);
bool term_idle(const struct term *t);
bool term_gone(const struct term *t);
/* The next key or mouse event that is there; false when none is. */
bool term_next(struct term *t, struct term_event *ret);
void term_set_mouse(struct term *t, bool on);
/* Gives the terminal back and takes it again (Ctrl-Z). */
void term_leave(struct term *t);
void term_enter(struct term *t);

/* Key names of curses as ours; 0 for those that we do not know. */
int term_map_key(int code, bool function_key);

#endif

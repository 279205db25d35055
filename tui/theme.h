/* SPDX-License-Identifier: BSD-2-Clause */
/* Roles as terminal attributes. Complete without colour: what a colour says, a word says too. */
#ifndef GOLIN_TUI_THEME_H
#define GOLIN_TUI_THEME_H

#include <stdbool.h>
#include "canvas.h"
#include "golin/tui.h"

struct theme {
	unsigned attr[ROLE_MAX]; /* attr_t */
	short pair[ROLE_MAX];
};

/* True when colours are wanted: the option, else NO_COLOR (any value that is not empty). */
bool theme_wants_color(enum golin_tui_color option, const char *no_color);
/* After newterm(). colors: what the terminal has, 0 for monochrome. */
void theme_init(struct theme *t, bool color);

#endif

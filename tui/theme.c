// SPDX-License-Identifier: BSD-2-Clause
#define NCURSES_WIDECHAR 1
#include "theme.h"
#include <curses.h>
#include <string.h>

struct look {
	attr_t mono;	  /* without colour */
	attr_t attr;	  /* with it */
	short fg8, fg256; /* -1: the terminal's own */
};

static const struct look looks[ROLE_MAX] = {
	[ROLE_NORMAL] = {0, 0, -1, -1},
	[ROLE_TITLE] = {A_REVERSE, A_REVERSE, -1, -1},
	[ROLE_HEADER] = {A_BOLD | A_UNDERLINE, A_BOLD | A_UNDERLINE, -1, -1},
	[ROLE_STATUS] = {0, 0, -1, -1},
	[ROLE_KEY] = {A_BOLD, A_BOLD, COLOR_CYAN, 44},
	[ROLE_DIM] = {A_DIM, A_DIM, -1, 244},
	[ROLE_GUIDE] = {0, 0, COLOR_BLUE, 67},
	[ROLE_GOID] = {A_BOLD, A_BOLD, -1, -1},
	[ROLE_RUN] = {A_BOLD, 0, COLOR_GREEN, 40},
	[ROLE_WAIT] = {0, 0, COLOR_YELLOW, 179},
	[ROLE_SYSCALL] = {0, 0, COLOR_MAGENTA, 176},
	[ROLE_FUNC] = {0, 0, COLOR_CYAN, 80},
	[ROLE_PLACE] = {0, 0, -1, 250},
	[ROLE_GROUP] = {A_BOLD, A_BOLD, COLOR_YELLOW, 221},
	[ROLE_LABEL] = {A_BOLD, A_BOLD, -1, -1},
	[ROLE_LIVE] = {A_REVERSE | A_BOLD, A_REVERSE | A_BOLD, COLOR_GREEN, 40},
	[ROLE_HOLD] = {A_REVERSE | A_BOLD, A_BOLD, COLOR_YELLOW, 221},
	[ROLE_END] = {A_BOLD, A_BOLD, COLOR_MAGENTA, 176},
	[ROLE_WARN] = {A_BOLD, A_BOLD, COLOR_RED, 203},
	[ROLE_BREAK] = {A_BOLD, A_BOLD, COLOR_RED, 203},
	[ROLE_ALERT] = {A_BOLD, 0, COLOR_YELLOW, 221},
	[ROLE_MATCH] = {A_UNDERLINE | A_BOLD, A_UNDERLINE | A_BOLD, COLOR_YELLOW, 226},
};

bool theme_wants_color(enum golin_tui_color option, const char *no_color)
{
	if (option != GOLIN_TUI_COLOR_AUTO)
		return option == GOLIN_TUI_COLOR_ALWAYS;
	return !no_color || !no_color[0];
}

void theme_init(struct theme *t, bool color)
{
	short back = -1;

	memset(t, 0, sizeof(*t));
	color = color && has_colors() && start_color() == OK && COLORS >= 8 &&
		COLOR_PAIRS > ROLE_MAX;
	if (color && use_default_colors() != OK)
		back = COLOR_BLACK;
	for (short i = 0; i < ROLE_MAX; i++) {
		short fg;

		if (!color) {
			t->attr[i] = looks[i].mono;
			continue;
		}
		t->attr[i] = looks[i].attr;
		fg = COLORS >= 256 ? looks[i].fg256 : looks[i].fg8;
		/* 16 colours have a grey of their own */
		if (i == ROLE_DIM && COLORS >= 16 && COLORS < 256)
			fg = 8;
		if (fg < 0 && back >= 0)
			fg = COLOR_WHITE;
		if (fg >= 0 && init_pair((short)(i + 1), fg, back) == OK)
			t->pair[i] = (short)(i + 1);
	}
}

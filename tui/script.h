/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A key script for tests, one command a line:
 *
 *	key NAME         "j", "Enter", "Ctrl-L" (keymap.h)
 *	type TEXT        each character as a key
 *	wait MS          milliseconds
 *	wait-text TEXT   until the screen has it; 30 seconds at most
 *	save FILE        the screen as text
 *	# ...            a comment
 */
#ifndef GOLIN_TUI_SCRIPT_H
#define GOLIN_TUI_SCRIPT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include "base/err.h"

struct script {
	FILE *f;
	char line[512];
	unsigned number;
	enum script_do { SCRIPT_NEXT, SCRIPT_WAIT, SCRIPT_WAIT_TEXT, SCRIPT_TYPE } doing;
	const char *arg;
	uint64_t until; /* monotonic ns */
};

int script_open(struct script *s, const char *path, struct golin_err *err);
void script_done(struct script *s);
/*
 * One step, to be called when the screen is up to date: screen is its text. *ret_key is a key to
 * press, or 0. 1: goes on, 0: the script has ended, negative: an error.
 */
int script_step(struct script *s, uint64_t now, const char *screen, int *ret_key,
		struct golin_err *err);

#endif

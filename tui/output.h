/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Output that never blocks. Curses writes its frames into a memory file; from there they go to
 * the terminal as fast as that takes them. While one is on its way no other is made, so a slow
 * or stopped terminal costs frames, never events.
 */
#ifndef GOLIN_TUI_OUTPUT_H
#define GOLIN_TUI_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>

struct output {
	int mem; /* where curses writes */
	int tty; /* O_NONBLOCK, not ours to close */
	char *buf;
	size_t len, pos, cap;
	bool gone; /* the terminal takes no more */
};

/* 0 or negative errno. */
int output_init(struct output *o, int tty);
void output_done(struct output *o);
/* Takes over what curses has written; to be called after each doupdate(). */
void output_take(struct output *o);
/* Writes what the terminal takes now. True when nothing is left. */
bool output_flush(struct output *o);
/* The same, waiting up to ms in all. */
bool output_drain(struct output *o, int ms);

#endif

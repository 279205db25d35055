/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A crash must not leave the terminal raw and on its other screen. While armed, a fatal signal
 * first restores the terminal, then does what it would have done.
 */
#ifndef GOLIN_TUI_CRASH_H
#define GOLIN_TUI_CRASH_H

#include <stddef.h>
#include <termios.h>

/* tty: -1 none. text: what to write to it (copied). stderr_fd: to put back as stderr, or -1. */
void crash_arm(int tty, const struct termios *shell, const char *text, size_t len, int stderr_fd);
void crash_disarm(void);

#endif

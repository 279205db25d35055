/* SPDX-License-Identifier: BSD-2-Clause */
/* Lines of the program's source, where its file is on this machine. */
#ifndef GOLIN_TUI_CODE_H
#define GOLIN_TUI_CODE_H

#include <stddef.h>
#include <stdint.h>

struct golin_err;

enum { CODE_LINE = 512 }; /* bytes of a line, clean, that are kept */

/*
 * Calls line() for up to `around` lines before and behind `at`, tabs made spaces. The name comes
 * from the program that is looked at: only what is called *.go, *.s, *.c or *.h and is a plain file
 * is read. -ENOENT and the like with *err: there is nothing to show, and why.
 */
int code_read(const char *file, uint32_t at, uint32_t around,
	      void (*line)(void *arg, uint32_t n, const char *text), void *arg,
	      struct golin_err *err);

#endif

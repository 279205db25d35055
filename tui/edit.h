/* SPDX-License-Identifier: BSD-2-Clause */
/* A line editor for prompts. Characters are Unicode; the cursor stands before `at`. */
#ifndef GOLIN_TUI_EDIT_H
#define GOLIN_TUI_EDIT_H

#include <stdbool.h>
#include <stddef.h>

struct edit {
	char text[256];
	size_t len, at;
};

void edit_set(struct edit *e, const char *text);
/* True when the key changed the text. Keys that it does not know are left alone. */
bool edit_key(struct edit *e, int key);

#endif

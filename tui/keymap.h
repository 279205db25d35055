/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which key does what: one table. A key is a Unicode code point (control keys are their control
 * character) or one of the UI_KEY_ values above Unicode.
 */
#ifndef GOLIN_TUI_KEYMAP_H
#define GOLIN_TUI_KEYMAP_H

#include <stdbool.h>
#include <stddef.h>
#include "base/strbuf.h"

enum action {
	ACT_NONE,
#define ACT(id, section, name, help) ACT_##id,
#include "action.def"
#undef ACT
	ACT_MAX
};

enum {
	UI_KEY_TAB = '\t',
	UI_KEY_ENTER = '\r',
	UI_KEY_ESC = 27,
	UI_KEY_BACKSPACE = 127,
	UI_KEY_UP = 0x110000, /* the first value behind Unicode */
	UI_KEY_DOWN,
	UI_KEY_LEFT,
	UI_KEY_RIGHT,
	UI_KEY_HOME,
	UI_KEY_END,
	UI_KEY_PAGE_UP,
	UI_KEY_PAGE_DOWN,
	UI_KEY_DELETE,
	UI_KEY_F1,
};
#define UI_CTRL(c) ((c)&0x1f)

/*
 * Where a key is looked up first. KM_TREE comes after the lineage, the contexts and the panics,
 * KM_LINES after these and the findings, KM_COMMON after all.
 */
enum keymap_view {
	KM_COMMON,
	KM_LINES,
	KM_TREE,
	KM_LINEAGE,
	KM_CONTEXTS,
	KM_PANICS,
	KM_FINDINGS,
	KM_DETAIL,
	KM_WHO,
	KM_CODE,
	KM_LOG,
	KM_HELP,
	KM_VIEW_MAX
};

enum action keymap_lookup(enum keymap_view view, int key);
const char *action_name(enum action a);
const char *action_help(enum action a);
const char *action_section(enum action a);
/* "Up k" for an action as a view sees it; empty when it has no key there. Returns buf. */
const char *keymap_keys(enum keymap_view view, enum action a, char *buf, size_t cap);
/* The first key of an action: "Enter". */
const char *keymap_key(enum keymap_view view, enum action a, char *buf, size_t cap);
const char *keymap_view_name(enum keymap_view view);

/* "Ctrl-L", "Enter", "F1", "x"; the other way round 0 is "no such key". */
const char *ui_key_name(int key, char *buf, size_t cap);
int ui_key_parse(const char *name);

/* The key section of the manual page, in man(7) macros, from the same table. */
void keymap_man(struct strbuf *out);

/* For tests: the table's entries in order; false behind the last. */
bool keymap_entry(size_t i, enum keymap_view *ret_view, int *ret_key, enum action *ret_action);

#endif

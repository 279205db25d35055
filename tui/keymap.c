// SPDX-License-Identifier: BSD-2-Clause
#include "keymap.h"
#include <stdio.h>
#include <string.h>

struct binding {
	enum keymap_view view;
	int key;
	enum action action;
};

/* The first key of an action in a view is the one that hints show. */
static const struct binding bindings[] = {
	{KM_TREE, UI_KEY_RIGHT, ACT_EXPAND},
	{KM_TREE, 'l', ACT_EXPAND},
	{KM_TREE, UI_KEY_LEFT, ACT_COLLAPSE},
	{KM_TREE, 'h', ACT_COLLAPSE},
	{KM_TREE, ' ', ACT_TOGGLE},
	{KM_TREE, '*', ACT_EXPAND_SUBTREE},
	{KM_TREE, '-', ACT_COLLAPSE_ALL},
	{KM_TREE, '=', ACT_EXPAND_ALL},
	{KM_TREE, '+', ACT_EXPAND_ALL},
	{KM_TREE, 'z', ACT_FOLD},
	{KM_TREE, UI_KEY_ENTER, ACT_DETAIL},
	{KM_TREE, 'd', ACT_DETAIL},
	{KM_TREE, 'u', ACT_PARENT},
	{KM_TREE, 'x', ACT_ENDED},

	{KM_LINES, '1', ACT_LINEAGE},
	{KM_LINES, '2', ACT_CONTEXTS},
	{KM_LINES, '3', ACT_PANICS},
	{KM_LINES, '4', ACT_FINDINGS},
	{KM_LINES, UI_KEY_TAB, ACT_FOCUS},
	{KM_LINES, 'c', ACT_CROSS},
	{KM_LINES, 'P', ACT_CROSS_PANIC},
	{KM_LINES, 'w', ACT_WHO},
	{KM_LINES, 'e', ACT_CODE},
	{KM_LINES, UI_KEY_BACKSPACE, ACT_BACK},
	{KM_LINES, 'b', ACT_BACK},
	{KM_LINES, 'F', ACT_FOLLOW},
	{KM_LINES, '/', ACT_SEARCH},
	{KM_LINES, 'n', ACT_NEXT},
	{KM_LINES, 'N', ACT_PREV},
	{KM_LINES, 'f', ACT_FILTER},
	{KM_LINES, 'p', ACT_PAUSE},
	{KM_LINES, '[', ACT_EVENT_BACK},
	{KM_LINES, ']', ACT_EVENT_FORWARD},
	{KM_LINES, '{', ACT_SECOND_BACK},
	{KM_LINES, '}', ACT_SECOND_FORWARD},
	{KM_LINES, '0', ACT_NOW},
	{KM_LINES, 'L', ACT_LOG},

	{KM_LINEAGE, 's', ACT_SYSTEM},

	{KM_CONTEXTS, 'C', ACT_CROSS_NEXT},
	{KM_CONTEXTS, 'o', ACT_GOROUTINES},

	{KM_PANICS, 'U', ACT_PANIC_AFTER},

	{KM_FINDINGS, UI_KEY_ENTER, ACT_VISIT},
	{KM_FINDINGS, 'd', ACT_DETAIL},

	{KM_WHO, UI_KEY_ENTER, ACT_WHO_ORIGIN},
	{KM_WHO, 'c', ACT_WHO_GOROUTINE},
	{KM_WHO, 'w', ACT_WHO},

	{KM_CODE, 'e', ACT_CODE},

	{KM_DETAIL, UI_KEY_ENTER, ACT_LINK},
	{KM_DETAIL, 'd', ACT_DETAIL},
	{KM_DETAIL, '1', ACT_LINEAGE},
	{KM_DETAIL, '2', ACT_CONTEXTS},
	{KM_DETAIL, '3', ACT_PANICS},
	{KM_DETAIL, '4', ACT_FINDINGS},
	{KM_DETAIL, 'c', ACT_CROSS},
	{KM_DETAIL, 'P', ACT_CROSS_PANIC},
	{KM_DETAIL, 'w', ACT_WHO},
	{KM_DETAIL, 'e', ACT_CODE},
	{KM_DETAIL, UI_KEY_BACKSPACE, ACT_BACK},
	{KM_DETAIL, 'b', ACT_BACK},
	{KM_DETAIL, UI_KEY_TAB, ACT_FOCUS},
	{KM_DETAIL, 'u', ACT_PARENT},
	{KM_DETAIL, 'p', ACT_PAUSE},

	{KM_LOG, 'L', ACT_LOG},
	{KM_LOG, '1', ACT_LINEAGE},
	{KM_LOG, '2', ACT_CONTEXTS},
	{KM_LOG, '3', ACT_PANICS},
	{KM_LOG, '4', ACT_FINDINGS},
	{KM_LOG, 'F', ACT_FOLLOW},
	{KM_LOG, '/', ACT_SEARCH},
	{KM_LOG, 'n', ACT_NEXT},
	{KM_LOG, 'N', ACT_PREV},

	{KM_COMMON, UI_KEY_UP, ACT_UP},
	{KM_COMMON, 'k', ACT_UP},
	{KM_COMMON, UI_KEY_DOWN, ACT_DOWN},
	{KM_COMMON, 'j', ACT_DOWN},
	{KM_COMMON, UI_KEY_PAGE_UP, ACT_PAGE_UP},
	{KM_COMMON, UI_CTRL('b'), ACT_PAGE_UP},
	{KM_COMMON, UI_KEY_PAGE_DOWN, ACT_PAGE_DOWN},
	{KM_COMMON, UI_CTRL('f'), ACT_PAGE_DOWN},
	{KM_COMMON, 'g', ACT_FIRST},
	{KM_COMMON, UI_KEY_HOME, ACT_FIRST},
	{KM_COMMON, 'G', ACT_LAST},
	{KM_COMMON, UI_KEY_END, ACT_LAST},
	{KM_COMMON, UI_KEY_ESC, ACT_ESCAPE},
	{KM_COMMON, '?', ACT_HELP},
	{KM_COMMON, UI_KEY_F1, ACT_HELP},
	{KM_COMMON, 'm', ACT_MOUSE},
	{KM_COMMON, UI_CTRL('l'), ACT_REDRAW},
	{KM_COMMON, UI_CTRL('z'), ACT_SUSPEND},
	{KM_COMMON, 'q', ACT_QUIT},
	{KM_COMMON, 'Q', ACT_QUIT_NOW},
	{KM_COMMON, UI_CTRL('c'), ACT_QUIT_NOW},
};
enum { N_BINDINGS = sizeof(bindings) / sizeof(bindings[0]) };

static const struct {
	const char *section, *name, *help;
} actions[ACT_MAX] = {
#define ACT(id, sec, nam, hlp) [ACT_##id] = {.section = (sec), .name = (nam), .help = (hlp)},
#include "action.def"
#undef ACT
};

static const struct {
	int key;
	const char *name;
} key_names[] = {
	{' ', "Space"},
	{UI_KEY_TAB, "Tab"},
	{UI_KEY_ENTER, "Enter"},
	{UI_KEY_ESC, "Esc"},
	{UI_KEY_BACKSPACE, "Backspace"},
	{UI_KEY_UP, "Up"},
	{UI_KEY_DOWN, "Down"},
	{UI_KEY_LEFT, "Left"},
	{UI_KEY_RIGHT, "Right"},
	{UI_KEY_HOME, "Home"},
	{UI_KEY_END, "End"},
	{UI_KEY_PAGE_UP, "PgUp"},
	{UI_KEY_PAGE_DOWN, "PgDn"},
	{UI_KEY_DELETE, "Del"},
	{UI_KEY_F1, "F1"},
};
enum { N_KEY_NAMES = sizeof(key_names) / sizeof(key_names[0]) };

static const char *const view_names[KM_VIEW_MAX] = {
	[KM_COMMON] = "everywhere",
	[KM_LINES] = "all views",
	[KM_TREE] = "the trees",
	[KM_LINEAGE] = "the lineage",
	[KM_CONTEXTS] = "the contexts",
	[KM_PANICS] = "the panics",
	[KM_FINDINGS] = "the findings",
	[KM_DETAIL] = "the detail pane",
	[KM_WHO] = "who cancelled this",
	[KM_CODE] = "the source",
	[KM_LOG] = "the log",
	[KM_HELP] = "the help",
};

/* What comes after a view; KM_COMMON is the last. */
static enum keymap_view after(enum keymap_view view)
{
	switch (view) {
	case KM_LINEAGE:
	case KM_CONTEXTS:
	case KM_PANICS:
		return KM_TREE;
	case KM_TREE:
	case KM_FINDINGS:
		return KM_LINES;
	default:
		return KM_COMMON;
	}
}

static enum action lookup_in(enum keymap_view view, int key)
{
	for (size_t i = 0; i < N_BINDINGS; i++)
		if (bindings[i].view == view && bindings[i].key == key)
			return bindings[i].action;
	return ACT_NONE;
}

static bool is_in(enum keymap_view view, enum keymap_view binding)
{
	while (view != binding && view != KM_COMMON)
		view = after(view);
	return view == binding;
}

enum action keymap_lookup(enum keymap_view view, int key)
{
	enum action a = lookup_in(view, key);

	while (a == ACT_NONE && view != KM_COMMON) {
		view = after(view);
		a = lookup_in(view, key);
	}
	return a;
}

const char *action_name(enum action a)
{
	return a > ACT_NONE && a < ACT_MAX ? actions[a].name : "none";
}

const char *action_help(enum action a)
{
	return a > ACT_NONE && a < ACT_MAX ? actions[a].help : "";
}

const char *action_section(enum action a)
{
	return a > ACT_NONE && a < ACT_MAX ? actions[a].section : "";
}

const char *keymap_view_name(enum keymap_view view)
{
	return view_names[view];
}

const char *ui_key_name(int key, char *buf, size_t cap)
{
	for (size_t i = 0; i < N_KEY_NAMES; i++) {
		if (key_names[i].key == key) {
			snprintf(buf, cap, "%s", key_names[i].name);
			return buf;
		}
	}
	if (key > 0 && key < 0x20)
		snprintf(buf, cap, "Ctrl-%c", key + 0x40);
	else if (key > 0x20 && key < 0x7f)
		snprintf(buf, cap, "%c", key);
	else
		snprintf(buf, cap, "U+%04X", (unsigned)key);
	return buf;
}

int ui_key_parse(const char *name)
{
	unsigned char c = (unsigned char)name[0];

	for (size_t i = 0; i < N_KEY_NAMES; i++)
		if (!strcmp(key_names[i].name, name))
			return key_names[i].key;
	if (!strncmp(name, "Ctrl-", 5) && name[5] > 0x40 && name[5] < 0x60 && !name[6])
		return UI_CTRL(name[5]);
	if (c > 0x20 && c < 0x7f && !name[1])
		return c;
	return 0;
}

static const char *keys_of(enum keymap_view view, enum action a, bool all, char *buf, size_t cap)
{
	size_t len = 0;
	char one[16];

	buf[0] = 0;
	for (size_t i = 0; i < N_BINDINGS; i++) {
		const struct binding *b = &bindings[i];

		if (b->action != a || !is_in(view, b->view))
			continue;
		if (len && !all)
			break;
		len += (size_t)snprintf(buf + len, cap - len, "%s%s", len ? " " : "",
					ui_key_name(b->key, one, sizeof(one)));
		if (len >= cap)
			break;
	}
	return buf;
}

const char *keymap_keys(enum keymap_view view, enum action a, char *buf, size_t cap)
{
	return keys_of(view, a, true, buf, cap);
}

const char *keymap_key(enum keymap_view view, enum action a, char *buf, size_t cap)
{
	return keys_of(view, a, false, buf, cap);
}

bool keymap_entry(size_t i, enum keymap_view *ret_view, int *ret_key, enum action *ret_action)
{
	if (i >= N_BINDINGS)
		return false;
	*ret_view = bindings[i].view;
	*ret_key = bindings[i].key;
	*ret_action = bindings[i].action;
	return true;
}

/* man(7): a leading dot or quote would be a request, a backslash an escape. */
static void man_text(struct strbuf *out, const char *s)
{
	for (; *s; s++) {
		if (*s == '\\')
			strbuf_adds(out, "\\e");
		else if (*s == '-')
			strbuf_adds(out, "\\-");
		else
			strbuf_add(out, s, 1);
	}
}

void keymap_man(struct strbuf *out)
{
	const char *section = "";
	char keys[64];

	for (int a = ACT_NONE + 1; a < ACT_MAX; a++) {
		enum action act = (enum action)a;
		enum keymap_view view = KM_LINEAGE;

		if (strcmp(section, action_section(act))) {
			section = action_section(act);
			strbuf_addf(out, ".SS %s\n", section);
		}
		for (keymap_keys(view, act, keys, sizeof(keys)); !keys[0] && view < KM_HELP;)
			keymap_keys(++view, act, keys, sizeof(keys));
		strbuf_adds(out, ".TP\n\\&\\fB");
		man_text(out, keys);
		strbuf_adds(out, "\\fR\n\\&");
		man_text(out, action_help(act));
		strbuf_adds(out, "\n");
	}
}

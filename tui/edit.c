// SPDX-License-Identifier: BSD-2-Clause
#include "edit.h"
#include <stdio.h>
#include <string.h>
#include <utf8proc.h>
#include "base/text.h"
#include "keymap.h"

void edit_set(struct edit *e, const char *text)
{
	snprintf(e->text, sizeof(e->text), "%s", text);
	e->len = strlen(e->text);
	e->at = e->len;
}

static size_t before(const struct edit *e, size_t at)
{
	while (at > 0 && ((unsigned char)e->text[--at] & 0xc0) == 0x80)
		;
	return at;
}

static size_t behind(const struct edit *e, size_t at)
{
	if (at < e->len)
		at++;
	while (at < e->len && ((unsigned char)e->text[at] & 0xc0) == 0x80)
		at++;
	return at;
}

static bool cut(struct edit *e, size_t from, size_t to)
{
	if (from >= to)
		return false;
	memmove(e->text + from, e->text + to, e->len - to + 1);
	e->len -= to - from;
	e->at = from;
	return true;
}

static bool insert(struct edit *e, int key)
{
	utf8proc_uint8_t u[4];
	utf8proc_ssize_t n;

	if (key < 0x20 || key == 0x7f || key >= UI_KEY_UP)
		return false;
	n = utf8proc_encode_char(key, u);
	/* what is typed or pasted is held to the same rules as what comes from a target */
	if (n <= 0 || e->len + (size_t)n >= sizeof(e->text) ||
	    !golin_text_is_clean((const char *)u, (size_t)n))
		return false;
	memmove(e->text + e->at + n, e->text + e->at, e->len - e->at + 1);
	memcpy(e->text + e->at, u, (size_t)n);
	e->at += (size_t)n;
	e->len += (size_t)n;
	return true;
}

static size_t word_before(const struct edit *e)
{
	size_t at = e->at;

	while (at > 0 && e->text[at - 1] == ' ')
		at--;
	while (at > 0 && e->text[at - 1] != ' ')
		at--;
	return at;
}

bool edit_key(struct edit *e, int key)
{
	switch (key) {
	case UI_KEY_LEFT:
		e->at = before(e, e->at);
		return false;
	case UI_KEY_RIGHT:
		e->at = behind(e, e->at);
		return false;
	case UI_KEY_HOME:
	case UI_CTRL('a'):
		e->at = 0;
		return false;
	case UI_KEY_END:
	case UI_CTRL('e'):
		e->at = e->len;
		return false;
	case UI_KEY_BACKSPACE:
	case UI_CTRL('h'):
		return cut(e, before(e, e->at), e->at);
	case UI_KEY_DELETE:
		return cut(e, e->at, behind(e, e->at));
	case UI_CTRL('u'):
		return cut(e, 0, e->at);
	case UI_CTRL('k'):
		return cut(e, e->at, e->len);
	case UI_CTRL('w'):
		return cut(e, word_before(e), e->at);
	default:
		return insert(e, key);
	}
}

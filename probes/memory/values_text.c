/* SPDX-License-Identifier: BSD-2-Clause */
/* The memory that values stand in, read within bounds, and the text that is made of it. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "base/text.h"
#include "memory/mem.h"
#include "memory/values_impl.h"

enum {
	CHUNK = 64,	   /* bytes of a string that are asked for at once when not all are there */
	ADDRESS_BITS = 47, /* no string is longer than the address space */
};

/* ---- the memory ---- */

int walk_read(struct walk *w, uint64_t addr, void *buf, size_t len)
{
	if (!len)
		return 0;
	if (!w->reads || !mem_range_ok(addr, len))
		return -EFAULT;
	w->reads--;
	return w->r->read(w->r->arg, addr, buf, len);
}

int walk_at(struct walk *w, const struct place *p, uint64_t off, void *buf, size_t len)
{
	if (!p->word)
		return p->addr + off < p->addr ? -EFAULT : walk_read(w, p->addr + off, buf, len);
	if (off > 8 || len > 8 - off)
		return -EFAULT;
	memcpy(buf, (const uint8_t *)&p->addr + off, len);
	return 0;
}

bool walk_within(const struct place *p, uint64_t off, uint64_t type, struct place *ret)
{
	*ret = (struct place){.type = type, .addr = p->addr + off, .word = p->word};
	/* One that is a word has nothing behind its beginning. */
	if (p->word)
		ret->addr = p->addr;
	return p->word ? !off : ret->addr >= p->addr;
}

struct place walk_eface(struct walk *w, uint64_t type, uint64_t data)
{
	const struct go_type *g = types_get(w->t, type);

	return (struct place){.type = type, .addr = data, .word = g && g->direct};
}

/* The type in an itab: as it was copied with the value, else as it is in the program. */
static uint64_t itab_type(struct walk *w, uint64_t tab)
{
	struct go_itab itab;
	uint64_t words[2];

	if (!tab || tab % 8)
		return 0;
	if (types_itab(w->t, tab, &itab))
		return itab.type;
	if (walk_read(w, tab, words, sizeof(words)))
		return 0;
	types_told(w->t, tab, words);
	return types_itab(w->t, tab, &itab) ? itab.type : 0;
}

bool walk_iface(struct walk *w, const struct place *p, struct place *ret)
{
	uint64_t words[2], type;
	bool eface;

	*ret = (struct place){0};
	if (!types_is_eface(w->t, p->type, &eface) || walk_at(w, p, 0, words, sizeof(words)))
		return false;
	if (!words[0])
		return true;
	type = eface ? words[0] : itab_type(w, words[0]);
	if (!type || !types_get(w->t, type))
		return false;
	*ret = walk_eface(w, type, words[1]);
	return true;
}

bool walk_deref(struct walk *w, const struct place *p, struct place *ret)
{
	uint64_t addr;

	*ret = (struct place){.type = types_elem_of(w->t, p->type)};
	if (!ret->type || walk_at(w, p, 0, &addr, sizeof(addr)))
		return false;
	ret->addr = addr;
	return true;
}

/* ---- the text ---- */

static void put_raw(struct walk *w, const void *b, size_t len)
{
	size_t room = sizeof(w->raw) - w->len;

	if (len > room) {
		len = room;
		w->cut = true;
	}
	memcpy(w->raw + w->len, b, len);
	w->len += len;
}

void put_bytes(struct walk *w, const void *b, size_t len)
{
	w->total += len;
	if (w->gap && len)
		put_raw(w, "...", 3);
	w->gap = false;
	put_raw(w, b, len);
}

void put_text(struct walk *w, const char *s)
{
	put_bytes(w, s, strlen(s));
}

void put_f(struct walk *w, const char *fmt, ...)
{
	char buf[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(buf, sizeof(buf), fmt, ap);
	va_end(ap);
	put_text(w, buf);
}

/* As much of a string as is there. */
static size_t read_some(struct walk *w, uint64_t ptr, size_t len, uint8_t *buf)
{
	size_t have = 0;

	if (!walk_read(w, ptr, buf, len))
		return len;
	for (size_t step = CHUNK; step; step /= 2)
		while (have + step <= len && !walk_read(w, ptr + have, buf + have, step))
			have += step;
	return have;
}

/* Without the beginning of a character whose rest is not there. */
static size_t whole_chars(const uint8_t *b, size_t len)
{
	for (size_t back = 1; back <= 3 && back <= len; back++) {
		uint8_t c = b[len - back];
		size_t want = c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : c >= 0xc0 ? 2 : 1;

		if ((c & 0xc0) != 0x80)
			return want > back ? len - back : len;
	}
	return len;
}

/* As strconv.Quote; what cannot be printed is escaped when all of it is cleaned. */
static void put_quoted(struct walk *w, const uint8_t *b, size_t len)
{
	static const char *const names[] = {"\\a", "\\b", "\\t", "\\n", "\\v", "\\f", "\\r"};
	char hex[8];

	for (size_t i = 0; i < len; i++) {
		if (b[i] == '"' || b[i] == '\\') {
			put_bytes(w, "\\", 1);
			put_bytes(w, b + i, 1);
		} else if (b[i] >= 7 && b[i] <= 13) {
			put_text(w, names[b[i] - 7]);
		} else if (b[i] < 0x20 || b[i] == 0x7f) {
			snprintf(hex, sizeof(hex), "\\x%02x", b[i]);
			put_text(w, hex);
		} else {
			put_bytes(w, b + i, 1);
		}
	}
}

static void put_indented(struct walk *w, const uint8_t *b, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		put_bytes(w, b + i, 1);
		if (b[i] == '\n')
			put_bytes(w, "\t", 1);
	}
}

void put_go_string(struct walk *w, uint64_t ptr, uint64_t len, enum put_how how)
{
	uint8_t buf[VALUE_TEXT] = {0};
	size_t want = len < sizeof(buf) ? (size_t)len : sizeof(buf);
	size_t have = want ? read_some(w, ptr, want, buf) : 0;

	/* What claims to be longer than all memory is none. */
	if (len >> ADDRESS_BITS || (len && !have)) {
		w->partial = true;
		if (len >> ADDRESS_BITS)
			have = 0;
	}
	if (have < len)
		have = whole_chars(buf, have);
	if (how == PUT_QUOTED)
		put_text(w, "\"");
	if (how == PUT_QUOTED)
		put_quoted(w, buf, have);
	else if (how == PUT_INDENTED)
		put_indented(w, buf, have);
	else
		put_bytes(w, buf, have);
	if (how == PUT_QUOTED && have == len)
		put_text(w, "\"");
	if (have < len) {
		w->total += len - have;
		w->cut = w->gap = true;
	}
}

void put_string_at(struct walk *w, const struct place *p, enum put_how how)
{
	uint64_t head[2];

	if (walk_at(w, p, 0, head, sizeof(head))) {
		w->partial = w->cut = w->gap = w->unsure = true;
		return;
	}
	put_go_string(w, head[0], head[1], how);
}

void put_unknown(struct walk *w, uint64_t type)
{
	char name[TYPE_NAME_MAX];

	w->partial = true;
	if (!types_name(w->t, type, name, sizeof(name)))
		snprintf(name, sizeof(name), "?");
	put_text(w, "(");
	put_text(w, name);
	put_text(w, ")");
}

/* The longest beginning of raw whose clean text fits. */
static size_t clean_fitting(const char *raw, size_t len, char *ret, size_t cap)
{
	char clean[4 * VALUE_TEXT + 1];
	size_t lo = 0, hi = len;

	if (golin_text_clean(clean, sizeof(clean), raw, len) < cap) {
		strcpy(ret, clean);
		return len;
	}
	while (lo < hi) {
		size_t mid = lo + (hi - lo + 1) / 2;

		if (golin_text_clean(clean, sizeof(clean), raw, mid) < cap)
			lo = mid;
		else
			hi = mid - 1;
	}
	lo = whole_chars((const uint8_t *)raw, lo);
	golin_text_clean(clean, sizeof(clean), raw, lo);
	strcpy(ret, clean);
	return lo;
}

void walk_end(struct walk *w, struct value *ret)
{
	size_t len = w->cut ? whole_chars((const uint8_t *)w->raw, w->len) : w->len;

	if (clean_fitting(w->raw, len, ret->text, VALUE_TEXT + 1) < len)
		w->cut = true;
	ret->flags |= (w->cut ? GOLIN_VALUE_CUT : 0) | (w->partial ? GOLIN_VALUE_PARTIAL : 0);
	if (*ret->text || !(w->cut || w->partial))
		ret->flags |= GOLIN_VALUE_TEXT;
	if (w->cut)
		ret->size = w->unsure ? 0 : w->total;
}

/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/text.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <utf8proc.h>

enum {
	MARKS_MAX = 2, /* combining marks in a row */
	UNIT_MAX = 10, /* the longest piece of output for one piece of input: \u{10ffff} */
};

enum klass { KLASS_PLAIN, KLASS_MARK, KLASS_UNSAFE };

/*
 * Letters and marks that show nothing (Default_Ignorable_Code_Point without Cf and unassigned, and
 * the blank Braille pattern): they make two different names look the same.
 */
static bool is_invisible(utf8proc_int32_t c)
{
	return c == 0x034f || c == 0x115f || c == 0x1160 || c == 0x17b4 || c == 0x17b5 ||
	       (c >= 0x180b && c <= 0x180f) || c == 0x2800 || c == 0x3164 || c == 0xffa0 ||
	       (c >= 0xfe00 && c <= 0xfe0f) || (c >= 0xe0100 && c <= 0xe01ef);
}

static enum klass classify(utf8proc_int32_t c)
{
	if (c < 0x7f)
		return c >= 0x20 ? KLASS_PLAIN : KLASS_UNSAFE;
	switch (utf8proc_category(c)) {
	case UTF8PROC_CATEGORY_CC: /* C0, DEL, C1 */
	case UTF8PROC_CATEGORY_CF: /* bidirectional and zero-width controls, tags, soft hyphen */
	case UTF8PROC_CATEGORY_CN: /* unassigned and non-characters */
	case UTF8PROC_CATEGORY_CO: /* private use */
	case UTF8PROC_CATEGORY_CS: /* surrogates */
	case UTF8PROC_CATEGORY_ZL:
	case UTF8PROC_CATEGORY_ZP:
		return KLASS_UNSAFE;
	case UTF8PROC_CATEGORY_MN:
	case UTF8PROC_CATEGORY_MC:
	case UTF8PROC_CATEGORY_ME:
		return is_invisible(c) ? KLASS_UNSAFE : KLASS_MARK;
	default:
		if (is_invisible(c))
			return KLASS_UNSAFE;
		/* Conjoining jamo and their like stack without end too. */
		return utf8proc_charwidth(c) > 0 ? KLASS_PLAIN : KLASS_MARK;
	}
}

/* One character or one invalid byte at s; *ret is -1 for the latter. Returns its length. */
static size_t decode(const unsigned char *s, size_t len, utf8proc_int32_t *ret)
{
	utf8proc_ssize_t n;

	if (*s < 0x80) {
		*ret = *s;
		return 1;
	}
	/* Strict: no overlong forms, no surrogates, nothing above U+10FFFF. */
	n = utf8proc_iterate(s, len > 4 ? 4 : (utf8proc_ssize_t)len, ret);
	if (n > 0)
		return (size_t)n;
	*ret = -1;
	return 1;
}

/*
 * Whether a character may stand as it is. `marks` counts the marks in a row; it starts full, so
 * that a string cannot begin with marks and change what is printed before it. Once a run is too
 * long all the rest of it is shown escaped, hence cleaning twice changes nothing.
 */
static bool passes(utf8proc_int32_t c, int *marks)
{
	switch (c < 0 ? KLASS_UNSAFE : classify(c)) {
	case KLASS_PLAIN:
		*marks = 0;
		return true;
	case KLASS_MARK:
		if (*marks >= MARKS_MAX)
			return false;
		(*marks)++;
		return true;
	default:
		*marks = 0;
		return false;
	}
}

static size_t escape(char *out, utf8proc_int32_t c, unsigned char byte)
{
	static const char hex[] = "0123456789abcdef";
	int digits = 4;
	size_t n = 0;

	out[n++] = '\\';
	if (c == '\n' || c == '\t') {
		out[n++] = c == '\n' ? 'n' : 't';
		return n;
	}
	if (c < 0x80) {
		out[n++] = 'x';
		out[n++] = hex[byte >> 4];
		out[n++] = hex[byte & 15];
		return n;
	}
	while (digits < 6 && c >> (4 * digits))
		digits++;
	out[n++] = 'u';
	out[n++] = '{';
	while (digits--)
		out[n++] = hex[(c >> (4 * digits)) & 15];
	out[n++] = '}';
	return n;
}

/* The most that "...(+N)" can take when `len` bytes are left out. */
static size_t cut_mark_len(size_t len)
{
	size_t n = sizeof("...(+)") - 1;

	do {
		n++;
		len /= 10;
	} while (len);
	return n;
}

size_t golin_text_clean_bound(size_t len)
{
	/* The worst is \xNN for one byte and \u{NNNN} for two. */
	return len > ((size_t)-1 - 1) / 4 ? (size_t)-1 : 4 * len + 1;
}

size_t golin_text_clean(char *dst, size_t cap, const void *src, size_t len)
{
	const unsigned char *s = src;
	size_t in = 0, out = 0, room = cap - 1, mark = cut_mark_len(len);
	size_t safe_in = 0, safe_out = 0; /* the last place behind which the cut mark fits */
	int marks = MARKS_MAX;

	while (in < len) {
		char unit[UNIT_MAX];
		utf8proc_int32_t c;
		size_t n = decode(s + in, len - in, &c), m = n;

		if (passes(c, &marks))
			memcpy(unit, s + in, n);
		else
			m = escape(unit, c, s[in]);
		if (m > room - out)
			break;
		memcpy(dst + out, unit, m);
		in += n;
		out += m;
		if (mark <= room - out) {
			safe_in = in;
			safe_out = out;
		}
	}
	/* With no room for the mark the text is just cut. */
	if (in < len && mark <= room)
		out = safe_out +
		      (size_t)snprintf(dst + safe_out, cap - safe_out, "...(+%zu)", len - safe_in);
	dst[out] = '\0';
	return out;
}

bool golin_text_is_clean(const char *s, size_t len)
{
	const unsigned char *u = (const unsigned char *)s;
	int marks = MARKS_MAX;
	size_t i = 0;

	while (i < len) {
		utf8proc_int32_t c;

		if (u[i] >= 0x20 && u[i] < 0x7f) {
			marks = 0;
			i++;
			continue;
		}
		i += decode(u + i, len - i, &c);
		if (!passes(c, &marks))
			return false;
	}
	return true;
}

/* Columns of the character at s (one invalid byte counts as one) and, in *ret_len, its length. */
static int char_width(const char *s, size_t len, size_t *ret_len)
{
	utf8proc_int32_t c;

	*ret_len = decode((const unsigned char *)s, len, &c);
	if (c >= 0x20 && c < 0x7f)
		return 1;
	return c < 0 ? 1 : utf8proc_charwidth(c);
}

int golin_text_width(const char *s)
{
	size_t len = strlen(s), n;
	int width = 0;

	for (; len; s += n, len -= n)
		width += char_width(s, len, &n);
	return width;
}

size_t golin_text_fit(const char *s, int cols, int *ret_width)
{
	size_t len = strlen(s), i = 0, n;
	int width = 0;

	while (i < len) {
		int w = char_width(s + i, len - i, &n);

		if (w > cols - width)
			break;
		width += w;
		i += n;
	}
	if (ret_width)
		*ret_width = width;
	return i;
}

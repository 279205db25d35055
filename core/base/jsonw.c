/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/jsonw.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

void jsonw_init(struct jsonw *w, struct strbuf *out)
{
	*w = (struct jsonw){.out = out};
}

static void indent(struct jsonw *w)
{
	static const char blanks[] = "                                ";

	strbuf_add(w->out, "\n", 1);
	for (int n = 2 * w->depth; n > 0; n -= (int)sizeof(blanks) - 1)
		strbuf_add(w->out, blanks,
			   n < (int)sizeof(blanks) - 1 ? (size_t)n : sizeof(blanks) - 1);
}

/* Clean text has no control bytes: only the quote and the backslash are left to escape. */
static void quote(struct jsonw *w, const char *s, size_t len)
{
	size_t from = 0;

	strbuf_add(w->out, "\"", 1);
	for (size_t i = 0; i < len; i++) {
		if (s[i] != '"' && s[i] != '\\')
			continue;
		strbuf_add(w->out, s + from, i - from);
		strbuf_add(w->out, "\\", 1);
		from = i;
	}
	strbuf_add(w->out, s + from, len - from);
	strbuf_add(w->out, "\"", 1);
}

static void string(struct jsonw *w, const char *s)
{
	size_t len = strlen(s), cap;
	char *clean;

	if (golin_text_is_clean(s, len)) {
		quote(w, s, len);
		return;
	}
	cap = golin_text_clean_bound(len);
	clean = malloc(cap);
	if (!clean) {
		/* Still JSON, and the caller learns of it. */
		quote(w, "", 0);
		w->out->oom = true;
		return;
	}
	quote(w, clean, golin_text_clean(clean, cap, s, len));
	free(clean);
}

/* What stands before every value. */
static void value(struct jsonw *w, const char *key)
{
	if (w->comma)
		strbuf_add(w->out, ",", 1);
	if (w->pretty && w->depth)
		indent(w);
	w->comma = true;
	if (!key)
		return;
	string(w, key);
	strbuf_adds(w->out, w->pretty ? ": " : ":");
}

void jsonw_begin(struct jsonw *w, const char *key, char open)
{
	value(w, key);
	strbuf_add(w->out, &open, 1);
	w->comma = false;
	w->depth++;
}

void jsonw_end(struct jsonw *w, char close)
{
	w->depth--;
	if (w->pretty && w->comma)
		indent(w);
	strbuf_add(w->out, &close, 1);
	w->comma = true;
}

void jsonw_str(struct jsonw *w, const char *key, const char *s)
{
	value(w, key);
	if (s)
		string(w, s);
	else
		strbuf_adds(w->out, "null");
}

void jsonw_i64(struct jsonw *w, const char *key, int64_t v)
{
	value(w, key);
	strbuf_addf(w->out, "%" PRId64, v);
}

/* Not by printf: an NDJSON stream of events is mostly numbers. */
static void decimal(struct jsonw *w, uint64_t v)
{
	char text[20];
	size_t i = sizeof(text);

	do {
		text[--i] = (char)('0' + v % 10);
		v /= 10;
	} while (v);
	strbuf_add(w->out, text + i, sizeof(text) - i);
}

void jsonw_u64(struct jsonw *w, const char *key, uint64_t v)
{
	value(w, key);
	decimal(w, v);
}

void jsonw_dec(struct jsonw *w, const char *key, uint64_t v)
{
	value(w, key);
	strbuf_add(w->out, "\"", 1);
	decimal(w, v);
	strbuf_add(w->out, "\"", 1);
}

void jsonw_hex(struct jsonw *w, const char *key, uint64_t v)
{
	value(w, key);
	strbuf_addf(w->out, "\"0x%" PRIx64 "\"", v);
}

void jsonw_bool(struct jsonw *w, const char *key, bool v)
{
	value(w, key);
	strbuf_adds(w->out, v ? "true" : "false");
}

void jsonw_null(struct jsonw *w, const char *key)
{
	value(w, key);
	strbuf_adds(w->out, "null");
}

void jsonw_newline(struct jsonw *w)
{
	strbuf_add(w->out, "\n", 1);
	w->comma = false;
}

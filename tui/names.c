// SPDX-License-Identifier: BSD-2-Clause
#include "names.h"
#include <stdio.h>
#include <string.h>
#include <time.h>
#include "base/text.h"

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static const char *place(const struct golin_frame *f, const char *file, char *buf, size_t cap)
{
	if (!file[0])
		snprintf(buf, cap, "-");
	else if (f->line)
		snprintf(buf, cap, "%s:%u", file, f->line);
	else
		snprintf(buf, cap, "%s", file);
	return buf;
}

const char *name_place(const struct golin_frame *f, char *buf, size_t cap)
{
	return place(f, base_name(f->file), buf, cap);
}

const char *name_full_place(const struct golin_frame *f, char *buf, size_t cap)
{
	return place(f, f->file, buf, cap);
}

const char *name_func(const char *func, int cols)
{
	return golin_text_width(func) <= cols ? func : base_name(func);
}

const char *name_tail(const char *text, int cols)
{
	while (*text && golin_text_width(text) > cols) {
		text++;
		while (((unsigned char)*text & 0xc0) == 0x80)
			text++;
	}
	return text;
}

const char *name_count(uint64_t n, char *buf, size_t cap)
{
	char digits[24];
	size_t len = (size_t)snprintf(digits, sizeof(digits), "%llu", (unsigned long long)n);
	size_t out = 0;

	for (size_t i = 0; i < len && out + 2 < cap; i++) {
		if (i && (len - i) % 3 == 0)
			buf[out++] = ',';
		buf[out++] = digits[i];
	}
	buf[out] = 0;
	return buf;
}

const char *name_rate(double n, char *buf, size_t cap)
{
	if (n < 999.5)
		snprintf(buf, cap, "%.0f", n);
	else if (n < 99950)
		snprintf(buf, cap, "%.1fk", n / 1e3);
	else if (n < 999500)
		snprintf(buf, cap, "%.0fk", n / 1e3);
	else
		snprintf(buf, cap, "%.1fM", n / 1e6);
	return buf;
}

const char *name_clock(uint64_t unix_ns, char *buf, size_t cap)
{
	time_t sec = (time_t)(unix_ns / 1000000000);
	struct tm tm;
	size_t len;

	if (!unix_ns || !localtime_r(&sec, &tm)) {
		snprintf(buf, cap, "-");
		return buf;
	}
	len = strftime(buf, cap, "%H:%M:%S", &tm);
	snprintf(buf + len, cap - len, ".%03u", (unsigned)(unix_ns / 1000000 % 1000));
	return buf;
}

static const char *const kind_names[] = {
	[GOLIN_CTX_CANCEL] = "cancel context",
	[GOLIN_CTX_TIMER] = "deadline context",
	[GOLIN_CTX_VALUE] = "value",
	[GOLIN_CTX_AFTER_FUNC] = "AfterFunc",
	[GOLIN_CTX_WITHOUT_CANCEL] = "WithoutCancel",
	[GOLIN_CTX_BACKGROUND] = "Background",
	[GOLIN_CTX_TODO] = "TODO",
	[GOLIN_CTX_FOREIGN] = "foreign context",
};

const char *name_context(const struct golin_model *m, const struct golin_context *c, char *buf,
			 size_t cap)
{
	const char *func = golin_context_func(m, c), *type = golin_model_string(m, c->type);
	const char *dot = strrchr(func, '.');

	if (dot)
		snprintf(buf, cap, "%s", dot + 1);
	else if (c->kind == GOLIN_CTX_FOREIGN && *type)
		snprintf(buf, cap, "%s", type);
	else if (c->kind < sizeof(kind_names) / sizeof(*kind_names) && kind_names[c->kind])
		snprintf(buf, cap, "%s", kind_names[c->kind]);
	else
		snprintf(buf, cap, "context");
	return buf;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* A text builder. After memory ran out it stays what it was, and `oom` is set. */
#ifndef GOLIN_BASE_STRBUF_H
#define GOLIN_BASE_STRBUF_H

#include <stdbool.h>
#include <stddef.h>

struct strbuf {
	char *s; /* NUL-terminated once something was added; else NULL */
	size_t len, cap;
	bool oom;
};

void strbuf_done(struct strbuf *b);
void strbuf_clear(struct strbuf *b); /* keeps the memory */
void strbuf_add(struct strbuf *b, const void *data, size_t len);
void strbuf_adds(struct strbuf *b, const char *s);
void strbuf_addf(struct strbuf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
const char *strbuf_cstr(const struct strbuf *b); /* never NULL */

#endif

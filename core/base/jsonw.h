/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A small streaming JSON writer into a strbuf. Commas are its own business. Strings are written
 * as UTF-8 with the escapes that JSON demands; text that is not clean (text.h) is cleaned.
 *
 *	jsonw_begin(&w, NULL, '{'); jsonw_u64(&w, "goid", 7); jsonw_end(&w, '}');
 *
 * Inside an object every value has a key, inside an array it is NULL.
 */
#ifndef GOLIN_BASE_JSONW_H
#define GOLIN_BASE_JSONW_H

#include <stdbool.h>
#include <stdint.h>
#include "strbuf.h"

struct jsonw {
	struct strbuf *out;
	bool comma;  /* a value stands before */
	bool pretty; /* newlines and two blanks a level */
	int depth;
};

void jsonw_init(struct jsonw *w, struct strbuf *out);
void jsonw_begin(struct jsonw *w, const char *key, char open); /* '{' or '['; key may be NULL */
void jsonw_end(struct jsonw *w, char close);
void jsonw_str(struct jsonw *w, const char *key, const char *s); /* s == NULL writes null */
void jsonw_i64(struct jsonw *w, const char *key, int64_t v);
void jsonw_u64(struct jsonw *w, const char *key, uint64_t v);
void jsonw_dec(struct jsonw *w, const char *key, uint64_t v); /* "123": 64-bit times and ids */
void jsonw_hex(struct jsonw *w, const char *key, uint64_t v); /* "0xc000123" */
void jsonw_bool(struct jsonw *w, const char *key, bool v);
void jsonw_null(struct jsonw *w, const char *key);
/* Ends an NDJSON line: adds '\n' and resets the comma state. */
void jsonw_newline(struct jsonw *w);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What `/` looks for: a substring of a goroutine's function, place or state, or the start of its
 * goid. A needle without capitals finds both cases. Thousands of goroutines share few functions,
 * so what a pair of pcs gave is remembered; likewise what the creation stack of a context gave.
 */
#ifndef GOLIN_TUI_SEARCH_H
#define GOLIN_TUI_SEARCH_H

#include <stdbool.h>
#include <stdint.h>
#include "base/map64.h"
#include "golin/context.h"

enum { SEARCH_MAX = 256 };

struct search {
	char needle[SEARCH_MAX];
	bool exact_case;
	struct map64 known;  /* of (startpc, gopc), or of a stack: found in its names */
	uint64_t generation; /* of the model, that `known` is true of */
};

void search_done(struct search *s);
void search_set(struct search *s, const char *needle);
static inline bool search_active(const struct search *s)
{
	return s->needle[0];
}
/* The place of the needle in text, or NULL. */
const char *search_in(const struct search *s, const char *text);
bool search_match(struct search *s, const struct golin_model *m, const struct golin_goroutine *g);
/* A context's constructor, place, types, texts, or the start of its address. */
bool search_context(struct search *s, const struct golin_model *m, const struct golin_context *c);

#endif

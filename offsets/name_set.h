/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Many names looked up in Go's table of function names in one pass: a search for each alone reads
 * all of the table, which has 5 MB in a large program.
 */
#ifndef GOLIN_OFFSETS_NAME_SET_H
#define GOLIN_OFFSETS_NAME_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	NAME_SET_MAX = 1024, /* names in a set */
	NAME_SET_SAME = 8,   /* places of one name: of a function and its ABI wrapper */
};

struct name_set;

/*
 * `table` holds names, each with a NUL behind it. Names of less than 3 bytes are not looked for.
 * NULL: out of memory, or more than NAME_SET_MAX names.
 */
struct name_set *name_set_new(const uint8_t *table, size_t len, const char *const *names, size_t n);
void name_set_free(struct name_set *s);
/*
 * Was the name looked for? Then *ret_n is how many places it has, the first of which, at most max,
 * are offsets in the table, in their order.
 */
bool name_set_get(const struct name_set *s, const char *name, uint32_t *ret, int max, int *ret_n);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An open-addressing hash from a 64-bit key to a 32-bit value, which is usually an index into an
 * array: 12 bytes an entry at the load factor it keeps (at most 3/4). Every key is allowed.
 */
#ifndef GOLIN_BASE_MAP64_H
#define GOLIN_BASE_MAP64_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct map64 {
	uint64_t *keys;
	uint32_t *vals; /* value + 1; 0 is an empty slot, hence values are below UINT32_MAX - 1 */
	size_t cap;	/* a power of two, or 0 */
	size_t len;
};

void map64_done(struct map64 *m);
/* False when memory is out; an existing key gets the new value. */
bool map64_put(struct map64 *m, uint64_t key, uint32_t val);
bool map64_get(const struct map64 *m, uint64_t key, uint32_t *ret);
/* True when the key was there. Keeps probe chains whole (no tombstones). */
bool map64_del(struct map64 *m, uint64_t key);
/* A well-mixed 64-bit hash of a key, for callers that combine keys. */
uint64_t map64_mix(uint64_t key);

#endif

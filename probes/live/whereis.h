/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * In which g each goroutine lives, so that one can be read again without going through all of
 * them. Kept from the first time that somebody asks: a reading fills it, events keep it up.
 */
#ifndef GOLIN_PROBES_WHEREIS_H
#define GOLIN_PROBES_WHEREIS_H

#include <stdbool.h>
#include <stdint.h>
#include "base/array.h"
#include "base/map64.h"

struct whereis {
	bool on;
	struct map64 slots; /* goid -> index in g */
	ARRAY_OF(uint64_t) g;
	ARRAY_OF(uint32_t) unused; /* indices in g */
};

void whereis_done(struct whereis *w);
/* Where memory runs out, the goroutine is not known: it is looked for then. */
void whereis_put(struct whereis *w, uint64_t goid, uint64_t g);
void whereis_del(struct whereis *w, uint64_t goid);
bool whereis_get(const struct whereis *w, uint64_t goid, uint64_t *ret_g);

#endif

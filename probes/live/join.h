/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Joins what was read from memory with the events. Memory is read while the program runs, so a g
 * that is being used again may have shown the goroutine that lived in it before (up to Go 1.23
 * the new goid is stored late). Such a goroutine shows itself: another one is created in its g,
 * and no event creates or ends it. It can be told for sure only when the events of the time of
 * the reading are through, because those from before the reading show earlier tenants of that g.
 * And what an event has ended is not to be seen again by a later reading.
 */
#ifndef GOLIN_PROBES_JOIN_H
#define GOLIN_PROBES_JOIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/array.h"
#include "base/map64.h"

enum { JOIN_RECENT = 8192 };

struct join_seen {
	uint64_t goid;
	bool suspect;
};

struct join {
	struct map64 at; /* address of g -> index in seen */
	ARRAY_OF(struct join_seen) seen;
	size_t next;		      /* of seen, for join_settle() */
	uint64_t until;		      /* events up to then count */
	uint64_t recent[JOIN_RECENT]; /* goids that events ended, by their low bits */
};

void join_done(struct join *j);
/* A reading begins; the creations that it may have torn are through at `until`. */
void join_begin(struct join *j, uint64_t until);
/* False when this goroutine was ended by an event: it must not be shown. */
bool join_add(struct join *j, uint64_t g, uint64_t goid);
void join_created(struct join *j, uint64_t g, uint64_t goid);
void join_ended(struct join *j, uint64_t g, uint64_t goid);
/* True while there is something that join_settle() may tell when `until` has passed. */
static inline bool join_pending(const struct join *j)
{
	return j->seen.len;
}
/* One after the other, the goroutines that were read but never were; 0 at the end. */
uint64_t join_settle(struct join *j);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/* What a goroutine has deferred and panicked, as a part of the answer to a read. */
#ifndef GOLIN_PROBES_KEPT_H
#define GOLIN_PROBES_KEPT_H

#include "golin/probes.h"
#include "memory/defers.h"
#include "memory/values.h"

struct golin_sink;
struct live;

struct kept {
	uint64_t ts; /* when it stood there */
	struct mem_defers d;
	struct value values[]; /* of its panics */
};

/* It is asked for, or there is something to tell. */
bool live_kept_wanted(const struct live *l, const struct golin_mem_goroutine *g);
/* Reads it; *ret is free()'d by the caller, NULL when nothing can be said. 0 or -ENOMEM. */
int live_kept_read(struct live *l, const struct golin_mem_goroutine *g, struct kept **ret);
/* It has gone on: nothing of it holds. */
void live_kept_moved(struct kept *k);
/* Yields its record, with names, types and stacks before it; how many records. */
int live_kept_put(struct live *l, const struct golin_sink *sink, const struct kept *k,
		  uint64_t goid);

#endif

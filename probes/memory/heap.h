/* SPDX-License-Identifier: BSD-2-Clause */
/* The objects of Go's heap: which one an address is part of, and where it ends. */
#ifndef GOLIN_PROBES_MEMORY_HEAP_H
#define GOLIN_PROBES_MEMORY_HEAP_H

#include "golin/probes.h"

struct heap {
	const struct golin_memory *m; /* borrowed */
	bool usable;
	uint32_t arenas, spans, start, npages, elemsize; /* offsets */
};

/* Not usable where the layout or the place of runtime.mheap_ is not known. */
void heap_open(struct heap *h, const struct golin_memory *m);
/*
 * The object that has addr, as it is now: [*ret_base, *ret_end). False: none (a variable, a stack,
 * not the heap's), or it cannot be read.
 */
bool heap_object(const struct heap *h, uint64_t addr, uint64_t *ret_base, uint64_t *ret_end);

#endif

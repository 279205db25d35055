/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * runtime.spanOf (runtime/mheap.go, the same in Go 1.13 to 1.27) on linux/amd64: mheap_.arenas has
 * one row of 1<<22 arenas of 64 MiB, counted from -1<<47; an arena has a span for each page.
 */
#include "memory/heap.h"
#include "golin/layout.h"
#include "memory/mem.h"

enum { PAGE_SHIFT = 13, ARENA_SHIFT = 26, ARENAS_BITS = 22 };

#define ARENA_BASE (1ULL << 47)

void heap_open(struct heap *h, const struct golin_memory *m)
{
	const struct golin_layout *l = m->layout;

	*h = (struct heap){.m = m};
	h->usable = m->info->mheap && golin_layout_get(l, GOLIN_F_MHEAP_arenas, &h->arenas) &&
		    golin_layout_get(l, GOLIN_F_HEAP_ARENA_spans, &h->spans) &&
		    golin_layout_get(l, GOLIN_F_MSPAN_startAddr, &h->start) &&
		    golin_layout_get(l, GOLIN_F_MSPAN_npages, &h->npages) &&
		    golin_layout_get(l, GOLIN_F_MSPAN_elemsize, &h->elemsize);
}

static bool word(const struct heap *h, uint64_t addr, uint64_t *ret)
{
	return mem_range_ok(addr, sizeof(*ret)) &&
	       !mem_read(h->m->mem_fd, addr, ret, sizeof(*ret)) && *ret;
}

bool heap_object(const struct heap *h, uint64_t addr, uint64_t *ret_base, uint64_t *ret_end)
{
	const uint64_t arena = (addr + ARENA_BASE) >> ARENA_SHIFT;
	const uint64_t page = addr >> PAGE_SHIFT & ((1 << (ARENA_SHIFT - PAGE_SHIFT)) - 1);
	uint64_t row, at, span, start, npages, size;

	if (!h->usable || addr >> 47 || arena >> ARENAS_BITS)
		return false;
	if (!word(h, h->m->info->mheap + h->m->bias + h->arenas, &row) ||
	    !word(h, row + 8 * arena, &at) || !word(h, at + h->spans + 8 * page, &span) ||
	    !word(h, span + h->start, &start) || !word(h, span + h->npages, &npages) ||
	    !word(h, span + h->elemsize, &size))
		return false;
	/* A span is one of these no more when its pages are free: sizes and bounds are to fit. */
	if (start % (1 << PAGE_SHIFT) || addr < start || npages >> 32 || size < 8 || size % 8 ||
	    size > npages << PAGE_SHIFT || addr - start >= npages << PAGE_SHIFT)
		return false;
	*ret_base = start + (addr - start) / size * size;
	*ret_end = *ret_base + size;
	return *ret_end <= start + (npages << PAGE_SHIFT);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* Reading and understanding one runtime.g. */
#ifndef GOLIN_PROBES_MEMORY_G_H
#define GOLIN_PROBES_MEMORY_G_H

#include <stdbool.h>
#include <stdint.h>
#include "golin/probes.h"

struct golin_err;

enum { G_SPAN_MAX = 4096 }; /* bytes of a g that the fields may lie in */

/* The few numbers of the layout that are needed, checked once. */
struct g_fields {
	uint32_t lo, hi, status, goid, reason, gopc, startpc;
	uint32_t since, parent;
	bool has_since, has_parent;
	/* of where it stands and on what it waits */
	uint32_t sched_sp, sched_pc, sched_bp, sys_sp, sys_pc, sys_bp, waiting;
	bool has_sys, has_sys_bp, has_waiting;
	/* of its panics and what it defers, and of the thread that runs it */
	uint32_t panic, defer, m, lockedm;
	bool has_panic, has_defer, has_m, has_lockedm;
	uint32_t span; /* bytes from the start of the g that hold them all */
};

enum g_kind { G_LIVE, G_DEAD, G_BAD };

struct g_reader {
	const struct golin_memory *m;
	struct g_fields f;
	uint64_t now; /* monotonic ns: no time in a g can be later */
};

/* -EPERM without a descriptor, -ENODATA when the layout lacks a field. */
int g_reader_init(struct g_reader *r, const struct golin_memory *m, struct golin_err *err);
/* What the bytes of the g at addr say. G_BAD: this cannot be one. */
enum g_kind g_parse(const struct g_reader *r, uint64_t addr, const uint8_t *raw,
		    struct golin_mem_goroutine *ret);
/* True when both readings are of one goroutine, and neither is of two. */
bool g_same(const struct golin_mem_goroutine *a, const struct golin_mem_goroutine *b);
/* Reads one g until two readings in a row agree. 0, or -errno of the read. */
int g_read(const struct g_reader *r, uint64_t addr, enum g_kind *ret_kind,
	   struct golin_mem_goroutine *ret);
/* The text for an error of a read. */
int g_err(int e, struct golin_err *err);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a goroutine has deferred and panicked, read while the program runs: g._panic, g._defer, and
 * the open-coded defers in its frames.
 */
#ifndef GOLIN_PROBES_DEFERS_H
#define GOLIN_PROBES_DEFERS_H

#include "func_defers.h"
#include "golin/probes.h"
#include "golin/record.h"
#include "memory/stand.h"

struct golin_err;

/* What the program's file says of functions. */
struct defer_info {
	/* Finds out about the functions to which these calls return (as linked). 0 or -errno. */
	int (*learn)(void *arg, const uint64_t *pcs, size_t n);
	/* What was found; NULL: it is not known. Valid until the next learn(). */
	const struct golin_func_defers *(*find)(void *arg, uint64_t pc);
	void *arg;
};

struct mem_panic {
	uint64_t addr;
	uint64_t type, data; /* its value's words, in the process */
	uint32_t flags;	     /* enum golin_kept_flags */
	uint32_t frame;	     /* that of its gopanic or Goexit, in mem_defers; UINT32_MAX unknown */
	uint64_t depth;	     /* as records have it; 0 unknown */
};

enum { MEM_FRAMES = 1024 };

struct mem_frame {
	uint64_t pc; /* as linked, ready for look-up */
	uint64_t sp; /* behind the call there */
};

struct mem_defer {
	uint64_t pc;	/* entry of the function, as linked; 0 unknown */
	uint64_t at;	/* of the defer statement, as linked; 0 unknown */
	uint64_t sp;	/* of the frame that it belongs to */
	uint32_t flags; /* enum golin_defer_flags */
};

struct mem_defers {
	uint32_t flags;	 /* enum golin_defers_flags */
	uint32_t thread; /* as golin_rec_goroutine_defers has it */
	uint32_t npanics, ndefers;
	struct mem_panic panics[GOLIN_KEPT_MAX];   /* the innermost first */
	struct mem_defer defers[GOLIN_DEFERS_MAX]; /* in the order in which they would run */
	struct stand stand;			   /* where it stood meanwhile */
	/* Of one that has panics: the innermost first, as far as there is room. */
	struct mem_frame frames[MEM_FRAMES];
	uint32_t nframes;
	bool whole; /* they are all */
};

/*
 * Reads the goroutine whose g is at that address. With GOLIN_DEFERS_MOVED nothing of *ret holds.
 * info NULL: no open-coded defers, and no places. 0, -ENOENT: another goroutine lives there, or
 * none; or another -errno.
 */
int mem_goroutine_defers(const struct golin_memory *m, uint64_t g, uint64_t goid,
			 const struct defer_info *info, struct mem_defers *ret,
			 struct golin_err *err);
/* True when it still stands where *d was read: what was read of its objects since then holds. */
bool mem_defers_hold(const struct golin_memory *m, const struct mem_defers *d);

/* ---- the parts, private to probes/memory ---- */

struct panic_fields {
	uint32_t arg_type, arg_data, link, recovered, aborted, goexit, repanicked, deferreturn;
	bool has_aborted, has_goexit, has_repanicked, has_deferreturn;
	uint32_t span;
};

struct defer_fields {
	uint32_t heap, started, open, range, sp, pc, fn, link, head;
	bool has_heap, has_started, has_open, has_range;
	uint32_t span;
};

/* One of g._defer. */
struct linked_defer {
	struct mem_defer d;
	uint64_t ret; /* where its defer statement's call returns to, as linked; 0 unknown */
};

struct linked_defers {
	struct linked_defer v[GOLIN_DEFERS_MAX];
	uint32_t n;
	uint32_t flags; /* GOLIN_DEFERS_MORE, GOLIN_DEFERS_PARTIAL */
};

/* g._panic and g._defer. 0 or -errno; what contradicts itself is left out, and PARTIAL. */
int panics_read(const struct golin_memory *m, const struct stand *s, struct mem_defers *ret);
int defers_read(const struct golin_memory *m, const struct stand *s, struct linked_defers *ret);
/*
 * The frames of a parked goroutine: its open-coded defers, the innermost frame's first, at most
 * max, how many in *ret_n; and in *d, which has its panics, where these began. Flags
 * GOLIN_DEFERS_OPEN (all were found), MORE, PARTIAL are added to d->flags. 0 or -errno.
 */
int open_defers_read(const struct golin_memory *m, const struct stand *s,
		     const struct defer_info *info, struct mem_defer *ret, uint32_t max,
		     uint32_t *ret_n, struct mem_defers *d);
/* The code of a func value, as linked; 0: it is none. */
uint64_t func_value_pc(const struct golin_memory *m, uint64_t fn);

#endif

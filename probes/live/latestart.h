/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The functions of goroutines that started in a wrapper which tells its function only to the
 * running program (`go f(x)` with a variable f). A creation that is watched reads it from the
 * closure (goroutine.bpf.h). One that was there before has lost its closure, but while it is
 * parked its stack tells: the frame above the wrapper's is the function's.
 */
#ifndef GOLIN_PROBES_LATESTART_H
#define GOLIN_PROBES_LATESTART_H

#include <stddef.h>
#include <stdint.h>
#include "base/map64.h"
#include "golin/offsets.h"
#include "golin/probes.h"

struct latestart {
	struct golin_imgproc *p; /* borrowed */
	struct golin_late_target *all;
	size_t n;
	struct map64 wrappers; /* entry -> index in all */
	struct map64 known;    /* pc in a function -> index in entries */
	uint64_t *entries;
	size_t nentries, cap;
	uint64_t goexit; /* runtime.goexit as linked; 0: not found */
};

/* Asks the image process for the wrappers. Without an answer there are none. */
void latestart_open(struct latestart *s, struct golin_imgproc *p);
void latestart_done(struct latestart *s);
/* Sets the function's entry as g->startpc where it is found, else leaves it. */
void latestart_resolve(struct latestart *s, const struct golin_memory *m,
		       struct golin_mem_goroutine *g);

#endif

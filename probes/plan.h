/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which instruction to probe for which event in which Go version, and what stands where there.
 * Pure: from version and layout to a list; the image process finds the sites in the binary.
 */
#ifndef GOLIN_PROBES_PLAN_H
#define GOLIN_PROBES_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "golin/layout.h"
#include "golin/offsets.h"

struct golin_err;

enum { GOLIN_PLAN_MAX = 128 };

struct golin_plan_hook {
	const char *event; /* "goroutine.create": as `golin offsets` prints it */
	uint32_t group;	   /* enum golin_group */
	bool required;	   /* without it the group is refused */
	struct golin_site_want want;
	struct golin_site site; /* filled in by golin_plan_resolve() */
	/* Private to probes: what the BPF dispatcher does at this site. 0: nothing is attached. */
	uint64_t cookie;
	bool place;	  /* only tells where a function lies: no hook point */
	const char *lost; /* what is not seen when the site is missing */
	/*
	 * What stands where at the instruction, before it runs; "" when there is none. A list of
	 * NAME=PLACE[,PLACE...] with spaces between. A PLACE is a register (rbx), a word in memory
	 * (16(%rbp); 24(40(%r14)): at 24 from where the word at 40 from %r14 points), one of the
	 * thread (%fs:-8), or one of these and a number to add (rax+16). Several places are an
	 * interface's, string's or other value's words. g is the current goroutine's g; g0 the one
	 * of a thread's own stack, where the goroutine is g0.m.curg.
	 */
	char where[160];
};

struct golin_plan {
	struct golin_plan_hook hooks[GOLIN_PLAN_MAX];
	size_t n;
};

/* The hooks of `groups` in this version. -EOPNOTSUPP for a version that golin refuses. */
int golin_plan_make(const struct golin_image_info *info, const struct golin_layout *layout,
		    uint32_t groups, struct golin_plan *ret, struct golin_err *err);

/* Timers are to be events of their own: attaches what that needs beyond the notes of who armed. */
void golin_plan_timer_events(struct golin_plan *plan, const struct golin_image_info *info);

struct golin_imgproc;
/* Fills in the sites, or why there is none. */
int golin_plan_resolve(struct golin_plan *plan, struct golin_imgproc *p, struct golin_err *err);
/*
 * -ENODATA names the required hooks of `groups` that have no site. A function of the library that
 * the linker left out is not missed: what is never called has no events.
 */
int golin_plan_check(const struct golin_plan *plan, uint32_t groups, struct golin_err *err);

#endif

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

enum { GOLIN_PLAN_MAX = 32 };

struct golin_plan_hook {
	const char *event; /* "goroutine.create": as `golin offsets` prints it */
	uint32_t group;	   /* enum golin_group */
	bool required;	   /* without it the group is refused */
	struct golin_site_want want;
	struct golin_site site; /* filled in by golin_plan_resolve() */
	uint64_t cookie;	/* private to probes: what the BPF dispatcher does at this site */
	const char *lost;	/* what is not seen when the site is missing */
	char where[96];		/* what stands where at the site: "newg=rbx g=r14"; "" not told */
};

struct golin_plan {
	struct golin_plan_hook hooks[GOLIN_PLAN_MAX];
	size_t n;
};

/* The hooks that `groups` need in this version. -EOPNOTSUPP for a version that golin refuses. */
int golin_plan_make(const struct golin_image_info *info, const struct golin_layout *layout,
		    uint32_t groups, struct golin_plan *ret, struct golin_err *err);

struct golin_imgproc;
/* Fills in the sites; -ENODATA names the required ones that are missing. */
int golin_plan_resolve(struct golin_plan *plan, struct golin_imgproc *p, struct golin_err *err);

#endif

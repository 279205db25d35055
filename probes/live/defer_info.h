/* SPDX-License-Identifier: BSD-2-Clause */
/* What the program's file says of defer statements, remembered: the image process is asked once. */
#ifndef GOLIN_PROBES_DEFER_INFO_H
#define GOLIN_PROBES_DEFER_INFO_H

#include "base/array.h"
#include "base/map64.h"
#include "memory/defers.h"

struct golin_imgproc;

struct defer_cache {
	struct golin_imgproc *p; /* borrowed */
	struct map64 known;	 /* pc -> index in v */
	ARRAY_OF(struct golin_func_defers) v;
};

void defer_cache_done(struct defer_cache *c);
/* How mem_goroutine_defers() asks; valid while *c stays where it is. */
struct defer_info defer_cache_info(struct defer_cache *c, struct golin_imgproc *p);

#endif

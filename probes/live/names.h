/* SPDX-License-Identifier: BSD-2-Clause */
/* Which pcs have been named in the stream; asks the image process for the others, in batches. */
#ifndef GOLIN_PROBES_NAMES_H
#define GOLIN_PROBES_NAMES_H

#include <stddef.h>
#include <stdint.h>
#include "base/array.h"
#include "base/map64.h"
#include "golin/record.h"
#include "golin/source.h"

struct decoder;
struct golin_err;
struct golin_imgproc;

enum { NAMES_CACHE = 1024, NAMES_MAX = 1 << 20 };

struct names {
	struct golin_imgproc *p;
	struct map64 known; /* named, or in `wanted` */
	ARRAY_OF(uint64_t) wanted;
	uint64_t cache[NAMES_CACHE]; /* of known */
	struct golin_recbuf buf;
};

void live_names_done(struct names *n);
/* A record will need this pc. */
void live_names_want(struct names *n, uint64_t pc);
/* What was named does not count any more. */
void live_names_forget(struct names *n);
/*
 * Yields a NAME record for each wanted pc; how many, or negative errno. A pc that the image process
 * cannot name has no frames; when it fails for good, *err says so once and the rest has none.
 */
int live_names_flush(struct names *n, const struct decoder *d, const struct golin_sink *sink,
		     struct golin_err *err);

#endif

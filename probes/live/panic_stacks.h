/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Stacks of panics that a signal began. A function that calls nothing may have no frame, and leaves
 * the frame pointer as its caller's: where a signal comes in one, frame pointers lead past its
 * caller. The image tells whether it has a frame, and the word above its pc then is where it
 * returns to.
 */
#ifndef GOLIN_PROBES_PANIC_STACKS_H
#define GOLIN_PROBES_PANIC_STACKS_H

#include "base/array.h"
#include "base/map64.h"
#include "bpf/wire.h"
#include "golin/record.h"
#include "golin/source.h"

struct decoder;
struct golin_imgproc;

struct panic_stacks {
	struct map64 ids;	/* -> v */
	struct map64 frameless; /* pc, as linked -> is it in a function without a frame? */
	struct map64 told;	/* ids of the stacks that were made here */
	ARRAY_OF(struct wire_stack) v;
};

void panic_stacks_done(struct panic_stacks *s);
/* A stack from the ring: keeps it, if it is one of these. */
void panic_stacks_keep(struct panic_stacks *s, const struct wire_hdr *w);
/*
 * The id of the stack that is to be shown for w, in *ret; it is told first, unless it was. How many
 * records.
 */
int panic_stacks_tell(struct panic_stacks *s, const struct wire_panic_start *w,
		      const struct decoder *dec, struct golin_imgproc *p,
		      const struct golin_sink *sink, uint64_t *ret);

#endif

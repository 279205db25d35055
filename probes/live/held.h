/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Answers to GOLIN_CTL_TIMERS: the runtime's timers are read at once, and told when the events of
 * the time before are through, so that no end of one comes behind the news that it is not held.
 */
#ifndef GOLIN_PROBES_HELD_H
#define GOLIN_PROBES_HELD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "golin/probes.h"

struct golin_err;
struct golin_sink;
struct live;

struct held {
	bool on; /* there is an answer, of which so much is told: */
	size_t next;
	uint64_t since;
	uint64_t pos; /* of the ring's: behind the events of the time before */
	struct golin_mem_timers t;
};

/* The answer that is on its way is none any more. */
void held_reset(struct held *h);
/* Reads them, unless an answer is still on its way. -EOPNOTSUPP: that cannot be done here. */
int live_held_read(struct live *l, struct golin_err *err);
/* Yields what can be told, at most max records; how many. */
int live_held_put(struct live *l, const struct golin_sink *sink, int max);

#endif

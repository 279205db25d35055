/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A source yields records. Live targets, snapshots and recordings are sources; a view never asks
 * which. The caller owns the loop: it waits (poll_ms, or the descriptor), then calls service().
 */
#ifndef GOLIN_SOURCE_H
#define GOLIN_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "golin/record.h"

#ifdef __cplusplus
extern "C" {
#endif

struct golin_err;
struct golin_source;

/* Takes one checked record, valid during the call. Returns 0, or a negative errno to stop. */
struct golin_sink {
	int (*put)(void *arg, const struct golin_rec *rec);
	void *arg;
};

struct golin_source_stats {
	uint64_t hits;	    /* probe hits that passed the filters */
	uint64_t delivered; /* of these, events that came out; hits == delivered + lost_ring */
	uint64_t lost_ring; /* of these, events that found the ring full */
	uint64_t missed;    /* hits that the kernel itself dropped (recursion) */
	uint64_t unread;    /* events of which a part could not be read */
	uint64_t gaps;	    /* times during which probes were off */
	uint64_t ring_size, ring_used; /* bytes; 0 where there is no ring */
	uint64_t cost_ns;	       /* estimated CPU time that the probes took from the target */
	uint32_t probes;	       /* armed sites */
	bool complete;		       /* a recording: read to its end without damage */
};

enum golin_ctl_type {
	GOLIN_CTL_SWITCH = 1, /* arm `groups`, disarm the others */
	GOLIN_CTL_READ = 2,   /* read goroutine `goid`: GOLIN_REC_GOROUTINE_STATE answers, and, when
			       * it is there, GOLIN_REC_GOROUTINE_WAITS behind it */
	GOLIN_CTL_SEEK = 3,   /* a recording: go to monotonic time `ns`; records since its last
			       * keyframe are yielded again after a reset of the model */
	GOLIN_CTL_SNAPSHOT = 4, /* read all goroutines again */
	GOLIN_CTL_FINISH = 5,	/* disarm for good: service() then yields what is still on its way
				 * (with the last LOST records) and sets ended; stats are final */
	GOLIN_CTL_TIMERS = 6,	/* read the timers that the runtime holds: GOLIN_REC_TIMER_HELD */
};

struct golin_ctl {
	enum golin_ctl_type type;
	uint32_t groups;
	uint64_t goid;
	uint64_t ns;
};

struct golin_source_ops {
	/* Yields up to `max` records. Returns how many (0: none now), or negative errno. */
	int (*service)(struct golin_source *s, const struct golin_sink *sink, int max,
		       struct golin_err *err);
	/* -EOPNOTSUPP where the source cannot. */
	int (*control)(struct golin_source *s, const struct golin_ctl *ctl, struct golin_err *err);
	void (*stats)(struct golin_source *s, struct golin_source_stats *ret);
	/* Detaches and frees. Bounded in time; on every way out. */
	void (*close)(struct golin_source *s);
};

/* Embedded first in each implementation. */
struct golin_source {
	const struct golin_source_ops *ops;
	int poll_ms; /* how long to wait when service() gave 0; live: 10; a file: 0 */
	bool live;   /* time goes on by itself; else all records are there */
	bool ended;  /* no record will come any more */
};

static inline int golin_source_service(struct golin_source *s, const struct golin_sink *sink,
				       int max, struct golin_err *err)
{
	return s->ops->service(s, sink, max, err);
}

static inline int golin_source_control(struct golin_source *s, const struct golin_ctl *ctl,
				       struct golin_err *err)
{
	return s->ops->control(s, ctl, err);
}

static inline void golin_source_stats(struct golin_source *s, struct golin_source_stats *ret)
{
	s->ops->stats(s, ret);
}

static inline void golin_source_close(struct golin_source *s)
{
	if (s)
		s->ops->close(s);
}

#ifdef __cplusplus
}
#endif
#endif

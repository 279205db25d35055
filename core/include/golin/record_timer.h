/* SPDX-License-Identifier: BSD-2-Clause */
/* The records of timers: a part of record.h, which includes it. */
#ifndef GOLIN_RECORD_H
#include "golin/record.h"
#elif !defined(GOLIN_RECORD_TIMER_H)
#define GOLIN_RECORD_TIMER_H

enum golin_timer_kind {
	GOLIN_TIMER_FUNC = 1,	/* time.AfterFunc */
	GOLIN_TIMER_CHAN = 2,	/* time.NewTimer, time.After */
	GOLIN_TIMER_TICKER = 3, /* time.NewTicker, time.Tick */
};

enum golin_timer_flags {
	GOLIN_TIMER_PARTIAL = 1 << 0, /* a part could not be read: counts as unread */
	/* in dumps: */
	GOLIN_TIMER_DUMPED = 1 << 1, /* its site has counted it */
	GOLIN_TIMER_WAS_HELD = 1 << 2,
	GOLIN_TIMER_WAS_STOPPED = 1 << 3,
	GOLIN_TIMER_WAS_FIRED = 1 << 4,
	GOLIN_TIMER_WAS_GONE = 1 << 5,
};

/*
 * h.goid made a timer, or armed one again (`again`) that it or somebody else had made. The stack
 * begins with the constructor in package time: time.AfterFunc, time.NewTimer, time.NewTicker.
 */
struct golin_rec_timer_start {
	struct golin_rec h;
	uint64_t timer;	   /* address of the runtime.timer: known until it is used again */
	uint64_t stack;	   /* GOLIN_REC_STACK; 0 none, and with `again` */
	int64_t when_ns;   /* monotonic ns; INT64_MAX: never */
	int64_t period_ns; /* 0: once */
	uint32_t kind;	   /* enum golin_timer_kind */
	uint32_t again;
	uint32_t flags; /* enum golin_timer_flags */
	uint32_t _pad;
};

enum golin_timer_end { GOLIN_TIMER_STOPPED = 1, GOLIN_TIMER_FIRED = 2 };

/* It was stopped (h.goid), or it fired and does not fire again. */
struct golin_rec_timer_end {
	struct golin_rec h;
	uint64_t timer; /* 0: it could not be told which */
	uint32_t how;	/* enum golin_timer_end */
	uint32_t flags; /* enum golin_timer_flags */
};

enum { GOLIN_TIMER_HELD_MAX = 1 << 20, GOLIN_TIMER_HELD_PART = 4096 };

/*
 * The answer to GOLIN_CTL_TIMERS: timers that the runtime holds in its heaps. In several parts;
 * with the last one (`last`), a timer started before `since` that no part named is not held.
 */
struct golin_rec_timer_held {
	struct golin_rec h;
	uint64_t since; /* monotonic ns: when the reading began */
	uint32_t n, last;
	uint32_t unread; /* heaps that could not be read: then nothing is said of those not named */
	uint32_t cut;	 /* there were more than GOLIN_TIMER_HELD_MAX: likewise */
	__extension__ uint64_t timers[];
};

/*
 * What a site had counted until a dump of the model; its timers follow. h.goid made the newest.
 * kind 0: of no site, tells only when the runtime's timers were read.
 */
struct golin_rec_timer_site {
	struct golin_rec h;
	uint64_t stack;
	uint64_t made, stopped, fired;
	uint64_t held_read, held_before, held_first, oldest;
	int64_t delay_max;
	uint64_t read; /* monotonic ns of the last whole reading */
	uint32_t kind; /* enum golin_timer_kind */
	uint32_t was_read;
};

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/* The live source's state; private to probes/live. */
#ifndef GOLIN_PROBES_SOURCE_H
#define GOLIN_PROBES_SOURCE_H

#include "base/array.h"
#include "golin/probes.h"
#include "image_process.h"
#include "live/context_stacks.h"
#include "live/contexts.h"
#include "live/decode.h"
#include "live/held.h"
#include "live/helper.h"
#include "live/join.h"
#include "live/latestart.h"
#include "live/names.h"
#include "live/panics.h"
#include "live/reads.h"
#include "live/ring.h"
#include "live/whereis.h"

enum { LIVE_GAPS = 16 };

/* What is yielded next, before events go on. */
enum live_stage {
	STAGE_TARGET,
	STAGE_CLOCK,
	STAGE_SETTINGS,
	STAGE_SNAPSHOT,
	STAGE_SEEN,
	STAGE_STACK_CONTEXTS,
	STAGE_SNAPSHOT_END,
	STAGE_EVENTS,
	STAGE_OVER,
};

struct live_gap {
	uint32_t groups;
	uint64_t from, to;
};

struct live {
	struct golin_source s; /* first */
	struct golin_target t;
	struct golin_imgproc *p;
	struct golin_live_opts o;
	struct golin_plan plan;
	struct helper h;
	struct ring ring;
	struct counters counters;
	struct decoder dec;
	struct names names;
	struct contexts_live contexts;
	struct panics_live panics;
	struct stack_contexts stack_contexts;
	struct join join;
	struct held held; /* timers that were read */
	struct golin_recbuf buf;
	bool probing; /* there are probes (or were) */

	enum live_stage stage;
	bool started;	 /* target, clock and settings are out; later stages begin at SNAPSHOT */
	bool first_exec; /* a spawned target: its own exec is no news */
	bool finish;	 /* GOLIN_CTL_FINISH, or nothing more to watch */
	bool gone;	 /* the target has ended */
	int status;	 /* waitpid's, or -1 */
	bool replaced;	 /* by another program */
	bool helper_lost;
	bool names_failed;    /* said once */
	bool contexts_failed; /* likewise */
	bool panics_failed;   /* likewise */
	bool exe_visible;     /* the exec tracepoint is missing: look at /proc/PID/exe */
	bool exec_unseen;     /* an exec without its event */
	uint64_t execs_lost;
	bool seen_ready; /* something was read and is to be yielded */
	bool seen_fresh; /* read when groups were armed again: yield it behind the gap */

	ARRAY_OF(struct golin_mem_goroutine) seen;
	size_t seen_next;
	uint64_t seen_ts, seen_unread, seen_count;
	struct map64 coming; /* goids whose creation is in the ring: they are not `seen` */
	bool seen_again;     /* a reading on request, of what is known already */

	struct reads reads;
	struct latestart late;
	struct whereis where; /* of goroutines that may be read again */
	struct live_gap gaps[LIVE_GAPS];
	size_t ngaps;
	uint64_t off_since[8]; /* by the number of the group's bit; 0: armed */

	uint64_t next_check; /* when to look at the counters again, ns */
	uint64_t delivered, unread, gap_count;
	uint64_t lost_told, missed, missed_told;
	uint64_t hole_end; /* position in the ring up to which records may be missing */
};

uint64_t live_now(void);
void live_say(struct live *l, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Of this program: forgets those of the one before. */
void live_contexts_open(struct live *l);
/* Counts and hands a record to the sink. */
int live_put(const struct golin_sink *sink, const struct golin_rec *rec);

/*
 * Reads all goroutines into l->seen; failing is no error, it is said. again: for their states, all
 * are known but for losses. (live/snapshot.c)
 */
void live_snapshot_read(struct live *l, bool again);
/* Yields what the stage asks for, at most max records; how many. */
int live_stage(struct live *l, const struct golin_sink *sink, int max, struct golin_err *err);
/* Contexts are asked for, with probes or without. */
static inline bool live_wants_contexts(const struct live *l)
{
	return l->o.contexts || l->o.groups & GOLIN_GROUP_CONTEXTS;
}

/* How to read the target's memory. */
struct golin_memory live_memory(const struct live *l);

/* Names of what the next records need; how many. (live/events.c) */
int live_names(struct live *l, const struct golin_sink *sink);
/* Yields events from the ring; how many records. (live/events.c) */
int live_events(struct live *l, const struct golin_sink *sink, int max, struct golin_err *err);
/* The oldest gap that was not told yet. */
int live_put_gap(struct live *l, const struct golin_sink *sink);
/* LOST records for what the counters say more than was told. */
int live_lost(struct live *l, const struct golin_sink *sink);

#endif

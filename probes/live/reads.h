/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Answers to GOLIN_CTL_READ. A goroutine is read at once; what the channels are on which it waits
 * is told when the events of the time before are through, since only then all contexts are known.
 */
#ifndef GOLIN_PROBES_READS_H
#define GOLIN_PROBES_READS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/array.h"
#include "base/map64.h"
#include "bpf/wire.h"
#include "golin/probes.h"
#include "live/defer_info.h"

struct golin_sink;
struct kept;
struct live;
struct mem_waits;

enum {
	READS_MAX = 256,	/* that were asked for and not answered yet */
	READS_HELD = 16,	/* contexts on the stack of one */
	READS_EDGES = 4096,	/* edges of late, which need not be told again */
	READS_STACKS = 1 << 16, /* likewise, stacks */
};

struct read_question {
	uint64_t goid;
	uint64_t g; /* in which g it lives; 0: that is looked for */
};

struct read_answer {
	uint64_t goid, ts;
	uint64_t pos;	/* of the ring's: behind the events of the time before */
	uint64_t round; /* of the search for Done channels; 0: none was needed yet */
	bool searched;
	int error; /* -ENOENT: there is no such goroutine */
	struct golin_mem_goroutine g;
	struct mem_waits *w;
	struct kept *kept;		    /* NULL: not asked for */
	struct wire_iface held[READS_HELD]; /* contexts on its stack, where it waits on who knows */
	size_t nheld;
};

struct read_edge {
	uint64_t goid, number; /* of the context, see done_index.h */
};

struct reads {
	struct read_question asked[READS_MAX];
	size_t nasked;
	ARRAY_OF(struct read_question) later; /* of our own: those that have panics */
	size_t later_next;
	ARRAY_OF(struct read_answer) answers;
	uint64_t next_all;   /* monotonic ns: when all goroutines may be looked through again */
	struct map64 stacks; /* ids that have their record */
	struct read_edge edges[READS_EDGES];
	struct defer_cache defers;
	bool cut_said;
};

/* What was asked for or told of the program before counts no more. */
void reads_reset(struct reads *r);
/* -EAGAIN: too many wait for their answers. */
int reads_ask(struct reads *r, uint64_t goid);
/* Asks too, when there is room. */
void reads_ask_later(struct reads *r, const struct golin_mem_goroutine *g);
static inline bool reads_pending(const struct reads *r)
{
	return r->nasked || r->answers.len || r->later.len;
}

/* An event is told before the answers are: what was read of its goroutine before it is past. */
void reads_event(struct reads *r, const struct golin_rec *rec);

struct read_stack {
	const uint64_t *pcs;   /* as records have them */
	const uint16_t *words; /* likewise; NULL: none */
	uint32_t n;
	bool truncated;
};

/* The stack's record, the first time, with its names before it; how many records. */
int live_reads_put_stack(struct live *l, const struct golin_sink *sink, const struct read_stack *s,
			 uint64_t ts, uint64_t *ret_id);
/* Without probes: what was asked for is answered before the source ends, in a bounded time. */
bool live_reads_wait(const struct live *l);
/* The source ends: says what it was to read and did not. */
void live_reads_give_up(struct live *l);
/* Reads what was asked for. 0 or -ENOMEM. */
int live_reads_begin(struct live *l);
/* Yields the answers that can be given, about `max` records; how many. */
int live_reads_end(struct live *l, const struct golin_sink *sink, int max);

#endif

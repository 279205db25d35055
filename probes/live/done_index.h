/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whose Done channel a channel is. A context makes it when it is first asked for, unseen: so those
 * that can be cancelled are looked through in memory, in rounds, when somebody waits on a channel
 * that is not known. A round is done in steps, since there may be a million. What was found is
 * looked at again before it is told: addresses are used again.
 */
#ifndef GOLIN_PROBES_DONE_INDEX_H
#define GOLIN_PROBES_DONE_INDEX_H

#include <stdbool.h>
#include <stdint.h>
#include "base/array.h"
#include "base/map64.h"

enum {
	DONE_MAX = 1 << 20,    /* contexts that are kept in mind */
	DONE_STEP = 8192,      /* looked at in one step */
	DONE_CANCELLED = 4096, /* cancelled ones that are kept for a while */
};

struct done_context {
	uint64_t ctx;	 /* by which it is known */
	uint64_t at;	 /* the object that has the channel: Go 1.20's timerCtx points to it */
	uint64_t chan;	 /* 0: not made yet, as far as looked */
	uint64_t number; /* of this context, of all that were ever added */
	bool cancelled;
};

struct done_gone {
	uint64_t at, number;
};

struct done_index {
	int mem_fd;
	uint32_t offset; /* of the channel's address in the object; UINT32_MAX: not known */
	ARRAY_OF(struct done_context) v;
	struct map64 by_at, by_chan;	       /* -> v */
	struct done_gone gone[DONE_CANCELLED]; /* a ring of the newest */
	uint64_t ngone, numbers;
	/* Rounds: how many began and ended, where the one that is on goes on, when one may begin.
	 */
	uint64_t begun, ended, next_ns;
	size_t cursor;
	bool cut; /* there were too many: some are not kept in mind */
};

void done_index_free(struct done_index *d);
/* A context that can be cancelled is at this address now. */
void done_add(struct done_index *d, uint64_t ctx, uint64_t at);
/* Its end was seen: nobody begins to wait on it any more. */
void done_cancelled(struct done_index *d, uint64_t at);
/* The context whose Done channel that is; NULL: none that is known. Valid until the next call. */
const struct done_context *done_find(struct done_index *d, uint64_t chan);
/*
 * The number of a round that will have seen all that there is now: when `ended` has come to it and
 * done_find() still finds none, there is none.
 */
static inline uint64_t done_round(const struct done_index *d)
{
	return d->v.len ? d->begun + 1 : 0;
}

/* All that were added can be found. */
static inline bool done_is_whole(const struct done_index *d)
{
	return !d->cut && d->offset != UINT32_MAX;
}

/* A step of the round that is on, or the first one of the next when `round` is one to come. */
void done_step(struct done_index *d, uint64_t round, uint64_t now_ns);

#endif

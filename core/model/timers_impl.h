/* SPDX-License-Identifier: BSD-2-Clause */
/* The inside of the table of timers; a part of model_impl.h. */
#ifndef GOLIN_MODEL_TIMERS_IMPL_H
#define GOLIN_MODEL_TIMERS_IMPL_H

#include "base/array.h"
#include "base/map64.h"
#include "golin/timers.h"

enum { TIMER_NONE = UINT32_MAX };

enum timer_state {
	TIMER_PENDING = 1,
	TIMER_STOPPED = 2,
	TIMER_FIRED = 3,
	TIMER_GONE = 4, /* the runtime does not hold it; nobody said that it ended: collected */
};

struct timer {
	uint64_t addr; /* 0: not in use */
	uint64_t armed;
	union {
		int64_t delay;	/* pending: that it was armed for */
		uint64_t ended; /* else: when */
	};
	uint32_t site;
	uint32_t reading;    /* the last one that named it */
	uint32_t next, prev; /* among the ended; next of one not in use: the next such */
	uint16_t space;
	uint8_t state; /* enum timer_state; 0: not in use */
	bool held;
};

/* What makes two timers one site's. */
struct place {
	const char *func, *file;
	uint64_t stack; /* where no name is known */
	uint32_t line, space;
	uint8_t kind;
};

struct timer_site {
	struct golin_timer_site s;
	struct place place;
	uint64_t held_read; /* at the last reading; s.held is less by those that ended since */
	bool was_read;
};

struct timers {
	ARRAY_OF(struct timer) v;
	ARRAY_OF(struct timer_site) sites;
	struct map64 by_addr;  /* key of space and address -> index */
	struct map64 by_site;  /* hash of the place -> site */
	struct map64 by_stack; /* hash of space, stack and kind -> site */
	uint32_t unused, ended_head, ended_tail, nended;
	uint64_t read;	  /* when: golin_model_timers_read() */
	uint64_t since;	  /* of the reading whose parts come */
	uint32_t reading; /* its number */
	bool reading_on, reading_cut;
};

void timers_init(struct timers *t);
void timers_done(struct timers *t);
size_t timers_bytes(const struct timers *t);
/* The program with these timers is gone. */
void timers_end_all(struct golin_model *m, uint32_t space);

int model_apply_timer_start(struct golin_model *m, const struct golin_rec_timer_start *r,
			    uint32_t space);
int model_apply_timer_end(struct golin_model *m, const struct golin_rec_timer_end *r,
			  uint32_t space);
void model_apply_timer_held(struct golin_model *m, const struct golin_rec_timer_held *r,
			    uint32_t space);
int model_apply_timer_site(struct golin_model *m, const struct golin_rec_timer_site *r,
			   uint32_t space);

#endif

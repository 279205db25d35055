/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Ids for traces that are ordered in time and unique, by three generators. Pure: time, machine and
 * random bits are the caller's.
 */
#ifndef GOLIN_BASE_TRACEID_H
#define GOLIN_BASE_TRACEID_H

#include <stddef.h>
#include <stdint.h>

/* The numbers of enum golin_trace_kind. */
enum traceid_kind { TRACEID_HLC = 1, TRACEID_SNOWFLAKE = 2, TRACEID_UUID = 3 };

struct traceid {
	uint32_t kind;	  /* enum traceid_kind; 0 none */
	uint32_t machine; /* 10 bits */
	uint64_t last;	  /* of the clock, in the generator's unit */
	uint32_t counter;
	uint64_t random[2]; /* state of the random bits; seeded by the caller */
};

void traceid_init(struct traceid *t, uint32_t kind, uint32_t machine, const uint64_t seed[2]);
/* The next id. unix_ns may go back: ids do not. */
void traceid_next(struct traceid *t, uint64_t unix_ns, uint64_t ret[2]);
enum { TRACEID_TEXT = 40 };
/* As it is written; "" for kind 0. */
const char *traceid_text(uint32_t kind, const uint64_t id[2], char ret[TRACEID_TEXT]);

#endif

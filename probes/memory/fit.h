/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of fit*.c share: a layout is held against the memory of a running program. */
#ifndef GOLIN_PROBES_MEMORY_FIT_H
#define GOLIN_PROBES_MEMORY_FIT_H

#include <stdbool.h>
#include <stdint.h>
#include "base/array.h"
#include "golin/layout.h"
#include "golin/probes.h"

struct golin_err;

enum fit_id {
	FIT_ALLGS,
	FIT_STATUS,
	FIT_GOID,
	FIT_STACK,
	FIT_SCHED,
	FIT_MAIN,
	FIT_WAIT,
	FIT_PARENT,
	FIT_M,
	FIT_SUDOG,
	FIT_G0,
	FIT_THREAD,
	FIT_MODULE,
	FIT_N
};

enum { FIT_TRIES = 40 }; /* the program runs on: what is wrong is looked at again, for 40 ms */

struct fit_g {
	uint64_t goid, addr, parent, startpc;
};

struct fit {
	const struct golin_memory *m;
	pid_t pid;		/* as the program sees itself; 0 not known */
	uint64_t runtime_main;	/* where that lies in memory; 0 not known */
	uint64_t text, etext;	/* in memory */
	uint32_t span;		/* bytes of a g that are read */
	uint32_t failed;	/* bits of checks */
	uint64_t count[FIT_N];	/* how often each was done */
	char why[FIT_N][160];	/* what is wrong, or why it was not done */
	uint8_t *raw;		/* the g that is looked at */
	ARRAY_OF(uint64_t) all; /* addresses in allgs */
	ARRAY_OF(struct fit_g) live;
};

bool fit_has(const struct fit *f, enum golin_field_id id);
/* A field of 1 to 8 bytes of the struct whose bytes are at raw; what is absent is 0. */
uint64_t fit_value(const struct fit *f, const uint8_t *raw, enum golin_field_id id);
/* The same from memory. False when that cannot be read. */
bool fit_read(const struct fit *f, uint64_t addr, enum golin_field_id id, uint64_t *ret);
bool fit_in_text(const struct fit *f, uint64_t pc);
/* Says what is wrong, unless that was said; returns the check's bit. */
uint32_t fit_bad(struct fit *f, enum fit_id id, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
void fit_nap(void);

/* fit_thread.c: checks of what stands behind a g; bits of those that fail. */
uint32_t fit_thread_of(struct fit *f, uint64_t g);
uint32_t fit_sudogs_of(struct fit *f, uint64_t g);
/* The program's first thread and its g0, which are found in the data by the layout alone. */
int fit_first_thread(struct fit *f);
void fit_module(struct fit *f);

#endif

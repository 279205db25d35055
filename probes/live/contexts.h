/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Events of contexts to records: what the itabs are, who the parents are that nobody saw the
 * creation of, why a context was cancelled, and which contexts a goroutine was handed.
 */
#ifndef GOLIN_PROBES_CONTEXTS_H
#define GOLIN_PROBES_CONTEXTS_H

#include "base/map64.h"
#include "bpf/wire.h"
#include "golin/probes.h"
#include "golin/source.h"
#include "memory/heap.h"
#include "live/done_index.h"
#include "memory/types.h"

struct decoder;
struct golin_imgproc;

struct contexts_live {
	struct golin_memory mem;
	struct types types;
	struct heap heap;
	const struct decoder *dec; /* borrowed */
	struct golin_imgproc *p;   /* borrowed */
	bool open;
	uint64_t iface; /* the type context.Context, in the process; 0 until a context was seen */
	uint64_t empty[2];  /* context.Background() and TODO() up to Go 1.20; 0 not read yet */
	struct map64 known; /* address of a context -> its kind */
	struct done_index done;
	struct map64 told;    /* types that have their record */
	struct map64 callers; /* return pc -> who calls cancel there */
	struct golin_recbuf buf;
	/* offsets; UINT32_MAX where the program has none */
	uint32_t cancel_err, timer_deadline, value_key, value_val;
};

/* What is borrowed must outlive it. Nothing is read yet: a program that just began has nothing. */
void contexts_open(struct contexts_live *c, const struct golin_memory *mem,
		   const struct decoder *dec, struct golin_imgproc *p);
/* Before the first event: -ENODATA when the layout or the memory does not allow it, and why. */
int contexts_ready(struct contexts_live *c, struct golin_err *err);
void contexts_close(struct contexts_live *c);
/* Yields the records of one event; how many, or negative errno. */
int contexts_put(struct contexts_live *c, const struct wire_hdr *w, const struct golin_sink *sink);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/* Events of panics to records: what their values say, and an id for the trace of each. */
#ifndef GOLIN_PROBES_LIVE_PANICS_H
#define GOLIN_PROBES_LIVE_PANICS_H

#include "base/map64.h"
#include "base/traceid.h"
#include "bpf/wire.h"
#include "golin/probes.h"
#include "golin/source.h"
#include "live/panic_stacks.h"
#include "memory/types.h"

struct decoder;
struct golin_imgproc;

enum { PANICS_NIL = 64, PANICS_CODE = 256 };

struct panics_live {
	struct golin_memory mem;
	struct types types;
	const struct decoder *dec; /* borrowed */
	struct golin_imgproc *p;   /* borrowed */
	bool open;		   /* types can be told */
	bool hide;
	struct map64 told; /* types that have their record */
	struct {
		uint64_t fn, pc;
	} code[PANICS_CODE];  /* of func values that are constants */
	struct map64 resumed; /* pcs that a recovery resumes at: is it a return address? */
	struct panic_stacks stacks;
	struct traceid trace;
	struct golin_recbuf buf;
	/*
	 * Since Go 1.21 panic(nil) makes a value of its own, unless it is told not to: what it was,
	 * its next event tells. In the order in which they came.
	 */
	struct wire_panic_start nil[PANICS_NIL];
	size_t nnil;
};

/* Another program: forgets what was of the one before, but for the generator of ids. */
void panics_open(struct panics_live *c, const struct golin_memory *mem, const struct decoder *dec,
		 struct golin_imgproc *p, uint32_t trace_kind, bool hide);
/* Before the first event: -ENODATA when values cannot be told, and why. */
int panics_ready(struct panics_live *c, struct golin_err *err);
void panics_close(struct panics_live *c);
static inline bool panics_is(const struct wire_hdr *w)
{
	return w->type >= WIRE_PANIC_START && w->type <= WIRE_PANIC_PRINT;
}
/* Yields the records of one event; how many, or negative errno. */
int panics_put(struct panics_live *c, const struct wire_hdr *w, const struct golin_sink *sink);
/* What was held back since before that time, or of that goroutine (0: of all). */
int panics_flush(struct panics_live *c, const struct golin_sink *sink, uint64_t before,
		 uint64_t goid);
/* Calls want(arg, pc) for each pc of the record that comes out of w. */
void panics_pcs(struct panics_live *c, const struct wire_hdr *w,
		void (*want)(void *arg, uint64_t pc), void *arg);

#endif

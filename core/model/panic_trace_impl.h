/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the model keeps of panics beside golin_panic: whose trace each belongs to, and where its
 * goroutine and those above it stood; a part of model_impl.h.
 */
#ifndef GOLIN_MODEL_PANIC_TRACE_IMPL_H
#define GOLIN_MODEL_PANIC_TRACE_IMPL_H

#include "base/array.h"
#include "base/map64.h"
#include "golin/panic.h"

/* A trace's id: a W3C trace id that the program has (a string), else one of golin's own. */
struct trace_id {
	uint64_t words[2];
	uint32_t text; /* string; 0: words */
	uint8_t kind;  /* enum golin_trace_kind */
};

/* Of one panic; a member of its node. */
struct panic_trace {
	struct trace_id used;
	uint32_t parent;	/* string: the W3C trace id of its goroutine's contexts */
	uint32_t tie;		/* panics of its goroutine that began in the same ns before */
	uint64_t request_first; /* golin_context.first of `request` */
	uint64_t before_number; /* golin_panic.number of `before` */
	golin_cidx request;	/* net/http's context under which it works */
	golin_pidx before;	/* its goroutine's last one until then */
	uint32_t npoints;
	struct panic_point *points; /* NULL: it was not to be asked */
};

/* An observation of a goroutine, see golin_panic_point. */
struct panic_point {
	uint64_t goid, after, stack;
	uint32_t wait; /* string */
	bool asked, seen, gone;
};

/* Of a request, by number of its context: what its panics share, also when those are gone. */
struct panic_request {
	uint64_t first; /* golin_context.first: an index is used again */
	uint64_t panic; /* golin_panic.number of `at`, the first panic in it */
	golin_pidx at;
	struct trace_id id;
};

enum { PANIC_PENDING = 64 }; /* panics whose points are not all answered */

struct panic_traces {
	struct map64 newest;	     /* key of space and goid -> its newest panic */
	struct map64 by_request;     /* golin_cidx -> requests */
	struct map64 request_stacks; /* stack of a context's creation -> is it a request's */
	ARRAY_OF(struct panic_request) requests;
	uint64_t pending[PANIC_PENDING]; /* numbers; the oldest first */
	golin_pidx pending_at[PANIC_PENDING];
	uint32_t npending;
	uint64_t npoints;  /* of all together */
	uint64_t ask_from; /* model time from which on `asks` counts */
	uint32_t asks;
	uint64_t answered_goid; /* of the last GOROUTINE_STATE: waits behind it are of the same look
				 */
};

struct panic_trace *panic_trace_at(const struct golin_model *m, golin_pidx i);
void panic_traces_done(struct panic_traces *t);
size_t panic_traces_bytes(const struct panic_traces *t);

/*
 * One was added: its goroutine, start, nested_in and repanic_of are known. Sets its trace_of. 0 or
 * -ENOMEM.
 */
int panic_trace_started(struct golin_model *m, uint32_t space, golin_pidx i);
/* It leaves the model; p is still whole. */
void panic_trace_gone(struct golin_model *m, golin_pidx i);
/* What a dump says of its trace, after panic_trace_started(): whose it shares, its traceparent. */
int panic_trace_kept(struct golin_model *m, golin_pidx i, golin_pidx trace_of, const char *parent,
		     size_t len);
/* The id that it uses as golin's own words: a dump has these in its START. */
void panic_trace_words(const struct golin_model *m, golin_pidx i, uint32_t *ret_kind,
		       uint64_t ret[2]);

/* panic_request.c: net/http's request under which a goroutine works; GOLIN_CIDX_NONE. */
golin_cidx panic_request_of(struct golin_model *m, golin_gidx g);
/* The W3C trace id in a context under which it works: a string; 0 none. */
int panic_traceparent_of(struct golin_model *m, golin_gidx g, golin_cidx request, uint32_t *ret);

/* panic_points.c: a panic began; what was read of a goroutine came. */
int panic_points_started(struct golin_model *m, uint32_t space, golin_pidx i);
/* A dump tells of them itself. */
void panic_points_forget(struct golin_model *m, golin_pidx i);
int panic_points_state(struct golin_model *m, uint32_t space,
		       const struct golin_rec_goroutine_state *r);
/* Of a dump. */
int model_apply_panic_point(struct golin_model *m, const struct golin_rec_panic_point *r,
			    uint32_t space);
void panic_points_waits(struct golin_model *m, uint32_t space,
			const struct golin_rec_goroutine_waits *r);

#endif

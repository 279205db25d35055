/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The panics of the model: how each travelled, who recovered it or who did not, and what it is
 * linked with. Fed by GOLIN_REC_PANIC_* through golin_model_apply(). Pointers and strings are
 * borrowed and valid until the next apply().
 */
#ifndef GOLIN_PANIC_H
#define GOLIN_PANIC_H

#include "golin/context.h"
#include "golin/model.h"
#include "golin/source.h"
#include "golin/waits.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Index of a panic in the model; stable while it is in it. */
typedef uint32_t golin_pidx;
#define GOLIN_PIDX_NONE UINT32_MAX

enum golin_panic_kind {
	GOLIN_PANIC_PANIC = 1,
	GOLIN_PANIC_GOEXIT = 2, /* runtime.Goexit: its deferred calls run as a panic's do */
	GOLIN_PANIC_THROW = 3,	/* runtime.throw, runtime.fatal */
};

enum golin_panic_outcome {
	GOLIN_PO_ACTIVE = 0, /* its deferred calls run */
	GOLIN_PO_RECOVERED = 1,
	GOLIN_PO_REPLACED = 2, /* a newer one unwound past it: replaced_by */
	GOLIN_PO_GOEXIT = 3,   /* a deferred call of it called Goexit; of a Goexit: its end */
	GOLIN_PO_FATAL = 4,    /* the program ended of it */
	GOLIN_PO_UNKNOWN = 5,  /* its goroutine or the program ended, and nothing told how it did */
};

/* How a panic relates to repanic_of. */
enum golin_panic_relation {
	GOLIN_PR_NONE = 0,
	GOLIN_PR_SAME = 1,    /* the same value */
	GOLIN_PR_WRAPPED = 2, /* a value that holds it */
	GOLIN_PR_TEXT = 3, /* a deferred call that had recovered it panics with its text within */
};

enum golin_panic_more {
	GOLIN_PF_LOST_START = 1 << 0, /* it began before golin came, or that was lost */
	GOLIN_PF_LOCKED = 1 << 1,     /* the goroutine was locked to its thread */
	GOLIN_PF_SIGNAL = 1 << 2,     /* fault_pc and fault_addr hold */
	GOLIN_PF_PARTIAL = 1 << 3,
	GOLIN_PF_ELSEWHERE = 1 << 4,  /* repanic_of was on another goroutine */
	GOLIN_PF_USER_FATAL = 1 << 5, /* a throw by runtime.fatal */
};

struct golin_panic_value {
	uint64_t type_addr; /* 0: nil */
	uint64_t data, size;
	uint32_t type, text; /* golin_model_string(): Go's type name, what it says */
	uint32_t flags;	     /* enum golin_value_flags */
	uint32_t up;	     /* see golin_rec_value */
};

struct golin_panic_defer {
	uint64_t pc;	/* entry of the function */
	uint64_t ts;	/* monotonic ns: when it was called */
	uint64_t end;	/* when the next one was, or the panic was over; 0: it runs */
	uint64_t pause; /* ns of these in which the world stood still (--probes gc) */
	uint32_t flags; /* enum golin_panic_flags */
	uint32_t _pad;
};

struct golin_panic {
	uint64_t number;	 /* from 1, in order of arrival; never used again */
	uint64_t goid;		 /* 0: a throw that is no goroutine's */
	uint64_t started, ended; /* monotonic ns; ended 0: active */
	uint64_t depth, stack;
	uint64_t fault_pc, fault_addr;
	uint64_t recovered_by, resumed_in; /* pcs; 0 unknown. by: entry of the deferred function */
	uint64_t trace[2];		   /* of its own, whether it is used or not */
	uint32_t target, epoch;
	uint32_t printed; /* golin_model_string(): what the program printed of it, "" */
	uint32_t frames;  /* frames unwound: index of resumed_in's frame in the stack; UINT32_MAX */
	uint32_t ndefers, nvalues;
	golin_pidx nested_in; /* the one during whose deferred call it began */
	golin_pidx replaced_by;
	golin_pidx repanic_of; /* see relation */
	golin_pidx trace_of;   /* whose trace id it shares; GOLIN_PIDX_NONE: its own */
	golin_pidx up, first, last, next,
		prev;	    /* the tree of failures: see golin_model_panic_roots() */
	uint8_t kind;	    /* enum golin_panic_kind; 0: not in use */
	uint8_t outcome;    /* enum golin_panic_outcome */
	uint8_t relation;   /* enum golin_panic_relation */
	uint8_t trace_kind; /* enum golin_trace_kind */
	uint16_t more;	    /* enum golin_panic_more */
};

struct golin_panic_counts {
	uint64_t panics, recovered, replaced, fatal, goexits, throws, active;
	uint64_t evicted;
	uint64_t unmatched; /* deferred calls and recoveries of panics that are not known */
};

/* NULL for an index that is not in use. */
const struct golin_panic *golin_model_panic(const struct golin_model *m, golin_pidx i);
/* Indices are 0 .. max - 1; some may not be in use. */
uint32_t golin_model_panic_max(const struct golin_model *m);
void golin_model_panic_counts(const struct golin_model *m, struct golin_panic_counts *ret);
/* GOLIN_PIDX_NONE when it is not in the model. */
golin_pidx golin_model_panic_find(const struct golin_model *m, uint64_t number);
/*
 * The tree of failures: a panic stands under the one that it repeats (repanic_of), else under the
 * one during which it began (nested_in), else under one whose trace it shares. The first root; go
 * on with ->next.
 */
golin_pidx golin_model_panic_roots(const struct golin_model *m);
/* The newest of a goroutine's that is active; GOLIN_PIDX_NONE. */
golin_pidx golin_model_panic_of(const struct golin_model *m, golin_gidx g);

/* values[0] is its own, then what that wraps; NULL, 0: not known. */
uint32_t golin_panic_values(const struct golin_model *m, golin_pidx i,
			    const struct golin_panic_value **ret);
/* In the order in which they ran. At most 4096 are kept of one, ndefers counts all. */
uint32_t golin_panic_defers(const struct golin_model *m, golin_pidx i,
			    const struct golin_panic_defer **ret);

enum { GOLIN_PANIC_ID_MAX = 64, GOLIN_TRACE_ID_MAX = 64 };

/* The panic's own id: "pn-{start in Unix ns, hex}-t{goid}", with "-n" on a tie. Never reused. */
const char *golin_panic_id(const struct golin_model *m, golin_pidx i, char *ret);
/* The trace's id: shared by what belongs together (docs/panics.md); "" when there is none. */
const char *golin_panic_trace(const struct golin_model *m, golin_pidx i, char *ret);
/* The W3C trace id in a context that its goroutine works under: 32 hex digits; "" none. */
const char *golin_panic_traceparent(const struct golin_model *m, golin_pidx i, char *ret);

/* Where it was raised: the innermost frame outside package runtime. func "" unknown. */
struct golin_frame golin_panic_at(const struct golin_model *m, golin_pidx i);
/* The function at whose entry the pc is, as a traceback names it: behind compiler-made wrappers. */
struct golin_frame golin_model_entry_func(const struct golin_model *m, uint64_t pc);
/* The function in which control resumed, with the line of its deferring call's return. */
struct golin_frame golin_panic_resumed(const struct golin_model *m, golin_pidx i);
/* How many frames it unwound, of those that are shown: inlined ones too, but few of the runtime's.
 * UINT32_MAX: not known. */
uint32_t golin_panic_unwound(const struct golin_model *m, golin_pidx i);

/* "*fs.PathError-5f3a9c21": from the value's type and the function that raised it. */
enum { GOLIN_ERROR_CODE_MAX = 96 };
const char *golin_panic_error_code(const struct golin_model *m, golin_pidx i, char *ret);
/* 16 hex digits over the names of the stack's functions; "" without a stack. */
const char *golin_panic_stack_hash(const struct golin_model *m, golin_pidx i, char *ret);

/*
 * Where the goroutine and those above it stood when they were looked at after the panic began.
 * Somebody has to ask: golin_model_panics_ask() gives the questions.
 */
struct golin_panic_point {
	uint64_t goid;
	uint64_t after;	       /* ns from the panic's start to the observation */
	struct golin_frame at; /* the user's code where it is parked; func "" unknown */
	uint32_t wait;	       /* golin_model_string() */
	uint32_t level;	       /* 0 the goroutine itself, 1 its parent ... */
	bool gone;	       /* it had ended before it could be looked at */
	bool seen;	       /* false: nobody has answered yet */
};

enum { GOLIN_POINTS_MAX = 8 };
uint32_t golin_panic_points(const struct golin_model *m, golin_pidx i,
			    struct golin_panic_point ret[GOLIN_POINTS_MAX]);
/* The next question for the source (GOLIN_CTL_READ); false: none now. Bounded, each once. */
bool golin_model_panics_ask(struct golin_model *m, struct golin_ctl *ret);

/*
 * Goroutines that descend from the one that panicked, were there before the panic was over, and
 * still run; how many, at most max.
 */
uint32_t golin_panic_descendants(const struct golin_model *m, golin_pidx i, golin_gidx *ret,
				 uint32_t max);
/*
 * Contexts from before the panic was over: those that its goroutine made and nobody has cancelled,
 * and those that it works under (golin_context_held() tells which).
 */
uint32_t golin_panic_contexts(const struct golin_model *m, golin_pidx i, golin_cidx *ret,
			      uint32_t max);

/* Panics by the place that raised them and the type of their value. */
struct golin_panic_site {
	struct golin_frame at;
	uint32_t type; /* golin_model_string() */
	uint64_t count, recovered, replaced, fatal, active;
	golin_pidx first, newest;   /* GOLIN_PIDX_NONE when it has left the model */
	uint64_t first_at, last_at; /* monotonic ns */
	uint64_t by;		    /* pc: the function that recovered the newest; 0 */
};
uint32_t golin_model_panic_sites(const struct golin_model *m);
const struct golin_panic_site *golin_model_panic_site(const struct golin_model *m, uint32_t i);
/* The number of the site of a panic; UINT32_MAX. */
uint32_t golin_panic_site_of(const struct golin_model *m, golin_pidx i);

/*
 * What befell panics: numbers of those that began, got a deferred call or changed their outcome,
 * for a reader that cannot look at all of them each time. Returns how many, at most max; *cursor
 * begins as 0; *missed counts those that came too fast to be kept (65,536 are).
 */
enum golin_panic_change { GOLIN_PC_STARTED = 1, GOLIN_PC_DEFER = 2, GOLIN_PC_RESOLVED = 3 };
struct golin_panic_news {
	uint64_t number;
	uint8_t what; /* enum golin_panic_change */
};
uint32_t golin_model_panic_news(const struct golin_model *m, uint64_t *cursor, uint64_t *missed,
				struct golin_panic_news *ret, uint32_t max);

/* What was read of a live goroutine's g._panic and g._defer; false: nothing that holds. */
struct golin_kept {
	uint64_t read; /* monotonic ns */
	uint32_t flags, thread, npanics, ndefers;
	const struct golin_kept_panic {
		uint64_t addr;
		struct golin_panic_value value;
		uint32_t flags;	       /* enum golin_kept_flags */
		uint64_t depth, stack; /* as of a panic; 0 unknown */
	} * panics;
	const struct golin_rec_kept_defer *defers;
};
bool golin_model_kept(const struct golin_model *m, golin_gidx g, struct golin_kept *ret);

/* Pauses of the world, the newest 4096: how much of the time from..to it stood still. */
uint64_t golin_model_paused(const struct golin_model *m, uint64_t from, uint64_t to);
struct golin_pause {
	uint64_t ts, duration;
	uint32_t reason; /* golin_model_string() */
};
/* The newest first; how many. */
uint32_t golin_model_pauses(const struct golin_model *m, struct golin_pause *ret, uint32_t max);

const char *golin_panic_kind_name(uint32_t kind);	  /* "panic", "goexit", "throw" */
const char *golin_panic_outcome_name(uint32_t outcome);	  /* "recovered" */
const char *golin_panic_relation_name(uint32_t relation); /* "same", "wrapped", "text"; "" none */

#ifdef __cplusplus
}
#endif
#endif

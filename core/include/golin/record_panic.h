/* SPDX-License-Identifier: BSD-2-Clause */
/* The records of panics, and of pauses of the world: a part of record.h, which includes it. */
#ifndef GOLIN_RECORD_H
#include "golin/record.h"
#elif !defined(GOLIN_RECORD_PANIC_H)
#define GOLIN_RECORD_PANIC_H

enum golin_value_flags {
	GOLIN_VALUE_TEXT = 1 << 0,    /* text holds what it says; else only its type is known */
	GOLIN_VALUE_CUT = 1 << 1,     /* its text was longer; `size` says how long */
	GOLIN_VALUE_PARTIAL = 1 << 2, /* a part of it could not be read */
	GOLIN_VALUE_HEAP = 1 << 3, /* data is an allocated object: the same data, the same value */
	GOLIN_VALUE_HIDDEN = 1 << 4,   /* the text was not to be read (--hide-values) */
	GOLIN_VALUE_ERROR = 1 << 5,    /* it has a method Error: text is its message, or what of it
					* can be told without calling that */
	GOLIN_VALUE_STRINGER = 1 << 6, /* likewise with String */
	GOLIN_VALUE_RUNTIME = 1 << 7,  /* the runtime's own error: index, nil dereference ... */
	GOLIN_VALUE_PRINTED = 1 << 8,  /* text is what the program itself made of it (fatal) */
};

/* A value in an interface. type 0: nil. */
struct golin_rec_value {
	uint64_t type;	/* GOLIN_REC_TYPE */
	uint64_t data;	/* the interface's data word */
	uint64_t size;	/* of the whole text, bytes; with GOLIN_VALUE_CUT */
	uint32_t flags; /* enum golin_value_flags */
	uint32_t up; /* which of the values before it holds it: 0 for those that values[0] wraps */
	struct golin_rec_str text;
};

enum { GOLIN_VALUES_MAX = 16 };

enum golin_panic_flags {
	GOLIN_PANIC_PARTIAL = 1 << 0, /* a part could not be read: counts as unread */
	GOLIN_PANIC_NESTED = 1 << 1,  /* g._panic was set: of that panic or Goexit the flags say */
	GOLIN_PANIC_UP_RECOVERED = 1 << 2, /* that recover() had taken effect */
	GOLIN_PANIC_UP_ABORTED = 1 << 3,   /* up to 1.21 */
	GOLIN_PANIC_UP_GOEXIT = 1 << 4,	   /* that it is a Goexit; since 1.14 */
	GOLIN_PANIC_LOCKED = 1 << 5,	   /* the goroutine is locked to its thread */
	GOLIN_PANIC_SIGNAL = 1 << 6,	   /* by a signal: fault_pc and fault_addr hold */
	GOLIN_PANIC_OPEN = 1 << 7,	   /* a deferred call that is known to be open-coded */
	GOLIN_PANIC_OF_GOEXIT = 1 << 8,	   /* a deferred call that Goexit runs */
	GOLIN_PANIC_VALUE = 1 << 9,	   /* of a recovery: type and data hold */
	GOLIN_PANIC_FATAL_ERROR = 1 << 10, /* of a throw: runtime.fatal, the program's own fault */
	GOLIN_PANIC_DUMPED = 1 << 11,	   /* in dumps: a PANIC_KEPT says what became of it */
};

enum golin_trace_kind {
	GOLIN_TRACE_HLC = 1, /* a hybrid logical clock; the default */
	GOLIN_TRACE_SNOWFLAKE = 2,
	GOLIN_TRACE_UUID = 3,
};

/*
 * h.goid panics: at the entry of runtime.gopanic. A panic that is not over is known by where on the
 * stack gopanic was called: `depth` is how many bytes below the stack's upper end the word with its
 * return address stands. That stays the same when the runtime moves the stack; deeper is greater.
 * The stack begins with gopanic's caller.
 */
struct golin_rec_panic_start {
	struct golin_rec h;
	uint64_t depth;
	uint64_t stack;		       /* GOLIN_REC_STACK; 0 none */
	uint64_t fault_pc, fault_addr; /* see flags */
	uint64_t trace[2];	       /* an id for a trace that begins here, see trace_kind */
	uint32_t trace_kind;	       /* enum golin_trace_kind; 0 none */
	uint32_t flags;		       /* enum golin_panic_flags */
	uint32_t n;		       /* values: the panic's, then those that it wraps */
	uint32_t _pad;
	__extension__ struct golin_rec_value values[];
};

/* h.goid runs a deferred call because of its innermost panic or Goexit. */
struct golin_rec_panic_defer {
	struct golin_rec h;
	uint64_t pc;	/* entry of the function; 0 unknown */
	uint32_t flags; /* enum golin_panic_flags */
	uint32_t _pad;
	uint64_t end, pause; /* in dumps: see golin_panic_defer */
};

/*
 * The runtime unwinds h.goid after an effective recover(): panics of it whose depth is greater than
 * this one's are over, the innermost of them is the recovered one; but not beyond a Goexit, which
 * then goes on.
 */
struct golin_rec_panic_recover {
	struct golin_rec h;
	uint64_t resumed_pc; /* in the function that goes on, ready for look-up */
	uint64_t depth;	     /* of the stack pointer there */
	uint64_t type, data; /* of the recovered value, see flags; since 1.22 */
	uint32_t flags;	     /* enum golin_panic_flags */
	uint32_t _pad;
};

/* h.goid called runtime.Goexit. */
struct golin_rec_panic_goexit {
	struct golin_rec h;
	uint64_t depth, stack; /* as of a panic */
	uint32_t flags;	       /* enum golin_panic_flags */
	uint32_t _pad;
};

enum golin_kept_flags {
	GOLIN_KEPT_RECOVERED = 1 << 0,	 /* _panic.recovered */
	GOLIN_KEPT_ABORTED = 1 << 1,	 /* _panic.aborted, up to 1.21 */
	GOLIN_KEPT_GOEXIT = 1 << 2,	 /* _panic.goexit, since 1.14 */
	GOLIN_KEPT_REPANICKED = 1 << 3,	 /* _panic.repanicked, since 1.25 */
	GOLIN_KEPT_DEFERRETURN = 1 << 4, /* _panic.deferreturn, since 1.22: a normal return */
};

/* One of g._panic as it stands in memory. */
struct golin_rec_kept_panic {
	uint64_t addr;
	struct golin_rec_value value;
	uint32_t flags; /* enum golin_kept_flags */
	uint32_t _pad;
	uint64_t depth, stack; /* as golin_rec_panic_start has them; 0 unknown */
};

/*
 * Nobody recovered: runtime.fatalpanic. The panics as the program prints them, the first one first;
 * texts are those that it prints (value.flags has GOLIN_VALUE_PRINTED).
 */
struct golin_rec_panic_fatal {
	struct golin_rec h;
	uint32_t flags; /* enum golin_panic_flags */
	uint32_t n;
	__extension__ struct golin_rec_kept_panic panics[];
};

enum { GOLIN_KEPT_MAX = 32 };

/* runtime.throw or runtime.fatal: nothing can recover from it. h.goid 0: no goroutine's. */
struct golin_rec_panic_throw {
	struct golin_rec h;
	uint64_t stack;
	uint32_t flags; /* enum golin_panic_flags */
	uint32_t _pad;
	struct golin_rec_str text;
};

enum golin_defer_flags {
	GOLIN_DEFER_HEAP = 1 << 0,
	GOLIN_DEFER_STARTED = 1 << 1, /* up to 1.21: a panic runs it */
	GOLIN_DEFER_OPEN = 1 << 2,    /* open-coded: found on the stack */
	GOLIN_DEFER_RANGE = 1 << 3,   /* of a range-over-func loop */
};

struct golin_rec_kept_defer {
	uint64_t pc;	/* entry of the function; 0 unknown */
	uint64_t at;	/* of the defer statement, ready for look-up; 0 unknown */
	uint64_t depth; /* of the frame that it belongs to: its stack pointer */
	uint32_t flags; /* enum golin_defer_flags */
	uint32_t _pad;
};

enum golin_defers_flags {
	GOLIN_DEFERS_MORE = 1 << 0,    /* there were more than fit */
	GOLIN_DEFERS_OPEN = 1 << 1,    /* open-coded ones were looked for, and all were found */
	GOLIN_DEFERS_PARTIAL = 1 << 2, /* a part could not be read */
	GOLIN_DEFERS_LOCKED = 1 << 3,  /* locked to its thread */
	GOLIN_DEFERS_MOVED = 1 << 4,   /* it went on while it was read: nothing of this holds */
};

/*
 * What h.goid has deferred and panicked: g._panic and g._defer, the innermost first. Behind the
 * panics stand the defers (golin_rec_kept_defers()).
 */
struct golin_rec_goroutine_defers {
	struct golin_rec h; /* h.ts: when it was read */
	uint32_t flags;	    /* enum golin_defers_flags */
	uint32_t thread; /* the kernel's id of the thread that runs it, or that it is locked to */
	uint32_t npanics, ndefers;
	__extension__ struct golin_rec_kept_panic panics[];
};

enum { GOLIN_DEFERS_MAX = 256 };

/*
 * In a dump: what became of the panic whose START (of a Goexit and of a throw, too), and DEFERs,
 * come before it. They come in the order of their numbers.
 */
struct golin_rec_panic_kept {
	struct golin_rec h;
	uint64_t number; /* of the panic in the model that was dumped, from 1 */
	uint64_t nested_in, replaced_by, repanic_of, trace_of; /* numbers; 0 none */
	uint64_t up;	/* under which it stands in the tree of failures */
	uint64_t place; /* when it came there */
	uint64_t ended; /* monotonic ns; 0 not */
	uint64_t order; /* when it left its goroutine's stack of panics; 0: it is in it */
	uint64_t recovered_by, resumed_in; /* pcs */
	uint64_t last_defer;		   /* likewise: the deferred call that came last */
	uint64_t value_seen;		   /* when a panic had its value last; 0: not the first */
	uint64_t own_trace[2];		   /* START has that which is used */
	uint32_t outcome, relation, frames;
	uint32_t flags;	  /* enum golin_panic_more */
	uint32_t kind;	  /* enum golin_panic_kind */
	uint32_t ndefers; /* there may have been more than are kept */
	uint32_t own_trace_kind;
	uint16_t by_goexit; /* a Goexit ended it, which may be gone past yet: up to Go 1.21 */
	uint16_t unsure;    /* records were lost since it began */
	struct golin_rec_str trace; /* where it came from elsewhere: a traceparent */
	struct golin_rec_str text;  /* that the program printed */
};

/* What GOLIN_REC_COUNTS is for goroutines. Stands before and behind the panics of a dump. */
struct golin_rec_panic_counts {
	struct golin_rec h;
	uint64_t panics, recovered, replaced, fatal, goexits, throws, evicted, unmatched;
	uint32_t phase; /* enum golin_snapshot_phase */
	uint32_t _pad;
};

/* What a site had counted until a dump, before the panics. */
struct golin_rec_panic_site {
	struct golin_rec h;
	uint64_t stack; /* one that leads there */
	uint64_t count, recovered, replaced, fatal;
	uint64_t first, newest; /* numbers; 0: it has left the model */
	uint64_t first_at, last_at, by;
	struct golin_rec_str type;
};

enum golin_point_flags {
	GOLIN_POINT_SEEN = 1 << 0,
	GOLIN_POINT_GONE = 1 << 1, /* it had ended before it could be looked at */
};

/*
 * In a dump, behind its panic: where h.goid, which panicked or is above that, stood when it was
 * looked at. They come in the order of their levels.
 */
struct golin_rec_panic_point {
	struct golin_rec h;
	uint64_t number; /* of the panic */
	uint64_t after;	 /* ns since it began */
	uint64_t stack;
	uint32_t level; /* 0 the goroutine itself, 1 its parent ... */
	uint32_t flags; /* enum golin_point_flags */
	struct golin_rec_str wait;
};

/* The world stood still for duration ns from h.ts on. */
struct golin_rec_gc_pause {
	struct golin_rec h;
	uint64_t duration_ns; /* from stopTheWorldWithSema's entry to startTheWorldWithSema's */
	uint32_t flags, _pad; /* enum golin_panic_flags */
	struct golin_rec_str reason; /* Go's text, since 1.21; empty unknown */
};

#endif

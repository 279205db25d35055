/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The records: the one stream that every source (live target, snapshot, core file, recording)
 * yields and that the model applies. The same bytes in memory and in a recording.
 *
 * A record starts with `struct golin_rec`, is `size` bytes long (a multiple of 8) and is 8-byte
 * aligned. Its fixed part is the struct below for its type; arrays and strings follow inside the
 * record. Little-endian. A reader skips types that it does not know, and fixed parts may grow at
 * their end (size tells). golin_record_check() says whether one may be used.
 *
 *  - ts is CLOCK_MONOTONIC ns; GOLIN_REC_CLOCK relates it to Unix time. The order of the stream is
 *    the causal order; timestamps may be slightly out of it. Never sort by them.
 *  - A goid is unique within (target, epoch); an exec starts a new epoch.
 *  - A pc is an address as linked (the load bias of a PIE is subtracted) and ready for look-up:
 *    from return addresses and g.gopc, 1 is already subtracted. 0 is "unknown".
 *  - Strings are clean (core/base/text.h) and NUL-terminated.
 */
#ifndef GOLIN_RECORD_H
#define GOLIN_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
	GOLIN_RECORD_MAX = 1 << 20, /* bytes of one record */
	GOLIN_STACK_MAX = 128,	    /* pcs of one stack */
	GOLIN_FRAMES_MAX = 64,	    /* inlined frames at one pc */
	GOLIN_STR_MAX = 4096,	    /* bytes of one string */
};

enum golin_rec_type {
	/* about the stream */
	GOLIN_REC_TARGET = 1,
	GOLIN_REC_CLOCK = 2,
	GOLIN_REC_NAME = 3,
	GOLIN_REC_STACK = 4,
	GOLIN_REC_SETTINGS = 5,
	GOLIN_REC_SNAPSHOT = 6,
	GOLIN_REC_GAP = 7,
	GOLIN_REC_LOST = 8,
	GOLIN_REC_EXEC = 9,
	GOLIN_REC_EXIT = 10,
	GOLIN_REC_COUNTS = 11,
	GOLIN_REC_STATS = 12, /* stands in recordings only: their reader keeps it for itself */
	GOLIN_REC_TYPE = 13,
	/* goroutines */
	GOLIN_REC_GOROUTINE_CREATE = 32,
	GOLIN_REC_GOROUTINE_SEEN = 33,
	GOLIN_REC_GOROUTINE_EXIT = 34,
	GOLIN_REC_GOROUTINE_GONE = 35,
	GOLIN_REC_GOROUTINE_STATE = 36, /* the answer to a read */
	GOLIN_REC_GOROUTINE_WAITS = 37, /* likewise, behind it: where it stands, on what it waits */
	GOLIN_REC_GOROUTINE_DEFERS = 38, /* likewise: what it defers, and its panics */
	/* contexts */
	GOLIN_REC_CONTEXT_CREATE = 64,
	GOLIN_REC_CONTEXT_SEEN = 65,
	GOLIN_REC_CONTEXT_CANCEL = 66,
	GOLIN_REC_CONTEXT_PASSED = 67,
	GOLIN_REC_CONTEXT_COUNTS = 68,
	/* timers of package time, but for those of contexts */
	GOLIN_REC_TIMER_START = 80,
	GOLIN_REC_TIMER_END = 81,
	GOLIN_REC_TIMER_HELD = 82,
	GOLIN_REC_TIMER_SITE = 83, /* in dumps only */
	/* panics */
	GOLIN_REC_PANIC_START = 96,
	GOLIN_REC_PANIC_DEFER = 97,
	GOLIN_REC_PANIC_RECOVER = 98,
	GOLIN_REC_PANIC_GOEXIT = 99,
	GOLIN_REC_PANIC_FATAL = 100,
	GOLIN_REC_PANIC_THROW = 101,
	GOLIN_REC_PANIC_KEPT = 102,   /* in dumps only */
	GOLIN_REC_PANIC_COUNTS = 103, /* in dumps only */
	GOLIN_REC_PANIC_SITE = 104,   /* in dumps only */
	GOLIN_REC_PANIC_POINT = 105,  /* in dumps only */
	/* the garbage collector */
	GOLIN_REC_GC_PAUSE = 112,
	GOLIN_REC_TYPE_MAX = 256,
};

struct golin_rec {
	uint16_t type;	  /* enum golin_rec_type */
	uint16_t version; /* of the body; 1 */
	uint32_t size;	  /* bytes with this header, a multiple of 8 */
	uint32_t target;  /* from 1 */
	uint32_t epoch;	  /* from 0; one more with each exec */
	uint64_t ts;	  /* CLOCK_MONOTONIC, ns; 0 unknown */
	uint64_t goid; /* the goroutine on which it happened; 0: none (g0, timer, golin itself) */
};

/* A string inside its record: `len` bytes at `off` from the record's start, then a NUL. */
struct golin_rec_str {
	uint32_t off, len;
};

enum golin_layout_source { GOLIN_LAYOUT_DWARF = 1, GOLIN_LAYOUT_TABLE = 2 };

enum golin_target_flags {
	GOLIN_TARGET_PIE = 1 << 0,
	GOLIN_TARGET_CGO = 1 << 1,
	GOLIN_TARGET_RACE = 1 << 2,
	GOLIN_TARGET_STRIPPED = 1 << 3,	    /* no symbol table */
	GOLIN_TARGET_PARENT_KNOWN = 1 << 4, /* g.parentGoid exists: `seen` records know parents */
	GOLIN_TARGET_DELETED = 1 << 5,	    /* the file is gone or replaced on disk */
};

/* First for each (target, epoch). */
struct golin_rec_target {
	struct golin_rec h;
	uint32_t pid;
	uint32_t flags;		/* enum golin_target_flags */
	uint32_t layout_source; /* enum golin_layout_source */
	uint32_t _pad;
	uint64_t start_ticks; /* /proc/PID/stat field 22: pid and this identify a process */
	uint64_t load_bias;   /* what was subtracted from its pcs */
	struct golin_rec_str exe, comm, go, build_id, arch;
};

struct golin_rec_clock {
	struct golin_rec h;
	uint64_t mono_ns, unix_ns; /* the same instant on CLOCK_MONOTONIC and in Unix time */
};

enum golin_frame_flags {
	GOLIN_FRAME_WRAPPER = 1 << 0, /* compiler-made (gowrap, dwrap, ABI wrapper): hide it */
	GOLIN_FRAME_RUNTIME = 1 << 1, /* package runtime */
};

struct golin_rec_frame {
	struct golin_rec_str func, file;
	uint32_t line;
	uint32_t flags; /* enum golin_frame_flags */
};

/* What stands at a pc: innermost (inlined) frame first. n == 0: no name is to be had. */
struct golin_rec_name {
	struct golin_rec h;
	uint64_t pc;
	uint32_t n, _pad;
	__extension__ struct golin_rec_frame frames[];
};

/*
 * Comes before the first record that names its id. Innermost call first. Behind the pcs there may
 * stand as many numbers of 16 bits (size tells): how many words there are between the frame pointer
 * of a frame and that of its caller; 0 is not known. golin_rec_stack_words() finds them.
 */
struct golin_rec_stack {
	struct golin_rec h;
	uint64_t id; /* a hash; 0 is "no stack" */
	uint32_t n;
	uint32_t truncated; /* there were more frames */
	__extension__ uint64_t pcs[];
};

/* Comes before the first record that names its type. */
struct golin_rec_type_name {
	struct golin_rec h;
	uint64_t type;		   /* address as linked, like a pc */
	struct golin_rec_str name; /* Go's: "*errors.errorString", "main.key" */
};

enum golin_group {
	GOLIN_GROUP_GOROUTINES = 1 << 0,
	GOLIN_GROUP_TIMERS = 1 << 1, /* who armed the timer that starts a goroutine */
	GOLIN_GROUP_CONTEXTS = 1 << 2,
	GOLIN_GROUP_PANICS = 1 << 3,
	GOLIN_GROUP_IO = 1 << 4,
	GOLIN_GROUP_HTTP = 1 << 5,
	GOLIN_GROUP_GC = 1 << 6,
	GOLIN_GROUP_ALL_KNOWN = (1 << 7) - 1, /* those whose hook points golin knows */
};

struct golin_rec_settings {
	struct golin_rec h;
	uint32_t groups; /* enum golin_group that are armed; 0: from memory alone */
	uint32_t probes; /* armed probe sites */
	uint64_t ring_size;
	uint32_t stack_depth; /* 0: no stacks */
	uint32_t link;	      /* 1 multi, 2 perf */
};

enum golin_snapshot_phase { GOLIN_SNAPSHOT_BEGIN = 1, GOLIN_SNAPSHOT_END = 2 };

/* Brackets the `seen` records that were read from memory. */
struct golin_rec_snapshot {
	struct golin_rec h;
	uint32_t phase;
	uint32_t _pad;
	uint64_t count;	 /* at the end: goroutines found */
	uint64_t unread; /* at the end: those that could not be read */
};

/* The groups were off from h.ts for duration ns: what happened then is not known. */
struct golin_rec_gap {
	struct golin_rec h;
	uint64_t duration_ns;
	uint32_t groups, _pad;
};

enum golin_lost_cause {
	GOLIN_LOST_RING = 1,   /* the ring was full */
	GOLIN_LOST_MISSED = 2, /* the kernel's own recursion misses */
	GOLIN_LOST_CUT = 3,    /* a recording was cut or damaged: count is bytes */
};

/* `count` more were lost since the last such record. */
struct golin_rec_lost {
	struct golin_rec h;
	uint32_t cause, _pad;
	uint64_t count;
};

/* The target executed another program; h.epoch is the new one. */
struct golin_rec_exec {
	struct golin_rec h;
	struct golin_rec_str exe;
};

/* The target has ended. */
struct golin_rec_exit {
	struct golin_rec h;
	uint32_t known; /* code and signal are known (the target is golin's child) */
	int32_t code;	/* exit code */
	int32_t signal; /* or the signal that ended it, 0 if none */
	uint32_t _pad;
};

/*
 * What had been counted until now: ends a dump of the model (golin/dump.h), which cannot repeat
 * what led there. Events are as many as it says here (those of the dump are none); of the others
 * the greater counts.
 */
struct golin_rec_counts {
	struct golin_rec h; /* ts: the newest time in the stream */
	uint64_t first_ns;  /* the oldest */
	uint64_t events, created, exited, seen, evicted;
	uint64_t dropped_names, dropped_stacks;
	uint64_t lost_ring, lost_missed, lost_cut;
	uint64_t unread, gaps;
};

/* The statistics of the recorded source (struct golin_source_stats) up to here. */
struct golin_rec_stats {
	struct golin_rec h;
	uint64_t hits, delivered, lost_ring, missed, unread, gaps;
	uint64_t ring_size, cost_ns;
	uint32_t probes, _pad;
};

enum golin_via {
	GOLIN_VIA_GO = 1,	 /* a go statement */
	GOLIN_VIA_TIMER = 2,	 /* time.AfterFunc, a context's deadline: h.goid is 0 */
	GOLIN_VIA_COROUTINE = 3, /* iter.Pull */
};

enum golin_goroutine_flags {
	GOLIN_G_PARENT_KNOWN = 1 << 0,	 /* parent == 0 then means: none (the main goroutine) */
	GOLIN_G_PARTIAL = 1 << 1,	 /* a part could not be read: counts as unread */
	GOLIN_G_PARENT_EVICTED = 1 << 2, /* in dumps: the parent had left the model under its cap */
	GOLIN_G_AGAIN = 1 << 3, /* `seen` by a later reading: for its state, it is no news */
};

/* h.goid is the parent (0: none). */
struct golin_rec_goroutine_create {
	struct golin_rec h;
	uint64_t child;
	uint64_t startpc;  /* of the user's function: behind wrappers, see GOLIN_FRAME_WRAPPER */
	uint64_t gopc;	   /* the go statement */
	uint64_t stack;	   /* of the creator; GOLIN_REC_STACK, 0 if none */
	uint64_t armed_by; /* via timer: the goroutine that armed it last; 0 unknown */
	uint32_t via;	   /* enum golin_via */
	uint32_t flags;	   /* enum golin_goroutine_flags */
};

/* runtime/runtime2.go's status without the scan bit; the same numbers in Go 1.13-1.27. */
enum golin_gstate {
	GOLIN_GS_IDLE = 0,
	GOLIN_GS_RUNNABLE = 1,
	GOLIN_GS_RUNNING = 2,
	GOLIN_GS_SYSCALL = 3,
	GOLIN_GS_WAITING = 4,
	GOLIN_GS_DEAD = 6,
	GOLIN_GS_COPYSTACK = 8,
	GOLIN_GS_PREEMPTED = 9,
	GOLIN_GS_LEAKED = 10,	 /* 1.26+ */
	GOLIN_GS_DEADEXTRA = 11, /* 1.26+ */
	GOLIN_GS_UNKNOWN = 255,
};

/* It was there when memory was read. h.goid is the parent as far as known. */
struct golin_rec_goroutine_seen {
	struct golin_rec h;
	uint64_t child;
	uint64_t startpc, gopc;
	uint32_t state; /* enum golin_gstate */
	uint32_t flags;
	uint64_t wait_since;	   /* monotonic ns, 0 unknown */
	struct golin_rec_str wait; /* Go's wait reason: "chan receive"; empty if not waiting */
};

enum golin_exit_how { GOLIN_HOW_RETURN = 1, GOLIN_HOW_GOEXIT = 2 };

/* h.goid has ended. parent, startpc and gopc serve when its creation is not known. */
struct golin_rec_goroutine_exit {
	struct golin_rec h;
	uint64_t parent;
	uint64_t startpc, gopc;
	uint32_t how; /* enum golin_exit_how */
	uint32_t flags;
};

/* h.goid does not exist: it had never been, or it ended while nobody looked. */
struct golin_rec_goroutine_gone {
	struct golin_rec h;
};

/* The answer to GOLIN_CTL_READ; state GOLIN_GS_DEAD: it is gone. */
struct golin_rec_goroutine_state {
	struct golin_rec h;
	uint32_t state, _pad;
	uint64_t wait_since;
	struct golin_rec_str wait;
};

enum golin_wait_how {
	GOLIN_WAIT_RECV = 1, /* a case of a select, or alone */
	GOLIN_WAIT_SEND = 2,
};

enum golin_wait_flags {
	GOLIN_WAIT_DONE = 1 << 0,  /* the Done channel of the context `ctx`, or of an unknown one */
	GOLIN_WAIT_TIMER = 1 << 1, /* a channel of a time.Timer or time.Ticker */
	GOLIN_WAIT_EMPTY = 1 << 2, /* its elements have no size: chan struct{} */
};

struct golin_rec_wait {
	uint64_t chan; /* address of the runtime.hchan */
	uint64_t ctx;  /* 0 none, or not known */
	uint32_t how;  /* enum golin_wait_how */
	uint32_t flags;
};

enum golin_waits_flags {
	GOLIN_WAITS_STACK = 1 << 0,    /* stack holds: it was parked, and stood still when read */
	GOLIN_WAITS_CHANNELS = 1 << 1, /* the n channels are all that it waits on */
	GOLIN_WAITS_MORE = 1 << 2,     /* there were more than fit */
};

enum { GOLIN_WAITS_MAX = 256 };

/*
 * Of a goroutine that was read: its stack, and the channels of runtime.g.waiting (sudog.c). What
 * is not known has no flag; a goroutine that runs has none.
 */
struct golin_rec_goroutine_waits {
	struct golin_rec h; /* h.ts: when it was read */
	uint64_t stack;	    /* GOLIN_REC_STACK, which comes before it; 0 none */
	uint32_t flags;	    /* enum golin_waits_flags */
	uint32_t n;
	__extension__ struct golin_rec_wait waits[];
};

/* ---- contexts ---- */

enum golin_context_kind {
	GOLIN_CTX_CANCEL = 1,	      /* context.cancelCtx */
	GOLIN_CTX_TIMER = 2,	      /* context.timerCtx: with a deadline */
	GOLIN_CTX_VALUE = 3,	      /* context.valueCtx */
	GOLIN_CTX_AFTER_FUNC = 4,     /* context.afterFuncCtx, 1.21+ */
	GOLIN_CTX_WITHOUT_CANCEL = 5, /* context.withoutCancelCtx, 1.21+: seen as a parent only */
	GOLIN_CTX_BACKGROUND = 6,     /* roots: not contexts of their own, see parent_kind */
	GOLIN_CTX_TODO = 7,
	GOLIN_CTX_FOREIGN = 8, /* any other type: seen as a parent only */
};

enum golin_context_flags {
	GOLIN_CTX_PARTIAL = 1 << 0,	   /* a part could not be read: counts as unread */
	GOLIN_CTX_PARENT_KNOWN = 1 << 1,   /* parent and parent_kind hold; else nothing is known */
	GOLIN_CTX_ASKED = 1 << 2,	   /* asked_unix_ns holds */
	GOLIN_CTX_SHOWN = 1 << 4,	   /* key and value hold text: --show-values */
	GOLIN_CTX_PARENT_EVICTED = 1 << 5, /* in dumps: the parent had left the model */
	GOLIN_CTX_AGAIN = 1 << 6, /* `seen` by a later reading: for its state, it is no news */
	GOLIN_CTX_HAS_TIMEOUT = 1 << 7, /* timeout_ns holds */
	/* in dumps: */
	GOLIN_CTX_RETIRED = 1 << 8,	  /* it is not at its address any more */
	GOLIN_CTX_UP_RETIRED = 1 << 9,	  /* nor is its parent */
	GOLIN_CTX_CREATOR_GONE = 1 << 10, /* h.goid has left the model */
	GOLIN_CTX_DUMPED = 1 << 11,	  /* of a cancellation: what hangs on it may still come */
};

/*
 * h.goid created it. A context is an address until that is used again: a create record for an
 * address that is known replaces what was there. Go 1.20's context with a deadline is two objects
 * (context.timerCtx points to a cancelCtx); it is known by the outer one, `inner` is the other.
 * The stack begins with the constructors in package context: what they are called and where the
 * user's code calls them is told by the names of its pcs.
 */
struct golin_rec_context_create {
	struct golin_rec h;
	uint64_t ctx, inner;
	uint64_t parent;	       /* address; 0 for a root */
	uint64_t type;		       /* of itself; GOLIN_REC_TYPE */
	uint64_t parent_type;	       /* of a foreign parent; 0 else */
	uint64_t stack;		       /* GOLIN_REC_STACK; 0 none */
	int64_t deadline_unix_ns;      /* kind timer; 0 none */
	int64_t timeout_ns;	       /* that WithTimeout was called with, see flags */
	int64_t asked_unix_ns;	       /* the deadline that was asked for, see flags: with one
					* later than the parent's, kind is cancel */
	uint64_t key_type, value_type; /* kind value; GOLIN_REC_TYPE; 0 nil */
	uint32_t kind, parent_kind;    /* enum golin_context_kind */
	uint32_t flags;		       /* enum golin_context_flags */
	uint32_t _pad;
	struct golin_rec_str key, value; /* text of strings, numbers, trace contexts */
};

/* It was there when memory was read, or turned up as a parent. Unknown members are 0. */
struct golin_rec_context_seen {
	struct golin_rec h; /* goid 0: who created it is not known */
	uint64_t ctx, inner, parent, type, parent_type;
	int64_t deadline_unix_ns;
	uint64_t key_type, value_type;
	uint32_t kind, parent_kind;
	uint32_t flags;
	uint32_t cancelled; /* 1: it was done already; 2: that is not known */
	struct golin_rec_str key, value, err;
};

enum golin_cancel_reason {
	GOLIN_CANCEL_EXPLICIT = 1, /* the cancel function was called */
	GOLIN_CANCEL_DEADLINE = 2,
	GOLIN_CANCEL_PARENT = 3, /* the parent's cancellation reached it */
};

/* h.goid cancelled it: it took effect, a call that found it done is no event. */
struct golin_rec_context_cancel {
	struct golin_rec h;
	uint64_t ctx;
	uint64_t stack;			 /* from what called (*cancelCtx).cancel outwards; 0 none */
	uint64_t err_type, cause_type;	 /* GOLIN_REC_TYPE; cause_type 0: no cause but err */
	uint32_t reason;		 /* enum golin_cancel_reason */
	uint32_t flags;			 /* enum golin_context_flags */
	struct golin_rec_str err, cause; /* what Error() says, where the type is known */
};

enum golin_passed_how {
	GOLIN_PASSED_CLOSURE = 1, /* stands in the closure of the go statement */
	GOLIN_PASSED_NESTED = 2,  /* in a func value that stands there */
	GOLIN_PASSED_STACK = 3,	  /* found on its stack */
	GOLIN_PASSED_WAITS = 4,	  /* it waits on its Done channel */
	GOLIN_PASSED_OBJECT = 5,  /* in an object to which the closure or an argument points */
};

/* Goroutine `child` works under ctx: it was handed to it. h.goid handed it on (0 unknown). */
struct golin_rec_context_passed {
	struct golin_rec h;
	uint64_t child, ctx;
	uint32_t how; /* enum golin_passed_how */
	uint32_t _pad;
};

/* What GOLIN_REC_COUNTS is for goroutines; stands before that in a dump. */
struct golin_rec_context_counts {
	struct golin_rec h;
	uint64_t created, cancelled, seen, retired, evicted, orphans;
};

#include "golin/record_timer.h"
#include "golin/record_panic.h"

/*
 * True when `rec`, of which `avail` bytes are there, is whole and its counts and strings lie
 * within it. Known types are checked wholly; of an unknown one only the header is. A body of
 * another version than 1 is not to be used. Does not look at whether strings are clean:
 * golin_record_is_clean() does.
 */
bool golin_record_check(const struct golin_rec *rec, size_t avail);
/* True when all strings of a checked record are clean (core/base/text.h). */
bool golin_record_is_clean(const struct golin_rec *rec);
/* The text of a string of a checked record. Never NULL. */
const char *golin_rec_text(const struct golin_rec *rec, struct golin_rec_str s);
/* Of a checked record: the words between its frames, n of them; NULL when it has none. */
const uint16_t *golin_rec_stack_words(const struct golin_rec_stack *r);
/* Of a checked record: its ndefers defers. */
const struct golin_rec_kept_defer *
golin_rec_kept_defers(const struct golin_rec_goroutine_defers *r);
/* "goroutine.create", or NULL for a type without a name. */
const char *golin_rec_type_name(uint16_t type);
const char *golin_gstate_name(uint32_t state);	       /* "waiting" */
const char *golin_via_name(uint32_t via);	       /* "go", "timer", "coroutine" */
const char *golin_how_name(uint32_t how);	       /* "return", "goexit" */
const char *golin_context_kind_name(uint32_t kind);    /* "cancel", "timer", "afterFunc" ... */
const char *golin_cancel_reason_name(uint32_t reason); /* "explicit", "deadline", "parent" */
const char *golin_timer_kind_name(uint32_t kind);      /* "func", "chan", "ticker" */
const char *golin_timer_end_name(uint32_t how);	       /* "stopped", "fired" */

/*
 * Builds a record that has strings:
 *
 *	struct golin_recbuf b = {0};
 *	struct golin_rec_target *t = golin_recbuf_begin(&b, GOLIN_REC_TARGET, sizeof(*t));
 *	t->pid = 7;                              valid until the next call
 *	golin_recbuf_str(&b, offsetof(struct golin_rec_target, exe), exe, strlen(exe));
 *	const struct golin_rec *r = golin_recbuf_end(&b);      valid until the next begin
 *	golin_recbuf_done(&b);
 *
 * Strings are cleaned on the way in. Out of memory or too large: end() gives NULL.
 */
struct golin_recbuf {
	uint64_t *mem;
	size_t len, cap; /* bytes */
	int failed;
};

/* A copy in `b` of a checked record of a known type, its strings cleaned; NULL: out of memory. */
const struct golin_rec *golin_record_cleaned(const struct golin_rec *rec, struct golin_recbuf *b);

void *golin_recbuf_begin(struct golin_recbuf *b, uint16_t type, size_t fixed);
/* off: of the struct golin_rec_str inside the record. */
void golin_recbuf_str(struct golin_recbuf *b, size_t off, const void *s, size_t len);
const struct golin_rec *golin_recbuf_end(struct golin_recbuf *b);
void golin_recbuf_done(struct golin_recbuf *b);

#ifdef __cplusplus
}
#endif
#endif

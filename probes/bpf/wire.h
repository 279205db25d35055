/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * What the BPF programs and probes/live say to each other: the bytes in the ring, the counters,
 * the configuration and the attach cookie. Private to probes/, may change with any build: both
 * sides are built together. Fixed-width types only, no holes.
 */
#ifndef GOLIN_PROBES_WIRE_H
#define GOLIN_PROBES_WIRE_H

#ifdef __bpf__
#include <linux/types.h>
#else
#include <linux/types.h>
#include <stdint.h>
#endif

enum {
	WIRE_STACK_MAX = 128, /* pcs of one stack */
	WIRE_SCRATCH = 4,     /* nested walks on one CPU (a preempted one keeps its slot) */
	WIRE_TIMERS = 131072, /* armed AfterFunc timers that are remembered */
	WIRE_THREADS = 8192,
	WIRE_STACKS = 65536, /* stacks known to have been sent; a power of two */
	WIRE_SPAN = 288,     /* bytes of a g that are read at once, at most */
	WIRE_CLOSURE = 128,  /* bytes of a closure that are copied */
	WIRE_NESTED = 3,     /* of the func values in it: how many, and bytes of each */
	WIRE_NESTED_LEN = 64,
	WIRE_CTX_ASKED = 8192, /* goroutines between WithDeadline and propagateCancel */
	WIRE_TEXT = 128,       /* bytes of a string that are copied */
	WIRE_OBJECT = 256,     /* bytes of a context's value, when it is no string */
	WIRE_PROLOGUE = 64,    /* bytes from a function's entry to its stack check, at most */
	WIRE_CHUNK = 1024,     /* bytes of a stack that are read at once */
	WIRE_ITABS = 1024,     /* itabs known to have been sent; a power of two */
	/* Of a panic's value: */
	WIRE_G_SPAN = 320,	/* bytes of a g, from its start */
	WIRE_COPIES = 6144,	/* bytes of all copies, with their headers, at most */
	WIRE_COPY = 1024,	/* of one of them; a power of two */
	WIRE_OBJECT_COPY = 512, /* of what a value is made of; a power of two */
	WIRE_POINTED = 64,	/* of what a pointer in it leads to */
	WIRE_QUEUE = 64,	/* what is to be copied; a power of two */
	WIRE_SHAPES = 1024,	/* types that are known; a power of two */
	WIRE_GIDS = 4096,	/* goroutines that panic: their numbers; a power of two */
	WIRE_KEPT = 32,		/* panics of a goroutine that ends the program */
};

/* In the ring. All but WIRE_STACK and WIRE_ITAB are hits: these belong to events. */
enum wire_type {
	WIRE_CREATE = 1,
	WIRE_EXIT = 2,
	WIRE_EXEC = 3,
	WIRE_STACK = 4,
	WIRE_CTX_CREATE = 5,
	WIRE_CTX_VALUE = 6,
	WIRE_CTX_CANCEL = 7,
	WIRE_CTX_PASSED = 8,
	WIRE_TIMER_START = 9,
	WIRE_TIMER_END = 10,
	WIRE_ITAB = 15,
	WIRE_PANIC_START = 16,
	WIRE_PANIC_DEFER = 17,
	WIRE_PANIC_RECOVER = 18,
	WIRE_PANIC_GOEXIT = 19,
	WIRE_PANIC_FATAL = 20,
	WIRE_PANIC_THROW = 21,
	WIRE_PANIC_PRINT = 22, /* the value of a panic(nil) that nothing recovers from */
	WIRE_GC_PAUSE = 24,
	WIRE_TYPES = 32,
};

enum wire_flags {
	WIRE_F_PARTIAL = 1 << 0, /* a read failed */
	WIRE_F_TIMER = 1 << 1,	 /* WIRE_CREATE: by time.goFunc; ref is who armed it */
	WIRE_F_CORO = 1 << 2,	 /* WIRE_CREATE: by runtime.newcoro */
	WIRE_F_GOEXIT = 1 << 3,	 /* WIRE_EXIT: g._panic is set */
	WIRE_F_LATE = 1 << 4,	 /* WIRE_CREATE: startpc is the address where it stands */
	WIRE_F_AGAIN = 1 << 5,	 /* WIRE_TIMER_START: of a timer that had been made before */
	WIRE_F_FIRED = 1 << 6,	 /* WIRE_TIMER_END: else it was stopped */
	/* of panics: */
	WIRE_F_NESTED = 1 << 7, /* g._panic was set, and of that: */
	WIRE_F_UP_RECOVERED = 1 << 8,
	WIRE_F_UP_ABORTED = 1 << 9,
	WIRE_F_UP_GOEXIT = 1 << 10,
	WIRE_F_LOCKED = 1 << 11,
	WIRE_F_SIGNAL = 1 << 12,    /* sig_pc and sig_addr hold */
	WIRE_F_OPEN = 1 << 13,	    /* WIRE_PANIC_DEFER: open-coded */
	WIRE_F_OF_GOEXIT = 1 << 14, /* WIRE_PANIC_DEFER: Goexit runs it */
	WIRE_F_VALUE = 1 << 15,	    /* value holds */
	WIRE_F_USER = 1 << 16,	    /* WIRE_PANIC_THROW: by runtime.fatal */
	WIRE_F_WORDS = 1 << 17,	    /* WIRE_STACK: see there */
	WIRE_F_TRACE = 1 << 18,	    /* WIRE_CTX_VALUE: copied for the ids of a trace alone */
};

struct wire_hdr {
	__u16 type; /* enum wire_type */
	__u16 size; /* bytes with this header */
	__u32 flags;
	__u64 ts; /* CLOCK_MONOTONIC, taken before the place in the ring */
};

struct wire_create {
	struct wire_hdr h;
	__u64 child, parent;
	__u64 startpc, gopc; /* as in g: not biased back */
	__u64 g;
	__u64 ref; /* WIRE_F_TIMER: goid of the armer; else the stack's id; 0 none */
};

struct wire_exit {
	struct wire_hdr h;
	__u64 goid, parent;
	__u64 startpc, gopc;
	__u64 g;
	__u64 ret; /* Go 1.13: where goexit1 returns to */
};

struct wire_exec {
	struct wire_hdr h;
};

/*
 * With WIRE_F_WORDS, above the 48 bits of a pc stands how many words there are between the frame
 * pointer of the frame that it returns from and that of the one it returns to; 0 not known. A pc
 * that a signal came at is no return address: it is sent as if it were.
 */
struct wire_stack {
	struct wire_hdr h;
	__u64 id;
	__u32 n, truncated;
	__u64 pcs[WIRE_STACK_MAX]; /* only n are sent */
};

enum { WIRE_STACK_FIXED = 32 };

/* What an interface value holds: its type or itab, and its data word. */
struct wire_iface {
	__u64 tab, data;
};

/*
 * What an itab says, sent before the first event that names it: one that was made while the program
 * runs is not in its file, and the program may be gone when the event is read.
 */
struct wire_itab {
	struct wire_hdr h;
	__u64 tab;
	__u64 words[2]; /* what it begins with */
};

/* A string that an interface's data word points to. */
struct wire_text {
	__u64 ptr, len; /* what stands there, string or not, with these flags: */
	__u8 b[WIRE_TEXT];
};

#define WIRE_TEXT_LATE (1ULL << 63) /* b is not filled: a constant, or no string */
#define WIRE_TEXT_CUT (1ULL << 62)  /* of ptr and len, only as many bytes are known as len says */

struct wire_ctx_create {
	struct wire_hdr h;
	__u64 goid;
	struct wire_iface child, parent;
	struct wire_iface up;	     /* the first two words of the parent: often its own parent */
	__u64 inner;		     /* the first word of the child */
	__u64 wall, ext;	     /* where a timerCtx has its deadline (time.Time) */
	__u64 asked_wall, asked_ext; /* the deadline that was asked for; 0, 0: none was */
	__u64 timeout, has_timeout;  /* that was asked for */
	__u64 stack;
};

struct wire_ctx_value {
	struct wire_hdr h;
	__u64 goid;
	__u64 ctx;
	struct wire_iface parent, key, value;
	struct wire_iface up;
	__u64 stack;
	/* only with WIRE_HAS_VALUES or WIRE_F_TRACE: */
	struct wire_text key_text, value_text;
	__u32 object_len, _pad; /* of object: what stands at value.data */
	__u8 object[WIRE_OBJECT];
};

enum { WIRE_CTX_VALUE_FIXED = 104 };

struct wire_ctx_cancel {
	struct wire_hdr h;
	__u64 goid;
	__u64 ctx;
	struct wire_iface err, cause;
	__u64 ret[2]; /* where cancel returns to, and where its caller does */
	__u64 stack;
	struct wire_text err_text;
	struct wire_text cause_text; /* only where the cause is another than err */
};

/* Up to the bytes of err_text, of which only so many are sent as there are. */
enum { WIRE_CTX_CANCEL_FIXED = 104 };

/* What a new goroutine finds in the closure that it starts with, and in func values there. */
struct wire_ctx_passed {
	struct wire_hdr h;
	__u64 child, parent;
	__u64 closure; /* its address */
	__u64 words[WIRE_CLOSURE / 8];
	__u64 args[WIRE_NESTED_LEN / 8]; /* up to Go 1.16: the arguments on its stack */
	__u64 nested[WIRE_NESTED][WIRE_NESTED_LEN / 8]; /* behind args, or words[1] and on */
};

struct wire_timer_start {
	struct wire_hdr h;
	__u64 goid;
	__u64 timer;
	__u64 when, period;
	__u64 f, code; /* the func value, and what it begins with: 0 where that was not to be had */
	__u64 stack;
};

struct wire_timer_end {
	struct wire_hdr h;
	__u64 goid;
	__u64 timer; /* 0: fired, not known which */
};

/* What stood at an address: len bytes follow, and room up to the next multiple of 8. */
struct wire_copy {
	__u64 addr;
	__u32 len, _pad;
};

struct wire_panic_start {
	struct wire_hdr h;
	__u64 goid, depth;
	__u64 stack;
	__u64 sig_pc, sig_addr;
	__u64 sig_word; /* above sig_pc on the stack: where a function without a frame returns to */
	struct wire_iface value; /* its type, and the data word */
	__u32 copied, _pad;	 /* bytes of struct wire_copy that follow */
};

struct wire_panic_defer {
	struct wire_hdr h;
	__u64 goid, pc;
	struct wire_iface value; /* of g._panic, once there was a panic(nil); see flags */
};

struct wire_panic_recover {
	struct wire_hdr h;
	__u64 goid, pc, depth;
	struct wire_iface value; /* see flags */
};

struct wire_panic_goexit {
	struct wire_hdr h;
	__u64 goid, depth, stack;
};

struct wire_kept {
	__u64 addr;
	struct wire_iface value;
	__u32 flags; /* enum golin_kept_flags */
	__u32 partial;
};

struct wire_panic_fatal {
	struct wire_hdr h;
	__u64 goid;
	__u32 n, copied;
	struct wire_kept panics[WIRE_KEPT]; /* all are sent; the innermost first */
};

struct wire_panic_throw {
	struct wire_hdr h;
	__u64 goid, stack;
	__u64 text, len;
	__u32 copied, _pad;
};

/* The world stood still from `since` on. */
struct wire_gc_pause {
	struct wire_hdr h;
	__u64 since;
	__u32 reason, _pad;
};

/* One for each CPU, in a mapped array; a cache line of its own each. Counters only grow. */
struct wire_stats {
	__u64 hits[WIRE_TYPES]; /* by enum wire_type, after the filters */
	__u64 lost[WIRE_TYPES]; /* of these: no place in the ring */
	__u64 partial;		/* of those with a place: a read failed */
	__u64 quiet;		/* hits that only take notes: timers */
	__u64 stacks, stacks_lost;
	__u64 create_ip; /* not a counter: where WIRE_OP_CREATE hit last */
	__u64 _pad[3];
};

/* What the dispatcher does at a site: the low byte of the cookie. */
enum wire_op {
	WIRE_OP_NONE = 0, /* not attached: the site only tells where a function lies */
	WIRE_OP_CREATE = 1,
	WIRE_OP_CORO = 2,
	WIRE_OP_EXIT = 3,
	WIRE_OP_TIMER_START = 4, /* timer.f stands in the struct */
	WIRE_OP_TIMER_ARM = 5,	 /* f is an argument */
	WIRE_OP_TIMER_RESET = 6, /* as start, of a timer that exists */
	WIRE_OP_TIMER_FIRE = 7,
	WIRE_OP_CTX_CREATE = 8,	  /* propagateCancel; A0 is the number of its parent argument */
	WIRE_OP_CTX_ASKED = 9,	  /* WithDeadline, WithDeadlineCause */
	WIRE_OP_CTX_TIMEOUT = 12, /* WithTimeout, WithTimeoutCause */
	WIRE_OP_CTX_VALUE = 10,	  /* in WithValue, the object made, its arguments in their slots */
	WIRE_OP_CTX_CANCEL = 11,  /* in (*cancelCtx).cancel, behind the check that it is not done */
	WIRE_OP_TIMER_STOP = 13,
	WIRE_OP_TIMER_SEND = 14, /* as fire, of a channel's */
	WIRE_OP_TIMER_MOD = 15,	 /* as reset, of a ticker: until 1.22 */
	WIRE_OP_PANIC_START = 16,
	WIRE_OP_PANIC_DEFER = 17,   /* fn is A0 */
	WIRE_OP_PANIC_DEFER_X = 26, /* likewise, and Goexit runs it */
	WIRE_OP_PANIC_DEFER_G = 18, /* fn is that of the innermost of g._defer: 1.17 to 1.21 */
	WIRE_OP_PANIC_DEFER_P = 19, /* the panic is A0, fn A1: 1.14 to 1.21 */
	WIRE_OP_PANIC_RECOVER = 20,
	WIRE_OP_PANIC_GOEXIT = 21,
	WIRE_OP_PANIC_FATAL = 22,
	WIRE_OP_PANIC_PRINT = 23,
	WIRE_OP_PANIC_THROW = 24,
	WIRE_OP_PANIC_USER = 25, /* as throw: runtime.fatal */
	WIRE_OP_GC_STOP = 28,	 /* why is A0 */
	WIRE_OP_GC_GO = 29,
	WIRE_OP_MAX = 32,
};

/* Where g comes from: bits 24-31. */
enum wire_gsrc { WIRE_G_NONE = 0, WIRE_G_R14 = 1, WIRE_G_RCX = 2, WIRE_G_TLS = 3 };

/*
 * Where an argument stands: an x86 register number (0 rax .. 15 r15), or WIRE_AT_STACK and the
 * number of an 8-byte word from the stack pointer.
 */
enum { WIRE_AT_STACK = 0x80 };

#define WIRE_COOKIE(op, a0, a1, gsrc, add)                                                         \
	((__u64)(op) | (__u64)(a0) << 8 | (__u64)(a1) << 16 | (__u64)(gsrc) << 24 |                \
	 (__u64)(add) << 32)
#define WIRE_COOKIE_DROP(flags) ((__u64)((flags)&0xff) << 40)
#define WIRE_COOKIE_OP(c) ((__u32)((c)&0xff))
#define WIRE_COOKIE_A0(c) ((__u32)((c) >> 8 & 0xff))
#define WIRE_COOKIE_A1(c) ((__u32)((c) >> 16 & 0xff))
#define WIRE_COOKIE_G(c) ((__u32)((c) >> 24 & 0xff))
#define WIRE_COOKIE_ADD(c) ((__u32)((c) >> 32 & 0xff)) /* added to argument 0 */
#define WIRE_COOKIE_DROPS(c) ((__u32)((c) >> 40 & 0xff))

enum wire_has {
	WIRE_HAS_PARENT = 1 << 0,     /* g.parentGoid */
	WIRE_HAS_TIMER = 1 << 1,      /* timer.f, timer.arg and time.goFunc */
	WIRE_HAS_CORO = 1 << 2,	      /* coro.f */
	WIRE_HAS_GOEXIT = 1 << 3,     /* g._panic is set by Goexit: 1.14+ */
	WIRE_SCAN_TIMERPROC = 1 << 4, /* 1.13: look for the timer in timerproc's frame */
	WIRE_HAS_LATE = 1 << 5,	      /* the map of such wrappers has entries */
	WIRE_HAS_STACK_ARGS = 1 << 6, /* arguments on the stack: up to 1.16 */
	WIRE_HAS_CONTEXTS = 1 << 7,   /* what a goroutine is handed is wanted */
	WIRE_HAS_CAUSE = 1 << 8,      /* cancel takes a cause: 1.20+ */
	WIRE_HAS_VALUES = 1 << 9,     /* the text of keys and values is wanted */
	WIRE_HAS_TIMER_EVENTS = 1 << 10,
	WIRE_HAS_TIMER_WHEN = 1 << 11,	 /* timer.when is 0 when it is not armed: 1.23+ */
	WIRE_HAS_RESET_PERIOD = 1 << 12, /* resetTimer takes a period: 1.23+ */
	WIRE_HAS_PANICS = 1 << 13,
	WIRE_HAS_COPIES = 1 << 14,	/* what panics' values are made of is wanted */
	WIRE_HAS_SIGCODE = 1 << 16,	/* recovery finds pc and sp in g.sigcode: up to 1.21 */
	WIRE_HAS_NIL_ERROR = 1 << 17,	/* panic(nil) makes a value of its own: 1.21+ */
	WIRE_HAS_DIRECT_FLAG = 1 << 18, /* type.TFlag says that a value is a pointer: 1.26+ */
	WIRE_HAS_MASK_FLAG = 1 << 19,	/* and that its pointer mask is made on demand: 1.24+ */
	WIRE_HAS_STW_REASON = 1 << 24,	/* stopTheWorldWithSema is told why: 1.21+ */
	WIRE_HAS_PAUSES = 1 << 25,
	WIRE_HAS_TRACES = 1 << 26, /* the ids of traces in contexts are wanted */
};

/* Where a wrapper's closure leads to the function: *(*(closure + word) + off). */
struct wire_late {
	__u32 word, off;
};

/* Part of a g; the other offsets are from its start. */
struct wire_span {
	__u32 off, len;
	__u32 goid, parent, gopc, startpc, panic, sched_bp, stack_lo, stack_hi;
};

/* Offsets in a g, which is read from its start, and in the structs of panics. */
struct wire_panic_cfg {
	__u32 g_len; /* bytes with all of these; up to WIRE_G_SPAN */
	__u32 goid, lo, hi, panic, lockedm, sig, sigcode0, sigcode1, sigpc;
	__u32 recover_len; /* bytes that a recovery wants */
	__u32 g_defer, defer_fn;
	__u32 p_len; /* bytes of a _panic; up to 128 */
	__u32 arg, link, sp, retpc;
	__u32 core_len; /* bytes of a g with goid, stack and _panic */
	__u32 _pad;
	__u32 recovered, aborted, goexit, repanicked; /* UINT32_MAX: there is none */
	__u64 sigpanic, sigpanic_len;		      /* as linked */
	__u64 ro, ro_len; /* likewise: constants, which can be read at any time */
};

/* All that differs between programs, kernels and Go versions; constant once loaded. */
struct wire_cfg {
	__u32 tgid;
	__u32 stack_depth;    /* 0: no stacks */
	__u64 ns_dev, ns_ino; /* tgid is of this pid namespace; 0: the initial one */
	__u32 fsbase;	      /* offset of thread.fsbase in task_struct; 0 unknown */
	__s32 tls_g;	      /* of g from the fs base */
	__u32 has;	      /* enum wire_has */
	__u32 ncpu;
	__u32 g_goid, g_m, g_sched_bp, m_curg;
	__u32 timer_f, timer_arg, coro_f, g_sched_ctxt;
	__u32 g_sched_sp, ctx_deadline; /* of timerCtx.deadline */
	__u32 itab_inter;
	__u32 filtered; /* only the target hits: the kernel sees to that */
	/* A read costs much more than the bytes that it copies: so each event reads the fields that
	 * it wants of a g at once, from the first to the end of the last. */
	struct wire_span create, exit, creator;
	/* Addresses as linked. A position-independent program's own are not known when it starts: a
	 * hit at the site of an operation tells how far it was moved. */
	__u64 site[WIRE_OP_MAX]; /* by enum wire_op */
	__u64 gofunc, gofunc_len;
	/* Of the records of timers. timer.when is followed by period, f and arg. */
	__u32 timer_when, timer_status; /* 0: there is none */
	__u64 ctx_func;			/* what the timers of contexts run; 0: not known */
	__u64 reset, reset_len;		/* (*Timer).Reset, where it calls stopTimer; 0: nowhere */
	__u64 goexit; /* what a stack's outermost frame returns to is behind its first byte */
	__u64 text, text_len;
	/* Types: where they begin, as linked; of a descriptor; where a name's bytes begin. */
	__u64 types, types_len;
	__u32 type_kind, type_str, type_name, _pad;
	struct wire_panic_cfg p;
};

_Static_assert(sizeof(struct wire_hdr) == 16, "wire");
_Static_assert(sizeof(struct wire_create) == 64, "wire");
_Static_assert(sizeof(struct wire_exit) == 64, "wire");
_Static_assert(sizeof(struct wire_exec) == 16, "wire");
_Static_assert(sizeof(struct wire_stack) == WIRE_STACK_FIXED + 8 * WIRE_STACK_MAX, "wire");
_Static_assert(sizeof(struct wire_stats) == 576, "wire");
_Static_assert(sizeof(struct wire_ctx_create) == 136, "wire");
_Static_assert(__builtin_offsetof(struct wire_ctx_value, key_text) == WIRE_CTX_VALUE_FIXED, "wire");
_Static_assert(__builtin_offsetof(struct wire_ctx_cancel, err_text.b) == WIRE_CTX_CANCEL_FIXED,
	       "wire");
_Static_assert(sizeof(struct wire_itab) == 40, "wire");
_Static_assert(sizeof(struct wire_span) == 40, "wire");
_Static_assert(sizeof(struct wire_panic_start) == 88, "wire");
_Static_assert(sizeof(struct wire_panic_defer) == 48, "wire");
_Static_assert(sizeof(struct wire_panic_recover) == 56, "wire");
_Static_assert(sizeof(struct wire_panic_goexit) == 40, "wire");
_Static_assert(sizeof(struct wire_kept) == 32, "wire");
_Static_assert(sizeof(struct wire_panic_cfg) % 8 == 0, "wire");
_Static_assert(sizeof(struct wire_cfg) % 8 == 0, "wire");

#endif

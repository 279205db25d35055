/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The model: what the records so far say about the target. It is fed by golin_model_apply() and
 * read by views; it knows nothing of processes, ELF or terminals. Not thread-safe.
 *
 * Pointers and strings that it gives are borrowed and valid until the next apply().
 */
#ifndef GOLIN_MODEL_H
#define GOLIN_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "golin/record.h"

#ifdef __cplusplus
extern "C" {
#endif

struct golin_err;
struct golin_model;

struct golin_model_opts {
	uint32_t max_ended;    /* ended goroutines to keep; 0: the default, 262144 */
	uint32_t max_stacks;   /* 0: the default, 65536 */
	uint32_t max_names;    /* 0: the default, 262144 */
	uint32_t max_contexts; /* cancelled and retired ones to keep; 0: the default, 131072 */
	uint32_t max_panics;   /* those that are over to keep; 0: the default, 65536 */
};

/* Index of a goroutine in the model; stable while the goroutine is in it. */
typedef uint32_t golin_gidx;
#define GOLIN_GIDX_NONE UINT32_MAX

struct golin_goroutine {
	uint64_t goid;
	uint64_t parent;   /* goid; 0: none or unknown, see flags */
	uint64_t armed_by; /* via timer */
	uint64_t startpc, gopc, stack;
	uint64_t created; /* monotonic ns; 0: before the attach */
	uint64_t exited;  /* 0: alive */
	uint64_t wait_since;
	uint32_t target, epoch;
	uint32_t wait;				/* golin_model_string() */
	uint32_t nlive;				/* live children */
	uint32_t nchild;			/* children in the model */
	golin_gidx up, first, last, next, prev; /* the tree; children in order of arrival */
	uint8_t state; /* enum golin_gstate as last read; unknown if it never was */
	uint8_t via;   /* enum golin_via; 0: was there before */
	uint8_t how;   /* enum golin_exit_how; 0: alive, or ended unseen */
	uint8_t flags; /* enum golin_gflags */
};

enum golin_gflags {
	GOLIN_GF_ALIVE = 1 << 0,
	GOLIN_GF_SYSTEM = 1 << 1,	/* as runtime.isSystemGoroutine says */
	GOLIN_GF_PARENT_KNOWN = 1 << 2, /* parent == 0 is then "none" */
	GOLIN_GF_GHOST = 1 << 3, /* never seen itself: stands for the parent of one that was seen */
	GOLIN_GF_CREATED = 1 << 4,	  /* its creation was watched */
	GOLIN_GF_PARENT_EVICTED = 1 << 5, /* its parent left under the cap: it is a root now */
					  /* 1 << 6 and 1 << 7 are the model's own */
};

struct golin_frame {
	const char *func, *file; /* never NULL */
	uint32_t line;
	uint32_t flags; /* enum golin_frame_flags */
};

struct golin_target_info {
	uint32_t target, epoch, pid, flags, layout_source;
	const char *exe, *comm, *go, *build_id, *arch;
};

struct golin_model_counts {
	uint64_t events;			/* goroutine records applied (create, seen, exit) */
	uint64_t live, ended, system;		/* in the model now; system is among live */
	uint64_t created, exited;		/* watched */
	uint64_t seen;				/* found in memory */
	uint64_t evicted;			/* ended goroutines that left under the cap */
	uint64_t dropped_names, dropped_stacks; /* left out under their caps */
	uint64_t lost_ring, lost_missed, lost_cut; /* from GOLIN_REC_LOST */
	uint64_t unread, gaps;
	uint64_t bytes; /* memory that the model holds, about */
};

int golin_model_new(const struct golin_model_opts *opts, struct golin_model **ret);
void golin_model_free(struct golin_model *m);
/* Forgets everything but its options (a recording is sought). */
void golin_model_reset(struct golin_model *m);
/* rec must have passed golin_record_check(). Returns 0 or -ENOMEM. Contradictions are absorbed. */
int golin_model_apply(struct golin_model *m, const struct golin_rec *rec);

/* Grows with every change; a view redraws when it differs. */
uint64_t golin_model_generation(const struct golin_model *m);
void golin_model_counts(const struct golin_model *m, struct golin_model_counts *ret);
/* The newest target record; false before the first. */
bool golin_model_target(const struct golin_model *m, struct golin_target_info *ret);
/* Unix ns of a monotonic time; 0 stays 0, and so does everything before the first clock record. */
uint64_t golin_model_unix(const struct golin_model *m, uint64_t mono_ns);
/* The newest monotonic time in the stream. */
uint64_t golin_model_now(const struct golin_model *m);
/* How the target ended; false while it lives. */
bool golin_model_exit(const struct golin_model *m, struct golin_rec_exit *ret);

/* The goroutine of the newest epoch with that goid, or GOLIN_GIDX_NONE. */
golin_gidx golin_model_find(const struct golin_model *m, uint64_t goid);
golin_gidx golin_model_find_key(const struct golin_model *m, uint32_t target, uint32_t epoch,
				uint64_t goid);
/* NULL for an index that is not in use. */
const struct golin_goroutine *golin_model_goroutine(const struct golin_model *m, golin_gidx i);
/* Indices are 0 .. count - 1; some may not be in use. */
uint32_t golin_model_goroutine_max(const struct golin_model *m);
/* The first of the tree's roots; go on with ->next. */
golin_gidx golin_model_roots(const struct golin_model *m);

/* Monotonic time of the oldest record that has one; 0 before. */
uint64_t golin_model_first(const struct golin_model *m);

/* Frames at a pc, innermost first; returns how many (0: no name). *ret is an array. */
int golin_model_frames(const struct golin_model *m, uint64_t pc, const struct golin_frame **ret);
/*
 * The function that a goroutine runs, as a Go traceback names it: behind compiler-made wrappers.
 * "main.main" for runtime.main. Never NULL: "0x47e120" without a name, "" without a pc.
 */
struct golin_frame golin_model_start_func(const struct golin_model *m,
					  const struct golin_goroutine *g);
/*
 * The go statement: the function in which it stands, file and line. func is "" when there is none
 * to be known; so it is for the main goroutine.
 */
struct golin_frame golin_model_go_site(const struct golin_model *m,
				       const struct golin_goroutine *g);
/* The pcs of a stack; returns how many (0: not known). */
int golin_model_stack(const struct golin_model *m, uint64_t id, const uint64_t **ret,
		      bool *ret_truncated);
const char *golin_model_string(const struct golin_model *m, uint32_t id); /* never NULL */
/*
 * "chan receive", "running", "exited", "unknown": the wait reason while waiting, else the state.
 * "ended before" for a ghost.
 */
const char *golin_goroutine_state_text(const struct golin_model *m,
				       const struct golin_goroutine *g);
/* As runtime.isSystemGoroutine (runtime/traceback.go) tells by the start function's name. */
bool golin_is_system_func(const char *func);

#ifdef __cplusplus
}
#endif
#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The contexts of the model: who created each, who cancelled it, and which goroutines work under
 * it. Fed by GOLIN_REC_CONTEXT_* through golin_model_apply(). Pointers and strings are borrowed and
 * valid until the next apply().
 */
#ifndef GOLIN_CONTEXT_H
#define GOLIN_CONTEXT_H

#include "golin/model.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Index of a context in the model; stable while it is in it. */
typedef uint32_t golin_cidx;
#define GOLIN_CIDX_NONE UINT32_MAX

enum golin_context_state {
	GOLIN_CS_ACTIVE = 1,
	GOLIN_CS_CANCELLED = 2,
	GOLIN_CS_UNKNOWN = 3, /* it was there before, and nothing said so far */
};

struct golin_context {
	uint64_t ctx;	  /* its address, which may be used again once it is retired */
	uint64_t created; /* monotonic ns; 0: before the attach */
	uint64_t first;	  /* monotonic ns of the first record about it */
	uint64_t goid;	  /* who created it; 0 unknown */
	uint64_t stack;
	int64_t deadline_unix_ns, asked_unix_ns; /* 0 none */
	int64_t timeout_ns;    /* asked for, with GOLIN_CTX_HAS_TIMEOUT in flags */
	uint32_t lineage_hash; /* of its creation stack, see golin_context_lineage() */
	uint32_t lineage_tie;
	uint32_t target, epoch;
	uint32_t type, parent_type;    /* golin_model_string(): Go's type names */
	uint32_t key_type, value_type; /* likewise */
	uint32_t key, value;	       /* likewise; text where it may be shown */
	golin_cidx up, first_child, last_child, next, prev; /* children in order of arrival */
	uint32_t nchild, nlive; /* children in the model; those of them that are not cancelled */
	uint32_t nholders;	/* goroutines that work under it, as far as the events tell */
	/* its cancellation, when state is GOLIN_CS_CANCELLED and it was watched */
	uint64_t cancelled; /* monotonic ns; 0: not, or before the attach */
	uint64_t cancel_goid;
	uint64_t cancel_stack;
	uint32_t err, err_type, cause, cause_type; /* golin_model_string() */
	uint8_t cancel_reason;			   /* enum golin_cancel_reason; 0 */
	uint8_t kind;				   /* enum golin_context_kind */
	uint8_t parent_kind;			   /* enum golin_context_kind; 0 unknown */
	uint8_t state;				   /* enum golin_context_state */
	uint8_t flags;				   /* enum golin_context_flags of record.h */
	uint8_t retired; /* its address was used again, or nothing names it any more */
	uint8_t _pad[2];
};

/* NULL for an index that is not in use. */
const struct golin_context *golin_model_context(const struct golin_model *m, golin_cidx i);
/* Indices are 0 .. max - 1; some may not be in use. */
uint32_t golin_model_context_max(const struct golin_model *m);
/* The first of the trees' roots; go on with ->next. */
golin_cidx golin_model_context_roots(const struct golin_model *m);
/* The one that is at this address now, in the newest epoch; GOLIN_CIDX_NONE. */
golin_cidx golin_model_context_at(const struct golin_model *m, uint64_t ctx);
golin_cidx golin_model_context_find(const struct golin_model *m, const char *lineage);

enum { GOLIN_LINEAGE_MAX = 64 }; /* bytes of a lineage id with its NUL */

/*
 * The id: "ln-{creation in ns, hex}-{hash of the creation stack's pcs, 8 hex digits}-t{goid}", with
 * "-n" on a tie; "ls-{first seen, hex}-{address}" for one that was only seen.
 */
const char *golin_context_lineage(const struct golin_model *m, const struct golin_context *c,
				  char *ret);

/* The call in the user's code: the innermost frame outside package context. func "" unknown. */
struct golin_frame golin_context_site(const struct golin_model *m, const struct golin_context *c);
/* The constructor that it calls: "context.WithTimeout". Never NULL, "" unknown. */
const char *golin_context_func(const struct golin_model *m, const struct golin_context *c);
/* Where the user's code cancelled it (of its origin, when it was propagated). func "" unknown. */
struct golin_frame golin_context_cancel_site(const struct golin_model *m,
					     const struct golin_context *c);

/* How a goroutine came to work under a context. */
enum golin_holder_how {
	GOLIN_HOLD_CREATED = 1, /* it created it */
	GOLIN_HOLD_PASSED = 2,	/* it was handed to it when it started */
	GOLIN_HOLD_WAITS = 3,	/* it waits on its Done channel */
	GOLIN_HOLD_STACK = 4,	/* found on its stack */
};

struct golin_holder {
	golin_gidx g; /* alive or ended */
	uint8_t how;  /* enum golin_holder_how */
};

/* Where the cascade that reached it began: itself unless reason is parent; GOLIN_CIDX_NONE. */
golin_cidx golin_context_origin(const struct golin_model *m, golin_cidx i);
/* The goroutines under a context, at most max, live ones first; returns how many there are. */
uint32_t golin_context_holders(const struct golin_model *m, golin_cidx i, struct golin_holder *ret,
			       uint32_t max);
/* How many of them are alive. */
uint32_t golin_context_live_holders(const struct golin_model *m, golin_cidx i);
/* How a goroutine works under a context: enum golin_holder_how, 0 when it does not. */
uint8_t golin_context_held(const struct golin_model *m, golin_cidx i, golin_gidx g);
/* The contexts that a goroutine works under, newest first; returns how many there are. */
uint32_t golin_goroutine_contexts(const struct golin_model *m, golin_gidx g, golin_cidx *ret,
				  uint32_t max);
struct golin_held {
	golin_cidx c;
	uint8_t how; /* enum golin_holder_how */
};

/* Likewise, and how it came to each. */
uint32_t golin_goroutine_held(const struct golin_model *m, golin_gidx g, struct golin_held *ret,
			      uint32_t max);
/* Its own, or of a value that of what it hangs on. */
enum golin_context_state golin_context_state(const struct golin_model *m, golin_cidx i);
const char *golin_context_state_name(enum golin_context_state s); /* "active" */
/* Nearest context upwards, itself included, that can be cancelled; GOLIN_CIDX_NONE. */
golin_cidx golin_context_cancellable(const struct golin_model *m, golin_cidx i);

/* What befell contexts, for a reader that cannot look at all of them each time. */
enum golin_change_what {
	GOLIN_CHANGE_CREATED = 1,   /* or found in memory */
	GOLIN_CHANGE_CANCELLED = 2, /* seen to be */
	GOLIN_CHANGE_HELD = 3,	    /* `g` works under it now */
};

struct golin_context_change {
	uint64_t first; /* the context's: an index is used again */
	golin_cidx c;
	golin_gidx g;
	uint8_t what; /* enum golin_change_what */
	uint8_t how;  /* enum golin_holder_how */
};

/* The newest n changes (a power of two) are kept from now on, also over a reset. -ENOMEM. */
int golin_model_keep_changes(struct golin_model *m, uint32_t n);
/*
 * The next changes from *cursor on, at most max, in order; moves it behind them. Start with that of
 * golin_model_changes_end(). *ret_missed grows by those that were not kept.
 */
uint32_t golin_model_changes(const struct golin_model *m, uint64_t *cursor,
			     struct golin_context_change *ret, uint32_t max, uint64_t *ret_missed);
uint64_t golin_model_changes_end(const struct golin_model *m);

struct golin_context_counts {
	uint64_t created, cancelled; /* watched */
	uint64_t live;		     /* in the model, neither cancelled nor retired */
	uint64_t seen, retired, evicted;
	uint64_t orphans; /* cancellations of contexts that the model does not know */
	uint64_t bytes;
};

void golin_context_counts(const struct golin_model *m, struct golin_context_counts *ret);

#ifdef __cplusplus
}
#endif
#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The inside of the model, private to core/model.
 *
 * Goroutines stand in one array; everything that points at one is an index into it. A *space* is
 * a (target, epoch): goids are unique within one. Keys of maps are injective (a space's number
 * above 48 bits of goid or pc), so a hash collision cannot mix two things up.
 */
#ifndef GOLIN_MODEL_IMPL_H
#define GOLIN_MODEL_IMPL_H

#include "base/array.h"
#include "base/map64.h"
#include "golin/context.h"
#include "golin/model.h"
#include "kept_impl.h"
#include "panics_impl.h"
#include "timers_impl.h"
#include "golin/waits.h"

enum {
	KEY_BITS = 48,	   /* of a goid or pc in a key; what does not fit is nobody's */
	SPACES_MAX = 4096, /* a process that executes itself more often than this is not followed */
	NEWEST_SPACES = 8, /* in which a pc or stack without an epoch is looked up */
	NODES_MAX = 1 << 24, /* goroutines; what comes beyond counts as unread */
	NO_SPACE = UINT32_MAX,
};

static inline bool key_fits(uint64_t v)
{
	return v >> KEY_BITS == 0;
}

static inline uint64_t key_of(uint32_t space, uint64_t v)
{
	return (uint64_t)space << KEY_BITS | v;
}

/* ---- strings.c: each string once, at an address that stays ---- */

struct str {
	const char *s;
	uint32_t len;
};

struct str_chunk;

struct strings {
	ARRAY_OF(struct str) v; /* id -> string; 0 is "" */
	struct map64 ids;	/* hash -> id */
	struct str_chunk *chunks;
	size_t bytes;
};

void strings_done(struct strings *t);
/* 0, -ENOMEM, or -ENOSPC when the table is full; *ret is 0 ("") then. */
int strings_intern(struct strings *t, const char *s, size_t len, uint32_t *ret);
const char *strings_get(const struct strings *t, uint32_t id);
size_t strings_bytes(const struct strings *t);
uint64_t strings_hash(const char *s, size_t len);

/* ---- names.c: pc -> frames ---- */

struct name {
	uint64_t pc;
	uint32_t first; /* in frames */
	uint16_t n;
	uint16_t space;
};

struct names {
	ARRAY_OF(struct name) v;
	ARRAY_OF(struct golin_frame) frames;
	struct map64 ids;     /* key -> index */
	struct map64 unnamed; /* start pcs of goroutines that came before their name */
};

void names_done(struct names *t);
int model_apply_name(struct golin_model *m, const struct golin_rec_name *r, uint32_t space);
const struct name *names_find(const struct names *t, uint32_t space, uint64_t pc);
/* The innermost frame there that the user wrote: func "0x47e120" without a name, "" without pc. */
struct golin_frame frame_of_pc(const struct golin_model *m, uint32_t space, uint64_t pc);
/* Marks those whose names came late and say that they are the runtime's. */
void model_mark_system(struct golin_model *m);
/* Whether a goroutine that starts at pc is the runtime's own; remembers pc if it has no name. */
bool model_startpc_is_system(struct golin_model *m, uint32_t space, uint64_t pc);

/* ---- stacks.c: id -> pcs ---- */

struct stack {
	uint64_t id;
	uint32_t first; /* in pcs */
	uint16_t n;
	uint16_t space;
	bool truncated;
	uint32_t words; /* the first of its n words, + 1; 0 none */
};

struct stacks {
	ARRAY_OF(struct stack) v;
	ARRAY_OF(uint64_t) pcs;
	ARRAY_OF(uint16_t) words;
	struct map64 ids;
};

void stacks_done(struct stacks *t);
int model_apply_stack(struct golin_model *m, const struct golin_rec_stack *r, uint32_t space);
const struct stack *stacks_find(const struct stacks *t, uint32_t space, uint64_t id);
/* golin_rec_stack_words() of one; NULL. */
const uint16_t *stack_words(const struct stacks *t, const struct stack *s);

/* ---- goids.c: goid -> index ---- */

enum { GOID_PAGE = 16 };

struct goid_page {
	golin_gidx slot[GOID_PAGE]; /* of one not in use: slot[0] is the next such */
};

struct goids {
	ARRAY_OF(struct goid_page) pages;
	struct map64 by_key; /* key / GOID_PAGE -> page */
	uint32_t unused, cached;
	uint64_t cached_key;
};

void goids_done(struct goids *t);
golin_gidx goids_get(const struct goids *t, uint64_t key);
int goids_put(struct goids *t, uint64_t key, golin_gidx i);
void goids_del(struct goids *t, uint64_t key);
size_t goids_bytes(const struct goids *t);

/* ---- contexts.c: the table of contexts and their trees ---- */

struct ctx_node {
	struct golin_context c; /* c.kind 0: not in use */
	uint64_t inner;		/* Go 1.20: the other object's address */
	uint64_t origin_first;	/* origin's c.first: whether it still is the one that it was */
	golin_cidx origin;	/* where the cascade began */
	uint32_t holders;	/* the first of its edges */
	uint32_t nlive_holders;
	golin_cidx qnext, qprev; /* among the ended; qnext of one not in use: the next such */
};

/* A goroutine that works under a context. Edge 0 is none. */
struct ctx_edge {
	golin_cidx c;
	golin_gidx g;
	uint32_t cnext, cprev; /* of the same context */
	uint32_t gnext, gprev; /* of the same goroutine, newest first */
	uint8_t how;	       /* enum golin_holder_how; 0: not in use */
};

struct contexts {
	ARRAY_OF(struct ctx_node) v;
	ARRAY_OF(struct ctx_edge) edges;
	struct map64 by_addr; /* key of space and address -> index, of the one that is there now */
	struct map64 by_old;  /* likewise, of retired ones; filled by dumps only */
	struct map64 types;   /* key of space and address -> string */
	uint32_t edge_unused; /* linked by cnext */
	golin_cidx unused, root_first, root_last;
	golin_cidx ended_head, ended_tail; /* cancelled and retired ones, the oldest first */
	uint64_t nended;
	struct map64 far; /* (context, goroutine) of edges far behind a goroutine's newest */
	ARRAY_OF(golin_cidx) touched; /* scratch of contexts_goroutine_live() */
	uint64_t tie_ts, tie_goid;    /* of the newest creation */
	uint32_t tie_hash, tie;
	struct golin_context_counts counts;
};

void contexts_init(struct contexts *t);
void contexts_done(struct contexts *t);
size_t contexts_bytes(const struct contexts *t);

golin_cidx context_find(const struct golin_model *m, uint32_t space, uint64_t addr);
/* One of a dump, which was at that address when the dump was made, or before. */
golin_cidx context_find_old(const struct golin_model *m, uint32_t space, uint64_t addr);
int context_add_old(struct golin_model *m, uint32_t space, uint64_t addr, uint8_t kind,
		    golin_cidx *ret);
/* A new root of that kind, at that address, in place of what was there. */
int context_add(struct golin_model *m, uint32_t space, uint64_t addr, uint64_t inner, uint8_t kind,
		golin_cidx *ret);
/* Puts it, a root without children, under another. */
void context_set_parent(struct golin_model *m, golin_cidx i, golin_cidx up);
/* It is done. dumped: who is above it waits for more before it is looked at. */
void context_set_cancelled(struct golin_model *m, golin_cidx i, bool dumped);
/* Its address is another's now, or the program has ended. */
void context_retire(struct golin_model *m, golin_cidx i, bool dumped);
/* Retires it, and then those above, when nothing names it any more. */
void context_try_retire(struct golin_model *m, golin_cidx i);
void contexts_end_all(struct golin_model *m, uint32_t space);
/* Takes what is over the cap out of the model. */
void contexts_evict(struct golin_model *m);

/* ---- changes.c: what befell them lately ---- */

struct changes {
	struct golin_context_change *v;
	uint32_t n;	/* a power of two; 0: none are kept */
	uint64_t count; /* of all so far */
};

void changes_add(struct golin_model *m, golin_cidx c, uint8_t what, golin_gidx g, uint8_t how);
size_t changes_bytes(const struct changes *t);

/* ---- context_holders.c ---- */

int context_hold(struct golin_model *m, golin_cidx c, golin_gidx g, uint8_t how);
void context_drop_holders(struct golin_model *m, golin_cidx c);
/* A goroutine came alive (+1) or is not any more (-1); its flag says so already. */
void contexts_goroutine_live(struct golin_model *m, golin_gidx g, int by);
/* It leaves the model. */
void contexts_goroutine_gone(struct golin_model *m, golin_gidx g);

/* ---- context_apply.c ---- */

int model_apply_type(struct golin_model *m, const struct golin_rec_type_name *r, uint32_t space);
/* The name of a type, a string; 0 unknown. */
uint32_t model_type_name(const struct golin_model *m, uint32_t space, uint64_t type);
int model_apply_context_create(struct golin_model *m, const struct golin_rec_context_create *r,
			       uint32_t space);
int model_apply_context_seen(struct golin_model *m, const struct golin_rec_context_seen *r,
			     uint32_t space);
int model_apply_context_cancel(struct golin_model *m, const struct golin_rec_context_cancel *r,
			       uint32_t space);
void model_apply_context_counts(struct golin_model *m, const struct golin_rec_context_counts *r);
int model_apply_context_passed(struct golin_model *m, const struct golin_rec_context_passed *r,
			       uint32_t space);

/* ---- waits.c: on what goroutines wait ---- */

struct waits_answer {
	uint64_t read, since, stack;
	uint32_t flags, n;
	struct golin_wait *v; /* NULL: none */
	uint32_t unused;      /* of one not in use: the next such */
};

struct waits {
	ARRAY_OF(struct waits_answer) v; /* 0 is none */
	uint32_t unused;
	size_t nchannels;
};

void waits_done(struct waits *t);
size_t waits_bytes(const struct waits *t);
/* What was read of it holds no more. */
void waits_drop(struct golin_model *m, golin_gidx g);
int model_apply_waits(struct golin_model *m, const struct golin_rec_goroutine_waits *r,
		      uint32_t space);

/* ---- the model ---- */

/* Private bits of golin_goroutine.flags: the queue in which an ended one stands. */
enum {
	GF_QUEUED = 1 << 6, /* m->queue: not yet looked at for eviction */
	GF_PASSED = 1 << 7, /* m->passed: was looked at, had children */
};

struct node {
	struct golin_goroutine g; /* g.goid 0: not in use */
	golin_gidx qnext, qprev;  /* in its queue; qnext of one not in use: the next such */
	uint32_t contexts;	  /* the first of its edges to contexts; 0 none */
	uint32_t waits;		  /* its answer; 0 none */
};

struct queue {
	golin_gidx head, tail;
};

struct space {
	uint32_t target, epoch;
	uint32_t nlive;
	bool has_target, has_exec, has_settings;
	uint32_t pid, flags, layout_source;
	uint32_t exe, comm, go, build_id, arch; /* strings */
	uint32_t exec_exe;
	uint64_t start_ticks, load_bias, target_ts, exec_ts;
	struct golin_rec_settings settings;
	struct panic_queue panics; /* those in the stacks of its goroutines */
};

enum { PAUSES_MAX = 4096 };

/* The newest pauses of the world, as a ring. */
struct pauses {
	ARRAY_OF(struct golin_pause) v;
	uint32_t space[PAUSES_MAX];
	size_t next;
};

void pauses_done(struct pauses *t);
int model_apply_pause(struct golin_model *m, const struct golin_rec_gc_pause *r, uint32_t space);

struct golin_model {
	struct golin_model_opts opts;
	ARRAY_OF(struct node) nodes;
	struct goids goids;
	golin_gidx unused, root_first, root_last;
	/*
	 * Ended goroutines in the order in which they ended. Eviction takes the head of `queue`;
	 * one that has children moves to `passed`, and comes back to the head when the last of them
	 * has left: it is older than all that were not yet looked at.
	 */
	struct queue queue, passed;
	/*
	 * Steps that cycle checks and scans may still take; both grow with each record. Streams
	 * that programs make need few; in one that was made up, a walk is left out or a scan put
	 * off.
	 */
	uint64_t walk_budget, scan_budget;
	bool system_stale; /* model_mark_system() is due */

	ARRAY_OF(struct space) spaces;
	struct map64 by_space;
	uint32_t cur_space;    /* of the last record */
	uint32_t target_space; /* of the newest target record */

	struct strings strings;
	struct names names;
	struct stacks stacks;
	struct contexts contexts;
	struct changes changes;
	struct timers timers;
	struct waits waits;
	struct kepts kepts;
	struct panics panics;
	struct pauses pauses;
	struct panic_news panic_news;
	struct panic_traces panic_traces;

	struct golin_rec_clock clock;
	bool has_clock;
	struct golin_rec_exit exit;
	bool has_exit;
	uint64_t first_ns, now_ns, generation;
	struct golin_model_counts counts;
};

/* A time for what has happened: 0 would say that it has not. */
static inline uint64_t model_time(const struct golin_model *m, uint64_t ts)
{
	return ts ? ts : m->now_ns ? m->now_ns : 1;
}

/* ---- goroutines.c: the table ---- */

static inline struct ctx_node *ctx_at(const struct golin_model *m, golin_cidx i)
{
	return &m->contexts.v.v[i];
}

static inline struct panic_node *panic_at(const struct golin_model *m, golin_pidx i)
{
	return &m->panics.v.v[i];
}

static inline struct node *node_at(const struct golin_model *m, golin_gidx i)
{
	return &m->nodes.v[i];
}

golin_gidx goroutine_find(const struct golin_model *m, uint32_t space, uint64_t goid);
/* One that does something: it is there, even when the record of its creation was lost. */
int goroutine_alive(struct golin_model *m, uint32_t space, uint64_t goid, golin_gidx *ret);
/* A new root, neither alive nor ended nor a ghost yet. */
int goroutine_add(struct golin_model *m, uint32_t space, uint64_t goid, golin_gidx *ret);
/* It must have no children. */
void goroutine_remove(struct golin_model *m, golin_gidx i);
/* A child of i left it. If it was the last: a ghost has no reason to stay, an ended one may go. */
void goroutine_lost_child(struct golin_model *m, golin_gidx i);
void goroutine_set_live(struct golin_model *m, golin_gidx i);
void goroutine_set_ghost(struct golin_model *m, golin_gidx i);
/* Ends it, and evicts what is over the cap: i may be gone afterwards. */
void goroutine_set_ended(struct golin_model *m, golin_gidx i, uint64_t ts, uint8_t how);
void goroutine_set_system(struct golin_model *m, golin_gidx i, bool system);
void goroutine_end_all(struct golin_model *m, uint32_t space, uint64_t ts);
uint32_t space_of(const struct golin_model *m, const struct golin_goroutine *g);

/* ---- lineage.c: the tree ---- */

void tree_add_root(struct golin_model *m, golin_gidx i);
void tree_unlink(struct golin_model *m, golin_gidx i);
/* Under `up`, or among the roots for GOLIN_GIDX_NONE. False: that would close a circle. */
bool tree_move(struct golin_model *m, golin_gidx i, golin_gidx up);
/* Its children become roots that remember their parent's goid. */
void tree_orphan_children(struct golin_model *m, golin_gidx i);
/* The one after i in preorder; GOLIN_GIDX_NONE at the end. */
golin_gidx tree_next(const struct golin_model *m, golin_gidx i);

struct parentage {
	uint64_t goid; /* 0: none or unknown */
	bool known;    /* 0 means: none */
	bool evicted;  /* do not look for it */
	bool watched;  /* it was seen at the creation: wins over what memory said */
};

/* Learns who started i; makes a ghost for a parent that the model does not have. */
int lineage_learn(struct golin_model *m, uint32_t space, golin_gidx i, const struct parentage *p);

#endif

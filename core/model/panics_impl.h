/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The inside of the table of panics; a part of model_impl.h.
 *
 * Of each goroutine the panics that the runtime has in g._panic stand in a stack, the innermost on
 * top: active ones, and such as are over, but whose frames the program has not left yet (something
 * recovered them and went on to panic). What has left its stack has ended, and may be evicted.
 */
#ifndef GOLIN_MODEL_PANICS_IMPL_H
#define GOLIN_MODEL_PANICS_IMPL_H

#include "base/array.h"
#include "base/map64.h"
#include "golin/panic.h"
#include "panic_trace_impl.h"

enum {
	PANICS_MAX = 1 << 20,	    /* in the table; what comes beyond counts as unread */
	PANIC_DEFERS = 4096,	    /* kept of one panic */
	PANIC_DEFERS_ALL = 1 << 21, /* of all of them */
	PANIC_NEWS = 1 << 16,	    /* a power of two */
	SITE_NONE = UINT32_MAX,
};

/* ---- texts.c: strings that come and go ---- */

struct text {
	char *s; /* NULL: not in use */
	uint32_t len;
	uint32_t refs; /* of one not in use: the next such */
};

/* Their ids are those of golin_model_string(), with TEXT_BIT. */
struct texts {
	ARRAY_OF(struct text) v;
	struct map64 ids; /* hash -> number */
	uint32_t unused;  /* number + 1; 0 none */
	size_t bytes;
};

#define TEXT_BIT (1u << 31)

void texts_done(struct texts *t);
/* 0, -ENOMEM, or -ENOSPC when there is too much text; *ret is 0 ("") then. */
int texts_hold(struct texts *t, const char *s, size_t len, uint32_t *ret);
void texts_drop(struct texts *t, uint32_t id);
const char *texts_get(const struct texts *t, uint32_t id);
size_t texts_bytes(const struct texts *t);

/* ---- panics.c: the table ---- */

enum panic_link { LINK_NESTED, LINK_REPLACED, LINK_REPANIC, LINK_TRACE, LINKS };

enum panic_where {
	PANIC_OPEN = 1,	 /* in its goroutine's stack */
	PANIC_ENDED = 2, /* in the queue from which eviction takes */
	PANIC_LOOSE = 3, /* of a dump that is not over: in no list */
};

struct panic_node {
	struct golin_panic p;
	uint64_t linked[LINKS]; /* numbers of those that p's indices mean: an index is used again */
	uint64_t order;		/* when it left its stack, among all that did */
	uint64_t place;		/* when it came to its place in the tree, among all */
	struct golin_panic_value *values;
	struct golin_panic_defer *defers;
	uint64_t last_defer;	       /* function that was called last */
	uint32_t losses, defer_losses; /* panics.losses when it began, when that was called */
	uint64_t value_seen;	       /* when a panic had its very value last */
	uint32_t kept_defers, room_defers;
	golin_pidx below; /* in the stack of its goroutine */
	golin_pidx qnext, qprev;
	uint32_t site, space;
	uint8_t where; /* enum panic_where */
	bool depth_known, in_values;
	bool by_goexit; /* a Goexit that began in a deferred call of it, or of one in it, ended it
			 */
	struct panic_trace trace;
};

struct panic_queue {
	golin_pidx head, tail;
};

struct panic_site {
	struct golin_panic_site s;
	uint64_t first_number, newest_number;
	uint64_t stack; /* one that leads here */
	uint32_t space;
};

struct panics {
	ARRAY_OF(struct panic_node) v;
	ARRAY_OF(struct panic_site) sites;
	struct map64 tops;	/* key of space and goid -> the innermost */
	struct map64 by_number; /* number -> index */
	struct map64 by_value;	/* hash of space, type and data -> who had that value first */
	struct map64 by_site;	/* hash of the place -> site */
	struct map64 by_stack;	/* hash of space, stack and type -> site */
	struct texts texts;
	golin_pidx unused, root_first, root_last;
	struct panic_queue ended;
	uint32_t nended;
	uint64_t numbers, orders, places; /* given so far */
	golin_pidx filling;		  /* of a dump: what the next KEPT is about */
	bool dumping;			  /* it is not over */
	size_t nvalues, ndefers;
	uint32_t losses; /* how often records were lost */
	struct golin_panic_counts counts;
};

struct panic_news {
	struct golin_panic_news *v; /* NULL: nobody has panicked yet */
	uint64_t count, from;	    /* of all so far; those before are of a model that is gone */
};

void panics_init(struct panics *t);
void panics_done(struct panics *t);
size_t panics_bytes(const struct panics *t);

/* Takes all out of the model. */
void panics_clear(struct golin_model *m);
/* A zeroed one that is not yet in use, has no number and is in no list. */
int panic_alloc(struct golin_model *m, uint32_t space, golin_pidx *ret);
/* It was never in use, or is in no list. */
void panic_free(struct golin_model *m, golin_pidx i);
/* A new one of that kind, on no stack and in no tree yet. */
int panic_add(struct golin_model *m, uint32_t space, uint8_t kind, uint64_t goid, uint64_t ts,
	      golin_pidx *ret);
void panic_link(struct golin_model *m, golin_pidx i, enum panic_link what, golin_pidx to);
/* Puts it into the tree of failures, as its links say. */
void panic_place(struct golin_model *m, golin_pidx i);
void panic_place_under(struct golin_model *m, golin_pidx i, golin_pidx up);
/* Behind its siblings. */
void panic_to_last(struct golin_model *m, golin_pidx i);
golin_pidx panic_top(const struct golin_model *m, uint32_t space, uint64_t goid);
int panic_push(struct golin_model *m, golin_pidx i);
/* Takes the innermost from its stack: it may be evicted from now on. */
void panic_pop(struct golin_model *m, golin_pidx i);
/* It is in no stack: it may be evicted from now on. */
void panic_end(struct golin_model *m, golin_pidx i);
/* It is over; only the first outcome counts, unless it is taken back. */
void panic_resolve(struct golin_model *m, golin_pidx i, uint8_t outcome, uint64_t ts);
/* It was not over. */
void panic_reopen(struct golin_model *m, golin_pidx i);
/* Its running deferred call is over. */
void panic_close_defer(struct golin_model *m, golin_pidx i, uint64_t ts);
/* Takes what is over the cap out of the model. */
void panics_evict(struct golin_model *m);

/* ---- panic_news.c ---- */

int panic_tell(struct golin_model *m, golin_pidx i, uint8_t what);
size_t panic_news_bytes(const struct panic_news *n);

/* ---- panic_sites.c ---- */

int panic_site_at(struct golin_model *m, uint32_t space, uint64_t stack, uint32_t type,
		  uint32_t *ret);
/* Finds the site of a panic that began, and counts it there. */
int panic_site_enter(struct golin_model *m, golin_pidx i);
/* One of a dump: its site has counted it. */
int panic_site_join(struct golin_model *m, golin_pidx i);
/* It is over (by 1), or that is taken back (-1); the outcome stands still. */
void panic_site_resolved(struct golin_model *m, golin_pidx i, int by);

/* ---- panic_frames.c ---- */

/* By the runtime itself: index, nil dereference, closed channel ... */
bool panic_raised_by_runtime(const struct golin_model *m, golin_pidx i);
/* Where a stack's panic was raised: see golin_panic_at(). */
struct golin_frame panic_stack_at(const struct golin_model *m, uint32_t space, uint64_t stack);
/* The frame of a panic's stack whose stack pointer is that deep; UINT32_MAX. */
uint32_t panic_frame_at(const struct golin_model *m, golin_pidx i, uint64_t depth, uint64_t pc);

/* That which was called at that depth: its return address stands there. *ret_pc: where it is. */
uint32_t panic_frame_below(const struct golin_model *m, golin_pidx i, uint64_t depth,
			   uint64_t *ret_pc);

/*
 * How deep the innermost call of a function above a panic stands, by the panic's stack and depth;
 * 0 unknown.
 */
uint64_t panic_depth_of(const struct golin_model *m, uint32_t space, uint64_t stack, uint64_t depth,
			const char *func);

/* ---- panic_links.c ---- */

/* Which earlier panic it repeats. up: the one during whose deferred call it began. */
void panic_find_repanic(struct golin_model *m, golin_pidx i, golin_pidx up);
/* It is the first that had its value. */
int panic_values_keep(struct golin_model *m, golin_pidx i);
int panic_values_learn(struct golin_model *m, golin_pidx i);
void panic_values_forget(struct golin_model *m, golin_pidx i);

/* ---- panic_apply.c ---- */

/* START, DEFER, RECOVER, GOEXIT, FATAL, THROW. */
int model_apply_panic(struct golin_model *m, const struct golin_rec *rec, uint32_t space);
/* 26 for Go 1.26; UINT32_MAX unknown: as the newest. */
uint32_t panic_go_minor(const struct golin_model *m, uint32_t space);
/* Whether a Goexit stands in g._panic: since Go 1.14. */
bool panic_goexit_is_linked(const struct golin_model *m, uint32_t space);
/* Finds its place among the others. up: the one during whose deferred call it began. */
int panic_enter(struct golin_model *m, golin_pidx i, golin_pidx up);
/*
 * A Goexit began: it runs what else is deferred, and no panic before it, from i on, goes on. It
 * ends the one during whose deferred call it began, which had replaced those before.
 */
void panic_end_by_goexit(struct golin_model *m, golin_pidx i, uint64_t ts);
/* One whose start is not known: it is the innermost now. */
int panic_add_lost(struct golin_model *m, uint32_t space, const struct golin_rec *h, uint8_t kind,
		   golin_pidx *ret);
/* The record of its end was lost: takes the innermost from its stack. */
void panic_lose(struct golin_model *m, golin_pidx i, uint64_t ts);
/* By the deferred call that runs. */
void panic_set_recovered(struct golin_model *m, golin_pidx i, uint64_t ts);
int panic_set_values(struct golin_model *m, golin_pidx i, const struct golin_rec *h,
		     const struct golin_rec_value *from, uint32_t n);
int panic_set_printed(struct golin_model *m, golin_pidx i, const struct golin_rec *h,
		      struct golin_rec_str s);
/* What a START and a DEFER say, without what follows from it. */
int panic_fill_start(struct golin_model *m, golin_pidx i, const struct golin_rec_panic_start *r);
int panic_add_defer(struct golin_model *m, golin_pidx i, const struct golin_rec_panic_defer *r);

/* ---- panic_dumped.c ---- */

/* What comes now is of no dump. */
int panic_dump_over(struct golin_model *m);
int panic_apply_dumped(struct golin_model *m, const struct golin_rec *rec, uint32_t space);
int model_apply_panic_kept(struct golin_model *m, const struct golin_rec_panic_kept *r,
			   uint32_t space);
int model_apply_panic_counts(struct golin_model *m, const struct golin_rec_panic_counts *r);
int model_apply_panic_site(struct golin_model *m, const struct golin_rec_panic_site *r,
			   uint32_t space);

/* ---- panic_over.c ---- */

/*
 * A newer one unwinds past it, or that is a Goexit that began in its deferred call. `above` is the
 * nearest newer one that was not recovered before; returns that for the next.
 */
golin_pidx panic_overtake(struct golin_model *m, golin_pidx i, golin_pidx above, uint64_t ts);
int panic_apply_recover(struct golin_model *m, const struct golin_rec_panic_recover *r,
			uint32_t space);
int panic_apply_fatal(struct golin_model *m, const struct golin_rec_panic_fatal *r, uint32_t space);
/* The goroutine has ended, or is not to be found. how: enum golin_exit_how, 0 unknown. */
void panics_goroutine_ended(struct golin_model *m, uint32_t space, uint64_t goid, uint64_t ts,
			    uint8_t how);
/* The program with these goroutines is gone. */
void panics_end_all(struct golin_model *m, uint32_t space, uint64_t ts);
/*
 * Records were lost: whether one goes on, and which deferred call was its last, is not known any
 * more.
 */
void panics_lost(struct golin_model *m);
bool panic_is_unsure(const struct golin_model *m, golin_pidx i);
/* The deferred call that runs, or was the last; 0 unknown. */
uint64_t panic_last_defer(const struct golin_model *m, golin_pidx i);

/* ---- panic_seen.c ---- */

/* Brings the stack of a goroutine to what was read of its g._panic. */
int panics_seen(struct golin_model *m, const struct golin_rec_goroutine_defers *r, uint32_t space);

#endif

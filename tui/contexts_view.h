/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The trees of contexts of a model as nodes for a treeview: which contexts are shown, which
 * siblings are so alike (same constructor, same place, same state) that one group line stands for
 * them, and the goroutines that work under each. As of a moment, like the lineage.
 */
#ifndef GOLIN_TUI_CONTEXTS_VIEW_H
#define GOLIN_TUI_CONTEXTS_VIEW_H

#include "base/array.h"
#include "base/map64.h"
#include "findings_view.h"
#include "golin/context.h"
#include "lineage_view.h"
#include "search.h"
#include "treeview.h"

struct golin_filter;

enum ctxview_kind {
	CTXVIEW_CONTEXT = 1,
	CTXVIEW_GROUP = 2,     /* contexts that are alike */
	CTXVIEW_GOROUTINE = 3, /* works under the context above */
	CTXVIEW_HOLDERS = 4,   /* goroutines that are alike */
};

struct ctxview_group {
	uint64_t tag;
	uint64_t oldest, newest; /* created; 0: before the attach */
	golin_cidx first, last;	 /* members, linked by ctxview.like; of goroutines: their context */
	golin_gidx g;		 /* of goroutines: the first */
	uint32_t count, goroutines;
	uint32_t call; /* of children() that filled it */
};

struct ctxview {
	const struct golin_model *model;
	const struct findings *findings;
	const struct golin_filter *filter; /* NULL: all */
	bool fold, goroutines;
	enum lineage_ended ended;
	uint64_t recent_ns;
	uint64_t now, asof; /* as in struct lineage */
	uint64_t pin;	    /* tag of a context that is shown in any case, on a line of its own */

	uint32_t shown;	      /* contexts that fit, at the last prepare() */
	uint64_t next_expiry; /* when one of the recently ended is to go; 0: none */

	uint8_t *mark;	   /* by cidx, enum lineage_mark */
	golin_cidx *above; /* by cidx: whose state is its state */
	golin_cidx *like;  /* by cidx: the next member of its group */
	uint32_t *member;  /* by cidx: its group */
	uint32_t nmark, cap;
	uint32_t call;
	ARRAY_OF(struct ctxview_group) groups;
	ARRAY_OF(struct golin_holder) holders; /* scratch */
	struct map64 by_key;
};

void ctxview_done(struct ctxview *v);
/* Decides what is shown: to be called before a treeview is rebuilt. False when memory is out. */
bool ctxview_prepare(struct ctxview *v);
struct tree_source ctxview_source(struct ctxview *v);

uint64_t ctxview_tag(golin_cidx i, const struct golin_context *c);
/* The context of a row; NONE when it has left the model or the row is something else. */
golin_cidx ctxview_context(const struct ctxview *v, const struct tree_row *row);
/* The group of a row (of contexts or of goroutines), or NULL. */
const struct ctxview_group *ctxview_group(const struct ctxview *v, const struct tree_row *row);
/* The goroutine of a row, or NONE. */
golin_gidx ctxview_goroutine(const struct ctxview *v, const struct tree_row *row);
/* The context that a row is, or under which it stands; of a group of contexts the first. */
golin_cidx ctxview_context_of(const struct ctxview *v, const struct treeview *t, uint32_t row);

static inline uint64_t ctxview_moment(const struct ctxview *v)
{
	return v->asof ? v->asof : v->now;
}

bool ctxview_exists(const struct ctxview *v, const struct golin_context *c);
/* A goroutine that is there then. */
bool ctxview_works(const struct ctxview *v, const struct golin_goroutine *g);

struct ctxview_state {
	enum golin_context_state state; /* at the moment that is shown */
	golin_cidx of;			/* itself, or what a value hangs on */
	uint64_t cancelled;		/* monotonic ns; 0: not, or before the attach */
};

struct ctxview_state ctxview_state(const struct ctxview *v, golin_cidx i);
/* Cancelled, or nothing names it any more: what fades. */
bool ctxview_ended(const struct ctxview *v, golin_cidx i);
/* Goroutines alive under it, and children in the model, at that moment. */
uint32_t ctxview_workers(const struct ctxview *v, golin_cidx i);
uint32_t ctxview_kids(const struct ctxview *v, const struct golin_context *c);
/* Nanoseconds until its deadline, less than 0 behind it. False: none, or no clock is known. */
bool ctxview_left(const struct ctxview *v, golin_cidx i, int64_t *ret);

/* As lineage_search(). */
golin_cidx ctxview_search(const struct ctxview *v, struct search *s, golin_cidx from,
			  bool backwards, bool with_from);
/* The time of the creation or cancellation just before or after `at`; 0: there is none. */
uint64_t ctxview_event_time(const struct ctxview *v, uint64_t at, bool backwards);

#endif

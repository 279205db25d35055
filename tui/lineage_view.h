/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The lineage tree of a model as nodes for a treeview: which goroutines are shown, and which
 * siblings are so alike (same function, same go statement, both alive or both ended) that one
 * group line stands for them.
 *
 * It can show the tree as of a moment: what was created later is not there, what ended later is
 * alive. That is what a pause and a step in time are.
 */
#ifndef GOLIN_TUI_LINEAGE_VIEW_H
#define GOLIN_TUI_LINEAGE_VIEW_H

#include <stdbool.h>
#include <stdint.h>
#include "base/array.h"
#include "base/map64.h"
#include "golin/model.h"
#include "search.h"
#include "treeview.h"

struct golin_filter;
struct panic_marks;

enum lineage_kind { LINEAGE_GOROUTINE = 0, LINEAGE_GROUP = 1 };
enum lineage_ended { ENDED_RECENT, ENDED_ALL, ENDED_NONE, ENDED_MAX };

enum {
	LINEAGE_FOLD_MIN = 4,	     /* so many alike become a group line */
	LINEAGE_DEPTH_MAX = 1 << 20, /* ancestors that are walked: a bound, not a feature */
};

struct lineage_group {
	uint64_t tag;
	uint64_t startpc, gopc;
	uint32_t target, epoch;
	uint64_t oldest, newest; /* created; 0: before the attach */
	uint32_t first, last;	 /* members: gidx, linked by lineage.like */
	uint32_t count, kids;
	uint32_t panics, active; /* members that panicked a moment ago, or do so now */
	uint32_t call;		 /* of children() that filled it */
	bool ended, system;
};

struct lineage {
	const struct golin_model *model;
	const struct golin_filter *filter; /* NULL: all */
	bool fold, system;
	enum lineage_ended ended;
	uint64_t recent_ns; /* how long an ended goroutine stays with ENDED_RECENT */
	uint64_t now;	    /* monotonic ns */
	uint64_t asof;	    /* the moment that is shown; 0: now */
	uint64_t pin;	    /* tag of a goroutine that is shown in any case, on a line of its own */
	const struct panic_marks *panics; /* NULL: none are marked */

	uint32_t shown;	      /* goroutines that fit, at the last prepare() */
	uint64_t next_expiry; /* when one of the recently ended is to go; 0: none */

	uint8_t *mark;	/* by gidx, enum lineage_mark */
	uint32_t *like; /* by gidx: the next member of its group */
	uint32_t nmark, cap;
	uint32_t call;
	ARRAY_OF(struct lineage_group) groups;
	struct map64 by_key;
};

enum lineage_mark {
	MARK_SHOWN = 1,
	MARK_PATH = 2,	/* something below is shown */
	MARK_ALONE = 4, /* not folded: it is pinned, or leads to what is */
};

void lineage_done(struct lineage *l);
/* Decides what is shown: to be called before a treeview is rebuilt. False when memory is out. */
bool lineage_prepare(struct lineage *l);
/* The nodes, for treeview_rebuild() and treeview_open(). */
struct tree_source lineage_source(struct lineage *l);

uint64_t lineage_tag(const struct golin_goroutine *g);
/* The goroutine of a row, NULL when it has left the model or the row is a group. */
const struct golin_goroutine *lineage_goroutine(const struct lineage *l,
						const struct tree_row *row);
/* The group of a row, or NULL. */
const struct lineage_group *lineage_group(const struct lineage *l, const struct tree_row *row);
/* A goroutine that has a group's function and place, for the model's name functions. */
struct golin_goroutine lineage_group_like(const struct lineage_group *grp);

bool lineage_alive(const struct lineage *l, const struct golin_goroutine *g);
/* The moment that is shown: asof, or now. */
static inline uint64_t lineage_moment(const struct lineage *l)
{
	return l->asof ? l->asof : l->now;
}
/* Its state at that moment: the last one known, "exited" when it had ended. Never NULL. */
const char *lineage_state(const struct lineage *l, const struct golin_goroutine *g);
/* Live children at that moment. */
uint32_t lineage_kids(const struct lineage *l, const struct golin_goroutine *g);

/*
 * The next goroutine in the tree's order, behind `from` (GOLIN_GIDX_NONE: from the start), that
 * is shown and fits the search; goes round at the end. GOLIN_GIDX_NONE when none does.
 */
golin_gidx lineage_search(const struct lineage *l, struct search *s, golin_gidx from,
			  bool backwards, bool with_from);

/* The time of the event just before or after `at`; 0 when there is none. */
uint64_t lineage_event_time(const struct lineage *l, uint64_t at, bool backwards);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The panics of a model as nodes for a treeview: by site (the place that raised them and the type
 * of the value), the site of the newest on top, below it its panics; below a panic with which a
 * failure began, what came of it (the tree of failures). Unfolded there are only these trees. As of
 * a moment, like the lineage.
 */
#ifndef GOLIN_TUI_PANICS_VIEW_H
#define GOLIN_TUI_PANICS_VIEW_H

#include "base/array.h"
#include "base/map64.h"
#include "golin/panic.h"
#include "lineage_view.h"
#include "search.h"
#include "treeview.h"

struct golin_filter;

enum panview_kind {
	PANVIEW_SITE = 1,
	PANVIEW_MEMBER = 2, /* a panic below its site */
	PANVIEW_NODE = 3,   /* a panic in the tree of failures */
};

enum { PANVIEW_OUTCOMES = GOLIN_PO_UNKNOWN + 1 };

/* What is shown of a site. */
struct panview_site {
	uint64_t tag;
	uint32_t count, by[PANVIEW_OUTCOMES]; /* at that moment */
	golin_pidx newest, first;	      /* first: of its members, linked by panview.like */
	uint64_t number, last_at;	      /* of the newest */
};

struct panview_key {
	uint64_t number;
	golin_pidx i;
};

struct panview {
	const struct golin_model *model;
	const struct golin_filter *filter; /* NULL: all */
	bool fold;
	uint64_t now, asof; /* as in struct lineage */
	uint64_t pin;	    /* number of a panic that is shown whatever the filter says */

	uint32_t shown; /* panics that fit, at the last prepare() */

	uint8_t *mark;	  /* by pidx, enum lineage_mark */
	golin_pidx *like; /* by pidx: the next older member of its site */
	uint32_t nmark, cap;
	ARRAY_OF(struct panview_site) sites; /* the model's by number, then those of Goexits */
	struct map64 by_stack, by_place;     /* of Goexits: which of these */
	ARRAY_OF(uint32_t) order;	     /* sites that are shown, the newest first */
	ARRAY_OF(struct panview_key) listed; /* panics that have a line, the oldest first */
	ARRAY_OF(golin_pidx) seq;	     /* scratch of the search */
};

void panview_done(struct panview *v);
/* Decides what is shown: to be called before a treeview is rebuilt. False when memory is out. */
bool panview_prepare(struct panview *v);
struct tree_source panview_source(struct panview *v);

/* Of the line of a panic's site. */
uint64_t panview_site_tag(const struct panview *v, golin_pidx i);
/* Of the line that a panic has by itself: below its site, or unfolded in its tree. */
uint64_t panview_tag(const struct panview *v, const struct golin_panic *p);
/* Of its line in the tree of failures, which is another one while folded. */
uint64_t panview_node_tag(const struct golin_panic *p);
/* The panic of a row; of a site its newest that is shown; NONE when it has left the model. */
golin_pidx panview_panic(const struct panview *v, const struct tree_row *row);
/* The site of a row, or NULL. */
const struct panview_site *panview_site(const struct panview *v, const struct tree_row *row);
/* Whether the filter lets a panic through, and it had begun then. */
bool panview_shows(const struct panview *v, golin_pidx i);

static inline uint64_t panview_moment(const struct panview *v)
{
	return v->asof ? v->asof : v->now;
}

/* ---- panics_text.c: what is said of a panic ---- */

/* At the moment that is shown. */
enum golin_panic_outcome panview_outcome(const struct panview *v, const struct golin_panic *p);
/* The type of its value as Go names it; "Goexit", "throw", "nil" or "?". */
const char *panview_type(const struct golin_model *m, golin_pidx i);
/* What its value says; "" when that is not known or not to be shown. */
const char *panview_text(const struct golin_model *m, golin_pidx i);
/* Why it hangs where it does in the tree of failures: "repeats #3"; "" for a root. */
const char *panview_relation(const struct golin_model *m, golin_pidx i, char *buf, size_t cap);
bool panview_has(const struct panview *v, const struct search *s, golin_pidx i);

/* As lineage_search(): from a row on, in the order of the lines. */
golin_pidx panview_search(struct panview *v, const struct search *s, const struct tree_row *from,
			  bool backwards, bool with_from);
/* The time at which a panic began or ended just before or after `at`; 0: there is none. */
uint64_t panview_event_time(const struct panview *v, uint64_t at, bool backwards);

/* The newest panic of a goroutine that had begun at a moment (0: now); NONE. Looks at all. */
golin_pidx panview_of_goroutine(const struct golin_model *m, const struct golin_goroutine *g,
				uint64_t asof);

#endif

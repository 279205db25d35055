/* SPDX-License-Identifier: BSD-2-Clause */
/* The findings as lines for a treeview, the worst first, and which contexts they are about. */
#ifndef GOLIN_TUI_FINDINGS_VIEW_H
#define GOLIN_TUI_FINDINGS_VIEW_H

#include "base/array.h"
#include "base/map64.h"
#include "golin/findings.h"
#include "search.h"
#include "treeview.h"

struct golin_filter;

struct finding {
	struct golin_finding f;
	const char *rule; /* its name */
};

struct findings {
	const struct golin_model *model;
	const struct golin_filter *filter; /* NULL: all */
	ARRAY_OF(struct finding) v;	   /* as they were found */
	ARRAY_OF(uint32_t) order;	   /* what is shown, the worst first */
	struct map64 by_ctx;		   /* cidx -> the worst one about it */
	uint64_t generation;
	bool loaded;
	uint64_t asof;			     /* the moment that is shown; 0: now */
	uint32_t count[GOLIN_SEV_ERROR + 1]; /* by severity */
};

void findings_done(struct findings *v);
/* Takes what the rules have found; true when that is not what it was. */
bool findings_load(struct findings *v, const struct golin_rules *r);
/* The same, by hand: for tests. False when memory is out. */
bool findings_set(struct findings *v, const struct finding *f, size_t n);
/* Decides what is shown, in which order. False when memory is out. */
bool findings_prepare(struct findings *v);
struct tree_source findings_source(struct findings *v);

/* The finding of a row, or NULL. */
const struct finding *findings_row(const struct findings *v, const struct tree_row *row);
uint64_t findings_tag(uint32_t i);
/* The context that a finding is about, while it is in the model; else NONE. */
golin_cidx findings_context(const struct findings *v, const struct finding *f);
/* The worst finding about a context; NULL: there is none. */
const struct finding *findings_of_context(const struct findings *v, golin_cidx i);
/* The index in `v` of the next that fits the search; UINT32_MAX. */
uint32_t findings_search(const struct findings *v, const struct search *s,
			 const struct tree_row *from, bool backwards, bool with_from);

#endif

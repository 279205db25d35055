/* SPDX-License-Identifier: BSD-2-Clause */
/* A parsed filter: terms, and the order in which to join them (postfix: nothing recurses). */
#ifndef GOLIN_MODEL_FILTER_IMPL_H
#define GOLIN_MODEL_FILTER_IMPL_H

#include <regex.h>
#include "base/array.h"
#include "filter.h"

enum filter_key {
	KEY_ANY = 1, /* a word on its own: function, place or state */
	KEY_FN,
	KEY_AT,
	KEY_FILE,
	KEY_STATE,
	KEY_WAIT,
	KEY_VIA,
	KEY_HOW,
	KEY_GOID,
	KEY_PARENT,
	KEY_UNDER,
	KEY_ALIVE,
	KEY_SYSTEM,
	KEY_CHILDREN,
	KEY_DEPTH,
	KEY_AGE,
	/* of contexts */
	KEY_KIND,
	KEY_KEY,
	KEY_REASON,
	KEY_LINEAGE,
	KEY_DEADLINE,
	KEY_HOLDERS,
	/* of findings */
	KEY_RULE,
	KEY_SEVERITY,
	/* of panics */
	KEY_TYPE,
	KEY_VALUE,
	KEY_OUTCOME,
	KEY_TRACE,
	KEY_ID,
	KEY_BY,
	KEY_IN,
	KEY_CODE,
	KEY_RELATION,
	KEY_NESTED,
	KEY_LOCKED,
	KEY_DEFERS,
	KEY_TOOK,
};

struct filter_term {
	enum filter_key key;
	char op;    /* ':' '>' '<' */
	bool fold;  /* text without capitals matches any case */
	bool yes;   /* alive, system, nested, locked */
	char *text; /* NULL for a regex and for numbers */
	regex_t *regex;
	uint64_t num;
	/* under: what a walk over the tree found, good for one generation of one model */
	const struct golin_model *seen_model;
	golin_gidx seen_top;
	uint64_t seen_generation;
	uint64_t *below; /* bits by index */
	size_t below_len;
};

/* >= 0 pushes the value of that term; the others take from the stack. */
enum { OP_NOT = -1, OP_AND = -2, OP_OR = -3 };

enum {
	FILTER_MAX_LEN = 1024,
	FILTER_MAX_TERMS = 64,
	FILTER_MAX_NESTED = 32,
	FILTER_MAX_REGEX = 256,
};

struct golin_filter {
	ARRAY_OF(struct filter_term) terms;
	ARRAY_OF(int) ops;
};

/* What is asked about: a finding, else a panic, else a context, else a goroutine. */
struct filter_subject {
	const struct golin_model *m;
	const struct golin_goroutine *g; /* itself, or whom it is of; NULL none */
	golin_cidx c;			 /* itself, or of the finding; GOLIN_CIDX_NONE */
	const struct golin_filter_finding *finding;
	const struct golin_panic *panic; /* NULL: none */
	golin_pidx p;
};

bool filter_eval(const struct golin_filter *f, const struct filter_subject *s);

/* ---- filter_match.c ---- */

bool filter_text(const struct filter_term *t, const char *s);
bool filter_compare(const struct filter_term *t, uint64_t v);
/* Its function, or its file:line. */
bool filter_place(const struct filter_term *t, const struct golin_frame *f);
bool filter_goroutine_term(struct filter_term *t, const struct golin_model *m,
			   const struct golin_goroutine *g);

/* ---- filter_context.c ---- */

/* What only contexts have. */
bool filter_is_of_context(const struct filter_term *t);
bool filter_context_term(struct filter_term *t, const struct filter_subject *s);
bool filter_finding_term(struct filter_term *t, const struct filter_subject *s);

/* ---- filter_panic.c ---- */

/* What only panics have. */
bool filter_is_of_panic(const struct filter_term *t);
bool filter_panic_term(struct filter_term *t, const struct filter_subject *s);

#endif

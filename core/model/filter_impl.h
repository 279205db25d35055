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
};

struct filter_term {
	enum filter_key key;
	char op;    /* ':' '>' '<' */
	bool fold;  /* text without capitals matches any case */
	bool yes;   /* alive, system */
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

#endif

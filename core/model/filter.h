/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The filter language of --filter and of the TUI. Terms are joined by "and" (blanks); `|` between
 * terms is "or" (binds weaker); `!term` negates; parentheses group. A term is
 *
 *	word            substring of function, file or state, smart-case; "quoted words" too
 *	/regex/         extended regular expression on the same
 *	key:value       fn: at: file: state: wait: via: how: substring
 *	                goid:7 parent:1 exact;  under:7 goroutine 7 and its descendants
 *	                alive:yes|no  system:yes|no
 *	key>N key<N     children>100  depth>3  age>5s  (age: since creation; durations as --for)
 *
 * Contexts, findings and panics have keys of their own: `golin help filter`.
 *
 * A bad expression is an error that shows where: the message has the column, the hint the forms.
 */
#ifndef GOLIN_MODEL_FILTER_H
#define GOLIN_MODEL_FILTER_H

#include <stdbool.h>
#include "golin/panic.h"

struct golin_filter;

int golin_filter_parse(const char *expr, struct golin_filter **ret, struct golin_err *err);
void golin_filter_free(struct golin_filter *f);
/* A NULL filter matches everything. */
bool golin_filter_match(const struct golin_filter *f, const struct golin_model *m,
			const struct golin_goroutine *g);
bool golin_filter_match_context(const struct golin_filter *f, const struct golin_model *m,
				golin_cidx i);

bool golin_filter_match_panic(const struct golin_filter *f, const struct golin_model *m,
			      golin_pidx i);

/* What a filter asks of a finding (golin/findings.h, of which the model knows nothing). */
struct golin_filter_finding {
	const char *rule, *severity, *func, *file, *message, *lineage;
	uint32_t line;
	golin_cidx c;
	uint64_t goid, first;
};

bool golin_filter_match_finding(const struct golin_filter *f, const struct golin_model *m,
				const struct golin_filter_finding *finding);

#endif

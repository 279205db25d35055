/* SPDX-License-Identifier: BSD-2-Clause */
/* Which goroutines panic, or did a moment ago: for a mark on each of their lines. */
#ifndef GOLIN_TUI_PANIC_MARKS_H
#define GOLIN_TUI_PANIC_MARKS_H

#include "base/map64.h"
#include "golin/panic.h"

struct lineage;

struct panic_marks {
	struct map64 newest; /* goroutine -> index of its newest panic */
	uint64_t cursor;     /* of the model's news */
	uint64_t asof;	     /* the moment that `newest` is true of; 0: now */
	bool built;
};

void panic_marks_done(struct panic_marks *p);
/* Takes what has come since; asof as in struct lineage. False when memory is out. */
bool panic_marks_update(struct panic_marks *p, const struct golin_model *m, uint64_t asof);
/* The newest panic or throw of a goroutine that had begun then; NONE. */
golin_pidx panic_marks_find(const struct panic_marks *p, const struct golin_model *m,
			    const struct golin_goroutine *g);
/* What to mark of its newest one: the lineage tells for how long what has ended is of interest. */
enum panic_mark { PANIC_NO_MARK, PANIC_RECENT, PANIC_FATAL, PANIC_ACTIVE };
enum panic_mark panic_marks_of(const struct panic_marks *p, const struct lineage *l,
			       const struct golin_goroutine *g);
/* "!panic" while it is active, "!fatal", "~recovered" and so on; NULL: nothing to mark. */
const char *panic_marks_text(const struct panic_marks *p, const struct lineage *l,
			     const struct golin_goroutine *g, char *buf, size_t cap);

#endif

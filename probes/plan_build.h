/* SPDX-License-Identifier: BSD-2-Clause */
/* How the families of hooks put theirs into a plan; private to the plan_*.c. */
#ifndef GOLIN_PROBES_PLAN_BUILD_H
#define GOLIN_PROBES_PLAN_BUILD_H

#include <stddef.h>
#include <stdint.h>
#include "golin/record.h"
#include "plan.h"

enum { PLAN_MINOR_FIRST = 13, PLAN_MINOR_LAST = 27, PLAN_MINOR_REGABI = 17 };

/* x86 register numbers. */
enum { RAX = 0, RCX = 1, RBX = 3, RDI = 7 };

enum plan_row_flags {
	PLAN_REQUIRED = 1 << 0,
	PLAN_ON_G0 = 1 << 1, /* runs on the thread's own stack: what stands for g is g0 */
	PLAN_NO_G = 1 << 2,  /* may run anywhere: g is not told */
};

/*
 * A hook of Go 1.`from` to 1.`to`. `where` is a list of NAME=PLACE[,PLACE...], in which stands for
 *	@N	word N of the arguments at the function's entry
 *	#N	word N of the arguments at a call instruction
 *	$1 $2	the offset of field f1, f2; an item whose field is absent is left out
 *	@b @v	the base and value register of the site
 */
struct plan_row {
	const char *event;
	uint8_t from, to;
	uint8_t kind; /* enum golin_site_kind */
	uint8_t flags;
	const char *func;
	const char *where;
	const char *lost;
	const char *target;
	int32_t disp;
	enum golin_field_id f1, f2;
};

#define PLAN_ROW(event_, from_, to_, kind_, flags_, func_, where_, lost_, ...)                     \
	{                                                                                          \
		.event = event_, .from = from_, .to = to_, .kind = kind_, .flags = flags_,         \
		.func = func_, .where = where_, .lost = lost_, __VA_ARGS__                         \
	}

/* What the families need to know. */
struct plan_build {
	struct golin_plan *plan;
	const struct golin_layout *layout;
	unsigned int minor;
	int64_t tls_g;
};

/* The rows of this version. */
void plan_rows(struct plan_build *b, uint32_t group, const struct plan_row *rows, size_t n);
/* One of them; NULL when the plan is full, or the row is of another version. */
struct golin_plan_hook *plan_row(struct plan_build *b, uint32_t group, const struct plan_row *row);

/* Where word n of the arguments stands at a function's entry, as the wire's cookie says it. */
unsigned int plan_arg(unsigned int minor, unsigned int n);
/* Where g stands at a prologue's branch, so too. */
unsigned int plan_g(unsigned int minor);

void plan_goroutines(struct plan_build *b);
void plan_timers(struct plan_build *b);
void plan_contexts(struct plan_build *b);
void plan_panics(struct plan_build *b);
void plan_io(struct plan_build *b);
void plan_http(struct plan_build *b);
void plan_gc(struct plan_build *b);

/* Puts what only the site tells into the cookie and into `where`. */
void plan_complete(struct golin_plan_hook *h, const struct golin_image_info *info);

#endif

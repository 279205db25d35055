/* SPDX-License-Identifier: BSD-2-Clause */
/* The garbage collector's phases, and the times when the world stands still. */
#include <string.h>
#include "bpf/wire.h"
#include "plan_build.h"

static const struct plan_row rows[] = {
	/* Returns at once when a collection is on already. */
	PLAN_ROW("gc.start", 13, 27, GOLIN_SITE_PROLOGUE, 0, "runtime.gcStart", "trigger=@0",
		 "when a collection begins"),
	/* More than once a collection: when another worker finds that marking may be over. */
	PLAN_ROW("gc.mark.done", 13, 27, GOLIN_SITE_PROLOGUE, 0, "runtime.gcMarkDone", "",
		 "when marking seems to be done"),
	PLAN_ROW("gc.mark.termination", 13, 27, GOLIN_SITE_PROLOGUE, 0, "runtime.gcMarkTermination",
		 "", "when marking ends"),
	PLAN_ROW("gc.stw.begin", 13, 20, GOLIN_SITE_PROLOGUE, PLAN_ON_G0,
		 "runtime.stopTheWorldWithSema", "", "when the world is being stopped"),
	PLAN_ROW("gc.stw.begin", 21, 27, GOLIN_SITE_PROLOGUE, PLAN_ON_G0,
		 "runtime.stopTheWorldWithSema", "reason=@0",
		 "when the world is being stopped, and why"),
	PLAN_ROW("gc.stw.end", 13, 27, GOLIN_SITE_PROLOGUE, PLAN_ON_G0,
		 "runtime.startTheWorldWithSema", "", "when the world is started again"),
};

static uint64_t cookie_of(const struct plan_build *b, const struct golin_plan_hook *h)
{
	if (!strcmp(h->event, "gc.stw.begin"))
		return WIRE_COOKIE(WIRE_OP_GC_STOP, plan_arg(b->minor, 0), 0, WIRE_G_NONE, 0);
	if (!strcmp(h->event, "gc.stw.end"))
		return WIRE_COOKIE(WIRE_OP_GC_GO, 0, 0, WIRE_G_NONE, 0);
	return WIRE_COOKIE(WIRE_OP_NONE, 0, 0, 0, 0); /* told by golin offsets only */
}

void plan_gc(struct plan_build *b)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct golin_plan_hook *h = plan_row(b, GOLIN_GROUP_GC, &rows[i]);

		if (h)
			h->cookie = cookie_of(b, h);
	}
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Contexts. Each cancellable one comes by propagateCancel, whichever constructor made it, also
 * where the compiler inlined that. The roots and WithoutCancel are inlined as a rule: such contexts
 * are seen as somebody's parent.
 */
#include <string.h>
#include "bpf/wire.h"
#include "plan_build.h"

static const struct plan_row rows[] = {
	PLAN_ROW("context.create", 13, 20, GOLIN_SITE_PROLOGUE, PLAN_REQUIRED,
		 "context.propagateCancel", "parent=@0,@1 child=@2,@3",
		 "the creation of cancellable contexts"),
	PLAN_ROW("context.create", 21, 27, GOLIN_SITE_PROLOGUE, PLAN_REQUIRED,
		 "context.(*cancelCtx).propagateCancel", "ctx=@0 parent=@1,@2 child=@3,@4",
		 "the creation of cancellable contexts"),
	/* The object is new: only its first word is stored. */
	PLAN_ROW("context.create.value", 13, 27, GOLIN_SITE_BARRIER, 0, "context.WithValue",
		 "ctx=@b parent=16(%rbp),24(%rbp) key=32(%rbp),40(%rbp) val=48(%rbp),56(%rbp)",
		 "the creation of contexts with values", .disp = 6),
	/* What was asked for: where the parent's deadline is earlier, the context has none. */
	PLAN_ROW("context.create.deadline", 13, 20, GOLIN_SITE_PROLOGUE, 0, "context.WithDeadline",
		 "parent=@0,@1 deadline=@2,@3,@4", "the deadline that was asked for"),
	PLAN_ROW("context.create.deadline", 21, 27, GOLIN_SITE_PROLOGUE, 0,
		 "context.WithDeadlineCause", "parent=@0,@1 deadline=@2,@3,@4 cause=@5,@6",
		 "the deadline that was asked for"),
	PLAN_ROW("context.create.timeout", 13, 27, GOLIN_SITE_PROLOGUE, 0, "context.WithTimeout",
		 "parent=@0,@1 timeout=@2", "the timeout that was asked for"),
	PLAN_ROW("context.create.timeout.cause", 21, 27, GOLIN_SITE_PROLOGUE, 0,
		 "context.WithTimeoutCause", "parent=@0,@1 timeout=@2 cause=@3,@4",
		 "the timeout that was asked for"),
	PLAN_ROW("context.cancel", 13, 19, GOLIN_SITE_PROLOGUE, PLAN_REQUIRED,
		 "context.(*cancelCtx).cancel", "ctx=@0 remove=@1 err=@2,@3",
		 "the end of contexts"),
	PLAN_ROW("context.cancel", 20, 27, GOLIN_SITE_PROLOGUE, PLAN_REQUIRED,
		 "context.(*cancelCtx).cancel", "ctx=@0 remove=@1 err=@2,@3 cause=@4,@5",
		 "the end of contexts"),
	/* Behind the check, under the lock, that it is not done yet: for which of several that
	   race. */
	PLAN_ROW("context.cancel.effect", 13, 19, GOLIN_SITE_COMMIT, PLAN_REQUIRED,
		 "context.(*cancelCtx).cancel", "ctx=16(%rbp) err=32(%rbp),40(%rbp)",
		 "the end of contexts", .disp = 1 << 0 | 3 << 2),
	PLAN_ROW("context.cancel.effect", 20, 27, GOLIN_SITE_COMMIT, PLAN_REQUIRED,
		 "context.(*cancelCtx).cancel",
		 "ctx=16(%rbp) err=32(%rbp),40(%rbp) cause=48(%rbp),56(%rbp)",
		 "the end of contexts", .disp = 1 << 0 | 3 << 2 | 3 << 4),
	PLAN_ROW("context.cancel.timer", 13, 19, GOLIN_SITE_PROLOGUE, 0,
		 "context.(*timerCtx).cancel", "ctx=@0 remove=@1 err=@2,@3",
		 "whether a deadline or a call ended a context"),
	PLAN_ROW("context.cancel.timer", 20, 27, GOLIN_SITE_PROLOGUE, 0,
		 "context.(*timerCtx).cancel", "ctx=@0 remove=@1 err=@2,@3 cause=@4,@5",
		 "whether a deadline or a call ended a context"),
	PLAN_ROW("context.cancel.afterfunc", 21, 27, GOLIN_SITE_PROLOGUE, 0,
		 "context.(*afterFuncCtx).cancel", "ctx=@0 remove=@1 err=@2,@3 cause=@4,@5",
		 "the end of what context.AfterFunc waits for"),
	PLAN_ROW("context.detach", 13, 27, GOLIN_SITE_PROLOGUE, 0, "context.removeChild",
		 "parent=@0,@1 child=@2,@3", "when a parent lets go of a child"),
};

/* What the BPF programs do at the sites of these; the others are for who asks where they are. */
static const struct {
	const char *event;
	enum wire_op op;
} ops[] = {
	{"context.create", WIRE_OP_CTX_CREATE},
	{"context.create.value", WIRE_OP_CTX_VALUE},
	{"context.cancel.effect", WIRE_OP_CTX_CANCEL},
	{"context.create.deadline", WIRE_OP_CTX_ASKED},
	{"context.create.timeout", WIRE_OP_CTX_TIMEOUT},
	{"context.create.timeout.cause", WIRE_OP_CTX_TIMEOUT},
};

static uint64_t cookie_of(unsigned int minor, enum wire_op op, bool prologue)
{
	/* Since 1.21 the parent comes behind the method's receiver. */
	unsigned int first = op == WIRE_OP_CTX_CREATE && minor >= 21 ? 1 : 0;
	/* Behind the prologue, %rcx is not g any more. */
	unsigned int g = minor < PLAN_MINOR_REGABI && !prologue ? WIRE_G_TLS : plan_g(minor);

	return WIRE_COOKIE(op, first, 0, g, 0);
}

void plan_contexts(struct plan_build *b)
{
	size_t from = b->plan->n;

	plan_rows(b, GOLIN_GROUP_CONTEXTS, rows, sizeof(rows) / sizeof(rows[0]));
	for (struct golin_plan_hook *h = &b->plan->hooks[from]; h < &b->plan->hooks[b->plan->n];
	     h++)
		for (size_t i = 0; i < sizeof(ops) / sizeof(ops[0]); i++)
			if (!strcmp(h->event, ops[i].event))
				h->cookie = cookie_of(b->minor, ops[i].op,
						      h->want.kind == GOLIN_SITE_PROLOGUE);
}

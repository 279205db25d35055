/* SPDX-License-Identifier: BSD-2-Clause */
/* Contexts of a small server as records: what filters find in it, and how it is shown. */
#ifndef GOLIN_TESTS_CONTEXT_SCENE_H
#define GOLIN_TESTS_CONTEXT_SCENE_H

#include "golin/context.h"
#include "records.h"

#define SEC 1000000000ull
#define UNIX0 1700000000000000000ull

enum {
	CTX_SERVER = 0xc000010000, /* cancel, made by main */
	CTX_REQUEST =
		0xc000020000, /* with a timeout, below it; handed to 7, which started 8 with it */
	CTX_VALUE = 0xc000030000, /* on the request's; its text is not shown */
	CTX_SHOWN = 0xc000040000, /* likewise, and its text is */
	CTX_OLD = 0xc000050000,	  /* was there before */

	PC_MAIN = 0x100,
	PC_HANDLE = 0x200,
	PC_WITH_CANCEL = 0x300,
	PC_WITH_TIMEOUT = 0x301,
	PC_WITH_VALUE = 0x302,
	PC_WORK = 0x400,
	PC_STOP = 0x500,
	STACK_SERVER = 70,
	STACK_REQUEST,
	STACK_VALUE,
	STACK_STOP,
	TYPE_KEY = 0x9000,
	TYPE_STRING = 0x9001,
	TYPE_FOREIGN = 0x9002,
};

UNUSED_FN void type_name(uint64_t type, const char *text)
{
	struct golin_recbuf b = {0};
	struct golin_rec_type_name *r = golin_recbuf_begin(&b, GOLIN_REC_TYPE, sizeof(*r));

	r->h.target = 1;
	r->h.epoch = test_epoch;
	r->type = type;
	golin_recbuf_str(&b, offsetof(struct golin_rec_type_name, name), text, strlen(text));
	put(golin_recbuf_end(&b));
	golin_recbuf_done(&b);
}

UNUSED_FN void context_value(uint64_t ts, uint64_t goid, uint64_t ctx, uint64_t parent,
			     const char *key, const char *value)
{
	struct golin_recbuf b = {0};
	struct golin_rec_context_create *r =
		golin_recbuf_begin(&b, GOLIN_REC_CONTEXT_CREATE, sizeof(*r));

	r->h.target = 1;
	r->h.epoch = test_epoch;
	r->h.ts = ts;
	r->h.goid = goid;
	r->ctx = ctx;
	r->parent = parent;
	r->kind = GOLIN_CTX_VALUE;
	r->parent_kind = GOLIN_CTX_TIMER;
	r->stack = STACK_VALUE;
	r->key_type = TYPE_KEY;
	r->value_type = TYPE_STRING;
	r->flags = GOLIN_CTX_PARENT_KNOWN | (value ? GOLIN_CTX_SHOWN : 0);
	if (value) {
		golin_recbuf_str(&b, offsetof(struct golin_rec_context_create, key), key,
				 strlen(key));
		golin_recbuf_str(&b, offsetof(struct golin_rec_context_create, value), value,
				 strlen(value));
	}
	put(golin_recbuf_end(&b));
	golin_recbuf_done(&b);
}

UNUSED_FN void context_end(uint64_t ts, uint64_t goid, uint64_t ctx, uint32_t reason)
{
	struct golin_recbuf b = {0};
	struct golin_rec_context_cancel *r =
		golin_recbuf_begin(&b, GOLIN_REC_CONTEXT_CANCEL, sizeof(*r));

	r->h.target = 1;
	r->h.epoch = test_epoch;
	r->h.ts = ts;
	r->h.goid = goid;
	r->ctx = ctx;
	r->reason = reason;
	r->stack = STACK_STOP;
	golin_recbuf_str(&b, offsetof(struct golin_rec_context_cancel, err), "context canceled",
			 16);
	put(golin_recbuf_end(&b));
	golin_recbuf_done(&b);
}

/* Before anything is cancelled; the time is then 12 s. */
UNUSED_FN void context_scene(void)
{
	const uint64_t server[] = {PC_WITH_CANCEL, PC_MAIN},
		       request[] = {PC_WITH_TIMEOUT, PC_HANDLE},
		       value[] = {PC_WITH_VALUE, PC_HANDLE}, stop[] = {PC_STOP, PC_MAIN};

	make_model(0);
	target(4213, "orders");
	clock_at(1000, UNIX0);
	name(PC_MAIN, "main.main", "/src/app/main.go", 30);
	name(PC_HANDLE, "main.(*API).handle", "/src/app/api.go", 41);
	name(PC_WORK, "main.work", "/src/app/work.go", 9);
	name(PC_STOP, "main.stop", "/src/app/stop.go", 5);
	name(PC_WITH_CANCEL, "context.WithCancel", "/go/src/context/context.go", 230);
	name(PC_WITH_TIMEOUT, "context.WithTimeout", "/go/src/context/context.go", 700);
	name(PC_WITH_VALUE, "context.WithValue", "/go/src/context/context.go", 720);
	stack(STACK_SERVER, server, 2);
	stack(STACK_REQUEST, request, 2);
	stack(STACK_VALUE, value, 2);
	stack(STACK_STOP, stop, 2);
	type_name(TYPE_KEY, "main.requestKey");
	type_name(TYPE_STRING, "string");
	type_name(TYPE_FOREIGN, "*main.merged");
	seen_full(0, 1, PC_MAIN, 0, GOLIN_GS_WAITING, "chan receive", GOLIN_G_PARENT_KNOWN);
	{
		struct golin_rec_context_create r = {
			.h = HEADER(GOLIN_REC_CONTEXT_CREATE, r, 1 * SEC, 1),
			.ctx = CTX_SERVER,
			.kind = GOLIN_CTX_CANCEL,
			.parent_kind = GOLIN_CTX_BACKGROUND,
			.stack = STACK_SERVER,
			.flags = GOLIN_CTX_PARENT_KNOWN,
		};

		put(&r.h);
	}
	create_full(2 * SEC, 1, 7, PC_HANDLE, PC_MAIN, 0, GOLIN_VIA_GO, 0);
	{
		struct golin_rec_context_create r = {
			.h = HEADER(GOLIN_REC_CONTEXT_CREATE, r, 3 * SEC, 7),
			.ctx = CTX_REQUEST,
			.parent = CTX_SERVER,
			.kind = GOLIN_CTX_TIMER,
			.parent_kind = GOLIN_CTX_CANCEL,
			.stack = STACK_REQUEST,
			.deadline_unix_ns = (int64_t)(UNIX0 + 20 * SEC),
			.timeout_ns = (int64_t)(17 * SEC),
			.flags = GOLIN_CTX_PARENT_KNOWN | GOLIN_CTX_HAS_TIMEOUT,
		};

		put(&r.h);
	}
	create_full(4 * SEC, 7, 8, PC_WORK, PC_HANDLE, 0, GOLIN_VIA_GO, 0);
	{
		struct golin_rec_context_passed r = {
			.h = HEADER(GOLIN_REC_CONTEXT_PASSED, r, 4 * SEC, 7),
			.child = 8,
			.ctx = CTX_REQUEST,
			.how = GOLIN_PASSED_CLOSURE,
		};

		put(&r.h);
	}
	context_value(5 * SEC, 8, CTX_VALUE, CTX_REQUEST, NULL, NULL);
	context_value(6 * SEC, 8, CTX_SHOWN, CTX_REQUEST, "tenant", "blue");
	clock_at(12 * SEC + 1000, UNIX0 + 12 * SEC);
}

#endif

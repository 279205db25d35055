/* SPDX-License-Identifier: BSD-2-Clause */
/* Panics of a small server, as records: what the golden outputs of panics show. */
#ifndef GOLIN_TESTS_PANIC_SCENE_H
#define GOLIN_TESTS_PANIC_SCENE_H

#include "golin/panic.h"
#include "scene.h"

enum {
	PC_RUN = 0x600,	    /* where main.(*Job).run panics */
	PC_STEP = 0x601,    /* it is called by main.(*Job).step */
	PC_CLEANUP = 0x602, /* entries of deferred functions */
	PC_GUARD = 0x603,
	PC_RESUMED = 0x604, /* in main.(*Job).step, behind its deferred calls */
	PC_INDEX = 0x605,   /* runtime.goPanicIndex */
	PC_RECURSE = 0x606,
	PC_FAULT = 0x607,
	PC_GOEXIT = 0x608,

	STACK_JOB = 600,
	STACK_DEEP = 601,
	STACK_CLEANUP = 602,

	TYPE_PATH = 0x7000, /* *fs.PathError */
	TYPE_ERRNO = 0x7001,
	TYPE_STRING = 0x7002,
	TYPE_BOUNDS = 0x7003,
	TYPE_WRAP = 0x7004,

	DEPTH = 512, /* of a panic in main.(*Job).run */
};

struct test_value {
	uint64_t type, data;
	const char *text; /* NULL: none */
	uint32_t flags, up;
	uint64_t size;
};

UNUSED_FN void type_name(uint64_t type, const char *name)
{
	struct golin_recbuf b = {0};
	struct golin_rec_type_name *r = golin_recbuf_begin(&b, GOLIN_REC_TYPE, sizeof(*r));

	r->h.target = 1;
	r->h.epoch = test_epoch;
	r->type = type;
	golin_recbuf_str(&b, offsetof(struct golin_rec_type_name, name), name, strlen(name));
	put(golin_recbuf_end(&b));
	golin_recbuf_done(&b);
}

UNUSED_FN void fill_value(struct golin_recbuf *b, size_t at, const struct test_value *v)
{
	struct golin_rec_value *r = (void *)((char *)b->mem + at);

	*r = (struct golin_rec_value){
		.type = v->type, .data = v->data, .size = v->size, .flags = v->flags, .up = v->up};
	if (!v->text)
		return;
	r->flags |= GOLIN_VALUE_TEXT;
	golin_recbuf_str(b, at + offsetof(struct golin_rec_value, text), v->text, strlen(v->text));
}

/* Begins in *b a panic; put() it, or make it an event. The header of `like` tells time and goid. */
UNUSED_FN const struct golin_rec *panic_start(struct golin_recbuf *b,
					      const struct golin_rec_panic_start *like,
					      const struct test_value *v, uint32_t n)
{
	struct golin_rec_panic_start *r = golin_recbuf_begin(
		b, GOLIN_REC_PANIC_START, sizeof(*r) + n * sizeof(struct golin_rec_value));

	*r = *like;
	r->h = header(GOLIN_REC_PANIC_START, 0, like->h.ts, like->h.goid);
	r->n = n;
	for (uint32_t k = 0; k < n; k++)
		fill_value(b, sizeof(*r) + k * sizeof(struct golin_rec_value), &v[k]);
	return golin_recbuf_end(b);
}

UNUSED_FN struct golin_rec_panic_defer panic_defer(uint64_t ts, uint64_t goid, uint64_t pc,
						   uint32_t flags)
{
	return (struct golin_rec_panic_defer){
		.h = header(GOLIN_REC_PANIC_DEFER, sizeof(struct golin_rec_panic_defer), ts, goid),
		.pc = pc,
		.flags = flags};
}

UNUSED_FN struct golin_rec_panic_recover panic_recover(uint64_t ts, uint64_t goid, uint64_t pc,
						       uint64_t depth)
{
	return (struct golin_rec_panic_recover){.h = header(GOLIN_REC_PANIC_RECOVER,
							    sizeof(struct golin_rec_panic_recover),
							    ts, goid),
						.resumed_pc = pc,
						.depth = depth};
}

UNUSED_FN struct golin_rec_panic_goexit panic_goexit(uint64_t ts, uint64_t goid, uint64_t depth)
{
	return (struct golin_rec_panic_goexit){.h = header(GOLIN_REC_PANIC_GOEXIT,
							   sizeof(struct golin_rec_panic_goexit),
							   ts, goid),
					       .depth = depth,
					       .stack = STACK_JOB};
}

/* The first one first. */
UNUSED_FN const struct golin_rec *panic_fatal(struct golin_recbuf *b, uint64_t ts, uint64_t goid,
					      const struct test_value *v, uint32_t n)
{
	struct golin_rec_panic_fatal *r = golin_recbuf_begin(
		b, GOLIN_REC_PANIC_FATAL, sizeof(*r) + n * sizeof(struct golin_rec_kept_panic));

	r->h = header(GOLIN_REC_PANIC_FATAL, 0, ts, goid);
	r->n = n;
	for (uint32_t k = 0; k < n; k++)
		fill_value(b,
			   sizeof(*r) + k * sizeof(struct golin_rec_kept_panic) +
				   offsetof(struct golin_rec_kept_panic, value),
			   &v[k]);
	return golin_recbuf_end(b);
}

UNUSED_FN const struct golin_rec *panic_throw(struct golin_recbuf *b, uint64_t ts, uint64_t goid,
					      const char *text)
{
	struct golin_rec_panic_throw *r = golin_recbuf_begin(b, GOLIN_REC_PANIC_THROW, sizeof(*r));

	r->h = header(GOLIN_REC_PANIC_THROW, 0, ts, goid);
	r->stack = STACK_JOB;
	golin_recbuf_str(b, offsetof(struct golin_rec_panic_throw, text), text, strlen(text));
	return golin_recbuf_end(b);
}

/* An error that wraps another. */
static const struct test_value path_error[] = {
	{TYPE_PATH, 0xc000010000, "open /etc/none: no such file or directory",
	 GOLIN_VALUE_ERROR | GOLIN_VALUE_HEAP, 0, 0},
	{TYPE_ERRNO, 0x2, "no such file or directory", GOLIN_VALUE_ERROR, 0, 0},
};

/* The program, with goroutine 40 as its worker and 41 below that; nobody has panicked yet. */
UNUSED_FN void panic_scene(void)
{
	static const uint64_t job[] = {PC_RUN, PC_STEP, PC_WORKER};
	static const uint64_t deep[] = {PC_INDEX,   PC_RECURSE, PC_RECURSE,
					PC_RECURSE, PC_CONN,	0x999};
	static const uint64_t cleanup[] = {PC_CLEANUP, PC_RUN, PC_STEP, PC_WORKER};

	make_model(0);
	target(4213, "orders");
	clock_at(1000, UNIX0);
	scene_names();
	name(PC_RUN, "main.(*Job).run", "/src/app/job.go", 93);
	name(PC_STEP, "main.(*Job).step", "/src/app/job.go", 80);
	name(PC_RESUMED, "main.(*Job).step", "/src/app/job.go", 82);
	name(PC_CLEANUP, "main.cleanup", "/src/app/job.go", 71);
	name(PC_GUARD, "main.guard", "/src/app/job.go", 60);
	name(PC_INDEX, "runtime.goPanicIndex", "/go/src/runtime/panic.go", 115);
	name(PC_RECURSE, "main.recurse", "/src/app/deep.go", 9);
	name(PC_FAULT, "main.deref", "/src/app/deref.go", 4);
	stack(STACK_JOB, job, 3);
	stack(STACK_DEEP, deep, 6);
	stack(STACK_CLEANUP, cleanup, 4);
	type_name(TYPE_PATH, "*fs.PathError");
	type_name(TYPE_ERRNO, "syscall.Errno");
	type_name(TYPE_STRING, "string");
	type_name(TYPE_BOUNDS, "runtime.boundsError");
	type_name(TYPE_WRAP, "*fmt.wrapError");
	seen_full(0, 1, PC_MAIN, PC_RT0, GOLIN_GS_WAITING, "chan receive", GOLIN_G_PARENT_KNOWN);
	create_full(3 * SEC, 1, 40, PC_WORKER, PC_SPAWN_SITE, 0, GOLIN_VIA_GO, 0);
	create_full(4 * SEC, 40, 41, PC_WORKER, PC_SPAWN_SITE, 0, GOLIN_VIA_GO, 0);
}

#endif

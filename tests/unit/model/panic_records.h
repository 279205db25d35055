/* SPDX-License-Identifier: BSD-2-Clause */
/* Records of panics for tests: each call applies one to `M`, a tick after the one before. */
#ifndef GOLIN_TESTS_PANIC_RECORDS_H
#define GOLIN_TESTS_PANIC_RECORDS_H

#include "golin/dump.h"
#include "golin/panic.h"
#include "records.h"

struct test_value {
	uint64_t type, data;
	const char *text; /* NULL: none */
	uint32_t flags, up;
};

enum {
	TYPE_STRING = 0x9001,
	TYPE_ERROR = 0x9002, /* *errors.errorString */
	TYPE_WRAP = 0x9003,  /* *fmt.wrapError */
	TYPE_INT = 0x9004,
};

static uint64_t ticks;

UNUSED_FN void type_name(uint64_t type, const char *name)
{
	struct golin_recbuf b = {0};
	struct golin_rec_type_name *r = golin_recbuf_begin(&b, GOLIN_REC_TYPE, sizeof(*r));

	r->h = header(GOLIN_REC_TYPE, 0, 0, 0);
	r->type = type;
	golin_recbuf_str(&b, offsetof(struct golin_rec_type_name, name), name, strlen(name));
	put(golin_recbuf_end(&b));
	golin_recbuf_done(&b);
}

UNUSED_FN void fill_value(struct golin_recbuf *b, size_t at, const struct test_value *v)
{
	struct golin_rec_value *r = (void *)((char *)b->mem + at);

	*r = (struct golin_rec_value){
		.type = v->type, .data = v->data, .flags = v->flags, .up = v->up};
	if (!v->text)
		return;
	r->flags |= GOLIN_VALUE_TEXT;
	golin_recbuf_str(b, at + offsetof(struct golin_rec_value, text), v->text, strlen(v->text));
}

/* `like` tells depth, stack, flags ... */
UNUSED_FN golin_pidx start_full(uint64_t goid, const struct golin_rec_panic_start *like,
				const struct test_value *v, uint32_t n)
{
	struct golin_recbuf b = {0};
	struct golin_rec_panic_start *r = golin_recbuf_begin(
		&b, GOLIN_REC_PANIC_START, sizeof(*r) + n * sizeof(struct golin_rec_value));

	*r = *like;
	r->h = header(GOLIN_REC_PANIC_START, 0, ++ticks, goid);
	r->n = n;
	for (uint32_t k = 0; k < n; k++)
		fill_value(&b, sizeof(*r) + k * sizeof(struct golin_rec_value), &v[k]);
	put(golin_recbuf_end(&b));
	golin_recbuf_done(&b);
	return golin_model_panic_of(M, golin_model_find(M, goid));
}

/* With a constant string. */
UNUSED_FN golin_pidx start(uint64_t goid, uint64_t depth, uint32_t flags, const char *text)
{
	const struct golin_rec_panic_start like = {.depth = depth, .flags = flags};
	const struct test_value v = {.type = TYPE_STRING, .data = 0x500000, .text = text};

	return start_full(goid, &like, &v, 1);
}

/* At a stack, with values. */
UNUSED_FN golin_pidx start_at(uint64_t goid, uint64_t depth, uint32_t flags, uint64_t stack_id,
			      const struct test_value *v, uint32_t n)
{
	const struct golin_rec_panic_start like = {
		.depth = depth, .flags = flags, .stack = stack_id};

	return start_full(goid, &like, v, n);
}

UNUSED_FN void deferred(uint64_t goid, uint64_t pc, uint32_t flags)
{
	struct golin_rec_panic_defer r = {
		.h = HEADER(GOLIN_REC_PANIC_DEFER, r, ++ticks, goid), .pc = pc, .flags = flags};

	put(&r.h);
}

UNUSED_FN void recovered_value(uint64_t goid, uint64_t pc, uint64_t depth, uint64_t type,
			       uint64_t data)
{
	struct golin_rec_panic_recover r = {.h = HEADER(GOLIN_REC_PANIC_RECOVER, r, ++ticks, goid),
					    .resumed_pc = pc,
					    .depth = depth,
					    .type = type,
					    .data = data,
					    .flags = type ? GOLIN_PANIC_VALUE : 0};

	put(&r.h);
}

UNUSED_FN void recovered(uint64_t goid, uint64_t pc, uint64_t depth)
{
	recovered_value(goid, pc, depth, 0, 0);
}

UNUSED_FN golin_pidx goexit_at(uint64_t goid, uint64_t depth, uint32_t flags, uint64_t stack_id)
{
	struct golin_rec_panic_goexit r = {.h = HEADER(GOLIN_REC_PANIC_GOEXIT, r, ++ticks, goid),
					   .depth = depth,
					   .stack = stack_id,
					   .flags = flags};

	put(&r.h);
	return golin_model_panic_of(M, golin_model_find(M, goid));
}

UNUSED_FN golin_pidx goexit_(uint64_t goid, uint64_t depth, uint32_t flags)
{
	return goexit_at(goid, depth, flags, 0);
}

struct test_kept {
	const char *text;
	uint32_t flags;
};

/* The first one first. */
UNUSED_FN void fatal(uint64_t goid, const struct test_kept *v, uint32_t n)
{
	struct golin_recbuf b = {0};
	struct golin_rec_panic_fatal *r = golin_recbuf_begin(
		&b, GOLIN_REC_PANIC_FATAL, sizeof(*r) + n * sizeof(struct golin_rec_kept_panic));

	r->h = header(GOLIN_REC_PANIC_FATAL, 0, ++ticks, goid);
	r->n = n;
	for (uint32_t k = 0; k < n; k++) {
		size_t at = sizeof(*r) + k * sizeof(struct golin_rec_kept_panic);
		struct golin_rec_kept_panic *p = (void *)((char *)b.mem + at);

		p->flags = v[k].flags;
		p->value.flags = GOLIN_VALUE_TEXT | GOLIN_VALUE_PRINTED;
		golin_recbuf_str(&b, at + offsetof(struct golin_rec_kept_panic, value.text),
				 v[k].text, strlen(v[k].text));
	}
	put(golin_recbuf_end(&b));
	golin_recbuf_done(&b);
}

UNUSED_FN void throw_(uint64_t goid, const char *text, uint32_t flags)
{
	struct golin_recbuf b = {0};
	struct golin_rec_panic_throw *r = golin_recbuf_begin(&b, GOLIN_REC_PANIC_THROW, sizeof(*r));

	r->h = header(GOLIN_REC_PANIC_THROW, 0, ++ticks, goid);
	r->flags = flags;
	golin_recbuf_str(&b, offsetof(struct golin_rec_panic_throw, text), text, strlen(text));
	put(golin_recbuf_end(&b));
	golin_recbuf_done(&b);
}

UNUSED_FN void process_exit(void)
{
	struct golin_rec_exit r = {.h = HEADER(GOLIN_REC_EXIT, r, ++ticks, 0)};

	put(&r.h);
}

/* The program is made by that version of Go. */
UNUSED_FN void go_version(const char *version)
{
	struct golin_recbuf b = {0};
	struct golin_rec_target *t = golin_recbuf_begin(&b, GOLIN_REC_TARGET, sizeof(*t));

	t->h = header(GOLIN_REC_TARGET, 0, 1, 0);
	golin_recbuf_str(&b, offsetof(struct golin_rec_target, go), version, strlen(version));
	put(golin_recbuf_end(&b));
	golin_recbuf_done(&b);
}

/* words[k]: from the frame that pcs[k] returns from to the one that it returns to. */
UNUSED_FN void stack_with_words(uint64_t id, const uint64_t *pcs, const uint16_t *words, uint32_t n)
{
	struct golin_recbuf b = {0};
	struct golin_rec_stack *r = golin_recbuf_begin(
		&b, GOLIN_REC_STACK, sizeof(*r) + n * (sizeof(*pcs) + sizeof(*words)));

	r->h = header(GOLIN_REC_STACK, 0, 0, 0);
	r->id = id;
	r->n = n;
	memcpy(r->pcs, pcs, n * sizeof(*pcs));
	memcpy((char *)r->pcs + n * sizeof(*pcs), words, n * sizeof(*words));
	put(golin_recbuf_end(&b));
	golin_recbuf_done(&b);
}

UNUSED_FN const struct golin_panic *panic_no(uint64_t number)
{
	const struct golin_panic *p = golin_model_panic(M, golin_model_panic_find(M, number));

	assert_non_null(p);
	assert_int_equal(p->number, number);
	return p;
}

/* The number of the panic that a link means; 0 none. */
UNUSED_FN uint64_t number_of(golin_pidx i)
{
	const struct golin_panic *p = golin_model_panic(M, i);

	return p ? p->number : 0;
}

UNUSED_FN void is_outcome(uint64_t number, enum golin_panic_outcome want)
{
	const struct golin_panic *p = panic_no(number);

	if (p->outcome != want)
		print_message("panic %lu: %s, not %s\n", (unsigned long)number,
			      golin_panic_outcome_name(p->outcome), golin_panic_outcome_name(want));
	assert_int_equal(p->outcome, want);
	assert_int_equal(!p->ended, want == GOLIN_PO_ACTIVE);
}

UNUSED_FN void is_replaced(uint64_t number, uint64_t by)
{
	is_outcome(number, GOLIN_PO_REPLACED);
	assert_int_equal(number_of(panic_no(number)->replaced_by), by);
}

UNUSED_FN void is_recovered(uint64_t number, uint64_t by)
{
	is_outcome(number, GOLIN_PO_RECOVERED);
	assert_int_equal(panic_no(number)->recovered_by, by);
}

UNUSED_FN struct golin_panic_counts panic_counts(void)
{
	struct golin_panic_counts c;

	golin_model_panic_counts(M, &c);
	return c;
}

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/* Records of panics for tests: each call applies one. */
#ifndef GOLIN_TESTS_PANIC_PUT_H
#define GOLIN_TESTS_PANIC_PUT_H

#include "golin/dump.h"
#include "golin/panic.h"
#include "records.h"

struct test_panic {
	uint64_t ts, goid, depth, stack;
	uint64_t type, data; /* of its value; type 0: nil */
	const char *text;    /* NULL: not known */
	uint32_t value_flags, flags;
	uint32_t trace_kind;
	uint64_t trace[2];
	/* what it wraps; type 0: nothing */
	uint64_t wrapped_type, wrapped_data;
	const char *wrapped_text;
};

UNUSED_FN void panic_put(const struct test_panic *p)
{
	uint32_t n = p->wrapped_type ? 2 : 1;
	struct golin_recbuf b = {0};
	struct golin_rec_panic_start *r = golin_recbuf_begin(
		&b, GOLIN_REC_PANIC_START, sizeof(*r) + n * sizeof(struct golin_rec_value));

	r->h.target = 1;
	r->h.epoch = test_epoch;
	r->h.ts = p->ts;
	r->h.goid = p->goid;
	r->depth = p->depth;
	r->stack = p->stack;
	r->flags = p->flags;
	r->trace_kind = p->trace_kind;
	r->trace[0] = p->trace[0];
	r->trace[1] = p->trace[1];
	r->n = n;
	r->values[0].type = p->type;
	r->values[0].data = p->data;
	r->values[0].flags = p->value_flags | (p->text ? GOLIN_VALUE_TEXT : 0);
	if (n == 2) {
		r->values[1].type = p->wrapped_type;
		r->values[1].data = p->wrapped_data;
		r->values[1].flags = GOLIN_VALUE_HEAP | (p->wrapped_text ? GOLIN_VALUE_TEXT : 0);
	}
	for (uint32_t k = 0; k < n; k++) {
		const char *text = k ? p->wrapped_text : p->text;

		if (text)
			golin_recbuf_str(&b,
					 offsetof(struct golin_rec_panic_start, values) +
						 k * sizeof(struct golin_rec_value) +
						 offsetof(struct golin_rec_value, text),
					 text, strlen(text));
	}
	put(golin_recbuf_end(&b));
	golin_recbuf_done(&b);
}

UNUSED_FN void panic_defer(uint64_t ts, uint64_t goid, uint64_t pc)
{
	struct golin_rec_panic_defer r = {.h = HEADER(GOLIN_REC_PANIC_DEFER, r, ts, goid),
					  .pc = pc};

	put(&r.h);
}

UNUSED_FN void panic_recover(uint64_t ts, uint64_t goid, uint64_t depth, uint64_t resumed)
{
	struct golin_rec_panic_recover r = {.h = HEADER(GOLIN_REC_PANIC_RECOVER, r, ts, goid),
					    .depth = depth,
					    .resumed_pc = resumed};

	put(&r.h);
}

UNUSED_FN void panic_goexit(uint64_t ts, uint64_t goid, uint64_t depth, uint64_t stack_id,
			    uint32_t flags)
{
	struct golin_rec_panic_goexit r = {.h = HEADER(GOLIN_REC_PANIC_GOEXIT, r, ts, goid),
					   .depth = depth,
					   .stack = stack_id,
					   .flags = flags};

	put(&r.h);
}

UNUSED_FN void type_is(uint64_t type, const char *text)
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

UNUSED_FN int put_again(void *arg, const struct golin_rec *rec)
{
	assert_true(golin_record_check(rec, rec->size));
	assert_true(golin_record_is_clean(rec));
	return golin_model_apply(arg, rec);
}

/* M is what a dump of it makes. */
UNUSED_FN void dumped_and_read(void)
{
	struct golin_model *again;

	assert_int_equal(golin_model_new(NULL, &again), 0);
	assert_int_equal(golin_model_dump(M, &(struct golin_sink){put_again, again}), 0);
	golin_model_free(M);
	M = again;
}

UNUSED_FN golin_pidx newest_panic(void)
{
	struct golin_panic_counts c;

	golin_model_panic_counts(M, &c);
	return golin_model_panic_find(M, c.panics + c.goexits + c.throws);
}

#endif

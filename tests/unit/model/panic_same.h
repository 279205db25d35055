/* SPDX-License-Identifier: BSD-2-Clause */
/* Whether two models hold the same panics, and what a dump makes of one. */
#ifndef GOLIN_TESTS_PANIC_SAME_H
#define GOLIN_TESTS_PANIC_SAME_H

#include "panic_records.h"

UNUSED_FN int apply_to(void *arg, const struct golin_rec *rec)
{
	assert_true(golin_record_check(rec, rec->size));
	assert_true(golin_record_is_clean(rec));
	return golin_model_apply(arg, rec);
}

/* A model that was fed the dump of one. */
UNUSED_FN struct golin_model *dumped(const struct golin_model *m,
				     const struct golin_model_opts *opts)
{
	struct golin_model *ret;

	assert_int_equal(golin_model_new(opts, &ret), 0);
	assert_int_equal(golin_model_dump(m, &(struct golin_sink){apply_to, ret}), 0);
	return ret;
}

UNUSED_FN uint64_t number_in(const struct golin_model *m, golin_pidx i)
{
	const struct golin_panic *p = golin_model_panic(m, i);

	return p ? p->number : 0;
}

#define SAME(member) assert_int_equal(p->member, q->member)
#define SAME_LINK(member) assert_int_equal(number_in(a, p->member), number_in(b, q->member))
#define SAME_STRING(x, y) assert_string_equal(golin_model_string(a, x), golin_model_string(b, y))

UNUSED_FN void same_values(const struct golin_model *a, golin_pidx i, const struct golin_model *b,
			   golin_pidx k)
{
	const struct golin_panic_value *p, *q;
	uint32_t n = golin_panic_values(a, i, &p);

	assert_int_equal(golin_panic_values(b, k, &q), n);
	for (; n; n--, p++, q++) {
		SAME(type_addr);
		SAME(data);
		SAME(size);
		SAME(flags);
		SAME(up);
		SAME_STRING(p->type, q->type);
		SAME_STRING(p->text, q->text);
	}
}

UNUSED_FN void same_defers(const struct golin_model *a, golin_pidx i, const struct golin_model *b,
			   golin_pidx k)
{
	const struct golin_panic_defer *p, *q;
	uint32_t n = golin_panic_defers(a, i, &p);

	assert_int_equal(golin_panic_defers(b, k, &q), n);
	for (; n; n--, p++, q++) {
		SAME(pc);
		SAME(ts);
		SAME(end);
		SAME(pause);
		SAME(flags);
	}
}

UNUSED_FN void same_ids(const struct golin_model *a, golin_pidx i, const struct golin_model *b,
			golin_pidx k)
{
	char x[GOLIN_TRACE_ID_MAX], y[GOLIN_TRACE_ID_MAX];

	assert_string_equal(golin_panic_id(a, i, x), golin_panic_id(b, k, y));
	assert_string_equal(golin_panic_trace(a, i, x), golin_panic_trace(b, k, y));
	assert_string_equal(golin_panic_traceparent(a, i, x), golin_panic_traceparent(b, k, y));
}

UNUSED_FN void same_panic(const struct golin_model *a, golin_pidx i, const struct golin_model *b,
			  golin_pidx k)
{
	const struct golin_panic *p = golin_model_panic(a, i), *q = golin_model_panic(b, k);

	assert_non_null(p);
	assert_non_null(q);
	SAME(number);
	SAME(goid);
	SAME(started);
	SAME(ended);
	SAME(depth);
	SAME(stack);
	SAME(fault_pc);
	SAME(fault_addr);
	SAME(recovered_by);
	SAME(resumed_in);
	SAME(trace[0]);
	SAME(trace[1]);
	SAME(target);
	SAME(epoch);
	SAME(frames);
	SAME(ndefers);
	SAME(nvalues);
	SAME(kind);
	SAME(outcome);
	SAME(relation);
	SAME(trace_kind);
	SAME(more);
	SAME_STRING(p->printed, q->printed);
	SAME_LINK(nested_in);
	SAME_LINK(replaced_by);
	SAME_LINK(repanic_of);
	SAME_LINK(trace_of);
	SAME_LINK(up);
	SAME_LINK(first);
	SAME_LINK(last);
	SAME_LINK(next);
	SAME_LINK(prev);
	assert_int_equal(golin_panic_site_of(a, i), golin_panic_site_of(b, k));
	same_values(a, i, b, k);
	same_defers(a, i, b, k);
	same_ids(a, i, b, k);
}

UNUSED_FN void same_sites(const struct golin_model *a, const struct golin_model *b)
{
	uint32_t n = golin_model_panic_sites(a);

	assert_int_equal(golin_model_panic_sites(b), n);
	for (uint32_t i = 0; i < n; i++) {
		const struct golin_panic_site *p = golin_model_panic_site(a, i);
		const struct golin_panic_site *q = golin_model_panic_site(b, i);

		assert_string_equal(p->at.func, q->at.func);
		assert_string_equal(p->at.file, q->at.file);
		SAME(at.line);
		SAME_STRING(p->type, q->type);
		SAME(count);
		SAME(recovered);
		SAME(replaced);
		SAME(fatal);
		SAME(active);
		SAME(first_at);
		SAME(last_at);
		SAME(by);
		SAME_LINK(first);
		SAME_LINK(newest);
	}
	assert_null(golin_model_panic_site(a, n));
}

UNUSED_FN uint32_t same_panics(const struct golin_model *a, const struct golin_model *b)
{
	struct golin_panic_counts c, d;
	const struct golin_panic_counts *p = &c, *q = &d;
	uint32_t n = 0, k = 0;

	golin_model_panic_counts(a, &c);
	golin_model_panic_counts(b, &d);
	SAME(panics);
	SAME(recovered);
	SAME(replaced);
	SAME(fatal);
	SAME(goexits);
	SAME(throws);
	SAME(active);
	SAME(evicted);
	SAME(unmatched);
	for (golin_pidx i = 0; i < golin_model_panic_max(a); i++) {
		if (!golin_model_panic(a, i))
			continue;
		same_panic(a, i, b, golin_model_panic_find(b, golin_model_panic(a, i)->number));
		n++;
	}
	for (golin_pidx i = 0; i < golin_model_panic_max(b); i++)
		k += golin_model_panic(b, i) != NULL;
	assert_int_equal(n, k);
	assert_int_equal(number_in(a, golin_model_panic_roots(a)),
			 number_in(b, golin_model_panic_roots(b)));
	same_sites(a, b);
	return n;
}

#endif

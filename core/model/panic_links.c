/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which earlier panic one repeats. Without a false word: two panics with the same constant are two,
 * and an address is used again by the garbage collector. So a value counts as another's only when
 * it is an allocated object with the same type, address and text, and when there is a way from
 * there to here:
 *
 *  - it began during a deferred call of that one (then a constant will do, if that call had
 *    recovered it), or
 *  - that one was over, its value taken by a recover(), not long ago, or a deferred call of it that
 *    may have taken it still runs on another goroutine; this one was raised elsewhere; and the
 *    goroutine is the same, or a relative, or the function that recovered it is of the package that
 *    raises it now (errgroup, singleflight, sync.OnceFunc).
 */
#include "model_impl.h"

#include <ctype.h>
#include <errno.h>

enum {
	NESTED_LOOK = 16,    /* panics below the one that is repeated */
	ANCESTORS_LOOK = 64, /* goroutines above one */
};

#define REUSE_NS 60000000000ull /* after which an address is not taken for the same object */

/* ---- values ---- */

static uint64_t value_key(uint32_t space, const struct golin_panic_value *v)
{
	return map64_mix(v->data ^ map64_mix(v->type_addr ^ map64_mix(space)));
}

static bool is_object(const struct golin_panic_value *v)
{
	return v->type_addr && v->data && v->flags & GOLIN_VALUE_HEAP;
}

static const char *text_of(const struct golin_model *m, const struct golin_panic_value *v)
{
	return v->flags & GOLIN_VALUE_TEXT ? golin_model_string(m, v->text) : "";
}

static bool same_text(const struct golin_model *m, const struct golin_panic_value *a,
		      const struct golin_panic_value *b)
{
	return a->size == b->size && !strcmp(text_of(m, a), text_of(m, b));
}

static bool same_words(const struct golin_panic_value *a, const struct golin_panic_value *b)
{
	return a->type_addr && a->type_addr == b->type_addr && a->data == b->data;
}

/* `sure`: they are one for another reason, a constant is enough. */
static bool same_value(const struct golin_model *m, const struct golin_panic_value *a,
		       const struct golin_panic_value *b, bool sure)
{
	return same_words(a, b) && same_text(m, a, b) && (sure || (is_object(a) && is_object(b)));
}

/* Who had this very value first, lately. */
static golin_pidx with_value(const struct golin_model *m, uint32_t space,
			     const struct golin_panic_value *v)
{
	const struct panic_node *n;
	uint32_t i;

	if (!is_object(v) || !map64_get(&m->panics.by_value, value_key(space, v), &i))
		return GOLIN_PIDX_NONE;
	n = panic_at(m, i);
	return n->space == space && same_words(&n->values[0], v) ? i : GOLIN_PIDX_NONE;
}

int panic_values_keep(struct golin_model *m, golin_pidx i)
{
	struct panic_node *n = panic_at(m, i);
	uint64_t key;
	uint32_t at;

	if (!n->p.nvalues || !is_object(&n->values[0]))
		return 0;
	key = value_key(n->space, &n->values[0]);
	if (map64_get(&m->panics.by_value, key, &at))
		panic_at(m, at)->in_values = false;
	if (!map64_put(&m->panics.by_value, key, i))
		return -ENOMEM;
	n->in_values = true;
	return 0;
}

int panic_values_learn(struct golin_model *m, golin_pidx i)
{
	struct panic_node *n = panic_at(m, i);
	golin_pidx first;

	if (!n->p.nvalues || !is_object(&n->values[0]))
		return 0;
	first = with_value(m, n->space, &n->values[0]);
	if (first != GOLIN_PIDX_NONE && n->p.relation == GOLIN_PR_SAME) {
		panic_at(m, first)->value_seen = n->p.started;
		return 0;
	}
	n->value_seen = n->p.started;
	return panic_values_keep(m, i);
}

void panic_values_forget(struct golin_model *m, golin_pidx i)
{
	const struct panic_node *n = panic_at(m, i);

	if (n->in_values)
		map64_del(&m->panics.by_value, value_key(n->space, &n->values[0]));
}

/* ---- during a deferred call ---- */

static bool is_word(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

/* Whether s has `part` within, not as a piece of a longer word or number. */
static bool has_within(const char *s, const char *part)
{
	size_t len = strlen(part);

	if (!len)
		return false;
	for (const char *at = s; (at = strstr(at, part)) != NULL; at++)
		if (!((at > s && is_word(at[-1]) && is_word(*part)) ||
		      (is_word(at[len]) && is_word(part[len - 1]))))
			return true;
	return false;
}

static enum golin_panic_relation relation_to(const struct golin_model *m,
					     const struct panic_node *n,
					     const struct panic_node *to, bool recovered)
{
	const struct golin_panic_value *was;

	if (to->p.kind != GOLIN_PANIC_PANIC || !to->p.nvalues || !to->values[0].type_addr)
		return GOLIN_PR_NONE;
	was = &to->values[0];
	if (same_value(m, &n->values[0], was, recovered))
		return GOLIN_PR_SAME;
	for (uint32_t k = 1; k < n->p.nvalues; k++)
		if (same_value(m, &n->values[k], was, recovered) ||
		    (recovered && *text_of(m, was) && same_text(m, &n->values[k], was) &&
		     n->values[k].type_addr == was->type_addr))
			return GOLIN_PR_WRAPPED;
	if (recovered && has_within(text_of(m, &n->values[0]), text_of(m, was)))
		return GOLIN_PR_TEXT;
	return GOLIN_PR_NONE;
}

static bool find_nested(struct golin_model *m, golin_pidx i, golin_pidx up)
{
	struct panic_node *n = panic_at(m, i);

	for (int k = 0; k < NESTED_LOOK && up != GOLIN_PIDX_NONE; k++) {
		const struct panic_node *to = panic_at(m, up);
		enum golin_panic_relation r =
			relation_to(m, n, to, to->p.outcome == GOLIN_PO_RECOVERED);

		if (r) {
			panic_link(m, i, LINK_REPANIC, up);
			n->p.relation = (uint8_t)r;
			return true;
		}
		up = to->below;
	}
	return false;
}

/* ---- later, or on another goroutine ---- */

static bool is_above(const struct golin_model *m, golin_gidx g, golin_gidx of)
{
	for (int k = 0; k < ANCESTORS_LOOK && of != GOLIN_GIDX_NONE; k++) {
		if (of == g)
			return true;
		of = node_at(m, of)->g.up;
	}
	return false;
}

static bool is_related(const struct golin_model *m, const struct panic_node *a,
		       const struct panic_node *b)
{
	golin_gidx ga = goroutine_find(m, a->space, a->p.goid);
	golin_gidx gb = goroutine_find(m, b->space, b->p.goid);

	if (ga == GOLIN_GIDX_NONE || gb == GOLIN_GIDX_NONE)
		return false;
	return is_above(m, ga, gb) || is_above(m, gb, ga);
}

static bool same_place(const struct golin_model *m, const struct panic_node *a,
		       const struct panic_node *b)
{
	const struct panic_site *sites = m->panics.sites.v;
	const struct golin_frame *x, *y;

	if (a->site == SITE_NONE || b->site == SITE_NONE)
		return true; /* nothing says that they differ */
	x = &sites[a->site].s.at;
	y = &sites[b->site].s.at;
	return x->func == y->func && x->file == y->file && x->line == y->line;
}

/* Whether what recovered `was` is of the package that raises n. */
static bool same_package(const struct golin_model *m, const struct panic_node *n,
			 const struct panic_node *was)
{
	uint64_t pc = was->p.recovered_by ? was->p.recovered_by : was->last_defer;
	const char *raises, *by;
	size_t len;

	if (!pc || n->site == SITE_NONE)
		return false;
	raises = m->panics.sites.v[n->site].s.at.func;
	by = frame_of_pc(m, was->space, pc).func;
	len = golin_func_package(raises);
	return len && len == golin_func_package(by) && !memcmp(raises, by, len);
}

static bool may_repeat(const struct golin_model *m, const struct panic_node *n,
		       const struct panic_node *was, const struct golin_panic_value *v)
{
	/* What recovered it may hand it on before it returns: `ch <- recover()`. */
	if (was->p.outcome != GOLIN_PO_RECOVERED && was->p.outcome != GOLIN_PO_REPLACED &&
	    !(was->p.outcome == GOLIN_PO_ACTIVE && was->p.ndefers && was->p.goid != n->p.goid))
		return false;
	if (!same_value(m, v, &was->values[0], false) || same_place(m, n, was) ||
	    (n->p.started > was->value_seen && n->p.started - was->value_seen > REUSE_NS))
		return false;
	return n->p.goid == was->p.goid || same_package(m, n, was) || is_related(m, n, was);
}

static void find_later(struct golin_model *m, golin_pidx i)
{
	struct panic_node *n = panic_at(m, i);

	for (uint32_t k = 0; k < n->p.nvalues; k++) {
		golin_pidx was = with_value(m, n->space, &n->values[k]);

		if (was == GOLIN_PIDX_NONE || !may_repeat(m, n, panic_at(m, was), &n->values[k]))
			continue;
		panic_link(m, i, LINK_REPANIC, was);
		n->p.relation = k ? GOLIN_PR_WRAPPED : GOLIN_PR_SAME;
		if (n->p.goid != panic_at(m, was)->p.goid)
			n->p.more |= GOLIN_PF_ELSEWHERE;
		return;
	}
}

void panic_find_repanic(struct golin_model *m, golin_pidx i, golin_pidx up)
{
	/* What the runtime raises itself it has just made, wherever it put it. */
	if (!panic_at(m, i)->p.nvalues || panic_raised_by_runtime(m, i))
		return;
	if (!find_nested(m, i, up))
		find_later(m, i);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * foreign-context: package context does not know how to be told of the end of a parent of another
 * type, so each context under one costs a goroutine that waits for both. They are found by their
 * start function, in rounds over all goroutines.
 */
#include "rules_impl.h"

#include "base/text.h"

enum {
	SCAN = 1 << 13, /* goroutines for each look */
	GROUPS_MAX = 256,
	CONTEXTS_LOOK = 8,
	STARTPCS_MAX = 1 << 16,
};

/* context.propagateCancel.func1, context.(*cancelCtx).propagateCancel.func2 */
static bool waits_for_parent(const char *func)
{
	return !strncmp(func, "context.", 8) && strstr(func, "propagateCancel.func");
}

static bool is_waiter(struct golin_rules *r, const struct golin_goroutine *g)
{
	struct golin_frame f;
	uint32_t is;

	if (map64_get(&r->foreign.startpcs, g->startpc, &is))
		return is;
	f = golin_model_start_func(r->m, g);
	is = waits_for_parent(f.func);
	/* Without a name it is looked at again. */
	if (*f.file && r->foreign.startpcs.len < STARTPCS_MAX &&
	    !map64_put(&r->foreign.startpcs, g->startpc, is))
		r->oom = true;
	return is;
}

/* The context that it waits for with its parent: both stand in its closure. */
static struct ctx_ref context_of(struct golin_rules *r, golin_gidx g, const char **ret_type)
{
	golin_cidx held[CONTEXTS_LOOK];
	uint32_t n = golin_goroutine_contexts(r->m, g, held, CONTEXTS_LOOK);
	struct ctx_ref ref = {0, GOLIN_CIDX_NONE};

	*ret_type = "";
	for (uint32_t k = 0; k < n && k < CONTEXTS_LOOK; k++) {
		const struct golin_context *x = golin_model_context(r->m, held[k]);

		if (x->parent_kind == GOLIN_CTX_FOREIGN) {
			*ret_type = golin_model_string(r->m, x->parent_type);
			return (struct ctx_ref){x->first, held[k]};
		}
		if (x->kind == GOLIN_CTX_FOREIGN)
			*ret_type = golin_model_string(r->m, x->type);
		ref = (struct ctx_ref){x->first, held[k]};
	}
	return ref;
}

/* The user's code that made the context; of one that was there before, what its creator runs. */
static struct golin_frame place_of(struct golin_rules *r, const struct golin_goroutine *g,
				   bool *ret_guess)
{
	struct golin_frame at = golin_model_user_frame(r->m, g->stack, NULL);
	const struct golin_goroutine *up;

	*ret_guess = !*at.func;
	if (*at.func)
		return at;
	up = golin_model_goroutine(r->m,
				   golin_model_find_key(r->m, g->target, g->epoch, g->parent));
	return golin_model_start_func(r->m, up ? up : g);
}

static void add(struct golin_rules *r, golin_gidx i, const struct golin_goroutine *g)
{
	bool guess;
	const struct golin_frame at = place_of(r, g, &guess);
	const char *type;
	struct ctx_ref ref = context_of(r, i, &type);
	struct foreign_group *to = NULL;

	array_for_each (&r->foreign.groups, k)
		if (k->guess == guess && k->at.line == at.line && !strcmp(k->at.func, at.func))
			to = k;
	if (!to) {
		if (r->foreign.groups.len >= GROUPS_MAX)
			return;
		to = array_add(&r->foreign.groups);
		if (!to) {
			r->oom = true;
			return;
		}
		*to = (struct foreign_group){.at = at,
					     .type = type,
					     .oldest = UINT64_MAX,
					     .goid = g->goid,
					     .guess = guess};
		to->example = ref;
	}
	to->n++;
	if (g->created < to->oldest) {
		to->oldest = g->created;
		to->goid = g->goid;
		to->example = ref;
		to->type = *type ? type : to->type;
	}
}

static void tell(struct golin_rules *r, const struct foreign_group *k)
{
	uint64_t age = r->now > k->oldest ? r->now - k->oldest : 0;
	uint8_t severity =
		k->n >= r->o.foreign_count && !k->guess ? GOLIN_SEV_WARNING : GOLIN_SEV_NOTE;
	struct golin_finding *f =
		finding_report(r, RULE_FOREIGN, severity, &k->at, k->n, REPORT_TOTAL);
	const struct golin_context *x = ref_get(r, k->example);
	char id[GOLIN_LINEAGE_MAX];

	if (!f)
		return;
	finding_context(r, f, k->example);
	f->goid = k->goid;
	finding_message(
		r, f,
		"%llu goroutine%s only wait%s for a context of type %s, which %s derives from%s%s",
		(unsigned long long)k->n, k->n == 1 ? "" : "s", k->n == 1 ? "s" : "",
		*k->type ? k->type : "that package context does not know", k->at.func,
		k->oldest ? "; the oldest for " : "", k->oldest ? DURATION(age) : "");
	finding_number(f, "live", k->n);
	finding_number(f, "limit", r->o.foreign_count);
	finding_text(r, f, "parent_type", "%s", k->type);
	if (k->oldest)
		finding_number(f, "oldest_ms", age / MS);
	x = x ? golin_model_context(r->m, x->up) : NULL;
	if (x)
		finding_text(r, f, "parent_lineage", "%s", golin_context_lineage(r->m, x, id));
}

static void look(struct golin_rules *r)
{
	uint32_t max = golin_model_goroutine_max(r->m);
	uint32_t budget = r->last ? UINT32_MAX : SCAN;

	for (; budget && r->foreign.cursor < max; budget--, r->foreign.cursor++) {
		const struct golin_goroutine *g = golin_model_goroutine(r->m, r->foreign.cursor);

		if (g && g->flags & GOLIN_GF_ALIVE && g->created + r->o.grace_ns <= r->now &&
		    is_waiter(r, g))
			add(r, r->foreign.cursor, g);
	}
	if (r->foreign.cursor < max)
		return;
	array_for_each (&r->foreign.groups, k)
		tell(r, k);
	r->foreign.groups.len = 0;
	r->foreign.cursor = 0;
}

static void reset(struct golin_rules *r)
{
	map64_done(&r->foreign.startpcs);
	array_free(&r->foreign.groups);
	r->foreign.cursor = 0;
}

const struct rule rule_foreign = {
	.info = {.name = "foreign-context",
		 .what = "a Context type of the program's own, for which package context starts a "
			 "goroutine for each context derived from it",
		 .hint = "Let the type embed the context that it wraps and not define Done, or "
			 "give "
			 "it a method AfterFunc(func()) func() bool.",
		 .severity = GOLIN_SEV_WARNING,
		 .groups = GOLIN_GROUP_GOROUTINES | GOLIN_GROUP_CONTEXTS},
	.look = look,
	.reset = reset,
};

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * repanic: a value that is thrown again, as it was or wrapped. In the deferred call that recovered
 * it the first stack is still there, and Go prints it: a note. Elsewhere it is gone: a warning,
 * unless the second value holds it.
 */
#include "rules_impl.h"

#include "base/text.h"

enum { CHAIN_MAX = 16 };

/* Where it all began. */
static golin_pidx first_of(const struct golin_rules *r, golin_pidx i)
{
	for (int k = 0; k < CHAIN_MAX; k++) {
		golin_pidx before = golin_model_panic(r->m, i)->repanic_of;

		if (before == GOLIN_PIDX_NONE)
			break;
		i = before;
	}
	return i;
}

/* It began in a deferred call of that one: what raised that is on the stack below. */
static bool is_within(const struct golin_rules *r, golin_pidx i, golin_pidx of)
{
	for (int k = 0; k < CHAIN_MAX && i != GOLIN_PIDX_NONE; k++) {
		i = golin_model_panic(r->m, i)->nested_in;
		if (i == of)
			return true;
	}
	return false;
}

static bool tells_stack(const struct golin_rules *r, uint32_t string)
{
	const char *s = golin_model_string(r->m, string);

	return strstr(s, "Stack") || (strstr(s, "goroutine ") && strstr(s, "[running]"));
}

/* As errgroup, singleflight and conc do it. */
static bool has_stack(const struct golin_rules *r, golin_pidx i)
{
	static const char *const types[] = {"errgroup.PanicError",	"errgroup.PanicValue",
					    "*singleflight.panicError", "panics.Recovered",
					    "*panics.Recovered",	"*panics.ErrRecovered",
					    "*panics.recoveredError"};
	const struct golin_panic_value *v;

	if (!golin_panic_values(r->m, i, &v))
		return false;
	for (size_t k = 0; k < sizeof(types) / sizeof(types[0]); k++)
		if (!strcmp(golin_model_string(r->m, v[0].type), types[k]))
			return true;
	return tells_stack(r, v[0].type) || tells_stack(r, v[0].text);
}

static const char *again(const struct golin_panic *p)
{
	return p->relation == GOLIN_PR_SAME	 ? "throws the value"
	       : p->relation == GOLIN_PR_WRAPPED ? "throws a value that holds the one"
						 : "throws a text with that";
}

static void tell(struct golin_rules *r, golin_pidx i, golin_pidx first, bool lost)
{
	const struct golin_panic *p = golin_model_panic(r->m, i), *was;
	const struct golin_frame at = panic_raised_at(r, i), from = panic_raised_at(r, first);
	char id[GOLIN_PANIC_ID_MAX];
	struct golin_finding *f;

	if (!*at.func)
		return;
	f = finding_report(r, RULE_REPANIC, lost ? GOLIN_SEV_WARNING : GOLIN_SEV_NOTE, &at, 1,
			   REPORT_ONE);
	if (!f)
		return;
	was = golin_model_panic(r->m, first);
	finding_message(r, f, "%s %s of a panic that %s raised%s; %s", at.func, again(p),
			*from.func ? from.func : "an unknown function",
			was->goid != p->goid ? " on another goroutine" : "",
			lost ? "the stack from there is lost"
			     : "the stack from there is still told");
	if (!lost)
		finding_hint(r, f,
			     "Nothing has to be done; the first cause is where it was raised.");
	panic_evidence(r, f, i);
	finding_text(r, f, "first", "%s", golin_panic_id(r->m, first, id));
	finding_text(r, f, "first_value", "%s", PANIC_VALUE(r, first));
	finding_text(r, f, "first_raised_in", "%s", PLACE(&from));
	finding_number(f, "first_goid", was->goid);
	finding_text(r, f, "relation", "%s", golin_panic_relation_name(p->relation));
	if (p->started > was->started)
		finding_text(r, f, "after", "%s", DURATION(p->started - was->started));
}

/*
 * sync.OnceFunc, iter.Pull and testing do it by contract. Their closures may have been inlined into
 * the user's functions, and are called after these.
 */
static bool is_contract(const struct golin_rules *r, golin_pidx i)
{
	static const char *const files[] = {"sync/oncefunc.go", "iter/iter.go"};
	const struct golin_frame at = golin_panic_at(r->m, i);
	size_t len = strlen(at.file);

	for (size_t k = 0; k < sizeof(files) / sizeof(files[0]); k++) {
		size_t n = strlen(files[k]);

		if (len >= n && !strcmp(at.file + len - n, files[k]))
			return true;
	}
	return golin_frame_is_library(&at);
}

static void panic(struct golin_rules *r, uint8_t what, golin_pidx i)
{
	const struct golin_panic *p = golin_model_panic(r->m, i);
	bool within;

	if (what != GOLIN_PC_STARTED || p->kind != GOLIN_PANIC_PANIC ||
	    p->repanic_of == GOLIN_PIDX_NONE || panic_is_abort(r, i) || is_contract(r, i))
		return;
	within = is_within(r, i, p->repanic_of);
	tell(r, i, first_of(r, i), !within && !has_stack(r, i));
}

const struct rule rule_repanic = {
	.info = {.name = "repanic",
		 .what = "a recovered value that is thrown again, as it was or wrapped",
		 .hint = "Throw it again in the deferred call that recovers it, or keep "
			 "debug.Stack() with "
			 "it.",
		 .severity = GOLIN_SEV_WARNING,
		 .groups = GOLIN_GROUP_PANICS},
	.panic = panic,
};

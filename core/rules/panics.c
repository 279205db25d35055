/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the rules about panics have in common. A program that panics is not always broken: packages
 * leave their own functions so, net/http has a value that only ends a request, fmt calls methods of
 * nil pointers. These are known here.
 */
#include "rules_impl.h"

#include <stdio.h>
#include "base/text.h"

struct golin_frame panic_raised_at(const struct golin_rules *r, golin_pidx i)
{
	const struct golin_panic *p = golin_model_panic(r->m, i);
	struct golin_frame at = golin_model_user_frame(r->m, p->stack, NULL);

	return *at.func ? at : golin_panic_at(r->m, i);
}

/* ---- values ---- */

static const struct golin_panic_value *value_of(const struct golin_rules *r, golin_pidx i)
{
	const struct golin_panic_value *v;

	return golin_panic_values(r->m, i, &v) ? &v[0] : NULL;
}

static bool has_type(const struct golin_rules *r, const struct golin_panic_value *v,
		     const char *type)
{
	return !strcmp(golin_model_string(r->m, v->type), type);
}

bool panic_is_abort(const struct golin_rules *r, golin_pidx i)
{
	const struct golin_panic_value *v = value_of(r, i);

	return v && v->flags & GOLIN_VALUE_TEXT && has_type(r, v, "*errors.errorString") &&
	       !strcmp(golin_model_string(r->m, v->text), "net/http: abort Handler");
}

bool panic_is_runtime(const struct golin_rules *r, golin_pidx i)
{
	const struct golin_panic_value *v = value_of(r, i);

	return v && v->flags & GOLIN_VALUE_RUNTIME && !has_type(r, v, "*runtime.PanicNilError");
}

const char *panic_value_text(const struct golin_rules *r, golin_pidx i, char *buf)
{
	const struct golin_panic_value *v = value_of(r, i);
	const char *type, *text;

	if (!v)
		return "a value that is not known";
	if (!v->type_addr)
		return "nil";
	type = golin_model_string(r->m, v->type);
	text = v->flags & GOLIN_VALUE_TEXT ? golin_model_string(r->m, v->text) : "";
	if (*text && v->flags & GOLIN_VALUE_RUNTIME)
		snprintf(buf, VALUE_MAX, "%.240s", text);
	else
		snprintf(buf, VALUE_MAX, "%.80s%s%.160s", type, *text ? ": " : "", text);
	return buf;
}

/* ---- packages ---- */

/* Length of the import path in a function's name. */
static size_t package_len(const char *func)
{
	size_t end = strcspn(func, "["), at = 0;

	for (size_t k = 0; k < end; k++)
		if (func[k] == '/')
			at = k + 1;
	return at + strcspn(func + at, ".[");
}

static bool same_package(const char *a, const char *b)
{
	size_t len = package_len(a);

	return len && len == package_len(b) && !memcmp(a, b, len);
}

struct golin_frame panic_recoverer(const struct golin_rules *r, golin_pidx i)
{
	const struct golin_panic *p = golin_model_panic(r->m, i);
	struct golin_frame by = {.func = "", .file = ""};

	if (p->recovered_by)
		by = golin_model_entry_func(r->m, p->recovered_by);
	return *by.func ? by : golin_panic_resumed(r->m, i);
}

/* All that was left behind at that pc is of that package. */
static bool is_within(const struct golin_rules *r, uint64_t pc, const char *func)
{
	const struct golin_frame *f;
	int n = golin_model_frames(r->m, pc, &f);

	for (int k = 0; k < n; k++)
		if (!(f[k].flags & (GOLIN_FRAME_RUNTIME | GOLIN_FRAME_WRAPPER)) &&
		    !same_package(f[k].func, func))
			return false;
	return true;
}

static bool is_root(const struct golin_rules *r, const uint64_t *pcs, int n, uint32_t frame)
{
	for (int k = (int)frame + 1; k < n; k++) {
		const struct golin_frame *f;
		int nframes = golin_model_frames(r->m, pcs[k], &f);

		for (int j = 0; j < nframes; j++)
			if (!(f[j].flags & (GOLIN_FRAME_RUNTIME | GOLIN_FRAME_WRAPPER)))
				return false;
	}
	return true;
}

bool panic_is_flow(const struct golin_rules *r, golin_pidx i)
{
	const struct golin_panic *p = golin_model_panic(r->m, i);
	const struct golin_frame by = panic_recoverer(r, i);
	const uint64_t *pcs;
	bool truncated;
	int n = golin_model_stack(r->m, p->stack, &pcs, &truncated);

	if (panic_is_runtime(r, i))
		return false;
	if (!n || p->frames >= (uint32_t)n)
		return same_package(golin_panic_at(r->m, i).func, by.func);
	for (uint32_t k = 0; k <= p->frames; k++)
		if (!is_within(r, pcs[k], by.func))
			return false;
	return truncated || !is_root(r, pcs, n, p->frames);
}

bool panic_is_handled_by_library(const struct golin_rules *r, golin_pidx i)
{
	const struct golin_frame by = panic_recoverer(r, i);

	return *by.func && golin_frame_is_library(&by) && strncmp(by.func, "net/http", 8) != 0;
}

bool panic_is_try(const struct golin_rules *r, golin_pidx i)
{
	const struct golin_panic_value *v = value_of(r, i);
	const struct golin_frame at = golin_panic_at(r->m, i), in = golin_panic_resumed(r->m, i);

	/* Of channels: both sides may close one, and none can ask whether it is. */
	return v && *at.func && !strcmp(at.func, in.func) &&
	       (has_type(r, v, "runtime.plainError") ||
		has_type(r, v, "*runtime.TypeAssertionError"));
}

/* ---- evidence ---- */

void panic_evidence(struct golin_rules *r, struct golin_finding *f, golin_pidx i)
{
	char buf[GOLIN_PANIC_ID_MAX], trace[GOLIN_TRACE_ID_MAX];

	f->goid = golin_model_panic(r->m, i)->goid;
	finding_text(r, f, "panic", "%s", golin_panic_id(r->m, i, buf));
	if (*golin_panic_trace(r->m, i, trace))
		finding_text(r, f, "trace_id", "%s", trace);
	finding_text(r, f, "value", "%s", PANIC_VALUE(r, i));
}

void panic_evidence_recovered(struct golin_rules *r, struct golin_finding *f, golin_pidx i,
			      const struct golin_frame *by)
{
	const struct golin_frame in = golin_panic_resumed(r->m, i);

	if (*by->func)
		finding_text(r, f, "recovered_by", "%s", PLACE(by));
	if (*in.func)
		finding_text(r, f, "resumed_in", "%s", PLACE(&in));
}

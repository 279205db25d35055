/* SPDX-License-Identifier: BSD-2-Clause */
/* How a context is called: its lineage id, its constructor, the places in the user's code. */
#include "model_impl.h"

#include <stdio.h>

const char *golin_context_lineage(const struct golin_model *m, const struct golin_context *c,
				  char *ret)
{
	unsigned long long at = golin_model_unix(m, c->first);
	int n;

	if (!at)
		at = c->first; /* before the clock is known */
	if (!c->created) {
		snprintf(ret, GOLIN_LINEAGE_MAX, "ls-%llx-%llx", at, (unsigned long long)c->ctx);
		return ret;
	}
	n = snprintf(ret, GOLIN_LINEAGE_MAX, "ln-%llx-%08x-t%llu", at, c->lineage_hash,
		     (unsigned long long)c->goid);
	if (c->lineage_tie)
		snprintf(ret + n, GOLIN_LINEAGE_MAX - (size_t)n, "-%u", c->lineage_tie);
	return ret;
}

golin_cidx golin_model_context_find(const struct golin_model *m, const char *lineage)
{
	char id[GOLIN_LINEAGE_MAX];

	for (golin_cidx i = 0; i < golin_model_context_max(m); i++) {
		const struct golin_context *c = golin_model_context(m, i);

		if (c && !strcmp(golin_context_lineage(m, c, id), lineage))
			return i;
	}
	return GOLIN_CIDX_NONE;
}

/* Package context, and the one function outside that makes contexts for its callers. */
static bool is_constructor(const char *func)
{
	return !strncmp(func, "context.", 8) || !strcmp(func, "os/signal.NotifyContext");
}

/* The first frame of a stack outside package context, and the last one inside before it. */
static struct golin_frame outside(const struct golin_model *m, uint64_t stack,
				  const char **ret_inside)
{
	const uint64_t *pcs;
	int n = golin_model_stack(m, stack, &pcs, NULL);

	*ret_inside = "";
	for (int i = 0; i < n; i++) {
		const struct golin_frame *f;
		int nframes = golin_model_frames(m, pcs[i], &f);

		for (int k = 0; k < nframes; k++) {
			if (f[k].flags & (GOLIN_FRAME_WRAPPER | GOLIN_FRAME_RUNTIME))
				continue;
			if (!is_constructor(f[k].func))
				return f[k];
			*ret_inside = f[k].func;
		}
	}
	return (struct golin_frame){.func = "", .file = ""};
}

struct golin_frame golin_context_site(const struct golin_model *m, const struct golin_context *c)
{
	const char *inside;

	return outside(m, c->stack, &inside);
}

const char *golin_context_func(const struct golin_model *m, const struct golin_context *c)
{
	const char *inside;

	if (c->kind == GOLIN_CTX_VALUE) /* its own frame is where the event was */
		return c->created ? "context.WithValue" : "";
	outside(m, c->stack, &inside);
	return inside;
}

struct golin_frame golin_context_cancel_site(const struct golin_model *m,
					     const struct golin_context *c)
{
	golin_cidx i = (golin_cidx)((const struct ctx_node *)c - m->contexts.v.v);
	const struct golin_context *origin = golin_model_context(m, golin_context_origin(m, i));
	const char *inside;

	return outside(m, origin ? origin->cancel_stack : c->cancel_stack, &inside);
}

const char *golin_context_state_name(enum golin_context_state s)
{
	switch (s) {
	case GOLIN_CS_ACTIVE:
		return "active";
	case GOLIN_CS_CANCELLED:
		return "cancelled";
	default:
		return "unknown";
	}
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* The contexts view as JSON lines: parents before their children. */
#include "export_impl.h"

#define DONE UINT64_MAX

enum { HOLDERS_MAX = 256 };

static golin_cidx after(const struct golin_model *m, const struct golin_context *c)
{
	if (c->first_child != GOLIN_CIDX_NONE)
		return c->first_child;
	while (c->next == GOLIN_CIDX_NONE && c->up != GOLIN_CIDX_NONE)
		c = golin_model_context(m, c->up);
	return c->next;
}

bool export_context_wanted(const struct golin_model *m, const struct golin_export_opts *o,
			   golin_cidx i)
{
	const struct golin_context *c = golin_model_context(m, i);

	if (o->live_only && (c->retired || golin_context_state(m, i) == GOLIN_CS_CANCELLED))
		return false;
	return golin_filter_match_context(o->filter, m, i);
}

const char *export_context_state(const struct golin_model *m, golin_cidx i)
{
	return golin_context_state_name(golin_context_state(m, i));
}

/* Those that are alive; and of these those to which a go statement handed it. */
static void put_holders(struct jsonw *w, const struct golin_model *m, golin_cidx i)
{
	struct golin_holder h[HOLDERS_MAX];
	uint32_t n = golin_context_holders(m, i, h, HOLDERS_MAX);

	for (int handed = 0; handed <= 1; handed++) {
		jsonw_begin(w, handed ? "handed_to" : "holders", '[');
		for (uint32_t k = 0; k < n && k < HOLDERS_MAX; k++) {
			const struct golin_goroutine *g = golin_model_goroutine(m, h[k].g);

			if (g->flags & GOLIN_GF_ALIVE && (!handed || h[k].how == GOLIN_HOLD_PASSED))
				jsonw_u64(w, NULL, g->goid);
		}
		jsonw_end(w, ']');
	}
}

static void put_context(struct jsonw *w, const struct golin_model *m, golin_cidx i)
{
	const struct golin_context *c = golin_model_context(m, i);

	jsonw_begin(w, NULL, '{');
	jsonw_str(w, "type", "context");
	export_json_goid(w, "goid", c->goid);
	export_json_context(w, m, c);
	export_json_time(w, "created", m, c->created);
	jsonw_str(w, "state", export_context_state(m, i));
	jsonw_bool(w, "retired", c->retired);
	if (c->cancelled) {
		jsonw_begin(w, "cancel", '{');
		export_json_time(w, "ts", m, c->cancelled);
		export_json_goid(w, "goid", c->cancel_goid);
		export_json_cancel(w, m, c, i);
		jsonw_end(w, '}');
	} else {
		jsonw_null(w, "cancel");
	}
	put_holders(w, m, i);
	jsonw_u64(w, "children", c->nchild);
	jsonw_end(w, '}');
	jsonw_newline(w);
}

bool golin_export_contexts_json(const struct golin_model *m, const struct golin_export_opts *o,
				uint64_t *pos, struct strbuf *out)
{
	size_t start = out->len;
	struct jsonw w;
	golin_cidx i;

	if (*pos == DONE)
		return false;
	jsonw_init(&w, out);
	i = *pos ? (golin_cidx)(*pos - 1) : golin_model_context_roots(m);
	while (i != GOLIN_CIDX_NONE && out->len - start < EXPORT_CHUNK && !out->oom) {
		const struct golin_context *c = golin_model_context(m, i);

		if (!c)
			break; /* the model changed between two calls */
		if (export_context_wanted(m, o, i))
			put_context(&w, m, i);
		i = after(m, c);
	}
	if (i == GOLIN_CIDX_NONE || !golin_model_context(m, i) || out->oom) {
		*pos = DONE;
		return false;
	}
	*pos = (uint64_t)i + 1;
	return true;
}

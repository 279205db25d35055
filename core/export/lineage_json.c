/* SPDX-License-Identifier: BSD-2-Clause */
/* The lineage view as JSON lines: parents before their children. */
#include "panic_impl.h"

/* *pos: 0 at the start, then the index to go on with + 1, then DONE. */
#define DONE UINT64_MAX

enum { CONTEXTS_MAX = 256 /* of a goroutine, the newest */ };

static golin_gidx after(const struct golin_model *m, const struct golin_goroutine *g)
{
	if (g->first != GOLIN_GIDX_NONE)
		return g->first;
	while (g->next == GOLIN_GIDX_NONE && g->up != GOLIN_GIDX_NONE)
		g = golin_model_goroutine(m, g->up);
	return g->next;
}

/* Those that it works under, and of these those that the go statement handed to it. */
static void put_contexts(struct jsonw *w, const struct golin_model *m, golin_gidx i)
{
	struct golin_held held[CONTEXTS_MAX];
	uint32_t n = golin_goroutine_held(m, i, held, CONTEXTS_MAX);

	if (n > CONTEXTS_MAX)
		n = CONTEXTS_MAX;
	jsonw_begin(w, "contexts", '[');
	for (uint32_t k = 0; k < n; k++)
		export_json_lineage(w, NULL, m, golin_model_context(m, held[k].c));
	jsonw_end(w, ']');
	jsonw_begin(w, "handed", '[');
	for (uint32_t k = 0; k < n; k++)
		if (held[k].how == GOLIN_HOLD_PASSED)
			export_json_lineage(w, NULL, m, golin_model_context(m, held[k].c));
	jsonw_end(w, ']');
}

static void put_goroutine(struct jsonw *w, const struct golin_model *m, golin_gidx i)
{
	const struct golin_goroutine *g = golin_model_goroutine(m, i);
	struct golin_frame start = golin_model_start_func(m, g), site = golin_model_go_site(m, g);
	bool alive = g->flags & GOLIN_GF_ALIVE;

	jsonw_begin(w, NULL, '{');
	jsonw_str(w, "type", "goroutine");
	jsonw_u64(w, "goid", g->goid);
	export_json_goid(w, "parent", g->parent);
	export_json_text(w, "func", start.func);
	export_json_frame(w, "at", &site);
	jsonw_str(w, "state", export_state(g));
	export_json_text(w, "wait", export_wait(m, g));
	jsonw_bool(w, "alive", alive);
	export_json_time(w, "created", m, g->created);
	export_json_time(w, "exited", m, g->exited);
	put_contexts(w, m, i);
	export_json_kept(w, "kept", m, i);
	jsonw_null(w, "labels");
	jsonw_null(w, "opid");
	jsonw_bool(w, "system", g->flags & GOLIN_GF_SYSTEM);
	jsonw_end(w, '}');
	jsonw_newline(w);
}

bool golin_export_lineage_json(const struct golin_model *m, const struct golin_export_opts *o,
			       uint64_t *pos, struct strbuf *out)
{
	size_t start = out->len;
	const struct golin_goroutine *g;
	struct jsonw w;
	golin_gidx i;

	if (*pos == DONE)
		return false;
	jsonw_init(&w, out);
	i = *pos ? (golin_gidx)(*pos - 1) : golin_model_roots(m);
	while (i != GOLIN_GIDX_NONE && out->len - start < EXPORT_CHUNK && !out->oom) {
		g = golin_model_goroutine(m, i);
		if (!g)
			break; /* the model changed between two calls */
		if (export_wanted(m, o, g))
			put_goroutine(&w, m, i);
		i = after(m, g);
	}
	if (i == GOLIN_GIDX_NONE || !golin_model_goroutine(m, i) || out->oom) {
		*pos = DONE;
		return false;
	}
	*pos = (uint64_t)i + 1;
	return true;
}

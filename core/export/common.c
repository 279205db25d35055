/* SPDX-License-Identifier: BSD-2-Clause */
#include "export_impl.h"

#include "model/filter.h"

void export_json_text(struct jsonw *w, const char *key, const char *s)
{
	jsonw_str(w, key, s && *s ? s : NULL);
}

void export_json_frame(struct jsonw *w, const char *key, const struct golin_frame *f)
{
	if (!*f->func) {
		jsonw_null(w, key);
		return;
	}
	jsonw_begin(w, key, '{');
	jsonw_str(w, "func", f->func);
	export_json_text(w, "file", f->file);
	if (f->line)
		jsonw_u64(w, "line", f->line);
	else
		jsonw_null(w, "line");
	jsonw_end(w, '}');
}

void export_json_time(struct jsonw *w, const char *key, const struct golin_model *m, uint64_t mono)
{
	uint64_t ns = golin_model_unix(m, mono);

	if (ns)
		jsonw_dec(w, key, ns);
	else
		jsonw_null(w, key);
}

void export_json_goid(struct jsonw *w, const char *key, uint64_t goid)
{
	if (goid)
		jsonw_u64(w, key, goid);
	else
		jsonw_null(w, key);
}

const char *export_state(const struct golin_goroutine *g)
{
	if (!(g->flags & GOLIN_GF_ALIVE))
		return "exited";
	return g->state == GOLIN_GS_UNKNOWN ? NULL : golin_gstate_name(g->state);
}

const char *export_wait(const struct golin_model *m, const struct golin_goroutine *g)
{
	if (!(g->flags & GOLIN_GF_ALIVE) || g->state != GOLIN_GS_WAITING)
		return NULL;
	return golin_model_string(m, g->wait);
}

bool export_wanted(const struct golin_model *m, const struct golin_export_opts *o,
		   const struct golin_goroutine *g)
{
	if (g->flags & GOLIN_GF_GHOST)
		return false;
	if (g->flags & GOLIN_GF_SYSTEM && !o->system)
		return false;
	if (!(g->flags & GOLIN_GF_ALIVE) && o->live_only)
		return false;
	return golin_filter_match(o->filter, m, g);
}

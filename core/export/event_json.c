/* SPDX-License-Identifier: BSD-2-Clause */
/* Events as JSON lines (docs/events.md). */
#include "export_impl.h"

#include <ctype.h>
#include <string.h>

bool export_hidden_frame(const struct golin_frame *f)
{
	if (f->flags & GOLIN_FRAME_WRAPPER)
		return true;
	return !strncmp(f->func, "runtime.", 8) && !isupper((unsigned char)f->func[8]) &&
	       strcmp(f->func, "runtime.gopanic");
}

/* All the frames at a pc, with or without the runtime's; how many were written. */
static int put_pc(struct jsonw *w, const struct golin_model *m, uint64_t pc, bool all)
{
	struct golin_goroutine at = {.startpc = pc};
	const struct golin_frame *f;
	int n = golin_model_frames(m, pc, &f), shown = 0;

	if (!n) {
		struct golin_frame bare = golin_model_start_func(m, &at); /* "0x47e120" */

		export_json_frame(w, NULL, &bare);
		return 1;
	}
	for (int k = 0; k < n; k++) {
		if (!all && export_hidden_frame(&f[k]))
			continue;
		export_json_frame(w, NULL, &f[k]);
		shown++;
	}
	return shown;
}

void export_json_stack(struct jsonw *w, const struct golin_model *m, uint64_t id)
{
	const uint64_t *pcs;
	bool truncated;
	int n = golin_model_stack(m, id, &pcs, &truncated), shown = 0;

	jsonw_begin(w, "stack", '[');
	for (int k = 0; k < n; k++)
		shown += put_pc(w, m, pcs[k], false);
	/* One that lies wholly in the runtime is that of a goroutine which the runtime starts. */
	for (int k = 0; k < n && !shown; k++)
		put_pc(w, m, pcs[k], true);
	jsonw_end(w, ']');
}

static void put_places(struct jsonw *w, const struct golin_model *m,
		       const struct golin_goroutine *g)
{
	struct golin_frame start = golin_model_start_func(m, g), site = golin_model_go_site(m, g);

	export_json_text(w, "func", start.func);
	export_json_frame(w, "at", &site);
}

static void put_create(struct jsonw *w, const struct golin_model *m,
		       const struct golin_rec_goroutine_create *r, const struct golin_goroutine *g)
{
	export_json_goid(w, "goid", r->h.goid);
	jsonw_u64(w, "child", r->child);
	put_places(w, m, g);
	export_json_stack(w, m, r->stack);
	jsonw_str(w, "via", g->via ? golin_via_name(g->via) : NULL);
	export_json_goid(w, "armed_by", r->armed_by);
	jsonw_bool(w, "system", g->flags & GOLIN_GF_SYSTEM);
}

static void put_seen(struct jsonw *w, const struct golin_model *m,
		     const struct golin_rec_goroutine_seen *r, const struct golin_goroutine *g)
{
	export_json_goid(w, "goid", r->h.goid);
	jsonw_u64(w, "child", r->child);
	put_places(w, m, g);
	jsonw_str(w, "state", r->state < GOLIN_GS_UNKNOWN ? golin_gstate_name(r->state) : NULL);
	export_json_text(w, "wait", golin_rec_text(&r->h, r->wait));
	jsonw_bool(w, "system", g->flags & GOLIN_GF_SYSTEM);
}

static void put_exit(struct jsonw *w, const struct golin_rec_goroutine_exit *r)
{
	jsonw_u64(w, "goid", r->h.goid);
	jsonw_str(w, "how", r->how ? golin_how_name(r->how) : NULL);
}

void golin_export_event_json(const struct golin_model *m, const struct golin_export_opts *o,
			     const struct golin_rec *rec, struct strbuf *out)
{
	struct export_event ev;
	struct jsonw w;

	export_panic_events(m, o, rec, true, out);
	export_pause_event(m, o, rec, true, out);
	if (export_is_context_event(rec)) {
		export_context_event_json(m, o, rec, out);
		return;
	}
	if (export_is_timer_event(rec)) {
		export_timer_event_json(m, o, rec, out);
		return;
	}
	if (!export_event_get(m, o, rec, &ev))
		return;
	jsonw_init(&w, out);
	jsonw_begin(&w, NULL, '{');
	jsonw_str(&w, "type", golin_rec_type_name(rec->type));
	export_json_time(&w, "ts", m, rec->ts);
	if (rec->type == GOLIN_REC_GOROUTINE_CREATE)
		put_create(&w, m, (const struct golin_rec_goroutine_create *)rec, ev.g);
	else if (rec->type == GOLIN_REC_GOROUTINE_SEEN)
		put_seen(&w, m, (const struct golin_rec_goroutine_seen *)rec, ev.g);
	else
		put_exit(&w, (const struct golin_rec_goroutine_exit *)rec);
	jsonw_end(&w, '}');
	jsonw_newline(&w);
}

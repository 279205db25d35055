/* SPDX-License-Identifier: BSD-2-Clause */
/* Events as the short log lines that people in this field know. */
#include "export_impl.h"

#include <inttypes.h>

static void put_goid(struct strbuf *out, const char *key, uint64_t goid)
{
	if (goid)
		strbuf_addf(out, ", %s=%" PRIu64, key, goid);
	else
		strbuf_addf(out, ", %s=-", key);
}

static void put_places(struct strbuf *out, const struct golin_model *m,
		       const struct golin_goroutine *g)
{
	struct golin_frame start = golin_model_start_func(m, g), site = golin_model_go_site(m, g);

	strbuf_addf(out, ", func=%s", *start.func ? start.func : "-");
	strbuf_adds(out, ", at=");
	export_text_frame(out, &site);
}

static void put_create(struct strbuf *out, const struct golin_model *m,
		       const struct golin_rec_goroutine_create *r, const struct golin_goroutine *g)
{
	put_goid(out, "callerid", r->h.goid);
	put_goid(out, "newid", r->child);
	put_places(out, m, g);
	if (g->via && g->via != GOLIN_VIA_GO)
		strbuf_addf(out, ", via=%s", golin_via_name(g->via));
	if (r->armed_by)
		put_goid(out, "armed_by", r->armed_by);
}

static void put_seen(struct strbuf *out, const struct golin_model *m,
		     const struct golin_rec_goroutine_seen *r, const struct golin_goroutine *g)
{
	const char *wait = golin_rec_text(&r->h, r->wait);

	put_goid(out, "callerid", r->h.goid);
	put_goid(out, "goid", r->child);
	put_places(out, m, g);
	if (r->state < GOLIN_GS_UNKNOWN)
		strbuf_addf(out, ", state=%s", golin_gstate_name(r->state));
	if (*wait)
		strbuf_addf(out, ", wait=%s", wait);
}

static void put_exit(struct strbuf *out, const struct golin_model *m,
		     const struct golin_rec_goroutine_exit *r, const struct golin_goroutine *g)
{
	struct golin_frame start = golin_model_start_func(m, g);

	put_goid(out, "goid", r->h.goid);
	strbuf_addf(out, ", how=%s", r->how ? golin_how_name(r->how) : "-");
	strbuf_addf(out, ", func=%s", *start.func ? start.func : "-");
}

void golin_export_event_text(const struct golin_model *m, const struct golin_export_opts *o,
			     const struct golin_rec *rec, struct strbuf *out)
{
	struct golin_target_info target = {0};
	struct export_event ev;

	export_panic_events(m, o, rec, false, out);
	export_pause_event(m, o, rec, false, out);
	if (export_is_context_event(rec)) {
		export_context_event_text(m, o, rec, out);
		return;
	}
	if (export_is_timer_event(rec)) {
		export_timer_event_text(m, o, rec, out);
		return;
	}
	if (!export_event_get(m, o, rec, &ev))
		return;
	golin_model_target(m, &target);
	if (rec->type == GOLIN_REC_GOROUTINE_CREATE) {
		strbuf_addf(out, "newproc: tgid=%" PRIu32, target.pid);
		put_create(out, m, (const struct golin_rec_goroutine_create *)rec, ev.g);
	} else if (rec->type == GOLIN_REC_GOROUTINE_SEEN) {
		strbuf_addf(out, "seen: tgid=%" PRIu32, target.pid);
		put_seen(out, m, (const struct golin_rec_goroutine_seen *)rec, ev.g);
	} else {
		strbuf_addf(out, "goexit: tgid=%" PRIu32, target.pid);
		put_exit(out, m, (const struct golin_rec_goroutine_exit *)rec, ev.g);
	}
	if (ev.g->flags & GOLIN_GF_SYSTEM)
		strbuf_adds(out, ", system=yes");
	strbuf_adds(out, "\n");
}

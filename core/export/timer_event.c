/* SPDX-License-Identifier: BSD-2-Clause */
/* The events of timers, as JSON lines and as text (docs/events.md). */
#include "export_impl.h"

#include <inttypes.h>
#include <string.h>

bool export_is_timer_event(const struct golin_rec *rec)
{
	return rec->type == GOLIN_REC_TIMER_START || rec->type == GOLIN_REC_TIMER_END;
}

/* By goroutine, as far as it has one: one that fires has none. */
static bool wanted(const struct golin_model *m, const struct golin_export_opts *o,
		   const struct golin_rec *rec)
{
	const struct golin_goroutine *g = golin_model_goroutine(
		m, golin_model_find_key(m, rec->target, rec->epoch, rec->goid));

	return g ? export_wanted(m, o, g) : !o->filter;
}

/* What package time calls it, and where it was called. */
static struct golin_frame made_at(const struct golin_model *m, uint64_t stack, const char **ret)
{
	const uint64_t *pcs;
	int n = golin_model_stack(m, stack, &pcs, NULL);

	*ret = "";
	for (int i = 0; i < n; i++) {
		const struct golin_frame *f;
		int k, nframes = golin_model_frames(m, pcs[i], &f);

		for (k = 0; k < nframes; k++) {
			if (f[k].flags & GOLIN_FRAME_WRAPPER)
				continue;
			if (strncmp(f[k].func, "time.", 5))
				return f[k];
			*ret = f[k].func;
		}
	}
	return (struct golin_frame){.func = "", .file = ""};
}

/* From the event on; what is due is 0. False: never. */
static bool delay_of(const struct golin_rec_timer_start *r, uint64_t *ret)
{
	*ret = r->when_ns > 0 && (uint64_t)r->when_ns > r->h.ts ? (uint64_t)r->when_ns - r->h.ts
								: 0;
	return r->when_ns != INT64_MAX;
}

void export_timer_event_json(const struct golin_model *m, const struct golin_export_opts *o,
			     const struct golin_rec *rec, struct strbuf *out)
{
	const struct golin_rec_timer_start *s = (const void *)rec;
	const struct golin_rec_timer_end *e = (const void *)rec;
	struct golin_frame site;
	const char *func;
	struct jsonw w;
	uint64_t delay;

	if (!wanted(m, o, rec))
		return;
	jsonw_init(&w, out);
	jsonw_begin(&w, NULL, '{');
	jsonw_str(&w, "type", golin_rec_type_name(rec->type));
	export_json_time(&w, "ts", m, rec->ts);
	export_json_goid(&w, "goid", rec->goid);
	if (rec->type == GOLIN_REC_TIMER_END) {
		export_json_addr(&w, "timer", e->timer);
		jsonw_str(&w, "how", golin_timer_end_name(e->how));
	} else {
		site = made_at(m, s->stack, &func);
		export_json_addr(&w, "timer", s->timer);
		jsonw_str(&w, "kind", golin_timer_kind_name(s->kind));
		jsonw_bool(&w, "again", s->again);
		export_json_text(&w, "func", func);
		export_json_frame(&w, "at", &site);
		if (delay_of(s, &delay))
			jsonw_u64(&w, "delay_ns", delay);
		else
			jsonw_null(&w, "delay_ns");
		if (s->period_ns > 0)
			jsonw_i64(&w, "period_ns", s->period_ns);
		else
			jsonw_null(&w, "period_ns");
		export_json_stack(&w, m, s->stack);
	}
	jsonw_end(&w, '}');
	jsonw_newline(&w);
}

static void put_start(struct strbuf *out, const struct golin_model *m,
		      const struct golin_rec_timer_start *r)
{
	const char *func;
	struct golin_frame site = made_at(m, r->stack, &func);
	uint64_t delay;
	char buf[32];

	strbuf_addf(out, ", kind=%s", golin_timer_kind_name(r->kind));
	if (!r->again) {
		strbuf_addf(out, ", func=%s, at=", *func ? func : "-");
		export_text_frame(out, &site);
	}
	strbuf_addf(out, ", in=%s",
		    delay_of(r, &delay) ? golin_text_duration(buf, sizeof(buf), delay) : "never");
	if (r->period_ns > 0)
		strbuf_addf(
			out, ", every=%s",
			golin_text_duration(buf, sizeof(buf), (unsigned long long)r->period_ns));
}

void export_timer_event_text(const struct golin_model *m, const struct golin_export_opts *o,
			     const struct golin_rec *rec, struct strbuf *out)
{
	const struct golin_rec_timer_start *s = (const void *)rec;
	const struct golin_rec_timer_end *e = (const void *)rec;
	bool end = rec->type == GOLIN_REC_TIMER_END;
	struct golin_target_info target = {0};

	if (!wanted(m, o, rec))
		return;
	golin_model_target(m, &target);
	strbuf_addf(out, "%s: tgid=%" PRIu32 ", goid=",
		    end	       ? "endtimer"
		    : s->again ? "resettimer"
			       : "newtimer",
		    target.pid);
	if (rec->goid)
		strbuf_addf(out, "%" PRIu64, rec->goid);
	else
		strbuf_adds(out, "-");
	strbuf_addf(out, ", timer=0x%" PRIx64, end ? e->timer : s->timer);
	if (end)
		strbuf_addf(out, ", how=%s", golin_timer_end_name(e->how));
	else
		put_start(out, m, s);
	strbuf_adds(out, "\n");
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The events of panics, as JSON lines and as text (docs/events.md). What a record means for which
 * panic is the model's knowledge: a recovery ends several, and a replaced one has no record of its
 * own. So the events are the model's news, told right behind the record that made them.
 */
#include <inttypes.h>
#include "panic_impl.h"

enum { NEWS_MAX = 64 };

struct event {
	const struct golin_model *m;
	const struct golin_rec *rec;
	const struct golin_panic *p;
	golin_pidx i;
	struct strbuf *out;
};

enum what { NOTHING, START, DEFER, RECOVER, REPLACED, GOEXIT, FATAL, THROW };

/* As in JSON, and as the short lines begin. */
static const struct {
	const char *type, *text;
} names[] = {
	[START] = {"panic.start", "panic"},	   [DEFER] = {"panic.defer", "defer"},
	[RECOVER] = {"panic.recover", "recover"},  [REPLACED] = {"panic.replaced", "replaced"},
	[GOEXIT] = {"panic.goexit", "callgoexit"}, [FATAL] = {"panic.fatal", "fatal"},
	[THROW] = {"panic.throw", "throw"},
};

static enum what what_of(const struct event *e, uint8_t change)
{
	switch (change) {
	case GOLIN_PC_STARTED:
		return e->p->kind == GOLIN_PANIC_GOEXIT	 ? GOEXIT
		       : e->p->kind == GOLIN_PANIC_THROW ? THROW
							 : START;
	case GOLIN_PC_DEFER:
		return e->rec->type == GOLIN_REC_PANIC_DEFER ? DEFER : NOTHING;
	case GOLIN_PC_RESOLVED:
		/* The end of a Goexit is that of its goroutine; a fatal error has said so. */
		if (e->p->kind != GOLIN_PANIC_PANIC)
			return e->p->outcome == GOLIN_PO_REPLACED ? REPLACED : NOTHING;
		switch (e->p->outcome) {
		case GOLIN_PO_RECOVERED:
			return RECOVER;
		case GOLIN_PO_REPLACED:
		case GOLIN_PO_GOEXIT:
			return REPLACED;
		case GOLIN_PO_FATAL:
			return FATAL;
		default:
			return NOTHING;
		}
	default:
		return NOTHING;
	}
}

static uint64_t time_of(const struct event *e, enum what what)
{
	return (what == START || what == GOEXIT || what == THROW) && e->p->started ? e->p->started
										   : e->rec->ts;
}

/* ---- JSON ---- */

static void put_start(struct jsonw *w, const struct event *e, enum what what)
{
	struct golin_frame at = golin_panic_at(e->m, e->i);
	char id[GOLIN_TRACE_ID_MAX];

	export_json_text(w, "trace_id", golin_panic_trace(e->m, e->i, id));
	export_json_text(w, "traceparent", golin_panic_traceparent(e->m, e->i, id));
	if (what == THROW)
		export_json_text(w, "text", golin_model_string(e->m, e->p->printed));
	if (what == START)
		export_json_panic_value(w, "value", e->m, e->i);
	export_json_panic_id(w, "nested_in", e->m, e->p->nested_in);
	if (what == START) {
		export_json_panic_id(w, "repanic_of", e->m, e->p->repanic_of);
		export_json_text(w, "relation", golin_panic_relation_name(e->p->relation));
		export_json_fault(w, "fault", e->m, e->p);
	}
	jsonw_bool(w, "locked", e->p->more & GOLIN_PF_LOCKED);
	export_json_frame(w, "at", &at);
	export_json_stack(w, e->m, e->p->stack);
}

static void put_end(struct jsonw *w, const struct event *e, enum what what)
{
	struct golin_frame by = golin_model_entry_func(e->m, e->p->recovered_by);
	struct golin_frame in = golin_panic_resumed(e->m, e->i);
	uint32_t unwound = golin_panic_unwound(e->m, e->i);

	if (what == RECOVER) {
		if (e->p->recovered_by)
			export_json_frame(w, "by", &by);
		else
			jsonw_null(w, "by");
		export_json_frame(w, "resumed_in", &in);
		if (unwound != UINT32_MAX)
			jsonw_u64(w, "frames_unwound", unwound);
		else
			jsonw_null(w, "frames_unwound");
	} else if (what == REPLACED) {
		jsonw_str(w, "outcome", golin_panic_outcome_name(e->p->outcome));
		export_json_panic_id(w, "replaced_by", e->m, e->p->replaced_by);
	} else {
		export_json_text(w, "printed", golin_model_string(e->m, e->p->printed));
	}
	export_json_amount(w, "duration_ns",
			   e->p->started && e->rec->ts >= e->p->started ? e->rec->ts - e->p->started
									: UINT64_MAX);
}

static void put_json(const struct event *e, enum what what)
{
	struct jsonw w;

	jsonw_init(&w, e->out);
	jsonw_begin(&w, NULL, '{');
	jsonw_str(&w, "type", names[what].type);
	export_json_time(&w, "ts", e->m, time_of(e, what));
	export_json_goid(&w, "goid", e->p->goid);
	export_json_panic_id(&w, "panic", e->m, e->i);
	if (what == DEFER) {
		const struct golin_rec_panic_defer *r = (const void *)e->rec;

		export_json_entry(&w, e->m, r->pc);
		jsonw_bool(&w, "open_coded", r->flags & GOLIN_PANIC_OPEN);
	} else if (what == START || what == GOEXIT || what == THROW) {
		put_start(&w, e, what);
	} else {
		put_end(&w, e, what);
	}
	jsonw_end(&w, '}');
	jsonw_newline(&w);
}

/* ---- text ---- */

static void add_id(const struct event *e, const char *key, golin_pidx i)
{
	char id[GOLIN_PANIC_ID_MAX];

	if (golin_model_panic(e->m, i))
		strbuf_addf(e->out, ", %s=%s", key, golin_panic_id(e->m, i, id));
}

static void add_at(const struct event *e, const struct golin_frame *f)
{
	strbuf_adds(e->out, ", at=");
	export_text_frame(e->out, f);
}

static void text_start(const struct event *e, enum what what)
{
	struct golin_frame at = golin_panic_at(e->m, e->i);
	const struct golin_panic_value *v;

	if (what == THROW)
		strbuf_addf(e->out, ", text=%s", golin_model_string(e->m, e->p->printed));
	if (what == START) {
		strbuf_adds(e->out, ", value=");
		if (golin_panic_values(e->m, e->i, &v))
			export_text_value(e->out, e->m, v);
		else
			strbuf_adds(e->out, "-");
	}
	add_at(e, &at);
	add_id(e, "nested_in", e->p->nested_in);
	add_id(e, "repanic_of", e->p->repanic_of);
	if (e->p->relation)
		strbuf_addf(e->out, ", relation=%s", golin_panic_relation_name(e->p->relation));
}

static void text_end(const struct event *e, enum what what)
{
	struct golin_frame by = golin_model_entry_func(e->m, e->p->recovered_by);
	struct golin_frame in = golin_panic_resumed(e->m, e->i);
	uint32_t unwound = golin_panic_unwound(e->m, e->i);
	char buf[32];

	if (what == RECOVER) {
		strbuf_addf(e->out, ", by=%s, resumed=%s",
			    e->p->recovered_by && *by.func ? by.func : "-",
			    *in.func ? in.func : "-");
		add_at(e, &in);
		if (unwound != UINT32_MAX)
			strbuf_addf(e->out, ", unwound=%" PRIu32, unwound);
	} else if (what == REPLACED) {
		strbuf_addf(e->out, ", outcome=%s", golin_panic_outcome_name(e->p->outcome));
		add_id(e, "replaced_by", e->p->replaced_by);
	} else if (*golin_model_string(e->m, e->p->printed)) {
		strbuf_addf(e->out, ", printed=%s", golin_model_string(e->m, e->p->printed));
	}
	if (e->p->started && e->rec->ts >= e->p->started)
		strbuf_addf(e->out, ", after=%s",
			    golin_text_duration(buf, sizeof(buf), e->rec->ts - e->p->started));
}

static void put_text(const struct event *e, enum what what)
{
	struct golin_target_info target = {0};

	golin_model_target(e->m, &target);
	strbuf_addf(e->out, "%s: tgid=%" PRIu32 ", goid=", names[what].text, target.pid);
	if (e->p->goid)
		strbuf_addf(e->out, "%" PRIu64, e->p->goid);
	else
		strbuf_adds(e->out, "-");
	add_id(e, "panic", e->i);
	if (what == DEFER) {
		const struct golin_rec_panic_defer *r = (const void *)e->rec;
		struct golin_frame f = golin_model_entry_func(e->m, r->pc);

		strbuf_addf(e->out, ", func=%s", *f.func ? f.func : "-");
		add_at(e, &f);
	} else if (what == START || what == GOEXIT || what == THROW) {
		text_start(e, what);
	} else {
		text_end(e, what);
	}
	strbuf_adds(e->out, "\n");
}

/* ---- the news ---- */

void export_panic_events(const struct golin_model *m, const struct golin_export_opts *o,
			 const struct golin_rec *rec, bool json, struct strbuf *out)
{
	struct golin_panic_news news[NEWS_MAX];
	uint64_t missed = 0;
	uint32_t n;

	if (!o->news)
		return;
	do {
		n = golin_model_panic_news(m, o->news, &missed, news, NEWS_MAX);
		for (uint32_t k = 0; k < n; k++) {
			struct event e = {.m = m, .rec = rec, .out = out};
			enum what what;

			e.i = golin_model_panic_find(m, news[k].number);
			e.p = golin_model_panic(m, e.i);
			what = e.p ? what_of(&e, news[k].what) : NOTHING;
			if (what == NOTHING || !export_panic_wanted(m, o, e.i))
				continue;
			if (json)
				put_json(&e, what);
			else
				put_text(&e, what);
		}
	} while (n == NEWS_MAX);
}

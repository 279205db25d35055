/* SPDX-License-Identifier: BSD-2-Clause */
/* The panics view as JSON lines (docs/panics.md): causes before what they became. */
#include "panic_impl.h"

#define DONE UINT64_MAX

bool export_panic_wanted(const struct golin_model *m, const struct golin_export_opts *o,
			 golin_pidx i)
{
	return golin_filter_match_panic(o->filter, m, i);
}

/* ---- members ---- */

void export_json_amount(struct jsonw *w, const char *key, uint64_t v)
{
	if (v <= INT64_MAX)
		jsonw_u64(w, key, v);
	else
		jsonw_null(w, key);
}

void export_json_panic_id(struct jsonw *w, const char *key, const struct golin_model *m,
			  golin_pidx i)
{
	char id[GOLIN_PANIC_ID_MAX];

	jsonw_str(w, key, golin_model_panic(m, i) ? golin_panic_id(m, i, id) : NULL);
}

static void value_open(struct jsonw *w, const char *key, const struct golin_model *m,
		       const struct golin_panic_value *v)
{
	bool text = v->flags & GOLIN_VALUE_TEXT;

	jsonw_begin(w, key, '{');
	export_json_text(w, "type", golin_model_string(m, v->type));
	jsonw_str(w, "text", text ? golin_model_string(m, v->text) : NULL);
	export_json_amount(w, "size", v->flags & GOLIN_VALUE_CUT ? v->size : UINT64_MAX);
	jsonw_bool(w, "nil", !v->type_addr && !(v->flags & GOLIN_VALUE_PARTIAL));
	jsonw_bool(w, "error", v->flags & GOLIN_VALUE_ERROR);
	jsonw_bool(w, "runtime", v->flags & GOLIN_VALUE_RUNTIME);
	jsonw_bool(w, "partial", v->flags & GOLIN_VALUE_PARTIAL);
	jsonw_bool(w, "hidden", v->flags & GOLIN_VALUE_HIDDEN);
}

void export_json_value(struct jsonw *w, const char *key, const struct golin_model *m,
		       const struct golin_panic_value *v)
{
	value_open(w, key, m, v);
	jsonw_end(w, '}');
}

/* Each stands behind the one that holds it; n is at most GOLIN_VALUES_MAX. */
static void put_value(struct jsonw *w, const char *key, const struct golin_model *m,
		      const struct golin_panic_value *v, uint32_t n, uint32_t k)
{
	value_open(w, key, m, &v[k]);
	jsonw_begin(w, "wraps", '[');
	for (uint32_t j = k + 1; j < n; j++)
		if (v[j].up == k)
			put_value(w, NULL, m, v, n, j);
	jsonw_end(w, ']');
	jsonw_end(w, '}');
}

void export_json_panic_value(struct jsonw *w, const char *key, const struct golin_model *m,
			     golin_pidx i)
{
	const struct golin_panic_value *v;
	uint32_t n = golin_panic_values(m, i, &v);

	if (!n)
		jsonw_null(w, key);
	else
		put_value(w, key, m, v, n < GOLIN_VALUES_MAX ? n : GOLIN_VALUES_MAX, 0);
}

void export_json_entry(struct jsonw *w, const struct golin_model *m, uint64_t pc)
{
	struct golin_frame f = golin_model_entry_func(m, pc);

	export_json_text(w, "func", f.func);
	export_json_text(w, "file", f.file);
	if (f.line)
		jsonw_u64(w, "line", f.line);
	else
		jsonw_null(w, "line");
}

void export_json_fault(struct jsonw *w, const char *key, const struct golin_model *m,
		       const struct golin_panic *p)
{
	const struct golin_frame *f;

	if (!(p->more & GOLIN_PF_SIGNAL)) {
		jsonw_null(w, key);
		return;
	}
	jsonw_begin(w, key, '{');
	if (golin_model_frames(m, p->fault_pc, &f))
		export_json_frame(w, "at", f);
	else
		jsonw_null(w, "at");
	jsonw_hex(w, "addr", p->fault_addr); /* 0 is one */
	jsonw_end(w, '}');
}

uint32_t export_panic_recoverer(const struct golin_model *m, golin_pidx i)
{
	const struct golin_panic *p = golin_model_panic(m, i);
	const struct golin_panic_defer *d;
	uint32_t n = golin_panic_defers(m, i, &d);

	/* It is the last one that ran; more may have run than are kept. */
	if (p->outcome != GOLIN_PO_RECOVERED || !n || n != p->ndefers ||
	    d[n - 1].pc != p->recovered_by)
		return UINT32_MAX;
	return n - 1;
}

static void put_defers(struct jsonw *w, const struct golin_model *m, golin_pidx i)
{
	const struct golin_panic_defer *d;
	uint32_t n = golin_panic_defers(m, i, &d), by = export_panic_recoverer(m, i);

	jsonw_begin(w, "defers", '[');
	for (uint32_t k = 0; k < n; k++) {
		jsonw_begin(w, NULL, '{');
		export_json_entry(w, m, d[k].pc);
		export_json_time(w, "ts", m, d[k].ts);
		export_json_amount(w, "duration_ns",
				   !d[k].end		? UINT64_MAX
				   : d[k].end > d[k].ts ? d[k].end - d[k].ts
							: 0);
		export_json_amount(w, "pause_ns", d[k].pause);
		jsonw_bool(w, "open_coded", d[k].flags & GOLIN_PANIC_OPEN);
		jsonw_bool(w, "recovered", k == by);
		jsonw_end(w, '}');
	}
	jsonw_end(w, ']');
}

static void put_points(struct jsonw *w, const struct golin_model *m, golin_pidx i)
{
	struct golin_panic_point v[GOLIN_POINTS_MAX];
	uint32_t n = golin_panic_points(m, i, v);
	bool any = false;

	for (uint32_t k = 0; k < n; k++)
		any |= v[k].seen && !v[k].gone;
	/* Gone before anybody could look: that says nothing of where they were. */
	if (!any) {
		jsonw_null(w, "suspension_points");
		return;
	}
	jsonw_begin(w, "suspension_points", '[');
	for (uint32_t k = 0; k < n; k++) {
		if (!v[k].seen)
			continue;
		jsonw_begin(w, NULL, '{');
		jsonw_u64(w, "goid", v[k].goid);
		jsonw_u64(w, "level", v[k].level);
		jsonw_bool(w, "gone", v[k].gone);
		if (v[k].gone)
			jsonw_null(w, "at");
		else
			export_json_frame(w, "at", &v[k].at);
		export_json_text(w, "wait", v[k].gone ? "" : golin_model_string(m, v[k].wait));
		export_json_amount(w, "after_ns", v[k].after);
		jsonw_end(w, '}');
	}
	jsonw_end(w, ']');
}

bool export_panic_made(const struct golin_model *m, golin_pidx i, golin_cidx c)
{
	const struct golin_panic *p = golin_model_panic(m, i);

	return p &&
	       golin_context_held(m, c, golin_model_find_key(m, p->target, p->epoch, p->goid)) ==
		       GOLIN_HOLD_CREATED;
}

/* Those that it made, or those that it works under. */
static void put_contexts(struct jsonw *w, const char *key, const struct golin_model *m,
			 golin_pidx i, const golin_cidx *c, uint32_t n, bool made)
{
	jsonw_begin(w, key, '[');
	for (uint32_t k = 0; k < n && k < PANIC_BELOW_MAX; k++)
		if (export_panic_made(m, i, c[k]) == made)
			export_json_lineage(w, NULL, m, golin_model_context(m, c[k]));
	jsonw_end(w, ']');
}

static void put_left(struct jsonw *w, const struct golin_model *m, golin_pidx i)
{
	golin_gidx g[PANIC_BELOW_MAX];
	golin_cidx c[PANIC_BELOW_MAX];
	uint32_t n = golin_panic_descendants(m, i, g, PANIC_BELOW_MAX);

	jsonw_begin(w, "descendants", '[');
	for (uint32_t k = 0; k < n && k < PANIC_BELOW_MAX; k++)
		jsonw_u64(w, NULL, golin_model_goroutine(m, g[k])->goid);
	jsonw_end(w, ']');
	jsonw_u64(w, "descendants_count", n);
	n = golin_panic_contexts(m, i, c, PANIC_BELOW_MAX);
	put_contexts(w, "contexts_left", m, i, c, n, true);
	put_contexts(w, "contexts_held", m, i, c, n, false);
}

static void put_ids(struct jsonw *w, const struct golin_model *m, golin_pidx i)
{
	const struct golin_panic *p = golin_model_panic(m, i);
	char trace[GOLIN_TRACE_ID_MAX];

	jsonw_str(w, "type", golin_panic_kind_name(p->kind));
	export_json_panic_id(w, "panic", m, i);
	export_json_text(w, "trace_id", golin_panic_trace(m, i, trace));
	export_json_text(w, "traceparent", golin_panic_traceparent(m, i, trace));
	export_json_goid(w, "goid", p->goid);
	jsonw_str(w, "kind", golin_panic_kind_name(p->kind));
	export_json_time(w, "started", m, p->started);
	export_json_time(w, "ended", m, p->ended);
	export_json_amount(w, "duration_ns",
			   !p->ended || !p->started ? UINT64_MAX
			   : p->ended > p->started  ? p->ended - p->started
						    : 0);
	export_json_panic_value(w, "value", m, i);
}

static void put_fate(struct jsonw *w, const struct golin_model *m, golin_pidx i)
{
	const struct golin_panic *p = golin_model_panic(m, i);
	struct golin_frame by = golin_model_entry_func(m, p->recovered_by),
			   in = golin_panic_resumed(m, i);
	uint32_t unwound = golin_panic_unwound(m, i);

	jsonw_str(w, "outcome", golin_panic_outcome_name(p->outcome));
	if (p->recovered_by)
		export_json_frame(w, "recovered_by", &by);
	else
		jsonw_null(w, "recovered_by");
	export_json_frame(w, "resumed_in", &in);
	if (unwound != UINT32_MAX)
		jsonw_u64(w, "frames_unwound", unwound);
	else
		jsonw_null(w, "frames_unwound");
	export_json_panic_id(w, "replaced_by", m, p->replaced_by);
	export_json_panic_id(w, "nested_in", m, p->nested_in);
	export_json_panic_id(w, "repanic_of", m, p->repanic_of);
	export_json_text(w, "relation", golin_panic_relation_name(p->relation));
	jsonw_bool(w, "elsewhere", p->more & GOLIN_PF_ELSEWHERE);
	export_json_text(w, "printed", golin_model_string(m, p->printed));
}

static void put_panic(struct jsonw *w, const struct golin_model *m, golin_pidx i)
{
	const struct golin_panic *p = golin_model_panic(m, i);
	golin_gidx g = golin_model_find_key(m, p->target, p->epoch, p->goid);
	const struct golin_goroutine *gp = golin_model_goroutine(m, g);
	struct golin_frame at = golin_panic_at(m, i);
	char buf[GOLIN_ERROR_CODE_MAX];
	const uint64_t *pcs;
	bool truncated = false;

	jsonw_begin(w, NULL, '{');
	put_ids(w, m, i);
	put_fate(w, m, i);
	export_json_frame(w, "at", &at);
	export_json_fault(w, "fault", m, p);
	export_json_stack(w, m, p->stack);
	golin_model_stack(m, p->stack, &pcs, &truncated);
	jsonw_bool(w, "stack_truncated", truncated);
	put_defers(w, m, i);
	jsonw_u64(w, "defers_count", p->ndefers);
	jsonw_bool(w, "locked", p->more & GOLIN_PF_LOCKED);
	jsonw_bool(w, "start_lost", p->more & GOLIN_PF_LOST_START);
	jsonw_bool(w, "partial", p->more & GOLIN_PF_PARTIAL);
	export_json_text(w, "error_code", golin_panic_error_code(m, i, buf));
	export_json_text(w, "stack_trace_hash", golin_panic_stack_hash(m, i, buf));
	put_points(w, m, i);
	put_left(w, m, i);
	jsonw_str(w, "state", gp ? export_state(gp) : NULL);
	export_json_text(w, "wait", gp ? export_wait(m, gp) : NULL);
	export_json_kept(w, "kept", m, g);
	jsonw_end(w, '}');
	jsonw_newline(w);
}

/* ---- the walk ---- */

static golin_pidx after(const struct golin_model *m, const struct golin_panic *p)
{
	if (p->first != GOLIN_PIDX_NONE)
		return p->first;
	while (p->next == GOLIN_PIDX_NONE && p->up != GOLIN_PIDX_NONE)
		p = golin_model_panic(m, p->up);
	return p->next;
}

bool golin_export_panics_json(const struct golin_model *m, const struct golin_export_opts *o,
			      uint64_t *pos, struct strbuf *out)
{
	size_t start = out->len;
	struct jsonw w;
	golin_pidx i;

	if (*pos == DONE)
		return false;
	jsonw_init(&w, out);
	i = *pos ? (golin_pidx)(*pos - 1) : golin_model_panic_roots(m);
	while (i != GOLIN_PIDX_NONE && out->len - start < EXPORT_CHUNK && !out->oom) {
		const struct golin_panic *p = golin_model_panic(m, i);

		if (!p)
			break; /* the model changed between two calls */
		if (export_panic_wanted(m, o, i))
			put_panic(&w, m, i);
		i = after(m, p);
	}
	if (i == GOLIN_PIDX_NONE || !golin_model_panic(m, i) || out->oom) {
		*pos = DONE;
		return false;
	}
	*pos = (uint64_t)i + 1;
	return true;
}

void golin_export_panics_summary(const struct golin_model *m, const struct golin_source_stats *st,
				 struct strbuf *out)
{
	struct golin_panic_counts c;
	struct jsonw w;

	golin_model_panic_counts(m, &c);
	jsonw_init(&w, out);
	jsonw_begin(&w, NULL, '{');
	export_json_summary(&w, m, st);
	jsonw_begin(&w, "panics", '{');
	jsonw_u64(&w, "panics", c.panics);
	jsonw_u64(&w, "recovered", c.recovered);
	jsonw_u64(&w, "replaced", c.replaced);
	jsonw_u64(&w, "fatal", c.fatal);
	jsonw_u64(&w, "active", c.active);
	jsonw_u64(&w, "goexits", c.goexits);
	jsonw_u64(&w, "throws", c.throws);
	jsonw_u64(&w, "evicted", c.evicted);
	jsonw_u64(&w, "unmatched", c.unmatched);
	jsonw_end(&w, '}');
	jsonw_end(&w, '}');
	jsonw_newline(&w);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* The events of contexts, as JSON lines and as text (docs/events.md). */
#include "export_impl.h"

#include <inttypes.h>
#include <string.h>

enum { CASCADE_MAX = 1 << 16 /* levels of a cascade */ };

bool export_is_context_event(const struct golin_rec *rec)
{
	switch (rec->type) {
	case GOLIN_REC_CONTEXT_CREATE:
	case GOLIN_REC_CONTEXT_CANCEL:
		return true;
	case GOLIN_REC_CONTEXT_SEEN:
		return !(((const struct golin_rec_context_seen *)rec)->flags & GOLIN_CTX_AGAIN);
	default:
		return false;
	}
}

static uint64_t ctx_of(const struct golin_rec *rec)
{
	switch (rec->type) {
	case GOLIN_REC_CONTEXT_CREATE:
		return ((const struct golin_rec_context_create *)rec)->ctx;
	case GOLIN_REC_CONTEXT_CANCEL:
		return ((const struct golin_rec_context_cancel *)rec)->ctx;
	default:
		return ((const struct golin_rec_context_seen *)rec)->ctx;
	}
}

/* The context that it is about, which the model has just heard of; and by whom it was. */
static const struct golin_context *
get(const struct golin_model *m, const struct golin_export_opts *o, const struct golin_rec *rec)
{
	golin_cidx i = golin_model_context_at(m, ctx_of(rec));
	const struct golin_context *c = golin_model_context(m, i);
	const struct golin_goroutine *g = golin_model_goroutine(
		m, golin_model_find_key(m, rec->target, rec->epoch, rec->goid));

	if (!c || (g && g->flags & GOLIN_GF_SYSTEM && !o->system))
		return NULL;
	return golin_filter_match_context(o->filter, m, i) ? c : NULL;
}

/* ---- JSON ---- */

void export_json_addr(struct jsonw *w, const char *key, uint64_t addr)
{
	char buf[24];

	snprintf(buf, sizeof(buf), "0x%" PRIx64, addr);
	jsonw_str(w, key, addr ? buf : NULL);
}

void export_json_lineage(struct jsonw *w, const char *key, const struct golin_model *m,
			 const struct golin_context *c)
{
	char id[GOLIN_LINEAGE_MAX];

	jsonw_str(w, key, c ? golin_context_lineage(m, c, id) : NULL);
}

static void put_unix(struct jsonw *w, const char *key, int64_t ns)
{
	if (ns > 0)
		jsonw_dec(w, key, (uint64_t)ns);
	else
		jsonw_null(w, key);
}

void export_json_context(struct jsonw *w, const struct golin_model *m,
			 const struct golin_context *c)
{
	const struct golin_context *up = golin_model_context(m, c->up);
	struct golin_frame site = golin_context_site(m, c);

	export_json_addr(w, "ctx", c->ctx);
	export_json_lineage(w, "lineage", m, c);
	export_json_addr(w, "parent", up ? up->ctx : 0);
	export_json_lineage(w, "parent_lineage", m, up);
	jsonw_str(w, "kind", golin_context_kind_name(c->kind));
	jsonw_str(w, "parent_kind",
		  c->parent_kind ? golin_context_kind_name(c->parent_kind) : NULL);
	export_json_text(w, "context_type", golin_model_string(m, c->type));
	export_json_text(w, "func", golin_context_func(m, c));
	export_json_frame(w, "at", &site);
	put_unix(w, "deadline", c->deadline_unix_ns);
	if (c->flags & GOLIN_CTX_HAS_TIMEOUT)
		jsonw_i64(w, "timeout_ns", c->timeout_ns);
	else
		jsonw_null(w, "timeout_ns");
	put_unix(w, "asked_deadline", c->asked_unix_ns);
	export_json_text(w, "key_type", golin_model_string(m, c->key_type));
	export_json_text(w, "key", golin_model_string(m, c->key));
	export_json_text(w, "value_type", golin_model_string(m, c->value_type));
	/* A trace's ids are known without having been asked for. */
	export_json_text(w, "value",
			 c->flags & GOLIN_CTX_SHOWN ? golin_model_string(m, c->value) : "");
}

/*
 * How many cancellations lie between the origin of its cascade and it, and how long that took.
 * False when the origin is not known.
 */
static bool cascade(const struct golin_model *m, golin_cidx i, uint32_t *ret_level,
		    uint64_t *ret_ns)
{
	const struct golin_context *c = golin_model_context(m, i), *at = c;
	golin_cidx origin = golin_context_origin(m, i), k = i;
	const struct golin_context *o = golin_model_context(m, origin);
	uint32_t level = 0;

	for (int steps = 0; o && k != origin && steps < CASCADE_MAX; steps++) {
		level += at->kind != GOLIN_CTX_VALUE;
		k = at->up;
		at = golin_model_context(m, k);
		if (!at)
			return false;
	}
	if (!o || k != origin || !o->cancelled || c->cancelled < o->cancelled)
		return false;
	*ret_level = level;
	*ret_ns = c->cancelled - o->cancelled;
	return true;
}

void export_json_cancel(struct jsonw *w, const struct golin_model *m, const struct golin_context *c,
			golin_cidx i)
{
	struct golin_frame site = golin_context_cancel_site(m, c);
	uint32_t level = 0;
	uint64_t ns = 0;

	jsonw_str(w, "reason",
		  c->cancel_reason ? golin_cancel_reason_name(c->cancel_reason) : NULL);
	export_json_lineage(w, "origin", m, golin_model_context(m, golin_context_origin(m, i)));
	if (cascade(m, i, &level, &ns)) {
		jsonw_u64(w, "level", level);
		jsonw_u64(w, "cascade_ns", ns);
	} else {
		jsonw_null(w, "level");
		jsonw_null(w, "cascade_ns");
	}
	export_json_text(w, "err", golin_model_string(m, c->err));
	export_json_text(w, "err_type", golin_model_string(m, c->err_type));
	export_json_text(w, "cause", golin_model_string(m, c->cause));
	export_json_text(w, "cause_type", golin_model_string(m, c->cause_type));
	export_json_frame(w, "at", &site);
}

void export_context_event_json(const struct golin_model *m, const struct golin_export_opts *o,
			       const struct golin_rec *rec, struct strbuf *out)
{
	const struct golin_context *c = get(m, o, rec);
	golin_cidx i = golin_model_context_at(m, ctx_of(rec));
	struct jsonw w;

	if (!c)
		return;
	jsonw_init(&w, out);
	jsonw_begin(&w, NULL, '{');
	jsonw_str(&w, "type", golin_rec_type_name(rec->type));
	export_json_time(&w, "ts", m, rec->ts);
	export_json_goid(&w, "goid", rec->goid);
	if (rec->type == GOLIN_REC_CONTEXT_CANCEL) {
		export_json_addr(&w, "ctx", c->ctx);
		export_json_lineage(&w, "lineage", m, c);
		export_json_cancel(&w, m, c, i);
		export_json_stack(&w, m, c->cancel_stack);
	} else {
		export_json_context(&w, m, c);
		export_json_stack(&w, m, c->stack);
	}
	jsonw_end(&w, '}');
	jsonw_newline(&w);
}

/* ---- text ---- */

void export_text_frame(struct strbuf *out, const struct golin_frame *f)
{
	if (*f->file)
		strbuf_addf(out, "%s:%u", f->file, f->line);
	else
		strbuf_adds(out, *f->func ? f->func : "-");
}

static void put_create(struct strbuf *out, const struct golin_model *m,
		       const struct golin_context *c)
{
	const struct golin_context *up = golin_model_context(m, c->up);
	struct golin_frame site = golin_context_site(m, c);
	const char *func = golin_context_func(m, c);
	char buf[32];

	strbuf_addf(out, ", kind=%s", golin_context_kind_name(c->kind));
	if (up)
		strbuf_addf(out, ", parent=0x%" PRIx64, up->ctx);
	else
		strbuf_addf(out, ", parent=%s",
			    c->parent_kind ? golin_context_kind_name(c->parent_kind) : "-");
	if (*func)
		strbuf_addf(out, ", func=%s", func);
	strbuf_adds(out, ", at=");
	export_text_frame(out, &site);
	if (c->flags & GOLIN_CTX_HAS_TIMEOUT)
		strbuf_addf(out, ", timeout=%s%s", c->timeout_ns < 0 ? "-" : "",
			    golin_text_duration(buf, sizeof(buf),
						(unsigned long long)(c->timeout_ns < 0
									     ? -c->timeout_ns
									     : c->timeout_ns)));
	if (c->kind == GOLIN_CTX_VALUE) {
		strbuf_addf(out, ", key=%s", golin_model_string(m, c->key_type));
		if (c->flags & GOLIN_CTX_SHOWN)
			strbuf_addf(out, "(%s)", golin_model_string(m, c->key));
		strbuf_addf(out, ", value=%s", golin_model_string(m, c->value_type));
		if (c->flags & GOLIN_CTX_SHOWN)
			strbuf_addf(out, "(%s)", golin_model_string(m, c->value));
	}
}

static void put_cancel(struct strbuf *out, const struct golin_model *m,
		       const struct golin_context *c)
{
	golin_cidx i = golin_model_context_at(m, c->ctx);
	const struct golin_context *origin = golin_model_context(m, golin_context_origin(m, i));
	struct golin_frame site = golin_context_cancel_site(m, c);
	uint32_t level = 0;
	uint64_t ns = 0;
	char buf[32];

	strbuf_addf(out, ", reason=%s", golin_cancel_reason_name(c->cancel_reason));
	if (origin && origin != c)
		strbuf_addf(out, ", origin=0x%" PRIx64, origin->ctx);
	if (origin != c && cascade(m, i, &level, &ns))
		strbuf_addf(out, ", level=%" PRIu32 ", after=%s", level,
			    golin_text_duration(buf, sizeof(buf), ns));
	strbuf_adds(out, ", at=");
	export_text_frame(out, &site);
	if (*golin_model_string(m, c->err))
		strbuf_addf(out, ", err=%s", golin_model_string(m, c->err));
	if (*golin_model_string(m, c->cause_type))
		strbuf_addf(out, ", cause=%s",
			    *golin_model_string(m, c->cause)
				    ? golin_model_string(m, c->cause)
				    : golin_model_string(m, c->cause_type));
}

void export_context_event_text(const struct golin_model *m, const struct golin_export_opts *o,
			       const struct golin_rec *rec, struct strbuf *out)
{
	const struct golin_context *c = get(m, o, rec);
	struct golin_target_info target = {0};

	if (!c)
		return;
	golin_model_target(m, &target);
	strbuf_addf(out, "%s: tgid=%" PRIu32 ", goid=",
		    rec->type == GOLIN_REC_CONTEXT_CANCEL ? "cancel"
		    : rec->type == GOLIN_REC_CONTEXT_SEEN ? "seenctx"
							  : "newctx",
		    target.pid);
	if (rec->goid)
		strbuf_addf(out, "%" PRIu64, rec->goid);
	else
		strbuf_adds(out, "-");
	strbuf_addf(out, ", ctx=0x%" PRIx64, c->ctx);
	if (rec->type == GOLIN_REC_CONTEXT_CANCEL)
		put_cancel(out, m, c);
	else
		put_create(out, m, c);
	strbuf_adds(out, "\n");
}

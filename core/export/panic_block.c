/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One panic for people, as a traceback that also tells what became of it. Lines are never cut:
 * people search in them, and editors follow their places.
 */
#include "panic_impl.h"

#include <inttypes.h>
#include <string.h>
#include "row.h"

enum {
	LEVELS_MAX = 12, /* of indentation */
	LABEL = 11,	 /* columns of "recovered" and the like */
	FUNC_MAX = 56,	 /* columns of a function's name before its place */
	ROWS_MAX = 512,	 /* lines of one stack */
	DEFERS_SHOWN = 64,
	PENDING_SHOWN = 16,
	LINKS_MAX = 64, /* panics of one printed history */
};

struct block {
	const struct golin_model *m;
	const struct golin_export_opts *o;
	const struct golin_panic *p;
	golin_pidx i;
	uint32_t indent;
	struct strbuf *out;
};

static void put(struct block *b, enum style style, const char *s)
{
	struct golin_export_opts o = *b->o;
	struct row r;

	o.width = 0;
	row_begin(&r, &o, b->out);
	row_add(&r, style, s);
}

static void pad(struct strbuf *out, uint32_t n)
{
	while (n--)
		strbuf_adds(out, " ");
}

/* The start of a line: what it tells, or nothing when it goes on. */
static void label(struct block *b, const char *what)
{
	size_t len = strlen(what);

	pad(b->out, b->indent + 2);
	put(b, DIM, what);
	pad(b->out, len < LABEL ? (uint32_t)(LABEL - len) : 1);
}

static void put_frame(struct block *b, const struct golin_frame *f)
{
	strbuf_adds(b->out, *f->func ? f->func : "?");
	if (*f->file)
		strbuf_addf(b->out, " %s:%" PRIu32, f->file, f->line);
}

static const char *id_of(const struct block *b, golin_pidx i, char *buf)
{
	return golin_model_panic(b->m, i) ? golin_panic_id(b->m, i, buf) : "?";
}

/* ---- the first line ---- */

static enum style outcome_style(const struct golin_panic *p)
{
	switch (p->outcome) {
	case GOLIN_PO_RECOVERED:
		return GREEN;
	case GOLIN_PO_REPLACED:
		return YELLOW;
	case GOLIN_PO_FATAL:
		return RED;
	default:
		return BOLD;
	}
}

static void put_outcome(struct block *b)
{
	const struct golin_panic *p = b->p;
	char id[GOLIN_PANIC_ID_MAX], buf[160];

	switch (p->outcome) {
	case GOLIN_PO_ACTIVE:
		snprintf(buf, sizeof(buf), "its deferred calls run");
		break;
	case GOLIN_PO_REPLACED:
		snprintf(buf, sizeof(buf), "replaced by %s", id_of(b, p->replaced_by, id));
		break;
	case GOLIN_PO_GOEXIT:
		snprintf(buf, sizeof(buf),
			 p->kind == GOLIN_PANIC_GOEXIT ? "the goroutine ended"
						       : "ended by runtime.Goexit");
		break;
	case GOLIN_PO_FATAL:
		snprintf(buf, sizeof(buf), "fatal: it ended the program");
		break;
	case GOLIN_PO_UNKNOWN:
		snprintf(buf, sizeof(buf), "ended unseen");
		break;
	default:
		snprintf(buf, sizeof(buf), "%s", golin_panic_outcome_name(p->outcome));
	}
	put(b, outcome_style(p), buf);
	if (p->ended && p->started && p->kind != GOLIN_PANIC_THROW)
		strbuf_addf(b->out, " after %s",
			    golin_text_duration(buf, sizeof(buf),
						p->ended > p->started ? p->ended - p->started : 0));
	else if (!p->ended && p->started && golin_model_now(b->m) > p->started)
		strbuf_addf(
			b->out, " for %s",
			golin_text_duration(buf, sizeof(buf), golin_model_now(b->m) - p->started));
}

/* How it hangs on the one above. */
static const char *why_here(const struct golin_panic *p)
{
	if (p->up == GOLIN_PIDX_NONE)
		return "";
	if (p->up == p->repanic_of)
		return p->relation == GOLIN_PR_SAME	 ? "raised again: "
		       : p->relation == GOLIN_PR_WRAPPED ? "raised again, wrapped: "
							 : "raised again, as text: ";
	if (p->up == p->nested_in)
		return "in its deferred call: ";
	return "of the same trace: ";
}

static void put_head(struct block *b)
{
	char id[GOLIN_PANIC_ID_MAX];

	pad(b->out, b->indent);
	put(b, DIM, why_here(b->p));
	put(b, BOLD, golin_panic_kind_name(b->p->kind));
	strbuf_addf(b->out, " %s: ", id_of(b, b->i, id));
	put_outcome(b);
	strbuf_adds(b->out, "\n");
}

/* ---- its value ---- */

void export_text_value(struct strbuf *out, const struct golin_model *m,
		       const struct golin_panic_value *v)
{
	const char *type = golin_model_string(m, v->type);

	if (!v->type_addr && !*type) {
		strbuf_adds(out, v->flags & GOLIN_VALUE_PARTIAL ? "(not known)" : "nil");
		return;
	}
	strbuf_adds(out, *type ? type : "(a type without a name)");
	if (v->flags & GOLIN_VALUE_TEXT) {
		strbuf_addf(out, ": %s", golin_model_string(m, v->text));
		if (v->flags & GOLIN_VALUE_CUT)
			strbuf_addf(out, " (cut: it has %" PRIu64 " bytes)", v->size);
	} else if (v->flags & GOLIN_VALUE_HIDDEN) {
		strbuf_adds(out, " (hidden)");
	}
}

static void put_value(struct block *b)
{
	const struct golin_panic_value *v;
	uint32_t n = golin_panic_values(b->m, b->i, &v);
	uint32_t depth[GOLIN_VALUES_MAX] = {0};

	if (b->p->kind != GOLIN_PANIC_PANIC)
		return;
	label(b, "value");
	if (!n)
		strbuf_adds(b->out, "(not known)");
	else
		export_text_value(b->out, b->m, v);
	strbuf_adds(b->out, "\n");
	for (uint32_t k = 1; k < n && k < GOLIN_VALUES_MAX; k++) {
		depth[k] = (v[k].up < k ? depth[v[k].up] : 0) + 1;
		label(b, "");
		pad(b->out, 2 * depth[k] - 2);
		strbuf_adds(b->out, "wraps ");
		export_text_value(b->out, b->m, &v[k]);
		strbuf_adds(b->out, "\n");
	}
}

static void put_place(struct block *b)
{
	struct golin_frame at = golin_panic_at(b->m, b->i);
	const struct golin_frame *f;

	if (b->p->more & GOLIN_PF_SIGNAL) {
		label(b, "fault");
		strbuf_addf(b->out, "address 0x%" PRIx64, b->p->fault_addr);
		if (golin_model_frames(b->m, b->p->fault_pc, &f)) {
			strbuf_adds(b->out, ", by ");
			put_frame(b, f);
		}
		strbuf_adds(b->out, "\n");
	}
	if (!*at.func)
		return;
	label(b, "at");
	put_frame(b, &at);
	strbuf_adds(b->out, "\n");
}

static void put_who(struct block *b)
{
	const struct golin_panic *p = b->p;
	const struct golin_goroutine *g = golin_model_goroutine(
		b->m, golin_model_find_key(b->m, p->target, p->epoch, p->goid));
	char id[GOLIN_TRACE_ID_MAX];
	const char *parent;

	if (p->goid) {
		label(b, "goroutine");
		strbuf_addf(b->out, "%" PRIu64, p->goid);
		if (g && *golin_model_start_func(b->m, g).func)
			strbuf_addf(b->out, " %s", golin_model_start_func(b->m, g).func);
		if (g && g->flags & GOLIN_GF_ALIVE && g->state != GOLIN_GS_UNKNOWN)
			strbuf_addf(b->out, ", %s now", golin_goroutine_state_text(b->m, g));
		if (p->more & GOLIN_PF_LOCKED)
			strbuf_adds(b->out, ", locked to its thread");
		strbuf_adds(b->out, "\n");
	}
	parent = golin_panic_trace(b->m, b->i, id);
	if (!*parent)
		return;
	label(b, "trace");
	strbuf_adds(b->out, parent);
	parent = golin_panic_traceparent(b->m, b->i, id);
	if (*parent)
		strbuf_addf(b->out, "  traceparent %s", parent);
	strbuf_adds(b->out, "\n");
}

/* ---- its stack ---- */

struct line {
	struct golin_frame f;
	uint32_t times;
	bool resumed;
};

static bool same_line(const struct golin_frame *a, const struct golin_frame *b)
{
	return a->line == b->line && !strcmp(a->func, b->func) && !strcmp(a->file, b->file);
}

/* The frames of a stack, like ones that follow each other as one; how many lines. */
static uint32_t lines_of(const struct block *b, bool all, struct line *ret)
{
	const uint64_t *pcs;
	int n = golin_model_stack(b->m, b->p->stack, &pcs, NULL);
	uint32_t lines = 0;

	for (int k = 0; k < n; k++) {
		struct golin_goroutine at = {.startpc = pcs[k]};
		struct golin_frame bare;
		const struct golin_frame *f;
		int m = golin_model_frames(b->m, pcs[k], &f);
		/* The call that goes on is the function's own, not what is inlined there. */
		bool resumed = b->p->frames == (uint32_t)k;

		if (!m) {
			bare = golin_model_start_func(b->m, &at); /* "0x47e120" */
			f = &bare;
			m = 1;
		}
		for (int j = 0; j < m && lines < ROWS_MAX; j++) {
			bool here = resumed && j == m - 1;

			if (!all && !here && export_hidden_frame(&f[j]))
				continue;
			if (lines && same_line(&ret[lines - 1].f, &f[j]) && !here &&
			    !ret[lines - 1].resumed)
				ret[lines - 1].times++;
			else
				ret[lines++] = (struct line){f[j], 1, here};
		}
	}
	return lines;
}

static void put_stack(struct block *b)
{
	struct line lines[ROWS_MAX];
	uint32_t n = lines_of(b, false, lines);
	const uint64_t *pcs;
	bool truncated = false;
	int width = 0;

	if (!n)
		n = lines_of(b, true, lines);
	for (uint32_t k = 0; k < n; k++) {
		int w = golin_text_width(lines[k].f.func);

		if (w > width && w <= FUNC_MAX)
			width = w;
	}
	for (uint32_t k = 0; k < n; k++) {
		const struct golin_frame *f = &lines[k].f;
		bool library = golin_frame_is_library(f);
		int w = golin_text_width(f->func);

		label(b, k ? "" : "stack");
		strbuf_adds(b->out, library ? "  " : "> ");
		put(b, library ? DIM : PLAIN, f->func);
		if (*f->file) {
			pad(b->out, w < width ? (uint32_t)(width - w) : 0);
			strbuf_addf(b->out, "  %s:%" PRIu32, f->file, f->line);
		}
		if (lines[k].times > 1)
			strbuf_addf(b->out, "  (%" PRIu32 " times)", lines[k].times);
		if (lines[k].resumed)
			put(b, GREEN, "  <- goes on here");
		strbuf_adds(b->out, "\n");
	}
	golin_model_stack(b->m, b->p->stack, &pcs, &truncated);
	if (truncated) {
		label(b, "");
		strbuf_adds(b->out, "  ... there are more\n");
	}
}

/* ---- its deferred calls, and its end ---- */

static void put_defer(struct block *b, const struct golin_panic_defer *d, bool recovered)
{
	struct golin_frame f = golin_model_entry_func(b->m, d->pc);
	char buf[32];

	put_frame(b, &f);
	if (!d->end)
		put(b, BOLD, "  runs");
	else
		strbuf_addf(
			b->out, "  %s",
			golin_text_duration(buf, sizeof(buf), d->end > d->ts ? d->end - d->ts : 0));
	if (d->pause)
		strbuf_addf(b->out, " (%s of it the world stood still)",
			    golin_text_duration(buf, sizeof(buf), d->pause));
	if (recovered)
		put(b, GREEN, "  recovered it");
	strbuf_adds(b->out, "\n");
}

static void put_defers(struct block *b)
{
	const struct golin_panic_defer *d;
	uint32_t n = golin_panic_defers(b->m, b->i, &d), from = 0;
	uint32_t by = export_panic_recoverer(b->m, b->i);

	for (uint32_t k = 0; k < n; k++) {
		/* The first and the last tell most. */
		if (n > DEFERS_SHOWN && k == DEFERS_SHOWN / 2) {
			from = n - DEFERS_SHOWN / 2;
			label(b, "");
			strbuf_addf(b->out, "... %" PRIu32 " more\n", from - k);
			k = from;
		}
		label(b, k ? "" : "deferred");
		strbuf_addf(b->out, "%" PRIu32 ". ", k + 1);
		put_defer(b, &d[k], k == by);
	}
	if (b->p->ndefers > n) {
		label(b, n ? "" : "deferred");
		strbuf_addf(b->out, "%" PRIu32 " %scalls, not kept\n", b->p->ndefers - n,
			    n ? "more " : "");
	}
}

/* Those that would run yet, as far as memory told. */
static void put_pending(struct block *b)
{
	const struct golin_panic *p = b->p;
	golin_gidx g = golin_model_find_key(b->m, p->target, p->epoch, p->goid);
	struct golin_kept k;

	if (p->outcome != GOLIN_PO_ACTIVE || !golin_model_kept(b->m, g, &k))
		return;
	for (uint32_t n = 0; n < k.ndefers && n < PENDING_SHOWN; n++) {
		struct golin_frame f = golin_model_entry_func(b->m, k.defers[n].pc);

		label(b, n ? "" : "pending");
		put_frame(b, &f);
		strbuf_adds(b->out, k.defers[n].flags & GOLIN_DEFER_OPEN ? "  open-coded\n" : "\n");
	}
	if (k.ndefers > PENDING_SHOWN) {
		label(b, "");
		strbuf_addf(b->out, "... %" PRIu32 " more\n", k.ndefers - PENDING_SHOWN);
	}
}

static void put_recovery(struct block *b)
{
	const struct golin_panic *p = b->p;
	struct golin_frame by = golin_model_entry_func(b->m, p->recovered_by);
	struct golin_frame in = golin_panic_resumed(b->m, b->i);
	uint32_t unwound = golin_panic_unwound(b->m, b->i);

	if (p->outcome != GOLIN_PO_RECOVERED)
		return;
	label(b, "recovered");
	strbuf_adds(b->out, "by ");
	if (p->recovered_by)
		put_frame(b, &by);
	else
		strbuf_adds(b->out, "a deferred call that was not seen");
	if (*in.func) {
		strbuf_adds(b->out, ", went on in ");
		put_frame(b, &in);
	}
	if (unwound != UINT32_MAX)
		strbuf_addf(b->out, ", %" PRIu32 " frame%s unwound", unwound,
			    unwound == 1 ? "" : "s");
	strbuf_adds(b->out, "\n");
}

static void put_left(struct block *b)
{
	golin_gidx g[PANIC_SHOWN];
	golin_cidx c[PANIC_SHOWN];
	uint32_t n = golin_panic_descendants(b->m, b->i, g, PANIC_SHOWN);
	char id[GOLIN_LINEAGE_MAX];

	if (n) {
		label(b, "left");
		strbuf_addf(b->out, "%" PRIu32 " goroutine%s alive below it:", n,
			    n == 1 ? "" : "s");
		for (uint32_t k = 0; k < n && k < PANIC_SHOWN; k++)
			strbuf_addf(b->out, " %" PRIu64, golin_model_goroutine(b->m, g[k])->goid);
		strbuf_adds(b->out, n > PANIC_SHOWN ? " ...\n" : "\n");
	}
	n = golin_panic_contexts(b->m, b->i, c, PANIC_SHOWN);
	for (uint32_t k = 0; k < n && k < PANIC_SHOWN; k++) {
		const struct golin_context *ctx = golin_model_context(b->m, c[k]);
		struct golin_frame site = golin_context_site(b->m, ctx);

		label(b, export_panic_made(b->m, b->i, c[k]) ? "left" : "under");
		strbuf_addf(b->out, "context %s, ", golin_context_lineage(b->m, ctx, id));
		put_frame(b, &site);
		strbuf_adds(b->out, "\n");
	}
	if (n > PANIC_SHOWN) {
		label(b, "left");
		strbuf_addf(b->out, "%" PRIu32 " contexts more\n", n - PANIC_SHOWN);
	}
}

static void put_points(struct block *b)
{
	struct golin_panic_point v[GOLIN_POINTS_MAX];
	uint32_t n = golin_panic_points(b->m, b->i, v);
	char buf[32];

	for (uint32_t k = 0; k < n; k++) {
		if (!v[k].seen || v[k].gone || !*v[k].at.func)
			continue;
		label(b, "later");
		strbuf_addf(b->out, "%s after it, %s %" PRIu64 " stood in ",
			    golin_text_duration(buf, sizeof(buf), v[k].after),
			    v[k].level ? "its ancestor" : "goroutine", v[k].goid);
		put_frame(b, &v[k].at);
		if (*golin_model_string(b->m, v[k].wait))
			strbuf_addf(b->out, " (%s)", golin_model_string(b->m, v[k].wait));
		strbuf_adds(b->out, "\n");
	}
}

/* Since Go 1.25 one that was recovered and raised again with the same value is printed once. */
static bool prints_once(const struct golin_model *m)
{
	struct golin_target_info info = {.go = ""};
	unsigned major = 0, minor = 0;

	return golin_model_target(m, &info) && sscanf(info.go, "go%u.%u", &major, &minor) == 2 &&
	       (major > 1 || minor >= 25);
}

/*
 * What the program printed (runtime.printpanics): those that were not over when it ended, the first
 * one first.
 */
static void put_printed(struct block *b)
{
	golin_pidx chain[LINKS_MAX], k = b->i;
	bool once = prints_once(b->m), again = false, any = false, tab = false;
	uint32_t n = 0;

	if (b->p->outcome != GOLIN_PO_FATAL || b->p->kind == GOLIN_PANIC_THROW)
		return;
	for (; golin_model_panic(b->m, k) && n < LINKS_MAX;
	     k = golin_model_panic(b->m, k)->nested_in)
		chain[n++] = k;
	while (n--) {
		const struct golin_panic *p = golin_model_panic(b->m, chain[n]);
		const struct golin_panic *next = n ? golin_model_panic(b->m, chain[n - 1]) : NULL;
		const char *s = golin_model_string(b->m, p->printed);
		bool was = again;

		again = once && next && next->repanic_of == chain[n] &&
			next->relation == GOLIN_PR_SAME;
		if (*s && !was) {
			label(b, any ? "" : "printed");
			strbuf_adds(b->out, tab ? "        " : "");
			put(b, RED, "panic: ");
			put(b, RED, s);
			if (p->outcome == GOLIN_PO_RECOVERED)
				put(b, RED, again ? " [recovered, repanicked]" : " [recovered]");
			strbuf_adds(b->out, "\n");
			any = true;
		}
		tab = p->kind == GOLIN_PANIC_PANIC;
	}
}

/* A fatal error of the runtime, or one of its words for a mistake of the program. */
static void put_thrown(struct block *b)
{
	const char *s = golin_model_string(b->m, b->p->printed);

	if (b->p->kind != GOLIN_PANIC_THROW || !*s)
		return;
	label(b, "printed");
	put(b, RED, "fatal error: ");
	put(b, RED, s);
	strbuf_adds(b->out, "\n");
}

uint32_t export_panic_indent(uint32_t level)
{
	return 4 * (level < LEVELS_MAX ? level : LEVELS_MAX);
}

void export_panic_block(const struct golin_model *m, const struct golin_export_opts *o,
			golin_pidx i, uint32_t level, struct strbuf *out)
{
	const struct golin_panic *p = golin_model_panic(m, i);
	struct block b = {.m = m, .o = o, .p = p, .i = i, .out = out};
	char code[GOLIN_ERROR_CODE_MAX], hash[GOLIN_ERROR_CODE_MAX];

	b.indent = export_panic_indent(level);
	put_head(&b);
	put_value(&b);
	put_place(&b);
	put_who(&b);
	put_stack(&b);
	put_defers(&b);
	put_pending(&b);
	put_recovery(&b);
	put_printed(&b);
	put_thrown(&b);
	put_left(&b);
	put_points(&b);
	golin_panic_error_code(m, i, code);
	golin_panic_stack_hash(m, i, hash);
	if (*code || *hash) {
		label(&b, "code");
		strbuf_addf(out, "%s%s%s%s\n", code, *code && *hash ? "  " : "",
			    *hash ? "stack " : "", hash);
	}
}

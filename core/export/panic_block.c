/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One panic for people, as a traceback that also tells what became of it. Lines are never cut:
 * people search in them, and editors follow their places.
 */
#include "panic_block.h"

#include <inttypes.h>
#include <string.h>

enum {
	LEVELS_MAX = 12, /* of indentation */
	LABEL = 11,	 /* columns of "recovered" and the like */
	FUNC_MAX = 56,	 /* columns of a function's name before its place */
	ROWS_MAX = 512,	 /* lines of one stack */
};

/* ---- lines ---- */

void block_put(struct block *b, enum style style, const char *s)
{
	struct golin_export_opts o = *b->o;
	struct row r;

	o.width = 0;
	row_begin(&r, &o, b->out);
	row_add(&r, style, s);
}

void block_pad(struct strbuf *out, uint32_t n)
{
	while (n--)
		strbuf_adds(out, " ");
}

/* The start of a line: what it tells, or nothing when it goes on. */
void block_label(struct block *b, const char *what)
{
	size_t len = strlen(what);

	block_pad(b->out, b->indent + 2);
	block_put(b, DIM, what);
	block_pad(b->out, len < LABEL ? (uint32_t)(LABEL - len) : 1);
}

void block_frame(struct block *b, const struct golin_frame *f)
{
	strbuf_adds(b->out, *f->func ? f->func : "?");
	if (*f->file)
		strbuf_addf(b->out, " %s:%" PRIu32, f->file, f->line);
}

const char *block_id(const struct block *b, golin_pidx i, char *buf)
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
		snprintf(buf, sizeof(buf), "replaced by %s", block_id(b, p->replaced_by, id));
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
	block_put(b, outcome_style(p), buf);
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

	block_pad(b->out, b->indent);
	block_put(b, DIM, why_here(b->p));
	block_put(b, BOLD, golin_panic_kind_name(b->p->kind));
	strbuf_addf(b->out, " %s: ", block_id(b, b->i, id));
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
	block_label(b, "value");
	if (!n)
		strbuf_adds(b->out, "(not known)");
	else
		export_text_value(b->out, b->m, v);
	strbuf_adds(b->out, "\n");
	for (uint32_t k = 1; k < n && k < GOLIN_VALUES_MAX; k++) {
		depth[k] = (v[k].up < k ? depth[v[k].up] : 0) + 1;
		block_label(b, "");
		block_pad(b->out, 2 * depth[k] - 2);
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
		block_label(b, "fault");
		strbuf_addf(b->out, "address 0x%" PRIx64, b->p->fault_addr);
		if (golin_model_frames(b->m, b->p->fault_pc, &f)) {
			strbuf_adds(b->out, ", by ");
			block_frame(b, f);
		}
		strbuf_adds(b->out, "\n");
	}
	if (!*at.func)
		return;
	block_label(b, "at");
	block_frame(b, &at);
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
		block_label(b, "goroutine");
		strbuf_addf(b->out, "%" PRIu64, p->goid);
		if (g && *golin_model_start_func(b->m, g).func)
			strbuf_addf(b->out, " %s", golin_model_start_func(b->m, g).func);
		if (g && g->flags & GOLIN_GF_ALIVE && g->state != GOLIN_GS_UNKNOWN &&
		    !golin_model_exit(b->m, &(struct golin_rec_exit){0}))
			strbuf_addf(b->out, ", %s now", golin_goroutine_state_text(b->m, g));
		if (p->more & GOLIN_PF_LOCKED)
			strbuf_adds(b->out, ", locked to its thread");
		strbuf_adds(b->out, "\n");
	}
	parent = golin_panic_trace(b->m, b->i, id);
	if (!*parent)
		return;
	block_label(b, "trace");
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

		block_label(b, k ? "" : "stack");
		strbuf_adds(b->out, library ? "  " : "> ");
		block_put(b, library ? DIM : PLAIN, f->func);
		if (*f->file) {
			block_pad(b->out, w < width ? (uint32_t)(width - w) : 0);
			strbuf_addf(b->out, "  %s:%" PRIu32, f->file, f->line);
		}
		if (lines[k].times > 1)
			strbuf_addf(b->out, "  (%" PRIu32 " times)", lines[k].times);
		if (lines[k].resumed)
			block_put(b, GREEN, "  <- goes on here");
		strbuf_adds(b->out, "\n");
	}
	golin_model_stack(b->m, b->p->stack, &pcs, &truncated);
	if (truncated) {
		block_label(b, "");
		strbuf_adds(b->out, "  ... there are more\n");
	}
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
	block_end(&b);
	golin_panic_error_code(m, i, code);
	golin_panic_stack_hash(m, i, hash);
	if (*code || *hash) {
		block_label(&b, "code");
		strbuf_addf(out, "%s%s%s%s\n", code, *code && *hash ? "  " : "",
			    *hash ? "stack " : "", hash);
	}
}

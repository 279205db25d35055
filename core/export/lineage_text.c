/* SPDX-License-Identifier: BSD-2-Clause */
/* The lineage view as a tree for people. Any depth, no recursion, no line without a bound. */
#include "export_impl.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/array.h"
#include "base/text.h"
#include "row.h"

enum {
	CONTEXTS_LOOK = 64,
	STATES_MAX = 4, /* in the summary of like goroutines; the rest is "other" */
};

struct golin_lineage_text {
	const struct golin_model *m;
	struct golin_export_opts o;
	struct lineage_shape shape;
	ARRAY_OF(golin_gidx) later; /* for each level of the current row: its next sibling's row */
	golin_gidx cur;
	bool started, failed;
};

/* ---- what stands in a row ---- */

static void add_place(struct row *r, const struct golin_lineage_text *t,
		      const struct golin_goroutine *g)
{
	struct golin_frame site = golin_model_go_site(t->m, g);
	const char *base = strrchr(site.file, '/');
	char buf[GOLIN_STR_MAX + 16];

	if (!*site.file)
		return;
	snprintf(buf, sizeof(buf), "%s:%u", base ? base + 1 : site.file, site.line);
	row_column(r, DIM, buf);
}

static enum style state_style(const struct golin_goroutine *g)
{
	if (!(g->flags & GOLIN_GF_ALIVE))
		return DIM;
	return g->state == GOLIN_GS_RUNNING || g->state == GOLIN_GS_RUNNABLE ? GREEN : PLAIN;
}

static const char *state_word(const struct golin_model *m, const struct golin_goroutine *g)
{
	if (g->flags & GOLIN_GF_ALIVE)
		return g->state == GOLIN_GS_UNKNOWN ? "" : golin_goroutine_state_text(m, g);
	if (!g->how)
		return "ended unseen";
	return g->how == GOLIN_HOW_GOEXIT ? "exited by Goexit" : "exited";
}

static void add_age(struct row *r, const struct golin_lineage_text *t,
		    const struct golin_goroutine *g)
{
	uint64_t now = golin_model_now(t->m), first = golin_model_first(t->m);
	char buf[32];

	if (g->flags & GOLIN_GF_ALIVE && !g->created) {
		/* Older than what golin has watched. */
		if (now > first)
			row_columnf(r, DIM, ">%s",
				    golin_text_duration(buf, sizeof(buf), now - first));
	} else if (g->flags & GOLIN_GF_ALIVE && now >= g->created) {
		row_column(r, DIM, golin_text_duration(buf, sizeof(buf), now - g->created));
	} else if (g->created && g->exited >= g->created) {
		row_columnf(r, DIM, "lived %s",
			    golin_text_duration(buf, sizeof(buf), g->exited - g->created));
	}
}

static void add_origin(struct row *r, const struct golin_goroutine *g)
{
	if (g->via == GOLIN_VIA_TIMER && g->armed_by)
		row_columnf(r, DIM, "timer armed by %" PRIu64, g->armed_by);
	else if (g->via == GOLIN_VIA_TIMER)
		row_column(r, DIM, "timer");
	else if (g->via == GOLIN_VIA_COROUTINE)
		row_column(r, DIM, "coroutine");
	if (g->flags & GOLIN_GF_PARENT_EVICTED)
		row_columnf(r, DIM, "started by %" PRIu64 ", evicted", g->parent);
	if (g->flags & GOLIN_GF_SYSTEM)
		row_column(r, DIM, "system");
}

/* "under timer client.go:41" */
static void context_words(char *buf, size_t cap, const struct golin_model *m, golin_cidx i)
{
	const struct golin_context *c = golin_model_context(m, i);
	struct golin_frame site = golin_context_site(m, c);
	const char *base = strrchr(site.file, '/');
	bool done = golin_context_state(m, i) == GOLIN_CS_CANCELLED;

	if (*site.file)
		snprintf(buf, cap, "under %s%s %s:%" PRIu32, done ? "cancelled " : "",
			 golin_context_kind_name(c->kind), base ? base + 1 : site.file, site.line);
	else
		snprintf(buf, cap, "under %s%s 0x%" PRIx64, done ? "cancelled " : "",
			 golin_context_kind_name(c->kind), c->ctx);
}

/* The newest context that it works under and that it did not make itself, and how many more. */
static void add_contexts(struct row *r, const struct golin_model *m, golin_gidx i)
{
	struct golin_held held[CONTEXTS_LOOK];
	uint32_t n = golin_goroutine_held(m, i, held, CONTEXTS_LOOK), shown = 0, more = 0;
	char buf[GOLIN_STR_MAX + 32];

	for (uint32_t k = 0; k < n && k < CONTEXTS_LOOK; k++) {
		if (held[k].how == GOLIN_HOLD_CREATED || shown++) {
			more += held[k].how != GOLIN_HOLD_CREATED;
			continue;
		}
		context_words(buf, sizeof(buf), m, held[k].c);
		row_column(r, DIM, buf);
	}
	if (more) {
		snprintf(buf, sizeof(buf), " +%" PRIu32, more);
		row_add(r, DIM, buf);
	}
}

static void add_func(struct row *r, const struct golin_lineage_text *t,
		     const struct golin_goroutine *g, enum style style)
{
	struct golin_frame start = golin_model_start_func(t->m, g);

	if (!*start.func)
		return;
	row_add(r, PLAIN, " ");
	row_add(r, style, start.func);
}

static void add_goroutine(struct row *r, const struct golin_lineage_text *t, golin_gidx i)
{
	const struct golin_model *m = t->m;
	const struct golin_goroutine *g = golin_model_goroutine(m, i);
	uint32_t kids = t->shape.kids[i];
	bool alive = g->flags & GOLIN_GF_ALIVE;

	row_columnf(r, alive ? BOLD : DIM, "%" PRIu64, g->goid);
	add_func(r, t, g, alive ? PLAIN : DIM);
	if (g->flags & GOLIN_GF_GHOST) {
		/* One that was there at the attach, or one that had ended by then. */
		row_column(r, DIM, g->startpc ? "(ended unseen)" : "(ended before the attach)");
		return;
	}
	add_place(r, t, g);
	row_column(r, state_style(g), state_word(m, g));
	add_age(r, t, g);
	if (kids)
		row_columnf(r, DIM, "%" PRIu32 " %s", kids, kids == 1 ? "child" : "children");
	add_origin(r, g);
	if (alive)
		add_contexts(r, m, i);
}

struct tally {
	const char *state[STATES_MAX];
	uint64_t count[STATES_MAX], other;
};

static void tally_add(struct tally *t, const char *state)
{
	for (int k = 0; k < STATES_MAX; k++) {
		if (!t->count[k])
			t->state[k] = state;
		if (t->state[k] && !strcmp(t->state[k], state)) {
			t->count[k]++;
			return;
		}
	}
	t->other++;
}

static void add_tally(struct row *r, const struct tally *t)
{
	char buf[192];

	for (int k = 0; k < STATES_MAX && t->count[k]; k++) {
		snprintf(buf, sizeof(buf), "%" PRIu64 " %s", t->count[k], t->state[k]);
		if (k)
			row_add(r, PLAIN, ", ");
		if (k)
			row_add(r, PLAIN, buf);
		else
			row_column(r, PLAIN, buf);
	}
	if (t->other) {
		snprintf(buf, sizeof(buf), ", %" PRIu64 " other", t->other);
		row_add(r, PLAIN, buf);
	}
}

static void add_fold(struct row *r, const struct golin_lineage_text *t, const struct shape_group *q)
{
	const struct lineage_shape *s = &t->shape;
	const struct golin_goroutine *first = golin_model_goroutine(s->m, q->first), *g;
	uint64_t oldest = first->goid, newest = first->goid, below = 0;
	struct tally tally = {0};
	const char *state;

	for (golin_gidx i = q->first; i != GOLIN_GIDX_NONE; i = s->like[i]) {
		g = golin_model_goroutine(s->m, i);
		state = state_word(s->m, g);
		tally_add(&tally, *state ? state : "alive");
		below += s->below[i];
		oldest = g->goid < oldest ? g->goid : oldest;
		newest = g->goid > newest ? g->goid : newest;
	}
	row_columnf(r, YELLOW, "[%" PRIu32 " like this]", q->count);
	add_func(r, t, first, PLAIN);
	add_place(r, t, first);
	add_tally(r, &tally);
	row_columnf(r, DIM, "oldest %" PRIu64 ", newest %" PRIu64, oldest, newest);
	if (below)
		row_columnf(r, DIM, "%" PRIu64 " below", below);
}

/* ---- the lines ---- */

static void put_header(struct golin_lineage_text *t, struct strbuf *out)
{
	struct row r;
	struct golin_target_info info = {0};
	struct golin_model_counts c;
	struct golin_rec_exit end;

	row_begin(&r, &t->o, out);
	golin_model_counts(t->m, &c);
	if (golin_model_target(t->m, &info)) {
		row_column(&r, BOLD, *info.comm ? info.comm : info.exe);
		row_columnf(&r, PLAIN, "pid %" PRIu32, info.pid);
		row_column(&r, PLAIN, info.go);
	}
	row_columnf(&r, PLAIN, "%" PRIu64 " live", c.live);
	if (c.system)
		row_columnf(&r, DIM, "(%" PRIu64 " of the runtime%s)", c.system,
			    t->o.system ? "" : ", not shown");
	row_columnf(&r, PLAIN, "%" PRIu64 " ended", c.ended);
	if (c.evicted)
		row_columnf(&r, DIM, "%" PRIu64 " evicted", c.evicted);
	if (t->o.filter)
		row_columnf(&r, PLAIN, "%" PRIu64 " match", t->shape.wanted);
	if (c.lost_ring || c.lost_missed)
		row_columnf(&r, RED, "%" PRIu64 " events lost", c.lost_ring + c.lost_missed);
	if (c.lost_cut)
		row_column(&r, RED, "the recording was cut");
	if (golin_model_exit(t->m, &end))
		row_column(&r, PLAIN, "the program has ended");
	strbuf_adds(out, "\n");
}

static void put_row(struct golin_lineage_text *t, struct strbuf *out)
{
	struct row r;
	const struct shape_group *fold = shape_fold(&t->shape, t->cur);

	row_begin(&r, &t->o, out);
	row_guides(&r, t->later.v, t->later.len);
	if (fold)
		add_fold(&r, t, fold);
	else
		add_goroutine(&r, t, t->cur);
	strbuf_adds(out, "\n");
}

/* Opens a level at row i (NONE: there is none). */
static bool enter(struct golin_lineage_text *t, golin_gidx i)
{
	golin_gidx *later;

	if (i == GOLIN_GIDX_NONE)
		return false;
	later = array_add(&t->later);
	if (!later) {
		t->failed = true;
		return false;
	}
	*later = shape_row(&t->shape, golin_model_goroutine(t->m, i)->next);
	t->cur = i;
	return true;
}

/* To the next row; false at the end. */
static bool advance(struct golin_lineage_text *t)
{
	if (!shape_fold(&t->shape, t->cur) &&
	    enter(t, shape_row(&t->shape, golin_model_goroutine(t->m, t->cur)->first)))
		return true;
	while (t->later.len && !t->failed) {
		golin_gidx i = t->later.v[--t->later.len];

		if (i != GOLIN_GIDX_NONE)
			return enter(t, i);
	}
	return false;
}

struct golin_lineage_text *golin_lineage_text_new(const struct golin_model *m,
						  const struct golin_export_opts *o)
{
	struct golin_lineage_text *t = calloc(1, sizeof(*t));

	if (!t)
		return NULL;
	t->m = m;
	t->o = *o;
	if (!shape_init(&t->shape, m, o)) {
		golin_lineage_text_free(t);
		return NULL;
	}
	return t;
}

bool golin_lineage_text_next(struct golin_lineage_text *t, struct strbuf *out)
{
	size_t start = out->len;
	bool more;

	if (!t->started) {
		t->started = true;
		put_header(t, out);
		more = enter(t, shape_row(&t->shape, golin_model_roots(t->m)));
	} else {
		more = t->later.len > 0;
	}
	while (more && out->len - start < EXPORT_CHUNK && !out->oom) {
		put_row(t, out);
		more = advance(t);
	}
	if (t->failed)
		out->oom = true; /* the caller learns of it */
	return more && !out->oom;
}

void golin_lineage_text_free(struct golin_lineage_text *t)
{
	if (!t)
		return;
	shape_done(&t->shape);
	array_free(&t->later);
	free(t);
}

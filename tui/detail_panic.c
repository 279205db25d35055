// SPDX-License-Identifier: BSD-2-Clause
/* The detail pane of a panic: what it said, how it ended, what it hangs together with. */
#include "detail_panic.h"
#include <inttypes.h>
#include <stdio.h>
#include "base/text.h"
#include "detail_impl.h"
#include "draw.h"
#include "names.h"

enum { LINKS_SHOWN = 16 };

static void add_panic(struct detail *d, const struct panview *v, const char *label, golin_pidx i,
		      const char *note)
{
	const struct golin_panic *p = golin_model_panic(v->model, i);

	if (!p)
		return;
	detail_add(d, label, ROLE_NORMAL, "#%" PRIu64 "%s  go %" PRIu64 "  %s  %s  %s", p->number,
		   note, p->goid, golin_panic_outcome_name(panview_outcome(v, p)),
		   panview_type(v->model, i), panview_text(v->model, i));
	detail_link_panic(d, v->model, i);
}

/* ---- the value ---- */

static void add_value_text(struct detail *d, const struct golin_model *m,
			   const struct golin_panic_value *v)
{
	const char *text = golin_model_string(m, v->text);
	char num[32];

	if (v->flags & GOLIN_VALUE_HIDDEN)
		detail_add(d, NULL, ROLE_DIM, "[hidden: --hide-values]");
	else if (*text)
		detail_add_text(d, NULL, ROLE_NORMAL, text);
	else if (v->type_addr && !(v->flags & GOLIN_VALUE_TEXT))
		detail_add(d, NULL, ROLE_DIM, "what it says is not known");
	if (v->flags & GOLIN_VALUE_CUT)
		detail_add(d, NULL, ROLE_DIM, "cut: it has %s bytes",
			   name_count(v->size, num, sizeof(num)));
	if (v->flags & GOLIN_VALUE_PARTIAL)
		detail_add(d, NULL, ROLE_DIM, "a part of it could not be read");
}

static void add_values(struct detail *d, const struct golin_model *m, golin_pidx i)
{
	const struct golin_panic_value *v;
	uint32_t n = golin_panic_values(m, i, &v);
	const struct golin_panic *p = golin_model_panic(m, i);

	if (p->kind == GOLIN_PANIC_THROW)
		detail_add(d, "value", ROLE_GROUP, "%s",
			   p->more & GOLIN_PF_USER_FATAL
				   ? "fatal error: the program's own fault"
				   : "throw: the runtime found something wrong");
	if (p->kind != GOLIN_PANIC_PANIC)
		return;
	for (uint32_t k = 0; k < n; k++) {
		const char *type = golin_model_string(m, v[k].type);

		if (!k)
			detail_add(d, "value", ROLE_GROUP, "%s", panview_type(m, i));
		else
			detail_add(d, k == 1 ? "wraps" : NULL, ROLE_GROUP, "%s%s",
				   *type ? type : "?",
				   v[k].up && v[k].up + 1 != k ? "  (beside the one before)" : "");
		add_value_text(d, m, &v[k]);
	}
	if (!n)
		detail_add(d, "value", ROLE_DIM, "not known: the panic began before golin came");
}

/* ---- how it ended ---- */

static void add_outcome(struct detail *d, const struct panview *v, const struct golin_panic *p)
{
	enum golin_panic_outcome outcome = panview_outcome(v, p);
	enum role role = draw_outcome_role(outcome);
	const char *name = golin_panic_outcome_name(outcome);
	uint64_t end = p->ended && p->ended <= panview_moment(v) ? p->ended : panview_moment(v);
	struct golin_frame by;
	char took[16];

	golin_text_duration(took, sizeof(took), end > p->started ? end - p->started : 0);
	switch (outcome) {
	case GOLIN_PO_RECOVERED:
		by = golin_model_entry_func(v->model, p->recovered_by);
		detail_add(d, "outcome", role, "%s after %s%s", name, took,
			   p->recovered_by ? ", by" : "");
		if (p->recovered_by) {
			detail_add(d, NULL, ROLE_FUNC, "%s", by.func);
			detail_add_place(d, &by);
		}
		break;
	case GOLIN_PO_ACTIVE:
		detail_add(d, "outcome", role, "%s for %s: its deferred calls run", name, took);
		break;
	case GOLIN_PO_FATAL:
		detail_add(d, "outcome", role, "%s after %s: the program ended of it", name, took);
		break;
	case GOLIN_PO_REPLACED:
		detail_add(d, "outcome", role, "%s after %s: a newer one unwound past it", name,
			   took);
		break;
	case GOLIN_PO_GOEXIT:
		detail_add(d, "outcome", role, "%s after %s%s", name, took,
			   p->kind == GOLIN_PANIC_GOEXIT ? ": the goroutine ended"
							 : ": a deferred call ended the goroutine");
		break;
	default:
		detail_add(d, "outcome", role, "%s: nothing told how it ended", name);
	}
}

static void add_resumed(struct detail *d, const struct panview *v, golin_pidx i)
{
	const struct golin_panic *p = golin_model_panic(v->model, i);
	struct golin_frame f = golin_panic_resumed(v->model, i);
	uint32_t unwound = golin_panic_unwound(v->model, i);

	if (panview_outcome(v, p) != GOLIN_PO_RECOVERED || !p->resumed_in)
		return;
	if (unwound != UINT32_MAX)
		detail_add(d, "resumed", ROLE_FUNC, "in %s, %u frame%s up", f.func, unwound,
			   unwound == 1 ? "" : "s");
	else
		detail_add(d, "resumed", ROLE_FUNC, "in %s", f.func);
	detail_add_place(d, &f);
}

/* ---- what it hangs together with ---- */

static void add_chain(struct detail *d, const struct panview *v, const struct golin_panic *p)
{
	const struct golin_panic *below;
	golin_pidx i = p->first;
	char note[64];
	uint32_t n = 0;

	add_panic(d, v, "during", p->nested_in, "");
	if (panview_outcome(v, p) == GOLIN_PO_REPLACED)
		add_panic(d, v, "gave way", p->replaced_by, "");
	if (p->repanic_of != GOLIN_PIDX_NONE) {
		snprintf(note, sizeof(note), " (%s value%s)",
			 p->relation == GOLIN_PR_SAME	   ? "the same"
			 : p->relation == GOLIN_PR_WRAPPED ? "this one's holds its"
							   : "its text in this one's",
			 p->more & GOLIN_PF_ELSEWHERE ? ", elsewhere" : "");
		add_panic(d, v, "repeats", p->repanic_of, note);
	}
	for (; n < LINKS_SHOWN && (below = golin_model_panic(v->model, i)); i = below->next) {
		if (v->asof && below->started > v->asof)
			continue;
		add_panic(d, v, n ? NULL : "followed", i,
			  below->repanic_of == golin_model_panic_find(v->model, p->number)
				  ? " (repeats it)"
				  : "");
		n++;
	}
	if (golin_model_panic(v->model, i))
		detail_add(d, NULL, ROLE_DIM, "... and more: the tree has them");
}

static void add_ids(struct detail *d, const struct panview *v, golin_pidx i)
{
	const struct golin_panic *of;
	char text[GOLIN_ERROR_CODE_MAX + GOLIN_TRACE_ID_MAX + GOLIN_PANIC_ID_MAX];
	const struct golin_panic *p = golin_model_panic(v->model, i);

	detail_add(d, "id", ROLE_NORMAL, "%s", golin_panic_id(v->model, i, text));
	if (*golin_panic_trace(v->model, i, text)) {
		detail_add(d, "trace", ROLE_NORMAL, "%s", text);
		of = golin_model_panic(v->model, p->trace_of);
		if (of && p->trace_of != i) {
			detail_add(d, NULL, ROLE_DIM, "shared with #%" PRIu64, of->number);
			detail_link_panic(d, v->model, p->trace_of);
		}
	}
	if (*golin_panic_traceparent(v->model, i, text))
		detail_add(d, "w3c trace", ROLE_NORMAL, "%s", text);
	if (*golin_panic_error_code(v->model, i, text))
		detail_add(d, "code", ROLE_NORMAL, "%s", text);
	if (*golin_panic_stack_hash(v->model, i, text))
		detail_add(d, "stack id", ROLE_NORMAL, "%s", text);
}

static void add_goroutine(struct detail *d, const struct panview *v, const struct golin_panic *p)
{
	golin_gidx gi = golin_model_find_key(v->model, p->target, p->epoch, p->goid);
	const struct golin_goroutine *g = golin_model_goroutine(v->model, gi);
	struct golin_frame f;

	if (!p->goid) {
		detail_add(d, "goroutine", ROLE_NORMAL, "none");
		return;
	}
	if (!g) {
		detail_add(d, "goroutine", ROLE_GOID, "%" PRIu64 "  (it has left the model)",
			   p->goid);
		return;
	}
	f = golin_model_start_func(v->model, g);
	detail_add(d, "goroutine", ROLE_GOID, "%" PRIu64 "  %s  %s%s", g->goid, f.func,
		   g->flags & GOLIN_GF_ALIVE ? golin_goroutine_state_text(v->model, g) : "ended",
		   p->more & GOLIN_PF_LOCKED ? "  (locked to its thread)" : "");
	detail_link_goroutine(d, v->model, gi);
	detail_add_chain(d, v->model, g);
}

static void add_raised(struct detail *d, const struct golin_model *m, golin_pidx i)
{
	const struct golin_panic *p = golin_model_panic(m, i);
	struct golin_frame at = golin_panic_at(m, i);

	if (*at.func) {
		detail_add(d, p->kind == GOLIN_PANIC_GOEXIT ? "called" : "raised", ROLE_FUNC,
			   "in %s", at.func);
		detail_add_place(d, &at);
	}
	if (p->more & GOLIN_PF_SIGNAL)
		detail_add(d, "fault", ROLE_NORMAL, "at address 0x%" PRIx64 ", pc 0x%" PRIx64,
			   p->fault_addr, p->fault_pc);
	if (p->more & GOLIN_PF_LOST_START)
		detail_add(d, NULL, ROLE_DIM, "its beginning was not seen");
	if (p->more & GOLIN_PF_PARTIAL)
		detail_add(d, NULL, ROLE_DIM, "a part of it could not be read");
}

static void build_panic(struct detail *d, const struct panview *v, golin_pidx i)
{
	const struct golin_panic *p = golin_model_panic(v->model, i);
	const char *printed = golin_model_string(v->model, p->printed);

	detail_add(d, golin_panic_kind_name(p->kind), ROLE_GOID, "#%" PRIu64, p->number);
	add_values(d, v->model, i);
	add_outcome(d, v, p);
	add_resumed(d, v, i);
	if (*printed)
		detail_add_text(d, "printed", ROLE_BREAK, printed);
	detail_add_moment(d, v->model, "began", p->started, panview_moment(v));
	add_raised(d, v->model, i);
	add_goroutine(d, v, p);
	add_chain(d, v, p);
	detail_add_panic_way(d, v, i);
	detail_add_panic_rest(d, v, i);
	add_ids(d, v, i);
}

/* ---- a site ---- */

static void add_outcomes(struct detail *d, const struct panview_site *s)
{
	char num[32];
	bool first = true;

	for (int k = 0; k < PANVIEW_OUTCOMES; k++) {
		if (!s->by[k])
			continue;
		detail_add(d, first ? "outcome" : NULL,
			   draw_outcome_role((enum golin_panic_outcome)k), "%7s %s",
			   name_count(s->by[k], num, sizeof(num)),
			   golin_panic_outcome_name((uint32_t)k));
		first = false;
	}
}

static void build_site(struct detail *d, const struct panview *v, uint32_t number,
		       const struct panview_site *s)
{
	const struct golin_panic_site *all = golin_model_panic_site(v->model, number);
	char num[32];

	detail_add(d, "site", ROLE_GROUP, "%s panic%s of this type raised here",
		   name_count(s->count, num, sizeof(num)), s->count == 1 ? "" : "s");
	if (all && all->count > s->count && !v->filter && !v->asof)
		detail_add(d, NULL, ROLE_DIM, "of %s: the others have left the model",
			   name_count(all->count, num, sizeof(num)));
	add_outcomes(d, s);
	if (all && all->first_at)
		detail_add_moment(d, v->model, "first", all->first_at, panview_moment(v));
	detail_add(d, NULL, ROLE_NORMAL, "%s", "");
	detail_add(d, "newest", ROLE_LABEL, "%s", "of them:");
}

void detail_build_panic(struct detail *d, const struct panview *v, const struct tree_row *row)
{
	const struct panview_site *s;
	golin_pidx i;

	detail_clear(d);
	if (!row) {
		detail_add(d, NULL, ROLE_DIM, "nothing is selected");
		return;
	}
	i = panview_panic(v, row);
	s = panview_site(v, row);
	if (s)
		build_site(d, v, row->item, s);
	if (i != GOLIN_PIDX_NONE)
		build_panic(d, v, i);
	else
		detail_add(d, NULL, ROLE_DIM, "it has left the model");
}

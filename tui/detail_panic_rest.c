// SPDX-License-Identifier: BSD-2-Clause
/* What a panic left: who is parked where, what still runs or is not cancelled, what memory has. */
#include <inttypes.h>
#include <stdio.h>
#include "base/text.h"
#include "detail_impl.h"
#include "detail_panic.h"
#include "names.h"

enum { SHOWN_MAX = 32 };

static void add_points(struct detail *d, const struct panview *v, golin_pidx i)
{
	struct golin_panic_point p[GOLIN_POINTS_MAX];
	uint32_t n = golin_panic_points(v->model, i, p);
	const char *label = "parked";
	char place[300], after[16];

	for (uint32_t k = 0; k < n && k < GOLIN_POINTS_MAX; k++) {
		const char *who = !p[k].level ? "" : p[k].level == 1 ? " (its parent)" : " (above)";

		if (p[k].gone)
			detail_add(d, label, ROLE_DIM, "%" PRIu64 "%s  ended before it was read",
				   p[k].goid, who);
		else if (!p[k].seen)
			detail_add(d, label, ROLE_DIM, "%" PRIu64 "%s  not read", p[k].goid, who);
		else
			detail_add(d, label, ROLE_WAIT, "%" PRIu64 "%s  %s  %s  %s  %s later",
				   p[k].goid, who, golin_model_string(v->model, p[k].wait),
				   p[k].at.func,
				   *p[k].at.func ? name_place(&p[k].at, place, sizeof(place)) : "",
				   golin_text_duration(after, sizeof(after), p[k].after));
		detail_link_goroutine(d, v->model, golin_model_find(v->model, p[k].goid));
		label = NULL;
	}
}

static void add_descendants(struct detail *d, const struct panview *v, golin_pidx i)
{
	golin_gidx g[SHOWN_MAX];
	uint32_t n = golin_panic_descendants(v->model, i, g, SHOWN_MAX);
	char num[32];

	for (uint32_t k = 0; k < n && k < SHOWN_MAX; k++) {
		const struct golin_goroutine *gr = golin_model_goroutine(v->model, g[k]);

		if (!gr)
			continue;
		detail_add(d, k ? NULL : "still run", ROLE_NORMAL, "%" PRIu64 "  %s  %s", gr->goid,
			   golin_goroutine_state_text(v->model, gr),
			   golin_model_start_func(v->model, gr).func);
		detail_link_goroutine(d, v->model, g[k]);
	}
	if (n > SHOWN_MAX)
		detail_add(d, NULL, ROLE_DIM, "... and %s more that descend from it",
			   name_count(n - SHOWN_MAX, num, sizeof(num)));
}

static void add_contexts(struct detail *d, const struct panview *v, golin_pidx i)
{
	golin_cidx c[SHOWN_MAX];
	uint32_t n = golin_panic_contexts(v->model, i, c, SHOWN_MAX);
	char name[512], num[32];

	for (uint32_t k = 0; k < n && k < SHOWN_MAX; k++) {
		const struct golin_context *ctx = golin_model_context(v->model, c[k]);

		if (!ctx)
			continue;
		detail_add(d, k ? NULL : "contexts",
			   ctx->state == GOLIN_CS_CANCELLED ? ROLE_DIM : ROLE_NORMAL, "%s%s",
			   ctx->state == GOLIN_CS_CANCELLED ? "cancelled  " : "not cancelled  ",
			   detail_context_name(v->model, ctx, name, sizeof(name)));
		detail_link_context(d, v->model, c[k]);
	}
	if (n > SHOWN_MAX)
		detail_add(d, NULL, ROLE_DIM, "... and %s more",
			   name_count(n - SHOWN_MAX, num, sizeof(num)));
}

/* ---- as memory has it ---- */

static void add_kept_panic(struct detail *d, const struct golin_model *m,
			   const struct golin_kept_panic *p, const char *label)
{
	const char *type = golin_model_string(m, p->value.type);

	detail_add(d, label, ROLE_NORMAL, "0x%" PRIx64 "  %s  %s%s%s%s%s%s", p->addr,
		   p->flags & (GOLIN_KEPT_GOEXIT | GOLIN_KEPT_DEFERRETURN) ? ""
		   : *type						   ? type
		   : p->value.type_addr					   ? "?"
									   : "nil",
		   golin_model_string(m, p->value.text),
		   p->flags & GOLIN_KEPT_RECOVERED ? " recovered" : "",
		   p->flags & GOLIN_KEPT_ABORTED ? " aborted" : "",
		   p->flags & GOLIN_KEPT_GOEXIT ? " Goexit" : "",
		   p->flags & GOLIN_KEPT_REPANICKED ? " repanicked" : "",
		   p->flags & GOLIN_KEPT_DEFERRETURN ? " (a normal return)" : "");
}

static void add_kept_defer(struct detail *d, const struct golin_model *m,
			   const struct golin_rec_kept_defer *k, const char *label)
{
	struct golin_frame f = golin_model_entry_func(m, k->pc), at = {.func = "", .file = ""};
	const struct golin_frame *frames;
	char place[300];

	if (k->at && golin_model_frames(m, k->at, &frames) > 0)
		at = frames[0];
	detail_add(d, label, ROLE_FUNC, "%s", *f.func ? f.func : "?");
	if (*at.func)
		detail_add(d, NULL, ROLE_NORMAL, "  deferred in %s  %s", at.func,
			   name_place(&at, place, sizeof(place)));
	detail_add(d, NULL, ROLE_NORMAL, "  %s%s",
		   k->flags & GOLIN_DEFER_OPEN	  ? "open-coded"
		   : k->flags & GOLIN_DEFER_RANGE ? "of a range loop"
		   : k->flags & GOLIN_DEFER_HEAP  ? "on the heap"
						  : "on the stack",
		   k->flags & GOLIN_DEFER_STARTED ? ", runs" : "");
}

void detail_add_kept(struct detail *d, const struct golin_model *m, golin_gidx i, uint64_t moment)
{
	struct golin_kept k;
	char ago[16], num[32];

	if (!golin_model_goroutine(m, i) || !golin_model_kept(m, i, &k))
		return;
	detail_add(d, "memory", ROLE_LABEL, "as read %s ago%s%s",
		   golin_text_duration(ago, sizeof(ago), moment > k.read ? moment - k.read : 0),
		   k.flags & GOLIN_DEFERS_PARTIAL ? ", a part could not be read" : "",
		   k.flags & GOLIN_DEFERS_MORE ? ", there is more" : "");
	if (k.thread)
		detail_add(d, NULL, ROLE_NORMAL, "thread %u%s", k.thread,
			   k.flags & GOLIN_DEFERS_LOCKED ? ", locked to it" : "");
	for (uint32_t n = 0; n < k.npanics && n < SHOWN_MAX; n++)
		add_kept_panic(d, m, &k.panics[n], n ? NULL : "g._panic");
	if (!k.npanics)
		detail_add(d, "g._panic", ROLE_DIM, "nil");
	for (uint32_t n = 0; n < k.ndefers && n < SHOWN_MAX; n++)
		add_kept_defer(d, m, &k.defers[n], n ? NULL : "g._defer");
	if (!k.ndefers)
		detail_add(d, "g._defer", ROLE_DIM, "nil%s",
			   k.flags & GOLIN_DEFERS_OPEN
				   ? ""
				   : " (open-coded ones could not be looked for)");
	if (k.ndefers > SHOWN_MAX)
		detail_add(d, NULL, ROLE_DIM, "... and %s more",
			   name_count(k.ndefers - SHOWN_MAX, num, sizeof(num)));
}

void detail_add_panic_rest(struct detail *d, const struct panview *v, golin_pidx i)
{
	const struct golin_panic *p = golin_model_panic(v->model, i);

	add_points(d, v, i);
	/* These are asked for now: of a moment that is past they would tell what came later. */
	if (v->asof)
		return;
	add_descendants(d, v, i);
	add_contexts(d, v, i);
	detail_add_kept(d, v->model, golin_model_find_key(v->model, p->target, p->epoch, p->goid),
			panview_moment(v));
}

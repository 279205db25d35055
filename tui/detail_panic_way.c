// SPDX-License-Identifier: BSD-2-Clause
/* The way of a panic: the deferred calls that ran, and the frames that it unwound. */
#include <inttypes.h>
#include <stdio.h>
#include "base/text.h"
#include "detail_impl.h"
#include "detail_panic.h"
#include "names.h"

enum { HEAD_SHOWN = 48, TAIL_SHOWN = 16 }; /* of many deferred calls: the first, and the last */

/* The last one that ran is the one that called recover. */
static bool called_recover(const struct panview *v, const struct golin_panic *p,
			   const struct golin_panic_defer *d, bool last)
{
	return last && panview_outcome(v, p) == GOLIN_PO_RECOVERED && p->recovered_by &&
	       p->recovered_by == d->pc;
}

static void add_defer(struct detail *out, const struct panview *v, const struct golin_panic *p,
		      const struct golin_panic_defer *d, uint32_t n, bool last, const char *label)
{
	struct golin_frame f = golin_model_entry_func(v->model, d->pc);
	bool runs = !d->end || d->end > panview_moment(v);
	uint64_t end = runs ? panview_moment(v) : d->end;
	char took[16], pause[16], place[300], gc[48] = "";

	golin_text_duration(took, sizeof(took), end > d->ts ? end - d->ts : 0);
	if (d->pause)
		snprintf(gc, sizeof(gc), ", %s of it paused",
			 golin_text_duration(pause, sizeof(pause), d->pause));
	detail_add(out, label, runs ? ROLE_ALERT : ROLE_FUNC, "%u. %s", n, *f.func ? f.func : "?");
	detail_add(out, NULL, runs ? ROLE_ALERT : ROLE_NORMAL, "   %s %s%s%s%s  %s",
		   runs ? "runs for" : "ran", took, gc,
		   d->flags & GOLIN_PANIC_OPEN ? ", open-coded" : "",
		   called_recover(v, p, d, last) ? ", called recover" : "",
		   name_place(&f, place, sizeof(place)));
}

static void add_defers(struct detail *out, const struct panview *v, golin_pidx i)
{
	const struct golin_panic *p = golin_model_panic(v->model, i);
	const struct golin_panic_defer *d;
	uint32_t kept = golin_panic_defers(v->model, i, &d), n = kept;
	char num[32];

	while (n && v->asof && d[n - 1].ts > v->asof)
		n--;
	if (!n && p->kind != GOLIN_PANIC_THROW)
		detail_add(out, "deferred", ROLE_NORMAL, "no deferred call ran because of it");
	for (uint32_t k = 0; k < n; k++) {
		if (k == HEAD_SHOWN && n > HEAD_SHOWN + TAIL_SHOWN) {
			detail_add(out, NULL, ROLE_DIM, "... %s more ...",
				   name_count(n - HEAD_SHOWN - TAIL_SHOWN, num, sizeof(num)));
			k = n - TAIL_SHOWN;
		}
		add_defer(out, v, p, &d[k], k + 1, k + 1 == n, k ? NULL : "deferred");
	}
	if (p->ndefers > kept)
		detail_add(out, NULL, ROLE_DIM, "... and %s that are not kept",
			   name_count(p->ndefers - kept, num, sizeof(num)));
}

/* ---- frames ---- */

struct way {
	const struct panview *v;
	struct golin_frame raised;
	uint32_t resumed; /* index of the frame that went on; UINT32_MAX */
	bool found;	  /* the line that raised it has been said */
};

static bool is_raised(const struct way *w, const struct golin_frame *f)
{
	return !w->found && *w->raised.func && f->line == w->raised.line &&
	       !strcmp(f->func, w->raised.func);
}

/* The user's own code has a star: that is where to look first. */
static void add_frame(struct detail *d, struct way *w, const struct golin_frame *f, uint32_t at,
		      bool outermost)
{
	bool library = f->flags & GOLIN_FRAME_RUNTIME || golin_frame_is_library(f);
	bool raised = is_raised(w, f), resumed = outermost && at == w->resumed;

	detail_add(d, NULL,
		   raised    ? ROLE_BREAK
		   : resumed ? ROLE_RUN
		   : library ? ROLE_DIM
			     : ROLE_FUNC,
		   "%s%s %s",
		   raised    ? "!"
		   : resumed ? ">"
			     : " ",
		   library ? " " : "*", f->func);
	w->found |= raised;
}

static void add_pc(struct detail *d, struct way *w, uint64_t pc, uint32_t at)
{
	const struct golin_frame *f;
	int n = golin_model_frames(w->v->model, pc, &f);

	if (n <= 0)
		detail_add(d, NULL, ROLE_FUNC, "%s  0x%" PRIx64, at == w->resumed ? ">" : " ", pc);
	for (int i = 0; i < n; i++) {
		if (f[i].flags & GOLIN_FRAME_WRAPPER)
			continue;
		add_frame(d, w, &f[i], at, i + 1 == n);
		detail_add_indented_place(d, "     ", &f[i]);
	}
}

static void add_stack(struct detail *d, const struct panview *v, golin_pidx i)
{
	const struct golin_panic *p = golin_model_panic(v->model, i);
	struct way w = {.v = v, .raised = golin_panic_at(v->model, i), .resumed = UINT32_MAX};
	const uint64_t *pcs;
	bool truncated;
	int n = golin_model_stack(v->model, p->stack, &pcs, &truncated);

	if (n <= 0)
		return;
	if (panview_outcome(v, p) == GOLIN_PO_RECOVERED)
		w.resumed = p->frames;
	detail_add(d, "stack", ROLE_LABEL, "* the user's code  ! %s here%s",
		   p->kind == GOLIN_PANIC_GOEXIT ? "called" : "raised",
		   w.resumed != UINT32_MAX ? "  > went on here" : "");
	for (int k = 0; k < n; k++)
		add_pc(d, &w, pcs[k], (uint32_t)k);
	if (truncated)
		detail_add(d, NULL, ROLE_DIM, "... deeper frames were not taken");
}

void detail_add_panic_way(struct detail *d, const struct panview *v, golin_pidx i)
{
	add_defers(d, v, i);
	add_stack(d, v, i);
}

// SPDX-License-Identifier: BSD-2-Clause
/* "Who cancelled this?": the chain from a context up to where the cascade began. */
#include <inttypes.h>
#include <stdio.h>
#include "base/text.h"
#include "detail_impl.h"
#include "names.h"

enum { LEVELS_MAX = 1 << 16, LEVELS_SHOWN = 64 };

static bool cancelled(const struct ctxview *v, golin_cidx i)
{
	return golin_model_context(v->model, i) && ctxview_state(v, i).state == GOLIN_CS_CANCELLED;
}

golin_cidx detail_who_origin(const struct ctxview *v, golin_cidx i)
{
	golin_cidx at, origin;

	if (!cancelled(v, i))
		return GOLIN_CIDX_NONE;
	at = ctxview_state(v, i).of;
	origin = golin_context_origin(v->model, at);
	if (golin_model_context(v->model, origin))
		return origin;
	/* It has left the model, or came before the attach: as far up as the cascade is known. */
	for (int n = 0; n < LEVELS_MAX; n++) {
		const struct golin_context *c = golin_model_context(v->model, at);

		if (c->cancel_reason != GOLIN_CANCEL_PARENT || !cancelled(v, c->up))
			break;
		at = ctxview_state(v, c->up).of;
	}
	return at;
}

/* ---- of one that is not cancelled ---- */

static void say_not_cancelled(struct detail *d, const struct ctxview *v, golin_cidx i)
{
	const struct golin_context *c = golin_model_context(v->model, i);
	golin_cidx up = c->up;
	char name[512], ago[16];

	detail_add(d, NULL, ROLE_WAIT, "Nobody: it is %s.",
		   ctxview_ended(v, i) ? "not cancelled, and nothing uses it any more"
				       : "not cancelled");
	for (int n = 0; n < LEVELS_MAX; n++) {
		const struct golin_context *p = golin_model_context(v->model, up);
		struct ctxview_state s;

		if (!p)
			return;
		s = ctxview_state(v, up);
		if (s.state == GOLIN_CS_CANCELLED) {
			detail_add(d, NULL, ROLE_BREAK, "But one above it is cancelled, since %s:",
				   s.cancelled
					   ? golin_text_duration(ago, sizeof(ago),
								 ctxview_moment(v) - s.cancelled)
					   : "before the attach");
			detail_add(d, NULL, ROLE_FUNC, "  %s",
				   detail_context_name(v->model, p, name, sizeof(name)));
			return;
		}
		up = p->up;
	}
}

/* ---- the origin ---- */

static void say_goroutine(struct detail *d, const struct golin_model *m,
			  const struct golin_context *o)
{
	golin_gidx gi = golin_model_find_key(m, o->target, o->epoch, o->cancel_goid);
	const struct golin_goroutine *g = golin_model_goroutine(m, gi);
	struct golin_frame f;

	if (!o->cancel_goid)
		return;
	if (!g) {
		detail_add(d, "goroutine", ROLE_GOID, "%" PRIu64 "  (it has left the model)",
			   o->cancel_goid);
		return;
	}
	f = golin_model_start_func(m, g);
	detail_add(d, "goroutine", ROLE_GOID, "%" PRIu64 "  %s%s", g->goid, f.func,
		   g->flags & GOLIN_GF_ALIVE ? "" : "  (ended)");
	detail_add_chain(d, m, g);
}

static void say_origin(struct detail *d, const struct ctxview *v, const struct golin_context *o)
{
	const struct golin_model *m = v->model;
	struct golin_frame site = golin_context_cancel_site(m, o);
	char text[600];

	if (!o->cancelled) {
		detail_add(d, NULL, ROLE_WAIT,
			   "It was cancelled before the attach: who did it is "
			   "not known.");
		return;
	}
	if (o->cancel_reason == GOLIN_CANCEL_DEADLINE)
		detail_add(d, NULL, ROLE_WAIT,
			   "Its deadline: it passed before anybody called "
			   "cancel.");
	else if (o->cancel_reason == GOLIN_CANCEL_EXPLICIT && *site.func)
		detail_add(d, NULL, ROLE_WAIT, "%s called cancel.", site.func);
	else if (o->cancel_reason == GOLIN_CANCEL_EXPLICIT)
		detail_add(d, NULL, ROLE_WAIT, "Goroutine %" PRIu64 " called cancel.",
			   o->cancel_goid);
	else
		detail_add(d, NULL, ROLE_WAIT, "Its parent, which the model does not have.");
	if (o->cancel_reason == GOLIN_CANCEL_EXPLICIT && *site.func)
		detail_add(d, "at", ROLE_PLACE, "%s", name_full_place(&site, text, sizeof(text)));
	detail_add_moment(d, m, "when", o->cancelled, ctxview_moment(v));
	say_goroutine(d, m, o);
	if (*golin_model_string(m, o->err) || o->err_type)
		detail_add(d, "err", ROLE_NORMAL, "%s  %s", golin_model_string(m, o->err),
			   golin_model_string(m, o->err_type));
	if (*golin_model_string(m, o->cause) || o->cause_type)
		detail_add(d, "cause", ROLE_NORMAL, "%s  %s", golin_model_string(m, o->cause),
			   golin_model_string(m, o->cause_type));
}

/* ---- the levels between ---- */

/* What a level was told, when that is not what the origin was told. */
static void say_other(struct detail *d, const struct golin_model *m, const struct golin_context *c,
		      const struct golin_context *origin)
{
	if (c->err != origin->err && *golin_model_string(m, c->err))
		detail_add(d, NULL, ROLE_DIM, "           err: %s", golin_model_string(m, c->err));
	if (c->cause != origin->cause && *golin_model_string(m, c->cause))
		detail_add(d, NULL, ROLE_DIM, "           cause: %s",
			   golin_model_string(m, c->cause));
}

static void say_level(struct detail *d, const struct ctxview *v, golin_cidx i,
		      const struct golin_context *origin, bool leaf)
{
	const struct golin_context *c = golin_model_context(v->model, i);
	char name[512], after[20] = "began", lasted[16];

	detail_context_name(v->model, c, name, sizeof(name));
	if (c->kind == GOLIN_CTX_VALUE || !c->cancelled) {
		detail_add(d, leaf ? "this" : "", ROLE_DIM, "%-8s %-8s  %s", "", "", name);
		return;
	}
	if (c != origin)
		snprintf(after, sizeof(after), "+%s",
			 golin_text_duration(lasted, sizeof(lasted),
					     c->cancelled > origin->cancelled
						     ? c->cancelled - origin->cancelled
						     : 0));
	detail_add(d, leaf ? "this" : "", c == origin ? ROLE_FUNC : ROLE_NORMAL, "%-8s %-8s  %s",
		   after, golin_cancel_reason_name(c->cancel_reason), name);
	say_other(d, v->model, c, origin);
}

static void say_levels(struct detail *d, const struct ctxview *v, golin_cidx leaf,
		       golin_cidx origin)
{
	const struct golin_context *o = golin_model_context(v->model, origin);
	golin_cidx i = leaf;
	uint32_t n = 0;

	detail_add(d, NULL, ROLE_NORMAL, "%s", "");
	detail_add(d, "cascade", ROLE_LABEL,
		   "from here up to where it began, with the time from "
		   "there");
	for (; n < LEVELS_MAX && golin_model_context(v->model, i); n++) {
		if (n < LEVELS_SHOWN || i == origin)
			say_level(d, v, i, o, i == leaf);
		else if (n == LEVELS_SHOWN)
			detail_add(d, NULL, ROLE_DIM, "         ...");
		if (i == origin)
			return;
		i = golin_model_context(v->model, i)->up;
	}
	/* A foreign context passed it on by a goroutine of its own: its links are not known. */
	if (i != origin)
		say_level(d, v, origin, o, false);
}

void detail_build_who(struct detail *d, const struct ctxview *v, golin_cidx i)
{
	const struct golin_context *c = golin_model_context(v->model, i), *o;
	golin_cidx origin;
	char name[512];

	detail_clear(d);
	if (!c) {
		detail_add(d, NULL, ROLE_DIM, "it has left the model");
		return;
	}
	detail_add(d, "context", ROLE_GOID, "%s",
		   detail_context_name(v->model, c, name, sizeof(name)));
	origin = detail_who_origin(v, i);
	o = golin_model_context(v->model, origin);
	if (!o) {
		say_not_cancelled(d, v, i);
		return;
	}
	say_origin(d, v, o);
	say_levels(d, v, i, origin);
	if (!o->cancelled)
		return;
	detail_add(d, NULL, ROLE_NORMAL, "%s", "");
	detail_add_stack(d, v->model, o->cancel_stack,
			 o->cancel_reason == GOLIN_CANCEL_DEADLINE ? "of the timer's goroutine"
								   : "of the call of cancel");
}

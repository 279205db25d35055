/* SPDX-License-Identifier: BSD-2-Clause */
#include "live/configure.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include "base/err.h"

const struct golin_plan_hook *plan_hook(const struct golin_plan *p, const char *event)
{
	for (size_t i = 0; i < p->n; i++)
		if (!strcmp(p->hooks[i].event, event) && !p->hooks[i].site.error)
			return &p->hooks[i];
	return NULL;
}

uint32_t layout_within(const struct golin_layout *y, enum golin_field_id outer,
		       enum golin_field_id inner)
{
	uint32_t a = 0, b = 0;

	golin_layout_get(y, outer, &a);
	golin_layout_get(y, inner, &b);
	return a + b;
}

/* A field that a span is to have: where its offset within the span is kept. */
struct want {
	uint32_t offset;
	uint32_t *ret;
};

static bool make_span(struct wire_span *sp, const struct want *w, size_t n)
{
	uint32_t lo = UINT32_MAX, hi = 0;

	for (size_t i = 0; i < n; i++) {
		if (w[i].offset < lo)
			lo = w[i].offset;
		if (w[i].offset + 8 > hi)
			hi = w[i].offset + 8;
	}
	sp->off = lo;
	sp->len = hi - lo;
	for (size_t i = 0; i < n; i++)
		*w[i].ret = w[i].offset - lo;
	return sp->len <= WIRE_SPAN;
}

static bool spans(const struct golin_layout *y, struct wire_cfg *c)
{
	uint32_t goid = c->g_goid, gopc = 0, startpc = 0, panic = 0, parent = 0;
	uint32_t lo = layout_within(y, GOLIN_F_G_stack, GOLIN_F_STACK_lo);
	uint32_t hi = layout_within(y, GOLIN_F_G_stack, GOLIN_F_STACK_hi);
	bool has_parent = golin_layout_get(y, GOLIN_F_G_parentGoid, &parent);

	golin_layout_get(y, GOLIN_F_G_gopc, &gopc);
	golin_layout_get(y, GOLIN_F_G_startpc, &startpc);
	golin_layout_get(y, GOLIN_F_G_panic, &panic);
	if (!has_parent)
		parent = goid;
	return make_span(&c->create,
			 (struct want[]){{goid, &c->create.goid},
					 {gopc, &c->create.gopc},
					 {startpc, &c->create.startpc},
					 {parent, &c->create.parent}},
			 4) &&
	       make_span(&c->exit,
			 (struct want[]){{goid, &c->exit.goid},
					 {gopc, &c->exit.gopc},
					 {startpc, &c->exit.startpc},
					 {parent, &c->exit.parent},
					 {panic, &c->exit.panic},
					 {c->g_sched_bp, &c->exit.sched_bp}},
			 6) &&
	       make_span(&c->creator,
			 (struct want[]){{goid, &c->creator.goid},
					 {lo, &c->creator.stack_lo},
					 {hi, &c->creator.stack_hi},
					 {c->g_sched_bp, &c->creator.sched_bp}},
			 4);
}

int configure_wire(const struct golin_plan *plan, const struct golin_image_info *info,
		   const struct golin_layout *y, pid_t pid, uint32_t stack_depth,
		   struct wire_cfg *c, struct golin_err *err)
{
	const struct golin_plan_hook *h = plan_hook(plan, "timer.func");
	const struct golin_plan_hook *end = plan_hook(plan, "goroutine.create.stack");

	memset(c, 0, sizeof(*c));
	c->tgid = (uint32_t)pid;
	c->tls_g = (int32_t)info->tls_g;
	c->stack_depth = stack_depth;
	c->g_sched_bp = layout_within(y, GOLIN_F_G_sched, GOLIN_F_GOBUF_bp);
	c->g_sched_ctxt = layout_within(y, GOLIN_F_G_sched, GOLIN_F_GOBUF_ctxt);
	golin_layout_get(y, GOLIN_F_G_m, &c->g_m);
	golin_layout_get(y, GOLIN_F_G_goid, &c->g_goid);
	golin_layout_get(y, GOLIN_F_M_curg, &c->m_curg);
	if (!spans(y, c))
		return golin_err_set(
			err, -EOPNOTSUPP,
			"the fields of runtime.g lie further apart than in any Go that "
			"golin knows");
	if (golin_layout_get(y, GOLIN_F_G_parentGoid, &(uint32_t){0}))
		c->has |= WIRE_HAS_PARENT;
	c->g_sched_sp = layout_within(y, GOLIN_F_G_sched, GOLIN_F_GOBUF_sp);
	golin_layout_get(y, GOLIN_F_TIMER_CTX_deadline, &c->ctx_deadline);
	golin_layout_get(y, GOLIN_F_ITAB_Inter, &c->itab_inter);
	if (info->go.minor < 17)
		c->has |= WIRE_HAS_STACK_ARGS;
	if (info->go.minor >= 20)
		c->has |= WIRE_HAS_CAUSE;
	if (golin_layout_get(y, GOLIN_F_CORO_f, &c->coro_f))
		c->has |= WIRE_HAS_CORO;
	golin_layout_get(y, GOLIN_F_TIMER_f, &c->timer_f);
	golin_layout_get(y, GOLIN_F_TIMER_arg, &c->timer_arg);
	/* Since 1.14 a Goexit is a panic; until then timers fire on a goroutine, timerproc. */
	c->has |= info->go.minor >= 14 ? WIRE_HAS_GOEXIT : WIRE_SCAN_TIMERPROC;
	for (size_t i = 0; i < plan->n; i++) {
		const struct golin_plan_hook *at = &plan->hooks[i];

		if (!at->site.error)
			c->site[WIRE_COOKIE_OP(at->cookie) & (WIRE_OP_MAX - 1)] = at->site.vaddr;
	}
	c->text = info->text;
	c->text_len = info->etext - info->text;
	if (end)
		c->goexit = end->site.func_lo;
	if (h) {
		c->has |= WIRE_HAS_TIMER;
		c->gofunc = h->site.func_lo;
		c->gofunc_len = h->site.func_hi - h->site.func_lo;
	}
	return 0;
}

bool configure_timer_events(const struct golin_plan *plan, const struct golin_image_info *info,
			    const struct golin_layout *y, struct wire_cfg *c)
{
	const struct golin_plan_hook *ctx = plan_hook(plan, "timer.context");
	const struct golin_plan_hook *reset = plan_hook(plan, "timer.reset.from");
	uint32_t when, period, f, arg;

	if (!golin_layout_get(y, GOLIN_F_TIMER_when, &when) ||
	    !golin_layout_get(y, GOLIN_F_TIMER_period, &period) ||
	    !golin_layout_get(y, GOLIN_F_TIMER_f, &f) ||
	    !golin_layout_get(y, GOLIN_F_TIMER_arg, &arg) || period != when + 8 || f != when + 16 ||
	    arg != when + 24)
		return false;
	c->has |= WIRE_HAS_TIMER_EVENTS;
	c->timer_when = when;
	golin_layout_get(y, GOLIN_F_TIMER_status, &c->timer_status);
	if (info->go.minor >= 23)
		c->has |= WIRE_HAS_TIMER_WHEN | WIRE_HAS_RESET_PERIOD;
	if (ctx)
		c->ctx_func = ctx->site.func_lo;
	if (reset) {
		c->reset = reset->site.func_lo;
		c->reset_len = reset->site.func_hi - reset->site.func_lo;
	}
	return true;
}

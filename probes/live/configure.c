/* SPDX-License-Identifier: BSD-2-Clause */
#include "live/configure.h"

#include <string.h>

const struct golin_plan_hook *plan_hook(const struct golin_plan *p, const char *event)
{
	for (size_t i = 0; i < p->n; i++)
		if (!strcmp(p->hooks[i].event, event) && !p->hooks[i].site.error)
			return &p->hooks[i];
	return NULL;
}

/* A member of a struct within a struct; the layout has both. */
static uint32_t within(const struct golin_layout *y, enum golin_field_id outer,
		       enum golin_field_id inner)
{
	uint32_t a = 0, b = 0;

	golin_layout_get(y, outer, &a);
	golin_layout_get(y, inner, &b);
	return a + b;
}

void configure_wire(const struct golin_plan *plan, const struct golin_image_info *info,
		    const struct golin_layout *y, pid_t pid, uint32_t stack_depth,
		    struct wire_cfg *c)
{
	const struct golin_plan_hook *h = plan_hook(plan, "timer.func");

	memset(c, 0, sizeof(*c));
	c->tgid = (uint32_t)pid;
	c->tls_g = (int32_t)info->tls_g;
	c->g_stack_lo = within(y, GOLIN_F_G_stack, GOLIN_F_STACK_lo);
	c->g_stack_hi = within(y, GOLIN_F_G_stack, GOLIN_F_STACK_hi);
	/* The program reads both at once. */
	c->stack_depth = c->g_stack_hi == c->g_stack_lo + 8 ? stack_depth : 0;
	c->g_sched_bp = within(y, GOLIN_F_G_sched, GOLIN_F_GOBUF_bp);
	golin_layout_get(y, GOLIN_F_G_panic, &c->g_panic);
	golin_layout_get(y, GOLIN_F_G_m, &c->g_m);
	golin_layout_get(y, GOLIN_F_G_goid, &c->g_goid);
	golin_layout_get(y, GOLIN_F_G_gopc, &c->g_gopc);
	golin_layout_get(y, GOLIN_F_G_startpc, &c->g_startpc);
	golin_layout_get(y, GOLIN_F_M_curg, &c->m_curg);
	if (golin_layout_get(y, GOLIN_F_G_parentGoid, &c->g_parent))
		c->has |= WIRE_HAS_PARENT;
	if (golin_layout_get(y, GOLIN_F_CORO_f, &c->coro_f))
		c->has |= WIRE_HAS_CORO;
	golin_layout_get(y, GOLIN_F_TIMER_f, &c->timer_f);
	golin_layout_get(y, GOLIN_F_TIMER_arg, &c->timer_arg);
	/* Since 1.14 a Goexit is a panic; until then timers fire on a goroutine, timerproc. */
	c->has |= info->go.minor >= 14 ? WIRE_HAS_GOEXIT : WIRE_SCAN_TIMERPROC;
	if (!h)
		return;
	c->has |= WIRE_HAS_TIMER;
	c->gofunc_len = h->site.func_hi - h->site.func_lo;
	for (size_t i = 0; i < plan->n; i++) {
		const struct golin_plan_hook *at = &plan->hooks[i];

		if (!at->site.error)
			c->gofunc[WIRE_COOKIE_OP(at->cookie) & 7] =
				(int64_t)(h->site.func_lo - at->site.vaddr);
	}
}

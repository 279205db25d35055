/* SPDX-License-Identifier: BSD-2-Clause */
#include "live/configure.h"

#include <elf.h>
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

/* A field of a g: the bytes with all that are wanted end behind it. */
static bool g_field(const struct golin_layout *y, enum golin_field_id f, uint32_t *ret,
		    uint32_t *len)
{
	if (!golin_layout_get(y, f, ret) || *ret > WIRE_G_SPAN - 8)
		return false;
	if (*len < *ret + 8)
		*len = *ret + 8;
	return true;
}

static uint32_t flag_field(const struct golin_layout *y, enum golin_field_id f, uint32_t *len)
{
	uint32_t off;

	if (!golin_layout_get(y, f, &off) || off > 127)
		return UINT32_MAX;
	if (*len < off + 1)
		*len = off + 1;
	return off;
}

static bool p_field(const struct golin_layout *y, enum golin_field_id f, uint32_t size,
		    uint32_t *ret, uint32_t *len)
{
	if (!golin_layout_get(y, f, ret) || *ret > 128 - size)
		return false;
	if (*len < *ret + size)
		*len = *ret + size;
	return true;
}

/* Are type descriptors made as the BPF program reads them? */
static bool has_shapes(const struct golin_layout *y)
{
	static const struct {
		enum golin_field_id field;
		uint32_t off;
	} want[] = {
		{GOLIN_F_TYPE_Size_, 0},   {GOLIN_F_TYPE_PtrBytes, 8},	   {GOLIN_F_TYPE_TFlag, 20},
		{GOLIN_F_TYPE_Align_, 21}, {GOLIN_F_TYPE_FieldAlign_, 22}, {GOLIN_F_TYPE_Kind_, 23},
		{GOLIN_F_TYPE_GCData, 32}, {GOLIN_F_PTR_TYPE_Elem, 48},	   {GOLIN_F_ITAB_Inter, 0},
		{GOLIN_F_ITAB_Type, 8},
	};
	uint32_t off;

	for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++)
		if (!golin_layout_get(y, want[i].field, &off) || off != want[i].off)
			return false;
	return true;
}

/* The segments that nobody writes to, one behind the other. */
static void constants(const struct golin_image_info *info, struct wire_panic_cfg *p)
{
	for (uint32_t i = 0; i < info->nsegments; i++) {
		const struct golin_segment *s = &info->segments[i];

		if (s->flags & (PF_W | PF_X) || s->file_size <= p->ro_len)
			continue;
		p->ro = s->vaddr;
		p->ro_len = s->file_size;
	}
}

int configure_panics(const struct golin_plan *plan, const struct golin_image_info *info,
		     const struct golin_layout *y, bool values, struct wire_cfg *c,
		     struct golin_err *err)
{
	const struct golin_plan_hook *sig = plan_hook(plan, "panic.signal");
	const unsigned int minor = info->go.minor;
	struct wire_panic_cfg *p = &c->p;
	uint32_t lo = layout_within(y, GOLIN_F_G_stack, GOLIN_F_STACK_lo);
	uint32_t hi = layout_within(y, GOLIN_F_G_stack, GOLIN_F_STACK_hi);
	bool ok = lo <= WIRE_G_SPAN - 8 && hi <= WIRE_G_SPAN - 8;

	p->lo = lo;
	p->hi = hi;
	p->recover_len = hi + 8;
	ok = ok && g_field(y, GOLIN_F_G_goid, &p->goid, &p->recover_len) &&
	     g_field(y, GOLIN_F_G_panic, &p->panic, &p->recover_len);
	p->core_len = p->recover_len;
	if (minor <= 21)
		ok = ok && g_field(y, GOLIN_F_G_sigcode0, &p->sigcode0, &p->recover_len);
	p->g_len = p->recover_len;
	ok = ok && g_field(y, GOLIN_F_G_lockedm, &p->lockedm, &p->g_len) &&
	     g_field(y, GOLIN_F_G_sig, &p->sig, &p->g_len) &&
	     g_field(y, GOLIN_F_G_sigcode1, &p->sigcode1, &p->g_len) &&
	     g_field(y, GOLIN_F_G_sigpc, &p->sigpc, &p->g_len);
	if (minor <= 21) {
		c->has |= WIRE_HAS_SIGCODE;
		if (p->recover_len < p->sigcode1 + 8)
			p->recover_len = p->sigcode1 + 8;
	} else {
		ok = ok && p_field(y, GOLIN_F_PANIC_sp, 8, &p->sp, &p->p_len) &&
		     p_field(y, GOLIN_F_PANIC_retpc, 8, &p->retpc, &p->p_len);
	}
	ok = ok && p_field(y, GOLIN_F_PANIC_arg, 16, &p->arg, &p->p_len) &&
	     p_field(y, GOLIN_F_PANIC_link, 8, &p->link, &p->p_len);
	if (minor >= 17 && minor <= 21)
		ok = ok && golin_layout_get(y, GOLIN_F_G_defer, &p->g_defer) &&
		     golin_layout_get(y, GOLIN_F_DEFER_fn, &p->defer_fn);
	if (!ok || p->recover_len > WIRE_SPAN)
		return golin_err_set(err, -ENODATA,
				     "golin does not know what panics are made of here");
	p->recovered = flag_field(y, GOLIN_F_PANIC_recovered, &p->p_len);
	p->aborted = flag_field(y, GOLIN_F_PANIC_aborted, &p->p_len);
	p->goexit = flag_field(y, GOLIN_F_PANIC_goexit, &p->p_len);
	p->repanicked = flag_field(y, GOLIN_F_PANIC_repanicked, &p->p_len);
	c->has |= WIRE_HAS_PANICS;
	if (values && has_shapes(y))
		c->has |= WIRE_HAS_COPIES;
	if (minor >= 21)
		c->has |= WIRE_HAS_NIL_ERROR;
	if (minor >= 24)
		c->has |= WIRE_HAS_MASK_FLAG;
	if (minor >= 26)
		c->has |= WIRE_HAS_DIRECT_FLAG;
	constants(info, p);
	if (sig) {
		p->sigpanic = sig->site.func_lo;
		p->sigpanic_len = sig->site.func_hi - sig->site.func_lo;
	}
	return 0;
}

void configure_traces(const struct golin_image_info *info, const struct golin_layout *y,
		      struct wire_cfg *c)
{
	enum {
		MINOR_VARINT = 17
	}; /* names begin with a flag, and their length in one or two bytes */

	if (!info->types || info->etypes <= info->types ||
	    !golin_layout_get(y, GOLIN_F_TYPE_Kind_, &c->type_kind) ||
	    !golin_layout_get(y, GOLIN_F_TYPE_Str, &c->type_str))
		return;
	c->types = info->types;
	c->types_len = info->etypes - info->types;
	c->type_name = info->go.minor < MINOR_VARINT ? 3 : 2;
	c->has |= WIRE_HAS_TRACES;
}

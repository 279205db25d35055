/* SPDX-License-Identifier: BSD-2-Clause */
#include "memory/stand.h"

#include <string.h>
#include "memory/mem.h"

static uint64_t u64_at(const uint8_t *raw, uint32_t off)
{
	uint64_t v;

	memcpy(&v, raw + off, sizeof(v));
	return v;
}

int stand_read(const struct g_reader *r, uint64_t addr, enum g_kind *ret_kind, struct stand *ret)
{
	const struct g_fields *f = &r->f;
	uint8_t raw[G_SPAN_MAX];
	int e = mem_read(r->m->mem_fd, addr, raw, f->span);

	memset(ret, 0, sizeof(*ret));
	if (e < 0)
		return e;
	*ret_kind = g_parse(r, addr, raw, &ret->g);
	if (*ret_kind != G_LIVE)
		return 0;
	ret->at.lo = u64_at(raw, f->lo);
	ret->at.hi = u64_at(raw, f->hi);
	ret->panic = f->has_panic ? u64_at(raw, f->panic) : 0;
	ret->defer = f->has_defer ? u64_at(raw, f->defer) : 0;
	ret->thread = f->has_m ? u64_at(raw, f->m) : 0;
	ret->locked = f->has_lockedm ? u64_at(raw, f->lockedm) : 0;
	if (!f->has_waiting)
		return 0;
	if (ret->g.state == GOLIN_GS_SYSCALL && f->has_sys) {
		ret->at.syscall = true;
		ret->at.sp = u64_at(raw, f->sys_sp);
		ret->at.pc = u64_at(raw, f->sys_pc);
		ret->at.bp = f->has_sys_bp ? u64_at(raw, f->sys_bp) : 0;
	} else {
		ret->at.sp = u64_at(raw, f->sched_sp);
		ret->at.pc = u64_at(raw, f->sched_pc);
		ret->at.bp = u64_at(raw, f->sched_bp);
	}
	ret->waiting = u64_at(raw, f->waiting);
	return 0;
}

bool stand_same(const struct stand *a, const struct stand *b)
{
	return g_same(&a->g, &b->g) && a->g.state == b->g.state && a->g.wait == b->g.wait &&
	       !memcmp(&a->at, &b->at, sizeof(a->at)) && a->waiting == b->waiting &&
	       a->panic == b->panic && a->defer == b->defer;
}

bool stand_is_parked(const struct stand *s)
{
	return s->g.state == GOLIN_GS_WAITING || s->g.state == GOLIN_GS_LEAKED ||
	       (s->g.state == GOLIN_GS_SYSCALL && s->at.syscall);
}

/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <string.h>
#include <time.h>
#include "base/err.h"
#include "golin/layout.h"
#include "golin/offsets.h"
#include "memory/g.h"
#include "memory/mem.h"

enum {
	G_TRIES = 16,	      /* readings of one g until two in a row agree */
	STATUS_SCAN = 0x1000, /* _Gscan */
};

static bool field(const struct golin_layout *l, enum golin_field_id id, uint32_t size,
		  uint32_t *ret, uint32_t *span)
{
	if (!golin_layout_get(l, id, ret) || *ret > G_SPAN_MAX - 2 * sizeof(uint64_t))
		return false;
	if (*ret + size > *span)
		*span = *ret + size;
	return true;
}

/* What only a reading of one goroutine needs: it has less to say where the layout lacks it. */
static void stand_fields(const struct golin_layout *l, struct g_fields *f)
{
	uint32_t sched, sp, pc, bp, ignored = 0;

	f->has_waiting = field(l, GOLIN_F_G_waiting, 8, &f->waiting, &f->span) &&
			 field(l, GOLIN_F_G_sched, 0, &sched, &f->span) &&
			 field(l, GOLIN_F_GOBUF_sp, 0, &sp, &ignored) &&
			 field(l, GOLIN_F_GOBUF_pc, 0, &pc, &ignored) &&
			 field(l, GOLIN_F_GOBUF_bp, 0, &bp, &ignored) && sp <= 64 && pc <= 64 &&
			 bp <= 64 && field(l, GOLIN_F_G_sched, 64 + 8, &sched, &f->span);
	if (!f->has_waiting)
		return;
	f->sched_sp = sched + sp;
	f->sched_pc = sched + pc;
	f->sched_bp = sched + bp;
	f->has_sys = field(l, GOLIN_F_G_syscallsp, 8, &f->sys_sp, &f->span) &&
		     field(l, GOLIN_F_G_syscallpc, 8, &f->sys_pc, &f->span);
	f->has_sys_bp = f->has_sys && field(l, GOLIN_F_G_syscallbp, 8, &f->sys_bp, &f->span);
}

static int fields_get(const struct golin_layout *l, struct g_fields *ret, struct golin_err *err)
{
	uint32_t stack, lo, hi, ignored = 0;
	struct g_fields f = {0};

	if (!field(l, GOLIN_F_G_stack, 16, &stack, &f.span) ||
	    !field(l, GOLIN_F_STACK_lo, 8, &lo, &ignored) ||
	    !field(l, GOLIN_F_STACK_hi, 8, &hi, &ignored) ||
	    !field(l, GOLIN_F_G_atomicstatus, 4, &f.status, &f.span) ||
	    !field(l, GOLIN_F_G_goid, 8, &f.goid, &f.span) ||
	    !field(l, GOLIN_F_G_waitreason, 1, &f.reason, &f.span) ||
	    !field(l, GOLIN_F_G_gopc, 8, &f.gopc, &f.span) ||
	    !field(l, GOLIN_F_G_startpc, 8, &f.startpc, &f.span) || lo > 8 || hi > 8)
		return golin_err_set(err, -ENODATA,
				     "the layout of runtime.g lacks a field that reading needs");
	f.lo = stack + lo;
	f.hi = stack + hi;
	f.has_since = field(l, GOLIN_F_G_waitsince, 8, &f.since, &f.span);
	f.has_parent = field(l, GOLIN_F_G_parentGoid, 8, &f.parent, &f.span);
	stand_fields(l, &f);
	f.has_panic = field(l, GOLIN_F_G_panic, 8, &f.panic, &f.span);
	f.has_defer = field(l, GOLIN_F_G_defer, 8, &f.defer, &f.span);
	f.has_m = field(l, GOLIN_F_G_m, 8, &f.m, &f.span);
	f.has_lockedm = field(l, GOLIN_F_G_lockedm, 8, &f.lockedm, &f.span);
	*ret = f;
	return 0;
}

static uint64_t u64_at(const uint8_t *raw, uint32_t off)
{
	uint64_t v;

	memcpy(&v, raw + off, sizeof(v));
	return v;
}

/* An address as linked; 0 stays "unknown". */
static uint64_t as_linked(const struct g_reader *r, uint64_t pc)
{
	return pc > r->m->bias ? pc - r->m->bias : 0;
}

enum g_kind g_parse(const struct g_reader *r, uint64_t addr, const uint8_t *raw,
		    struct golin_mem_goroutine *ret)
{
	const struct g_fields *f = &r->f;
	struct golin_mem_goroutine g = {.g = addr, .wait = ""};
	uint64_t lo = u64_at(raw, f->lo), hi = u64_at(raw, f->hi);
	uint32_t status;

	memcpy(&status, raw + f->status, sizeof(status));
	status &= ~(uint32_t)STATUS_SCAN;
	switch (status) {
	case GOLIN_GS_IDLE:
	case GOLIN_GS_DEAD:
	case GOLIN_GS_DEADEXTRA:
		return G_DEAD;
	case GOLIN_GS_RUNNABLE:
	case GOLIN_GS_RUNNING:
	case GOLIN_GS_SYSCALL:
	case GOLIN_GS_WAITING:
	case GOLIN_GS_COPYSTACK:
	case GOLIN_GS_PREEMPTED:
	case GOLIN_GS_LEAKED:
		break;
	default:
		return G_BAD;
	}
	if (lo >= hi || !mem_range_ok(lo, hi - lo))
		return G_BAD;
	g.state = status;
	g.goid = u64_at(raw, f->goid);
	if (g.goid == 0 || g.goid > INT64_MAX)
		return g.goid ? G_BAD : G_DEAD;
	g.startpc = as_linked(r, u64_at(raw, f->startpc));
	g.gopc = as_linked(r, u64_at(raw, f->gopc));
	if (g.gopc)
		g.gopc--; /* a return address */
	g.parent_known = f->has_parent;
	if (f->has_parent)
		g.parent = u64_at(raw, f->parent);
	g.panics = f->has_panic && u64_at(raw, f->panic);
	if (status == GOLIN_GS_WAITING || status == GOLIN_GS_LEAKED)
		g.wait = golin_wait_reason(r->m->info->go.minor, raw[f->reason]);
	/* Set by the first garbage collection that finds it waiting; 0 when it runs again. */
	if (f->has_since && (status == GOLIN_GS_WAITING || status == GOLIN_GS_LEAKED ||
			     status == GOLIN_GS_SYSCALL)) {
		g.wait_since = u64_at(raw, f->since);
		if (g.wait_since > r->now)
			g.wait_since = 0;
	}
	*ret = g;
	return G_LIVE;
}

bool g_same(const struct golin_mem_goroutine *a, const struct golin_mem_goroutine *b)
{
	return a->goid == b->goid && a->startpc == b->startpc && a->gopc == b->gopc &&
	       a->parent == b->parent;
}

int g_read(const struct g_reader *r, uint64_t addr, enum g_kind *ret_kind,
	   struct golin_mem_goroutine *ret)
{
	uint8_t raw[G_SPAN_MAX];
	struct golin_mem_goroutine last = {0}, g = {0};
	enum g_kind kind = G_BAD;
	bool have = false;
	int bad = 0;

	for (int i = 0; i < G_TRIES; i++) {
		int e = mem_read(r->m->mem_fd, addr, raw, r->f.span);

		if (e == -EFAULT && i == 0)
			e = mem_read(r->m->mem_fd, addr, raw, r->f.span);
		if (e < 0)
			return e;
		kind = g_parse(r, addr, raw, &g);
		if (kind == G_DEAD || (kind == G_BAD && bad++) ||
		    (have && kind == G_LIVE && g_same(&last, &g)))
			break;
		have = kind == G_LIVE;
		last = g;
		if (i == G_TRIES - 1)
			kind = G_BAD; /* never twice the same: nothing sure can be said */
	}
	*ret_kind = kind;
	*ret = g;
	return 0;
}

int g_reader_init(struct g_reader *r, const struct golin_memory *m, struct golin_err *err)
{
	struct timespec ts;

	*r = (struct g_reader){.m = m};
	if (m->mem_fd < 0) {
		golin_err_set(err, -EPERM, "golin has no right to read the memory of the process");
		golin_err_hint(err, "run golin as root (sudo), or give it CAP_SYS_PTRACE");
		return -EPERM;
	}
	clock_gettime(CLOCK_MONOTONIC, &ts);
	r->now = (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
	return fields_get(m->layout, &r->f, err);
}

int g_err(int e, struct golin_err *err)
{
	switch (e) {
	case -ESRCH:
		return golin_err_set(err, e, "the process has ended");
	case -EFAULT:
		return golin_err_set(err, -EBADMSG,
				     "runtime.allgs does not lie in the memory of the process");
	case -EPERM:
		return golin_err_set(err, e, "golin may not read the memory of the process");
	case -ENOMEM:
		return golin_err_set(err, e, "out of memory");
	default: /* with its text already, or unheard of */
		return e == -EBADMSG
			       ? e
			       : golin_err_set(err, e, "cannot read the memory of the process: %s",
					       golin_errno_name(-e));
	}
}

int golin_memory_goroutine(const struct golin_memory *m, uint64_t g, uint64_t goid,
			   struct golin_mem_goroutine *ret, struct golin_err *err)
{
	struct golin_mem_goroutine found;
	enum g_kind kind;
	struct g_reader r;
	int e = g_reader_init(&r, m, err);

	if (e == 0)
		e = g % 8 ? -EFAULT : g_read(&r, g, &kind, &found);
	if (e == -ESRCH || e == -EPERM)
		return g_err(e, err);
	if (e < 0 && e != -EFAULT)
		return e;
	if (e == -EFAULT || kind != G_LIVE || found.goid != goid)
		return golin_err_set(err, -ENOENT, "goroutine %llu has ended",
				     (unsigned long long)goid);
	*ret = found;
	return 0;
}

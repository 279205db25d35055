/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Does a layout fit a running program? What Go guarantees of its own structs is looked up in the
 * program's memory by the layout. The program is not stopped, so what seems wrong is read again and
 * again for a while before it counts: a wrong layout stays wrong.
 */
#include "memory/fit.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "base/err.h"
#include "memory/g.h"
#include "memory/mem.h"

enum {
	MAX_GS = 1 << 20, /* are looked at; of more, the first ones */
	STATUS_SCAN = 0x1000,
	MAX_GOID_BITS = 48,
};

static const struct {
	const char *name, *what;
} checks[FIT_N] = {
	[FIT_ALLGS] = {"allgs", "runtime.allgs lists readable memory"},
	[FIT_STATUS] = {"status", "each g has one of Go's states"},
	[FIT_GOID] = {"goid", "each live goroutine has an id, and no two the same"},
	[FIT_STACK] = {"stack", "stack.lo < stack.hi, and what is parked has its sp between"},
	[FIT_SCHED] = {"sched", "what is parked goes on in Go's code; its gobuf names its g"},
	[FIT_MAIN] = {"main", "goroutine 1 starts with runtime.main"},
	[FIT_WAIT] = {"waitreason", "what waits has one of Go's reasons"},
	[FIT_PARENT] = {"parentGoid", "goroutine 1 has no parent, and is one"},
	[FIT_M] = {"m", "what runs is its thread's curg; m.g0.m is the thread, g0's goid 0"},
	[FIT_SUDOG] = {"sudog", "who waits in a channel's queue is named there"},
	[FIT_G0] = {"g0", "the first thread's m.g0 leads to g.m and back; goid 0, a stack"},
	[FIT_THREAD] = {"procid", "the first thread has the process's id"},
	[FIT_MODULE] = {"moduledata", "the module's text is where the file says"},
};

/* ---- reading ---- */

bool fit_has(const struct fit *f, enum golin_field_id id)
{
	const struct golin_field *v = &f->m->layout->fields[id];

	return v->source != GOLIN_FROM_NONE && v->offset < G_SPAN_MAX;
}

uint64_t fit_value(const struct fit *f, const uint8_t *raw, enum golin_field_id id)
{
	const struct golin_field *v = &f->m->layout->fields[id];
	uint64_t n = 0;

	if (fit_has(f, id))
		memcpy(&n, raw + v->offset, v->size < sizeof(n) ? v->size : sizeof(n));
	return n;
}

bool fit_read(const struct fit *f, uint64_t addr, enum golin_field_id id, uint64_t *ret)
{
	const struct golin_field *v = &f->m->layout->fields[id];

	*ret = 0;
	return fit_has(f, id) && mem_read(f->m->mem_fd, addr + v->offset, ret,
					  v->size < sizeof(*ret) ? v->size : sizeof(*ret)) == 0;
}

bool fit_in_text(const struct fit *f, uint64_t pc)
{
	return pc >= f->text && pc < f->etext;
}

uint32_t fit_bad(struct fit *f, enum fit_id id, const char *fmt, ...)
{
	va_list ap;

	if (!(f->failed & 1u << id)) {
		va_start(ap, fmt);
		vsnprintf(f->why[id], sizeof(f->why[id]), fmt, ap);
		va_end(ap);
	}
	return 1u << id;
}

void fit_nap(void)
{
	const struct timespec nap = {.tv_nsec = 1000000};

	nanosleep(&nap, NULL);
}

/* ---- one g ---- */

static bool is_live(uint64_t status)
{
	return status == GOLIN_GS_RUNNABLE || status == GOLIN_GS_RUNNING ||
	       status == GOLIN_GS_SYSCALL || status == GOLIN_GS_WAITING ||
	       status == GOLIN_GS_COPYSTACK || status == GOLIN_GS_PREEMPTED ||
	       status == GOLIN_GS_LEAKED;
}

static bool is_status(uint64_t status)
{
	return is_live(status) || status == GOLIN_GS_IDLE || status == GOLIN_GS_DEAD ||
	       status == GOLIN_GS_DEADEXTRA;
}

static uint64_t status_of(const struct fit *f)
{
	return fit_value(f, f->raw, GOLIN_F_G_atomicstatus) & ~(uint64_t)STATUS_SCAN;
}

static uint32_t judge_stack(struct fit *f, uint64_t g, uint64_t status)
{
	const uint8_t *stack = f->raw + f->m->layout->fields[GOLIN_F_G_stack].offset;
	const uint8_t *sched = f->raw + f->m->layout->fields[GOLIN_F_G_sched].offset;
	uint64_t lo = fit_value(f, stack, GOLIN_F_STACK_lo);
	uint64_t hi = fit_value(f, stack, GOLIN_F_STACK_hi);
	uint64_t sp = fit_value(f, sched, GOLIN_F_GOBUF_sp);

	f->count[FIT_STACK]++;
	if (lo >= hi || !mem_range_ok(lo, hi - lo))
		return fit_bad(f, FIT_STACK, "g 0x%" PRIx64 " has 0x%" PRIx64 " to 0x%" PRIx64, g,
			       lo, hi);
	if (status == GOLIN_GS_WAITING && (sp <= lo || sp >= hi))
		return fit_bad(f, FIT_STACK,
			       "g 0x%" PRIx64 " has sp 0x%" PRIx64 " outside 0x%" PRIx64
			       " to 0x%" PRIx64,
			       g, sp, lo, hi);
	return 0;
}

static uint32_t judge_parked(struct fit *f, uint64_t g)
{
	const uint8_t *sched = f->raw + f->m->layout->fields[GOLIN_F_G_sched].offset;
	uint64_t pc = fit_value(f, sched, GOLIN_F_GOBUF_pc);
	uint64_t self = fit_value(f, sched, GOLIN_F_GOBUF_g);
	uint64_t reason = fit_value(f, f->raw, GOLIN_F_G_waitreason);
	unsigned int minor = f->m->info->go.minor;
	uint32_t bad = 0;

	f->count[FIT_SCHED]++;
	if (!fit_in_text(f, pc))
		bad |= fit_bad(f, FIT_SCHED, "g 0x%" PRIx64 " has pc 0x%" PRIx64, g, pc);
	else if (fit_has(f, GOLIN_F_GOBUF_g) && self != g)
		bad |= fit_bad(f, FIT_SCHED, "g 0x%" PRIx64 " has g 0x%" PRIx64, g, self);
	if (!*golin_wait_reason(minor, 1)) /* a Go version that golin does not know */
		return bad;
	f->count[FIT_WAIT]++;
	if (!*golin_wait_reason(minor, reason < 256 ? (unsigned int)reason : 256))
		bad |= fit_bad(f, FIT_WAIT, "g 0x%" PRIx64 " has %" PRIu64, g, reason);
	return bad;
}

/* What is wrong with the g whose bytes have been read; *ret_live: it is a goroutine. */
static uint32_t judge(struct fit *f, uint64_t g, bool *ret_live)
{
	uint64_t status = status_of(f), goid = fit_value(f, f->raw, GOLIN_F_G_goid);
	uint32_t bad = 0;

	*ret_live = is_live(status);
	f->count[FIT_STATUS]++;
	if (!is_status(status))
		return fit_bad(f, FIT_STATUS, "g 0x%" PRIx64 " has %" PRIu64, g, status);
	if (!*ret_live)
		return 0;
	f->count[FIT_GOID]++;
	if (!goid || goid >> MAX_GOID_BITS)
		bad |= fit_bad(f, FIT_GOID, "g 0x%" PRIx64 " has %" PRIu64, g, goid);
	bad |= judge_stack(f, g, status);
	if (status == GOLIN_GS_WAITING)
		bad |= judge_parked(f, g) | fit_sudogs_of(f, g);
	if (status == GOLIN_GS_RUNNING || status == GOLIN_GS_SYSCALL)
		bad |= fit_thread_of(f, g);
	return bad;
}

static int keep(struct fit *f, uint64_t addr)
{
	struct fit_g *g = array_add(&f->live);

	if (!g)
		return -ENOMEM;
	g->addr = addr;
	g->goid = fit_value(f, f->raw, GOLIN_F_G_goid);
	g->parent = fit_value(f, f->raw, GOLIN_F_G_parentGoid);
	g->startpc = fit_value(f, f->raw, GOLIN_F_G_startpc);
	return 0;
}

static int look_at(struct fit *f, uint64_t addr)
{
	uint64_t before[FIT_N];
	uint32_t bad = 0;
	bool live = false;

	memcpy(before, f->count, sizeof(before));
	for (int i = 0; i < FIT_TRIES; i++) {
		int e = addr % 8 ? -EFAULT : mem_read(f->m->mem_fd, addr, f->raw, f->span);

		if (e && e != -EFAULT)
			return e;
		/* Counted once, however often it is looked at. */
		memcpy(f->count, before, sizeof(before));
		f->count[FIT_ALLGS]++;
		bad = e ? fit_bad(f, FIT_ALLGS, "0x%" PRIx64 " is none", addr)
			: judge(f, addr, &live);
		bad &= ~f->failed;
		if (!bad)
			break;
		fit_nap();
	}
	f->failed |= bad;
	return live ? keep(f, addr) : 0;
}

/* ---- all of them ---- */

static int read_allgs(struct fit *f, struct golin_err *err)
{
	struct {
		uint64_t ptr, len, cap;
	} s = {0};
	int e;

	if (!f->m->info->allgs) {
		snprintf(f->why[FIT_ALLGS], sizeof(f->why[0]), "the file does not tell where");
		return 0;
	}
	for (int i = 0; i < FIT_TRIES; i++) {
		e = mem_read(f->m->mem_fd, f->m->info->allgs + f->m->bias, &s, sizeof(s));
		if (e < 0)
			return g_err(e, err);
		if (s.len > MAX_GS)
			s.len = MAX_GS;
		if (!array_reserve(&f->all, s.len + 1))
			return g_err(-ENOMEM, err);
		e = s.ptr % 8 || s.len > s.cap ? -EFAULT
		    : s.len		       ? mem_read(f->m->mem_fd, s.ptr, f->all.v, s.len * 8)
					       : 0;
		if (e != -EFAULT)
			break;
		fit_nap();
	}
	if (e == -EFAULT) {
		f->failed |= fit_bad(f, FIT_ALLGS, "it is no slice: 0x%" PRIx64 ", %" PRIu64, s.ptr,
				     s.len);
		return 0;
	}
	f->all.len = e ? 0 : s.len;
	if (!e && !s.len)
		snprintf(f->why[FIT_ALLGS], sizeof(f->why[0]), "the runtime has not started");
	return e ? g_err(e, err) : 0;
}

static int by_goid(const void *a, const void *b)
{
	const struct fit_g *x = a, *y = b;

	return x->goid < y->goid ? -1 : x->goid > y->goid;
}

/* Two readings at different times may show one goroutine's id in two g's, but not for long. */
static bool still_the_same(const struct fit *f, const struct fit_g *a, const struct fit_g *b)
{
	for (int i = 0; i < FIT_TRIES; i++) {
		uint64_t x, y, status;

		if (!fit_read(f, a->addr, GOLIN_F_G_goid, &x) ||
		    !fit_read(f, b->addr, GOLIN_F_G_goid, &y) ||
		    !fit_read(f, a->addr, GOLIN_F_G_atomicstatus, &status) ||
		    !is_live(status & ~(uint64_t)STATUS_SCAN) ||
		    !fit_read(f, b->addr, GOLIN_F_G_atomicstatus, &status) ||
		    !is_live(status & ~(uint64_t)STATUS_SCAN) || x != y)
			return false;
		fit_nap();
	}
	return true;
}

static void look_at_goids(struct fit *f)
{
	for (size_t i = 1; i < f->live.len && !(f->failed & 1u << FIT_GOID); i++) {
		const struct fit_g *a = &f->live.v[i - 1], *b = &f->live.v[i];

		if (a->goid == b->goid && still_the_same(f, a, b))
			f->failed |= fit_bad(f, FIT_GOID,
					     "g 0x%" PRIx64 " and 0x%" PRIx64 " both have %" PRIu64,
					     a->addr, b->addr, a->goid);
	}
}

/* The runtime starts goroutine 1 itself, and goroutine 1 the runtime's helpers, in every program.
 */
static void look_at_main(struct fit *f)
{
	const struct fit_g *one = NULL;
	bool is_parent = false;

	for (size_t i = 0; i < f->live.len; i++) {
		if (f->live.v[i].goid == 1)
			one = &f->live.v[i];
		is_parent |= f->live.v[i].parent == 1;
	}
	if (!one) {
		snprintf(f->why[FIT_MAIN], sizeof(f->why[0]), "there is no goroutine 1");
		snprintf(f->why[FIT_PARENT], sizeof(f->why[0]), "there is no goroutine 1");
		return;
	}
	if (f->runtime_main) {
		f->count[FIT_MAIN]++;
		if (one->startpc != f->runtime_main)
			f->failed |= fit_bad(f, FIT_MAIN,
					     "it starts at 0x%" PRIx64 ", and runtime.main lies at "
					     "0x%" PRIx64,
					     one->startpc, f->runtime_main);
	}
	if (!fit_has(f, GOLIN_F_G_parentGoid)) {
		snprintf(f->why[FIT_PARENT], sizeof(f->why[0]), "this Go version keeps none");
		return;
	}
	f->count[FIT_PARENT]++;
	if (one->parent)
		f->failed |= fit_bad(f, FIT_PARENT, "goroutine 1 has %" PRIu64, one->parent);
	else if (!is_parent)
		f->failed |= fit_bad(f, FIT_PARENT, "no goroutine has parent 1");
}

/* ---- the whole ---- */

static int run(struct fit *f, struct golin_err *err)
{
	int e = read_allgs(f, err);

	for (size_t i = 0; !e && i < f->all.len; i++) {
		e = look_at(f, f->all.v[i]);
		if (e)
			return g_err(e, err);
	}
	if (e)
		return e;
	/* The runtime's own helpers live as long as the program. */
	if (f->all.len && !f->live.len && !f->failed)
		f->failed |= fit_bad(f, FIT_STATUS, "none of %zu is a live goroutine", f->all.len);
	if (f->live.len)
		qsort(f->live.v, f->live.len, sizeof(*f->live.v), by_goid);
	look_at_goids(f);
	look_at_main(f);
	fit_module(f);
	e = fit_first_thread(f);
	return e ? g_err(e, err) : 0;
}

/* All that the checks read of a g. */
static bool find_span(struct fit *f)
{
	const struct golin_layout *l = f->m->layout;
	enum golin_field_id i, end;

	for (i = golin_struct_fields(GOLIN_S_G, &end); i < end; i++) {
		uint64_t stop = (uint64_t)l->fields[i].offset + l->fields[i].size;

		if (l->fields[i].source == GOLIN_FROM_NONE)
			continue;
		if (stop > G_SPAN_MAX)
			return false;
		f->span = stop > f->span ? (uint32_t)stop : f->span;
	}
	return f->span && golin_layout_check(l, NULL) == 0 &&
	       l->fields[GOLIN_F_STACK_lo].offset + 8 <= l->fields[GOLIN_F_G_stack].size &&
	       l->fields[GOLIN_F_STACK_hi].offset + 8 <= l->fields[GOLIN_F_G_stack].size &&
	       l->structs[GOLIN_S_GOBUF].size <= l->fields[GOLIN_F_G_sched].size;
}

int golin_memory_fit(const struct golin_memory *m, pid_t pid, uint64_t runtime_main,
		     struct golin_fit *ret, size_t *ret_n, struct golin_err *err)
{
	struct fit f = {.m = m, .pid = pid};
	int e;

	_Static_assert((int)FIT_N <= (int)GOLIN_FIT_MAX, "room for all checks");
	if (m->mem_fd < 0)
		return g_err(-EPERM, err);
	if (!find_span(&f))
		return golin_err_set(err, -ENODATA, "the layout of runtime.g cannot be checked");
	f.runtime_main = runtime_main ? runtime_main + m->bias : 0;
	f.text = m->info->text + m->bias;
	f.etext = m->info->etext + m->bias;
	f.raw = malloc(G_SPAN_MAX);
	e = f.raw ? run(&f, err) : g_err(-ENOMEM, err);
	for (int i = 0; !e && i < FIT_N; i++) {
		struct golin_fit *c = &ret[i];

		c->name = checks[i].name;
		c->what = checks[i].what;
		c->result = f.failed & 1u << i ? GOLIN_FIT_FAILED
			    : f.count[i]       ? GOLIN_FIT_OK
					       : GOLIN_FIT_NOT_DONE;
		if (c->result == GOLIN_FIT_OK && !*f.why[i])
			snprintf(c->text, sizeof(c->text), "%" PRIu64 " looked at", f.count[i]);
		else if (c->result == GOLIN_FIT_NOT_DONE && !*f.why[i])
			snprintf(c->text, sizeof(c->text), "there was nothing to look at");
		else
			snprintf(c->text, sizeof(c->text), "%s", f.why[i]);
	}
	if (!e)
		*ret_n = FIT_N;
	array_free(&f.all);
	array_free(&f.live);
	free(f.raw);
	return e;
}

/* SPDX-License-Identifier: BSD-2-Clause */
#include "plan.h"

#include <stdio.h>
#include <string.h>
#include "base/err.h"
#include "bpf/wire.h"
#include "golin/record.h"
#include "image_process.h"

enum { MINOR_FIRST = 13, MINOR_LAST = 27, MINOR_REGABI = 17 };

/* x86 register numbers. */
enum { RAX = 0, RBX = 3, RDI = 7 };

/* The n-th word (from 0) of a function's arguments at its entry. */
static unsigned int arg_at_entry(unsigned int minor, unsigned int n)
{
	static const uint8_t regs[] = {RAX, RBX, 1 /* rcx */, RDI};

	/* On the stack, the return address comes first. */
	return minor >= MINOR_REGABI ? regs[n] : WIRE_AT_STACK | (n + 1);
}

/* The current g at a prologue's branch: up to 1.16 the prologue has just loaded it into rcx. */
static unsigned int g_at_entry(unsigned int minor)
{
	return minor >= MINOR_REGABI ? WIRE_G_R14 : WIRE_G_RCX;
}

static struct golin_plan_hook *add(struct golin_plan *p, const char *event, uint32_t group,
				   uint32_t kind, const char *func)
{
	struct golin_plan_hook *h = &p->hooks[p->n++];

	h->event = event;
	h->group = group;
	h->want.kind = kind;
	snprintf(h->want.func, sizeof(h->want.func), "%s", func);
	h->site.error = -ENODATA;
	return h;
}

static void add_goroutines(struct golin_plan *p, unsigned int minor,
			   const struct golin_layout *layout)
{
	struct golin_plan_hook *h;
	uint32_t off;

	h = add(p, "goroutine.create", GOLIN_GROUP_GOROUTINES, GOLIN_SITE_CALL,
		minor >= 15 ? "runtime.newproc.func1" : "runtime.newproc1");
	snprintf(h->want.target, sizeof(h->want.target), "runtime.runqput");
	h->required = true;
	h->lost = "the creation of goroutines";
	/* runqput(p, newg, next): no return address yet at the call itself. */
	if (minor >= MINOR_REGABI)
		h->cookie = WIRE_COOKIE(WIRE_OP_CREATE, RBX, 0, WIRE_G_R14, 0);
	else
		h->cookie = WIRE_COOKIE(WIRE_OP_CREATE, WIRE_AT_STACK | 1, 0, WIRE_G_TLS, 0);

	h = add(p, "goroutine.exit", GOLIN_GROUP_GOROUTINES, GOLIN_SITE_PROLOGUE,
		minor >= 22 ? "runtime.gdestroy" : "runtime.goexit0");
	h->required = true;
	h->lost = "the end of goroutines";
	h->cookie = WIRE_COOKIE(WIRE_OP_EXIT, arg_at_entry(minor, 0), 0, WIRE_G_NONE, 0);

	if (minor < 14) {
		h = add(p, "goroutine.exit.how", GOLIN_GROUP_GOROUTINES, GOLIN_SITE_ENTRY,
			"runtime.Goexit");
		h->lost = "whether a goroutine ended by runtime.Goexit";
	}
	if (minor >= 22 && golin_layout_get(layout, GOLIN_F_G_coroarg, &off)) {
		h = add(p, "goroutine.create.coroutine", GOLIN_GROUP_GOROUTINES, GOLIN_SITE_STORE,
			"runtime.newcoro");
		h->want.disp = (int32_t)off;
		h->lost = "the creation of coroutines (iter.Pull)";
		/* The store's registers are added when the site is known. */
		h->cookie = WIRE_COOKIE(WIRE_OP_CORO, 0, 0, WIRE_G_R14, 0);
	}
	h = add(p, "goroutine.create.stack", GOLIN_GROUP_GOROUTINES, GOLIN_SITE_ENTRY,
		"runtime.goexit");
	h->lost = "where the stack of a creation ends";
	h = add(p, "timer.func", GOLIN_GROUP_GOROUTINES, GOLIN_SITE_ENTRY, "time.goFunc");
	h->lost = "which goroutines timers started";
}

static void add_timers(struct golin_plan *p, unsigned int minor)
{
	struct golin_plan_hook *h;
	const uint32_t g = GOLIN_GROUP_TIMERS;

	if (minor >= 23) {
		/* (*timer).modify(t, when, period, f, ...) */
		h = add(p, "timer.start", g, GOLIN_SITE_CALL, "time.newTimer");
		snprintf(h->want.target, sizeof(h->want.target), "runtime.(*timer).modify");
		h->cookie = WIRE_COOKIE(WIRE_OP_TIMER_ARM, RAX, RDI, WIRE_G_R14, 0);
	} else {
		h = add(p, "timer.start", g, GOLIN_SITE_PROLOGUE, "time.startTimer");
		h->cookie = WIRE_COOKIE(WIRE_OP_TIMER_START, arg_at_entry(minor, 0), 0,
					g_at_entry(minor), 0);
	}
	h->lost = "which goroutine armed a timer";
	if (minor >= 14) {
		/* From 1.23 on it takes the *time.Timer: the runtime's lies 16 bytes in. */
		h = add(p, "timer.reset", g, GOLIN_SITE_PROLOGUE, "time.resetTimer");
		h->cookie = WIRE_COOKIE(WIRE_OP_TIMER_RESET, arg_at_entry(minor, 0), 0,
					g_at_entry(minor), minor >= 23 ? 16 : 0);
		h->lost = "which goroutine reset a timer";
	}
	/* goFunc(arg interface{}, ...): the data word */
	h = add(p, "timer.fire", g, GOLIN_SITE_PROLOGUE, "time.goFunc");
	h->cookie = WIRE_COOKIE(WIRE_OP_TIMER_FIRE, arg_at_entry(minor, 1), 0, WIRE_G_NONE, 0);
	h->lost = "which goroutine armed a timer";
}

int golin_plan_make(const struct golin_image_info *info, const struct golin_layout *layout,
		    uint32_t groups, struct golin_plan *ret, struct golin_err *err)
{
	unsigned int minor = info->go.minor;
	uint32_t off;

	memset(ret, 0, sizeof(*ret));
	if (strcmp(info->arch, "amd64")) {
		golin_err_set(err, -EOPNOTSUPP, "cannot probe a program for %s", info->arch);
		golin_err_hint(err, "live probes work on linux/amd64 only");
		return -EOPNOTSUPP;
	}
	if (minor < MINOR_FIRST || minor > MINOR_LAST) {
		golin_err_set(err, -EOPNOTSUPP, "cannot probe a program built by %s",
			      info->go.short_);
		golin_err_hint(err, "golin knows the probe points of Go 1.%d to 1.%d", MINOR_FIRST,
			       MINOR_LAST);
		return -EOPNOTSUPP;
	}
	if (minor < MINOR_REGABI && !info->tls_g) {
		golin_err_set(err, -ENODATA,
			      "cannot tell where a thread of this %s program keeps its goroutine",
			      info->go.short_);
		return -ENODATA;
	}
	if (groups & GOLIN_GROUP_GOROUTINES)
		add_goroutines(ret, minor, layout);
	if (groups & GOLIN_GROUP_TIMERS && golin_layout_get(layout, GOLIN_F_TIMER_f, &off) &&
	    golin_layout_get(layout, GOLIN_F_TIMER_arg, &off))
		add_timers(ret, minor);
	return 0;
}

/* What only the site tells: flags to test, registers of a store. */
static void complete(struct golin_plan_hook *h)
{
	h->cookie |= WIRE_COOKIE_DROP(h->site.drop_flags);
	if (h->want.kind == GOLIN_SITE_STORE)
		h->cookie |= WIRE_COOKIE(0, h->site.base_reg & 15, h->site.value_reg & 15, 0, 0);
}

int golin_plan_resolve(struct golin_plan *plan, struct golin_imgproc *p, struct golin_err *err)
{
	struct golin_site_want wants[GOLIN_PLAN_MAX];
	struct golin_site sites[GOLIN_PLAN_MAX];
	char missing[256] = "";
	bool fires = false;
	int r;

	for (size_t i = 0; i < plan->n; i++)
		wants[i] = plan->hooks[i].want;
	r = golin_imgproc_sites(p, wants, plan->n, sites, err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < plan->n; i++) {
		struct golin_plan_hook *h = &plan->hooks[i];

		h->site = sites[i];
		if (!h->site.error) {
			complete(h);
			fires |= WIRE_COOKIE_OP(h->cookie) == WIRE_OP_TIMER_FIRE;
		} else if (h->required) {
			size_t len = strlen(missing);

			snprintf(missing + len, sizeof(missing) - len, "%s%s in %s (%s)",
				 len ? ", " : "", h->event, h->want.func, h->site.why);
		}
	}
	/* Without time.AfterFunc in the program there is nothing to know of timers. */
	for (size_t i = 0; i < plan->n && !fires; i++) {
		struct golin_plan_hook *h = &plan->hooks[i];

		if (h->group == GOLIN_GROUP_TIMERS && !h->site.error) {
			h->site.error = -ENODATA;
			snprintf(h->site.why, sizeof(h->site.why),
				 "no time.AfterFunc in the program");
		}
	}
	if (*missing)
		return golin_err_set(err, -ENODATA, "no probe point for %s", missing);
	return 0;
}

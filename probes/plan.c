/* SPDX-License-Identifier: BSD-2-Clause */
#include "plan.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "base/err.h"
#include "bpf/wire.h"
#include "image_process.h"
#include "plan_build.h"

static const struct {
	uint32_t group;
	void (*add)(struct plan_build *b);
} families[] = {
	{GOLIN_GROUP_GOROUTINES, plan_goroutines},
	{GOLIN_GROUP_TIMERS, plan_timers},
	{GOLIN_GROUP_CONTEXTS, plan_contexts},
	{GOLIN_GROUP_PANICS, plan_panics},
	{GOLIN_GROUP_IO, plan_io},
	{GOLIN_GROUP_HTTP, plan_http},
	{GOLIN_GROUP_GC, plan_gc},
};

int golin_plan_make(const struct golin_image_info *info, const struct golin_layout *layout,
		    uint32_t groups, struct golin_plan *ret, struct golin_err *err)
{
	unsigned int minor = info->go.minor;
	struct plan_build b;

	memset(ret, 0, sizeof(*ret));
	if (strcmp(info->arch, "amd64")) {
		golin_err_set(err, -EOPNOTSUPP, "cannot probe a program for %s", info->arch);
		golin_err_hint(err, "live probes work on linux/amd64 only");
		return -EOPNOTSUPP;
	}
	if (minor < PLAN_MINOR_FIRST || minor > PLAN_MINOR_LAST) {
		golin_err_set(err, -EOPNOTSUPP, "cannot probe a program built by %s",
			      info->go.short_);
		golin_err_hint(err, "golin knows the probe points of Go 1.%d to 1.%d",
			       PLAN_MINOR_FIRST, PLAN_MINOR_LAST);
		return -EOPNOTSUPP;
	}
	/* Of 1.17 alone, on amd64: later it cannot be switched off (internal/buildcfg/exp.go). */
	if (minor == PLAN_MINOR_REGABI && strstr(info->go.text, "noregabi")) {
		golin_err_set(err, -EOPNOTSUPP, "cannot probe a program built by %s",
			      info->go.text);
		golin_err_hint(err, "built without noregabi in GOEXPERIMENT it can be probed");
		return -EOPNOTSUPP;
	}
	if (minor < PLAN_MINOR_REGABI && !info->tls_g) {
		golin_err_set(err, -ENODATA,
			      "cannot tell where a thread of this %s program keeps its goroutine",
			      info->go.short_);
		return -ENODATA;
	}
	b = (struct plan_build){ret, layout, minor, info->tls_g};
	for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++)
		if (groups & families[i].group)
			families[i].add(&b);
	return 0;
}

int golin_plan_resolve(struct golin_plan *plan, struct golin_imgproc *p, struct golin_err *err)
{
	struct golin_site_want wants[GOLIN_PLAN_MAX];
	struct golin_site sites[GOLIN_PLAN_MAX];
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
		plan_complete(h, golin_imgproc_info(p));
		fires |= !h->site.error && (WIRE_COOKIE_OP(h->cookie) == WIRE_OP_TIMER_FIRE ||
					    WIRE_COOKIE_OP(h->cookie) == WIRE_OP_TIMER_SEND);
	}
	/* Nothing that golin does needs the timers of a program where none fires: for who armed
	 * them, by time.AfterFunc. */
	for (size_t i = 0; i < plan->n && !fires; i++)
		if (plan->hooks[i].group == GOLIN_GROUP_TIMERS)
			plan->hooks[i].cookie = 0;
	return 0;
}

int golin_plan_check(const struct golin_plan *plan, uint32_t groups, struct golin_err *err)
{
	char missing[256] = "";

	for (size_t i = 0; i < plan->n; i++) {
		const struct golin_plan_hook *h = &plan->hooks[i];
		size_t len = strlen(missing);

		if (!(h->group & groups) || !h->required || !h->site.error)
			continue;
		if (h->site.error == -ENOENT && strncmp(h->want.func, "runtime.", 8))
			continue;
		snprintf(missing + len, sizeof(missing) - len, "%s%s in %s (%s)", len ? ", " : "",
			 h->event, h->want.func, h->site.why);
	}
	if (*missing)
		return golin_err_set(err, -ENODATA, "no probe point for %s", missing);
	return 0;
}

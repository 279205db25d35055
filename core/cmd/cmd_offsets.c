/* SPDX-License-Identifier: BSD-2-Clause */
/* golin offsets BINARY|PID: the layouts of the runtime's structs, and the hook points. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/strbuf.h"
#include "golin/record.h"
#include "image_process.h"
#include "open.h"
#include "plan.h"
#include "render.h"
#include "view.h"

/* The plan's hooks in the shape that the renderer takes. */
static size_t render_hooks(const struct golin_plan *plan, struct offsets_hook *ret)
{
	for (size_t i = 0; i < plan->n; i++) {
		const struct golin_plan_hook *h = &plan->hooks[i];

		ret[i] = (struct offsets_hook){
			.event = h->event,
			.func = h->want.func,
			.found = !h->site.error,
			.offset = h->site.file_off,
			.instruction = h->site.text,
			.why = h->site.why,
			.lost = h->lost,
		};
	}
	return plan->n;
}

/* No hooks is not a failure here: the layouts are worth printing alone. */
static size_t find_hooks(struct golin_imgproc *p, struct offsets_hook *ret, struct golin_plan *plan)
{
	struct golin_err err = {0};
	const struct golin_image_info *info = golin_imgproc_info(p);

	if (strcmp(info->arch, "amd64"))
		return 0;
	if (golin_plan_make(info, golin_imgproc_layout(p),
			    GOLIN_GROUP_GOROUTINES | GOLIN_GROUP_TIMERS, plan, &err)) {
		report_warn("no hook points: %s", err.msg);
		return 0;
	}
	if (golin_plan_resolve(plan, p, &err))
		report_warn("%s", err.msg);
	return render_hooks(plan, ret);
}

int cmd_offsets(struct cmd_config *cfg)
{
	static struct golin_plan plan;
	struct offsets_hook hooks[GOLIN_PLAN_MAX];
	struct golin_imgproc *p = NULL;
	struct golin_err err = {0};
	struct strbuf out = {0};
	char *label = NULL;
	int fd = -1, ret;
	size_t n;

	if (cfg->nargs != 1) {
		golin_err_set(&err, -EINVAL, cfg->nargs ? "more than one BINARY" : "no BINARY");
		golin_err_hint(&err, "golin offsets BINARY|PID");
		return report_err(&err);
	}
	ret = open_executable(cfg->args[0], &fd, &label, &err);
	if (!ret)
		ret = golin_imgproc_open(fd, label, layout_choice(cfg), &p, &err);
	if (!ret) {
		n = find_hooks(p, hooks, &plan);
		ret = cfg->json || cfg->format == 2
			      ? offsets_render_json(golin_imgproc_info(p), golin_imgproc_layout(p),
						    cfg->strct, hooks, n, &out, &err)
			      : offsets_render_table(golin_imgproc_info(p), golin_imgproc_layout(p),
						     cfg->strct, hooks, n, &out, &err);
	}
	if (!ret)
		ret = view_flush(&out, &err);
	golin_imgproc_close(p);
	strbuf_done(&out);
	free(label);
	if (fd >= 0)
		close(fd);
	return ret ? report_err(&err) : 0;
}

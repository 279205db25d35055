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
static size_t render_hooks(const struct golin_plan *plan, struct golin_hook *ret)
{
	size_t n = 0;

	for (size_t i = 0; i < plan->n; i++) {
		const struct golin_plan_hook *h = &plan->hooks[i];

		if (!h->cookie) /* only tells where a function lies: nothing is probed there */
			continue;
		ret[n++] = (struct golin_hook){
			.event = h->event,
			.func = h->want.func,
			.found = !h->site.error,
			.offset = h->site.file_off,
			.instruction = h->site.error ? NULL : h->site.text,
			.why = h->site.why,
			.where = h->where,
			.lost = h->lost,
			.required = h->required,
		};
	}
	return n;
}

/* No hooks is not a failure here: the layouts are worth printing alone. */
static size_t find_hooks(struct golin_imgproc *p, struct golin_hook *ret, struct golin_plan *plan)
{
	const struct golin_image_info *info = golin_imgproc_info(p);
	struct golin_err err = {0};

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

static int check_struct(const char *name, struct golin_err *err)
{
	if (!name)
		return 0;
	if (golin_struct_find(name) != GOLIN_S_MAX)
		return 0;
	golin_err_set(err, -EINVAL, "no struct '%s' among the wanted ones", name);
	golin_err_hint(err, "without --struct all are printed");
	return -EINVAL;
}

static void render(const struct cmd_config *cfg, struct golin_imgproc *p, struct strbuf *out)
{
	static bool structs[GOLIN_S_MAX], known_absent[GOLIN_S_MAX];
	static struct golin_plan plan;
	struct golin_hook hooks[GOLIN_PLAN_MAX];
	struct golin_render r = {
		.info = golin_imgproc_info(p),
		.layout = golin_imgproc_layout(p),
		.hooks = hooks,
		.structs = cfg->strct ? structs : NULL,
		.known_absent = known_absent,
	};

	if (cfg->strct)
		structs[golin_struct_find(cfg->strct)] = true;
	golin_known_absent(r.info, known_absent);
	/* TSV is the table of layouts alone, and so is one struct. */
	if (cfg->format != 4 && !cfg->strct)
		r.nhooks = find_hooks(p, hooks, &plan);
	if (cfg->format == 4)
		golin_render_tsv(&r, out);
	else if (cfg->format == 3)
		golin_render_header(&r, out);
	else if (cfg->json || cfg->format == 2)
		golin_render_json(&r, out);
	else
		golin_render_table(&r, out);
}

int cmd_offsets(struct cmd_config *cfg)
{
	struct golin_imgproc *p = NULL;
	struct golin_err err = {0};
	struct strbuf out = {0};
	char *label = NULL;
	int fd = -1, ret;

	if (cfg->nargs != 1) {
		golin_err_set(&err, -EINVAL, cfg->nargs ? "more than one BINARY" : "no BINARY");
		golin_err_hint(&err, "golin offsets BINARY|PID");
		return report_err(&err);
	}
	ret = check_struct(cfg->strct, &err);
	if (!ret)
		ret = open_executable(cfg->args[0], &fd, &label, &err);
	if (!ret)
		ret = golin_imgproc_open(fd, label, layout_choice(cfg), &p, &err);
	if (!ret) {
		render(cfg, p, &out);
		ret = view_flush(&out, &err);
	}
	golin_imgproc_close(p);
	strbuf_done(&out);
	free(label);
	if (fd >= 0)
		close(fd);
	return ret ? report_err(&err) : 0;
}

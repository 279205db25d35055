/* SPDX-License-Identifier: BSD-2-Clause */
/* From what is selected to its place in the source. */
#include "app_impl.h"
#include "code.h"
#include "detail_impl.h"

#include <inttypes.h>
#include <stdio.h>

enum { CODE_AROUND = 200 };

/* Where the selected line's doing stands in the user's code. */
static struct golin_frame place_of(struct app *a)
{
	struct golin_frame none = {.func = "", .file = ""};

	if (a->shown == SHOW_PANICS)
		return golin_panic_at(a->model, app_selected_pidx(a));
	if (a->shown == SHOW_CONTEXTS) {
		const struct golin_context *c = golin_model_context(a->model, app_selected_cidx(a));

		return c ? golin_context_site(a->model, c) : none;
	}
	if (a->shown == SHOW_FINDINGS) {
		const struct finding *f =
			findings_row(&a->findings, treeview_selected(app_tree(a)));

		return f ? (struct golin_frame){.func = f->f.func,
						.file = f->f.file,
						.line = f->f.line}
			 : none;
	} else {
		golin_gidx i = app_selected_gidx(a);
		const struct golin_goroutine *g = golin_model_goroutine(a->model, i);
		struct golin_frame blocking, at = none;
		struct golin_waits w;

		if (g && golin_model_waits(a->model, i, &w))
			at = golin_model_user_frame(a->model, w.stack, &blocking);
		return !g ? none : *at.func ? at : golin_model_go_site(a->model, g);
	}
}

struct put {
	struct detail *d;
	uint32_t at;
};

static void put_line(void *arg, uint32_t n, const char *text)
{
	const struct put *p = arg;

	if (n == p->at)
		p->d->top = p->d->lines.len > 6 ? (uint32_t)p->d->lines.len - 6 : 0;
	detail_add(p->d, NULL, n == p->at ? ROLE_ALERT : ROLE_NORMAL, "%s%6" PRIu32 "  %s",
		   n == p->at ? ">" : " ", n, text);
}

void app_show_code(struct app *a)
{
	const struct golin_frame at = place_of(a);
	struct put p = {&a->who, at.line};
	struct golin_err err = {0};

	if (a->mode == APP_CODE) {
		a->mode = APP_NORMAL;
		return;
	}
	detail_clear(&a->who);
	if (code_read(at.file, at.line, CODE_AROUND, put_line, &p, &err)) {
		app_say(a, "%s", err.msg);
		return;
	}
	snprintf(a->code_title, sizeof(a->code_title), "%s:%" PRIu32, at.file, at.line);
	a->mode = APP_CODE;
}

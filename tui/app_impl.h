/* SPDX-License-Identifier: BSD-2-Clause */
/* Between the parts of the application state: app.c, app_rows.c, app_views.c and so on. */
#ifndef GOLIN_TUI_APP_IMPL_H
#define GOLIN_TUI_APP_IMPL_H

#include "app.h"

struct treeview *app_tree(struct app *a);
struct tree_source app_source(struct app *a);

/* What is open has changed: sizes follow. */
void app_arrange(struct app *a);
/* The selected goroutine, the first of a selected group, or GOLIN_GIDX_NONE. */
golin_gidx app_selected_gidx(const struct app *a);
/* Lays the rows out now, holding on to the selection. */
void app_rebuild(struct app *a);
/* The same, when the user has changed what is shown: the selection may go. */
void app_choose(struct app *a);
/* Shows a goroutine, wherever it is folded away, and selects it. */
void app_go_to(struct app *a, golin_gidx i);
void app_go_to_context(struct app *a, golin_cidx i);
void app_go_to_panic(struct app *a, golin_pidx i);
void app_go_to_finding(struct app *a, uint32_t i);
/* The selected context, or that of the selected line; NONE. */
golin_cidx app_selected_cidx(const struct app *a);
/* The selected panic, of a site its newest; NONE. */
golin_pidx app_selected_pidx(const struct app *a);

/* ---- app_views.c: from one view to another ---- */

void app_show(struct app *a, enum app_shown what);
/* From a goroutine to its contexts, from a context to its goroutine, and to the next of them. */
void app_cross(struct app *a);
void app_cross_next(struct app *a);
/* From a finding to its place in the trees. */
void app_visit(struct app *a);
void app_back(struct app *a);
/* Before a jump: where the user is. */
void app_remember(struct app *a);
void app_say(struct app *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void app_ask_who(struct app *a);
void app_who_build(struct app *a);
/* From its answer to where the cascade began, or to the goroutine that called cancel. */
void app_who_origin(struct app *a);
void app_who_goroutine(struct app *a);

/* ---- app_code.c ---- */

/* The source where what is selected stands, or away with it. */
void app_show_code(struct app *a);
/* Something lies over the lines. */
static inline bool app_popup(const struct app *a)
{
	return a->mode == APP_WHO || a->mode == APP_CODE;
}

/* ---- app_panics.c ---- */

/* From a goroutine to its panic, from a panic to its goroutine. */
void app_cross_panic(struct app *a);
/* From a finding to the panic that it is about; false: it is about none. */
bool app_visit_panic(struct app *a);
/* From a panic to the contexts of its goroutine. */
void app_panic_contexts(struct app *a);
/* To the panic that this one repeats or began in; to the one that replaced it or came of it. */
void app_panic_before(struct app *a);
void app_panic_after(struct app *a);
/* Where the detail pane's cursor leads; false: it is on no link. */
bool app_follow_link(struct app *a);
/* The goroutines of the panics on the screen, and those above the selected one. */
int app_visible_panics(const struct app *a, uint64_t *goids, int max);

/* Holds the view at a moment; lets it go on. */
void app_hold(struct app *a, uint64_t at);
void app_release(struct app *a);
void app_step_event(struct app *a, bool back);
void app_step_second(struct app *a, bool back);
/* The moment that is now: a recording's end, a live target's present. */
uint64_t app_present(const struct app *a);

void app_set_filter(struct app *a, struct golin_filter *f);
void app_prompt(struct app *a, enum app_mode mode);
void app_search_key(struct app *a, int key);
void app_filter_key(struct app *a, int key);
void app_search_again(struct app *a, bool backwards, bool with_selected);
void app_search_log(struct app *a, bool backwards);

#endif

// SPDX-License-Identifier: BSD-2-Clause
/* What is typed behind `/` and `f`. */
#include <stdio.h>
#include <string.h>
#include "app_impl.h"
#include "model/filter.h"

static bool search_lines(struct app *a, bool backwards, bool with_selected)
{
	uint32_t found;

	switch (a->shown) {
	case SHOW_CONTEXTS:
		found = ctxview_search(&a->contexts, &a->search, app_selected_cidx(a), backwards,
				       with_selected);
		if (found != GOLIN_CIDX_NONE)
			app_go_to_context(a, found);
		break;
	case SHOW_PANICS:
		found = panview_search(&a->panics, &a->search, treeview_selected(&a->panic_tree),
				       backwards, with_selected);
		if (found != GOLIN_PIDX_NONE)
			app_go_to_panic(a, found);
		break;
	case SHOW_FINDINGS:
		found = findings_search(&a->findings, &a->search, treeview_selected(&a->find_tree),
					backwards, with_selected);
		if (found != UINT32_MAX)
			app_go_to_finding(a, found);
		break;
	default:
		found = lineage_search(&a->lineage, &a->search, app_selected_gidx(a), backwards,
				       with_selected);
		if (found != GOLIN_GIDX_NONE)
			app_go_to(a, found);
	}
	return found != UINT32_MAX;
}

void app_search_again(struct app *a, bool backwards, bool with_selected)
{
	if (!search_active(&a->search))
		snprintf(a->message, sizeof(a->message), "nothing to search for: type / first");
	else if (!search_lines(a, backwards, with_selected))
		snprintf(a->message, sizeof(a->message), "not found: %.240s", a->search.needle);
}

void app_search_log(struct app *a, bool backwards)
{
	uint32_t n = logview_count(&a->log), i = a->log.top;
	char buf[LOG_LINE_BYTES];

	for (uint32_t k = 0; search_active(&a->search) && k < n; k++) {
		i = backwards ? (i + n - 1) % n : (i + 1) % n;
		if (search_in(&a->search, logview_line(&a->log, i, buf, sizeof(buf)))) {
			logview_scroll(&a->log, (int64_t)i - a->log.top);
			return;
		}
	}
	snprintf(a->message, sizeof(a->message), "not found: %.240s", a->search.needle);
}

static void select_tag(struct app *a, uint64_t tag)
{
	uint32_t row = treeview_find(app_lines(a), tag);

	if (row != TREE_NO_ROW)
		treeview_select(app_tree(a), row);
}

void app_search_key(struct app *a, int key)
{
	if (key == UI_KEY_ESC || key == UI_CTRL('c')) {
		search_set(&a->search, "");
		a->mode = APP_NORMAL;
		if (!a->log_open)
			select_tag(a, a->search_from);
		return;
	}
	if (key == UI_KEY_ENTER) {
		a->mode = APP_NORMAL;
		if (a->log_open)
			app_search_log(a, false);
		return;
	}
	if (!edit_key(&a->edit, key))
		return;
	search_set(&a->search, a->edit.text);
	if (a->log_open)
		return;
	select_tag(a, a->search_from);
	if (search_active(&a->search))
		app_search_again(a, false, true);
}

void app_filter_key(struct app *a, int key)
{
	struct golin_filter *f = NULL;
	struct golin_err err = {0};

	if (key == UI_KEY_ESC || key == UI_CTRL('c')) {
		a->mode = APP_NORMAL;
		return;
	}
	if (key != UI_KEY_ENTER) {
		/* While it is typed an unfinished expression is no error to show. */
		if (edit_key(&a->edit, key))
			memset(&a->filter_err, 0, sizeof(a->filter_err));
		return;
	}
	if (a->edit.text[strspn(a->edit.text, " ")] && golin_filter_parse(a->edit.text, &f, &err)) {
		a->filter_err = err;
		return;
	}
	golin_filter_free(a->filter);
	app_set_filter(a, f);
	snprintf(a->filter_text, sizeof(a->filter_text), "%s", f ? a->edit.text : "");
	a->mode = APP_NORMAL;
	app_choose(a);
}

void app_prompt(struct app *a, enum app_mode mode)
{
	a->mode = mode;
	memset(&a->filter_err, 0, sizeof(a->filter_err));
	edit_set(&a->edit, mode == APP_FILTER ? a->filter_text : "");
	if (mode == APP_SEARCH)
		a->search_from = app_lines(a)->sel_tag;
}

// SPDX-License-Identifier: BSD-2-Clause
#include "detail.h"
#include <stdarg.h>
#include <stdio.h>
#include "base/text.h"
#include "detail_impl.h"
#include "detail_panic.h"
#include "names.h"
#include "panic_marks.h"

enum {
	LABEL_COLS = 9,
	CHAIN_MAX = 64,	   /* ancestors shown, the nearest */
	TEXT_MIN = 16,	   /* columns in which it makes sense to wrap text */
	CHILD_STATES = 16, /* different states counted; the rest are "other" */
};

void detail_clear(struct detail *d)
{
	array_for_each (&d->lines, it)
		free(it->text);
	d->lines.len = 0;
}

void detail_done(struct detail *d)
{
	detail_clear(d);
	array_free(&d->lines);
}

void detail_add(struct detail *d, const char *label, enum role role, const char *fmt, ...)
{
	struct detail_line *line = array_add(&d->lines);
	va_list ap;

	if (!line)
		return;
	va_start(ap, fmt);
	if (vasprintf(&line->text, fmt, ap) < 0)
		line->text = NULL;
	va_end(ap);
	line->label = (char *)label;
	line->role = role;
}

/* Bytes of text that fit into cols, up to a blank if there is one; *ret_next: where to go on. */
static size_t fit_words(const char *text, int cols, size_t *ret_next)
{
	int width;
	size_t n = golin_text_fit(text, cols, &width), at = n;

	if (!text[n]) {
		*ret_next = n;
		return n;
	}
	while (at > 0 && text[at] != ' ')
		at--;
	*ret_next = at ? at + 1 : n;
	return at ? at : n;
}

void detail_add_text(struct detail *d, const char *label, enum role role, const char *text)
{
	int cols = d->width - LABEL_COLS - 2;

	if (cols < TEXT_MIN) {
		detail_add(d, label, role, "%s", text);
		return;
	}
	do {
		size_t next, n = fit_words(text, cols, &next);

		if (!next) /* not even one character fits */
			next = n = strlen(text);
		detail_add(d, label, role, "%.*s", (int)n, text);
		text += next;
		label = NULL;
	} while (*text);
}

void detail_add_indented_place(struct detail *d, const char *indent, const struct golin_frame *f)
{
	int cols = d->width - LABEL_COLS - 2 - (int)strlen(indent);
	char place[512];

	if (!f->file[0])
		return;
	name_full_place(f, place, sizeof(place));
	/* of a path that is too long the line matters most */
	detail_add(d, NULL, ROLE_PLACE, "%s%s", indent,
		   cols < TEXT_MIN ? place : name_tail(place, cols));
}

void detail_add_place(struct detail *d, const struct golin_frame *f)
{
	detail_add_indented_place(d, "", f);
}

void detail_add_moment(struct detail *d, const struct golin_model *m, const char *label,
		       uint64_t ns, uint64_t moment)
{
	char clock[32], ago[16];

	golin_text_duration(ago, sizeof(ago), moment > ns ? moment - ns : 0);
	name_clock(golin_model_unix(m, ns), clock, sizeof(clock));
	detail_add(d, label, ROLE_NORMAL, "%s  (%s ago)", clock, ago);
}

static void add_state(struct detail *d, const struct lineage *l, const struct golin_goroutine *g)
{
	const char *text = lineage_state(l, g);
	char since[16];

	if (!lineage_alive(l, g)) {
		detail_add(d, "state", ROLE_DIM, "ended%s%s", g->how ? ": " : " (unseen)",
			   g->how ? golin_how_name(g->how) : "");
		return;
	}
	if (g->wait_since && g->wait_since < lineage_moment(l))
		detail_add(d, "state", ROLE_WAIT, "%s for %s", text,
			   golin_text_duration(since, sizeof(since),
					       lineage_moment(l) - g->wait_since));
	else
		detail_add(d, "state", ROLE_WAIT, "%s", text);
}

static void add_times(struct detail *d, const struct lineage *l, const struct golin_goroutine *g,
		      uint64_t since)
{
	uint64_t end = lineage_alive(l, g) ? lineage_moment(l) : g->exited;
	char age[16];

	if (g->created)
		detail_add_moment(d, l->model, "created", g->created, lineage_moment(l));
	else if (since && since < lineage_moment(l))
		detail_add(d, "created", ROLE_NORMAL, "before the attach");
	else
		detail_add(d, "created", ROLE_NORMAL, "unknown");
	if (!lineage_alive(l, g)) {
		if (g->exited)
			detail_add_moment(d, l->model, "ended", g->exited, lineage_moment(l));
		else
			detail_add(d, "ended", ROLE_NORMAL, "unknown");
	}
	if (g->created && end >= g->created)
		detail_add(d, "age", ROLE_NORMAL, "%s",
			   golin_text_duration(age, sizeof(age), end - g->created));
}

/* 1 > 18 > 9120, the nearest CHAIN_MAX. */
void detail_add_chain(struct detail *d, const struct golin_model *m,
		      const struct golin_goroutine *g)
{
	uint64_t chain[CHAIN_MAX];
	struct strbuf b = {0};
	int n = 0;
	golin_gidx up = g->up;
	bool more = false;

	for (const struct golin_goroutine *p; (p = golin_model_goroutine(m, up)); up = p->up) {
		if (n == CHAIN_MAX) {
			more = true;
			break;
		}
		chain[n++] = p->goid;
	}
	if (more)
		strbuf_adds(&b, "... > ");
	if (!n && !(g->flags & GOLIN_GF_PARENT_KNOWN))
		strbuf_adds(&b, "? > ");
	while (n > 0)
		strbuf_addf(&b, "%llu > ", (unsigned long long)chain[--n]);
	strbuf_addf(&b, "%llu", (unsigned long long)g->goid);
	detail_add(d, "lineage", ROLE_GOID, "%s", strbuf_cstr(&b));
	detail_link_goroutine(d, m, g->up);
	strbuf_done(&b);
}

static void add_origin(struct detail *d, const struct lineage *l, const struct golin_goroutine *g)
{
	struct golin_frame site = golin_model_go_site(l->model, g);
	char place[512];

	if (g->gopc) {
		detail_add(d, "started", ROLE_FUNC, "in %s", site.func);
		detail_add(d, NULL, ROLE_PLACE, "%s", name_full_place(&site, place, sizeof(place)));
	}
	switch (g->via) {
	case 0:
		detail_add(d, "via", ROLE_NORMAL, "unknown: it was there before the attach");
		break;
	case GOLIN_VIA_TIMER:
		if (g->armed_by)
			detail_add(d, "via", ROLE_NORMAL, "timer, armed by goroutine %llu",
				   (unsigned long long)g->armed_by);
		else
			detail_add(d, "via", ROLE_NORMAL, "timer");
		break;
	default:
		detail_add(d, "via", ROLE_NORMAL, "%s",
			   g->via == GOLIN_VIA_GO ? "go statement" : golin_via_name(g->via));
	}
}

static void add_frames(struct detail *d, const struct golin_model *m, uint64_t pc)
{
	const struct golin_frame *f;
	int n = golin_model_frames(m, pc, &f);
	char place[512];

	if (n <= 0)
		detail_add(d, NULL, ROLE_FUNC, "0x%llx", (unsigned long long)pc);
	for (int i = 0; i < n; i++) {
		if (f[i].flags & GOLIN_FRAME_WRAPPER)
			continue;
		detail_add(d, NULL, ROLE_FUNC, "%s", f[i].func);
		detail_add(d, NULL, ROLE_PLACE, "  %s",
			   name_full_place(&f[i], place, sizeof(place)));
	}
}

void detail_add_stack(struct detail *d, const struct golin_model *m, uint64_t stack,
		      const char *what)
{
	const uint64_t *pcs;
	bool truncated;
	int n = golin_model_stack(m, stack, &pcs, &truncated);

	if (n <= 0)
		return;
	detail_add(d, "stack", ROLE_LABEL, "%s", what);
	for (int i = 0; i < n; i++)
		add_frames(d, m, pcs[i]);
	if (truncated)
		detail_add(d, NULL, ROLE_DIM, "... deeper frames were not taken");
}

struct tally {
	const char *state;
	uint32_t n;
};

static void count_state(struct tally *t, int *n, const char *state)
{
	for (int i = 0; i < *n; i++) {
		/* states are few static or interned strings: mostly the same pointer */
		if (t[i].state == state || !strcmp(t[i].state, state)) {
			t[i].n++;
			return;
		}
	}
	if (*n == CHILD_STATES) {
		t[CHILD_STATES - 1].state = "other";
		t[CHILD_STATES - 1].n++;
		return;
	}
	t[*n].state = state;
	t[(*n)++].n = 1;
}

static void add_tally(struct detail *d, const char *label, const struct tally *t, int n)
{
	char num[32];

	for (int i = 0; i < n; i++)
		detail_add(d, i ? NULL : label, ROLE_NORMAL, "%7s %s",
			   name_count(t[i].n, num, sizeof(num)), t[i].state);
}

static void add_children(struct detail *d, const struct lineage *l, const struct golin_goroutine *g)
{
	struct tally t[CHILD_STATES] = {0};
	const struct golin_goroutine *c;
	int n = 0;

	for (golin_gidx i = g->first; (c = golin_model_goroutine(l->model, i)); i = c->next)
		if (!l->asof || c->created <= l->asof)
			count_state(t, &n, lineage_state(l, c));
	if (!n)
		detail_add(d, "children", ROLE_NORMAL, "none");
	add_tally(d, "children", t, n);
}

static void add_panic(struct detail *d, const struct lineage *l, const struct golin_goroutine *g)
{
	golin_pidx i = l->panics ? panic_marks_find(l->panics, l->model, g) : GOLIN_PIDX_NONE;
	const struct golin_panic *p = golin_model_panic(l->model, i);

	if (!p)
		return;
	detail_add(d, "panic", ROLE_ALERT, "#%llu  %s  %s  %s", (unsigned long long)p->number,
		   p->ended && p->ended <= lineage_moment(l) ? golin_panic_outcome_name(p->outcome)
							     : "active",
		   panview_type(l->model, i), panview_text(l->model, i));
	detail_link_panic(d, l->model, i);
}

static void build_goroutine(struct detail *d, const struct lineage *l,
			    const struct golin_goroutine *g, uint64_t since)
{
	struct golin_frame f = golin_model_start_func(l->model, g);

	detail_add(d, "goroutine", ROLE_GOID, "%llu%s%s", (unsigned long long)g->goid,
		   g->flags & GOLIN_GF_SYSTEM ? "  (the runtime's own)" : "",
		   g->flags & GOLIN_GF_GHOST ? "  (never seen itself: known as a parent)" : "");
	if (g->startpc)
		detail_add(d, "runs", ROLE_FUNC, "%s", f.func);
	add_state(d, l, g);
	add_panic(d, l, g);
	add_times(d, l, g, since);
	detail_add_chain(d, l->model, g);
	if (!(g->flags & GOLIN_GF_GHOST))
		add_origin(d, l, g);
	add_children(d, l, g);
	if (!l->asof)
		detail_add_kept(d, l->model,
				golin_model_find_key(l->model, g->target, g->epoch, g->goid),
				lineage_moment(l));
	detail_add_stack(d, l->model, g->stack, "of the creator, at the go statement");
}

static void build_group(struct detail *d, const struct lineage *l, const struct lineage_group *grp)
{
	struct golin_goroutine like = lineage_group_like(grp);
	struct golin_frame f = golin_model_start_func(l->model, &like);
	struct golin_frame site = golin_model_go_site(l->model, &like);
	struct tally t[CHILD_STATES] = {0};
	golin_gidx i = grp->first;
	char num[32], place[512];
	int n = 0;

	detail_add(d, "group", ROLE_GROUP, "%s goroutines of the same parent that are alike",
		   name_count(grp->count, num, sizeof(num)));
	detail_add(d, "runs", ROLE_FUNC, "%s", f.func);
	detail_add(d, "started", ROLE_FUNC, "in %s", site.func);
	detail_add(d, NULL, ROLE_PLACE, "%s", name_full_place(&site, place, sizeof(place)));
	if (grp->oldest)
		detail_add_moment(d, l->model, "oldest", grp->oldest, lineage_moment(l));
	else
		detail_add(d, "oldest", ROLE_NORMAL, "was there before the attach");
	if (grp->newest)
		detail_add_moment(d, l->model, "newest", grp->newest, lineage_moment(l));
	for (uint32_t k = 0; k < grp->count && i < l->nmark; k++, i = l->like[i]) {
		const struct golin_goroutine *g = golin_model_goroutine(l->model, i);

		if (g)
			count_state(t, &n, lineage_state(l, g));
	}
	add_tally(d, "states", t, n);
}

void detail_build(struct detail *d, const struct lineage *l, const struct tree_row *row,
		  uint64_t since)
{
	const struct golin_goroutine *g;
	const struct lineage_group *grp;

	detail_clear(d);
	if (!row) {
		detail_add(d, NULL, ROLE_DIM, "nothing is selected");
		return;
	}
	g = lineage_goroutine(l, row);
	grp = lineage_group(l, row);
	if (g)
		build_goroutine(d, l, g, since);
	else if (grp)
		build_group(d, l, grp);
	else
		detail_add(d, NULL, ROLE_DIM, "it has left the model: too many have ended since");
}

void detail_scroll(struct detail *d, int64_t by)
{
	int64_t end = (int64_t)d->lines.len - d->height, top = (int64_t)d->top + by;

	if (top > end)
		top = end;
	d->top = top < 0 ? 0 : (uint32_t)top;
}

void detail_draw(struct detail *d, struct canvas *c, int y, int x, int h, int w)
{
	d->height = h > 0 ? (uint32_t)h : 0;
	detail_scroll(d, 0);
	for (int i = 0; i < h; i++) {
		const struct detail_line *line;

		canvas_blank(c, y + i, x, w, ROLE_NORMAL);
		if (d->top + (uint32_t)i >= d->lines.len)
			continue;
		line = &d->lines.v[d->top + (uint32_t)i];
		if (line->label)
			canvas_put(c, y + i, x + 1, LABEL_COLS, ROLE_LABEL, line->label);
		if (line->text)
			canvas_put(c, y + i, x + 2 + LABEL_COLS, w - LABEL_COLS - 2, line->role,
				   line->text);
	}
	/* more lies above or below */
	if (d->top > 0)
		canvas_put(c, y, x + w - 1, 1, ROLE_DIM, "^");
	if (d->top + d->height < d->lines.len)
		canvas_put(c, y + h - 1, x + w - 1, 1, ROLE_DIM, "v");
}

// SPDX-License-Identifier: BSD-2-Clause
/* The detail pane of a context, of a group of contexts, and of a goroutine under one. */
#include <inttypes.h>
#include <stdio.h>
#include "base/text.h"
#include "detail_impl.h"
#include "names.h"

enum {
	HOLDERS_SHOWN = 32,
	CHAIN_SHOWN = 32, /* contexts above, the nearest */
};

const char *detail_held_text(uint8_t how)
{
	switch (how) {
	case GOLIN_HOLD_CREATED:
		return "created it";
	case GOLIN_HOLD_PASSED:
		return "was handed it";
	case GOLIN_HOLD_WAITS:
		return "waits on it";
	case GOLIN_HOLD_STACK:
		return "has it on its stack";
	default:
		return "";
	}
}

const char *detail_context_name(const struct golin_model *m, const struct golin_context *c,
				char *buf, size_t cap)
{
	struct golin_frame site = golin_context_site(m, c);
	char name[128], place[300];

	name_context(m, c, name, sizeof(name));
	if (*site.func)
		snprintf(buf, cap, "%s  %s  %s", name, site.func,
			 name_place(&site, place, sizeof(place)));
	else
		snprintf(buf, cap, "%s  0x%" PRIx64, name, c->ctx);
	return buf;
}

/* "in 4.2s", "2s ago" */
static const char *span(int64_t left, char *buf, size_t cap)
{
	char d[16];

	golin_text_duration(d, sizeof(d),
			    left < 0 ? -(unsigned long long)left : (unsigned long long)left);
	snprintf(buf, cap, left < 0 ? "%s ago" : "in %s", d);
	return buf;
}

static void add_state(struct detail *d, const struct ctxview *v, golin_cidx i)
{
	static const char *const words[] = {
		[GOLIN_CS_ACTIVE] = "active",
		[GOLIN_CS_CANCELLED] = "cancelled",
		[GOLIN_CS_UNKNOWN] = "unknown: it was there before the attach",
	};
	const struct golin_context *c = golin_model_context(v->model, i);
	struct ctxview_state s = ctxview_state(v, i);
	const struct golin_context *of = golin_model_context(v->model, s.of);
	const char *why = s.state == GOLIN_CS_CANCELLED && of && of->cancel_reason
				  ? golin_cancel_reason_name(of->cancel_reason)
				  : "";

	detail_add(d, "state", ctxview_ended(v, i) ? ROLE_DIM : ROLE_WAIT, "%s%s%s%s",
		   s.state <= GOLIN_CS_UNKNOWN && words[s.state] ? words[s.state] : "unknown",
		   *why ? ": " : "", why,
		   c->retired && s.state != GOLIN_CS_CANCELLED ? ", and not used any more" : "");
	if (s.cancelled)
		detail_add_moment(d, v->model, "cancelled", s.cancelled, ctxview_moment(v));
	else if (s.state == GOLIN_CS_CANCELLED)
		detail_add(d, "cancelled", ROLE_NORMAL, "before the attach");
	if (s.state == GOLIN_CS_CANCELLED && s.of != i)
		detail_add(d, NULL, ROLE_DIM, "as the context that this value hangs on");
	if (s.state != GOLIN_CS_CANCELLED || !of)
		return;
	if (*golin_model_string(v->model, of->err) || of->err_type)
		detail_add(d, "err", ROLE_NORMAL, "%s  %s", golin_model_string(v->model, of->err),
			   golin_model_string(v->model, of->err_type));
	if (*golin_model_string(v->model, of->cause) || of->cause_type)
		detail_add(d, "cause", ROLE_NORMAL, "%s  %s",
			   golin_model_string(v->model, of->cause),
			   golin_model_string(v->model, of->cause_type));
	detail_add(d, NULL, ROLE_DIM, "w: who cancelled this?");
}

static void add_deadline(struct detail *d, const struct ctxview *v, golin_cidx i)
{
	const struct golin_context *c = golin_model_context(v->model, i);
	uint64_t now = golin_model_unix(v->model, ctxview_moment(v));
	char clock[32], when[32];
	int64_t left;

	if (ctxview_left(v, i, &left))
		detail_add(d, "deadline", left < 0 ? ROLE_BREAK : ROLE_NORMAL, "%s  (%s)",
			   name_clock((uint64_t)c->deadline_unix_ns, clock, sizeof(clock)),
			   span(left, when, sizeof(when)));
	if (c->flags & GOLIN_CTX_HAS_TIMEOUT && c->timeout_ns >= 0)
		detail_add(d, "timeout", ROLE_NORMAL, "%s",
			   golin_text_duration(when, sizeof(when), (uint64_t)c->timeout_ns));
	else if (c->flags & GOLIN_CTX_HAS_TIMEOUT)
		detail_add(d, "timeout", ROLE_BREAK, "less than 0");
	if (c->flags & GOLIN_CTX_ASKED && c->asked_unix_ns != c->deadline_unix_ns && now &&
	    !__builtin_sub_overflow(c->asked_unix_ns, (int64_t)now, &left))
		detail_add(d, "asked for", ROLE_ALERT, "%s  (%s): later than a deadline above it",
			   name_clock((uint64_t)c->asked_unix_ns, clock, sizeof(clock)),
			   span(left, when, sizeof(when)));
}

static void add_value(struct detail *d, const struct golin_model *m, const struct golin_context *c)
{
	const char *key = golin_model_string(m, c->key_type);
	const char *value = golin_model_string(m, c->value_type);

	if (c->kind != GOLIN_CTX_VALUE)
		return;
	if (c->flags & GOLIN_CTX_SHOWN) {
		detail_add(d, "key", ROLE_NORMAL, "%s  %s", key, golin_model_string(m, c->key));
		detail_add(d, "value", ROLE_NORMAL, "%s  %s", *value ? value : "nil",
			   golin_model_string(m, c->value));
		return;
	}
	detail_add(d, "key", ROLE_NORMAL, "%s", *key ? key : "?");
	detail_add(d, "value", ROLE_NORMAL, "%s  [redacted: --show-values shows it]",
		   *value ? value : "nil");
}

static void add_above(struct detail *d, const struct golin_model *m, const struct golin_context *c)
{
	const struct golin_context *up = golin_model_context(m, c->up);
	char name[512];
	golin_cidx i;
	int n = 0;

	if (!up) {
		const char *type = golin_model_string(m, c->parent_type);

		detail_add(d, "parent", ROLE_NORMAL, "%s",
			   *type				    ? type
			   : c->flags & GOLIN_CTX_PARENT_EVICTED    ? "it has left the model"
			   : c->parent_kind == GOLIN_CTX_BACKGROUND ? "context.Background()"
			   : c->parent_kind == GOLIN_CTX_TODO	    ? "context.TODO()"
								    : "unknown");
		return;
	}
	for (i = c->up; up && n < CHAIN_SHOWN; i = up->up, up = golin_model_context(m, i), n++) {
		detail_add(d, n ? NULL : "parent",
			   up->state == GOLIN_CS_CANCELLED ? ROLE_DIM : ROLE_FUNC, "%s",
			   detail_context_name(m, up, name, sizeof(name)));
		detail_link_context(d, m, i);
	}
	if (up)
		detail_add(d, NULL, ROLE_DIM, "... and further up");
}

static void add_worker(struct detail *d, const struct golin_model *m, const char *label,
		       golin_gidx i, uint8_t how)
{
	const struct golin_goroutine *g = golin_model_goroutine(m, i);
	struct golin_frame f = golin_model_start_func(m, g);

	detail_add(d, label, g->flags & GOLIN_GF_ALIVE ? ROLE_NORMAL : ROLE_DIM,
		   "%" PRIu64 "  %s  %s  %s", g->goid, detail_held_text(how),
		   g->flags & GOLIN_GF_ALIVE ? golin_goroutine_state_text(m, g) : "ended", f.func);
	detail_link_goroutine(d, m, i);
}

static void add_workers(struct detail *d, const struct ctxview *v, golin_cidx i)
{
	struct golin_holder h[HOLDERS_SHOWN];
	uint32_t n = golin_context_holders(v->model, i, h, HOLDERS_SHOWN);
	uint32_t shown = n < HOLDERS_SHOWN ? n : HOLDERS_SHOWN;
	char num[32];

	if (!n)
		detail_add(d, "goroutine", ROLE_NORMAL, "none is known to work under it");
	for (uint32_t k = 0; k < shown; k++)
		add_worker(d, v->model, k ? NULL : "goroutine", h[k].g, h[k].how);
	if (n > shown)
		detail_add(d, NULL, ROLE_DIM, "... and %s more",
			   name_count(n - shown, num, sizeof(num)));
}

static void add_times(struct detail *d, const struct ctxview *v, const struct golin_context *c,
		      uint64_t since)
{
	uint64_t end = c->cancelled && c->cancelled <= ctxview_moment(v) ? c->cancelled
									 : ctxview_moment(v);
	char age[16];

	if (c->created) {
		detail_add_moment(d, v->model, "created", c->created, ctxview_moment(v));
		if (end >= c->created)
			detail_add(d, "age", ROLE_NORMAL, "%s",
				   golin_text_duration(age, sizeof(age), end - c->created));
	} else {
		detail_add(d, "created", ROLE_NORMAL, since ? "before the attach" : "unknown");
	}
	if (c->goid) {
		detail_add(d, "by", ROLE_GOID, "goroutine %" PRIu64, c->goid);
		detail_link_goroutine(d, v->model,
				      golin_model_find_key(v->model, c->target, c->epoch, c->goid));
	}
}

static void add_finding(struct detail *d, const struct ctxview *v, golin_cidx i)
{
	const struct finding *f = v->findings ? findings_of_context(v->findings, i) : NULL;

	if (!f)
		return;
	detail_add(d, golin_severity_name(f->f.severity), ROLE_BREAK, "%s", f->rule);
	if (f->f.message)
		detail_add_text(d, NULL, ROLE_NORMAL, f->f.message);
	if (f->f.hint)
		detail_add_text(d, NULL, ROLE_DIM, f->f.hint);
}

static void build_context(struct detail *d, const struct ctxview *v, golin_cidx i, uint64_t since)
{
	const struct golin_context *c = golin_model_context(v->model, i);
	struct golin_frame site = golin_context_site(v->model, c);
	char text[600], lineage[GOLIN_LINEAGE_MAX], num[32];
	const char *func = golin_context_func(v->model, c);
	const char *type = golin_model_string(v->model, c->type);

	detail_add(d, "context", ROLE_GOID, "%s  0x%" PRIx64,
		   *func ? func : name_context(v->model, c, text, sizeof(text)), c->ctx);
	add_finding(d, v, i);
	if (*type)
		detail_add(d, "type", ROLE_NORMAL, "%s", type);
	add_state(d, v, i);
	if (*site.func) {
		detail_add(d, "made", ROLE_FUNC, "in %s", site.func);
		detail_add(d, NULL, ROLE_PLACE, "%s", name_full_place(&site, text, sizeof(text)));
	}
	add_times(d, v, c, since);
	add_deadline(d, v, i);
	add_value(d, v->model, c);
	add_above(d, v->model, c);
	add_workers(d, v, i);
	detail_add(d, "children", ROLE_NORMAL, "%s%s",
		   name_count(ctxview_kids(v, c), num, sizeof(num)),
		   v->asof || c->nlive == c->nchild ? "" : " in the model, some of them ended");
	detail_add(d, "lineage", ROLE_NORMAL, "%s", golin_context_lineage(v->model, c, lineage));
	if (c->flags & GOLIN_CTX_PARTIAL)
		detail_add(d, NULL, ROLE_DIM, "a part of it could not be read");
	detail_add_stack(d, v->model, c->stack, "of its creation");
}

static void build_group(struct detail *d, const struct ctxview *v, const struct ctxview_group *grp)
{
	const struct golin_context *c = golin_model_context(v->model, grp->first);
	struct golin_frame site;
	char num[32], text[600];

	if (!c)
		return;
	site = golin_context_site(v->model, c);
	detail_add(d, "group", ROLE_GROUP, "%s contexts of the same parent that are alike",
		   name_count(grp->count, num, sizeof(num)));
	detail_add(d, "context", ROLE_GOID, "%s", name_context(v->model, c, text, sizeof(text)));
	detail_add(d, "made", ROLE_FUNC, "in %s", site.func);
	detail_add(d, NULL, ROLE_PLACE, "%s", name_full_place(&site, text, sizeof(text)));
	detail_add(d, "state", ROLE_NORMAL, "%s",
		   ctxview_ended(v, grp->first) ? "ended" : "active");
	if (grp->oldest)
		detail_add_moment(d, v->model, "oldest", grp->oldest, ctxview_moment(v));
	else
		detail_add(d, "oldest", ROLE_NORMAL, "was there before the attach");
	if (grp->newest)
		detail_add_moment(d, v->model, "newest", grp->newest, ctxview_moment(v));
	detail_add(d, "under it", ROLE_NORMAL, "%s goroutines",
		   name_count(grp->goroutines, num, sizeof(num)));
	detail_add_stack(d, v->model, c->stack, "of their creation");
}

void detail_build_context(struct detail *d, const struct ctxview *v, const struct treeview *t,
			  const struct lineage *l, uint64_t since)
{
	const struct tree_row *row = treeview_selected(t);
	const struct golin_goroutine *g;
	const struct ctxview_group *grp;
	struct tree_row as;
	golin_cidx i;

	detail_clear(d);
	if (!row) {
		detail_add(d, NULL, ROLE_DIM, "nothing is selected");
		return;
	}
	i = ctxview_context(v, row);
	grp = ctxview_group(v, row);
	g = golin_model_goroutine(
		v->model, row->kind == CTXVIEW_HOLDERS && grp ? grp->g : ctxview_goroutine(v, row));
	if (i != GOLIN_CIDX_NONE) {
		build_context(d, v, i, since);
	} else if (g) {
		as = (struct tree_row){.tag = lineage_tag(g),
				       .item = row->kind == CTXVIEW_HOLDERS ? grp->g : row->item,
				       .kind = LINEAGE_GOROUTINE};
		detail_build(d, l, &as, since);
	} else if (grp) {
		build_group(d, v, grp);
	} else {
		detail_add(d, NULL, ROLE_DIM, "it has left the model");
	}
}

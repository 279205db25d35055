// SPDX-License-Identifier: BSD-2-Clause
/* The detail pane of a finding: what is wrong, the evidence, what to do. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "base/text.h"
#include "detail_impl.h"
#include "names.h"

static enum role severity_role(uint8_t severity)
{
	return severity == GOLIN_SEV_ERROR     ? ROLE_BREAK
	       : severity == GOLIN_SEV_WARNING ? ROLE_ALERT
					       : ROLE_NORMAL;
}

/* Numbers of time are named so, as in the JSON. */
static void add_evidence(struct detail *d, const struct golin_evidence *e, bool first)
{
	size_t len = e->name ? strlen(e->name) : 0;
	char text[32];

	if (!len)
		return;
	if (e->text)
		snprintf(text, sizeof(text), "%s", "");
	else if (len > 3 && !strcmp(e->name + len - 3, "_ns"))
		golin_text_duration(text, sizeof(text), e->number);
	else
		name_count(e->number, text, sizeof(text));
	detail_add(d, first ? "evidence" : NULL, ROLE_NORMAL, "%s: %s", e->name,
		   e->text ? e->text : text);
}

void detail_build_finding(struct detail *d, const struct findings *v, const struct tree_row *row,
			  uint64_t moment)
{
	const struct finding *f = findings_row(v, row);
	struct golin_frame at;
	char text[600];

	detail_clear(d);
	if (!f) {
		detail_add(d, NULL, ROLE_DIM, "nothing is selected");
		return;
	}
	at = (struct golin_frame){.func = f->f.func, .file = f->f.file, .line = f->f.line};
	detail_add(d, golin_severity_name(f->f.severity), severity_role(f->f.severity), "%s",
		   f->rule);
	if (f->f.message)
		detail_add_text(d, "message", ROLE_NORMAL, f->f.message);
	if (f->f.hint)
		detail_add_text(d, "hint", ROLE_NORMAL, f->f.hint);
	detail_add(d, "in", ROLE_FUNC, "%s", f->f.func);
	detail_add(d, NULL, ROLE_PLACE, "%s", name_full_place(&at, text, sizeof(text)));
	detail_add(d, "count", ROLE_NORMAL, "%s", name_count(f->f.count, text, sizeof(text)));
	if (f->f.first)
		detail_add_moment(d, v->model, "first", f->f.first, moment);
	if (f->f.last)
		detail_add_moment(d, v->model, "last", f->f.last, moment);
	if (f->f.goid) {
		detail_add(d, "goroutine", ROLE_GOID, "%" PRIu64, f->f.goid);
		detail_link_goroutine(d, v->model, golin_model_find(v->model, f->f.goid));
	}
	if (f->f.lineage[0]) {
		golin_cidx c = findings_context(v, f);

		detail_add(d, "context", ROLE_NORMAL, "%s%s", f->f.lineage,
			   c == GOLIN_CIDX_NONE ? "  (it has left the model)" : "");
		detail_link_context(d, v->model, c);
	}
	for (uint32_t i = 0; i < f->f.nevidence && i < GOLIN_EVIDENCE_MAX; i++)
		add_evidence(d, &f->f.evidence[i], !i);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* Findings as JSON lines (docs/events.md). */
#include "export_impl.h"

static void put_evidence(struct jsonw *w, const struct golin_finding *f)
{
	jsonw_begin(w, "evidence", '{');
	for (uint32_t k = 0; k < f->nevidence && k < GOLIN_EVIDENCE_MAX; k++) {
		const struct golin_evidence *e = &f->evidence[k];

		if (e->text)
			jsonw_str(w, e->name, e->text);
		else
			jsonw_u64(w, e->name, e->number);
	}
	jsonw_end(w, '}');
}

void golin_export_finding_json(const struct golin_model *m, const struct golin_finding_row *row,
			       struct strbuf *out)
{
	const struct golin_finding *f = row->f;
	struct golin_frame at = {.func = f->func, .file = f->file, .line = f->line};
	struct jsonw w;

	jsonw_init(&w, out);
	jsonw_begin(&w, NULL, '{');
	jsonw_str(&w, "type", "finding");
	jsonw_str(&w, "rule", golin_rule(f->rule)->name);
	jsonw_str(&w, "severity", golin_severity_name(f->severity));
	export_json_goid(&w, "goid", f->goid);
	export_json_text(&w, "lineage", f->lineage);
	export_json_text(&w, "func", f->func);
	export_json_frame(&w, "at", &at);
	jsonw_str(&w, "message", f->message);
	put_evidence(&w, f);
	jsonw_str(&w, "hint", f->hint);
	jsonw_u64(&w, "count", f->count);
	export_json_time(&w, "first", m, f->first);
	export_json_time(&w, "last", m, f->last);
	jsonw_bool(&w, "known", row->known);
	jsonw_end(&w, '}');
	jsonw_newline(&w);
}

void golin_export_findings_summary(const struct golin_model *m, const struct golin_source_stats *st,
				   const struct golin_findings_tally *t, struct strbuf *out)
{
	struct jsonw w;

	jsonw_init(&w, out);
	jsonw_begin(&w, NULL, '{');
	export_json_summary(&w, m, st);
	jsonw_begin(&w, "findings", '{');
	for (int s = GOLIN_SEV_ERROR; s >= GOLIN_SEV_NOTE; s--)
		jsonw_u64(&w, golin_severity_name((uint32_t)s), t->by_severity[s]);
	jsonw_u64(&w, "known", t->known);
	jsonw_end(&w, '}');
	jsonw_end(&w, '}');
	jsonw_newline(&w);
}

void golin_export_rule_json(uint32_t rule, struct strbuf *out)
{
	const struct golin_rule_info *r = golin_rule(rule);
	struct jsonw w;

	jsonw_init(&w, out);
	jsonw_begin(&w, NULL, '{');
	jsonw_str(&w, "type", "rule");
	jsonw_str(&w, "rule", r->name);
	jsonw_str(&w, "severity", golin_severity_name(r->severity));
	jsonw_str(&w, "what", r->what);
	jsonw_str(&w, "hint", r->hint);
	jsonw_end(&w, '}');
	jsonw_newline(&w);
}

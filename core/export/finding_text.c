/* SPDX-License-Identifier: BSD-2-Clause */
/* Findings as compilers print what they see: a line that says it all, then what shows it. */
#include "export_impl.h"

#include <inttypes.h>
#include <string.h>
#include "row.h"

static enum style severity_style(uint8_t severity)
{
	switch (severity) {
	case GOLIN_SEV_ERROR:
		return RED;
	case GOLIN_SEV_WARNING:
		return YELLOW;
	default:
		return BOLD;
	}
}

static void put_head(const struct golin_export_opts *o, const struct golin_finding_row *row,
		     struct strbuf *out)
{
	const struct golin_finding *f = row->f;
	const char *base = strrchr(f->file, '/');
	char number[24];
	struct row r;

	row_begin(&r, o, out);
	row_add(&r, severity_style(f->severity), golin_severity_name(f->severity));
	strbuf_adds(out, ": ");
	row_add(&r, BOLD, golin_rule(f->rule)->name);
	if (*f->func)
		strbuf_addf(out, ": %s", f->func);
	if (*f->file)
		strbuf_addf(out, " (%s:%" PRIu32 ")", base ? base + 1 : f->file, f->line);
	strbuf_addf(out, ": %s", f->message);
	snprintf(number, sizeof(number), "%" PRIu64, f->count);
	/* Where the message counts them, once is enough. */
	if (f->count > 1 && !strstr(f->message, number))
		strbuf_addf(out, " (%" PRIu64 " times)", f->count);
	if (row->known)
		strbuf_adds(out, " [known]");
	strbuf_adds(out, "\n");
}

static void put_place(const struct golin_finding *f, struct strbuf *out)
{
	const char *sep = "    ";

	if (*f->file) {
		strbuf_addf(out, "%sat %s:%" PRIu32, sep, f->file, f->line);
		sep = ", ";
	}
	if (f->goid) {
		strbuf_addf(out, "%sgoroutine %" PRIu64, sep, f->goid);
		sep = ", ";
	}
	if (*f->lineage) {
		strbuf_addf(out, "%scontext %s", sep, f->lineage);
		sep = ", ";
	}
	if (*sep == ',')
		strbuf_adds(out, "\n");
}

void golin_export_finding_text(const struct golin_export_opts *opts,
			       const struct golin_finding_row *row, struct strbuf *out)
{
	const struct golin_finding *f = row->f;
	/* Whole: people search in it, and editors follow its places. */
	struct golin_export_opts o = *opts;

	o.width = 0;
	put_head(&o, row, out);
	put_place(f, out);
	for (uint32_t k = 0; k < f->nevidence && k < GOLIN_EVIDENCE_MAX; k++) {
		const struct golin_evidence *e = &f->evidence[k];

		strbuf_adds(out, k ? ", " : "    ");
		if (e->text)
			strbuf_addf(out, "%s=%s", e->name, e->text);
		else
			strbuf_addf(out, "%s=%" PRIu64, e->name, e->number);
	}
	if (f->nevidence)
		strbuf_adds(out, "\n");
	if (*f->hint)
		strbuf_addf(out, "    help: %s\n", f->hint);
}

static void put_counts(const struct golin_findings_tally *t, uint64_t total, struct strbuf *out)
{
	const char *sep = "";

	strbuf_addf(out, "%" PRIu64 " finding%s (", total, total == 1 ? "" : "s");
	for (int s = GOLIN_SEV_ERROR; s >= GOLIN_SEV_NOTE; s--) {
		uint64_t n = t->by_severity[s];

		if (!n)
			continue;
		strbuf_addf(out, "%s%" PRIu64 " %s%s", sep, n, golin_severity_name((uint32_t)s),
			    n == 1 ? "" : "s");
		sep = ", ";
	}
	strbuf_adds(out, ")");
}

void golin_export_findings_end(const struct golin_model *m, const struct golin_findings_tally *t,
			       uint64_t watched_ns, struct strbuf *out)
{
	uint64_t total = t->by_severity[1] + t->by_severity[2] + t->by_severity[3];
	struct golin_context_counts c;
	struct golin_model_counts g;
	char buf[32];

	golin_context_counts(m, &c);
	golin_model_counts(m, &g);
	if (total)
		put_counts(t, total, out);
	else
		strbuf_adds(out, "no findings");
	if (t->known)
		strbuf_addf(out, "%s%" PRIu64 " known from the baseline", total ? ", " : " but ",
			    t->known);
	strbuf_addf(out, ": looked at %" PRIu64 " context%s and %" PRIu64 " goroutine%s in %s\n",
		    c.created + c.seen, c.created + c.seen == 1 ? "" : "s", g.created + g.seen,
		    g.created + g.seen == 1 ? "" : "s",
		    golin_text_duration(buf, sizeof(buf), watched_ns));
}

void golin_export_rule_text(uint32_t rule, struct strbuf *out)
{
	const struct golin_rule_info *r = golin_rule(rule);

	strbuf_addf(out, "%s (%s)\n    %s\n    help: %s\n", r->name,
		    golin_severity_name(r->severity), r->what, r->hint);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* Views of the model as text and as JSON ("golin/1", docs/events.md). Output goes to a strbuf,
 * which the caller writes out: an export never blocks, and an output error is the caller's. */
#ifndef GOLIN_EXPORT_EXPORT_H
#define GOLIN_EXPORT_EXPORT_H

#include <stdbool.h>
#include "base/strbuf.h"
#include "golin/findings.h"
#include "golin/model.h"
#include "golin/source.h"

struct golin_filter;

struct golin_export_opts {
	const struct golin_filter *filter; /* NULL: all */
	bool system;			   /* the runtime's own goroutines too */
	bool live_only;			   /* lineage: leave out those that have ended */
	bool fold;			   /* text: like siblings become one line "N like this" */
	bool ascii;			   /* no UTF-8 glyphs */
	bool color;			   /* ANSI colours */
	int width;			   /* columns for text; 0: do not cut */
	/* Of events: how far the news of panics have been told (golin_model_panic_news(), begins
	 * as 0); NULL: they are not events. */
	uint64_t *news;
};

/* {"type":"header","schema":"golin/1",...}\n */
void golin_export_header(const struct golin_model *m, struct strbuf *out);
/* {"type":"summary",...}\n; complete as design: only lost and cut input make it incomplete. */
void golin_export_summary(const struct golin_model *m, const struct golin_source_stats *st,
			  struct strbuf *out);
/* True when nothing was lost and no input was cut. */
bool golin_export_complete(const struct golin_model *m, const struct golin_source_stats *st);

/*
 * The lineage view. Big: call it again until it returns false; each call adds some KiB to out.
 * *pos starts as 0.
 */
bool golin_export_lineage_json(const struct golin_model *m, const struct golin_export_opts *o,
			       uint64_t *pos, struct strbuf *out);
struct golin_lineage_text;
struct golin_lineage_text *golin_lineage_text_new(const struct golin_model *m,
						  const struct golin_export_opts *o);
bool golin_lineage_text_next(struct golin_lineage_text *t, struct strbuf *out);
void golin_lineage_text_free(struct golin_lineage_text *t);

/* The contexts view, likewise. */
bool golin_export_contexts_json(const struct golin_model *m, const struct golin_export_opts *o,
				uint64_t *pos, struct strbuf *out);
struct golin_contexts_text;
struct golin_contexts_text *golin_contexts_text_new(const struct golin_model *m,
						    const struct golin_export_opts *o);
bool golin_contexts_text_next(struct golin_contexts_text *t, struct strbuf *out);
void golin_contexts_text_free(struct golin_contexts_text *t);

/* The panics view, likewise; and the places that panic. */
bool golin_export_panics_json(const struct golin_model *m, const struct golin_export_opts *o,
			      uint64_t *pos, struct strbuf *out);
/* The summary with how many there were. */
void golin_export_panics_summary(const struct golin_model *m, const struct golin_source_stats *st,
				 struct strbuf *out);
struct golin_panics_text;
struct golin_panics_text *golin_panics_text_new(const struct golin_model *m,
						const struct golin_export_opts *o);
bool golin_panics_text_next(struct golin_panics_text *t, struct strbuf *out);
void golin_panics_text_free(struct golin_panics_text *t);
bool golin_export_panic_sites_json(const struct golin_model *m, const struct golin_export_opts *o,
				   uint64_t *pos, struct strbuf *out);
struct golin_panic_sites;
struct golin_panic_sites *golin_panic_sites_new(const struct golin_model *m,
						const struct golin_export_opts *o);
bool golin_panic_sites_next(struct golin_panic_sites *t, struct strbuf *out);
void golin_panic_sites_free(struct golin_panic_sites *t);

/*
 * One event as a line; the model must have applied rec already. Adds nothing for records that are
 * no events or that the filter drops. Text: "newproc: tgid=25670, callerid=1, newid=37, func=...".
 */
void golin_export_event_json(const struct golin_model *m, const struct golin_export_opts *o,
			     const struct golin_rec *rec, struct strbuf *out);
void golin_export_event_text(const struct golin_model *m, const struct golin_export_opts *o,
			     const struct golin_rec *rec, struct strbuf *out);

/* ---- findings ---- */

struct golin_finding_row {
	const struct golin_finding *f;
	uint32_t at; /* golin_findings_get() */
	bool known;  /* a baseline lists it: set by the caller */
};

/* Whether a filter lets it through. */
bool golin_export_finding_wanted(const struct golin_model *m, const struct golin_filter *filter,
				 const struct golin_finding *f);
/* Those that the filter lets through, the worst first; *ret is malloc'ed. 0 or -ENOMEM. */
int golin_export_findings(const struct golin_model *m, const struct golin_rules *r,
			  const struct golin_export_opts *o, struct golin_finding_row **ret,
			  size_t *ret_n);

struct golin_findings_tally {
	uint64_t by_severity[GOLIN_SEV_ERROR + 1]; /* without the known ones */
	uint64_t known;
};

void golin_export_findings_tally(const struct golin_finding_row *rows, size_t n,
				 struct golin_findings_tally *ret);
void golin_export_finding_json(const struct golin_model *m, const struct golin_finding_row *row,
			       struct strbuf *out);
/* The summary with how many findings there are. */
void golin_export_findings_summary(const struct golin_model *m, const struct golin_source_stats *st,
				   const struct golin_findings_tally *t, struct strbuf *out);
void golin_export_finding_text(const struct golin_export_opts *o,
			       const struct golin_finding_row *row, struct strbuf *out);
/* "3 findings (1 error, 2 warnings): looked at ..." */
void golin_export_findings_end(const struct golin_model *m, const struct golin_findings_tally *t,
			       uint64_t watched_ns, struct strbuf *out);
/* A rule, for a list of them. */
void golin_export_rule_json(uint32_t rule, struct strbuf *out);
void golin_export_rule_text(uint32_t rule, struct strbuf *out);

#endif

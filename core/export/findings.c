/* SPDX-License-Identifier: BSD-2-Clause */
/* Which findings are shown, and in which order: the worst first, then the most frequent. */
#include "export_impl.h"

#include <errno.h>
#include <stdlib.h>

static int by_weight(const void *a, const void *b)
{
	const struct golin_finding_row *x = a, *y = b;

	if (x->f->severity != y->f->severity)
		return x->f->severity > y->f->severity ? -1 : 1;
	if (x->f->count != y->f->count)
		return x->f->count > y->f->count ? -1 : 1;
	return x->at < y->at ? -1 : x->at > y->at;
}

bool golin_export_finding_wanted(const struct golin_model *m, const struct golin_filter *filter,
				 const struct golin_finding *f)
{
	const struct golin_filter_finding what = {
		.rule = golin_rule(f->rule)->name,
		.severity = golin_severity_name(f->severity),
		.func = f->func,
		.file = f->file,
		.line = f->line,
		.message = f->message,
		.lineage = f->lineage,
		.goid = f->goid,
		.c = f->c,
		.first = f->first,
	};

	return golin_filter_match_finding(filter, m, &what);
}

int golin_export_findings(const struct golin_model *m, const struct golin_rules *r,
			  const struct golin_export_opts *o, struct golin_finding_row **ret,
			  size_t *ret_n)
{
	uint32_t max = golin_findings_count(r);
	struct golin_finding_row *rows = calloc(max + 1u, sizeof(*rows));
	size_t n = 0;

	if (!rows)
		return -ENOMEM;
	for (uint32_t i = 0; i < max; i++) {
		const struct golin_finding *f = golin_findings_get(r, i);

		if (golin_export_finding_wanted(m, o->filter, f))
			rows[n++] = (struct golin_finding_row){.f = f, .at = i};
	}
	qsort(rows, n, sizeof(*rows), by_weight);
	*ret = rows;
	*ret_n = n;
	return 0;
}

void golin_export_findings_tally(const struct golin_finding_row *rows, size_t n,
				 struct golin_findings_tally *ret)
{
	*ret = (struct golin_findings_tally){0};
	for (size_t k = 0; k < n; k++) {
		if (rows[k].known)
			ret->known++;
		else if (rows[k].f->severity <= GOLIN_SEV_ERROR)
			ret->by_severity[rows[k].f->severity]++;
	}
}

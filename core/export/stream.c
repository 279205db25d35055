/* SPDX-License-Identifier: BSD-2-Clause */
/* The first and the last line of every JSON stream: on what it is, and whether it is whole. */
#include "export_impl.h"

static const char *layout_name(uint32_t source)
{
	switch (source) {
	case GOLIN_LAYOUT_DWARF:
		return "dwarf";
	case GOLIN_LAYOUT_TABLE:
		return "table";
	default:
		return NULL;
	}
}

void golin_export_header(const struct golin_model *m, struct strbuf *out)
{
	struct golin_target_info t = {0};
	struct jsonw w;

	golin_model_target(m, &t);
	jsonw_init(&w, out);
	jsonw_begin(&w, NULL, '{');
	jsonw_str(&w, "type", "header");
	jsonw_str(&w, "schema", "golin/1");
	if (t.pid)
		jsonw_u64(&w, "pid", t.pid);
	else
		jsonw_null(&w, "pid");
	export_json_text(&w, "exe", t.exe);
	export_json_text(&w, "go", t.go);
	jsonw_str(&w, "layout", layout_name(t.layout_source));
	jsonw_end(&w, '}');
	jsonw_newline(&w);
}

static uint64_t greater(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

/* What the records say, and what the source counts: a live one may be ahead of its records. */
static void totals(const struct golin_model *m, const struct golin_source_stats *st,
		   struct golin_model_counts *ret)
{
	golin_model_counts(m, ret);
	if (!st)
		return;
	ret->lost_ring = greater(ret->lost_ring, st->lost_ring);
	ret->lost_missed = greater(ret->lost_missed, st->missed);
	ret->unread = greater(ret->unread, st->unread);
	ret->gaps = greater(ret->gaps, st->gaps);
}

bool golin_export_complete(const struct golin_model *m, const struct golin_source_stats *st)
{
	struct golin_model_counts c;

	/* A recording that was cut between two blocks has lost nothing that could be counted. */
	if (st && !st->complete)
		return false;
	totals(m, st, &c);
	return !c.lost_ring && !c.lost_missed && !c.lost_cut;
}

void export_json_summary(struct jsonw *w, const struct golin_model *m,
			 const struct golin_source_stats *st)
{
	struct golin_model_counts c;

	totals(m, st, &c);
	jsonw_str(w, "type", "summary");
	jsonw_u64(w, "events", c.events);
	jsonw_begin(w, "lost", '{');
	jsonw_u64(w, "ring", c.lost_ring);
	jsonw_u64(w, "missed", c.lost_missed);
	jsonw_end(w, '}');
	jsonw_u64(w, "unread", c.unread);
	jsonw_u64(w, "evicted", c.evicted);
	jsonw_u64(w, "gaps", c.gaps);
	jsonw_bool(w, "complete", golin_export_complete(m, st));
}

void golin_export_summary(const struct golin_model *m, const struct golin_source_stats *st,
			  struct strbuf *out)
{
	struct jsonw w;

	jsonw_init(&w, out);
	jsonw_begin(&w, NULL, '{');
	export_json_summary(&w, m, st);
	jsonw_end(&w, '}');
	jsonw_newline(&w);
}

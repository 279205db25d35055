/* SPDX-License-Identifier: BSD-2-Clause */
/* What the formats share, private to core/export. */
#ifndef GOLIN_EXPORT_IMPL_H
#define GOLIN_EXPORT_IMPL_H

#include <stdio.h>
#include "base/jsonw.h"
#include "base/text.h"
#include "export.h"
#include "golin/context.h"
#include "model/filter.h"

enum { EXPORT_CHUNK = 32 << 10 }; /* about what one call of a big export adds */

/* {"func":…,"file":…,"line":…}, or null without a function. */
void export_json_frame(struct jsonw *w, const char *key, const struct golin_frame *f);
/* Unix ns as a decimal string; null when it is not known. */
void export_json_time(struct jsonw *w, const char *key, const struct golin_model *m, uint64_t mono);
/* A goid; 0 is null. */
void export_json_goid(struct jsonw *w, const char *key, uint64_t goid);
/* NULL and "" are null. */
void export_json_text(struct jsonw *w, const char *key, const char *s);
/* "exited", "waiting"; NULL when it was never read. */
const char *export_state(const struct golin_goroutine *g);
/* Go's wait reason while it waits, else NULL. */
const char *export_wait(const struct golin_model *m, const struct golin_goroutine *g);
/* Whether the options let it through. Ghosts never are. */
bool export_wanted(const struct golin_model *m, const struct golin_export_opts *o,
		   const struct golin_goroutine *g);

/* The members of the stream's last line. */
void export_json_summary(struct jsonw *w, const struct golin_model *m,
			 const struct golin_source_stats *st);

/* ---- event.c ---- */

/* The goroutine that an event is about; `copy` serves when the model does not have it any more. */
struct export_event {
	const struct golin_goroutine *g;
	struct golin_goroutine copy;
};

/* False: rec is no event, or the options leave it out. */
bool export_event_get(const struct golin_model *m, const struct golin_export_opts *o,
		      const struct golin_rec *rec, struct export_event *ret);

/* A traceback leaves out the runtime's own frames but those that a program can call. */
bool export_hidden_frame(const struct golin_frame *f);
/* The frames of a stack as an array "stack", without the runtime's own. */
void export_json_stack(struct jsonw *w, const struct golin_model *m, uint64_t id);

/* ---- contexts ---- */

bool export_is_context_event(const struct golin_rec *rec);
void export_context_event_json(const struct golin_model *m, const struct golin_export_opts *o,
			       const struct golin_rec *rec, struct strbuf *out);
void export_context_event_text(const struct golin_model *m, const struct golin_export_opts *o,
			       const struct golin_rec *rec, struct strbuf *out);
/* "0x…"; 0 is null. */
void export_json_addr(struct jsonw *w, const char *key, uint64_t addr);
/* A context's id; NULL is null. */
void export_json_lineage(struct jsonw *w, const char *key, const struct golin_model *m,
			 const struct golin_context *c);
/* The members that say what a context is, and those that say how it was cancelled. */
void export_json_context(struct jsonw *w, const struct golin_model *m,
			 const struct golin_context *c);
void export_json_cancel(struct jsonw *w, const struct golin_model *m, const struct golin_context *c,
			golin_cidx i);
/* "file:line", the function without a file, or "-". */
void export_text_frame(struct strbuf *out, const struct golin_frame *f);
bool export_context_wanted(const struct golin_model *m, const struct golin_export_opts *o,
			   golin_cidx i);
/* "active", "cancelled", "unknown" */
const char *export_context_state(const struct golin_model *m, golin_cidx i);

/* ---- timers ---- */

bool export_is_timer_event(const struct golin_rec *rec);
void export_timer_event_json(const struct golin_model *m, const struct golin_export_opts *o,
			     const struct golin_rec *rec, struct strbuf *out);
void export_timer_event_text(const struct golin_model *m, const struct golin_export_opts *o,
			     const struct golin_rec *rec, struct strbuf *out);

/* ---- panics ---- */

/* What befell panics by this record, each a line. */
void export_panic_events(const struct golin_model *m, const struct golin_export_opts *o,
			 const struct golin_rec *rec, bool json, struct strbuf *out);

/* ---- pauses ---- */

/* The world stood still: a line. */
void export_pause_event(const struct golin_model *m, const struct golin_export_opts *o,
			const struct golin_rec *rec, bool json, struct strbuf *out);

/* ---- lineage_shape.c: which rows a tree has ---- */

enum { FOLD_MIN = 4 }; /* like siblings that become one line */

struct shape_group {
	golin_gidx up, first, last;
	uint64_t startpc, gopc;
	uint32_t target, epoch;
	uint32_t count;
};

struct lineage_shape {
	const struct golin_model *m;
	uint64_t *visible; /* bits: wanted, or above one that is */
	uint32_t *below;   /* visible descendants */
	uint32_t *kids;	   /* visible children */
	uint32_t *group;   /* index in groups, or UINT32_MAX */
	golin_gidx *like;  /* the next one of its group */
	struct shape_group *groups;
	size_t ngroups, groups_cap;
	uint64_t wanted;
};

/* False when memory is out. */
bool shape_init(struct lineage_shape *s, const struct golin_model *m,
		const struct golin_export_opts *o);
void shape_done(struct lineage_shape *s);
/* The first of i and its later siblings that has a row; GOLIN_GIDX_NONE if there is none. */
golin_gidx shape_row(const struct lineage_shape *s, golin_gidx i);
/* The group for which i stands as one line, or NULL. */
const struct shape_group *shape_fold(const struct lineage_shape *s, golin_gidx i);

#endif

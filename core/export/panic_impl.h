/* SPDX-License-Identifier: BSD-2-Clause */
/* What the formats of panics share, private to core/export. */
#ifndef GOLIN_EXPORT_PANIC_IMPL_H
#define GOLIN_EXPORT_PANIC_IMPL_H

#include "export_impl.h"
#include "golin/panic.h"

enum {
	PANIC_BELOW_MAX = 256, /* goroutines and contexts that one panic left, as far as named */
	PANIC_SHOWN = 8,       /* of them in text */
};

bool export_panic_wanted(const struct golin_model *m, const struct golin_export_opts *o,
			 golin_pidx i);
/* A size or a time span; null when there is none that a reader of JSON could hold. */
void export_json_amount(struct jsonw *w, const char *key, uint64_t v);
/* The id of a panic; null for GOLIN_PIDX_NONE and for one that is not in the model. */
void export_json_panic_id(struct jsonw *w, const char *key, const struct golin_model *m,
			  golin_pidx i);
/* Its value with all that it wraps; null when it is not known, or there can be none. */
void export_json_panic_value(struct jsonw *w, const char *key, const struct golin_model *m,
			     golin_pidx i);
/* A value alone: of g._panic. */
void export_json_value(struct jsonw *w, const char *key, const struct golin_model *m,
		       const struct golin_panic_value *v);
/*
 * What memory says of a goroutine's panics and of what it defers; null: it is not there, was never
 * read, or went on since.
 */
void export_json_kept(struct jsonw *w, const char *key, const struct golin_model *m, golin_gidx g);
/* The members "func", "file", "line" of a function known by its entry. */
void export_json_entry(struct jsonw *w, const struct golin_model *m, uint64_t pc);
/* What the fault was, {"at","addr"}; null when there was none. */
void export_json_fault(struct jsonw *w, const char *key, const struct golin_model *m,
		       const struct golin_panic *p);
/* "*fs.PathError: open x: no such file", "nil", "(not known)" ... */
void export_text_value(struct strbuf *out, const struct golin_model *m,
		       const struct golin_panic_value *v);
/* The number of the deferred call that recovered it, from 0; UINT32_MAX: none, or not kept. */
uint32_t export_panic_recoverer(const struct golin_model *m, golin_pidx i);

/* The panic's goroutine made that context; else it works under it. */
bool export_panic_made(const struct golin_model *m, golin_pidx i, golin_cidx c);

/* panic_block.c: a panic for people; level: how deep it stands in the tree of failures. */
void export_panic_block(const struct golin_model *m, const struct golin_export_opts *o,
			golin_pidx i, uint32_t level, struct strbuf *out);
uint32_t export_panic_indent(uint32_t level); /* in columns */
void export_panic_header(const struct golin_model *m, const struct golin_export_opts *o,
			 struct strbuf *out);

#endif

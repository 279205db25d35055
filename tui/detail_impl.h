/* SPDX-License-Identifier: BSD-2-Clause */
/* Lines of the detail pane: what its parts share. */
#ifndef GOLIN_TUI_DETAIL_IMPL_H
#define GOLIN_TUI_DETAIL_IMPL_H

#include "detail.h"

void detail_clear(struct detail *d);
void detail_add(struct detail *d, const char *label, enum role role, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
/* The same with text that goes on in the next line where it is too long for the pane. */
void detail_add_text(struct detail *d, const char *label, enum role role, const char *text);
/* The line that was added last leads there: see struct detail_line. */
void detail_link(struct detail *d, enum detail_link_kind kind, uint32_t item, uint64_t id);
void detail_link_goroutine(struct detail *d, const struct golin_model *m, golin_gidx i);
void detail_link_context(struct detail *d, const struct golin_model *m, golin_cidx i);
void detail_link_panic(struct detail *d, const struct golin_model *m, golin_pidx i);
/* File and line of a frame, in a line of their own. */
void detail_add_place(struct detail *d, const struct golin_frame *f);
void detail_add_indented_place(struct detail *d, const char *indent, const struct golin_frame *f);
/* "10:31:07.120  (4s ago)", seen from `moment`. */
void detail_add_moment(struct detail *d, const struct golin_model *m, const char *label,
		       uint64_t ns, uint64_t moment);
/* The goroutine's ancestors: "1 > 18 > 9120". */
void detail_add_chain(struct detail *d, const struct golin_model *m,
		      const struct golin_goroutine *g);
void detail_add_stack(struct detail *d, const struct golin_model *m, uint64_t stack,
		      const char *what);
/* What a context is called in a line: "WithTimeout main.fetch job.go:120". */
const char *detail_context_name(const struct golin_model *m, const struct golin_context *c,
				char *buf, size_t cap);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/* A panic's block of text while it is written: panic_block.c and panic_end.c. */
#ifndef GOLIN_EXPORT_PANIC_BLOCK_H
#define GOLIN_EXPORT_PANIC_BLOCK_H

#include "panic_impl.h"
#include "row.h"

struct block {
	const struct golin_model *m;
	const struct golin_export_opts *o;
	const struct golin_panic *p;
	golin_pidx i;
	uint32_t indent;
	struct strbuf *out;
};

void block_put(struct block *b, enum style style, const char *s);
void block_pad(struct strbuf *out, uint32_t n);
/* The start of a line: what it tells, or nothing when it goes on. */
void block_label(struct block *b, const char *what);
/* "main.worker /src/app/worker.go:20" */
void block_frame(struct block *b, const struct golin_frame *f);
/* The id of a panic; "?" of one that is not there. */
const char *block_id(const struct block *b, golin_pidx i, char *buf);
/* What follows on the stack. */
void block_end(struct block *b);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/* Between the files that write the model as records. */
#ifndef GOLIN_MODEL_DUMP_IMPL_H
#define GOLIN_MODEL_DUMP_IMPL_H

#include "golin/dump.h"
#include "model_impl.h"

struct dump {
	const struct golin_model *m;
	const struct golin_sink *sink;
	struct golin_recbuf buf;
};

#define BEGIN(d, TYPE, ptr) ((ptr) = golin_recbuf_begin(&(d)->buf, (TYPE), sizeof(*(ptr))))

void dump_header(struct golin_rec *h, const struct space *sp, uint64_t ts, uint64_t goid);
void dump_str(struct dump *d, size_t off, const char *s);
/* Ends the record that was begun. */
int dump_put(struct dump *d);
/* All about contexts, behind the goroutines. (dump_contexts.c) */
int dump_contexts(struct dump *d);
/* All about timers. (dump_timers.c) */
int dump_timers(struct dump *d);
/* On what goroutines wait, behind the contexts. (dump_waits.c) */
int dump_waits(struct dump *d);
/* What they have deferred and panicked, behind that. (dump_kept.c) */
int dump_kept(struct dump *d);
/* Before the panics: their deferred calls ran meanwhile. (dump_pauses.c) */
int dump_pauses(struct dump *d);
/* All about panics, behind the contexts. (dump_panics.c) */
int dump_panics(struct dump *d);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/* What was read of goroutines' panics and defers, inside; a part of model_impl.h. */
#ifndef GOLIN_MODEL_KEPT_IMPL_H
#define GOLIN_MODEL_KEPT_IMPL_H

#include "base/array.h"
#include "base/map64.h"
#include "golin/panic.h"

enum { KEPT_ALL = 1 << 21 }; /* panics and defers of all together; what is more counts as unread */

struct kept_answer {
	uint64_t read;
	uint32_t flags, thread, npanics, ndefers;
	struct golin_kept_panic *panics;     /* NULL: not in use */
	struct golin_rec_kept_defer *defers; /* in the same memory */
	uint32_t unused;		     /* of one not in use: the next such, + 1 */
};

struct kepts {
	ARRAY_OF(struct kept_answer) v;
	struct map64 by_goid; /* key of space and goid -> index */
	uint32_t unused;      /* index + 1; 0 none */
	size_t n;	      /* panics and defers */
};

void kepts_done(struct kepts *t);
/* Drops all: the texts of panics go away. */
void kepts_clear(struct golin_model *m);
size_t kepts_bytes(const struct kepts *t);
/* Its goroutine went on, or is no more. */
void kept_drop(struct golin_model *m, uint32_t space, uint64_t goid);
/* Drops what a record about something that a goroutine did says to be past. */
void kept_event(struct golin_model *m, uint32_t space, const struct golin_rec *rec);
int model_apply_defers(struct golin_model *m, const struct golin_rec_goroutine_defers *r,
		       uint32_t space);

#endif

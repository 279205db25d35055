/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which goroutines live, as far as the records say that were yielded. Behind a hole, those that
 * the next keyframe does not know have ended in it: their end would otherwise never be told.
 */
#ifndef GOLIN_RECORD_LIVE_H
#define GOLIN_RECORD_LIVE_H

#include "base/array.h"
#include "base/map64.h"
#include "golin/record.h"

struct rec_space {
	uint32_t target, epoch;
	bool ended;
};

struct rec_live {
	ARRAY_OF(struct rec_space) spaces;
	struct map64 set;   /* space and goid */
	struct map64 fresh; /* the same, by the keyframe that is being read */
	bool comparing;
	size_t cursor; /* in set */
};

void rec_live_done(struct rec_live *l);
void rec_live_note(struct rec_live *l, const struct golin_rec *rec);
/* A keyframe comes that is to be compared with what is known. */
void rec_live_compare(struct rec_live *l);
/* Behind it: the next goroutine that it did not know; false when there is none left. */
bool rec_live_next_gone(struct rec_live *l, struct golin_rec_goroutine_gone *ret);

#endif

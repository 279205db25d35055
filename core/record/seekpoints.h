/* SPDX-License-Identifier: BSD-2-Clause */
/* Where in a recording reading may start: its keyframes, by the index or by a scan. */
#ifndef GOLIN_RECORD_SEEKPOINTS_H
#define GOLIN_RECORD_SEEKPOINTS_H

#include "base/array.h"
#include "record/blocks.h"

struct rec_seekpoint {
	uint64_t offset;
	uint64_t ts; /* no record before it is later */
};

struct rec_seekpoints {
	ARRAY_OF(struct rec_seekpoint) at; /* ascending */
	uint64_t first_ts, last_ts;
	bool loaded;
};

void rec_seekpoints_load(struct rec_seekpoints *s, struct rec_file *f);
/* The last whole keyframe at or before `ts`. False: start at the file's first block. */
bool rec_seekpoints_find(const struct rec_seekpoints *s, struct rec_file *f, uint64_t ts,
			 uint64_t *ret_off, struct rec_block_header *ret);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef GOLIN_RECORD_WRITER_H
#define GOLIN_RECORD_WRITER_H

#include <stddef.h>
#include <stdint.h>

struct golin_writer;

/*
 * Smaller blocks than usual, and a keyframe after every `keyframe_every` bytes of records (0: as
 * usual): tests want many of both in a small file.
 */
void rec_writer_set_limits(struct golin_writer *w, size_t block_raw, uint64_t keyframe_every);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef GOLIN_RECORD_WRITER_H
#define GOLIN_RECORD_WRITER_H

#include <stddef.h>
#include <stdint.h>

struct golin_writer;

/* Other sizes of blocks and distances of keyframes than usual: tests want many in a small file. */
void rec_writer_set_limits(struct golin_writer *w, size_t block_raw, uint64_t keyframe_least);

#endif

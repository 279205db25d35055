/* SPDX-License-Identifier: BSD-2-Clause */
/* Reading the blocks of a file that nobody vouches for. */
#ifndef GOLIN_RECORD_BLOCKS_H
#define GOLIN_RECORD_BLOCKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "record/format.h"

struct rec_file {
	int fd;
	uint64_t size; /* when it was opened: what is written later is not looked at */
	uint64_t id;
	/* A part of the file in memory. */
	uint8_t *win;
	uint64_t win_off;
	size_t win_len, win_cap;
	struct ZSTD_DCtx_s *zstd;
	/* What may still be hashed in vain; see rec_block_find(). */
	uint64_t budget;
};

/* The content of one block. */
struct rec_content {
	uint64_t *mem; /* records are 8-byte aligned */
	size_t len, cap;
	uint32_t count;
};

void rec_file_done(struct rec_file *f);
void rec_file_new_budget(struct rec_file *f);
/* `len` bytes at `off`, valid until the next call; NULL when the file has not that many. */
const void *rec_file_at(struct rec_file *f, uint64_t off, size_t len);

/* True when a block with the right checksum stands at `off`; its header goes to *ret. */
bool rec_block_at(struct rec_file *f, uint64_t off, struct rec_block_header *ret);
/* The first such block at or behind `from`. */
bool rec_block_find(struct rec_file *f, uint64_t from, uint64_t *ret_off,
		    struct rec_block_header *ret);
static inline uint64_t rec_block_end(uint64_t off, const struct rec_block_header *h)
{
	return off + sizeof(*h) + h->size;
}
/* True when a whole keyframe starts at `off`; its first header goes to *ret. */
bool rec_keyframe_at(struct rec_file *f, uint64_t off, struct rec_block_header *ret);
/* True when the file's last bytes are a trailer. */
bool rec_trailer_read(struct rec_file *f, struct rec_trailer *ret);

/* Inflates the block that rec_block_at() gave. False when its content is not what it says. */
bool rec_content_load(struct rec_content *c, struct rec_file *f, uint64_t off,
		      const struct rec_block_header *h);
/* Also checks that it is `count` records, each of which may be used or skipped. */
bool rec_content_load_records(struct rec_content *c, struct rec_file *f, uint64_t off,
			      const struct rec_block_header *h);
void rec_content_done(struct rec_content *c);

#endif

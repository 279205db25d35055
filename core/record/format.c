/* SPDX-License-Identifier: BSD-2-Clause */
#include "record/format.h"

#include <string.h>

#include <xxhash.h>

#include "golin/record.h"

uint64_t rec_file_header_sum(const struct rec_file_header *h)
{
	return XXH64(h, offsetof(struct rec_file_header, sum), 0);
}

/*
 * The seed is random: bytes that a target puts into a recording (noise is stored uncompressed) can
 * look like a block, but never have the right sum.
 */
uint64_t rec_block_sum(const struct rec_block_header *h, const void *payload, uint64_t id)
{
	uint64_t head = XXH64(h, offsetof(struct rec_block_header, sum), id);

	return XXH64(payload, h->size, head);
}

uint64_t rec_trailer_sum(const struct rec_trailer *t, uint64_t id)
{
	return XXH64(t, offsetof(struct rec_trailer, sum), id);
}

bool rec_block_header_plausible(const struct rec_block_header *h, uint64_t room)
{
	size_t least;

	if (memcmp(h->magic, REC_BLOCK_MAGIC, sizeof(h->magic)))
		return false;
	if (h->type == REC_BLOCK_RECORDS || h->type == REC_BLOCK_STATE)
		least = sizeof(struct golin_rec);
	else if (h->type == REC_BLOCK_INDEX)
		least = sizeof(struct rec_index_entry);
	else
		return false;
	return room >= sizeof(*h) && h->size <= room - sizeof(*h) && h->size <= REC_PAYLOAD_MAX &&
	       h->raw_size <= REC_RAW_MAX && h->count <= h->raw_size / least;
}

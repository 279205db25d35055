/* SPDX-License-Identifier: BSD-2-Clause */
/* Puts recordings together by hand, with right checksums around whatever is wrong. */
#ifndef GOLIN_TEST_CRAFT_H
#define GOLIN_TEST_CRAFT_H

#include <stddef.h>
#include <stdint.h>

#include "base/array.h"
#include "record/format.h"

struct craft {
	ARRAY_OF(uint8_t) file;
	uint64_t id;
	struct rec_block_header next; /* of the next block: what is not 0 is taken as it is */
};

void craft_begin(struct craft *c);
void craft_bytes(struct craft *c, const void *data, size_t len);
/* Compresses raw; returns the block's offset. */
size_t craft_block(struct craft *c, uint16_t type, uint32_t count, const void *raw, size_t len);
/* With this payload. */
size_t craft_payload(struct craft *c, uint16_t type, uint32_t count, uint32_t raw_size,
		     const void *payload, size_t len);
void craft_trailer(struct craft *c, uint64_t index, uint64_t first_ts, uint64_t last_ts);
void craft_done(struct craft *c);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
#include "craft.h"

#include <stdlib.h>
#include <string.h>

#include <zstd.h>

void craft_bytes(struct craft *c, const void *data, size_t len)
{
	if (!array_reserve(&c->file, c->file.len + len + 1))
		abort();
	if (len)
		memcpy(c->file.v + c->file.len, data, len);
	c->file.len += len;
}

void craft_begin(struct craft *c)
{
	struct rec_file_header h = {.version = REC_FORMAT_VERSION, .id = 0x1122334455667788};

	memset(c, 0, sizeof(*c));
	memcpy(h.magic, REC_FILE_MAGIC, sizeof(h.magic));
	h.sum = rec_file_header_sum(&h);
	c->id = h.id;
	craft_bytes(c, &h, sizeof(h));
}

size_t craft_payload(struct craft *c, uint16_t type, uint32_t count, uint32_t raw_size,
		     const void *payload, size_t len)
{
	struct rec_block_header h = c->next;
	size_t off = c->file.len;

	memcpy(h.magic, REC_BLOCK_MAGIC, sizeof(h.magic));
	h.type = type;
	h.count = count;
	h.size = (uint32_t)len;
	h.raw_size = raw_size;
	h.sum = rec_block_sum(&h, payload, c->id);
	craft_bytes(c, &h, sizeof(h));
	craft_bytes(c, payload, len);
	if (type == REC_BLOCK_RECORDS)
		c->next.seq++;
	return off;
}

size_t craft_block(struct craft *c, uint16_t type, uint32_t count, const void *raw, size_t len)
{
	size_t bound = ZSTD_compressBound(len), off;
	void *out = malloc(bound);

	if (!out)
		abort();
	off = craft_payload(c, type, count, (uint32_t)len, out,
			    ZSTD_compress(out, bound, raw, len, 1));
	free(out);
	return off;
}

void craft_trailer(struct craft *c, uint64_t index, uint64_t first_ts, uint64_t last_ts)
{
	struct rec_trailer t = {.index = index, .first_ts = first_ts, .last_ts = last_ts};

	memcpy(t.magic, REC_TRAILER_MAGIC, sizeof(t.magic));
	t.sum = rec_trailer_sum(&t, c->id);
	craft_bytes(c, &t, sizeof(t));
}

void craft_done(struct craft *c)
{
	array_free(&c->file);
}

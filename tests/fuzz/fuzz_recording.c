/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reads, seeks and applies recordings. Checksums would keep a fuzzer out, so the first byte of the
 * input says how the rest becomes a file:
 *
 *	0  as it is
 *	1  blocks: header and payload each; their sizes are made to fit and their sums right
 *	2  contents of blocks, to be compressed: {type, part, flags, count, 2 bytes of length,
 *bytes}
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/err.h"
#include "craft.h"
#include "golin/dump.h"
#include "record/recording.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(int ok)
{
	if (!ok)
		abort();
}

/* --- input to file --- */

static void add_blocks(struct craft *c, const uint8_t *data, size_t size)
{
	struct rec_block_header h;
	struct rec_trailer t;

	while (size > sizeof(t) + sizeof(h)) {
		size_t left = size - sizeof(t) - sizeof(h);

		memcpy(&h, data, sizeof(h));
		data += sizeof(h);
		size -= sizeof(h);
		memcpy(h.magic, REC_BLOCK_MAGIC, sizeof(h.magic));
		if (h.size > left)
			h.size = (uint32_t)left;
		h.sum = rec_block_sum(&h, data, c->id);
		craft_bytes(c, &h, sizeof(h));
		craft_bytes(c, data, h.size);
		data += h.size;
		size -= h.size;
	}
	if (size < sizeof(t)) {
		craft_bytes(c, data, size);
		return;
	}
	memcpy(&t, data, sizeof(t));
	memcpy(t.magic, REC_TRAILER_MAGIC, sizeof(t.magic));
	t.sum = rec_trailer_sum(&t, c->id);
	craft_bytes(c, &t, sizeof(t));
	craft_bytes(c, data + sizeof(t), size - sizeof(t));
}

static void add_contents(struct craft *c, const uint8_t *data, size_t size)
{
	size_t index = 0;

	while (size >= 6) {
		size_t len = (size_t)data[4] | (size_t)data[5] << 8;

		if (len > size - 6)
			len = size - 6;
		c->next.part = data[1] & 15;
		c->next.first_ts = data[1] >> 4;
		c->next.last_ts += data[1] >> 4;
		c->next.flags = data[2];
		index = craft_block(c, data[0], data[3], data + 6, len);
		data += 6 + len;
		size -= 6 + len;
	}
	craft_trailer(c, index, 1, c->next.last_ts);
}

/* --- what must hold --- */

static int apply(void *arg, const struct golin_rec *rec)
{
	must(golin_record_check(rec, rec->size));
	must(golin_record_is_clean(rec));
	must(golin_rec_type_name(rec->type) != NULL);
	must(rec->type != GOLIN_REC_STATS);
	return golin_model_apply(arg, rec);
}

static int checked(void *arg, const struct golin_rec *rec)
{
	must(golin_record_check(rec, rec->size));
	must(golin_record_is_clean(rec));
	return 0;
}

static void read_to_end(struct golin_source *s, struct golin_model *m)
{
	const struct golin_sink sink = {apply, m}, dump = {checked, NULL};
	struct golin_source_stats stats;
	struct golin_err err;

	while (!s->ended)
		must(golin_source_service(s, &sink, 64, &err) >= 0);
	golin_source_stats(s, &stats);
	must(golin_model_dump(m, &dump) == 0);
}

static void read_file(int fd)
{
	const struct golin_model_opts opts = {.max_ended = 50, .max_stacks = 50, .max_names = 50};
	struct golin_source *s;
	struct golin_model *m;
	struct golin_err err;
	uint64_t first, last;

	if (golin_recording_open_fd(fd, "input", &s, &err))
		return;
	must(golin_model_new(&opts, &m) == 0);
	read_to_end(s, m);
	golin_recording_span(s, &first, &last);
	for (int i = 0; i < 3; i++) {
		const struct golin_sink sink = {apply, m};
		const struct golin_ctl seek = {.type = GOLIN_CTL_SEEK,
					       .ns = i == 0   ? first
						     : i == 1 ? last
							      : first / 2 + last / 2};

		must(golin_source_control(s, &seek, &err) == 0);
		golin_model_reset(m);
		must(golin_source_service(s, &sink, 1, &err) >= 0);
	}
	read_to_end(s, m);
	golin_source_close(s);
	golin_model_free(m);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct craft c;
	int fd;

	if (!size)
		return 0;
	fd = memfd_create("recording", MFD_CLOEXEC);
	must(fd >= 0);
	craft_begin(&c);
	if (data[0] == 1)
		add_blocks(&c, data + 1, size - 1);
	else if (data[0] == 2)
		add_contents(&c, data + 1, size - 1);
	if (data[0] == 1 || data[0] == 2)
		must(write(fd, c.file.v, c.file.len) == (ssize_t)c.file.len);
	else
		must(write(fd, data + 1, size - 1) == (ssize_t)size - 1);
	craft_done(&c);
	read_file(fd);
	return 0;
}

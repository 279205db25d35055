/* SPDX-License-Identifier: BSD-2-Clause */
#include "debug_section.h"

#include <elf.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <isa-l/igzip_lib.h>
#include <zstd_errors.h>
#include "base/err.h"
#include "elf_image.h"

static const uint64_t max_size = 1 << 30;
/* Go's DWARF shrinks to a half or a third. Deflate can do 1030. */
static const uint64_t max_ratio = 64;

static const char *human_size(char *buf, size_t cap, uint64_t n)
{
	static const char units[] = "KMGTPE";
	double v = n;
	int unit = -1;

	while (v >= 1024 && unit + 1 < (int)sizeof(units) - 1) {
		v /= 1024;
		unit++;
	}
	if (unit < 0)
		snprintf(buf, cap, "%" PRIu64 " bytes", n);
	else
		snprintf(buf, cap, "%.1f %ciB", v, units[unit]);
	return buf;
}

static int check_claim(const struct debug_section *s, struct golin_err *err)
{
	char claimed[32], stored[32];

	if (s->size <= max_size && s->size / max_ratio <= s->stored)
		return 0;
	return golin_err_set(err, -EBADMSG, "section %s claims %s from %s: refused", s->name,
			     human_size(claimed, sizeof(claimed), s->size),
			     human_size(stored, sizeof(stored), s->stored));
}

/* A frame says how much it holds, or that it does not know. */
static int check_frame(const struct debug_section *s, struct golin_err *err)
{
	unsigned long long n = ZSTD_getFrameContentSize(s->data, s->stored);

	if (n == ZSTD_CONTENTSIZE_ERROR)
		return golin_err_set(err, -EBADMSG, "section %s does not hold a frame of zstd",
				     s->name);
	if (n != ZSTD_CONTENTSIZE_UNKNOWN && n > s->size)
		return golin_err_set(err, -EBADMSG,
				     "section %s claims %" PRIu64
				     " bytes, its zstd frame %llu: refused",
				     s->name, s->size, n);
	return 0;
}

/* An Elf64_Chdr or Elf32_Chdr in front of the data. */
static int open_elf_compressed(const struct elf_image *e, struct debug_section *s,
			       struct golin_err *err)
{
	enum { ZLIB = 1, ZSTD = 2 }; /* ELFCOMPRESS_ZSTD is younger than some elf.h */
	size_t header = e->is64 ? sizeof(Elf64_Chdr) : sizeof(Elf32_Chdr);
	uint32_t type;

	if (s->stored < header)
		return golin_err_set(err, -EBADMSG,
				     "section %s is too short for its compression header", s->name);
	type = elf_u32(e, s->data);
	if (type != ZLIB && type != ZSTD)
		return golin_err_set(err, -EOPNOTSUPP,
				     "section %s is compressed by method %" PRIu32
				     "; golin reads zlib (1) and zstd (2)",
				     s->name, type);
	s->size = e->is64 ? elf_u64(e, s->data + offsetof(Elf64_Chdr, ch_size))
			  : elf_u32(e, s->data + offsetof(Elf32_Chdr, ch_size));
	s->data += header;
	s->stored -= header;
	s->method = type == ZLIB ? DEBUG_ZLIB : DEBUG_ZSTD;
	return 0;
}

/* "ZLIB" and the size as a big-endian word in front of the data. */
static int open_gnu_compressed(struct debug_section *s, struct golin_err *err)
{
	enum { HEADER = 12 };

	if (s->stored < HEADER || memcmp(s->data, "ZLIB", 4))
		return golin_err_set(err, -EBADMSG, "section %s does not begin with 'ZLIB'",
				     s->name);
	s->size = 0;
	for (int i = 4; i < HEADER; i++)
		s->size = s->size << 8 | s->data[i];
	s->data += HEADER;
	s->stored -= HEADER;
	s->method = DEBUG_ZLIB;
	return 0;
}

int debug_section_open(const struct elf_image *e, const char *name, struct debug_section *ret,
		       struct golin_err *err)
{
	struct debug_section s = {.elf = e};
	const struct elf_section *sec;
	bool gnu = false;
	int r = 0;

	snprintf(s.name, sizeof(s.name), ".debug_%s", name);
	sec = elf_image_section(e, s.name);
	if (!sec) {
		snprintf(s.name, sizeof(s.name), ".zdebug_%s", name);
		sec = elf_image_section(e, s.name);
		gnu = true;
	}
	s.data = sec ? elf_image_data(e, sec) : NULL;
	if (!s.data || !sec->size)
		return golin_err_set(err, -ENODATA, "no section .debug_%s", name);
	s.stored = s.size = sec->size;
	if (gnu)
		r = open_gnu_compressed(&s, err);
	else if (sec->flags & SHF_COMPRESSED)
		r = open_elf_compressed(e, &s, err);
	if (!r)
		r = check_claim(&s, err);
	if (!r && s.method == DEBUG_ZSTD)
		r = check_frame(&s, err);
	if (r)
		return r;
	*ret = s;
	return 0;
}

/* ---- zlib, by ISA-L: half of zlib's own time, which was 40 % of all that golin offsets takes ----
 */

static int begin_zlib(struct debug_section *s, struct golin_err *err)
{
	s->z = malloc(sizeof(*s->z));
	if (!s->z)
		return golin_err_set(err, -ENOMEM, "out of memory");
	isal_inflate_init(s->z);
	s->z->crc_flag = ISAL_ZLIB;
	s->z->next_in = (uint8_t *)s->data;
	return 0;
}

static const char *zlib_error(int r)
{
	switch (r) {
	case ISAL_INVALID_BLOCK:
		return "invalid block";
	case ISAL_INVALID_SYMBOL:
		return "invalid symbol";
	case ISAL_INVALID_LOOKBACK:
		return "invalid distance";
	case ISAL_INVALID_WRAPPER:
		return "incorrect header check";
	case ISAL_UNSUPPORTED_METHOD:
		return "unknown compression method";
	case ISAL_INCORRECT_CHECKSUM:
		return "incorrect data check";
	case ISAL_NEED_DICT:
		return "a dictionary is needed";
	default:
		return "ISA-L error";
	}
}

/* As much as there is room and input for; ISA-L's code. */
static int inflate_step(struct debug_section *s, uint8_t *dst, size_t len, size_t *ret)
{
	struct inflate_state *z = s->z;
	uint64_t in_left = (uint64_t)(s->data + s->stored - z->next_in);
	uint32_t room = len < 1 << 30 ? (uint32_t)len : 1 << 30;
	int r;

	z->avail_in = in_left < 1 << 30 ? (uint32_t)in_left : 1 << 30;
	z->next_out = dst;
	z->avail_out = room;
	r = isal_inflate(z);
	*ret = room - z->avail_out;
	return r;
}

/* All that was claimed has come: now the stream must end, and its checksum be right. */
static int check_end(struct debug_section *s, struct golin_err *err)
{
	uint8_t extra;
	size_t n = 0;
	int r = s->z->block_state == ISAL_BLOCK_FINISH ? 0 : inflate_step(s, &extra, 1, &n);

	if (n)
		return golin_err_set(err, -EBADMSG,
				     "section %s has more than the %" PRIu64 " bytes it claims",
				     s->name, s->size);
	if (!r && s->z->block_state == ISAL_BLOCK_FINISH)
		return 0;
	return golin_err_set(err, -EBADMSG, "section %s cannot be inflated: %s at its end", s->name,
			     r ? zlib_error(r) : "no end");
}

static int inflate_some(struct debug_section *s, void *dst, size_t len, struct golin_err *err)
{
	uint8_t *to = dst;
	size_t n;
	int r = s->z ? 0 : begin_zlib(s, err);

	if (r)
		return r;
	while (len) {
		const uint8_t *in = s->z->next_in;

		r = inflate_step(s, to, len, &n);
		to += n;
		len -= n;
		s->pos += n;
		if (r || s->z->block_state == ISAL_BLOCK_FINISH || (!n && in == s->z->next_in))
			break;
	}
	if (r)
		return golin_err_set(err, -EBADMSG,
				     "section %s cannot be inflated: %s behind %" PRIu64 " bytes",
				     s->name, zlib_error(r), s->pos);
	if (len)
		return golin_err_set(err, -EBADMSG,
				     "section %s ends after %" PRIu64 " bytes, it claims %" PRIu64,
				     s->name, s->pos, s->size);
	return s->pos < s->size ? 0 : check_end(s, err);
}

/* ---- zstd ---- */

/* RFC 8878: "it is recommended for decoders to support a window of at least 8 MB". */
enum { WINDOW_LOG_MAX = 23 };

static int begin_zstd(struct debug_section *s, struct golin_err *err)
{
	s->zstd = ZSTD_createDStream();
	if (!s->zstd ||
	    ZSTD_isError(ZSTD_DCtx_setParameter(s->zstd, ZSTD_d_windowLogMax, WINDOW_LOG_MAX)))
		return golin_err_set(err, -ENOMEM, "out of memory");
	s->in = (ZSTD_inBuffer){.src = s->data, .size = s->stored};
	return 0;
}

static int zstd_error(const struct debug_section *s, size_t code, struct golin_err *err)
{
	ZSTD_ErrorCode e = ZSTD_getErrorCode(code);

	if (e == ZSTD_error_memory_allocation)
		return golin_err_set(err, -ENOMEM, "out of memory");
	if (e == ZSTD_error_frameParameter_windowTooLarge)
		return golin_err_set(err, -EBADMSG,
				     "section %s asks for a zstd window of more than %d MiB: "
				     "refused",
				     s->name, 1 << (WINDOW_LOG_MAX - 20));
	return golin_err_set(err, -EBADMSG,
			     "section %s cannot be inflated: %s behind %" PRIu64 " bytes", s->name,
			     ZSTD_getErrorName(code), s->pos);
}

/* Fills `out`, or ends with the frame. */
static int zstd_fill(struct debug_section *s, ZSTD_outBuffer *out, bool to_frame_end,
		     struct golin_err *err)
{
	while (out->pos < out->size && !(to_frame_end && s->frame_ended)) {
		size_t in_pos = s->in.pos, out_pos = out->pos;
		size_t n = ZSTD_decompressStream(s->zstd, out, &s->in);

		if (ZSTD_isError(n))
			return zstd_error(s, n, err);
		s->frame_ended = n == 0;
		if (!to_frame_end)
			s->pos += out->pos - out_pos;
		if (s->in.pos == in_pos && out->pos == out_pos)
			return golin_err_set(err, -EBADMSG,
					     "section %s ends after %" PRIu64
					     " bytes, it claims %" PRIu64,
					     s->name, s->pos, s->size);
	}
	return 0;
}

static int zstd_some(struct debug_section *s, void *dst, size_t len, struct golin_err *err)
{
	ZSTD_outBuffer out = {.dst = dst, .size = len};
	uint8_t extra;
	int r = s->zstd ? 0 : begin_zstd(s, err);

	if (!r)
		r = zstd_fill(s, &out, false, err);
	if (r || s->pos < s->size)
		return r;
	/* All that was claimed has come: now the frame must end, and its checksum be right. */
	out = (ZSTD_outBuffer){.dst = &extra, .size = 1};
	r = zstd_fill(s, &out, true, err);
	if (!r && out.pos)
		return golin_err_set(err, -EBADMSG,
				     "section %s has more than the %" PRIu64 " bytes it claims",
				     s->name, s->size);
	return r;
}

/* ---- the interface ---- */

/* What was read is not read again. */
static void release(struct debug_section *s)
{
	enum { BATCH = 256 << 10 };
	uint64_t used = s->method == DEBUG_STORED ? s->pos
			: s->method == DEBUG_ZSTD ? s->in.pos
						  : (uint64_t)(s->z->next_in - s->data);

	if (used - s->released < BATCH && used < s->stored)
		return;
	elf_image_release(s->elf, s->data + s->released, used - s->released);
	s->released = used;
}

int debug_section_read(struct debug_section *s, void *dst, size_t len, struct golin_err *err)
{
	int r = 0;

	if (len > s->size - s->pos)
		return golin_err_set(err, -EBADMSG,
				     "section %s ends at %" PRIu64 " bytes, %" PRIu64 " are wanted",
				     s->name, s->size, s->pos + len);
	switch (s->method) {
	case DEBUG_ZLIB:
		r = inflate_some(s, dst, len, err);
		break;
	case DEBUG_ZSTD:
		r = zstd_some(s, dst, len, err);
		break;
	case DEBUG_STORED:
		memcpy(dst, s->data + s->pos, len);
		s->pos += len;
	}
	if (!r)
		release(s);
	return r;
}

void debug_section_done(struct debug_section *s)
{
	free(s->z);
	s->z = NULL;
	ZSTD_freeDStream(s->zstd);
	s->zstd = NULL;
}

/* SPDX-License-Identifier: BSD-2-Clause */
#include "debug_section.h"

#include <elf.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "base/err.h"
#include "elf_image.h"

static const uint64_t max_size = 512 << 20;
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

/* An Elf64_Chdr or Elf32_Chdr in front of the data. */
static int open_elf_compressed(const struct elf_image *e, struct debug_section *s,
			       struct golin_err *err)
{
	size_t header = e->is64 ? sizeof(Elf64_Chdr) : sizeof(Elf32_Chdr);
	uint32_t type;

	if (s->stored < header)
		return golin_err_set(err, -EBADMSG,
				     "section %s is too short for its compression header", s->name);
	type = elf_u32(e, s->data);
	if (type != ELFCOMPRESS_ZLIB)
		return golin_err_set(err, -EOPNOTSUPP,
				     "section %s is compressed by method %" PRIu32
				     "%s; golin reads zlib (1)",
				     s->name, type, type == 2 ? " (zstd)" : "");
	s->size = e->is64 ? elf_u64(e, s->data + offsetof(Elf64_Chdr, ch_size))
			  : elf_u32(e, s->data + offsetof(Elf32_Chdr, ch_size));
	s->data += header;
	s->stored -= header;
	s->compressed = true;
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
	s->compressed = true;
	return 0;
}

int debug_section_open(const struct elf_image *e, const char *name, struct debug_section *ret,
		       struct golin_err *err)
{
	struct debug_section s = {0};
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
	if (r)
		return r;
	*ret = s;
	return 0;
}

/* All that was claimed has come: now the stream must end, and its checksum be right. */
static int check_end(struct debug_section *s, struct golin_err *err)
{
	z_stream *z = &s->z;
	Bytef extra;
	int r;

	z->next_out = &extra;
	z->avail_out = 1;
	r = inflate(z, Z_NO_FLUSH);
	if (r == Z_STREAM_END && z->avail_out)
		return 0;
	if (!z->avail_out)
		return golin_err_set(err, -EBADMSG,
				     "section %s has more than the %" PRIu64 " bytes it claims",
				     s->name, s->size);
	return golin_err_set(err, -EBADMSG, "section %s cannot be inflated: %s at its end", s->name,
			     z->msg ? z->msg : "no end");
}

static int inflate_some(struct debug_section *s, void *dst, size_t len, struct golin_err *err)
{
	z_stream *z = &s->z;
	int r = Z_OK;

	if (!s->inflating) {
		if (inflateInit(z) != Z_OK)
			return golin_err_set(err, -ENOMEM, "out of memory");
		s->inflating = true;
		z->next_in = (Bytef *)s->data;
	}
	z->next_out = dst;
	while (len) {
		uint64_t in_left = s->data + s->stored - z->next_in;
		uInt in = in_left < (1 << 30) ? in_left : (1 << 30);
		uInt out = len < (1 << 30) ? len : (1 << 30);

		z->avail_in = in;
		z->avail_out = out;
		r = inflate(z, Z_NO_FLUSH);
		len -= out - z->avail_out;
		s->pos += out - z->avail_out;
		if (r == Z_STREAM_END || r != Z_OK || (out == z->avail_out && in == z->avail_in))
			break;
	}
	if (!len)
		return s->pos < s->size || r == Z_STREAM_END ? 0 : check_end(s, err);
	if (r == Z_MEM_ERROR)
		return golin_err_set(err, -ENOMEM, "out of memory");
	if (r == Z_STREAM_END || r == Z_OK || r == Z_BUF_ERROR)
		return golin_err_set(err, -EBADMSG,
				     "section %s ends after %" PRIu64 " bytes, it claims %" PRIu64,
				     s->name, s->pos, s->size);
	return golin_err_set(err, -EBADMSG,
			     "section %s cannot be inflated: %s behind %" PRIu64 " bytes", s->name,
			     z->msg ? z->msg : "zlib error", s->pos);
}

int debug_section_read(struct debug_section *s, void *dst, size_t len, struct golin_err *err)
{
	if (len > s->size - s->pos)
		return golin_err_set(err, -EBADMSG,
				     "section %s ends at %" PRIu64 " bytes, %" PRIu64 " are wanted",
				     s->name, s->size, s->pos + len);
	if (s->compressed)
		return inflate_some(s, dst, len, err);
	memcpy(dst, s->data + s->pos, len);
	s->pos += len;
	return 0;
}

void debug_section_done(struct debug_section *s)
{
	if (s->inflating)
		inflateEnd(&s->z);
	s->inflating = false;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What ties a program to a .debug file that was split off from it: build ids, and the name and
 * checksum in .gnu_debuglink.
 */
#include <elf.h>
#include <string.h>
#include <isa-l/crc.h>
#include "base/text.h"
#include "image.h"

/* ---- notes ---- */

enum {
	NOTE_GO_BUILD_ID = 4,
	/* Of all notes together: each of many sections may be as large as the file. */
	MAX_NOTES = 1 << 20,
};

/* The descriptor of the first note of this owner and type in the notes at p. */
static const uint8_t *find_note(const struct elf_image *e, const uint8_t *p, size_t len,
				const char *owner, uint32_t type, size_t *ret_len)
{
	enum { HEADER = 12 };
	size_t owner_len = strlen(owner) + 1;

	while (len >= HEADER) {
		uint64_t namesz = elf_u32(e, p), descsz = elf_u32(e, p + 4);
		uint64_t desc = HEADER + ((namesz + 3) & ~3ull);
		uint64_t next = desc + ((descsz + 3) & ~3ull);

		if (desc + descsz > len)
			return NULL;
		/* Go's linker counts the padding into the name: "Go" takes four bytes. */
		if (elf_u32(e, p + 8) == type && namesz >= owner_len &&
		    !memcmp(p + HEADER, owner, owner_len)) {
			*ret_len = descsz;
			return p + desc;
		}
		if (next > len)
			return NULL;
		p += next;
		len -= next;
	}
	return NULL;
}

/*
 * By sections first: the segments of a .debug file are those of the program and lead nowhere. A
 * program without section headers has its notes in segments.
 */
static const uint8_t *image_note(const struct elf_image *e, const char *owner, uint32_t type,
				 size_t *ret_len)
{
	const uint8_t *p = NULL;
	size_t left = MAX_NOTES;

	for (size_t i = 1; i < e->nsections && !p && left; i++) {
		const struct elf_section *s = &e->sections[i];
		const uint8_t *data = s->type == SHT_NOTE ? elf_image_data(e, s) : NULL;
		size_t len = s->size < left ? s->size : left;

		if (!data)
			continue;
		p = find_note(e, data, len, owner, type, ret_len);
		left -= len;
	}
	for (size_t i = 0; i < e->nsegments && !p && left; i++) {
		const struct elf_segment *s = &e->segments[i];
		size_t len = s->filesz < left ? s->filesz : left;

		if (s->type != PT_NOTE || s->off > e->size || s->filesz > e->size - s->off)
			continue;
		p = find_note(e, e->map + s->off, len, owner, type, ret_len);
		left -= len;
	}
	return p;
}

void image_read_build_id(const struct elf_image *e, struct golin_image_info *info)
{
	const uint8_t *p;
	size_t len;

	p = image_note(e, "GNU", NT_GNU_BUILD_ID, &len);
	if (p && len && len * 2 < sizeof(info->build_id)) {
		for (size_t i = 0; i < len; i++) {
			info->build_id[2 * i] = "0123456789abcdef"[p[i] >> 4];
			info->build_id[2 * i + 1] = "0123456789abcdef"[p[i] & 15];
		}
		info->flags |= GOLIN_IMAGE_GNU_BUILD_ID;
		return;
	}
	p = image_note(e, "Go", NOTE_GO_BUILD_ID, &len);
	if (p)
		golin_text_clean(info->build_id, sizeof(info->build_id), p, len);
}

/* ---- .gnu_debuglink ---- */

/* The name of a file in the program's own directory; anything else leads out of it. */
bool image_is_plain_name(const char *s, size_t len)
{
	return len && golin_text_is_clean(s, len) && !memchr(s, '/', len) &&
	       !(len == 1 && s[0] == '.') && !(len == 2 && s[0] == '.' && s[1] == '.');
}

void image_read_debuglink(const struct elf_image *e, struct golin_image_info *info)
{
	const struct elf_section *s = elf_image_section(e, ".gnu_debuglink");
	const uint8_t *p = s ? elf_image_data(e, s) : NULL;
	size_t len, crc;

	if (!p)
		return;
	len = strnlen((const char *)p, s->size);
	crc = (len + 1 + 3) & ~(size_t)3;
	if (len >= sizeof(info->debuglink) || crc + 4 > s->size ||
	    !image_is_plain_name((const char *)p, len))
		return;
	memcpy(info->debuglink, p, len);
	info->debuglink_crc = elf_u32(e, p + crc);
}

/* Of the whole file; what was read is given back on the way. */
static uint32_t file_crc(const struct elf_image *e)
{
	enum { STEP = 1 << 20 };
	uint32_t crc = 0;

	for (size_t off = 0; off < e->size; off += STEP) {
		size_t n = e->size - off < STEP ? e->size - off : STEP;

		crc = crc32_gzip_refl(crc, e->map + off, n);
		elf_image_release(e, e->map + off, n);
	}
	return crc;
}

/* ---- attaching ---- */

/* Whether both have such a note, and whether it is the same. */
static bool compare_notes(const struct elf_image *a, const struct elf_image *b, const char *owner,
			  uint32_t type, bool *ret_same)
{
	size_t la, lb;
	const uint8_t *pa = image_note(a, owner, type, &la), *pb = image_note(b, owner, type, &lb);

	if (!pa || !pb || !la || !lb)
		return false;
	*ret_same = la == lb && !memcmp(pa, pb, la);
	return true;
}

static int check_identity(const struct golin_image *img, const struct elf_image *d,
			  struct golin_err *err)
{
	const struct elf_image *e = &img->elf;
	uint32_t crc;
	bool same;

	if (d->is64 != e->is64 || d->big_endian != e->big_endian || d->machine != e->machine)
		return golin_err_set(err, -EBADMSG, "it is of another machine than the program");
	if (compare_notes(e, d, "GNU", NT_GNU_BUILD_ID, &same) ||
	    compare_notes(e, d, "Go", NOTE_GO_BUILD_ID, &same))
		return same ? 0
			    : golin_err_set(
				      err, -EBADMSG,
				      "it belongs to another program: its build id is not the "
				      "same");
	if (!img->info.debuglink[0])
		return golin_err_set(
			err, -EBADMSG,
			"it cannot be told to belong to the program: one of them has no "
			"build id, and the program no .gnu_debuglink");
	crc = file_crc(d);
	if (crc == img->info.debuglink_crc)
		return 0;
	return golin_err_set(
		err, -EBADMSG,
		"it belongs to another program: its checksum is %08x, .gnu_debuglink has "
		"%08x",
		crc, img->info.debuglink_crc);
}

int golin_image_attach_debug(struct golin_image *img, int fd, struct golin_err *err)
{
	struct elf_image d;
	int r = elf_image_open_split(fd, &d, err);

	if (!r) {
		r = check_identity(img, &d, err);
		if (!r && !image_has_dwarf(&d))
			r = golin_err_set(err, -ENODATA, "it has no DWARF");
		if (r)
			elf_image_done(&d);
	}
	if (r) {
		golin_err_ctx(err, "the debug file");
		return r;
	}
	elf_image_done(&img->debug);
	img->debug = d;
	img->info.flags |= GOLIN_IMAGE_DWARF;
	return 0;
}

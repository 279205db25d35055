/* SPDX-License-Identifier: BSD-2-Clause */
#include "buildinfo.h"

#include <elf.h>
#include <inttypes.h>
#include <string.h>
#include "base/err.h"
#include "base/text.h"
#include "elf_image.h"

/*
 *	 0  "\xff Go buildinf:"
 *	14  size of a pointer (pointers only)
 *	15  flags: 1 big-endian (pointers only), 2 strings stand inline
 *	16  to 1.17: pointer to the version (a Go string's header), pointer to the module
 *information 32  since 1.18: uvarint length and bytes of the version, the same of the module
 *information
 */
static const char magic[] = "\xff Go buildinf:";
enum {
	MAGIC_LEN = sizeof(magic) - 1,
	HEADER_LEN = 32,
	ALIGN = 16,
	FLAG_BIG_ENDIAN = 1,
	FLAG_INLINE = 2,
	MAX_VERSION = 4096,
	MAX_MOD = 16 << 20,
	/* Without section headers: how much of the writable segments is searched. */
	MAX_SCAN = 64 << 20,
};

struct span {
	const char *p;
	size_t len;
};

static bool read_uvarint(const uint8_t **p, const uint8_t *end, uint64_t *ret)
{
	uint64_t v = 0;

	for (unsigned int shift = 0; shift < 64 && *p < end; shift += 7) {
		uint8_t b = *(*p)++;

		v |= (uint64_t)(b & 0x7f) << shift;
		if (!(b & 0x80)) {
			*ret = v;
			return true;
		}
	}
	return false;
}

static bool read_inline(const uint8_t **p, const uint8_t *end, size_t max, struct span *ret)
{
	uint64_t len;

	if (!read_uvarint(p, end, &len) || len > max || len > (size_t)(end - *p))
		return false;
	ret->p = (const char *)*p;
	ret->len = len;
	*p += len;
	return true;
}

/* A Go string by the address of its header; a PIE has both words in its relocations. */
static bool read_go_string(struct elf_image *e, uint64_t header, size_t max, struct span *ret)
{
	uint64_t data, len;

	if (!elf_image_word(e, header, &data) ||
	    !elf_image_word(e, header + (e->is64 ? 8 : 4), &len) || len > max)
		return false;
	ret->p = len ? (const char *)elf_image_at(e, data, len) : "";
	ret->len = len;
	return ret->p;
}

/* The blob at vaddr, of which the file has `avail` bytes at p. */
static bool parse_blob(struct elf_image *e, uint64_t vaddr, const uint8_t *p, size_t avail,
		       struct span *version, struct span *mod)
{
	size_t word = e->is64 ? 8 : 4;
	const uint8_t *end = p + avail;
	uint64_t header;

	if (avail < HEADER_LEN)
		return false;
	if (p[15] & FLAG_INLINE) {
		p += HEADER_LEN;
		return read_inline(&p, end, MAX_VERSION, version) &&
		       read_inline(&p, end, MAX_MOD, mod);
	}
	if (p[14] != word || !!(p[15] & FLAG_BIG_ENDIAN) != e->big_endian)
		return false;
	if (!elf_image_word(e, vaddr + 16, &header) ||
	    !read_go_string(e, header, MAX_VERSION, version))
		return false;
	if (!elf_image_word(e, vaddr + 16 + word, &header) || !header ||
	    !read_go_string(e, header, MAX_MOD, mod))
		*mod = (struct span){"", 0};
	return true;
}

/*
 * Searches [p, p + len), which is mapped at vaddr. The magic itself may stand in a program's data
 * too (in one that reads build information), hence more than one try.
 */
static bool scan(struct elf_image *e, uint64_t vaddr, const uint8_t *p, size_t len,
		 struct span *version, struct span *mod, bool *ret_seen)
{
	const uint8_t *end = p + len, *hit = p;

	while ((hit = memmem(hit, end - hit, magic, MAGIC_LEN))) {
		uint64_t at = vaddr + (hit - p);

		if (at % ALIGN == 0) {
			*ret_seen = true;
			if (parse_blob(e, at, hit, end - hit, version, mod))
				return true;
		}
		hit++;
	}
	return false;
}

/* The linker puts 16 bytes of a marker around the module information. */
static void strip_markers(struct span *mod)
{
	enum { MARKER = 16 };

	if (mod->len < 2 * MARKER + 1 || mod->p[mod->len - MARKER - 1] != '\n') {
		mod->len = 0;
		return;
	}
	mod->p += MARKER;
	mod->len -= 2 * MARKER;
}

int buildinfo_find(struct elf_image *e, struct buildinfo *ret, struct golin_err *err)
{
	const struct elf_section *s = elf_image_section(e, ".go.buildinfo");
	const uint8_t *p = s ? elf_image_data(e, s) : NULL;
	struct span version = {0}, mod = {0};
	bool found = false, seen = false;
	size_t left = MAX_SCAN;

	if (p)
		found = scan(e, s->addr, p, s->size, &version, &mod, &seen);
	/* All together: segments may lie on one another. */
	for (size_t i = 0; i < e->nsegments && left && !found; i++) {
		const struct elf_segment *seg = &e->segments[i];
		size_t len = seg->filesz < left ? seg->filesz : left;

		if (seg->type != PT_LOAD || !(seg->flags & PF_W))
			continue;
		found = scan(e, seg->vaddr, e->map + seg->off, len, &version, &mod, &seen);
		left -= len;
	}
	if (!found && seen)
		return golin_err_set(err, -EBADMSG,
				     "malformed build information: its strings lie outside of the "
				     "file");
	if (!found)
		return golin_err_set(err, -ENODATA, "no Go build information");
	golin_text_clean(ret->version, sizeof(ret->version), version.p, version.len);
	strip_markers(&mod);
	ret->mod = mod.p;
	ret->mod_len = mod.len;
	return 0;
}

/*
 * Undoes Go's quoting of a value, "..." with backslashes or `...`, as far as it hides text: the
 * escapes themselves (\t, \x1b) stay, so that what comes out is clean.
 */
static void copy_value(char *dst, size_t cap, const char *p, size_t len)
{
	char buf[1024];
	size_t n = 0;

	if (len < 2 || (*p != '"' && *p != '`') || p[len - 1] != *p) {
		golin_text_clean(dst, cap, p, len);
		return;
	}
	for (size_t i = 1; i + 1 < len && n < sizeof(buf); i++) {
		if (*p == '"' && p[i] == '\\' && i + 2 < len &&
		    (p[i + 1] == '"' || p[i + 1] == '\\'))
			i++;
		buf[n++] = p[i];
	}
	golin_text_clean(dst, cap, buf, n);
}

/* "build\tKEY=VALUE", where the key may be quoted: then it is not one that golin asks for. */
bool buildinfo_setting(const struct buildinfo *b, const char *key, char *dst, size_t cap)
{
	static const char prefix[] = "build\t";
	size_t klen = strlen(key), left = b->mod_len;
	const char *line = b->mod;

	while (left) {
		const char *nl = memchr(line, '\n', left);
		size_t len = nl ? (size_t)(nl - line) : left;
		const char *p = line;
		size_t n = len;

		if (n > sizeof(prefix) - 1 && !memcmp(p, prefix, sizeof(prefix) - 1)) {
			p += sizeof(prefix) - 1;
			n -= sizeof(prefix) - 1;
			if (n > klen && p[klen] == '=' && !memcmp(p, key, klen)) {
				copy_value(dst, cap, p + klen + 1, n - klen - 1);
				return true;
			}
		}
		line += len;
		left -= len;
		if (left) { /* the newline */
			line++;
			left--;
		}
	}
	return false;
}

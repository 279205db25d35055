/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An ELF file mapped for reading, with bounds-checked views. Used by everything in offsets/. Knows
 * ELF (class, segments, sections, symbols' tables as bytes), nothing of Go.
 */
#ifndef GOLIN_OFFSETS_ELF_IMAGE_H
#define GOLIN_OFFSETS_ELF_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct golin_err;

struct elf_section {
	char name[64]; /* cut when longer */
	uint32_t type, link;
	uint64_t flags, addr, off, size, entsize;
};

struct elf_segment {
	uint32_t type, flags;
	uint64_t off, vaddr, filesz, memsz, align;
};

/* A R_*_RELATIVE relocation with an explicit addend. */
struct elf_relative {
	uint64_t vaddr, addend;
};

struct elf_image {
	const uint8_t *map; /* the whole file, read-only */
	size_t size;
	bool is_mapped; /* map is of a file, not of bytes that somebody has */
	bool is64, big_endian;
	uint16_t machine, type; /* e_machine, e_type */
	uint64_t entry;
	struct elf_section *sections;
	size_t nsections;
	struct elf_segment *segments;
	size_t nsegments;
	struct elf_relative *relatives; /* sorted by vaddr; see elf_image_word() */
	size_t nrelatives;
	bool relatives_loaded;
};

/*
 * Maps the file behind fd. -ENOEXEC: no ELF file (text, empty, a directory...), -EBADMSG: cut or
 * malformed, saying what lies where. Headers, segments and sections out of bounds are an error; a
 * file may have no sections at all.
 *
 * The mapping is of the file itself (a copy would be too dear): when somebody cuts the file
 * meanwhile, touching what is gone raises SIGBUS. That ends the image process, which its client
 * reports; callers that parse in their own process accept the risk.
 */
int elf_image_open(int fd, struct elf_image *ret, struct golin_err *err);
/*
 * The same for a .debug file that was split off from a program: its segments are the program's, and
 * most of what they map is not there.
 */
int elf_image_open_split(int fd, struct elf_image *ret, struct golin_err *err);
void elf_image_done(struct elf_image *e);
/* The pages of these bytes need not stay in memory: the file has them when they are read again. */
void elf_image_release(const struct elf_image *e, const uint8_t *p, size_t len);
const struct elf_section *elf_image_section(const struct elf_image *e, const char *name);
/* The bytes of a section in the file, or NULL (SHT_NOBITS, out of bounds). As stored: compressed
 * ones are not inflated. */
const uint8_t *elf_image_data(const struct elf_image *e, const struct elf_section *s);
/* `len` bytes at an address, when one PT_LOAD segment has them in the file; else NULL. */
const uint8_t *elf_image_at(const struct elf_image *e, uint64_t vaddr, size_t len);
/* How many bytes the file has from vaddr to the end of its segment; 0 if none. */
size_t elf_image_avail(const struct elf_image *e, uint64_t vaddr);
/* Whether all of these bytes are in the file, in one segment of code. */
bool elf_image_is_code(const struct elf_image *e, uint64_t vaddr, size_t len);
/* The file offset of an address; false when it is not in the file. */
bool elf_image_file_off(const struct elf_image *e, uint64_t vaddr, uint64_t *ret);
/* Integers of the file's byte order at p; the caller has checked the bounds. */
static inline bool elf_is_foreign(const struct elf_image *e)
{
	return e->big_endian != (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__);
}

static inline uint16_t elf_u16(const struct elf_image *e, const uint8_t *p)
{
	uint16_t v;

	memcpy(&v, p, sizeof(v));
	return elf_is_foreign(e) ? __builtin_bswap16(v) : v;
}

static inline uint32_t elf_u32(const struct elf_image *e, const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return elf_is_foreign(e) ? __builtin_bswap32(v) : v;
}

static inline uint64_t elf_u64(const struct elf_image *e, const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return elf_is_foreign(e) ? __builtin_bswap64(v) : v;
}

/*
 * A word of initialised data as the program sees it before it runs: the file's bytes, with the
 * R_*_RELATIVE relocations of a PIE applied (their addends are addresses as linked). A word is as
 * wide as the file's addresses: 8 bytes, 4 in ELF32. False when the file does not have it.
 */
bool elf_image_word(struct elf_image *e, uint64_t vaddr, uint64_t *ret);
/*
 * A word that the dynamic linker fills with a place in thread-local storage, from the thread
 * pointer (R_X86_64_TPOFF64). Only of a program: where a shared library's storage lies, only the
 * running program knows.
 */
bool elf_image_tls_word(struct elf_image *e, uint64_t vaddr, int64_t *ret);

#endif

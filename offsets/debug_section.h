/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A .debug_* section as a stream of bytes, whether it is stored as it is, compressed as ELF says
 * (SHF_COMPRESSED: zlib, which Go writes since 1.19, or zstd, which linkers and objcopy can write)
 * or as GNU did (.zdebug_*, Go up to 1.18; both by dwarfcompress in cmd/link/internal/ld/dwarf.go,
 * flagged in elf.go there). What a section claims is checked before anything is
 * inflated: a file of 1 MB can claim a terabyte.
 */
#ifndef GOLIN_OFFSETS_DEBUG_SECTION_H
#define GOLIN_OFFSETS_DEBUG_SECTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <zstd.h>

struct elf_image;
struct inflate_state;
struct golin_err;

enum debug_method { DEBUG_STORED, DEBUG_ZLIB, DEBUG_ZSTD };

struct debug_section {
	const struct elf_image *elf; /* borrowed */
	char name[64];		     /* as in the file: ".zdebug_info" */
	const uint8_t *data;
	uint64_t stored;   /* bytes in the file, behind the header of a compressed one */
	uint64_t size;	   /* bytes when inflated, as claimed */
	uint64_t pos;	   /* bytes read so far */
	uint64_t released; /* bytes of data that were given back, see elf_image_release() */
	enum debug_method method;
	struct inflate_state *z; /* of zlib; NULL before the first read */
	ZSTD_DStream *zstd;
	ZSTD_inBuffer in; /* of zstd */
	bool frame_ended; /* zstd: nothing of a frame is outstanding */
};

/*
 * Finds ".debug_NAME" or ".zdebug_NAME". -ENODATA: there is none, or it is empty; -EBADMSG: its
 * header is malformed or it claims too much; -EOPNOTSUPP: an unknown compression.
 */
int debug_section_open(const struct elf_image *e, const char *name, struct debug_section *ret,
		       struct golin_err *err);
/* Reads the next len bytes; exactly so many must be there. */
int debug_section_read(struct debug_section *s, void *dst, size_t len, struct golin_err *err);
void debug_section_done(struct debug_section *s);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An ELF file in memory that holds just the DWARF that is wanted: .debug_abbrev and the beginning
 * of .debug_info. libdw, given the whole file, would inflate every .debug section (190 ms and 64
 * MiB for a program of 78 MiB); given this it takes a millisecond or two.
 *
 * Addresses for all of .debug_info, as it claims to be, are reserved at once; the bytes come as the
 * walk goes on. Behind them libdw finds zeros: what it says is good only of entries that are there
 * as a whole, which the walk makes sure of (dwarf_skip.h). What it has said stays good.
 */
#ifndef GOLIN_OFFSETS_DWARF_ELF_H
#define GOLIN_OFFSETS_DWARF_ELF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <elfutils/libdw.h>
#include "base/err.h"
#include "debug_section.h"

struct elf_image;

/* The header of a unit in .debug_info. */
struct dwarf_unit {
	uint64_t off; /* of its header */
	uint64_t end; /* of the unit */
	uint64_t die; /* of its first DIE */
	uint64_t abbrev;
	uint16_t version;
	uint8_t addr_size;
	bool is_dwarf64;
	bool compile; /* DW_UT_compile; always so before DWARF 5 */
};

enum {
	DWARF_PART_ABBREV,
	DWARF_PART_STR,
	DWARF_PART_LINE_STR,
	DWARF_PART_STR_OFFSETS,
	DWARF_PART_MAX
};

struct dwarf_elf {
	const struct elf_image *elf; /* borrowed */
	struct debug_section info;   /* the stream from which .debug_info grows */
	struct debug_section parts[DWARF_PART_MAX];
	size_t part_off[DWARF_PART_MAX]; /* in buf; 0: there is no such section */
	uint8_t *buf;			 /* the file in memory */
	size_t cap;
	size_t info_off, info_len; /* .debug_info in buf: where, and how much of it is there */
	uint64_t inflated;	   /* bytes in buf that hold something, of all sections */
	bool with_strings;
	struct golin_err strings_err; /* why they cannot be had, should they be wanted */
	Elf *libelf;
	Dwarf *dbg;
};

/* -ENODATA: no .debug_info; -EBADMSG; -EOPNOTSUPP. */
int dwarf_elf_open(const struct elf_image *e, struct dwarf_elf *ret, struct golin_err *err);
void dwarf_elf_done(struct dwarf_elf *d);
/* Makes at least the first `want` bytes of .debug_info available, all of it when it has no more. */
int dwarf_elf_grow(struct dwarf_elf *d, uint64_t want, struct golin_err *err);
/*
 * Fills .debug_str, .debug_line_str and .debug_str_offsets, as far as the file has them. Go writes
 * names into .debug_info itself, so that this is rarely needed.
 */
int dwarf_elf_add_strings(struct dwarf_elf *d, struct golin_err *err);
/* Reads the header of the unit at off, growing as needed. -ENODATA: the section ends there. */
int dwarf_elf_unit(struct dwarf_elf *d, uint64_t off, struct dwarf_unit *ret,
		   struct golin_err *err);
static inline bool dwarf_elf_is_whole(const struct dwarf_elf *d)
{
	return d->info_len == d->info.size;
}

#endif

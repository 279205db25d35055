/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Damaged copies of real Go programs, the same for the same seed on every machine. Where a section
 * is compressed, what it holds is damaged and compressed again.
 */
#ifndef GOLIN_TESTS_DAMAGE_H
#define GOLIN_TESTS_DAMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct region {
	size_t off, len;
};

enum place {
	P_EHDR,
	P_PHDRS,
	P_SHDRS,
	P_PCLN_HEADER,
	P_FUNCTAB,
	P_FUNCS, /* _func structs */
	P_PCTAB,
	P_NAMES,
	P_INLINE, /* inline trees: go:func.* */
	P_BUILDINFO,
	P_MODULEDATA,
	P_NOTES,
	P_RELOCS,
	P_DYNAMIC,
	P_SYMTAB,
	P_TEXT,
	P_ANY,
	P_MAX
};

enum packing { PACK_NONE, PACK_ZLIB, PACK_ZSTD, PACK_GNU, PACK_MAX };

struct blob {
	uint8_t *p;
	size_t len;
};

struct program {
	const char *path;
	uint8_t *data;
	size_t len;
	struct region places[P_MAX]; /* len 0: it has none */
	/* Inflated; len 0: none. The section headers' offsets in the file. */
	struct blob info, abbrev;
	size_t info_shdr, abbrev_shdr;
	bool gnu_names;	     /* .zdebug_* */
	struct region types; /* the unit with Go's types, in info */
	size_t *units;	     /* where units begin in info */
	size_t nunits;
};

/* False, with a message, when it cannot be read. */
bool program_open(const char *path, struct program *ret);

/* The damaged copy number `seed`, malloc'ed; *ret_kind says what was done. */
uint8_t *damage(const struct program *p, uint64_t seed, size_t *ret_len, const char **ret_kind);
/* A copy with other DWARF. */
uint8_t *with_dwarf(const struct program *p, const struct blob *info, const struct blob *abbrev,
		    enum packing packing, size_t *ret_len);
/* Appends a section's content to the copy at *file and points its header there. */
void move_section(struct blob *file, size_t shdr, const struct blob *content, uint64_t flags);
struct blob pack(const struct blob *b, enum packing packing, uint64_t claim);

/* Crafted files: bombs and traps, one for each number; NULL behind the last. */
uint8_t *bomb(const struct program *p, unsigned number, size_t *ret_len, const char **ret_kind);

#endif

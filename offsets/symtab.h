/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The functions of .symtab. Go's symbols bear Go's names ("runtime.newproc"); where a function has
 * two ABIs, the wrapper or the assembly function is "NAME.abi0" (since 1.17,
 * mangleABIName in cmd/link/internal/ld/symtab.go). Stripped programs have no .symtab:
 * there .gopclntab tells (pclntab.h).
 */
#ifndef GOLIN_OFFSETS_SYMTAB_H
#define GOLIN_OFFSETS_SYMTAB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct elf_image;

struct symtab {
	const struct elf_image *elf; /* borrowed */
	const uint8_t *syms;
	size_t nsyms, entsize;
	const char *str; /* ends with NUL: what stands behind the last NUL is left out */
	size_t str_len;
};

struct symtab_sym {
	const char *name; /* within the file, not cleaned */
	uint64_t value, size;
	uint8_t type;	/* STT_FUNC ... */
	uint16_t shndx; /* SHN_UNDEF: only referred to */
};

/* False when there is no symbol table, or none that can be read. */
bool symtab_open(const struct elf_image *e, struct symtab *ret);
/* False when i is out of bounds or the symbol's name lies outside of the string table. */
bool symtab_get(const struct symtab *t, size_t i, struct symtab_sym *ret);
/* A defined symbol of this type (STT_FUNC, STT_OBJECT) and exact name. */
bool symtab_find(const struct symtab *t, const char *name, uint8_t type, struct symtab_sym *ret);
/* A function as [lo, hi): `name` itself, or else what stands as "name.abi0". */
bool symtab_func(const struct symtab *t, const char *name, uint64_t *ret_lo, uint64_t *ret_hi);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * runtime.firstmoduledata (struct moduledata in runtime/symtab.go): where Go's text, types and
 * function data lie; and the two data symbols that the runtime's own code gives away when there is
 * no symbol table.
 */
#ifndef GOLIN_OFFSETS_MODULEDATA_H
#define GOLIN_OFFSETS_MODULEDATA_H

#include <stdbool.h>
#include <stdint.h>

struct elf_image;
struct golin_err;
struct pclntab;

struct moduledata {
	uint64_t vaddr; /* where it stands, as linked */
	uint64_t text, etext;
	uint64_t types, etypes;
	uint64_t rodata; /* 0 before 1.18 */
	uint64_t gofunc; /* 0 before 1.18 */
};

/*
 * By the section .go.module (1.26 and later, cmd/link/internal/ld/data.go), else by the pointer to
 * the function table in the writable segments. A match counts only when its own fields agree with
 * that table.
 */
int moduledata_find(struct elf_image *elf, const struct pclntab *t, uint16_t minor,
		    struct moduledata *ret, struct golin_err *err);

/* runtime.allgs as linked, from the code of runtime.allgadd; 0 when it cannot be told. */
uint64_t moduledata_allgs(struct elf_image *elf, const struct pclntab *t);
/*
 * The variables context.background and context.todo of Go up to 1.20, as linked, from the code that
 * compares with one, then the other: (*emptyCtx).String in context/context.go. 0, 0: not found.
 */
void moduledata_empty_contexts(struct elf_image *elf, const struct pclntab *t, uint64_t ret[2]);
/* Does [lo, hi), which is not empty, lie in a segment? */
bool moduledata_is_mapped(const struct elf_image *elf, uint64_t lo, uint64_t hi);
/* Do these bytes lie in a writable segment? */
bool moduledata_is_data(const struct elf_image *elf, uint64_t vaddr, uint64_t len);
/* The TLS slot of g from the fs base (-8), from code that loads it; 0 when it cannot be told. */
int64_t moduledata_tls_g(struct elf_image *elf, const struct pclntab *t, uint16_t minor);

#endif

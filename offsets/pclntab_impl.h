/* SPDX-License-Identifier: BSD-2-Clause */
/* Private to pclntab*.c: how the table's structs look, and reading them within bounds. */
#ifndef GOLIN_OFFSETS_PCLNTAB_IMPL_H
#define GOLIN_OFFSETS_PCLNTAB_IMPL_H

#include "elf_image.h"
#include "pclntab.h"

/*
 * Where the members of runtime._func stand; 0: there is none. Up to 1.17 the first is an address,
 * so that all the others stand 4 bytes earlier where that has 4.
 */
struct func_shape {
	uint8_t size, name, pcfile, pcln, npcdata, cu, id, flag, nfuncdata, start_line;
};

const struct func_shape *pcln_shape(const struct pclntab *t);
/* runtime.funcID of wrappers. */
uint8_t pcln_wrapper_id(uint16_t minor);
/* A string of the table that ends within it; NULL if it does not. */
const char *pcln_str(const struct pcln_span *s, uint64_t off, size_t *ret_len);

/* What the table at that offset says of a pc in f; -1 nothing. */
int32_t pcln_value(const struct pclntab *t, const struct pcln_func *f, uint32_t off, uint64_t pc);
/* The address of a function's data number i; 0 when it has none. */
uint64_t pcln_funcdata(const struct pclntab *t, const struct pcln_func *f, uint32_t i);

static inline uint32_t rd32(const struct pclntab *t, const uint8_t *p)
{
	return elf_u32(t->elf, p);
}

#endif

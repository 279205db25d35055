/* SPDX-License-Identifier: BSD-2-Clause */
/* Where runtime.mheap_ lies: by its arenas one finds the object that an address is part of. */
#ifndef GOLIN_OFFSETS_MHEAP_H
#define GOLIN_OFFSETS_MHEAP_H

#include "elf_image.h"
#include "pclntab.h"

/* As linked, from the code that sets it up (mallocinit in runtime/malloc.go); 0: not found. */
uint64_t mheap_find(struct elf_image *elf, const struct pclntab *t);
/* The same from the symbol table. */
uint64_t mheap_symbol(struct elf_image *elf);

#endif

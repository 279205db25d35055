/* SPDX-License-Identifier: BSD-2-Clause */
/* Where the runtime keeps its timers: in runtime.allp's Ps, until Go 1.13 in runtime.timers. */
#ifndef GOLIN_OFFSETS_TIMER_HEAPS_H
#define GOLIN_OFFSETS_TIMER_HEAPS_H

#include "elf_image.h"
#include "pclntab.h"

/* runtime.allp, or runtime.timers up to 1.13, as linked, from the code; 0: it cannot be told. */
uint64_t timer_heaps_find(struct elf_image *elf, const struct pclntab *t, uint16_t minor);
/* The same from the symbol table. */
uint64_t timer_heaps_symbol(struct elf_image *elf, uint16_t minor);

#endif

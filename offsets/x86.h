/* SPDX-License-Identifier: BSD-2-Clause */
/* Decoding of the file's amd64 code, an instruction at a time (Zydis). */
#ifndef GOLIN_OFFSETS_X86_H
#define GOLIN_OFFSETS_X86_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <Zydis/Zydis.h>

struct elf_image;

struct x86_insn {
	uint64_t addr; /* as linked */
	uint64_t next; /* the address behind it */
	ZydisDecodedInstruction i;
	ZydisDecodedOperand ops[ZYDIS_MAX_OPERAND_COUNT];
};

/* The instruction at addr, which must end at or below `limit`; false when it is none. */
bool x86_decode(const struct elf_image *e, uint64_t addr, uint64_t limit, struct x86_insn *ret);
/* The target of a direct, relative call, jmp or jcc. */
bool x86_target(const struct x86_insn *insn, uint64_t *ret);
/* The address of the instruction's RIP-relative memory operand. */
bool x86_rip_mem(const struct x86_insn *insn, uint64_t *ret);
/* "jbe 0x47e120", in Intel's syntax; cut to cap. */
void x86_format(const struct x86_insn *insn, char *dst, size_t cap);
/* 0 rax .. 15 r15, as the processor counts; -1 when it is no 64-bit general register. */
int x86_reg_number(ZydisRegister reg);
/* May the instruction change general register `reg`, or a part of it? A call changes all. */
bool x86_writes(const struct x86_insn *insn, int reg);
/* No effect at all: nop of any length, xchg %ax,%ax. */
bool x86_is_nop(const struct x86_insn *insn);

static inline bool x86_is_jcc(const struct x86_insn *insn)
{
	return insn->i.meta.category == ZYDIS_CATEGORY_COND_BR;
}

#endif

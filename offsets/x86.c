/* SPDX-License-Identifier: BSD-2-Clause */
#include "x86.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include "elf_image.h"

static ZydisDecoder decoder;
static pthread_once_t decoder_once = PTHREAD_ONCE_INIT;

static void init_decoder(void)
{
	/* It refuses only modes that do not go together. */
	(void)ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
}

bool x86_decode(const struct elf_image *e, uint64_t addr, uint64_t limit, struct x86_insn *ret)
{
	size_t avail = elf_image_avail(e, addr);
	const uint8_t *p;

	pthread_once(&decoder_once, init_decoder);
	if (addr >= limit)
		return false;
	if (avail > limit - addr)
		avail = limit - addr;
	if (avail > ZYDIS_MAX_INSTRUCTION_LENGTH)
		avail = ZYDIS_MAX_INSTRUCTION_LENGTH;
	p = avail ? elf_image_at(e, addr, avail) : NULL;
	if (!p || ZYAN_FAILED(ZydisDecoderDecodeFull(&decoder, p, avail, &ret->i, ret->ops)))
		return false;
	ret->addr = addr;
	ret->next = addr + ret->i.length;
	return true;
}

bool x86_target(const struct x86_insn *insn, uint64_t *ret)
{
	ZydisInstructionCategory c = insn->i.meta.category;

	if (c != ZYDIS_CATEGORY_CALL && c != ZYDIS_CATEGORY_UNCOND_BR &&
	    c != ZYDIS_CATEGORY_COND_BR)
		return false;
	if (insn->ops[0].type != ZYDIS_OPERAND_TYPE_IMMEDIATE || !insn->ops[0].imm.is_relative)
		return false;
	return ZYAN_SUCCESS(ZydisCalcAbsoluteAddress(&insn->i, &insn->ops[0], insn->addr, ret));
}

bool x86_rip_mem(const struct x86_insn *insn, uint64_t *ret)
{
	for (int i = 0; i < insn->i.operand_count_visible; i++) {
		const ZydisDecodedOperand *op = &insn->ops[i];

		if (op->type != ZYDIS_OPERAND_TYPE_MEMORY || op->mem.base != ZYDIS_REGISTER_RIP)
			continue;
		return ZYAN_SUCCESS(ZydisCalcAbsoluteAddress(&insn->i, op, insn->addr, ret));
	}
	return false;
}

void x86_format(const struct x86_insn *insn, char *dst, size_t cap)
{
	ZydisFormatter f;
	char text[128];

	if (ZYAN_FAILED(ZydisFormatterInit(&f, ZYDIS_FORMATTER_STYLE_INTEL)))
		return;
	ZydisFormatterSetProperty(&f, ZYDIS_FORMATTER_PROP_HEX_UPPERCASE, ZYAN_FALSE);
	ZydisFormatterSetProperty(&f, ZYDIS_FORMATTER_PROP_ADDR_PADDING_ABSOLUTE,
				  ZYDIS_PADDING_DISABLED);
	ZydisFormatterSetProperty(&f, ZYDIS_FORMATTER_PROP_DISP_PADDING, ZYDIS_PADDING_DISABLED);
	ZydisFormatterSetProperty(&f, ZYDIS_FORMATTER_PROP_IMM_PADDING, ZYDIS_PADDING_DISABLED);
	if (ZYAN_FAILED(ZydisFormatterFormatInstruction(&f, &insn->i, insn->ops,
							insn->i.operand_count_visible, text,
							sizeof(text), insn->addr, ZYAN_NULL)))
		return;
	snprintf(dst, cap, "%s", text);
}

int x86_reg_number(ZydisRegister reg)
{
	if (reg < ZYDIS_REGISTER_RAX || reg > ZYDIS_REGISTER_R15)
		return -1;
	return ZydisRegisterGetId(reg);
}

bool x86_writes(const struct x86_insn *insn, int reg)
{
	if (insn->i.meta.category == ZYDIS_CATEGORY_CALL)
		return true;
	for (int i = 0; i < insn->i.operand_count; i++) {
		const ZydisDecodedOperand *op = &insn->ops[i];

		if (op->type == ZYDIS_OPERAND_TYPE_REGISTER &&
		    op->actions & ZYDIS_OPERAND_ACTION_MASK_WRITE &&
		    x86_reg_number(ZydisRegisterGetLargestEnclosing(ZYDIS_MACHINE_MODE_LONG_64,
								    op->reg.value)) == reg)
			return true;
	}
	return false;
}

bool x86_is_nop(const struct x86_insn *insn)
{
	return insn->i.mnemonic == ZYDIS_MNEMONIC_NOP ||
	       (insn->i.mnemonic == ZYDIS_MNEMONIC_XCHG &&
		insn->ops[0].type == ZYDIS_OPERAND_TYPE_REGISTER &&
		insn->ops[1].type == ZYDIS_OPERAND_TYPE_REGISTER &&
		insn->ops[0].reg.value == insn->ops[1].reg.value);
}

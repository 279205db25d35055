/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where a probe goes. A function's entry is the wrong place: when the stack grows, the prologue
 * runs twice. Behind the stack check, or at its branch with the flags looked at, a probe fires
 * once a call, with the arguments, the stack pointer and the frame pointer as at the entry; and
 * the kernel emulates a jbe, a push and a call, where it would single-step a cmp or a sub.
 */
#include <elf.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "code.h"
#include "image.h"
#include "site.h"
#include "x86.h"

enum {
	/* The longest prologue before its branch: that of 1.16 with a huge frame has nine. */
	PROLOGUE_INSNS = 12,
	/* Spills of all argument registers stand before the call of morestack. */
	MORESTACK_INSNS = 64,
	CF_ZF = 0x41,
};

void site_fail(struct golin_site *s, int error, const char *fmt, ...)
{
	va_list ap;

	s->error = error;
	va_start(ap, fmt);
	vsnprintf(s->why, sizeof(s->why), fmt, ap);
	va_end(ap);
}

static enum golin_insn classify(const struct x86_insn *in)
{
	uint64_t ignored;

	switch (in->i.mnemonic) {
	case ZYDIS_MNEMONIC_JBE:
		return GOLIN_INSN_JBE;
	case ZYDIS_MNEMONIC_PUSH:
		return in->ops[0].type == ZYDIS_OPERAND_TYPE_REGISTER ? GOLIN_INSN_PUSH
								      : GOLIN_INSN_OTHER;
	case ZYDIS_MNEMONIC_NOP:
		return in->i.length == 5 ? GOLIN_INSN_NOP5 : GOLIN_INSN_OTHER;
	case ZYDIS_MNEMONIC_CALL:
		return x86_target(in, &ignored) ? GOLIN_INSN_CALL : GOLIN_INSN_OTHER;
	default:
		return x86_is_jcc(in) ? GOLIN_INSN_JCC : GOLIN_INSN_OTHER;
	}
}

void site_put(struct golin_image *img, const struct x86_insn *in, struct golin_site *s)
{
	s->insn = classify(in);
	s->vaddr = in->addr;
	x86_format(in, s->text, sizeof(s->text));
	if (!elf_image_file_off(&img->elf, in->addr, &s->file_off))
		site_fail(s, -ENODATA, "0x%" PRIx64 " is not in the file", in->addr);
}

/* Does the code at `addr` spill registers and call morestack? */
static bool calls_morestack(struct golin_image *img, const struct pcln_func *f, uint64_t addr)
{
	struct x86_insn in;
	struct pcln_func to;
	uint64_t target;

	for (int i = 0; i < MORESTACK_INSNS && x86_decode(&img->elf, addr, f->hi, &in); i++) {
		switch (in.i.mnemonic) {
		case ZYDIS_MNEMONIC_CALL:
			return x86_target(&in, &target) &&
			       pclntab_find_pc(&img->code->tab, target, &to) && to.lo == target &&
			       !strncmp(to.name, "runtime.morestack", 17);
		case ZYDIS_MNEMONIC_RET:
		case ZYDIS_MNEMONIC_JMP:
			return false;
		default:
			addr = in.next;
		}
	}
	return false;
}

/*
 * An instruction that computes what the stack check compares. It leaves memory, the frame and the
 * arguments as they are: since these stand in registers it changes only %r12 and %r13.
 */
static bool is_check_arithmetic(const struct x86_insn *in, bool regabi)
{
	int reg;

	switch (in->i.mnemonic) {
	case ZYDIS_MNEMONIC_NOP:
	case ZYDIS_MNEMONIC_CMP:
		return true;
	case ZYDIS_MNEMONIC_MOV:
	case ZYDIS_MNEMONIC_LEA:
	case ZYDIS_MNEMONIC_SUB:
		if (in->ops[0].type != ZYDIS_OPERAND_TYPE_REGISTER)
			return false;
		reg = x86_reg_number(in->ops[0].reg.value);
		if (regabi)
			return reg == 12 || reg == 13;
		return reg >= 0 && reg != SITE_RSP && reg != SITE_RBP;
	default:
		return false;
	}
}

/*
 * The register of g, when `in` reads its stack guard, 16 bytes in (24 in functions that run on a
 * thread's own stack only); else what it was so far.
 */
static uint8_t g_register(const struct x86_insn *in, uint8_t sofar)
{
	for (int i = 0; i < in->i.operand_count_visible; i++) {
		const ZydisDecodedOperand *op = &in->ops[i];
		int reg = op->type == ZYDIS_OPERAND_TYPE_MEMORY ? x86_reg_number(op->mem.base) : -1;

		if (reg >= 0 && reg != SITE_RSP &&
		    (op->mem.disp.value == 16 || op->mem.disp.value == 24) &&
		    op->mem.segment == ZYDIS_REGISTER_DS && in->i.mnemonic != ZYDIS_MNEMONIC_LEA)
			sofar = (uint8_t)reg;
	}
	return sofar != GOLIN_REG_NONE && x86_writes(in, sofar) ? GOLIN_REG_NONE : sofar;
}

static void find_prologue(struct golin_image *img, const struct pcln_func *f, struct golin_site *s)
{
	struct x86_insn in, next;
	uint64_t addr = f->lo, target;
	bool compared = false, regabi = img->info.go.minor >= SITE_MINOR_REGABI;

	for (int i = 0; i < PROLOGUE_INSNS && x86_decode(&img->elf, addr, f->hi, &in); i++) {
		addr = in.next;
		if (in.i.mnemonic == ZYDIS_MNEMONIC_JBE && compared)
			goto found;
		compared |= in.i.mnemonic == ZYDIS_MNEMONIC_CMP;
		s->g_reg = g_register(&in, s->g_reg);
		/* Huge frames look first for a stack that is to be preempted, or a wrap. */
		if ((in.i.mnemonic == ZYDIS_MNEMONIC_JB || in.i.mnemonic == ZYDIS_MNEMONIC_JZ) &&
		    x86_target(&in, &target) && target > in.addr && target < f->hi &&
		    calls_morestack(img, f, target))
			continue;
		if (!is_check_arithmetic(&in, regabi))
			break;
	}
	site_fail(s, -ENODATA, "no stack check in the prologue");
	return;
found:
	if (!x86_target(&in, &target) || target <= in.addr || target >= f->hi ||
	    !calls_morestack(img, f, target)) {
		site_fail(s, -ENODATA, "the first jbe does not lead to morestack");
		return;
	}
	if (x86_decode(&img->elf, in.next, f->hi, &next) &&
	    next.i.mnemonic == ZYDIS_MNEMONIC_PUSH &&
	    next.ops[0].type == ZYDIS_OPERAND_TYPE_REGISTER &&
	    next.ops[0].reg.value == ZYDIS_REGISTER_RBP) {
		snprintf(s->why, sizeof(s->why), "behind the stack check; runs once a call");
		site_put(img, &next, s);
		return;
	}
	s->drop_flags = CF_ZF;
	snprintf(s->why, sizeof(s->why), "branch to morestack; CF or ZF: the stack grows");
	site_put(img, &in, s);
}

static void find_entry(struct golin_image *img, const struct pcln_func *f, struct golin_site *s)
{
	struct golin_site check = {0};
	struct x86_insn in;

	if (!x86_decode(&img->elf, f->lo, f->hi, &in)) {
		site_fail(s, -ENODATA, "no instruction at +0x0");
		return;
	}
	find_prologue(img, f, &check);
	snprintf(s->why, sizeof(s->why), "%s",
		 check.error ? "the entry; no stack check, so it runs once a call"
			     : "the entry; runs again when the stack grows");
	site_put(img, &in, s);
}

static void find_once(struct golin_image *img, const struct pcln_func *f, struct golin_site *s)
{
	struct golin_site prologue = *s;

	find_prologue(img, f, &prologue);
	if (prologue.error)
		find_entry(img, f, s);
	else
		*s = prologue;
}

int golin_image_site(struct golin_image *img, const struct golin_site_want *want,
		     struct golin_site *ret)
{
	struct golin_site s = {
		.base_reg = GOLIN_REG_NONE, .value_reg = GOLIN_REG_NONE, .g_reg = GOLIN_REG_NONE};
	struct pcln_func f;

	if (!img->code) {
		site_fail(&s, img->code_err.code ? img->code_err.code : -ENODATA, "%.71s",
			  img->code_err.msg);
	} else if (img->elf.machine != EM_X86_64) {
		site_fail(&s, -EOPNOTSUPP, "probes need an amd64 program");
	} else if (!pclntab_find_name(&img->code->tab, want->func, &f)) {
		if (pclntab_has_name(&img->code->tab, want->func))
			site_fail(&s, -ENODATA, "inlined wherever it is called");
		else
			site_fail(&s, -ENOENT, "no such function in the binary");
	} else if (!elf_image_is_code(&img->elf, f.lo, f.hi - f.lo)) {
		site_fail(&s, -ENODATA, "the function's code is not in the file");
	} else {
		s.func_lo = f.lo;
		s.func_hi = f.hi;
		switch (want->kind) {
		case GOLIN_SITE_PROLOGUE:
			find_prologue(img, &f, &s);
			break;
		case GOLIN_SITE_ONCE:
			find_once(img, &f, &s);
			break;
		case GOLIN_SITE_CALL:
			site_find_call(img, &f, want->target, &s);
			break;
		case GOLIN_SITE_STORE:
			site_find_store(img, &f, want->disp, &s);
			break;
		case GOLIN_SITE_BARRIER:
			site_find_barrier(img, &f, want->disp, &s);
			break;
		case GOLIN_SITE_COMMIT:
			site_find_commit(img, &f, want->disp, &s);
			break;
		case GOLIN_SITE_RESULT:
			site_find_result(img, &f, want->target, &s);
			break;
		case GOLIN_SITE_ENTRY:
			find_entry(img, &f, &s);
			break;
		default:
			site_fail(&s, -EINVAL, "no such kind of site: %u", want->kind);
		}
	}
	if (!s.error && image_code_inlined(img, want->func)) {
		size_t len = strlen(s.why);

		s.partial = 1;
		snprintf(s.why + len, sizeof(s.why) - len, "; inlined elsewhere too");
	}
	*ret = s;
	return s.error;
}

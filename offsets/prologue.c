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
#include "x86.h"

enum {
	/* The longest prologue before its branch: that of 1.16 with a huge frame has nine. */
	PROLOGUE_INSNS = 12,
	/* Spills of all argument registers stand before the call of morestack. */
	MORESTACK_INSNS = 64,
	/* Longer than any function of the runtime that is probed. */
	FUNC_INSNS = 1 << 16,
	CF_ZF = 0x41,
};

static void fail(struct golin_site *s, int error, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static void fail(struct golin_site *s, int error, const char *fmt, ...)
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
		return GOLIN_INSN_OTHER;
	}
}

static void put(struct golin_image *img, const struct x86_insn *in, struct golin_site *s)
{
	s->insn = classify(in);
	s->vaddr = in->addr;
	x86_format(in, s->text, sizeof(s->text));
	if (!elf_image_file_off(&img->elf, in->addr, &s->file_off))
		fail(s, -ENODATA, "0x%" PRIx64 " is not in the file", in->addr);
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

/* An instruction that computes what the stack check compares: it changes a scratch register. */
static bool is_check_arithmetic(const struct x86_insn *in)
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
		return reg >= 0 && reg != 4 /* rsp */ && reg != 5 /* rbp */;
	default:
		return false;
	}
}

static void find_prologue(struct golin_image *img, const struct pcln_func *f, struct golin_site *s)
{
	struct x86_insn in, next;
	uint64_t addr = f->lo, target;
	bool compared = false;

	for (int i = 0; i < PROLOGUE_INSNS && x86_decode(&img->elf, addr, f->hi, &in); i++) {
		addr = in.next;
		if (in.i.mnemonic == ZYDIS_MNEMONIC_JBE && compared)
			goto found;
		compared |= in.i.mnemonic == ZYDIS_MNEMONIC_CMP;
		/* Huge frames look first for a stack that is to be preempted, or a wrap. */
		if ((in.i.mnemonic == ZYDIS_MNEMONIC_JB || in.i.mnemonic == ZYDIS_MNEMONIC_JZ) &&
		    x86_target(&in, &target) && target > in.addr && target < f->hi &&
		    calls_morestack(img, f, target))
			continue;
		if (!is_check_arithmetic(&in))
			break;
	}
	fail(s, -ENODATA, "no stack check in the prologue");
	return;
found:
	if (!x86_target(&in, &target) || target <= in.addr || target >= f->hi ||
	    !calls_morestack(img, f, target)) {
		fail(s, -ENODATA, "the first jbe does not lead to morestack");
		return;
	}
	if (x86_decode(&img->elf, in.next, f->hi, &next) &&
	    next.i.mnemonic == ZYDIS_MNEMONIC_PUSH &&
	    next.ops[0].type == ZYDIS_OPERAND_TYPE_REGISTER &&
	    next.ops[0].reg.value == ZYDIS_REGISTER_RBP) {
		snprintf(s->why, sizeof(s->why), "behind the stack check; runs once a call");
		put(img, &next, s);
		return;
	}
	s->drop_flags = CF_ZF;
	snprintf(s->why, sizeof(s->why), "branch to morestack; CF or ZF: the stack grows");
	put(img, &in, s);
}

static void find_call(struct golin_image *img, const struct pcln_func *f, const char *target,
		      struct golin_site *s)
{
	struct x86_insn in, found;
	uint64_t addr = f->lo, to;
	struct pcln_func callee;
	unsigned n = 0;

	for (int i = 0; i < FUNC_INSNS && addr < f->hi; i++, addr = in.next) {
		if (!x86_decode(&img->elf, addr, f->hi, &in)) {
			fail(s, -ENODATA, "no instruction at +0x%" PRIx64, addr - f->lo);
			return;
		}
		if (in.i.mnemonic != ZYDIS_MNEMONIC_CALL || !x86_target(&in, &to) ||
		    !pclntab_find_pc(&img->code->tab, to, &callee) || callee.lo != to ||
		    strcmp(callee.name, target))
			continue;
		found = in;
		n++;
	}
	if (n != 1) {
		fail(s, -ENODATA, "%u calls of %.40s in it, not one", n, target);
		return;
	}
	snprintf(s->why, sizeof(s->why), "the only call of %.48s", target);
	put(img, &found, s);
}

/*
 * The store is where the compiler joins the path with a write barrier and the one without: on the
 * way with the barrier the two pointers go to the barrier's buffer first, through %r11, and then
 * both ways run the store itself. So it runs once a call, and its two registers hold what is
 * stored and where. More than one match would be a shape that was never seen: refused.
 */
static void find_store(struct golin_image *img, const struct pcln_func *f, int32_t disp,
		       struct golin_site *s)
{
	struct x86_insn in, found;
	uint64_t addr = f->lo;
	bool called = false;
	unsigned n = 0;

	for (int i = 0; i < FUNC_INSNS && addr < f->hi; i++, addr = in.next) {
		const ZydisDecodedOperand *dst, *src;
		int base, value;

		if (!x86_decode(&img->elf, addr, f->hi, &in)) {
			fail(s, -ENODATA, "no instruction at +0x%" PRIx64, addr - f->lo);
			return;
		}
		called |= in.i.mnemonic == ZYDIS_MNEMONIC_CALL;
		dst = &in.ops[0];
		src = &in.ops[1];
		if (!called || in.i.mnemonic != ZYDIS_MNEMONIC_MOV || dst->size != 64 ||
		    dst->type != ZYDIS_OPERAND_TYPE_MEMORY ||
		    src->type != ZYDIS_OPERAND_TYPE_REGISTER || dst->mem.disp.value != disp ||
		    dst->mem.index != ZYDIS_REGISTER_NONE)
			continue;
		base = x86_reg_number(dst->mem.base);
		value = x86_reg_number(src->reg.value);
		if (base < 0 || value < 0 || base == 4 || base == 5)
			continue;
		if (!n++) {
			found = in;
			s->base_reg = base;
			s->value_reg = value;
		}
	}
	if (n != 1) {
		fail(s, -ENODATA, "%u stores to +%d behind its first call, not one", n, disp);
		return;
	}
	snprintf(s->why, sizeof(s->why), "the only store to +%d; both barrier paths run it", disp);
	put(img, &found, s);
}

static void find_entry(struct golin_image *img, const struct pcln_func *f, struct golin_site *s)
{
	struct golin_site check = {0};
	struct x86_insn in;

	if (!x86_decode(&img->elf, f->lo, f->hi, &in)) {
		fail(s, -ENODATA, "no instruction at +0x0");
		return;
	}
	find_prologue(img, f, &check);
	snprintf(s->why, sizeof(s->why), "%s",
		 check.error ? "the entry; no stack check, so it runs once a call"
			     : "the entry; runs again when the stack grows");
	put(img, &in, s);
}

int golin_image_site(struct golin_image *img, const struct golin_site_want *want,
		     struct golin_site *ret)
{
	struct golin_site s = {0};
	struct pcln_func f;

	if (!img->code) {
		fail(&s, img->code_err.code ? img->code_err.code : -ENODATA, "%.71s",
		     img->code_err.msg);
	} else if (img->elf.machine != EM_X86_64) {
		fail(&s, -EOPNOTSUPP, "probes need an amd64 program");
	} else if (!pclntab_find_name(&img->code->tab, want->func, &f)) {
		fail(&s, -ENOENT, "no such function in the binary");
	} else {
		s.func_lo = f.lo;
		s.func_hi = f.hi;
		switch (want->kind) {
		case GOLIN_SITE_PROLOGUE:
			find_prologue(img, &f, &s);
			break;
		case GOLIN_SITE_CALL:
			find_call(img, &f, want->target, &s);
			break;
		case GOLIN_SITE_STORE:
			find_store(img, &f, want->disp, &s);
			break;
		case GOLIN_SITE_ENTRY:
			find_entry(img, &f, &s);
			break;
		default:
			fail(&s, -EINVAL, "no such kind of site: %u", want->kind);
		}
	}
	*ret = s;
	return s.error;
}

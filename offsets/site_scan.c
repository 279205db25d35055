/* SPDX-License-Identifier: BSD-2-Clause */
/* Hook sites in the middle of a function: calls, stores, branches. */
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include "code.h"
#include "image.h"
#include "site.h"
#include "x86.h"

enum {
	/* From a branch on the write barrier to its call: registers are loaded before it. */
	BARRIER_INSNS = 16,
	ZF = 0x40,
};

/* Is it a direct call of exactly that function? */
static bool is_call_of(struct golin_image *img, const struct x86_insn *in, const char *target)
{
	struct pcln_func callee;
	uint64_t to;

	return in->i.mnemonic == ZYDIS_MNEMONIC_CALL && x86_target(in, &to) &&
	       pclntab_find_pc(&img->code->tab, to, &callee) && callee.lo == to &&
	       !strcmp(callee.name, target);
}

static bool is_nop5(struct golin_image *img, const struct x86_insn *in)
{
	static const uint8_t nop5[] = {0x0f, 0x1f, 0x44, 0x00, 0x00};
	const uint8_t *p = in->i.length == 5 ? elf_image_at(&img->elf, in->addr, 5) : NULL;

	return p && !memcmp(p, nop5, 5);
}

/* Does any direct jump in the function lead there? Then not all come by what stands before it. */
static bool is_jumped_to(struct golin_image *img, const struct pcln_func *f, uint64_t addr)
{
	struct x86_insn in;
	uint64_t at = f->lo, to;

	for (int i = 0; i < SITE_FUNC_INSNS && x86_decode(&img->elf, at, f->hi, &in); i++) {
		if (in.i.mnemonic != ZYDIS_MNEMONIC_CALL && x86_target(&in, &to) && to == addr)
			return true;
		at = in.next;
	}
	return at < f->hi;
}

/* The only call of `target` in f, and the instruction before it; false, with s failed. */
static bool only_call(struct golin_image *img, const struct pcln_func *f, const char *target,
		      struct golin_site *s, struct x86_insn *ret, struct x86_insn *ret_before)
{
	struct x86_insn in, before = {0};
	uint64_t addr = f->lo;
	unsigned n = 0;

	for (int i = 0; i < SITE_FUNC_INSNS && addr < f->hi; i++, addr = in.next) {
		if (!x86_decode(&img->elf, addr, f->hi, &in)) {
			site_fail(s, -ENODATA, "no instruction at +0x%" PRIx64, addr - f->lo);
			return false;
		}
		if (is_call_of(img, &in, target)) {
			*ret = in;
			*ret_before = before;
			n++;
		}
		before = in;
	}
	if (n == 1)
		return true;
	site_fail(s, -ENODATA, "%u calls of %.40s in it, not one", n, target);
	return false;
}

void site_find_call(struct golin_image *img, const struct pcln_func *f, const char *target,
		    struct golin_site *s)
{
	struct x86_insn call, before;

	if (!only_call(img, f, target, s, &call, &before))
		return;
	snprintf(s->why, sizeof(s->why), "the only call of %.48s", target);
	site_put(img, &call, s);
	if (!s->error && before.next == call.addr && is_nop5(img, &before) &&
	    !is_jumped_to(img, f, call.addr))
		s->nop5_off = s->file_off - 5;
}

/*
 * The store is where the compiler joins the path with a write barrier and the one without: on the
 * way with the barrier the two pointers go to the barrier's buffer first, through %r11, and then
 * both ways run the store itself. So it runs once a call, and its two registers hold what is
 * stored and where. More than one match would be a shape that was never seen: refused.
 */
void site_find_store(struct golin_image *img, const struct pcln_func *f, int32_t disp,
		     struct golin_site *s)
{
	struct x86_insn in, found;
	uint64_t addr = f->lo;
	bool called = false;
	unsigned n = 0;

	for (int i = 0; i < SITE_FUNC_INSNS && addr < f->hi; i++, addr = in.next) {
		const ZydisDecodedOperand *dst, *src;
		int base, value;

		if (!x86_decode(&img->elf, addr, f->hi, &in)) {
			site_fail(s, -ENODATA, "no instruction at +0x%" PRIx64, addr - f->lo);
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
		if (base < 0 || value < 0 || base == SITE_RSP || base == SITE_RBP)
			continue;
		if (!n++) {
			found = in;
			s->base_reg = base;
			s->value_reg = value;
		}
	}
	if (n != 1) {
		site_fail(s, -ENODATA, "%u stores to +%d behind its first call, not one", n, disp);
		return;
	}
	snprintf(s->why, sizeof(s->why), "the only store to +%d; both barrier paths run it", disp);
	site_put(img, &found, s);
}

/* ---- the branch on the write barrier ---- */

/*
 * The frame, followed from the entry on: where %rsp and %rbp point, in bytes from where the return
 * address stands, and which argument words the function has put where its caller left room.
 */
struct frame {
	int64_t sp, bp;
	bool sp_known, bp_known;
	uint32_t spilled;   /* argument words that stand in their places */
	uint32_t merged;    /* places that got the word of another argument */
	uint32_t overwrote; /* places that got something else */
	uint32_t changed;   /* argument registers that no longer hold their word */
	/* As the body of the function has it: what stands behind a return is jumped to. */
	int64_t body_sp;
	bool in_body;
};

enum { FRAME_ARGS = 9 };
static const uint8_t arg_regs[FRAME_ARGS] = {0, 3, 1, 7, 6, 8, 9, 10, 11};

static int arg_of_reg(int reg)
{
	for (int i = 0; i < FRAME_ARGS; i++)
		if (arg_regs[i] == reg)
			return i;
	return -1;
}

/* A store to a place of an argument. */
static void frame_store(struct frame *fr, const struct x86_insn *in)
{
	const ZydisDecodedOperand *dst = &in->ops[0], *src = &in->ops[1];
	int64_t at = dst->mem.disp.value, slot;
	int arg = -1;

	if (dst->mem.base == ZYDIS_REGISTER_RSP && fr->sp_known)
		at += fr->sp;
	else if (dst->mem.base == ZYDIS_REGISTER_RBP && fr->bp_known)
		at += fr->bp;
	else
		return;
	slot = (at - 8) / 8;
	if (at < 8 || slot >= FRAME_ARGS)
		return;
	if (in->i.mnemonic == ZYDIS_MNEMONIC_MOV && src->type == ZYDIS_OPERAND_TYPE_REGISTER &&
	    dst->size == 64 && at % 8 == 0)
		arg = arg_of_reg(x86_reg_number(src->reg.value));
	/* A register that was loaded anew, most likely from there, is no proof, and no harm yet. */
	if (arg == slot && fr->changed & 1u << arg)
		return;
	if (arg == slot)
		fr->spilled |= 1u << slot;
	else if (arg >= 0 && !(fr->changed & 1u << arg))
		fr->merged |= 1u << slot;
	else
		fr->overwrote |= 1u << slot;
}

/*
 * The stack pointer does not move in the body of a function of Go, from its first branch or call
 * on; what stands behind a return is in the body again, whatever way leads there.
 */
static bool frame_body(struct frame *fr, const struct x86_insn *in)
{
	if (in->i.mnemonic == ZYDIS_MNEMONIC_RET) {
		fr->changed = UINT32_MAX;
		fr->sp = fr->body_sp;
		fr->bp = -8;
		fr->sp_known = fr->bp_known = fr->in_body;
		return true;
	}
	if (!fr->in_body && fr->sp_known && fr->bp_known && fr->bp == -8 &&
	    (x86_is_jcc(in) || in->i.mnemonic == ZYDIS_MNEMONIC_CALL)) {
		fr->in_body = true;
		fr->body_sp = fr->sp;
	}
	return false;
}

static void frame_step(struct frame *fr, const struct x86_insn *in)
{
	const ZydisDecodedOperand *a = &in->ops[0], *b = &in->ops[1];
	bool to_rbp = a->type == ZYDIS_OPERAND_TYPE_REGISTER && a->reg.value == ZYDIS_REGISTER_RBP,
	     to_rsp = a->type == ZYDIS_OPERAND_TYPE_REGISTER && a->reg.value == ZYDIS_REGISTER_RSP;

	if (frame_body(fr, in))
		return;
	if (a->type == ZYDIS_OPERAND_TYPE_MEMORY && a->actions & ZYDIS_OPERAND_ACTION_MASK_WRITE)
		frame_store(fr, in);
	if (in->i.mnemonic == ZYDIS_MNEMONIC_CALL) {
		fr->changed = UINT32_MAX; /* but %rsp and %rbp are as before */
		return;
	}
	for (int i = 0; i < FRAME_ARGS; i++)
		if (x86_writes(in, arg_regs[i]))
			fr->changed |= 1u << i;
	if (in->i.mnemonic == ZYDIS_MNEMONIC_PUSH) {
		fr->sp -= 8;
	} else if ((in->i.mnemonic == ZYDIS_MNEMONIC_SUB || in->i.mnemonic == ZYDIS_MNEMONIC_ADD) &&
		   to_rsp && b->type == ZYDIS_OPERAND_TYPE_IMMEDIATE) {
		fr->sp += in->i.mnemonic == ZYDIS_MNEMONIC_SUB ? -b->imm.value.s : b->imm.value.s;
	} else if (to_rbp && in->i.mnemonic == ZYDIS_MNEMONIC_LEA &&
		   b->mem.base == ZYDIS_REGISTER_RSP && b->mem.index == ZYDIS_REGISTER_NONE) {
		fr->bp = fr->sp + b->mem.disp.value;
		fr->bp_known = fr->sp_known;
	} else if (to_rbp && in->i.mnemonic == ZYDIS_MNEMONIC_MOV &&
		   b->type == ZYDIS_OPERAND_TYPE_REGISTER && b->reg.value == ZYDIS_REGISTER_RSP) {
		fr->bp = fr->sp;
		fr->bp_known = fr->sp_known;
	} else {
		fr->sp_known &= !x86_writes(in, SITE_RSP);
		fr->bp_known &= !x86_writes(in, SITE_RBP);
	}
}

static bool is_barrier_compare(const struct x86_insn *in)
{
	return in->i.mnemonic == ZYDIS_MNEMONIC_CMP && in->i.length == 7 &&
	       in->ops[0].type == ZYDIS_OPERAND_TYPE_MEMORY && in->ops[0].size == 32 &&
	       in->ops[0].mem.base == ZYDIS_REGISTER_RIP &&
	       in->ops[1].type == ZYDIS_OPERAND_TYPE_IMMEDIATE && !in->ops[1].imm.value.u;
}

/* Is a write barrier called from addr on, before anything else is decided? */
static bool leads_to_barrier(struct golin_image *img, const struct pcln_func *f, uint64_t addr)
{
	struct x86_insn in;
	struct pcln_func to;
	uint64_t target;

	for (int i = 0; i < BARRIER_INSNS && x86_decode(&img->elf, addr, f->hi, &in); i++) {
		if (in.i.mnemonic == ZYDIS_MNEMONIC_CALL)
			return x86_target(&in, &target) &&
			       pclntab_find_pc(&img->code->tab, target, &to) && to.lo == target &&
			       !strncmp(to.name, "runtime.gcWriteBarrier", 22);
		if (x86_is_jcc(&in) || in.i.mnemonic == ZYDIS_MNEMONIC_RET)
			return false;
		/* On to the block where it is done. */
		if (in.i.mnemonic == ZYDIS_MNEMONIC_JMP) {
			if (!x86_target(&in, &target) || target < f->lo || target >= f->hi)
				return false;
			addr = target;
		} else {
			addr = in.next;
		}
	}
	return false;
}

/* What the branch tests is the write barrier when a barrier is called on the way where it is on. */
static bool is_barrier_branch(struct golin_image *img, const struct pcln_func *f,
			      const struct x86_insn *in)
{
	uint64_t target;

	if ((in->i.mnemonic != ZYDIS_MNEMONIC_JNZ && in->i.mnemonic != ZYDIS_MNEMONIC_JZ) ||
	    !x86_target(in, &target) || target < f->lo || target >= f->hi)
		return false;
	return leads_to_barrier(img, f, in->i.mnemonic == ZYDIS_MNEMONIC_JNZ ? target : in->next);
}

/* Do the words of the arguments whose bits are in `all` stand at 16(%rbp) and on? s fails if not.
 */
static bool args_in_place(struct golin_image *img, const struct frame *fr, uint32_t all,
			  struct golin_site *s)
{
	if (!fr->sp_known || !fr->bp_known || fr->bp != -8) {
		site_fail(s, -ENODATA, "%%rbp is not known to be the frame pointer there");
		return false;
	}
	if (fr->overwrote & all) {
		site_fail(s, -ENODATA, "arguments are overwritten before it");
		return false;
	}
	/* Until 1.16 they are put there by the caller. */
	if (img->info.go.minor >= SITE_MINOR_REGABI && (fr->spilled & all) != all) {
		site_fail(s, -ENODATA, "arguments are not all put into their places before it");
		return false;
	}
	return true;
}

/*
 * The first branch on the write barrier, the frame there, and the register of the object to whose
 * first word something was just stored, -1 for none. False, with s failed, when there is no branch.
 */
static bool first_barrier(struct golin_image *img, const struct pcln_func *f, struct golin_site *s,
			  struct x86_insn *ret, struct frame *ret_frame, int *ret_object)
{
	struct frame fr = {.sp_known = true};
	uint64_t addr = f->lo;
	bool compared = false;
	struct x86_insn in;
	int object = -1;

	for (int i = 0; i < SITE_FUNC_INSNS && addr < f->hi; i++, addr = in.next) {
		const ZydisDecodedOperand *dst = &in.ops[0];

		if (!x86_decode(&img->elf, addr, f->hi, &in)) {
			site_fail(s, -ENODATA, "no instruction at +0x%" PRIx64, addr - f->lo);
			return false;
		}
		if (compared && x86_is_nop(&in))
			continue;
		if (compared && is_barrier_branch(img, f, &in)) {
			*ret = in;
			*ret_frame = fr;
			*ret_object = object;
			return true;
		}
		compared = is_barrier_compare(&in);
		frame_step(&fr, &in);
		if (object >= 0 && x86_writes(&in, object))
			object = -1;
		if (in.i.mnemonic == ZYDIS_MNEMONIC_MOV && dst->type == ZYDIS_OPERAND_TYPE_MEMORY &&
		    dst->size == 64 && !dst->mem.disp.value &&
		    dst->mem.index == ZYDIS_REGISTER_NONE && x86_reg_number(dst->mem.base) >= 0 &&
		    dst->mem.base != ZYDIS_REGISTER_RSP && dst->mem.base != ZYDIS_REGISTER_RBP)
			object = x86_reg_number(dst->mem.base);
	}
	site_fail(s, -ENODATA, "no branch on the write barrier in it");
	return false;
}

/*
 * A new object's first pointer has just been stored, and the branch decides whether the other
 * stores go by the barrier. The straight way comes here once a call, whichever way it goes on.
 */
void site_find_barrier(struct golin_image *img, const struct pcln_func *f, int32_t nargs,
		       struct golin_site *s)
{
	struct x86_insn in;
	struct frame fr;
	int object;

	if (nargs < 0 || nargs > FRAME_ARGS) {
		site_fail(s, -EINVAL, "%d arguments, more than %d", nargs, FRAME_ARGS);
		return;
	}
	if (!first_barrier(img, f, s, &in, &fr, &object))
		return;
	if (object < 0) {
		site_fail(s, -ENODATA, "no object is stored to before the write barrier");
		return;
	}
	fr.overwrote |= fr.merged;
	if (!args_in_place(img, &fr, (1u << nargs) - 1, s))
		return;
	s->base_reg = (uint8_t)object;
	snprintf(s->why, sizeof(s->why), "the first branch on the write barrier; runs once a call");
	site_put(img, &in, s);
}

/*
 * The object was there before, and what leaves the function early, because there is nothing to
 * change, does not come here. Without optimisation an argument's place may have got the word of
 * another: `if cause == nil { cause = err }`.
 */
void site_find_commit(struct golin_image *img, const struct pcln_func *f, int32_t args,
		      struct golin_site *s)
{
	struct x86_insn in;
	struct frame fr;
	int object;

	if (args < 0 || args >> FRAME_ARGS) {
		site_fail(s, -EINVAL, "no such arguments: 0x%x", (unsigned)args);
		return;
	}
	if (!first_barrier(img, f, s, &in, &fr, &object) ||
	    !args_in_place(img, &fr, (uint32_t)args, s))
		return;
	snprintf(s->why, sizeof(s->why), "the first write barrier; only calls with effect");
	site_put(img, &in, s);
}

/* ---- the branch on what a call returned ---- */

void site_find_result(struct golin_image *img, const struct pcln_func *f, const char *target,
		      struct golin_site *s)
{
	struct x86_insn in, before;
	bool tested = false;

	if (!only_call(img, f, target, s, &in, &before))
		return;
	/* Nothing between the call and the branch changes %rax or %bl, and nothing jumps in. */
	while (x86_decode(&img->elf, in.next, f->hi, &in)) {
		if (is_jumped_to(img, f, in.addr))
			break;
		if (tested &&
		    (in.i.mnemonic == ZYDIS_MNEMONIC_JNZ || in.i.mnemonic == ZYDIS_MNEMONIC_JZ)) {
			s->drop_flags = ZF;
			snprintf(s->why, sizeof(s->why), "behind the only call of %.36s; ZF: none",
				 target);
			site_put(img, &in, s);
			return;
		}
		if (in.i.mnemonic == ZYDIS_MNEMONIC_TEST &&
		    in.ops[0].type == ZYDIS_OPERAND_TYPE_REGISTER &&
		    in.ops[0].reg.value == ZYDIS_REGISTER_BL &&
		    in.ops[1].type == ZYDIS_OPERAND_TYPE_REGISTER &&
		    in.ops[1].reg.value == ZYDIS_REGISTER_BL)
			tested = true;
		else if (!x86_is_nop(&in) &&
			 (tested || in.i.mnemonic != ZYDIS_MNEMONIC_MOV ||
			  x86_writes(&in, SITE_RAX) || x86_writes(&in, SITE_RBX)))
			break;
	}
	site_fail(s, -ENODATA, "its result is not tested right behind the call");
}

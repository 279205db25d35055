/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The defer statements of a function, from its code: which call a return address belongs to, and
 * where an open-coded statement puts its func value into the frame.
 */
#include "func_defers.h"

#include <elf.h>
#include <string.h>
#include "code.h"
#include "image.h"
#include "pclntab_impl.h"
#include "x86.h"

enum {
	CALL = 0xe8, /* call rel32 */
	CALL_LEN = 5,
	MAX_INSNS = 1 << 16,
	MINOR_RANGE = 23, /* since then a loop's record may have deferreturn's place */
	MINOR_FLAGS = 17, /* since then functions that write the stack pointer bear a flag */
	FLAG_SPWRITE = 1 << 1,
	RSP = 4,
	RBP = 5,
};

/*
 * From the stack pointer to the return address, as the runtime's unwinder has it
 * (runtime/traceback.go): not where the function changes its stack pointer as it likes. Of those,
 * cgocallback leaves frames as they should be.
 */
static int32_t frame_of(const struct pclntab *t, const struct pcln_func *f, uint64_t pc)
{
	const struct func_shape *sh = pcln_shape(t);
	int32_t size;

	if (t->minor >= MINOR_FLAGS && f->flag & FLAG_SPWRITE &&
	    strcmp(f->name, "runtime.cgocallback") != 0)
		return -1;
	/* _func.pcsp stands before pcfile. */
	size = pcln_value(t, f, rd32(t, f->raw + sh->pcfile - 4), pc);
	return size % 8 ? -1 : size;
}

static uint32_t call_kind(const char *name)
{
	if (!strcmp(name, "runtime.deferproc") || !strcmp(name, "runtime.deferprocStack"))
		return GOLIN_DEFER_CALL_PROC;
	if (!strcmp(name, "runtime.deferrangefunc"))
		return GOLIN_DEFER_CALL_RANGE;
	return GOLIN_DEFER_CALL_OTHER;
}

/* The call that returns to pc. */
static uint32_t call_before(struct golin_image *img, const struct pcln_func *f, uint64_t pc)
{
	const struct pclntab *t = &img->code->tab;
	const struct func_shape *sh = pcln_shape(t);
	struct pcln_func callee;
	const uint8_t *p;
	int32_t rel;

	/* _func.deferreturn stands two words before pcfile. */
	if (t->minor >= MINOR_RANGE && pc - f->lo == rd32(t, f->raw + sh->pcfile - 8))
		return GOLIN_DEFER_CALL_RANGE;
	if (pc - f->lo < CALL_LEN)
		return GOLIN_DEFER_CALL_OTHER;
	p = elf_image_at(&img->elf, pc - CALL_LEN, CALL_LEN);
	if (!p || p[0] != CALL)
		return GOLIN_DEFER_CALL_OTHER;
	rel = (int32_t)rd32(t, p + 1);
	if (!pclntab_find_pc(t, pc + (uint64_t)(int64_t)rel, &callee))
		return GOLIN_DEFER_CALL_OTHER;
	return call_kind(callee.name);
}

/* ---- where the statements are ---- */

static int reg_of(const ZydisDecodedOperand *op)
{
	return op->type == ZYDIS_OPERAND_TYPE_REGISTER ? x86_reg_number(op->reg.value) : -1;
}

static bool at_rsp(const ZydisDecodedOperand *op, int64_t *ret_disp)
{
	if (op->type != ZYDIS_OPERAND_TYPE_MEMORY || op->mem.base != ZYDIS_REGISTER_RSP ||
	    op->mem.index != ZYDIS_REGISTER_NONE)
		return false;
	*ret_disp = op->mem.disp.has_displacement ? op->mem.disp.value : 0;
	return true;
}

struct prologue {
	bool has_bp; /* mov %rsp,%rbp was seen: a sub says the rest */
	bool done;
	int64_t size; /* from the stack pointer to where the frame pointer points to */
};

static void step_prologue(struct prologue *p, const struct x86_insn *in)
{
	const ZydisDecodedOperand *dst = &in->ops[0], *src = &in->ops[1];

	if (in->i.mnemonic == ZYDIS_MNEMONIC_LEA && reg_of(dst) == RBP && at_rsp(src, &p->size)) {
		p->done = true;
	} else if (in->i.mnemonic == ZYDIS_MNEMONIC_MOV && reg_of(dst) == RBP &&
		   reg_of(src) == RSP) {
		p->has_bp = true;
	} else if (p->has_bp && reg_of(dst) == RSP && src->type == ZYDIS_OPERAND_TYPE_IMMEDIATE) {
		p->done = in->i.mnemonic == ZYDIS_MNEMONIC_SUB ||
			  in->i.mnemonic == ZYDIS_MNEMONIC_ADD;
		p->size =
			in->i.mnemonic == ZYDIS_MNEMONIC_SUB ? src->imm.value.s : -src->imm.value.s;
	}
}

/* The slot into which a general register is stored; -1. */
static int stored_slot(const struct golin_func_defers *d, const struct prologue *p,
		       const struct x86_insn *in)
{
	int64_t disp;

	if (in->i.mnemonic != ZYDIS_MNEMONIC_MOV || in->i.operand_width != 64 ||
	    reg_of(&in->ops[1]) < 0 || !at_rsp(&in->ops[0], &disp))
		return -1;
	for (uint32_t i = 0; i < d->n; i++)
		if (p->size - disp == d->slots[i])
			return (int)i;
	return -1;
}

/*
 * A statement stores its func value, and nobody else does; but before all else the slots may have
 * been set to zero, from a register too. What is stored more often than that is not told.
 */
static void find_statements(struct golin_image *img, const struct pcln_func *f,
			    struct golin_func_defers *d)
{
	uint32_t stores[GOLIN_OPEN_DEFERS] = {0};
	bool branched = false, early[GOLIN_OPEN_DEFERS] = {false};
	struct prologue p = {0};
	uint64_t addr = f->lo;
	struct x86_insn in;

	for (int k = 0; k < MAX_INSNS && x86_decode(&img->elf, addr, f->hi, &in);
	     k++, addr = in.next) {
		int i;

		if (!p.done) {
			step_prologue(&p, &in);
			continue;
		}
		branched = branched || x86_is_jcc(&in) ||
			   in.i.meta.category == ZYDIS_CATEGORY_CALL ||
			   in.i.meta.category == ZYDIS_CATEGORY_UNCOND_BR;
		i = stored_slot(d, &p, &in);
		if (i < 0)
			continue;
		if (stores[i]++ == 0)
			early[i] = !branched;
		d->at[i] = (uint32_t)(addr - f->lo);
	}
	for (uint32_t i = 0; i < GOLIN_OPEN_DEFERS; i++)
		if (stores[i] > 2 || (stores[i] == 2 && !early[i]) || addr < f->hi)
			d->at[i] = 0;
}

void golin_image_defers(struct golin_image *img, uint64_t pc, struct golin_func_defers *ret)
{
	const struct pclntab *t = img->code ? &img->code->tab : NULL;
	struct pcln_func f;

	memset(ret, 0, sizeof(*ret));
	if (!t || !pc || !pclntab_find_pc(t, pc, &f))
		return;
	ret->lo = f.lo;
	ret->hi = f.hi;
	ret->frame = frame_of(t, &f, pc);
	ret->outermost = !strcmp(f.name, "runtime.goexit");
	ret->trap = !strcmp(f.name, "runtime.sigpanic");
	pclntab_open_defers(t, &f, ret);
	if (img->elf.machine != EM_X86_64)
		return;
	ret->call = call_before(img, &f, pc);
	if (ret->open == GOLIN_OPEN_KNOWN)
		find_statements(img, &f, ret);
}

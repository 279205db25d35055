/* SPDX-License-Identifier: BSD-2-Clause */
#include "closure.h"

#include <stdlib.h>
#include <string.h>
#include "code.h"
#include "image.h"
#include "x86.h"

enum {
	RAX = 0,
	RDX = 2,
	RSP = 4,
	R11 = 11,
	MAX_SLOTS = 128,
	MAX_OBJECTS = 64, /* the newest */
	MAX_WORDS = 16,
	MAX_METHODS = 4096, /* bytes of an itab */
	MAX_INSNS = 1 << 16,
	MAX_PARENTS = 4,
	FOLLOWED_INSNS = 16,
};

enum kind {
	UNKNOWN = 0,
	CONSTANT, /* v: an address */
	OBJECT,	  /* v: the number of an allocation */
	CLOSURE,  /* the wrapper's own, in RDX at its entry */
	WORD,	  /* v: its word at that offset */
	CODE,	  /* v: what stands at `off` behind the pointer in that word */
	CONFLICT, /* an object's word in which two different things were seen */
};

struct value {
	enum kind kind;
	uint64_t v;
	uint32_t off;
};

struct slot {
	int64_t disp;
	struct value val;
};

struct object {
	uint64_t number; /* 0: none */
	struct value words[MAX_WORDS];
};

/*
 * What registers, stack and new objects hold, followed in a straight line through the code. Where
 * paths meet this may be wrong, so that what comes out counts only when all of it fits: the
 * wrapper's address in the object's first word, and a func value where the wrapper looks for it.
 */
struct machine {
	struct golin_image *img;
	struct value regs[16];
	struct slot slots[MAX_SLOTS];
	int nslots;
	struct object objects[MAX_OBJECTS];
	uint64_t nobjects;
	uint64_t wrapper; /* its entry */
	int64_t word;	  /* the word of its closure that is wanted */
	uint64_t found;	  /* entry of the function there; 0: none yet */
	bool several;
};

static struct value *slot(struct machine *m, int64_t disp, bool make)
{
	for (int i = 0; i < m->nslots; i++)
		if (m->slots[i].disp == disp)
			return &m->slots[i].val;
	if (!make || m->nslots == MAX_SLOTS)
		return NULL;
	m->slots[m->nslots] = (struct slot){.disp = disp};
	return &m->slots[m->nslots++].val;
}

static struct object *object(struct machine *m, uint64_t number)
{
	struct object *o = &m->objects[number % MAX_OBJECTS];

	return number && o->number == number ? o : NULL;
}

/* The function whose func value this is. */
static uint64_t func_value(struct machine *m, struct value v)
{
	const struct pclntab *t = &m->img->code->tab;
	const struct object *o = v.kind == OBJECT ? object(m, v.v) : NULL;
	struct pcln_func f;
	uint64_t lo = 0;

	if (o && o->words[0].kind == CONSTANT)
		lo = o->words[0].v;
	else if (v.kind != CONSTANT || !elf_image_word(&m->img->elf, v.v, &lo))
		return 0;
	return pclntab_find_pc(t, lo, &f) && f.lo == lo ? lo : 0;
}

/* Is it a closure of the wrapper, and what stands in the word? */
static void look_at(struct machine *m, const struct object *o)
{
	uint64_t lo;

	if (!o->number || o->words[0].kind != CONSTANT || o->words[0].v != m->wrapper)
		return;
	lo = func_value(m, o->words[m->word / 8]);
	if (!lo || (m->found && m->found != lo))
		m->several = true;
	m->found = lo;
}

static void allocate(struct machine *m)
{
	uint64_t number = ++m->nobjects;
	struct object *o = &m->objects[number % MAX_OBJECTS];

	look_at(m, o);
	memset(o, 0, sizeof(*o));
	o->number = number;
	m->regs[RAX] = (struct value){OBJECT, number, 0};
}

static void call(struct machine *m, const struct x86_insn *in)
{
	struct pcln_func callee;
	const char *name = "";
	uint64_t to;

	if (x86_target(in, &to) && pclntab_find_pc(&m->img->code->tab, to, &callee))
		name = callee.name;
	/* It keeps all registers but the one in which it returns its buffer. */
	if (!strncmp(name, "runtime.gcWriteBarrier", 22)) {
		m->regs[R11].kind = UNKNOWN;
		return;
	}
	memset(m->regs, 0, sizeof(m->regs));
	if (!strncmp(name, "runtime.newobject", 17) || !strncmp(name, "runtime.mallocgc", 16))
		allocate(m);
}

/* What a 64-bit memory operand holds. */
static struct value load(struct machine *m, const ZydisDecodedOperand *op)
{
	const struct value none = {0}, *s;
	int base = x86_reg_number(op->mem.base);
	int64_t disp = op->mem.disp.value;

	if (base < 0 || op->mem.index != ZYDIS_REGISTER_NONE)
		return none;
	if (base == RSP) {
		s = slot(m, disp, false);
		return s ? *s : none;
	}
	if (m->regs[base].kind == CLOSURE)
		return (struct value){WORD, disp, 0};
	if (m->regs[base].kind == WORD && disp >= 0 && disp < MAX_METHODS)
		return (struct value){CODE, m->regs[base].v, disp};
	return none;
}

static void store(struct machine *m, const ZydisDecodedOperand *op, struct value v)
{
	int base = x86_reg_number(op->mem.base);
	int64_t disp = op->mem.disp.value;
	struct object *o;
	struct value *s;

	if (base < 0 || op->mem.index != ZYDIS_REGISTER_NONE)
		return;
	if (base == RSP) {
		s = slot(m, disp, true);
		if (s)
			*s = v;
		return;
	}
	o = m->regs[base].kind == OBJECT ? object(m, m->regs[base].v) : NULL;
	if (!o || disp < 0 || disp % 8 || disp / 8 >= MAX_WORDS || v.kind == UNKNOWN)
		return;
	/* A closure's words are written once; the code for it may be met on several ways. */
	s = &o->words[disp / 8];
	if (s->kind == UNKNOWN)
		*s = v;
	else if (s->kind != v.kind || s->v != v.v)
		s->kind = CONFLICT;
}

static void forget_written(struct machine *m, const struct x86_insn *in)
{
	for (int i = 0; i < in->i.operand_count; i++) {
		const ZydisDecodedOperand *op = &in->ops[i];
		int reg;

		if (op->type != ZYDIS_OPERAND_TYPE_REGISTER ||
		    !(op->actions & ZYDIS_OPERAND_ACTION_MASK_WRITE))
			continue;
		reg = x86_reg_number(ZydisRegisterGetLargestEnclosing(ZYDIS_MACHINE_MODE_LONG_64,
								      op->reg.value));
		if (reg >= 0)
			m->regs[reg].kind = UNKNOWN;
	}
}

static void step(struct machine *m, const struct x86_insn *in)
{
	const ZydisDecodedOperand *dst = &in->ops[0], *src = &in->ops[1];
	struct value v = {0};
	uint64_t addr;
	int reg;

	if (in->i.mnemonic == ZYDIS_MNEMONIC_CALL) {
		call(m, in);
		return;
	}
	if (in->i.mnemonic == ZYDIS_MNEMONIC_LEA) {
		if (x86_rip_mem(in, &addr))
			v = (struct value){CONSTANT, addr, 0};
	} else if (in->i.mnemonic == ZYDIS_MNEMONIC_MOV && dst->size == 64) {
		reg = src->type == ZYDIS_OPERAND_TYPE_REGISTER ? x86_reg_number(src->reg.value)
							       : -1;
		if (reg >= 0)
			v = m->regs[reg];
		else if (src->type == ZYDIS_OPERAND_TYPE_MEMORY)
			v = load(m, src);
	} else {
		forget_written(m, in);
		return;
	}
	if (dst->type == ZYDIS_OPERAND_TYPE_MEMORY) {
		store(m, dst, v);
		return;
	}
	reg = x86_reg_number(dst->reg.value);
	if (reg >= 0 && dst->size == 64)
		m->regs[reg] = v;
	else
		forget_written(m, in);
}

/*
 * The word of the closure through which the wrapper makes its only indirect call; -1: none such.
 * *ret_off: where the code pointer stands behind it, 0 in a func value, more in an itab.
 */
static int64_t called_word(struct machine *m, const struct pcln_func *wrapper, uint32_t *ret_off)
{
	uint64_t addr = wrapper->lo, to;
	struct x86_insn in;
	int64_t word = -1;

	m->regs[RDX].kind = CLOSURE;
	for (int i = 0; i < MAX_INSNS && addr < wrapper->hi; i++, addr = in.next) {
		struct value v = {0};
		int reg;

		if (!x86_decode(&m->img->elf, addr, wrapper->hi, &in))
			return -1;
		if (in.i.mnemonic == ZYDIS_MNEMONIC_CALL && !x86_target(&in, &to)) {
			reg = in.ops[0].type == ZYDIS_OPERAND_TYPE_REGISTER
				      ? x86_reg_number(in.ops[0].reg.value)
				      : -1;
			if (reg >= 0)
				v = m->regs[reg];
			else if (in.ops[0].type == ZYDIS_OPERAND_TYPE_MEMORY)
				v = load(m, &in.ops[0]);
			if (v.kind != CODE || word >= 0)
				return -1;
			word = v.v;
			*ret_off = v.off;
		}
		step(m, &in);
	}
	return word > 0 && word % 8 == 0 && word / 8 < MAX_WORDS ? word : -1;
}

/*
 * A loop's head may hold the stores that complete an object: follows a jump there up to the next
 * branch, for the objects' sake alone.
 */
static void follow(struct machine *m, const struct pcln_func *f, uint64_t addr)
{
	struct value regs[16];
	struct slot *slots = malloc(sizeof(m->slots));
	int nslots = m->nslots;
	struct x86_insn in;

	if (!slots)
		return;
	memcpy(regs, m->regs, sizeof(regs));
	memcpy(slots, m->slots, sizeof(m->slots));
	for (int i = 0; i < FOLLOWED_INSNS && x86_decode(&m->img->elf, addr, f->hi, &in); i++) {
		ZydisInstructionCategory c = in.i.meta.category;

		if (c == ZYDIS_CATEGORY_CALL || c == ZYDIS_CATEGORY_RET ||
		    c == ZYDIS_CATEGORY_UNCOND_BR || c == ZYDIS_CATEGORY_COND_BR)
			break;
		step(m, &in);
		addr = in.next;
	}
	memcpy(m->regs, regs, sizeof(regs));
	memcpy(m->slots, slots, sizeof(m->slots));
	m->nslots = nslots;
	free(slots);
}

static void run(struct machine *m, const struct pcln_func *f)
{
	uint64_t addr = f->lo, to;
	struct x86_insn in;

	for (int i = 0; i < MAX_INSNS && x86_decode(&m->img->elf, addr, f->hi, &in); i++) {
		step(m, &in);
		addr = in.next;
		if (in.i.mnemonic == ZYDIS_MNEMONIC_JMP && x86_target(&in, &to) && to >= f->lo &&
		    to < f->hi)
			follow(m, f, to);
	}
	for (int i = 0; i < MAX_OBJECTS; i++)
		look_at(m, &m->objects[i]);
}

/* "main.f" of "main.f.gowrap1", "main.f.func2" and, in 1.17, "main.f" with "dwrap" between dots. */
static bool strip(char *name)
{
	char *dot = strstr(name, "\xc2\xb7"
				 "dwrap");

	if (!dot)
		dot = strrchr(name, '.');
	if (!dot || dot == name)
		return false;
	*dot = '\0';
	return true;
}

bool closure_target(struct golin_image *img, const struct pcln_func *wrapper, struct pcln_func *ret)
{
	const struct pclntab *t = &img->code->tab;
	struct machine *m = calloc(1, sizeof(*m));
	struct pcln_func parent;
	char name[512];
	bool ok = false;
	uint32_t off = 0;
	int64_t word;

	if (!m || strlen(wrapper->name) >= sizeof(name)) {
		free(m);
		return false;
	}
	strcpy(name, wrapper->name);
	m->img = img;
	word = called_word(m, wrapper, &off);
	if (off) /* an interface's method: any type's */
		word = -1;
	/* A function with a go statement may itself have been inlined: "main.caller.callee". */
	for (int i = 0; i < MAX_PARENTS && word > 0 && strip(name) && !m->found; i++) {
		if (!pclntab_find_name(t, name, &parent))
			continue;
		memset(m, 0, sizeof(*m));
		m->img = img;
		m->wrapper = wrapper->lo;
		m->word = word;
		run(m, &parent);
	}
	if (m->found && !m->several)
		ok = pclntab_find_pc(t, m->found, ret);
	free(m);
	return ok;
}

bool closure_late(struct golin_image *img, const struct pcln_func *wrapper,
		  struct golin_late_target *ret)
{
	struct machine *m = calloc(1, sizeof(*m));
	uint32_t off = 0;
	int64_t word = -1;

	if (m) {
		m->img = img;
		word = called_word(m, wrapper, &off);
	}
	free(m);
	if (word < 0)
		return false;
	*ret = (struct golin_late_target){.entry = wrapper->lo, .word = word, .off = off};
	return true;
}

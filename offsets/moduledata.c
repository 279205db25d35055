/* SPDX-License-Identifier: BSD-2-Clause */
#include "moduledata.h"

#include <elf.h>
#include <inttypes.h>
#include <string.h>
#include "base/err.h"
#include "elf_image.h"
#include "pclntab.h"
#include "x86.h"

/*
 * Where the members of runtime.moduledata stand with addresses of 8 bytes; 0: there is none. All of
 * them are as wide as an address, so that with 4 bytes each stands at half of that.
 */
struct shape {
	uint16_t from; /* the first minor version of this shape */
	uint16_t ftab, minpc, maxpc, text, etext, types, etypes, rodata, gofunc;
};

static const struct shape shapes[] = {
	{27, 128, 160, 168, 176, 184, 296, 312, 336, 344},
	{20, 128, 160, 168, 176, 184, 296, 304, 312, 320},
	{18, 128, 160, 168, 176, 184, 280, 288, 296, 304},
	{16, 128, 160, 168, 176, 184, 280, 288, 0, 0},
	{13, 24, 80, 88, 96, 104, 200, 208, 0, 0},
};

static const struct shape *shape_of(uint16_t minor)
{
	for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++)
		if (minor >= shapes[i].from)
			return &shapes[i];
	return NULL;
}

/* A member of the module data at vaddr. */
static bool member(struct elf_image *e, uint64_t vaddr, uint16_t at, uint64_t *ret)
{
	return elf_image_word(e, vaddr + (e->is64 ? at : at / 2), ret);
}

static bool in_segment(const struct elf_image *e, uint64_t lo, uint64_t hi, uint32_t flags)
{
	for (size_t i = 0; i < e->nsegments; i++) {
		const struct elf_segment *s = &e->segments[i];

		if (s->type == PT_LOAD && (s->flags & flags) == flags && lo >= s->vaddr &&
		    hi - s->vaddr <= s->memsz)
			return true;
	}
	return false;
}

bool moduledata_is_data(const struct elf_image *e, uint64_t vaddr, uint64_t len)
{
	return vaddr + len > vaddr && in_segment(e, vaddr, vaddr + len, PF_R | PF_W);
}

bool moduledata_is_mapped(const struct elf_image *e, uint64_t lo, uint64_t hi)
{
	return lo < hi && in_segment(e, lo, hi, PF_R);
}

/* What stands at vaddr, when every member that the function table knows as well agrees with it. */
static bool read_module(struct elf_image *e, const struct pclntab *t, const struct shape *sh,
			uint64_t vaddr, struct moduledata *ret)
{
	struct moduledata m = {.vaddr = vaddr};
	uint64_t head, ftab, nftab, minpc, maxpc;
	struct pcln_func first, last;
	struct pclntab tmp = *t;

	/* Most places end here. */
	if (!member(e, vaddr, 0, &head) || head != t->vaddr || !member(e, vaddr, sh->ftab, &ftab) ||
	    ftab != t->vaddr + (t->funcs.p - t->data) + (t->format == PCLN_GO112 ? 8 + t->word : 0))
		return false;
	if (!member(e, vaddr, sh->ftab + 8, &nftab) || !member(e, vaddr, sh->minpc, &minpc) ||
	    !member(e, vaddr, sh->maxpc, &maxpc) || !member(e, vaddr, sh->text, &m.text) ||
	    !member(e, vaddr, sh->etext, &m.etext) || !member(e, vaddr, sh->types, &m.types) ||
	    !member(e, vaddr, sh->etypes, &m.etypes))
		return false;
	if (sh->rodata &&
	    (!member(e, vaddr, sh->rodata, &m.rodata) || !member(e, vaddr, sh->gofunc, &m.gofunc)))
		return false;
	if (nftab != (uint64_t)t->nfunc + 1 && nftab != t->nfunc)
		return false;
	if (m.text >= m.etext || m.types > m.etypes || !in_segment(e, m.text, m.etext, PF_X))
		return false;
	if (m.gofunc && !elf_image_avail(e, m.gofunc))
		return false;
	pclntab_set_module(&tmp, m.text, m.etext, m.gofunc);
	if (!pclntab_func(&tmp, 0, &first) || !pclntab_func(&tmp, t->nfunc - 1, &last))
		return false;
	if (first.lo != minpc || last.hi != maxpc || minpc < m.text || maxpc < minpc)
		return false;
	*ret = m;
	return true;
}

struct search {
	struct elf_image *elf;
	const struct pclntab *t;
	const struct shape *sh;
	struct moduledata found;
	unsigned hits;
};

static void try_at(struct search *s, uint64_t vaddr)
{
	struct moduledata m;

	if (s->hits && s->found.vaddr == vaddr)
		return;
	if (read_module(s->elf, s->t, s->sh, vaddr, &m)) {
		s->found = m;
		s->hits++;
	}
}

static void search_segments(struct search *s)
{
	int word = s->elf->is64 ? 8 : 4;
	uint8_t want[8];

	for (int i = 0; i < word; i++)
		want[i] = s->t->vaddr >> 8 * (s->elf->big_endian ? word - 1 - i : i);
	for (size_t i = 0; i < s->elf->nsegments; i++) {
		const struct elf_segment *seg = &s->elf->segments[i];
		const uint8_t *base, *p, *end;

		if (seg->type != PT_LOAD || !(seg->flags & PF_W))
			continue;
		base = elf_image_at(s->elf, seg->vaddr, seg->filesz);
		if (!base)
			continue;
		for (p = base, end = base + seg->filesz; p < end; p++) {
			p = memmem(p, end - p, want, word);
			if (!p)
				break;
			if ((seg->vaddr + (p - base)) % word == 0)
				try_at(s, seg->vaddr + (p - base));
		}
	}
}

/* A PIE has its pointers in the relocations. */
static void search_relocations(struct search *s)
{
	uint64_t ignored;

	if (s->elf->type != ET_DYN)
		return;
	/* Loads them. */
	(void)elf_image_word(s->elf, s->t->vaddr, &ignored);
	for (size_t i = 0; i < s->elf->nrelatives; i++)
		if (s->elf->relatives[i].addend == s->t->vaddr)
			try_at(s, s->elf->relatives[i].vaddr);
}

int moduledata_find(struct elf_image *elf, const struct pclntab *t, uint16_t minor,
		    struct moduledata *ret, struct golin_err *err)
{
	struct search s = {.elf = elf, .t = t, .sh = shape_of(minor)};
	const struct elf_section *sec = elf_image_section(elf, ".go.module");

	if (!s.sh)
		return golin_err_set(err, -EOPNOTSUPP, "Go 1.%u is older than Go 1.13", minor);
	if (sec)
		try_at(&s, sec->addr);
	if (!s.hits) {
		search_segments(&s);
		search_relocations(&s);
	}
	if (!s.hits)
		return golin_err_set(err, -ENODATA,
				     "no module data (runtime.firstmoduledata) that fits the "
				     "function table at 0x%" PRIx64,
				     t->vaddr);
	if (s.hits > 1)
		return golin_err_set(err, -EBADMSG,
				     "%u places look like runtime.firstmoduledata, the last at "
				     "0x%" PRIx64,
				     s.hits, s.found.vaddr);
	*ret = s.found;
	return 0;
}

/* ---- what the code says ---- */

enum { MAX_OPERANDS = 64, MAX_INSNS = 4096 };

uint64_t moduledata_allgs(struct elf_image *elf, const struct pclntab *t)
{
	uint64_t seen[MAX_OPERANDS], found = 0, addr, a;
	struct pcln_func f;
	struct x86_insn in;
	int n = 0;

	if (!pclntab_find_name(t, "runtime.allgadd", &f))
		return 0;
	addr = f.lo;
	for (int k = 0; k < MAX_INSNS && x86_decode(elf, addr, f.hi, &in); k++, addr = in.next)
		if (x86_rip_mem(&in, &a) && n < MAX_OPERANDS)
			seen[n++] = a;
	/* A slice is {pointer, length, capacity}; append uses all three of allgs only. */
	for (int i = 0; i < n; i++) {
		bool len = false, cap = false;

		for (int j = 0; j < n; j++) {
			len |= seen[j] == seen[i] + 8;
			cap |= seen[j] == seen[i] + 16;
		}
		if (!len || !cap || seen[i] == found)
			continue;
		if (found)
			return 0;
		found = seen[i];
	}
	return found && moduledata_is_data(elf, found, 24) ? found : 0;
}

/* A comparison, or a load for one, of a word in the data. */
static bool compares_data(struct elf_image *elf, const struct x86_insn *in, uint64_t *ret)
{
	if (in->i.mnemonic != ZYDIS_MNEMONIC_CMP &&
	    !(in->i.mnemonic == ZYDIS_MNEMONIC_MOV && in->ops[1].type == ZYDIS_OPERAND_TYPE_MEMORY))
		return false;
	return in->i.operand_width == 64 && x86_rip_mem(in, ret) &&
	       moduledata_is_data(elf, *ret, 8);
}

void moduledata_empty_contexts(struct elf_image *elf, const struct pclntab *t, uint64_t ret[2])
{
	uint64_t addr, a, seen[2];
	struct pcln_func f;
	struct x86_insn in;
	int n = 0;

	ret[0] = ret[1] = 0;
	if (!pclntab_find_name(t, "context.(*emptyCtx).String", &f))
		return;
	addr = f.lo;
	for (int k = 0; k < MAX_INSNS && x86_decode(elf, addr, f.hi, &in); k++, addr = in.next) {
		if (!compares_data(elf, &in, &a) || (n && a == seen[n - 1]))
			continue;
		if (n == 2)
			return; /* there is more in it than is known */
		seen[n++] = a;
	}
	if (n == 2)
		memcpy(ret, seen, sizeof(seen));
}

/*
 * mov %fs:DISP,%reg; or, where the linker keeps the offset in a register first,
 * mov $DISP,%r ... mov %fs:(%r),%reg, with mov SLOT(%rip),%r in code that could be shared.
 */
static int64_t tls_load(struct elf_image *elf, const struct pcln_func *f)
{
	int64_t imm[16] = {0};
	bool known[16] = {false};
	uint64_t addr = f->lo;
	struct x86_insn in;

	for (int k = 0; k < 24 && x86_decode(elf, addr, f->hi, &in); k++, addr = in.next) {
		const ZydisDecodedOperand *dst = &in.ops[0], *src = &in.ops[1];
		uint64_t word;
		int reg;

		if (in.i.mnemonic != ZYDIS_MNEMONIC_MOV || dst->type != ZYDIS_OPERAND_TYPE_REGISTER)
			continue;
		reg = x86_reg_number(dst->reg.value);
		if (src->type == ZYDIS_OPERAND_TYPE_IMMEDIATE && reg >= 0) {
			imm[reg] = src->imm.value.s;
			known[reg] = true;
			continue;
		}
		/* Code that may also be part of a shared library takes it from the GOT. */
		if (reg >= 0 && x86_rip_mem(&in, &word) &&
		    elf_image_tls_word(elf, word, &imm[reg])) {
			known[reg] = true;
			continue;
		}
		if (src->type == ZYDIS_OPERAND_TYPE_MEMORY &&
		    src->mem.segment == ZYDIS_REGISTER_FS &&
		    src->mem.index == ZYDIS_REGISTER_NONE) {
			int base = x86_reg_number(src->mem.base);

			if (src->mem.base == ZYDIS_REGISTER_NONE)
				return src->mem.disp.value;
			if (base >= 0 && known[base])
				return imm[base] + src->mem.disp.value;
		}
		if (reg >= 0)
			known[reg] = false;
	}
	return 0;
}

int64_t moduledata_tls_g(struct elf_image *elf, const struct pclntab *t, uint16_t minor)
{
	static const char *const old[] = {"runtime.allgadd", "runtime.goexit1", "runtime.gopanic"};
	struct pcln_func f;
	int64_t off = 0;

	if (minor <= 16) {
		for (int i = 0; i < 3 && !off; i++)
			if (pclntab_find_name(t, old[i], &f))
				off = tls_load(elf, &f);
	} else {
		/* Wrappers from ABI0 to ABIInternal load g into r14. */
		for (uint32_t i = 0, tried = 0; i < t->nfunc && tried < 64 && !off; i++) {
			if (!pclntab_func(t, i, &f) || !f.wrapper || strncmp(f.name, "runtime.", 8))
				continue;
			tried++;
			off = tls_load(elf, &f);
		}
	}
	/* Negative and near: x86's TLS lies below the fs base. */
	return off < 0 && off >= -4096 && off % 8 == 0 ? off : 0;
}

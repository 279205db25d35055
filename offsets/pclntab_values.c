/* SPDX-License-Identifier: BSD-2-Clause */
/* What the function table says of a pc within a function: file, line, inlined calls. */
#include <string.h>
#include "pclntab_impl.h"

enum {
	PCDATA_INL_TREE = 2,
	/* A step of a pc table covers at least a byte of code; no function is as long as this. */
	MAX_STEPS = 1 << 22,
};

/* An iterator over the stretches of equal value. */
struct pcv {
	const struct pclntab *t;
	const uint8_t *p, *end;
	uint64_t lo, hi, func_hi; /* [lo, hi) has val */
	int32_t val;
	uint32_t steps;
	bool first;
};

static bool pcv_init(struct pcv *v, const struct pclntab *t, const struct pcln_func *f,
		     uint32_t off)
{
	if (!off || off >= t->pctab.len)
		return false;
	*v = (struct pcv){
		.t = t,
		.p = t->pctab.p + off,
		.end = t->pctab.p + t->pctab.len,
		.lo = f->lo,
		.hi = f->lo,
		.func_hi = f->hi,
		.val = -1,
		.first = true,
	};
	return true;
}

static bool varint(struct pcv *v, uint32_t *ret)
{
	uint32_t val = 0;

	for (int shift = 0; shift < 35 && v->p < v->end; shift += 7) {
		uint8_t b = *v->p++;

		val |= shift < 32 ? (uint32_t)(b & 0x7f) << shift : 0;
		if (!(b & 0x80)) {
			*ret = val;
			return true;
		}
	}
	return false;
}

static bool pcv_next(struct pcv *v)
{
	uint32_t dval, dpc;

	if (v->hi >= v->func_hi || v->steps++ > MAX_STEPS)
		return false;
	if (v->t->budget && !(*v->t->budget && (*v->t->budget)--))
		return false;
	/* A step that covers nothing is no end, but the linker makes none. */
	if (!varint(v, &dval) || (!dval && !v->first) || !varint(v, &dpc) || !dpc)
		return false;
	v->first = false;
	/* Zigzag; the sum wraps as Go's does. */
	v->val = (int32_t)((uint32_t)v->val + ((dval >> 1) ^ -(dval & 1)));
	v->lo = v->hi;
	v->hi += (uint64_t)dpc * v->t->data[6];
	return true;
}

int32_t pcln_value(const struct pclntab *t, const struct pcln_func *f, uint32_t off, uint64_t pc)
{
	struct pcv v;

	if (!pcv_init(&v, t, f, off))
		return -1;
	while (pcv_next(&v))
		if (pc < v.hi)
			return v.val;
	return -1;
}

static const char *file_name(const struct pclntab *t, const struct pcln_func *f, int32_t n)
{
	uint64_t off;

	if (n < 0)
		return NULL;
	if (t->format == PCLN_GO112) {
		if (!n || (uint32_t)n >= t->nfiles)
			return NULL;
		return pcln_str(&t->names, rd32(t, t->files.p + 4 * (size_t)n), NULL);
	}
	off = ((uint64_t)f->cu_off + (uint32_t)n) * 4;
	if (off + 4 > t->cutab.len)
		return NULL;
	off = rd32(t, t->cutab.p + off);
	return off == UINT32_MAX ? NULL : pcln_str(&t->files, off, NULL);
}

bool pclntab_line(const struct pclntab *t, const struct pcln_func *f, uint64_t pc,
		  const char **ret_file, uint32_t *ret_line)
{
	const char *file = file_name(t, f, pcln_value(t, f, f->pcfile, pc));
	int32_t line = pcln_value(t, f, f->pcln, pc);

	if (!file || line < 0)
		return false;
	*ret_file = file;
	*ret_line = line;
	return true;
}

/* ---- inlined calls ---- */

static uint32_t pcdata_off(const struct pclntab *t, const struct pcln_func *f, uint32_t table)
{
	if (table >= f->npcdata)
		return 0;
	return rd32(t, f->raw + pcln_shape(t)->size + 4 * (size_t)table);
}

uint64_t pcln_funcdata(const struct pclntab *t, const struct pcln_func *f, uint32_t i)
{
	size_t off = pcln_shape(t)->size + 4 * (size_t)f->npcdata;
	uint64_t vaddr, val;

	if (i >= f->nfuncdata)
		return 0;
	if (t->format >= PCLN_GO118) {
		off += 4 * (size_t)i;
		if (off + 4 > f->avail || !t->gofunc)
			return 0;
		val = rd32(t, f->raw + off);
		return val == UINT32_MAX ? 0 : t->gofunc + val;
	}
	vaddr = t->vaddr + (f->raw - t->data) + off;
	vaddr += vaddr & (t->word - 1) & 4;
	return elf_image_word(t->elf, vaddr + t->word * (uint64_t)i, &val) ? val : 0;
}

static uint64_t inline_tree(const struct pclntab *t, const struct pcln_func *f)
{
	return pcln_funcdata(t, f, t->minor < 16 ? 4 : 3);
}

bool pclntab_inline_nth(const struct pclntab *t, const struct pcln_func *f, uint32_t i,
			struct pcln_inl *ret)
{
	bool old = t->minor < 20;
	size_t size = old ? 20 : 16, len;
	uint64_t tree = inline_tree(t, f);
	const uint8_t *p;
	int32_t name_off;

	/* A tree has an entry for each call inlined; its length stands nowhere. */
	if (!tree || i >= 1 << 20)
		return false;
	p = elf_image_at(t->elf, tree + (uint64_t)i * size, size);
	if (!p)
		return false;
	name_off = (int32_t)rd32(t, p + (old ? 12 : 4));
	if (name_off < 0)
		return false;
	ret->name = pcln_str(&t->names, name_off, &len);
	if (!ret->name)
		return false;
	ret->name_len = len < UINT32_MAX ? len : UINT32_MAX;
	ret->func_id = p[old ? 2 : 0];
	ret->wrapper = ret->func_id == pcln_wrapper_id(t->minor);
	ret->parent_pc = rd32(t, p + (old ? 16 : 8));
	ret->start_line = old ? 0 : (int32_t)rd32(t, p + 12);
	return ret->parent_pc < f->hi - f->lo;
}

bool pclntab_inline(const struct pclntab *t, const struct pcln_func *f, uint64_t pc,
		    struct pcln_inl *ret)
{
	int32_t i = pcln_value(t, f, pcdata_off(t, f, PCDATA_INL_TREE), pc);

	return i >= 0 && pclntab_inline_nth(t, f, i, ret);
}

void pclntab_inline_ranges(const struct pclntab *t, const struct pcln_func *f, pcln_range_fn cb,
			   void *arg)
{
	struct pcv v;

	if (!pcv_init(&v, t, f, pcdata_off(t, f, PCDATA_INL_TREE)))
		return;
	while (pcv_next(&v))
		if (!cb(arg, v.lo, v.hi < f->hi ? v.hi : f->hi, v.val))
			return;
}

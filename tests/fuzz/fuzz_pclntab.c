/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Go's table of functions. The input:
 *
 *	1 byte	the minor version of Go
 *	1 byte	1 big-endian, 2 32-bit, 4 a PIE, 8 without sections: the table is searched for
 *	4 bytes	runtime.text as moduledata says, 4 bytes its length
 *	4 bytes	where go:func.* begins in the table
 *	the table; it is mapped at TAB
 */
#include <elf.h>
#include "func_defers.h"
#include "fuzz_offsets.h"
#include "pclntab.h"

enum { BIG = 1, IS32 = 2, PIE = 4, NO_SECTIONS = 8, TAB = 0x500000, MAX_FUNCS = 64 };

static bool on_range(void *arg, uint64_t lo, uint64_t hi, int32_t value)
{
	int *n = arg;

	must(lo <= hi);
	return ++*n < 256;
}

static void must_end(const struct elf_image *e, const char *s)
{
	const uint8_t *p = (const uint8_t *)s;

	must(p >= e->map && p < e->map + e->size);
	must(memchr(p, 0, e->map + e->size - p));
}

static void ask_pc(const struct elf_image *e, const struct pclntab *t, const struct pcln_func *f,
		   uint64_t pc)
{
	struct pcln_inl inl;
	const char *file;
	uint32_t line;

	if (pclntab_line(t, f, pc, &file, &line))
		must_end(e, file);
	if (pclntab_inline(t, f, pc, &inl))
		must_end(e, inl.name);
}

static void ask(const struct elf_image *e, const struct pclntab *t)
{
	struct golin_func_defers d;
	struct pcln_func f, g;

	for (uint32_t i = 0; i < t->nfunc && i < MAX_FUNCS; i++) {
		int ranges = 0;
		struct pcln_inl inl;

		if (!pclntab_func(t, i, &f))
			continue;
		must(f.lo < f.hi && f.index == i);
		must_end(e, f.name);
		ask_pc(e, t, &f, f.lo);
		ask_pc(e, t, &f, f.lo + (f.hi - f.lo) / 2);
		ask_pc(e, t, &f, f.hi - 1);
		pclntab_inline_ranges(t, &f, on_range, &ranges);
		for (uint32_t k = 0; k < 16 && pclntab_inline_nth(t, &f, k, &inl); k++)
			must_end(e, inl.name);
		pclntab_open_defers(t, &f, &d);
		must(d.n <= GOLIN_OPEN_DEFERS && d.open <= GOLIN_OPEN_UNKNOWN);
		if (pclntab_find_pc(t, f.lo, &g))
			must(f.lo >= g.lo && f.lo < g.hi);
		if (i < 8 && pclntab_find_name(t, f.name, &g))
			must(!strcmp(f.name, g.name));
	}
	(void)pclntab_find_pc(t, 0, &f);
	(void)pclntab_find_pc(t, UINT64_MAX, &f);
	(void)pclntab_find_name(t, "main.main", &f);
	must(!pclntab_find_name(t, "", &f) || !*f.name);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = {data, size};
	uint16_t minor = in_word(&in, 1);
	uint8_t flags = in_word(&in, 1);
	uint64_t text = in_word(&in, 4), text_len = in_word(&in, 4), gofunc = in_word(&in, 4);
	struct elf_section sections[2] = {{.type = SHT_NULL},
					  {".gopclntab", .type = SHT_PROGBITS, .addr = TAB,
					   .off = in.p - data, .size = in.left}};
	struct elf_segment segment = {.type = PT_LOAD,
				      .flags = PF_R,
				      .off = in.p - data,
				      .vaddr = TAB,
				      .filesz = in.left,
				      .memsz = in.left};
	struct elf_image e = {
		.map = data,
		.size = size,
		.is64 = !(flags & IS32),
		.big_endian = flags & BIG,
		.type = flags & PIE ? ET_DYN : ET_EXEC,
		.machine = flags & BIG ? EM_S390 : EM_X86_64,
		.sections = sections,
		.nsections = flags & NO_SECTIONS ? 0 : 2,
		.segments = &segment,
		.nsegments = 1,
	};
	struct golin_err err = {0};
	struct pclntab t;
	int r = pclntab_open(&e, minor, &t, &err);

	if (r) {
		must_be_refusal(r, &err);
		return 0;
	}
	pclntab_set_module(&t, text, text + text_len, gofunc ? TAB + gofunc : 0);
	ask(&e, &t);
	pclntab_done(&t);
	return 0;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* Where the runtime keeps its timers, from the code that looks at all of them. */
#include "timer_heaps.h"

#include <elf.h>
#include "moduledata.h"
#include "symtab.h"
#include "x86.h"

enum {
	MAX_OPERANDS = 64,
	MAX_INSNS = 4096,
	SLICE = 24,
	BUCKETS = 64 * 128, /* bytes of runtime.timers: 64 of them, padded to two cache lines */
	MINOR_HEAPS = 14,   /* since when each P has its own */
};

/* timeSleepUntil goes over allp: loads its pointer and its length. */
static uint64_t find_allp(struct elf_image *elf, const struct pclntab *t)
{
	uint64_t seen[MAX_OPERANDS], found = 0, addr, a;
	struct pcln_func f;
	struct x86_insn in;
	int n = 0;

	if (!pclntab_find_name(t, "runtime.timeSleepUntil", &f))
		return 0;
	addr = f.lo;
	for (int k = 0; k < MAX_INSNS && x86_decode(elf, addr, f.hi, &in); k++, addr = in.next)
		if (in.i.mnemonic == ZYDIS_MNEMONIC_MOV && in.i.operand_width == 64 &&
		    in.ops[0].type == ZYDIS_OPERAND_TYPE_REGISTER && x86_rip_mem(&in, &a) &&
		    n < MAX_OPERANDS)
			seen[n++] = a;
	for (int i = 0; i < n; i++) {
		bool first = true, len = false;

		for (int j = 0; j < n; j++) {
			first &= seen[j] != seen[i] - 8;
			len |= seen[j] == seen[i] + 8;
		}
		if (!first || !len || seen[i] == found)
			continue;
		if (found)
			return 0;
		found = seen[i];
	}
	return found;
}

/* addtimer chooses a bucket by the number of its P: takes the address of the array. */
static uint64_t find_buckets(struct elf_image *elf, const struct pclntab *t)
{
	uint64_t found = 0, addr, a;
	struct pcln_func f;
	struct x86_insn in;

	if (!pclntab_find_name(t, "runtime.addtimer", &f))
		return 0;
	addr = f.lo;
	for (int k = 0; k < MAX_INSNS && x86_decode(elf, addr, f.hi, &in); k++, addr = in.next) {
		if (in.i.mnemonic != ZYDIS_MNEMONIC_LEA || !x86_rip_mem(&in, &a) ||
		    !moduledata_is_data(elf, a, BUCKETS) || a == found)
			continue;
		if (found)
			return 0;
		found = a;
	}
	return found;
}

uint64_t timer_heaps_find(struct elf_image *elf, const struct pclntab *t, uint16_t minor)
{
	bool heaps = minor >= MINOR_HEAPS;
	uint64_t at = heaps ? find_allp(elf, t) : find_buckets(elf, t);

	return at && moduledata_is_data(elf, at, heaps ? SLICE : BUCKETS) ? at : 0;
}

uint64_t timer_heaps_symbol(struct elf_image *elf, uint16_t minor)
{
	bool heaps = minor >= MINOR_HEAPS;
	struct symtab_sym sym;
	struct symtab t;

	if (!symtab_open(elf, &t) ||
	    !symtab_find(&t, heaps ? "runtime.allp" : "runtime.timers", STT_OBJECT, &sym))
		return 0;
	return moduledata_is_data(elf, sym.value, heaps ? SLICE : BUCKETS) ? sym.value : 0;
}

/* SPDX-License-Identifier: BSD-2-Clause */
#include "mheap.h"

#include <elf.h>
#include "moduledata.h"
#include "symtab.h"
#include "x86.h"

enum { MAX_INSNS = 4096, LEAST = 4096 /* bytes of the struct, which has tens of thousands */ };

/* lea runtime.mheap_(%rip),%rax; perhaps onto the stack; call runtime.(*mheap).init */
uint64_t mheap_find(struct elf_image *elf, const struct pclntab *t)
{
	struct pcln_func f, init;
	uint64_t addr, a, to, last = 0, found = 0;
	struct x86_insn in;

	if (!pclntab_find_name(t, "runtime.mallocinit", &f) ||
	    !pclntab_find_name(t, "runtime.(*mheap).init", &init))
		return 0;
	addr = f.lo;
	for (int k = 0; k < MAX_INSNS && x86_decode(elf, addr, f.hi, &in); k++, addr = in.next) {
		if (in.i.mnemonic == ZYDIS_MNEMONIC_LEA && x86_rip_mem(&in, &a)) {
			last = a;
		} else if (in.i.mnemonic == ZYDIS_MNEMONIC_CALL) {
			if (x86_target(&in, &to) && to == init.lo) {
				if (!last || (found && found != last))
					return 0;
				found = last;
			}
			last = 0;
		}
	}
	return found && moduledata_is_data(elf, found, LEAST) ? found : 0;
}

uint64_t mheap_symbol(struct elf_image *elf)
{
	struct symtab_sym sym;
	struct symtab t;

	if (!symtab_open(elf, &t) || !symtab_find(&t, "runtime.mheap_", STT_OBJECT, &sym))
		return 0;
	return moduledata_is_data(elf, sym.value, LEAST) ? sym.value : 0;
}

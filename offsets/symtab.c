/* SPDX-License-Identifier: BSD-2-Clause */
#include "symtab.h"

#include <elf.h>
#include <stdio.h>
#include <string.h>
#include "elf_image.h"

bool symtab_open(const struct elf_image *e, struct symtab *ret)
{
	enum { MAX_TABLES = 8 }; /* a program has one; each that is looked into takes time */
	size_t want = e->is64 ? sizeof(Elf64_Sym) : sizeof(Elf32_Sym);
	struct symtab t = {.elf = e, .entsize = want};
	const struct elf_section *str;
	int seen = 0;

	for (size_t i = 1; i < e->nsections && seen < MAX_TABLES; i++) {
		const struct elf_section *s = &e->sections[i];

		/* An entry size other than ELF's own is a trap for divisions: such a table is not
		 * read. */
		if (s->type != SHT_SYMTAB || s->entsize != want || !s->link ||
		    s->link >= e->nsections)
			continue;
		seen++;
		str = &e->sections[s->link];
		t.syms = elf_image_data(e, s);
		t.str = (const char *)elf_image_data(e, str);
		if (!t.syms || !t.str || str->type != SHT_STRTAB)
			continue;
		t.nsyms = s->size / want;
		t.str_len = str->size;
		while (t.str_len && t.str[t.str_len - 1])
			t.str_len--;
		if (!t.nsyms || !t.str_len)
			continue;
		*ret = t;
		return true;
	}
	return false;
}

bool symtab_get(const struct symtab *t, size_t i, struct symtab_sym *ret)
{
	const struct elf_image *e = t->elf;
	const uint8_t *p;
	uint32_t name;

	if (i >= t->nsyms)
		return false;
	p = t->syms + i * t->entsize;
	name = elf_u32(e, p); /* st_name comes first in both classes */
	if (name >= t->str_len)
		return false;
	ret->name = t->str + name;
	if (e->is64) {
		ret->type = ELF64_ST_TYPE(p[offsetof(Elf64_Sym, st_info)]);
		ret->shndx = elf_u16(e, p + offsetof(Elf64_Sym, st_shndx));
		ret->value = elf_u64(e, p + offsetof(Elf64_Sym, st_value));
		ret->size = elf_u64(e, p + offsetof(Elf64_Sym, st_size));
	} else {
		ret->type = ELF32_ST_TYPE(p[offsetof(Elf32_Sym, st_info)]);
		ret->shndx = elf_u16(e, p + offsetof(Elf32_Sym, st_shndx));
		ret->value = elf_u32(e, p + offsetof(Elf32_Sym, st_value));
		ret->size = elf_u32(e, p + offsetof(Elf32_Sym, st_size));
	}
	return true;
}

bool symtab_find(const struct symtab *t, const char *name, uint8_t type, struct symtab_sym *ret)
{
	struct symtab_sym sym;

	for (size_t i = 1; i < t->nsyms; i++) {
		if (!symtab_get(t, i, &sym) || sym.type != type || sym.shndx == SHN_UNDEF ||
		    strcmp(sym.name, name))
			continue;
		*ret = sym;
		return true;
	}
	return false;
}

bool symtab_func(const struct symtab *t, const char *name, uint64_t *ret_lo, uint64_t *ret_hi)
{
	struct symtab_sym sym;
	char abi0[256];
	int len;

	if (!symtab_find(t, name, STT_FUNC, &sym)) {
		len = snprintf(abi0, sizeof(abi0), "%s.abi0", name);
		if (len < 0 || (size_t)len >= sizeof(abi0) || !symtab_find(t, abi0, STT_FUNC, &sym))
			return false;
	}
	if (sym.value + sym.size < sym.value)
		return false;
	*ret_lo = sym.value;
	*ret_hi = sym.value + sym.size;
	return true;
}

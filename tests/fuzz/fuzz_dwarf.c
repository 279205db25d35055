/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The walk through DWARF. The input is not an ELF file, whose headers would keep a fuzzer out, but
 *
 *	1 byte		1 big-endian, 2 32-bit, 4 .zdebug_*, 8 SHF_COMPRESSED
 *	4 x 2 bytes	how many bytes of .debug_abbrev, .debug_str, .debug_line_str and
 *			.debug_str_offsets follow; the rest is .debug_info
 */
#include <elf.h>
#include <stdio.h>
#include "fuzz_offsets.h"
#include "layout.h"

enum { BIG = 1, IS32 = 2, GNU_COMPRESSED = 4, ELF_COMPRESSED = 8 };

static void put_section(struct elf_section *s, const char *name, uint8_t flags, const uint8_t *base,
			const struct input *bytes)
{
	snprintf(s->name, sizeof(s->name), ".%sdebug_%s", flags & GNU_COMPRESSED ? "z" : "", name);
	s->type = SHT_PROGBITS;
	s->flags = flags & ELF_COMPRESSED ? SHF_COMPRESSED : 0;
	s->off = bytes->p - base;
	s->size = bytes->left;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const names[] = {"abbrev", "str", "line_str", "str_offsets", "info"};
	static struct golin_layout layout;
	struct input in = {data, size}, parts[5];
	struct elf_section sections[6] = {{"", .type = SHT_NULL}};
	struct elf_image e = {.map = data, .size = size, .sections = sections};
	struct golin_err err = {0};
	uint8_t flags = in_word(&in, 1);
	uint32_t version = 0;
	size_t lens[5];
	const char *why;
	int r;

	e.big_endian = flags & BIG;
	e.is64 = !(flags & IS32);
	e.machine = flags & BIG ? EM_S390 : EM_X86_64;
	for (int i = 0; i < 4; i++)
		lens[i] = in_word(&in, 2);
	lens[4] = SIZE_MAX;
	e.nsections = 1;
	for (int i = 0; i < 5; i++) {
		parts[i] = in_take(&in, lens[i]);
		if (parts[i].left)
			put_section(&sections[e.nsections++], names[i], flags, data, &parts[i]);
	}
	r = layout_from_dwarf(&e, NULL, &layout, &version, &err);
	if (r) {
		must_be_refusal(r, &err);
		return 0;
	}
	must(version >= 2 && version <= 5);
	must(image_check_layout(&layout, &why));
	return 0;
}

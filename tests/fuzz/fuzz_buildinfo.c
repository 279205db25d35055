/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Build information and Go versions. The first byte: 1 big-endian, 2 32-bit, 4 a section
 * .go.buildinfo, 8 the rest is an ELF file.
 */
#include <elf.h>
#include "buildinfo.h"
#include "fuzz_offsets.h"

enum { BIG = 1, IS32 = 2, SECTION = 4, WHOLE = 8, VADDR = 0x600000 };

static void ask(struct elf_image *e)
{
	static const char *const keys[] = {"-race", "GOARCH", "-ldflags", "vcs.revision", ""};
	struct golin_go_version go;
	struct golin_err err = {0};
	struct buildinfo b = {0};
	char value[64];
	int r = buildinfo_find(e, &b, &err);

	if (r) {
		must_be_refusal(r, &err);
		return;
	}
	must_be_clean(b.version, sizeof(b.version));
	if (golin_go_version_parse(b.version, &go)) {
		must_be_clean(go.text, sizeof(go.text));
		must_be_clean(go.short_, sizeof(go.short_));
		must(go.minor < 1000 && go.patch < 1000);
	}
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (buildinfo_setting(&b, keys[i], value, sizeof(value)))
			must_be_clean(value, sizeof(value));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = {data, size};
	uint8_t flags = in_word(&in, 1);
	struct elf_section sections[2] = {{.type = SHT_NULL},
					  {".go.buildinfo", .type = SHT_PROGBITS, .addr = VADDR,
					   .off = in.p - data, .size = in.left}};
	struct elf_segment segment = {.type = PT_LOAD,
				      .flags = PF_R | PF_W,
				      .off = in.p - data,
				      .vaddr = VADDR,
				      .filesz = in.left,
				      .memsz = in.left};
	struct elf_image e = {
		.map = data,
		.size = size,
		.is64 = !(flags & IS32),
		.big_endian = flags & BIG,
		.type = ET_EXEC,
		.machine = flags & BIG ? EM_S390 : EM_X86_64,
		.sections = sections,
		.nsections = flags & SECTION ? 2 : 0,
		.segments = &segment,
		.nsegments = 1,
	};

	if (flags & WHOLE) {
		int fd = memory_file(in.p, in.left);
		struct golin_err err = {0};
		int r = elf_image_open(fd, &e, &err);

		if (r) {
			must_be_refusal(r, &err);
		} else {
			ask(&e);
			elf_image_done(&e);
		}
		close(fd);
		return 0;
	}
	ask(&e);
	return 0;
}

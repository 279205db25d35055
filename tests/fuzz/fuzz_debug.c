/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A .debug file: whether it belongs to a program, and its DWARF. The input:
 *
 *	1 byte	1 the program has a GNU build id, 2 Go's own, 4 a .gnu_debuglink, 8 with the right
 *		checksum, 16 it is big-endian
 *	the .debug file
 */
#include <elf.h>
#include <stdio.h>
#include <zlib.h>
#include "fuzz_offsets.h"
#include "image.h"

enum { GNU_ID = 1, GO_ID = 2, LINK = 4, RIGHT_CRC = 8, BIG = 16 };

static const uint8_t gnu_note[] = "\x04\0\0\0\x08\0\0\0\x03\0\0\0GNU\0golin-id";
static const uint8_t go_note[] = "\x04\0\0\0\x08\0\0\0\x04\0\0\0Go\0\0golin/id";

static void add(struct elf_image *e, const char *name, uint32_t type, const void *data, size_t len)
{
	struct elf_section *s = &e->sections[e->nsections++];

	snprintf(s->name, sizeof(s->name), "%s", name);
	s->type = type;
	s->off = (const uint8_t *)data - e->map;
	s->size = len;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t bytes[256];
	static struct golin_layout layout;
	struct elf_section sections[4] = {{.type = SHT_NULL}};
	struct input in = {data, size};
	uint8_t flags = in_word(&in, 1);
	struct golin_image img = {.elf = {.map = bytes,
					  .size = sizeof(bytes),
					  .is64 = true,
					  .big_endian = flags & BIG,
					  .machine = EM_X86_64,
					  .sections = sections,
					  .nsections = 1},
				  .info = {.go = {.minor = 26}, .arch = "amd64"}};
	uint32_t crc = flags & RIGHT_CRC ? crc32(0, in.p, in.left) : 1;
	struct golin_err err = {0};
	const char *why;
	int fd, r;

	memcpy(bytes, gnu_note, sizeof(gnu_note) - 1);
	memcpy(bytes + 64, go_note, sizeof(go_note) - 1);
	memcpy(bytes + 128, "hello.debug", 12);
	memcpy(bytes + 140, &crc, 4);
	if (flags & GNU_ID)
		add(&img.elf, ".note.gnu.build-id", SHT_NOTE, bytes, sizeof(gnu_note) - 1);
	if (flags & GO_ID)
		add(&img.elf, ".note.go.buildid", SHT_NOTE, bytes + 64, sizeof(go_note) - 1);
	if (flags & LINK)
		add(&img.elf, ".gnu_debuglink", SHT_PROGBITS, bytes + 128, 16);
	image_read_build_id(&img.elf, &img.info);
	image_read_debuglink(&img.elf, &img.info);
	fd = memory_file(in.p, in.left);
	r = golin_image_attach_debug(&img, fd, &err);
	if (r) {
		must_be_refusal(r, &err);
		must(!img.debug.map);
	} else {
		/* Nothing belongs to a program that does not say which. */
		must(flags & (GNU_ID | GO_ID | LINK));
		r = golin_image_layout(&img, GOLIN_LAYOUT_ONLY_DWARF, &layout, &err);
		if (r)
			must_be_refusal(r, &err);
		else
			must(image_check_layout(&layout, &why));
		elf_image_done(&img.debug);
	}
	close(fd);
	return 0;
}

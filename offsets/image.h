/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Private to offsets/: what stands behind golin_image. image.c opens and closes it and fills
 * everything that ELF headers, buildinfo and DWARF say; code.c does the rest, which is about code:
 * .gopclntab, moduledata, allgs, the TLS slot of g, functions, sites and names.
 */
#ifndef GOLIN_OFFSETS_IMAGE_H
#define GOLIN_OFFSETS_IMAGE_H

#include "base/err.h"
#include "elf_image.h"
#include "golin/offsets.h"

struct image_code; /* defined by the code side */

struct golin_image {
	struct elf_image elf;
	struct elf_image debug; /* the .debug file that is attached; all 0: none */
	struct golin_image_info info;
	struct image_code *code;   /* NULL when image_code_open() failed */
	struct golin_err code_err; /* then: why */
	bool pgo;		   /* built with a profile */
};

/*
 * Called once by golin_image_open() when elf, info.go, info.arch, info.flags and info.segments are
 * set. Sets img->code, and info.text, etext, allgs, tls_g as far as they can be found. On an error
 * img->code stays NULL and the image is still good for layouts; functions, sites and names then
 * answer with code_err.
 */
int image_code_open(struct golin_image *img, struct golin_err *err);
void image_code_close(struct image_code *code); /* NULL is allowed */
/* These sites will be asked for: spares each a search for its function. Names end within. */
void image_code_expect(struct golin_image *img, const struct golin_site_want *wants, size_t n);

/* image_debug.c: fills build_id and its flag; debuglink and debuglink_crc. */
void image_read_build_id(const struct elf_image *e, struct golin_image_info *info);
void image_read_debuglink(const struct elf_image *e, struct golin_image_info *info);
bool image_is_plain_name(const char *s, size_t len);
bool image_has_dwarf(const struct elf_image *e);

#endif

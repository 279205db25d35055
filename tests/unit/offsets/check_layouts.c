/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * check_layouts EXPECTED.tsv MINOR [nodwarf] BINARY...: for real Go programs of that minor (26 for
 * go1.26), the layouts from DWARF equal the expected ones, and golin's table says the same. With
 * "nodwarf" the programs must be said to have none, and the table serves them. Exit 0: so it is.
 */
#include <elf.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/err.h"
#include "elf_image.h"
#include "expected.h"
#include "symtab.h"

static struct expected lines[MAX_EXPECTED];
static int nlines;

static int fail(const char *path, const char *what, const struct golin_err *err)
{
	fprintf(stderr, "%s: %s%s%s\n", path, what, err && *err->msg ? ": " : "",
		err ? err->msg : "");
	return 1;
}

static int check_image(const char *path, struct golin_image *img, int minor, bool nodwarf)
{
	const struct golin_image_info *info = golin_image_info(img);
	struct golin_layout dwarf, table, any;
	struct golin_err err = {0};
	int r;

	if (info->go.minor != minor)
		return fail(path, "another Go version", NULL);
	if (golin_image_layout(img, GOLIN_LAYOUT_ONLY_TABLE, &table, &err))
		return fail(path, "the table", &err);
	if (table.source != GOLIN_FROM_TABLE)
		return fail(path, "the table calls itself something else", NULL);
	if (golin_image_layout(img, GOLIN_LAYOUT_AUTO, &any, &err))
		return fail(path, "neither DWARF nor table", &err);
	if (any.source != (nodwarf ? GOLIN_FROM_TABLE : GOLIN_FROM_DWARF))
		return fail(path, "the wrong source was chosen", NULL);
	r = golin_image_layout(img, GOLIN_LAYOUT_ONLY_DWARF, &dwarf, &err);
	if (nodwarf)
		return r == -ENODATA ? 0 : fail(path, "DWARF where there is none", &err);
	if (r)
		return fail(path, "DWARF", &err);
	if (golin_layout_check(&dwarf, &err))
		return fail(path, "DWARF", &err);
	if (expected_compare(lines, nlines, &info->go, &dwarf))
		return fail(path, "DWARF differs from what is expected", NULL);
	if (layout_differences(&dwarf, &table))
		return fail(path, "DWARF differs from the table", NULL);
	if (!info->dwarf_version || !(info->flags & GOLIN_IMAGE_DWARF))
		return fail(path, "the image does not tell of its DWARF", NULL);
	return 0;
}

/* What was found by decoding code is where the symbol table says, when there is one. */
static int check_allgs(const char *path, int fd, uint64_t allgs)
{
	struct symtab_sym sym;
	struct elf_image e;
	struct symtab t;
	int r = 0;

	if (elf_image_open(fd, &e, NULL))
		return fail(path, "no ELF file", NULL);
	if (!allgs)
		r = fail(path, "runtime.allgs was not found", NULL);
	else if (symtab_open(&e, &t) && symtab_find(&t, "runtime.allgs", STT_OBJECT, &sym) &&
		 sym.value != allgs)
		r = fail(path, "runtime.allgs lies elsewhere", NULL);
	elf_image_done(&e);
	return r;
}

static int check_binary(const char *path, int minor, bool nodwarf)
{
	struct golin_err err = {0};
	struct golin_image *img;
	int r, fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return fail(path, "cannot be opened", NULL);
	r = golin_image_open(fd, &img, &err);
	if (r) {
		close(fd);
		return fail(path, "refused", &err);
	}
	r = check_allgs(path, fd, golin_image_info(img)->allgs);
	close(fd);
	r = check_image(path, img, minor, nodwarf) || r;
	if (!r)
		printf("%s: ok: %s, DWARF %u, flags 0x%x\n", path, golin_image_info(img)->go.text,
		       golin_image_info(img)->dwarf_version, golin_image_info(img)->flags);
	golin_image_close(img);
	return r;
}

int main(int argc, char **argv)
{
	int failed = 0, i = 3;
	bool nodwarf;

	if (argc < 4) {
		fprintf(stderr, "usage: check_layouts EXPECTED.tsv MINOR [nodwarf] BINARY...\n");
		return 2;
	}
	nlines = expected_read(argv[1], lines, MAX_EXPECTED);
	if (nlines <= 0)
		return 2;
	nodwarf = !strcmp(argv[3], "nodwarf");
	for (i += nodwarf; i < argc; i++)
		failed += check_binary(argv[i], atoi(argv[2]), nodwarf);
	return failed != 0;
}

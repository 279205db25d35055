/* SPDX-License-Identifier: BSD-2-Clause */
/* golin_image: opens an ELF file and says what kind of Go program it is. */
#include "image.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>
#include "base/text.h"
#include "buildinfo.h"
#include "layout.h"

/* GOARCH of the machine, or "" for one that Go does not know. */
static const char *goarch(const struct elf_image *e)
{
	static const struct {
		uint16_t machine;
		bool is64;
		const char *little, *big;
	} known[] = {
		{EM_X86_64, true, "amd64", NULL},
		{EM_386, false, "386", NULL},
		{EM_AARCH64, true, "arm64", NULL},
		{EM_ARM, false, "arm", NULL},
		{EM_PPC64, true, "ppc64le", "ppc64"},
		{EM_S390, true, NULL, "s390x"},
		{EM_RISCV, true, "riscv64", NULL},
		{258 /* EM_LOONGARCH */, true, "loong64", NULL},
		{EM_MIPS, true, "mips64le", "mips64"},
		{EM_MIPS, false, "mipsle", "mips"},
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		const char *name = e->big_endian ? known[i].big : known[i].little;

		if (known[i].machine == e->machine && known[i].is64 == e->is64 && name)
			return name;
	}
	return "";
}

/* ---- what kind of build ---- */

static bool has_section(const struct elf_image *e, const char *name)
{
	const struct elf_section *s = elf_image_section(e, name);

	return s && s->size && s->type != SHT_NOBITS;
}

bool image_has_dwarf(const struct elf_image *e)
{
	return has_section(e, ".debug_info") || has_section(e, ".zdebug_info");
}

/* Linked against a shared library: Go's own linker makes no such program without cgo. */
static bool needs_library(const struct elf_image *e)
{
	enum { MAX_DYNAMIC = 4096 }; /* entries; some thirty are usual */
	size_t word = e->is64 ? 8 : 4;

	for (size_t i = 0; i < e->nsegments; i++) {
		const struct elf_segment *s = &e->segments[i];

		if (s->type != PT_DYNAMIC || s->off > e->size || s->filesz > e->size - s->off)
			continue;
		for (uint64_t off = 0; s->filesz - off >= 2 * word && off < MAX_DYNAMIC * 2 * word;
		     off += 2 * word) {
			const uint8_t *p = e->map + s->off + off;
			uint64_t tag = e->is64 ? elf_u64(e, p) : elf_u32(e, p);

			if (tag == DT_NEEDED)
				return true;
			if (tag == DT_NULL)
				break;
		}
	}
	return false;
}

static uint32_t image_flags(const struct elf_image *e, const struct buildinfo *b)
{
	uint32_t flags = 0;
	char value[16];

	if (e->type == ET_DYN)
		flags |= GOLIN_IMAGE_PIE;
	if (image_has_dwarf(e))
		flags |= GOLIN_IMAGE_DWARF;
	if (!has_section(e, ".symtab"))
		flags |= GOLIN_IMAGE_STRIPPED;
	/*
	 * CGO_ENABLED=1 says that cgo was allowed, not that it was used. A C compiler's start-up
	 * code has .init or .init_array, also in a program that is linked statically.
	 */
	if (needs_library(e) || has_section(e, ".init") || has_section(e, ".init_array"))
		flags |= GOLIN_IMAGE_CGO;
	if (buildinfo_setting(b, "-race", value, sizeof(value)) && !strcmp(value, "true"))
		flags |= GOLIN_IMAGE_RACE;
	return flags;
}

static int read_segments(const struct elf_image *e, struct golin_image_info *info,
			 struct golin_err *err)
{
	const size_t max = sizeof(info->segments) / sizeof(info->segments[0]);

	for (size_t i = 0; i < e->nsegments; i++) {
		const struct elf_segment *s = &e->segments[i];

		if (s->type != PT_LOAD)
			continue;
		if (info->nsegments == max)
			return golin_err_set(err, -EOPNOTSUPP, "more than %zu loadable segments",
					     max);
		info->segments[info->nsegments++] = (struct golin_segment){
			.file_off = s->off,
			.vaddr = s->vaddr,
			.file_size = s->filesz,
			.mem_size = s->memsz,
			.flags = s->flags,
		};
	}
	return 0;
}

static bool looks_like_go(const struct elf_image *e)
{
	static const char *const sections[] = {".gopclntab", ".data.rel.ro.gopclntab",
					       ".note.go.buildid", ".go.module"};

	for (size_t i = 0; i < sizeof(sections) / sizeof(sections[0]); i++)
		if (elf_image_section(e, sections[i]))
			return true;
	return false;
}

static int read_version(struct golin_image *img, struct buildinfo *b, struct golin_err *err)
{
	struct elf_image *e = &img->elf;
	int r = buildinfo_find(e, b, err);

	if (r == -ENODATA && looks_like_go(e)) {
		r = golin_err_set(err, -EOPNOTSUPP,
				  "a Go program without build information: its Go version is not "
				  "known");
		golin_err_hint(err, "obfuscators remove it; use a program built by go build");
		return r;
	}
	if (r == -ENODATA)
		return golin_err_set(err, -ENOEXEC, "not a Go program: no Go build information");
	if (r)
		return r;
	if (golin_go_version_parse(b->version, &img->info.go))
		return 0;
	r = golin_err_set(err, -EOPNOTSUPP, "unknown Go version '%s' in its build information",
			  b->version);
	if (!strcmp(b->version, "unknown"))
		golin_err_hint(err, "obfuscators such as garble write that; use a program built by "
				    "go build");
	return r;
}

static int fill_image(struct golin_image *img, struct golin_err *err)
{
	struct elf_image *e = &img->elf;
	struct golin_image_info *info = &img->info;
	struct buildinfo b = {0};
	uint64_t lo, hi;
	char value[16];
	int r;

	if (e->type == ET_CORE)
		return golin_err_set(err, -ENOEXEC, "not a program: it is a core file");
	if (e->type == ET_REL)
		return golin_err_set(err, -ENOEXEC, "not a program: it is an object file");
	r = read_version(img, &b, err);
	if (r)
		return r;
	if (!*goarch(e))
		return golin_err_set(err, -EOPNOTSUPP,
				     "a machine that Go does not know: ELF machine %u, %d-bit, "
				     "%s-endian",
				     e->machine, e->is64 ? 64 : 32,
				     e->big_endian ? "big" : "little");
	strcpy(info->arch, goarch(e));
	r = read_segments(e, info, err);
	if (r)
		return r;
	info->flags = image_flags(e, &b);
	img->pgo = buildinfo_setting(&b, "-pgo", value, sizeof(value));
	image_read_build_id(e, info);
	image_read_debuglink(e, info);
	/* Layouts can be had without the rest: why that failed is told to who asks for it. */
	if (image_code_open(img, &img->code_err))
		return 0;
	/* Up to 1.17 no build settings tell of the race detector, whose calls are functions. */
	if (!(info->flags & GOLIN_IMAGE_RACE) && info->go.minor < 18 &&
	    !golin_image_func(img, "runtime.racecall", &lo, &hi, NULL))
		info->flags |= GOLIN_IMAGE_RACE;
	return 0;
}

int golin_image_open(int fd, struct golin_image **ret, struct golin_err *err)
{
	struct golin_image *img = calloc(1, sizeof(*img));
	int r;

	if (!img)
		return golin_err_set(err, -ENOMEM, "out of memory");
	r = elf_image_open(fd, &img->elf, err);
	if (!r)
		r = fill_image(img, err);
	if (r) {
		golin_image_close(img);
		return r;
	}
	*ret = img;
	return 0;
}

void golin_image_close(struct golin_image *img)
{
	if (!img)
		return;
	image_code_close(img->code);
	elf_image_done(&img->elf);
	elf_image_done(&img->debug);
	free(img);
}

const struct golin_image_info *golin_image_info(const struct golin_image *img)
{
	return &img->info;
}

/* ---- layouts ---- */

static int dwarf_layout(struct golin_image *img, struct golin_layout *ret, struct golin_err *err)
{
	struct elf_image *e = img->debug.map ? &img->debug : &img->elf;
	bool absent[GOLIN_S_MAX];
	int r;

	/*
	 * What the table says does not enter the result; it only ends the search for structs that
	 * this version does not have, which otherwise would go on to the end of the unit.
	 */
	layout_table_absent(&img->info.go, img->info.arch, absent);
	/* The function table and symbols have been looked through: the walk takes their room. */
	if (image_has_dwarf(e))
		elf_image_release(&img->elf, img->elf.map, img->elf.size);
	r = layout_from_dwarf(e, absent, ret, &img->info.dwarf_version, err);
	if (r == -ENODATA)
		golin_err_ctx(err, "no DWARF");
	return r;
}

int golin_image_layout(struct golin_image *img, enum golin_layout_choice choice,
		       struct golin_layout *ret, struct golin_err *err)
{
	struct golin_err dwarf_err = {0}, table_err = {0};
	int r;

	if (choice == GOLIN_LAYOUT_ONLY_TABLE)
		return layout_from_table(&img->info.go, img->info.arch, ret, err);
	r = dwarf_layout(img, ret, &dwarf_err);
	if (!r)
		r = golin_layout_check(ret, &dwarf_err);
	if (!r)
		return 0;
	if (choice == GOLIN_LAYOUT_ONLY_DWARF) {
		if (err)
			*err = dwarf_err;
		return r;
	}
	if (r == -ENODATA || r == -EOPNOTSUPP) {
		if (!layout_from_table(&img->info.go, img->info.arch, ret, &table_err))
			return 0;
		return golin_err_set(err, r, "%.250s; %.250s", dwarf_err.msg, table_err.msg);
	}
	golin_err_set(err, r, "%s", dwarf_err.msg);
	/* Corrupt is told, not passed over: nothing else in such a file is to be trusted. */
	if (r == -EBADMSG)
		golin_err_hint(err, "--source table takes the layout from golin's own table");
	return r;
}

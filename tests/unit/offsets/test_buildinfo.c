/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/err.h"
#include "buildinfo.h"
#include "elf_image.h"
#include "elfbuild.h"
#include "golin/layout.h"
#include "golin/offsets.h"

enum { DATA = 0x500000 };

/* Build information of 1.18 and later; returns its length. */
static size_t put_inline(uint8_t *buf, const char *version, const char *mod)
{
	size_t vlen = strlen(version), mlen = strlen(mod), n = 32;

	memset(buf, 0, 32);
	memcpy(buf, "\xff Go buildinf:", 14);
	buf[14] = 8;
	buf[15] = 2;
	assert_true(vlen < 128 && mlen + 32 < 128 * 128);
	buf[n++] = vlen;
	memcpy(buf + n, version, vlen);
	n += vlen;
	if (!mlen) {
		buf[n++] = 0;
		return n;
	}
	mlen += 32; /* 16 bytes of marker on each side */
	buf[n++] = (mlen & 0x7f) | 0x80;
	buf[n++] = mlen >> 7;
	memset(buf + n, 'M', 16);
	memcpy(buf + n + 16, mod, mlen - 32);
	memset(buf + n + mlen - 16, 'M', 16);
	return n + mlen;
}

static int find(struct elfb *b, struct elf_image *e, struct buildinfo *info, struct golin_err *err)
{
	int fd = elfb_build_fd(b);

	memset(err, 0, sizeof(*err));
	assert_int_equal(elf_image_open(fd, e, err), 0);
	close(fd);
	return buildinfo_find(e, info, err);
}

static void expect_version(struct elfb *b, const char *version)
{
	struct buildinfo info;
	struct golin_err err;
	struct elf_image e;

	assert_int_equal(find(b, &e, &info, &err), 0);
	assert_string_equal(info.version, version);
	elf_image_done(&e);
}

static void expect_error(struct elfb *b, int code, const char *msg)
{
	struct buildinfo info;
	struct golin_err err;
	struct elf_image e;

	assert_int_equal(find(b, &e, &info, &err), code);
	assert_string_equal(err.msg, msg);
	elf_image_done(&e);
}

static const char mod[] = "path\texample.com/x\nmod\texample.com/x\t(devel)\t\n"
			  "build\t-compiler=gc\nbuild\t-ldflags=\"-s -w \\\"-X=a\\\\b\\\"\"\n"
			  "build\t-race=true\nbuild\tCGO_ENABLED=1\nbuild\tGOARCH=amd64\n"
			  "build\tvcs.time=\x1b[2J\nbuild\t-trimpath=\n";

static void test_inline(void **state)
{
	struct buildinfo info;
	struct golin_err err;
	struct elf_image e;
	struct elfb b = {0};
	uint8_t buf[1024];
	char value[64];
	size_t len = put_inline(buf, "go1.26.8", mod);

	elfb_section(&b, ".go.buildinfo", SHT_PROGBITS, 3, DATA, buf, len);
	assert_int_equal(find(&b, &e, &info, &err), 0);
	assert_string_equal(info.version, "go1.26.8");
	assert_true(buildinfo_setting(&info, "-race", value, sizeof(value)));
	assert_string_equal(value, "true");
	assert_true(buildinfo_setting(&info, "CGO_ENABLED", value, sizeof(value)));
	assert_string_equal(value, "1");
	assert_true(buildinfo_setting(&info, "GOARCH", value, sizeof(value)));
	assert_string_equal(value, "amd64");
	assert_true(buildinfo_setting(&info, "-ldflags", value, sizeof(value)));
	assert_string_equal(value, "-s -w \"-X=a\\b\"");
	assert_true(buildinfo_setting(&info, "vcs.time", value, sizeof(value)));
	assert_string_equal(value, "\\x1b[2J");
	assert_true(buildinfo_setting(&info, "-trimpath", value, sizeof(value)));
	assert_string_equal(value, "");
	assert_false(buildinfo_setting(&info, "-rac", value, sizeof(value)));
	assert_false(buildinfo_setting(&info, "GOOS", value, sizeof(value)));
	elf_image_done(&e);
}

/* Every prefix of it: an error, never a version that is cut. */
static void test_inline_cut(void **state)
{
	uint8_t buf[1024];
	size_t len = put_inline(buf, "go1.26.8", "path\tx\n");

	for (size_t cut = 0; cut < len; cut++) {
		struct elfb b = {0};

		elfb_section(&b, ".go.buildinfo", SHT_PROGBITS, 3, DATA, buf, cut);
		expect_error(&b, cut < 14 ? -ENODATA : -EBADMSG,
			     cut < 14 ? "no Go build information"
				      : "malformed build information: its strings lie outside of "
					"the file");
	}
}

/* Without section headers the writable segments are searched; the magic alone is not enough. */
static void test_segment(void **state)
{
	struct elfb b = {0};
	uint8_t buf[4096] = {0};

	memcpy(buf + 160, "\xff Go buildinf:", 14); /* as in a program that looks for it */
	buf[160 + 15] = 2;
	memset(buf + 160 + 32, 0xff, 16); /* a length beyond all bounds */
	memcpy(buf + 1001, "\xff Go buildinf:", 14);
	put_inline(buf + 2048, "go1.20.14", "");
	elfb_segment(&b, PT_LOAD, PF_R | PF_W,
		     elfb_section(&b, ".data", SHT_PROGBITS, 3, DATA, buf, sizeof(buf)));
	expect_version(&b, "go1.20.14");
	b.segments[0].flags = PF_R;
	expect_error(&b, -ENODATA, "no Go build information");
	b.segments[0].flags = PF_R | PF_W;
	memset(buf + 2048, 0, 64);
	expect_error(&b, -EBADMSG,
		     "malformed build information: its strings lie outside of the file");
}

/* Up to 1.17: pointers to Go strings, in either class and byte order. */
static void put_pointers(struct elfb *b, uint8_t *buf, bool relocated)
{
	size_t word = b->is32 ? 4 : 8;
	static const char version[] = "go1.16.15", modinfo[] = "0123456789abcdefpath\tx\n"
							       "0123456789abcdef";

	memset(buf, 0, 512);
	memcpy(buf, "\xff Go buildinf:", 14);
	buf[14] = word;
	buf[15] = b->big_endian;
	memcpy(buf + 256, version, sizeof(version));
	memcpy(buf + 320, modinfo, sizeof(modinfo));
	elfb_put(b, buf + 64 + word, word, sizeof(version) - 1);
	elfb_put(b, buf + 96 + word, word, sizeof(modinfo) - 1);
	if (relocated)
		return;
	elfb_put(b, buf + 16, word, DATA + 64);
	elfb_put(b, buf + 16 + word, word, DATA + 96);
	elfb_put(b, buf + 64, word, DATA + 256);
	elfb_put(b, buf + 96, word, DATA + 320);
}

static void test_pointers(void **state)
{
	for (int kind = 0; kind < 4; kind++) {
		struct elfb b = {.is32 = kind & 1, .big_endian = kind & 2};
		uint8_t buf[512];
		struct buildinfo info;
		struct golin_err err;
		struct elf_image e;

		put_pointers(&b, buf, false);
		elfb_segment(&b, PT_LOAD, PF_R | PF_W,
			     elfb_section(&b, ".go.buildinfo", SHT_PROGBITS, 3, DATA, buf, 512));
		assert_int_equal(find(&b, &e, &info, &err), 0);
		assert_string_equal(info.version, "go1.16.15");
		assert_int_equal(info.mod_len, 7);
		assert_memory_equal(info.mod, "path\tx\n", 7);
		elf_image_done(&e);

		/* Pointers that lead nowhere. */
		elfb_put(&b, buf + 64, kind & 1 ? 4 : 8, DATA + 4096);
		expect_error(&b, -EBADMSG,
			     "malformed build information: its strings lie outside of the file");
		put_pointers(&b, buf, false);
		elfb_put(&b, buf + 64 + (kind & 1 ? 4 : 8), kind & 1 ? 4 : 8, 0x7fffffff);
		expect_error(&b, -EBADMSG,
			     "malformed build information: its strings lie outside of the file");
		/* No module information is no error. */
		put_pointers(&b, buf, false);
		elfb_put(&b, buf + 16 + (kind & 1 ? 4 : 8), kind & 1 ? 4 : 8, 0);
		expect_version(&b, "go1.16.15");
	}
}

/* In a PIE the pointers are in the relocations, and the file has zeroes. */
static void test_pie(void **state)
{
	struct elfb b = {.type = ET_DYN};
	Elf64_Rela rela[] = {
		{DATA + 16, ELF64_R_INFO(0, R_X86_64_RELATIVE), DATA + 64},
		{DATA + 24, ELF64_R_INFO(0, R_X86_64_RELATIVE), DATA + 96},
		{DATA + 64, ELF64_R_INFO(0, R_X86_64_RELATIVE), DATA + 256},
		{DATA + 96, ELF64_R_INFO(0, R_X86_64_RELATIVE), DATA + 320},
	};
	Elf64_Dyn dyn[] = {{DT_RELA, {0x600000}}, {DT_RELASZ, {sizeof(rela)}}, {DT_NULL, {0}}};
	uint8_t buf[512];

	put_pointers(&b, buf, true);
	elfb_segment(&b, PT_LOAD, PF_R | PF_W,
		     elfb_section(&b, ".go.buildinfo", SHT_PROGBITS, 3, DATA, buf, 512));
	elfb_segment(&b, PT_LOAD, PF_R,
		     elfb_section(&b, ".rela", SHT_RELA, 2, 0x600000, rela, sizeof(rela)));
	elfb_segment(&b, PT_DYNAMIC, PF_R,
		     elfb_section(&b, ".dynamic", SHT_DYNAMIC, 2, 0x700000, dyn, sizeof(dyn)));
	expect_version(&b, "go1.16.15");
}

/* ---- golin_image_open() on what is no Go program, or one that is refused ---- */

static void expect_image(struct elfb *b, int code, const char *msg)
{
	struct golin_err err = {0};
	struct golin_image *img;
	int fd = elfb_build_fd(b);

	assert_int_equal(golin_image_open(fd, &img, &err), code);
	assert_string_equal(err.msg, msg);
	close(fd);
}

static void test_refused(void **state)
{
	uint8_t buf[1024];
	struct elfb b = {0};
	int i = elfb_section(&b, ".text", SHT_PROGBITS, 6, 0x401000, "x", 1);

	expect_image(&b, -ENOEXEC, "not a Go program: no Go build information");
	b.type = ET_CORE;
	expect_image(&b, -ENOEXEC, "not a program: it is a core file");
	b.type = ET_REL;
	expect_image(&b, -ENOEXEC, "not a program: it is an object file");
	b.type = ET_EXEC;
	b.sections[i].name = ".gopclntab";
	expect_image(&b, -EOPNOTSUPP,
		     "a Go program without build information: its Go version is not known");
	i = elfb_section(&b, ".go.buildinfo", SHT_PROGBITS, 3, DATA, buf,
			 put_inline(buf, "unknown", ""));
	expect_image(&b, -EOPNOTSUPP, "unknown Go version 'unknown' in its build information");
	b.sections[i].len = put_inline(buf, "go1.26.8", "");
	b.machine = EM_SPARC;
	expect_image(&b, -EOPNOTSUPP,
		     "a machine that Go does not know: ELF machine 2, 64-bit, little-endian");
}

/* What the headers alone tell, whatever the machine. */
static void test_info(void **state)
{
	static const struct {
		bool is32, big_endian;
		uint16_t machine;
		const char *arch;
	} cases[] = {
		{false, false, EM_X86_64, "amd64"},  {true, false, EM_386, "386"},
		{false, false, EM_AARCH64, "arm64"}, {true, false, EM_ARM, "arm"},
		{false, true, EM_S390, "s390x"},     {false, false, EM_PPC64, "ppc64le"},
		{false, true, EM_PPC64, "ppc64"},    {false, false, EM_RISCV, "riscv64"},
		{true, true, EM_MIPS, "mips"},	     {false, false, EM_MIPS, "mips64le"},
		{false, false, 258, "loong64"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct elfb b = {.is32 = cases[i].is32,
				 .big_endian = cases[i].big_endian,
				 .machine = cases[i].machine,
				 .type = i & 1 ? ET_DYN : ET_EXEC};
		const struct golin_image_info *info;
		struct golin_err err = {0};
		struct golin_image *img;
		uint8_t buf[1024], note[32] = {0};
		int fd;

		elfb_put(&b, note, 4, 4);
		elfb_put(&b, note + 4, 4, 3);
		elfb_put(&b, note + 8, 4, NT_GNU_BUILD_ID);
		memcpy(note + 12, "GNU\0\xab\xcd\x01", 7);
		elfb_segment(&b, PT_LOAD, PF_R | PF_W,
			     elfb_section(&b, ".go.buildinfo", SHT_PROGBITS, 3, DATA, buf,
					  put_inline(buf, "go1.26.8 X:nodwarf5",
						     i & 2 ? "build\t-race=true\n" : "")));
		elfb_segment(&b, PT_NOTE, PF_R,
			     elfb_section(&b, ".note", SHT_NOTE, 2, 0x400000, note, 20));
		fd = elfb_build_fd(&b);
		assert_int_equal(golin_image_open(fd, &img, &err), 0);
		close(fd);
		info = golin_image_info(img);
		assert_string_equal(info->arch, cases[i].arch);
		assert_string_equal(info->go.text, "go1.26.8 X:nodwarf5");
		assert_string_equal(info->build_id, "abcd01");
		assert_int_equal(info->nsegments, 1);
		assert_int_equal(info->segments[0].vaddr, DATA);
		assert_int_equal(info->flags, GOLIN_IMAGE_STRIPPED | GOLIN_IMAGE_GNU_BUILD_ID |
						      (i & 1 ? GOLIN_IMAGE_PIE : 0) |
						      (i & 2 ? GOLIN_IMAGE_RACE : 0));
		golin_image_close(img);
	}
}

/* Go's own build id, where there is no GNU one; what is wrong with notes only hides it. */
static void test_go_build_id(void **state)
{
	static const struct {
		uint32_t namesz, descsz;
		const char *id;
	} cases[] = {
		{4, 7, "abc/d\\x1be"}, {4, 0xfffffff0, ""}, {0xfffffff0, 9, ""}, {4, 3, "abc"}};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct elfb b = {0};
		struct golin_image *img;
		uint8_t buf[1024], note[32] = {0};
		int fd;

		elfb_put(&b, note, 4, cases[i].namesz);
		elfb_put(&b, note + 4, 4, cases[i].descsz);
		elfb_put(&b, note + 8, 4, 4);
		memcpy(note + 12,
		       "Go\0\0abc/d\x1b"
		       "e",
		       11);
		elfb_section(&b, ".go.buildinfo", SHT_PROGBITS, 3, DATA, buf,
			     put_inline(buf, "go1.22.1", ""));
		elfb_segment(&b, PT_NOTE, PF_R,
			     elfb_section(&b, ".note", SHT_NOTE, 2, 0x400000, note, 28));
		fd = elfb_build_fd(&b);
		assert_int_equal(golin_image_open(fd, &img, NULL), 0);
		close(fd);
		assert_string_equal(golin_image_info(img)->build_id, cases[i].id);
		golin_image_close(img);
	}
}

/* Neither DWARF nor a table that serves: both reasons are told. */
static void test_no_layout(void **state)
{
	static const struct {
		enum golin_layout_choice choice;
		const char *msg;
	} cases[] = {
		{GOLIN_LAYOUT_ONLY_DWARF, "no DWARF: no section .debug_info"},
		{GOLIN_LAYOUT_ONLY_TABLE,
		 "golin's table has go1.13 to go1.27 for amd64, and this is go1.99.1"},
		{GOLIN_LAYOUT_AUTO, "no DWARF: no section .debug_info; golin's table has go1.13 to "
				    "go1.27 for amd64, and "
				    "this is go1.99.1"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct golin_err err = {0};
		struct golin_image *img;
		struct golin_layout l;
		struct elfb b = {0};
		uint8_t buf[1024];
		int fd;

		elfb_section(&b, ".go.buildinfo", SHT_PROGBITS, 3, DATA, buf,
			     put_inline(buf, "go1.99.1", ""));
		fd = elfb_build_fd(&b);
		assert_int_equal(golin_image_open(fd, &img, &err), 0);
		close(fd);
		assert_int_equal(golin_image_layout(img, cases[i].choice, &l, &err), -ENODATA);
		assert_string_equal(err.msg, cases[i].msg);
		golin_image_close(img);
	}
}

/* Corrupt DWARF is no reason to take the table unasked: it is said, with what one can do. */
static void test_corrupt_dwarf(void **state)
{
	struct golin_err err = {0};
	struct golin_image *img;
	struct golin_layout l;
	struct elfb b = {0};
	uint8_t buf[1024];
	int fd;

	elfb_section(&b, ".go.buildinfo", SHT_PROGBITS, 3, DATA, buf,
		     put_inline(buf, "go1.26.8", ""));
	elfb_section(&b, ".debug_info", SHT_PROGBITS, 0, 0, "01234567890123456789", 20);
	elfb_section(&b, ".debug_abbrev", SHT_PROGBITS, 0, 0, "", 1);
	fd = elfb_build_fd(&b);
	assert_int_equal(golin_image_open(fd, &img, &err), 0);
	close(fd);
	memset(&err, 0, sizeof(err));
	assert_int_equal(golin_image_layout(img, GOLIN_LAYOUT_AUTO, &l, &err), -EBADMSG);
	assert_string_equal(err.msg,
			    "malformed unit at 0x0 of .debug_info: it has 858927408 bytes, "
			    "the section ends at 0x14");
	assert_string_equal(err.hint, "--source table takes the layout from golin's own table");
	assert_int_equal(golin_image_layout(img, GOLIN_LAYOUT_ONLY_TABLE, &l, &err), 0);
	assert_int_equal(l.source, GOLIN_FROM_TABLE);
	golin_image_close(img);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_inline),	  cmocka_unit_test(test_inline_cut),
		cmocka_unit_test(test_segment),	  cmocka_unit_test(test_pointers),
		cmocka_unit_test(test_pie),	  cmocka_unit_test(test_refused),
		cmocka_unit_test(test_info),	  cmocka_unit_test(test_go_build_id),
		cmocka_unit_test(test_no_layout), cmocka_unit_test(test_corrupt_dwarf),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

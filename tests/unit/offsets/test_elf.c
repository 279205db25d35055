/* SPDX-License-Identifier: BSD-2-Clause */
/* elf_image and symtab: views, relocations, and files that are cut, malformed or no ELF at all. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <elf.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/err.h"
#include "elf_image.h"
#include "elfbuild.h"
#include "symtab.h"

static void expect_open(int fd, int code, const char *msg)
{
	struct golin_err err = {0};
	struct elf_image e;
	int r = elf_image_open(fd, &e, &err);

	assert_string_equal(err.msg, msg);
	assert_int_equal(r, code);
	assert_int_equal(err.code, code);
	close(fd);
}

static void expect_bytes(const void *data, size_t len, int code, const char *msg)
{
	expect_open(elfb_fd(data, len), code, msg);
}

static void test_no_elf(void **state)
{
	char dir[] = "/tmp/golin-test-XXXXXX", path[64];
	int fds[2];

	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/fifo", dir);
	assert_int_equal(mkfifo(path, 0600), 0);
	expect_open(open(dir, O_RDONLY), -ENOEXEC, "not an ELF file: it is a directory");
	expect_open(open(path, O_RDONLY | O_NONBLOCK), -ENOEXEC, "not an ELF file: it is a FIFO");
	assert_int_equal(pipe(fds), 0);
	expect_open(fds[0], -ENOEXEC, "not an ELF file: it is a FIFO");
	close(fds[1]);
	unlink(path);
	rmdir(dir);
	expect_open(open("/dev/zero", O_RDONLY), -ENOEXEC,
		    "not an ELF file: it is a character device");
	expect_bytes("", 0, -ENOEXEC, "not an ELF file: it is empty");
	expect_bytes("#!/bin/sh\n", 10, -ENOEXEC, "not an ELF file: it is a script");
	expect_bytes("hello, world\n", 13, -ENOEXEC, "not an ELF file: it begins with 'hello, w'");
	expect_bytes("\x1b[2J", 4, -ENOEXEC, "not an ELF file: it begins with '\\x1b[2J'");
	expect_bytes("\x7f"
		     "EL",
		     3, -ENOEXEC, "not an ELF file: it begins with '\\x7fEL'");
	expect_bytes("\x1f\x8b\x08", 3, -ENOEXEC, "not an ELF file: it is compressed by gzip");
	expect_bytes("!<arch>\nfoo", 11, -ENOEXEC, "not an ELF file: it is an ar archive");
	expect_open(-1, -EBADF, "cannot be examined: EBADF");
}

static void test_sparse(void **state)
{
	int fd = memfd_create("sparse", MFD_CLOEXEC);

	assert_int_equal(ftruncate(fd, 4ll << 30), 0);
	expect_open(fd, -ENOEXEC,
		    "not an ELF file: it begins with '\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00'");
}

static const char text[] = "text section";
static const char data[] = "0123456789abcdef";

static void sample(struct elfb *b)
{
	int t, d;

	t = elfb_section(b, ".text", SHT_PROGBITS, SHF_ALLOC, 0x401000, text, sizeof(text));
	d = elfb_section(b, ".data", SHT_PROGBITS, SHF_ALLOC | SHF_WRITE, 0x500000, data,
			 sizeof(data));
	elfb_section(b, ".bss", SHT_NOBITS, SHF_ALLOC | SHF_WRITE, 0x500100, NULL, 1 << 20);
	elfb_segment(b, PT_LOAD, PF_R | PF_X, t);
	b->segments[elfb_segment(b, PT_LOAD, PF_R | PF_W, d)].extra = 0x1000;
	elfb_segment(b, PT_GNU_STACK, PF_R | PF_W, 1);
}

static void check_sample(bool is32, bool big_endian, uint16_t machine)
{
	struct elfb b = {.is32 = is32, .big_endian = big_endian, .machine = machine};
	const struct elf_section *s;
	struct golin_err err = {0};
	struct elf_image e;
	uint64_t off, word;
	int fd;

	sample(&b);
	fd = elfb_build_fd(&b);
	assert_int_equal(elf_image_open(fd, &e, &err), 0);
	close(fd);
	assert_int_equal(e.is64, !is32);
	assert_int_equal(e.big_endian, big_endian);
	assert_int_equal(e.machine, machine);
	assert_int_equal(e.type, ET_EXEC);
	assert_int_equal(e.nsections, 5);
	assert_int_equal(e.nsegments, 3);
	s = elf_image_section(&e, ".text");
	assert_non_null(s);
	assert_int_equal(s->addr, 0x401000);
	assert_memory_equal(elf_image_data(&e, s), text, sizeof(text));
	assert_null(elf_image_section(&e, ".nope"));
	assert_null(elf_image_section(&e, ""));
	assert_null(elf_image_data(&e, elf_image_section(&e, ".bss")));

	assert_memory_equal(elf_image_at(&e, 0x401005, 7), "section", 7);
	assert_non_null(elf_image_at(&e, 0x401000, sizeof(text)));
	assert_null(elf_image_at(&e, 0x401000, sizeof(text) + 1));
	assert_null(elf_image_at(&e, 0x400fff, 1));
	assert_null(elf_image_at(&e, 0x401000, SIZE_MAX));
	assert_null(elf_image_at(&e, UINT64_MAX, 1));
	assert_int_equal(elf_image_avail(&e, 0x401001), sizeof(text) - 1);
	assert_int_equal(elf_image_avail(&e, 0x500000 + sizeof(data)), 0);
	assert_true(elf_image_file_off(&e, 0x500003, &off));
	assert_int_equal(off, b.sections[2].off + 3);
	assert_false(elf_image_file_off(&e, 0x500100, &off));

	assert_true(elf_image_word(&e, 0x500000, &word));
	if (is32)
		assert_int_equal(word, big_endian ? 0x30313233 : 0x33323130);
	else
		assert_int_equal(word, big_endian ? 0x3031323334353637 : 0x3736353433323130);
	assert_false(elf_image_word(&e, 0x500000 + sizeof(data) - 1, &word));
	elf_image_done(&e);
	assert_null(e.map);
}

static void test_views(void **state)
{
	check_sample(false, false, EM_X86_64);
	check_sample(false, true, EM_S390);
	check_sample(true, false, EM_386);
	check_sample(true, true, EM_MIPS);
}

static void test_no_sections(void **state)
{
	struct golin_err err = {0};
	struct elfb b = {0};
	struct elf_image e;
	size_t len;
	uint8_t *buf;
	int fd;

	sample(&b);
	buf = elfb_build(&b, &len);
	elfb_put(&b, buf + offsetof(Elf64_Ehdr, e_shoff), 8, 0);
	elfb_put(&b, buf + offsetof(Elf64_Ehdr, e_shnum), 2, 0);
	elfb_put(&b, buf + offsetof(Elf64_Ehdr, e_shstrndx), 2, 0);
	fd = elfb_fd(buf, len);
	assert_int_equal(elf_image_open(fd, &e, &err), 0);
	assert_int_equal(e.nsections, 0);
	assert_null(elf_image_section(&e, ".text"));
	assert_non_null(elf_image_at(&e, 0x401000, 4));
	elf_image_done(&e);
	close(fd);
	free(buf);
}

/* Numbers of headers that do not fit into 16 bits stand in the first section header. */
static void test_extended_numbers(void **state)
{
	struct golin_err err = {0};
	struct elfb b = {0};
	struct elf_image e;
	size_t len, shoff;
	uint8_t *buf;
	int fd;

	sample(&b);
	buf = elfb_build(&b, &len);
	shoff = len - 5 * sizeof(Elf64_Shdr);
	elfb_put(&b, buf + offsetof(Elf64_Ehdr, e_shnum), 2, 0);
	elfb_put(&b, buf + offsetof(Elf64_Ehdr, e_phnum), 2, PN_XNUM);
	elfb_put(&b, buf + offsetof(Elf64_Ehdr, e_shstrndx), 2, SHN_XINDEX);
	elfb_put(&b, buf + shoff + offsetof(Elf64_Shdr, sh_size), 8, 5);
	elfb_put(&b, buf + shoff + offsetof(Elf64_Shdr, sh_info), 4, 3);
	elfb_put(&b, buf + shoff + offsetof(Elf64_Shdr, sh_link), 4, 4);
	fd = elfb_fd(buf, len);
	assert_int_equal(elf_image_open(fd, &e, &err), 0);
	assert_int_equal(e.nsections, 5);
	assert_int_equal(e.nsegments, 3);
	assert_non_null(elf_image_section(&e, ".data"));
	elf_image_done(&e);
	close(fd);
	elfb_put(&b, buf + shoff + offsetof(Elf64_Shdr, sh_size), 8, UINT64_MAX / 8);
	expect_bytes(buf, len, -EBADMSG,
		     "malformed ELF header: 2305843009213693951 section headers, more than 262144");
	free(buf);
}

/* One member of a header changed: the message says which header and where it lies. */
static void test_malformed(void **state)
{
	enum { EHDR = sizeof(Elf64_Ehdr), PHDR = sizeof(Elf64_Phdr), SHDR = sizeof(Elf64_Shdr) };
	static const struct {
		bool section;
		size_t at;
		int width;
		uint64_t value;
		const char *msg;
	} cases[] = {
#define EH(m, w, v, msg) {false, offsetof(Elf64_Ehdr, m), w, v, msg}
#define PH(i, m, v, msg)                                                                           \
	{                                                                                          \
		false, EHDR + (i)*PHDR + offsetof(Elf64_Phdr, m), 8, v, msg                        \
	}
#define SH(i, m, v, msg)                                                                           \
	{                                                                                          \
		true, (i)*SHDR + offsetof(Elf64_Shdr, m), 8, v, msg                                \
	}
		{false, EI_CLASS, 1, 7,
		 "malformed ELF header: class 7 (known: 1 = 32-bit, 2 = 64-bit)"},
		{false, EI_DATA, 1, 0,
		 "malformed ELF header: byte order 0 (known: 1 = little, 2 = big)"},
		{false, EI_VERSION, 1, 9, "malformed ELF header: version 9 (known: 1)"},
		EH(e_shoff, 8, 0x100000,
		   "cut ELF file: 5 section headers lie at 0x100000..0x100140, the file ends at "
		   "0x280"),
		EH(e_shoff, 8, UINT64_MAX,
		   "cut ELF file: 5 section headers lie at 0xffffffffffffffff..0x13f, the file "
		   "ends at 0x280"),
		EH(e_phoff, 8, 0x281,
		   "cut ELF file: 3 program headers lie at 0x281..0x329, the file ends at 0x280"),
		EH(e_shentsize, 2, 0, "malformed ELF header: section headers of 0 bytes, not 64"),
		EH(e_phentsize, 2, 55, "malformed ELF header: program headers of 55 bytes, not 56"),
		EH(e_shstrndx, 2, 77, "malformed ELF header: section names in section 77 of 5"),
		PH(0, p_filesz, 0x300,
		   "cut ELF file: segment 0 (PT_LOAD) has 768 bytes at 0xf0, the file ends at "
		   "0x280"),
		PH(1, p_offset, UINT64_MAX,
		   "cut ELF file: segment 1 (PT_LOAD) has 17 bytes at 0xffffffffffffffff, the file "
		   "ends at 0x280"),
		PH(1, p_memsz, 3,
		   "malformed segment 1 (PT_LOAD): 17 bytes of the file in 3 bytes of memory at "
		   "0x500000"),
		PH(1, p_memsz, UINT64_MAX,
		   "malformed segment 1 (PT_LOAD): 17 bytes of the file in 18446744073709551615 "
		   "bytes of memory at 0x500000"),
		SH(2, sh_size, 0x1000,
		   "cut ELF file: section 2 ('.data') has 4096 bytes at 0x100, the file ends at "
		   "0x280"),
		SH(1, sh_offset, 0x290,
		   "cut ELF file: section 1 ('.text') has 13 bytes at 0x290, the file ends at "
		   "0x280"),
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct elfb b = {0};
		size_t len, at;
		uint8_t *buf;

		sample(&b);
		buf = elfb_build(&b, &len);
		at = cases[i].at + (cases[i].section ? len - 5 * SHDR : 0);
		elfb_put(&b, buf + at, cases[i].width, cases[i].value);
		expect_bytes(buf, len, -EBADMSG, cases[i].msg);
		free(buf);
	}
}

/* Each of very many segments may be as large as the file: who looks into them all never ends. */
static void test_many_segments(void **state)
{
	enum { N = 60000, EHDR = sizeof(Elf64_Ehdr), PHDR = sizeof(Elf64_Phdr) };
	struct elfb b = {0};
	struct golin_err err = {0};
	struct elf_image e;
	size_t len;
	uint8_t *buf;
	int fd;

	sample(&b);
	buf = elfb_build(&b, &len);
	buf = realloc(buf, len + N * PHDR);
	assert_non_null(buf);
	for (size_t i = 0; i < N; i++)
		memcpy(buf + len + i * PHDR, buf + EHDR, PHDR);
	elfb_put(&b, buf + offsetof(Elf64_Ehdr, e_phoff), 8, len);
	elfb_put(&b, buf + offsetof(Elf64_Ehdr, e_phnum), 2, N);
	expect_bytes(buf, len + N * PHDR, -EBADMSG,
		     "malformed ELF header: 60000 program headers, more than 256");
	/* A core file has as many as the process had mappings. */
	elfb_put(&b, buf + offsetof(Elf64_Ehdr, e_type), 2, ET_CORE);
	fd = elfb_fd(buf, len + N * PHDR);
	assert_int_equal(elf_image_open(fd, &e, &err), 0);
	assert_int_equal(e.nsegments, N);
	elf_image_done(&e);
	close(fd);
	free(buf);
}

/* Cut at every byte: always a plain answer, and never one that takes it for whole. */
static void test_truncated(void **state)
{
	for (int kind = 0; kind < 4; kind++) {
		struct elfb b = {.is32 = kind & 1, .big_endian = kind & 2};
		size_t len;
		uint8_t *buf;

		sample(&b);
		buf = elfb_build(&b, &len);
		for (size_t cut = 0; cut < len; cut++) {
			struct golin_err err = {0};
			struct elf_image e;
			int fd = elfb_fd(buf, cut);
			int r = elf_image_open(fd, &e, &err);

			close(fd);
			assert_int_equal(r, cut < SELFMAG ? -ENOEXEC : -EBADMSG);
			assert_true(strstr(err.msg, cut < SELFMAG ? "not an ELF file: "
								  : "cut ELF file: ") == err.msg);
		}
		free(buf);
	}
}

/* Every byte of the headers set to a few values: no crash, no view outside of the file. */
static void test_mutated(void **state)
{
	static const uint8_t values[] = {0x00, 0x01, 0x7f, 0x80, 0xff};
	struct elfb b = {0};
	size_t len;
	uint8_t *buf;

	sample(&b);
	buf = elfb_build(&b, &len);
	for (size_t i = 0; i < len; i++) {
		uint8_t orig = buf[i];

		for (size_t v = 0; v < sizeof(values); v++) {
			struct elf_image e;
			struct symtab t;
			int fd;

			buf[i] = values[v];
			fd = elfb_fd(buf, len);
			if (!elf_image_open(fd, &e, NULL)) {
				uint64_t sum = 0, word;

				for (size_t s = 0; s < e.nsections; s++) {
					const uint8_t *p = elf_image_data(&e, &e.sections[s]);

					for (size_t j = 0; p && j < e.sections[s].size; j++)
						sum += p[j];
				}
				for (size_t s = 0; s < e.nsegments; s++) {
					size_t n = elf_image_avail(&e, e.segments[s].vaddr);
					const uint8_t *p = elf_image_at(&e, e.segments[s].vaddr, n);

					for (size_t j = 0; p && j < n; j++)
						sum += p[j];
				}
				elf_image_word(&e, 0x500000, &word);
				symtab_open(&e, &t);
				assert_true(sum || !sum);
				elf_image_done(&e);
			}
			close(fd);
		}
		buf[i] = orig;
	}
	free(buf);
}

/* A PIE: words of data stand in the relocations, whatever their order. */
static void test_relative(void **state)
{
	struct elfb b = {.type = ET_DYN};
	Elf64_Rela rela[] = {
		{0x500008, ELF64_R_INFO(0, R_X86_64_RELATIVE), 0x401004},
		{0x500000, ELF64_R_INFO(0, R_X86_64_RELATIVE), 0x401008},
		{0x500010, ELF64_R_INFO(1, R_X86_64_64), 0x77},
	};
	Elf64_Dyn dyn[] = {{DT_RELA, {0x600000}},
			   {DT_RELASZ, {sizeof(rela)}},
			   {DT_RELAENT, {24}},
			   {DT_NULL, {0}}};
	static const uint64_t words[] = {0, 0, 0x1122334455667788};
	struct golin_err err = {0};
	struct elf_image e;
	uint64_t word;
	int fd;

	elfb_segment(&b, PT_LOAD, PF_R | PF_W,
		     elfb_section(&b, ".data", SHT_PROGBITS, 3, 0x500000, words, sizeof(words)));
	elfb_segment(&b, PT_LOAD, PF_R,
		     elfb_section(&b, ".rela.dyn", SHT_RELA, 2, 0x600000, rela, sizeof(rela)));
	elfb_segment(&b, PT_DYNAMIC, PF_R,
		     elfb_section(&b, ".dynamic", SHT_DYNAMIC, 2, 0x700000, dyn, sizeof(dyn)));
	fd = elfb_build_fd(&b);
	assert_int_equal(elf_image_open(fd, &e, &err), 0);
	close(fd);
	assert_true(elf_image_word(&e, 0x500000, &word));
	assert_int_equal(word, 0x401008);
	assert_true(elf_image_word(&e, 0x500008, &word));
	assert_int_equal(word, 0x401004);
	assert_true(elf_image_word(&e, 0x500010, &word));
	assert_int_equal(word, 0x1122334455667788);
	assert_false(elf_image_word(&e, 0x500018, &word));
	elf_image_done(&e);

	/* A table that lies elsewhere, or nowhere, leaves the words of the file. */
	dyn[1].d_un.d_val = UINT64_MAX;
	fd = elfb_build_fd(&b);
	assert_int_equal(elf_image_open(fd, &e, &err), 0);
	close(fd);
	assert_true(elf_image_word(&e, 0x500000, &word));
	assert_int_equal(word, 0);
	elf_image_done(&e);
}

/* The slot of a program whose code could be in a library; of a library nothing is known. */
static void test_tls_word(void **state)
{
	static const Elf64_Rela rela = {0x500008, ELF64_R_INFO(0, R_X86_64_TPOFF64), 8};
	static const Elf64_Dyn dyn[] = {
		{DT_RELA, {0x600000}}, {DT_RELASZ, {sizeof(rela)}}, {DT_NULL, {0}}};
	static const uint64_t words[2];

	for (int program = 0; program < 2; program++) {
		struct elfb b = {.type = ET_DYN};
		struct golin_err err = {0};
		struct elf_image e;
		int64_t word = 0;
		int sec = elfb_section(&b, ".data", SHT_PROGBITS, 3, 0x500000, words, 16);
		int fd;

		elfb_segment(&b, PT_LOAD, PF_R | PF_W, sec);
		elfb_segment(&b, PT_TLS, PF_R, sec);
		if (program)
			elfb_segment(&b, PT_INTERP, PF_R, sec);
		elfb_segment(&b, PT_LOAD, PF_R,
			     elfb_section(&b, ".rela.dyn", SHT_RELA, 2, 0x600000, &rela, 24));
		elfb_segment(
			&b, PT_DYNAMIC, PF_R,
			elfb_section(&b, ".dynamic", SHT_DYNAMIC, 2, 0x700000, dyn, sizeof(dyn)));
		fd = elfb_build_fd(&b);
		assert_int_equal(elf_image_open(fd, &e, &err), 0);
		close(fd);
		assert_int_equal(elf_image_tls_word(&e, 0x500008, &word), program);
		assert_int_equal(word, program ? -8 : 0);
		assert_false(elf_image_tls_word(&e, 0x500000, &word));
		elf_image_done(&e);
	}
}

/* ---- symbols ---- */

static void put_sym(Elf64_Sym *s, uint32_t name, uint8_t type, uint16_t shndx, uint64_t value,
		    uint64_t size)
{
	*s = (Elf64_Sym){.st_name = name,
			 .st_info = ELF64_ST_INFO(STB_LOCAL, type),
			 .st_shndx = shndx,
			 .st_value = value,
			 .st_size = size};
}

static void test_symtab(void **state)
{
	static const char str[] = "\0runtime.newproc\0runtime.newproc.abi0\0runtime.gogo.abi0\0cut";
	struct elfb b = {0};
	Elf64_Sym syms[8] = {0};
	struct elf_image e;
	struct symtab_sym sym;
	struct symtab t;
	uint64_t lo, hi;
	int i, fd;

	put_sym(&syms[1], 17, STT_FUNC, 1, 0x2000, 0x20); /* the wrapper comes first */
	put_sym(&syms[2], 1, STT_FUNC, 1, 0x1000, 0x40);
	put_sym(&syms[3], 38, STT_FUNC, 1, 0x3000, 0x10);
	put_sym(&syms[4], 0xfffffff0, STT_FUNC, 1, 0x3000, 0x10);
	put_sym(&syms[5], 1, STT_OBJECT, 1, 0x9000, 0x8);
	put_sym(&syms[6], 56, STT_FUNC, 1, 0x4000, 8);	  /* its name has no end */
	put_sym(&syms[7], 20, STT_FUNC, SHN_UNDEF, 0, 0); /* "time.newproc.abi0" */
	i = elfb_section(&b, ".symtab", SHT_SYMTAB, 0, 0, syms, sizeof(syms));
	b.sections[i].entsize = sizeof(Elf64_Sym);
	b.sections[i].link = 2;
	elfb_section(&b, ".strtab", SHT_STRTAB, 0, 0, str, sizeof(str) - 1);
	fd = elfb_build_fd(&b);
	assert_int_equal(elf_image_open(fd, &e, NULL), 0);
	close(fd);
	assert_true(symtab_open(&e, &t));
	assert_int_equal(t.nsyms, 8);
	assert_true(symtab_func(&t, "runtime.newproc", &lo, &hi));
	assert_int_equal(lo, 0x1000);
	assert_int_equal(hi, 0x1040);
	assert_true(symtab_func(&t, "runtime.gogo", &lo, &hi));
	assert_int_equal(lo, 0x3000);
	assert_false(symtab_func(&t, "runtime.goexit", &lo, &hi));
	assert_false(symtab_func(&t, "cut", &lo, &hi));
	assert_true(symtab_find(&t, "runtime.newproc", STT_OBJECT, &sym));
	assert_int_equal(sym.value, 0x9000);
	assert_false(symtab_find(&t, "time.newproc.abi0", STT_FUNC, &sym));
	assert_false(symtab_get(&t, 4, &sym));
	assert_false(symtab_get(&t, 8, &sym));
	elf_image_done(&e);

	/* Entry sizes and links that lie. */
	for (int k = 0; k < 4; k++) {
		b.sections[i].entsize = k == 0 ? 0 : k == 1 ? 1 : sizeof(Elf64_Sym);
		b.sections[i].link = k == 2 ? 0 : k == 3 ? 99 : 2;
		fd = elfb_build_fd(&b);
		assert_int_equal(elf_image_open(fd, &e, NULL), 0);
		close(fd);
		assert_false(symtab_open(&e, &t));
		elf_image_done(&e);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_elf),
		cmocka_unit_test(test_sparse),
		cmocka_unit_test(test_views),
		cmocka_unit_test(test_no_sections),
		cmocka_unit_test(test_extended_numbers),
		cmocka_unit_test(test_malformed),
		cmocka_unit_test(test_many_segments),
		cmocka_unit_test(test_truncated),
		cmocka_unit_test(test_mutated),
		cmocka_unit_test(test_relative),
		cmocka_unit_test(test_tls_word),
		cmocka_unit_test(test_symtab),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

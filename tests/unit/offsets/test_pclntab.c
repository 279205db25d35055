/* SPDX-License-Identifier: BSD-2-Clause */
/* The function table: what it says, and what a hostile one cannot do. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include <fcntl.h>
#include <sys/stat.h>
#include "go_binary.h"
#include "mini_elf.h"

static const struct mini_func funcs[] = {
	{"main.a", {0xc3}, 1, 0},
	{"main.b[go.shape.int_0].run", {0xc3}, 1, 0},
	{"runtime.c", {0xc3}, 1, MINI_WRAPPER},
	{"runtime.c", {0xc3}, 1, 0},
	/* A wrapper that calls main.a: e8 rel32, c3 */
	{"main.a.gowrap1", {0xe8, 0xfb, 0xfb, 0xff, 0xff, 0xc3}, 6, MINI_WRAPPER},
	/* One that calls two functions. */
	{"main.two",
	 {0xe8, 0xfb, 0xfa, 0xff, 0xff, 0xe8, 0xf6, 0xfb, 0xff, 0xff, 0xc3},
	 11,
	 MINI_WRAPPER},
	/* One that calls through a pointer. */
	{"main.ptr", {0xff, 0xd0, 0xc3}, 3, MINI_WRAPPER},
};
enum { N = sizeof(funcs) / sizeof(funcs[0]) };

static struct mini m;

static void built(void)
{
	struct golin_err err = {0};

	mini_build(&m, funcs, N);
	assert_int_equal(mini_open(&m, &err), 0);
}

static void finds_functions(void **state)
{
	const struct pclntab *t;
	struct golin_err err = {0};
	struct pcln_func f;
	uint64_t lo, hi;

	built();
	t = &m.img.code->tab;
	assert_int_equal(t->nfunc, N);
	assert_true(pclntab_find_pc(t, mini_at(1) + 255, &f));
	assert_string_equal(f.name, "main.b[go.shape.int_0].run");
	assert_int_equal(f.lo, mini_at(1));
	assert_int_equal(f.hi, mini_at(2));
	assert_false(pclntab_find_pc(t, mini_at(0) - 1, &f));
	assert_true(pclntab_find_pc(t, mini_at(N) - 1, &f));
	assert_false(pclntab_find_pc(t, mini_at(N), &f));
	assert_false(pclntab_find_pc(t, UINT64_MAX, &f));
	assert_true(pclntab_find_name(t, "main.a", &f));
	assert_int_equal(f.index, 0);
	assert_false(pclntab_find_name(t, "main.", &f));
	assert_false(pclntab_find_name(t, "", &f));
	/* The function, not the wrapper of the same name. */
	assert_int_equal(golin_image_func(&m.img, "runtime.c", &lo, &hi, &err), 0);
	assert_int_equal(lo, mini_at(3));
	assert_int_equal(golin_image_func(&m.img, "no\x1bsuch", &lo, &hi, &err), -ENOENT);
	assert_string_equal(err.msg, "no function 'no\\x1bsuch' in the binary");
	mini_done(&m);
}

static void names_as_go_does(void **state)
{
	struct golin_name_frame f[4];

	built();
	assert_int_equal(golin_image_names(&m.img, mini_at(1) + 3, f, 4), 1);
	assert_string_equal(f[0].func, "main.b[...].run");
	assert_string_equal(f[0].file, "/a/b.go");
	assert_int_equal(f[0].line, 7);
	assert_int_equal(f[0].flags, 0);
	assert_int_equal(golin_image_names(&m.img, mini_at(3) + 16, f, 4), 1);
	assert_int_equal(f[0].line, 8);
	assert_int_equal(f[0].flags, 2);
	assert_int_equal(golin_image_names(&m.img, mini_at(N), f, 4), 0);
	assert_int_equal(golin_image_names(&m.img, mini_at(0), f, 0), 0);
	/* At the entry of a wrapper stands what it calls. */
	assert_int_equal(golin_image_names(&m.img, mini_at(4), f, 4), 2);
	assert_string_equal(f[0].func, "main.a");
	assert_int_equal(f[0].flags, 0);
	assert_string_equal(f[1].func, "main.a.gowrap1");
	assert_int_equal(f[1].flags, 1);
	/* Within it, it is a wrapper and nothing else. */
	assert_int_equal(golin_image_names(&m.img, mini_at(4) + 4, f, 4), 1);
	assert_string_equal(f[0].func, "main.a.gowrap1");
	assert_int_equal(f[0].flags, 1);
	/* Two functions, or none that can be told: its own name, not hidden. */
	assert_int_equal(golin_image_names(&m.img, mini_at(5), f, 4), 1);
	assert_string_equal(f[0].func, "main.two");
	assert_int_equal(f[0].flags, 0);
	assert_int_equal(golin_image_names(&m.img, mini_at(6), f, 4), 1);
	assert_string_equal(f[0].func, "main.ptr");
	assert_int_equal(f[0].flags, 0);
	mini_done(&m);
}

/* Where func values of main.p.func1 and main.p.func2 lie: in the file, and from the text on. */
enum { VALUES = 0x2f00, VALUES_REL = VALUES + MINI_BASE - MINI_TEXT };

#define REL32(from, to)                                                                            \
	(uint8_t)((to) - (from)), (uint8_t)(((to) - (from)) >> 8),                                 \
		(uint8_t)(((to) - (from)) >> 16), (uint8_t)(((to) - (from)) >> 24)
/*
 * 26 bytes at `at` of function 1: call runtime.newobject; lea main.p.gowrap1,%rcx;
 * mov %rcx,(%rax); lea the func value,%rcx; mov %rcx,8(%rax)
 */
#define MAKE_CLOSURE(at, value)                                                                    \
	0xe8, REL32(MINI_STEP + (at) + 5, 0), 0x48, 0x8d, 0x0d,                                    \
		REL32(MINI_STEP + (at) + 12, 2 * MINI_STEP), 0x48, 0x89, 0x08, 0x48, 0x8d, 0x0d,   \
		REL32(MINI_STEP + (at) + 22, VALUES_REL + 8 * (value)), 0x48, 0x89, 0x48, 0x08

static int started_by(const uint8_t *code, size_t len, struct golin_name_frame *f)
{
	/* mov 8(%rdx),%rdx; mov (%rdx),%rcx; call *%rcx; ret */
	struct mini_func p[] = {
		{"runtime.newobject", {0xc3}, 1, 0},
		{"main.p", {0}, 0, 0},
		{"main.p.gowrap1",
		 {0x48, 0x8b, 0x52, 0x08, 0x48, 0x8b, 0x0a, 0xff, 0xd1, 0xc3},
		 10,
		 MINI_WRAPPER},
		{"main.p.func1", {0xc3}, 1, 0},
		{"main.p.func2", {0xc3}, 1, 0},
	};
	struct golin_err err = {0};
	int n;

	memcpy(p[1].code, code, len);
	p[1].len = len;
	mini_build(&m, p, 5);
	mini_u64(m.bytes + VALUES, mini_at(3));
	mini_u64(m.bytes + VALUES + 8, mini_at(4));
	mini_u64(m.bytes + VALUES + 16, mini_at(4) + 1);
	assert_int_equal(mini_open(&m, &err), 0);
	n = golin_image_names(&m.img, mini_at(2), f, 4);
	mini_done(&m);
	return n;
}

static void looks_into_closures(void **state)
{
	const uint8_t one[] = {MAKE_CLOSURE(0, 0), 0xc3};
	const uint8_t same[] = {MAKE_CLOSURE(0, 1), MAKE_CLOSURE(26, 1), 0xc3};
	const uint8_t two[] = {MAKE_CLOSURE(0, 0), MAKE_CLOSURE(26, 1), 0xc3};
	const uint8_t no_func[] = {MAKE_CLOSURE(0, 2), 0xc3};
	const uint8_t nothing[] = {0xc3};
	struct golin_name_frame f[4];

	assert_int_equal(started_by(one, sizeof(one), f), 2);
	assert_string_equal(f[0].func, "main.p.func1");
	assert_int_equal(f[0].flags, 0);
	assert_string_equal(f[1].func, "main.p.gowrap1");
	assert_int_equal(f[1].flags, 1);
	assert_int_equal(started_by(same, sizeof(same), f), 2);
	assert_string_equal(f[0].func, "main.p.func2");
	assert_int_equal(started_by(two, sizeof(two), f), 1);
	assert_string_equal(f[0].func, "main.p.gowrap1");
	assert_int_equal(f[0].flags, 0);
	assert_int_equal(started_by(no_func, sizeof(no_func), f), 1);
	assert_int_equal(started_by(nothing, sizeof(nothing), f), 1);
}

static void refused(size_t off, uint64_t value, int width, int code, const char *msg)
{
	struct golin_err err = {0};

	mini_build(&m, funcs, N);
	memcpy(m.bytes + off, &value, width);
	assert_int_equal(mini_open(&m, &err), code);
	assert_string_equal(err.msg, msg);
	mini_done(&m);
}

static void contradictions(void **state)
{
	static const char none[] = "no function table (.gopclntab) of Go 1.21 in the file";
	static const char module[] = "no module data (runtime.firstmoduledata) that fits the "
				     "function table at 0x403000";

	refused(MINI_TAB, 0xfffffff0, 4, -ENODATA, none);     /* another format */
	refused(MINI_TAB + 7, 4, 1, -ENODATA, none);	      /* 32 bit */
	refused(MINI_TAB + 6, 0, 1, -ENODATA, none);	      /* no quantum */
	refused(MINI_TAB + 8, 0, 8, -ENODATA, none);	      /* no functions */
	refused(MINI_TAB + 8, UINT64_MAX, 8, -ENODATA, none); /* more than fit */
	refused(MINI_TAB + 8, 1 << 20, 8, -ENODATA, none);
	refused(MINI_TAB + 16, UINT64_MAX, 8, -ENODATA, none);	      /* files */
	refused(MINI_TAB + 32, 0, 8, -ENODATA, none);		      /* names in the header */
	refused(MINI_TAB + 40, UINT64_MAX - 4, 8, -ENODATA, none);    /* wraps */
	refused(MINI_TAB + 56, MINI_PCLN + 1, 8, -ENODATA, none);     /* out of order */
	refused(MINI_DATA, 0, 8, -ENODATA, module);		      /* no pointer to the table */
	refused(MINI_DATA + 128, 0, 8, -ENODATA, module);	      /* not its functab */
	refused(MINI_DATA + 136, 1, 8, -ENODATA, module);	      /* another count */
	refused(MINI_DATA + 160, MINI_TEXT + 1, 8, -ENODATA, module); /* another first pc */
	refused(MINI_DATA + 168, 0, 8, -ENODATA, module);
	refused(MINI_DATA + 176, MINI_DATA_VADDR, 8, -ENODATA, module); /* text in data */
	refused(MINI_DATA + 184, UINT64_MAX, 8, -ENODATA, module);
	refused(MINI_DATA + 320, 0x1234, 8, -ENODATA, module); /* gofunc nowhere */
}

static void two_modules(void **state)
{
	struct golin_err err = {0};

	mini_build(&m, funcs, N);
	memcpy(m.bytes + MINI_DATA + 512, m.bytes + MINI_DATA, 512);
	assert_int_equal(mini_open(&m, &err), -EBADMSG);
	assert_string_equal(err.msg, "2 places look like runtime.firstmoduledata, the last at "
				     "0x800200");
	mini_done(&m);
}

static void hostile_members(void **state)
{
	uint8_t *tab = m.bytes + MINI_TAB, *func;
	struct golin_name_frame f[4];
	struct golin_err err = {0};

	/* Tables of pcs that never end, go nowhere, or lie outside. */
	mini_build(&m, funcs, N);
	func = tab + MINI_PCLN + 8 * N + 4;
	memset(tab + MINI_PCTAB + 16, 0x80, 24);
	assert_int_equal(mini_open(&m, &err), 0);
	assert_int_equal(golin_image_names(&m.img, mini_at(0), f, 4), 1);
	assert_string_equal(f[0].func, "main.a");
	assert_string_equal(f[0].file, "");
	assert_int_equal(f[0].line, 0);
	mini_done(&m);

	mini_build(&m, funcs, N);
	memcpy(tab + MINI_PCTAB + 16, "\x02\x00\x02\x00\x02\x00\x00", 7);
	mini_u32(func + 20, 0x7fffffff);
	assert_int_equal(mini_open(&m, &err), 0);
	assert_int_equal(golin_image_names(&m.img, mini_at(0), f, 4), 1);
	assert_string_equal(f[0].file, "");
	mini_done(&m);

	/* A name outside the names, then one without an end. */
	mini_build(&m, funcs, N);
	mini_u32(func + 4, 0x7fffffff);
	mini_u32(func + MINI_FUNC + 4, 0xffffffff);
	mini_u32(func + 2 * MINI_FUNC + 4, MINI_CU - MINI_NAMES - 1);
	tab[MINI_CU - 1] = 'x';
	assert_int_equal(mini_open(&m, &err), -ENODATA);
	mini_done(&m);

	/* Tables of a function that go beyond the end. */
	mini_build(&m, funcs, N);
	mini_u32(func + 3 * MINI_FUNC + 28, UINT32_MAX);
	mini_u32(tab + MINI_PCLN + 8 * 2 + 4, 0xfffffff0);
	assert_int_equal(mini_open(&m, &err), 0);
	assert_int_equal(golin_image_names(&m.img, mini_at(3), f, 4), 0);
	assert_int_equal(golin_image_names(&m.img, mini_at(2), f, 4), 0);
	mini_done(&m);
}

/* Functions whose entries lie outside of what module data calls the text are none. */
static void outside_of_the_text(void **state)
{
	struct golin_err err = {0};
	struct pcln_func f;
	uint64_t lo, hi;

	mini_build(&m, funcs, N);
	mini_u32(m.bytes + MINI_TAB + MINI_PCLN + 8 * 2, 0x7fffff00);
	assert_int_equal(mini_open(&m, &err), 0);
	assert_false(pclntab_func(&m.img.code->tab, 1, &f));
	assert_false(pclntab_func(&m.img.code->tab, 2, &f));
	assert_int_equal(golin_image_func(&m.img, funcs[1].name, &lo, &hi, &err), -ENOENT);
	assert_int_equal(golin_image_func(&m.img, "main.a", &lo, &hi, &err), 0);
	mini_done(&m);
}

/* A program that carries another table in its data, in front of its own. */
static void the_table_that_fits(void **state)
{
	struct golin_err err = {0};
	uint64_t lo, hi;

	mini_build(&m, funcs, N);
	memcpy(m.bytes + 0x2000, m.bytes + MINI_TAB, 80);
	mini_u64(m.bytes + 0x2000 + 8, 1);
	assert_int_equal(mini_open(&m, &err), 0);
	assert_int_equal(m.img.code->tab.vaddr, MINI_BASE + MINI_TAB);
	assert_int_equal(golin_image_func(&m.img, "main.a", &lo, &hi, &err), 0);
	assert_int_equal(lo, mini_at(0));
	mini_done(&m);
}

/* A table alone, of any class and byte order, in the section .gopclntab at TABLE. */
enum { TABLE = 0x500000, TEXT = 0x10000 };

struct table {
	uint8_t bytes[1024];
	struct elf_section sections[2];
	struct elf_segment segment;
	struct elf_image elf;
	size_t len;
};

static void put(struct table *t, size_t at, size_t width, uint64_t v)
{
	for (size_t i = 0; i < width; i++)
		t->bytes[at + i] = v >> 8 * (t->elf.big_endian ? width - 1 - i : i);
	if (at + width > t->len)
		t->len = at + width;
}

/* Two functions of 64 bytes, a at line 5 and b at line 9, in the format of this version. */
static void make_table(struct table *t, bool is64, bool big, uint16_t minor)
{
	static const uint32_t magics[] = {0xfffffffb, 0xfffffffa, 0xfffffff0, 0xfffffff1};
	int format = minor < 16 ? 0 : minor < 18 ? 1 : minor < 20 ? 2 : 3;
	size_t word = is64 ? 8 : 4, first = format >= 2 ? 4 : word, esize = format >= 2 ? 4 : word;
	size_t names = 0x80, cutab = 0xa0, files = 0xa8, pctab = 0xc0, functab = 0xe0, base, at;

	memset(t, 0, sizeof(*t));
	t->elf = (struct elf_image){.map = t->bytes,
				    .size = sizeof(t->bytes),
				    .is64 = is64,
				    .big_endian = big,
				    .type = 2,
				    .sections = t->sections,
				    .nsections = 2,
				    .segments = &t->segment,
				    .nsegments = 1};
	t->sections[1] = (struct elf_section){".gopclntab", .type = 1, .addr = TABLE,
					      .size = sizeof(t->bytes)};
	t->segment = (struct elf_segment){.type = 1,
					  .flags = 4,
					  .vaddr = TABLE,
					  .filesz = sizeof(t->bytes),
					  .memsz = sizeof(t->bytes)};
	put(t, 0, 4, magics[format]);
	put(t, 6, 1, 4); /* the quantum */
	put(t, 7, 1, word);
	put(t, 8, word, 2);
	base = functab;
	if (format == 0) {
		functab = 8 + word;
		base = 0;
		put(t, functab + 5 * word, 4, 0x180);
		put(t, 0x180, 4, 2); /* files: 0 is none */
		put(t, 0x184, 4, files);
	} else {
		at = 8 + word;
		put(t, at, word, 1);
		at += format >= 2 ? 2 * word : word;
		put(t, at, word, names);
		put(t, at + word, word, cutab);
		put(t, at + 2 * word, word, files);
		put(t, at + 3 * word, word, pctab);
		put(t, at + 4 * word, word, functab);
	}
	memcpy(t->bytes + names, "\0main.a\0main.b", 15);
	memcpy(t->bytes + files, "/x.go", 6);
	/* File 1 (old) or 0, 16 steps of 4 bytes; lines 5 and 9. */
	memcpy(t->bytes + pctab + 1, format ? "\x02\x10\0" : "\x04\x10\0", 4);
	memcpy(t->bytes + pctab + 5, "\x0c\x10\0", 4);
	memcpy(t->bytes + pctab + 9, "\x14\x10\0", 4);
	for (int i = 0; i < 3; i++) {
		size_t func = (format ? functab + 0x60 : 0x200) + i * 0x40;
		size_t off = format ? 0 : pctab;

		put(t, functab + 2 * esize * i, esize, (format >= 2 ? 0 : TEXT) + 64 * i);
		if (i == 2)
			break;
		put(t, functab + 2 * esize * i + esize, esize, func - base);
		put(t, func, first, (format >= 2 ? 0 : TEXT) + 64 * i);
		put(t, func + first, 4, (format ? 0 : names) + 1 + 7 * i);
		put(t, func + first + 16, 4, off + 1);	       /* pcfile */
		put(t, func + first + 20, 4, off + 5 + 4 * i); /* pcln */
	}
}

static void any_class_and_byte_order(void **state)
{
	static const uint16_t minors[] = {13, 17, 19, 27};

	for (int kind = 0; kind < 16; kind++) {
		struct golin_err err = {0};
		struct pcln_func f;
		struct pclntab t;
		struct table table;
		const char *file;
		uint32_t line;

		make_table(&table, kind & 1, kind & 2, minors[kind / 4]);
		assert_int_equal(pclntab_open(&table.elf, minors[kind / 4], &t, &err), 0);
		pclntab_set_module(&t, TEXT, TEXT + 128, 0);
		assert_int_equal(t.nfunc, 2);
		assert_true(pclntab_find_name(&t, "main.b", &f));
		assert_int_equal(f.lo, TEXT + 64);
		assert_int_equal(f.hi, TEXT + 128);
		assert_true(pclntab_find_pc(&t, TEXT + 65, &f));
		assert_string_equal(f.name, "main.b");
		assert_true(pclntab_line(&t, &f, TEXT + 65, &file, &line));
		assert_string_equal(file, "/x.go");
		assert_int_equal(line, 9);
		pclntab_done(&t);

		/* With another magic number, as garble leaves it. */
		put(&table, 0, 4, 0x12345678);
		assert_int_equal(pclntab_open(&table.elf, minors[kind / 4], &t, &err), -EOPNOTSUPP);
		assert_string_equal(err.msg,
				    "obfuscated: the function table in section '.gopclntab' has "
				    "the magic number 0x12345678, which is none of Go's");
		/* With that of another version, or a header that is none, it is malformed. */
		put(&table, 0, 4, minors[kind / 4] == 27 ? 0xfffffff0 : 0xfffffff1);
		assert_int_equal(pclntab_open(&table.elf, minors[kind / 4], &t, &err), -EBADMSG);
		put(&table, 0, 4, 0x12345678);
		put(&table, 4, 1, 7);
		assert_int_equal(pclntab_open(&table.elf, minors[kind / 4], &t, &err), -EBADMSG);
	}
}

/* A look-up decodes so many steps and no more, however many the file has. */
static void steps_are_counted(void **state)
{
	struct golin_err err = {0};
	uint32_t budget = 0, line;
	struct pcln_func f;
	struct pclntab t;
	struct table table;
	const char *file;

	make_table(&table, true, false, 27);
	assert_int_equal(pclntab_open(&table.elf, 27, &t, &err), 0);
	pclntab_set_module(&t, TEXT, TEXT + 128, 0);
	assert_true(pclntab_find_pc(&t, TEXT, &f));
	t.budget = &budget;
	assert_false(pclntab_line(&t, &f, TEXT, &file, &line));
	assert_int_equal(budget, 0);
	budget = 2;
	assert_true(pclntab_line(&t, &f, TEXT, &file, &line));
	assert_int_equal(budget, 0);
	pclntab_done(&t);
}

static uint64_t rnd(uint64_t *s)
{
	*s ^= *s << 13;
	*s ^= *s >> 7;
	*s ^= *s << 17;
	return *s;
}

/* A real program's tables with random bytes changed: whatever comes out, nothing breaks. */
static void damaged_tables(void **state)
{
	static struct golin_name_frame frames[8];
	const char *path = go_binary();
	uint64_t seed = 88172645463325252ULL, tab_off, module_off;
	struct golin_err err = {0};
	struct golin_image *img;
	struct stat st;
	uint8_t *map;
	size_t tab_size;
	unsigned opened = 0;
	int fd, copy;

	if (!path)
		skip();
	fd = open(path, O_RDONLY);
	assert_int_equal(golin_image_open(fd, &img, &err), 0);
	assert_non_null(img->code);
	assert_true(elf_image_file_off(&img->elf, img->code->tab.vaddr, &tab_off));
	assert_true(elf_image_file_off(&img->elf, img->code->module.vaddr, &module_off));
	tab_size = img->code->tab.size;
	golin_image_close(img);
	assert_int_equal(fstat(fd, &st), 0);
	copy = memfd_create("damaged", MFD_CLOEXEC);
	assert_int_equal(ftruncate(copy, st.st_size), 0);
	map = mmap(NULL, st.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, copy, 0);
	assert_int_equal(pread(fd, map, st.st_size, 0), st.st_size);
	for (int round = 0; round < 60; round++) {
		uint8_t old[64];
		size_t at[64];
		/* All over the table; in its header; in module data. */
		size_t span = round % 3 == 0 ? tab_size : round % 3 == 1 ? 80 : 400;
		uint64_t base = round % 3 == 2 ? module_off : tab_off;

		for (int i = 0; i < 64; i++) {
			at[i] = base + rnd(&seed) % span;
			old[i] = map[at[i]];
			map[at[i]] = round % 3 && i ? old[i] : rnd(&seed);
		}
		if (!golin_image_open(copy, &img, &err)) {
			uint64_t text = golin_image_info(img)->text;

			opened += img->code != NULL;
			for (int i = 0; i < 500; i++)
				golin_image_names(img, text + rnd(&seed) % 0x100000, frames, 8);
			for (uint32_t i = 0; img->code && i < img->code->tab.nfunc && i < 500;
			     i++) {
				struct pcln_func f;

				if (pclntab_func(&img->code->tab, i, &f))
					golin_image_names(img, f.lo, frames, 8);
			}
			golin_image_close(img);
		}
		for (int i = 63; i >= 0; i--)
			map[at[i]] = old[i];
	}
	/* Else nothing was tried. */
	assert_true(opened > 10);
	munmap(map, st.st_size);
	close(copy);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_functions),     cmocka_unit_test(names_as_go_does),
		cmocka_unit_test(looks_into_closures), cmocka_unit_test(contradictions),
		cmocka_unit_test(two_modules),	       cmocka_unit_test(hostile_members),
		cmocka_unit_test(damaged_tables),      cmocka_unit_test(outside_of_the_text),
		cmocka_unit_test(the_table_that_fits), cmocka_unit_test(any_class_and_byte_order),
		cmocka_unit_test(steps_are_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

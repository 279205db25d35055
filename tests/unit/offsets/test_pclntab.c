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
		cmocka_unit_test(damaged_tables),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

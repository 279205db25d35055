/* SPDX-License-Identifier: BSD-2-Clause */
/* The C header: its text; tests/live/offsets_cli_test.py gives real ones to compilers. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/strbuf.h"
#include "render.h"

static struct golin_image_info info;
static struct golin_layout layout;
static bool only[GOLIN_S_MAX], absent[GOLIN_S_MAX];
static struct golin_render r = {
	.info = &info, .layout = &layout, .structs = only, .known_absent = absent};

static int setup(void **state)
{
	memset(&info, 0, sizeof(info));
	memset(&layout, 0, sizeof(layout));
	memset(only, 0, sizeof(only));
	memset(absent, 0, sizeof(absent));
	golin_go_version_parse("go1.26.8", &info.go);
	strcpy(info.arch, "amd64");
	layout.source = GOLIN_FROM_TABLE;
	r.label = NULL;
	return 0;
}

static void set_struct(enum golin_struct_id s, uint32_t size)
{
	layout.structs[s] = (struct golin_struct){size, GOLIN_FROM_TABLE};
	only[s] = true;
}

static void set_field(enum golin_field_id f, uint32_t offset, uint32_t size, const char *type)
{
	layout.fields[f] = (struct golin_field){offset, size, GOLIN_FROM_TABLE, ""};
	snprintf(layout.fields[f].type, sizeof(layout.fields[f].type), "%s", type);
}

/* Renders and gives the part that begins at the text `from`. */
static const char *render(struct strbuf *out, const char *from)
{
	const char *p;

	strbuf_clear(out);
	golin_render_header(&r, out);
	p = strstr(strbuf_cstr(out), from);
	assert_non_null(p);
	return p;
}

static void assert_begins(const char *text, const char *want)
{
	char *begin = strndup(text, strlen(want));

	assert_string_equal(begin, want);
	free(begin);
}

static void test_whole(void **state)
{
	struct strbuf out = {0};

	set_struct(GOLIN_S_STACK, 16);
	set_field(GOLIN_F_STACK_lo, 0, 8, "uintptr");
	only[GOLIN_S_FUNCVAL] = only[GOLIN_S_LABEL_SET] = true;
	absent[GOLIN_S_FUNCVAL] = true;
	assert_string_equal(
		render(&out, "/*"),
		"/*\n"
		" * Layouts of the Go runtime's structs: go1.26.8 amd64, layout from table.\n"
		" * Made by `golin offsets --format header`. GO_OFFSETOF_* and GO_SIZEOF_* are "
		"bytes; what is\n"
		" * absent has no constant. Structs have the members that golin knows, the rest is "
		"padding.\n"
		" */\n"
		"#ifndef GOLIN_GO1_26_8_AMD64_H\n"
		"#define GOLIN_GO1_26_8_AMD64_H\n"
		"\n"
		"#ifdef GO_LAYOUT_VERSION\n"
		"#error \"the layouts of another Go version are included already\"\n"
		"#endif\n"
		"#define GO_LAYOUT_VERSION \"go1.26.8\"\n"
		"#define GO_LAYOUT_ARCH \"amd64\"\n"
		"#define GO_LAYOUT_SOURCE \"table\"\n"
		"\n"
		"/* runtime.stack, from table */\n"
		"#define GO_SIZEOF_runtime_stack 16\n"
		"#define GO_OFFSETOF_runtime_stack_lo 0 /* uintptr */\n"
		"#define GO_SIZEOF_runtime_stack_lo 8\n"
		"/* GO_OFFSETOF_runtime_stack_hi: absent */\n"
		"\n"
		"/* runtime.funcval: absent, this Go version has none */\n"
		"\n"
		"/* runtime/pprof.LabelSet: unknown, the program does not tell */\n"
		"\n"
		"/* Of the compiler itself: no other header is needed, also for eBPF. */\n"
		"typedef __UINT8_TYPE__ go_u8;\n"
		"typedef __UINT16_TYPE__ go_u16;\n"
		"typedef __UINT32_TYPE__ go_u32;\n"
		"typedef __UINT64_TYPE__ go_u64;\n"
		"typedef __INT8_TYPE__ go_s8;\n"
		"typedef __INT16_TYPE__ go_s16;\n"
		"typedef __INT32_TYPE__ go_s32;\n"
		"typedef __INT64_TYPE__ go_s64;\n"
		"\n"
		"#ifdef __cplusplus\n"
		"#define GO_ASSERT(e) static_assert(e, #e)\n"
		"#else\n"
		"#define GO_ASSERT(e) _Static_assert(e, #e)\n"
		"#endif\n"
		"\n"
		"struct go_runtime_stack { /* runtime.stack */\n"
		"\tgo_u64 lo; /* 0 uintptr */\n"
		"\tgo_u8 _pad_8[8];\n"
		"};\n"
		"GO_ASSERT(sizeof(struct go_runtime_stack) == GO_SIZEOF_runtime_stack);\n"
		"GO_ASSERT(__builtin_offsetof(struct go_runtime_stack, lo) == "
		"GO_OFFSETOF_runtime_stack_lo);\n"
		"\n"
		"#undef GO_ASSERT\n"
		"#endif\n");
	strbuf_done(&out);
}

/* A struct by value is one, and stands before the one that holds it. */
static void test_inner(void **state)
{
	struct strbuf out = {0};

	set_struct(GOLIN_S_HCHAN, 32);
	set_field(GOLIN_F_HCHAN_qcount, 0, 8, "uint");
	set_field(GOLIN_F_HCHAN_recvq, 16, 16, "runtime.waitq");
	set_struct(GOLIN_S_WAITQ, 16);
	set_field(GOLIN_F_WAITQ_first, 0, 8, "*runtime.sudog");
	set_field(GOLIN_F_WAITQ_last, 8, 8, "*runtime.sudog");
	assert_begins(render(&out, "\nstruct go_"), "\nstruct go_runtime_waitq {");
	assert_begins(render(&out, "struct go_runtime_hchan {"),
		      "struct go_runtime_hchan { /* runtime.hchan */\n"
		      "\tgo_u64 qcount; /* 0 uint */\n"
		      "\tgo_u8 _pad_8[8];\n"
		      "\tstruct go_runtime_waitq recvq; /* 16 runtime.waitq */\n"
		      "};\n");
	/* Not among those that are shown: then plain words of the same size. */
	only[GOLIN_S_WAITQ] = false;
	assert_non_null(strstr(render(&out, "struct go_runtime_hchan {"),
			       "\tgo_u64 recvq[2]; /* 16 runtime.waitq */\n"));
	strbuf_done(&out);
}

/*
 * 386 aligns 64-bit words to 4: C's types must not move them. The struct of 12 bytes too has to
 * have 12 in C.
 */
static void test_alignment(void **state)
{
	struct strbuf out = {0};

	set_struct(GOLIN_S_STACK, 12);
	set_field(GOLIN_F_STACK_lo, 0, 8, "int64");
	set_field(GOLIN_F_STACK_hi, 8, 4, "int32");
	assert_begins(render(&out, "struct go_runtime_stack {"),
		      "struct go_runtime_stack { /* runtime.stack */\n"
		      "\tgo_u32 lo[2]; /* 0 int64 */\n"
		      "\tgo_s32 hi; /* 8 int32 */\n"
		      "};\n");
	set_struct(GOLIN_S_STACK, 16);
	set_field(GOLIN_F_STACK_lo, 4, 8, "int64");
	set_field(GOLIN_F_STACK_hi, 13, 2, "[2]uint8");
	assert_begins(render(&out, "struct go_runtime_stack {"),
		      "struct go_runtime_stack { /* runtime.stack */\n"
		      "\tgo_u8 _pad_0[4];\n"
		      "\tgo_u32 lo[2]; /* 4 int64 */\n"
		      "\tgo_u8 _pad_12[1];\n"
		      "\tgo_u8 hi[2]; /* 13 [2]uint8 */\n"
		      "\tgo_u8 _pad_15[1];\n"
		      "};\n");
	strbuf_done(&out);
}

/* What DWARF may claim: members over each other, of no size, structs within themselves. */
static void test_hostile_layout(void **state)
{
	struct strbuf out = {0};

	set_struct(GOLIN_S_STACK, 16);
	set_field(GOLIN_F_STACK_lo, 0, 16, "runtime.stack");
	set_field(GOLIN_F_STACK_hi, 8, 8, "uintptr");
	assert_begins(render(&out, "struct go_runtime_stack {"),
		      "struct go_runtime_stack { /* runtime.stack */\n"
		      "\tgo_u64 lo[2]; /* 0 runtime.stack */\n"
		      "\t/* hi at 8: overlaps */\n"
		      "};\n"
		      "GO_ASSERT(sizeof(struct go_runtime_stack) == GO_SIZEOF_runtime_stack);\n"
		      "GO_ASSERT(__builtin_offsetof(struct go_runtime_stack, lo) == "
		      "GO_OFFSETOF_runtime_stack_lo);\n"
		      "\n#undef");
	set_field(GOLIN_F_STACK_lo, 0xfffffff0, 0x20, "");
	set_field(GOLIN_F_STACK_hi, 8, 0, "struct {}");
	assert_begins(render(&out, "struct go_runtime_stack {"),
		      "struct go_runtime_stack { /* runtime.stack */\n"
		      "\t/* hi at 8: of no size */\n"
		      "\t/* lo at 4294967280: overlaps */\n"
		      "\tgo_u8 _pad_0[16];\n"
		      "};\n");
	/* Two structs that hold each other. */
	set_struct(GOLIN_S_WAITQ, 16);
	set_field(GOLIN_F_WAITQ_first, 0, 16, "runtime.stack");
	set_field(GOLIN_F_STACK_lo, 0, 16, "runtime.waitq");
	set_field(GOLIN_F_STACK_hi, 0, 0, "");
	render(&out, "struct go_runtime_stack {");
	assert_non_null(strstr(strbuf_cstr(&out), "struct go_runtime_waitq {"));
	strbuf_done(&out);
}

/* A name from the file must not end the comment in which it stands. */
static void test_hostile_text(void **state)
{
	struct strbuf out = {0};

	set_struct(GOLIN_S_STACK, 16);
	set_field(GOLIN_F_STACK_lo, 0, 8, "x*/ int evil; /*");
	r.label = "/tmp/*/a*/b";
	strcpy(info.build_id, "*/#error");
	render(&out, "/*");
	assert_non_null(strstr(strbuf_cstr(&out), "x* / int evil; / *"));
	assert_null(strstr(strbuf_cstr(&out), "x*/"));
	assert_non_null(strstr(strbuf_cstr(&out), " * of /tmp/ * /a* /b.\n"));
	assert_non_null(strstr(strbuf_cstr(&out), "build id * /#error"));
	strbuf_done(&out);
}

static void test_addresses(void **state)
{
	struct strbuf out = {0};

	only[GOLIN_S_STACK] = true;
	r.label = "./app";
	info.text = 0x401000;
	info.allgs = 0x5a2360;
	info.tls_g = -8;
	assert_begins(render(&out, "/* Addresses"),
		      "/* Addresses in this file, as linked. */\n"
		      "#define GO_ADDR_text 0x401000ULL\n"
		      "/* GO_ADDR_etext: not found */\n"
		      "/* GO_ADDR_pclntab: not found */\n"
		      "/* GO_ADDR_moduledata: not found */\n"
		      "#define GO_ADDR_allgs 0x5a2360ULL\n"
		      "#define GO_TLS_g (-8) /* from the thread pointer */\n");
	strbuf_done(&out);
}

/* A word of C is no name of a member. */
static void test_keyword(void **state)
{
	struct strbuf out = {0};

	set_struct(GOLIN_S_BOUNDS_ERROR, 8);
	set_field(GOLIN_F_BOUNDS_ERROR_signed, 0, 1, "bool");
	assert_non_null(strstr(render(&out, "struct go_runtime_boundsError {"),
			       "\tgo_u8 signed_; /* 0 bool */\n"));
	assert_non_null(
		strstr(strbuf_cstr(&out), "#define GO_OFFSETOF_runtime_boundsError_signed 0"));
	strbuf_done(&out);
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* No two constants of all that golin wants have one name: each struct and member is told apart. */
static void test_names_differ(void **state)
{
	static char *names[4 * (GOLIN_S_MAX + GOLIN_F_MAX)];
	struct strbuf out = {0};
	size_t n = 0;

	for (int s = 0; s < GOLIN_S_MAX; s++) {
		enum golin_field_id f, end;
		uint32_t at = 0;

		f = golin_struct_fields(s, &end);
		assert_true(end - f < 128);
		for (; f < end; f++, at += 8)
			set_field(f, at, 8, "uint64");
		set_struct(s, at + 8);
	}
	golin_render_header(&r, &out);
	for (char *p = strtok(out.s, "\n"); p; p = strtok(NULL, "\n")) {
		if (strncmp(p, "#define GO_", 11) != 0 && strncmp(p, "struct go_", 10) != 0)
			continue;
		if (strncmp(p, "#define GO_ASSERT", 17) == 0)
			continue;
		assert_true(n < sizeof(names) / sizeof(names[0]));
		p[strcspn(p + 8, " ") + 8] = '\0';
		names[n++] = p;
	}
	qsort(names, n, sizeof(names[0]), by_text);
	assert_true(n > 2 * GOLIN_F_MAX);
	for (size_t i = 1; i < n; i++)
		if (!strcmp(names[i - 1], names[i]))
			fail_msg("twice: %s", names[i]);
	strbuf_done(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_whole, setup),
		cmocka_unit_test_setup(test_inner, setup),
		cmocka_unit_test_setup(test_alignment, setup),
		cmocka_unit_test_setup(test_hostile_layout, setup),
		cmocka_unit_test_setup(test_hostile_text, setup),
		cmocka_unit_test_setup(test_addresses, setup),
		cmocka_unit_test_setup(test_keyword, setup),
		cmocka_unit_test_setup(test_names_differ, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

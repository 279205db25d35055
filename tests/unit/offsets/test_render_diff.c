/* SPDX-License-Identifier: BSD-2-Clause */
/* golin offsets --diff: what differs, what does not, and what is not known. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include "base/strbuf.h"
#include "render.h"

struct side {
	struct golin_image_info info;
	struct golin_layout layout;
	bool absent[GOLIN_S_MAX];
	struct golin_render r;
};

static struct side a, b;
static bool only[GOLIN_S_MAX];
static const struct golin_diff diff = {.a = &a.r, .b = &b.r, .a_name = "old", .b_name = "./new"};

static void side_init(struct side *s, const char *go)
{
	memset(s, 0, sizeof(*s));
	golin_go_version_parse(go, &s->info.go);
	strcpy(s->info.arch, "amd64");
	s->layout.source = GOLIN_FROM_TABLE;
	s->r = (struct golin_render){
		.info = &s->info, .layout = &s->layout, .structs = only, .known_absent = s->absent};
}

static void set_struct(struct side *s, enum golin_struct_id id, uint32_t size)
{
	s->layout.structs[id] = (struct golin_struct){size, GOLIN_FROM_TABLE};
}

static void set_field(struct side *s, enum golin_field_id f, uint32_t offset, uint32_t size,
		      const char *type)
{
	s->layout.fields[f] = (struct golin_field){offset, size, GOLIN_FROM_TABLE, ""};
	snprintf(s->layout.fields[f].type, sizeof(s->layout.fields[f].type), "%s", type);
}

static int setup(void **state)
{
	memset(only, 0, sizeof(only));
	side_init(&a, "go1.25.3");
	side_init(&b, "go1.26.8");
	only[GOLIN_S_WAITQ] = true;
	set_struct(&a, GOLIN_S_WAITQ, 16);
	set_struct(&b, GOLIN_S_WAITQ, 16);
	set_field(&a, GOLIN_F_WAITQ_first, 0, 8, "*runtime.sudog");
	set_field(&b, GOLIN_F_WAITQ_first, 0, 8, "*runtime.sudog");
	return 0;
}

#define HEAD                                                                                       \
	"--- old: go1.25.3 amd64, layout from table\n"                                             \
	"+++ ./new: go1.26.8 amd64, layout from table\n"

static void check_text(bool differ, const char *want)
{
	struct strbuf out = {0};

	assert_int_equal(golin_render_diff_text(&diff, &out), differ);
	assert_string_equal(strbuf_cstr(&out), want);
	strbuf_clear(&out);
	assert_int_equal(golin_render_diff_json(&diff, &out), differ);
	assert_non_null(strstr(strbuf_cstr(&out), differ ? "\"equal\":false}" : "\"equal\":true}"));
	strbuf_done(&out);
}

static void test_equal(void **state)
{
	check_text(false, HEAD "\n0 differ, 1 equal, 0 not compared\n");
}

static void test_member(void **state)
{
	set_field(&b, GOLIN_F_WAITQ_first, 8, 8, "*runtime.sudog");
	check_text(true, HEAD "\nruntime.waitq  16 bytes\n"
			      "   first  moved 0 -> 8 (+8)\n"
			      "\n1 differ, 0 equal, 0 not compared\n");
	set_field(&b, GOLIN_F_WAITQ_first, 0, 4, "uint32");
	set_struct(&b, GOLIN_S_WAITQ, 8);
	check_text(true, HEAD "\nruntime.waitq  resized 16 -> 8 bytes (-8)\n"
			      "   first  resized 8 -> 4 bytes; type *runtime.sudog -> uint32\n"
			      "\n1 differ, 0 equal, 0 not compared\n");
}

/* A struct that both have: what is not in it is known not to be. */
static void test_member_appears(void **state)
{
	set_field(&b, GOLIN_F_WAITQ_last, 8, 8, "*runtime.sudog");
	check_text(true, HEAD "\nruntime.waitq  16 bytes\n"
			      "   last  appeared at 8, 8 bytes, *runtime.sudog\n"
			      "\n1 differ, 0 equal, 0 not compared\n");
	b.layout.fields[GOLIN_F_WAITQ_first].source = GOLIN_FROM_NONE;
	check_text(true, HEAD "\nruntime.waitq  16 bytes\n"
			      "   first  gone from 0, 8 bytes, *runtime.sudog\n"
			      "   last   appeared at 8, 8 bytes, *runtime.sudog\n"
			      "\n1 differ, 0 equal, 0 not compared\n");
}

/* The type of a member may be unknown: that is no difference. */
static void test_unknown_type(void **state)
{
	set_field(&b, GOLIN_F_WAITQ_first, 0, 8, "");
	check_text(false, HEAD "\n0 differ, 1 equal, 0 not compared\n");
}

static void test_struct_appears(void **state)
{
	only[GOLIN_S_STACK] = only[GOLIN_S_FUNCVAL] = true;
	a.absent[GOLIN_S_STACK] = b.absent[GOLIN_S_FUNCVAL] = true;
	set_struct(&b, GOLIN_S_STACK, 24);
	set_struct(&a, GOLIN_S_FUNCVAL, 8);
	check_text(true, HEAD "\nruntime.stack  appeared, 24 bytes\n"
			      "\nruntime.funcval  gone, was 8 bytes\n"
			      "\n2 differ, 1 equal, 0 not compared\n");
	/* Neither has it: equal. */
	b.layout.structs[GOLIN_S_STACK].source = GOLIN_FROM_NONE;
	b.absent[GOLIN_S_STACK] = true;
	a.layout.structs[GOLIN_S_FUNCVAL].source = GOLIN_FROM_NONE;
	a.absent[GOLIN_S_FUNCVAL] = true;
	check_text(false, HEAD "\n0 differ, 3 equal, 0 not compared\n");
}

/* What one side does not tell is no difference, whatever the other has. */
static void test_unknown_struct(void **state)
{
	only[GOLIN_S_STACK] = only[GOLIN_S_FUNCVAL] = true;
	set_struct(&a, GOLIN_S_STACK, 16);
	a.absent[GOLIN_S_FUNCVAL] = true;
	check_text(false, HEAD "\nNot told by ./new, hence not compared:\n"
			       "  runtime.stack\n"
			       "  runtime.funcval\n"
			       "\n0 differ, 1 equal, 2 not compared\n");
	/* Without any knowledge of what is absent, too. */
	a.r.known_absent = NULL;
	check_text(false, HEAD "\nNot told by old, hence not compared:\n"
			       "  runtime.funcval\n"
			       "\nNot told by ./new, hence not compared:\n"
			       "  runtime.stack\n"
			       "  runtime.funcval\n"
			       "\n0 differ, 1 equal, 2 not compared\n");
}

static void test_json(void **state)
{
	struct strbuf out = {0};

	only[GOLIN_S_STACK] = only[GOLIN_S_FUNCVAL] = only[GOLIN_S_LABEL_SET] = true;
	set_field(&b, GOLIN_F_WAITQ_first, 8, 8, "unsafe.Pointer");
	set_field(&b, GOLIN_F_WAITQ_last, 0, 8, "");
	set_struct(&b, GOLIN_S_WAITQ, 24);
	a.absent[GOLIN_S_STACK] = true;
	set_struct(&b, GOLIN_S_STACK, 16);
	set_struct(&a, GOLIN_S_FUNCVAL, 8);
	b.absent[GOLIN_S_FUNCVAL] = true;
	strcpy(b.info.build_id, "abcd");
	assert_true(golin_render_diff_json(&diff, &out));
	assert_string_equal(
		strbuf_cstr(&out),
		"{\"a\":{\"name\":\"old\",\"go\":\"go1.25.3\",\"arch\":\"amd64\","
		"\"source\":\"table\",\"build_id\":null,\"unknown\":[\"runtime/pprof.LabelSet\"]},"
		"\"b\":{\"name\":\"./new\",\"go\":\"go1.26.8\",\"arch\":\"amd64\","
		"\"source\":\"table\",\"build_id\":\"abcd\",\"unknown\":["
		"\"runtime/pprof.LabelSet\"]},"
		"\"structs\":{"
		"\"runtime.stack\":{\"changes\":[\"appeared\"],\"size\":{\"a\":null,\"b\":16},"
		"\"fields\":{}},"
		"\"runtime.funcval\":{\"changes\":[\"gone\"],\"size\":{\"a\":8,\"b\":null},"
		"\"fields\":{}},"
		"\"runtime.waitq\":{\"changes\":[\"resized\"],\"size\":{\"a\":16,\"b\":24},"
		"\"fields\":{\"first\":{\"changes\":[\"moved\",\"type\"],"
		"\"a\":{\"offset\":0,\"size\":8,\"type\":\"*runtime.sudog\"},"
		"\"b\":{\"offset\":8,\"size\":8,\"type\":\"unsafe.Pointer\"}},"
		"\"last\":{\"changes\":[\"appeared\"],\"a\":null,"
		"\"b\":{\"offset\":0,\"size\":8,\"type\":null}}}}},"
		"\"equal\":false}\n");
	strbuf_done(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_equal, setup),
		cmocka_unit_test_setup(test_member, setup),
		cmocka_unit_test_setup(test_member_appears, setup),
		cmocka_unit_test_setup(test_unknown_type, setup),
		cmocka_unit_test_setup(test_struct_appears, setup),
		cmocka_unit_test_setup(test_unknown_struct, setup),
		cmocka_unit_test_setup(test_json, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

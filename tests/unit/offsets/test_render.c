/* SPDX-License-Identifier: BSD-2-Clause */
/* What `golin offsets` shows. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>
#include "base/strbuf.h"
#include "render.h"

static struct golin_image_info info;
static struct golin_layout layout;

static const struct golin_hook hooks[] = {
	{"goroutine.create", "runtime.newproc.func1", true, 0x3f21a, "call 0x440c80",
	 "the new g is whole"},
	{"goroutine.exit", "runtime.gdestroy", false, 0, NULL, "no such function"},
};

static int setup(void **state)
{
	memset(&info, 0, sizeof(info));
	memset(&layout, 0, sizeof(layout));
	golin_go_version_parse("go1.26.8 X:nodwarf5", &info.go);
	strcpy(info.arch, "amd64");
	strcpy(info.build_id, "abcd01");
	info.flags = GOLIN_IMAGE_PIE | GOLIN_IMAGE_DWARF;
	info.dwarf_version = 4;
	info.text = 0x401000;
	info.etext = 0x4f0000;
	info.allgs = 0x5a2360;
	info.tls_g = -8;
	layout.source = GOLIN_FROM_DWARF;
	layout.structs[GOLIN_S_STACK] = (struct golin_struct){16, GOLIN_FROM_DWARF};
	layout.fields[GOLIN_F_STACK_lo] = (struct golin_field){0, 8, GOLIN_FROM_DWARF, "uintptr"};
	layout.structs[GOLIN_S_M] = (struct golin_struct){1824, GOLIN_FROM_TABLE};
	layout.fields[GOLIN_F_M_g0] = (struct golin_field){0, 8, GOLIN_FROM_TABLE, "*runtime.g"};
	layout.fields[GOLIN_F_M_curg] = (struct golin_field){184, 8, GOLIN_FROM_TABLE, ""};
	return 0;
}

static void test_table(void **state)
{
	struct golin_render r = {&info, &layout, hooks, 2, "runtime.stack"};
	struct strbuf out = {0};

	golin_render_table(&r, &out);
	assert_string_equal(
		strbuf_cstr(&out),
		"go1.26.8 X:nodwarf5 amd64 pie, layout from dwarf (DWARF 4), build id abcd01\n"
		"\n"
		"STRUCT         FIELD  OFFSET  SIZE  TYPE     SOURCE\n"
		"runtime.stack  -           -    16  struct   dwarf\n"
		"runtime.stack  lo          0     8  uintptr  dwarf\n"
		"runtime.stack  hi     absent     -  -        -\n"
		"\n"
		"HOOK              FUNCTION                OFFSET  INSTRUCTION    WHY\n"
		"goroutine.create  runtime.newproc.func1  0x3f21a  call 0x440c80  the new g is "
		"whole\n"
		"goroutine.exit    runtime.gdestroy             -  -              no such "
		"function\n");
	strbuf_done(&out);
}

static void test_json(void **state)
{
	struct golin_render r = {&info, &layout, hooks, 2, "runtime.m"};
	struct strbuf out = {0};

	golin_render_json(&r, &out);
	assert_string_equal(
		strbuf_cstr(&out),
		"{\"go\":\"go1.26.8 X:nodwarf5\",\"arch\":\"amd64\",\"source\":\"dwarf\","
		"\"dwarf_version\":4,\"build_id\":\"abcd01\","
		"\"addresses\":{\"text\":\"0x401000\",\"etext\":\"0x4f0000\",\"pclntab\":null,"
		"\"moduledata\":null,\"runtime.allgs\":\"0x5a2360\"},\"tls_g\":-8,"
		"\"structs\":{\"runtime.m\":{\"size\":1824,"
		"\"fields\":{\"g0\":{\"offset\":0,\"size\":8,\"type\":\"*runtime.g\",\"source\":"
		"\"table\"},"
		"\"curg\":{\"offset\":184,\"size\":8,\"type\":null,\"source\":\"table\"}}}},"
		"\"hooks\":["
		"{\"event\":\"goroutine.create\",\"func\":\"runtime.newproc.func1\",\"offset\":"
		"258586,"
		"\"instruction\":\"call 0x440c80\",\"why\":\"the new g is whole\"},"
		"{\"event\":\"goroutine.exit\",\"func\":\"runtime.gdestroy\",\"offset\":null,"
		"\"instruction\":null,\"why\":\"no such function\"}]}\n");
	strbuf_done(&out);
}

/* What is absent is null, and nothing else is. */
static void test_json_absent(void **state)
{
	struct golin_render r = {&info, &layout, NULL, 0, "runtime.coro"};
	struct strbuf out = {0};

	layout.source = GOLIN_FROM_TABLE;
	info.dwarf_version = 0;
	*info.build_id = '\0';
	info.text = info.etext = info.allgs = 0;
	info.tls_g = 0;
	golin_render_json(&r, &out);
	assert_string_equal(
		strbuf_cstr(&out),
		"{\"go\":\"go1.26.8 X:nodwarf5\",\"arch\":\"amd64\",\"source\":\"table\","
		"\"dwarf_version\":null,\"build_id\":null,"
		"\"addresses\":{\"text\":null,\"etext\":null,\"pclntab\":null,"
		"\"moduledata\":null,\"runtime.allgs\":null},\"tls_g\":null,"
		"\"structs\":{\"runtime.coro\":null},"
		"\"hooks\":[]}\n");
	strbuf_clear(&out);
	r.only_struct = "runtime.stack";
	golin_render_json(&r, &out);
	assert_non_null(strstr(strbuf_cstr(&out),
			       "\"fields\":{\"lo\":{\"offset\":0,\"size\":8,\"type\":\"uintptr\","
			       "\"source\":\"dwarf\"},\"hi\":null}"));
	strbuf_done(&out);
}

static void test_tsv(void **state)
{
	struct golin_render r = {&info, &layout, hooks, 2, "runtime.stack"};
	struct strbuf out = {0};

	golin_render_tsv(&r, &out);
	assert_string_equal(strbuf_cstr(&out), "1.26.8\tamd64\truntime.stack\t-\t-\t16\t-\n"
					       "1.26.8\tamd64\truntime.stack\tlo\t0\t8\tuintptr\n"
					       "1.26.8\tamd64\truntime.stack\thi\tabsent\t-\t-\n");
	strbuf_clear(&out);
	r.only_struct = "runtime.coro";
	golin_render_tsv(&r, &out);
	assert_string_equal(strbuf_cstr(&out), "1.26.8\tamd64\truntime.coro\t-\tabsent\t-\t-\n"
					       "1.26.8\tamd64\truntime.coro\tf\tabsent\t-\t-\n");
	strbuf_done(&out);
}

/* Without a choice each struct of layout.def is shown. */
static void test_all(void **state)
{
	struct golin_render r = {.info = &info, .layout = &layout};
	struct strbuf out = {0};

	golin_render_table(&r, &out);
	for (int s = 0; s < GOLIN_S_MAX; s++)
		assert_non_null(strstr(strbuf_cstr(&out), golin_struct_name(s)));
	assert_null(strstr(strbuf_cstr(&out), "HOOK"));
	strbuf_done(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_table, setup),
		cmocka_unit_test_setup(test_json, setup),
		cmocka_unit_test_setup(test_json_absent, setup),
		cmocka_unit_test_setup(test_tsv, setup),
		cmocka_unit_test_setup(test_all, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

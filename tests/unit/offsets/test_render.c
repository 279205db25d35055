/* SPDX-License-Identifier: BSD-2-Clause */
/* What `golin offsets` shows, to the letter. */
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
static bool only[GOLIN_S_MAX], absent[GOLIN_S_MAX];

static const struct golin_hook hooks[] = {
	{
		.event = "goroutine.create",
		.func = "runtime.newproc.func1",
		.found = true,
		.offset = 0x3f21a,
		.instruction = "call 0x440c80",
		.why = "the new g is whole",
		.where = "newg=rbx g=r14",
		.lost = "the creation of goroutines",
		.required = true,
	},
	{
		.event = "goroutine.exit",
		.func = "runtime.gdestroy",
		.why = "no such function",
		.lost = "the end of goroutines",
		.required = true,
	},
	{.event = "timer.reset", .func = "time.resetTimer", .why = "no such function"},
};

static int setup(void **state)
{
	memset(&info, 0, sizeof(info));
	memset(&layout, 0, sizeof(layout));
	memset(only, 0, sizeof(only));
	memset(absent, 0, sizeof(absent));
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
	strcpy(layout.dwarf_section, ".debug_info");
	layout.structs[GOLIN_S_STACK] = (struct golin_struct){16, GOLIN_FROM_DWARF};
	layout.fields[GOLIN_F_STACK_lo] = (struct golin_field){0, 8, GOLIN_FROM_DWARF, "uintptr"};
	layout.structs[GOLIN_S_WAITQ] = (struct golin_struct){1824, GOLIN_FROM_TABLE};
	layout.fields[GOLIN_F_WAITQ_first] =
		(struct golin_field){0, 8, GOLIN_FROM_TABLE, "*runtime.sudog"};
	layout.fields[GOLIN_F_WAITQ_last] = (struct golin_field){184, 8, GOLIN_FROM_TABLE, ""};
	return 0;
}

static void test_table(void **state)
{
	struct golin_render r = {.info = &info,
				 .layout = &layout,
				 .hooks = hooks,
				 .nhooks = 3,
				 .structs = only,
				 .known_absent = absent};
	struct strbuf out = {0};

	only[GOLIN_S_STACK] = only[GOLIN_S_FUNCVAL] = only[GOLIN_S_LABEL_SET] = true;
	absent[GOLIN_S_FUNCVAL] = true;
	golin_render_table(&r, &out);
	assert_string_equal(
		strbuf_cstr(&out),
		"go1.26.8 X:nodwarf5 amd64 pie, layout from dwarf (DWARF 4), build id abcd01\n"
		"\n"
		"STRUCT                  FIELD   OFFSET  SIZE  TYPE     SOURCE\n"
		"runtime.stack           -            -    16  struct   dwarf\n"
		"runtime.stack           lo           0     8  uintptr  dwarf\n"
		"runtime.stack           hi      absent     -  -        -\n"
		"runtime.funcval         -       absent     -  -        -\n"
		"runtime/pprof.LabelSet  -      unknown     -  -        -\n"
		"\n"
		"HOOK              FUNCTION                OFFSET  INSTRUCTION    WHERE           "
		"WHY\n"
		"goroutine.create  runtime.newproc.func1  0x3f21a  call 0x440c80  newg=rbx g=r14  "
		"the new g is whole\n"
		"goroutine.exit    runtime.gdestroy       missing  -              -               "
		"no such function\n"
		"timer.reset       time.resetTimer        missing  -              -               "
		"no such function\n"
		"\n"
		"Not seen, for want of a hook point:\n"
		"  the end of goroutines (goroutine.exit in runtime.gdestroy: no such function); "
		"golin refuses to watch without it\n"
		"  what this event tells (timer.reset in time.resetTimer: no such function)\n");
	strbuf_done(&out);
}

static void test_json(void **state)
{
	struct golin_render r = {.info = &info,
				 .layout = &layout,
				 .hooks = hooks,
				 .nhooks = 2,
				 .structs = only,
				 .debug_file = "/usr/lib/debug/x.debug"};
	struct strbuf out = {0};

	only[GOLIN_S_WAITQ] = true;
	golin_render_json(&r, &out);
	assert_string_equal(
		strbuf_cstr(&out),
		"{\"go\":\"go1.26.8 X:nodwarf5\",\"arch\":\"amd64\",\"source\":\"dwarf\","
		"\"dwarf_version\":4,\"debug_file\":\"/usr/lib/debug/x.debug\","
		"\"build_id\":\"abcd01\","
		"\"symbols\":{\"text\":\"0x401000\",\"etext\":\"0x4f0000\",\"pclntab\":null,"
		"\"moduledata\":null,\"allgs\":\"0x5a2360\",\"tls_g\":-8},"
		"\"structs\":{\"runtime.waitq\":{\"size\":1824,\"source\":\"table\",\"fields\":{"
		"\"first\":{\"offset\":0,\"size\":8,\"type\":\"*runtime.sudog\",\"source\":"
		"\"table\"},"
		"\"last\":{\"offset\":184,\"size\":8,\"type\":null,\"source\":\"table\"}}}},"
		"\"unknown\":[],"
		"\"hooks\":["
		"{\"event\":\"goroutine.create\",\"func\":\"runtime.newproc.func1\",\"offset\":"
		"258586,\"instruction\":\"call 0x440c80\",\"why\":\"the new g is whole\","
		"\"where\":\"newg=rbx g=r14\",\"missing\":false,\"lost\":null,\"required\":true},"
		"{\"event\":\"goroutine.exit\",\"func\":\"runtime.gdestroy\",\"offset\":null,"
		"\"instruction\":null,\"why\":\"no such function\",\"where\":null,"
		"\"missing\":true,\"lost\":\"the end of goroutines\",\"required\":true}]}\n");
	strbuf_done(&out);
}

/* What is absent is null, and nothing else is. */
static void test_json_absent(void **state)
{
	struct golin_render r = {
		.info = &info, .layout = &layout, .structs = only, .known_absent = absent};
	struct strbuf out = {0};

	only[GOLIN_S_FUNCVAL] = only[GOLIN_S_LABEL_SET] = true;
	absent[GOLIN_S_FUNCVAL] = true;
	layout.source = GOLIN_FROM_TABLE;
	info.dwarf_version = 0;
	*info.build_id = '\0';
	info.text = info.etext = info.allgs = 0;
	info.tls_g = 0;
	golin_render_json(&r, &out);
	assert_string_equal(strbuf_cstr(&out),
			    "{\"go\":\"go1.26.8 X:nodwarf5\",\"arch\":\"amd64\",\"source\":"
			    "\"table\",\"dwarf_version\":null,\"debug_file\":null,"
			    "\"build_id\":null,\"symbols\":{\"text\":null,\"etext\":null,"
			    "\"pclntab\":null,\"moduledata\":null,\"allgs\":null,\"tls_g\":null},"
			    "\"structs\":{\"runtime.funcval\":null,\"runtime/pprof.LabelSet\":"
			    "null},\"unknown\":[\"runtime/pprof.LabelSet\"],\"hooks\":[]}\n");
	strbuf_clear(&out);
	only[GOLIN_S_STACK] = true;
	golin_render_json(&r, &out);
	assert_non_null(strstr(strbuf_cstr(&out),
			       "\"fields\":{\"lo\":{\"offset\":0,\"size\":8,\"type\":\"uintptr\","
			       "\"source\":\"dwarf\"},\"hi\":null}"));
	strbuf_done(&out);
}

static void test_tsv(void **state)
{
	struct golin_render r = {.info = &info,
				 .layout = &layout,
				 .hooks = hooks,
				 .nhooks = 2,
				 .structs = only,
				 .known_absent = absent};
	struct strbuf out = {0};

	only[GOLIN_S_STACK] = only[GOLIN_S_FUNCVAL] = only[GOLIN_S_LABEL_SET] = true;
	absent[GOLIN_S_FUNCVAL] = true;
	golin_render_tsv(&r, &out);
	assert_string_equal(strbuf_cstr(&out),
			    "1.26.8\tamd64\truntime.stack\t-\t-\t16\t-\tdwarf\n"
			    "1.26.8\tamd64\truntime.stack\tlo\t0\t8\tuintptr\tdwarf\n"
			    "1.26.8\tamd64\truntime.stack\thi\tabsent\t-\t-\t-\n"
			    "1.26.8\tamd64\truntime.funcval\t-\tabsent\t-\t-\t-\n"
			    "1.26.8\tamd64\truntime.funcval\tfn\tabsent\t-\t-\t-\n"
			    "1.26.8\tamd64\truntime/pprof.LabelSet\t-\tunknown\t-\t-\t-\n"
			    "1.26.8\tamd64\truntime/pprof.LabelSet\tlist\tunknown\t-\t-\t-\n");
	strbuf_clear(&out);
	r.bare = true;
	golin_render_tsv(&r, &out);
	assert_string_equal(strbuf_cstr(&out),
			    "1.26.8\tamd64\truntime.stack\t-\t-\t16\t-\n"
			    "1.26.8\tamd64\truntime.stack\tlo\t0\t8\tuintptr\n"
			    "1.26.8\tamd64\truntime.stack\thi\tabsent\t-\t-\n"
			    "1.26.8\tamd64\truntime.funcval\t-\tabsent\t-\t-\n"
			    "1.26.8\tamd64\truntime.funcval\tfn\tabsent\t-\t-\n"
			    "1.26.8\tamd64\truntime/pprof.LabelSet\t-\tabsent\t-\t-\n"
			    "1.26.8\tamd64\truntime/pprof.LabelSet\tlist\tabsent\t-\t-\n");
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

/* ---- --explain ---- */

static void test_explain(void **state)
{
	static const struct golin_verified checks[] = {
		{"g0", "goid is 0", GOLIN_VERDICT_OK, "of 3 threads"},
		{"goids", "all different", GOLIN_VERDICT_FAILED, "two have 7"},
		{"sudog", "it names its g", GOLIN_VERDICT_NOT_DONE, "nobody waits"},
	};
	const struct golin_explain e = {"because", checks, 3};
	struct golin_render r = {
		.info = &info, .layout = &layout, .structs = only, .label = "./x", .explain = &e};
	struct strbuf out = {0};

	only[GOLIN_S_STACK] = true;
	golin_render_table(&r, &out);
	assert_string_equal(
		strstr(strbuf_cstr(&out), "STRUCT"),
		"STRUCT         FIELD  OFFSET  SIZE  TYPE     SOURCE  FROM\n"
		"runtime.stack  -           -    16  struct   dwarf   .debug_info, unit runtime\n"
		"runtime.stack  lo          0     8  uintptr  dwarf   .debug_info, unit runtime\n"
		"runtime.stack  hi     absent     -  -        -       .debug_info, unit runtime\n"
		"\n"
		"Why: because\n"
		"\n"
		"Addresses in the file, as linked:\n"
		"  text         0x401000\n"
		"  etext        0x4f0000\n"
		"  pclntab      not found\n"
		"  moduledata   not found\n"
		"  allgs        0x5a2360\n"
		"  tls_g        -8 (from the thread pointer)\n"
		"\n"
		"Checks:\n"
		"  ok        g0            goid is 0: of 3 threads\n"
		"  FAILED    goids         all different: two have 7\n"
		"  not done  sudog         it names its g: nobody waits\n");
	strbuf_clear(&out);
	golin_render_json(&r, &out);
	assert_non_null(strstr(strbuf_cstr(&out), "\"from\":\".debug_info, unit runtime\""));
	assert_string_equal(strstr(strbuf_cstr(&out), "\"explain\""),
			    "\"explain\":{\"why\":\"because\",\"checks\":["
			    "{\"check\":\"g0\",\"what\":\"goid is 0\",\"ok\":true,"
			    "\"text\":\"of 3 threads\"},"
			    "{\"check\":\"goids\",\"what\":\"all different\",\"ok\":false,"
			    "\"text\":\"two have 7\"},"
			    "{\"check\":\"sudog\",\"what\":\"it names its g\",\"ok\":null,"
			    "\"text\":\"nobody waits\"}]}}\n");
	strbuf_done(&out);
}

/* Of the table, the releases are told for which it has one and the same row. */
static void test_explain_table(void **state)
{
	const struct golin_explain e = {.why = "because"};
	struct golin_render r = {.info = &info, .layout = &layout, .structs = only, .explain = &e};
	struct strbuf out = {0};

	only[GOLIN_S_WAITQ] = true;
	golin_go_version_parse("go1.20.14", &info.go);
	golin_render_table(&r, &out);
	assert_non_null(strstr(strbuf_cstr(&out),
			       "runtime.waitq  first       0     8  *runtime.sudog  table   "
			       "table, go1.13 to go1."));
	/* A version has no addresses. */
	assert_null(strstr(strbuf_cstr(&out), "Addresses"));
	strbuf_done(&out);
}

/* ---- the list ---- */

static void test_releases(void **state)
{
	static const struct golin_table_release rel[] = {
		{20, 0, 14, 0, "amd64"},
		{21, 0, 0, 0, "amd64"},
		{20, 0, 14, 0, "arm64"},
		{21, 0, 13, 0, "arm64"},
	};
	struct strbuf out = {0};

	golin_render_releases(rel, 4, NULL, GOLIN_LIST_TEXT, &out);
	assert_string_equal(strbuf_cstr(&out), "GO      RELEASES               ARCHITECTURES\n"
					       "go1.20  go1.20 to go1.20.14    amd64 arm64\n"
					       "go1.21  go1.21.0               amd64\n"
					       "go1.21  go1.21.0 to go1.21.13  arm64\n");
	strbuf_clear(&out);
	golin_render_releases(rel, 4, "amd64", GOLIN_LIST_JSON, &out);
	assert_string_equal(strbuf_cstr(&out),
			    "{\"releases\":[{\"arch\":\"amd64\",\"minor\":20,\"from\":\"go1.20\","
			    "\"to\":\"go1.20.14\"},{\"arch\":\"amd64\",\"minor\":21,\"from\":"
			    "\"go1.21.0\",\"to\":\"go1.21.0\"}]}\n");
	strbuf_clear(&out);
	golin_render_releases(rel, 4, "arm64", GOLIN_LIST_TSV, &out);
	assert_string_equal(strbuf_cstr(&out), "arm64\tgo1.20\tgo1.20.14\n"
					       "arm64\tgo1.21.0\tgo1.21.13\n");
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
		cmocka_unit_test_setup(test_explain, setup),
		cmocka_unit_test_setup(test_explain_table, setup),
		cmocka_unit_test_setup(test_releases, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

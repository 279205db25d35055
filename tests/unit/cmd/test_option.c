/* SPDX-License-Identifier: BSD-2-Clause */
/* The option table: what is parsed, what is refused, and with which words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/strbuf.h"
#include "cmd.h"
#include "golin/record.h"

static int parse(const char *cmd, struct cmd_config *cfg, struct golin_err *err, char **argv)
{
	int argc = 0;

	memset(cfg, 0, sizeof(*cfg));
	memset(err, 0, sizeof(*err));
	cfg->fold = true;
	while (argv[argc])
		argc++;
	return option_parse(cmd_find(cmd), argc, argv, cfg, err);
}

#define PARSE(cmd, ...) parse(cmd, &cfg, &err, (char *[]){__VA_ARGS__, NULL})

static void test_kinds(void **state)
{
	struct cmd_config cfg;
	struct golin_err err;

	assert_int_equal(PARSE("lineage", "--for", "1.5s", "api", "--ring=4k", "--link", "perf",
			       "--keep", "7", "-jq", "--no-fold", "--filter", "fn:x", "--probes",
			       "goroutines"),
			 0);
	assert_int_equal(cfg.for_ns, 1500000000);
	assert_int_equal(cfg.ring, 4096);
	assert_int_equal(cfg.link, 2);
	assert_int_equal(cfg.keep, 7);
	assert_true(cfg.json && cfg.quiet && !cfg.fold);
	assert_string_equal(cfg.filter, "fn:x");
	assert_int_equal(cfg.groups, GOLIN_GROUP_GOROUTINES);
	assert_int_equal(cfg.nargs, 1);
	assert_string_equal(cfg.args[0], "api");
	assert_null(cfg.child);
}

/* What may be given more than once, and on which side of the argument --diff stands. */
static void test_offsets(void **state)
{
	struct cmd_config cfg;
	struct golin_err err;
	char *many[80];

	assert_int_equal(PARSE("offsets", "--struct", "g", "./app", "--struct=m|p"), 0);
	assert_int_equal(cfg.structs.n, 2);
	assert_string_equal(cfg.structs.v[0], "g");
	assert_string_equal(cfg.structs.v[1], "m|p");
	assert_int_equal(PARSE("offsets", "--diff", "old", "new"), 0);
	assert_string_equal(cfg.diff, "old");
	assert_string_equal(cfg.args[0], "new");
	assert_int_equal(cfg.diff_at, 0);
	assert_int_equal(PARSE("offsets", "old", "--diff=new"), 0);
	assert_string_equal(cfg.diff, "new");
	assert_string_equal(cfg.args[0], "old");
	assert_int_equal(cfg.diff_at, 1);
	for (int i = 0; i < 66; i++)
		many[i] = i % 2 ? "g" : "--struct";
	many[66] = NULL;
	assert_int_equal(parse("offsets", &cfg, &err, many), -EINVAL);
	assert_string_equal(err.msg, "--struct more than 32 times");
}

static void test_child(void **state)
{
	struct cmd_config cfg;
	struct golin_err err;

	assert_int_equal(PARSE("run", "--for=2s", "--", "./app", "--json", "-x"), 0);
	assert_false(cfg.json);
	assert_string_equal(cfg.child[0], "./app");
	assert_string_equal(cfg.child[1], "--json");
	assert_string_equal(cfg.child[2], "-x");
	assert_null(cfg.child[3]);
	assert_int_equal(PARSE("run", "--"), -EINVAL);
	assert_string_equal(err.msg, "no program behind '--'");
}

static void test_refusals(void **state)
{
	static const struct {
		const char *cmd;
		char *argv[4];
		const char *msg, *hint;
	} cases[] = {
		{"lineage",
		 {"--jsno"},
		 "unknown option '--jsno' for 'golin lineage'",
		 "did you mean --json?"},
		{"lineage",
		 {"--zzzzzz"},
		 "unknown option '--zzzzzz' for 'golin lineage'",
		 "'golin lineage --help' lists them"},
		{"lineage",
		 {"-x"},
		 "unknown option '-x' for 'golin lineage'",
		 "'golin lineage --help' lists them"},
		{"offsets",
		 {"--ring", "1M"},
		 "unknown option '--ring' for 'golin offsets'",
		 "did you mean --"},
		{"lineage", {"--for"}, "--for needs a value: DURATION", ""},
		{"lineage", {"--for", "soon"}, "bad value 'soon' for --for", "it takes DURATION"},
		{"lineage", {"--for", "0s"}, "bad value '0s' for --for", "it takes DURATION"},
		{"lineage", {"--keep", "-1"}, "bad value '-1' for --keep", "it takes N"},
		{"lineage",
		 {"--keep", "4294967296"},
		 "bad value '4294967296' for --keep",
		 "it takes"},
		{"lineage",
		 {"--link", "mult"},
		 "bad value 'mult' for --link",
		 "it takes multi|perf"},
		{"lineage",
		 {"--probes", "goroutines,gcs"},
		 "unknown probe group 'gcs'",
		 "the groups are: goroutines, timers"},
		{"lineage", {"--probes", ""}, "--probes names no group", ""},
		{"lineage", {"--json=1"}, "--json takes no value", ""},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct cmd_config cfg;
		struct golin_err err;
		char *argv[4];

		memcpy(argv, cases[i].argv, sizeof(argv));
		assert_int_equal(parse(cases[i].cmd, &cfg, &err, argv), -EINVAL);
		assert_string_equal(err.msg, cases[i].msg);
		if (strncmp(cases[i].hint, "did you mean --", 16) == 0)
			continue;
		assert_memory_equal(err.hint, cases[i].hint, strlen(cases[i].hint));
	}
}

/* Every command has help that names each of its options, and no letter is taken twice. */
static void test_help(void **state)
{
	for (size_t i = 0; i < ncmds; i++) {
		struct strbuf b = {0};
		bool letters[128] = {0};

		option_help(&cmds[i], &b);
		assert_non_null(strstr(strbuf_cstr(&b), cmds[i].summary));
		assert_non_null(strstr(strbuf_cstr(&b), "--help"));
		for (const char *p = strbuf_cstr(&b); (p = strstr(p, "\n  -")); p += 4) {
			unsigned char c = p[4];

			assert_true(c < 128 && !letters[c]);
			letters[c] = true;
		}
		strbuf_done(&b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kinds), cmocka_unit_test(test_offsets),
		cmocka_unit_test(test_child), cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_help),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

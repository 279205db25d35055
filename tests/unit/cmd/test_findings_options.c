/* SPDX-License-Identifier: BSD-2-Clause */
/* The options of `golin findings`, and baselines: what is read, what is refused, what is written.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "baseline.h"
#include "cmd.h"
#include "rules_loop.h"

static int parse(const char *cmd, struct cmd_config *cfg, struct golin_err *err, char **argv)
{
	int argc = 0;

	memset(cfg, 0, sizeof(*cfg));
	memset(err, 0, sizeof(*err));
	while (argv[argc])
		argc++;
	return option_parse(cmd_find(cmd), argc, argv, cfg, err);
}

#define PARSE(cmd, ...) parse(cmd, &cfg, &err, (char *[]){__VA_ARGS__, NULL})

static void test_options(void **state)
{
	struct golin_rules_opts o, d = golin_rules_defaults();
	struct cmd_config cfg;
	struct golin_err err;

	assert_int_equal(PARSE("findings", "api"), 0);
	assert_int_equal(cfg.fail_on, 0);
	assert_int_equal(rules_options(&cfg, &o, &err), 0);
	assert_int_equal(o.grace_ns, d.grace_ns);
	assert_int_equal(o.lost_ns, d.lost_ns);
	assert_int_equal(o.width, d.width);
	assert_int_equal(o.nallow, 0);

	assert_int_equal(PARSE("findings", "api", "--grace", "250ms", "--limit", "lost-age=3s",
			       "--limit=depth=7", "--limit", "width=8", "--limit", "timers=9",
			       "--limit", "lost=10", "--limit", "masked=11", "--limit",
			       "foreign=12", "-A", "lost-cancel:main.f", "-Wdeep-context",
			       "--allow", "wide-context", "--warn", "lost-cancel", "--fail-on",
			       "error"),
			 0);
	assert_int_equal(cfg.fail_on, 3);
	assert_int_equal(rules_options(&cfg, &o, &err), 0);
	assert_int_equal(o.grace_ns, 250000000);
	assert_int_equal(o.lost_ns, 3000000000);
	assert_int_equal(o.depth, 7);
	assert_int_equal(o.width, 8);
	assert_int_equal(o.timers, 9);
	assert_int_equal(o.lost_count, 10);
	assert_int_equal(o.masked_count, 11);
	assert_int_equal(o.foreign_count, 12);
	assert_int_equal(o.nallow, 2);
	assert_string_equal(o.allow[0], "lost-cancel:main.f");
	assert_string_equal(o.allow[1], "wide-context");
	assert_int_equal(o.nwarn, 2);
	assert_string_equal(o.warn[0], "deep-context");
}

static void test_bad_limits(void **state)
{
	static char *const bad[] = {"",
				    "depth",
				    "depth=",
				    "depth=0",
				    "depth=-1",
				    "depth=+1",
				    "depth= 1",
				    "depth=1x",
				    "=3",
				    "nothing=3",
				    "lost-age=0",
				    "lost-age=x",
				    "Depth=3",
				    "depth=4294967296",
				    "depth=99999999999999999999"};
	struct golin_rules_opts o;
	struct cmd_config cfg;
	struct golin_err err;

	for (size_t k = 0; k < sizeof(bad) / sizeof(bad[0]); k++) {
		assert_int_equal(PARSE("findings", "api", "--limit", bad[k]), 0);
		if (rules_options(&cfg, &o, &err) != -EINVAL)
			fail_msg("--limit %s", bad[k]);
		assert_non_null(strstr(err.msg, "--limit"));
	}
	assert_int_equal(PARSE("findings", "api", "--fail-on", "fatal"), -EINVAL);
	assert_int_equal(PARSE("findings", "api", "--grace", "0"), -EINVAL);
	/* What only findings have is no option elsewhere. */
	assert_int_equal(PARSE("contexts", "api", "--fail-on", "note"), -EINVAL);
	assert_int_equal(PARSE("record", "api", "--grace", "2s"), 0);
	assert_int_equal(PARSE("record", "api", "-A", "x"), -EINVAL);
}

/* Each limit that is taken is shown with its default. */
static void test_limits_help(void **state)
{
	static const char *const all[] = {"--grace DURATION", "lost-age=TIME", "lost=N",
					  "masked=N",	      "foreign=N",     "depth=N",
					  "width=N",	      "timers=N"};
	struct strbuf b = {0};

	rules_limits_help(&b);
	for (size_t k = 0; k < sizeof(all) / sizeof(all[0]); k++)
		assert_non_null(strstr(b.s, all[k]));
	strbuf_done(&b);
}

/* ---- baselines ---- */

static char path[64];

static int make(void **state)
{
	int fd;

	strcpy(path, "/tmp/golin-baseline-XXXXXX");
	fd = mkstemp(path);
	return fd < 0 ? -1 : close(fd);
}

static int unmake(void **state)
{
	return unlink(path);
}

static void fill(const char *text, size_t len)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, len, f), len);
	assert_int_equal(fclose(f), 0);
}

static struct golin_finding finding(const char *rule, const char *func, uint32_t line)
{
	return (struct golin_finding){.rule = golin_rule_find(rule),
				      .severity = GOLIN_SEV_WARNING,
				      .func = func,
				      .file = "/src/a b/api.go",
				      .line = line,
				      .message = "",
				      .hint = "",
				      .c = GOLIN_CIDX_NONE};
}

static void test_baseline(void **state)
{
	struct golin_finding f[3] = {
		finding("wide-context", "main.f[go.shape.struct { X int }]", 7),
		finding("lost-cancel", "main.(*T).g", 9), finding("lost-cancel", "", 0)};
	struct golin_finding_row rows[3] = {{.f = &f[0]}, {.f = &f[1]}, {.f = &f[2]}};
	struct golin_finding other;
	struct baseline *b = NULL;
	struct golin_err err = {0};
	char text[256] = "";
	FILE *file;

	f[2].file = "";
	assert_int_equal(baseline_write(path, rows, 3, &err), 0);
	file = fopen(path, "r");
	assert_non_null(file);
	assert_int_not_equal(fread(text, 1, sizeof(text) - 1, file), 0);
	fclose(file);
	/* Sorted, so that two can be compared. */
	assert_string_equal(strchr(text, '\n') + 1,
			    "lost-cancel\t\t:0\n"
			    "lost-cancel\tmain.(*T).g\t/src/a b/api.go:9\n"
			    "wide-context\tmain.f[go.shape.struct { X int }]\t/src/a b/api.go:7\n");
	assert_int_equal(baseline_read(path, &b, &err), 0);
	for (size_t k = 0; k < 3; k++)
		assert_true(baseline_knows(b, &f[k]));
	other = f[1];
	other.line = 10;
	assert_false(baseline_knows(b, &other));
	other = f[1];
	other.rule = golin_rule_find("wide-context");
	assert_false(baseline_knows(b, &other));
	other = f[1];
	other.func = "main.(*T).h";
	assert_false(baseline_knows(b, &other));
	assert_false(baseline_knows(NULL, &f[0]));
	baseline_free(b);
}

static void test_baseline_by_hand(void **state)
{
	static const char text[] =
		"# a comment\n\n\r\nlost-cancel\tmain.(*T).g\t/src/a b/api.go:9\r\n"
		"wide-context\tmain.f\t/x.go:1";
	struct golin_finding f = finding("lost-cancel", "main.(*T).g", 9);
	struct golin_finding_row none;
	struct baseline *b = NULL;
	struct golin_err err = {0};

	fill(text, strlen(text));
	assert_int_equal(baseline_read(path, &b, &err), 0);
	assert_true(baseline_knows(b, &f));
	baseline_free(b);
	/* An empty one, and one that says that nothing is known. */
	fill("", 0);
	assert_int_equal(baseline_read(path, &b, &err), 0);
	assert_false(baseline_knows(b, &f));
	baseline_free(b);
	assert_int_equal(baseline_write(path, &none, 0, &err), 0);
	assert_int_equal(baseline_read(path, &b, &err), 0);
	baseline_free(b);
}

static void test_bad_baseline(void **state)
{
	static const struct {
		const char *text;
		size_t len;
		const char *why;
	} bad[] = {
		{"lost-cancel\n", 12, "line 1 of the baseline"},
		{"# x\nlost-cancel main.f a.go:3\n", 30, "line 2 of the baseline"},
		{"lost-cancel\tmain.f\ta.go:3\tmore\n", 31, "line 1 of the baseline"},
		{"no-rule\tmain.f\ta.go:3\n", 22, "no rule 'no-rule'"},
		{"lost-cancel\tmain.f\0\ta.go:3\n", 27, "not a text file"},
	};
	struct baseline *b = NULL;
	struct golin_err err = {0};

	for (size_t k = 0; k < sizeof(bad) / sizeof(bad[0]); k++) {
		fill(bad[k].text, bad[k].len);
		assert_int_equal(baseline_read(path, &b, &err), -EINVAL);
		if (!strstr(err.msg, bad[k].why))
			fail_msg("%s, not %s", err.msg, bad[k].why);
	}
	assert_int_equal(baseline_read("/nowhere/at/all", &b, &err), -EINVAL);
	assert_int_equal(baseline_read("/dev/null", &b, &err), -EINVAL);
	assert_int_equal(baseline_read("/tmp", &b, &err), -EINVAL);
	assert_int_equal(baseline_write("/nowhere/at/all", NULL, 0, &err), -EPIPE);
	assert_int_equal(baseline_write("/dev/full", NULL, 0, &err), -EPIPE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_options),
		cmocka_unit_test(test_bad_limits),
		cmocka_unit_test(test_limits_help),
		cmocka_unit_test_setup_teardown(test_baseline, make, unmake),
		cmocka_unit_test_setup_teardown(test_baseline_by_hand, make, unmake),
		cmocka_unit_test_setup_teardown(test_bad_baseline, make, unmake),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

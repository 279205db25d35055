/* SPDX-License-Identifier: BSD-2-Clause */
/* The doctor's verdicts, with and without rights. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <linux/capability.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/err.h"
#include "base/text.h"
#include "golin/probes.h"
#include "live/proc.h"

struct answer {
	struct golin_check v[64];
	int n, possible;
	struct golin_err err;
};

static const struct golin_check *check_of(const struct answer *a, const char *name)
{
	for (int i = 0; i < a->n; i++) {
		if (strcmp(a->v[i].name, name) == 0)
			return &a->v[i];
	}
	fail_msg("no check is named %s", name);
	return NULL;
}

static void ask(struct answer *a)
{
	memset(a, 0, sizeof(*a));
	a->n = golin_doctor(a->v, 64);
	a->possible = golin_probes_possible(&a->err);
}

/* The same in a child that is nobody. Names are pointers to constants: the same there. */
static void ask_as_nobody(struct answer *a)
{
	size_t len = 0;
	int p[2];
	pid_t pid;

	assert_int_equal(pipe(p), 0);
	pid = fork();
	if (pid == 0) {
		const char *from = (const char *)a;

		close(p[0]);
		if (setresgid(65534, 65534, 65534) || setresuid(65534, 65534, 65534))
			_exit(1);
		prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
		ask(a);
		while (len < sizeof(*a)) {
			ssize_t n = write(p[1], from + len, sizeof(*a) - len);

			if (n < 0)
				_exit(1);
			len += (size_t)n;
		}
		_exit(0);
	}
	close(p[1]);
	while (len < sizeof(*a)) {
		ssize_t n = read(p[0], (char *)a + len, sizeof(*a) - len);

		assert_true(n > 0);
		len += (size_t)n;
	}
	close(p[0]);
	waitpid(pid, NULL, 0);
}

static void test_whole(void **state)
{
	static struct answer a;
	bool needed_fails = false;

	ask(&a);
	assert_in_range(a.n, 15, 63);
	for (int i = 0; i < a.n; i++) {
		const struct golin_check *c = &a.v[i];

		assert_in_range(c->result, GOLIN_CHECK_OK, GOLIN_CHECK_FAIL);
		assert_string_not_equal(c->text, "");
		assert_true(golin_text_is_clean(c->text, strlen(c->text)));
		assert_true(strlen(c->fix) < sizeof(c->fix) - 1);
		if (c->result == GOLIN_CHECK_OK)
			assert_string_equal(c->fix, "");
		else
			assert_string_not_equal(c->fix, "");
		if (c->needed && c->result == GOLIN_CHECK_FAIL)
			needed_fails = true;
	}
	/* the quick answer and the long one agree */
	if (!needed_fails)
		assert_int_equal(a.possible, 0);
	if (a.possible == 0) {
		assert_int_equal(check_of(&a, "bpf_load")->result, GOLIN_CHECK_OK);
		assert_int_equal(check_of(&a, "ring_buffer")->result, GOLIN_CHECK_OK);
	}
}

static void test_little_room(void **state)
{
	struct golin_check v[3];

	assert_int_equal(golin_doctor(v, 3), 3);
	assert_int_equal(golin_doctor(v, 0), 0);
}

static void test_nobody(void **state)
{
	static struct answer a;

	if (geteuid() != 0)
		skip();
	ask_as_nobody(&a);
	assert_int_equal(a.possible, -EPERM);
	assert_string_equal(a.err.msg,
			    "cannot probe: the kernel refused to load a BPF program (EPERM)");
	assert_string_equal(a.err.hint,
			    "needs CAP_BPF and CAP_PERFMON on Linux 6.6 or later, else "
			    "CAP_SYS_ADMIN: run golin as root (sudo); --no-probes reads its "
			    "memory alone");
	assert_int_equal(golin_err_exit(&a.err), GOLIN_EXIT_PERMISSION);
	assert_int_equal(check_of(&a, "bpf_load")->result, GOLIN_CHECK_FAIL);
	assert_true(check_of(&a, "bpf_load")->needed);
	assert_string_equal(check_of(&a, "bpf_load")->text,
			    "the kernel refused to load a BPF program (EPERM)");
	assert_int_equal(check_of(&a, "uprobe_multi")->result, GOLIN_CHECK_FAIL);
	assert_int_equal(check_of(&a, "cap_sys_ptrace")->result, GOLIN_CHECK_WARN);
	assert_string_equal(check_of(&a, "cap_bpf")->text, "golin does not have it");
}

static void test_with_rights(void **state)
{
	static struct answer a;

	if (!golin_have_cap(CAP_SYS_ADMIN))
		skip();
	ask(&a);
	if (a.possible == -EPERM)
		skip(); /* a container's filter */
	assert_string_equal(check_of(&a, "cap_sys_admin")->text, "golin has it");
	/* whichever link there is, it was hit exactly once */
	assert_true(check_of(&a, "uprobe_multi")->result == GOLIN_CHECK_OK ||
		    check_of(&a, "uprobe_perf")->result == GOLIN_CHECK_OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole),
		cmocka_unit_test(test_little_room),
		cmocka_unit_test(test_nobody),
		cmocka_unit_test(test_with_rights),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

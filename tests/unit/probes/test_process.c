/* SPDX-License-Identifier: BSD-2-Clause */
/* The list of Go processes, tried on gofmt, which every Go toolchain has and which waits on stdin.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/err.h"
#include "golin/probes.h"
#include "live/buildinfo_child.h"

static char gofmt[4200], version[64];

static int find_go(void **state)
{
	FILE *p = popen("go env GOROOT 2>/dev/null", "re");
	char root[4096] = "", path[4200];
	FILE *f;

	if (p && fgets(root, sizeof(root), p))
		root[strcspn(root, "\n")] = '\0';
	if (p)
		pclose(p);
	snprintf(gofmt, sizeof(gofmt), "%s/bin/gofmt", root);
	snprintf(path, sizeof(path), "%s/VERSION", root);
	f = fopen(path, "re");
	if (f && fgets(version, sizeof(version), f))
		version[strcspn(version, "\n")] = '\0';
	if (f)
		fclose(f);
	if (!root[0] || access(gofmt, X_OK) < 0)
		gofmt[0] = '\0';
	return 0;
}

static void start(struct golin_target *t, int stdin_fd)
{
	struct golin_spawn_opts opts = {.stdout_fd = -1, .stderr_fd = -1, .stdin_fd = stdin_fd};
	char *argv[] = {gofmt, NULL};
	struct golin_err err = {0};

	assert_int_equal(golin_target_spawn(argv, &opts, t, &err), 0);
	assert_int_equal(golin_target_release(t, &err), 0);
}

static const struct golin_process *of_pid(const struct golin_process *v, size_t n, pid_t pid)
{
	for (size_t i = 0; i < n; i++) {
		if (v[i].pid == pid)
			return &v[i];
	}
	return NULL;
}

static void test_list_and_find(void **state)
{
	struct golin_process *v, *list;
	const struct golin_process *p;
	struct golin_target a, b;
	struct golin_err err = {0};
	char first[64], want[200];
	size_t n, listed;
	int in[2];
	pid_t pid;

	if (!gofmt[0])
		skip();
	assert_int_equal(pipe2(in, O_CLOEXEC), 0);
	start(&a, in[0]);
	assert_int_equal(golin_process_list(&v, &n, &err), 0);
	p = of_pid(v, n, a.pid);
	assert_non_null(p);
	assert_string_equal(p->comm, "gofmt");
	assert_string_equal(p->exe, a.exe);
	assert_string_equal(p->go, version);
	assert_string_equal(p->arch, "amd64");
	assert_int_equal(p->uid, geteuid());
	if (golin_probes_possible(NULL) == 0) {
		assert_true(p->can_attach);
		assert_string_equal(p->why_not, "");
	} else {
		assert_false(p->can_attach);
		assert_string_not_equal(p->why_not, "");
	}
	assert_null(of_pid(v, n, getpid())); /* no Go program */
	for (size_t i = 1; i < n; i++)
		assert_true(v[i - 1].pid < v[i].pid);
	free(v);

	assert_int_equal(golin_process_find("gofmt", &pid, &v, &n, &err), 0);
	assert_int_equal(pid, a.pid);

	start(&b, in[0]);
	assert_int_equal(golin_process_find("gofmt", &pid, &list, &listed, &err), -EINVAL);
	assert_string_equal(err.msg, "2 processes are named 'gofmt': choose one by PID");
	assert_int_equal(listed, 2);
	snprintf(first, sizeof(first), "%d (", (int)list[0].pid);
	assert_int_equal(strncmp(err.hint, first, strlen(first)), 0);
	snprintf(want, sizeof(want), ", %d (", (int)list[1].pid);
	assert_non_null(strstr(err.hint, want));
	free(list);

	close(in[1]); /* the end of their input */
	while (!golin_target_ended(&a, NULL) || !golin_target_ended(&b, NULL))
		usleep(1000);
	golin_target_close(&a);
	golin_target_close(&b);
	close(in[0]);
}

static void test_find_by_number(void **state)
{
	struct golin_err err = {0};
	pid_t pid = 0;

	assert_int_equal(golin_process_find("4213", &pid, NULL, NULL, &err), 0);
	assert_int_equal(pid, 4213);
	assert_int_equal(golin_process_find("0", &pid, NULL, NULL, &err), -EINVAL);
	assert_string_equal(err.msg, "'0' is not a process id");
	assert_int_equal(golin_process_find("99999999999999999999", &pid, NULL, NULL, &err),
			 -EINVAL);
	assert_string_equal(err.msg, "'99999999999999999999' is not a process id");
	assert_int_equal(golin_process_find("4294967297", &pid, NULL, NULL, &err), -EINVAL);
	assert_int_equal(golin_process_find("", &pid, NULL, NULL, &err), -EINVAL);
	assert_string_equal(err.msg, "an empty name means no process");
}

static void test_find_nothing(void **state)
{
	struct golin_err err = {0};
	char want[128];
	pid_t pid;

	assert_int_equal(golin_process_find("no\nsuch", &pid, NULL, NULL, &err), -ENOENT);
	assert_string_equal(err.msg, "no Go process is named 'no\\nsuch'");
	assert_string_equal(err.hint, "`golin` lists the Go processes");
	assert_int_equal(golin_process_find("test_process", &pid, NULL, NULL, &err), -ENOENT);
	assert_string_equal(err.msg, "no Go process is named 'test_process'");
	snprintf(want, sizeof(want), "process %d is named so, but is not a Go program",
		 (int)getpid());
	assert_string_equal(err.hint, want);
}

static int file_with(const void *data, size_t len)
{
	int fd = memfd_create("golin-test", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, data, len), len);
	return fd;
}

/* Rubbish of all sorts in one batch spoils no answer for the others. */
static void test_foreign_files(void **state)
{
	struct buildinfo_answer ret[6];
	unsigned char rubbish[4096] = "\177ELF\2\1\1";
	int fds[6];

	for (size_t i = 7; i < sizeof(rubbish); i++)
		rubbish[i] = (unsigned char)(i * 31 + 7);
	fds[0] = file_with("", 0);
	fds[1] = file_with("hello", 5);
	fds[2] = file_with("\177ELF", 4);
	fds[3] = file_with(rubbish, sizeof(rubbish));
	fds[4] = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	fds[5] = gofmt[0] ? open(gofmt, O_RDONLY | O_CLOEXEC) : -1;
	assert_int_equal(golin_buildinfo_ask(fds, gofmt[0] ? 6 : 5, ret), 0);
	for (int i = 0; i < 5; i++)
		assert_int_equal(ret[i].verdict, BUILDINFO_NOT_GO);
	if (gofmt[0]) {
		assert_int_equal(ret[5].verdict, BUILDINFO_GO);
		assert_string_equal(ret[5].go.short_, version);
		assert_string_equal(ret[5].arch, "amd64");
	}
	for (int i = 0; i < 6; i++) {
		if (fds[i] >= 0)
			close(fds[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_list_and_find),
		cmocka_unit_test(test_find_by_number),
		cmocka_unit_test(test_find_nothing),
		cmocka_unit_test(test_foreign_files),
	};

	return cmocka_run_group_tests(tests, find_go, NULL);
}

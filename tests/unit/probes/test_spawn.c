/* SPDX-License-Identifier: BSD-2-Clause */
/* Starting programs, held until they are let go. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <cmocka.h>

#include "base/err.h"
#include "golin/probes.h"
#include "children.h"

static void test_spawn_holds_until_release(void **state)
{
	char mark[128], script[256];
	char *argv[] = {"sh", "-c", script, NULL};
	struct golin_err err = {0};
	struct golin_target t;
	int status;

	strcpy(mark, in_dir("mark"));
	snprintf(script, sizeof(script), "echo $$ > %s; exit 7", mark);
	assert_int_equal(golin_target_spawn(argv, NULL, &t, &err), 0);
	assert_true(t.child && t.go_fd >= 0 && t.exe_fd >= 0 && t.pidfd >= 0);
	assert_int_equal(t.mem_fd, -1);
	usleep(100000);
	assert_int_equal(access(mark, F_OK), -1);
	assert_false(golin_target_ended(&t, &status));
	assert_int_equal(golin_target_release(&t, &err), 0);
	assert_int_equal(t.go_fd, -1);
	assert_int_equal(wait_end(&t), 7 << 8);
	assert_int_equal(wait_end(&t), 7 << 8); /* it can be asked again */
	assert_int_equal(access(mark, F_OK), 0);
	assert_int_equal(golin_target_release(&t, &err), -EINVAL);
	golin_target_close(&t);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1); /* and collected */
	unlink(mark);
}

static void test_close_ends_what_never_ran(void **state)
{
	char mark[128], script[256];
	char *argv[] = {"sh", "-c", script, NULL};
	struct golin_target t;

	strcpy(mark, in_dir("mark"));
	snprintf(script, sizeof(script), "echo > %s", mark);
	assert_int_equal(golin_target_spawn(argv, NULL, &t, NULL), 0);
	golin_target_close(&t);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(access(mark, F_OK), -1);
}

/* golin is killed while it holds a program: that must end, not run nor stay. */
static void test_golin_dies_before_release(void **state)
{
	char *argv[] = {"sleep", "1000", NULL};
	struct golin_target t;
	struct pollfd p;
	int pipefd[2];
	pid_t golin, held;

	assert_int_equal(pipe(pipefd), 0);
	golin = fork();
	if (golin == 0) {
		if (golin_target_spawn(argv, NULL, &t, NULL) ||
		    write(pipefd[1], &t.pid, sizeof(t.pid)) < 0)
			_exit(1);
		pause();
	}
	assert_int_equal(read(pipefd[0], &held, sizeof(held)), sizeof(held));
	p.fd = (int)syscall(SYS_pidfd_open, held, 0);
	p.events = POLLIN;
	assert_true(p.fd >= 0);
	kill(golin, SIGKILL);
	waitpid(golin, NULL, 0);
	assert_int_equal(poll(&p, 1, 10000), 1);
	close(p.fd);
	close(pipefd[0]);
	close(pipefd[1]);
}

static void spawn_fails(const char *what, int code, const char *msg, const char *hint)
{
	char *argv[] = {(char *)what, NULL};
	struct golin_err err = {0};
	struct golin_target t;

	assert_int_equal(golin_target_spawn(argv, NULL, &t, &err), code);
	assert_string_equal(err.msg, msg);
	assert_string_equal(err.hint, hint);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1); /* no child is left */
}

static void test_what_cannot_be_spawned(void **state)
{
	char msg[256];

	spawn_fails("golin-no-such-program", -ENOENT,
		    "cannot run 'golin-no-such-program': not found in PATH",
		    "for a file of this directory: './golin-no-such-program'");
	spawn_fails("/nonexistent/x", -ENOENT, "cannot run '/nonexistent/x': no such file", "");
	spawn_fails("/tmp", -ENOEXEC, "cannot run '/tmp': it is a directory", "");
	spawn_fails("", -EINVAL, "there is no program to run", "");

	write_file(in_dir("script"), "#!/bin/sh -e\necho\n", 18, 0755);
	snprintf(msg, sizeof(msg),
		 "cannot run '%s': it is a script ('/bin/sh -e' would be executed), not a Go "
		 "program",
		 in_dir("script"));
	spawn_fails(in_dir("script"), -ENOEXEC, msg,
		    "name the Go program itself: golin run -- PROGRAM; or start the script and "
		    "attach to the Go process by PID");

	write_file(in_dir("text"), "hello\n", 6, 0755);
	snprintf(msg, sizeof(msg), "cannot run '%s': it is not an ELF file", in_dir("text"));
	spawn_fails(in_dir("text"), -ENOEXEC, msg, "");
	write_file(in_dir("empty"), "", 0, 0755);
	snprintf(msg, sizeof(msg), "cannot run '%s': it is not an ELF file", in_dir("empty"));
	spawn_fails(in_dir("empty"), -ENOEXEC, msg, "");

	copy_file("/bin/true", in_dir("plain"), 0644);
	snprintf(msg, sizeof(msg), "cannot run '%s': permission denied", in_dir("plain"));
	spawn_fails(in_dir("plain"), -EPERM, msg, "is it executable and readable? chmod +rx");
}

/* ELF by its first bytes, but the kernel will not have it. */
static void test_exec_that_fails(void **state)
{
	char path[128], msg[256];
	char *argv[] = {path, NULL};
	struct golin_err err = {0};
	struct golin_target t;

	strcpy(path, in_dir("broken"));
	write_file(path, "\177ELF nothing else", 17, 0755);
	assert_int_equal(golin_target_spawn(argv, NULL, &t, &err), 0);
	assert_int_equal(golin_target_release(&t, &err), -ENOEXEC);
	snprintf(msg, sizeof(msg), "cannot run '%s': this machine cannot execute it", path);
	assert_string_equal(err.msg, msg);
	golin_target_close(&t);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
}

/* Probes were armed on one file; another one must not run unseen. */
static void test_replaced_before_release(void **state)
{
	char path[128], other[128], msg[256];
	char *argv[] = {path, "1000", NULL};
	struct golin_err err = {0};
	struct golin_target t;

	strcpy(path, in_dir("prog"));
	strcpy(other, in_dir("prog2"));
	copy_file("/bin/sleep", path, 0755);
	copy_file("/bin/sleep", other, 0755);
	assert_int_equal(golin_target_spawn(argv, NULL, &t, &err), 0);
	assert_int_equal(rename(other, path), 0);
	assert_int_equal(golin_target_release(&t, &err), -ESRCH);
	snprintf(msg, sizeof(msg), "'%s' was replaced on disk while it was being started", path);
	assert_string_equal(err.msg, msg);
	golin_target_close(&t);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
}

static void test_redirection_and_signals(void **state)
{
	char *argv[] = {"sh", "-c",
			"echo out; echo err >&2; read x && echo $x; grep SigBlk /proc/self/status",
			NULL};
	struct golin_spawn_opts opts;
	struct golin_err err = {0};
	struct golin_target t;
	char buf[256] = "";
	int out[2], errs[2], in[2];
	sigset_t set, old;
	ssize_t n;
	size_t len = 0;

	assert_int_equal(pipe2(out, O_CLOEXEC), 0);
	assert_int_equal(pipe2(errs, O_CLOEXEC), 0);
	assert_int_equal(pipe2(in, O_CLOEXEC), 0);
	opts = (struct golin_spawn_opts){
		.stdout_fd = out[1], .stderr_fd = errs[1], .stdin_fd = in[0]};
	assert_int_equal(write(in[1], "typed\n", 6), 6);
	/* golin blocks signals that it reads by signalfd; the program must not inherit that */
	sigfillset(&set);
	sigprocmask(SIG_BLOCK, &set, &old);
	assert_int_equal(golin_target_spawn(argv, &opts, &t, &err), 0);
	assert_int_equal(golin_target_release(&t, &err), 0);
	sigprocmask(SIG_SETMASK, &old, NULL);
	close(out[1]);
	close(errs[1]);
	while ((n = read(out[0], buf + len, sizeof(buf) - 1 - len)) > 0)
		len += (size_t)n;
	assert_string_equal(buf, "out\ntyped\nSigBlk:\t0000000000000000\n");
	memset(buf, 0, sizeof(buf));
	assert_int_equal(read(errs[0], buf, sizeof(buf) - 1), 4);
	assert_string_equal(buf, "err\n");
	assert_int_equal(wait_end(&t), 0);
	golin_target_close(&t);
	close(out[0]);
	close(errs[0]);
	close(in[0]);
	close(in[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_spawn_holds_until_release),
		cmocka_unit_test(test_close_ends_what_never_ran),
		cmocka_unit_test(test_golin_dies_before_release),
		cmocka_unit_test(test_what_cannot_be_spawned),
		cmocka_unit_test(test_exec_that_fails),
		cmocka_unit_test(test_replaced_before_release),
		cmocka_unit_test(test_redirection_and_signals),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}

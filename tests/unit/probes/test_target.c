/* SPDX-License-Identifier: BSD-2-Clause */
/* Opening and starting processes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/err.h"
#include "golin/offsets.h"
#include "golin/probes.h"

static char dir[64];

static int make_dir(void **state)
{
	strcpy(dir, "/tmp/golin-test-XXXXXX");
	return mkdtemp(dir) ? chmod(dir, 0755) : -1;
}

static int remove_dir(void **state)
{
	char cmd[128];

	snprintf(cmd, sizeof(cmd), "rm -rf '%s'", dir);
	return system(cmd);
}

static const char *in_dir(const char *name)
{
	static char path[2][128];
	static int turn;

	turn = !turn;
	snprintf(path[turn], sizeof(path[turn]), "%s/%s", dir, name);
	return path[turn];
}

static void copy_file(const char *from, const char *to, mode_t mode)
{
	int in = open(from, O_RDONLY), out = open(to, O_WRONLY | O_CREAT | O_TRUNC, mode);
	char buf[65536];
	ssize_t n;

	assert_true(in >= 0 && out >= 0);
	while ((n = read(in, buf, sizeof(buf))) > 0)
		assert_int_equal(write(out, buf, (size_t)n), n);
	close(in);
	close(out);
	chmod(to, mode);
}

static void write_file(const char *path, const char *text, size_t len, mode_t mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, mode);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, len), len);
	close(fd);
}

/* Waits for the end; a test that hangs is ended by its own time limit. */
static int wait_end(struct golin_target *t)
{
	struct pollfd p = {.fd = t->pidfd, .events = POLLIN};
	int status = -2;

	poll(&p, 1, 30000);
	assert_true(golin_target_ended(t, &status));
	return status;
}

static void test_open_self(void **state)
{
	struct golin_err err = {0};
	struct golin_target t;
	char exe[1024] = "";
	int status = 0;

	assert_int_equal(golin_target_open(getpid(), &t, &err), 0);
	assert_int_equal(t.pid, getpid());
	assert_true(readlink("/proc/self/exe", exe, sizeof(exe) - 1) > 0);
	assert_string_equal(t.exe, exe);
	assert_string_equal(t.comm, "test_target");
	assert_true(t.pidfd >= 0 && t.exe_fd >= 0 && t.start_ticks > 0);
	assert_false(t.deleted);
	assert_false(t.child);
	assert_int_equal(t.go_fd, -1);
	assert_int_equal(fcntl(t.mem_fd, F_GETFD), FD_CLOEXEC);
	assert_int_equal(fcntl(t.exe_fd, F_GETFD), FD_CLOEXEC);
	assert_int_equal(fcntl(t.pidfd, F_GETFD), FD_CLOEXEC);
	assert_false(golin_target_ended(&t, &status));
	golin_target_close(&t);
	assert_int_equal(t.pidfd, -1);
	golin_target_close(&t); /* again does no harm */
}

static void test_no_such_process(void **state)
{
	struct golin_err err = {0};
	struct golin_target t;
	char want[128];
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	waitpid(pid, NULL, 0);
	assert_int_equal(golin_target_open(pid, &t, &err), -ESRCH);
	snprintf(want, sizeof(want), "there is no process %d", (int)pid);
	assert_string_equal(err.msg, want);
	assert_string_equal(err.hint, "`golin` lists the Go processes");
	assert_int_equal(golin_target_open(0, &t, &err), -EINVAL);
	assert_string_equal(err.msg, "'0' is not a process id");
	assert_int_equal(golin_target_open(-7, &t, &err), -EINVAL);
}

static void test_zombie(void **state)
{
	struct golin_err err = {0};
	struct golin_target t;
	char want[160];
	siginfo_t si;
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	assert_int_equal(waitid(P_PID, (id_t)pid, &si, WEXITED | WNOWAIT), 0);
	assert_int_equal(golin_target_open(pid, &t, &err), -ESRCH);
	snprintf(want, sizeof(want),
		 "process %d ('test_target') has ended; its parent has not yet collected it "
		 "(zombie)",
		 (int)pid);
	assert_string_equal(err.msg, want);
	waitpid(pid, NULL, 0);
}

static int tid_pipe[2];

static void *tell_tid(void *arg)
{
	pid_t tid = (pid_t)syscall(SYS_gettid);
	char c;

	if (write(tid_pipe[1], &tid, sizeof(tid)) != sizeof(tid) || read(*(int *)arg, &c, 1) < 0)
		return arg;
	return NULL;
}

static void test_thread(void **state)
{
	struct golin_err err = {0};
	struct golin_target t;
	char want[128];
	int stop[2];
	pthread_t th;
	pid_t tid;

	assert_int_equal(pipe(tid_pipe), 0);
	assert_int_equal(pipe(stop), 0);
	assert_int_equal(pthread_create(&th, NULL, tell_tid, &stop[0]), 0);
	assert_int_equal(read(tid_pipe[0], &tid, sizeof(tid)), sizeof(tid));
	assert_int_equal(golin_target_open(tid, &t, &err), -EINVAL);
	snprintf(want, sizeof(want), "%d is a thread of process %d", (int)tid, (int)getpid());
	assert_string_equal(err.msg, want);
	snprintf(want, sizeof(want), "use PID %d", (int)getpid());
	assert_string_equal(err.hint, want);
	close(stop[1]);
	pthread_join(th, NULL);
	close(stop[0]);
	close(tid_pipe[0]);
	close(tid_pipe[1]);
}

static void test_kernel_thread(void **state)
{
	struct golin_err err = {0};
	struct golin_target t;
	char comm[32] = "";
	FILE *f = fopen("/proc/2/comm", "re");

	if (!f || !fgets(comm, sizeof(comm), f) || strcmp(comm, "kthreadd\n") != 0) {
		if (f)
			fclose(f);
		skip(); /* another pid namespace */
	}
	fclose(f);
	assert_int_equal(golin_target_open(2, &t, &err), -ENOENT);
	assert_string_equal(err.msg, "2 ('kthreadd') is a kernel thread: it has no executable");
}

/* What a user without rights is told of root's process. */
static void test_another_users_process(void **state)
{
	struct golin_err err = {0};
	struct golin_target t;
	char want[256];
	int p[2];
	pid_t pid;

	if (geteuid() != 0)
		skip();
	assert_int_equal(pipe(p), 0);
	pid = fork();
	if (pid == 0) {
		int r;

		if (setresgid(65534, 65534, 65534) || setresuid(65534, 65534, 65534))
			_exit(1);
		r = golin_target_open(getppid(), &t, &err);
		_exit(r == -EPERM && write(p[1], &err, sizeof(err)) == sizeof(err) ? 0 : 1);
	}
	waitpid(pid, NULL, 0);
	close(p[1]);
	assert_int_equal(read(p[0], &err, sizeof(err)), sizeof(err));
	close(p[0]);
	snprintf(
		want, sizeof(want),
		"cannot attach to %d ('test_target'): it belongs to 'root'; golin runs as 'nobody' "
		"without CAP_SYS_PTRACE",
		(int)getpid());
	assert_string_equal(err.msg, want);
	assert_string_equal(err.hint, "run golin as root (sudo), or give it CAP_SYS_PTRACE");
	assert_int_equal(golin_err_exit(&err), GOLIN_EXIT_PERMISSION);
}

static void start_sleep(const char *path, struct golin_target *t)
{
	char *argv[] = {(char *)path, "1000", NULL};
	struct golin_err err = {0};

	assert_int_equal(golin_target_spawn(argv, NULL, t, &err), 0);
	assert_int_equal(golin_target_release(t, &err), 0);
}

static void test_deleted_and_replaced(void **state)
{
	struct golin_err err = {0};
	struct golin_target run, t;
	char path[128], other[128];

	strcpy(path, in_dir("sleeper"));
	strcpy(other, in_dir("other"));
	copy_file("/bin/sleep", path, 0755);
	start_sleep(path, &run);
	assert_int_equal(golin_target_open(run.pid, &t, &err), 0);
	assert_false(t.deleted);
	golin_target_close(&t);

	copy_file("/bin/ls", other, 0755);
	assert_int_equal(rename(other, path), 0);
	assert_int_equal(golin_target_open(run.pid, &t, &err), 0);
	assert_true(t.deleted);
	assert_string_equal(t.exe, path);
	golin_target_close(&t);

	assert_int_equal(unlink(path), 0);
	assert_int_equal(golin_target_open(run.pid, &t, &err), 0);
	assert_true(t.deleted);
	assert_string_equal(t.exe, path);
	golin_target_close(&t);

	kill(run.pid, SIGKILL);
	assert_int_equal(wait_end(&run), SIGKILL);
	golin_target_close(&run);
}

/* A file may bear the very mark that the kernel puts on what was deleted. */
static void test_named_as_if_deleted(void **state)
{
	struct golin_err err = {0};
	struct golin_target run, t;
	char path[128];

	strcpy(path, in_dir("odd (deleted)"));
	copy_file("/bin/sleep", path, 0755);
	start_sleep(path, &run);
	assert_int_equal(golin_target_open(run.pid, &t, &err), 0);
	assert_false(t.deleted);
	assert_string_equal(t.exe, path);
	golin_target_close(&t);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(golin_target_open(run.pid, &t, &err), 0);
	assert_true(t.deleted);
	assert_string_equal(t.exe, path);
	golin_target_close(&t);
	kill(run.pid, SIGKILL);
	wait_end(&run);
	golin_target_close(&run);
}

static void test_ended_of_another(void **state)
{
	struct golin_err err = {0};
	struct golin_target t;
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		pause();
		_exit(0);
	}
	assert_int_equal(golin_target_open(pid, &t, &err), 0);
	assert_false(golin_target_ended(&t, &status));
	kill(pid, SIGTERM);
	assert_int_equal(wait_end(&t), -1);
	assert_int_equal(golin_target_open(pid, &t, &err), -ESRCH); /* a zombie */
	/* nobody took our child's status away */
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
}

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

/* ---- load bias ---- */

static int own_segments(struct dl_phdr_info *info, size_t size, void *arg)
{
	struct golin_image_info *img = arg;

	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *ph = &info->dlpi_phdr[i];
		struct golin_segment *s = &img->segments[img->nsegments];

		if (ph->p_type != PT_LOAD || img->nsegments == 16)
			continue;
		s->file_off = ph->p_offset;
		s->vaddr = ph->p_vaddr;
		s->file_size = ph->p_filesz;
		s->mem_size = ph->p_memsz;
		s->flags = ph->p_flags;
		img->nsegments++;
	}
	img->allgs = info->dlpi_addr; /* for the comparison */
	return 1;		      /* the program itself comes first */
}

static void test_bias(void **state)
{
	struct golin_image_info img = {0};
	struct golin_err err = {0};
	struct golin_target t;
	uint64_t bias = 1;
	char want[1536];

	dl_iterate_phdr(own_segments, &img);
	assert_true(img.nsegments > 1);
	assert_int_equal(golin_target_open(getpid(), &t, &err), 0);
	img.flags = GOLIN_IMAGE_PIE;
	assert_int_equal(golin_target_bias(&t, &img, &bias, &err), 0);
	assert_int_equal(bias, img.allgs);
	assert_int_not_equal(bias, 0);

	img.flags = 0;
	assert_int_equal(golin_target_bias(&t, &img, &bias, &err), -EBADMSG);
	snprintf(want, sizeof(want),
		 "'%s' is linked for a fixed address, but stands 0x%llx away from it", t.exe,
		 (unsigned long long)img.allgs);
	assert_string_equal(err.msg, want);

	img.nsegments = 0;
	assert_int_equal(golin_target_bias(&t, &img, &bias, &err), -ENODATA);
	snprintf(want, sizeof(want), "process %d ('test_target') does not map the code of '%s'",
		 (int)getpid(), t.exe);
	assert_string_equal(err.msg, want);
	golin_target_close(&t);
}

/* Right after the release the program is mapped: every time. */
static void test_bias_at_once(void **state)
{
	struct golin_image_info img = {.flags = GOLIN_IMAGE_PIE};
	char exe[1024] = "", wait[] = "--wait";
	char *argv[] = {exe, wait, NULL};
	struct golin_err err = {0};
	struct golin_target t;
	uint64_t bias;

	/* this very program, whose segments are known, in the mode that waits (see main) */
	assert_true(readlink("/proc/self/exe", exe, sizeof(exe) - 1) > 0);
	dl_iterate_phdr(own_segments, &img);
	for (int i = 0; i < 200; i++) {
		assert_int_equal(golin_target_spawn(argv, NULL, &t, &err), 0);
		assert_int_equal(golin_target_release(&t, &err), 0);
		bias = 0;
		if (golin_target_bias(&t, &img, &bias, &err) < 0)
			fail_msg("%d: %s", i, err.msg);
		assert_int_not_equal(bias, 0);
		kill(t.pid, SIGKILL);
		wait_end(&t);
		golin_target_close(&t);
	}
}

static void test_bias_of_the_dead(void **state)
{
	struct golin_image_info img = {0};
	struct golin_err err = {0};
	struct golin_target t;
	char want[64];
	uint64_t bias;

	dl_iterate_phdr(own_segments, &img);
	start_sleep("sleep", &t);
	kill(t.pid, SIGKILL);
	wait_end(&t);
	assert_int_equal(golin_target_bias(&t, &img, &bias, &err), -ESRCH);
	snprintf(want, sizeof(want), "process %d has ended", (int)t.pid);
	assert_string_equal(err.msg, want);
	golin_target_close(&t);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_open_self),
		cmocka_unit_test(test_no_such_process),
		cmocka_unit_test(test_zombie),
		cmocka_unit_test(test_thread),
		cmocka_unit_test(test_kernel_thread),
		cmocka_unit_test(test_another_users_process),
		cmocka_unit_test(test_deleted_and_replaced),
		cmocka_unit_test(test_named_as_if_deleted),
		cmocka_unit_test(test_ended_of_another),
		cmocka_unit_test(test_spawn_holds_until_release),
		cmocka_unit_test(test_close_ends_what_never_ran),
		cmocka_unit_test(test_golin_dies_before_release),
		cmocka_unit_test(test_what_cannot_be_spawned),
		cmocka_unit_test(test_exec_that_fails),
		cmocka_unit_test(test_replaced_before_release),
		cmocka_unit_test(test_redirection_and_signals),
		cmocka_unit_test(test_bias),
		cmocka_unit_test(test_bias_at_once),
		cmocka_unit_test(test_bias_of_the_dead),
	};

	if (argc > 1 && strcmp(argv[1], "--wait") == 0)
		return pause();
	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}

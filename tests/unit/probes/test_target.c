/* SPDX-License-Identifier: BSD-2-Clause */
/* Opening processes, and asking open ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <link.h>
#include <pthread.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <cmocka.h>

#include "base/err.h"
#include "golin/offsets.h"
#include "golin/probes.h"
#include "children.h"

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
		cmocka_unit_test(test_bias),
		cmocka_unit_test(test_bias_at_once),
		cmocka_unit_test(test_bias_of_the_dead),
	};

	if (argc > 1 && strcmp(argv[1], "--wait") == 0)
		return pause();
	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}

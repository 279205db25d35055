/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Starting a program held before its exec, so that probes can be armed on its file first. The
 * child waits on a socket: one byte lets it go, the end of it (golin died) makes it exit. When the
 * exec succeeds the child's end closes by itself; when not, the child sends the errno through it.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "base/err.h"
#include "base/text.h"
#include "live/proc.h"
#include "live/target.h"

enum {
	EXEC_TIMEOUT_MS = 60000, /* an exec from a dead network file system */
	MAPPED_TRIES = 20000,	 /* of 50 us and more */
};

/*
 * The file that execvp() would execute. -EACCES: there is one, but it may not be executed.
 */
static int find_program(const char *name, char *ret, size_t cap)
{
	const char *path = getenv("PATH");
	int worst = -ENOENT;

	if (strchr(name, '/')) {
		if ((size_t)snprintf(ret, cap, "%s", name) >= cap)
			return -ENAMETOOLONG;
		return faccessat(AT_FDCWD, ret, X_OK, AT_EACCESS) < 0 ? -errno : 0;
	}
	if (!path)
		path = "/usr/local/bin:/usr/bin:/bin";
	for (;;) {
		size_t len = strcspn(path, ":");
		struct stat st;
		int n;

		/* An empty element is the current directory. */
		n = snprintf(ret, cap, "%.*s%s%s", (int)len, path, len ? "/" : "./", name);
		if (n > 0 && (size_t)n < cap && stat(ret, &st) == 0 && S_ISREG(st.st_mode)) {
			if (faccessat(AT_FDCWD, ret, X_OK, AT_EACCESS) == 0)
				return 0;
			worst = -EACCES;
		}
		if (!path[len])
			return worst;
		path += len + 1;
	}
}

static int err_program(const char *name, int code, struct golin_err *err)
{
	char clean[256];

	golin_text_clean(clean, sizeof(clean), name, strlen(name));
	switch (code) {
	case -ENOENT:
	case -ENOTDIR:
		if (strchr(name, '/'))
			return golin_err_set(err, -ENOENT, "cannot run '%s': no such file", clean);
		golin_err_set(err, -ENOENT, "cannot run '%s': not found in PATH", clean);
		golin_err_hint(err, "for a file of this directory: './%s'", clean);
		return -ENOENT;
	case -EACCES:
	case -EPERM:
		golin_err_set(err, -EPERM, "cannot run '%s': permission denied", clean);
		golin_err_hint(err, "is it executable and readable? chmod +rx");
		return -EPERM;
	default:
		return golin_err_set(err, code, "cannot run '%s': %s", clean,
				     golin_errno_name(-code));
	}
}

/* Refuses what cannot be a Go program before anything is started. */
static int check_program(int fd, const char *name, struct golin_err *err)
{
	char clean[256], head[128];
	struct stat st;
	ssize_t n;

	golin_text_clean(clean, sizeof(clean), name, strlen(name));
	if (fstat(fd, &st) < 0)
		return err_program(name, -errno, err);
	if (!S_ISREG(st.st_mode))
		return golin_err_set(err, -ENOEXEC, "cannot run '%s': it is %s", clean,
				     S_ISDIR(st.st_mode) ? "a directory" : "not a regular file");
	n = pread(fd, head, sizeof(head), 0);
	if (n < 0)
		return err_program(name, -errno, err);
	if (n >= 2 && head[0] == '#' && head[1] == '!') {
		size_t len = 2;
		char interp[128];

		while (len < (size_t)n && head[len] != '\n')
			len++;
		golin_text_clean(interp, sizeof(interp), head + 2, len - 2);
		golin_err_set(err, -ENOEXEC,
			      "cannot run '%s': it is a script ('%s' would be executed), not a Go "
			      "program",
			      clean, interp);
		golin_err_hint(err,
			       "name the Go program itself: golin run -- PROGRAM; or start the "
			       "script and attach to the Go process by PID");
		return -ENOEXEC;
	}
	if (n < 4 || memcmp(head, "\177ELF", 4) != 0)
		return golin_err_set(err, -ENOEXEC, "cannot run '%s': it is not an ELF file",
				     clean);
	return 0;
}

static _Noreturn void child_main(int sock, pid_t parent, const char *file, char *const argv[],
				 const struct golin_spawn_opts *opts)
{
	/* What golin itself may ignore; the others are as golin got them (nohup ignores SIGHUP). */
	static const int ours[] = {SIGPIPE, SIGTSTP, SIGTTIN, SIGTTOU, SIGCHLD};
	struct sigaction dfl = {.sa_handler = SIG_DFL};
	int out = -1, errfd = -1, e;
	sigset_t none;
	ssize_t n;
	char go;

	/* golin's handlers must not run here while it waits; exec() resets them anyway. */
	for (int sig = 1; sig < NSIG; sig++) {
		struct sigaction now;

		if (sigaction(sig, NULL, &now) == 0 && now.sa_handler != SIG_DFL &&
		    now.sa_handler != SIG_IGN)
			sigaction(sig, &dfl, NULL);
	}
	for (size_t i = 0; i < sizeof(ours) / sizeof(*ours); i++)
		sigaction(ours[i], &dfl, NULL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);

	/* Other children of golin may hold the other end open after its death: hence both ways. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(127);
	do
		n = read(sock, &go, 1);
	while (n < 0 && errno == EINTR);
	if (n != 1 || go != 'g')
		_exit(127);
	prctl(PR_SET_PDEATHSIG, 0);

	if (opts) {
		if (opts->stdin_fd > 0 && dup2(opts->stdin_fd, STDIN_FILENO) < 0)
			goto fail;
		/* Duplicates first: one may stand where the other is to go. */
		if (opts->stdout_fd >= 0)
			out = fcntl(opts->stdout_fd, F_DUPFD_CLOEXEC, 3);
		if (opts->stderr_fd >= 0)
			errfd = fcntl(opts->stderr_fd, F_DUPFD_CLOEXEC, 3);
		if ((opts->stdout_fd >= 0 && out < 0) || (opts->stderr_fd >= 0 && errfd < 0) ||
		    (out >= 0 && dup2(out, STDOUT_FILENO) < 0) ||
		    (errfd >= 0 && dup2(errfd, STDERR_FILENO) < 0))
			goto fail;
	}
	execv(file, argv);
fail:
	e = errno;
	do
		n = write(sock, &e, sizeof(e));
	while (n < 0 && errno == EINTR);
	_exit(127);
}

int golin_target_spawn(char *const argv[], const struct golin_spawn_opts *opts,
		       struct golin_target *ret, struct golin_err *err)
{
	_cleanup_close_ int theirs = -1;
	char file[PATH_MAX], link[64], raw[PATH_MAX];
	struct golin_target t;
	struct proc_stat st;
	int socks[2], r;
	const char *base;
	ssize_t n;
	pid_t me = getpid();

	golin_target_init(&t);
	if (!argv || !argv[0] || !argv[0][0])
		return golin_err_set(err, -EINVAL, "there is no program to run");
	r = find_program(argv[0], file, sizeof(file));
	if (r < 0)
		return err_program(argv[0], r, err);
	t.exe_fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (t.exe_fd < 0)
		return err_program(argv[0], -errno, err);
	r = check_program(t.exe_fd, argv[0], err);
	if (r < 0)
		goto fail;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", t.exe_fd);
	n = readlink(link, raw, sizeof(raw));
	if (n < 0)
		n = 0;
	golin_text_clean(t.exe, sizeof(t.exe), raw, (size_t)n);
	base = strrchr(file, '/');
	base = base ? base + 1 : file;
	golin_text_clean(t.comm, sizeof(t.comm), base, strnlen(base, 15)); /* TASK_COMM_LEN - 1 */

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, socks) < 0) {
		r = golin_err_set(err, -errno, "cannot start '%s': socketpair: %s", t.comm,
				  golin_errno_name(errno));
		goto fail;
	}
	t.go_fd = socks[0];
	theirs = socks[1];
	t.pid = fork();
	if (t.pid < 0) {
		r = golin_err_set(err, -errno, "cannot start '%s': fork: %s", t.comm,
				  golin_errno_name(errno));
		goto fail;
	}
	if (t.pid == 0) {
		close(t.go_fd);
		child_main(theirs, me, file, argv, opts);
	}
	t.child = true;
	t.pidfd = golin_pidfd_open(t.pid); /* not collected before, hence still ours */
	if (t.pidfd < 0) {
		r = golin_err_set(err, -errno, "cannot open process %d: %s", (int)t.pid,
				  golin_errno_name(errno));
		close(take_fd(&t.go_fd)); /* it exits */
		waitpid(t.pid, NULL, 0);
		goto fail;
	}
	r = proc_stat_read(t.pid, &st);
	if (r < 0) {
		r = golin_err_set(err, r, "cannot read /proc/%d/stat: %s", (int)t.pid,
				  golin_errno_name(-r));
		goto fail;
	}
	t.start_ticks = st.start_ticks;
	*ret = t;
	return 0;
fail:
	golin_target_close(&t);
	return r;
}

/* Reads what the child has to say after its release: 0 when it has executed, else -errno. */
static int await_exec(int sock)
{
	struct pollfd p = {.fd = sock, .events = POLLIN};
	size_t len = 0;
	int e = 0;

	while (len < sizeof(e)) {
		ssize_t n;
		int r = poll(&p, 1, EXEC_TIMEOUT_MS);

		if (r < 0 && errno == EINTR)
			continue;
		if (r <= 0)
			return r < 0 ? -errno : -ETIMEDOUT;
		n = read(sock, (char *)&e + len, sizeof(e) - len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			return 0;
		len += (size_t)n;
	}
	return e > 0 ? -e : -EPROTO;
}

/*
 * The descriptor closes when the old program is gone, which is before the new one is mapped. Who
 * reads its memory map must not come in between.
 */
static void await_mapped(const struct golin_target *t)
{
	const struct timespec nap = {.tv_nsec = 50000};
	struct proc_stat st;

	for (int i = 0; i < MAPPED_TRIES; i++) {
		if (proc_stat_read(t->pid, &st) < 0 || st.start_code || st.state == 'Z')
			break;
		nanosleep(&nap, NULL);
	}
}

/* Ends a child that is of no use and collects it. */
static void end_child(struct golin_target *t)
{
	close(take_fd(&t->go_fd));
	kill(t->pid, SIGKILL); /* a child not yet collected: the pid is its own */
	while (waitpid(t->pid, NULL, 0) < 0 && errno == EINTR)
		;
	t->child = false;
}

int golin_target_release(struct golin_target *t, struct golin_err *err)
{
	char comm[sizeof(t->comm)], link[64];
	struct stat st;
	int r;

	if (t->go_fd < 0)
		return golin_err_set(err, -EINVAL, "process %d was not held", (int)t->pid);
	if (send(t->go_fd, "g", 1, MSG_NOSIGNAL) != 1) {
		end_child(t);
		return golin_err_set(err, -ESRCH, "'%s' was ended before it could be let go",
				     t->comm);
	}
	r = await_exec(t->go_fd);
	if (r < 0) {
		end_child(t);
		if (r == -ENOEXEC)
			return golin_err_set(err, -ENOEXEC,
					     "cannot run '%s': this machine cannot execute it",
					     t->exe);
		return golin_err_set(err, r == -EACCES ? -EPERM : r, "cannot run '%s': %s", t->exe,
				     golin_errno_name(-r));
	}
	await_mapped(t);
	/* It runs, unless a signal came first; golin_target_ended() tells. */
	if (stat(proc_path(link, sizeof(link), t->pid, "exe"), &st) == 0 &&
	    !golin_target_same_exe(t)) {
		end_child(t);
		return golin_err_set(err, -ESRCH,
				     "'%s' was replaced on disk while it was being started",
				     t->exe);
	}
	close(take_fd(&t->go_fd));
	proc_comm_read(t->pid, comm, sizeof(comm));
	if (comm[0])
		memcpy(t->comm, comm, sizeof(comm));
	golin_target_open_mem(t);
	return 0;
}

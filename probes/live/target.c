/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Opening a running process, and what can be asked of an open one. After the opening, the
 * descriptors are what golin works with: they stay those of this process, whatever the pid or the
 * path come to mean.
 */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>
#include <linux/capability.h>
#include "base/cleanup.h"
#include "base/err.h"
#include "base/text.h"
#include "golin/offsets.h"
#include "live/proc.h"
#include "live/target.h"

enum {
	OPEN_TRIES = 4,	      /* an exec in the middle of the opening starts it again */
	MAPS_LINES = 1 << 20, /* lines of /proc/PID/maps that are looked at */
};

int golin_pidfd_open(pid_t pid)
{
	/* Close-on-exec by definition. Called directly: glibc has a wrapper since 2.36 only. */
	return (int)syscall(SYS_pidfd_open, pid, 0);
}

void golin_target_init(struct golin_target *t)
{
	memset(t, 0, sizeof(*t));
	t->pidfd = t->exe_fd = t->mem_fd = t->go_fd = -1;
	t->mem_errno = EBADF;
}

void golin_target_open_mem(struct golin_target *t)
{
	char path[64];

	t->mem_fd = open(proc_path(path, sizeof(path), t->pid, "mem"), O_RDONLY | O_CLOEXEC);
	t->mem_errno = t->mem_fd < 0 ? errno : 0;
}

static bool same_file(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

bool golin_target_same_exe(const struct golin_target *t)
{
	char path[64];
	struct stat now, ours;

	return stat(proc_path(path, sizeof(path), t->pid, "exe"), &now) == 0 &&
	       fstat(t->exe_fd, &ours) == 0 && same_file(&now, &ours);
}

static bool pidfd_ended(int pidfd)
{
	struct pollfd p = {.fd = pidfd, .events = POLLIN};

	return poll(&p, 1, 0) > 0 && (p.revents & POLLIN);
}

static int err_gone(pid_t pid, struct golin_err *err)
{
	return golin_err_set(err, -ESRCH, "process %d has ended", (int)pid);
}

/* Why pidfd_open() failed. */
static int err_pidfd(pid_t pid, int code, struct golin_err *err)
{
	pid_t tgid;
	uid_t uid;

	/* Of a thread that is no leader, kernels say EINVAL or ENOENT. */
	if ((code == EINVAL || code == ENOENT) && proc_ids_read(pid, &uid, &tgid) == 0 &&
	    tgid != pid) {
		golin_err_set(err, -EINVAL, "%d is a thread of process %d", (int)pid, (int)tgid);
		golin_err_hint(err, "use PID %d", (int)tgid);
		return -EINVAL;
	}
	if (code == ESRCH || code == EINVAL || code == ENOENT) {
		golin_err_set(err, -ESRCH, "there is no process %d", (int)pid);
		golin_err_hint(err, "`golin` lists the Go processes");
		return -ESRCH;
	}
	if (code == ENOSYS)
		return golin_err_set(err, -ENOSYS,
				     "the kernel has no pidfd_open (it needs Linux 5.3 or later)");
	return golin_err_set(err, -code, "cannot open process %d: %s", (int)pid,
			     golin_errno_name(code));
}

/* /proc/PID/exe was refused: whose process it is, what is missing, what helps. */
static int err_refused(const struct golin_target *t, int code, struct golin_err *err)
{
	char owner[64], self[64], path[64], target[8];
	uid_t uid = 0;
	pid_t tgid;

	proc_user_name(geteuid(), self, sizeof(self));
	if (proc_ids_read(t->pid, &uid, &tgid) < 0)
		return err_gone(t->pid, err);
	proc_user_name(uid, owner, sizeof(owner));
	if (readlink(proc_path(path, sizeof(path), t->pid, "exe"), target, sizeof(target)) >= 0) {
		/* The link can be read, hence the file itself is what is refused. */
		golin_err_set(err, -EPERM,
			      "cannot attach to %d ('%s'): its executable cannot be read by '%s'",
			      (int)t->pid, t->comm, self);
		golin_err_hint(err, "run golin as root (sudo), or make the file readable");
	} else if (golin_have_cap(CAP_SYS_PTRACE)) {
		golin_err_set(err, -EPERM,
			      "cannot attach to %d ('%s'): the kernel refuses it in spite of "
			      "CAP_SYS_PTRACE (%s)",
			      (int)t->pid, t->comm, golin_errno_name(code));
		golin_err_hint(err, "a security module or a user namespace protects it: run golin "
				    "where the process was started");
	} else if (uid != geteuid()) {
		golin_err_set(err, -EPERM,
			      "cannot attach to %d ('%s'): it belongs to '%s'; golin runs as '%s' "
			      "without CAP_SYS_PTRACE",
			      (int)t->pid, t->comm, owner, self);
		golin_err_hint(err, "run golin as root (sudo), or give it CAP_SYS_PTRACE");
	} else {
		golin_err_set(err, -EPERM,
			      "cannot attach to %d ('%s'): it is protected (it has rights that "
			      "golin has not, or is not dumpable)",
			      (int)t->pid, t->comm);
		golin_err_hint(err, "run golin as root (sudo), or give it CAP_SYS_PTRACE");
	}
	return -EPERM;
}

/* True when `path`, as the target or as golin sees it, is the file behind fd. */
static bool path_is(pid_t pid, const char *path, int fd)
{
	char theirs[4096 + 64];
	struct stat ours, there;

	snprintf(theirs, sizeof(theirs), "/proc/%d/root%s", (int)pid, path);
	if (fstat(fd, &ours) < 0)
		return false;
	return (stat(theirs, &there) == 0 && same_file(&ours, &there)) ||
	       (stat(path, &there) == 0 && same_file(&ours, &there));
}

void golin_exe_path(pid_t pid, int exe_fd, char *dst, size_t cap, bool *ret_deleted)
{
	static const char mark[] = " (deleted)";
	char link[64], raw[4096];
	size_t cut = sizeof(mark) - 1;
	ssize_t n = readlink(proc_path(link, sizeof(link), pid, "exe"), raw, sizeof(raw) - 1);
	struct stat st;

	if (n < 0)
		n = 0;
	raw[n] = '\0';
	*ret_deleted = fstat(exe_fd, &st) == 0 && st.st_nlink == 0;
	/* The kernel marks what is gone from its place, or replaced there. A file may be named so.
	 */
	if ((size_t)n > cut && strcmp(raw + n - cut, mark) == 0 && !path_is(pid, raw, exe_fd)) {
		*ret_deleted = true;
		n -= (ssize_t)cut;
	}
	golin_text_clean(dst, cap, raw, (size_t)n);
}

/* One try; *ret_again: the process executed another program meanwhile. */
static int open_once(struct golin_target *t, bool *ret_again, struct golin_err *err)
{
	struct proc_stat before, after;
	char path[64];
	int r = proc_stat_read(t->pid, &before);

	*ret_again = false;
	if (r == -ENOENT && !pidfd_ended(t->pidfd)) {
		golin_err_set(err, -EPERM,
			      "cannot attach to %d: /proc hides other users' processes from golin "
			      "(hidepid)",
			      (int)t->pid);
		golin_err_hint(err, "run golin as root (sudo)");
		return -EPERM;
	}
	if (r == -ENOENT || r == -ESRCH)
		return err_gone(t->pid, err);
	if (r < 0)
		return golin_err_set(err, r, "cannot read /proc/%d/stat: %s", (int)t->pid,
				     golin_errno_name(-r));
	proc_comm_read(t->pid, t->comm, sizeof(t->comm));
	if (before.kthread) {
		golin_err_set(err, -ENOENT, "%d ('%s') is a kernel thread: it has no executable",
			      (int)t->pid, t->comm);
		golin_err_hint(err, "`golin` lists the Go processes");
		return -ENOENT;
	}
	if (before.state == 'Z' || before.state == 'X')
		return golin_err_set(
			err, -ESRCH,
			"process %d ('%s') has ended; its parent has not yet collected it (zombie)",
			(int)t->pid, t->comm);
	t->start_ticks = before.start_ticks;

	t->exe_fd = open(proc_path(path, sizeof(path), t->pid, "exe"), O_RDONLY | O_CLOEXEC);
	if (t->exe_fd < 0) {
		r = errno;
		if (pidfd_ended(t->pidfd))
			return err_gone(t->pid, err);
		if (r == EACCES || r == EPERM)
			return err_refused(t, r, err);
		if (r == ENOENT)
			return golin_err_set(err, -ENOENT, "process %d ('%s') has no executable",
					     (int)t->pid, t->comm);
		return golin_err_set(err, -r, "cannot open the executable of %d ('%s'): %s",
				     (int)t->pid, t->comm, golin_errno_name(r));
	}
	golin_exe_path(t->pid, t->exe_fd, t->exe, sizeof(t->exe), &t->deleted);
	golin_target_open_mem(t);

	/* Is all of this one and the same process, still running the same program? */
	if (pidfd_ended(t->pidfd) || proc_stat_read(t->pid, &after) < 0 ||
	    after.start_ticks != before.start_ticks)
		return err_gone(t->pid, err);
	*ret_again = !golin_target_same_exe(t);
	return 0;
}

int golin_target_open(pid_t pid, struct golin_target *ret, struct golin_err *err)
{
	struct golin_target t;
	bool again = true;
	int r = 0;

	if (pid <= 0)
		return golin_err_set(err, -EINVAL, "'%d' is not a process id", (int)pid);
	for (int i = 0; i < OPEN_TRIES && again; i++) {
		golin_target_init(&t);
		t.pid = pid;
		t.pidfd = golin_pidfd_open(pid);
		if (t.pidfd < 0)
			return err_pidfd(pid, errno, err);
		r = open_once(&t, &again, err);
		if (r < 0 || again)
			golin_target_close(&t);
	}
	if (r < 0)
		return r;
	if (again)
		return golin_err_set(
			err, -ESRCH,
			"process %d keeps executing other programs: it cannot be opened", (int)pid);
	*ret = t;
	return 0;
}

void golin_target_close(struct golin_target *t)
{
	siginfo_t si;

	if (t->go_fd >= 0) {
		/* Not let go: it sees the end of the pipe and exits; the signal is for the case
		 * that it was just being let go. */
		close(t->go_fd);
		if (t->child && t->pidfd >= 0) {
			syscall(SYS_pidfd_send_signal, t->pidfd, SIGKILL, NULL, 0);
			while (waitid(P_PIDFD, (id_t)t->pidfd, &si, WEXITED) < 0 && errno == EINTR)
				;
		}
	} else if (t->child && t->pidfd >= 0) {
		/* Collects it when it has ended; one that runs goes on. */
		waitid(P_PIDFD, (id_t)t->pidfd, &si, WEXITED | WNOHANG);
	}
	if (t->mem_fd >= 0)
		close(t->mem_fd);
	if (t->exe_fd >= 0)
		close(t->exe_fd);
	if (t->pidfd >= 0)
		close(t->pidfd);
	t->pidfd = t->exe_fd = t->mem_fd = t->go_fd = -1;
	t->child = false;
}

bool golin_target_ended(struct golin_target *t, int *ret_status)
{
	siginfo_t si = {0};
	int status = -1;

	if (!pidfd_ended(t->pidfd))
		return false;
	/* WNOWAIT: it can be asked again; golin_target_close() collects. */
	if (t->child && waitid(P_PIDFD, (id_t)t->pidfd, &si, WEXITED | WNOHANG | WNOWAIT) == 0 &&
	    si.si_pid) {
		if (si.si_code == CLD_EXITED)
			status = (si.si_status & 0xff) << 8;
		else
			status = si.si_status | (si.si_code == CLD_DUMPED ? 0x80 : 0);
	}
	if (ret_status)
		*ret_status = status;
	return true;
}

/* ---- load bias ---- */

struct map_line {
	uint64_t start, offset, dev, inode;
	bool exec;
	const char *path;
};

static bool parse_map_line(const char *s, struct map_line *ret)
{
	unsigned long long start, end, offset, inode;
	unsigned major, minor;
	char perms[5];
	int used = 0;

	if (sscanf(s, "%llx-%llx %4s %llx %x:%x %llu %n", &start, &end, perms, &offset, &major,
		   &minor, &inode, &used) != 7 ||
	    !used || strlen(perms) != 4)
		return false;
	ret->start = start;
	ret->offset = offset;
	ret->dev = ((uint64_t)major << 32) | minor;
	ret->inode = inode;
	ret->exec = perms[2] == 'x';
	ret->path = s + used;
	return true;
}

/* The bias that a mapping of code means; false when it starts no segment of code. */
static bool line_bias(const struct map_line *l, const struct golin_image_info *info, uint64_t *ret)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);

	for (uint32_t i = 0; i < info->nsegments; i++) {
		const struct golin_segment *s = &info->segments[i];

		if (!(s->flags & PF_X) || s->file_size == 0 ||
		    (s->file_off & ~(page - 1)) != l->offset)
			continue;
		*ret = l->start - (s->vaddr & ~(page - 1));
		return true;
	}
	return false;
}

int golin_target_bias(const struct golin_target *t, const struct golin_image_info *info,
		      uint64_t *ret, struct golin_err *err)
{
	_cleanup_fclose_ FILE *f = NULL;
	_cleanup_free_ char *line = NULL;
	char path[64], link[4096];
	uint64_t bias = 0, by_path = 0, dev;
	bool found = false, found_path = false;
	struct stat st;
	size_t cap = 0;
	ssize_t n;

	if (fstat(t->exe_fd, &st) < 0)
		return golin_err_set(err, -errno, "cannot stat '%s'", t->exe);
	dev = ((uint64_t)major(st.st_dev) << 32) | minor(st.st_dev);
	n = readlink(proc_path(path, sizeof(path), t->pid, "exe"), link, sizeof(link) - 1);
	link[n > 0 ? n : 0] = '\0';

	f = fopen(proc_path(path, sizeof(path), t->pid, "maps"), "re");
	if (!f && (errno == ENOENT || errno == ESRCH))
		return err_gone(t->pid, err);
	if (!f)
		return golin_err_set(err, errno == EACCES ? -EPERM : -errno,
				     "cannot read the memory map of %d ('%s'): %s", (int)t->pid,
				     t->comm, golin_errno_name(errno));
	for (int lines = 0; lines < MAPS_LINES && !found; lines++) {
		struct map_line l;
		uint64_t b;

		n = getline(&line, &cap, f);
		if (n <= 0)
			break;
		if (line[n - 1] == '\n')
			line[n - 1] = '\0';
		if (!parse_map_line(line, &l) || !l.exec || !line_bias(&l, info, &b))
			continue;
		if (l.dev == dev && l.inode == st.st_ino) {
			bias = b;
			found = true;
		} else if (!found_path && link[0] && strcmp(l.path, link) == 0) {
			/* overlayfs and btrfs show another device here than fstat() does */
			by_path = b;
			found_path = true;
		}
	}
	if (pidfd_ended(t->pidfd))
		return err_gone(t->pid, err);
	if (!found && found_path) {
		bias = by_path;
		found = true;
	}
	if (!found)
		return golin_err_set(err, -ENODATA,
				     "process %d ('%s') does not map the code of '%s'", (int)t->pid,
				     t->comm, t->exe);
	if (bias && !(info->flags & GOLIN_IMAGE_PIE))
		return golin_err_set(
			err, -EBADMSG,
			"'%s' is linked for a fixed address, but stands 0x%llx away from it",
			t->exe, (unsigned long long)bias);
	*ret = bias;
	return 0;
}

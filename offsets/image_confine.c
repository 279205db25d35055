/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Locks the image process up before it reads a byte of the foreign file. Whoever takes it over by
 * way of a bug in a parser finds: two descriptors (a socket to golin, the file, read-only), no
 * rights, no memory beyond a limit, and only the system calls that parsing takes.
 */
#include <cap-ng.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>
#include "image_wire.h"

enum { NOBODY = 65534 };

/* AddressSanitizer maps 16 TiB and makes system calls of its own. */
#ifndef UNDER_ASAN
/*
 * What it may write to, with what it has already: 256 MiB. Addresses beside that hold nothing: the
 * files, and room for .debug_info as large as it claims to be.
 */
static const rlim_t extra_data = 208 << 20, extra_addresses = (rlim_t)1280 << 20;

/* What the process has mapped, and what of it is private and writable, in bytes: it began as a copy
 * of golin. */
static void mapped_now(rlim_t *ret_all, rlim_t *ret_data)
{
	unsigned long all = 0, data = 0;
	FILE *f = fopen("/proc/self/statm", "re");

	if (f) {
		if (fscanf(f, "%lu %*u %*u %*u %*u %lu", &all, &data) != 2)
			all = data = 0;
		fclose(f);
	}
	*ret_all = (rlim_t)all * sysconf(_SC_PAGESIZE);
	*ret_data = (rlim_t)data * sysconf(_SC_PAGESIZE);
}

/* A limit under which golin was started stays; none but root may raise it. */
static int lower_limit(int which, rlim_t most)
{
	struct rlimit r;

	if (getrlimit(which, &r) < 0)
		return -errno;
	if (r.rlim_max == RLIM_INFINITY || r.rlim_max > most)
		r.rlim_max = most;
	if (r.rlim_cur == RLIM_INFINITY || r.rlim_cur > r.rlim_max)
		r.rlim_cur = r.rlim_max;
	return setrlimit(which, &r) < 0 ? -errno : 0;
}

static rlim_t file_size(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && st.st_size > 0 ? (rlim_t)st.st_size : 0;
}

static int limit_memory(int file)
{
	rlim_t all, data;
	int r;

	mapped_now(&all, &data);
	r = lower_limit(RLIMIT_DATA, data + extra_data);
	if (r)
		return r;
	return lower_limit(RLIMIT_AS, all + extra_data + extra_addresses + file_size(file) +
					      file_size(WIRE_FD_DEBUG));
}

static int filter_syscalls(void)
{
	static const int allowed[] = {
		SCMP_SYS(read),		SCMP_SYS(write),
		SCMP_SYS(recvfrom),	SCMP_SYS(sendto),
		SCMP_SYS(recvmsg),	SCMP_SYS(sendmsg),
		SCMP_SYS(poll),		SCMP_SYS(ppoll),
		SCMP_SYS(close),	SCMP_SYS(fstat),
		SCMP_SYS(newfstatat),	SCMP_SYS(lseek),
		SCMP_SYS(pread64),	SCMP_SYS(munmap),
		SCMP_SYS(mremap),	SCMP_SYS(madvise),
		SCMP_SYS(brk),		SCMP_SYS(futex),
		SCMP_SYS(exit),		SCMP_SYS(exit_group),
		SCMP_SYS(rt_sigreturn), SCMP_SYS(rt_sigprocmask),
		SCMP_SYS(rt_sigaction), SCMP_SYS(clock_gettime),
		SCMP_SYS(getrandom),	SCMP_SYS(getpid),
		SCMP_SYS(gettid),	SCMP_SYS(restart_syscall),
		SCMP_SYS(sched_yield),	SCMP_SYS(writev),
	};
	/* What libraries try and can do without. */
	static const int refused[] = {
		SCMP_SYS(open),
		SCMP_SYS(openat),
		SCMP_SYS(access),
		SCMP_SYS(stat),
		SCMP_SYS(lstat),
		SCMP_SYS(readlink),
		SCMP_SYS(readlinkat),
		SCMP_SYS(faccessat),
		SCMP_SYS(ioctl),
		SCMP_SYS(sysinfo),
		SCMP_SYS(fcntl),
		SCMP_SYS(prctl),
		SCMP_SYS(sched_getaffinity),
		SCMP_SYS(uname),
		SCMP_SYS(statx),
	};
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_KILL_PROCESS);
	int r = ctx ? 0 : -ENOMEM;

	for (size_t i = 0; !r && i < sizeof(allowed) / sizeof(allowed[0]); i++)
		r = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, allowed[i], 0);
	for (size_t i = 0; !r && i < sizeof(refused) / sizeof(refused[0]); i++)
		r = seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EACCES), refused[i], 0);
	/* Memory, but none that can be run. */
	if (!r)
		r = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1,
				     SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
	if (!r)
		r = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1,
				     SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
	/* Its own limit of CPU time, which each request moves on. */
	if (!r)
		r = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(setitimer), 1,
				     SCMP_A0(SCMP_CMP_EQ, ITIMER_PROF, 0));
	/* abort() sends its signal so. */
	if (!r)
		r = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1,
				     SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)getpid(), 0));
	if (!r)
		r = seccomp_load(ctx);
	if (ctx)
		seccomp_release(ctx);
	return r;
}
#endif

static int drop_rights(void)
{
	/* As root, become nobody; within a user namespace there may be none. */
	if (geteuid() == 0 && setgroups(0, NULL) == 0 && setresgid(NOBODY, NOBODY, NOBODY) == 0)
		(void)!setresuid(NOBODY, NOBODY, NOBODY);
	capng_clear(CAPNG_SELECT_BOTH);
	if (capng_apply(CAPNG_SELECT_CAPS) < 0)
		return -EPERM;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -errno;
	return 0;
}

int image_confine(int file)
{
	const struct rlimit none = {0, 0}, few = {16, 16};
	int r;

	if (setrlimit(RLIMIT_CORE, &none) < 0 || setrlimit(RLIMIT_NOFILE, &few) < 0)
		return -errno;
#ifndef UNDER_ASAN
	r = limit_memory(file);
	if (r)
		return r;
#endif
	r = drop_rights();
	/* A change of the user id clears it. */
	if (!r && prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0)
		r = -errno;
#ifndef UNDER_ASAN
	if (!r)
		r = filter_syscalls();
#endif
	return r;
}

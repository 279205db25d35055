/* SPDX-License-Identifier: BSD-2-Clause */
/* The Go processes of this machine, and which of them a name means. */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/array.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "base/text.h"
#include "golin/offsets.h"
#include "golin/probes.h"
#include "live/buildinfo_child.h"
#include "live/proc.h"
#include "live/target.h"

enum {
	MINOR_MIN = 13, /* the Go versions whose runtime golin knows */
	MINOR_MAX = 27,
	EXES_MAX = 65536, /* different programs that are looked into */
};

/* One executable, that many processes may run. */
struct exe {
	dev_t dev;
	ino_t ino;
	off_t size;
	struct timespec mtime;
	int fd; /* -1: not ELF, or answered for */
	struct buildinfo_answer answer;
};

struct candidate {
	struct golin_process p;
	size_t exe;
	bool refused;	/* its executable is hidden from us: guessed by its command line */
	bool no_memory; /* its memory may not be read */
};

struct lister {
	ARRAY_OF(struct exe) exes;
	ARRAY_OF(struct candidate) candidates;
	size_t waiting;	  /* exes with an open descriptor */
	size_t batch;	  /* so many are looked at in one go */
	const char *only; /* the name that is asked for; NULL: all */
};

static bool named(const struct golin_process *p, const char *name)
{
	const char *base = strrchr(p->exe, '/');

	return strcmp(p->comm, name) == 0 || strcmp(base ? base + 1 : p->exe, name) == 0;
}

/* Lets the child look at all exes that wait. */
static int flush(struct lister *l)
{
	struct buildinfo_answer answers[BUILDINFO_BATCH];
	int fds[BUILDINFO_BATCH];
	size_t which[BUILDINFO_BATCH], n = 0;
	int r;

	for (size_t i = 0; i < l->exes.len && n < BUILDINFO_BATCH; i++) {
		if (l->exes.v[i].fd >= 0) {
			which[n] = i;
			fds[n++] = l->exes.v[i].fd;
		}
	}
	if (!n)
		return 0;
	r = golin_buildinfo_ask(fds, n, answers);
	for (size_t i = 0; i < n; i++) {
		struct exe *e = &l->exes.v[which[i]];

		close(take_fd(&e->fd));
		if (r == 0)
			e->answer = answers[i];
	}
	l->waiting = 0;
	return r;
}

static bool is_elf(int fd)
{
	char magic[4];

	return pread(fd, magic, sizeof(magic), 0) == sizeof(magic) &&
	       memcmp(magic, "\177ELF", sizeof(magic)) == 0;
}

/* The index of the executable behind fd; takes fd over. -errno; -ENOEXEC: no ELF file. */
static ssize_t exe_index(struct lister *l, int fd)
{
	_cleanup_close_ int own = fd;
	struct stat st;
	struct exe *e;

	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return -ENOEXEC;
	array_for_each (&l->exes, it) {
		if (it->ino == st.st_ino && it->dev == st.st_dev && it->size == st.st_size &&
		    it->mtime.tv_sec == st.st_mtim.tv_sec &&
		    it->mtime.tv_nsec == st.st_mtim.tv_nsec)
			return it - l->exes.v;
	}
	if (!is_elf(fd) || l->exes.len >= EXES_MAX)
		return -ENOEXEC;
	if (l->waiting >= l->batch) {
		int r = flush(l);

		if (r < 0)
			return r;
	}
	e = array_add(&l->exes);
	if (!e)
		return -ENOMEM;
	e->dev = st.st_dev;
	e->ino = st.st_ino;
	e->size = st.st_size;
	e->mtime = st.st_mtim;
	e->fd = take_fd(&own);
	e->answer.verdict = BUILDINFO_NOT_GO;
	l->waiting++;
	return (ssize_t)l->exes.len - 1;
}

/*
 * /proc/PID/exe of a process with other rights is hidden, its command line is not. When argv[0]
 * is a path whose last part is the name that the kernel gave the process at its exec, then this is
 * most likely the program. Good enough to say "one may not attach", and used for nothing else.
 */
static int open_by_cmdline(pid_t pid, const char *comm, char *ret_exe, size_t cap)
{
	char path[64], argv0[1024];
	const char *base;
	ssize_t n =
		proc_file_read(proc_path(path, sizeof(path), pid, "cmdline"), argv0, sizeof(argv0));

	if (n <= 1 || argv0[0] != '/' || strlen(argv0) == (size_t)n)
		return -1;
	base = strrchr(argv0, '/') + 1;
	if (!comm[0] || strncmp(base, comm, 15) != 0)
		return -1;
	golin_text_clean(ret_exe, cap, argv0, strlen(argv0));
	return open(argv0, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
}

static int look_at_process(struct lister *l, pid_t pid)
{
	struct candidate c = {.p = {.pid = pid}}, *slot;
	char path[64];
	bool deleted;
	ssize_t i;
	pid_t tgid;
	int fd, mem;

	fd = open(proc_path(path, sizeof(path), pid, "exe"), O_RDONLY | O_CLOEXEC);
	if (fd < 0 && errno != EACCES && errno != EPERM)
		return errno == EMFILE || errno == ENFILE ? -errno : 0;
	proc_comm_read(pid, c.p.comm, sizeof(c.p.comm));
	if (fd >= 0) {
		golin_exe_path(pid, fd, c.p.exe, sizeof(c.p.exe), &deleted);
	} else {
		c.refused = true;
		fd = open_by_cmdline(pid, c.p.comm, c.p.exe, sizeof(c.p.exe));
	}
	if (fd < 0)
		return 0;
	if (l->only && !named(&c.p, l->only)) {
		close(fd);
		return 0;
	}
	i = exe_index(l, fd);
	if (i < 0)
		return i == -ENOEXEC ? 0 : (int)i;
	c.exe = (size_t)i;
	if (proc_ids_read(pid, &c.p.uid, &tgid) < 0)
		return 0; /* it has just ended */
	if (!c.refused) {
		mem = open(proc_path(path, sizeof(path), pid, "mem"), O_RDONLY | O_CLOEXEC);
		c.no_memory = mem < 0;
		if (mem >= 0)
			close(mem);
	}
	slot = array_add(&l->candidates);
	if (!slot)
		return -ENOMEM;
	*slot = c;
	return 0;
}

static void __attribute__((format(printf, 2, 3)))
why_not(struct golin_process *p, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(p->why_not, sizeof(p->why_not), fmt, ap);
	va_end(ap);
	p->can_attach = false;
}

/* The verdict on one that is Go, from the thing that can least be helped on. */
static void judge(struct candidate *c, const struct buildinfo_answer *a,
		  const struct golin_err *no_probes)
{
	struct golin_process *p = &c->p;

	proc_user_name(p->uid, p->user, sizeof(p->user));
	memcpy(p->arch, a->arch, sizeof(p->arch));
	p->has_dwarf = a->has_dwarf;
	if (a->verdict == BUILDINFO_GO)
		memcpy(p->go, a->go.short_, sizeof(p->go));
	p->can_attach = true;

	if (a->verdict != BUILDINFO_GO)
		why_not(p, "its build information cannot be read");
	else if (strcmp(p->arch, "amd64") != 0)
		why_not(p, "built for %s: live probes need amd64", p->arch[0] ? p->arch : "?");
	else if (a->go.minor < MINOR_MIN)
		why_not(p, "%s: older than go1.%d", p->go, MINOR_MIN);
	else if ((a->go.minor > MINOR_MAX || a->go.devel) && !p->has_dwarf)
		why_not(p, "%s without DWARF: its layouts are not known", p->go);
	else if (c->refused)
		why_not(p, "belongs to %s: needs root or CAP_SYS_PTRACE", p->user);
	else if (c->no_memory)
		why_not(p, "its memory is protected: needs root or CAP_SYS_PTRACE");
	else if (no_probes->code)
		why_not(p, "no rights for eBPF: --no-probes reads its memory; see `golin doctor`");
}

static int cmp_pid(const void *a, const void *b)
{
	const struct golin_process *x = a, *y = b;

	return x->pid < y->pid ? -1 : x->pid > y->pid;
}

static int walk_proc(struct lister *l, struct golin_err *err)
{
	DIR *d = opendir("/proc");
	struct dirent *de;
	int r = 0;

	if (!d)
		return golin_err_set(err, -errno, "cannot read /proc: %s", golin_errno_name(errno));
	while (r == 0 && (de = readdir(d))) {
		char *end;
		long pid = strtol(de->d_name, &end, 10);

		if (isdigit((unsigned char)de->d_name[0]) && !*end && pid > 0 && pid <= INT32_MAX)
			r = look_at_process(l, (pid_t)pid);
	}
	closedir(d);
	if (r == 0)
		r = flush(l);
	return r < 0 ? golin_err_set(err, r, "cannot list the processes: %s", golin_errno_name(-r))
		     : 0;
}

/* No more than half of the descriptors that may be open: there are others. */
static size_t batch_size(void)
{
	struct rlimit r;

	if (getrlimit(RLIMIT_NOFILE, &r) < 0 || r.rlim_cur / 2 >= BUILDINFO_BATCH)
		return BUILDINFO_BATCH;
	return r.rlim_cur >= 2 ? (size_t)r.rlim_cur / 2 : 1;
}

static int list_named(const char *only, struct golin_process **ret, size_t *ret_n,
		      struct golin_err *err)
{
	struct golin_process *list = NULL;
	struct golin_err no_probes = {0};
	struct lister l = {.only = only, .batch = batch_size()};
	size_t n = 0;
	int r = walk_proc(&l, err);

	if (r == 0) {
		list = calloc(l.candidates.len + 1, sizeof(*list));
		if (!list)
			r = golin_err_set(err, -ENOMEM, "out of memory");
	}
	if (r == 0) {
		golin_probes_possible(&no_probes);
		array_for_each (&l.candidates, c) {
			const struct buildinfo_answer *a = &l.exes.v[c->exe].answer;

			if (a->verdict == BUILDINFO_NOT_GO)
				continue;
			judge(c, a, &no_probes);
			list[n++] = c->p;
		}
		qsort(list, n, sizeof(*list), cmp_pid);
		*ret = list;
		*ret_n = n;
	}
	array_for_each (&l.exes, e) {
		if (e->fd >= 0)
			close(e->fd);
	}
	array_free(&l.exes);
	array_free(&l.candidates);
	return r;
}

int golin_process_list(struct golin_process **ret, size_t *ret_n, struct golin_err *err)
{
	return list_named(NULL, ret, ret_n, err);
}

/* "812 (/usr/bin/api), 813 (/usr/bin/api)", as many as fit. */
static void list_text(const struct golin_process *v, size_t n, char *dst, size_t cap)
{
	size_t len = 0;

	for (size_t i = 0; i < n; i++) {
		char one[128], exe[80];
		int k;

		golin_text_clean(exe, sizeof(exe), v[i].exe, strlen(v[i].exe));
		k = snprintf(one, sizeof(one), "%s%d (%s)", i ? ", " : "", (int)v[i].pid, exe);
		if (len + (size_t)k + sizeof(", ...") > cap) {
			snprintf(dst + len, cap - len, "%s...", len ? ", " : "");
			return;
		}
		memcpy(dst + len, one, (size_t)k + 1);
		len += (size_t)k;
	}
}

/* A process of that name that is no Go program; 0: none. */
static pid_t find_foreign(const char *name)
{
	DIR *d = opendir("/proc");
	struct dirent *de;
	pid_t found = 0;

	while (d && !found && (de = readdir(d))) {
		char comm[64];
		int pid = atoi(de->d_name);

		if (pid <= 0)
			continue;
		proc_comm_read(pid, comm, sizeof(comm));
		if (strcmp(comm, name) == 0)
			found = pid;
	}
	if (d)
		closedir(d);
	return found;
}

static int parse_pid(const char *s, pid_t *ret, struct golin_err *err)
{
	unsigned long v;

	errno = 0;
	v = strtoul(s, NULL, 10);
	if (errno || v == 0 || v > INT32_MAX)
		return golin_err_set(err, -EINVAL, "'%.32s' is not a process id", s);
	*ret = (pid_t)v;
	return 0;
}

int golin_process_find(const char *pid_or_name, pid_t *ret, struct golin_process **ret_list,
		       size_t *ret_n, struct golin_err *err)
{
	struct golin_process *v = NULL;
	char name[256], text[sizeof(err->hint)];
	size_t n = 0;
	pid_t foreign;
	int r;

	if (ret_list && ret_n) {
		*ret_list = NULL;
		*ret_n = 0;
	}
	if (!pid_or_name[0])
		return golin_err_set(err, -EINVAL, "an empty name means no process");
	if (!pid_or_name[strspn(pid_or_name, "0123456789")])
		return parse_pid(pid_or_name, ret, err);
	golin_text_clean(name, sizeof(name), pid_or_name, strlen(pid_or_name));
	r = list_named(name, &v, &n, err);
	if (r < 0)
		return r;
	if (n == 1) {
		*ret = v[0].pid;
		free(v);
		return 0;
	}
	if (n == 0) {
		free(v);
		foreign = find_foreign(name);
		golin_err_set(err, -ENOENT, "no Go process is named '%s'", name);
		if (foreign)
			golin_err_hint(err, "process %d is named so, but is not a Go program",
				       (int)foreign);
		else if (!golin_have_cap(CAP_SYS_PTRACE) && proc_hidepid(text, sizeof(text)))
			golin_err_hint(err, "/proc hides other users' processes from golin "
					    "(hidepid): run golin as root (sudo)");
		else
			golin_err_hint(err, "`golin` lists the Go processes");
		return -ENOENT;
	}
	golin_err_set(err, -EINVAL, "%zu processes are named '%s': choose one by PID", n, name);
	list_text(v, n, text, sizeof(text));
	golin_err_hint(err, "%s", text);
	if (ret_list && ret_n) {
		*ret_list = v;
		*ret_n = n;
	} else {
		free(v);
	}
	return -EINVAL;
}

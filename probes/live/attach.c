/* SPDX-License-Identifier: BSD-2-Clause */
#include "live/attach.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>
#include "base/err.h"
#include "bpf/wire.h"
#include "live/bpfload.h"

/* bpf(BPF_LINK_CREATE) for uprobe_multi: union bpf_attr of Linux 6.6, which older headers lack. */
struct link_create_multi {
	uint32_t prog_fd, target_fd, attach_type, flags;
	uint64_t path, offsets, ref_ctr_offsets, cookies;
	uint32_t cnt, multi_flags, pid, _pad;
};

_Static_assert(sizeof(struct link_create_multi) == 64, "union bpf_attr");

void attach_init(struct attach *a, const struct golin_plan *plan, const struct bpfload *bpf,
		 pid_t pid, int exe_fd)
{
	memset(a, 0, sizeof(*a));
	a->plan = plan;
	a->bpf = bpf;
	a->pid = pid;
	a->exe_fd = exe_fd;
	for (int i = 0; i < ATTACH_GROUPS; i++)
		a->multi_fd[i] = -1;
}

static bool is_probe(const struct golin_plan_hook *h)
{
	return !h->site.error && WIRE_COOKIE_OP(h->cookie) != WIRE_OP_NONE;
}

uint32_t attach_sites(const struct attach *a, uint32_t groups)
{
	uint32_t n = 0;

	for (size_t i = 0; i < a->plan->n; i++)
		n += (a->plan->hooks[i].group & groups) && is_probe(&a->plan->hooks[i]);
	return n;
}

/*
 * Before Linux 6.10 the pid filter of a link lets only one thread through: then every process of
 * the file is probed and BPF sorts out.
 */
bool attach_pid_filter_works(void)
{
	struct utsname u;
	unsigned int major, minor;

	if (uname(&u) || sscanf(u.release, "%u.%u", &major, &minor) != 2)
		return false;
	return major > 6 || (major == 6 && minor >= 10);
}

static int gone(const struct attach *a, struct golin_err *err)
{
	return golin_err_set(err, -ESRCH, "process %d ended while its probes were being armed",
			     (int)a->pid);
}

/* Does the process still exist? A zombie does, so this is only a part of the answer. */
static bool is_gone(const struct attach *a)
{
	return kill(a->pid, 0) && errno == ESRCH;
}

static int multi_on(struct attach *a, int bit, struct golin_err *err)
{
	uint64_t offsets[GOLIN_PLAN_MAX], cookies[GOLIN_PLAN_MAX];
	struct link_create_multi attr = {0};
	char path[32];
	int fd, e;

	for (size_t i = 0; i < a->plan->n; i++) {
		const struct golin_plan_hook *h = &a->plan->hooks[i];

		if (h->group != 1u << bit || !is_probe(h))
			continue;
		offsets[attr.cnt] = h->site.file_off;
		cookies[attr.cnt++] = h->cookie;
	}
	if (!attr.cnt)
		return 0;
	/* The descriptor is of the file that runs, whatever its path holds by now. */
	snprintf(path, sizeof(path), "/proc/self/fd/%d", a->exe_fd);
	attr.prog_fd = bpf_program__fd(bpfload_prog(a->bpf, 1u << bit));
	attr.attach_type = ATTACH_UPROBE_MULTI;
	attr.path = (uintptr_t)path;
	attr.offsets = (uintptr_t)offsets;
	attr.cookies = (uintptr_t)cookies;
	attr.pid = attach_pid_filter_works() ? a->pid : 0;
	fd = (int)syscall(__NR_bpf, BPF_LINK_CREATE, &attr, sizeof(attr));
	if (fd < 0) {
		e = errno;
		if (e == ESRCH || is_gone(a))
			return gone(a, err);
		if (e == EACCES)
			e = EPERM;
		if (e == EINVAL || e == EOPNOTSUPP || e == E2BIG)
			e = ENOSYS;
		return golin_err_set(err, -e,
				     "cannot probe %u sites of process %d by uprobe_multi: %s",
				     attr.cnt, (int)a->pid, golin_errno_name(e));
	}
	a->multi_fd[bit] = fd;
	return 0;
}

static int perf_on(struct attach *a, int bit, struct golin_err *err)
{
	char path[32];
	int e;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", a->exe_fd);
	for (size_t i = 0; i < a->plan->n; i++) {
		const struct golin_plan_hook *h = &a->plan->hooks[i];
		/* An offset, never a name: libbpf must not parse a foreign ELF file. */
		LIBBPF_OPTS(bpf_uprobe_opts, opts, .bpf_cookie = h->cookie);

		if (h->group != 1u << bit || !is_probe(h))
			continue;
		a->perf[bit][i] = bpf_program__attach_uprobe_opts(
			bpfload_prog(a->bpf, 1u << bit), a->pid, path, h->site.file_off, &opts);
		if (a->perf[bit][i])
			continue;
		e = errno;
		if (e == ESRCH || is_gone(a))
			return gone(a, err);
		if (e == EACCES)
			e = EPERM;
		return golin_err_set(err, -e, "cannot probe %s+0x%llx of process %d: %s",
				     h->want.func,
				     (unsigned long long)(h->site.vaddr - h->site.func_lo),
				     (int)a->pid, golin_errno_name(e));
	}
	return 0;
}

int attach_on(struct attach *a, uint32_t groups, struct golin_err *err)
{
	for (int bit = 0; bit < ATTACH_GROUPS; bit++) {
		uint32_t g = 1u << bit;
		int r;

		if (!(groups & g) || a->groups & g)
			continue;
		r = a->bpf->multi ? multi_on(a, bit, err) : perf_on(a, bit, err);
		a->groups |= g;
		if (r < 0) {
			attach_off(a, g);
			return r;
		}
	}
	return 0;
}

struct closing {
	pthread_t thread;
	bool running;
	struct bpf_link *link;
	int fd;
};

static void *close_one(void *arg)
{
	struct closing *c = arg;

	if (c->link)
		bpf_link__destroy(c->link);
	else
		close(c->fd);
	return NULL;
}

void attach_off(struct attach *a, uint32_t groups)
{
	struct closing c[ATTACH_GROUPS * GOLIN_PLAN_MAX];
	size_t n = 0;

	for (int bit = 0; bit < ATTACH_GROUPS; bit++) {
		if (!(groups & a->groups & 1u << bit))
			continue;
		if (a->multi_fd[bit] >= 0)
			c[n++] = (struct closing){.fd = a->multi_fd[bit]};
		a->multi_fd[bit] = -1;
		for (size_t i = 0; i < a->plan->n; i++) {
			if (a->perf[bit][i])
				c[n++] = (struct closing){.link = a->perf[bit][i]};
			a->perf[bit][i] = NULL;
		}
	}
	for (size_t i = 1; i < n; i++)
		c[i].running = !pthread_create(&c[i].thread, NULL, close_one, &c[i]);
	for (size_t i = 0; i < n; i++)
		if (!c[i].running)
			close_one(&c[i]);
	for (size_t i = 0; i < n; i++)
		if (c[i].running)
			pthread_join(c[i].thread, NULL);
	a->groups &= ~groups;
}

/* SPDX-License-Identifier: BSD-2-Clause */
#include "live/helper.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "base/err.h"
#include "golin/probes.h"
#include "live/attach.h"
#include "live/bpfload.h"
#include "live/calibrate.h"

enum {
	ANSWER_MS = 120000, /* an attach waits for the kernel; perf links take 110 ms each */
	STOP_MS = 10000,
};

enum msg_type {
	MSG_READY = 1, /* helper -> peer, once: with the ring and the counters */
	MSG_FAILED,
	MSG_PROGRESS,
	MSG_SWITCH, /* peer -> helper */
	MSG_SWITCHED,
	MSG_MISSED, /* asked and answered */
	MSG_BYE,
	MSG_DONE,
};

/* One packet. */
struct msg {
	uint32_t type;
	uint32_t groups, probes, link;
	uint64_t value, hit_ns;
	struct golin_err err;
	char text[128];
};

/* ---- the helper's side ---- */

struct server {
	const struct helper_opts *opts;
	int sock, parent; /* parent: pidfd of the peer */
	struct bpfload bpf;
	struct attach at;
	uint64_t hit_ns;
};

static int send_msg(int sock, const struct msg *m, const int *fds, size_t nfds)
{
	union {
		char buf[CMSG_SPACE(2 * sizeof(int))];
		struct cmsghdr align;
	} ctl = {0};
	struct iovec iov = {.iov_base = (void *)m, .iov_len = sizeof(*m)};
	struct msghdr mh = {.msg_iov = &iov, .msg_iovlen = 1};
	ssize_t n;

	if (nfds) {
		struct cmsghdr *c;

		mh.msg_control = ctl.buf;
		mh.msg_controllen = CMSG_SPACE(nfds * sizeof(int));
		c = CMSG_FIRSTHDR(&mh);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(nfds * sizeof(int));
		memcpy(CMSG_DATA(c), fds, nfds * sizeof(int));
	}
	do
		n = sendmsg(sock, &mh, MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : 0;
}

static void say(struct server *s, const char *what, uint32_t n)
{
	struct msg m = {.type = MSG_PROGRESS};

	snprintf(m.text, sizeof(m.text), "%s %u probes", what, n);
	send_msg(s->sock, &m, NULL, 0);
}

static void answer_groups(struct server *s, uint32_t type, int r, struct msg *m)
{
	const int fds[] = {s->bpf.skel ? bpfload_ring_fd(&s->bpf) : -1,
			   s->bpf.skel ? bpfload_stats_fd(&s->bpf) : -1};

	m->type = r < 0 ? MSG_FAILED : type;
	m->groups = s->at.groups;
	m->probes = attach_sites(&s->at, s->at.groups);
	m->link = s->bpf.multi ? GOLIN_LINK_MULTI : GOLIN_LINK_PERF;
	m->value = s->bpf.sees_exec;
	send_msg(s->sock, m, fds, type == MSG_READY && r >= 0 ? 2 : 0);
}

static void drop(struct server *s, uint32_t groups)
{
	uint32_t n = attach_sites(&s->at, groups & s->at.groups);

	if (n) {
		say(s, "detaching", n);
		attach_off(&s->at, groups);
	}
}

/* Loads and attaches for one kind of link. */
static int start_as(struct server *s, bool multi, struct golin_err *err)
{
	const struct helper_opts *o = s->opts;
	int r;

	r = bpfload_open(&s->bpf, &o->cfg, multi, o->want_tls, o->ring_size, o->nlate, err);
	if (r < 0)
		return r;
	r = bpfload_late(&s->bpf, o->late, o->nlate, err);
	if (r < 0) {
		bpfload_close(&s->bpf);
		return r;
	}
	say(s, "arming", attach_sites(&s->at, o->groups));
	r = attach_on(&s->at, o->groups, err);
	if (r < 0) {
		attach_off(&s->at, ~0u);
		bpfload_close(&s->bpf);
	}
	return r;
}

static int start(struct server *s, struct golin_err *err)
{
	int r;

	if (s->opts->link == GOLIN_LINK_PERF)
		return start_as(s, false, err);
	r = start_as(s, true, err);
	if (r == -ENOSYS && s->opts->link == GOLIN_LINK_AUTO)
		r = start_as(s, false, err);
	return r;
}

static void switch_groups(struct server *s, uint32_t groups)
{
	struct msg m = {0};
	int r;

	drop(s, s->at.groups & ~groups);
	/* While a group was off, timers were armed and stopped unseen. */
	if (groups & ~s->at.groups)
		bpfload_forget(&s->bpf);
	r = attach_on(&s->at, groups, &m.err);
	answer_groups(s, MSG_SWITCHED, r, &m);
}

/* Until the peer says so or is gone. */
static void serve(struct server *s)
{
	for (;;) {
		struct pollfd p[2] = {{.fd = s->sock, .events = POLLIN},
				      {.fd = s->parent, .events = POLLIN}};
		struct msg m;
		ssize_t n;

		if (poll(p, 2, -1) < 0 && errno != EINTR)
			return;
		if (p[1].revents)
			return;
		if (!p[0].revents)
			continue;
		n = recv(s->sock, &m, sizeof(m), MSG_DONTWAIT);
		if (n < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (n != sizeof(m))
			return;
		switch (m.type) {
		case MSG_SWITCH:
			switch_groups(s, m.groups);
			break;
		case MSG_MISSED:
			m.value = bpfload_missed(&s->bpf);
			m.hit_ns = s->hit_ns;
			send_msg(s->sock, &m, NULL, 0);
			break;
		default:
			return;
		}
	}
}

/* Nothing of the peer's stays open here but what is needed; its terminal is not ours. */
static void settle(struct server *s, struct helper_opts *o)
{
	static const int ignored[] = {SIGINT,  SIGQUIT, SIGTERM, SIGHUP,  SIGTSTP,
				      SIGTTIN, SIGTTOU, SIGPIPE, SIGUSR1, SIGUSR2};
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	sigset_t none;
	int fds[3];

	setpgid(0, 0);
	prctl(PR_SET_NAME, "golin-probes");
	for (int sig = 1; sig < NSIG; sig++)
		signal(sig, SIG_DFL);
	for (size_t i = 0; i < sizeof(ignored) / sizeof(*ignored); i++)
		signal(ignored[i], SIG_IGN);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);

	/* First out of the way, then to 3, 4, 5. */
	fds[0] = fcntl(s->sock, F_DUPFD_CLOEXEC, 64);
	fds[1] = fcntl(o->exe_fd, F_DUPFD_CLOEXEC, 64);
	fds[2] = fcntl(s->parent, F_DUPFD_CLOEXEC, 64);
	for (int i = 0; i < 3; i++)
		dup2(null, i);
	for (int i = 0; i < 3; i++)
		dup3(fds[i], 3 + i, O_CLOEXEC);
	syscall(SYS_close_range, 6, ~0u, 0);
	s->sock = 3;
	o->exe_fd = 4;
	s->parent = 5;
}

static void run(int sock, int parent, const struct helper_opts *opts)
{
	struct helper_opts o = *opts;
	struct server s = {.opts = &o, .sock = sock, .parent = parent};
	struct msg m = {0};
	int r;

	settle(&s, &o);
	attach_init(&s.at, o.plan, &s.bpf, o.pid, o.exe_fd);
	r = start(&s, &m.err);
	answer_groups(&s, MSG_READY, r, &m);
	if (r < 0)
		return;
	s.hit_ns = calibrate_hit(&s.bpf);
	serve(&s);
	drop(&s, ~0u);
	bpfload_close(&s.bpf);
	m = (struct msg){.type = MSG_DONE};
	send_msg(s.sock, &m, NULL, 0);
}

/* ---- the peer's side ---- */

static int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static ssize_t recv_msg(int sock, struct msg *m, int fds[2])
{
	union {
		char buf[CMSG_SPACE(2 * sizeof(int))];
		struct cmsghdr align;
	} ctl = {0};
	struct iovec iov = {.iov_base = m, .iov_len = sizeof(*m)};
	struct msghdr mh = {.msg_iov = &iov,
			    .msg_iovlen = 1,
			    .msg_control = ctl.buf,
			    .msg_controllen = sizeof(ctl.buf)};
	struct cmsghdr *c;
	ssize_t n;

	n = recvmsg(sock, &mh, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
	if (n < 0)
		return n;
	c = CMSG_FIRSTHDR(&mh);
	if (c && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS &&
	    c->cmsg_len == CMSG_LEN(2 * sizeof(int)))
		memcpy(fds, CMSG_DATA(c), 2 * sizeof(int));
	return n;
}

/* Ends the helper for good: what it holds, the kernel takes back. */
static void reap(struct helper *h, bool force)
{
	if (h->sock >= 0)
		close(h->sock);
	h->sock = -1;
	if (h->pid > 0) {
		if (force)
			kill(h->pid, SIGKILL);
		while (waitpid(h->pid, NULL, 0) < 0 && errno == EINTR)
			;
	}
	h->pid = 0;
	h->groups = h->probes = 0;
}

/* The next message that is not about progress. -EPIPE: the helper is gone. */
static int await(struct helper *h, struct msg *m, int fds[2], int timeout_ms, struct golin_err *err)
{
	int64_t end = now_ms() + timeout_ms;

	for (;;) {
		struct pollfd p = {.fd = h->sock, .events = POLLIN};
		int64_t left = end - now_ms();
		ssize_t n;

		if (left <= 0)
			return golin_err_set(err, -ETIMEDOUT, "the probe helper does not answer");
		if (poll(&p, 1, (int)left) < 0 && errno != EINTR)
			return golin_err_set(err, -errno, "poll: %s", golin_errno_name(errno));
		if (!p.revents)
			continue;
		n = recv_msg(h->sock, m, fds);
		if (n < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (n != sizeof(*m))
			return golin_err_set(err, -EPIPE,
					     "the probe helper has ended: nothing is probed now");
		if (m->type != MSG_PROGRESS)
			return 0;
		m->text[sizeof(m->text) - 1] = 0;
		if (h->progress)
			h->progress(h->arg, m->text);
	}
}

static void take_groups(struct helper *h, const struct msg *m)
{
	h->groups = m->groups;
	h->probes = m->probes;
	h->link = m->link;
	h->sees_exec = m->value;
}

/* Says what right is missing, as doctor finds it, in place of a bare EPERM. */
static int explain(const struct golin_err *from, struct golin_err *err)
{
	struct golin_err why = {0};

	if (err)
		*err = *from;
	if ((from->code == -EPERM || from->code == -ENOSYS) && !*from->hint &&
	    golin_probes_possible(&why) < 0 && why.code == from->code && err) {
		golin_err_set(err, why.code, "%s", why.msg);
		golin_err_hint(err, "%s", why.hint);
	} else if (from->code == -EPERM && !*from->hint) {
		golin_err_hint(err,
			       "needs root, or CAP_BPF and CAP_PERFMON (and CAP_SYS_PTRACE for "
			       "another user's process); `golin doctor` shows what is missing");
	}
	return from->code;
}

int helper_start(struct helper *h, const struct helper_opts *opts, struct golin_err *err)
{
	_cleanup_close_ int parent = -1;
	int sv[2], fds[2] = {-1, -1};
	struct msg m;
	pid_t pid;
	int r;

	memset(h, 0, sizeof(*h));
	h->sock = h->ring_fd = h->stats_fd = -1;
	h->progress = opts->progress;
	h->arg = opts->arg;
	parent = (int)syscall(SYS_pidfd_open, getpid(), 0);
	if (parent < 0)
		return golin_err_set(err, -errno, "pidfd_open: %s", golin_errno_name(errno));
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sv))
		return golin_err_set(err, -errno, "socketpair: %s", golin_errno_name(errno));
	fflush(NULL);
	pid = fork();
	if (pid < 0) {
		r = golin_err_set(err, -errno, "cannot start the probe helper: %s",
				  golin_errno_name(errno));
		close(sv[0]);
		close(sv[1]);
		return r;
	}
	if (!pid) {
		run(sv[1], parent, opts);
		_exit(0);
	}
	close(sv[1]);
	h->sock = sv[0];
	h->pid = pid;
	r = await(h, &m, fds, ANSWER_MS, err);
	if (!r && m.type != MSG_READY)
		r = explain(&m.err, err);
	if (!r && (fds[0] < 0 || fds[1] < 0))
		r = golin_err_set(err, -EPROTO, "the probe helper did not hand over the ring");
	h->ring_fd = fds[0];
	h->stats_fd = fds[1];
	if (r < 0) {
		reap(h, r == -ETIMEDOUT);
		helper_stop(h);
		return r;
	}
	take_groups(h, &m);
	return 0;
}

int helper_switch(struct helper *h, uint32_t groups, struct golin_err *err)
{
	struct msg m = {.type = MSG_SWITCH, .groups = groups};
	int fds[2] = {-1, -1};
	int r;

	if (h->sock < 0)
		return golin_err_set(err, -EPIPE,
				     "the probe helper has ended: nothing is probed now");
	r = send_msg(h->sock, &m, NULL, 0);
	if (r < 0)
		golin_err_set(err, r, "the probe helper has ended: nothing is probed now");
	else
		r = await(h, &m, fds, ANSWER_MS, err);
	if (r < 0) {
		reap(h, true);
		return r;
	}
	take_groups(h, &m);
	return m.type == MSG_FAILED ? explain(&m.err, err) : 0;
}

uint64_t helper_missed(struct helper *h)
{
	struct msg m = {.type = MSG_MISSED};
	int fds[2] = {-1, -1};

	if (h->sock < 0)
		return 0;
	if (send_msg(h->sock, &m, NULL, 0) < 0 || await(h, &m, fds, ANSWER_MS, NULL) < 0) {
		reap(h, true);
		return 0;
	}
	h->hit_ns = m.hit_ns;
	return m.value;
}

void helper_stop(struct helper *h)
{
	struct msg m = {.type = MSG_BYE};
	int fds[2] = {-1, -1};
	bool force = false;

	if (h->sock >= 0)
		force = send_msg(h->sock, &m, NULL, 0) < 0 ||
			await(h, &m, fds, STOP_MS, NULL) == -ETIMEDOUT;
	reap(h, force);
	if (h->ring_fd >= 0)
		close(h->ring_fd);
	if (h->stats_fd >= 0)
		close(h->stats_fd);
	h->ring_fd = h->stats_fd = -1;
}

/* SPDX-License-Identifier: BSD-2-Clause */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "base/err.h"
#include "base/text.h"
#include "buildinfo.h"
#include "elf_image.h"
#include "image_wire.h"
#include "live/buildinfo_child.h"

enum {
	CPU_SECONDS = 5,
	WALL_MS = 10000,  /* for one file that is answered for */
	RESTARTS_MAX = 8, /* files that may end the child before we give up on the rest */
};

/* One for each file, in order. Fixed size, no pointers, below PIPE_BUF: written at once. */
struct wire_answer {
	uint32_t index;
	uint8_t verdict, has_dwarf;
	char version[64];
	char arch[16];
};

/* ---- in the child ---- */

static const char *goarch(const struct elf_image *e)
{
	switch (e->machine) {
	case EM_X86_64:
		return "amd64";
	case EM_386:
		return "386";
	case EM_AARCH64:
		return "arm64";
	case EM_ARM:
		return "arm";
	case EM_RISCV:
		return "riscv64";
	case EM_S390:
		return "s390x";
	case EM_PPC64:
		return e->big_endian ? "ppc64" : "ppc64le";
	default:
		return "";
	}
}

static bool has_section(const struct elf_image *e, const char *name)
{
	const struct elf_section *s = elf_image_section(e, name);

	return s && s->type != SHT_NOBITS && s->size > 0;
}

static void look_at(int fd, struct wire_answer *ret)
{
	struct elf_image e = {0};
	struct buildinfo b;
	int r;

	ret->verdict = BUILDINFO_NOT_GO;
	if (elf_image_open(fd, &e, NULL) < 0)
		return;
	r = buildinfo_find(&e, &b, NULL);
	if (r == 0) {
		ret->verdict = BUILDINFO_GO;
		snprintf(ret->version, sizeof(ret->version), "%.*s", (int)sizeof(ret->version) - 1,
			 b.version);
	} else if (r != -ENODATA) {
		ret->verdict = BUILDINFO_BROKEN;
	}
	snprintf(ret->arch, sizeof(ret->arch), "%s", goarch(&e));
	ret->has_dwarf = has_section(&e, ".debug_info") || has_section(&e, ".zdebug_info");
	elf_image_done(&e);
}

static int cmp_int(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

/* Closes all descriptors but these: golin's own are no business of the child. */
static void keep_only(const int *fds, size_t n, int out)
{
	int keep[BUILDINFO_BATCH + 1], next = 3;

	memcpy(keep, fds, n * sizeof(*fds));
	keep[n] = out;
	qsort(keep, n + 1, sizeof(*keep), cmp_int);
	for (size_t i = 0; i <= n; i++) {
		if (keep[i] > next)
			syscall(SYS_close_range, next, keep[i] - 1, 0);
		if (keep[i] >= next)
			next = keep[i] + 1;
	}
	syscall(SYS_close_range, next, ~0U, 0);
}

static _Noreturn void child_main(const int *fds, size_t first, size_t n, int out)
{
	const struct rlimit cpu = {CPU_SECONDS, CPU_SECONDS};
	int null = open("/dev/null", O_RDWR | O_CLOEXEC), biggest = fds[first];
	struct stat st;
	off_t size = -1;

	signal(SIGPIPE, SIG_DFL);
	for (int fd = 0; fd < 3 && null >= 0; fd++)
		dup2(null, fd);
	keep_only(fds + first, n - first, out);
	for (size_t i = first; i < n; i++) {
		if (fstat(fds[i], &st) == 0 && st.st_size > size) {
			size = st.st_size;
			biggest = fds[i];
		}
	}
	if (setrlimit(RLIMIT_CPU, &cpu) < 0 || image_confine(biggest) < 0)
		_exit(1);
	for (size_t i = first; i < n; i++) {
		struct wire_answer a = {.index = (uint32_t)i};

		look_at(fds[i], &a);
		if (write(out, &a, sizeof(a)) != sizeof(a))
			_exit(1);
	}
	_exit(0);
}

/* ---- in golin ---- */

/* What the child says may have been dictated by the file. False: nonsense. */
static bool check_answer(struct wire_answer *w, size_t index, struct buildinfo_answer *ret)
{
	struct buildinfo_answer a = {.verdict = w->verdict, .has_dwarf = w->has_dwarf != 0};

	if (w->index != index || w->verdict < BUILDINFO_NOT_GO || w->verdict > BUILDINFO_BROKEN)
		return false;
	w->version[sizeof(w->version) - 1] = '\0';
	w->arch[sizeof(w->arch) - 1] = '\0';
	if (!golin_text_is_clean(w->version, strlen(w->version)) ||
	    !golin_text_is_clean(w->arch, strlen(w->arch)))
		return false;
	memcpy(a.arch, w->arch, sizeof(a.arch));
	if (a.verdict == BUILDINFO_GO && !golin_go_version_parse(w->version, &a.go))
		a.verdict = BUILDINFO_BROKEN;
	*ret = a;
	return true;
}

static int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* A whole answer within the time, or false. */
static bool read_answer(int fd, struct wire_answer *ret)
{
	int64_t end = now_ms() + WALL_MS;
	size_t len = 0;

	while (len < sizeof(*ret)) {
		struct pollfd p = {.fd = fd, .events = POLLIN};
		int64_t left = end - now_ms();
		ssize_t n;
		int r;

		if (left <= 0)
			return false;
		r = poll(&p, 1, (int)left);
		if (r < 0 && errno != EINTR)
			return false;
		if (r <= 0)
			continue;
		n = read(fd, (char *)ret + len, sizeof(*ret) - len);
		if (n == 0 || (n < 0 && errno != EINTR))
			return false;
		len += n > 0 ? (size_t)n : 0;
	}
	return true;
}

/* Answers from fds[first] on; *ret_next: the first without an answer. */
static int ask_once(const int *fds, size_t first, size_t n, struct buildinfo_answer *ret,
		    size_t *ret_next)
{
	_cleanup_close_ int in = -1;
	struct wire_answer w;
	int p[2];
	pid_t pid;

	if (pipe2(p, O_CLOEXEC) < 0)
		return -errno;
	in = p[0];
	pid = fork();
	if (pid < 0) {
		int r = -errno;

		close(p[1]);
		return r;
	}
	if (pid == 0)
		child_main(fds, first, n, p[1]);
	close(p[1]);
	while (first < n && read_answer(in, &w) && check_answer(&w, first, &ret[first]))
		first++;
	kill(pid, SIGKILL); /* ours and not yet collected; mostly it has ended already */
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	*ret_next = first;
	return 0;
}

int golin_buildinfo_ask(const int *fds, size_t n, struct buildinfo_answer *ret)
{
	size_t next = 0;

	if (n > BUILDINFO_BATCH)
		return -EINVAL;
	for (size_t i = 0; i < n; i++)
		ret[i] = (struct buildinfo_answer){.verdict = BUILDINFO_DEADLY};
	for (int tries = 0; next < n && tries <= RESTARTS_MAX; tries++) {
		int r = ask_once(fds, next, n, ret, &next);

		if (r < 0)
			return r;
		if (next < n)
			next++; /* this one was the end of it */
	}
	return 0;
}

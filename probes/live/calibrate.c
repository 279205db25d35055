/* SPDX-License-Identifier: BSD-2-Clause */
#include "live/calibrate.h"

#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "live/attach.h"
#include "live/bpfload.h"

enum { CALLS = 2000, WAIT_MS = 2000 };

/* Begins with an instruction that the kernel emulates, as golin's probe sites do. */
void golin_calibrate_here(void);
__asm__(".pushsection .text\n"
	".globl golin_calibrate_here\n"
	".type golin_calibrate_here, @function\n"
	"golin_calibrate_here:\n"
	"	push %rbp\n"
	"	pop %rbp\n"
	"	ret\n"
	".size golin_calibrate_here, . - golin_calibrate_here\n"
	".popsection\n");

static uint64_t cpu_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

static uint64_t run(void)
{
	uint64_t start = cpu_ns();

	for (int i = 0; i < CALLS; i++)
		golin_calibrate_here();
	return cpu_ns() - start;
}

/* Where the file of this program has the function; 0 when it cannot be told. */
static uint64_t file_offset(void)
{
	_cleanup_fclose_ FILE *f = fopen("/proc/self/maps", "re");
	uint64_t at = (uintptr_t)golin_calibrate_here;
	unsigned long long lo, hi, off;
	char line[512];

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "%llx-%llx %*s %llx", &lo, &hi, &off) == 3 && at >= lo && at < hi)
			return at - lo + off;
	return 0;
}

/* Waits for a byte, then says how much longer the calls take than they did before. */
static void child(int in, int out)
{
	uint64_t base, probed, ret;
	char c;

	run();
	base = run();
	if (write(out, "r", 1) != 1 || read(in, &c, 1) != 1)
		_exit(1);
	run();
	probed = run();
	ret = probed > base ? (probed - base) / CALLS : 0;
	if (write(out, &ret, sizeof(ret)) != sizeof(ret))
		_exit(1);
	_exit(0);
}

static bool read_in_time(int fd, void *buf, size_t len)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};

	return poll(&p, 1, WAIT_MS) == 1 && read(fd, buf, len) == (ssize_t)len;
}

uint64_t calibrate_hit(const struct bpfload *b)
{
	struct golin_plan plan = {.n = 1};
	_cleanup_close_ int exe = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	int to[2], from[2];
	struct attach at;
	uint64_t ret = 0;
	pid_t pid;
	char c;

	plan.hooks[0].group = 1;
	plan.hooks[0].site.file_off = file_offset();
	plan.hooks[0].cookie = WIRE_OP_CREATE;
	if (exe < 0 || !plan.hooks[0].site.file_off)
		return 0;
	if (pipe2(to, O_CLOEXEC))
		return 0;
	if (pipe2(from, O_CLOEXEC)) {
		close(to[0]);
		close(to[1]);
		return 0;
	}
	pid = fork();
	if (!pid) {
		close(to[1]);
		child(to[0], from[1]);
	}
	close(to[0]);
	close(from[1]);
	if (pid > 0) {
		attach_init(&at, &plan, b, pid, exe);
		if (read_in_time(from[0], &c, 1) && attach_on(&at, 1, NULL) == 0 &&
		    (write(to[1], "g", 1) != 1 || !read_in_time(from[0], &ret, sizeof(ret))))
			ret = 0;
		attach_off(&at, ~0u);
		kill(pid, SIGKILL);
		while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
			;
	}
	close(to[1]);
	close(from[0]);
	return ret;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * measure FILE COMMAND [ARG...]: runs a command and appends to FILE one line: CPU time (user and
 * system, of it and all its children) and wall time in microseconds, the largest resident set of
 * any of them in KiB, exit code (128 + a signal). The command is started by vfork: a resident set
 * is remembered across exec, and that of this little program is the least that can be told.
 */
#include <errno.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

extern char **environ;

static long long now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000LL + t.tv_nsec / 1000;
}

static long long us(struct timeval t)
{
	return t.tv_sec * 1000000LL + t.tv_usec;
}

int main(int argc, char **argv)
{
	long long begin, wall;
	struct rusage u;
	int status, r;
	pid_t pid;
	FILE *f;

	if (argc < 3) {
		fprintf(stderr, "usage: measure FILE COMMAND [ARG...]\n");
		return 2;
	}
	f = fopen(argv[1], "ae");
	if (!f) {
		fprintf(stderr, "measure: %s: %s\n", argv[1], strerror(errno));
		return 2;
	}
	begin = now_us();
	r = posix_spawnp(&pid, argv[2], NULL, NULL, argv + 2, environ);
	if (r) {
		fprintf(stderr, "measure: %s: %s\n", argv[2], strerror(r));
		return 127;
	}
	while (wait4(pid, &status, 0, &u) < 0)
		if (errno != EINTR)
			return 2;
	wall = now_us() - begin;
	r = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	fprintf(f, "%lld %lld %ld %d\n", us(u.ru_utime) + us(u.ru_stime), wall, u.ru_maxrss, r);
	return fclose(f) ? 2 : r;
}

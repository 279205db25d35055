// SPDX-License-Identifier: BSD-2-Clause
/*
 * Runs a program on a pseudo-terminal of its own and measures it.
 *
 *	tui_pty latency PREPARE KEYS COUNT -- PROGRAM ...
 *	    presses PREPARE, then KEYS in turn: from each to the last byte of its paint
 *	tui_pty idle SECONDS -- PROGRAM ...         CPU time while nothing happens
 *	tui_pty stall SECONDS -- PROGRAM ...        reads nothing for so long, then sends q
 *
 * What the program writes behind its last screen (stderr too) goes to stdout.
 */
#include <errno.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { QUIET_MS = 30, KEY_MS = 500, START_S = 20, COLS = 120, ROWS = 40, MAX_KEYS = 10000 };

static int tty;
static pid_t child;
static char tail[65536]; /* the last of what was read */
static size_t tail_len;

static double now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec * 1e3 + (double)ts.tv_nsec / 1e6;
}

static void keep(const char *buf, size_t n)
{
	if (n >= sizeof(tail))
		return;
	if (tail_len + n >= sizeof(tail)) {
		memmove(tail, tail + tail_len / 2, tail_len - tail_len / 2);
		tail_len -= tail_len / 2;
	}
	if (tail_len + n >= sizeof(tail))
		tail_len = 0;
	memcpy(tail + tail_len, buf, n);
	tail_len += n;
	tail[tail_len] = 0;
}

/* Reads until nothing comes for quiet_ms; the time of the last byte, 0 when none came. */
static double drain(int quiet_ms, int first_ms)
{
	struct pollfd p = {.fd = tty, .events = POLLIN};
	char buf[65536];
	double last = 0;

	while (poll(&p, 1, last > 0 ? quiet_ms : first_ms) > 0) {
		ssize_t n = read(tty, buf, sizeof(buf));

		if (n <= 0)
			break;
		last = now_ms();
		keep(buf, (size_t)n);
	}
	return last;
}

static void start(char **argv)
{
	struct winsize ws = {.ws_row = ROWS, .ws_col = COLS};

	child = forkpty(&tty, NULL, NULL, &ws);
	if (child < 0) {
		perror("tui_pty: forkpty");
		exit(70);
	}
	if (!child) {
		setenv("TERM", "xterm-256color", 1);
		setenv("LC_ALL", "C.UTF-8", 1);
		execv(argv[0], argv);
		perror(argv[0]);
		_exit(127);
	}
}

static void wait_for(const char *text)
{
	double until = now_ms() + START_S * 1e3;

	while (now_ms() < until) {
		drain(50, 100);
		if (strstr(tail, text))
			return;
	}
	fprintf(stderr, "tui_pty: no '%s' within %d s\n", text, START_S);
	kill(child, SIGKILL);
	exit(1);
}

/* The start's work is done when a second has gone by. */
static void settle(void)
{
	double until = now_ms() + 1500;

	while (now_ms() < until)
		drain(20, 20);
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static int finish(void)
{
	int status;
	const char *end;

	if (write(tty, "Q", 1) < 0)
		perror("tui_pty: write");
	drain(200, 2000);
	if (waitpid(child, &status, 0) < 0)
		return 70;
	drain(10, 10);
	end = strstr(tail, "\033[?1049l");
	while (end && strstr(end + 1, "\033[?1049l"))
		end = strstr(end + 1, "\033[?1049l");
	printf("%s\n", end ? end + 8 : "(the other screen was not left)");
	return WIFEXITED(status) && end ? WEXITSTATUS(status) : 1;
}

static int latency(const char *prepare, const char *keys, int count)
{
	double *ms = calloc(MAX_KEYS, sizeof(*ms));
	size_t n_keys = strlen(keys);
	int n = 0;

	if (!ms || !n_keys || count > MAX_KEYS)
		return 2;
	wait_for("GOID");
	settle();
	if (write(tty, prepare, strlen(prepare)) < 0)
		return 1;
	settle();
	for (int i = 0; i < count; i++) {
		double begin, last;

		drain(1, 1);
		begin = now_ms();
		if (write(tty, &keys[(size_t)i % n_keys], 1) != 1)
			return 1;
		last = drain(QUIET_MS, KEY_MS);
		if (last > 0)
			ms[n++] = last - begin;
	}
	qsort(ms, (size_t)n, sizeof(*ms), by_value);
	if (n)
		printf("keys '%s': %d painted, p50 %.1f ms, p99 %.1f ms, max %.1f ms\n", keys, n,
		       ms[n / 2], ms[n * 99 / 100], ms[n - 1]);
	free(ms);
	return n ? finish() : 1;
}

static double cpu_ms(void)
{
	char path[64], buf[1024], *p;
	unsigned long user = 0, sys = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)child);
	f = fopen(path, "r");
	if (!f || !fgets(buf, sizeof(buf), f)) {
		if (f)
			fclose(f);
		return 0;
	}
	fclose(f);
	p = strrchr(buf, ')');
	if (p)
		sscanf(p + 2, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &sys);
	return (double)(user + sys) * 1e3 / (double)sysconf(_SC_CLK_TCK);
}

static int idle(int seconds)
{
	double end, cpu;

	wait_for("GOID");
	settle();
	cpu = cpu_ms();
	end = now_ms() + seconds * 1e3;
	while (now_ms() < end)
		drain(100, 100);
	cpu = cpu_ms() - cpu;
	printf("idle for %d s: %.0f ms of CPU, %.2f %% of a core\n", seconds, cpu,
	       cpu / seconds / 10);
	return finish();
}

static int stall(int seconds)
{
	wait_for("GOID");
	usleep((useconds_t)seconds * 1000000);
	return finish();
}

int main(int argc, char **argv)
{
	int sep = 0;

	for (int i = 1; i < argc && !sep; i++)
		if (!strcmp(argv[i], "--"))
			sep = i;
	if (sep < 3 || sep + 1 >= argc) {
		fprintf(stderr,
			"usage: tui_pty latency PREPARE KEYS COUNT | idle S | stall S -- CMD\n");
		return 2;
	}
	start(argv + sep + 1);
	if (!strcmp(argv[1], "latency") && sep == 5)
		return latency(argv[2], argv[3], atoi(argv[4]));
	if (!strcmp(argv[1], "idle"))
		return idle(atoi(argv[2]));
	return stall(atoi(argv[2]));
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How long it takes until the probes are armed, and until they are off again, on a running
 * process, with uprobe_multi and with perf links: of goroutines alone, and of contexts and timers.
 *
 *	attach PID [ROUNDS]
 *
 * "armed" is from golin's start on: the file is opened, its layout and probe points are found,
 * the BPF programs are loaded, and what is there is read from memory.
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include "base/err.h"
#include "golin/probes.h"
#include "image_process.h"

enum { ROUNDS_MAX = 101 };

static double now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec * 1e3 + (double)ts.tv_nsec / 1e6;
}

static int ignore(void *arg, const struct golin_rec *rec)
{
	return 0;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void print(const char *what, double *v, int n)
{
	qsort(v, (size_t)n, sizeof(*v), by_value);
	printf("  %-32s %7.1f [%6.1f..%7.1f] ms\n", what, v[n / 2], v[0], v[n - 1]);
}

struct times {
	double image[ROUNDS_MAX], armed[ROUNDS_MAX], off[ROUNDS_MAX], closed[ROUNDS_MAX];
};

static const struct {
	const char *name;
	uint32_t groups;
	bool timer_events;
} sets[] = {
	{"goroutines", GOLIN_GROUP_GOROUTINES | GOLIN_GROUP_TIMERS, false},
	{"and contexts", GOLIN_GROUP_GOROUTINES | GOLIN_GROUP_TIMERS | GOLIN_GROUP_CONTEXTS, false},
	{"and timers", GOLIN_GROUP_GOROUTINES | GOLIN_GROUP_TIMERS | GOLIN_GROUP_CONTEXTS, true},
};

enum { SETS = sizeof(sets) / sizeof(sets[0]) };

static int once(pid_t pid, uint32_t link, size_t set, struct times *t, int round,
		uint32_t *ret_probes, struct golin_err *err)
{
	const struct golin_live_opts opts = {
		.groups = sets[set].groups,
		.timer_events = sets[set].timer_events,
		.stack_depth = 32,
		.link = link,
		.target_id = 1,
	};
	const struct golin_ctl off = {.type = GOLIN_CTL_SWITCH};
	const struct golin_sink sink = {.put = ignore};
	struct golin_imgproc *p;
	struct golin_source *s;
	struct golin_target tgt;
	double start = now_ms();
	int r;

	r = golin_target_open(pid, &tgt, err);
	if (r >= 0)
		r = golin_imgproc_open(tgt.exe_fd, tgt.exe, GOLIN_LAYOUT_AUTO, &p, err);
	if (r < 0)
		return r;
	t->image[round] = now_ms() - start;
	r = golin_live_open(&tgt, p, &opts, &s, err);
	if (r < 0)
		return r;
	t->armed[round] = now_ms() - start;
	*ret_probes = golin_live_probes(s);
	/* The helper calibrates for a moment, which is not to be measured. */
	for (double end = now_ms() + 400; now_ms() < end; poll(NULL, 0, 10))
		golin_source_service(s, &sink, 65536, NULL);
	start = now_ms();
	r = golin_source_control(s, &off, err);
	t->off[round] = now_ms() - start;
	golin_source_close(s);
	t->closed[round] = now_ms() - start;
	return r;
}

static int compare(pid_t pid, uint32_t link, int rounds)
{
	const char *name = link == GOLIN_LINK_MULTI ? "uprobe_multi" : "perf links";
	uint32_t probes[SETS] = {0};
	static struct times t[SETS];
	struct golin_err err = {0};

	/* In turns: the machine's load changes. */
	for (int i = 0; i < rounds; i++) {
		for (size_t set = 0; set < SETS; set++) {
			if (once(pid, link, set, &t[set], i, &probes[set], &err) < 0) {
				fprintf(stderr, "attach: %s: %s\n", name, err.msg);
				return 1;
			}
		}
	}
	for (size_t set = 0; set < SETS; set++) {
		printf("%s, %s: %u probes, %d rounds: median [min..max]\n", name, sets[set].name,
		       probes[set], rounds);
		print("image parsed", t[set].image, rounds);
		print("armed, goroutines read", t[set].armed, rounds);
		print("probes off", t[set].off, rounds);
		print("probes off and all closed", t[set].closed, rounds);
	}
	return 0;
}

int main(int argc, char **argv)
{
	int rounds = argc > 2 ? atoi(argv[2]) : 7, r = 0;

	if (argc < 2 || rounds < 1 || rounds > ROUNDS_MAX) {
		fprintf(stderr, "usage: attach PID [ROUNDS]\n");
		return 2;
	}
	for (uint32_t link = GOLIN_LINK_MULTI; link <= GOLIN_LINK_PERF && !r; link++)
		r = compare(atoi(argv[1]), link, rounds);
	return r;
}

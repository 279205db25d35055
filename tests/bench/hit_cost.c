/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a hit costs the target: CPU time that it spends more for each goroutine, against an empty
 * BPF program on the same instruction, all in one run and taken in turns.
 *
 *	hit_cost TARGET [ROUNDS [LOAD]]
 *
 * LOAD: only those whose load of the target's is named so or begins so: "panic".
 *
 * TARGET is tests/bench/target, built. bpftrace, where it is installed, can probe a function's
 * entry only: an instruction that the kernel single-steps.
 */
#include <bpf/bpf.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/err.h"
#include "golin/probes.h"
#include "golin/record.h"
#include "image_process.h"
#include "live/attach.h"
#include "live/bpfload.h"
#include "live/configure.h"
#include "live/ring.h"

enum { OPS = 100000, PARTS = 4, WARM = 10000, ROUNDS_MAX = 101, RING = 32 << 20 };

enum phase {
	BASE,
	EMPTY,
	EXIT,
	CREATE,
	CREATE_3,
	CREATE_16,
	BOTH_3,
	BASE_HANDED,
	HANDED,
	BASE_CANCEL,
	CANCEL_3,
	CANCEL_16,
	BASE_VALUE,
	VALUE_3,
	VALUE_SHOWN,
	BASE_WIDE,
	WIDE,
	BASE_PANIC,
	PANIC_EMPTY,
	PANIC_START,
	PANIC_DEFER,
	PANIC_RECOVER,
	PANIC_3,
	PANIC_16,
	PANIC_HIDDEN,
	BASE_PANIC_ERROR,
	PANIC_ERROR,
	BASE_PANIC_WRAPPED,
	PANIC_WRAPPED,
	BPFTRACE,
	PHASES
};

#define PANIC_EVENTS                                                                               \
	{                                                                                          \
		"panic.start", "panic.defer", "panic.recover"                                      \
	}

/* The loads: which are without a probe, and how many contexts or goroutines each has. */
static const struct {
	const char *name;
	const char *what;      /* tests/bench/target */
	const char *events[4]; /* that are armed */
	int load, depth;
	enum phase base;
} phases_of[PHASES] = {
	[BASE] = {"goroutine, no probe", "go", {0}, 0, 1, BASE},
	[EMPTY] = {"empty program", "go", {0}, 0, 1, BASE},
	[EXIT] = {"exit: 64-byte record", "go", {"goroutine.exit"}, 0, 1, BASE},
	[CREATE] = {"create: 64-byte record", "go", {"goroutine.create"}, 0, 1, BASE},
	[CREATE_3] = {"create, stack of 3 frames", "go", {"goroutine.create"}, 1, 1, BASE},
	[CREATE_16] = {"create, stack of 16 frames", "go", {"goroutine.create"}, 1, 14, BASE},
	[BOTH_3] = {"create with stack, and exit",
		    "go",
		    {"goroutine.create", "goroutine.exit"},
		    1,
		    1,
		    BASE},
	[BASE_HANDED] = {"goroutine with a context, no probe", "handed", {0}, 0, 1, BASE_HANDED},
	[HANDED] = {"create, and what it was handed",
		    "handed",
		    {"goroutine.create"},
		    2,
		    1,
		    BASE_HANDED},
	[BASE_CANCEL] = {"context and its cancel, no probe", "cancel", {0}, 0, 1, BASE_CANCEL},
	[CANCEL_3] = {"context created and cancelled",
		      "cancel",
		      {"context.create", "context.cancel.effect"},
		      2,
		      1,
		      BASE_CANCEL},
	[CANCEL_16] = {"likewise, stack of 16 frames",
		       "cancel",
		       {"context.create", "context.cancel.effect"},
		       2,
		       14,
		       BASE_CANCEL},
	[BASE_VALUE] = {"context with a value, no probe", "value", {0}, 0, 1, BASE_VALUE},
	[VALUE_3] = {"WithValue", "value", {"context.create.value"}, 2, 1, BASE_VALUE},
	[VALUE_SHOWN] =
		{"WithValue, --show-values", "value", {"context.create.value"}, 3, 1, BASE_VALUE},
	[BASE_WIDE] = {"1000 contexts cancelled by one, no probe", "wide", {0}, 0, 1, BASE_WIDE},
	[WIDE] = {"1000 contexts cancelled by one",
		  "wide",
		  {"context.create", "context.cancel.effect"},
		  2,
		  1,
		  BASE_WIDE},
	[BASE_PANIC] = {"panic(string) and recover, no probe", "panic", {0}, 0, 1, BASE_PANIC},
	[PANIC_EMPTY] = {"empty program at its three sites", "panic", {0}, 0, 1, BASE_PANIC},
	[PANIC_START] =
		{"begun alone, stack of 4 frames", "panic", {"panic.start"}, 4, 1, BASE_PANIC},
	[PANIC_DEFER] = {"deferred call alone", "panic", {"panic.defer"}, 4, 1, BASE_PANIC},
	[PANIC_RECOVER] = {"recovery alone", "panic", {"panic.recover"}, 4, 1, BASE_PANIC},
	[PANIC_3] = {"panic(string), stack of 4 frames", "panic", PANIC_EVENTS, 4, 1, BASE_PANIC},
	[PANIC_16] = {"likewise, stack of 17 frames", "panic", PANIC_EVENTS, 4, 14, BASE_PANIC},
	[PANIC_HIDDEN] = {"likewise, of 4, --hide-values", "panic", PANIC_EVENTS, 5, 1, BASE_PANIC},
	[BASE_PANIC_ERROR] =
		{"panic(error) and recover, no probe", "panic-error", {0}, 0, 1, BASE_PANIC_ERROR},
	[PANIC_ERROR] = {"panic(error), stack of 4 frames", "panic-error", PANIC_EVENTS, 4, 1,
			 BASE_PANIC_ERROR},
	[BASE_PANIC_WRAPPED] = {"an error that wraps two others, no probe",
				"panic-wrapped",
				{0},
				0,
				1,
				BASE_PANIC_WRAPPED},
	[PANIC_WRAPPED] = {"an error that wraps two others", "panic-wrapped", PANIC_EVENTS, 4, 1,
			   BASE_PANIC_WRAPPED},
	[BPFTRACE] = {"bpftrace printf at newproc1's entry", "go", {0}, 0, 1, BASE},
};

/* Without stacks; with; with contexts; with their values; panics; without what they say. */
enum { LOADS = 6 };

enum { GROUPS = GOLIN_GROUP_GOROUTINES | GOLIN_GROUP_CONTEXTS | GOLIN_GROUP_PANICS };

struct bench {
	FILE *to, *from;
	struct golin_target t;
	struct golin_imgproc *p;
	struct golin_plan plan;
	struct bpfload loads[LOADS];
	struct ring rings[LOADS];
	int empty_fd;
};

static void die(const char *what, const struct golin_err *err)
{
	fprintf(stderr, "hit_cost: %s%s%s\n", what, err ? ": " : "", err ? err->msg : "");
	exit(1);
}

static double ask(struct bench *b, int n, int depth, const char *what)
{
	char line[64];

	fprintf(b->to, "%d %d %s\n", n, depth, what);
	fflush(b->to);
	if (!fgets(line, sizeof(line), b->from))
		die("the target ended", NULL);
	return strtod(line, NULL) / n;
}

static void open_target(struct bench *b, const char *path)
{
	struct golin_err err = {0};
	int in[2], out[2];
	char line[64];
	cpu_set_t cpu;

	if (pipe2(in, O_CLOEXEC) || pipe2(out, O_CLOEXEC))
		die("pipe", NULL);
	struct golin_spawn_opts opts = {.stdin_fd = in[0], .stdout_fd = out[1], .stderr_fd = -1};

	if (golin_target_spawn((char *[]){(char *)path, NULL}, &opts, &b->t, &err) < 0 ||
	    golin_target_release(&b->t, &err) < 0)
		die(path, &err);
	CPU_ZERO(&cpu);
	CPU_SET(0, &cpu);
	sched_setaffinity(b->t.pid, sizeof(cpu), &cpu);
	b->to = fdopen(in[1], "w");
	b->from = fdopen(out[0], "r");
	if (!fgets(line, sizeof(line), b->from) || strcmp(line, "ready\n"))
		die("the target does not answer", NULL);
	if (golin_imgproc_open(b->t.exe_fd, path, GOLIN_LAYOUT_AUTO, &b->p, &err) < 0)
		die(path, &err);
}

static void load(struct bench *b)
{
	const struct golin_image_info *info = golin_imgproc_info(b->p);
	const struct golin_layout *layout = golin_imgproc_layout(b->p);
	struct golin_err err = {0};
	struct wire_cfg cfg;

	if (golin_plan_make(info, layout, GROUPS, &b->plan, &err) < 0 ||
	    golin_plan_resolve(&b->plan, b->p, &err) < 0 ||
	    golin_plan_check(&b->plan, ~0u, &err) < 0)
		die("plan", &err);
	for (int i = 0; i < LOADS; i++) {
		struct bpfload *load = &b->loads[i];

		if (configure_wire(&b->plan, info, layout, b->t.pid, i ? 32 : 0, &cfg, &err) < 0)
			die("configure", &err);
		cfg.has |= i == 2 || i == 3 ? WIRE_HAS_CONTEXTS : 0;
		cfg.has |= i == 3 ? WIRE_HAS_VALUES : 0;
		if (i == 2 || i == 3)
			configure_traces(info, layout, &cfg);
		if (i >= 4 && configure_panics(&b->plan, info, layout, i == 4, &cfg, &err) < 0)
			die("configure", &err);
		if (bpfload_open(load, &cfg, true, info->go.minor < 17, RING, 0, &err) < 0 ||
		    ring_open(&b->rings[i], bpfload_ring_fd(load), RING, &err) < 0)
			die("load", &err);
	}
	const struct bpf_insn empty[] = {
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0},
		{.code = BPF_JMP | BPF_EXIT},
	};
	LIBBPF_OPTS(bpf_prog_load_opts, opts,
		    .expected_attach_type = (enum bpf_attach_type)ATTACH_UPROBE_MULTI);

	b->empty_fd = bpf_prog_load(BPF_PROG_TYPE_KPROBE, "empty", "GPL", empty, 2, &opts);
	if (b->empty_fd < 0)
		die("cannot load the empty program", NULL);
}

/* One link on one instruction, as probes/live/attach.c makes it. */
static int attach_empty(struct bench *b, const struct golin_plan_hook *h)
{
	struct {
		uint32_t prog_fd, target_fd, attach_type, flags;
		uint64_t path, offsets, ref_ctr_offsets, cookies;
		uint32_t cnt, multi_flags, pid, pad;
	} attr = {0};
	char path[32];
	int fd;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", b->t.exe_fd);
	attr.prog_fd = (uint32_t)b->empty_fd;
	attr.attach_type = ATTACH_UPROBE_MULTI;
	attr.path = (uintptr_t)path;
	attr.offsets = (uintptr_t)&h->site.file_off;
	attr.cnt = 1;
	attr.pid = (uint32_t)b->t.pid;
	fd = (int)syscall(__NR_bpf, BPF_LINK_CREATE, &attr, sizeof(attr));
	if (fd < 0)
		die("cannot attach the empty program", NULL);
	return fd;
}

struct tracer {
	pid_t pid;
	int fd;
	pthread_t drain;
};

static void *drain(void *arg)
{
	char buf[65536];

	while (read(*(int *)arg, buf, sizeof(buf)) > 0)
		;
	return NULL;
}

/* False when there is no bpftrace, or it cannot. */
static bool start_bpftrace(struct bench *b, const char *path, struct tracer *t)
{
	char prog[1200], line[64] = "";
	size_t n = 0;
	int out[2];

	snprintf(prog, sizeof(prog),
		 "BEGIN { printf(\"ready\\n\"); } uprobe:%s:\"runtime.newproc1\" /pid == %d/ "
		 "{ printf(\"%%llx %%llx %%d\\n\", reg(\"ax\"), reg(\"bx\"), tid); }",
		 path, (int)b->t.pid);
	if (pipe2(out, O_CLOEXEC))
		return false;
	t->pid = fork();
	if (!t->pid) {
		int null = open("/dev/null", O_WRONLY);

		dup2(out[1], 1);
		dup2(null, 2);
		execlp("bpftrace", "bpftrace", "-e", prog, NULL);
		_exit(127);
	}
	close(out[1]);
	t->fd = out[0];
	while (n < sizeof(line) - 1 && read(t->fd, line + n, 1) == 1 && !strstr(line, "ready"))
		n++;
	pthread_create(&t->drain, NULL, drain, &t->fd);
	sleep(2); /* it attaches after BEGIN, and does not say when it has */
	return strstr(line, "ready") && !waitpid(t->pid, NULL, WNOHANG);
}

static void stop_bpftrace(struct tracer *t)
{
	kill(t->pid, SIGINT);
	waitpid(t->pid, NULL, 0);
	pthread_join(t->drain, NULL);
	close(t->fd);
}

static void drain_rings(struct bench *b)
{
	for (int k = 0; k < LOADS; k++) {
		uint64_t pos = ring_start(&b->rings[k]);

		while (ring_next(&b->rings[k], &pos))
			;
		ring_release(&b->rings[k], pos);
	}
}

static double measure(struct bench *b, enum phase ph)
{
	const struct golin_plan_hook *create = plan_hook(&b->plan, "goroutine.create");
	int depth = phases_of[ph].depth, links[3] = {-1, -1, -1};
	const char *what = phases_of[ph].what;
	struct golin_plan plan = b->plan;
	struct golin_err err = {0};
	struct attach at;
	double ns = 0;

	if (ph == EMPTY)
		links[0] = attach_empty(b, create);
	for (int i = 0; ph == PANIC_EMPTY && i < 3; i++)
		links[i] = attach_empty(b, plan_hook(&b->plan, (const char *[])PANIC_EVENTS[i]));
	for (size_t k = 0; k < plan.n; k++) {
		bool wanted = false;

		for (int e = 0; e < 4 && phases_of[ph].events[e]; e++)
			wanted |= !strcmp(plan.hooks[k].event, phases_of[ph].events[e]);
		if (!wanted)
			plan.hooks[k].site.error = -ENODATA;
	}
	attach_init(&at, &plan, &b->loads[phases_of[ph].load], b->t.pid, b->t.exe_fd);
	if (phases_of[ph].events[0] && attach_on(&at, GROUPS, &err) < 0)
		die("attach", &err);
	ask(b, WARM, depth, what);
	for (int i = 0; i < PARTS; i++) {
		drain_rings(b);
		ns += ask(b, OPS / PARTS, depth, what) / PARTS;
	}
	attach_off(&at, ~0u);
	for (int i = 0; i < 3; i++)
		if (links[i] >= 0)
			close(links[i]);
	drain_rings(b);
	return ns;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
	int rounds = argc > 2 ? atoi(argv[2]) : 9, phases = BPFTRACE;
	const char *only = argc > 3 ? argv[3] : "";
	static double ns[PHASES][ROUNDS_MAX];
	struct wire_stats sum;
	struct counters c;
	struct bench b = {0};
	struct tracer t;
	double base, empty;

	if (argc < 2 || rounds < 1 || rounds > ROUNDS_MAX) {
		fprintf(stderr, "usage: hit_cost TARGET [ROUNDS [LOAD]]\n");
		return 2;
	}
	open_target(&b, argv[1]);
	load(&b);
	for (int r = 0; r < rounds; r++)
		for (int ph = 0; ph < phases; ph++)
			if (ph <= EMPTY || !strncmp(phases_of[ph].what, only, strlen(only)))
				ns[ph][r] = measure(&b, ph);
	if (!*only && start_bpftrace(&b, argv[1], &t)) {
		for (int r = 0; r < rounds; r++)
			ns[BPFTRACE][r] = ask(&b, OPS / 10, 1, "go");
		phases = PHASES;
	} else {
		printf("bpftrace cannot be used here: not compared\n");
	}
	if (!*only)
		stop_bpftrace(&t);
	for (int ph = 0; ph < phases; ph++)
		qsort(ns[ph], (size_t)rounds, sizeof(double), by_value);
	base = ns[BASE][rounds / 2];
	empty = ns[EMPTY][rounds / 2] - base;
	printf("%s, %d rounds of %d: CPU ns of the target for each, median [min..max]\n",
	       golin_imgproc_info(b.p)->go.short_, rounds, OPS);
	printf("%-40s %8s %20s %8s %8s\n", "", "ns", "", "added", "x empty");
	for (int ph = 0; ph < phases; ph++) {
		double m = ns[ph][rounds / 2], b0 = ns[phases_of[ph].base][rounds / 2];

		if (!m)
			continue;
		printf("%-40s %8.0f [%7.0f..%8.0f] %8.0f %8.2f\n", phases_of[ph].name, m, ns[ph][0],
		       ns[ph][rounds - 1], m - b0, (m - b0) / empty);
	}
	for (int i = 0; i < LOADS; i++) {
		if (!counters_open(&c, bpfload_stats_fd(&b.loads[i]), NULL)) {
			uint64_t hits, lost;

			counters_sum(&c, &sum);
			counters_events(&sum, &hits, &lost);
			printf("program %d: %llu hits, %llu lost\n", i, (unsigned long long)hits,
			       (unsigned long long)lost);
			counters_close(&c);
		}
	}
	fclose(b.to);
	golin_imgproc_close(b.p);
	golin_target_close(&b.t);
	return 0;
}

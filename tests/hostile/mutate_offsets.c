/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mutate_offsets GOLIN COUNT SEED PROGRAM...
 *
 * Gives damaged and crafted files to the real `golin offsets`, COUNT of them by chance, besides all
 * bombs on each program and the smallest program cut at every KiB. Each run must end within 1 s of
 * CPU time (and 20 s of the clock, on a busy machine) and 256 MiB, by itself, with exit code 0 or
 * 3, and with a message when it is 3; and its image process must not have been ended by the file.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "damage.h"

enum {
	WORKERS = 2,
	MAX_PROGRAMS = 32,
	MAX_CPU_MS = 1000,
	MAX_CLOCK_S = 20,
	MAX_MIB = 256,
	MAX_OUTPUT = 1 << 20,
	MAX_BOMBS = 1000,
	MAX_KEPT = 20,
};

struct totals {
	unsigned runs, good, refused, dwarf, table, tables_alone, failed;
	unsigned max_cpu_ms, max_clock_ms, max_kib;
	unsigned chance, bombs, cuts;
};

static const char *golin;
static struct program programs[MAX_PROGRAMS];
static unsigned nprograms;
static uint64_t seed;

struct run {
	int status;
	bool late;
	unsigned cpu_ms, clock_ms, kib;
	char *out, *err;
};

static unsigned now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static char *slurp(int fd)
{
	char *buf = malloc(MAX_OUTPUT + 1);
	ssize_t n = pread(fd, buf, MAX_OUTPUT, 0);

	buf[n > 0 ? n : 0] = '\0';
	close(fd);
	return buf;
}

static int memory(const char *name, const void *data, size_t len)
{
	int fd = memfd_create(name, 0);

	if (fd < 0 || write(fd, data, len) != (ssize_t)len) {
		perror("memfd");
		exit(2);
	}
	return fd;
}

static void run_child(int file, int out, int err)
{
	const struct rlimit as = {MAX_MIB << 20, MAX_MIB << 20};
	char path[64];

	dup2(out, 1);
	dup2(err, 2);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", file);
	if (!setrlimit(RLIMIT_AS, &as))
		execl(golin, golin, "offsets", "--format", "json", path, NULL);
	_exit(126);
}

static void run_golin(const uint8_t *data, size_t len, struct run *r)
{
	int file = memory("mutation", data, len), out = memory("out", "", 0),
	    err = memory("err", "", 0);
	unsigned begin = now_ms();
	struct rusage u;
	sigset_t chld;
	pid_t pid;

	memset(r, 0, sizeof(*r));
	sigemptyset(&chld);
	sigaddset(&chld, SIGCHLD);
	sigprocmask(SIG_BLOCK, &chld, NULL);
	pid = fork();
	if (!pid) {
		sigprocmask(SIG_UNBLOCK, &chld, NULL);
		run_child(file, out, err);
	}
	while (wait4(pid, &r->status, WNOHANG, &u) == 0) {
		struct timespec left = {.tv_sec = 1};

		if (now_ms() - begin > MAX_CLOCK_S * 1000) {
			r->late = true;
			kill(pid, SIGKILL);
		}
		(void)sigtimedwait(&chld, NULL, &left);
	}
	r->clock_ms = now_ms() - begin;
	r->cpu_ms = (u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1000 +
		    (u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1000;
	r->kib = u.ru_maxrss;
	close(file);
	r->out = slurp(out);
	r->err = slurp(err);
}

/* What is wrong with a run; NULL: nothing. */
static const char *judge(const struct run *r)
{
	if (r->late)
		return "hangs";
	if (WIFSIGNALED(r->status))
		return "ended by a signal";
	if (r->cpu_ms > MAX_CPU_MS)
		return "takes more than 1 s";
	if (r->kib > MAX_MIB << 10)
		return "takes more than 256 MiB";
	if (WEXITSTATUS(r->status) != 0 && WEXITSTATUS(r->status) != 3)
		return "an exit code that is not 0 or 3";
	if (strstr(r->err, "image process"))
		return "the image process fails";
	if (WEXITSTATUS(r->status) == 3 && strncmp(r->err, "golin: ", 7))
		return "refuses without a word";
	if (WEXITSTATUS(r->status) == 0 && r->out[0] != '{')
		return "succeeds without a layout";
	return NULL;
}

static bool any(const char *text, const char *const *words)
{
	for (; *words; words++)
		if (strstr(text, *words))
			return true;
	return false;
}

static void count(struct totals *t, const struct run *r)
{
	static const char *const dwarf[] = {"DWARF: ",	".debug_",	    ".zdebug_",
					    "DWARF at", "the layout lacks", NULL};
	static const char *const table[] = {"function table", "module data", "firstmoduledata",
					    "such function", NULL};
	bool good = WEXITSTATUS(r->status) == 0;
	/* With a layout the function table was read for the hook points. */
	bool d = good ? strstr(r->out, "\"source\":\"dwarf\"") != NULL : any(r->err, dwarf);
	bool p = good ? strstr(r->out, "\"hooks\":[{") != NULL || any(r->err, table)
		      : any(r->err, table);

	t->runs++;
	t->good += good;
	t->refused += !good;
	t->dwarf += d;
	t->table += p;
	t->tables_alone += p && !d;
	if (r->cpu_ms > t->max_cpu_ms)
		t->max_cpu_ms = r->cpu_ms;
	if (r->clock_ms > t->max_clock_ms)
		t->max_clock_ms = r->clock_ms;
	if (r->kib > t->max_kib)
		t->max_kib = r->kib;
}

static void keep(const char *name, const uint8_t *data, size_t len)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	if (fd >= 0) {
		(void)!write(fd, data, len);
		close(fd);
	}
}

static void try(struct totals *t, const uint8_t *data, size_t len, const char *kind,
		const char *path, unsigned long long number)
{
	const char *wrong;
	struct run r;

	run_golin(data, len, &r);
	wrong = judge(&r);
	count(t, &r);
	if (wrong) {
		char name[64];

		snprintf(name, sizeof(name), "mutation-%llu-%.8s", number, kind);
		for (char *s = name; *s; s++)
			if (*s == ' ')
				*s = '_';
		printf("FAIL: %s: %s %llu of %s (status 0x%x, %u ms CPU, %u KiB), kept as "
		       "%s\n%.400s",
		       wrong, kind, number, path, (unsigned)r.status, r.cpu_ms, r.kib, name, r.err);
		fflush(stdout);
		if (t->failed++ < MAX_KEPT)
			keep(name, data, len);
	}
	free(r.out);
	free(r.err);
}

static void work(unsigned me, unsigned chance, struct totals *t)
{
	const struct program *small = &programs[0];
	const char *kind;
	size_t len;

	for (unsigned i = 1; i < nprograms; i++)
		if (programs[i].len < small->len)
			small = &programs[i];
	for (unsigned i = 0; i < nprograms; i++)
		for (unsigned n = me; n < MAX_BOMBS; n += WORKERS) {
			uint8_t *data = bomb(&programs[i], n, &len, &kind);

			if (!data)
				break;
			try(t, data, len, kind, programs[i].path, n);
			free(data);
			t->bombs++;
		}
	for (size_t cut = me << 10; cut < small->len; cut += WORKERS << 10, t->cuts++)
		try(t, small->data, cut, "cut", small->path, cut);
	for (unsigned n = me; n < chance; n += WORKERS, t->chance++) {
		const struct program *p = &programs[n % nprograms];
		uint8_t *data = damage(p, seed + n, &len, &kind);

		try(t, data, len, kind, p->path, seed + n);
		free(data);
	}
}

/* Undamaged all must be well: else nothing is tested. */
static bool check_golin(void)
{
	bool good = true;

	for (unsigned i = 0; i < nprograms && good; i++) {
		const char *wrong;
		struct run r;

		run_golin(programs[i].data, programs[i].len, &r);
		wrong = judge(&r);
		good = !wrong && WEXITSTATUS(r.status) == 0;
		if (!good)
			printf("FAIL: %s, undamaged: %s (status 0x%x)\n%.400s", programs[i].path,
			       wrong ? wrong : "refused", (unsigned)r.status, r.err);
		free(r.out);
		free(r.err);
	}
	return good;
}

static unsigned most(unsigned a, unsigned b)
{
	return a > b ? a : b;
}

int main(int argc, char **argv)
{
	struct totals sum = {0}, *shared;
	unsigned chance, reached;
	bool broken = false;
	int status;

	if (argc < 5 || argc - 4 > MAX_PROGRAMS) {
		fprintf(stderr, "usage: mutate_offsets GOLIN COUNT SEED PROGRAM...\n");
		return 2;
	}
	golin = argv[1];
	chance = atoi(argv[2]);
	seed = strtoull(argv[3], NULL, 0);
	for (int i = 4; i < argc; i++)
		if (!program_open(argv[i], &programs[nprograms++]))
			return 2;
	printf("seed %llu, %u programs\n", (unsigned long long)seed, nprograms);
	if (!check_golin())
		return 1;
	fflush(stdout);
	shared = mmap(NULL, WORKERS * sizeof(*shared), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	for (unsigned i = 0; i < WORKERS; i++) {
		if (!fork()) {
			work(i, chance, &shared[i]);
			_exit(0);
		}
	}
	while (wait(&status) > 0)
		broken |= status != 0;
	for (unsigned i = 0; i < WORKERS; i++) {
		const struct totals *t = &shared[i];

		sum.runs += t->runs;
		sum.good += t->good;
		sum.refused += t->refused;
		sum.dwarf += t->dwarf;
		sum.table += t->table;
		sum.tables_alone += t->tables_alone;
		sum.failed += t->failed;
		sum.bombs += t->bombs;
		sum.cuts += t->cuts;
		sum.chance += t->chance;
		sum.max_cpu_ms = most(sum.max_cpu_ms, t->max_cpu_ms);
		sum.max_clock_ms = most(sum.max_clock_ms, t->max_clock_ms);
		sum.max_kib = most(sum.max_kib, t->max_kib);
	}
	reached = sum.dwarf + sum.tables_alone;
	printf("%u files: %u by chance, %u bombs, %u cuts; %u answered, %u refused\n", sum.runs,
	       sum.chance, sum.bombs, sum.cuts, sum.good, sum.refused);
	printf("%u (%u %%) got as far as DWARF or the function table: %u DWARF, %u the table\n",
	       reached, sum.runs ? 100 * reached / sum.runs : 0, sum.dwarf, sum.table);
	printf("at most %u ms of CPU time, %u ms by the clock, %u KiB\n", sum.max_cpu_ms,
	       sum.max_clock_ms, sum.max_kib);
	printf("%u failed\n", sum.failed);
	if (reached * 10 < sum.runs * 3) {
		printf("FAIL: less than 30 %% got that far\n");
		broken = true;
	}
	return sum.failed || broken || sum.chance != chance;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_names PROGRAM...: runs the fixture `names` and compares what the Go runtime says of
 * thousands of pcs with what golin reads from the file: functions, files, lines, inlined frames
 * and the functions behind go statements. One difference is a failure.
 */
#include <ctype.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "base/err.h"
#include "base/text.h"
#include "code.h"
#include "golin/layout.h"
#include "image.h"
#include "timer_heaps.h"

enum { MAX_FRAMES = 32, SHOWN = 10, WRAPPER = 1 };

struct frame {
	uint64_t pc;
	char func[1024], file[1024];
	uint32_t line;
};

struct check {
	struct golin_image *img;
	uint64_t bias; /* loaded minus linked */
	struct frame stack[256];
	int depth;
	char traced[1024]; /* the function in the last line of a traceback */
	unsigned frames, chains, pcs, starts, traces, sites, wrong;
};

static struct golin_name_frame names[MAX_FRAMES];

static void differ(struct check *c, const char *what, uint64_t pc, const char *want_func,
		   const char *want_file, uint32_t want_line, const struct golin_name_frame *got)
{
	if (c->wrong++ >= SHOWN)
		return;
	printf("%s at 0x%" PRIx64 ":\n  Go    %s %s:%u\n  golin %s %s:%u\n", what, pc, want_func,
	       want_file, want_line, got ? got->func : "-", got ? got->file : "-",
	       got ? got->line : 0);
}

static bool same(const struct golin_name_frame *f, const char *func, const char *file,
		 uint32_t line)
{
	return !strcmp(f->func, func) && !strcmp(f->file, file) && f->line == line;
}

/* At the entry of a wrapper the function behind it comes first, and is left out here. */
static int own_frames(struct check *c, uint64_t pc, const struct golin_name_frame **ret)
{
	int n = golin_image_names(c->img, pc, names, MAX_FRAMES), skip = 0;
	struct pcln_func f;

	if (n > 1 && (names[n - 1].flags & WRAPPER) &&
	    pclntab_find_pc(&c->img->code->tab, pc, &f) && f.lo == pc)
		skip = 1;
	*ret = names + skip;
	return n - skip;
}

/* A whole stack: every frame by itself, and as the caller of the ones inlined into it. */
static void check_stack(struct check *c)
{
	for (int i = 0; i < c->depth; i++) {
		const struct frame *want = &c->stack[i];
		const struct golin_name_frame *got;
		int n = own_frames(c, want->pc, &got), at = i;

		c->frames++;
		/* Go leaves wrappers out. */
		for (int k = 0; k < n; k++) {
			if ((got[k].flags & WRAPPER) &&
			    (at >= c->depth || strcmp(got[k].func, c->stack[at].func)))
				continue;
			if (at >= c->depth || !same(&got[k], c->stack[at].func, c->stack[at].file,
						    c->stack[at].line)) {
				differ(c, at == i ? "frame" : "inlined frame", want->pc,
				       at < c->depth ? c->stack[at].func : "-",
				       at < c->depth ? c->stack[at].file : "-",
				       at < c->depth ? c->stack[at].line : 0, &got[k]);
				break;
			}
			at++;
		}
		if (at == i)
			differ(c, "frame", want->pc, want->func, want->file, want->line, NULL);
		c->chains += at > i + 1;
	}
	c->depth = 0;
}

static bool parse(const char *line, struct check *c, struct frame *f)
{
	int n = 0;

	const char *blank = strchr(line, ' '), *tab = blank ? strchr(blank, '\t') : NULL;
	size_t len;

	if (!tab || sscanf(tab, "\t%" SCNu32 "\t%n", &f->line, &n) < 1 || !n)
		return false;
	f->pc = strtoull(line, NULL, 16) - c->bias;
	len = tab - blank - 1;
	/* As golin cuts and cleans it. */
	golin_text_clean(f->func, sizeof(f->func), blank + 1, len);
	snprintf(f->file, sizeof(f->file), "%s", tab + n);
	return true;
}

static void check_pc(struct check *c, const char *line)
{
	const struct golin_name_frame *got;
	struct frame f;
	int n;

	if (!parse(line, c, &f)) {
		printf("malformed: %s\n", line);
		c->wrong++;
		return;
	}
	n = own_frames(c, f.pc, &got);
	c->pcs++;
	/* Go says "?" where it knows no file, and nothing where a name has the offset 0. */
	if (!strcmp(f.file, "?"))
		f.file[0] = '\0';
	if (n && !f.func[0])
		snprintf(f.func, sizeof(f.func), "%s", got->func);
	if (!n || !same(got, f.func, f.file, f.line))
		differ(c, "pc", f.pc, f.func, f.file, f.line, n ? got : NULL);
}

/* "main.deep(0x1)" and, one line further, "\t/x/main.go:51 +0x25". */
static void check_trace(struct check *c, char *line)
{
	char *plus = strstr(line, " +0x"), *colon, *end;
	uint64_t lo, hi, pc;
	uint32_t number;
	int n;

	if (line[0] != '\t') {
		const char *created = "created by ";

		end = strrchr(line, '(');
		if (!strncmp(line, created, strlen(created))) {
			line += strlen(created);
			end = strstr(line, " in goroutine ");
			if (!end)
				end = line + strlen(line);
		}
		if (end)
			*end = '\0';
		snprintf(c->traced, sizeof(c->traced), "%s", end ? line : "");
		return;
	}
	if (!plus || !c->traced[0] || strchr(c->traced, '[') ||
	    golin_image_func(c->img, c->traced, &lo, &hi, NULL))
		return;
	*plus = '\0';
	colon = strrchr(line, ':');
	if (!colon)
		return;
	*colon = '\0';
	number = strtoul(colon + 1, NULL, 10);
	pc = lo + strtoul(plus + 2, NULL, 16) - 1;
	n = golin_image_names(c->img, pc, names, MAX_FRAMES);
	c->traces++;
	if (!n || strcmp(names[n - 1].func, c->traced) || strcmp(names[n - 1].file, line + 1) ||
	    names[n - 1].line != number)
		differ(c, "traceback", pc, c->traced, line + 1, number, n ? &names[n - 1] : NULL);
	c->traced[0] = '\0';
}

/* From 1.17 on each of these go statements starts a wrapper. */
static void check_start(struct check *c, const char *text)
{
	const struct pclntab *t = &c->img->code->tab;
	char func[256];
	unsigned line, found = 0;

	if (sscanf(text, "%u %255s", &line, func) != 2) {
		printf("malformed: %s\n", text);
		c->wrong++;
		return;
	}
	for (uint32_t i = 0; i < t->nfunc; i++) {
		struct pcln_func f;
		int n;

		if (!pclntab_func(t, i, &f) || !f.wrapper || strncmp(f.name, "main.startAll", 13))
			continue;
		n = golin_image_names(c->img, f.lo, names, MAX_FRAMES);
		if (!n || names[n - 1].line != line)
			continue;
		found++;
		c->starts++;
		/* What nobody can tell from the file stays the wrapper, and in sight. */
		if (!strcmp(func, "-")) {
			if (n != 1 || names[0].flags)
				differ(c, "go statement", f.lo, func, "", line, &names[0]);
			continue;
		}
		if (n < 2 || !(names[n - 1].flags & WRAPPER) || (names[0].flags & WRAPPER) ||
		    strncmp(names[0].func, func, strlen(func)) ||
		    (strcmp(func, "main.startAll.func") && strcmp(names[0].func, func)) ||
		    !names[0].file[0] || !names[0].line)
			differ(c, "go statement", f.lo, func, "", line, &names[0]);
	}
	if (found != (t->minor >= 17)) {
		printf("line %u starts %s: %u wrappers\n", line, func, found);
		c->wrong++;
	}
}

static void check_line(struct check *c, char *line)
{
	char kind = line[0], *rest = line + (line[0] && line[1] ? 2 : 1);
	uint64_t lo, hi;

	switch (kind) {
	case 'B':
		if (golin_image_func(c->img, "main.main", &lo, &hi, NULL)) {
			printf("no main.main\n");
			c->wrong++;
			return;
		}
		c->bias = strtoull(rest, NULL, 16) - lo;
		break;
	case 'F':
		if (c->depth < (int)(sizeof(c->stack) / sizeof(c->stack[0])) &&
		    parse(rest, c, &c->stack[c->depth]))
			c->depth++;
		break;
	case 'E':
		check_stack(c);
		break;
	case 'P':
		check_pc(c, rest);
		break;
	case 'W':
		check_start(c, rest);
		break;
	case 'D':
		check_trace(c, rest);
		break;
	default:
		printf("malformed: %s\n", line);
		c->wrong++;
	}
}

/*
 * The places where golin's probes go: there in every build, each on an instruction that the kernel
 * emulates, but for the store.
 */
static void check_site(struct check *c, const char *func, uint32_t kind, const char *target,
		       int32_t disp)
{
	struct golin_site_want w = {.kind = kind, .disp = disp};
	struct golin_site s;

	snprintf(w.func, sizeof(w.func), "%s", func);
	snprintf(w.target, sizeof(w.target), "%s", target);
	c->sites++;
	if (!golin_image_site(c->img, &w, &s) &&
	    (s.insn != GOLIN_INSN_OTHER || kind == GOLIN_SITE_STORE))
		return;
	printf("site in %s: %s '%s'\n", func, s.why, s.text);
	c->wrong++;
}

/* What the code says of them is what the symbol says; a stripped program has the code alone. */
static void check_timer_heaps(struct check *c)
{
	uint16_t minor = golin_image_info(c->img)->go.minor;
	uint64_t code = timer_heaps_find(&c->img->elf, &c->img->code->tab, minor);
	uint64_t symbol = timer_heaps_symbol(&c->img->elf, minor);

	if (code && (code == symbol || !symbol) && golin_image_info(c->img)->timer_heaps == code)
		return;
	printf("the timers are at 0x%" PRIx64 ", by the symbol at 0x%" PRIx64 "\n", code, symbol);
	c->wrong++;
}

static void check_sites(struct check *c)
{
	const struct golin_image_info *info = golin_image_info(c->img);
	struct golin_layout layout;
	struct golin_err err = {0};
	unsigned minor = info->go.minor;
	uint32_t off;

	check_site(c, minor < 15 ? "runtime.newproc1" : "runtime.newproc.func1", GOLIN_SITE_CALL,
		   "runtime.runqput", 0);
	check_site(c, minor < 22 ? "runtime.goexit0" : "runtime.gdestroy", GOLIN_SITE_PROLOGUE, "",
		   0);
	check_site(c, "runtime.Goexit", GOLIN_SITE_PROLOGUE, "", 0);
	check_site(c, "runtime.gopanic", GOLIN_SITE_PROLOGUE, "", 0);
	check_site(c, "time.goFunc", GOLIN_SITE_PROLOGUE, "", 0);
	if (minor < 23) {
		check_site(c, "time.startTimer", GOLIN_SITE_PROLOGUE, "", 0);
	} else {
		check_site(c, "time.newTimer", GOLIN_SITE_CALL, "runtime.(*timer).modify", 0);
		if (golin_image_layout(c->img, GOLIN_LAYOUT_AUTO, &layout, &err) ||
		    !golin_layout_get(&layout, GOLIN_F_G_coroarg, &off)) {
			printf("no offset of g.coroarg: %s\n", err.msg);
			c->wrong++;
		} else {
			check_site(c, "runtime.newcoro", GOLIN_SITE_STORE, "", off);
		}
	}
	if (!info->allgs || info->tls_g != -8) {
		printf("allgs 0x%" PRIx64 ", g at fs%+" PRId64 "\n", info->allgs, info->tls_g);
		c->wrong++;
	}
	check_timer_heaps(c);
}

static FILE *run(const char *path, pid_t *ret_pid)
{
	int fds[2];

	if (pipe(fds) < 0)
		return NULL;
	*ret_pid = fork();
	if (!*ret_pid) {
		/* The race detector of old versions does not stand today's randomization. */
		personality(ADDR_NO_RANDOMIZE);
		dup2(fds[1], 1);
		execl(path, path, (char *)NULL);
		_exit(127);
	}
	close(fds[1]);
	return fdopen(fds[0], "r");
}

/* Speed, told and not judged: the machine may be busy. */
static void measure(struct check *c)
{
	uint64_t lo = c->img->info.text, span = c->img->info.etext - lo;
	struct timespec a, b;
	double s;
	int n = 20000;

	clock_gettime(CLOCK_MONOTONIC, &a);
	for (int i = 0; i < n; i++)
		golin_image_names(c->img, lo + (uint64_t)i * 7919 % span, names, MAX_FRAMES);
	clock_gettime(CLOCK_MONOTONIC, &b);
	s = (b.tv_sec - a.tv_sec) + (b.tv_nsec - a.tv_nsec) / 1e9;
	printf("  %.0f names/s\n", n / s);
}

static int check_program(const char *path)
{
	struct check *c = calloc(1, sizeof(*c));
	struct golin_err err = {0};
	char *line = NULL;
	size_t cap = 0;
	int fd = open(path, O_RDONLY | O_CLOEXEC), status;
	bool old;
	pid_t pid = -1;
	FILE *f;

	if (!c || fd < 0 || golin_image_open(fd, &c->img, &err) || !c->img->code) {
		printf("%s: %s%s\n", path, err.msg, fd < 0 ? "cannot be opened" : "");
		return 1;
	}
	check_sites(c);
	old = c->img->code->tab.minor < 17;
	f = run(path, &pid);
	while (f && getline(&line, &cap, f) > 0) {
		line[strcspn(line, "\n")] = '\0';
		check_line(c, line);
	}
	free(line);
	if (f)
		fclose(f);
	if (waitpid(pid, &status, 0) != pid || status) {
		printf("%s: ended with status 0x%x\n", path, status);
		c->wrong++;
	}
	printf("%s: %u frames, %u with inlined ones, %u pcs, %u tracebacks, %u go statements, "
	       "%u sites: %u differences\n",
	       path, c->frames, c->chains, c->pcs, c->traces, c->starts, c->sites, c->wrong);
	/* A fixture that printed little would prove nothing. */
	if (c->frames < 100 || c->pcs < 5000 || c->traces < 50 || (!old && c->starts != 15)) {
		printf("%s: too little to compare\n", path);
		c->wrong++;
	}
	measure(c);
	status = c->wrong != 0;
	golin_image_close(c->img);
	close(fd);
	free(c);
	return status;
}

int main(int argc, char **argv)
{
	int bad = 0;

	for (int i = 1; i < argc; i++)
		bad |= check_program(argv[i]);
	return argc > 1 ? bad : 2;
}

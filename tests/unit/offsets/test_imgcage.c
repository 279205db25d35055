/* SPDX-License-Identifier: BSD-2-Clause */
/* The image process on a real program, and what it cannot do. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>
#include "go_binary.h"
#include "image_process.h"
#include "image_wire.h"

static int self; /* any file: this program */

static int seen;
static void count(void *arg, uint64_t pc, const struct golin_name_frame *frames, int n)
{
	seen += 1000 * n + 1;
	if (n && arg)
		memcpy(arg, frames, sizeof(*frames));
}

#ifndef __SANITIZE_ADDRESS__
static int open_with(wire_server_fn server, struct golin_imgproc **p, struct golin_err *err)
{
	*err = (struct golin_err){0};
	return imgproc_open_with(server, self, "/x/y", GOLIN_LAYOUT_AUTO, p, err);
}
#endif

static int open_real(struct golin_imgproc **p)
{
	const char *path = go_binary();
	struct golin_err err = {0};
	int fd, r;

	if (!path)
		return -1;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	r = golin_imgproc_open(fd, path, GOLIN_LAYOUT_AUTO, p, &err);
	if (r)
		print_message("%s\n", err.msg);
	assert_int_equal(r, 0);
	close(fd);
	return 0;
}

static void answers(void **state)
{
	struct golin_site_want wants[2] = {
		{.func = "runtime.newproc.func1",
		 .target = "runtime.runqput",
		 .kind = GOLIN_SITE_CALL},
		{.func = "main.nobody", .kind = GOLIN_SITE_PROLOGUE},
	};
	static struct golin_name_frame got;
	struct golin_site s[2], again[2];
	struct golin_err err = {0};
	struct golin_imgproc *p;
	uint64_t pcs[1500];
	uint32_t off;

	if (open_real(&p))
		skip();
	assert_string_equal(golin_imgproc_info(p)->arch, "amd64");
	assert_true(golin_layout_get(golin_imgproc_layout(p), GOLIN_F_G_goid, &off));
	assert_int_equal(golin_imgproc_sites(p, wants, 2, s, &err), 0);
	assert_int_equal(s[0].error, 0);
	assert_int_equal(s[1].error, -ENOENT);
	for (int i = 0; i < 1500; i++)
		pcs[i] = s[0].vaddr;
	seen = 0;
	assert_int_equal(golin_imgproc_names(p, pcs, 1500, count, &got, &err), 0);
	assert_true(seen >= 1500 * 1001);
	assert_string_equal(got.func, "runtime.newproc.func1");
	/* Killed: the next request starts another one. */
	kill(imgproc_pid(p), SIGKILL);
	assert_int_equal(golin_imgproc_sites(p, wants, 2, again, &err), 0);
	assert_memory_equal(s, again, sizeof(s));
	kill(imgproc_pid(p), SIGSTOP);
	imgproc_set_deadlines(20000, 300);
	seen = 0;
	assert_int_equal(golin_imgproc_names(p, pcs, 1, count, &got, &err), 0);
	imgproc_set_deadlines(20000, 10000);
	assert_true(seen >= 1001);
	golin_imgproc_close(p);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
}

/* A line of /proc/PID/status. */
static void status_line(pid_t pid, const char *key, char *dst, size_t cap)
{
	char path[64], line[256];
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	f = fopen(path, "r");
	assert_non_null(f);
	dst[0] = '\0';
	while (fgets(line, sizeof(line), f))
		if (!strncmp(line, key, strlen(key)))
			snprintf(dst, cap, "%s", line + strlen(key));
	fclose(f);
	dst[strcspn(dst, "\n")] = '\0';
}

static void is_confined(void **state)
{
	struct golin_imgproc *p;
	char line[256], path[64];
	struct stat st;
	pid_t pid;

	if (open_real(&p))
		skip();
	pid = imgproc_pid(p);
	status_line(pid, "CapEff:\t", line, sizeof(line));
	assert_string_equal(line, "0000000000000000");
	status_line(pid, "CapPrm:\t", line, sizeof(line));
	assert_string_equal(line, "0000000000000000");
	status_line(pid, "NoNewPrivs:\t", line, sizeof(line));
	assert_string_equal(line, "1");
#ifndef __SANITIZE_ADDRESS__
	status_line(pid, "Seccomp:\t", line, sizeof(line));
	assert_string_equal(line, "2");
#endif
	/* Three times nothing, a socket, the file, and no more. */
	snprintf(path, sizeof(path), "/proc/%d/fd/4", pid);
	assert_int_equal(stat(path, &st), 0);
	snprintf(path, sizeof(path), "/proc/%d/fd/5", pid);
	assert_int_equal(stat(path, &st), -1);
	assert_int_not_equal(getsid(pid), getsid(0));
	golin_imgproc_close(p);
}

#ifndef __SANITIZE_ADDRESS__
/* What a taken-over process would try. */
static void escapes(int sock, int file, volatile uint32_t *stage)
{
	static const char *const args[] = {"/bin/true", NULL};

	if (image_confine(file))
		_exit(2);
	*stage = WIRE_STAGE_SITES;
	if (open("/etc/passwd", O_RDONLY) >= 0 || open("/dev/null", O_WRONLY) >= 0)
		_exit(0);
	execv(args[0], (char *const *)args);
	_exit(0);
}

static void runs_code(int sock, int file, volatile uint32_t *stage)
{
	if (image_confine(file))
		_exit(2);
	*stage = WIRE_STAGE_SITES;
	mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	_exit(0);
}

static void eats_memory(int sock, int file, volatile uint32_t *stage)
{
	if (image_confine(file))
		_exit(2);
	*stage = WIRE_STAGE_LAYOUT;
	for (int i = 0; i < 4; i++)
		if (mmap(NULL, 64 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
			 0) == MAP_FAILED)
			abort();
	_exit(0);
}

/* What image_serve() sets before each answer; counts how often it was begun. */
static int *begun;

static void spins(int sock, int file, volatile uint32_t *stage)
{
	const struct itimerval t = {.it_value = {.tv_usec = 50000}};

	++*begun;
	if (image_confine(file) || setitimer(ITIMER_PROF, &t, NULL))
		_exit(2);
	*stage = WIRE_STAGE_LAYOUT;
	for (;;)
		;
}

/* Another limit of its own would be a way around this one. */
static void spins_freely(int sock, int file, volatile uint32_t *stage)
{
	const struct itimerval t = {.it_value = {.tv_usec = 50000}};

	if (image_confine(file))
		_exit(2);
	*stage = WIRE_STAGE_LAYOUT;
	setitimer(ITIMER_REAL, &t, NULL);
	_exit(0);
}

static void cannot_spin(void **state)
{
	struct golin_imgproc *p;
	struct golin_err err;

	begun = mmap(NULL, sizeof(*begun), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		     0);
	assert_ptr_not_equal(begun, MAP_FAILED);
	assert_int_equal(open_with(spins, &p, &err), -EBADMSG);
	assert_string_equal(err.msg,
			    "too much computing while reading the DWARF of '/x/y': given up");
	/* What has spent its time once would do so again. */
	assert_int_equal(*begun, 1);
	munmap(begun, sizeof(*begun));
	assert_int_equal(open_with(spins_freely, &p, &err), -EBADMSG);
	assert_string_equal(err.msg, "the image process ended by SIGSYS while reading the DWARF of "
				     "'/x/y'");
}

static void cannot_escape(void **state)
{
	struct golin_imgproc *p;
	struct golin_err err;

	assert_int_equal(open_with(escapes, &p, &err), -EBADMSG);
	assert_string_equal(err.msg, "the image process ended by SIGSYS while decoding the code of "
				     "'/x/y'");
	assert_int_equal(open_with(runs_code, &p, &err), -EBADMSG);
	assert_string_equal(err.msg, "the image process ended by SIGSYS while decoding the code of "
				     "'/x/y'");
	assert_int_equal(open_with(eats_memory, &p, &err), -EBADMSG);
	assert_string_equal(err.msg,
			    "the image process ended by SIGABRT while reading the DWARF of "
			    "'/x/y'");
}
#endif

static void cut_while_mapped(void **state)
{
	const char *path = go_binary();
	char name[] = "/tmp/golin-cut-XXXXXX", buf[65536], want[256];
	struct golin_site_want w = {.func = "main.main", .kind = GOLIN_SITE_PROLOGUE};
	struct golin_err err = {0};
	struct golin_imgproc *p;
	struct golin_site s;
	int in, out;
	ssize_t n;

	if (!path)
		skip();
	in = open(path, O_RDONLY);
	out = mkstemp(name);
	while ((n = read(in, buf, sizeof(buf))) > 0)
		assert_int_equal(write(out, buf, n), n);
	close(in);
	assert_int_equal(golin_imgproc_open(out, name, GOLIN_LAYOUT_AUTO, &p, &err), 0);
	assert_int_equal(ftruncate(out, 4096), 0);
	/* The running one dies over its mapping; a new one sees a file that is cut. */
	assert_int_equal(golin_imgproc_sites(p, &w, 1, &s, &err), -EBADMSG);
	snprintf(want, sizeof(want), "'%s': cut ELF file", name);
	assert_memory_equal(err.msg, want, strlen(want));
	golin_imgproc_close(p);
	close(out);
	unlink(name);
}

static void says_what_is_wrong(void **state)
{
	struct golin_err err = {0};
	struct golin_imgproc *p;
	int fd = open("/etc/passwd", O_RDONLY | O_CLOEXEC);

	assert_int_equal(golin_imgproc_open(fd, "/etc/passwd", GOLIN_LAYOUT_AUTO, &p, &err),
			 -ENOEXEC);
	assert_memory_equal(err.msg, "'/etc/passwd': not an ELF file", 30);
	close(fd);
	assert_int_equal(golin_imgproc_open(self, "a\tb", GOLIN_LAYOUT_AUTO, &p, &err), -ENOEXEC);
	assert_memory_equal(err.msg, "'a\\tb': not a Go program", 24);
	assert_int_equal(golin_imgproc_open(-1, "x", GOLIN_LAYOUT_AUTO, &p, &err), -EBADF);
	assert_string_equal(err.msg, "cannot start the image process: EBADF");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers),	    cmocka_unit_test(is_confined),
#ifndef __SANITIZE_ADDRESS__
		cmocka_unit_test(cannot_escape),    cmocka_unit_test(cannot_spin),
#endif
		cmocka_unit_test(cut_while_mapped), cmocka_unit_test(says_what_is_wrong),
	};

	self = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

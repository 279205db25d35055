/* SPDX-License-Identifier: BSD-2-Clause */
/* Files in a folder of the test's own, and processes that run them. Behind cmocka.h. */
#ifndef GOLIN_TEST_CHILDREN_H
#define GOLIN_TEST_CHILDREN_H

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/err.h"
#include "golin/probes.h"

static char dir[64];

static int make_dir(void **state)
{
	strcpy(dir, "/tmp/golin-test-XXXXXX");
	return mkdtemp(dir) ? chmod(dir, 0755) : -1;
}

static int remove_dir(void **state)
{
	char cmd[128];

	snprintf(cmd, sizeof(cmd), "rm -rf '%s'", dir);
	return system(cmd);
}

static inline const char *in_dir(const char *name)
{
	static char path[2][128];
	static int turn;

	turn = !turn;
	snprintf(path[turn], sizeof(path[turn]), "%s/%s", dir, name);
	return path[turn];
}

static inline void copy_file(const char *from, const char *to, mode_t mode)
{
	int in = open(from, O_RDONLY), out = open(to, O_WRONLY | O_CREAT | O_TRUNC, mode);
	char buf[65536];
	ssize_t n;

	assert_true(in >= 0 && out >= 0);
	while ((n = read(in, buf, sizeof(buf))) > 0)
		assert_int_equal(write(out, buf, (size_t)n), n);
	close(in);
	close(out);
	chmod(to, mode);
}

static inline void write_file(const char *path, const char *text, size_t len, mode_t mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, mode);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, len), len);
	close(fd);
}

/* Waits for the end; a test that hangs is ended by its own time limit. */
static inline int wait_end(struct golin_target *t)
{
	struct pollfd p = {.fd = t->pidfd, .events = POLLIN};
	int status = -2;

	poll(&p, 1, 30000);
	assert_true(golin_target_ended(t, &status));
	return status;
}

static inline void start_sleep(const char *path, struct golin_target *t)
{
	char *argv[] = {(char *)path, "1000", NULL};
	struct golin_err err = {0};

	assert_int_equal(golin_target_spawn(argv, NULL, t, &err), 0);
	assert_int_equal(golin_target_release(t, &err), 0);
}

#endif

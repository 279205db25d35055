/* SPDX-License-Identifier: BSD-2-Clause */
#include "debug_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

static const char *debug_dir(const struct golin_debug_search *s)
{
	const char *dir = s && s->dir ? s->dir : secure_getenv("GOLIN_DEBUG_DIR");

	return dir && *dir ? dir : "/usr/lib/debug";
}

/* ---- opening ---- */

/*
 * A regular file that is not the program. It is looked at before it is opened: opening a device or
 * a FIFO can do something.
 */
static int open_regular(const char *path, int flags, const struct stat *program)
{
	char self[64];
	struct stat st;
	int at = open(path, O_PATH | O_CLOEXEC | flags), fd;

	if (at < 0)
		return -ENOENT;
	snprintf(self, sizeof(self), "/proc/self/fd/%d", at);
	if (fstat(at, &st) < 0 || !S_ISREG(st.st_mode) ||
	    (st.st_dev == program->st_dev && st.st_ino == program->st_ino))
		fd = -1;
	else
		fd = open(self, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	close(at);
	return fd < 0 ? -ENOENT : fd;
}

/*
 * The directory in which the program lies, without a trailing slash. A program that is gone from
 * where it was, or lies in another mount namespace, has none.
 */
static bool program_dir(int fd, const struct stat *program, char *dst, size_t cap)
{
	char self[64];
	struct stat st;
	ssize_t len;

	snprintf(self, sizeof(self), "/proc/self/fd/%d", fd);
	len = readlink(self, dst, cap - 1);
	if (len <= 0 || dst[0] != '/')
		return false;
	dst[len] = '\0';
	if (stat(dst, &st) < 0 || st.st_dev != program->st_dev || st.st_ino != program->st_ino)
		return false;
	*strrchr(dst, '/') = '\0';
	return true;
}

/* ---- what the program says ---- */

/* Of a GNU build id, of which two digits name a directory and the rest a file. */
static bool is_build_id(const struct golin_image_info *info)
{
	size_t len = strnlen(info->build_id, sizeof(info->build_id));

	return (info->flags & GOLIN_IMAGE_GNU_BUILD_ID) && len >= 4 && len % 2 == 0 &&
	       len < sizeof(info->build_id) && strspn(info->build_id, "0123456789abcdef") == len;
}

static bool is_debuglink(const struct golin_image_info *info)
{
	const char *s = info->debuglink;

	return *s && strnlen(s, sizeof(info->debuglink)) < sizeof(info->debuglink) &&
	       !strchr(s, '/') && strcmp(s, ".") && strcmp(s, "..");
}

/* ---- debuginfod ---- */

enum { DEBUGINFOD_SECONDS = 90 };

static uint64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Reads what it prints until it ends; false: too long, in bytes or in time. */
static bool read_all(int fd, char *dst, size_t cap)
{
	uint64_t deadline = now_ms() + DEBUGINFOD_SECONDS * 1000;
	size_t len = 0;

	for (;;) {
		struct pollfd p = {.fd = fd, .events = POLLIN};
		uint64_t now = now_ms();
		ssize_t n;

		if (now >= deadline || len + 1 >= cap)
			return false;
		if (poll(&p, 1, deadline - now) <= 0) {
			if (errno == EINTR)
				continue;
			return false;
		}
		n = read(fd, dst + len, cap - 1 - len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		len += n;
	}
	dst[len] = '\0';
	return true;
}

static int ask_debuginfod(const char *build_id, char *ret_path)
{
	char *argv[] = {"debuginfod-find", "debuginfo", (char *)build_id, NULL};
	posix_spawn_file_actions_t files;
	int pipefd[2], status = -1;
	bool ok;
	pid_t pid;

	if (pipe2(pipefd, O_CLOEXEC) < 0)
		return -ENOENT;
	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&files, pipefd[1], 1);
	posix_spawn_file_actions_addopen(&files, 2, "/dev/null", O_WRONLY, 0);
	ok = !posix_spawnp(&pid, argv[0], &files, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&files);
	close(pipefd[1]);
	if (ok) {
		ok = read_all(pipefd[0], ret_path, DEBUG_FILE_PATH);
		if (!ok)
			kill(pid, SIGKILL);
		while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
			;
	}
	close(pipefd[0]);
	if (!ok || !WIFEXITED(status) || WEXITSTATUS(status))
		return -ENOENT;
	ret_path[strcspn(ret_path, "\n")] = '\0';
	return ret_path[0] == '/' ? 0 : -ENOENT;
}

/* ---- the interface ---- */

int debug_file_open(enum debug_file_place place, int program_fd,
		    const struct golin_image_info *info, const struct golin_debug_search *search,
		    char ret_path[DEBUG_FILE_PATH])
{
	const char *dir = debug_dir(search), *id = info->build_id, *link = info->debuglink;
	char beside[PATH_MAX] = "";
	struct stat program;
	int flags = 0, n = -1;

	if (fstat(program_fd, &program) < 0)
		return -ENOENT;
	if (place == DEBUG_FILE_BUILD_ID || place == DEBUG_FILE_DEBUGINFOD) {
		if (!is_build_id(info))
			return -ENOENT;
	} else if (!is_debuglink(info) ||
		   !program_dir(program_fd, &program, beside, sizeof(beside))) {
		return -ENOENT;
	}
	switch (place) {
	case DEBUG_FILE_BUILD_ID:
		n = snprintf(ret_path, DEBUG_FILE_PATH, "%s/.build-id/%.2s/%s.debug", dir, id,
			     id + 2);
		break;
	/* Who may write there need not be whom golin may read for. */
	case DEBUG_FILE_BESIDE:
		n = snprintf(ret_path, DEBUG_FILE_PATH, "%s/%s", beside, link);
		flags = O_NOFOLLOW;
		break;
	case DEBUG_FILE_SUBDIR:
		n = snprintf(ret_path, DEBUG_FILE_PATH, "%s/.debug/%s", beside, link);
		flags = O_NOFOLLOW;
		break;
	case DEBUG_FILE_GLOBAL:
		n = snprintf(ret_path, DEBUG_FILE_PATH, "%s%s/%s", dir, beside, link);
		break;
	case DEBUG_FILE_DEBUGINFOD:
		n = search && search->debuginfod ? ask_debuginfod(id, ret_path) : -1;
		break;
	case DEBUG_FILE_PLACES:
		break;
	}
	if (n < 0 || n >= DEBUG_FILE_PATH)
		return -ENOENT;
	return open_regular(ret_path, flags, &program);
}

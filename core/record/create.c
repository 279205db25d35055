/* SPDX-License-Identifier: BSD-2-Clause */
#include "record/create.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/log.h"

static bool parse_id(const char *s, unsigned int *ret)
{
	unsigned long v;
	char *end;

	if (!s || !isdigit((unsigned char)*s))
		return false;
	errno = 0;
	v = strtoul(s, &end, 10);
	if (errno || *end || v >= UINT32_MAX)
		return false;
	*ret = (unsigned int)v;
	return true;
}

/* A recording that only root can read would make its user look at it as root. */
static void give_to_sudo_user(int fd, const char *path)
{
	unsigned int uid, gid;

	if (geteuid() || !parse_id(getenv("SUDO_UID"), &uid) || !parse_id(getenv("SUDO_GID"), &gid))
		return;
	if (fchown(fd, uid, gid))
		golin_log(GOLIN_LOG_WARN, "'%s' stays root's: it cannot be given to user %u (%s)",
			  path, uid, golin_errno_name(errno));
}

static const char *why_not(int e)
{
	switch (e) {
	case ENOENT:
		return "its directory does not exist";
	case ENOTDIR:
		return "a part of the path is not a directory";
	case EACCES:
	case EPERM:
		return "no permission to write there";
	case EROFS:
		return "the file system is read-only";
	case ENOSPC:
	case EDQUOT:
		return "no space is left there";
	case ENAMETOOLONG:
		return "the name is too long";
	case EISDIR:
		return "it is a directory";
	default:
		return golin_errno_name(e);
	}
}

static int refuse_existing(const char *path, bool force, struct golin_err *err)
{
	struct stat st;

	if (lstat(path, &st))
		return golin_err_set(err, -EPIPE, "cannot create '%s': %s", path, why_not(errno));
	if (S_ISREG(st.st_mode)) {
		golin_err_set(err, -EPIPE, "cannot create '%s': it exists", path);
		if (!force)
			golin_err_hint(err, "choose another name, or replace it with --force");
		return -EPIPE;
	}
	golin_err_set(err, -EPIPE, "cannot create '%s': it exists and is %s", path,
		      S_ISLNK(st.st_mode)   ? "a symbolic link"
		      : S_ISDIR(st.st_mode) ? "a directory"
					    : "not a regular file");
	golin_err_hint(err, "choose another name");
	return -EPIPE;
}

int rec_create_file(const char *path, bool force, struct golin_err *err)
{
	struct stat st;
	int fd;

	if (!*path)
		return golin_err_set(err, -EPIPE, "cannot create '': the name is empty");
	/*
	 * Not written beside it and renamed at the end: after a crash the recording must stand
	 * under its name.
	 */
	if (force && !lstat(path, &st) && S_ISREG(st.st_mode) && unlink(path))
		return golin_err_set(err, -EPIPE, "cannot replace '%s': %s", path, why_not(errno));
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0 && errno == EEXIST)
		return refuse_existing(path, force, err);
	if (fd < 0)
		return golin_err_set(err, -EPIPE, "cannot create '%s': %s", path, why_not(errno));
	/* Whatever the umask says. */
	if (fchmod(fd, 0600))
		golin_log(GOLIN_LOG_WARN, "'%s': its mode cannot be set to 0600 (%s)", path,
			  golin_errno_name(errno));
	give_to_sudo_user(fd, path);
	return fd;
}

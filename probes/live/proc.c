/* SPDX-License-Identifier: BSD-2-Clause */
#include <cap-ng.h>
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "base/text.h"
#include "live/proc.h"

enum { PF_KTHREAD_FLAG = 0x00200000 }; /* the kernel's PF_KTHREAD, in field 9 of stat */

const char *proc_path(char *dst, size_t cap, pid_t pid, const char *what)
{
	snprintf(dst, cap, "/proc/%d/%s", (int)pid, what);
	return dst;
}

ssize_t proc_file_read(const char *path, char *dst, size_t cap)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t len = 0;

	if (fd < 0)
		return -errno;
	while (len < cap - 1) {
		ssize_t n = read(fd, dst + len, cap - 1 - len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		len += (size_t)n;
	}
	dst[len] = '\0';
	return (ssize_t)len;
}

int proc_stat_read(pid_t pid, struct proc_stat *ret)
{
	char path[64], buf[1024];
	ssize_t n = proc_file_read(proc_path(path, sizeof(path), pid, "stat"), buf, sizeof(buf));
	unsigned long flags;
	unsigned long long start, code;
	const char *p;
	char state;

	if (n < 0)
		return (int)n;
	/* The name in parentheses may hold anything, parentheses too: the last one ends it. */
	p = memrchr(buf, ')', (size_t)n);
	if (!p || sscanf(p + 1,
			 " %c %*d %*d %*d %*d %*d %lu %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d "
			 "%*d %llu %*u %*d %*u %llu",
			 &state, &flags, &start, &code) != 4)
		return -EBADMSG;
	ret->state = state;
	ret->kthread = flags & PF_KTHREAD_FLAG;
	ret->start_ticks = start;
	ret->start_code = code;
	return 0;
}

int proc_ids_read(pid_t pid, uid_t *ret_uid, pid_t *ret_tgid)
{
	char path[64], buf[4096];
	ssize_t n = proc_file_read(proc_path(path, sizeof(path), pid, "status"), buf, sizeof(buf));
	const char *uids, *tgids;
	unsigned uid;
	int tgid;

	if (n < 0)
		return (int)n;
	/* The kernel escapes newlines in the name, the only text in it: lines are lines. */
	uids = strstr(buf, "\nUid:");
	tgids = strstr(buf, "\nTgid:");
	if (!uids || !tgids || sscanf(uids, "\nUid: %*u %u", &uid) != 1 ||
	    sscanf(tgids, "\nTgid: %d", &tgid) != 1)
		return -EBADMSG;
	*ret_uid = uid;
	*ret_tgid = tgid;
	return 0;
}

void proc_comm_read(pid_t pid, char *dst, size_t cap)
{
	char path[64], buf[256];
	ssize_t n = proc_file_read(proc_path(path, sizeof(path), pid, "comm"), buf, sizeof(buf));

	if (n > 0 && buf[n - 1] == '\n')
		n--;
	golin_text_clean(dst, cap, buf, n > 0 ? (size_t)n : 0);
}

/* The options of the procfs on /proc stand in /proc/self/mountinfo behind " - proc SOURCE". */
bool proc_hidepid(char *dst, size_t cap)
{
	_cleanup_fclose_ FILE *f = fopen("/proc/self/mountinfo", "re");
	char line[4096];
	bool hides = false;

	while (f && fgets(line, sizeof(line), f)) {
		const char *type = strstr(line, " - proc "), *opt;
		char at[256];

		if (!type || sscanf(line, "%*d %*d %*s %*s %255s", at) != 1 ||
		    strcmp(at, "/proc") != 0)
			continue;
		/* a later mount covers an earlier one */
		opt = strstr(type, "hidepid=");
		if (opt)
			golin_text_clean(dst, cap, opt + 8, strcspn(opt + 8, ", \n"));
		hides = opt && strcmp(dst, "0") != 0 && strcmp(dst, "off") != 0;
	}
	return hides;
}

void proc_user_name(uid_t uid, char *dst, size_t cap)
{
	struct passwd pw, *found = NULL;
	char buf[4096];

	if (getpwuid_r(uid, &pw, buf, sizeof(buf), &found) == 0 && found)
		golin_text_clean(dst, cap, found->pw_name, strlen(found->pw_name));
	else
		snprintf(dst, cap, "uid %u", (unsigned)uid);
}

bool golin_have_cap(unsigned cap)
{
	if (capng_get_caps_process() < 0)
		return false;
	return capng_have_capability(CAPNG_EFFECTIVE, cap);
}

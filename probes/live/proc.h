/* SPDX-License-Identifier: BSD-2-Clause */
/* What /proc/PID says about a process. Text that comes out of here is clean. */
#ifndef GOLIN_PROBES_PROC_H
#define GOLIN_PROBES_PROC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct proc_stat {
	char state;	      /* 'R', 'S', 'Z'... */
	bool kthread;	      /* a kernel thread: it has no executable */
	uint64_t start_ticks; /* when it started: with the pid, one process for ever */
	uint64_t start_code;  /* 0 while an exec has not yet mapped the program */
};

/* 0 or -errno. */
int proc_stat_read(pid_t pid, struct proc_stat *ret);
/* The effective user and the thread group's leader, which is the process a thread belongs to. */
int proc_ids_read(pid_t pid, uid_t *ret_uid, pid_t *ret_tgid);
/* The name of its main thread; "" when there is none to be had. */
void proc_comm_read(pid_t pid, char *dst, size_t cap);
/* How /proc hides processes from those without rights ("2", "invisible"); false: it does not. */
bool proc_hidepid(char *dst, size_t cap);
/* The user's name, or "uid 1000". */
void proc_user_name(uid_t uid, char *dst, size_t cap);
/* All of a small file, NUL-terminated; how many bytes, or -errno. */
ssize_t proc_file_read(const char *path, char *dst, size_t cap);
/* /proc/PID/what as a path. */
const char *proc_path(char *dst, size_t cap, pid_t pid, const char *what);

/* True when golin has the effective capability (linux/capability.h). */
bool golin_have_cap(unsigned cap);

#endif

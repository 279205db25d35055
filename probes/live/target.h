/* SPDX-License-Identifier: BSD-2-Clause */
/* What target.c and spawn.c share. */
#ifndef GOLIN_PROBES_TARGET_H
#define GOLIN_PROBES_TARGET_H

#include "golin/probes.h"

int golin_pidfd_open(pid_t pid);
/* Everything closed and unset. */
void golin_target_init(struct golin_target *t);
/* The path of the executable, and whether the file there is another one than the one that runs. */
void golin_exe_path(pid_t pid, int exe_fd, char *dst, size_t cap, bool *ret_deleted);
/* Opens /proc/PID/mem into t->mem_fd, or sets t->mem_errno. */
void golin_target_open_mem(struct golin_target *t);
/* True when /proc/PID/exe is the file behind t->exe_fd; false also when it cannot be seen. */
bool golin_target_same_exe(const struct golin_target *t);

#endif

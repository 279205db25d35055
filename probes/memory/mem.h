/* SPDX-License-Identifier: BSD-2-Clause */
/* Reading another process's memory through /proc/PID/mem, without stopping it. */
#ifndef GOLIN_PROBES_MEM_H
#define GOLIN_PROBES_MEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* True when [addr, addr + len) can be memory of a program: not null, canonical, not the kernel's.
 */
bool mem_range_ok(uint64_t addr, size_t len);
/*
 * All of [addr, addr + len). 0, -ESRCH: the process (or the program that it was) is gone,
 * -EFAULT: not all of it is mapped, -EPERM, or another -errno. On failure buf holds rubbish.
 */
int mem_read(int fd, uint64_t addr, void *buf, size_t len);

#endif

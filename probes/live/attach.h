/* SPDX-License-Identifier: BSD-2-Clause */
/* Attaching the dispatcher to the sites of a plan, by groups. Used in the helper process only. */
#ifndef GOLIN_PROBES_ATTACH_H
#define GOLIN_PROBES_ATTACH_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include "plan.h"

struct bpf_link;
struct bpfload;
struct golin_err;

/* enum bpf_attach_type BPF_TRACE_UPROBE_MULTI, which older headers lack (Linux 6.6). */
enum { ATTACH_UPROBE_MULTI = 48, ATTACH_GROUPS = 8 };

struct attach {
	const struct golin_plan *plan;
	const struct bpfload *bpf;
	pid_t pid;
	int exe_fd;
	uint32_t groups; /* that are armed */
	/* By the number of the group's bit. uprobe_multi: one link for each group; perf: one for
	 * each site. */
	int multi_fd[ATTACH_GROUPS];
	struct bpf_link *perf[ATTACH_GROUPS][GOLIN_PLAN_MAX];
};

/* Does a link of the multi kind let the target's hits through, and no others? */
bool attach_pid_filter_works(void);
void attach_init(struct attach *a, const struct golin_plan *plan, const struct bpfload *bpf,
		 pid_t pid, int exe_fd);
/*
 * Arms the groups that are off. After a failure those armed before stay. -ESRCH: the target is
 * gone; -ENOSYS: the kernel has no uprobe_multi.
 */
int attach_on(struct attach *a, uint32_t groups, struct golin_err *err);
/* Disarms; all links at the same time, because the kernel takes 30 to 110 ms for each. */
void attach_off(struct attach *a, uint32_t groups);
/* Sites of the armed groups, or of some groups. */
uint32_t attach_sites(const struct attach *a, uint32_t groups);

#endif

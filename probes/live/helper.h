/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The probe helper: a child process that holds the rights. It loads the BPF programs, attaches
 * them, hands over the ring and the counters, switches groups, and detaches when it is told to or
 * when its peer is gone, however that ended. It parses nothing foreign.
 */
#ifndef GOLIN_PROBES_HELPER_H
#define GOLIN_PROBES_HELPER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include "bpf/wire.h"
#include "plan.h"

struct golin_err;

typedef void (*helper_progress_fn)(void *arg, const char *text);

struct helper_opts {
	const struct golin_plan *plan;
	struct wire_cfg cfg;
	const struct golin_late_target *late; /* for cfg's WIRE_HAS_LATE */
	size_t nlate;
	pid_t pid;
	int exe_fd;
	uint64_t ring_size;
	uint32_t groups; /* to arm at once */
	uint32_t link;	 /* enum golin_link */
	bool want_tls;
	helper_progress_fn progress;
	void *arg;
};

struct helper {
	pid_t pid; /* 0: none, or gone */
	int sock;
	int ring_fd, stats_fd;
	uint32_t groups;
	uint32_t probes;
	uint32_t link; /* GOLIN_LINK_MULTI or GOLIN_LINK_PERF */
	bool sees_exec;
	uint64_t hit_ns; /* CPU time of an empty hit, as calibrated; known with helper_missed() */
	helper_progress_fn progress;
	void *arg;
};

/* Returns when the probes are armed, or why they cannot be. */
int helper_start(struct helper *h, const struct helper_opts *opts, struct golin_err *err);
/* Arms `groups` and disarms the others. -EPIPE: the helper is gone. */
int helper_switch(struct helper *h, uint32_t groups, struct golin_err *err);
/* What the kernel dropped by itself; 0 when the helper is gone. */
uint64_t helper_missed(struct helper *h);
/* Detaches and ends it. Bounded in time. */
void helper_stop(struct helper *h);

#endif

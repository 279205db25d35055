/* SPDX-License-Identifier: BSD-2-Clause */
/* Small trials of what the kernel allows, on golin itself. Each gives 0 or -errno. */
#ifndef GOLIN_PROBES_DOCTOR_BPF_H
#define GOLIN_PROBES_DOCTOR_BPF_H

#include <stdbool.h>
#include <stdint.h>

/* Loads a program as uprobes need it (it counts and reads user memory) and drops it. */
int trial_load(void);
int trial_ring(void);
/*
 * Attaches to a function of golin, calls it once, looks whether it was counted once (-EIO if not),
 * detaches (25 to 110 ms).
 */
int trial_uprobe_multi(void);
int trial_uprobe_perf(void);
/* Whether the kernel has the raw tracepoint and lets golin attach to it. */
int trial_tracepoint(const char *name);
/* As the two above, but attaching nothing: below a millisecond. */
int trial_uprobe_multi_quick(void);
int trial_uprobe_perf_quick(void);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a hit costs on this machine, whatever the program does: measured on an own child with the
 * dispatcher, which finds that the child is not its target. BPF's own run time statistics would
 * miss the trap, which is most of it. Used in the helper process only.
 */
#ifndef GOLIN_PROBES_CALIBRATE_H
#define GOLIN_PROBES_CALIBRATE_H

#include <stdint.h>

struct bpfload;

/* CPU time in ns; 0 when it could not be measured. Takes some 50 ms. */
uint64_t calibrate_hit(const struct bpfload *b);

#endif

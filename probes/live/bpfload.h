/* SPDX-License-Identifier: BSD-2-Clause */
/* Opening and loading the BPF object. Used in the helper process only. */
#ifndef GOLIN_PROBES_BPFLOAD_H
#define GOLIN_PROBES_BPFLOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "bpf/wire.h"

struct bpf_program;
struct golin_bpf;
struct golin_err;
struct golin_late_target;

struct bpfload {
	struct golin_bpf *skel;
	bool multi;	/* loaded for uprobe_multi links, else for perf links */
	bool sees_exec; /* the exec tracepoint is attached */
};

/*
 * Loads the programs with this configuration; fills in what only the kernel tells (CPUs, pid
 * namespace, fsbase when want_tls). ring_size is a power of two.
 */
int bpfload_open(struct bpfload *b, const struct wire_cfg *cfg, bool multi, bool want_tls,
		 uint64_t ring_size, size_t nlate, struct golin_err *err);
/* Tells the programs of the wrappers; nlate was told to bpfload_open(). */
int bpfload_late(struct bpfload *b, const struct golin_late_target *late, size_t n,
		 struct golin_err *err);
void bpfload_close(struct bpfload *b);
/* The program for the sites of a group (enum golin_group). */
struct bpf_program *bpfload_prog(const struct bpfload *b, uint32_t group);
int bpfload_ring_fd(const struct bpfload *b);
int bpfload_stats_fd(const struct bpfload *b);
/* Makes the programs forget which stacks were sent and who armed which timer. */
void bpfload_forget(struct bpfload *b);
/* Hits that the kernel dropped because a program was running already. */
uint64_t bpfload_missed(const struct bpfload *b);
/* What libbpf said since the last call: its last lines, for messages. */
const char *bpfload_log(void);

#endif

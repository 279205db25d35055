/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The consumer's side of a BPF ring buffer and of the counters, by mapping: no system call and no
 * rights. Unlike libbpf's, one may look at records before consuming them, so that names can be
 * asked for a batch at a time.
 */
#ifndef GOLIN_PROBES_RING_H
#define GOLIN_PROBES_RING_H

#include <stddef.h>
#include <stdint.h>
#include "bpf/wire.h"

struct golin_err;

struct ring {
	uint64_t *consumer;	  /* our page */
	const uint64_t *producer; /* the kernel's page, then the data, twice in a row */
	const uint8_t *data;
	uint64_t size;
	size_t page;
};

int ring_open(struct ring *r, int fd, uint64_t size, struct golin_err *err);
void ring_close(struct ring *r);
/* The position of the first record that was not released. */
uint64_t ring_start(const struct ring *r);
/* Up to where there is something to read, or soon will be. */
uint64_t ring_end(const struct ring *r);
/*
 * The record at *pos, and *pos behind it; NULL when there is none yet. What is not a whole wire
 * record is skipped.
 */
const struct wire_hdr *ring_next(const struct ring *r, uint64_t *pos);
/* Gives everything before pos back to the kernel. */
void ring_release(struct ring *r, uint64_t pos);
uint64_t ring_used(const struct ring *r);

struct counters {
	const struct wire_stats *cpus;
	size_t ncpu, bytes;
};

int counters_open(struct counters *c, int fd, struct golin_err *err);
void counters_close(struct counters *c);
void counters_sum(const struct counters *c, struct wire_stats *ret);
/* The address of the instruction at which the last creation was seen; 0 when none was. */
uint64_t counters_create_ip(const struct counters *c);
/* Hits, and those that were lost, of all types. */
void counters_events(const struct wire_stats *sum, uint64_t *ret_hits, uint64_t *ret_lost);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/* From the wire to records. Pure but for a constant of the target that BPF could not read. */
#ifndef GOLIN_PROBES_DECODE_H
#define GOLIN_PROBES_DECODE_H

#include <stdbool.h>
#include "bpf/wire.h"
#include "golin/record.h"

struct decoder {
	uint32_t target, epoch;
	uint64_t bias;
	int mem_fd;		       /* of the target, -1 if there is none */
	uint64_t goexit_lo, goexit_hi; /* runtime.Goexit as linked; 0 where g._panic tells */
	uint64_t gofunc, sendtime;     /* what timers of package time run, as linked; 0: nothing */
};

/* Pcs of the target as records want them; 0 stays 0. */
static inline uint64_t decode_pc(const struct decoder *d, uint64_t pc)
{
	return pc ? pc - d->bias : 0;
}

static inline uint64_t decode_ret(const struct decoder *d, uint64_t pc)
{
	return pc ? pc - d->bias - 1 : 0;
}

union decoded {
	struct golin_rec h;
	struct golin_rec_goroutine_create create;
	struct golin_rec_goroutine_exit exit;
	struct golin_rec_stack stack;
	struct golin_rec_timer_start timer_start;
	struct golin_rec_timer_end timer_end;
	uint64_t room[(sizeof(struct golin_rec_stack) + 10 * WIRE_STACK_MAX) / 8];
};

/* The header of a record of this source. */
void decode_header(const struct decoder *d, struct golin_rec *h, uint16_t type, uint32_t size,
		   uint64_t ts, uint64_t goid);
/* False for what has no record of its own: an exec, or what is not whole. */
bool decode_record(const struct decoder *d, const struct wire_hdr *w, union decoded *ret);
/* Calls want(arg, pc) for each pc of the record that comes out of w. */
void decode_pcs(const struct decoder *d, const struct wire_hdr *w,
		void (*want)(void *arg, uint64_t pc), void *arg);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/* Pauses of the world, as BPF tells of them. */
#ifndef GOLIN_LIVE_PAUSES_H
#define GOLIN_LIVE_PAUSES_H

#include "bpf/wire.h"
#include "golin/source.h"
#include "live/decode.h"

enum { PAUSES_REASON_MINOR = 21 }; /* the first that says why */

/* The record of a wire_gc_pause; how many records, or -errno. */
int pauses_put(const struct decoder *d, unsigned int minor, const struct wire_hdr *w,
	       struct golin_recbuf *buf, const struct golin_sink *sink);
/* Go's text for a reason in that minor version; "" unknown. */
const char *pauses_reason(unsigned int minor, uint32_t reason);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
#include "live/pauses.h"

#include <errno.h>
#include <string.h>

enum { MINOR_LAST = 27 };

/* runtime's stwReason: the same in all versions that have it. */
static const char *const reasons[] = {
	"unknown",
	"GC mark termination",
	"GC sweep termination",
	"write heap dump",
	"goroutine profile",
	"goroutine profile cleanup",
	"all goroutines stack trace",
	"read mem stats",
	"AllThreadsSyscall",
	"GOMAXPROCS",
	"start trace",
	"stop trace",
	"CountPagesInUse (test)",
	"ReadMetricsSlow (test)",
	"ReadMemStatsSlow (test)",
	"PageCachePagesLeaked (test)",
	"ResetDebugLog (test)",
};

const char *pauses_reason(unsigned int minor, uint32_t reason)
{
	if (minor < PAUSES_REASON_MINOR || minor > MINOR_LAST ||
	    reason >= sizeof(reasons) / sizeof(reasons[0]))
		return "";
	return reasons[reason];
}

int pauses_put(const struct decoder *d, unsigned int minor, const struct wire_hdr *w,
	       struct golin_recbuf *buf, const struct golin_sink *sink)
{
	const struct wire_gc_pause *p = (const void *)w;
	const bool partial = w->flags & WIRE_F_PARTIAL;
	const char *reason = partial ? "" : pauses_reason(minor, p->reason);
	struct golin_rec_gc_pause *r;
	const struct golin_rec *rec;
	int e;

	if (w->size != sizeof(*p) || p->since > w->ts)
		return 0;
	r = golin_recbuf_begin(buf, GOLIN_REC_GC_PAUSE, sizeof(*r));
	if (!r)
		return -ENOMEM;
	decode_header(d, &r->h, GOLIN_REC_GC_PAUSE, r->h.size, p->since, 0);
	r->duration_ns = w->ts - p->since;
	r->flags = partial ? GOLIN_PANIC_PARTIAL : 0;
	golin_recbuf_str(buf, offsetof(struct golin_rec_gc_pause, reason), reason, strlen(reason));
	rec = golin_recbuf_end(buf);
	if (!rec)
		return -ENOMEM;
	e = sink->put(sink->arg, rec);
	return e < 0 ? e : 1;
}

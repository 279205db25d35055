/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * runtime.waitReason by Go version (waitReasonStrings in runtime/runtime2.go). New ones were
 * appended up to 1.15 and from 1.20 to 1.23; 1.20, 1.24, 1.25 and 1.26 renumbered. A version that
 * is not known gets no text: its numbers may mean anything.
 */
#include <stddef.h>
#include "golin/probes.h"

#define ZERO_TO_CHAN_SEND                                                                          \
	"", "GC assist marking", "IO wait", "chan receive (nil chan)", "chan send (nil chan)",     \
		"dumping heap", "garbage collection", "garbage collection scan", "panicwait",      \
		"select", "select (no cases)", "GC assist wait", "GC sweep wait",                  \
		"GC scavenge wait", "chan receive", "chan send", "finalizer wait",                 \
		"force gc (idle)"
#define SYNC "sync.Cond.Wait", "sync.Mutex.Lock", "sync.RWMutex.RLock", "sync.RWMutex.Lock"
#define TRACE_TO_COROUTINE                                                                         \
	"trace reader (blocked)", "wait for GC cycle", "GC worker (idle)", "GC worker (active)",   \
		"preempted", "debug call", "GC mark termination", "stopping the world",            \
		"flushing proc caches", "trace goroutine status", "trace proc status",             \
		"page trace flush", "coroutine"
#define DURABLE                                                                                    \
	"GC weak to strong wait", "synctest.Run", "synctest.Wait", "chan receive (durable)",       \
		"chan send (durable)", "select (durable)", "sync.WaitGroup.Wait (durable)",        \
		"cleanup wait"

static const char *const since_1_13[] = {
	ZERO_TO_CHAN_SEND,
	"semacquire",
	"sleep",
	"sync.Cond.Wait",
	"timer goroutine (idle)",
	"trace reader (blocked)",
	"wait for GC cycle",
	"GC worker (idle)",
	"preempted",  /* 1.14 */
	"debug call", /* 1.15 */
};

static const char *const since_1_20[] = {
	ZERO_TO_CHAN_SEND,
	"semacquire",
	"sleep",
	SYNC,
	TRACE_TO_COROUTINE, /* 1.22: from "flushing proc caches" on */
	"GC weak to strong wait" /* 1.23, not in its first patch releases */,
};

static const char *const since_1_24[] = {
	ZERO_TO_CHAN_SEND,
	"semacquire",
	"sleep",
	SYNC,
	"sync.WaitGroup.Wait",
	TRACE_TO_COROUTINE,
	"GC weak to strong wait",
	"synctest.Run",
	"synctest.Wait",
	"chan receive (synctest)",
	"chan send (synctest)",
	"select (synctest)",
};

static const char *const since_1_25[] = {
	ZERO_TO_CHAN_SEND,     "GOMAXPROCS updater (idle)", "semacquire", "sleep", SYNC,
	"sync.WaitGroup.Wait", TRACE_TO_COROUTINE,	    DURABLE,
};

static const char *const since_1_26[] = {
	"",
	"GC assist marking",
	"IO wait",
	"dumping heap",
	"garbage collection",
	"garbage collection scan",
	"panicwait",
	"GC assist wait",
	"GC sweep wait",
	"GC scavenge wait",
	"finalizer wait",
	"force gc (idle)",
	"GOMAXPROCS updater (idle)",
	"semacquire",
	"sleep",
	"chan receive (nil chan)",
	"chan send (nil chan)",
	"select (no cases)",
	"select",
	"chan receive",
	"chan send",
	SYNC,
	"sync.WaitGroup.Wait",
	TRACE_TO_COROUTINE,
	DURABLE,
};

#define LEN(a) (sizeof(a) / sizeof(*(a)))

static const struct {
	unsigned minor; /* from this version on, up to the next line's */
	const char *const *text;
	unsigned n;
} tables[] = {
	{13, since_1_13, 25},
	{14, since_1_13, 26},
	{15, since_1_13, LEN(since_1_13)},
	{20, since_1_20, 32},
	{22, since_1_20, 37},
	{23, since_1_20, LEN(since_1_20)},
	{24, since_1_24, LEN(since_1_24)},
	{25, since_1_25, LEN(since_1_25)},
	{26, since_1_26, LEN(since_1_26)},
	{28, NULL, 0},
};

const char *golin_wait_reason(unsigned minor, unsigned reason)
{
	for (size_t i = 0; i + 1 < LEN(tables); i++) {
		if (minor >= tables[i].minor && minor < tables[i + 1].minor)
			return reason < tables[i].n ? tables[i].text[reason] : "";
	}
	return "";
}

/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* What watch_hooks and its BPF program say to each other. */
#ifndef GOLIN_TESTS_WATCH_H
#define GOLIN_TESTS_WATCH_H

#include <linux/types.h>

enum {
	WATCH_PLACES = 16,
	WATCH_DEREFS = 4,
	WATCH_SPECS = 128,
	WATCH_FS = 16, /* in the place of a register: the base of the thread's own memory */
};

/* A register, from there on by pointers: *(*(reg + off[0]) + off[1]) + add. */
struct watch_place {
	__u32 base, nderef;
	__s32 off[WATCH_DEREFS];
	__s32 add, _pad;
};

struct watch_spec {
	__u32 drop, n;
	struct watch_place places[WATCH_PLACES];
};

struct watch_hit {
	__u32 spec, unread; /* unread: a bit for each place that could not be read */
	__u64 vals[WATCH_PLACES];
};

#endif

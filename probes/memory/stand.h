/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where a goroutine stands, as its g says: what hangs on it is read in between of two such readings
 * that are the same.
 */
#ifndef GOLIN_PROBES_STAND_H
#define GOLIN_PROBES_STAND_H

#include "memory/g.h"
#include "memory/stack.h"

struct stand {
	struct golin_mem_goroutine g;
	struct stack_at at;
	uint64_t waiting;	 /* g.waiting */
	uint64_t panic, defer;	 /* g._panic, g._defer */
	uint64_t thread, locked; /* g.m, g.lockedm */
};

/* 0, or -errno of the read; *ret holds as far as *ret_kind is G_LIVE. */
int stand_read(const struct g_reader *r, uint64_t addr, enum g_kind *ret_kind, struct stand *ret);
bool stand_same(const struct stand *a, const struct stand *b);
/* It does not run, and has noted where it stands. */
bool stand_is_parked(const struct stand *s);

#endif

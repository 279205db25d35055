/* SPDX-License-Identifier: BSD-2-Clause */
/* What was copied at an event, as memory to be read. */
#ifndef GOLIN_PROBES_PANIC_COPIES_H
#define GOLIN_PROBES_PANIC_COPIES_H

#include <stddef.h>
#include <stdint.h>

struct types;

struct copies {
	const uint8_t *at; /* struct wire_copy, one after the other */
	size_t len;
	struct types *types; /* what was not copied may be a constant; NULL: not to be had */
};

/* 0 or -errno: bytes that were copied, else a constant of the program's, and nothing else. */
int copies_read(void *copies, uint64_t addr, void *buf, size_t len);

#endif

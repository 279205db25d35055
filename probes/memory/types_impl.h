/* SPDX-License-Identifier: BSD-2-Clause */
/* Between the files of types.h. */
#ifndef GOLIN_PROBES_TYPES_IMPL_H
#define GOLIN_PROBES_TYPES_IMPL_H

#include "memory/types.h"

enum { MINOR_VARINT = 17 }; /* the length of a name was two bytes, big-endian, up to Go 1.16 */

struct type_text {
	uint8_t flags;
	size_t len;  /* without what was skipped */
	size_t have; /* of these, the first */
	uint8_t b[TYPE_NAME_MAX];
};

/* An abi.Name at an address: flags, length, bytes; `want` of these at most, without `skip`. */
bool types_text(struct types *t, uint64_t addr, size_t skip, size_t want, struct type_text *ret);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
#include "live/panic_copies.h"

#include <errno.h>
#include <string.h>
#include "bpf/wire.h"
#include "memory/types.h"

/* The bytes from addr on that one copy has; how many. */
static size_t find(const struct copies *c, uint64_t addr, const uint8_t **ret)
{
	size_t at = 0, room, best = 0;
	struct wire_copy h;

	while (c->len - at >= sizeof(h)) {
		memcpy(&h, c->at + at, sizeof(h));
		at += sizeof(h);
		room = ((size_t)h.len + 7) & ~(size_t)7;
		if (room > c->len - at)
			break;
		if (addr >= h.addr && addr - h.addr < h.len && h.len - (addr - h.addr) > best) {
			best = h.len - (size_t)(addr - h.addr);
			*ret = c->at + at + (addr - h.addr);
		}
		at += room;
	}
	return best;
}

int copies_read(void *copies, uint64_t addr, void *buf, size_t len)
{
	const struct copies *c = copies;
	uint8_t *to = buf;
	size_t done = 0;

	while (done < len && c->at) {
		const uint8_t *from = NULL;
		size_t n = find(c, addr + done, &from);

		if (!n)
			break;
		if (n > len - done)
			n = len - done;
		memcpy(to + done, from, n);
		done += n;
	}
	if (done == len)
		return 0;
	return c->types ? types_const(c->types, addr, buf, len) : -EFAULT;
}

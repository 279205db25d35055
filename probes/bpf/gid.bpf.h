/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * The number of the goroutine with a g, noted when its panic or Goexit began: a read less for each
 * deferred call. Forgotten when the goroutine ends, and with the generation.
 */
#ifndef GOLIN_GID_BPF_H
#define GOLIN_GID_BPF_H

#include "goabi.bpf.h"

enum { GID_BUSY = 1 }; /* somebody writes it */

struct gid {
	__u64 g; /* and the generation */
	__u64 goid;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, WIRE_GIDS);
	__type(key, __u32);
	__type(value, struct gid);
} gids SEC(".maps");

static __always_inline struct gid *gid_at(__u64 g)
{
	__u32 key = g * 0x9e3779b97f4a7c15ULL >> 52;

	return bpf_map_lookup_elem(&gids, &key);
}

static __always_inline __u64 gid_mark(__u64 g)
{
	return g ^ generation << 48;
}

static __always_inline void gid_note(__u64 g, __u64 goid)
{
	struct gid *n = gid_at(g);
	__u64 was;

	if (!n)
		return;
	was = n->g;
	if (was == GID_BUSY || (was == gid_mark(g) && n->goid == goid) ||
	    __sync_val_compare_and_swap(&n->g, was, GID_BUSY) != was)
		return;
	n->goid = goid;
	barrier();
	n->g = gid_mark(g);
}

static __always_inline void gid_forget(__u64 g)
{
	struct gid *n = gid_at(g);

	if (n && n->g == gid_mark(g))
		__sync_val_compare_and_swap(&n->g, gid_mark(g), 0);
}

static __always_inline int gid_find(__u64 g, __u64 *ret)
{
	struct gid *n = gid_at(g);

	if (n && n->g == gid_mark(g)) {
		*ret = n->goid;
		barrier();
		if (n->g == gid_mark(g))
			return 0;
	}
	return read_u64(ret, g + cfg.p.goid);
}

#endif

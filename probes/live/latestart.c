/* SPDX-License-Identifier: BSD-2-Clause */
#include "live/latestart.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/array.h"
#include "image_process.h"
#include "live/configure.h"
#include "memory/mem.h"

enum {
	CHUNK = 4096,  /* bytes of a stack that are read at once */
	FRAMES = 1024, /* frames that are followed */
	KNOWN = 65536, /* call sites that are remembered */
};

void latestart_open(struct latestart *s, struct golin_imgproc *p)
{
	struct golin_site_want want = {.func = "runtime.goexit", .kind = GOLIN_SITE_ENTRY};
	struct golin_site site;

	memset(s, 0, sizeof(*s));
	s->p = p;
	if (golin_imgproc_late(p, &s->all, &s->n, NULL)) {
		s->all = NULL;
		s->n = 0;
	}
	for (size_t i = 0; i < s->n; i++)
		map64_put(&s->wrappers, s->all[i].entry, (uint32_t)i);
	if (s->n && !golin_imgproc_sites(p, &want, 1, &site, NULL) && site.func_lo)
		s->goexit = site.func_lo;
}

void latestart_done(struct latestart *s)
{
	map64_done(&s->wrappers);
	map64_done(&s->known);
	free(s->entries);
	free(s->all);
	memset(s, 0, sizeof(*s));
}

/*
 * The return addresses (as linked) of the three outermost frames, when the last leads to goexit:
 * ret[0] in the function, ret[1] in the wrapper. The target runs: what does not fit is no answer.
 */
static bool outermost(const struct latestart *s, const struct golin_memory *m, uint64_t bp,
		      uint64_t lo, uint64_t hi, uint64_t ret[3])
{
	uint64_t chunk[CHUNK / 8], base = 0, len = 0;

	ret[0] = ret[1] = ret[2] = 0;
	for (int i = 0; i < FRAMES; i++) {
		uint64_t next;

		if (bp % 8 || bp < lo || bp + 16 > hi)
			return false;
		if (!len || bp < base || bp + 16 > base + len) {
			base = bp;
			len = hi - bp < CHUNK ? hi - bp : CHUNK;
			if (mem_read(m->mem_fd, base, chunk, len))
				return false;
		}
		next = chunk[(bp - base) / 8];
		ret[0] = ret[1];
		ret[1] = ret[2];
		ret[2] = chunk[(bp - base) / 8 + 1] - m->bias;
		if (ret[2] == s->goexit + 1)
			return ret[0] != 0;
		if (next <= bp)
			return false;
		bp = next;
	}
	return false;
}

struct outer {
	char func[2][1024];
	int n;
};

/* The function that holds the code at a pc: its outermost frame there. */
static void keep_outer(void *arg, uint64_t pc, const struct golin_name_frame *frames, int n)
{
	struct outer *o = arg;

	if (o->n < 2 && n > 0)
		snprintf(o->func[o->n], sizeof(o->func[0]), "%s", frames[n - 1].func);
	o->n++;
}

/* The entry of the function at pc, if the frame below it is the wrapper's; 0: cannot be told. */
static uint64_t find_entry(struct latestart *s, uint64_t pc, uint64_t in_wrapper, uint64_t wrapper)
{
	const uint64_t pcs[] = {in_wrapper, wrapper}, fn = pc;
	struct golin_site_want want = {.kind = GOLIN_SITE_ENTRY};
	struct outer w = {.n = 0}, f = {.n = 0};
	struct golin_site site;

	if (golin_imgproc_names(s->p, pcs, 2, keep_outer, &w, NULL) || !w.func[0][0] ||
	    strcmp(w.func[0], w.func[1]))
		return 0;
	if (golin_imgproc_names(s->p, &fn, 1, keep_outer, &f, NULL) ||
	    strlen(f.func[0]) >= sizeof(want.func))
		return 0;
	snprintf(want.func, sizeof(want.func), "%s", f.func[0]);
	if (golin_imgproc_sites(s->p, &want, 1, &site, NULL) || pc < site.func_lo ||
	    pc >= site.func_hi)
		return 0;
	return site.func_lo;
}

/* find_entry(), asked once for each place. */
static uint64_t entry_at(struct latestart *s, uint64_t pc, uint64_t in_wrapper, uint64_t wrapper)
{
	uint64_t entry;
	uint32_t i;

	if (map64_get(&s->known, pc ^ map64_mix(wrapper), &i))
		return s->entries[i];
	entry = find_entry(s, pc, in_wrapper, wrapper);
	if (s->nentries < KNOWN && array_reserve_raw((void **)&s->entries, &s->cap, s->nentries + 1,
						     sizeof(*s->entries))) {
		s->entries[s->nentries] = entry;
		if (map64_put(&s->known, pc ^ map64_mix(wrapper), (uint32_t)s->nentries))
			s->nentries++;
	}
	return entry;
}

void latestart_resolve(struct latestart *s, const struct golin_memory *m,
		       struct golin_mem_goroutine *g)
{
	const struct golin_layout *y = m->layout;
	uint64_t bp, stack[2], ret[3], entry;

	/* Of one that runs, the saved frame is an old one. */
	if (!s->goexit || g->state == GOLIN_GS_RUNNING ||
	    !map64_get(&s->wrappers, g->startpc, &(uint32_t){0}))
		return;
	if (mem_read(m->mem_fd, g->g + layout_within(y, GOLIN_F_G_sched, GOLIN_F_GOBUF_bp), &bp,
		     sizeof(bp)) ||
	    mem_read(m->mem_fd, g->g + layout_within(y, GOLIN_F_G_stack, GOLIN_F_STACK_lo),
		     &stack[0], sizeof(stack[0])) ||
	    mem_read(m->mem_fd, g->g + layout_within(y, GOLIN_F_G_stack, GOLIN_F_STACK_hi),
		     &stack[1], sizeof(stack[1])) ||
	    !outermost(s, m, bp, stack[0], stack[1], ret))
		return;
	entry = entry_at(s, ret[0] - 1, ret[1] - 1, g->startpc);
	if (entry)
		g->startpc = entry;
}

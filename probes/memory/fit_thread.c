/* SPDX-License-Identifier: BSD-2-Clause */
/* Checks of what stands behind a g: threads, waiters, the module. */
#include <elf.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "memory/fit.h"
#include "memory/mem.h"

enum {
	MAX_WAITERS = 64,     /* sudogs of one select that are followed */
	MAX_ELEM = 1 << 16,   /* bytes of a channel's element: Go allows no more */
	MAX_DATA = 256 << 20, /* of the program's writable segments */
};

/* g is on a thread, hence that thread's current one, and the thread has a g0 that is its own. */
uint32_t fit_thread_of(struct fit *f, uint64_t g)
{
	uint64_t m = fit_value(f, f->raw, GOLIN_F_G_m), curg, g0, back, goid;

	f->count[FIT_M]++;
	if (!fit_read(f, m, GOLIN_F_M_curg, &curg) || !fit_read(f, m, GOLIN_F_M_g0, &g0))
		return fit_bad(f, FIT_M, "g 0x%" PRIx64 " has m 0x%" PRIx64 ", which is none", g,
			       m);
	if (curg != g)
		return fit_bad(f, FIT_M, "g 0x%" PRIx64 " has m 0x%" PRIx64 " with curg 0x%" PRIx64,
			       g, m, curg);
	if (!fit_read(f, g0, GOLIN_F_G_m, &back) || !fit_read(f, g0, GOLIN_F_G_goid, &goid))
		return fit_bad(f, FIT_M, "m 0x%" PRIx64 " has g0 0x%" PRIx64 ", which is none", m,
			       g0);
	if (back != m || goid)
		return fit_bad(f, FIT_M,
			       "m 0x%" PRIx64 " has g0 0x%" PRIx64 " with m 0x%" PRIx64
			       " and goid %" PRIu64,
			       m, g0, back, goid);
	return 0;
}

static bool channel_ok(const struct fit *f, uint64_t c)
{
	uint64_t count, size, closed, elem;

	return fit_read(f, c, GOLIN_F_HCHAN_qcount, &count) &&
	       fit_read(f, c, GOLIN_F_HCHAN_dataqsiz, &size) &&
	       fit_read(f, c, GOLIN_F_HCHAN_closed, &closed) &&
	       fit_read(f, c, GOLIN_F_HCHAN_elemsize, &elem) && count <= size && closed <= 1 &&
	       elem <= MAX_ELEM;
}

uint32_t fit_sudogs_of(struct fit *f, uint64_t g)
{
	uint64_t s = fit_value(f, f->raw, GOLIN_F_G_waiting), who, c, next;

	for (int i = 0; s && i < MAX_WAITERS; i++, s = next) {
		if (!i)
			f->count[FIT_SUDOG]++;
		if (!fit_read(f, s, GOLIN_F_SUDOG_g, &who) ||
		    !fit_read(f, s, GOLIN_F_SUDOG_c, &c) ||
		    !fit_read(f, s, GOLIN_F_SUDOG_waitlink, &next))
			return fit_bad(f, FIT_SUDOG,
				       "g 0x%" PRIx64 " has waiting 0x%" PRIx64 ", which is none",
				       g, s);
		if (who != g)
			return fit_bad(f, FIT_SUDOG,
				       "g 0x%" PRIx64 " has sudog 0x%" PRIx64 " of g 0x%" PRIx64, g,
				       s, who);
		if (!c) /* of a semaphore, from 1.26 on: its waitlink leads to others' */
			break;
		if (!channel_ok(f, c))
			return fit_bad(f, FIT_SUDOG,
				       "sudog 0x%" PRIx64 " has channel 0x%" PRIx64
				       ", which is none",
				       s, c);
	}
	return 0;
}

/* ---- the first thread ---- */

struct data {
	uint64_t addr;
	size_t len;
	uint8_t *bytes;
};

static uint64_t word_in(const struct data *d, size_t n, uint64_t addr)
{
	uint64_t v = 0;

	for (size_t i = 0; i < n; i++)
		if (addr >= d[i].addr && d[i].len >= 8 && addr - d[i].addr <= d[i].len - 8)
			memcpy(&v, d[i].bytes + (addr - d[i].addr), sizeof(v));
	return v;
}

static bool in_data(const struct data *d, size_t n, uint64_t addr)
{
	for (size_t i = 0; i < n; i++)
		if (addr >= d[i].addr && addr - d[i].addr < d[i].len)
			return true;
	return false;
}

/* runtime.m0 and runtime.g0 are variables of every Go program: an m and a g that name each other.
 */
static bool is_first(const struct fit *f, const struct data *d, size_t n, uint64_t m, uint64_t g)
{
	const struct golin_field *fields = f->m->layout->fields;
	uint64_t stack = g + fields[GOLIN_F_G_stack].offset;
	uint64_t lo = word_in(d, n, stack + fields[GOLIN_F_STACK_lo].offset);
	uint64_t hi = word_in(d, n, stack + fields[GOLIN_F_STACK_hi].offset);

	return g != m && g % 8 == 0 && in_data(d, n, g) &&
	       word_in(d, n, g + fields[GOLIN_F_G_m].offset) == m &&
	       word_in(d, n, g + fields[GOLIN_F_G_goid].offset) == 0 && lo && lo < hi &&
	       mem_range_ok(lo, hi - lo);
}

static bool find_first(const struct fit *f, const struct data *d, size_t n, uint64_t *ret_m,
		       uint64_t *ret_g)
{
	uint32_t off = f->m->layout->fields[GOLIN_F_M_g0].offset;

	for (size_t i = 0; i < n; i++)
		for (size_t at = 0; at + 8 <= d[i].len; at += 8) {
			uint64_t g, m = d[i].addr + at - off;

			memcpy(&g, d[i].bytes + at, sizeof(g));
			if (!g || !in_data(d, n, m) || !is_first(f, d, n, m, g))
				continue;
			*ret_m = m;
			*ret_g = g;
			return true;
		}
	return false;
}

/* Copies of the writable segments. What cannot be read stays zero. */
static int read_data(const struct fit *f, struct data *d, size_t *ret_n)
{
	const struct golin_image_info *info = f->m->info;
	size_t n = 0, total = 0;

	for (uint32_t i = 0; i < info->nsegments; i++) {
		const struct golin_segment *s = &info->segments[i];
		int e;

		if (!(s->flags & PF_W) || s->mem_size > MAX_DATA - total)
			continue;
		d[n].addr = (s->vaddr + f->m->bias + 7) & ~7ull;
		d[n].len = s->mem_size & ~7ull;
		d[n].bytes = calloc(1, d[n].len + 8);
		if (!d[n].bytes)
			return -ENOMEM;
		total += d[n].len;
		e = d[n].len ? mem_read(f->m->mem_fd, d[n].addr, d[n].bytes, d[n].len) : 0;
		n++;
		*ret_n = n;
		if (e && e != -EFAULT)
			return e;
	}
	return 0;
}

static void look_at_first(struct fit *f, const struct data *d, size_t n)
{
	uint64_t m, g, procid;

	if (!n) {
		snprintf(f->why[FIT_G0], sizeof(f->why[0]), "the program's data is too large");
		return;
	}
	f->count[FIT_G0]++;
	if (!find_first(f, d, n, &m, &g)) {
		f->failed |= fit_bad(f, FIT_G0, "nothing in the program's data is such a pair");
		snprintf(f->why[FIT_THREAD], sizeof(f->why[0]), "the first thread was not found");
		return;
	}
	snprintf(f->why[FIT_G0], sizeof(f->why[0]), "m0 at 0x%" PRIx64 ", g0 at 0x%" PRIx64, m, g);
	if (!f->pid || !fit_has(f, GOLIN_F_M_procid) ||
	    !fit_read(f, m, GOLIN_F_M_procid, &procid)) {
		snprintf(f->why[FIT_THREAD], sizeof(f->why[0]), "it is not told");
		return;
	}
	f->count[FIT_THREAD]++;
	if (procid != (uint64_t)f->pid)
		f->failed |=
			fit_bad(f, FIT_THREAD, "it has %" PRIu64 ", not %d", procid, (int)f->pid);
}

int fit_first_thread(struct fit *f)
{
	struct data d[sizeof(f->m->info->segments) / sizeof(f->m->info->segments[0])] = {0};
	size_t n = 0;
	int e = read_data(f, d, &n);

	if (!e)
		look_at_first(f, d, n);
	for (size_t i = 0; i < n; i++)
		free(d[i].bytes);
	return e;
}

/* ---- the module ---- */

void fit_module(struct fit *f)
{
	uint64_t at = f->m->info->moduledata + f->m->bias, text, etext;

	if (!f->m->info->moduledata) {
		snprintf(f->why[FIT_MODULE], sizeof(f->why[0]), "the file does not tell where");
		return;
	}
	f->count[FIT_MODULE]++;
	if (!fit_read(f, at, GOLIN_F_MODULEDATA_text, &text) ||
	    !fit_read(f, at, GOLIN_F_MODULEDATA_etext, &etext))
		f->failed |= fit_bad(f, FIT_MODULE, "it cannot be read at 0x%" PRIx64, at);
	else if (text != f->text || etext != f->etext)
		f->failed |=
			fit_bad(f, FIT_MODULE, "it has 0x%" PRIx64 " to 0x%" PRIx64, text, etext);
}

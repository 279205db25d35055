/* SPDX-License-Identifier: BSD-2-Clause */
/* A memory that a test makes up, its own, with goroutines in it. Behind cmocka.h. */
#ifndef GOLIN_TEST_FAKE_G_H
#define GOLIN_TEST_FAKE_G_H

#include <fcntl.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "golin/layout.h"
#include "golin/offsets.h"
#include "golin/probes.h"

/* A g with its fields where no Go version has them. */
struct fake_g {
	uint64_t pad0;
	uint64_t stack_hi, stack_lo;
	_Atomic uint64_t goid;
	_Atomic uint32_t status;
	uint8_t pad1[3], waitreason;
	uint64_t waitsince;
	uint64_t parent;
	_Atomic uint64_t startpc, gopc;
};

struct fake_slice {
	_Atomic uint64_t ptr, len, cap;
};

enum { BIAS = 0x10000, NG = 64 };

struct fixture {
	struct golin_image_info info;
	struct golin_layout layout;
	struct golin_memory m;
	struct fake_slice allgs;
	uint64_t array[4 * NG];
	struct fake_g g[NG];
};

struct result {
	struct golin_mem_goroutine v[4096];
	size_t n;
	uint64_t unread;
	int stop_after, stop_with;
};

static void set_field(struct golin_layout *l, enum golin_field_id id, size_t off, uint32_t size)
{
	l->fields[id].offset = (uint32_t)off;
	l->fields[id].size = size;
	l->fields[id].source = GOLIN_FROM_DWARF;
}

static int fake_setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct golin_layout *l = &f->layout;

	set_field(l, GOLIN_F_G_stack, offsetof(struct fake_g, stack_hi), 16);
	set_field(l, GOLIN_F_STACK_hi, 0, 8);
	set_field(l, GOLIN_F_STACK_lo, 8, 8);
	set_field(l, GOLIN_F_G_atomicstatus, offsetof(struct fake_g, status), 4);
	set_field(l, GOLIN_F_G_goid, offsetof(struct fake_g, goid), 8);
	set_field(l, GOLIN_F_G_waitreason, offsetof(struct fake_g, waitreason), 1);
	set_field(l, GOLIN_F_G_waitsince, offsetof(struct fake_g, waitsince), 8);
	set_field(l, GOLIN_F_G_parentGoid, offsetof(struct fake_g, parent), 8);
	set_field(l, GOLIN_F_G_startpc, offsetof(struct fake_g, startpc), 8);
	set_field(l, GOLIN_F_G_gopc, offsetof(struct fake_g, gopc), 8);
	f->info.go.minor = 26;
	f->info.allgs = (uint64_t)(uintptr_t)&f->allgs - BIAS;
	f->m.mem_fd = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
	f->m.bias = BIAS;
	f->m.info = &f->info;
	f->m.layout = &f->layout;
	f->allgs.ptr = (uint64_t)(uintptr_t)f->array;
	f->allgs.cap = 4 * NG;
	*state = f;
	return f->m.mem_fd < 0;
}

static int fake_teardown(void **state)
{
	struct fixture *f = *state;

	close(f->m.mem_fd);
	free(f);
	return 0;
}

/* Adds a goroutine that stands in f->g[i]. */
static inline struct fake_g *add_g(struct fixture *f, uint64_t goid, uint32_t status)
{
	struct fake_g *g = &f->g[f->allgs.len];

	g->stack_lo = 0xc000100000;
	g->stack_hi = 0xc000102000;
	g->goid = goid;
	g->status = status;
	g->startpc = BIAS + 0x401000 + goid;
	g->gopc = BIAS + 0x402001 + goid;
	f->array[f->allgs.len++] = (uint64_t)(uintptr_t)g;
	return g;
}

static inline void add_pointer(struct fixture *f, uint64_t p)
{
	f->array[f->allgs.len++] = p;
}

static int take(void *arg, const struct golin_mem_goroutine *g)
{
	struct result *r = arg;

	if (r->n < sizeof(r->v) / sizeof(*r->v))
		r->v[r->n] = *g;
	r->n++;
	return r->stop_after && (int)r->n == r->stop_after ? r->stop_with : 0;
}

static inline int run(struct fixture *f, struct result *r, struct golin_err *err)
{
	memset(r, 0, sizeof(*r));
	return golin_memory_goroutines(&f->m, take, r, &r->unread, err);
}

#endif

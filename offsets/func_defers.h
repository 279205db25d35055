/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a program's file says about the defer statements of a function, and about its frame.
 *
 * Since Go 1.14 most are open-coded: the function keeps a byte with a bit for each of its (at most
 * eight) defer statements that was executed, and a slot with the func value of each, all in its own
 * frame. Where they stand is told by funcdata, which the runtime reads when there is a panic
 * (cmd/compile/internal/ssagen/ssa.go emitOpenDeferInfo, runtime/panic.go). Offsets are bytes below
 * the frame's varp, which on amd64 is where the frame pointer points to.
 */
#ifndef GOLIN_OFFSETS_FUNC_DEFERS_H
#define GOLIN_OFFSETS_FUNC_DEFERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct golin_image;
struct pclntab;
struct pcln_func;

enum { GOLIN_OPEN_DEFERS = 8 }; /* of one function, at most */

enum golin_open_defers {
	GOLIN_OPEN_NONE = 0,
	GOLIN_OPEN_KNOWN = 1,	/* bits, n and slots hold */
	GOLIN_OPEN_UNKNOWN = 2, /* it has some, of which nothing can be told */
};

/* What the call does from which a return address comes. */
enum golin_defer_call {
	GOLIN_DEFER_CALL_OTHER = 0,
	GOLIN_DEFER_CALL_PROC = 1,  /* a defer statement: runtime.deferproc, deferprocStack */
	GOLIN_DEFER_CALL_RANGE = 2, /* a range-over-func loop with a defer statement begins */
};

struct golin_func_defers {
	uint64_t lo, hi; /* the function in which the pc stands, as linked; 0, 0: there is none */
	/* Bytes from the stack pointer at the pc to the return address; negative: not known. */
	int32_t frame;
	uint32_t outermost; /* the goroutine begins there */
	uint32_t trap;	    /* a signal called it: it returns to the instruction at fault */
	uint32_t call;	    /* enum golin_defer_call */
	uint32_t open;	    /* enum golin_open_defers */
	uint32_t bits;	    /* bytes below varp: the byte of bits */
	uint32_t n;	    /* slots that there may be: bits from it on mean nothing */
	uint32_t slots[GOLIN_OPEN_DEFERS]; /* bytes below varp: the func value of that bit */
	/* Bytes from lo to an instruction of that bit's defer statement; 0: not known. */
	uint32_t at[GOLIN_OPEN_DEFERS];
};

/*
 * Decodes a function's funcdata of that minor version, of which at most `avail` bytes may be read.
 * False: it is none, or contradicts itself. Fills n, bits and slots alone.
 */
bool open_defers_decode(uint16_t minor, const uint8_t *data, size_t avail,
			struct golin_func_defers *ret);
/* Of a function in the table: open, n, bits and slots. */
void pclntab_open_defers(const struct pclntab *t, const struct pcln_func *f,
			 struct golin_func_defers *ret);
/* The function around a return address, as linked, or an address where a signal came. */
void golin_image_defers(struct golin_image *img, uint64_t pc, struct golin_func_defers *ret);

#endif

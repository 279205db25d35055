/* SPDX-License-Identifier: BSD-2-Clause */
/* The funcdata of open-coded defers, in its three formats. */
#include <string.h>
#include "func_defers.h"
#include "pclntab_impl.h"

enum {
	MINOR_FIRST = 14,   /* before, there are none */
	MINOR_INDEX = 16,   /* since then one less */
	MINOR_NO_ARGS = 18, /* since then deferred calls have no arguments: a closure has them */
	MINOR_SLOTS = 22,   /* since then the slots lie side by side */
	INDEX_OLD = 5,
	INDEX = 4,
	WORD = 8,
	ARGS_MAX = 1 << 12,  /* of one call: what is more is damage */
	LOOK = 1 << 16,	     /* bytes of funcdata that are looked at */
	FRAME_MAX = 1 << 30, /* bytes of a frame */
};

struct bytes {
	const uint8_t *p, *end;
};

/* As runtime.readvarintUnsafe: 32 bits in at most five bytes. */
static bool varint(struct bytes *b, uint32_t *ret)
{
	uint32_t v = 0;

	for (int shift = 0; shift <= 28 && b->p < b->end; shift += 7) {
		uint8_t c = *b->p++;

		v |= (uint32_t)(c & 0x7f) << shift;
		if (!(c & 0x80)) {
			*ret = v;
			return true;
		}
	}
	return false;
}

/* A place in the frame for `size` bytes. */
static bool place(struct bytes *b, uint32_t size, uint32_t *ret)
{
	return varint(b, ret) && *ret >= size && *ret <= FRAME_MAX;
}

/* Each of three numbers: where in the frame, how large, where in the call. */
static bool skip_args(struct bytes *b, uint32_t n)
{
	uint32_t ignored;

	if (n > ARGS_MAX)
		return false;
	for (uint32_t i = 0; i < 3 * n; i++)
		if (!varint(b, &ignored))
			return false;
	return true;
}

/* Up to 1.21: how many there are, then each of them, the last statement first. */
static bool decode_list(uint16_t minor, struct bytes *b, struct golin_func_defers *ret)
{
	bool args = minor < MINOR_NO_ARGS;
	uint32_t width, nargs;

	if ((args && !varint(b, &width)) || !place(b, 1, &ret->bits) || !varint(b, &ret->n) ||
	    !ret->n || ret->n > GOLIN_OPEN_DEFERS)
		return false;
	for (uint32_t i = ret->n; i-- > 0;) {
		if ((args && !varint(b, &width)) || !place(b, WORD, &ret->slots[i]) ||
		    (args && (!varint(b, &nargs) || !skip_args(b, nargs))))
			return false;
	}
	return true;
}

/* Since 1.22: where the first one lies; the others follow, towards varp. */
static bool decode_row(struct bytes *b, struct golin_func_defers *ret)
{
	uint32_t first;

	if (!place(b, 1, &ret->bits) || !place(b, WORD, &first))
		return false;
	for (ret->n = 0; ret->n < GOLIN_OPEN_DEFERS && first >= WORD * (ret->n + 1); ret->n++)
		ret->slots[ret->n] = first - WORD * ret->n;
	return true;
}

bool open_defers_decode(uint16_t minor, const uint8_t *data, size_t avail,
			struct golin_func_defers *ret)
{
	struct bytes b = {data, data + (avail < LOOK ? avail : LOOK)};

	if (minor < MINOR_FIRST)
		return false;
	return minor < MINOR_SLOTS ? decode_list(minor, &b, ret) : decode_row(&b, ret);
}

void pclntab_open_defers(const struct pclntab *t, const struct pcln_func *f,
			 struct golin_func_defers *ret)
{
	uint64_t at = t->minor < MINOR_FIRST
			      ? 0
			      : pcln_funcdata(t, f, t->minor < MINOR_INDEX ? INDEX_OLD : INDEX);
	size_t avail = at ? elf_image_avail(t->elf, at) : 0;
	const uint8_t *data = avail ? elf_image_at(t->elf, at, avail) : NULL;

	ret->open = at ? GOLIN_OPEN_UNKNOWN : GOLIN_OPEN_NONE;
	ret->n = 0;
	if (data && t->word == WORD && open_defers_decode(t->minor, data, avail, ret))
		ret->open = GOLIN_OPEN_KNOWN;
	else
		ret->n = 0;
}

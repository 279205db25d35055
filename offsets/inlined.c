/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which functions have been inlined somewhere. Those that are probed are too large for that, but a
 * profile (PGO) makes the compiler inline large ones where they are called often: what such a copy
 * does, a probe in the function itself does not see.
 */
#include <stdlib.h>
#include <string.h>
#include "code.h"
#include "image.h"

enum { MAX_INLINED = 1 << 16 }; /* calls inlined in one function */

static bool highest(void *arg, uint64_t lo, uint64_t hi, int32_t value)
{
	int32_t *max = arg;

	if (value > *max)
		*max = value;
	return true;
}

/* A bit for each byte of the table of names: is the name there that of an inlined function? */
static void collect(struct image_code *c)
{
	const struct pclntab *t = &c->tab;

	c->inlined = calloc(t->names.len / 8 + 1, 1);
	for (uint32_t i = 0; c->inlined && i < t->nfunc; i++) {
		int32_t max = -1;
		struct pcln_func f;
		struct pcln_inl in;

		if (!pclntab_func(t, i, &f))
			continue;
		pclntab_inline_ranges(t, &f, highest, &max);
		for (int32_t k = 0; k <= max && k < MAX_INLINED; k++) {
			size_t off;

			if (!pclntab_inline_nth(t, &f, (uint32_t)k, &in))
				break;
			off = (size_t)((const uint8_t *)in.name - t->names.p);
			c->inlined[off / 8] |= (uint8_t)(1 << off % 8);
		}
	}
}

bool image_code_inlined(struct golin_image *img, const char *name)
{
	struct image_code *c = img->code;
	const uint8_t *p, *end;
	size_t len = strlen(name);

	if (!img->pgo)
		return false;
	if (!c->inlined)
		collect(c);
	if (!c->inlined)
		return false;
	end = c->tab.names.p + c->tab.names.len;
	for (p = c->tab.names.p; (p = memmem(p, (size_t)(end - p), name, len + 1)); p++) {
		size_t off = (size_t)(p - c->tab.names.p);

		if ((!off || !p[-1]) && c->inlined[off / 8] & 1 << off % 8)
			return true;
	}
	return false;
}

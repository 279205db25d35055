/* SPDX-License-Identifier: BSD-2-Clause */
/* What a stack record has behind its pcs. */
#include "golin/record.h"

const uint16_t *golin_rec_stack_words(const struct golin_rec_stack *r)
{
	size_t room = r->h.size - sizeof(*r) - r->n * sizeof(r->pcs[0]);

	return r->n && room / sizeof(uint16_t) >= r->n ? (const uint16_t *)&r->pcs[r->n] : NULL;
}

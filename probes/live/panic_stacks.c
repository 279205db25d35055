/* SPDX-License-Identifier: BSD-2-Clause */
#include "live/panic_stacks.h"

#include <string.h>
#include "func_defers.h"
#include "image_process.h"
#include "live/decode.h"

enum { STACKS_MAX = 1024, PCS_MAX = 1 << 16, PC_BITS = 48 };

void panic_stacks_done(struct panic_stacks *s)
{
	map64_done(&s->ids);
	map64_done(&s->frameless);
	map64_done(&s->told);
	array_free(&s->v);
	memset(s, 0, sizeof(*s));
}

void panic_stacks_keep(struct panic_stacks *s, const struct wire_hdr *w)
{
	const struct wire_stack *from = (const void *)w;
	struct wire_stack *to;
	uint32_t v;

	if (!(w->flags & WIRE_F_SIGNAL) || !(w->flags & WIRE_F_WORDS) ||
	    w->size < WIRE_STACK_FIXED || from->n > WIRE_STACK_MAX ||
	    w->size != WIRE_STACK_FIXED + 8 * from->n || map64_get(&s->ids, from->id, &v))
		return;
	if (s->v.len >= STACKS_MAX)
		panic_stacks_done(s);
	to = array_add(&s->v);
	if (!to)
		return;
	memcpy(to, from, w->size);
	if (!map64_put(&s->ids, from->id, (uint32_t)(s->v.len - 1)))
		s->v.len--;
}

static bool is_frameless(struct panic_stacks *s, uint64_t pc, struct golin_imgproc *p)
{
	struct golin_func_defers f = {0};
	uint32_t v;

	if (map64_get(&s->frameless, pc, &v))
		return v;
	if (golin_imgproc_defers(p, &pc, 1, &f, NULL))
		return false;
	v = f.lo <= pc && pc < f.hi && f.frame == 0;
	if (s->frameless.len < PCS_MAX)
		map64_put(&s->frameless, pc, v);
	return v;
}

/* With the caller behind the function at `at`, one word up from its pc. */
static void insert(struct wire_stack *s, uint32_t at, uint64_t word)
{
	uint64_t words = s->pcs[at] >> PC_BITS, pc = s->pcs[at] << (64 - PC_BITS) >> (64 - PC_BITS);

	if (s->n == WIRE_STACK_MAX) {
		s->n--;
		s->truncated = 1;
	}
	if (at + 1 < s->n)
		memmove(&s->pcs[at + 2], &s->pcs[at + 1], 8 * (s->n - at - 1));
	s->pcs[at] = pc | 1ULL << PC_BITS;
	s->pcs[at + 1] = word | (words > 1 ? words - 1 : 0) << PC_BITS;
	s->n++;
}

int panic_stacks_tell(struct panic_stacks *s, const struct wire_panic_start *w,
		      const struct decoder *dec, struct golin_imgproc *p,
		      const struct golin_sink *sink, uint64_t *ret)
{
	struct wire_stack made;
	union decoded rec;
	uint32_t v, at;
	int r;

	*ret = w->stack;
	if (!(w->h.flags & WIRE_F_SIGNAL) || !w->sig_word || w->sig_word >> PC_BITS ||
	    !map64_get(&s->ids, w->stack, &v) || !is_frameless(s, decode_pc(dec, w->sig_pc), p))
		return 0;
	made = s->v.v[v];
	for (at = 0; at < made.n; at++)
		/* It was sent as a return address. */
		if ((made.pcs[at] ^ (w->sig_pc + 1)) << (64 - PC_BITS) == 0)
			break;
	if (at + 1 >= WIRE_STACK_MAX || at == made.n)
		return 0;
	insert(&made, at, w->sig_word);
	made.id = (w->stack ^ w->sig_word * 0x9e3779b97f4a7c15ULL) | 1;
	made.h.size = (uint16_t)(WIRE_STACK_FIXED + 8 * made.n);
	*ret = made.id;
	if (map64_get(&s->told, made.id, &v) || !decode_record(dec, &made.h, &rec))
		return 0;
	r = sink->put(sink->arg, &rec.h);
	if (r < 0)
		return r;
	map64_put(&s->told, made.id, 0);
	return 1;
}

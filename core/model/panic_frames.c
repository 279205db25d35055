/* SPDX-License-Identifier: BSD-2-Clause */
/* Places of panics: who raised one, who recovered it, which frames it unwound. */
#include "model_impl.h"

#include <ctype.h>

static const struct golin_frame nowhere = {.func = "", .file = ""};

/* Of package runtime, and what was moved out of it: the user did not write it. */
static bool is_runtime(const struct golin_frame *f)
{
	return f->flags & GOLIN_FRAME_RUNTIME || !strncmp(f->func, "runtime.", 8) ||
	       !strncmp(f->func, "internal/runtime/", 17);
}

static int frames_at(const struct golin_model *m, uint32_t space, uint64_t pc,
		     const struct golin_frame **ret)
{
	const struct name *n = names_find(&m->names, space, pc);

	if (!n || !n->n)
		return 0;
	*ret = m->names.frames.v + n->first;
	return n->n;
}

struct golin_frame panic_stack_at(const struct golin_model *m, uint32_t space, uint64_t stack)
{
	const struct stack *s = stack ? stacks_find(&m->stacks, space, stack) : NULL;

	for (uint16_t i = 0; s && i < s->n; i++) {
		const struct golin_frame *f;
		int n = frames_at(m, space, m->stacks.pcs.v[s->first + i], &f);

		for (int k = 0; k < n; k++)
			if (!(f[k].flags & GOLIN_FRAME_WRAPPER) && !is_runtime(&f[k]))
				return f[k];
	}
	return nowhere;
}

bool panic_raised_by_runtime(const struct golin_model *m, golin_pidx i)
{
	const struct panic_node *n = panic_at(m, i);
	const struct stack *s = n->p.stack ? stacks_find(&m->stacks, n->space, n->p.stack) : NULL;
	const struct golin_frame *f;

	return s && s->n && frames_at(m, n->space, m->stacks.pcs.v[s->first], &f) &&
	       is_runtime(&f[0]);
}

struct golin_frame golin_panic_at(const struct golin_model *m, golin_pidx i)
{
	const struct golin_panic *p = golin_model_panic(m, i);

	return p ? panic_stack_at(m, panic_at(m, i)->space, p->stack) : nowhere;
}

struct golin_frame golin_model_entry_func(const struct golin_model *m, uint64_t pc)
{
	size_t space = m->spaces.len, end = space > NEWEST_SPACES ? space - NEWEST_SPACES : 0;

	while (space-- > end)
		if (names_find(&m->names, (uint32_t)space, pc))
			return frame_of_pc(m, (uint32_t)space, pc);
	return frame_of_pc(m, 0, pc);
}

struct golin_frame golin_panic_resumed(const struct golin_model *m, golin_pidx i)
{
	const struct golin_panic *p = golin_model_panic(m, i);

	const struct golin_frame *f;
	int n = p ? frames_at(m, panic_at(m, i)->space, p->resumed_in, &f) : 0;

	/* A function with deferred calls is never inlined; the last one before the pc may be. */
	return n ? f[n - 1] : nowhere;
}

/* The function that the code at pc is part of: not one that was inlined there. */
static const char *func_at(const struct golin_model *m, uint32_t space, uint64_t pc)
{
	const struct golin_frame *f;
	int n = frames_at(m, space, pc, &f);

	return n ? f[n - 1].func : NULL;
}

/* The only frame of the function that pc is in: exact unless it recursed. */
static uint32_t frame_by_func(const struct golin_model *m, uint32_t space, const struct stack *s,
			      uint64_t pc)
{
	const char *func = func_at(m, space, pc);
	uint32_t found = UINT32_MAX;

	if (!func || s->truncated)
		return UINT32_MAX;
	for (uint32_t k = 0; k < s->n; k++) {
		/* Strings of the model stand once. */
		if (func_at(m, space, m->stacks.pcs.v[s->first + k]) != func)
			continue;
		if (found != UINT32_MAX)
			return UINT32_MAX;
		found = k;
	}
	return found;
}

/* The frame to which the word that deep on the stack returns, as far as depths are known. */
static bool walk(const struct golin_model *m, const struct panic_node *n, const struct stack *s,
		 uint64_t depth, uint32_t *ret)
{
	const uint16_t *words = stack_words(&m->stacks, s);
	uint64_t at = n->p.depth;

	for (uint32_t k = 0; words && n->depth_known && k < s->n; k++) {
		if (at == depth) {
			*ret = k;
			return true;
		}
		if (at < depth || !words[k] || at < 8u * words[k])
			break;
		at -= 8u * words[k];
	}
	return false;
}

static const struct stack *stack_of(const struct golin_model *m, const struct panic_node *n)
{
	return n->p.stack ? stacks_find(&m->stacks, n->space, n->p.stack) : NULL;
}

uint32_t panic_frame_at(const struct golin_model *m, golin_pidx i, uint64_t depth, uint64_t pc)
{
	const struct panic_node *n = panic_at(m, i);
	const struct stack *s = stack_of(m, n);
	uint32_t k;

	if (!s)
		return UINT32_MAX;
	/* A call leaves the caller's stack pointer just above its return address. */
	if (walk(m, n, s, depth + 8, &k))
		return k;
	return frame_by_func(m, n->space, s, pc);
}

/* As a traceback does: the runtime's own frames are of no use, but for gopanic. */
static bool is_shown(const struct golin_frame *f)
{
	return !(f->flags & GOLIN_FRAME_WRAPPER) &&
	       (strncmp(f->func, "runtime.", 8) != 0 || isupper((unsigned char)f->func[8]) ||
		!strcmp(f->func, "runtime.gopanic"));
}

uint32_t golin_panic_unwound(const struct golin_model *m, golin_pidx i)
{
	const struct golin_panic *p = golin_model_panic(m, i);
	const struct stack *s = p && p->frames != UINT32_MAX ? stack_of(m, panic_at(m, i)) : NULL;
	uint32_t shown = 0;

	if (!s || p->frames >= s->n)
		return UINT32_MAX;
	for (uint32_t k = 0; k <= p->frames; k++) {
		const struct golin_frame *f;
		int n = frames_at(m, panic_at(m, i)->space, m->stacks.pcs.v[s->first + k], &f);

		/* Of the frame that goes on, what was inlined there is gone. */
		for (int j = 0; j < n - (k == p->frames); j++)
			shown += is_shown(&f[j]);
		shown += !n && k < p->frames;
	}
	return shown;
}

uint32_t panic_frame_below(const struct golin_model *m, golin_pidx i, uint64_t depth,
			   uint64_t *ret_pc)
{
	const struct panic_node *n = panic_at(m, i);
	const struct stack *s = stack_of(m, n);
	uint32_t k;

	if (!s || !walk(m, n, s, depth, &k) || !k)
		return UINT32_MAX;
	*ret_pc = m->stacks.pcs.v[s->first + k - 1];
	return k - 1;
}

uint64_t panic_depth_of(const struct golin_model *m, uint32_t space, uint64_t stack, uint64_t depth,
			const char *func)
{
	const struct stack *s = stack ? stacks_find(&m->stacks, space, stack) : NULL;
	const uint16_t *words = s ? stack_words(&m->stacks, s) : NULL;

	for (uint32_t k = 0; words && k < s->n; k++) {
		const char *at = func_at(m, space, m->stacks.pcs.v[s->first + k]);

		if (!words[k] || depth < 8u * words[k])
			return 0;
		depth -= 8u * words[k];
		if (at && !strcmp(at, func))
			return depth;
	}
	return 0;
}

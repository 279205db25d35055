/* SPDX-License-Identifier: BSD-2-Clause */
#include "live/context_stacks.h"

#include <errno.h>
#include <string.h>
#include "golin/layout.h"
#include "live/contexts_impl.h"
#include "live/source.h"
#include "memory/mem.h"
#include "memory/waits.h"

enum {
	GOROUTINES_MAX = 2000, /* looked at in one reading */
	STACK_BYTES = 16384,   /* of each, from where it stands outwards */
	TOTAL_BYTES = 32 << 20,
	MARK_BYTES = 4096, /* of a stack, when the context of one channel is looked for */
	FOUND_EACH = 64,   /* contexts of one goroutine */
	START_BYTES = 512, /* of the stack's end: the frame of its start function */
	CLOSURES_MAX = 24, /* func values that are looked into there */
	CLOSURE_BYTES = 128,
	CHAIN_MAX = 256,
	KIND_INTERFACE = 20,
	MINOR_DONE_VALUE = 17,
	MINOR_TWO_OBJECTS = 20,
};

void stack_contexts_reset(struct stack_contexts *s)
{
	array_free(&s->found);
	map64_done(&s->coming);
	memset(s, 0, sizeof(*s));
}

/* ---- is it a context? ---- */

/* In the program's own data: itabs and types that the linker made. */
static bool in_image(const struct contexts_live *c, uint64_t addr)
{
	const struct golin_image_info *info = c->mem.info;
	uint64_t at = addr - c->mem.bias;

	if (at - info->text < info->etext - info->text)
		return false;
	for (uint32_t i = 0; i < info->nsegments; i++)
		if (at - info->segments[i].vaddr < info->segments[i].mem_size)
			return true;
	return false;
}

/* The first itab of a context that the package made tells which interface context.Context is. */
static bool learn_interface(struct contexts_live *c, uint64_t tab)
{
	static const char *const types[] = {"*context.cancelCtx", "*context.timerCtx",
					    "*context.valueCtx", "*context.emptyCtx",
					    "context.backgroundCtx"};
	const struct go_type *type;
	struct go_itab itab;

	if (!types_itab(&c->types, tab, &itab) || !in_image(c, itab.inter))
		return false;
	type = types_get(&c->types, itab.inter);
	if (!type || type->kind != KIND_INTERFACE || strcmp(type->name, "context.Context") != 0)
		return false;
	type = types_get(&c->types, itab.type);
	for (size_t i = 0; type && i < sizeof(types) / sizeof(types[0]); i++)
		if (!strcmp(type->name, types[i]))
			c->iface = itab.inter;
	return c->iface != 0;
}

static bool is_itab(struct contexts_live *c, uint64_t word)
{
	if (!word || word % 8 || !in_image(c, word))
		return false;
	return c->iface ? ctx_is_context(c, word) : learn_interface(c, word);
}

/* Nothing yet, or an empty struct's channel. */
static bool is_done_word(const struct contexts_live *c, uint64_t at)
{
	uint64_t words[2] = {0}, chan;
	uint32_t elemsize;
	uint16_t size;

	if (c->done.offset == UINT32_MAX ||
	    mem_read(c->mem.mem_fd, at + c->done.offset, &chan, sizeof(chan)))
		return false;
	/* An atomic.Value has its type in front. */
	if (c->mem.info->go.minor >= MINOR_DONE_VALUE &&
	    (mem_read(c->mem.mem_fd, at + c->done.offset - 8, words, sizeof(words)) ||
	     (words[0] != 0) != (chan != 0) || (words[0] && !in_image(c, words[0]))))
		return false;
	if (!chan)
		return true;
	return chan % 8 == 0 &&
	       golin_layout_get(c->mem.layout, GOLIN_F_HCHAN_elemsize, &elemsize) &&
	       !mem_read(c->mem.mem_fd, chan + elemsize, &size, sizeof(size)) && !size;
}

/* An interface value that is nil or has its itab, or its type, in the image. */
static bool is_iface_word(const struct contexts_live *c, uint64_t at)
{
	struct wire_iface v;

	return ctx_read_iface(c, at, &v) && (!v.tab || in_image(c, v.tab));
}

/* Does the object look as one of that kind does? *up: what it hangs on. */
static bool is_object(struct contexts_live *c, const struct named *named, uint64_t at,
		      struct wire_iface *up)
{
	uint64_t inner;

	if (at % 8 || !mem_range_ok(at, 8) || !ctx_read_iface(c, at, up))
		return false;
	switch (named->kind) {
	case GOLIN_CTX_TIMER:
		if (c->mem.info->go.minor == MINOR_TWO_OBJECTS) {
			inner = up->tab;
			if (inner % 8 || !ctx_read_iface(c, inner, up))
				return false;
			at = inner;
		}
		/* fallthrough */
	case GOLIN_CTX_CANCEL:
	case GOLIN_CTX_AFTER_FUNC:
		return is_itab(c, up->tab) && is_done_word(c, at) && c->cancel_err != UINT32_MAX &&
		       is_iface_word(c, at + c->cancel_err);
	case GOLIN_CTX_VALUE:
		return is_itab(c, up->tab) && c->value_key != UINT32_MAX &&
		       is_iface_word(c, at + c->value_key);
	case GOLIN_CTX_WITHOUT_CANCEL:
		return is_itab(c, up->tab);
	default:
		return false; /* of another's type nothing is known */
	}
}

/* It, and all above it up to a root or another's type, look as contexts do. */
static bool ctx_is_sound(struct contexts_live *c, struct wire_iface v)
{
	for (int k = 0; k < CHAIN_MAX; k++) {
		struct named named = ctx_kind_of(c, v.tab);
		struct wire_iface up;

		if (!named.readable)
			return false;
		if (k && (named.root || named.kind == GOLIN_CTX_FOREIGN))
			return true;
		if (named.root || !is_object(c, &named, v.data, &up))
			return false;
		v = up;
	}
	return false;
}

/* ---- looking ---- */

struct looker {
	struct contexts_live *c;
	struct wire_iface found[FOUND_EACH];
	size_t n;
};

static void look(struct looker *k, const uint64_t *words, size_t n)
{
	for (size_t i = 0; i + 1 < n && k->n < FOUND_EACH; i++) {
		struct wire_iface v = {words[i], words[i + 1]};
		bool known = false;

		if (!is_itab(k->c, v.tab))
			continue;
		for (size_t j = 0; j < k->n; j++)
			known |= k->found[j].data == v.data && k->found[j].tab == v.tab;
		if (!known && ctx_is_sound(k->c, v))
			k->found[k->n++] = v;
	}
}

/* Func values in the frame of the start function: what they have captured. */
static void look_into_closures(struct looker *k, const uint64_t *words, size_t n)
{
	const struct golin_image_info *info = k->c->mem.info;
	uint64_t obj[CLOSURE_BYTES / 8];
	int tries = 0;

	for (size_t i = n; i-- > 0 && tries < CLOSURES_MAX;) {
		if (words[i] % 8 || !mem_range_ok(words[i], CLOSURE_BYTES) ||
		    words[i] - k->c->mem.bias < info->etext || in_image(k->c, words[i]))
			continue;
		tries++;
		if (mem_read(k->c->mem.mem_fd, words[i], obj, sizeof(obj)) ||
		    obj[0] - k->c->mem.bias - info->text >= info->etext - info->text)
			continue;
		look(k, obj + 1, CLOSURE_BYTES / 8 - 1);
	}
}

/* The contexts on the stack of a parked goroutine; how many bytes were looked at. */
static size_t look_at(struct looker *k, const struct golin_mem_goroutine *g)
{
	uint64_t words[STACK_BYTES / 8];
	size_t n, start = START_BYTES / 8;
	bool whole;

	k->n = 0;
	if (mem_goroutine_stack(&k->c->mem, g->g, g->goid, words, STACK_BYTES / 8, &n, &whole))
		return 0;
	look(k, words, n);
	if (whole) {
		start = n < start ? n : start;
		look_into_closures(k, words + (n - start), start);
	}
	return n * 8;
}

static bool is_parked(const struct golin_mem_goroutine *g)
{
	return g->state == GOLIN_GS_WAITING || g->state == GOLIN_GS_SYSCALL ||
	       g->state == GOLIN_GS_LEAKED;
}

void live_stack_contexts_read(struct live *l, const struct golin_mem_goroutine *v, size_t n)
{
	struct stack_contexts *s = &l->stack_contexts;
	struct looker k = {.c = &l->contexts};
	size_t goroutines = 0, bytes = 0;

	stack_contexts_reset(s);
	if (contexts_ready(&l->contexts, NULL))
		return;
	s->ts = live_now();
	for (size_t i = 0; i < n; i++) {
		if (!is_parked(&v[i]))
			continue;
		if (goroutines++ >= GOROUTINES_MAX || bytes >= TOTAL_BYTES) {
			s->left_out++;
			continue;
		}
		bytes += look_at(&k, &v[i]);
		for (size_t j = 0; j < k.n; j++) {
			struct stack_context *f = array_add(&s->found);

			if (f)
				*f = (struct stack_context){v[i].goid, k.found[j]};
		}
	}
}

/* ---- telling ---- */

static int put_one(struct live *l, const struct golin_sink *sink, uint64_t goid,
		   struct wire_iface v, uint64_t ts)
{
	struct contexts_live *c = &l->contexts;
	struct golin_rec_context_passed *r;
	int n, e;

	if (map64_get(&l->stack_contexts.coming, v.data, &(uint32_t){0}))
		return 0;
	n = ctx_tell(c, sink, v, (struct wire_iface){0}, ts);
	if (n < 0)
		return n;
	r = ctx_begin(c, GOLIN_REC_CONTEXT_PASSED, sizeof(*r), ts, 0);
	if (!r)
		return -ENOMEM;
	r->child = goid;
	r->ctx = v.data;
	r->how = GOLIN_PASSED_STACK;
	e = ctx_put_rec(c, sink);
	return e < 0 ? e : n + e;
}

int live_stack_contexts_put(struct live *l, const struct golin_sink *sink, int max)
{
	struct stack_contexts *s = &l->stack_contexts;
	int n = 0, e;

	for (; s->next < s->found.len && n < max; s->next++) {
		const struct stack_context *f = &s->found.v[s->next];

		e = put_one(l, sink, f->goid, f->v, s->ts);
		if (e < 0)
			return e;
		n += e;
	}
	if (s->next < s->found.len)
		return n;
	if (s->left_out)
		live_say(l,
			 "the stacks of %llu more goroutines were not looked through for contexts "
			 "that were there before",
			 (unsigned long long)s->left_out);
	stack_contexts_reset(s);
	return n;
}

size_t live_stack_contexts_look(struct live *l, const struct golin_mem_goroutine *g,
				struct wire_iface *ret, size_t max)
{
	struct looker k = {.c = &l->contexts};

	if (!l->contexts.open || !is_parked(g))
		return 0;
	look_at(&k, g);
	k.n = k.n < max ? k.n : max;
	memcpy(ret, k.found, k.n * sizeof(*ret));
	return k.n;
}

/* The Done channel of the cancelCtx at that address; 0: there is none. */
static uint64_t done_of(struct contexts_live *c, uint64_t at)
{
	uint64_t raw[8];
	size_t i = c->done.offset / 8;

	if (at % 8 || !mem_range_ok(at, sizeof(raw)) || in_image(c, at) || i < 2 || i >= 8 ||
	    mem_read(c->mem.mem_fd, at, raw, sizeof(raw)) || !is_itab(c, raw[0]))
		return 0;
	return is_done_word(c, at) ? raw[i] : 0;
}

void live_stack_contexts_mark(struct live *l, const struct golin_mem_goroutine *g,
			      struct mem_waits *w)
{
	uint64_t words[MARK_BYTES / 8], chan;
	struct contexts_live *c = &l->contexts;
	bool whole;
	size_t n;

	if (!c->open || !is_parked(g) ||
	    mem_goroutine_stack(&c->mem, g->g, g->goid, words, MARK_BYTES / 8, &n, &whole))
		return;
	for (size_t i = 0; i < n; i++) {
		chan = done_of(c, words[i]);
		for (uint32_t k = 0; chan && k < w->n; k++)
			w->v[k].done |= w->v[k].chan == chan && w->v[k].how == GOLIN_WAIT_RECV;
	}
}

int live_stack_contexts_tell(struct live *l, const struct golin_sink *sink, uint64_t goid,
			     const struct wire_iface *v, size_t n, uint64_t ts)
{
	int sum = 0, e;

	for (size_t j = 0; j < n; j++) {
		uint32_t known;

		if (map64_get(&l->contexts.known, v[j].data, &known))
			continue;
		e = put_one(l, sink, goid, v[j], ts);
		if (e < 0)
			return e;
		sum += e;
	}
	return sum;
}

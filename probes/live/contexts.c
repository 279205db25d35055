/* SPDX-License-Identifier: BSD-2-Clause */
/* The events of contexts, one by one. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "base/err.h"
#include "image_process.h"
#include "live/contexts_impl.h"
#include "live/decode.h"
#include "memory/mem.h"

enum { CALLERS_MAX = 1 << 16 };

/* ---- creation ---- */

/* Fills the parent's part of a creation, telling of it first. */
static int parent_of(struct contexts_live *c, const struct golin_sink *sink, uint64_t ts,
		     struct wire_iface parent, struct wire_iface up, struct named *ret)
{
	struct go_itab itab;
	int n, e;

	if (!c->iface && types_itab(&c->types, parent.tab, &itab))
		c->iface = itab.inter;
	n = ctx_tell(c, sink, parent, ctx_is_context(c, up.tab) ? up : (struct wire_iface){0}, ts);
	if (n < 0)
		return n;
	*ret = ctx_kind_of(c, parent.tab);
	e = ctx_tell_type(c, sink, ret->type);
	return e < 0 ? e : n + e;
}

static void set_parent(struct contexts_live *c, struct golin_rec_context_create *r,
		       const struct named *up, uint64_t data)
{
	if (!up->readable) {
		r->flags |= GOLIN_CTX_PARTIAL;
		return;
	}
	r->flags |= GOLIN_CTX_PARENT_KNOWN;
	r->parent = up->root ? 0 : data;
	r->parent_kind = ctx_root_kind(c, up, data);
	r->parent_type = up->kind == GOLIN_CTX_FOREIGN ? ctx_linked(c, up->type) : 0;
}

static int put_create(struct contexts_live *c, const struct wire_ctx_create *w,
		      const struct golin_sink *sink)
{
	struct golin_rec_context_create *r;
	struct named self, up;
	int n, e;

	n = parent_of(c, sink, w->h.ts, w->parent, w->up, &up);
	if (n < 0)
		return n;
	self = ctx_kind_of(c, w->child.tab);
	e = ctx_tell_type(c, sink, self.type);
	if (e < 0)
		return e;
	n += e;
	r = ctx_begin(c, GOLIN_REC_CONTEXT_CREATE, sizeof(*r), w->h.ts, w->goid);
	if (!r)
		return -ENOMEM;
	r->ctx = w->child.data;
	r->type = ctx_linked(c, self.type);
	r->kind = self.kind;
	r->stack = w->stack;
	if (w->h.flags & WIRE_F_PARTIAL || !self.readable)
		r->flags |= GOLIN_CTX_PARTIAL;
	if (self.kind == GOLIN_CTX_TIMER) {
		r->deadline_unix_ns = ctx_unix_ns(w->wall, w->ext);
		if (c->mem.info->go.minor == 20) {
			r->inner = w->inner;
			r->flags |= w->inner ? 0 : GOLIN_CTX_PARTIAL;
		}
	}
	if (w->asked_wall || w->asked_ext) {
		r->asked_unix_ns = ctx_unix_ns(w->asked_wall, w->asked_ext);
		r->flags |= GOLIN_CTX_ASKED;
	}
	if (w->has_timeout) {
		r->timeout_ns = (int64_t)w->timeout;
		r->flags |= GOLIN_CTX_HAS_TIMEOUT;
	}
	set_parent(c, r, &up, w->parent.data);
	ctx_know(c, w->child.data, r->inner, self.kind);
	e = ctx_put_rec(c, sink);
	return e < 0 ? e : n + e;
}

/* ---- values ---- */

static int put_value(struct contexts_live *c, const struct wire_ctx_value *w,
		     const struct golin_sink *sink)
{
	const uint64_t types[] = {w->key.tab, w->value.tab};
	struct golin_rec_context_create *r;
	struct named up;
	char buf[CTX_TEXT];
	size_t len;
	int n, e;

	n = parent_of(c, sink, w->h.ts, w->parent, w->up, &up);
	if (n < 0)
		return n;
	for (int i = 0; i < 2; i++) {
		e = ctx_tell_type(c, sink, types[i]);
		if (e < 0)
			return e;
		n += e;
	}
	r = ctx_begin(c, GOLIN_REC_CONTEXT_CREATE, sizeof(*r), w->h.ts, w->goid);
	if (!r)
		return -ENOMEM;
	r->ctx = w->ctx;
	r->kind = GOLIN_CTX_VALUE;
	r->stack = w->stack;
	r->key_type = ctx_linked(c, w->key.tab);
	r->value_type = ctx_linked(c, w->value.tab);
	r->flags |= w->h.flags & WIRE_F_PARTIAL ? GOLIN_CTX_PARTIAL : 0;
	set_parent(c, r, &up, w->parent.data);
	if (w->h.flags & WIRE_F_TRACE && w->h.size == sizeof(*w)) {
		/* Not asked for: but a trace's ids are no secret, and panics are told by them. */
		len = ctx_value_text(c, &w->value, &w->value_text, w->object,
				     w->object_len < WIRE_OBJECT ? w->object_len : WIRE_OBJECT,
				     buf);
		if (ctx_is_trace(buf, len))
			golin_recbuf_str(&c->buf, offsetof(struct golin_rec_context_create, value),
					 buf, len);
	} else if (w->h.size == sizeof(*w)) {
		r->flags |= GOLIN_CTX_SHOWN;
		len = ctx_value_text(c, &w->key, &w->key_text, NULL, 0, buf);
		golin_recbuf_str(&c->buf, offsetof(struct golin_rec_context_create, key), buf, len);
		len = ctx_value_text(c, &w->value, &w->value_text, w->object,
				     w->object_len < WIRE_OBJECT ? w->object_len : WIRE_OBJECT,
				     buf);
		golin_recbuf_str(&c->buf, offsetof(struct golin_rec_context_create, value), buf,
				 len);
	}
	ctx_know(c, w->ctx, 0, GOLIN_CTX_VALUE);
	e = ctx_put_rec(c, sink);
	return e < 0 ? e : n + e;
}

/* ---- cancellation ---- */

/* What stands at a return address of (*cancelCtx).cancel. */
enum caller {
	CALLER_USER = 1, /* a cancel function, in the end */
	CALLER_PARENT,	 /* the parent's own cancel, or propagateCancel, whose parent was done */
	CALLER_METHOD,	 /* cancel of timerCtx or afterFuncCtx: its caller counts */
};

static void classify(void *arg, uint64_t pc, const struct golin_name_frame *f, int n)
{
	static const struct {
		const char *prefix;
		enum caller caller;
	} known[] = {
		{"context.(*cancelCtx).cancel", CALLER_PARENT},
		{"context.(*cancelCtx).propagateCancel", CALLER_PARENT},
		{"context.propagateCancel", CALLER_PARENT},
		{"context.(*timerCtx).cancel", CALLER_METHOD},
		{"context.(*afterFuncCtx).cancel", CALLER_METHOD},
	};
	enum caller *ret = arg;

	*ret = CALLER_USER;
	for (size_t i = 0; n && i < sizeof(known) / sizeof(known[0]); i++)
		if (!strncmp(f[0].func, known[i].prefix, strlen(known[i].prefix)))
			*ret = known[i].caller;
}

static enum caller caller_at(struct contexts_live *c, uint64_t ret_addr)
{
	uint64_t pc = decode_ret(c->dec, ret_addr);
	enum caller caller = CALLER_USER;
	uint32_t v;

	if (map64_get(&c->callers, pc, &v))
		return v;
	if (golin_imgproc_names(c->p, &pc, 1, classify, &caller, NULL))
		return CALLER_USER;
	if (c->callers.len < CALLERS_MAX)
		map64_put(&c->callers, pc, caller);
	return caller;
}

/* What an error says, copied at the event: it begins with a string, as most errors do. */
static void error_text(struct contexts_live *c, const struct go_type *type, uint64_t data,
		       const struct wire_text *t, size_t field)
{
	static const char *const begin_with_text[] = {"*errors.errorString", "*fmt.wrapError",
						      "*fmt.wrapErrors"};

	char buf[CTX_TEXT];
	size_t len;

	for (size_t i = 0; i < sizeof(begin_with_text) / sizeof(begin_with_text[0]); i++) {
		if (strcmp(type->name, begin_with_text[i]))
			continue;
		len = ctx_string_text(c, data, t, buf);
		golin_recbuf_str(&c->buf, field, buf, len);
	}
	if (!strcmp(type->name, "context.deadlineExceededError"))
		golin_recbuf_str(&c->buf, field, "context deadline exceeded", 25);
}

static int put_cancel(struct contexts_live *c, const struct wire_ctx_cancel *w,
		      const struct golin_sink *sink)
{
	bool has_cause = w->h.size == sizeof(*w);
	struct golin_rec_context_cancel *r;
	struct go_itab err = {0}, cause = {0};
	const struct go_type *type;
	enum caller caller;
	bool deadline;
	int n, e;

	types_itab(&c->types, w->err.tab, &err);
	if (has_cause)
		types_itab(&c->types, w->cause.tab, &cause);
	n = ctx_tell_type(c, sink, err.type);
	if (n < 0)
		return n;
	e = ctx_tell_type(c, sink, cause.type);
	if (e < 0)
		return e;
	n += e;
	caller = caller_at(c, w->ret[0]);
	if (caller == CALLER_METHOD)
		caller = caller_at(c, w->ret[1]);
	type = types_get(&c->types, err.type);
	deadline = type && !strcmp(type->name, "context.deadlineExceededError");

	r = ctx_begin(c, GOLIN_REC_CONTEXT_CANCEL, sizeof(*r), w->h.ts, w->goid);
	if (!r)
		return -ENOMEM;
	done_cancelled(&c->done, w->ctx);
	r->ctx = w->ctx;
	r->stack = w->stack;
	r->err_type = ctx_linked(c, err.type);
	r->cause_type = ctx_linked(c, cause.type);
	r->reason = caller == CALLER_PARENT ? GOLIN_CANCEL_PARENT
		    : deadline		    ? GOLIN_CANCEL_DEADLINE
					    : GOLIN_CANCEL_EXPLICIT;
	r->flags = w->h.flags & WIRE_F_PARTIAL ? GOLIN_CTX_PARTIAL : 0;
	if (type)
		error_text(c, type, w->err.data, &w->err_text,
			   offsetof(struct golin_rec_context_cancel, err));
	type = types_get(&c->types, cause.type);
	if (type)
		error_text(c, type, w->cause.data, &w->cause_text,
			   offsetof(struct golin_rec_context_cancel, cause));
	e = ctx_put_rec(c, sink);
	return e < 0 ? e : n + e;
}

/* ---- what a goroutine was handed ---- */

/* A word of the program's own image can be an itab; one that reflection made was learned before. */
static bool may_be_itab(const struct contexts_live *c, uint64_t word)
{
	const struct golin_image_info *info = c->mem.info;
	uint64_t at = word - c->mem.bias;
	uint32_t v;

	if (!word || word % 8)
		return false;
	for (uint32_t i = 0; i < info->nsegments; i++)
		if (at - info->segments[i].vaddr < info->segments[i].mem_size)
			return true;
	return map64_get(&c->types.by_itab, word, &v);
}

struct handed {
	struct contexts_live *c;
	const struct golin_sink *sink;
	const struct wire_ctx_passed *w;
	int n; /* records, or a negative errno */
};

struct words {
	const __u64 *v;
	size_t n;
	uint64_t at; /* where they stand; 0: on a stack */
	uint32_t how;
	bool sure; /* without its bounds, too, the words are the object's */
};

/* Is it what it was at the event? A closure is garbage as soon as its function has begun. */
static bool unchanged(const struct handed *h, const struct words *w, size_t i)
{
	size_t from = w->sure ? 0 : i, n = w->sure ? 1 : 2; /* its code; what is looked for */
	uint64_t now[2];

	return !mem_read(h->c->mem.mem_fd, w->at + 8 * from, now, 8 * n) &&
	       !memcmp(now, w->v + from, 8 * n);
}

/* Those that lie behind the end of their object are a neighbour's. */
static bool within(const struct handed *h, const struct words *w, size_t i)
{
	uint64_t base, end;

	if (!w->at)
		return true;
	/* The span of what is gone may have objects of another size now. */
	if (!unchanged(h, w, i) || !heap_object(&h->c->heap, w->at, &base, &end))
		return w->sure;
	return w->at + 8 * (i + 2) <= end;
}

static void hand(struct handed *h, const struct words *w)
{
	struct contexts_live *c = h->c;

	for (size_t i = 0; i + 1 < w->n && h->n >= 0; i++) {
		struct wire_iface v = {w->v[i], w->v[i + 1]};
		struct golin_rec_context_passed *r;
		struct named named;
		int e;

		if (!may_be_itab(c, v.tab) || !ctx_is_context(c, v.tab) || !v.data)
			continue;
		named = ctx_kind_of(c, v.tab);
		if (!named.readable || named.root || !within(h, w, i))
			continue;
		e = ctx_tell(c, h->sink, v, (struct wire_iface){0}, h->w->h.ts);
		if (e < 0) {
			h->n = e;
			return;
		}
		h->n += e;
		r = ctx_begin(c, GOLIN_REC_CONTEXT_PASSED, sizeof(*r), h->w->h.ts, h->w->parent);
		if (!r) {
			h->n = -ENOMEM;
			return;
		}
		r->child = h->w->child;
		r->ctx = v.data;
		r->how = w->how;
		e = ctx_put_rec(c, h->sink);
		h->n = e < 0 ? e : h->n + e;
		i++;
	}
}

static int put_passed(struct contexts_live *c, const struct wire_ctx_passed *w,
		      const struct golin_sink *sink)
{
	struct handed h = {.c = c, .sink = sink, .w = w};

	if (!c->iface) /* no context was made yet */
		return 0;
	hand(&h,
	     &(struct words){w->words, WIRE_CLOSURE / 8, w->closure, GOLIN_PASSED_CLOSURE, true});
	hand(&h, &(struct words){w->args, WIRE_NESTED_LEN / 8, 0, GOLIN_PASSED_CLOSURE, true});
	for (int i = 0; i < WIRE_NESTED; i++) {
		uint64_t code = w->nested[i][0] - c->mem.bias;
		/* A func value begins with its code. */
		bool func = code - c->mem.info->text < c->mem.info->etext - c->mem.info->text;

		hand(&h, &(struct words){w->nested[i], WIRE_NESTED_LEN / 8,
					 w->args[i] > 4096 ? w->args[i] : w->words[i + 1],
					 func ? GOLIN_PASSED_NESTED : GOLIN_PASSED_OBJECT, func});
	}
	return h.n;
}

static bool whole_cancel(const struct wire_ctx_cancel *w)
{
	uint64_t len;

	if (w->h.size == sizeof(*w))
		return true;
	if (w->h.size < WIRE_CTX_CANCEL_FIXED)
		return false;
	len = w->err_text.len < WIRE_TEXT ? w->err_text.len : WIRE_TEXT;
	if (w->err_text.len & (WIRE_TEXT_LATE | WIRE_TEXT_CUT))
		len = 0;
	return WIRE_CTX_CANCEL_FIXED + len <= w->h.size;
}

int contexts_put(struct contexts_live *c, const struct wire_hdr *w, const struct golin_sink *sink)
{
	if (!c->open)
		return 0;
	if (w->type == WIRE_ITAB && w->size == sizeof(struct wire_itab)) {
		const struct wire_itab *itab = (const void *)w;

		types_told(&c->types, itab->tab,
			   (const uint64_t[]){itab->words[0], itab->words[1]});
		return 0;
	}
	if (w->type == WIRE_CTX_CREATE && w->size == sizeof(struct wire_ctx_create))
		return put_create(c, (const void *)w, sink);
	if (w->type == WIRE_CTX_VALUE &&
	    (w->size == sizeof(struct wire_ctx_value) || w->size == WIRE_CTX_VALUE_FIXED))
		return put_value(c, (const void *)w, sink);
	if (w->type == WIRE_CTX_CANCEL && whole_cancel((const void *)w))
		return put_cancel(c, (const void *)w, sink);
	if (w->type == WIRE_CTX_PASSED && w->size == sizeof(struct wire_ctx_passed))
		return put_passed(c, (const void *)w, sink);
	return 0;
}

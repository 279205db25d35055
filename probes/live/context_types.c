/* SPDX-License-Identifier: BSD-2-Clause */
/* What the types of contexts are, and the contexts that nobody saw the creation of. */
#include "live/contexts_impl.h"

#include <errno.h>
#include <string.h>
#include "base/err.h"
#include "golin/layout.h"
#include "live/decode.h"
#include "memory/mem.h"

enum {
	KNOWN_MAX = 1 << 21,
	CHAIN_MAX = 256,       /* contexts above one that nobody saw the creation of */
	MINOR_DONE_VALUE = 17, /* since then cancelCtx.done is an atomic.Value: type and pointer */
};

static const uint32_t NONE = UINT32_MAX;

/* ---- opening ---- */

static uint32_t offset_of(const struct golin_layout *y, enum golin_field_id f)
{
	uint32_t off;

	return golin_layout_get(y, f, &off) ? off : NONE;
}

void contexts_open(struct contexts_live *c, const struct golin_memory *mem,
		   const struct decoder *dec, struct golin_imgproc *p)
{
	memset(c, 0, sizeof(*c));
	c->mem = *mem;
	heap_open(&c->heap, &c->mem);
	c->dec = dec;
	c->p = p;
	c->cancel_err = offset_of(mem->layout, GOLIN_F_CANCEL_CTX_err);
	c->timer_deadline = offset_of(mem->layout, GOLIN_F_TIMER_CTX_deadline);
	c->value_key = offset_of(mem->layout, GOLIN_F_VALUE_CTX_key);
	c->done = (struct done_index){.mem_fd = mem->mem_fd, .offset = UINT32_MAX};
	if (offset_of(mem->layout, GOLIN_F_CANCEL_CTX_done) != NONE)
		c->done.offset = offset_of(mem->layout, GOLIN_F_CANCEL_CTX_done) +
				 (mem->info->go.minor >= MINOR_DONE_VALUE ? 8 : 0);
	c->value_val = offset_of(mem->layout, GOLIN_F_VALUE_CTX_val);
}

int contexts_ready(struct contexts_live *c, struct golin_err *err)
{
	int r;

	if (c->open || !c->mem.layout)
		return 0;
	r = types_open(&c->types, &c->mem, err);
	c->open = !r;
	return r;
}

void contexts_close(struct contexts_live *c)
{
	types_done(&c->types);
	map64_done(&c->known);
	done_index_free(&c->done);
	map64_done(&c->told);
	map64_done(&c->callers);
	golin_recbuf_done(&c->buf);
	memset(c, 0, sizeof(*c));
}

/* ---- types ---- */

uint64_t ctx_linked(const struct contexts_live *c, uint64_t addr)
{
	return addr ? addr - c->mem.bias : 0;
}

int ctx_put_rec(struct contexts_live *c, const struct golin_sink *sink)
{
	const struct golin_rec *rec = golin_recbuf_end(&c->buf);
	int r = rec ? sink->put(sink->arg, rec) : -ENOMEM;

	return r < 0 ? r : 1;
}

void *ctx_begin(struct contexts_live *c, uint16_t type, size_t size, uint64_t ts, uint64_t goid)
{
	struct golin_rec *h = golin_recbuf_begin(&c->buf, type, size);

	if (h)
		decode_header(c->dec, h, type, h->size, ts, goid);
	return h;
}

/* The record of a type, the first time that it is named. */
int ctx_tell_type(struct contexts_live *c, const struct golin_sink *sink, uint64_t addr)
{
	const struct go_type *type = types_get(&c->types, addr);
	struct golin_rec_type_name *r;
	uint32_t v;

	if (!type || map64_get(&c->told, addr, &v) || !map64_put(&c->told, addr, 0))
		return 0;
	r = ctx_begin(c, GOLIN_REC_TYPE, sizeof(*r), 0, 0);
	if (!r)
		return -ENOMEM;
	r->type = ctx_linked(c, addr);
	golin_recbuf_str(&c->buf, offsetof(struct golin_rec_type_name, name), type->name,
			 strlen(type->name));
	return ctx_put_rec(c, sink);
}

/* ---- kinds ---- */

static const struct {
	const char *type;
	uint8_t kind;
} kinds[] = {
	{"*context.cancelCtx", GOLIN_CTX_CANCEL},
	{"*context.timerCtx", GOLIN_CTX_TIMER},
	{"*context.valueCtx", GOLIN_CTX_VALUE},
	{"*context.afterFuncCtx", GOLIN_CTX_AFTER_FUNC},
	{"context.withoutCancelCtx", GOLIN_CTX_WITHOUT_CANCEL},
	{"context.backgroundCtx", GOLIN_CTX_BACKGROUND},
	{"context.todoCtx", GOLIN_CTX_TODO},
};

/* The dynamic type of an interface value with methods. */
struct named ctx_kind_of(struct contexts_live *c, uint64_t tab)
{
	const struct go_type *type;
	struct go_itab itab;
	struct named n = {0};

	if (!types_itab(&c->types, tab, &itab))
		return n;
	type = types_get(&c->types, itab.type);
	if (!type)
		return n;
	n.type = itab.type;
	n.readable = true;
	/* Up to Go 1.20: Background and TODO are two objects of one type. */
	if (!strcmp(type->name, "*context.emptyCtx")) {
		n.root = true;
		return n;
	}
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (!strcmp(type->name, kinds[i].type))
			n.kind = kinds[i].kind;
	n.root = n.kind == GOLIN_CTX_BACKGROUND || n.kind == GOLIN_CTX_TODO;
	if (!n.kind)
		n.kind = GOLIN_CTX_FOREIGN;
	return n;
}

uint8_t ctx_root_kind(struct contexts_live *c, const struct named *n, uint64_t data)
{
	static const uint8_t of[] = {GOLIN_CTX_BACKGROUND, GOLIN_CTX_TODO};

	for (size_t i = 0; n->root && !n->kind && i < sizeof(of); i++) {
		uint64_t at = c->mem.info->empty_contexts[i];

		/* Set by the package's init, then never again; the process may end any time. */
		if (!c->empty[i] && at)
			mem_read(c->mem.mem_fd, at + c->mem.bias, &c->empty[i], sizeof(at));
		if (c->empty[i] && c->empty[i] == data)
			return of[i];
	}
	return n->kind;
}

/* Is it an itab of context.Context? */
bool ctx_is_context(struct contexts_live *c, uint64_t tab)
{
	struct go_itab itab;

	return c->iface && types_itab(&c->types, tab, &itab) && itab.inter == c->iface;
}

static bool is_known(const struct contexts_live *c, uint64_t addr, uint8_t kind)
{
	uint32_t v;

	return map64_get(&c->known, addr, &v) && v == kind;
}

void ctx_know(struct contexts_live *c, uint64_t addr, uint64_t inner, uint8_t kind)
{
	if (kind == GOLIN_CTX_CANCEL || kind == GOLIN_CTX_TIMER || kind == GOLIN_CTX_AFTER_FUNC)
		done_add(&c->done, addr, inner ? inner : addr);
	/* What is forgotten is told again as seen; the model knows better. */
	if (c->known.len >= KNOWN_MAX) {
		map64_done(&c->known);
		memset(&c->known, 0, sizeof(c->known));
	}
	map64_put(&c->known, addr, kind);
}

/* Unix ns of a time.Time's first two words (time/time.go); 0 for the zero time. */
int64_t ctx_unix_ns(uint64_t wall, uint64_t ext)
{
	const int64_t to_1885 = -2682288000, to_1 = -62135596800;
	int64_t sec, nsec = (int64_t)(wall & ((1u << 30) - 1));

	if (!wall && !ext)
		return 0;
	if (wall >> 63)
		sec = (int64_t)((wall & ~(1ull << 63)) >> 30) + to_1885;
	else
		sec = (int64_t)ext < INT64_MAX + to_1 ? (int64_t)ext + to_1 : INT64_MAX;
	/* A deadline in the year 2300 is as good as one in 2262. */
	if (sec > INT64_MAX / 1000000000 - 1)
		return INT64_MAX;
	if (sec < INT64_MIN / 1000000000 + 1)
		return INT64_MIN;
	return sec * 1000000000 + nsec;
}

/* ---- parents that nobody saw the creation of ---- */

struct link {
	struct wire_iface self;
	struct named named;
	struct wire_iface up; /* tab 0: not known */
	uint64_t inner;	      /* Go 1.20 */
	uint64_t wall, ext, key_type, value_type;
	uint32_t cancelled; /* as in the record */
};

bool ctx_read_iface(const struct contexts_live *c, uint64_t addr, struct wire_iface *ret)
{
	return !mem_read(c->mem.mem_fd, addr, ret, sizeof(*ret));
}

/* What stands in the object now. */
static void read_link(struct contexts_live *c, struct link *l)
{
	struct wire_iface v;
	uint64_t at = l->self.data;

	l->cancelled = 2;
	if (!l->up.tab && !ctx_read_iface(c, at, &l->up))
		l->up = (struct wire_iface){0};
	switch (l->named.kind) {
	case GOLIN_CTX_TIMER:
		if (c->timer_deadline != NONE && ctx_read_iface(c, at + c->timer_deadline, &v)) {
			l->wall = v.tab;
			l->ext = v.data;
		}
		if (c->mem.info->go.minor == 20) { /* the inner object has the rest */
			if (mem_read(c->mem.mem_fd, at, &l->inner, 8))
				break;
			at = l->inner;
			if (!ctx_read_iface(c, at, &l->up))
				l->up = (struct wire_iface){0};
		}
		/* fallthrough */
	case GOLIN_CTX_CANCEL:
	case GOLIN_CTX_AFTER_FUNC:
		if (c->cancel_err != NONE && ctx_read_iface(c, at + c->cancel_err, &v))
			l->cancelled = v.tab != 0;
		break;
	case GOLIN_CTX_VALUE:
		if (c->value_key != NONE && ctx_read_iface(c, at + c->value_key, &v))
			l->key_type = v.tab;
		if (c->value_val != NONE && ctx_read_iface(c, at + c->value_val, &v))
			l->value_type = v.tab;
		break;
	}
	if (!ctx_is_context(c, l->up.tab))
		l->up = (struct wire_iface){0};
}

static int put_seen(struct contexts_live *c, const struct golin_sink *sink, const struct link *l,
		    const struct named *up, uint64_t ts)
{
	struct golin_rec_context_seen *r;
	int n = 0, e;

	const uint64_t types[] = {l->named.type, l->key_type, l->value_type, up->type};

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		e = ctx_tell_type(c, sink, types[i]);
		if (e < 0)
			return e;
		n += e;
	}
	r = ctx_begin(c, GOLIN_REC_CONTEXT_SEEN, sizeof(*r), ts, 0);
	if (!r)
		return -ENOMEM;
	r->ctx = l->self.data;
	r->inner = l->inner;
	r->type = ctx_linked(c, l->named.type);
	r->kind = l->named.kind;
	r->deadline_unix_ns = ctx_unix_ns(l->wall, l->ext);
	r->key_type = ctx_linked(c, l->key_type);
	r->value_type = ctx_linked(c, l->value_type);
	r->cancelled = l->cancelled;
	if (up->readable) {
		r->flags = GOLIN_CTX_PARENT_KNOWN;
		r->parent = up->root ? 0 : l->up.data;
		r->parent_kind = ctx_root_kind(c, up, l->up.data);
		r->parent_type = up->kind == GOLIN_CTX_FOREIGN ? ctx_linked(c, up->type) : 0;
	}
	ctx_know(c, l->self.data, l->inner, l->named.kind);
	e = ctx_put_rec(c, sink);
	return e < 0 ? e : n + e;
}

/*
 * Tells of a context that turned up, and of those above it, as far as they are not known. `up`: the
 * first two words of it when that was copied at the event.
 */
int ctx_tell(struct contexts_live *c, const struct golin_sink *sink, struct wire_iface self,
	     struct wire_iface up, uint64_t ts)
{
	struct link chain[CHAIN_MAX];
	struct named top;
	size_t len = 0;
	int n = 0, e;

	while (len < CHAIN_MAX) {
		struct link *l = &chain[len];

		*l = (struct link){.self = self, .named = ctx_kind_of(c, self.tab), .up = up};
		if (!l->named.readable || l->named.root || !self.data ||
		    is_known(c, self.data, l->named.kind))
			break;
		read_link(c, l);
		self = l->up;
		up = (struct wire_iface){0};
		len++;
		if (!self.tab)
			break;
	}
	while (len-- > 0) {
		top = ctx_kind_of(c, chain[len].up.tab);
		e = put_seen(c, sink, &chain[len], &top, ts);
		if (e < 0)
			return e;
		n += e;
	}
	return n;
}

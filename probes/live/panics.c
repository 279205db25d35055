/* SPDX-License-Identifier: BSD-2-Clause */
#include "live/panics.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>
#include "base/err.h"
#include "image_process.h"
#include "live/decode.h"
#include "live/panic_copies.h"
#include "memory/mem.h"
#include "memory/values.h"

enum { RESUMED_MAX = 1 << 16, CALL_LEN = 5 };

/* ---- opening ---- */

static void seed_trace(struct panics_live *c, uint32_t kind)
{
	uint64_t seed[2] = {0};
	struct timespec ts;

	if (getrandom(seed, sizeof(seed), GRND_NONBLOCK) != sizeof(seed)) {
		clock_gettime(CLOCK_REALTIME, &ts);
		seed[0] = (uint64_t)ts.tv_sec << 32 ^ (uint64_t)ts.tv_nsec;
		seed[1] = (uint64_t)getpid();
	}
	traceid_init(&c->trace, kind ? kind : GOLIN_TRACE_HLC,
		     (uint32_t)gethostid() ^ (uint32_t)getpid(), seed);
}

void panics_open(struct panics_live *c, const struct golin_memory *mem, const struct decoder *dec,
		 struct golin_imgproc *p, uint32_t trace_kind, bool hide)
{
	struct traceid trace = c->trace;

	memset(c, 0, sizeof(*c));
	c->mem = *mem;
	c->dec = dec;
	c->p = p;
	c->hide = hide;
	c->trace = trace;
	if (!trace.kind)
		seed_trace(c, trace_kind);
}

int panics_ready(struct panics_live *c, struct golin_err *err)
{
	int r;

	if (c->open || !c->mem.layout)
		return 0;
	r = types_open(&c->types, &c->mem, err);
	c->open = !r;
	return r;
}

void panics_close(struct panics_live *c)
{
	types_done(&c->types);
	map64_done(&c->told);
	map64_done(&c->resumed);
	panic_stacks_done(&c->stacks);
	golin_recbuf_done(&c->buf);
	c->open = false;
	c->nnil = 0;
}

/* ---- records ---- */

static uint64_t linked(const struct panics_live *c, uint64_t addr)
{
	return addr ? addr - c->mem.bias : 0;
}

static void *begin(struct panics_live *c, uint16_t type, size_t size, const struct wire_hdr *w,
		   uint64_t goid)
{
	struct golin_rec *h = golin_recbuf_begin(&c->buf, type, size);

	if (h)
		decode_header(c->dec, h, type, h->size, w->ts, goid);
	return h;
}

static int put(struct panics_live *c, const struct golin_sink *sink)
{
	const struct golin_rec *rec = golin_recbuf_end(&c->buf);
	int r = rec ? sink->put(sink->arg, rec) : -ENOMEM;

	return r < 0 ? r : 1;
}

/* The record of a type, the first time that it is named; how many records. */
static int tell_type(struct panics_live *c, const struct golin_sink *sink, uint64_t addr)
{
	const struct wire_hdr none = {0};
	struct golin_rec_type_name *r;
	char name[TYPE_NAME_MAX];
	uint32_t v;

	if (!addr || !c->open || map64_get(&c->told, addr, &v))
		return 0;
	if (!types_get(&c->types, addr) || !map64_put(&c->told, addr, 0))
		return 0;
	types_name(&c->types, addr, name, sizeof(name));
	r = begin(c, GOLIN_REC_TYPE, sizeof(*r), &none, 0);
	if (!r)
		return -ENOMEM;
	r->type = linked(c, addr);
	golin_recbuf_str(&c->buf, offsetof(struct golin_rec_type_name, name), name, strlen(name));
	return put(c, sink);
}

static uint32_t flags_of(const struct wire_hdr *w)
{
	static const struct {
		uint32_t wire, rec;
	} flags[] = {
		{WIRE_F_PARTIAL, GOLIN_PANIC_PARTIAL},
		{WIRE_F_NESTED, GOLIN_PANIC_NESTED},
		{WIRE_F_UP_RECOVERED, GOLIN_PANIC_UP_RECOVERED},
		{WIRE_F_UP_ABORTED, GOLIN_PANIC_UP_ABORTED},
		{WIRE_F_UP_GOEXIT, GOLIN_PANIC_UP_GOEXIT},
		{WIRE_F_LOCKED, GOLIN_PANIC_LOCKED},
		{WIRE_F_SIGNAL, GOLIN_PANIC_SIGNAL},
		{WIRE_F_OPEN, GOLIN_PANIC_OPEN},
		{WIRE_F_OF_GOEXIT, GOLIN_PANIC_OF_GOEXIT},
		{WIRE_F_USER, GOLIN_PANIC_FATAL_ERROR},
	};
	uint32_t ret = 0;

	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
		if (w->flags & flags[i].wire)
			ret |= flags[i].rec;
	return ret;
}

/* ---- values ---- */

/*
 * Behind the data word of an interface in a panic lies an object of the heap, unless it is one of
 * the program's own: a constant, a variable, the place of all values without a size. Told without
 * the memory: the program may be gone.
 */
static bool on_heap(const struct panics_live *c, uint64_t addr)
{
	const struct golin_image_info *info = c->mem.info;
	uint64_t at = addr - c->mem.bias;

	for (uint32_t i = 0; i < info->nsegments; i++)
		if (at - info->segments[i].vaddr < info->segments[i].mem_size)
			return false;
	return addr >= 65536;
}

static bool has_object(struct panics_live *c, const struct value *v)
{
	const struct go_type *type = types_get(&c->types, v->type);
	uint64_t elem;

	if (!type || !type->size)
		return false;
	elem = types_elem(&c->types, v->type);
	if (elem) {
		type = types_get(&c->types, elem);
		return type && type->size && on_heap(c, v->data);
	}
	return on_heap(c, v->data);
}

/* Into a record's golin_rec_value at `at`, whose text comes later. */
static void fill_value(struct panics_live *c, const struct value *v, struct golin_rec_value *ret)
{
	ret->type = linked(c, v->type);
	ret->data = v->data;
	ret->size = v->size;
	ret->flags = v->flags;
	ret->up = v->up;
	if (v->type && c->open && has_object(c, v))
		ret->flags |= GOLIN_VALUE_HEAP;
}

static void fill_text(struct panics_live *c, const struct value *v, size_t at)
{
	if (v->flags & GOLIN_VALUE_TEXT)
		golin_recbuf_str(&c->buf, at + offsetof(struct golin_rec_value, text), v->text,
				 strlen(v->text));
}

/* Where no type can be told, there is still the value. */
static size_t bare(const struct wire_iface *v, struct value *ret)
{
	memset(ret, 0, sizeof(*ret));
	ret->type = v->tab;
	ret->data = v->data;
	ret->flags = v->tab ? GOLIN_VALUE_PARTIAL : 0;
	return 1;
}

/* ---- a panic begins ---- */

static uint64_t unix_ns(uint64_t mono)
{
	struct timespec a, b;

	clock_gettime(CLOCK_MONOTONIC, &a);
	clock_gettime(CLOCK_REALTIME, &b);
	return (uint64_t)b.tv_sec * 1000000000 + (uint64_t)b.tv_nsec -
	       ((uint64_t)a.tv_sec * 1000000000 + (uint64_t)a.tv_nsec - mono);
}

static int put_start(struct panics_live *c, const struct wire_panic_start *w, const uint8_t *copies,
		     const struct golin_sink *sink)
{
	static struct value v[GOLIN_VALUES_MAX];
	struct copies from = {copies, w->copied, c->open ? &c->types : NULL};
	struct value_reader reader = {copies_read, &from, &c->types, c->hide};
	struct golin_rec_panic_start *r;
	uint64_t id[2] = {0};
	uint64_t stack;
	int n, e;
	size_t nv;

	n = panic_stacks_tell(&c->stacks, w, c->dec, c->p, sink, &stack);
	if (n < 0)
		return n;
	nv = c->open ? value_describe(&reader, w->value.tab, w->value.data, v, GOLIN_VALUES_MAX)
		     : bare(&w->value, v);
	for (size_t i = 0; i < nv; i++) {
		e = tell_type(c, sink, v[i].type);
		if (e < 0)
			return e;
		n += e;
	}
	r = begin(c, GOLIN_REC_PANIC_START, sizeof(*r) + nv * sizeof(r->values[0]), &w->h, w->goid);
	if (!r)
		return -ENOMEM;
	traceid_next(&c->trace, unix_ns(w->h.ts), id);
	r->depth = w->depth;
	r->stack = stack;
	r->flags = flags_of(&w->h);
	if (w->h.flags & WIRE_F_SIGNAL) {
		r->fault_pc = decode_pc(c->dec, w->sig_pc);
		r->fault_addr = w->sig_addr;
	}
	memcpy(r->trace, id, sizeof(id));
	r->trace_kind = c->trace.kind;
	r->n = (uint32_t)nv;
	for (size_t i = 0; i < nv; i++)
		fill_value(c, &v[i], &r->values[i]);
	for (size_t i = 0; i < nv; i++)
		fill_text(c, &v[i],
			  offsetof(struct golin_rec_panic_start, values) +
				  i * sizeof(struct golin_rec_value));
	e = put(c, sink);
	return e < 0 ? e : n + e;
}

/* ---- panic(nil) ---- */

static int put_nil(struct panics_live *c, size_t i, const struct wire_iface *v,
		   const struct golin_sink *sink)
{
	struct wire_panic_start w = c->nil[i];

	memmove(&c->nil[i], &c->nil[i + 1], (--c->nnil - i) * sizeof(c->nil[0]));
	if (v)
		w.value = *v;
	return put_start(c, &w, NULL, sink);
}

int panics_flush(struct panics_live *c, const struct golin_sink *sink, uint64_t before,
		 uint64_t goid)
{
	int n = 0, e;

	for (size_t i = 0; i < c->nnil;) {
		if (c->nil[i].h.ts >= before || (goid && c->nil[i].goid != goid)) {
			i++;
			continue;
		}
		e = put_nil(c, i, NULL, sink);
		if (e < 0)
			return e;
		n += e;
	}
	return n;
}

static int hold_nil(struct panics_live *c, const struct wire_panic_start *w,
		    const struct golin_sink *sink)
{
	int n = c->nnil == PANICS_NIL ? put_nil(c, 0, NULL, sink) : 0;

	if (n >= 0)
		c->nil[c->nnil++] = *w;
	return n;
}

/* The goroutine's next event is here: what its panic(nil) has become. */
static int settle_nil(struct panics_live *c, const struct wire_hdr *w, uint64_t goid,
		      const struct wire_iface *v, const struct golin_sink *sink)
{
	for (size_t i = 0; i < c->nnil; i++)
		if (c->nil[i].goid == goid)
			return put_nil(c, i, w->flags & WIRE_F_VALUE ? v : NULL, sink);
	return 0;
}

/* ---- deferred calls, recovery, Goexit ---- */

/* The function that is called: with WIRE_F_LATE, a constant at w->pc says it. */
static uint64_t defer_pc(struct panics_live *c, const struct wire_panic_defer *w)
{
	const size_t at = (w->pc >> 3) % PANICS_CODE;
	uint64_t pc = w->pc;

	if (!(w->h.flags & WIRE_F_LATE))
		return decode_pc(c->dec, pc);
	if (c->code[at].fn == w->pc)
		return decode_pc(c->dec, c->code[at].pc);
	if (c->open ? types_words(&c->types, w->pc, &pc, sizeof(pc))
		    : mem_read(c->mem.mem_fd, w->pc, &pc, sizeof(pc)))
		return 0;
	c->code[at].fn = w->pc;
	c->code[at].pc = pc;
	return decode_pc(c->dec, pc);
}

static int put_defer(struct panics_live *c, const struct wire_panic_defer *w,
		     const struct golin_sink *sink)
{
	struct golin_rec_panic_defer *r =
		begin(c, GOLIN_REC_PANIC_DEFER, sizeof(*r), &w->h, w->goid);

	if (!r)
		return -ENOMEM;
	r->pc = defer_pc(c, w);
	r->flags = flags_of(&w->h);
	if (w->pc && !r->pc)
		r->flags |= GOLIN_PANIC_PARTIAL;
	return put(c, sink);
}

static void is_deferproc(void *arg, uint64_t pc, const struct golin_name_frame *f, int n)
{
	*(bool *)arg = n && !strncmp(f[n - 1].func, "runtime.deferproc", 17);
}

/*
 * Control goes on behind a call of deferproc, which then returns a second time, or at the call of
 * deferreturn, which is no return address.
 */
static uint64_t resumed_pc(struct panics_live *c, uint64_t addr)
{
	uint64_t pc = decode_pc(c->dec, addr), to;
	uint8_t call[CALL_LEN];
	bool behind = false;
	int32_t rel;
	uint32_t v;

	if (!pc)
		return 0;
	if (map64_get(&c->resumed, pc, &v))
		return pc - v;
	if (!c->open || types_const(&c->types, addr - CALL_LEN, call, sizeof(call)))
		return pc - 1;
	memcpy(&rel, call + 1, sizeof(rel));
	to = pc + (uint64_t)(int64_t)rel;
	if (call[0] == 0xe8)
		golin_imgproc_names(c->p, &to, 1, is_deferproc, &behind, NULL);
	if (c->resumed.len < RESUMED_MAX)
		map64_put(&c->resumed, pc, behind);
	return pc - behind;
}

static int put_recover(struct panics_live *c, const struct wire_panic_recover *w,
		       const struct golin_sink *sink)
{
	struct golin_rec_panic_recover *r;
	bool known = w->h.flags & WIRE_F_VALUE;
	int n = known ? tell_type(c, sink, w->value.tab) : 0, e;

	if (n < 0)
		return n;
	r = begin(c, GOLIN_REC_PANIC_RECOVER, sizeof(*r), &w->h, w->goid);
	if (!r)
		return -ENOMEM;
	r->resumed_pc = resumed_pc(c, w->pc);
	r->depth = w->depth;
	r->flags = flags_of(&w->h);
	if (known) {
		r->flags |= GOLIN_PANIC_VALUE;
		r->type = linked(c, w->value.tab);
		r->data = w->value.data;
	}
	e = put(c, sink);
	return e < 0 ? e : n + e;
}

static int put_goexit(struct panics_live *c, const struct wire_panic_goexit *w,
		      const struct golin_sink *sink)
{
	struct golin_rec_panic_goexit *r =
		begin(c, GOLIN_REC_PANIC_GOEXIT, sizeof(*r), &w->h, w->goid);

	if (!r)
		return -ENOMEM;
	r->depth = w->depth;
	r->stack = w->stack;
	r->flags = flags_of(&w->h);
	return put(c, sink);
}

/* ---- the end of the program ---- */

static int put_fatal(struct panics_live *c, const struct wire_panic_fatal *w,
		     const struct golin_sink *sink)
{
	static struct value v[WIRE_KEPT];
	struct copies from = {(const uint8_t *)(w + 1), w->copied, c->open ? &c->types : NULL};
	struct value_reader reader = {copies_read, &from, &c->types, c->hide};
	struct golin_rec_panic_fatal *r;
	int n = 0, e;

	for (uint32_t i = 0; i < w->n; i++) {
		const struct wire_kept *k = &w->panics[w->n - 1 - i];

		if (c->open)
			value_printed(&reader, k->value.tab, k->value.data, &v[i]);
		else
			bare(&k->value, &v[i]);
		if (k->partial)
			v[i].flags |= GOLIN_VALUE_PARTIAL;
		e = tell_type(c, sink, v[i].type);
		if (e < 0)
			return e;
		n += e;
	}
	r = begin(c, GOLIN_REC_PANIC_FATAL, sizeof(*r) + w->n * sizeof(r->panics[0]), &w->h,
		  w->goid);
	if (!r)
		return -ENOMEM;
	r->flags = flags_of(&w->h);
	r->n = w->n;
	for (uint32_t i = 0; i < w->n; i++) {
		const struct wire_kept *k = &w->panics[w->n - 1 - i];

		r->panics[i].addr = k->addr;
		r->panics[i].flags = k->flags;
		fill_value(c, &v[i], &r->panics[i].value);
	}
	for (uint32_t i = 0; i < w->n; i++)
		fill_text(c, &v[i],
			  offsetof(struct golin_rec_panic_fatal, panics) +
				  i * sizeof(struct golin_rec_kept_panic) +
				  offsetof(struct golin_rec_kept_panic, value));
	e = put(c, sink);
	return e < 0 ? e : n + e;
}

static int put_throw(struct panics_live *c, const struct wire_panic_throw *w,
		     const struct golin_sink *sink)
{
	struct copies from = {(const uint8_t *)(w + 1), w->copied, c->open ? &c->types : NULL};
	uint64_t len = w->len < WIRE_COPY ? w->len : WIRE_COPY;
	struct golin_rec_panic_throw *r =
		begin(c, GOLIN_REC_PANIC_THROW, sizeof(*r), &w->h, w->goid);
	char text[WIRE_COPY];

	if (!r)
		return -ENOMEM;
	r->stack = w->stack;
	r->flags = flags_of(&w->h);
	if (len && !copies_read(&from, w->text, text, len))
		golin_recbuf_str(&c->buf, offsetof(struct golin_rec_panic_throw, text), text, len);
	return put(c, sink);
}

/* ---- from the ring ---- */

static bool whole(const struct wire_hdr *w)
{
	static const uint16_t fixed[] = {
		[WIRE_PANIC_START] = sizeof(struct wire_panic_start),
		[WIRE_PANIC_DEFER] = sizeof(struct wire_panic_defer),
		[WIRE_PANIC_RECOVER] = sizeof(struct wire_panic_recover),
		[WIRE_PANIC_GOEXIT] = sizeof(struct wire_panic_goexit),
		[WIRE_PANIC_FATAL] = sizeof(struct wire_panic_fatal),
		[WIRE_PANIC_THROW] = sizeof(struct wire_panic_throw),
		[WIRE_PANIC_PRINT] = sizeof(struct wire_panic_defer),
	};
	uint32_t copied = 0;

	if (w->size < fixed[w->type])
		return false;
	if (w->type == WIRE_PANIC_START)
		copied = ((const struct wire_panic_start *)w)->copied;
	else if (w->type == WIRE_PANIC_THROW)
		copied = ((const struct wire_panic_throw *)w)->copied;
	else if (w->type == WIRE_PANIC_FATAL)
		copied = ((const struct wire_panic_fatal *)w)->copied;
	if (w->type == WIRE_PANIC_FATAL && ((const struct wire_panic_fatal *)w)->n > WIRE_KEPT)
		return false;
	return w->size == fixed[w->type] + copied;
}

static uint64_t goid_of(const struct wire_hdr *w)
{
	/* It stands behind the header in all of them. */
	return ((const struct wire_panic_defer *)w)->goid;
}

int panics_put(struct panics_live *c, const struct wire_hdr *w, const struct golin_sink *sink)
{
	const struct wire_iface *v = NULL;
	int n = 0, e = 0;

	if (w->type == WIRE_ITAB && w->size == sizeof(struct wire_itab) && c->open) {
		const struct wire_itab *itab = (const void *)w;

		types_told(&c->types, itab->tab,
			   (const uint64_t[]){itab->words[0], itab->words[1]});
		return 0;
	}
	if (!panics_is(w) || !whole(w))
		return 0;
	if (c->nnil) {
		if (w->type == WIRE_PANIC_DEFER || w->type == WIRE_PANIC_PRINT)
			v = &((const struct wire_panic_defer *)w)->value;
		else if (w->type == WIRE_PANIC_RECOVER)
			v = &((const struct wire_panic_recover *)w)->value;
		n = settle_nil(c, w, goid_of(w), v, sink);
		if (n < 0)
			return n;
	}
	switch (w->type) {
	case WIRE_PANIC_START: {
		const struct wire_panic_start *s = (const void *)w;

		if (!s->value.tab && !(w->flags & WIRE_F_PARTIAL) && c->mem.info->go.minor >= 21)
			e = hold_nil(c, s, sink);
		else
			e = put_start(c, s, (const uint8_t *)(s + 1), sink);
		break;
	}
	case WIRE_PANIC_DEFER:
		e = put_defer(c, (const void *)w, sink);
		break;
	case WIRE_PANIC_RECOVER:
		e = put_recover(c, (const void *)w, sink);
		break;
	case WIRE_PANIC_GOEXIT:
		e = put_goexit(c, (const void *)w, sink);
		break;
	case WIRE_PANIC_FATAL:
		e = put_fatal(c, (const void *)w, sink);
		break;
	case WIRE_PANIC_THROW:
		e = put_throw(c, (const void *)w, sink);
		break;
	}
	return e < 0 ? e : n + e;
}

void panics_pcs(struct panics_live *c, const struct wire_hdr *w,
		void (*want)(void *arg, uint64_t pc), void *arg)
{
	const struct decoder *d = c->dec;

	if (!whole(w))
		return;
	if (w->type == WIRE_PANIC_DEFER) {
		want(arg, defer_pc(c, (const void *)w));
	} else if (w->type == WIRE_PANIC_RECOVER) {
		const struct wire_panic_recover *r = (const void *)w;

		want(arg, decode_pc(d, r->pc));
		want(arg, decode_ret(d, r->pc));
	} else if (w->type == WIRE_PANIC_START && w->flags & WIRE_F_SIGNAL) {
		const struct wire_panic_start *s = (const void *)w;

		want(arg, decode_pc(d, s->sig_pc));
		want(arg, decode_ret(d, s->sig_word));
	}
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* Between context_types.c and contexts.c. */
#ifndef GOLIN_PROBES_CONTEXTS_IMPL_H
#define GOLIN_PROBES_CONTEXTS_IMPL_H

#include "live/contexts.h"

/* What the dynamic type of an interface value is. */
struct named {
	uint64_t type; /* its address */
	uint8_t kind;  /* enum golin_context_kind; 0: a root of which only that is known, or nothing
			*/
	bool root, readable;
};

/* An address of the process as linked. */
uint64_t ctx_linked(const struct contexts_live *c, uint64_t addr);
/* A record in c->buf, and its end: 1, or a negative errno. */
void *ctx_begin(struct contexts_live *c, uint16_t type, size_t size, uint64_t ts, uint64_t goid);
int ctx_put_rec(struct contexts_live *c, const struct golin_sink *sink);
/* The record of a type, the first time that it is named; how many records. */
int ctx_tell_type(struct contexts_live *c, const struct golin_sink *sink, uint64_t addr);
struct named ctx_kind_of(struct contexts_live *c, uint64_t tab);
/* The kind of a root with that data word: up to Go 1.20 the two roots are of one type. */
uint8_t ctx_root_kind(struct contexts_live *c, const struct named *n, uint64_t data);
/* Is it an itab of context.Context? */
bool ctx_is_context(struct contexts_live *c, uint64_t tab);
/* A context of that kind is at this address now. inner: as in records; 0 it has none. */
void ctx_know(struct contexts_live *c, uint64_t addr, uint64_t inner, uint8_t kind);
/* Unix ns of a time.Time's first two words (time/time.go); 0 for the zero time. */
int64_t ctx_unix_ns(uint64_t wall, uint64_t ext);

enum { CTX_TEXT = WIRE_TEXT + 8 };

/*
 * What a value says, as far as that is known of its type: strings, numbers, the ids of trace
 * contexts. Returns its length, 0 for nothing. `object`: the bytes at v->data (context_values.c).
 */
size_t ctx_value_text(struct contexts_live *c, const struct wire_iface *v,
		      const struct wire_text *t, const uint8_t *object, size_t object_len,
		      char buf[CTX_TEXT]);
/* Whether such a text is that of a trace's ids, and not of anything else. */
bool ctx_is_trace(const char *text, size_t len);
/* A string whose header stands at `data`. */
size_t ctx_string_text(struct contexts_live *c, uint64_t data, const struct wire_text *t,
		       char buf[CTX_TEXT]);
bool ctx_read_iface(const struct contexts_live *c, uint64_t addr, struct wire_iface *ret);
/*
 * Tells of a context that turned up, and of those above it, as far as they are not known; how many
 * records. `up`: the first two words of it when that was copied at the event.
 */
int ctx_tell(struct contexts_live *c, const struct golin_sink *sink, struct wire_iface self,
	     struct wire_iface up, uint64_t ts);

#endif

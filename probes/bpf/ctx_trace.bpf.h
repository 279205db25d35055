/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * The ids of traces in contexts' values, which are no secrets: a traceparent in a string, and the
 * structs of OpenTelemetry and Jaeger. Of any other value nothing is copied. Which type may be one
 * is told by its descriptor, once for each type; user space then looks exactly.
 */
#ifndef GOLIN_CTX_TRACE_BPF_H
#define GOLIN_CTX_TRACE_BPF_H

#include "goabi.bpf.h"

enum { VALUE_OTHER = 1, VALUE_STRING = 2, VALUE_SPAN = 3 };
enum {
	TYPE_KIND_MASK = 31,
	TYPE_KIND_POINTER = 22,
	TYPE_KIND_STRING = 24,
	TYPE_KIND_STRUCT = 25
};			   /* reflect.Kind */
enum { TRACEPARENT = 55 }; /* bytes of a W3C traceparent, at least */

struct value_type {
	__u64 mark; /* of the type */
	__u64 what;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 256);
	__type(key, __u32);
	__type(value, struct value_type);
} value_types SEC(".maps");

/* "trace." and "jaeger.": a name's first bytes as a number. */
static __always_inline int is_trace_package(__u64 name)
{
	return (name & 0xffffffffffffULL) == 0x2e6563617274ULL ||
	       (name & 0xffffffffffffffULL) == 0x2e72656765616aULL;
}

/* "*trace.recordingSpan", "trace.SpanContext": the name at an offset from the program's types. */
static __noinline __u64 value_what(__u64 type, __u64 types)
{
	__u64 name = 0;
	__u8 kind;
	__u32 str;

	if (bpf_probe_read_user(&kind, 1, (const void *)(type + cfg.type_kind)))
		return VALUE_OTHER;
	kind &= TYPE_KIND_MASK;
	if (kind == TYPE_KIND_STRING)
		return VALUE_STRING;
	if ((kind != TYPE_KIND_POINTER && kind != TYPE_KIND_STRUCT) ||
	    bpf_probe_read_user(&str, 4, (const void *)(type + cfg.type_str)) ||
	    str >= cfg.types_len)
		return VALUE_OTHER;
	/* A star comes first where it is a pointer's name; a struct's may begin with one, too. */
	if (bpf_probe_read_user(&name, 8, (const void *)(types + str + cfg.type_name)))
		return VALUE_OTHER;
	if ((name & 0xff) == '*' &&
	    bpf_probe_read_user(&name, 8, (const void *)(types + str + cfg.type_name + 1)))
		return VALUE_OTHER;
	return is_trace_package(name) ? VALUE_SPAN : VALUE_OTHER;
}

static __noinline __u64 value_type(__u64 type, __u64 types)
{
	__u64 mark = type ^ generation << 48;
	__u32 key = type * 0x9e3779b97f4a7c15ULL >> 56;
	struct value_type *v;

	if (type < 4096)
		return VALUE_OTHER;
	v = bpf_map_lookup_elem(&value_types, &key);
	if (!v)
		return VALUE_OTHER;
	if (v->mark != mark) {
		/* Whoever reads this half-way takes it for another type, or looks himself. */
		v->mark = 0;
		v->what = value_what(type, types);
		v->mark = mark;
	}
	return v->what;
}

/* A string of another form does not leave this program. */
static __always_inline int is_traceparent(struct wire_text *t, __u64 data)
{
	__u64 len;

	if (bpf_probe_read_user(t, 16, (const void *)data))
		return 0;
	len = t->len;
	if (len < TRACEPARENT || len > WIRE_TEXT)
		return 0;
	asm volatile("" : "+r"(len)); /* the check is to be on what is used */
	if (len > WIRE_TEXT || bpf_probe_read_user(t->b, len, (const void *)t->ptr))
		return 0;
	return t->b[2] == '-' && t->b[35] == '-' && t->b[52] == '-';
}

/* What e's value may be; a string that is none is VALUE_OTHER, one that may be is copied. */
static __always_inline __u64 trace_in(struct wire_ctx_value *e, __u64 bias)
{
	__u64 what;

	if (!(cfg.has & WIRE_HAS_TRACES))
		return VALUE_OTHER;
	what = value_type(e->value.tab, cfg.types + bias);
	if (what == VALUE_OTHER)
		return what;
	__builtin_memset(&e->key_text, 0, sizeof(e->key_text));
	__builtin_memset(&e->value_text, 0, sizeof(e->value_text));
	e->object_len = 0;
	if (what == VALUE_STRING && !is_traceparent(&e->value_text, e->value.data))
		return VALUE_OTHER;
	return what;
}

#endif

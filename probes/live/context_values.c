/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What values of contexts say, where it is asked for: strings, numbers, and the ids of the trace
 * that a span belongs to. Their bytes were copied at the event; constants of the program, whose
 * page may not have been there yet, are read later. Where nothing tells a type's layout, its
 * values stay untold.
 */
#include <stdio.h>
#include <string.h>
#include "live/contexts_impl.h"
#include "memory/values.h"

enum { TRACE_BYTES = 16, SPAN_BYTES = 8, TRACEPARENT = 55 };

/* ---- strings ---- */

/* The two words at an interface's data word. */
static bool header_of(struct contexts_live *c, uint64_t data, const struct wire_text *t,
		      uint64_t ret[2])
{
	if (t->len & WIRE_TEXT_CUT)
		return !types_words(&c->types, data, ret, 16);
	ret[0] = t->ptr;
	ret[1] = t->len & ~WIRE_TEXT_LATE;
	return true;
}

size_t ctx_string_text(struct contexts_live *c, uint64_t data, const struct wire_text *t,
		       char buf[CTX_TEXT])
{
	static const char more[] = "\u2026";
	uint64_t head[2];
	size_t len;

	if (!header_of(c, data, t, head))
		return 0;
	len = head[1] < WIRE_TEXT ? (size_t)head[1] : WIRE_TEXT;
	if (!(t->len & (WIRE_TEXT_LATE | WIRE_TEXT_CUT)))
		memcpy(buf, t->b, len);
	else if (types_const(&c->types, head[0], buf, len))
		return 0;
	if (head[1] <= WIRE_TEXT)
		return len;
	memcpy(buf + len, more, sizeof(more));
	return len + sizeof(more) - 1;
}

/* ---- numbers ---- */

static size_t number_text(const struct go_type *type, uint64_t v, char buf[CTX_TEXT])
{
	uint8_t raw[16] = {0};

	memcpy(raw, &v, sizeof(v));
	return value_number(type->kind, type->size, raw, buf) ? strlen(buf) : 0;
}

static bool is_number(const struct go_type *type)
{
	return type->kind >= GO_KIND_BOOL && type->kind <= GO_KIND_FLOAT64 && type->size &&
	       type->size <= 8 && !type->direct;
}

/* ---- traces ---- */

/* Types that hold the ids of a span, and where. */
static const struct {
	const char *package, *name; /* of the struct */
	const char *trace, *span;
} spans[] = {
	{"go.opentelemetry.io/otel/trace", "trace.SpanContext", "traceID", "spanID"},
	{"go.opentelemetry.io/otel/trace", "trace.nonRecordingSpan", "sc.traceID", "sc.spanID"},
	{"go.opentelemetry.io/otel/sdk/trace", "trace.nonRecordingSpan", "sc.traceID", "sc.spanID"},
	{"go.opentelemetry.io/otel/sdk/trace", "trace.recordingSpan", "spanContext.traceID",
	 "spanContext.spanID"},
	{"go.opentelemetry.io/otel/sdk/trace", "trace.span", "spanContext.traceID",
	 "spanContext.spanID"},
	{"github.com/uber/jaeger-client-go", "jaeger.Span", "context.traceID", "context.spanID"},
	{"github.com/uber/jaeger-client-go", "jaeger.SpanContext", "traceID", "spanID"},
};

/* An id's bytes in the order in which they are written: an array of bytes, or of numbers. */
static bool read_id(struct contexts_live *c, const struct go_member *m, const uint8_t *object,
		    size_t object_len, size_t want, uint8_t *ret)
{
	const struct go_type *type = types_get(&c->types, m->type);
	uint64_t v;

	if (!type || type->size != want || object_len < want || m->offset > object_len - want)
		return false;
	/* OpenTelemetry's is an array of bytes; Jaeger's are numbers, {High, Low} and one. */
	if (type->kind == GO_KIND_ARRAY) {
		memcpy(ret, object + m->offset, want);
		return true;
	}
	if (type->kind != (want == SPAN_BYTES ? GO_KIND_UINT64 : GO_KIND_STRUCT))
		return false;
	if (type->kind == GO_KIND_STRUCT) {
		struct go_member high, low;

		if (!types_member(&c->types, m->type, "High", &high) ||
		    !types_member(&c->types, m->type, "Low", &low) || high.offset != 0 ||
		    low.offset != 8)
			return false;
	}
	for (size_t i = 0; i < want; i += 8) {
		memcpy(&v, object + m->offset + i, 8);
		v = __builtin_bswap64(v);
		memcpy(ret + i, &v, 8);
	}
	return true;
}

static size_t ids_text(const uint8_t *trace, const uint8_t *span, char buf[CTX_TEXT])
{
	size_t n = (size_t)sprintf(buf, "trace-id=");

	for (int i = 0; i < TRACE_BYTES; i++)
		n += (size_t)sprintf(buf + n, "%02x", trace[i]);
	n += (size_t)sprintf(buf + n, " span-id=");
	for (int i = 0; i < SPAN_BYTES; i++)
		n += (size_t)sprintf(buf + n, "%02x", span[i]);
	return n;
}

static bool all_hex(const char *s, size_t len, bool *ret_zero)
{
	*ret_zero = true;
	for (size_t i = 0; i < len; i++) {
		if (!strchr("0123456789abcdef", s[i]) || !s[i])
			return false;
		*ret_zero &= s[i] == '0';
	}
	return true;
}

bool ctx_is_trace(const char *text, size_t len)
{
	static const char trace[] = "trace-id=", span[] = " span-id=";
	enum { TRACE = sizeof(trace) - 1, SPAN = sizeof(span) - 1 };
	bool zero;

	return len == TRACE + 2 * TRACE_BYTES + SPAN + 2 * SPAN_BYTES &&
	       !memcmp(text, trace, TRACE) && all_hex(text + TRACE, 2 * TRACE_BYTES, &zero) &&
	       !memcmp(text + TRACE + 2 * TRACE_BYTES, span, SPAN) &&
	       all_hex(text + len - 2 * SPAN_BYTES, 2 * SPAN_BYTES, &zero);
}

/* A struct, or a pointer to one, as its type has it. */
static size_t span_text(struct contexts_live *c, const struct go_type *type, const uint8_t *object,
			size_t object_len, char buf[CTX_TEXT])
{
	uint8_t trace[TRACE_BYTES], span[SPAN_BYTES];
	const char *name = type->name + (*type->name == '*');
	uint64_t addr = type->addr;
	struct go_member m;

	/* The data word points to the struct either way; but one that is a lone pointer is it. */
	if (type->kind == GO_KIND_POINTER)
		addr = types_elem(&c->types, addr);
	else if (type->kind != GO_KIND_STRUCT || type->direct)
		return 0;
	for (size_t i = 0; addr && i < sizeof(spans) / sizeof(spans[0]); i++) {
		if (strcmp(name, spans[i].name) ||
		    !types_in_package(&c->types, addr, spans[i].package))
			continue;
		if (!types_member(&c->types, addr, spans[i].trace, &m) ||
		    !read_id(c, &m, object, object_len, TRACE_BYTES, trace) ||
		    !types_member(&c->types, addr, spans[i].span, &m) ||
		    !read_id(c, &m, object, object_len, SPAN_BYTES, span))
			return 0;
		return ids_text(trace, span, buf);
	}
	return 0;
}

/* https://www.w3.org/TR/trace-context/: 00-<trace-id>-<parent-id>-<flags>, ids not all zero. */
static size_t traceparent_text(char buf[CTX_TEXT], size_t len)
{
	char trace[33], span[17];
	bool zero_trace, zero_span, zero;

	if (len < TRACEPARENT || buf[2] != '-' || buf[35] != '-' || buf[52] != '-' ||
	    !all_hex(buf, 2, &zero) || !all_hex(buf + 3, 32, &zero_trace) || zero_trace ||
	    !all_hex(buf + 36, 16, &zero_span) || zero_span || !all_hex(buf + 53, 2, &zero))
		return len;
	/* Later versions may be longer; "ff" is none. */
	if (!strncmp(buf, "ff", 2) ||
	    (len > TRACEPARENT && (!strncmp(buf, "00", 2) || buf[TRACEPARENT] != '-')))
		return len;
	snprintf(trace, sizeof(trace), "%.32s", buf + 3);
	snprintf(span, sizeof(span), "%.16s", buf + 36);
	return (size_t)sprintf(buf, "trace-id=%s span-id=%s", trace, span);
}

size_t ctx_value_text(struct contexts_live *c, const struct wire_iface *v,
		      const struct wire_text *t, const uint8_t *object, size_t object_len,
		      char buf[CTX_TEXT])
{
	const struct go_type *found = types_get(&c->types, v->tab);
	struct go_type type;
	uint64_t raw = t->ptr;

	if (!found)
		return 0;
	type = *found; /* valid until the next call only */
	if (type.kind == GO_KIND_STRING)
		return traceparent_text(buf, ctx_string_text(c, v->data, t, buf));
	if (is_number(&type)) {
		if (t->len & WIRE_TEXT_CUT && (t->len & ~WIRE_TEXT_CUT) < type.size &&
		    types_const(&c->types, v->data, &raw, type.size))
			return 0;
		return number_text(&type, raw, buf);
	}
	return span_text(c, &type, object, object_len, buf);
}

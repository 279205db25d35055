/* SPDX-License-Identifier: BSD-2-Clause */
/* What values of contexts say (probes/live/context_values.c), with types that the test makes up. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "golin/layout.h"
#include "live/contexts_impl.h"

/* Kinds, as internal/abi has them. */
enum { BOOL = 1, INT8 = 3, INT64 = 6, UINT8 = 8, UINT64 = 11, ARRAY = 17, FUNC = 19 };

enum { ROOM = 16384 };

struct world {
	struct golin_image_info info;
	struct golin_layout layout;
	struct contexts_live c;
	uint8_t mem[ROOM]; /* the program's types */
	size_t used;
};

static void set_field(struct golin_layout *l, enum golin_field_id id, uint32_t off, uint32_t size)
{
	l->fields[id].offset = off;
	l->fields[id].size = size;
	l->fields[id].source = GOLIN_FROM_DWARF;
}

static int setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	struct golin_layout *l = &w->layout;
	struct golin_err err;

	set_field(l, GOLIN_F_TYPE_Size_, 0, 8);
	set_field(l, GOLIN_F_TYPE_TFlag, 20, 1);
	set_field(l, GOLIN_F_TYPE_Kind_, 23, 1);
	set_field(l, GOLIN_F_TYPE_Str, 40, 4);
	set_field(l, GOLIN_F_ITAB_Inter, 0, 8);
	set_field(l, GOLIN_F_ITAB_Type, 8, 8);
	set_field(l, GOLIN_F_PTR_TYPE_Elem, 48, 8);
	set_field(l, GOLIN_F_STRUCT_TYPE_PkgPath, 48, 8);
	set_field(l, GOLIN_F_STRUCT_TYPE_Fields, 56, 24);
	set_field(l, GOLIN_F_STRUCT_FIELD_Name, 0, 8);
	set_field(l, GOLIN_F_STRUCT_FIELD_Typ, 8, 8);
	set_field(l, GOLIN_F_STRUCT_FIELD_Offset, 16, 8);
	w->info.go.minor = 27;
	w->info.types = (uintptr_t)w->mem;
	w->info.etypes = (uintptr_t)(w->mem + ROOM);
	w->c.mem = (struct golin_memory){
		.mem_fd = open("/proc/self/mem", O_RDONLY | O_CLOEXEC),
		.info = &w->info,
		.layout = l,
	};
	w->used = 64;
	assert_int_equal(types_open(&w->c.types, &w->c.mem, &err), 0);
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;

	close(w->c.mem.mem_fd);
	types_done(&w->c.types);
	free(w);
	return 0;
}

/* ---- types ---- */

static uint64_t room(struct world *w, size_t len)
{
	uint64_t at = (uintptr_t)(w->mem + w->used);

	w->used += (len + 15) & ~15ul;
	assert_true(w->used <= ROOM);
	return at;
}

static void put(uint64_t at, size_t off, uint64_t v, size_t len)
{
	memcpy((uint8_t *)(uintptr_t)at + off, &v, len);
}

static uint64_t name(struct world *w, const char *s)
{
	uint64_t at = room(w, strlen(s) + 2);

	put(at, 1, strlen(s), 1);
	memcpy((char *)(uintptr_t)at + 2, s, strlen(s));
	return at;
}

static uint64_t type(struct world *w, uint8_t kind, uint64_t size, const char *s)
{
	uint64_t at = room(w, 96), n = name(w, s);

	put(at, 0, size, 8);
	put(at, 23, kind, 1);
	put(at, 40, n - (uintptr_t)w->mem, 4);
	return at;
}

struct field {
	const char *name;
	uint64_t type, offset;
};

static uint64_t structure(struct world *w, uint64_t size, const char *s, const char *package,
			  const struct field *f, size_t n)
{
	uint64_t at = type(w, GO_KIND_STRUCT, size, s), fields = room(w, 24 * n);

	put(at, 48, name(w, package), 8);
	put(at, 56, fields, 8);
	put(at, 64, n, 8);
	for (size_t i = 0; i < n; i++) {
		put(fields, 24 * i, name(w, f[i].name), 8);
		put(fields, 24 * i + 8, f[i].type, 8);
		put(fields, 24 * i + 16, f[i].offset, 8);
	}
	return at;
}

static uint64_t pointer(struct world *w, const char *s, uint64_t elem)
{
	uint64_t at = type(w, GO_KIND_POINTER, 8, s);

	put(at, 48, elem, 8);
	return at;
}

/* ---- values ---- */

static const char *text_of(struct world *w, uint64_t t, const struct wire_text *text,
			   const void *object, size_t len)
{
	static char buf[CTX_TEXT + 1];
	const struct wire_iface v = {.tab = t, .data = 1};
	size_t n = ctx_value_text(&w->c, &v, text, object, len, buf);

	assert_true(n < sizeof(buf));
	buf[n] = '\0';
	return buf;
}

static const char *number(struct world *w, uint8_t kind, uint64_t size, uint64_t raw)
{
	/* What stands behind a small one is another's. */
	const struct wire_text t = {.ptr = raw, .len = 77};

	return text_of(w, type(w, kind, size, "x"), &t, NULL, 0);
}

static const char *string(struct world *w, const char *s)
{
	struct wire_text t = {.ptr = 1, .len = strlen(s)};

	memcpy(t.b, s, strlen(s) < WIRE_TEXT ? strlen(s) : WIRE_TEXT);
	return text_of(w, type(w, GO_KIND_STRING, 16, "string"), &t, NULL, 0);
}

static void numbers(void **state)
{
	struct world *w = *state;
	uint64_t raw = 0;
	double d = 2.5e-7;
	float f = 0.1f;

	assert_string_equal(number(w, BOOL, 1, 0x1234500), "false");
	assert_string_equal(number(w, BOOL, 1, 1), "true");
	assert_string_equal(number(w, INT8, 1, 0xabcdff), "-1");
	assert_string_equal(number(w, INT64, 8, 1ull << 63), "-9223372036854775808");
	assert_string_equal(number(w, UINT8, 1, 0xff), "255");
	assert_string_equal(number(w, UINT64, 8, ~0ull), "18446744073709551615");
	memcpy(&raw, &d, 8);
	assert_string_equal(number(w, GO_KIND_FLOAT64, 8, raw), "2.5e-07");
	raw = 0xdead;
	raw <<= 32;
	memcpy(&raw, &f, 4);
	assert_string_equal(number(w, GO_KIND_FLOAT32, 4, raw), "0.1");
	d = -1234.5;
	memcpy(&raw, &d, 8);
	assert_string_equal(number(w, GO_KIND_FLOAT64, 8, raw), "-1234.5");
	d = NAN;
	memcpy(&raw, &d, 8);
	assert_string_equal(number(w, GO_KIND_FLOAT64, 8, raw), "NaN");
	/* Sizes that no such type has. */
	assert_string_equal(number(w, INT64, 0, 5), "");
	assert_string_equal(number(w, INT64, 9, 5), "");
	assert_string_equal(number(w, FUNC, 8, 5), "");
}

static void strings(void **state)
{
	struct world *w = *state;
	char s[300];

	assert_string_equal(string(w, "a"), "a");
	assert_string_equal(string(w, ""), "");
	memset(s, 'x', sizeof(s));
	s[128] = '\0';
	assert_int_equal(strlen(string(w, s)), 128);
	s[128] = 'x';
	s[200] = '\0';
	assert_int_equal(strlen(string(w, s)), 128 + 3);
	assert_string_equal(string(w, s) + 128, "…");
}

static void late_strings(void **state)
{
	struct world *w = *state;
	uint64_t t = type(w, GO_KIND_STRING, 16, "string"), at = name(w, "constant") + 2;
	struct wire_text late = {.ptr = at, .len = 8 | WIRE_TEXT_LATE};
	struct wire_text cut = {.ptr = 0xff, .len = WIRE_TEXT_CUT | 1};

	assert_string_equal(text_of(w, t, &late, NULL, 0), "constant");
	/* What is no constant may be something else by now. */
	late.ptr = (uintptr_t)&late;
	assert_string_equal(text_of(w, t, &late, NULL, 0), "");
	assert_string_equal(text_of(w, t, &cut, NULL, 0), "");
	/* Of a number, as many bytes as it has are enough. */
	assert_string_equal(text_of(w, type(w, UINT8, 1, "uint8"), &cut, NULL, 0), "255");
	assert_string_equal(text_of(w, type(w, UINT64, 8, "uint64"), &cut, NULL, 0), "");
	assert_string_equal(text_of(w, 0, &cut, NULL, 0), "");
	assert_string_equal(text_of(w, 1 << 20, &cut, NULL, 0), "");
}

static void traceparents(void **state)
{
	struct world *w = *state;
	static const char *const none[] = {
		"00-4bf92f3577b34da6a3ce929d0e0e473-00f067aa0ba902b7-01", /* short */
		"00-00000000000000000000000000000000-00f067aa0ba902b7-01",
		"00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
		"00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
		"ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
		"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-x", /* of version 00 */
		"01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01x",
		"00-4bf92f3577b34da6a3ce929d0e0e4736_00f067aa0ba902b7-01",
	};

	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		assert_string_equal(string(w, none[i]), none[i]);
	assert_string_equal(string(w, "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"),
			    "trace-id=4bf92f3577b34da6a3ce929d0e0e4736 span-id=00f067aa0ba902b7");
	assert_string_equal(string(w, "01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-x"),
			    "trace-id=4bf92f3577b34da6a3ce929d0e0e4736 span-id=00f067aa0ba902b7");
}

static const char otel[] = "go.opentelemetry.io/otel/trace";
static const char ids[] = "trace-id=202122232425262728292a2b2c2d2e2f span-id=3031323334353637";

static uint64_t otel_span(struct world *w, const char *package, uint64_t id_size, uint64_t offset)
{
	uint64_t trace = type(w, ARRAY, id_size, "trace.TraceID");
	uint64_t span = type(w, ARRAY, 8, "trace.SpanID");
	uint64_t sc = structure(w, 64, "trace.SpanContext", package,
				(struct field[]){{"traceID", trace, 0}, {"spanID", span, 16}}, 2);

	return structure(w, 80, "trace.nonRecordingSpan", package,
			 (struct field[]){{"noopSpan", trace, 0}, {"sc", sc, offset}}, 2);
}

static void spans(void **state)
{
	struct world *w = *state;
	struct wire_text t = {.ptr = 1, .len = 1};
	uint64_t span, high_low, u64, jaeger, sc;
	uint8_t object[WIRE_OBJECT];

	for (size_t i = 0; i < sizeof(object); i++)
		object[i] = (uint8_t)(0x10 + i);
	span = otel_span(w, otel, 16, 16);
	assert_string_equal(text_of(w, span, &t, object, sizeof(object)), ids);
	/* The bytes end within the ids. */
	assert_string_equal(text_of(w, span, &t, object, 39), "");
	assert_string_equal(text_of(w, span, &t, object, 0), "");
	assert_string_equal(text_of(w, span, &t, object, 40), ids);
	assert_string_equal(text_of(w, pointer(w, "*trace.nonRecordingSpan", span), &t, object, 40),
			    ids);
	/* Others that are called so, ids of another size, and outside of the struct. */
	assert_string_equal(text_of(w, otel_span(w, "example.com/trace", 16, 16), &t, object, 256),
			    "");
	assert_string_equal(text_of(w, otel_span(w, otel, 12, 16), &t, object, 256), "");
	assert_string_equal(text_of(w, otel_span(w, otel, 16, 1ull << 40), &t, object, 256), "");

	u64 = type(w, UINT64, 8, "uint64");
	high_low = structure(w, 16, "jaeger.TraceID", "",
			     (struct field[]){{"High", u64, 0}, {"Low", u64, 8}}, 2);
	sc = structure(w, 72, "jaeger.SpanContext", "github.com/uber/jaeger-client-go",
		       (struct field[]){{"traceID", high_low, 0}, {"spanID", u64, 16}}, 2);
	jaeger = structure(w, 200, "jaeger.Span", "github.com/uber/jaeger-client-go",
			   (struct field[]){{"context", sc, 16}}, 1);
	/* Numbers, not bytes: the highest first. */
	assert_string_equal(text_of(w, pointer(w, "*jaeger.Span", jaeger), &t, object, 256),
			    "trace-id=27262524232221202f2e2d2c2b2a2928 span-id=3736353433323130");
}

/* What a program claims of its types bounds nothing. */
static void lies(void **state)
{
	struct world *w = *state;
	struct wire_text t = {.ptr = 1, .len = 1};
	uint8_t object[WIRE_OBJECT] = {0};
	uint64_t span = otel_span(w, otel, 16, 16);

	put(span, 64, ~0ull, 8); /* as many fields */
	assert_int_not_equal(strlen(text_of(w, span, &t, object, 256)), 0);
	put(span, 56, 8, 8); /* and those nowhere */
	assert_string_equal(text_of(w, span, &t, object, 256), "");
	assert_string_equal(text_of(w, pointer(w, "*trace.nonRecordingSpan", 8), &t, object, 256),
			    "");
	span = otel_span(w, otel, 16, 16);
	put(span, 48, 0, 8); /* without a package */
	assert_string_equal(text_of(w, span, &t, object, 256), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(numbers, setup, teardown),
		cmocka_unit_test_setup_teardown(strings, setup, teardown),
		cmocka_unit_test_setup_teardown(late_strings, setup, teardown),
		cmocka_unit_test_setup_teardown(traceparents, setup, teardown),
		cmocka_unit_test_setup_teardown(spans, setup, teardown),
		cmocka_unit_test_setup_teardown(lies, setup, teardown),
	};

	return cmocka_run_group_tests_name("values", tests, NULL, NULL);
}

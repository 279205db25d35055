/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What values of panics say (probes/memory/values.h) where no program of today would show it: cut,
 * unreadable, cyclic and lying ones. What Go itself says is compared in tests/live.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include "base/text.h"
#include "fake_types.h"
#include "memory/mem.h"
#include "memory/values.h"

enum { STRING = GO_KIND_STRING, POINTER = GO_KIND_POINTER, SLICE = GO_KIND_SLICE, INT = 2, U8 = 8 };

struct world {
	struct fake_types *f;
	struct value_reader r;
	struct value v[GOLIN_VALUES_MAX];
	size_t n;
	uint64_t lo, hi; /* that the reader has; 0: all */
	unsigned reads;
	/* types */
	uint64_t string, num, eface, error, err_string, err_ptr, wrap, wrap_ptr, tab_err, tab_wrap;
};

static int reader(void *arg, uint64_t addr, void *buf, size_t len)
{
	struct world *w = arg;

	w->reads++;
	if (w->hi && (addr < w->lo || addr >= w->hi || len > w->hi - addr))
		return -EFAULT;
	return mem_read(w->f->m.mem_fd, addr, buf, len);
}

static int setup(void **state)
{
	static const char *const methods[] = {"Error", "Unwrap"};
	struct world *w = calloc(1, sizeof(*w));
	struct fake_types *f = w->f = fake_types_new();

	w->r = (struct value_reader){.read = reader, .arg = w, .types = &f->t};
	w->string = fake_type(f, STRING, 16, "string");
	w->num = fake_type(f, INT, 8, "int");
	w->eface = fake_iface(f, "interface {}", 0);
	w->error = fake_iface(f, "error", 1);
	w->err_string = fake_struct(f, 16, "errors.errorString",
				    (struct fake_field[]){{"s", w->string, 0, false}}, 1);
	fake_uncommon(f, w->err_string, "errors", NULL, 0);
	w->err_ptr = fake_of(f, POINTER, 8, "*errors.errorString", w->err_string);
	fake_uncommon(f, w->err_ptr, "", methods, 1);
	w->wrap = fake_struct(
		f, 32, "fmt.wrapError",
		(struct fake_field[]){{"msg", w->string, 0, false}, {"err", w->error, 16, false}},
		2);
	fake_uncommon(f, w->wrap, "fmt", NULL, 0);
	w->wrap_ptr = fake_of(f, POINTER, 8, "*fmt.wrapError", w->wrap);
	fake_uncommon(f, w->wrap_ptr, "", methods, 2);
	w->tab_err = fake_itab(f, w->error, w->err_ptr);
	w->tab_wrap = fake_itab(f, w->error, w->wrap_ptr);
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;

	fake_types_free(w->f);
	free(w);
	return 0;
}

/* All that is told of it is clean and bounded. */
static const char *told(struct world *w, uint64_t type, uint64_t data)
{
	w->n = value_describe(&w->r, type, data, w->v, GOLIN_VALUES_MAX);
	assert_in_range(w->n, 1, GOLIN_VALUES_MAX);
	for (size_t i = 0; i < w->n; i++) {
		assert_in_range(strlen(w->v[i].text), 0, VALUE_TEXT);
		assert_true(golin_text_is_clean(w->v[i].text, strlen(w->v[i].text)));
		assert_true(!i || w->v[i].up < i);
		assert_true(w->v[i].flags & GOLIN_VALUE_TEXT || !*w->v[i].text);
	}
	return w->v[0].text;
}

static uint64_t string_at(struct world *w, uint64_t ptr, uint64_t len)
{
	uint64_t at = fake_room(w->f, 16);

	fake_put(at, 0, ptr, 8);
	fake_put(at, 8, len, 8);
	return at;
}

static uint64_t string_of(struct world *w, const char *s)
{
	return string_at(w, fake_bytes(w->f, s, strlen(s)), strlen(s));
}

static uint64_t wrap_of(struct world *w, const char *msg, uint64_t tab, uint64_t data)
{
	uint64_t at = fake_room(w->f, 32), s = string_of(w, msg);

	memcpy((void *)(uintptr_t)at, (void *)(uintptr_t)s, 16);
	fake_put(at, 16, tab, 8);
	fake_put(at, 24, data, 8);
	return at;
}

/* ---- strings ---- */

static void strings(void **state)
{
	struct world *w = *state;
	const size_t large = 200000;
	char *big = malloc(large);
	uint64_t at;

	assert_string_equal(told(w, w->string, string_of(w, "abc")), "abc");
	assert_int_equal(w->v[0].flags, GOLIN_VALUE_TEXT);
	assert_string_equal(told(w, w->string, string_at(w, 0, 0)), "");
	assert_int_equal(w->v[0].flags, GOLIN_VALUE_TEXT);
	assert_string_equal(told(w, w->string, string_of(w, "\x1b]52;c;eA==\x07\xc2\x9b\xff\n")),
			    "\\x1b]52;c;eA==\\x07\\u{009b}\\xff\\n");

	memset(big, 'x', large);
	at = string_at(w, fake_bytes(w->f, big, large), large);
	assert_int_equal(strlen(told(w, w->string, at)), VALUE_TEXT);
	assert_int_equal(w->v[0].flags, GOLIN_VALUE_TEXT | GOLIN_VALUE_CUT);
	assert_int_equal(w->v[0].size, large);
	/* What cannot be shown takes more room: less of it is, and none of it by halves. */
	memset(big, 1, 1000);
	at = string_at(w, fake_bytes(w->f, big, 1000), 1000);
	assert_int_equal(strlen(told(w, w->string, at)), VALUE_TEXT / 4 * 4);
	assert_int_equal(w->v[0].flags, GOLIN_VALUE_TEXT | GOLIN_VALUE_CUT);
	assert_int_equal(w->v[0].size, 1000);
	free(big);
}

/* As much of it as was copied, without half a character. */
static void strings_copied(void **state)
{
	struct world *w = *state;
	char s[400];
	uint64_t ptr, at;

	memset(s, 'y', sizeof(s));
	memcpy(s + 255, "\xe4\xb8\x96", 3);
	at = fake_room(w->f, 16);
	ptr = fake_bytes(w->f, s, sizeof(s));
	fake_put(at, 0, ptr, 8);
	fake_put(at, 8, sizeof(s), 8);
	w->lo = at;
	w->hi = ptr + 257;
	assert_int_equal(strlen(told(w, w->string, at)), 255);
	assert_int_equal(w->v[0].flags, GOLIN_VALUE_TEXT | GOLIN_VALUE_CUT);
	assert_int_equal(w->v[0].size, 400);
	w->hi = ptr;
	told(w, w->string, at);
	assert_int_equal(w->v[0].flags, GOLIN_VALUE_CUT | GOLIN_VALUE_PARTIAL);
	assert_int_equal(w->v[0].size, 400);
	w->hi = at;
	told(w, w->string, at);
	assert_int_equal(w->v[0].flags, GOLIN_VALUE_CUT | GOLIN_VALUE_PARTIAL);
	assert_int_equal(w->v[0].size, 0);
}

static void lying_strings(void **state)
{
	struct world *w = *state;
	static const uint64_t lens[] = {1ull << 62, ~0ull, 1ull << 47, INT64_MAX};

	for (size_t i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
		told(w, w->string, string_at(w, fake_bytes(w->f, "abc", 3), lens[i]));
		assert_true(w->v[0].flags & GOLIN_VALUE_PARTIAL);
		assert_false(w->v[0].flags & GOLIN_VALUE_TEXT);
	}
	told(w, w->string, string_at(w, 8, 100));
	assert_int_equal(w->v[0].flags, GOLIN_VALUE_CUT | GOLIN_VALUE_PARTIAL);
	told(w, w->string, string_at(w, ~0ull - 10, 100));
	told(w, w->string, 1);
	assert_int_equal(w->v[0].flags, GOLIN_VALUE_CUT | GOLIN_VALUE_PARTIAL);
	told(w, w->string, ~0ull);
	assert_int_equal(w->v[0].flags, GOLIN_VALUE_CUT | GOLIN_VALUE_PARTIAL);
}

/* ---- errors ---- */

static void chains(void **state)
{
	struct world *w = *state;
	uint64_t at = string_of(w, "cause");
	char msg[16];

	assert_string_equal(told(w, w->err_ptr, at), "cause");
	assert_int_equal(w->v[0].flags, GOLIN_VALUE_TEXT | GOLIN_VALUE_ERROR);
	assert_int_equal(w->n, 1);
	at = wrap_of(w, "m0", w->tab_err, at);
	for (int i = 1; i < 30; i++) {
		snprintf(msg, sizeof(msg), "m%d", i);
		at = wrap_of(w, msg, w->tab_wrap, at);
	}
	assert_string_equal(told(w, w->wrap_ptr, at), "m29");
	assert_int_equal(w->n, VALUE_DEPTH + 1);
	assert_string_equal(w->v[8].text, "m21");
	assert_int_equal(w->v[8].up, 7);
	assert_int_equal(value_describe(&w->r, w->wrap_ptr, at, w->v, 3), 3);
	assert_int_equal(value_describe(&w->r, w->wrap_ptr, at, w->v, 0), 0);
}

static void cycles(void **state)
{
	struct world *w = *state;
	uint64_t a = wrap_of(w, "a", w->tab_wrap, 0), b = wrap_of(w, "b", w->tab_wrap, a);

	fake_put(a, 24, b, 8);
	assert_string_equal(told(w, w->wrap_ptr, a), "a");
	assert_int_equal(w->n, 2);
	fake_put(a, 24, a, 8);
	told(w, w->wrap_ptr, a);
	assert_int_equal(w->n, 1);
}

/* A struct of eight errors, each of which is itself: its text ends, and soon. */
static void wide_cycles(void **state)
{
	struct world *w = *state;
	static const char *const methods[] = {"Error"};
	struct fake_field fields[8];
	uint64_t type, ptr, tab, at = fake_room(w->f, 128);

	for (int i = 0; i < 8; i++)
		fields[i] = (struct fake_field){"F", w->error, 16u * (unsigned)i, false};
	type = fake_struct(w->f, 128, "main.E", fields, 8);
	ptr = fake_of(w->f, POINTER, 8, "*main.E", type);
	fake_uncommon(w->f, ptr, "", methods, 1);
	tab = fake_itab(w->f, w->error, ptr);
	for (size_t i = 0; i < 8; i++) {
		fake_put(at, 16 * i, tab, 8);
		fake_put(at, 16 * i + 8, at, 8);
	}
	told(w, ptr, at);
	assert_int_equal(w->n, 1);
	assert_true(w->v[0].flags & GOLIN_VALUE_CUT);
	assert_memory_equal(w->v[0].text, "&{F:&{F:", 8);
	assert_in_range(w->reads, 1, 20000);
}

static void nothing_there(void **state)
{
	struct world *w = *state;
	uint64_t at = wrap_of(w, "m", 0xdead0000, 5);

	/* An itab that is none; the message is still there. */
	assert_string_equal(told(w, w->wrap_ptr, at), "m");
	assert_int_equal(w->n, 1);
	fake_put(at, 16, w->tab_err, 8); /* data that is nowhere */
	assert_string_equal(told(w, w->wrap_ptr, at), "m");
	assert_int_equal(w->n, 2);
	assert_int_equal(w->v[1].flags, GOLIN_VALUE_CUT | GOLIN_VALUE_PARTIAL | GOLIN_VALUE_ERROR);
	fake_put(at, 24, 0, 8);
	told(w, w->wrap_ptr, at);
	assert_string_equal(w->v[1].text, "<nil>");
	/* A type that is none. */
	told(w, 0x1234567, 1);
	assert_int_equal(w->v[0].flags, GOLIN_VALUE_CUT | GOLIN_VALUE_PARTIAL);
	assert_string_equal(told(w, 0, 0), "nil");
	assert_int_equal(w->v[0].flags, GOLIN_VALUE_TEXT);
	w->r.hide = true;
	told(w, w->wrap_ptr, at);
	assert_int_equal(w->n, 1);
	assert_int_equal(w->v[0].flags, GOLIN_VALUE_HIDDEN | GOLIN_VALUE_ERROR);
}

/* Another's type that is called so. */
static void impostors(void **state)
{
	struct world *w = *state;
	static const char *const methods[] = {"Error"};
	uint64_t type, at = string_of(w, "boo");

	type = fake_type(w->f, STRING, 16, "runtime.errorString");
	fake_uncommon(w->f, type, "example.com/runtime", methods, 1);
	assert_string_equal(told(w, type, at), "boo");
	assert_int_equal(w->v[0].flags, GOLIN_VALUE_TEXT | GOLIN_VALUE_ERROR);
	type = fake_type(w->f, STRING, 16, "runtime.errorString");
	fake_uncommon(w->f, type, "runtime", methods, 1);
	assert_string_equal(told(w, type, at), "runtime error: boo");
	assert_true(w->v[0].flags & GOLIN_VALUE_RUNTIME);
	/* One whose members are others. */
	type = fake_struct(w->f, 16, "fs.PathError",
			   (struct fake_field[]){{"Path", w->string, 0, false}}, 1);
	fake_uncommon(w->f, type, "io/fs", methods, 1);
	assert_string_equal(told(w, type, at), "{Path:boo}");
}

static void bounds(void **state)
{
	struct world *w = *state;
	static const char *const methods[] = {"Error"};
	static const char *const texts[] = {
		"index out of range [-1]",
		"slice bounds out of range [:-1]",
		"slice bounds out of range [:-1]",
		"slice bounds out of range [-1:]",
		"slice bounds out of range [::-1]",
		"slice bounds out of range [::-1]",
		"slice bounds out of range [:-1:]",
		"slice bounds out of range [-1::]",
		"cannot convert slice with length 7 to array or pointer to array with length -1",
	};
	uint64_t boolean = fake_type(w->f, GO_KIND_BOOL, 1, "bool"), type, at;
	uint64_t code = fake_type(w->f, U8, 1, "abi.BoundsErrorCode");
	char want[128];

	type = fake_struct(w->f, 24, "runtime.boundsError",
			   (struct fake_field[]){{"x", w->num, 0, false},
						 {"y", w->num, 8, false},
						 {"signed", boolean, 16, false},
						 {"code", code, 17, false}},
			   4);
	fake_uncommon(w->f, type, "runtime", methods, 1);
	at = fake_room(w->f, 24);
	for (uint64_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		fake_put(at, 0, ~0ull, 8);
		fake_put(at, 8, 7, 8);
		fake_put(at, 16, 1 | i << 8, 2);
		snprintf(want, sizeof(want), "runtime error: %s", texts[i]);
		assert_string_equal(told(w, type, at), want);
	}
	fake_put(at, 16, 0, 2);
	assert_string_equal(
		told(w, type, at),
		"runtime error: index out of range [18446744073709551615] with length 7");
	/* A code that no version has. */
	fake_put(at, 16, 9 << 8, 2);
	assert_string_equal(told(w, type, at), "(runtime.boundsError)");
	assert_true(w->v[0].flags & GOLIN_VALUE_PARTIAL);
}

/* ---- structs, slices, names ---- */

static void large_things(void **state)
{
	struct world *w = *state;
	struct fake_field *fields = calloc(1000, sizeof(*fields));
	uint64_t type, at = fake_room(w->f, 8000), bytes = fake_type(w->f, SLICE, 24, "[]uint8");
	uint64_t u8 = fake_type(w->f, U8, 1, "uint8"), head = fake_room(w->f, 24);

	for (uint64_t i = 0; i < 1000; i++)
		fields[i] = (struct fake_field){"Field", w->num, 8 * i, false};
	type = fake_struct(w->f, 8000, "main.Large", fields, 1000);
	told(w, type, at);
	assert_int_equal(w->v[0].flags, GOLIN_VALUE_TEXT | GOLIN_VALUE_CUT);
	assert_memory_equal(w->v[0].text, "{Field:0 Field:0", 16);
	assert_int_equal(w->v[0].size, 0); /* nobody knows */
	free(fields);

	fake_put(bytes, 48, u8, 8);
	fake_put(head, 0, at, 8);
	fake_put(head, 8, 1ull << 62, 8);
	told(w, bytes, head);
	assert_true(w->v[0].flags & GOLIN_VALUE_CUT);
	assert_memory_equal(w->v[0].text, "[0 0 0", 6);
	/* Descriptors that lie: as many fields, fields that lie nowhere, beyond the struct. */
	fake_put(type, 64, ~0ull, 8);
	told(w, type, at);
	type = fake_struct(w->f, 8, "main.T", (struct fake_field[]){{"A", w->num, 1 << 20, false}},
			   1);
	assert_string_equal(told(w, type, at), "{...}");
	fake_put(type, 56, 8, 8);
	told(w, type, at);
	/* A struct that is within itself. */
	type = fake_struct(w->f, 8, "main.T", (struct fake_field[]){{"A", 0, 0, false}}, 1);
	fake_put(*(uint64_t *)(uintptr_t)(type + 56), 8, type, 8);
	told(w, type, at);
	assert_true(w->v[0].flags & GOLIN_VALUE_CUT);
	/* An array of itself. */
	type = fake_of(w->f, GO_KIND_ARRAY, 8, "main.A", 0);
	fake_put(type, 48, type, 8);
	fake_put(type, 64, ~0ull, 8);
	told(w, type, at);
	assert_true(w->v[0].flags & GOLIN_VALUE_CUT);
}

static void names(void **state)
{
	struct world *w = *state;
	const size_t large = 65536;
	char *s = malloc(large + 1), buf[TYPE_NAME_MAX];
	uint64_t type, elem;
	size_t n;

	memset(s, 'n', large);
	memcpy(s, "\x1b[2J", 4);
	s[large] = '\0';
	type = fake_type(w->f, INT, 8, s);
	n = types_name(&w->f->t, type, buf, sizeof(buf));
	assert_int_equal(n, TYPE_NAME_MAX - 1);
	assert_memory_equal(buf, "\\x1b[2Jnnn", 10);
	assert_string_equal(buf + n - 4, "n...");
	assert_int_equal(types_name(&w->f->t, type, buf, 10), 9);
	assert_string_equal(buf, "\\x1b[2...");
	free(s);
	/* Of those that reflection made there is none: it is put together. */
	type = fake_struct(w->f, 16, NULL,
			   (struct fake_field[]){{"A", w->num, 0, false}, {"E", w->eface, 0, true}},
			   2);
	types_name(&w->f->t, type, buf, sizeof(buf));
	assert_string_equal(buf, "struct { A int; interface {} }");
	type = fake_of(w->f, POINTER, 8, NULL, type);
	types_name(&w->f->t, type, buf, sizeof(buf));
	assert_string_equal(buf, "*struct { A int; interface {} }");
	elem = type = fake_of(w->f, SLICE, 24, NULL, 0);
	fake_put(type, 48, elem, 8);
	types_name(&w->f->t, type, buf, sizeof(buf));
	assert_string_equal(buf, "[][][][][][][]?");
	assert_int_equal(types_name(&w->f->t, 12345, buf, sizeof(buf)), 0);
	assert_string_equal(buf, "");
}

static void printed(void **state)
{
	struct world *w = *state;
	struct {
		int minor;
		const char *text, *number; /* NULL: it shows the words of the interface */
	} want[] = {
		{27, "a\\n\\tb", "main.F(2.5)"},
		{25, "a\\n\\tb", "main.F(+2.500000e+000)"},
		{22, "a\\nb", "main.F(+2.500000e+000)"},
		{14, "a\\nb", NULL},
	};
	uint64_t at = fake_room(w->f, 8), str = string_of(w, "a\nb"), f, t;
	double d = 2.5;
	char other[96];

	memcpy((void *)(uintptr_t)at, &d, 8);
	for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		w->f->info.go.minor = (uint8_t)want[i].minor;
		f = fake_type(w->f, GO_KIND_FLOAT64, 8, "main.F");
		t = fake_struct(w->f, 0, "main.T", NULL, 0);
		value_printed(&w->r, fake_type(w->f, STRING, 16, "string"), str, &w->v[0]);
		assert_string_equal(w->v[0].text, want[i].text);
		assert_int_equal(w->v[0].flags, GOLIN_VALUE_TEXT | GOLIN_VALUE_PRINTED);
		value_printed(&w->r, f, at, &w->v[0]);
		snprintf(other, sizeof(other), "(main.F) (0x%llx,0x%llx)", (unsigned long long)f,
			 (unsigned long long)at);
		assert_string_equal(w->v[0].text, want[i].number ? want[i].number : other);
		value_printed(&w->r, t, 16, &w->v[0]);
		snprintf(other, sizeof(other), "(main.T) (0x%llx,0x10)", (unsigned long long)t);
		assert_string_equal(w->v[0].text, want[i].number ? "(main.T) 0x10" : other);
	}
	value_printed(&w->r, 0, 0, &w->v[0]);
	assert_string_equal(w->v[0].text, "nil");
	value_printed(&w->r, 77, 0, &w->v[0]);
	assert_int_equal(w->v[0].flags, GOLIN_VALUE_CUT | GOLIN_VALUE_PARTIAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(strings, setup, teardown),
		cmocka_unit_test_setup_teardown(strings_copied, setup, teardown),
		cmocka_unit_test_setup_teardown(lying_strings, setup, teardown),
		cmocka_unit_test_setup_teardown(chains, setup, teardown),
		cmocka_unit_test_setup_teardown(cycles, setup, teardown),
		cmocka_unit_test_setup_teardown(wide_cycles, setup, teardown),
		cmocka_unit_test_setup_teardown(nothing_there, setup, teardown),
		cmocka_unit_test_setup_teardown(impostors, setup, teardown),
		cmocka_unit_test_setup_teardown(bounds, setup, teardown),
		cmocka_unit_test_setup_teardown(large_things, setup, teardown),
		cmocka_unit_test_setup_teardown(names, setup, teardown),
		cmocka_unit_test_setup_teardown(printed, setup, teardown),
	};

	return cmocka_run_group_tests_name("panic_values", tests, NULL, NULL);
}

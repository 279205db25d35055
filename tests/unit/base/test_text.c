/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <stdio.h>
#include <time.h>

#include "base/text.h"

/* A terminal or a reader is attacked by the left, and sees the right. */
static const struct {
	const char *in, *out;
} attacks[] = {
	/* terminal sequences */
	{"\033[2J", "\\x1b[2J"},
	{"\033]0;title\a", "\\x1b]0;title\\x07"},
	{"\033]52;c;cm0gLXJm\a", "\\x1b]52;c;cm0gLXJm\\x07"},
	{"\033]8;;http://x\033\\link", "\\x1b]8;;http://x\\x1b\\link"},
	{"\033P+q\033\\", "\\x1bP+q\\x1b\\"},
	{"\033c", "\\x1bc"},
	{"\x9b"
	 "2J",
	 "\\x9b2J"},
	{"\xc2\x9b"
	 "2J",
	 "\\u{009b}2J"},
	{"\xc2\x9d"
	 "0;t\xc2\x9c",
	 "\\u{009d}0;t\\u{009c}"},
	{"\xc2\x80", "\\u{0080}"},
	{"\xc2\x85", "\\u{0085}"},
	{"\xc2\x90", "\\u{0090}"},
	{"\xc2\x9f", "\\u{009f}"},
	/* the rest of C0, and DEL */
	{"a\rb", "a\\x0db"},
	{"a\nb", "a\\nb"},
	{"a\tb", "a\\tb"},
	{"a\bb", "a\\x08b"},
	{"\a", "\\x07"},
	{"\x0e\x0f", "\\x0e\\x0f"},
	{"\x01\x02\x03", "\\x01\\x02\\x03"},
	{"\v\f", "\\x0b\\x0c"},
	{"\x1c\x1d\x1e\x1f", "\\x1c\\x1d\\x1e\\x1f"},
	{"\x7f", "\\x7f"},
	{"log\r\n2026 ERROR forged", "log\\x0d\\n2026 ERROR forged"},
	/* bidirectional controls */
	{"\xe2\x80\xaa", "\\u{202a}"},
	{"\xe2\x80\xab", "\\u{202b}"},
	{"\xe2\x80\xac", "\\u{202c}"},
	{"\xe2\x80\xad", "\\u{202d}"},
	{"exe.\xe2\x80\xaegnp", "exe.\\u{202e}gnp"},
	{"\xe2\x81\xa6", "\\u{2066}"},
	{"\xe2\x81\xa7", "\\u{2067}"},
	{"\xe2\x81\xa8", "\\u{2068}"},
	{"\xe2\x81\xa9", "\\u{2069}"},
	{"\xe2\x80\x8e", "\\u{200e}"},
	{"\xe2\x80\x8f", "\\u{200f}"},
	{"\xd8\x9c", "\\u{061c}"},
	/* what shows nothing */
	{"a\xe2\x80\x8b"
	 "b",
	 "a\\u{200b}b"},
	{"\xe2\x80\x8c", "\\u{200c}"},
	{"\xf0\x9f\x91\xa8\xe2\x80\x8d\xf0\x9f\x91\xa9",
	 "\xf0\x9f\x91\xa8\\u{200d}\xf0\x9f\x91\xa9"},
	{"\xe2\x81\xa0", "\\u{2060}"},
	{"\xef\xbb\xbfmain", "\\u{feff}main"},
	{"\xc2\xad", "\\u{00ad}"},
	{"\xf3\xa0\x80\x81\xf3\xa0\x81\xa1", "\\u{e0001}\\u{e0061}"},
	{"\xef\xbf\xb9", "\\u{fff9}"},
	{"x\xef\xb8\x8f", "x\\u{fe0f}"},
	{"x\xcd\x8f", "x\\u{034f}"},
	{"\xe3\x85\xa4", "\\u{3164}"},
	{"\xe2\xa0\x80", "\\u{2800}"},
	/* separators that some programs take for a line's end */
	{"a\xe2\x80\xa8"
	 "b",
	 "a\\u{2028}b"},
	{"\xe2\x80\xa9", "\\u{2029}"},
	/* not UTF-8 */
	{"\xc0\x80", "\\xc0\\x80"},
	{"\xc0\xaf", "\\xc0\\xaf"},
	{"\xc1\x9b", "\\xc1\\x9b"},
	{"\xe0\x80\x9b", "\\xe0\\x80\\x9b"},
	{"\xf0\x80\x80\x9b", "\\xf0\\x80\\x80\\x9b"},
	{"\xed\xa0\x80", "\\xed\\xa0\\x80"},
	{"\xed\xbf\xbf", "\\xed\\xbf\\xbf"},
	{"\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80"},
	{"\xf5\x80\x80\x80", "\\xf5\\x80\\x80\\x80"},
	{"\xf8\x88\x80\x80\x80", "\\xf8\\x88\\x80\\x80\\x80"},
	{"\xff", "\\xff"},
	{"\x80", "\\x80"},
	{"\xe6\x97", "\\xe6\\x97"},
	{"\xf0\x9f\x98", "\\xf0\\x9f\\x98"},
	{"\xe6\x97x", "\\xe6\\x97x"},
	{"\xe2\x80\033", "\\xe2\\x80\\x1b"},
	/* runs of combining marks */
	{"e\xcc\x81", "e\xcc\x81"},
	{"e\xcc\x81\xcc\x82", "e\xcc\x81\xcc\x82"},
	{"e\xcc\x81\xcc\x82\xcc\x83", "e\xcc\x81\xcc\x82\\u{0303}"},
	{"e\xcc\x81\xcc\x82\xcc\x83\xcc\x84\xcc\x85",
	 "e\xcc\x81\xcc\x82\\u{0303}\\u{0304}\\u{0305}"},
	{"\xcc\x81x", "\\u{0301}x"},
	{"a\xe2\x83\x9d\xe2\x83\x9d\xe2\x83\x9d", "a\xe2\x83\x9d\xe2\x83\x9d\\u{20dd}"},
	/* characters that mean nothing, or what each font wants */
	{"\xef\xb7\x90", "\\u{fdd0}"},
	{"\xef\xbf\xbe", "\\u{fffe}"},
	{"\xef\xbf\xbf", "\\u{ffff}"},
	{"\xf0\x9f\xbf\xbf", "\\u{1ffff}"},
	{"\xf4\x8f\xbf\xbf", "\\u{10ffff}"},
	{"\xee\x80\x80", "\\u{e000}"},
	{"\xf3\xb0\x80\x80", "\\u{f0000}"},
	{"\xcd\xb8", "\\u{0378}"},
	/* and what must stay as it is */
	{"main.(*Server).Serve.func1", "main.(*Server).Serve.func1"},
	{"C:\\dir\\file.go", "C:\\dir\\file.go"},
	{"main.gro\xc3\x9f\xe6\x97\xa5\xf0\x9f\x98\x80",
	 "main.gro\xc3\x9f\xe6\x97\xa5\xf0\x9f\x98\x80"},
	{"\xd7\xa9\xd7\x9c\xd7\x95\xd7\x9d", "\xd7\xa9\xd7\x9c\xd7\x95\xd7\x9d"},
	{"go.shape.struct { F uintptr }\xc2\xb7"
	 "f",
	 "go.shape.struct { F uintptr }\xc2\xb7"
	 "f"},
	{"\xef\xbf\xbd", "\xef\xbf\xbd"},
};

static void test_attacks(void **state)
{
	char out[256];

	assert_true(sizeof(attacks) / sizeof(*attacks) >= 60);
	for (size_t i = 0; i < sizeof(attacks) / sizeof(*attacks); i++) {
		size_t len = strlen(attacks[i].in);
		size_t n = golin_text_clean(out, sizeof(out), attacks[i].in, len);

		assert_string_equal(out, attacks[i].out);
		assert_int_equal(n, strlen(attacks[i].out));
		assert_int_equal(golin_text_is_clean(attacks[i].in, len),
				 !strcmp(attacks[i].in, attacks[i].out));
		assert_true(golin_text_is_clean(out, n));
	}
}

static void test_nul_and_the_end(void **state)
{
	char out[64];

	assert_int_equal(golin_text_clean(out, sizeof(out), "a\0b", 3), 6);
	assert_string_equal(out, "a\\x00b");
	assert_false(golin_text_is_clean("a\0b", 3));
	/* A sequence that goes on behind `len` is cut there. */
	golin_text_clean(out, sizeof(out), "\xe6\x97\xa5", 2);
	assert_string_equal(out, "\\xe6\\x97");
	golin_text_clean(out, sizeof(out), "", 0);
	assert_string_equal(out, "");
	assert_true(golin_text_is_clean("", 0));
}

static void test_what_does_not_fit(void **state)
{
	char out[64];

	golin_text_clean(out, 21, "0123456789abcdefghij", 20);
	assert_string_equal(out, "0123456789abcdefghij");
	golin_text_clean(out, 20, "0123456789abcdefghij", 20);
	assert_string_equal(out, "0123456789a...(+9)");
	golin_text_clean(out, 19, "0123456789abcdefghij", 20);
	assert_string_equal(out, "0123456789...(+10)");
	/* Not even the mark fits. */
	golin_text_clean(out, 5, "0123456789abcdefghij", 20);
	assert_string_equal(out, "0123");
	golin_text_clean(out, 1, "0123456789abcdefghij", 20);
	assert_string_equal(out, "");
	/* Never a part of a character or of an escape. */
	golin_text_clean(out, 4, "ab\xe6\x97\xa5", 5);
	assert_string_equal(out, "ab");
	golin_text_clean(out, 5, "ab\033", 3);
	assert_string_equal(out, "ab");
	golin_text_clean(out, 13, "abcd\xe6\x97\xa5 0123456789", 18);
	assert_string_equal(out, "abcd...(+14)");
}

/* Random text of the dangerous kinds, of any length, into a buffer of any size. */
static size_t random_text(uint64_t *rnd, char *s, size_t max)
{
	static const char *const bits[] = {"\xcc\x81",
					   "\033",
					   "a",
					   "\xe2\x80\xae",
					   "\xc2\x9b",
					   "\xe6\x97\xa5",
					   "\\",
					   "\xf0\x9f\x98\x80",
					   "\xe1\x85\xa1",
					   "\xff",
					   "\xf4\x8f\xbf\xbf",
					   "\n"};
	size_t n = 0;

	for (;;) {
		const char *bit;
		size_t len;

		*rnd = *rnd * 6364136223846793005ULL + 1442695040888963407ULL;
		bit = bits[(*rnd >> 40) % 12];
		len = strlen(bit);
		if (*rnd >> 60 == 0 || n + len > max)
			return n;
		memcpy(s + n, bit, len);
		/* Sometimes only a part of it. */
		n += (*rnd >> 33) % 8 ? len : 1;
	}
}

static void test_idempotent_bounded_clean(void **state)
{
	uint64_t rnd = 1;

	for (int round = 0; round < 300000; round++) {
		char in[96], once[448], twice[448];
		size_t len = random_text(&rnd, in, sizeof(in));
		size_t cap = 1 + (rnd >> 20) % 400, n, m;
		bool was_clean = golin_text_is_clean(in, len);

		memset(once, 0x55, sizeof(once));
		n = golin_text_clean(once, cap, in, len);
		assert_true(n < cap);
		assert_int_equal(once[n], 0);
		assert_int_equal(strlen(once), n);
		for (size_t i = cap; i < sizeof(once); i++)
			assert_int_equal(once[i], 0x55);
		assert_true(golin_text_is_clean(once, n));
		m = golin_text_clean(twice, cap, once, n);
		assert_int_equal(m, n);
		assert_memory_equal(once, twice, n + 1);
		/* is_clean() says the same as clean() does. */
		n = golin_text_clean(once, golin_text_clean_bound(len), in, len);
		assert_int_equal(was_clean, n == len && !memcmp(once, in, len));
		assert_null(strstr(once, "...(+"));
	}
}

/* All bytes pairs and all code points: nothing that is unsafe comes out. */
static void test_no_unsafe_code_point(void **state)
{
	static const struct {
		uint32_t from, to;
	} unsafe[] = {{0x00, 0x1f},	{0x7f, 0x9f},	  {0x61c, 0x61c},     {0x200b, 0x200f},
		      {0x2028, 0x202e}, {0x2060, 0x206f}, {0xe000, 0xf8ff},   {0xfdd0, 0xfdef},
		      {0xfeff, 0xfeff}, {0xfff0, 0xfffb}, {0xe0000, 0xe0fff}, {0xf0000, 0x10ffff}};

	for (uint32_t c = 1; c < 0x110000; c++) {
		char in[5] = {'x'}, out[32];
		size_t n = 1;
		bool want_escape = (c & 0xfffe) == 0xfffe;

		if (c >= 0xd800 && c < 0xe000)
			continue;
		if (c < 0x80) {
			in[n++] = (char)c;
		} else if (c < 0x800) {
			in[n++] = (char)(0xc0 | c >> 6);
			in[n++] = (char)(0x80 | (c & 63));
		} else if (c < 0x10000) {
			in[n++] = (char)(0xe0 | c >> 12);
			in[n++] = (char)(0x80 | (c >> 6 & 63));
			in[n++] = (char)(0x80 | (c & 63));
		} else {
			in[n++] = (char)(0xf0 | c >> 18);
			in[n++] = (char)(0x80 | (c >> 12 & 63));
			in[n++] = (char)(0x80 | (c >> 6 & 63));
			in[n++] = (char)(0x80 | (c & 63));
		}
		for (size_t i = 0; i < sizeof(unsafe) / sizeof(*unsafe); i++)
			want_escape |= c >= unsafe[i].from && c <= unsafe[i].to;
		golin_text_clean(out, sizeof(out), in, n);
		if (want_escape) {
			assert_memory_equal(out, "x\\", 2);
		} else if (!memcmp(out, in, n) && !out[n]) {
			/* What passes takes as many columns as we say: never a surprise. */
			assert_in_range(golin_text_width(out), 1, 3);
		}
	}
}

static void test_long_runs_are_linear(void **state)
{
	size_t len = 8 << 20;
	char *in = malloc(len), *out = malloc(golin_text_clean_bound(len));
	struct timespec a, b;

	assert_non_null(in);
	assert_non_null(out);
	for (size_t i = 0; i < len; i += 2)
		memcpy(in + i, "\xcc\x81", 2);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &a);
	assert_int_equal(golin_text_clean(out, golin_text_clean_bound(len), in, len), len * 4);
	/* However much is left out. */
	golin_text_clean(out, 4096, in, len);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &b);
	assert_true(b.tv_sec - a.tv_sec < 10);
	assert_true(strlen(out) < 4096);
	free(in);
	free(out);
}

static void test_width(void **state)
{
	int w;

	assert_int_equal(golin_text_width(""), 0);
	assert_int_equal(golin_text_width("abc"), 3);
	assert_int_equal(golin_text_width("\xe6\x97\xa5\xe6\x9c\xac"), 4);
	assert_int_equal(golin_text_width("e\xcc\x81"), 1);
	assert_int_equal(golin_text_width("\xf0\x9f\x98\x80"), 2);
	assert_int_equal(golin_text_fit("abc", 2, &w), 2);
	assert_int_equal(w, 2);
	assert_int_equal(golin_text_fit("abc", 9, &w), 3);
	assert_int_equal(w, 3);
	/* A wide character does not fit into one column; the marks go with their letter. */
	assert_int_equal(golin_text_fit("a\xe6\x97\xa5", 2, &w), 1);
	assert_int_equal(w, 1);
	assert_int_equal(golin_text_fit("e\xcc\x81x", 1, &w), 3);
	assert_int_equal(w, 1);
	assert_int_equal(golin_text_fit("abc", 0, NULL), 0);
	assert_int_equal(golin_text_fit("abc", -3, &w), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_attacks),
		cmocka_unit_test(test_nul_and_the_end),
		cmocka_unit_test(test_what_does_not_fit),
		cmocka_unit_test(test_idempotent_bounded_clean),
		cmocka_unit_test(test_no_unsafe_code_point),
		cmocka_unit_test(test_long_runs_are_linear),
		cmocka_unit_test(test_width),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

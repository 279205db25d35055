/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <jansson.h>

#include "base/jsonw.h"

static void test_compact(void **state)
{
	struct strbuf b = {0};
	struct jsonw w;

	jsonw_init(&w, &b);
	jsonw_begin(&w, NULL, '{');
	jsonw_str(&w, "type", "goroutine.create");
	jsonw_u64(&w, "goid", 7);
	jsonw_i64(&w, "ret", -9);
	jsonw_dec(&w, "ts", UINT64_MAX);
	jsonw_hex(&w, "ctx", 0xc000123);
	jsonw_bool(&w, "system", false);
	jsonw_str(&w, "parent", NULL);
	jsonw_null(&w, "at");
	jsonw_begin(&w, "stack", '[');
	jsonw_u64(&w, NULL, 0);
	jsonw_str(&w, NULL, "a");
	jsonw_begin(&w, NULL, '{');
	jsonw_end(&w, '}');
	jsonw_begin(&w, NULL, '[');
	jsonw_end(&w, ']');
	jsonw_end(&w, ']');
	jsonw_bool(&w, "last", true);
	jsonw_end(&w, '}');
	jsonw_newline(&w);
	assert_string_equal(strbuf_cstr(&b),
			    "{\"type\":\"goroutine.create\",\"goid\":7,\"ret\":-9,"
			    "\"ts\":\"18446744073709551615\",\"ctx\":\"0xc000123\","
			    "\"system\":false,\"parent\":null,\"at\":null,"
			    "\"stack\":[0,\"a\",{},[]],\"last\":true}\n");
	strbuf_done(&b);
}

static void test_numbers_at_their_limits(void **state)
{
	struct strbuf b = {0};
	struct jsonw w;

	jsonw_init(&w, &b);
	jsonw_begin(&w, NULL, '[');
	jsonw_i64(&w, NULL, INT64_MIN);
	jsonw_i64(&w, NULL, INT64_MAX);
	jsonw_u64(&w, NULL, UINT64_MAX);
	jsonw_hex(&w, NULL, 0);
	jsonw_end(&w, ']');
	assert_string_equal(strbuf_cstr(&b), "[-9223372036854775808,9223372036854775807,"
					     "18446744073709551615,\"0x0\"]");
	strbuf_done(&b);
}

static void test_ndjson_lines_stand_alone(void **state)
{
	struct strbuf b = {0};
	struct jsonw w;

	jsonw_init(&w, &b);
	for (int i = 0; i < 2; i++) {
		jsonw_begin(&w, NULL, '{');
		jsonw_u64(&w, "n", (uint64_t)i);
		jsonw_end(&w, '}');
		jsonw_newline(&w);
	}
	assert_string_equal(strbuf_cstr(&b), "{\"n\":0}\n{\"n\":1}\n");
	strbuf_done(&b);
}

static void test_pretty(void **state)
{
	struct strbuf b = {0};
	struct jsonw w;

	jsonw_init(&w, &b);
	w.pretty = true;
	jsonw_begin(&w, NULL, '{');
	jsonw_u64(&w, "a", 1);
	jsonw_begin(&w, "b", '[');
	jsonw_u64(&w, NULL, 2);
	jsonw_u64(&w, NULL, 3);
	jsonw_end(&w, ']');
	jsonw_begin(&w, "c", '{');
	jsonw_end(&w, '}');
	jsonw_end(&w, '}');
	jsonw_newline(&w);
	assert_string_equal(strbuf_cstr(&b), "{\n"
					     "  \"a\": 1,\n"
					     "  \"b\": [\n"
					     "    2,\n"
					     "    3\n"
					     "  ],\n"
					     "  \"c\": {}\n"
					     "}\n");
	strbuf_done(&b);
}

static json_t *parse(const struct strbuf *b)
{
	json_error_t err;
	json_t *j = json_loadb(b->s, b->len, JSON_REJECT_DUPLICATES, &err);

	if (!j)
		fail_msg("%s at column %d of %s", err.text, err.column, b->s);
	return j;
}

static void check_string(const char *in, const char *want)
{
	struct strbuf b = {0};
	struct jsonw w;
	json_t *j;

	jsonw_init(&w, &b);
	jsonw_begin(&w, NULL, '{');
	jsonw_str(&w, "s", in);
	jsonw_str(&w, in[0] ? in : "empty", "key");
	jsonw_end(&w, '}');
	j = parse(&b);
	assert_string_equal(json_string_value(json_object_get(j, "s")), want);
	assert_string_equal(json_string_value(json_object_get(j, in[0] ? want : "empty")), "key");
	json_decref(j);
	strbuf_done(&b);
}

static void test_strings_parse_back(void **state)
{
	check_string("", "");
	check_string("main.(*T).run", "main.(*T).run");
	check_string("\"quoted\" and \\ and \"", "\"quoted\" and \\ and \"");
	check_string("\\\\\\", "\\\\\\");
	check_string("na\xc3\xafve \xe6\x97\xa5\xe6\x9c\xac \xf0\x9f\x98\x80",
		     "na\xc3\xafve \xe6\x97\xa5\xe6\x9c\xac \xf0\x9f\x98\x80");
	check_string("\033[31m\n\"", "\\x1b[31m\\n\"");
	check_string("\xff\xfe", "\\xff\\xfe");
	check_string("\xe2\x80\xae", "\\u{202e}");
	check_string("\xed\xa0\x80", "\\xed\\xa0\\x80");
}

static void test_any_bytes_are_valid_json(void **state)
{
	uint64_t rnd = 7;

	for (int round = 0; round < 20000; round++) {
		struct strbuf b = {0};
		struct jsonw w;
		char s[40];
		size_t n = 0;
		json_t *j;

		while (n < sizeof(s) - 1) {
			rnd = rnd * 6364136223846793005ULL + 1442695040888963407ULL;
			if (rnd >> 59 == 0)
				break;
			s[n] = (char)(rnd >> 40);
			if ((rnd >> 50) % 4 == 0)
				s[n] = "\"\\{}[],:\x1b\xe2\x80\xae\xcc\x81"[(rnd >> 33) % 14];
			n += s[n] != 0;
		}
		s[n] = '\0';
		jsonw_init(&w, &b);
		w.pretty = round & 1;
		jsonw_begin(&w, NULL, '[');
		jsonw_str(&w, NULL, s);
		jsonw_end(&w, ']');
		j = parse(&b);
		assert_int_equal(json_array_size(j), 1);
		json_decref(j);
		strbuf_done(&b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_compact),
		cmocka_unit_test(test_numbers_at_their_limits),
		cmocka_unit_test(test_ndjson_lines_stand_alone),
		cmocka_unit_test(test_pretty),
		cmocka_unit_test(test_strings_parse_back),
		cmocka_unit_test(test_any_bytes_are_valid_json),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

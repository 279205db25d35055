/* SPDX-License-Identifier: BSD-2-Clause */
/* Compressed sections: those that lie, those that are damaged, and good ones read in pieces. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <elf.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>
#include "base/err.h"
#include "debug_section.h"
#include "elf_image.h"
#include "elfbuild.h"

/* Opens section .debug_info, and reads all of it in pieces of `step` bytes into dst. */
static int read_section(struct elfb *b, void *dst, size_t step, struct golin_err *err)
{
	struct debug_section s;
	struct elf_image e;
	int fd = elfb_build_fd(b), r;

	memset(err, 0, sizeof(*err));
	assert_int_equal(elf_image_open(fd, &e, NULL), 0);
	close(fd);
	r = debug_section_open(&e, "info", &s, err);
	if (!r) {
		while (!r && s.pos < s.size) {
			size_t n = s.size - s.pos < step ? s.size - s.pos : step;

			r = debug_section_read(&s, (uint8_t *)dst + s.pos, n, err);
		}
		if (!r)
			assert_int_equal(debug_section_read(&s, dst, 1, NULL), -EBADMSG);
		debug_section_done(&s);
	}
	elf_image_done(&e);
	return r;
}

/* Hardly compressible, but not at all unlike DWARF. */
static void make_plain(uint8_t *p, size_t len)
{
	uint32_t seed = 1;

	for (size_t i = 0; i < len; i++)
		p[i] = (seed = seed * 1103515245 + 12345) >> 26;
}

/* The header of a compressed section, as wide and in the order of the file. */
static size_t put_chdr(const struct elfb *b, uint8_t *p, uint32_t type, uint64_t size)
{
	elfb_put(b, p, 4, type);
	elfb_put(b, p + (b->is32 ? 4 : 8), b->is32 ? 4 : 8, size);
	return b->is32 ? sizeof(Elf32_Chdr) : sizeof(Elf64_Chdr);
}

static void test_good(void **state)
{
	enum { LEN = 700000 };
	static const size_t steps[] = {1 << 20, 128 << 10, 4096, 1001};
	uint8_t *plain = malloc(LEN), *got = malloc(LEN), *p = malloc(2 * LEN);

	assert_true(plain && got && p);
	make_plain(plain, LEN);
	for (int i = 0; i < 3 * 4 * 4; i++) {
		struct elfb b = {.is32 = i & 1, .big_endian = i & 2};
		struct golin_err err;
		uLongf out = 2 * LEN - 64;
		size_t at = 0;

		memset(p, 0, 64);
		if (i / 16 == 0) { /* as it is */
			memcpy(p, plain, LEN);
			out = LEN;
		} else if (i / 16 == 1) {
			at = put_chdr(&b, p, 1, LEN);
			assert_int_equal(compress2(p + at, &out, plain, LEN, 6), Z_OK);
		} else { /* two frames, one behind the other */
			size_t first;

			at = put_chdr(&b, p, 2, LEN);
			first = ZSTD_compress(p + at, out, plain, LEN / 3, 3);
			out = first + ZSTD_compress(p + at + first, out - first, plain + LEN / 3,
						    LEN - LEN / 3, 3);
		}
		elfb_section(&b, ".debug_info", SHT_PROGBITS, at ? SHF_COMPRESSED : 0, 0, p,
			     at + out);
		memset(got, 0, LEN);
		assert_int_equal(read_section(&b, got, steps[i / 4 % 4], &err), 0);
		assert_memory_equal(got, plain, LEN);
	}
	free(plain);
	free(got);
	free(p);
}

static void test_claims(void **state)
{
	static const struct {
		const char *name;
		uint64_t flags;
		uint64_t size;
		uint32_t type;
		size_t len;
		int code;
		const char *msg;
	} cases[] = {
		{".debug_info", SHF_COMPRESSED, 1ull << 40, 1, 1024, -EBADMSG,
		 "section .debug_info claims 1.0 TiB from 1000 bytes: refused"},
		{".debug_info", SHF_COMPRESSED, 64 * 1000 + 64, 1, 1024, -EBADMSG,
		 "section .debug_info claims 62.6 KiB from 1000 bytes: refused"},
		{".debug_info", SHF_COMPRESSED, 1ull << 40, 2, 1024, -EBADMSG,
		 "section .debug_info claims 1.0 TiB from 1000 bytes: refused"},
		{".debug_info", SHF_COMPRESSED, 2000, 3, 1024, -EOPNOTSUPP,
		 "section .debug_info is compressed by method 3; golin reads zlib (1) and zstd "
		 "(2)"},
		{".debug_info", SHF_COMPRESSED, 2000, 1, 23, -EBADMSG,
		 "section .debug_info is too short for its compression header"},
		{".debug_info", SHF_COMPRESSED, 2000, 1, 1024, -EBADMSG,
		 "section .debug_info cannot be inflated: unknown compression method behind 0 "
		 "bytes"},
		{".zdebug_info", 0, 0, 0, 1012, -EBADMSG,
		 "section .zdebug_info does not begin with 'ZLIB'"},
		{".zdebug_info", 0, UINT64_MAX, 0, 1012, -EBADMSG,
		 "section .zdebug_info claims 16.0 EiB from 1000 bytes: refused"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct elfb b = {0};
		uint8_t data[1024] = {0}, dst[4096];
		struct golin_err err;

		put_chdr(&b, data, cases[i].type, cases[i].size);
		if (cases[i].size == UINT64_MAX) {
			memcpy(data, "ZLIB", 4);
			memset(data + 4, 0xff, 8);
		}
		elfb_section(&b, cases[i].name, SHT_PROGBITS, cases[i].flags, 0, data,
			     cases[i].len);
		assert_int_equal(read_section(&b, dst, sizeof(dst), &err), cases[i].code);
		assert_string_equal(err.msg, cases[i].msg);
	}
}

/* The stream ends early, goes on for longer, or has a wrong checksum. */
static void test_zlib(void **state)
{
	static const char *const msg[] = {
		"section .debug_info ends after 60 bytes, it claims 100",
		"section .debug_info has more than the 50 bytes it claims",
		"section .debug_info cannot be inflated: incorrect data check behind 60 bytes",
	};
	static const size_t claims[] = {100, 50, 60};
	uint8_t plain[60], dst[100];

	make_plain(plain, sizeof(plain));
	for (int i = 0; i < 3; i++) {
		struct elfb b = {0};
		uint8_t p[256] = {0};
		uLongf out = sizeof(p) - 24;
		size_t at = put_chdr(&b, p, 1, claims[i]);
		struct golin_err err;

		assert_int_equal(compress2(p + at, &out, plain, sizeof(plain), 6), Z_OK);
		if (i == 2)
			p[at + out - 1] ^= 1;
		elfb_section(&b, ".debug_info", SHT_PROGBITS, SHF_COMPRESSED, 0, p, at + out);
		assert_int_equal(read_section(&b, dst, sizeof(dst), &err), -EBADMSG);
		assert_string_equal(err.msg, msg[i]);
	}
}

enum { ZSTD_PLAIN = 5000 };

/* A frame; window_log not 0: it does not say how much it holds. */
static size_t make_frame(uint8_t *p, size_t cap, int window_log)
{
	uint8_t plain[ZSTD_PLAIN];
	ZSTD_CCtx *ctx = ZSTD_createCCtx();
	ZSTD_inBuffer in = {plain, sizeof(plain), 0};
	ZSTD_outBuffer out = {p, cap, 0};

	make_plain(plain, sizeof(plain));
	assert_non_null(ctx);
	ZSTD_CCtx_setParameter(ctx, ZSTD_c_checksumFlag, 1);
	if (window_log) {
		ZSTD_CCtx_setParameter(ctx, ZSTD_c_windowLog, window_log);
		assert_false(ZSTD_isError(ZSTD_compressStream2(ctx, &out, &in, ZSTD_e_continue)));
	}
	assert_int_equal(ZSTD_compressStream2(ctx, &out, &in, ZSTD_e_end), 0);
	ZSTD_freeCCtx(ctx);
	return out.pos;
}

/* Frames that lie, end early, are damaged, or want too much memory. */
static void test_zstd(void **state)
{
	static const struct {
		uint64_t claim;
		int window_log;
		size_t len;	/* 0: all */
		int flip_first; /* or the last byte: 2 */
		const char *msg;
	} cases[] = {
		{4999, 0, 0, 0,
		 "section .debug_info claims 4999 bytes, its zstd frame 5000: refused"},
		{5001, 0, 0, 0, "section .debug_info ends after 5000 bytes, it claims 5001"},
		{5000, 0, 0, 2,
		 "section .debug_info cannot be inflated: Restored data doesn't match checksum "
		 "behind 0 bytes"},
		{5000, 0, 100, 0, "section .debug_info ends after 0 bytes, it claims 5000"},
		{5000, 0, 0, 1, "section .debug_info does not hold a frame of zstd"},
		{5000, 24, 0, 0,
		 "section .debug_info asks for a zstd window of more than 8 MiB: refused"},
		{4999, 20, 0, 0, "section .debug_info has more than the 4999 bytes it claims"},
		{5000, 23, 0, 0, ""},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct elfb b = {0};
		uint8_t p[24 + 8192] = {0}, dst[8192];
		size_t at = put_chdr(&b, p, 2, cases[i].claim);
		size_t len = make_frame(p + at, sizeof(p) - at, cases[i].window_log);
		struct golin_err err;

		if (cases[i].flip_first)
			p[cases[i].flip_first == 1 ? at : at + len - 1] ^= 1;
		if (cases[i].len)
			len = cases[i].len;
		elfb_section(&b, ".debug_info", SHT_PROGBITS, SHF_COMPRESSED, 0, p, at + len);
		assert_int_equal(read_section(&b, dst, sizeof(dst), &err),
				 *cases[i].msg ? -EBADMSG : 0);
		assert_string_equal(err.msg, cases[i].msg);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_claims),
		cmocka_unit_test(test_zlib),
		cmocka_unit_test(test_zstd),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

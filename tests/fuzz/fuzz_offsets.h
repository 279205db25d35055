/* SPDX-License-Identifier: BSD-2-Clause */
/* What the fuzz targets of offsets/ share: reading the input, files in memory, what must hold. */
#ifndef GOLIN_TESTS_FUZZ_OFFSETS_H
#define GOLIN_TESTS_FUZZ_OFFSETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "base/err.h"
#include "base/text.h"
#include "elf_image.h"
#include "image_wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static inline void must(bool ok)
{
	if (!ok)
		abort();
}

/* The input, read from its front; behind its end stand zeros. */
struct input {
	const uint8_t *p;
	size_t left;
};

static inline uint64_t in_word(struct input *in, size_t width)
{
	uint64_t v = 0;

	for (size_t i = 0; i < width && in->left; i++, in->p++, in->left--)
		v |= (uint64_t)*in->p << (8 * i);
	return v;
}

/* At most `want` bytes. */
static inline struct input in_take(struct input *in, size_t want)
{
	struct input r = {in->p, want < in->left ? want : in->left};

	in->p += r.left;
	in->left -= r.left;
	return r;
}

static inline int memory_file(const void *data, size_t size)
{
	int fd = memfd_create("input", MFD_CLOEXEC);

	must(fd >= 0 && write(fd, data, size) == (ssize_t)size);
	return fd;
}

/* A refusal has a code that is documented, and a clean text. */
static inline void must_be_refusal(int r, const struct golin_err *err)
{
	must(r < 0 && err->code == r && err->msg[0]);
	must(golin_text_is_clean(err->msg, strlen(err->msg)));
	must(golin_text_is_clean(err->hint, strlen(err->hint)));
	must(golin_err_exit(err) == GOLIN_EXIT_TARGET);
}

static inline void must_be_clean(const char *s, size_t cap)
{
	size_t len = strnlen(s, cap);

	must(len < cap && golin_text_is_clean(s, len));
}

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/* The sanitiser: bounded, idempotent, and what it gives is clean. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(int ok)
{
	if (!ok)
		abort();
}

static void check(const void *src, size_t len, size_t cap)
{
	char *once = malloc(cap), *twice = malloc(cap);
	size_t n, m;
	int width;

	must(once && twice);
	n = golin_text_clean(once, cap, src, len);
	must(n < cap && strlen(once) == n);
	must(golin_text_is_clean(once, n));
	m = golin_text_clean(twice, cap, once, n);
	must(m == n && !memcmp(once, twice, n));
	for (size_t i = 0; i < n; i++)
		must((unsigned char)once[i] >= 0x20 && once[i] != 0x7f);
	must(golin_text_width(once) >= 0);
	must(golin_text_fit(once, 40, &width) <= n && width <= 40);
	free(once);
	free(twice);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t bound = golin_text_clean_bound(size);

	check(data, size, bound);
	if (size)
		check(data + 1, size - 1, 1 + data[0]);
	must(golin_text_is_clean((const char *)data, size) ==
	     (bound > size && ({
		      char *out = malloc(bound);
		      size_t n = golin_text_clean(out, bound, data, size);
		      int same = n == size && (!size || !memcmp(out, data, size));

		      free(out);
		      same;
	      })));
	return 0;
}

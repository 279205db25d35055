/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The funcdata of open-coded defers. The input: a byte, the minor version of Go; the funcdata. What
 * is decoded lies in a frame, and nothing behind the input is read.
 */
#include "fuzz_offsets.h"
#include "func_defers.h"

enum { MOST = 1 << 30 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct golin_func_defers d = {0}, again = {0};
	uint8_t *copy;
	bool ok;

	if (!size)
		return 0;
	copy = malloc(size); /* its end is that of the object */
	must(copy);
	memcpy(copy, data + 1, size - 1);
	ok = open_defers_decode(data[0], copy, size - 1, &d);
	must(ok == open_defers_decode(data[0], copy, size - 1, &again));
	free(copy);
	if (!ok)
		return 0;
	must(data[0] >= 14 && !memcmp(&d, &again, sizeof(d)));
	must(d.n >= 1 && d.n <= GOLIN_OPEN_DEFERS && d.bits >= 1 && d.bits <= MOST);
	for (uint32_t i = 0; i < d.n; i++)
		must(d.slots[i] >= 8 && d.slots[i] <= MOST);
	for (uint32_t i = 1; data[0] >= 22 && i < d.n; i++)
		must(d.slots[i] == d.slots[i - 1] - 8);
	return 0;
}

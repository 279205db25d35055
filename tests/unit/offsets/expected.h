/* SPDX-License-Identifier: BSD-2-Clause */
/* layouts_expected.tsv, for tests that compare with it. */
#ifndef GOLIN_TESTS_EXPECTED_H
#define GOLIN_TESTS_EXPECTED_H

#include <stdbool.h>
#include "golin/layout.h"
#include "golin/offsets.h"

struct expected {
	struct golin_go_version go;
	char structure[64], field[64]; /* field "-": the struct itself */
	bool absent;
	unsigned int offset, size;
};

enum { MAX_EXPECTED = 16384 };

/* Reads the file; returns how many lines it has, or -1. */
int expected_read(const char *path, struct expected *ret, int max);
/*
 * Compares a layout with those of its lines that are of this release. Prints each difference and
 * returns how many there are, or -1 when no line is of this release.
 */
int expected_compare(const struct expected *lines, int n, const struct golin_go_version *go,
		     const struct golin_layout *l);
/* Compares two layouts in all but their source; prints and counts the differences. */
int layout_differences(const struct golin_layout *a, const struct golin_layout *b);

#endif

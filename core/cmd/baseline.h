/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A baseline: findings that are known and do not count. A text file, a finding a line: rule,
 * function and file:line with tabs between; lines that begin with '#' and empty ones say nothing.
 */
#ifndef GOLIN_CMD_BASELINE_H
#define GOLIN_CMD_BASELINE_H

#include "export/export.h"

struct baseline;

/* -EINVAL with the line that is none. */
int baseline_read(const char *path, struct baseline **ret, struct golin_err *err);
/* NULL knows nothing. */
bool baseline_knows(const struct baseline *b, const struct golin_finding *f);
void baseline_free(struct baseline *b);
/* Replaces FILE by a list of the rows. */
int baseline_write(const char *path, const struct golin_finding_row *rows, size_t n,
		   struct golin_err *err);

#endif

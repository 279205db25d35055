/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef GOLIN_RECORD_CREATE_H
#define GOLIN_RECORD_CREATE_H

#include <stdbool.h>

struct golin_err;

/*
 * Creates an output file that may hold secrets: mode 0600, never through a symbolic link, never
 * over something (with force: over a regular file); under sudo it belongs to the user who called.
 * Returns the descriptor, or -EPIPE.
 */
int rec_create_file(const char *path, bool force, struct golin_err *err);

#endif

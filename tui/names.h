/* SPDX-License-Identifier: BSD-2-Clause */
/* Names and numbers as the views show them. All return buf. */
#ifndef GOLIN_TUI_NAMES_H
#define GOLIN_TUI_NAMES_H

#include <stddef.h>
#include <stdint.h>
#include "golin/context.h"

/* "server.go:3454", or "-" when unknown. */
const char *name_place(const struct golin_frame *f, char *buf, size_t cap);
/* "/src/net/http/server.go:3454", or "-". */
const char *name_full_place(const struct golin_frame *f, char *buf, size_t cap);
/* Without the directories of its import path when it takes more than cols: "http.Serve". */
const char *name_func(const char *func, int cols);
/* The end of text that takes cols columns at most: of a place the line matters most. */
const char *name_tail(const char *text, int cols);
/* "12,431" */
const char *name_count(uint64_t n, char *buf, size_t cap);
/* "980", "12.4k", "3.1M": at most 5 columns. */
const char *name_rate(double n, char *buf, size_t cap);
/* Local wall-clock time "10:31:07.120", or "-". */
const char *name_clock(uint64_t unix_ns, char *buf, size_t cap);
/*
 * A context as its constructor is called, without its package: "WithTimeout"; "*trace.ctx" for a
 * foreign one; the kind when nothing tells more.
 */
const char *name_context(const struct golin_model *m, const struct golin_context *c, char *buf,
			 size_t cap);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/* What `golin offsets` shows: layouts and hook points, for people and for programs. */
#ifndef GOLIN_OFFSETS_RENDER_H
#define GOLIN_OFFSETS_RENDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "golin/offsets.h"

struct strbuf;

/* A hook point, as the caller's plan has it. Strings are clean and live as long as the call. */
struct golin_hook {
	const char *event; /* "goroutine.create" */
	const char *func;  /* "runtime.newproc1" */
	bool found;
	uint64_t offset;	 /* in the file, when found */
	const char *instruction; /* "jbe 0x47e120", when found; else NULL */
	const char *why;	 /* why there, or why nowhere */
	const char *where;	 /* what stands where: "newg=rbx g=r14"; NULL not told */
	const char *lost;	 /* what is not seen without it */
	bool required;		 /* golin refuses the probe group without it */
};

struct golin_render {
	const struct golin_image_info *info;
	const struct golin_layout *layout;
	const struct golin_hook *hooks;
	size_t nhooks;
	const char *only_struct; /* NULL: all of them; a name that is not wanted shows none */
};

/* "dwarf", "table" or "absent". */
const char *golin_value_source_name(enum golin_value_source source);

void golin_render_table(const struct golin_render *r, struct strbuf *out);
/* One JSON object and a newline. What is absent is null. */
void golin_render_json(const struct golin_render *r, struct strbuf *out);
/*
 * A line each for struct and field, tab-separated, without hooks:
 *	version arch struct field offset|absent size type
 * A struct's own line has "-" for the field.
 */
void golin_render_tsv(const struct golin_render *r, struct strbuf *out);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/* What `golin offsets` shows: layouts and hook points, for people and for programs. */
#ifndef GOLIN_OFFSETS_RENDER_H
#define GOLIN_OFFSETS_RENDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "golin/layout.h"

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

enum golin_verdict { GOLIN_VERDICT_OK = 1, GOLIN_VERDICT_FAILED = 2, GOLIN_VERDICT_NOT_DONE = 3 };

/* One comparison of the layout with something else that knows. Strings are clean. */
struct golin_verified {
	const char *name; /* "goid" */
	const char *what; /* "each goroutine has an id of its own" */
	int verdict;	  /* enum golin_verdict */
	const char *text; /* "of 37 goroutines", or what is wrong */
};

/* Why the values are as they are (--explain). */
struct golin_explain {
	const char *why; /* a sentence: why this source */
	const struct golin_verified *checks;
	size_t nchecks;
};

struct golin_render {
	const struct golin_image_info *info; /* of a version from the table: go and arch alone */
	const struct golin_layout *layout;
	const struct golin_hook *hooks;
	size_t nhooks;
	const bool *structs;		     /* GOLIN_S_MAX entries, those to show; NULL: all */
	const bool *known_absent;	     /* golin_known_absent(); NULL: of none */
	const char *label;		     /* what it is of, "/usr/bin/caddy"; NULL: a version */
	const char *debug_file;		     /* the .debug file that has its DWARF, or NULL */
	const struct golin_explain *explain; /* NULL: not asked for */
	bool bare; /* TSV: without the source, and "absent" also of what is unknown */
};

/*
 * Which structs (GOLIN_S_MAX entries) this Go version is known not to have. Of others without a
 * layout nothing is known: the linker leaves out of DWARF what a program does not use.
 */
void golin_known_absent(const struct golin_image_info *info, bool *ret);

void golin_render_table(const struct golin_render *r, struct strbuf *out);
/* One JSON object and a newline. What is absent is null. */
void golin_render_json(const struct golin_render *r, struct strbuf *out);
/*
 * A line each for struct and field, tab-separated, without hooks:
 *	version arch struct field offset|absent|unknown size type source
 * A struct's own line has "-" for the field.
 */
void golin_render_tsv(const struct golin_render *r, struct strbuf *out);
/*
 * A C header: constants, and struct definitions with their padding, which the compiler checks.
 * Takes no other header; fit for C11, C++11 and eBPF. What is absent is a comment.
 */
void golin_render_header(const struct golin_render *r, struct strbuf *out);

/* ---- two of them ---- */

struct golin_diff {
	const struct golin_render *a, *b; /* what both show of hooks and checks is left out */
	const char *a_name, *b_name;	  /* "go1.25", "./app" */
};

/*
 * Fields and structs that moved, changed in size or type, appeared or are gone. What one side does
 * not know is none of these: it is told apart. Returns whether there is any difference.
 */
bool golin_render_diff_text(const struct golin_diff *d, struct strbuf *out);
bool golin_render_diff_json(const struct golin_diff *d, struct strbuf *out);

/* ---- the table ---- */

enum golin_list_format { GOLIN_LIST_TEXT, GOLIN_LIST_JSON, GOLIN_LIST_TSV };

/* The releases that the table knows, of one architecture or (NULL) of all. */
void golin_render_releases(const struct golin_table_release *rel, size_t n, const char *arch,
			   enum golin_list_format format, struct strbuf *out);

#endif

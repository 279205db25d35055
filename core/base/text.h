/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The one sanitiser. Every string that comes from a target, an ELF file or a recording passes
 * golin_text_clean() where it enters; everything behind it may rely on clean text, which is valid
 * UTF-8 without control bytes (C0, DEL, C1), without bidirectional and other invisible format
 * controls, without line and paragraph separators, without non-characters, private-use and
 * unassigned characters, with at most two combining marks in a row and none at the start.
 */
#ifndef GOLIN_BASE_TEXT_H
#define GOLIN_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Writes a clean, NUL-terminated copy of src into dst (cap bytes, at least 1) and returns its
 * length. What is not clean is shown as \n, \t, \xNN or \u{NNNN}; a backslash stays as it is. What
 * does not fit is replaced by "...(+N)", N being the source bytes left out (by nothing when not
 * even that fits); never cuts a character.
 */
size_t golin_text_clean(char *dst, size_t cap, const void *src, size_t len);
/* The cap with which golin_text_clean() of `len` bytes never leaves anything out. */
size_t golin_text_clean_bound(size_t len);
/* True when golin_text_clean() would leave it as it is. */
bool golin_text_is_clean(const char *s, size_t len);
/* Terminal columns that clean text takes (utf8proc, independent of the locale). */
int golin_text_width(const char *s);
/* The length in bytes of the longest prefix that takes at most `cols` columns. */
size_t golin_text_fit(const char *s, int cols, int *ret_width);
/* "12ns", "3.4us", "15ms", "2.5s", "12m4s", "3h2m", "4d3h": at most 7 columns. */
const char *golin_text_duration(char *buf, size_t cap, unsigned long long ns);
/* Parses "10s", "1.5m", "250ms", "1h" (a bare number is seconds) into ns; false on nonsense. */
bool golin_text_parse_duration(const char *s, unsigned long long *ret_ns);
/* Parses "64M", "4k", "1G", "4096" (powers of 1024); false on nonsense. */
bool golin_text_parse_size(const char *s, unsigned long long *ret);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The build information that Go's linker writes into every program and that `strip` leaves there:
 * the Go version, and from 1.18 on the settings of the build ("CGO_ENABLED=1", "-race=true"). The
 * linker's side is buildinfo() in cmd/link/internal/ld/data.go (a pointer to the strings up
 * to 1.17, the strings themselves since 1.18), the reader's is debug/buildinfo/buildinfo.go.
 */
#ifndef GOLIN_OFFSETS_BUILDINFO_H
#define GOLIN_OFFSETS_BUILDINFO_H

#include <stdbool.h>
#include <stddef.h>

struct elf_image;
struct golin_err;

struct buildinfo {
	char version[128]; /* as it stands there, cleaned, cut when longer */
	const char *mod;   /* module information, lines, in the file; not NUL-terminated */
	size_t mod_len;	   /* 0: there is none */
};

/*
 * -ENODATA: there is none; -EBADMSG: there is one that points outside of the file. e is not const
 * because it loads relocations when asked for the first time.
 */
int buildinfo_find(struct elf_image *e, struct buildinfo *ret, struct golin_err *err);
/*
 * The value of a build setting (1.18+), cleaned: buildinfo_setting(b, "-race", ...). False when the
 * build did not record it.
 */
bool buildinfo_setting(const struct buildinfo *b, const char *key, char *dst, size_t cap);

#endif

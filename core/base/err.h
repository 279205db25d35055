/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The one error type. A function that can fail returns 0 or a negative errno and takes, as its
 * last parameter, a caller-owned `struct golin_err *` (NULL is allowed) that receives the text:
 * what failed, on what, and why (msg), and what to do about it (hint).
 *
 * Libraries never print; only core/cmd does. Few codes with fixed meanings:
 *
 *	-EINVAL      the request is wrong (usage)                          exit 2
 *	-ENOENT      no such file, symbol, field, process                  exit 3
 *	-ESRCH       the target is gone                                    exit 3
 *	-ENOEXEC     not a Go program, not an ELF file                     exit 3
 *	-EBADMSG     malformed input                                       exit 3
 *	-ENODATA     well-formed, but the wanted data is absent            exit 3
 *	-EOPNOTSUPP  a Go version, architecture or build golin refuses     exit 3
 *	-EPERM       a right is missing                                    exit 4
 *	-ENOSYS      the kernel lacks a feature                            exit 4
 *	-ESTALE      the input was cut or damaged: what could be read was  exit 5
 *	-EPIPE       the output could not be written                       exit 6
 *	other        internal                                              exit 70
 */
#ifndef GOLIN_BASE_ERR_H
#define GOLIN_BASE_ERR_H

#include <errno.h>
#include <stdarg.h>

struct golin_err {
	int code; /* negative errno as above, 0 when unset */
	char msg[512];
	char hint[256];
};

/* Exit codes of the command line; documented in the man page. */
enum golin_exit {
	GOLIN_EXIT_OK = 0,
	GOLIN_EXIT_FINDINGS = 1,
	GOLIN_EXIT_USAGE = 2,
	GOLIN_EXIT_TARGET = 3,
	GOLIN_EXIT_PERMISSION = 4,
	GOLIN_EXIT_INCOMPLETE = 5,
	GOLIN_EXIT_OUTPUT = 6,
	GOLIN_EXIT_INTERNAL = 70,
};

/*
 * Sets code and message (clears the hint) and returns code. err may be NULL. Messages and hints
 * are single lines; what is not clean text (text.h) in them is shown escaped.
 */
int golin_err_set(struct golin_err *err, int code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* Puts "text: " in front of the message. */
void golin_err_ctx(struct golin_err *err, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* Sets what the user can do about it. */
void golin_err_hint(struct golin_err *err, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* The name of an errno: "EPERM". Never NULL. */
const char *golin_errno_name(int err);
enum golin_exit golin_err_exit(const struct golin_err *err);

#endif

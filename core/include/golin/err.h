/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The one error type. A function that can fail returns 0 or a negative errno and takes, as its
 * last parameter, a caller-owned `struct golin_err *` (NULL is allowed) that receives the text:
 * what failed, on what, and why (msg), and what to do about it (hint). It is written only when the
 * function fails. Libraries never print.
 *
 * Few codes with fixed meanings:
 *
 *	-EINVAL      the request is wrong (usage)
 *	-ENOENT      no such file, symbol, field, process
 *	-ESRCH       the target is gone
 *	-ENOEXEC     not a Go program, not an ELF file
 *	-EBADMSG     malformed input
 *	-ENODATA     well-formed, but the wanted data is absent
 *	-EOPNOTSUPP  a Go version, architecture or build golin refuses
 *	-EPERM       a right is missing
 *	-ENOSYS      the kernel lacks a feature
 *	-ESTALE      the input was cut or damaged: what could be read was
 *	-EPIPE       the output could not be written
 *	other        internal: -ENOMEM, or what a system call said
 */
#ifndef GOLIN_ERR_H
#define GOLIN_ERR_H

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

/* Start with {0}. Its size is part of the library's ABI. */
struct golin_err {
	int code; /* negative errno as above, 0 when unset */
	/*
	 * Single lines of clean UTF-8 without control characters, whatever the file or the process
	 * had in the strings that they quote: fit for a terminal or a log.
	 */
	char msg[512];
	char hint[256]; /* "" when there is none */
};

/*
 * Sets code and message (clears the hint) and returns code. err may be NULL. What is not clean
 * text is shown escaped; what is too long is cut.
 */
int golin_err_set(struct golin_err *err, int code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* Puts "text: " in front of the message. */
void golin_err_ctx(struct golin_err *err, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* Sets what the user can do about it. */
void golin_err_hint(struct golin_err *err, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* The name of an errno of either sign: "EPERM". Never NULL. */
const char *golin_errno_name(int err);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif
#endif

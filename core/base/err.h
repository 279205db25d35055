/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The error type (golin/err.h), and what only golin's command line makes of its codes:
 *
 *	-EINVAL                                                   exit 2
 *	-ENOENT -ESRCH -ENOEXEC -EBADMSG -ENODATA -EOPNOTSUPP     exit 3
 *	-EPERM -ENOSYS                                            exit 4
 *	-ESTALE                                                   exit 5
 *	-EPIPE                                                    exit 6
 *	other                                                     exit 70
 */
#ifndef GOLIN_BASE_ERR_H
#define GOLIN_BASE_ERR_H

#include <errno.h>
#include <stdarg.h>
#include "golin/err.h"

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

enum golin_exit golin_err_exit(const struct golin_err *err);

#endif

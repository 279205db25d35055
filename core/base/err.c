/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/err.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"

/*
 * Messages quote what a target, a file or the command line said: they are cleaned here, so that
 * whoever prints one needs not think of it.
 */
__attribute__((format(printf, 3, 0))) static void format_clean(char *dst, size_t cap,
							       const char *fmt, va_list ap)
{
	char raw[1024];
	int n = vsnprintf(raw, sizeof(raw), fmt, ap);

	if (n < 0)
		n = 0;
	if ((size_t)n >= sizeof(raw))
		n = sizeof(raw) - 1;
	golin_text_clean(dst, cap, raw, (size_t)n);
}

int golin_err_set(struct golin_err *err, int code, const char *fmt, ...)
{
	va_list ap;

	if (!err)
		return code;
	err->code = code;
	err->hint[0] = '\0';
	va_start(ap, fmt);
	format_clean(err->msg, sizeof(err->msg), fmt, ap);
	va_end(ap);
	return code;
}

void golin_err_ctx(struct golin_err *err, const char *fmt, ...)
{
	char text[sizeof(err->msg)], all[2 * sizeof(err->msg) + 2];
	va_list ap;
	int n;

	if (!err)
		return;
	va_start(ap, fmt);
	format_clean(text, sizeof(text), fmt, ap);
	va_end(ap);
	n = snprintf(all, sizeof(all), "%s: %s", text, err->msg);
	golin_text_clean(err->msg, sizeof(err->msg), all, (size_t)n);
}

void golin_err_hint(struct golin_err *err, const char *fmt, ...)
{
	va_list ap;

	if (!err)
		return;
	va_start(ap, fmt);
	format_clean(err->hint, sizeof(err->hint), fmt, ap);
	va_end(ap);
}

const char *golin_errno_name(int err)
{
	const char *name = strerrorname_np(err < 0 ? -err : err);

	return name ? name : "unknown error";
}

enum golin_exit golin_err_exit(const struct golin_err *err)
{
	switch (err ? -err->code : 0) {
	case 0:
		return GOLIN_EXIT_OK;
	case EINVAL:
		return GOLIN_EXIT_USAGE;
	case ENOENT:
	case ESRCH:
	case ENOEXEC:
	case EBADMSG:
	case ENODATA:
	case EOPNOTSUPP:
		return GOLIN_EXIT_TARGET;
	case EPERM:
	case ENOSYS:
		return GOLIN_EXIT_PERMISSION;
	case ESTALE:
		return GOLIN_EXIT_INCOMPLETE;
	case EPIPE:
		return GOLIN_EXIT_OUTPUT;
	default:
		return GOLIN_EXIT_INTERNAL;
	}
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* Levelled messages for people. Libraries hand them to a callback that core/cmd sets. */
#ifndef GOLIN_BASE_LOG_H
#define GOLIN_BASE_LOG_H

enum golin_log_level { GOLIN_LOG_ERROR, GOLIN_LOG_WARN, GOLIN_LOG_INFO, GOLIN_LOG_DEBUG };

typedef void (*golin_log_fn)(enum golin_log_level level, const char *text, void *arg);
void golin_log_set(golin_log_fn fn, void *arg, enum golin_log_level max);
void golin_log(enum golin_log_level level, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

enum { LINE_MAX_BYTES = 2048 };

static golin_log_fn log_fn;
static void *log_arg;
static enum golin_log_level log_max;

void golin_log_set(golin_log_fn fn, void *arg, enum golin_log_level max)
{
	log_fn = fn;
	log_arg = arg;
	log_max = max;
}

/* One call of the callback a line: libbpf hands on whole verifier logs. */
void golin_log(enum golin_log_level level, const char *fmt, ...)
{
	char line[LINE_MAX_BYTES];
	char *text, *s, *nl;
	va_list ap;
	int n;

	if (!log_fn || level > log_max)
		return;
	va_start(ap, fmt);
	n = vasprintf(&text, fmt, ap);
	va_end(ap);
	if (n < 0)
		return;
	for (s = text; *s; s = nl + 1) {
		nl = strchrnul(s, '\n');
		golin_text_clean(line, sizeof(line), s, (size_t)(nl - s));
		log_fn(level, line, log_arg);
		if (!*nl)
			break;
	}
	free(text);
}

/* SPDX-License-Identifier: BSD-2-Clause */
#include "cmd.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/text.h"

static bool is_quiet;
static bool show_progress;
static bool progress_shown;
static bool held;	/* the TUI has the terminal */
static char *held_text; /* what was said meanwhile */
static size_t held_len;
static FILE *held_stream;

/* What a library has to say beside its errors. */
static void on_log(enum golin_log_level level, const char *text, void *arg)
{
	if (level <= GOLIN_LOG_WARN)
		report_warn("%s", text);
	else
		report_note("%s", text);
}

void report_init(bool quiet)
{
	const char *term = getenv("TERM");

	is_quiet = quiet;
	golin_log_set(on_log, NULL, GOLIN_LOG_INFO);
	show_progress = !quiet && isatty(STDERR_FILENO) && term && strcmp(term, "dumb");
}

static void clear_progress(void)
{
	if (progress_shown)
		fputs("\r\033[K", stderr);
	progress_shown = false;
}

/* Messages quote arguments and names: nothing unclean may reach the terminal through them. */
static void say(const char *prefix, const char *text)
{
	char clean[1024];

	clear_progress();
	golin_text_clean(clean, sizeof(clean), text, strlen(text));
	fprintf(held ? held_stream : stderr, "%s%s\n", prefix, clean);
}

void report_hold(bool hold)
{
	if (hold == held)
		return;
	if (hold) {
		held_stream = open_memstream(&held_text, &held_len);
		held = held_stream != NULL;
		return;
	}
	held = false;
	fclose(held_stream);
	fwrite(held_text, 1, held_len, stderr);
	free(held_text);
	held_text = NULL;
}

int report_err(const struct golin_err *err)
{
	int code = golin_err_exit(err);

	if (!err->msg[0])
		return code;
	say("golin: ", err->msg);
	/* A hint may be a list: a line each. */
	for (const char *p = err->hint; *p;) {
		char line[sizeof(err->hint)];
		size_t len = strcspn(p, "\n");

		memcpy(line, p, len);
		line[len] = '\0';
		say("  ", line);
		p += len + (p[len] == '\n');
	}
	return code;
}

void report_note(const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	if (is_quiet)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	say("golin: ", text);
}

void report_warn(const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	say("golin: ", text);
}

void report_progress(const char *text)
{
	char clean[256];

	if (!show_progress || held)
		return;
	clear_progress();
	if (!text)
		return;
	golin_text_clean(clean, sizeof(clean), text, strlen(text));
	fprintf(stderr, "golin: %s ...", clean);
	progress_shown = true;
}

/* SPDX-License-Identifier: BSD-2-Clause */
#include "code.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "base/err.h"
#include "base/text.h"

enum { FILE_MAX = 16 << 20, TAB = 8 };

static bool is_source(const char *file)
{
	static const char *const ends[] = {".go", ".s", ".c", ".h"};
	const char *dot = strrchr(file, '.');

	for (size_t i = 0; dot && i < sizeof(ends) / sizeof(ends[0]); i++)
		if (!strcmp(dot, ends[i]))
			return true;
	return false;
}

static FILE *open_source(const char *file, struct golin_err *err)
{
	struct stat st;
	FILE *f;
	int fd;

	if (!*file || !is_source(file)) {
		golin_err_set(err, -EINVAL, "no source file is known here");
		return NULL;
	}
	if (*file != '/') {
		golin_err_set(err, -ENOENT, "%s: built with -trimpath, its directory is not known",
			      file);
		return NULL;
	}
	/* Not to hang on what is no file. */
	fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0) {
		golin_err_set(err, -errno, "%s: %s", file, strerror(errno));
		return NULL;
	}
	if (fstat(fd, &st) || !S_ISREG(st.st_mode) || st.st_size > FILE_MAX) {
		golin_err_set(err, -EINVAL, "%s is no source file", file);
		close(fd);
		return NULL;
	}
	f = fdopen(fd, "r");
	if (!f) {
		golin_err_set(err, -ENOMEM, "out of memory");
		close(fd);
	}
	return f;
}

/* Cleaned, its tabs made spaces. */
static void put_line(const char *raw, size_t len, char ret[CODE_LINE])
{
	char wide[CODE_LINE];
	size_t n = 0;

	while (len && (raw[len - 1] == '\n' || raw[len - 1] == '\r'))
		len--;
	for (size_t i = 0; i < len && n < sizeof(wide) - TAB; i++) {
		if (raw[i] != '\t') {
			wide[n++] = raw[i];
			continue;
		}
		do
			wide[n++] = ' ';
		while (n % TAB);
	}
	golin_text_clean(ret, CODE_LINE, wide, n);
}

int code_read(const char *file, uint32_t at, uint32_t around,
	      void (*line)(void *arg, uint32_t n, const char *text), void *arg,
	      struct golin_err *err)
{
	uint32_t from = at > around ? at - around : 1, n = 0, told = 0;
	char raw[CODE_LINE], text[CODE_LINE];
	FILE *f = open_source(file, err);
	bool begins = true;

	if (!f)
		return err->code;
	/* What of a line does not fit is read as more pieces of it. */
	while (n < at + around && fgets(raw, sizeof(raw), f)) {
		size_t len = strlen(raw);

		if (begins && ++n >= from) {
			put_line(raw, len, text);
			line(arg, n, text);
			told++;
		}
		begins = len && raw[len - 1] == '\n';
	}
	fclose(f);
	if (n < at || !told)
		return golin_err_set(err, -ENODATA, "%s has no line %u: it is another one by now",
				     file, at);
	return 0;
}

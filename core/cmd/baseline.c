/* SPDX-License-Identifier: BSD-2-Clause */
#include "baseline.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/array.h"
#include "base/cleanup.h"
#include "base/err.h"

enum { BASELINE_MAX = 16 << 20 /* bytes of a file */ };

struct entry {
	const char *rule, *func, *at;
};

struct baseline {
	char *text;
	ARRAY_OF(struct entry) entries;
};

static void put_line(struct strbuf *b, const struct golin_finding *f)
{
	strbuf_addf(b, "%s\t%s\t%s:%" PRIu32 "\n", golin_rule(f->rule)->name, f->func, f->file,
		    f->line);
}

/* The whole file, NUL-terminated. */
static int read_text(const char *path, char **ret, size_t *ret_len, struct golin_err *err)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;
	size_t len = 0;
	char *text;

	if (fd < 0 || fstat(fd, &st))
		return golin_err_set(err, -EINVAL, "cannot read the baseline '%s': %s", path,
				     strerror(errno));
	if (!S_ISREG(st.st_mode) || st.st_size > BASELINE_MAX)
		return golin_err_set(err, -EINVAL, "'%s' is no baseline: %s", path,
				     S_ISREG(st.st_mode) ? "too large" : "not a regular file");
	text = malloc((size_t)st.st_size + 1);
	if (!text)
		return golin_err_set(err, -ENOMEM, "out of memory for the baseline");
	while (len < (size_t)st.st_size) {
		ssize_t n = read(fd, text + len, (size_t)st.st_size - len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			free(text);
			return golin_err_set(err, -EINVAL, "cannot read the baseline '%s': %s",
					     path, strerror(errno));
		}
		if (!n)
			break;
		len += (size_t)n;
	}
	text[len] = '\0';
	*ret = text;
	*ret_len = len;
	return 0;
}

static int add_line(struct baseline *b, char *line, const char *path, unsigned number,
		    struct golin_err *err)
{
	char *func = strchr(line, '\t'), *at = func ? strchr(func + 1, '\t') : NULL;
	struct entry *e;

	if (!at || strchr(at + 1, '\t')) {
		golin_err_set(err, -EINVAL, "line %u of the baseline '%s' is no finding", number,
			      path);
		golin_err_hint(err, "a line is: rule, function, file:line, with tabs between; "
				    "--write-baseline makes them");
		return -EINVAL;
	}
	*func++ = *at++ = '\0';
	if (golin_rule_find(line) == UINT32_MAX)
		return golin_err_set(err, -EINVAL, "line %u of the baseline '%s': no rule '%s'",
				     number, path, line);
	e = array_add(&b->entries);
	if (!e)
		return golin_err_set(err, -ENOMEM, "out of memory for the baseline");
	*e = (struct entry){line, func, at};
	return 0;
}

int baseline_read(const char *path, struct baseline **ret, struct golin_err *err)
{
	struct baseline *b = calloc(1, sizeof(*b));
	unsigned number = 0;
	size_t len = 0;
	int r;

	if (!b)
		return golin_err_set(err, -ENOMEM, "out of memory for the baseline");
	r = read_text(path, &b->text, &len, err);
	if (!r && memchr(b->text, '\0', len))
		r = golin_err_set(err, -EINVAL, "'%s' is no baseline: not a text file", path);
	for (char *p = b->text, *next; !r && *p; p = next) {
		size_t n = strcspn(p, "\n");

		next = p + n + (p[n] == '\n');
		if (n && p[n - 1] == '\r')
			n--;
		p[n] = '\0';
		number++;
		if (*p && *p != '#')
			r = add_line(b, p, path, number, err);
	}
	if (r) {
		baseline_free(b);
		return r;
	}
	*ret = b;
	return 0;
}

bool baseline_knows(const struct baseline *b, const struct golin_finding *f)
{
	const char *rule = golin_rule(f->rule)->name;
	struct strbuf at = {0};
	bool known = false;

	if (!b)
		return false;
	strbuf_addf(&at, "%s:%" PRIu32, f->file, f->line);
	for (size_t i = 0; i < b->entries.len && !known; i++) {
		const struct entry *e = &b->entries.v[i];

		known = !strcmp(e->rule, rule) && !strcmp(e->func, f->func) &&
			!strcmp(e->at, strbuf_cstr(&at));
	}
	strbuf_done(&at);
	return known;
}

void baseline_free(struct baseline *b)
{
	if (!b)
		return;
	free(b->text);
	array_free(&b->entries);
	free(b);
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Sorted, so that two of them can be compared. */
static int put_lines(struct strbuf *out, const struct golin_finding_row *rows, size_t n)
{
	char **lines = calloc(n + 1, sizeof(*lines));
	size_t k;

	for (k = 0; lines && k < n; k++) {
		struct strbuf b = {0};

		put_line(&b, rows[k].f);
		if (b.oom)
			break;
		lines[k] = b.s;
	}
	if (!lines || k < n)
		out->oom = true;
	else
		qsort(lines, n, sizeof(*lines), by_text);
	for (size_t i = 0; lines && i < k; i++) {
		strbuf_adds(out, lines[i]);
		free(lines[i]);
	}
	free(lines);
	return out->oom ? -ENOMEM : 0;
}

int baseline_write(const char *path, const struct golin_finding_row *rows, size_t n,
		   struct golin_err *err)
{
	struct strbuf b = {0};
	FILE *f;
	bool ok;

	strbuf_adds(&b, "# Findings of golin that are known: rule, function, file:line.\n");
	if (put_lines(&b, rows, n)) {
		strbuf_done(&b);
		return golin_err_set(err, -ENOMEM, "out of memory for the baseline");
	}
	f = fopen(path, "we");
	ok = f && fwrite(b.s, 1, b.len, f) == b.len;
	if (f && fclose(f))
		ok = false;
	strbuf_done(&b);
	return ok ? 0
		  : golin_err_set(err, -EPIPE, "cannot write the baseline '%s': %s", path,
				  strerror(errno));
}

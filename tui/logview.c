// SPDX-License-Identifier: BSD-2-Clause
#include "logview.h"
#include <stdlib.h>
#include <string.h>
#include "base/text.h"

bool logview_init(struct logview *v)
{
	memset(v, 0, sizeof(*v));
	v->tail = true;
	v->lines = calloc(LOG_LINES, sizeof(*v->lines));
	return v->lines;
}

void logview_done(struct logview *v)
{
	for (uint32_t i = 0; v->lines && i < v->n; i++)
		free(v->lines[(v->first + i) % LOG_LINES]);
	free(v->lines);
	memset(v, 0, sizeof(*v));
}

static void end_line(struct logview *v)
{
	char clean[LOG_LINE_BYTES];
	char *line;

	if (v->part_len && v->part[v->part_len - 1] == '\r')
		v->part_len--;
	golin_text_clean(clean, sizeof(clean), v->part, v->part_len);
	v->part_len = 0;
	v->part_over = 0;
	line = strdup(clean);
	if (!line) {
		v->dropped++;
		return;
	}
	if (v->n == LOG_LINES) {
		free(v->lines[v->first]);
		v->first = (v->first + 1) % LOG_LINES;
		v->n--;
		v->dropped++;
		if (!v->tail && v->top)
			v->top--; /* the screen holds still */
	}
	v->lines[(v->first + v->n++) % LOG_LINES] = line;
}

void logview_feed(struct logview *v, const char *data, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (data[i] == '\n')
			end_line(v);
		else if (v->part_len < sizeof(v->part))
			v->part[v->part_len++] = data[i];
		else
			v->part_over++;
	}
	logview_scroll(v, 0);
}

void logview_close(struct logview *v)
{
	if (v->part_len)
		end_line(v);
	v->closed = true;
}

uint32_t logview_count(const struct logview *v)
{
	return v->n + (v->part_len != 0);
}

const char *logview_line(const struct logview *v, uint32_t i, char *buf, size_t cap)
{
	if (i < v->n)
		return v->lines[(v->first + i) % LOG_LINES];
	golin_text_clean(buf, cap, v->part, i == v->n ? v->part_len : 0);
	return buf;
}

void logview_scroll(struct logview *v, int64_t by)
{
	uint32_t n = logview_count(v), end = n > v->height ? n - v->height : 0;
	int64_t top = (v->tail ? end : v->top) + by;

	if (by)
		v->tail = top >= end;
	v->top = v->tail ? end : top < 0 ? 0 : top > end ? end : (uint32_t)top;
}

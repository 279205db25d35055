/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The program's own output, as clean lines under a cap. The oldest go first and are counted. The
 * bytes come from the target: they are cleaned here, where they enter.
 */
#ifndef GOLIN_TUI_LOGVIEW_H
#define GOLIN_TUI_LOGVIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { LOG_LINES = 4096, LOG_LINE_BYTES = 1024 };

struct logview {
	char **lines; /* a ring */
	uint32_t first, n;
	uint64_t dropped;
	char part[LOG_LINE_BYTES]; /* a line that has not ended yet */
	size_t part_len;
	uint64_t part_over; /* bytes of it that did not fit */
	bool closed;	    /* there will be no more */
	uint32_t top;	    /* the first line on the screen */
	uint32_t height;
	bool tail; /* stay at the end */
};

bool logview_init(struct logview *v);
void logview_done(struct logview *v);
void logview_feed(struct logview *v, const char *data, size_t len);
void logview_close(struct logview *v);
/* Lines, with one for a last line without its end. */
uint32_t logview_count(const struct logview *v);
/* buf takes a last line that has not ended yet. */
const char *logview_line(const struct logview *v, uint32_t i, char *buf, size_t cap);
void logview_scroll(struct logview *v, int64_t by);

#endif

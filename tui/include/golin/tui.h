/* SPDX-License-Identifier: BSD-2-Clause */
/* The terminal views on a source and the model that it feeds. */
#ifndef GOLIN_TUI_H
#define GOLIN_TUI_H

#include <stdbool.h>
#include <stdint.h>

struct golin_err;
struct golin_model;
struct golin_rules;
struct golin_source;
struct golin_sink;
struct golin_rules;

enum golin_tui_color { GOLIN_TUI_COLOR_AUTO, GOLIN_TUI_COLOR_NEVER, GOLIN_TUI_COLOR_ALWAYS };

struct golin_tui_opts {
	const char *title;  /* "orders-api pid 4213 go1.26.8" */
	const char *filter; /* --filter, or NULL */
	enum golin_tui_color color;
	bool ascii; /* no UTF-8 glyphs */
	bool no_mouse;
	int log_fd;	      /* the program's own output (`run`), -1 if none: a log view */
	uint64_t duration_ns; /* --for; 0: until the user quits */
	/* Feeds the model (and a recording, if one is written). */
	const struct golin_sink *sink;
	/*
	 * What is found, for the findings view; NULL: nobody looks. The caller makes them look, but
	 * for the last time, when the source has ended.
	 */
	struct golin_rules *rules;
	/*
	 * Called after each batch of records and while it is quiet; may be NULL. seen_until:
	 * monotonic ns up to which all records have come; 0: more are waiting. Not 0 returned: out
	 * of memory.
	 */
	int (*on_batch)(void *arg, uint64_t seen_until);
	void *arg;
	/* A key script for tests, and where it saves screens; NULL normally. */
	const char *script;
};

/*
 * Runs until the user quits or duration is over. The terminal is restored on every way out. 0, or
 * -EPERM/-EINVAL when there is no usable terminal.
 */
int golin_tui_run(struct golin_source *src, struct golin_model *model,
		  const struct golin_tui_opts *opts, struct golin_err *err);

#endif

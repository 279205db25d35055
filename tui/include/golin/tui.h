/* SPDX-License-Identifier: BSD-2-Clause */
/* The terminal views on a source and the model that it feeds. */
#ifndef GOLIN_TUI_H
#define GOLIN_TUI_H

#include <stdbool.h>
#include <stdint.h>

struct golin_err;
struct golin_model;
struct golin_source;
struct golin_sink;

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

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The state of the user interface: what is shown, what is selected, what a key does to it. Draws
 * into a canvas; knows neither curses nor sources, so that tests drive it without a terminal.
 */
#ifndef GOLIN_TUI_APP_H
#define GOLIN_TUI_APP_H

#include <stdbool.h>
#include <stdint.h>
#include "base/err.h"
#include "canvas.h"
#include "contexts_view.h"
#include "detail.h"
#include "edit.h"
#include "findings_view.h"
#include "golin/source.h"
#include "keymap.h"
#include "lineage_view.h"
#include "logview.h"
#include "panic_marks.h"
#include "panics_view.h"
#include "search.h"
#include "treeview.h"

struct golin_filter;

enum {
	APP_MIN_W = 60,
	APP_MIN_H = 15,
	APP_WIDE = 120,	     /* from here the detail pane stands at the right */
	APP_FRAME_MS = 100,  /* between two layouts for new data */
	APP_RECENT_S = 10,   /* how long an ended goroutine stays */
	APP_READS_MAX = 256, /* goroutines on the screen whose state is asked for */
	APP_HISTORY = 32,    /* jumps that can be taken back */
};

enum app_mode { APP_NORMAL, APP_SEARCH, APP_FILTER, APP_HELP, APP_WHO, APP_CODE };
enum app_shown { SHOW_LINEAGE, SHOW_CONTEXTS, SHOW_PANICS, SHOW_FINDINGS, SHOW_MAX };

/* Where the user was before a jump. */
struct app_place {
	enum app_shown shown;
	uint32_t item; /* gidx, cidx or pidx, or NONE of it */
	uint64_t tag;
};

struct app_opts {
	const char *title;
	const char *filter; /* to begin with, or NULL */
	bool live;	    /* time goes on by itself */
	bool has_log;
	bool mouse;
};

struct app {
	const struct golin_model *model;
	char title[128];
	bool live, has_log, mouse;
	int w, h;

	enum app_mode mode;
	enum app_shown shown;
	bool log_open, detail_open, detail_focus;
	bool finding_open; /* the detail pane of the findings */
	struct lineage lineage;
	struct treeview tree;
	struct ctxview contexts;
	struct treeview ctx_tree;
	struct panview panics;
	struct treeview panic_tree;
	struct panic_marks marks;
	struct findings findings;
	struct treeview find_tree;
	const struct golin_rules *rules; /* NULL: nobody looks for findings */
	uint32_t groups;		 /* what is watched, as the stream tells */
	struct detail detail;
	struct detail who; /* "who cancelled this?", or the source */
	char code_title[256];
	golin_cidx who_of; /* and of which context */
	uint64_t who_tag;
	struct app_place history[APP_HISTORY];
	uint32_t nhistory;
	uint64_t cross_goid; /* whose contexts are gone through, and which one it is */
	uint32_t cross_at;
	struct logview log;
	struct search search;
	struct edit edit;
	uint32_t help_top;

	struct golin_filter *filter;
	char filter_text[256];
	struct golin_err filter_err; /* of what stands in the prompt */
	uint64_t search_from;	     /* the selection's tag when the search began */

	uint64_t now;	/* monotonic ns */
	uint64_t since; /* the attach, or the recording's first record; 0 unknown */
	uint64_t built_at, build_cost, built_generation;
	bool stale;	      /* lay out at the next draw: the user changed what is shown */
	bool chosen;	      /* what the user did may hide the selection: do not hold on to it */
	bool dirty;	      /* the screen is not what it should be */
	uint64_t held_events; /* events when the view was held */
	char message[256];    /* shown until the next key */

	struct golin_source_stats stats;
	bool source_ended, loading;
	char source_error[256];
	uint64_t rate_at, rate_events, rate_cost;
	double rate, cost; /* events a second; share of a core */

	/* what the loop is to do */
	bool quit, suspend, redraw;
};

int app_init(struct app *a, const struct golin_model *model, const struct app_opts *opts,
	     struct golin_err *err);
void app_done(struct app *a);
void app_resize(struct app *a, int w, int h);

enum app_mouse { APP_CLICK, APP_WHEEL_UP, APP_WHEEL_DOWN };
void app_key(struct app *a, int key);
void app_mouse(struct app *a, enum app_mouse what, int y, int x);
/* Time went on, records came. now: monotonic ns. */
void app_tick(struct app *a, uint64_t now, const struct golin_source_stats *st, bool source_ended);
void app_log(struct app *a, const char *data, size_t len); /* len 0: its end */
/* What the stream tells that the model does not keep. */
void app_record(struct app *a, const struct golin_rec *rec);
/* Brings the rows up to date (when they are due) and tells whether to draw. */
bool app_update(struct app *a);
void app_draw(struct app *a, struct canvas *c);

/* The live goroutines whose states the screen shows; returns how many. */
int app_visible(const struct app *a, uint64_t *goids, int max);
/* "LIVE", "PAUSED", "REPLAY", "ENDED" */
const char *app_state(const struct app *a);
enum keymap_view app_view(const struct app *a);
/* The lines of the view that is shown. */
const struct treeview *app_lines(const struct app *a);
bool app_pane_open(const struct app *a);

/* Where things stand on the screen; for drawing and for the mouse. */
struct app_layout {
	bool small;				    /* too small for anything but a message */
	int body_y, body_h;			    /* tree, log or help, with the column heads */
	int tree_w, tree_h;			    /* rows, without heads */
	int detail_y, detail_x, detail_w, detail_h; /* 0 high: not open; with its head line */
	bool beside;
};
void app_layout(const struct app *a, struct app_layout *ret);

#endif

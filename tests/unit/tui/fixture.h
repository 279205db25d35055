/* SPDX-License-Identifier: BSD-2-Clause */
/* A model with a small server in it, the application state on it and a canvas. */
#ifndef GOLIN_TESTS_UNIT_TUI_FIXTURE_H
#define GOLIN_TESTS_UNIT_TUI_FIXTURE_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include "app.h"
#include "feed.h"
#include "golin/model.h"

#define SEC 1000000000ull
#define T0 (1000 * SEC) /* monotonic; 06:11:07.120 UTC */
#define UNIX_T0 1763878267120000000ull

enum {
	PC_MAIN = 0x1000,
	PC_SERVE = 0x2000,
	PC_CONN = 0x3000,
	PC_JOB = 0x4000,
	PC_FETCH = 0x5000,
	PC_TICK = 0x6000,
	PC_GC = 0x7000,
	PC_INIT = 0x8000,
	PC_ODD = 0x9000,
	/* package context */
	PC_WITH_CANCEL = 0xa000,
	PC_WITH_TIMEOUT = 0xa100,
	PC_WITH_VALUE = 0xa200,
	PC_CANCEL = 0xa300,
	/* what panics */
	PC_INDEX = 0xb000,
	PC_STEP = 0xb100,
	PC_LOOP = 0xb200,
	PC_CLEANUP = 0xb300,
	PC_GUARD = 0xb400,
	PC_SERVE_PANIC = 0xb500,
	PC_HANDLER = 0xb600,
};

/* Addresses of contexts. */
enum {
	CTX_ROOT = 0xc000000100,     /* WithCancel in main.main, of Background */
	CTX_VALUE = 0xc000000200,    /* WithValue in Serve, of CTX_ROOT; all below hang on it */
	CTX_DEADLINE = 0xc000000300, /* WithTimeout in conn.serve: 4 s left */
	CTX_NEAR = 0xc000000400,     /* WithTimeout in Job.run: 500 ms left */
	CTX_OFF = 0xc000000500,	     /* WithCancel in Job.run, cancelled by 9121 at T0 + 3 s */
	CTX_OFF_1 = 0xc000000600,    /* WithTimeout in fetch, of CTX_OFF */
	CTX_OFF_2 = 0xc000000700,    /* WithValue in fetch, of CTX_OFF_1; 9120 works under it */
	CTX_LIKE = 0xc000001000,     /* six by WithTimeout in conn.serve, 0x100 apart */
	CTX_TODO = 0xc000000800,     /* WithCancel in ticker, of TODO */
};

struct fixture {
	struct golin_model *model;
	struct app app;
	struct feed feed;
	struct canvas canvas;
	struct golin_source_stats stats;
};

/* Only the target, the clock and the names. */
void fixture_bare(struct fixture *f, bool live, int w, int h);
/*
 * 1 main.main > 18 Serve > 100-110 conn.serve, 9120 Job.run > 9121, 9122 (ended) fetch; 44 ticker;
 * 2 the runtime's own; 9200 started by a timer that 44 armed; 9300, whose parent 9299 is unknown.
 * Now is T0 + 5 s.
 */
void fixture_server(struct fixture *f, bool live, int w, int h);
/* The same server with contexts, see above. */
void fixture_contexts(struct fixture *f, bool live, int w, int h);
/* Three findings on them: ignored-cancel of CTX_OFF_1, lost-cancel of CTX_TODO, masked-timeout. */
void fixture_findings(struct fixture *f);
/*
 * The same with panics: #1-#3 in requests on 100, 101, 104, #4 on 9120, all recovered; on 9121 #5,
 * which #6 replaces, which is recovered and #7 repeats; #8 a Goexit on 105; #9 on 9300 is active.
 */
void fixture_panics(struct fixture *f, bool live, int w, int h);
/* #9 ends the program. */
void fixture_fatal(struct fixture *f);
uint64_t fixture_selected_panic(struct fixture *f); /* its number; 0: none or a site */
void fixture_done(struct fixture *f);

void fixture_at(struct fixture *f, uint64_t now); /* the next record's time and the clock */
void fixture_tick(struct fixture *f, uint64_t now, bool ended);
void fixture_keys(struct fixture *f, const char *keys); /* "Down j Enter" */
void fixture_type(struct fixture *f, const char *text);
/* The screen as text; the caller frees. */
char *fixture_screen(struct fixture *f);
/* The screen's line that has `text`, or NULL; static memory. */
const char *fixture_line(struct fixture *f, const char *text);
uint64_t fixture_selected_ctx(struct fixture *f); /* its address; 0: none */
uint64_t fixture_selected(struct fixture *f);	  /* goid; 0: none or a group */

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A session: one source, the model that it feeds, perhaps a recording that is written; with
 * signals, --for and a clean end. What every command that looks at a SOURCE stands on.
 */
#ifndef GOLIN_CMD_SESSION_H
#define GOLIN_CMD_SESSION_H

#include "cmd.h"
#include "golin/model.h"
#include "golin/source.h"

struct golin_filter;
struct golin_rules;
struct golin_writer;

struct session {
	struct cmd_config *cfg;
	struct golin_source *src;
	struct golin_model *model;
	struct golin_filter *filter;
	struct golin_rules *rules; /* NULL: nobody looks for findings */
	uint64_t rules_next;	   /* of a recording: when they look again */
	uint32_t rules_records;	   /* since they looked */
	bool rules_done;	   /* they have looked for the last time */
	struct golin_writer *writer;
	struct golin_recbuf hidden;	 /* a record without its values: --hide-values */
	struct golin_sink sink;		 /* to the model, the writer, then on_record */
	struct golin_source_stats stats; /* final after session_loop() */
	/* Called for each record after the model has applied it; may be NULL. */
	int (*on_record)(struct session *s, const struct golin_rec *rec, struct golin_err *err);
	/* Called after each batch of records; may be NULL. */
	int (*on_batch)(struct session *s, struct golin_err *err);
	void *arg;
	struct golin_err sink_err; /* why the sink stopped the stream */
	int signal_fd;
	int stdout_fd, stderr_fd; /* where a child's output goes; before open; default: stderr */
	bool refresh;		  /* read all goroutines' states once more before the end */
	bool no_signals;	  /* the caller handles signals itself (the TUI); before open */
	char title[160];	  /* what is looked at */
	bool child;		  /* golin started the target */
	bool child_ended_by_us;
	int child_pidfd;
};

/* Prepares s from the configuration: model, filter. Open nothing yet. */
int session_init(struct session *s, struct cmd_config *cfg, struct golin_err *err);
/* After session_init(): the rules look at what happens, and ask the source. */
int session_find(struct session *s, struct golin_err *err);
/*
 * For loops other than session_loop(): after each batch of records and while it is quiet.
 * seen_until: monotonic ns up to which all records have come; 0: more are waiting.
 */
int session_rules(struct session *s, uint64_t seen_until);
/* Opens the SOURCE that the arguments name and says so on stderr when it is live. */
int session_open(struct session *s, struct golin_err *err);
/* Runs until the source ends, --for is over or a signal comes; then the statistics are final. */
int session_loop(struct session *s, struct golin_err *err);
/* Detaches, ends a program that golin started and that still runs, and frees. */
void session_close(struct session *s);
/*
 * The exit code: that of a started program when it is not 0, else own (0, a failure, or
 * GOLIN_EXIT_FINDINGS), else 5 when something was lost (said on stderr).
 */
int session_exit(struct session *s, int own);
/* init, open, loop for a command that shows a view; reports errors. Returns an exit code. */
int session_view(struct session *s, struct cmd_config *cfg);

#endif

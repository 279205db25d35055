/* SPDX-License-Identifier: BSD-2-Clause */
/* The commands and what they share. core/cmd is the only place that knows every layer. */
#ifndef GOLIN_CMD_CMD_H
#define GOLIN_CMD_CMD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/err.h"

/* The values of an option that may be given more than once. */
struct cmd_words {
	const char *v[32];
	uint32_t n;
};

/* What the option table fills in. */
struct cmd_config {
	uint64_t for_ns;
	uint32_t groups;
	bool no_probes, json, show_values, hide_values, count, system, live_only, fold, force, wait,
		ascii, no_mouse, text, quiet, help, explain, list;
	const char *filter, *output, *log, *script, *diff, *arch, *exe, *debug_file;
	int diff_at; /* how many arguments stand before --diff */
	bool debuginfod, breaks;
	struct cmd_words structs;
	/* findings */
	struct cmd_words allow, warn, limits;
	uint64_t grace_ns;
	uint32_t fail_on; /* from 1: note, warning, error, never */
	const char *baseline, *write_baseline;
	bool ask;	   /* what the model wants to know of panics, the session asks the source */
	bool timer_events; /* timers are wanted: --probes names them, or the rules look at them */
	uint32_t keep, stacks;
	uint64_t ring;
	uint32_t link, layout, format, color,
		trace_id; /* 0 not given, else the word's number from 1 */
	/* what is left: arguments, and the program behind "--" */
	char **args;
	int nargs;
	char **child; /* NULL-terminated argv, or NULL */
};

enum option_id {
#define OPT(id, lng, shrt, kind, member, arg, help) OPTION_##id,
#include "options.def"
#undef OPT
	OPTION_MAX
};

#define OPTION_BIT(id) (1ull << OPTION_##id)

struct cmd {
	const char *name;
	const char *usage;		    /* what stands behind the name */
	const char *summary;		    /* one line */
	const char *details;		    /* more lines of help, or NULL */
	uint64_t options;		    /* OPTION_BITs it takes, beside --help */
	uint32_t groups;		    /* enum golin_group that it arms without --probes */
	int (*run)(struct cmd_config *cfg); /* returns the exit code */
};

extern const struct cmd cmds[];
extern const size_t ncmds;
const struct cmd *cmd_find(const char *name); /* NULL: no such command */

/* option.c: 0, or -EINVAL with the text. Fills cfg->args and cfg->child. */
int option_parse(const struct cmd *cmd, int argc, char **argv, struct cmd_config *cfg,
		 struct golin_err *err);
/* `--help` of a command, and the list of commands, on a stream's text. */
struct strbuf;
void option_help(const struct cmd *cmd, struct strbuf *out);
void option_overview(struct strbuf *out);
/* The closest of the words to `word`, or NULL when none is near. */
const char *option_closest(const char *word, const char *(*next)(size_t i));

/* report.c: everything golin says on stderr passes here. */
void report_init(bool quiet);
/* "golin: msg" and, when there is one, an indented hint. Returns the exit code for err. */
int report_err(const struct golin_err *err);
void report_note(const char *fmt, ...) __attribute__((format(printf, 1, 2))); /* not with --quiet */
void report_warn(const char *fmt, ...) __attribute__((format(printf, 1, 2))); /* always */
/* A step that takes long: shown on a terminal only, replaced by the next. NULL clears it. */
void report_progress(const char *text);
/* While the TUI has the terminal, messages wait; they are printed when it gives it back. */
void report_hold(bool hold);

/* output.c: stdout is data only. 0, or -EPIPE with err; a closed pipe is quiet (err->msg empty). */
int output_write(const char *data, size_t len, struct golin_err *err);
bool output_is_terminal(void);
/* Colours by --color, NO_COLOR, TERM and whether stdout is a terminal. */
bool output_color(const struct cmd_config *cfg);
/* UTF-8 line drawing by --ascii and the locale. */
bool output_ascii(const struct cmd_config *cfg);
int output_width(void); /* columns of the terminal, 0 when stdout is none */

int cmd_list(struct cmd_config *cfg);
int cmd_attach(struct cmd_config *cfg);
int cmd_run(struct cmd_config *cfg);
int cmd_replay(struct cmd_config *cfg);
int cmd_lineage(struct cmd_config *cfg);
int cmd_contexts(struct cmd_config *cfg);
int cmd_panics(struct cmd_config *cfg);
int cmd_events(struct cmd_config *cfg);
int cmd_findings(struct cmd_config *cfg);
int cmd_record(struct cmd_config *cfg);
int cmd_offsets(struct cmd_config *cfg);
int cmd_doctor(struct cmd_config *cfg);
int cmd_demo(struct cmd_config *cfg);
int cmd_help(struct cmd_config *cfg);

#endif

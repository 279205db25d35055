/* SPDX-License-Identifier: BSD-2-Clause */
/* golin attach, run and replay: the TUI on a source. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "golin/tui.h"
#include "session.h"
#include "view.h"

static int need_terminal(struct golin_err *err)
{
	if (isatty(STDIN_FILENO) && isatty(STDOUT_FILENO))
		return 0;
	golin_err_set(err, -EINVAL, "no terminal for the live view");
	golin_err_hint(err, "'golin lineage SOURCE' prints it as text or --json");
	return -EINVAL;
}

/* Where the program's output goes while the TUI has the terminal: a pipe into the log view, or
 * the file of --log. *ret_log is the pipe's reading end or -1. */
static int redirect_child(struct session *s, int *ret_log, struct golin_err *err)
{
	int fds[2];

	*ret_log = -1;
	if (s->cfg->log) {
		fds[1] = open(s->cfg->log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW,
			      0600);
		if (fds[1] < 0)
			return golin_err_set(err, -EPIPE, "cannot write to '%s': %s", s->cfg->log,
					     strerror(errno));
	} else {
		if (pipe2(fds, O_CLOEXEC))
			return golin_err_set(err, -errno, "pipe: %s", strerror(errno));
		fcntl(fds[0], F_SETFL, O_NONBLOCK);
		*ret_log = fds[0];
	}
	s->stdout_fd = s->stderr_fd = fds[1];
	return 0;
}

static int on_batch(void *arg, uint64_t seen_until)
{
	return session_rules(arg, seen_until);
}

static int run_tui(struct session *s, int log_fd, struct golin_err *err)
{
	struct cmd_config *cfg = s->cfg;
	struct golin_tui_opts opts = {
		.title = s->title,
		.filter = cfg->filter,
		.color = output_color(cfg) ? GOLIN_TUI_COLOR_ALWAYS : GOLIN_TUI_COLOR_NEVER,
		.ascii = output_ascii(cfg),
		.no_mouse = cfg->no_mouse,
		.log_fd = log_fd,
		.duration_ns = cfg->for_ns,
		.sink = &s->sink,
		.rules = s->rules,
		.on_batch = on_batch,
		.arg = s,
		.script = cfg->script,
	};
	int ret;

	report_hold(true);
	ret = golin_tui_run(s->src, s->model, &opts, err);
	report_hold(false);
	golin_source_stats(s->src, &s->stats);
	return ret;
}

static int tui(struct cmd_config *cfg)
{
	struct golin_err err = {0};
	struct session s;
	int log_fd = -1, code, ret;

	ret = need_terminal(&err);
	if (ret)
		return report_err(&err);
	ret = session_init(&s, cfg, &err);
	s.no_signals = true;
	if (!ret)
		ret = session_find(&s, &err);
	if (!ret && cfg->child)
		ret = redirect_child(&s, &log_fd, &err);
	if (!ret)
		ret = session_open(&s, &err);
	if (s.stdout_fd > STDERR_FILENO)
		close(s.stdout_fd);
	if (!ret)
		ret = run_tui(&s, log_fd, &err);
	code = session_exit(&s, ret ? report_err(&err) : 0);
	report_progress("detaching");
	session_close(&s);
	report_progress(NULL);
	if (log_fd >= 0)
		close(log_fd);
	return code;
}

int cmd_attach(struct cmd_config *cfg)
{
	return tui(cfg);
}

int cmd_replay(struct cmd_config *cfg)
{
	return tui(cfg);
}

int cmd_run(struct cmd_config *cfg)
{
	struct golin_err err = {0};

	if (!cfg->child) {
		golin_err_set(&err, -EINVAL, "no program to run");
		golin_err_hint(&err, "golin run [OPTIONS] -- CMD ARGS...");
		return report_err(&err);
	}
	/* Without a terminal the view is the text of `lineage`. */
	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO) || cfg->json || cfg->text)
		return cmd_lineage(cfg);
	return tui(cfg);
}

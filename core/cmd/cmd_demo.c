/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * golin demo: the bundled Go program, watched. On a terminal by the TUI, else as text after a few
 * seconds; with --breaks it does what services do wrong, and the text is what was found. Without
 * the rights for eBPF from memory, and when that cannot be read either, from a
 * recording that comes with golin: it says which.
 */
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "golin/probes.h"
#include "golin_paths.h"
#include "view.h"

enum {
	DEMO_SECONDS = 5,
	BREAKS_SECONDS = 10, /* some show only when they have gone on for a while */
	FAIL_NEVER = 4,	     /* of --fail-on */
};

/* A file that comes with golin: beside the executable (a build), or where `install` puts it. */
static bool find_file(const char *name, const char *installed, char *ret)
{
	char exe[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
	const char *dir;

	if (n <= 0)
		return false;
	exe[n] = '\0';
	dir = dirname(exe);
	snprintf(ret, PATH_MAX, "%s/%s", dir, name);
	if (!access(ret, R_OK))
		return true;
	snprintf(ret, PATH_MAX, "%s/%s/%s", dir, installed, name);
	return !access(ret, R_OK);
}

/* Lets the demo run by itself for a while, so that its memory tells something; then reads it. */
static int from_memory(struct cmd_config *cfg, char *demo)
{
	char pid_word[16], *args[1] = {pid_word};
	int code, hold[2], null = open("/dev/null", O_RDWR | O_CLOEXEC);
	pid_t pid;

	if (pipe2(hold, O_CLOEXEC))
		return GOLIN_EXIT_INTERNAL;
	pid = fork();
	if (pid == 0) {
		dup2(hold[0], STDIN_FILENO); /* it ends when its stdin does */
		dup2(null, STDOUT_FILENO);
		dup2(null, STDERR_FILENO);
		execl(demo, demo, NULL);
		_exit(127);
	}
	close(hold[0]);
	close(null);
	sleep(2);
	snprintf(pid_word, sizeof(pid_word), "%d", (int)pid);
	cfg->args = args;
	cfg->nargs = 1;
	cfg->no_probes = true;
	cfg->for_ns = 0;
	code = cmd_lineage(cfg);
	close(hold[1]);
	kill(pid, SIGTERM);
	waitpid(pid, NULL, 0);
	return code;
}

static int from_recording(struct cmd_config *cfg)
{
	char file[PATH_MAX], *args[1] = {file};
	struct golin_err err = {0};

	if (!find_file("demo.golin", GOLIN_DATA_DIR, file)) {
		golin_err_set(&err, -ENOENT, "the demo's recording is not installed");
		return report_err(&err);
	}
	report_note("showing a recording instead: %s", file);
	cfg->args = args;
	cfg->nargs = 1;
	return cmd_lineage(cfg);
}

int cmd_demo(struct cmd_config *cfg)
{
	static char demo[PATH_MAX];
	static char *child[] = {demo, NULL, NULL};
	struct golin_err err = {0};
	bool tty = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO) && !cfg->json && !cfg->text;
	int code;

	if (!find_file("golin-demo", GOLIN_LIBEXEC_DIR, demo)) {
		report_note("the demo program is not built (no Go here): run ./setup");
		return from_recording(cfg);
	}
	if (cfg->breaks)
		child[1] = "-breaks";
	if (golin_probes_possible(&err)) {
		report_note("no live probes: %s", err.msg);
		if (cfg->breaks)
			report_note("what goes wrong with contexts and panics cannot be found "
				    "without them");
		report_note("reading the demo's memory instead");
		code = from_memory(cfg, demo);
		return code ? from_recording(cfg) : 0;
	}
	cfg->child = child;
	if (tty) {
		cfg->groups |= GOLIN_GROUP_CONTEXTS; /* they are there to be looked at */
		return cmd_run(cfg);
	}
	if (!cfg->for_ns)
		cfg->for_ns = (cfg->breaks ? BREAKS_SECONDS : DEMO_SECONDS) * 1000000000ull;
	report_note("watching %s for %llu s", demo, (unsigned long long)(cfg->for_ns / 1000000000));
	if (!cfg->breaks)
		return cmd_lineage(cfg);
	cfg->fail_on = FAIL_NEVER; /* they are there by intent */
	return cmd_findings(cfg);
}

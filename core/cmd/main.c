/* SPDX-License-Identifier: BSD-2-Clause */
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>

#include "base/strbuf.h"
#include "cmd.h"
#include "golin/record.h"
#include "golin_paths.h"

static const char *cmd_name_at(size_t i)
{
	return i < ncmds ? cmds[i].name : NULL;
}

static int unknown_command(const char *word)
{
	const char *near = option_closest(word, cmd_name_at);
	struct golin_err err = {0};

	golin_err_set(&err, -EINVAL, "unknown command '%s'", word);
	if (near)
		golin_err_hint(&err, "did you mean 'golin %s'?", near);
	else
		golin_err_hint(&err,
			       "'golin help' lists the commands; 'golin attach %s' if it is a "
			       "process",
			       word);
	return report_err(&err);
}

static int print_help(const struct cmd *cmd)
{
	struct golin_err err = {0};
	struct strbuf b = {0};
	int ret;

	if (cmd->name[0])
		option_help(cmd, &b);
	else
		option_overview(&b);
	ret = b.oom ? golin_err_set(&err, -ENOMEM, "out of memory")
		    : output_write(b.s, b.len, &err);
	strbuf_done(&b);
	return ret ? report_err(&err) : 0;
}

int main(int argc, char **argv)
{
	struct cmd_config cfg = {
		.fold = true,
		.stacks = 32,
	};
	const struct cmd *cmd = cmd_find("");
	struct golin_err err = {0};

	setlocale(LC_ALL, "");
	report_init(false);
	/* Output errors are handled where they happen; a full disk too. */
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
	if (getauxval(AT_SECURE)) {
		golin_err_set(&err, -EPERM, "golin refuses to run setuid or setgid");
		return report_err(&err);
	}
	if (argc > 1 && (!strcmp(argv[1], "--version") || !strcmp(argv[1], "-V"))) {
		printf("golin %s\n", GOLIN_VERSION);
		return fflush(stdout) ? GOLIN_EXIT_OUTPUT : 0;
	}
	argv++;
	argc--;
	if (argc && argv[0][0] != '-') {
		cmd = cmd_find(argv[0]);
		if (!cmd || !argv[0][0])
			return unknown_command(argv[0]);
		argv++;
		argc--;
	}
	cfg.groups = cmd->groups;
	if (option_parse(cmd, argc, argv, &cfg, &err))
		return report_err(&err);
	if (cfg.help)
		return print_help(cmd);
	report_init(cfg.quiet);
	return cmd->run(&cfg);
}

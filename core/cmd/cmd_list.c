/* SPDX-License-Identifier: BSD-2-Clause */
/* golin: the Go processes that can be seen, and whether one can attach. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/jsonw.h"
#include "base/text.h"
#include "golin/probes.h"
#include "view.h"

static void list_json(const struct golin_process *p, size_t n, struct strbuf *out)
{
	struct jsonw w;

	jsonw_init(&w, out);
	for (size_t i = 0; i < n; i++) {
		jsonw_begin(&w, NULL, '{');
		jsonw_str(&w, "type", "process");
		jsonw_i64(&w, "pid", p[i].pid);
		jsonw_str(&w, "user", p[i].user);
		jsonw_str(&w, "name", p[i].comm);
		jsonw_str(&w, "exe", p[i].exe);
		jsonw_str(&w, "go", p[i].go[0] ? p[i].go : NULL);
		jsonw_str(&w, "arch", p[i].arch[0] ? p[i].arch : NULL);
		jsonw_str(&w, "layout", p[i].has_dwarf ? "dwarf" : "table");
		jsonw_bool(&w, "can_attach", p[i].can_attach);
		jsonw_str(&w, "why_not", p[i].why_not[0] ? p[i].why_not : NULL);
		jsonw_end(&w, '}');
		jsonw_newline(&w);
	}
}

static void list_text(const struct golin_process *p, size_t n, struct strbuf *out)
{
	strbuf_addf(out, "%8s  %-10s %-16s %-10s %-7s %-7s %s\n", "PID", "USER", "NAME", "GO",
		    "LAYOUT", "ATTACH", "EXECUTABLE");
	for (size_t i = 0; i < n; i++) {
		strbuf_addf(out, "%8d  %-10.10s %-16.16s %-10s %-7s %-7s %s\n", (int)p[i].pid,
			    p[i].user, p[i].comm, p[i].go[0] ? p[i].go : "?",
			    p[i].has_dwarf ? "dwarf" : "table", p[i].can_attach ? "yes" : "no",
			    p[i].exe);
		if (p[i].why_not[0])
			strbuf_addf(out, "%8s  no: %s\n", "", p[i].why_not);
	}
	if (!n)
		strbuf_adds(out, "No Go program runs here that you may see. Try 'golin demo'.\n");
}

/* On a terminal: asks which one, Enter takes the first that can be attached to; 0 for none. */
static pid_t choose(const struct golin_process *p, size_t n)
{
	pid_t first = 0, pid;
	char line[64];

	for (size_t i = 0; i < n && !first; i++)
		if (p[i].can_attach)
			first = p[i].pid;
	if (!first)
		return 0;
	fprintf(stderr, "PID to attach to [Enter: %d, q: quit]: ", (int)first);
	if (!fgets(line, sizeof(line), stdin))
		return 0;
	if (line[0] == '\n')
		return first;
	pid = atoi(line);
	return pid > 0 ? pid : 0;
}

int cmd_list(struct cmd_config *cfg)
{
	struct golin_process *list = NULL;
	struct golin_err err = {0};
	struct strbuf out = {0};
	char word[16];
	char *args[1] = {word};
	size_t n = 0;
	pid_t pid = 0;
	int ret;

	if (cfg->nargs) {
		golin_err_set(&err, -EINVAL, "unknown command '%s'", cfg->args[0]);
		golin_err_hint(&err, "'golin help' lists the commands");
		return report_err(&err);
	}
	ret = golin_process_list(&list, &n, &err);
	if (!ret) {
		(cfg->json ? list_json : list_text)(list, n, &out);
		ret = view_flush(&out, &err);
	}
	if (!ret && !cfg->json && !cfg->text && output_is_terminal() && isatty(STDIN_FILENO))
		pid = choose(list, n);
	free(list);
	strbuf_done(&out);
	if (ret)
		return report_err(&err);
	if (!pid)
		return 0;
	snprintf(word, sizeof(word), "%d", (int)pid);
	cfg->args = args;
	cfg->nargs = 1;
	return cmd_attach(cfg);
}

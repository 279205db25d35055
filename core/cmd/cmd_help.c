/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>

#include "base/strbuf.h"
#include "view.h"

static const char filter_help[] =
	"The filter language of --filter and of the TUI.\n\n"
	"Terms are joined by \"and\" (blanks); '|' between terms is \"or\"; '!' negates;\n"
	"parentheses group. A term is\n\n"
	"  word            part of a function, file or state; \"quoted words\" too\n"
	"  /regex/         extended regular expression on the same\n"
	"  key:value       fn: at: file: state: wait: via: how:   a part of it\n"
	"                  goid:7 parent:1                        exactly\n"
	"                  under:7                                goroutine 7 and its descendants\n"
	"                  alive:yes|no system:yes|no\n"
	"  key>N key<N     children>100  depth>3  age>5s\n\n"
	"Small letters fit capital ones too.\n\n"
	"  golin lineage 4213 --filter 'fn:worker age>10s !wait:select'\n";

int cmd_help(struct cmd_config *cfg)
{
	struct golin_err err = {0};
	struct strbuf b = {0};
	int ret = 0;

	if (cfg->nargs && !strcmp(cfg->args[0], "filter")) {
		strbuf_adds(&b, filter_help);
	} else if (cfg->nargs) {
		const struct cmd *cmd = cmd_find(cfg->args[0]);

		if (cmd)
			option_help(cmd, &b);
		else
			ret = golin_err_set(&err, -EINVAL, "no command '%s'", cfg->args[0]);
	} else {
		option_overview(&b);
	}
	if (!ret)
		ret = view_flush(&b, &err);
	strbuf_done(&b);
	return ret ? report_err(&err) : 0;
}

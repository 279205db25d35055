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
	"  key:value       a part of it, or exactly that number\n"
	"  key>N key<N     numbers and times: age>5s\n\n"
	"Small letters fit capital ones too. The keys, and of what they are asked:\n\n"
	"  goroutines      fn: at: file: state: wait: via: how:\n"
	"                  goid:7 parent:1     exactly\n"
	"                  under:7             goroutine 7 and its descendants\n"
	"                  alive:yes|no system:yes|no   children>100 depth>3 age>5s\n"
	"  contexts        fn: at: file:       who made it, and where; fn:context.WithTimeout\n"
	"                  kind:timer state:active|cancelled   key:requestID (of a value)\n"
	"                  reason:explicit|deadline|parent     why it was cancelled\n"
	"                  lineage:ln-18af... lineage:0xc0000b4000   its id, its address\n"
	"                  goid:7              made or cancelled by it\n"
	"                  children>100 depth>10 holders>0 age>1m deadline<5s (what is left)\n"
	"  panics          fn: at: file:       who raised it, and where\n"
	"                  type:*fs.PathError value:timeout (or text:), wrapped ones too\n"
	"                  outcome:recovered|replaced|goexit|fatal|active  "
	"kind:panic|goexit|throw\n"
	"                  by:main.guard       the deferred function that recovered it\n"
	"                  in:main.serve       the function that went on then\n"
	"                  id:pn-18af... trace:01a2... code:   its ids, its trace's, its error "
	"code\n"
	"                  relation:same|wrapped|text          it repeats another\n"
	"                  nested:yes|no locked:yes|no goid:7 defers>3 took>1ms age>5s\n"
	"  findings        rule:lost-cancel severity:warning fn: at: file: goid: lineage:\n"
	"                  age>5s              since it was found\n\n"
	"Of a goroutine, kind: key: reason: lineage: deadline holders are asked of the contexts "
	"that\n"
	"it works under; of a context, wait: via: how: parent: under: alive: system: of the "
	"goroutine\n"
	"that made it; of a panic, everything else of the goroutine that panicked; of a finding, "
	"of\n"
	"its context and its goroutine.\n\n"
	"  golin lineage 4213 --filter 'fn:worker age>10s !wait:select'\n"
	"  golin contexts 4213 --filter 'kind:timer state:active deadline<2s'\n"
	"  golin panics 4213 --filter 'type:PathError !by:net/http took>10ms'\n"
	"  golin findings 4213 --filter 'severity:error | rule:lost-cancel at:client.go'\n";

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

/* SPDX-License-Identifier: BSD-2-Clause */
/* The command table. */
#include <string.h>

#include "cmd.h"
#include "golin/record.h"

#define LIVE                                                                                       \
	(OPTION_BIT(FOR) | OPTION_BIT(PROBES) | OPTION_BIT(NO_PROBES) | OPTION_BIT(FILTER) |       \
	 OPTION_BIT(KEEP) | OPTION_BIT(RING) | OPTION_BIT(STACKS) | OPTION_BIT(LINK) |             \
	 OPTION_BIT(SOURCE) | OPTION_BIT(WAIT) | OPTION_BIT(COLOR) | OPTION_BIT(ASCII) |           \
	 OPTION_BIT(QUIET))
#define RULES (OPTION_BIT(WARN) | OPTION_BIT(ALLOW) | OPTION_BIT(GRACE) | OPTION_BIT(LIMIT))
#define VIEW (LIVE | OPTION_BIT(JSON) | OPTION_BIT(SYSTEM))
#define VALUES (OPTION_BIT(SHOW_VALUES) | OPTION_BIT(HIDE_VALUES) | OPTION_BIT(TRACE_ID))
#define TUI (LIVE | OPTION_BIT(NO_MOUSE) | OPTION_BIT(SCRIPT) | VALUES | RULES)

/* What is armed without --probes. */
#define STARTS (GOLIN_GROUP_GOROUTINES | GOLIN_GROUP_TIMERS)
#define CONTEXTS (STARTS | GOLIN_GROUP_CONTEXTS)
#define ALL (CONTEXTS | GOLIN_GROUP_PANICS)

static const char source_help[] =
	"SOURCE is a PID, a program's NAME, a recording, or `-- CMD ARGS...`, which golin starts,\n"
	"attached before its first instruction. A live view prints when the target ends, --for is\n"
	"over, or on Ctrl-C, which detaches and leaves the target as it was.\n";

static const char panics_help[] =
	"SOURCE is a PID, a program's NAME, a recording, or `-- CMD ARGS...`, which golin starts,\n"
	"attached before its first instruction, and whose exit code it passes on. Printed when "
	"the\n"
	"target ends, --for is over, or on Ctrl-C, which detaches and leaves the target as it "
	"was.\n\n"
	"  golin panics -- ./app                    what ended it, and what came before\n"
	"  golin panics api --for 1m --count        which places panic, how often, who recovers\n"
	"  golin panics api.golin --filter 'outcome:recovered value:timeout'\n"
	"  golin panics --hide-values --json api    types of values, not what they say\n";

static const char findings_help[] =
	"SOURCE is a PID, a program's NAME, a recording, or `-- CMD ARGS...`, which golin starts,\n"
	"attached before its first instruction. The findings are printed when the target ends, "
	"--for\n"
	"is over, or on Ctrl-C, the worst first.\n\n"
	"  golin findings --list                                  the rules and their limits\n"
	"  golin findings --for 30s -- ./service.test             in CI: exit 1 when there are "
	"some\n"
	"  golin findings api -W masked-timeout -A lost-cancel:main.pool\n"
	"  golin findings api --for 1m --write-baseline known     what is there is known from now "
	"on\n"
	"  golin findings api --for 1m --baseline known           only what is new counts\n\n"
	"Exit codes: CMD's own when that is not 0; golin's own failure; 1: findings of --fail-on\n"
	"severity that no baseline lists; 5: events were lost, so there may be more.\n";

static const char offsets_help[] =
	"Of a program, a PID or a program's NAME, a core file, or a Go version (go1.26, go1.25.3)\n"
	"from the built-in table alone:\n"
	"  golin offsets ./app --struct runtime.g       one struct; S may be a list: A,B or A|B\n"
	"  golin offsets ./app --format header > go.h   for eBPF and C\n"
	"  golin offsets --diff go1.25 go1.26           what moved; also `offsets ./app --diff "
	"go1.26`\n"
	"  golin offsets 4711 --explain                 check the layout against the running "
	"program\n";

const struct cmd cmds[] = {
	{"", "", "the Go processes that can be attached to; Enter attaches", NULL,
	 OPTION_BIT(JSON) | OPTION_BIT(TEXT) | LIVE | OPTION_BIT(NO_MOUSE) | OPTION_BIT(SCRIPT),
	 ALL, cmd_list},
	{"attach", "PID|NAME", "the live view of a running program", NULL, TUI, ALL, cmd_attach},
	{"run", "[OPTIONS] -- CMD", "start CMD, attached before its first instruction",
	 "Without a terminal it prints what `golin lineage -- CMD` prints.\n",
	 TUI | VIEW | OPTION_BIT(LOG) | OPTION_BIT(TEXT) | OPTION_BIT(LIVE) | OPTION_BIT(NO_FOLD),
	 ALL, cmd_run},
	{"replay", "FILE", "the live view of a recording", NULL,
	 OPTION_BIT(FILTER) | OPTION_BIT(KEEP) | OPTION_BIT(COLOR) | OPTION_BIT(ASCII) |
		 OPTION_BIT(NO_MOUSE) | OPTION_BIT(SCRIPT) | OPTION_BIT(QUIET) | OPTION_BIT(FOR) |
		 OPTION_BIT(HIDE_VALUES) | RULES,
	 0, cmd_replay},
	{"lineage", "SOURCE", "who started whom, as text or --json", source_help,
	 VIEW | OPTION_BIT(LIVE) | OPTION_BIT(NO_FOLD), STARTS, cmd_lineage},
	{"contexts", "SOURCE", "the trees of contexts: who made them, who cancelled them",
	 source_help, VIEW | OPTION_BIT(LIVE) | OPTION_BIT(NO_FOLD) | OPTION_BIT(SHOW_VALUES),
	 CONTEXTS, cmd_contexts},
	{"panics", "SOURCE", "how panics travelled: what became of each, and who recovered it",
	 panics_help, LIVE | OPTION_BIT(JSON) | OPTION_BIT(NO_FOLD) | VALUES | OPTION_BIT(COUNT),
	 ALL, cmd_panics},
	{"findings", "SOURCE", "what is wrong: cancellations that go nowhere, leaks; for CI too",
	 findings_help,
	 VIEW | RULES | OPTION_BIT(FAIL_ON) | OPTION_BIT(BASELINE) | OPTION_BIT(WRITE_BASELINE) |
		 OPTION_BIT(LIST) | VALUES,
	 ALL, cmd_findings},
	{"events", "SOURCE", "every event as it comes, a line each", source_help, VIEW | VALUES,
	 STARTS | GOLIN_GROUP_PANICS, cmd_events},
	{"record", "SOURCE -o FILE", "keep what happens, for every view later", source_help,
	 LIVE | OPTION_BIT(OUTPUT) | OPTION_BIT(FORCE) | VALUES | OPTION_BIT(GRACE) |
		 OPTION_BIT(LIMIT),
	 ALL, cmd_record},
	{"offsets", "BINARY|PID|CORE|goX.Y", "layouts of the Go runtime's structs, and hook points",
	 offsets_help,
	 OPTION_BIT(JSON) | OPTION_BIT(FORMAT) | OPTION_BIT(STRUCT) | OPTION_BIT(SOURCE) |
		 OPTION_BIT(DIFF) | OPTION_BIT(EXPLAIN) | OPTION_BIT(LIST) | OPTION_BIT(ARCH) |
		 OPTION_BIT(DEBUG_FILE) | OPTION_BIT(DEBUGINFOD) | OPTION_BIT(EXE) |
		 OPTION_BIT(QUIET),
	 0, cmd_offsets},
	{"doctor", "", "what this machine lets golin do, and how to mend it", NULL,
	 OPTION_BIT(JSON), 0, cmd_doctor},
	{"demo", "", "watch the Go program that comes with golin", NULL,
	 TUI | VIEW | OPTION_BIT(TEXT) | OPTION_BIT(LIVE) | OPTION_BIT(NO_FOLD) |
		 OPTION_BIT(BREAKS),
	 ALL, cmd_demo},
	{"help", "[COMMAND|filter]", "this list, or one command's help", NULL, 0, 0, cmd_help},
};
const size_t ncmds = sizeof(cmds) / sizeof(cmds[0]);

const struct cmd *cmd_find(const char *name)
{
	for (size_t i = 0; i < ncmds; i++)
		if (!strcmp(cmds[i].name, name))
			return &cmds[i];
	return NULL;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* From the words of the command line to a source. */
#ifndef GOLIN_CMD_OPEN_H
#define GOLIN_CMD_OPEN_H

#include "cmd.h"
#include "golin/offsets.h"
#include "golin/source.h"

struct opened {
	struct golin_source *src;
	bool child;	 /* the target is a program that was started */
	int child_pidfd; /* of it; the caller closes; -1 */
	char title[160]; /* "api pid 7 go1.26.8", or the file's name */
	char ready[256]; /* "attached to 7 (x, go1.26): 5 probes, layout from dwarf"; "" for a file
			  */
};

/*
 * SOURCE: cfg->child, or cfg->args[0] as PID, recording or NAME (waits for one with --wait).
 * stdout_fd and stderr_fd are where a started program's output goes.
 */
int open_source(struct cmd_config *cfg, int stdout_fd, int stderr_fd, struct opened *ret,
		struct golin_err *err);
enum golin_layout_choice layout_choice(const struct cmd_config *cfg);

#endif

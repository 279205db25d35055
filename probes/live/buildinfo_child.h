/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which of some files are Go programs, of which version. Foreign bytes are parsed by a child
 * without rights that lives for this one question.
 */
#ifndef GOLIN_PROBES_BUILDINFO_CHILD_H
#define GOLIN_PROBES_BUILDINFO_CHILD_H

#include <stdbool.h>
#include <stddef.h>
#include "golin/offsets.h"

enum { BUILDINFO_BATCH = 256 }; /* files at once: descriptors are scarce */

enum buildinfo_verdict {
	BUILDINFO_NOT_GO = 1,
	BUILDINFO_GO = 2,
	BUILDINFO_BROKEN = 3, /* Go by its looks, but what it says cannot be used */
	BUILDINFO_DEADLY = 4, /* it ended the child that parsed it, or took too long */
};

struct buildinfo_answer {
	enum buildinfo_verdict verdict;
	struct golin_go_version go; /* BUILDINFO_GO */
	char arch[16];		    /* GOARCH; "" when golin has no name for it */
	bool has_dwarf;
};

/* ret[i] answers for fds[i]; n at most BUILDINFO_BATCH. 0 or -errno (no child could be had). */
int golin_buildinfo_ask(const int *fds, size_t n, struct buildinfo_answer *ret);

#endif

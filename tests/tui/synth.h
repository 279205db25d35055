/* SPDX-License-Identifier: BSD-2-Clause */
/* A source without a target, for tests of the terminal views: a server with many goroutines. */
#ifndef GOLIN_TESTS_TUI_SYNTH_H
#define GOLIN_TESTS_TUI_SYNTH_H

#include <stdbool.h>
#include <stdint.h>
#include "golin/source.h"

struct synth_opts {
	uint32_t goroutines; /* there at the start */
	uint32_t rate;	     /* goroutines that start and end, a second */
	uint32_t contexts;   /* there are so many; as many as `rate` come and are cancelled */
	uint32_t panics;     /* there were so many; as many as `rate` come */
	uint32_t end_ms;     /* the target ends by then; 0: never */
	bool live;
};

struct golin_source *synth_open(const struct synth_opts *opts);

#endif

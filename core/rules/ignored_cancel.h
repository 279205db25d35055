/* SPDX-License-Identifier: BSD-2-Clause */
/* ignored-cancel in two files: whom to suspect, and what a goroutine does that was read. */
#ifndef GOLIN_RULES_IGNORED_CANCEL_H
#define GOLIN_RULES_IGNORED_CANCEL_H

#include "rules_impl.h"

enum ignored_kind {
	READING_NONE,	 /* there is no answer */
	READING_WAKING,	 /* on the Done of one that is done: it is about to run */
	READING_LISTENS, /* to the Done of another, which is live */
	READING_BLOCKED,
	READING_RUNNING,
};

struct ignored_reading {
	enum ignored_kind kind;
	uint64_t read, since;	     /* monotonic ns */
	uint64_t stack;		     /* 0: not known */
	struct golin_frame at, call; /* the user's function, and the library's that it calls */
	bool sure;		     /* all channels are known, and none is a Done */
	uint32_t n;		     /* channels that it waits on */
	bool timer;		     /* one of them is a timer's */
};

void ignored_read(struct golin_rules *r, const struct ignored_suspect *s,
		  const struct golin_goroutine *g, struct ignored_reading *ret);
/* A server that accepts, or waits for a signal: it was not called under a time limit. */
bool ignored_is_server(const struct golin_frame *call);
/* For a mutex: one that many want may be had and wanted again between two readings. */
bool ignored_at_lock(struct golin_rules *r, const struct golin_goroutine *g,
		     const struct ignored_reading *a);
/* It waits for goroutines that it started under the same context. */
bool ignored_waits_for_child(struct golin_rules *r, const struct ignored_watch *w,
			     const struct golin_goroutine *g, const struct ignored_reading *a);
void ignored_tell(struct golin_rules *r, const struct ignored_suspect *s,
		  const struct golin_goroutine *g, const struct ignored_reading *a);

#endif

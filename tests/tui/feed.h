/* SPDX-License-Identifier: BSD-2-Clause */
/* Makes records by hand and puts them into a sink. Each returns what the sink did, 0 for good. */
#ifndef GOLIN_TESTS_TUI_FEED_H
#define GOLIN_TESTS_TUI_FEED_H

#include <stdint.h>
#include "golin/source.h"

struct feed {
	struct golin_sink sink;
	struct golin_recbuf buf;
	uint64_t ts; /* of the next record, monotonic ns */
	uint32_t epoch;
};

void feed_done(struct feed *f);
int feed_target(struct feed *f, const char *exe, const char *go);
int feed_clock(struct feed *f, uint64_t mono_ns, uint64_t unix_ns);
int feed_name(struct feed *f, uint64_t pc, const char *func, const char *file, uint32_t line);
int feed_stack(struct feed *f, uint64_t id, const uint64_t *pcs, uint32_t n);
int feed_seen(struct feed *f, uint64_t goid, uint64_t parent, uint64_t startpc, uint64_t gopc,
	      const char *wait, uint64_t wait_since);
int feed_create(struct feed *f, uint64_t goid, uint64_t parent, uint64_t startpc, uint64_t gopc,
		uint64_t stack);
int feed_timer(struct feed *f, uint64_t goid, uint64_t armed_by, uint64_t startpc, uint64_t gopc);
int feed_state(struct feed *f, uint64_t goid, uint32_t state, const char *wait);
int feed_exit(struct feed *f, uint64_t goid);
int feed_end(struct feed *f, int code, int signal);
int feed_lost(struct feed *f, uint64_t count);

int feed_settings(struct feed *f, uint32_t groups);
int feed_type(struct feed *f, uint64_t type, const char *name);
/* A record with the members of `like` behind its header; h.goid stands there too. */
int feed_context(struct feed *f, const struct golin_rec_context_create *like, const char *key,
		 const char *value);
int feed_cancel(struct feed *f, const struct golin_rec_context_cancel *like, const char *err,
		const char *cause);
int feed_passed(struct feed *f, uint64_t child, uint64_t ctx, uint32_t how);

#endif

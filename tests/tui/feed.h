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
/* Ends the record that was begun in f->buf, checks it and puts it into the sink. */
int feed_emit(struct feed *f);
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
int feed_exit_how(struct feed *f, uint64_t goid, uint32_t how);
int feed_end(struct feed *f, int code, int signal);
int feed_lost(struct feed *f, uint64_t count);

int feed_settings(struct feed *f, uint32_t groups);
int feed_type(struct feed *f, uint64_t type, const char *name);
/* A record with the members of `like` behind its header; h.goid stands there too. */
int feed_context(struct feed *f, const struct golin_rec_context_create *like, const char *key,
		 const char *value);
int feed_cancel(struct feed *f, const struct golin_rec_context_cancel *like, const char *err,
		const char *cause);
/* ---- feed_panic.c ---- */

struct feed_value {
	uint64_t type, data;
	const char *text;
	uint32_t flags; /* enum golin_value_flags */
	uint64_t size;
};

/* The members of `like` behind its header; h.goid too. */
int feed_panic(struct feed *f, const struct golin_rec_panic_start *like,
	       const struct feed_value *values, uint32_t n);
int feed_panic_defer(struct feed *f, uint64_t goid, uint64_t pc, uint32_t flags);
int feed_recover(struct feed *f, uint64_t goid, uint64_t resumed_pc, uint64_t depth);
int feed_goexit(struct feed *f, uint64_t goid, uint64_t depth, uint64_t stack, uint32_t flags);
/* What the program prints of each. */
int feed_fatal(struct feed *f, uint64_t goid, const struct feed_value *printed, uint32_t n);
int feed_throw(struct feed *f, uint64_t goid, uint64_t stack, const char *text, uint32_t flags);
int feed_defers(struct feed *f, const struct golin_rec_goroutine_defers *like,
		const struct feed_value *panics, const struct golin_rec_kept_defer *defers);
int feed_pause(struct feed *f, uint64_t duration_ns, const char *reason);

int feed_passed(struct feed *f, uint64_t child, uint64_t ctx, uint32_t how);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/* What the live source yields before events: who the target is, and what was there already. */
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "base/err.h"
#include "live/source.h"

/* After a reading, how long the creations that it may have torn can still be on their way. */
#define SETTLE_NS 2000000000ULL

enum { BUSY_TRIES = 50 };

static int put_target(struct live *l, const struct golin_sink *sink)
{
	const struct golin_image_info *info = golin_imgproc_info(l->p);
	const struct golin_layout *layout = golin_imgproc_layout(l->p);
	struct golin_rec_target *r;
	const struct golin_rec *rec;
	uint32_t off;

#define TEXT(member, s)                                                                            \
	golin_recbuf_str(&l->buf, offsetof(struct golin_rec_target, member), s, strlen(s))
	r = golin_recbuf_begin(&l->buf, GOLIN_REC_TARGET, sizeof(*r));
	if (!r)
		return -ENOMEM;
	r->h.target = l->dec.target;
	r->h.epoch = l->dec.epoch;
	r->h.ts = live_now();
	r->pid = (uint32_t)l->t.pid;
	r->flags = (info->flags & GOLIN_IMAGE_PIE ? GOLIN_TARGET_PIE : 0) |
		   (info->flags & GOLIN_IMAGE_CGO ? GOLIN_TARGET_CGO : 0) |
		   (info->flags & GOLIN_IMAGE_RACE ? GOLIN_TARGET_RACE : 0) |
		   (info->flags & GOLIN_IMAGE_STRIPPED ? GOLIN_TARGET_STRIPPED : 0) |
		   (golin_layout_get(layout, GOLIN_F_G_parentGoid, &off) ? GOLIN_TARGET_PARENT_KNOWN
									 : 0) |
		   (l->t.deleted ? GOLIN_TARGET_DELETED : 0);
	r->layout_source =
		layout->source == GOLIN_FROM_DWARF ? GOLIN_LAYOUT_DWARF : GOLIN_LAYOUT_TABLE;
	r->start_ticks = l->t.start_ticks;
	r->load_bias = l->dec.bias;
	TEXT(exe, l->t.exe);
	TEXT(comm, l->t.comm);
	TEXT(go, info->go.short_);
	TEXT(build_id, info->build_id);
	TEXT(arch, info->arch);
#undef TEXT
	rec = golin_recbuf_end(&l->buf);
	return rec ? live_put(sink, rec) : -ENOMEM;
}

static int put_clock(struct live *l, const struct golin_sink *sink)
{
	struct golin_rec_clock r = {0};
	struct timespec ts;

	r.mono_ns = live_now();
	clock_gettime(CLOCK_REALTIME, &ts);
	r.unix_ns = (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
	decode_header(&l->dec, &r.h, GOLIN_REC_CLOCK, sizeof(r), r.mono_ns, 0);
	return live_put(sink, &r.h);
}

static int put_settings(struct live *l, const struct golin_sink *sink)
{
	struct golin_rec_settings r = {0};

	decode_header(&l->dec, &r.h, GOLIN_REC_SETTINGS, sizeof(r), live_now(), 0);
	r.groups = l->h.groups;
	r.probes = l->h.probes;
	r.ring_size = l->probing ? l->ring.size : 0;
	r.stack_depth = l->probing ? l->o.stack_depth : 0;
	r.link = l->probing ? l->h.link : 0;
	return live_put(sink, &r.h);
}

static int put_snapshot(struct live *l, const struct golin_sink *sink, uint32_t phase)
{
	struct golin_rec_snapshot r = {0};

	decode_header(&l->dec, &r.h, GOLIN_REC_SNAPSHOT, sizeof(r),
		      phase == GOLIN_SNAPSHOT_BEGIN ? l->seen_ts : live_now(), 0);
	r.phase = phase;
	if (phase == GOLIN_SNAPSHOT_END) {
		r.count = l->seen_count;
		r.unread = l->seen_unread;
		l->unread += l->seen_unread;
	}
	return live_put(sink, &r.h);
}

static int keep_seen(void *arg, const struct golin_mem_goroutine *g)
{
	struct live *l = arg;
	struct golin_mem_goroutine *slot = array_add(&l->seen);

	if (!slot)
		return -ENOMEM;
	*slot = *g;
	return 0;
}

struct golin_memory live_memory(const struct live *l)
{
	return (struct golin_memory){
		.mem_fd = l->t.mem_fd,
		.bias = l->dec.bias,
		.info = golin_imgproc_info(l->p),
		.layout = golin_imgproc_layout(l->p),
	};
}

/*
 * Probes are armed before memory is read: what was created between is found twice. Its creation,
 * which tells more, waits in the ring, since the runtime shows a goroutine only behind the probe.
 */
static void note_coming(struct live *l)
{
	uint64_t end = ring_end(&l->ring), pos = ring_start(&l->ring);
	const struct wire_hdr *w;

	for (int tries = 0; pos < end && tries < BUSY_TRIES;) {
		w = ring_next(&l->ring, &pos);
		if (!w) {
			/* A thread is just writing there. */
			nanosleep(&(struct timespec){.tv_nsec = 100000}, NULL);
			tries++;
		} else if (w->type == WIRE_CREATE) {
			map64_put(&l->coming, ((const struct wire_create *)w)->child, 0);
		} else if (w->type == WIRE_CTX_CREATE) {
			map64_put(&l->stack_contexts.coming,
				  ((const struct wire_ctx_create *)w)->child.data, 0);
		} else if (w->type == WIRE_CTX_VALUE) {
			map64_put(&l->stack_contexts.coming,
				  ((const struct wire_ctx_value *)w)->ctx, 0);
		}
	}
}

void live_snapshot_read(struct live *l, bool again)
{
	struct golin_memory m = live_memory(l);
	struct golin_err err = {0};
	int r;

	l->seen.len = l->seen_next = 0;
	l->seen_count = l->seen_unread = 0;
	l->seen_ts = live_now();
	l->seen_ready = true;
	l->seen_again = again;
	map64_done(&l->coming);
	if (l->t.mem_fd < 0) {
		live_say(l,
			 "cannot read the memory of process %d (%s): goroutines that were there "
			 "before are not shown",
			 (int)l->t.pid, golin_errno_name(l->t.mem_errno));
		return;
	}
	r = golin_memory_goroutines(&m, keep_seen, l, &l->seen_unread, &err);
	if (r < 0 && r != -ESRCH)
		live_say(l, "cannot read the goroutines that were there before: %s", err.msg);
	if (!again) {
		stack_contexts_reset(&l->stack_contexts);
		if (live_wants_contexts(l))
			live_stack_contexts_read(l, l->seen.v, l->seen.len);
		note_coming(l);
		array_for_each (&l->seen, g)
			latestart_resolve(&l->late, &m, g);
	}
	/* What they panic with is told behind the snapshot. */
	array_for_each (&l->seen, g)
		if (g->panics)
			reads_ask_later(&l->reads, g);
	join_begin(&l->join, live_now() + SETTLE_NS);
}

static int put_seen(struct live *l, const struct golin_sink *sink,
		    const struct golin_mem_goroutine *g)
{
	struct golin_rec_goroutine_seen *r;
	const struct golin_rec *rec;

	r = golin_recbuf_begin(&l->buf, GOLIN_REC_GOROUTINE_SEEN, sizeof(*r));
	if (!r)
		return -ENOMEM;
	r->h.target = l->dec.target;
	r->h.epoch = l->dec.epoch;
	r->h.ts = l->seen_ts;
	r->h.goid = g->parent_known ? g->parent : 0;
	r->child = g->goid;
	r->startpc = g->startpc;
	r->gopc = g->gopc;
	r->state = g->state;
	r->flags =
		(g->parent_known ? GOLIN_G_PARENT_KNOWN : 0) | (l->seen_again ? GOLIN_G_AGAIN : 0);
	r->wait_since = g->wait_since;
	golin_recbuf_str(&l->buf, offsetof(struct golin_rec_goroutine_seen, wait), g->wait,
			 strlen(g->wait));
	rec = golin_recbuf_end(&l->buf);
	return rec ? live_put(sink, rec) : -ENOMEM;
}

/* A part of the goroutines that were read, with their names before them. */
static int seen_stage(struct live *l, const struct golin_sink *sink, int max, struct golin_err *err)
{
	size_t end = l->seen_next;
	int n, r;

	while (end < l->seen.len && (int)(end - l->seen_next + l->names.wanted.len) < max) {
		live_names_want(&l->names, l->seen.v[end].startpc);
		live_names_want(&l->names, l->seen.v[end].gopc);
		end++;
	}
	n = live_names(l, sink);
	for (; n >= 0 && l->seen_next < end; l->seen_next++) {
		const struct golin_mem_goroutine *g = &l->seen.v[l->seen_next];

		if (map64_get(&l->coming, g->goid, &(uint32_t){0}) ||
		    !join_add(&l->join, g->g, g->goid))
			continue;
		r = put_seen(l, sink, g);
		if (r < 0)
			return r;
		l->seen_count++;
		n++;
	}
	if (n >= 0 && l->seen_next == l->seen.len) {
		array_free(&l->seen);
		l->seen_next = 0;
		l->stage = STAGE_STACK_CONTEXTS;
	}
	return n;
}

int live_stage(struct live *l, const struct golin_sink *sink, int max, struct golin_err *err)
{
	int r = 0;

	switch (l->stage) {
	case STAGE_TARGET:
		r = put_target(l, sink);
		break;
	case STAGE_CLOCK:
		r = put_clock(l, sink);
		break;
	case STAGE_SETTINGS:
		r = put_settings(l, sink);
		break;
	case STAGE_SNAPSHOT:
		r = put_snapshot(l, sink, GOLIN_SNAPSHOT_BEGIN);
		break;
	case STAGE_SEEN:
		return seen_stage(l, sink, max, err);
	case STAGE_STACK_CONTEXTS:
		r = live_stack_contexts_put(l, sink, max);
		if (r >= 0 && !l->stack_contexts.found.len)
			l->stage++;
		return r;
	case STAGE_SNAPSHOT_END:
		l->seen_ready = false;
		r = put_snapshot(l, sink, GOLIN_SNAPSHOT_END);
		break;
	case STAGE_EVENTS:
	case STAGE_OVER:
		return 0;
	}
	if (r < 0)
		return r;
	l->stage++;
	/* After an exec there is nothing to read: the new program's goroutines are all watched. */
	if (l->stage == STAGE_SNAPSHOT && !l->seen_ready)
		l->stage = STAGE_EVENTS;
	return 1;
}

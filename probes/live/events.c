/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Events from the ring to the sink, a batch at a time: first a look through the batch for pcs
 * that have no name yet, then the names, then the records.
 */
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "base/err.h"
#include "base/text.h"
#include "live/pauses.h"
#include "live/source.h"
#include "live/target.h"

enum {
	RELEASE_EVERY = 256, /* records after which their room goes back to the kernel */
	HELD_NS = 500000000, /* a panic(nil) whose next event does not come */
};

static void want(void *arg, uint64_t pc)
{
	live_names_want(arg, pc);
}

static int put_gone(struct live *l, const struct golin_sink *sink, uint64_t goid)
{
	struct golin_rec_goroutine_gone r;

	decode_header(&l->dec, &r.h, GOLIN_REC_GOROUTINE_GONE, sizeof(r), live_now(), goid);
	return live_put(sink, &r.h);
}

int live_names(struct live *l, const struct golin_sink *sink)
{
	struct golin_err err = {0};
	int n = live_names_flush(&l->names, &l->dec, sink, &err);

	if (err.code && n >= 0 && !l->names_failed) {
		l->names_failed = true;
		live_say(l, "some functions have no names: %s", err.msg);
	}
	return n;
}

/* The events of the time of the reading are through: tells what was read but never was. */
static int settle(struct live *l, const struct golin_sink *sink)
{
	uint64_t goid;
	int n = 0, r;

	while ((goid = join_settle(&l->join))) {
		r = put_gone(l, sink, goid);
		if (r < 0)
			return r;
		n++;
	}
	return n;
}

static int put_lost(struct live *l, const struct golin_sink *sink, uint32_t cause, uint64_t count)
{
	struct golin_rec_lost r = {.cause = cause, .count = count};

	decode_header(&l->dec, &r.h, GOLIN_REC_LOST, sizeof(r), live_now(), 0);
	return live_put(sink, &r.h);
}

int live_lost(struct live *l, const struct golin_sink *sink)
{
	struct wire_stats sum;
	uint64_t hits, lost;
	int n = 0, r;

	counters_sum(&l->counters, &sum);
	counters_events(&sum, &hits, &lost);
	if (lost > l->lost_told) {
		/* The ring was full: what is missing stood somewhere in what waits there now. */
		l->hole_end = ring_end(&l->ring);
		r = put_lost(l, sink, GOLIN_LOST_RING, lost - l->lost_told);
		if (r < 0)
			return r;
		l->lost_told = lost;
		n++;
	}
	if (l->missed > l->missed_told) {
		r = put_lost(l, sink, GOLIN_LOST_MISSED, l->missed - l->missed_told);
		if (r < 0)
			return r;
		l->missed_told = l->missed;
		n++;
	}
	return n;
}

int live_put_gap(struct live *l, const struct golin_sink *sink)
{
	struct golin_rec_gap r = {0};
	const struct live_gap g = l->gaps[0];
	int e;

	decode_header(&l->dec, &r.h, GOLIN_REC_GAP, sizeof(r), g.from, 0);
	r.duration_ns = g.to - g.from;
	r.groups = g.groups;
	e = live_put(sink, &r.h);
	if (e < 0)
		return e;
	memmove(&l->gaps[0], &l->gaps[1], --l->ngaps * sizeof(l->gaps[0]));
	l->gap_count++;
	return 1;
}

/* The target runs another program, or the same again. */
static int on_exec(struct live *l, uint64_t ts, const struct golin_sink *sink,
		   struct golin_err *err)
{
	bool same = golin_target_same_exe(&l->t);
	char link[64], raw[4096], exe[GOLIN_STR_MAX];
	struct golin_rec_exec *r;
	const struct golin_rec *rec;
	ssize_t len;
	int e;

	if (golin_target_ended(&l->t, &l->status))
		return 0; /* the end says all there is to say */
	snprintf(link, sizeof(link), "/proc/%d/exe", (int)l->t.pid);
	len = readlink(link, raw, sizeof(raw));
	golin_text_clean(exe, sizeof(exe), raw, len > 0 ? (size_t)len : 0);

	l->dec.epoch++;
	r = golin_recbuf_begin(&l->buf, GOLIN_REC_EXEC, sizeof(*r));
	if (!r)
		return -ENOMEM;
	decode_header(&l->dec, &r->h, GOLIN_REC_EXEC, 0, ts, 0);
	golin_recbuf_str(&l->buf, offsetof(struct golin_rec_exec, exe), exe, strlen(exe));
	rec = golin_recbuf_end(&l->buf);
	e = rec ? live_put(sink, rec) : -ENOMEM;
	if (e < 0)
		return e;
	/* What was read of the old program is no news in this epoch. */
	join_done(&l->join);
	array_free(&l->seen);
	l->seen_ready = l->seen_fresh = false;
	reads_reset(&l->reads);
	stack_contexts_reset(&l->stack_contexts);
	whereis_done(&l->where);
	held_reset(&l->held);
	live_names_forget(&l->names);
	if (!same) {
		live_say(l, "process %d executed another program ('%s'): its probes are taken off",
			 (int)l->t.pid, exe);
		l->finish = true;
		l->replaced = true;
		return 1;
	}
	if (l->t.mem_fd >= 0)
		close(l->t.mem_fd);
	golin_target_open_mem(&l->t);
	l->dec.mem_fd = l->t.mem_fd;
	e = golin_target_bias(&l->t, golin_imgproc_info(l->p), &l->dec.bias, err);
	if (e < 0 && e != -ESRCH)
		return e;
	live_contexts_open(l);
	live_say(l, "process %d executed its program again", (int)l->t.pid);
	l->stage = STAGE_TARGET;
	return 1;
}

static bool panics_ok(struct live *l)
{
	struct golin_err err = {0};

	if (panics_ready(&l->panics, &err) && !l->panics_failed) {
		l->panics_failed = true;
		live_say(l, "values of panics are not shown: %s", err.msg);
	}
	return true;
}

static int put_event(struct live *l, const struct wire_hdr *w, const struct golin_sink *sink)
{
	struct golin_err err = {0};
	union decoded rec;
	int n;

	if (w->type == WIRE_GC_PAUSE)
		return pauses_put(&l->dec, golin_imgproc_info(l->p)->go.minor, w, &l->buf, sink);
	if (w->type == WIRE_STACK)
		panic_stacks_keep(&l->panics.stacks, w);
	if (panics_is(w) || (w->type == WIRE_ITAB && l->o.groups & GOLIN_GROUP_PANICS)) {
		n = panics_put(&l->panics, w, sink);
		if (n < 0 || w->type != WIRE_ITAB || !(l->o.groups & GOLIN_GROUP_CONTEXTS))
			return n;
	}
	if ((w->type >= WIRE_CTX_CREATE && w->type <= WIRE_CTX_PASSED) || w->type == WIRE_ITAB) {
		if (contexts_ready(&l->contexts, &err) && !l->contexts_failed) {
			l->contexts_failed = true;
			live_say(l, "contexts are not shown: %s", err.msg);
		}
		return contexts_put(&l->contexts, w, sink);
	}
	if (!decode_record(&l->dec, w, &rec))
		return 0;
	if (w->type == WIRE_CREATE) {
		const struct wire_create *c = (const void *)w;

		if (join_pending(&l->join))
			join_created(&l->join, c->g, c->child);
		if (l->where.on)
			whereis_put(&l->where, c->child, c->g);
	} else if (w->type == WIRE_EXIT) {
		const struct wire_exit *e = (const void *)w;

		n = l->panics.nnil ? panics_flush(&l->panics, sink, UINT64_MAX, e->goid) : 0;
		if (n < 0)
			return n;
		join_ended(&l->join, e->g, e->goid);
		if (l->where.on)
			whereis_del(&l->where, e->goid);
	}
	return live_put(sink, &rec.h);
}

int live_events(struct live *l, const struct golin_sink *sink, int max, struct golin_err *err)
{
	uint64_t start = ring_start(&l->ring), pos = start, end = start;
	const struct wire_hdr *w;
	uint64_t exec_ts = 0, now = live_now();
	bool exec = false, gap = false, panics = false, empty;
	int n, r = 0, seen = 0;

	if (join_pending(&l->join) && l->join.next)
		return settle(l, sink);
	/* How far this batch goes, and what it needs. */
	while (seen + (int)l->names.wanted.len < max && (w = ring_next(&l->ring, &pos))) {
		if (l->ngaps && w->ts >= l->gaps[0].to) {
			gap = true;
			break;
		}
		if (w->type == WIRE_EXEC) {
			exec_ts = w->ts;
			exec = true;
			break;
		}
		panics = panics || panics_is(w);
		if (panics_is(w) && panics_ok(l))
			panics_pcs(&l->panics, w, want, &l->names);
		else
			decode_pcs(&l->dec, w, want, &l->names);
		end = pos;
		seen++;
	}
	empty = !seen && !exec && !gap;
	n = live_names(l, sink);
	if (n < 0)
		return n;
	/* A panic's story has holes from here on: that has to be said before what comes behind
	 * them. */
	if (panics) {
		r = live_lost(l, sink);
		if (r < 0)
			return r;
		n += r;
	}

	for (pos = start, r = 0; pos < end && r >= 0;) {
		w = ring_next(&l->ring, &pos);
		if (!w)
			break;
		/* It is not known between which of them. */
		if (pos <= l->hole_end && panics_is(w))
			r = put_lost(l, sink, GOLIN_LOST_RING, 0);
		r = r < 0 ? r : put_event(l, w, sink);
		n++;
		if (w->type != WIRE_STACK && w->type != WIRE_ITAB) {
			l->delivered++;
			l->unread += !!(w->flags & WIRE_F_PARTIAL);
		}
		if (!(n % RELEASE_EVERY))
			ring_release(&l->ring, pos);
	}
	ring_release(&l->ring, pos);
	if (r < 0)
		return r;
	if (exec) {
		ring_next(&l->ring, &pos);
		ring_release(&l->ring, pos);
		l->delivered++;
		if (l->first_exec) {
			l->first_exec = false;
			return n;
		}
		r = on_exec(l, exec_ts, sink, err);
		return r < 0 ? r : n + r;
	}
	if (empty && l->panics.nnil) {
		r = panics_flush(&l->panics, sink, now - HELD_NS, 0);
		if (r)
			return r < 0 ? r : n + r;
	}
	if (empty && l->exec_unseen) {
		l->exec_unseen = false;
		return on_exec(l, now, sink, err);
	}
	if (l->ngaps && (gap || empty)) {
		r = live_put_gap(l, sink);
		/* What was missed meanwhile: another reading, made when they were armed again. */
		if (r >= 0 && l->seen_fresh) {
			l->seen_fresh = false;
			l->stage = STAGE_SNAPSHOT;
		}
		return r < 0 ? r : n + r;
	}
	if (empty && join_pending(&l->join) && (now > l->join.until || l->finish)) {
		r = settle(l, sink);
		return r < 0 ? r : n + r;
	}
	return n;
}

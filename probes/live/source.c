/* SPDX-License-Identifier: BSD-2-Clause */
/* The live source: opening, the loop, controls, statistics. */
#include "live/source.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "base/err.h"
#include "live/configure.h"
#include "live/pauses.h"
#include "live/target.h"

#define SECOND 1000000000ULL

enum { RING_DEFAULT = 64 << 20, RING_MAX = 1 << 30, POLL_MS = 10, ENDING_MS = 300 };

uint64_t live_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * SECOND + (uint64_t)ts.tv_nsec;
}

void live_say(struct live *l, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	if (!l->o.progress)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	l->o.progress(l->o.arg, text);
}

int live_put(const struct golin_sink *sink, const struct golin_rec *rec)
{
	int r = sink->put(sink->arg, rec);

	return r < 0 ? r : 0;
}

void live_contexts_open(struct live *l)
{
	const struct golin_memory mem = {
		.mem_fd = l->dec.mem_fd,
		.exe_fd = l->t.exe_fd,
		.bias = l->dec.bias,
		.info = golin_imgproc_info(l->p),
		.layout = golin_imgproc_layout(l->p),
	};

	contexts_close(&l->contexts);
	contexts_open(&l->contexts, &mem, &l->dec, l->p);
	panics_close(&l->panics);
	panics_open(&l->panics, &mem, &l->dec, l->p, l->o.trace_kind, l->o.hide_values);
}

/* ---- the loop ---- */

static int put_exit(struct live *l, const struct golin_sink *sink)
{
	struct golin_rec_exit r = {0};

	decode_header(&l->dec, &r.h, GOLIN_REC_EXIT, sizeof(r), live_now(), 0);
	if (l->t.child && l->status >= 0) {
		r.known = 1;
		r.code = WIFEXITED(l->status) ? WEXITSTATUS(l->status) : 0;
		r.signal = WIFSIGNALED(l->status) ? WTERMSIG(l->status) : 0;
	}
	return live_put(sink, &r.h);
}

/* Groups that were off for the same time share one gap. */
static void add_gap(struct live *l, uint32_t group, uint64_t from, uint64_t to)
{
	for (size_t i = 0; i < l->ngaps; i++) {
		if (l->gaps[i].from == from && l->gaps[i].to == to) {
			l->gaps[i].groups |= group;
			return;
		}
	}
	l->gaps[l->ngaps++] = (struct live_gap){group, from, to};
}

/* Once the probes are off and the ring is empty. */
static int finish(struct live *l, const struct golin_sink *sink)
{
	uint64_t now = live_now();
	int n, r;

	/* What was off until the end. */
	for (int bit = 0; bit < 8 && l->ngaps < LIVE_GAPS; bit++) {
		if (l->off_since[bit])
			add_gap(l, 1u << bit, l->off_since[bit], now);
		l->off_since[bit] = 0;
	}
	if (l->ngaps)
		return live_put_gap(l, sink);
	n = live_lost(l, sink);
	if (n < 0)
		return n;
	r = panics_flush(&l->panics, sink, UINT64_MAX, 0);
	if (r < 0)
		return r;
	n += r;
	if (l->gone && !l->replaced) {
		r = put_exit(l, sink);
		if (r < 0)
			return r;
		n++;
	}
	l->stage = STAGE_OVER;
	l->s.ended = true;
	return n;
}

static void detach(struct live *l)
{
	if (!l->h.pid)
		return;
	l->missed = helper_missed(&l->h);
	helper_stop(&l->h);
}

/* Once a second: counters, and whether the helper still lives. */
static int check(struct live *l, const struct golin_sink *sink)
{
	uint64_t missed, now = live_now();
	uint32_t armed = l->h.groups;
	struct wire_stats sum;

	l->next_check = now + SECOND;
	/* An exec that found no place in the ring, or that the kernel does not show. */
	counters_sum(&l->counters, &sum);
	if (sum.lost[WIRE_EXEC] > l->execs_lost ||
	    (l->exe_visible && !golin_target_same_exe(&l->t)))
		l->exec_unseen = true;
	l->execs_lost = sum.lost[WIRE_EXEC];
	if (l->h.pid) {
		missed = helper_missed(&l->h);
		if (l->h.pid) {
			l->missed = missed;
		} else if (!l->helper_lost) {
			l->helper_lost = true;
			live_say(l, "the probe helper was ended: nothing is probed from now on");
			for (int bit = 0; bit < 8; bit++)
				if (armed & 1u << bit)
					l->off_since[bit] = now;
		}
	}
	return live_lost(l, sink);
}

struct noting {
	struct live *l;
	const struct golin_sink *to;
};

static int note_event(void *arg, const struct golin_rec *rec)
{
	struct noting *n = arg;

	reads_event(&n->l->reads, rec);
	return n->to->put(n->to->arg, rec);
}

static int service(struct golin_source *s, const struct golin_sink *sink, int max,
		   struct golin_err *err)
{
	struct live *l = (struct live *)s;
	struct noting noting = {l, sink};
	const struct golin_sink events = {.put = note_event, .arg = &noting};
	int n = 0, r;

	if (max < 1 || s->ended)
		return 0;
	while (n < max && l->stage < STAGE_EVENTS) {
		r = live_stage(l, sink, max - n, err);
		if (r < 0)
			return r;
		n += r;
	}
	if (n >= max)
		return n;
	r = live_reads_begin(l);
	if (r < 0)
		return r;
	/* Asked before the ring is looked at: what is in it then is all there will be. */
	if (!l->gone && golin_target_ended(&l->t, &l->status))
		l->gone = true;
	if (l->probing && live_now() >= l->next_check && !l->finish) {
		r = check(l, sink);
		if (r < 0)
			return r;
		n += r;
	}
	if (l->gone || l->finish || !l->probing)
		detach(l);
	while (n < max) {
		r = live_events(l, l->reads.answers.len ? &events : sink, max - n, err);
		if (r < 0)
			return r;
		n += r;
		if (!r || l->stage != STAGE_EVENTS)
			break;
	}
	if (n < max) {
		r = live_reads_end(l, sink, max - n);
		if (r < 0)
			return r;
		n += r;
	}
	/* Timers that were read. */
	if (n < max) {
		r = live_held_put(l, sink, max - n);
		if (r < 0)
			return r;
		n += r;
	}
	if (!n && (l->gone || l->finish || !l->probing) && !live_reads_wait(l)) {
		live_reads_give_up(l);
		return finish(l, sink);
	}
	return n;
}

/* ---- control ---- */

static int control_switch(struct live *l, uint32_t groups, struct golin_err *err)
{
	uint32_t was = l->h.groups, all = 0;
	uint64_t now;
	int r;

	for (size_t i = 0; i < l->plan.n; i++)
		all |= l->plan.hooks[i].group;
	if (!l->probing || l->finish || l->gone)
		return golin_err_set(err, -EOPNOTSUPP, "there are no probes to switch");
	if (groups & ~all)
		return golin_err_set(err, -EINVAL, "no such group of probes: 0x%x", groups & ~all);
	if (l->ngaps + 8 > LIVE_GAPS)
		return golin_err_set(err, -EAGAIN,
				     "switched too often: earlier gaps are not out yet");
	r = helper_switch(&l->h, groups, err);
	now = live_now();
	for (int bit = 0; bit < 8; bit++) {
		uint32_t g = 1u << bit;

		if (was & ~l->h.groups & g) {
			l->off_since[bit] = now;
		} else if (l->h.groups & ~was & g && l->off_since[bit]) {
			add_gap(l, g, l->off_since[bit], now);
			l->off_since[bit] = 0;
		}
	}
	if (r < 0)
		return r;
	if (l->h.groups & ~was & GOLIN_GROUP_GOROUTINES) {
		live_snapshot_read(l, false);
		if (l->ngaps)
			l->seen_fresh = true;
		else
			l->stage = STAGE_SNAPSHOT;
	}
	return 0;
}

static int control(struct golin_source *s, const struct golin_ctl *ctl, struct golin_err *err)
{
	struct live *l = (struct live *)s;

	switch (ctl->type) {
	case GOLIN_CTL_SWITCH:
		return control_switch(l, ctl->groups, err);
	case GOLIN_CTL_READ:
		if (l->t.mem_fd < 0)
			return golin_err_set(err, -EPERM,
					     "cannot read the memory of process %d (%s)",
					     (int)l->t.pid, golin_errno_name(l->t.mem_errno));
		if (reads_ask(&l->reads, ctl->goid) < 0)
			return golin_err_set(err, -EAGAIN, "too many reads are waiting");
		return 0;
	case GOLIN_CTL_SNAPSHOT:
		/* One that is being yielded is not disturbed. */
		if (l->stage != STAGE_EVENTS || l->seen_fresh)
			return 0;
		live_snapshot_read(l, true);
		l->stage = STAGE_SNAPSHOT;
		return 0;
	case GOLIN_CTL_FINISH:
		l->finish = true;
		return 0;
	case GOLIN_CTL_TIMERS:
		return live_held_read(l, err);
	case GOLIN_CTL_SEEK:
		break;
	}
	return golin_err_set(err, -EOPNOTSUPP, "a live target cannot do that");
}

/*
 * From the cost of an empty hit, by what tests/bench/hit-cost and timer-cost show to be more:
 * in percent of it.
 */
static uint64_t cost_ns(const struct live *l, const struct wire_stats *sum)
{
	uint64_t create = sum->hits[WIRE_CREATE] * (l->o.stack_depth ? 240 : 145);
	uint64_t timers = sum->hits[WIRE_TIMER_START] * (l->o.stack_depth ? 260 : 220) +
			  sum->hits[WIRE_TIMER_END] * 180;
	uint64_t panics = (sum->hits[WIRE_PANIC_START] + sum->hits[WIRE_PANIC_GOEXIT]) * 200 +
			  sum->hits[WIRE_PANIC_DEFER] * 120 + sum->hits[WIRE_PANIC_RECOVER] * 160;
	uint64_t rest = sum->hits[WIRE_EXIT] * 140 + sum->quiet * 180;

	return (create + timers + panics + rest) * l->h.hit_ns / 100;
}

static void stats(struct golin_source *s, struct golin_source_stats *ret)
{
	struct live *l = (struct live *)s;
	struct wire_stats sum;

	memset(ret, 0, sizeof(*ret));
	counters_sum(&l->counters, &sum);
	counters_events(&sum, &ret->hits, &ret->lost_ring);
	ret->delivered = l->delivered;
	ret->missed = l->missed;
	ret->unread = l->unread;
	ret->gaps = l->gap_count;
	ret->ring_size = l->ring.size;
	ret->ring_used = ring_used(&l->ring);
	ret->cost_ns = cost_ns(l, &sum);
	ret->probes = l->h.probes;
	ret->complete = !ret->lost_ring && !ret->missed;
}

static void close_live(struct golin_source *s)
{
	struct live *l = (struct live *)s;

	if (l->h.pid || l->h.ring_fd >= 0)
		helper_stop(&l->h);
	counters_close(&l->counters);
	ring_close(&l->ring);
	live_names_done(&l->names);
	contexts_close(&l->contexts);
	panics_close(&l->panics);
	stack_contexts_reset(&l->stack_contexts);
	join_done(&l->join);
	golin_recbuf_done(&l->buf);
	held_reset(&l->held);
	array_free(&l->seen);
	map64_done(&l->coming);
	whereis_done(&l->where);
	reads_reset(&l->reads);
	latestart_done(&l->late);
	golin_imgproc_close(l->p);
	golin_target_close(&l->t);
	free(l);
}

static const struct golin_source_ops live_ops = {
	.service = service,
	.control = control,
	.stats = stats,
	.close = close_live,
};

/* ---- opening ---- */

static uint64_t ring_size(uint64_t want)
{
	uint64_t size = (uint64_t)sysconf(_SC_PAGESIZE);

	if (!want)
		want = RING_DEFAULT;
	while (size < want && size < RING_MAX)
		size *= 2;
	return size;
}

/* What runs when a timer fires tells whose it is. */
static void arm_timer_events(struct live *l, struct wire_cfg *cfg)
{
	const struct golin_plan_hook *func = plan_hook(&l->plan, "timer.func");
	const struct golin_plan_hook *send = plan_hook(&l->plan, "timer.send");

	if (!configure_timer_events(&l->plan, golin_imgproc_info(l->p), golin_imgproc_layout(l->p),
				    cfg)) {
		live_say(l, "timers are not shown: golin does not know what they are made of here");
		return;
	}
	l->dec.gofunc = func ? func->site.func_lo : 0;
	l->dec.sendtime = send ? send->site.func_lo : 0;
}

static int arm(struct live *l, struct golin_err *err)
{
	const struct golin_image_info *info = golin_imgproc_info(l->p);
	const struct golin_plan_hook *h;
	struct helper_opts o = {
		.plan = &l->plan,
		.pid = l->t.pid,
		.exe_fd = l->t.exe_fd,
		.ring_size = ring_size(l->o.ring_size),
		.groups = l->o.groups,
		.link = l->o.link,
		.progress = l->o.progress,
		.arg = l->o.arg,
	};
	uint32_t off;
	int r;

	/*
	 * All groups that can be switched on later; those of contexts and panics, whose programs
	 * take the verifier its time, only where they are asked for.
	 */
	r = golin_plan_make(info, golin_imgproc_layout(l->p),
			    GOLIN_GROUP_GOROUTINES | GOLIN_GROUP_TIMERS |
				    (l->o.groups &
				     (GOLIN_GROUP_CONTEXTS | GOLIN_GROUP_PANICS | GOLIN_GROUP_GC)),
			    &l->plan, err);
	if (r < 0)
		return r;
	if (l->o.timer_events)
		golin_plan_timer_events(&l->plan, info);
	r = golin_plan_resolve(&l->plan, l->p, err);
	if (!r)
		r = golin_plan_check(&l->plan, ~0u, err);
	if (r < 0)
		return r;
	r = configure_wire(&l->plan, info, golin_imgproc_layout(l->p), l->t.pid, l->o.stack_depth,
			   &o.cfg, err);
	if (r < 0)
		return r;
	if (l->o.groups & GOLIN_GROUP_CONTEXTS) {
		o.cfg.has |= WIRE_HAS_CONTEXTS | (l->o.show_values ? WIRE_HAS_VALUES : 0);
		configure_traces(info, golin_imgproc_layout(l->p), &o.cfg);
	}
	if (l->o.groups & GOLIN_GROUP_PANICS) {
		r = configure_panics(&l->plan, info, golin_imgproc_layout(l->p), !l->o.hide_values,
				     &o.cfg, err);
		if (r < 0)
			return r;
	}
	if (l->o.groups & GOLIN_GROUP_GC)
		o.cfg.has |= WIRE_HAS_PAUSES |
			     (info->go.minor >= PAUSES_REASON_MINOR ? WIRE_HAS_STW_REASON : 0);
	if (l->o.timer_events)
		arm_timer_events(l, &o.cfg);
	o.late = l->late.all;
	o.nlate = l->late.n;
	if (o.nlate && golin_layout_get(golin_imgproc_layout(l->p), GOLIN_F_GOBUF_ctxt, &off))
		o.cfg.has |= WIRE_HAS_LATE;
	o.want_tls = info->go.minor < 17;
	l->dec.mem_fd = -1;
	h = plan_hook(&l->plan, "goroutine.exit.how");
	if (h) {
		l->dec.goexit_lo = h->site.func_lo;
		l->dec.goexit_hi = h->site.func_hi;
	}
	if (golin_target_ended(&l->t, &l->status))
		return golin_err_set(err, -ESRCH, "process %d has ended", (int)l->t.pid);
	r = helper_start(&l->h, &o, err);
	if (r < 0)
		return r;
	l->probing = true;
	if (!l->h.sees_exec)
		live_say(l, "the kernel does not let golin see when the process executes another "
			    "program");
	r = ring_open(&l->ring, l->h.ring_fd, o.ring_size, err);
	if (r < 0)
		return r;
	return counters_open(&l->counters, l->h.stats_fd, err);
}

/*
 * A program that is over already has no maps to be looked at, but its events wait in the ring, and
 * where its first creation was seen tells as well.
 */
static int find_bias(struct live *l, struct golin_err *err)
{
	const struct golin_plan_hook *h = plan_hook(&l->plan, "goroutine.create");
	int r = golin_target_bias(&l->t, golin_imgproc_info(l->p), &l->dec.bias, err);
	uint64_t ip;

	/* One that is just ending has no maps any more, and has not ended yet. */
	if (r < 0 && r != -ESRCH) {
		struct pollfd p = {.fd = l->t.pidfd, .events = POLLIN};

		if (poll(&p, 1, ENDING_MS) == 1)
			r = golin_err_set(err, -ESRCH, "process %d has ended", (int)l->t.pid);
	}
	if (r != -ESRCH || !l->probing || !l->t.child)
		return r;
	ip = counters_create_ip(&l->counters);
	l->dec.bias = ip && h ? ip - h->site.vaddr : 0;
	return 0;
}

int golin_live_open(struct golin_target *t, struct golin_imgproc *p,
		    const struct golin_live_opts *opts, struct golin_source **ret,
		    struct golin_err *err)
{
	struct live *l = calloc(1, sizeof(*l));
	int r = 0;

	if (!l) {
		golin_imgproc_close(p);
		golin_target_close(t);
		return golin_err_set(err, -ENOMEM, "out of memory");
	}
	l->t = *t;
	golin_target_init(t);
	l->p = l->names.p = p;
	l->o = *opts;
	if (l->o.stack_depth > WIRE_STACK_MAX)
		l->o.stack_depth = WIRE_STACK_MAX;
	l->dec.target = opts->target_id ? opts->target_id : 1;
	l->status = -1;
	l->h.sock = l->h.ring_fd = l->h.stats_fd = -1;
	l->s.ops = &live_ops;
	l->s.poll_ms = POLL_MS;
	l->s.live = opts->groups != 0;
	l->first_exec = l->t.go_fd >= 0;

	latestart_open(&l->late, p);
	if (opts->groups)
		r = arm(l, err);
	if (r >= 0 && l->t.go_fd >= 0)
		r = golin_target_release(&l->t, err);
	if (r >= 0)
		r = find_bias(l, err);
	if (r < 0) {
		close_live(&l->s);
		return r;
	}
	l->dec.mem_fd = l->t.mem_fd;
	live_contexts_open(l);
	live_snapshot_read(l, false);
	l->first_exec = l->first_exec && l->h.sees_exec;
	l->exe_visible = !l->h.sees_exec && golin_target_same_exe(&l->t);
	l->next_check = live_now() + SECOND;
	*ret = &l->s;
	return 0;
}

uint32_t golin_live_probes(const struct golin_source *s)
{
	return ((const struct live *)s)->h.probes;
}

const char *golin_live_layout_source(const struct golin_source *s)
{
	const struct live *l = (const struct live *)s;

	return golin_imgproc_layout(l->p)->source == GOLIN_FROM_DWARF ? "dwarf" : "table";
}

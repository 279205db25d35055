/* SPDX-License-Identifier: BSD-2-Clause */
#include "session.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "export/export.h"
#include "filter.h"
#include "hide_values.h"
#include "open.h"
#include "recording.h"
#include "rules_loop.h"

enum {
	BATCH = 8192,		 /* records between looks at signals and the clock */
	FINISH_LIMIT_MS = 30000, /* for the rest of the ring, after the probes are gone */
};

static uint64_t mono_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ull + ts.tv_nsec;
}

static void say_exit(struct session *s, const struct golin_rec_exit *ex)
{
	struct golin_target_info t = {.comm = ""};

	golin_model_target(s->model, &t);
	if (ex->known && ex->signal)
		report_note("%u (%s) was ended by signal %d", t.pid, t.comm, ex->signal);
	else if (ex->known && ex->code)
		report_note("%u (%s) has ended with code %d", t.pid, t.comm, ex->code);
	else if (!s->child)
		report_note("%u (%s) has ended", t.pid, t.comm);
}

/* What happened to a live target that the user should hear of. */
static void say_fate(struct session *s, const struct golin_rec *rec)
{
	struct golin_target_info t = {.comm = ""};

	if (!s->src || !s->src->live)
		return;
	if (rec->type == GOLIN_REC_EXIT && !s->child_ended_by_us)
		say_exit(s, (const struct golin_rec_exit *)rec);
	if (rec->type == GOLIN_REC_EXEC && golin_model_target(s->model, &t))
		report_note("%u (%s) has executed '%s'", t.pid, t.comm,
			    golin_rec_text(rec, ((const struct golin_rec_exec *)rec)->exe));
}

static int sink_put(void *arg, const struct golin_rec *rec)
{
	struct session *s = arg;
	int ret = s->rules && !s->rules_done ? rules_before(s, rec) : 0;

	if (ret)
		return ret;
	if (s->cfg->hide_values)
		rec = hide_values(rec, &s->hidden);
	if (!rec)
		return golin_err_set(&s->sink_err, -ENOMEM, "out of memory for the model");
	ret = golin_model_apply(s->model, rec);
	if (ret)
		return golin_err_set(&s->sink_err, ret, "out of memory for the model");
	say_fate(s, rec);
	if (s->writer) {
		ret = golin_writer_put(s->writer, rec, &s->sink_err);
		if (ret)
			return ret;
	}
	return s->on_record ? s->on_record(s, rec, &s->sink_err) : 0;
}

/* A bad filter is shown with the place that the parser names. */
static int parse_filter(struct session *s, struct golin_err *err)
{
	if (!s->cfg->filter)
		return 0;
	return golin_filter_parse(s->cfg->filter, &s->filter, err);
}

int session_init(struct session *s, struct cmd_config *cfg, struct golin_err *err)
{
	struct golin_model_opts opts = {.max_ended = cfg->keep};
	int ret;

	memset(s, 0, sizeof(*s));
	s->cfg = cfg;
	s->signal_fd = s->child_pidfd = -1;
	s->stdout_fd = s->stderr_fd = STDERR_FILENO;
	s->sink = (struct golin_sink){.put = sink_put, .arg = s};
	ret = parse_filter(s, err);
	if (ret)
		return ret;
	ret = golin_model_new(&opts, &s->model);
	return ret ? golin_err_set(err, ret, "out of memory") : 0;
}

int session_find(struct session *s, struct golin_err *err)
{
	struct golin_rules_opts opts;
	int ret = rules_options(s->cfg, &opts, err);

	s->cfg->ask = true;
	s->cfg->timer_events |= !!(s->cfg->groups & GOLIN_GROUP_CONTEXTS);
	return ret ? ret : golin_rules_new(&opts, s->model, &s->rules, err);
}

int session_rules(struct session *s, uint64_t seen_until)
{
	if ((!s->rules && !s->cfg->ask) || s->rules_done)
		return 0;
	if (!s->src->ended)
		return rules_batch(s, seen_until);
	s->rules_done = true;
	return rules_finish(s);
}

static int catch_signals(struct session *s, struct golin_err *err)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, NULL);
	s->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return s->signal_fd < 0 ? golin_err_set(err, -errno, "signalfd: %s", strerror(errno)) : 0;
}

int session_open(struct session *s, struct golin_err *err)
{
	struct opened o = {.child_pidfd = -1};
	int ret = open_source(s->cfg, s->stdout_fd, s->stderr_fd, &o, err);

	if (ret)
		return ret;
	s->src = o.src;
	memcpy(s->title, o.title, sizeof(s->title));
	s->child = o.child;
	s->child_pidfd = o.child_pidfd;
	if (!s->no_signals)
		ret = catch_signals(s, err);
	if (!ret && o.ready[0])
		report_note("%s", o.ready);
	return ret;
}

/* True when one of the signals that end a session has come. */
static bool wait_signal(struct session *s, int ms)
{
	struct pollfd p = {.fd = s->signal_fd, .events = POLLIN};
	struct signalfd_siginfo si;

	if (poll(&p, 1, ms) <= 0)
		return false;
	return read(s->signal_fd, &si, sizeof(si)) == sizeof(si);
}

/* One batch; the count of records, or the error of source or sink. */
static int step(struct session *s, struct golin_err *err)
{
	uint64_t begin = mono_ns();
	int n = golin_source_service(s->src, &s->sink, BATCH, err);
	int ret = n < 0 ? n : session_rules(s, n < BATCH ? begin : 0);

	if (s->sink_err.code) {
		if (err)
			*err = s->sink_err;
		return s->sink_err.code;
	}
	if (ret < 0)
		return ret;
	ret = s->on_batch ? s->on_batch(s, err) : 0;
	if (!ret && s->writer) {
		golin_source_stats(s->src, &s->stats);
		golin_writer_stats(s->writer, &s->stats);
		ret = golin_writer_flush(s->writer, err);
	}
	return ret ? ret : n;
}

/* Ends a live source in order, so that its counts are final. */
static int finish(struct session *s, struct golin_err *err)
{
	struct golin_ctl ctl = {.type = GOLIN_CTL_FINISH};
	uint64_t limit = mono_ns() + FINISH_LIMIT_MS * 1000000ull;
	int ret;

	/* While it can be read, and before the probes miss anything. */
	if (s->rules || s->cfg->ask) {
		report_progress("looking for the last time");
		ret = rules_last_questions(s, err);
		s->rules_done = true;
		if (s->sink_err.code && err)
			*err = s->sink_err;
		if (ret < 0)
			return ret;
	}
	report_progress("detaching");
	/* Best effort: the target may have ended, its memory may not be readable. */
	if (s->refresh)
		golin_source_control(s->src, &(struct golin_ctl){.type = GOLIN_CTL_SNAPSHOT}, NULL);
	ret = golin_source_control(s->src, &ctl, err);
	while (ret >= 0 && !s->src->ended && mono_ns() < limit) {
		ret = step(s, err);
		if (ret == 0)
			wait_signal(s, 1);
	}
	report_progress(NULL);
	return ret < 0 ? ret : 0;
}

int session_loop(struct session *s, struct golin_err *err)
{
	uint64_t deadline = s->cfg->for_ns ? mono_ns() + s->cfg->for_ns : UINT64_MAX;
	int ret = 0;

	while (!s->src->ended) {
		ret = step(s, err);
		if (ret < 0)
			break;
		if (s->src->ended)
			break;
		if (wait_signal(s, ret ? 0 : s->src->poll_ms) || mono_ns() >= deadline) {
			ret = s->src->live ? finish(s, err) : 0;
			break;
		}
	}
	/* The reading of a recording was broken off. */
	if (ret >= 0 && s->rules && !s->rules_done) {
		s->rules_done = true;
		ret = rules_finish(s);
		if (ret && err)
			*err = s->sink_err;
	}
	golin_source_stats(s->src, &s->stats);
	if (s->writer)
		golin_writer_stats(s->writer, &s->stats);
	return ret < 0 ? ret : 0;
}

/* A program that golin started does not outlive it: SIGTERM, as `perf stat --timeout` does. */
static void end_child(struct session *s)
{
	struct pollfd p = {.fd = s->child_pidfd, .events = POLLIN};

	if (s->child_pidfd < 0)
		return;
	if (poll(&p, 1, 0) == 0) {
		s->child_ended_by_us = true;
		syscall(SYS_pidfd_send_signal, s->child_pidfd, SIGTERM, NULL, 0);
		if (poll(&p, 1, 5000) == 0) {
			report_note("the program does not end by SIGTERM: it gets SIGKILL");
			syscall(SYS_pidfd_send_signal, s->child_pidfd, SIGKILL, NULL, 0);
		}
	}
	close(s->child_pidfd);
	s->child_pidfd = -1;
}

void session_close(struct session *s)
{
	struct golin_err err = {0};

	if (s->writer && golin_writer_close(s->writer, &err))
		report_err(&err);
	s->writer = NULL;
	golin_source_close(s->src);
	s->src = NULL;
	end_child(s);
	golin_filter_free(s->filter);
	s->filter = NULL;
	golin_rules_free(s->rules);
	s->rules = NULL;
	golin_model_free(s->model);
	s->model = NULL;
	golin_recbuf_done(&s->hidden);
	if (s->signal_fd >= 0)
		close(s->signal_fd);
	s->signal_fd = -1;
}

static void report_losses(struct session *s)
{
	const struct golin_source_stats *st = &s->stats;
	bool mib = st->ring_size >= 1 << 20;
	struct golin_model_counts c;

	golin_model_counts(s->model, &c);
	if (st->lost_ring)
		report_warn("lost %llu of %llu events (ring full): goroutines and contexts may be "
			    "missing, or have an unknown parent. Try a larger --ring than %llu %s",
			    (unsigned long long)st->lost_ring, (unsigned long long)st->hits,
			    (unsigned long long)st->ring_size >> (mib ? 20 : 10),
			    mib ? "MiB" : "KiB");
	if (st->missed)
		report_warn("the kernel left out %llu hits (recursion)",
			    (unsigned long long)st->missed);
	if (c.lost_cut)
		report_warn("the recording is cut or damaged: %llu bytes ignored",
			    (unsigned long long)c.lost_cut);
	else if (!s->src->live && !st->complete && !st->lost_ring && !st->missed)
		report_warn("the recording has no end: it was cut, or its writer was killed");
	if (st->unread)
		report_note("%llu events could not be read in full",
			    (unsigned long long)st->unread);
}

int session_exit(struct session *s, int own)
{
	struct golin_rec_exit ex;

	if (s->src && s->model && (!own || own == GOLIN_EXIT_FINDINGS)) {
		report_losses(s);
		if (!own && !golin_export_complete(s->model, &s->stats))
			own = GOLIN_EXIT_INCOMPLETE;
	}
	if (s->child && !s->child_ended_by_us && s->model && golin_model_exit(s->model, &ex) &&
	    ex.known) {
		if (ex.signal)
			return 128 + ex.signal;
		if (ex.code)
			return ex.code;
	}
	return own;
}

int session_view(struct session *s, struct cmd_config *cfg)
{
	struct golin_err err = {0};
	int ret = session_init(s, cfg, &err);

	s->refresh = true;
	if (!ret)
		ret = session_open(s, &err);
	if (!ret)
		ret = session_loop(s, &err);
	return ret ? report_err(&err) : 0;
}

// SPDX-License-Identifier: BSD-2-Clause
/*
 * The one loop: terminal, signals, source and the program's output in one thread. The source is
 * serviced in bounded slices, so that no flood keeps the keyboard waiting; frames are skipped
 * while the terminal is slow, so that no terminal keeps the source waiting.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>
#include "app.h"
#include "golin/findings.h"
#include "golin/model.h"
#include "golin/source.h"
#include "golin/tui.h"
#include "script.h"
#include "term.h"

enum {
	NS_PER_MS = 1000000,
	SLICE_RECORDS = 512,
	SLICE_MS = 8,	       /* of source work between two looks at the keyboard */
	EVENTS_MAX = 256,      /* keys between two paints */
	LOG_BYTES = 64 * 1024, /* of the program's output between two looks */
	READ_MS = 1000,	       /* between two looks at the states on the screen */
	READ_GAP_MS = 50,
	READ_DEAR_MS = 20, /* what one look may take before it is made seldom */
	QUIET_POLLS = 50,
	SCRIPT_MS = 5,
};

static const int loop_signals[] = {SIGWINCH, SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGCONT};
enum { N_LOOP_SIGNALS = sizeof(loop_signals) / sizeof(loop_signals[0]) };

struct loop {
	struct golin_source *src;
	struct golin_model *model;
	const struct golin_tui_opts *opts;
	struct golin_err *err;
	struct app app;
	struct term term;
	struct canvas canvas;
	struct script script;
	bool scripted;
	int signals, log_fd;
	sigset_t old_mask;
	uint64_t start, now;
	uint64_t source_at; /* when to service it next */
	uint64_t frame_at;  /* when data may be painted next */
	uint64_t read_at;
	bool reads;   /* the source answers GOLIN_CTL_READ */
	bool reading; /* it has been asked and has not been serviced since */
	int read_batch, read_pos;
	unsigned quiet; /* services in a row that gave nothing */
	bool source_done, mouse;
	int ret; /* negative errno: what the source said */
};

static uint64_t mono(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

static int open_signals(struct loop *l)
{
	sigset_t set;

	sigemptyset(&set);
	for (int i = 0; i < N_LOOP_SIGNALS; i++)
		sigaddset(&set, loop_signals[i]);
	if (sigprocmask(SIG_BLOCK, &set, &l->old_mask))
		return -errno;
	l->signals = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	if (l->signals < 0) {
		int ret = -errno;

		sigprocmask(SIG_SETMASK, &l->old_mask, NULL);
		return ret;
	}
	return 0;
}

static void resize(struct loop *l)
{
	int w, h;

	term_size(&l->term, &w, &h);
	if (!canvas_resize(&l->canvas, w, h))
		return;
	term_resize(&l->term, w, h);
	app_resize(&l->app, w, h);
}

/* Ctrl-Z: the shell gets its terminal as it was; on SIGCONT it is taken again. */
static void suspend(struct loop *l)
{
	struct sigaction dfl = {.sa_handler = SIG_DFL}, old;
	sigset_t set;

	l->app.suspend = false;
	term_leave(&l->term);
	sigaction(SIGTSTP, &dfl, &old);
	sigemptyset(&set);
	sigaddset(&set, SIGTSTP);
	raise(SIGTSTP);
	sigprocmask(SIG_UNBLOCK, &set, NULL); /* stops here */
	sigprocmask(SIG_BLOCK, &set, NULL);
	sigaction(SIGTSTP, &old, NULL);
	term_enter(&l->term);
	resize(l);
}

static void on_signal(struct loop *l, uint32_t sig)
{
	switch (sig) {
	case SIGWINCH:
		resize(l);
		break;
	case SIGTSTP:
		l->app.suspend = true;
		break;
	case SIGCONT: /* was stopped by SIGSTOP: somebody may have changed the terminal */
		term_enter(&l->term);
		resize(l);
		break;
	default:
		l->app.quit = true;
	}
}

static void read_signals(struct loop *l)
{
	struct signalfd_siginfo si[16];
	ssize_t n;

	while ((n = read(l->signals, si, sizeof(si))) > 0)
		for (size_t i = 0; i < (size_t)n / sizeof(si[0]); i++)
			on_signal(l, si[i].ssi_signo);
}

static bool read_input(struct loop *l)
{
	struct term_event e;
	bool any = false;
	int there = 0;

	/* Readable with nothing to read is the end of a terminal that was closed. */
	if (!ioctl(l->term.tty, FIONREAD, &there) && !there) {
		l->app.quit = true;
		return false;
	}

	for (int i = 0; i < EVENTS_MAX && !l->app.quit && term_next(&l->term, &e); i++) {
		any = true;
		if (e.type == TERM_KEY)
			app_key(&l->app, e.key);
		else
			app_mouse(&l->app,
				  e.type == TERM_CLICK	    ? APP_CLICK
				  : e.type == TERM_WHEEL_UP ? APP_WHEEL_UP
							    : APP_WHEEL_DOWN,
				  e.y, e.x);
	}
	return any;
}

static void read_log(struct loop *l)
{
	char buf[LOG_BYTES];
	ssize_t n = read(l->log_fd, buf, sizeof(buf));

	if (n > 0) {
		app_log(&l->app, buf, (size_t)n);
	} else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
		app_log(&l->app, NULL, 0);
		l->log_fd = -1; /* the caller's to close */
	}
}

static int put(void *arg, const struct golin_rec *rec)
{
	struct loop *l = arg;

	app_record(&l->app, rec);
	return l->opts->sink ? l->opts->sink->put(l->opts->sink->arg, rec)
			     : golin_model_apply(l->model, rec);
}

/* A source that fails ends; what was seen so far stays to be looked at. */
static void source_failed(struct loop *l, int ret, const struct golin_err *err)
{
	l->source_done = true;
	if (!l->ret) {
		l->ret = ret;
		if (l->err)
			*l->err = *err;
	}
	snprintf(l->app.source_error, sizeof(l->app.source_error), "%.255s",
		 err->msg[0] ? err->msg : golin_errno_name(-ret));
	l->app.dirty = true;
}

/*
 * Asks for the states of what is on the screen: all of them once a second where that is cheap,
 * few at a time and seldom where it is not (a source may have to look through all goroutines).
 */
static void read_states(struct loop *l)
{
	uint64_t goids[APP_READS_MAX];
	int n = app_visible(&l->app, goids, APP_READS_MAX);

	if (l->read_pos >= n)
		l->read_pos = 0;
	for (int i = 0; i < l->read_batch && l->read_pos < n; i++, l->read_pos++) {
		struct golin_ctl ctl = {.type = GOLIN_CTL_READ, .goid = goids[l->read_pos]};
		int ret = golin_source_control(l->src, &ctl, NULL);

		if (ret == -EOPNOTSUPP || ret == -EPERM)
			l->reads = false;
		if (ret)
			break;
		l->reading = true;
	}
	l->read_at = l->now + (l->read_pos < n ? READ_GAP_MS : READ_MS) * (uint64_t)NS_PER_MS;
	if (l->reading)
		l->source_at = l->now;
}

/* The source has answered within `cost` ns: no more than a few percent of the time go to that. */
static void reads_took(struct loop *l, uint64_t cost)
{
	uint64_t rest = cost * (cost > READ_DEAR_MS * (uint64_t)NS_PER_MS ? 200 : 20);

	l->reading = false;
	if (cost > READ_DEAR_MS / 2 * (uint64_t)NS_PER_MS)
		l->read_batch = l->read_batch > 4 ? l->read_batch / 4 : 1;
	else if (cost < 2 * (uint64_t)NS_PER_MS && l->read_batch < APP_READS_MAX)
		l->read_batch *= 2;
	if (l->read_at < l->now + rest)
		l->read_at = l->now + rest;
}

static void service(struct loop *l)
{
	const struct golin_sink sink = {.put = put, .arg = l};
	uint64_t begin = l->now, until = begin + (uint64_t)SLICE_MS * NS_PER_MS;
	struct golin_err err = {0};
	int n;

	do {
		uint64_t from = mono();

		n = golin_source_service(l->src, &sink, SLICE_RECORDS, &err);
		if (n >= 0 && l->opts->on_batch &&
		    l->opts->on_batch(l->opts->arg, n < SLICE_RECORDS ? from : 0))
			n = golin_err_set(&err, -ENOMEM, "out of memory");
		if (n < 0) {
			source_failed(l, n, &err);
			return;
		}
		l->now = mono();
		if (l->reading)
			reads_took(l, l->now - begin);
	} while (n > 0 && !l->src->ended && l->now < until);
	if (l->src->ended && n == 0)
		l->source_done = true;
	l->quiet = n > 0 ? 0 : l->quiet + 1;
	/* More is there: after a look at the keyboard. Long quiet: half as often. */
	l->source_at = n > 0 ? l->now
			     : l->now + (uint64_t)l->src->poll_ms * NS_PER_MS *
						(l->quiet > QUIET_POLLS ? 2 : 1);
}

/* Nothing will come any more: the rules' last look. What they ask nobody answers. */
static void last_look(struct loop *l)
{
	uint64_t now = l->src->live ? l->now : golin_model_now(l->model);
	struct golin_ctl ctl;

	if (!l->opts->rules)
		return;
	if (golin_rules_finish(l->opts->rules, now))
		snprintf(l->app.source_error, sizeof(l->app.source_error),
			 "out of memory: the findings are not complete");
	while (golin_rules_ask(l->opts->rules, &ctl))
		;
}

static void paint(struct loop *l)
{
	if (l->app.redraw) {
		l->app.redraw = false;
		term_redraw(&l->term);
	}
	if (l->mouse != l->app.mouse) {
		l->mouse = l->app.mouse;
		term_set_mouse(&l->term, l->mouse);
	}
	app_draw(&l->app, &l->canvas);
	term_paint(&l->term, &l->canvas);
	l->frame_at = l->now + (uint64_t)APP_FRAME_MS * NS_PER_MS;
}

static void run_script(struct loop *l)
{
	struct strbuf text = {0};
	int key, ret;

	canvas_text(&l->canvas, &text);
	ret = script_step(&l->script, l->now, strbuf_cstr(&text), &key, l->err);
	strbuf_done(&text);
	if (ret < 0) {
		l->ret = ret;
		l->app.quit = true;
	}
	if (ret <= 0) {
		script_done(&l->script);
		l->scripted = false;
	}
	if (key)
		app_key(&l->app, key);
}

static int until_ms(const struct loop *l, uint64_t at)
{
	uint64_t ms;

	if (at <= l->now)
		return 0;
	ms = (at - l->now + NS_PER_MS - 1) / NS_PER_MS;
	return ms > 1000 ? 1000 : (int)ms;
}

static int min_ms(int a, int b)
{
	return b < a ? b : a;
}

static int timeout(const struct loop *l)
{
	int ms = 1000; /* ages and rates */

	if (!l->source_done)
		ms = min_ms(ms, until_ms(l, l->source_at));
	if (l->app.dirty || l->app.stale || l->source_done != l->app.source_ended)
		ms = min_ms(ms, until_ms(l, l->frame_at));
	if (l->opts->duration_ns)
		ms = min_ms(ms, until_ms(l, l->start + l->opts->duration_ns));
	if (l->scripted)
		ms = min_ms(ms, SCRIPT_MS);
	return ms;
}

/* Waits, and takes what has come. Returns true when the user did something. */
static bool wait_and_read(struct loop *l)
{
	struct pollfd p[3] = {
		{.fd = l->term.tty, .events = POLLIN},
		{.fd = l->signals, .events = POLLIN},
		{.fd = l->log_fd, .events = POLLIN},
	};
	bool user = false;

	if (!term_idle(&l->term))
		p[0].events |= POLLOUT;
	if (poll(p, 3, timeout(l)) <= 0)
		return false;
	if (p[1].revents & POLLIN)
		read_signals(l);
	if (p[0].revents & POLLIN)
		user = read_input(l);
	/* A terminal that was closed: there is nobody to show anything to. */
	if ((p[0].revents & (POLLHUP | POLLERR | POLLNVAL)) || term_gone(&l->term))
		l->app.quit = true;
	if (p[2].revents)
		read_log(l);
	return user;
}

static void tick(struct loop *l)
{
	struct golin_source_stats st = l->app.stats;

	golin_source_stats(l->src, &st);
	app_tick(&l->app, l->now, &st, l->source_done);
}

static void run(struct loop *l)
{
	uint64_t tick_at = 0;

	while (!l->app.quit) {
		bool user = wait_and_read(l);

		l->now = mono();
		if (l->app.suspend)
			suspend(l);
		if (l->opts->duration_ns && l->now >= l->start + l->opts->duration_ns)
			break;
		/* A key is painted before more records are looked at. */
		if (!user && !l->source_done && l->now >= l->source_at) {
			service(l);
			if (l->source_done)
				last_look(l);
		}
		if (l->now >= tick_at || user || l->source_done != l->app.source_ended) {
			tick(l);
			tick_at = l->now + (uint64_t)APP_FRAME_MS * NS_PER_MS;
		}
		if (l->reads && !l->source_done && l->now >= l->read_at)
			read_states(l);
		if (!term_flush(&l->term))
			continue; /* the last frame is still on its way */
		if ((user || l->now >= l->frame_at) && app_update(&l->app))
			paint(l);
		if (l->scripted && !l->app.dirty) {
			run_script(l);
			if (l->app.dirty)
				l->frame_at = 0;
		}
	}
}

static int start(struct loop *l, struct golin_err *err)
{
	const struct golin_tui_opts *opts = l->opts;
	struct app_opts app = {
		.title = opts->title,
		.filter = opts->filter,
		.live = l->src->live,
		.has_log = opts->log_fd >= 0,
		.mouse = !opts->no_mouse,
	};
	int ret = app_init(&l->app, l->model, &app, err);

	if (!ret && opts->script) {
		ret = script_open(&l->script, opts->script, err);
		l->scripted = !ret;
	}
	if (ret)
		return ret;
	ret = open_signals(l);
	if (ret)
		return golin_err_set(err, ret, "cannot watch signals: %s", golin_errno_name(-ret));
	ret = term_open(&l->term, opts, err);
	if (ret)
		return ret;
	l->mouse = !opts->no_mouse;
	l->canvas.ascii = l->term.ascii;
	resize(l);
	return l->canvas.cells ? 0 : golin_err_set(err, -ENOMEM, "out of memory");
}

int golin_tui_run(struct golin_source *src, struct golin_model *model,
		  const struct golin_tui_opts *opts, struct golin_err *err)
{
	struct golin_err own = {0};
	struct loop *l = calloc(1, sizeof(*l));
	int ret;

	if (!l)
		return golin_err_set(err, -ENOMEM, "out of memory");
	l->src = src;
	l->model = model;
	l->opts = opts;
	l->err = &own;
	l->signals = -1;
	l->log_fd = opts->log_fd;
	l->reads = src->live;
	l->read_batch = 4;
	l->start = l->now = mono();
	ret = start(l, &own);
	if (!ret) {
		if (src->live)
			l->app.since = l->start;
		l->app.rules = opts->rules;
		run(l);
		ret = l->ret;
		term_close(&l->term);
	}
	script_done(&l->script);
	canvas_done(&l->canvas);
	app_done(&l->app);
	if (l->signals >= 0) {
		close(l->signals);
		sigprocmask(SIG_SETMASK, &l->old_mask, NULL);
	}
	free(l);
	if (ret && err)
		*err = own;
	return ret;
}

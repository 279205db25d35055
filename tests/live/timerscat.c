/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Watches the timers of a live process, feeds a model, and prints what the model says:
 *
 *	timerscat [-l multi|perf] PID
 *
 * "ready" when it watches. Then for each line on stdin it lets the source read what the runtime
 * holds, and prints a line "site FUNC kind=K made=N pending=N held=N before=N first=N stopped=N
 * fired=N" for each site, "stats ..." and "done". It ends with its stdin.
 */
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "base/err.h"
#include "golin/probes.h"
#include "golin/timers.h"
#include "golin/waits.h"
#include "image_process.h"

enum { SERVICE = 4096, LIMIT_MS = 20000, QUIET_MS = 50 };

static struct golin_model *model;
static struct golin_source *source;
static bool answered;

static void die(const char *what, const struct golin_err *err)
{
	fprintf(stderr, "timerscat: %s: %s\n", what, err ? err->msg : "");
	exit(3);
}

static uint64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

static int put(void *arg, const struct golin_rec *rec)
{
	if (!golin_record_check(rec, rec->size) || !golin_record_is_clean(rec))
		die("a record is not as it should be", NULL);
	if (rec->type == GOLIN_REC_TIMER_HELD)
		answered |= ((const struct golin_rec_timer_held *)rec)->last;
	return golin_model_apply(model, rec);
}

/* One round of the loop; true when there was something. */
static bool step(void)
{
	const struct golin_sink sink = {.put = put};
	struct golin_err err = {0};
	int n = golin_source_service(source, &sink, SERVICE, &err);

	if (n < 0)
		die("service", &err);
	if (!n)
		poll(NULL, 0, 1);
	return n > 0;
}

static void answer(void)
{
	const struct golin_ctl ctl = {.type = GOLIN_CTL_TIMERS};
	uint64_t begin = now_ms(), quiet = begin;
	struct golin_source_stats st;
	struct golin_err err = {0};

	while (now_ms() - quiet < QUIET_MS && now_ms() - begin < LIMIT_MS)
		if (step())
			quiet = now_ms();
	answered = false;
	if (golin_source_control(source, &ctl, &err))
		die("control", &err);
	while (!answered && now_ms() - begin < LIMIT_MS)
		step();
	if (!answered)
		die("no answer", NULL);
	for (uint32_t i = 0; i < golin_model_timer_sites(model); i++) {
		const struct golin_timer_site *s = golin_model_timer_site(model, i);
		struct golin_frame f = golin_model_user_frame(model, s->stack, NULL);

		printf("site %s kind=%s made=%" PRIu64 " pending=%" PRIu64 " held=%" PRIu64
		       " before=%" PRIu64 " first=%" PRIu64 " stopped=%" PRIu64 " fired=%" PRIu64
		       "\n",
		       f.func, golin_timer_kind_name(s->kind), s->made, s->pending, s->held,
		       s->held_before, s->held_first, s->stopped, s->fired);
	}
	golin_source_stats(source, &st);
	printf("stats hits=%" PRIu64 " delivered=%" PRIu64 " lost=%" PRIu64 " missed=%" PRIu64
	       " unread=%" PRIu64 "\ndone\n",
	       st.hits, st.delivered, st.lost_ring, st.missed, st.unread);
	fflush(stdout);
}

static void open_source(pid_t pid, uint32_t link)
{
	struct golin_live_opts o = {
		.groups = GOLIN_GROUP_GOROUTINES | GOLIN_GROUP_TIMERS,
		.stack_depth = 32,
		.target_id = 1,
		.link = link,
		.timer_events = true,
	};
	struct golin_imgproc *p;
	struct golin_err err = {0};
	struct golin_target t;

	if (golin_target_open(pid, &t, &err) < 0 ||
	    golin_imgproc_open(t.exe_fd, t.exe, GOLIN_LAYOUT_AUTO, &p, &err) < 0 ||
	    golin_live_open(&t, p, &o, &source, &err) < 0)
		die("open", &err);
}

int main(int argc, char **argv)
{
	struct pollfd in = {.fd = 0, .events = POLLIN};
	uint32_t link = GOLIN_LINK_AUTO;
	char line[64];
	int c;

	while ((c = getopt(argc, argv, "l:")) != -1)
		if (c == 'l')
			link = *optarg == 'p' ? GOLIN_LINK_PERF : GOLIN_LINK_MULTI;
	if (optind >= argc || golin_model_new(NULL, &model))
		return 2;
	setvbuf(stdin, NULL, _IONBF, 0);
	open_source(atoi(argv[optind]), link);
	while (step())
		;
	puts("ready");
	fflush(stdout);
	for (;;) {
		if (poll(&in, 1, 0) == 1) {
			if (!fgets(line, sizeof(line), stdin))
				break;
			answer();
		}
		step();
	}
	golin_source_close(source);
	golin_model_free(model);
	return 0;
}

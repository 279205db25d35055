/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Prints the records of a live process, one a line: the source alone, without model and views.
 *
 *	livecat [OPTIONS] PID | -- CMD...
 *	  --for S      end after S seconds          --groups goroutines,timers,panics|none
 *	  --hide       no text of panics' values
 *	  --timers     records of timers too
 *	  --depth N    frames of stacks             --link multi|perf
 *	  --ring N     bytes                        --quiet   only the last line: the counts
 *	  --stall S    do not read for S seconds    --max N   records a service() call
 *	  --switch S   off after S seconds, on again after 2 S
 *	  --read G     after half a second: asks how goroutine G is, and for another reading of all
 *	  --stdout F   where the output of CMD goes
 *
 * The last line is `stats ...`. Exit 0; 1 when hits != delivered + lost; 3 when it cannot open.
 */
#include <fcntl.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>
#include "base/array.h"
#include "base/err.h"
#include "base/map64.h"
#include "golin/probes.h"
#include "image_process.h"

static struct map64 names;
static ARRAY_OF(char *) texts;
static bool quiet;
static uint64_t counts[GOLIN_REC_TYPE_MAX];
static volatile sig_atomic_t stop;

static void on_signal(int sig)
{
	stop = 1;
}

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static const char *name(uint64_t pc)
{
	uint32_t i;

	if (!pc)
		return "-";
	return map64_get(&names, pc, &i) ? texts.v[i] : "UNNAMED";
}

static void keep_name(const struct golin_rec_name *r)
{
	const struct golin_rec_frame *f = r->frames;
	char text[512], **slot = array_add(&texts);

	if (r->n)
		snprintf(text, sizeof(text), "%s:%u%s", golin_rec_text(&r->h, f->func), f->line,
			 f->flags & GOLIN_FRAME_WRAPPER ? "(wrapper)" : "");
	else
		snprintf(text, sizeof(text), "?0x%llx", (unsigned long long)r->pc);
	if (!slot)
		abort();
	*slot = strdup(text);
	map64_put(&names, r->pc, (uint32_t)(texts.len - 1));
}

#define U(x) ((unsigned long long)(x))

static void put_value(const struct golin_rec *rec, const struct golin_rec_value *v)
{
	printf("  value type=%llx data=%llx size=%llu flags=0x%x up=%u text=%s\n", U(v->type),
	       U(v->data), U(v->size), v->flags, v->up, golin_rec_text(rec, v->text));
}

static int put(void *arg, const struct golin_rec *rec)
{
	union {
		const struct golin_rec *h;
		const struct golin_rec_target *target;
		const struct golin_rec_name *name;
		const struct golin_rec_stack *stack;
		const struct golin_rec_settings *settings;
		const struct golin_rec_snapshot *snapshot;
		const struct golin_rec_gap *gap;
		const struct golin_rec_lost *lost;
		const struct golin_rec_exec *exec;
		const struct golin_rec_exit *end;
		const struct golin_rec_goroutine_create *create;
		const struct golin_rec_goroutine_seen *seen;
		const struct golin_rec_goroutine_exit *exit;
		const struct golin_rec_goroutine_state *state;
		const struct golin_rec_timer_start *timer_start;
		const struct golin_rec_timer_end *timer_end;
		const struct golin_rec_type_name *type;
		const struct golin_rec_panic_start *panic;
		const struct golin_rec_panic_defer *defer;
		const struct golin_rec_panic_recover *recover;
		const struct golin_rec_panic_goexit *goexit;
		const struct golin_rec_panic_fatal *fatal;
		const struct golin_rec_panic_throw *throw;
	} r = {.h = rec};

	const uint16_t *words =
		rec->type == GOLIN_REC_STACK ? golin_rec_stack_words(r.stack) : NULL;

	if (rec->type < GOLIN_REC_TYPE_MAX)
		counts[rec->type]++;
	if (quiet && rec->type >= GOLIN_REC_GOROUTINE_CREATE)
		return 0;
	if (!golin_record_check(rec, rec->size)) {
		printf("BAD record type=%u size=%u\n", rec->type, rec->size);
		return 0;
	}
	if (rec->type == GOLIN_REC_NAME) {
		keep_name(r.name);
		return 0;
	}
	if (quiet)
		return 0;
	printf("e%u ", rec->epoch);
	switch (rec->type) {
	case GOLIN_REC_TARGET:
		printf("target pid=%u flags=0x%x layout=%u bias=0x%llx exe=%s go=%s\n",
		       r.target->pid, r.target->flags, r.target->layout_source,
		       U(r.target->load_bias), golin_rec_text(rec, r.target->exe),
		       golin_rec_text(rec, r.target->go));
		break;
	case GOLIN_REC_STACK:
		printf("stack id=%llx n=%u%s:", U(r.stack->id), r.stack->n,
		       r.stack->truncated ? " truncated" : "");
		for (uint32_t i = 0; i < r.stack->n; i++)
			printf(" %s", name(r.stack->pcs[i]));
		for (uint32_t i = 0; words && i < r.stack->n; i++)
			printf("%s%u", i ? "," : " words=", words[i]);
		printf("\n");
		break;
	case GOLIN_REC_SETTINGS:
		printf("settings groups=%u probes=%u ring=%llu depth=%u link=%u\n",
		       r.settings->groups, r.settings->probes, U(r.settings->ring_size),
		       r.settings->stack_depth, r.settings->link);
		break;
	case GOLIN_REC_SNAPSHOT:
		printf("snapshot phase=%u count=%llu unread=%llu\n", r.snapshot->phase,
		       U(r.snapshot->count), U(r.snapshot->unread));
		break;
	case GOLIN_REC_GAP:
		printf("gap groups=%u ns=%llu\n", r.gap->groups, U(r.gap->duration_ns));
		break;
	case GOLIN_REC_LOST:
		printf("lost cause=%u count=%llu\n", r.lost->cause, U(r.lost->count));
		break;
	case GOLIN_REC_EXEC:
		printf("exec exe=%s\n", golin_rec_text(rec, r.exec->exe));
		break;
	case GOLIN_REC_EXIT:
		printf("end known=%u code=%d signal=%d\n", r.end->known, r.end->code,
		       r.end->signal);
		break;
	case GOLIN_REC_GOROUTINE_CREATE:
		printf("create child=%llu parent=%llu via=%s start=%s at=%s stack=%llx "
		       "armed_by=%llu flags=%u\n",
		       U(r.create->child), U(rec->goid), golin_via_name(r.create->via),
		       name(r.create->startpc), name(r.create->gopc), U(r.create->stack),
		       U(r.create->armed_by), r.create->flags);
		break;
	case GOLIN_REC_GOROUTINE_SEEN:
		printf("seen child=%llu parent=%llu start=%s at=%s state=%s wait=%s flags=%u\n",
		       U(r.seen->child), U(rec->goid), name(r.seen->startpc), name(r.seen->gopc),
		       golin_gstate_name(r.seen->state), golin_rec_text(rec, r.seen->wait),
		       r.seen->flags);
		break;
	case GOLIN_REC_GOROUTINE_EXIT:
		printf("exit goid=%llu parent=%llu how=%s start=%s at=%s flags=%u\n", U(rec->goid),
		       U(r.exit->parent), golin_how_name(r.exit->how), name(r.exit->startpc),
		       name(r.exit->gopc), r.exit->flags);
		break;
	case GOLIN_REC_GOROUTINE_GONE:
		printf("gone goid=%llu\n", U(rec->goid));
		break;
	case GOLIN_REC_GOROUTINE_STATE:
		printf("state goid=%llu state=%s wait=%s\n", U(rec->goid),
		       golin_gstate_name(r.state->state), golin_rec_text(rec, r.state->wait));
		break;
	case GOLIN_REC_TIMER_START:
		printf("timer.start goid=%llu timer=%llx kind=%s again=%u stack=%llx flags=%u\n",
		       U(rec->goid), U(r.timer_start->timer),
		       golin_timer_kind_name(r.timer_start->kind), r.timer_start->again,
		       U(r.timer_start->stack), r.timer_start->flags);
		break;
	case GOLIN_REC_TIMER_END:
		printf("timer.end goid=%llu timer=%llx how=%s flags=%u\n", U(rec->goid),
		       U(r.timer_end->timer), golin_timer_end_name(r.timer_end->how),
		       r.timer_end->flags);
		break;
	case GOLIN_REC_TYPE:
		printf("type %llx %s\n", U(r.type->type), golin_rec_text(rec, r.type->name));
		break;
	case GOLIN_REC_PANIC_START:
		printf("panic.start goid=%llu depth=%llu stack=%llx fault=%s,%llx flags=0x%x\n",
		       U(rec->goid), U(r.panic->depth), U(r.panic->stack), name(r.panic->fault_pc),
		       U(r.panic->fault_addr), r.panic->flags);
		for (uint32_t i = 0; i < r.panic->n; i++)
			put_value(rec, &r.panic->values[i]);
		break;
	case GOLIN_REC_PANIC_DEFER:
		printf("panic.defer goid=%llu func=%s flags=0x%x\n", U(rec->goid),
		       name(r.defer->pc), r.defer->flags);
		break;
	case GOLIN_REC_PANIC_RECOVER:
		printf("panic.recover goid=%llu resumed=%s depth=%llu type=%llx flags=0x%x\n",
		       U(rec->goid), name(r.recover->resumed_pc), U(r.recover->depth),
		       U(r.recover->type), r.recover->flags);
		break;
	case GOLIN_REC_PANIC_GOEXIT:
		printf("panic.goexit goid=%llu depth=%llu stack=%llx flags=0x%x\n", U(rec->goid),
		       U(r.goexit->depth), U(r.goexit->stack), r.goexit->flags);
		break;
	case GOLIN_REC_PANIC_FATAL:
		printf("panic.fatal goid=%llu flags=0x%x\n", U(rec->goid), r.fatal->flags);
		for (uint32_t i = 0; i < r.fatal->n; i++) {
			printf("  [0x%x] ", r.fatal->panics[i].flags);
			put_value(rec, &r.fatal->panics[i].value);
		}
		break;
	case GOLIN_REC_PANIC_THROW:
		printf("panic.throw goid=%llu stack=%llx flags=0x%x text=%s\n", U(rec->goid),
		       U(r.throw->stack), r.throw->flags, golin_rec_text(rec, r.throw->text));
		break;
	default:
		printf("%u\n", rec->type);
	}
	return 0;
}

static void progress(void *arg, const char *text)
{
	fprintf(stderr, "livecat: %s\n", text);
}

static int fail(const struct golin_err *err)
{
	fprintf(stderr, "livecat: %s\n", err->msg);
	if (*err->hint)
		fprintf(stderr, "hint: %s\n", err->hint);
	return 3;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{"for", 1, 0, 'f'},    {"groups", 1, 0, 'g'},
		{"depth", 1, 0, 'd'},  {"link", 1, 0, 'l'},
		{"ring", 1, 0, 'r'},   {"quiet", 0, 0, 'q'},
		{"stall", 1, 0, 's'},  {"max", 1, 0, 'm'},
		{"switch", 1, 0, 'w'}, {"stdout", 1, 0, 'o'},
		{"read", 1, 0, 'R'},   {"timers", 0, 0, 't'},
		{"hide", 0, 0, 'h'},   {0},
	};
	struct golin_live_opts o = {
		.groups = GOLIN_GROUP_GOROUTINES | GOLIN_GROUP_TIMERS,
		.stack_depth = 32,
		.target_id = 1,
		.progress = progress,
	};
	struct golin_source_stats st;
	struct golin_target t;
	struct golin_source *s;
	struct golin_imgproc *p;
	struct golin_sink sink = {.put = put};
	struct golin_err err = {0};
	double secs = 1e9, stall = 0, sw = 0, begin, opened;
	struct golin_ctl ctl = {0};
	struct rusage ru;
	uint64_t ask = 0;
	int c, r, max = 4096, switched = 0, out = -1;

	while ((c = getopt_long(argc, argv, "+", options, NULL)) != -1) {
		switch (c) {
		case 'f':
			secs = atof(optarg);
			break;
		case 'g':
			o.groups = (strstr(optarg, "goroutines") ? GOLIN_GROUP_GOROUTINES : 0) |
				   (strstr(optarg, "timers") ? GOLIN_GROUP_TIMERS : 0) |
				   (strstr(optarg, "panics") ? GOLIN_GROUP_PANICS : 0);
			break;
		case 't':
			o.timer_events = true;
			break;
		case 'h':
			o.hide_values = true;
			break;
		case 'd':
			o.stack_depth = (uint32_t)atoi(optarg);
			break;
		case 'l':
			o.link = *optarg == 'p' ? GOLIN_LINK_PERF : GOLIN_LINK_MULTI;
			break;
		case 'r':
			o.ring_size = strtoull(optarg, NULL, 0);
			break;
		case 'q':
			quiet = true;
			break;
		case 's':
			stall = atof(optarg);
			break;
		case 'm':
			max = atoi(optarg);
			break;
		case 'o':
			out = open(optarg, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
			break;
		case 'R':
			ask = strtoull(optarg, NULL, 0);
			break;
		case 'w':
			sw = atof(optarg);
			break;
		default:
			return 2;
		}
	}
	if (optind >= argc)
		return 2;
	signal(SIGINT, on_signal);
	signal(SIGTERM, on_signal);
	begin = now();
	if (!strcmp(argv[optind - 1], "--"))
		r = golin_target_spawn(&argv[optind],
				       &(struct golin_spawn_opts){
					       .stdout_fd = out, .stderr_fd = -1, .stdin_fd = -1},
				       &t, &err);
	else
		r = golin_target_open(atoi(argv[optind]), &t, &err);
	if (r < 0)
		return fail(&err);
	r = golin_imgproc_open(t.exe_fd, t.exe, GOLIN_LAYOUT_AUTO, &p, &err);
	if (r < 0)
		return fail(&err);
	r = golin_live_open(&t, p, &o, &s, &err);
	if (r < 0)
		return fail(&err);
	opened = now();
	fprintf(stderr, "livecat: armed %u probes in %.0f ms, layout from %s\n",
		golin_live_probes(s), (opened - begin) * 1e3, golin_live_layout_source(s));
	if (stall)
		usleep((useconds_t)(stall * 1e6));
	begin = now();
	while (!s->ended) {
		r = golin_source_service(s, &sink, max, &err);
		if (r < 0) {
			fail(&err);
			break;
		}
		if (ask && now() - begin > 0.5) {
			ctl = (struct golin_ctl){.type = GOLIN_CTL_READ, .goid = ask};
			if (golin_source_control(s, &ctl, &err))
				fail(&err);
			ctl = (struct golin_ctl){.type = GOLIN_CTL_SNAPSHOT};
			if (golin_source_control(s, &ctl, &err))
				fail(&err);
			ask = 0;
		}
		if (sw && !switched && now() - begin > sw) {
			ctl = (struct golin_ctl){.type = GOLIN_CTL_SWITCH};
			switched = 1;
			if (golin_source_control(s, &ctl, &err))
				fail(&err);
		} else if (sw && switched == 1 && now() - begin > 2 * sw) {
			ctl = (struct golin_ctl){.type = GOLIN_CTL_SWITCH, .groups = o.groups};
			switched = 2;
			if (golin_source_control(s, &ctl, &err))
				fail(&err);
		}
		if ((stop || now() - begin > secs) && stop < 2) {
			ctl = (struct golin_ctl){.type = GOLIN_CTL_FINISH};
			golin_source_control(s, &ctl, &err);
			stop = 2;
		}
		if (!r)
			poll(NULL, 0, s->poll_ms);
	}
	golin_source_stats(s, &st);
	begin = now();
	golin_source_close(s);
	getrusage(RUSAGE_SELF, &ru);
	printf("stats hits=%llu delivered=%llu lost=%llu missed=%llu unread=%llu gaps=%llu "
	       "create=%llu exit=%llu seen=%llu gone=%llu close_ms=%.0f cost_ms=%.0f cpu_ms=%ld "
	       "rss_mb=%ld\n",
	       U(st.hits), U(st.delivered), U(st.lost_ring), U(st.missed), U(st.unread), U(st.gaps),
	       U(counts[GOLIN_REC_GOROUTINE_CREATE]), U(counts[GOLIN_REC_GOROUTINE_EXIT]),
	       U(counts[GOLIN_REC_GOROUTINE_SEEN]), U(counts[GOLIN_REC_GOROUTINE_GONE]),
	       (now() - begin) * 1e3, (double)st.cost_ns / 1e6,
	       ru.ru_utime.tv_sec * 1000 + ru.ru_utime.tv_usec / 1000 + ru.ru_stime.tv_sec * 1000 +
		       ru.ru_stime.tv_usec / 1000,
	       ru.ru_maxrss / 1024);
	return st.hits != st.delivered + st.lost_ring;
}

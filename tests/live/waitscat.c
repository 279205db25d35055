/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Asks the live source how goroutines are, feeds a model, and prints what the model says:
 *
 *	waitscat [-g goroutines,contexts|none] PID
 *
 * "ready" when it watches. Then for each line on stdin, a JSON line for each live goroutine that is
 * not the runtime's, "contexts" with those of the model, and "done MS", the time that the answers
 * took. A line "wait N" first waits until N contexts were created, at most for 20 s. It ends with
 * its stdin. With "none" only the first answer is one: the source ends behind it.
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "base/err.h"
#include "base/jsonw.h"
#include "base/map64.h"
#include "golin/context.h"
#include "golin/probes.h"
#include "golin/waits.h"
#include "image_process.h"

enum { SERVICE = 4096, LIMIT_MS = 20000 };

static struct golin_model *model;
static struct golin_source *source;
static struct map64 asked; /* goids that have no answer yet */

static void die(const char *what, const struct golin_err *err)
{
	fprintf(stderr, "waitscat: %s: %s\n", what, err ? err->msg : "");
	exit(3);
}

static double now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec * 1e3 + (double)ts.tv_nsec / 1e6;
}

static int put(void *arg, const struct golin_rec *rec)
{
	if (!golin_record_check(rec, rec->size) || !golin_record_is_clean(rec))
		die("a record is not as it should be", NULL);
	if (rec->type == GOLIN_REC_GOROUTINE_STATE)
		map64_del(&asked, rec->goid);
	return golin_model_apply(model, rec);
}

/* One round of the loop; true when there was something. */
static bool step(int wait_ms)
{
	const struct golin_sink sink = {.put = put};
	struct golin_err err = {0};
	int n = golin_source_service(source, &sink, SERVICE, &err);

	if (n < 0)
		die("service", &err);
	if (!n)
		poll(NULL, 0, wait_ms);
	return n > 0;
}

/* ---- printing ---- */

static void print_frames(struct jsonw *w, uint64_t stack)
{
	const struct golin_frame *f;
	const uint64_t *pcs;
	int n = golin_model_stack(model, stack, &pcs, NULL);

	jsonw_begin(w, "stack", '[');
	for (int i = 0; i < n; i++) {
		int nframes = golin_model_frames(model, pcs[i], &f);

		for (int k = 0; k < nframes; k++) {
			jsonw_begin(w, NULL, '[');
			jsonw_str(w, NULL, f[k].func);
			jsonw_str(w, NULL, f[k].file);
			jsonw_u64(w, NULL, f[k].line);
			jsonw_u64(w, NULL, f[k].flags);
			jsonw_end(w, ']');
		}
	}
	jsonw_end(w, ']');
}

static void print_waits(struct jsonw *w, golin_gidx i)
{
	struct golin_frame user, blocking;
	struct golin_waits v;

	if (!golin_model_waits(model, i, &v)) {
		jsonw_null(w, "flags");
		return;
	}
	jsonw_u64(w, "flags", v.flags);
	jsonw_dec(w, "read", v.read);
	jsonw_dec(w, "since", v.since);
	user = golin_model_user_frame(model, v.stack, &blocking);
	jsonw_str(w, "user", user.func);
	jsonw_u64(w, "line", user.line);
	jsonw_str(w, "blocking", blocking.func);
	print_frames(w, v.stack);
	jsonw_begin(w, "waits", '[');
	for (uint32_t k = 0; k < v.n; k++) {
		const struct golin_context *c = golin_model_context(model, v.v[k].c);

		jsonw_begin(w, NULL, '{');
		jsonw_hex(w, "chan", v.v[k].chan);
		jsonw_str(w, "how",
			  v.v[k].how == GOLIN_WAIT_RECV	  ? "recv"
			  : v.v[k].how == GOLIN_WAIT_SEND ? "send"
							  : "");
		jsonw_hex(w, "ctx", c ? c->ctx : 0);
		jsonw_bool(w, "done", v.v[k].flags & GOLIN_WAIT_DONE);
		jsonw_bool(w, "timer", v.v[k].flags & GOLIN_WAIT_TIMER);
		jsonw_bool(w, "empty", v.v[k].flags & GOLIN_WAIT_EMPTY);
		jsonw_end(w, '}');
	}
	jsonw_end(w, ']');
}

static void print_held(struct jsonw *w, golin_gidx g)
{
	golin_cidx held[64];
	uint32_t n = golin_goroutine_contexts(model, g, held, 64);

	jsonw_begin(w, "held", '[');
	for (uint32_t k = 0; k < n && k < 64; k++) {
		struct golin_holder h[256];
		uint32_t nh = golin_context_holders(model, held[k], h, 256);

		for (uint32_t j = 0; j < nh && j < 256; j++) {
			if (h[j].g != g)
				continue;
			jsonw_begin(w, NULL, '[');
			jsonw_hex(w, NULL, golin_model_context(model, held[k])->ctx);
			jsonw_u64(w, NULL, h[j].how);
			jsonw_end(w, ']');
		}
	}
	jsonw_end(w, ']');
}

static void print_goroutine(struct jsonw *w, golin_gidx i)
{
	const struct golin_goroutine *g = golin_model_goroutine(model, i);

	jsonw_begin(w, NULL, '{');
	jsonw_u64(w, "goid", g->goid);
	jsonw_str(w, "state", golin_gstate_name(g->state));
	jsonw_str(w, "wait", golin_model_string(model, g->wait));
	print_waits(w, i);
	print_held(w, i);
	jsonw_end(w, '}');
	jsonw_newline(w);
}

static void print_contexts(struct jsonw *w)
{
	jsonw_begin(w, NULL, '{');
	jsonw_begin(w, "contexts", '[');
	for (golin_cidx i = 0; i < golin_model_context_max(model); i++) {
		const struct golin_context *c = golin_model_context(model, i);
		const struct golin_context *up = c ? golin_model_context(model, c->up) : NULL;

		if (!c || c->retired)
			continue;
		jsonw_begin(w, NULL, '{');
		jsonw_hex(w, "ctx", c->ctx);
		jsonw_str(w, "kind", golin_context_kind_name(c->kind));
		jsonw_hex(w, "parent", up ? up->ctx : 0);
		jsonw_str(w, "parent_kind", golin_context_kind_name(c->parent_kind));
		jsonw_bool(w, "created", c->created != 0);
		jsonw_u64(w, "state", (uint64_t)golin_context_state(model, i));
		jsonw_i64(w, "deadline", c->deadline_unix_ns);
		jsonw_end(w, '}');
	}
	jsonw_end(w, ']');
	jsonw_end(w, '}');
	jsonw_newline(w);
}

/* ---- asking ---- */

static bool is_wanted(golin_gidx i)
{
	const struct golin_goroutine *g = golin_model_goroutine(model, i);

	return g && g->flags & GOLIN_GF_ALIVE && !(g->flags & GOLIN_GF_SYSTEM);
}

static void ask_all(void)
{
	for (golin_gidx i = 0; i < golin_model_goroutine_max(model); i++) {
		struct golin_ctl ctl = {.type = GOLIN_CTL_READ};

		if (!is_wanted(i))
			continue;
		ctl.goid = golin_model_goroutine(model, i)->goid;
		map64_put(&asked, ctl.goid, 0);
		while (golin_source_control(source, &ctl, NULL))
			step(0); /* too many wait for their answers */
	}
	while (asked.len && !source->ended)
		step(1);
}

static void answer(const char *line)
{
	struct golin_context_counts counts = {0};
	unsigned long long n = 0;
	double begin = now_ms();
	struct strbuf out = {0};
	struct jsonw w;

	sscanf(line, "wait %llu", &n);
	do {
		while (n && step(1) && now_ms() - begin < LIMIT_MS)
			;
		golin_context_counts(model, &counts);
	} while (counts.created < n && now_ms() - begin < LIMIT_MS);
	begin = now_ms();
	ask_all();
	begin = now_ms() - begin;
	jsonw_init(&w, &out);
	for (golin_gidx i = 0; i < golin_model_goroutine_max(model); i++)
		if (is_wanted(i))
			print_goroutine(&w, i);
	print_contexts(&w);
	fwrite(out.s, 1, out.len, stdout);
	printf("done %.1f\n", begin);
	fflush(stdout);
	strbuf_done(&out);
}

static void open_source(pid_t pid, const char *groups)
{
	struct golin_live_opts o = {
		.groups = (strstr(groups, "goroutines") ? GOLIN_GROUP_GOROUTINES : 0) |
			  (strstr(groups, "contexts") ? GOLIN_GROUP_CONTEXTS : 0),
		.stack_depth = 32,
		.contexts = true,
		.target_id = 1,
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
	const char *groups = "goroutines,contexts";
	struct pollfd in = {.fd = 0, .events = POLLIN};
	char line[256];
	int c;

	while ((c = getopt(argc, argv, "g:")) != -1)
		if (c == 'g')
			groups = optarg;
	if (optind >= argc || golin_model_new(NULL, &model))
		return 2;
	setvbuf(stdin, NULL, _IONBF, 0);
	open_source(atoi(argv[optind]), groups);
	/* Without probes it ends once all is told: then the answer is asked for before. */
	while (step(0) && strcmp(groups, "none") != 0)
		;
	puts("ready");
	fflush(stdout);
	for (;;) {
		if (poll(&in, 1, 0) == 1) {
			if (!fgets(line, sizeof(line), stdin))
				break;
			answer(line);
		}
		if (!strcmp(groups, "none"))
			poll(&in, 1, 1000);
		else
			step(5);
	}
	golin_source_close(source);
	golin_model_free(model);
	map64_done(&asked);
	return 0;
}

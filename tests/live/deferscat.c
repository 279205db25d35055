/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the model says of goroutines' panics and defers, as the live source read them without
 * probes:
 *
 *	deferscat [-a] [-d] [-H] PID
 *
 * A JSON line for each live goroutine that is not the runtime's. Without -a nobody asks: what the
 * source tells by itself. -d: the model that is printed was made of a dump of the one that was fed.
 * -H: without the texts of values.
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/err.h"
#include "base/jsonw.h"
#include "golin/dump.h"
#include "golin/panic.h"
#include "golin/probes.h"
#include "image_process.h"

enum { SERVICE = 1 << 20 };

static struct golin_model *model;
static struct golin_source *source;

static void die(const char *what, const struct golin_err *err)
{
	fprintf(stderr, "deferscat: %s: %s\n", what, err ? err->msg : "");
	exit(3);
}

static int put(void *arg, const struct golin_rec *rec)
{
	if (!golin_record_check(rec, rec->size) || !golin_record_is_clean(rec))
		die("a record is not as it should be", NULL);
	return golin_model_apply(arg, rec);
}

static void step(void)
{
	const struct golin_sink sink = {.put = put, .arg = model};
	struct golin_err err = {0};
	int n = golin_source_service(source, &sink, SERVICE, &err);

	if (n < 0)
		die("service", &err);
	if (!n)
		poll(NULL, 0, 1);
}

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
		while (golin_source_control(source, &ctl, NULL) && !source->ended)
			step(); /* too many wait for their answers */
	}
}

/* ---- printing ---- */

static void print_func(struct jsonw *w, uint64_t pc)
{
	const struct golin_frame *f;
	int n = golin_model_frames(model, pc, &f);

	jsonw_str(w, "func", n > 0 ? f[0].func : "");
}

/* Where the statement is: the function that it belongs to, and the line. */
static void print_at(struct jsonw *w, uint64_t pc)
{
	const struct golin_frame *f;
	int n = pc ? golin_model_frames(model, pc, &f) : 0;

	jsonw_str(w, "in", n > 0 ? f[0].func : "");
	jsonw_u64(w, "line", n > 0 ? f[0].line : 0);
}

static void print_kept(struct jsonw *w, const struct golin_kept *k)
{
	jsonw_u64(w, "flags", k->flags);
	jsonw_u64(w, "thread", k->thread);
	jsonw_begin(w, "panics", '[');
	for (uint32_t i = 0; i < k->npanics; i++) {
		const struct golin_kept_panic *p = &k->panics[i];

		jsonw_begin(w, NULL, '{');
		jsonw_hex(w, "addr", p->addr);
		jsonw_str(w, "type", golin_model_string(model, p->value.type));
		jsonw_str(w, "text", golin_model_string(model, p->value.text));
		jsonw_u64(w, "value", p->value.flags);
		jsonw_u64(w, "flags", p->flags);
		jsonw_end(w, '}');
	}
	jsonw_end(w, ']');
	jsonw_begin(w, "defers", '[');
	for (uint32_t i = 0; i < k->ndefers; i++) {
		const struct golin_rec_kept_defer *d = &k->defers[i];

		jsonw_begin(w, NULL, '{');
		print_func(w, d->pc);
		print_at(w, d->at);
		jsonw_u64(w, "depth", d->depth);
		jsonw_u64(w, "flags", d->flags);
		jsonw_end(w, '}');
	}
	jsonw_end(w, ']');
}

static void print_goroutine(struct jsonw *w, golin_gidx i)
{
	const struct golin_goroutine *g = golin_model_goroutine(model, i);
	struct golin_kept k;

	jsonw_begin(w, NULL, '{');
	jsonw_u64(w, "goid", g->goid);
	jsonw_str(w, "state", golin_gstate_name(g->state));
	if (golin_model_kept(model, i, &k))
		print_kept(w, &k);
	else
		jsonw_null(w, "flags");
	jsonw_end(w, '}');
	jsonw_newline(w);
}

static void open_source(pid_t pid, bool ask, bool hide)
{
	struct golin_live_opts o = {.target_id = 1, .panics = ask, .hide_values = hide};
	struct golin_imgproc *p;
	struct golin_err err = {0};
	struct golin_target t;

	if (golin_target_open(pid, &t, &err) < 0 ||
	    golin_imgproc_open(t.exe_fd, t.exe, GOLIN_LAYOUT_AUTO, &p, &err) < 0 ||
	    golin_live_open(&t, p, &o, &source, &err) < 0)
		die("open", &err);
}

/* The model as a dump of it makes it again. */
static void dump(void)
{
	struct golin_model *again;

	if (golin_model_new(NULL, &again))
		die("model", NULL);
	if (golin_model_dump(model, &(struct golin_sink){.put = put, .arg = again}))
		die("dump", NULL);
	golin_model_free(model);
	model = again;
}

int main(int argc, char **argv)
{
	bool ask = false, dumped = false, hide = false;
	struct strbuf out = {0};
	struct jsonw w;
	int c;

	while ((c = getopt(argc, argv, "adH")) != -1) {
		ask = ask || c == 'a';
		dumped = dumped || c == 'd';
		hide = hide || c == 'H';
	}
	if (optind >= argc || golin_model_new(NULL, &model))
		return 2;
	open_source(atoi(argv[optind]), ask, hide);
	/* The goroutines, then the questions; it ends when all are answered. */
	step();
	if (ask)
		ask_all();
	while (!source->ended)
		step();
	if (dumped)
		dump();
	jsonw_init(&w, &out);
	for (golin_gidx i = 0; i < golin_model_goroutine_max(model); i++)
		if (is_wanted(i))
			print_goroutine(&w, i);
	fwrite(out.s, 1, out.len, stdout);
	strbuf_done(&out);
	golin_source_close(source);
	golin_model_free(model);
	return 0;
}

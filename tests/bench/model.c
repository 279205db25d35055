/* SPDX-License-Identifier: BSD-2-Clause */
/* How fast the model takes records, and what it holds: a table on stdout. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/strbuf.h"
#include "export/export.h"
#include "golin/context.h"
#include "golin/dump.h"
#include "golin/model.h"
#include "golin/panic.h"
#include "model/filter.h"

static struct golin_model *M;

static double now_s(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static void must(int rc)
{
	if (rc) {
		fprintf(stderr, "model: apply failed: %s\n", strerror(-rc));
		exit(70);
	}
}

static void create(uint64_t ts, uint64_t parent, uint64_t child)
{
	const struct golin_rec_goroutine_create r = {
		.h = {.type = GOLIN_REC_GOROUTINE_CREATE,
		      .version = 1,
		      .size = sizeof(r),
		      .target = 1,
		      .ts = ts,
		      .goid = parent},
		.child = child,
		.startpc = 0x400000 + child % 16,
		.gopc = 0x500000 + child % 16,
		.via = GOLIN_VIA_GO,
	};

	must(golin_model_apply(M, &r.h));
}

static void ended(uint64_t ts, uint64_t goid)
{
	const struct golin_rec_goroutine_exit r = {
		.h = {.type = GOLIN_REC_GOROUTINE_EXIT,
		      .version = 1,
		      .size = sizeof(r),
		      .target = 1,
		      .ts = ts,
		      .goid = goid},
		.startpc = 0x400000 + goid % 16,
		.gopc = 0x500000 + goid % 16,
		.how = GOLIN_HOW_RETURN,
	};

	must(golin_model_apply(M, &r.h));
}

static void names(void)
{
	struct golin_recbuf b = {0};

	for (uint64_t k = 0; k < 32; k++) {
		struct golin_rec_name *r = golin_recbuf_begin(
			&b, GOLIN_REC_NAME, sizeof(*r) + sizeof(struct golin_rec_frame));
		size_t at = offsetof(struct golin_rec_name, frames);
		char func[32];

		if (!r)
			exit(70);
		snprintf(func, sizeof(func), "main.worker%d", (int)k);
		r->h.target = 1;
		r->pc = (k < 16 ? 0x400000 : 0x500000) + k % 16;
		r->n = 1;
		golin_recbuf_str(&b, at, func, strlen(func));
		golin_recbuf_str(&b, at + offsetof(struct golin_rec_frame, file),
				 "/src/app/main.go", 16);
		must(golin_model_apply(M, golin_recbuf_end(&b)));
	}
	golin_recbuf_done(&b);
}

static void fresh(uint32_t max_ended)
{
	const struct golin_model_opts opts = {.max_ended = max_ended};

	golin_model_free(M);
	must(golin_model_new(&opts, &M));
	names();
}

static void rate(const char *what, double n, double seconds)
{
	printf("%-44s %10.2f M/s %8.0f ns each\n", what, n / seconds / 1e6, seconds / n * 1e9);
}

static long rss_kib(void)
{
	long pages = 0, dummy;
	FILE *f = fopen("/proc/self/statm", "re");

	if (f && fscanf(f, "%ld %ld", &dummy, &pages) != 2)
		pages = 0;
	if (f)
		fclose(f);
	return pages * 4;
}

/* `alive` goroutines at a time; each new one ends the oldest. */
static void churn(const char *what, uint64_t alive, uint64_t n, uint32_t max_ended)
{
	double start;

	fresh(max_ended);
	create(1, 0, 1);
	for (uint64_t k = 2; k < 2 + alive; k++)
		create(k, 1, k);
	start = now_s();
	for (uint64_t k = 2 + alive; k < 2 + alive + n; k++) {
		create(k, 1 + k % (alive < 64 ? 1 : 64), k);
		ended(k, k - alive);
	}
	rate(what, 2.0 * (double)n, now_s() - start);
}

static void memory(uint64_t n)
{
	struct golin_model_counts c;
	long before, after;

	fresh(0);
	before = rss_kib();
	for (uint64_t k = 1; k <= n; k++)
		create(k, k / 10, k);
	after = rss_kib();
	golin_model_counts(M, &c);
	printf("%-44s %10.0f bytes  %8.0f resident\n", "memory of a live goroutine",
	       (double)c.bytes / (double)n, (double)(after - before) * 1024 / (double)n);
}

static void context(uint64_t ts, uint64_t goid, uint64_t ctx, uint64_t parent)
{
	const struct golin_rec_context_create r = {
		.h = {.type = GOLIN_REC_CONTEXT_CREATE,
		      .version = 1,
		      .size = sizeof(r),
		      .target = 1,
		      .ts = ts,
		      .goid = goid},
		.ctx = ctx,
		.parent = parent,
		.kind = GOLIN_CTX_CANCEL,
		.parent_kind = parent ? GOLIN_CTX_CANCEL : GOLIN_CTX_BACKGROUND,
		.flags = GOLIN_CTX_PARENT_KNOWN,
	};

	must(golin_model_apply(M, &r.h));
}

static void cancelled(uint64_t ts, uint64_t goid, uint64_t ctx)
{
	const struct golin_rec_context_cancel r = {
		.h = {.type = GOLIN_REC_CONTEXT_CANCEL,
		      .version = 1,
		      .size = sizeof(r),
		      .target = 1,
		      .ts = ts,
		      .goid = goid},
		.ctx = ctx,
		.reason = GOLIN_CANCEL_EXPLICIT,
	};

	must(golin_model_apply(M, &r.h));
}

/* Live contexts of a thousand goroutines, a hundred under each parent; then as many that end. */
static void contexts(uint64_t n)
{
	const uint64_t base = 0xc000000000;
	struct golin_context_counts c;
	long before, after;
	double start;

	fresh(0);
	create(1, 0, 1);
	for (uint64_t k = 2; k < 1002; k++)
		create(k, 1, k);
	before = rss_kib();
	for (uint64_t k = 1; k <= n; k++)
		context(2000 + k, 2 + k % 1000, base + 96 * k,
			k >= 100 ? base + 96 * (k / 100) : 0);
	after = rss_kib();
	golin_context_counts(M, &c);
	printf("%-44s %10.0f bytes  %8.0f resident\n", "memory of a live context",
	       (double)c.bytes / (double)n, (double)(after - before) * 1024 / (double)n);
	start = now_s();
	for (uint64_t k = n + 1; k <= 2 * n; k++) {
		context(2000 + k, 2 + k % 1000, base + 96 * k, base + 96 * (1 + k % 1000));
		cancelled(2000 + k, 2 + k % 1000, base + 96 * k);
	}
	rate("context created and cancelled", 2.0 * (double)n, now_s() - start);
}

static int drop(void *arg, const struct golin_rec *rec)
{
	*(uint64_t *)arg += rec->size;
	return 0;
}

/* ---- panics ---- */

static void panic_start(struct golin_recbuf *b, uint64_t ts, uint64_t goid, uint64_t depth)
{
	struct golin_rec_panic_start *r =
		golin_recbuf_begin(b, GOLIN_REC_PANIC_START, sizeof(*r) + sizeof(r->values[0]));
	char text[64];
	int len = snprintf(text, sizeof(text), "open /srv/file-%llu: no such file",
			   (unsigned long long)ts);

	r->h.target = 1;
	r->h.ts = ts;
	r->h.goid = goid;
	r->depth = depth;
	r->stack = 1 + ts % 1000;
	r->flags = depth > 0x100 ? GOLIN_PANIC_NESTED : 0;
	r->n = 1;
	r->values[0] = (struct golin_rec_value){.type = 0x9000 + ts % 8,
						.data = 0xc000000000 + ts % 100000 * 16,
						.flags = GOLIN_VALUE_HEAP | GOLIN_VALUE_TEXT};
	golin_recbuf_str(b, offsetof(struct golin_rec_panic_start, values[0].text), text,
			 (size_t)len);
	must(golin_model_apply(M, golin_recbuf_end(b)));
}

static void panic_defer(uint64_t ts, uint64_t goid)
{
	const struct golin_rec_panic_defer r = {.h = {.type = GOLIN_REC_PANIC_DEFER,
						      .version = 1,
						      .size = sizeof(r),
						      .target = 1,
						      .ts = ts,
						      .goid = goid},
						.pc = 0x400000};

	must(golin_model_apply(M, &r.h));
}

static void panic_recover(uint64_t ts, uint64_t goid, uint64_t depth)
{
	const struct golin_rec_panic_recover r = {.h = {.type = GOLIN_REC_PANIC_RECOVER,
							.version = 1,
							.size = sizeof(r),
							.target = 1,
							.ts = ts,
							.goid = goid},
						  .depth = depth};

	must(golin_model_apply(M, &r.h));
}

/* Of a thousand goroutines; each panic with a text of its own, two deferred calls, a recovery. */
static void panics(uint64_t n, uint64_t nested)
{
	uint64_t bytes = 0, held = n < 65536 ? n : 65536;
	struct golin_model_counts before, after;
	struct golin_recbuf b = {0};
	char what[64];
	double start;

	fresh(0);
	for (uint64_t k = 1; k <= 1000; k++)
		create(k, k / 10, k);
	golin_model_counts(M, &before);
	start = now_s();
	for (uint64_t k = 0; k < n; k++) {
		uint64_t goid = 1 + k / nested % 1000, level = k % nested;

		panic_start(&b, 2000 + k, goid, 0x100 * (level + 1));
		panic_defer(2000 + k, goid);
		panic_defer(2000 + k, goid);
		for (uint64_t i = nested; i && level == nested - 1; i--)
			panic_recover(2000 + k, goid, 0x100 * i - 0x80);
	}
	snprintf(what, sizeof(what), "panics, %llu in one another", (unsigned long long)nested);
	rate(what, (double)n, now_s() - start);
	golin_model_counts(M, &after);
	printf("%-44s %10.0f bytes\n", "memory of a panic that is over",
	       (double)(after.bytes - before.bytes) / (double)held);
	start = now_s();
	must(golin_model_dump(M, &(struct golin_sink){drop, &bytes}));
	rate("dump of a panic", (double)held, now_s() - start);
	golin_recbuf_done(&b);
}

static void views(uint64_t n)
{
	struct golin_export_opts o = {.fold = true, .width = 100};
	struct golin_lineage_text *t;
	struct golin_filter *f;
	struct strbuf out = {0};
	uint64_t pos = 0, bytes = 0, found = 0;
	double start = now_s();

	must(golin_model_dump(M, &(struct golin_sink){drop, &bytes}));
	rate("dump of a goroutine", (double)n, now_s() - start);
	start = now_s();
	while (golin_export_lineage_json(M, &o, &pos, &out))
		strbuf_clear(&out);
	rate("lineage as JSON, a goroutine", (double)n, now_s() - start);
	strbuf_clear(&out);
	start = now_s();
	t = golin_lineage_text_new(M, &o);
	while (t && golin_lineage_text_next(t, &out))
		strbuf_clear(&out);
	golin_lineage_text_free(t);
	rate("lineage as folded text, a goroutine", (double)n, now_s() - start);
	o.fold = false;
	start = now_s();
	t = golin_lineage_text_new(M, &o);
	while (t && golin_lineage_text_next(t, &out))
		strbuf_clear(&out);
	golin_lineage_text_free(t);
	rate("lineage as text, a goroutine", (double)n, now_s() - start);
	must(golin_filter_parse("worker7 under:5", &f, NULL));
	start = now_s();
	for (golin_gidx i = 0; i < golin_model_goroutine_max(M); i++)
		found += golin_filter_match(f, M, golin_model_goroutine(M, i));
	rate("filter, a goroutine", (double)n, now_s() - start);
	printf("%-44s %10.0f\n", "  of which match", (double)found);
	golin_filter_free(f);
	strbuf_done(&out);
}

int main(void)
{
	const uint64_t n = 3000000;

	churn("create + exit, 1 alive, default cap", 1, n, 0);
	churn("create + exit, 10,000 alive, default cap", 10000, n, 0);
	churn("create + exit, 10,000 alive, cap 1,000", 10000, n, 1000);
	churn("create + exit, 500,000 alive, default cap", 500000, n, 0);
	memory(200000);
	memory(1000000);
	contexts(200000);
	contexts(1000000);
	panics(2000000, 1);
	panics(2000000, 1000);
	views(1000000);
	golin_model_free(M);
	return 0;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* The end of a panic's block: which deferred calls ran, what became of it, what it left behind. */
#include "panic_block.h"

#include <inttypes.h>
#include <string.h>

enum {
	DEFERS_SHOWN = 64,
	PENDING_SHOWN = 16,
	LINKS_MAX = 64, /* panics of one printed history */
};

/* ---- its deferred calls, and who recovered it ---- */

static void put_defer(struct block *b, const struct golin_panic_defer *d, bool recovered)
{
	struct golin_frame f = golin_model_entry_func(b->m, d->pc);
	char buf[32];

	block_frame(b, &f);
	if (!d->end)
		block_put(b, BOLD, "  runs");
	else
		strbuf_addf(
			b->out, "  %s",
			golin_text_duration(buf, sizeof(buf), d->end > d->ts ? d->end - d->ts : 0));
	if (d->pause)
		strbuf_addf(b->out, " (%s of it the world stood still)",
			    golin_text_duration(buf, sizeof(buf), d->pause));
	if (recovered)
		block_put(b, GREEN, "  recovered it");
	strbuf_adds(b->out, "\n");
}

static void put_defers(struct block *b)
{
	const struct golin_panic_defer *d;
	uint32_t n = golin_panic_defers(b->m, b->i, &d), from = 0;
	uint32_t by = export_panic_recoverer(b->m, b->i);

	for (uint32_t k = 0; k < n; k++) {
		/* The first and the last tell most. */
		if (n > DEFERS_SHOWN && k == DEFERS_SHOWN / 2) {
			from = n - DEFERS_SHOWN / 2;
			block_label(b, "");
			strbuf_addf(b->out, "... %" PRIu32 " more\n", from - k);
			k = from;
		}
		block_label(b, k ? "" : "deferred");
		strbuf_addf(b->out, "%" PRIu32 ". ", k + 1);
		put_defer(b, &d[k], k == by);
	}
	if (b->p->ndefers > n) {
		block_label(b, n ? "" : "deferred");
		strbuf_addf(b->out, "%" PRIu32 " %scalls, not kept\n", b->p->ndefers - n,
			    n ? "more " : "");
	}
}

/* Those that would run yet, as far as memory told. */
static void put_pending(struct block *b)
{
	const struct golin_panic *p = b->p;
	golin_gidx g = golin_model_find_key(b->m, p->target, p->epoch, p->goid);
	struct golin_kept k;

	if (p->outcome != GOLIN_PO_ACTIVE || !golin_model_kept(b->m, g, &k))
		return;
	for (uint32_t n = 0; n < k.ndefers && n < PENDING_SHOWN; n++) {
		struct golin_frame f = golin_model_entry_func(b->m, k.defers[n].pc);

		block_label(b, n ? "" : "pending");
		block_frame(b, &f);
		strbuf_adds(b->out, k.defers[n].flags & GOLIN_DEFER_OPEN ? "  open-coded\n" : "\n");
	}
	if (k.ndefers > PENDING_SHOWN) {
		block_label(b, "");
		strbuf_addf(b->out, "... %" PRIu32 " more\n", k.ndefers - PENDING_SHOWN);
	}
}

static void put_recovery(struct block *b)
{
	const struct golin_panic *p = b->p;
	struct golin_frame by = golin_model_entry_func(b->m, p->recovered_by);
	struct golin_frame in = golin_panic_resumed(b->m, b->i);
	uint32_t unwound = golin_panic_unwound(b->m, b->i);

	if (p->outcome != GOLIN_PO_RECOVERED)
		return;
	block_label(b, "recovered");
	strbuf_adds(b->out, "by ");
	if (p->recovered_by)
		block_frame(b, &by);
	else
		strbuf_adds(b->out, "a deferred call that was not seen");
	if (*in.func) {
		strbuf_adds(b->out, ", went on in ");
		block_frame(b, &in);
	}
	if (unwound != UINT32_MAX)
		strbuf_addf(b->out, ", %" PRIu32 " frame%s unwound", unwound,
			    unwound == 1 ? "" : "s");
	strbuf_adds(b->out, "\n");
}

/* Of panics of one goroutine in a tree the topmost tells it for all. */
static bool left_is_told(const struct block *b)
{
	const struct golin_panic *up = golin_model_panic(b->m, b->p->up);

	return up && up->goid == b->p->goid && up->target == b->p->target &&
	       up->epoch == b->p->epoch;
}

static void put_context(struct block *b, const struct golin_context *c)
{
	struct golin_frame site = golin_context_site(b->m, c);
	char id[GOLIN_LINEAGE_MAX];

	if (c->goid == b->p->goid) {
		block_label(b, "left");
		strbuf_addf(b->out, "context %s, not cancelled, of ",
			    golin_context_lineage(b->m, c, id));
	} else {
		block_label(b, "under");
		strbuf_addf(b->out, "context %s, of ", golin_context_lineage(b->m, c, id));
	}
	block_frame(b, &site);
	strbuf_adds(b->out, "\n");
}

static void put_left(struct block *b)
{
	golin_gidx g[PANIC_SHOWN];
	golin_cidx c[PANIC_SHOWN];
	uint32_t n;

	if (left_is_told(b))
		return;
	n = golin_panic_descendants(b->m, b->i, g, PANIC_SHOWN);
	if (n) {
		block_label(b, "left");
		strbuf_addf(b->out, "%" PRIu32 " goroutine%s alive below it:", n,
			    n == 1 ? "" : "s");
		for (uint32_t k = 0; k < n && k < PANIC_SHOWN; k++)
			strbuf_addf(b->out, " %" PRIu64, golin_model_goroutine(b->m, g[k])->goid);
		strbuf_adds(b->out, n > PANIC_SHOWN ? " ...\n" : "\n");
	}
	n = golin_panic_contexts(b->m, b->i, c, PANIC_SHOWN);
	for (uint32_t k = 0; k < n && k < PANIC_SHOWN; k++)
		put_context(b, golin_model_context(b->m, c[k]));
	if (n > PANIC_SHOWN) {
		block_label(b, "");
		strbuf_addf(b->out, "%" PRIu32 " contexts more\n", n - PANIC_SHOWN);
	}
}

static void put_points(struct block *b)
{
	struct golin_panic_point v[GOLIN_POINTS_MAX];
	uint32_t n = golin_panic_points(b->m, b->i, v);
	char buf[32];

	if (left_is_told(b))
		return;
	for (uint32_t k = 0; k < n; k++) {
		if (!v[k].seen || v[k].gone || !*v[k].at.func)
			continue;
		block_label(b, "later");
		strbuf_addf(b->out, "%s after it, %s %" PRIu64 " stood in ",
			    golin_text_duration(buf, sizeof(buf), v[k].after),
			    v[k].level ? "its ancestor" : "goroutine", v[k].goid);
		block_frame(b, &v[k].at);
		if (*golin_model_string(b->m, v[k].wait))
			strbuf_addf(b->out, " (%s)", golin_model_string(b->m, v[k].wait));
		strbuf_adds(b->out, "\n");
	}
}

/* Since Go 1.25 one that was recovered and raised again with the same value is printed once. */
static bool prints_once(const struct golin_model *m)
{
	struct golin_target_info info = {.go = ""};
	unsigned major = 0, minor = 0;

	return golin_model_target(m, &info) && sscanf(info.go, "go%u.%u", &major, &minor) == 2 &&
	       (major > 1 || minor >= 25);
}

/*
 * What the program printed (runtime.printpanics): those that were not over when it ended, the first
 * one first.
 */
static void put_printed(struct block *b)
{
	golin_pidx chain[LINKS_MAX], k = b->i;
	bool once = prints_once(b->m), again = false, any = false, tab = false;
	uint32_t n = 0;

	if (b->p->outcome != GOLIN_PO_FATAL || b->p->kind == GOLIN_PANIC_THROW)
		return;
	for (; golin_model_panic(b->m, k) && n < LINKS_MAX;
	     k = golin_model_panic(b->m, k)->nested_in)
		chain[n++] = k;
	while (n--) {
		const struct golin_panic *p = golin_model_panic(b->m, chain[n]);
		const struct golin_panic *next = n ? golin_model_panic(b->m, chain[n - 1]) : NULL;
		const char *s = golin_model_string(b->m, p->printed);
		bool was = again;

		again = once && next && next->repanic_of == chain[n] &&
			next->relation == GOLIN_PR_SAME;
		if (*s && !was) {
			block_label(b, any ? "" : "printed");
			strbuf_adds(b->out, tab ? "        " : "");
			block_put(b, RED, "panic: ");
			block_put(b, RED, s);
			if (p->outcome == GOLIN_PO_RECOVERED)
				block_put(b, RED,
					  again ? " [recovered, repanicked]" : " [recovered]");
			strbuf_adds(b->out, "\n");
			any = true;
		}
		tab = p->kind == GOLIN_PANIC_PANIC;
	}
}

/* A fatal error of the runtime, or one of its words for a mistake of the program. */
static void put_thrown(struct block *b)
{
	const char *s = golin_model_string(b->m, b->p->printed);

	if (b->p->kind != GOLIN_PANIC_THROW || !*s)
		return;
	block_label(b, "printed");
	block_put(b, RED, "fatal error: ");
	block_put(b, RED, s);
	strbuf_adds(b->out, "\n");
}

void block_end(struct block *b)
{
	put_defers(b);
	put_pending(b);
	put_recovery(b);
	put_printed(b);
	put_thrown(b);
	put_left(b);
	put_points(b);
}

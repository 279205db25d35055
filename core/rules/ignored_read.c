/* SPDX-License-Identifier: BSD-2-Clause */
/* ignored-cancel: what a goroutine does that was read, and what is said of it. */
#include "ignored_cancel.h"

#include <stdio.h>
#include "base/text.h"

enum { CHILDREN_LOOK = 256, CLIMB = 64 };

/* ---- reading ---- */

static enum ignored_kind kind_of(struct golin_rules *r, const struct golin_waits *w,
				 struct ignored_reading *ret)
{
	bool waking = false;

	ret->sure = w->flags & GOLIN_WAITS_CHANNELS && !(w->flags & GOLIN_WAITS_MORE);
	ret->n = w->n;
	for (uint32_t k = 0; k < w->n; k++) {
		const struct golin_context *x = golin_model_context(r->m, w->v[k].c);

		if (w->v[k].flags & GOLIN_WAIT_TIMER)
			ret->timer = true;
		if (!(w->v[k].flags & GOLIN_WAIT_DONE))
			continue;
		if (!x || golin_context_state(r->m, w->v[k].c) != GOLIN_CS_CANCELLED)
			return READING_LISTENS;
		waking = true;
	}
	return waking ? READING_WAKING : READING_BLOCKED;
}

void ignored_read(struct golin_rules *r, const struct ignored_suspect *s,
		  const struct golin_goroutine *g, struct ignored_reading *ret)
{
	struct golin_waits w;

	*ret = (struct ignored_reading){.at = {.func = "", .file = ""},
					.call = {.func = "", .file = ""}};
	/* Each answer has one, without a stack when the goroutine was running. */
	if (!golin_model_waits(r->m, s->w.g, &w) || w.read < s->w.at + r->o.grace_ns)
		return;
	ret->read = w.read;
	ret->since = w.since;
	if (w.flags & GOLIN_WAITS_STACK) {
		ret->stack = w.stack;
		ret->at = golin_model_user_frame(r->m, w.stack, &ret->call);
	}
	if (g->state == GOLIN_GS_WAITING || g->state == GOLIN_GS_SYSCALL) {
		ret->kind = kind_of(r, &w, ret);
		if (ret->kind == READING_BLOCKED && !ret->stack)
			ret->kind = READING_NONE; /* it moved while it was read */
		return;
	}
	if (g->state != GOLIN_GS_RUNNING && g->state != GOLIN_GS_RUNNABLE &&
	    g->state != GOLIN_GS_PREEMPTED)
		return;
	ret->kind = READING_RUNNING;
	if (!*ret->at.func) {
		ret->at = golin_model_start_func(r->m, g);
		if (golin_frame_is_library(&ret->at))
			ret->at.func = "";
	}
}

bool ignored_is_server(const struct golin_frame *call)
{
	static const char *const names[] = {
		"net/http.(*Server).", "net/http.Serve",       "net/http.ListenAndServe",
		"net.(*TCPListener).", "net.(*UnixListener).", "net/http/httptest.",
	};

	for (size_t k = 0; k < sizeof(names) / sizeof(names[0]); k++)
		if (!strncmp(call->func, names[k], strlen(names[k])))
			return true;
	return false;
}

/* ---- who waits for whom ---- */

static bool works_under(struct golin_rules *r, golin_gidx g, uint64_t goid, golin_cidx top)
{
	const struct handed *h = handed_of(r, g, goid);

	for (uint32_t k = 0; h && k < h->n; k++) {
		const struct golin_context *x = ref_get(r, h->v[k]);
		golin_cidx i = h->v[k].c;

		for (int up = 0; up < CLIMB && x; up++) {
			if (i == top)
				return true;
			i = x->up;
			x = golin_model_context(r->m, i);
		}
	}
	return false;
}

bool ignored_waits_for_child(struct golin_rules *r, const struct ignored_watch *w,
			     const struct golin_goroutine *g, const struct ignored_reading *a)
{
	golin_gidx i = g->last;

	if (!g->nlive || strcmp(a->call.func, "sync.(*WaitGroup).Wait") != 0)
		return false;
	for (int k = 0; k < CHILDREN_LOOK && i != GOLIN_GIDX_NONE; k++) {
		const struct golin_goroutine *c = golin_model_goroutine(r->m, i);

		if (c->flags & GOLIN_GF_ALIVE && works_under(r, i, c->goid, w->ctx.c))
			return true;
		i = c->prev;
	}
	return false;
}

/* ---- telling ---- */

static bool has_prefix(const char *s, const char *prefix)
{
	return !strncmp(s, prefix, strlen(prefix));
}

bool ignored_at_lock(struct golin_rules *r, const struct golin_goroutine *g,
		     const struct ignored_reading *a)
{
	const char *wait = golin_model_string(r->m, g->wait);

	return has_prefix(a->call.func, "sync.(*Mutex)") ||
	       has_prefix(a->call.func, "sync.(*RWMutex)") || strstr(wait, "Mutex");
}

/* On what it is blocked, in words. */
static const char *blocked_on(struct golin_rules *r, const struct golin_goroutine *g,
			      const struct ignored_reading *a, char *buf, size_t cap)
{
	const char *wait = golin_model_string(r->m, g->wait), *call = a->call.func;

	if (a->kind == READING_RUNNING)
		return "nothing: it runs";
	if (g->state == GOLIN_GS_SYSCALL)
		return "a system call";
	if (strstr(wait, "nil chan"))
		return "a nil channel, for ever";
	if (has_prefix(wait, "select (no cases)"))
		return "a select without cases, for ever";
	if (has_prefix(wait, "select")) {
		snprintf(buf, cap, "a select of %u channel%s%s without its Done", a->n,
			 a->n == 1 ? "" : "s", a->timer ? ", one a timer's," : "");
		return buf;
	}
	if (has_prefix(wait, "chan receive"))
		return a->timer ? "a receive from a timer's channel" : "a channel receive";
	if (has_prefix(wait, "chan send"))
		return "a channel send";
	if (has_prefix(wait, "sleep"))
		return "a sleep";
	if (has_prefix(call, "sync.(*WaitGroup)"))
		return "a WaitGroup";
	if (has_prefix(call, "sync.(*Cond)") || strstr(wait, "Cond"))
		return "a condition variable";
	if (has_prefix(call, "sync.(*RWMutex)") || strstr(wait, "RWMutex"))
		return "a read-write mutex";
	if (has_prefix(call, "sync.(*Mutex)") || strstr(wait, "Mutex"))
		return "a mutex";
	if (has_prefix(call, "sync.(*Once)"))
		return "a sync.Once that somebody else runs";
	if (has_prefix(wait, "IO wait"))
		return has_prefix(call, "os.") ? "file I/O" : "network I/O";
	snprintf(buf, cap, "'%s'", *wait ? wait : "something");
	return buf;
}

static const char *how_text(const struct ignored_watch *w)
{
	if (w->conn)
		return "its request was cancelled";
	switch (w->how) {
	case GOLIN_HOLD_CREATED:
		return "the context that it had made was done";
	case GOLIN_HOLD_WAITS:
		return "a context that it listens to was done";
	case GOLIN_HOLD_STACK:
		return "a context that it has was done";
	default:
		return "the context that it was handed was done";
	}
}

static void say_cancel(struct golin_rules *r, struct golin_finding *f,
		       const struct golin_context *x)
{
	const struct golin_frame by = golin_context_cancel_site(r->m, x);

	finding_text(r, f, "reason", "%s", golin_cancel_reason_name(x->cancel_reason));
	if (*by.func)
		finding_text(r, f, "cancelled_at", "%s", PLACE(&by));
	if (x->cancel_goid && x->cancel_reason != GOLIN_CANCEL_DEADLINE) /* else it is a timer's */
		finding_number(f, "cancelled_by", x->cancel_goid);
	if (x->err)
		finding_text(r, f, "err", "%s", golin_model_string(r->m, x->err));
}

/*
 * What the main goroutine made itself is often for a first phase that is long over. One that is
 * only found on a stack may be the goroutine's own, or left over there: but not when somebody else
 * cancelled it while it stood still.
 */
static bool is_doubtful(struct golin_rules *r, const struct ignored_suspect *s,
			const struct golin_goroutine *g, const struct ignored_reading *a,
			const struct golin_context *x)
{
	const struct golin_context *origin =
		golin_model_context(r->m, golin_context_origin(r->m, s->w.ctx.c));

	if (s->w.late || (a->kind == READING_BLOCKED && !a->sure))
		return true;
	if (s->w.how == GOLIN_HOLD_STACK)
		return g->goid == 1 || a->kind != READING_BLOCKED || a->since >= x->cancelled ||
		       (origin ? origin : x)->cancel_reason != GOLIN_CANCEL_EXPLICIT;
	return s->w.how == GOLIN_HOLD_CREATED && g->goid == 1;
}

void ignored_tell(struct golin_rules *r, const struct ignored_suspect *s,
		  const struct golin_goroutine *g, const struct ignored_reading *a)
{
	const struct golin_context *x = ref_get(r, s->w.ctx);
	uint64_t done_for = r->now > x->cancelled ? r->now - x->cancelled : 0;
	bool note = is_doubtful(r, s, g, a, x);
	uint64_t since = g->wait_since && g->wait_since < a->since ? g->wait_since : a->since;
	struct golin_finding *f;
	char buf[96];
	const char *on;

	f = finding_report(r, RULE_IGNORED, note ? GOLIN_SEV_NOTE : GOLIN_SEV_WARNING, &a->at, 1,
			   REPORT_ONE);
	if (!f)
		return;
	on = blocked_on(r, g, a, buf, sizeof(buf));
	finding_context(r, f, s->w.ctx);
	f->goid = s->w.goid;
	if (a->kind == READING_RUNNING)
		finding_message(r, f, "goroutine %llu works on in %s, %s after %s",
				(unsigned long long)f->goid, a->at.func, DURATION(done_for),
				how_text(&s->w));
	else
		finding_message(r, f, "goroutine %llu is blocked in %s on %s, %s after %s",
				(unsigned long long)f->goid, a->at.func, on, DURATION(done_for),
				how_text(&s->w));
	finding_text(r, f, "blocked_on", "%s", on);
	finding_text(r, f, "state", "%s", golin_goroutine_state_text(r->m, g));
	if (*a->call.func)
		finding_text(r, f, "call", "%s", a->call.func);
	if (a->kind == READING_BLOCKED && since && since < r->now)
		finding_number(f, "since_ms", (r->now - since) / MS);
	finding_number(f, "done_for_ms", done_for / MS);
	finding_number(f, "grace_ms", r->o.grace_ns / MS);
	finding_number(f, "readings", s->readings);
	say_cancel(r, f, x);
}

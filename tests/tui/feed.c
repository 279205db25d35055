// SPDX-License-Identifier: BSD-2-Clause
#include "feed.h"
#include <errno.h>
#include <string.h>

void feed_done(struct feed *f)
{
	golin_recbuf_done(&f->buf);
}

int feed_emit(struct feed *f)
{
	struct golin_rec *rec = (struct golin_rec *)golin_recbuf_end(&f->buf);

	if (!rec)
		return -ENOMEM;
	rec->target = 1;
	rec->epoch = f->epoch;
	rec->ts = f->ts;
	return golin_record_check(rec, rec->size) ? f->sink.put(f->sink.arg, rec) : -EBADMSG;
}

#define STR(f, type, field, text)                                                                  \
	golin_recbuf_str(&(f)->buf, offsetof(type, field), (text), strlen(text))

int feed_target(struct feed *f, const char *exe, const char *go)
{
	struct golin_rec_target *t = golin_recbuf_begin(&f->buf, GOLIN_REC_TARGET, sizeof(*t));

	t->pid = 4213;
	t->flags = GOLIN_TARGET_PARENT_KNOWN;
	t->layout_source = GOLIN_LAYOUT_DWARF;
	STR(f, struct golin_rec_target, exe, exe);
	STR(f, struct golin_rec_target, comm, "orders-api");
	STR(f, struct golin_rec_target, go, go);
	STR(f, struct golin_rec_target, arch, "amd64");
	return feed_emit(f);
}

int feed_clock(struct feed *f, uint64_t mono_ns, uint64_t unix_ns)
{
	struct golin_rec_clock *c = golin_recbuf_begin(&f->buf, GOLIN_REC_CLOCK, sizeof(*c));

	c->mono_ns = mono_ns;
	c->unix_ns = unix_ns;
	return feed_emit(f);
}

int feed_name(struct feed *f, uint64_t pc, const char *func, const char *file, uint32_t line)
{
	size_t fixed = sizeof(struct golin_rec_name) + sizeof(struct golin_rec_frame);
	struct golin_rec_name *n = golin_recbuf_begin(&f->buf, GOLIN_REC_NAME, fixed);
	size_t frame = offsetof(struct golin_rec_name, frames);

	n->pc = pc;
	n->n = 1;
	n->frames[0].line = line;
	golin_recbuf_str(&f->buf, frame + offsetof(struct golin_rec_frame, func), func,
			 strlen(func));
	golin_recbuf_str(&f->buf, frame + offsetof(struct golin_rec_frame, file), file,
			 strlen(file));
	return feed_emit(f);
}

int feed_stack(struct feed *f, uint64_t id, const uint64_t *pcs, uint32_t n)
{
	size_t fixed = sizeof(struct golin_rec_stack) + n * sizeof(*pcs);
	struct golin_rec_stack *s = golin_recbuf_begin(&f->buf, GOLIN_REC_STACK, fixed);

	s->id = id;
	s->n = n;
	memcpy(s->pcs, pcs, n * sizeof(*pcs));
	return feed_emit(f);
}

int feed_seen(struct feed *f, uint64_t goid, uint64_t parent, uint64_t startpc, uint64_t gopc,
	      const char *wait, uint64_t wait_since)
{
	struct golin_rec_goroutine_seen *g =
		golin_recbuf_begin(&f->buf, GOLIN_REC_GOROUTINE_SEEN, sizeof(*g));

	g->h.goid = parent;
	g->child = goid;
	g->startpc = startpc;
	g->gopc = gopc;
	g->state = wait ? GOLIN_GS_WAITING : GOLIN_GS_RUNNING;
	g->flags = GOLIN_G_PARENT_KNOWN;
	g->wait_since = wait_since;
	STR(f, struct golin_rec_goroutine_seen, wait, wait ? wait : "");
	return feed_emit(f);
}

static int create(struct feed *f, uint32_t via, uint64_t goid, uint64_t parent, uint64_t armed_by,
		  uint64_t startpc, uint64_t gopc, uint64_t stack)
{
	struct golin_rec_goroutine_create *g =
		golin_recbuf_begin(&f->buf, GOLIN_REC_GOROUTINE_CREATE, sizeof(*g));

	g->h.goid = parent;
	g->child = goid;
	g->startpc = startpc;
	g->gopc = gopc;
	g->stack = stack;
	g->armed_by = armed_by;
	g->via = via;
	g->flags = GOLIN_G_PARENT_KNOWN;
	return feed_emit(f);
}

int feed_create(struct feed *f, uint64_t goid, uint64_t parent, uint64_t startpc, uint64_t gopc,
		uint64_t stack)
{
	return create(f, GOLIN_VIA_GO, goid, parent, 0, startpc, gopc, stack);
}

int feed_timer(struct feed *f, uint64_t goid, uint64_t armed_by, uint64_t startpc, uint64_t gopc)
{
	return create(f, GOLIN_VIA_TIMER, goid, 0, armed_by, startpc, gopc, 0);
}

int feed_state(struct feed *f, uint64_t goid, uint32_t state, const char *wait)
{
	struct golin_rec_goroutine_state *g =
		golin_recbuf_begin(&f->buf, GOLIN_REC_GOROUTINE_STATE, sizeof(*g));

	g->h.goid = goid;
	g->state = state;
	STR(f, struct golin_rec_goroutine_state, wait, wait);
	return feed_emit(f);
}

int feed_exit_how(struct feed *f, uint64_t goid, uint32_t how)
{
	struct golin_rec_goroutine_exit *g =
		golin_recbuf_begin(&f->buf, GOLIN_REC_GOROUTINE_EXIT, sizeof(*g));

	g->h.goid = goid;
	g->how = how;
	return feed_emit(f);
}

int feed_exit(struct feed *f, uint64_t goid)
{
	return feed_exit_how(f, goid, GOLIN_HOW_RETURN);
}

int feed_end(struct feed *f, int code, int signal)
{
	struct golin_rec_exit *e = golin_recbuf_begin(&f->buf, GOLIN_REC_EXIT, sizeof(*e));

	e->known = 1;
	e->code = code;
	e->signal = signal;
	return feed_emit(f);
}

int feed_lost(struct feed *f, uint64_t count)
{
	struct golin_rec_lost *r = golin_recbuf_begin(&f->buf, GOLIN_REC_LOST, sizeof(*r));

	r->cause = GOLIN_LOST_RING;
	r->count = count;
	return feed_emit(f);
}

int feed_settings(struct feed *f, uint32_t groups)
{
	struct golin_rec_settings *r = golin_recbuf_begin(&f->buf, GOLIN_REC_SETTINGS, sizeof(*r));

	r->groups = groups;
	r->probes = 3;
	r->stack_depth = 32;
	r->link = 1;
	return feed_emit(f);
}

int feed_type(struct feed *f, uint64_t type, const char *name)
{
	struct golin_rec_type_name *r = golin_recbuf_begin(&f->buf, GOLIN_REC_TYPE, sizeof(*r));

	r->type = type;
	STR(f, struct golin_rec_type_name, name, name);
	return feed_emit(f);
}

int feed_context(struct feed *f, const struct golin_rec_context_create *like, const char *key,
		 const char *value)
{
	struct golin_rec_context_create *r =
		golin_recbuf_begin(&f->buf, GOLIN_REC_CONTEXT_CREATE, sizeof(*r));
	struct golin_rec h = r->h;

	*r = *like;
	h.goid = like->h.goid;
	r->h = h;
	STR(f, struct golin_rec_context_create, key, key);
	STR(f, struct golin_rec_context_create, value, value);
	return feed_emit(f);
}

int feed_cancel(struct feed *f, const struct golin_rec_context_cancel *like, const char *err,
		const char *cause)
{
	struct golin_rec_context_cancel *r =
		golin_recbuf_begin(&f->buf, GOLIN_REC_CONTEXT_CANCEL, sizeof(*r));
	struct golin_rec h = r->h;

	*r = *like;
	h.goid = like->h.goid;
	r->h = h;
	STR(f, struct golin_rec_context_cancel, err, err);
	STR(f, struct golin_rec_context_cancel, cause, cause);
	return feed_emit(f);
}

int feed_passed(struct feed *f, uint64_t child, uint64_t ctx, uint32_t how)
{
	struct golin_rec_context_passed *r =
		golin_recbuf_begin(&f->buf, GOLIN_REC_CONTEXT_PASSED, sizeof(*r));

	r->child = child;
	r->ctx = ctx;
	r->how = how;
	return feed_emit(f);
}

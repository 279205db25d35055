/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Says whether the bytes of a record may be used. Everything that reads a record relies on it, so
 * it trusts nothing: sizes are compared by subtraction from what is left.
 */
#include "golin/record.h"

#include <string.h>
#include "base/text.h"

enum { MAX_STRS = 5 };

/* Where the strings of a type stand: offsets of its struct golin_rec_str, ended by 0. */
struct rec_shape {
	uint16_t fixed;
	uint16_t strs[MAX_STRS + 1];
	const char *name;
};

#define STR_AT(tag, member) offsetof(struct golin_rec_##tag, member)

static const struct rec_shape shapes[] = {
	[GOLIN_REC_TARGET] = {sizeof(struct golin_rec_target),
			      {STR_AT(target, exe), STR_AT(target, comm), STR_AT(target, go),
			       STR_AT(target, build_id), STR_AT(target, arch)},
			      "target"},
	[GOLIN_REC_CLOCK] = {sizeof(struct golin_rec_clock), {0}, "clock"},
	[GOLIN_REC_NAME] = {sizeof(struct golin_rec_name), {0}, "name"},
	[GOLIN_REC_STACK] = {sizeof(struct golin_rec_stack), {0}, "stack"},
	[GOLIN_REC_SETTINGS] = {sizeof(struct golin_rec_settings), {0}, "settings"},
	[GOLIN_REC_SNAPSHOT] = {sizeof(struct golin_rec_snapshot), {0}, "snapshot"},
	[GOLIN_REC_GAP] = {sizeof(struct golin_rec_gap), {0}, "gap"},
	[GOLIN_REC_LOST] = {sizeof(struct golin_rec_lost), {0}, "lost"},
	[GOLIN_REC_EXEC] = {sizeof(struct golin_rec_exec), {STR_AT(exec, exe)}, "exec"},
	[GOLIN_REC_EXIT] = {sizeof(struct golin_rec_exit), {0}, "exit"},
	[GOLIN_REC_COUNTS] = {sizeof(struct golin_rec_counts), {0}, "counts"},
	[GOLIN_REC_STATS] = {sizeof(struct golin_rec_stats), {0}, "stats"},
	[GOLIN_REC_TYPE] = {sizeof(struct golin_rec_type_name), {STR_AT(type_name, name)}, "type"},
	[GOLIN_REC_CONTEXT_CREATE] = {sizeof(struct golin_rec_context_create),
				      {STR_AT(context_create, key), STR_AT(context_create, value)},
				      "context.create"},
	[GOLIN_REC_CONTEXT_SEEN] = {sizeof(struct golin_rec_context_seen),
				    {STR_AT(context_seen, key), STR_AT(context_seen, value),
				     STR_AT(context_seen, err)},
				    "context.seen"},
	[GOLIN_REC_CONTEXT_CANCEL] = {sizeof(struct golin_rec_context_cancel),
				      {STR_AT(context_cancel, err), STR_AT(context_cancel, cause)},
				      "context.cancel"},
	[GOLIN_REC_CONTEXT_PASSED] = {sizeof(struct golin_rec_context_passed),
				      {0},
				      "context.passed"},
	[GOLIN_REC_CONTEXT_COUNTS] = {sizeof(struct golin_rec_context_counts),
				      {0},
				      "context.counts"},
	[GOLIN_REC_GOROUTINE_CREATE] = {sizeof(struct golin_rec_goroutine_create),
					{0},
					"goroutine.create"},
	[GOLIN_REC_GOROUTINE_SEEN] = {sizeof(struct golin_rec_goroutine_seen),
				      {STR_AT(goroutine_seen, wait)},
				      "goroutine.seen"},
	[GOLIN_REC_GOROUTINE_EXIT] = {sizeof(struct golin_rec_goroutine_exit),
				      {0},
				      "goroutine.exit"},
	[GOLIN_REC_GOROUTINE_GONE] = {sizeof(struct golin_rec_goroutine_gone),
				      {0},
				      "goroutine.gone"},
	[GOLIN_REC_GOROUTINE_STATE] = {sizeof(struct golin_rec_goroutine_state),
				       {STR_AT(goroutine_state, wait)},
				       "goroutine.state"},
	[GOLIN_REC_GOROUTINE_WAITS] = {sizeof(struct golin_rec_goroutine_waits),
				       {0},
				       "goroutine.waits"},
	[GOLIN_REC_TIMER_START] = {sizeof(struct golin_rec_timer_start), {0}, "timer.start"},
	[GOLIN_REC_TIMER_END] = {sizeof(struct golin_rec_timer_end), {0}, "timer.end"},
	[GOLIN_REC_TIMER_HELD] = {sizeof(struct golin_rec_timer_held), {0}, "timer.held"},
	[GOLIN_REC_TIMER_SITE] = {sizeof(struct golin_rec_timer_site), {0}, "timer.site"},
};

static const struct rec_shape *shape_of(uint16_t type)
{
	if (type >= sizeof(shapes) / sizeof(shapes[0]) || !shapes[type].fixed)
		return NULL;
	return &shapes[type];
}

/* A string that is not there is {0, 0}. */
static bool str_check(const struct golin_rec *rec, const struct golin_rec_str *s, size_t fixed)
{
	const char *base = (const char *)rec;

	if (!s->off && !s->len)
		return true;
	if (s->off < fixed || s->off >= rec->size || s->len >= GOLIN_STR_MAX ||
	    s->len >= rec->size - s->off)
		return false;
	return !base[s->off + s->len] && !memchr(base + s->off, 0, s->len);
}

static const struct golin_rec_str *str_at(const struct golin_rec *rec, size_t off)
{
	return (const struct golin_rec_str *)((const char *)rec + off);
}

static bool name_check(const struct golin_rec_name *r)
{
	size_t fixed;

	if (r->n > GOLIN_FRAMES_MAX)
		return false;
	fixed = sizeof(*r) + r->n * sizeof(r->frames[0]);
	if (fixed > r->h.size)
		return false;
	for (uint32_t i = 0; i < r->n; i++)
		if (!str_check(&r->h, &r->frames[i].func, fixed) ||
		    !str_check(&r->h, &r->frames[i].file, fixed))
			return false;
	return true;
}

static bool stack_check(const struct golin_rec_stack *r)
{
	return r->n <= GOLIN_STACK_MAX && r->n <= (r->h.size - sizeof(*r)) / sizeof(r->pcs[0]);
}

static bool waits_check(const struct golin_rec_goroutine_waits *r)
{
	return r->n <= GOLIN_WAITS_MAX && r->n <= (r->h.size - sizeof(*r)) / sizeof(r->waits[0]);
}

static bool held_check(const struct golin_rec_timer_held *r)
{
	return r->n <= GOLIN_TIMER_HELD_PART &&
	       r->n <= (r->h.size - sizeof(*r)) / sizeof(r->timers[0]);
}

bool golin_record_check(const struct golin_rec *rec, size_t avail)
{
	const struct rec_shape *shape;

	if (avail < sizeof(*rec) || (uintptr_t)rec % 8 || rec->size < sizeof(*rec) ||
	    rec->size > avail || rec->size > GOLIN_RECORD_MAX || rec->size % 8 || !rec->type ||
	    rec->type >= GOLIN_REC_TYPE_MAX)
		return false;
	shape = shape_of(rec->type);
	if (!shape)
		return true;
	if (rec->version != 1 || rec->size < shape->fixed)
		return false;
	for (const uint16_t *at = shape->strs; *at; at++)
		if (!str_check(rec, str_at(rec, *at), shape->fixed))
			return false;
	if (rec->type == GOLIN_REC_NAME)
		return name_check((const struct golin_rec_name *)rec);
	if (rec->type == GOLIN_REC_STACK)
		return stack_check((const struct golin_rec_stack *)rec);
	if (rec->type == GOLIN_REC_GOROUTINE_WAITS)
		return waits_check((const struct golin_rec_goroutine_waits *)rec);
	if (rec->type == GOLIN_REC_TIMER_HELD)
		return held_check((const struct golin_rec_timer_held *)rec);
	return true;
}

static bool str_is_clean(const struct golin_rec *rec, const struct golin_rec_str *s)
{
	return golin_text_is_clean(golin_rec_text(rec, *s), s->len);
}

bool golin_record_is_clean(const struct golin_rec *rec)
{
	const struct rec_shape *shape = shape_of(rec->type);

	if (!shape)
		return true;
	for (const uint16_t *at = shape->strs; *at; at++)
		if (!str_is_clean(rec, str_at(rec, *at)))
			return false;
	if (rec->type == GOLIN_REC_NAME) {
		const struct golin_rec_name *r = (const struct golin_rec_name *)rec;

		for (uint32_t i = 0; i < r->n; i++)
			if (!str_is_clean(rec, &r->frames[i].func) ||
			    !str_is_clean(rec, &r->frames[i].file))
				return false;
	}
	return true;
}

static void str_cleaned(const struct golin_rec *rec, size_t off, struct golin_recbuf *b)
{
	static const struct golin_rec_str none;
	const struct golin_rec_str *s = str_at(rec, off);

	if (b->failed)
		return;
	memcpy((char *)b->mem + off, &none, sizeof(none));
	golin_recbuf_str(b, off, golin_rec_text(rec, *s), s->len);
}

const struct golin_rec *golin_record_cleaned(const struct golin_rec *rec, struct golin_recbuf *b)
{
	const struct rec_shape *shape = shape_of(rec->type);
	const struct golin_rec_name *name = (const struct golin_rec_name *)rec;
	size_t fixed = shape ? shape->fixed : 0;
	void *to;

	if (!shape)
		return NULL;
	if (rec->type == GOLIN_REC_NAME)
		fixed += name->n * sizeof(name->frames[0]);
	else if (rec->type == GOLIN_REC_STACK || rec->type == GOLIN_REC_GOROUTINE_WAITS ||
		 rec->type == GOLIN_REC_TIMER_HELD)
		fixed = rec->size;
	to = golin_recbuf_begin(b, rec->type, fixed);
	if (!to)
		return NULL;
	memcpy(to, rec, fixed);
	for (const uint16_t *at = shape->strs; *at; at++)
		str_cleaned(rec, *at, b);
	for (uint32_t i = 0; rec->type == GOLIN_REC_NAME && i < name->n; i++) {
		size_t off = (size_t)((const char *)&name->frames[i] - (const char *)rec);

		str_cleaned(rec, off + offsetof(struct golin_rec_frame, func), b);
		str_cleaned(rec, off + offsetof(struct golin_rec_frame, file), b);
	}
	return golin_recbuf_end(b);
}

const char *golin_rec_text(const struct golin_rec *rec, struct golin_rec_str s)
{
	return s.len ? (const char *)rec + s.off : "";
}

const char *golin_rec_type_name(uint16_t type)
{
	const struct rec_shape *shape = shape_of(type);

	return shape ? shape->name : NULL;
}

const char *golin_gstate_name(uint32_t state)
{
	switch (state) {
	case GOLIN_GS_IDLE:
		return "idle";
	case GOLIN_GS_RUNNABLE:
		return "runnable";
	case GOLIN_GS_RUNNING:
		return "running";
	case GOLIN_GS_SYSCALL:
		return "syscall";
	case GOLIN_GS_WAITING:
		return "waiting";
	case GOLIN_GS_DEAD:
		return "dead";
	case GOLIN_GS_COPYSTACK:
		return "copystack";
	case GOLIN_GS_PREEMPTED:
		return "preempted";
	case GOLIN_GS_LEAKED:
		return "leaked";
	case GOLIN_GS_DEADEXTRA:
		return "deadextra";
	default:
		return "unknown";
	}
}

const char *golin_via_name(uint32_t via)
{
	switch (via) {
	case GOLIN_VIA_GO:
		return "go";
	case GOLIN_VIA_TIMER:
		return "timer";
	case GOLIN_VIA_COROUTINE:
		return "coroutine";
	default:
		return "unknown";
	}
}

const char *golin_how_name(uint32_t how)
{
	switch (how) {
	case GOLIN_HOW_RETURN:
		return "return";
	case GOLIN_HOW_GOEXIT:
		return "goexit";
	default:
		return "unknown";
	}
}

const char *golin_context_kind_name(uint32_t kind)
{
	static const char *const names[] = {
		[GOLIN_CTX_CANCEL] = "cancel",
		[GOLIN_CTX_TIMER] = "timer",
		[GOLIN_CTX_VALUE] = "value",
		[GOLIN_CTX_AFTER_FUNC] = "afterFunc",
		[GOLIN_CTX_WITHOUT_CANCEL] = "withoutCancel",
		[GOLIN_CTX_BACKGROUND] = "background",
		[GOLIN_CTX_TODO] = "todo",
		[GOLIN_CTX_FOREIGN] = "foreign",
	};

	return kind < sizeof(names) / sizeof(names[0]) && names[kind] ? names[kind] : "unknown";
}

const char *golin_cancel_reason_name(uint32_t reason)
{
	switch (reason) {
	case GOLIN_CANCEL_EXPLICIT:
		return "explicit";
	case GOLIN_CANCEL_DEADLINE:
		return "deadline";
	case GOLIN_CANCEL_PARENT:
		return "parent";
	default:
		return "unknown";
	}
}

const char *golin_timer_kind_name(uint32_t kind)
{
	switch (kind) {
	case GOLIN_TIMER_FUNC:
		return "func";
	case GOLIN_TIMER_CHAN:
		return "chan";
	case GOLIN_TIMER_TICKER:
		return "ticker";
	default:
		return "unknown";
	}
}

const char *golin_timer_end_name(uint32_t how)
{
	switch (how) {
	case GOLIN_TIMER_STOPPED:
		return "stopped";
	case GOLIN_TIMER_FIRED:
		return "fired";
	default:
		return "unknown";
	}
}

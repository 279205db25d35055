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
	[GOLIN_REC_GOROUTINE_DEFERS] = {sizeof(struct golin_rec_goroutine_defers),
					{0},
					"goroutine.defers"},
	[GOLIN_REC_PANIC_START] = {sizeof(struct golin_rec_panic_start), {0}, "panic.start"},
	[GOLIN_REC_PANIC_DEFER] = {sizeof(struct golin_rec_panic_defer), {0}, "panic.defer"},
	[GOLIN_REC_PANIC_RECOVER] = {sizeof(struct golin_rec_panic_recover), {0}, "panic.recover"},
	[GOLIN_REC_PANIC_GOEXIT] = {sizeof(struct golin_rec_panic_goexit), {0}, "panic.goexit"},
	[GOLIN_REC_PANIC_FATAL] = {sizeof(struct golin_rec_panic_fatal), {0}, "panic.fatal"},
	[GOLIN_REC_PANIC_THROW] = {sizeof(struct golin_rec_panic_throw),
				   {STR_AT(panic_throw, text)},
				   "panic.throw"},
	[GOLIN_REC_PANIC_KEPT] = {sizeof(struct golin_rec_panic_kept),
				  {STR_AT(panic_kept, trace), STR_AT(panic_kept, text)},
				  "panic.kept"},
	[GOLIN_REC_PANIC_COUNTS] = {sizeof(struct golin_rec_panic_counts), {0}, "panic.counts"},
	[GOLIN_REC_PANIC_SITE] = {sizeof(struct golin_rec_panic_site),
				  {STR_AT(panic_site, type)},
				  "panic.site"},
	[GOLIN_REC_PANIC_POINT] = {sizeof(struct golin_rec_panic_point),
				   {STR_AT(panic_point, wait)},
				   "panic.point"},
	[GOLIN_REC_GC_PAUSE] = {sizeof(struct golin_rec_gc_pause),
				{STR_AT(gc_pause, reason)},
				"gc.pause"},
};

static const struct rec_shape *shape_of(uint16_t type)
{
	if (type >= sizeof(shapes) / sizeof(shapes[0]) || !shapes[type].fixed)
		return NULL;
	return &shapes[type];
}

/* An array of equal elements behind the fixed part, each with at most two strings. */
struct rec_array {
	uint16_t type, fixed, size;
	uint16_t count; /* offset of its number of elements, 32 bits */
	uint16_t max;
	uint16_t strs[2], nstrs; /* in an element */
	uint16_t then_count;	 /* of elements without strings that follow: offset, or 0 */
	uint16_t then_size, then_max;
};

#define COUNT_AT(tag, member) offsetof(struct golin_rec_##tag, member)

static const struct rec_array arrays[] = {
	{
		.type = GOLIN_REC_NAME,
		.fixed = sizeof(struct golin_rec_name),
		.size = sizeof(struct golin_rec_frame),
		.count = COUNT_AT(name, n),
		.max = GOLIN_FRAMES_MAX,
		.strs = {offsetof(struct golin_rec_frame, func),
			 offsetof(struct golin_rec_frame, file)},
		.nstrs = 2,
	},
	{
		.type = GOLIN_REC_STACK,
		.fixed = sizeof(struct golin_rec_stack),
		.size = sizeof(uint64_t),
		.count = COUNT_AT(stack, n),
		.max = GOLIN_STACK_MAX,
	},
	{
		.type = GOLIN_REC_GOROUTINE_WAITS,
		.fixed = sizeof(struct golin_rec_goroutine_waits),
		.size = sizeof(struct golin_rec_wait),
		.count = COUNT_AT(goroutine_waits, n),
		.max = GOLIN_WAITS_MAX,
	},
	{
		.type = GOLIN_REC_TIMER_HELD,
		.fixed = sizeof(struct golin_rec_timer_held),
		.size = sizeof(uint64_t),
		.count = COUNT_AT(timer_held, n),
		.max = GOLIN_TIMER_HELD_PART,
	},
	{
		.type = GOLIN_REC_PANIC_START,
		.fixed = sizeof(struct golin_rec_panic_start),
		.size = sizeof(struct golin_rec_value),
		.count = COUNT_AT(panic_start, n),
		.max = GOLIN_VALUES_MAX,
		.strs = {offsetof(struct golin_rec_value, text)},
		.nstrs = 1,
	},
	{
		.type = GOLIN_REC_PANIC_FATAL,
		.fixed = sizeof(struct golin_rec_panic_fatal),
		.size = sizeof(struct golin_rec_kept_panic),
		.count = COUNT_AT(panic_fatal, n),
		.max = GOLIN_KEPT_MAX,
		.strs = {offsetof(struct golin_rec_kept_panic, value.text)},
		.nstrs = 1,
	},
	{
		.type = GOLIN_REC_GOROUTINE_DEFERS,
		.fixed = sizeof(struct golin_rec_goroutine_defers),
		.size = sizeof(struct golin_rec_kept_panic),
		.count = COUNT_AT(goroutine_defers, npanics),
		.max = GOLIN_KEPT_MAX,
		.strs = {offsetof(struct golin_rec_kept_panic, value.text)},
		.nstrs = 1,
		.then_count = COUNT_AT(goroutine_defers, ndefers),
		.then_size = sizeof(struct golin_rec_kept_defer),
		.then_max = GOLIN_DEFERS_MAX,
	},
};

static const struct rec_array *array_of(uint16_t type)
{
	for (size_t k = 0; k < sizeof(arrays) / sizeof(arrays[0]); k++)
		if (arrays[k].type == type)
			return &arrays[k];
	return NULL;
}

static uint32_t count_at(const struct golin_rec *rec, uint16_t off)
{
	uint32_t n;

	memcpy(&n, (const char *)rec + off, sizeof(n));
	return n;
}

/* Bytes of a record with its arrays; 0 when they are too many. */
static size_t fixed_of(const struct golin_rec *rec, size_t fixed, const struct rec_array *a)
{
	uint32_t n = a ? count_at(rec, a->count) : 0;
	uint32_t then = a && a->then_count ? count_at(rec, a->then_count) : 0;

	if (!a)
		return fixed;
	if (n > a->max || then > a->then_max)
		return 0;
	return a->fixed + (size_t)n * a->size + (size_t)then * a->then_size;
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

static size_t element_at(const struct rec_array *a, uint32_t i, uint16_t member)
{
	return a->fixed + (size_t)i * a->size + member;
}

static bool array_check(const struct golin_rec *rec, const struct rec_array *a)
{
	size_t fixed = fixed_of(rec, 0, a);

	if (!fixed || fixed > rec->size)
		return false;
	for (uint32_t i = 0; a->nstrs && i < count_at(rec, a->count); i++)
		for (uint16_t k = 0; k < a->nstrs; k++)
			if (!str_check(rec, str_at(rec, element_at(a, i, a->strs[k])), fixed))
				return false;
	return true;
}

bool golin_record_check(const struct golin_rec *rec, size_t avail)
{
	const struct rec_array *array;
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
	array = array_of(rec->type);
	for (const uint16_t *at = shape->strs; *at; at++)
		if (!str_check(rec, str_at(rec, *at), shape->fixed))
			return false;
	return !array || array_check(rec, array);
}

static bool str_is_clean(const struct golin_rec *rec, const struct golin_rec_str *s)
{
	return golin_text_is_clean(golin_rec_text(rec, *s), s->len);
}

bool golin_record_is_clean(const struct golin_rec *rec)
{
	const struct rec_shape *shape = shape_of(rec->type);
	const struct rec_array *a = array_of(rec->type);

	if (!shape)
		return true;
	for (const uint16_t *at = shape->strs; *at; at++)
		if (!str_is_clean(rec, str_at(rec, *at)))
			return false;
	for (uint32_t i = 0; a && a->nstrs && i < count_at(rec, a->count); i++)
		for (uint16_t k = 0; k < a->nstrs; k++)
			if (!str_is_clean(rec, str_at(rec, element_at(a, i, a->strs[k]))))
				return false;
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
	const struct rec_array *a = array_of(rec->type);
	size_t fixed;
	void *to;

	if (!shape)
		return NULL;
	/* Without strings nothing of it is to be left behind: numbers may stand at its end. */
	fixed = a && !a->nstrs ? rec->size : fixed_of(rec, shape->fixed, a);
	to = golin_recbuf_begin(b, rec->type, fixed);
	if (!to)
		return NULL;
	memcpy(to, rec, fixed);
	for (const uint16_t *at = shape->strs; *at; at++)
		str_cleaned(rec, *at, b);
	for (uint32_t i = 0; a && a->nstrs && i < count_at(rec, a->count); i++)
		for (uint16_t k = 0; k < a->nstrs; k++)
			str_cleaned(rec, element_at(a, i, a->strs[k]), b);
	return golin_recbuf_end(b);
}

const struct golin_rec_kept_defer *golin_rec_kept_defers(const struct golin_rec_goroutine_defers *r)
{
	return (const struct golin_rec_kept_defer *)(r->panics + r->npanics);
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

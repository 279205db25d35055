/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The inside of the rules, private to core/rules. Each rule is a table entry: what it is, what it
 * does with each change of a context, and what it looks at ten times a second. All work is bounded:
 * a change costs a rule a few look-ups, a look no more than its budget.
 */
#ifndef GOLIN_RULES_IMPL_H
#define GOLIN_RULES_IMPL_H

#include "base/array.h"
#include "base/map64.h"
#include "golin/findings.h"
#include "golin/panic.h"
#include "golin/timers.h"
#include "golin/waits.h"

enum rule_id {
	RULE_DETACHED,
	RULE_IGNORED,
	RULE_VALUE_ONLY,
	RULE_MASKED,
	RULE_LOST,
	RULE_FOREIGN,
	RULE_DEEP,
	RULE_WIDE,
	RULE_TIMERS,
	RULE_SWALLOWED,
	RULE_REPANIC,
	RULE_IN_DEFER,
	RULE_GOEXIT,
	RULE_PANIC_LOOP,
	RULE_COUNT,
};

#define MS 1000000ull
#define SECOND 1000000000ull

enum {
	ASKS_MAX = 64,	   /* for each look */
	SITES_MAX = 16384, /* what comes beyond is at no place, and no finding */
	SITE_NONE = 0,
};

struct rule {
	struct golin_rule_info info;
	/* x is what ch names, still in the model. */
	void (*change)(struct golin_rules *r, const struct golin_context_change *ch,
		       const struct golin_context *x);
	/* i began or was resolved (what), still in the model. */
	void (*panic)(struct golin_rules *r, uint8_t what, golin_pidx i);
	void (*look)(struct golin_rules *r);
	void (*reset)(struct golin_rules *r); /* frees what it keeps */
};

extern const struct rule rule_detached, rule_ignored, rule_value_only, rule_masked, rule_lost,
	rule_foreign, rule_deep, rule_wide, rule_timers, rule_swallowed, rule_repanic,
	rule_in_defer, rule_goexit, rule_panic_loop;

/* ---- sites.c: the places in the user's code that make contexts ---- */

/* A context, as long as it is the same one. */
struct ctx_ref {
	uint64_t first;
	golin_cidx c;
};

struct site {
	struct golin_frame at; /* in the user's code; func "" when none of it is on the stack */
	const char *call;      /* what that calls: "context.WithTimeout", "net/http.Get" */
	bool library;	       /* the standard library called the constructor */
	bool conn;	       /* net/http's context of a request, made by the connection */

	struct {
		uint64_t calls, masked; /* asked for a time; of these, in vain */
		uint64_t told, first;
		struct ctx_ref example;
	} masked;
	struct {
		uint64_t over; /* made beyond the limit */
		uint32_t next; /* depth from which on a chain is walked again */
	} deep;
	struct {
		uint64_t made;
		uint64_t explicit;     /* cancelled by a call of their own */
		uint64_t explicit_age; /* the longest that one of those lived */
		uint64_t expired;      /* ended by their deadline, forgotten long before */
		uint64_t expired_first, expired_last;
		struct ctx_ref expired_example;
		/* lost ones in this round */
		uint32_t now, gone, makers; /* of these, creator gone; changes of the creator */
		uint64_t oldest, newest;    /* when they were made */
		uint64_t goid;		    /* who made the last one that was counted */
		struct ctx_ref example;	    /* the oldest */
	} lost;
};

/* Its place: a number into r->sites; SITE_NONE when the stack is not known. */
uint32_t site_of(struct golin_rules *r, const struct golin_context *x);

/* What the rules keep about a context. */
struct ctx_note {
	uint64_t first; /* of the context that this is about */
	uint64_t above_first;
	golin_cidx above; /* the nearest one upwards that can be cancelled, itself not included */
	uint32_t site;
	uint32_t depth; /* 1 for a root */
	uint32_t kids;	/* live ones that its cancellation would reach next */
	uint32_t told;	/* wide-context: so many before it is told again */
};

/* NULL: out of memory. Valid until the next call. */
struct ctx_note *note_of(struct golin_rules *r, golin_cidx c, const struct golin_context *x);
/* The context that a reference names; NULL when it has left the model. */
const struct golin_context *ref_get(const struct golin_rules *r, struct ctx_ref ref);
bool context_is_cancellable(const struct golin_context *x);
static inline bool is_live(const struct golin_context *x)
{
	return !x->retired && x->state != GOLIN_CS_CANCELLED;
}

/* ---- handed.c: what goroutines were handed ---- */

enum { HANDED_MAX = 4 };

/* A goroutine makes very many contexts; those that it was handed would be hard to find there. */
struct handed {
	uint64_t goid;
	struct ctx_ref v[HANDED_MAX]; /* the first that it was handed, or was found to work under */
	struct ctx_ref conn;	      /* the request of net/http's that it works on */
	uint32_t n;
};

/* Before the rules hear of the change. */
void handed_change(struct golin_rules *r, const struct golin_context_change *ch,
		   const struct golin_context *x);
/* NULL: none is known. */
const struct handed *handed_of(const struct golin_rules *r, golin_gidx g, uint64_t goid);

/* ---- findings.c ---- */

struct text_chunk;

struct findings {
	ARRAY_OF(struct golin_finding) v;
	ARRAY_OF(uint64_t) told; /* of each: the count that its texts tell of */
	struct map64 ids;	 /* hash of rule, func and place -> index */
	struct text_chunk *chunks;
	uint64_t generation;
	uint64_t dropped; /* over the cap */
};

enum report_flags {
	REPORT_ONE = 0,	       /* one more: the texts stay those of the first */
	REPORT_TOTAL = 1 << 0, /* `count` is how many there are by now; the texts follow */
};

/*
 * NULL when there is nothing to be written: it is allowed, or known and told. Else the finding with
 * its texts empty, to be filled with the functions below.
 */
struct golin_finding *finding_report(struct golin_rules *r, enum rule_id rule, uint8_t severity,
				     const struct golin_frame *at, uint64_t count, uint32_t flags);
void finding_context(struct golin_rules *r, struct golin_finding *f, struct ctx_ref ref);
void finding_message(struct golin_rules *r, struct golin_finding *f, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
void finding_hint(struct golin_rules *r, struct golin_finding *f, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
void finding_number(struct golin_finding *f, const char *name, uint64_t number);
void finding_text(struct golin_rules *r, struct golin_finding *f, const char *name, const char *fmt,
		  ...) __attribute__((format(printf, 4, 5)));
/* Nobody wants to hear of it, or of it in that function: one that is not the finding's own. */
bool finding_is_allowed(const struct golin_rules *r, enum rule_id rule, const char *func);
void rule_findings_free(struct findings *t);

/* "main.handle (api.go:17)"; buf of PLACE_MAX bytes. */
enum { PLACE_MAX = 320 };
const char *place_text(char *buf, const struct golin_frame *f);
#define PLACE(f) place_text((char[PLACE_MAX]){0}, (f))
#define DURATION(ns) golin_text_duration((char[24]){0}, 24, (ns))

/* ---- rules.c ---- */

/* Events that never came: what seems to be there may have ended. */
uint64_t events_lost(const struct golin_rules *r);
/* Asks for a goroutine's state and what it waits on. False: enough was asked for now. */
bool ask_read(struct golin_rules *r, uint64_t goid);
void ask_timers(struct golin_rules *r);

/* ---- panics.c: what the rules about panics have in common ---- */

/* Where it was raised: in the user's code, if any of that is on its stack. */
struct golin_frame panic_raised_at(const struct golin_rules *r, golin_pidx i);
/* net/http.ErrAbortHandler, which says "end this request": no failure. */
bool panic_is_abort(const struct golin_rules *r, golin_pidx i);
/* An error of the runtime's: an index, a nil pointer, a failed assertion. panic(nil) is none. */
bool panic_is_runtime(const struct golin_rules *r, golin_pidx i);
/*
 * A package that leaves its own functions by a panic and recovers it where they were called: how
 * parsers and encoders do it. Not at the root of a goroutine, and no error of the runtime's.
 */
bool panic_is_flow(const struct golin_rules *r, golin_pidx i);
/* The function that recovered it; where that is not known, the one that goes on. */
struct golin_frame panic_recoverer(const struct golin_rules *r, golin_pidx i);
/* Of the standard library, which then makes an error or a text of it; net/http does not. */
bool panic_is_handled_by_library(const struct golin_rules *r, golin_pidx i);
/* The function that defers the recover raised it itself, in an operation that may fail: a try. */
bool panic_is_try(const struct golin_rules *r, golin_pidx i);
/* "*errors.errorString: no rows"; buf of VALUE_MAX bytes. */
enum { VALUE_MAX = 256 };
const char *panic_value_text(const struct golin_rules *r, golin_pidx i, char *buf);
#define PANIC_VALUE(r, i) panic_value_text((r), (i), (char[VALUE_MAX]){0})
/* Its id, its trace and its value. */
void panic_evidence(struct golin_rules *r, struct golin_finding *f, golin_pidx i);
/* Who recovered it, and where control went on. */
void panic_evidence_recovered(struct golin_rules *r, struct golin_finding *f, golin_pidx i,
			      const struct golin_frame *by);

/* ---- panic_groups.c: recovered panics by place, value and who recovered them ---- */

struct panic_group {
	struct golin_frame at; /* where they were raised */
	uint64_t by;	       /* pc: who recovered them */
	golin_pidx newest;     /* see number */
	uint64_t number;       /* of the newest */
	struct {
		uint64_t recovered, rethrown;
		uint64_t ripe; /* recovered so long ago that nobody will throw them again */
		uint64_t taken, taken_at; /* `recovered` when it was taken last, and when */
		uint8_t severity;	  /* enum golin_severity; 0: no finding */
	} swallowed;
	struct {
		uint64_t began, within; /* so many since then */
		uint64_t most;		/* in one such time */
		uint64_t all;
		uint64_t last_goid, goids; /* changes of the goroutine */
		bool counts;
	} loop;
};

/* That of a panic that was recovered. NULL: too many, or no memory. */
struct panic_group *panic_group_of(struct golin_rules *r, golin_pidx i);
/* An example that is still in the model; GOLIN_PIDX_NONE. */
golin_pidx panic_group_example(const struct golin_rules *r, const struct panic_group *g);

/* ---- shared between rules ---- */

/* It has made another context at that site since. (lost_cancel.c) */
bool made_another(struct golin_rules *r, uint32_t site, uint64_t goid, uint64_t since);
/* A function of that name is on a stack, outside its innermost user's frame. (stacks.c) */
bool stack_has_outer(struct golin_rules *r, uint64_t stack, const char *func);
/*
 * The goroutine that made something in `at`, with this creation stack, is still in that function,
 * or in the one that had called it. (stacks.c)
 */
bool stack_is_within(struct golin_rules *r, uint64_t now, uint64_t then);
/* It works on under a context of its own, which another rule tells of. (detached_context.c) */
bool is_detached(const struct golin_rules *r, uint64_t goid);
/* ---- what each rule keeps ---- */

struct lost_young {
	struct ctx_ref ref;
	uint32_t site;
};

/* A goroutine that makes contexts at a site. */
struct lost_maker {
	uint64_t goid;
	uint64_t last; /* when it made the newest one there */
	uint32_t site;
	uint32_t round, n; /* its old ones in that round */
};

struct lost_state {
	struct lost_young *young; /* a ring, the oldest first */
	uint32_t head, nyoung;
	ARRAY_OF(struct lost_young) old; /* live ones past that age */
	size_t cursor;			 /* of the round over them */
	uint64_t began;			 /* that round */
	uint32_t round;
	ARRAY_OF(uint32_t) listed; /* sites that have lost ones in this round */
	ARRAY_OF(struct lost_maker) makers;
	struct map64 by_maker;
};

/* Goroutines that only wait for a parent of a foreign type, by the place that made them. */
struct foreign_group {
	struct golin_frame at;
	const char *type; /* of the parent */
	uint64_t n, oldest, goid;
	struct ctx_ref example;
	bool guess; /* made before golin came: the place is not known */
};

struct foreign_state {
	struct map64 startpcs;		       /* -> is it such a goroutine's */
	golin_gidx cursor;		       /* of the round over all goroutines */
	ARRAY_OF(struct foreign_group) groups; /* of this round */
};

/* A goroutine that works under a context that is done. */
struct ignored_watch {
	struct ctx_ref ctx; /* what was cancelled */
	uint64_t goid;
	uint64_t at; /* when it was cancelled, or handed on after that */
	golin_gidx g;
	uint8_t how; /* enum golin_holder_how */
	bool conn;   /* how is created: net/http's connection, which runs the handler */
	bool late;   /* it was done when the goroutine got it */
};

struct ignored_suspect {
	struct ignored_watch w;
	uint64_t next;	/* when it is looked at again */
	uint64_t asked; /* 0: not */
	uint64_t read;	/* the last answer that was looked at */
	uint64_t first; /* the first that did not listen */
	uint32_t readings, listens, tries;
};

struct ignored_state {
	struct ignored_watch *young; /* a ring, the oldest first */
	uint32_t head, nyoung;
	ARRAY_OF(struct ignored_suspect) suspects;
	struct map64 by_g;	       /* goid -> suspect */
	struct map64 told;	       /* goids */
	ARRAY_OF(uint64_t) first_look; /* goids to be read before anything is cancelled */
};

/* What a goroutine made from Background while it worked under something that can be cancelled. */
struct detached_entry {
	struct ctx_ref made, under[2];
	uint64_t goid;
	uint64_t asked;
	golin_gidx g;
	uint32_t site;
	uint16_t tries;
	uint8_t nunder;
	bool value; /* nothing but values: value-only */
};

struct detached_state {
	ARRAY_OF(struct detached_entry) v;
	struct map64 told; /* goids of those that were told of */
};

struct masked_state {
	ARRAY_OF(uint32_t) sites;
};

struct panic_groups {
	ARRAY_OF(struct panic_group) v;
	struct map64 by_key;
};

struct golin_rules {
	struct golin_model *m;
	struct golin_rules_opts o;
	char **allow, **warn; /* o.nallow, o.nwarn */
	uint64_t now;
	uint64_t next_look;
	bool last; /* golin_rules_finish() */
	bool oom;

	uint64_t cursor, missed; /* changes of the model */
	ARRAY_OF(struct site) sites;
	struct map64 by_stack, by_place; /* -> site */
	ARRAY_OF(struct ctx_note) notes; /* by index of the context */
	ARRAY_OF(struct handed) handed;	 /* by index of the goroutine */
	struct findings found;
	struct golin_ctl asks[ASKS_MAX];
	uint32_t nasks, asked;

	struct ignored_state ignored;
	struct detached_state detached;
	struct masked_state masked;
	struct foreign_state foreign;
	uint64_t panic_cursor, panics_missed;
	struct panic_groups panics;
	uint64_t timers_asked; /* when the runtime's timers were asked for last */
	struct lost_state lost;
};

static inline struct site *site_at(struct golin_rules *r, uint32_t i)
{
	return &r->sites.v[i];
}

#endif

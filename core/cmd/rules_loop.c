/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * When the rules look. A live target's time is the clock's, and what the rules ask of it is read.
 * A recording's time is that of its records; the answers are among them, since the rules looked
 * while it was made. There they look as often as they did live, however large the source's batches
 * are: so both find the same.
 */
#include "rules_loop.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/strbuf.h"
#include "base/text.h"
#include "golin/panic.h"

#define EVERY_NS 100000000ull /* of a recording's time, between two looks */

enum {
	EVERY_RECORDS = 512, /* likewise, when much happens */
	LAST_ROUNDS = 8,     /* of questions that answers lead to */
	LAST_BATCHES = 256,  /* of a ring that is always full */
	LAST_RECORDS = 8192,
};

static uint64_t mono_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ull + ts.tv_nsec;
}

/* True when something was asked that the source will answer. */
static bool ask(struct session *s)
{
	struct golin_ctl ctl;
	bool any = false;

	/* What cannot be asked now (too many questions, no right to read) is not known: the rules
	 * say nothing without evidence. */
	while (s->rules && golin_rules_ask(s->rules, &ctl))
		if (s->src->live && !golin_source_control(s->src, &ctl, NULL))
			any = true;
	/* Where the goroutines stand that a panic concerns: the sooner, the more it tells. */
	while (s->cfg->ask && golin_model_panics_ask(s->model, &ctl))
		if (s->src->live && !golin_source_control(s->src, &ctl, NULL))
			any = true;
	return any;
}

static int no_memory(struct session *s)
{
	return golin_err_set(&s->sink_err, -ENOMEM, "out of memory for the findings");
}

static int look(struct session *s, uint64_t now)
{
	if (s->rules && golin_rules_check(s->rules, now))
		return no_memory(s);
	ask(s);
	return 0;
}

int rules_before(struct session *s, const struct golin_rec *rec)
{
	uint64_t now = golin_model_now(s->model);

	if (s->src->live || !now)
		return 0;
	/* What has changed is told to them before it is too much to be kept. */
	if (rec->ts < s->rules_next && ++s->rules_records < EVERY_RECORDS)
		return 0;
	s->rules_records = 0;
	if (look(s, now))
		return s->sink_err.code;
	/* After a silence also at its end: as long as nothing came, they looked all the same. */
	if (rec->ts > now && rec->ts - now > EVERY_NS && look(s, rec->ts - 1))
		return s->sink_err.code;
	s->rules_next = (rec->ts > now ? rec->ts : now) + EVERY_NS;
	return 0;
}

int rules_batch(struct session *s, uint64_t seen_until)
{
	/* Where more records wait, the time is that of the last one: what came later is not known,
	 * and must not be held against anybody. */
	uint64_t now = seen_until ? seen_until : golin_model_now(s->model);

	return s->src->live ? look(s, now) : 0;
}

/* All that is known of the target up to now; *ret_now is that time. */
static int catch_up(struct session *s, uint64_t *ret_now, struct golin_err *err)
{
	int n;

	for (int k = 0; k < LAST_BATCHES; k++) {
		*ret_now = mono_ns();
		n = golin_source_service(s->src, &s->sink, LAST_RECORDS, err);
		if (n < 0)
			return n;
		if (n < LAST_RECORDS)
			return 0;
	}
	*ret_now = golin_model_now(s->model);
	return 0;
}

int rules_last_questions(struct session *s, struct golin_err *err)
{
	uint64_t now;
	int ret = catch_up(s, &now, err);

	if (ret)
		return ret;
	if (look(s, now))
		return s->sink_err.code;
	for (int k = 0; k < LAST_ROUNDS; k++) {
		ret = catch_up(s, &now, err);
		if (ret)
			return ret;
		if (s->rules && golin_rules_finish(s->rules, now))
			return no_memory(s);
		if (!ask(s))
			break;
	}
	return 0;
}

int rules_finish(struct session *s)
{
	struct golin_ctl ctl;

	if (!s->rules)
		return 0;
	if (golin_rules_finish(s->rules, s->src->live ? mono_ns() : golin_model_now(s->model)))
		return no_memory(s);
	while (golin_rules_ask(s->rules, &ctl))
		; /* nobody is there to answer */
	return 0;
}

/* ---- options ---- */

#define LIMIT(name, member, what)                                                                  \
	{                                                                                          \
		name, offsetof(struct golin_rules_opts, member), what                              \
	}

static const struct {
	const char *name;
	size_t off;
	const char *what;
} limits[] = {
	LIMIT("lost", lost_count, "lost-cancel: so many of one site that nobody cancels"),
	LIMIT("masked", masked_count, "masked-timeout: a warning from so many calls on"),
	LIMIT("foreign", foreign_count, "foreign-context: a warning from so many goroutines on"),
	LIMIT("depth", depth, "deep-context: a chain longer than that"),
	LIMIT("width", width, "wide-context: more live children than that"),
	LIMIT("timers", timers, "timer-pileup: so many of one site"),
	LIMIT("panics", panics, "panic-loop: so many of one site within ten seconds"),
};

enum { NLIMITS = sizeof(limits) / sizeof(limits[0]) };

static uint32_t *limit_at(struct golin_rules_opts *o, size_t i)
{
	return (uint32_t *)((char *)o + limits[i].off);
}

void rules_limits_help(struct strbuf *out)
{
	struct golin_rules_opts o = golin_rules_defaults();
	char buf[32], left[48];

	strbuf_addf(out, "  %-24s %-6s %s\n", "--grace DURATION",
		    golin_text_duration(buf, sizeof(buf), o.grace_ns),
		    "ignored-cancel, detached-context: the time to hear of a cancellation");
	strbuf_addf(out, "  %-24s %-6s %s\n", "--limit lost-age=TIME",
		    golin_text_duration(buf, sizeof(buf), o.lost_ns),
		    "lost-cancel: the age of a context that nobody cancels");
	for (size_t i = 0; i < NLIMITS; i++) {
		snprintf(left, sizeof(left), "--limit %s=N", limits[i].name);
		strbuf_addf(out, "  %-24s %-6u %s\n", left, *limit_at(&o, i), limits[i].what);
	}
}

static int bad_limit(const char *word, struct golin_err *err)
{
	golin_err_set(err, -EINVAL, "bad value '%s' for --limit", word);
	golin_err_hint(err,
		       "it takes lost-age=DURATION, or one of lost, masked, foreign, depth, "
		       "width, timers, panics=N with N from 1; 'golin findings --list' shows them");
	return -EINVAL;
}

static int set_limit(const char *word, struct golin_rules_opts *o, struct golin_err *err)
{
	const char *eq = strchr(word, '=');
	size_t len = eq ? (size_t)(eq - word) : 0;
	unsigned long long n;
	char *end;

	if (!len)
		return bad_limit(word, err);
	if (len == 8 && !memcmp(word, "lost-age", len)) {
		if (!golin_text_parse_duration(eq + 1, &n) || !n)
			return bad_limit(word, err);
		o->lost_ns = n;
		return 0;
	}
	for (size_t i = 0; i < NLIMITS; i++) {
		if (strlen(limits[i].name) != len || memcmp(limits[i].name, word, len))
			continue;
		errno = 0;
		n = strtoull(eq + 1, &end, 10);
		if (eq[1] < '0' || eq[1] > '9' || *end || errno || !n || n > UINT32_MAX)
			break;
		*limit_at(o, i) = (uint32_t)n;
		return 0;
	}
	return bad_limit(word, err);
}

int rules_options(const struct cmd_config *cfg, struct golin_rules_opts *ret, struct golin_err *err)
{
	struct golin_rules_opts o = golin_rules_defaults();

	if (cfg->grace_ns)
		o.grace_ns = cfg->grace_ns;
	for (uint32_t k = 0; k < cfg->limits.n; k++) {
		int r = set_limit(cfg->limits.v[k], &o, err);

		if (r)
			return r;
	}
	o.allow = cfg->allow.v;
	o.nallow = cfg->allow.n;
	o.warn = cfg->warn.v;
	o.nwarn = cfg->warn.n;
	*ret = o;
	return 0;
}

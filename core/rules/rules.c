/* SPDX-License-Identifier: BSD-2-Clause */
/* The engine: the table of rules, when they look, what they want to be told. */
#include "rules_impl.h"

#include <errno.h>
#include "base/err.h"

enum {
	CHANGES_KEPT = 1 << 17,
	DRAIN = 256, /* changes taken at once */
};

#define LOOK_NS (100 * MS) /* between two looks */

static const struct rule *const rules[RULE_COUNT] = {
	[RULE_DETACHED] = &rule_detached,
	[RULE_IGNORED] = &rule_ignored,
	[RULE_VALUE_ONLY] = &rule_value_only,
	[RULE_MASKED] = &rule_masked,
	[RULE_LOST] = &rule_lost,
	[RULE_FOREIGN] = &rule_foreign,
	[RULE_DEEP] = &rule_deep,
	[RULE_WIDE] = &rule_wide,
	[RULE_TIMERS] = &rule_timers,
	[RULE_SWALLOWED] = &rule_swallowed,
	[RULE_REPANIC] = &rule_repanic,
	[RULE_IN_DEFER] = &rule_in_defer,
	[RULE_GOEXIT] = &rule_goexit,
	[RULE_PANIC_LOOP] = &rule_panic_loop,
};

/* ---- the table ---- */

uint32_t golin_rule_count(void)
{
	return RULE_COUNT;
}

const struct golin_rule_info *golin_rule(uint32_t rule)
{
	return rule < RULE_COUNT ? &rules[rule]->info : NULL;
}

uint32_t golin_rule_find(const char *name)
{
	for (uint32_t k = 0; k < RULE_COUNT; k++)
		if (!strcmp(rules[k]->info.name, name))
			return k;
	return UINT32_MAX;
}

const char *golin_severity_name(uint32_t severity)
{
	static const char *const names[] = {"unknown", "note", "warning", "error"};

	return names[severity <= GOLIN_SEV_ERROR ? severity : 0];
}

/* ---- options ---- */

struct golin_rules_opts golin_rules_defaults(void)
{
	return (struct golin_rules_opts){
		.grace_ns = SECOND,
		.lost_ns = 2 * SECOND,
		.lost_count = 8,
		.masked_count = 5,
		.foreign_count = 10,
		.depth = 64,
		.width = 10000,
		.timers = 1000,
		.panics = 100,
	};
}

static void set_defaults(struct golin_rules_opts *o)
{
	const struct golin_rules_opts d = golin_rules_defaults();

	o->grace_ns = o->grace_ns ? o->grace_ns : d.grace_ns;
	o->lost_ns = o->lost_ns ? o->lost_ns : d.lost_ns;
	o->lost_count = o->lost_count ? o->lost_count : d.lost_count;
	o->masked_count = o->masked_count ? o->masked_count : d.masked_count;
	o->foreign_count = o->foreign_count ? o->foreign_count : d.foreign_count;
	o->depth = o->depth ? o->depth : d.depth;
	o->width = o->width ? o->width : d.width;
	o->timers = o->timers ? o->timers : d.timers;
	o->panics = o->panics ? o->panics : d.panics;
}

static bool names_rule(const char *s)
{
	size_t len = strcspn(s, ":");

	for (uint32_t k = 0; k < RULE_COUNT; k++)
		if (strlen(rules[k]->info.name) == len && !memcmp(rules[k]->info.name, s, len))
			return true;
	return false;
}

/* Copies, since the caller's strings may not live as long. */
static int copy_names(char ***ret, uint32_t *n, const char *const *from, struct golin_err *err)
{
	*ret = NULL;
	if (!*n)
		return 0;
	*ret = calloc(*n, sizeof(**ret));
	if (!*ret)
		return golin_err_set(err, -ENOMEM, "out of memory");
	for (uint32_t k = 0; k < *n; k++) {
		if (!names_rule(from[k])) {
			golin_err_set(err, -EINVAL, "no rule is called '%s'", from[k]);
			golin_err_hint(err, "RULE or RULE:FUNC; 'golin findings --list' names "
					    "the rules");
			return -EINVAL;
		}
		(*ret)[k] = strdup(from[k]);
		if (!(*ret)[k])
			return golin_err_set(err, -ENOMEM, "out of memory");
	}
	return 0;
}

/* ---- life ---- */

static void forget(struct golin_rules *r)
{
	for (int k = 0; k < RULE_COUNT; k++)
		if (rules[k]->reset)
			rules[k]->reset(r);
	array_free(&r->sites);
	array_free(&r->notes);
	array_free(&r->handed);
	map64_done(&r->by_stack);
	map64_done(&r->by_place);
	rule_findings_free(&r->found);
	r->nasks = r->asked = 0;
	array_free(&r->panics.v);
	map64_done(&r->panics.by_key);
	r->next_look = 0;
	r->last = r->oom = false;
}

int golin_rules_new(const struct golin_rules_opts *opts, struct golin_model *m,
		    struct golin_rules **ret, struct golin_err *err)
{
	struct golin_rules *r = calloc(1, sizeof(*r));
	int rc;

	if (!r)
		return golin_err_set(err, -ENOMEM, "out of memory");
	r->m = m;
	r->o = opts ? *opts : golin_rules_defaults();
	set_defaults(&r->o);
	rc = copy_names(&r->allow, &r->o.nallow, r->o.allow, err);
	if (!rc)
		rc = copy_names(&r->warn, &r->o.nwarn, r->o.warn, err);
	if (!rc && golin_model_keep_changes(m, CHANGES_KEPT))
		rc = golin_err_set(err, -ENOMEM, "out of memory");
	if (rc) {
		golin_rules_free(r);
		return rc;
	}
	r->cursor = golin_model_changes_end(m);
	*ret = r;
	return 0;
}

static void free_names(char **names, uint32_t n)
{
	for (uint32_t k = 0; names && k < n; k++)
		free(names[k]);
	free(names);
}

void golin_rules_free(struct golin_rules *r)
{
	if (!r)
		return;
	forget(r);
	free_names(r->allow, r->o.nallow);
	free_names(r->warn, r->o.nwarn);
	free(r);
}

void golin_rules_reset(struct golin_rules *r)
{
	uint64_t generation = r->found.generation;

	forget(r);
	r->cursor = golin_model_changes_end(r->m);
	r->found.generation = generation + 1;
}

/* ---- looking ---- */

static void drain(struct golin_rules *r)
{
	struct golin_context_change ch[DRAIN];
	uint32_t n;

	while ((n = golin_model_changes(r->m, &r->cursor, ch, DRAIN, &r->missed)) > 0)
		for (uint32_t i = 0; i < n; i++) {
			const struct golin_context *x = golin_model_context(r->m, ch[i].c);

			if (!x || x->first != ch[i].first)
				continue;
			handed_change(r, &ch[i], x);
			for (int k = 0; k < RULE_COUNT; k++)
				if (rules[k]->change)
					rules[k]->change(r, &ch[i], x);
		}
}

static void drain_panics(struct golin_rules *r)
{
	struct golin_panic_news v[DRAIN];
	uint32_t n;

	while ((n = golin_model_panic_news(r->m, &r->panic_cursor, &r->panics_missed, v, DRAIN)) >
	       0)
		for (uint32_t i = 0; i < n; i++) {
			golin_pidx p = golin_model_panic_find(r->m, v[i].number);

			if (p == GOLIN_PIDX_NONE || v[i].what == GOLIN_PC_DEFER)
				continue;
			for (int k = 0; k < RULE_COUNT; k++)
				if (rules[k]->panic)
					rules[k]->panic(r, v[i].what, p);
		}
}

static void look(struct golin_rules *r, uint64_t now)
{
	r->now = now;
	r->next_look = now + LOOK_NS;
	r->nasks = r->asked = 0;
	for (int k = 0; k < RULE_COUNT; k++)
		if (rules[k]->look)
			rules[k]->look(r);
}

int golin_rules_check(struct golin_rules *r, uint64_t now)
{
	r->now = now;
	drain(r);
	drain_panics(r);
	/* A clock that went back is another recording's, or a hostile one's. */
	if (now >= r->next_look || r->next_look - now > LOOK_NS)
		look(r, now);
	return r->oom ? -ENOMEM : 0;
}

int golin_rules_finish(struct golin_rules *r, uint64_t now)
{
	r->now = now;
	drain(r);
	drain_panics(r);
	r->last = true;
	look(r, now);
	r->last = false;
	return r->oom ? -ENOMEM : 0;
}

uint64_t events_lost(const struct golin_rules *r)
{
	struct golin_model_counts c;

	golin_model_counts(r->m, &c);
	return c.lost_ring + c.lost_missed + c.gaps;
}

/* ---- asking ---- */

bool ask_read(struct golin_rules *r, uint64_t goid)
{
	for (uint32_t k = 0; k < r->nasks; k++)
		if (r->asks[k].type == GOLIN_CTL_READ && r->asks[k].goid == goid)
			return true;
	if (r->nasks == ASKS_MAX)
		return false;
	r->asks[r->nasks++] = (struct golin_ctl){.type = GOLIN_CTL_READ, .goid = goid};
	return true;
}

void ask_timers(struct golin_rules *r)
{
	if (r->nasks < ASKS_MAX)
		r->asks[r->nasks++] = (struct golin_ctl){.type = GOLIN_CTL_TIMERS};
}

bool golin_rules_ask(struct golin_rules *r, struct golin_ctl *ret)
{
	if (r->asked == r->nasks)
		return false;
	*ret = r->asks[r->asked++];
	return true;
}

/* ---- reading ---- */

uint32_t golin_findings_count(const struct golin_rules *r)
{
	return (uint32_t)r->found.v.len;
}

const struct golin_finding *golin_findings_get(const struct golin_rules *r, uint32_t i)
{
	return i < r->found.v.len ? &r->found.v.v[i] : NULL;
}

uint64_t golin_findings_generation(const struct golin_rules *r)
{
	return r->found.generation;
}

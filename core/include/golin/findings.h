/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Findings: what the rules see wrong in the model. The rules read the model and never a process;
 * what they must know beyond it they ask for, and the session passes the questions on to its source
 * (golin_source_control()); the answers are records, so that a replay finds the same.
 *
 *	golin_rules_new(&opts, model, &rules);
 *	after each batch of records:
 *		golin_rules_check(rules, now);
 *		while (golin_rules_ask(rules, &ctl))
 *			golin_source_control(source, &ctl, NULL);
 *	at the end: golin_rules_finish(rules, now);
 */
#ifndef GOLIN_FINDINGS_H
#define GOLIN_FINDINGS_H

#include "golin/context.h"
#include "golin/source.h"

#ifdef __cplusplus
extern "C" {
#endif

enum golin_severity { GOLIN_SEV_NOTE = 1, GOLIN_SEV_WARNING = 2, GOLIN_SEV_ERROR = 3 };

/* A rule, for --help, docs and the findings view. */
struct golin_rule_info {
	const char *name; /* "lost-cancel" */
	const char *what; /* what it means, a sentence */
	const char *hint; /* what to do, a sentence */
	uint8_t severity; /* of its worst findings: enum golin_severity */
	uint32_t groups;  /* enum golin_group that it needs */
};

uint32_t golin_rule_count(void);
const struct golin_rule_info *golin_rule(uint32_t rule);
/* The number of a rule by its name; UINT32_MAX. */
uint32_t golin_rule_find(const char *name);

/* 0 in a member: the default, which golin_rules_defaults() gives. */
struct golin_rules_opts {
	uint64_t grace_ns;     /* ignored-cancel, detached-context: how long one may take to hear */
	uint64_t lost_ns;      /* lost-cancel: age of a context that nobody cancels */
	uint32_t lost_count;   /* lost-cancel: so many of one site */
	uint32_t masked_count; /* masked-timeout: a warning from so many calls on, all masked */
	uint32_t foreign_count; /* foreign-context: a warning from so many goroutines on */
	uint32_t depth;		/* deep-context */
	uint32_t width;		/* wide-context */
	uint32_t timers;	/* timer-pileup: so many of one site that the runtime holds */
	uint32_t panics;	/* panic-loop: so many of one site within ten seconds */
	/* A rule's name, or RULE:FUNC for one function of the user's: no finding. */
	const char *const *allow;
	uint32_t nallow;
	/* Rules whose notes become warnings. */
	const char *const *warn;
	uint32_t nwarn;
};

struct golin_rules_opts golin_rules_defaults(void);

struct golin_evidence {
	const char *name; /* "parent_lineage" */
	const char *text; /* NULL: a number */
	uint64_t number;
};

enum { GOLIN_EVIDENCE_MAX = 16 };

/*
 * One for each (rule, func, at) however often it happened: `count` of them, the members tell of the
 * first. Strings are valid as long as the rules are; a finding only grows in count and severity.
 */
struct golin_finding {
	uint32_t rule;
	uint8_t severity; /* enum golin_severity */
	uint64_t goid;	  /* 0 none */
	golin_cidx c;	  /* the context; GOLIN_CIDX_NONE, also when it has left the model */
	char lineage[GOLIN_LINEAGE_MAX]; /* "" none */
	const char *func, *file;	 /* of the user's code to look at; never NULL */
	uint32_t line;
	uint64_t first, last; /* monotonic ns: when it was found first and last */
	uint64_t count;
	const char *message; /* what is wrong, a sentence with names and numbers */
	const char *hint;
	struct golin_evidence evidence[GOLIN_EVIDENCE_MAX];
	uint32_t nevidence;
};

struct golin_rules;

/*
 * The model is borrowed and must outlive them; it keeps for them what befalls contexts. -EINVAL:
 * allow or warn names no rule.
 */
int golin_rules_new(const struct golin_rules_opts *opts, struct golin_model *m,
		    struct golin_rules **ret, struct golin_err *err);
void golin_rules_free(struct golin_rules *r);
/* The model was reset (a recording is sought): forgets what was found. */
void golin_rules_reset(struct golin_rules *r);
/*
 * Looks again, at most ten times a second of `now` (monotonic ns; of a recording the model's own).
 * Bounded work for each call. 0 or -ENOMEM.
 */
int golin_rules_check(struct golin_rules *r, uint64_t now);
/* The last look: also finds what needs no more time. */
int golin_rules_finish(struct golin_rules *r, uint64_t now);
/* What the rules want to be told, one at a time; at most 64 for each check. False: no more. */
bool golin_rules_ask(struct golin_rules *r, struct golin_ctl *ret);

/* In the order in which they were found; indices are stable, pointers until the next check. */
uint32_t golin_findings_count(const struct golin_rules *r);
const struct golin_finding *golin_findings_get(const struct golin_rules *r, uint32_t i);
/* Grows with every change. */
uint64_t golin_findings_generation(const struct golin_rules *r);
const char *golin_severity_name(uint32_t severity); /* "warning" */

#ifdef __cplusplus
}
#endif
#endif

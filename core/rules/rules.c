/* SPDX-License-Identifier: BSD-2-Clause */
/* The engine: the table of rules, what they found, what they want to know. */
#include <errno.h>
#include <stdlib.h>
#include "golin/findings.h"

struct golin_rules {
	const struct golin_model *m;
	struct golin_rules_opts o;
	uint64_t generation;
};

uint32_t golin_rule_count(void)
{
	return 0;
}

const struct golin_rule_info *golin_rule(uint32_t rule)
{
	return NULL;
}

uint32_t golin_rule_find(const char *name)
{
	return UINT32_MAX;
}

struct golin_rules_opts golin_rules_defaults(void)
{
	return (struct golin_rules_opts){.grace_ns = 1000000000};
}

int golin_rules_new(const struct golin_rules_opts *opts, const struct golin_model *m,
		    struct golin_rules **ret, struct golin_err *err)
{
	struct golin_rules *r = calloc(1, sizeof(*r));

	if (!r)
		return -ENOMEM;
	r->m = m;
	r->o = *opts;
	*ret = r;
	return 0;
}

void golin_rules_free(struct golin_rules *r)
{
	free(r);
}

void golin_rules_reset(struct golin_rules *r)
{
	r->generation++;
}

int golin_rules_check(struct golin_rules *r, uint64_t now)
{
	return 0;
}

int golin_rules_finish(struct golin_rules *r, uint64_t now)
{
	return golin_rules_check(r, now);
}

bool golin_rules_ask(struct golin_rules *r, struct golin_ctl *ret)
{
	return false;
}

uint32_t golin_findings_count(const struct golin_rules *r)
{
	return 0;
}

const struct golin_finding *golin_findings_get(const struct golin_rules *r, uint32_t i)
{
	return NULL;
}

uint64_t golin_findings_generation(const struct golin_rules *r)
{
	return r->generation;
}

const char *golin_severity_name(uint32_t severity)
{
	static const char *const names[] = {"unknown", "note", "warning", "error"};

	return names[severity <= GOLIN_SEV_ERROR ? severity : 0];
}

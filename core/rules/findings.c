/* SPDX-License-Identifier: BSD-2-Clause */
/* What was found: one finding for each rule and place. */
#include "rules_impl.h"

#include <stdarg.h>
#include <stdio.h>
#include "base/text.h"

enum {
	FINDINGS_MAX = 4096,
	TEXT_MAX = 1024,
	CHUNK = 32 << 10,
};

struct text_chunk {
	struct text_chunk *next;
	size_t used;
	char s[CHUNK];
};

void rule_findings_free(struct findings *t)
{
	while (t->chunks) {
		struct text_chunk *next = t->chunks->next;

		free(t->chunks);
		t->chunks = next;
	}
	array_free(&t->v);
	array_free(&t->told);
	map64_done(&t->ids);
	*t = (struct findings){0};
}

/* A copy that lives as long as the findings. "" when memory is out. */
static const char *keep(struct golin_rules *r, const char *s)
{
	struct findings *t = &r->found;
	size_t len = strnlen(s, TEXT_MAX * 4) + 1;
	struct text_chunk *c = t->chunks;

	if (!c || c->used + len > CHUNK) {
		c = malloc(sizeof(*c));
		if (!c) {
			r->oom = true;
			return "";
		}
		c->next = t->chunks;
		c->used = 0;
		t->chunks = c;
	}
	memcpy(c->s + c->used, s, len - 1);
	c->s[c->used + len - 1] = 0;
	c->used += len;
	return c->s + c->used - len;
}

static const char *keepf(struct golin_rules *r, const char *fmt, va_list ap)
	__attribute__((format(printf, 2, 0)));

static const char *keepf(struct golin_rules *r, const char *fmt, va_list ap)
{
	char buf[TEXT_MAX * 4], clean[TEXT_MAX * 4];

	vsnprintf(buf, sizeof(buf), fmt, ap);
	/* What was cut may end within a character. */
	golin_text_clean(clean, TEXT_MAX, buf, strlen(buf));
	return keep(r, clean);
}

/* ---- who does not want to hear of it, and who wants to hear more ---- */

static bool names(char **list, uint32_t n, const char *rule, const char *func)
{
	size_t len = strlen(rule);

	for (uint32_t k = 0; k < n; k++)
		if (!strncmp(list[k], rule, len) &&
		    (!list[k][len] || (list[k][len] == ':' && !strcmp(list[k] + len + 1, func))))
			return true;
	return false;
}

bool finding_is_allowed(const struct golin_rules *r, enum rule_id rule, const char *func)
{
	return *func && names(r->allow, r->o.nallow, golin_rule(rule)->name, func);
}

/* ---- the table ---- */

static uint64_t hash_str(uint64_t h, const char *s)
{
	for (; *s; s++)
		h = (h ^ (unsigned char)*s) * 0x100000001b3ull;
	return map64_mix(h);
}

static bool is_same(const struct golin_finding *f, enum rule_id rule, const struct golin_frame *at)
{
	return f->rule == rule && f->line == at->line && !strcmp(f->func, at->func) &&
	       !strcmp(f->file, at->file);
}

static struct golin_finding *find_or_add(struct golin_rules *r, enum rule_id rule,
					 const struct golin_frame *at)
{
	struct findings *t = &r->found;
	uint64_t h =
		hash_str(hash_str(0xcbf29ce484222325ull + rule, at->func), at->file) ^ at->line;
	struct golin_finding *f;
	uint32_t i;

	if (map64_get(&t->ids, h, &i) && is_same(&t->v.v[i], rule, at))
		return &t->v.v[i];
	if (t->v.len >= FINDINGS_MAX) {
		t->dropped++;
		return NULL;
	}
	if (!array_reserve(&t->told, t->v.len + 1) || !map64_put(&t->ids, h, (uint32_t)t->v.len) ||
	    !array_add(&t->v)) {
		r->oom = true;
		return NULL;
	}
	t->told.v[t->told.len++] = 0;
	f = &t->v.v[t->v.len - 1];
	f->rule = rule;
	f->func = keep(r, at->func);
	f->file = keep(r, at->file);
	f->line = at->line;
	f->first = r->now;
	f->c = GOLIN_CIDX_NONE;
	f->message = "";
	f->hint = golin_rule(rule)->hint;
	return f;
}

/* Told again when it has doubled: the texts of a finding are kept for ever. */
static bool has_doubled(uint64_t before, uint64_t now)
{
	return before && now && __builtin_clzll(now) < __builtin_clzll(before);
}

struct golin_finding *finding_report(struct golin_rules *r, enum rule_id rule, uint8_t severity,
				     const struct golin_frame *at, uint64_t count, uint32_t flags)
{
	const char *name = golin_rule(rule)->name;
	struct golin_finding *f;
	uint64_t before, *told;
	bool tell;

	if (names(r->allow, r->o.nallow, name, at->func))
		return NULL;
	if (severity == GOLIN_SEV_NOTE && names(r->warn, r->o.nwarn, name, at->func))
		severity = GOLIN_SEV_WARNING;
	f = find_or_add(r, rule, at);
	if (!f)
		return NULL;
	before = f->count;
	if (!(flags & REPORT_TOTAL))
		f->count += count;
	else if (count > f->count)
		f->count = count;
	told = &r->found.told.v[f - r->found.v.v];
	tell = severity > f->severity || (flags & REPORT_TOTAL && (has_doubled(*told, f->count) ||
								   (r->last && f->count > *told)));
	if (f->count == before && !tell)
		return NULL;
	f->last = r->now;
	r->found.generation++;
	if (!tell)
		return NULL;
	if (severity > f->severity)
		f->severity = severity;
	f->nevidence = 0;
	*told = f->count;
	return f;
}

void finding_context(struct golin_rules *r, struct golin_finding *f, struct ctx_ref ref)
{
	const struct golin_context *x = ref_get(r, ref);

	f->c = x ? ref.c : GOLIN_CIDX_NONE;
	f->lineage[0] = 0;
	if (x)
		golin_context_lineage(r->m, x, f->lineage);
}

void finding_message(struct golin_rules *r, struct golin_finding *f, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	f->message = keepf(r, fmt, ap);
	va_end(ap);
}

void finding_hint(struct golin_rules *r, struct golin_finding *f, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	f->hint = keepf(r, fmt, ap);
	va_end(ap);
}

static struct golin_evidence *evidence_add(struct golin_finding *f, const char *name)
{
	if (f->nevidence == GOLIN_EVIDENCE_MAX)
		return NULL;
	f->evidence[f->nevidence] = (struct golin_evidence){.name = name};
	return &f->evidence[f->nevidence++];
}

void finding_number(struct golin_finding *f, const char *name, uint64_t number)
{
	struct golin_evidence *e = evidence_add(f, name);

	if (e)
		e->number = number;
}

void finding_text(struct golin_rules *r, struct golin_finding *f, const char *name, const char *fmt,
		  ...)
{
	struct golin_evidence *e = evidence_add(f, name);
	va_list ap;

	if (!e)
		return;
	va_start(ap, fmt);
	e->text = keepf(r, fmt, ap);
	va_end(ap);
}

const char *place_text(char *buf, const struct golin_frame *f)
{
	const char *slash = strrchr(f->file, '/');

	if (!*f->func)
		snprintf(buf, PLACE_MAX, "an unknown place");
	else if (!*f->file)
		snprintf(buf, PLACE_MAX, "%.240s", f->func);
	else
		snprintf(buf, PLACE_MAX, "%.240s (%.60s:%u)", f->func, slash ? slash + 1 : f->file,
			 f->line);
	return buf;
}

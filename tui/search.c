// SPDX-License-Identifier: BSD-2-Clause
#include "search.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "names.h"

void search_done(struct search *s)
{
	map64_done(&s->known);
	memset(s, 0, sizeof(*s));
}

void search_set(struct search *s, const char *needle)
{
	map64_done(&s->known);
	memset(&s->known, 0, sizeof(s->known));
	snprintf(s->needle, sizeof(s->needle), "%s", needle);
	s->exact_case = false;
	for (const char *p = s->needle; *p; p++)
		s->exact_case |= *p >= 'A' && *p <= 'Z';
}

const char *search_in(const struct search *s, const char *text)
{
	if (!s->needle[0])
		return NULL;
	return s->exact_case ? strstr(text, s->needle) : strcasestr(text, s->needle);
}

static bool in_names(const struct search *s, const struct golin_model *m,
		     const struct golin_goroutine *g)
{
	struct golin_frame f = golin_model_start_func(m, g);
	char place[300];

	if (search_in(s, f.func))
		return true;
	f = golin_model_go_site(m, g);
	return search_in(s, name_place(&f, place, sizeof(place)));
}

static void forget_if_old(struct search *s, const struct golin_model *m)
{
	if (s->generation == golin_model_generation(m))
		return;
	/* names may have come */
	map64_done(&s->known);
	memset(&s->known, 0, sizeof(s->known));
	s->generation = golin_model_generation(m);
}

bool search_match(struct search *s, const struct golin_model *m, const struct golin_goroutine *g)
{
	char goid[24];
	uint64_t key;
	uint32_t found;

	if (!s->needle[0])
		return false;
	if (s->needle[0] >= '0' && s->needle[0] <= '9') {
		snprintf(goid, sizeof(goid), "%llu", (unsigned long long)g->goid);
		if (!strncmp(goid, s->needle, strlen(s->needle)))
			return true;
	}
	forget_if_old(s, m);
	key = map64_mix(g->startpc) ^ (map64_mix(g->gopc) << 1);
	if (!map64_get(&s->known, key, &found)) {
		found = in_names(s, m, g);
		map64_put(&s->known, key, found);
	}
	return found || search_in(s, golin_goroutine_state_text(m, g));
}

static bool in_site(const struct search *s, const struct golin_model *m,
		    const struct golin_context *c)
{
	struct golin_frame f = golin_context_site(m, c);
	char place[300];

	return search_in(s, golin_context_func(m, c)) || search_in(s, f.func) ||
	       search_in(s, name_place(&f, place, sizeof(place)));
}

bool search_context(struct search *s, const struct golin_model *m, const struct golin_context *c)
{
	const uint32_t texts[] = {c->type,	 c->key_type,	c->value_type, c->key,
				  c->value,	 c->err,	c->cause,      c->err_type,
				  c->cause_type, c->parent_type};
	char addr[24];
	uint64_t key;
	uint32_t found;

	if (!s->needle[0])
		return false;
	if (!strncmp(s->needle, "0x", 2)) {
		snprintf(addr, sizeof(addr), "0x%" PRIx64, c->ctx);
		if (!strncmp(addr, s->needle, strlen(s->needle)))
			return true;
	}
	if (search_in(s, golin_context_kind_name(c->kind)))
		return true;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (texts[i] && search_in(s, golin_model_string(m, texts[i])))
			return true;
	forget_if_old(s, m);
	key = map64_mix(c->stack) ^ (uint64_t)c->kind << 56;
	if (!map64_get(&s->known, key, &found)) {
		found = in_site(s, m, c);
		map64_put(&s->known, key, found);
	}
	return found;
}

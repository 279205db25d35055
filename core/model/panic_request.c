/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Under which request and which distributed trace a goroutine works, by its contexts: the newest
 * first, and from each upwards. All walks are bounded; what lies beyond is not found.
 */
#include "model_impl.h"

#include <errno.h>

enum {
	HELD = 16,  /* a goroutine's newest contexts */
	CLIMB = 64, /* contexts above each */
	STACKS_MAX = 1 << 16,
	HEX = 32, /* digits of a W3C trace id */
};

/* What makes the context of a request that a server got. */
static bool makes_request(const char *func)
{
	static const char *const names[] = {
		"net/http.(*conn).readRequest",
		"net/http.(*http2serverConn).newStream",
		"net/http/internal/http2.(*serverConn).newStream",
		"golang.org/x/net/http2.(*serverConn).newStream",
	};

	for (size_t k = 0; k < sizeof(names) / sizeof(names[0]); k++)
		if (!strcmp(func, names[k]))
			return true;
	return false;
}

static bool is_request(struct golin_model *m, const struct golin_context *c)
{
	struct map64 *known = &m->panic_traces.request_stacks;
	uint32_t is;

	if (c->kind != GOLIN_CTX_CANCEL || !c->stack)
		return false;
	if (map64_get(known, c->stack, &is))
		return is;
	is = makes_request(golin_context_site(m, c).func);
	if (known->len < STACKS_MAX)
		map64_put(known, c->stack, is); /* else it is looked up again */
	return is;
}

/* The request above a context, itself included. */
static golin_cidx request_above(struct golin_model *m, golin_cidx c)
{
	for (int k = 0; k < CLIMB && c != GOLIN_CIDX_NONE; k++, c = ctx_at(m, c)->c.up)
		if (is_request(m, &ctx_at(m, c)->c))
			return c;
	return GOLIN_CIDX_NONE;
}

golin_cidx panic_request_of(struct golin_model *m, golin_gidx g)
{
	golin_cidx held[HELD], found = GOLIN_CIDX_NONE;
	uint32_t n = golin_goroutine_contexts(m, g, held, HELD);

	for (uint32_t k = 0; k < n && k < HELD && found == GOLIN_CIDX_NONE; k++)
		found = request_above(m, held[k]);
	return found;
}

/* ---- traces ---- */

/* "trace-id=0123... span-id=..." is what a source makes of spans and traceparents. */
static const char *trace_in(const struct golin_model *m, const struct golin_context *c)
{
	static const char begins[] = "trace-id=";
	const char *s = c->kind == GOLIN_CTX_VALUE ? golin_model_string(m, c->value) : "";

	if (strncmp(s, begins, sizeof(begins) - 1) != 0)
		return NULL;
	s += sizeof(begins) - 1;
	return strspn(s, "0123456789abcdef") == HEX && strspn(s, "0") < HEX ? s : NULL;
}

static const char *trace_above(const struct golin_model *m, golin_cidx c)
{
	for (int k = 0; k < CLIMB && c != GOLIN_CIDX_NONE; k++, c = ctx_at(m, c)->c.up) {
		const char *found = trace_in(m, &ctx_at(m, c)->c);

		if (found)
			return found;
	}
	return NULL;
}

/*
 * A goroutine that works on one request after another has made contexts of all of them: those that
 * are done are not what it works under now, unless they are of the request that it is in.
 */
static bool is_over(struct golin_model *m, const struct golin_held *h, golin_cidx request)
{
	return h->how == GOLIN_HOLD_CREATED && golin_context_state(m, h->c) == GOLIN_CS_CANCELLED &&
	       (request == GOLIN_CIDX_NONE || request_above(m, h->c) != request);
}

int panic_traceparent_of(struct golin_model *m, golin_gidx g, golin_cidx request, uint32_t *ret)
{
	struct golin_held held[HELD];
	uint32_t n = golin_goroutine_held(m, g, held, HELD);
	const char *found = NULL;
	int rc;

	*ret = 0;
	for (uint32_t k = 0; k < n && k < HELD && !found; k++)
		if (!is_over(m, &held[k], request))
			found = trace_above(m, held[k].c);
	if (!found)
		return 0;
	rc = strings_intern(&m->strings, found, HEX, ret);
	return rc == -ENOSPC ? 0 : rc;
}

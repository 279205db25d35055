/* SPDX-License-Identifier: BSD-2-Clause */
/* Panics by the place that raised them and the type of their value: a table, and JSON lines. */
#include "panic_impl.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "row.h"

#define DONE UINT64_MAX

struct site {
	struct golin_panic_site s;
	uint32_t at; /* golin_model_panic_site() */
};

struct golin_panic_sites {
	const struct golin_model *m;
	struct golin_export_opts o;
	struct site *v; /* the most frequent first */
	size_t n, next;
	bool started;
	int type_width, place_width;
};

/* ---- which there are ---- */

/* One that the filter lets through: only of those can be told that are in the model still. */
static void count_one(struct golin_panic_site *s, const struct golin_model *m, golin_pidx i)
{
	const struct golin_panic *p = golin_model_panic(m, i);
	const struct golin_panic *first = golin_model_panic(m, s->first);
	const struct golin_panic *newest = golin_model_panic(m, s->newest);

	s->count++;
	s->recovered += p->outcome == GOLIN_PO_RECOVERED;
	s->replaced += p->outcome == GOLIN_PO_REPLACED;
	s->fatal += p->outcome == GOLIN_PO_FATAL;
	s->active += p->outcome == GOLIN_PO_ACTIVE;
	/* Indices are used again; numbers are not. */
	if (!first || p->number < first->number) {
		s->first = i;
		s->first_at = p->started;
	}
	if (!newest || p->number > newest->number) {
		s->newest = i;
		s->last_at = p->started;
		s->by = p->recovered_by;
	}
}

static int by_count(const void *a, const void *b)
{
	const struct site *x = a, *y = b;

	if (x->s.count != y->s.count)
		return x->s.count > y->s.count ? -1 : 1;
	return x->at < y->at ? -1 : x->at > y->at;
}

static bool collect(struct golin_panic_sites *t)
{
	uint32_t max = golin_model_panic_sites(t->m), at;

	t->v = calloc(max + 1u, sizeof(*t->v));
	if (!t->v)
		return false;
	for (uint32_t i = 0; i < max; i++) {
		const struct golin_panic_site *s = golin_model_panic_site(t->m, i);

		t->v[i].at = i;
		if (!s)
			continue;
		t->v[i].s = *s;
		if (!t->o.filter)
			continue;
		t->v[i].s = (struct golin_panic_site){.at = s->at,
						      .type = s->type,
						      .first = GOLIN_PIDX_NONE,
						      .newest = GOLIN_PIDX_NONE};
	}
	for (golin_pidx i = 0; t->o.filter && i < golin_model_panic_max(t->m); i++) {
		at = golin_model_panic(t->m, i) ? golin_panic_site_of(t->m, i) : UINT32_MAX;
		if (at < max && export_panic_wanted(t->m, &t->o, i))
			count_one(&t->v[at].s, t->m, i);
	}
	qsort(t->v, max, sizeof(*t->v), by_count);
	for (t->n = max; t->n && !t->v[t->n - 1].s.count; t->n--)
		;
	return true;
}

/* Ended by a Goexit, or nobody knows how. */
static uint64_t others(const struct golin_panic_site *s)
{
	uint64_t told = s->recovered + s->replaced + s->fatal + s->active;

	return s->count > told ? s->count - told : 0;
}

/* ---- JSON ---- */

static void put_json(struct jsonw *w, const struct golin_model *m, const struct golin_panic_site *s)
{
	struct golin_frame by = golin_model_entry_func(m, s->by);

	jsonw_begin(w, NULL, '{');
	jsonw_str(w, "type", "panic.site");
	export_json_frame(w, "at", &s->at);
	export_json_text(w, "value_type", golin_model_string(m, s->type));
	jsonw_u64(w, "count", s->count);
	jsonw_u64(w, "recovered", s->recovered);
	jsonw_u64(w, "replaced", s->replaced);
	jsonw_u64(w, "fatal", s->fatal);
	jsonw_u64(w, "active", s->active);
	jsonw_u64(w, "other", others(s));
	export_json_time(w, "first", m, s->first_at);
	export_json_time(w, "last", m, s->last_at);
	if (s->by)
		export_json_frame(w, "recovered_by", &by);
	else
		jsonw_null(w, "recovered_by");
	export_json_panic_id(w, "first_panic", m, s->first);
	export_json_panic_id(w, "newest_panic", m, s->newest);
	jsonw_end(w, '}');
	jsonw_newline(w);
}

bool golin_export_panic_sites_json(const struct golin_model *m, const struct golin_export_opts *o,
				   uint64_t *pos, struct strbuf *out)
{
	struct golin_panic_sites *t;
	struct jsonw w;

	if (*pos == DONE)
		return false;
	*pos = DONE;
	t = golin_panic_sites_new(m, o);
	if (!t) {
		out->oom = true; /* the caller learns of it */
		return false;
	}
	jsonw_init(&w, out);
	for (size_t k = 0; k < t->n && !out->oom; k++)
		put_json(&w, m, &t->v[k].s);
	golin_panic_sites_free(t);
	return false;
}

/* ---- the table ---- */

enum { PLACE_MAX = 60, NUMBER = 9, AGE = 10 };

static void place_text(const struct golin_frame *f, char *buf, size_t cap)
{
	const char *base = strrchr(f->file, '/');

	if (!*f->func)
		snprintf(buf, cap, "?");
	else if (*f->file)
		snprintf(buf, cap, "%s %s:%" PRIu32, f->func, base ? base + 1 : f->file, f->line);
	else
		snprintf(buf, cap, "%s", f->func);
}

static const char *type_text(const struct golin_model *m, const struct golin_panic_site *s)
{
	const char *type = golin_model_string(m, s->type);

	return *type ? type : "-";
}

static void cell(struct row *r, enum style style, const char *s, int width, bool right)
{
	int w = golin_text_width(s);
	char blanks[PLACE_MAX + 1];
	int n = w < width ? width - w : 0;

	memset(blanks, ' ', sizeof(blanks));
	blanks[n < PLACE_MAX ? n : PLACE_MAX] = '\0';
	if (right)
		row_add(r, PLAIN, blanks);
	row_add(r, style, s);
	if (!right)
		row_add(r, PLAIN, blanks);
	row_add(r, PLAIN, "  ");
}

static void number(struct row *r, enum style style, uint64_t n)
{
	char buf[24];

	snprintf(buf, sizeof(buf), "%" PRIu64, n);
	cell(r, n ? style : DIM, buf, NUMBER, true);
}

static void age(struct row *r, const struct golin_model *m, uint64_t at)
{
	uint64_t now = golin_model_now(m);
	char d[32], buf[48] = "-";

	if (at)
		snprintf(buf, sizeof(buf), "%s ago",
			 golin_text_duration(d, sizeof(d), now > at ? now - at : 0));
	cell(r, PLAIN, buf, AGE, true);
}

static void put_titles(struct golin_panic_sites *t, struct strbuf *out)
{
	static const char *const numbers[] = {"COUNT", "RECOVERED", "REPLACED",
					      "FATAL", "ACTIVE",    "OTHER"};
	struct row r;

	export_panic_header(t->m, &t->o, out);
	if (!t->n)
		return;
	row_begin(&r, &t->o, out);
	for (size_t k = 0; k < sizeof(numbers) / sizeof(numbers[0]); k++)
		cell(&r, BOLD, numbers[k], NUMBER, true);
	cell(&r, BOLD, "FIRST", AGE, true);
	cell(&r, BOLD, "LAST", AGE, true);
	cell(&r, BOLD, "VALUE", t->type_width, false);
	cell(&r, BOLD, "RAISED BY", t->place_width, false);
	row_add(&r, BOLD, "RECOVERED BY");
	strbuf_adds(out, "\n");
}

static void put_line(struct golin_panic_sites *t, const struct golin_panic_site *s,
		     struct strbuf *out)
{
	struct golin_frame by = golin_model_entry_func(t->m, s->by);
	char buf[2 * GOLIN_STR_MAX + 32];
	struct row r;

	row_begin(&r, &t->o, out);
	number(&r, PLAIN, s->count);
	number(&r, GREEN, s->recovered);
	number(&r, YELLOW, s->replaced);
	number(&r, RED, s->fatal);
	number(&r, BOLD, s->active);
	number(&r, PLAIN, others(s));
	age(&r, t->m, s->first_at);
	age(&r, t->m, s->last_at);
	cell(&r, PLAIN, type_text(t->m, s), t->type_width, false);
	place_text(&s->at, buf, sizeof(buf));
	cell(&r, PLAIN, buf, t->place_width, false);
	row_add(&r, PLAIN, s->by && *by.func ? by.func : "-");
	strbuf_adds(out, "\n");
}

static void widen(int *width, const char *s)
{
	int w = golin_text_width(s);

	if (w > *width)
		*width = w < PLACE_MAX ? w : PLACE_MAX;
}

struct golin_panic_sites *golin_panic_sites_new(const struct golin_model *m,
						const struct golin_export_opts *o)
{
	struct golin_panic_sites *t = calloc(1, sizeof(*t));
	char buf[2 * GOLIN_STR_MAX + 32];

	if (!t)
		return NULL;
	t->m = m;
	t->o = *o;
	if (!collect(t)) {
		golin_panic_sites_free(t);
		return NULL;
	}
	t->type_width = (int)strlen("VALUE");
	t->place_width = (int)strlen("RAISED BY");
	for (size_t k = 0; k < t->n; k++) {
		widen(&t->type_width, type_text(m, &t->v[k].s));
		place_text(&t->v[k].s.at, buf, sizeof(buf));
		widen(&t->place_width, buf);
	}
	return t;
}

bool golin_panic_sites_next(struct golin_panic_sites *t, struct strbuf *out)
{
	size_t start = out->len;

	if (!t->started)
		put_titles(t, out);
	t->started = true;
	while (t->next < t->n && out->len - start < EXPORT_CHUNK && !out->oom)
		put_line(t, &t->v[t->next++].s, out);
	return t->next < t->n && !out->oom;
}

void golin_panic_sites_free(struct golin_panic_sites *t)
{
	if (!t)
		return;
	free(t->v);
	free(t);
}

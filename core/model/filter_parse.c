/* SPDX-License-Identifier: BSD-2-Clause */
/* Text to filter: or of ands of (negated) terms and groups. */
#include "filter_impl.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/err.h"
#include "base/text.h"

enum key_kind { TEXT, NUMBER, GOID, YESNO, DURATION };

static const struct {
	const char *name;
	enum filter_key key;
	enum key_kind kind;
} keys[] = {
	{"fn", KEY_FN, TEXT},
	{"at", KEY_AT, TEXT},
	{"file", KEY_FILE, TEXT},
	{"state", KEY_STATE, TEXT},
	{"wait", KEY_WAIT, TEXT},
	{"via", KEY_VIA, TEXT},
	{"how", KEY_HOW, TEXT},
	{"goid", KEY_GOID, GOID},
	{"parent", KEY_PARENT, GOID},
	{"under", KEY_UNDER, GOID},
	{"alive", KEY_ALIVE, YESNO},
	{"system", KEY_SYSTEM, YESNO},
	{"children", KEY_CHILDREN, NUMBER},
	{"depth", KEY_DEPTH, NUMBER},
	{"age", KEY_AGE, DURATION},
	{"kind", KEY_KIND, TEXT},
	{"key", KEY_KEY, TEXT},
	{"reason", KEY_REASON, TEXT},
	{"lineage", KEY_LINEAGE, TEXT},
	{"deadline", KEY_DEADLINE, DURATION},
	{"holders", KEY_HOLDERS, NUMBER},
	{"rule", KEY_RULE, TEXT},
	{"severity", KEY_SEVERITY, TEXT},
	{"type", KEY_TYPE, TEXT},
	{"value", KEY_VALUE, TEXT},
	{"text", KEY_VALUE, TEXT},
	{"outcome", KEY_OUTCOME, TEXT},
	{"trace", KEY_TRACE, TEXT},
	{"id", KEY_ID, TEXT},
	{"by", KEY_BY, TEXT},
	{"in", KEY_IN, TEXT},
	{"code", KEY_CODE, TEXT},
	{"relation", KEY_RELATION, TEXT},
	{"nested", KEY_NESTED, YESNO},
	{"locked", KEY_LOCKED, YESNO},
	{"defers", KEY_DEFERS, NUMBER},
	{"took", KEY_TOOK, DURATION},
};

#define KEYS_HINT                                                                                  \
	"keys: fn: at: file: state: wait: via: how: goid: parent: under: alive: system: kind: "    \
	"key: reason: lineage: rule: severity: type: value: outcome: trace: id: by: in: code: "    \
	"relation: nested: locked: children> depth> age> deadline> holders> defers> took>"

struct parser {
	const char *expr, *p;
	struct golin_filter *f;
	struct golin_err *err;
	int nested;
};

/* The column of `at`, from 1, as a terminal counts. */
static int column(const struct parser *ps, const char *at)
{
	char buf[FILTER_MAX_LEN + 1];
	size_t len = (size_t)(at - ps->expr);

	memcpy(buf, ps->expr, len);
	buf[len] = 0;
	return golin_text_width(buf) + 1;
}

__attribute__((format(printf, 3, 4))) static int bad(struct parser *ps, const char *at,
						     const char *fmt, ...)
{
	char text[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	golin_err_set(ps->err, -EINVAL, "bad filter at column %d: %s", column(ps, at), text);
	golin_err_hint(ps->err, "%s", KEYS_HINT);
	return -EINVAL;
}

static int nomem(struct parser *ps)
{
	return golin_err_set(ps->err, -ENOMEM, "out of memory");
}

static void skip_blanks(struct parser *ps)
{
	while (*ps->p == ' ' || *ps->p == '\t')
		ps->p++;
}

static int add_op(struct parser *ps, int op)
{
	int *slot = array_add(&ps->f->ops);

	if (!slot)
		return nomem(ps);
	*slot = op;
	return 0;
}

static bool has_capital(const char *s)
{
	for (; *s; s++)
		if (isupper((unsigned char)*s))
			return true;
	return false;
}

/*
 * A word ends at a blank, a bar or the group's parenthesis; Go's names have parentheses of their
 * own ("net/http.(*conn).serve"), which belong to it.
 */
static const char *word_end(const char *p)
{
	int open = 0;

	for (; *p && *p != ' ' && *p != '\t' && *p != '|'; p++) {
		if (*p == '(')
			open++;
		else if (*p == ')' && open-- == 0)
			break;
	}
	return p;
}

/* A word or "quoted words", from ps->p on, as a string of its own. */
static int take_text(struct parser *ps, char **ret)
{
	const char *start = ps->p, *end;

	if (*start == '"') {
		start++;
		end = strchr(start, '"');
		if (!end)
			return bad(ps, ps->p, "the quote is not closed");
		ps->p = end + 1;
	} else {
		end = word_end(start);
		ps->p = end;
	}
	if (end == start)
		return bad(ps, start, "a word is missing");
	*ret = strndup(start, (size_t)(end - start));
	return *ret ? 0 : nomem(ps);
}

/* regcomp() makes copies for {m,n}: nested ones would take all memory. */
static bool regex_is_modest(const char *s)
{
	unsigned long product = 1;

	for (s = strchr(s, '{'); s; s = strchr(s + 1, '{')) {
		unsigned long n = 1;

		for (const char *p = s + 1; *p && *p != '}'; p++) {
			if (isdigit((unsigned char)*p)) {
				char *end;
				unsigned long v = strtoul(p, &end, 10);

				n = v > n ? v : n;
				p = end - 1;
			}
		}
		if (n > 1000)
			return false;
		product *= n;
		if (product > 1000)
			return false;
	}
	return true;
}

static int parse_regex(struct parser *ps, struct filter_term *t)
{
	const char *start = ps->p;
	char text[FILTER_MAX_REGEX + 1];
	size_t len = 0;
	int rc, flags = REG_EXTENDED | REG_NOSUB;

	for (ps->p++; *ps->p && *ps->p != '/'; ps->p++) {
		if (len >= FILTER_MAX_REGEX)
			return bad(ps, start, "the expression is longer than %d bytes",
				   FILTER_MAX_REGEX);
		if (*ps->p == '\\' && ps->p[1] == '/')
			ps->p++;
		else if (*ps->p == '\\' && ps->p[1])
			text[len++] = *ps->p++;
		if (len < FILTER_MAX_REGEX)
			text[len++] = *ps->p;
	}
	if (!*ps->p)
		return bad(ps, start, "the regular expression is not closed with /");
	ps->p++;
	text[len] = 0;
	if (!len)
		return bad(ps, start, "the regular expression is empty");
	if (!regex_is_modest(text))
		return bad(ps, start, "the repetitions of the expression multiply to over 1000");
	if (!has_capital(text))
		flags |= REG_ICASE;
	t->regex = malloc(sizeof(*t->regex));
	if (!t->regex)
		return nomem(ps);
	rc = regcomp(t->regex, text, flags);
	if (rc) {
		char why[128], clean[160];

		regerror(rc, t->regex, why, sizeof(why));
		free(t->regex);
		t->regex = NULL;
		golin_text_clean(clean, sizeof(clean), why, strlen(why));
		return bad(ps, start, "%s", clean);
	}
	return 0;
}

static int parse_number(struct parser *ps, const char *name, const char *at, const char *text,
			uint64_t *ret)
{
	char clean[64], *end;
	unsigned long long v;

	errno = 0;
	v = strtoull(text, &end, 10);
	if (!isdigit((unsigned char)*text) || *end || errno) {
		golin_text_clean(clean, sizeof(clean), text, strlen(text));
		return bad(ps, at, "%s wants a number, not '%s'", name, clean);
	}
	*ret = v;
	return 0;
}

static int parse_value(struct parser *ps, struct filter_term *t, const char *name,
		       enum key_kind kind)
{
	const char *at = ps->p;
	char *text = NULL, clean[64];
	unsigned long long ns;
	int rc = take_text(ps, &text);

	if (rc)
		return rc;
	switch (kind) {
	case TEXT:
		t->fold = !has_capital(text);
		t->text = text;
		return 0;
	case NUMBER:
	case GOID:
		rc = parse_number(ps, name, at, text, &t->num);
		break;
	case YESNO:
		t->yes = !strcmp(text, "yes");
		if (!t->yes && strcmp(text, "no")) {
			golin_text_clean(clean, sizeof(clean), text, strlen(text));
			rc = bad(ps, at, "%s is yes or no, not '%s'", name, clean);
		}
		break;
	case DURATION:
		if (golin_text_parse_duration(text, &ns)) {
			t->num = ns;
			break;
		}
		golin_text_clean(clean, sizeof(clean), text, strlen(text));
		rc = bad(ps, at, "%s wants a time such as 5s or 250ms, not '%s'", name, clean);
		break;
	}
	free(text);
	return rc;
}

/* key:value, key>N, key<N; 1 when ps->p does not stand at such. */
static int parse_keyed(struct parser *ps, struct filter_term *t)
{
	const char *start = ps->p, *p = start;
	size_t k, len;

	while (islower((unsigned char)*p))
		p++;
	len = (size_t)(p - start);
	if (!len || (*p != ':' && *p != '>' && *p != '<'))
		return 1;
	for (k = 0; k < sizeof(keys) / sizeof(keys[0]); k++)
		if (strlen(keys[k].name) == len && !memcmp(keys[k].name, start, len))
			break;
	if (k == sizeof(keys) / sizeof(keys[0]))
		return bad(ps, start, "unknown key '%.*s'", len > 64 ? 64 : (int)len, start);
	if ((keys[k].kind == NUMBER || keys[k].kind == DURATION) == (*p == ':'))
		return bad(ps, p, "%s",
			   *p == ':' ? "this key is compared with > or <"
				     : "this key is followed by a colon");
	t->key = keys[k].key;
	t->op = *p;
	ps->p = p + 1;
	return parse_value(ps, t, keys[k].name, keys[k].kind);
}

static int parse_term(struct parser *ps)
{
	struct filter_term *t;
	int rc;

	if (ps->f->terms.len >= FILTER_MAX_TERMS)
		return bad(ps, ps->p, "more than %d terms", FILTER_MAX_TERMS);
	t = array_add(&ps->f->terms);
	if (!t)
		return nomem(ps);
	t->key = KEY_ANY;
	t->op = ':';
	if (*ps->p == '/') {
		rc = parse_regex(ps, t);
	} else {
		rc = *ps->p == '"' ? 1 : parse_keyed(ps, t);
		if (rc == 1) {
			rc = take_text(ps, &t->text);
			t->fold = t->text && !has_capital(t->text);
		}
	}
	return rc ? rc : add_op(ps, (int)ps->f->terms.len - 1);
}

static int parse_or(struct parser *ps);

static int parse_unary(struct parser *ps)
{
	const char *at;
	bool negate = false;
	int rc;

	for (; *ps->p == '!'; skip_blanks(ps)) {
		negate = !negate;
		ps->p++;
	}
	at = ps->p;
	if (!*at || *at == '|' || *at == ')')
		return bad(ps, at, "a term is missing");
	if (*at == '(') {
		if (ps->nested >= FILTER_MAX_NESTED)
			return bad(ps, at, "parentheses nested deeper than %d", FILTER_MAX_NESTED);
		ps->nested++;
		ps->p++;
		rc = parse_or(ps);
		ps->nested--;
		if (rc)
			return rc;
		if (*ps->p != ')')
			return bad(ps, at, "the parenthesis is not closed");
		ps->p++;
	} else {
		rc = parse_term(ps);
		if (rc)
			return rc;
	}
	return negate ? add_op(ps, OP_NOT) : 0;
}

static int parse_and(struct parser *ps)
{
	int rc;

	skip_blanks(ps);
	rc = parse_unary(ps);
	for (skip_blanks(ps); !rc && *ps->p && *ps->p != '|' && *ps->p != ')'; skip_blanks(ps)) {
		rc = parse_unary(ps);
		if (!rc)
			rc = add_op(ps, OP_AND);
	}
	return rc;
}

static int parse_or(struct parser *ps)
{
	int rc = parse_and(ps);

	while (!rc && *ps->p == '|') {
		ps->p++;
		rc = parse_and(ps);
		if (!rc)
			rc = add_op(ps, OP_OR);
	}
	return rc;
}

int golin_filter_parse(const char *expr, struct golin_filter **ret, struct golin_err *err)
{
	struct parser ps = {.expr = expr, .p = expr, .err = err};
	int rc;

	if (strlen(expr) > FILTER_MAX_LEN) {
		golin_err_set(err, -EINVAL, "bad filter: longer than %d bytes", FILTER_MAX_LEN);
		return -EINVAL;
	}
	ps.f = calloc(1, sizeof(*ps.f));
	if (!ps.f)
		return nomem(&ps);
	skip_blanks(&ps);
	rc = *ps.p ? parse_or(&ps) : 0; /* an empty one matches everything */
	if (!rc && *ps.p)
		rc = bad(&ps, ps.p, "this parenthesis was never opened");
	if (rc) {
		golin_filter_free(ps.f);
		return rc;
	}
	*ret = ps.f;
	return 0;
}

void golin_filter_free(struct golin_filter *f)
{
	if (!f)
		return;
	array_for_each (&f->terms, t) {
		free(t->text);
		free(t->below);
		if (t->regex)
			regfree(t->regex);
		free(t->regex);
	}
	array_free(&f->terms);
	array_free(&f->ops);
	free(f);
}

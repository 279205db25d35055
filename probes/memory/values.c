/* SPDX-License-Identifier: BSD-2-Clause */
/* The value of a panic: what it says, and what it wraps. */
#include <inttypes.h>
#include <string.h>
#include <strings.h>
#include "memory/values_impl.h"

enum {
	WRAPPED_MAX = 64,    /* elements of one slice of errors that are looked at */
	MEMBERS_MAX = 256,   /* of a struct */
	EMBED_MAX = 3,	     /* structs within structs */
	MINOR_CUSTOM = 15,   /* print() shows what is in a type of the program's own */
	MINOR_INDENTED = 23, /* a newline in a printed text is followed by a tab */
};

static void walk_begin(struct walk *w, const struct value_reader *r)
{
	memset(w, 0, sizeof(*w));
	w->r = r;
	w->t = r->types;
	w->minor = r->types->m->info->go.minor;
	w->reads = WALK_READS;
	w->fields = WALK_FIELDS;
}

static uint32_t flags_of(struct walk *w, uint64_t type)
{
	uint32_t says = types_says(w->t, type);

	return (says & GO_SAYS_ERROR ? GOLIN_VALUE_ERROR : 0) |
	       (says & GO_SAYS_STRING ? GOLIN_VALUE_STRINGER : 0) |
	       (is_runtime(w, type) ? GOLIN_VALUE_RUNTIME : 0);
}

/* With what is left of the bounds of the whole. */
static void describe_one(const struct value_reader *r, uint64_t type, uint64_t data,
			 struct walk *all, struct value *ret)
{
	struct walk w;
	struct place p;

	memset(ret, 0, sizeof(*ret));
	ret->type = type;
	ret->data = data;
	walk_begin(&w, r);
	w.reads = all->reads;
	w.fields = all->fields;
	if (r->hide) {
		ret->flags = GOLIN_VALUE_HIDDEN | (type ? flags_of(&w, type) : 0);
		return;
	}
	if (!type) {
		put_text(&w, "nil");
	} else if (!types_get(r->types, type)) {
		w.partial = w.cut = true;
	} else {
		ret->flags = flags_of(&w, type);
		p = walk_eface(&w, type, data);
		put_value(&w, &p, 0);
	}
	all->reads = w.reads;
	all->fields = w.fields;
	walk_end(&w, ret);
}

/* ---- what it wraps ---- */

struct chain {
	const struct value_reader *r;
	struct walk w;
	struct value *v;
	size_t n, max;
	uint32_t up;
	int depth;
};

static void chain_add(struct chain *c, const struct place *p);

/* The value of an interface; if it is an error, or `any` of them is wanted. */
static void add_iface(struct chain *c, const struct place *at, bool any)
{
	struct place p;

	if (!walk_iface(&c->w, at, &p) || !p.type)
		return;
	if (any || types_says(c->w.t, p.type) & GO_SAYS_ERROR)
		chain_add(c, &p);
}

static void add_slice(struct chain *c, const struct place *at)
{
	struct place p = {.type = types_elem_of(c->w.t, at->type)};
	const struct go_type *g = types_get(c->w.t, p.type);
	uint64_t head[2];

	if (!g || g->kind != GO_KIND_INTERFACE || walk_at(&c->w, at, 0, head, sizeof(head)))
		return;
	p.addr = head[0];
	for (uint64_t i = 0; i < head[1] && i < WRAPPED_MAX && c->n < c->max; i++, p.addr += 16)
		add_iface(c, &p, false);
}

/*
 * A panic that was caught and handed on, as golang.org/x/sync and others do: beside the value
 * stands the stack.
 */
static bool has_stack(struct chain *c, uint64_t type)
{
	uint64_t n = types_nfields(c->w.t, type);
	struct go_field f;

	for (uint64_t i = 0; i < n && i < MEMBERS_MAX; i++)
		if (types_field(c->w.t, type, i, &f) &&
		    (strcasestr(f.name, "stack") || !strcasecmp(f.name, "callers")))
			return true;
	return false;
}

static bool is_carried(const char *name)
{
	static const char *const names[] = {"value", "recovered", "panic", "reason", "cause"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (!strcasecmp(name, names[i]))
			return true;
	return false;
}

static void add_members(struct chain *c, const struct place *p, int depth)
{
	uint64_t n = types_nfields(c->w.t, p->type);
	const struct go_type *g;
	struct go_field f;
	struct place at;

	for (uint64_t i = 0; i < n && i < MEMBERS_MAX && c->n < c->max && c->w.fields; i++) {
		c->w.fields--;
		if (!types_field(c->w.t, p->type, i, &f) || !walk_within(p, f.offset, f.type, &at))
			return;
		g = types_get(c->w.t, f.type);
		if (g && g->kind == GO_KIND_INTERFACE)
			add_iface(c, &at, is_carried(f.name) && has_stack(c, p->type));
		else if (g && g->kind == GO_KIND_SLICE)
			add_slice(c, &at);
		else if (g && g->kind == GO_KIND_STRUCT && depth < EMBED_MAX)
			add_members(c, &at, depth + 1);
	}
}

/* What stands in a value, a pointer's object, a slice. */
static void add_wrapped(struct chain *c, const struct place *p)
{
	const struct go_type *g = types_get(c->w.t, p->type);
	struct place to = *p;

	if (g && g->kind == GO_KIND_POINTER) {
		if (!walk_deref(&c->w, p, &to) || !to.addr)
			return;
		g = types_get(c->w.t, to.type);
	}
	if (g && g->kind == GO_KIND_STRUCT)
		add_members(c, &to, 0);
	else if (g && g->kind == GO_KIND_SLICE)
		add_slice(c, &to);
}

static void chain_add(struct chain *c, const struct place *p)
{
	uint32_t up = c->up;
	size_t at = c->n;

	/* The same again is a cycle, or of no news. */
	for (size_t i = 0; i < c->n; i++)
		if (c->v[i].type == p->type && c->v[i].data == p->addr)
			return;
	if (c->n == c->max || c->depth > VALUE_DEPTH)
		return;
	c->n++;
	describe_one(c->r, p->type, p->addr, &c->w, &c->v[at]);
	c->v[at].up = up;
	c->up = (uint32_t)at;
	c->depth++;
	add_wrapped(c, p);
	c->depth--;
	c->up = up;
}

size_t value_describe(const struct value_reader *r, uint64_t type, uint64_t data, struct value *ret,
		      size_t max)
{
	struct chain c = {.r = r, .v = ret, .max = max};
	struct place p;

	if (!max)
		return 0;
	walk_begin(&c.w, r);
	if (!type || r->hide || !types_get(r->types, type)) {
		describe_one(r, type, data, &c.w, ret);
		return 1;
	}
	p = walk_eface(&c.w, type, data);
	chain_add(&c, &p);
	return c.n;
}

/* ---- what the runtime prints ---- */

/* A type that is built in, which has no package before its name. */
static bool is_builtin(const struct go_type *g)
{
	return (number_kind(g->kind) || g->kind == GO_KIND_STRING) && !strchr(g->name, '.');
}

static void put_printed_number(struct walk *w, const struct go_type *g, const struct place *p)
{
	bool plain = is_builtin(g), complex = g->kind >= GO_KIND_COMPLEX64;
	char text[VALUE_NUMBER], name[TYPE_NAME_MAX];
	uint8_t raw[16] = {0};

	if (g->size > sizeof(raw) || walk_at(w, p, 0, raw, g->size) ||
	    !number_printed(w->minor, g->kind, g->size, raw, text)) {
		w->unsure = true;
		put_unknown(w, p->type);
		return;
	}
	if (!plain) {
		types_name(w->t, p->type, name, sizeof(name));
		put_text(w, name);
	}
	/* A complex number has parentheses of its own. */
	put_text(w, plain || complex ? "" : "(");
	put_text(w, text);
	put_text(w, plain || complex ? "" : ")");
}

static void put_printed(struct walk *w, uint64_t type, uint64_t data)
{
	struct place p = walk_eface(w, type, data);
	struct go_type g = *types_get(w->t, type);
	enum put_how how = w->minor >= MINOR_INDENTED ? PUT_INDENTED : PUT_PLAIN;
	char name[TYPE_NAME_MAX];

	if (is_builtin(&g) && g.kind == GO_KIND_STRING) {
		put_string_at(w, &p, how);
		return;
	}
	if (number_kind(g.kind) && (is_builtin(&g) || w->minor >= MINOR_CUSTOM)) {
		put_printed_number(w, &g, &p);
		return;
	}
	types_name(w->t, type, name, sizeof(name));
	if (g.kind == GO_KIND_STRING && w->minor >= MINOR_CUSTOM) {
		put_text(w, name);
		put_text(w, "(\"");
		put_string_at(w, &p, how);
		put_text(w, "\")");
		return;
	}
	put_text(w, "(");
	put_text(w, name);
	if (w->minor >= MINOR_CUSTOM)
		put_f(w, ") 0x%" PRIx64, data);
	else
		put_f(w, ") (0x%" PRIx64 ",0x%" PRIx64 ")", type, data);
}

void value_printed(const struct value_reader *r, uint64_t type, uint64_t data, struct value *ret)
{
	struct walk w;

	memset(ret, 0, sizeof(*ret));
	ret->type = type;
	ret->data = data;
	walk_begin(&w, r);
	if (r->hide) {
		ret->flags = GOLIN_VALUE_HIDDEN;
		return;
	}
	if (!type)
		put_text(&w, "nil");
	else if (!types_get(r->types, type))
		w.partial = w.cut = true;
	else
		put_printed(&w, type, data);
	walk_end(&w, ret);
	if (ret->flags & GOLIN_VALUE_TEXT)
		ret->flags |= GOLIN_VALUE_PRINTED;
}

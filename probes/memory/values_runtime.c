/* SPDX-License-Identifier: BSD-2-Clause */
/* The errors of the runtime, as each Go version words them (runtime/error.go). */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "memory/values_impl.h"

enum {
	MINOR_TO_ARRAY = 20,	 /* a slice can be converted to an array too */
	MINOR_NIL_IS_ERROR = 27, /* "runtime error: panic called with nil argument" */
	BOUNDS_CONVERT = 8,
};

/* %x is the index, %y what bounds it; without y where the index is negative. */
static const struct {
	const char *before, *between, *after; /* "[", x, "] with length ", y */
	const char *negative;		      /* behind x, without y */
} bounds[] = {
	{"index out of range [", "] with length ", "", "]"},
	{"slice bounds out of range [:", "] with length ", "", "]"},
	{"slice bounds out of range [:", "] with capacity ", "", "]"},
	{"slice bounds out of range [", ":", "]", ":]"},
	{"slice bounds out of range [::", "] with length ", "", "]"},
	{"slice bounds out of range [::", "] with capacity ", "", "]"},
	{"slice bounds out of range [:", ":", "]", ":]"},
	{"slice bounds out of range [", ":", ":]", "::]"},
};

static void put_bounds(struct walk *w, const struct place *p)
{
	struct place x, y, is_signed, code;
	uint8_t flag, c;
	uint64_t vx, vy;
	char n[24];

	if (!walk_member(w, p, "x", 0, &x) || !walk_member(w, p, "y", 0, &y) ||
	    !walk_member(w, p, "signed", GO_KIND_BOOL, &is_signed) ||
	    !walk_member(w, p, "code", GO_KIND_UINT8, &code) || walk_at(w, &x, 0, &vx, 8) ||
	    walk_at(w, &y, 0, &vy, 8) || walk_at(w, &is_signed, 0, &flag, 1) ||
	    walk_at(w, &code, 0, &c, 1) || c > BOUNDS_CONVERT) {
		put_unknown(w, p->type);
		return;
	}
	put_text(w, "runtime error: ");
	if (flag)
		snprintf(n, sizeof(n), "%" PRId64, (int64_t)vx);
	else
		snprintf(n, sizeof(n), "%" PRIu64, vx);
	if (c == BOUNDS_CONVERT) {
		/* It has no other words for a negative one: there is none. */
		put_f(w, "cannot convert slice with length %" PRId64 " to %s with length %s",
		      (int64_t)vy,
		      w->minor >= MINOR_TO_ARRAY ? "array or pointer to array" : "pointer to array",
		      n);
		return;
	}
	put_text(w, bounds[c].before);
	put_text(w, n);
	if (flag && (int64_t)vx < 0) {
		put_text(w, bounds[c].negative);
		return;
	}
	put_text(w, bounds[c].between);
	put_f(w, "%" PRId64, (int64_t)vy);
	put_text(w, bounds[c].after);
}

static void put_type_name(struct walk *w, uint64_t type)
{
	char name[TYPE_NAME_MAX];

	if (types_name(w->t, type, name, sizeof(name))) {
		put_text(w, name);
		return;
	}
	put_text(w, "?");
	w->partial = true;
}

static bool type_at(struct walk *w, const struct place *p, const char *name, uint64_t *ret)
{
	struct place at;

	return walk_member(w, p, name, GO_KIND_POINTER, &at) && !walk_at(w, &at, 0, ret, 8);
}

static void put_assertion(struct walk *w, const struct place *p)
{
	uint64_t inter, concrete, asserted, method[2];
	char had[TYPE_NAME_MAX], wanted[TYPE_NAME_MAX];
	char package[2][TYPE_PACKAGE_MAX];
	struct place at, missing;

	if (!walk_deref(w, p, &at) || !type_at(w, &at, "_interface", &inter) ||
	    !type_at(w, &at, "concrete", &concrete) || !type_at(w, &at, "asserted", &asserted) ||
	    !walk_member(w, &at, "missingMethod", GO_KIND_STRING, &missing) ||
	    walk_at(w, &missing, 0, method, sizeof(method))) {
		put_unknown(w, p->type);
		return;
	}
	put_text(w, "interface conversion: ");
	if (concrete && method[1]) {
		put_type_name(w, concrete);
		put_text(w, " is not ");
		put_type_name(w, asserted);
		put_text(w, ": missing method ");
		put_go_string(w, method[0], method[1], PUT_PLAIN);
		return;
	}
	if (inter)
		put_type_name(w, inter);
	else
		put_text(w, "interface");
	put_text(w, " is ");
	if (!concrete) {
		put_text(w, "nil, not ");
		put_type_name(w, asserted);
		return;
	}
	put_type_name(w, concrete);
	put_text(w, ", not ");
	put_type_name(w, asserted);
	types_name(w->t, concrete, had, sizeof(had));
	types_name(w->t, asserted, wanted, sizeof(wanted));
	if (strcmp(had, wanted) || !*had)
		return;
	types_package(w->t, concrete, package[0]);
	types_package(w->t, asserted, package[1]);
	put_text(w, strcmp(package[0], package[1]) ? " (types from different packages)"
						   : " (types from different scopes)");
}

static void put_error_string(struct walk *w, const struct place *p)
{
	put_text(w, "runtime error: ");
	put_string_at(w, p, PUT_PLAIN);
}

static void put_plain_error(struct walk *w, const struct place *p)
{
	put_string_at(w, p, PUT_PLAIN);
}

static void put_address_string(struct walk *w, const struct place *p)
{
	struct place msg;

	put_text(w, "runtime error: ");
	if (walk_member(w, p, "msg", GO_KIND_STRING, &msg))
		put_string_at(w, &msg, PUT_PLAIN);
	else
		put_unknown(w, p->type);
}

static void put_nil_error(struct walk *w, const struct place *p)
{
	put_f(w, "%spanic called with nil argument",
	      w->minor >= MINOR_NIL_IS_ERROR ? "runtime error: " : "");
	(void)p;
}

/* Since Go 1.25; before, it is an errorString. */
static void put_unhashable(struct walk *w, const struct place *p)
{
	uint64_t type;

	if (!type_at(w, p, "typ", &type)) {
		put_unknown(w, p->type);
		return;
	}
	put_text(w, "hash of unhashable type: ");
	put_type_name(w, type);
}

#define MAPS "internal/runtime/maps"

static const struct {
	const char *package, *name;
	uint8_t kind;
	void (*put)(struct walk *w, const struct place *p);
} errors[] = {
	{"runtime", "runtime.boundsError", GO_KIND_STRUCT, put_bounds},
	{"runtime", "runtime.errorString", GO_KIND_STRING, put_error_string},
	{"runtime", "runtime.plainError", GO_KIND_STRING, put_plain_error},
	{"runtime", "runtime.errorAddressString", GO_KIND_STRUCT, put_address_string},
	{"runtime", "*runtime.TypeAssertionError", GO_KIND_POINTER, put_assertion},
	{"runtime", "*runtime.PanicNilError", GO_KIND_POINTER, put_nil_error},
	{MAPS, "maps.unhashableTypeError", GO_KIND_STRUCT, put_unhashable},
};

static int find(struct walk *w, uint64_t type)
{
	const struct go_type *g = types_get(w->t, type);
	char package[TYPE_PACKAGE_MAX];
	uint64_t named = type;
	size_t i = 0;

	if (!g)
		return -1;
	while (i < sizeof(errors) / sizeof(errors[0]) &&
	       (strcmp(g->name, errors[i].name) || g->kind != errors[i].kind))
		i++;
	if (i == sizeof(errors) / sizeof(errors[0]))
		return -1;
	/* Another package may be called so, too; a pointer has no package. */
	if (g->kind == GO_KIND_POINTER)
		named = types_elem_of(w->t, type);
	types_package(w->t, named, package);
	return strcmp(package, errors[i].package) ? -1 : (int)i;
}

bool is_runtime(struct walk *w, uint64_t type)
{
	return find(w, type) >= 0;
}

bool put_runtime(struct walk *w, const struct place *p)
{
	int i = find(w, p->type);

	if (i >= 0)
		errors[i].put(w, p);
	return i >= 0;
}

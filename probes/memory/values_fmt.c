/* SPDX-License-Identifier: BSD-2-Clause */
/* Values as fmt's %+v has them, as far as they can be read. */
#include <inttypes.h>
#include <string.h>
#include "memory/values_impl.h"

enum { ELEMENTS_SHOWN = 32 }; /* of a slice or array */

static bool is_full(const struct walk *w)
{
	return w->len == sizeof(w->raw) || !w->reads || !w->fields;
}

static void unread(struct walk *w, uint64_t type)
{
	w->unsure = true;
	put_unknown(w, type);
}

static void put_number(struct walk *w, const struct go_type *g, const struct place *p)
{
	char text[VALUE_NUMBER];
	uint8_t raw[16] = {0};

	if (g->size <= sizeof(raw) && !walk_at(w, p, 0, raw, g->size) &&
	    value_number(g->kind, g->size, raw, text))
		put_text(w, text);
	else
		unread(w, p->type);
}

static void put_address(struct walk *w, const struct place *p, bool deref)
{
	uint64_t addr, code;

	if (walk_at(w, p, 0, &addr, sizeof(addr))) {
		unread(w, p->type);
		return;
	}
	/* A func value points to its code's address, as a rule in a constant that the linker made.
	 */
	if (addr && deref &&
	    (!types_words(w->t, addr, &code, sizeof(code)) ||
	     !walk_read(w, addr, &code, sizeof(code))))
		addr = code;
	if (addr)
		put_f(w, "0x%" PRIx64, addr);
	else
		put_text(w, "<nil>");
}

static void put_pointer(struct walk *w, const struct place *p, int depth)
{
	const struct go_type *g;
	struct place to;
	bool follow;

	if (!walk_deref(w, p, &to) || !to.addr || depth) {
		put_address(w, p, false);
		return;
	}
	g = types_get(w->t, to.type);
	follow = g && (g->kind == GO_KIND_STRUCT || g->kind == GO_KIND_ARRAY ||
		       g->kind == GO_KIND_SLICE || g->kind == GO_KIND_MAP);
	if (!follow) {
		put_address(w, p, false);
		return;
	}
	put_text(w, "&");
	put_plain(w, &to, 1);
}

static void put_struct(struct walk *w, const struct place *p, int depth)
{
	uint64_t n = types_nfields(w->t, p->type);
	struct go_field f;
	struct place at;

	put_text(w, "{");
	for (uint64_t i = 0; i < n; i++) {
		if (is_full(w)) {
			w->cut = w->unsure = true;
			return;
		}
		w->fields--;
		if (!types_field(w->t, p->type, i, &f) || !walk_within(p, f.offset, f.type, &at)) {
			w->partial = w->unsure = true;
			put_text(w, "...");
			break;
		}
		put_text(w, i ? " " : "");
		put_text(w, f.name);
		put_text(w, ":");
		put_value(w, &at, depth + 1);
	}
	put_text(w, "}");
}

static void put_elements(struct walk *w, uint64_t type, uint64_t addr, bool word, uint64_t n,
			 int depth)
{
	const struct go_type *g = types_get(w->t, type);
	struct place p = {.type = type, .addr = addr, .word = word};
	uint32_t size = g ? g->size : 0;

	put_text(w, "[");
	for (uint64_t i = 0; i < n; i++) {
		put_text(w, i ? " " : "");
		if (i == ELEMENTS_SHOWN || is_full(w)) {
			put_text(w, "...");
			w->cut = w->unsure = true;
			break;
		}
		/* One that is a word is the only one of its array. */
		if (!g || p.addr < addr || (word && i)) {
			unread(w, type);
			break;
		}
		put_value(w, &p, depth + 1);
		p.addr += size;
	}
	put_text(w, "]");
}

static void put_slice(struct walk *w, const struct place *p, int depth)
{
	uint64_t head[2], elem = types_elem_of(w->t, p->type);

	if (!elem || walk_at(w, p, 0, head, sizeof(head))) {
		unread(w, p->type);
		return;
	}
	put_elements(w, elem, head[0], false, head[1], depth);
}

static void put_map(struct walk *w, const struct place *p, int depth)
{
	uint64_t addr;

	if (walk_at(w, p, 0, &addr, sizeof(addr)))
		unread(w, p->type);
	else if (!addr)
		put_text(w, "map[]");
	else if (depth)
		put_text(w, "map[...]");
	else
		put_address(w, p, false);
}

static void put_iface(struct walk *w, const struct place *p, int depth)
{
	struct place v;

	if (!walk_iface(w, p, &v))
		unread(w, p->type);
	else if (!v.type)
		put_text(w, "<nil>");
	else
		put_value(w, &v, depth);
}

void put_plain(struct walk *w, const struct place *p, int depth)
{
	const struct go_type *found = types_get(w->t, p->type);
	struct go_type g;
	uint64_t n;

	if (!found || depth > NEST_MAX || is_full(w)) {
		w->cut |= found != NULL;
		w->partial |= !found;
		w->unsure = true;
		put_text(w, "...");
		return;
	}
	g = *found; /* valid until the next call only */
	if (number_kind(g.kind)) {
		put_number(w, &g, p);
		return;
	}
	switch (g.kind) {
	case GO_KIND_STRING:
		put_string_at(w, p, PUT_PLAIN);
		break;
	case GO_KIND_STRUCT:
		put_struct(w, p, depth);
		break;
	case GO_KIND_POINTER:
		put_pointer(w, p, depth);
		break;
	case GO_KIND_INTERFACE:
		put_iface(w, p, depth);
		break;
	case GO_KIND_SLICE:
		put_slice(w, p, depth);
		break;
	case GO_KIND_ARRAY:
		if (types_array_len(w->t, p->type, &n))
			put_elements(w, types_elem_of(w->t, p->type), p->addr, p->word, n, depth);
		else
			unread(w, p->type);
		break;
	case GO_KIND_MAP:
		put_map(w, p, depth);
		break;
	case GO_KIND_CHAN:
	case GO_KIND_UNSAFE_POINTER:
		put_address(w, p, false);
		break;
	case GO_KIND_FUNC:
		put_address(w, p, true);
		break;
	default:
		unread(w, p->type);
	}
}

void put_value(struct walk *w, const struct place *p, int depth)
{
	const struct go_type *g = types_get(w->t, p->type);
	bool pointer = g && g->kind == GO_KIND_POINTER, says = types_says(w->t, p->type);
	uint64_t addr;

	if (depth > NEST_MAX || is_full(w)) {
		put_plain(w, p, depth);
		return;
	}
	if (put_runtime(w, p))
		return;
	if (says && pointer && !walk_at(w, p, 0, &addr, sizeof(addr)) && !addr) {
		put_text(w, "<nil>");
		return;
	}
	if (says && put_known(w, p, depth))
		return;
	/* What an error is made of tells more than where it is. */
	if (says && pointer && depth) {
		struct place to;

		g = walk_deref(w, p, &to) ? types_get(w->t, to.type) : NULL;
		if (g && g->kind == GO_KIND_STRUCT) {
			put_text(w, "&");
			put_plain(w, &to, depth + 1);
			return;
		}
	}
	put_plain(w, p, depth);
}

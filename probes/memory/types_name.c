/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Names of types, whole. Those that reflection makes have theirs in a map of the runtime; what they
 * are called follows from their parts.
 */
#include <stdio.h>
#include <string.h>
#include "base/text.h"
#include "golin/layout.h"
#include "memory/types.h"
#include "memory/types_impl.h"

enum {
	DEPTH_MAX = 6,
	FIELDS_SHOWN = 64,
	TFLAG_EXTRA_STAR = 1 << 1,
};

struct name_out {
	char *buf;
	size_t len, cap;
	bool full;
	int work; /* descriptors that are looked at, at most */
};

static void put(struct name_out *o, const char *s)
{
	size_t len = strlen(s), n;

	if (o->full)
		return;
	if (len < o->cap - o->len) {
		memcpy(o->buf + o->len, s, len + 1);
		o->len += len;
		return;
	}
	/* Whole characters; three bytes are left for what says so. */
	n = o->cap - 1 - o->len;
	while (n && ((uint8_t)s[n] & 0xc0) == 0x80)
		n--;
	memcpy(o->buf + o->len, s, n);
	o->len += n;
	o->buf[o->len] = '\0';
	o->full = true;
}

/* As the program has it; false: it has none. */
static bool put_own(struct types *t, const struct go_type *g, struct name_out *o)
{
	char clean[4 * TYPE_NAME_MAX + 1];
	struct type_text text;
	uint32_t str_at = t->str;
	int32_t str;

	if (types_desc(t, g->addr + str_at, &str, 4) || str <= 0 ||
	    (uint64_t)str >= t->hi - t->lo ||
	    !types_text(t, t->lo + (uint64_t)str, g->tflag & TFLAG_EXTRA_STAR ? 1 : 0,
			TYPE_NAME_MAX, &text) ||
	    !text.have)
		return false;
	golin_text_clean(clean, sizeof(clean), text.b, text.have);
	put(o, clean);
	o->full |= text.have < text.len;
	return true;
}

static void put_type(struct types *t, uint64_t type, struct name_out *o, int depth);

static void put_struct(struct types *t, uint64_t type, struct name_out *o, int depth)
{
	uint64_t n = types_nfields(t, type);
	struct go_field f;

	put(o, n ? "struct { " : "struct {}");
	for (uint64_t i = 0; i < n && !o->full; i++) {
		if (i == FIELDS_SHOWN || !types_field(t, type, i, &f)) {
			put(o, "...");
			break;
		}
		put(o, i ? "; " : "");
		if (!f.embedded) {
			put(o, f.name);
			put(o, " ");
		}
		put_type(t, f.type, o, depth + 1);
	}
	put(o, n ? " }" : "");
}

static uint64_t map_key(struct types *t, uint64_t type)
{
	uint64_t key;
	uint32_t off;

	return golin_layout_get(t->m->layout, GOLIN_F_MAP_TYPE_Key, &off) &&
			       !types_desc_words(t, type + off, &key, 8)
		       ? key
		       : 0;
}

static void put_made(struct types *t, const struct go_type *g, struct name_out *o, int depth)
{
	uint64_t type = g->addr, len;
	char n[32];

	switch (g->kind) {
	case GO_KIND_STRUCT:
		put_struct(t, type, o, depth);
		return;
	case GO_KIND_FUNC:
		put(o, "func(...)");
		return;
	case GO_KIND_INTERFACE:
		put(o, "interface { ... }");
		return;
	case GO_KIND_MAP:
		put(o, "map[");
		put_type(t, map_key(t, type), o, depth + 1);
		put(o, "]");
		break;
	case GO_KIND_ARRAY:
		snprintf(n, sizeof(n), "[%llu]",
			 types_array_len(t, type, &len) ? (unsigned long long)len : 0);
		put(o, n);
		break;
	case GO_KIND_CHAN:
		put(o, "chan ");
		break;
	case GO_KIND_SLICE:
		put(o, "[]");
		break;
	case GO_KIND_POINTER:
		put(o, "*");
		break;
	default:
		put(o, "?");
		return;
	}
	put_type(t, types_elem_of(t, type), o, depth + 1);
}

static void put_type(struct types *t, uint64_t type, struct name_out *o, int depth)
{
	const struct go_type *found = types_get(t, type);
	struct go_type g;

	if (o->full)
		return;
	if (!found || depth > DEPTH_MAX || o->work-- <= 0) {
		put(o, "?");
		return;
	}
	g = *found; /* valid until the next call only */
	if (!put_own(t, &g, o))
		put_made(t, &g, o, depth);
}

size_t types_name(struct types *t, uint64_t type, char *buf, size_t cap)
{
	static const char more[] = "...";
	struct name_out o = {.buf = buf, .cap = cap, .work = 256};

	*buf = '\0';
	if (cap > TYPE_NAME_MAX)
		o.cap = TYPE_NAME_MAX;
	if (o.cap < sizeof(more) || !types_get(t, type))
		return 0;
	o.cap -= sizeof(more) - 1;
	put_type(t, type, &o, 0);
	if (o.full)
		o.len = (size_t)(stpcpy(buf + o.len, more) - buf);
	/* Cut between a character and its marks it is still clean: nothing begins anew. */
	if (!strcmp(buf, "?")) {
		*buf = '\0';
		return 0;
	}
	return o.len;
}

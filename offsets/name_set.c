/* SPDX-License-Identifier: BSD-2-Clause */
#include "name_set.h"

#include <stdlib.h>
#include <string.h>

enum {
	SLOTS = 4 * NAME_SET_MAX,
	MIN_NAME = 3, /* with the NUL as many bytes as are hashed first */
	BEGINS = 1 << 16,
};

struct entry {
	const char *name; /* in `text` */
	size_t len;
	uint32_t at[NAME_SET_SAME];
	int n;
};

struct name_set {
	struct entry entries[NAME_SET_MAX];
	size_t n;
	uint16_t slots[SLOTS]; /* of entries, + 1 */
	/* A bit for the first 4 bytes of each name: most names of the table are passed over so. */
	uint64_t begins[BEGINS / 64];
	char *text;
};

static uint32_t begin_of(const void *name)
{
	uint32_t v;

	memcpy(&v, name, sizeof(v));
	return v * 2654435761u >> 16;
}

static uint32_t hash(const void *name, size_t len)
{
	const uint8_t *p = name;
	uint32_t h = 2166136261u; /* FNV-1a */

	for (size_t i = 0; i < len; i++)
		h = (h ^ p[i]) * 16777619u;
	return h ^ h >> 15;
}

/* The slot that has the name, or the free one where it would go. */
static uint16_t *slot_of(struct name_set *s, const void *name, size_t len)
{
	uint32_t i = hash(name, len) % SLOTS;

	for (; s->slots[i]; i = (i + 1) % SLOTS) {
		const struct entry *e = &s->entries[s->slots[i] - 1];

		if (e->len == len && !memcmp(e->name, name, len))
			break;
	}
	return &s->slots[i];
}

static void add(struct name_set *s, const char *name, size_t len)
{
	uint16_t *slot = slot_of(s, name, len);
	uint32_t begin = begin_of(name);

	if (*slot)
		return;
	s->entries[s->n] = (struct entry){.name = name, .len = len};
	*slot = ++s->n;
	s->begins[begin / 64] |= 1ULL << begin % 64;
}

static void found(struct name_set *s, const uint8_t *name, size_t len, size_t off)
{
	const uint16_t *slot = slot_of(s, name, len);
	struct entry *e;

	if (!*slot)
		return;
	e = &s->entries[*slot - 1];
	if (e->n < NAME_SET_SAME)
		e->at[e->n++] = (uint32_t)off;
}

static void scan(struct name_set *s, const uint8_t *table, size_t len)
{
	const uint8_t *end, *p = table, *last = table + len;

	for (; last - p > MIN_NAME && (end = memchr(p, 0, last - p)); p = end + 1) {
		uint32_t begin = begin_of(p);

		if (s->begins[begin / 64] & 1ULL << begin % 64)
			found(s, p, end - p, p - table);
	}
}

struct name_set *name_set_new(const uint8_t *table, size_t len, const char *const *names, size_t n)
{
	struct name_set *s;
	size_t size = 0;
	char *p;

	if (n > NAME_SET_MAX || len > UINT32_MAX)
		return NULL;
	for (size_t i = 0; i < n; i++)
		size += strlen(names[i]) + 1;
	s = calloc(1, sizeof(*s));
	p = s ? malloc(size ? size : 1) : NULL;
	if (!p) {
		free(s);
		return NULL;
	}
	s->text = p;
	for (size_t i = 0; i < n; i++) {
		size_t l = strlen(names[i]);

		if (l < MIN_NAME)
			continue;
		memcpy(p, names[i], l + 1);
		add(s, p, l);
		p += l + 1;
	}
	scan(s, table, len);
	return s;
}

void name_set_free(struct name_set *s)
{
	if (s)
		free(s->text);
	free(s);
}

bool name_set_get(const struct name_set *s, const char *name, uint32_t *ret, int max, int *ret_n)
{
	const struct entry *e;
	const uint16_t *slot;

	if (!s)
		return false;
	slot = slot_of((struct name_set *)s, name, strlen(name));
	if (!*slot)
		return false;
	e = &s->entries[*slot - 1];
	*ret_n = e->n < max ? e->n : max;
	memcpy(ret, e->at, *ret_n * sizeof(*ret));
	return true;
}

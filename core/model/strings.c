/* SPDX-License-Identifier: BSD-2-Clause */
/* Interned strings: 200,000 pcs name a few thousand functions in a few hundred files. */
#include "model_impl.h"

#include <errno.h>

enum {
	CHUNK_SIZE = 64 << 10,
	STRINGS_MAX_BYTES = 256 << 20, /* of text, whatever the input says */
};

struct str_chunk {
	struct str_chunk *next;
	size_t len;
	char text[CHUNK_SIZE];
};

_Static_assert((int)GOLIN_STR_MAX < (int)CHUNK_SIZE, "a string fits into a chunk");

void strings_done(struct strings *t)
{
	while (t->chunks) {
		struct str_chunk *next = t->chunks->next;

		free(t->chunks);
		t->chunks = next;
	}
	array_free(&t->v);
	map64_done(&t->ids);
	t->bytes = 0;
}

uint64_t strings_hash(const char *s, size_t len)
{
	uint64_t h = len, w;

	for (; len >= 8; s += 8, len -= 8) {
		memcpy(&w, s, 8);
		h = map64_mix(h ^ w);
	}
	w = 0;
	memcpy(&w, s, len);
	return map64_mix(h ^ w);
}

static char *strings_room(struct strings *t, size_t len)
{
	struct str_chunk *c = t->chunks;

	if (!c || len > CHUNK_SIZE - c->len) {
		c = malloc(sizeof(*c));
		if (!c)
			return NULL;
		c->next = t->chunks;
		c->len = 0;
		t->chunks = c;
	}
	c->len += len;
	return c->text + c->len - len;
}

int strings_intern(struct strings *t, const char *s, size_t len, uint32_t *ret)
{
	uint64_t hash;
	struct str *slot;
	uint32_t id;
	char *copy;

	*ret = 0;
	if (!len)
		return 0;
	if (len >= GOLIN_STR_MAX)
		return -ENOSPC;
	hash = strings_hash(s, len);
	if (map64_get(&t->ids, hash, &id) && t->v.v[id].len == len &&
	    !memcmp(t->v.v[id].s, s, len)) {
		*ret = id;
		return 0;
	}
	if (t->bytes + len > STRINGS_MAX_BYTES)
		return -ENOSPC;
	if (!t->v.len && !array_add(&t->v)) /* id 0 */
		return -ENOMEM;
	copy = strings_room(t, len + 1);
	slot = copy ? array_add(&t->v) : NULL;
	if (!slot)
		return -ENOMEM;
	memcpy(copy, s, len);
	copy[len] = 0;
	*slot = (struct str){copy, (uint32_t)len};
	t->bytes += len + 1;
	id = (uint32_t)(t->v.len - 1);
	/* Two strings with one hash: the newer one is found from now on, both stay right. */
	if (!map64_put(&t->ids, hash, id))
		return -ENOMEM;
	*ret = id;
	return 0;
}

const char *strings_get(const struct strings *t, uint32_t id)
{
	return id && id < t->v.len ? t->v.v[id].s : "";
}

size_t strings_bytes(const struct strings *t)
{
	size_t n = t->v.cap * sizeof(*t->v.v) + t->ids.cap * 12;

	for (const struct str_chunk *c = t->chunks; c; c = c->next)
		n += sizeof(*c);
	return n;
}

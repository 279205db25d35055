/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Strings that leave the model with what they belong to: the texts of panics. A program makes new
 * ones as long as it runs, so they cannot stay for ever as names do (strings.c). The same text
 * stands once.
 */
#include "model_impl.h"

#include <errno.h>

enum { TEXTS_MAX_BYTES = 128 << 20 };

void texts_done(struct texts *t)
{
	array_for_each (&t->v, x)
		free(x->s);
	array_free(&t->v);
	map64_done(&t->ids);
	t->unused = 0;
	t->bytes = 0;
}

static bool is_text(const struct text *x, const char *s, size_t len)
{
	return x->len == len && !memcmp(x->s, s, len);
}

static int text_new(struct texts *t, const char *s, size_t len, uint32_t *ret)
{
	char *copy;
	uint32_t k;

	if (len >= GOLIN_STR_MAX || t->bytes + len > TEXTS_MAX_BYTES)
		return -ENOSPC;
	if (!t->unused && !array_reserve(&t->v, t->v.len + 1))
		return -ENOMEM;
	copy = malloc(len + 1);
	if (!copy)
		return -ENOMEM;
	memcpy(copy, s, len);
	copy[len] = 0;
	if (t->unused) {
		k = t->unused - 1;
		t->unused = t->v.v[k].refs;
	} else {
		k = (uint32_t)t->v.len++;
	}
	t->v.v[k] = (struct text){.s = copy, .len = (uint32_t)len, .refs = 1};
	t->bytes += len + 1;
	*ret = k;
	return 0;
}

int texts_hold(struct texts *t, const char *s, size_t len, uint32_t *ret)
{
	uint64_t hash;
	uint32_t k;
	bool taken;
	int rc;

	*ret = 0;
	if (!len)
		return 0;
	hash = strings_hash(s, len);
	taken = map64_get(&t->ids, hash, &k);
	if (taken && is_text(&t->v.v[k], s, len)) {
		t->v.v[k].refs++;
		*ret = TEXT_BIT | k;
		return 0;
	}
	rc = text_new(t, s, len, &k);
	if (rc)
		return rc;
	*ret = TEXT_BIT | k;
	/* Two texts with one hash, or no memory: the newer one is not shared, and right. */
	if (!taken)
		(void)map64_put(&t->ids, hash, k);
	return 0;
}

void texts_drop(struct texts *t, uint32_t id)
{
	uint32_t k = id & ~TEXT_BIT, at;
	struct text *x;
	uint64_t hash;

	if (!(id & TEXT_BIT))
		return;
	x = &t->v.v[k];
	if (--x->refs)
		return;
	hash = strings_hash(x->s, x->len);
	if (map64_get(&t->ids, hash, &at) && at == k)
		map64_del(&t->ids, hash);
	t->bytes -= x->len + 1;
	free(x->s);
	*x = (struct text){.refs = t->unused};
	t->unused = k + 1;
}

const char *texts_get(const struct texts *t, uint32_t id)
{
	uint32_t k = id & ~TEXT_BIT;

	return id & TEXT_BIT && k < t->v.len && t->v.v[k].s ? t->v.v[k].s : "";
}

size_t texts_bytes(const struct texts *t)
{
	return t->v.cap * sizeof(*t->v.v) + t->bytes +
	       t->ids.cap * (sizeof(*t->ids.keys) + sizeof(*t->ids.vals));
}

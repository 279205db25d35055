/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/map64.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

/*
 * Keys come from targets and files: without a secret, a crafted file could make them all collide
 * and every look-up linear.
 */
static uint64_t map64_seed;

__attribute__((constructor)) static void map64_init(void)
{
	struct timespec ts;

	if (getrandom(&map64_seed, sizeof(map64_seed), GRND_NONBLOCK) == sizeof(map64_seed))
		return;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	map64_seed = map64_mix((uint64_t)ts.tv_nsec ^ (uint64_t)(uintptr_t)&ts);
}

/* MurmurHash3's 64-bit finalizer: a bijection in which each bit of the key moves every other. */
uint64_t map64_mix(uint64_t key)
{
	key ^= key >> 33;
	key *= 0xff51afd7ed558ccdULL;
	key ^= key >> 33;
	key *= 0xc4ceb9fe1a85ec53ULL;
	key ^= key >> 33;
	return key;
}

static size_t map64_home(const struct map64 *m, uint64_t key)
{
	return map64_mix(key ^ map64_seed) & (m->cap - 1);
}

/* The slot that holds the key, or the empty one where it would go. cap must not be 0. */
static size_t map64_slot(const struct map64 *m, uint64_t key)
{
	size_t i = map64_home(m, key);

	while (m->vals[i] && m->keys[i] != key)
		i = (i + 1) & (m->cap - 1);
	return i;
}

void map64_done(struct map64 *m)
{
	free(m->keys);
	free(m->vals);
	memset(m, 0, sizeof(*m));
}

static bool map64_grow(struct map64 *m)
{
	struct map64 n = {.cap = m->cap ? m->cap * 2 : 16, .len = m->len};

	if (n.cap > (size_t)-1 / 2 / sizeof(*n.keys))
		return false;
	n.keys = malloc(n.cap * sizeof(*n.keys));
	n.vals = calloc(n.cap, sizeof(*n.vals));
	if (!n.keys || !n.vals) {
		map64_done(&n);
		return false;
	}
	for (size_t i = 0; i < m->cap; i++) {
		size_t to;

		if (!m->vals[i])
			continue;
		to = map64_slot(&n, m->keys[i]);
		n.keys[to] = m->keys[i];
		n.vals[to] = m->vals[i];
	}
	map64_done(m);
	*m = n;
	return true;
}

bool map64_put(struct map64 *m, uint64_t key, uint32_t val)
{
	size_t i = 0;

	if (val >= UINT32_MAX - 1)
		return false;
	if (m->cap) {
		i = map64_slot(m, key);
		if (m->vals[i]) {
			m->vals[i] = val + 1;
			return true;
		}
	}
	if (m->len + 1 > m->cap / 4 * 3) {
		if (!map64_grow(m))
			return false;
		i = map64_slot(m, key);
	}
	m->keys[i] = key;
	m->vals[i] = val + 1;
	m->len++;
	return true;
}

bool map64_get(const struct map64 *m, uint64_t key, uint32_t *ret)
{
	size_t i;

	if (!m->cap)
		return false;
	i = map64_slot(m, key);
	if (!m->vals[i])
		return false;
	if (ret)
		*ret = m->vals[i] - 1;
	return true;
}

bool map64_del(struct map64 *m, uint64_t key)
{
	size_t hole, i;

	if (!m->cap)
		return false;
	hole = map64_slot(m, key);
	if (!m->vals[hole])
		return false;
	/*
	 * Backward shift: what follows in the chain moves into the hole unless its home lies
	 * (cyclically) behind the hole, where a look-up for it would not pass the hole.
	 */
	for (i = (hole + 1) & (m->cap - 1); m->vals[i]; i = (i + 1) & (m->cap - 1)) {
		size_t dist_home = (i - map64_home(m, m->keys[i])) & (m->cap - 1);
		size_t dist_hole = (i - hole) & (m->cap - 1);

		if (dist_home < dist_hole)
			continue;
		m->keys[hole] = m->keys[i];
		m->vals[hole] = m->vals[i];
		hole = i;
	}
	m->vals[hole] = 0;
	m->len--;
	return true;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * All three begin with the time and count within it, so they are ordered as they were made:
 *
 *	snowflake  41 bits of ms since 2020-01-01 UTC (until 2089), 10 of machine, 12 of counter
 *	hlc        48 bits of ms since 1970, 16 of counter; 10 of machine, 54 random ones
 *	uuid       RFC 9562 version 7: 48 bits of ms since 1970, 12 of counter, 62 random ones
 *
 * When a ms is full the next one is begun, although its time has not come: nobody waits.
 */
#include "base/traceid.h"

#include <inttypes.h>
#include <stdio.h>

#define NS_PER_MS 1000000ull
#define SNOWFLAKE_EPOCH_MS 1577836800000ull

enum {
	MACHINE_BITS = 10,
	SNOWFLAKE_COUNTER_BITS = 12,
	HLC_COUNTER_BITS = 16,
	UUID_COUNTER_BITS = 12
};

static uint64_t rotl(uint64_t v, int by)
{
	return v << by | v >> (64 - by);
}

/* Blackman and Vigna's xoroshiro128++. Not for secrets: ids are none. */
static uint64_t random_next(struct traceid *t)
{
	uint64_t a = t->random[0], b = t->random[1];
	uint64_t ret = rotl(a + b, 17) + a;

	b ^= a;
	t->random[0] = rotl(a, 49) ^ b ^ b << 21;
	t->random[1] = rotl(b, 28);
	return ret;
}

static uint64_t mix(uint64_t v)
{
	v = (v ^ v >> 30) * 0xbf58476d1ce4e5b9ull;
	v = (v ^ v >> 27) * 0x94d049bb133111ebull;
	return v ^ v >> 31;
}

void traceid_init(struct traceid *t, uint32_t kind, uint32_t machine, const uint64_t seed[2])
{
	*t = (struct traceid){.kind = kind, .machine = machine & ((1u << MACHINE_BITS) - 1)};
	/* Seeds that are nearly the same must not give nearly the same bits. */
	t->random[0] = mix(seed[0] + 0x9e3779b97f4a7c15ull);
	t->random[1] = mix(seed[1] + t->random[0]);
	if (!t->random[0] && !t->random[1])
		t->random[0] = 1;
}

/* Later than the last one, in any case. */
static void tick(struct traceid *t, uint64_t ms, int counter_bits)
{
	if (ms > t->last) {
		t->last = ms;
		t->counter = 0;
	} else if (++t->counter >> counter_bits) {
		t->last++;
		t->counter = 0;
	}
}

void traceid_next(struct traceid *t, uint64_t unix_ns, uint64_t ret[2])
{
	uint64_t ms = unix_ns / NS_PER_MS;

	ret[0] = ret[1] = 0;
	switch (t->kind) {
	case TRACEID_SNOWFLAKE:
		tick(t, ms > SNOWFLAKE_EPOCH_MS ? ms - SNOWFLAKE_EPOCH_MS : 0,
		     SNOWFLAKE_COUNTER_BITS);
		ret[0] = t->last << (MACHINE_BITS + SNOWFLAKE_COUNTER_BITS) |
			 (uint64_t)t->machine << SNOWFLAKE_COUNTER_BITS | t->counter;
		break;
	case TRACEID_HLC:
		tick(t, ms, HLC_COUNTER_BITS);
		ret[0] = t->last << HLC_COUNTER_BITS | t->counter;
		ret[1] = (uint64_t)t->machine << (64 - MACHINE_BITS) |
			 random_next(t) >> MACHINE_BITS;
		break;
	case TRACEID_UUID:
		tick(t, ms, UUID_COUNTER_BITS);
		ret[0] = t->last << 16 | 7ull << 12 | t->counter;
		ret[1] = 2ull << 62 | random_next(t) >> 2;
		break;
	}
}

const char *traceid_text(uint32_t kind, const uint64_t id[2], char ret[TRACEID_TEXT])
{
	ret[0] = 0;
	switch (kind) {
	case TRACEID_SNOWFLAKE:
		snprintf(ret, TRACEID_TEXT, "%" PRIu64, id[0]);
		break;
	case TRACEID_HLC:
		snprintf(ret, TRACEID_TEXT, "%016" PRIx64 "%016" PRIx64, id[0], id[1]);
		break;
	case TRACEID_UUID:
		snprintf(ret, TRACEID_TEXT, "%08x-%04x-%04x-%04x-%012" PRIx64,
			 (unsigned)(id[0] >> 32), (unsigned)(id[0] >> 16 & 0xffff),
			 (unsigned)(id[0] & 0xffff), (unsigned)(id[1] >> 48),
			 id[1] & UINT64_C(0xffffffffffff));
		break;
	}
	return ret;
}

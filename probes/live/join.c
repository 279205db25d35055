/* SPDX-License-Identifier: BSD-2-Clause */
#include "live/join.h"

#include <string.h>

static void forget(struct join *j)
{
	map64_done(&j->at);
	memset(&j->at, 0, sizeof(j->at));
	array_free(&j->seen);
	j->next = 0;
}

void join_done(struct join *j)
{
	forget(j);
}

void join_begin(struct join *j, uint64_t until)
{
	forget(j);
	j->until = until;
}

bool join_add(struct join *j, uint64_t g, uint64_t goid)
{
	struct join_seen *s;

	if (j->recent[goid % JOIN_RECENT] == goid)
		return false;
	s = array_add(&j->seen);
	if (s) {
		s->goid = goid;
		map64_put(&j->at, g, (uint32_t)(j->seen.len - 1));
	}
	return true;
}

void join_created(struct join *j, uint64_t g, uint64_t goid)
{
	uint32_t i;

	if (!j->at.len || !map64_get(&j->at, g, &i))
		return;
	if (j->seen.v[i].goid != goid) {
		j->seen.v[i].suspect = true;
		return;
	}
	j->seen.v[i].suspect = false;
	map64_del(&j->at, g);
}

void join_ended(struct join *j, uint64_t g, uint64_t goid)
{
	uint32_t i;

	j->recent[goid % JOIN_RECENT] = goid;
	if (!j->at.len || !map64_get(&j->at, g, &i) || j->seen.v[i].goid != goid)
		return;
	j->seen.v[i].suspect = false;
	map64_del(&j->at, g);
}

uint64_t join_settle(struct join *j)
{
	while (j->next < j->seen.len) {
		const struct join_seen *s = &j->seen.v[j->next++];

		if (s->suspect)
			return s->goid;
	}
	forget(j);
	return 0;
}

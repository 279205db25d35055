/* SPDX-License-Identifier: BSD-2-Clause */
#include "record/live.h"

enum {
	GOID_BITS = 48,
	SPACES_MAX = 4096, /* more than this many execs are not followed */
};
#define NO_KEY UINT64_MAX

void rec_live_done(struct rec_live *l)
{
	array_free(&l->spaces);
	map64_done(&l->set);
	map64_done(&l->fresh);
	l->comparing = false;
}

static uint64_t key_of(struct rec_live *l, const struct golin_rec *rec, uint64_t goid)
{
	struct rec_space *sp = NULL;
	size_t i = l->spaces.len;

	if (!goid || goid >> GOID_BITS)
		return NO_KEY;
	/* The newest is the one, nearly always. */
	while (i && !sp) {
		i--;
		if (l->spaces.v[i].target == rec->target && l->spaces.v[i].epoch == rec->epoch)
			sp = &l->spaces.v[i];
	}
	if (!sp) {
		i = l->spaces.len;
		if (i >= SPACES_MAX || !(sp = array_add(&l->spaces)))
			return NO_KEY;
		sp->target = rec->target;
		sp->epoch = rec->epoch;
	}
	return (uint64_t)i << GOID_BITS | goid;
}

static void note_live(struct rec_live *l, const struct golin_rec *rec, uint64_t goid)
{
	uint64_t key = key_of(l, rec, goid);

	if (key == NO_KEY)
		return;
	/* Out of memory: an end may go untold. */
	map64_put(&l->set, key, 0);
	if (l->comparing)
		map64_put(&l->fresh, key, 0);
}

static void note_ended(struct rec_live *l, const struct golin_rec *rec)
{
	uint64_t key = key_of(l, rec, rec->goid);

	if (key == NO_KEY)
		return;
	map64_del(&l->set, key);
	map64_del(&l->fresh, key);
}

/* An exec is the end of all goroutines before it. */
static void note_exec(struct rec_live *l, const struct golin_rec *rec)
{
	array_for_each (&l->spaces, sp) {
		if (sp->target == rec->target && sp->epoch < rec->epoch)
			sp->ended = true;
	}
}

void rec_live_note(struct rec_live *l, const struct golin_rec *rec)
{
	switch (rec->type) {
	case GOLIN_REC_GOROUTINE_CREATE:
		note_live(l, rec, ((const struct golin_rec_goroutine_create *)rec)->child);
		break;
	case GOLIN_REC_GOROUTINE_SEEN:
		note_live(l, rec, ((const struct golin_rec_goroutine_seen *)rec)->child);
		break;
	case GOLIN_REC_GOROUTINE_EXIT:
	case GOLIN_REC_GOROUTINE_GONE:
		note_ended(l, rec);
		break;
	case GOLIN_REC_GOROUTINE_STATE:
		if (((const struct golin_rec_goroutine_state *)rec)->state == GOLIN_GS_DEAD)
			note_ended(l, rec);
		break;
	case GOLIN_REC_EXEC:
		note_exec(l, rec);
		break;
	}
}

void rec_live_compare(struct rec_live *l)
{
	map64_done(&l->fresh);
	l->comparing = true;
	l->cursor = 0;
}

bool rec_live_next_gone(struct rec_live *l, struct golin_rec_goroutine_gone *ret)
{
	if (!l->comparing)
		return false;
	while (l->cursor < l->set.cap) {
		size_t i = l->cursor++;
		const struct rec_space *sp;
		uint64_t key;

		if (!l->set.vals[i])
			continue;
		key = l->set.keys[i];
		sp = &l->spaces.v[key >> GOID_BITS];
		if (sp->ended || map64_get(&l->fresh, key, NULL))
			continue;
		*ret = (struct golin_rec_goroutine_gone){
			.h = {.type = GOLIN_REC_GOROUTINE_GONE,
			      .version = 1,
			      .size = sizeof(*ret),
			      .target = sp->target,
			      .epoch = sp->epoch,
			      .goid = key & ((1ULL << GOID_BITS) - 1)},
		};
		return true;
	}
	map64_done(&l->set);
	l->set = l->fresh;
	l->fresh = (struct map64){0};
	l->comparing = false;
	return false;
}

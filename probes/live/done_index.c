/* SPDX-License-Identifier: BSD-2-Clause */
#include "live/done_index.h"

#include <errno.h>
#include <string.h>
#include "memory/mem.h"

enum {
	RUN_BYTES = 1 << 14,  /* neighbours are read at once up to this */
	RUN_GAP = 512,	      /* and over holes up to this */
	PAUSE_NS = 100000000, /* from round to round */
	PAUSE_EACH_NS = 2000, /* and this much more for each context */
};

void done_index_free(struct done_index *d)
{
	array_free(&d->v);
	map64_done(&d->by_at);
	map64_done(&d->by_chan);
	memset(d, 0, sizeof(*d));
}

/* ---- the contexts ---- */

static void forget_chan(struct done_index *d, size_t i)
{
	uint32_t at;

	if (d->v.v[i].chan && map64_get(&d->by_chan, d->v.v[i].chan, &at) && at == i)
		map64_del(&d->by_chan, d->v.v[i].chan);
	d->v.v[i].chan = 0;
}

static void set_chan(struct done_index *d, size_t i, uint64_t chan)
{
	d->v.v[i].chan = chan;
	map64_put(&d->by_chan, chan, (uint32_t)i);
}

/* The last one takes its place. */
static void remove_at(struct done_index *d, size_t i)
{
	size_t last = d->v.len - 1;
	uint64_t chan = d->v.v[last].chan;

	forget_chan(d, i);
	map64_del(&d->by_at, d->v.v[i].at);
	if (i != last) {
		if (chan)
			forget_chan(d, last);
		d->v.v[i] = d->v.v[last];
		map64_put(&d->by_at, d->v.v[i].at, (uint32_t)i);
		if (chan)
			set_chan(d, i, chan);
	}
	d->v.len--;
}

void done_add(struct done_index *d, uint64_t ctx, uint64_t at)
{
	struct done_context *c;
	uint32_t i;

	if (d->offset == UINT32_MAX)
		return;
	if (map64_get(&d->by_at, at, &i)) {
		forget_chan(d, i);
	} else {
		if (d->v.len >= DONE_MAX) {
			d->cut = true;
			remove_at(d, d->numbers % d->v.len);
		}
		if (!array_reserve(&d->v, d->v.len + 1) ||
		    !map64_put(&d->by_at, at, (uint32_t)d->v.len))
			return;
		i = (uint32_t)d->v.len++;
	}
	c = &d->v.v[i];
	*c = (struct done_context){.ctx = ctx, .at = at, .number = ++d->numbers};
}

void done_cancelled(struct done_index *d, uint64_t at)
{
	struct done_gone *slot = &d->gone[d->ngone % DONE_CANCELLED];
	uint32_t i;

	if (!map64_get(&d->by_at, at, &i) || d->v.v[i].cancelled)
		return;
	d->v.v[i].cancelled = true;
	*slot = (struct done_gone){at, d->v.v[i].number};
	/* The oldest leaves, unless its address is another's now. */
	slot = &d->gone[++d->ngone % DONE_CANCELLED];
	if (slot->at && map64_get(&d->by_at, slot->at, &i) && d->v.v[i].number == slot->number)
		remove_at(d, i);
	slot->at = 0;
}

/* ---- looking through them ---- */

struct look {
	uint64_t at;
	size_t i;
};

static int by_address(const void *a, const void *b)
{
	const struct look *x = a, *y = b;

	return x->at < y->at ? -1 : x->at > y->at;
}

static void note(struct done_index *d, size_t i, uint64_t chan)
{
	uint32_t other;

	if (!chan || chan % 8 || !mem_range_ok(chan, 8))
		return;
	/* Two have it: one of them is not there any more. The newer one is likelier to be. */
	if (map64_get(&d->by_chan, chan, &other) && d->v.v[other].number > d->v.v[i].number)
		return;
	set_chan(d, i, chan);
}

static void look_at_run(struct done_index *d, const struct look *v, size_t n)
{
	uint8_t raw[RUN_BYTES];
	size_t len = (size_t)(v[n - 1].at - v[0].at) + 8;
	bool whole = !mem_read(d->mem_fd, v[0].at + d->offset, raw, len);
	uint64_t chan;

	for (size_t k = 0; k < n; k++) {
		if (whole)
			memcpy(&chan, raw + (v[k].at - v[0].at), 8);
		else if (mem_read(d->mem_fd, v[k].at + d->offset, &chan, 8))
			continue;
		note(d, v[k].i, chan);
	}
}

void done_step(struct done_index *d, uint64_t round, uint64_t now_ns)
{
	struct look v[DONE_STEP];
	size_t n = 0;

	if (d->begun == d->ended) {
		if (round <= d->ended || now_ns < d->next_ns)
			return;
		d->begun++;
		d->cursor = d->v.len;
		d->next_ns = now_ns + PAUSE_NS + d->v.len * PAUSE_EACH_NS;
	}
	/* Downwards: one that leaves meanwhile gives its place to one that was looked at. */
	if (d->cursor > d->v.len)
		d->cursor = d->v.len;
	while (d->cursor && n < DONE_STEP) {
		const struct done_context *c = &d->v.v[--d->cursor];

		if (!c->chan) /* once made, it stays */
			v[n++] = (struct look){c->at, d->cursor};
	}
	if (!d->cursor)
		d->ended = d->begun;
	if (n)
		qsort(v, n, sizeof(*v), by_address);
	for (size_t i = 0, j; i < n; i = j) {
		for (j = i + 1; j < n; j++)
			if (v[j].at - v[j - 1].at > RUN_GAP || v[j].at - v[i].at > RUN_BYTES - 8)
				break;
		look_at_run(d, v + i, j - i);
	}
}

/* Does it have that channel still? */
const struct done_context *done_find(struct done_index *d, uint64_t chan)
{
	uint64_t now;
	uint32_t i;

	if (d->offset == UINT32_MAX || !map64_get(&d->by_chan, chan, &i))
		return NULL;
	if (!mem_read(d->mem_fd, d->v.v[i].at + d->offset, &now, 8) && now == chan)
		return &d->v.v[i];
	forget_chan(d, i);
	return NULL;
}

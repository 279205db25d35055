/* SPDX-License-Identifier: BSD-2-Clause */
#include "record/seekpoints.h"

/* Points in excess are left out: seeking is slower then, and no less right. */
static void add(struct rec_seekpoints *s, uint64_t offset, uint64_t ts)
{
	struct rec_seekpoint *p;

	if (s->at.len >= REC_INDEX_MAX)
		return;
	/* What goes back is damage or malice; ascending is what the search needs. */
	if (s->at.len &&
	    (ts < s->at.v[s->at.len - 1].ts || offset <= s->at.v[s->at.len - 1].offset))
		return;
	p = array_add(&s->at);
	if (p)
		*p = (struct rec_seekpoint){offset, ts};
}

static bool load_index(struct rec_seekpoints *s, struct rec_file *f)
{
	struct rec_content c = {0};
	struct rec_block_header h;
	struct rec_trailer t;
	bool good = false;

	if (!rec_trailer_read(f, &t) || !rec_block_at(f, t.index, &h) ||
	    h.type != REC_BLOCK_INDEX || !rec_content_load(&c, f, t.index, &h))
		goto out;
	if (c.len != (uint64_t)h.count * sizeof(struct rec_index_entry))
		goto out;
	/* What it says of a block is believed only when the block is met. */
	for (uint32_t i = 0; i < h.count; i++) {
		const struct rec_index_entry *e = (const struct rec_index_entry *)c.mem + i;

		if (e->type == REC_BLOCK_STATE && !e->part)
			add(s, e->offset, e->last_ts);
	}
	s->first_ts = t.first_ts;
	s->last_ts = t.last_ts;
	good = true;
out:
	rec_content_done(&c);
	return good;
}

static void scan(struct rec_seekpoints *s, struct rec_file *f)
{
	uint64_t off = sizeof(struct rec_file_header);
	struct rec_block_header h;

	while (rec_block_at(f, off, &h) || rec_block_find(f, off, &off, &h)) {
		if (h.type == REC_BLOCK_STATE && !h.part)
			add(s, off, h.last_ts);
		if (h.first_ts && (!s->first_ts || h.first_ts < s->first_ts))
			s->first_ts = h.first_ts;
		if (h.last_ts > s->last_ts)
			s->last_ts = h.last_ts;
		off = rec_block_end(off, &h);
	}
}

void rec_seekpoints_load(struct rec_seekpoints *s, struct rec_file *f)
{
	if (s->loaded)
		return;
	s->loaded = true;
	if (!load_index(s, f))
		scan(s, f);
}

bool rec_seekpoints_find(const struct rec_seekpoints *s, struct rec_file *f, uint64_t ts,
			 uint64_t *ret_off, struct rec_block_header *ret)
{
	size_t lo = 0, hi = s->at.len;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (s->at.v[mid].ts <= ts)
			lo = mid + 1;
		else
			hi = mid;
	}
	while (lo && f->budget) {
		lo--;
		if (rec_keyframe_at(f, s->at.v[lo].offset, ret) && ret->last_ts <= ts) {
			*ret_off = s->at.v[lo].offset;
			return true;
		}
	}
	return false;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* Writes the seeds of fuzz_recording into a directory; the same bytes each time. */
#include "stream.h"

#include "craft.h"

static void put(const char *dir, const char *name, uint8_t mode, const void *data, size_t len)
{
	uint8_t *all = malloc(len + 1);
	char path[4096];

	all[0] = mode;
	memcpy(all + 1, data, len);
	snprintf(path, sizeof(path), "%s/%s", dir, name);
	write_file(path, all, len + 1);
	free(all);
}

static uint32_t range(const struct stream *s, size_t from, size_t to, const void **ret)
{
	size_t end = to < s->at.len ? s->at.v[to] : s->mem.len;

	*ret = s->mem.v + s->at.v[from];
	return (uint32_t)(end - s->at.v[from]) * 8;
}

/* The record as a block of its own, and twice as a state. */
static void put_record(const char *dir, const struct golin_rec *rec)
{
	uint8_t buf[4096] = {REC_BLOCK_STATE, 0, REC_STATE_LAST, 2};
	uint32_t len = 6;
	char name[64];

	buf[4] = (uint8_t)(2 * rec->size);
	buf[5] = (uint8_t)(2 * rec->size >> 8);
	for (int i = 0; i < 2; i++, len += rec->size)
		memcpy(buf + len, rec, rec->size);
	memcpy(buf + len,
	       (uint8_t[]){REC_BLOCK_RECORDS, 0x10, 0, 1, (uint8_t)rec->size,
			   (uint8_t)(rec->size >> 8)},
	       6);
	memcpy(buf + len + 6, rec, rec->size);
	snprintf(name, sizeof(name), "record-%s", golin_rec_type_name(rec->type));
	put(dir, name, 2, buf, len + 6 + rec->size);
}

#define PLAIN(TYPE, tag, ...)                                                                      \
	stream_add(s, &(struct golin_rec_##tag){.h = {.type = TYPE,                                \
						      .version = 1,                                \
						      .size = sizeof(struct golin_rec_##tag),      \
						      .target = 1,                                 \
						      .ts = 5,                                     \
						      .goid = 2},                                  \
						__VA_ARGS__}                                       \
			       .h)

/* The kinds that a short stream has not. */
static void add_rare(struct stream *s)
{
	struct golin_recbuf b = {0};
	struct golin_rec_goroutine_state *st;
	struct golin_rec_timer_held *held;
	struct golin_rec_exec *exec;

	PLAIN(GOLIN_REC_GAP, gap, .duration_ns = 9, .groups = 1);
	PLAIN(GOLIN_REC_LOST, lost, .cause = GOLIN_LOST_RING, .count = 3);
	PLAIN(GOLIN_REC_EXIT, exit, .known = 1, .code = 2);
	PLAIN(GOLIN_REC_STATS, stats, .hits = 5, .delivered = 4, .lost_ring = 1);
	PLAIN(GOLIN_REC_GOROUTINE_GONE, goroutine_gone);
	PLAIN(GOLIN_REC_TIMER_START, timer_start, .timer = 0xc000100000, .when_ns = 9, .kind = 2);
	PLAIN(GOLIN_REC_TIMER_END, timer_end, .timer = 0xc000100000, .how = 1);
	PLAIN(GOLIN_REC_TIMER_SITE, timer_site, .made = 3, .kind = 2);
	exec = golin_recbuf_begin(&b, GOLIN_REC_EXEC, sizeof(*exec));
	exec->h.target = 1;
	exec->h.epoch = 1;
	golin_recbuf_str(&b, offsetof(struct golin_rec_exec, exe), "/bin/next", 9);
	stream_add(s, golin_recbuf_end(&b));
	st = golin_recbuf_begin(&b, GOLIN_REC_GOROUTINE_STATE, sizeof(*st));
	st->h.target = 1;
	st->h.goid = 2;
	st->state = GOLIN_GS_WAITING;
	golin_recbuf_str(&b, offsetof(struct golin_rec_goroutine_state, wait), "IO wait", 7);
	stream_add(s, golin_recbuf_end(&b));
	held = golin_recbuf_begin(&b, GOLIN_REC_TIMER_HELD,
				  sizeof(*held) + 2 * sizeof(held->timers[0]));
	held->h.target = 1;
	held->n = 2;
	held->last = 1;
	held->timers[0] = 0xc000100000;
	stream_add(s, golin_recbuf_end(&b));
	golin_recbuf_done(&b);
}

int main(int argc, char **argv)
{
	struct golin_model *m;
	struct stream s = {0}, rare = {0}, state;
	struct craft c;
	const void *raw;
	uint32_t len;
	size_t half, index;
	struct rec_index_entry entries[3];

	if (argc != 2) {
		fprintf(stderr, "usage: make_recording_corpus DIRECTORY\n");
		return 2;
	}
	stream_make(&s, &(struct shape){3, 40, 6, 4, 2, 77});
	add_rare(&rare);
	half = s.at.len / 2;
	m = model_of(&s, half);
	state = dump_of(m);

	/* A good file: records, a keyframe in two parts, records, an index. */
	craft_begin(&c);
	memset(entries, 0, sizeof(entries));
	c.next.first_ts = 1000000;
	c.next.last_ts = golin_model_now(m);
	len = range(&s, 0, half, &raw);
	entries[0].offset = craft_block(&c, REC_BLOCK_RECORDS, (uint32_t)half, raw, len);
	entries[0].type = REC_BLOCK_RECORDS;
	len = range(&state, 0, 10, &raw);
	entries[1].offset = craft_block(&c, REC_BLOCK_STATE, 10, raw, len);
	entries[1].type = REC_BLOCK_STATE;
	entries[1].last_ts = c.next.last_ts;
	entries[1].seq = 1;
	c.next.part = 1;
	c.next.flags = REC_STATE_LAST;
	len = range(&state, 10, state.at.len, &raw);
	craft_block(&c, REC_BLOCK_STATE, (uint32_t)state.at.len - 10, raw, len);
	c.next.part = c.next.flags = 0;
	c.next.last_ts += 100000;
	len = range(&s, half, s.at.len, &raw);
	entries[2].offset =
		craft_block(&c, REC_BLOCK_RECORDS, (uint32_t)(s.at.len - half), raw, len);
	entries[2].type = REC_BLOCK_RECORDS;
	index = craft_block(&c, REC_BLOCK_INDEX, 3, entries, sizeof(entries));
	craft_trailer(&c, index, 1000000, c.next.last_ts);
	put(argv[1], "good", 0, c.file.v, c.file.len);
	put(argv[1], "good-blocks", 1, c.file.v + 32, c.file.len - 32);
	put(argv[1], "cut", 0, c.file.v, index);
	c.file.v[entries[0].offset + 70] ^= 1;
	put(argv[1], "hole", 0, c.file.v, c.file.len);
	memmove(c.file.v + entries[1].offset, c.file.v + entries[1].offset + 9,
		c.file.len - entries[1].offset - 9);
	put(argv[1], "two-holes", 0, c.file.v, c.file.len - 9);
	craft_done(&c);

	for (uint16_t type = 1; type < 96; type++) {
		for (size_t i = 0; i < s.at.len + state.at.len + rare.at.len; i++) {
			const struct golin_rec *rec =
				i < s.at.len ? stream_get(&s, i)
				: i < s.at.len + state.at.len
					? stream_get(&state, i - s.at.len)
					: stream_get(&rare, i - s.at.len - state.at.len);

			if (rec->type == type && rec->size < 1000) {
				put_record(argv[1], rec);
				break;
			}
		}
	}
	stream_done(&rare);
	golin_model_free(m);
	stream_done(&s);
	stream_done(&state);
	return 0;
}

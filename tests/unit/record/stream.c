/* SPDX-License-Identifier: BSD-2-Clause */
#include "stream.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/text.h"

void stream_done(struct stream *s)
{
	array_free(&s->mem);
	array_free(&s->at);
}

void stream_add(struct stream *s, const struct golin_rec *rec)
{
	size_t words = rec->size / 8, *at = array_add(&s->at);

	assert_non_null(at);
	*at = s->mem.len;
	assert_true(array_reserve(&s->mem, s->mem.len + words));
	memcpy(s->mem.v + s->mem.len, rec, rec->size);
	s->mem.len += words;
}

const struct golin_rec *stream_get(const struct stream *s, size_t i)
{
	return (const struct golin_rec *)(s->mem.v + s->at.v[i]);
}

bool stream_equal(const struct stream *a, size_t i, const struct stream *b, size_t j)
{
	const struct golin_rec *x = stream_get(a, i), *y = stream_get(b, j);

	return x->size == y->size && !memcmp(x, y, x->size);
}

static int add_put(void *arg, const struct golin_rec *rec)
{
	stream_add(arg, rec);
	return 0;
}

struct golin_sink stream_sink(struct stream *s)
{
	return (struct golin_sink){add_put, s};
}

/* --- a program's life --- */

struct life {
	struct stream *out;
	const struct shape *shape;
	struct golin_recbuf buf;
	uint64_t rnd, ts, next_goid;
	ARRAY_OF(uint64_t) live;
	uint8_t *named, *stacked; /* which were sent */
};

static uint32_t rnd(struct life *l, uint32_t n)
{
	l->rnd = l->rnd * 6364136223846793005ULL + 1442695040888963407ULL;
	return (uint32_t)((l->rnd >> 33) % n);
}

static void *begin(struct life *l, uint16_t type, size_t fixed)
{
	struct golin_rec *rec = golin_recbuf_begin(&l->buf, type, fixed);

	assert_non_null(rec);
	l->ts += 500 + rnd(l, 1000);
	rec->target = 1;
	/* Timestamps are taken before the place in the stream: sometimes a little early. */
	rec->ts = l->ts - (rnd(l, 8) ? 0 : rnd(l, 3000));
	return rec;
}

static void end(struct life *l)
{
	const struct golin_rec *rec = golin_recbuf_end(&l->buf);

	assert_non_null(rec);
	assert_true(golin_record_check(rec, rec->size));
	stream_add(l->out, rec);
}

#define BEGIN(l, TYPE, tag)                                                                        \
	((struct golin_rec_##tag *)begin(l, TYPE, sizeof(struct golin_rec_##tag)))
#define STR(l, tag, member, s)                                                                     \
	golin_recbuf_str(&(l)->buf, offsetof(struct golin_rec_##tag, member), s, strlen(s))

static uint64_t pc_of(uint32_t i)
{
	return 0x460000 + (uint64_t)i * 0x40;
}

static uint64_t need_name(struct life *l, uint32_t i)
{
	const size_t frame = sizeof(struct golin_rec_frame);
	uint32_t n = 1 + i % 3;
	struct golin_rec_name *r;

	if (l->named[i])
		return pc_of(i);
	l->named[i] = 1;
	r = begin(l, GOLIN_REC_NAME, sizeof(*r) + n * frame);
	r->h.ts = 0;
	r->pc = pc_of(i);
	r->n = n;
	for (uint32_t k = 0; k < n; k++)
		r->frames[k].line = 10 + i + k;
	for (uint32_t k = 0; k < n; k++) {
		size_t at = offsetof(struct golin_rec_name, frames) + k * frame;
		char text[80];

		snprintf(text, sizeof(text), "main.(*Service%u).handle%u\xc2\xb7%u", i % 17, i, k);
		golin_recbuf_str(&l->buf, at + offsetof(struct golin_rec_frame, func), text,
				 strlen(text));
		snprintf(text, sizeof(text), "/src/app/pkg%u/file%u.go", i % 5, i);
		golin_recbuf_str(&l->buf, at + offsetof(struct golin_rec_frame, file), text,
				 strlen(text));
	}
	end(l);
	return pc_of(i);
}

static uint64_t need_stack(struct life *l, uint32_t i)
{
	uint32_t n = 1 + i % 24;
	struct golin_rec_stack *r;

	if (l->stacked[i])
		return 0xabcd0000 + i;
	l->stacked[i] = 1;
	for (uint32_t k = 0; k < n; k++)
		need_name(l, (i * 7 + k) % l->shape->names);
	r = begin(l, GOLIN_REC_STACK, sizeof(*r) + n * sizeof(uint64_t));
	r->h.ts = 0;
	r->id = 0xabcd0000 + i;
	r->n = n;
	for (uint32_t k = 0; k < n; k++)
		r->pcs[k] = pc_of((i * 7 + k) % l->shape->names);
	end(l);
	return 0xabcd0000 + i;
}

static void add_live(struct life *l, uint64_t goid)
{
	uint64_t *slot = array_add(&l->live);

	assert_non_null(slot);
	*slot = goid;
}

static void make_begin(struct life *l)
{
	struct golin_rec_target *t = BEGIN(l, GOLIN_REC_TARGET, target);
	struct golin_rec_settings *set;
	struct golin_rec_snapshot *snap;
	struct golin_rec_clock *c;

	t->pid = 4213;
	t->flags = GOLIN_TARGET_PARENT_KNOWN;
	t->layout_source = GOLIN_LAYOUT_DWARF;
	STR(l, target, exe, "/srv/orders-api");
	STR(l, target, comm, "orders-api");
	STR(l, target, go, "go1.26.8");
	STR(l, target, arch, "amd64");
	end(l);
	c = BEGIN(l, GOLIN_REC_CLOCK, clock);
	c->mono_ns = l->ts;
	c->unix_ns = 1700000000000000000ULL + l->ts;
	end(l);
	set = BEGIN(l, GOLIN_REC_SETTINGS, settings);
	set->groups = GOLIN_GROUP_GOROUTINES;
	set->probes = 3;
	set->ring_size = 64 << 20;
	set->stack_depth = 16;
	set->link = 1;
	end(l);
	snap = BEGIN(l, GOLIN_REC_SNAPSHOT, snapshot);
	snap->phase = GOLIN_SNAPSHOT_BEGIN;
	end(l);
	for (uint32_t i = 0; i < l->shape->seen; i++) {
		uint64_t start = need_name(l, rnd(l, l->shape->names));
		uint64_t gopc = need_name(l, rnd(l, l->shape->names));
		struct golin_rec_goroutine_seen *s =
			BEGIN(l, GOLIN_REC_GOROUTINE_SEEN, goroutine_seen);

		s->child = l->next_goid++;
		s->h.goid = i ? l->live.v[rnd(l, (uint32_t)l->live.len)] : 0;
		s->startpc = start;
		s->gopc = gopc;
		s->flags = GOLIN_G_PARENT_KNOWN;
		s->state = GOLIN_GS_WAITING;
		s->wait_since = 1 + rnd(l, 1000);
		add_live(l, s->child);
		STR(l, goroutine_seen, wait, i % 2 ? "chan receive" : "select");
		end(l);
	}
	snap = BEGIN(l, GOLIN_REC_SNAPSHOT, snapshot);
	snap->phase = GOLIN_SNAPSHOT_END;
	snap->count = l->shape->seen;
	end(l);
}

static void make_create(struct life *l)
{
	uint64_t stack = need_stack(l, rnd(l, l->shape->stacks));
	uint64_t start = need_name(l, rnd(l, l->shape->names));
	uint64_t gopc = need_name(l, rnd(l, l->shape->names));
	struct golin_rec_goroutine_create *r =
		BEGIN(l, GOLIN_REC_GOROUTINE_CREATE, goroutine_create);

	r->child = l->next_goid++;
	r->via = GOLIN_VIA_GO;
	if (rnd(l, 50) == 0)
		r->via = GOLIN_VIA_TIMER;
	else if (l->live.len)
		r->h.goid = l->live.v[rnd(l, (uint32_t)l->live.len)];
	r->startpc = start;
	r->gopc = gopc;
	r->stack = stack;
	r->flags = GOLIN_G_PARENT_KNOWN;
	add_live(l, r->child);
	end(l);
}

static void make_exit(struct life *l)
{
	uint32_t i = rnd(l, (uint32_t)l->live.len);
	struct golin_rec_goroutine_exit *r = BEGIN(l, GOLIN_REC_GOROUTINE_EXIT, goroutine_exit);

	r->h.goid = l->live.v[i];
	r->how = rnd(l, 9) ? GOLIN_HOW_RETURN : GOLIN_HOW_GOEXIT;
	l->live.v[i] = l->live.v[--l->live.len];
	end(l);
}

static void make_state(struct life *l)
{
	struct golin_rec_goroutine_state *r = BEGIN(l, GOLIN_REC_GOROUTINE_STATE, goroutine_state);

	r->h.goid = l->live.v[rnd(l, (uint32_t)l->live.len)];
	r->state = GOLIN_GS_WAITING;
	r->wait_since = l->ts;
	STR(l, goroutine_state, wait, "IO wait");
	end(l);
}

static void make_rare(struct life *l)
{
	struct golin_rec_lost *lost;
	struct golin_rec_gap *gap;

	if (rnd(l, 2)) {
		lost = BEGIN(l, GOLIN_REC_LOST, lost);
		lost->cause = GOLIN_LOST_RING;
		lost->count = 1 + rnd(l, 100);
	} else {
		gap = BEGIN(l, GOLIN_REC_GAP, gap);
		gap->duration_ns = 1000;
		gap->groups = GOLIN_GROUP_GOROUTINES;
	}
	end(l);
}

void stream_make(struct stream *s, const struct shape *shape)
{
	struct life l = {
		.out = s, .shape = shape, .rnd = shape->seed, .ts = 1000000, .next_goid = 1};

	l.named = calloc(shape->names, 1);
	l.stacked = calloc(shape->stacks, 1);
	assert_non_null(l.named);
	assert_non_null(l.stacked);
	make_begin(&l);
	for (uint32_t i = 0; i < shape->events; i++) {
		uint32_t what = rnd(&l, 1000);

		if (what < 3)
			make_rare(&l);
		else if (what < 20 && l.live.len)
			make_state(&l);
		else if (l.live.len && (l.live.len >= shape->live || what < 400))
			make_exit(&l);
		else
			make_create(&l);
	}
	free(l.named);
	free(l.stacked);
	array_free(&l.live);
	golin_recbuf_done(&l.buf);
}

/* --- recordings --- */

void record_stream(const char *path, const struct stream *s, const struct record_opts *opts)
{
	const struct golin_model_opts model_opts = {.max_ended = opts ? opts->max_ended : 0};
	struct golin_source_stats stats = {.probes = 3, .ring_size = 64 << 20};
	struct golin_err err = {0};
	struct golin_writer *w;
	struct golin_model *m;

	assert_int_equal(golin_model_new(&model_opts, &m), 0);
	assert_int_equal(golin_writer_open(path, true, m, &w, &err), 0);
	if (opts && opts->block_raw)
		rec_writer_set_limits(w, opts->block_raw, opts->keyframe_every);
	for (size_t i = 0; i < s->at.len; i++) {
		assert_int_equal(golin_model_apply(m, stream_get(s, i)), 0);
		stats.hits = stats.delivered = i + 1;
		golin_writer_stats(w, &stats);
		assert_int_equal(golin_writer_put(w, stream_get(s, i), &err), 0);
	}
	assert_int_equal(golin_writer_close(w, &err), 0);
	golin_model_free(m);
	if (opts && opts->no_end) {
		blocks_t b = {0};
		uint8_t *file;
		size_t len;

		read_file(path, &file, &len);
		list_blocks(file, len, &b);
		write_file(path, file, b.v[b.len - 1].off);
		free(file);
		array_free(&b);
	}
}

static int read_put(void *arg, const struct golin_rec *rec)
{
	struct read_result *r = arg;
	const struct golin_rec_lost *lost = (const struct golin_rec_lost *)rec;

	assert_true(golin_record_check(rec, rec->size));
	assert_true(golin_record_is_clean(rec));
	assert_non_null(golin_rec_type_name(rec->type));
	if (rec->type == GOLIN_REC_LOST && lost->cause == GOLIN_LOST_CUT) {
		assert_true(lost->count > 0);
		r->lost_bytes += lost->count;
		if (!r->nlost++)
			r->lost_at = r->recs.at.len;
	} else {
		stream_add(&r->recs, rec);
	}
	return 0;
}

static int read_all(struct golin_source *s, struct read_result *ret, struct golin_err *err)
{
	const struct golin_sink sink = {read_put, ret};
	int n;

	assert_false(s->live);
	while (!s->ended) {
		n = golin_source_service(s, &sink, 1000, err);
		assert_in_range(n, 0, 1000);
		assert_true(n == 1000 || s->ended);
	}
	assert_int_equal(golin_source_service(s, &sink, 1000, err), 0);
	golin_source_stats(s, &ret->stats);
	golin_source_close(s);
	return 0;
}

int read_recording(const char *path, struct read_result *ret, struct golin_err *err)
{
	struct golin_source *s;
	int rc = golin_recording_open(path, &s, err);

	memset(ret, 0, sizeof(*ret));
	return rc ? rc : read_all(s, ret, err);
}

int read_recording_fd(int fd, struct read_result *ret, struct golin_err *err)
{
	struct golin_source *s;
	int rc = golin_recording_open_fd(fd, "memory", &s, err);

	memset(ret, 0, sizeof(*ret));
	return rc ? rc : read_all(s, ret, err);
}

void read_result_done(struct read_result *r)
{
	stream_done(&r->recs);
}

struct golin_model *model_of(const struct stream *s, size_t n)
{
	struct golin_model *m;

	assert_int_equal(golin_model_new(NULL, &m), 0);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(golin_model_apply(m, stream_get(s, i)), 0);
	return m;
}

struct stream dump_of(const struct golin_model *m)
{
	struct stream s = {0};
	const struct golin_sink sink = stream_sink(&s);

	assert_int_equal(golin_model_dump(m, &sink), 0);
	return s;
}

void assert_same_model(const struct golin_model *a, const struct golin_model *b, bool counts)
{
	struct stream x = dump_of(a), y = dump_of(b);

	for (size_t i = 0; i < x.at.len && i < y.at.len; i++) {
		if (!counts && stream_get(&x, i)->type == GOLIN_REC_COUNTS)
			continue;
		if (!stream_equal(&x, i, &y, i))
			fail_msg("dumps differ at record %zu of %zu/%zu: %s against %s", i,
				 x.at.len, y.at.len, golin_rec_type_name(stream_get(&x, i)->type),
				 golin_rec_type_name(stream_get(&y, i)->type));
	}
	assert_int_equal(x.at.len, y.at.len);
	stream_done(&x);
	stream_done(&y);
}

/* --- files --- */

void read_file(const char *path, uint8_t **ret, size_t *ret_len)
{
	FILE *f = fopen(path, "re");
	long len;

	assert_non_null(f);
	assert_int_equal(fseek(f, 0, SEEK_END), 0);
	len = ftell(f);
	assert_true(len >= 0);
	rewind(f);
	*ret = malloc((size_t)len + 1);
	assert_non_null(*ret);
	assert_int_equal(fread(*ret, 1, (size_t)len, f), len);
	*ret_len = (size_t)len;
	fclose(f);
}

void write_file(const char *path, const void *data, size_t len)
{
	FILE *f = fopen(path, "we");

	assert_non_null(f);
	assert_int_equal(fwrite(data, 1, len, f), len);
	assert_int_equal(fclose(f), 0);
}

int memory_file(const void *data, size_t len)
{
	int fd = memfd_create("recording", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, data, len), len);
	return fd;
}

void list_blocks(const uint8_t *file, size_t len, blocks_t *ret)
{
	size_t off = sizeof(struct rec_file_header);

	while (off + sizeof(struct rec_block_header) < len) {
		struct block *b = array_add(ret);

		assert_non_null(b);
		b->off = off;
		memcpy(&b->h, file + off, sizeof(b->h));
		assert_memory_equal(b->h.magic, REC_BLOCK_MAGIC, 4);
		off += sizeof(b->h) + b->h.size;
		b->end = off;
		assert_true(off <= len);
		if (b->h.type == REC_BLOCK_INDEX)
			break;
	}
}

static char temp_dir[64];

const char *temp_path(const char *name)
{
	static char path[4][256];
	static int i;

	i = (i + 1) % 4;
	snprintf(path[i], sizeof(path[i]), "%s/%s", temp_dir, name);
	return path[i];
}

int temp_setup(void **state)
{
	strcpy(temp_dir, "/tmp/golin-test-XXXXXX");
	return mkdtemp(temp_dir) ? 0 : -1;
}

int temp_teardown(void **state)
{
	char cmd[128];

	snprintf(cmd, sizeof(cmd), "rm -rf '%s'", temp_dir);
	return system(cmd);
}

/* SPDX-License-Identifier: BSD-2-Clause */
#include "live/names.h"

#include <stdbool.h>
#include <string.h>
#include "base/err.h"
#include "image_process.h"
#include "live/decode.h"

void live_names_done(struct names *n)
{
	map64_done(&n->known);
	array_free(&n->wanted);
	golin_recbuf_done(&n->buf);
}

void live_names_forget(struct names *n)
{
	map64_done(&n->known);
	memset(&n->known, 0, sizeof(n->known));
	memset(n->cache, 0, sizeof(n->cache));
	n->wanted.len = 0;
}

void live_names_want(struct names *n, uint64_t pc)
{
	uint64_t *slot = &n->cache[(pc ^ pc >> 10) % NAMES_CACHE], *w;
	uint32_t v;

	if (!pc || *slot == pc)
		return;
	*slot = pc;
	if (map64_get(&n->known, pc, &v))
		return;
	/* A program that makes up pcs without end does not take our memory: it is named again. */
	if (n->known.len >= NAMES_MAX) {
		map64_done(&n->known);
		memset(&n->known, 0, sizeof(n->known));
		memset(n->cache, 0, sizeof(n->cache));
	}
	if (!map64_put(&n->known, pc, 0))
		return;
	w = array_add(&n->wanted);
	if (w)
		*w = pc;
}

struct flush {
	struct names *n;
	const struct decoder *d;
	const struct golin_sink *sink;
	int count, failed;
};

static void put_name(void *arg, uint64_t pc, const struct golin_name_frame *frames, int nframes)
{
	struct flush *f = arg;
	struct golin_recbuf *b = &f->n->buf;
	struct golin_rec_name *r;
	const struct golin_rec *rec;

	if (f->failed)
		return;
	if (nframes > GOLIN_FRAMES_MAX)
		nframes = GOLIN_FRAMES_MAX;
	r = golin_recbuf_begin(b, GOLIN_REC_NAME,
			       sizeof(*r) + (size_t)nframes * sizeof(r->frames[0]));
	if (!r) {
		f->failed = -ENOMEM;
		return;
	}
	r->h.target = f->d->target;
	r->h.epoch = f->d->epoch;
	r->pc = pc;
	r->n = (uint32_t)nframes;
	for (int i = 0; i < nframes; i++) {
		r->frames[i].line = frames[i].line;
		_Static_assert((int)GOLIN_FRAME_WRAPPER == (int)GOLIN_NAME_WRAPPER &&
				       (int)GOLIN_FRAME_RUNTIME == (int)GOLIN_NAME_RUNTIME,
			       "flags of a frame are the same everywhere");
		r->frames[i].flags = frames[i].flags;
	}
	for (int i = 0; i < nframes; i++) {
		size_t at = offsetof(struct golin_rec_name, frames) +
			    (size_t)i * sizeof(struct golin_rec_frame);

		golin_recbuf_str(b, at + offsetof(struct golin_rec_frame, func), frames[i].func,
				 strnlen(frames[i].func, sizeof(frames[i].func)));
		golin_recbuf_str(b, at + offsetof(struct golin_rec_frame, file), frames[i].file,
				 strnlen(frames[i].file, sizeof(frames[i].file)));
	}
	rec = golin_recbuf_end(b);
	if (!rec) {
		f->failed = -ENOMEM;
		return;
	}
	f->failed = f->sink->put(f->sink->arg, rec);
	f->count++;
}

int live_names_flush(struct names *n, const struct decoder *d, const struct golin_sink *sink,
		     struct golin_err *err)
{
	struct flush f = {.n = n, .d = d, .sink = sink};

	if (!n->wanted.len)
		return 0;
	/* Its failure is told by the missing names; the events go on. */
	golin_imgproc_names(n->p, n->wanted.v, n->wanted.len, put_name, &f, err);
	n->wanted.len = 0;
	return f.failed < 0 ? f.failed : f.count;
}

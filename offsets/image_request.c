/* SPDX-License-Identifier: BSD-2-Clause */
/* What golin asks an image process that has its file loaded, and the checks of the answers. */
#include <stdlib.h>
#include <string.h>
#include "base/text.h"
#include "image_process_priv.h"

int golin_imgproc_sites(struct golin_imgproc *p, const struct golin_site_want *wants, size_t n,
			struct golin_site *ret, struct golin_err *err)
{
	const char *why;
	size_t len;
	int r;

	if (n > WIRE_MAX_SITES)
		return golin_err_set(err, -EINVAL, "%zu sites at once, more than %d", n,
				     WIRE_MAX_SITES);
	if (!n)
		return 0;
	r = imgproc_request(p, WIRE_SITES, wants, n * sizeof(*wants), n * sizeof(*ret),
			    n * sizeof(*ret), &len, err);
	if (r)
		return r;
	for (size_t i = 0; i < n; i++) {
		struct golin_site s;

		memcpy(&s, p->in + i * sizeof(s), sizeof(s));
		if (!image_check_site(&s, &p->info, &why)) {
			imgproc_lied(p, why, err);
			return -EBADMSG;
		}
		ret[i] = s;
	}
	return 0;
}

int golin_imgproc_late(struct golin_imgproc *p, struct golin_late_target **ret, size_t *ret_n,
		       struct golin_err *err)
{
	const struct golin_image_info *info = &p->info;
	struct golin_late_target *all;
	size_t len, n;
	int r = imgproc_request(p, WIRE_LATE, NULL, 0, 0, WIRE_MAX_LATE * sizeof(*all), &len, err);

	if (r)
		return r;
	n = len / sizeof(*all);
	all = malloc(len ? len : 1);
	if (!all)
		return golin_err_set(err, -ENOMEM, "out of memory");
	memcpy(all, p->in, len);
	for (size_t i = 0; i < n && len % sizeof(*all) == 0; i++)
		if (all[i].entry < info->text || all[i].entry >= info->etext || all[i].word % 8 ||
		    all[i].word > 1024 || all[i].off > 4096)
			len = 1; /* no whole number of entries: refused below */
	if (len % sizeof(*all)) {
		free(all);
		imgproc_lied(p, "a wrapper that is none", err);
		return -EBADMSG;
	}
	*ret = all;
	*ret_n = n;
	return 0;
}

int golin_imgproc_defers(struct golin_imgproc *p, const uint64_t *pcs, size_t n,
			 struct golin_func_defers *ret, struct golin_err *err)
{
	const char *why;
	size_t len;

	for (size_t done = 0, batch; done < n; done += batch) {
		int r;

		batch = n - done < WIRE_MAX_DEFERS ? n - done : WIRE_MAX_DEFERS;
		r = imgproc_request(p, WIRE_DEFERS, pcs + done, batch * sizeof(*pcs),
				    batch * sizeof(*ret), batch * sizeof(*ret), &len, err);
		if (r)
			return r;
		for (size_t i = 0; i < batch; i++) {
			struct golin_func_defers d;

			memcpy(&d, p->in + i * sizeof(d), sizeof(d));
			if (!image_check_defers(&d, &p->info, pcs[done + i], &why)) {
				imgproc_lied(p, why, err);
				return -EBADMSG;
			}
			ret[done + i] = d;
		}
	}
	return 0;
}

/* ---- names ---- */

struct cursor {
	const uint8_t *p;
	size_t left;
};

static bool take(struct cursor *c, void *dst, size_t len)
{
	if (len > c->left)
		return false;
	memcpy(dst, c->p, len);
	c->p += len;
	c->left -= len;
	return true;
}

/* A string of the answer, cleaned again. */
static bool take_text(struct cursor *c, char *dst, size_t cap, size_t len)
{
	if (len >= cap || len > c->left)
		return false;
	golin_text_clean(dst, cap, c->p, len);
	c->p += len;
	c->left -= len;
	return true;
}

static bool take_frames(struct cursor *c, struct golin_name_frame *frames, uint32_t *ret_n)
{
	struct wire_name name;
	struct wire_frame w;

	if (!take(c, &name, sizeof(name)) || name.nframes > WIRE_MAX_FRAMES)
		return false;
	for (uint32_t i = 0; i < name.nframes; i++) {
		struct golin_name_frame *f = &frames[i];

		if (!take(c, &w, sizeof(w)) || (w.flags & ~3U) || w.line > INT32_MAX)
			return false;
		if (!take_text(c, f->func, sizeof(f->func), w.func_len) ||
		    !take_text(c, f->file, sizeof(f->file), w.file_len))
			return false;
		f->line = w.line;
		f->flags = w.flags;
	}
	*ret_n = name.nframes;
	return true;
}

int golin_imgproc_names(struct golin_imgproc *p, const uint64_t *pcs, size_t n,
			golin_imgproc_name_fn cb, void *arg, struct golin_err *err)
{
	struct golin_name_frame *frames = calloc(WIRE_MAX_FRAMES, sizeof(*frames));
	size_t done = 0;
	int r = frames ? 0 : golin_err_set(err, -ENOMEM, "out of memory");

	while (!r && done < n) {
		size_t batch = n - done < WIRE_MAX_PCS ? n - done : WIRE_MAX_PCS, answered = 0;
		struct cursor c;

		r = imgproc_request(p, WIRE_NAMES, pcs + done, batch * sizeof(*pcs),
				    sizeof(struct wire_name), WIRE_MAX_ANSWER, &c.left, err);
		if (r)
			break;
		for (c.p = p->in; c.left && answered < batch; answered++) {
			uint32_t nframes;

			if (!take_frames(&c, frames, &nframes))
				break;
			cb(arg, pcs[done + answered], frames, nframes);
		}
		done += answered;
		if (!answered || c.left) {
			imgproc_lied(p, "names that are malformed", err);
			r = -EBADMSG;
		}
	}
	for (; done < n; done++)
		cb(arg, pcs[done], NULL, 0);
	free(frames);
	return r;
}

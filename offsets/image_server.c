/* SPDX-License-Identifier: BSD-2-Clause */
/* The image process's side: one request, one answer, until golin is gone. */
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>
#include "image.h"
#include "image_wire.h"

struct server {
	int sock, file;
	volatile uint32_t *stage;
	struct golin_image *img;
	uint8_t *out; /* WIRE_MAX_ANSWER bytes */
	size_t len;
	struct golin_name_frame frames[WIRE_MAX_FRAMES];
};

static void *put(struct server *s, const void *data, size_t len)
{
	void *p = s->out + s->len;

	memcpy(p, data, len);
	s->len += len;
	return p;
}

/*
 * The kernel ends what computes for too long, whatever golin does meanwhile. Sanitizers slow
 * everything down.
 */
static void limit_cpu(unsigned int ms)
{
#ifdef UNDER_ASAN
	ms *= 10;
#endif
	const struct itimerval t = {.it_value = {.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000}};

	(void)setitimer(ITIMER_PROF, &t, NULL);
}

static void load(struct server *s, const struct wire_load *want)
{
	struct wire_loaded *l = (struct wire_loaded *)s->out;
	int r;

	memset(l, 0, sizeof(*l));
	s->len = sizeof(*l);
	*s->stage = WIRE_STAGE_ELF;
	if (s->img || golin_image_open(s->file, &s->img, &l->err))
		return;
	l->info = *golin_image_info(s->img);
	l->has_info = true;
	if (want->has_debug) {
		*s->stage = WIRE_STAGE_DEBUG;
		l->debug_refused = golin_image_attach_debug(s->img, WIRE_FD_DEBUG, &l->err) != 0;
		if (l->debug_refused)
			return;
	}
	*s->stage = WIRE_STAGE_LAYOUT;
	r = golin_image_layout(s->img, want->choice, &l->layout, &l->err);
	l->info = *golin_image_info(s->img);
	if (!r)
		memset(&l->err, 0, sizeof(l->err));
	else
		memset(&l->layout, 0, sizeof(l->layout));
}

static void sites(struct server *s, struct golin_site_want *wants, size_t n)
{
	*s->stage = WIRE_STAGE_SITES;
	for (size_t i = 0; i < n; i++) {
		wants[i].func[sizeof(wants[i].func) - 1] = '\0';
		wants[i].target[sizeof(wants[i].target) - 1] = '\0';
	}
	image_code_expect(s->img, wants, n);
	for (size_t i = 0; i < n; i++) {
		struct golin_site site;

		memset(&site, 0, sizeof(site));
		golin_image_site(s->img, &wants[i], &site);
		put(s, &site, sizeof(site));
	}
}

static void names(struct server *s, const uint64_t *pcs, size_t n)
{
	const size_t most =
		sizeof(struct wire_name) +
		WIRE_MAX_FRAMES * (sizeof(struct wire_frame) + sizeof(s->frames[0].func) +
				   sizeof(s->frames[0].file));

	*s->stage = WIRE_STAGE_NAMES;
	for (size_t i = 0; i < n && s->len + most <= WIRE_MAX_ANSWER; i++) {
		struct wire_name name = {0};
		int k = golin_image_names(s->img, pcs[i], s->frames, WIRE_MAX_FRAMES);

		name.nframes = k > 0 ? k : 0;
		put(s, &name, sizeof(name));
		for (int j = 0; j < k; j++) {
			const struct golin_name_frame *f = &s->frames[j];
			struct wire_frame w = {
				.line = f->line,
				.flags = f->flags,
				.func_len = strlen(f->func),
				.file_len = strlen(f->file),
			};

			put(s, &w, sizeof(w));
			put(s, f->func, w.func_len);
			put(s, f->file, w.file_len);
		}
	}
}

static void late(struct server *s)
{
	bool more;

	_Static_assert(WIRE_MAX_LATE * sizeof(struct golin_late_target) <= WIRE_MAX_ANSWER, "room");
	*s->stage = WIRE_STAGE_SITES;
	s->len = sizeof(struct golin_late_target) *
		 golin_image_late_targets(s->img, (struct golin_late_target *)s->out, WIRE_MAX_LATE,
					  &more);
}

static void defers(struct server *s, const uint64_t *pcs, size_t n)
{
	struct golin_func_defers d;

	*s->stage = WIRE_STAGE_DEFERS;
	for (size_t i = 0; i < n && i < WIRE_MAX_DEFERS; i++) {
		golin_image_defers(s->img, pcs[i], &d);
		put(s, &d, sizeof(d));
	}
}

void image_serve(int sock, int file, volatile uint32_t *stage)
{
	static uint8_t in[WIRE_MAX_REQUEST] __attribute__((aligned(8)));
	struct server *s = calloc(1, sizeof(*s));
	struct wire_head h;

	if (!s || image_confine(file))
		_exit(2);
	s->sock = sock;
	s->file = file;
	s->stage = stage;
	s->out = malloc(WIRE_MAX_ANSWER);
	if (!s->out)
		_exit(2);
	while (!wire_read(sock, &h, sizeof(h), 0)) {
		if (h.magic != WIRE_MAGIC || h.len > sizeof(in) || wire_read(sock, in, h.len, 0))
			break;
		limit_cpu(h.type == WIRE_LOAD	 ? WIRE_CPU_MS_LOAD
			  : h.type == WIRE_SITES ? WIRE_CPU_MS_SITES
						 : WIRE_CPU_MS);
		s->len = 0;
		if (h.type == WIRE_LOAD && h.len == sizeof(struct wire_load))
			load(s, (const struct wire_load *)in);
		else if (h.type == WIRE_SITES && s->img)
			sites(s, (struct golin_site_want *)in,
			      h.len / sizeof(struct golin_site_want));
		else if (h.type == WIRE_NAMES && s->img)
			names(s, (const uint64_t *)in, h.len / sizeof(uint64_t));
		else if (h.type == WIRE_LATE && s->img)
			late(s);
		else if (h.type == WIRE_DEFERS && s->img)
			defers(s, (const uint64_t *)in, h.len / sizeof(uint64_t));
		else
			break;
		h.len = s->len;
		if (wire_write(sock, &h, sizeof(h), 0) || wire_write(sock, s->out, s->len, 0))
			break;
	}
	_exit(0);
}

// SPDX-License-Identifier: BSD-2-Clause
#include "output.h"
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

int output_init(struct output *o, int tty)
{
	memset(o, 0, sizeof(*o));
	o->tty = tty;
	o->mem = memfd_create("golin-screen", MFD_CLOEXEC);
	return o->mem < 0 ? -errno : 0;
}

void output_done(struct output *o)
{
	if (o->mem >= 0)
		close(o->mem);
	free(o->buf);
	memset(o, 0, sizeof(*o));
	o->mem = -1;
}

void output_take(struct output *o)
{
	off_t n = lseek(o->mem, 0, SEEK_CUR);
	ssize_t got;

	if (n <= 0)
		return;
	if (o->pos == o->len)
		o->pos = o->len = 0;
	if (o->len + (size_t)n > o->cap) {
		size_t cap = o->len + (size_t)n;
		char *buf = realloc(o->buf, cap);

		if (buf) {
			o->buf = buf;
			o->cap = cap;
		}
	}
	/* Without memory the frame is dropped; a redraw mends the screen. */
	if (o->len + (size_t)n <= o->cap) {
		got = pread(o->mem, o->buf + o->len, (size_t)n, 0);
		if (got > 0)
			o->len += (size_t)got;
	}
	/* the offset is shared with the descriptor that curses has */
	if (lseek(o->mem, 0, SEEK_SET) == 0 && ftruncate(o->mem, 0) != 0)
		o->gone = true;
}

bool output_flush(struct output *o)
{
	while (o->pos < o->len && !o->gone) {
		ssize_t n = write(o->tty, o->buf + o->pos, o->len - o->pos);

		if (n > 0)
			o->pos += (size_t)n;
		else if (n < 0 && errno == EINTR)
			continue;
		else if (n < 0 && errno == EAGAIN)
			return false;
		else
			o->gone = true;
	}
	o->pos = o->len = 0;
	return true;
}

static long ms_since(const struct timespec *from)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (now.tv_sec - from->tv_sec) * 1000 + (now.tv_nsec - from->tv_nsec) / 1000000;
}

bool output_drain(struct output *o, int ms)
{
	struct timespec start;

	clock_gettime(CLOCK_MONOTONIC, &start);
	while (!output_flush(o)) {
		struct pollfd p = {.fd = o->tty, .events = POLLOUT};
		long left = ms - ms_since(&start);

		if (left <= 0)
			return false;
		poll(&p, 1, (int)left);
	}
	return true;
}

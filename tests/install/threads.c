/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The promise of golin/offsets.h: many threads at once, each on objects of its own, say what one
 * thread says. threads PROGRAM...
 */
#include <fcntl.h>
#include <golin/offsets.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { THREADS = 8, ROUNDS = 4, MAX_PROGRAMS = 64 };

struct told {
	uint64_t fields; /* a sum over all of them */
	uint64_t lo, hi; /* of main.main */
	char name[256];
	uint64_t site;
};

static char **programs;
static int nprograms;
static struct told alone[MAX_PROGRAMS];

static uint64_t hash(uint64_t h, const void *data, size_t len)
{
	for (size_t i = 0; i < len; i++)
		h = (h ^ ((const uint8_t *)data)[i]) * 1099511628211u;
	return h;
}

static uint64_t hash_layout(const struct golin_layout *l)
{
	uint64_t h = 14695981039346656037u;
	const char *name, *member;
	struct golin_field f;

	for (uint32_t i = 0; (name = golin_wanted_struct(i)); i++)
		for (uint32_t j = 0; (member = golin_wanted_member(i, j)); j++)
			if (!golin_layout_field(l, name, member, &f)) {
				h = hash(h, &f.offset, sizeof(f.offset));
				h = hash(h, f.type, strlen(f.type));
			}
	return h;
}

static void ask(const char *path, struct told *ret)
{
	struct golin_site_want want = {.kind = GOLIN_SITE_PROLOGUE, .func = "main.main"};
	struct golin_layout *l = golin_layout_new();
	struct golin_name_frame frame;
	struct golin_image *img;
	struct golin_site site;
	struct golin_err err = {0};
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	memset(ret, 0, sizeof(*ret));
	if (!l || fd < 0 || golin_image_open(fd, &img, &err) ||
	    golin_image_layout(img, GOLIN_LAYOUT_AUTO, l, &err) ||
	    golin_image_func(img, "main.main", &ret->lo, &ret->hi, &err)) {
		fprintf(stderr, "%s: %s\n", path, err.msg);
		exit(1);
	}
	ret->fields = hash_layout(l);
	if (golin_image_names(img, ret->lo, &frame, 1) == 1)
		snprintf(ret->name, sizeof(ret->name), "%.100s %.100s:%u", frame.func, frame.file,
			 frame.line);
	if (!golin_image_site(img, &want, &site))
		ret->site = site.file_off;
	golin_image_close(img);
	golin_layout_free(l);
	close(fd);
}

static void *work(void *arg)
{
	struct told told;

	for (int round = 0; round < ROUNDS; round++)
		for (int i = 0; i < nprograms; i++) {
			/* Each begins elsewhere. */
			int k = (i + (int)(intptr_t)arg) % nprograms;

			ask(programs[k], &told);
			if (memcmp(&told, &alone[k], sizeof(told))) {
				fprintf(stderr, "%s: %s here, %s alone\n", programs[k], told.name,
					alone[k].name);
				exit(1);
			}
		}
	return NULL;
}

int main(int argc, char **argv)
{
	pthread_t threads[THREADS];
	pid_t pid;

	programs = argv + 1;
	nprograms = argc - 1;
	if (nprograms < 1 || nprograms > MAX_PROGRAMS)
		return 2;
	/* The one that tells what is right is another process: here the threads come first. */
	int pair[2];
	if (pipe(pair) || (pid = fork()) < 0)
		return 1;
	if (!pid) {
		for (int i = 0; i < nprograms; i++)
			ask(programs[i], &alone[i]);
		for (size_t done = 0; done < sizeof(alone);) {
			ssize_t n = write(pair[1], (char *)alone + done, sizeof(alone) - done);

			if (n <= 0)
				_exit(1);
			done += (size_t)n;
		}
		_exit(0);
	}
	close(pair[1]);
	for (size_t done = 0; done < sizeof(alone);) {
		ssize_t n = read(pair[0], (char *)alone + done, sizeof(alone) - done);

		if (n <= 0)
			return 1;
		done += (size_t)n;
	}
	for (int i = 0; i < THREADS; i++)
		if (pthread_create(&threads[i], NULL, work, (void *)(intptr_t)i))
			return 1;
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	printf("%d threads, %d programs, %d times: alike\n", THREADS, nprograms, ROUNDS);
	return 0;
}

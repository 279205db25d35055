/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mutate_image BINARY COUNT [SEED]: damages copies of a real Go program, COUNT times, in headers,
 * DWARF, function table or anywhere, or cuts it, and asks all of golin_image of each: it must
 * answer within bounds, and with a message when it refuses. Meant for builds with sanitizers.
 */
#include <elf.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "base/err.h"
#include "elf_image.h"
#include "golin/layout.h"
#include "func_defers.h"
#include "golin/offsets.h"

static uint64_t seed;

/* xorshift64: the same on every machine. */
static uint64_t rnd(uint64_t n)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return n ? seed % n : 0;
}

struct region {
	size_t off, len;
};

static int regions_of(int fd, struct region *ret)
{
	static const char *const sections[] = {
		".debug_info",	 ".debug_abbrev", ".zdebug_info", ".zdebug_abbrev", ".gopclntab",
		".go.buildinfo", ".go.module",	  ".noptrdata",	  ".rela.dyn",	    ".dynamic"};
	struct elf_image e;
	int n = 0;

	if (elf_image_open(fd, &e, NULL))
		return 0;
	ret[n++] = (struct region){0, 64 + 56 * e.nsegments};
	ret[n++] = (struct region){elf_u64(&e, e.map + offsetof(Elf64_Ehdr, e_shoff)),
				   64 * e.nsections};
	ret[n++] = (struct region){0, e.size};
	for (size_t i = 0; i < sizeof(sections) / sizeof(sections[0]); i++) {
		const struct elf_section *s = elf_image_section(&e, sections[i]);

		if (s && elf_image_data(&e, s) && s->size)
			ret[n++] = (struct region){s->off, s->size};
	}
	elf_image_done(&e);
	return n;
}

static void damage(uint8_t *buf, const struct region *regions, int n)
{
	static const uint8_t values[] = {0x00, 0x01, 0x7f, 0x80, 0xff};
	const struct region *r = &regions[rnd(n)];
	int times = 1 + rnd(8);

	while (times--) {
		/* More often near the beginning: there are the headers of most things. */
		size_t at = r->off + (rnd(2) ? rnd(r->len) : rnd(r->len < 256 ? r->len : 256));

		switch (rnd(3)) {
		case 0:
			buf[at] = values[rnd(sizeof(values))];
			break;
		case 1:
			buf[at] ^= 1u << rnd(8);
			break;
		default:
			buf[at] = rnd(256);
		}
	}
}

static void ask(struct golin_image *img)
{
	static const char *const funcs[] = {"runtime.newproc1", "runtime.newproc.func1",
					    "runtime.gdestroy", "runtime.goexit0"};
	static struct golin_name_frame frames[8];
	const struct golin_image_info *info = golin_image_info(img);
	struct golin_err err = {0};
	struct golin_layout l;
	uint64_t lo, hi;

	for (int choice = GOLIN_LAYOUT_AUTO; choice <= GOLIN_LAYOUT_ONLY_TABLE; choice++) {
		memset(&err, 0, sizeof(err));
		if (golin_image_layout(img, choice, &l, &err) && !*err.msg)
			abort();
	}
	for (size_t i = 0; i < sizeof(funcs) / sizeof(funcs[0]); i++) {
		struct golin_site_want want = {.kind = GOLIN_SITE_PROLOGUE};
		struct golin_site site;

		snprintf(want.func, sizeof(want.func), "%s", funcs[i]);
		golin_image_site(img, &want, &site);
		want.kind = GOLIN_SITE_CALL;
		snprintf(want.target, sizeof(want.target), "runtime.runqput");
		golin_image_site(img, &want, &site);
		if (!golin_image_func(img, funcs[i], &lo, &hi, &err))
			golin_image_names(img, lo + rnd(hi - lo + 1), frames, 8);
	}
	for (int i = 0; i < 20; i++) {
		uint64_t pc = info->text + rnd(info->etext - info->text + 1);
		struct golin_func_defers d;

		golin_image_names(img, pc, frames, 8);
		golin_image_defers(img, pc, &d);
	}
}

int main(int argc, char **argv)
{
	struct region regions[16];
	long count, opened = 0;
	uint8_t *orig, *buf;
	struct stat st;
	int fd, n;

	if (argc < 3) {
		fprintf(stderr, "usage: mutate_image BINARY COUNT [SEED]\n");
		return 2;
	}
	fd = open(argv[1], O_RDONLY);
	if (fd < 0 || fstat(fd, &st) || !(n = regions_of(fd, regions)))
		return 2;
	orig = mmap(NULL, st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	buf = malloc(st.st_size);
	if (orig == MAP_FAILED || !buf)
		return 2;
	count = atol(argv[2]);
	for (long i = 0; i < count; i++) {
		struct golin_err err = {0};
		struct golin_image *img;
		size_t len = st.st_size;
		struct timespec t0, t1;
		int mfd = memfd_create("mutated", MFD_CLOEXEC);

		seed = (argc > 3 ? atol(argv[3]) : 1) * 1000003ull + i + 1;
		rnd(0);
		memcpy(buf, orig, len);
		if (rnd(16))
			damage(buf, regions, n);
		else
			len = rnd(len);
		if (mfd < 0 || write(mfd, buf, len) != (ssize_t)len)
			return 2;
		clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t0);
		if (!golin_image_open(mfd, &img, &err)) {
			opened++;
			ask(img);
			golin_image_close(img);
		} else if (!*err.msg) {
			abort();
		}
		clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t1);
		if (t1.tv_sec - t0.tv_sec > 5) {
			fprintf(stderr, "mutation %ld took more than 5 s\n", i);
			return 1;
		}
		close(mfd);
	}
	free(buf);
	printf("%s: %ld mutations, %ld were opened\n", argv[1], count, opened);
	return 0;
}

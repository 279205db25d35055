/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * image_facts BINARY [NAMES]: what the library says of a program beyond what `golin offsets`
 * prints, for tests that compare it with the program's symbols. Tab-separated: a name and a number
 * or text; then for each function named in the file NAMES, a line each,
 *
 *	func	name	first address	end		(func	name	-, when it is not found)
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "base/err.h"
#include "golin/offsets.h"

static void print_info(const struct golin_image_info *info)
{
	printf("go\t%s\narch\t%s\nflags\t%" PRIu32 "\n", info->go.text, info->arch, info->flags);
	printf("pie\t%d\n", !!(info->flags & GOLIN_IMAGE_PIE));
	printf("cgo\t%d\n", !!(info->flags & GOLIN_IMAGE_CGO));
	printf("race\t%d\n", !!(info->flags & GOLIN_IMAGE_RACE));
	printf("stripped\t%d\n", !!(info->flags & GOLIN_IMAGE_STRIPPED));
	printf("text\t%" PRIu64 "\netext\t%" PRIu64 "\n", info->text, info->etext);
	printf("pclntab\t%" PRIu64 "\nmoduledata\t%" PRIu64 "\nallgs\t%" PRIu64 "\n", info->pclntab,
	       info->moduledata, info->allgs);
	printf("tls_g\t%" PRId64 "\nbuild_id\t%s\n", info->tls_g, info->build_id);
}

static int print_functions(struct golin_image *img, const char *path)
{
	FILE *f = fopen(path, "re");
	char name[4096];
	uint64_t lo, hi;

	if (!f)
		return -errno;
	while (fgets(name, sizeof(name), f)) {
		name[strcspn(name, "\n")] = '\0';
		if (golin_image_func(img, name, &lo, &hi, NULL))
			printf("func\t%s\t-\n", name);
		else
			printf("func\t%s\t%" PRIu64 "\t%" PRIu64 "\n", name, lo, hi);
	}
	fclose(f);
	return 0;
}

int main(int argc, char **argv)
{
	struct golin_err err = {0};
	struct golin_image *img;
	int fd, r;

	if (argc < 2 || argc > 3) {
		fprintf(stderr, "usage: image_facts BINARY [NAMES]\n");
		return 2;
	}
	fd = open(argv[1], O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		perror(argv[1]);
		return 2;
	}
	r = golin_image_open(fd, &img, &err);
	close(fd);
	if (r) {
		fprintf(stderr, "%s: %s\n", argv[1], err.msg);
		return 1;
	}
	print_info(golin_image_info(img));
	r = argc == 3 ? print_functions(img, argv[2]) : 0;
	golin_image_close(img);
	return r ? 2 : 0;
}

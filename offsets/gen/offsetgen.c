/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * golin-offsetgen BINARY...: what the DWARF of Go programs says of the wanted structs, a line each:
 *
 *	version arch struct field offset|absent size type		(tab-separated)
 *
 * A struct's own line has "-" for the field and the offset. merge.awk makes db/layouts.tsv of many
 *of these. golin-offsetgen -t VERSION ARCH says in the same way what golin's table has, with
 *"unknown" for what it does not know. A tool for golin's developers.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "base/err.h"
#include "golin/layout.h"
#include "image.h"
#include "layout.h"

static void print_field(const char *prefix, enum golin_field_id id, const struct golin_field *f)
{
	printf("%s\t%s\t", prefix, golin_field_name(id));
	if (f->source)
		printf("%u\t%u\t%s\n", f->offset, f->size, *f->type ? f->type : "-");
	else
		printf("%s\t-\t-\n", f->offset == LAYOUT_UNKNOWN ? "unknown" : "absent");
}

static void print_layout(const struct golin_go_version *go, const char *arch,
			 const struct golin_layout *l)
{
	for (int s = 0; s < GOLIN_S_MAX; s++) {
		enum golin_field_id end, first = golin_struct_fields(s, &end);
		char prefix[256];

		snprintf(prefix, sizeof(prefix), "1.%u.%u\t%s\t%s", go->minor, go->patch, arch,
			 golin_struct_name(s));
		if (l->structs[s].source)
			printf("%s\t-\t-\t%u\t-\n", prefix, l->structs[s].size);
		else if (first < end && l->fields[first].offset == LAYOUT_UNKNOWN)
			printf("%s\t-\tunknown\t-\t-\n", prefix);
		else
			printf("%s\t-\tabsent\t-\t-\n", prefix);
		for (int f = first; f < (int)end; f++)
			print_field(prefix, f, &l->fields[f]);
	}
}

/* The table is to be made of this: what it says already must not end the search early. */
static int print_binary(const char *path, struct golin_err *err)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct golin_image *img;
	struct golin_layout l;
	uint32_t version;
	int r;

	if (fd < 0)
		return golin_err_set(err, -errno, "%s", strerror(errno));
	r = golin_image_open(fd, &img, err);
	if (r)
		return r;
	r = layout_from_dwarf(&img->elf, NULL, &l, &version, err);
	if (!r)
		print_layout(&img->info.go, img->info.arch, &l);
	golin_image_close(img);
	return r;
}

static int print_table(const char *version, const char *arch, struct golin_err *err)
{
	struct golin_go_version go;
	struct golin_layout l;
	int r = golin_table_layout(version, arch, &go, &l, err);

	if (!r)
		print_layout(&go, arch, &l);
	return r;
}

int main(int argc, char **argv)
{
	struct golin_err err = {0};
	int status = 0;

	if (argc == 4 && !strcmp(argv[1], "-t")) {
		if (!print_table(argv[2], argv[3], &err))
			return 0;
		fprintf(stderr, "golin-offsetgen: %s %s: %s\n", argv[2], argv[3], err.msg);
		return 1;
	}
	for (int i = 1; i < argc; i++)
		if (print_binary(argv[i], &err)) {
			fprintf(stderr, "golin-offsetgen: %s: %s\n", argv[i], err.msg);
			status = 1;
		}
	return status;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * golin-offsetgen BINARY...: what the DWARF of Go programs says of the wanted structs, a line each:
 *
 *	version arch struct field offset|absent size type		(tab-separated)
 *
 * A struct's own line has "-" for the field. merge.awk makes db/layouts.tsv of many of these.
 * With -t the layout comes from golin's table instead. A tool for golin's developers.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "base/err.h"
#include "golin/offsets.h"

static void print_struct(const struct golin_image_info *info, const struct golin_layout *l, int s)
{
	char head[160];

	snprintf(head, sizeof(head), "1.%u.%u\t%s\t%s", info->go.minor, info->go.patch, info->arch,
		 golin_struct_name(s));
	if (l->structs[s].source == GOLIN_FROM_NONE)
		printf("%s\t-\tabsent\t-\t-\n", head);
	else
		printf("%s\t-\t-\t%u\t-\n", head, l->structs[s].size);
	for (int f = 0; f < GOLIN_F_MAX; f++) {
		const struct golin_field *field = &l->fields[f];

		if ((int)golin_field_struct(f) != s)
			continue;
		if (field->source == GOLIN_FROM_NONE)
			printf("%s\t%s\tabsent\t-\t-\n", head, golin_field_name(f));
		else
			printf("%s\t%s\t%u\t%u\t%s\n", head, golin_field_name(f), field->offset,
			       field->size, *field->type ? field->type : "-");
	}
}

static int print_binary(const char *path, enum golin_layout_choice choice, struct golin_err *err)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	const struct golin_image_info *info;
	struct golin_image *img;
	struct golin_layout l;
	int r;

	if (fd < 0)
		return golin_err_set(err, -errno, "%s", strerror(errno));
	r = golin_image_open(fd, &img, err);
	if (r)
		return r;
	info = golin_image_info(img);
	r = golin_image_layout(img, choice, &l, err);
	for (int s = 0; s < GOLIN_S_MAX && !r; s++)
		print_struct(info, &l, s);
	golin_image_close(img);
	return r;
}

int main(int argc, char **argv)
{
	enum golin_layout_choice choice = GOLIN_LAYOUT_ONLY_DWARF;
	int status = 0;

	for (int i = 1; i < argc; i++) {
		struct golin_err err = {0};

		if (i == 1 && !strcmp(argv[i], "-t")) {
			choice = GOLIN_LAYOUT_ONLY_TABLE;
			continue;
		}
		if (print_binary(argv[i], choice, &err)) {
			fprintf(stderr, "golin-offsetgen: %s: %s\n", argv[i], err.msg);
			status = 1;
		}
	}
	return status;
}

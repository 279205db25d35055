/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What libgolin-offsets knows of a Go program, a line each, tab-separated.
 *
 *	cc -o offsets offsets.c $(pkg-config --cflags --libs golin-offsets)
 *	./offsets PROGRAM|VERSION [auto|dwarf|table [FUNCTION...]]
 *
 * A VERSION ("go1.26.8") is looked up in the library's table; no program is read then.
 */
#include <errno.h>
#include <fcntl.h>
#include <golin/offsets.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int fail(const struct golin_err *err)
{
	fprintf(stderr, "offsets: %s (%s)\n", err->msg, golin_errno_name(err->code));
	if (*err->hint)
		fprintf(stderr, "hint: %s\n", err->hint);
	return 1;
}

static void print_layout(const struct golin_layout *l)
{
	const char *name, *member;
	struct golin_struct s;
	struct golin_field f;

	for (uint32_t i = 0; (name = golin_wanted_struct(i)); i++) {
		if (golin_layout_struct(l, name, &s))
			continue; /* absent in this program */
		printf("struct\t%s\t%u\t%s\n", name, s.size, golin_value_source_name(s.source));
		for (uint32_t j = 0; (member = golin_wanted_member(i, j)); j++)
			if (golin_layout_field(l, name, member, &f) == 0)
				printf("field\t%s\t%s\t%u\t%u\t%s\t%s\n", name, member, f.offset,
				       f.size, f.type, golin_value_source_name(f.source));
	}
}

/* Where a function lies, where its source stands, and which instruction to probe. */
static int print_function(struct golin_image *img, const char *name, struct golin_err *err)
{
	struct golin_site_want want = {.kind = GOLIN_SITE_PROLOGUE};
	struct golin_site site;
	static struct golin_name_frame frame;
	uint64_t lo, hi;

	if (golin_image_func(img, name, &lo, &hi, err))
		return fail(err);
	printf("func\t%s\t0x%" PRIx64 "\t0x%" PRIx64 "\n", name, lo, hi);
	if (golin_image_names(img, lo, &frame, 1) > 0)
		printf("name\t0x%" PRIx64 "\t%s\t%s\t%u\n", lo, frame.func, frame.file, frame.line);
	snprintf(want.func, sizeof(want.func), "%s", name);
	if (golin_image_site(img, &want, &site))
		printf("site\t%s\tnone\t%s\n", name, site.why);
	else
		printf("site\t%s\t%" PRIu64 "\t%s\t%s\n", name, site.file_off, site.text, site.why);
	return 0;
}

static int from_program(const char *path, enum golin_layout_choice choice, struct golin_layout *l,
			char **functions)
{
	const struct golin_image_info *info;
	struct golin_image *img = NULL;
	struct golin_err err = {0};
	int fd = open(path, O_RDONLY | O_CLOEXEC), r = 0;

	if (fd < 0)
		r = golin_err_set(&err, -errno, "cannot open '%s'", path);
	if (!r)
		r = golin_image_open(fd, &img, &err);
	if (fd >= 0)
		close(fd);
	if (!r)
		r = golin_image_layout(img, choice, l, &err);
	if (r) {
		golin_image_close(img);
		return fail(&err);
	}
	info = golin_image_info(img);
	printf("go\t%s\t%s\t%s\n", info->go.short_, info->arch,
	       golin_value_source_name(golin_layout_source(l)));
	printf("build-id\t%s\n", info->build_id);
	print_layout(l);
	for (; *functions && !r; functions++)
		r = print_function(img, *functions, &err);
	golin_image_close(img);
	return r;
}

static int from_table(const char *version, struct golin_layout *l)
{
	struct golin_go_version go;
	struct golin_err err = {0};

	if (golin_table_layout(version, "amd64", &go, l, &err))
		return fail(&err);
	printf("go\t%s\tamd64\t%s\n", go.short_, golin_value_source_name(golin_layout_source(l)));
	print_layout(l);
	return 0;
}

int main(int argc, char **argv)
{
	static const char *const choices[] = {"auto", "dwarf", "table"};
	struct golin_layout *l = golin_layout_new();
	struct golin_go_version go;
	unsigned choice = 0;
	int r;

	while (argc > 2 && choice < 3 && strcmp(argv[2], choices[choice]))
		choice++;
	if (!l || argc < 2 || choice == 3) {
		fprintf(stderr,
			"usage: offsets PROGRAM|VERSION [auto|dwarf|table [FUNCTION...]]\n");
		r = 2;
	} else if (golin_go_version_parse(argv[1], &go)) {
		r = from_table(argv[1], l);
	} else {
		r = from_program(argv[1], (enum golin_layout_choice)choice, l,
				 argv + (argc > 2 ? 3 : 2));
	}
	golin_layout_free(l);
	return r;
}

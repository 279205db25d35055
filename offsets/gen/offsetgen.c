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
#include "base/strbuf.h"
#include "golin/layout.h"
#include "golin/offsets.h"
#include "render.h"

static int print_binary(const char *path, enum golin_layout_choice choice, struct golin_err *err)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct strbuf out = {0};
	struct golin_render render;
	struct golin_image *img;
	struct golin_layout l;
	int r;

	if (fd < 0)
		return golin_err_set(err, -errno, "%s", strerror(errno));
	r = golin_image_open(fd, &img, err);
	if (r)
		return r;
	r = golin_image_layout(img, choice, &l, err);
	if (!r) {
		render = (struct golin_render){
			.info = golin_image_info(img), .layout = &l, .bare = true};
		golin_render_tsv(&render, &out);
		fputs(strbuf_cstr(&out), stdout);
		strbuf_done(&out);
	}
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

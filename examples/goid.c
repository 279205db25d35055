/* SPDX-License-Identifier: BSD-2-Clause */
/* Prints where runtime.g has its goid: cc goid.c $(pkg-config --cflags --libs golin-offsets) */
#include <fcntl.h>
#include <golin/offsets.h>
#include <stdio.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	struct golin_layout *layout = golin_layout_new();
	struct golin_image *img = NULL;
	struct golin_err err = {0};
	struct golin_field goid;
	int fd = argc == 2 ? open(argv[1], O_RDONLY | O_CLOEXEC) : -1, r;

	if (fd < 0 || !layout) {
		fprintf(stderr, "usage: goid PROGRAM\n");
		return 2;
	}
	r = golin_image_open(fd, &img, &err);
	if (!r)
		r = golin_image_layout(img, GOLIN_LAYOUT_AUTO, layout, &err);
	if (r) {
		fprintf(stderr, "%s: %s\n%s\n", argv[1], err.msg, err.hint);
	} else if (golin_layout_field(layout, "runtime.g", "goid", &goid) == 0) {
		printf("%s: goid at %u, %u bytes, %s, from %s\n", golin_image_info(img)->go.short_,
		       goid.offset, goid.size, goid.type, golin_value_source_name(goid.source));
	} else {
		printf("no goid\n"); /* which is not offset 0 */
	}
	golin_image_close(img);
	golin_layout_free(layout);
	close(fd);
	return r ? 1 : 0;
}

/* SPDX-License-Identifier: BSD-2-Clause */
// The installed headers from C++: prints the offset of runtime.g's goid in a program.
#include <cstdio>
#include <fcntl.h>
#include <golin/offsets.h>
#include <memory>
#include <unistd.h>

struct closer {
	void operator()(golin_image *img) const { golin_image_close(img); }
	void operator()(golin_layout *l) const { golin_layout_free(l); }
};

int main(int argc, char **argv)
{
	golin_err err{};
	golin_image *img = nullptr;
	int fd = argc > 1 ? open(argv[1], O_RDONLY | O_CLOEXEC) : -1;

	if (fd < 0 || golin_image_open(fd, &img, &err)) {
		std::fprintf(stderr, "%s\n", err.msg);
		return 1;
	}
	close(fd);
	std::unique_ptr<golin_image, closer> image(img);
	std::unique_ptr<golin_layout, closer> layout(golin_layout_new());
	golin_field goid{};
	if (golin_image_layout(image.get(), GOLIN_LAYOUT_AUTO, layout.get(), &err) ||
	    golin_layout_field(layout.get(), "runtime.g", "goid", &goid)) {
		std::fprintf(stderr, "%s\n", err.msg);
		return 1;
	}
	std::printf("%u\n", goid.offset);
	return 0;
}

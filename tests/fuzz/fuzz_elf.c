/* SPDX-License-Identifier: BSD-2-Clause */
/* A whole ELF file, asked for everything that golin asks for. */
#include <stdio.h>
#include "fuzz_offsets.h"

static void ask(struct golin_image *img, uint64_t file_size)
{
	static const char *const funcs[] = {"runtime.newproc1", "runtime.goexit0", "main.main"};
	static struct golin_name_frame frames[8];
	static struct golin_layout layout;
	struct golin_image_info info;
	struct golin_err err = {0};
	const char *why;
	int r;

	for (int choice = GOLIN_LAYOUT_AUTO; choice <= GOLIN_LAYOUT_ONLY_DWARF; choice++) {
		err = (struct golin_err){0};
		r = golin_image_layout(img, choice, &layout, &err);
		if (r)
			must_be_refusal(r, &err);
		else
			must(image_check_layout(&layout, &why));
	}
	/* What this side says, the other side believes. */
	info = *golin_image_info(img);
	must(image_check_info(&info, file_size, &why));
	must(!memcmp(&info, golin_image_info(img), sizeof(info)));
	for (size_t i = 0; i < sizeof(funcs) / sizeof(funcs[0]); i++) {
		struct golin_site_want want = {.kind = GOLIN_SITE_PROLOGUE};
		struct golin_site site;

		snprintf(want.func, sizeof(want.func), "%s", funcs[i]);
		for (; want.kind <= GOLIN_SITE_COMMIT; want.kind++) {
			snprintf(want.target, sizeof(want.target), "runtime.runqput");
			golin_image_site(img, &want, &site);
			must(image_check_site(&site, &info, &why));
		}
	}
	for (uint64_t i = 0; i < 8; i++) {
		uint64_t pc = info.text + (info.etext - info.text) / 8 * i;
		int n = golin_image_names(img, pc, frames, 8);

		must(n >= 0 && n <= 8);
		for (int k = 0; k < n; k++) {
			must_be_clean(frames[k].func, sizeof(frames[k].func));
			must_be_clean(frames[k].file, sizeof(frames[k].file));
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct golin_err err = {0};
	struct golin_image *img;
	int fd = memory_file(data, size);
	int r = golin_image_open(fd, &img, &err);

	if (r) {
		must_be_refusal(r, &err);
	} else {
		ask(img, size);
		golin_image_close(img);
	}
	close(fd);
	return 0;
}

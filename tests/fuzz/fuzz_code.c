/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What golin reads out of code: module data, runtime.allgs, the TLS slot, sites, wrappers and the
 * closures that they call. A small program is built from the input:
 *
 *	1 byte	how many changes follow: {2 bytes from where on in tables and data, 1 byte}
 *	then for each function, 15 at most: 1 byte name, 1 byte id, 1 byte length of its code, code
 */
#include <stdio.h>
#include "fuzz_offsets.h"
#include "mini_elf.h"

static const char *const names[] = {
	"runtime.newobject",
	"main.p.gowrap1",
	"main.p",
	"main.p.func1",
	"runtime.morestack",
	"runtime.allgadd",
	"runtime.newproc1",
	"runtime.runqput",
	"main.p.func1.2",
	"runtime.mallocgc",
	"main.q",
	"main.q.func1",
	"main.q\xc2\xb7"
	"dwrap\xc2\xb7"
	"1",
	"runtime.goexit1",
	"runtime.gcWriteBarrier2",
	"main.(*T).M-fm",
};
enum { NNAMES = sizeof(names) / sizeof(names[0]) };

static void ask(struct golin_image *img, const struct mini_func *funcs, int n)
{
	static struct golin_late_target late[64];
	static struct golin_name_frame frames[8];
	struct golin_image_info info = img->info;
	struct golin_site_want want = {0};
	struct golin_site site;
	const char *why;
	size_t nlate;
	bool more;

	info.nsegments = 0;
	for (size_t i = 0; i < img->elf.nsegments; i++) {
		const struct elf_segment *s = &img->elf.segments[i];

		info.segments[info.nsegments++] =
			(struct golin_segment){s->off, s->vaddr, s->filesz, s->memsz, s->flags, 0};
	}
	must(image_check_info(&info, MINI_SIZE, &why));
	for (int i = 0; i < n; i++) {
		snprintf(want.func, sizeof(want.func), "%s", funcs[i].name);
		snprintf(want.target, sizeof(want.target), "%s", funcs[n - 1 - i].name);
		for (want.kind = GOLIN_SITE_PROLOGUE; want.kind <= GOLIN_SITE_COMMIT; want.kind++) {
			want.disp = funcs[i].len;
			if (want.kind == GOLIN_SITE_BARRIER)
				want.disp %= 10; /* a number of arguments */
			golin_image_site(img, &want, &site);
			must(image_check_site(&site, &info, &why));
		}
		for (int k = 0; k < 3; k++) {
			int r = golin_image_names(img, mini_at(i) + 5 * k, frames, 8);
			struct golin_func_defers d;

			golin_image_defers(img, mini_at(i) + 5 * k, &d);
			must(image_check_defers(&d, &info, mini_at(i) + 5 * k, &why));
			must(r >= 0 && r <= 8);
			for (int j = 0; j < r; j++) {
				must_be_clean(frames[j].func, sizeof(frames[j].func));
				must_be_clean(frames[j].file, sizeof(frames[j].file));
			}
		}
	}
	nlate = golin_image_late_targets(img, late, 64, &more);
	must(nlate <= 64);
	for (size_t i = 0; i < nlate; i++)
		must(late[i].word % 8 == 0 && late[i].word <= 1024 && late[i].off <= 4096);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct mini m;
	struct mini_func funcs[MINI_MAX - 1];
	struct elf_segment segments[2] = {
		{PT_LOAD, PF_R | PF_X, 0, MINI_BASE, MINI_DATA, MINI_DATA, 0x1000},
		{PT_LOAD, PF_R | PF_W, MINI_DATA, MINI_DATA_VADDR, 0x1000, 0x1000, 0x1000}};
	struct input in = {data, size}, changes;
	struct golin_err err = {0};
	int n = 0;

	changes = in_take(&in, 3 * (1 + in_word(&in, 1)) - 3);
	while (in.left > 3 && n < MINI_MAX - 1) {
		struct mini_func *f = &funcs[n++];
		struct input code;

		f->name = names[in_word(&in, 1) % NNAMES];
		f->id = in_word(&in, 1);
		code = in_take(&in, in_word(&in, 1));
		f->len = code.left;
		memcpy(f->code, code.p, code.left);
	}
	if (!n)
		return 0;
	mini_build(&m, funcs, n);
	while (changes.left >= 3) {
		uint64_t off = MINI_TAB + in_word(&changes, 2);
		uint8_t byte = in_word(&changes, 1);

		m.bytes[off < MINI_SIZE ? off : MINI_DATA] = byte;
	}
	m.img = (struct golin_image){
		.elf = {.map = m.bytes,
			.size = MINI_SIZE,
			.is64 = true,
			.machine = EM_X86_64,
			.type = ET_EXEC,
			.segments = segments,
			.nsegments = 2},
		.info.go.minor = MINI_MINOR,
	};
	if (!image_code_open(&m.img, &err))
		ask(&m.img, funcs, n);
	else
		must_be_refusal(err.code, &err);
	image_code_close(m.img.code);
	return 0;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * list_hooks PROGRAM...
 *
 * All hook points that golin knows in each program, a line each, tab-separated:
 *	program go event func required kind status file_offset vaddr func_lo func_hi insn drop_flags
 *	instruction where nop5_offset why lost
 * status is "found", "absent" (no such function in the program) or "missing". Numbers are hex.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "base/err.h"
#include "golin/record.h"
#include "image_process.h"
#include "plan.h"

static const char *const kinds[] = {"-",     "prologue", "call",   "store",
				    "entry", "barrier",	 "result", "once"};
static const char *const insns[] = {"-", "jbe", "push", "nop5", "call", "other", "jcc"};

static void list(const char *path, const char *go, const struct golin_plan *plan)
{
	for (size_t i = 0; i < plan->n; i++) {
		const struct golin_plan_hook *h = &plan->hooks[i];
		const struct golin_site *s = &h->site;

		if (h->place)
			continue;
		printf("%s\t%s\t%s\t%s\t%s\t%s\t%s\t", path, go, h->event, h->want.func,
		       h->required ? "required" : "-", kinds[h->want.kind],
		       !s->error	     ? "found"
		       : s->error == -ENOENT ? "absent"
					     : "missing");
		printf("%" PRIx64 "\t%" PRIx64 "\t%" PRIx64 "\t%" PRIx64
		       "\t%s\t%x\t%s\t%s\t%" PRIx64 "\t%s\t%s\n",
		       s->file_off, s->vaddr, s->func_lo, s->func_hi, insns[s->insn], s->drop_flags,
		       s->text, h->where, s->nop5_off, s->why, h->lost);
	}
}

int main(int argc, char **argv)
{
	static struct golin_plan plan;

	for (int i = 1; i < argc; i++) {
		struct golin_imgproc *p = NULL;
		struct golin_err err = {0};
		int fd = open(argv[i], O_RDONLY | O_CLOEXEC), r;

		if (fd < 0) {
			fprintf(stderr, "list_hooks: %s: %s\n", argv[i], strerror(errno));
			return 3;
		}
		r = golin_imgproc_open(fd, argv[i], GOLIN_LAYOUT_AUTO, &p, &err);
		close(fd);
		if (!r)
			r = golin_plan_make(golin_imgproc_info(p), golin_imgproc_layout(p),
					    GOLIN_GROUP_ALL_KNOWN, &plan, &err);
		if (!r)
			r = golin_plan_resolve(&plan, p, &err);
		if (!r)
			list(argv[i], golin_imgproc_info(p)->go.short_, &plan);
		golin_imgproc_close(p);
		if (r) {
			fprintf(stderr, "list_hooks: %s: %s\n", argv[i], err.msg);
			return 3;
		}
	}
	return 0;
}

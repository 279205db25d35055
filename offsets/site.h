/* SPDX-License-Identifier: BSD-2-Clause */
/* Finding hook sites: what prologue.c and site_scan.c share. */
#ifndef GOLIN_OFFSETS_SITE_H
#define GOLIN_OFFSETS_SITE_H

#include <stdint.h>

struct golin_image;
struct golin_site;
struct pcln_func;
struct x86_insn;

enum {
	/* x86 numbers of registers that Go gives a meaning to. */
	SITE_RAX = 0,
	SITE_RCX = 1,
	SITE_RBX = 3,
	SITE_RSP = 4,
	SITE_RBP = 5,
	SITE_R14 = 14,
	SITE_MINOR_REGABI = 17, /* since then arguments stand in registers */
	/* Longer than any function that is probed. */
	SITE_FUNC_INSNS = 1 << 16,
};

void site_fail(struct golin_site *s, int error, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* The site is `in`: its address, place in the file, kind and text. */
void site_put(struct golin_image *img, const struct x86_insn *in, struct golin_site *s);

void site_find_call(struct golin_image *img, const struct pcln_func *f, const char *target,
		    struct golin_site *s);
void site_find_store(struct golin_image *img, const struct pcln_func *f, int32_t disp,
		     struct golin_site *s);
void site_find_barrier(struct golin_image *img, const struct pcln_func *f, int32_t nargs,
		       struct golin_site *s);
void site_find_commit(struct golin_image *img, const struct pcln_func *f, int32_t args,
		      struct golin_site *s);
void site_find_result(struct golin_image *img, const struct pcln_func *f, const char *target,
		      struct golin_site *s);

#endif

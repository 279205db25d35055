/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a core file (of the kernel, or of gcore) says about the program that it was made of. It is
 * foreign, as a program is: it is read in a child that can do nothing but that.
 */
#ifndef GOLIN_OFFSETS_CORE_FILE_H
#define GOLIN_OFFSETS_CORE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct golin_err;

struct golin_core_info {
	/* The path of the program, as the kernel or gcore wrote it; "" not told. Not clean: it is
	 * to be opened; for messages it must pass golin_text_clean(). */
	char path[4096];
	char comm[64];	   /* the name of the process (clean), "" not told */
	int32_t pid;	   /* 0 not told */
	uint32_t has_page; /* the program's first page is in the core: what follows is known */
	uint16_t machine;  /* e_machine of the program */
	uint8_t is64, _pad;
	char build_id[129]; /* GNU build id in hex, "" none in the first page */
	char go_id[129];    /* Go's build id (clean, cut as golin_image_info has it), "" none */
	/* Its PT_LOADs as linked, to compare where there is no id. */
	uint32_t nsegments;
	struct {
		uint64_t vaddr, mem_size;
	} segments[16];
};

/* True when the ELF file behind fd is a core file. Reads 20 bytes. */
bool golin_core_probe(int fd);
/*
 * -EBADMSG: malformed, or the child that reads it ended; -EOPNOTSUPP: of a kind that golin does
 * not read. A cut core of the kernel will do: what is needed stands at its start.
 */
int golin_core_read(int fd, const char *label, struct golin_core_info *ret, struct golin_err *err);

struct golin_image_info;
/*
 * Is this file the program of the core? 0; -EBADMSG: it is another one, and how that shows.
 * *ret_sure is false when the core does not tell.
 */
int golin_core_matches(const struct golin_core_info *core, const struct golin_image_info *info,
		       bool *ret_sure, struct golin_err *err);

#endif

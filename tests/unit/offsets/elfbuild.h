/* SPDX-License-Identifier: BSD-2-Clause */
/* Small ELF files for tests: header, program headers, sections, section headers, in this order. */
#ifndef GOLIN_TESTS_ELFBUILD_H
#define GOLIN_TESTS_ELFBUILD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { ELFB_MAX_SECTIONS = 24, ELFB_MAX_SEGMENTS = 8 };

struct elfb {
	bool is32, big_endian;
	uint16_t type, machine; /* 0: ET_EXEC, EM_X86_64 */
	struct {
		const char *name;
		uint32_t type, link;
		uint64_t flags, addr, entsize;
		const void *data;
		size_t len;
		size_t off; /* set by elfb_build() */
	} sections[ELFB_MAX_SECTIONS];
	int nsections; /* section 0 is made by elfb_build(); these are 1 ... */
	struct {
		uint32_t type, flags;
		int section;	/* whose bytes it maps, 1 ...; 0: the whole file, at address 0 */
		uint64_t extra; /* memory behind the bytes of the file */
	} segments[ELFB_MAX_SEGMENTS];
	int nsegments;
};

/* Writes an integer in the file's byte order. */
void elfb_put(const struct elfb *b, void *p, size_t width, uint64_t v);
/* Adds a section and returns its number. The data must live until elfb_build(). */
int elfb_section(struct elfb *b, const char *name, uint32_t type, uint64_t flags, uint64_t addr,
		 const void *data, size_t len);
int elfb_segment(struct elfb *b, uint32_t type, uint32_t flags, int section);
/* The file, to be freed. */
uint8_t *elfb_build(struct elfb *b, size_t *ret_len);
/* A memfd with these bytes. */
int elfb_fd(const void *data, size_t len);
/* Both of them. */
int elfb_build_fd(struct elfb *b);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A tiny amd64 ELF file in memory with a function table of Go 1.21 and module data, for code and
 * tables that no compiler makes. Functions stand 256 bytes apart from MINI_TEXT on.
 */
#ifndef GOLIN_TESTS_MINI_ELF_H
#define GOLIN_TESTS_MINI_ELF_H

#include <elf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "code.h"
#include "image.h"

enum {
	MINI_BASE = 0x400000,
	MINI_TEXT = 0x401000,
	MINI_STEP = 256,
	MINI_MAX = 16,
	MINI_TAB = 0x3000, /* file offsets */
	MINI_DATA = 0x5000,
	MINI_DATA_VADDR = 0x800000,
	MINI_SIZE = 0x6000,
	MINI_FUNC = 44 + 4 * 3 + 4 * 4, /* a _func with its pc tables and function data */
	MINI_MINOR = 21,
	MINI_WRAPPER = 21, /* abi.FuncIDWrapper of 1.21 */
};

struct mini_func {
	const char *name;
	uint8_t code[MINI_STEP];
	size_t len;
	uint8_t id;
};

struct mini {
	uint8_t bytes[MINI_SIZE];
	struct golin_image img;
	uint16_t minor; /* of the Go that the code is to be of; 0: that of the tables */
	int fd;
};

static inline void mini_u32(uint8_t *p, uint32_t v)
{
	memcpy(p, &v, 4);
}

static inline void mini_u64(uint8_t *p, uint64_t v)
{
	memcpy(p, &v, 8);
}

static inline uint64_t mini_at(int i)
{
	return MINI_TEXT + (uint64_t)i * MINI_STEP;
}

/* Where the parts of the function table lie, from its header on. */
enum {
	MINI_NAMES = 0x80,
	MINI_CU = 0x480,
	MINI_FILES = 0x490,
	MINI_PCTAB = 0x4a0,
	MINI_PCLN = 0x4e0
};

static inline void mini_build(struct mini *m, const struct mini_func *funcs, int n)
{
	Elf64_Ehdr *eh = (Elf64_Ehdr *)m->bytes;
	Elf64_Phdr *ph = (Elf64_Phdr *)(eh + 1);
	uint8_t *tab = m->bytes + MINI_TAB, *md = m->bytes + MINI_DATA, *p;
	size_t name = 1, off;

	memset(m, 0, sizeof(*m));
	m->fd = -1;
	memcpy(eh->e_ident, "\177ELF\2\1\1", 7);
	eh->e_type = ET_EXEC;
	eh->e_machine = EM_X86_64;
	eh->e_version = 1;
	eh->e_phoff = sizeof(*eh);
	eh->e_phentsize = sizeof(*ph);
	eh->e_phnum = 2;
	ph[0] = (Elf64_Phdr){PT_LOAD,	PF_R | PF_X, 0,		MINI_BASE,
			     MINI_BASE, MINI_DATA,   MINI_DATA, 0x1000};
	ph[1] = (Elf64_Phdr){PT_LOAD,	      PF_R | PF_W, MINI_DATA, MINI_DATA_VADDR,
			     MINI_DATA_VADDR, 0x1000,	   0x1000,    0x1000};

	mini_u32(tab, 0xfffffff1);
	tab[6] = 1;
	tab[7] = 8;
	mini_u64(tab + 8, n);
	mini_u64(tab + 16, 1);
	mini_u64(tab + 32, MINI_NAMES);
	mini_u64(tab + 40, MINI_CU);
	mini_u64(tab + 48, MINI_FILES);
	mini_u64(tab + 56, MINI_PCTAB);
	mini_u64(tab + 64, MINI_PCLN);
	strcpy((char *)tab + MINI_FILES, "/a/b.go");
	/* At 1: file 0 for all of the function; at 16: line 7, then 8 from byte 16 on. */
	memcpy(tab + MINI_PCTAB + 1, "\x02\x80\x02\x00", 4);
	memcpy(tab + MINI_PCTAB + 16, "\x10\x10\x02\xf0\x01\x00", 6);
	p = tab + MINI_PCLN;
	off = 8 * n + 4;
	for (int i = 0; i < n; i++) {
		uint8_t *f = p + off;

		memcpy(m->bytes + (MINI_TEXT - MINI_BASE) + i * MINI_STEP, funcs[i].code,
		       funcs[i].len);
		memset(m->bytes + (MINI_TEXT - MINI_BASE) + i * MINI_STEP + funcs[i].len, 0xcc,
		       MINI_STEP - funcs[i].len);
		strcpy((char *)tab + MINI_NAMES + name, funcs[i].name);
		mini_u32(p + 8 * i, i * MINI_STEP);
		mini_u32(p + 8 * i + 4, off);
		mini_u32(f, i * MINI_STEP);
		mini_u32(f + 4, name);
		mini_u32(f + 20, 1);  /* pcfile */
		mini_u32(f + 24, 16); /* pcln */
		mini_u32(f + 28, 3);  /* npcdata */
		f[40] = funcs[i].id;
		f[43] = 4; /* nfuncdata */
		memset(f + 44 + 12, 0xff, 16);
		name += strlen(funcs[i].name) + 1;
		off += MINI_FUNC;
	}
	mini_u32(p + 8 * n, n * MINI_STEP);

	mini_u64(md, MINI_BASE + MINI_TAB);
	mini_u64(md + 128, MINI_BASE + MINI_TAB + MINI_PCLN);
	mini_u64(md + 136, n + 1);
	mini_u64(md + 160, MINI_TEXT);
	mini_u64(md + 168, mini_at(n));
	mini_u64(md + 176, MINI_TEXT);
	mini_u64(md + 184, mini_at(n));
}

static inline int mini_open(struct mini *m, struct golin_err *err)
{
	int r;

	m->fd = memfd_create("mini", MFD_CLOEXEC);
	if (m->fd < 0 || write(m->fd, m->bytes, MINI_SIZE) != MINI_SIZE)
		abort();
	r = elf_image_open(m->fd, &m->img.elf, err);
	m->img.info.go.minor = MINI_MINOR;
	r = r ? r : image_code_open(&m->img, err);
	if (m->minor)
		m->img.info.go.minor = m->minor;
	return r;
}

static inline void mini_done(struct mini *m)
{
	image_code_close(m->img.code);
	m->img.code = NULL;
	elf_image_done(&m->img.elf);
	if (m->fd >= 0)
		close(m->fd);
	m->fd = -1;
}

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
#include "elfbuild.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

void elfb_put(const struct elfb *b, void *p, size_t width, uint64_t v)
{
	uint8_t *d = p;

	for (size_t i = 0; i < width; i++)
		d[b->big_endian ? width - 1 - i : i] = v >> (8 * i);
}

#define PUT(b, p, T, m, v)                                                                         \
	((b)->is32                                                                                 \
		 ? elfb_put((b), (p) + offsetof(Elf32_##T, m), sizeof(((Elf32_##T *)0)->m), (v))   \
		 : elfb_put((b), (p) + offsetof(Elf64_##T, m), sizeof(((Elf64_##T *)0)->m), (v)))

int elfb_section(struct elfb *b, const char *name, uint32_t type, uint64_t flags, uint64_t addr,
		 const void *data, size_t len)
{
	int i = ++b->nsections;

	if (i >= ELFB_MAX_SECTIONS)
		abort();
	b->sections[i].name = name;
	b->sections[i].type = type;
	b->sections[i].flags = flags;
	b->sections[i].addr = addr;
	b->sections[i].data = data;
	b->sections[i].len = len;
	return i;
}

int elfb_segment(struct elfb *b, uint32_t type, uint32_t flags, int section)
{
	int i = b->nsegments++;

	if (i >= ELFB_MAX_SEGMENTS)
		abort();
	b->segments[i].type = type;
	b->segments[i].flags = flags;
	b->segments[i].section = section;
	return i;
}

uint8_t *elfb_build(struct elfb *b, size_t *ret_len)
{
	size_t ehdr = b->is32 ? sizeof(Elf32_Ehdr) : sizeof(Elf64_Ehdr);
	size_t phdr = b->is32 ? sizeof(Elf32_Phdr) : sizeof(Elf64_Phdr);
	size_t shdr = b->is32 ? sizeof(Elf32_Shdr) : sizeof(Elf64_Shdr);
	size_t pos = ehdr + b->nsegments * phdr, names = 1, shoff, total;
	int nshdr = b->nsections + 2; /* the null section and .shstrtab */
	uint8_t *buf, *p;

	for (int i = 1; i <= b->nsections; i++) {
		pos = (pos + 15) & ~(size_t)15;
		b->sections[i].off = pos;
		if (b->sections[i].type != SHT_NOBITS)
			pos += b->sections[i].len;
		names += strlen(b->sections[i].name) + 1;
	}
	names += strlen(".shstrtab") + 1;
	shoff = (pos + names + 15) & ~(size_t)15;
	total = shoff + nshdr * shdr;
	buf = calloc(1, total);
	if (!buf)
		abort();
	memcpy(buf, ELFMAG, SELFMAG);
	buf[EI_CLASS] = b->is32 ? ELFCLASS32 : ELFCLASS64;
	buf[EI_DATA] = b->big_endian ? ELFDATA2MSB : ELFDATA2LSB;
	buf[EI_VERSION] = EV_CURRENT;
	PUT(b, buf, Ehdr, e_type, b->type ? b->type : ET_EXEC);
	PUT(b, buf, Ehdr, e_machine, b->machine ? b->machine : EM_X86_64);
	PUT(b, buf, Ehdr, e_version, EV_CURRENT);
	PUT(b, buf, Ehdr, e_ehsize, ehdr);
	PUT(b, buf, Ehdr, e_phoff, b->nsegments ? ehdr : 0);
	PUT(b, buf, Ehdr, e_phentsize, phdr);
	PUT(b, buf, Ehdr, e_phnum, b->nsegments);
	PUT(b, buf, Ehdr, e_shoff, shoff);
	PUT(b, buf, Ehdr, e_shentsize, shdr);
	PUT(b, buf, Ehdr, e_shnum, nshdr);
	PUT(b, buf, Ehdr, e_shstrndx, nshdr - 1);

	for (int i = 0; i < b->nsegments; i++) {
		int s = b->segments[i].section;
		uint64_t off = s ? b->sections[s].off : 0, len = s ? b->sections[s].len : total;

		p = buf + ehdr + i * phdr;
		PUT(b, p, Phdr, p_type, b->segments[i].type);
		PUT(b, p, Phdr, p_flags, b->segments[i].flags);
		PUT(b, p, Phdr, p_offset, off);
		PUT(b, p, Phdr, p_vaddr, s ? b->sections[s].addr : 0);
		PUT(b, p, Phdr, p_filesz, len);
		PUT(b, p, Phdr, p_memsz, len + b->segments[i].extra);
		PUT(b, p, Phdr, p_align, 1);
	}
	names = 1;
	for (int i = 1; i <= b->nsections; i++) {
		p = buf + shoff + i * shdr;
		PUT(b, p, Shdr, sh_name, names);
		PUT(b, p, Shdr, sh_type, b->sections[i].type);
		PUT(b, p, Shdr, sh_flags, b->sections[i].flags);
		PUT(b, p, Shdr, sh_addr, b->sections[i].addr);
		PUT(b, p, Shdr, sh_offset, b->sections[i].off);
		PUT(b, p, Shdr, sh_size, b->sections[i].len);
		PUT(b, p, Shdr, sh_link, b->sections[i].link);
		PUT(b, p, Shdr, sh_entsize, b->sections[i].entsize);
		if (b->sections[i].type != SHT_NOBITS && b->sections[i].len)
			memcpy(buf + b->sections[i].off, b->sections[i].data, b->sections[i].len);
		strcpy((char *)buf + pos + names, b->sections[i].name);
		names += strlen(b->sections[i].name) + 1;
	}
	p = buf + shoff + (nshdr - 1) * shdr;
	strcpy((char *)buf + pos + names, ".shstrtab");
	PUT(b, p, Shdr, sh_name, names);
	PUT(b, p, Shdr, sh_type, SHT_STRTAB);
	PUT(b, p, Shdr, sh_offset, pos);
	PUT(b, p, Shdr, sh_size, names + strlen(".shstrtab") + 1);
	*ret_len = total;
	return buf;
}

int elfb_fd(const void *data, size_t len)
{
	int fd = memfd_create("elfbuild", MFD_CLOEXEC);

	if (fd < 0 || write(fd, data, len) != (ssize_t)len)
		abort();
	return fd;
}

int elfb_build_fd(struct elfb *b)
{
	size_t len;
	uint8_t *buf = elfb_build(b, &len);
	int fd = elfb_fd(buf, len);

	free(buf);
	return fd;
}

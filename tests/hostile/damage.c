/* SPDX-License-Identifier: BSD-2-Clause */
#include "damage.h"

#include <elf.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>
#include "base/err.h"
#include "code.h"
#include "debug_section.h"
#include "image.h"

/* ---- what is where ---- */

static struct region region_at(const struct elf_image *e, uint64_t vaddr, size_t len)
{
	uint64_t off;

	if (!vaddr || !elf_image_file_off(e, vaddr, &off))
		return (struct region){0, 0};
	return (struct region){off, len < e->size - off ? len : e->size - off};
}

static struct region region_of(const struct elf_image *e, const char *name)
{
	const struct elf_section *s = elf_image_section(e, name);

	if (!s || !elf_image_data(e, s))
		return (struct region){0, 0};
	return (struct region){s->off, s->size};
}

static void find_places(const struct golin_image *img, struct program *p)
{
	const struct elf_image *e = &img->elf;
	struct region *r = p->places;

	r[P_EHDR] = (struct region){0, sizeof(Elf64_Ehdr)};
	r[P_PHDRS] = (struct region){sizeof(Elf64_Ehdr), sizeof(Elf64_Phdr) * e->nsegments};
	r[P_SHDRS] = (struct region){elf_u64(e, e->map + offsetof(Elf64_Ehdr, e_shoff)),
				     sizeof(Elf64_Shdr) * e->nsections};
	r[P_BUILDINFO] = region_of(e, ".go.buildinfo");
	r[P_NOTES] = region_of(e, ".note.go.buildid");
	r[P_RELOCS] = region_of(e, ".rela");
	if (!r[P_RELOCS].len)
		r[P_RELOCS] = region_of(e, ".rela.dyn");
	r[P_DYNAMIC] = region_of(e, ".dynamic");
	r[P_SYMTAB] = region_of(e, ".symtab");
	r[P_TEXT] = region_of(e, ".text");
	r[P_ANY] = (struct region){0, p->len};
	if (img->code) {
		const struct pclntab *t = &img->code->tab;
		uint64_t at = t->vaddr;
		size_t functab = (t->format >= PCLN_GO118 ? 8 : 16) * (size_t)t->nfunc;

		r[P_PCLN_HEADER] = region_at(e, at, 80);
		r[P_FUNCTAB] = region_at(e, at + (t->funcs.p - t->data), functab);
		r[P_FUNCS] =
			region_at(e, at + (t->funcs.p - t->data) + functab, (size_t)t->nfunc * 60);
		r[P_PCTAB] = region_at(e, at + (t->pctab.p - t->data), t->pctab.len);
		r[P_NAMES] = region_at(e, at + (t->names.p - t->data), t->names.len);
		r[P_INLINE] = region_at(e, img->code->module.gofunc, 1 << 15);
		r[P_MODULEDATA] = region_at(e, img->code->module.vaddr, 560);
	}
}

static struct blob inflated(const struct elf_image *e, const char *name)
{
	struct debug_section s;
	struct blob b = {NULL, 0};

	if (debug_section_open(e, name, &s, NULL))
		return b;
	b.len = s.size;
	b.p = malloc(b.len + 1);
	if (!b.p || debug_section_read(&s, b.p, b.len, NULL))
		b.len = 0;
	debug_section_done(&s);
	return b;
}

static size_t shdr_of(const struct elf_image *e, const struct program *p, const char *name)
{
	const struct elf_section *s = elf_image_section(e, name);

	return s ? p->places[P_SHDRS].off + sizeof(Elf64_Shdr) * (s - e->sections) : 0;
}

static void find_units(struct program *p)
{
	size_t at = 0, most = 0;

	p->units = malloc(sizeof(size_t) * (p->info.len / 11 + 1));
	while (p->units && at + 11 < p->info.len) {
		uint32_t len;

		memcpy(&len, p->info.p + at, 4);
		if (len > p->info.len - at - 4)
			break;
		p->units[p->nunits++] = at;
		if (len > most && memmem(p->info.p + at, len, "runtime.sudog", 14)) {
			most = len;
			p->types = (struct region){at, len + 4};
		}
		at += 4 + len;
	}
}

bool program_open(const char *path, struct program *ret)
{
	struct program p = {.path = path};
	struct golin_err err = {0};
	struct golin_image *img;
	int fd = open(path, O_RDONLY | O_CLOEXEC), r;
	struct stat st;

	if (fd < 0 || fstat(fd, &st)) {
		fprintf(stderr, "cannot open '%s'\n", path);
		return false;
	}
	r = golin_image_open(fd, &img, &err);
	if (r) {
		fprintf(stderr, "%s: %s\n", path, err.msg);
		close(fd);
		return false;
	}
	p.len = st.st_size;
	p.data = malloc(p.len);
	if (!p.data || pread(fd, p.data, p.len, 0) != (ssize_t)p.len)
		return false;
	close(fd);
	find_places(img, &p);
	p.info = inflated(&img->elf, "info");
	p.abbrev = inflated(&img->elf, "abbrev");
	p.gnu_names = elf_image_section(&img->elf, ".zdebug_info");
	p.info_shdr = shdr_of(&img->elf, &p, p.gnu_names ? ".zdebug_info" : ".debug_info");
	p.abbrev_shdr = shdr_of(&img->elf, &p, p.gnu_names ? ".zdebug_abbrev" : ".debug_abbrev");
	if (!p.info_shdr || !p.abbrev_shdr)
		p.info.len = p.abbrev.len = 0;
	find_units(&p);
	golin_image_close(img);
	*ret = p;
	return true;
}

/* ---- sections that are written anew ---- */

struct blob pack(const struct blob *b, enum packing packing, uint64_t claim)
{
	struct blob out = {NULL, 0};
	uint8_t head[24] = {0};
	size_t head_len = packing == PACK_GNU ? 12 : sizeof(Elf64_Chdr);
	uLongf zlen = compressBound(b->len);
	size_t room = packing == PACK_ZSTD ? ZSTD_compressBound(b->len) : zlen;

	if (packing == PACK_NONE) {
		out.p = malloc(b->len + 1);
		memcpy(out.p, b->p, b->len);
		out.len = b->len;
		return out;
	}
	out.p = malloc(room + head_len);
	if (packing == PACK_ZSTD) {
		room = ZSTD_compress(out.p + head_len, room, b->p, b->len, 1);
		if (ZSTD_isError(room))
			abort();
	} else {
		if (compress2(out.p + head_len, &zlen, b->p, b->len, 1) != Z_OK)
			abort();
		room = zlen;
	}
	if (packing == PACK_GNU) {
		memcpy(head, "ZLIB", 4);
		for (int i = 0; i < 8; i++)
			head[4 + i] = claim >> (56 - 8 * i);
	} else {
		Elf64_Chdr ch = {.ch_type = packing == PACK_ZLIB ? 1 : 2,
				 .ch_size = claim,
				 .ch_addralign = 1};

		memcpy(head, &ch, sizeof(ch));
	}
	memcpy(out.p, head, head_len);
	out.len = head_len + room;
	return out;
}

void move_section(struct blob *file, size_t shdr, const struct blob *content, uint64_t flags)
{
	Elf64_Shdr sh;
	uint8_t *grown = realloc(file->p, file->len + content->len + 1);

	if (!grown)
		abort();
	file->p = grown;
	memcpy(&sh, file->p + shdr, sizeof(sh));
	sh.sh_flags = flags;
	sh.sh_offset = file->len;
	sh.sh_size = content->len;
	memcpy(file->p + shdr, &sh, sizeof(sh));
	memcpy(file->p + file->len, content->p, content->len);
	file->len += content->len;
}

uint8_t *with_dwarf(const struct program *p, const struct blob *info, const struct blob *abbrev,
		    enum packing packing, size_t *ret_len)
{
	struct blob file = {malloc(p->len), p->len}, packed;
	uint64_t flags = packing == PACK_NONE ? 0 : SHF_COMPRESSED;

	memcpy(file.p, p->data, p->len);
	if (p->gnu_names) {
		packing = PACK_GNU;
		flags = 0;
	} else if (packing == PACK_GNU) {
		packing = PACK_ZLIB;
	}
	packed = pack(info, packing, info->len);
	move_section(&file, p->info_shdr, &packed, flags);
	free(packed.p);
	packed = pack(abbrev, packing, abbrev->len);
	move_section(&file, p->abbrev_shdr, &packed, flags);
	free(packed.p);
	*ret_len = file.len;
	return file.p;
}

/* ---- damage ---- */

/* splitmix64 */
static uint64_t rnd(uint64_t *s, uint64_t n)
{
	uint64_t z = *s += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	z ^= z >> 31;
	return n ? z % n : 0;
}

static uint64_t interesting(uint64_t *s, size_t len)
{
	const uint64_t values[] = {0,	       1,	   2,	      0x7f,	  0x80,
				   0xff,       0x7fff,	   0xffff,    0x7fffffff, 0x80000000,
				   0xffffffff, 1ull << 40, INT64_MAX, 1ull << 63, UINT64_MAX,
				   len,	       len - 1,	   len + 1,   rnd(s, len)};

	return values[rnd(s, sizeof(values) / sizeof(values[0]))];
}

static void hit(uint8_t *p, size_t len, uint64_t *s)
{
	size_t at = rnd(s, len), width = 1 << rnd(s, 4), from;
	uint64_t v;

	switch (rnd(s, 5)) {
	case 0:
		p[at] ^= 1u << rnd(s, 8);
		break;
	case 1:
		p[at] = rnd(s, 256);
		break;
	case 2: /* a word, where one may stand */
		at -= at % width;
		v = interesting(s, len);
		memcpy(p + at, &v, width < len - at ? width : len - at);
		break;
	case 3: /* one a little larger or smaller */
		p[at] += rnd(s, 9) - 4;
		break;
	default: /* a few bytes from elsewhere */
		from = rnd(s, len);
		width = 1 + rnd(s, 16);
		if (width > len - at)
			width = len - at;
		if (width > len - from)
			width = len - from;
		memmove(p + at, p + from, width);
	}
}

static void hit_region(uint8_t *data, struct region r, uint64_t *s)
{
	int times = 1 + rnd(s, 4);

	/* More often near the beginning: there are the headers of most things. */
	if (rnd(s, 3) == 0 && r.len > 512)
		r.len = 512;
	while (times--)
		hit(data + r.off, r.len, s);
}

static uint8_t *damage_dwarf(const struct program *p, uint64_t *s, size_t *ret_len,
			     const char **ret_kind)
{
	struct blob info = {malloc(p->info.len), p->info.len},
		    abbrev = {malloc(p->abbrev.len), p->abbrev.len};
	enum packing packing = rnd(s, PACK_MAX);
	uint8_t *out;

	memcpy(info.p, p->info.p, info.len);
	memcpy(abbrev.p, p->abbrev.p, abbrev.len);
	switch (rnd(s, 8)) {
	case 0:
	case 1:
		*ret_kind = "abbreviations";
		hit_region(abbrev.p, (struct region){0, abbrev.len}, s);
		break;
	case 2:
		*ret_kind = "unit header";
		hit(info.p + p->units[rnd(s, p->nunits)], 12, s);
		break;
	case 3:
		*ret_kind = "types' unit header";
		hit(info.p + p->types.off, 24, s);
		break;
	case 4:
		*ret_kind = "cut DWARF";
		if (rnd(s, 4))
			info.len = p->types.off + rnd(s, p->types.len);
		else
			abbrev.len = rnd(s, abbrev.len);
		break;
	case 5:
		*ret_kind = "many DIEs";
		for (int i = 0; i < 64; i++)
			hit_region(info.p, p->types, s);
		break;
	default:
		*ret_kind = "DIEs";
		hit_region(info.p, p->types, s);
	}
	out = with_dwarf(p, &info, &abbrev, packing, ret_len);
	free(info.p);
	free(abbrev.p);
	return out;
}

uint8_t *damage(const struct program *p, uint64_t seed, size_t *ret_len, const char **ret_kind)
{
	static const struct {
		uint8_t place, weight;
		const char *kind;
	} in_place[] = {
		{P_EHDR, 3, "ELF header"},
		{P_PHDRS, 6, "program headers"},
		{P_SHDRS, 8, "section headers"},
		{P_PCLN_HEADER, 6, "function table: header"},
		{P_FUNCTAB, 4, "function table: functab"},
		{P_FUNCS, 6, "function table: functions"},
		{P_PCTAB, 4, "function table: pctab"},
		{P_NAMES, 3, "function table: names"},
		{P_INLINE, 3, "inline trees"},
		{P_BUILDINFO, 5, "build information"},
		{P_MODULEDATA, 6, "module data"},
		{P_NOTES, 3, "notes"},
		{P_RELOCS, 4, "relocations"},
		{P_DYNAMIC, 4, "dynamic section"},
		{P_SYMTAB, 2, "symbols"},
		{P_TEXT, 3, "code"},
		{P_ANY, 4, "anywhere"},
	};
	uint64_t s = seed;
	uint8_t *out;
	int total = 0, pick;

	if (p->types.len && rnd(&s, 2))
		return damage_dwarf(p, &s, ret_len, ret_kind);
	for (size_t i = 0; i < sizeof(in_place) / sizeof(in_place[0]); i++)
		total += p->places[in_place[i].place].len ? in_place[i].weight : 0;
	pick = rnd(&s, total);
	out = malloc(p->len);
	memcpy(out, p->data, p->len);
	*ret_len = p->len;
	for (size_t i = 0; i < sizeof(in_place) / sizeof(in_place[0]); i++) {
		struct region r = p->places[in_place[i].place];

		pick -= r.len ? in_place[i].weight : 0;
		if (pick >= 0)
			continue;
		*ret_kind = in_place[i].kind;
		hit_region(out, r, &s);
		/* A table of which much is wrong. */
		for (int k = 0; r.len > 4096 && k < 200 && seed % 4 == 0; k++)
			hit(out + r.off, r.len, &s);
		break;
	}
	return out;
}

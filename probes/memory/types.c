/* SPDX-License-Identifier: BSD-2-Clause */
#include "memory/types.h"

#include <elf.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>
#include "base/err.h"
#include "base/text.h"
#include "golin/layout.h"
#include "memory/mem.h"

enum {
	TYPES_MAX = 1 << 16, /* remembered; a program that makes more is asked again */
	ITABS_MAX = 1 << 18, /* and what is none, so that it need not be read again */
	NAME_MAX_RAW = 256,
	MINOR_VARINT = 17, /* the length of a name was two bytes, big-endian, up to Go 1.16 */
	MINOR_DIRECT = 26, /* internal/abi: TFlagDirectIface; until then a bit of the kind */
	TFLAG_EXTRA_STAR = 1 << 1,
	TFLAG_DIRECT = 1 << 5,
	KIND_DIRECT = 1 << 5,
	KIND_MASK = (1 << 5) - 1,
	ITAB_SPAN = 16, /* inter and type are the first words of an itab */
	TYPE_SPAN = 48, /* bytes of an abi.Type on 64-bit machines, all Go versions */
};

/* What the linker made, of a program that has no memory any more: from its file. */
static int read_file(const struct golin_memory *m, uint64_t addr, void *buf, size_t len)
{
	const struct golin_image_info *info = m->info;
	uint64_t at = addr - m->bias;

	for (uint32_t i = 0; i < info->nsegments && m->exe_fd > 0; i++) {
		const struct golin_segment *s = &info->segments[i];
		uint64_t off = at - s->vaddr;

		if (at < s->vaddr || off >= s->file_size || len > s->file_size - off)
			continue;
		return pread(m->exe_fd, buf, len, (off_t)(s->file_off + off)) == (ssize_t)len
			       ? 0
			       : -EFAULT;
	}
	return -EFAULT;
}

enum constant { BYTES, ADDRESSES };

enum { LINKED_AT = 0x10000 };

/* Is a number in its file an address as linked? Go's own linker places programs high enough. */
static bool is_linked(const struct golin_image_info *info, uint64_t word)
{
	for (uint32_t i = 0; i < info->nsegments; i++)
		if (info->segments[i].vaddr < LINKED_AT)
			return false;
	for (uint32_t i = 0; i < info->nsegments; i++)
		if (word - info->segments[i].vaddr < info->segments[i].mem_size)
			return true;
	return false;
}

/*
 * Of a position-independent program, the addresses in its file are not yet those in the process.
 * Other linkers leave them out: then a 0 may stand for anything.
 */
static int read_file_words(const struct golin_memory *m, uint64_t addr, void *buf, size_t len)
{
	int r = read_file(m, addr, buf, len);

	if (r || !(m->info->flags & GOLIN_IMAGE_PIE))
		return r;
	for (size_t i = 0; i + 8 <= len; i += 8) {
		uint64_t word;

		memcpy(&word, (char *)buf + i, sizeof(word));
		if (addr % 8 || (!word && !is_linked(m->info, addr - m->bias)))
			return -EFAULT;
		if (is_linked(m->info, word))
			word += m->bias;
		memcpy((char *)buf + i, &word, sizeof(word));
	}
	return 0;
}

static int read_const(struct types *t, uint64_t addr, void *buf, size_t len, enum constant what)
{
	int r = t->ended ? -ESRCH : mem_read(t->m->mem_fd, addr, buf, len);

	if (!r)
		return 0;
	/* Once it is gone, it stays so: nothing else is asked of it. */
	t->ended |= r == -ESRCH;
	if (!t->ended && r != -EBADF)
		return r;
	return what == BYTES ? read_file(t->m, addr, buf, len)
			     : read_file_words(t->m, addr, buf, len);
}

static int module_types(struct types *t, struct golin_err *err)
{
	const struct golin_memory *m = t->m;
	uint64_t at = m->info->moduledata;
	uint32_t lo, hi;
	int r;

	if (m->info->types) {
		t->lo = m->info->types + m->bias;
		t->hi = m->info->etypes + m->bias;
		return 0;
	}
	if (!at || !golin_layout_get(m->layout, GOLIN_F_MODULEDATA_types, &lo) ||
	    !golin_layout_get(m->layout, GOLIN_F_MODULEDATA_etypes, &hi))
		return golin_err_set(err, -ENODATA,
				     "where the program keeps its types is not known");
	r = mem_read(m->mem_fd, m->bias + at + lo, &t->lo, 8);
	if (!r)
		r = mem_read(m->mem_fd, m->bias + at + hi, &t->hi, 8);
	if (r)
		return golin_err_set(err, r, "cannot read where the program keeps its types: %s",
				     golin_errno_name(-r));
	if (t->lo >= t->hi)
		return golin_err_set(err, -ENODATA, "the program's types end before they begin");
	return 0;
}

int types_open(struct types *t, const struct golin_memory *m, struct golin_err *err)
{
	const struct {
		enum golin_field_id field;
		uint32_t *ret;
		uint32_t size, within;
	} want[] = {
		{GOLIN_F_TYPE_Size_, &t->size, 8, TYPE_SPAN},
		{GOLIN_F_TYPE_TFlag, &t->tflag, 1, TYPE_SPAN},
		{GOLIN_F_TYPE_Kind_, &t->kind, 1, TYPE_SPAN},
		{GOLIN_F_TYPE_Str, &t->str, 4, TYPE_SPAN},
		{GOLIN_F_ITAB_Inter, &t->itab_inter, 8, ITAB_SPAN},
		{GOLIN_F_ITAB_Type, &t->itab_type, 8, ITAB_SPAN},
	};

	memset(t, 0, sizeof(*t));
	t->m = m;
	for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++)
		if (!golin_layout_get(m->layout, want[i].field, want[i].ret) ||
		    *want[i].ret > want[i].within - want[i].size)
			return golin_err_set(err, -ENODATA, "the layout lacks %s.%s",
					     golin_struct_name(golin_field_struct(want[i].field)),
					     golin_field_name(want[i].field));
	return module_types(t, err);
}

void types_done(struct types *t)
{
	map64_done(&t->by_addr);
	map64_done(&t->by_itab);
	map64_done(&t->by_struct);
	array_free(&t->v);
	array_free(&t->itabs);
	array_free(&t->structs);
	array_free(&t->fields);
}

/* The name at an offset from the module's types: flags, length, bytes (reflect's type.go). */
static void read_name(struct types *t, int32_t off, uint8_t tflag, struct go_type *ret)
{
	uint8_t raw[3 + NAME_MAX_RAW];
	size_t len = 0, at = 1, have = sizeof(raw);
	bool star = tflag & TFLAG_EXTRA_STAR;

	if (off <= 0 || (uint64_t)off >= t->hi - t->lo)
		return;
	if (have > t->hi - t->lo - (uint64_t)off)
		have = (size_t)(t->hi - t->lo - (uint64_t)off);
	if (have < 4 || read_const(t, t->lo + (uint64_t)off, raw, have, BYTES))
		return;
	if (t->m->info->go.minor < MINOR_VARINT) {
		len = (size_t)raw[1] << 8 | raw[2];
		at = 3;
	} else {
		for (int shift = 0; at < 4; shift += 7) {
			len |= (size_t)(raw[at] & 0x7f) << shift;
			if (!(raw[at++] & 0x80))
				break;
		}
	}
	if (star && len) {
		at++;
		len--;
	}
	if (at > have)
		return;
	if (len > have - at)
		len = have - at;
	golin_text_clean(ret->name, sizeof(ret->name), raw + at, len);
}

static bool read_type(struct types *t, uint64_t addr, struct go_type *ret)
{
	uint8_t raw[TYPE_SPAN], tflag;
	uint64_t size;
	int32_t str;

	memset(ret, 0, sizeof(*ret));
	ret->addr = addr;
	if (read_const(t, addr, raw, sizeof(raw), BYTES))
		return false;
	memcpy(&size, raw + t->size, 8);
	memcpy(&str, raw + t->str, 4);
	tflag = ret->tflag = raw[t->tflag];
	ret->kind = raw[t->kind] & KIND_MASK;
	ret->direct = t->m->info->go.minor >= MINOR_DIRECT ? tflag & TFLAG_DIRECT
							   : raw[t->kind] & KIND_DIRECT;
	ret->size = size > UINT32_MAX ? UINT32_MAX : (uint32_t)size;
	read_name(t, str, tflag, ret);
	return true;
}

const struct go_type *types_get(struct types *t, uint64_t addr)
{
	struct go_type type;
	uint32_t at;

	if (!addr)
		return NULL;
	if (map64_get(&t->by_addr, addr, &at))
		return &t->v.v[at];
	if (!read_type(t, addr, &type))
		return NULL;
	if (t->v.len >= TYPES_MAX) {
		t->v.len = 0;
		map64_done(&t->by_addr);
		memset(&t->by_addr, 0, sizeof(t->by_addr));
	}
	if (!array_reserve(&t->v, t->v.len + 1) ||
	    !map64_put(&t->by_addr, addr, (uint32_t)t->v.len))
		return NULL;
	t->v.v[t->v.len] = type;
	return &t->v.v[t->v.len++];
}

static void remember(struct types *t, uint64_t addr, const uint8_t *raw, struct go_itab *ret)
{
	uint32_t at;

	memcpy(&ret->inter, raw + t->itab_inter, 8);
	memcpy(&ret->type, raw + t->itab_type, 8);
	if (map64_get(&t->by_itab, addr, &at)) {
		t->itabs.v[at] = *ret;
		return;
	}
	if (t->itabs.len >= ITABS_MAX) {
		t->itabs.len = 0;
		map64_done(&t->by_itab);
		memset(&t->by_itab, 0, sizeof(t->by_itab));
	}
	if (array_reserve(&t->itabs, t->itabs.len + 1) &&
	    map64_put(&t->by_itab, addr, (uint32_t)t->itabs.len))
		t->itabs.v[t->itabs.len++] = *ret;
}

bool types_itab(struct types *t, uint64_t addr, struct go_itab *ret)
{
	uint8_t raw[ITAB_SPAN];
	uint32_t at;

	*ret = (struct go_itab){0};
	if (map64_get(&t->by_itab, addr, &at)) {
		*ret = t->itabs.v[at];
		return ret->type != 0;
	}
	if (!addr || addr % 8 || read_const(t, addr, raw, ITAB_SPAN, ADDRESSES))
		return false;
	remember(t, addr, raw, ret);
	return ret->type != 0;
}

/* Where nothing is written to but by the dynamic linker. */
static bool is_const(const struct types *t, uint64_t addr, enum constant what)
{
	const struct golin_image_info *info = t->m->info;
	uint64_t at = addr - t->m->bias;

	/* In a segment that can be written to, where addresses are put in at the start. */
	if (addr >= t->lo && addr < t->hi)
		return true;
	for (uint32_t i = 0; i < info->nsegments; i++) {
		const struct golin_segment *s = &info->segments[i];

		if (at >= s->vaddr && at - s->vaddr < s->file_size)
			return what == ADDRESSES || !(s->flags & PF_W);
	}
	return false;
}

int types_const(struct types *t, uint64_t addr, void *buf, size_t len)
{
	return is_const(t, addr, BYTES) ? read_const(t, addr, buf, len, BYTES) : -EFAULT;
}

int types_words(struct types *t, uint64_t addr, void *buf, size_t len)
{
	return is_const(t, addr, ADDRESSES) ? read_const(t, addr, buf, len, ADDRESSES) : -EFAULT;
}

int types_desc(struct types *t, uint64_t addr, void *buf, size_t len)
{
	return read_const(t, addr, buf, len, BYTES);
}

int types_desc_words(struct types *t, uint64_t addr, void *buf, size_t len)
{
	return read_const(t, addr, buf, len, ADDRESSES);
}

void types_told(struct types *t, uint64_t addr, const uint64_t words[2])
{
	struct go_itab itab;

	if (addr && addr % 8 == 0)
		remember(t, addr, (const uint8_t *)words, &itab);
}

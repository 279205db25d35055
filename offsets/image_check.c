/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the image process says may have been dictated by the file that it parsed. So everything is
 * checked here, in golin, against the little that golin knows by itself.
 */
#include <elf.h>
#include <string.h>
#include "base/text.h"
#include "image.h"
#include "image_wire.h"
#include "layout.h"

enum { MAX_ERRNO = 4095 };

#define REFUSE(text)                                                                               \
	do {                                                                                       \
		*why = (text);                                                                     \
		return false;                                                                      \
	} while (0)

/* Ends the string within its array and cleans it. */
static void clean(char *s, size_t cap)
{
	char tmp[1024];
	size_t len = strnlen(s, cap);

	if (len < cap && golin_text_is_clean(s, len))
		return;
	golin_text_clean(tmp, cap < sizeof(tmp) ? cap : sizeof(tmp), s, len);
	strcpy(s, tmp);
}
#define CLEAN(array) clean((array), sizeof(array))

static const struct golin_segment *segment_of(const struct golin_image_info *i, uint64_t lo,
					      uint64_t hi, uint32_t flags, bool in_file)
{
	for (uint32_t k = 0; k < i->nsegments; k++) {
		const struct golin_segment *s = &i->segments[k];
		uint64_t size = in_file ? s->file_size : s->mem_size;

		if ((s->flags & flags) == flags && lo >= s->vaddr && lo - s->vaddr < size &&
		    hi >= lo && hi - s->vaddr <= size)
			return s;
	}
	return NULL;
}

/* What debug files are looked for by: it becomes part of paths. */
static bool check_debug(const struct golin_image_info *i, const char **why)
{
	const uint32_t all = GOLIN_IMAGE_GNU_BUILD_ID | (GOLIN_IMAGE_GNU_BUILD_ID - 1);
	size_t len = strlen(i->build_id);

	if (i->flags & ~all)
		REFUSE("a flag that is none");
	if ((i->flags & GOLIN_IMAGE_GNU_BUILD_ID) &&
	    (!len || len % 2 || strspn(i->build_id, "0123456789abcdef") != len))
		REFUSE("a GNU build id that is none");
	len = strlen(i->debuglink);
	if (len && !image_is_plain_name(i->debuglink, len))
		REFUSE("a debug file that is no plain name");
	return true;
}

bool image_check_info(struct golin_image_info *i, uint64_t file_size, const char **why)
{
	CLEAN(i->arch);
	CLEAN(i->build_id);
	CLEAN(i->debuglink);
	CLEAN(i->go.text);
	CLEAN(i->go.short_);
	if (*(const uint8_t *)&i->go.devel > 1)
		REFUSE("a version that is none");
	if (i->nsegments > sizeof(i->segments) / sizeof(i->segments[0]))
		REFUSE("too many segments");
	for (uint32_t k = 0; k < i->nsegments; k++) {
		const struct golin_segment *s = &i->segments[k];

		if (s->file_off > file_size || s->file_size > file_size - s->file_off)
			REFUSE("a segment outside the file");
		if (s->file_size > s->mem_size || s->vaddr + s->mem_size < s->vaddr)
			REFUSE("a segment that wraps");
	}
	if (i->text > i->etext)
		REFUSE("a text that ends before it begins");
	if (i->etext && !segment_of(i, i->text, i->etext, PF_X, false))
		REFUSE("a text outside the executable segments");
	if (i->allgs && !segment_of(i, i->allgs, i->allgs + 24, PF_W, false))
		REFUSE("runtime.allgs outside the writable segments");
	if (i->pclntab && !segment_of(i, i->pclntab, i->pclntab + 8, 0, true))
		REFUSE("a function table outside the file");
	if (i->moduledata && !segment_of(i, i->moduledata, i->moduledata + 8, PF_W, false))
		REFUSE("runtime.firstmoduledata outside the writable segments");
	if (i->mheap && !segment_of(i, i->mheap, i->mheap + 4096, PF_W, false))
		REFUSE("runtime.mheap_ outside the writable segments");
	for (int k = 0; k < 2; k++) {
		uint64_t at = i->empty_contexts[k];

		if (at && !segment_of(i, at, at + 8, PF_W, false))
			REFUSE("a variable of package context outside the writable segments");
	}
	if (i->types > i->etypes || (!i->types && i->etypes))
		REFUSE("types that end before they begin");
	if (i->types && !segment_of(i, i->types, i->etypes, 0, false))
		REFUSE("types outside the segments");
	if (i->timer_heaps && !segment_of(i, i->timer_heaps, i->timer_heaps + 24, PF_W, false))
		REFUSE("the timers outside the writable segments");
	if (i->dwarf_version > 5)
		REFUSE("a version of DWARF that is none");
	if (!check_debug(i, why))
		return false;
	if (i->tls_g && (i->tls_g > -8 || i->tls_g < -4096 || i->tls_g % 8))
		REFUSE("a TLS slot that is none");
	return true;
}

bool image_check_layout(struct golin_layout *l, const char **why)
{
	enum golin_field_id a, b;

	CLEAN(l->dwarf_section);
	if (l->source > GOLIN_FROM_TABLE)
		REFUSE("a layout from nowhere");
	for (int k = 0; k < GOLIN_S_MAX; k++) {
		const struct golin_struct *s = &l->structs[k];

		if (s->source > GOLIN_FROM_TABLE)
			REFUSE("a struct from nowhere");
		if (s->source && s->size > LAYOUT_MAX_STRUCT)
			REFUSE("a struct that is too large");
	}
	for (int k = 0; k < GOLIN_F_MAX; k++) {
		struct golin_field *f = &l->fields[k];
		const struct golin_struct *s = &l->structs[golin_field_struct(k)];

		CLEAN(f->type);
		if (f->source > GOLIN_FROM_TABLE)
			REFUSE("a field from nowhere");
		if (!f->source)
			continue;
		if (f->offset >= LAYOUT_MAX_STRUCT || f->size > LAYOUT_MAX_STRUCT)
			REFUSE("a field beyond any struct");
		if (f->source != s->source)
			REFUSE("a field that is not from where its struct is from");
		if ((uint64_t)f->offset + f->size > s->size)
			REFUSE("a field outside its struct");
	}
	if (layout_overlap(l, &a, &b))
		REFUSE("fields that lie on one another");
	return true;
}

static bool is_reg(uint8_t r)
{
	return r <= 15 || r == GOLIN_REG_NONE;
}

bool image_check_site(struct golin_site *s, const struct golin_image_info *i, const char **why)
{
	const struct golin_segment *seg;

	CLEAN(s->text);
	CLEAN(s->why);
	if (s->error > 0 || s->error < -MAX_ERRNO)
		REFUSE("an error that is none");
	if (s->error)
		return true;
	if (s->insn < GOLIN_INSN_JBE || s->insn > GOLIN_INSN_JCC)
		REFUSE("a kind of instruction that is none");
	if (s->drop_flags & ~0x41U)
		REFUSE("flags that no branch tests");
	if (!is_reg(s->base_reg) || !is_reg(s->value_reg) || !is_reg(s->g_reg))
		REFUSE("a register that is none");
	if (s->partial > 1)
		REFUSE("neither all calls nor a part of them");
	if (s->vaddr < s->func_lo || s->vaddr >= s->func_hi)
		REFUSE("an instruction outside its function");
	if (s->func_lo < i->text || s->func_hi > i->etext)
		REFUSE("a function outside the text");
	seg = segment_of(i, s->func_lo, s->func_hi, PF_X, true);
	if (!seg)
		REFUSE("a function outside the executable segments");
	if (s->file_off != seg->file_off + (s->vaddr - seg->vaddr))
		REFUSE("an instruction at a wrong place in the file");
	if (s->nop5_off &&
	    (s->nop5_off < seg->file_off + (s->func_lo - seg->vaddr) || s->nop5_off >= s->file_off))
		REFUSE("a nop outside its function");
	return true;
}

bool image_check_defers(const struct golin_func_defers *d, const struct golin_image_info *i,
			uint64_t pc, const char **why)
{
	if (!d->lo && !d->hi && !d->open && !d->call && !d->outermost && !d->trap)
		return true; /* no function */
	if (d->lo < i->text || d->hi > i->etext || pc < d->lo || pc >= d->hi)
		REFUSE("a function where the address is not");
	if (d->call > GOLIN_DEFER_CALL_RANGE || d->open > GOLIN_OPEN_UNKNOWN ||
	    d->n > GOLIN_OPEN_DEFERS || d->outermost > 1 || d->trap > 1)
		REFUSE("defer statements of an unknown kind");
	for (uint32_t k = 0; k < GOLIN_OPEN_DEFERS; k++)
		if (d->at[k] >= d->hi - d->lo)
			REFUSE("a defer statement outside its function");
	return true;
}

bool image_check_err(struct golin_err *e, const char **why)
{
	CLEAN(e->msg);
	CLEAN(e->hint);
	if (e->code > 0 || e->code < -MAX_ERRNO)
		REFUSE("an error that is none");
	if (e->code && !e->msg[0])
		REFUSE("an error without a text");
	return true;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * g._panic: a list of runtime._panic, each in the frame of the call of gopanic or Goexit that made
 * it. So all lie on the goroutine's stack, an older one above a newer one.
 */
#include <errno.h>
#include <string.h>
#include "golin/layout.h"
#include "memory/defers.h"
#include "memory/mem.h"

enum { PANIC_SPAN = 256 };

static bool field(const struct golin_layout *l, enum golin_field_id id, uint32_t size,
		  uint32_t *ret, uint32_t *span)
{
	if (!golin_layout_get(l, id, ret) || *ret > PANIC_SPAN - size)
		return false;
	if (*ret + size > *span)
		*span = *ret + size;
	return true;
}

static bool fields_get(const struct golin_layout *l, struct panic_fields *f)
{
	uint32_t arg, type, data, ignored = 0;

	memset(f, 0, sizeof(*f));
	if (!field(l, GOLIN_F_PANIC_arg, 16, &arg, &f->span) ||
	    !field(l, GOLIN_F_PANIC_link, 8, &f->link, &f->span) ||
	    !field(l, GOLIN_F_PANIC_recovered, 1, &f->recovered, &f->span) ||
	    !field(l, GOLIN_F_EFACE_type, 8, &type, &ignored) ||
	    !field(l, GOLIN_F_EFACE_data, 8, &data, &ignored) || type > 8 || data > 8)
		return false;
	f->arg_type = arg + type;
	f->arg_data = arg + data;
	f->has_aborted = field(l, GOLIN_F_PANIC_aborted, 1, &f->aborted, &f->span);
	f->has_goexit = field(l, GOLIN_F_PANIC_goexit, 1, &f->goexit, &f->span);
	f->has_repanicked = field(l, GOLIN_F_PANIC_repanicked, 1, &f->repanicked, &f->span);
	f->has_deferreturn = field(l, GOLIN_F_PANIC_deferreturn, 1, &f->deferreturn, &f->span);
	return true;
}

static uint64_t u64_at(const uint8_t *raw, uint32_t off)
{
	uint64_t v;

	memcpy(&v, raw + off, sizeof(v));
	return v;
}

static bool flags_of(const struct panic_fields *f, const uint8_t *raw, uint32_t *ret)
{
	const struct {
		bool has;
		uint32_t at, flag;
	} flags[] = {
		{true, f->recovered, GOLIN_KEPT_RECOVERED},
		{f->has_aborted, f->aborted, GOLIN_KEPT_ABORTED},
		{f->has_goexit, f->goexit, GOLIN_KEPT_GOEXIT},
		{f->has_repanicked, f->repanicked, GOLIN_KEPT_REPANICKED},
		{f->has_deferreturn, f->deferreturn, GOLIN_KEPT_DEFERRETURN},
	};

	*ret = 0;
	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		if (!flags[i].has)
			continue;
		if (raw[flags[i].at] > 1) /* no bool: this is not what it should be */
			return false;
		*ret |= raw[flags[i].at] ? flags[i].flag : 0;
	}
	return true;
}

int panics_read(const struct golin_memory *m, const struct stand *s, struct mem_defers *ret)
{
	uint64_t p = s->panic, above = stand_is_parked(s) ? s->at.sp : s->at.lo;
	uint8_t raw[PANIC_SPAN];
	struct panic_fields f;

	ret->npanics = 0;
	if (!p)
		return 0;
	if (!fields_get(m->layout, &f) || s->at.hi - s->at.lo < f.span) {
		ret->flags |= GOLIN_DEFERS_PARTIAL;
		return 0;
	}
	for (; p; p = u64_at(raw, f.link)) {
		struct mem_panic *k = &ret->panics[ret->npanics];
		int e;

		if (ret->npanics == GOLIN_KEPT_MAX) {
			ret->flags |= GOLIN_DEFERS_MORE;
			return 0;
		}
		/* Upwards only: so it ends. */
		e = p % 8 || p < above || p > s->at.hi - f.span
			    ? -EFAULT
			    : mem_read(m->mem_fd, p, raw, f.span);
		if (e && e != -EFAULT)
			return e;
		if (e || !flags_of(&f, raw, &k->flags)) {
			ret->flags |= GOLIN_DEFERS_PARTIAL;
			return 0;
		}
		k->addr = p;
		k->frame = UINT32_MAX;
		k->depth = 0;
		k->type = u64_at(raw, f.arg_type);
		k->data = u64_at(raw, f.arg_data);
		ret->npanics++;
		above = p + 8;
	}
	return 0;
}

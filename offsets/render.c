/* SPDX-License-Identifier: BSD-2-Clause */
/* What all formats have in common. */
#include <inttypes.h>
#include <stdio.h>
#include "base/strbuf.h"
#include "base/text.h"
#include "layout.h"
#include "render_impl.h"

void golin_known_absent(const struct golin_image_info *info, bool *ret)
{
	layout_table_absent(&info->go, info->arch, ret);
}

bool render_known_absent(const struct golin_render *r, enum golin_struct_id id)
{
	return r->known_absent && r->known_absent[id];
}

bool render_shows(const struct golin_render *r, enum golin_struct_id id)
{
	return !r->structs || r->structs[id];
}

const char *render_verdict(int verdict)
{
	return verdict == GOLIN_VERDICT_OK	 ? "ok"
	       : verdict == GOLIN_VERDICT_FAILED ? "FAILED"
						 : "not done";
}

const char *render_from(const struct golin_render *r, enum golin_struct_id s, enum golin_field_id f,
			char *dst, size_t cap)
{
	uint8_t source =
		f == GOLIN_F_MAX ? r->layout->structs[s].source : r->layout->fields[f].source;
	char from[24], to[24];
	struct layout_range range;

	*dst = '\0';
	if (source == GOLIN_FROM_DWARF || r->layout->structs[s].source == GOLIN_FROM_DWARF)
		snprintf(dst, cap, "%s, unit runtime",
			 *r->layout->dwarf_section ? r->layout->dwarf_section : "DWARF");
	else if (layout_table_range(&r->info->go, r->info->arch, s, f, &range))
		snprintf(dst, cap, "table, %s to %s",
			 render_release(from, sizeof(from), range.from_minor, range.from_patch),
			 render_release(to, sizeof(to), range.to_minor, range.to_patch));
	return dst;
}

static void pad(struct strbuf *out, int n)
{
	while (n-- > 0)
		strbuf_add(out, " ", 1);
}

void columns_row(struct columns *c, const char *const *cells, int n)
{
	for (int i = 0; i < n; i++) {
		int width = golin_text_width(cells[i]);

		if (!c->out) {
			c->width[i] = width > c->width[i] ? width : c->width[i];
			continue;
		}
		if (c->right & (1u << i))
			pad(c->out, c->width[i] - width);
		strbuf_adds(c->out, cells[i]);
		if (i + 1 == n)
			break;
		if (!(c->right & (1u << i)))
			pad(c->out, c->width[i] - width);
		pad(c->out, 2);
	}
	if (c->out)
		strbuf_add(c->out, "\n", 1);
}

void render_head(const struct golin_render *r, struct strbuf *out)
{
	static const struct {
		uint32_t flag;
		const char *name;
	} flags[] = {
		{GOLIN_IMAGE_PIE, "pie"},
		{GOLIN_IMAGE_CGO, "cgo"},
		{GOLIN_IMAGE_RACE, "race"},
		{GOLIN_IMAGE_STRIPPED, "stripped"},
	};
	const struct golin_image_info *info = r->info;

	strbuf_addf(out, "%s %s", info->go.text, info->arch);
	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
		if (info->flags & flags[i].flag)
			strbuf_addf(out, " %s", flags[i].name);
	strbuf_addf(out, ", layout from %s", golin_value_source_name(r->layout->source));
	if (r->layout->source == GOLIN_FROM_DWARF && info->dwarf_version)
		strbuf_addf(out, " (DWARF %" PRIu32 "%s%s)", info->dwarf_version,
			    r->debug_file ? " of " : "", r->debug_file ? r->debug_file : "");
	if (*info->build_id)
		strbuf_addf(out, ", build id %s", info->build_id);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* For scripts: a line a value. */
#include <inttypes.h>
#include <stdio.h>
#include "base/strbuf.h"
#include "layout.h"
#include "render_impl.h"

static void tsv_end(const struct golin_render *r, uint8_t source, struct strbuf *out)
{
	if (!r->bare)
		strbuf_addf(out, "\t%s",
			    source == GOLIN_FROM_NONE ? "-" : golin_value_source_name(source));
	strbuf_add(out, "\n", 1);
}

static void tsv_struct(const struct golin_render *r, const char *head, enum golin_struct_id s,
		       struct strbuf *out)
{
	const struct golin_struct *st = &r->layout->structs[s];
	const char *name = golin_struct_name(s), *none = "absent";
	enum golin_field_id i, end;

	if (st->source == GOLIN_FROM_NONE) {
		if (!r->bare && !render_known_absent(r, s))
			none = "unknown";
		strbuf_addf(out, "%s\t%s\t-\t%s\t-\t-", head, name, none);
	} else {
		strbuf_addf(out, "%s\t%s\t-\t-\t%" PRIu32 "\t-", head, name, st->size);
	}
	tsv_end(r, st->source, out);
	for (i = golin_struct_fields(s, &end); i < end; i++) {
		const struct golin_field *f = &r->layout->fields[i];

		strbuf_addf(out, "%s\t%s\t%s\t", head, name, golin_field_name(i));
		if (f->source == GOLIN_FROM_NONE)
			strbuf_addf(out, "%s\t-\t-", layout_is_unknown(f) ? "unknown" : none);
		else
			strbuf_addf(out, "%" PRIu32 "\t%" PRIu32 "\t%s", f->offset, f->size,
				    *f->type ? f->type : "-");
		tsv_end(r, f->source, out);
	}
}

void golin_render_tsv(const struct golin_render *r, struct strbuf *out)
{
	const struct golin_image_info *info = r->info;
	char head[96];

	snprintf(head, sizeof(head), "1.%u.%u\t%s", info->go.minor, info->go.patch, info->arch);
	for (int s = 0; s < GOLIN_S_MAX; s++)
		if (render_shows(r, s))
			tsv_struct(r, head, s, out);
}

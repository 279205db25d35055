/* SPDX-License-Identifier: BSD-2-Clause */
/* What the table knows. */
#include <stdio.h>
#include <string.h>
#include "base/jsonw.h"
#include "base/strbuf.h"
#include "render_impl.h"

/* As Go calls it: go1.20 is the first release of its minor, go1.21.0 too. */
const char *render_release(char *dst, size_t cap, unsigned int minor, unsigned int patch)
{
	if (patch || minor >= 21)
		snprintf(dst, cap, "go1.%u.%u", minor, patch);
	else
		snprintf(dst, cap, "go1.%u", minor);
	return dst;
}

static bool same_releases(const struct golin_table_release *a, const struct golin_table_release *b)
{
	return a->minor == b->minor && a->from_patch == b->from_patch && a->to_patch == b->to_patch;
}

static bool is_wanted(const struct golin_table_release *r, const char *arch)
{
	return !arch || !strcmp(r->arch, arch);
}

/* A line for each run of releases, with all architectures that have the same. */
static void text_rows(const struct golin_table_release *rel, size_t n, const char *arch,
		      struct columns *c)
{
	columns_row(c, (const char *[]){"GO", "RELEASES", "ARCHITECTURES"}, 3);
	for (size_t i = 0; i < n; i++) {
		struct strbuf arches = {0}, range = {0};
		char minor[16], name[24];
		bool told = !is_wanted(&rel[i], arch);

		for (size_t k = 0; k < i && !told; k++)
			told = is_wanted(&rel[k], arch) && same_releases(&rel[k], &rel[i]);
		if (told)
			continue;
		for (size_t k = i; k < n; k++)
			if (is_wanted(&rel[k], arch) && same_releases(&rel[k], &rel[i]))
				strbuf_addf(&arches, "%s%s", arches.len ? " " : "", rel[k].arch);
		strbuf_adds(&range,
			    render_release(name, sizeof(name), rel[i].minor, rel[i].from_patch));
		if (rel[i].to_patch != rel[i].from_patch)
			strbuf_addf(
				&range, " to %s",
				render_release(name, sizeof(name), rel[i].minor, rel[i].to_patch));
		snprintf(minor, sizeof(minor), "go1.%u", rel[i].minor);
		columns_row(c, (const char *[]){minor, strbuf_cstr(&range), strbuf_cstr(&arches)},
			    3);
		strbuf_done(&arches);
		strbuf_done(&range);
	}
}

static void json_rows(const struct golin_table_release *rel, size_t n, const char *arch,
		      struct strbuf *out)
{
	struct jsonw w;
	char name[24];

	jsonw_init(&w, out);
	jsonw_begin(&w, NULL, '{');
	jsonw_begin(&w, "releases", '[');
	for (size_t i = 0; i < n; i++) {
		if (!is_wanted(&rel[i], arch))
			continue;
		jsonw_begin(&w, NULL, '{');
		jsonw_str(&w, "arch", rel[i].arch);
		jsonw_u64(&w, "minor", rel[i].minor);
		jsonw_str(&w, "from",
			  render_release(name, sizeof(name), rel[i].minor, rel[i].from_patch));
		jsonw_str(&w, "to",
			  render_release(name, sizeof(name), rel[i].minor, rel[i].to_patch));
		jsonw_end(&w, '}');
	}
	jsonw_end(&w, ']');
	jsonw_end(&w, '}');
	jsonw_newline(&w);
}

void golin_render_releases(const struct golin_table_release *rel, size_t n, const char *arch,
			   enum golin_list_format format, struct strbuf *out)
{
	struct columns c = {0};
	char from[24], to[24];

	if (format == GOLIN_LIST_JSON) {
		json_rows(rel, n, arch, out);
		return;
	}
	if (format == GOLIN_LIST_TEXT) {
		text_rows(rel, n, arch, &c);
		c.out = out;
		text_rows(rel, n, arch, &c);
		return;
	}
	for (size_t i = 0; i < n; i++)
		if (is_wanted(&rel[i], arch))
			strbuf_addf(
				out, "%s\t%s\t%s\n", rel[i].arch,
				render_release(from, sizeof(from), rel[i].minor, rel[i].from_patch),
				render_release(to, sizeof(to), rel[i].minor, rel[i].to_patch));
}

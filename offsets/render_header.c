/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A C header of the layouts, for authors of eBPF programs and readers of memory. Every member has
 * a type whose alignment divides its offset and the size of its struct, and what is not wanted is
 * padding. So the compiler lays the structs out as Go does on any machine, without attributes, and
 * the assertions behind them say so.
 */
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/strbuf.h"
#include "layout.h"
#include "render_impl.h"

enum { MAX_NAME = 96, MAX_MEMBERS = 128 };

struct header {
	const struct golin_render *r;
	struct strbuf *out;
	uint8_t state[GOLIN_S_MAX]; /* 0 not yet, 1 being written, 2 written */
	uint8_t align[GOLIN_S_MAX]; /* of the written ones */
};

/* ---- names ---- */

/* "internal/abi.Type" as internal_abi_Type: Go's names differ in case alone, so that is kept. */
static const char *c_name(char *dst, const char *go)
{
	size_t n = 0;

	for (; *go && n + 1 < MAX_NAME; go++) {
		if (isalnum((unsigned char)*go) || *go == '_')
			dst[n++] = *go;
		else if (n && dst[n - 1] != '_')
			dst[n++] = '_';
	}
	while (n && dst[n - 1] == '_')
		n--;
	dst[n] = '\0';
	return dst;
}

/* A member may be called as a word of C or C++ is. */
static const char *member_name(char *dst, const char *go)
{
	static const char *const words[] = {
		"auto",	    "break",	"bool",	   "case",	"catch",  "char",     "class",
		"const",    "continue", "default", "delete",	"do",	  "double",   "else",
		"enum",	    "explicit", "export",  "extern",	"false",  "float",    "for",
		"friend",   "goto",	"if",	   "inline",	"int",	  "long",     "mutable",
		"new",	    "operator", "private", "protected", "public", "register", "requires",
		"restrict", "return",	"short",   "signed",	"sizeof", "static",   "struct",
		"switch",   "template", "this",	   "throw",	"true",	  "try",      "typedef",
		"typeid",   "typename", "union",   "unsigned",	"using",  "virtual",  "void",
		"volatile", "while",
	};

	c_name(dst, go);
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (!strcmp(dst, words[i]) && strlen(dst) + 2 <= MAX_NAME)
			return strcat(dst, "_");
	return dst;
}

/* Text of the target in a comment must not end it, nor seem to begin another. */
static void comment_text(const struct header *h, const char *s)
{
	for (char last = '\0'; *s; last = *s++) {
		if ((last == '*' && *s == '/') || (last == '/' && *s == '*'))
			strbuf_add(h->out, " ", 1);
		strbuf_add(h->out, s, 1);
	}
}

/* ---- constants ---- */

static void constants(const struct header *h, enum golin_struct_id s)
{
	const struct golin_struct *st = &h->r->layout->structs[s];
	char name[MAX_NAME], member[MAX_NAME];
	enum golin_field_id f, end;

	c_name(name, golin_struct_name(s));
	if (st->source == GOLIN_FROM_NONE) {
		strbuf_addf(h->out, "\n/* %s: %s */\n", golin_struct_name(s),
			    render_known_absent(h->r, s) ? "absent, this Go version has none"
							 : "unknown, the program does not tell");
		return;
	}
	strbuf_addf(h->out, "\n/* %s, from %s */\n#define GO_SIZEOF_%s %" PRIu32 "\n",
		    golin_struct_name(s), golin_value_source_name(st->source), name, st->size);
	for (f = golin_struct_fields(s, &end); f < end; f++) {
		const struct golin_field *v = &h->r->layout->fields[f];

		c_name(member, golin_field_name(f));
		if (v->source == GOLIN_FROM_NONE) {
			strbuf_addf(h->out, "/* GO_OFFSETOF_%s_%s: %s */\n", name, member,
				    layout_is_unknown(v) ? "unknown" : "absent");
			continue;
		}
		strbuf_addf(h->out, "#define GO_OFFSETOF_%s_%s %" PRIu32, name, member, v->offset);
		if (*v->type) {
			strbuf_adds(h->out, " /* ");
			comment_text(h, v->type);
			strbuf_adds(h->out, " */");
		}
		strbuf_addf(h->out, "\n#define GO_SIZEOF_%s_%s %" PRIu32 "\n", name, member,
			    v->size);
	}
}

/* ---- struct definitions ---- */

/* The largest power of two up to 8 that divides both. */
static uint32_t common_align(uint32_t a, uint32_t b)
{
	uint32_t align = 8;

	while (align > 1 && (a | b) % align)
		align /= 2;
	return align;
}

/* Go's types of whole numbers that carry a sign. */
static bool is_signed(const char *type)
{
	return !strncmp(type, "int", 3) &&
	       (!type[3] || !strcmp(type + 3, "8") || !strcmp(type + 3, "16") ||
		!strcmp(type + 3, "32") || !strcmp(type + 3, "64"));
}

/* The wanted struct that a member is by value, when it is one and fits; else GOLIN_S_MAX. */
static enum golin_struct_id inner_struct(const struct header *h, const struct golin_field *v,
					 uint32_t align)
{
	enum golin_struct_id s = *v->type ? golin_struct_find(v->type) : GOLIN_S_MAX;

	if (s == GOLIN_S_MAX || h->state[s] != 2 || h->r->layout->structs[s].size != v->size ||
	    !v->size || h->align[s] > align)
		return GOLIN_S_MAX;
	return s;
}

static void padding(const struct header *h, uint32_t from, uint32_t to)
{
	if (to > from)
		strbuf_addf(h->out, "\tgo_u8 _pad_%" PRIu32 "[%" PRIu32 "];\n", from, to - from);
}

/* Returns the alignment of the member's C type. */
static uint32_t member(const struct header *h, const struct golin_field *v, const char *name,
		       uint32_t struct_size)
{
	uint32_t align = common_align(v->offset, struct_size), unit;
	enum golin_struct_id inner = inner_struct(h, v, align);
	char struct_name[MAX_NAME];

	if (inner != GOLIN_S_MAX) {
		strbuf_addf(h->out, "\tstruct go_%s %s;",
			    c_name(struct_name, golin_struct_name(inner)), name);
		unit = h->align[inner];
	} else {
		unit = common_align(align, v->size);
		strbuf_addf(h->out, "\tgo_%s%" PRIu32 " %s",
			    unit == v->size && is_signed(v->type) ? "s" : "u", unit * 8, name);
		if (v->size == unit)
			strbuf_adds(h->out, ";");
		else
			strbuf_addf(h->out, "[%" PRIu32 "];", v->size / unit);
	}
	strbuf_addf(h->out, " /* %" PRIu32 "%s", v->offset, *v->type ? " " : "");
	comment_text(h, v->type);
	strbuf_adds(h->out, " */\n");
	return unit;
}

static int by_offset(const void *a, const void *b)
{
	const struct golin_field *const *x = a, *const *y = b;

	if ((*x)->offset != (*y)->offset)
		return (*x)->offset < (*y)->offset ? -1 : 1;
	return *x < *y ? -1 : *x > *y;
}

static void write_struct(struct header *h, enum golin_struct_id s);

/* Structs that this one holds by value are written first. */
static void write_inner(struct header *h, enum golin_struct_id s)
{
	enum golin_field_id f, end;

	for (f = golin_struct_fields(s, &end); f < end; f++) {
		const struct golin_field *v = &h->r->layout->fields[f];
		enum golin_struct_id inner = v->source != GOLIN_FROM_NONE && *v->type
						     ? golin_struct_find(v->type)
						     : GOLIN_S_MAX;

		if (inner != GOLIN_S_MAX && render_shows(h->r, inner))
			write_struct(h, inner);
	}
}

static void asserts(const struct header *h, const char *name, const struct golin_field *const *v,
		    size_t n)
{
	char mem[MAX_NAME], plain[MAX_NAME];

	strbuf_addf(h->out, "GO_ASSERT(sizeof(struct go_%s) == GO_SIZEOF_%s);\n", name, name);
	for (size_t i = 0; i < n; i++) {
		enum golin_field_id f = (enum golin_field_id)(v[i] - h->r->layout->fields);

		strbuf_addf(h->out,
			    "GO_ASSERT(__builtin_offsetof(struct go_%s, %s) == "
			    "GO_OFFSETOF_%s_%s);\n",
			    name, member_name(mem, golin_field_name(f)), name,
			    c_name(plain, golin_field_name(f)));
	}
}

/* Depth is bounded by the number of structs: each is entered once. */
static void write_struct(struct header *h, enum golin_struct_id s)
{
	const struct golin_struct *st = &h->r->layout->structs[s];
	const struct golin_field *all[MAX_MEMBERS], *written[MAX_MEMBERS];
	char name[MAX_NAME], mem[MAX_NAME];
	size_t n = 0, nwritten = 0;
	uint32_t at = 0, align = 1;
	enum golin_field_id f, end;

	if (h->state[s] || st->source == GOLIN_FROM_NONE || !st->size)
		return;
	h->state[s] = 1;
	write_inner(h, s);
	for (f = golin_struct_fields(s, &end); f < end && n < MAX_MEMBERS; f++)
		if (h->r->layout->fields[f].source != GOLIN_FROM_NONE)
			all[n++] = &h->r->layout->fields[f];
	qsort(all, n, sizeof(all[0]), by_offset);
	strbuf_addf(h->out, "\nstruct go_%s { /* %s */\n", c_name(name, golin_struct_name(s)),
		    golin_struct_name(s));
	for (size_t i = 0; i < n; i++) {
		const struct golin_field *v = all[i];
		uint32_t unit;

		f = (enum golin_field_id)(v - h->r->layout->fields);
		if (!v->size || v->offset < at || v->offset > st->size ||
		    v->size > st->size - v->offset) {
			strbuf_addf(h->out, "\t/* %s at %" PRIu32 ": %s */\n", golin_field_name(f),
				    v->offset, v->size ? "overlaps" : "of no size");
			continue;
		}
		padding(h, at, v->offset);
		unit = member(h, v, member_name(mem, golin_field_name(f)), st->size);
		align = unit > align ? unit : align;
		at = v->offset + v->size;
		written[nwritten++] = v;
	}
	padding(h, at, st->size);
	strbuf_adds(h->out, "};\n");
	asserts(h, name, written, nwritten);
	h->align[s] = align;
	h->state[s] = 2;
}

/* ---- the whole ---- */

static void top(const struct header *h)
{
	const struct golin_image_info *info = h->r->info;
	char guard[MAX_NAME], text[160];
	struct strbuf head = {0};

	snprintf(text, sizeof(text), "GOLIN_%s_%s_H", info->go.short_, info->arch);
	c_name(guard, text);
	for (char *p = guard; *p; p++)
		*p = (char)toupper((unsigned char)*p);
	render_head(h->r, &head);
	strbuf_adds(h->out, "/*\n * Layouts of the Go runtime's structs: ");
	comment_text(h, strbuf_cstr(&head));
	strbuf_done(&head);
	if (h->r->label) {
		strbuf_adds(h->out, ",\n * of ");
		comment_text(h, h->r->label);
	}
	strbuf_adds(h->out, ".\n");
	strbuf_addf(
		h->out,
		" * Made by `golin offsets --format header`. GO_OFFSETOF_* and GO_SIZEOF_* are "
		"bytes; what is\n"
		" * absent has no constant. Structs have the members that golin knows, the rest "
		"is padding.\n"
		" */\n"
		"#ifndef %s\n#define %s\n\n"
		"#ifdef GO_LAYOUT_VERSION\n"
		"#error \"the layouts of another Go version are included already\"\n"
		"#endif\n"
		"#define GO_LAYOUT_VERSION \"%s\"\n#define GO_LAYOUT_ARCH \"%s\"\n"
		"#define GO_LAYOUT_SOURCE \"%s\"\n",
		guard, guard, info->go.short_, info->arch,
		golin_value_source_name(h->r->layout->source));
}

static void address(const struct header *h, const char *name, uint64_t addr)
{
	if (addr)
		strbuf_addf(h->out, "#define GO_ADDR_%s 0x%" PRIx64 "ULL\n", name, addr);
	else
		strbuf_addf(h->out, "/* GO_ADDR_%s: not found */\n", name);
}

/* Of this very file, as linked: a PIE's load address comes on top. */
static void addresses(const struct header *h)
{
	const struct golin_image_info *info = h->r->info;

	if (!h->r->label)
		return;
	strbuf_adds(h->out, "\n/* Addresses in this file, as linked. */\n");
	address(h, "text", info->text);
	address(h, "etext", info->etext);
	address(h, "pclntab", info->pclntab);
	address(h, "moduledata", info->moduledata);
	address(h, "allgs", info->allgs);
	if (info->tls_g)
		strbuf_addf(h->out,
			    "#define GO_TLS_g (%" PRId64 ") /* from the thread pointer */\n",
			    info->tls_g);
	else
		strbuf_adds(h->out, "/* GO_TLS_g: not known */\n");
}

static void types(const struct header *h)
{
	strbuf_adds(h->out,
		    "\n/* Of the compiler itself: no other header is needed, also for eBPF. */\n"
		    "typedef __UINT8_TYPE__ go_u8;\ntypedef __UINT16_TYPE__ go_u16;\n"
		    "typedef __UINT32_TYPE__ go_u32;\ntypedef __UINT64_TYPE__ go_u64;\n"
		    "typedef __INT8_TYPE__ go_s8;\ntypedef __INT16_TYPE__ go_s16;\n"
		    "typedef __INT32_TYPE__ go_s32;\ntypedef __INT64_TYPE__ go_s64;\n\n"
		    "#ifdef __cplusplus\n#define GO_ASSERT(e) static_assert(e, #e)\n"
		    "#else\n#define GO_ASSERT(e) _Static_assert(e, #e)\n#endif\n");
}

void golin_render_header(const struct golin_render *r, struct strbuf *out)
{
	struct header h = {.r = r, .out = out};

	top(&h);
	addresses(&h);
	for (int s = 0; s < GOLIN_S_MAX; s++)
		if (render_shows(r, s))
			constants(&h, s);
	types(&h);
	for (int s = 0; s < GOLIN_S_MAX; s++)
		if (render_shows(r, s))
			write_struct(&h, s);
	strbuf_adds(out, "\n#undef GO_ASSERT\n#endif\n");
}

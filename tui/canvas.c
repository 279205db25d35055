// SPDX-License-Identifier: BSD-2-Clause
#include "canvas.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>
#include "base/text.h"

static const char role_letters[ROLE_MAX + 1] = ".THSKdgirwyfpGlLPEWMBA";

static const char *const glyphs[GLYPH_MAX][2] = {
	/* ASCII, UTF-8 */
	[GLYPH_TREE_MID] = {"+-", "├─"},  [GLYPH_TREE_LAST] = {"`-", "└─"},
	[GLYPH_TREE_LINE] = {"| ", "│ "}, [GLYPH_TREE_NONE] = {"  ", "  "},
	[GLYPH_BREAK_MID] = {"+~", "├╌"}, [GLYPH_BREAK_LAST] = {"`~", "└╌"},
	[GLYPH_OPEN] = {"-", "▾"},	  [GLYPH_CLOSED] = {"+", "▸"},
	[GLYPH_LEAF] = {" ", " "},	  [GLYPH_CUT] = {"~", "…"},
	[GLYPH_RULE] = {"-", "─"},	  [GLYPH_BAR] = {"|", "│"},
	[GLYPH_CURSOR] = {">", "›"},	  [GLYPH_CARET] = {"^", "^"},
};

bool canvas_resize(struct canvas *c, int w, int h)
{
	struct cell *cells;

	if (w < 1 || h < 1 || w > 4096 || h > 4096)
		return false;
	if (c->cells && c->w == w && c->h == h)
		return true;
	cells = calloc((size_t)w * (size_t)h, sizeof(*cells));
	if (!cells)
		return false;
	free(c->cells);
	c->cells = cells;
	c->w = w;
	c->h = h;
	canvas_clear(c);
	return true;
}

void canvas_done(struct canvas *c)
{
	free(c->cells);
	memset(c, 0, sizeof(*c));
}

void canvas_clear(struct canvas *c)
{
	for (int y = 0; y < c->h; y++)
		canvas_blank(c, y, 0, c->w, ROLE_NORMAL);
}

const char *canvas_glyph(const struct canvas *c, enum glyph g)
{
	return glyphs[g][!c->ascii];
}

static struct cell *cell_at(struct canvas *c, int y, int x)
{
	return &c->cells[(size_t)y * (size_t)c->w + (size_t)x];
}

/* Clips [x, x + cols) to the canvas; the columns that are left, 0 when none. */
static int clip(const struct canvas *c, int y, int x, int cols)
{
	if (y < 0 || y >= c->h || x < 0 || x >= c->w || cols <= 0)
		return 0;
	return cols < c->w - x ? cols : c->w - x;
}

static void set_cell(struct cell *cell, uint32_t ch, enum role role)
{
	memset(cell, 0, sizeof(*cell));
	cell->ch[0] = ch;
	cell->role = (uint8_t)role;
}

/* Half of a wide character must not stay behind when its other half is written over. */
static void mend(struct canvas *c, int y, int x, int cols)
{
	if (x > 0 && !cell_at(c, y, x)->ch[0])
		cell_at(c, y, x - 1)->ch[0] = ' ';
	if (x + cols < c->w && !cell_at(c, y, x + cols)->ch[0])
		cell_at(c, y, x + cols)->ch[0] = ' ';
}

/* Text that is known to fit. */
static int put_run(struct canvas *c, int y, int x, int cols, enum role role, const char *s,
		   size_t len)
{
	const utf8proc_uint8_t *p = (const utf8proc_uint8_t *)s, *end = p + len;
	struct cell *last = NULL;
	int col = 0;

	while (p < end) {
		utf8proc_int32_t ch;
		utf8proc_ssize_t n = utf8proc_iterate(p, end - p, &ch);
		int width;

		if (n <= 0) { /* clean text has none of these */
			n = 1;
			ch = '?';
		}
		p += n;
		if (ch < 0x20 || (ch >= 0x7f && ch < 0xa0))
			ch = '?';
		width = utf8proc_charwidth(ch);
		if (c->ascii && ch >= 0x80) {
			if (!width)
				continue;
			for (; width > 0 && col < cols; width--, col++)
				set_cell(cell_at(c, y, x + col), '?', role);
			continue;
		}
		if (width <= 0) {
			if (last && !last->ch[1])
				last->ch[1] = (uint32_t)ch;
			else if (last && !last->ch[2])
				last->ch[2] = (uint32_t)ch;
			continue;
		}
		if (col + width > cols)
			break;
		last = cell_at(c, y, x + col);
		set_cell(last, (uint32_t)ch, role);
		if (width == 2)
			set_cell(cell_at(c, y, x + col + 1), 0, role);
		col += width;
	}
	return col;
}

int canvas_put(struct canvas *c, int y, int x, int cols, enum role role, const char *text)
{
	size_t len;
	int width;

	cols = clip(c, y, x, cols);
	if (!cols || !*text)
		return 0;
	len = golin_text_fit(text, cols, &width);
	if (text[len]) { /* does not fit: leave a column for the mark */
		len = golin_text_fit(text, cols - 1, &width);
		mend(c, y, x, width + 1);
		put_run(c, y, x, width, role, text, len);
		put_run(c, y, x + width, 1, role, canvas_glyph(c, GLYPH_CUT),
			strlen(canvas_glyph(c, GLYPH_CUT)));
		return width + 1;
	}
	mend(c, y, x, width);
	return put_run(c, y, x, width, role, text, len);
}

int canvas_putf(struct canvas *c, int y, int x, int cols, enum role role, const char *fmt, ...)
{
	char buf[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(buf, sizeof(buf), fmt, ap);
	va_end(ap);
	return canvas_put(c, y, x, cols, role, buf);
}

void canvas_put_right(struct canvas *c, int y, int x, int cols, enum role role, const char *text)
{
	int width = golin_text_width(text);

	if (width < cols) {
		x += cols - width;
		cols = width;
	}
	canvas_put(c, y, x, cols, role, text);
}

void canvas_fill(struct canvas *c, int y, int x, int cols, enum role role, enum glyph g)
{
	const char *s = canvas_glyph(c, g);

	cols = clip(c, y, x, cols);
	if (!cols)
		return;
	mend(c, y, x, cols);
	for (int i = 0; i < cols; i++)
		put_run(c, y, x + i, 1, role, s, strlen(s));
}

void canvas_blank(struct canvas *c, int y, int x, int cols, enum role role)
{
	cols = clip(c, y, x, cols);
	if (!cols)
		return;
	mend(c, y, x, cols);
	for (int i = 0; i < cols; i++)
		set_cell(cell_at(c, y, x + i), ' ', role);
}

void canvas_flag(struct canvas *c, int y, int x, int cols, uint8_t flags)
{
	cols = clip(c, y, x, cols);
	for (int i = 0; i < cols; i++)
		cell_at(c, y, x + i)->flags |= flags;
}

void canvas_role(struct canvas *c, int y, int x, int cols, enum role role)
{
	cols = clip(c, y, x, cols);
	for (int i = 0; i < cols; i++)
		cell_at(c, y, x + i)->role = (uint8_t)role;
}

void canvas_text(const struct canvas *c, struct strbuf *out)
{
	for (int y = 0; y < c->h; y++) {
		const struct cell *row = &c->cells[(size_t)y * (size_t)c->w];
		int end = c->w;

		while (end > 0 && row[end - 1].ch[0] == ' ' && !row[end - 1].ch[1])
			end--;
		for (int x = 0; x < end; x++) {
			for (int i = 0; i < 3 && row[x].ch[i]; i++) {
				utf8proc_uint8_t u[4];
				utf8proc_ssize_t n =
					utf8proc_encode_char((utf8proc_int32_t)row[x].ch[i], u);

				strbuf_add(out, u, (size_t)n);
			}
		}
		strbuf_adds(out, "\n");
	}
}

void canvas_roles(const struct canvas *c, struct strbuf *out)
{
	for (int y = 0; y < c->h; y++) {
		const struct cell *row = &c->cells[(size_t)y * (size_t)c->w];

		for (int x = 0; x < c->w; x++)
			strbuf_add(out, &role_letters[row[x].role], 1);
		strbuf_adds(out, "\n");
	}
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A grid of cells that views draw into. A cell has a character and a role, never a colour: the
 * terminal's edge turns roles into attributes, a test turns the grid into text.
 */
#ifndef GOLIN_TUI_CANVAS_H
#define GOLIN_TUI_CANVAS_H

#include <stdbool.h>
#include <stdint.h>
#include "base/strbuf.h"

/* What a piece of the screen is. A letter each stands in role dumps (tests). */
enum role {
	ROLE_NORMAL,  /* . */
	ROLE_TITLE,   /* T */
	ROLE_HEADER,  /* H column heads */
	ROLE_STATUS,  /* S */
	ROLE_KEY,     /* K a key in a hint */
	ROLE_DIM,     /* d ended, or shown only for what lies below */
	ROLE_GUIDE,   /* g tree lines */
	ROLE_GOID,    /* i */
	ROLE_RUN,     /* r running or runnable */
	ROLE_WAIT,    /* w */
	ROLE_SYSCALL, /* y */
	ROLE_FUNC,    /* f */
	ROLE_PLACE,   /* p file:line */
	ROLE_GROUP,   /* G */
	ROLE_LABEL,   /* l */
	ROLE_LIVE,    /* L */
	ROLE_HOLD,    /* P paused */
	ROLE_END,     /* E the target has ended */
	ROLE_WARN,    /* W lost events, errors */
	ROLE_MATCH,   /* M what a search found */
	ROLE_BREAK,   /* B a broken edge, an error, a deadline that is near */
	ROLE_ALERT,   /* A a warning */
	ROLE_MAX
};

enum cell_flags { CELL_SELECTED = 1 };

struct cell {
	uint32_t ch[3]; /* a character and up to two combining marks; ch[0] == 0: the right half
			 * of a wide one */
	uint8_t role;
	uint8_t flags;
};

enum glyph {
	GLYPH_TREE_MID,	 /* a child with siblings behind it */
	GLYPH_TREE_LAST, /* the last child */
	GLYPH_TREE_LINE, /* passing by */
	GLYPH_TREE_NONE,
	GLYPH_BREAK_MID, /* as GLYPH_TREE_MID, but the edge is broken */
	GLYPH_BREAK_LAST,
	GLYPH_OPEN,   /* children are shown */
	GLYPH_CLOSED, /* children are hidden */
	GLYPH_LEAF,
	GLYPH_CUT, /* text was cut here */
	GLYPH_RULE,
	GLYPH_BAR, /* between two panes */
	GLYPH_CURSOR,
	GLYPH_CARET,
	GLYPH_MAX
};

struct canvas {
	struct cell *cells;
	int w, h;
	bool ascii; /* '?' for what is not ASCII */
};

/* False when memory is out; the canvas is then as before. */
bool canvas_resize(struct canvas *c, int w, int h);
void canvas_done(struct canvas *c);
void canvas_clear(struct canvas *c);
const char *canvas_glyph(const struct canvas *c, enum glyph g);

/*
 * Writes text (clean UTF-8) at (y, x), at most `cols` columns and never beyond the edge; what
 * does not fit ends in GLYPH_CUT. Returns the columns used.
 */
int canvas_put(struct canvas *c, int y, int x, int cols, enum role role, const char *text);
int canvas_putf(struct canvas *c, int y, int x, int cols, enum role role, const char *fmt, ...)
	__attribute__((format(printf, 6, 7)));
/* Right-aligned within cols. */
void canvas_put_right(struct canvas *c, int y, int x, int cols, enum role role, const char *text);
void canvas_fill(struct canvas *c, int y, int x, int cols, enum role role, enum glyph g);
/* Blanks. */
void canvas_blank(struct canvas *c, int y, int x, int cols, enum role role);
void canvas_flag(struct canvas *c, int y, int x, int cols, uint8_t flags);
void canvas_role(struct canvas *c, int y, int x, int cols, enum role role);

/* The grid as lines of text without trailing blanks; of roles as letters. */
void canvas_text(const struct canvas *c, struct strbuf *out);
void canvas_roles(const struct canvas *c, struct strbuf *out);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A tree as rows. What the nodes are is the source's business: it lists the children of a node.
 * Which nodes are open, which row is selected and what stands at the top of the screen is kept by
 * tag, so that it survives every rebuild. Opening and closing a node splices rows in and out; only
 * the slice on the screen is ever drawn. Nothing recurses: a chain may be as deep as memory is.
 */
#ifndef GOLIN_TUI_TREEVIEW_H
#define GOLIN_TUI_TREEVIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/array.h"
#include "base/map64.h"

struct tree_node {
	uint64_t tag;  /* the same node has the same tag for ever; 0 is "none" */
	uint32_t item; /* the source's */
	uint8_t kind;  /* the source's */
	bool expandable;
	bool open; /* unless the user said otherwise */
};

struct tree_nodes {
	struct tree_node *v;
	size_t len, cap;
};

struct tree_source {
	/* Appends the children of a node, or the roots for NULL. False when memory is out. */
	bool (*children)(void *arg, const struct tree_node *parent, struct tree_nodes *out);
	void *arg;
};

enum tree_row_flags { TREE_LAST = 1, TREE_EXPANDABLE = 2, TREE_OPEN = 4 };

#define TREE_NO_ROW UINT32_MAX

struct tree_row {
	uint64_t tag;
	uint32_t item;
	uint32_t parent; /* row, TREE_NO_ROW for roots */
	uint32_t depth;	 /* from 0 */
	uint8_t kind, flags;
};

struct tree_rows {
	struct tree_row *v;
	size_t len, cap;
};

enum tree_default { TREE_AS_NODE, TREE_ALL_OPEN, TREE_ALL_CLOSED };

/* A level under way while a tree is laid out: nodes [pos, end) of scratch are still to come. */
struct tree_frame {
	uint32_t begin, pos, end, row;
};

struct treeview {
	struct tree_rows rows;
	struct map64 state; /* tag -> open (1) or closed (0): what differs from the default */
	enum tree_default def;
	uint64_t sel_tag, top_tag;
	uint32_t sel, top; /* rows; 0 when there are none */
	uint32_t height;   /* rows on the screen */
	uint32_t depth;	   /* of the deepest row */
	bool newest_first; /* new rows come on top: who stands there sees them come */
	bool follow;	   /* hold the selection's place on the screen, else the top row's */
	/* memory that is used again */
	struct tree_nodes scratch;
	struct tree_rows spare;
	ARRAY_OF(struct tree_frame) stack;
};

void treeview_done(struct treeview *t);
/*
 * Lays out all rows. Returns true when the selected tag is still there. When it is not, sel is
 * the row that now stands in its place and sel_tag that row's. *ret_ok is false without memory:
 * the old rows stay.
 */
bool treeview_rebuild(struct treeview *t, const struct tree_source *src, bool *ret_ok);
uint32_t treeview_find(const struct treeview *t, uint64_t tag); /* TREE_NO_ROW */

/* Opens or closes one row by splicing. False when nothing changed. */
bool treeview_open(struct treeview *t, const struct tree_source *src, uint32_t row);
bool treeview_close(struct treeview *t, uint32_t row);
/* Opens everything below; the caller rebuilds. False when memory is out. */
bool treeview_open_below(struct treeview *t, const struct tree_source *src, uint32_t row);
/* Sets a node's state without a layout; the caller rebuilds. */
void treeview_set_open(struct treeview *t, uint64_t tag, bool open);
void treeview_set_all(struct treeview *t, enum tree_default def);

void treeview_select(struct treeview *t, uint32_t row);
void treeview_move(struct treeview *t, int64_t by);
void treeview_scroll(struct treeview *t, int64_t by);
void treeview_set_height(struct treeview *t, uint32_t height);
const struct tree_row *treeview_selected(const struct treeview *t);

/*
 * The guides of a row as a bit per level: bit i of bits tells that the ancestor at level i (of
 * the innermost `max` levels, outermost first) is the last of its siblings. Returns how many
 * levels; *ret_cut tells that outer ones were left out.
 */
uint32_t treeview_guides(const struct treeview *t, uint32_t row, uint32_t max, uint64_t *bits,
			 bool *ret_cut);

#endif

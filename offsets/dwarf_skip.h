/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Goes over DIEs as fast as can be: how long each is, its tag, and its name where it stands in the
 * entry itself. Nine of ten entries of a program are of no interest; libdw takes four times as long
 * to go over them, and cannot tell an entry that is cut from one that ends.
 */
#ifndef GOLIN_OFFSETS_DWARF_SKIP_H
#define GOLIN_OFFSETS_DWARF_SKIP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct elf_image;
struct dwarf_unit;
struct golin_err;

struct dwarf_attr {
	uint16_t at, form;
};

struct dwarf_abbrev {
	uint32_t first; /* in attrs */
	uint16_t tag, nattrs;
	bool there, children;
	bool all_fixed; /* no form has a length of its own: then all take */
	uint32_t fixed; /* so many bytes */
};

/* A table of abbreviations, as far as it was asked for. */
struct dwarf_abbrevs {
	const uint8_t *bytes; /* .debug_abbrev; borrowed */
	size_t len;
	uint64_t off, next; /* where the table begins, and where its next declaration does */
	bool ended, used;
	uint8_t addr_size, offset_size; /* of the units that it is for */
	uint16_t version;
	struct dwarf_abbrev *v; /* by code */
	size_t nv;
	struct dwarf_attr *attrs;
	size_t nattrs, cap_attrs;
	uint64_t work; /* declarations and attributes read in all, which is bounded */
};

/* Makes it the table of this unit; keeps what is there when it is the same. */
void dwarf_abbrevs_use(struct dwarf_abbrevs *a, const struct dwarf_unit *u);
void dwarf_abbrevs_done(struct dwarf_abbrevs *a);

struct dwarf_entry {
	uint64_t off, end; /* in .debug_info */
	uint16_t tag;	   /* 0: ends a list of children */
	bool children;
	bool has_name;
	uint16_t name_form; /* when it has one */
	const char *name;   /* of DW_FORM_string, else NULL */
	uint64_t lang;	    /* DW_AT_language, 0 when it has none */
};

enum { DWARF_SKIP_CUT = 1 };

/*
 * Reads the entry at off of .debug_info, of which `len` bytes are there. DWARF_SKIP_CUT: it goes on
 * behind them. -EBADMSG: malformed, *ret_why says how; -ENOMEM.
 */
int dwarf_skip_entry(struct dwarf_abbrevs *a, const struct elf_image *e, const uint8_t *info,
		     size_t len, uint64_t off, struct dwarf_entry *ret, const char **ret_why);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Go's table of functions (.gopclntab), in the four formats of Go 1.13 to 1.27: written by
 * cmd/link/internal/ld/pcln.go, read by runtime/symtab.go (pcHeader, _func, funcdata, inline trees)
 * and debug/gosym/pclntab.go (which has all four). It is there in
 * every Go program, stripped or not. Every byte of it is hostile: counts, offsets and varints are
 * checked against the table's own size, and every loop has a bound.
 */
#ifndef GOLIN_OFFSETS_PCLNTAB_H
#define GOLIN_OFFSETS_PCLNTAB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct elf_image;
struct golin_err;
struct name_set;

enum pclntab_format {
	PCLN_GO112 = 1, /* magic fffffffb: 1.13 to 1.15, one table, absolute entries */
	PCLN_GO116 = 2, /* fffffffa: 1.16, 1.17, separate tables, absolute entries */
	PCLN_GO118 = 3, /* fffffff0: 1.18, 1.19, entries are offsets from the text */
	PCLN_GO120 = 4, /* fffffff1: since 1.20, with the line on which a function starts */
};

/* A stretch of the table, from which nothing outside is read. */
struct pcln_span {
	const uint8_t *p;
	size_t len;
};

struct pclntab {
	struct elf_image *elf; /* borrowed */
	enum pclntab_format format;
	uint64_t vaddr; /* of the header */
	size_t size;	/* bytes to the end of its section, or segment */
	const uint8_t *data;
	uint32_t nfunc, nfiles;
	struct pcln_span names, cutab, files, pctab, funcs; /* funcs: functab and _func structs */
	uint8_t word;					    /* bytes of an address: 8 or 4 */
	bool scanned;	   /* there is no section of it: found by its header */
	uint64_t *entries; /* 1.13 to 1.17 in a PIE: the relocated functab; else NULL */
	/* How many steps of tables by pc may still be decoded, counted down; NULL: any number. */
	uint32_t *budget;
	/* Of moduledata, set by pclntab_set_module() before functions are looked up. */
	uint64_t text, etext;
	uint64_t gofunc;	   /* 0: not known, then no inline trees from 1.18 on */
	uint16_t minor;		   /* of the Go version: ids of functions differ */
	struct name_set *expected; /* NULL: none */
};

/* One function, decoded. */
struct pcln_func {
	uint32_t index;
	uint64_t lo, hi;    /* [lo, hi) as linked */
	const uint8_t *raw; /* its _func, and how many bytes of the table follow from there */
	size_t avail;
	int32_t name_off;
	uint32_t pcfile, pcln, npcdata, cu_off;
	uint8_t func_id, flag, nfuncdata;
	bool wrapper;	  /* made by the compiler or linker: method, ABI, go and defer wrappers */
	const char *name; /* within the file, NUL-terminated, not cleaned */
};

/* One inlined call. */
struct pcln_inl {
	const char *name; /* not cleaned */
	uint32_t name_len;
	uint8_t func_id;
	bool wrapper;
	uint32_t parent_pc; /* offset from the function's entry: where it was called */
	int32_t start_line; /* since 1.20: the line of its `func`; 0: not known */
};

/*
 * Finds the table and checks its header. `minor` is of the Go version in the build information.
 * -ENODATA: there is none; -EBADMSG: there is one that contradicts itself; -EOPNOTSUPP: there is
 * one, but its magic number is none of Go's, as obfuscators leave it.
 */
int pclntab_open(struct elf_image *elf, uint16_t minor, struct pclntab *ret, struct golin_err *err);
void pclntab_done(struct pclntab *t);
/*
 * Where the table was found by its header, the next place that looks like one; false, and *t as it
 * was, when there is none.
 */
bool pclntab_next(struct pclntab *t);
/* What moduledata says; from 1.18 on the entries are relative to its text. */
void pclntab_set_module(struct pclntab *t, uint64_t text, uint64_t etext, uint64_t gofunc);

/* False when i >= nfunc, its entry is malformed, or it lies outside of the text. */
bool pclntab_func(const struct pclntab *t, uint32_t i, struct pcln_func *ret);
/* The function in which pc stands. */
bool pclntab_find_pc(const struct pclntab *t, uint64_t pc, struct pcln_func *ret);
/* By its exact name; the real one where an ABI wrapper has the same name. */
bool pclntab_find_name(const struct pclntab *t, const char *name, struct pcln_func *ret);

/*
 * These will be asked for: looks them all up at once, which spares each question a search. Without
 * memory nothing is lost but time.
 */
void pclntab_expect(struct pclntab *t, const char *const *names, size_t n);

/* Does the table have the name at all? Then the function may be inlined everywhere. */
bool pclntab_has_name(const struct pclntab *t, const char *name);

/* File (in the file's bytes, not cleaned) and line of a pc in f; false when not known. */
bool pclntab_line(const struct pclntab *t, const struct pcln_func *f, uint64_t pc,
		  const char **ret_file, uint32_t *ret_line);
/* The innermost inlined call at a pc in f; false when there is none. */
bool pclntab_inline(const struct pclntab *t, const struct pcln_func *f, uint64_t pc,
		    struct pcln_inl *ret);
/* The inlined call number i of f's tree; false behind the last that the table names. */
bool pclntab_inline_nth(const struct pclntab *t, const struct pcln_func *f, uint32_t i,
			struct pcln_inl *ret);
/*
 * Walks the inline index of f: calls cb(arg, lo, hi, index) for each stretch of pcs, index < 0
 * where nothing is inlined. cb returns false to stop.
 */
typedef bool (*pcln_range_fn)(void *arg, uint64_t lo, uint64_t hi, int32_t value);
void pclntab_inline_ranges(const struct pclntab *t, const struct pcln_func *f, pcln_range_fn cb,
			   void *arg);

#endif

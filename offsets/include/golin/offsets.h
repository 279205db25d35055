/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * libgolin-offsets: what an ELF file says about the Go program in it: version, layouts of the
 * runtime's and the standard library's structs, functions, instructions to probe, names of pcs.
 * docs/offsets.md shows how to use it.
 *
 * Units: offsets, sizes and lengths are bytes; addresses are those of the file as it was linked
 * (add the load bias of a running PIE); file offsets are what the kernel wants for an uprobe.
 *
 * Errors: a function that returns int returns 0 or a negative errno, and tells more in *err unless
 * err is NULL (golin/err.h). Results are written only on success, unless it is said. Nothing is
 * ever printed, no locale or environment is read, no descriptor is kept.
 *
 * Strings that come out of a file are clean: UTF-8 without control characters (golin/err.h).
 *
 * Ownership: what a function hands out as `const ... *` belongs to the library and lives as long
 * as the object from which it comes; what has a _close or _free is the caller's to close or free.
 *
 * Threads: any number may work at once on different objects; one golin_image is for one thread at
 * a time. A struct golin_layout that is no longer written may be read by all.
 *
 * Hostile files: they are parsed in the calling process, by this library, libelf, libdw and zlib.
 * Every size, count and loop is bounded, but there is no second fence as `golin offsets` has one
 * (a process without rights): a program with rights that looks at other people's files had better
 * run that, and read its JSON. The file is mapped: cutting it meanwhile raises SIGBUS.
 *
 * ABI: programs built with this header run with every later library of the same soname. Functions
 * stay, with their symbol versions; the structs below keep their size, but for those that only the
 * library allocates (golin_image_info, golin_layout), which may grow at their end; enums may get
 * new values. Layouts are asked for by name, since the list of what is wanted (golin/layout.def)
 * grows with every version: its order and its length are no part of the ABI.
 */
#ifndef GOLIN_OFFSETS_H
#define GOLIN_OFFSETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "golin/err.h"

#ifdef __cplusplus
extern "C" {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wshadow" /* golin_image_info is a struct and a function */
#endif
#pragma GCC visibility push(default)

/* The library that runs, which may be newer than the one of this header: "0.1.0". */
const char *golin_offsets_version(void);
/* The elfutils that are loaded with it, which read DWARF: "0.188". */
const char *golin_elfutils_version(void);

/* ---- layouts ---- */

enum golin_value_source {
	GOLIN_FROM_NONE = 0, /* absent */
	GOLIN_FROM_DWARF = 1,
	GOLIN_FROM_TABLE = 2,
};

/* A member of a struct. */
struct golin_field {
	uint32_t offset, size; /* bytes; meaningful only when source is not GOLIN_FROM_NONE */
	uint8_t source;	       /* enum golin_value_source: absent is not offset 0 */
	char type[71];	       /* Go's name of the member's type, "" unknown */
};

struct golin_struct {
	uint32_t size;	/* bytes, when source is not GOLIN_FROM_NONE */
	uint8_t source; /* enum golin_value_source */
};

/* All structs and members that golin/layout.def names, each with its source, or absent. */
struct golin_layout;

/* An empty one, to be filled and freed by the caller. NULL: out of memory. */
struct golin_layout *golin_layout_new(void);
void golin_layout_free(struct golin_layout *l); /* NULL is allowed */
/* Where the layout as a whole comes from; a struct is never of mixed sources. */
enum golin_value_source golin_layout_source(const struct golin_layout *l);
/*
 * By Go's names, "runtime.g" and "goid"; where a thing was renamed, any of its names finds it
 * ("runtime._type" and "internal/abi.Type"). -ENODATA: this Go version does not have it, or nothing
 * here tells of it (the linker leaves out of DWARF what a program does not use), which is no proof
 * of absence; -ENOENT: layout.def of the library that runs has no such name.
 */
int golin_layout_struct(const struct golin_layout *l, const char *name, struct golin_struct *ret);
int golin_layout_field(const struct golin_layout *l, const char *name, const char *member,
		       struct golin_field *ret);
/*
 * The names of layout.def that can be asked for, by number from 0 on: NULL behind the last. The
 * numbers hold for the library that runs; keep names.
 */
const char *golin_wanted_struct(uint32_t i);
const char *golin_wanted_member(uint32_t i, uint32_t j); /* j of struct i */
/* "dwarf", "table" or "absent". */
const char *golin_value_source_name(enum golin_value_source source);

/* ---- files ---- */

struct golin_go_version {
	uint16_t minor;	 /* 26 in go1.26.8 */
	uint16_t patch;	 /* 8; 0 in go1.26 */
	bool devel;	 /* a development build or a release candidate: no table serves */
	char text[64];	 /* as the binary says: "go1.26.8 X:nodwarf5" */
	char short_[24]; /* "go1.26.8" */
};

/* False on anything that is not "go1.N[.P]..." or "devel go1.N...". */
bool golin_go_version_parse(const char *s, struct golin_go_version *ret);

enum golin_image_flags {
	GOLIN_IMAGE_PIE = 1 << 0,
	GOLIN_IMAGE_CGO = 1 << 1, /* linked with C code */
	GOLIN_IMAGE_RACE = 1 << 2,
	GOLIN_IMAGE_STRIPPED = 1 << 3, /* no .symtab: functions come from .gopclntab */
	GOLIN_IMAGE_DWARF = 1 << 4,    /* in this file, or in the one attached to it */
	/* build_id is a GNU one, by which debug files are named. */
	GOLIN_IMAGE_GNU_BUILD_ID = 1 << 5,
};

/* A PT_LOAD of the program. */
struct golin_segment {
	uint64_t file_off, vaddr, file_size, mem_size;
	uint32_t flags, _pad; /* PF_X, PF_W, PF_R */
};

struct golin_image_info {
	struct golin_go_version go;
	char arch[16];		/* GOARCH: "amd64" */
	char build_id[129];	/* GNU build id in hex, else Go's own (cleaned, cut), else "" */
	uint32_t flags;		/* enum golin_image_flags */
	uint32_t dwarf_version; /* of the unit with Go's types; 0: none, or no layout asked for yet
				 */
	uint64_t text, etext;	/* Go's text, addresses as linked */
	uint64_t pclntab;	/* the header of the table of functions; 0: not found */
	uint64_t moduledata;	/* runtime.firstmoduledata; 0: not found */
	uint64_t allgs;		/* runtime.allgs, the slice's header; 0: not found */
	/* The TLS slot of g, from the fs base; 0: not known. -8 as Go's own linker has it
	 * (Tlsoffset in cmd/link/internal/ld/sym.go), elsewhere with an external one. */
	int64_t tls_g;
	uint32_t nsegments, _pad;
	struct golin_segment segments[16]; /* PT_LOAD */
	/* The name in .gnu_debuglink, a plain file name (cleaned; "" none), and the CRC-32 there.
	 */
	char debuglink[256];
	uint32_t debuglink_crc, _pad2;
	uint64_t types, etypes; /* Go's type descriptors, as linked; 0: not found */
	/* The variables context.background and context.todo up to Go 1.20; 0: not found */
	uint64_t empty_contexts[2];
	uint64_t mheap;	      /* runtime.mheap_, as linked; 0: not found */
	uint64_t timer_heaps; /* runtime.allp, up to Go 1.13 runtime.timers; 0: not found */
};

enum golin_layout_choice {
	GOLIN_LAYOUT_AUTO, /* DWARF where it is whole, else the table */
	GOLIN_LAYOUT_ONLY_DWARF,
	GOLIN_LAYOUT_ONLY_TABLE,
};

struct golin_image; /* an open ELF file */

/*
 * fd, open for reading, stays the caller's and may be closed afterwards. Errors: -ENOEXEC not an
 * ELF file or not a Go program, -EBADMSG malformed, -EOPNOTSUPP a class, architecture or version
 * that is refused.
 */
int golin_image_open(int fd, struct golin_image **ret, struct golin_err *err);
void golin_image_close(struct golin_image *img); /* NULL is allowed */
const struct golin_image_info *golin_image_info(const struct golin_image *img);
/*
 * The layout by choice, into *ret. -ENODATA: no DWARF (or no table for this version) and which;
 * -EBADMSG: the DWARF is corrupt, which is never taken for absent. A layout without one of the
 * members that layout.def calls required (runtime.g's goid ...) is none. *ret is undefined on an
 * error.
 */
int golin_image_layout(struct golin_image *img, enum golin_layout_choice choice,
		       struct golin_layout *ret, struct golin_err *err);

/*
 * Takes DWARF from the file behind fd (as above), a .debug file split off from this program.
 * -EBADMSG when it is not this program's: the build ids differ, or without them the CRC in
 * .gnu_debuglink.
 */
int golin_image_attach_debug(struct golin_image *img, int fd, struct golin_err *err);

/* ---- the table ---- */

/* A run of patch releases of one minor that the table was made from, of one architecture. */
struct golin_table_release {
	uint16_t minor, from_patch, to_patch, _pad;
	const char *arch; /* GOARCH; for good */
};

/* All of them, by architecture and version, at most max; returns how many there are. */
size_t golin_table_releases(struct golin_table_release *ret, size_t max);
/*
 * The layout of a release from the table alone. version: "go1.26.8", "1.26" (its newest known
 * patch), "go1.26"; -EINVAL when it is none, -ENODATA when the table does not have it. ret_version
 * may be NULL.
 */
int golin_table_layout(const char *version, const char *arch, struct golin_go_version *ret_version,
		       struct golin_layout *ret, struct golin_err *err);

/* ---- functions and hook points ---- */

/*
 * [*ret_lo, *ret_hi) as linked; the real function where an ABI wrapper has the same name. name: as
 * a Go traceback prints it, "net/http.(*Server).Serve". -ENOENT: the program has none (inlined
 * everywhere, or left out by the linker).
 */
int golin_image_func(struct golin_image *img, const char *name, uint64_t *ret_lo, uint64_t *ret_hi,
		     struct golin_err *err);

enum { GOLIN_REG_NONE = 0xff };

enum golin_site_kind {
	/* The prologue's branch to morestack, or the push %rbp behind it: arguments, stack pointer
	 * and frame pointer are as at the entry, and it runs once a call. */
	GOLIN_SITE_PROLOGUE = 1,
	GOLIN_SITE_CALL = 2,  /* the only direct call of function `target` in the function */
	GOLIN_SITE_STORE = 3, /* the only 8-byte store of a register to disp(%base) behind the
			       * first call; base and value registers are told */
	GOLIN_SITE_ENTRY = 4, /* the first instruction (functions without a stack check) */
	/* The conditional jump behind the first compare with runtime.writeBarrier: base_reg has the
	 * object that is being made. The first `disp` argument words stand at 16(%rbp) and on,
	 * where the caller left room for them. */
	GOLIN_SITE_BARRIER = 5,
	/* The conditional jump behind `call target; test %bl,%bl`, target(...) (word, bool): rax
	 * and bl have what it returned. drop_flags drops false. */
	GOLIN_SITE_RESULT = 6,
	/* As GOLIN_SITE_PROLOGUE; the entry of a function without a stack check. */
	GOLIN_SITE_ONCE = 7,
	/* The same jump as GOLIN_SITE_BARRIER's, in a function that changes an object, if at all.
	 * The argument words whose bits are set in `disp` stand in their places from 16(%rbp) on.
	 */
	GOLIN_SITE_COMMIT = 8,
};

enum golin_insn {
	GOLIN_INSN_JBE = 1,
	GOLIN_INSN_PUSH = 2,
	GOLIN_INSN_NOP5 = 3,
	GOLIN_INSN_CALL = 4,
	GOLIN_INSN_OTHER = 5, /* the kernel single-steps it: 30 times the cost in a VM */
	GOLIN_INSN_JCC = 6,   /* another conditional jump */
};

/* What is looked for; the strings end with a NUL within their arrays. */
struct golin_site_want {
	char func[96];
	char target[96]; /* GOLIN_SITE_CALL, GOLIN_SITE_RESULT */
	uint32_t kind;	 /* enum golin_site_kind */
	int32_t disp;	 /* GOLIN_SITE_STORE, GOLIN_SITE_BARRIER, GOLIN_SITE_COMMIT */
};

struct golin_site {
	int32_t error;	   /* 0; -ENOENT: no such function in the program; -ENODATA: inlined, or it
			    * has no such instruction */
	uint32_t insn;	   /* enum golin_insn */
	uint64_t vaddr;	   /* as linked */
	uint64_t file_off; /* what the kernel wants */
	uint64_t func_lo, func_hi;
	/* 0, or in the file a 5-byte nop right before the site, where all is as there: cheaper on
	 * kernels that make a call of it (Linux 6.18 and later), dearer on those before. */
	uint64_t nop5_off;
	uint32_t drop_flags; /* 0x41 at a jbe: a hit with any of these in FLAGS is not a call */
	/* x86 numbers, 0 rax .. 15 r15, GOLIN_REG_NONE */
	uint8_t base_reg, value_reg; /* GOLIN_SITE_STORE; GOLIN_SITE_BARRIER: base_reg alone */
	uint8_t g_reg;		     /* GOLIN_SITE_PROLOGUE, GOLIN_SITE_ONCE: holds g there */
	uint8_t partial; /* 1: a profile (PGO) had it inlined in places, where calls are not seen */
	char text[56];	 /* the instruction: "jbe 0x47e120" */
	char why[72];	 /* "branch to morestack; flags tell growth", or why there is none */
};

/* The instruction to probe, amd64 only. Returns ret->error, beside which `why` says more. */
int golin_image_site(struct golin_image *img, const struct golin_site_want *want,
		     struct golin_site *ret);

/* ---- names ---- */

enum golin_name_flags {
	GOLIN_NAME_WRAPPER = 1 << 0, /* compiler-made: gowrap, dwrap, method and ABI wrappers */
	GOLIN_NAME_RUNTIME = 1 << 1, /* of package runtime and those below it */
};

struct golin_name_frame {
	char func[1024], file[1024]; /* clean text */
	uint32_t line;		     /* 0: not known */
	uint32_t flags;		     /* enum golin_name_flags */
};

/*
 * What stands at a pc (as linked, ready for look-up: one below a return address), innermost inlined
 * frame first; returns how many, at most max, 0 for none. At the entry of a wrapper that the
 * compiler makes for a go statement and that calls one function, the first frame is that function
 * at its entry, and the wrapper, flagged so, stands behind it. Such wrappers are named
 * main.f.dwrap.1 (with middle dots) in Go 1.17 (wrapGoDefer in cmd/compile/internal/walk/order.go),
 * main.f.func1 up to 1.21, main.f.gowrap1 since 1.22 (closureName in
 * cmd/compile/internal/ir/func.go).
 */
int golin_image_names(struct golin_image *img, uint64_t pc, struct golin_name_frame *ret, int max);

/*
 * A wrapper whose function only the running program knows: `go f(x)` with a variable f, or
 * `go i.Method(x)` with an interface i. When it starts, its closure (gobuf.ctxt of the new g) holds
 * in the 8 bytes at `word` a pointer; the function's entry stands at `off` behind that.
 */
struct golin_late_target {
	uint64_t entry; /* of the wrapper, as linked */
	uint32_t word, off;
};

/* All of them, at most max; *ret_more: there were more. */
size_t golin_image_late_targets(struct golin_image *img, struct golin_late_target *ret, size_t max,
				bool *ret_more);

#pragma GCC visibility pop
#ifdef __cplusplus
#pragma GCC diagnostic pop
}
#endif
#endif

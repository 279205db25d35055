/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What an ELF file says about the Go program in it: version, struct layouts, functions, hook
 * points, names of pcs. Everything here parses foreign bytes in the calling process; golin itself
 * does so in the image process only (image_process.h), whose answers have the same shapes.
 */
#ifndef GOLIN_OFFSETS_H
#define GOLIN_OFFSETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct golin_err;

/* Structs and fields, numbered by layout.def. */
enum golin_struct_id {
#define GOLIN_STRUCT(id, name, other) GOLIN_S_##id,
#define GOLIN_FIELD(s, id, member, other, need)
#include "golin/layout.def"
#undef GOLIN_STRUCT
#undef GOLIN_FIELD
	GOLIN_S_MAX
};

enum golin_field_id {
#define GOLIN_STRUCT(id, name, other)
#define GOLIN_FIELD(s, id, member, other, need) GOLIN_F_##s##_##id,
#include "golin/layout.def"
#undef GOLIN_STRUCT
#undef GOLIN_FIELD
	GOLIN_F_MAX
};

enum golin_value_source {
	GOLIN_FROM_NONE = 0, /* absent */
	GOLIN_FROM_DWARF = 1,
	GOLIN_FROM_TABLE = 2,
};

struct golin_field {
	uint32_t offset, size; /* bytes; meaningful only when source is not GOLIN_FROM_NONE */
	uint8_t source;	       /* enum golin_value_source: absent is not offset 0 */
	char type[71];	       /* Go's name of the member's type, "" unknown */
};

struct golin_struct {
	uint32_t size; /* bytes, when source is not GOLIN_FROM_NONE */
	uint8_t source;
};

struct golin_layout {
	struct golin_struct structs[GOLIN_S_MAX];
	struct golin_field fields[GOLIN_F_MAX];
	uint8_t source; /* enum golin_value_source of the whole: never mixed within a struct */
};

const char *golin_struct_name(enum golin_struct_id id);
/* By any name that layout.def has for it; GOLIN_S_MAX when it is not wanted. */
enum golin_struct_id golin_struct_find(const char *name);
/* The fields of a struct are [the result, *ret_end). */
enum golin_field_id golin_struct_fields(enum golin_struct_id id, enum golin_field_id *ret_end);
enum golin_struct_id golin_field_struct(enum golin_field_id id);
const char *golin_field_name(enum golin_field_id id); /* the member: "goid" */
/* By any name that layout.def has for it; GOLIN_F_MAX when the struct has no such wanted member. */
enum golin_field_id golin_field_find(enum golin_struct_id id, const char *member);
bool golin_field_required(enum golin_field_id id);
/* False when the field is absent. */
bool golin_layout_get(const struct golin_layout *l, enum golin_field_id id, uint32_t *ret_offset);
/* 0, or -ENODATA naming each required field that is absent. */
int golin_layout_check(const struct golin_layout *l, struct golin_err *err);

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
	GOLIN_IMAGE_CGO = 1 << 1,
	GOLIN_IMAGE_RACE = 1 << 2,
	GOLIN_IMAGE_STRIPPED = 1 << 3, /* no .symtab: functions come from .gopclntab */
	GOLIN_IMAGE_DWARF = 1 << 4,
	GOLIN_IMAGE_GNU_BUILD_ID = 1
				   << 5, /* build_id is a GNU one, by which debug files are named */
};

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
	int64_t tls_g;		/* the TLS slot of g, from the fs base: -8; 0: not known */
	uint32_t nsegments, _pad;
	struct golin_segment segments[16]; /* PT_LOAD */
	/* The name in .gnu_debuglink, a plain file name (cleaned; "" none), and the CRC-32 there.
	 */
	char debuglink[256];
	uint32_t debuglink_crc, _pad2;
};

enum golin_layout_choice { GOLIN_LAYOUT_AUTO, GOLIN_LAYOUT_ONLY_DWARF, GOLIN_LAYOUT_ONLY_TABLE };

struct golin_image; /* an open ELF file */

/*
 * fd stays the caller's and may be closed afterwards. Errors: -ENOEXEC not an ELF file or not a
 * Go program, -EBADMSG malformed, -EOPNOTSUPP a class, architecture or version that is refused.
 */
int golin_image_open(int fd, struct golin_image **ret, struct golin_err *err);
void golin_image_close(struct golin_image *img);
const struct golin_image_info *golin_image_info(const struct golin_image *img);
/*
 * The layout by choice; AUTO: DWARF where it is whole, else the table. -ENODATA: no DWARF (or no
 * table for this version) and which; -EBADMSG: the DWARF is corrupt, which is never taken for
 * absent.
 */
int golin_image_layout(struct golin_image *img, enum golin_layout_choice choice,
		       struct golin_layout *ret, struct golin_err *err);

/*
 * Takes DWARF from the file behind fd, a .debug file split off from this program. -EBADMSG when it
 * is not this program's: the build ids differ, or without them the CRC in .gnu_debuglink.
 */
int golin_image_attach_debug(struct golin_image *img, int fd, struct golin_err *err);

/* ---- the table ---- */

/* A run of patch releases of one minor that the table was made from, of one architecture. */
struct golin_table_release {
	uint16_t minor, from_patch, to_patch, _pad;
	const char *arch; /* GOARCH */
};

/* All of them, by architecture and version, at most max; returns how many there are. */
size_t golin_table_releases(struct golin_table_release *ret, size_t max);
/*
 * The layout of a release from the table alone. version: "go1.26.8", "1.26" (its newest known
 * patch), "go1.26"; -EINVAL when it is none, -ENODATA when the table does not have it.
 */
int golin_table_layout(const char *version, const char *arch, struct golin_go_version *ret_version,
		       struct golin_layout *ret, struct golin_err *err);

/* ---- functions and hook points ---- */

/* [*ret_lo, *ret_hi) as linked; the real function where an ABI wrapper has the same name. */
int golin_image_func(struct golin_image *img, const char *name, uint64_t *ret_lo, uint64_t *ret_hi,
		     struct golin_err *err);

enum golin_site_kind {
	/* The prologue's branch to morestack, or the push %rbp behind it: arguments, stack pointer
	 * and frame pointer are as at the entry, and it runs once a call. */
	GOLIN_SITE_PROLOGUE = 1,
	GOLIN_SITE_CALL = 2,  /* the only direct call of function `target` in the function */
	GOLIN_SITE_STORE = 3, /* the only 8-byte store of a register to disp(%base) behind the
			       * first call; base and value registers are told */
	GOLIN_SITE_ENTRY = 4, /* the first instruction (functions without a stack check) */
};

enum golin_insn {
	GOLIN_INSN_JBE = 1,
	GOLIN_INSN_PUSH = 2,
	GOLIN_INSN_NOP5 = 3,
	GOLIN_INSN_CALL = 4,
	GOLIN_INSN_OTHER = 5, /* the kernel single-steps it: 30 times the cost in a VM */
};

struct golin_site_want {
	char func[96];
	char target[96]; /* GOLIN_SITE_CALL */
	uint32_t kind;	 /* enum golin_site_kind */
	int32_t disp;	 /* GOLIN_SITE_STORE */
};

struct golin_site {
	int32_t error;	   /* 0; -ENOENT: no such function; -ENODATA: no such instruction in it */
	uint32_t insn;	   /* enum golin_insn */
	uint64_t vaddr;	   /* as linked */
	uint64_t file_off; /* what the kernel wants */
	uint64_t func_lo, func_hi;
	uint32_t drop_flags; /* 0x41 at a jbe: a hit with any of these in FLAGS is not a call */
	uint8_t base_reg, value_reg; /* GOLIN_SITE_STORE: x86 numbers, 0 rax .. 15 r15 */
	uint8_t _pad[2];
	char text[56]; /* the instruction: "jbe 0x47e120" */
	char why[72];  /* "branch to morestack; flags tell growth", or why there is none */
};

int golin_image_site(struct golin_image *img, const struct golin_site_want *want,
		     struct golin_site *ret);

/* ---- names ---- */

struct golin_name_frame {
	char func[1024], file[1024]; /* clean text */
	uint32_t line;
	uint32_t flags; /* enum golin_frame_flags of golin/record.h: 1 wrapper, 2 runtime */
};

/*
 * What stands at a pc (as linked, ready for look-up), innermost inlined frame first; returns how
 * many, at most max, 0 for none. At the entry of a compiler-made wrapper (gowrap, dwrap,
 * main.f.func1 of Go 1.18-1.21's go statements) that calls one function, the first frame is that
 * function at its entry, and the wrapper, flagged so, stands behind it.
 */
int golin_image_names(struct golin_image *img, uint64_t pc, struct golin_name_frame *ret, int max);

/* The version of elfutils that is loaded: "0.188". */
const char *golin_elfutils_version(void);

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

#ifdef __cplusplus
}
#endif
#endif

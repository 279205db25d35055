/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The image process: a long-lived child that parses the foreign ELF file for golin, under limits
 * (memory, CPU time, seccomp, no rights). What it says is checked by the client. When it dies or
 * overstays a deadline it is started again once per request; a request that kills it twice fails
 * with -EBADMSG. Not thread-safe; it ends with the thread that opened it.
 */
#ifndef GOLIN_IMAGE_PROCESS_H
#define GOLIN_IMAGE_PROCESS_H

#include <sys/types.h>
#include "func_defers.h"
#include "golin/layout.h"
#include "golin/offsets.h"

struct golin_imgproc;

/*
 * Starts it on the ELF file behind fd (duplicated) and loads it. `label` stands in messages
 * ("/usr/bin/foo"). Errors as golin_image_open() and golin_image_layout().
 */
int golin_imgproc_open(int fd, const char *label, enum golin_layout_choice choice,
		       struct golin_imgproc **ret, struct golin_err *err);
/*
 * Where the file has no DWARF of Go and choice is not ONLY_TABLE, golin_imgproc_open() looks for
 * the .debug file that was split off from it, as debug_file.h says (not with debuginfod). One that
 * is found and is of no use is passed over: golin_imgproc_debug_note() tells.
 */
const char *golin_imgproc_debug_file(const struct golin_imgproc *p); /* found and used, or NULL */
const char *golin_imgproc_debug_note(const struct golin_imgproc *p); /* found, not used; or NULL */
/* golin_imgproc_open() that looks elsewhere, or asks debuginfod too; search NULL: nowhere. */
struct golin_debug_search;
int golin_imgproc_open_search(int fd, const struct golin_debug_search *search, const char *label,
			      enum golin_layout_choice choice, struct golin_imgproc **ret,
			      struct golin_err *err);
/*
 * Takes DWARF from the file behind debug_fd (duplicated) instead, and fails when that is not the
 * program's or has none.
 */
int golin_imgproc_open_debug(int fd, int debug_fd, const char *label,
			     enum golin_layout_choice choice, struct golin_imgproc **ret,
			     struct golin_err *err);
/* Ends the process (bounded wait). NULL is allowed. */
void golin_imgproc_close(struct golin_imgproc *p);

/* Borrowed, valid while p lives. layout is NULL, with *err set by open, never: open fails then. */
const struct golin_image_info *golin_imgproc_info(const struct golin_imgproc *p);
const struct golin_layout *golin_imgproc_layout(const struct golin_imgproc *p);
/* ret[i] answers wants[i]; n at most 256. */
int golin_imgproc_sites(struct golin_imgproc *p, const struct golin_site_want *wants, size_t n,
			struct golin_site *ret, struct golin_err *err);
/* golin_image_late_targets(), *ret malloc'ed. */
int golin_imgproc_late(struct golin_imgproc *p, struct golin_late_target **ret, size_t *ret_n,
		       struct golin_err *err);
/*
 * What is known of the defer statements of the functions to which these calls return (any n; as
 * linked): ret[i] answers pcs[i].
 */
int golin_imgproc_defers(struct golin_imgproc *p, const uint64_t *pcs, size_t n,
			 struct golin_func_defers *ret, struct golin_err *err);
/*
 * Names of n pcs (any n; batched inside). cb is called once for each pc, in order, with nframes
 * >= 0 frames. When the process cannot answer even after a restart, cb gets 0 frames for the rest
 * and the call returns the error.
 */
typedef void (*golin_imgproc_name_fn)(void *arg, uint64_t pc, const struct golin_name_frame *frames,
				      int nframes);
int golin_imgproc_names(struct golin_imgproc *p, const uint64_t *pcs, size_t n,
			golin_imgproc_name_fn cb, void *arg, struct golin_err *err);

#endif

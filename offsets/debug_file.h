/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Finds the .debug file that was split off from a program, where gdb looks for it too. This is done
 * in golin, which may open files, not in the image process, which then says whether a file belongs
 * to the program. What the program says of itself (build id, name) is not believed: a build id is
 * hex digits, a name is that of a file in a directory, and only regular files are opened.
 */
#ifndef GOLIN_OFFSETS_DEBUG_FILE_H
#define GOLIN_OFFSETS_DEBUG_FILE_H

#include <stdbool.h>
#include "golin/offsets.h"

struct golin_debug_search {
	/* Instead of $GOLIN_DEBUG_DIR, which stands for /usr/lib/debug. */
	const char *dir;
	/* Ask debuginfod-find(1) last: may load hundreds of MiB from $DEBUGINFOD_URLS. */
	bool debuginfod;
};

enum { DEBUG_FILE_PATH = 4096 };

enum debug_file_place {
	DEBUG_FILE_BUILD_ID,   /* DIR/.build-id/xx/yyyy.debug */
	DEBUG_FILE_BESIDE,     /* by .gnu_debuglink: beside the program */
	DEBUG_FILE_SUBDIR,     /* in .debug/ beside it */
	DEBUG_FILE_GLOBAL,     /* in DIR/<directory of the program> */
	DEBUG_FILE_DEBUGINFOD, /* what debuginfod-find says */
	DEBUG_FILE_PLACES
};

/*
 * Opens the file that lies in the place, for the program behind program_fd: a regular file other
 * than the program itself. A descriptor and its path; -ENOENT, when there is none.
 */
int debug_file_open(enum debug_file_place place, int program_fd,
		    const struct golin_image_info *info, const struct golin_debug_search *search,
		    char ret_path[DEBUG_FILE_PATH]);

#endif

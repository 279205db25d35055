/* SPDX-License-Identifier: BSD-2-Clause */
/* What `golin offsets` is asked about: a program, a process, a core file or a Go version. */
#ifndef GOLIN_CMD_OFFSETS_INPUT_H
#define GOLIN_CMD_OFFSETS_INPUT_H

#include "cmd.h"
#include "golin/layout.h"
#include "golin/probes.h"
#include "render.h"

struct offsets_input {
	char name[256];		 /* as it was asked for; clean */
	char label[1024];	 /* the file, "" for a version; clean */
	char debug_file[1024];	 /* that has its DWARF, or ""; clean */
	struct golin_imgproc *p; /* NULL: a version */
	const struct golin_image_info *info;
	const struct golin_layout *layout;
	bool known_absent[GOLIN_S_MAX];
	bool live; /* a process: target is open */
	struct golin_target target;
	/* of a version */
	struct golin_image_info version_info;
	struct golin_layout *version_layout;
};

/* True for "go1.26", "1.25.3" and the like: a version, whatever lies here under that name. */
bool offsets_is_version(const char *word);
/* arch: of a version; NULL: amd64. */
int offsets_input_open(const struct cmd_config *cfg, const char *word, const char *arch,
		       struct offsets_input *ret, struct golin_err *err);
void offsets_input_close(struct offsets_input *in);
/* What the renderers need to know of it. */
struct golin_render offsets_input_render(const struct offsets_input *in);

#endif

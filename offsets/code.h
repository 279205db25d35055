/* SPDX-License-Identifier: BSD-2-Clause */
/* What stands behind golin_image.code: the parts that are about code. */
#ifndef GOLIN_OFFSETS_CODE_H
#define GOLIN_OFFSETS_CODE_H

#include "moduledata.h"
#include "pclntab.h"

struct image_code {
	struct pclntab tab;
	struct moduledata module;
	uint8_t *inlined; /* by inlined.c, when it was asked */
};

struct golin_image;
/* Was it built with a profile, and has this function been inlined somewhere? */
bool image_code_inlined(struct golin_image *img, const char *name);

#endif

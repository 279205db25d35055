/* SPDX-License-Identifier: BSD-2-Clause */
/* What stands behind golin_image.code: the parts that are about code. */
#ifndef GOLIN_OFFSETS_CODE_H
#define GOLIN_OFFSETS_CODE_H

#include "moduledata.h"
#include "pclntab.h"

struct image_code {
	struct pclntab tab;
	struct moduledata module;
};

#endif

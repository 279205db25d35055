/* SPDX-License-Identifier: BSD-2-Clause */
#include <elfutils/libdwfl.h>
#include "golin/offsets.h"

const char *golin_offsets_version(void)
{
	return GOLIN_VERSION;
}

const char *golin_elfutils_version(void)
{
	return dwfl_version(NULL);
}

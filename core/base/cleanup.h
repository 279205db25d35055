/* SPDX-License-Identifier: BSD-2-Clause */
/* Scope guards: a local declared with one is released on every way out of its scope. */
#ifndef GOLIN_BASE_CLEANUP_H
#define GOLIN_BASE_CLEANUP_H

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static inline void golin_cleanup_free(void *p)
{
	free(*(void **)p);
}

static inline void golin_cleanup_close(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static inline void golin_cleanup_fclose(FILE **f)
{
	if (*f)
		fclose(*f);
}

#define _cleanup_free_ __attribute__((cleanup(golin_cleanup_free)))
#define _cleanup_close_ __attribute__((cleanup(golin_cleanup_close)))
#define _cleanup_fclose_ __attribute__((cleanup(golin_cleanup_fclose)))

/* Moves ownership out of a guarded local. */
#define take_ptr(p)                                                                                \
	({                                                                                         \
		__auto_type take_tmp = (p);                                                        \
		(p) = NULL;                                                                        \
		take_tmp;                                                                          \
	})
static inline int take_fd(int *fd)
{
	int taken = *fd;

	*fd = -1;
	return taken;
}

#endif

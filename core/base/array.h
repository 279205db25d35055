/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A growable array of any element type:
 *
 *	struct { T *v; size_t len, cap; } a = {0};      (ARRAY_OF(T) a = {0};)
 *	T *slot = array_add(&a);                        NULL when memory is out
 *	array_free(&a);
 */
#ifndef GOLIN_BASE_ARRAY_H
#define GOLIN_BASE_ARRAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define ARRAY_OF(type)                                                                             \
	struct {                                                                                   \
		type *v;                                                                           \
		size_t len, cap;                                                                   \
	}

/* Makes room for `want` elements in all; false when memory is out. */
static inline bool array_reserve_raw(void **v, size_t *cap, size_t want, size_t elem)
{
	size_t n = *cap ? *cap : 8;
	void *p;

	if (want <= *cap)
		return true;
	while (n < want) {
		if (n > (size_t)-1 / 2 / elem)
			return false;
		n *= 2;
	}
	p = realloc(*v, n * elem);
	if (!p)
		return false;
	*v = p;
	*cap = n;
	return true;
}

#define array_reserve(a, want)                                                                     \
	array_reserve_raw((void **)&(a)->v, &(a)->cap, (want), sizeof(*(a)->v))
/* A zeroed slot at the end, or NULL. */
#define array_add(a)                                                                               \
	(array_reserve((a), (a)->len + 1)                                                          \
		 ? (memset(&(a)->v[(a)->len], 0, sizeof(*(a)->v)), &(a)->v[(a)->len++])            \
		 : NULL)
#define array_free(a)                                                                              \
	do {                                                                                       \
		free((a)->v);                                                                      \
		(a)->v = NULL;                                                                     \
		(a)->len = (a)->cap = 0;                                                           \
	} while (0)
#define array_for_each(a, it)                                                                      \
	for (__typeof__((a)->v) it = (a)->v; it && it < (a)->v + (a)->len; it++)

#endif

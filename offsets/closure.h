/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which func value a wrapper calls that got it through its closure. `go func(n int) {...}(4)`
 * makes, in unoptimized builds and up to 1.22, a wrapper that calls the literal through a word of
 * its closure; what stands in that word, the function with the go statement has written there.
 */
#ifndef GOLIN_OFFSETS_CLOSURE_H
#define GOLIN_OFFSETS_CLOSURE_H

#include <stdbool.h>
#include <stdint.h>

struct golin_image;
struct golin_late_target;
struct pcln_func;

/*
 * The function behind the only indirect call of `wrapper`; false when it is not one that the code
 * gives away: a variable, an interface's method, two different ones.
 */
bool closure_target(struct golin_image *img, const struct pcln_func *wrapper,
		    struct pcln_func *ret);

/*
 * Where the closure of `wrapper` holds what its only indirect call goes to; false when the code
 * does not say.
 */
bool closure_late(struct golin_image *img, const struct pcln_func *wrapper,
		  struct golin_late_target *ret);

#endif

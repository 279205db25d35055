/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * On what goroutines wait, as far as somebody asked (GOLIN_CTL_READ): the last answer of each that
 * is alive. Part of the model; pointers are borrowed and valid until the next apply().
 */
#ifndef GOLIN_WAITS_H
#define GOLIN_WAITS_H

#include "golin/context.h"

#ifdef __cplusplus
extern "C" {
#endif

struct golin_wait {
	uint64_t chan; /* address of the channel */
	golin_cidx c;  /* whose Done channel it is; GOLIN_CIDX_NONE */
	uint8_t how;   /* enum golin_wait_how */
	uint8_t flags; /* enum golin_wait_flags */
};

struct golin_waits {
	uint64_t read;	/* monotonic ns: when this was read */
	uint64_t since; /* monotonic ns: the oldest reading since which nothing of it has changed */
	uint64_t stack; /* golin_model_stack(); 0: not known */
	uint32_t flags; /* enum golin_waits_flags */
	uint32_t n;
	const struct golin_wait *v;
};

/*
 * False: it was never read, or has ended, or its state was seen to be another since then. Its state
 * and wait reason stand in golin_goroutine.
 */
bool golin_model_waits(const struct golin_model *m, golin_gidx g, struct golin_waits *ret);
/*
 * The innermost frame of the user's code on a stack: the first that is neither of package runtime
 * nor of the standard library's (sync, time, net, os, internal/..., io, context, syscall ...). func
 * "" when there is none. *ret_blocking: the standard library's function that it calls ("" none).
 */
struct golin_frame golin_model_user_frame(const struct golin_model *m, uint64_t stack,
					  struct golin_frame *ret_blocking);
/* Whether a function is the runtime's or the standard library's. */
bool golin_frame_is_library(const struct golin_frame *f);
/* Length of the import path in a function's name: up to the first dot of its last element. */
size_t golin_func_package(const char *func);

#ifdef __cplusplus
}
#endif
#endif

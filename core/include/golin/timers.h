/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The timers that the program made with package time and neither stopped nor saw fire, by the site
 * that made them. Part of the model; timers of contexts are contexts, not timers.
 */
#ifndef GOLIN_TIMERS_H
#define GOLIN_TIMERS_H

#include "golin/model.h"

#ifdef __cplusplus
extern "C" {
#endif

struct golin_timer_site {
	uint64_t stack;	  /* of one of them: golin_model_stack() */
	uint64_t made;	  /* since golin came */
	uint64_t pending; /* neither stopped nor fired nor found collected; may count unheld ones */
	uint64_t held; /* of these: held by the runtime at the last reading; since 1.23 a channel's
			* is while a goroutine is blocked on it */
	uint64_t held_before, held_first; /* likewise, at the reading before, and at the first */
	uint64_t stopped, fired;
	uint64_t oldest;   /* monotonic ns: when the oldest held one was started; 0 none */
	uint64_t goid;	   /* that made the newest */
	int64_t delay_max; /* ns: the longest that one was armed for, of those pending at the last
			    * reading and those since */
	uint8_t kind;	   /* enum golin_timer_kind */
};

uint32_t golin_model_timer_sites(const struct golin_model *m);
/* i < golin_model_timer_sites(); in order of arrival, stable. */
const struct golin_timer_site *golin_model_timer_site(const struct golin_model *m, uint32_t i);
/* Monotonic ns of the last whole reading of what the runtime holds; 0: there was none. */
uint64_t golin_model_timers_read(const struct golin_model *m);

#ifdef __cplusplus
}
#endif
#endif

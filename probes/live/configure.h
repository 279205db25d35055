/* SPDX-License-Identifier: BSD-2-Clause */
/* From layout and plan to the numbers that the BPF programs work with. Pure. */
#ifndef GOLIN_PROBES_CONFIGURE_H
#define GOLIN_PROBES_CONFIGURE_H

#include <stdbool.h>
#include <sys/types.h>
#include "bpf/wire.h"
#include "plan.h"

struct golin_err;

/* The layout has all required fields. -EOPNOTSUPP: it is like none that is known. */
int configure_wire(const struct golin_plan *plan, const struct golin_image_info *info,
		   const struct golin_layout *layout, pid_t pid, uint32_t stack_depth,
		   struct wire_cfg *ret, struct golin_err *err);
/*
 * What records of timers need besides. False: what a timer is made of lies otherwise than in any
 * Go that is known.
 */
bool configure_timer_events(const struct golin_plan *plan, const struct golin_image_info *info,
			    const struct golin_layout *layout, struct wire_cfg *ret);
/* What events of panics need besides. values: what they say is wanted. -ENODATA: it is not known.
 */
int configure_panics(const struct golin_plan *plan, const struct golin_image_info *info,
		     const struct golin_layout *layout, bool values, struct wire_cfg *ret,
		     struct golin_err *err);
/* Where the program tells of its types: for the ids of traces in contexts. Not known: they are not
 * looked for. */
void configure_traces(const struct golin_image_info *info, const struct golin_layout *layout,
		      struct wire_cfg *ret);
/* A member of a struct within a struct, from the start of the outer one; the layout has both. */
uint32_t layout_within(const struct golin_layout *layout, enum golin_field_id outer,
		       enum golin_field_id inner);
/* The resolved hook for an event, or NULL. */
const struct golin_plan_hook *plan_hook(const struct golin_plan *p, const char *event);

#endif

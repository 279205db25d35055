/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * value-only: a chain of values over Background is handed on where a context that can be cancelled
 * was at hand. It is watched together with what detached-context watches (detached_context.c).
 */
#include "rules_impl.h"

const struct rule rule_value_only = {
	.info = {.name = "value-only",
		 .what = "a chain of values without anything that can be cancelled above it is "
			 "handed on where something cancellable was at hand",
		 .hint = "Put the values on the context at hand, not on Background: so its cancel "
			 "and deadline go with them.",
		 .severity = GOLIN_SEV_WARNING,
		 .groups = GOLIN_GROUP_GOROUTINES | GOLIN_GROUP_CONTEXTS},
};

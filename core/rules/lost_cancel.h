/* SPDX-License-Identifier: BSD-2-Clause */
/* lost-cancel in two files: who is lost, and what is said of it. */
#ifndef GOLIN_RULES_LOST_CANCEL_H
#define GOLIN_RULES_LOST_CANCEL_H

#include "rules_impl.h"

/* Somebody works under it, or has lately derived from it. */
bool lost_is_used(struct golin_rules *r, golin_cidx c, const struct golin_context *x);
void lost_tell(struct golin_rules *r, struct site *s);
void lost_tell_expired(struct golin_rules *r, struct site *s);

#endif

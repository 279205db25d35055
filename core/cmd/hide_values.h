/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * --hide-values on any source: what values of panics say is taken out of the records before the
 * model, a recording or an output sees them. A live source does not even read it.
 */
#ifndef GOLIN_CMD_HIDE_VALUES_H
#define GOLIN_CMD_HIDE_VALUES_H

#include "golin/record.h"

/*
 * The record itself when nothing is to be hidden in it; else a copy in b without it, valid until
 * the next use of b. NULL: out of memory. rec must have been checked.
 */
const struct golin_rec *hide_values(const struct golin_rec *rec, struct golin_recbuf *b);

#endif

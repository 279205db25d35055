/* SPDX-License-Identifier: BSD-2-Clause */
/* The model as records: a model that applies them holds the same. For keyframes of recordings. */
#ifndef GOLIN_DUMP_H
#define GOLIN_DUMP_H

#include "golin/model.h"
#include "golin/source.h"

/* 0, or what the sink returned, or -ENOMEM. */
int golin_model_dump(const struct golin_model *m, const struct golin_sink *sink);

#endif

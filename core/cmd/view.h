/* SPDX-License-Identifier: BSD-2-Clause */
/* What the printing commands share: export options from the configuration, writing of a strbuf. */
#ifndef GOLIN_CMD_VIEW_H
#define GOLIN_CMD_VIEW_H

#include "cmd.h"
#include "export/export.h"
#include "session.h"

void view_options(const struct session *s, struct golin_export_opts *ret);
/* Writes and clears what is in b. */
int view_flush(struct strbuf *b, struct golin_err *err);

#endif

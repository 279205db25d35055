/* SPDX-License-Identifier: BSD-2-Clause */
/* Lines of the detail pane about panics: what its parts share. */
#ifndef GOLIN_TUI_DETAIL_PANIC_H
#define GOLIN_TUI_DETAIL_PANIC_H

#include "detail.h"

/* Its deferred calls in the order in which they ran, and its stack. */
void detail_add_panic_way(struct detail *d, const struct panview *v, golin_pidx i);
/* Where it was parked, what descends from it, the contexts that it left, what memory says. */
void detail_add_panic_rest(struct detail *d, const struct panview *v, golin_pidx i);
/* g._panic and g._defer of a goroutine, as they were read; nothing when they were not. */
void detail_add_kept(struct detail *d, const struct golin_model *m, golin_gidx i, uint64_t moment);

#endif

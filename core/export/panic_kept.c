/* SPDX-License-Identifier: BSD-2-Clause */
/* What memory says of a goroutine's panics and of what it defers, as JSON. */
#include "panic_impl.h"

static void put_panics(struct jsonw *w, const struct golin_model *m, const struct golin_kept *k)
{
	jsonw_begin(w, "panics", '[');
	for (uint32_t n = 0; n < k->npanics; n++) {
		jsonw_begin(w, NULL, '{');
		export_json_addr(w, "addr", k->panics[n].addr);
		if (k->panics[n].flags & (GOLIN_KEPT_GOEXIT | GOLIN_KEPT_DEFERRETURN))
			jsonw_null(w, "value");
		else
			export_json_value(w, "value", m, &k->panics[n].value);
		jsonw_bool(w, "recovered", k->panics[n].flags & GOLIN_KEPT_RECOVERED);
		jsonw_bool(w, "aborted", k->panics[n].flags & GOLIN_KEPT_ABORTED);
		jsonw_bool(w, "goexit", k->panics[n].flags & GOLIN_KEPT_GOEXIT);
		jsonw_bool(w, "repanicked", k->panics[n].flags & GOLIN_KEPT_REPANICKED);
		jsonw_bool(w, "deferreturn", k->panics[n].flags & GOLIN_KEPT_DEFERRETURN);
		jsonw_end(w, '}');
	}
	jsonw_end(w, ']');
}

static void put_defers(struct jsonw *w, const struct golin_model *m, const struct golin_kept *k)
{
	jsonw_begin(w, "defers", '[');
	for (uint32_t n = 0; n < k->ndefers; n++) {
		const struct golin_frame *f;

		jsonw_begin(w, NULL, '{');
		export_json_entry(w, m, k->defers[n].pc);
		if (k->defers[n].at && golin_model_frames(m, k->defers[n].at, &f))
			export_json_frame(w, "at", f);
		else
			jsonw_null(w, "at");
		jsonw_u64(w, "depth", k->defers[n].depth);
		jsonw_bool(w, "started", k->defers[n].flags & GOLIN_DEFER_STARTED);
		jsonw_bool(w, "open_coded", k->defers[n].flags & GOLIN_DEFER_OPEN);
		jsonw_bool(w, "heap", k->defers[n].flags & GOLIN_DEFER_HEAP);
		jsonw_bool(w, "range", k->defers[n].flags & GOLIN_DEFER_RANGE);
		jsonw_end(w, '}');
	}
	jsonw_end(w, ']');
}

void export_json_kept(struct jsonw *w, const char *key, const struct golin_model *m, golin_gidx g)
{
	struct golin_kept k;

	if (!golin_model_kept(m, g, &k)) {
		jsonw_null(w, key);
		return;
	}
	jsonw_begin(w, key, '{');
	export_json_time(w, "read", m, k.read);
	if (k.thread)
		jsonw_u64(w, "thread", k.thread);
	else
		jsonw_null(w, "thread");
	jsonw_bool(w, "locked", k.flags & GOLIN_DEFERS_LOCKED);
	jsonw_bool(w, "partial", k.flags & GOLIN_DEFERS_PARTIAL);
	jsonw_bool(w, "more", k.flags & GOLIN_DEFERS_MORE);
	jsonw_bool(w, "open_coded_found", k.flags & GOLIN_DEFERS_OPEN);
	put_panics(w, m, &k);
	put_defers(w, m, &k);
	jsonw_end(w, '}');
}

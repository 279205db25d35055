/* SPDX-License-Identifier: BSD-2-Clause */
/* The pauses of the world, as JSON lines and as text (docs/events.md). */
#include "export_impl.h"

#include <inttypes.h>

void export_pause_event(const struct golin_model *m, const struct golin_export_opts *o,
			const struct golin_rec *rec, bool json, struct strbuf *out)
{
	const struct golin_rec_gc_pause *r = (const void *)rec;
	struct golin_target_info target = {0};
	char buf[32];
	struct jsonw w;

	/* It is no goroutine's. */
	if (rec->type != GOLIN_REC_GC_PAUSE || o->filter)
		return;
	if (json) {
		jsonw_init(&w, out);
		jsonw_begin(&w, NULL, '{');
		jsonw_str(&w, "type", golin_rec_type_name(rec->type));
		export_json_time(&w, "ts", m, rec->ts);
		jsonw_null(&w, "goid");
		export_json_text(&w, "reason", golin_rec_text(rec, r->reason));
		jsonw_u64(&w, "duration_ns", r->duration_ns);
		jsonw_end(&w, '}');
		jsonw_newline(&w);
		return;
	}
	golin_model_target(m, &target);
	strbuf_addf(out, "pause: tgid=%" PRIu32 ", goid=-, for=%s", target.pid,
		    golin_text_duration(buf, sizeof(buf), r->duration_ns));
	if (r->reason.len)
		strbuf_addf(out, ", reason=%s", golin_rec_text(rec, r->reason));
	strbuf_adds(out, "\n");
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* golin events SOURCE: every event as it comes, a line each. */
#include "view.h"

struct events {
	struct golin_export_opts opts;
	struct strbuf out;
	bool header;
	uint64_t news; /* of panics that were told */
};

static int print_header(struct session *s, struct events *e)
{
	if (s->cfg->json && !e->header)
		golin_export_header(s->model, &e->out);
	e->header = true;
	return 0;
}

static int on_record(struct session *s, const struct golin_rec *rec, struct golin_err *err)
{
	struct events *e = s->arg;

	/* The header tells of the target: it waits for the first record that is not about it. */
	if (rec->type < GOLIN_REC_SETTINGS)
		return 0;
	print_header(s, e);
	if (s->cfg->json)
		golin_export_event_json(s->model, &e->opts, rec, &e->out);
	else
		golin_export_event_text(s->model, &e->opts, rec, &e->out);
	return e->out.len > 64 * 1024 ? view_flush(&e->out, err) : 0;
}

static int on_batch(struct session *s, struct golin_err *err)
{
	return view_flush(&((struct events *)s->arg)->out, err);
}

int cmd_events(struct cmd_config *cfg)
{
	struct golin_err err = {0};
	struct events e = {0};
	struct session s;
	int ret = session_init(&s, cfg, &err), code;

	s.arg = &e;
	s.on_record = on_record;
	s.on_batch = on_batch;
	if (!ret) {
		view_options(&s, &e.opts);
		e.opts.news = &e.news;
		ret = session_open(&s, &err);
	}
	if (!ret)
		ret = session_loop(&s, &err);
	if (!ret && cfg->json) {
		print_header(&s, &e);
		golin_export_summary(s.model, &s.stats, &e.out);
		ret = view_flush(&e.out, &err);
	}
	code = session_exit(&s, ret ? report_err(&err) : 0);
	session_close(&s);
	strbuf_done(&e.out);
	return code;
}

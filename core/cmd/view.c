/* SPDX-License-Identifier: BSD-2-Clause */
#include "view.h"

void view_options(const struct session *s, struct golin_export_opts *ret)
{
	const struct cmd_config *cfg = s->cfg;

	*ret = (struct golin_export_opts){
		.filter = s->filter,
		.system = cfg->system,
		.live_only = cfg->live_only,
		.fold = cfg->fold,
		.ascii = output_ascii(cfg),
		.color = output_color(cfg),
		.width = output_width(),
	};
}

int view_flush(struct strbuf *b, struct golin_err *err)
{
	int ret = 0;

	if (b->oom)
		return golin_err_set(err, -ENOMEM, "out of memory");
	if (b->len)
		ret = output_write(b->s, b->len, err);
	strbuf_clear(b);
	return ret;
}

static int print_json(struct session *s, const struct view *v, const struct golin_export_opts *o,
		      struct strbuf *b, struct golin_err *err)
{
	uint64_t pos = 0;
	bool more;
	int ret;

	golin_export_header(s->model, b);
	do {
		more = v->json(s->model, o, &pos, b);
		ret = view_flush(b, err);
	} while (more && !ret);
	if (ret)
		return ret;
	(v->summary ? v->summary : golin_export_summary)(s->model, &s->stats, b);
	return view_flush(b, err);
}

static int print_text(struct session *s, const struct view *v, const struct golin_export_opts *o,
		      struct strbuf *b, struct golin_err *err)
{
	void *t = v->text_new(s->model, o);
	bool more = true;
	int ret = 0;

	if (!t)
		return golin_err_set(err, -ENOMEM, "out of memory");
	while (more && !ret) {
		more = v->text_next(t, b);
		ret = view_flush(b, err);
	}
	v->text_free(t);
	return ret;
}

int view_command(struct cmd_config *cfg, const struct view *v)
{
	struct golin_export_opts o;
	struct golin_err err = {0};
	struct strbuf b = {0};
	struct session s;
	int code = session_view(&s, cfg);

	if (!code) {
		view_options(&s, &o);
		if ((cfg->json ? print_json : print_text)(&s, v, &o, &b, &err))
			code = report_err(&err);
		code = session_exit(&s, code);
	}
	strbuf_done(&b);
	session_close(&s);
	return code;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* golin contexts SOURCE: the trees of contexts, printed when the session is over. */
#include "golin/record.h"
#include "view.h"

static int print_json(struct session *s, const struct golin_export_opts *o, struct strbuf *b,
		      struct golin_err *err)
{
	uint64_t pos = 0;
	bool more;
	int ret;

	golin_export_header(s->model, b);
	do {
		more = golin_export_contexts_json(s->model, o, &pos, b);
		ret = view_flush(b, err);
	} while (more && !ret);
	if (ret)
		return ret;
	golin_export_summary(s->model, &s->stats, b);
	return view_flush(b, err);
}

static int print_text(struct session *s, const struct golin_export_opts *o, struct strbuf *b,
		      struct golin_err *err)
{
	struct golin_contexts_text *t = golin_contexts_text_new(s->model, o);
	bool more = true;
	int ret = 0;

	if (!t)
		return golin_err_set(err, -ENOMEM, "out of memory");
	while (more && !ret) {
		more = golin_contexts_text_next(t, b);
		ret = view_flush(b, err);
	}
	golin_contexts_text_free(t);
	return ret;
}

int cmd_contexts(struct cmd_config *cfg)
{
	struct golin_export_opts o;
	struct golin_err err = {0};
	struct strbuf b = {0};
	struct session s;
	int code;

	cfg->groups |= GOLIN_GROUP_CONTEXTS;
	code = session_view(&s, cfg);
	if (!code) {
		view_options(&s, &o);
		if ((cfg->json ? print_json : print_text)(&s, &o, &b, &err))
			code = report_err(&err);
		code = session_exit(&s, code);
	}
	strbuf_done(&b);
	session_close(&s);
	return code;
}

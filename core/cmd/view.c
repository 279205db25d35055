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

/* SPDX-License-Identifier: BSD-2-Clause */
/* golin record SOURCE -o FILE: keeps the stream for later. */
#include <sys/stat.h>
#include <unistd.h>
#include "recording.h"
#include "session.h"

int cmd_record(struct cmd_config *cfg)
{
	struct golin_model_counts c;
	struct golin_err err = {0};
	struct session s;
	bool nothing = false; /* was there to be recorded */
	int ret, code;

	if (!cfg->output) {
		golin_err_set(&err, -EINVAL, "no file to record to");
		golin_err_hint(&err, "golin record SOURCE -o FILE");
		return report_err(&err);
	}
	ret = session_init(&s, cfg, &err);
	s.refresh = true;
	/* Nobody reads here what they find: their questions' answers are recorded. */
	if (!ret)
		ret = session_find(&s, &err);
	if (!ret)
		ret = golin_writer_open(cfg->output, cfg->force, s.model, &s.writer, &err);
	if (!ret) {
		ret = session_open(&s, &err);
		nothing = ret != 0;
	}
	if (!ret)
		ret = session_loop(&s, &err);
	if (s.writer) {
		struct golin_err close_err = {0};
		struct stat st = {0};
		int r = golin_writer_close(s.writer, &close_err);

		s.writer = NULL;
		/* The name is free again for the next try. */
		if (nothing)
			unlink(cfg->output);
		if (r && !ret) {
			ret = r;
			err = close_err;
		}
		golin_model_counts(s.model, &c);
		/* With its last block and the index. */
		if (!ret && stat(cfg->output, &st))
			st.st_size = 0;
		if (!ret)
			report_note("recorded %llu events, %.1f MB, in %s",
				    (unsigned long long)c.events, st.st_size / 1e6, cfg->output);
	}
	code = session_exit(&s, ret ? report_err(&err) : 0);
	session_close(&s);
	return code;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* golin doctor: what this machine lets golin do, tried for real. */
#include "base/jsonw.h"
#include "golin/probes.h"
#include "view.h"

static const char *word(int result)
{
	return result == GOLIN_CHECK_OK ? "OK" : result == GOLIN_CHECK_WARN ? "WARN" : "FAIL";
}

static void doctor_json(const struct golin_check *c, int n, bool live, struct strbuf *out)
{
	struct jsonw w;

	jsonw_init(&w, out);
	for (int i = 0; i < n; i++) {
		jsonw_begin(&w, NULL, '{');
		jsonw_str(&w, "type", "check");
		jsonw_str(&w, "name", c[i].name);
		jsonw_str(&w, "result", word(c[i].result));
		jsonw_bool(&w, "needed", c[i].needed);
		jsonw_str(&w, "text", c[i].text);
		jsonw_str(&w, "fix", c[i].fix[0] ? c[i].fix : NULL);
		jsonw_end(&w, '}');
		jsonw_newline(&w);
	}
	jsonw_begin(&w, NULL, '{');
	jsonw_str(&w, "type", "doctor");
	jsonw_bool(&w, "live", live);
	jsonw_end(&w, '}');
	jsonw_newline(&w);
}

static void doctor_text(const struct golin_check *c, int n, bool live, struct strbuf *out)
{
	for (int i = 0; i < n; i++) {
		strbuf_addf(out, "%-4s  %-20s %s\n", word(c[i].result), c[i].name, c[i].text);
		if (c[i].fix[0])
			strbuf_addf(out, "      %-20s -> %s\n", "", c[i].fix);
	}
	strbuf_addf(out, "\n%s\n",
		    live ? "Live probes work here."
			 : "Live probes do not work here; 'golin lineage PID --no-probes', 'golin "
			   "replay' and 'golin offsets' may.");
}

int cmd_doctor(struct cmd_config *cfg)
{
	struct golin_check checks[48];
	struct golin_err err = {0};
	struct strbuf out = {0};
	int n = golin_doctor(checks, 48), ret;
	bool live = true;

	for (int i = 0; i < n; i++)
		if (checks[i].needed && checks[i].result == GOLIN_CHECK_FAIL)
			live = false;
	(cfg->json ? doctor_json : doctor_text)(checks, n, live, &out);
	ret = view_flush(&out, &err);
	strbuf_done(&out);
	if (ret)
		return report_err(&err);
	return live ? 0 : GOLIN_EXIT_PERMISSION;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* golin findings SOURCE: what is wrong, printed when the session is over. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/text.h"
#include "baseline.h"
#include "rules_loop.h"
#include "view.h"

#define PROGRESS_NS 250000000ull

struct findings {
	struct golin_export_opts opts;
	struct strbuf out;
	struct baseline *known;
	struct golin_finding_row *rows;
	size_t n;
	struct golin_findings_tally tally;
	uint32_t groups; /* that were armed at some time */
	uint64_t begin, shown;
};

static uint64_t mono_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000ull + (uint64_t)ts.tv_nsec;
}

static int print_rules(const struct cmd_config *cfg)
{
	struct golin_err err = {0};
	struct strbuf b = {0};
	int ret;

	for (uint32_t i = 0; i < golin_rule_count(); i++) {
		if (cfg->json)
			golin_export_rule_json(i, &b);
		else
			golin_export_rule_text(i, &b);
	}
	if (!cfg->json) {
		strbuf_adds(&b, "\nWhat is too long, too many or too deep, and what it is without "
				"the option:\n");
		rules_limits_help(&b);
	}
	ret = view_flush(&b, &err);
	strbuf_done(&b);
	return ret ? report_err(&err) : 0;
}

static int on_record(struct session *s, const struct golin_rec *rec, struct golin_err *err)
{
	if (rec->type == GOLIN_REC_SETTINGS)
		((struct findings *)s->arg)->groups |=
			((const struct golin_rec_settings *)rec)->groups;
	return 0;
}

static int on_batch(struct session *s, struct golin_err *err)
{
	struct findings *f = s->arg;
	struct golin_context_counts c;
	uint64_t now = mono_ns();
	char text[128], buf[32];

	if (!s->src->live || now - f->shown < PROGRESS_NS)
		return 0;
	f->shown = now;
	golin_context_counts(s->model, &c);
	snprintf(text, sizeof(text), "%s, %" PRIu64 " contexts, %" PRIu32 " findings",
		 golin_text_duration(buf, sizeof(buf), now - f->begin), c.created + c.seen,
		 golin_findings_count(s->rules));
	report_progress(text);
	return 0;
}

/* No finding of a rule that could not see anything means nothing. */
static void say_blind(const struct findings *f)
{
	struct strbuf b = {0};
	uint32_t n = 0;

	for (uint32_t i = 0; i < golin_rule_count(); i++) {
		if (!(golin_rule(i)->groups & ~f->groups))
			continue;
		strbuf_addf(&b, "%s%s", n++ ? ", " : "", golin_rule(i)->name);
	}
	if (n == golin_rule_count())
		report_warn("nothing was looked for, since neither contexts, timers nor panics "
			    "were watched");
	else if (n && !b.oom)
		report_note("not looked for, since it was not watched: %s", b.s);
	strbuf_done(&b);
}

/* Time that was watched: of a recording, that of its records. */
static uint64_t watched(const struct session *s, const struct findings *f)
{
	uint64_t first = golin_model_first(s->model), last = golin_model_now(s->model);

	if (s->src->live)
		return mono_ns() - f->begin;
	return last > first ? last - first : 0;
}

static int print(struct session *s, struct findings *f, struct golin_err *err)
{
	int ret = 0;

	if (s->cfg->json)
		golin_export_header(s->model, &f->out);
	for (size_t k = 0; k < f->n && !ret; k++) {
		if (s->cfg->json)
			golin_export_finding_json(s->model, &f->rows[k], &f->out);
		else
			golin_export_finding_text(&f->opts, &f->rows[k], &f->out);
		ret = view_flush(&f->out, err);
	}
	if (ret)
		return ret;
	if (s->cfg->json)
		golin_export_findings_summary(s->model, &s->stats, &f->tally, &f->out);
	else
		golin_export_findings_end(s->model, &f->tally, watched(s, f), &f->out);
	return view_flush(&f->out, err);
}

/* From --fail-on: the lowest severity that makes the exit code 1. */
static uint8_t fails_from(const struct cmd_config *cfg)
{
	static const uint8_t from[] = {GOLIN_SEV_WARNING, GOLIN_SEV_NOTE, GOLIN_SEV_WARNING,
				       GOLIN_SEV_ERROR, UINT8_MAX};

	return from[cfg->fail_on];
}

static int report(struct session *s, struct findings *f, struct golin_err *err)
{
	const struct cmd_config *cfg = s->cfg;
	int ret = golin_export_findings(s->model, s->rules, &f->opts, &f->rows, &f->n);

	if (ret)
		return golin_err_set(err, ret, "out of memory for the findings");
	for (size_t k = 0; k < f->n; k++)
		f->rows[k].known = baseline_knows(f->known, f->rows[k].f);
	if (cfg->write_baseline) {
		ret = baseline_write(cfg->write_baseline, f->rows, f->n, err);
		if (ret)
			return ret;
		report_note("%zu findings are in the baseline %s", f->n, cfg->write_baseline);
		for (size_t k = 0; k < f->n; k++)
			f->rows[k].known = true;
	}
	golin_export_findings_tally(f->rows, f->n, &f->tally);
	say_blind(f);
	return print(s, f, err);
}

static int found(const struct session *s, const struct findings *f)
{
	for (size_t k = 0; k < f->n; k++)
		if (!f->rows[k].known && f->rows[k].f->severity >= fails_from(s->cfg))
			return GOLIN_EXIT_FINDINGS;
	return 0;
}

static int look(struct session *s, struct findings *f, struct golin_err *err)
{
	int ret = session_find(s, err);

	if (!ret && s->cfg->baseline)
		ret = baseline_read(s->cfg->baseline, &f->known, err);
	if (ret)
		return ret;
	s->arg = f;
	s->on_record = on_record;
	s->on_batch = on_batch;
	view_options(s, &f->opts);
	ret = session_open(s, err);
	if (ret)
		return ret;
	f->begin = mono_ns();
	ret = session_loop(s, err);
	report_progress(NULL);
	return ret ? ret : report(s, f, err);
}

int cmd_findings(struct cmd_config *cfg)
{
	struct findings f = {0};
	struct golin_err err = {0};
	struct session s;
	int ret, code;

	if (cfg->list)
		return print_rules(cfg);
	ret = session_init(&s, cfg, &err);
	if (!ret)
		ret = look(&s, &f, &err);
	code = session_exit(&s, ret ? report_err(&err) : found(&s, &f));
	session_close(&s);
	baseline_free(f.known);
	free(f.rows);
	strbuf_done(&f.out);
	return code;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* golin offsets: the layouts of the runtime's structs, the hook points, and how two differ. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/strbuf.h"
#include "golin/record.h"
#include "image_process.h"
#include "offsets_explain.h"
#include "offsets_input.h"
#include "plan.h"
#include "render.h"
#include "view.h"

/* The words of --format, from 1. */
enum format { FORMAT_TABLE = 1, FORMAT_JSON, FORMAT_HEADER, FORMAT_TSV };

static enum format format_of(const struct cmd_config *cfg)
{
	return cfg->json ? FORMAT_JSON : cfg->format ? cfg->format : FORMAT_TABLE;
}

/* ---- --struct ---- */

/* The only struct of that name in any package: "cancelCtx" is context.cancelCtx. */
static enum golin_struct_id find_by_last_name(const char *word)
{
	enum golin_struct_id found = GOLIN_S_MAX;

	for (int s = 0; s < GOLIN_S_MAX; s++) {
		const char *dot = strrchr(golin_struct_name(s), '.');

		if (!dot || strcmp(dot + 1, word))
			continue;
		if (found != GOLIN_S_MAX)
			return GOLIN_S_MAX;
		found = s;
	}
	return found;
}

static enum golin_struct_id find_struct(const char *name, size_t len)
{
	char word[128];
	enum golin_struct_id s;

	if (!len || len + sizeof("runtime.") > sizeof(word))
		return GOLIN_S_MAX;
	snprintf(word, sizeof(word), "runtime.%.*s", (int)len, name);
	s = golin_struct_find(word + strlen("runtime."));
	if (s != GOLIN_S_MAX || strpbrk(word + strlen("runtime."), "./|,"))
		return s;
	s = golin_struct_find(word); /* "g" is runtime.g */
	return s != GOLIN_S_MAX ? s : find_by_last_name(word + strlen("runtime."));
}

static const char *struct_name_at(size_t i)
{
	return i < GOLIN_S_MAX ? golin_struct_name(i) : NULL;
}

static int unknown_struct(const char *name, struct golin_err *err)
{
	char word[96];
	const char *near;

	snprintf(word, sizeof(word), "%.*s", (int)strcspn(name, "|,"), name);
	near = option_closest(word, struct_name_at);
	golin_err_set(err, -EINVAL, "no struct '%s' among those that golin knows", word);
	if (near)
		golin_err_hint(err, "did you mean %s?", near);
	else
		golin_err_hint(err, "without --struct all are printed");
	return -EINVAL;
}

/* A list, parted by | or commas; but "bucket<string,string>" is one name. */
static int parse_structs(const char *list, bool *ret, struct golin_err *err)
{
	while (*list) {
		size_t len = strlen(list);
		enum golin_struct_id s;

		/* The longest name that the list begins with. */
		while ((s = find_struct(list, len)) == GOLIN_S_MAX) {
			while (len && list[len - 1] != '|' && list[len - 1] != ',')
				len--;
			if (!len)
				return unknown_struct(list, err);
			len--;
		}
		ret[s] = true;
		list += len + (list[len] != '\0');
	}
	return 0;
}

static int wanted_structs(const struct cmd_config *cfg, bool *ret, struct golin_err *err)
{
	int r = 0;

	for (uint32_t i = 0; !r && i < cfg->structs.n; i++) {
		if (!*cfg->structs.v[i])
			return golin_err_set(err, -EINVAL, "--struct names no struct");
		r = parse_structs(cfg->structs.v[i], ret, err);
	}
	return r;
}

/* ---- hook points ---- */

/* The plan's hooks in the shape that the renderer takes. */
static size_t render_hooks(const struct golin_plan *plan, struct golin_hook *ret)
{
	size_t n = 0;

	for (size_t i = 0; i < plan->n; i++) {
		const struct golin_plan_hook *h = &plan->hooks[i];

		if (h->place) /* only tells where a function lies */
			continue;
		ret[n++] = (struct golin_hook){
			.event = h->event,
			.func = h->want.func,
			.found = !h->site.error,
			.offset = h->site.file_off,
			.instruction = h->site.error ? NULL : h->site.text,
			.why = h->site.why,
			.where = h->where,
			.lost = h->lost,
			.required = h->required,
		};
	}
	return n;
}

/* No hooks is not a failure here: the layouts are worth printing alone. */
static size_t find_hooks(const struct offsets_input *in, struct golin_hook *ret,
			 struct golin_plan *plan)
{
	struct golin_err err = {0};
	int r;

	if (!in->p || strcmp(in->info->arch, "amd64"))
		return 0;
	if (golin_plan_make(in->info, in->layout, UINT32_MAX, plan, &err)) {
		report_warn("no hook points: %s", err.msg);
		return 0;
	}
	r = golin_plan_resolve(plan, in->p, &err);
	/* That some are missing is said where they would stand. */
	if (r && r != -ENODATA) {
		report_warn("no hook points: %s", err.msg);
		return 0;
	}
	return render_hooks(plan, ret);
}

/* ---- one ---- */

static int show(const struct cmd_config *cfg, const struct offsets_input *in, const bool *structs,
		struct strbuf *out, struct golin_err *err)
{
	_cleanup_free_ struct golin_plan *plan = calloc(1, sizeof(*plan));
	struct golin_render r = offsets_input_render(in);
	struct golin_hook hooks[GOLIN_PLAN_MAX];
	enum format format = format_of(cfg);
	struct offsets_explained why;
	int ret = 0;

	if (!plan)
		return golin_err_set(err, -ENOMEM, "out of memory");
	r.structs = structs;
	r.hooks = hooks;
	/* A header and TSV are of layouts alone, and so is a choice of structs. */
	if (!structs && (format == FORMAT_TABLE || format == FORMAT_JSON))
		r.nhooks = find_hooks(in, hooks, plan);
	if (cfg->explain) {
		ret = offsets_explain(cfg, in, &why, err);
		if (ret)
			return ret;
		r.explain = &why.explain;
	}
	if (format == FORMAT_TSV)
		golin_render_tsv(&r, out);
	else if (format == FORMAT_HEADER)
		golin_render_header(&r, out);
	else if (format == FORMAT_JSON)
		golin_render_json(&r, out);
	else
		golin_render_table(&r, out);
	ret = view_flush(out, err);
	return ret || !cfg->explain ? ret : offsets_explain_verdict(&why, in, err);
}

static int run_one(const struct cmd_config *cfg, const bool *structs, struct golin_err *err)
{
	struct offsets_input *in = malloc(sizeof(*in));
	struct strbuf out = {0};
	int r;

	if (!in)
		return golin_err_set(err, -ENOMEM, "out of memory");
	r = offsets_input_open(cfg, cfg->args[0], cfg->arch, in, err);
	if (!r && cfg->arch && in->p)
		r = golin_err_set(err, -EINVAL, "--arch goes with a Go version, and '%s' is none",
				  in->name);
	if (!r)
		r = show(cfg, in, structs, &out, err);
	if (in->info)
		offsets_input_close(in);
	strbuf_done(&out);
	free(in);
	return r;
}

/* ---- two ---- */

/* Both, programs first: a version is taken for the program's architecture. */
static int open_both(const struct cmd_config *cfg, const char *const words[2],
		     struct offsets_input in[2], struct golin_err *err)
{
	const char *arch = cfg->arch;

	for (int pass = 0; pass < 2; pass++)
		for (int i = 0; i < 2; i++) {
			int r;

			if (offsets_is_version(words[i]) != (pass == 1))
				continue;
			r = offsets_input_open(cfg, words[i], arch, &in[i], err);
			if (r)
				return r;
			if (!arch && !pass)
				arch = in[i].info->arch;
		}
	return 0;
}

static int compare(const struct cmd_config *cfg, const struct offsets_input in[2],
		   const bool *structs, bool *ret_differ, struct golin_err *err)
{
	struct golin_render a = offsets_input_render(&in[0]), b = offsets_input_render(&in[1]);
	struct golin_diff d = {.a = &a, .b = &b, .a_name = in[0].name, .b_name = in[1].name};
	struct strbuf out = {0};
	int r;

	a.structs = b.structs = structs;
	*ret_differ = format_of(cfg) == FORMAT_JSON ? golin_render_diff_json(&d, &out)
						    : golin_render_diff_text(&d, &out);
	r = view_flush(&out, err);
	strbuf_done(&out);
	return r;
}

static int run_diff(const struct cmd_config *cfg, const bool *structs, bool *ret_differ,
		    struct golin_err *err)
{
	/* `--diff A B` and `A --diff B`: in both, A is the old one. */
	const char *words[2] = {cfg->diff_at ? cfg->args[0] : cfg->diff,
				cfg->diff_at ? cfg->diff : cfg->args[0]};
	struct offsets_input *in;
	int r;

	if ((cfg->debug_file || cfg->exe) &&
	    offsets_is_version(words[0]) == offsets_is_version(words[1]))
		return golin_err_set(err, -EINVAL,
				     "%s is of one program: with --diff, compare that to a version",
				     cfg->exe ? "--exe" : "--debug-file");
	in = calloc(2, sizeof(*in));
	if (!in)
		return golin_err_set(err, -ENOMEM, "out of memory");
	r = open_both(cfg, words, in, err);
	if (!r)
		r = compare(cfg, in, structs, ret_differ, err);
	for (int i = 0; i < 2; i++)
		if (in[i].info)
			offsets_input_close(&in[i]);
	free(in);
	return r;
}

/* ---- the list ---- */

static int run_list(const struct cmd_config *cfg, struct golin_err *err)
{
	static const enum golin_list_format formats[] = {
		[FORMAT_TABLE] = GOLIN_LIST_TEXT,
		[FORMAT_JSON] = GOLIN_LIST_JSON,
		[FORMAT_TSV] = GOLIN_LIST_TSV,
	};
	size_t n = golin_table_releases(NULL, 0);
	_cleanup_free_ struct golin_table_release *rel = calloc(n, sizeof(*rel));
	struct strbuf out = {0};
	bool known = !cfg->arch;
	int r;

	if (!rel)
		return golin_err_set(err, -ENOMEM, "out of memory");
	golin_table_releases(rel, n);
	for (size_t i = 0; i < n && !known; i++)
		known = !strcmp(rel[i].arch, cfg->arch);
	if (!known) {
		golin_err_set(err, -ENODATA, "golin's table has nothing for '%s'", cfg->arch);
		golin_err_hint(err, "without --arch all are listed");
		return -ENODATA;
	}
	golin_render_releases(rel, n, cfg->arch, formats[format_of(cfg)], &out);
	r = view_flush(&out, err);
	strbuf_done(&out);
	return r;
}

/* ---- the command ---- */

static int usage(struct golin_err *err, const char *msg)
{
	golin_err_set(err, -EINVAL, "%s", msg);
	golin_err_hint(err, "golin offsets BINARY|PID|NAME|CORE|goX.Y, or --diff A B, or --list");
	return -EINVAL;
}

static int check_usage(const struct cmd_config *cfg, struct golin_err *err)
{
	enum format format = format_of(cfg);

	if (cfg->child)
		return usage(err, "golin offsets starts no program");
	if (cfg->list) {
		if (cfg->nargs || cfg->diff || cfg->explain || cfg->structs.n || cfg->exe)
			return usage(err, "--list takes but --arch and a format");
		if (format == FORMAT_HEADER)
			return usage(err, "--list comes as text, --json or --format tsv");
		return 0;
	}
	if (!cfg->nargs && cfg->diff)
		return usage(err, "--diff needs two: --diff A B");
	if (cfg->nargs != 1)
		return usage(err, cfg->nargs ? "more than one BINARY" : "no BINARY");
	if (cfg->debug_file && cfg->layout == 3)
		return usage(err, "--debug-file is DWARF, and --source table wants none");
	if (cfg->diff && cfg->explain)
		return usage(err, "--explain is of one, not of a --diff");
	if (cfg->diff && (format == FORMAT_HEADER || format == FORMAT_TSV))
		return usage(err, "--diff comes as text or --json");
	if (cfg->explain && (format == FORMAT_HEADER || format == FORMAT_TSV))
		return usage(err, "--explain comes as text or --json");
	return 0;
}

int cmd_offsets(struct cmd_config *cfg)
{
	bool some[GOLIN_S_MAX] = {0}, differ = false;
	const bool *structs = cfg->structs.n ? some : NULL;
	struct golin_err err = {0};
	int r;

	r = check_usage(cfg, &err);
	if (!r)
		r = wanted_structs(cfg, some, &err);
	if (!r && cfg->list)
		r = run_list(cfg, &err);
	else if (!r && cfg->diff)
		r = run_diff(cfg, structs, &differ, &err);
	else if (!r)
		r = run_one(cfg, structs, &err);
	if (r)
		return report_err(&err);
	return differ ? GOLIN_EXIT_FINDINGS : 0;
}

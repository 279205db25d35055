/* SPDX-License-Identifier: BSD-2-Clause */
#include "offsets_explain.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "image_process.h"

/* ---- why ---- */

static void why_dwarf(const struct cmd_config *cfg, const struct offsets_input *in, char *dst,
		      size_t cap)
{
	const char *asked = cfg->layout == 2 ? " (--source dwarf asks for it)" : "";

	char place[64];

	snprintf(place, sizeof(place), "%s, the unit 'runtime' at 0x%llx",
		 in->layout->dwarf_section, (unsigned long long)in->layout->dwarf_unit);
	if (*in->debug_file)
		snprintf(dst, cap,
			 "the program's DWARF %u lies in '%.400s' (%s), split off from it, and "
			 "tells what this very build has%s",
			 in->info->dwarf_version, in->debug_file, place, asked);
	else
		snprintf(dst, cap,
			 "the program has DWARF %u (%s), which tells what this very build has%s; "
			 "it holds all that golin requires",
			 in->info->dwarf_version, place, asked);
}

static void why_table(const struct cmd_config *cfg, const struct offsets_input *in, char *dst,
		      size_t cap)
{
	const char *go = in->info->go.short_, *arch = in->info->arch;

	if (!in->p)
		snprintf(dst, cap, "a version was asked for: golin's table has %s for %s", go,
			 arch);
	else if (cfg->layout == 3)
		snprintf(dst, cap,
			 "--source table asks for it: golin's table has %s for %s; DWARF, if there "
			 "is any, was not looked at",
			 go, arch);
	else
		snprintf(dst, cap,
			 "the program has no DWARF of Go (stripped, or linked with -w), nor is "
			 "there "
			 "a .debug file of it: golin's table has %s for %s, made from that "
			 "release's own DWARF",
			 go, arch);
}

/* ---- DWARF against the table ---- */

struct tally {
	unsigned int same, differ;
	char first[128]; /* the first that differs */
};

static void tally_value(struct tally *t, bool same, const char *s, const char *member,
			uint32_t dwarf, uint32_t table)
{
	if (same) {
		t->same++;
		return;
	}
	if (!t->differ++)
		snprintf(t->first, sizeof(t->first), "%s%s%s: %u in DWARF, %u in the table", s,
			 *member ? "." : "", member, dwarf, table);
}

static void compare_struct(struct tally *t, const struct golin_layout *d,
			   const struct golin_layout *l, enum golin_struct_id s)
{
	enum golin_field_id f, end;

	if (d->structs[s].source == GOLIN_FROM_NONE || l->structs[s].source == GOLIN_FROM_NONE)
		return;
	tally_value(t, d->structs[s].size == l->structs[s].size, golin_struct_name(s), "",
		    d->structs[s].size, l->structs[s].size);
	for (f = golin_struct_fields(s, &end); f < end; f++) {
		const struct golin_field *a = &d->fields[f], *b = &l->fields[f];

		if (a->source == GOLIN_FROM_NONE && b->source == GOLIN_FROM_NONE)
			continue;
		tally_value(t,
			    a->source && b->source && a->offset == b->offset && a->size == b->size,
			    golin_struct_name(s), golin_field_name(f), a->offset, b->offset);
	}
}

static void check_table(const struct offsets_input *in, struct offsets_explained *x)
{
	struct golin_verified *v = &x->checks[x->explain.nchecks];
	_cleanup_free_ struct golin_layout *l = calloc(1, sizeof(*l));
	struct golin_err err = {0};
	struct tally t = {0};

	if (!l || in->layout->source != GOLIN_FROM_DWARF)
		return;
	v->name = "table";
	v->what = "golin's table says the same as the DWARF";
	v->text = x->table_text;
	x->explain.nchecks++;
	if (golin_table_layout(in->info->go.text, in->info->arch, NULL, l, &err)) {
		v->verdict = GOLIN_VERDICT_NOT_DONE;
		snprintf(x->table_text, sizeof(x->table_text), "%.200s", err.msg);
		return;
	}
	for (int s = 0; s < GOLIN_S_MAX; s++)
		compare_struct(&t, in->layout, l, s);
	v->verdict = t.differ ? GOLIN_VERDICT_FAILED : GOLIN_VERDICT_OK;
	if (t.differ)
		snprintf(x->table_text, sizeof(x->table_text), "%u of %u values differ; %s",
			 t.differ, t.differ + t.same, t.first);
	else
		snprintf(x->table_text, sizeof(x->table_text), "%u values", t.same);
}

/* ---- the running program ---- */

/* The process's id as it sees itself, which within a container is another one. 0: not told. */
static pid_t own_pid(pid_t pid)
{
	char path[64], line[256];
	_cleanup_fclose_ FILE *f = NULL;
	int own = 0;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f)) {
		char *p = strncmp(line, "NSpid:", 6) ? NULL : line + 6;

		for (int n; p && sscanf(p, "%d%n", &own, &n) == 1; p += n)
			;
	}
	return own;
}

static uint64_t entry_of(struct golin_imgproc *p, const char *func)
{
	struct golin_site_want want = {.kind = GOLIN_SITE_ENTRY};
	struct golin_site site;

	snprintf(want.func, sizeof(want.func), "%s", func);
	return golin_imgproc_sites(p, &want, 1, &site, NULL) || site.error ? 0 : site.func_lo;
}

static int check_process(const struct offsets_input *in, struct offsets_explained *x,
			 struct golin_err *err)
{
	const struct golin_target *t = &in->target;
	struct golin_memory m = {.mem_fd = t->mem_fd, .info = in->info, .layout = in->layout};
	size_t n = 0;
	int r;

	if (t->mem_fd < 0) {
		golin_err_set(err, -EPERM, "cannot read the memory of %d (%s): %s", (int)t->pid,
			      t->comm, golin_errno_name(t->mem_errno));
		golin_err_hint(err, "needs the same user or CAP_SYS_PTRACE: try sudo");
		return -EPERM;
	}
	if (strcmp(in->info->arch, "amd64")) {
		report_note("'%s' is a %s program: only amd64 ones can be checked while they run",
			    in->label, in->info->arch);
		return 0;
	}
	r = golin_target_bias(t, in->info, &m.bias, err);
	if (!r)
		r = golin_memory_fit(&m, own_pid(t->pid), entry_of(in->p, "runtime.main"), x->fits,
				     &n, err);
	for (size_t i = 0; !r && i < n; i++)
		x->checks[x->explain.nchecks++] = (struct golin_verified){
			.name = x->fits[i].name,
			.what = x->fits[i].what,
			.verdict = x->fits[i].result == GOLIN_FIT_OK	   ? GOLIN_VERDICT_OK
				   : x->fits[i].result == GOLIN_FIT_FAILED ? GOLIN_VERDICT_FAILED
									   : GOLIN_VERDICT_NOT_DONE,
			.text = x->fits[i].text,
		};
	return r;
}

/* ---- the whole ---- */

int offsets_explain(const struct cmd_config *cfg, const struct offsets_input *in,
		    struct offsets_explained *ret, struct golin_err *err)
{
	memset(ret, 0, sizeof(*ret));
	if (in->layout->source == GOLIN_FROM_DWARF)
		why_dwarf(cfg, in, ret->why, sizeof(ret->why));
	else
		why_table(cfg, in, ret->why, sizeof(ret->why));
	ret->explain.why = ret->why;
	ret->explain.checks = ret->checks;
	check_table(in, ret);
	return in->live ? check_process(in, ret, err) : 0;
}

int offsets_explain_verdict(const struct offsets_explained *x, const struct offsets_input *in,
			    struct golin_err *err)
{
	size_t failed = 0, goroutines = 0;
	bool table = false;

	for (size_t i = 0; i < x->explain.nchecks; i++) {
		if (x->checks[i].verdict == GOLIN_VERDICT_FAILED) {
			failed++;
			table |= !strcmp(x->checks[i].name, "table");
		}
		goroutines += !strcmp(x->checks[i].name, "status") &&
			      x->checks[i].verdict == GOLIN_VERDICT_OK;
	}
	if (!failed && in->live && !goroutines) {
		golin_err_set(err, -ENODATA,
			      "the layout could not be checked: no goroutines of '%s' were found",
			      in->name);
		golin_err_hint(err, "the checks that were not done say why");
		return -ENODATA;
	}
	if (!failed)
		return 0;
	if (failed == 1 && table) {
		golin_err_set(err, -EBADMSG, "golin's table and the DWARF of '%s' differ",
			      in->name);
		golin_err_hint(err,
			       "the layout is the DWARF's; was it built by a patched Go? If not, "
			       "please report it, with its `go version -m` (%s)",
			       in->info->go.short_);
		return -EBADMSG;
	}
	golin_err_set(err, -EBADMSG, "the layout does not fit '%s': %zu of %zu checks failed",
		      in->name, failed, x->explain.nchecks);
	golin_err_hint(err,
		       in->layout->source == GOLIN_FROM_TABLE
			       ? "is it really built by %s? With DWARF golin need not believe "
				 "that"
			       : "please report it, with the program's `go version -m` (%s)",
		       in->info->go.short_);
	return -EBADMSG;
}

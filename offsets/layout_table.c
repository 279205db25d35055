/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Layouts of Go versions as golin ships them, for programs without DWARF: db/layouts.tsv, which
 * the build turns into layouts.inc.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "base/err.h"
#include "layout.h"

enum row_kind {
	ROW_VERSION, /* all patch releases in the range are covered */
	ROW_STRUCT,
	ROW_FIELD,
};

struct row {
	uint8_t kind;
	bool absent;
	uint16_t from_minor, from_patch, to_minor, to_patch; /* both inclusive */
	const char *arch, *structure, *field;
	uint32_t offset, size;
	const char *type;
};

static const struct row rows[] = {
#include "layouts.inc"
};
static const size_t nrows = sizeof(rows) / sizeof(rows[0]);

static uint32_t version_key(uint16_t minor, uint16_t patch)
{
	return (uint32_t)minor << 16 | patch;
}

static bool in_range(const struct row *r, uint32_t key)
{
	return key >= version_key(r->from_minor, r->from_patch) &&
	       key <= version_key(r->to_minor, r->to_patch);
}

/*
 * GOEXPERIMENTs with which the structs of the table are as without them (built and compared; see
 * gen/README.md). Others, such as staticlockranking, which puts a rank into every runtime.mutex,
 * move fields.
 */
static bool is_neutral_experiment(const char *name, size_t len)
{
	static const char *const neutral[] = {
		"aliastypeparams",
		"arenas",
		"boringcrypto",
		"cacheprog",
		"cgocheck2",
		"coverageredesign",
		"dwarf5",
		"fieldtrack",
		"greenteagc",
		"heapminimum512kib",
		"jsonv2",
		"loopvar",
		"mapsplitgroup",
		"newinliner",
		"preemptibleloops",
		"randomizedheapbase64",
		"rangefunc",
		"runtimefreegc",
		"runtimesecret",
		"simd",
		"sizespecializedmalloc",
		"swissmap",
		"synchashtriemap",
		"synctest",
	};

	/* Each was compared switched off too. */
	if (len > 2 && !memcmp(name, "no", 2)) {
		name += 2;
		len -= 2;
	}
	for (size_t i = 0; i < sizeof(neutral) / sizeof(neutral[0]); i++)
		if (strlen(neutral[i]) == len && !memcmp(neutral[i], name, len))
			return true;
	return false;
}

/* The list behind " X:" in "go1.26.8 X:nodwarf5,jsonv2". */
static int check_experiments(const struct golin_go_version *go, struct golin_err *err)
{
	const char *p = strstr(go->text, " X:");

	if (!p)
		return 0;
	p += 3;
	for (;;) {
		size_t len = strcspn(p, ", ");

		if (!is_neutral_experiment(p, len))
			return golin_err_set(
				err, -ENODATA,
				"golin's table does not serve builds with GOEXPERIMENT "
				"'%.*s' (%s)",
				(int)len, p, go->text);
		p += len;
		if (*p != ',')
			return 0;
		p++;
	}
}

/* "1.13 to 1.27 on amd64" into the error. */
static int refuse_version(const struct golin_go_version *go, const char *arch,
			  struct golin_err *err)
{
	unsigned int lo = UINT16_MAX, hi = 0;

	for (size_t i = 0; i < nrows; i++) {
		if (rows[i].kind != ROW_VERSION || strcmp(rows[i].arch, arch))
			continue;
		lo = rows[i].from_minor < lo ? rows[i].from_minor : lo;
		hi = rows[i].to_minor > hi ? rows[i].to_minor : hi;
	}
	if (lo > hi)
		return golin_err_set(err, -ENODATA, "golin's table has nothing for %s", arch);
	if (go->devel)
		return golin_err_set(err, -ENODATA,
				     "golin's table has releases only, and '%s' is none", go->text);
	return golin_err_set(err, -ENODATA,
			     "golin's table has go1.%u to go1.%u for %s, and this is %s", lo, hi,
			     arch, go->short_);
}

/*
 * The version as the table counts. A patch release that is newer than what the table was made from
 * is served by the newest of its minor: in none of the minors from 1.13 to 1.27 did a member that
 * golin reads move between .0 and the last patch release (what did move lies behind them in
 * runtime.m, runtime.p and runtime.timer), and Go's release policy allows fixes only.
 */
static bool table_key(const struct golin_go_version *go, const char *arch, uint32_t *ret)
{
	bool found = false;

	if (go->devel)
		return false;
	for (size_t i = 0; i < nrows; i++) {
		const struct row *r = &rows[i];
		uint16_t patch;

		if (r->kind != ROW_VERSION || r->to_minor != go->minor || strcmp(r->arch, arch) ||
		    go->patch < r->from_patch)
			continue;
		patch = go->patch < r->to_patch ? go->patch : r->to_patch;
		*ret = version_key(go->minor, patch);
		found = true;
	}
	return found;
}

static void take_row(struct golin_layout *l, const struct row *r)
{
	enum golin_struct_id s = golin_struct_find(r->structure);
	enum golin_field_id f;

	if (s == GOLIN_S_MAX || r->absent)
		return;
	if (r->kind == ROW_STRUCT) {
		l->structs[s].size = r->size;
		l->structs[s].source = GOLIN_FROM_TABLE;
		return;
	}
	f = golin_field_find(s, r->field);
	if (f == GOLIN_F_MAX)
		return;
	l->fields[f].offset = r->offset;
	l->fields[f].size = r->size;
	l->fields[f].source = GOLIN_FROM_TABLE;
	snprintf(l->fields[f].type, sizeof(l->fields[f].type), "%s", r->type);
}

void layout_table_absent(const struct golin_go_version *go, const char *arch, bool *ret)
{
	uint32_t key;

	memset(ret, 0, GOLIN_S_MAX * sizeof(*ret));
	if (!table_key(go, arch, &key))
		return;
	for (size_t i = 0; i < nrows; i++) {
		enum golin_struct_id s;

		if (rows[i].kind != ROW_STRUCT || !rows[i].absent || !in_range(&rows[i], key) ||
		    strcmp(rows[i].arch, arch))
			continue;
		s = golin_struct_find(rows[i].structure);
		if (s != GOLIN_S_MAX)
			ret[s] = true;
	}
}

int layout_from_table(const struct golin_go_version *go, const char *arch, struct golin_layout *ret,
		      struct golin_err *err)
{
	uint32_t key;
	int r;

	if (!table_key(go, arch, &key))
		return refuse_version(go, arch, err);
	r = check_experiments(go, err);
	if (r)
		return r;
	memset(ret, 0, sizeof(*ret));
	ret->source = GOLIN_FROM_TABLE;
	for (size_t i = 0; i < nrows; i++)
		if (rows[i].kind != ROW_VERSION && in_range(&rows[i], key) &&
		    !strcmp(rows[i].arch, arch))
			take_row(ret, &rows[i]);
	return 0;
}

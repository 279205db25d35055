/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Layouts of Go versions as golin ships them, for programs without DWARF: db/layouts.tsv and
 * db/experiments.tsv, which the build turns into layouts.inc and experiments.inc.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "base/err.h"
#include "layout.h"

/* Releases are numbered: 1.26.8 is 26 * 256 + 8. Ranges include both ends. */
struct release {
	uint16_t from, to; /* of one minor */
	uint16_t arches;   /* 1 << ARCH_x each */
};

/*
 * Numbers only: thousands of pointers would have to be relocated whenever golin starts. All rows
 * are looked at for an answer, which takes some microseconds.
 */
struct row {
	uint16_t item; /* enum golin_field_id, or GOLIN_F_MAX + enum golin_struct_id */
	uint16_t from, to;
	uint16_t arches;
	uint16_t type; /* where its name begins in types[] */
	uint32_t offset, size;
};

#define ABSENT UINT32_MAX /* as offset: known not to exist */

#include "layouts.inc"

_Static_assert(NARCHES <= 16, "the architectures have to fit into 16 bits");
_Static_assert(GOLIN_F_MAX + GOLIN_S_MAX <= UINT16_MAX, "the items have to fit into 16 bits");
_Static_assert(sizeof(types) <= UINT16_MAX, "the pool of types has to fit into 16 bits");

/* What a GOEXPERIMENT does in a range of releases; others than these were not looked at. */
struct experiment {
	char name[32];
	uint16_t from, to;
	uint16_t first, n; /* the structs in experiment_structs[] that it changes */
};

#include "experiments.inc"

static const size_t nreleases = sizeof(releases) / sizeof(releases[0]);
static const size_t nrows = sizeof(rows) / sizeof(rows[0]);
static const size_t nexperiments = sizeof(experiments) / sizeof(experiments[0]);

static uint16_t release_key(unsigned int minor, unsigned int patch)
{
	return minor * 256 + patch;
}

/* NARCHES when the table does not have it. */
static int arch_find(const char *name)
{
	for (int i = 0; i < NARCHES; i++)
		if (!strcmp(arch_names[i], name))
			return i;
	return NARCHES;
}

/* The releases of a minor on an architecture; NULL when the table has none. */
static const struct release *minor_find(int arch, unsigned int minor)
{
	for (size_t i = 0; i < nreleases; i++)
		if (releases[i].from / 256 == minor && (releases[i].arches & 1u << arch))
			return &releases[i];
	return NULL;
}

/* ---- what is refused ---- */

/* The first or last minor of an architecture. */
static unsigned int minor_end(int arch, bool last)
{
	unsigned int ret = last ? 0 : UINT16_MAX;

	for (size_t i = 0; i < nreleases; i++) {
		unsigned int minor = releases[i].from / 256;

		if ((releases[i].arches & 1u << arch) && (last ? minor > ret : minor < ret))
			ret = minor;
	}
	return ret;
}

static int refuse_version(const struct golin_go_version *go, const char *arch_name,
			  struct golin_err *err)
{
	int arch = arch_find(arch_name), r;
	const struct release *known;

	if (arch == NARCHES)
		return golin_err_set(err, -ENODATA, "golin's table has nothing for %s", arch_name);
	if (go->devel)
		r = golin_err_set(err, -ENODATA,
				  "golin's table has releases only, and '%s' is none", go->text);
	else if ((known = minor_find(arch, go->minor)))
		r = golin_err_set(err, -ENODATA,
				  "golin's table has go1.%u.%u to go1.%u.%u for %s, and this is %s",
				  known->from / 256, known->from % 256, known->to / 256,
				  known->to % 256, arch_name, go->short_);
	else
		r = golin_err_set(
			err, -ENODATA, "golin's table has go1.%u to go1.%u for %s, and this is %s",
			minor_end(arch, false), minor_end(arch, true), arch_name, go->short_);
	golin_err_hint(err, "a program with DWARF (built without -ldflags=-w) needs no table");
	return r;
}

/* True when the table was made from releases around or at this one. */
static bool table_key(const struct golin_go_version *go, int arch, uint16_t *ret)
{
	const struct release *known = arch == NARCHES ? NULL : minor_find(arch, go->minor);

	/* Nothing is known of a patch release that is newer than the newest that was looked at. */
	if (go->devel || !known || go->patch > 255)
		return false;
	*ret = release_key(go->minor, go->patch);
	return *ret >= known->from && *ret <= known->to;
}

/* ---- GOEXPERIMENTs ---- */

/* The list behind "X:" in "go1.26.8-X:nodwarf5,jsonv2" or "go1.25.1 X:nodwarf5", or NULL. */
static const char *experiment_list(const char *text)
{
	const char *p = strstr(text, "X:");

	return p && p > text && (p[-1] == ' ' || p[-1] == '-') ? p + 2 : NULL;
}

static const struct experiment *experiment_find(const char *name, size_t len, uint16_t key)
{
	for (size_t i = 0; i < nexperiments; i++) {
		const struct experiment *x = &experiments[i];

		if (key >= x->from && key <= x->to && strlen(x->name) == len &&
		    !memcmp(x->name, name, len))
			return x;
	}
	return NULL;
}

static void forget_struct(struct golin_layout *l, enum golin_struct_id s)
{
	enum golin_field_id end, f = golin_struct_fields(s, &end);

	memset(&l->structs[s], 0, sizeof(l->structs[s]));
	for (; f < end; f++)
		l->fields[f] = (struct golin_field){.offset = LAYOUT_UNKNOWN};
}

/* Forgets the structs that the program's experiments change. */
static int apply_experiments(const struct golin_go_version *go, uint16_t key,
			     struct golin_layout *l, struct golin_err *err)
{
	const char *p = experiment_list(go->text);

	for (size_t len; p; p = p[len] == ',' ? p + len + 1 : NULL) {
		const struct experiment *x;

		len = strcspn(p, ", )");
		x = experiment_find(p, len, key);
		if (!x)
			return golin_err_set(err, -ENODATA,
					     "golin's table does not know what GOEXPERIMENT "
					     "'%.*s' does in %s",
					     (int)len, p, go->short_);
		for (size_t i = 0; i < x->n; i++)
			forget_struct(l, experiment_structs[x->first + i]);
	}
	return 0;
}

/* ---- answers ---- */

static bool row_is_for(const struct row *r, int arch, uint16_t key)
{
	return key >= r->from && key <= r->to && (r->arches & 1u << arch);
}

static void take_row(struct golin_layout *l, const struct row *r)
{
	struct golin_field *f;

	if (r->item >= GOLIN_F_MAX) {
		if (r->offset != ABSENT)
			l->structs[r->item - GOLIN_F_MAX] =
				(struct golin_struct){.size = r->size, .source = GOLIN_FROM_TABLE};
		return;
	}
	f = &l->fields[r->item];
	f->offset = r->offset == ABSENT ? 0 : r->offset;
	if (r->offset == ABSENT)
		return;
	f->size = r->size;
	f->source = GOLIN_FROM_TABLE;
	snprintf(f->type, sizeof(f->type), "%s", types + r->type);
}

void layout_table_absent(const struct golin_go_version *go, const char *arch_name, bool *ret)
{
	int arch = arch_find(arch_name);
	uint16_t key;

	memset(ret, 0, GOLIN_S_MAX * sizeof(*ret));
	/* With an experiment a version may have structs that it has not without. */
	if (!table_key(go, arch, &key) || experiment_list(go->text))
		return;
	for (size_t i = 0; i < nrows; i++)
		if (rows[i].item >= GOLIN_F_MAX && rows[i].offset == ABSENT &&
		    row_is_for(&rows[i], arch, key))
			ret[rows[i].item - GOLIN_F_MAX] = true;
}

bool layout_table_range(const struct golin_go_version *go, const char *arch_name,
			enum golin_struct_id s, enum golin_field_id f, struct layout_range *ret)
{
	uint16_t item = f == GOLIN_F_MAX ? GOLIN_F_MAX + s : f, key;
	int arch = arch_find(arch_name);

	if (!table_key(go, arch, &key))
		return false;
	for (size_t i = 0; i < nrows; i++)
		if (rows[i].item == item && row_is_for(&rows[i], arch, key)) {
			*ret = (struct layout_range){rows[i].from / 256, rows[i].from % 256,
						     rows[i].to / 256, rows[i].to % 256};
			return true;
		}
	return false;
}

/*
 * Where a size changed between two releases and those between them could not be looked at, the
 * table has no row for them. Without its size nothing is said of a struct.
 */
static void forget_unsized(struct golin_layout *l)
{
	for (int s = 0; s < GOLIN_S_MAX; s++) {
		enum golin_field_id end, f = golin_struct_fields(s, &end);

		for (; f < end && !l->structs[s].source; f++)
			if (l->fields[f].source) {
				forget_struct(l, s);
				break;
			}
	}
}

int layout_from_table(const struct golin_go_version *go, const char *arch_name,
		      struct golin_layout *ret, struct golin_err *err)
{
	int arch = arch_find(arch_name), r;
	uint16_t key;

	if (!table_key(go, arch, &key))
		return refuse_version(go, arch_name, err);
	memset(ret, 0, sizeof(*ret));
	ret->source = GOLIN_FROM_TABLE;
	for (int s = 0; s < GOLIN_S_MAX; s++)
		forget_struct(ret, s);
	for (size_t i = 0; i < nrows; i++)
		if (row_is_for(&rows[i], arch, key))
			take_row(ret, &rows[i]);
	forget_unsized(ret);
	r = apply_experiments(go, key, ret, err);
	if (r)
		return r;
	r = golin_layout_check(ret, err);
	if (r)
		golin_err_ctx(err, "golin's table does not know all of %s on %s", go->text,
			      arch_name);
	return r;
}

/* ---- the table itself ---- */

size_t golin_table_releases(struct golin_table_release *ret, size_t max)
{
	size_t n = 0;

	for (int arch = 0; arch < NARCHES; arch++)
		for (unsigned int minor = 0; minor < 256; minor++) {
			const struct release *known = minor_find(arch, minor);

			if (!known)
				continue;
			if (n < max)
				ret[n] = (struct golin_table_release){
					.minor = minor,
					.from_patch = known->from % 256,
					.to_patch = known->to % 256,
					.arch = arch_names[arch],
				};
			n++;
		}
	return n;
}

/* "1.26" and "go1.26" name the newest patch release that the table has: neither tells one. */
static void complete_version(struct golin_go_version *go, int arch)
{
	const struct release *known = arch == NARCHES ? NULL : minor_find(arch, go->minor);
	unsigned int minor;
	int end = 0;

	if (sscanf(go->short_, "go1.%u%n", &minor, &end) != 1 || go->short_[end] || !known)
		return;
	go->patch = known->to % 256;
	if (go->patch || go->minor > 20)
		snprintf(go->short_, sizeof(go->short_), "go1.%u.%u", go->minor, go->patch);
	/* What follows the version, of which there may be experiments, stays. */
	if (!strpbrk(go->text, " -"))
		snprintf(go->text, sizeof(go->text), "%s", go->short_);
}

int golin_table_layout(const char *version, const char *arch, struct golin_go_version *ret_version,
		       struct golin_layout *ret, struct golin_err *err)
{
	struct golin_go_version go;
	char text[80];

	snprintf(text, sizeof(text), "%s%s", strncmp(version, "1.", 2) ? "" : "go", version);
	if (!golin_go_version_parse(text, &go))
		return golin_err_set(err, -EINVAL, "'%.60s' is no Go version such as go1.26.8",
				     version);
	complete_version(&go, arch_find(arch));
	if (ret_version)
		*ret_version = go;
	return layout_from_table(&go, arch, ret, err);
}

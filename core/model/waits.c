/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The last answer of each live goroutine that somebody asked about. Answer 0 is none. One that the
 * goroutine's state contradicts is dropped at once, so the age of an answer is the time during
 * which nothing was seen to change.
 */
#include "golin/waits.h"

#include <errno.h>
#include "model_impl.h"

enum {
	CHANNELS_MAX = 1 << 21, /* of all answers together; what comes beyond counts as unread */
};

void waits_done(struct waits *t)
{
	array_for_each (&t->v, w)
		free(w->v);
	array_free(&t->v);
}

size_t waits_bytes(const struct waits *t)
{
	return t->v.cap * sizeof(*t->v.v) +
	       t->nchannels * (sizeof(struct golin_wait) + sizeof(uint64_t));
}

static struct waits_answer *answer_at(const struct golin_model *m, uint32_t w)
{
	return &m->waits.v.v[w];
}

void waits_drop(struct golin_model *m, golin_gidx g)
{
	struct waits *t = &m->waits;
	uint32_t w = node_at(m, g)->waits;

	if (!w)
		return;
	node_at(m, g)->waits = 0;
	t->nchannels -= answer_at(m, w)->n;
	free(answer_at(m, w)->v);
	*answer_at(m, w) = (struct waits_answer){.unused = t->unused};
	t->unused = w;
}

static int answer_new(struct waits *t, uint32_t *ret)
{
	*ret = t->unused;
	if (*ret) {
		t->unused = t->v.v[*ret].unused;
		return 0;
	}
	if (!t->v.len && !array_add(&t->v)) /* number 0 is none */
		return -ENOMEM;
	if (!array_add(&t->v))
		return -ENOMEM;
	*ret = (uint32_t)t->v.len - 1;
	return 0;
}

/* Behind the channels: when the context of each was seen first, or 0 without one. */
static uint64_t *firsts_of(const struct waits_answer *a)
{
	return (uint64_t *)(a->v + a->n);
}

static int channels_fill(struct golin_model *m, uint32_t space,
			 const struct golin_rec_goroutine_waits *r, struct waits_answer *a)
{
	if (!a->n)
		return 0;
	a->v = calloc(a->n, sizeof(*a->v) + sizeof(uint64_t));
	if (!a->v)
		return -ENOMEM;
	for (uint32_t k = 0; k < a->n; k++) {
		golin_cidx c = context_find(m, space, r->waits[k].ctx);
		uint32_t how = r->waits[k].how;

		a->v[k] = (struct golin_wait){.chan = r->waits[k].chan,
					      .c = c,
					      .how = how <= GOLIN_WAIT_SEND ? (uint8_t)how : 0,
					      .flags = (uint8_t)r->waits[k].flags};
		firsts_of(a)[k] = c != GOLIN_CIDX_NONE ? ctx_at(m, c)->c.first : 0;
	}
	return 0;
}

static bool is_same(const struct waits_answer *a, const struct waits_answer *b)
{
	if (a->stack != b->stack || a->flags != b->flags || a->n != b->n)
		return false;
	for (uint32_t k = 0; k < a->n; k++)
		if (a->v[k].chan != b->v[k].chan || a->v[k].how != b->v[k].how)
			return false;
	return true;
}

int model_apply_waits(struct golin_model *m, const struct golin_rec_goroutine_waits *r,
		      uint32_t space)
{
	golin_gidx g = goroutine_find(m, space, r->h.goid);
	struct waits *t = &m->waits;
	struct waits_answer new = {.stack = r->stack, .flags = r->flags, .n = r->n};
	uint32_t w;
	int rc;

	if (g == GOLIN_GIDX_NONE || !(node_at(m, g)->g.flags & GOLIN_GF_ALIVE))
		return 0;
	w = node_at(m, g)->waits;
	if (t->nchannels - (w ? answer_at(m, w)->n : 0) + r->n > CHANNELS_MAX) {
		waits_drop(m, g);
		return -ENOSPC;
	}
	rc = channels_fill(m, space, r, &new);
	if (rc)
		return rc;
	new.read = new.since = model_time(m, r->h.ts);
	if (w && is_same(answer_at(m, w), &new))
		new.since = answer_at(m, w)->since;
	waits_drop(m, g);
	rc = answer_new(t, &w);
	if (rc) {
		free(new.v);
		return rc;
	}
	*answer_at(m, w) = new;
	t->nchannels += new.n;
	node_at(m, g)->waits = w;
	return 0;
}

/* ---- reading ---- */

bool golin_model_waits(const struct golin_model *m, golin_gidx g, struct golin_waits *ret)
{
	struct waits_answer *a;

	if (!golin_model_goroutine(m, g) || !node_at(m, g)->waits)
		return false;
	a = answer_at(m, node_at(m, g)->waits);
	for (uint32_t k = 0; k < a->n; k++) {
		const struct golin_context *c = golin_model_context(m, a->v[k].c);

		if (!c || c->first != firsts_of(a)[k]) /* it left the model */
			a->v[k].c = GOLIN_CIDX_NONE;
	}
	*ret = (struct golin_waits){.read = a->read,
				    .since = a->since,
				    .stack = a->stack,
				    .flags = a->flags,
				    .n = a->n,
				    .v = a->v};
	return true;
}

/* ---- whose code a stack stands in ---- */

/* The first elements of the import paths of the standard library. */
static const char *const std_dirs[] = {
	"archive", "arena",   "bufio",	  "builtin", "bytes",	"cmp",	    "compress", "container",
	"context", "crypto",  "database", "debug",   "embed",	"encoding", "errors",	"expvar",
	"flag",	   "fmt",     "go",	  "hash",    "html",	"image",    "index",	"internal",
	"io",	   "iter",    "log",	  "maps",    "math",	"mime",	    "net",	"os",
	"path",	   "plugin",  "reflect",  "regexp",  "runtime", "simd",	    "slices",	"sort",
	"strconv", "strings", "structs",  "sync",    "syscall", "testing",  "text",	"time",
	"unicode", "unique",  "unsafe",	  "vendor",  "weak",
};

size_t golin_func_package(const char *func)
{
	size_t end = strcspn(func, "[("), at = 0;

	for (size_t k = 0; k < end; k++)
		if (func[k] == '/')
			at = k + 1;
	while (at < end && func[at] != '.')
		at++;
	return at;
}

static bool is_in(const char *file, size_t dir, const char *package, size_t len)
{
	if (dir < len || memcmp(file + dir - len, package, len) != 0)
		return false;
	return dir == len || (dir >= len + 5 && !memcmp(file + dir - len - 5, "/src/", 5));
}

/*
 * A module may be called as a directory of the standard library is; but its files do not stand in
 * GOROOT/src/IMPORT-PATH/, nor, trimmed, in IMPORT-PATH/. The runtime has functions of others.
 */
static bool file_fits(const char *file, const char *package, size_t len)
{
	const char *slash = strrchr(file, '/');
	size_t dir;

	if (!slash) /* none, "<autogenerated>", "_cgo_gotypes.go" */
		return !*file || *file == '<' || *file == '_';
	dir = (size_t)(slash - file);
	return is_in(file, dir, package, len) || is_in(file, dir, "runtime", 7);
}

static bool is_std(const struct golin_frame *f)
{
	size_t package = golin_func_package(f->func), first = strcspn(f->func, "/.");

	for (size_t k = 0; k < sizeof(std_dirs) / sizeof(std_dirs[0]); k++)
		if (strlen(std_dirs[k]) == first && !memcmp(std_dirs[k], f->func, first))
			return file_fits(f->file, f->func, package);
	return false;
}

static bool is_runtime(const struct golin_frame *f)
{
	return f->flags & GOLIN_FRAME_RUNTIME || !strncmp(f->func, "runtime.", 8) ||
	       !strncmp(f->func, "runtime/", 8);
}

bool golin_frame_is_library(const struct golin_frame *f)
{
	return is_runtime(f) || is_std(f);
}

struct golin_frame golin_model_user_frame(const struct golin_model *m, uint64_t stack,
					  struct golin_frame *ret_blocking)
{
	const struct golin_frame none = {.func = "", .file = ""};
	struct golin_frame blocking = none, user = none;
	const uint64_t *pcs;
	int n = golin_model_stack(m, stack, &pcs, NULL);

	for (int i = 0; i < n && !*user.func; i++) {
		const struct golin_frame *f;
		int nframes = golin_model_frames(m, pcs[i], &f);

		for (int k = 0; k < nframes && !*user.func; k++) {
			if (f[k].flags & GOLIN_FRAME_WRAPPER || is_runtime(&f[k]))
				continue;
			if (is_std(&f[k]))
				blocking = f[k];
			else
				user = f[k];
		}
	}
	if (ret_blocking)
		*ret_blocking = blocking;
	return user;
}

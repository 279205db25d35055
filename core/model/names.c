/* SPDX-License-Identifier: BSD-2-Clause */
/* Names of pcs, and what follows from them: start function, go statement, system goroutines. */
#include "model_impl.h"

#include <errno.h>
#include <stdio.h>

enum { FRAMES_PER_NAME = 4 }; /* on average; bounds what a hostile recording can ask for */

void names_done(struct names *t)
{
	array_free(&t->v);
	array_free(&t->frames);
	map64_done(&t->ids);
	map64_done(&t->unnamed);
}

const struct name *names_find(const struct names *t, uint32_t space, uint64_t pc)
{
	uint32_t i;

	if (!pc || !key_fits(pc) || !map64_get(&t->ids, key_of(space, pc), &i))
		return NULL;
	return &t->v.v[i];
}

/*
 * runtime.isSystemGoroutine, the same rule in Go 1.13-1.27 but for the exceptions, which came one
 * by one (handleAsyncEvent 1.16, corostart 1.22). The goroutines of finalizers and cleanups
 * (runfinq; runFinalizers and runCleanups since 1.25) are the user's there while they call back
 * into the user's code; a name cannot tell that, and here they are always the runtime's.
 */
bool golin_is_system_func(const char *func)
{
	return !strncmp(func, "runtime.", 8) && strcmp(func, "runtime.main") &&
	       strcmp(func, "runtime.corostart") && strcmp(func, "runtime.handleAsyncEvent");
}

/*
 * The runtime looks at the function at startpc itself, a wrapper if it is one: the outermost
 * frame. So `go runtime.Foo(x)` of the user, which starts in main.f.gowrap1, is the user's.
 */
static bool name_is_system(const struct names *t, const struct name *n)
{
	return n->n && golin_is_system_func(t->frames.v[n->first + n->n - 1].func);
}

bool model_startpc_is_system(struct golin_model *m, uint32_t space, uint64_t pc)
{
	const struct name *n;

	if (!pc || !key_fits(pc))
		return false;
	n = names_find(&m->names, space, pc);
	if (n && n->n)
		return name_is_system(&m->names, n);
	/* Out of memory here only means that a late name finds nobody. */
	if (m->names.unnamed.len < m->opts.max_names)
		(void)map64_put(&m->names.unnamed, key_of(space, pc), 1);
	return false;
}

void model_mark_system(struct golin_model *m)
{
	m->system_stale = false;
	for (golin_gidx i = 0; i < m->nodes.len; i++) {
		const struct golin_goroutine *g = &node_at(m, i)->g;
		const struct name *n;

		if (!g->goid || !g->startpc || g->flags & GOLIN_GF_SYSTEM)
			continue;
		n = names_find(&m->names, space_of(m, g), g->startpc);
		if (n && name_is_system(&m->names, n))
			goroutine_set_system(m, i, true);
	}
}

static int frame_fill(struct golin_model *m, const struct golin_rec_name *r, uint32_t k)
{
	const struct golin_rec_frame *from = &r->frames[k];
	struct golin_frame *to = &m->names.frames.v[m->names.frames.len];
	uint32_t func, file;
	int rc;

	rc = strings_intern(&m->strings, golin_rec_text(&r->h, from->func), from->func.len, &func);
	if (!rc)
		rc = strings_intern(&m->strings, golin_rec_text(&r->h, from->file), from->file.len,
				    &file);
	if (rc)
		return rc;
	*to = (struct golin_frame){.func = strings_get(&m->strings, func),
				   .file = strings_get(&m->strings, file),
				   .line = from->line,
				   .flags = from->flags};
	m->names.frames.len++;
	return 0;
}

int model_apply_name(struct golin_model *m, const struct golin_rec_name *r, uint32_t space)
{
	struct names *t = &m->names;
	uint64_t key = key_of(space, r->pc);
	uint32_t first = (uint32_t)t->frames.len, at;
	bool known;

	if (!r->pc || !key_fits(r->pc))
		return 0;
	known = map64_get(&t->ids, key, &at);
	if (known && (t->v.v[at].n || !r->n))
		return 0;
	if ((!known && t->v.len >= m->opts.max_names) ||
	    first + r->n > (uint64_t)m->opts.max_names * FRAMES_PER_NAME) {
		m->counts.dropped_names++;
		return 0;
	}
	if (!array_reserve(&t->frames, t->frames.len + r->n) || !array_reserve(&t->v, t->v.len + 1))
		return -ENOMEM;
	for (uint32_t k = 0; k < r->n; k++) {
		int rc = frame_fill(m, r, k);

		if (rc) {
			t->frames.len = first;
			if (rc != -ENOSPC)
				return rc;
			m->counts.dropped_names++;
			return 0;
		}
	}
	if (!known) {
		at = (uint32_t)t->v.len;
		if (!map64_put(&t->ids, key, at)) {
			t->frames.len = first;
			return -ENOMEM;
		}
		t->v.len++;
	}
	t->v.v[at] = (struct name){
		.pc = r->pc, .first = first, .n = (uint16_t)r->n, .space = (uint16_t)space};
	if (r->n && map64_del(&t->unnamed, key) && name_is_system(t, &t->v.v[at]))
		m->system_stale = true;
	return 0;
}

int golin_model_frames(const struct golin_model *m, uint64_t pc, const struct golin_frame **ret)
{
	size_t space = m->spaces.len, end = space > NEWEST_SPACES ? space - NEWEST_SPACES : 0;
	const struct name *n = NULL;

	while (!n && space-- > end)
		n = names_find(&m->names, (uint32_t)space, pc);
	if (!n || !n->n)
		return 0;
	*ret = m->names.frames.v + n->first;
	return n->n;
}

/* The text lives in the model: an address is shown again and again. */
static const char *hex_text(const struct golin_model *m, uint64_t pc)
{
	char buf[24];
	int len = snprintf(buf, sizeof(buf), "0x%llx", (unsigned long long)pc);
	uint32_t id;

	/* Only adds to the table, which is a cache in this: nothing that a caller holds changes. */
	if (strings_intern((struct strings *)&m->strings, buf, (size_t)len, &id))
		return "?";
	return strings_get(&m->strings, id);
}

struct golin_frame frame_of_pc(const struct golin_model *m, uint32_t space, uint64_t pc)
{
	const struct name *n = names_find(&m->names, space, pc);
	const struct golin_frame *f;

	if (!pc)
		return (struct golin_frame){.func = "", .file = ""};
	if (!n || !n->n)
		return (struct golin_frame){.func = hex_text(m, pc), .file = ""};
	f = m->names.frames.v + n->first;
	for (uint16_t k = 0; k < n->n; k++)
		if (!(f[k].flags & GOLIN_FRAME_WRAPPER))
			return f[k];
	return f[0];
}

struct golin_frame golin_model_start_func(const struct golin_model *m,
					  const struct golin_goroutine *g)
{
	struct golin_frame f = frame_of_pc(m, space_of(m, g), g->startpc);

	/* runtime.main does the runtime's start and calls main.main; a traceback ends there. */
	if (!strcmp(f.func, "runtime.main"))
		return (struct golin_frame){.func = "main.main", .file = ""};
	return f;
}

struct golin_frame golin_model_go_site(const struct golin_model *m, const struct golin_goroutine *g)
{
	/* The first goroutine is made by the assembly of the start; tracebacks leave that out. */
	return frame_of_pc(m, space_of(m, g), g->goid == 1 ? 0 : g->gopc);
}

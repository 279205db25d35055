/* SPDX-License-Identifier: BSD-2-Clause */
/* What the model tells of itself, its target and its goroutines. */
#include "model_impl.h"

uint64_t golin_model_generation(const struct golin_model *m)
{
	return m->generation;
}

static size_t map_bytes(const struct map64 *map)
{
	return map->cap * (sizeof(*map->keys) + sizeof(*map->vals));
}

static uint64_t model_bytes(const struct golin_model *m)
{
	return sizeof(*m) + m->nodes.cap * sizeof(*m->nodes.v) +
	       m->spaces.cap * sizeof(*m->spaces.v) + goids_bytes(&m->goids) +
	       contexts_bytes(&m->contexts) + changes_bytes(&m->changes) +
	       timers_bytes(&m->timers) + waits_bytes(&m->waits) + kepts_bytes(&m->kepts) +
	       panics_bytes(&m->panics) + m->pauses.v.cap * sizeof(*m->pauses.v.v) +
	       panic_news_bytes(&m->panic_news) + panic_traces_bytes(&m->panic_traces) +
	       map_bytes(&m->by_space) + strings_bytes(&m->strings) +
	       m->names.v.cap * sizeof(*m->names.v.v) +
	       m->names.frames.cap * sizeof(*m->names.frames.v) + map_bytes(&m->names.ids) +
	       map_bytes(&m->names.unnamed) + m->stacks.v.cap * sizeof(*m->stacks.v.v) +
	       m->stacks.pcs.cap * sizeof(*m->stacks.pcs.v) +
	       m->stacks.words.cap * sizeof(*m->stacks.words.v) + map_bytes(&m->stacks.ids);
}

void golin_model_counts(const struct golin_model *m, struct golin_model_counts *ret)
{
	*ret = m->counts;
	ret->bytes = model_bytes(m);
}

bool golin_model_target(const struct golin_model *m, struct golin_target_info *ret)
{
	const struct space *sp;

	if (m->target_space == NO_SPACE)
		return false;
	sp = &m->spaces.v[m->target_space];
	*ret = (struct golin_target_info){
		.target = sp->target,
		.epoch = sp->epoch,
		.pid = sp->pid,
		.flags = sp->flags,
		.layout_source = sp->layout_source,
		.exe = strings_get(&m->strings, sp->exe),
		.comm = strings_get(&m->strings, sp->comm),
		.go = strings_get(&m->strings, sp->go),
		.build_id = strings_get(&m->strings, sp->build_id),
		.arch = strings_get(&m->strings, sp->arch),
	};
	return true;
}

uint64_t golin_model_unix(const struct golin_model *m, uint64_t mono_ns)
{
	if (!mono_ns || !m->has_clock)
		return 0;
	return m->clock.unix_ns + (mono_ns - m->clock.mono_ns);
}

uint64_t golin_model_now(const struct golin_model *m)
{
	return m->now_ns;
}

uint64_t golin_model_first(const struct golin_model *m)
{
	return m->first_ns;
}

bool golin_model_exit(const struct golin_model *m, struct golin_rec_exit *ret)
{
	if (m->has_exit)
		*ret = m->exit;
	return m->has_exit;
}

golin_gidx golin_model_find(const struct golin_model *m, uint64_t goid)
{
	golin_gidx best = GOLIN_GIDX_NONE;

	for (uint32_t k = 0; k < m->spaces.len; k++) {
		golin_gidx i = goroutine_find(m, k, goid);

		if (i != GOLIN_GIDX_NONE && (best == GOLIN_GIDX_NONE ||
					     node_at(m, i)->g.epoch >= node_at(m, best)->g.epoch))
			best = i;
	}
	return best;
}

golin_gidx golin_model_find_key(const struct golin_model *m, uint32_t target, uint32_t epoch,
				uint64_t goid)
{
	uint32_t at;

	if (!map64_get(&m->by_space, (uint64_t)target << 32 | epoch, &at))
		return GOLIN_GIDX_NONE;
	return goroutine_find(m, at, goid);
}

const struct golin_goroutine *golin_model_goroutine(const struct golin_model *m, golin_gidx i)
{
	return i < m->nodes.len && node_at(m, i)->g.goid ? &node_at(m, i)->g : NULL;
}

uint32_t golin_model_goroutine_max(const struct golin_model *m)
{
	return (uint32_t)m->nodes.len;
}

golin_gidx golin_model_roots(const struct golin_model *m)
{
	return m->root_first;
}

const char *golin_model_string(const struct golin_model *m, uint32_t id)
{
	return id & TEXT_BIT ? texts_get(&m->panics.texts, id) : strings_get(&m->strings, id);
}

const char *golin_goroutine_state_text(const struct golin_model *m, const struct golin_goroutine *g)
{
	const char *wait;

	if (g->flags & GOLIN_GF_GHOST)
		return "ended before";
	if (!(g->flags & GOLIN_GF_ALIVE))
		return "exited";
	wait = strings_get(&m->strings, g->wait);
	return g->state == GOLIN_GS_WAITING && *wait ? wait : golin_gstate_name(g->state);
}

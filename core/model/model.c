/* SPDX-License-Identifier: BSD-2-Clause */
/* The model's life, and what each record does to it. */
#include "model_impl.h"

#include <errno.h>

enum {
	DEFAULT_ENDED = 262144,
	DEFAULT_STACKS = 65536,
	DEFAULT_NAMES = 262144,
	DEFAULT_CONTEXTS = 131072,
	DEFAULT_PANICS = 65536,
	WALK_PER_RECORD = 64,
};

/* ---- life ---- */

static void model_init(struct golin_model *m, const struct golin_model_opts *opts)
{
	memset(m, 0, sizeof(*m));
	m->opts = *opts;
	m->unused = m->root_first = m->root_last = GOLIN_GIDX_NONE;
	m->queue = m->passed = (struct queue){GOLIN_GIDX_NONE, GOLIN_GIDX_NONE};
	m->cur_space = m->target_space = NO_SPACE;
	contexts_init(&m->contexts);
	timers_init(&m->timers);
	panics_init(&m->panics);
}

static void model_done(struct golin_model *m)
{
	array_free(&m->nodes);
	array_free(&m->spaces);
	goids_done(&m->goids);
	map64_done(&m->by_space);
	strings_done(&m->strings);
	names_done(&m->names);
	stacks_done(&m->stacks);
	contexts_done(&m->contexts);
	timers_done(&m->timers);
	waits_done(&m->waits);
	kepts_done(&m->kepts);
	panics_done(&m->panics);
	pauses_done(&m->pauses);
	panic_traces_done(&m->panic_traces);
}

int golin_model_new(const struct golin_model_opts *opts, struct golin_model **ret)
{
	struct golin_model_opts o = opts ? *opts : (struct golin_model_opts){0};
	struct golin_model *m = malloc(sizeof(*m));

	if (!m)
		return -ENOMEM;
	o.max_ended = o.max_ended ? o.max_ended : DEFAULT_ENDED;
	o.max_stacks = o.max_stacks ? o.max_stacks : DEFAULT_STACKS;
	o.max_names = o.max_names ? o.max_names : DEFAULT_NAMES;
	o.max_contexts = o.max_contexts ? o.max_contexts : DEFAULT_CONTEXTS;
	o.max_panics = o.max_panics ? o.max_panics : DEFAULT_PANICS;
	model_init(m, &o);
	*ret = m;
	return 0;
}

void golin_model_free(struct golin_model *m)
{
	if (!m)
		return;
	model_done(m);
	free(m->changes.v);
	free(m->panic_news.v);
	free(m);
}

void golin_model_reset(struct golin_model *m)
{
	uint64_t generation = m->generation;
	struct golin_model_opts opts = m->opts;
	struct changes changes = m->changes;
	struct panic_news panic_news = m->panic_news;

	model_done(m);
	model_init(m, &opts);
	m->changes = changes;
	m->panic_news = panic_news;
	m->panic_news.from = panic_news.count;
	m->generation = generation + 1;
}

/* ---- spaces ---- */

static int space_enter(struct golin_model *m, uint32_t target, uint32_t epoch, uint32_t *ret)
{
	uint64_t key = (uint64_t)target << 32 | epoch;
	struct space *sp;
	uint32_t at;

	if (m->cur_space != NO_SPACE) {
		sp = &m->spaces.v[m->cur_space];
		if (sp->target == target && sp->epoch == epoch) {
			*ret = m->cur_space;
			return 0;
		}
	}
	if (!map64_get(&m->by_space, key, &at)) {
		if (m->spaces.len >= SPACES_MAX)
			return -ENOSPC;
		if (!array_reserve(&m->spaces, m->spaces.len + 1) ||
		    !map64_put(&m->by_space, key, (uint32_t)m->spaces.len))
			return -ENOMEM;
		at = (uint32_t)m->spaces.len;
		sp = array_add(&m->spaces);
		sp->target = target;
		sp->epoch = epoch;
		sp->panics = (struct panic_queue){GOLIN_PIDX_NONE, GOLIN_PIDX_NONE};
	}
	m->cur_space = at;
	*ret = at;
	return 0;
}

/* ---- goroutines ---- */

static uint8_t state_u8(uint32_t state)
{
	return state < GOLIN_GS_UNKNOWN ? (uint8_t)state : (uint8_t)GOLIN_GS_UNKNOWN;
}

/* The goroutine with that goid, made if it is new; `fresh` ones are neither alive nor ended. */
static int enter(struct golin_model *m, uint32_t space, uint64_t goid, golin_gidx *ret)
{
	*ret = goroutine_find(m, space, goid);
	return *ret == GOLIN_GIDX_NONE ? goroutine_add(m, space, goid, ret) : 0;
}

static void learn_places(struct golin_model *m, uint32_t space, golin_gidx i, uint64_t startpc,
			 uint64_t gopc, bool watched)
{
	struct golin_goroutine *g = &node_at(m, i)->g;

	if (gopc && (watched || !g->gopc))
		g->gopc = gopc;
	if (!startpc || (g->startpc && !watched) || g->startpc == startpc)
		return;
	g->startpc = startpc;
	goroutine_set_system(m, i, model_startpc_is_system(m, space, startpc));
}

static bool usable(struct golin_model *m, uint64_t goid)
{
	if (goid && key_fits(goid))
		return true;
	m->counts.unread++;
	return false;
}

static int apply_create(struct golin_model *m, uint32_t space,
			const struct golin_rec_goroutine_create *r)
{
	/* A timer's callback runs on no goroutine: there is no parent, by nature. */
	bool timer = r->via == GOLIN_VIA_TIMER;
	struct parentage p = {
		.goid = timer ? 0 : r->h.goid,
		.known = timer || r->flags & GOLIN_G_PARENT_KNOWN,
		.evicted = r->flags & GOLIN_G_PARENT_EVICTED,
		.watched = true,
	};
	struct golin_goroutine *g;
	golin_gidx i;
	int rc;

	m->counts.events++;
	m->counts.unread += !!(r->flags & GOLIN_G_PARTIAL);
	if (!usable(m, r->child))
		return 0;
	rc = enter(m, space, r->child, &i);
	if (rc)
		return rc;
	g = &node_at(m, i)->g;
	if (g->flags & GOLIN_GF_CREATED)
		return 0; /* told twice */
	g->flags |= GOLIN_GF_CREATED;
	g->created = model_time(m, r->h.ts);
	g->stack = r->stack;
	g->armed_by = r->armed_by;
	g->via = r->via <= GOLIN_VIA_COROUTINE ? (uint8_t)r->via : 0;
	m->counts.created++;
	if (!g->exited)
		goroutine_set_live(m, i);
	learn_places(m, space, i, r->startpc, r->gopc, true);
	return lineage_learn(m, space, i, &p);
}

static int set_wait(struct golin_model *m, golin_gidx i, uint32_t state, uint64_t since,
		    const struct golin_rec *rec, struct golin_rec_str wait)
{
	struct golin_goroutine *g = &node_at(m, i)->g;
	uint32_t id = 0;
	int rc = strings_intern(&m->strings, golin_rec_text(rec, wait), wait.len, &id);

	if (rc && rc != -ENOSPC)
		return rc;
	/* The runtime clears the time when it lets it run: a time that went says that it ran. */
	if (g->state != state_u8(state) || g->wait != id ||
	    (g->wait_since && g->wait_since != since)) {
		waits_drop(m, i);
		kept_drop(m, space_of(m, g), g->goid);
	}
	g->state = state_u8(state);
	g->wait = id;
	g->wait_since = since;
	return 0;
}

static int apply_seen(struct golin_model *m, uint32_t space,
		      const struct golin_rec_goroutine_seen *r)
{
	struct parentage p = {
		.goid = r->h.goid,
		.known = r->flags & GOLIN_G_PARENT_KNOWN,
		.evicted = r->flags & GOLIN_G_PARENT_EVICTED,
	};
	golin_gidx i;
	int rc;

	m->counts.events += !(r->flags & GOLIN_G_AGAIN);
	m->counts.unread += !!(r->flags & GOLIN_G_PARTIAL);
	if (!usable(m, r->child))
		return 0;
	m->counts.seen += !(r->flags & GOLIN_G_AGAIN);
	if (r->state == GOLIN_GS_DEAD || r->state == GOLIN_GS_DEADEXTRA)
		return 0;
	rc = enter(m, space, r->child, &i);
	if (rc || node_at(m, i)->g.exited) /* memory was read before it ended */
		return rc;
	goroutine_set_live(m, i);
	learn_places(m, space, i, r->startpc, r->gopc, false);
	rc = set_wait(m, i, r->state, r->wait_since, &r->h, r->wait);
	return rc ? rc : lineage_learn(m, space, i, &p);
}

static int apply_exit(struct golin_model *m, uint32_t space,
		      const struct golin_rec_goroutine_exit *r)
{
	struct parentage p = {
		.goid = r->parent,
		.known = r->flags & GOLIN_G_PARENT_KNOWN,
		.evicted = r->flags & GOLIN_G_PARENT_EVICTED,
	};
	uint8_t how = r->how <= GOLIN_HOW_GOEXIT ? (uint8_t)r->how : 0;
	struct golin_goroutine *g;
	golin_gidx i;
	int rc;

	m->counts.events++;
	m->counts.unread += !!(r->flags & GOLIN_G_PARTIAL);
	if (!usable(m, r->h.goid))
		return 0;
	rc = enter(m, space, r->h.goid, &i);
	if (rc)
		return rc;
	g = &node_at(m, i)->g;
	if (g->exited && g->how)
		return 0; /* told twice */
	m->counts.exited += !!how;
	learn_places(m, space, i, r->startpc, r->gopc, false);
	rc = lineage_learn(m, space, i, &p);
	g = &node_at(m, i)->g;
	if (g->exited) { /* it was known to be gone, not how */
		g->how = how;
		g->exited = r->h.ts ? r->h.ts : g->exited;
		return rc;
	}
	goroutine_set_ended(m, i, r->h.ts, how);
	return rc;
}

static void apply_gone(struct golin_model *m, uint32_t space, const struct golin_rec *rec)
{
	golin_gidx i = goroutine_find(m, space, rec->goid);
	const struct golin_goroutine *g;

	if (i == GOLIN_GIDX_NONE)
		return;
	g = &node_at(m, i)->g;
	if (!(g->flags & GOLIN_GF_ALIVE))
		return;
	if (g->flags & GOLIN_GF_CREATED) /* it was there: its end was missed */
		goroutine_set_ended(m, i, rec->ts, 0);
	else if (g->nchild)
		goroutine_set_ghost(m, i);
	else
		goroutine_remove(m, i);
}

static int apply_state(struct golin_model *m, uint32_t space,
		       const struct golin_rec_goroutine_state *r)
{
	golin_gidx i = goroutine_find(m, space, r->h.goid);
	int rc = panic_points_state(m, space, r);

	if (rc || i == GOLIN_GIDX_NONE || !(node_at(m, i)->g.flags & GOLIN_GF_ALIVE))
		return rc;
	if (r->state != GOLIN_GS_DEAD && r->state != GOLIN_GS_DEADEXTRA)
		return set_wait(m, i, r->state, r->wait_since, &r->h, r->wait);
	goroutine_set_ended(m, i, r->h.ts, 0);
	return 0;
}

/* ---- about the stream ---- */

static int intern(struct golin_model *m, const struct golin_rec *rec, struct golin_rec_str s,
		  uint32_t *ret)
{
	int rc = strings_intern(&m->strings, golin_rec_text(rec, s), s.len, ret);

	return rc == -ENOSPC ? 0 : rc;
}

static int apply_target(struct golin_model *m, uint32_t space, const struct golin_rec_target *r)
{
	struct space sp = m->spaces.v[space];
	int rc = intern(m, &r->h, r->exe, &sp.exe);

	rc = rc ? rc : intern(m, &r->h, r->comm, &sp.comm);
	rc = rc ? rc : intern(m, &r->h, r->go, &sp.go);
	rc = rc ? rc : intern(m, &r->h, r->build_id, &sp.build_id);
	rc = rc ? rc : intern(m, &r->h, r->arch, &sp.arch);
	if (rc)
		return rc;
	sp.has_target = true;
	sp.target_ts = r->h.ts;
	sp.pid = r->pid;
	sp.flags = r->flags;
	sp.layout_source = r->layout_source;
	sp.start_ticks = r->start_ticks;
	sp.load_bias = r->load_bias;
	m->spaces.v[space] = sp;
	m->target_space = space;
	return 0;
}

static int apply_exec(struct golin_model *m, uint32_t space, const struct golin_rec_exec *r)
{
	uint32_t exe;
	int rc = intern(m, &r->h, r->exe, &exe);

	if (rc)
		return rc;
	m->spaces.v[space].has_exec = true;
	m->spaces.v[space].exec_exe = exe;
	m->spaces.v[space].exec_ts = r->h.ts;
	for (uint32_t k = 0; k < m->spaces.len; k++)
		if (m->spaces.v[k].target == r->h.target && m->spaces.v[k].epoch < r->h.epoch) {
			goroutine_end_all(m, k, r->h.ts);
			contexts_end_all(m, k);
			timers_end_all(m, k);
			panics_end_all(m, k, r->h.ts);
		}
	return 0;
}

static void apply_process_exit(struct golin_model *m, const struct golin_rec *rec)
{
	memcpy(&m->exit, rec, sizeof(m->exit));
	m->has_exit = true;
	for (uint32_t k = 0; k < m->spaces.len; k++)
		if (m->spaces.v[k].target == rec->target)
			panics_end_all(m, k, rec->ts);
}

static void apply_lost(struct golin_model *m, const struct golin_rec_lost *r)
{
	panics_lost(m);
	if (r->cause == GOLIN_LOST_RING)
		m->counts.lost_ring += r->count;
	else if (r->cause == GOLIN_LOST_MISSED)
		m->counts.lost_missed += r->count;
	else
		m->counts.lost_cut += r->count;
}

static void raise_to(uint64_t *count, uint64_t to)
{
	if (to > *count)
		*count = to;
}

static void apply_counts(struct golin_model *m, const struct golin_rec_counts *r)
{
	struct golin_model_counts *c = &m->counts;

	c->events = r->events;
	c->created = r->created;
	c->exited = r->exited;
	c->seen = r->seen;
	raise_to(&c->evicted, r->evicted);
	raise_to(&c->dropped_names, r->dropped_names);
	raise_to(&c->dropped_stacks, r->dropped_stacks);
	raise_to(&c->lost_ring, r->lost_ring);
	raise_to(&c->lost_missed, r->lost_missed);
	raise_to(&c->lost_cut, r->lost_cut);
	raise_to(&c->unread, r->unread);
	raise_to(&c->gaps, r->gaps);
	if (r->first_ns)
		m->first_ns = r->first_ns;
}

static int dispatch(struct golin_model *m, const struct golin_rec *rec)
{
	uint32_t space;
	int rc = space_enter(m, rec->target, rec->epoch, &space);

	if (rc)
		return rc;
	kept_event(m, space, rec);
	switch (rec->type) {
	case GOLIN_REC_TARGET:
		return apply_target(m, space, (const struct golin_rec_target *)rec);
	case GOLIN_REC_CLOCK:
		memcpy(&m->clock, rec, sizeof(m->clock));
		m->has_clock = true;
		return 0;
	case GOLIN_REC_NAME:
		return model_apply_name(m, (const struct golin_rec_name *)rec, space);
	case GOLIN_REC_STACK:
		return model_apply_stack(m, (const struct golin_rec_stack *)rec, space);
	case GOLIN_REC_SETTINGS:
		memcpy(&m->spaces.v[space].settings, rec, sizeof(struct golin_rec_settings));
		m->spaces.v[space].has_settings = true;
		return 0;
	case GOLIN_REC_SNAPSHOT:
		if (((const struct golin_rec_snapshot *)rec)->phase == GOLIN_SNAPSHOT_END)
			m->counts.unread += ((const struct golin_rec_snapshot *)rec)->unread;
		return 0;
	case GOLIN_REC_GAP:
		m->counts.gaps++;
		return 0;
	case GOLIN_REC_LOST:
		apply_lost(m, (const struct golin_rec_lost *)rec);
		return 0;
	case GOLIN_REC_EXEC:
		return apply_exec(m, space, (const struct golin_rec_exec *)rec);
	case GOLIN_REC_EXIT:
		apply_process_exit(m, rec);
		return 0;
	case GOLIN_REC_COUNTS:
		apply_counts(m, (const struct golin_rec_counts *)rec);
		return 0;
	case GOLIN_REC_GOROUTINE_CREATE:
		return apply_create(m, space, (const struct golin_rec_goroutine_create *)rec);
	case GOLIN_REC_GOROUTINE_SEEN:
		return apply_seen(m, space, (const struct golin_rec_goroutine_seen *)rec);
	case GOLIN_REC_GOROUTINE_EXIT:
		return apply_exit(m, space, (const struct golin_rec_goroutine_exit *)rec);
	case GOLIN_REC_GOROUTINE_GONE:
		apply_gone(m, space, rec);
		return 0;
	case GOLIN_REC_GOROUTINE_STATE:
		return apply_state(m, space, (const struct golin_rec_goroutine_state *)rec);
	case GOLIN_REC_GOROUTINE_WAITS:
		panic_points_waits(m, space, (const struct golin_rec_goroutine_waits *)rec);
		return model_apply_waits(m, (const struct golin_rec_goroutine_waits *)rec, space);
	case GOLIN_REC_GOROUTINE_DEFERS:
		return model_apply_defers(m, (const struct golin_rec_goroutine_defers *)rec, space);
	case GOLIN_REC_TYPE:
		return model_apply_type(m, (const struct golin_rec_type_name *)rec, space);
	case GOLIN_REC_CONTEXT_CREATE:
		return model_apply_context_create(m, (const struct golin_rec_context_create *)rec,
						  space);
	case GOLIN_REC_CONTEXT_SEEN:
		return model_apply_context_seen(m, (const struct golin_rec_context_seen *)rec,
						space);
	case GOLIN_REC_CONTEXT_CANCEL:
		return model_apply_context_cancel(m, (const struct golin_rec_context_cancel *)rec,
						  space);
	case GOLIN_REC_CONTEXT_COUNTS:
		model_apply_context_counts(m, (const struct golin_rec_context_counts *)rec);
		return 0;
	case GOLIN_REC_CONTEXT_PASSED:
		return model_apply_context_passed(m, (const struct golin_rec_context_passed *)rec,
						  space);
	case GOLIN_REC_TIMER_START:
		return model_apply_timer_start(m, (const struct golin_rec_timer_start *)rec, space);
	case GOLIN_REC_TIMER_END:
		return model_apply_timer_end(m, (const struct golin_rec_timer_end *)rec, space);
	case GOLIN_REC_TIMER_HELD:
		model_apply_timer_held(m, (const struct golin_rec_timer_held *)rec, space);
		return 0;
	case GOLIN_REC_TIMER_SITE:
		return model_apply_timer_site(m, (const struct golin_rec_timer_site *)rec, space);
	case GOLIN_REC_GC_PAUSE:
		return model_apply_pause(m, (const struct golin_rec_gc_pause *)rec, space);
	case GOLIN_REC_PANIC_START:
	case GOLIN_REC_PANIC_DEFER:
	case GOLIN_REC_PANIC_RECOVER:
	case GOLIN_REC_PANIC_GOEXIT:
	case GOLIN_REC_PANIC_FATAL:
	case GOLIN_REC_PANIC_THROW:
		return model_apply_panic(m, rec, space);
	case GOLIN_REC_PANIC_KEPT:
		return model_apply_panic_kept(m, (const struct golin_rec_panic_kept *)rec, space);
	case GOLIN_REC_PANIC_COUNTS:
		return model_apply_panic_counts(m, (const struct golin_rec_panic_counts *)rec);
	case GOLIN_REC_PANIC_POINT:
		return model_apply_panic_point(m, (const struct golin_rec_panic_point *)rec, space);
	case GOLIN_REC_PANIC_SITE:
		return model_apply_panic_site(m, (const struct golin_rec_panic_site *)rec, space);
	default:
		return 0;
	}
}

int golin_model_apply(struct golin_model *m, const struct golin_rec *rec)
{
	int rc;

	if (!golin_rec_type_name(rec->type))
		return 0; /* of a newer golin */
	if (rec->ts) {
		if (rec->ts > m->now_ns)
			m->now_ns = rec->ts;
		if (!m->first_ns || rec->ts < m->first_ns)
			m->first_ns = rec->ts;
	}
	m->walk_budget += WALK_PER_RECORD;
	m->scan_budget += WALK_PER_RECORD;
	m->generation++;
	rc = dispatch(m, rec);
	if (m->system_stale && m->scan_budget >= m->nodes.len) {
		m->scan_budget -= m->nodes.len;
		model_mark_system(m);
	}
	if (rc != -ENOSPC)
		return rc;
	m->counts.unread++; /* a bound of the model was met */
	return 0;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* What stacks tell of where a goroutine is: functions compared by name, from the outside in. */
#include "rules_impl.h"

enum { USER_MAX = 128 };

/* The user's functions on a stack, innermost first. */
static int user_funcs(struct golin_rules *r, uint64_t stack, const char *ret[static USER_MAX])
{
	const uint64_t *pcs;
	int n = golin_model_stack(r->m, stack, &pcs, NULL), got = 0;

	for (int i = 0; i < n; i++) {
		const struct golin_frame *f;
		int nframes = golin_model_frames(r->m, pcs[i], &f);

		for (int k = 0; k < nframes && got < USER_MAX; k++)
			if (!(f[k].flags & GOLIN_FRAME_WRAPPER) && !golin_frame_is_library(&f[k]))
				ret[got++] = f[k].func;
	}
	return got;
}

bool stack_has_outer(struct golin_rules *r, uint64_t stack, const char *func)
{
	const char *at[USER_MAX];
	int n = user_funcs(r, stack, at);

	for (int i = 1; i < n; i++)
		if (!strcmp(at[i], func))
			return strcmp(at[0], func) != 0;
	return false;
}

bool stack_is_within(struct golin_rules *r, uint64_t now, uint64_t then)
{
	const char *a[USER_MAX], *b[USER_MAX];
	int na = user_funcs(r, now, a), nb = user_funcs(r, then, b), same = 0;

	while (same < na && same < nb && !strcmp(a[na - 1 - same], b[nb - 1 - same]))
		same++;
	/* The caller may have gone on to other calls; the outermost one surely may. */
	return same && (same == nb || (same == nb - 1 && same > 1));
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Names of pcs, as a Go traceback prints them. A `go` statement whose function has arguments
 * starts a wrapper that the compiler made; its name says nothing to a user, so that at its entry
 * the function is looked up that it calls.
 */
#include <elf.h>
#include <stdio.h>
#include <string.h>
#include "base/text.h"
#include "closure.h"
#include "code.h"
#include "image.h"
#include "x86.h"

enum {
	MAX_INLINE_DEPTH = 64,
	MAX_WRAPPERS = 4, /* a go wrapper of a method value's wrapper of ... */
	WRAPPER_INSNS = 4096,
	WRAPPER_RANGES = 4096,
	/*
	 * Steps of tables by pc that one look-up may take. The largest functions have some 100,000;
	 * a crafted tree of calls would go through as many for each of its levels.
	 */
	MAX_LOOKUP_STEPS = 1 << 21,
};

/* ---- one frame ---- */

static bool is_runtime(const char *name)
{
	return !strncmp(name, "runtime.", 8) || !strncmp(name, "runtime/internal/", 17) ||
	       !strncmp(name, "internal/runtime/", 17);
}

/*
 * As runtime.funcNameForPrint: what stands within the outermost brackets becomes "...", since
 * there are generic functions. Before, brackets are those of an array's type.
 */
static void put_name(const struct pclntab *t, char *dst, size_t cap, const char *name)
{
	size_t len = strlen(name);
	const char *open = t->minor >= 18 ? memchr(name, '[', len) : NULL,
		   *close = open ? memrchr(open, ']', name + len - open) : NULL;
	char tmp[2048];
	int n;

	if (open && close && (size_t)(open - name) < sizeof(tmp)) {
		n = snprintf(tmp, sizeof(tmp), "%.*s[...]%s", (int)(open - name), name, close + 1);
		if (n > 0 && (size_t)n < sizeof(tmp)) {
			golin_text_clean(dst, cap, tmp, n);
			return;
		}
	}
	golin_text_clean(dst, cap, name, len);
}

static void put_frame(const struct pclntab *t, struct golin_name_frame *f, const char *name,
		      const char *file, uint32_t line, bool wrapper)
{
	put_name(t, f->func, sizeof(f->func), name);
	golin_text_clean(f->file, sizeof(f->file), file ? file : "", file ? strlen(file) : 0);
	f->line = file ? line : 0;
	f->flags = (wrapper ? GOLIN_NAME_WRAPPER : 0) | (is_runtime(name) ? GOLIN_NAME_RUNTIME : 0);
}

/* The inlined calls around pc, innermost first, and the function that holds them. */
static int put_frames(const struct pclntab *t, const struct pcln_func *f, uint64_t pc,
		      struct golin_name_frame *ret, int max)
{
	struct pcln_inl inl;

	for (int n = 0; n < max; n++) {
		const char *file = NULL;
		uint32_t line = 0;

		(void)pclntab_line(t, f, pc, &file, &line);
		if (!pclntab_inline(t, f, pc, &inl)) {
			put_frame(t, &ret[n], f->name, file, line, f->wrapper);
			return n + 1;
		}
		put_frame(t, &ret[n], inl.name, file, line, inl.wrapper);
		pc = f->lo + inl.parent_pc;
	}
	return max;
}

/* ---- the function behind a wrapper ---- */

struct target {
	const char *name;
	uint64_t lo; /* of the function called; 0: it is inlined */
	uint64_t pc; /* inlined: a pc of its own code within the wrapper */
	int32_t start_line;
	bool several;
};

struct hunt {
	const struct pclntab *t;
	const struct pcln_func *f;
	struct target found;
	int ranges;
	int indirect; /* calls through a pointer */
};

static void candidate(struct hunt *h, const char *name, uint64_t lo, uint64_t pc, int32_t line)
{
	if (!h->found.name) {
		h->found = (struct target){name, lo, pc, line, false};
		return;
	}
	if (strcmp(h->found.name, name))
		h->found.several = true;
}

/*
 * The outermost inlined call at a pc that is not a wrapper itself: what the user wrote. False:
 * the pc is the wrapper's own.
 */
static bool outermost(struct hunt *h, uint64_t pc, bool add)
{
	struct pcln_inl chain[MAX_INLINE_DEPTH];
	uint64_t at[MAX_INLINE_DEPTH];
	int n = 0;

	while (n < MAX_INLINE_DEPTH && pclntab_inline(h->t, h->f, pc, &chain[n])) {
		at[n] = pc;
		pc = h->f->lo + chain[n].parent_pc;
		n++;
	}
	while (n > 0 && chain[n - 1].wrapper)
		n--;
	if (n && add)
		candidate(h, chain[n - 1].name, 0, at[n - 1], chain[n - 1].start_line);
	return n;
}

static bool on_range(void *arg, uint64_t lo, uint64_t hi, int32_t index)
{
	struct hunt *h = arg;

	if (index >= 0 && lo < hi)
		outermost(h, lo, true);
	return ++h->ranges < WRAPPER_RANGES && !h->found.several;
}

/*
 * What the compiler calls on its own account. Outside package runtime that is everything in it
 * that a user could not have named.
 */
static bool is_helper(const struct pcln_func *wrapper, const char *name)
{
	static const char *const own[] = {
		"morestack", "panic", "goPanic",  "gopanic",  "race",	   "msan",	"asan",
		"gcWrite",   "duff",  "defer",	  "typed",    "mem",	   "newobject", "mallocgc",
		"wb",	     "throw", "checkptr", "cgoCheck", "libfuzzer", "sigpanic",
	};

	if (strncmp(name, "runtime.", 8))
		return false;
	name += 8;
	if (!is_runtime(wrapper->name))
		return !(*name >= 'A' && *name <= 'Z');
	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
		if (!strncmp(name, own[i], strlen(own[i])))
			return true;
	return false;
}

/*
 * Direct calls and tail jumps of the wrapper's own code; false when there is one that cannot be
 * told.
 */
static bool hunt_calls(struct golin_image *img, struct hunt *h)
{
	uint64_t addr = h->f->lo, to;
	struct pcln_func callee;
	struct x86_insn in;

	for (int i = 0; i < WRAPPER_INSNS && addr < h->f->hi; i++, addr = in.next) {
		bool call, jump;

		if (!x86_decode(&img->elf, addr, h->f->hi, &in))
			return false;
		call = in.i.mnemonic == ZYDIS_MNEMONIC_CALL;
		jump = in.i.mnemonic == ZYDIS_MNEMONIC_JMP;
		if ((!call && !jump) || outermost(h, addr, false))
			continue;
		if (!x86_target(&in, &to)) {
			h->indirect++;
			continue;
		}
		if (jump && to >= h->f->lo && to < h->f->hi)
			continue;
		if (!pclntab_find_pc(h->t, to, &callee))
			return false;
		/* An ABI wrapper has the name of what it wraps. */
		if (callee.lo == to && !strcmp(callee.name, h->f->name)) {
			h->found = (struct target){callee.name, to, 0, 0, false};
			return true;
		}
		/* Of helpers, duffcopy is entered in its midst. */
		if (is_helper(h->f, callee.name))
			continue;
		if (callee.lo != to)
			return false;
		candidate(h, callee.name, to, 0, 0);
	}
	return true;
}

/*
 * The runtime's assembly and its defer code bear the mark of a wrapper, too, only to be left out of
 * tracebacks: what they call first is not what they stand for.
 */
static bool is_made_for_one(const struct pcln_func *f, const struct target *to)
{
	return !is_runtime(f->name) || !strcmp(f->name, to->name) || strstr(f->name, "wrap") ||
	       strstr(f->name, ".func") || strchr(f->name, '(');
}

static bool find_target(struct golin_image *img, const struct pcln_func *wrapper,
			struct pcln_func *ret_in, struct target *ret)
{
	struct pcln_func f = *wrapper, next;
	bool found = false;

	for (int i = 0; i < MAX_WRAPPERS; i++) {
		struct hunt h = {.t = &img->code->tab, .f = &f};

		pclntab_inline_ranges(h.t, &f, on_range, &h);
		if (!hunt_calls(img, &h))
			break;
		if (h.indirect) {
			if (h.indirect > 1 || h.found.name || !closure_target(img, &f, &next))
				break;
			candidate(&h, next.name, next.lo, 0, 0);
		}
		if (!h.found.name || h.found.several || !is_made_for_one(&f, &h.found))
			break;
		*ret = h.found;
		*ret_in = f;
		found = true;
		if (!h.found.lo || !pclntab_find_pc(h.t, h.found.lo, &next) || !next.wrapper)
			break;
		f = next;
	}
	return found;
}

/* The target as it stands at its entry. */
static void put_target(struct golin_image *img, const struct pcln_func *in,
		       const struct target *target, struct golin_name_frame *ret)
{
	const struct pclntab *t = &img->code->tab;
	const char *file = NULL;
	struct pcln_func f;
	uint32_t line = 0;

	if (target->lo ? pclntab_find_pc(t, target->lo, &f)
		       : pclntab_find_name(t, target->name, &f)) {
		(void)pclntab_line(t, &f, f.lo, &file, &line);
	} else if (pclntab_line(t, in, target->pc, &file, &line) && target->start_line > 0) {
		/* Inlined everywhere: up to 1.19 only lines of its body are known. */
		line = target->start_line;
	}
	put_frame(t, ret, target->name, file, line, false);
}

static int find_names(struct golin_image *img, uint64_t pc, struct golin_name_frame *ret, int max)
{
	struct pcln_func f, in;
	struct target target;
	int n;

	if (!pclntab_find_pc(&img->code->tab, pc, &f))
		return 0;
	if (pc != f.lo || !f.wrapper || max < 2 || img->elf.machine != EM_X86_64)
		return put_frames(&img->code->tab, &f, pc, ret, max);
	if (find_target(img, &f, &in, &target)) {
		put_target(img, &in, &target, &ret[0]);
		n = 1 + put_frames(&img->code->tab, &f, pc, ret + 1, max - 1);
		return n;
	}
	/* It calls several, or through a pointer: then its own name is the best there is. */
	n = put_frames(&img->code->tab, &f, pc, ret, max);
	if (n)
		ret[n - 1].flags &= ~GOLIN_NAME_WRAPPER;
	return n;
}

int golin_image_names(struct golin_image *img, uint64_t pc, struct golin_name_frame *ret, int max)
{
	uint32_t budget = MAX_LOOKUP_STEPS;
	int n;

	if (!img->code || max <= 0)
		return 0;
	img->code->tab.budget = &budget;
	n = find_names(img, pc, ret, max);
	img->code->tab.budget = NULL;
	return n;
}

/* Made for a go statement, by its name; up to 1.21 those for defer statements look the same. */
static bool may_be_go_wrapper(const struct pcln_func *f)
{
	return f->wrapper && !is_runtime(f->name) &&
	       (strstr(f->name, ".gowrap") || strstr(f->name, "dwrap") || strstr(f->name, ".func"));
}

size_t golin_image_late_targets(struct golin_image *img, struct golin_late_target *ret, size_t max,
				bool *ret_more)
{
	size_t n = 0;

	*ret_more = false;
	if (!img->code || img->elf.machine != EM_X86_64)
		return 0;
	for (uint32_t i = 0; i < img->code->tab.nfunc; i++) {
		struct golin_late_target late;
		struct pcln_func f, in;
		struct target target;

		if (!pclntab_func(&img->code->tab, i, &f) || !may_be_go_wrapper(&f) ||
		    find_target(img, &f, &in, &target) || !closure_late(img, &f, &late))
			continue;
		if (n == max) {
			*ret_more = true;
			break;
		}
		ret[n++] = late;
	}
	return n;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What an alert or a ticket names a panic by: its own id, a code for the error, a hash of the
 * stack. Names of functions go into both without what the compiler makes up (numbers of closures,
 * wrappers and loop bodies, the function into which a closure was inlined, type arguments), so that
 * they stay the same from build to build.
 */
#include "model_impl.h"

#include <inttypes.h>
#include <stdio.h>
#include "base/text.h"

enum {
	NAME_MAX_BYTES = 512, /* of a function's name that count */
	PARTS_MAX = 32,
	CODE_TYPE = GOLIN_ERROR_CODE_MAX - 16, /* bytes of a type's name in a code */
};

#define FNV_OFFSET 0xcbf29ce484222325ull
#define FNV_PRIME 0x100000001b3ull

/* FNV-1a. */
static uint64_t hash_add(uint64_t h, const char *s, size_t len)
{
	for (size_t k = 0; k < len; k++)
		h = (h ^ (unsigned char)s[k]) * FNV_PRIME;
	return h;
}

/* ---- names of functions ---- */

struct part {
	const char *s;
	size_t len;
};

static bool has_number(struct part p, const char *word)
{
	size_t n = strlen(word);

	if (p.len <= n || memcmp(p.s, word, n) != 0)
		return false;
	for (size_t k = n; k < p.len; k++)
		if (p.s[k] < '0' || p.s[k] > '9')
			return false;
	return true;
}

/* "func1", "2", "gowrap1", "deferwrap3", and what is between two dots of "glob..func1". */
static bool is_made(struct part p)
{
	return !p.len || has_number(p, "") || has_number(p, "func") || has_number(p, "gowrap") ||
	       has_number(p, "deferwrap");
}

/* Without "-range1", "-fm" (a method's value), "\u00b7dwrap\u00b71". */
static struct part without_tail(struct part p)
{
	for (size_t k = 1; k < p.len; k++)
		if (p.s[k] == '-' || !memcmp(p.s + k, "\xc2\xb7", p.len - k < 2 ? 1 : 2))
			p.len = k;
	return p;
}

/* Copies it without what stands in brackets. */
static size_t without_arguments(const char *func, char ret[NAME_MAX_BYTES])
{
	size_t len = 0;
	int depth = 0;

	for (; *func && len < NAME_MAX_BYTES - 1; func++) {
		depth += *func == '[';
		if (!depth)
			ret[len++] = *func;
		depth -= *func == ']' && depth;
	}
	ret[len] = 0;
	return len;
}

/* Length of the import path: up to the first dot of its last element. */
static size_t package_of(const char *func)
{
	const char *slash = strrchr(func, '/');
	const char *from = slash ? slash : func;

	return (size_t)(from - func) + strcspn(from, ".");
}

static size_t split(const char *s, struct part ret[PARTS_MAX])
{
	size_t n = 0;

	while (n < PARTS_MAX) {
		size_t len = strcspn(s, ".");

		ret[n++] = (struct part){s, len};
		if (!s[len])
			break;
		s += len + 1;
	}
	return n;
}

static uint64_t name_hash(uint64_t h, const char *func)
{
	char name[NAME_MAX_BYTES];
	struct part parts[PARTS_MAX];
	size_t len = without_arguments(func, name), package = package_of(name), n, from = 0;
	bool closure = false;

	h = hash_add(h, name, package);
	if (package >= len)
		return hash_add(h, "\n", 1);
	n = split(name + package + 1, parts);
	for (; n > 1 && is_made(without_tail(parts[n - 1])); n--)
		closure = true;
	/* Inlined into another function, it is called after both; and its receiver is not told. */
	if (closure)
		from = n - 1;
	for (size_t k = from; k < n; k++) {
		struct part p = without_tail(parts[k]);

		if (p.len == 4 && !memcmp(p.s, "glob", 4) && closure)
			p.s = "init"; /* since Go 1.21 */
		h = hash_add(h, ".", 1);
		h = hash_add(h, p.s, p.len);
	}
	/* A function and its closures are several frames. */
	if (closure)
		h = hash_add(h, ".func", 5);
	return hash_add(h, "\n", 1);
}

/* ---- the stack ---- */

const char *golin_panic_stack_hash(const struct golin_model *m, golin_pidx i, char *ret)
{
	const struct golin_panic *p = golin_model_panic(m, i);
	uint64_t h = FNV_OFFSET, last = 0;
	const uint64_t *pcs;
	bool any = false;
	int n = p ? golin_model_stack(m, p->stack, &pcs, NULL) : 0;

	for (int k = 0; k < n; k++) {
		const struct golin_frame *f;
		int nframes = golin_model_frames(m, pcs[k], &f);

		for (int j = 0; j < nframes; j++) {
			uint64_t own;

			if (f[j].flags & (GOLIN_FRAME_RUNTIME | GOLIN_FRAME_WRAPPER))
				continue;
			own = name_hash(FNV_OFFSET, f[j].func);
			if (any && own == last) /* how deep a recursion went depends on data */
				continue;
			h = name_hash(h, f[j].func);
			last = own;
			any = true;
		}
	}
	ret[0] = 0;
	if (any)
		snprintf(ret, GOLIN_PANIC_ID_MAX, "%016" PRIx64, h);
	return ret;
}

/* ---- the code ---- */

/* What is in its value's place: of a throw what it says. */
static const char *code_type(const struct golin_model *m, golin_pidx i, const char **ret_text)
{
	const struct golin_panic *p = golin_model_panic(m, i);
	const struct golin_panic_value *v;
	uint32_t n = golin_panic_values(m, i, &v);

	*ret_text = "";
	if (p->kind == GOLIN_PANIC_GOEXIT)
		return "goexit";
	if (p->kind == GOLIN_PANIC_THROW) {
		*ret_text = golin_model_string(m, p->printed);
		return "throw";
	}
	if (!n)
		return "unknown";
	return v[0].type_addr ? golin_model_string(m, v[0].type) : "nil";
}

const char *golin_panic_error_code(const struct golin_model *m, golin_pidx i, char *ret)
{
	const char *type, *text, *base;
	struct golin_frame at;
	char head[CODE_TYPE];
	uint64_t h;

	ret[0] = 0;
	if (!golin_model_panic(m, i))
		return ret;
	type = code_type(m, i, &text);
	at = golin_panic_at(m, i);
	base = strrchr(at.file, '/');
	base = base ? base + 1 : at.file;
	h = hash_add(FNV_OFFSET, type, strlen(type));
	h = hash_add(hash_add(h, "\n", 1), text, strlen(text));
	h = name_hash(hash_add(h, "\n", 1), at.func);
	h = hash_add(h, base, strlen(base));
	golin_text_clean(head, sizeof(head), type, strlen(type));
	for (char *s = head; *s; s++)
		if (*s == ' ')
			*s = '_';
	snprintf(ret, GOLIN_ERROR_CODE_MAX, "%s-%08" PRIx32, *head ? head : "unknown",
		 (uint32_t)(h ^ h >> 32));
	return ret;
}

/* ---- its own id ---- */

const char *golin_panic_id(const struct golin_model *m, golin_pidx i, char *ret)
{
	const struct golin_panic *p = golin_model_panic(m, i);
	uint64_t at;
	int n;

	ret[0] = 0;
	if (!p)
		return ret;
	at = golin_model_unix(m, p->started);
	n = snprintf(ret, GOLIN_PANIC_ID_MAX, "pn-%" PRIx64 "-t%" PRIu64, at ? at : p->started,
		     p->goid);
	if (panic_trace_at(m, i)->tie)
		snprintf(ret + n, GOLIN_PANIC_ID_MAX - (size_t)n, "-%" PRIu32,
			 panic_trace_at(m, i)->tie);
	return ret;
}

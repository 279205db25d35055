/* SPDX-License-Identifier: BSD-2-Clause */
#include "plan_build.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include "bpf/wire.h"

enum { NREGS = 9 };

/* The registers of Go's internal ABI, in which the words of the arguments stand one by one. */
static const uint8_t arg_regs[NREGS] = {RAX, RBX, RCX, RDI, 6 /* rsi */, 8, 9, 10, 11};

static const char *const reg_names[] = {"rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi",
					"r8",  "r9",  "r10", "r11", "r12", "r13", "r14", "r15"};

unsigned int plan_arg(unsigned int minor, unsigned int n)
{
	/* On the stack, the return address comes first. */
	return minor >= PLAN_MINOR_REGABI ? arg_regs[n] : WIRE_AT_STACK | (n + 1);
}

unsigned int plan_g(unsigned int minor)
{
	/* Up to 1.16 the prologue has just loaded it into rcx. */
	return minor >= PLAN_MINOR_REGABI ? WIRE_G_R14 : WIRE_G_RCX;
}

/* A text that is put together in a fixed place; what does not fit is cut. */
struct text {
	char *p;
	size_t cap, len;
};

static void put(struct text *t, const char *s, size_t n)
{
	if (n > t->cap - 1 - t->len)
		n = t->cap - 1 - t->len;
	memcpy(t->p + t->len, s, n);
	t->len += n;
	t->p[t->len] = '\0';
}

/* A register: "rbx", or "%rbx" where it is the base of an address. */
static void put_reg(struct text *t, unsigned int reg)
{
	if (t->len && t->p[t->len - 1] == '(')
		put(t, "%", 1);
	put(t, reg_names[reg & 15], strlen(reg_names[reg & 15]));
}

/* Word n of the arguments, `above` of which words stand on the stack. */
static void put_arg(struct text *t, unsigned int minor, unsigned int n, unsigned int above)
{
	char word[32];

	if (minor >= PLAN_MINOR_REGABI) {
		put_reg(t, arg_regs[n % NREGS]);
		return;
	}
	snprintf(word, sizeof(word), "%u(%%rsp)", 8 * (n + above));
	put(t, word, strlen(word));
}

/* One item of a row's `where`; false, with nothing put, when a field of it is absent. */
static bool put_item(struct plan_build *b, const struct plan_row *row, const char *s, size_t n,
		     struct text *t)
{
	size_t before = t->len;
	uint32_t off;
	char word[16];

	if (t->len)
		put(t, " ", 1);
	for (size_t i = 0; i < n; i++) {
		char c = s[i], next = i + 1 < n ? s[i + 1] : '\0';

		if (c == '@' && next >= '0' && next <= '8') {
			put_arg(t, b->minor, (unsigned int)(next - '0'), 1);
			i++;
		} else if (c == '#' && next >= '0' && next <= '8') {
			put_arg(t, b->minor, (unsigned int)(next - '0'), 0);
			i++;
		} else if (c == '$') {
			if (!golin_layout_get(b->layout, next == '1' ? row->f1 : row->f2, &off)) {
				t->len = before;
				t->p[before] = '\0';
				return false;
			}
			snprintf(word, sizeof(word), "%" PRIu32, off);
			put(t, word, strlen(word));
			i++;
		} else {
			put(t, &c, 1);
		}
	}
	return true;
}

static void put_where(struct plan_build *b, const struct plan_row *row, struct text *t)
{
	const char *s = row->where ? row->where : "";

	while (*s) {
		size_t n = strcspn(s, " ");

		put_item(b, row, s, n, t);
		s += n + strspn(s + n, " ");
	}
	if (!(row->flags & PLAN_NO_G))
		put_item(b, row, row->flags & PLAN_ON_G0 ? "g0=@g" : "g=@g",
			 row->flags & PLAN_ON_G0 ? 5 : 4, t);
}

struct golin_plan_hook *plan_row(struct plan_build *b, uint32_t group, const struct plan_row *row)
{
	struct golin_plan *p = b->plan;
	struct golin_plan_hook *h;
	struct text t;

	if (b->minor < row->from || b->minor > row->to || p->n == GOLIN_PLAN_MAX)
		return NULL;
	h = &p->hooks[p->n++];
	h->event = row->event;
	h->group = group;
	h->required = row->flags & PLAN_REQUIRED;
	h->lost = row->lost;
	h->want.kind = row->kind;
	h->want.disp = row->disp;
	snprintf(h->want.func, sizeof(h->want.func), "%s", row->func);
	snprintf(h->want.target, sizeof(h->want.target), "%s", row->target ? row->target : "");
	h->site.error = -ENODATA;
	t = (struct text){h->where, sizeof(h->where), 0};
	put_where(b, row, &t);
	return h;
}

void plan_rows(struct plan_build *b, uint32_t group, const struct plan_row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++)
		plan_row(b, group, &rows[i]);
}

/* g at the site: in a register, or in the thread's own memory. */
static void put_g(struct text *t, const struct golin_plan_hook *h,
		  const struct golin_image_info *info)
{
	char word[32];

	if (h->site.g_reg != GOLIN_REG_NONE) {
		put_reg(t, h->site.g_reg);
	} else if (info->go.minor >= PLAN_MINOR_REGABI) {
		put_reg(t, 14);
	} else {
		snprintf(word, sizeof(word), "%%fs:%" PRId64, info->tls_g);
		put(t, word, strlen(word));
	}
}

void plan_complete(struct golin_plan_hook *h, const struct golin_image_info *info)
{
	char raw[sizeof(h->where)];
	struct text t = {h->where, sizeof(h->where), 0};

	memcpy(raw, h->where, sizeof(raw));
	h->where[0] = '\0';
	if (h->site.error)
		return;
	/* The probe reads g where the plan says, so it has to be there. */
	if ((WIRE_COOKIE_G(h->cookie) == WIRE_G_RCX && h->site.g_reg != RCX) ||
	    (h->want.kind == GOLIN_SITE_PROLOGUE && info->go.minor >= PLAN_MINOR_REGABI &&
	     h->site.g_reg != 14)) {
		h->site.error = -ENODATA;
		snprintf(h->site.why, sizeof(h->site.why),
			 "its stack check does not show where g stands");
		return;
	}
	if (WIRE_COOKIE_OP(h->cookie) != WIRE_OP_NONE)
		h->cookie |= WIRE_COOKIE_DROP(h->site.drop_flags);
	if (WIRE_COOKIE_OP(h->cookie) != WIRE_OP_NONE && h->want.kind == GOLIN_SITE_STORE)
		h->cookie |= WIRE_COOKIE(0, h->site.base_reg & 15, h->site.value_reg & 15, 0, 0);
	if (WIRE_COOKIE_OP(h->cookie) == WIRE_OP_CTX_VALUE)
		h->cookie |= WIRE_COOKIE(0, h->site.base_reg & 15, 0, 0, 0);
	for (const char *s = raw; *s; s++) {
		if (s[0] == '@' && s[1] == 'g')
			put_g(&t, h, info);
		else if (s[0] == '@' && s[1] == 'b')
			put_reg(&t, h->site.base_reg);
		else if (s[0] == '@' && s[1] == 'v')
			put_reg(&t, h->site.value_reg);
		else
			put(&t, s, 1);
		s += s[0] == '@';
	}
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * watch_hooks PID [PREFIX...]
 *
 * Probes the hook points of a running Go program, those whose events begin with one of the
 * prefixes, and prints what stands at the places that the plan's `where` names: golin's word for
 * it, read by a BPF program that knows nothing of Go. "armed N" comes first; then it runs until its
 * stdin ends. A line for each hit, in the order in which they came:
 *
 *	EVENT<tab>NAME=HEX<tab>...	a word that could not be read is "?"
 *
 * Beside the named words of several places (parent, parent.data, parent.2) come g.curg, g.g0 (what
 * g.m.curg and g.m.g0 are) and fn.code (*fn). "lost N" comes last.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "base/err.h"
#include "golin/layout.h"
#include "golin/record.h"
#include "image_process.h"
#include "plan.h"
#include "watch.h"
#include "watch.skel.h"

enum { ATTACH_UPROBE_MULTI = 48, POLL_MS = 20 };

static struct golin_plan plan;
static struct watch_spec specs[WATCH_SPECS];
static char names[WATCH_SPECS][WATCH_PLACES][32];
static bool wanted[WATCH_SPECS];

static void die(const char *what, const char *why)
{
	fprintf(stderr, "watch_hooks: %s: %s\n", what, why);
	exit(3);
}

/* ---- the places of `where` ---- */

static const char *const regs[] = {"rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi",
				   "r8",  "r9",	 "r10", "r11", "r12", "r13", "r14", "r15"};

static bool parse_reg(const char **s, uint32_t *ret)
{
	const char *p = **s == '%' ? *s + 1 : *s;
	size_t n = strspn(p, "abcdefghijklmnopqrstuvwxyz0123456789");

	for (uint32_t i = 0; i < 16; i++) {
		if (strlen(regs[i]) != n || strncmp(regs[i], p, n))
			continue;
		*s = p + n;
		*ret = i;
		return true;
	}
	return false;
}

/* REG, OFF(PLACE), %fs:OFF; each offset is applied and followed from the innermost on. */
static bool parse_place(const char **s, struct watch_place *p)
{
	char *end;
	long off;

	if (!strncmp(*s, "%fs:", 4)) {
		off = strtol(*s + 4, &end, 10);
		*s = end;
		p->base = WATCH_FS;
	} else if (**s == '-' || (**s >= '0' && **s <= '9')) {
		off = strtol(*s, &end, 10);
		if (*end != '(')
			return false;
		*s = end + 1;
		if (!parse_place(s, p) || **s != ')')
			return false;
		++*s;
	} else {
		return parse_reg(s, &p->base);
	}
	if (p->nderef == WATCH_DEREFS)
		return false;
	p->off[p->nderef++] = (int32_t)off;
	return true;
}

static bool add_place(uint32_t spec, const char *name, const char *suffix,
		      const struct watch_place *p)
{
	struct watch_spec *sp = &specs[spec];

	if (sp->n == WATCH_PLACES)
		return false;
	snprintf(names[spec][sp->n], sizeof(names[0][0]), "%s%s", name, suffix);
	sp->places[sp->n++] = *p;
	return true;
}

/* One more pointer to follow. */
static bool add_behind(uint32_t spec, const char *name, const char *suffix, struct watch_place p,
		       uint32_t off1, const uint32_t *off2)
{
	if (p.nderef + 2 > WATCH_DEREFS)
		return false;
	p.off[p.nderef++] = (int32_t)off1;
	if (off2)
		p.off[p.nderef++] = (int32_t)*off2;
	return add_place(spec, name, suffix, &p);
}

static bool parse_item(uint32_t spec, const char *item, const struct golin_layout *l)
{
	static const char *const suffixes[] = {"", ".data", ".2"};
	const char *s = strchr(item, '=');
	uint32_t m, curg, g0;
	char name[24];

	if (!s || s - item >= (int)sizeof(name))
		return false;
	memcpy(name, item, s - item);
	name[s++ - item] = '\0';
	for (int i = 0; i < 3; i++) {
		struct watch_place p = {0};

		if (!parse_place(&s, &p))
			return false;
		if (*s == '+')
			p.add = (int32_t)strtol(s + 1, (char **)&s, 10);
		if (!add_place(spec, name, suffixes[i], &p))
			return false;
		if (!strcmp(name, "fn") && !add_behind(spec, name, ".code", p, 0, NULL))
			return false;
		if ((!strcmp(name, "g") || !strcmp(name, "g0")) &&
		    golin_layout_get(l, GOLIN_F_G_m, &m) &&
		    golin_layout_get(l, GOLIN_F_M_curg, &curg) &&
		    golin_layout_get(l, GOLIN_F_M_g0, &g0) &&
		    (!add_behind(spec, name, ".curg", p, m, &curg) ||
		     !add_behind(spec, name, ".g0", p, m, &g0)))
			return false;
		if (*s != ',')
			return !*s;
		s++;
	}
	return false;
}

static void parse_where(uint32_t spec, const struct golin_plan_hook *h,
			const struct golin_layout *l)
{
	char where[sizeof(h->where)];
	char *save = NULL;

	memcpy(where, h->where, sizeof(where));
	for (char *item = strtok_r(where, " ", &save); item; item = strtok_r(NULL, " ", &save))
		if (!parse_item(spec, item, l))
			die(h->event, h->where);
	specs[spec].drop = h->site.drop_flags;
}

/* ---- probing ---- */

/* bpf(BPF_LINK_CREATE) for uprobe_multi, which older headers lack. */
struct link_create_multi {
	uint32_t prog_fd, target_fd, attach_type, flags;
	uint64_t path, offsets, ref_ctr_offsets, cookies;
	uint32_t cnt, multi_flags, pid, _pad;
};

static bool attach_multi(struct watch_bpf *bpf, const char *exe)
{
	uint64_t offsets[WATCH_SPECS], cookies[WATCH_SPECS];
	struct link_create_multi attr = {
		.prog_fd = (uint32_t)bpf_program__fd(bpf->progs.watch),
		.attach_type = ATTACH_UPROBE_MULTI,
		.path = (uintptr_t)exe,
		.offsets = (uintptr_t)offsets,
		.cookies = (uintptr_t)cookies,
	};

	for (uint32_t i = 0; i < plan.n; i++) {
		if (!wanted[i])
			continue;
		offsets[attr.cnt] = plan.hooks[i].site.file_off;
		cookies[attr.cnt++] = i;
	}
	/* Kept until the process ends. */
	return syscall(__NR_bpf, BPF_LINK_CREATE, &attr, sizeof(attr)) >= 0;
}

static void attach_each(struct watch_bpf *bpf, pid_t pid, const char *exe)
{
	for (uint32_t i = 0; i < plan.n; i++) {
		LIBBPF_OPTS(bpf_uprobe_opts, opts, .bpf_cookie = i);

		if (wanted[i] &&
		    !bpf_program__attach_uprobe_opts(bpf->progs.watch, pid, exe,
						     plan.hooks[i].site.file_off, &opts))
			die(plan.hooks[i].event, strerror(errno));
	}
}

static int on_hit(void *arg, void *data, size_t len)
{
	const struct watch_hit *hit = data;

	if (len < sizeof(*hit) || hit->spec >= plan.n)
		return 0;
	printf("%s", plan.hooks[hit->spec].event);
	for (uint32_t i = 0; i < specs[hit->spec].n; i++) {
		if (hit->unread & 1u << i)
			printf("\t%s=?", names[hit->spec][i]);
		else
			printf("\t%s=%llx", names[hit->spec][i], hit->vals[i]);
	}
	printf("\n");
	return 0;
}

static bool starts_with_any(const char *event, char **prefixes, int n)
{
	for (int i = 0; i < n; i++)
		if (!strncmp(event, prefixes[i], strlen(prefixes[i])))
			return true;
	return !n;
}

static uint32_t make_plan(const char *exe, char **prefixes, int nprefixes)
{
	struct golin_imgproc *p = NULL;
	struct golin_err err = {0};
	int fd = open(exe, O_RDONLY | O_CLOEXEC);
	uint32_t n = 0;

	if (fd < 0)
		die(exe, strerror(errno));
	if (golin_imgproc_open(fd, exe, GOLIN_LAYOUT_AUTO, &p, &err) ||
	    golin_plan_make(golin_imgproc_info(p), golin_imgproc_layout(p), GOLIN_GROUP_ALL_KNOWN,
			    &plan, &err) ||
	    golin_plan_resolve(&plan, p, &err))
		die(exe, err.msg);
	for (uint32_t i = 0; i < plan.n; i++) {
		const struct golin_plan_hook *h = &plan.hooks[i];

		if (h->place || h->site.error || !starts_with_any(h->event, prefixes, nprefixes))
			continue;
		parse_where(i, h, golin_imgproc_layout(p));
		wanted[i] = true;
		n++;
	}
	golin_imgproc_close(p);
	close(fd);
	return n;
}

static void run(struct ring_buffer *ring)
{
	struct pollfd in = {.fd = STDIN_FILENO, .events = POLLIN};
	char c;

	for (;;) {
		ring_buffer__consume(ring);
		if (poll(&in, 1, POLL_MS) > 0 && read(STDIN_FILENO, &c, 1) <= 0)
			break;
	}
	ring_buffer__consume(ring);
}

int main(int argc, char **argv)
{
	struct ring_buffer *ring;
	struct watch_bpf *bpf;
	uint32_t n;
	char exe[64];

	if (argc < 2)
		die("usage", "watch_hooks PID [PREFIX...]");
	snprintf(exe, sizeof(exe), "/proc/%s/exe", argv[1]);
	n = make_plan(exe, argv + 2, argc - 2);
	bpf = watch_bpf__open();
	if (!bpf)
		die("BPF", strerror(errno));
	bpf_program__set_expected_attach_type(bpf->progs.watch,
					      (enum bpf_attach_type)ATTACH_UPROBE_MULTI);
	if (watch_bpf__load(bpf)) {
		/* A kernel without uprobe_multi. */
		watch_bpf__destroy(bpf);
		bpf = watch_bpf__open();
		if (!bpf || watch_bpf__load(bpf))
			die("BPF", strerror(errno));
	}
	for (uint32_t i = 0; i < plan.n; i++)
		if (bpf_map_update_elem(bpf_map__fd(bpf->maps.specs), &i, &specs[i], BPF_ANY))
			die("BPF map", strerror(errno));
	ring = ring_buffer__new(bpf_map__fd(bpf->maps.ring), on_hit, NULL, NULL);
	if (!ring)
		die("BPF ring", strerror(errno));
	if (n && !attach_multi(bpf, exe)) {
		if ((int)bpf_program__expected_attach_type(bpf->progs.watch) == ATTACH_UPROBE_MULTI)
			die("uprobe_multi", strerror(errno));
		attach_each(bpf, atoi(argv[1]), exe);
	}
	printf("armed %u\n", n);
	fflush(stdout);
	run(ring);
	printf("lost %" PRIu64 "\n", (uint64_t)bpf->bss->lost);
	return fflush(stdout) ? 6 : 0;
}

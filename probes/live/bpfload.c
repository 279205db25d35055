/* SPDX-License-Identifier: BSD-2-Clause */
#include "golin/record.h"
#include "live/bpfload.h"

#include "base/cleanup.h"
#include "base/err.h"
#include "base/text.h"
#include "golin.skel.h"
#include "golin/offsets.h"
#include "live/attach.h"
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

/* The inode of the initial pid namespace: PROC_PID_INIT_INO of linux/proc_ns.h.
 */
enum { INIT_PIDNS_INO = 0xEFFFFFFC - 0x100000000 };

static char log_tail[4096];

static int keep_log(enum libbpf_print_level level, const char *fmt, va_list ap)
{
	_cleanup_free_ char *text =
		NULL; /* the verifier's log comes in one piece: its end counts */
	size_t len, have = strlen(log_tail), drop;
	int n;

	if (level == LIBBPF_DEBUG)
		return 0;
	n = vasprintf(&text, fmt, ap);
	if (n < 0)
		return 0;
	len = (size_t)n;
	if (len >= sizeof(log_tail) - 1) {
		memcpy(log_tail, text + len - (sizeof(log_tail) - 1), sizeof(log_tail));
		return 0;
	}
	if (have + len >= sizeof(log_tail)) {
		drop = have + len - sizeof(log_tail) + 1;
		memmove(log_tail, log_tail + drop, have - drop + 1);
		have -= drop;
	}
	memcpy(log_tail + have, text, len + 1);
	return 0;
}

/* Lines that say nothing of why. */
static bool is_noise(const char *line)
{
	static const char *const noise[] = {
		"verification time", "stack depth", "processed ",   "-- END",
		"failed to load",    "-- BEGIN",    "mark_precise",
	};

	if (!strncmp(line, "libbpf: ", 8))
		line += 8;
	for (size_t i = 0; i < sizeof(noise) / sizeof(*noise); i++)
		if (!strncmp(line, noise[i], strlen(noise[i])))
			return true;
	return !*line || strstr(line, ": failed to load: ") != NULL;
}

const char *bpfload_log(void)
{
	static char ret[200];
	const char *why = "";

	for (char *line = log_tail, *end; *line; line = end) {
		end = strchrnul(line, '\n');
		if (*end)
			*end++ = 0;
		if (!is_noise(line))
			why = line;
	}
	if (!strncmp(why, "libbpf: ", 8))
		why += 8;
	golin_text_clean(ret, sizeof(ret), why, strlen(why));
	log_tail[0] = 0;
	return ret;
}

/* Where the kernel keeps a thread's fs base: its own type information tells. */
static int fsbase_offset(uint32_t *ret, struct golin_err *err)
{
	static const char *const path[] = {"thread", "fsbase"};
	struct btf *btf = btf__load_vmlinux_btf();
	uint32_t off = 0;
	int id, r = -ENOSYS;

	if (!btf)
		goto out;
	id = btf__find_by_name_kind(btf, "task_struct", BTF_KIND_STRUCT);
	for (size_t i = 0; i < 2; i++) {
		const struct btf_type *t = id > 0 ? btf__type_by_id(btf, id) : NULL;
		const struct btf_member *m;
		int n, found = -1;

		if (!t || !btf_is_struct(t))
			goto out;
		m = btf_members(t);
		n = btf_vlen(t);
		for (int j = 0; j < n; j++) {
			const char *name = btf__name_by_offset(btf, m[j].name_off);

			if (name && !strcmp(name, path[i]))
				found = j;
		}
		if (found < 0)
			goto out;
		off += btf_member_bit_offset(t, found) / 8;
		id = btf__resolve_type(btf, m[found].type);
	}
	*ret = off;
	r = 0;
out:
	btf__free(btf);
	if (r < 0) {
		golin_err_set(err, r, "the kernel does not tell where it keeps a thread's fs base");
		golin_err_hint(err, "programs built by Go 1.16 or older need a kernel with BTF "
				    "(CONFIG_DEBUG_INFO_BTF)");
	}
	return r;
}

/* tgid is as this process sees it: in another pid namespace than the first, BPF
 * has to know. */
static void pid_namespace(struct wire_cfg *cfg)
{
	struct stat st;

	if (stat("/proc/self/ns/pid", &st) || (uint32_t)st.st_ino == (uint32_t)INIT_PIDNS_INO)
		return;
	/* The kernel compares with its own encoding of the device number. */
	cfg->ns_dev = (uint64_t)major(st.st_dev) << 20 | minor(st.st_dev);
	cfg->ns_ino = st.st_ino;
}

int bpfload_open(struct bpfload *b, const struct wire_cfg *cfg, bool multi, bool want_tls,
		 uint64_t ring_size, size_t nlate, struct golin_err *err)
{
	int ncpu = libbpf_num_possible_cpus();
	struct bpf_link *link;
	int r;

	memset(b, 0, sizeof(*b));
	libbpf_set_strict_mode(LIBBPF_STRICT_ALL);
	libbpf_set_print(keep_log);
	if (ncpu < 1)
		return golin_err_set(err, -ENOSYS, "cannot tell how many CPUs there are");
	b->skel = golin_bpf__open();
	if (!b->skel) {
		r = -errno;
		return golin_err_set(err, r ? r : -EINVAL, "cannot open the BPF object: %s",
				     bpfload_log());
	}
	b->multi = multi;
	memcpy((void *)&b->skel->rodata->cfg, cfg, sizeof(*cfg));
	b->skel->rodata->cfg.ncpu = ncpu;
	b->skel->rodata->cfg.filtered = multi && attach_pid_filter_works();
	pid_namespace((struct wire_cfg *)&b->skel->rodata->cfg);
	if (want_tls) {
		r = fsbase_offset((uint32_t *)&b->skel->rodata->cfg.fsbase, err);
		if (r < 0)
			goto fail;
	}
	if (multi)
		for (int i = 0; i < 4; i++)
			bpf_program__set_expected_attach_type(
				i == 0	 ? b->skel->progs.on_site
				: i == 1 ? b->skel->progs.on_ctx_site
				: i == 2 ? b->skel->progs.on_timer_site
					 : b->skel->progs.on_panic_site,
				(enum bpf_attach_type)ATTACH_UPROBE_MULTI);
	if (multi)
		bpf_program__set_expected_attach_type(b->skel->progs.on_gc_site,
						      (enum bpf_attach_type)ATTACH_UPROBE_MULTI);
	if (!(cfg->has & WIRE_HAS_PAUSES))
		bpf_program__set_autoload(b->skel->progs.on_gc_site, false);
	/* The verifier takes its time for each. */
	if (!(cfg->has & WIRE_HAS_CONTEXTS))
		bpf_program__set_autoload(b->skel->progs.on_ctx_site, false);
	if (!(cfg->has & WIRE_HAS_TIMER_EVENTS))
		bpf_program__set_autoload(b->skel->progs.on_timer_site, false);
	if (!(cfg->has & WIRE_HAS_PANICS))
		bpf_program__set_autoload(b->skel->progs.on_panic_site, false);
	bpf_map__set_max_entries(b->skel->maps.stats, ncpu);
	bpf_map__set_max_entries(b->skel->maps.late, nlate ? nlate : 1);
	if (ring_size > UINT32_MAX ||
	    bpf_map__set_max_entries(b->skel->maps.ring, (uint32_t)ring_size)) {
		r = golin_err_set(err, -EINVAL, "a ring of %llu bytes is too large",
				  (unsigned long long)ring_size);
		goto fail;
	}
	r = golin_bpf__load(b->skel);
	if (r) {
		bool verified = strstr(log_tail, "PROG LOAD LOG") != NULL;

		/* The verifier says EACCES or EINVAL where it refuses: no right would help.
		 */
		if (verified)
			r = golin_err_set(err, -ENOSYS,
					  "the kernel does not accept golin's BPF programs: %s",
					  bpfload_log());
		else
			r = golin_err_set(err,
					  r == -EACCES	 ? -EPERM
					  : r == -EINVAL ? -ENOSYS
							 : r,
					  "cannot load the BPF programs: %s: %s",
					  golin_errno_name(-r), bpfload_log());
		goto fail;
	}
	link = bpf_program__attach(b->skel->progs.on_exec);
	b->skel->links.on_exec = link;
	b->sees_exec = link != NULL;
	bpfload_log();
	return 0;
fail:
	bpfload_close(b);
	return r;
}

int bpfload_late(struct bpfload *b, const struct golin_late_target *late, size_t n,
		 struct golin_err *err)
{
	int fd = bpf_map__fd(b->skel->maps.late);

	for (size_t i = 0; i < n; i++) {
		struct wire_late to = {late[i].word, late[i].off};

		if (bpf_map_update_elem(fd, &late[i].entry, &to, BPF_ANY))
			return golin_err_set(err, -errno, "cannot fill a BPF map: %s",
					     golin_errno_name(errno));
	}
	return 0;
}

void bpfload_close(struct bpfload *b)
{
	golin_bpf__destroy(b->skel);
	b->skel = NULL;
}

struct bpf_program *bpfload_prog(const struct bpfload *b, uint32_t group)
{
	if (group == GOLIN_GROUP_TIMERS && b->skel->rodata->cfg.has & WIRE_HAS_TIMER_EVENTS)
		return b->skel->progs.on_timer_site;
	if (group == GOLIN_GROUP_GC)
		return b->skel->progs.on_gc_site;
	if (group == GOLIN_GROUP_PANICS)
		return b->skel->progs.on_panic_site;
	return group == GOLIN_GROUP_CONTEXTS ? b->skel->progs.on_ctx_site : b->skel->progs.on_site;
}

int bpfload_ring_fd(const struct bpfload *b)
{
	return bpf_map__fd(b->skel->maps.ring);
}

int bpfload_stats_fd(const struct bpfload *b)
{
	return bpf_map__fd(b->skel->maps.stats);
}

void bpfload_forget(struct bpfload *b)
{
	__sync_fetch_and_add(&b->skel->bss->generation, 1);
}

uint64_t bpfload_missed(const struct bpfload *b)
{
	const int fds[] = {bpf_program__fd(b->skel->progs.on_site),
			   bpf_program__fd(b->skel->progs.on_ctx_site),	  /* < 0: not loaded */
			   bpf_program__fd(b->skel->progs.on_timer_site), /* likewise */
			   bpf_program__fd(b->skel->progs.on_panic_site),
			   bpf_program__fd(b->skel->progs.on_gc_site),
			   bpf_program__fd(b->skel->progs.on_exec)};
	uint64_t sum = 0;

	for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++) {
		struct bpf_prog_info info = {0};
		__u32 len = sizeof(info);

		if (fds[i] >= 0 && !bpf_obj_get_info_by_fd(fds[i], &info, &len))
			sum += info.recursion_misses;
	}
	return sum;
}

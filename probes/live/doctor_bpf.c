/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Programs of a dozen instructions, put together by hand and given to bpf(2) directly: what fails
 * here fails for reasons of the kernel, not of a library or of golin's real programs.
 */
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <linux/bpf.h>
#include <linux/perf_event.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "live/doctor_bpf.h"
#include "live/proc.h"

enum {
	TRACE_UPROBE_MULTI = 48, /* BPF_TRACE_UPROBE_MULTI, Linux 6.6 */
	RAW_RETRIES = 3,	 /* bpf(2) may ask to be called again */
};

/* link_create of union bpf_attr as Linux 6.6 has it; older headers lack the last part. */
struct link_create_multi {
	uint32_t prog_fd, target_fd, attach_type, flags;
	uint64_t path, offsets, ref_ctr_offsets, cookies;
	uint32_t cnt, multi_flags, pid, _pad;
};

static int sys_bpf(enum bpf_cmd cmd, void *attr, size_t size)
{
	long r = -1;

	for (int i = 0; i < RAW_RETRIES; i++) {
		r = syscall(SYS_bpf, cmd, attr, size);
		if (r >= 0 || errno != EAGAIN)
			break;
	}
	return r < 0 ? -errno : (int)r;
}

static uint64_t ptr_u64(const void *p)
{
	return (uint64_t)(uintptr_t)p;
}

static int make_map(uint32_t type, uint32_t key, uint32_t value, uint32_t entries)
{
	union bpf_attr a = {
		.map_type = type, .key_size = key, .value_size = value, .max_entries = entries};

	return sys_bpf(BPF_MAP_CREATE, &a, sizeof(a));
}

static uint64_t counted(int map)
{
	uint64_t value = 0;
	uint32_t key = 0;
	union bpf_attr a = {
		.map_fd = (uint32_t)map, .key = ptr_u64(&key), .value = ptr_u64(&value)};

	return sys_bpf(BPF_MAP_LOOKUP_ELEM, &a, sizeof(a)) < 0 ? 0 : value;
}

#define INSN(c, d, s, o, i)                                                                        \
	{                                                                                          \
		.code = (c), .dst_reg = (d), .src_reg = (s), .off = (o), .imm = (i)                \
	}

static int load(uint32_t type, uint32_t attach_type, const struct bpf_insn *insns, size_t n)
{
	static const char license[] = "Dual BSD/GPL";
	union bpf_attr a = {
		.prog_type = type,
		.expected_attach_type = attach_type,
		.insns = ptr_u64(insns),
		.insn_cnt = (uint32_t)n,
		.license = ptr_u64(license),
	};

	return sys_bpf(BPF_PROG_LOAD, &a, sizeof(a));
}

/* Reads a word of user memory, as golin's programs do, and counts itself in map[0]. */
static int load_counter(uint32_t attach_type, int map)
{
	const struct bpf_insn insns[] = {
		/* bpf_probe_read_user(fp - 16, 8, NULL): fails, but must be allowed */
		INSN(BPF_ALU64 | BPF_MOV | BPF_X, BPF_REG_1, BPF_REG_10, 0, 0),
		INSN(BPF_ALU64 | BPF_ADD | BPF_K, BPF_REG_1, 0, 0, -16),
		INSN(BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_2, 0, 0, 8),
		INSN(BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_3, 0, 0, 0),
		INSN(BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_probe_read_user),
		/* u64 *count = bpf_map_lookup_elem(map, &(u32){0}) */
		INSN(BPF_ST | BPF_MEM | BPF_W, BPF_REG_10, 0, -4, 0),
		INSN(BPF_ALU64 | BPF_MOV | BPF_X, BPF_REG_2, BPF_REG_10, 0, 0),
		INSN(BPF_ALU64 | BPF_ADD | BPF_K, BPF_REG_2, 0, 0, -4),
		INSN(BPF_LD | BPF_IMM | BPF_DW, BPF_REG_1, BPF_PSEUDO_MAP_FD, 0, map),
		INSN(0, 0, 0, 0, 0),
		INSN(BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_map_lookup_elem),
		/* if (count) atomic add */
		INSN(BPF_JMP | BPF_JEQ | BPF_K, BPF_REG_0, 0, 2, 0),
		INSN(BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_1, 0, 0, 1),
		INSN(BPF_STX | BPF_ATOMIC | BPF_DW, BPF_REG_0, BPF_REG_1, 0, BPF_ADD),
		INSN(BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_0, 0, 0, 0),
		INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0),
	};

	return load(BPF_PROG_TYPE_KPROBE, attach_type, insns, sizeof(insns) / sizeof(*insns));
}

/* ---- the function that is probed ---- */

static volatile int probed_calls;

static __attribute__((noinline)) void probed_function(void)
{
	probed_calls++;
}

struct place {
	const char *path;
	uint64_t offset;
	char buf[4096];
};

/* Finds the file and the offset in it of probed_function(). */
static int find_place(struct dl_phdr_info *info, size_t size, void *arg)
{
	uint64_t addr = (uint64_t)(uintptr_t)probed_function;
	struct place *p = arg;

	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *ph = &info->dlpi_phdr[i];
		uint64_t start = info->dlpi_addr + ph->p_vaddr;

		if (ph->p_type != PT_LOAD || addr < start || addr - start >= ph->p_filesz)
			continue;
		p->offset = addr - start + ph->p_offset;
		p->path = "/proc/self/exe";
		if (info->dlpi_name && info->dlpi_name[0]) { /* in a shared library */
			snprintf(p->buf, sizeof(p->buf), "%s", info->dlpi_name);
			p->path = p->buf;
		}
		return 1;
	}
	return 0;
}

/* ---- trials ---- */

int trial_load(void)
{
	_cleanup_close_ int map = make_map(BPF_MAP_TYPE_ARRAY, 4, 8, 1);
	_cleanup_close_ int prog = -1;

	if (map < 0)
		return map;
	prog = load_counter(0, map);
	return prog < 0 ? prog : 0;
}

int trial_ring(void)
{
	_cleanup_close_ int map =
		make_map(BPF_MAP_TYPE_RINGBUF, 0, 0, (uint32_t)sysconf(_SC_PAGESIZE));

	return map < 0 ? map : 0;
}

static int link_multi(int prog, const char *path, uint64_t offset, pid_t pid)
{
	struct link_create_multi a = {
		.prog_fd = (uint32_t)prog,
		.attach_type = TRACE_UPROBE_MULTI,
		.path = ptr_u64(path),
		.offsets = ptr_u64(&offset),
		.cnt = 1,
		.pid = (uint32_t)pid,
	};

	return sys_bpf(BPF_LINK_CREATE, &a, sizeof(a));
}

int trial_uprobe_multi_quick(void)
{
	_cleanup_close_ int map = make_map(BPF_MAP_TYPE_ARRAY, 4, 8, 1);
	_cleanup_close_ int prog = -1, fd = -1;

	if (map < 0)
		return map;
	prog = load_counter(TRACE_UPROBE_MULTI, map);
	if (prog < 0)
		return prog;
	/* No file to probe, which the kernel says only when all else is well. */
	fd = link_multi(prog, "/", 0, 0);
	return fd == -EBADF ? 0 : fd < 0 ? fd : -EIO;
}

int trial_uprobe_multi(void)
{
	_cleanup_close_ int map = make_map(BPF_MAP_TYPE_ARRAY, 4, 8, 1);
	_cleanup_close_ int prog = -1, fd = -1;
	struct place p = {0};

	if (map < 0)
		return map;
	prog = load_counter(TRACE_UPROBE_MULTI, map);
	if (prog < 0)
		return prog;
	if (!dl_iterate_phdr(find_place, &p))
		return -ENOENT;
	fd = link_multi(prog, p.path, p.offset, getpid());
	if (fd < 0)
		return fd;
	probed_function();
	return counted(map) == 1 ? 0 : -EIO;
}

static int perf_open(const char *path, uint64_t offset)
{
	struct perf_event_attr a = {.size = sizeof(a), .sample_period = 1, .wakeup_events = 1};
	char text[32];
	long fd;

	if (proc_file_read("/sys/bus/event_source/devices/uprobe/type", text, sizeof(text)) <= 0)
		return -ENODEV;
	a.type = (uint32_t)strtoul(text, NULL, 10);
	a.uprobe_path = ptr_u64(path);
	a.probe_offset = offset;
	fd = syscall(SYS_perf_event_open, &a, 0, -1, -1, PERF_FLAG_FD_CLOEXEC);
	return fd < 0 ? -errno : (int)fd;
}

int trial_uprobe_perf_quick(void)
{
	/* Rights are looked at before the path: a wrong one is as far as this goes. */
	_cleanup_close_ int fd = perf_open("/", 0);

	if (fd >= 0)
		return 0;
	return fd == -EINVAL || fd == -ENOENT || fd == -EISDIR ? 0 : fd;
}

int trial_uprobe_perf(void)
{
	_cleanup_close_ int map = make_map(BPF_MAP_TYPE_ARRAY, 4, 8, 1);
	_cleanup_close_ int prog = -1, fd = -1;
	struct place p = {0};

	if (map < 0)
		return map;
	prog = load_counter(0, map);
	if (prog < 0)
		return prog;
	if (!dl_iterate_phdr(find_place, &p))
		return -ENOENT;
	fd = perf_open(p.path, p.offset);
	if (fd < 0)
		return fd;
	if (ioctl(fd, PERF_EVENT_IOC_SET_BPF, prog) < 0 || ioctl(fd, PERF_EVENT_IOC_ENABLE, 0) < 0)
		return -errno;
	probed_function();
	return counted(map) == 1 ? 0 : -EIO;
}

int trial_tracepoint(const char *name)
{
	const struct bpf_insn insns[] = {
		INSN(BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_0, 0, 0, 0),
		INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0),
	};
	_cleanup_close_ int prog = load(BPF_PROG_TYPE_RAW_TRACEPOINT, 0, insns, 2);
	_cleanup_close_ int fd = -1;
	union bpf_attr a = {0};

	if (prog < 0)
		return prog;
	a.raw_tracepoint.name = ptr_u64(name);
	a.raw_tracepoint.prog_fd = (uint32_t)prog;
	fd = sys_bpf(BPF_RAW_TRACEPOINT_OPEN, &a, sizeof(a));
	return fd < 0 ? fd : 0;
}

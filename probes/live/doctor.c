/* SPDX-License-Identifier: BSD-2-Clause */
/* What this machine lets golin do: each thing is tried, not looked up, where it can be. */
#include <cap-ng.h>
#include <errno.h>
#include <langinfo.h>
#include <limits.h>
#include <linux/capability.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>
#include <bpf/libbpf.h>
#include "base/err.h"
#include "base/text.h"
#include "golin/offsets.h"
#include "golin/probes.h"
#include "live/doctor_bpf.h"
#include "live/proc.h"

/* Headers of older systems end before these (Linux 5.8). */
#ifndef CAP_PERFMON
#define CAP_PERFMON 38
#endif
#ifndef CAP_BPF
#define CAP_BPF 39
#endif

static const char rights_fix[] = "needs CAP_BPF and CAP_PERFMON on Linux 6.6 or later, else "
				 "CAP_SYS_ADMIN: run golin as root (sudo)";

struct report {
	struct golin_check *v;
	int n, max;
};

static void __attribute__((format(printf, 6, 7)))
add(struct report *r, const char *name, bool needed, int result, const char *fix, const char *fmt,
    ...)
{
	struct golin_check *c;
	va_list ap;

	if (r->n >= r->max)
		return;
	c = &r->v[r->n++];
	memset(c, 0, sizeof(*c));
	c->name = name;
	c->needed = needed;
	c->result = result;
	snprintf(c->fix, sizeof(c->fix), "%s", result == GOLIN_CHECK_OK || !fix ? "" : fix);
	va_start(ap, fmt);
	vsnprintf(c->text, sizeof(c->text), fmt, ap);
	va_end(ap);
}

/* One line of a small file, clean; false when there is none. */
static bool line_of(const char *path, char *dst, size_t cap)
{
	char raw[256];
	ssize_t n = proc_file_read(path, raw, sizeof(raw));

	if (n < 0)
		return false;
	golin_text_clean(dst, cap, raw, strcspn(raw, "\n"));
	return true;
}

/* EPERM and EACCES in spite of the rights for it: something else forbids it. */
static bool refused(int r)
{
	return r == -EPERM || r == -EACCES;
}

static bool have_bpf_rights(void)
{
	return golin_have_cap(CAP_SYS_ADMIN) ||
	       (golin_have_cap(CAP_BPF) && golin_have_cap(CAP_PERFMON));
}

static const char *fix_for(int r)
{
	if (!refused(r))
		return "a newer kernel: Linux 6.6 or later is best, 5.17 the least";
	if (have_bpf_rights())
		return "golin has the rights, yet the kernel refuses: a container's seccomp "
		       "filter, a user "
		       "namespace or lockdown; run golin on the host";
	return rights_fix;
}

/* ---- the kernel ---- */

static void check_kernel(struct report *r)
{
	unsigned major = 0, minor = 0;
	struct utsname u;

	if (uname(&u) < 0 || sscanf(u.release, "%u.%u", &major, &minor) != 2) {
		add(r, "kernel", true, GOLIN_CHECK_FAIL, "", "uname failed");
		return;
	}
	if (strcmp(u.machine, "x86_64") != 0)
		add(r, "kernel", true, GOLIN_CHECK_FAIL,
		    "live probes work on x86_64; `golin offsets` and `golin replay` work here too",
		    "%.40s %.60s on %.20s", u.sysname, u.release, u.machine);
	else
		add(r, "kernel", true,
		    major > 5 || (major == 5 && minor >= 17) ? GOLIN_CHECK_OK : GOLIN_CHECK_FAIL,
		    "Linux 5.17 or later is needed (bpf_loop), 6.6 or later is best",
		    "%.40s %.60s on %.20s", u.sysname, u.release, u.machine);
}

static void check_trials(struct report *r)
{
	int pmu = access("/sys/bus/event_source/devices/uprobe/type", R_OK);
	int load = trial_load(), ring = trial_ring(), multi = trial_uprobe_multi();
	int perf = trial_uprobe_perf(), exec = trial_tracepoint("sched_process_exec");

	add(r, "bpf_load", true, load ? GOLIN_CHECK_FAIL : GOLIN_CHECK_OK, fix_for(load),
	    load ? "the kernel refused to load a BPF program (%s)" : "a BPF program loads",
	    golin_errno_name(-load));
	add(r, "ring_buffer", true, ring ? GOLIN_CHECK_FAIL : GOLIN_CHECK_OK, fix_for(ring),
	    ring ? "the kernel refused a BPF ring buffer (%s)" : "a BPF ring buffer can be had",
	    golin_errno_name(-ring));
	/* One of the two ways to attach is enough. */
	add(r, "uprobe_multi", multi && perf,
	    !multi ? GOLIN_CHECK_OK
	    : perf ? GOLIN_CHECK_FAIL
		   : GOLIN_CHECK_WARN,
	    refused(multi) ? fix_for(multi)
			   : "Linux 6.6 or later has it; until then perf links are used: slower to "
			     "attach and detach",
	    multi ? "attaching many probes at once failed (%s)"
		  : "attached to golin itself and hit once",
	    golin_errno_name(-multi));
	add(r, "uprobe_perf", multi && perf,
	    !perf   ? GOLIN_CHECK_OK
	    : multi ? GOLIN_CHECK_FAIL
		    : GOLIN_CHECK_WARN,
	    refused(perf)
		    ? "needs CAP_SYS_ADMIN; not needed where uprobe_multi works"
		    : "a kernel with CONFIG_UPROBE_EVENTS; not needed where uprobe_multi works",
	    perf ? "attaching by perf events failed (%s)" : "attached to golin itself and hit once",
	    golin_errno_name(-perf));
	add(r, "uprobe_pmu", false, pmu ? GOLIN_CHECK_WARN : GOLIN_CHECK_OK,
	    "a kernel with CONFIG_UPROBE_EVENTS",
	    pmu ? "/sys/bus/event_source/devices/uprobe is missing" : "uprobe events are there");
	add(r, "exec_tracepoint", false, exec ? GOLIN_CHECK_WARN : GOLIN_CHECK_OK, fix_for(exec),
	    exec ? "raw tracepoint sched_process_exec failed (%s)"
		 : "raw tracepoint sched_process_exec can be attached to",
	    golin_errno_name(-exec));
}

static void check_btf(struct report *r)
{
	bool btf = access("/sys/kernel/btf/vmlinux", R_OK) == 0;

	add(r, "btf", false, btf ? GOLIN_CHECK_OK : GOLIN_CHECK_WARN,
	    "a kernel with CONFIG_DEBUG_INFO_BTF",
	    btf ? "/sys/kernel/btf/vmlinux is there"
		: "/sys/kernel/btf/vmlinux is missing: programs built with Go 1.16 or older cannot "
		  "be probed");
}

/* ---- rights ---- */

static void check_caps(struct report *r)
{
	static const struct {
		unsigned cap;
		const char *name, *fix;
	} caps[] = {
		{CAP_BPF, "cap_bpf", "loads BPF programs; CAP_SYS_ADMIN does, too"},
		{CAP_PERFMON, "cap_perfmon", "attaches uprobes; CAP_SYS_ADMIN does, too"},
		{CAP_SYS_ADMIN, "cap_sys_admin",
		 "only for kernels before 6.6 and for --link perf: CAP_BPF and CAP_PERFMON are "
		 "enough "
		 "elsewhere"},
		{CAP_SYS_PTRACE, "cap_sys_ptrace",
		 "opens other users' processes, and any but golin's own children where Yama "
		 "restricts "
		 "it: run golin as root (sudo)"},
	};
	bool enough = have_bpf_rights();

	for (size_t i = 0; i < sizeof(caps) / sizeof(*caps); i++) {
		bool have = golin_have_cap(caps[i].cap);
		/* what another right makes up for is no loss */
		bool fine = have || (caps[i].cap != CAP_SYS_PTRACE && enough);

		add(r, caps[i].name, false, fine ? GOLIN_CHECK_OK : GOLIN_CHECK_WARN, caps[i].fix,
		    have   ? "golin has it"
		    : fine ? "golin does not have it, nor need it"
			   : "golin does not have it");
	}
}

static void check_unprivileged(struct report *r)
{
	char v[32];

	if (!line_of("/proc/sys/kernel/unprivileged_bpf_disabled", v, sizeof(v)))
		return;
	/* Uprobes need rights whatever it says: for information. */
	add(r, "unprivileged_bpf", false, GOLIN_CHECK_OK, "",
	    "kernel.unprivileged_bpf_disabled = %s (uprobes need rights at any value)", v);
}

static void check_lockdown(struct report *r)
{
	char v[128];
	bool hard;

	if (!line_of("/sys/kernel/security/lockdown", v, sizeof(v))) {
		add(r, "lockdown", false, GOLIN_CHECK_OK, "", "the kernel is not locked down");
		return;
	}
	hard = strstr(v, "[confidentiality]");
	add(r, "lockdown", false, hard ? GOLIN_CHECK_WARN : GOLIN_CHECK_OK,
	    "confidentiality mode may forbid tracing: boot without lockdown=confidentiality", "%s",
	    v);
}

static void check_yama(struct report *r)
{
	static const char *const meaning[] = {
		"processes of the same user can be read",
		"only golin's own children can be read without CAP_SYS_PTRACE",
		"only with CAP_SYS_PTRACE can a process be read",
		"no process can be read, not even by root",
	};
	bool ptrace = golin_have_cap(CAP_SYS_PTRACE);
	char v[32];
	int scope;

	if (!line_of("/proc/sys/kernel/yama/ptrace_scope", v, sizeof(v))) {
		add(r, "yama", false, GOLIN_CHECK_OK, "", "Yama is not there");
		return;
	}
	scope = atoi(v);
	if (scope < 0 || scope > 3)
		scope = 3;
	add(r, "yama", scope == 3,
	    scope == 3		   ? GOLIN_CHECK_FAIL
	    : scope == 0 || ptrace ? GOLIN_CHECK_OK
				   : GOLIN_CHECK_WARN,
	    scope == 3 ? "a reboot with kernel.yama.ptrace_scope below 3"
		       : "run golin as root (sudo), start the program by `golin run`, or set "
			 "kernel.yama.ptrace_scope=0",
	    "ptrace_scope = %s: %s", v, meaning[scope]);
}

static void check_hidepid(struct report *r)
{
	bool ptrace = golin_have_cap(CAP_SYS_PTRACE);
	char mode[32];

	if (!proc_hidepid(mode, sizeof(mode)))
		add(r, "hidepid", false, GOLIN_CHECK_OK, "", "/proc shows all processes");
	else
		add(r, "hidepid", false, ptrace ? GOLIN_CHECK_OK : GOLIN_CHECK_WARN,
		    "run golin as root (sudo)", "/proc is mounted with hidepid=%s%s", mode,
		    ptrace ? ", which CAP_SYS_PTRACE overrides"
			   : ": other users' processes are hidden");
}

static void check_paranoid(struct report *r)
{
	char v[32];

	if (!line_of("/proc/sys/kernel/perf_event_paranoid", v, sizeof(v)))
		return;
	add(r, "perf_paranoid", false, GOLIN_CHECK_OK, "",
	    "kernel.perf_event_paranoid = %s (uprobes need rights at any value)", v);
}

/* ---- around golin ---- */

static void check_libraries(struct report *r)
{
	add(r, "libbpf", false, GOLIN_CHECK_OK, "", "libbpf %u.%u", libbpf_major_version(),
	    libbpf_minor_version());
	add(r, "elfutils", false, GOLIN_CHECK_OK, "", "elfutils %s", golin_elfutils_version());
}

/* The `go` of PATH, with what its VERSION file says; nothing is executed. */
static void check_go(struct report *r)
{
	const char *path = getenv("PATH");

	while (path && *path) {
		size_t len = strcspn(path, ":");
		char file[PATH_MAX], real[PATH_MAX], version[PATH_MAX + 32], text[64] = "";
		int n = snprintf(file, sizeof(file), "%.*s/go", (int)len, path);

		if (len && n > 0 && (size_t)n < sizeof(file) && access(file, X_OK) == 0 &&
		    realpath(file, real)) {
			char *bin = strstr(real, "/bin/go");

			if (bin) {
				*bin = '\0';
				snprintf(version, sizeof(version), "%s/VERSION", real);
				line_of(version, text, sizeof(text));
				*bin = '/';
			}
			golin_text_clean(version, sizeof(version), real, strlen(real));
			add(r, "go", false, GOLIN_CHECK_OK, "", "%s%s%.100s", text,
			    text[0] ? " in " : "", version);
			return;
		}
		path += len + (path[len] == ':');
	}
	add(r, "go", false, GOLIN_CHECK_OK, "",
	    "no Go toolchain in PATH (golin does not need one)");
}

static void check_terminal(struct report *r)
{
	locale_t loc = newlocale(LC_CTYPE_MASK, "", (locale_t)0);
	const char *codeset = loc ? nl_langinfo_l(CODESET, loc) : "?";
	const char *term = getenv("TERM");
	bool tty = isatty(STDOUT_FILENO), utf8 = strcmp(codeset, "UTF-8") == 0;
	char clean[64];

	golin_text_clean(clean, sizeof(clean), term ? term : "", term ? strlen(term) : 0);
	add(r, "terminal", false,
	    !tty || (clean[0] && strcmp(clean, "dumb") != 0) ? GOLIN_CHECK_OK : GOLIN_CHECK_WARN,
	    "set TERM to the terminal's name: the TUI needs one that can move its cursor",
	    tty ? "TERM=%s" : "stdout is not a terminal: views print text", clean);
	add(r, "locale", false, utf8 ? GOLIN_CHECK_OK : GOLIN_CHECK_WARN,
	    "LC_ALL=C.UTF-8 golin ...: until then trees are drawn in ASCII", "character set %s",
	    codeset);
	if (loc)
		freelocale(loc);
}

int golin_doctor(struct golin_check *ret, int max)
{
	struct report r = {.v = ret, .max = max};

	check_kernel(&r);
	check_trials(&r);
	check_btf(&r);
	check_caps(&r);
	check_unprivileged(&r);
	check_lockdown(&r);
	check_yama(&r);
	check_hidepid(&r);
	check_paranoid(&r);
	check_libraries(&r);
	check_go(&r);
	check_terminal(&r);
	return r.n;
}

int golin_probes_possible(struct golin_err *err)
{
	const char *what, *lacks;
	int r;

#ifndef __x86_64__
	golin_err_set(err, -ENOSYS, "live probes work on linux/amd64 only");
	golin_err_hint(err, "`golin offsets` and `golin replay` work here");
	return -ENOSYS;
#endif
	what = "to load a BPF program";
	lacks = "cannot load BPF programs as probes need them";
	r = trial_load();
	if (r == 0) {
		what = "a BPF ring buffer";
		lacks = "has no BPF ring buffers";
		r = trial_ring();
	}
	if (r == 0) {
		what = "a uprobe";
		lacks = "has no uprobes for BPF programs";
		/* perf links serve where uprobe_multi does not */
		r = trial_uprobe_multi_quick();
		if (r < 0 && trial_uprobe_perf_quick() == 0)
			r = 0;
	}
	if (r == 0)
		return 0;
	if (refused(r)) {
		golin_err_set(err, -EPERM, "cannot probe: the kernel refused %s (%s)", what,
			      golin_errno_name(-r));
		golin_err_hint(err, "%s; --no-probes reads its memory alone", fix_for(r));
		return -EPERM;
	}
	golin_err_set(err, -ENOSYS, "cannot probe: this kernel %s (%s)", lacks,
		      golin_errno_name(-r));
	golin_err_hint(err, "%s; `golin doctor` shows what is missing", fix_for(r));
	return -ENOSYS;
}

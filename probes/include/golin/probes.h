/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Live targets: finding and opening processes, reading their memory, probing them. What works on
 * a target takes its descriptors, never its path. The target is never stopped nor written to.
 */
#ifndef GOLIN_PROBES_H
#define GOLIN_PROBES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include "golin/record.h"
#include "golin/source.h"

struct golin_err;
struct golin_imgproc;
struct golin_image_info;
struct golin_layout;

/* ---- a target (probes/live/target.c) ---- */

struct golin_target {
	pid_t pid;
	int pidfd;  /* readable when it has ended */
	int exe_fd; /* the running executable, also when deleted or replaced on disk */
	int mem_fd; /* /proc/PID/mem, or -1 with mem_errno set */
	int mem_errno;
	uint64_t start_ticks;
	char exe[1024], comm[64]; /* clean */
	bool deleted;		  /* the file on disk is another one, or gone */
	bool child;		  /* golin started it: its exit code can be had */
	int go_fd;		  /* spawned and not yet let go: the pipe's end; else -1 */
};

/*
 * Opens a process by pid. -ESRCH no such process, -EPERM another user's (says whose, and what
 * helps), -ENOENT no executable (a kernel thread).
 */
int golin_target_open(pid_t pid, struct golin_target *ret, struct golin_err *err);
struct golin_spawn_opts {
	int stdout_fd; /* where the program's stdout goes; -1: as golin's own */
	int stderr_fd;
	int stdin_fd; /* where its stdin comes from; 0: golin's own */
};
/*
 * Starts argv, held before its exec so that probes can be armed first; exe_fd is the file that
 * will be executed (looked up by PATH; a script is -ENOEXEC and says so). golin_target_release()
 * lets it run and returns when it has executed (mem_fd is open then), or why it could not.
 */
int golin_target_spawn(char *const argv[], const struct golin_spawn_opts *opts,
		       struct golin_target *ret, struct golin_err *err);
int golin_target_release(struct golin_target *t, struct golin_err *err);
/* Closes the descriptors. A spawned program that never ran is ended; one that runs goes on. */
void golin_target_close(struct golin_target *t);
/* True when it has ended. For a child, *ret_status is waitpid's (known), else -1. */
bool golin_target_ended(struct golin_target *t, int *ret_status);
/* Load bias of the executable from /proc/PID/maps; 0 for a fixed one. -ESRCH: gone. */
int golin_target_bias(const struct golin_target *t, const struct golin_image_info *info,
		      uint64_t *ret, struct golin_err *err);

/* One process that runs a Go program. */
struct golin_process {
	pid_t pid;
	uid_t uid;
	char comm[64], exe[1024], user[64]; /* clean */
	char go[24];			    /* "go1.26.8"; "" when it could not be read */
	char arch[16];
	bool has_dwarf;
	bool can_attach;
	char why_not[128]; /* "" or why one cannot attach */
};

/* All Go processes that can be seen, by pid. *ret is malloc'ed. Quick: reads buildinfo only. */
int golin_process_list(struct golin_process **ret, size_t *ret_n, struct golin_err *err);
/*
 * The pid for a PID or NAME (comm, or the base name of the executable). -ENOENT none, and for
 * several -EINVAL with the list in the message's hint and in *ret_list when given.
 */
int golin_process_find(const char *pid_or_name, pid_t *ret, struct golin_process **ret_list,
		       size_t *ret_n, struct golin_err *err);

/* ---- what the machine can do (probes/live/doctor.c) ---- */

enum golin_check_result { GOLIN_CHECK_OK = 1, GOLIN_CHECK_WARN = 2, GOLIN_CHECK_FAIL = 3 };

struct golin_check {
	const char *name; /* "uprobe_multi" */
	int result;	  /* enum golin_check_result */
	char text[160];	  /* what was found */
	char fix[200];	  /* what to do about it, or "" */
	bool needed;	  /* for live probes: FAIL here means that `attach` cannot work */
};

/* Tries each thing for real (attaches to itself). Returns how many were filled in. */
int golin_doctor(struct golin_check *ret, int max);
/* 0 when live probes work here, else -EPERM or -ENOSYS with the reason and the fix. */
int golin_probes_possible(struct golin_err *err);

/* ---- reading memory (probes/memory) ---- */

/* Where to read the goroutines of a running program. */
struct golin_memory {
	int mem_fd;
	int exe_fd; /* the running file, for constants of a program that has ended; 0: none */
	uint64_t bias;
	const struct golin_image_info *info;
	const struct golin_layout *layout;
};

struct golin_mem_goroutine {
	uint64_t g;			      /* the address of its runtime.g */
	uint64_t goid, parent, startpc, gopc; /* pcs as in records */
	uint64_t wait_since;
	uint32_t state;	  /* enum golin_gstate */
	const char *wait; /* static text, "" if it is not waiting */
	bool parent_known;
	bool panics; /* g._panic is set: of what, mem_goroutine_defers() says */
};

/*
 * Calls cb for each goroutine that exists (dead ones are skipped), without stopping the target.
 * *ret_unread counts what could not be read. -ESRCH: gone; -EPERM; -ENODATA: allgs is not known.
 * 0 goroutines without an error: the runtime has not started yet.
 */
int golin_memory_goroutines(const struct golin_memory *m,
			    int (*cb)(void *arg, const struct golin_mem_goroutine *g), void *arg,
			    uint64_t *ret_unread, struct golin_err *err);
/* One goroutine by the address of its g; -ENOENT when another goid (or none) lives there. */
int golin_memory_goroutine(const struct golin_memory *m, uint64_t g, uint64_t goid,
			   struct golin_mem_goroutine *ret, struct golin_err *err);

struct golin_mem_timers {
	uint64_t *v; /* addresses of runtime.timers, sorted, each once; free() it */
	size_t n;
	uint32_t unread; /* heaps that could not be read wholly */
	bool cut;	 /* there were more than asked for */
};

/*
 * The timers that the runtime holds in its heaps and that will fire, at most max of them; only such
 * as run one of the functions with these entries (as linked), and not those whose argument is a
 * closure of the function `without` (0: of none). -ENODATA: it is not known where they are. Those
 * of testing/synctest's bubbles are in no heap of the runtime.
 */
int golin_memory_timers(const struct golin_memory *m, const uint64_t *funcs, size_t nfuncs,
			uint64_t without, size_t max, struct golin_mem_timers *ret,
			struct golin_err *err);
/* Go's text for a wait reason of that minor version; "" when unknown. */
const char *golin_wait_reason(unsigned minor, unsigned reason);

/* ---- does a layout fit? (probes/memory/fit.c) ---- */

enum golin_fit_result { GOLIN_FIT_OK = 1, GOLIN_FIT_FAILED = 2, GOLIN_FIT_NOT_DONE = 3 };

struct golin_fit {
	const char *name; /* "goid" */
	const char *what; /* what has to hold, a sentence */
	int result;	  /* enum golin_fit_result */
	char text[160];	  /* of what it holds, or what is wrong */
};

enum { GOLIN_FIT_MAX = 16 };

/*
 * Looks up in the memory of a running program, which is not stopped, what has to hold of its
 * goroutines and threads if the layout is right. pid: as the program sees itself, 0 not known;
 * runtime_main: the function's entry as linked, 0 not known. A check that fails is no error.
 */
int golin_memory_fit(const struct golin_memory *m, pid_t pid, uint64_t runtime_main,
		     struct golin_fit *ret, size_t *ret_n, struct golin_err *err);

/* ---- the live source (probes/live) ---- */

enum golin_link { GOLIN_LINK_AUTO = 0, GOLIN_LINK_MULTI = 1, GOLIN_LINK_PERF = 2 };

struct golin_live_opts {
	uint32_t groups;      /* enum golin_group; 0: memory alone, no probes */
	uint64_t ring_size;   /* bytes, rounded up to a power of two; 0: 64 MiB */
	uint32_t stack_depth; /* frames of creation stacks; 0: none; default 32 */
	uint32_t link;	      /* enum golin_link */
	uint32_t target_id;   /* in records; from 1 */
	bool timer_events;    /* group timers: records of timers, not only who armed which */
	bool contexts;	      /* those that parked goroutines hold, also without probes */
	bool panics;	      /* what goroutines that are read have deferred, also without probes */
	bool show_values;     /* the text of context keys and values too: may be secrets */
	bool hide_values;     /* no text of panics' values, only their types */
	uint32_t trace_kind;  /* enum golin_trace_kind: ids of panics' traces; 0: the default */
	/* Called with short texts while long steps run ("detaching 5 probes"); may be NULL. */
	void (*progress)(void *arg, const char *text);
	void *arg;
};

/*
 * Arms the probes, reads what is there, and yields one joined stream: target, clock, settings,
 * snapshot with `seen` records, then events; name and stack records come before the first record
 * that needs them. Takes over *t and p (also on failure). A spawned target must not have been
 * released: the source releases it once armed. After the target's end it drains, yields
 * GOLIN_REC_EXIT and sets ended.
 */
int golin_live_open(struct golin_target *t, struct golin_imgproc *p,
		    const struct golin_live_opts *opts, struct golin_source **ret,
		    struct golin_err *err);
/* "golin: attached to ..." needs these. */
uint32_t golin_live_probes(const struct golin_source *s);
const char *golin_live_layout_source(const struct golin_source *s); /* "dwarf", "table" */

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
#include "open.h"

#include <ctype.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "golin/probes.h"
#include "image_process.h"
#include "recording.h"

static bool is_number(const char *s)
{
	if (!*s)
		return false;
	while (isdigit((unsigned char)*s))
		s++;
	return !*s;
}

enum golin_layout_choice layout_choice(const struct cmd_config *cfg)
{
	return cfg->layout == 2	  ? GOLIN_LAYOUT_ONLY_DWARF
	       : cfg->layout == 3 ? GOLIN_LAYOUT_ONLY_TABLE
				  : GOLIN_LAYOUT_AUTO;
}

static void progress(void *arg, const char *text)
{
	report_progress(text);
}

/* Waits until a Go program of that name runs. */
static int wait_for(const char *name, pid_t *ret, struct golin_err *err)
{
	for (;;) {
		struct timespec nap = {.tv_nsec = 100 * 1000000};
		int r = golin_process_find(name, ret, NULL, NULL, err);

		if (r != -ENOENT)
			return r;
		report_progress("waiting for the program to start");
		nanosleep(&nap, NULL);
	}
}

static int find_pid(struct cmd_config *cfg, const char *word, pid_t *ret, struct golin_err *err)
{
	struct golin_process *list = NULL;
	size_t n = 0;
	int r;

	if (cfg->wait && !is_number(word)) {
		r = wait_for(word, ret, err);
		report_progress(NULL);
		return r;
	}
	r = golin_process_find(word, ret, &list, &n, err);
	free(list);
	return r;
}

static int check_live(const struct golin_image_info *info, const char *exe, struct golin_err *err)
{
#if !defined(__x86_64__) || !defined(__linux__)
	golin_err_set(err, -EOPNOTSUPP, "live targets: linux/amd64 only so far");
	golin_err_hint(err, "'golin offsets' and 'golin replay' work here");
	return -EOPNOTSUPP;
#endif
	if (strcmp(info->arch, "amd64"))
		return golin_err_set(err, -EOPNOTSUPP,
				     "'%s' is a %s program: live targets are linux/amd64 only", exe,
				     info->arch);
	return 0;
}

/* Takes over *t. */
static int open_live(struct cmd_config *cfg, struct golin_target *t, struct opened *ret,
		     struct golin_err *err)
{
	struct golin_live_opts opts = {
		.groups = cfg->no_probes ? 0 : cfg->groups,
		.ring_size = cfg->ring,
		.stack_depth = cfg->stacks,
		.link = cfg->link,
		.target_id = 1,
		.timer_events = cfg->groups & GOLIN_GROUP_TIMERS && cfg->timer_events,
		.contexts = cfg->groups & GOLIN_GROUP_CONTEXTS,
		.panics = cfg->groups & GOLIN_GROUP_PANICS,
		.show_values = cfg->show_values,
		.hide_values = cfg->hide_values,
		.trace_kind = cfg->trace_id,
		.progress = progress,
	};
	struct golin_imgproc *p = NULL;
	char comm[64], go[24];
	pid_t pid = t->pid;
	int r;

	if (opts.groups) {
		r = golin_probes_possible(err);
		if (r) {
			golin_err_ctx(err, "cannot attach to %d (%s)", pid, t->comm);
			goto fail;
		}
	}
	r = golin_imgproc_open(t->exe_fd, t->exe, layout_choice(cfg), &p, err);
	if (!r)
		r = check_live(golin_imgproc_info(p), t->exe, err);
	if (r)
		goto fail;
	if (t->deleted)
		report_note("%s was replaced or removed on disk since it started: reading the "
			    "running image",
			    t->exe);
	if (!opts.groups && t->mem_fd < 0 && t->go_fd < 0) {
		r = golin_err_set(err, -EPERM, "cannot read the memory of %d (%s): %s", pid,
				  t->comm, golin_errno_name(t->mem_errno));
		golin_err_hint(err, "needs the same user or CAP_SYS_PTRACE: try sudo");
		goto fail;
	}
	if (opts.groups && t->mem_fd < 0 && t->go_fd < 0)
		report_warn("cannot read the memory of %d (%s): %s; what is there already stays "
			    "unknown (CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH help)",
			    pid, t->comm, golin_errno_name(t->mem_errno));
	snprintf(comm, sizeof(comm), "%s", t->comm);
	snprintf(go, sizeof(go), "%s", golin_imgproc_info(p)->go.short_);
	ret->child = t->child;
	ret->child_pidfd = t->child ? fcntl(t->pidfd, F_DUPFD_CLOEXEC, 3) : -1;
	r = golin_live_open(t, p, &opts, &ret->src, err);
	report_progress(NULL);
	if (r) {
		if (ret->child_pidfd >= 0)
			close(ret->child_pidfd);
		ret->child_pidfd = -1;
		return r;
	}
	snprintf(ret->title, sizeof(ret->title), "%s pid %d %s", comm, pid, go);
	if (opts.groups)
		snprintf(ret->ready, sizeof(ret->ready),
			 "attached to %d (%s, %s): %u probes, layout from %s", pid, comm, go,
			 golin_live_probes(ret->src), golin_live_layout_source(ret->src));
	else
		snprintf(ret->ready, sizeof(ret->ready),
			 "read %d (%s, %s): memory alone, no probes, layout from %s", pid, comm, go,
			 golin_live_layout_source(ret->src));
	return 0;
fail:
	golin_imgproc_close(p);
	golin_target_close(t);
	return r;
}

static int open_child(struct cmd_config *cfg, int stdout_fd, int stderr_fd, struct opened *ret,
		      struct golin_err *err)
{
	struct golin_spawn_opts opts = {.stdout_fd = stdout_fd, .stderr_fd = stderr_fd};
	_cleanup_close_ int no_input = -1;
	struct golin_target t;
	int p[2], r;

	/* Under the TUI the keys are golin's: the program gets an input that stays silent, and that
	 * ends with golin, which alone has the other end. */
	if (stdout_fd > STDERR_FILENO && pipe2(p, O_CLOEXEC) == 0)
		opts.stdin_fd = no_input = p[0];
	if (cfg->nargs)
		return golin_err_set(err, -EINVAL, "both '%s' and a program behind '--'",
				     cfg->args[0]);
	r = golin_target_spawn(cfg->child, &opts, &t, err);
	return r ? r : open_live(cfg, &t, ret, err);
}

/* 1: it is a recording and open; 0: it is not; else an error. */
static int try_recording(const char *path, struct opened *ret, struct golin_err *err)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;
	int r;

	if (fd < 0)
		return strchr(path, '/') ? golin_err_set(err, -ENOENT, "cannot open '%s': %s", path,
							 strerror(errno))
					 : 0;
	if (fstat(fd, &st) || !S_ISREG(st.st_mode))
		return golin_err_set(err, -ENOEXEC, "'%s' is no recording: not a regular file",
				     path);
	if (!golin_recording_probe(fd)) {
		golin_err_set(err, -ENOEXEC, "'%s' is no recording of golin", path);
		golin_err_hint(err, "a SOURCE is a PID, a program's name, a recording, or "
				    "`-- CMD ARGS...`");
		return -ENOEXEC;
	}
	golin_text_clean(ret->title, sizeof(ret->title), path, strlen(path));
	r = golin_recording_open(path, &ret->src, err);
	return r ? r : 1;
}

int open_source(struct cmd_config *cfg, int stdout_fd, int stderr_fd, struct opened *ret,
		struct golin_err *err)
{
	struct golin_target t;
	const char *word;
	pid_t pid;
	int r = 0;

	ret->src = NULL;
	ret->child = false;
	ret->child_pidfd = -1;
	ret->ready[0] = '\0';
	if (cfg->child)
		return open_child(cfg, stdout_fd, stderr_fd, ret, err);
	if (cfg->nargs != 1) {
		golin_err_set(err, -EINVAL, cfg->nargs ? "more than one SOURCE" : "no SOURCE");
		golin_err_hint(err,
			       "a SOURCE is a PID, a program's name, a recording, or "
			       "`-- CMD ARGS...`; 'golin' alone lists what can be attached to");
		return -EINVAL;
	}
	word = cfg->args[0];
	if (!is_number(word)) {
		r = try_recording(word, ret, err);
		if (r > 0)
			return 0;
		/* Some file here may be called as a process is: a bare word may be either. */
		if (r < 0 && (strchr(word, '/') || r != -ENOEXEC))
			return r;
	}
	r = find_pid(cfg, word, &pid, r ? NULL : err);
	if (r == -ENOENT && err && err->code == -ENOEXEC)
		return err->code;
	if (!r)
		r = golin_target_open(pid, &t, err);
	return r ? r : open_live(cfg, &t, ret, err);
}

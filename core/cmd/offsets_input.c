/* SPDX-License-Identifier: BSD-2-Clause */
#include "offsets_input.h"

#include <ctype.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "core_file.h"
#include "debug_file.h"
#include "image_process.h"
#include "open.h"

static const char default_arch[] = "amd64";

/* ---- a version ---- */

static const char *number(const char *s)
{
	if (!isdigit((unsigned char)*s))
		return NULL;
	while (isdigit((unsigned char)*s))
		s++;
	return s;
}

bool offsets_is_version(const char *word)
{
	const char *s = word;

	if (!strncmp(s, "go", 2))
		s += 2;
	if (strncmp(s, "1.", 2) != 0 || !(s = number(s + 2)))
		return false;
	if (*s == '.' && !(s = number(s + 1)))
		return false;
	/* A release candidate is one too, if only to be refused by its name. */
	if (!strncmp(s, "rc", 2) && !(s = number(s + 2)))
		return false;
	if (!strncmp(s, "beta", 4) && !(s = number(s + 4)))
		return false;
	return !*s || !strncmp(s, " X:", 3) || !strncmp(s, "-X:", 3);
}

static int refuse_options(const struct cmd_config *cfg, const char *word, struct golin_err *err)
{
	const char *option = cfg->exe		? "--exe"
			     : cfg->debug_file	? "--debug-file"
			     : cfg->layout == 2 ? "--source dwarf"
						: NULL;

	if (!option)
		return 0;
	golin_err_set(err, -EINVAL, "%s needs a program, and '%s' is a Go version", option, word);
	golin_err_hint(err,
		       "a version's layouts come from golin's table; of a file of that name "
		       "say ./%s",
		       word);
	return -EINVAL;
}

static int open_version(const struct cmd_config *cfg, const char *word, const char *arch,
			struct offsets_input *in, struct golin_err *err)
{
	struct golin_image_info *info = &in->version_info;
	/* With --diff they may be meant for the other one. */
	int r = cfg->diff ? 0 : refuse_options(cfg, word, err);

	if (r)
		return r;
	if (strlen(arch) >= sizeof(info->arch))
		return golin_err_set(err, -EINVAL, "'%.40s' is no GOARCH", arch);
	in->version_layout = calloc(1, sizeof(*in->version_layout));
	if (!in->version_layout)
		return golin_err_set(err, -ENOMEM, "out of memory");
	r = golin_table_layout(word, arch, &info->go, in->version_layout, err);
	if (r) {
		golin_err_hint(err, "'golin offsets --list' tells what the table has");
		return r;
	}
	snprintf(info->arch, sizeof(info->arch), "%s", arch);
	in->info = info;
	in->layout = in->version_layout;
	return 0;
}

/* ---- programs ---- */

static int open_debug_file(const struct cmd_config *cfg, int fd, struct offsets_input *in,
			   struct golin_err *err)
{
	_cleanup_close_ int debug = open(cfg->debug_file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (debug < 0)
		return golin_err_set(err, errno == EACCES ? -EPERM : -ENOENT,
				     "cannot open '%s': %s", cfg->debug_file, strerror(errno));
	return golin_imgproc_open_debug(fd, debug, in->label, layout_choice(cfg), &in->p, err);
}

static int open_image(const struct cmd_config *cfg, int fd, struct offsets_input *in,
		      struct golin_err *err)
{
	const struct golin_debug_search search = {.debuginfod = cfg->debuginfod};
	const char *path;
	int r;

	if (cfg->debug_file) {
		r = open_debug_file(cfg, fd, in, err);
	} else {
		if (cfg->debuginfod)
			report_progress("asking debuginfod where there is no DWARF");
		r = golin_imgproc_open_search(fd, &search, in->label, layout_choice(cfg), &in->p,
					      err);
		report_progress(NULL);
	}
	if (r)
		return r;
	in->info = golin_imgproc_info(in->p);
	in->layout = golin_imgproc_layout(in->p);
	path = cfg->debug_file ? cfg->debug_file : golin_imgproc_debug_file(in->p);
	if (path && in->layout->source == GOLIN_FROM_DWARF)
		golin_text_clean(in->debug_file, sizeof(in->debug_file), path, strlen(path));
	if (golin_imgproc_debug_note(in->p))
		report_note("%s", golin_imgproc_debug_note(in->p));
	return 0;
}

static int open_process(const struct cmd_config *cfg, const char *word, struct offsets_input *in,
			struct golin_err *err)
{
	pid_t pid;
	int r = golin_process_find(word, &pid, NULL, NULL, err);

	if (!r)
		r = golin_target_open(pid, &in->target, err);
	if (r)
		return r;
	in->live = true;
	snprintf(in->label, sizeof(in->label), "%s", in->target.exe);
	if (in->target.deleted)
		report_note("%s was replaced or removed on disk since it started: reading the "
			    "running image",
			    in->label);
	return open_image(cfg, in->target.exe_fd, in, err);
}

/* ---- core files ---- */

/* The program that the core file names, or --exe. */
static int open_program(const struct cmd_config *cfg, const struct golin_core_info *core,
			struct offsets_input *in, int *ret_fd, struct golin_err *err)
{
	const char *path = cfg->exe ? cfg->exe : core->path;

	if (!*path) {
		golin_err_set(err, -ENODATA, "'%s' does not tell of which program it is", in->name);
		golin_err_hint(err, "name it: --exe FILE");
		return -ENODATA;
	}
	golin_text_clean(in->label, sizeof(in->label), path, strlen(path));
	*ret_fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (*ret_fd >= 0)
		return 0;
	golin_err_set(err, errno == EACCES ? -EPERM : -ENOENT,
		      "cannot open the program of '%s', '%s': %s", in->name, in->label,
		      strerror(errno));
	if (!cfg->exe)
		golin_err_hint(err, "where it lies now, or a copy: --exe FILE");
	return err ? err->code : -ENOENT;
}

static int open_core(const struct cmd_config *cfg, int core_fd, struct offsets_input *in,
		     struct golin_err *err)
{
	_cleanup_free_ struct golin_core_info *core = malloc(sizeof(*core));
	_cleanup_close_ int fd = -1;
	bool sure;
	int r;

	if (!core)
		return golin_err_set(err, -ENOMEM, "out of memory");
	r = golin_core_read(core_fd, in->name, core, err);
	if (!r)
		r = open_program(cfg, core, in, &fd, err);
	if (!r)
		r = open_image(cfg, fd, in, err);
	if (r)
		return r;
	r = golin_core_matches(core, in->info, &sure, err);
	if (r) {
		golin_err_ctx(err, "'%s'", in->label);
		golin_err_hint(err,
			       cfg->exe ? "name the program that '%s' was made of"
					: "the program was replaced since '%s' was made: name "
					  "a copy by --exe FILE",
			       in->name);
		return r;
	}
	if (!sure)
		report_note("'%s' does not tell its program's build id: '%s' is believed to be the "
			    "one",
			    in->name, in->label);
	return 0;
}

/* ---- all ---- */

static int open_file(const struct cmd_config *cfg, const char *word, int fd,
		     struct offsets_input *in, struct golin_err *err)
{
	if (golin_core_probe(fd))
		return open_core(cfg, fd, in, err);
	if (cfg->exe && !cfg->diff) {
		golin_err_set(err, -EINVAL, "--exe goes with a core file, and '%s' is none", word);
		return -EINVAL;
	}
	snprintf(in->label, sizeof(in->label), "%s", in->name);
	return open_image(cfg, fd, in, err);
}

static int open_word(const struct cmd_config *cfg, const char *word, const char *arch,
		     struct offsets_input *in, struct golin_err *err)
{
	_cleanup_close_ int fd = -1;
	const char *end = number(word);

	if (offsets_is_version(word))
		return open_version(cfg, word, arch ? arch : default_arch, in, err);
	if (!end || *end) {
		fd = open(word, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
		if (fd < 0 && (errno != ENOENT || strchr(word, '/')))
			return golin_err_set(err, errno == EACCES ? -EPERM : -ENOENT,
					     "cannot open '%s': %s", word, strerror(errno));
	}
	return fd >= 0 ? open_file(cfg, word, fd, in, err) : open_process(cfg, word, in, err);
}

int offsets_input_open(const struct cmd_config *cfg, const char *word, const char *arch,
		       struct offsets_input *in, struct golin_err *err)
{
	int r;

	memset(in, 0, sizeof(*in));
	golin_text_clean(in->name, sizeof(in->name), word, strlen(word));
	r = open_word(cfg, word, arch, in, err);
	if (r) {
		offsets_input_close(in);
		return r;
	}
	golin_known_absent(in->info, in->known_absent);
	return 0;
}

void offsets_input_close(struct offsets_input *in)
{
	golin_imgproc_close(in->p);
	if (in->live)
		golin_target_close(&in->target);
	free(in->version_layout);
	memset(in, 0, sizeof(*in));
}

struct golin_render offsets_input_render(const struct offsets_input *in)
{
	return (struct golin_render){
		.info = in->info,
		.layout = in->layout,
		.known_absent = in->known_absent,
		.label = *in->label ? in->label : NULL,
		.debug_file = *in->debug_file ? in->debug_file : NULL,
	};
}

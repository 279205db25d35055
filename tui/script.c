// SPDX-License-Identifier: BSD-2-Clause
#include "script.h"
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "keymap.h"

enum { TEXT_WAIT_S = 30 };

int script_open(struct script *s, const char *path, struct golin_err *err)
{
	memset(s, 0, sizeof(*s));
	s->f = fopen(path, "re");
	if (!s->f)
		return golin_err_set(err, -EINVAL, "cannot read the key script '%s': %s", path,
				     golin_errno_name(errno));
	return 0;
}

void script_done(struct script *s)
{
	if (s->f)
		fclose(s->f);
	s->f = NULL;
}

static int save(const char *path, const char *screen, struct golin_err *err)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	size_t len = strlen(screen);

	if (fd < 0 || write(fd, screen, len) != (ssize_t)len) {
		golin_err_set(err, -EPIPE, "cannot save the screen to '%s': %s", path,
			      golin_errno_name(errno));
		if (fd >= 0)
			close(fd);
		return -EPIPE;
	}
	close(fd);
	return 1;
}

/* The next line's command and argument; false at the end. */
static bool next_line(struct script *s, char **ret_cmd)
{
	while (fgets(s->line, sizeof(s->line), s->f)) {
		char *arg;

		s->number++;
		s->line[strcspn(s->line, "\n")] = 0;
		if (!s->line[0] || s->line[0] == '#')
			continue;
		arg = strchr(s->line, ' ');
		if (arg)
			*arg++ = 0;
		s->arg = arg ? arg : "";
		*ret_cmd = s->line;
		return true;
	}
	return false;
}

static int begin(struct script *s, uint64_t now, const char *screen, const char *cmd, int *ret_key,
		 struct golin_err *err)
{
	if (!strcmp(cmd, "key")) {
		*ret_key = ui_key_parse(s->arg);
		if (!*ret_key)
			return golin_err_set(err, -EINVAL, "key script line %u: no key '%s'",
					     s->number, s->arg);
	} else if (!strcmp(cmd, "type")) {
		s->doing = SCRIPT_TYPE;
	} else if (!strcmp(cmd, "wait")) {
		s->doing = SCRIPT_WAIT;
		s->until = now + strtoull(s->arg, NULL, 10) * 1000000;
	} else if (!strcmp(cmd, "wait-text")) {
		s->doing = SCRIPT_WAIT_TEXT;
		s->until = now + TEXT_WAIT_S * 1000000000ull;
	} else if (!strcmp(cmd, "save")) {
		return save(s->arg, screen, err);
	} else {
		return golin_err_set(err, -EINVAL, "key script line %u: no command '%s'", s->number,
				     cmd);
	}
	return 1;
}

int script_step(struct script *s, uint64_t now, const char *screen, int *ret_key,
		struct golin_err *err)
{
	char *cmd;

	*ret_key = 0;
	switch (s->doing) {
	case SCRIPT_TYPE:
		if (!*s->arg)
			break;
		*ret_key = (unsigned char)*s->arg++;
		return 1;
	case SCRIPT_WAIT:
		if (now < s->until)
			return 1;
		break;
	case SCRIPT_WAIT_TEXT:
		if (strstr(screen, s->arg))
			break;
		if (now < s->until)
			return 1;
		return golin_err_set(err, -EINVAL, "key script line %u: no '%s' on the screen",
				     s->number, s->arg);
	case SCRIPT_NEXT:
		break;
	}
	s->doing = SCRIPT_NEXT;
	if (!next_line(s, &cmd))
		return 0;
	return begin(s, now, screen, cmd, ret_key, err);
}

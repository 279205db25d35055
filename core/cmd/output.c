/* SPDX-License-Identifier: BSD-2-Clause */
#include "cmd.h"

#include <langinfo.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

int output_write(const char *data, size_t len, struct golin_err *err)
{
	while (len) {
		ssize_t n = write(STDOUT_FILENO, data, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EPIPE) {
			/* The reader has gone (`| head`): the end, and no news to anybody. */
			golin_err_set(err, -EPIPE, "%s", "");
			return -EPIPE;
		}
		if (n < 0)
			return golin_err_set(err, -EPIPE, "cannot write to stdout: %s (%s)",
					     strerror(errno), golin_errno_name(errno));
		data += n;
		len -= n;
	}
	return 0;
}

bool output_is_terminal(void)
{
	return isatty(STDOUT_FILENO);
}

bool output_color(const struct cmd_config *cfg)
{
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");

	if (cfg->color == 2 || cfg->color == 3)
		return cfg->color == 3;
	return output_is_terminal() && !(no && *no) && term && strcmp(term, "dumb");
}

bool output_ascii(const struct cmd_config *cfg)
{
	return cfg->ascii || strcmp(nl_langinfo(CODESET), "UTF-8");
}

int output_width(void)
{
	struct winsize ws;

	if (!output_is_terminal() || ioctl(STDOUT_FILENO, TIOCGWINSZ, &ws) || ws.ws_col < 20)
		return 0;
	return ws.ws_col;
}

// SPDX-License-Identifier: BSD-2-Clause
#include "crash.h"
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

enum { ALT_STACK = 64 * 1024, WRITE_TRIES = 20, WRITE_WAIT_MS = 10 };

static const int fatal[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGSYS, SIGTRAP};
enum { N_FATAL = sizeof(fatal) / sizeof(fatal[0]) };

/* A signal handler has no argument to carry these. */
static struct {
	bool armed;
	int tty, stderr_fd;
	bool has_shell;
	struct termios shell;
	char text[512];
	size_t len;
	struct sigaction old[N_FATAL];
	stack_t old_stack;
} crash;
static char alt_stack[ALT_STACK];

static void write_text(void)
{
	const char *p = crash.text;
	size_t left = crash.len;

	for (int tries = 0; left && tries < WRITE_TRIES; tries++) {
		ssize_t n = write(crash.tty, p, left);

		if (n > 0) {
			p += n;
			left -= (size_t)n;
		} else if (n < 0 && errno == EAGAIN) {
			struct pollfd fd = {.fd = crash.tty, .events = POLLOUT};

			poll(&fd, 1, WRITE_WAIT_MS);
		} else if (n == 0 || errno != EINTR) {
			break;
		}
	}
}

static void on_fatal(int sig, siginfo_t *info, void *context)
{
	(void)context;
	if (crash.armed) {
		crash.armed = false;
		if (crash.tty >= 0)
			write_text();
		if (crash.has_shell)
			tcsetattr(crash.tty, TCSANOW, &crash.shell);
		if (crash.stderr_fd >= 0)
			dup2(crash.stderr_fd, STDERR_FILENO);
	}
	for (int i = 0; i < N_FATAL; i++)
		sigaction(fatal[i], &crash.old[i], NULL);
	/* A fault comes again by itself, with its address; what was sent has to be sent again. */
	if (info->si_code <= 0)
		raise(sig);
}

void crash_arm(int tty, const struct termios *shell, const char *text, size_t len, int stderr_fd)
{
	struct sigaction sa = {.sa_sigaction = on_fatal, .sa_flags = SA_SIGINFO | SA_ONSTACK};
	stack_t stack = {.ss_sp = alt_stack, .ss_size = sizeof(alt_stack)};

	crash_disarm();
	crash.tty = tty;
	crash.stderr_fd = stderr_fd;
	crash.has_shell = shell && tty >= 0;
	if (crash.has_shell)
		crash.shell = *shell;
	crash.len = len < sizeof(crash.text) ? len : 0;
	memcpy(crash.text, text, crash.len);
	crash.armed = true;
	sigaltstack(&stack, &crash.old_stack);
	sigfillset(&sa.sa_mask);
	for (int i = 0; i < N_FATAL; i++)
		sigaction(fatal[i], &sa, &crash.old[i]);
}

void crash_disarm(void)
{
	if (!crash.armed)
		return;
	crash.armed = false;
	for (int i = 0; i < N_FATAL; i++)
		sigaction(fatal[i], &crash.old[i], NULL);
	sigaltstack(&crash.old_stack, NULL);
}

// SPDX-License-Identifier: BSD-2-Clause
#define NCURSES_WIDECHAR 1
#include "term.h"
#include <curses.h>
#include <term.h>
#include <errno.h>
#include <fcntl.h>
#include <langinfo.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>
#include <wchar.h>
#include "crash.h"
#include "keymap.h"

enum { LEAVE_MS = 500, ESC_DELAY_MS = 25 };

/* curses' term.h has names such as `tab` as macros: nothing of it is used by bare name here. */

static int open_tty(struct golin_err *err)
{
	char path[64];
	int fd = -1;

	if (!isatty(STDOUT_FILENO)) {
		golin_err_set(err, -EINVAL, "standard output is not a terminal");
		golin_err_hint(err, "golin lineage, golin events print text and --json");
		return -EINVAL;
	}
	/* An open of its own: O_NONBLOCK must not reach those that share ours (the shell). */
	if (!ttyname_r(STDOUT_FILENO, path, sizeof(path)))
		fd = open(path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		fd = open("/dev/tty", O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return golin_err_set(err, -EPERM, "cannot open the terminal: %s",
				     golin_errno_name(errno));
	return fd;
}

/* Libraries must not write across the screen: what they print comes when it is ours no more. */
static void hold_stderr(struct term *t)
{
	if (!isatty(STDERR_FILENO))
		return;
	t->stderr_mem = memfd_create("golin-stderr", MFD_CLOEXEC);
	if (t->stderr_mem < 0)
		return;
	fflush(stderr);
	t->stderr_saved = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
	if (t->stderr_saved < 0 || dup2(t->stderr_mem, STDERR_FILENO) < 0) {
		close(t->stderr_mem);
		t->stderr_mem = -1;
	}
}

static void release_stderr(struct term *t)
{
	char buf[4096];
	off_t at = 0;
	ssize_t n;

	if (t->stderr_mem < 0)
		return;
	fflush(stderr);
	dup2(t->stderr_saved, STDERR_FILENO);
	while ((n = pread(t->stderr_mem, buf, sizeof(buf), at)) > 0) {
		at += n;
		if (write(STDERR_FILENO, buf, (size_t)n) < 0)
			break;
	}
	close(t->stderr_mem);
	close(t->stderr_saved);
	t->stderr_mem = t->stderr_saved = -1;
}

static const char *cap(const char *name)
{
	const char *s = tigetstr(name);

	return s && s != (const char *)-1 ? s : NULL;
}

/* What a crash handler writes: it cannot ask terminfo any more. */
static void arm_crash(struct term *t)
{
	static const char *const names[] = {"sgr0", "op", "rmkx", "cnorm", "rmcup"};
	char text[512] = "";
	size_t len = 0;

	/* Mouse reporting is always turned off: it may be on by then. */
	if (cap("kmous"))
		len += (size_t)snprintf(text, sizeof(text), "\033[?1006l\033[?1000l");
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const char *s = cap(names[i]);

		if (s && len + strlen(s) < sizeof(text)) {
			memcpy(text + len, s, strlen(s) + 1);
			len += strlen(s);
		}
	}
	crash_arm(t->tty, t->has_termios ? &t->shell : NULL, text, len, t->stderr_saved);
}

static const int curses_signals[] = {SIGINT, SIGTERM, SIGTSTP, SIGWINCH};
enum { N_CURSES_SIGNALS = sizeof(curses_signals) / sizeof(curses_signals[0]) };

/* newterm() sets handlers of its own; ours is the loop's signalfd. */
static SCREEN *quiet_newterm(const char *type, FILE *out, FILE *in)
{
	struct sigaction old[N_CURSES_SIGNALS];
	SCREEN *s;

	for (int i = 0; i < N_CURSES_SIGNALS; i++)
		sigaction(curses_signals[i], NULL, &old[i]);
	s = newterm((char *)type, out, in);
	for (int i = 0; i < N_CURSES_SIGNALS; i++)
		sigaction(curses_signals[i], &old[i], NULL);
	return s;
}

static int start_curses(struct term *t, const char *type, const struct golin_tui_opts *opts,
			struct golin_err *err)
{
	const char *name = type ? type : getenv("TERM");

	set_escdelay(ESC_DELAY_MS);
	t->screen = quiet_newterm(type, t->out, t->in);
	if (!t->screen || !cap("cup")) {
		golin_err_set(err, -EINVAL,
			      t->screen ? "the terminal '%s' cannot place its cursor"
					: "the terminal type '%s' is not known here",
			      name ? name : "");
		golin_err_hint(err, "set TERM to what it is, as in TERM=xterm-256color");
		return -EINVAL;
	}
	raw();
	noecho();
	nonl();
	typeahead(-1);
	curs_set(0);
	if (t->tty >= 0)
		tcgetattr(t->tty, &t->raw);
	/* From here on what curses writes goes to the memory file. */
	fflush(t->out);
	if (dup2(t->output.mem, fileno(t->out)) < 0)
		return golin_err_set(err, -errno, "cannot set up the screen: %s",
				     golin_errno_name(errno));
	t->swapped = true;
	/* A pad: reading a key from it never paints the screen. */
	t->input = newpad(1, 1);
	if (!t->input)
		return golin_err_set(err, -ENOMEM, "out of memory");
	keypad(t->input, TRUE);
	nodelay(t->input, TRUE);
	mouseinterval(0);
	theme_init(&t->theme, theme_wants_color(opts->color, getenv("NO_COLOR")));
	term_set_mouse(t, !opts->no_mouse);
	return 0;
}

static int set_up(struct term *t, const char *type, const struct golin_tui_opts *opts,
		  struct golin_err *err)
{
	int ret;

	t->locale = strdup(setlocale(LC_CTYPE, NULL));
	setlocale(LC_CTYPE, "");
	t->ascii = opts->ascii || strcmp(nl_langinfo(CODESET), "UTF-8") != 0;
	if (t->tty >= 0 && !tcgetattr(t->tty, &t->shell))
		t->has_termios = true;
	ret = start_curses(t, type, opts, err);
	if (ret)
		return ret;
	hold_stderr(t);
	arm_crash(t);
	return 0;
}

static void blank(struct term *t)
{
	memset(t, 0, sizeof(*t));
	t->tty = t->output.mem = t->stderr_saved = t->stderr_mem = -1;
}

static int finish_open(struct term *t, const char *type, const struct golin_tui_opts *opts,
		       struct golin_err *err)
{
	int ret = output_init(&t->output, t->tty >= 0 ? t->tty : fileno(t->out));

	if (ret)
		golin_err_set(err, ret, "cannot set up the screen: %s", golin_errno_name(-ret));
	else
		ret = set_up(t, type, opts, err);
	if (ret)
		term_close(t);
	return ret;
}

int term_open(struct term *t, const struct golin_tui_opts *opts, struct golin_err *err)
{
	int fd;

	blank(t);
	t->tty = open_tty(err);
	if (t->tty < 0)
		return t->tty;
	fd = fcntl(t->tty, F_DUPFD_CLOEXEC, 3);
	t->in = fd >= 0 ? fdopen(fd, "r") : NULL;
	fd = fcntl(t->tty, F_DUPFD_CLOEXEC, 3);
	t->out = fd >= 0 ? fdopen(fd, "w") : NULL;
	if (!t->in || !t->out) {
		golin_err_set(err, -ENOMEM, "cannot open the terminal: %s",
			      golin_errno_name(errno));
		term_close(t);
		return -ENOMEM;
	}
	return finish_open(t, NULL, opts, err);
}

int term_open_files(struct term *t, const char *type, FILE *in, FILE *out,
		    const struct golin_tui_opts *opts, struct golin_err *err)
{
	blank(t);
	t->in = in;
	t->out = out;
	return finish_open(t, type, opts, err);
}

void term_leave(struct term *t)
{
	if (t->screen) {
		endwin();
		output_take(&t->output);
		output_drain(&t->output, LEAVE_MS);
	}
	if (t->has_termios)
		tcsetattr(t->tty, TCSANOW, &t->shell);
}

void term_enter(struct term *t)
{
	if (t->has_termios)
		tcsetattr(t->tty, TCSANOW, &t->raw);
	/* endwin() undid these; resetting curses' own idea of the modes fails on a memory file */
	keypad(t->input, FALSE);
	keypad(t->input, TRUE);
	term_redraw(t);
}

void term_close(struct term *t)
{
	if (t->swapped)
		term_leave(t);
	else if (t->has_termios)
		tcsetattr(t->tty, TCSANOW, &t->shell);
	crash_disarm();
	if (t->input)
		delwin(t->input);
	if (t->screen)
		delscreen(t->screen);
	if (t->in)
		fclose(t->in);
	if (t->out)
		fclose(t->out);
	output_done(&t->output);
	canvas_done(&t->shown);
	release_stderr(t);
	if (t->tty >= 0)
		close(t->tty);
	if (t->locale)
		setlocale(LC_CTYPE, t->locale);
	free(t->locale);
	blank(t);
}

bool term_size(const struct term *t, int *ret_w, int *ret_h)
{
	struct winsize ws;

	if (t->tty >= 0 && !ioctl(t->tty, TIOCGWINSZ, &ws) && ws.ws_col && ws.ws_row) {
		*ret_w = ws.ws_col;
		*ret_h = ws.ws_row;
		return true;
	}
	*ret_w = 80;
	*ret_h = 24;
	return false;
}

void term_resize(struct term *t, int w, int h)
{
	if (h != LINES || w != COLS)
		resizeterm(h, w);
	term_redraw(t);
}

void term_redraw(struct term *t)
{
	canvas_done(&t->shown);
	clearok(curscr, TRUE);
}

static void paint_cell(const struct term *t, int y, int x, const struct cell *cell)
{
	wchar_t text[4] = {0};
	attr_t attr = t->theme.attr[cell->role];
	cchar_t cc;
	int n = 0;

	/* A character that this system's tables see otherwise would shift the rest of the line. */
	if (cell->ch[0] >= 0x80 && wcwidth((wchar_t)cell->ch[0]) < 1) {
		text[0] = L'?';
	} else {
		for (; n < 3 && cell->ch[n]; n++)
			if (!n || wcwidth((wchar_t)cell->ch[n]) == 0)
				text[n] = (wchar_t)cell->ch[n];
			else
				break;
	}
	if (cell->flags & CELL_SELECTED)
		attr ^= A_REVERSE;
	if (setcchar(&cc, text, attr, t->theme.pair[cell->role], NULL) == OK)
		mvadd_wch(y, x, &cc);
}

void term_paint(struct term *t, const struct canvas *c)
{
	size_t row = (size_t)c->w * sizeof(*c->cells);
	bool all = t->shown.w != c->w || t->shown.h != c->h || !t->shown.cells;

	for (int y = 0; y < c->h && y < LINES; y++) {
		const struct cell *cells = &c->cells[(size_t)y * (size_t)c->w];

		if (!all && !memcmp(cells, &t->shown.cells[(size_t)y * (size_t)c->w], row))
			continue;
		for (int x = 0; x < c->w && x < COLS; x++)
			if (cells[x].ch[0])
				paint_cell(t, y, x, &cells[x]);
	}
	if (canvas_resize(&t->shown, c->w, c->h))
		memcpy(t->shown.cells, c->cells, row * (size_t)c->h);
	wnoutrefresh(stdscr);
	doupdate();
	output_take(&t->output);
	output_flush(&t->output);
}

bool term_flush(struct term *t)
{
	return output_flush(&t->output);
}

bool term_idle(const struct term *t)
{
	return t->output.pos == t->output.len;
}

bool term_gone(const struct term *t)
{
	return t->output.gone;
}

void term_set_mouse(struct term *t, bool on)
{
	mousemask(on ? BUTTON1_PRESSED | BUTTON4_PRESSED | BUTTON5_PRESSED : 0, NULL);
	t->mouse = on;
	output_take(&t->output);
	output_flush(&t->output);
}

int term_map_key(int code, bool function_key)
{
	static const struct {
		int code, key;
	} map[] = {
		{KEY_UP, UI_KEY_UP},	     {KEY_DOWN, UI_KEY_DOWN},
		{KEY_LEFT, UI_KEY_LEFT},     {KEY_RIGHT, UI_KEY_RIGHT},
		{KEY_HOME, UI_KEY_HOME},     {KEY_END, UI_KEY_END},
		{KEY_PPAGE, UI_KEY_PAGE_UP}, {KEY_NPAGE, UI_KEY_PAGE_DOWN},
		{KEY_DC, UI_KEY_DELETE},     {KEY_BACKSPACE, UI_KEY_BACKSPACE},
		{KEY_ENTER, UI_KEY_ENTER},   {KEY_F(1), UI_KEY_F1},
	};

	if (!function_key)
		return code == '\n' ? UI_KEY_ENTER : code == '\b' ? UI_KEY_BACKSPACE : code;
	for (size_t i = 0; i < sizeof(map) / sizeof(map[0]); i++)
		if (map[i].code == code)
			return map[i].key;
	return 0;
}

static bool mouse_event(struct term_event *ret)
{
	MEVENT m;

	if (getmouse(&m) != OK)
		return false;
	ret->type = m.bstate & BUTTON1_PRESSED	 ? TERM_CLICK
		    : m.bstate & BUTTON4_PRESSED ? TERM_WHEEL_UP
		    : m.bstate & BUTTON5_PRESSED ? TERM_WHEEL_DOWN
						 : TERM_NONE;
	ret->y = m.y;
	ret->x = m.x;
	return ret->type != TERM_NONE;
}

bool term_next(struct term *t, struct term_event *ret)
{
	wint_t ch;
	int kind;

	memset(ret, 0, sizeof(*ret));
	/* A burst of what we do not know is skipped, but not for ever. */
	for (int i = 0; i < 64; i++) {
		kind = wget_wch(t->input, &ch);
		if (kind == ERR)
			return false;
		if (kind == KEY_CODE_YES && ch == KEY_MOUSE) {
			if (mouse_event(ret))
				return true;
			continue;
		}
		ret->key = term_map_key((int)ch, kind == KEY_CODE_YES);
		if (ret->key > 0) {
			ret->type = TERM_KEY;
			return true;
		}
	}
	return false;
}

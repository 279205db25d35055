/* SPDX-License-Identifier: BSD-2-Clause */
#include "image_process.h"

#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/text.h"
#include "debug_file.h"
#include "image_process_priv.h"

static unsigned load_ms = WIRE_SECONDS_LOAD * 1000, request_ms = WIRE_SECONDS * 1000;

void imgproc_set_deadlines(unsigned load, unsigned request)
{
	load_ms = load;
	request_ms = request;
}

pid_t imgproc_pid(const struct golin_imgproc *p)
{
	return p->pid;
}

/* ---- the child's life ---- */

/* In the child: nothing of golin's is kept but memory. */
static void child_main(struct golin_imgproc *p, int sock, pid_t parent) __attribute__((noreturn));

static void child_main(struct golin_imgproc *p, int sock, pid_t parent)
{
	struct sigaction dfl = {.sa_handler = SIG_DFL};
	int null, file, debug = -1, first = WIRE_FD_DEBUG;
	sigset_t none;

	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0 || getppid() != parent)
		_exit(2);
	(void)prctl(PR_SET_NAME, "golin-image", 0, 0, 0);
	/* Out of the terminal's reach: neither Ctrl-C nor Ctrl-Z is meant for it. */
	(void)setsid();
	for (int sig = 1; sig < NSIG; sig++)
		(void)sigaction(sig, &dfl, NULL);
	sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);

	null = open("/dev/null", O_RDWR);
	/* Above the places where they go. */
	sock = fcntl(sock, F_DUPFD, 64);
	file = fcntl(p->file, F_DUPFD, 64);
	if (p->debug >= 0)
		debug = fcntl(p->debug, F_DUPFD, 64);
	if (null < 0 || sock < 0 || file < 0 || dup2(null, 0) < 0 || dup2(null, 1) < 0 ||
	    dup2(null, 2) < 0 || dup2(sock, WIRE_FD_SOCK) < 0 || dup2(file, WIRE_FD_FILE) < 0)
		_exit(2);
	if (p->debug >= 0 && (debug < 0 || dup2(debug, first++) < 0))
		_exit(2);
	if (close_range(first, ~0U, 0) < 0)
		for (int fd = first; fd < 65536; fd++)
			close(fd);
	p->server(WIRE_FD_SOCK, WIRE_FD_FILE, p->stage);
	_exit(0);
}

static int start(struct golin_imgproc *p, struct golin_err *err)
{
	pid_t parent = getpid();
	int pair[2], r;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0) {
		r = -errno;
		return golin_err_set(err, r, "cannot start the image process: socketpair: %s",
				     golin_errno_name(r));
	}
	*p->stage = WIRE_STAGE_START;
	p->pid = fork();
	if (!p->pid)
		child_main(p, pair[1], parent);
	r = p->pid < 0 ? -errno : 0;
	close(pair[1]);
	if (r) {
		p->pid = 0;
		close(pair[0]);
		return golin_err_set(err, r, "cannot start the image process: fork: %s",
				     golin_errno_name(r));
	}
	p->sock = pair[0];
	return 0;
}

/*
 * Ends the process, after at most `grace_ms` for it to end by itself. The status as of wait(2), or
 * -1 when somebody else has reaped it.
 */
static int stop(struct golin_imgproc *p, unsigned grace_ms)
{
	uint64_t deadline = wire_now_ns() + grace_ms * 1000000ULL;
	int status = -1;
	pid_t r;

	if (p->sock >= 0)
		close(p->sock);
	p->sock = -1;
	if (!p->pid)
		return -1;
	while ((r = waitpid(p->pid, &status, WNOHANG)) == 0 || (r < 0 && errno == EINTR)) {
		if (wire_now_ns() >= deadline)
			break;
		(void)poll(NULL, 0, 1);
	}
	if (r == 0) {
		kill(p->pid, SIGKILL);
		while ((r = waitpid(p->pid, &status, 0)) < 0 && errno == EINTR)
			;
	}
	p->pid = 0;
	return r < 0 ? -1 : status;
}

static const char *stage_text(const struct golin_imgproc *p)
{
	static const char *const texts[WIRE_STAGE_MAX] = {
		[WIRE_STAGE_START] = "before it read",
		[WIRE_STAGE_ELF] = "while reading the ELF headers and function table of",
		[WIRE_STAGE_LAYOUT] = "while reading the DWARF of",
		[WIRE_STAGE_SITES] = "while decoding the code of",
		[WIRE_STAGE_NAMES] = "while reading the names of",
		[WIRE_STAGE_DEBUG] = "while reading the debug file of",
		[WIRE_STAGE_DEFERS] = "while reading the defer statements of",
	};
	uint32_t stage = *p->stage;

	return stage < WIRE_STAGE_MAX ? texts[stage] : "while reading";
}

/* The process has ended by itself: says how. */
static enum trouble tell_death(struct golin_imgproc *p, struct golin_err *err)
{
	const char *stage = stage_text(p), *name;
	int status = stop(p, 1000), sig;

	if (status < 0 || !WIFSIGNALED(status)) {
		golin_err_set(err, -EBADMSG, "the image process ended %s '%s'%s", stage, p->label,
			      status >= 0 && WEXITSTATUS(status) == 2
				      ? ": it could not confine itself"
				      : "");
		return DIED;
	}
	sig = WTERMSIG(status);
	if (sig == SIGPROF) {
		golin_err_set(err, -EBADMSG, "too much computing %s '%s': given up", stage,
			      p->label);
		golin_err_hint(err, "the file may be crafted");
		return SPENT;
	}
	name = sigabbrev_np(sig);
	golin_err_set(err, -EBADMSG, "the image process ended by SIG%s %s '%s'", name ? name : "?",
		      stage, p->label);
	if (sig == SIGBUS)
		golin_err_hint(err, "the file was cut or changed while it was read");
	else if (sig == SIGSYS)
		golin_err_hint(err, "it made a system call that it has no need of; the file may be "
				    "crafted");
	else
		golin_err_hint(err, "the file is damaged or crafted, or this is a bug in golin");
	return DIED;
}

/* ---- one request ---- */

enum trouble imgproc_lied(struct golin_imgproc *p, const char *why, struct golin_err *err)
{
	golin_err_set(err, -EBADMSG,
		      "the image process gave an answer about '%s' that cannot be: %s", p->label,
		      why);
	stop(p, 0);
	return LIED;
}

/* Sends a request and reads the answer's body into p->in; its length must lie in [min, max]. */
static enum trouble ask(struct golin_imgproc *p, enum wire_type type, const void *body, size_t len,
			size_t min, size_t max, size_t *ret_len, struct golin_err *err)
{
	unsigned ms = type == WIRE_LOAD ? load_ms : request_ms;
	uint64_t deadline = wire_now_ns() + ms * 1000000ULL;
	struct wire_head h = {WIRE_MAGIC, type, ++p->seq, len}, a;
	int r;

	r = wire_write(p->sock, &h, sizeof(h), deadline);
	if (!r)
		r = wire_write(p->sock, body, len, deadline);
	if (!r)
		r = wire_read(p->sock, &a, sizeof(a), deadline);
	if (!r) {
		if (a.magic != WIRE_MAGIC || a.type != type || a.seq != p->seq)
			return imgproc_lied(p, "no answer to what was asked", err);
		if (a.len < min || a.len > max)
			return imgproc_lied(p, "an answer of a wrong length", err);
		if (a.len > p->in_cap) {
			uint8_t *in = realloc(p->in, a.len);

			if (!in) {
				stop(p, 0);
				golin_err_set(err, -ENOMEM, "out of memory");
				return FAILED;
			}
			p->in = in;
			p->in_cap = a.len;
		}
		r = wire_read(p->sock, p->in, a.len, deadline);
	}
	if (!r) {
		*ret_len = a.len;
		return FINE;
	}
	if (r == -ETIME) {
		golin_err_set(err, -EBADMSG, "the image process gave no answer in %u.%u s %s '%s'",
			      ms / 1000, ms % 1000 / 100, stage_text(p), p->label);
		stop(p, 0);
		return LATE;
	}
	if (r == -EPIPE) {
		return tell_death(p, err);
	}
	golin_err_set(err, r, "cannot talk to the image process: %s", golin_errno_name(r));
	stop(p, 0);
	return FAILED;
}

/*
 * Loads the file in a process that has just been started. REFUSED is what the process says of the
 * file, in l->err.
 */
enum { REFUSED = -1 };

static int load(struct golin_imgproc *p, struct wire_loaded *l, struct golin_err *err)
{
	const struct wire_load want = {.choice = p->choice, .has_debug = p->debug >= 0};
	const char *why;
	enum trouble t;
	size_t len;

	t = ask(p, WIRE_LOAD, &want, sizeof(want), sizeof(*l), sizeof(*l), &len, err);
	if (t)
		return t;
	memcpy(l, p->in, sizeof(*l));
	if (l->has_info > 1 || l->debug_refused > 1)
		return imgproc_lied(p, "a flag that is none", err);
	if (!image_check_err(&l->err, &why))
		return imgproc_lied(p, why, err);
	if (!l->err.code)
		l->has_info = true;
	if (l->has_info && !image_check_info(&l->info, p->file_size, &why))
		return imgproc_lied(p, why, err);
	if (l->err.code) {
		stop(p, 100);
		if (err)
			*err = l->err;
		golin_err_ctx(err, "'%s'", p->label);
		return REFUSED;
	}
	if (!image_check_layout(&l->layout, &why))
		return imgproc_lied(p, why, err);
	return FINE;
}

static bool may_try_again(enum trouble t)
{
	return t == DIED || t == LATE || t == LIED;
}

/* Starts a process and loads; *l is what it says, as far as it says anything. */
static int start_and_load(struct golin_imgproc *p, struct wire_loaded *l, struct golin_err *err)
{
	int t;

	memset(l, 0, sizeof(*l));
	if (start(p, err))
		return FAILED;
	t = load(p, l, err);
	if (t != FINE || !p->loaded)
		return t;
	/* The caller holds addresses: they must mean the same as before. */
	if (memcmp(&p->info, &l->info, sizeof(p->info)) ||
	    memcmp(&p->layout, &l->layout, sizeof(p->layout)))
		return imgproc_lied(p, "another one than before; the file has changed", err);
	return FINE;
}

/* A process that has the file loaded: the one that runs, or a new one. */
static enum trouble ensure(struct golin_imgproc *p, struct golin_err *err)
{
	struct wire_loaded l;
	int t;

	if (p->pid)
		return FINE;
	t = start_and_load(p, &l, err);
	return t == REFUSED ? FAILED : t;
}

/* A request, tried once more in a new process when the first ends over it. */
int imgproc_request(struct golin_imgproc *p, enum wire_type type, const void *body, size_t len,
		    size_t min, size_t max, size_t *ret_len, struct golin_err *err)
{
	struct golin_err first = {0};
	enum trouble t;

	t = ensure(p, &first);
	if (!t)
		t = ask(p, type, body, len, min, max, ret_len, &first);
	if (may_try_again(t)) {
		t = ensure(p, &first);
		if (!t)
			t = ask(p, type, body, len, min, max, ret_len, &first);
	}
	if (!t)
		return 0;
	if (err)
		*err = first;
	return first.code ? first.code : -EBADMSG;
}

/* ---- opening ---- */

/* The first load, tried once more when the process ends over it. */
static int load_first(struct golin_imgproc *p, struct wire_loaded *l, struct golin_err *err)
{
	int t = start_and_load(p, l, err);

	if (t != REFUSED && may_try_again(t))
		t = start_and_load(p, l, err);
	return t;
}

/* Is there a layout, or could there be a better one in a .debug file? */
static bool wants_debug(const struct golin_imgproc *p, int t, const struct wire_loaded *l)
{
	if (p->choice == GOLIN_LAYOUT_ONLY_TABLE || !l->has_info)
		return false;
	if (t == FINE)
		return l->layout.source != GOLIN_FROM_DWARF;
	return t == REFUSED && (l->err.code == -ENODATA || l->err.code == -EOPNOTSUPP);
}

static void note(struct golin_imgproc *p, const char *path, const struct golin_err *err)
{
	char text[1024], all[6144];

	if (p->debug_note)
		return;
	golin_text_clean(text, sizeof(text), path, strlen(path));
	snprintf(all, sizeof(all), "'%s' is not used: %s", text, err->msg);
	p->debug_note = strdup(all);
}

/*
 * Tries one after the other of the .debug files that there are. *l and t are what there was
 * without; they stay when no file is any good.
 */
static int search_debug(struct golin_imgproc *p, const struct golin_debug_search *search, int t,
			struct wire_loaded *l, struct golin_err *err)
{
	struct wire_loaded *with = malloc(sizeof(*with));
	char *path = malloc(DEBUG_FILE_PATH);
	struct golin_err why;

	for (int place = 0; with && path && p->debug < 0 && place < DEBUG_FILE_PLACES; place++) {
		int fd = debug_file_open(place, p->file, &l->info, search, path), u;

		if (fd < 0)
			continue;
		stop(p, 100);
		p->debug = fd;
		u = load_first(p, with, &why);
		if (u == FINE && with->layout.source == GOLIN_FROM_DWARF) {
			*l = *with;
			t = FINE;
			p->debug_path = strdup(path);
			break;
		}
		if (u == FINE)
			golin_err_set(&why, -ENODATA, "it has no types of Go");
		else if (u == REFUSED)
			why = with->err;
		note(p, path, &why);
		stop(p, 100);
		close(p->debug);
		p->debug = -1;
	}
	free(with);
	free(path);
	/* Without any, as it was before. */
	if (p->debug < 0 && t == FINE && !p->pid)
		t = load_first(p, l, err);
	return t;
}

/* All that an open takes; search: NULL, there is none. */
static int open_process(struct golin_imgproc *p, const struct golin_debug_search *search,
			struct golin_err *err)
{
	struct wire_loaded *l = malloc(sizeof(*l));
	struct golin_err own = {0};
	int t, r = 0;

	if (!l)
		return golin_err_set(err, -ENOMEM, "out of memory");
	t = load_first(p, l, &own);
	if (search && wants_debug(p, t, l))
		t = search_debug(p, search, t, l, &own);
	if (t == FINE) {
		p->info = l->info;
		p->layout = l->layout;
		p->loaded = true;
	} else {
		r = own.code ? own.code : -EBADMSG;
		if (p->debug_note && !own.hint[0])
			golin_err_hint(&own, "%s", p->debug_note);
		if (err)
			*err = own;
	}
	free(l);
	return r;
}

static int open_files(struct golin_imgproc *p, int fd, int debug_fd, struct golin_err *err)
{
	struct stat st;
	void *shared;
	int r;

	p->file = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	p->debug = debug_fd >= 0 ? fcntl(debug_fd, F_DUPFD_CLOEXEC, 3) : -1;
	shared = mmap(NULL, sizeof(*p->stage), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		      -1, 0);
	p->stage = shared == MAP_FAILED ? NULL : shared;
	if (p->file < 0 || (debug_fd >= 0 && p->debug < 0) || !p->stage ||
	    fstat(p->file, &st) < 0) {
		r = -errno;
		return golin_err_set(err, r, "cannot start the image process: %s",
				     golin_errno_name(r));
	}
	p->file_size = st.st_size > 0 ? st.st_size : 0;
	return 0;
}

static int open_all(wire_server_fn server, int fd, int debug_fd,
		    const struct golin_debug_search *search, const char *label,
		    enum golin_layout_choice choice, struct golin_imgproc **ret,
		    struct golin_err *err)
{
	struct golin_imgproc *p = calloc(1, sizeof(*p));
	int r;

	if (!p)
		return golin_err_set(err, -ENOMEM, "out of memory");
	p->sock = -1;
	p->server = server;
	p->choice = choice;
	golin_text_clean(p->label, sizeof(p->label), label, strlen(label));
	r = open_files(p, fd, debug_fd, err);
	if (!r)
		r = open_process(p, search, err);
	if (r) {
		golin_imgproc_close(p);
		return r;
	}
	*ret = p;
	return 0;
}

/* ---- the interface ---- */

int imgproc_open_with(wire_server_fn server, int fd, const char *label,
		      enum golin_layout_choice choice, struct golin_imgproc **ret,
		      struct golin_err *err)
{
	return open_all(server, fd, -1, NULL, label, choice, ret, err);
}

int golin_imgproc_open(int fd, const char *label, enum golin_layout_choice choice,
		       struct golin_imgproc **ret, struct golin_err *err)
{
	const struct golin_debug_search search = {0};

	return open_all(image_serve, fd, -1, &search, label, choice, ret, err);
}

int golin_imgproc_open_search(int fd, const struct golin_debug_search *search, const char *label,
			      enum golin_layout_choice choice, struct golin_imgproc **ret,
			      struct golin_err *err)
{
	return open_all(image_serve, fd, -1, search, label, choice, ret, err);
}

int golin_imgproc_open_debug(int fd, int debug_fd, const char *label,
			     enum golin_layout_choice choice, struct golin_imgproc **ret,
			     struct golin_err *err)
{
	if (debug_fd < 0)
		return golin_err_set(err, -EBADF, "no debug file");
	/* Who gives one does not want the table for it. */
	if (choice == GOLIN_LAYOUT_AUTO)
		choice = GOLIN_LAYOUT_ONLY_DWARF;
	return open_all(image_serve, fd, debug_fd, NULL, label, choice, ret, err);
}

void golin_imgproc_close(struct golin_imgproc *p)
{
	if (!p)
		return;
	/* It ends when its socket closes. */
	stop(p, 200);
	if (p->file >= 0)
		close(p->file);
	if (p->debug >= 0)
		close(p->debug);
	if (p->stage)
		munmap((void *)p->stage, sizeof(*p->stage));
	free(p->debug_path);
	free(p->debug_note);
	free(p->in);
	free(p);
}

const char *golin_imgproc_debug_file(const struct golin_imgproc *p)
{
	return p->debug_path;
}

const char *golin_imgproc_debug_note(const struct golin_imgproc *p)
{
	return p->debug_note;
}

const struct golin_image_info *golin_imgproc_info(const struct golin_imgproc *p)
{
	return &p->info;
}

const struct golin_layout *golin_imgproc_layout(const struct golin_imgproc *p)
{
	return &p->layout;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* Where recordings are written and read: names, modes, owners, messages. */
#include "stream.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static struct golin_model *model;
static char text[600];

static int setup(void **state)
{
	return temp_setup(state) || golin_model_new(NULL, &model) ? -1 : 0;
}

static int teardown(void **state)
{
	golin_model_free(model);
	return temp_teardown(state);
}

static const char *fmt(const char *f, const char *path)
{
	const char *at = strstr(f, "%s");

	snprintf(text, sizeof(text), "%.*s%s%s", (int)(at - f), f, path, at + 2);
	return text;
}

static int try_open(const char *path, bool force, struct golin_err *err)
{
	struct golin_writer *w;
	int rc = golin_writer_open(path, force, model, &w, err);

	return rc ? rc : golin_writer_close(w, err);
}

static void test_mode(void **state)
{
	struct golin_err err = {0};
	struct stat st;
	mode_t old = umask(0);

	assert_int_equal(try_open(temp_path("mode"), false, &err), 0);
	assert_int_equal(stat(temp_path("mode"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	umask(0777);
	assert_int_equal(try_open(temp_path("mode2"), false, &err), 0);
	assert_int_equal(stat(temp_path("mode2"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	umask(old);
}

static void test_existing_file(void **state)
{
	const char *path = temp_path("exists");
	struct golin_err err = {0};
	struct stat before, after;
	int fd;

	write_file(path, "precious", 8);
	assert_int_equal(chmod(path, 0644), 0);
	assert_int_equal(stat(path, &before), 0);
	assert_int_equal(try_open(path, false, &err), -EPIPE);
	assert_string_equal(err.msg, fmt("cannot create '%s': it exists", path));
	assert_string_equal(err.hint, "choose another name, or replace it with --force");
	assert_int_equal(stat(path, &after), 0);
	assert_int_equal(after.st_size, 8);
	assert_int_equal(after.st_ino, before.st_ino);

	/* Replaced, not written into: who has it open keeps the old one, and the mode is new. */
	fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_int_equal(try_open(path, true, &err), 0);
	assert_int_equal(fstat(fd, &after), 0);
	assert_int_equal(after.st_size, 8);
	close(fd);
	assert_int_equal(stat(path, &after), 0);
	assert_int_equal(after.st_mode & 07777, 0600);
	assert_true(after.st_size > 32);
}

static void test_symlinks(void **state)
{
	const char *link = temp_path("link"), *to = temp_path("victim");
	struct golin_err err = {0};
	struct stat st;

	assert_int_equal(symlink(to, link), 0);
	for (int force = 0; force < 2; force++) {
		/* Neither made through a dangling link ... */
		assert_int_equal(try_open(link, force, &err), -EPIPE);
		assert_string_equal(
			err.msg, fmt("cannot create '%s': it exists and is a symbolic link", link));
		assert_string_equal(err.hint, "choose another name");
		assert_int_equal(access(to, F_OK), -1);
	}
	/* ... nor written through a good one. */
	write_file(to, "precious", 8);
	for (int force = 0; force < 2; force++)
		assert_int_equal(try_open(link, force, &err), -EPIPE);
	assert_int_equal(stat(to, &st), 0);
	assert_int_equal(st.st_size, 8);
	assert_int_equal(lstat(link, &st), 0);
	assert_true(S_ISLNK(st.st_mode));
}

static void test_other_places(void **state)
{
	const char *dir = temp_path("dir"), *fifo = temp_path("fifo"), *path;
	struct golin_err err = {0};

	assert_int_equal(mkdir(dir, 0755), 0);
	assert_int_equal(mkfifo(fifo, 0600), 0);
	for (int force = 0; force < 2; force++) {
		assert_int_equal(try_open(dir, force, &err), -EPIPE);
		assert_string_equal(err.msg,
				    fmt("cannot create '%s': it exists and is a directory", dir));
		assert_int_equal(try_open(fifo, force, &err), -EPIPE);
		assert_string_equal(
			err.msg,
			fmt("cannot create '%s': it exists and is not a regular file", fifo));
	}
	path = temp_path("no/such/file");
	assert_int_equal(try_open(path, false, &err), -EPIPE);
	assert_string_equal(err.msg, fmt("cannot create '%s': its directory does not exist", path));
	assert_int_equal(try_open("", false, &err), -EPIPE);
	assert_string_equal(err.msg, "cannot create '': the name is empty");
	assert_int_equal(try_open("/proc/version/x", false, &err), -EPIPE);
	assert_string_equal(
		err.msg, "cannot create '/proc/version/x': a part of the path is not a directory");
}

static void test_sudo(void **state)
{
	struct golin_err err = {0};
	struct stat st;

	if (geteuid()) {
		print_message("skipped: only root gives files away\n");
		skip();
	}
	setenv("SUDO_UID", "12345", 1);
	setenv("SUDO_GID", "23456", 1);
	assert_int_equal(try_open(temp_path("sudo"), false, &err), 0);
	assert_int_equal(stat(temp_path("sudo"), &st), 0);
	assert_int_equal(st.st_uid, 12345);
	assert_int_equal(st.st_gid, 23456);
	assert_int_equal(st.st_mode & 07777, 0600);
	setenv("SUDO_UID", "-1", 1);
	assert_int_equal(try_open(temp_path("sudo2"), false, &err), 0);
	assert_int_equal(stat(temp_path("sudo2"), &st), 0);
	assert_int_equal(st.st_uid, 0);
	unsetenv("SUDO_UID");
	unsetenv("SUDO_GID");
}

/* Not root's powers: a directory in which one may not write, a file that one may not read. */
static void test_no_permission(void **state)
{
	const char *dir = temp_path("locked"), *path = temp_path("locked/x");
	const char *secret = temp_path("secret");
	int status;
	pid_t pid;

	assert_int_equal(mkdir(dir, 0555), 0);
	write_file(secret, "x", 1);
	assert_int_equal(chmod(secret, 0), 0);
	assert_int_equal(chmod(temp_path("."), 0755), 0);
	pid = fork();
	if (!pid) {
		struct golin_source *s;
		struct golin_err err = {0};

		if (!geteuid() && (setgid(65534) || setuid(65534)))
			_exit(1);
		if (try_open(path, false, &err) != -EPIPE ||
		    strcmp(err.msg, fmt("cannot create '%s': no permission to write there", path)))
			_exit(2);
		if (golin_recording_open(secret, &s, &err) != -EPERM ||
		    strcmp(err.msg, fmt("cannot open '%s': no permission to read it", secret)))
			_exit(3);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void assert_cannot_open(const char *path, int code, const char *msg, const char *hint)
{
	struct golin_source *s;
	struct golin_err err = {0};

	assert_int_equal(golin_recording_open(path, &s, &err), code);
	assert_string_equal(err.msg, msg);
	assert_string_equal(err.hint, hint);
}

static void test_not_a_recording(void **state)
{
	const char *path = temp_path("x");
	struct rec_file_header h = {.magic = REC_FILE_MAGIC, .version = 7};

	assert_cannot_open(temp_path("none"), -ENOENT,
			   fmt("cannot open '%s': there is no such file", temp_path("none")), "");
	assert_cannot_open(temp_path("."), -ENOEXEC,
			   fmt("'%s' is no recording: it is a directory", temp_path(".")), "");
	assert_cannot_open(temp_path("fifo"), -ENOEXEC,
			   fmt("'%s' is no recording: it is not a regular file", temp_path("fifo")),
			   "");
	assert_cannot_open("/dev/zero", -ENOEXEC,
			   "'/dev/zero' is no recording: it is not a regular file", "");
	path = temp_path("x");
	write_file(path, "", 0);
	assert_cannot_open(path, -ENOEXEC, fmt("'%s' is no recording: it is empty", path), "");
	write_file(path, "hello, this is text", 19);
	assert_cannot_open(path, -ENOEXEC, fmt("'%s' is no recording of golin", path), "");
	write_file(path, "\x89GLN\n\x1a\n..............................", 37);
	assert_cannot_open(
		path, -EBADMSG,
		fmt("'%s' was a recording, but is damaged: was it copied as text?", path), "");
	write_file(path, &h, 20);
	assert_cannot_open(path, -EBADMSG, fmt("'%s' is cut within its header (20 bytes)", path),
			   "");
	write_file(path, &h, sizeof(h));
	assert_cannot_open(path, -EBADMSG, fmt("'%s': the header is damaged", path), "");
	h.sum = rec_file_header_sum(&h);
	write_file(path, &h, sizeof(h));
	assert_cannot_open(path, -EOPNOTSUPP,
			   fmt("'%s' is a recording of format 7; this golin reads format 1", path),
			   "read it with a newer golin");
}

static void test_probe(void **state)
{
	struct golin_err err = {0};
	int fd;

	assert_int_equal(try_open(temp_path("probe"), false, &err), 0);
	fd = open(temp_path("probe"), O_RDONLY | O_CLOEXEC);
	assert_true(golin_recording_probe(fd));
	close(fd);
	fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	assert_false(golin_recording_probe(fd));
	close(fd);
	fd = memory_file("\x89GLN", 4);
	assert_false(golin_recording_probe(fd));
	close(fd);
	assert_false(golin_recording_probe(-1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mode),
		cmocka_unit_test(test_existing_file),
		cmocka_unit_test(test_symlinks),
		cmocka_unit_test(test_other_places),
		cmocka_unit_test(test_sudo),
		cmocka_unit_test(test_no_permission),
		cmocka_unit_test(test_not_a_recording),
		cmocka_unit_test(test_probe),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the image process says, when a hostile file has taken it over. No process is started: fork()
 * and its kin are replaced (by the linker, --wrap), and the answers lie in the socket beforehand.
 *
 *	1 byte	how many changes of a good answer to LOAD follow: {3 bytes where, 1 byte what}
 *	1 byte	1 the frames of the answers come from the input, too
 *	then answers: {1 byte, 1 byte: 256 * its lower bits + that is the length, bytes}
 */
#include <stdio.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include "fuzz_offsets.h"
#include "image_process.h"

enum { TEXT = 0x401000, TEXT_LEN = 0x100000, FILE_SIZE = 0x200000, FAKE_PID = 0x3fffff };

pid_t __wrap_fork(void);
pid_t __wrap_waitpid(pid_t pid, int *status, int options);
int __wrap_kill(pid_t pid, int sig);
int __real_socketpair(int domain, int type, int protocol, int pair[2]);
int __wrap_socketpair(int domain, int type, int protocol, int pair[2]);

static struct input input;
static bool raw;
static struct wire_loaded loaded;
static int server_end = -1;

pid_t __wrap_fork(void)
{
	return FAKE_PID;
}

pid_t __wrap_waitpid(pid_t pid, int *status, int options)
{
	must(pid == FAKE_PID);
	*status = 0;
	return pid;
}

int __wrap_kill(pid_t pid, int sig)
{
	must(pid == FAKE_PID);
	return 0;
}

static void say(uint32_t type, uint32_t seq, const void *body, size_t len)
{
	struct wire_head h = {WIRE_MAGIC, type, seq, len};

	if (send(server_end, &h, sizeof(h), MSG_DONTWAIT | MSG_NOSIGNAL) == (ssize_t)sizeof(h))
		(void)!send(server_end, body, len, MSG_DONTWAIT | MSG_NOSIGNAL);
}

/* All that the server is going to say, before it is asked. */
int __wrap_socketpair(int domain, int type, int protocol, int pair[2])
{
	static const uint32_t types[] = {WIRE_SITES, WIRE_NAMES, WIRE_LATE, WIRE_SITES, WIRE_NAMES};
	struct wire_loaded good = loaded;
	int r = __real_socketpair(domain, type, protocol, pair);

	must(!r);
	if (server_end >= 0)
		close(server_end);
	server_end = dup(pair[1]);
	must(server_end >= 0);
	if (raw) {
		(void)!send(server_end, input.p, input.left, MSG_DONTWAIT | MSG_NOSIGNAL);
	} else {
		struct input in = input;

		say(WIRE_LOAD, 1, &good, sizeof(good));
		for (uint32_t i = 0; i < 5 && in.left; i++) {
			size_t len = (in_word(&in, 1) & 15) << 8;
			struct input body = in_take(&in, len | in_word(&in, 1));

			say(types[i], i + 2, body.p, body.left);
		}
	}
	shutdown(server_end, SHUT_WR);
	return 0;
}

/* A program as it may be. */
static void make_good(struct wire_loaded *l)
{
	memset(l, 0, sizeof(*l));
	l->info.go = (struct golin_go_version){26, 8, false, "go1.26.8", "go1.26.8"};
	snprintf(l->info.arch, sizeof(l->info.arch), "amd64");
	l->info.text = TEXT;
	l->info.etext = TEXT + TEXT_LEN;
	l->info.tls_g = -8;
	l->info.nsegments = 1;
	l->info.segments[0] = (struct golin_segment){0, TEXT - 0x1000, FILE_SIZE, FILE_SIZE, 7, 0};
	l->info.allgs = TEXT + TEXT_LEN + 0x1000;
	l->layout.source = GOLIN_FROM_DWARF;
	for (int f = 0; f < GOLIN_F_MAX; f++) {
		struct golin_struct *s = &l->layout.structs[golin_field_struct(f)];
		struct golin_field *m = &l->layout.fields[f];

		m->offset = s->size;
		m->size = 8;
		m->source = s->source = GOLIN_FROM_DWARF;
		s->size += 8;
		snprintf(m->type, sizeof(m->type), "uint64");
	}
}

static void must_be_true(const struct golin_imgproc *p)
{
	const struct golin_image_info *i = golin_imgproc_info(p);
	const struct golin_layout *l = golin_imgproc_layout(p);

	must_be_clean(i->arch, sizeof(i->arch));
	must_be_clean(i->build_id, sizeof(i->build_id));
	must_be_clean(i->debuglink, sizeof(i->debuglink));
	must_be_clean(i->go.text, sizeof(i->go.text));
	must_be_clean(i->go.short_, sizeof(i->go.short_));
	must(i->text <= i->etext && i->nsegments <= 16);
	for (int f = 0; f < GOLIN_F_MAX; f++) {
		const struct golin_field *m = &l->fields[f];

		must_be_clean(m->type, sizeof(m->type));
		if (m->source)
			must((uint64_t)m->offset + m->size <=
			     l->structs[golin_field_struct(f)].size);
	}
}

static void on_name(void *arg, uint64_t pc, const struct golin_name_frame *frames, int n)
{
	size_t *count = arg;

	++*count;
	must(n >= 0 && n <= WIRE_MAX_FRAMES);
	for (int i = 0; i < n; i++) {
		must_be_clean(frames[i].func, sizeof(frames[i].func));
		must_be_clean(frames[i].file, sizeof(frames[i].file));
	}
}

static void ask(struct golin_imgproc *p)
{
	static const uint64_t pcs[5] = {TEXT, TEXT + 1, TEXT + 2, 0, UINT64_MAX};
	const struct golin_site_want wants[2] = {{.func = "runtime.newproc1"}};
	const struct golin_image_info *info = golin_imgproc_info(p);
	struct golin_late_target *late = NULL;
	struct golin_site sites[2];
	struct golin_err err = {0};
	size_t n = 0;

	must_be_true(p);
	for (int round = 0; round < 2; round++) {
		if (!golin_imgproc_sites(p, wants, 2, sites, &err))
			for (int i = 0; i < 2; i++) {
				must_be_clean(sites[i].text, sizeof(sites[i].text));
				must_be_clean(sites[i].why, sizeof(sites[i].why));
				must(sites[i].error || (sites[i].file_off < FILE_SIZE &&
							sites[i].vaddr >= info->text &&
							sites[i].vaddr < info->etext));
			}
		n = 0;
		golin_imgproc_names(p, pcs, 5, on_name, &n, &err);
		must(n == 5);
		if (!round && !golin_imgproc_late(p, &late, &n, &err)) {
			for (size_t i = 0; i < n; i++)
				must(late[i].entry >= info->text && late[i].entry < info->etext &&
				     late[i].word <= 1024);
			free(late);
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct wire_loaded good;
	struct input in = {data, size};
	struct golin_imgproc *p;
	struct golin_err err = {0};
	static int file = -1;
	uint8_t changes;
	int r;

	if (file < 0) {
		file = memfd_create("program", MFD_CLOEXEC);
		must(file >= 0 && !ftruncate(file, FILE_SIZE));
		make_good(&good);
	}
	changes = in_word(&in, 1);
	raw = in_word(&in, 1) & 1;
	loaded = good;
	while (changes--) {
		uint64_t at = in_word(&in, 3) % sizeof(loaded);

		((uint8_t *)&loaded)[at] = in_word(&in, 1);
	}
	input = in;
	r = golin_imgproc_open(file, "input", GOLIN_LAYOUT_AUTO, &p, &err);
	if (r) {
		must(err.code == r && err.msg[0] && golin_text_is_clean(err.msg, strlen(err.msg)));
		must(golin_text_is_clean(err.hint, strlen(err.hint)));
	} else {
		ask(p);
		golin_imgproc_close(p);
	}
	if (server_end >= 0)
		close(server_end);
	server_end = -1;
	return 0;
}

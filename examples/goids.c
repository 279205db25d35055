/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Prints the goid of each goroutine that calls FUNCTION in process PID, until SIGINT.
 *
 *	clang -g -O2 -target bpf -idirafter /usr/include/$(gcc -print-multiarch) -c goids.bpf.c
 *	bpftool gen skeleton goids.bpf.o name goids > goids.skel.h
 *	cc -o goids goids.c $(pkg-config --cflags --libs golin-offsets libbpf)
 *	./goids PID main.handle
 */
#include <errno.h>
#include <fcntl.h>
#include <golin/offsets.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "goids.h"
#include "goids.skel.h"

static volatile sig_atomic_t over;

static void stop(int sig)
{
	(void)sig;
	over = 1;
}

/* Everything that the BPF program has to know of this very program, and where to put it. */
static int look(const char *exe, const char *function, struct offsets *ret_at,
		uint64_t *ret_file_off, struct golin_err *err)
{
	struct golin_site_want want = {.kind = GOLIN_SITE_PROLOGUE};
	struct golin_layout *layout = golin_layout_new();
	struct golin_image *img = NULL;
	struct golin_field goid;
	struct golin_site site;
	int fd = open(exe, O_RDONLY | O_CLOEXEC), r = 0;

	if (fd < 0 || !layout)
		r = golin_err_set(err, -errno, "cannot open '%s'", exe);
	if (!r)
		r = golin_image_open(fd, &img, err);
	if (!r)
		r = golin_image_layout(img, GOLIN_LAYOUT_AUTO, layout, err);
	if (!r && (r = golin_layout_field(layout, "runtime.g", "goid", &goid)))
		golin_err_set(err, r, "no runtime.g.goid");
	if (!r) {
		snprintf(want.func, sizeof(want.func), "%s", function);
		if ((r = golin_image_site(img, &want, &site)))
			golin_err_set(err, r, "%s: %s", function, site.why);
		else if (site.g_reg != 14 && site.g_reg != 1)
			r = golin_err_set(err, -EOPNOTSUPP, "%s: g is in no register", function);
	}
	if (!r) {
		ret_at->goid = goid.offset;
		ret_at->drop_flags = site.drop_flags;
		ret_at->g_reg = site.g_reg;
		*ret_file_off = site.file_off;
	}
	golin_image_close(img);
	golin_layout_free(layout);
	if (fd >= 0)
		close(fd);
	return r;
}

static int print_goid(void *arg, void *data, size_t len)
{
	uint64_t goid;

	(void)arg;
	if (len >= sizeof(goid)) {
		memcpy(&goid, data, sizeof(goid));
		printf("%" PRIu64 "\n", goid);
	}
	return 0;
}

int main(int argc, char **argv)
{
	LIBBPF_OPTS(bpf_uprobe_opts, opts);
	struct goids *bpf = NULL;
	struct ring_buffer *ring = NULL;
	struct golin_err err = {0};
	struct offsets at;
	uint64_t file_off;
	char exe[64];
	pid_t pid;

	if (argc != 3 || (pid = atoi(argv[1])) <= 0) {
		fprintf(stderr, "usage: goids PID FUNCTION\n");
		return 2;
	}
	snprintf(exe, sizeof(exe), "/proc/%d/exe", pid);
	if (look(exe, argv[2], &at, &file_off, &err)) {
		fprintf(stderr, "goids: %s\n", err.msg);
		return 1;
	}
	signal(SIGINT, stop);
	bpf = goids__open();
	if (bpf)
		memcpy((void *)&bpf->rodata->at, &at, sizeof(at));
	/* The file offset is known: libbpf need not look into the foreign file. */
	if (!bpf || goids__load(bpf) ||
	    !(bpf->links.on_call = bpf_program__attach_uprobe_opts(bpf->progs.on_call, pid, exe,
								   file_off, &opts)) ||
	    !(ring = ring_buffer__new(bpf_map__fd(bpf->maps.events), print_goid, NULL, NULL))) {
		fprintf(stderr, "goids: %s\n", strerror(errno));
		goids__destroy(bpf);
		return 1;
	}
	fprintf(stderr, "attached\n");
	while (!over)
		ring_buffer__poll(ring, 100);
	ring_buffer__consume(ring);
	ring_buffer__free(ring);
	goids__destroy(bpf);
	return 0;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What golin makes of values in the memory of a process that stands still:
 *
 *	valuecat PID
 *
 * For each line "TYPE DATA", the hexadecimal words of an interface, on stdin: lines
 * "GOTYPE<tab>TEXT<tab>FLAGS<tab>UP<tab>SIZE" of the value and of what it wraps, then one of what
 *the runtime would print, then an empty one.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/err.h"
#include "base/text.h"
#include "golin/probes.h"
#include "image_process.h"
#include "memory/mem.h"
#include "memory/values.h"

static void die(const char *what, const struct golin_err *err)
{
	fprintf(stderr, "valuecat: %s: %s\n", what, err ? err->msg : "");
	exit(3);
}

static int read_target(void *arg, uint64_t addr, void *buf, size_t len)
{
	return mem_read(*(const int *)arg, addr, buf, len);
}

static void put_one(const struct types *t, const struct value *v)
{
	char name[TYPE_NAME_MAX];

	types_name((struct types *)(uintptr_t)t, v->type, name, sizeof(name));
	if (!golin_text_is_clean(v->text, strlen(v->text)) ||
	    !golin_text_is_clean(name, strlen(name)) || strlen(v->text) > VALUE_TEXT)
		die("a text is not as it should be", NULL);
	printf("%s\t%s\t%u\t%u\t%" PRIu64 "\n", name, v->text, v->flags, v->up, v->size);
}

static void answer(const struct value_reader *r, uint64_t type, uint64_t data)
{
	struct value v[GOLIN_VALUES_MAX];
	size_t n = value_describe(r, type, data, v, GOLIN_VALUES_MAX);

	for (size_t i = 0; i < n; i++)
		put_one(r->types, &v[i]);
	value_printed(r, type, data, &v[0]);
	put_one(r->types, &v[0]);
	printf("\n");
	fflush(stdout);
}

int main(int argc, char **argv)
{
	struct golin_memory m = {0};
	struct value_reader r = {.read = read_target, .arg = &m.mem_fd};
	struct golin_err err = {0};
	struct golin_imgproc *p;
	struct golin_target t;
	uint64_t type, data;
	struct types types;

	if (argc != 2)
		return 2;
	if (golin_target_open((pid_t)atoi(argv[1]), &t, &err) < 0 ||
	    golin_imgproc_open(t.exe_fd, t.exe, GOLIN_LAYOUT_AUTO, &p, &err) < 0)
		die("open", &err);
	m = (struct golin_memory){
		.mem_fd = t.mem_fd,
		.exe_fd = t.exe_fd,
		.info = golin_imgproc_info(p),
		.layout = golin_imgproc_layout(p),
	};
	if (golin_target_bias(&t, m.info, &m.bias, &err) < 0 || types_open(&types, &m, &err) < 0)
		die("types", &err);
	r.types = &types;
	while (scanf("%" SCNx64 " %" SCNx64, &type, &data) == 2)
		answer(&r, type, data);
	types_done(&types);
	golin_imgproc_close(p);
	golin_target_close(&t);
	return 0;
}

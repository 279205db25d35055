/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What golin makes of a value and its types, when the program's memory may be anything: the input
 *is that memory, from MEMORY on.
 *
 *	1 byte	Go's minor version, from 13 on; its highest bit: values are hidden
 *	2 bytes	where the value's type is, / 8
 *	2 bytes	its data word, / 8; 0xffff: the type's
 *	then the memory
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "base/text.h"
#include "fake_types.h"
#include "memory/values.h"

enum { MEMORY = 0x10000, MEMORY_MAX = 0x80000, READS_MAX = 20000 };

static const uint8_t *memory;
static size_t memory_len;
static unsigned reads;

static void must(bool ok)
{
	if (!ok)
		abort();
}

static int read_input(void *arg, uint64_t addr, void *buf, size_t len)
{
	(void)arg;
	must(++reads <= READS_MAX);
	if (addr < MEMORY || addr - MEMORY > memory_len || len > memory_len - (addr - MEMORY))
		return -EFAULT;
	memcpy(buf, memory + (addr - MEMORY), len);
	return 0;
}

static void must_be_value(const struct value *v)
{
	must(strlen(v->text) <= VALUE_TEXT);
	must(golin_text_is_clean(v->text, strlen(v->text)));
	must(v->flags & GOLIN_VALUE_TEXT || !*v->text);
	must(!(v->flags & GOLIN_VALUE_HIDDEN) || !*v->text);
	must(!v->size || v->flags & GOLIN_VALUE_CUT);
}

static void look(struct types *t, bool hide, uint64_t type, uint64_t data)
{
	const struct value_reader r = {.read = read_input, .types = t, .hide = hide};
	static struct value v[GOLIN_VALUES_MAX];
	char name[TYPE_NAME_MAX];
	size_t n, len;

	reads = 0;
	n = value_describe(&r, type, data, v, GOLIN_VALUES_MAX);
	must(n >= 1 && n <= GOLIN_VALUES_MAX);
	must(v[0].type == type && v[0].data == data);
	for (size_t i = 0; i < n; i++) {
		must_be_value(&v[i]);
		must(!i || v[i].up < i);
	}
	reads = 0;
	value_printed(&r, type, data, v);
	must_be_value(v);
	len = types_name(t, type, name, sizeof(name));
	must(len == strlen(name) && golin_text_is_clean(name, len));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct golin_layout layout;
	struct golin_image_info info = {.types = MEMORY};
	struct golin_memory m = {.info = &info, .layout = &layout};
	struct golin_err err;
	struct types t;
	uint64_t at[2];

	if (size < 5 || size > MEMORY_MAX)
		return 0;
	memset(&layout, 0, sizeof(layout));
	fake_layout(&layout);
	info.go.minor = (uint8_t)(13 + (data[0] & 0x7f) % 15);
	memory = data + 5;
	memory_len = size - 5;
	info.etypes = MEMORY + memory_len;
	at[0] = MEMORY + 8 * ((uint64_t)data[1] | (uint64_t)data[2] << 8);
	at[1] = MEMORY + 8 * ((uint64_t)data[3] | (uint64_t)data[4] << 8);
	if (data[3] == 0xff && data[4] == 0xff)
		at[1] = at[0];
	m.mem_fd = memfd_create("fuzz", MFD_CLOEXEC);
	must(m.mem_fd >= 0);
	must(pwrite(m.mem_fd, memory, memory_len, MEMORY) == (ssize_t)memory_len);
	if (memory_len && !types_open(&t, &m, &err)) {
		look(&t, data[0] & 0x80, at[0], at[1]);
		look(&t, data[0] & 0x80, at[0], 0);
		types_done(&t);
	}
	close(m.mem_fd);
	return 0;
}

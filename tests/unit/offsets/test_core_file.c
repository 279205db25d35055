/* SPDX-License-Identifier: BSD-2-Clause */
/* Core files made here: what they tell of their program, and what damaged ones do. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/err.h"
#include "core_file.h"
#include "elfbuild.h"
#include "golin/offsets.h"

enum { PAGE = 4096, LOAD = 0x400000, STACK = 0x7ff000 };

struct bytes {
	uint8_t v[4096];
	size_t len;
};

static void put(struct bytes *b, const struct elfb *e, size_t width, uint64_t v)
{
	elfb_put(e, b->v + b->len, width, v);
	b->len += width;
}

static void put_note(struct bytes *b, const struct elfb *e, uint32_t type, const char *owner,
		     const struct bytes *desc)
{
	put(b, e, 4, strlen(owner) + 1);
	put(b, e, 4, desc->len);
	put(b, e, 4, type);
	memcpy(b->v + b->len, owner, strlen(owner) + 1);
	b->len += (strlen(owner) + 4) & ~3ull;
	memcpy(b->v + b->len, desc->v, desc->len);
	b->len += (desc->len + 3) & ~3ull;
}

/* The program's first page: its headers and its ids. */
static size_t make_page(const struct elfb *like, const char *go_id, const char *gnu_id,
			const char *behind, uint8_t *page)
{
	struct elfb e = {.is32 = like->is32, .big_endian = like->big_endian};
	static struct bytes notes, more, desc;
	uint8_t *file;
	size_t len;
	int s;

	notes.len = 0;
	if (go_id) {
		desc.len = strlen(go_id);
		memcpy(desc.v, go_id, desc.len);
		put_note(&notes, &e, 4, "Go", &desc);
	}
	if (gnu_id) {
		desc.len = strlen(gnu_id);
		memcpy(desc.v, gnu_id, desc.len);
		put_note(&notes, &e, NT_GNU_BUILD_ID, "GNU", &desc);
	}
	s = elfb_section(&e, ".note", SHT_NOTE, 0, LOAD + 0x200, notes.v, notes.len);
	elfb_segment(&e, PT_NOTE, PF_R, s);
	if (behind) {
		more.len = 0;
		desc.len = strlen(behind);
		memcpy(desc.v, behind, desc.len);
		put_note(&more, &e, NT_GNU_BUILD_ID, "GNU", &desc);
		elfb_section(&e, ".note.gnu", SHT_PROGBITS, 0, LOAD + 0x400, more.v, more.len);
	}
	elfb_segment(&e, PT_LOAD, PF_R | PF_X, s);
	e.segments[1].extra = 0x1000;
	file = elfb_build(&e, &len);
	assert_true(len <= PAGE);
	memcpy(page, file, len);
	free(file);
	return len;
}

struct want {
	bool is32, big_endian, no_files, no_page, no_auxv;
	const char *go_id, *gnu_id, *gnu_behind, *path; /* behind: not in the note segment */
};

/* A core of a program at LOAD. */
static uint8_t *make_core(const struct want *w, size_t *ret_len)
{
	struct elfb e = {.is32 = w->is32, .big_endian = w->big_endian, .type = ET_CORE};
	size_t word = w->is32 ? 4 : 8;
	static uint8_t page[PAGE];
	static struct bytes notes, desc, stack;
	int s;

	memset(&notes, 0, sizeof(notes));
	memset(page, 0, sizeof(page));
	memset(&desc, 0, sizeof(desc));
	desc.len = w->is32 ? 124 : 136;
	elfb_put(&e, desc.v + (w->is32 ? 12 : 24), 4, 4711);
	memcpy(desc.v + (w->is32 ? 28 : 40), "se\033rver", 8);
	put_note(&notes, &e, NT_PRPSINFO, "CORE", &desc);
	desc.len = 0;
	if (!w->no_auxv)
		put(&desc, &e, word, AT_PHDR), put(&desc, &e, word, LOAD + 64);
	put(&desc, &e, word, AT_EXECFN), put(&desc, &e, word, STACK + 16);
	put(&desc, &e, word, AT_NULL), put(&desc, &e, word, 0);
	put_note(&notes, &e, NT_AUXV, "CORE", &desc);
	desc.len = 0;
	put(&desc, &e, word, 2), put(&desc, &e, word, 4096);
	put(&desc, &e, word, 0x100000), put(&desc, &e, word, 0x200000), put(&desc, &e, word, 0);
	put(&desc, &e, word, LOAD), put(&desc, &e, word, LOAD + 0x10000), put(&desc, &e, word, 0);
	memcpy(desc.v + desc.len, "/lib/x.so", 10);
	desc.len += 10;
	memcpy(desc.v + desc.len, w->path, strlen(w->path) + 1);
	desc.len += strlen(w->path) + 1;
	if (!w->no_files)
		put_note(&notes, &e, NT_FILE, "CORE", &desc);
	memset(&stack, 0, sizeof(stack));
	strcpy((char *)stack.v + 16, "./execfn");
	stack.len = 64;
	make_page(&e, w->go_id, w->gnu_id, w->gnu_behind, page);
	s = elfb_section(&e, "notes", SHT_NOTE, 0, 0, notes.v, notes.len);
	elfb_segment(&e, PT_NOTE, 0, s);
	if (!w->no_page) {
		s = elfb_section(&e, "page", SHT_PROGBITS, SHF_ALLOC, LOAD, page, PAGE);
		elfb_segment(&e, PT_LOAD, PF_R, s);
	}
	s = elfb_section(&e, "stack", SHT_PROGBITS, SHF_ALLOC, STACK, stack.v, stack.len);
	elfb_segment(&e, PT_LOAD, PF_R | PF_W, s);
	return elfb_build(&e, ret_len);
}

static int read_bytes(const uint8_t *core, size_t len, struct golin_core_info *ret,
		      struct golin_err *err)
{
	int fd = elfb_fd(core, len), r;

	memset(err, 0, sizeof(*err));
	r = golin_core_read(fd, "the core", ret, err);
	close(fd);
	return r;
}

static void read_core(const struct want *w, struct golin_core_info *ret)
{
	struct golin_err err;
	size_t len;
	uint8_t *core = make_core(w, &len);

	if (read_bytes(core, len, ret, &err))
		fail_msg("%s", err.msg);
	free(core);
}

static void test_tells(void **state)
{
	static const struct want machines[] = {
		{.path = "/srv/api", .go_id = "abc/def"},
		{.path = "/srv/api", .go_id = "abc/def", .is32 = true},
		{.path = "/srv/api", .go_id = "abc/def", .big_endian = true},
		{.path = "/srv/api", .go_id = "abc/def", .is32 = true, .big_endian = true},
	};

	for (size_t i = 0; i < 4; i++) {
		struct golin_core_info c;

		read_core(&machines[i], &c);
		assert_string_equal(c.path, "/srv/api");
		assert_string_equal(c.comm, "se\\x1brver"); /* clean */
		assert_int_equal(c.pid, 4711);
		assert_true(c.has_page);
		assert_int_equal(c.is64, !machines[i].is32);
		assert_string_equal(c.go_id, "abc/def");
		assert_string_equal(c.build_id, "");
		assert_int_equal(c.nsegments, 1);
		assert_int_equal(c.segments[0].vaddr, LOAD + 0x200);
	}
}

static void test_gnu_id(void **state)
{
	struct golin_core_info c;

	read_core(&(struct want){.path = "/x", .go_id = "go", .gnu_id = "\x01\xfe\x20"}, &c);
	assert_string_equal(c.build_id, "01fe20");
	assert_string_equal(c.go_id, "go");
	read_core(&(struct want){.path = "/x", .go_id = "go", .gnu_behind = "\x01\x02 abcdef"}, &c);
	assert_string_equal(c.build_id, "010220616263646566");
}

/* Without a list of files, the name by which it was executed; without either, none. */
static void test_less(void **state)
{
	struct golin_core_info c;

	read_core(&(struct want){.path = "/srv/api", .no_files = true}, &c);
	assert_string_equal(c.path, "./execfn");
	read_core(&(struct want){.path = "/srv/api", .no_page = true}, &c);
	assert_string_equal(c.path, "/srv/api");
	assert_false(c.has_page);
	read_core(&(struct want){.path = "/srv/api", .no_auxv = true}, &c);
	assert_string_equal(c.path, "./execfn");
	assert_false(c.has_page);
}

static void test_probe(void **state)
{
	size_t len;
	uint8_t *core = make_core(&(struct want){.path = "/x", .big_endian = true}, &len);
	int fd = elfb_fd(core, len);

	assert_true(golin_core_probe(fd));
	close(fd);
	core[17] = ET_EXEC;
	fd = elfb_fd(core, len);
	assert_false(golin_core_probe(fd));
	close(fd);
	fd = elfb_fd("\177ELF", 4);
	assert_false(golin_core_probe(fd));
	close(fd);
	free(core);
}

/* Is it this program? */
static void test_matches(void **state)
{
	struct golin_core_info core = {.has_page = 1, .go_id = "abc", .nsegments = 1};
	struct golin_image_info info = {.build_id = "abc", .nsegments = 1};
	struct golin_err err = {0};
	bool sure = false;

	core.segments[0].vaddr = info.segments[0].vaddr = LOAD;
	core.segments[0].mem_size = info.segments[0].mem_size = 77;
	assert_int_equal(golin_core_matches(&core, &info, &sure, &err), 0);
	assert_true(sure);
	strcpy(info.build_id, "abd");
	assert_int_equal(golin_core_matches(&core, &info, &sure, &err), -EBADMSG);
	assert_string_equal(err.msg, "it is not the program of the core file: Go build id 'abc' "
				     "there, 'abd' here");
	/* A GNU one decides where both have one. */
	strcpy(core.build_id, "0102");
	info.flags = GOLIN_IMAGE_GNU_BUILD_ID;
	strcpy(info.build_id, "0103");
	assert_int_equal(golin_core_matches(&core, &info, &sure, &err), -EBADMSG);
	assert_string_equal(err.msg, "it is not the program of the core file: build id '0102' "
				     "there, '0103' here");
	strcpy(info.build_id, "0102");
	assert_int_equal(golin_core_matches(&core, &info, &sure, &err), 0);
	assert_true(sure);
	/* The id decides: objcopy may have laid the segments out anew. */
	info.segments[0].mem_size++;
	assert_int_equal(golin_core_matches(&core, &info, &sure, &err), 0);
	info.segments[0].mem_size--;
	*core.build_id = '\0';
	assert_int_equal(golin_core_matches(&core, &info, &sure, &err), 0);
	assert_false(sure);
	/* No id at all: the segments have to do, and are no proof. */
	*core.build_id = *core.go_id = *info.build_id = '\0';
	info.flags = 0;
	assert_int_equal(golin_core_matches(&core, &info, &sure, &err), 0);
	assert_false(sure);
	info.segments[0].mem_size++;
	assert_int_equal(golin_core_matches(&core, &info, &sure, &err), -EBADMSG);
	info.nsegments = 2;
	assert_int_equal(golin_core_matches(&core, &info, &sure, &err), -EBADMSG);
	core.has_page = 0;
	assert_int_equal(golin_core_matches(&core, &info, &sure, &err), 0);
	assert_false(sure);
}

/* Told or refused; that the reader died over it is no refusal. */
static void check_answer(int r, const struct golin_err *err)
{
	assert_true(r == 0 || (r == -EBADMSG && *err->msg));
	if (r && strstr(err->msg, "the process that reads"))
		fail_msg("%s", err->msg);
}

/* Cut anywhere and with any word changed: an answer or a clear error, never more. */
static void test_damaged(void **state)
{
	static const uint64_t words[] = {0, 1, 0x7fffffff, 0xffffffff, 0xfffffffffffffff0};
	unsigned int told = 0, refused = 0;
	struct golin_core_info c;
	struct golin_err err;
	size_t len;
	uint8_t *core = make_core(&(struct want){.path = "/srv/api", .go_id = "abc"}, &len), *copy;

	copy = malloc(len);
	for (size_t n = 0; n < len; n += n < 1200 ? 13 : 397) {
		int r = read_bytes(core, n, &c, &err);

		check_answer(r, &err);
		told += !r;
		refused += r != 0;
	}
	for (size_t at = 16; at + 8 <= 1200; at += 4) {
		int r;

		memcpy(copy, core, len);
		memcpy(copy + at, &words[at / 4 % 5], at % 8 ? 4 : 8);
		r = read_bytes(copy, len, &c, &err);
		check_answer(r, &err);
		told += !r;
		refused += r != 0;
	}
	/* Both happened, or this tests nothing. */
	assert_true(told > 20 && refused > 5);
	free(copy);
	free(core);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tells),	cmocka_unit_test(test_gnu_id),
		cmocka_unit_test(test_less),	cmocka_unit_test(test_probe),
		cmocka_unit_test(test_matches), cmocka_unit_test(test_damaged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

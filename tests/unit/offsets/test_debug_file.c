/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * .debug files: which are found where, which belong to a program, and what becomes of those that do
 * not. The program is a small ELF file with the build information of Go 1.26, the debug file one
 * with DWARF that has all that is required.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <dwarf.h>
#include <elf.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#include "base/err.h"
#include "debug_file.h"
#include "elfbuild.h"
#include "image_process.h"
#include "image_wire.h"

static char dir[] = "/tmp/golin-debug-XXXXXX";

/* ---- notes, links ---- */

struct bytes {
	uint8_t v[1 << 16];
	size_t len;
};

static void add(struct bytes *b, const void *p, size_t len)
{
	assert_true(b->len + len <= sizeof(b->v));
	memcpy(b->v + b->len, p, len);
	b->len += len;
}

static void add_int(const struct elfb *e, struct bytes *b, size_t width, uint64_t v)
{
	uint8_t tmp[8];

	elfb_put(e, tmp, width, v);
	add(b, tmp, width);
}

static void add_text(struct bytes *b, const char *s)
{
	add(b, s, strlen(s) + 1);
}

static void add_note(const struct elfb *e, struct bytes *b, const char *owner, uint32_t type,
		     const void *desc, size_t len)
{
	add_int(e, b, 4, 4);
	add_int(e, b, 4, len);
	add_int(e, b, 4, type);
	add(b, owner, 4);
	add(b, desc, len);
	while (b->len % 4)
		add(b, "", 1);
}

/* What ties the two together. */
struct ties {
	const char *gnu_id; /* bytes; NULL: none */
	const char *go_id;
	const char *link; /* .gnu_debuglink; NULL: none */
	uint32_t crc;
	bool is32, big_endian;
};

static void add_ties(struct elfb *e, const struct ties *t, struct bytes *gnu, struct bytes *go,
		     struct bytes *link)
{
	gnu->len = go->len = link->len = 0;
	if (t->gnu_id) {
		add_note(e, gnu, "GNU", NT_GNU_BUILD_ID, t->gnu_id, strlen(t->gnu_id));
		elfb_section(e, ".note.gnu.build-id", SHT_NOTE, SHF_ALLOC, 0, gnu->v, gnu->len);
	}
	if (t->go_id) {
		add_note(e, go, "Go\0", 4, t->go_id, strlen(t->go_id));
		elfb_section(e, ".note.go.buildid", SHT_NOTE, SHF_ALLOC, 0, go->v, go->len);
	}
	if (!t->link)
		return;
	add_text(link, t->link);
	while (link->len % 4)
		add(link, "", 1);
	add_int(e, link, 4, t->crc);
	elfb_section(e, ".gnu_debuglink", SHT_PROGBITS, 0, 0, link->v, link->len);
}

/* ---- the two files ---- */

/* A program of Go 1.26.8 without symbols, code and DWARF. */
static void write_program(const char *path, const struct ties *t)
{
	static struct bytes info, gnu, go, link;
	struct elfb e = {.is32 = t->is32, .big_endian = t->big_endian};
	size_t len;
	uint8_t *file;
	FILE *f;

	if (t->big_endian)
		e.machine = EM_S390;
	info.len = 0;
	add(&info, "\xff Go buildinf:", 14);
	add(&info, "\x08\x02", 2);
	add(&info, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 16);
	add(&info, "\x08go1.26.8\0", 10);
	elfb_section(&e, ".go.buildinfo", SHT_PROGBITS, SHF_ALLOC | SHF_WRITE, 0x500000, info.v,
		     info.len);
	elfb_segment(&e, PT_LOAD, PF_R | PF_W, 1);
	add_ties(&e, t, &gnu, &go, &link);
	file = elfb_build(&e, &len);
	f = fopen(path, "w");
	assert_non_null(f);
	assert_int_equal(fwrite(file, 1, len, f), len);
	fclose(f);
	free(file);
}

static void put_die_name(struct bytes *b, int code, const char *name)
{
	uint8_t c = code;

	add(b, &c, 1);
	add_text(b, name);
}

/* Every struct of layout.def with every member, each 8 bytes behind the one before. */
static void make_info(const struct elfb *e, struct bytes *b)
{
	enum { BASE_AT = 7 + 4 + 1 + 8 + 1 };
	size_t start = b->len;

	add_int(e, b, 4, 0);
	add_int(e, b, 2, 4);
	add_int(e, b, 4, 0);
	add_int(e, b, 1, e->is32 ? 4 : 8);
	put_die_name(b, 1, "runtime");
	add_int(e, b, 1, DW_LANG_Go);
	assert_int_equal(b->len, BASE_AT);
	put_die_name(b, 4, "uint64");
	for (int s = 0; s < GOLIN_S_MAX; s++) {
		enum golin_field_id end, f = golin_struct_fields(s, &end);

		put_die_name(b, 2, golin_struct_name(s));
		add_int(e, b, 4, (uint64_t)8 * (end - f));
		for (int i = 0; f < end; f++, i++) {
			put_die_name(b, 3, golin_field_name(f));
			add_int(e, b, 4, (uint64_t)8 * i);
			add_int(e, b, 4, BASE_AT);
		}
		add_int(e, b, 1, 0);
	}
	add_int(e, b, 1, 0);
	elfb_put(e, b->v + start, 4, b->len - start - 4);
}

enum kind { GOOD, NO_DWARF, NO_TYPES, CORRUPT };

static uint8_t *build_debug(const struct ties *t, enum kind kind, size_t *ret_len)
{
	static const uint8_t abbrevs[] = {1,
					  DW_TAG_compile_unit,
					  1,
					  DW_AT_name,
					  DW_FORM_string,
					  DW_AT_language,
					  DW_FORM_data1,
					  0,
					  0,
					  2,
					  DW_TAG_structure_type,
					  1,
					  DW_AT_name,
					  DW_FORM_string,
					  DW_AT_byte_size,
					  DW_FORM_data4,
					  0,
					  0,
					  3,
					  DW_TAG_member,
					  0,
					  DW_AT_name,
					  DW_FORM_string,
					  DW_AT_data_member_location,
					  DW_FORM_data4,
					  DW_AT_type,
					  DW_FORM_ref_addr,
					  0,
					  0,
					  4,
					  DW_TAG_base_type,
					  0,
					  DW_AT_name,
					  DW_FORM_string,
					  0,
					  0,
					  0};
	static const uint8_t sized[] = {1,
					DW_TAG_compile_unit,
					1,
					DW_AT_name,
					DW_FORM_string,
					DW_AT_language,
					DW_FORM_data1,
					0,
					0,
					2,
					DW_TAG_structure_type,
					1,
					DW_AT_name,
					DW_FORM_string,
					DW_AT_byte_size,
					DW_FORM_data4,
					0,
					0,
					3,
					DW_TAG_member,
					0,
					DW_AT_name,
					DW_FORM_string,
					DW_AT_data_member_location,
					DW_FORM_data4,
					DW_AT_type,
					DW_FORM_ref_addr,
					0,
					0,
					4,
					DW_TAG_base_type,
					0,
					DW_AT_name,
					DW_FORM_string,
					DW_AT_byte_size,
					DW_FORM_implicit_const,
					8,
					0,
					0,
					0};
	static struct bytes info, gnu, go, link;
	struct elfb e = {.is32 = t->is32, .big_endian = t->big_endian};

	if (t->big_endian)
		e.machine = EM_S390;
	info.len = 0;
	make_info(&e, &info);
	if (kind == NO_TYPES)
		info.v[12] = 'x'; /* of "runtime" */
	elfb_section(&e, ".text", SHT_NOBITS, SHF_ALLOC | SHF_EXECINSTR, 0x400000, NULL, 1 << 20);
	if (kind != NO_DWARF) {
		elfb_section(&e, ".debug_abbrev", SHT_PROGBITS, 0, 0,
			     kind == CORRUPT ? abbrevs : sized,
			     kind == CORRUPT ? sizeof(abbrevs) : sizeof(sized));
		elfb_section(&e, ".debug_info", SHT_PROGBITS, 0, 0, info.v, info.len);
	}
	/* As eu-strip leaves it: segments of the program, of which nothing is here. */
	elfb_segment(&e, PT_LOAD, PF_R | PF_X, 1);
	add_ties(&e, t, &gnu, &go, &link);
	return elfb_build(&e, ret_len);
}

/* Returns its checksum. */
static uint32_t write_debug(const char *path, const struct ties *t, enum kind kind)
{
	size_t len;
	uint8_t *file = build_debug(t, kind, &len);
	uint32_t crc = crc32(0, file, len);
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_int_equal(fwrite(file, 1, len, f), len);
	fclose(f);
	free(file);
	return crc;
}

/* ---- places ---- */

static const char *in_dir(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

static const char *in_dir(const char *fmt, ...)
{
	static char ring[32][PATH_MAX];
	static unsigned int next;
	char *dst = ring[next++ % 32];
	int n = snprintf(dst, PATH_MAX, "%s/", dir);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(dst + n, PATH_MAX - n, fmt, ap);
	va_end(ap);
	return dst;
}

static void clean(void)
{
	char cmd[256];

	snprintf(cmd, sizeof(cmd), "rm -rf '%s' && mkdir -p '%s/.debug' '%s/lib/.build-id/61'", dir,
		 dir, dir);
	assert_int_equal(system(cmd), 0);
	snprintf(cmd, sizeof(cmd), "mkdir -p '%s/lib%s'", dir, dir);
	assert_int_equal(system(cmd), 0);
	setenv("GOLIN_DEBUG_DIR", in_dir("lib"), 1);
}

/* Opens the program, says from where its layout is. */
static struct golin_imgproc *open_program(enum golin_layout_choice choice, struct golin_err *err)
{
	struct golin_imgproc *p = NULL;
	int fd = open(in_dir("prog"), O_RDONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	memset(err, 0, sizeof(*err));
	(void)golin_imgproc_open(fd, "prog", choice, &p, err);
	close(fd);
	return p;
}

static void expect_found(const char *path)
{
	struct golin_err err;
	struct golin_imgproc *p = open_program(GOLIN_LAYOUT_AUTO, &err);

	assert_string_equal(err.msg, "");
	assert_non_null(p);
	assert_string_equal(golin_imgproc_debug_file(p), path);
	assert_int_equal(golin_imgproc_layout(p)->source, GOLIN_FROM_DWARF);
	assert_int_equal(golin_imgproc_layout(p)->fields[GOLIN_F_G_stackguard0].offset, 8);
	assert_int_equal(golin_imgproc_info(p)->dwarf_version, 4);
	assert_true(golin_imgproc_info(p)->flags & GOLIN_IMAGE_DWARF);
	golin_imgproc_close(p);
}

/* The table serves; note: why a file that was found is of no use, NULL: none was found. */
static void expect_table(const char *note)
{
	struct golin_err err;
	struct golin_imgproc *p = open_program(GOLIN_LAYOUT_AUTO, &err);

	assert_string_equal(err.msg, "");
	assert_non_null(p);
	assert_null(golin_imgproc_debug_file(p));
	assert_int_equal(golin_imgproc_layout(p)->source, GOLIN_FROM_TABLE);
	if (note)
		assert_string_equal(golin_imgproc_debug_note(p), note);
	else
		assert_null(golin_imgproc_debug_note(p));
	golin_imgproc_close(p);
}

/* ---- tests ---- */

static const struct ties same_id = {.gnu_id = "abcdefgh", .link = "prog.debug"};

static void finds_by_build_id(void **state)
{
	const char *path;

	clean();
	write_program(in_dir("prog"), &same_id);
	expect_table(NULL);
	path = in_dir("lib/.build-id/61/62636465666768.debug");
	write_debug(path, &same_id, GOOD);
	expect_found(path);
	/* A link to it is as good: distributions have such. */
	assert_int_equal(rename(path, in_dir("lib/elsewhere")), 0);
	assert_int_equal(symlink("../../elsewhere", path), 0);
	expect_found(path);
}

static void finds_by_link(void **state)
{
	static const char *const places[] = {"prog.debug", ".debug/prog.debug"};

	for (int i = 0; i < 2; i++) {
		const char *path = in_dir("%s", places[i]);

		clean();
		write_program(in_dir("prog"), &same_id);
		write_debug(path, &same_id, GOOD);
		expect_found(path);
		/* Beside a program anybody may have put a link to what only golin may read. */
		assert_int_equal(rename(path, in_dir("elsewhere")), 0);
		assert_int_equal(symlink(in_dir("elsewhere"), path), 0);
		expect_table(NULL);
	}
	clean();
	write_program(in_dir("prog"), &same_id);
	write_debug(in_dir("lib%s/prog.debug", dir), &same_id, GOOD);
	expect_found(in_dir("lib%s/prog.debug", dir));
}

/* The link's name leads out of the directory, or to what is no file; or is the program itself. */
static void refuses_places(void **state)
{
	struct ties t = same_id;

	clean();
	write_debug(in_dir("x.debug"), &t, GOOD);
	t.link = "../../x.debug";
	write_program(in_dir(".debug/../prog"), &t);
	expect_table(NULL);
	t.link = in_dir("x.debug");
	write_program(in_dir("prog"), &t);
	expect_table(NULL);
	t.link = "..";
	write_program(in_dir("prog"), &t);
	expect_table(NULL);
	t.link = "prog";
	write_program(in_dir("prog"), &t);
	expect_table(NULL);
	t.link = "fifo";
	write_program(in_dir("prog"), &t);
	assert_int_equal(mkfifo(in_dir("fifo"), 0600), 0);
	expect_table(NULL);
	t.link = ".debug";
	write_program(in_dir("prog"), &t);
	expect_table(NULL);
}

/* Same name, another program; the reason is told, the table serves. */
static void passes_over(void **state)
{
	static const struct {
		struct ties program, debug;
		enum kind kind;
		const char *why;
	} cases[] = {
		{{.gnu_id = "abcdefgh", .link = "d"},
		 {.gnu_id = "abcdefgX"},
		 GOOD,
		 "the debug file: it belongs to another program: its build id is not the same"},
		{{.gnu_id = "abcdefgh", .link = "d"},
		 {.gnu_id = "abcdefghi"},
		 GOOD,
		 "the debug file: it belongs to another program: its build id is not the same"},
		{{.go_id = "aa/bb", .link = "d"},
		 {.go_id = "aa/bc"},
		 GOOD,
		 "the debug file: it belongs to another program: its build id is not the same"},
		{{.gnu_id = "abcdefgh", .link = "d", .is32 = false},
		 {.gnu_id = "abcdefgh", .big_endian = true},
		 GOOD,
		 "the debug file: it is of another machine than the program"},
		{{.gnu_id = "abcdefgh", .link = "d"},
		 {.gnu_id = "abcdefgh"},
		 NO_DWARF,
		 "the debug file: it has no DWARF"},
		{{.gnu_id = "abcdefgh", .link = "d"},
		 {.gnu_id = "abcdefgh"},
		 NO_TYPES,
		 "it has no types of Go"},
		{{.gnu_id = "abcdefgh", .link = "d"},
		 {.gnu_id = "abcdefgh"},
		 CORRUPT,
		 "corrupt DWARF: a type has no size at 0x15 of .debug_info"},
	};
	char want[8192];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		clean();
		write_program(in_dir("prog"), &cases[i].program);
		write_debug(in_dir("d"), &cases[i].debug, cases[i].kind);
		snprintf(want, sizeof(want), "'%s' is not used: %s", in_dir("d"), cases[i].why);
		expect_table(want);
	}
	/* No ELF file at all; and behind it, one that is good. */
	clean();
	write_program(in_dir("prog"), &same_id);
	assert_int_equal(symlink("/etc/passwd", in_dir("lib/.build-id/61/62636465666768.debug")),
			 0);
	write_debug(in_dir(".debug/prog.debug"), &same_id, GOOD);
	expect_found(in_dir(".debug/prog.debug"));
}

/* Without build ids the checksum of .gnu_debuglink decides. */
static void compares_checksums(void **state)
{
	struct ties program = {.link = "d"}, debug = {0};
	char want[8192];

	clean();
	program.crc = write_debug(in_dir("d"), &debug, GOOD);
	write_program(in_dir("prog"), &program);
	expect_found(in_dir("d"));
	program.crc ^= 1;
	write_program(in_dir("prog"), &program);
	snprintf(want, sizeof(want),
		 "'%s' is not used: the debug file: it belongs to another program: its checksum is "
		 "%08x, .gnu_debuglink has %08x",
		 in_dir("d"), program.crc ^ 1, program.crc);
	expect_table(want);
}

/* The table alone is asked for: nothing is looked for. DWARF alone: nothing but it serves. */
static void heeds_choice(void **state)
{
	struct golin_err err;
	struct golin_imgproc *p;

	clean();
	write_program(in_dir("prog"), &same_id);
	write_debug(in_dir("prog.debug"), &same_id, GOOD);
	p = open_program(GOLIN_LAYOUT_ONLY_TABLE, &err);
	assert_non_null(p);
	assert_null(golin_imgproc_debug_file(p));
	assert_int_equal(golin_imgproc_layout(p)->source, GOLIN_FROM_TABLE);
	golin_imgproc_close(p);
	p = open_program(GOLIN_LAYOUT_ONLY_DWARF, &err);
	assert_non_null(p);
	assert_string_equal(golin_imgproc_debug_file(p), in_dir("prog.debug"));
	golin_imgproc_close(p);
	/* Why the one that is there does not serve is told with the error. */
	write_debug(in_dir("prog.debug"), &same_id, NO_TYPES);
	assert_null(open_program(GOLIN_LAYOUT_ONLY_DWARF, &err));
	assert_string_equal(err.msg, "'prog': no DWARF: no section .debug_info");
	assert_non_null(strstr(err.hint, "no types of Go in .debug_info"));
	unlink(in_dir("prog.debug"));
	assert_null(open_program(GOLIN_LAYOUT_ONLY_DWARF, &err));
	assert_int_equal(err.code, -ENODATA);
	assert_string_equal(err.msg, "'prog': no DWARF: no section .debug_info");
}

/* One that is given is an error when it is of no use. */
static void takes_given(void **state)
{
	static const struct ties other = {.gnu_id = "12345678"};
	static const struct {
		const struct ties *ties;
		enum kind kind;
		int code;
		const char *msg;
	} cases[] = {
		{&same_id, GOOD, 0, ""},
		{&other, GOOD, -EBADMSG,
		 "'prog': the debug file: it belongs to another program: its build id is not the "
		 "same"},
		{&same_id, NO_DWARF, -ENODATA, "'prog': the debug file: it has no DWARF"},
		{&same_id, NO_TYPES, -ENODATA, "'prog': no DWARF: no types of Go in .debug_info"},
		{&same_id, CORRUPT, -EBADMSG,
		 "'prog': corrupt DWARF: a type has no size at 0x15 of .debug_info"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct golin_err err = {0};
		struct golin_imgproc *p = NULL;
		int fd, debug;

		clean();
		write_program(in_dir("prog"), &same_id);
		write_debug(in_dir("given"), cases[i].ties, cases[i].kind);
		fd = open(in_dir("prog"), O_RDONLY | O_CLOEXEC);
		debug = open(in_dir("given"), O_RDONLY | O_CLOEXEC);
		assert_int_equal(
			golin_imgproc_open_debug(fd, debug, "prog", GOLIN_LAYOUT_AUTO, &p, &err),
			cases[i].code);
		assert_string_equal(err.msg, cases[i].msg);
		if (p)
			assert_int_equal(golin_imgproc_layout(p)->source, GOLIN_FROM_DWARF);
		golin_imgproc_close(p);
		close(fd);
		close(debug);
	}
}

/* A process that is killed is started again with both files. */
static void starts_again(void **state)
{
	const struct golin_site_want want = {.func = "main.main", .kind = GOLIN_SITE_ENTRY};
	struct golin_imgproc *p;
	struct golin_site site;
	struct golin_err err;

	clean();
	write_program(in_dir("prog"), &same_id);
	write_debug(in_dir("prog.debug"), &same_id, GOOD);
	p = open_program(GOLIN_LAYOUT_AUTO, &err);
	assert_non_null(p);
	for (int i = 0; i < 2; i++) {
		pid_t pid = imgproc_pid(p);

		kill(pid, SIGKILL);
		assert_int_equal(golin_imgproc_sites(p, &want, 1, &site, &err), 0);
		assert_int_not_equal(imgproc_pid(p), pid);
		assert_true(site.error < 0); /* it has no code */
	}
	assert_int_equal(golin_imgproc_layout(p)->source, GOLIN_FROM_DWARF);
	golin_imgproc_close(p);
}

/* debuginfod-find is asked when wanted, and never else. */
static void asks_debuginfod(void **state)
{
	struct golin_debug_search search = {.debuginfod = true};
	struct golin_err err = {0};
	struct golin_imgproc *p = NULL;
	char *path = strdup(getenv("PATH")), with[PATH_MAX];
	FILE *f;
	int fd;

	clean();
	write_program(in_dir("prog"), &same_id);
	write_debug(in_dir("cache"), &same_id, GOOD);
	f = fopen(in_dir("debuginfod-find"), "w");
	assert_non_null(f);
	fprintf(f, "#!/bin/sh\n[ \"$1 $2\" = 'debuginfo 6162636465666768' ] && echo '%s/cache'\n",
		dir);
	fclose(f);
	chmod(in_dir("debuginfod-find"), 0755);
	snprintf(with, sizeof(with), "%s:%s", dir, path);
	setenv("PATH", with, 1);
	expect_table(NULL);
	fd = open(in_dir("prog"), O_RDONLY | O_CLOEXEC);
	assert_int_equal(
		golin_imgproc_open_search(fd, &search, "prog", GOLIN_LAYOUT_AUTO, &p, &err), 0);
	assert_string_equal(golin_imgproc_debug_file(p), in_dir("cache"));
	golin_imgproc_close(p);
	/* It fails, and prints nonsense. */
	f = fopen(in_dir("debuginfod-find"), "w");
	assert_non_null(f);
	fprintf(f, "#!/bin/sh\nhead -c 100000 /dev/zero\n");
	fclose(f);
	assert_int_equal(
		golin_imgproc_open_search(fd, &search, "prog", GOLIN_LAYOUT_AUTO, &p, &err), 0);
	assert_null(golin_imgproc_debug_file(p));
	golin_imgproc_close(p);
	close(fd);
	setenv("PATH", path, 1);
	free(path);
}

/* Big-endian and 32-bit programs have such files as well. */
static void other_machines(void **state)
{
	for (int i = 0; i < 2; i++) {
		struct ties t = same_id;
		struct golin_imgproc *p = NULL;
		struct golin_err err = {0};

		t.big_endian = true;
		if (i)
			t.link = "prog.debug";
		clean();
		write_program(in_dir("prog"), &t);
		write_debug(in_dir("prog.debug"), &t, GOOD);
		p = open_program(GOLIN_LAYOUT_ONLY_DWARF, &err);
		assert_string_equal(err.msg, "");
		assert_string_equal(golin_imgproc_info(p)->arch, "s390x");
		assert_string_equal(golin_imgproc_debug_file(p), in_dir("prog.debug"));
		golin_imgproc_close(p);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_by_build_id),  cmocka_unit_test(finds_by_link),
		cmocka_unit_test(refuses_places),     cmocka_unit_test(passes_over),
		cmocka_unit_test(compares_checksums), cmocka_unit_test(heeds_choice),
		cmocka_unit_test(takes_given),	      cmocka_unit_test(starts_again),
		cmocka_unit_test(asks_debuginfod),    cmocka_unit_test(other_machines),
	};
	char cmd[64];
	int r;

	if (!mkdtemp(dir))
		return 1;
	r = cmocka_run_group_tests(tests, NULL, NULL);
	snprintf(cmd, sizeof(cmd), "rm -rf '%s'", dir);
	return system(cmd) ? 1 : r;
}

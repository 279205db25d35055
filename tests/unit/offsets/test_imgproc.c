/* SPDX-License-Identifier: BSD-2-Clause */
/* The image process: servers that lie, hang and die. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <elf.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>
#include "image_process.h"
#include "image_wire.h"
#include "layout.h"

static int self; /* any file: this program */

/* ---- servers ---- */

/* Reads a request's header and body. */
static bool request(int sock, struct wire_head *h)
{
	static uint8_t body[WIRE_MAX_REQUEST];

	return !wire_read(sock, h, sizeof(*h), 0) && h->len <= sizeof(body) &&
	       !wire_read(sock, body, h->len, 0);
}

static void answer(int sock, struct wire_head h, const void *body, size_t len)
{
	h.len = len;
	wire_write(sock, &h, sizeof(h), 0);
	wire_write(sock, body, len, 0);
}

static struct wire_loaded good(void)
{
	struct wire_loaded l = {0};

	strcpy(l.info.arch, "amd64");
	strcpy(l.info.go.text, "go1.26.8");
	strcpy(l.info.go.short_, "go1.26.8");
	l.info.go.minor = 26;
	l.info.nsegments = 2;
	l.info.segments[0] = (struct golin_segment){0, 0x400000, 0x1000, 0x1000, PF_R | PF_X, 0};
	l.info.segments[1] =
		(struct golin_segment){0x1000, 0x600000, 0x100, 0x2000, PF_R | PF_W, 0};
	l.info.text = 0x400100;
	l.info.etext = 0x400f00;
	l.info.allgs = 0x600200;
	l.info.tls_g = -8;
	l.info.pclntab = 0x400f00;
	l.info.moduledata = 0x601000;
	l.info.types = 0x400200;
	l.info.etypes = 0x400300;
	l.info.flags = GOLIN_IMAGE_GNU_BUILD_ID;
	strcpy(l.info.build_id, "00ff");
	strcpy(l.info.debuglink, "y.debug");
	l.has_info = true;
	l.layout.source = GOLIN_FROM_DWARF;
	return l;
}

/* What a lying server changes; set before the fork. */
static void (*spoil)(struct wire_loaded *l);
static struct golin_site lie;
static uint8_t names_body[4096];
static size_t names_len;
static uint32_t spoil_head;

/* Loads what good() says, spoiled; then answers sites with `lie`, names with names_body. */
static void liar(int sock, int file, volatile uint32_t *stage)
{
	struct wire_head h;

	while (request(sock, &h)) {
		if (h.type == WIRE_LOAD) {
			struct wire_loaded l = good();

			if (spoil)
				spoil(&l);
			if (spoil_head == 1)
				h.seq++;
			if (spoil_head == 2)
				h.type = WIRE_NAMES;
			if (spoil_head == 3)
				h.magic = 1;
			answer(sock, h, &l, spoil_head == 4 ? 8 : sizeof(l));
		} else if (h.type == WIRE_SITES) {
			answer(sock, h, &lie, sizeof(lie));
		} else {
			answer(sock, h, names_body, names_len);
		}
	}
	_exit(0);
}

static void hangs(int sock, int file, volatile uint32_t *stage)
{
	struct wire_head h;

	*stage = WIRE_STAGE_LAYOUT;
	request(sock, &h);
	for (;;)
		pause();
}

/* Loads well, then hangs over the first request. */
static void hangs_later(int sock, int file, volatile uint32_t *stage)
{
	struct wire_loaded l = good();
	struct wire_head h;

	if (request(sock, &h))
		answer(sock, h, &l, sizeof(l));
	*stage = WIRE_STAGE_NAMES;
	for (;;)
		pause();
}

static void dies(int sock, int file, volatile uint32_t *stage)
{
	struct wire_head h;

	*stage = WIRE_STAGE_LAYOUT;
	request(sock, &h);
	raise(SIGSEGV);
}

static void floods(int sock, int file, volatile uint32_t *stage)
{
	struct wire_head h;

	if (request(sock, &h)) {
		h.len = UINT32_MAX;
		wire_write(sock, &h, sizeof(h), 0);
	}
	_exit(0);
}

static int open_with(wire_server_fn server, struct golin_imgproc **p, struct golin_err *err)
{
	*err = (struct golin_err){0};
	return imgproc_open_with(server, self, "/x/y", GOLIN_LAYOUT_AUTO, p, err);
}

/* ---- tests with false servers ---- */

static void refuses(void (*how)(struct wire_loaded *), const char *why)
{
	struct golin_imgproc *p;
	struct golin_err err;
	char want[256];

	spoil = how;
	snprintf(want, sizeof(want),
		 "the image process gave an answer about '/x/y' that cannot be: %s", why);
	assert_int_equal(open_with(liar, &p, &err), -EBADMSG);
	assert_string_equal(err.msg, want);
	spoil = NULL;
}

#define SPOIL(name, code)                                                                          \
	static void name(struct wire_loaded *l)                                                    \
	{                                                                                          \
		code;                                                                              \
	}
SPOIL(many_segments, l->info.nsegments = 17)
SPOIL(segment_outside, l->info.segments[0].file_off = UINT64_MAX)
SPOIL(segment_wraps, l->info.segments[1].vaddr = UINT64_MAX - 8)
SPOIL(segment_larger, l->info.segments[1].mem_size = 1)
SPOIL(text_backward, l->info.text = l->info.etext + 1)
SPOIL(text_in_data, l->info.text = 0x600000; l->info.etext = 0x600010)
SPOIL(allgs_in_text, l->info.allgs = 0x400100)
SPOIL(allgs_at_end, l->info.allgs = 0x602000 - 16)
SPOIL(tls_positive, l->info.tls_g = 8)
SPOIL(tls_odd, l->info.tls_g = -9)
SPOIL(table_outside, l->info.pclntab = 0x401000 - 4)
SPOIL(module_in_text, l->info.moduledata = 0x400100)
SPOIL(mheap_in_text, l->info.mheap = 0x400100)
SPOIL(background_in_text, l->info.empty_contexts[1] = 0x400100)
SPOIL(types_backward, l->info.etypes = 0x400100)
SPOIL(types_outside, l->info.etypes = 0x500000)
SPOIL(dwarf_6, l->info.dwarf_version = 6)
SPOIL(flag_unknown, l->info.flags |= 1U << 31)
SPOIL(id_not_hex, strcpy(l->info.build_id, "../../x0"))
SPOIL(id_odd, strcpy(l->info.build_id, "00f"))
SPOIL(id_empty, l->info.build_id[0] = 0)
SPOIL(link_up, strcpy(l->info.debuglink, "../y.debug"))
SPOIL(link_dots, strcpy(l->info.debuglink, ".."))
SPOIL(info_flag, l->has_info = 2)
/* What is wrong is seen although there is an error, as files are looked for by it. */
SPOIL(link_with_error, strcpy(l->info.debuglink, "/etc/passwd"); l->err.code = -ENODATA;
      strcpy(l->err.msg, "x"))
SPOIL(source, l->layout.source = 9)
SPOIL(field_source, l->layout.fields[0].source = 7)
SPOIL(field_far, l->layout.fields[0].source = 1; l->layout.fields[0].offset = LAYOUT_MAX_STRUCT)
SPOIL(field_outside, l->layout.structs[0].source = 1; l->layout.structs[0].size = 16;
      l->layout.fields[0].source = 1; l->layout.fields[0].offset = 12; l->layout.fields[0].size = 8)
SPOIL(fields_overlap, l->layout.structs[0].source = 1; l->layout.structs[0].size = 16;
      l->layout.fields[0].source = 1; l->layout.fields[0].size = 8; l->layout.fields[1].source = 1;
      l->layout.fields[1].offset = 7; l->layout.fields[1].size = 8)
SPOIL(struct_large, l->layout.structs[0].source = 1;
      l->layout.structs[0].size = LAYOUT_MAX_STRUCT + 1)
SPOIL(error_positive, l->err.code = 5; strcpy(l->err.msg, "x"))
SPOIL(error_mute, l->err.code = -EBADMSG)
SPOIL(strings, memset(l->info.arch, 0x1b, sizeof(l->info.arch)); l->info.flags = 0;
      strcpy(l->info.build_id, "\x1b[31mred"); memset(l->info.go.text, 'g', 64);
      memset(l->layout.fields[0].type, 0xff, sizeof(l->layout.fields[0].type)))
SPOIL(error_text, l->err.code = -ENOEXEC; memset(l->err.msg, 7, sizeof(l->err.msg)))

static void checks_what_is_loaded(void **state)
{
	static const char wrong[] =
		"the image process gave an answer about '/x/y' that cannot be: ";
	struct golin_imgproc *p;
	struct golin_err err;

	refuses(many_segments, "too many segments");
	refuses(segment_outside, "a segment outside the file");
	refuses(segment_wraps, "a segment that wraps");
	refuses(segment_larger, "a segment that wraps");
	refuses(text_backward, "a text that ends before it begins");
	refuses(text_in_data, "a text outside the executable segments");
	refuses(allgs_in_text, "runtime.allgs outside the writable segments");
	refuses(allgs_at_end, "runtime.allgs outside the writable segments");
	refuses(tls_positive, "a TLS slot that is none");
	refuses(tls_odd, "a TLS slot that is none");
	refuses(table_outside, "a function table outside the file");
	refuses(module_in_text, "runtime.firstmoduledata outside the writable segments");
	refuses(mheap_in_text, "runtime.mheap_ outside the writable segments");
	refuses(background_in_text, "a variable of package context outside the writable segments");
	refuses(types_backward, "types that end before they begin");
	refuses(types_outside, "types outside the segments");
	refuses(dwarf_6, "a version of DWARF that is none");
	refuses(flag_unknown, "a flag that is none");
	refuses(id_not_hex, "a GNU build id that is none");
	refuses(id_odd, "a GNU build id that is none");
	refuses(id_empty, "a GNU build id that is none");
	refuses(link_up, "a debug file that is no plain name");
	refuses(link_dots, "a debug file that is no plain name");
	refuses(info_flag, "a flag that is none");
	refuses(link_with_error, "a debug file that is no plain name");
	refuses(source, "a layout from nowhere");
	refuses(field_source, "a field from nowhere");
	refuses(field_far, "a field beyond any struct");
	refuses(field_outside, "a field outside its struct");
	refuses(fields_overlap, "fields that lie on one another");
	refuses(struct_large, "a struct that is too large");
	refuses(error_positive, "an error that is none");
	refuses(error_mute, "an error without a text");
	for (spoil_head = 1; spoil_head <= 4; spoil_head++) {
		assert_int_equal(open_with(liar, &p, &err), -EBADMSG);
		assert_memory_equal(err.msg, wrong, sizeof(wrong) - 1);
	}
	spoil_head = 0;
	assert_int_equal(open_with(floods, &p, &err), -EBADMSG);
	assert_string_equal(err.msg + sizeof(wrong) - 1, "an answer of a wrong length");
}

static void cleans_strings(void **state)
{
	struct golin_imgproc *p;
	struct golin_err err;

	spoil = strings;
	assert_int_equal(open_with(liar, &p, &err), 0);
	assert_string_equal(golin_imgproc_info(p)->build_id, "\\x1b[31mred");
	assert_null(strchr(golin_imgproc_info(p)->arch, 0x1b));
	assert_true(strlen(golin_imgproc_info(p)->arch) < sizeof(golin_imgproc_info(p)->arch));
	assert_true(strlen(golin_imgproc_info(p)->go.text) < 64);
	assert_null(strchr(golin_imgproc_layout(p)->fields[0].type, 0xff));
	golin_imgproc_close(p);
	spoil = error_text;
	assert_int_equal(open_with(liar, &p, &err), -ENOEXEC);
	assert_memory_equal(err.msg, "'/x/y': \\x07\\x07", 16);
	spoil = NULL;
}

static void refuses_site(struct golin_imgproc *p, const char *why)
{
	const struct golin_site_want want = {.func = "f", .kind = GOLIN_SITE_ENTRY};
	struct golin_site s = {.error = 12345};
	struct golin_err err = {0};
	char text[256];

	snprintf(text, sizeof(text),
		 "the image process gave an answer about '/x/y' that cannot be: %s", why);
	assert_int_equal(golin_imgproc_sites(p, &want, 1, &s, &err), -EBADMSG);
	assert_string_equal(err.msg, text);
	/* Nothing of it was handed on. */
	assert_int_equal(s.error, 12345);
}

static void checks_sites(void **state)
{
	const struct golin_site ok = {.insn = GOLIN_INSN_PUSH,
				      .vaddr = 0x400210,
				      .file_off = 0x210,
				      .func_lo = 0x400200,
				      .func_hi = 0x400300};
	const struct golin_site_want want = {.func = "f", .kind = GOLIN_SITE_ENTRY};
	struct golin_imgproc *p;
	struct golin_site s;
	struct golin_err err;

	/* The server is forked anew for each, as it was killed for the lie before. */
	assert_int_equal(open_with(liar, &p, &err), 0);
	golin_imgproc_close(p);
	lie = ok;
	assert_int_equal(open_with(liar, &p, &err), 0);
	assert_int_equal(golin_imgproc_sites(p, &want, 1, &s, &err), 0);
	assert_memory_equal(&s, &ok, sizeof(s));
	golin_imgproc_close(p);

#define LIE(change, why)                                                                           \
	do {                                                                                       \
		lie = ok;                                                                          \
		change;                                                                            \
		assert_int_equal(open_with(liar, &p, &err), 0);                                    \
		refuses_site(p, why);                                                              \
		golin_imgproc_close(p);                                                            \
	} while (0)
	LIE(lie.error = 7, "an error that is none");
	LIE(lie.insn = 7, "a kind of instruction that is none");
	LIE(lie.drop_flags = 0x100, "flags that no branch tests");
	LIE(lie.base_reg = 16, "a register that is none");
	LIE(lie.g_reg = 0xfe, "a register that is none");
	LIE(lie.nop5_off = 0x1ff, "a nop outside its function");
	LIE(lie.nop5_off = 0x210, "a nop outside its function");
	LIE(lie.vaddr = 0x400300, "an instruction outside its function");
	LIE(lie.func_hi = 0x400f80, "a function outside the text");
	LIE(lie.file_off = 0x211, "an instruction at a wrong place in the file");
#undef LIE
}

static void refuses_defers(const struct golin_func_defers *d, uint64_t pc, const char *why)
{
	struct golin_func_defers got = {.lo = 12345};
	struct golin_imgproc *p;
	struct golin_err err = {0};
	char text[256];

	memcpy(names_body, d, sizeof(*d));
	names_len = sizeof(*d);
	assert_int_equal(open_with(liar, &p, &err), 0);
	if (!why) {
		assert_int_equal(golin_imgproc_defers(p, &pc, 1, &got, &err), 0);
		assert_memory_equal(&got, d, sizeof(got));
	} else {
		snprintf(text, sizeof(text),
			 "the image process gave an answer about '/x/y' that cannot be: %s", why);
		assert_int_equal(golin_imgproc_defers(p, &pc, 1, &got, &err), -EBADMSG);
		assert_string_equal(err.msg, text);
		assert_int_equal(got.lo, 12345); /* nothing of it was handed on */
	}
	golin_imgproc_close(p);
}

static void checks_defers(void **state)
{
	const struct golin_func_defers ok = {.lo = 0x400200, .hi = 0x400300, .open = 1, .n = 8};
	const struct golin_func_defers none = {0};
	struct golin_func_defers d;

	refuses_defers(&ok, 0x400280, NULL);
	refuses_defers(&none, 0x400280, NULL);
	refuses_defers(&none, UINT64_MAX, NULL);
	refuses_defers(&ok, 0x400300, "a function where the address is not");
	refuses_defers(&ok, 0x4001ff, "a function where the address is not");
	d = ok;
	d.hi = UINT64_MAX;
	refuses_defers(&d, 0x400280, "a function where the address is not");
	d = ok;
	d.n = 9;
	refuses_defers(&d, 0x400280, "defer statements of an unknown kind");
	d = ok;
	d.call = 3;
	refuses_defers(&d, 0x400280, "defer statements of an unknown kind");
	d = ok;
	d.at[7] = 0x100;
	refuses_defers(&d, 0x400280, "a defer statement outside its function");
	d = none;
	d.outermost = 1;
	refuses_defers(&d, 0x400280, "a function where the address is not");
}

static void checks_late_targets(void **state)
{
	static const struct {
		struct golin_late_target late;
		size_t len;
		int ret;
	} cases[] = {
		{{0x400200, 8, 0}, 16, 0},	     {{0x400200, 24, 40}, 16, 0},
		{{0x4000ff, 8, 0}, 16, -EBADMSG},    {{0x400f00, 8, 0}, 16, -EBADMSG},
		{{0x400200, 9, 0}, 16, -EBADMSG},    {{0x400200, 2048, 0}, 16, -EBADMSG},
		{{0x400200, 8, 8192}, 16, -EBADMSG}, {{0x400200, 8, 0}, 15, -EBADMSG},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct golin_late_target *all = NULL;
		struct golin_err err = {0};
		struct golin_imgproc *p;
		size_t n = 99;

		names_len = cases[i].len;
		memcpy(names_body, &cases[i].late, sizeof(cases[i].late));
		assert_int_equal(open_with(liar, &p, &err), 0);
		assert_int_equal(golin_imgproc_late(p, &all, &n, &err), cases[i].ret);
		if (cases[i].ret) {
			assert_string_equal(err.msg, "the image process gave an answer about "
						     "'/x/y' that cannot be: a wrapper that is "
						     "none");
			assert_null(all);
		} else {
			assert_int_equal(n, 1);
			assert_memory_equal(all, &cases[i].late, sizeof(*all));
		}
		free(all);
		golin_imgproc_close(p);
	}
}

static int seen;
static void count(void *arg, uint64_t pc, const struct golin_name_frame *frames, int n)
{
	seen += 1000 * n + 1;
	if (n && arg)
		memcpy(arg, frames, sizeof(*frames));
}

static void add(const void *data, size_t len)
{
	memcpy(names_body + names_len, data, len);
	names_len += len;
}

static void add_name(uint32_t n, struct wire_frame f, const char *func, const char *file)
{
	struct wire_name name = {n};

	add(&name, sizeof(name));
	add(&f, sizeof(f));
	add(func, strlen(func));
	add(file, strlen(file));
}

static void checks_names(void **state)
{
	static const char wrong[] = "the image process gave an answer about '/x/y' that cannot be: "
				    "names that are malformed";
	const uint64_t pcs[2] = {0x400200, 0x400300};
	static struct golin_name_frame got;
	struct golin_imgproc *p;
	struct golin_err err;
	const struct {
		uint32_t n;
		struct wire_frame f;
	} lies[] = {
		{33, {1, 0, 1, 1}},   {2, {1, 0, 1, 1}},     {1, {1, 4, 1, 1}},
		{1, {1, 0, 2000, 1}}, {1, {1, 0, 1, 60000}}, {1, {0x80000000, 0, 1, 1}},
		{1, {1, 0, 1, 0}},
	};

	names_len = 0;
	add_name(1, (struct wire_frame){3, 2, 4, 3}, "a\x1b[m", "f\n1");
	assert_int_equal(open_with(liar, &p, &err), 0);
	seen = 0;
	assert_int_equal(golin_imgproc_names(p, pcs, 1, count, &got, &err), 0);
	assert_int_equal(seen, 1001);
	assert_string_equal(got.func, "a\\x1b[m");
	assert_string_equal(got.file, "f\\n1");
	/* One answer each: the rest is asked again. */
	seen = 0;
	assert_int_equal(golin_imgproc_names(p, pcs, 2, count, NULL, &err), 0);
	assert_int_equal(seen, 2002);
	golin_imgproc_close(p);
	for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
		names_len = 0;
		add_name(lies[i].n, lies[i].f, "a", "b");
		assert_int_equal(open_with(liar, &p, &err), 0);
		seen = 0;
		assert_int_equal(golin_imgproc_names(p, pcs, 1, count, NULL, &err), -EBADMSG);
		assert_string_equal(err.msg, wrong);
		/* The callback still came once, or came before the lie was seen. */
		assert_true(seen == 1 || seen == 1001);
		golin_imgproc_close(p);
	}
	/* More than was asked for. */
	names_len = 0;
	add_name(1, (struct wire_frame){1, 0, 1, 1}, "a", "b");
	add_name(1, (struct wire_frame){1, 0, 1, 1}, "a", "b");
	assert_int_equal(open_with(liar, &p, &err), 0);
	assert_int_equal(golin_imgproc_names(p, pcs, 1, count, NULL, &err), -EBADMSG);
	golin_imgproc_close(p);
	names_len = 0;
}

static void survives_death(void **state)
{
	const uint64_t pcs[3] = {0x400200, 0x400300, 0x400400};
	struct golin_imgproc *p;
	struct golin_err err;
	uint64_t begin;

	assert_int_equal(open_with(dies, &p, &err), -EBADMSG);
	assert_string_equal(err.msg,
			    "the image process ended by SIGSEGV while reading the DWARF of "
			    "'/x/y'");
	assert_string_equal(err.hint, "the file is damaged or crafted, or this is a bug in golin");

	imgproc_set_deadlines(200, 200);
	begin = wire_now_ns();
	assert_int_equal(open_with(hangs, &p, &err), -EBADMSG);
	assert_string_equal(err.msg, "the image process gave no answer in 0.2 s while reading the "
				     "DWARF of '/x/y'");
	assert_true(wire_now_ns() - begin < 3000000000ULL);
	assert_int_equal(open_with(hangs_later, &p, &err), 0);
	seen = 0;
	assert_int_equal(golin_imgproc_names(p, pcs, 3, count, NULL, &err), -EBADMSG);
	assert_string_equal(err.msg, "the image process gave no answer in 0.2 s while reading the "
				     "names of '/x/y'");
	assert_int_equal(seen, 3);
	golin_imgproc_close(p);
	imgproc_set_deadlines(20000, 10000);
	/* Nobody is left. */
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(checks_what_is_loaded), cmocka_unit_test(cleans_strings),
		cmocka_unit_test(checks_sites),		 cmocka_unit_test(checks_names),
		cmocka_unit_test(checks_late_targets),	 cmocka_unit_test(checks_defers),
		cmocka_unit_test(survives_death),
	};

	self = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

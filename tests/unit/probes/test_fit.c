/* SPDX-License-Identifier: BSD-2-Clause */
/* Does a layout fit? A made-up runtime in this very process, right at first, then wrong by one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <elf.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>
#include "base/err.h"
#include "golin/layout.h"
#include "golin/probes.h"

enum { BIAS = 0x10000, NG = 6, PID = 4711, TEXT = 0x401000, ETEXT = 0x500000, MAIN = 0x402000 };

struct fake_g {
	uint64_t stack_hi, stack_lo, m;
	struct {
		uint64_t sp, pc, g;
	} sched;
	_Atomic uint64_t goid;
	uint32_t status;
	uint8_t reason;
	uint64_t parent, startpc, waiting;
};

struct fake_m {
	uint64_t procid, curg, g0;
};

struct fake_sudog {
	uint64_t g, c, waitlink;
};

struct fake_chan {
	uint64_t qcount, dataqsiz;
	uint32_t closed;
	uint16_t elemsize;
};

struct fake_module {
	uint64_t text, etext;
};

static struct {
	struct fake_m m0;
	struct fake_g g0;
} data;
static struct fake_g g[NG];
static struct fake_m m1;
static struct fake_g g0_of_m1;
static struct fake_sudog sudog[2];
static struct fake_chan chan;
static struct fake_module module;
static uint64_t array[NG];
static struct {
	uint64_t ptr, len, cap;
} allgs;
static struct golin_image_info info;
static struct golin_layout layout;
static struct golin_memory memory = {.bias = BIAS, .info = &info, .layout = &layout};
static struct golin_fit fits[GOLIN_FIT_MAX];
static size_t nfits;

static uint64_t at(const volatile void *p)
{
	return (uint64_t)(uintptr_t)p;
}

static void set_field(enum golin_field_id id, size_t offset, size_t size)
{
	layout.fields[id] =
		(struct golin_field){(uint32_t)offset, (uint32_t)size, GOLIN_FROM_TABLE, ""};
}

#define FIELD(id, type, member)                                                                    \
	set_field(id, offsetof(struct type, member), sizeof(((struct type *)0)->member))

static void make_layout(void)
{
	memset(&layout, 0, sizeof(layout));
	for (int f = 0; f < GOLIN_F_MAX; f++)
		if (golin_field_required(f))
			set_field(f, 0, 8);
	FIELD(GOLIN_F_G_m, fake_g, m);
	set_field(GOLIN_F_G_stack, 0, 16);
	set_field(GOLIN_F_STACK_hi, 0, 8);
	set_field(GOLIN_F_STACK_lo, 8, 8);
	FIELD(GOLIN_F_G_sched, fake_g, sched);
	layout.structs[GOLIN_S_GOBUF] = (struct golin_struct){24, GOLIN_FROM_TABLE};
	set_field(GOLIN_F_GOBUF_sp, 0, 8);
	set_field(GOLIN_F_GOBUF_pc, 8, 8);
	set_field(GOLIN_F_GOBUF_g, 16, 8);
	FIELD(GOLIN_F_G_goid, fake_g, goid);
	FIELD(GOLIN_F_G_atomicstatus, fake_g, status);
	FIELD(GOLIN_F_G_waitreason, fake_g, reason);
	FIELD(GOLIN_F_G_parentGoid, fake_g, parent);
	FIELD(GOLIN_F_G_startpc, fake_g, startpc);
	FIELD(GOLIN_F_G_waiting, fake_g, waiting);
	FIELD(GOLIN_F_M_procid, fake_m, procid);
	FIELD(GOLIN_F_M_curg, fake_m, curg);
	FIELD(GOLIN_F_M_g0, fake_m, g0);
	FIELD(GOLIN_F_SUDOG_g, fake_sudog, g);
	FIELD(GOLIN_F_SUDOG_c, fake_sudog, c);
	FIELD(GOLIN_F_SUDOG_waitlink, fake_sudog, waitlink);
	FIELD(GOLIN_F_HCHAN_qcount, fake_chan, qcount);
	FIELD(GOLIN_F_HCHAN_dataqsiz, fake_chan, dataqsiz);
	FIELD(GOLIN_F_HCHAN_closed, fake_chan, closed);
	FIELD(GOLIN_F_HCHAN_elemsize, fake_chan, elemsize);
	FIELD(GOLIN_F_MODULEDATA_text, fake_module, text);
	FIELD(GOLIN_F_MODULEDATA_etext, fake_module, etext);
}

static void make_g(struct fake_g *x, uint64_t goid, uint32_t status)
{
	*x = (struct fake_g){
		.stack_lo = 0xc000100000,
		.stack_hi = 0xc000102000,
		.sched = {.sp = 0xc000101f00, .pc = BIAS + 0x403000, .g = at(x)},
		.status = status,
		.reason = 8,
		.parent = 1,
		.startpc = BIAS + 0x404000,
	};
	x->goid = goid;
}

/* Goroutine 1 waits in a select for a channel, 2 runs, 3 waits for a lock, 4 is dead. */
static void make_runtime(void)
{
	memset(&data, 0, sizeof(data));
	make_g(&data.g0, 0, GOLIN_GS_IDLE);
	data.g0.m = at(&data.m0);
	data.m0 = (struct fake_m){.procid = PID, .g0 = at(&data.g0)};
	make_g(&g[0], 1, GOLIN_GS_WAITING);
	g[0].parent = 0;
	g[0].startpc = BIAS + MAIN;
	g[0].waiting = at(&sudog[0]);
	sudog[0] = (struct fake_sudog){at(&g[0]), at(&chan), at(&sudog[1])};
	sudog[1] = (struct fake_sudog){at(&g[0]), at(&chan), 0};
	chan = (struct fake_chan){.qcount = 2, .dataqsiz = 3, .elemsize = 8};
	make_g(&g[1], 2, GOLIN_GS_RUNNING | 0x1000); /* while its stack is scanned */
	g[1].m = at(&m1);
	make_g(&g0_of_m1, 0, GOLIN_GS_IDLE);
	g0_of_m1.m = at(&m1);
	m1 = (struct fake_m){.procid = PID + 1, .curg = at(&g[1]), .g0 = at(&g0_of_m1)};
	make_g(&g[2], 3, GOLIN_GS_WAITING);
	make_g(&g[3], 3, GOLIN_GS_DEAD); /* a dead one may have any id */
	module = (struct fake_module){BIAS + TEXT, BIAS + ETEXT};
	for (int i = 0; i < 4; i++)
		array[i] = at(&g[i]);
	allgs.ptr = at(array);
	allgs.len = 4;
	allgs.cap = NG;
}

static int setup(void **state)
{
	make_layout();
	make_runtime();
	memset(&info, 0, sizeof(info));
	golin_go_version_parse("go1.26.8", &info.go);
	info.allgs = at(&allgs) - BIAS;
	info.moduledata = at(&module) - BIAS;
	info.text = TEXT;
	info.etext = ETEXT;
	info.nsegments = 1;
	info.segments[0] = (struct golin_segment){
		.vaddr = at(&data) - BIAS, .mem_size = sizeof(data), .flags = PF_W | PF_R};
	memory.mem_fd = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
	return memory.mem_fd < 0;
}

static int teardown(void **state)
{
	close(memory.mem_fd);
	return 0;
}

static void look(void)
{
	struct golin_err err = {0};

	nfits = 0;
	if (golin_memory_fit(&memory, PID, MAIN, fits, &nfits, &err))
		fail_msg("%s", err.msg);
}

static const struct golin_fit *find(const char *name)
{
	for (size_t i = 0; i < nfits; i++)
		if (!strcmp(fits[i].name, name))
			return &fits[i];
	fail_msg("no check %s", name);
	return NULL;
}

/* The check of that name fails with a text that holds `text`, and all others but `also` do not. */
static void check_fails(const char *name, const char *also, const char *text)
{
	look();
	for (size_t i = 0; i < nfits; i++) {
		bool want = !strcmp(fits[i].name, name) || (also && !strcmp(fits[i].name, also));

		if ((fits[i].result == GOLIN_FIT_FAILED) != want)
			fail_msg("%s: result %d, %s", fits[i].name, fits[i].result, fits[i].text);
	}
	if (!strstr(find(name)->text, text))
		fail_msg("%s says: %s", name, find(name)->text);
}

static void test_right(void **state)
{
	look();
	assert_int_equal(nfits, 13);
	for (size_t i = 0; i < nfits; i++) {
		if (fits[i].result != GOLIN_FIT_OK)
			fail_msg("%s: %s", fits[i].name, fits[i].text);
		assert_true(*fits[i].what && *fits[i].text);
	}
	assert_string_equal(find("allgs")->text, "4 looked at");
	assert_string_equal(find("goid")->text, "3 looked at");
	assert_string_equal(find("m")->text, "1 looked at");
}

static void test_wrong_g(void **state)
{
	g[2].status = 5;
	check_fails("status", NULL, " has 5");
	make_runtime();
	g[2].goid = 0;
	check_fails("goid", NULL, " has 0");
	make_runtime();
	g[2].goid = 0xc000123456780000;
	check_fails("goid", NULL, " has ");
	make_runtime();
	g[2].goid = 2;
	check_fails("goid", NULL, "both have 2");
	make_runtime();
	g[2].stack_lo = g[2].stack_hi;
	check_fails("stack", NULL, "has 0xc000102000 to 0xc000102000");
	make_runtime();
	g[2].sched.sp = g[2].stack_hi;
	check_fails("stack", NULL, "sp 0xc000102000 outside");
	make_runtime();
	g[2].sched.pc = 0xc000101f00;
	check_fails("sched", NULL, "has pc 0xc000101f00");
	make_runtime();
	g[2].sched.g = at(&g[0]);
	check_fails("sched", NULL, "has g 0x");
	make_runtime();
	g[2].reason = 200;
	check_fails("waitreason", NULL, "has 200");
}

static void test_wrong_main(void **state)
{
	g[0].startpc++;
	check_fails("main", NULL, "it starts at 0x412001, and runtime.main lies at 0x412000");
	make_runtime();
	g[0].parent = 7;
	check_fails("parentGoid", NULL, "goroutine 1 has 7");
	make_runtime();
	g[1].parent = g[2].parent = 0x401234;
	check_fails("parentGoid", NULL, "no goroutine has parent 1");
}

static void test_wrong_thread(void **state)
{
	m1.curg = at(&g[0]);
	check_fails("m", NULL, "with curg 0x");
	make_runtime();
	g[1].m = 8;
	check_fails("m", NULL, "has m 0x8, which is none");
	make_runtime();
	m1.g0 = at(&data.g0);
	check_fails("m", NULL, "with m 0x");
	make_runtime();
	g0_of_m1.goid = 5;
	check_fails("m", NULL, "and goid 5");
	make_runtime();
	data.m0.procid = 1;
	check_fails("procid", NULL, "it has 1, not 4711");
	make_runtime();
	data.g0.goid = 1;
	check_fails("g0", NULL, "nothing in the program's data is such a pair");
	make_runtime();
	data.g0.m = at(&m1);
	check_fails("g0", NULL, "nothing in the program's data is such a pair");
}

static void test_wrong_waiter(void **state)
{
	sudog[1].g = at(&g[2]);
	check_fails("sudog", NULL, " of g 0x");
	make_runtime();
	g[0].waiting = 16;
	check_fails("sudog", NULL, "has waiting 0x10, which is none");
	make_runtime();
	chan.qcount = 4;
	check_fails("sudog", NULL, "has channel 0x");
	make_runtime();
	/* Of a semaphore: its waitlink is not the goroutine's. */
	sudog[0] = (struct fake_sudog){at(&g[0]), 0, 16};
	look();
	assert_int_equal(find("sudog")->result, GOLIN_FIT_OK);
	/* A list without an end. */
	sudog[0] = (struct fake_sudog){at(&g[0]), at(&chan), at(&sudog[0])};
	look();
	assert_int_equal(find("sudog")->result, GOLIN_FIT_OK);
}

static void test_wrong_lists(void **state)
{
	module.etext++;
	check_fails("moduledata", NULL, "it has 0x411000 to 0x510001");
	make_runtime();
	array[3] = 16;
	check_fails("allgs", NULL, "0x10 is none");
	make_runtime();
	array[3]++;
	check_fails("allgs", NULL, " is none");
	make_runtime();
	allgs.len = NG + 1;
	look();
	assert_int_equal(find("allgs")->result, GOLIN_FIT_FAILED);
	assert_int_equal(find("status")->result, GOLIN_FIT_NOT_DONE);
	make_runtime();
	allgs.ptr = 4096;
	look();
	assert_int_equal(find("allgs")->result, GOLIN_FIT_FAILED);
	make_runtime();
	allgs.len = 1ull << 60;
	allgs.cap = 1ull << 61;
	look();
	assert_int_equal(find("allgs")->result, GOLIN_FIT_FAILED);
	/* A program that runs has goroutines. */
	make_runtime();
	for (int i = 0; i < 4; i++)
		g[i].status = GOLIN_GS_DEAD;
	look();
	assert_int_equal(find("status")->result, GOLIN_FIT_FAILED);
	assert_string_equal(find("status")->text, "none of 4 is a live goroutine");
}

/* What cannot be looked at is not said to be right. */
static void test_not_done(void **state)
{
	info.allgs = info.moduledata = 0;
	info.segments[0].flags = PF_R;
	look();
	for (size_t i = 0; i < nfits; i++)
		assert_int_equal(fits[i].result, GOLIN_FIT_NOT_DONE);
	assert_string_equal(find("allgs")->text, "the file does not tell where");
	setup(state);
	layout.fields[GOLIN_F_G_parentGoid].source = GOLIN_FROM_NONE;
	look();
	assert_int_equal(find("parentGoid")->result, GOLIN_FIT_NOT_DONE);
	assert_string_equal(find("parentGoid")->text, "this Go version keeps none");
	setup(state);
	allgs.len = allgs.ptr = 0;
	look();
	assert_string_equal(find("allgs")->text, "the runtime has not started");
	assert_int_equal(find("allgs")->result, GOLIN_FIT_NOT_DONE);
}

static void *mend(void *arg)
{
	usleep(8000);
	g[2].goid = 3;
	return NULL;
}

/* The program runs on: what is wrong for a moment is right. */
static void test_for_a_moment(void **state)
{
	pthread_t t;

	g[2].goid = 2;
	assert_int_equal(pthread_create(&t, NULL, mend, NULL), 0);
	look();
	pthread_join(t, NULL);
	assert_int_equal(find("goid")->result, GOLIN_FIT_OK);
}

static void test_errors(void **state)
{
	struct golin_err err = {0};
	int fd = memory.mem_fd;

	memory.mem_fd = -1;
	assert_int_equal(golin_memory_fit(&memory, PID, MAIN, fits, &nfits, &err), -EPERM);
	memory.mem_fd = fd;
	layout.fields[GOLIN_F_G_goid].source = GOLIN_FROM_NONE;
	assert_int_equal(golin_memory_fit(&memory, PID, MAIN, fits, &nfits, &err), -ENODATA);
	make_layout();
	set_field(GOLIN_F_G_waiting, 5000, 8);
	assert_int_equal(golin_memory_fit(&memory, PID, MAIN, fits, &nfits, &err), -ENODATA);
	assert_string_equal(err.msg, "the layout of runtime.g cannot be checked");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_right, setup, teardown),
		cmocka_unit_test_setup_teardown(test_wrong_g, setup, teardown),
		cmocka_unit_test_setup_teardown(test_wrong_main, setup, teardown),
		cmocka_unit_test_setup_teardown(test_wrong_thread, setup, teardown),
		cmocka_unit_test_setup_teardown(test_wrong_waiter, setup, teardown),
		cmocka_unit_test_setup_teardown(test_wrong_lists, setup, teardown),
		cmocka_unit_test_setup_teardown(test_not_done, setup, teardown),
		cmocka_unit_test_setup_teardown(test_for_a_moment, setup, teardown),
		cmocka_unit_test_setup_teardown(test_errors, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

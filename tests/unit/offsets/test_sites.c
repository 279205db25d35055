/* SPDX-License-Identifier: BSD-2-Clause */
/* Hook sites: the prologues of all Go versions, byte by byte, and what must be refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include <fcntl.h>
#include "go_binary.h"
#include "mini_elf.h"

#define CODE(...) {__VA_ARGS__}, sizeof((uint8_t[]){__VA_ARGS__})
/* A relative displacement within the same function, and to the start of another one. */
#define REL32(from, to)                                                                            \
	(uint8_t)((to) - (from)), (uint8_t)(((to) - (from)) >> 8),                                 \
		(uint8_t)(((to) - (from)) >> 16), (uint8_t)(((to) - (from)) >> 24)
#define CALL(self, at, callee) 0xe8, REL32((self)*MINI_STEP + (at) + 5, (callee)*MINI_STEP)

static struct golin_site site_of(uint16_t minor, const struct mini_func *funcs, int n,
				 const char *func, uint32_t kind, const char *target, int32_t disp)
{
	struct golin_site_want want = {.kind = kind, .disp = disp};
	struct golin_err err = {0};
	struct golin_site s;
	static struct mini m;
	int r;

	strcpy(want.func, func);
	strcpy(want.target, target);
	mini_build(&m, funcs, n);
	m.minor = minor;
	assert_int_equal(mini_open(&m, &err), 0);
	r = golin_image_site(&m.img, &want, &s);
	assert_int_equal(r, s.error);
	mini_done(&m);
	return s;
}

static struct golin_site site(const struct mini_func *funcs, int n, const char *func, uint32_t kind,
			      const char *target, int32_t disp)
{
	return site_of(0, funcs, n, func, kind, target, disp);
}

#define MORESTACK                                                                                  \
	{                                                                                          \
		"runtime.morestack_noctxt", CODE(0xc3), 0                                          \
	}

static void push_behind_the_branch(void **state)
{
	/* 1.21 and later: cmp 0x10(%r14),%rsp; jbe; push %rbp */
	const struct mini_func f[] = {
		MORESTACK,
		{"main.f", CODE(0x49, 0x3b, 0x66, 0x10, 0x76, 0x02, 0x55, 0xc3, CALL(1, 8, 0)), 0},
	};
	struct golin_site s = site(f, 2, "main.f", GOLIN_SITE_PROLOGUE, "", 0);

	assert_int_equal(s.error, 0);
	assert_int_equal(s.insn, GOLIN_INSN_PUSH);
	assert_int_equal(s.vaddr, mini_at(1) + 6);
	assert_int_equal(s.file_off, s.vaddr - MINI_BASE);
	assert_int_equal(s.func_lo, mini_at(1));
	assert_int_equal(s.func_hi, mini_at(2));
	assert_int_equal(s.drop_flags, 0);
	assert_string_equal(s.text, "push rbp");
	assert_string_equal(s.why, "behind the stack check; runs once a call");
}

static void branch_of_old_versions(void **state)
{
	/* 1.16: mov %fs:-8,%rcx; cmp 0x10(%rcx),%rsp; jbe (long form); sub $16,%rsp */
	const struct mini_func f[] = {
		MORESTACK,
		{"main.f",
		 CODE(0x64, 0x48, 0x8b, 0x0c, 0x25, 0xf8, 0xff, 0xff, 0xff, 0x48, 0x3b, 0x61, 0x10,
		      0x0f, 0x86, 0x05, 0, 0, 0, 0x48, 0x83, 0xec, 0x10, 0xc3, CALL(1, 24, 0)),
		 0},
	};
	struct golin_site s = site_of(16, f, 2, "main.f", GOLIN_SITE_PROLOGUE, "", 0);

	assert_int_equal(s.error, 0);
	assert_int_equal(s.g_reg, 1);
	assert_int_equal(s.insn, GOLIN_INSN_JBE);
	assert_int_equal(s.vaddr, mini_at(1) + 13);
	assert_int_equal(s.drop_flags, 0x41);
	assert_string_equal(s.text, "jbe 0x401118");
	assert_string_equal(s.why, "branch to morestack; CF or ZF: the stack grows");
	/* Since arguments stand in registers, a prologue that changes %rcx is none. */
	s = site(f, 2, "main.f", GOLIN_SITE_PROLOGUE, "", 0);
	assert_int_equal(s.error, -ENODATA);
	assert_string_equal(s.why, "no stack check in the prologue");
}

static void where_g_stands(void **state)
{
	const struct mini_func f[] = {
		MORESTACK,
		/* On a thread's own stack: cmp 0x18(%r14),%rsp */
		{"main.g0", CODE(0x49, 0x3b, 0x66, 0x18, 0x76, 0x02, 0x55, 0xc3, CALL(1, 8, 0)), 0},
		/* PIE of 1.16, huge: mov $-8,%rcx; mov %fs:(%rcx),%rcx; mov 0x10(%rcx),%rsi;
		 * cmp $-1314,%rsi; je; lea 880(%rsp),%rax; sub %rsi,%rax; cmp $0x3a70,%rax; jbe */
		{"main.pie",
		 CODE(0x48, 0xc7, 0xc1, 0xf8, 0xff, 0xff, 0xff, 0x64, 0x48, 0x8b, 0x09, 0x48, 0x8b,
		      0x71, 0x10, 0x48, 0x81, 0xfe, 0xde, 0xfa, 0xff, 0xff, 0x74, 0x14, 0x48, 0x8d,
		      0x84, 0x24, 0x70, 0x03, 0, 0, 0x48, 0x29, 0xf0, 0x48, 0x3d, 0x70, 0x3a, 0, 0,
		      0x76, 0x01, 0xc3, CALL(2, 44, 0)),
		 0},
		/* Something else is compared: cmp 0x20(%r14),%rsp */
		{"main.other", CODE(0x49, 0x3b, 0x66, 0x20, 0x76, 0x02, 0x55, 0xc3, CALL(3, 8, 0)),
		 0},
	};
	struct golin_site s;

	s = site(f, 4, "main.g0", GOLIN_SITE_PROLOGUE, "", 0);
	assert_int_equal(s.error, 0);
	assert_int_equal(s.g_reg, 14);
	s = site_of(16, f, 4, "main.pie", GOLIN_SITE_PROLOGUE, "", 0);
	assert_int_equal(s.error, 0);
	assert_int_equal(s.vaddr, mini_at(2) + 41);
	assert_int_equal(s.g_reg, 1);
	s = site(f, 4, "main.other", GOLIN_SITE_PROLOGUE, "", 0);
	assert_int_equal(s.error, 0);
	assert_int_equal(s.g_reg, GOLIN_REG_NONE);
}

static void huge_frames(void **state)
{
	/* mov %rsp,%r12; sub $0x2000,%r12; jb tail; cmp 0x10(%r14),%r12; jbe tail; push %rbp */
	const struct mini_func f[] = {
		MORESTACK,
		{"main.f",
		 CODE(0x49, 0x89, 0xe4, 0x49, 0x81, 0xec, 0x00, 0x20, 0, 0, 0x72, 0x08, 0x4d, 0x3b,
		      0x66, 0x10, 0x76, 0x02, 0x55, 0xc3, 0x48, 0x89, 0x44, 0x24, 0x08,
		      CALL(1, 25, 0)),
		 0},
	};
	struct golin_site s = site(f, 2, "main.f", GOLIN_SITE_PROLOGUE, "", 0);

	assert_int_equal(s.error, 0);
	assert_int_equal(s.vaddr, mini_at(1) + 18);
}

static void what_is_no_stack_check(void **state)
{
	const struct mini_func f[] = {
		MORESTACK,
		/* The branch leads to something else. */
		{"main.other", CODE(0x49, 0x3b, 0x66, 0x10, 0x76, 0x02, 0x55, 0xc3, CALL(1, 8, 2)),
		 0},
		/* It goes back. */
		{"main.back", CODE(0x90, 0x49, 0x3b, 0x66, 0x10, 0x76, 0xf9, 0x55, 0xc3), 0},
		/* The stack pointer has moved before it. */
		{"main.moved",
		 CODE(0x48, 0x83, 0xec, 0x10, 0x49, 0x3b, 0x66, 0x10, 0x76, 0x02, 0x55, 0xc3,
		      CALL(3, 12, 0)),
		 0},
		/* A jbe that nothing was compared for. */
		{"main.jbe", CODE(0x76, 0x02, 0x55, 0xc3, CALL(4, 4, 0)), 0},
		{"main.bad", CODE(0x06, 0x06), 0},
	};
	struct golin_site s;

	s = site(f, 6, "main.other", GOLIN_SITE_PROLOGUE, "", 0);
	assert_int_equal(s.error, -ENODATA);
	assert_string_equal(s.why, "the first jbe does not lead to morestack");
	s = site(f, 6, "main.back", GOLIN_SITE_PROLOGUE, "", 0);
	assert_string_equal(s.why, "the first jbe does not lead to morestack");
	s = site(f, 6, "main.moved", GOLIN_SITE_PROLOGUE, "", 0);
	assert_string_equal(s.why, "no stack check in the prologue");
	s = site(f, 6, "main.jbe", GOLIN_SITE_PROLOGUE, "", 0);
	assert_string_equal(s.why, "no stack check in the prologue");
	s = site(f, 6, "main.bad", GOLIN_SITE_PROLOGUE, "", 0);
	assert_string_equal(s.why, "no stack check in the prologue");
	s = site(f, 6, "main.none", GOLIN_SITE_PROLOGUE, "", 0);
	assert_int_equal(s.error, -ENOENT);
	assert_string_equal(s.why, "no such function in the binary");
	s = site(f, 6, "main.back", 9, "", 0);
	assert_int_equal(s.error, -EINVAL);
	assert_string_equal(s.why, "no such kind of site: 9");
}

static void calls(void **state)
{
	const struct mini_func f[] = {
		MORESTACK,
		{"main.once", CODE(0x55, CALL(1, 1, 3), CALL(1, 6, 0), 0xc3), 0},
		{"main.twice", CODE(CALL(2, 0, 3), CALL(2, 5, 3), 0xc3), 0},
		{"main.callee", CODE(0xc3), 0},
		{"main.middle", CODE(0xe8, REL32(4 * MINI_STEP + 5, 3 * MINI_STEP + 1), 0xc3), 0},
		{"main.broken", CODE(CALL(5, 0, 3), 0x06), 0},
		/* Through the ABI wrapper, which has the same name. */
		{"main.abi", CODE(CALL(6, 0, 7), 0xc3), 0},
		{"main.callee", CODE(0xe9, REL32(7 * MINI_STEP + 5, 3 * MINI_STEP)), MINI_WRAPPER},
	};
	struct golin_site s;

	s = site(f, 8, "main.once", GOLIN_SITE_CALL, "main.callee", 0);
	assert_int_equal(s.error, 0);
	assert_int_equal(s.insn, GOLIN_INSN_CALL);
	assert_int_equal(s.vaddr, mini_at(1) + 1);
	assert_string_equal(s.text, "call 0x401300");
	assert_string_equal(s.why, "the only call of main.callee");
	assert_int_equal(s.nop5_off, 0);
	s = site(f, 8, "main.twice", GOLIN_SITE_CALL, "main.callee", 0);
	assert_int_equal(s.error, -ENODATA);
	assert_string_equal(s.why, "2 calls of main.callee in it, not one");
	s = site(f, 8, "main.once", GOLIN_SITE_CALL, "main.absent", 0);
	assert_string_equal(s.why, "0 calls of main.absent in it, not one");
	s = site(f, 8, "main.middle", GOLIN_SITE_CALL, "main.callee", 0);
	assert_string_equal(s.why, "0 calls of main.callee in it, not one");
	s = site(f, 8, "main.broken", GOLIN_SITE_CALL, "main.callee", 0);
	assert_string_equal(s.why, "no instruction at +0x5");
	s = site(f, 8, "main.abi", GOLIN_SITE_CALL, "main.callee", 0);
	assert_int_equal(s.error, 0);
	assert_int_equal(s.vaddr, mini_at(6));
}

static void stores(void **state)
{
	const struct mini_func f[] = {
		MORESTACK,
		/* mov %rbx,0x180(%rcx) before the call; mov %rdx,0x180(%r8) behind it */
		{"main.f",
		 CODE(0x48, 0x89, 0x99, 0x80, 0x01, 0, 0, CALL(1, 7, 0), 0x49, 0x89, 0x90, 0x80,
		      0x01, 0, 0, 0xc3),
		 0},
		/* Two behind it. */
		{"main.g",
		 CODE(CALL(2, 0, 0), 0x48, 0x89, 0x99, 0x80, 0x01, 0, 0, 0x48, 0x89, 0x99, 0x80,
		      0x01, 0, 0, 0xc3),
		 0},
		/* A 4-byte store, a stack slot and an indexed one do not count. */
		{"main.h",
		 CODE(CALL(3, 0, 0), 0x89, 0x99, 0x80, 0x01, 0, 0, 0x48, 0x89, 0x9c, 0x24, 0x80,
		      0x01, 0, 0, 0x48, 0x89, 0x9c, 0xc8, 0x80, 0x01, 0, 0, 0xc3),
		 0},
	};
	struct golin_site s;

	s = site(f, 4, "main.f", GOLIN_SITE_STORE, "", 0x180);
	assert_int_equal(s.error, 0);
	assert_int_equal(s.insn, GOLIN_INSN_OTHER);
	assert_int_equal(s.vaddr, mini_at(1) + 12);
	assert_int_equal(s.base_reg, 8);
	assert_int_equal(s.value_reg, 2);
	assert_string_equal(s.text, "mov [r8+0x180], rdx");
	s = site(f, 4, "main.g", GOLIN_SITE_STORE, "", 0x180);
	assert_int_equal(s.error, -ENODATA);
	assert_string_equal(s.why, "2 stores to +384 behind its first call, not one");
	s = site(f, 4, "main.h", GOLIN_SITE_STORE, "", 0x180);
	assert_string_equal(s.why, "0 stores to +384 behind its first call, not one");
}

static void nop_before_the_call(void **state)
{
	const struct mini_func f[] = {
		{"main.callee", CODE(0xc3), 0},
		{"main.f", CODE(0x55, 0x0f, 0x1f, 0x44, 0, 0, CALL(1, 6, 0), 0xc3), 0},
		/* jmp over the nop: not all come by it. */
		{"main.g", CODE(0xeb, 0x05, 0x0f, 0x1f, 0x44, 0, 0, CALL(2, 7, 0), 0xc3), 0},
		/* Another nop of five bytes is none that the kernel makes a call of. */
		{"main.h", CODE(0x66, 0x0f, 0x1f, 0x40, 0, CALL(3, 5, 0), 0xc3), 0},
	};
	struct golin_site s;

	s = site(f, 4, "main.f", GOLIN_SITE_CALL, "main.callee", 0);
	assert_int_equal(s.vaddr, mini_at(1) + 6);
	assert_int_equal(s.nop5_off, s.file_off - 5);
	s = site(f, 4, "main.g", GOLIN_SITE_CALL, "main.callee", 0);
	assert_int_equal(s.vaddr, mini_at(2) + 7);
	assert_int_equal(s.nop5_off, 0);
	s = site(f, 4, "main.h", GOLIN_SITE_CALL, "main.callee", 0);
	assert_int_equal(s.vaddr, mini_at(3) + 5);
	assert_int_equal(s.nop5_off, 0);
}

/* push %rbp; mov %rsp,%rbp; sub $0x10,%rsp; mov %rax,0x20(%rsp); mov %rbx,0x28(%rsp) */
#define FRAME 0x55, 0x48, 0x89, 0xe5, 0x48, 0x83, 0xec, 0x10
#define SPILL_0 0x48, 0x89, 0x44, 0x24, 0x20
#define SPILL_1 0x48, 0x89, 0x5c, 0x24, 0x28
/* mov 0x20(%rsp),%rdx; mov %rdx,(%rcx) */
#define STORE 0x48, 0x8b, 0x54, 0x24, 0x20, 0x48, 0x89, 0x11
/* cmpl $0,0x1000(%rip) */
#define COMPARE 0x83, 0x3d, 0, 0x10, 0, 0, 0

static void barriers(void **state)
{
	const struct mini_func f[] = {
		{"runtime.gcWriteBarrier2", CODE(0xc3), 0},
		/* An xchg %ax,%ax stands before the branch. */
		{"main.f",
		 CODE(FRAME, SPILL_0, SPILL_1, CALL(1, 18, 0), STORE, COMPARE, 0x66, 0x90, 0x75,
		      0x01, 0xc3, CALL(1, 43, 0)),
		 0},
		/* je: the barrier stands right behind. */
		{"main.je",
		 CODE(FRAME, SPILL_0, SPILL_1, STORE, COMPARE, 0x74, 0x05, CALL(2, 35, 0), 0xc3),
		 0},
		/* A word is not put into its place. */
		{"main.one", CODE(FRAME, SPILL_0, STORE, COMPARE, 0x74, 0x05, CALL(3, 30, 0), 0xc3),
		 0},
		/* It is put there after the register was changed: xor %ebx,%ebx */
		{"main.changed",
		 CODE(FRAME, SPILL_0, 0x31, 0xdb, SPILL_1, STORE, COMPARE, 0x74, 0x05,
		      CALL(4, 37, 0), 0xc3),
		 0},
		/* Its place gets another: mov %rcx,0x28(%rsp) */
		{"main.over",
		 CODE(FRAME, SPILL_0, SPILL_1, 0x48, 0x89, 0x4c, 0x24, 0x28, STORE, COMPARE, 0x74,
		      0x05, CALL(5, 40, 0), 0xc3),
		 0},
		/* Something else is compared: no barrier is called. */
		{"main.none", CODE(FRAME, SPILL_0, SPILL_1, STORE, COMPARE, 0x74, 0x01, 0x90, 0xc3),
		 0},
		/* No frame pointer. */
		{"main.nofp",
		 CODE(0x48, 0x83, 0xec, 0x18, SPILL_0, SPILL_1, STORE, COMPARE, 0x74, 0x05,
		      CALL(7, 31, 0), 0xc3),
		 0},
		/* Nothing is stored. */
		{"main.nothing",
		 CODE(FRAME, SPILL_0, SPILL_1, COMPARE, 0x74, 0x05, CALL(8, 27, 0), 0xc3), 0},
		/* The object's register is changed behind the store: xor %ecx,%ecx */
		{"main.lost",
		 CODE(FRAME, SPILL_0, SPILL_1, STORE, 0x31, 0xc9, COMPARE, 0x74, 0x05,
		      CALL(9, 37, 0), 0xc3),
		 0},
	};
	struct golin_site s;

	s = site(f, 10, "main.f", GOLIN_SITE_BARRIER, "", 2);
	assert_string_equal(s.why, "the first branch on the write barrier; runs once a call");
	assert_int_equal(s.error, 0);
	assert_int_equal(s.insn, GOLIN_INSN_JCC);
	assert_int_equal(s.vaddr, mini_at(1) + 40);
	assert_int_equal(s.base_reg, 1);
	assert_int_equal(s.drop_flags, 0);
	s = site(f, 10, "main.je", GOLIN_SITE_BARRIER, "", 2);
	assert_int_equal(s.error, 0);
	assert_int_equal(s.vaddr, mini_at(2) + 33);
	s = site(f, 10, "main.one", GOLIN_SITE_BARRIER, "", 2);
	assert_int_equal(s.error, -ENODATA);
	assert_string_equal(s.why, "arguments are not all put into their places before it");
	s = site(f, 10, "main.one", GOLIN_SITE_BARRIER, "", 1);
	assert_int_equal(s.error, 0);
	/* Until 1.16 the caller puts them there. */
	s = site_of(16, f, 10, "main.one", GOLIN_SITE_BARRIER, "", 2);
	assert_int_equal(s.error, 0);
	s = site(f, 10, "main.changed", GOLIN_SITE_BARRIER, "", 2);
	assert_string_equal(s.why, "arguments are not all put into their places before it");
	s = site(f, 10, "main.over", GOLIN_SITE_BARRIER, "", 2);
	assert_string_equal(s.why, "arguments are overwritten before it");
	s = site(f, 10, "main.none", GOLIN_SITE_BARRIER, "", 2);
	assert_string_equal(s.why, "no branch on the write barrier in it");
	s = site(f, 10, "main.nofp", GOLIN_SITE_BARRIER, "", 2);
	assert_string_equal(s.why, "%rbp is not known to be the frame pointer there");
	s = site(f, 10, "main.nothing", GOLIN_SITE_BARRIER, "", 2);
	assert_string_equal(s.why, "no object is stored to before the write barrier");
	s = site(f, 10, "main.lost", GOLIN_SITE_BARRIER, "", 2);
	assert_string_equal(s.why, "no object is stored to before the write barrier");
	s = site(f, 10, "main.f", GOLIN_SITE_BARRIER, "", 10);
	assert_int_equal(s.error, -EINVAL);
}

/* The same branch in a function that changes something, or returns early. */
static void commits(void **state)
{
	const struct mini_func f[] = {
		{"runtime.gcWriteBarrier2", CODE(0xc3), 0},
		/* test %rax,%rax; jne over: add $0x10,%rsp; pop %rbp; ret */
		{"main.f",
		 CODE(FRAME, SPILL_0, SPILL_1, 0x48, 0x85, 0xc0, 0x75, 0x06, 0x48, 0x83, 0xc4, 0x10,
		      0x5d, 0xc3, STORE, COMPARE, 0x74, 0x05, CALL(1, 46, 0), 0xc3),
		 0},
		/* The place of word 1 gets word 0: mov %rax,0x28(%rsp) */
		{"main.merged",
		 CODE(FRAME, SPILL_0, SPILL_1, 0x48, 0x89, 0x44, 0x24, 0x28, STORE, COMPARE, 0x74,
		      0x05, CALL(2, 40, 0), 0xc3),
		 0},
		/* It gets something else: mov %rdx,0x28(%rsp) */
		{"main.over",
		 CODE(FRAME, SPILL_0, SPILL_1, 0x48, 0x89, 0x54, 0x24, 0x28, STORE, COMPARE, 0x74,
		      0x05, CALL(3, 40, 0), 0xc3),
		 0},
		/* No frame before the return: then what stands behind is not known. */
		{"main.early",
		 CODE(0x48, 0x85, 0xc0, 0x75, 0x01, 0xc3, FRAME, SPILL_0, SPILL_1, STORE, COMPARE,
		      0x74, 0x05, CALL(4, 41, 0), 0xc3),
		 0},
	};
	struct golin_site s;

	s = site(f, 5, "main.f", GOLIN_SITE_COMMIT, "", 3);
	assert_int_equal(s.error, 0);
	assert_int_equal(s.vaddr, mini_at(1) + 44);
	assert_string_equal(s.why, "the first write barrier; only calls with effect");
	s = site(f, 5, "main.merged", GOLIN_SITE_COMMIT, "", 3);
	assert_int_equal(s.error, 0);
	s = site(f, 5, "main.merged", GOLIN_SITE_BARRIER, "", 2);
	assert_string_equal(s.why, "arguments are overwritten before it");
	s = site(f, 5, "main.over", GOLIN_SITE_COMMIT, "", 3);
	assert_string_equal(s.why, "arguments are overwritten before it");
	s = site(f, 5, "main.over", GOLIN_SITE_COMMIT, "", 1);
	assert_int_equal(s.error, 0);
	s = site(f, 5, "main.early", GOLIN_SITE_COMMIT, "", 3);
	assert_string_equal(s.why, "%rbp is not known to be the frame pointer there");
	s = site(f, 5, "main.f", GOLIN_SITE_COMMIT, "", 1 << 9);
	assert_int_equal(s.error, -EINVAL);
}

static void results(void **state)
{
	const struct mini_func f[] = {
		{"main.next", CODE(0xc3), 0},
		/* call; nopl 0(%rax); test %bl,%bl; jne to before the call */
		{"main.f",
		 CODE(0x90, CALL(1, 1, 0), 0x0f, 0x1f, 0x40, 0, 0x84, 0xdb, 0x75, 0xf2, 0xc3), 0},
		/* Without optimisation the result goes to memory first. */
		{"main.noopt",
		 CODE(CALL(2, 0, 0), 0x48, 0x89, 0x44, 0x24, 0x08, 0x88, 0x5c, 0x24, 0x07, 0x84,
		      0xdb, 0x74, 0x01, 0x90, 0xc3),
		 0},
		/* %rax is something else by then. */
		{"main.changed", CODE(CALL(3, 0, 0), 0x31, 0xc0, 0x84, 0xdb, 0x75, 0xf5, 0xc3), 0},
		{"main.moved", CODE(CALL(4, 0, 0), 0x48, 0x89, 0xd8, 0x84, 0xdb, 0x75, 0xf4, 0xc3),
		 0},
		/* Another register is tested. */
		{"main.cl", CODE(CALL(5, 0, 0), 0x84, 0xc9, 0x75, 0xf7, 0xc3), 0},
		/* Others jump to the branch. */
		{"main.jumped", CODE(0xeb, 0x07, CALL(6, 2, 0), 0x84, 0xdb, 0x75, 0xf5, 0xc3), 0},
	};
	struct golin_site s;

	s = site(f, 7, "main.f", GOLIN_SITE_RESULT, "main.next", 0);
	assert_int_equal(s.error, 0);
	assert_int_equal(s.insn, GOLIN_INSN_JCC);
	assert_int_equal(s.vaddr, mini_at(1) + 12);
	assert_int_equal(s.drop_flags, 0x40);
	assert_string_equal(s.why, "behind the only call of main.next; ZF: none");
	s = site(f, 7, "main.noopt", GOLIN_SITE_RESULT, "main.next", 0);
	assert_int_equal(s.error, 0);
	assert_int_equal(s.vaddr, mini_at(2) + 16);
	for (int i = 3; i < 7; i++) {
		s = site(f, 7, f[i].name, GOLIN_SITE_RESULT, "main.next", 0);
		assert_int_equal(s.error, -ENODATA);
		assert_string_equal(s.why, "its result is not tested right behind the call");
	}
	s = site(f, 7, "main.next", GOLIN_SITE_RESULT, "main.next", 0);
	assert_string_equal(s.why, "0 calls of main.next in it, not one");
}

static void entries(void **state)
{
	const struct mini_func f[] = {
		MORESTACK,
		{"main.leaf", CODE(0x55, 0xc3), 0},
		{"main.f", CODE(0x49, 0x3b, 0x66, 0x10, 0x76, 0x02, 0x55, 0xc3, CALL(2, 8, 0)), 0},
	};
	struct golin_site s;

	s = site(f, 3, "main.leaf", GOLIN_SITE_ENTRY, "", 0);
	assert_int_equal(s.error, 0);
	assert_int_equal(s.insn, GOLIN_INSN_PUSH);
	assert_int_equal(s.vaddr, mini_at(1));
	assert_string_equal(s.why, "the entry; no stack check, so it runs once a call");
	s = site(f, 3, "main.f", GOLIN_SITE_ENTRY, "", 0);
	assert_int_equal(s.insn, GOLIN_INSN_OTHER);
	assert_string_equal(s.why, "the entry; runs again when the stack grows");
	s = site(f, 3, "main.leaf", GOLIN_SITE_ONCE, "", 0);
	assert_int_equal(s.vaddr, mini_at(1));
	assert_int_equal(s.g_reg, GOLIN_REG_NONE);
	s = site(f, 3, "main.f", GOLIN_SITE_ONCE, "", 0);
	assert_int_equal(s.vaddr, mini_at(2) + 6);
	assert_int_equal(s.g_reg, 14);
}

static void real_program(void **state)
{
	static const struct {
		const char *func, *target;
		uint32_t kind;
	} wants[] = {
		{"runtime.newproc.func1", "runtime.runqput", GOLIN_SITE_CALL},
		{"runtime.gopanic", "", GOLIN_SITE_PROLOGUE},
		{"runtime.goexit0", "", GOLIN_SITE_PROLOGUE},
		{"runtime.schedinit", "", GOLIN_SITE_PROLOGUE},
	};
	const char *path = go_binary();
	struct golin_err err = {0};
	struct golin_image *img;
	int fd;

	if (!path)
		skip();
	fd = open(path, O_RDONLY);
	assert_int_equal(golin_image_open(fd, &img, &err), 0);
	for (size_t i = 0; i < sizeof(wants) / sizeof(wants[0]); i++) {
		struct golin_site_want w = {.kind = wants[i].kind};
		struct golin_site s;

		strcpy(w.func, wants[i].func);
		strcpy(w.target, wants[i].target);
		assert_int_equal(golin_image_site(img, &w, &s), 0);
		assert_true(s.insn == GOLIN_INSN_CALL || s.insn == GOLIN_INSN_PUSH ||
			    s.insn == GOLIN_INSN_JBE);
	}
	/* One line, which the compiler puts into all its callers; and one that no Go has. */
	for (int i = 0; i < 2; i++) {
		static const char *const names[] = {"runtime.add", "runtime.subtract"};
		struct golin_site_want w = {.kind = GOLIN_SITE_PROLOGUE};
		struct golin_site s;

		strcpy(w.func, names[i]);
		assert_int_equal(golin_image_site(img, &w, &s), i ? -ENOENT : -ENODATA);
		assert_string_equal(s.why, i ? "no such function in the binary"
					     : "inlined wherever it is called");
	}
	assert_true(golin_image_info(img)->allgs);
	assert_int_equal(golin_image_info(img)->tls_g, -8);
	golin_image_close(img);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(push_behind_the_branch),
		cmocka_unit_test(branch_of_old_versions),
		cmocka_unit_test(where_g_stands),
		cmocka_unit_test(huge_frames),
		cmocka_unit_test(what_is_no_stack_check),
		cmocka_unit_test(calls),
		cmocka_unit_test(stores),
		cmocka_unit_test(nop_before_the_call),
		cmocka_unit_test(barriers),
		cmocka_unit_test(commits),
		cmocka_unit_test(results),
		cmocka_unit_test(entries),
		cmocka_unit_test(real_program),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

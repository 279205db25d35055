/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Go keeps frame pointers on amd64: at each one the caller's stands, and above it the return
 * address. A parked goroutine's lie in g.sched, where mcall put the pc, sp and bp of its caller.
 * One in a system call has noted its pc and sp, but its bp only since Go 1.23: until then it is
 * where the last function that was called from there has pushed it.
 */
#include "memory/stack.h"

#include <errno.h>
#include <string.h>
#include "golin/offsets.h"
#include "memory/mem.h"

enum {
	WINDOW = 8192,	  /* bytes of a stack that are read at once */
	WINDOWS_MAX = 64, /* of one walk */
	CALL_LEN = 5,	  /* call rel32 */
	CALL = 0xe8,
	PADDING = 0xcc,	   /* between functions */
	ALIGN = 16,	   /* of functions */
	LAST_CLOBBER = 15, /* the last minor whose nanotime leaves its own in the frame pointer */
	CODE_LOOK = 4096,  /* bytes in which a function's prologue is looked for */
	LAST_ASM = 18,	   /* the last minor whose syscall.Syscall is written in assembly */
};

struct walk {
	const struct golin_memory *m;
	const struct stack_at *at;
	uint64_t base, len; /* of what is in raw */
	int windows;
	uint8_t raw[WINDOW];
};

/* Two words of the stack. 0, -EFAULT: they do not lie in it, or a read's -errno. */
static int two_words(struct walk *w, uint64_t addr, uint64_t ret[2])
{
	int e;

	if (addr % 8 || addr < w->at->lo || addr > w->at->hi - 16)
		return -EFAULT;
	if (!w->len || addr < w->base || addr - w->base > w->len - 16) {
		if (w->windows++ == WINDOWS_MAX)
			return -EFAULT;
		w->base = addr;
		w->len = w->at->hi - addr < WINDOW ? w->at->hi - addr : WINDOW;
		e = mem_read(w->m->mem_fd, w->base, w->raw, (size_t)w->len);
		if (e < 0) {
			w->len = 0;
			return e;
		}
	}
	memcpy(ret, w->raw + (addr - w->base), 16);
	return 0;
}

static bool is_code(const struct walk *w, uint64_t pc)
{
	const struct golin_image_info *info = w->m->info;

	return pc - w->m->bias - info->text < info->etext - info->text;
}

/* The address that the call before a return address goes to; 0: there is no such call. */
static uint64_t call_target(const struct walk *w, uint64_t ret)
{
	uint8_t code[CALL_LEN];
	int32_t rel;

	if (!is_code(w, ret) || mem_read(w->m->mem_fd, ret - CALL_LEN, code, sizeof(code)) ||
	    code[0] != CALL)
		return 0;
	memcpy(&rel, code + 1, sizeof(rel));
	return ret + (uint64_t)(int64_t)rel;
}

/*
 * syscall.Syscall in assembly has no frame and calls entersyscall at once: its caller's return
 * address is where the stack pointer points to, and the frame pointer is its caller's.
 */
static bool is_frameless(const struct walk *w, uint64_t ret)
{
	uint64_t entry = w->at->pc - CALL_LEN;
	uint8_t before;

	if (w->m->info->go.minor > LAST_ASM || (entry - w->m->bias) % ALIGN || !is_code(w, ret))
		return false;
	if (call_target(w, ret) == entry)
		return true;
	return !mem_read(w->m->mem_fd, entry - 1, &before, 1) && before == PADDING;
}

/* Where the frame pointers begin; a first return address is added where there is no frame. */
static int begin(struct walk *w, struct stack_pcs *ret, uint64_t *bp)
{
	uint64_t words[2];
	int e;

	ret->v[ret->n++] = w->at->pc;
	*bp = w->at->bp;
	if (!w->at->syscall || *bp)
		return 0;
	if (w->at->sp < w->at->lo + 16)
		return -EFAULT;
	e = two_words(w, w->at->sp - 16, words);
	if (e < 0)
		return e;
	*bp = words[0];
	/* What was called from there last had its frame pointer to save, or it did not. */
	if (*bp && (*bp < w->at->sp || *bp > w->at->hi - 16))
		*bp = 0;
	e = two_words(w, w->at->sp, words);
	if (!e && is_frameless(w, words[0]))
		ret->v[ret->n++] = words[0];
	return e;
}

/*
 * The size of the frame of the function around pc, from its prologue: CMPQ SP, 16(CX); JBE; SUBQ
 * $size, SP. 0: not found.
 */
static uint32_t frame_size(const struct walk *w, uint64_t pc)
{
	static const uint8_t check[] = {0x48, 0x3b, 0x61, 0x10, 0x0f, 0x86};
	enum { SUB = sizeof(check) + 4, LEN = SUB + 7 };
	uint64_t text = w->m->info->text + w->m->bias;
	uint64_t from = pc - text > CODE_LOOK ? pc - CODE_LOOK : text;
	uint8_t code[CODE_LOOK];
	uint32_t size;

	if (mem_read(w->m->mem_fd, from, code, (size_t)(pc - from)))
		return 0;
	for (size_t i = (size_t)(pc - from); i-- > 0;) {
		if (pc - from - i < LEN || memcmp(code + i, check, sizeof(check)) != 0)
			continue;
		if (code[i + SUB] != 0x48 || code[i + SUB + 2] != 0xec)
			return 0;
		if (code[i + SUB + 1] == 0x83)
			return code[i + SUB + 3];
		if (code[i + SUB + 1] != 0x81)
			return 0;
		memcpy(&size, code + i + SUB + 3, sizeof(size));
		return size;
	}
	return 0;
}

/*
 * What stands at a frame pointer is the caller's, but for one: up to Go 1.15 nanotime returns with
 * the address of its own return slot, and time.Sleep parks after it. That slot is the one here.
 */
static uint64_t next_frame(const struct walk *w, uint64_t bp, const uint64_t words[2])
{
	uint32_t size;

	if (words[0] != bp + 8 || w->m->info->go.minor > LAST_CLOBBER)
		return words[0];
	size = frame_size(w, words[1]);
	return size >= 8 && size % 8 == 0 ? bp + 16 + size - 8 : 0;
}

int stack_walk(const struct golin_memory *m, const struct stack_at *at, struct stack_pcs *ret)
{
	struct walk w = {.m = m, .at = at};
	uint64_t bp, next, words[2];
	int e;

	ret->n = 0;
	ret->truncated = false;
	if (at->hi - at->lo < 32 || at->sp < at->lo || at->sp > at->hi - 16 || !is_code(&w, at->pc))
		return -EFAULT;
	e = begin(&w, ret, &bp);
	if (e < 0)
		return e;
	if (!bp || bp < at->sp) {
		ret->truncated = true;
		return 0;
	}
	for (;;) {
		e = two_words(&w, bp, words);
		if (e < 0 && e != -EFAULT)
			return e;
		/* Where Go's code is left, for C's, the rest is not to be had. */
		if (e == -EFAULT || !is_code(&w, words[1])) {
			ret->truncated = true;
			return 0;
		}
		if (ret->n == GOLIN_STACK_MAX) {
			ret->truncated = true;
			return 0;
		}
		ret->v[ret->n++] = words[1];
		next = next_frame(&w, bp, words);
		if (next <= bp) /* 0: the goroutine begins there */
			return 0;
		bp = next;
	}
}

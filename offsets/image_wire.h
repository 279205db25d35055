/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What golin and its image process say to each other over a stream socket, as they are forks of
 * one program: a request, then one answer. Each message is a header and `len` bytes.
 *
 *	LOAD	struct wire_load		-> struct wire_loaded
 *	SITES	golin_site_want[n], n <= 256	-> golin_site[n]
 *	NAMES	uint64_t[n], n <= 512		-> for the first pcs, as many as fit: a wire_name,
 *						   then its frames, each followed by its strings
 *	LATE	nothing				-> golin_late_target[], at most WIRE_MAX_LATE
 *	DEFERS	uint64_t[n], n <= 64		-> golin_func_defers[n]
 *
 * Nothing that comes back is believed (image_check.c).
 */
#ifndef GOLIN_OFFSETS_IMAGE_WIRE_H
#define GOLIN_OFFSETS_IMAGE_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include "base/err.h"
#include "func_defers.h"
#include "golin/layout.h"
#include "golin/offsets.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define UNDER_ASAN 1
#endif
#endif
#ifdef __SANITIZE_ADDRESS__
#define UNDER_ASAN 1
#endif

enum {
	WIRE_MAGIC = 0x676c696d,
	WIRE_MAX_SITES = 256,
	WIRE_MAX_PCS = 512,
	WIRE_MAX_FRAMES = 32,
	WIRE_MAX_LATE = 16384,
	WIRE_MAX_DEFERS = 64, /* functions that are decoded for one answer */
	WIRE_MAX_ANSWER = 4 << 20,
	WIRE_MAX_REQUEST = 1 << 16,
};

enum wire_type {
	WIRE_LOAD = 1,
	WIRE_SITES = 2,
	WIRE_NAMES = 3,
	WIRE_LATE = 4,
	WIRE_DEFERS = 5,
};

struct wire_head {
	uint32_t magic, type, seq, len;
};

struct wire_load {
	uint32_t choice;
	uint32_t has_debug; /* there is a .debug file behind WIRE_FD_DEBUG */
};

struct wire_loaded {
	struct golin_err err;	/* code 0: all that follows holds */
	uint32_t has_info;	/* info holds, also when there is an error */
	uint32_t debug_refused; /* with an error: it is about the .debug file */
	struct golin_image_info info;
	struct golin_layout layout;
};

struct wire_name {
	uint32_t nframes;
};

struct wire_frame {
	uint32_t line, flags;
	uint16_t func_len, file_len; /* the bytes that follow, without NUL */
};

/* What the process is at, in memory that both see: for the message when it dies. */
enum wire_stage {
	WIRE_STAGE_START = 0,
	WIRE_STAGE_ELF = 1,
	WIRE_STAGE_LAYOUT = 2,
	WIRE_STAGE_SITES = 3,
	WIRE_STAGE_NAMES = 4,
	WIRE_STAGE_DEBUG = 5,
	WIRE_STAGE_DEFERS = 6,
	WIRE_STAGE_MAX
};

/* For an answer; the machine may be busy with other things. */
enum { WIRE_SECONDS_LOAD = 20, WIRE_SECONDS = 10 };
/*
 * CPU time for an answer. Loading a program of 140 MiB takes 60 ms; all that it takes to refuse a
 * crafted file must stay below a second.
 */
enum { WIRE_CPU_MS_LOAD = 700, WIRE_CPU_MS_SITES = 250, WIRE_CPU_MS = 5000 };

/* Where the descriptors stand in the image process. */
enum { WIRE_FD_SOCK = 3, WIRE_FD_FILE = 4, WIRE_FD_DEBUG = 5 };

/*
 * Reads or writes all of it before `deadline_ns` (CLOCK_MONOTONIC; 0: no deadline). 0, -ETIME,
 * -EPIPE (the other side is gone), or another errno.
 */
int wire_read(int fd, void *buf, size_t len, uint64_t deadline_ns);
int wire_write(int fd, const void *buf, size_t len, uint64_t deadline_ns);
uint64_t wire_now_ns(void);

/* The child's main: confines itself, then answers until the other side is gone. */
typedef void (*wire_server_fn)(int sock, int file, volatile uint32_t *stage);
void image_serve(int sock, int file, volatile uint32_t *stage) __attribute__((noreturn));
/* Limits, rights and system calls: from here on the process can only parse. */
int image_confine(int file);

/* Checks of answers; they clean every string. `why` is set when the answer cannot be true. */
bool image_check_info(struct golin_image_info *i, uint64_t file_size, const char **why);
bool image_check_layout(struct golin_layout *l, const char **why);
bool image_check_site(struct golin_site *s, const struct golin_image_info *i, const char **why);
bool image_check_defers(const struct golin_func_defers *d, const struct golin_image_info *i,
			uint64_t pc, const char **why);
bool image_check_err(struct golin_err *e, const char **why);

/* golin_imgproc_open() with another server: tests put hostile ones there. */
struct golin_imgproc;
int imgproc_open_with(wire_server_fn server, int fd, const char *label,
		      enum golin_layout_choice choice, struct golin_imgproc **ret,
		      struct golin_err *err);
/* Deadlines in ms instead of seconds; tests only. */
void imgproc_set_deadlines(unsigned load_ms, unsigned request_ms);
pid_t imgproc_pid(const struct golin_imgproc *p);

#endif

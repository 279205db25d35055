/* SPDX-License-Identifier: BSD-2-Clause */
/* Private to image_process.c, which runs the process, and image_request.c, which asks it. */
#ifndef GOLIN_OFFSETS_IMAGE_PROCESS_PRIV_H
#define GOLIN_OFFSETS_IMAGE_PROCESS_PRIV_H

#include "image_process.h"
#include "image_wire.h"

struct golin_imgproc {
	wire_server_fn server;
	int file;  /* -1 or the ELF file, kept for a restart */
	int debug; /* -1 or its .debug file, likewise */
	uint64_t file_size;
	char *debug_path; /* NULL, or where it was found */
	char *debug_note; /* NULL, or why one that was found is not used */
	char label[256];
	enum golin_layout_choice choice;
	pid_t pid; /* 0: none runs */
	int sock;  /* -1: none */
	uint32_t seq;
	volatile uint32_t *stage; /* shared with the process */
	bool loaded;
	struct golin_image_info info;
	struct golin_layout layout;
	uint8_t *in; /* the last answer's body */
	size_t in_cap;
};

/* What went wrong with the process, beside an errno: it is worth another try. */
enum trouble { FINE = 0, DIED, LATE, LIED, SPENT, FAILED };

/* A request, tried once more in a new process when the first ends over it; the answer in p->in. */
int imgproc_request(struct golin_imgproc *p, enum wire_type type, const void *body, size_t len,
		    size_t min, size_t max, size_t *ret_len, struct golin_err *err);
/* The answer cannot be true: ends the process. LIED. */
enum trouble imgproc_lied(struct golin_imgproc *p, const char *why, struct golin_err *err);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/* What goids.c fills in and goids.bpf.c goes by. */
#ifndef GOIDS_H
#define GOIDS_H

struct offsets {
	unsigned int goid;	 /* of runtime.g's goid */
	unsigned int drop_flags; /* golin_site's: with one of these in FLAGS it is no call */
	unsigned int g_reg;	 /* golin_site's: the register that holds g there */
};

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a Go value says: the text that a person needs of a panic's value, and the values that it
 * wraps. Methods are never called; what an error or Stringer says is told as far as its type's
 * layout tells it. All sizes and depths are bounded, cycles end, text is clean.
 */
#ifndef GOLIN_PROBES_VALUES_H
#define GOLIN_PROBES_VALUES_H

#include <stddef.h>
#include <stdint.h>
#include "golin/record.h"
#include "memory/types.h"

enum {
	VALUE_TEXT = 1024, /* bytes of a text that are kept, at most */
	VALUE_DEPTH = 8,   /* of what wraps what */
};

/* Where the bytes come from: what was copied at the event, or the memory of what stands still. */
struct value_reader {
	/* 0, or -errno when they are not to be had: nothing is guessed then. */
	int (*read)(void *arg, uint64_t addr, void *buf, size_t len);
	void *arg;
	struct types *types; /* borrowed */
	bool hide;	     /* no text: GOLIN_VALUE_HIDDEN */
};

struct value {
	uint64_t type, data;	   /* addresses in the process; type 0: nil */
	uint64_t size;		   /* of the whole text, with GOLIN_VALUE_CUT; 0: not known */
	uint32_t flags;		   /* enum golin_value_flags, but GOLIN_VALUE_HEAP */
	uint32_t up;		   /* see golin_rec_value */
	char text[VALUE_TEXT + 8]; /* clean */
};

/*
 * The value of an interface{} with these words, then those that it wraps; how many, from 1 to max.
 * A string is its text, without quotes; an error or Stringer what it says if that is known; a
 * number, bool as Go prints it; a struct "{Field:value ...}" as %+v does, as far as it can be read.
 * A text that is cut is the beginning, without a sign of that.
 */
size_t value_describe(const struct value_reader *r, uint64_t type, uint64_t data, struct value *ret,
		      size_t max);
/*
 * The text that runtime.printpanicval prints of a value that has no methods any more
 * (preprintpanics made strings of those): "main.T(7)" and the like. For the end of a program.
 */
void value_printed(const struct value_reader *r, uint64_t type, uint64_t data, struct value *ret);
/*
 * A bool, an integer, float or complex of `size` bytes, which begin at raw, as %v has it; false: it
 * is none.
 */
enum { VALUE_NUMBER = 96 };
bool value_number(uint8_t kind, uint32_t size, const uint8_t raw[16], char ret[VALUE_NUMBER]);

#endif

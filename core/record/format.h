/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Format version 1 of recordings as it stands on disk: docs/recording.md. All numbers are
 * little-endian, which golin's own layout of these structs is (checked below).
 */
#ifndef GOLIN_RECORD_FORMAT_H
#define GOLIN_RECORD_FORMAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define REC_FILE_MAGIC "\x89GLN\r\n\x1a\n"
#define REC_BLOCK_MAGIC "\xb1grb"
#define REC_TRAILER_MAGIC "golinend"

enum {
	REC_FORMAT_VERSION = 1,
	REC_RAW_MAX = 16 << 20, /* bytes of a block before compression */
	REC_PAYLOAD_MAX =
		17 << 20, /* and in the file: what zstd makes of noise is a little longer */
	REC_INDEX_MAX = REC_RAW_MAX / 32, /* entries of an index */
};

struct rec_file_header {
	uint8_t magic[8];
	uint32_t version;
	uint32_t flags; /* none yet: 0; a reader ignores those that it does not know */
	uint64_t id;	/* random: the seed of all checksums in this file */
	uint64_t sum;	/* of the 24 bytes before, seed 0 */
};

enum rec_block_type {
	REC_BLOCK_RECORDS = 1,
	REC_BLOCK_STATE = 2, /* a part of a keyframe */
	REC_BLOCK_INDEX = 3,
};

enum rec_block_flags {
	REC_STATE_LAST = 1 << 0, /* the keyframe is whole */
};

struct rec_block_header {
	uint8_t magic[4];
	uint16_t type;	   /* enum rec_block_type */
	uint16_t flags;	   /* enum rec_block_flags */
	uint32_t seq;	   /* blocks of type RECORDS before this one */
	uint32_t part;	   /* STATE: from 0 within its keyframe; else 0 */
	uint32_t size;	   /* bytes of the payload that follows: one zstd frame */
	uint32_t raw_size; /* of its content */
	uint32_t count;	   /* records, or entries of the index, in it */
	uint32_t reserved; /* 0 */
	uint64_t first_ts; /* the lowest time of its records; 0: none has one */
	uint64_t last_ts;  /* the highest time of all records up to here */
	uint64_t sum;	   /* of the 48 bytes before and the payload */
};

struct rec_index_entry {
	uint64_t offset;	    /* of the block in the file */
	uint64_t first_ts, last_ts; /* as in its header */
	uint16_t type, part;	    /* part: at most 65535 */
	uint32_t seq;
};

/* The last bytes of a whole recording. */
struct rec_trailer {
	uint8_t magic[8];
	uint64_t index;		    /* offset of the index block */
	uint64_t first_ts, last_ts; /* of the whole recording */
	uint64_t records;	    /* in blocks of type RECORDS */
	uint64_t reserved[2];
	uint64_t sum; /* of the 56 bytes before */
};

_Static_assert(sizeof(struct rec_file_header) == 32, "on disk");
_Static_assert(sizeof(struct rec_block_header) == 56, "on disk");
_Static_assert(offsetof(struct rec_block_header, sum) == 48, "on disk");
_Static_assert(sizeof(struct rec_index_entry) == 32, "on disk");
_Static_assert(sizeof(struct rec_trailer) == 64, "on disk");
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the structs are the format");

uint64_t rec_file_header_sum(const struct rec_file_header *h);
uint64_t rec_block_sum(const struct rec_block_header *h, const void *payload, uint64_t id);
uint64_t rec_trailer_sum(const struct rec_trailer *t, uint64_t id);
/* True when its numbers can be those of a block of which `room` bytes are in the file. */
bool rec_block_header_plausible(const struct rec_block_header *h, uint64_t room);

#endif

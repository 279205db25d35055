/* SPDX-License-Identifier: BSD-2-Clause */
/* Between the files of values.h. */
#ifndef GOLIN_PROBES_VALUES_IMPL_H
#define GOLIN_PROBES_VALUES_IMPL_H

#include "memory/types.h"
#include "memory/values.h"

enum {
	WALK_READS = 8192,   /* of one value with all that it wraps */
	WALK_FIELDS = 16384, /* likewise: that are looked at */
	NEST_MAX = 8,	     /* of what stands in what: of a text, and of the C stack */
};

/* What is being made: texts as the program has them, cleaned at the end. */
struct walk {
	const struct value_reader *r;
	struct types *t;
	int minor; /* of Go */
	uint32_t reads, fields;
	char raw[VALUE_TEXT];
	size_t len;
	uint64_t total; /* bytes that the whole text has, as far as it is known */
	bool cut;	/* bytes of it are missing */
	bool partial;	/* a part of it could not be read */
	bool unsure;	/* how long it is, nobody knows */
	bool gap;	/* the last piece was cut: what follows is not behind it */
};

/* Where a value is: in memory, or the word of an interface is the value itself. */
struct place {
	uint64_t type;
	uint64_t addr; /* or the word */
	bool word;
};

/* ---- values_text.c: the memory, and the text ---- */

int walk_read(struct walk *w, uint64_t addr, void *buf, size_t len);
int walk_at(struct walk *w, const struct place *p, uint64_t off, void *buf, size_t len);
/* A value within another; false: it would not be within. */
bool walk_within(const struct place *p, uint64_t off, uint64_t type, struct place *ret);
/* The value that an interface at a place holds; ret->type 0: nil. False: not to be known. */
bool walk_iface(struct walk *w, const struct place *p, struct place *ret);
/* The place of an interface{}'s value, of its words. */
struct place walk_eface(struct walk *w, uint64_t type, uint64_t data);
/* What a pointer at a place points to; ret->addr 0: nil. */
bool walk_deref(struct walk *w, const struct place *p, struct place *ret);

void put_text(struct walk *w, const char *s);
void put_bytes(struct walk *w, const void *b, size_t len);
__attribute__((format(printf, 2, 3))) void put_f(struct walk *w, const char *fmt, ...);
enum put_how { PUT_PLAIN, PUT_QUOTED, PUT_INDENTED };
/* A Go string by its header. */
void put_go_string(struct walk *w, uint64_t ptr, uint64_t len, enum put_how how);
void put_string_at(struct walk *w, const struct place *p, enum put_how how);
void put_unknown(struct walk *w, uint64_t type); /* "(*main.T)": nothing else of it is known */
/* The clean text, and its flags. */
void walk_end(struct walk *w, struct value *ret);

/* ---- values_number.c ---- */

bool number_kind(uint8_t kind);
/* As the runtime's print() has it. */
bool number_printed(int minor, uint8_t kind, uint32_t size, const uint8_t raw[16],
		    char ret[VALUE_NUMBER]);

/* ---- values_fmt.c ---- */

/* As %+v has it; `depth` 0: not within another. */
void put_plain(struct walk *w, const struct place *p, int depth);
/* What it says: its message, if it has one, else as %+v. */
void put_value(struct walk *w, const struct place *p, int depth);

/* ---- values_runtime.c, values_errors.c ---- */

/* The error of the runtime's that it is; false: it is none. */
bool put_runtime(struct walk *w, const struct place *p);
bool is_runtime(struct walk *w, uint64_t type);
/* What a value with a method Error or String says, where its type's layout tells that. */
bool put_known(struct walk *w, const struct place *p, int depth);
/* A struct's member by its name; false: it has none of that kind (0: any). */
bool walk_member(struct walk *w, const struct place *p, const char *name, uint8_t kind,
		 struct place *ret);

/* ---- values_known.c: those that no pattern tells; false: not as its members are ---- */

bool put_joined(struct walk *w, const struct place *p, int depth);
bool put_errno(struct walk *w, const struct place *p, int depth);
bool put_exit(struct walk *w, const struct place *p, int depth);
bool put_op(struct walk *w, const struct place *p, int depth);
bool put_dns(struct walk *w, const struct place *p, int depth);
bool put_addr_error(struct walk *w, const struct place *p, int depth);
bool put_ip_port(struct walk *w, const struct place *p, int depth);
bool put_rtype(struct walk *w, const struct place *p, int depth);
bool put_value_error(struct walk *w, const struct place *p, int depth);
bool put_kind(struct walk *w, const struct place *p, int depth);
bool put_duration(struct walk *w, const struct place *p, int depth);
bool put_time_error(struct walk *w, const struct place *p, int depth);
bool put_unmarshal_type(struct walk *w, const struct place *p, int depth);
bool put_invalid_unmarshal(struct walk *w, const struct place *p, int depth);
bool put_marshaler(struct walk *w, const struct place *p, int depth);

#endif

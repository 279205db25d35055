/* SPDX-License-Identifier: BSD-2-Clause */
/* What some errors and Stringers of Go's library say, where that is more than their members. */
#include <arpa/inet.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include "memory/values_impl.h"

enum {
	JOINED_SHOWN = 64,
	MINOR_STALE = 25,      /* ESTALE lost its "NFS" */
	MINOR_TIME_QUOTE = 17, /* what stands between quotes is escaped */
	ERRNO_LAST = 132,      /* that Go has a text for */
	ERRNO_STALE = 116,
};

/* ---- syscall ---- */

/* As Go has the texts of the C library: without a capital, but for names. */
static void lower_first(const char *s, char *ret, size_t cap)
{
	snprintf(ret, cap, "%s", s);
	if (ret[0] >= 'A' && ret[0] <= 'Z' && ret[1] >= 'a' && ret[1] <= 'z')
		ret[0] = (char)(ret[0] - 'A' + 'a');
}

bool put_errno(struct walk *w, const struct place *p, int depth)
{
	const char *text = NULL;
	char buf[128];
	uint64_t no;

	(void)depth;
	if (walk_at(w, p, 0, &no, sizeof(no)))
		return false;
	if (no && no <= ERRNO_LAST)
		text = strerrordesc_np((int)no);
	if (no == ERRNO_STALE && w->minor < MINOR_STALE)
		text = "stale NFS file handle";
	if (!text) {
		put_f(w, "errno %" PRId64, (int64_t)no);
		return true;
	}
	lower_first(text, buf, sizeof(buf));
	put_text(w, buf);
	return true;
}

/* An *os.ProcessState, embedded. */
bool put_exit(struct walk *w, const struct place *p, int depth)
{
	struct place pointer, state, status;
	char signal[64];
	uint32_t v;

	(void)depth;
	if (!walk_member(w, p, "ProcessState", GO_KIND_POINTER, &pointer) ||
	    !walk_deref(w, &pointer, &state) || !walk_member(w, &state, "status", 0, &status) ||
	    walk_at(w, &status, 0, &v, sizeof(v)))
		return false;
	if (WIFEXITED(v)) {
		put_f(w, "exit status %d", WEXITSTATUS(v));
	} else if (WIFSIGNALED(v)) {
		if (!sigdescr_np(WTERMSIG(v)))
			return false;
		lower_first(sigdescr_np(WTERMSIG(v)), signal, sizeof(signal));
		put_f(w, "signal: %s%s", signal, WCOREDUMP(v) ? " (core dumped)" : "");
	} else {
		return false;
	}
	return true;
}

/* ---- errors ---- */

bool put_joined(struct walk *w, const struct place *p, int depth)
{
	struct place slice, at;
	uint64_t head[2];

	if (!walk_member(w, p, "errs", GO_KIND_SLICE, &slice) ||
	    walk_at(w, &slice, 0, head, sizeof(head)))
		return false;
	at = (struct place){.type = types_elem_of(w->t, slice.type), .addr = head[0]};
	for (uint64_t i = 0; i < head[1]; i++) {
		put_text(w, i ? "\n" : "");
		if (i == JOINED_SHOWN || w->len == sizeof(w->raw)) {
			put_text(w, "...");
			w->cut = w->unsure = true;
			break;
		}
		put_value(w, &at, depth + 1);
		at.addr += 16; /* an interface */
	}
	return true;
}

/* ---- net ---- */

static bool string_empty(struct walk *w, const struct place *p)
{
	uint64_t head[2];

	return walk_at(w, p, 0, head, sizeof(head)) || !head[1];
}

static bool iface_nil(struct walk *w, const struct place *p)
{
	uint64_t words[2];

	return walk_at(w, p, 0, words, sizeof(words)) || !words[0];
}

bool put_op(struct walk *w, const struct place *p, int depth)
{
	struct place op, network, source, addr, err;

	if (!walk_member(w, p, "Op", GO_KIND_STRING, &op) ||
	    !walk_member(w, p, "Net", GO_KIND_STRING, &network) ||
	    !walk_member(w, p, "Source", GO_KIND_INTERFACE, &source) ||
	    !walk_member(w, p, "Addr", GO_KIND_INTERFACE, &addr) ||
	    !walk_member(w, p, "Err", GO_KIND_INTERFACE, &err))
		return false;
	put_string_at(w, &op, PUT_PLAIN);
	if (!string_empty(w, &network)) {
		put_text(w, " ");
		put_string_at(w, &network, PUT_PLAIN);
	}
	if (!iface_nil(w, &source)) {
		put_text(w, " ");
		put_value(w, &source, depth + 1);
	}
	if (!iface_nil(w, &addr)) {
		put_text(w, iface_nil(w, &source) ? " " : "->");
		put_value(w, &addr, depth + 1);
	}
	put_text(w, ": ");
	put_value(w, &err, depth + 1);
	return true;
}

bool put_dns(struct walk *w, const struct place *p, int depth)
{
	struct place err, name, server;

	(void)depth;
	if (!walk_member(w, p, "Err", GO_KIND_STRING, &err) ||
	    !walk_member(w, p, "Name", GO_KIND_STRING, &name) ||
	    !walk_member(w, p, "Server", GO_KIND_STRING, &server))
		return false;
	put_text(w, "lookup ");
	put_string_at(w, &name, PUT_PLAIN);
	if (!string_empty(w, &server)) {
		put_text(w, " on ");
		put_string_at(w, &server, PUT_PLAIN);
	}
	put_text(w, ": ");
	put_string_at(w, &err, PUT_PLAIN);
	return true;
}

bool put_addr_error(struct walk *w, const struct place *p, int depth)
{
	struct place err, addr;

	(void)depth;
	if (!walk_member(w, p, "Err", GO_KIND_STRING, &err) ||
	    !walk_member(w, p, "Addr", GO_KIND_STRING, &addr))
		return false;
	if (!string_empty(w, &addr)) {
		put_text(w, "address ");
		put_string_at(w, &addr, PUT_PLAIN);
		put_text(w, ": ");
	}
	put_string_at(w, &err, PUT_PLAIN);
	return true;
}

/* A net.IP, which is a slice of 0, 4 or 16 bytes. */
static bool ip_text(struct walk *w, const struct place *p, char ret[INET6_ADDRSTRLEN],
		    bool *ret_six)
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
	uint8_t b[16];
	uint64_t head[2];

	*ret = '\0';
	*ret_six = false;
	if (walk_at(w, p, 0, head, sizeof(head)))
		return false;
	if (!head[1])
		return true;
	if ((head[1] != 4 && head[1] != 16) || walk_read(w, head[0], b, (size_t)head[1]))
		return false;
	*ret_six = head[1] == 16 && memcmp(b, mapped, sizeof(mapped)) != 0;
	return inet_ntop(*ret_six ? AF_INET6 : AF_INET, head[1] == 16 && !*ret_six ? b + 12 : b,
			 ret, INET6_ADDRSTRLEN);
}

bool put_ip_port(struct walk *w, const struct place *p, int depth)
{
	struct place ip, port, zone;
	char text[INET6_ADDRSTRLEN];
	bool six, zoned;
	int64_t n;

	(void)depth;
	if (!walk_member(w, p, "IP", GO_KIND_SLICE, &ip) || !walk_member(w, p, "Port", 0, &port) ||
	    !walk_member(w, p, "Zone", GO_KIND_STRING, &zone) || !ip_text(w, &ip, text, &six) ||
	    walk_at(w, &port, 0, &n, sizeof(n)))
		return false;
	zoned = !string_empty(w, &zone);
	put_f(w, "%s%s", six ? "[" : "", text);
	if (zoned) {
		put_text(w, "%");
		put_string_at(w, &zone, PUT_PLAIN);
	}
	put_f(w, "%s:%" PRId64, six ? "]" : "", n);
	return true;
}

/* ---- reflect ---- */

/* A reflect.Type is a pointer to the type's descriptor. */
bool put_rtype(struct walk *w, const struct place *p, int depth)
{
	char name[TYPE_NAME_MAX];

	(void)depth;
	if (!types_name(w->t, p->addr, name, sizeof(name)))
		return false;
	put_text(w, name);
	return true;
}

bool put_kind(struct walk *w, const struct place *p, int depth)
{
	static const char *const names[] = {
		"invalid",   "bool",	   "int",
		"int8",	     "int16",	   "int32",
		"int64",     "uint",	   "uint8",
		"uint16",    "uint32",	   "uint64",
		"uintptr",   "float32",	   "float64",
		"complex64", "complex128", "array",
		"chan",	     "func",	   "interface",
		"map",	     "ptr",	   "slice",
		"string",    "struct",	   "unsafe.Pointer",
	};
	uint64_t kind;

	(void)depth;
	if (walk_at(w, p, 0, &kind, sizeof(kind)))
		return false;
	if (kind < sizeof(names) / sizeof(names[0]))
		put_text(w, names[kind]);
	else
		put_f(w, "kind%" PRIu64, kind);
	return true;
}

bool put_value_error(struct walk *w, const struct place *p, int depth)
{
	struct place method, kind;
	uint64_t k;

	if (!walk_member(w, p, "Method", GO_KIND_STRING, &method) ||
	    !walk_member(w, p, "Kind", GO_KIND_UINT, &kind) || walk_at(w, &kind, 0, &k, sizeof(k)))
		return false;
	put_text(w, "reflect: call of ");
	put_string_at(w, &method, PUT_PLAIN);
	put_text(w, " on ");
	if (!k)
		put_text(w, "zero");
	else
		put_kind(w, &kind, depth);
	put_text(w, " Value");
	return true;
}

/* ---- time ---- */

/* "1h2m3.5s", below a second in the greatest unit that leaves a digit before the point. */
bool put_duration(struct walk *w, const struct place *p, int depth)
{
	static const struct {
		uint64_t ns;
		const char *unit;
	} small[] = {{1000000, "ms"}, {1000, "\u00b5s"}, {1, "ns"}};
	uint64_t v, unit = 1000000000, digits = 9;
	const char *name = "s";
	char frac[16] = "";
	int64_t d;

	(void)depth;
	if (walk_at(w, p, 0, &d, sizeof(d)))
		return false;
	if (!d) {
		put_text(w, "0s");
		return true;
	}
	v = d < 0 ? -(uint64_t)d : (uint64_t)d;
	for (size_t i = 0; v < unit && i < sizeof(small) / sizeof(small[0]); i++) {
		unit = small[i].ns;
		name = small[i].unit;
		digits -= 3;
	}
	if (v % unit) {
		size_t n =
			(size_t)snprintf(frac, sizeof(frac), ".%0*" PRIu64, (int)digits, v % unit);

		while (frac[n - 1] == '0')
			frac[--n] = '\0';
	}
	put_text(w, d < 0 ? "-" : "");
	v /= unit;
	if (*name == 's' && v >= 3600)
		put_f(w, "%" PRIu64 "h", v / 3600);
	if (*name == 's' && v >= 60) {
		put_f(w, "%" PRIu64 "m", v / 60 % 60);
		v %= 60;
	}
	put_f(w, "%" PRIu64 "%s%s", v, frac, name);
	return true;
}

static void put_between_quotes(struct walk *w, const struct place *p)
{
	put_text(w, "\"");
	put_string_at(w, p, PUT_PLAIN);
	put_text(w, "\"");
}

bool put_time_error(struct walk *w, const struct place *p, int depth)
{
	static const struct {
		const char *before, *name;
	} parts[] = {{"parsing time ", "Value"},
		     {" as ", "Layout"},
		     {": cannot parse ", "ValueElem"},
		     {" as ", "LayoutElem"}};
	struct place message, member;
	bool brief;

	(void)depth;
	if (!walk_member(w, p, "Message", GO_KIND_STRING, &message))
		return false;
	brief = !string_empty(w, &message);
	for (size_t i = 0; i < (brief ? 1 : sizeof(parts) / sizeof(parts[0])); i++) {
		put_text(w, parts[i].before);
		if (!walk_member(w, p, parts[i].name, GO_KIND_STRING, &member))
			put_unknown(w, p->type);
		else if (w->minor >= MINOR_TIME_QUOTE)
			put_string_at(w, &member, PUT_QUOTED);
		else
			put_between_quotes(w, &member);
	}
	if (brief)
		put_string_at(w, &message, PUT_PLAIN);
	return true;
}

/* ---- encoding/json ---- */

bool put_unmarshal_type(struct walk *w, const struct place *p, int depth)
{
	struct place value, type, structure, field;
	bool within;

	if (!walk_member(w, p, "Value", GO_KIND_STRING, &value) ||
	    !walk_member(w, p, "Type", GO_KIND_INTERFACE, &type) ||
	    !walk_member(w, p, "Struct", GO_KIND_STRING, &structure) ||
	    !walk_member(w, p, "Field", GO_KIND_STRING, &field))
		return false;
	within = !string_empty(w, &structure) || !string_empty(w, &field);
	put_text(w, "json: cannot unmarshal ");
	put_string_at(w, &value, PUT_PLAIN);
	put_text(w, within ? " into Go struct field " : " into Go value");
	if (within) {
		put_string_at(w, &structure, PUT_PLAIN);
		put_text(w, ".");
		put_string_at(w, &field, PUT_PLAIN);
	}
	put_text(w, " of type ");
	put_value(w, &type, depth + 1);
	return true;
}

bool put_invalid_unmarshal(struct walk *w, const struct place *p, int depth)
{
	const struct go_type *g;
	struct place type, v;

	if (!walk_member(w, p, "Type", GO_KIND_INTERFACE, &type) || !walk_iface(w, &type, &v))
		return false;
	if (!v.type) {
		put_text(w, "json: Unmarshal(nil)");
		return true;
	}
	g = types_get(w->t, v.addr);
	if (!g)
		return false;
	put_text(w, g->kind == GO_KIND_POINTER ? "json: Unmarshal(nil "
					       : "json: Unmarshal(non-pointer ");
	put_value(w, &type, depth + 1);
	put_text(w, ")");
	return true;
}

bool put_marshaler(struct walk *w, const struct place *p, int depth)
{
	struct place type, err, fn;

	if (!walk_member(w, p, "Type", GO_KIND_INTERFACE, &type) ||
	    !walk_member(w, p, "Err", GO_KIND_INTERFACE, &err))
		return false;
	put_text(w, "json: error calling ");
	if (walk_member(w, p, "sourceFunc", GO_KIND_STRING, &fn) && !string_empty(w, &fn))
		put_string_at(w, &fn, PUT_PLAIN);
	else
		put_text(w, "MarshalJSON");
	put_text(w, " for type ");
	put_value(w, &type, depth + 1);
	put_text(w, ": ");
	put_value(w, &err, depth + 1);
	return true;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What errors of Go's library, and of some others that many use, say: a pattern over their members.
 * A type whose members are others than these is not known, whatever it is called.
 */
#include <string.h>
#include "memory/values_impl.h"

/* {Member} is what that says, {Member:q} in quotes, {} the value itself. */
struct known {
	const char *package, *name; /* of the type, without "*" */
	const char *text;
	bool (*put)(struct walk *w, const struct place *p, int depth); /* instead of text */
	uint8_t from, to;					       /* minors; 0: all */
};

#define OLD(pkg, type, pattern, last)                                                              \
	{                                                                                          \
		.package = pkg, .name = type, .text = pattern, .to = last                          \
	}
#define NEW(pkg, type, pattern, first)                                                             \
	{                                                                                          \
		.package = pkg, .name = type, .text = pattern, .from = first                       \
	}
#define ALL(pkg, type, pattern) OLD(pkg, type, pattern, 0)
#define SPECIAL(pkg, type, fn)                                                                     \
	{                                                                                          \
		.package = pkg, .name = type, .put = fn                                            \
	}

static const struct known known[] = {
	ALL("errors", "errors.errorString", "{s}"),
	ALL("fmt", "fmt.wrapError", "{msg}"),
	ALL("fmt", "fmt.wrapErrors", "{msg}"),
	SPECIAL("errors", "errors.joinError", put_joined),
	ALL("io/fs", "fs.PathError", "{Op} {Path}: {Err}"),
	ALL("os", "os.PathError", "{Op} {Path}: {Err}"),
	ALL("os", "os.LinkError", "{Op} {Old} {New}: {Err}"),
	ALL("os", "os.SyscallError", "{Syscall}: {Err}"),
	SPECIAL("syscall", "syscall.Errno", put_errno),
	ALL("os/exec", "exec.Error", "exec: {Name:q}: {Err}"),
	ALL("os/exec", "exec.wrappedError", "{prefix}: {err}"),
	SPECIAL("os/exec", "exec.ExitError", put_exit),
	SPECIAL("net", "net.OpError", put_op),
	SPECIAL("net", "net.DNSError", put_dns),
	SPECIAL("net", "net.AddrError", put_addr_error),
	SPECIAL("net", "net.TCPAddr", put_ip_port),
	SPECIAL("net", "net.UDPAddr", put_ip_port),
	ALL("net", "net.UnixAddr", "{Name}"),
	ALL("net", "net.ParseError", "invalid {Type}: {Text}"),
	ALL("net", "net.UnknownNetworkError", "unknown network {}"),
	ALL("net", "net.DNSConfigError", "error reading DNS config: {Err}"),
	ALL("net", "net.canceledError", "operation was canceled"),
	ALL("net", "net.timeoutError", "i/o timeout"),
	ALL("net", "net.notFoundError", "{s}"),
	ALL("net", "net.temporaryError", "{s}"),
	ALL("net", "net.errClosed", "use of closed network connection"),
	ALL("internal/poll", "poll.TimeoutError", "i/o timeout"),
	ALL("internal/poll", "poll.DeadlineExceededError", "i/o timeout"),
	ALL("internal/poll", "poll.errNetClosing", "use of closed network connection"),
	OLD("net/url", "url.Error", "{Op} {URL}: {Err}", 13),
	NEW("net/url", "url.Error", "{Op} {URL:q}: {Err}", 14),
	ALL("net/url", "url.EscapeError", "invalid URL escape {:q}"),
	ALL("net/url", "url.InvalidHostError", "invalid character {:q} in host name"),
	ALL("net/http", "http.ProtocolError", "{ErrorString}"),
	ALL("net/http", "http.badStringError", "{what} {str:q}"),
	ALL("net/http", "http.MaxBytesError", "http: request body too large"),
	ALL("net/textproto", "textproto.ProtocolError", "{}"),
	ALL("context", "context.deadlineExceededError", "context deadline exceeded"),
	ALL("strconv", "strconv.NumError", "strconv.{Func}: parsing {Num:q}: {Err}"),
	SPECIAL("reflect", "reflect.rtype", put_rtype),
	SPECIAL("reflect", "reflect.ValueError", put_value_error),
	SPECIAL("reflect", "reflect.Kind", put_kind),
	SPECIAL("time", "time.Duration", put_duration),
	SPECIAL("time", "time.ParseError", put_time_error),
	ALL("encoding/json", "json.SyntaxError", "{msg}"),
	ALL("encoding/json", "json.jsonError", "{error}"),
	ALL("encoding/json", "json.UnsupportedTypeError", "json: unsupported type: {Type}"),
	ALL("encoding/json", "json.UnsupportedValueError", "json: unsupported value: {Str}"),
	SPECIAL("encoding/json", "json.UnmarshalTypeError", put_unmarshal_type),
	SPECIAL("encoding/json", "json.InvalidUnmarshalError", put_invalid_unmarshal),
	SPECIAL("encoding/json", "json.MarshalerError", put_marshaler),
	ALL("encoding/xml", "xml.SyntaxError", "XML syntax error on line {Line}: {Msg}"),
	ALL("encoding/xml", "xml.UnmarshalError", "{}"),
	ALL("encoding/xml", "xml.UnsupportedTypeError", "xml: unsupported type: {Type}"),
	ALL("encoding/base64", "base64.CorruptInputError", "illegal base64 data at input byte {}"),
	ALL("encoding/gob", "gob.gobError", "{err}"),
	ALL("text/template", "template.ExecError", "{Err}"),
	ALL("text/template", "template.writeError", "{Err}"),
	ALL("regexp/syntax", "syntax.Error", "error parsing regexp: {Code}: `{Expr}`"),
	ALL("math/big", "big.ErrNaN", "{msg}"),
	ALL("golang.org/x/xerrors", "xerrors.errorString", "{s}"),
	ALL("golang.org/x/xerrors", "xerrors.noWrapError", "{msg}: {err}"),
	ALL("golang.org/x/xerrors", "xerrors.wrapError", "{msg}: {err}"),
	ALL("github.com/pkg/errors", "errors.fundamental", "{msg}"),
	ALL("github.com/pkg/errors", "errors.withMessage", "{msg}: {cause}"),
	ALL("github.com/pkg/errors", "errors.withStack", "{error}"),
};

/* ---- patterns ---- */

bool walk_member(struct walk *w, const struct place *p, const char *name, uint8_t kind,
		 struct place *ret)
{
	uint64_t n = types_nfields(w->t, p->type);
	const struct go_type *g;
	struct go_field f;

	for (uint64_t i = 0; i < n && w->fields; i++) {
		w->fields--;
		if (!types_field(w->t, p->type, i, &f))
			return false;
		if (strcmp(f.name, name))
			continue;
		g = types_get(w->t, f.type);
		return g && (!kind || g->kind == kind) && walk_within(p, f.offset, f.type, ret);
	}
	return false;
}

/* The next {Member} of a pattern, from *at on: its name, how, and what stands before it. */
static bool next_member(const char *text, size_t *at, size_t *ret_before, char name[32],
			bool *ret_quoted)
{
	const char *open = strchr(text + *at, '{'), *end;
	size_t len;

	if (!open)
		return false;
	end = strchr(open, '}');
	*ret_before = (size_t)(open - text);
	*at = (size_t)(end + 1 - text);
	*ret_quoted = end - open > 2 && !strncmp(end - 2, ":q", 2);
	len = (size_t)(end - open) - 1 - (*ret_quoted ? 2 : 0);
	memcpy(name, open + 1, len);
	name[len] = '\0';
	return true;
}

static bool pattern_fits(struct walk *w, const struct place *p, const char *text)
{
	size_t at = 0, before;
	struct place member;
	char name[32];
	bool quoted;

	while (next_member(text, &at, &before, name, &quoted))
		if (*name && !walk_member(w, p, name, quoted ? GO_KIND_STRING : 0, &member))
			return false;
	return true;
}

static void put_pattern(struct walk *w, const struct place *p, const char *text, int depth)
{
	size_t at = 0, from = 0, before;
	struct place member;
	char name[32];
	bool quoted;

	while (next_member(text, &at, &before, name, &quoted)) {
		put_bytes(w, text + from, before - from);
		from = at;
		member = *p;
		if (*name && !walk_member(w, p, name, 0, &member)) {
			put_unknown(w, p->type);
			continue;
		}
		if (quoted)
			put_string_at(w, &member, PUT_QUOTED);
		else if (*name)
			put_value(w, &member, depth + 1);
		else
			put_plain(w, &member, depth + 1);
	}
	put_text(w, text + from);
}

static const struct known *find(struct walk *w, const char *name, uint64_t type)
{
	char package[TYPE_PACKAGE_MAX];
	const struct known *k;

	*package = '\0';
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		k = &known[i];
		if (strcmp(k->name, name) || w->minor < k->from || (k->to && w->minor > k->to))
			continue;
		if (!*package)
			types_package(w->t, type, package);
		if (!strcmp(k->package, package))
			return k;
	}
	return NULL;
}

bool put_known(struct walk *w, const struct place *p, int depth)
{
	const struct go_type *g = types_get(w->t, p->type);
	const struct known *k;
	struct place at = *p;
	char name[sizeof(g->name)];

	if (!g)
		return false;
	strcpy(name, g->name);
	if (g->kind == GO_KIND_POINTER && !walk_deref(w, p, &at))
		return false;
	k = find(w, name + (*name == '*'), at.type);
	if (k && k->put)
		return k->put(w, &at, depth);
	if (!k) {
		/* One that is a string says that, as a rule. */
		g = types_get(w->t, p->type);
		if (g->kind == GO_KIND_STRING)
			put_string_at(w, p, PUT_PLAIN);
		return g->kind == GO_KIND_STRING;
	}
	if (!pattern_fits(w, &at, k->text))
		return false;
	put_pattern(w, &at, k->text, depth);
	return true;
}

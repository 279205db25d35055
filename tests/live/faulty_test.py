#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Panics that libraries recover from themselves, and those of tests: shown rightly, none missed.

faulty_test.py libraries VERSION VARIANT	net/http, encoding/json, text/template, fmt, sync
faulty_test.py tests VERSION VARIANT		what `go test -c` makes of tests/fixtures/failing

What each library does is known from its sources. The program counts how often it let them do it.
"""

import os
import re
import sys
from collections import Counter

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import live  # noqa: E402
from live import Check, Golin, Program  # noqa: E402
from panics_test import COMPUTED, complete, minor, name, reader  # noqa: E402

COMPUTED |= {"*main.once", "json.jsonError", "template.ExecError", "fmt.scanError"}


def closure(fn):
    """The functions within others are numbered, and each version may do that otherwise."""
    return re.sub(r"(\.func\d+|\.\d+|\.deferwrap\d+|\.dwrap\.\d+)+$", "()", fn) if fn else None


def shape(o):
    """What a panic of one kind has in common with the others of it."""
    v = o["value"]
    text = None if v["type"] in COMPUTED else v["text"]
    return (v["type"], text, closure(name(o["at"])), o["outcome"], closure(name(o["recovered_by"])),
            closure(name(o["resumed_in"])), o["relation"])


def expected(version, did):
    """Counted by shape; of a family that is told by its function alone, see loose()."""
    serve = ("net/http.(*conn).serve()", "net/http.(*conn).serve", None)
    late = "net/http.(*timeoutHandler).ServeHTTP"
    want = Counter()

    def add(n, *s):
        want[s] += n

    add(did["text"], "string", "a handler's text", "main.text", "recovered", *serve)
    add(did["pointer"], "runtime.errorString",
        "runtime error: invalid memory address or nil pointer dereference", "main.pointer",
        "recovered", *serve)
    add(did["abort"], "*errors.errorString", "net/http: abort Handler", "main.abort", "recovered",
        *serve)
    # http.TimeoutHandler hands what it recovered to the goroutine of the connection.
    slow = ("*errors.errorString", "in a handler with a timeout")
    add(did["slow"], *slow, "main.slow", "recovered", late + "()", late + "()", None)
    add(did["slow"], *slow, late, "recovered", serve[0], serve[1], "same")
    loud = ("*errors.errorString", "out of MarshalJSON")
    if minor(version) >= 27:
        # The encoder of encoding/json/v2 has no panics of its own.
        add(did["json.loud"], *loud, "main.loud.MarshalJSON", "recovered", "main.catch",
            "main.encode()", None)
        return want
    # The encoder leaves with a panic of its own, and lets others through.
    marshal = "encoding/json.(*encodeState).marshal"
    error = "encoding/json.(*encodeState).error"
    add(did["json.channel"], "json.jsonError", None, error, "recovered", marshal + "()", marshal, None)
    add(did["json.loud"], *loud, "main.loud.MarshalJSON", "recovered", marshal + "()", None, None)
    add(did["json.loud"], *loud, marshal + "()", "recovered", "main.catch", "main.encode()", "same")
    return want


def libraries(version, variant):
    check = Check(f"panics of libraries {version} {variant}")
    target = Program([live.program("faulty", version, variant), "-wait", "-linger"])
    g = Golin("panics", target.pid, "--json")
    check.that(g.attached, "golin attaches", *g.err[-5:])
    target.go()
    check.that(target.wait_line(target.out, r"^done", live.PROGRAM_LIMIT), "the program ends",
               *target.err[-5:])
    code = g.stop()
    target.close_stdin()
    check.equal(target.wait(), 0, f"exit code of the program {target.err[-3:]}")
    check.equal(code, 0, f"exit code of golin {g.err[-3:]}")
    objs = g.objects()
    complete(check, objs)
    did = {m.group(1): int(m.group(2)) for m in
           (re.match(r"did (\S+) (\d+)", x) for x in target.out) if m}
    panics = reader(objs)
    by_id = {o["panic"]: o for o in panics}
    got = Counter(shape(o) for o in panics)
    rest = Counter(got)
    for s, n in expected(version, did).items():
        check.equal(got[s], n, f"{s}")
        del rest[s]
    rest = loose(check, version, did, rest)
    for s, n in rest.items():
        check.that(False, f"{n} that are not expected: {s}")
    for o in panics:
        if o["relation"]:
            of = by_id.get(o["repanic_of"])
            check.that(of and of["value"]["text"] == o["value"]["text"], "a repanic of another", o)
            check.equal(o["elsewhere"], of["goid"] != o["goid"], "elsewhere")
    # Each handler's panic was in the goroutine of a connection of its own.
    conns = [o["goid"] for o in panics if name(o["resumed_in"]) == "net/http.(*conn).serve"]
    check.equal(len(conns), len(set(conns)), "connections")
    live.note(f"{len(panics)} panics, {len(got)} kinds of them")
    check.finish()


def loose(check, version, did, rest):
    """Those of which the functions that raise them have changed from version to version."""
    families = [
        ("parser", did["template.parse"], None, "*errors.errorString",
         "text/template/parse.(*Tree).recover", "text/template/parse.(*Tree).Parse"),
        ("template", did["template.exec"] + did["template.call"], None, "template.ExecError", "text/template.errRecover",
         "text/template.(*Template).execute"),
        ("scanner", did["fmt.scan"], None, "fmt.scanError", "fmt.errorHandler",
         "fmt.(*ss).doScan"),
    ]
    # safeCall makes an error of what a function panics with, and the template ends of that.
    families.append(("function", did["template.call"], "out of a template's function", "string",
                     "text/template.safeCall()", "text/template.safeCall"))
    if did.get("once"):
        families.append(("once", did["once"], None, "*main.once", "sync.OnceFunc()", None))
        families.append(("once again", 3 * did["once"], None, "*main.once", "main.catch", "main.more()"))
    for what, n, text, kind, by, resumed in families:
        # Where the compiler inlines OnceFunc, its closures are the caller's.
        alike = (by, by.replace("sync.", "main.more."))
        seen = [s for s in rest if s[0] == kind and s[3] == "recovered" and s[4] in alike
                and s[5] == resumed and (text is None or s[1] == text)]
        check.equal(sum(rest[s] for s in seen), n, f"{what} ({kind} by {by})")
        for s in seen:
            if what.endswith("again"):
                check.equal(s[6], "same", f"{what}: relation")
            del rest[s]
    return rest


def tests(version, variant):
    check = Check(f"panics of tests {version} {variant}")
    program = live.program("failing.test", version, variant)
    g = Golin("panics", "--json", "--", program, wait=False)
    check.equal(g.wait(live.PROGRAM_LIMIT), 1, f"exit code {g.err[-3:]}")
    check.that(any(x == "FAIL" for x in g.err), "the tests fail", *g.err[-5:])
    objs = g.objects()
    complete(check, objs)
    got = Counter((o["kind"], name(o["at"]), o["outcome"]) for o in reader(objs))
    now = "testing.(*common).FailNow"
    want = Counter({("goexit", now, "goexit"): 1 + 1 + 4,
                    ("goexit", "testing.(*common).SkipNow", "goexit"): 1,
                    ("panic", "golin.test/fixtures/failing.TestRecovers", "recovered"): 1})
    check.equal(got, want, "what ends tests")
    # One that nobody recovers: package testing looks at it and lets it go on.
    g = Golin("panics", "--json", "--", program, "-test.v", "-test.run", "TestPanics", wait=False)
    check.equal(g.wait(live.PROGRAM_LIMIT), 2, f"exit code {g.err[-3:]}")
    panics = sorted(reader(g.objects()), key=lambda o: int(o["started"]))
    if check.equal([(o["outcome"], o["value"]["text"], o["relation"]) for o in panics],
                   [("recovered", "nobody's", None), ("fatal", "nobody's", "same")], "a panic"):
        check.equal(panics[1]["repanic_of"], panics[0]["panic"], "repanic_of")
        check.equal(panics[1]["printed"], "nobody's", "printed")
        check.equal(closure(name(panics[0]["recovered_by"])), "testing.tRunner()", "recovered_by")
    check.finish()


def main():
    mode, version, variant = sys.argv[1:4]
    live.require_live()
    {"libraries": libraries, "tests": tests}[mode](version, variant)


if __name__ == "__main__":
    main()

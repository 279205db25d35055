#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""What values say, compared with what Go makes of them.

    panic_values_test.py memory|panics VERSION VARIANT

The fixture panicvalues tells of each of its values where it is, what its methods or fmt's %+v make
of it, and what it wraps. memory: they are read as they stand there; run again, it panics with one:
that is what the runtime prints. panics: it panics with each of them, and golin watches.
"""

import json
import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import live

VALUECAT = os.path.join(os.path.dirname(os.environ.get("GOLIN", "build/golin")),
                        "tests/valuecat")
TEXT, CUT, PARTIAL, ERROR, STRINGER, RUNTIME = 1, 2, 4, 32, 64, 128


def clean(raw):
    """As core/base/text.h says, for what the fixture has."""
    out, i = "", 0
    while i < len(raw):
        for n in (1, 2, 3, 4):
            try:
                c = raw[i:i + n].decode()
                break
            except UnicodeDecodeError:
                c = None
        if c is None or c in "\ufffe":
            out, n = out + f"\\x{raw[i]:02x}", 1
        elif c in "\n\t":
            out += "\\n" if c == "\n" else "\\t"
        elif ord(c) < 32 or ord(c) == 127:
            out += f"\\x{ord(c):02x}"
        else:
            out += c
        i += n
    return out


def said(text):
    """The fixture writes a byte as a character."""
    return clean(text.encode("latin-1"))


def ask(program, values):
    """For each value: what golin makes of it and of what it wraps, and what would be printed."""
    asked = "".join(f"{v['type']} {v['data']}\n" for v in values)
    run = subprocess.run([VALUECAT, str(program.pid)], input=asked.encode(), timeout=60,
                         stdout=subprocess.PIPE, check=True)
    answers = []
    for block in run.stdout.decode().split("\n\n")[:-1]:
        lines = [line.split("\t") for line in block.lstrip("\n").split("\n")]
        answers.append([(a[0], a[1], int(a[2]), int(a[3]), int(a[4])) for a in lines])
    return answers


def printed(path, n):
    """What the runtime prints when it ends of the nth value."""
    run = subprocess.run([path, "-die", str(n)], stderr=subprocess.PIPE, timeout=60,
                         env=dict(os.environ, GOTRACEBACK="none"), check=False)
    m = re.match(rb"(?s)panic: (.*?)(\n\[signal |\n\ngoroutine |\Z)", run.stderr)
    text = m.group(1) if m else run.stderr
    return clean(text[:-1] if text.endswith(b"\n") and not m.group(2) else text)


def addresses(text):
    return re.sub(r"0x[0-9a-f]+", "0x?", text)


def check_value(check, value, got, wrapped):
    """got: (type, text, flags); wrapped: the texts of what it wraps, each behind its holder."""
    name, (gotype, text, flags) = value["name"], got
    check.equal(gotype, value["gotype"], f"{name}: type")
    check.equal(addresses(text) if value["inexact"] else text,
                said(value["text"]) if name != "map" else "0x?", f"{name}: text")
    check.that(flags & TEXT and not flags & (CUT | PARTIAL), f"{name}: flags {flags}")
    check.equal(wrapped, [said(w) for w in value["wraps"]], f"{name}: wraps")


def in_memory(check, path, program, values):
    answers = ask(program, values)
    check.equal(len(answers), len(values), "answers")
    with ThreadPoolExecutor(2) as pool:
        ends = list(pool.map(lambda v: None if v["name"].startswith("errno ") else
                             printed(path, v["n"]), values))
    for value, got, end in zip(values, answers, ends):
        name, wrapped, last, flags = value["name"], got[1:-1], got[-1], got[0][2]
        check_value(check, value, got[0][:3], [w[1] for w in wrapped])
        check.equal("e" * bool(flags & ERROR) + "s" * bool(flags & STRINGER), value["has"],
                    f"{name}: methods")
        check.equal(bool(flags & RUNTIME),
                    bool(re.match(r"\*?(runtime|maps)\.", value["gotype"])),
                    f"{name}: of the runtime")
        for i, w in enumerate(wrapped):
            check.that(w[3] <= i, f"{name}: held by {w[3]}")
        # Those with methods are strings by then.
        if end is not None and not value["has"] and value["gotype"]:
            check.equal(addresses(last[1]), addresses(end), f"{name}: printed")


def below(value):
    """What it wraps, in the order of memory's answers."""
    for w in value["wraps"]:
        yield w["text"]
        yield from below(w)


def as_panics(check, program, values):
    golin = live.Golin("panics", str(program.pid), "--json", "--probes", "goroutines,panics")
    check.that(golin.attached, "golin is attached", golin.err[-5:])
    program.go()
    check.that(program.wait_line(program.out, "^recovered"), "the program goes on")
    program.close_stdin()
    check.equal(golin.wait(), 0, f"golin panics: {golin.err[-3:]}")
    panics = [o for o in golin.objects() if o["type"] == "panic"]
    panics.sort(key=lambda p: int(p["started"]))
    check.equal(len(panics), len(values), "panics")
    check.that(all(p["outcome"] == "recovered" for p in panics), "recovered")
    made = [v for v in values if v["name"] == "PanicNilError"]
    for value, p in zip(values, panics):
        v = p["value"]
        # Since Go 1.21 a panic(nil) is one with a value of the runtime's.
        if not value["gotype"] and made:
            value = made[0]
        check_value(check, value, (v["type"] or "", v["text"], TEXT if v["size"] is None else CUT),
                    list(below(v)))


def main():
    what, version, variant = sys.argv[1:4]
    path = live.program("panicvalues", version, variant)
    check = live.Check(f"panic values {what} {version}-{variant}")
    if what == "panics":
        live.require_live()
    program = live.Program([path])
    values = [json.loads(line) for line in program.out if line.startswith("{")]
    check.that(len(values) > 200, f"{len(values)} values")
    if what == "panics":
        as_panics(check, program, values)
    else:
        in_memory(check, path, program, values)
        program.close_stdin()
    check.equal(program.wait(), 0, "the program's end")
    check.finish()


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Panics with values that are made to harm who looks at them.

    hostile_values_test.py VERSION VARIANT

Whatever the fixture hostilevalues panics with: no output of golin's holds a byte that a terminal acts
on, lines have bounds, nothing hangs, and each panic is counted.
"""

import json
import os
import re
import subprocess
import sys
import unicodedata

import live

LIMIT = 60  # s, of one view
TEXT_LINE = 8192  # bytes of a line of text
JSON_LINE = 1 << 17  # with a stack and 16 values
# Controls, what directs or hides text, line and paragraph separators.
UNSAFE = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u00ad\u061c\u115f\u200b-\u200f\u2028-\u202e"
                    "\u2060-\u206f\ufeff\ufff9-\uffff\U000e0000-\U000e0fff]")


def run(*args, **kw):
    return subprocess.run([live.GOLIN, *args], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          timeout=LIMIT, check=False, **kw)


def is_safe(check, what, raw, line_limit):
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as e:
        check.that(False, f"{what}: no UTF-8: {raw[e.start - 40:e.start + 40]!r}")
        return ""
    bad = UNSAFE.search(text)
    check.that(not bad, f"{what}: unsafe",
               repr(text[max(0, bad.start() - 60):bad.start() + 60]) if bad else "")
    check.that(all(unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Zl", "Zp") for c in set(text)
                   if c != "\n"), f"{what}: format characters")
    longest = max((len(line.encode()) for line in text.split("\n")), default=0)
    check.that(longest <= line_limit, f"{what}: a line of {longest} bytes")
    return text


def views(check, recording, panics):
    """All that can be made of a recording."""
    for args, is_json in ((("panics",), False), (("panics", "--json"), True),
                          (("panics", "--count"), False), (("events",), False),
                          (("events", "--json"), True), (("lineage", "--json"), True),
                          (("findings",), False), (("findings", "--json"), True)):
        r = run(args[0], recording, *args[1:])
        what = " ".join(args)
        check.that(r.returncode in (0, 1), f"{what}: exit {r.returncode}", r.stderr[-300:])
        text = is_safe(check, what, r.stdout, JSON_LINE if is_json else TEXT_LINE)
        is_safe(check, what + ": stderr", r.stderr, TEXT_LINE)
        objects = [json.loads(line) for line in text.splitlines()] if is_json else []
        if args == ("panics", "--json"):
            found = [o for o in objects if o["type"] == "panic"]
            check.equal(len(found), panics, "panics")
            check.equal(sum(p["outcome"] == "recovered" for p in found), panics, "recovered")
            check.that(all(p["value"] is not None for p in found), "each has a value")
            large = [p["value"] for p in found if p["value"]["size"] == 1 << 20]
            check.equal(len(large), 3, "texts of 1 MiB that are cut, which is said")
            check.that(all(0 < len(v["text"]) <= 1024 for v in large), "cut texts", large)
            check.that(all(len(p["value"]["type"] or "") <= 1024 for p in found), "names of types")
        if objects and objects[-1]["type"] == "summary":
            check.that(objects[-1]["complete"], f"{what}: lost", objects[-1])
            check.equal(objects[-1]["lost"], {"ring": 0, "missed": 0}, f"{what}: lost")


def live_events(check, path, panics):
    """The same while it runs."""
    program = live.Program([path])
    golin = live.Golin("events", str(program.pid), "--probes", "goroutines,panics")
    check.that(golin.attached, "golin is attached", golin.err[-5:])
    program.go()
    check.that(program.wait_line(program.out, r"^\{"), "the program goes on")
    program.close_stdin()
    check.equal(program.wait(), 0, "the program's end")
    check.equal(golin.wait(LIMIT), 0, f"golin events: {golin.err[-3:]}")
    text = is_safe(check, "live events", golin.text(), TEXT_LINE)
    check.equal(len(re.findall(r"^panic: ", text, re.M)), panics, "events of panics")
    check.equal(len(re.findall(r"^recover: ", text, re.M)), panics, "events of recoveries")


def main():
    version, variant = sys.argv[1:3]
    check = live.Check(f"hostile values {version}-{variant}")
    live.require_live()
    path = live.program("hostilevalues", version, variant)
    program = live.Program([path])
    recording = os.path.join(live.TMP, "hostile.golin")
    golin = live.Golin("record", str(program.pid), "-o", recording)
    check.that(golin.attached, "golin is attached", golin.err[-5:])
    program.go()
    told = program.wait_line(program.out, r"^\{.*\}$")
    program.close_stdin()
    check.equal(program.wait(), 0, "the program's end")
    check.equal(golin.wait(LIMIT), 0, "golin record")
    panics = json.loads(told.group(0))["panics"]
    views(check, recording, panics)
    live_events(check, path, panics)
    # One that ends the program: what golin shows of it, beside what the program itself prints.
    r = run("panics", "--json", "--", path, "-die")
    check.equal(r.returncode, 2, "the exit code is the program's")
    text = is_safe(check, "fatal", r.stdout, JSON_LINE)
    check.that('"outcome":"fatal"' in text, "fatal", text[-500:])
    check.finish()


if __name__ == "__main__":
    main()

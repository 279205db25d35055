#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""pahole_test.py --golin GOLIN --work DIR VERSION...: golin against pahole, a reader of DWARF with
nothing of Go's in it, on each struct of layout.def in a small program: offset and size of each
member that both know."""

import argparse
import os
import re
import shutil
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import judge  # noqa: E402
import programs  # noqa: E402

STRUCT = re.compile(r"^struct (.+?) \{$")
# A member of the outermost struct: one tab, and behind its end where it lies.
MEMBER = re.compile(r"^\t(?:\} ?)?(?:[^\t].*?\s)??\(?\*?([^\s()\[\]]+)\)?(?:\(.*\))?(?:\[\d+\])*;"
                    r"\s+/\*\s+(\d+)\s+(\d+) \*/$")
SIZE = re.compile(r"^\t/\* size: (\d+),")
# These have to be there: a pahole that says nothing agrees with everybody.
AT_LEAST = ["runtime.g", "runtime.m", "runtime._panic", "runtime._defer", "runtime.hchan",
            "runtime.sudog", "runtime.gobuf", "runtime.moduledata", "context.timerCtx",
            "context.cancelCtx", "runtime.timer"]


def names():
    """{a name in DWARF: (struct, {a member's name in DWARF: field})}"""
    ret, by_id = {}, {}
    with open(judge.LAYOUT_DEF, encoding="utf-8") as f:
        for line in f:
            m = re.match(r'GOLIN_STRUCT\((\w+), "([^"]+)", "([^"]*)"\)', line)
            if m:
                by_id[m[1]] = (m[2], {})
                for name in [m[2]] + [n for n in m[3].split("|") if n]:
                    ret[name] = by_id[m[1]]
            m = re.match(r'GOLIN_FIELD\((\w+), \w+, "([^"]+)", "([^"]*)"', line)
            if m:
                for name in [m[2]] + [n for n in m[3].split("|") if n]:
                    by_id[m[1]][1][name] = m[2]
    return ret


def ask_pahole(path, wanted):
    """{(struct, field): (offset, size)}; "-" for the struct itself."""
    # All of them: given a longer list of names (-C), pahole ends before it has found each.
    done = programs.run(["pahole", path], timeout=120)
    ret, struct = {}, None
    for line in done.stdout.decode(errors="replace").splitlines():
        m = STRUCT.match(line)
        if m:
            struct = wanted.get(m[1])
        elif line == "};":
            struct = None
        elif struct:
            m = MEMBER.match(line)
            if m and m[1] in struct[1]:
                ret[struct[0], struct[1][m[1]]] = (int(m[2]), int(m[3]))
            m = SIZE.match(line)
            if m:
                ret[struct[0], "-"] = ("-", int(m[1]))
    return ret


def main():
    args = argparse.ArgumentParser(description=__doc__.split(":", 1)[0])
    args.add_argument("--golin", required=True)
    args.add_argument("--work", required=True)
    args.add_argument("--cache")
    args.add_argument("versions", nargs="+", metavar="VERSION")
    args = args.parse_args()
    report = judge.Report()
    if not shutil.which("pahole"):
        report.skip("no pahole (package dwarves or pahole)")
    shop = programs.Workshop(args.work, args.cache)
    wanted = names()
    for version in args.versions:
        case = report.case(version, "default", "pahole")
        try:
            path = shop.build(version, programs.BUILDS["default"])
        except programs.NotBuilt as e:
            case.not_built(str(e))
            continue
        answer = judge.Answer(args, path, "dwarf")
        judge.check_source(case, answer, version, "amd64", "dwarf")
        seen = ask_pahole(path, wanted)
        for struct in AT_LEAST:
            case.that((struct, "-") in seen, f"pahole does not show {struct}")
        for (struct, field), value in seen.items():
            got = judge.value_of(answer, struct, field)
            case.compared += 1
            if got and (got[2] or "").startswith("func("):
                # A func value is a pointer; pahole takes something else for its size.
                value = (value[0], 8)
            case.that(got and got[:2] == value, f"{struct}.{field}: {got}, pahole has {value}")
        for struct, fields in {v[0]: v[1] for v in wanted.values()}.items():
            for field in set(fields.values()) if (struct, "-") in seen else ():
                got = judge.value_of(answer, struct, field)
                case.that(not got or (struct, field) in seen,
                          f"{struct}.{field}: {got}, pahole has none")
    report.finish()


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""defers_test.py VERSION VARIANT: what goroutines have deferred and panicked, as the model says of
what the live source read without stopping them, against the program's own account.

The program (tests/fixtures/deferred) parks goroutines in functions with open-coded, stack, heap and
range-over-func defers, and in deferred calls of panics and of Goexit. Compared are the deferred
functions in their order, their statements, their flags and frames; the panics with their values;
the threads. First nobody asks: then only those that have panics are told of. Then one moves.
"""

import json
import os
import re
import subprocess
import sys

import live
from live import Check, Golin, Program

DEFERSCAT = os.path.join(os.path.dirname(live.GOLIN), "tests", "deferscat")
RECOVERED, ABORTED, GOEXIT = 1, 2, 4
HEAP, STARTED, OPEN, RANGE = 1, 2, 4, 8
MORE, ALL_OPEN, PARTIAL, LOCKED, MOVED = 1, 2, 4, 8, 16
MAX = 256  # defers of one answer
TEXT, HIDDEN = 1, 16  # of a value
NO_GOEXIT = 13  # the last minor whose Goexit leaves no trace
OLD = 21  # the last one that keeps a defer in its list while a panic runs it
FIRST_OPEN = 14


class Account:
    """What is to be seen, by version."""

    def __init__(self, path, minor, open_coded):
        self.goroutines = {}
        with open(path, encoding="utf-8") as f:
            for line in f:
                p = line.rstrip("\n").split("\t")
                if p[0] == "G":
                    g = dict(way=p[2], state=p[3], thread=int(p[4]), panics=[], defers=[])
                    self.goroutines[int(p[1])] = g
                elif p[0] == "P":
                    self.panic(g, minor, p[2], p[3], p[4].split(",") if p[4] else [])
                elif p[0] == "D":
                    self.defer(g, minor, open_coded, p[2:])

    @staticmethod
    def panic(g, minor, typ, text, flags):
        if "goexit" in flags and minor <= NO_GOEXIT:
            return
        value = (RECOVERED if "recovered" in flags else 0) | (GOEXIT if "goexit" in flags else 0)
        value |= ABORTED if "aborted" in flags and minor <= OLD else 0
        g["panics"].append((typ, text, value))

    @staticmethod
    def defer(g, minor, open_coded, p):
        frame, func, caller, line, kind, how = p
        if kind == "open" and not open_coded:
            kind = "stack"
        flags = {"open": OPEN, "stack": 0, "heap": HEAP, "range": HEAP | RANGE}[kind]
        at = (caller, int(line))
        if how != "pending":
            # One that is taken off the list before it runs is not seen any more.
            if minor > OLD or (how == "rest" and kind != "open"):
                return
            flags |= STARTED
            if kind == "open":
                at = ("", 0)
        g["defers"].append(dict(frame=int(frame), func=func, at=at, flags=flags))


def read(pid, *args):
    r = subprocess.run([DEFERSCAT, *args, str(pid)], capture_output=True, text=True,
                            timeout=60, check=False)
    if r.returncode:
        live.note(f"FAIL: deferscat: {r.returncode} {r.stderr}")
        sys.exit(1)
    return {o["goid"]: o for o in map(json.loads, r.stdout.splitlines())}


def same_func(want, got):
    """A call through an interface is one by a function that the compiler made, since Go 1.17."""
    if want.startswith("~"):
        return re.fullmatch(re.escape(want[1:]) + r"[.·](dwrap[.·]\d+|func\d+|deferwrap\d+)|"
                            r"main\.\(\*thing\)\.Close", got)
    return want == got


def same_defers(check, name, want, got):
    check.equal(len(got), len(want), f"defers of {name}")
    frames = {}
    for i, (w, g) in enumerate(zip(want, got)):
        check.that(same_func(w["func"], g["func"]), f"defer {i} of {name} is {w['func']}", g)
        check.equal((g["in"], g["line"]), w["at"], f"statement of defer {i} of {name}")
        check.equal(g["flags"], w["flags"], f"flags of defer {i} of {name}")
        check.equal(frames.setdefault(w["frame"], g["depth"]), g["depth"],
                    f"frame of defer {i} of {name}")
    depths = [g["depth"] for g in got]
    check.equal(depths, sorted(depths, reverse=True), f"order of frames of {name}")
    check.equal(len(set(frames.values())), len(frames), f"number of frames of {name}")


def compare(check, account, seen, hidden=False):
    for goid, want in account.goroutines.items():
        got, name = seen.get(goid), f"{want['way']} (goroutine {goid})"
        if not check.that(got and got["flags"] is not None, f"{name} was read", got):
            continue
        flags = (LOCKED if want["thread"] else 0) | (0 if want["state"] == "running" else ALL_OPEN)
        more = len(want["defers"]) > MAX
        if more:
            flags |= MORE
            if want["defers"][0]["flags"] & OPEN:
                flags &= ~ALL_OPEN
        check.equal(got["flags"], flags, f"flags of {name}")
        if want["state"] != "syscall":
            check.equal(got["thread"], want["thread"], f"thread of {name}")
        panics = [(p["type"], "" if hidden else p["text"], p["flags"]) for p in got["panics"]]
        check.equal(panics, [(t, "" if hidden else s, f) for t, s, f in want["panics"]],
                    f"panics of {name}")
        for p in got["panics"]:
            if p["type"]:
                check.equal(p["value"] & (TEXT | HIDDEN), HIDDEN if hidden else TEXT,
                            f"value of {name}")
            if hidden:
                check.equal(p["text"], "", f"text of {name}")
        same_defers(check, name, want["defers"][:MAX], got["defers"])


def outcomes(account):
    """goid -> (kind, text, outcome) of its panics, the oldest first."""
    out = {}
    for goid, g in account.goroutines.items():
        inner_goexit = False
        for _, text, flags in g["panics"]:
            kind = "goexit" if flags & GOEXIT else "panic"
            what = ("recovered" if flags & RECOVERED else "replaced" if flags & ABORTED else
                    "goexit" if inner_goexit and kind == "panic" else "active")
            inner_goexit = inner_goexit or kind == "goexit"
            out.setdefault(goid, []).insert(0, (kind, text if kind == "panic" else None, what))
    return out


def shown(check, objs, account, moved=None):
    """What `golin panics` says of those that had begun before it came; `moved` began later."""
    got, by_id = {}, {o["panic"]: o for o in objs if "panic" in o}
    for o in by_id.values():
        text = o["value"]["text"] if o["value"] else None
        got.setdefault(o["goid"], []).append((o["kind"], text, o["outcome"]))
        check.equal(o["start_lost"], o["goid"] != moved, f"start of {o['panic']}")
        check.that(o["at"] and o["at"]["func"].startswith("main."), f"place of {o['panic']}", o["at"])
        check.that(o["stack"] and not o["stack_truncated"], f"stack of {o['panic']}", o["stack"])
        check.that(o["kept"] or o["goid"] == moved, f"memory of {o['goid']}", o["kept"])
        before = got[o["goid"]][:-1]
        check.equal(o["nested_in"] in by_id, bool(before), f"{o['panic']} is nested")
        if before:
            check.equal(by_id[o["nested_in"]]["goid"], o["goid"], f"in what {o['panic']} is nested")
    check.equal(got, outcomes(account), "panics that golin shows")


def main():
    version, variant = sys.argv[1:3]
    minor = int(version.split(".")[1])
    check = Check(f"defers {version} {variant}")
    file = os.path.join(live.TMP, "account")
    target = Program([live.program("deferred", version, variant), file])
    open_coded = minor >= FIRST_OPEN and variant not in ("noopt", "race")
    account = Account(file, minor, open_coded)

    alone = read(target.pid)
    told = {goid for goid, o in alone.items() if o["flags"] is not None}
    check.equal(told, {goid for goid, g in account.goroutines.items() if g["panics"]},
                "those that are told of unasked")
    seen = read(target.pid, "-a")
    compare(check, account, seen)
    for goid in told:
        check.equal(alone[goid], seen[goid], f"goroutine {goid} is the same, asked or not")
    dumped = read(target.pid, "-a", "-d")
    for goid in account.goroutines:
        for one in (dumped, seen):
            del one[goid]["state"]  # one of them runs, or is about to
        check.equal(dumped[goid], seen[goid], f"goroutine {goid} in the model that a dump makes")
    compare(check, account, read(target.pid, "-a", "-H"), hidden=True)

    code, out, err = live.golin("panics", "--no-probes", "--json", target.pid)
    check.equal(code, 0, f"exit code of golin ({err})")
    shown(check, [json.loads(s) for s in out.splitlines()], account)

    watch = Golin("panics", "--json", str(target.pid))
    target.go("move\n")
    check.that(target.wait_line(target.out, "^moved"), "one has moved on")
    account = Account(file, minor, open_coded)
    check.equal(watch.stop(), 0, f"exit code of golin ({watch.err[-5:]})")
    moved = [goid for goid, g in account.goroutines.items() if g["way"] == "moves"]
    shown(check, watch.objects(), account, moved[0])
    compare(check, account, read(target.pid, "-a"))
    live.note(f"{len(account.goroutines)} goroutines, "
              f"{sum(len(g['defers']) for g in account.goroutines.values())} defers, "
              f"{sum(len(g['panics']) for g in account.goroutines.values())} panics")
    target.close_stdin()
    check.equal(target.wait(), 0, "exit code of the program")
    check.finish()


live.require_live()
main()

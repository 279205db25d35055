#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Timers of a program that keeps its own account: none missing, none extra, and what is held.

usage: timers_test.py VERSION VARIANT [--link perf] [--async]
       timers_test.py VERSION VARIANT --forced    a tiny ring, not read: what is lost is counted
"""

import os
import re
import signal
import sys

import live

TIMERSCAT = os.path.join(os.path.dirname(os.path.abspath(live.GOLIN)), "tests", "timerscat")
PHASES = 3


def account(lines):
    """What one phase printed: FUNC -> {made, stopped ...}, and the stats."""
    sites, stats = {}, {}
    for line in lines:
        word = line.split()
        numbers = {k: int(v) for k, v in re.findall(r"(\w+)=(\d+)", line)}
        if word[0] == "site":
            kind = re.search(r"kind=(\w+)", line)
            if kind:
                numbers["kind"] = kind.group(1)
            if word[1] in sites:
                raise ValueError(f"told twice: {line}")
            sites[word[1]] = numbers
        elif word[0] == "stats":
            stats = numbers
    return sites, stats


def ask(child, what):
    """Sends a line and gives what was printed up to "done"."""
    seen = len(child.out)
    child.go(what + "\n")
    while True:
        if not child.wait_line(child.out, rf"^done$|^{what}$", limit=60):
            live.note(f"FAIL: {child.argv} does not answer: {child.err[-5:]}")
            sys.exit(1)
        done = [i for i in range(seen, len(child.out)) if child.out[i] == "done"]
        if done:
            return child.out[seen:done[0]]
        if not child.alive():
            live.note(f"FAIL: {child.argv} has ended: {child.err[-5:]}")
            sys.exit(1)
        live.time.sleep(0.01)


KINDS = {
    "main.stopFunc": "func", "main.fireFunc": "func", "main.raceStop": "func",
    "main.resetFunc": "func", "main.resetRace": "func", "main.holdFunc": "func",
    "main.ticker": "ticker", "main.tick": "ticker", "main.tickerReset": "ticker",
}


def compare(check, phase, want, got):
    check.equal(sorted(got), sorted(want), f"phase {phase}: sites")
    for func in sorted(want):
        w, g = want[func], got.get(func)
        if not g:
            continue
        for what in ("made", "stopped", "fired", "held"):
            check.that(g[what] == w[what], f"phase {phase}: {func}: {what}",
                       f"golin {g}", f"program {w}")
        # The program is quiet: what is not held is collected, or due and nobody looks.
        check.equal(g["pending"], g["held"], f"phase {phase}: {func}: pending")
        check.equal(g["kind"], KINDS.get(func, "chan"), f"{func}: kind")


def forced(version, variant):
    check = live.Check(f"timers lost, {version}-{variant}")
    prog = live.Program([live.program("timers", version, variant)])
    before, _ = account(ask(prog, "go"))
    g = live.Golin("events", prog.pid, "--json", "--ring", "4k", "--probes", "timers")
    check.that(g.attached, "golin attaches", *g.err[-5:])
    os.killpg(g.pid, signal.SIGSTOP)
    sites, _ = account(ask(prog, "go"))
    os.killpg(g.pid, signal.SIGCONT)
    check.equal(g.stop(), 5, f"exit code ({g.err[-3:]})")
    prog.close_stdin()
    objs = g.objects()
    lost = objs[-1]["lost"]["ring"] + objs[-1]["lost"]["missed"]
    got = sum(o["type"] in ("timer.start", "timer.end") for o in objs)
    made = sum(s["made"] for s in sites.values()) - sum(s["made"] for s in before.values())
    live.note(f"{made} timers made, {got} events, {lost} lost")
    check.that(lost > 1000 and got > 10, "much is lost, and something is not", objs[-1])
    check.equal(got + lost, made, "delivered + lost = hits")
    check.finish()


def main():
    args = sys.argv[1:]
    is_async = "--async" in args
    link = ["-l", "perf"] if "perf" in args else []
    version, variant = args[:2]
    live.require_live()
    if "--forced" in args:
        forced(version, variant)
    check = live.Check(f"timers {version}-{variant}{' async' if is_async else ''}")
    env = dict(os.environ, **({"GODEBUG": "asynctimerchan=1"} if is_async else {}))
    prog = live.Program([live.program("timers", version, variant)], env=env)
    cat = live.Child([TIMERSCAT, *link, str(prog.pid)])
    if not cat.wait_line(cat.out, "^ready"):
        live.note(f"FAIL: timerscat is not ready: {cat.err[-5:]}")
        sys.exit(1)
    held = {}
    for phase in range(1, PHASES + 1):
        want, _ = account(ask(prog, "go"))
        got, stats = account(ask(cat, "read"))
        compare(check, phase, want, got)
        for func, site in got.items():
            check.equal(site["before"], held.get(func, [0])[-1], f"{func}: held before")
            held.setdefault(func, []).append(site["held"])
            check.equal(site["first"], held[func][0], f"{func}: held first")
        check.equal(stats["hits"], stats["delivered"] + stats["lost"], "hits")
        for what in ("lost", "missed", "unread"):
            check.equal(stats[what], 0, what)
    check.that(held["main.holdFunc"] == [3000, 1500], "3000 are held, then half of them", held)
    live.note(f"{version}-{variant}: {stats['hits']} hits, "
              f"{sum(s['made'] for s in got.values())} timers at {len(got)} sites")
    cat.close_stdin()
    check.equal(cat.wait(), 0, "timerscat's exit code")
    prog.close_stdin()
    check.equal(prog.wait(), 0, "the program's exit code")
    check.finish()


main()

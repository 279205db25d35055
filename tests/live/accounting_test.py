#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""hits = delivered + lost, exactly.

accounting_test.py rate|forced VERSION [golin options]

rate    200,000 goroutines a second for 10 s with stacks, while `lineage` runs: nothing is lost
forced  a tiny ring and a golin that is stopped for a while: what is lost is counted
"""

import os
import signal
import sys
import time

import live
from live import Check, Golin, Program, note


def spin(version, rate, seconds):
    return Program([live.program("spin", version), "-wait", "-linger", str(rate), str(seconds)])


def finish_spin(check, target):
    m = target.wait_line(target.out, r"^started (\d+) ended (\d+) seconds ([\d.]+) rate (\d+)",
                         live.PROGRAM_LIMIT)
    if not check.that(m, "the program ends its work", *target.err[-5:]):
        check.finish()
    return int(m.group(1)), int(m.group(2)), float(m.group(3)), int(m.group(4))


def rate(version, options):
    check = Check(f"200,000 goroutines a second, {version} {' '.join(options)}".rstrip())
    want = int(os.environ.get("GOLIN_TEST_RATE", "200000"))
    seconds = int(os.environ.get("GOLIN_TEST_SECONDS", "10"))
    target = spin(version, want, seconds)
    g = Golin("lineage", target.pid, "--json", "--system", "--keep", "1000", *options)
    check.that(g.attached, "golin attaches", *g.err[-5:])
    target.go()
    started, ended, took, reached = finish_spin(check, target)
    code = g.stop(120)
    target.close_stdin()
    check.equal(code, 0, f"exit code ({g.err[-3:]})")
    check.equal(started, ended, "the program's own counts")
    objs = g.objects()
    summary = objs[-1]
    note(f"{started} goroutines in {took} s: {reached}/s; {summary}")
    check.equal(summary["lost"], {"ring": 0, "missed": 0}, "lost")
    check.equal(summary["complete"], True, "complete")
    there = [o for o in objs if o["type"] == "goroutine" and o["created"] is None]
    system = [o for o in objs if o["type"] == "goroutine" and o["system"] and o["created"]]
    dead = [o for o in system if not o["alive"]]
    # what is there is read at the attach and once more at the end, for the states
    check.equal(summary["events"], started + ended + len(there) + len(system) + len(dead),
                "events: creations, ends, those that were there, and the runtime's own")
    check.equal(summary["evicted"], max(0, ended + len(dead) - 1000), "evicted under --keep 1000")
    # The machine may be too slow or too busy for the rate: then the test says nothing about it.
    check.that(reached > want * 0.5, f"rate reached: {reached}/s")
    check.finish()


def forced(version, options):
    check = Check(f"forced loss, {version} {' '.join(options)}".rstrip())
    target = spin(version, 50000, 3)
    g = Golin("events", target.pid, "--json", "--ring", "4k", *options)
    check.that(g.attached, "golin attaches", *g.err[-5:])
    target.go()
    time.sleep(0.5)
    os.killpg(g.pid, signal.SIGSTOP)
    time.sleep(1.0)
    os.killpg(g.pid, signal.SIGCONT)
    started, ended, took, reached = finish_spin(check, target)
    time.sleep(0.2)
    code = g.stop(60)
    target.close_stdin()
    objs = g.objects()
    summary = objs[-1]
    creates = [o for o in objs if o["type"] == "goroutine.create"]
    exits = [o for o in objs if o["type"] == "goroutine.exit"]
    lost = summary["lost"]["ring"] + summary["lost"]["missed"]
    note(f"{started} started, {len(creates)} creations, {len(exits)} ends, {summary}, {reached}/s")
    check.equal(code, 5, f"exit code ({g.err[-3:]})")
    check.equal(summary["complete"], False, "complete")
    check.that(lost > 10000, f"much is lost: {lost}")
    check.that(len(creates) > 100 and len(exits) > 100, "and something is not")
    check.equal(len(creates) + len(exits) + lost, started + ended, "delivered + lost = hits")
    check.that(any("lost" in line for line in g.err), "stderr says so", *g.err)
    check.finish()


def main():
    live.require_live()
    {"rate": rate, "forced": forced}[sys.argv[1]](sys.argv[2], sys.argv[3:])


if __name__ == "__main__":
    main()

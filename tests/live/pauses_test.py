#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Pauses of the world, compared with how often the program stopped it.

    pauses_test.py VERSION VARIANT [--link perf]

The fixture pauses stops the world, in several ways, in a deferred call of a panic.
"""

import json
import os
import subprocess
import sys
from collections import Counter

import live


def view(name, recording):
    run = subprocess.run([live.GOLIN, name, recording, "--json"], stdout=subprocess.PIPE,
                         timeout=60, check=True)
    return [json.loads(line) for line in run.stdout.decode().splitlines()]


def main():
    version, variant = sys.argv[1:3]
    check = live.Check(f"pauses {version}-{variant}")
    live.require_live()
    program = live.Program([live.program("pauses", version, variant)])
    recording = os.path.join(live.TMP, "pauses.golin")
    golin = live.Golin("record", str(program.pid), "--probes", "goroutines,panics,gc", "-o",
                       recording, *sys.argv[3:])
    check.that(golin.attached, "golin is attached", golin.err[-5:])
    program.go()
    told = program.wait_line(program.out, r"^\{.*\}$")
    program.close_stdin()
    check.equal(program.wait(), 0, "the program's end")
    check.equal(golin.wait(), 0, "golin's end")
    want = Counter(json.loads(told.group(0)))
    events = view("events", recording)
    pauses = [e for e in events if e["type"] == "gc.pause"]
    if int(version.split(".")[1]) >= 21:
        check.equal(Counter(p["reason"] for p in pauses), want, "pauses by reason")
    else:
        check.equal(len(pauses), sum(want.values()), "pauses")
        check.equal({p["reason"] for p in pauses}, {None}, "reasons")
    check.that(all(0 < p["duration_ns"] < 10**10 for p in pauses), "they take time", pauses)
    starts = [int(p["ts"]) for p in pauses]
    check.equal(starts, sorted(starts), "their order")

    panics = [p for p in view("panics", recording) if p["type"] == "panic"]
    check.equal([p["outcome"] for p in panics], ["recovered"], "outcomes")
    defers = panics[0]["defers"] if panics else []
    # All the pauses are in the slow one, none in the one that recovers.
    check.equal([d["pause_ns"] for d in defers], [sum(p["duration_ns"] for p in pauses), 0],
                "time that stood still in deferred calls")
    lost = events[-1]
    check.that(lost["type"] == "summary" and lost["complete"] and not lost["unread"],
               "nothing is lost", lost)
    check.finish()


if __name__ == "__main__":
    main()

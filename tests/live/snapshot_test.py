#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""snapshot_test.py VERSION VARIANT [COUNT]: what golin reads from memory alone, against the
runtime's own traceback: each goroutine, its state, what it waits on, its start function, the go
statement and, since Go 1.21, its parent."""

import re
import sys

import live
from live import Check, Golin, Program

HEAD = re.compile(r"goroutine (\d+) (?:gp=\S+ m=\S+ (?:mp=\S+ )?)?\[([^\],]+)(?:, [^\]]*)?\]:\n")
CREATOR = re.compile(r"^created by (\S+)(?: in goroutine (\d+))?\n\t(\S+):(\d+)", re.M)


def traceback(path):
    """goid -> (state, start function, (function, file, line) of the go statement, parent)."""
    out = {}
    with open(path, encoding="utf-8") as f:
        text = f.read()
    for block in text.strip().split("\n\n"):
        head = HEAD.match(block)
        if not head:
            live.note(f"FAIL: not understood: {block[:200]!r}")
            sys.exit(1)
        frames = [line for line in block.split("\n")[1:]
                  if line and not line.startswith(("\t", "created by"))]
        made = CREATOR.search(block)
        out[int(head[1])] = (head[2], re.sub(r"\([^()]*\)$", "", frames[-1]),
                             (made[1], made[3], int(made[4])) if made else None,
                             int(made[2]) if made and made[2] else None)
    return out


def snapshot(check, pid):
    g = Golin("lineage", "--no-probes", "--json", pid)
    check.equal(g.wait(), 0, f"exit code of golin ({g.err})")
    objects = g.objects()
    check.equal(objects[-1]["unread"], 0, "goroutines that could not be read")
    return [o for o in objects if o["type"] == "goroutine"]


def compare(check, path, count, minor):
    file = f"{live.TMP}/traceback"
    target = Program([path, str(count), file])
    seen = snapshot(check, target.pid)
    target.go()
    if not target.wait_line(target.out, "^written"):
        check.that(False, "the program wrote no traceback", target.err[-5:])
        return
    truth = traceback(file)
    mine = {o["goid"]: o for o in seen if not o["system"]}
    check.that(len(truth) >= count, f"{len(truth)} goroutines for {count}")
    check.equal(sorted(mine), sorted(truth), "goids")
    for goid in set(mine) & set(truth):
        o, (state, func, at, parent) = mine[goid], truth[goid]
        if goid != 1:  # main waits for a line when golin looks, and runs when the runtime does
            check.equal(o["wait"] or o["state"], state, f"state of {goid}")
        check.equal(o["func"], func, f"start function of {goid}")
        if at:
            check.equal((o["at"]["func"], o["at"]["file"], o["at"]["line"]), at,
                        f"go statement of {goid}")
        if minor >= 21:
            check.equal(o["parent"] or 0, parent or 0, f"parent of {goid}")
        else:
            check.equal(o["parent"], None, f"parent of {goid}, which this Go does not keep")
    target.close_stdin()
    check.equal(target.wait(), 0, "exit code of the program")


def main():
    version, variant = sys.argv[1:3]
    check = Check(f"snapshot {version} {variant}")
    path = live.program("parked", version, variant)
    count = int(sys.argv[3]) if len(sys.argv) > 3 else 1000
    compare(check, path, count, int(version.split(".")[1]))
    check.finish()


if __name__ == "__main__":
    main()

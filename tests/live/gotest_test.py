#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""The context package's own tests under golin: they pass as ever, and nothing golin says of them
contradicts itself.

gotest_test.py run VERSION	`go test context`, compiled with that version

The tests do with contexts whatever can be done with them: foreign types that wrap others, races of
cancels, parents that are done already, errors and causes of all kinds. No account of them exists;
but each event says something of the others, and so much must hold:
 - no child comes before its parent, and none ends twice;
 - what ends has begun, has an error, and if its parent ended it, an origin that ended before;
 - what ends by a deadline has one, which was over;
 - what hangs on a context that ended has ended as well;
 - nothing was lost, and nothing could not be read.
"""

import collections
import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import live  # noqa: E402
from live import Check, Golin  # noqa: E402

# Kinds of the package itself, which tell their children.
CANCELS = ("cancel", "timer", "afterFunc")
HANDS_ON = CANCELS + ("value",)


def results(lines):
    """What the tests say of themselves, without times."""
    out = []
    for line in lines:
        m = re.match(r"\s*--- (\w+): (\S+)", line)
        if m:
            out.append(m.groups())
        elif line in ("PASS", "FAIL") or line.startswith("panic:"):
            out.append(("", line))
    return sorted(out)


def frames(obj):
    return " < ".join(f"{s['func']}:{s['line']}" for s in (obj.get("stack") or [])[:6])


class Story:
    """What the events say, by lineage."""

    def __init__(self, check, objs):
        self.check = check
        self.begun, self.ended, self.children = {}, {}, collections.defaultdict(list)
        self.by_address = {}
        for o in objs:
            if o["type"] in ("context.create", "context.seen"):
                self.begin(o)
            elif o["type"] == "context.cancel":
                self.end(o)

    def begin(self, o):
        self.check.that(o["lineage"] not in self.begun or o["type"] == "context.seen",
                        "a lineage that was there before", o)
        if o["parent"]:
            self.check.that(o["parent_lineage"] in self.begun,
                            "a child comes before its parent", o, frames(o))
            self.check.equal(self.by_address.get(o["parent"]), o["parent_lineage"],
                             "who is at the parent's address")
        if o["type"] == "context.create":
            self.check.that(o["parent_kind"] or o["parent"] is None, "a parent of no kind", o)
            self.check.that(o["stack"], "a creation without a stack", o)
        self.begun[o["lineage"]] = o
        self.by_address[o["ctx"]] = o["lineage"]
        self.children[o["parent_lineage"]].append(o["lineage"])

    def end(self, o):
        check, who = self.check, self.begun.get(o["lineage"])
        if not check.that(who, "the end of a context that never began", o, frames(o)):
            return
        made = f"made by {frames(who)}"
        check.equal(self.by_address.get(o["ctx"]), o["lineage"], "who is at the address")
        check.that(o["lineage"] not in self.ended, "a second end", o, frames(o), made)
        check.that(who["kind"] in CANCELS, "the end of one that has none", o, frames(o), made)
        check.that(o["err_type"], "an end without an error", o, frames(o), made)
        if o["err_type"] in ("*errors.errorString", "context.deadlineExceededError"):
            check.that(o["err"], "an error without its text", o, frames(o), made)
        if o["cause_type"] in ("*errors.errorString",):
            check.that(o["cause"], "a cause without its text", o, frames(o), made)
        if o["reason"] == "parent":
            check.that(o["origin"] in self.ended or
                       self.begun.get(o["origin"], {}).get("kind") == "foreign",
                       "an end by its parent that began nowhere", o, frames(o), made)
        else:
            check.equal(o["origin"], o["lineage"], "origin of an end of its own")
        if o["reason"] == "deadline":
            check.that(who["kind"] == "timer" and who["deadline"] and
                       int(who["deadline"]) <= int(o["ts"]),
                       "an end by a deadline that was not over", o, frames(o), made)
        self.ended[o["lineage"]] = o

    def below(self, lineage):
        """What hangs on it, as far as contexts of the package hand on an end."""
        todo = list(self.children[lineage])
        while todo:
            i = todo.pop()
            o = self.begun[i]
            if o["kind"] in CANCELS:
                yield o
            if o["kind"] in HANDS_ON:
                todo += self.children[i]

    def check_cascades(self):
        n = 0
        for lineage in self.ended:
            for o in self.below(lineage):
                n += 1
                self.check.that(o["lineage"] in self.ended,
                                "it hangs on one that has ended, and has not", o, frames(o))
        return n


def run(version):
    check = Check(f"go test context {version}")
    argv = [live.program("context.test", version), "-test.v"]
    alone = subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                           stderr=subprocess.STDOUT, timeout=live.PROGRAM_LIMIT, check=False)
    want = results(alone.stdout.decode("utf-8", "replace").splitlines())
    g = Golin("events", "--json", "--probes", "goroutines,timers,contexts", "--", *argv)
    check.that(g.attached, "golin attaches", *g.err[-5:])
    code = g.wait(live.PROGRAM_LIMIT)
    got = results(g.err)
    check.that(len(want) > 20, f"{len(want)} results")
    check.equal(alone.returncode, 0, "exit code without golin")
    check.equal(code, 0, "exit code with golin")
    check.that(got == want, "results differ", sorted(set(want) ^ set(got))[:20])
    objs = g.objects()
    check.equal(objs[-1]["lost"], {"ring": 0, "missed": 0}, "lost")
    check.equal(objs[-1]["unread"], 0, "events that could not be read in full")
    story = Story(check, objs)
    hung = story.check_cascades()
    reasons = collections.Counter(o["reason"] for o in story.ended.values())
    live.note(f"{len(story.begun)} contexts, ended: {dict(reasons)}, {hung} below one that ended")
    check.that(len(story.begun) > 200 and len(story.ended) > 150 and hung > 50,
               f"only {len(story.begun)} contexts, {len(story.ended)} ends")
    for reason in ("explicit", "deadline", "parent"):
        check.that(reasons[reason] > 5, f"{reasons[reason]} ended by {reason}")
    check.finish()


def main():
    mode, version = sys.argv[1:3]
    live.require_live()
    {"run": run}[mode](version)


if __name__ == "__main__":
    main()

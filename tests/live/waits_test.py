#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""waits_test.py VERSION VARIANT [early|none]: where goroutines stand and on what they wait, as the
model says of what the live source read, against the program's own account and the runtime's traceback.

The program (tests/fixtures/waiting) parks goroutines in each way there is. Compared are the whole
stacks, the channels with their directions, whose Done channels they are, the function of the user's
code and what it calls. Some move on; some move all the time, so that readings are made in between.
With `early` all is there before golin comes: contexts are those found on stacks. With `none` it
comes without probes.
"""

import json
import os
import re
import sys

import live
from live import Check, Child, Program

WAITSCAT = os.path.join(os.path.dirname(live.GOLIN), "tests", "waitscat")
STACK, CHANNELS, MORE = 1, 2, 4
ACTIVE, CANCELLED = 1, 2
HELD_STACK = 4
MAX = 256  # channels of one answer
DEEP = 128  # frames of one stack
CHURN = 40  # rounds of readings of those that move
HEAD = re.compile(r"goroutine (\d+) (?:gp=\S+ m=\S+ (?:mp=\S+ )?)?\[([^\],]+)(?:, [^\]]*)?\]:\n")


def traceback(path):
    """goid -> (state, its frames without those of the runtime: (function, file, line))."""
    out = {}
    with open(path, encoding="utf-8") as f:
        text = f.read()
    for block in text.strip().split("\n\n"):
        head, lines, frames = HEAD.match(block), block.split("\n")[1:], []
        for i in range(0, len(lines) - 1, 2):
            if lines[i].startswith("created by") or lines[i].startswith("..."):
                break  # "...additional frames elided..."
            func, at = re.sub(r"\([^()]*\)$", "", lines[i]), re.match(r"\t(.+):(\d+)", lines[i + 1])
            if not func.startswith("runtime."):
                frames.append((func, at[1], int(at[2])))
        out[int(head[1])] = (head[2], frames)
    return out


class Account:
    def __init__(self, path):
        self.waits, self.moved, self.churns, self.contexts, self.holds = {}, {}, {}, {}, {}
        self.ended = set()
        with open(path, encoding="utf-8") as f:
            for line in f:
                p = line.rstrip("\n").split("\t")
                if p[0] == "W":
                    self.waits[int(p[1])] = dict(way=p[2], func=p[3], blocking=p[4], chans=p[5:])
                elif p[0] == "M":
                    self.moved[int(p[1])] = p[2]
                elif p[0] == "X":
                    self.churns.setdefault(int(p[1]), {})[p[2]] = p[3:]
                elif p[0] == "C":
                    self.contexts[p[1]] = dict(kind=p[2], parent=p[3])
                elif p[0] == "H":
                    self.holds[int(p[1])] = p[2]
                elif p[0] == "E":
                    self.ended.add(p[1])


class Cat(Child):
    def __init__(self, pid, groups):
        super().__init__([WAITSCAT, "-g", groups, str(pid)])
        self.taken = 1  # "ready"

    def ask(self, line="go"):
        """The goroutines by goid, and the contexts by address, as they are now."""
        self.go(line + "\n")
        while True:
            end = [i for i in range(self.taken, len(self.out)) if self.out[i].startswith("done")]
            if end:
                break
            if not self.wait_new(self.taken):
                live.note(f"FAIL: waitscat gave no answer: {self.err[-5:]}")
                sys.exit(1)
        objs = [json.loads(s) for s in self.out[self.taken:end[0]]]
        self.took = float(self.out[end[0]].split()[1])
        self.taken = end[0] + 1
        return ({o["goid"]: o for o in objs if "goid" in o},
                {c["ctx"]: c for o in objs if "contexts" in o for c in o["contexts"]})

    def wait_new(self, since):
        with self._cond:
            have = len(self.out)
            return self._cond.wait_for(
                lambda: any(s.startswith("done") for s in self.out[since:]) or
                len(self.out) > have, live.READY_LIMIT)


def chan_text(w):
    flags = ("d" if w["done"] else "") + ("e" if w["empty"] else "") + ("t" if w["timer"] else "")
    return f"{w['chan']},{w['how']},{w['ctx']},{flags}"


def same_stack(check, goid, want, got):
    frames = [tuple(f[:3]) for f in got["stack"] if not f[3]]
    frames = [f for f in frames if not f[0].startswith("runtime.")]
    if want["way"] == "deep":
        check.that(len(got["stack"]) >= DEEP, f"frames of a deep stack: {len(got['stack'])}")
        frames = frames[:len(want["frames"])]
    check.equal(frames, want["frames"], f"stack of {goid} ({want['way']})")
    user = [f for f in want["frames"] if f[0].startswith("main.")]
    check.equal((got["user"], got["line"]), (user[0][0], user[0][2]), f"user's frame of {goid}")


def same_contexts(check, account, contexts, seen):
    """Those that were there before: none that is none, and all that goroutines hold."""
    for ctx, c in contexts.items():
        want = account.contexts.get(ctx)
        if not check.that(want, f"{ctx} is a context", c):
            continue
        check.equal((c["kind"], c["parent"]), (want["kind"], want["parent"]), f"what {ctx} is")
        if c["kind"] != "value":
            check.equal(c["state"], CANCELLED if ctx in account.ended else ACTIVE, f"state of {ctx}")
        check.equal(c["deadline"] != 0, c["kind"] == "timer", f"deadline of {ctx}")
        check.equal(c["created"], False, f"creation of {ctx} was not seen")
    for goid, ctx in account.holds.items():
        check.that([ctx, HELD_STACK] in seen[goid]["held"], f"{goid} has {ctx} on its stack",
                   seen[goid]["held"])
    waited = {w.split(",")[2] for o in account.waits.values() for w in o["chans"]
              if o["way"] != "churn"} - {"0x0"}
    check.that(waited <= set(contexts), "all on which goroutines wait were found",
               waited - set(contexts))


def compare(check, account, truth, seen, early):
    for goid, want in sorted(account.waits.items()):
        if goid not in truth:
            continue  # spins, up to Go 1.13
        state, want["frames"] = truth[goid]
        got = seen.get(goid)
        if not check.that(got, f"goroutine {goid} ({want['way']}) was read"):
            continue
        if want["way"] == "spin":
            check.that(got["state"] in ("running", "runnable"), f"a loop is {got['state']}")
            check.equal(got["flags"] or 0, 0, "flags of one that runs")
            continue
        check.equal(got["wait"] or got["state"], state, f"state of {goid}")
        if want["way"] != "churn":
            check.equal(got["user"], want["func"], f"function of {goid} ({want['way']})")
        check.equal(got["blocking"], want["blocking"], f"what {goid} calls")
        same_stack(check, goid, want, got)
        if want["way"] == "many":
            check.equal(got["flags"], STACK | MORE, f"flags of {goid} ({want['way']})")
            check.equal(len(got["waits"]), MAX, "channels of a large select")
            continue
        check.equal(got["flags"], STACK | CHANNELS, f"flags of {goid} ({want['way']})")
        if early and want["way"] == "churn":
            # No interface value may be left of its context: then it is not known whose Done it is.
            want["chans"] = [re.sub(r"recv,0x[0-9a-f]+,de", "recv,0x0,de", w)
                             for w in want["chans"]]
            for w in got["waits"]:
                w.update(ctx="0x0")
        check.equal(sorted(map(chan_text, got["waits"])), sorted(want["chans"]),
                    f"what {goid} waits on ({want['way']})")
        # Whose Done it waits on, it works under.
        held = {c for c, _ in got["held"]}
        for w in got["waits"]:
            check.that(not w["done"] or w["ctx"] == "0x0" or w["ctx"] in held, f"{goid} works under {w['ctx']}", held)


def ages(check, account, target, cat, before):
    """Nothing has changed, then one has moved on."""
    again, _ = cat.ask()
    for goid, o in again.items():
        if before[goid]["flags"] and goid in account.waits:
            check.equal(o["since"], before[goid]["since"], f"age of {goid}")
            check.that(int(o["read"]) > int(before[goid]["read"]), "another reading")
    target.go("move\n")
    check.that(target.wait_line(target.out, "^moved"), "one has moved on")
    after, _ = cat.ask()
    for goid, chan in account.moved.items():
        check.equal([w["chan"] for w in after[goid]["waits"]], [chan], "where it has moved")
        check.that(int(after[goid]["since"]) > int(again[goid]["read"]), "its age begins anew")


def churn(check, account, target, cat):
    """An answer is of one place, never of two."""
    sure = {"main.inA": 0, "main.inB": 0}
    target.go("churn\n")
    check.that(target.wait_line(target.out, "^churning"), "some move all the time")
    for _ in range(CHURN):
        seen, _ = cat.ask()
        for goid, places in account.churns.items():
            o = seen[goid]
            if not o["flags"] or not o["flags"] & STACK or not o["flags"] & CHANNELS:
                continue
            sure[o["user"]] = sure.get(o["user"], 0) + 1
            check.equal(sorted(w["chan"] for w in o["waits"]), sorted(places.get(o["user"], [])),
                        f"channels of {goid} in {o['user']}")
    check.equal(set(sure), set(("main.inA", "main.inB")), "where they were seen")
    check.that(sum(sure.values()) > CHURN, f"answers that are sure: {sure}")


def main():
    version, variant = sys.argv[1:3]
    check = Check("waits " + " ".join(sys.argv[1:]))
    file = os.path.join(live.TMP, "account")
    early, none = bool(sys.argv[3:]), sys.argv[3:] == ["none"]
    target = Program([live.program("waiting", version, variant)] + ["-early"] * early + [file])
    cat = Cat(target.pid, "none" if none else "goroutines,contexts")
    check.that(cat.wait_line(cat.out, "^ready"), "waitscat watches", *cat.err[-5:])
    target.go()
    parked = target.wait_line(target.out, r"^parked (\d+)", live.PROGRAM_LIMIT)
    if not check.that(parked, "the program parks its goroutines", *target.err[-10:]):
        check.finish()
    account = Account(file)
    seen, contexts = cat.ask("go" if early else f"wait {parked[1]}")
    live.note(f"{len(seen)} readings took {cat.took:.1f} ms")
    target.go("traceback\n")
    check.that(target.wait_line(target.out, "^written"), "the program writes its traceback")
    compare(check, account, traceback(file), seen, early)
    if early:
        same_contexts(check, account, contexts, seen)
    if not none:
        ages(check, account, target, cat, seen)
        churn(check, account, target, cat)
    cat.close_stdin()
    check.equal(cat.wait(), 0, f"exit code of waitscat ({cat.err[-5:]})")
    target.close_stdin()
    check.equal(target.wait(), 0, "exit code of the program")
    check.finish()


live.require_live()
main()

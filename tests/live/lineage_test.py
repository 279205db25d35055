#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""golin's lineage against the program's own account: none missing, none extra, all alike.

lineage_test.py attach|run|join|web VERSION VARIANT [golin options]

attach  `events` on a program that runs already: what is there at the attach, and all that follows
run     `lineage` of a program that golin starts
join    `lineage` attached in the middle of 50,000 goroutines a second
web     net/http server and clients, against the account and Go's own traceback
"""

import collections
import os
import re
import subprocess
import sys
import time

import live
from live import Account, Check, Golin, Program, note, place

PHASES = {
    "default": {"burst": 10000, "churn": 1},
    "race": {"burst": 4000, "churn": 1},
}


# What stands below the part of the stack that golin shows: the start of a goroutine, and C code that
# has called back into Go.
BOTTOM = ("runtime.main", "runtime.goexit", "runtime.corostart", "runtime.cgocallbackg1",
          "runtime.cgocallbackg")


def minor(version):
    return int(version.split(".")[1])


def phases_of(path, variant, leave_out=()):
    """All phases that this build of the program has, as arguments."""
    counts = PHASES.get(variant, {"burst": 10000, "churn": 1})
    names = subprocess.run([path, "-list"], stdout=subprocess.PIPE, check=True,
                           timeout=60).stdout.decode().split()
    for must in ("tree", "deep", "chain", "burst", "churn", "goexit", "timers", "deadlines",
                 "locked"):
        if must not in names:
            note(f"FAIL: {path} has no phase {must}")
            sys.exit(1)
    return [f"{n}:{counts[n]}" if n in counts else n for n in names if n not in leave_out]


class Comparison:
    """One account against one output of golin."""

    def __init__(self, check, account, version):
        self.check, self.account, self.version = check, account, version
        self.parent_in_memory = minor(version) >= 21

    def wrong(self, kind, entry, got, want, seen):
        alike = (kind, entry["func"], "/".join(entry["note"]),
                 got if isinstance(got, str) else want if isinstance(want, str) else "")
        self.check.failed_alike(alike, f"{kind} of goroutine {entry['goid']} ({entry['func']}, "
                                f"{'/'.join(entry['note'])})",
                                f"golin   {got!r}", f"account {want!r}", f"{str(seen)[:300]}")

    def same(self, kind, entry, got, want, seen):
        if got == want:
            self.check.done += 1
        else:
            self.wrong(kind, entry, got, want, seen)

    def func(self, entry, obj):
        if "main" in entry["note"]:
            self.check.that(obj["func"] in ("main.main", "runtime.main"),
                            f"function of the main goroutine: {obj['func']!r}")
            return
        self.same("start function", entry, obj["func"], entry["func"], obj)

    def at(self, entry, obj):
        if "main" in entry["note"]:
            return
        self.same("place", entry, place(obj["at"]), entry["at"], obj)
        if obj["at"]:
            self.same("function of the go statement", entry, obj["at"]["func"], entry["at_func"],
                      obj)

    def stack(self, entry, obj, depth):
        """golin's frames are the first of the starter's own, as far as its depth goes."""
        want = self.account.stacks[entry["stack"]]
        if not want:
            return
        got = [(f["func"], place(f)) for f in obj["stack"] or []]
        # below the start function stands the runtime's part, of no interest
        def user_part(frames):
            cut = [i for i, (f, _) in enumerate(frames) if f in BOTTOM]
            return frames[:cut[0]] if cut else frames

        want, got = user_part(want), user_part(got)
        ok = got == want[:len(got)] and (len(got) == len(want) or len(got) >= depth)
        if not ok:
            self.wrong("creation stack", entry, got, want, obj)
        else:
            self.check.done += 1

    def extras(self, found, kind):
        """What golin has and the account has not, but for those that it expects by count."""
        want = collections.Counter((e["func"], e["armed"]) for e in self.account.anonymous)
        extra = []
        for goid, obj in found.items():
            if goid in self.account.by_goid:
                continue
            key = (obj["func"], obj.get("armed_by", -1))
            if want.get(key, 0) > 0:
                want[key] -= 1
            elif "armed_by" not in obj and any(k[0] == obj["func"] and n for k, n in want.items()):
                k = next(k for k, n in want.items() if k[0] == obj["func"] and n)
                want[k] -= 1
            else:
                extra.append(obj)
        self.check.that(not extra, f"{len(extra)} {kind} that the account does not have", *extra[:5])
        left = {k: n for k, n in want.items() if n}
        self.check.that(not left, f"{kind} that were expected and are missing: {left}")


def frame(check, golin, code, want_pid):
    """Header, summary and exit code; returns what is between."""
    objs = golin.objects()
    check.equal(code, 0, f"exit code (stderr: {golin.err[-3:]})")
    if not check.that(len(objs) >= 2, "header and summary are there", objs[:2], golin.err):
        check.finish()
    head, tail = objs[0], objs[-1]
    check.that(head["type"] == "header" and head["schema"] == "golin/1", "header", head)
    if want_pid:
        check.equal(head["pid"], want_pid, "pid in the header")
    check.that(tail["type"] == "summary", "summary", tail)
    check.that(tail.get("complete") is True and tail["lost"] == {"ring": 0, "missed": 0},
               "nothing is lost", tail)
    check.equal(tail.get("unread"), 0, "unread")
    check.equal(tail.get("evicted"), 0, "evicted")
    return objs[1:-1]


def cgo_threads(objs):
    """Goroutines of threads that C made: nothing starts them; golin knows no function of them."""
    return {o["goid"] for o in objs if o["type"] == "goroutine" and o["func"] is None}


def attach(version, variant, options):
    path = live.program("lineage", version, variant)
    check = Check(f"lineage attach {version} {variant} {' '.join(options)}".rstrip())
    file = os.path.join(live.TMP, "account")
    target = Program([path, "-wait", "-linger", "-pre", "60", "-account", file,
                      *phases_of(path, variant)])
    g = Golin("events", target.pid, "--json", "--system", *options)
    if not check.that(g.attached, "golin attaches", *g.err[-5:]):
        check.finish()
    if "perf" in options:
        check.that(int(g.attached.group(4)) >= 2, "probes", g.attached.group(0))
    if variant == "stripped":
        check.equal(g.attached.group(5), "table", "layout of a stripped program")
    target.go()
    done = target.wait_line(target.out, r"^done (\d+)", live.PROGRAM_LIMIT)
    check.that(done, "the program ends its phases", *target.err[-10:])
    code = g.stop()
    check.that(target.alive(), "the program lives on after the detach")
    check.equal(live.changed_text(target.pid), [], "changed bytes in its text")
    target.close_stdin()
    check.equal(target.wait(), 0, f"exit code of the program ({target.err[-3:]})")
    if not done:
        check.finish()
    objs = frame(check, g, code, target.pid)
    compare_events(check, Account(file), version, objs, g.objects()[-1])
    check.finish()


def compare_events(check, account, version, objs, summary):
    cmp = Comparison(check, account, version)
    created, seen, ended = {}, {}, {}
    for n, o in enumerate(objs):
        if o["type"] == "goroutine.create":
            where, key = created, o["child"]
        elif o["type"] == "goroutine.seen":
            where, key = seen, o["child"]
        elif o["type"] == "goroutine.exit":
            where, key = ended, o["goid"]
        else:
            continue
        if key in where:
            check.that(False, f"{o['type']} of goroutine {key} comes twice", where[key], o)
        if o["type"] == "goroutine.create" and key in ended:
            check.that(False, f"goroutine {key} ends before it begins", ended[key], o)
        o["n"] = n
        where[key] = o
    check.equal(summary["events"], len(created) + len(seen) + len(ended), "events in the summary")
    both = set(created) & set(seen)
    check.that(not both, f"goroutines both seen and created: {sorted(both)[:10]}")
    user = {i: o for i, o in {**seen, **created}.items() if not o["system"]}
    check.that(any(o["system"] for o in {**seen, **created}.values()),
               "the runtime's own goroutines are there and marked")

    missing = [e for i, e in account.by_goid.items() if i not in user]
    check.that(not missing, f"{len(missing)} goroutines of the account are missing", *missing[:5])
    for goid, e in account.by_goid.items():
        o = user.get(goid)
        if not o:
            continue
        cmp.func(e, o)
        cmp.at(e, o)
        if goid in seen:
            want = e["parent"] if cmp.parent_in_memory else None
            cmp.same("parent (of one seen)", e, o["goid"] or (0 if want == 0 else None), want, o)
        else:
            cmp.same("via", e, o["via"], e["via"], o)
            cmp.same("parent", e, o["goid"], e["parent"] or None, o)
            if e["via"] == "timer":
                cmp.same("who armed the timer", e, o.get("armed_by"), e["armed"], o)
            cmp.stack(e, o, 32)
        x = ended.get(goid)
        cmp.same("end", e, x["how"] if x else "alive", e["how"], x)
    cmp.extras(user, "goroutines")
    lone = [o for i, o in ended.items() if i not in created and i not in seen]
    # the goroutine of a thread that C made has no creation, and it never ends
    check.that(not lone, f"{len(lone)} ends of goroutines that never began", *lone[:5])


def pairs(check, cmp, account, found):
    """Each goroutine of the account with golin's of the same goid, function and place compared."""
    for goid, e in account.by_goid.items():
        o = found.get(goid)
        if not check.that(o, f"goroutine {goid} ({e['func']}) is missing", e):
            continue
        cmp.func(e, o)
        cmp.at(e, o)
        yield goid, e, o


def run(version, variant, options):
    path = live.program("lineage", version, variant)
    check = Check(f"lineage run {version} {variant} {' '.join(options)}".rstrip())
    file = os.path.join(live.TMP, "account")
    g = Golin("lineage", "--json", "--system", *options, "--", path, "-account", file,
              *phases_of(path, variant, leave_out=("churn",)))
    check.that(g.attached, "golin attaches", *g.err[-5:])
    code = g.wait(live.PROGRAM_LIMIT)
    objs = frame(check, g, code, None)
    check.that(any(re.match(r"done \d+", line) for line in g.err),
               "the program's stdout goes to stderr", *g.err[-5:])
    account = Account(file)
    cmp = Comparison(check, account, version)
    found = lineage_objects(check, objs)
    for goid, e, o in pairs(check, cmp, account, found):
        cmp.same("parent", e, o["parent"], e["parent"] or None, o)
        if e["how"] != "alive":
            cmp.same("alive", e, o["alive"], False, o)
            check.that(o["created"] and o["exited"] and int(o["created"]) <= int(o["exited"]),
                       f"times of goroutine {goid}", o)
    cmp.extras(found, "goroutines")
    check.finish()


def lineage_objects(check, objs):
    found = {}
    threads = cgo_threads(objs)
    for o in objs:
        if o["type"] != "goroutine":
            continue
        check.that(o["goid"] not in found, f"goroutine {o['goid']} is listed twice", o)
        if not o["system"] and o["goid"] not in threads:
            found[o["goid"]] = o
    return found


def join(version, variant, options):
    """Who ended before golin came cannot be known; who lived on or came later must be."""
    path = live.program("lineage", version, variant)
    check = Check(f"lineage join {version} {variant} {' '.join(options)}".rstrip())
    file = os.path.join(live.TMP, "account")
    target = Program([path, "-linger", "-pre", "500", "-account", file, "churn:4", "tree:3000"],
                     ready=None)
    time.sleep(1.0)
    before = time.monotonic_ns()
    g = Golin("lineage", target.pid, "--json", "--system", *options)
    after = time.monotonic_ns()
    check.that(g.attached, "golin attaches", *g.err[-5:])
    done = target.wait_line(target.out, r"^done (\d+)", live.PROGRAM_LIMIT)
    check.that(done, "the program ends its phases", *target.err[-10:])
    code = g.stop()
    target.close_stdin()
    check.equal(target.wait(), 0, "exit code of the program")
    objs = frame(check, g, code, target.pid)
    account = Account(file)
    cmp = Comparison(check, account, version)
    found = lineage_objects(check, objs)
    sure = joined = 0
    for goid, e in account.by_goid.items():
        o = found.get(goid)
        if e["died"] and e["died"] < before:
            check.that(not o or o["func"] is None, f"goroutine {goid} ended before the attach", e, o)
            continue
        if not e["died"] or e["died"] > after:
            sure += 1
            joined += e["born"] < before
            if not check.that(o, f"goroutine {goid} ({e['func']}) is missing", e):
                continue
        if not o:
            continue
        cmp.func(e, o)
        cmp.at(e, o)
        # Before Go 1.21 memory does not say who started one that was there at the attach. (One
        # that says `born` later may have been created before: it had to wait for its turn.)
        if o["created"] or cmp.parent_in_memory:
            cmp.same("parent", e, o["parent"], e["parent"] or None, o)
        elif o["parent"] is not None:
            cmp.same("parent", e, o["parent"], e["parent"], o)
        if e["how"] != "alive":
            cmp.same("alive", e, o["alive"], False, o)
    check.that(sure > 50000, f"{sure} goroutines were surely watched")
    check.that(joined > 1, f"{joined} of them were there before")
    cmp.extras(found, "goroutines")
    check.finish()


def live_tracebacks(file):
    """goid -> (bottom frame, go statement's file:line, parent or 0) of a full Go traceback."""
    out = {}
    with open(file, encoding="utf-8") as f:
        for block in f.read().split("\n\n"):
            lines = block.rstrip("\n").split("\n")
            goid, fn, at, parent = int(lines[0].split()[1]), None, None, 0
            for i, line in enumerate(lines[1:], 1):
                if line.startswith("\t") or line.startswith("..."):
                    continue
                m = re.match(r"created by (.*?)(?: in goroutine (\d+))?$", line)
                if m:
                    parent = int(m.group(2) or 0)
                    at = lines[i + 1].strip().split(" +0x")[0]
                else:
                    fn = line[:line.rindex("(")]
            out[goid] = (fn, at, parent)
    return out


def web(version, variant, options):
    path = live.program("web", version, variant)
    check = Check(f"lineage web {version} {variant} {' '.join(options)}".rstrip())
    file = os.path.join(live.TMP, "account")
    target = Program([path, "-wait", "-linger", "-account", file, "40"])
    g = Golin("lineage", target.pid, "--json", "--system", *options)
    check.that(g.attached, "golin attaches", *g.err[-5:])
    target.go()
    done = target.wait_line(target.out, r"^done (\d+)", live.PROGRAM_LIMIT)
    check.that(done, "the program ends its phases", *target.err[-10:])
    code = g.stop()
    target.close_stdin()
    check.equal(target.wait(), 0, "exit code of the program")
    objs = frame(check, g, code, target.pid)
    account = Account(file)
    cmp = Comparison(check, account, version)
    found = lineage_objects(check, objs)
    for goid, e, o in pairs(check, cmp, account, found):
        if "noparent" not in e["note"]:
            cmp.same("parent", e, o["parent"], e["parent"] or None, o)
    live_now = live_tracebacks(file + ".live")
    check.that(len(live_now) >= 10, f"{len(live_now)} goroutines in the traceback")
    for goid, (fn, at, parent) in live_now.items():
        e = {"goid": goid, "func": fn, "note": ["traceback"]}
        o = found.get(goid)
        if not check.that(o, f"goroutine {goid} ({fn}) of the traceback is missing") or goid == 1:
            continue
        cmp.same("start function", e, o["func"], fn, o)
        cmp.same("place", e, place(o["at"]), at, o)
        if parent:
            cmp.same("parent", e, o["parent"], parent, o)
    strange = [o for i, o in found.items() if i not in account.by_goid and i not in live_now and
               not re.match(r"(net|context|internal|os|time)[./]", o["func"] or "")]
    check.that(not strange, "goroutines that are neither the program's nor a library's", *strange[:5])
    check.finish()


def main():
    mode, version, variant = sys.argv[1:4]
    live.require_live()
    {"attach": attach, "run": run, "join": join, "web": web}[mode](version, variant, sys.argv[4:])


if __name__ == "__main__":
    main()

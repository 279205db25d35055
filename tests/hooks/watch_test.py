#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""watch_test.py VERSION VARIANT [PHASE...]

The fixture `hooks` says how often it passed each hook point and which words it had there.
watch_hooks probes them all and prints what stands at the places that golin's plan names. Both have
to say the same: as many hits, no more and no less, and among them the very words.
"""

import collections
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "live"))
import live  # noqa: E402  (what the live tests share)

WATCH = os.environ.get("GOLIN_WATCH", "build/tests/watch_hooks")
LIMIT = 60

# Which events a phase is watched for: what else happens meanwhile is not the phase's.
PHASES = {
    "contexts": ["context."],
    "causes": ["context."],
    "panics": ["panic."],
    "signals": ["panic."],
    "fatal": ["panic."],
    "misuse": ["panic."],
    "timers": ["timer."],
    "gc": ["gc."],
    "labels": ["goroutine.labels", "context.create.value"],
    "io": ["io."],
    "files": ["io."],
    "datagrams": ["io."],
    "streams": ["io."],
    "http": ["http."],
    "http2": ["http."],
    "goroutines": ["goroutine.create", "goroutine.exit"],
    "coroutines": ["goroutine.create.coroutine"],
}
# These end the program, which says beforehand what it will do.
ENDS = {"fatal", "misuse"}
SINCE = {"http2": 14, "causes": 21, "coroutines": 23}

# What has to be the same, at as many hits: (event, word), (event, word), since which Go.
SAME = {
    "contexts": [(("context.create", "ctx"), ("context.create", "child.data"), 21)],
    "causes": [(("context.create", "ctx"), ("context.create", "child.data"), 21)],
    "fatal": [(("panic.fatal", "panic"), ("panic.fatal.print", "panic"), 13)],
    "http": [(("http.client.get_conn", "treq"), ("http.client.round_trip", "treq"), 13),
             (("http.server.request", "writer.data"), ("http.server.header", "response"), 13),
             (("http.server.request", "writer.data"), ("http.server.finish", "response"), 13),
             (("http.client.read_loop", "conn"), ("http.client.write_loop", "conn"), 13)],
}
# These run on a thread's own stack and are about the goroutine of that thread.
ABOUT_CURG = {"panic.recover": "gp", "goroutine.exit": "gp"}

failures = 0


def check(ok, text):
    global failures
    if not ok:
        failures += 1
        live.note(f"FAIL: {text}")


def counts_as(event, words):
    """The fixture's name of what a hit is: deferred calls are seen at several points."""
    if event in ("panic.defer", "panic.defer.open", "panic.defer.goexit"):
        # What is left of a frame with open-coded defers after a recover is no part of a panic.
        return None if words.get("panic") == "0" else "panic.defers"
    return event


class Said:
    """What the program says of itself."""

    def __init__(self, lines):
        self.counts = {}
        self.words = collections.defaultdict(collections.Counter)
        for line in lines:
            part = line.split()
            if len(part) == 2:
                self.counts[part[0]] = int(part[1])
            else:
                self.words[(part[0], part[1])][part[2].removeprefix("0x")] += 1


class Seen:
    """What was seen at the hook points."""

    def __init__(self, lines, said):
        self.counts = collections.Counter()
        self.words = collections.defaultdict(collections.Counter)
        self.raw = collections.Counter()
        self.lost = None
        for line in lines:
            if line.startswith("lost "):
                self.lost = int(line.split()[1])
                continue
            event, *items = line.split("\t")
            words = dict(item.split("=", 1) for item in items)
            self.raw[event] += 1
            check("?" not in words.values(), f"unread: {line}")
            self.check_g(event, words)
            name = counts_as(event, words)
            # The program's own output goes through the same functions.
            fds = said.words.get((name, "fd"))
            if name is None or (fds and words["fd"] not in fds):
                continue
            self.counts[name] += 1
            for key, value in words.items():
                self.words[(name, key)][value] += 1

    @staticmethod
    def check_g(event, words):
        """g is the user goroutine's: that of its thread; g0 is the one of the thread's stack."""
        if "g" in words:
            check(words["g"] == words["g.curg"], f"{event}: g is not m.curg: {words}")
        if "g0" in words:
            check(words["g0"] == words["g0.g0"], f"{event}: g0 is not m.g0: {words}")
        if event in ABOUT_CURG:
            check(words[ABOUT_CURG[event]] == words["g0.curg"],
                  f"{event}: not about m.curg: {words}")


def run(path, phase):
    prog = subprocess.Popen([path, phase], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                            stderr=subprocess.DEVNULL if phase in ENDS else None)
    ready = prog.stdout.readline().split()
    if ready[:1] != ["ready"]:
        raise RuntimeError(f"{path}: {ready}")
    watch = subprocess.Popen([WATCH, ready[1], *PHASES[phase]], stdin=subprocess.PIPE,
                             stdout=subprocess.PIPE, text=True)
    armed = watch.stdout.readline().split()
    if armed[:1] != ["armed"]:
        prog.kill()
        raise RuntimeError(f"{WATCH}: {armed}")
    prog.stdin.write("\n")
    prog.stdin.flush()
    said = []
    for line in prog.stdout:
        if line == "end\n":
            break
        said.append(line.rstrip("\n"))
    if phase in ENDS:
        prog.wait(LIMIT)
    out, _ = watch.communicate(timeout=LIMIT)
    prog.communicate(timeout=LIMIT)
    check(prog.returncode == (2 if phase in ENDS else 0), f"{path} {phase}: exit {prog.returncode}")
    check(watch.returncode == 0, f"{WATCH}: exit {watch.returncode}")
    said = Said(said)
    return int(armed[1]), said, Seen(out.splitlines(), said)


def compare(minor, phase, armed, said, seen):
    check(seen.lost == 0, f"{phase}: {seen.lost} hits were lost")
    check(armed > 0 and said.counts, f"{phase}: nothing was watched")
    for event, count in sorted(said.counts.items()):
        check(seen.counts[event] == count,
              f"{phase}: {event}: {seen.counts[event]} hits, the program says {count}")
    for (event, name), wanted in sorted(said.words.items()):
        got = seen.words[(event, name)]
        missing = wanted - got
        check(not missing, f"{phase}: {event}: {name} was never "
                           f"{dict(missing.most_common(3))}, but {dict(got.most_common(3))}")
    for one, other, since in SAME.get(phase, []):
        if minor >= since:
            check(seen.words[one] and seen.words[one] == seen.words[other],
                  f"{phase}: {one} and {other} differ: {dict(seen.words[one])} "
                  f"{dict(seen.words[other])}")
    if phase == "gc":
        begin, end = seen.counts["gc.stw.begin"], seen.counts["gc.stw.end"]
        check(begin == end and begin >= 2 * said.counts["gc.start"],
              f"gc: the world was stopped {begin} times and started {end} times")
    live.note(f"{phase}: {armed} points, {sum(seen.raw.values())} hits; " + ", ".join(
        f"{e} {seen.counts[e]}" for e in sorted(said.counts)) + "; words "
        f"{sum(sum(c.values()) for c in said.words.values())}")


def main():
    version, variant, *phases = sys.argv[1:]
    minor = int(version.split(".")[1])
    live.require_live()
    path = live.program("hooks", version, variant)
    for phase in phases or PHASES:
        if minor >= SINCE.get(phase, 0):
            compare(minor, phase, *run(path, phase))
    sys.exit(1 if failures else 0)


main()

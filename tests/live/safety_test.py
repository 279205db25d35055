#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""What golin does to a target: nothing.

safety_test.py cycles|kill|exit|exec|deleted VERSION [golin options]

cycles  100 attaches and detaches under load
kill    kill -9 of golin at random moments
exit    the target ends, returns a code, or is killed, while golin watches
exec    the target executes another program, or itself, while golin watches
deleted the target's file is deleted or replaced, before and after the attach
"""

import os
import random
import re
import shutil
import signal
import statistics
import sys
import time

import live
from live import Check, Golin, Program, note

STATUS = r"^rounds (\d+) goroutines (\d+) rate (\d+) bad (\d+)"


class Worker(Program):
    """The program that computes checksums all the time."""

    def __init__(self, version):
        super().__init__([live.program("worker", version), "3"], ready=STATUS)

    def status(self):
        return [tuple(int(x) for x in re.match(STATUS, line).groups())
                for line in list(self.out) if re.match(STATUS, line)]

    def rate_over(self, seconds):
        begin = len(self.status())
        time.sleep(seconds)
        return statistics.median(s[2] for s in self.status()[begin:])

    def verdict(self, check):
        """It still works, and all of its sums were right."""
        first = self.status()[-1][0]
        time.sleep(0.5)
        check.that(self.alive() and self.status()[-1][0] > first, "the target works on",
                   self.p.poll(), *self.err[-20:])
        check.equal(live.changed_text(self.pid), [], "changed bytes in the target's text")
        self.close_stdin()
        check.equal(self.wait(), 0, f"exit code of the target ({self.err[-20:]})")
        check.equal(self.status()[-1][3], 0, "wrong checksums")
        check.that(self.status()[-1][0] > 100, f"rounds: {self.status()[-1][0]}")


def cycles(version, options):
    count = int(os.environ.get("GOLIN_TEST_CYCLES", "10" if "perf" in options else "100"))
    check = Check(f"{count} attaches and detaches, {version} {' '.join(options)}".rstrip())
    rng = random.Random(1)
    before = live.kernel_objects()
    target = Worker(version)
    usual = target.rate_over(3)
    attach, detach, events = [], [], 0
    for i in range(count):
        begin = time.monotonic()
        g = Golin("events", target.pid, "--json", *options)
        if not check.that(g.attached, f"attach {i}", *g.err[-5:]):
            break
        attach.append(time.monotonic() - begin)
        time.sleep(rng.uniform(0, 0.03))
        begin = time.monotonic()
        code = g.stop()
        detach.append(time.monotonic() - begin)
        check.equal(code, 0, f"exit code of round {i} ({g.err[-3:]})")
        last = g.text().rstrip().rsplit(b"\n", 1)[-1]
        check.that(b'"summary"' in last, f"summary of round {i}", last[:200])
        events += g.text().count(b"\n")
        if i % 10 == 0:
            check.equal(live.changed_text(target.pid), [], f"changed bytes after round {i}")
        if not target.alive():
            break
    time.sleep(0.5)
    after = target.rate_over(3)
    note(f"{len(attach)} rounds, {events} lines; armed after {1e3 * statistics.median(attach):.0f} "
         f"ms, gone after {1e3 * statistics.median(detach):.0f} ms (median); rounds a second "
         f"before {usual:.0f}, after {after:.0f}")
    # Other work on the machine moves this far more than golin could: half is a real change.
    check.that(after > usual * 0.5, f"throughput: {after} after, {usual} before")
    left = live.settle_kernel(before)
    check.that(not left, f"left in the kernel: {sorted(left)}")
    target.verdict(check)
    check.finish()


def kill(version, options):
    count = int(os.environ.get("GOLIN_TEST_KILLS", "40"))
    check = Check(f"{count} times kill -9, {version} {' '.join(options)}".rstrip())
    rng = random.Random(2)
    before = live.kernel_objects()
    target = Worker(version)
    for i in range(count):
        g = Golin("events", target.pid, "--json", *options, wait=False)
        if i % 2:
            g.wait_line(g.err, r"^golin: attached")
            time.sleep(rng.uniform(0, 0.1))
        else:
            time.sleep(rng.uniform(0, 0.5))
        if i % 4 < 2:
            g.signal(signal.SIGKILL)  # its helpers must notice by themselves
        else:
            try:
                os.killpg(g.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        g.p.wait()
        if not check.that(target.alive(), f"the target lives after kill {i}", *target.err[-20:]):
            break
    left = live.settle_kernel(before)
    check.that(not left, f"left in the kernel: {sorted(left)}")
    end = time.monotonic() + 5
    while live.changed_text(target.pid) and time.monotonic() < end:
        time.sleep(0.1)
    target.verdict(check)
    check.finish()


def exit_(version, options):
    check = Check(f"the target ends, {version} {' '.join(options)}".rstrip())
    before = live.kernel_objects()
    # by itself
    target = Program([live.program("lineage", version), "-wait", "tree:500"])
    g = Golin("events", target.pid, "--json", *options)
    check.that(g.attached, "golin attaches", *g.err[-5:])
    target.go()
    check.equal(g.wait(), 0, f"exit code when the target returns ({g.err[-5:]})")
    objs = g.objects()
    check.equal(objs[-1]["type"], "summary", "the last line")
    check.that(sum(o["type"] == "goroutine.create" for o in objs) >= 500, "all is delivered")
    check.that(any(re.search(r"\b(ended|exited)\b", line) for line in g.err),
               "stderr says that the target ended", *g.err)
    # killed
    target = Worker(version)
    g = Golin("lineage", target.pid, "--json", *options)
    check.that(g.attached, "golin attaches", *g.err[-5:])
    time.sleep(0.3)
    target.signal(signal.SIGKILL)
    check.equal(g.wait(), 0, f"exit code when the target is killed ({g.err[-5:]})")
    check.that(any(re.search(r"\b(ended|exited)\b", line) for line in g.err),
               "stderr says that the target ended", *g.err)
    check.equal(g.objects()[-1]["type"], "summary", "the last line")
    # while golin attaches
    rng = random.Random(3)
    for i in range(15):
        target = Program([live.program("execer", version), "again"])
        g = Golin("events", target.pid, "--json", *options, wait=False)
        time.sleep(rng.uniform(0, 0.4))
        target.signal(signal.SIGKILL)
        code = g.wait(30)
        check.that(code in (0, 3), f"exit code when the target is killed meanwhile: {code}", *g.err)
        check.that(code == 0 or any(line.startswith("golin: ") for line in g.err),
                   "a line on stderr", *g.err)
    # a child's code comes first
    code, _, err = live.golin("events", "--json", *options, "--",
                              live.program("lineage", version), "-account", "/nonexistent/x",
                              "tree:10")
    check.equal(code, 70, f"the child's own exit code ({err[-300:]})")
    left = live.settle_kernel(before)
    check.that(not left, f"left in the kernel: {sorted(left)}")
    check.finish()


def exec_(version, options):
    check = Check(f"the target executes, {version} {' '.join(options)}".rstrip())
    before = live.kernel_objects()
    # another program, which is no Go program
    target = Program([live.program("execer", version), "/bin/sleep", "3"])
    g = Golin("events", target.pid, "--json", *options)
    check.that(g.attached, "golin attaches", *g.err[-5:])
    target.go()
    code = g.wait(30)
    check.that(code in (0, 3), f"exit code after the exec of sleep: {code}", *g.err)
    check.that(any("has executed" in line for line in g.err), "stderr says what happened", *g.err)
    check.equal(g.objects()[-1]["type"], "summary", "the last line")
    target.kill()
    # itself
    target = Program([live.program("execer", version), "again"])
    g = Golin("events", target.pid, "--json", *options)
    check.that(g.attached, "golin attaches", *g.err[-5:])
    target.go()
    again = target.wait_line(target.out[1:], r"^ready", 10) or len(target.out) > 1
    check.that(again, "the target runs again")
    time.sleep(1)
    check.that(target.alive(), "the target lives")
    g.stop()
    check.that(any("has executed" in line for line in g.err), "stderr says what happened", *g.err)
    check.equal(live.changed_text(target.pid), [], "changed bytes in its text")
    target.close_stdin()
    left = live.settle_kernel(before)
    check.that(not left, f"left in the kernel: {sorted(left)}")
    check.finish()


def deleted(version, options):
    check = Check(f"the file is deleted or replaced, {version} {' '.join(options)}".rstrip())
    source = live.program("lineage", version)

    def one(name, before, after):
        path = os.path.join(live.TMP, name)
        shutil.copy(source, path)
        target = Program([path, "-wait", "-linger", "tree:800"])
        before(path)
        g = Golin("events", target.pid, "--json", *options)
        check.that(g.attached, f"{name}: golin attaches", *g.err[-5:])
        if before != nothing:
            check.that(any(re.search(r"replaced|removed|deleted", line) for line in g.err),
                       f"{name}: stderr says so", *g.err)
        after(path)
        target.go()
        check.that(target.wait_line(target.out, "^done"), f"{name}: the target's end")
        check.equal(g.stop(), 0, f"{name}: exit code ({g.err[-3:]})")
        creates = [o for o in g.objects() if o["type"] == "goroutine.create" and not o["system"]]
        check.equal(len(creates), 801, f"{name}: creations")
        named = sum(1 for o in creates if o["func"] and o["func"].startswith("main."))
        check.equal(named, len(creates), f"{name}: creations with a name")
        target.close_stdin()
        check.equal(target.wait(), 0, f"{name}: exit code of the target")

    def nothing(path):
        pass

    def replace(path):
        shutil.copy("/bin/true", path + ".new")
        os.rename(path + ".new", path)

    one("deleted before", os.unlink, nothing)
    one("replaced before", replace, nothing)
    one("deleted after", nothing, os.unlink)
    one("replaced after", nothing, replace)
    check.finish()


def main():
    live.require_live()
    {"cycles": cycles, "kill": kill, "exit": exit_, "exec": exec_,
     "deleted": deleted}[sys.argv[1]](sys.argv[2], sys.argv[3:])


if __name__ == "__main__":
    main()

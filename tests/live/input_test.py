#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Bad input: one clear line (what, why, what to do), the right exit code, nothing left behind.

input_test.py usage|targets|files|rights|recordings VERSION
"""

import json
import os
import random
import re
import shutil
import subprocess
import sys
import time

import live
from live import Check, Golin, Program, golin, note

QUICK = 10.0  # limit for a refusal, s


def refused(check, args, code, pattern, hint=None, **kw):
    """golin ARGS refuses with that code, in one line that matches, hints indented behind it."""
    begin = time.monotonic()
    got, out, err = golin(*args, limit=QUICK, **kw)
    took = time.monotonic() - begin
    what = "golin " + " ".join(str(a)[:60] for a in args)
    check.equal(got, code, f"exit code of `{what}` after {took:.2f} s ({err[-300:]!r})")
    lines = err.splitlines()
    heads = [line for line in lines if line.startswith("golin: ")]
    check.that(len(heads) == 1 and lines[0] == heads[0], f"`{what}`: one message", *lines)
    check.that(heads and re.search(pattern, heads[0]), f"`{what}`: matches {pattern!r}", *lines)
    check.that(all(line.startswith("  ") for line in lines[1:]), f"`{what}`: only hints behind it",
               *lines)
    check.that(not heads or len(heads[0]) < 300, f"`{what}`: short", *lines)
    if hint:
        check.that(any(re.search(hint, line) for line in lines), f"`{what}`: says {hint!r}", *lines)
    check.equal(out, "", f"`{what}`: nothing on stdout")


def usage(check, version):
    pid = os.getpid()
    refused(check, ["frobnicate"], 2, r"frobnicate")
    refused(check, ["lineag", pid, "--nonsense"], 2, r"lineag|nonsense")
    refused(check, ["lineage", "--nonsense"], 2, r"nonsense")
    refused(check, ["lineage"], 2, r"SOURCE")
    refused(check, ["lineage", pid, pid], 2, r"SOURCE")
    refused(check, ["events", "--for", "x", pid], 2, r"--for|'x'")
    refused(check, ["events", "--for", "-3s", pid], 2, r"--for|-3s")
    refused(check, ["events", "--for", "99999999999h", pid], 2, r"--for|99999999999h")
    refused(check, ["events", "--link", "glue", pid], 2, r"link|glue", hint=r"multi")
    refused(check, ["events", "--ring", "12parsecs", pid], 2, r"ring|12parsecs")
    refused(check, ["events", "--stacks", "many", pid], 2, r"stacks|many")
    refused(check, ["events", "--probes", "fusion", pid], 2, r"fusion")
    refused(check, ["events", "--filter", "age>soon", pid], 2, r"filter at column 5", hint=r"fn:")
    refused(check, ["record", pid], 2, r"no file", hint=r"-o FILE")
    refused(check, ["replay"], 2, r"no terminal|recording")
    refused(check, ["offsets"], 2, r"BINARY|FILE|PID")
    refused(check, ["lineage", pid, "--", "/bin/true"], 2, r"both")
    refused(check, ["help", "frobnicate"], 2, r"frobnicate")


def targets(check, version):
    refused(check, ["events", "999999999"], 3, r"999999999")
    refused(check, ["events", "99999999999999999999999"], 2, r"99999999999")
    refused(check, ["events", "0"], 2, r"\b0\b")
    refused(check, ["events", "no-such-program-here"], 3, r"no-such-program-here")
    refused(check, ["lineage", "2"], 3, r"\b2\b")  # a kernel thread
    sleep = live.Child(["/bin/sleep", "60"])
    refused(check, ["events", sleep.pid], 3, r"not a Go program")
    refused(check, ["lineage", sleep.pid, "--no-probes"], 3, r"not a Go program")
    refused(check, ["offsets", sleep.pid], 3, r"not a Go program")
    sleep.kill()
    refused(check, ["events", sleep.pid], 3, str(sleep.pid))  # gone
    refused(check, ["lineage", "--", "/nonexistent/program"], 3, r"/nonexistent/program")
    refused(check, ["lineage", "--", "no-such-program-here"], 3, r"no-such-program-here")
    refused(check, ["lineage", "--", "/bin/true"], 3, r"not a Go program")
    refused(check, ["lineage", "--", "/"], 3, r"'/'")
    script = os.path.join(live.TMP, "script")
    with open(script, "w", encoding="utf-8") as f:
        f.write("#!/bin/sh\nexec sleep 60\n")
    os.chmod(script, 0o755)
    refused(check, ["lineage", "--", script], 3, r"script")
    # a name that fits several
    idle = [Program([live.program("idle", version)]) for _ in range(2)]
    refused(check, ["events", "idle"], 2, r"idle", hint=str(idle[0].pid))
    for p in idle:
        p.close_stdin()
    # the reader of the output goes away; the output cannot be written
    target = Program([live.program("idle", version)])
    head = subprocess.run(f"{live.GOLIN} lineage {target.pid} --json --for 1s | head -c 20",
                          shell=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=30,
                          check=False)
    check.that(len(head.stdout) == 20 and b"golin: " not in head.stderr.replace(
        b"golin: attached", b""), "`golin | head` is quiet", head)
    with open("/dev/full", "wb") as full:
        r = subprocess.run([live.GOLIN, "lineage", str(target.pid), "--json", "--for", "1s"],
                           stdout=full, stderr=subprocess.PIPE, timeout=30, check=False)
    check.equal(r.returncode, 6, f"exit code when the disk is full ({r.stderr!r})")
    check.that(b"ENOSPC" in r.stderr or b"No space" in r.stderr, "and the reason", r.stderr)
    check.equal(live.changed_text(target.pid), [], "changed bytes in the target's text")
    target.close_stdin()
    check.equal(target.wait(), 0, "exit code of the target")


def files(check, version):
    tmp = live.TMP

    def write(name, data):
        path = os.path.join(tmp, name)
        with open(path, "wb") as f:
            f.write(data)
        return path

    text, empty = write("text", b"hello\n" * 100), write("empty", b"")
    fifo = os.path.join(tmp, "fifo")
    os.mkfifo(fifo)
    for bad in (text, empty, "/dev/zero", fifo, tmp, "/nonexistent/file"):
        refused(check, ["offsets", bad], 3, re.escape(bad))
        refused(check, ["events", bad], 3, re.escape(bad))
        refused(check, ["lineage", bad], 3, re.escape(bad))
    refused(check, ["offsets", "/bin/true"], 3, r"not a Go program")
    with open(live.program("lineage", version), "rb") as f:
        elf = f.read()
    rng = random.Random(4)
    lengths = [1, 3, 4, 16, 63, 64, 65, 120, 500, 4096, 20000, len(elf) - 1, len(elf) // 2]
    lengths += [rng.randrange(len(elf)) for _ in range(12)]
    for n in lengths:
        path = write("cut", elf[:n])
        code, out, err = golin("offsets", path, limit=QUICK)
        # what is behind the cut may not be needed
        check.that(code == 3 or (code == 0 and n > len(elf) // 2),
                   f"ELF cut at {n} of {len(elf)}: exit code {code}", err[-300:])
        if code:
            check.that(err.startswith("golin: ") and out == "", f"ELF cut at {n}: message", err, out)
    sparse = os.path.join(tmp, "sparse")
    with open(sparse, "wb") as f:
        f.write(elf[:4096])
        f.truncate(4 << 30)
    refused(check, ["offsets", sparse], 3, re.escape(sparse))
    for i in range(40):  # bytes changed in the headers
        data = bytearray(elf)
        for _ in range(8):
            where = rng.randrange(64) if i % 2 else len(elf) - 1 - rng.randrange(4000)
            data[where] = rng.randrange(256)
        path = write("mutated", data)
        code, out, err = golin("offsets", "--format", "json", path, limit=QUICK)
        check.that(code in (0, 3), f"mutated ELF {i}: exit code {code}", err[-300:])
        if code == 0:
            json.loads(out)


def nobody(argv, drop=()):
    return ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--inh-caps=-all",
            *drop, "--", *map(str, argv)]


def rights(check, version):
    if os.geteuid() != 0:
        live.skip("the tests of missing rights need root, to drop them")
    place = os.path.join("/tmp", os.path.basename(live.TMP) + "-rights")
    os.mkdir(place, 0o755)
    try:
        exe, prog = os.path.join(place, "golin"), os.path.join(place, "idle")
        shutil.copy(live.GOLIN, exe)
        shutil.copy(live.program("idle", version), prog)
        own = Program(nobody([prog]))
        foreign = Program([prog])

        def as_nobody(*args):
            r = subprocess.run(nobody([exe, *args]), stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=QUICK,
                               check=False)
            return r.returncode, r.stdout.decode(), r.stderr.decode()

        def no(args, code, pattern):
            got, out, err = as_nobody(*args)
            what = f"as nobody: golin {' '.join(map(str, args))}"
            heads = [x for x in err.splitlines() if x.startswith("golin: ")]
            check.equal(got, code, f"{what}: exit code ({err!r})")
            check.that(len(heads) == 1 and re.search(pattern, err), f"{what}: message", err)
            check.that(re.search(r"sudo|CAP_|root", err), f"{what}: what to do", err)
            check.equal(out, "", f"{what}: stdout")

        no(["events", foreign.pid], 4, str(foreign.pid))
        no(["lineage", foreign.pid, "--no-probes"], 4, str(foreign.pid))
        no(["events", own.pid], 4, str(own.pid))
        # its own user's memory may be read without any capability, where Yama allows it
        code, out, err = as_nobody("lineage", own.pid, "--no-probes", "--json")
        check.that(code in (0, 4), f"as nobody, own process, no probes: {code}", err)
        if code == 0:
            check.that(out.count('"type":"goroutine"') >= 100, "its goroutines", out[:300])
        code, out, err = as_nobody("doctor")
        check.equal(code, 4, "doctor as nobody: exit code")
        check.that("FAIL" in out and re.search(r"sudo|CAP_|root", out), "doctor: what to do", out)
        code, out, err = as_nobody()
        check.equal(code, 0, f"the list as nobody: exit code ({err!r})")
        check.that(str(own.pid) in out, "the list as nobody: its own process", out)
        # with the file of the running golin unreadable caps are still told apart from targets
        for p in (own, foreign):
            check.that(p.alive(), "the target lives")
            p.close_stdin()
    finally:
        shutil.rmtree(place)


def recordings(check, version):
    path = os.path.join(live.TMP, "full.golin")
    r = live.golin("record", "-o", path, "--", live.program("lineage", version), "-stress=false",
                   "tree:1500", "deep:20", "burst:400")
    check.equal(r[0], 0, f"exit code of record ({r[2][-300:]})")
    mode = os.stat(path).st_mode & 0o777
    check.equal(oct(mode), oct(0o600), "mode of the recording")
    refused(check, ["record", "-o", path, "--", live.program("lineage", version), "tree:10"], 6,
            re.escape(path))
    link = os.path.join(live.TMP, "link.golin")
    os.symlink(os.path.join(live.TMP, "elsewhere"), link)
    refused(check, ["record", "-o", link, "--", live.program("lineage", version), "tree:10"], 6,
            re.escape(link))
    check.that(not os.path.exists(os.path.join(live.TMP, "elsewhere")), "no symlink is followed")
    with open(path, "rb") as f:
        data = f.read()

    def replay(blob):
        cut = os.path.join(live.TMP, "cut.golin")
        with open(cut, "wb") as f:
            f.write(blob)
        code, out, err = golin("lineage", cut, "--json", "--system", limit=QUICK)
        objs = [json.loads(line) for line in out.splitlines()]
        return code, objs, err

    code, whole, err = replay(data)
    check.equal(code, 0, f"the whole recording ({err})")
    total = sum(o["type"] == "goroutine" for o in whole)
    check.that(total > 1900, f"goroutines in it: {total}")
    # cut everywhere: densely at both ends, evenly between
    n = len(data)
    points = sorted({*range(0, min(n, 80)), *range(max(0, n - 120), n),
                     *range(0, n, max(1, n // 120))})
    last = 0
    for p in points:
        code, objs, err = replay(data[:p])
        count = sum(o["type"] == "goroutine" for o in objs)
        check.that(code == 5 or (code == 3 and p < 80), f"cut at {p} of {n}: exit code {code}", err)
        check.that("golin: " in err, f"cut at {p}: a line on stderr", err)
        if code == 5:
            check.that(objs and objs[-1]["type"] == "summary" and not objs[-1]["complete"],
                       f"cut at {p}: the summary says so", objs[-1:])
        check.that(count >= last, f"cut at {p}: {count} goroutines, {last} before")
        last = max(last, count)
    check.that(last >= total * 0.9, f"most is there at the last cut: {last} of {total}")
    rng = random.Random(5)
    for i in range(120):
        blob = bytearray(data)
        for _ in range(rng.choice((1, 1, 3, 20))):
            blob[rng.randrange(n)] ^= 1 << rng.randrange(8)
        code, objs, err = replay(blob)
        check.that(code in (0, 3, 5), f"bits flipped, {i}: exit code {code}", err[-300:])
        if code == 0:
            # only what carries no data may be changed unnoticed
            got = sum(o["type"] == "goroutine" for o in objs)
            check.equal(got, total, f"bits flipped, {i}, nothing said: goroutines")
    note(f"recording of {n} bytes, {total} goroutines, cut at {len(points)} places")


def main():
    what, version = sys.argv[1:3]
    check = Check(f"bad input: {what} {version}")
    if what not in ("usage", "files"):
        live.require_live()
    before = live.kernel_objects() if os.geteuid() == 0 else set()
    {"usage": usage, "targets": targets, "files": files, "rights": rights,
     "recordings": recordings}[what](check, version)
    if os.geteuid() == 0:
        left = live.settle_kernel(before)
        check.that(not left, f"left in the kernel: {sorted(left)}")
    check.finish()


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Hostile strings: a program whose function names, file names, thread name and path are terminal
escapes. No control byte may reach any output, and none a recording.

hostile_test.py VERSION
"""

import ctypes
import ctypes.util
import json
import os
import re

import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "live"))

import live  # noqa: E402
from live import Check, Golin, Program, golin, note  # noqa: E402

# What terminals and readers act upon; each ends in a canary.
ATTACKS = [
    b"\x1b]0;OWNED\x07", b"\x1b[2J", b"\x1b[31;1m", b"\x1b]52;c;aGk=\x07", b"\x1bP+q\x1b\\",
    b"\x1bc", b"\x9b2J", b"\xc2\x9b2J", b"\r\n", b"\x08\x08\x08", b"\t", b"\x7f", b"\x00",
    b"\xe2\x80\xae", b"\xe2\x81\xa6", b"\xff\xfe", b"\xc0\xaf", b"\xed\xa0\x80", b"\x0e", b"\x05",
    b"\xe2\x80\xa8", b"\xef\xbb\xbf", b"\xe2\x80\x8f",
]
# Names in the program that are overwritten, byte by byte of the same length.
NAMES = [b"main.collector", b"main.plain", b"main.leaf", b"main.variadic", b"main.withBigArgument",
         b"main.(*tree).node", b"main.(*tree).start", b"main.byValue.run", b"main.starter",
         b"main.main", b"lineage/tree.go", b"lineage/main.go", b"main.parkedThenStarts"]

BAD = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f\x80-\x9f\u202a-\u202e\u2066-\u2069\u200e\u200f\u2028\u2029\ufeff]")


def bad_bytes(data, tabs=False):
    """The first control character in an output, or None; it must be UTF-8 too."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as e:
        return f"no UTF-8: {data[max(0, e.start - 20):e.start + 20]!r}"
    m = BAD.search(text) or (None if tabs else re.search("\t", text))
    return m and f"{m.group(0)!r} in {text[max(0, m.start() - 30):m.start() + 30]!r}"


def bad_json(data):
    """Also what a JSON reader gets back from its escapes must be clean."""
    def strings(x):
        if isinstance(x, str):
            yield x
        elif isinstance(x, dict):
            for k, v in x.items():
                yield from strings(k)
                yield from strings(v)
        elif isinstance(x, list):
            for v in x:
                yield from strings(v)

    for line in data.decode().splitlines():
        for s in strings(json.loads(line)):
            m = BAD.search(s) or re.search("[\t\n]", s)
            if m:
                return f"{m.group(0)!r} in {s!r}"
    return None


def craft(source, path):
    """A copy of the program with hostile names; it runs as before."""
    with open(source, "rb") as f:
        data = f.read()
    changed = 0
    for i, name in enumerate(NAMES):
        attack = ATTACKS[i * 2 % len(ATTACKS)] + ATTACKS[(i * 2 + 1) % len(ATTACKS)]
        # the start stays, so that names do not melt into one; no NUL, which would only end it
        attack = attack.replace(b"\x00", b"\x01")
        new = (name[:5] + attack + b"#" * len(name))[:len(name)]
        changed += data.count(name)
        data = data.replace(name, new)
    with open(path, "wb") as f:
        f.write(data)
    os.chmod(path, 0o755)
    return changed


def decompressed(path):
    """A recording's bytes with each zstd frame in it inflated."""
    lib = ctypes.CDLL(ctypes.util.find_library("zstd") or "libzstd.so.1")
    lib.ZSTD_getFrameContentSize.restype = ctypes.c_ulonglong
    lib.ZSTD_findFrameCompressedSize.restype = ctypes.c_size_t
    lib.ZSTD_decompress.restype = ctypes.c_size_t
    with open(path, "rb") as f:
        data = f.read()
    out, frames, at = [data], 0, data.find(b"\x28\xb5\x2f\xfd")
    while at >= 0:
        rest = data[at:]
        packed = lib.ZSTD_findFrameCompressedSize(rest, ctypes.c_size_t(len(rest)))
        size = lib.ZSTD_getFrameContentSize(rest, ctypes.c_size_t(len(rest)))
        if packed <= len(rest) and size < 1 << 30:
            buf = ctypes.create_string_buffer(size)
            n = lib.ZSTD_decompress(buf, ctypes.c_size_t(size), rest, ctypes.c_size_t(packed))
            if n == size:
                frames += 1
                out.append(buf.raw)
                at += packed - 1
        at = data.find(b"\x28\xb5\x2f\xfd", at + 1)
    return b"".join(out), frames


def run(check, what, args, js=False, codes=(0,)):
    env = dict(os.environ, LC_ALL="C.UTF-8", TERM="xterm-256color")
    try:
        r = subprocess.run([live.GOLIN, *args], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                           stderr=subprocess.PIPE, timeout=60, env=env, check=False)
    except subprocess.TimeoutExpired:
        check.that(False, f"{what}: hangs")
        return b""
    check.that(r.returncode in codes, f"{what}: exit code {r.returncode}", r.stderr[-300:])
    for name, data in (("stdout", r.stdout), ("stderr", r.stderr)):
        check.that(not bad_bytes(data), f"{what}: {name} has {bad_bytes(data)}")
    if js and r.returncode == 0:
        found = bad_json(r.stdout)
        check.that(not found, f"{what}: a JSON string has {found}")
    return r.stdout


def main():
    version = sys.argv[1]
    check = Check(f"hostile strings, {version}")
    folder = os.path.join(live.TMP.encode(), b"ev\x1b]0;OWNED\x07il\n\xe2\x80\xae")
    os.mkdir(folder)
    evil = os.path.join(folder, b"\x1b[31mred\xff")
    changed = craft(live.program("lineage", version), evil)
    check.that(changed >= len(NAMES), f"names changed: {changed}")

    # the file alone
    run(check, "offsets", ["offsets", evil], codes=(0, 3))
    run(check, "offsets --format json", ["offsets", "--format", "json", evil], js=True, codes=(0, 3))
    run(check, "lineage of an ELF file", ["lineage", evil], codes=(3,))
    for attack in ATTACKS:
        word = attack.replace(b"\x00", b"")
        run(check, f"SOURCE {attack!r}", ["lineage", b"x" + word + b"/y"], codes=(3,))
        run(check, f"command {attack!r}", [b"x" + word], codes=(2,))
        run(check, f"option {attack!r}", ["lineage", b"--x" + word], codes=(2,))
        run(check, f"filter {attack!r}", ["lineage", "1", "--filter", b"state:(" + word],
            codes=(2, 3, 4))

    live.require_live()
    recording = os.path.join(live.TMP, "hostile.golin")
    phases = [b"tree:300", b"deep:5"]
    run(check, "record -- CMD", ["record", "-o", recording, "--", evil, b"-lenient", *phases])
    out = run(check, "lineage of the recording", ["lineage", "--system", "--no-fold", recording])
    check.that(len(out.splitlines()) > 300, f"lines: {len(out.splitlines())}")
    for text in ("lineage", "events"):
        run(check, f"{text} of the recording, color", [text, "--color", "never", recording])
        run(check, f"{text} --json of the recording", [text, "--json", "--system", recording],
            js=True)
    data, frames = decompressed(recording)
    check.that(frames > 0 and len(data) > 10000, f"zstd frames in the recording: {frames}")
    for attack in ATTACKS:
        if len(attack) > 2 and attack not in (b"\r\n",):
            check.that(attack + b"#" not in data and b"main." + attack not in data,
                       f"the recording has {attack!r}")
    check.that(b"OWNED\x07" not in data, "the recording has a terminal title")

    # a live one, whose thread is named so

    for attack in (b"\x1b]0;OWN\x07", b"\x1b[2J\r\n\x08", b"\xe2\x80\xae\xff\x9b"):
        target = Program([live.program("idle", version).encode(), b"-name", attack])
        with open(f"/proc/{target.pid}/comm", "rb") as f:
            check.that(attack[:6] in f.read(), f"the thread is named {attack!r}")
        out = run(check, f"list with {attack!r}", [])
        check.that(str(target.pid).encode() in out, "the list has it")
        run(check, "list --json", ["--json"], js=True, codes=(0, 2))
        for view in ("lineage", "events"):
            run(check, f"{view} with {attack!r}", [view, str(target.pid), "--for", "300ms"])
        run(check, f"lineage --json with {attack!r}",
            ["lineage", str(target.pid), "--json", "--for", "300ms"], js=True)
        target.close_stdin()
        target.wait()

    target = Program([evil, b"-lenient", b"-wait", b"-linger", b"tree:200"])
    g = Golin("events", str(target.pid))
    check.that(g.attached, "golin attaches", *g.err)
    target.go()
    check.that(target.wait_line(target.out, "^done"), "the target ends its phases")
    check.equal(g.stop(), 0, f"exit code ({g.err[-3:]})")
    check.that(not bad_bytes(g.text()), f"events: {bad_bytes(g.text())}")
    check.that(g.text().count(b"\n") > 200, "events: lines")
    check.that(not bad_bytes("\n".join(g.err).encode()), f"stderr: {g.err}")
    target.close_stdin()
    check.finish()


if __name__ == "__main__":
    main()

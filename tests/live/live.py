# SPDX-License-Identifier: BSD-2-Clause
"""What the live tests share: golin and Go programs as children, accounts, checks, skipping."""

import atexit
import ctypes
import json
import os
import re
import select
import signal
import struct
import subprocess
import sys
import tempfile
import threading
import time

GOLIN = os.environ.get("GOLIN", "build/golin")
FIXTURES = os.environ.get("GOLIN_FIXTURES", "build/fixtures")
READY_LIMIT = 60.0  # until a program is ready or golin attached, s
PROGRAM_LIMIT = 240.0

_tmp = tempfile.TemporaryDirectory(prefix="golin-test-")
TMP = _tmp.name


def note(text):
    print(text, flush=True)


def skip(reason):
    """Exit 77, or fail where a skipped live test is none: CI sets GOLIN_REQUIRE_LIVE."""
    if os.environ.get("GOLIN_REQUIRE_LIVE") == "1":
        note(f"FAIL: would be skipped, but GOLIN_REQUIRE_LIVE is set: {reason}")
        sys.exit(1)
    note(f"SKIP: {reason}")
    sys.exit(77)


def require_live():
    """Live tests run where `golin doctor` says that live probes work."""
    run = subprocess.run([GOLIN, "doctor", "--json"], stdout=subprocess.PIPE,
                         stderr=subprocess.PIPE, timeout=60, check=False)
    verdict = None
    for line in run.stdout.decode().splitlines():
        obj = json.loads(line)
        if obj.get("type") == "doctor":
            verdict = obj["live"]
        elif obj.get("needed") and obj["result"] == "FAIL":
            note(f"doctor: {obj['name']}: {obj['text']}")
    if verdict is None:
        note(f"FAIL: golin doctor gave no verdict (exit {run.returncode}): "
             f"{run.stderr.decode()!r}")
        sys.exit(1)
    if not verdict:
        skip("golin doctor says that live probes do not work here")


def program(name, version="1.27.4", variant="default"):
    path = os.path.join(FIXTURES, f"{version}-{variant}", name)
    if not os.access(path, os.X_OK):
        note(f"FAIL: {path} is not built")
        sys.exit(1)
    return path


class Check:
    """Counts checks; a failed one is printed with what was seen."""

    def __init__(self, name):
        self.name, self.done, self.failed = name, 0, 0
        self.groups = {}

    def that(self, ok, what, *seen):
        self.done += 1
        if not ok:
            self.failed += 1
            if self.failed <= 40:
                note(f"FAIL {self.name}: {what}" + "".join(f"\n     {s}" for s in seen))
        return bool(ok)

    def failed_alike(self, kind, what, *seen):
        """A failure of which there may be thousands: printed once per kind, with a count."""
        self.done += 1
        self.failed += 1
        if kind not in self.groups:
            self.groups[kind] = 0
            if len(self.groups) <= 30:
                note(f"FAIL {self.name}: {what}" + "".join(f"\n     {s}" for s in seen))
        self.groups[kind] += 1

    def equal(self, got, want, what):
        return self.that(got == want, f"{what}: {got!r}, not {want!r}")

    def finish(self):
        for kind, n in sorted(self.groups.items(), key=lambda x: -x[1])[:30]:
            note(f"{n:8} x {' | '.join(map(str, kind))}"[:300])
        note(f"{self.name}: {self.done - self.failed} passed, {self.failed} failed")
        sys.exit(1 if self.failed or not self.done else 0)


class Child:
    """A child process whose output lines are collected as they come."""

    def __init__(self, argv, stdin=subprocess.PIPE, stdout=None, env=None, preexec=None):
        self.argv = argv
        self.out, self.err = [], []
        self._cond = threading.Condition()
        self._seen = {}
        self.p = subprocess.Popen(argv, stdin=stdin, stdout=stdout or subprocess.PIPE,
                                  stderr=subprocess.PIPE, env=env, preexec_fn=preexec,
                                  start_new_session=True)
        self._threads = [threading.Thread(target=self._read, args=(self.p.stderr, self.err),
                                          daemon=True)]
        if stdout is None:
            self._threads.append(threading.Thread(target=self._read, args=(self.p.stdout, self.out),
                                                  daemon=True))
        for t in self._threads:
            t.start()
        atexit.register(self.kill)

    def _read(self, stream, lines):
        for raw in stream:
            with self._cond:
                lines.append(raw.decode("utf-8", "backslashreplace").rstrip("\n"))
                self._cond.notify_all()
        with self._cond:
            self._seen[id(lines)] = True
            self._cond.notify_all()

    @property
    def pid(self):
        return self.p.pid

    def wait_line(self, lines, pattern, limit=READY_LIMIT):
        """The match of the first line that matches; None when the stream ends or at the limit."""
        end, i = time.monotonic() + limit, 0
        with self._cond:
            while True:
                while i < len(lines):
                    m = re.search(pattern, lines[i])
                    if m:
                        return m
                    i += 1
                left = end - time.monotonic()
                if self._seen.get(id(lines)) or left <= 0:
                    return None
                self._cond.wait(left)

    def go(self, line="go\n"):
        try:
            self.p.stdin.write(line.encode())
            self.p.stdin.flush()
        except BrokenPipeError:
            pass

    def close_stdin(self):
        try:
            self.p.stdin.close()
        except (BrokenPipeError, AttributeError):
            pass

    def alive(self):
        return self.p.poll() is None

    def wait(self, limit=READY_LIMIT):
        """Its exit code; None when it has not ended by then."""
        try:
            code = self.p.wait(limit)
        except subprocess.TimeoutExpired:
            return None
        for t in self._threads:
            t.join(10)
        return code

    def signal(self, number):
        try:
            self.p.send_signal(number)
        except ProcessLookupError:
            pass

    def kill(self):
        if self.alive():
            self.signal(signal.SIGCONT)
            self.p.kill()
            self.p.wait()


class Program(Child):
    """A Go fixture with -wait or the like: ready when it says so."""

    def __init__(self, argv, ready=r"^ready", **kw):
        super().__init__(argv, **kw)
        if ready and not self.wait_line(self.out, ready):
            note(f"FAIL: {argv} is not ready: {self.err[-5:]}")
            sys.exit(1)


class Golin(Child):
    """golin with its stdout in a file; `attached` is its ready line or None."""

    def __init__(self, *args, wait=True, **kw):
        fd, self.path = tempfile.mkstemp(dir=TMP, prefix="out-")
        self.stdout = os.fdopen(fd, "wb")
        super().__init__([GOLIN, *map(str, args)], stdin=kw.pop("stdin", subprocess.DEVNULL),
                         stdout=self.stdout, **kw)
        self.stdout.close()
        self.attached = None
        if wait:
            self.attached = self.wait_line(
                self.err, r"^golin: (?:attached to|read) (\d+) \((.*), (go[^ )]*)\): "
                          r"(?:(\d+) probes|memory alone, no probes), layout from (dwarf|table)")

    def stop(self, limit=60.0):
        """SIGINT: it prints and ends."""
        self.signal(signal.SIGINT)
        return self.wait(limit)

    def text(self):
        with open(self.path, "rb") as f:
            return f.read()

    def objects(self):
        """The NDJSON that it printed."""
        out = []
        with open(self.path, encoding="utf-8") as f:
            for n, line in enumerate(f, 1):
                try:
                    out.append(json.loads(line))
                except ValueError:
                    note(f"FAIL: line {n} of {self.argv} is no JSON: {line[:200]!r}")
                    sys.exit(1)
        return out


def golin(*args, limit=60.0, env=None, preexec=None, stdin=subprocess.DEVNULL):
    """Runs golin to its end: (exit code, stdout, stderr) as text; code None: it hung."""
    try:
        r = subprocess.run([GOLIN, *map(str, args)], stdin=stdin, stdout=subprocess.PIPE,
                           stderr=subprocess.PIPE, timeout=limit, env=env, preexec_fn=preexec,
                           check=False)
    except subprocess.TimeoutExpired as e:
        return None, (e.stdout or b"").decode("utf-8", "backslashreplace"), \
            (e.stderr or b"").decode("utf-8", "backslashreplace")
    return (r.returncode, r.stdout.decode("utf-8", "backslashreplace"),
            r.stderr.decode("utf-8", "backslashreplace"))


# ---- what golin must not leave behind ----

def text_segments(pid):
    """(address, bytes of memory, bytes of the file) of the executable mappings of its exe."""
    out = []
    exe = os.stat(f"/proc/{pid}/exe")
    with open(f"/proc/{pid}/maps", encoding="utf-8", errors="replace") as maps, \
            open(f"/proc/{pid}/mem", "rb") as mem, open(f"/proc/{pid}/exe", "rb") as f:
        for line in maps:
            part = line.split(None, 5)
            if "x" not in part[1] or len(part) < 6:
                continue
            major, minor = (int(x, 16) for x in part[3].split(":"))
            if int(part[4]) != exe.st_ino or os.makedev(major, minor) != exe.st_dev:
                continue
            lo, hi = (int(x, 16) for x in part[0].split("-"))
            mem.seek(lo)
            f.seek(int(part[2], 16))
            data, want = mem.read(hi - lo), f.read(hi - lo)
            out.append((lo, data[:len(want)], want))
    return out


def changed_text(pid):
    """Addresses at which the text in memory differs from the file: breakpoints left behind."""
    where, total = [], 0
    for lo, data, want in text_segments(pid):
        total += len(data)
        if data != want:
            where += [lo + i for i in range(len(data)) if data[i] != want[i]]
    if not total:
        note(f"FAIL: no text of {pid} can be read")
        sys.exit(1)
    return where


def bpftool():
    for path in ("/usr/sbin/bpftool", "/sbin/bpftool", "/usr/bin/bpftool"):
        if os.access(path, os.X_OK):
            return path
    skip("no bpftool here")
    return None


def _ours(pid):
    while pid > 1:
        if pid == os.getpid():
            return True
        try:
            with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as f:
                pid = int(f.read().rsplit(")", 1)[1].split()[1])
        except (OSError, ValueError):
            return False
    return False


def _held_by_others():
    """What living processes hold that are not ours: other tracers may be at work here."""
    out = set()
    for pid in filter(str.isdigit, os.listdir("/proc")):
        if _ours(int(pid)):
            continue
        try:
            for fd in os.listdir(f"/proc/{pid}/fdinfo"):
                with open(f"/proc/{pid}/fdinfo/{fd}", encoding="utf-8", errors="replace") as f:
                    for kind, number in re.findall(r"^(prog|link)_id:\s*(\d+)", f.read(), re.M):
                        out.add((kind, int(number)))
        except OSError:
            continue
    return out


def kernel_objects():
    """The names and ids of the BPF programs and links in the kernel."""
    tool, out = bpftool(), set()
    for kind in ("prog", "link"):
        r = subprocess.run([tool, "-j", kind, "list"], stdout=subprocess.PIPE,
                           stderr=subprocess.PIPE, timeout=30, check=False)
        for obj in json.loads(r.stdout or b"[]"):
            out.add((kind, obj["id"], obj.get("name") or obj.get("type")))
    return out


def settle_kernel(before, limit=10.0):
    """What is in the kernel beyond `before`, after links had time to go."""
    end = time.monotonic() + limit
    while True:
        left = kernel_objects() - before
        if not left:
            return left
        others = _held_by_others()
        left = {x for x in left if x[:2] not in others} & kernel_objects()
        if not left or time.monotonic() > end:
            return left
        time.sleep(0.1)


def recording(path):
    """What the blocks of a recording hold, decompressed (docs/recording.md)."""
    zstd = ctypes.CDLL("libzstd.so.1")
    zstd.ZSTD_decompress.restype = ctypes.c_size_t
    with open(path, "rb") as f:
        data = f.read()
    at, out = 32, []
    while data[at:at + 4] == b"\xb1grb":
        payload, content = struct.unpack_from("<II", data, at + 16)
        buf = ctypes.create_string_buffer(content)
        n = zstd.ZSTD_decompress(buf, ctypes.c_size_t(content), data[at + 56:at + 56 + payload],
                                 ctypes.c_size_t(payload))
        if n != content:
            note(f"FAIL: block at {at} of {path}")
            sys.exit(1)
        out.append(buf.raw[:content])
        at += 56 + payload
    return b"".join(out)


# ---- the account of the fixture ----

class Account:
    """See tests/fixtures/account: entries by goid, anonymous ones, creation stacks."""

    def __init__(self, path):
        self.by_goid, self.anonymous, self.stacks = {}, [], {0: []}
        end = None
        with open(path, encoding="utf-8") as f:
            for line in f:
                part = line.rstrip("\n").split("\t")
                if part[0] == "S":
                    self.stacks[int(part[1])] = [tuple(x.split(" ", 1)) for x in part[2:]]
                elif part[0] == "E":
                    end = int(part[1])
                else:
                    self._entry(part)
        if end != len(self.by_goid) + len(self.anonymous):
            note(f"FAIL: the account {path} is not whole")
            sys.exit(1)

    def _entry(self, p):
        e = dict(goid=int(p[1]), parent=int(p[2]), via=p[3], armed=int(p[4]), func=p[5],
                 at_func=p[6], at=p[7], how=p[8], stack=int(p[9]), born=int(p[10]),
                 died=int(p[11]), note=p[12].split(","))
        if "anonymous" in e["note"]:
            self.anonymous.append(e)
        else:
            self.by_goid[e["goid"]] = e


def place(at):
    """file:line of a place in golin's JSON."""
    return f"{at['file']}:{at['line']}" if at else ""


def poll_readable(fd, seconds):
    return bool(select.select([fd], [], [], seconds)[0])

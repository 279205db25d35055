#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""The command `golin offsets`, as people and programs use it.

offsets_cli_test.py formats|explain VERSION VARIANT     on a fixture
offsets_cli_test.py busy VERSION                        --explain of a program that is at work
offsets_cli_test.py wrong FROM AS                       a program of one version that claims another
offsets_cli_test.py cores GCORE_VERSION KERNEL_VERSION...
offsets_cli_test.py table | diff | debug | usage
"""

import glob
import json
import os
import re
import resource
import shutil
import signal
import stat
import subprocess
import sys
import time

import live
from live import Check, Program, golin, note

PARKED = 50


def run(check, *args, code=0):
    got, out, err = golin("offsets", *args)
    what = "golin offsets " + " ".join(map(str, args))
    check.equal(got, code, f"exit code of `{what}` ({err[-300:]!r})")
    return out, err


def offsets_json(check, *args, code=0):
    out, _ = run(check, *args, "--json", code=code)
    check.equal(out.count("\n"), 1, "lines of JSON")
    return json.loads(out) if out else {}


def refused(check, args, code, message, hint=None):
    """The exact message, and one hint that is as told."""
    got, out, err = golin("offsets", *args)
    what = "golin offsets " + " ".join(map(str, args))
    lines = err.splitlines()
    check.equal(got, code, f"exit code of `{what}`")
    check.equal(lines[:1], ["golin: " + message], f"message of `{what}`")
    if hint is not None:
        check.equal(lines[1:], ["  " + hint], f"hint of `{what}`")
    check.equal(out, "", f"stdout of `{what}`")


# ---- formats ----

def values_of_json(obj):
    """(struct, member or None) -> (offset, size) or None; absent and unknown structs once."""
    out = {}
    for name, s in obj["structs"].items():
        out[name, None] = (None, s["size"]) if s else None
        for member, f in (s["fields"] if s else {}).items():
            out[name, member] = (f["offset"], f["size"]) if f else None
    return out


def values_of_tsv(text):
    out = {}
    for line in text.splitlines():
        _, _, name, member, offset, size, _, _ = line.split("\t")
        if offset in ("absent", "unknown"):
            if member == "-" or (name, None) not in out or out[name, None]:
                out[name, None if member == "-" else member] = None
        else:
            out[name, None if member == "-" else member] = \
                (None, int(size)) if member == "-" else (int(offset), int(size))
    return out


def values_of_table(text):
    lines = text[text.index("STRUCT "):].split("\n\n")[0].splitlines()
    head = lines[0]
    # columns by where their titles stand: names of structs hold blanks
    at = {c: head.index(c) for c in ("FIELD", "OFFSET", "TYPE")}
    out = {}
    for line in lines[1:]:
        name = line[:at["FIELD"]].strip()
        member, offset, size = line[at["FIELD"]:at["TYPE"]].split()
        if offset in ("absent", "unknown"):
            out[name, None if member == "-" else member] = None
        elif member == "-":
            out[name, None] = (None, int(size))
        else:
            out[name, member] = (int(offset), int(size))
    return out


def c_name(name):
    return re.sub(r"_+$", "", re.sub(r"[^A-Za-z0-9_]+", "_", name).lstrip("_")
                  if not name.startswith("_") else re.sub(r"[^A-Za-z0-9_]+", "_", name))


def compilers():
    """What has to take the header without a warning."""
    strict = ["-Wall", "-Wextra", "-Werror", "-fsyntax-only"]
    return [
        ["gcc", "-std=c11", "-pedantic", *strict, "-x", "c"],
        ["g++", "-std=c++11", "-pedantic", *strict, "-x", "c++"],
        ["clang", "-std=c11", "-pedantic", *strict, "-x", "c"],
        ["clang", "-target", "bpf", "-O2", "-g", *strict, "-x", "c"],
        ["clang", "-target", "i386-linux-gnu", *strict, "-x", "c"],
        ["clang", "-std=c++17", "-Wpedantic", *strict, "-x", "c++"],
    ]


def check_header(check, header, values, what, some=None):
    """Compilers agree that each constant and member is where the JSON says."""
    path = os.path.join(live.TMP, "layout.h")
    with open(path, "w", encoding="utf-8") as f:
        f.write(header)
    lines = ['#include "layout.h"', "#ifdef __cplusplus", "#define IS(e) static_assert(e, #e)",
             "#else", "#define IS(e) _Static_assert(e, #e)", "#endif",
             "int golin_test(void);", "int golin_test(void) { return 0; }"]
    n = 0
    for (name, member), v in values.items():
        if v is None:
            const = c_name(name) + ("_" + c_name(member) if member else "")
            check.that(not re.search(rf"^#define GO_(OFFSETOF|SIZEOF)_{const} ", header, re.M),
                       f"{what}: no constant for {name} {member}, which is absent")
            continue
        n += 1
        if member is None:
            lines.append(f"IS(GO_SIZEOF_{c_name(name)} == {v[1]});")
            lines.append(f"IS(sizeof(struct go_{c_name(name)}) == {v[1]});")
        else:
            lines.append(f"IS(GO_OFFSETOF_{c_name(name)}_{c_name(member)} == {v[0]});")
            lines.append(f"IS(GO_SIZEOF_{c_name(name)}_{c_name(member)} == {v[1]});")
    for compiler in (some or compilers()):
        if not shutil.which(compiler[0]):
            note(f"SKIP: no {compiler[0]} here")
            continue
        r = subprocess.run([*compiler, "-I", live.TMP, "-"], input="\n".join(lines) + "\n",
                           stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=120, check=False,
                           universal_newlines=True)
        check.equal((r.returncode, r.stderr[-600:]), (0, ""), f"{what}: {' '.join(compiler)}")
    return n


def formats(check, version, variant):
    path = live.program("lineage", version, variant)
    obj = offsets_json(check, path)
    values = values_of_json(obj)
    have = {k: v for k, v in values.items() if v}
    check.that(len(have) > 300, f"{len(have)} values")
    check.equal(obj["go"].split()[0], "go" + version, "version")
    check.equal(obj["arch"], "amd64", "architecture")
    stripped = variant == "stripped"
    check.equal(obj["source"], "table" if stripped else "dwarf", "source")
    check.that((obj["dwarf_version"] is None) == stripped, "DWARF version", obj["dwarf_version"])
    for name in ("text", "etext", "pclntab", "moduledata", "allgs"):
        check.that(re.fullmatch("0x[0-9a-f]+", obj["symbols"][name] or ""), f"symbol {name}",
                   obj["symbols"])
    check.that(obj["symbols"]["tls_g"] is None or obj["symbols"]["tls_g"] < 0, "tls_g")
    for name, s in obj["structs"].items():
        check.that(s is None or s["source"] == obj["source"], f"source of {name}")
        for member, f in (s["fields"] if s else {}).items():
            check.that(f is None or (f["source"] == s["source"] and
                                     f["offset"] + f["size"] <= s["size"]), f"{name}.{member}", f)
    check.that(set(obj["unknown"]) <= {n for n, s in obj["structs"].items() if s is None},
               "what is unknown has no layout")
    check.equal(values_of_tsv(run(check, path, "--format", "tsv")[0]), values, "TSV and JSON")
    table = run(check, path)[0]
    check.equal(values_of_table(table), values, "table and JSON")
    check.that("\x1b" not in table, "no colour in a pipe")
    header = run(check, path, "--format", "header")[0]
    n = check_header(check, header, values, f"header of {version}-{variant}")
    check.equal(n, len(have), "constants that were checked")
    check.that(f"GO_ADDR_allgs {obj['symbols']['allgs']}ULL" in header, "address in the header")
    hooks(check, obj, table, path)
    choice(check, path, obj)
    note(f"{len(have)} values, {len(obj['hooks'])} hook points")


def hooks(check, obj, table, path):
    size = os.stat(path).st_size
    found = [h for h in obj["hooks"] if not h["missing"]]
    names = {h["event"] for h in found}
    check.that({"goroutine.create", "goroutine.exit"} <= names, "hook points", names)
    for h in obj["hooks"]:
        what = f"hook point {h['event']} in {h['func']}"
        if h["missing"]:
            check.that(h["offset"] is None and h["instruction"] is None and h["why"] and
                       h["where"] is None, what, h)
            check.that(h["lost"] and h["lost"] in table, what + ": what is lost is told", h)
        else:
            check.that(0 < h["offset"] < size and h["instruction"] and h["why"] and
                       h["lost"] is None, what, h)
            check.that(f"0x{h['offset']:x}" in table, what + ": in the table", h)
            check.that(h["where"] is None or h["where"] in table, what + ": where", h)


def choice(check, path, obj):
    """--struct, by any Go version's name, repeated or as a list."""
    for args, want in (
            (["runtime.g"], ["runtime.g"]),
            (["g"], ["runtime.g"]),
            (["cancelCtx,wantConn"], ["context.cancelCtx", "net/http.wantConn"]),
            (["runtime._type"], ["internal/abi.Type"]),
            (["runtime.maptype"], ["internal/abi.MapType"]),
            (["runtime.g", "runtime.m"], ["runtime.g", "runtime.m"]),
            (["sudog,hchan|runtime.waitq"], ["runtime.hchan", "runtime.waitq", "runtime.sudog"]),
            (["bucket<string,string>,g"], ["runtime.g", "bucket<string,string>"])):
        some = offsets_json(check, path, *[x for a in args for x in ("--struct", a)])
        check.equal(sorted(some["structs"]), sorted(want), f"--struct {args}")
        for name in want:
            check.equal(some["structs"][name], obj["structs"][name], f"--struct {args}: {name}")
        check.equal(some["hooks"], [], "hook points of a choice")


# ---- the table ----

def table(check):
    rel = json.loads(run(check, "--list", "--json")[0])["releases"]
    check.that({r["minor"] for r in rel} >= set(range(13, 28)), "minors in the list")
    check.that(any(r["arch"] == "amd64" for r in rel), "amd64 in the list")
    tsv = run(check, "--list", "--format", "tsv")[0].splitlines()
    check.equal(tsv, [f"{r['arch']}\t{r['from']}\t{r['to']}" for r in rel], "list as TSV")
    text = run(check, "--list")[0]
    for r in rel:
        line = r["from"] if r["from"] == r["to"] else f"{r['from']} to {r['to']}"
        check.that(any(line in x and r["arch"] in x.split() for x in text.splitlines()),
                   f"in the list: {line} {r['arch']}")
    only = json.loads(run(check, "--list", "--arch", "amd64", "--json")[0])["releases"]
    check.equal(only, [r for r in rel if r["arch"] == "amd64"], "list of one architecture")
    newest = max(r["minor"] for r in rel)
    for r in rel:
        for version in {r["from"], r["to"]}:
            obj = offsets_json(check, version, "--arch", r["arch"])
            # "go1.20" is the minor, and its first release
            want = r["to"] if version.count(".") == 1 else version
            check.equal((obj["go"], obj["arch"], obj["source"]), (want, r["arch"], "table"),
                        "what the table gives")
            values = values_of_json(obj)
            check.that(values["runtime.g", "goid"], f"goid in {version} {r['arch']}")
            check.equal(obj["hooks"], [], "hook points of a version")
            check.equal(set(obj["symbols"].values()), {None}, "symbols of a version")
        some = [compilers()[3]] if r["minor"] not in (13, newest) else compilers()
        header = run(check, r["to"], "--arch", r["arch"], "--format", "header")[0]
        check_header(check, header, values_of_json(offsets_json(check, r["to"], "--arch",
                                                                r["arch"])),
                     f"header of {r['to']} {r['arch']}", some)
        minor = offsets_json(check, f"1.{r['minor']}", "--arch", r["arch"])
        check.equal(minor["go"], r["to"], "a minor is its newest release")
    # facts that stand in Go's sources
    for version, offset in (("go1.22", 152), ("go1.23", 160), ("go1.24", 160), ("go1.25", 152)):
        got = offsets_json(check, version, "--struct", "g")["structs"]["runtime.g"]
        check.equal(got["fields"]["goid"]["offset"], offset, f"goid in {version}")
    # a version is one, whatever lies here
    here = os.getcwd()
    os.chdir(live.TMP)
    try:
        shutil.copy("/bin/true", "go1.26")
        check.equal(offsets_json(check, "go1.26")["source"], "table", "go1.26 beside a file")
        refused(check, ["./go1.26"], 3, "'./go1.26': not a Go program: no Go build information")
    finally:
        os.chdir(here)
    why = offsets_json(check, "go1.25.3", "--explain", "--struct", "g")
    froms = {f["from"] for f in why["structs"]["runtime.g"]["fields"].values() if f}
    check.that(all(re.fullmatch(r"table, go1[.\d]+ to go1[.\d]+", x) for x in froms), "rows", froms)
    check.that("golin's table" in why["explain"]["why"], "why", why["explain"])
    check.equal(why["explain"]["checks"], [], "checks of a version")


# ---- differences ----

def diff(check):
    out, _ = run(check, "--diff", "go1.22", "go1.23", "--struct", "runtime.g", code=1)
    check.that(re.search(r"^   goid +moved 152 -> 160 \(\+8\)$", out, re.M), "goid moved", out)
    check.that(out.startswith("--- go1.22: go1.22.") and "\n+++ go1.23: go1.23." in out, "heads",
               out[:200])
    check.equal(run(check, "go1.22", "--diff", "go1.23", "--struct", "g", code=1)[0], out,
                "both spellings")
    obj = offsets_json(check, "--diff", "go1.22", "go1.23", "--struct", "g", code=1)
    check.equal(obj["structs"]["runtime.g"]["fields"]["goid"],
                {"changes": ["moved"], "a": {"offset": 152, "size": 8, "type": "uint64"},
                 "b": {"offset": 160, "size": 8, "type": "uint64"}}, "goid in JSON")
    check.equal(obj["equal"], False, "equal")
    # the other way round: what appeared is gone
    one = offsets_json(check, "--diff", "go1.20", "go1.21", code=1)["structs"]
    other = offsets_json(check, "--diff", "go1.21", "go1.20", code=1)["structs"]
    check.equal(one["context.afterFuncCtx"]["changes"], ["appeared"], "a struct appears")
    check.equal(other["context.afterFuncCtx"]["changes"], ["gone"], "and is gone")
    check.equal(one["runtime.g"]["fields"]["parentGoid"]["changes"], ["appeared"], "a member")
    check.equal(sorted(one), sorted(other), "the same structs both ways")
    check.equal(offsets_json(check, "--diff", "go1.26", "go1.26")["equal"], True, "go1.26 itself")
    # what a program says and what the table says of its version
    for version in ("1.16.15", "1.27.4"):
        path = live.program("lineage", version)
        obj = offsets_json(check, path, "--diff", "go" + version)
        check.equal((obj["equal"], obj["structs"]), (True, {}), f"{version}: DWARF and table")
        check.that(set(obj["a"]["unknown"]) and not obj["b"]["unknown"], "only the program may "
                   "not know", obj["a"]["unknown"], obj["b"]["unknown"])
        text = run(check, "--diff", path, "go" + version)[0]
        check.that(f"Not told by {path}, hence not compared:\n" in text, "unknown is said", text)
        stripped = live.program("lineage", version, "stripped")
        check.equal(offsets_json(check, path, "--diff", stripped)["equal"], True,
                    f"{version}: with and without DWARF")
    a, b = live.program("lineage", "1.16.15"), live.program("lineage", "1.27.4")
    obj = offsets_json(check, "--diff", a, b, code=1)
    check.equal(obj["structs"]["runtime._panic"]["fields"]["arg"]["a"]["offset"], 8, "1.16")
    check.equal(obj["structs"]["runtime._panic"]["fields"]["arg"]["b"]["offset"], 0, "1.27")


# ---- --explain ----

CHECKS = ["allgs", "status", "goid", "stack", "sched", "main", "waitreason", "parentGoid", "m",
          "sudog", "g0", "procid", "moduledata"]


def explained(check, pid, what, not_done=(), code=0, args=()):
    obj = offsets_json(check, pid, "--explain", "--struct", "g", *args, code=code)
    checks = {c["check"]: c for c in obj["explain"]["checks"]}
    check.equal([c for c in checks if c != "table"], CHECKS, f"{what}: checks")
    for name, c in checks.items():
        want = None if name in not_done else True
        check.equal(c["ok"], want, f"{what}: {name}: {c['what']}: {c['text']}")
    return obj


def explain(check, version, variant):
    live.require_live()
    minor = int(version.split(".")[1])
    p = Program([live.program("parked", version, variant), str(PARKED), "/dev/null"])
    not_done = () if minor >= 21 else ("parentGoid",)
    obj = explained(check, p.pid, f"{version}-{variant}", not_done)
    source = "table" if variant == "stripped" else "dwarf"
    check.equal(obj["source"], source, "source")
    for f in obj["structs"]["runtime.g"]["fields"].values():
        if f:
            want = r"table, go1[.\d]+ to go1[.\d]+" if source == "table" else \
                r"\.z?debug_info, unit runtime"
            check.that(re.fullmatch(want, f["from"]), "from", f)
    if source == "dwarf":
        check.that(any(c["check"] == "table" for c in obj["explain"]["checks"]), "the table too")
        explained(check, p.pid, f"{version}-{variant} by the table", not_done,
                  args=["--source", "table"])
    text = run(check, p.pid, "--explain", "--struct", "g")[0]
    check.that(re.search(r"\nWhy: the program", text) and re.search(r"\nChecks:\n", text),
               "as text", text[-800:])
    check.that(re.search(r"^  ok +goid +each live goroutine has an id", text, re.M), "goid is ok")
    by_name = offsets_json(check, "parked", "--struct", "g")
    check.equal(by_name["structs"]["runtime.g"]["size"], obj["structs"]["runtime.g"]["size"],
                "the same by NAME")
    check.equal(live.changed_text(p.pid), [], "changed bytes in the target's text")
    p.close_stdin()
    check.equal(p.wait(), 0, "exit code of the target")


def busy(check, version):
    """Goroutines come and go by thousands: no false alarm."""
    live.require_live()
    not_done = {"parentGoid"} if int(version.split(".")[1]) < 21 else set()
    p = Program([live.program("worker", version)], ready=r"^rounds")
    for i in range(10):
        obj = offsets_json(check, p.pid, "--explain", "--struct", "g")
        for c in obj["explain"]["checks"]:
            # who runs and who waits changes from one look to the next
            if c["check"] in not_done | {"sudog", "m", "sched", "waitreason"}:
                check.that(c["ok"] is not False, f"round {i}: {c}")
            else:
                check.equal(c["ok"], True, f"round {i}: {c}")
    check.that(p.alive(), "the target lives")
    p.close_stdin()
    check.equal(p.wait(), 0, "exit code of the target")


def wrong(check, version, claimed):
    """A program of one version that says it is another: the table's layout does not fit."""
    live.require_live()
    with open(live.program("parked", version), "rb") as f:
        elf = f.read()
    old, new = f"go{version}".encode(), f"go{claimed}".encode()
    check.equal(len(old), len(new), "length of the versions")
    path = os.path.join(live.TMP, "doctored")
    with open(path, "wb") as f:
        f.write(elf.replace(old, new))
    os.chmod(path, 0o755)
    p = Program([path, str(PARKED), "/dev/null"])
    out, err = run(check, p.pid, "--explain", "--source", "table", "--struct", "g", code=3)
    check.that(re.search(r"^  FAILED  ", out, re.M), "a check failed", out[-1500:])
    lines = err.splitlines()
    check.that(re.fullmatch(rf"golin: the layout does not fit '{p.pid}': \d+ of 13 checks failed",
                            lines[0]), "message", *lines)
    check.equal(lines[1:], [f"  is it really built by go{claimed}? With DWARF golin need not "
                            "believe that"], "hint")
    # its DWARF is right, and differs from what the table says of the version that it claims
    out, err = run(check, p.pid, "--explain", "--source", "dwarf", "--json", code=3)
    obj = json.loads(out)
    check.equal(err.splitlines()[0], f"golin: golin's table and the DWARF of '{p.pid}' differ",
                "message of the table")
    checks = {c["check"]: c["ok"] for c in obj["explain"]["checks"]}
    check.equal(checks["table"], False, "table and DWARF")
    check.equal(checks["goid"], True, "goid by DWARF")
    p.close_stdin()
    check.equal(p.wait(), 0, "exit code of the target")


# ---- core files ----

def check_core(check, core, path, by_kernel):
    obj = offsets_json(check, core)
    check.equal(values_of_json(obj), values_of_json(offsets_json(check, path)),
                f"{core} and its program")
    check.that(obj["hooks"], "hook points of a core's program")
    copy = os.path.join(live.TMP, "copy")
    shutil.move(path, copy)
    refused(check, [core], 3,
            f"cannot open the program of '{core}', '{path}': No such file or directory",
            "where it lies now, or a copy: --exe FILE")
    check.equal(offsets_json(check, core, "--exe", copy)["go"], obj["go"], "--exe")
    other = live.program("lineage", "1.20.14")
    _, err = run(check, core, "--exe", other, code=3)
    check.that(err.startswith(f"golin: '{other}': it is not the program of the core file: Go build "
                              "id '"), "another program", err)
    shutil.copy(other, path)
    _, err = run(check, core, code=3)
    check.that(re.search(r"^golin: '.*': it is not the program of the core file", err) and
               f"  the program was replaced since '{core}' was made: name a copy by --exe FILE" in
               err, "replaced", err)
    # stripped since: still the same program
    if shutil.which("objcopy"):
        subprocess.run(["objcopy", "--strip-debug", copy, path], check=True)
        check.equal(offsets_json(check, core)["source"], "table", "the stripped program")
    os.unlink(path)
    shutil.move(copy, path)
    # cut cores
    with open(core, "rb") as f:
        head = f.read(1 << 20)
    cut = os.path.join(live.TMP, "cut")
    for n in (20, 64, 200, 1000, 5000, 20000, 100000, 1 << 20):
        with open(cut, "wb") as f:
            f.write(head[:n])
        code, out, err = golin("offsets", cut, "--struct", "g", limit=10)
        check.that(code == 0 or (code == 3 and re.match("golin: .*'" + re.escape(cut), err)),
                   f"core cut at {n}: {code}", err)
        if n >= 1 << 20 and by_kernel:
            check.equal(code, 0, f"core cut at {n}: what is needed stands at its start")


def wait_for_core(p, pattern):
    for _ in range(600):
        time.sleep(0.1)
        if p.p.poll() is not None:
            break
    found = sorted(glob.glob(pattern))
    return found[0] if found else None


def kernel_core(check, version):
    """A core by the kernel, where it writes them into files beside the program."""
    with open("/proc/sys/kernel/core_pattern", encoding="utf-8") as f:
        pattern = f.read().strip()
    if pattern.startswith("|") or "/" in pattern:
        note(f"SKIP: cores of the kernel go elsewhere here (core_pattern is {pattern!r})")
        return
    place = os.path.join(live.TMP, f"core-{version}")
    os.mkdir(place)
    path = shutil.copy(live.program("parked", version), os.path.join(place, "served"))
    here = os.getcwd()
    os.chdir(place)
    unlimited = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
    try:
        p = Program([path, str(PARKED), "/dev/null"], env=dict(os.environ, GOTRACEBACK="crash"),
                    preexec=lambda: resource.setrlimit(resource.RLIMIT_CORE, unlimited))
        p.signal(signal.SIGABRT)
        core = wait_for_core(p, os.path.join(place, "*core*"))
    except (ValueError, PermissionError, subprocess.SubprocessError):
        note("SKIP: the limit of cores cannot be raised here")
        return
    finally:
        os.chdir(here)
    if check.that(core, "the kernel wrote a core", os.listdir(place)):
        check.that(not stat.S_ISDIR(os.stat(core).st_mode), "a file", core)
        check_core(check, core, path, True)
        note(f"a core of the kernel, {version}, {os.stat(core).st_size} bytes")


def gdb_core(check, version, variant):
    path = shutil.copy(live.program("parked", version, variant),
                       os.path.join(live.TMP, "parked-" + variant))
    p = Program([path, str(PARKED), "/dev/null"])
    out = os.path.join(live.TMP, "gcore")
    r = subprocess.run(["gcore", "-o", out, str(p.pid)], stdin=subprocess.DEVNULL,
                       stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=240, check=False)
    core = f"{out}.{p.pid}"
    p.kill()
    if check.that(os.path.exists(core), f"gcore wrote a core of {version}-{variant}",
                  r.stdout[-500:]):
        check_core(check, core, path, False)
        note(f"a core of gcore, {version}-{variant}, {os.stat(core).st_size} bytes")
        os.unlink(core)


def cores(check, gcore_version, *kernel_versions):
    if shutil.which("gcore"):
        gdb_core(check, gcore_version, "default")
        gdb_core(check, gcore_version, "pie")
    else:
        live.skip("no gcore here (package gdb)")
    for version in kernel_versions:
        kernel_core(check, version)
    # of a program that is none of Go's
    if shutil.which("gcore"):
        sleep = live.Child(["/bin/sleep", "60"])
        out = os.path.join(live.TMP, "sleepcore")
        subprocess.run(["gcore", "-o", out, str(sleep.pid)], stdout=subprocess.PIPE,
                       stderr=subprocess.STDOUT, timeout=120, check=False)
        _, err = run(check, f"{out}.{sleep.pid}", code=3)
        check.that("not a Go program" in err, "a core of /bin/sleep", err)
        sleep.kill()


# ---- split debug files ----

def debug(check):
    if not shutil.which("objcopy"):
        live.skip("no objcopy here")
    tmp, whole = live.TMP, live.program("lineage", "1.27.4")
    split, dbg = os.path.join(tmp, "split"), os.path.join(tmp, "split.debug")
    subprocess.run(["objcopy", "--only-keep-debug", whole, dbg], check=True)
    subprocess.run(["objcopy", "--strip-all", whole, split], check=True)
    want = values_of_json(offsets_json(check, whole))
    alone = offsets_json(check, split)
    check.equal((alone["source"], alone["debug_file"]), ("table", None), "without its debug file")
    given = offsets_json(check, split, "--debug-file", dbg)
    check.equal((given["source"], given["debug_file"]), ("dwarf", dbg), "--debug-file")
    check.equal(values_of_json(given), want, "values of --debug-file")
    subprocess.run(["objcopy", f"--add-gnu-debuglink={dbg}", split], check=True)
    linked = offsets_json(check, split)
    check.equal((linked["source"], linked["debug_file"]), ("dwarf", dbg), "by debuglink")
    why = offsets_json(check, split, "--explain")["explain"]["why"]
    check.that(f"lies in '{dbg}' (.debug_info, the unit 'runtime' at 0x" in why, "why", why)
    check.equal(offsets_json(check, split, "--source", "table")["source"], "table", "--source")
    other = live.program("lineage", "1.23.12")
    _, err = run(check, split, "--debug-file", other, code=3)
    check.that("another program" in err, "the debug file of another program", err)
    refused(check, [split, "--debug-file", "/nonexistent"], 3,
            "cannot open '/nonexistent': No such file or directory")
    check.equal(offsets_json(check, split, "--debug-file", dbg, "--diff", "go1.27.4")["equal"],
                True, "--diff with --debug-file")
    refused(check, [split, "--debug-file", dbg, "--diff", whole], 2,
            "--debug-file is of one program: with --diff, compare that to a version")
    # without servers nothing is asked
    env = dict(os.environ)
    env.pop("DEBUGINFOD_URLS", None)
    code, out, err = golin("offsets", "--debuginfod", "--json", whole, env=env)
    check.equal(code, 0, f"--debuginfod without servers ({err})")
    check.equal(values_of_json(json.loads(out)), want, "values with --debuginfod")


# ---- usage ----

FORMS = "golin offsets BINARY|PID|NAME|CORE|goX.Y, or --diff A B, or --list"


def usage(check):
    path = live.program("lineage", "1.27.4")
    refused(check, [], 2, "no BINARY", FORMS)
    refused(check, [path, path], 2, "more than one BINARY", FORMS)
    refused(check, ["--diff", path], 2, "--diff needs two: --diff A B", FORMS)
    refused(check, [path, "--diff"], 2, "--diff needs a value: OTHER")
    refused(check, ["--diff", "go1.25", "go1.26", "--explain"], 2,
            "--explain is of one, not of a --diff", FORMS)
    refused(check, ["--diff", "go1.25", "go1.26", "--format", "tsv"], 2,
            "--diff comes as text or --json", FORMS)
    refused(check, [path, "--explain", "--format", "header"], 2,
            "--explain comes as text or --json", FORMS)
    refused(check, ["--list", path], 2, "--list takes but --arch and a format", FORMS)
    refused(check, ["--list", "--format", "header"], 2,
            "--list comes as text, --json or --format tsv", FORMS)
    refused(check, ["--list", "--arch", "vax"], 3, "golin's table has nothing for 'vax'",
            "without --arch all are listed")
    refused(check, ["--", "/bin/true"], 2, "golin offsets starts no program", FORMS)
    refused(check, [path, "--arch", "arm64"], 2,
            f"--arch goes with a Go version, and '{path}' is none")
    refused(check, [path, "--exe", path], 2,
            f"--exe goes with a core file, and '{path}' is none")
    refused(check, ["go1.26", "--exe", path], 2,
            "--exe needs a program, and 'go1.26' is a Go version",
            "a version's layouts come from golin's table; of a file of that name say ./go1.26")
    refused(check, ["go1.26", "--source", "dwarf"], 2,
            "--source dwarf needs a program, and 'go1.26' is a Go version",
            "a version's layouts come from golin's table; of a file of that name say ./go1.26")
    refused(check, [path, "--debug-file", path, "--source", "table"], 2,
            "--debug-file is DWARF, and --source table wants none", FORMS)
    refused(check, ["go1.26", "--arch", "vax"], 3, "golin's table has nothing for vax",
            "'golin offsets --list' tells what the table has")
    refused(check, ["go1.12"], 3,
            "golin's table has go1.13 to go1.27 for amd64, and this is go1.12",
            "'golin offsets --list' tells what the table has")
    refused(check, ["go1.27rc1"], 3,
            "golin's table has releases only, and 'go1.27rc1' is none",
            "'golin offsets --list' tells what the table has")
    refused(check, [path, "--struct", "runtime.gg"], 2,
            "no struct 'runtime.gg' among those that golin knows", "did you mean runtime.g?")
    refused(check, [path, "--struct", "g,main.T"], 2,
            "no struct 'main.T' among those that golin knows",
            "without --struct all are printed")
    refused(check, [path, "--struct", "conn"], 2,  # of net and of net/http
            "no struct 'conn' among those that golin knows",
            "without --struct all are printed")
    refused(check, [path, "--struct", ""], 2, "--struct names no struct")
    refused(check, [path, "--format", "xml"], 2, "bad value 'xml' for --format",
            "it takes table|json|header|tsv: output format (default table)")
    refused(check, [path, "--source", "guess"], 2, "bad value 'guess' for --source",
            "it takes auto|dwarf|table: where struct layouts come from")
    refused(check, ["/nonexistent/x"], 3, "cannot open '/nonexistent/x': No such file or directory")
    refused(check, ["/bin/true"], 3, "'/bin/true': not a Go program: no Go build information")
    stripped = live.program("lineage", "1.27.4", "stripped")
    _, err = run(check, stripped, "--source", "dwarf", code=3)
    check.that(stripped in err, "no DWARF", err)
    out, _ = run(check, "--help")
    for option in ("--struct", "--diff", "--explain", "--list", "--arch", "--exe", "--debug-file",
                   "--debuginfod", "--format", "--source", "--json"):
        check.that(f" {option} " in out or f"{option}\n" in out, f"--help tells {option}")
    check.that(len(out.splitlines()) <= 30, "--help fits a screen", len(out.splitlines()))
    with open("/dev/full", "wb") as full:
        r = subprocess.run([live.GOLIN, "offsets", "go1.26"], stdout=full, stderr=subprocess.PIPE,
                           timeout=30, check=False)
    check.equal(r.returncode, 6, f"exit code when the disk is full ({r.stderr!r})")


def main():
    what, *args = sys.argv[1:]
    check = Check("offsets " + " ".join(sys.argv[1:]))
    {"formats": formats, "explain": explain, "busy": busy, "wrong": wrong, "cores": cores,
     "table": table, "diff": diff, "debug": debug, "usage": usage}[what](check, *args)
    check.finish()


if __name__ == "__main__":
    main()

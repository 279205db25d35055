#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""install_test.py PART BUILD SOURCE [GO-PROGRAM...]

Installs from the build folder into a temporary prefix and uses what lies there as somebody else
would. PART:
  symbols  the libraries export exactly what the installed headers declare and the map lists
  library  programs outside the tree are built by pkg-config alone, with two compilers, as C and as
           C++, against the shared and the static library; what examples/offsets prints of real Go
           programs is what `golin offsets --format json` says of them
  golin    all that is installed is in its place, and the golin there works
  docs     the C code in docs/offsets.md stands in the examples, letter by letter
  bpf      examples/goids, built outside the tree, tells who calls a function of a running Go program,
           which has counted for itself"""

import collections
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
STRICT = ["-Wall", "-Wextra", "-Wshadow", "-Werror", "-pedantic-errors", "-O2"]
DOC = "share/doc/golin"
EXAMPLES = ["goid.c", "goids.bpf.c", "goids.c", "goids.h", "offsets.c"]
failures = 0


def fail(text):
    global failures
    failures += 1
    print(f"FAIL: {text}")


def check(good, text):
    if not good:
        fail(text)
    return good


def run(*argv, env=None, ok=True, cwd=None):
    p = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=env, cwd=cwd,
                       timeout=120, check=False, encoding="utf-8", errors="replace")
    if ok and p.returncode:
        print(f"{' '.join(argv)}: exit {p.returncode}\n{p.stdout}{p.stderr}")
        sys.exit(1)
    return p


def install(build, prefix, *components):
    if not components:
        run("cmake", "--install", build, "--prefix", prefix)
    for component in components:
        run("cmake", "--install", build, "--prefix", prefix, "--component", component)
    return sorted(os.path.relpath(os.path.join(folder, f), prefix)
                  for folder, _, files in os.walk(prefix) for f in files)


def cached(build, name):
    with open(os.path.join(build, "CMakeCache.txt"), encoding="utf-8") as f:
        found = re.search(rf"^{name}:\w+=(.*)$", f.read(), re.M)
    return found.group(1) if found else ""


def library_files(build):
    lib, include = cached(build, "CMAKE_INSTALL_LIBDIR"), cached(build, "CMAKE_INSTALL_INCLUDEDIR")
    shared = [f"{lib}/libgolin-offsets.so.0", f"{lib}/libgolin-offsets.so.0.1.0"]
    dev = [f"{lib}/libgolin-offsets.so", f"{lib}/libgolin-offsets.a",
           f"{lib}/pkgconfig/golin-offsets.pc", f"{include}/golin/offsets.h",
           f"{include}/golin/layout.def", f"{include}/golin/err.h", f"{DOC}/docs/offsets.md"]
    dev += [f"{DOC}/examples/{name}" for name in EXAMPLES]
    return sorted(shared), sorted(dev)


# ---- symbols ----

def defined(*nm_args):
    """Names of defined symbols; the map's own node, an absolute symbol, is left out."""
    names = set()
    for line in run("nm", "--defined-only", *nm_args).stdout.splitlines():
        parts = line.split()
        if len(parts) == 3 and parts[1] != "A":
            names.add(parts[2])
    return names


def declared(prefix):
    """Functions that the installed headers declare, as the compiler sees them."""
    include = os.path.join(prefix, "include")
    with tempfile.TemporaryDirectory() as tmp:
        source, aux = os.path.join(tmp, "a.c"), os.path.join(tmp, "a.aux")
        with open(source, "w", encoding="utf-8") as f:
            f.write("#include <golin/offsets.h>\n#include <golin/err.h>\n")
        run("gcc", "-fsyntax-only", f"-I{include}", "-aux-info", aux, source)
        with open(aux, encoding="utf-8") as f:
            return {m.group(1) for line in f if include in line
                    for m in [re.search(r"\b(golin_\w+) \(", line)] if m}


def part_symbols(build, source, prefix, _):
    install(build, prefix, "libgolin-offsets", "libgolin-offsets-dev")
    lib = os.path.join(prefix, cached(build, "CMAKE_INSTALL_LIBDIR"))
    with open(os.path.join(source, "offsets/lib/libgolin-offsets.map"), encoding="utf-8") as f:
        text = f.read()
    node = re.search(r"(GOLIN_OFFSETS_[\d.]+) {\nglobal:(.*?)local:", text, re.S)
    mapped = set(re.findall(r"^\t(\w+);$", node.group(2), re.M))
    want = declared(prefix)
    check(len(want) > 20, f"only {len(want)} functions in the headers")
    got = {
        "the version script": mapped,
        "the shared library": defined("-D", f"{lib}/libgolin-offsets.so"),
        "the static library": defined("-g", f"{lib}/libgolin-offsets.a"),
    }
    got["the shared library"] = {name.split("@@")[0] if name.endswith("@@" + node.group(1)) else name
                                 for name in got["the shared library"]}
    for where, names in got.items():
        check(names == want, f"{where} has {sorted(names - want)} more and {sorted(want - names)} "
                             "less than the installed headers")
    print(f"{len(want)} functions")


# ---- library ----

class Outside:
    """A folder outside of the tree, which knows of golin only by pkg-config."""

    def __init__(self, build, prefix, tmp):
        self.dir = os.path.join(tmp, "outside")
        os.mkdir(self.dir)
        self.lib = os.path.join(prefix, cached(build, "CMAKE_INSTALL_LIBDIR"))
        self.env = {"PATH": os.environ["PATH"], "LC_ALL": "C",
                    "PKG_CONFIG_PATH": os.path.join(self.lib, "pkgconfig")}

    def flags(self, *args):
        return run("pkg-config", *args, "golin-offsets", env=self.env).stdout.split()

    def build(self, compiler, std, source, static=False):
        source = shutil.copy(source, self.dir)
        name = os.path.splitext(os.path.basename(source))[0]
        out = os.path.join(self.dir, f"{name}-{compiler}-{std}{'-static' if static else ''}")
        libs = self.flags("--libs", *(["--static"] if static else []))
        if static:
            libs = ["-l:libgolin-offsets.a" if lib == "-lgolin-offsets" else lib for lib in libs]
        else:
            libs.append(f"-Wl,-rpath,{self.lib}")
        run(compiler, f"-std={std}", *STRICT, *self.flags("--cflags"), "-o", out, source,
            *libs, "-pthread", env=self.env, cwd=self.dir)
        needed = "libgolin-offsets.so.0" in run("readelf", "-d", out).stdout
        check(needed != static, f"{out}: libgolin-offsets.so.0 is {'' if needed else 'not '}needed")
        return out

    def run(self, *argv, ok=True):
        return run(*argv, env={"PATH": "/usr/bin:/bin"}, ok=ok, cwd=self.dir)


def parse(text):
    """What examples/offsets prints, in the shape of golin's JSON."""
    d = {"structs": {}, "sites": {}, "names": {}, "funcs": {}}
    for line in text.splitlines():
        kind, *f = line.split("\t")
        if kind == "go":
            d["go"], d["arch"], d["source"] = f
        elif kind == "build-id":
            d["build_id"] = f[0]
        elif kind == "struct":
            d["structs"][f[0]] = {"size": int(f[1]), "source": f[2], "fields": {}}
        elif kind == "field":
            d["structs"][f[0]]["fields"][f[1]] = {
                "offset": int(f[2]), "size": int(f[3]), "type": f[4], "source": f[5]}
        elif kind == "func":
            d["funcs"][f[0]] = (int(f[1], 16), int(f[2], 16))
        elif kind == "name":
            d["names"][f[1]] = f[2:]
        elif kind == "site":
            d["sites"][f[0]] = f[1:]
        else:
            fail(f"unknown line {line!r}")
    return d


def golin_says(build, path, source):
    p = run(os.path.join(build, "golin"), "offsets", "--format", "json", "--source", source, path,
            ok=False)
    if p.returncode:
        return p.returncode, p.stderr
    d = json.loads(p.stdout)
    d["structs"] = {name: s for name, s in d["structs"].items() if s}
    for s in d["structs"].values():
        s["fields"] = {name: f for name, f in s["fields"].items() if f}
        for f in s["fields"].values():
            f["type"] = f["type"] or ""
    return 0, d


def compare_program(build, outside, program, path, source):
    code, golin = golin_says(build, path, source)
    what = f"{path} ({source})"
    if code:
        p = outside.run(program, path, source, ok=False)
        check(p.returncode == 1 and not p.stdout, f"{what}: golin refuses it ({code}), "
              f"the library's program ends with {p.returncode}")
        said = re.match(r"offsets: (.*) \(E\w+\)$", p.stderr.splitlines()[0])
        check(said and said.group(1) in golin, f"{what}: golin says {golin!r}, "
              f"the library {p.stderr!r}")
        return 0
    hooks = collections.defaultdict(list)
    for h in golin["hooks"]:
        if h["offset"] is not None:
            hooks[h["func"]].append([str(h["offset"]), h["instruction"], h["why"]])
    p = outside.run(program, path, source, *hooks, "main.main")
    mine = parse(p.stdout)
    for key in "go", "arch", "source", "build_id":
        check(mine[key] == golin[key], f"{what}: {key}: {mine[key]} and {golin[key]}")
    for name in sorted(set(mine["structs"]) | set(golin["structs"])):
        a, b = mine["structs"].get(name), golin["structs"].get(name)
        check(a == b, f"{what}: {name}: the library says {a}, golin {b}")
    same = [name for name, sites in hooks.items() if mine["sites"][name] in sites]
    other = [name for name, sites in hooks.items() if name not in same
             and mine["sites"][name][-1] in [why for _, _, why in sites]]
    check(same and not other, f"{what}: hooks: same {same}, other {other}")
    lo, hi = mine["funcs"]["main.main"]
    file, line = mine["names"]["main.main"]
    check(lo < hi and file.endswith(".go") and int(line) > 0, f"{what}: main.main at {lo:#x}, "
          f"{file}:{line}")
    return sum(len(s["fields"]) for s in mine["structs"].values())


def compare_versions(outside, program, programs):
    """The table alone says of a version what it says of a program of that version."""
    for path in programs:
        of_program = outside.run(program, path, "table", ok=False)
        if of_program.returncode:
            continue
        a = parse(of_program.stdout)
        b = parse(outside.run(program, a["go"]).stdout)
        check(a["structs"] == b["structs"] and b["structs"], f"{path}: table of {a['go']}")
    for version, error in ("go1.2", "ENODATA"), ("go1.99.1", "ENODATA"), ("go1.27rc1", "E"):
        p = outside.run(program, version, ok=False)
        check(p.returncode == 1 and f"({error}" in p.stderr, f"{version}: {p.stderr!r}")


def bad_files(tmp, good):
    """Files that are refused: each for a reason of its own."""
    with open(good, "rb") as f:
        data = f.read()
    contents = {"empty": b"", "text": b"#!/bin/sh\n", "header": data[:64],
                "half": data[:len(data) // 2], "magic": b"\x7fELF" + b"\xff" * 200}
    paths = ["/bin/true", tmp]
    for name, content in contents.items():
        paths.append(os.path.join(tmp, name))
        with open(paths[-1], "wb") as f:
            f.write(content)
    return paths


def part_library(build, source, prefix, programs):
    shared, dev = library_files(build)
    got = install(build, prefix, "libgolin-offsets")
    check(got == shared, f"libgolin-offsets installs {got}, not {shared}")
    got = install(build, prefix, "libgolin-offsets-dev")
    check(got == sorted(shared + dev), f"libgolin-offsets-dev installs {got}, not {dev}")
    with tempfile.TemporaryDirectory(prefix="golin-install-") as tmp:
        outside = Outside(build, prefix, tmp)
        example = os.path.join(prefix, DOC, "examples/offsets.c")
        built = [outside.build(compiler, std, example, static)
                 for compiler in ("gcc", "clang") for std in ("gnu11", "gnu17")
                 for static in (False, True) if std == "gnu17" or not static]
        small = outside.build("gcc", "gnu11", os.path.join(prefix, DOC, "examples/goid.c"))
        cxx = [outside.build(compiler, "c++17", os.path.join(HERE, "goid.cc"))
               for compiler in ("g++", "clang++")]
        fields = 0
        for path in programs:
            for choice in "auto", "dwarf", "table":
                fields += compare_program(build, outside, built[0], path, choice)
            first = outside.run(built[0], path).stdout
            for program in built[1:]:
                check(outside.run(program, path).stdout == first, f"{program} differs on {path}")
            goid = parse(first)["structs"]["runtime.g"]["fields"]["goid"]
            for program in cxx:
                out = outside.run(program, path).stdout
                check(out == f"{goid['offset']}\n", f"{program}: {out!r}")
            out = outside.run(small, path).stdout
            check(f": goid at {goid['offset']}, 8 bytes, {goid['type']}, from {goid['source']}\n" in out,
                  f"{small}: {out!r}")
        check(fields > 100 * len(programs), f"only {fields} fields compared")
        for path in bad_files(tmp, programs[0]):
            check(compare_program(build, outside, built[0], path, "auto") == 0, f"{path}: accepted")
        compare_versions(outside, built[0], programs)
        threads = outside.build("gcc", "gnu11", os.path.join(HERE, "threads.c"))
        print(outside.run(threads, *programs).stdout, end="")
        print(f"{len(built)} C and {len(cxx)} C++ programs, {len(programs)} Go programs, "
              f"{fields} fields alike")


# ---- golin ----

def part_golin(build, source, prefix, _):
    shared, dev = library_files(build)
    got = install(build, prefix)
    bin_, data = cached(build, "CMAKE_INSTALL_BINDIR"), "share/golin"
    want = shared + dev + [f"{bin_}/golin", f"{data}/demo.golin", f"{DOC}/README.md",
                           f"{DOC}/LICENSE"]
    want += [f"{DOC}/docs/{f}" for f in os.listdir(os.path.join(source, "docs"))
             if f.endswith(".md")]
    if os.path.exists(os.path.join(build, "golin-demo")):
        want.append(f"{cached(build, 'CMAKE_INSTALL_LIBEXECDIR')}/golin/golin-demo")
    check(got == sorted(set(want)), f"more: {sorted(set(got) - set(want))}, "
                                    f"less: {sorted(set(want) - set(got))}")
    # With nothing else of golin at hand.
    env = {"PATH": "/usr/bin:/bin", "HOME": "/nonexistent"}
    golin = os.path.join(prefix, bin_, "golin")
    out = run(golin, "--version", env=env, cwd="/").stdout
    check(re.match(r"golin \d+\.\d+\.\d+", out), f"--version: {out!r}")
    out = run(golin, "lineage", os.path.join(prefix, data, "demo.golin"), env=env, cwd="/").stdout
    check("main.main" in out, f"lineage of the recording: {out[:200]!r}")
    # The demo: the program where there is one, live or read from memory; else the recording.
    out = run(golin, "demo", "--for", "1s", env=env, cwd="/").stdout
    check("main.refreshCache" in out, f"demo: {out[:200]!r}")
    shown = run("strings", "-d", "-n", "8", golin).stdout
    check(os.path.abspath(source) + "/" not in shown, "the source folder's name is in golin")


# ---- docs ----

def part_docs(_build, source, _prefix, _):
    examples = {}
    for name in EXAMPLES:
        with open(os.path.join(source, "examples", name), encoding="utf-8") as f:
            examples[name] = f.read()
    with open(os.path.join(source, "docs/offsets.md"), encoding="utf-8") as f:
        text = f.read()
    blocks = re.findall(r"^```c\n(.*?)^```", text, re.S | re.M)
    check(len(blocks) > 3, f"only {len(blocks)} blocks of C")
    for block in blocks:
        check(any(block.strip("\n") in e for e in examples.values()),
              f"docs/offsets.md shows what no example has:\n{block}")
    for link in re.findall(r"\]\(([^)#:]+)\)", text):
        check(os.path.exists(os.path.join(source, "docs", link)), f"docs/offsets.md: no {link}")


# ---- bpf ----

def build_goids(outside, examples):
    for name in "goids.bpf.c", "goids.c", "goids.h":
        shutil.copy(os.path.join(examples, name), outside.dir)
    multiarch = run("gcc", "-print-multiarch").stdout.strip()
    env = dict(outside.env, PATH=outside.env["PATH"] + ":/usr/sbin:/sbin")
    run("clang", "-g", "-O2", "-Wall", "-Wextra", "-Werror", "-target", "bpf", "-idirafter",
        f"/usr/include/{multiarch}", "-c", "goids.bpf.c", env=env, cwd=outside.dir)
    skeleton = run("bpftool", "gen", "skeleton", "goids.bpf.o", "name", "goids", env=env,
                   cwd=outside.dir).stdout
    with open(os.path.join(outside.dir, "goids.skel.h"), "w", encoding="utf-8") as f:
        f.write(skeleton)
    libbpf = run("pkg-config", "--cflags", "--libs", "libbpf").stdout.split()
    run("gcc", "-Wall", "-Wextra", "-Werror", "-O2", *outside.flags("--cflags"), "-o", "goids",
        "goids.c", *outside.flags("--libs"), f"-Wl,-rpath,{outside.lib}", *libbpf,
        env=outside.env, cwd=outside.dir)
    return os.path.join(outside.dir, "goids")


def calls_of(goids, program, function):
    """How often each goid called the function in a run of spin, and how many it has started."""
    target = subprocess.Popen([program, "-wait", "-linger", "-starters", "3", "1500", "1"],
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8")
    try:
        check(target.stdout.readline() == "ready\n", f"{program} is not ready")
        with tempfile.TemporaryFile("w+", encoding="utf-8") as out:
            p = subprocess.Popen([goids, str(target.pid), function], stdout=out,
                                 stderr=subprocess.PIPE, encoding="utf-8")
            said = p.stderr.readline()
            if said != "attached\n":
                fail(f"goids on {program}: {said}{p.communicate()[1]}")
                return {}, 0
            target.stdin.write("\n")
            target.stdin.flush()
            started = re.match(r"started (\d+) ", target.stdout.readline())
            p.send_signal(signal.SIGINT)
            check(p.wait(timeout=60) == 0, "goids failed")
            out.seek(0)
            return dict(collections.Counter(out.read().split())), int(started.group(1))
    finally:
        target.kill()
        target.wait()


def watch(goids, program):
    """Three goroutines start goroutines; main has started the three."""
    calls, _ = calls_of(goids, program, "main.starter")
    check(sorted(calls.values()) == [1, 1, 1] and "1" not in calls, f"{program}: starters {calls}")
    if "/1.16" in program: # newproc has no stack check there
        return
    calls, started = calls_of(goids, program, "runtime.newproc")
    check(started > 1000 and sum(calls.values()) == started and len(calls) == 4 and
          calls["1"] == 3, f"{program} started {started}, goids saw {calls}")
    print(f"{program}: {calls}")


def part_bpf(build, source, prefix, programs):
    sys.path.insert(0, os.path.join(source, "tests/live"))
    import live  # pylint: disable=import-outside-toplevel
    live.require_live()
    install(build, prefix, "libgolin-offsets", "libgolin-offsets-dev")
    with tempfile.TemporaryDirectory(prefix="golin-install-") as tmp:
        goids = build_goids(Outside(build, prefix, tmp), os.path.join(prefix, DOC, "examples"))
        for program in programs:
            watch(goids, program)


def main():
    if len(sys.argv) < 4:
        print(__doc__)
        return 2
    part, build, source, *programs = sys.argv[1:]
    with tempfile.TemporaryDirectory(prefix="golin-prefix-") as prefix:
        globals()[f"part_{part}"](build, source, prefix, programs)
    print(f"{failures} failures")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())

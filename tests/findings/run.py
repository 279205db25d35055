#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""The labelled programs under `golin findings`, with its default options: what it finds of them.

labels.tsv names for each program what must be found in it. A break (verdict "break") must have a
finding of its rule, of severity warning at least, whose func is one of those of the label ("|"
between them). Anything else that is found is a false alarm: a warning in a healthy program, of
whatever rule; in a break a warning of another rule, or of its rule with another func, unless the
label's last column allows it ("rule" or "rule:func", "," between them). A break that cannot be found
as things are has the verdict "missed": it counts as missed, and fails only when it is found.

	run.py                          all of them, with the Go at hand
	run.py --go 1.20.14 --every 4   a part of them, with that Go
	run.py --only 'ignored_*' -v
	run.py --markdown               the table for docs/findings.md
	run.py --truth                  without golin: is what the labels say so? Each break of
	                                ignored-cancel is asked for its stacks (SIGQUIT)
"""

import argparse
import collections
import concurrent.futures
import fnmatch
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "live"))
from live import GOLIN, note, require_live  # noqa: E402

SEVERITIES = {"note": 1, "warning": 2, "error": 3}
PROGRAM_LIMIT = 60.0
TRUTH_AT = 5.2  # when a program is asked for its stacks: the cancel is at 1 s

Label = collections.namedtuple("Label", "name verdict rule funcs bug why also")


def read_labels(path):
    labels, names = [], set()
    with open(path, encoding="utf-8") as f:
        head = f.readline().rstrip("\n").split("\t")
        if head != ["name", "verdict", "rule", "func", "bug", "why", "also"]:
            sys.exit(f"{path}: a header of other columns: {head}")
        for n, line in enumerate(f, 2):
            part = line.rstrip("\n").split("\t")
            if len(part) != 7:
                sys.exit(f"{path}:{n}: {len(part)} columns")
            name, verdict, rule, func, bug, why, also = part
            funcs = tuple(x for x in func.split("|") if x)
            if (verdict not in ("break", "missed", "healthy") or
                    bool(funcs) != (verdict != "healthy")):
                sys.exit(f"{path}:{n}: verdict '{verdict}' with func '{func}'")
            if not re.fullmatch(r"[\w.-]+/[\w.-]+#\d+", bug) or not rule or not why:
                sys.exit(f"{path}:{n}: no bug report, rule or reason")
            if name in names or not os.path.isfile(f"{HERE}/programs/{name}/main.go"):
                sys.exit(f"{path}:{n}: {name} is there twice or is no program")
            names.add(name)
            labels.append(Label(name, verdict, rule, funcs, bug, why,
                                tuple(x for x in also.split(",") if x)))
    return labels


def unlabelled(labels):
    names = {x.name for x in labels}
    return [d for d in sorted(os.listdir(f"{HERE}/programs"))
            if os.path.isdir(f"{HERE}/programs/{d}") and d not in names]


def go_root(version):
    """The GOROOT of a version, or of the Go at hand, as the other fixtures have it."""
    script = os.path.join(HERE, "..", "fixtures", "build.sh")
    if version:
        run = subprocess.run(["sh", script, "--goroot", version], stdout=subprocess.PIPE,
                             check=True)
        return run.stdout.decode().split()[-1]
    go = os.environ.get("GOLIN_GO") or shutil.which("go")
    if not go:
        sys.exit("no Go found: give --go VERSION, or set GOLIN_GO")
    run = subprocess.run([go, "env", "GOROOT"], stdout=subprocess.PIPE, check=True, cwd="/",
                         env={**os.environ, "GOTOOLCHAIN": "local"})
    return run.stdout.decode().strip()


def build(root, out, names, flags):
    """The programs, with one go build; the language and the defaults are those of that Go."""
    os.makedirs(out, exist_ok=True)
    env = {k: v for k, v in os.environ.items() if k not in ("GOEXPERIMENT", "GODEBUG")}
    env.update(GOENV="off", GOFLAGS="", GOTOOLCHAIN="local", GOROOT=root, GO111MODULE="on",
               GOPROXY="off", GOWORK="off", GOSUMDB="off", CGO_ENABLED="0")
    fixtures = os.environ.get("GOLIN_FIXTURES")
    cache = os.environ.get("GOLIN_GOCACHE") or (fixtures and os.path.join(fixtures, "gocache"))
    if cache:
        env["GOCACHE"] = os.path.abspath(cache)
    with open(os.path.join(root, "VERSION"), encoding="ascii") as f:
        version = f.readline().strip()
    minor = int(re.match(r"go1\.(\d+)", version).group(1))
    mod = os.path.join(out, "go.mod")
    with open(mod, "w", encoding="ascii") as f:
        f.write(f"module golin.test/findings\n\ngo 1.{minor}\n")
    bin_dir = os.path.join(out, "bin")
    os.makedirs(bin_dir, exist_ok=True)
    go, where = os.path.join(root, "bin", "go"), os.path.join(HERE, "programs")
    # a //go:build tag keeps a program from a Go that is too old or too new for it
    listed = subprocess.run([go, "list", "-modfile", mod, "-f", "{{.Name}} {{.ImportPath}}", "./..."],
                            cwd=where, env=env, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                            check=True).stdout.decode().split()[1::2]
    there = {os.path.basename(path) for path in listed} & set(names)
    if not there:
        sys.exit(f"no program to run with {version}")
    stale = [name for name in sorted(there) if not built(os.path.join(bin_dir, name), name)]
    if stale:
        note(f"building {len(stale)} programs with {version}")
        subprocess.run([go, "build", "-modfile", mod, "-o", bin_dir + os.sep] + flags +
                       ["./" + name for name in stale], cwd=where, env=env, check=True)
    return version, bin_dir, there


def built(path, name):
    source = os.path.join(HERE, "programs", name, "main.go")
    return os.path.exists(path) and os.stat(path).st_mtime_ns > os.stat(source).st_mtime_ns


class Result:
    def __init__(self, label):
        self.label = label
        self.findings = []  # of severity warning and more
        self.notes = []
        self.broken = None  # why this run says nothing
        self.seconds = 0.0

    def right(self, f):
        return f["rule"] == self.label.rule and f["func"] in self.label.funcs

    def found(self):
        return any(self.right(f) for f in self.findings)

    def alarms(self):
        """What was found and is not so."""
        also = self.label.also
        return [f for f in self.findings
                if not self.right(f) and f["rule"] not in also
                and f"{f['rule']}:{f['func']}" not in also]


def describe(f):
    return (f"{f['severity']} {f['rule']} {f['func']} (goid {f['goid']}): {f['message']} "
            f"{json.dumps(f['evidence'])}")


def parse(result, out, err, code):
    try:
        objects = [json.loads(line) for line in out.decode().splitlines()]
    except ValueError as e:
        result.broken = f"stdout is not JSON: {e}"
        return
    summary = objects[-1] if objects else {}
    if not objects or objects[0].get("type") != "header" or summary.get("type") != "summary":
        result.broken = f"no header or summary; exit {code}: {err.decode()[-500:]!r}"
        return
    for obj in objects[1:-1]:
        if obj["type"] != "finding" or obj["severity"] not in SEVERITIES:
            result.broken = f"not a finding: {obj}"
            return
        enough = SEVERITIES[obj["severity"]] >= SEVERITIES["warning"]
        (result.findings if enough else result.notes).append(obj)
    if code != (1 if result.findings else 0):
        result.broken = f"exit {code} with {len(result.findings)} findings"
    elif not summary["complete"]:
        result.broken = f"not complete: {summary}"


def run_one(label, path):
    result = Result(label)
    began = time.monotonic()
    p = subprocess.Popen([GOLIN, "findings", "--json", "--", path], stdin=subprocess.DEVNULL,
                         stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True)
    try:
        out, err = p.communicate(timeout=PROGRAM_LIMIT)
        parse(result, out, err, p.returncode)
    except subprocess.TimeoutExpired:
        os.killpg(p.pid, signal.SIGKILL)
        p.communicate()
        result.broken = f"did not end in {PROGRAM_LIMIT:.0f} s"
    result.seconds = time.monotonic() - began
    return result


def innermost(stack):
    """The innermost function of the program's own in a goroutine of a traceback."""
    for line in stack.splitlines():
        m = re.match(r"(main\..+)\(", line)
        if m:
            return m.group(1)
    return None


def truth_of(label, path):
    """None, or why the program does not do what its label says."""
    ask = label.verdict == "break" and label.rule == "ignored-cancel"
    env = {**os.environ, "GOTRACEBACK": "all"}
    p = subprocess.Popen([path], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                         stderr=subprocess.PIPE, env=env)
    began = time.monotonic()
    try:
        if ask:
            p.communicate(timeout=TRUTH_AT)
            return f"ended after {time.monotonic() - began:.1f} s"
        _, err = p.communicate(timeout=PROGRAM_LIMIT)
        if p.returncode:
            return f"exit {p.returncode}: {err.decode()[-300:]}"
        return None
    except subprocess.TimeoutExpired:
        p.send_signal(signal.SIGQUIT if ask else signal.SIGKILL)
    _, err = p.communicate()
    if not ask:
        return "does not end"
    seen = [innermost(s) for s in err.decode().split("\n\n")]
    if any(f in seen for f in label.funcs) or "stack unavailable" in err.decode():
        return None
    return f"its goroutines are in {sorted(set(s for s in seen if s))}"


def percent(part, whole):
    return f"{100.0 * part / whole:.0f} %" if whole else "-"


def table(results, markdown):
    rows = collections.OrderedDict()
    for r in results:
        rows.setdefault(r.label.rule, [0, 0, 0, 0])
    for r in results:
        row = rows[r.label.rule]
        if r.label.verdict != "healthy":
            row[0] += 1
            row[1] += r.found()
        else:
            row[2] += 1
        for rule in {f["rule"] for f in r.alarms()}:
            rows.setdefault(rule, [0, 0, 0, 0])[3] += 1
    total = [sum(col) for col in zip(*rows.values())]
    lines = [("rule", "breaks", "found", "missed", "healthy", "false alarms", "precision",
              "recall")]
    for rule, (breaks, found, healthy, alarms) in list(rows.items()) + [("all", total)]:
        lines.append((rule, str(breaks), str(found), str(breaks - found), str(healthy),
                      str(alarms), percent(found, found + alarms), percent(found, breaks)))
    if markdown:
        lines.insert(1, ("---",) + ("---:",) * 7)
        return "\n".join("| " + " | ".join(line) + " |" for line in lines)
    width = [max(len(line[i]) for line in lines) for i in range(8)]
    return "\n".join("  ".join(c.ljust(w) if i == 0 else c.rjust(w)
                               for i, (c, w) in enumerate(zip(line, width))) for line in lines)


def main():
    p = argparse.ArgumentParser(description=__doc__,
                                formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--go", metavar="VERSION", help="build with this Go")
    p.add_argument("--out", metavar="DIR", help="build here, and keep it")
    p.add_argument("--stripped", action="store_true", help="build without symbols and DWARF")
    p.add_argument("--jobs", type=int, default=24, metavar="N", help="so many at a time: %(default)s")
    p.add_argument("--only", action="append", metavar="PATTERN", help="these programs")
    p.add_argument("--rule", action="append", metavar="RULE", help="the programs of these rules")
    p.add_argument("--every", type=int, default=1, metavar="N", help="each Nth program")
    p.add_argument("--markdown", action="store_true")
    p.add_argument("--truth", action="store_true")
    p.add_argument("--build-only", action="store_true")
    p.add_argument("-v", action="store_true", help="say all that was found")
    args = p.parse_args()

    labels = read_labels(os.path.join(HERE, "labels.tsv"))
    bad = 0
    for name in unlabelled(labels):
        bad += 1
        note(f"UNLABELLED {name}")
    if args.only:
        labels = [x for x in labels if any(fnmatch.fnmatch(x.name, o) for o in args.only)]
    if args.rule:
        labels = [x for x in labels if x.rule in args.rule]
    if not args.truth and not args.build_only:
        require_live()
    labels = labels[::args.every]
    with tempfile.TemporaryDirectory(prefix="golin-findings-") as tmp:
        version, bin_dir, there = build(go_root(args.go), os.path.abspath(args.out or tmp),
                                        [x.name for x in labels],
                                        ["-ldflags=-s -w"] if args.stripped else [])
        if args.build_only:
            return 0
        there = [x for x in labels if x.name in there]
        with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
            run = truth_of if args.truth else run_one
            results = list(pool.map(lambda x: run(x, os.path.join(bin_dir, x.name)), there))

    if args.truth:
        for label, wrong in zip(there, results):
            if wrong:
                bad += 1
                note(f"UNTRUE {label.name} ({', '.join(label.funcs)}): {wrong}")
        note(f"{version}: {len(there)} programs, {bad} wrong")
        return 1 if bad else 0

    for r in results:
        label = r.label
        if r.broken:
            bad += 1
            note(f"BROKEN {label.name}: {r.broken}")
            continue
        if label.verdict == "break" and not r.found():
            bad += 1
            note(f"MISSED {label.name}: {label.rule} in {' or '.join(label.funcs)}: {label.why}")
            for f in r.findings + r.notes:
                note(f"       {describe(f)}")
        if label.verdict == "missed" and r.found():
            bad += 1
            note(f"FOUND {label.name}: its verdict is a break now")
        for f in r.alarms():
            bad += 1
            note(f"FALSE ALARM {label.name} ({label.verdict}, {label.why})")
            note(f"       {describe(f)}")
        if args.v:
            note(f"{label.name}: {r.seconds:.1f} s")
            for f in r.findings + r.notes:
                note(f"       {describe(f)}")
    note(table(results, args.markdown))
    note(f"{version}: {len(results)} programs, {bad} wrong")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Go's own tests of defer and recover under golin: they pass as ever, and golin counts exactly the
recover() calls that have an effect.

gorecover_test.py [FILE...]	default: recover*.go and defer*.go of $GOROOT/test

The tests are those of the Go at hand, where its installation has them (exit 77 where not). Each is
built twice: as it is, and with each recover() in a function that counts what it gives, which the
program prints as it ends. A panic can be recovered once, so golin has to show as many recovered ones.
"""

import glob
import os
import re
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import live  # noqa: E402
from live import Check, Golin  # noqa: E402

COUNTER = """package main

import "sync/atomic"

var golinCounted int64

func golinCount(v interface{}) interface{} {
	if v != nil {
		atomic.AddInt64(&golinCounted, 1)
	}
	return v
}

func main() {
	golinMain()
	println("effective recoveries:", atomic.LoadInt64(&golinCounted))
}
"""


def find_go():
    for go in [os.environ.get("GOLIN_GO"), shutil.which("go"), "/usr/local/go/bin/go",
               "/usr/lib/go/bin/go", *glob.glob("/usr/lib/go-*/bin/go")]:
        if go and os.access(go, os.X_OK):
            return go
    live.skip("no Go here")
    return None


class Go:
    def __init__(self):
        self.go = find_go()
        self.env = dict(os.environ, GOENV="off", GOFLAGS="", GOTOOLCHAIN="local", GO111MODULE="off",
                        CGO_ENABLED="0", GOCACHE=os.path.join(live.FIXTURES, "gocache"))
        for key in ("GOROOT", "GOEXPERIMENT", "GODEBUG"):
            self.env.pop(key, None)
        self.root = self.run("env", "GOROOT").strip()
        self.tests = os.path.join(self.root, "test")

    def run(self, *args, cwd="/"):
        r = subprocess.run([self.go, *args], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                           stdin=subprocess.DEVNULL, env=self.env, cwd=cwd, timeout=200, check=False)
        if r.returncode:
            live.note(f"FAIL: go {args}: {r.stderr.decode('utf-8', 'replace')}")
            sys.exit(1)
        return r.stdout.decode()

    def build(self, name, *sources):
        out = os.path.join(live.TMP, name)
        self.run("build", "-o", out, *sources)
        return out


def counting(text):
    """The program with its recover() calls counted; None: it cannot be told so."""
    if not re.search(r"^func main\(\) *\{", text, re.M) or re.search(r"\bgo recover\(\)", text):
        return None
    text = re.sub(r"^func main\(\)", "func golinMain()", text, flags=re.M)
    lines = []
    for line in text.split("\n"):
        code, slashes, comment = line.partition("//")
        if re.search(r"\bdefer recover\(\)", code):
            # A call of its own, which no function can stand for; they say whether it has an effect.
            if "no-op" not in comment:
                code = "golinCount(1); " + code.lstrip()
        else:
            code = re.sub(r"\brecover\(\)", "golinCount(recover())", code)
        lines.append(code + slashes + comment)
    return "\n".join(lines)


def results(lines):
    return [x for x in lines if not x.startswith("golin: ")]


def as_ever(check, name, program):
    alone = subprocess.run([program], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                           stderr=subprocess.STDOUT, timeout=live.PROGRAM_LIMIT, check=False)
    g = Golin("panics", "--json", "--", program, wait=False)
    code = g.wait(live.PROGRAM_LIMIT)
    check.equal(alone.returncode, 0, f"{name}: exit code without golin")
    check.equal(code, 0, f"{name}: exit code with golin ({g.err[-5:]})")
    want = alone.stdout.decode("utf-8", "backslashreplace").splitlines()
    check.equal(results(g.err), want, f"{name}: what it printed")


def counts(check, name, program):
    g = Golin("panics", "--json", "--", program, wait=False)
    check.equal(g.wait(live.PROGRAM_LIMIT), 0, f"{name}: exit code, counted ({g.err[-5:]})")
    m = re.search(r"^effective recoveries: (\d+)$", "\n".join(g.err), re.M)
    if not check.that(m, f"{name}: no count", *g.err[-5:]):
        return 0
    objs = g.objects()
    check.equal(objs[-1]["lost"], {"ring": 0, "missed": 0}, f"{name}: lost")
    panics = [o for o in objs if o["type"] == "panic"]
    recovered = [o for o in panics if o["outcome"] == "recovered"]
    # What libraries recover themselves is not counted by the program; reflect only calls it.
    ours = [o for o in recovered
            if not o["recovered_by"] or o["recovered_by"]["func"].startswith(("main.", "reflect."))]
    if not check.equal(len(ours), int(m.group(1)), f"{name}: effective recoveries"):
        for o in panics:
            live.note(f"   {o['outcome']} {o['value']} at {o['at']} by {o['recovered_by']}")
    for o in recovered:
        check.that(o["recovered_by"], f"{name}: nobody recovered it", o)
    return len(ours)


def main():
    live.require_live()
    go, check = Go(), Check("Go's own tests of recover and defer")
    if not os.path.isdir(go.tests):
        live.skip(f"the Go at hand has no tests of its own: {go.tests}")
    files = sys.argv[1:] or sorted(f for pattern in ("recover", "defer")
                                   for f in glob.glob(os.path.join(go.tests, pattern + "*.go")))
    files = [os.path.join(go.tests, f) for f in files]
    total, seen = 0, 0
    for file in files:
        with open(file, encoding="utf-8", errors="surrogateescape") as f:
            text = f.read()
        if not re.match(r"// run *\n", text):
            continue
        name = os.path.basename(file)
        as_ever(check, name, go.build(name + ".exe", file))
        seen += 1
        changed = counting(text)
        if changed is None or not re.search(r"\brecover\(\)", text):
            continue
        folder = os.path.join(live.TMP, name + ".d")
        os.mkdir(folder)
        for base, content in ((name, changed), ("golincount.go", COUNTER)):
            with open(os.path.join(folder, base), "w", encoding="utf-8",
                      errors="surrogateescape") as f:
                f.write(content)
        n = counts(check, name, go.build(name + ".counted", os.path.join(folder, name),
                                         os.path.join(folder, "golincount.go")))
        live.note(f"{name}: {n} effective recoveries")
        total += n
    live.note(f"{seen} of Go's tests, {total} effective recoveries")
    check.that(sys.argv[1:] or (seen >= 5 and total > 20), f"{seen} tests, {total} recoveries")
    check.finish()


if __name__ == "__main__":
    main()
